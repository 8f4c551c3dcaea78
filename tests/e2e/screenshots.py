#!/usr/bin/env python3
"""Takes the pictures of the README: a small box at work, looked at with a real Chromium.

    screenshots.py DIRECTORY

Wants what the tests beside it want: COPRBOX_TEST_BIN, COPRBOX_TEST_BASE_REPO and the Python of
COPRBOX_TEST_VENV to run it with.
"""

import argparse
import tempfile
from pathlib import Path

import packages
from box import Box, wait_for
from browser import Visitor, chromium

ADDRESS = "http://copr.example.org"
CHROOTS = [f"{release}-x86_64" for release in ("fedora-43", "fedora-42", "epel-10")]

WEATHER = """cat > main.c <<'END'
#include <stdio.h>

int main(void) {
    printf("Sunny\\n")
    return 0;
}
END
gcc -Wall -O2 -o weather main.c
"""
SLOW = """for n in $(seq 1 900); do
    echo "[$((n / 9))%] Building C object src/part$n.c.o"
    sleep 0.3
done
"""


class World:
    """Projects with builds of all kinds."""

    def __init__(self, box, made):
        self.box, self.made = box, made
        for chroot in [*CHROOTS, "fedora-rawhide-x86_64"]:
            box.add_chroot(chroot)
        box.coprbox("group", "add", "desktop", "--member", "alice", "--member", "bob")

    def project(self, name, chroots, about):
        chosen = [word for chroot in chroots for word in ("--chroot", chroot)]
        self.box.cli("create", name, *chosen, "--description", about)

    def build(self, project, name, version, end="succeeded", **parts):
        [build] = self.box.build(packages.srpm(self.made, name, version, **parts), project=project)
        if end:
            self.box.wait(build, end)
        return build

    def fill(self):
        """All there is to see; the numbers of a build that failed and of one that runs."""
        self.project("tools", CHROOTS, "Small tools for the **command line**, built from their "
                     "authors' repositories, a few days after each release.")
        self.project("@desktop/shell", ["fedora-43-x86_64", "fedora-rawhide-x86_64"],
                     "The shell of the next release, and what it needs.")
        library = {"header": "Provides: libnotes-devel = 2"}
        uses = {"header": "BuildRequires: libnotes-devel\nRequires: libnotes"}
        for version in "2.0", "2.1":
            self.build("tools", "libnotes", version, **library)
        for version in "0.9", "1.0", "1.1":
            self.build("tools", "notes", version, **uses)
        self.build("tools", "notes-web", "0.4", header="BuildRequires: notes\nRequires: notes")
        self.build("tools", "hello", "2.12")
        self.build("tools", "almanac", "6.2",
                   header="BuildRequires: hello\nRequires: notes\nRequires: hello")
        for name in "panel", "session", "shell":
            self.build("@desktop/shell", name, "5.1")
        failed = self.build("tools", "weather", "3.4", "failed", build=WEATHER,
                            header="BuildRequires: libnotes-devel")
        runs = self.build("tools", "gallery", "7.0", None, build=SLOW)
        wait_for(lambda: self.box.chroot_state(runs, CHROOTS[0]) == "running", "it is built")
        return failed, runs


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("directory", type=Path)
    into = options.parse_args().directory
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, chromium() as browser:
        box = Box(Path(work) / "box", "[sources]\nallow_private_addresses = true\n", named=ADDRESS)
        box.set_up().start()
        try:
            failed, runs = World(box, Path(work)).fill()
            take(browser, box, into, "project", "/coprs/alice/tools/", height=1000)
            take(browser, box, into, "failure", f"/coprs/build/{failed}", height=1060)
            take(browser, box, into, "live", f"/coprs/build/{runs}", dark=True, height=1300)
            take(browser, box, into, "monitor", "/coprs/alice/tools/monitor/", height=640)
            take(browser, box, into, "dependencies", "/coprs/alice/tools/dependencies/",
                 dark=True, height=900)
        finally:
            box.stop()


def take(browser, box, into, name, path, dark=False, height=900):
    visitor = Visitor(browser, box, dark=dark, width=1200).log_in("alice")
    visitor.page.set_viewport_size({"width": 1200, "height": height})
    visitor.goto(path)
    # Logs have come in, pictures are there.
    visitor.page.wait_for_timeout(1500)
    visitor.page.screenshot(path=into / f"{name}.png")
    visitor.close()


if __name__ == "__main__":
    main()
