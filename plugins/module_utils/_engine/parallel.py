# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parallel calls: as many as make the task faster, and one at a time as soon as the server asks for less."""

from __future__ import annotations

import collections
import queue
import threading
import time
import typing as t

from .._text.errors import OutcomeUnknown

Job = t.TypeVar("Job")

FIRST_WIDTH = 2  # parallel calls at the start
ROUND = 4  # calls of each thread between two looks at the pace
GAIN = 1.1  # how much faster a larger pool has to be to stay


class AdaptivePool:
    """Threads that make calls. It lives as long as a task, so that what it has learnt about the server is kept.

    ``limit`` is the largest number of calls at the same time; ``throttled`` returns how often the server asked for less.
    """

    def __init__(
        self, limit: int, throttled: t.Callable[[], int], clock: t.Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._throttled, self._clock = limit, throttled, clock
        self._known_throttling = throttled()
        self._growing = True
        self.width = self._narrower = min(FIRST_WIDTH, limit)

    def work(
        self, jobs: t.Sequence[Job], do: t.Callable[[Job], object], on_done: t.Callable[[], object], alone: bool
    ) -> None:
        """Do each job once, started in their order; ``on_done`` is called, from here, after each that is done.

        ``alone`` allows only one at a time.

        After the first exception no more jobs are started. It is raised when the running ones have ended; of several, that of
        the earliest job, but one that can be settled gives way to one that cannot. If the caller is interrupted, for example
        by a time limit, no job is waited for.
        """
        if alone or self._limit == 1 or len(jobs) == 1:
            for job in jobs:
                do(job)
                on_done()
            return
        threads = _Threads(do)
        try:
            self._share_out(jobs, threads, on_done)
        finally:
            threads.release()

    def _share_out(self, jobs: t.Sequence[Job], threads: _Threads[Job], on_done: t.Callable[[], object]) -> None:
        waiting = collections.deque(enumerate(jobs))
        failures: dict[int, BaseException] = {}
        pace, done, since = 0.0, 0, self._clock()
        while True:
            if self._throttled() != self._known_throttling:
                self.width, self._growing = 1, False
            elif self._growing and done >= ROUND * self.width:
                pace, done, since = self._grown(pace, done / max(self._clock() - since, 1e-9)), 0, self._clock()
            while waiting and not failures and threads.busy < self.width:
                threads.take(*waiting.popleft())
            if not threads.busy:
                break
            number, failure = threads.ended()
            done += 1
            if failure is None:
                try:
                    on_done()
                except Exception as exc:
                    failure = exc
            if failure is not None:
                failures[number] = failure
        if failures:
            raise failures[min(failures, key=lambda number: (isinstance(failures[number], OutcomeUnknown), number))]

    def _grown(self, before: float, pace: float) -> float:
        """Twice as many threads while that pays; returns the pace to compare with."""
        if pace >= before * GAIN:
            self._growing = self.width < self._limit
            self._narrower, self.width = self.width, min(self._limit, 2 * self.width)
        else:
            self.width, self._growing = self._narrower, False
        return pace


class _Threads(t.Generic[Job]):
    """Threads that do jobs. A process does not wait for them before it ends, so a server that does not answer cannot hold it."""

    def __init__(self, do: t.Callable[[Job], object]) -> None:
        self._do = do
        self._given: queue.SimpleQueue[t.Optional[tuple[int, Job]]] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[tuple[int, t.Optional[BaseException]]] = queue.SimpleQueue()
        self._number = self.busy = 0

    def take(self, number: int, job: Job) -> None:
        """Start a job, in a thread that has none."""
        if self.busy == self._number:
            threading.Thread(target=self._work, name="vpn.estate", daemon=True).start()
            self._number += 1
        self.busy += 1
        self._given.put((number, job))

    def ended(self) -> tuple[int, t.Optional[BaseException]]:
        """Wait for a job to end: its number, and what it failed with."""
        one = self._ended.get()
        self.busy -= 1
        return one

    def release(self) -> None:
        """End each thread as soon as it has no job."""
        for _unused in range(self._number):
            self._given.put(None)

    def _work(self) -> None:
        while True:
            given = self._given.get()
            if given is None:
                return
            number, job = given
            failure: t.Optional[BaseException] = None
            try:
                self._do(job)
            except BaseException as exc:  # otherwise its end would not be noticed
                failure = exc
            self._ended.put((number, failure))
