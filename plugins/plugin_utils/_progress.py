# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long task says while it works."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._net.client import READING

MANY = 200  # objects; a task with fewer ends before a user wonders, unless it takes LONG
LONG = 10.0  # seconds; no user wonders before that about a task that only reads
PAUSE = 2.0  # seconds between two lines at least


class Progress:
    """Says ``as_user: 2,300 of 10,000 created, 41 s left`` now and then, and nothing of short tasks."""

    def __init__(
        self, name: str, say: t.Callable[[str], object], clock: t.Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._say, self._clock = name, say, clock
        self._began = self._spoke = clock()
        self._stage_began = self._began

    def __call__(self, said: str, done: int, total: int) -> None:
        """``done`` of ``total`` objects were, for instance, ``created``; with none done, that begins."""
        now = self._clock()
        if done == 0:
            self._stage_began = now
        patient = said == READING or total <= MANY
        if done in (0, total) or now - self._spoke < PAUSE or (patient and now - self._began < LONG):
            return
        self._spoke = now
        left = (now - self._stage_began) / done * (total - done)
        self._say(f"{self._name}: {done:,} of {total:,} {said}, {left:,.0f} s left")
