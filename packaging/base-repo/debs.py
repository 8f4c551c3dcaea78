"""Debian packages: which ones are needed, fetching them, unpacking them into one tree."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from selection import left_out


class Failed(Exception):
    """Something that the caller should read; ends the run."""


def output(*command):
    """What a program prints; Failed with its last words where it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failed(f"{command[0]} is not installed") from None
    if done.returncode:
        raise Failed(f"{command[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


class Apt:
    """apt-get, asked about a system that has nothing but the packages left out."""

    def __init__(self, work, cache, extra):
        os.makedirs(f"{cache}/partial", exist_ok=True)
        status = f"{work}/status"
        architecture = output("dpkg", "--print-architecture").strip()
        with open(status, "w") as file:
            for name in sorted(left_out(extra)):
                file.write(f"Package: {name}\nStatus: install ok installed\n"
                           "Maintainer: none <none@localhost>\n"
                           f"Architecture: {architecture}\nMulti-Arch: allowed\n"
                           "Version: 99:99\nDescription: left out\n\n")
        self.cache = cache
        self.options = [
            "-qq", "-y", "--no-install-recommends",
            "-o", f"Dir::State::status={status}",
            "-o", f"Dir::State::extended_states={work}/extended_states",
            "-o", f"Dir::Cache::archives={cache}",
            "-o", f"Dir::Cache::pkgcache={work}/pkgcache.bin",
            "-o", f"Dir::Cache::srcpkgcache={work}/srcpkgcache.bin",
            "-o", "Debug::NoLocking=1",
            "-o", "APT::Sandbox::User=root",
            "-o", "APT::Keep-Downloaded-Packages=1",
        ]

    def refresh(self):
        """Fetches package lists of our own: the system's are missing or out of date."""
        lists = f"{self.cache}/lists"
        os.makedirs(f"{lists}/partial", exist_ok=True)
        self.options += ["-o", f"Dir::State::lists={lists}"]
        output("apt-get", *self.options, "update")

    def resolve(self, roots):
        """Package name to file name in the cache, of everything that `roots` need."""
        debs = {}
        for line in output("apt-get", *self.options, "-s", "install", *roots).splitlines():
            # Inst bash (5.2.15-2+b13 Debian:12... [amd64])
            found = re.match(r"Inst (\S+) \((\S+) .*\[(\S+)\]\)", line)
            if found:
                name, version, architecture = found.groups()
                debs[name] = f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"
        return debs

    def fetch(self, roots):
        """Downloads what `resolve` has named and the cache does not hold."""
        output("apt-get", *self.options, "-d", "install", *roots)


def unpack(path, tree, norm):
    """Unpacks one package: its control fields, and the paths of its files."""
    control = output("dpkg-deb", "-f", path)
    fields = dict(line.split(": ", 1) for line in control.splitlines()
                  if line[:1].strip() and ": " in line)
    source = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE)
    # Documentation is a third of the files: not even written.
    tar = ["tar", "-xvf", "-", "-C", tree, "--keep-directory-symlink", "--no-same-owner",
           "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*",
           "--exclude=./usr/share/info/*", "--exclude=./usr/share/locale/*",
           "--exclude=*-lto-dump-*"]
    done = subprocess.run(tar, stdin=source.stdout, stdout=subprocess.PIPE, text=True)
    source.stdout.close()
    if source.wait() or done.returncode:
        raise Failed(f"cannot unpack {path}")
    return fields, [norm(line) for line in done.stdout.splitlines() if not line.endswith("/")]


def unpack_all(debs, cache, tree, norm):
    """Unpacks all: the control fields by package, and the package of each path."""
    fields, owner = {}, {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(lambda name: unpack(f"{cache}/{debs[name]}", tree, norm), debs)
        for name, (control, paths) in zip(debs, work):
            fields[name] = control
            for path in paths:
                owner.setdefault(path, name)
    return fields, owner
