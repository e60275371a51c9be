# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenVPN daemon that lets in those whom the simulated Access Server would let in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..answers import Refusal
from ..clock import iso_seconds
from ..openvpn_daemon import Daemon, Denied, Endpoint, Session
from . import crv1
from .answers import Call

if TYPE_CHECKING:
    from .machine import Machine

DAEMON = "openvpn_0"
"""Id of the daemon; there is no other one."""


class DataPlane(Daemon):
    """The daemon of an Access Server."""

    def __init__(self, machine: Machine, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._machine = machine

    @property
    def lock(self) -> AbstractContextManager[Any]:
        return self._machine.store.lock

    def _launch(self) -> None:
        super()._launch()
        self._machine.store.committed = self.refresh

    def _end(self) -> None:
        self._machine.store.committed = lambda: None
        super()._end()

    # what the daemon goes by

    def basis(self) -> Any:
        in_force = self._machine.configuration.in_force
        names = ("vpn.server.tls_cc_security", "vpn.server.tls_version_min")
        settings = [str(self._network()), *(in_force(name) for name in names)]
        return settings, [(each.serial, each.current) for each in self._machine.authorities.all()]

    def _network(self) -> ipaddress.IPv4Network:
        """The network of the clients' addresses."""
        in_force = self._machine.configuration.in_force
        address, bits = in_force("vpn.daemon.0.client.network"), in_force("vpn.daemon.0.client.netmask_bits")
        return ipaddress.IPv4Network(f"{address}/{bits}", strict=False)

    def directives(self) -> list[str]:
        in_force = self._machine.configuration.in_force
        network = self._network()
        tunnel = [
            "dev tun",
            "topology subnet",
            f"server {network.network_address} {network.netmask}",
            # generic profiles have no certificate, autologin profiles no password; several profiles have one name
            "verify-client-cert optional",
            "auth-user-pass-optional",
            "duplicate-cn",
            "management-client-auth",
        ]
        return [
            *(tunnel if self.endpoint.tunnel else ()),
            f"tls-version-min {in_force('vpn.server.tls_version_min')}",
            *(["key-direction 0"] if in_force("vpn.server.tls_cc_security") == "tls-auth" else ()),
        ]

    def blocks(self) -> Mapping[str, str]:
        machine = self._machine
        server, keys = machine.authorities.server_certificate(), machine.profiles.tls_keys()
        blocks = {"ca": machine.authorities.bundle(), "cert": server.certificate, "key": server.key}
        security = machine.configuration.in_force("vpn.server.tls_cc_security")
        if security in ("tls-auth", "tls-crypt"):
            blocks[security] = keys.static
        elif security in ("tls-cryptv2", "tls-crypt-v2"):
            blocks |= {"tls-crypt": keys.static, "tls-crypt-v2": keys.server}
        return blocks

    # who is connected

    def clients(self) -> list[dict[str, Any]]:
        """The clients whose tunnels are there, with the fields of vpn/status."""
        return [
            {
                "daemon_id": DAEMON,
                "client_id": int(client["Client ID"]),
                "bytes_received": int(client["Bytes Received"]),
                "bytes_sent": int(client["Bytes Sent"]),
                "common_name": client["Common Name"],
                "username": session.username,
                "connected_since": iso_seconds(session.since),
                "datachannel_cipher": client["Data Channel Cipher"],
                "real_address": client["Real Address"],
                "virtual_ipv4_address": client["Virtual Address"],
                "virtual_ipv6_address": client["Virtual IPv6 Address"],
            }
            for session, client in self.rows()
        ]

    def versions(self) -> dict[str, str]:
        """What the daemon says it is, by its id."""
        title = next(line for line in self.ask("version") if line.startswith("OpenVPN Version: "))
        return {DAEMON: title.removeprefix("OpenVPN Version: ")}

    def disconnect(self, client: int, reason: str, client_reason: str) -> None:
        """End a session, if it has not just ended; its client is asked not to connect again by itself."""
        session = self.sessions.get(client)
        if session is None:
            return
        if session.record is not None:
            session.record |= {"active": False, "error": reason, "timestamp": iso_seconds(self._machine.clock.now())}
        self.halt(client, client_reason)

    # what the daemon asks and tells

    def let_in(self, variables: dict[str, str], address: str) -> Session:
        """For the user whom the client connects for."""
        machine, serial = self._machine, variables.get("tls_serial_0")
        username = variables.get("username", "")
        profile = next((each for each in machine.profiles.all() if each["serial"] == serial), None)
        if serial is not None and profile is None:
            raise Denied("the profile was deleted")
        if profile is not None and profile["profile_type"] == "autologin":
            username = profile["username"]
            self._check_autologin(username, address)
        elif profile is not None and profile["username"] != username:
            raise Denied("the profile belongs to another user")
        else:
            self._check_password(username, variables.get("password", ""), address)
        if profile is not None:
            machine.profiles.used(profile["serial"])
        return Session(username, machine.clock.now())

    def _check_autologin(self, username: str, address: str) -> None:
        machine = self._machine
        record = machine.store.record(username)
        wrong = None
        if record is None or record.kind != "user":
            wrong = "the user does not exist"
        elif machine.properties.effective(record, "deny"):
            wrong = "DENY: user access denied by deny"
        elif not machine.properties.effective(record, "autologin"):
            wrong = "need autologin"
        if wrong:
            machine.journal.add(username, service="VPN", auth=False, real_address=address, error=wrong)
            raise Denied(wrong)

    def _check_password(self, username: str, password: str, address: str) -> None:
        call = Call("", "", address=address, service="VPN")
        try:
            crv1.sign_in(self._machine.authentication, call, username, password)
        except Refusal as refusal:
            reason = str(refusal.body.get("reason", "a second factor is needed"))
            raise Denied(reason, crv1.challenge(username, refusal) or "") from None

    def established(self, session: Session, variables: dict[str, str]) -> None:
        session.record = self._machine.journal.add(
            session.username,
            service="VPN",
            active=True,
            auth=True,
            real_address=f"{variables['trusted_ip']}:{variables['trusted_port']}",
            virtual_ipv4_address=variables["ifconfig_pool_remote_ip"],
            server_port=self.endpoint.port,
            proto=self.endpoint.protocol,
            platform=variables.get("IV_PLAT"),
            version=variables.get("IV_VER"),
        )

    def ended(self, session: Session, variables: dict[str, str]) -> None:
        if session.record is None:
            return
        received, sent = int(variables["bytes_received"]), int(variables["bytes_sent"])
        now = self._machine.clock.now()
        session.record |= {
            "active": False,
            "duration": int(now - session.since),
            "timestamp": iso_seconds(now),
            "bytes_received": received,
            "bytes_sent": sent,
            "total_bytes": received + sent,
        }
