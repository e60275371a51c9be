# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own clock: real time plus an offset that tests move."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable


class Clock:
    """Seconds since the epoch; `advance` moves it, it never runs backwards by itself."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds

    def moment(self) -> dt.datetime:
        return moment(self.now())


def moment(seconds: float) -> dt.datetime:
    """An epoch time as a UTC datetime."""
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc)


def iso_seconds(seconds: float) -> str:
    """ISO 8601 in whole seconds, as in log records and VPN clients: 2026-09-09T20:47:29Z."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_microseconds(seconds: float) -> str:
    """ISO 8601 with microseconds, as in `last_restarted`: 2026-09-09T20:47:29.403414Z."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
