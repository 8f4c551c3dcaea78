#!/usr/bin/env python3
"""What the main job costs beside the bare tools, measured in the same run.

    main_job.py [--packages N] [--rounds N]

Needs the release binary and the base repository (COPRBOX_TEST_BIN, COPRBOX_TEST_BASE_REPO: see
tests/run.sh). Prints a table; judges nothing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import packages  # noqa: E402
from box import BASE_REPO, BINARY, CHROOT, Box  # noqa: E402

GIB = 1 << 30


def timed(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def memory(box, field):
    """A line of the server's status, in MiB: VmRSS is now, VmHWM the most there ever was."""
    status = Path(f"/proc/{box.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(field)]
    return int(line.split()[1]) / 1024


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr[-500:]}"


def bare_build(srpm, scratch):
    """What the sandbox does, by hand: a root from the base repository, the build's requirements,
    rpmbuild in bubblewrap."""
    root = scratch / "root"
    dnf = ["dnf", "-y", f"--installroot={root}", "--setopt=reposdir=/dev/null", "--releasever=12",
           f"--repofrompath=base,file://{BASE_REPO}", "--nogpgcheck", "--setopt=cachedir=/dnf",
           "--setopt=install_weak_deps=0"]
    for place in ("proc", "dev", "sys", "run", "build"):
        (root / place).mkdir(parents=True)
    run(*dnf, "install", "@buildsys-build")
    run(*dnf, "builddep", srpm)
    shutil.copy(srpm, root / "build/x.src.rpm")
    shutil.chown(root / "build", 1000, 1000)
    run("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "bwrap", "--unshare-all",
        "--bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--setenv", "HOME", "/build", "rpmbuild", "--nodeps", "--define", "_topdir /build", "--rebuild",
        "/build/x.src.rpm")
    shutil.rmtree(root)


def upload_to_installable(box, srpm):
    """Seconds from just before the upload's first byte until the build has succeeded. copr-cli's
    own start is not counted: the request is made directly."""
    login, token = credentials(box)
    begin = time.monotonic()
    answer = subprocess.run(
        ["curl", "-sS", "--fail", "-u", f"{login}:{token}", "-F", f"pkgs=@{srpm}",
         "-F", "ownername=alice", "-F", "projectname=tools",
         f"{box.url}/api_3/build/create/upload"],
        check=True, capture_output=True, text=True)
    build = json.loads(answer.stdout)["id"]
    while (state := box.state(build)) not in ("succeeded", "failed"):
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    assert state == "succeeded", box.explain(build)
    return seconds


def credentials(box):
    lines = (box.root / "alice.conf").read_text().splitlines()
    pairs = dict(line.split(" = ", 1) for line in lines if " = " in line)
    return pairs["login"], pairs["token"]


def start_time(box):
    begin = time.monotonic()
    box.process = subprocess.Popen(
        [BINARY, "--config", box.config, "serve"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=box.log.open("ab"))
    while True:
        try:
            urllib.request.urlopen(f"{box.url}/api_3/", timeout=5).read()
            return time.monotonic() - begin
        except OSError:
            time.sleep(0.002)


def upload_memory(box, scratch):
    """The server's highest memory while 1 GiB is uploaded. What is uploaded is no package; that
    is found out later."""
    big = scratch / "big.src.rpm"
    with big.open("wb") as file:
        file.truncate(GIB)
    login, token = credentials(box)
    seconds = timed(lambda: run(
        "curl", "-sS", "--fail", "-u", f"{login}:{token}", "-F", f"pkgs=@{big}",
        "-F", "ownername=alice", "-F", "projectname=big", f"{box.url}/api_3/build/create/upload"))
    big.unlink()
    return memory(box, "VmHWM"), seconds


def fill(box, scratch, count):
    """A repository of `count` packages, out of one build."""
    parts = "\n".join(
        f"%package part-{n:04}\nSummary: p\n%description part-{n:04}\np\n%files part-{n:04}\n"
        for n in range(count - 2))
    srpm = packages.srpm(scratch, "many", header="BuildArch: noarch\n" + parts)
    box.wait(box.build(srpm)[0])


class Rows:
    """The table, shown as it grows."""

    def append(self, row):
        what, value, most = row
        print(f"| {what:<52} | {value:8.2f} | {most and 'at most ' + most:<13} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = Rows()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        scratch.chmod(0o755)  # bubblewrap enters the root as an ordinary user
        box = Box(scratch / "box", "[uploads]\nmax_size = \"4GiB\"\n").set_up()
        rows.append(("binary, MiB", os.path.getsize(BINARY) / (1 << 20), "20"))
        rows.append(("start to first answer, s", start_time(box), "0.5"))
        time.sleep(3)
        rows.append(("idle memory, MiB", memory(box, "VmRSS"), "40"))
        box.create("big")
        box.create()
        peak, seconds = upload_memory(box, scratch)
        rows.append(("1 GiB upload: highest memory, MiB", peak, "60"))
        rows.append(("1 GiB upload, s", seconds, ""))
        hello = packages.srpm(scratch, "hello")
        upload_to_installable(box, hello)  # the chroot's root is made once

        def rounds(work):
            return statistics.median(work() for _ in range(options.rounds))

        bare = rounds(lambda: timed(lambda: bare_build(hello, scratch)))
        ours = rounds(lambda: upload_to_installable(box, hello))
        rows.append(("bare dnf + rpmbuild, s", bare, ""))
        rows.append(("upload to installable, small repository, s", ours, ""))
        rows.append(("  the difference", ours - bare, "0.5"))
        fill(box, scratch, options.packages)
        (scratch / "bare").mkdir()
        createrepo = rounds(lambda: timed(lambda: run(
            "createrepo_c", "--update", "--no-database", "--skip-stat", "-o", scratch / "bare",
            "--update-md-path", box.repo(), box.repo())))
        ours = rounds(lambda: upload_to_installable(box, hello))
        rows.append((f"bare createrepo_c --update, {options.packages} packages, s", createrepo, ""))
        rows.append((f"upload to installable, {options.packages} packages, s", ours, ""))
        rows.append(("  the difference to bare build", ours - bare, f"{createrepo + 0.5:.2f}"))
        box.stop()


if __name__ == "__main__":
    main()
