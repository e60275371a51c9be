# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine asks of the client of every product."""

from __future__ import annotations

import typing as t

from .._net.transport import Transport

READ = "read"  # what happens to objects that are only looked at, for ``progress``


class Client:
    """Calls of a product's API are methods of a subclass. This much is known of each of them (see Product)."""

    connections: int = 1  # calls that may be made side by side
    batch_size: int = 1  # objects that one call may carry

    def __init__(self, http: Transport) -> None:
        self._http = http
        self.cautions: list[str] = []  # what the user should hear whatever the task does
        self.progress: t.Callable[[str, int, int], object] = lambda said, done, total: None

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._http.url

    @property
    def wrote(self) -> bool:
        """Whether anything was, or may have been, written."""
        return self._http.writes > 0

    @property
    def throttled(self) -> int:
        """How often the server asked for less."""
        return self._http.throttled

    @property
    def asked(self) -> str:
        """The last call, for sentences."""
        return self._http.asked

    def close(self) -> None:
        """The task has ended. Most sessions end by themselves, and nobody is told."""
