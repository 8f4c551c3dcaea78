#!/usr/bin/env bash
# The first of the README's two commands: it must end with a server that real clients can use, and
# what it names as the way to stop that server must leave nothing behind.
set -euo pipefail
[ -n "${COPRBOX_TEST_BASE_REPO:-}" ] || { echo "skipped: on Debian only"; exit 0; }

scratch=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || :
    rm -rf "$scratch"
}
trap finish EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
packaging/quickstart.sh --no-build --data-dir "$scratch/data" --port "$port" \
    --base "$(dirname "$COPRBOX_TEST_BASE_REPO")" | tee "$scratch/said"

grep -q '^    it says: hello from coprbox$' "$scratch/said"
pid=$(sed -n 's/^  stop it  *kill //p' "$scratch/said")
"$COPRBOX_TEST_VENV/bin/copr-cli" --config "$scratch/data/copr.conf" list | grep -q '^Name: hello$'

kill "$pid"
for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
if kill -0 "$pid" 2>/dev/null; then echo "the server has not ended"; exit 1; fi
pid=
left=$(grep -lzs "COPRBOX_JOB=$scratch" /proc/[0-9]*/environ || :)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
if grep -q "$scratch" /proc/mounts; then echo "a mount was left behind"; exit 1; fi
