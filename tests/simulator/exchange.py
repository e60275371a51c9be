# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came in and what went out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    `status` is what the client got, 0 when it got nothing. `wrote`: state changed, or a writing operation was accepted,
    whatever became of the answer. `operation` is the operationId of the contract, None for an unknown path. `request`
    and `response` are parsed JSON (text where it is not JSON, None where there is none); the token header is redacted.
    `remark` says what the server had against a request, where its answer does not.
    """

    method: str
    path: str
    status: int
    wrote: bool
    operation: str | None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    request: Any = None
    response: Any = None
    fault: str | None = None
    remark: str = ""

    @property
    def line(self) -> dict[str, Any]:
        """The exchange without its contents, as the log of the control endpoints shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "wrote": self.wrote,
            "operation": self.operation,
            **({"remark": self.remark} if self.remark else {}),
        }
