# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the API that a box announces, and what comes with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIRST_WITH_VPN = 2
_FIRST_WITH_PORT_RANGE = 4
_FIRST_WITH_IPSEC = 8
_FIRST_WITH_WIREGUARD = 9
"""F7: no changelog says when IPsec and WireGuard came; boxes of 4.0 have neither and boxes of 16.0 both."""


@dataclass(frozen=True)
class ApiVersion:
    """`text` is as announced, such as 16.0; ValueError for what no box can announce."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d+\.\d+", self.text) or self.major < _FIRST_WITH_VPN:
            raise ValueError(
                f"a version of the API that has VPN servers is {_FIRST_WITH_VPN}.0 or later, such as 16.0, not {self.text!r}"
            )

    @property
    def major(self) -> int:
        return int(self.text.partition(".")[0])

    def serves(self, version: str) -> bool:
        """Whether `version`, as it stands in a path, such as v8, is served; the older ones are (F8, F10)."""
        if version == "latest":
            return True
        found = re.fullmatch(r"v([1-9]\d*)", version)
        return found is not None and _FIRST_WITH_VPN <= int(found[1]) <= self.major

    @property
    def servers(self) -> dict[str, str]:
        """Each VPN server with its type, in the order of the list (F54)."""
        servers = {"pptp": "pptp", "openvpn_routed": "openvpn", "openvpn_bridge": "openvpn"}
        if self.major >= _FIRST_WITH_IPSEC:
            servers["ipsec"] = "ipsec"
        if self.has_wireguard:
            servers["wireguard"] = "wireguard"
        return servers

    @property
    def has_wireguard(self) -> bool:
        """WireGuard, and what was documented together with it: types of users, ChaCha20, formats of files (F55, F61, F70)."""
        return self.major >= _FIRST_WITH_WIREGUARD

    @property
    def has_port_range(self) -> bool:
        return self.major >= _FIRST_WITH_PORT_RANGE
