#!/usr/bin/env bash
# requirements.sh [test]
#
# Installs what coprbox calls and is not there: rpm, createrepo_c, GnuPG and the tools of its
# builders, with dnf on Fedora and its relatives, with apt-get on Debian. With "test" also what
# the tests need. Does nothing where everything is there, and needs root only where it is not.
set -euo pipefail

# A program or file, its package on Debian, its package on Fedora ("-": not wanted there).
run="rpmbuild rpm rpm-build
rpmsign rpm rpm-sign
createrepo_c createrepo-c createrepo_c
dnf dnf dnf
/usr/lib/python3/dist-packages/dnf-plugins/builddep.py dnf-plugins-core -
gpg gpg gnupg2
gpg-agent gpg-agent gnupg2
bwrap bubblewrap bubblewrap
unshare util-linux util-linux
git git git
svn subversion subversion
ssh openssh-client openssh-clients
mock - mock
cc gcc gcc
/usr/include/stdio.h libc6-dev glibc-devel
/etc/ssl/certs/ca-certificates.crt ca-certificates -
curl curl curl
python3 python3 python3"
test="wget wget wget
/usr/sbin/sshd openssh-server openssh-server
chromium chromium -"

say() { printf '%s\n' "$*" >&2; }

is_there() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" >/dev/null ;; esac }

# The packages of the given column of which something is missing.
missing() {
    local column=$1 thing deb rpm
    while read -r thing deb rpm; do
        [ "$column" = deb ] || deb=$rpm
        [ "$deb" = - ] || is_there "$thing" || echo "$deb"
    done | sort -u | tr '\n' ' '
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; return; fi
    command -v sudo >/dev/null || { say "run as root, or install by hand: $packages"; exit 1; }
    sudo "$@"
}

wanted=$run
[ "${1:-}" != test ] || wanted="$run
$test"

if command -v apt-get >/dev/null; then
    packages=$(missing deb <<<"$wanted")
    # The module is in a package of its own there, and the program does not tell.
    if [ "${1:-}" = test ] && ! python3 -c 'import ensurepip' 2>/dev/null; then
        packages+="python3-venv "
    fi
    [ -n "$packages" ] || exit 0
    say "installing: $packages"
    # shellcheck disable=SC2086 # a list of words
    get() {
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -y --no-install-recommends install $packages </dev/null >/dev/null
    }
    if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || ! get; then
        as_root apt-get -qq update
        get
    fi
elif command -v dnf >/dev/null; then
    packages=$(missing rpm <<<"$wanted")
    [ -n "$packages" ] || exit 0
    say "installing: $packages"
    # shellcheck disable=SC2086 # a list of words
    as_root dnf -q -y --setopt=install_weak_deps=False install $packages </dev/null >&2
else
    say "neither apt-get nor dnf is here: coprbox runs on Fedora, its relatives and Debian"
    exit 1
fi
