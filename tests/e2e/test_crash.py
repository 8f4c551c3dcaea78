"""A power cut at the worst moment: the build goes on to its right end, nothing is left over, and
the repository was valid all the time."""

import gzip
import hashlib
import threading
import xml.etree.ElementTree as ET

import packages
import pytest
from box import wait_for

NS = {"r": "http://linux.duke.edu/metadata/repo"}


def pause_at(box, program, words=""):
    """Puts a wrapper before `program`: the first call whose arguments contain `words` waits to be
    killed, all others go through. The answer is the file that is there once it waits."""
    reached = box.root / "reached"
    wrapper = box.bin / program
    wrapper.write_text(f"""#!/bin/bash
PATH=${{PATH#{box.bin}:}}
if [ ! -e {reached} ] && [[ "$*" == *"{words}"* && "$*" != *--version* ]]; then
    touch {reached}
    sleep 1000
fi
exec {program} "$@"
""")
    wrapper.chmod(0o755)
    return reached


class Watcher(threading.Thread):
    """Reads the repository over and over, as clients would, and notes whatever is wrong."""

    def __init__(self, repo):
        super().__init__(daemon=True)
        self.repo, self.wrong, self.rounds = repo, [], 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            self.rounds += 1
            try:
                self.look()
            except (OSError, ET.ParseError, EOFError) as error:
                self.wrong.append(repr(error))

    def look(self):
        repomd = (self.repo / "repodata/repomd.xml").read_bytes()
        for data in ET.fromstring(repomd).findall("r:data", NS):
            path = self.repo / data.find("r:location", NS).get("href")
            body = path.read_bytes()
            if hashlib.sha256(body).hexdigest() != data.find("r:checksum", NS).text:
                self.wrong.append(f"checksum of {path}")
            if data.get("type") == "primary":
                for place in ET.fromstring(gzip.decompress(body)).iter():
                    if place.tag.endswith("}location"):
                        assert (self.repo / place.get("href")).exists(), place.get("href")

    def finish(self):
        self.over.set()
        self.join()
        assert self.rounds > 2
        assert not self.wrong, self.wrong[:3]


MOMENTS = {
    "the making of a root": ("bwrap", "dnf", packages.srpm),
    "a source build": ("bwrap", "rpmbuild -bs", packages.spec),
    "a chroot build": ("bwrap", "rpmbuild -bb", packages.srpm),
    "signing": ("rpmsign", "", packages.srpm),
    "createrepo": ("createrepo_c", "", packages.srpm),
    "the signature of the metadata": ("gpg", "--detach-sign", packages.srpm),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle_of(moment, make_box, tmp_path):
    box = make_box()
    box.create()
    program, words, make_source = MOMENTS[moment]
    reached = pause_at(box, program, words)
    watcher = Watcher(box.repo())
    watcher.start()
    [build] = box.build(make_source(tmp_path))
    wait_for(reached.exists, f"the build comes to {moment}")
    box.kill()
    box.start()
    box.wait(build)
    watcher.finish()
    assert box.install("hello").returncode == 0
    wait_for(lambda: not box.leftovers(), f"nothing is left: {box.leftovers()}", 20)


def test_stopped_politely_it_ends_within_seconds_and_goes_on_later(make_box, tmp_path):
    box = make_box()
    box.create()
    reached = pause_at(box, "bwrap", "rpmbuild -bb")
    [build] = box.build(packages.srpm(tmp_path))
    wait_for(reached.exists, "the build runs")
    assert box.stop() < 15
    assert not box.leftovers()
    box.start()
    assert box.state(build) in ("pending", "starting", "running")
    box.wait(build)


def test_a_second_server_on_the_same_data_is_refused(box):
    second = box.coprbox("serve", "--listen", "127.0.0.1:0", check=False)
    assert second.returncode == 1
    assert str(box.process.pid) in second.stderr and "data directory" in second.stderr
