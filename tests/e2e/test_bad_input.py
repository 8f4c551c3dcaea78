"""Bad input: each gets a clear error, and nothing is left behind."""

import base64
import configparser
import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import packages
import pytest
from box import BASE_REPO, CHROOT, wait_for

LOOPBACK = "[sources]\nallow_private_addresses = true\n"


class Source(http.server.BaseHTTPRequestHandler):
    """Answers as no source should: not at all, or without an end."""

    def do_GET(self):
        if "hangs" in self.path:
            self.server.over.wait()
        elif "endless" in self.path:
            self.send_response(200)
            self.end_headers()
            try:
                while not self.server.over.is_set():
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.server.cut_off.set()
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def source():
    """A web server on the loopback that serves nothing good."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
    server.daemon_threads = True
    server.over, server.cut_off = threading.Event(), threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()


def login(box, user="alice"):
    """The header that says who asks."""
    config = configparser.ConfigParser()
    config.read(box.root / f"{user}.conf")
    cli = config["copr-cli"]
    pair = f"{cli['login']}:{cli['token']}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def post(box, path, body, kind="application/json", **headers):
    """Status and sentence of an answer of the API."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=30)
    connection.request("POST", f"/api_3{path}", body,
                       {**login(box), "Content-Type": kind, **headers})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    answer_is_json = answer.headers.get_content_type() == "application/json"
    assert answer_is_json, text
    said = json.loads(text)
    return answer.status, said.get("error", "")


def form(box, path, size):
    """A multipart form with a file, as copr-cli sends it: its content type and its bytes."""
    fields = {"ownername": "alice", "projectname": "tools"}
    parts = [f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields.items()]
    head = (f'--edge\r\nContent-Disposition: form-data; name="pkgs"; filename="{path}"\r\n'
            "Content-Type: application/x-rpm\r\n\r\n")
    text = "".join(parts) + head
    return "multipart/form-data; boundary=edge", text.encode() + b"x" * size + b"\r\n--edge--\r\n"


def uploads(box):
    """What lies in the data directory of files that were handed in, and scratch directories."""
    lying = [*(box.data / "uploads").rglob("*"), *(box.data / "work").rglob("*")]
    return [str(path) for path in lying if path != box.data / "work/spool"]


def nothing_left(box):
    """Neither files nor processes nor half-made packages."""
    wait_for(lambda: not uploads(box), f"uploads are gone: {uploads(box)}", 20)
    wait_for(lambda: not box.leftovers(), f"nothing is left: {box.leftovers()}", 20)
    assert not list((box.data / "results").glob(f"*/*/{CHROOT}/*/*.rpm"))


def source_log(box, build):
    """The log of a source build."""
    place = box.data / f"results/alice/tools/srpm-builds/{build:08d}"
    return subprocess.run(["zcat", place / "builder-live.log.gz"], check=True,
                          capture_output=True, text=True).stdout


def fails(box, build, *words):
    """The build fails; its log and its page both say all of the words."""
    box.wait(build, "failed")
    page = box.get(f"/coprs/alice/tools/build/{build}/").lower()
    logs = [source_log(box, build)]
    for name in ("backend", "builder-live"):
        for log in box.repo().glob(f"{build:08d}-*/{name}.log.gz"):
            logs.append(subprocess.run(["zcat", log], capture_output=True, text=True).stdout)
    for word in words:
        assert any(word in log for log in logs), f"{word!r} is in no log: {logs}"
        assert word.lower() in page, f"{word!r} is not on the page"


def without(box, *programs):
    """From now on the box's commands run where these programs are not installed."""
    paths = {os.path.realpath(shutil.which(name)) for name in programs}
    hide = " && ".join(f"mount --bind /dev/null {path}" for path in paths)
    box.before = ["unshare", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh"]


def test_what_is_no_source_package_fails_with_a_reason(box, tmp_path):
    box.create()
    good = packages.srpm(tmp_path)
    text, cut, binary = (tmp_path / f"{name}-1-1.src.rpm" for name in ("text", "cut", "binary"))
    text.write_text("This is no package.\n" * 50)
    cut.write_bytes(good.read_bytes()[:good.stat().st_size // 2])
    subprocess.run(["rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {tmp_path}/bin",
                    "--define", f"_dbpath {tmp_path}/bin/db", packages.spec(tmp_path)],
                   check=True, capture_output=True)
    shutil.copy(next((tmp_path / "bin/RPMS").rglob("*.rpm")), binary)
    (tmp_path / "empty.src.rpm").touch()
    for path, words in (
        (text, ["not an RPM"]),
        (cut, ["error: "]),
        (binary, ["this is a binary package"]),
        (tmp_path / "empty.src.rpm", ["not an RPM"]),
    ):
        [build] = box.build(path)
        fails(box, build, *words)
    nothing_left(box)


def test_a_spec_that_does_not_parse_fails_with_the_reason(box, tmp_path):
    box.create()
    # The host can read it, the chroot cannot.
    srpm = packages.srpm(tmp_path, "inside", header="%{?copr_username:%{error:broken-on-purpose}}")
    spec = packages.spec(tmp_path, "whole")
    spec.write_text(spec.read_text().replace("%description", "%if 1\n%description"))
    for path, word in ((srpm, "broken-on-purpose"), (spec, "%if")):
        [build] = box.build(path)
        fails(box, build, "the spec file cannot be used", word)
    nothing_left(box)


def test_addresses_that_bring_nothing_fail_with_a_reason(make_box, source):
    box = make_box(LOOPBACK + 'max_size = "5 MiB"\n')
    box.create()
    [missing] = box.build(f"{source.url}/missing.src.rpm")
    [hangs] = box.build("--timeout", "4", f"{source.url}/hangs.src.rpm")
    [endless] = box.build(f"{source.url}/endless.src.rpm")
    [nobody] = box.build("http://127.0.0.1:1/nobody.src.rpm")
    fails(box, missing, "answered with status 404")
    fails(box, endless, "larger than")
    fails(box, hangs, "took too long")
    fails(box, nobody, "cannot be downloaded")
    assert source.cut_off.wait(10), "the download goes on although it is too large"
    nothing_left(box)


def test_private_addresses_are_refused_unless_the_admin_says_otherwise(make_box, source):
    box = make_box()
    box.create()
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0"):
        [build] = box.build(f"http://{host}:{source.server_port}/a.src.rpm")
        fails(box, build, "private address", "sources.allow_private_addresses")
    nothing_left(box)


def test_unknown_chroots_are_named(box, tmp_path):
    said = box.cli("create", "other", "--chroot", "fedora-1-x86_64", check=False)
    assert said.returncode != 0 and "fedora-1-x86_64" in said.stderr
    assert box.status("/api_3/project?ownername=alice&projectname=other") == 404
    assert not (box.data / "results/alice/other").exists()
    box.create()
    said = box.cli("build", "--nowait", "-r", "fedora-1-x86_64", "tools",
                   str(packages.srpm(tmp_path)), check=False)
    assert said.returncode != 0 and "fedora-1-x86_64" in said.stderr
    assert box.get("/api_3/build/list?ownername=alice&projectname=tools")["items"] == []
    nothing_left(box)


@pytest.mark.parametrize("ending", ["shutdown", "close", "reset"])
def test_an_upload_cut_off_halfway_leaves_nothing(ending, box):
    box.create()
    kind, body = form(box, "half-1-1.src.rpm", 4 << 20)
    peer = socket.create_connection(("127.0.0.1", box.port), timeout=20)
    head = {**login(box), "Host": "x", "Content-Type": kind, "Content-Length": len(body)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    peer.sendall(f"POST /api_3/build/create/upload HTTP/1.1\r\n{lines}\r\n".encode())
    peer.sendall(body[:len(body) // 2])
    wait_for(lambda: uploads(box), "the upload is under way", 20)
    if ending == "shutdown":
        peer.shutdown(socket.SHUT_WR)
        answer = peer.recv(65536)
        assert answer == b"" or b" 400 " in answer.splitlines()[0], answer
    elif ending == "reset":
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    peer.close()
    nothing_left(box)
    assert box.get("/api_3/build/list?ownername=alice&projectname=tools")["items"] == []


def test_of_projects_with_one_name_exactly_one_is_made(box):
    wish = json.dumps({"name": "tools", "chroots": [CHROOT]})

    def create(_):
        return post(box, "/project/add/alice", wish)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))
    statuses = sorted(status for status, _ in answers)
    assert statuses == [200] + [400] * 7, answers
    assert all("already" in text for status, text in answers if status == 400), answers
    again = box.cli("create", "tools", "--chroot", CHROOT, check=False)
    assert again.returncode != 0 and "already" in again.stderr
    assert len(box.get("/api_3/project/list?ownername=alice")["items"]) == 1


def test_a_bad_token_is_answered_before_the_upload_is_read(box, tmp_path):
    box.create()
    big = tmp_path / "big-1-1.src.rpm"
    big.write_bytes(b"x" * (30 << 20))
    good = (box.root / "alice.conf").read_text()
    expired = box.coprbox("token", "new", "alice", "--expires", "2020-01-01", check=False)
    if expired.returncode != 0:
        expired = box.coprbox("token", "new", "alice", "--days", "0")
    (box.root / "expired.conf").write_text(expired.stdout)
    token = next(line for line in good.splitlines() if line.startswith("token"))
    (box.root / "wrong.conf").write_text(good.replace(token, "token = wrong"))
    for user in ("expired", "wrong"):
        begin = time.monotonic()
        for _ in range(3):
            said = box.cli("build", "--nowait", "tools", str(big), user=user, check=False)
            assert said.returncode != 0
            assert "Login invalid/expired" in said.stdout + said.stderr, said
        assert time.monotonic() - begin < 5, user
    nothing_left(box)
    assert box.get("/api_3/build/list?ownername=alice&projectname=tools")["items"] == []


def test_too_large_uploads_and_bodies_that_are_no_json(make_box, tmp_path):
    box = make_box('[uploads]\nmax_size = "1 MiB"\n')
    box.create()
    kind, body = form(box, "big-1-1.src.rpm", 3 << 20)
    status, text = post(box, "/build/create/upload", body, kind)
    assert (status, "too large" in text) == (413, True), text
    # Without a length the server notices on the way.
    pieces = (body[at:at + 65536] for at in range(0, len(body), 65536))
    status, text = post(box, "/build/create/upload", pieces, kind)
    assert (status, "too large" in text) == (413, True), text
    big = tmp_path / "big-1-1.src.rpm"
    big.write_bytes(b"x" * (3 << 20))
    said = box.cli("build", "--nowait", "tools", str(big), check=False)
    assert said.returncode != 0 and "too large" in said.stderr, said
    for broken in ('{"name": "x"', "[1, 2]", '"text"', "\0", "{'name': 'x'}"):
        status, text = post(box, "/project/add/alice", broken)
        assert status == 400 and "JSON" in text, (broken, status, text)
    for kind in ("text/plain", "application/xml", "nonsense"):
        status, text = post(box, "/project/add/alice", '{"name": "x"}', kind)
        assert status in (400, 415) and text, (kind, status, text)
    status, text = post(box, "/build/create/upload", "--edge\r\nnonsense",
                        "multipart/form-data; boundary=edge")
    assert status == 400 and text, text
    assert len(box.get("/api_3/project/list?ownername=alice")["items"]) == 1
    nothing_left(box)


DNFS = [name for name in ("dnf", "dnf-3", "dnf5") if shutil.which(name)]
# What doctor and the build say of each program.
MISSING = {
    "createrepo_c": ("install createrepo_c", "install createrepo_c"),
    "rpmsign": ("install rpm-sign", "install rpm-sign"),
    "gpg": ("install gnupg2", "install gnupg2"),
    "dnf": ("install dnf", "install python3-dnf"),
    "bwrap": ("install bubblewrap", "install bubblewrap"),
}


@pytest.mark.parametrize("program", MISSING)
def test_doctor_and_the_build_name_the_package_of(program, make_box, tmp_path):
    box = make_box(start=False)
    in_doctor, in_build = MISSING[program]
    without(box, *DNFS if program == "dnf" else [program])
    doctor = box.coprbox("doctor", check=False)
    assert doctor.returncode == 1
    assert in_doctor in doctor.stdout, doctor.stdout
    box.start()
    box.create()
    [build] = box.build(packages.srpm(tmp_path))
    fails(box, build, program, in_build)
    wait_for(lambda: not box.leftovers(), f"nothing is left: {box.leftovers()}", 20)
    assert box.stop() < 15
    # Nothing has to be repaired: with the program there, everything works.
    box.before = []
    box.start()
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build)


def test_a_chroot_without_rpmbuild_says_so(make_box, tmp_path):
    box = make_box(start=False)
    base = f"file://{BASE_REPO}"
    box.coprbox("chroot", "add", CHROOT.replace("12", "13"), "--builder", "sandbox",
                "--repo", base, "--install", "bash")
    box.start()
    box.cli("create", "tools", "--chroot", CHROOT.replace("12", "13"))
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build, "failed")
    page = box.get(f"/coprs/alice/tools/build/{build}/")
    assert "rpm-build" in page and "coprbox chroot add --install" in page


@pytest.mark.skipif(bool(shutil.which("mock")), reason="mock is installed")
def test_a_missing_mock_is_named(make_box, tmp_path):
    box = make_box(start=False)
    config = tmp_path / "fedora.cfg"
    config.write_text("config_opts['root'] = 'fedora'\n")
    box.coprbox("chroot", "add", "fedora-40-x86_64", "--builder", "mock", "--config", config)
    doctor = box.coprbox("doctor", check=False)
    assert doctor.returncode == 1 and "dnf install mock" in doctor.stdout, doctor.stdout
    box.start()
    box.cli("create", "tools", "--chroot", "fedora-40-x86_64")
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build, "failed")
    assert "install mock" in box.get(f"/coprs/alice/tools/build/{build}/")


def test_a_project_recovers_when_createrepo_works_again(make_box, tmp_path):
    box = make_box(start=False)
    broken = box.root / "broken"
    wrapper = box.bin / "createrepo_c"
    wrapper.write_text(f"""#!/bin/bash
PATH=${{PATH#{box.bin}:}}
[ ! -e {broken} ] || {{ echo "C_CREATEREPOLIB: Critical: it-broke" >&2; exit 1; }}
exec createrepo_c "$@"
""")
    wrapper.chmod(0o755)
    broken.touch()
    box.start()
    box.create()
    [build] = box.build(packages.srpm(tmp_path, **packages.NOARCH))
    wait_for(lambda: "it-broke" in box.log.read_text(), "createrepo_c has failed")
    assert not (box.repo() / "repodata").exists() and box.state(build) != "succeeded"
    broken.unlink()
    box.wait(build)
    done = box.install("hello")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: not uploads(box), "uploads and scratch space are cleared away", 40)
    assert not box.leftovers()


def test_a_full_disk_refuses_uploads_and_recovers(make_box, tmp_path):
    box = make_box("[runner]\ndisk_reserve = \"0\"\n", disk="24m")
    box.create()
    kind, body = form(box, "big-1-1.src.rpm", 40 << 20)
    status, text = post(box, "/build/create/upload", body, kind)
    assert status == 507 and "space" in text, (status, text)
    nothing_left(box)
    assert box.get("/api_3/build/list?ownername=alice&projectname=tools")["items"] == []
    # Not enough for a build root: the build says so, and the server goes on.
    [build] = box.build(packages.srpm(tmp_path))
    fails(box, build, "the disk of the build server is full")
    wait_for(lambda: not box.leftovers(), f"nothing is left: {box.leftovers()}", 20)
    # Not a byte left: what is asked for is refused, not half done.
    filler = box.data / "filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True)
    said = box.cli("build", "--nowait", "tools", str(packages.srpm(tmp_path, "late")), check=False)
    assert said.returncode != 0 and "space" in said.stderr, said
    said = box.cli("create", "half", "--chroot", CHROOT, check=False)
    there = box.status("/api_3/project?ownername=alice&projectname=half") == 200
    assert there == (said.returncode == 0), said
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=2g", box.data], check=True)
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build)
    assert box.install("hello").returncode == 0


def test_a_download_that_fills_the_disk_fails_with_a_reason(make_box, source):
    box = make_box(LOOPBACK + '[runner]\ndisk_reserve = "0"\n', disk="16m")
    box.create()
    [build] = box.build(f"{source.url}/endless.src.rpm")
    fails(box, build, "no room left on the disk")
    nothing_left(box)


def test_builds_wait_while_the_disk_is_short_of_room(make_box, tmp_path):
    box = make_box(disk="64m")
    box.create()
    [build] = box.build(packages.srpm(tmp_path))
    wait_for(lambda: "too little room on the disk" in box.log.read_text(), "the log says why")
    assert box.state(build) in ("pending", "importing")
    subprocess.run(["mount", "-o", "remount,size=3g", box.data], check=True)
    box.wait(build)
