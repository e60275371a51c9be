# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auth import Token


@dataclass
class Call:
    """One request to one operation, after routing; `token` is None where the operation needs none."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    node: str | None = None
    address: str = "127.0.0.1"
    token: Token | None = None


@dataclass
class Answer:
    """Status and JSON body; a body of None is sent as no bytes at all (server-behaviour.md, 9).

    `wrote` False says that an operation that normally writes did not (a dry run).
    """

    status: int = 200
    body: Any = None
    wrote: bool = True


class Refusal(Exception):
    """An answer that ends the operation and takes back what it had changed, unless `keep` is set."""

    def __init__(self, status: int, body: Any, keep: bool = False) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.keep = keep


def refused(status: int, reason: str) -> Refusal:
    """An application error: {"reason": text} (server-behaviour.md, 6)."""
    return Refusal(status, {"reason": reason})


def invalid(detail: dict[str, str], reason: str = "Request failed", keep: bool = False) -> Refusal:
    """A validation error: 400 with a text for each offending field (server-behaviour.md, 6)."""
    return Refusal(400, {"reason": reason, "detail": detail}, keep=keep)
