# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is connected to the VPN servers."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from .answers import Call, succeeded
from .vpn_servers import IP_END, IP_START

if TYPE_CHECKING:
    from .data_plane import DataPlane
    from .machine import Machine

_FIRST_MADE_UP = 1000
"""Clients of the daemons have lower numbers."""


class Connections(Part):
    """Those that the data plane has, and those that tests make up."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._connections: list[dict[str, Any]] = []
        self._made = 0
        self.data_plane: DataPlane | None = None

    def clear(self) -> None:
        """Forget what was made up."""
        self._connections.clear()
        self._made = 0

    def state(self) -> dict[str, Any]:
        return {"connections": self.all()}

    def all(self) -> list[dict[str, Any]]:
        return [*self._connections, *(self.data_plane.connections() if self.data_plane else ())]

    def of(self, server: str) -> list[dict[str, Any]]:
        return [each for each in self.all() if each["vpn"] == server]

    def add(
        self, user: str, server: str = "openvpn_routed", authenticated: bool = True, src_ip: str = "203.0.113.7"
    ) -> dict[str, Any]:
        """A client of the user connects to a server that runs; the answer is what the API shows of it."""
        machine = self._machine
        if machine.users.get(user) is None:
            raise ValueError(f"there is no VPN user {user!r}")
        if server not in machine.servers or machine.servers.state_of(machine.servers.find(server)) != "started":
            raise ValueError(f"no VPN server {server!r} is started")
        self._made += 1
        connection = {
            "id": f"{server}-{_FIRST_MADE_UP + self._made}",
            "vpn": server,
            "user": user,
            "authenticated": authenticated,
            "auth_time": int(machine.clock.now()) if authenticated else 0,
            "src_ip": src_ip,
            "src_port": 40000 + self._made % 20000,
            "local_ip": self._address_for(user),
            "rx_bytes": 94,
            "tx_bytes": 94,
        }
        self._connections.append(connection)
        return connection

    def _address_for(self, user: str) -> str:
        """The address that is kept for the user, or one that is free."""
        kept = self._machine.users.addresses()
        if user in kept:
            return kept[user]
        taken = {*kept.values(), *(each["local_ip"] for each in self._connections)}
        first, last = int(ipaddress.IPv4Address(IP_START)), int(ipaddress.IPv4Address(IP_END))
        free = (str(ipaddress.IPv4Address(number)) for number in range(first, last + 1))
        address = next((each for each in free if each not in taken), None)
        if address is None:
            raise ValueError("no address of the pool is free")
        return address

    def drop(self, server: str) -> None:
        """All of a server end; its daemon restarts or stops by itself."""
        self._connections = [each for each in self._connections if each["vpn"] != server]

    def drop_user(self, login: str) -> None:
        """All of a user end."""
        for connection in self.all():
            if connection["user"] == login:
                self._end(connection)

    def _end(self, connection: dict[str, Any]) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        elif self.data_plane is not None:
            self.data_plane.close(connection)

    # operations

    @operation("GET", "/vpn/connection", "getConnections", "app")
    def list_all(self, call: Call) -> Answer:
        return self._machine.listed(self.all())

    @operation("DELETE", "/vpn/connection/{id}", "closeConnection", "settings", writes=True)
    def close(self, call: Call) -> Answer:
        found = [each for each in self.all() if each["id"] == call.parameters["id"]]
        if not found:
            raise self._machine.no_such()
        self._end(found[0])
        return succeeded()
