# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation of an Access Server is asked, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Refusal, Request
from ..shapes import problems

if TYPE_CHECKING:
    from .auth import Token


@dataclass
class Call(Request):
    """One request to one operation, after routing; `token` is None where the operation needs none."""

    node: str | None = None
    service: str = ""
    """Who asks for a sign-in, as the log calls it; "" is the web."""
    token: Token | None = None


def refused(status: int, reason: str) -> Refusal:
    """An application error: {"reason": text} (server behaviour, 6)."""
    return Refusal(status, {"reason": reason})


def invalid(detail: dict[str, str], reason: str = "Request failed", keep: bool = False) -> Refusal:
    """A validation error: 400 with a text for each offending field (server behaviour, 6)."""
    return Refusal(400, {"reason": reason, "detail": detail}, keep=keep)


def checked(value: Any, shape: Any) -> Any:
    """`value` if it has the shape, otherwise a 400 that names each offending field."""
    found = dict(problems(value, shape))
    if found:
        raise invalid({path.removeprefix("body."): text for path, text in found.items()})
    return value
