#!/usr/bin/env python3
"""What a source build from git costs beside the bare commands, measured in the same run.

    sources.py [--rounds N] [--tags N] [--mib N]

The bare commands are a clone and rpmbuild in bubblewrap, in a root that is there already. The
second repository has many tags and a long history of which one commit is wanted. Needs the release
binary and the base repository (see main_job.py). Prints a table; judges nothing.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from main_job import BASE_REPO, Box, credentials, run, timed  # noqa: E402

SPEC = """Name: small
Version: 1
Release: 1
Summary: x
License: MIT
Source0: data
%description
x
%files
"""


def git(repo, *args, **options):
    run("git", "-C", repo, "-c", "user.name=a", "-c", "user.email=a@b", *args, **options)


def small_repository(repo):
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    (repo / "small.spec").write_text(SPEC)
    (repo / "data").write_text("data")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "x")


def long_repository(repo, tags, mib):
    """One commit for each tag, each with new data that does not compress."""
    small_repository(repo)
    size = (mib << 20) // tags
    with subprocess.Popen(["git", "-C", repo, "fast-import", "--quiet"],
                          stdin=subprocess.PIPE) as importer:
        into = importer.stdin
        for number in range(tags):
            into.write(b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 1\nx\n"
                       % (2000000000 + number))
            if number == 0:
                into.write(b"from refs/heads/main^0\n")
            into.write(b"M 100644 inline data\ndata %d\n" % size)
            into.write(os.urandom(size) + b"\n")
            into.write(b"tag v%d\nfrom refs/heads/main\ntagger a <a@b> 2000000000 +0000\n"
                       b"data 1\nx\n" % number)
    assert importer.returncode == 0


def make_root(root):
    for place in ("proc", "dev", "sys", "run", "build"):
        (root / place).mkdir(parents=True)
    run("dnf", "-y", f"--installroot={root}", "--setopt=reposdir=/dev/null", "--releasever=12",
        f"--repofrompath=base,file://{BASE_REPO}", "--nogpgcheck", "--setopt=cachedir=/dnf",
        "--setopt=install_weak_deps=0", "install", "@buildsys-build")


def bare(url, root):
    clone = root / "build/clone"
    run("git", "clone", "-q", "--depth", "1", url, clone)
    run("chown", "-R", "1000:1000", root / "build")
    run("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "bwrap", "--unshare-all",
        "--bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--setenv", "HOME", "/build", "rpmbuild", "--nodeps", "--define", "_topdir /build",
        "--define", "_sourcedir /build/clone", "-bs", "/build/clone/small.spec")
    shutil.rmtree(clone)


def ours(box, url):
    """Seconds from the request until there is a source package; what follows is not waited for."""
    login, token = credentials(box)
    asked = ["curl", "-sS", "--fail", "-u", f"{login}:{token}"]
    fields = {"ownername": "alice", "projectname": "tools", "clone_url": url}
    begin = time.monotonic()
    answer = subprocess.run(
        [*asked, "-d", urllib.parse.urlencode(fields), f"{box.url}/api_3/build/create/scm"],
        check=True, capture_output=True, text=True)
    build = int(answer.stdout.split('"id":')[1].split(",")[0])
    while (state := box.get(f"/api_3/build/source-chroot/{build}")["state"]) != "succeeded":
        assert state not in ("failed", "canceled"), box.explain(build)
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    run(*asked, "-X", "PUT", f"{box.url}/api_3/build/cancel/{build}")
    time.sleep(1)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tags", type=int, default=1000)
    parser.add_argument("--mib", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        scratch.chmod(0o755)  # bubblewrap enters the root as an ordinary user
        settings = "[sources]\nallow_file_urls = true\nallow_private_addresses = true\n"
        box = Box(scratch / "box", settings).set_up().start()
        box.create()
        small_repository(scratch / "small")
        long_repository(scratch / "long", options.tags, options.mib)
        make_root(scratch / "root")
        ours(box, f"file://{scratch}/small")  # the chroot's root is made once

        def rounds(work):
            return statistics.median(work() for _ in range(options.rounds))

        print("| what | measured | at most |\n|---|---|---|")
        for name in ("small", "long"):
            url = f"file://{scratch}/{name}"
            by_hand = rounds(lambda: timed(lambda: bare(url, scratch / "root")))  # noqa: B023
            measured = rounds(lambda: ours(box, url))  # noqa: B023
            about = "" if name == "small" else f", {options.tags} tags, {options.mib} MiB"
            print(f"| bare clone and rpmbuild -bs{about}, s | {by_hand:.2f} | |")
            print(f"| source build{about}, s | {measured:.2f} | |")
            print(f"|   the difference | {measured - by_hand:.2f} | 1.0 |", flush=True)
        clone = ["git", "clone", "-q", f"file://{scratch}/long", scratch / "whole"]
        print(f"| all of it cloned, s | {timed(lambda: run(*clone)):.2f} | |")
        box.stop()


if __name__ == "__main__":
    main()
