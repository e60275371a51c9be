# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every simulated server is without its network: a clock, settings, faults, and a log of what it was asked."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from email.message import Message
from typing import Any, ClassVar

from .answers import Answer, Request, parsed
from .clock import Clock
from .exchange import Exchange
from .faults import Faults
from .parts import Part, Thing, parts_of, plain
from .readings import Readings, chosen_readings
from .routing import Route, Routes
from .settings import CommonSettings


class SimulatedMachine(ABC):
    """One server. Requests come in through `answer`; tests reach the parts directly."""

    json_type: ClassVar[str] = "application/json"
    """How answers are labelled that do not say otherwise."""
    secret_headers: ClassVar[Collection[str]] = ()
    """Names, in lower case, of headers that the log does not show."""
    offered_readings: ClassVar[Readings] = {}
    request_type: ClassVar[Callable[..., Any]] = Request
    settings: CommonSettings
    routes: Routes

    def __init__(self, clock: Clock | None, keep_bodies: bool) -> None:
        self._keep_bodies = keep_bodies
        self.clock = clock or Clock()
        self.readings: dict[str, str] = {}
        self.faults = Faults()
        self.exchanges: list[Exchange] = []
        self.handshakes = 0  # connections whose TLS was agreed on
        self.url = ""
        """Where the API is reached, once it is served."""

    @property
    @abstractmethod
    def lock(self) -> AbstractContextManager[Any]:
        """Held by each thread that reads or changes what the server keeps."""

    @abstractmethod
    def answer(self, call: Any, headers: Message[str, str], text: bytes) -> tuple[Answer, Route | None, bool]:
        """The answer, the operation if there is one, and whether anything was written."""

    @abstractmethod
    def broken(self) -> Answer:
        """The answer where the simulator itself has a defect."""

    @abstractmethod
    def spellings(self, path: str) -> tuple[str, ...]:
        """The ways to write a path in a fault."""

    @property
    def parts(self) -> dict[str, Part]:
        """What it consists of, by name: whatever attribute is a Part."""
        return parts_of(self)

    def find_routes(self) -> Routes:
        """The operations of all parts."""
        return Routes([each for part in self.parts.values() for each in part.routes()])

    def state(self) -> dict[str, Any]:
        """What all parts show, without passwords, keys and tokens."""
        with self.lock:
            return {name: value for part in self.parts.values() for name, value in part.state().items()}

    def kept(self) -> dict[Thing, Any]:
        """Everything that the server keeps, thing by thing, to compare; secrets are among it."""
        with self.lock:
            settings: dict[Thing, Any] = {
                ("settings", name): plain(value) for name, value in vars(self.settings).items()
            }
            parts = {(name, *thing): value for name, part in self.parts.items() for thing, value in part.kept().items()}
            return {**settings, **parts}

    @abstractmethod
    def reset(self) -> None:
        """Start over."""

    @abstractmethod
    def close(self) -> None:
        """End what runs in the background."""

    @property
    def absence(self) -> str:
        """How the API is away right now: `drop` closes connections, `502` answers so; "" when it is there."""
        return ""

    def route(self, call: Request) -> Route | None:
        """The operation that a request is meant for."""
        found = self.routes.find(call.method, call.path)
        return found[0] if found else None

    def change_settings(self, values: Mapping[str, Any]) -> None:
        """Change settings by name."""
        self.settings.change(values)

    def read_as(self, chosen: Mapping[str, str]) -> None:
        """Change some readings and keep the others."""
        self.readings = chosen_readings(self.offered_readings, {**self.readings, **chosen})

    def wait(self) -> None:
        """The latency that was asked for."""
        if self.settings.latency:
            time.sleep(self.settings.latency)

    def note(
        self,
        call: Request,
        path: str,
        headers: Message[str, str],
        answer: Answer,
        wrote: bool,
        operation: str | None,
        request: bytes,
        fault: str | None,
    ) -> None:
        """Write an exchange down."""
        contents: dict[str, Any] = {}
        if self._keep_bodies:
            shown = {name: "[redacted]" if name.lower() in self.secret_headers else headers[name] for name in headers}
            try:
                body = parsed(headers, request) if request else None
            except ValueError:
                body = request.decode(errors="replace")
            contents = {"query": call.query, "headers": shown, "request": body, "response": answer.body}
        self.exchanges.append(
            Exchange(call.method, path, answer.status, wrote, operation, fault=fault, remark=answer.remark, **contents)
        )
