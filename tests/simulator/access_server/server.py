# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS server around a machine, and the simulator that tests start."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from .answers import Answer, Call
from .clock import Clock
from .control import Control
from .data_plane import DataPlane, Endpoint
from .exchange import Exchange
from .faults import Fault, Faults
from .machine import Machine
from .pki import TlsIdentity, context_of, identity_in, process_identity
from .routes import Route
from .store import Store

_HANDSHAKE_SECONDS = 10
_IDLE_SECONDS = 300
_PORTAL = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the network.</body></html>"


class _Listener(ThreadingHTTPServer):
    """Accepts at once; the TLS handshake takes place in the thread of the connection, where it can be slow."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    address_family = socket.AF_INET

    def __init__(self, address: tuple[str, int], machine: Machine, tls: ssl.SSLContext) -> None:
        self.machine = machine
        self.control = Control(machine)
        self.tls = tls
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        machine = self.machine
        if machine.power.away and machine.settings.restart_answer == "drop":
            return
        request.settimeout(_HANDSHAKE_SECONDS)
        tls = process_identity(owner="another").context() if machine.settings.wrong_certificate else self.tls
        with tls.wrap_socket(request, server_side=True) as connection:
            connection.settimeout(_IDLE_SECONDS)
            self.machine.handshakes += 1
            self._connections.add(connection)
            try:
                super().finish_request(connection, client_address)
            finally:
                self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up or distrust the certificate are nothing to report; everything else is a defect."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()

    def hang_up(self) -> None:
        """Close every open connection."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def __getattr__(self, name: str) -> Any:
        """The base class looks for a method do_GET and so on; all requests are served alike."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """The exchanges are written down elsewhere."""

    def _serve(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        if url.path.startswith("/_simulator/"):
            answer = self.server.control.answer(self.command, url.path.removeprefix("/_simulator/"), text)
            self._send(answer.status, answer.content)
            return
        self._serve_api(
            unquote(url.path, errors="replace"), url.path, dict(parse_qsl(url.query, keep_blank_values=True)), text
        )

    def _serve_api(self, path: str, raw_path: str, query: dict[str, str], text: bytes) -> None:
        machine = self.server.machine
        if machine.power.away:
            self._away()
            return
        machine.wait()
        if machine.settings.dead:
            self._drop()
            return
        call = Call(self.command, raw_path, query=query, address=str(self.client_address[0]))
        fault = machine.faults.hit(self.command, path)
        if fault is not None and fault.do == "act" and fault.act is not None:
            fault.act()
        if fault is not None and fault.do == "delay":
            time.sleep(fault.delay)
        spared = fault is None or fault.do in ("delay", "act", "truncate") or fault.applied
        if spared:
            answer, route, wrote = self._answered(call, text)
        else:
            found = machine.routes.find(call.method, call.path)
            answer, route, wrote = Answer(), found[0] if found else None, False
        if fault is not None and fault.do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        status, body, headers = answer.status, answer.body, answer.headers
        replaced = fault is not None and fault.do in ("status", "html", "redirect", "drop")
        if fault is not None and replaced:
            status, body, headers = _replaced(fault)
        machine.note(
            call,
            path,
            self.headers,
            status,
            wrote,
            route.operation if route else None,
            text,
            body,
            fault.do if fault else None,
        )
        if status == 0:
            self._drop()
        else:
            content = _encoded(body) if replaced else answer.content
            self._send(status, content, headers, truncated=fault is not None and fault.do == "truncate")

    def _answered(self, call: Call, text: bytes) -> tuple[Answer, Route | None, bool]:
        """What the machine answers; a defect of the simulator is shown on stderr and answered as a server error."""
        try:
            return self.server.machine.answer(call, self.headers, text)
        except Exception:
            traceback.print_exc()
            return Answer(500, {"detail": "Internal server error"}), None, False

    def _away(self) -> None:
        if self.server.machine.settings.restart_answer == "502":
            self._send(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", {"Content-Type": "text/html"})
        else:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, truncated: bool = False
    ) -> None:
        """The whole answer in one write; a truncated one ends in the middle of its body."""
        self.send_response_only(status)
        fields = {"Content-Type": "application/json"} if body else {}
        date = formatdate(self.server.machine.clock.now(), usegmt=True)
        fields |= {"Content-Length": str(len(body)), "Date": date, **(headers or {})}
        if status == 204:
            del fields["Content-Length"]
        for name, value in fields.items():
            self.send_header(name, value)
        self._end_headers_with(body[: len(body) // 2] if truncated else body)
        if truncated:
            self._drop()

    def _end_headers_with(self, body: bytes) -> None:
        """End the headers and send them together with the body."""
        head: list[bytes] = self._headers_buffer
        head.append(b"\r\n" + (body if self.command != "HEAD" else b""))
        self.flush_headers()


def _encoded(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":")).encode()


def _replaced(fault: Fault) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers that the client gets instead of the answer."""
    headers = dict(fault.headers)
    if fault.do == "drop":
        return 0, None, {}
    if fault.do == "html":
        return 200, _PORTAL.decode(), {"Content-Type": "text/html", **headers}
    if fault.do == "redirect":
        return 302, None, {"Location": fault.location, **headers}
    return fault.status, fault.body, headers


class AccessServerSimulator:
    """An OpenVPN Access Server with a memory, real TLS and everything a test needs to look behind it.

    Use it as a context manager, or call `start` and `stop`. `dialect` is `3.2` or `document`; `readings` chooses among
    the readings of what the document leaves open; `settings` are those of `Settings`. `data` is the path of a database
    that outlives the process; without it all is in memory. `node_name` is the host's name, which has a certificate of
    its own. With `data_plane` VPN clients can really connect there.
    """

    kind = "access-server"

    def __init__(
        self,
        dialect: str = "3.2",
        readings: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        settings: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        data: str | None = None,
        username: str = "openvpn",
        password: str | None = None,
        users: int = 0,
        groups: int = 0,
        keep_bodies: bool = True,
        data_plane: Endpoint | None = None,
        node_name: str | None = None,
    ) -> None:
        settings = dict(settings or {})
        if data_plane is not None:
            data_plane = data_plane.resolved()
            settings.setdefault("profile_remotes", data_plane.remote)
        self.machine = Machine(
            dialect, readings or {}, settings, clock, data, username, password, users, groups, keep_bodies, node_name
        )
        self._data_plane = DataPlane(self.machine, data_plane) if data_plane else None
        self._identity: TlsIdentity = (
            identity_in(Path(f"{data}.tls"), host) if data else process_identity(host, node_name)
        )
        self._host, self._port, self._first_host = host, port, host
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        self._listener = _Listener((self._host, self._port), self.machine, self._tls_context())
        self.machine.restarted = self._take_over
        self._port = self._listener.server_port
        self.machine.url = self.url
        serve = self._listener.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True)
        self._thread.start()
        if self._data_plane is not None:
            self._start_data_plane(self._data_plane)
        return self

    def _start_data_plane(self, data_plane: DataPlane) -> None:
        try:
            data_plane.start()
        except BaseException:
            self.stop()
            raise
        self.machine.vpn.data_plane = data_plane

    def _tls_context(self) -> ssl.SSLContext:
        """What the web services present: the certificate that is configured, or the one they came with."""
        in_force = self.machine.configuration.in_force
        if in_force("cs.cert") and in_force("cs.priv_key"):
            return context_of(in_force("cs.cert") + "\n" + in_force("cs.ca_bundle"), in_force("cs.priv_key"))
        return self._identity.context()

    def _take_over(self) -> None:
        """After a restart: show the web certificate and run the daemon that are configured now."""
        if self._listener is not None:
            self._listener.tls = self._tls_context()
            self._move(self._listener)
        if self.machine.vpn.data_plane is not None:
            self.machine.vpn.data_plane.refresh()

    def _move(self, former: _Listener) -> None:
        """Serve where the configuration in force says, if the settings do."""
        in_force = self.machine.configuration.in_force
        host, port = in_force("admin_ui.https.ip_address"), in_force("admin_ui.https.port")
        host = host if host[:1].isdigit() else self._first_host
        if not self.machine.settings.moves or (host, port) == (self._host, self._port):
            return
        former.shutdown()
        former.hang_up()
        former.server_close()
        self._host, self._port = host, port
        self._listener = _Listener((host, port), self.machine, self._tls_context())
        self.machine.url = self.url
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="simulator", daemon=True).start()

    def stop(self) -> None:
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.hang_up()
            self._listener.server_close()
            self._listener = None
        if self.machine.vpn.data_plane is not None:
            self.machine.vpn.data_plane.stop()
            self.machine.vpn.data_plane = None
        self.machine.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # how to reach it

    @property
    def url(self) -> str:
        return f"https://{self._host if self._host != '0.0.0.0' else '127.0.0.1'}:{self._port}"  # noqa: S104

    @property
    def ca_path(self) -> str:
        return self._identity.ca_path

    @property
    def fingerprint_sha256(self) -> str:
        return self._identity.fingerprint_sha256

    @property
    def username(self) -> str:
        return self.machine.accounts["username"]

    @property
    def password(self) -> str:
        return self.machine.accounts["password"]

    @property
    def mfa_username(self) -> str:
        return self.machine.accounts["mfa_username"]

    @property
    def mfa_password(self) -> str:
        return self.machine.accounts["mfa_password"]

    @property
    def mfa_totp_secret(self) -> str:
        return self.machine.accounts["mfa_totp_secret"]

    def ready(self) -> dict[str, str]:
        """What a client needs to know, as serve.py prints it."""
        return {
            "kind": self.kind,
            "url": self.url,
            "ca_path": self.ca_path,
            "fingerprint_sha256": self.fingerprint_sha256,
            **{name: self.machine.accounts[name] for name in ("username", "password", "mfa_username")},
            **{name: self.machine.accounts[name] for name in ("mfa_password", "mfa_totp_secret")},
        }

    # what happened, and what shall happen

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request since the start or the last reset, with contents."""
        return self.machine.exchanges

    log = exchanges

    @property
    def writes(self) -> list[Exchange]:
        """The requests that wrote."""
        return [exchange for exchange in self.machine.exchanges if exchange.wrote]

    @property
    def faults(self) -> Faults:
        return self.machine.faults

    @property
    def store(self) -> Store:
        """What the server keeps, for changes that no method here makes."""
        return self.machine.store

    @property
    def clock(self) -> Clock:
        return self.machine.clock

    def state(self) -> dict[str, Any]:
        """Everything the server keeps, without passwords."""
        return self.machine.state()

    def reset(self) -> None:
        self.machine.reset()

    def configure(self, **settings: Any) -> None:
        """Change settings by name."""
        self.machine.settings.change(settings)
        self.machine.cluster.start()

    def read_as(self, **readings: str) -> None:
        """Change readings by name."""
        self.machine.read_as(readings)

    # changes behind the client's back

    def connect(self, username: str) -> dict[str, Any]:
        """A VPN client of that user connects."""
        with self.machine.store.lock:
            return self.machine.vpn.connect(username)

    def set_user(self, name: str, **properties: Any) -> None:
        """Create or change a user; None takes a property away. `group` and `password` are understood."""
        self.machine.set_record("user", name, properties)

    def set_group(self, name: str, **properties: Any) -> None:
        """Create or change a group; `members` adds users to it, which are created if they are not there."""
        self.machine.set_record("group", name, properties)

    add_user, add_group = set_user, set_group

    def set_default_user(self, **properties: Any) -> None:
        """Change the default user."""
        self.machine.set_record("default", "__DEFAULT__", properties)

    def delete_user(self, name: str) -> None:
        self.machine.delete_record(name)

    delete_group = delete_user

    def set_configuration(self, profile: str = "default", **values: Any) -> None:
        """Store configuration values; keys hold dots, so hand them over with ** and a dict."""
        self.machine.store.set_configuration(profile, values)

    def set_access_routes(self, owner: str, type: str, routes: list[dict[str, Any]]) -> None:
        self.machine.store.set_access_routes(owner, type, routes)

    def add_authority(self, common_name: str | None = None, **options: Any) -> str:
        """Its serial; `algorithm`, `days_left` and `current` are understood."""
        with self.machine.store.lock:
            return self.machine.authorities.add(common_name, **options)

    def add_profile(self, user: str, profile_type: str = "autologin", **options: Any) -> str:
        """Its serial; `days_left`, `comment`, `authority` (the serial of one) and `tls_crypt_v2` are understood."""
        with self.machine.store.lock:
            return self.machine.profiles.add(user, profile_type, **options)

    def add_profile_token(self, user: str, profile_type: str = "autologin", **options: Any) -> str:
        """The token; `lifetime` in seconds and `usages` are understood."""
        with self.machine.store.lock:
            return self.machine.tokens.add(user, profile_type, **options)

    def set_radius_account(self, username: str, password: str, pin: str | None = None, **properties: Any) -> None:
        """A user whose password, and PIN if there is one, a RADIUS server checks."""
        self.machine.set_record("user", username, {"auth_method": "radius", **properties})
        self.machine.authentication.set_radius(username, password, pin)

    def password_is(self, username: str, password: str) -> bool:
        """Whether that is the user's password, without a sign-in."""
        return self.machine.password_is(username, password)
