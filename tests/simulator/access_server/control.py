# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints below /_simulator/: no token, never in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .answers import Answer
from .shared_database import DatabaseLost

if TYPE_CHECKING:
    from .machine import Machine


class Control:
    """GET log, counts, state; POST faults, reset, clock, readings, settings, connect, authority, profile, profile-token."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._operations: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "log"): lambda _: [exchange.line for exchange in machine.exchanges],
            ("GET", "counts"): lambda _: self._counts(),
            ("GET", "state"): lambda _: machine.state(),
            ("POST", "reset"): lambda _: machine.reset(),
            ("POST", "faults"): self._faults,
            ("POST", "clock"): lambda body: machine.clock.advance(float(body["advance"])),
            ("POST", "readings"): self._readings,
            ("POST", "settings"): self._settings,
            ("POST", "connect"): lambda body: machine.vpn.connect(str(body["user"])),
            ("POST", "authority"): lambda body: machine.authorities.add(**body),
            ("POST", "profile"): lambda body: machine.profiles.add(**body),
            ("POST", "profile-token"): lambda body: machine.tokens.add(**body),
        }

    def answer(self, method: str, path: str, text: bytes) -> Answer:
        operation = self._operations.get((method, path))
        if operation is None:
            return Answer(404, {"detail": "Not Found"})
        try:
            with self._machine.store.lock:
                return Answer(200, operation(json.loads(text) if text else {}))
        except (DatabaseLost, KeyError, TypeError, ValueError) as error:
            return Answer(400, {"reason": f"{type(error).__name__}: {error}"})

    def _counts(self) -> dict[str, int]:
        """How often the server was asked, wrote, was asked to sign somebody in, and shook hands: with who asks here too."""
        lines = [exchange.line for exchange in self._machine.exchanges]
        return {
            "requests": len(lines),
            "writes": sum(line["wrote"] for line in lines),
            "sign_ins": sum(line["path"].startswith("/api/auth/login/") for line in lines),
            "handshakes": self._machine.handshakes,
        }

    def _faults(self, body: Any) -> None:
        """One rule or a list of them; an empty list takes all back."""
        rules = body if isinstance(body, list) else [body]
        if not rules:
            self._machine.faults.clear()
        for rule in rules:
            self._machine.faults.add(**rule)

    def _settings(self, body: Any) -> None:
        self._machine.settings.change(body)
        self._machine.cluster.start()

    def _readings(self, body: Any) -> dict[str, str]:
        """Change the readings named; the answer is all of them."""
        self._machine.read_as(body)
        return self._machine.readings
