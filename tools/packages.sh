#!/bin/sh
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install programs, such as those that real VPN tunnels need, with Debian's packages, if root runs this. Tests and the demo that
# need a missing program report that themselves.
#
# usage: packages.sh PROGRAM=PACKAGE...      packages.sh openvpn=openvpn ping=iputils-ping
set -eu

PATH=$PATH:/usr/sbin:/sbin
missing=
for each in "$@"; do
    command -v "${each%%=*}" >/dev/null || missing="$missing ${each#*=}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed, and only root can with apt-get:$missing. What needs them is skipped."
    exit 0
fi
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of names
if ! { apt-get install -qq -y --no-install-recommends $missing ||
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing; }; } >/dev/null 2>&1; then
    echo "They could not be installed. What needs them is skipped."
fi
