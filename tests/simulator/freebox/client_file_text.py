# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of files for VPN clients: an OpenVPN configuration, or one for wg-quick. No document shows what is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_CIPHERS = {
    "blowfish": "BF-CBC",
    "aes128": "AES-128-CBC",
    "aes256": "AES-256-CBC",
    "chacha20poly1305": "CHACHA20-POLY1305",
}


def device(server: str) -> str:
    """A bridge carries Ethernet, everything else IP."""
    return "tap" if server.endswith("bridge") else "tun"


def fragments(settings: Mapping[str, Any]) -> list[str]:
    """The directive, if any, on which both ends have to agree by themselves; they negotiate the cipher."""
    return [] if settings["use_tcp"] or settings["disable_fragment"] else ["fragment 1452", "mssfix 1452"]


def openvpn(
    server: str, address: str, port: int, settings: Mapping[str, Any], password: bool, blocks: Mapping[str, str]
) -> str:
    """`settings` are conf_openvpn; with `password` the client asks for the user's name and password."""
    directives = [
        "client",
        f"dev {device(server)}",
        f"proto {'tcp-client' if settings['use_tcp'] else 'udp'}",
        f"remote {address} {port}",
        "nobind",
        f"cipher {_CIPHERS[settings['cipher']]}",
        *fragments(settings),
        *(["auth-user-pass"] if password else []),
        "remote-cert-tls server",
        "verb 3",
    ]
    inline = [f"<{name}>\n{text.rstrip()}\n</{name}>" for name, text in blocks.items()]
    return "\n".join([*directives, *inline, ""])


def read_openvpn(text: str) -> dict[str, str]:
    """The inline files by their names, and `port` and `tcp`, which is "" for UDP."""
    found = dict(re.findall(r"^<(\w+)>\n(.*?)^</\1>$", text, re.MULTILINE | re.DOTALL))
    remote = re.search(r"^remote \S+ (\d+)$", text, re.MULTILINE)
    tcp = re.search(r"^proto tcp", text, re.MULTILINE)
    return {**found, **({"port": remote[1]} if remote else {}), "tcp": "tcp" if tcp else ""}


def wireguard(
    private_key: str,
    address: str,
    mtu: int,
    server_key: str,
    shared_key: str | None,
    endpoint: str,
    keepalive: int,
) -> str:
    lines = [
        "[Interface]",
        f"PrivateKey = {private_key}",
        f"Address = {address}/32",
        f"MTU = {mtu}",
        "",
        "[Peer]",
        f"PublicKey = {server_key}",
        *([f"PresharedKey = {shared_key}"] if shared_key else []),
        f"Endpoint = {endpoint}",
        "AllowedIPs = 0.0.0.0/0",
        *([f"PersistentKeepalive = {keepalive}"] if keepalive else []),
    ]
    return "\n".join([*lines, ""])


def read_wireguard(text: str) -> dict[str, str]:
    """What each key says, by its name in lower case."""
    pairs = re.findall(r"^\s*(\w+)\s*=\s*(\S+)\s*$", text, re.MULTILINE)
    return {name.lower(): value for name, value in pairs}
