# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chosen requests that go wrong."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

KINDS = ("status", "drop", "delay", "truncate", "hang_up", "html", "redirect", "act", "kill")


@dataclass
class Fault:
    """What becomes of matching calls.

    `path` is the path below /api (and the version, where the path has one) or the whole one, exact or with the wildcards
    of fnmatch. The fault hits the `nth`
    matching call and those after it, `times` in all (None: all). `applied` says whether the call is carried out before
    its answer is lost or replaced.

    `do` is one of
    - `status`: answer with `status`, `body` (JSON, or a string as it is) and `headers`;
    - `drop`: close the connection without an answer;
    - `delay`: answer as always, `delay` seconds late;
    - `truncate`: half of the real answer under the full Content-Length; an answer without a body comes whole;
    - `hang_up`: answer as always, then close the connection without having said so;
    - `html`: 200 with a web page, as from a captive portal;
    - `redirect`: 302 to `location`;
    - `act`: call `act` first, then answer as always (only within the process: a second actor);
    - `kill`: end the process at once, before or after the call is carried out (only a process of its own).
    """

    path: str = "*"
    method: str = "*"
    do: str = "status"
    nth: int = 1
    times: int | None = 1
    applied: bool = False
    status: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    location: str = "https://portal.example.com/"
    act: Callable[[], object] | None = None
    seen: int = 0

    def hits(self, method: str, paths: Collection[str]) -> bool:
        """Whether the call, whose path may be written in several ways, is hit; counts it when it matches."""
        if self.method not in ("*", method) or not any(fnmatch.fnmatchcase(each, self.path) for each in paths):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


class Faults:
    """The active rules; the first that hits a call decides."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, **values: Any) -> Fault:
        """Add a rule; an unknown field or kind is a ValueError."""
        known = {each.name for each in fields(Fault)} - {"seen"}
        unknown = set(values) - known
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has: {', '.join(sorted(known))}")
        fault = Fault(**values)
        if fault.do not in KINDS:
            raise ValueError(f"a fault does {', '.join(KINDS)}, not {fault.do!r}")
        if fault.do == "act" and fault.act is None:
            raise ValueError("a fault that acts needs a function")
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def hit(self, method: str, paths: Collection[str]) -> Fault | None:
        """The rule for this call, or None; every matching rule counts the call."""
        with self._lock:
            hits = [rule for rule in self._rules if rule.hits(method, paths)]
        return hits[0] if hits else None
