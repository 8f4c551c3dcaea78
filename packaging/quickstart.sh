#!/usr/bin/env bash
# packaging/quickstart.sh [--data-dir DIR] [--port N] [--no-build] [--base DIR]
#
# From a clone to a package that dnf has installed, on a fresh Debian 12 or Fedora: installs what
# is missing, builds the release binary, starts the server on the loopback, submits a small SRPM
# made on the spot, waits until it is published, and installs it into a throw-away root. The
# server is left running.
#
#   --data-dir DIR   where the server keeps everything (default: a new directory, which is named)
#   --port N         where it listens (default 5000)
#   --no-build       take the release binary that is there
#   --base DIR       on Debian: where its packages are kept as RPMs (default
#                    /var/cache/coprbox/debian-12, for others than root in ~/.cache)
#
# On Fedora and its relatives packages are built with mock, for the release that the host runs.
# On Debian they are built with the sandbox builder, from Debian's own packages turned into RPMs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

port=5000 data_dir='' build=yes base=''
while [ $# -gt 0 ]; do
    case $1 in
        --data-dir) data_dir=${2:?--data-dir wants a directory}; shift 2 ;;
        --port) port=${2:?--port wants a number}; shift 2 ;;
        --no-build) build=no; shift ;;
        --base) base=$(realpath -m "${2:?--base wants a directory}"); shift 2 ;;
        -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
        *) echo "quickstart: unknown option $1 (--help lists them)" >&2; exit 2 ;;
    esac
done

url=http://127.0.0.1:$port
arch=$(uname -m)
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
binary=$target/release/coprbox
work='' log='' server='' config=''

step() { printf '==> %s\n' "$*"; }
indent() { sed -u 's/^/    /'; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

# Whatever ends this script early also ends what it has started. Nothing that goes wrong in here
# keeps the rest from being done.
finish() {
    local code=$?
    set +e
    trap '' INT TERM HUP
    if [ $code != 0 ]; then
        stop_server
        if [ -s "$log" ]; then
            printf -- '---- the last lines of %s\n' "$log" >&2
            # The server's log also has the questions that this script asks all the time.
            grep -v ' GET /api_3/' "$log" | tail -n 25 >&2
        fi
    fi
    if [ -n "$work" ]; then
        [ ! -e "$work/root" ] || remove_root
        rm -rf "$work"
    fi
    [ $code = 0 ] || printf 'quickstart: stopped; nothing of it is running any more\n' >&2
}

stop_server() {
    if [ -z "$server" ] || ! kill "$server" 2>/dev/null; then return; fi
    for _ in $(seq 100); do kill -0 "$server" 2>/dev/null || return; sleep 0.1; done
    kill -KILL "$server" 2>/dev/null
}

# dnf has made it as root, so nobody else can remove it.
remove_root() { as_root rm -rf --one-file-system "$work/root" "$work/dnf"; }

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

coprbox() { "$binary" --config "$config" "$@"; }

# Empty files that nobody else can open, whatever was there before and whatever the umask is.
private() {
    rm -f "$@"
    (umask 077 && touch "$@")
}

# One value of a JSON answer on stdin: field state
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# A call with the admin's token; the answer's body goes to stdout, and on an error to stderr, too.
api() {
    local path=$1 answer
    shift
    answer=$(curl --silent --show-error --fail-with-body --config "$work/login" "$@" "$url/api_3$path") ||
        fail "$path answered: $answer"
    printf '%s\n' "$answer"
}

# ---- what host this is

# shellcheck source=/dev/null
. /etc/os-release
case " $ID ${ID_LIKE:-} " in
    *" fedora "* | *" rhel "* | *" centos "*) builder=mock ;;
    *" debian "*) builder=sandbox ;;
    *) fail "this is $PRETTY_NAME; it wants Fedora, a relative of it, or Debian 12" ;;
esac

version_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

install_tools() {
    packaging/requirements.sh
    [ $builder = mock ] || return 0
    # mock refuses to work for anyone else.
    [ "$(id -u)" = 0 ] || [[ " $(id -nG) " == *" mock "* ]] ||
        fail "you are not in the group mock: sudo usermod -a -G mock $(id -un), log in again"
}

need_rust() {
    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null && command -v dnf >/dev/null && [ $builder = mock ]; then
        step "installing Rust"
        as_root dnf -q -y install cargo rust
    fi
    have=$(cargo --version 2>/dev/null | cut -d' ' -f2) || have=
    if [ -z "$have" ] || ! version_at_least "$wanted" "$have"; then
        fail "Rust ${have:-is missing}: $wanted or later is needed, which this distribution does not
    package. Install it with rustup, for yourself only:
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
    then open a new shell and run this again."
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; return; fi
    command -v sudo >/dev/null || fail "only root may do this: $*"
    sudo "$@"
}

# ---- the server

start_server() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        fail "something listens on port $port already; choose another with --port"
    fi
    # For nobody else; where root makes it, builders drop to a user without rights, who must get
    # through to the work.
    local mode=700
    [ "$(id -u)" != 0 ] || mode=711
    if [ -z "$data_dir" ]; then
        data_dir=$(mktemp -d /var/tmp/coprbox.XXXXXX)
        chmod "$mode" "$data_dir"
    elif [ ! -d "$data_dir" ]; then
        mkdir -p "$(dirname "$data_dir")"
        mkdir -m "$mode" "$data_dir"
    fi
    data_dir=$(realpath "$data_dir")
    config=$data_dir/quickstart.toml
    log=$data_dir/server.log
    # The log has the link that makes its reader admin.
    private "$config" "$log"
    printf 'listen = "127.0.0.1:%s"\nbase_url = "%s"\ndata_dir = "%s"\n' \
        "$port" "$url" "$data_dir" >"$config"
    setsid "$binary" --config "$config" serve </dev/null >"$log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        curl --silent --fail --output /dev/null "$url/api_3/" && return
        kill -0 $server 2>/dev/null || fail "the server ended at once"
        sleep 0.1
    done
    fail "the server does not answer on $url"
}

host_chroot() {
    local name
    for name in "$ID-$VERSION_ID" "$ID-rawhide" "centos-stream-${VERSION_ID%%.*}" \
        "epel-${VERSION_ID%%.*}" "$ID+epel-${VERSION_ID%%.*}"; do
        if [ -e "/etc/mock/$name-$arch.cfg" ]; then echo "$name-$arch"; return; fi
    done
    fail "mock has no chroot for $PRETTY_NAME in /etc/mock"
}

add_chroot() {
    if [ $builder = mock ]; then
        chroot=$(host_chroot)
        step "using the chroot $chroot"
        coprbox chroot enable "$chroot" 2>&1 | indent
        return
    fi
    chroot=debian-12-$arch
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}
    [ "$(id -u)" != 0 ] || cache=/var/cache
    base=${base:-$cache/coprbox/debian-12}
    step "making RPMs of Debian packages for the chroot $chroot, in $base"
    packaging/base-repo/make.py --output "$base/repo" --cache "$base/debs" 2>&1 | indent
    # With a data directory of an earlier run it is there already.
    coprbox chroot list | grep -q "^$chroot " ||
        coprbox chroot add "$chroot" --builder sandbox --repo "file://$base/repo" 2>&1 | indent
}

log_in() {
    admin=$(coprbox user list --json | python3 -c \
        'import json, sys; print(next(user["name"] for user in json.load(sys.stdin) if user["admin"]))')
    private "$data_dir/copr.conf" "$work/login"
    coprbox token new "$admin" --name quickstart >"$data_dir/copr.conf" 2>"$work/token.log" ||
        { cat "$work/token.log" >&2; fail "there is no token"; }
    local login token
    login=$(sed -n 's/^login *= *//p' "$data_dir/copr.conf")
    token=$(sed -n 's/^token *= *//p' "$data_dir/copr.conf")
    printf 'user = "%s:%s"\n' "$login" "$token" >"$work/login"
}

# ---- the package

make_srpm() {
    mkdir -p "$work/hello"
    cat >"$work/hello/hello.c" <<'C'
#include <stdio.h>

int main(void)
{
    puts("hello from coprbox");
    return 0;
}
C
    cat >"$work/hello/hello.spec" <<'SPEC'
Name:           hello
Version:        1.0
Release:        1%{?dist}
Summary:        Says hello
License:        MIT
Source0:        hello.c
BuildRequires:  gcc

%description
A greeting, built and published by coprbox.

%prep

%build
gcc %{?optflags} %{?build_ldflags} -o hello %{SOURCE0}

%install
install -D -m 0755 hello %{buildroot}%{_bindir}/hello

%files
%{_bindir}/hello
SPEC
    rpmbuild -bs --nodeps --define "_topdir $work/hello" --define "_sourcedir $work/hello" \
        --define "_srcrpmdir $work/hello" "$work/hello/hello.spec" >"$work/rpmbuild.log" 2>&1 ||
        { log=$work/rpmbuild.log; fail "rpmbuild -bs failed"; }
}

build_it() {
    local id state seen=
    # Not --json: EL 9 has curl 7.76, which does not know it.
    api "/project/add/$admin?exist_ok=True" --header 'Content-Type: application/json' \
        --data "{\"name\": \"hello\", \"chroots\": [\"$chroot\"]}" >/dev/null
    id=$(api /build/create/upload --form "pkgs=@$(echo "$work"/hello/hello-*.src.rpm)" \
        --form "ownername=$admin" --form projectname=hello | field id)
    for _ in $(seq 1800); do
        state=$(api "/build/$id" | field state)
        [ "$state" = "$seen" ] || printf '    build %s: %s\n' "$id" "$state"
        seen=$state
        case $state in
            succeeded) return ;;
            failed | canceled | skipped) show_logs "$id"; fail "the build $state; its page: $url/coprs/build/$id" ;;
        esac
        sleep 0.5
    done
    fail "the build is not done after 15 minutes; its page: $url/coprs/build/$id"
}

show_logs() {
    local place
    find "$data_dir/results/$admin/hello" -path "*$1*" -name '*.log*' | while read -r place; do
        printf -- '---- %s\n' "$place"
        case $place in *.gz) gzip -dc "$place" ;; *) cat "$place" ;; esac | tail -n 15
    done >&2
}

# Into a root of its own, from the address that any client would use, signatures checked.
install_it() {
    local root=$work/root repos=$work/repos
    mkdir -p "$root" "$repos"
    curl --silent --show-error --fail --output "$repos/hello.repo" \
        "$url/coprs/$admin/hello/repo/${chroot%-"$arch"}/hello.repo?arch=$arch"
    grep -q '^gpgcheck=1' "$repos/hello.repo" || fail "the repository file does not ask for signatures"
    if [ $builder = mock ]; then
        cp /etc/yum.repos.d/*.repo "$repos"
    else
        printf '[base]\nname=base\nbaseurl=file://%s\ngpgcheck=0\n' "$base/repo" >"$repos/base.repo"
    fi
    log=$data_dir/dnf.log
    # The major version alone: EL's repositories know no 9.6.
    as_root dnf -y --installroot="$root" --releasever="${VERSION_ID%%.*}" --setopt=reposdir="$repos" \
        --setopt=install_weak_deps=False --setopt=plugins=False --setopt=cachedir="$work/dnf" \
        install hello </dev/null >"$log" 2>&1 ||
        fail "dnf cannot install the package"
    as_root chroot "$root" /usr/bin/hello | sed 's/^/    it says: /'
    remove_root
    log=$data_dir/server.log
}

# ---- all of it

work=$(mktemp -d "${TMPDIR:-/tmp}/quickstart.XXXXXX")
step "installing what is missing"
install_tools
if [ $build = yes ]; then
    need_rust
    step "building the release binary (some minutes the first time)"
    cargo build --release --locked
fi
[ -x "$binary" ] || fail "$binary is not there; run this without --no-build"
step "starting the server on $url"
start_server
step "its data is in $data_dir"
add_chroot
log_in
step "making an SRPM"
make_srpm
step "building and publishing it in $admin/hello"
build_it
step "installing it with dnf into a throw-away root"
install_it

# The link of the first start is some minutes old by now: a new one, unless this was no first start.
link=''
! grep -q /login/once/ "$data_dir/server.log" ||
    link=$(coprbox user password "$admin" </dev/null 2>/dev/null | grep -o 'http.*' || :)
cat <<END

coprbox works. It is running on $url and keeps everything in $data_dir

  project        $url/coprs/$admin/hello/
  log in         ${link:-$binary --config $config user password $admin}
  copr-cli       copr-cli --config $data_dir/copr.conf list
                 (or copy that file to ~/.config/copr)
  server log     $data_dir/server.log
  stop it        kill $server
  start it again $binary --config $config serve
END
