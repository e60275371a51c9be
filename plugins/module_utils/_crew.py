# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls side by side: as many as the server gains from, one at a time as soon as it asks for less."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

Job = t.TypeVar("Job")

FIRST_WIDTH = 2  # calls side by side to begin with
ROUND = 4  # calls of each hand between two looks at the pace
GAIN = 1.1  # how much faster a doubled crew has to be to stay


class Crew:
    """Hands that make calls. Lives as long as a task, so that what it learnt of the server is kept.

    ``limit`` is the largest number of calls at the same time; ``pressed`` answers how often the server asked for less.
    """

    def __init__(self, limit: int, pressed: t.Callable[[], int], clock: t.Callable[[], float] = time.monotonic) -> None:
        self._limit, self._pressed, self._clock = limit, pressed, clock
        self._known_pressure = pressed()
        self._growing = True
        self.width = min(FIRST_WIDTH, limit)

    def work(
        self, jobs: t.Sequence[Job], do: t.Callable[[Job], object], told: t.Callable[[], object], alone: bool
    ) -> None:
        """Do each job once, beginning in their order; ``told`` is called, from here, after each that is done.

        ``alone`` allows one at a time only.

        The first exception keeps the jobs that nobody has begun from being begun, and is raised when the others have
        ended. Of several, that of the earliest job is.
        """
        if alone or self._limit == 1 or len(jobs) == 1:
            for job in jobs:
                do(job)
                told()
            return
        with _Hands(self._limit) as hands:
            self._share_out(jobs, do, told, hands)

    def _share_out(
        self,
        jobs: t.Sequence[Job],
        do: t.Callable[[Job], object],
        told: t.Callable[[], object],
        hands: ThreadPoolExecutor,
    ) -> None:
        waiting, begun = iter(enumerate(jobs)), {}  # type: ignore[var-annotated]
        failures: dict[int, BaseException] = {}
        pace, done, since = 0.0, 0, self._clock()
        while True:
            while not failures and len(begun) < self.width:
                number, job = next(waiting, (None, None))
                if number is None:
                    break
                begun[hands.submit(do, job)] = number  # type: ignore[arg-type]
            if not begun:
                break
            ended: set[Future[object]]
            ended, _going = wait(begun, return_when=FIRST_COMPLETED)
            for one in ended:
                number, failure = begun.pop(one), one.exception()
                if failure:
                    failures[number] = failure
                else:
                    told()
            done += len(ended)
            if self._pressed() != self._known_pressure:
                self.width, self._growing = 1, False
            elif self._growing and done >= ROUND * self.width:
                pace, done, since = self._grown(pace, done / max(self._clock() - since, 1e-9)), 0, self._clock()
        if failures:
            raise failures[min(failures)]

    def _grown(self, before: float, pace: float) -> float:
        """Twice as many hands while that pays; answers the pace to compare with."""
        if pace >= before * GAIN:
            if self.width == self._limit:
                self._growing = False
            self.width = min(self._limit, 2 * self.width)
        else:
            self.width, self._growing = max(1, self.width // 2), False
        return pace


class _Hands(ThreadPoolExecutor):
    """Threads that nobody waits for when the task is cut off, as by its time limit."""

    def __exit__(self, kind: t.Optional[type[BaseException]], *rest: t.Any) -> t.Literal[False]:
        cut_off = kind is not None and not issubclass(kind, Exception)
        self.shutdown(wait=not cut_off, cancel_futures=True)
        return False
