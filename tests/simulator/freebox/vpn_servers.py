# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPN servers of a box: their configuration, and the states they go through."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked, failed, succeeded

if TYPE_CHECKING:
    from .machine import Machine

IP_START, IP_END = "192.168.27.65", "192.168.27.95"
"""The pool of addresses (F64)."""
_IPV6_RANGE = {"ip6_start": "2001:db8:27::65", "ip6_end": "2001:db8:27::95"}
_READ_ONLY = {"id", "type", "min_port", "max_port", "ip_start", "ip_end", "ip6_start", "ip6_end", "conf_ipsec"}
_FAMILIES = {"enable_ipv4", "enable_ipv6"}
_CIPHERS = ("blowfish", "aes128", "aes256")
_NEWER_CIPHERS = ("chacha20poly1305",)
_MTU = range(512, 1421)
_PORTS = {"port", "port_ike", "port_nat"}
_AUTH_MODE = {"id_source": "custom", "id_custom": "freebox"}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "pptp": {
        "enabled": False,
        "port": 1723,
        "conf_pptp": {"mppe": "require_128", "allowed_auth": {"pap": False, "chap": False, "mschapv2": True}},
    },
    "openvpn_routed": {
        "enabled": False,
        "enable_ipv4": True,
        "enable_ipv6": False,
        "port": 1194,
        "conf_openvpn": {"cipher": "aes128", "disable_fragment": False, "use_tcp": False},
    },
    "openvpn_bridge": {
        "enabled": False,
        "port": 1195,
        "conf_openvpn": {"cipher": "aes128", "disable_fragment": False, "use_tcp": False},
    },
    "ipsec": {"enabled": False, "enable_ipv4": True, "enable_ipv6": False, "port_ike": 500, "port_nat": 4500},
    "wireguard": {"enabled": False, "port": 51820, "conf_wireguard": {"mtu": 1360}},
}
"""What each server has that can be changed; keys of other types are not there (F56)."""


@dataclass
class VpnServer:
    """`since` is when it was last switched on or off.

    It ends in an error, when it is on, if it is `broken`, which tests say, or if its daemon `failed`.
    """

    name: str
    type: str
    values: dict[str, Any]
    since: float = float("-inf")
    broken: bool = False
    failed: bool = False

    @property
    def enabled(self) -> bool:
        return bool(self.values["enabled"])


class VpnServers(Part):
    """All of them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._servers: dict[str, VpnServer] = {}

    def start(self) -> None:
        """As on the first day: everything is off."""
        self._servers = {
            name: VpnServer(name, kind, copy.deepcopy(_DEFAULTS[name]))
            for name, kind in self._machine.api_version.servers.items()
        }

    def state(self) -> dict[str, Any]:
        return {"servers": {each.name: {"state": self.state_of(each), **self.shown(each)} for each in self.all()}}

    def all(self) -> list[VpnServer]:
        return list(self._servers.values())

    def find(self, name: str) -> VpnServer:
        """The server, or noent."""
        if name not in self._servers:
            raise self._machine.no_such()
        return self._servers[name]

    def __contains__(self, name: str) -> bool:
        return name in self._servers

    def state_of(self, server: VpnServer) -> str:
        """Where it is by now."""
        settings, elapsed = self._machine.settings, self._machine.clock.now() - server.since
        if not server.enabled:
            return "stopping" if elapsed < settings.stop_duration else "stopped"
        if elapsed < settings.start_duration:
            return "starting"
        return "error" if server.broken or server.failed else "started"

    def shown(self, server: VpnServer) -> dict[str, Any]:
        """The configuration as the API has it."""
        machine, values = self._machine, copy.deepcopy(server.values)
        if machine.api_version.has_port_range and "port" in values:
            values |= {"min_port": machine.settings.min_port, "max_port": machine.settings.max_port}
        if server.type == "ipsec":
            as_map = machine.readings["ipsec_auth_modes"] == "map"
            values["conf_ipsec"] = {"ike_version": 2, "auth_modes": {"psk": _AUTH_MODE} if as_map else [_AUTH_MODE]}
        if "enable_ipv6" in values:
            values |= _IPV6_RANGE
        return {"id": server.name, "type": server.type, **values, "ip_start": IP_START, "ip_end": IP_END}

    # what tests do behind the API's back

    def set(self, name: str, broken: bool | None = None, **values: Any) -> None:
        """Change what is configured, without a transition; objects keep what is not named.

        `broken` says whether the server ends in an error whenever it is on.
        """
        server = self._servers[name]
        self._change(server, checked(values, self._shape(server)), keep=True)
        server.since = float("-inf")
        if broken is not None:
            server.broken = broken

    # changes

    def _shape(self, server: VpnServer) -> dict[str, Any]:
        """What a PUT may hold."""
        newer = self._machine.api_version.has_wireguard
        shapes: dict[str, Any] = {
            "enabled": bool,
            "enable_ipv4": bool,
            "enable_ipv6": bool,
            "port": int,
            "port_ike": int,
            "port_nat": int,
            "conf_openvpn": {
                "cipher": OneOf(*_CIPHERS, *(_NEWER_CIPHERS if newer else ())),
                "disable_fragment": bool,
                "use_tcp": bool,
            },
            "conf_pptp": {
                "mppe": OneOf("disable", "require", "require_128"),
                "allowed_auth": {"pap": bool, "chap": bool, "mschapv2": bool},
            },
            "conf_wireguard": {"mtu": _mtu_problem},
        }
        fixed = {"port"} if server.type == "pptp" else set()
        return {name: shape for name, shape in shapes.items() if name in server.values and name not in fixed}

    def _asked(self, server: VpnServer, body: Any) -> dict[str, Any]:
        readings, shape = self._machine.readings, self._shape(server)
        irrelevant = {name for name in _FAMILIES if name not in server.values}
        if readings["irrelevant_keys"] == "ignored":
            shape |= dict.fromkeys(irrelevant, bool)
        if readings["read_only_keys"] == "ignored" and isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in _READ_ONLY}
        asked = checked(body, shape)
        return {name: value for name, value in asked.items() if name not in irrelevant}

    def _change(self, server: VpnServer, asked: dict[str, Any], keep: bool) -> None:
        """Take over the values, of which objects keep what is not named or fall back to what they were at first."""
        settings = self._machine.settings
        for name in _PORTS & set(asked):
            if name == "port" and self._machine.api_version.has_port_range:
                if not settings.min_port <= asked[name] <= settings.max_port:
                    raise failed("port_outside_range")
            elif not 1 <= asked[name] <= 65535:
                raise failed("inval", remark=f"body.{name}: no port")
        for name, value in asked.items():
            base = (server.values if keep else _DEFAULTS[server.name])[name]
            server.values[name] = _merged(base, value)

    # operations

    @operation("GET", "/vpn", "vpnServerList", "app")
    def list_all(self, call: Call) -> Answer:
        connections = self._machine.connections
        return self._machine.listed(
            [
                {
                    "name": server.name,
                    "type": server.type,
                    "state": self.state_of(server),
                    "connection_count": len(connections.of(server.name)),
                    "auth_connection_count": sum(each["authenticated"] for each in connections.of(server.name)),
                }
                for server in self.all()
            ]
        )

    @operation("GET", "/vpn/{vpn_id}/config", "getVpnConfig", "app")
    def read(self, call: Call) -> Answer:
        return succeeded(self.shown(self.find(call.parameters["vpn_id"])))

    @operation("PUT", "/vpn/{vpn_id}/config", "updateVpnConfiguration", "settings", writes=True)
    def update(self, call: Call) -> Answer:
        server = self.find(call.parameters["vpn_id"])
        asked, before = self._asked(server, call.body), copy.deepcopy(server.values)
        self._change(server, asked, keep=self._machine.readings["partial_objects"] == "merge")
        switched = before["enabled"] != server.enabled
        goes_on = self._machine.readings["change_while_started"] == "goes_on"
        if switched or (server.enabled and before != server.values and not goes_on):
            server.since = self._machine.clock.now()
            self._machine.connections.drop(server.name)
        self._machine.changed()
        return succeeded(self.shown(server))


def _merged(base: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {**copy.deepcopy(base), **{name: _merged(base[name], each) for name, each in value.items()}}


def _mtu_problem(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value in _MTU
    return None if right else f"Input should be a number from {_MTU.start} to {_MTU.stop - 1}"
