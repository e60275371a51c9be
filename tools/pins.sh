#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Lock the latest versions that requirements-dev.txt allows, for every supported Python, with the hashes of their files;
# and the same versions of what the tests require that ansible-test runs. UV_INDEX_URL names another package index.
set -eu
cd "$(dirname "$0")/.."

lock() {
    input=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate \
        --custom-compile-command "make pins" --output-file "${input%.txt}.lock" "$@" "$input"
}

lock requirements-dev.txt --upgrade
lock requirements-mutants.txt --upgrade --no-deps
for tests in unit integration; do
    lock "tests/$tests/requirements.txt" --upgrade --constraint requirements-dev.lock
done
