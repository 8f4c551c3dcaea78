#!/usr/bin/env bash
# tests/run.sh [PHASE…]
#
# Runs every check there is, or only the named phases, one line each with its seconds; what a
# phase prints goes into a log that is shown when it fails. Ends with 0 only if all went well.
#
#   tools    installs the programs that are missing (needs root only then)
#   clients  makes Python environments: the real copr-cli with pytest, and schemathesis
#   base     makes the RPM distribution that chroots are installed from (Debian only)
#   fmt clippy test doc deny scripts
#            the checks of a working day
#   release  the binary as it is shipped, and that it stays small
#   conformance
#            the API beside recordings of a real Copr server, where COPRBOX_CONFORMANCE names them
#   e2e      the shipped binary driven by real clients
#
# Everything made along the way lies under target/ (or $CARGO_TARGET_DIR).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
logs=$target/test-logs
venv=$target/test-venv
base=$target/test-base
max_bytes=$((20 * 1024 * 1024))
mkdir -p "$logs"

export CARGO_TARGET_DIR=$target CARGO_TERM_COLOR=never INSTA_UPDATE=no
# For what runs below: the binary, the clients, the distribution.
export COPRBOX_TEST_BIN=$target/release/coprbox COPRBOX_TEST_VENV=$venv
export COPRBOX_TEST_FUZZ_VENV=$target/test-fuzz-venv
[ ! -e /etc/debian_version ] || export COPRBOX_TEST_BASE_REPO=$base/repo

phase_tools() {
    packaging/requirements.sh test
    command -v cargo || {
        echo "cargo is missing: install Rust (https://rustup.rs), then run this again"
        return 1
    }
}

phase_clients() {
    tests/support/venv.sh "$venv"
    tests/support/venv.sh "$COPRBOX_TEST_FUZZ_VENV" tests/e2e/fuzz/requirements.txt
}

phase_base() {
    [ -n "${COPRBOX_TEST_BASE_REPO:-}" ] || { echo "skipped: Debian only"; return; }
    packaging/base-repo/make.py --output "$COPRBOX_TEST_BASE_REPO" --cache "$base/debs"
}

phase_fmt() { cargo fmt --check; }
phase_clippy() { cargo clippy --all-targets --locked -- -D warnings; }
phase_test() { cargo test --locked --no-fail-fast; }
# Links into private modules are for those who read the sources: this is no library.
phase_doc() {
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
        cargo doc --no-deps --document-private-items --locked
}

# Building cargo-deny takes a minute on two cores (two with optimisation, to check two seconds
# faster): done where nobody waits.
phase_deny() {
    export PATH=$target/tools/bin:$PATH
    if ! cargo deny --version; then
        [ -n "${CI:-}" ] || { echo "skipped: cargo install cargo-deny --locked"; return; }
        CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --locked --debug \
            --root "$target/tools" --target-dir "$target/tools/build"
        rm -rf "$target/tools/build"
    fi
    cargo deny --locked check licenses bans sources
}

phase_scripts() {
    command -v shellcheck || { echo "skipped: shellcheck is not installed"; return; }
    local found
    found=$(grep -rlE '^#!.*\b(ba)?sh$' .ci packaging tests)
    # shellcheck disable=SC2086 # a list of names without spaces
    shellcheck $found
}

phase_release() {
    cargo build --release --locked
    local size
    size=$(stat -c %s "$target/release/coprbox")
    echo "coprbox: $size bytes, at most $max_bytes"
    [ "$size" -le "$max_bytes" ]
}

phase_conformance() {
    [ -n "${COPRBOX_CONFORMANCE:-}" ] || { echo "skipped: COPRBOX_CONFORMANCE is not set"; return; }
    cargo build --locked --bin coprbox --example finisher
    tests/conformance/run.py --venv "$venv" \
        --bin "$target/debug/coprbox" --finisher "$target/debug/examples/finisher"
}

phase_e2e() {
    [ -d tests/e2e ] || { echo "skipped: none yet"; return; }
    export PATH=$venv/bin:$PATH
    local script bad=()
    for script in tests/e2e/*.sh; do
        [ -x "$script" ] || continue
        echo "== $script"
        "$script" || bad+=("$script")
    done
    if compgen -G "tests/e2e/test_*.py"; then
        "$venv/bin/pytest" -q tests/e2e || bad+=(pytest)
    fi
    [ ${#bad[@]} = 0 ] || { echo "failed: ${bad[*]}"; return 1; }
}

# One phase, in a shell of its own: see run() below.
if [ "${1:-}" = --phase ]; then
    "phase_$2"
    exit
fi

# A phase ends at its first failing command. It would not if it were called from here: whatever
# runs under a condition (`||`, `if`), functions and subshells too, runs without errexit.
failed=()
run() {
    local name=$1 log=$logs/$1.log begin=$SECONDS code=0 result note=
    "$BASH" tests/run.sh --phase "$name" >"$log" 2>&1 || code=$?
    if [ $code = 0 ]; then
        result=ok
        if note=$(tail -n 1 "$log" | grep '^skipped: '); then result=- note="  $note"; fi
    else
        result=FAILED
        failed+=("$name")
    fi
    printf '%-11s %-6s %4d s%s\n' "$name" "$result" $((SECONDS - begin)) "$note"
    [ $code = 0 ] || show "$log"
    return $code
}

# What failed may be far from the end: every failure's first lines, then the end.
show() {
    {
        grep -E -A 7 '^error|^FAILED|panicked at|^E  ' "$1" | head -n 120
        echo "---- the end of $1"
        tail -n 25 "$1"
    } | sed 's/^/    /'
}

names=("$@")
[ $# -gt 0 ] || names=(tools clients base fmt scripts clippy test doc deny release conformance e2e)
for name in "${names[@]}"; do
    declare -F "phase_$name" >/dev/null || { echo "no such phase: $name" >&2; exit 2; }
done
for name in "${names[@]}"; do
    # Without the tools nothing below means anything; the other phases stand alone.
    run "$name" || [[ $name != tools ]] || break
done

echo
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed after $SECONDS s: ${failed[*]}"
    exit 1
fi
echo "all well after $SECONDS s"
