#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Run ansible-test on a copy of the checkout, with virtual environments in .cache/ and no network but PyPI.
# Its reports end up in .cache/tree/COMMAND/ansible_collections/vpn/estate/tests/output.
#
# usage: ansible-test.sh VENV COMMAND [ARGUMENT...]      ansible-test.sh .cache/venv sanity --test pylint
set -eu
umask 077

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$(cd "$1" && pwd)
command=$2
shift 2

# ansible-test keeps its caches in HOME. It looks there for get-pip.py before it downloads one.
home=$root/.cache/home
mkdir -p "$home/.ansible/test/cache" "$home/.config/pip" "$home/.pip"
for version in 24_2 25_2; do
    cp "$root/tools/get_pip.py" "$home/.ansible/test/cache/get_pip_$version.py"
done

# It passes no PIP_... variable on, and with another HOME pip does not see the user's settings: hand over both in files.
{
    echo '[global]'
    env | sed -n 's/^PIP_\([A-Z_]*\)=/\1=/p' | while IFS='=' read -r name value; do
        printf '%s = %s\n' "$(echo "$name" | tr 'A-Z_' 'a-z-')" "$value"
    done
} >"$home/.config/pip/pip.conf"
if [ -f "$HOME/.config/pip/pip.conf" ]; then
    ln -sf "$HOME/.config/pip/pip.conf" "$home/.pip/pip.conf"
fi

umask 022
tree=$("$venv/bin/python" "$root/tools/collection_tree.py" "$root/.cache/tree/$command")
version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$command" != sanity ]; then
    set -- --python "$version" "$@"
fi

# A PATH of its own, because pyenv has shims for Pythons that are not installed. Sanity tests compile and import the
# plugins with each installed Python, because modules run on more versions than the controller.
path=$venv/bin
for version in "$version" 3.9 3.10 3.11 3.12 3.13 3.14; do
    python=$(sh "$root/tools/find-python.sh" "$version")
    if [ -n "$python" ]; then
        path=$path:$(dirname "$python")
    fi
done

cd "$tree"
exec env -u PYTHONPATH -u PYTHONPYCACHEPREFIX -u ANSIBLE_COLLECTIONS_PATH HOME="$home" LC_ALL=C.UTF-8 \
    PATH="$path:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    "$venv/bin/ansible-test" "$command" --color no "$@"
