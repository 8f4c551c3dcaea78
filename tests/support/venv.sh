#!/usr/bin/env bash
# venv.sh DIRECTORY [LIST]
#
# Makes a Python environment of what a list names: the real clients (copr, copr-cli) and what
# drives them, unless another is given. Does nothing where it is there already and made from the
# same list.
set -euo pipefail
venv=$1
list=${2:-$(dirname "${BASH_SOURCE[0]}")/requirements.txt}
if cmp -s "$list" "$venv/made-from.txt"; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" </dev/null
cp "$list" "$venv/made-from.txt"
