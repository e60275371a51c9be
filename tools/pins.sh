#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Lock the latest versions that requirements-dev.txt allows, for every supported Python, with the hashes of their files;
# the same versions for the tests that ansible-test runs; and the latest release of each ansible-core of
# tools/matrix.py, or its latest pre-release if there is no release yet. UV_INDEX_URL names another package index.
set -eu
cd "$(dirname "$0")/.."

compile() {
    uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-annotate \
        --custom-compile-command "make pins" "$@"
}

lock() {
    input=$1
    shift
    compile --python-version 3.11 --output-file "${input%.txt}.lock" "$@" "$input"
}

lock requirements-dev.txt --upgrade
lock requirements-mutants.txt --upgrade --no-deps
for tests in unit integration; do
    lock "tests/$tests/requirements.txt" --upgrade --constraint requirements-dev.lock
done

compile --python-version 3.10 --upgrade --output-file tests/versions/requirements.lock tests/versions/requirements.txt
python tools/matrix.py | while read -r core python; do
    for choice in disallow allow; do # a pre-release only if there is no release yet
        if echo "ansible-core==$core.*" | compile --python-version "$python" --prerelease "$choice" --upgrade --no-deps \
            --output-file "tests/versions/ansible-core-$core.lock" - 2>/dev/null; then
            break
        fi
    done
done
newest=$(echo ansible-core | uv pip compile --quiet --universal --python-version 3.14 --prerelease allow --no-deps --no-header -)
echo "The newest ansible-core, pre-releases included, is ${newest#*==}; tools/matrix.py ends with $(python tools/matrix.py | tail -n 1)."
