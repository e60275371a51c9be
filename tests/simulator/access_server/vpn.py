# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connected VPN clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..clock import iso_seconds
from ..parts import Part, operation
from .answers import Call, checked, invalid, refused

if TYPE_CHECKING:
    from .data_plane import DataPlane
    from .machine import Machine

_DAEMONS = 20
_VERSION = "OpenVPN 2.7.5as aarch64-unknown-linux-gnu [SSL (OpenSSL)] [LZO] [LZ4] [EPOLL] [MH/PKTINFO] [AEAD] [DCO]"


def daemon_address(number: int) -> str:
    """Address of a daemon inside the tunnel: each has half of a /24."""
    return f"172.27.{224 + number // 2}.{1 + 128 * (number % 2)}"


DAEMONS = {f"openvpn_{number}": daemon_address(number) for number in range(_DAEMONS)}
"""Id of each daemon with its address inside the tunnel (server_status)."""


class Vpn(Part):
    """Who is connected."""

    passing = ("_served", "_log")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._clients: list[dict[str, Any]] = []
        self._served = 0
        self._log: dict[tuple[str, int], dict[str, Any]] = {}
        self.data_plane: DataPlane | None = None
        """The daemon whose clients these are; without one they are made up by `connect`."""

    @property
    def clients(self) -> list[dict[str, Any]]:
        """The clients as the API shows them."""
        show = self._machine.dialect.vpn_client
        return [
            show({key: value for key, value in client.items() if key != "common_name"}, client["common_name"])
            for client in self._all()
        ]

    def _all(self) -> list[dict[str, Any]]:
        return self.data_plane.clients() if self.data_plane else self._clients

    def clear(self) -> None:
        """Drop all clients and forget that there were any."""
        self._clients.clear()
        self._log.clear()
        self._served = 0

    def connect(self, username: str, common_name: str | None = None) -> dict[str, Any]:
        """A client of the user connects; the answer is what vpn/status shows of it. None can be made up with a daemon."""
        if self.data_plane:
            raise ValueError("the clients of the data plane connect by themselves")
        number = self._served
        self._served += 1
        daemon, address = list(DAEMONS.items())[number % _DAEMONS]
        now = self._machine.clock.now()
        network, host = address.rsplit(".", 1)
        virtual = f"{network}.{int(host) + 1 + number // _DAEMONS % 120}"
        client: dict[str, Any] = {
            "daemon_id": daemon,
            "client_id": number // _DAEMONS,
            "bytes_received": 4001,
            "bytes_sent": 3077,
            "common_name": common_name or f"{username}_AUTOLOGIN",
            "username": username,
            "connected_since": iso_seconds(now),
            "datachannel_cipher": "AES-256-GCM",
            "real_address": f"172.21.0.5:{38402 + number % 20000}",
            "virtual_ipv4_address": virtual,
            "virtual_ipv6_address": "",
        }
        self._clients.append(client)
        self._log[daemon, client["client_id"]] = self._machine.journal.add(
            username,
            service="VPN",
            active=True,
            auth=True,
            real_address=client["real_address"],
            virtual_ipv4_address=virtual,
            server_port=1194,
            proto="udp",
            platform="linux",
            version="2.6.20",
        )
        return self.clients[-1]

    def disconnect_all(self, reason: str = "") -> None:
        if self.data_plane:
            self.data_plane.restart()
        for client in list(self._clients):
            self._drop(client, reason)

    def _drop(self, client: dict[str, Any], reason: str) -> None:
        self._clients.remove(client)
        record = self._log.pop((client["daemon_id"], client["client_id"]))
        received, sent = client["bytes_received"], client["bytes_sent"]
        now = iso_seconds(self._machine.clock.now())
        traffic = {"bytes_received": received, "bytes_sent": sent, "total_bytes": received + sent}
        record |= {"active": False, "duration": 0, "timestamp": now, "error": reason, **traffic}

    def state(self) -> dict[str, Any]:
        return {"vpn_clients": self.clients}

    # operations

    @operation("GET", "/vpn/status", "get__vpn_status")
    def status(self, call: Call) -> Answer:
        show = self._machine.dialect.vpn_daemon
        versions = self.data_plane.versions() if self.data_plane else dict.fromkeys(DAEMONS, _VERSION)
        if self._machine.configuration.ails("daemons"):
            versions = {}
        daemons = {name: show({"dco": False, "version": version}, name) for name, version in versions.items()}
        return Answer(200, {"vpn_clients": self.clients, "vpn_daemons": daemons})

    @operation("POST", "/vpn/client/disconnect", "disconnectClient", writes=True)
    def disconnect(self, call: Call) -> Answer:
        """By user names, of which any may be unknown, or by the ids of one client, which must be there."""
        shape = {"reason": str, "client_reason": str, "users": [str], "daemon_id": str, "client_id": int}
        asked = checked(call.body, shape)
        reason = asked.get("reason", "")
        by_id = {"daemon_id", "client_id"} & set(asked)
        if ("users" in asked) == bool(by_id) or len(by_id) == 1:
            raise invalid({"users": "Give either users, or daemon_id and client_id"})
        if by_id:
            wanted = (asked["daemon_id"], asked["client_id"])
            found = [each for each in self._all() if (each["daemon_id"], each["client_id"]) == wanted]
            if not found:
                raise refused(404, f"There is no client {wanted[1]} on daemon {wanted[0]}")
        else:
            found = [each for each in self._all() if each["username"] in asked["users"]]
        for client in found:
            if self.data_plane:
                self.data_plane.disconnect(client["client_id"], reason, asked.get("client_reason", ""))
            else:
                self._drop(client, reason)
        return Answer()
