# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of a product: its operations are called by the table; what needs more than one call is a method."""

from __future__ import annotations

import typing as t

from .operations import READ, OperationTable
from .transport import Transport

READING = "read"  # the word of ``progress`` for objects that are only read


class Client:
    """The calls of one task to a server."""

    connections: int = 1  # calls that may be made in parallel
    batch_size: int = 1  # objects that one call may contain

    def __init__(self, http: Transport) -> None:
        self._http = http
        self.cautions: list[str] = []  # warnings about the connection, for every task
        self.progress: t.Callable[[str, int, int], object] = lambda what, done, total: None

    @property
    def api(self) -> OperationTable:
        """The operations of this server."""
        raise NotImplementedError

    def call(self, operation: str, body: t.Any = None, **how: t.Any) -> t.Any:
        """Call an operation such as ``POST /users/create``, and return its answer; ``how`` is as in OperationTable.call().

        Its retry class shows whether it is a read. Everything else is a write, which check mode refuses.
        """
        request = self.api.call(operation, body, **how)
        return self._http.read(request) if request.kind == READ else self._http.write(request)

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._http.url

    @property
    def wrote(self) -> bool:
        """Whether anything was, or may have been, written."""
        return self._http.writes > 0

    @property
    def secrets(self) -> set[str]:
        """What the answer must not show: the tokens of the calls."""
        return self._http.secrets

    @property
    def throttled(self) -> int:
        """How often the server asked for less."""
        return self._http.throttled

    @property
    def asked(self) -> str:
        """The last call, for sentences."""
        return self._http.asked

    def close(self) -> None:
        """Close what the task opened. Most sessions end by themselves, without a call."""
