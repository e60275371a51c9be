# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is repeated, when, and how often: depends on the retry class of a call and on its result."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
import typing as t
from email.utils import parsedate_to_datetime

from .operations import CONTROL, MAKES_NEW, NAMED, READ, SET, SIGN_IN, Call

ATTEMPTS = 3
RETRY_BUDGET = 20  # repeats in one task, however many calls it makes
LONGEST_WAIT = 8.0  # seconds between two attempts
BREAK_AFTER = 5  # attempts in a row without an answer, after which nothing is sent to a server
BREAK = 2.0  # seconds for which nothing is sent to it; one attempt follows
LONGEST_HEADER = 200  # characters of a Retry-After header that are read


class Breaker:
    """Stops requests to a server that does not answer, so that not every object of a task, or of a loop, waits for it."""

    def __init__(self) -> None:
        self._failures, self._counted, self._until = 0, 0.0, 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether nothing is to be sent to the server."""
        return self._failures >= BREAK_AFTER and time.monotonic() < self._until

    def failed(self, started: float) -> None:
        """An attempt that started at this time had no answer. Parallel attempts count as one: one event can lose them all."""
        with self._lock:
            now = time.monotonic()
            if started >= self._counted:
                self._failures, self._counted = self._failures + 1, now
            self._until = now + BREAK

    def answered(self) -> None:
        """There was an answer, of any status."""
        self._failures = 0


class TimeLeft:
    """How many ``seconds`` a call may still take. Only time within its blocks counts, not the sign-in for the call."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *unused: object) -> None:
        self.seconds -= time.monotonic() - self._since


class Retries:
    """What a task may still repeat. Nothing is sent to the server while its breaker is open."""

    def __init__(self, breaker: Breaker, longest_delay: float) -> None:
        self._breaker, self._longest_delay = breaker, longest_delay
        self._budget = RETRY_BUDGET

    def after_answer(
        self, call: Call, status: int, retry_after: t.Optional[str], attempt: int, time_left: TimeLeft
    ) -> bool:
        """Wait and return True where this status lets the call be repeated. ``retry_after`` is the answer's header."""
        if status == 500 and call.kind == READ:
            return attempt == 1 and self.after_failure(attempt, time_left)
        repeats = {READ: (429, 502, 503, 504), SET: (429, 503), NAMED: (429, 503), MAKES_NEW: (429,), CONTROL: ()}
        if call.kind == SIGN_IN:
            return status in (429, 503) and attempt == 1 and self.after_failure(attempt, time_left, retry_after)
        return status in repeats[call.kind] and self.after_failure(attempt, time_left, retry_after)

    def after_failure(self, attempt: int, time_left: TimeLeft, retry_after: t.Optional[str] = None) -> bool:
        """Wait and return True where a repeatable call is to be repeated; its last attempt is number ``attempt``."""
        if attempt >= ATTEMPTS or self._budget <= 0 or self._breaker.is_open or time_left.seconds <= 0:
            return False
        longest = min(LONGEST_WAIT, 0.5 * 2**attempt, time_left.seconds / 2)
        wait = random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
        asked = _seconds(retry_after)
        if asked is not None:
            if asked > min(self._longest_delay, time_left.seconds):
                return False
            wait = asked
        self._budget -= 1
        with time_left:
            time.sleep(wait)
        return True


def _seconds(retry_after: t.Optional[str]) -> t.Optional[float]:
    """The seconds that a Retry-After header asks for; None where it is neither a number nor a date."""
    text = (retry_after or "")[:LONGEST_HEADER]
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    with contextlib.suppress(TypeError, ValueError, LookupError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None
