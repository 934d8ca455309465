#!/bin/sh
# Makes a virtual environment; installs Debian's python3-venv when that is missing and we may.
set -eu
python=$1
venv=$2
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
    echo "error: Stadstwin needs Python 3.11 to 3.13; '$python' is $("$python" --version 2>&1 || echo missing). Try: make PYTHON=python3.11" >&2
    exit 1
fi
if "$python" -m venv "$venv" >/dev/null 2>&1; then exit 0; fi
rm -rf "$venv"
sh "$(dirname "$0")/system_packages.sh" python3-venv
"$python" -m venv "$venv"
