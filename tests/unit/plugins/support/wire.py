# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers below the level of an API: one that answers with given bytes, and a proxy that passes connections on."""

from __future__ import annotations

import contextlib
import html
import http
import json
import socket
import ssl
import threading
import typing as t
from collections.abc import Callable, Iterator, Mapping

HANG_UP = b""  # close the connection without an answer
SILENCE = b"..."  # keep the connection, and say nothing until the test ends

Answer = bytes | Callable[[bytes], bytes]


def reply(body: t.Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """An answer in full, and the last on its connection; a body that is neither bytes nor None is sent as JSON."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


def echo(request: bytes) -> bytes:
    """A page that repeats the request, as it came and as a page should."""
    text = request.decode("utf-8", "replace")
    return reply(f"<html><body>{text} {html.escape(text)} {json.dumps(text)}</body></html>".encode())


def refuse(request: bytes) -> bytes:
    """A refusal whose reason is the request."""
    text = request.decode("utf-8", "replace")
    return reply({"reason": text, "detail": {"body": html.escape(text)}}, 400)


class Listener:
    """Accepts connections on 127.0.0.1 and serves each in a thread of its own."""

    def __init__(self) -> None:
        self.connections = 0
        self.closed = threading.Semaphore(0)  # one for each connection that is over
        self.ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, name="wire", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _unused = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve_quietly, args=(connection,), name="wire", daemon=True).start()

    def _serve_quietly(self, connection: socket.socket) -> None:
        """A client that distrusts us hangs up in the middle of things."""
        with connection, contextlib.suppress(OSError):
            self.serve(connection)
        self.closed.release()

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Wire(Listener):
    """Answers its requests one after the other with what it was given, the last answer again and again.

    ``heard`` are the requests, byte for byte. ``contexts`` are the TLS sides of the connections in order, the last one
    of all that follow; without any it speaks plain text, once it hears anything. Each connection is closed after one
    answer, whatever that says.
    """

    def __init__(self, *answers: Answer, contexts: tuple[ssl.SSLContext, ...] = ()) -> None:
        self.heard: list[bytes] = []
        self._answers, self._contexts = answers, contexts
        super().__init__()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        if not self._contexts:
            self.heard.append(connection.recv(65536))
            connection.sendall(t.cast(bytes, self._answers[0]))
            return
        context = self._contexts[min(self.connections, len(self._contexts)) - 1]
        with context.wrap_socket(connection, server_side=True) as secured:
            self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        request = _request(connection)
        self.heard.append(request)
        answer = self._answers[min(len(self.heard), len(self._answers)) - 1]
        if answer is SILENCE:
            self.ended.wait()
        else:
            connection.sendall(answer(request) if callable(answer) else answer)


class HangsUp(Listener):
    """Closes each connection at once, before TLS has begun."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        """There is nothing to say."""


class Proxy(Listener):
    """An HTTP proxy; ``asked`` are the first lines of the requests. With a status it refuses them all."""

    def __init__(self, refusal: int | None = None) -> None:
        self.asked: list[str] = []
        self._refusal = refusal
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        line = _request(connection).split(b"\r\n")[0].decode()
        self.asked.append(line)
        if self._refusal:
            connection.sendall(reply(status=self._refusal))
            return
        host, _unused, port = line.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(server, connection), daemon=True)
            back.start()
            _pass_on(connection, server)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _request(connection: socket.socket) -> bytes:
    """A request with its body, or as much of one as came."""
    text = b""
    while b"\r\n\r\n" not in text:
        if not (more := connection.recv(65536)):
            return text
        text += more
    head, _unused, body = text.partition(b"\r\n\r\n")
    length = next((int(v) for k, _unused, v in _fields(head) if k.lower() == b"content-length"), 0)
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (line.partition(b":") for line in head.split(b"\r\n")[1:])
