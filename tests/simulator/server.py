# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS server around a machine, and what every simulator has that tests start."""

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
from abc import ABC, abstractmethod
from collections.abc import Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .answers import Answer, Request
from .clock import Clock
from .control import Control
from .exchange import Exchange
from .faults import Fault, Faults
from .machine import SimulatedMachine
from .parts import Thing
from .pki import process_identity
from .routing import Route

if TYPE_CHECKING:
    from typing import Self

_HANDSHAKE_SECONDS = 10
_IDLE_SECONDS = 300
_PORTAL = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the network.</body></html>"


class Listener(ThreadingHTTPServer):
    """Accepts at once; the TLS handshake takes place in the thread of the connection, where it can be slow."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    address_family = socket.AF_INET

    def __init__(
        self, address: tuple[str, int], machine: SimulatedMachine, control: Control, tls: ssl.SSLContext | None
    ) -> None:
        """Without `tls` it speaks plain HTTP."""
        self.machine = machine
        self.control = control
        self.tls = tls
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        machine = self.machine
        if machine.absence == "drop":
            return
        if self.tls is None:
            self._converse(request, client_address)
            return
        request.settimeout(_HANDSHAKE_SECONDS)
        tls = process_identity(owner="another").context() if machine.settings.wrong_certificate else self.tls
        with tls.wrap_socket(request, server_side=True) as connection:
            self.machine.handshakes += 1
            self._converse(connection, client_address)

    def _converse(self, connection: socket.socket, client_address: Any) -> None:
        connection.settimeout(_IDLE_SECONDS)
        self._connections.add(connection)
        try:
            super().finish_request(connection, client_address)
        finally:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up or distrust the certificate are nothing to report; everything else is a defect."""
        if not isinstance(sys.exc_info()[1], OSError):
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
    server: Listener

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
        absence = machine.absence
        if absence:
            self._away(absence)
            return
        machine.wait()
        if machine.settings.dead:
            self._drop()
            return
        call = machine.request_type(self.command, raw_path, query=query, address=str(self.client_address[0]))
        fault = machine.faults.hit(self.command, machine.spellings(path))
        if fault is not None and fault.do == "act" and fault.act is not None:
            fault.act()
        if fault is not None and fault.do == "delay":
            time.sleep(fault.delay)
        spared = fault is None or fault.do in ("delay", "act", "truncate", "hang_up") or fault.applied
        if spared:
            answer, route, wrote = self._answered(call, text)
        else:
            answer, route, wrote = Answer(), machine.route(call), False
        if fault is not None and fault.do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        replaced = fault is not None and fault.do in ("status", "html", "redirect", "drop")
        if fault is not None and replaced:
            answer = _replaced(fault)
        operation, done = route.operation if route else None, fault.do if fault else None
        machine.note(call, path, self.headers, answer, wrote, operation, text, done)
        if answer.status == 0:
            self._drop()
        else:
            content = _encoded(answer.body) if replaced else answer.content
            self._send(answer.status, content, answer.headers, truncated=done == "truncate")
            if done == "hang_up":
                self._drop()

    def _answered(self, call: Request, text: bytes) -> tuple[Answer, Route | None, bool]:
        """What the machine answers; a defect of the simulator is shown on stderr and answered as a server error."""
        try:
            return self.server.machine.answer(call, self.headers, text)
        except Exception:
            traceback.print_exc()
            return self.server.machine.broken(), None, False

    def _away(self, how: str) -> None:
        if how == "502":
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
        fields = {"Content-Type": self.server.machine.json_type} if body else {}
        date = formatdate(self.server.machine.clock.now(), usegmt=True)
        fields |= {"Content-Length": str(len(body)), "Date": date, **(headers or {})}
        if status == 204:
            del fields["Content-Length"]
        for name, value in fields.items():
            self.send_header(name, value)
        self._end_headers_with(body[: len(body) // 2] if truncated else body)
        if truncated and body:
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


def _replaced(fault: Fault) -> Answer:
    """What the client gets instead of the answer; a status of 0 is nothing at all."""
    headers = dict(fault.headers)
    if fault.do == "drop":
        return Answer(0)
    if fault.do == "html":
        return Answer(200, _PORTAL.decode(), headers={"Content-Type": "text/html", **headers})
    if fault.do == "redirect":
        return Answer(302, headers={"Location": fault.location, **headers})
    return Answer(fault.status, fault.body, headers=headers)


class Simulator(ABC):
    """A server with a memory and real TLS, and everything a test needs to look behind it.

    Use it as a context manager, or call `start` and `stop`.
    """

    machine: SimulatedMachine

    @abstractmethod
    def start(self) -> Self: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def ready(self) -> dict[str, str]:
        """What a client needs to know, as serve.py prints it."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

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
    def clock(self) -> Clock:
        return self.machine.clock

    def state(self) -> dict[str, Any]:
        """Everything the server keeps, without passwords."""
        return self.machine.state()

    def kept(self) -> dict[Thing, Any]:
        """Everything the server keeps, thing by thing, to compare."""
        return self.machine.kept()

    def reset(self) -> None:
        self.machine.reset()

    def configure(self, **settings: Any) -> None:
        """Change settings by name."""
        self.machine.change_settings(settings)

    def read_as(self, **readings: str) -> None:
        """Change readings by name."""
        self.machine.read_as(readings)


def serve_in_background(listener: Listener) -> None:
    """Serve in a thread of its own until the listener is shut down."""
    serve = listener.serve_forever
    threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True).start()


def end(listener: Listener) -> None:
    """Serve no longer, and close what is open."""
    with contextlib.suppress(OSError):
        listener.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for connections
    listener.shutdown()
    listener.hang_up()
    listener.server_close()
