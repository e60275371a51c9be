#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print the path of the first usable Python among the wanted versions, in order of preference; print nothing if none works.
# Each candidate is run, because pyenv has shims for versions that are not installed.
#
# usage: find-python.sh VERSION...      find-python.sh 3.12 3.11
set -u

probe='import ensurepip, ssl, sys, venv; print("%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", sys.executable))'

for version in "$@"; do
    for candidate in \
        "python$version" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3 \
        "$HOME/.local/share/uv/python/cpython-$version".*/bin/python3 \
        "/usr/local/bin/python$version" \
        "/opt/python/$version/bin/python3" \
        python3; do
        found=$("$candidate" -c "$probe" 2>/dev/null) || continue
        if [ "${found%% *}" = "$version" ]; then
            echo "${found#* }"
            exit 0
        fi
    done
done
