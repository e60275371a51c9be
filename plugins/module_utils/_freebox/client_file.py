# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files that a Freebox creates for VPN clients: their content, and the settings of the box that they follow.

Their content is not documented (server behaviour, F71), so a setting is compared only if a file contains it.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from .._engine.field import Object
from .._files.directives import Unlisted
from .._files.openvpn_profile import Profile
from .._files.wireguard_file import WireGuardFile
from .client import Record
from .vpn_user import STANDARD, WIREGUARD

# The beginnings of cipher names in OpenVPN, and the names of a Freebox for them (vendor document, conf_openvpn).
CIPHERS = {"BF-": "blowfish", "AES-128-": "aes128", "AES-256-": "aes256", "CHACHA20-POLY1305": "chacha20poly1305"}


class Found(t.NamedTuple):
    """The content of a file: settings by the box's names for them, what results show of it, and facts of its certificate.

    ``unlisted`` are the directives that may harm the client.
    """

    settings: Object
    shown: Object
    days_left: t.Optional[int] = None
    owner: t.Optional[str] = None
    unlisted: t.Sequence[Unlisted] = ()


@dataclass(frozen=True)
class Kind:
    """Files of one type of server, and of its users.

    ``settings`` takes the configuration of the server and the record of the user; ``read`` takes the text of a file, or
    its public part, and raises ValueError with half a sentence where no client can use it.
    """

    user_type: str
    settings: t.Callable[[Record, Record], Object]
    read: t.Callable[[str], Found]


def _of_openvpn(config: Record, user: Record) -> Object:
    own = config.get("conf_openvpn") or {}
    return {
        "port": config.get("port"),
        "protocol": "tcp" if own.get("use_tcp") else "udp",
        "cipher": own.get("cipher"),
        "disable_fragment": own.get("disable_fragment"),
    }


def _read_openvpn(text: str) -> Found:
    profile = Profile(text)
    facts = profile.facts()
    certificate = facts["certificate"]
    if not facts["ca"]:
        raise ValueError("it names no certificate authority")
    if certificate and (not facts["key_present"] or facts["key_matches"] is False):
        raise ValueError("its key does not belong to its certificate")
    remote = facts["remotes"][0]
    cipher = next((ours for theirs, ours in CIPHERS.items() if (facts["cipher"] or "").startswith(theirs)), None)
    settings = {"port": remote["port"], "protocol": remote["proto"][:3], **({"cipher": cipher} if cipher else {})}
    shown = {name: certificate[name] for name in ("serial", "not_after")} if certificate else {}
    owner = certificate["common_name"] if certificate else None
    return Found(settings, {**shown, "remotes": facts["remotes"]}, profile.days_left(), owner, profile.unlisted)


def _of_wireguard(config: Record, user: Record) -> Object:
    own = user.get("conf_wireguard") or {}
    return {
        "port": config.get("port"),
        "mtu": (config.get("conf_wireguard") or {}).get("mtu"),
        "ip_reservation": user.get("ip_reservation") or "",
        "keepalive": own.get("keepalive"),
        "psk": own.get("psk"),
    }


def _read_wireguard(text: str) -> Found:
    file = WireGuardFile(text)
    facts = file.facts()
    endpoint = facts["endpoint"]
    if endpoint is None:
        raise ValueError("it names no server")
    address = next((str(one.ip) for one in map(_interface, facts["addresses"]) if one.version == 4), "")
    settings = {"port": endpoint["port"], "ip_reservation": address, "psk": facts["preshared_key"]}
    remote = {"host": endpoint["host"], "port": endpoint["port"], "proto": "udp"}
    return Found(settings, {"addresses": facts["addresses"], "remotes": [remote]}, unlisted=file.unlisted)


def _interface(text: str) -> t.Any:
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        raise ValueError("its address is not valid") from None


KINDS: t.Mapping[str, Kind] = {
    "openvpn": Kind(STANDARD, _of_openvpn, _read_openvpn),
    "wireguard": Kind(WIREGUARD, _of_wireguard, _read_wireguard),
}
