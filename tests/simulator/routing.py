# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation a request is meant for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from .answers import Answer


@dataclass(frozen=True)
class Route:
    """One operation: `path` is below `base`; what `access` may be is the server's matter.

    `act` takes the server's kind of request.
    """

    method: str
    path: str
    operation: str
    act: Callable[[Any], Answer]
    access: str = "admin"
    writes: bool = False
    query: tuple[str, ...] = ()
    base: str = "/api"


@dataclass
class Routes:
    """Finds the operation of a request."""

    routes: list[Route]
    _patterns: list[tuple[re.Pattern[str], Route]] = field(default_factory=list)

    @cached_property
    def _fixed(self) -> dict[tuple[str, str], Route]:
        return {(route.method, route.base + route.path): route for route in self.routes if "{" not in route.path}

    def __post_init__(self) -> None:
        for route in self.routes:
            if "{" in route.path:
                path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.base + route.path)
                self._patterns.append((re.compile(path), route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its path parameters."""
        fixed = self._fixed.get((method, path))
        if fixed:
            return fixed, {}
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path) if route.method == method else None
            if found:
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that the path has."""
        return [method for method in ("GET", "HEAD", "POST", "PUT", "DELETE") if self.find(method, path)]
