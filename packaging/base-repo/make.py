#!/usr/bin/env python3
"""Makes a small RPM distribution out of Debian packages.

Where no mirror of an RPM distribution can be reached, or on a Debian host, this is what the
sandbox builder installs its chroots from: about 80 packages with a C compiler and rpmbuild, in
a repository with the group buildsys-build. More Debian packages can be named:

    make.py --output DIR [--cache DIR] [g++ python3 zlib1g-dev cmake perl ...]

Each .deb becomes one RPM with its files, its dependencies and the names that specs written for
Fedora use; there are no scriptlets. The same .debs give the same bytes. Nothing is installed on
this machine and root is not needed; it wants apt-get, dpkg-deb, rpmbuild and createrepo_c.
"""

import argparse
import fcntl
import glob
import hashlib
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import rpms                                                                     # noqa: E402
from debs import Apt, Failed                                                    # noqa: E402
from selection import ROOTS                                                     # noqa: E402
from tree import Tree                                                           # noqa: E402

# Written last: a repository that has it is complete, and says what it was made from.
MARK = "made-from.txt"


def say(text):
    """One line on stderr with the seconds since the start."""
    print(f"[{time.monotonic() - START:5.1f}s] {text}", file=sys.stderr, flush=True)


def check_host():
    """The lists in selection.py name the packages of one release."""
    with open("/etc/os-release") as file:
        fields = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    if fields.get("ID") != "debian" or fields.get("VERSION_ID", "").strip('"') != "12":
        raise Failed("this needs the packages of Debian 12; elsewhere use the host's own mirrors")
    for program, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("rpmbuild", "rpm"),
                             ("createrepo_c", "createrepo-c")):
        if not shutil.which(program):
            raise Failed(f"{program} is missing: apt-get install {package}")


def resolve(apt, roots):
    """What is needed; with package lists of our own where the system has none."""
    try:
        return apt.resolve(roots)
    except Failed:
        say("fetching package lists")
        apt.refresh()
        return apt.resolve(roots)


def fetch(apt, roots, debs):
    """Downloads it; returns what it is now, which is newer where the system's lists were old."""
    try:
        apt.fetch(roots)
        return debs
    except Failed:
        say("fetching newer package lists")
        apt.refresh()
        debs = apt.resolve(roots)
        apt.fetch(roots)
        return debs


def fingerprint(debs):
    """Stands for everything that the result depends on: this code and the packages."""
    digest = hashlib.sha256()
    for path in sorted(glob.glob(os.path.join(os.path.dirname(__file__) or ".", "*.py"))):
        with open(path, "rb") as file:
            digest.update(file.read())
    names = "".join(f"{deb}\n" for deb in sorted(debs.values()))
    digest.update(names.encode())
    return f"{digest.hexdigest()}\n{names}"


def is_made_from(directory, mark):
    """Whether the repository is there and was made from the same things."""
    try:
        with open(f"{directory}/{MARK}") as file:
            return file.read() == mark
    except OSError:
        return False


def make(work, debs, cache):
    """Makes the repository under `work`; returns its directory."""
    tree = Tree(f"{work}/tree")
    tree.fill(debs, cache)
    say("unpacked")
    tree.configure()
    broken = tree.prune()
    if broken:
        say("left out for want of a library: " + " ".join(broken))
    directory = rpms.build(work, rpms.write_spec(work, tree, debs))
    say(f"{len(glob.glob(directory + '/*.rpm'))} RPMs")
    rpms.index(work, directory)
    return directory


def replace(directory, output, work):
    """Puts the new repository into the old one's place."""
    if os.path.lexists(output):
        os.rename(output, f"{work}/old")
    os.rename(directory, output)


def run(options):
    """Everything, under a lock: two runs for the same place do the work once."""
    check_host()
    output = os.path.abspath(options.output)
    parent = os.path.dirname(output)
    os.makedirs(parent, exist_ok=True)
    with open(f"{output}.lock", "w") as lock, \
            tempfile.TemporaryDirectory(prefix=".base-repo.", dir=parent) as work:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cache = os.path.abspath(options.cache or f"{work}/debs")
        roots = ROOTS + options.packages
        apt = Apt(work, cache, options.packages)
        debs = resolve(apt, roots)
        if is_made_from(output, fingerprint(debs)) and not options.force:
            say(f"up to date: {output}")
            return
        debs = fetch(apt, roots, debs)
        say(f"{len(debs)} Debian packages")
        directory = make(work, debs, cache)
        with open(f"{directory}/{MARK}", "w") as file:
            file.write(fingerprint(debs))
        replace(directory, output, work)
        size = sum(entry.stat().st_size for entry in os.scandir(output) if entry.is_file())
        say(f"done: {output}, {size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, help="the directory to make")
    parser.add_argument("--cache", help="keep downloaded packages here between runs")
    parser.add_argument("--force", action="store_true", help="make it again even if up to date")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="more Debian packages")
    try:
        run(parser.parse_args())
    except (Failed, OSError) as error:
        sys.exit(f"make.py: {error}")


START = time.monotonic()
if __name__ == "__main__":
    main()
