# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenVPN daemon that lets in those whom the simulated server would let in."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers import Refusal
from ..clock import iso_seconds
from ..management import CommandError, Management, Notification, quoted
from ..namespaces import program, within
from . import crv1
from .answers import Call

if TYPE_CHECKING:
    from .machine import Machine

DAEMON = "openvpn_0"
"""Id of the daemon; there is no other one."""

_FAREWELL_SECONDS = 0.2
_ENDING_SECONDS = 10


@dataclass(frozen=True)
class Endpoint:
    """Where the daemon listens: `protocol` is udp or tcp, `namespace` a network namespace if not that of the process.

    Without `tunnel` nobody needs to be root: the daemon agrees on keys with one client, and asks nothing and carries nothing.
    """

    address: str = "127.0.0.1"
    port: int = 0
    protocol: str = "udp"
    namespace: str | None = None
    tunnel: bool = True

    def resolved(self) -> Endpoint:
        """With a port that is free, if any would do."""
        if self.port:
            return self
        kind = socket.SOCK_STREAM if self.protocol == "tcp" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("", 0))
            return dataclasses.replace(self, port=int(probe.getsockname()[1]))

    @property
    def remote(self) -> str:
        """What stands after `remote` in a profile."""
        return f"{self.address} {self.port} {self.protocol}"


@dataclass
class _Session:
    """A client that was let in; `record` is its line in the log, once the tunnel is there."""

    username: str
    since: float
    record: dict[str, Any] | None = None
    killed: bool = False


class _Denied(Exception):
    """The client stays outside; `told` is what it hears of the reason."""

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told


class DataPlane:
    """One daemon, a child of this process, which asks here about every client. It ends with this process."""

    def __init__(self, machine: Machine, endpoint: Endpoint) -> None:
        self._machine = machine
        self._endpoint = endpoint
        self._sessions: dict[int, _Session] = {}
        self._written: Any = None

    def start(self) -> None:
        """RuntimeError, with the end of the daemon's log, when it does not come up."""
        openvpn = program("openvpn")
        if openvpn is None:
            raise RuntimeError("there is no program openvpn")
        wrapper = within(self._endpoint.namespace) if self._endpoint.namespace else []
        self._temporary = tempfile.TemporaryDirectory(prefix="vpn-estate-data-plane-")
        self._folder = Path(self._temporary.name)
        self._configuration = self._folder / "daemon.conf"
        self._log = self._folder / "daemon.log"
        self._management = Management(self._folder / "management", self._notified)
        with self._machine.store.lock:
            self._written = self._basis()
            self._write_configuration()
        command = [*wrapper, openvpn, "--config", str(self._configuration)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - a program found on the path
        self._await(self._management.await_start)
        self._machine.store.committed = self.refresh

    def stop(self) -> None:
        self._end()
        self._temporary.cleanup()

    def _end(self) -> None:
        self._machine.store.committed = lambda: None
        self._management.close()
        try:
            self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await(self, start: Callable[[Callable[[], bool]], None]) -> None:
        try:
            start(lambda: self._process.poll() is None)
        except ConnectionError as error:
            self._end()
            log = self._log.read_text(encoding="utf-8", errors="replace")[-2000:] if self._log.exists() else ""
            self._temporary.cleanup()
            raise RuntimeError(f"the OpenVPN daemon does not run: {error}\n{log}") from None

    # what the daemon goes by

    def refresh(self) -> None:
        """Restart the daemon if its authorities or its settings are other ones by now."""
        basis = self._basis()
        if basis != self._written:
            self._written = basis
            self._write_configuration()
            self.restart()

    def restart(self) -> None:
        """As short as can be: the clients are told, so that they come back by themselves at once."""
        sessions = list(self._sessions)
        for client in sessions:
            # one that has just left is not there to be told
            with contextlib.suppress(CommandError):
                self._management.ask(f"client-kill {client}")
        if sessions:
            time.sleep(_FAREWELL_SECONDS)
        self._await(self._management.restart)

    def _basis(self) -> Any:
        """What the daemon's configuration comes from, to be compared."""
        in_force = self._machine.configuration.in_force
        names = ("vpn.server.tls_cc_security", "vpn.server.tls_version_min")
        settings = [str(self._network()), *(in_force(name) for name in names)]
        return settings, [(each.serial, each.current) for each in self._machine.authorities.all()]

    def _network(self) -> ipaddress.IPv4Network:
        """The network of the clients' addresses."""
        in_force = self._machine.configuration.in_force
        address, bits = in_force("vpn.daemon.0.client.network"), in_force("vpn.daemon.0.client.netmask_bits")
        return ipaddress.IPv4Network(f"{address}/{bits}", strict=False)

    def _write_configuration(self) -> None:
        machine, endpoint, network = self._machine, self._endpoint, self._network()
        in_force = machine.configuration.in_force
        server, keys = machine.authorities.server_certificate(), machine.profiles.tls_keys()
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
        directives = [
            *(tunnel if endpoint.tunnel else ("dev null", "tls-server")),
            f"local {endpoint.address}",
            f"port {endpoint.port}",
            f"proto {'tcp-server' if endpoint.protocol == 'tcp' else 'udp'}",
            "dh none",
            f"tls-version-min {in_force('vpn.server.tls_version_min')}",
            f"management {self._folder / 'management'} unix",
            "management-client",
            "keepalive 5 30",
            "persist-tun",
            f"log-append {self._log}",
            "verb 3",
        ]
        blocks = {"ca": machine.authorities.bundle(), "cert": server.certificate, "key": server.key}
        security = in_force("vpn.server.tls_cc_security")
        if security == "tls-auth":
            directives.append("key-direction 0")
        if security in ("tls-auth", "tls-crypt"):
            blocks[security] = keys.static
        elif security == "tls-cryptv2":
            blocks |= {"tls-crypt": keys.static, "tls-crypt-v2": keys.server}
        inline = [f"<{name}>\n{text.rstrip()}\n</{name}>" for name, text in blocks.items()]
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join([*directives, *inline, ""]), encoding="utf-8")

    # who is connected

    def clients(self) -> list[dict[str, Any]]:
        """The clients whose tunnels are there, with the fields of vpn/status."""
        if not self._endpoint.tunnel:
            return []
        rows = [line.split("\t") for line in self._management.ask("status 3")]
        names = next(row[2:] for row in rows if row[:2] == ["HEADER", "CLIENT_LIST"])
        found = []
        for client in (dict(zip(names, row[1:], strict=True)) for row in rows if row[0] == "CLIENT_LIST"):
            session = self._sessions.get(int(client["Client ID"]))
            if session is None or session.killed or not client["Virtual Address"]:
                continue
            found.append(
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
            )
        return found

    def versions(self) -> dict[str, str]:
        """What the daemon says it is, by its id."""
        title = next(line for line in self._management.ask("version") if line.startswith("OpenVPN Version: "))
        return {DAEMON: title.removeprefix("OpenVPN Version: ")}

    def disconnect(self, client: int, reason: str, client_reason: str) -> None:
        """End a session, if it has not just ended; its client is told not to come back by itself."""
        session = self._sessions.get(client)
        if session is None:
            return
        session.killed = True
        if session.record is not None:
            session.record |= {"active": False, "error": reason, "timestamp": iso_seconds(self._machine.clock.now())}
        with contextlib.suppress(CommandError):
            self._management.ask(f"client-kill {client} {quoted(f'HALT,{client_reason}')}")

    # what the daemon asks and tells

    def _notified(self, notification: Notification) -> None:
        """In the thread of the management interface."""
        client = notification.client
        if notification.kind == "CONNECT":
            self._decide(notification)
        elif notification.kind == "REAUTH":
            # whoever is in stays in until the session is ended
            self._management.ask(f"client-auth-nt {client} {notification.key}")
        elif notification.kind == "ESTABLISHED" and client in self._sessions:
            self._established(self._sessions[client], notification.variables)
        elif notification.kind == "DISCONNECT" and client in self._sessions:
            self._ended(self._sessions.pop(client), notification.variables)

    def _decide(self, asked: Notification) -> None:
        address = f"{asked.variables['untrusted_ip']}:{asked.variables['untrusted_port']}"
        try:
            with self._machine.store.lock:
                username = self._let_in(asked.variables, address)
                self._sessions[asked.client] = _Session(username, self._machine.clock.now())
        except _Denied as denied:
            told = f" {quoted(denied.told)}" if denied.told else ""
            self._management.ask(f"client-deny {asked.client} {asked.key} {quoted(str(denied))}{told}")
        else:
            self._management.ask(f"client-auth-nt {asked.client} {asked.key}")

    def _let_in(self, variables: dict[str, str], address: str) -> str:
        """The user whom a client connects for; the daemon has checked that its certificate, if any, was signed here.

        There is no revocation list in the daemon: refused by one, a client hears nothing and waits for a minute.
        """
        machine, serial = self._machine, variables.get("tls_serial_0")
        username = variables.get("username", "")
        profile = next((each for each in machine.profiles.all() if each["serial"] == serial), None)
        if serial is not None and profile is None:
            raise _Denied("the profile was deleted")
        if profile is not None and profile["profile_type"] == "autologin":
            username = profile["username"]
            self._check_autologin(username, address)
        elif profile is not None and profile["username"] != username:
            raise _Denied("the profile belongs to another user")
        else:
            self._check_password(username, variables.get("password", ""), address)
        if profile is not None:
            machine.profiles.used(profile["serial"])
        return username

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
            raise _Denied(wrong)

    def _check_password(self, username: str, password: str, address: str) -> None:
        call = Call("", "", address=address, service="VPN")
        try:
            crv1.sign_in(self._machine.authentication, call, username, password)
        except Refusal as refusal:
            reason = str(refusal.body.get("reason", "a second factor is needed"))
            raise _Denied(reason, crv1.challenge(username, refusal) or "") from None

    def _established(self, session: _Session, variables: dict[str, str]) -> None:
        session.record = self._machine.journal.add(
            session.username,
            service="VPN",
            active=True,
            auth=True,
            real_address=f"{variables['trusted_ip']}:{variables['trusted_port']}",
            virtual_ipv4_address=variables["ifconfig_pool_remote_ip"],
            server_port=self._endpoint.port,
            proto=self._endpoint.protocol,
            platform=variables.get("IV_PLAT"),
            version=variables.get("IV_VER"),
        )

    def _ended(self, session: _Session, variables: dict[str, str]) -> None:
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
