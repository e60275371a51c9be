# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenVPN daemon that lets in those whom a simulated server would let in."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .management import CommandError, Management, Notification, quoted
from .namespaces import program, within

_FAREWELL_SECONDS = 0.2
_ENDING_SECONDS = 10


@dataclass(frozen=True)
class Endpoint:
    """Where the daemon listens: `protocol` is udp or tcp, `namespace` a network namespace if not that of the process.

    Without `tunnel` no process needs to be root: the daemon agrees on keys with one client, and asks nothing and carries nothing.
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
class Session:
    """A client that was let in; `record` is what the server keeps of it, once the tunnel is there."""

    username: str
    since: float
    record: dict[str, Any] | None = None
    killed: bool = False


class Denied(Exception):
    """The client stays outside; `shown` is what it learns of the reason."""

    def __init__(self, reason: str, shown: str = "") -> None:
        super().__init__(reason)
        self.shown = shown


class Daemon(ABC):
    """One daemon, a child of this process, which asks here about every client. It ends with this process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.sessions: dict[int, Session] = {}
        self._written: Any = None

    @property
    @abstractmethod
    def lock(self) -> AbstractContextManager[Any]:
        """Held by each thread that reads or changes what the server keeps."""

    @abstractmethod
    def basis(self) -> Any:
        """What the daemon's configuration comes from, to be compared."""

    @abstractmethod
    def directives(self) -> list[str]:
        """What the configuration says beside that which is the same for every server."""

    @abstractmethod
    def blocks(self) -> Mapping[str, str]:
        """The inline files by the name of their option."""

    @abstractmethod
    def let_in(self, variables: dict[str, str], address: str) -> Session:
        """The session of a client that may come in, otherwise Denied; the daemon has checked who signed its certificate.

        There is no revocation list in the daemon: refused by one, a client hears nothing and waits for a minute.
        """

    def settings_of(self, session: Session) -> list[str]:
        """Directives that only this client gets."""
        return []

    @abstractmethod
    def established(self, session: Session, variables: dict[str, str]) -> None:
        """The tunnel of a client is there."""

    @abstractmethod
    def ended(self, session: Session, variables: dict[str, str]) -> None:
        """A client has gone."""

    def start(self) -> None:
        """RuntimeError, with the end of the daemon's log, when it does not come up."""
        self._temporary = tempfile.TemporaryDirectory(prefix="vpn-estate-data-plane-")
        self._folder = Path(self._temporary.name)
        self._configuration = self._folder / "daemon.conf"
        self._log = self._folder / "daemon.log"
        with self.lock:
            self._written = self.basis()
            self._write_configuration()
        self._launch()

    def stop(self) -> None:
        self._end()
        self._temporary.cleanup()

    def _launch(self) -> None:
        openvpn = program("openvpn")
        if openvpn is None:
            raise RuntimeError("there is no program openvpn")
        wrapper = within(self.endpoint.namespace) if self.endpoint.namespace else []
        socket_path = self._folder / "management"
        socket_path.unlink(missing_ok=True)
        self._management = Management(socket_path, self._notified)
        command = [*wrapper, openvpn, "--config", str(self._configuration)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - a program found on the path
        self._await(self._management.await_start)

    def _end(self) -> None:
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

    def refresh(self) -> None:
        """Restart the daemon if what its configuration comes from is another by now."""
        basis = self.basis()
        if basis != self._written:
            self._written = basis
            self._write_configuration()
            self.restart()

    def restart(self) -> None:
        """As short as can be: the clients learn of it, so that they connect again at once."""
        if not self.endpoint.tunnel:
            # such a daemon says that it is there only once it has a client, so it cannot be waited for after a signal
            self._end()
            self._launch()
            return
        sessions = list(self.sessions)
        for client in sessions:
            # one that has just left cannot be asked
            with contextlib.suppress(CommandError):
                self._management.ask(f"client-kill {client}")
        if sessions:
            time.sleep(_FAREWELL_SECONDS)
        self._await(self._management.restart)

    def _write_configuration(self) -> None:
        directives = [
            *(() if self.endpoint.tunnel else ("dev null", "tls-server")),
            f"local {self.endpoint.address}",
            f"port {self.endpoint.port}",
            f"proto {'tcp-server' if self.endpoint.protocol == 'tcp' else 'udp'}",
            "dh none",
            f"management {self._folder / 'management'} unix",
            "management-client",
            "keepalive 5 30",
            "persist-tun",
            f"log-append {self._log}",
            "verb 3",
            *self.directives(),
        ]
        inline = [f"<{name}>\n{text.rstrip()}\n</{name}>" for name, text in self.blocks().items()]
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join([*directives, *inline, ""]), encoding="utf-8")

    # who is connected

    def rows(self) -> list[tuple[Session, dict[str, str]]]:
        """The clients whose tunnels are there, with what the daemon tells of each."""
        if not self.endpoint.tunnel:
            return []
        rows = [line.split("\t") for line in self._management.ask("status 3")]
        names = next(row[2:] for row in rows if row[:2] == ["HEADER", "CLIENT_LIST"])
        found = []
        for client in (dict(zip(names, row[1:], strict=True)) for row in rows if row[0] == "CLIENT_LIST"):
            session = self.sessions.get(int(client["Client ID"]))
            if session is not None and not session.killed and client["Virtual Address"]:
                found.append((session, client))
        return found

    def ask(self, command: str) -> list[str]:
        """Lines of the daemon's reply to a command."""
        return self._management.ask(command)

    def halt(self, client: int, client_reason: str) -> None:
        """End a session, if it has not just ended; its client is asked not to connect again by itself."""
        session = self.sessions.get(client)
        if session is None:
            return
        session.killed = True
        with contextlib.suppress(CommandError):
            self._management.ask(f"client-kill {client} {quoted(f'HALT,{client_reason}')}")

    # what the daemon asks and tells

    def _notified(self, notification: Notification) -> None:
        """In the thread of the management interface."""
        client = notification.client
        if notification.kind == "CONNECT":
            self._decide(notification)
        elif notification.kind == "REAUTH":
            # a connected user stays connected until the session is ended
            self._management.ask(f"client-auth-nt {client} {notification.key}")
        elif notification.kind == "ESTABLISHED" and client in self.sessions:
            self.established(self.sessions[client], notification.variables)
        elif notification.kind == "DISCONNECT" and client in self.sessions:
            self.ended(self.sessions.pop(client), notification.variables)

    def _decide(self, asked: Notification) -> None:
        address = f"{asked.variables['untrusted_ip']}:{asked.variables['untrusted_port']}"
        try:
            with self.lock:
                session = self.let_in(asked.variables, address)
                self.sessions[asked.client] = session
                settings = self.settings_of(session)
        except Denied as denied:
            shown = f" {quoted(denied.shown)}" if denied.shown else ""
            self._management.ask(f"client-deny {asked.client} {asked.key} {quoted(str(denied))}{shown}")
        else:
            lines = [f"client-auth {asked.client} {asked.key}", *settings, "END"]
            self._management.ask("\n".join(lines) if settings else f"client-auth-nt {asked.client} {asked.key}")
