#!/usr/bin/env bash
# venv.sh DIRECTORY
#
# Makes a Python environment with the real clients (copr, copr-cli) and what drives them; does
# nothing where it is there already and made from the same list.
set -euo pipefail
list=$(dirname "${BASH_SOURCE[0]}")/requirements.txt
venv=$1
if cmp -s "$list" "$venv/made-from.txt"; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" </dev/null
cp "$list" "$venv/made-from.txt"
