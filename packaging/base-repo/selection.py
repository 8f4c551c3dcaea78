"""What goes into the distribution: plain lists, and why they are what they are."""

import os
import re

ARCH = os.uname().machine
TRIPLET = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}.get(ARCH, ARCH + "-linux-gnu")

# What every build root has: the members of the group buildsys-build, as Fedora's has them.
GROUP = """base-files bash bzip2 coreutils cpio debianutils diffutils file findutils gawk gcc grep gzip
 libc-bin libc6-dev make patch perl-base rpm sed tar unzip util-linux xz-utils""".split()

# What is converted; apt adds the dependencies.
ROOTS = sorted({*GROUP, "binutils", "zstd"})

# Dependencies that a small build root does without: apt is told that they are there. A program
# that turns out to want a library of one of these is left out (tree.drop_what_cannot_run).
LEAVE_OUT = set("""dash debconf dpkg libarchive13 libasan8 libaudit-common libaudit1 libcc1-0
 libcom-err2 libdbus-1-3 libdb5.3 libfsverity0 libgdbm-compat4 libgdbm6 libgprofng0 libgssapi-krb5-2
 libhwasan0 libicu72 libitm1 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 liblsan0 libnettle8
 libnsl-dev libnsl2 libpam0g libperl5.36 libquadmath0 librpmsign9 libssl3 libsystemd0 libtirpc-common
 libtirpc-dev libtirpc3 libtsan2 libubsan1 libudev1 libxml2 mawk perl perl-modules-5.36
 readline-common rpcsvc-proto util-linux-extra""".split())

# Of these, what stays out even where more packages are asked for, which may need the others.
NEVER_NEEDED = re.compile(
    r"dash|debconf|dpkg|lib.*san|libitm|libquadmath|mawk|libgprofng|util-linux-extra"
    r"|perl$|perl-mod|libperl")
NEEDS_PERL = re.compile(r"(?:perl|autoconf|automake|libtool|.*-perl)$")
PERL = {"perl", "perl-modules-5.36", "libperl5.36"}

# Files that no build looks at.
UNUSED_FILES = re.compile(r"""^(?:
   usr/share/(?:doc|man|info|locale|lintian|bug|doc-base|menu|bash-completion|zsh|gdb|apport
     |common-licenses|pixmaps|applications|initramfs-tools|i18n/charmaps|i18n/locales)/
 | usr/lib/TRIPLET/(?:rpm-plugins|gprofng)/
 | etc/(?:update-motd\.d|cron\.[a-z]+|default|init\.d|logrotate\.d|skel|pam\.d)/
 | usr/lib/systemd/
 | usr/bin/(?:TRIPLET-)?(?:lto-dump|gp-|gprofng|dwp$|gcov-dump|gcov-tool|rpm2archive)
 | usr/lib/gcc/TRIPLET/[0-9]+/(?:lib(?:[atl]san|hwasan|ubsan|itm|quadmath)|lto1$)
 )""".replace("TRIPLET", re.escape(TRIPLET)), re.X)

# Names that specs written for Fedora use, by the Debian package that plays the part.
ALSO_PROVIDES = {deb: names.split() for deb, names in {
    "base-files": "filesystem setup system-release basesystem",
    "coreutils": "coreutils-common",
    "debianutils": "which",
    "g++": "gcc-c++",
    "gcc": "libgcc-devel",
    "golang-go": "golang",
    "libc-bin": "glibc-common",
    "libc6": "glibc glibc-minimal-langpack rtld(GNU_HASH)",
    "libc6-dev": "glibc-devel glibc-headers libxcrypt-devel",
    "libcurl4-openssl-dev": "libcurl-devel",
    "libgcc-s1": "libgcc",
    "libssl-dev": "openssl-devel",
    "libstdc++6": "libstdc++",
    "libzstd1": "libzstd",
    "linux-libc-dev": "kernel-headers",
    "perl": "perl-generators",
    "perl-base": "perl-interpreter",
    "pkg-config": "pkgconfig pkgconf-pkg-config",
    "pkgconf": "pkgconfig pkgconf-pkg-config",
    "python3-dev": "python3-devel",
    "rpm": "rpm-build rpm-libs rpm-build-libs redhat-rpm-config",
    "ruby-dev": "ruby-devel",
    "rustc": "rust",
    "util-linux": "util-linux-core",
    "xz-utils": "xz",
    "zlib1g": "zlib",
    "zlib1g-dev": "zlib-devel",
}.items()}

# Links that Debian makes with update-alternatives: package, name under /usr/bin, target.
ALTERNATIVES = [
    ("gawk", "awk", "gawk"),
    ("debianutils", "which", "which.debianutils"),
    ("gcc", "cc", "gcc"),
    ("gcc", "c99", "c99-gcc"),
    ("gcc", "c89", "c89-gcc"),
    ("g++", "c++", "g++"),
]

# Files that Debian's maintainer scripts would have written: package, path, text.
CONFIGURATION = [
    ("base-files", "etc/passwd",
     "root:x:0:0:root:/root:/bin/bash\n"
     "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
     "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
    ("base-files", "etc/group",
     "root:x:0:\nbin:x:2:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nkmem:x:15:\nutmp:x:43:\n"
     "staff:x:50:\nusers:x:100:\nnogroup:x:65534:\n"),
    ("base-files", "etc/nsswitch.conf",
     "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"),
    ("base-files", "etc/profile",
     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
     "export PATH\numask 022\n"),
    # Debian's rpm keeps its database in the home directory; a build root has one place for it.
    ("rpm", "etc/rpm/macros.dist",
     f"%_dbpath /var/lib/rpm\n%debian 12\n%dist .deb12\n%_lib lib/{TRIPLET}\n"
     f"%_libdir %{{_prefix}}/lib/{TRIPLET}\n%_build_id_links none\n"
     "%__python3 /usr/bin/python3\n"),
]

# Directories of the root itself; no Debian package but base-files has them.
DIRECTORIES = [
    ("etc", 0o755), ("home", 0o755), ("opt", 0o755), ("root", 0o700), ("run", 0o755),
    ("tmp", 0o1777), ("usr", 0o755), ("usr/local", 0o755), ("var", 0o755), ("var/tmp", 0o1777),
]


def left_out(extra):
    """The dependencies to leave out when `extra` packages are asked for."""
    out = set(LEAVE_OUT)
    if extra:
        out = {name for name in out if NEVER_NEEDED.match(name)}
    if any(NEEDS_PERL.match(name) for name in extra):
        out -= PERL
    return out - set(extra)
