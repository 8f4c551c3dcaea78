"""The root that all packages are unpacked into, and what is changed in it before it is cut up
into RPMs again: /bin, /sbin and /lib* are links into /usr, what maintainer scripts would have
made is there, what no build needs is not."""

import os
import re
import struct

from debs import Failed, unpack_all
from selection import ALTERNATIVES, CONFIGURATION, DIRECTORIES, UNUSED_FILES

MERGED = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]


class Tree:
    """Files under `root`, each owned by a package; paths are relative, without /bin and the like."""

    def __init__(self, root):
        self.root = root
        self.merged = [name for name in MERGED if name[:3] != "lib" or name == "lib"
                       or os.path.lexists("/" + name)]
        for name in self.merged:
            os.makedirs(f"{root}/usr/{name}")
            os.symlink(f"usr/{name}", f"{root}/{name}")
        self.fields, self.owner = {}, {}

    def full(self, path):
        """Where a path of the tree is on this machine."""
        return os.path.join(self.root, path)

    def norm(self, path):
        """A path as a package writes it, in the form used here: ./bin/sh is usr/bin/sh."""
        path = re.sub(r"^\./", "", path).rstrip("/")
        return re.sub(rf"^({'|'.join(self.merged)})/", r"usr/\1/", path)

    def fill(self, debs, cache):
        """Unpacks all packages."""
        self.fields, self.owner = unpack_all(debs, cache, self.root, self.norm)

    def drop(self, path):
        """Takes a file away."""
        if os.path.lexists(self.full(path)):
            os.unlink(self.full(path))
        self.owner.pop(path, None)

    def _place(self, package, path):
        os.makedirs(os.path.dirname(self.full(path)), exist_ok=True)
        self.drop(path)
        self.owner[path] = package
        return self.full(path)

    def configure(self):
        """Makes what Debian's maintainer scripts and update-alternatives would have made."""
        # Builds expect Fedora's sh, which is bash.
        os.symlink("bash", self._place("bash", "usr/bin/sh"))
        for package, name, target in ALTERNATIVES:
            path = f"usr/bin/{name}"
            if package in self.fields and not os.path.lexists(self.full(path)):
                os.symlink(target, self._place(package, path))
        for package, path, text in CONFIGURATION:
            place = self._place(package, path)
            with open(place, "w") as file:
                file.write(text)
            os.chmod(place, 0o644)
        for path, _ in DIRECTORIES:
            os.makedirs(self.full(path), exist_ok=True)

    def prune(self):
        """Drops what no build needs and what cannot run here; returns the names of the latter."""
        dropped = {path for path in self.owner if UNUSED_FILES.match(path)}
        for path in dropped:
            self.drop(path)
        broken = self.drop_what_cannot_run()
        self._drop_links_to(dropped | broken)
        return sorted(os.path.basename(path) for path in broken)

    def drop_what_cannot_run(self):
        """Drops programs and libraries that want a library nobody here has, until none does."""
        wants = {}
        for path in self.owner:
            full = self.full(path)
            if os.path.isfile(full) and not os.path.islink(full):
                names = needed_libraries(full)
                if names is not None:
                    wants[path] = names
        dropped = set()
        while True:
            there = {os.path.basename(path) for path in self.owner}
            broken = {path for path, names in wants.items() if not there.issuperset(names)}
            if not broken:
                return dropped
            for path in broken:
                self.drop(path)
                del wants[path]
            dropped |= broken

    def _drop_links_to(self, gone):
        links = [path for path in self.owner
                 if os.path.islink(self.full(path)) and not path.startswith("etc/")]
        for path in links:
            target = os.readlink(self.full(path))
            if not target.startswith("/"):
                target = os.path.join(os.path.dirname(path), target)
            if self.norm(os.path.normpath(target.lstrip("/"))) in gone:
                self.drop(path)


def needed_libraries(path):
    """The libraries that a 64-bit ELF program or library is linked with; None for other files."""
    with open(path, "rb") as file:
        header = file.read(64)
        kind = struct.unpack_from("<H", header, 16)[0] if len(header) == 64 else 0
        if header[:5] != b"\x7fELF\x02" or kind not in (2, 3):
            return None
        offset, = struct.unpack_from("<Q", header, 40)
        size, count = struct.unpack_from("<HH", header, 58)
        file.seek(offset)
        table = file.read(size * count)
        sections = [struct.unpack_from("<IIQQQQIIQQ", table, i * size) for i in range(count)]
        for section in sections:
            if section[1] == 6:                       # SHT_DYNAMIC, linked to its string table
                dynamic = _section(file, section)
                strings = _section(file, sections[section[6]])
                tags = struct.iter_unpack("<qQ", dynamic[:len(dynamic) // 16 * 16])
                return [strings[value:strings.index(b"\0", value)].decode()
                        for tag, value in tags if tag == 1]
    return None


def _section(file, section):
    file.seek(section[4])
    return file.read(section[5])
