# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that Access Servers are known to accept where the vendor does not list them (server behaviour, 118)."""

from __future__ import annotations

import re
import typing as t

from ..._engine.field import KnownValues

_INDEX = re.compile(r"\.[0-9]+(?=\.|$)")
METHODS = KnownValues(("ldap", "local", "pam", "pas_only", "radius", "saml"))
_CIPHERS = KnownValues(
    (
        "AES-128-CBC",
        "AES-128-GCM",
        "AES-192-CBC",
        "AES-192-GCM",
        "AES-256-CBC",
        "AES-256-GCM",
        "BF-CBC",
        "CHACHA20-POLY1305",
    ),
    separator=":",
)
_TLS_VERSIONS = KnownValues(("1.0", "1.1", "1.2", "1.3"))
_KEYS: t.Mapping[str, KnownValues] = {
    "auth.ldap.0.ssl_verify": KnownValues(("allow", "demand", "host", "internal", "never")),
    "auth.ldap.0.use_ssl": KnownValues(("adaptive", "always", "never")),
    "auth.module.type": METHODS,
    "auth.radius.0.auth_method": KnownValues(("chap", "mschapv2", "pap")),
    "cs.tls_version_min": _TLS_VERSIONS,
    "external_pki.remote_cert_usage": KnownValues(("eku", "ns", "split")),
    "vpn.client.cipher": _CIPHERS,
    "vpn.client.routing.reroute_dns": KnownValues(("custom", "false", "true")),
    "vpn.client.tls_version_min": _TLS_VERSIONS,
    "vpn.daemon.0.listen.protocol": KnownValues(("tcp", "udp")),
    "vpn.general.osi_layer": KnownValues(("2", "3")),
    "vpn.server.cipher": _CIPHERS,
    "vpn.server.daemon.ovpndco": KnownValues(("false", "true")),
    "vpn.server.data_ciphers": _CIPHERS,
    "vpn.server.port_share.service": KnownValues(("admin", "admin+client", "client", "custom")),
    "vpn.server.routing.private_access": KnownValues(("nat", "no", "route")),
    "vpn.server.tls_cc_security": KnownValues(("none", "tls-auth", "tls-crypt", "tls-crypt-v2")),
    "vpn.server.tls_version_min": _TLS_VERSIONS,
}

# Networks from which VPN clients get addresses (the table of items in server behaviour); one has a separate netmask.
NETWORK = re.compile(r"(?:vpn\.server\.static\.[0-9]+|vpn\.daemon\.[0-9]+\.client)\.network")
POOL = re.compile(r"vpn\.server\.group_pool\.[0-9]+")

_NOTHING = ("", None)
# Values that take access away or make a sign-in harder; every other value of these keys gives access or makes it easier.
_TAKES: t.Mapping[str, t.Collection[t.Any]] = {
    "vpn.client.routing.inter_client": (False,),
    "vpn.client.routing.superuser_c2c_access": (False,),
    "vpn.routing.allow_mcast": (False,),
    "vpn.server.google_auth.enable": (True,),
    "vpn.server.routing.allow_private_nets_to_clients": (False,),
    "vpn.server.routing.gateway_access": (False,),
    "vpn.server.routing.private_access": ("no",),
    "vpn.server.routing.private_network.0": _NOTHING,
    "vpn.server.routing.routed_subnets.0": _NOTHING,
    "vpn.server.routing6.allow_private_nets_to_clients": (False,),
}


def takes_access(name: str, value: t.Any) -> bool:
    """Whether a value of a configuration item takes access away, for any index."""
    return value in _TAKES.get(_INDEX.sub(".0", name), ())


def is_network(name: str) -> bool:
    """Whether a configuration key holds networks from which VPN clients get addresses."""
    return bool(POOL.fullmatch(name) or NETWORK.fullmatch(re.sub(r"netmask_bits$", "network", name)))


def of_key(name: str) -> t.Optional[KnownValues]:
    """The known values of a configuration key, for any index; None if any value is allowed or nothing is known."""
    return _KEYS.get(name) or _KEYS.get(_INDEX.sub(".0", name))
