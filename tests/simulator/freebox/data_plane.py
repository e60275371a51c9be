# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real OpenVPN daemons, one for each OpenVPN server of the box that runs."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..openvpn_daemon import Daemon, Denied, Endpoint, Session
from . import client_file_text
from .vpn_servers import IP_END, IP_START, VpnServer

if TYPE_CHECKING:
    from .machine import Machine

_ADDRESS, _NETMASK = "192.168.27.1", "255.255.255.0"
"""The box itself inside the tunnel."""


class ServerDaemon(Daemon):
    """The daemon of one server."""

    def __init__(self, machine: Machine, server: VpnServer, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._machine = machine
        self._server = server

    @property
    def lock(self) -> AbstractContextManager[Any]:
        return self._machine.lock

    def basis(self) -> Any:
        revoked = self._machine.client_files.revoked
        return dict(self._server.values["conf_openvpn"]), None if self.endpoint.tunnel else revoked

    def directives(self) -> list[str]:
        settings = self._server.values["conf_openvpn"]
        tunnel = [
            "mode server",
            "tls-server",
            f"dev {client_file_text.device(self._server.name)}",
            "topology subnet",
            f"ifconfig {_ADDRESS} {_NETMASK}",
            f"ifconfig-pool {IP_START} {IP_END} {_NETMASK}",
            'push "topology subnet"',
            f'push "route-gateway {_ADDRESS}"',
            "auth-user-pass-optional",
            "duplicate-cn",
            "management-client-auth",
        ]
        return [*(tunnel if self.endpoint.tunnel else ()), *client_file_text.fragments(settings)]

    def blocks(self) -> Mapping[str, str]:
        files = self._machine.client_files
        # without a tunnel the daemon asks nothing, so that a list tells it whose files are not good any more
        return {
            **files.server_blocks,
            **({} if self.endpoint.tunnel else {"crl-verify": files.revocations()}),
        }

    def let_in(self, variables: dict[str, str], address: str) -> Session:
        """For the user whose file it is, if the file is good and the password, where there is one, is right."""
        user = self._machine.client_files.owner(variables.get("tls_serial_0", ""))
        if user is None:
            raise Denied("the file is not the latest one of its user")
        given = variables.get("username", ""), variables.get("password", "")
        if user.password is not None and given != (user.login, user.password):
            raise Denied("the password is wrong")
        return Session(user.login, self._machine.clock.now())

    def settings_of(self, session: Session) -> list[str]:
        kept = self._machine.users.addresses().get(session.username)
        return [f"ifconfig-push {kept} {_NETMASK}"] if kept else []

    def established(self, session: Session, variables: dict[str, str]) -> None:
        """Nothing but the list of connections tells of it."""

    def ended(self, session: Session, variables: dict[str, str]) -> None:
        """Nothing but the list of connections tells of it."""

    def connections(self) -> list[tuple[int, dict[str, Any]]]:
        """The number of each client with what the API shows of it."""
        found = []
        for session, client in self.rows():
            number = int(client["Client ID"])
            address, _unused, port = client["Real Address"].rpartition(":")
            shown = {
                "id": f"{self._server.name}-{number}",
                "vpn": self._server.name,
                "user": session.username,
                "authenticated": True,
                "auth_time": int(session.since),
                "src_ip": address,
                "src_port": int(port),
                "local_ip": client["Virtual Address"],
                "rx_bytes": int(client["Bytes Received"]),
                "tx_bytes": int(client["Bytes Sent"]),
            }
            found.append((number, shown))
        return found


class DataPlane:
    """All daemons. `endpoint` says where they listen; port and protocol are those of each server."""

    def __init__(self, machine: Machine, endpoint: Endpoint) -> None:
        self._machine = machine
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._daemons: dict[str, ServerDaemon] = {}

    def start(self) -> None:
        """RuntimeError when the daemon of a server that is on does not run."""
        failures = self.refresh()
        if failures:
            raise RuntimeError(failures[0])

    def refresh(self) -> list[str]:
        """Have a daemon for each server that is on, as it is configured now; one that does not run makes it an error."""
        failures = []
        with self._lock:
            for server in self._machine.servers.all():
                if server.type != "openvpn":
                    continue
                server.failed = False
                try:
                    self._refresh(server)
                except RuntimeError as error:
                    server.failed = True
                    self._daemons.pop(server.name, None)
                    failures.append(str(error))
        return failures

    def _refresh(self, server: VpnServer) -> None:
        endpoint = self._endpoint_of(server)
        daemon = self._daemons.get(server.name)
        if daemon is not None and daemon.endpoint != endpoint:
            self._daemons.pop(server.name).stop()
            daemon = None
        if endpoint is None:
            return
        if daemon is not None:
            daemon.refresh()
            return
        daemon = ServerDaemon(self._machine, server, endpoint)
        daemon.start()
        self._daemons[server.name] = daemon

    def _endpoint_of(self, server: VpnServer) -> Endpoint | None:
        """Where the server listens, None while it is off."""
        if not server.enabled or server.broken:
            return None
        protocol = "tcp" if server.values["conf_openvpn"]["use_tcp"] else "udp"
        return dataclasses.replace(self._endpoint, port=server.values["port"], protocol=protocol)

    def stop(self) -> None:
        with self._lock:
            while self._daemons:
                self._daemons.popitem()[1].stop()

    def connections(self) -> list[dict[str, Any]]:
        """The clients that are connected, with what the API shows of each."""
        return [shown for daemon in list(self._daemons.values()) for _unused, shown in daemon.connections()]

    def close(self, connection: dict[str, Any]) -> None:
        """End a client's session."""
        daemon = self._daemons[connection["vpn"]]
        for number, shown in daemon.connections():
            if shown["id"] == connection["id"]:
                daemon.halt(number, "closed")
