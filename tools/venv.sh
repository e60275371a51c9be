#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Create a virtual environment with the files that locks name, with the first of the wanted Pythons that works.
# PYTHON in the environment names an interpreter to use instead.
#
# usage: venv.sh FOLDER "LOCK..." VERSION...      venv.sh .cache/venv requirements-dev.lock 3.12 3.11
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$1
locks=$2
shift 2
python=${PYTHON:-$(sh "$root/tools/find-python.sh" "$@")}
if [ -z "$python" ]; then
    echo "No usable Python: one of $* is needed, with its venv module (on Debian: apt-get install python3-venv)." >&2
    exit 1
fi

echo "Making $venv with $("$python" --version); this takes about half a minute."
"$python" -m venv --clear "$venv"
# No bytecode: Python compiles the modules that it imports, which are a small part of all files.
# Only wheels: the requirements of a source build have no hashes. No dependencies: a lock names all packages.
set --
for lock in $locks; do
    set -- "$@" --requirement "$root/$lock"
done
"$venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes "$@"
touch "$venv/.ready"
