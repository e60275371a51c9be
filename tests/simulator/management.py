# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management interface of an OpenVPN daemon (doc/management-notes.txt of its source), from the manager's side."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_SECONDS = 15


@dataclass(frozen=True)
class Notification:
    """What the daemon says of a client: `kind` is CONNECT, REAUTH, ESTABLISHED or DISCONNECT.

    `client` and `key` are its numbers, `variables` what it knows of the client.
    """

    kind: str
    client: int
    key: int
    variables: dict[str, str]


class CommandError(Exception):
    """The daemon does not do what it was asked to do."""


class Management:
    """A daemon that calls in at the socket `path`, once for all its restarts; it ends when it is hung up on.

    Notifications are handed to `notify` one after the other in a thread of their own, so it may send commands.
    """

    def __init__(self, path: Path, notify: Callable[[Notification], None]) -> None:
        self._notify = notify
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._connection: socket.socket | None = None
        self._starts = 0
        self._started = threading.Condition()
        self._command = threading.Lock()
        self._replies: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._notifications: queue.SimpleQueue[Notification | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="management", daemon=True).start()
        self._worker = threading.Thread(target=self._hand_out, name="notifications", daemon=True)
        self._worker.start()

    def await_start(self, alive: Callable[[], bool]) -> None:
        """Return when a daemon that was just made is there; ConnectionError when it does not come."""
        self._await(1, alive)
        self.ask("state on")

    def restart(self, alive: Callable[[], bool]) -> None:
        """Return when the daemon has read its files again; ConnectionError when it does not come back."""
        starts = self._starts
        self.ask("signal SIGHUP")
        self._await(starts + 1, alive)

    def _await(self, starts: int, alive: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with self._started:
            while not self._started.wait_for(lambda: self._starts >= starts, 0.1):
                if not alive() or time.monotonic() >= deadline:
                    raise ConnectionError("the daemon does not start")

    def _note_start(self) -> None:
        with self._started:
            self._starts += 1
            self._started.notify_all()

    def ask(self, command: str) -> list[str]:
        """Lines of the reply to a command; ConnectionError when there is none, CommandError when it is an error."""
        with self._command:
            if self._connection is None:
                raise ConnectionError("the daemon is not there")
            try:
                self._connection.sendall(f"{command}\n".encode())
            except OSError as exc:  # it hangs up, or the reader has just closed what it hung up
                raise ConnectionError("the daemon is not there") from exc
            lines: list[str] = []
            while not lines or not (lines[-1] == "END" or lines[-1].startswith(("SUCCESS:", "ERROR:"))):
                lines.append(self._reply())
        if lines[-1].startswith("ERROR:"):
            raise CommandError(lines[-1])
        return lines

    def _reply(self) -> str:
        try:
            line = self._replies.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            line = None
        if line is None:
            raise ConnectionError("the daemon does not answer")
        return line

    def close(self) -> None:
        """Hang up, which ends the daemon; nothing is notified afterwards."""
        for end in (self._listener, self._connection):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._notifications.put(None)
        self._worker.join(_PATIENCE_SECONDS)

    def _read(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            self._connection, _unused = self._listener.accept()
            with self._connection, self._connection.makefile(encoding="utf-8", errors="replace", newline="\n") as lines:
                self._note_start()
                self._sort(lines)
        self._connection = None
        self._replies.put(None)

    def _sort(self, lines: Iterable[str]) -> None:
        """Notifications to one side, replies to the other."""
        head: list[str] = []
        variables: dict[str, str] = {}
        for line in (each.rstrip("\r\n") for each in lines):
            if not line.startswith(">"):
                self._replies.put(line)
            elif line.startswith(">STATE:") and line.split(",")[1] == "CONNECTED":
                self._note_start()
            elif line == ">CLIENT:ENV,END":
                kind, client, *key = head
                self._notifications.put(Notification(kind, int(client), int(key[0]) if key else -1, variables))
            elif line.startswith(">CLIENT:ENV,"):
                name, _unused, value = line.removeprefix(">CLIENT:ENV,").partition("=")
                variables[name] = value
            elif line.startswith(">CLIENT:") and not line.startswith(">CLIENT:ADDRESS,"):
                head, variables = line.removeprefix(">CLIENT:").split(","), {}

    def _hand_out(self) -> None:
        while (notification := self._notifications.get()) is not None:
            # a command that came too late is the daemon's business
            with contextlib.suppress(ConnectionError, CommandError):
                self._notify(notification)


def quoted(text: str) -> str:
    """A parameter of a command."""
    line = " ".join(text.split())
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
