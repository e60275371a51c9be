# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints below /_simulator/: no token, never in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from .answers import Answer
from .machine import SimulatedMachine


class Control:
    """GET log, counts, state; POST reset, faults, clock, readings, settings, and what a kind of server adds."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (KeyError, TypeError, ValueError)
    """The answer to a request that makes no sense."""

    def __init__(self, machine: SimulatedMachine) -> None:
        self._machine = machine
        self.operations: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "log"): lambda _: [exchange.line for exchange in machine.exchanges],
            ("GET", "counts"): lambda _: self._counts(),
            ("GET", "state"): lambda _: machine.state(),
            ("POST", "reset"): lambda _: machine.reset(),
            ("POST", "faults"): self._faults,
            ("POST", "clock"): lambda body: machine.clock.advance(float(body["advance"])),
            ("POST", "readings"): self._readings,
            ("POST", "settings"): machine.change_settings,
        }

    def answer(self, method: str, path: str, text: bytes) -> Answer:
        operation = self.operations.get((method, path))
        if operation is None:
            return Answer(404, {"detail": "Not Found"})
        try:
            with self._machine.lock:
                return Answer(200, operation(json.loads(text) if text else {}))
        except self.refusals as error:
            return Answer(400, {"reason": f"{type(error).__name__}: {error}"})

    def is_sign_in(self, line: dict[str, Any]) -> bool:
        """Whether a line of the log is an attempt to sign in."""
        raise NotImplementedError

    def _counts(self) -> dict[str, int]:
        """How often the server was asked, wrote, was asked to sign a user in, and shook hands: with who asks here too."""
        lines = [exchange.line for exchange in self._machine.exchanges]
        return {
            "requests": len(lines),
            "writes": sum(line["wrote"] for line in lines),
            "sign_ins": sum(self.is_sign_in(line) for line in lines),
            "handshakes": self._machine.handshakes,
        }

    def _faults(self, body: Any) -> None:
        """One rule or a list of them; an empty list takes all back."""
        rules = body if isinstance(body, list) else [body]
        if not rules:
            self._machine.faults.clear()
        for rule in rules:
            self._machine.faults.add(**rule)

    def _readings(self, body: Any) -> dict[str, str]:
        """Change the readings named; the answer is all of them."""
        self._machine.read_as(body)
        return self._machine.readings
