# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls side by side: in which order, how many, and what becomes of them when one fails."""

from __future__ import annotations

import threading
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._engine.parallel import AdaptivePool
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import OutcomeUnknown

LONG = 10.0  # seconds until a test that hangs gives up
A_MOMENT = 0.1  # seconds that a job goes on for, in which something wrong could happen


class Jobs:
    """Jobs, by number, that end when the test lets them; what happened to them is recorded."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.at_once: list[int] = []  # how many went on when each began, itself among them
        self.daemons: set[bool] = set()  # of the threads that they were done in
        self._released: set[int] = set()
        self._news = threading.Condition()

    def do(self, job: int) -> None:
        """Run until the test lets the job end."""
        with self._news:
            self.begun.append(job)
            self.at_once.append(len(self.begun) - len(self.ended))
            self.daemons.add(threading.current_thread().daemon)
            self._news.notify_all()
            self._news.wait_for(lambda: job in self._released, LONG)
            self.ended.append(job)
            self._news.notify_all()

    def release(self, *jobs: int) -> None:
        """Let these end, now or as soon as they begin."""
        with self._news:
            self._released.update(jobs)
            self._news.notify_all()

    def have_begun(self, number: int) -> list[int]:
        """The jobs that were started, when there are this many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.begun) >= number, LONG)
            return sorted(self.begun)

    def has_ended(self, job: int) -> None:
        """Wait for it."""
        with self._news:
            assert self._news.wait_for(lambda: job in self.ended, LONG)


class Working:
    """A crew at work, while a test looks on."""

    def __init__(self, crew: AdaptivePool, number: int, do: t.Callable[[int], object]) -> None:
        self.raised: BaseException | None = None
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(crew, number, do), daemon=True)
        self._thread.start()

    def _work(self, crew: AdaptivePool, number: int, do: t.Callable[[int], object]) -> None:
        try:
            crew.work(range(number), do, lambda: None, alone=False)
        except BaseException as exc:
            self.raised = exc
        self.over.set()

    def join(self) -> BaseException | None:
        """What it raised in the end."""
        assert self.over.wait(LONG)
        return self.raised


class Road:
    """A server on which a clock goes by as much as a number of calls side by side takes: ``speeds`` are calls a second."""

    def __init__(self, **speeds: float) -> None:
        self.now = 0.0
        self.widths: list[int] = []
        self._speeds = speeds

    def crew(self, limit: int) -> AdaptivePool:
        return AdaptivePool(limit, lambda: 0, lambda: self.now)

    def work(self, crew: AdaptivePool, number: int) -> list[int]:
        """Widths that the crew had while it did so many jobs, without repetition."""
        self.widths = []

        def reported() -> None:
            self.widths.append(crew.width)
            self.now += 1 / self._speeds[f"at_{crew.width}"]

        crew.work(range(number), lambda job: None, reported, alone=False)
        assert len(self.widths) == number
        return [width for before, width in zip([0, *self.widths], self.widths, strict=False) if width != before]


def crew_of(limit: int, pressed: t.Callable[[], int] = lambda: 0) -> AdaptivePool:
    return AdaptivePool(limit, pressed, lambda: 0.0)


# -- in which order


def test_jobs_begin_in_their_order_and_end_in_any() -> None:
    jobs = Jobs()
    working = Working(crew_of(2), 6, jobs.do)
    assert jobs.have_begun(2) == [0, 1]
    for ends, then in ((1, [0, 1, 2]), (2, [0, 1, 2, 3]), (0, [0, 1, 2, 3, 4]), (4, [0, 1, 2, 3, 4, 5])):
        jobs.release(ends)
        assert jobs.have_begun(len(then)) == then
    jobs.release(*range(6))
    assert working.join() is None
    assert sorted(jobs.ended) == list(range(6))
    assert max(jobs.at_once) == 2


def test_each_finished_job_is_reported_from_the_callers_thread() -> None:
    threads: list[threading.Thread] = []
    crew_of(8).work(range(50), lambda job: None, lambda: threads.append(threading.current_thread()), alone=False)
    assert threads == [threading.current_thread()] * 50


@pytest.mark.parametrize(("limit", "number", "alone"), [(8, 5, True), (1, 5, False), (8, 1, False)])
def test_one_at_a_time_needs_no_threads(limit: int, number: int, alone: bool) -> None:
    seen: list[t.Any] = []

    def do(job: int) -> None:
        seen.append((job, threading.current_thread()))

    crew_of(limit).work(range(number), do, lambda: seen.append("reported"), alone)
    ours = threading.current_thread()
    assert seen == [each for job in range(number) for each in ((job, ours), "reported")]


def test_nothing_to_do_is_done() -> None:
    crew_of(8).work([], pytest.fail, pytest.fail, alone=False)


# -- how many


def test_it_grows_while_that_pays() -> None:
    road = Road(at_2=10, at_4=12, at_8=14)
    assert road.work(road.crew(8), 300) == [2, 4, 8]
    assert road.widths.count(2) == 4 * 2
    assert road.widths.count(4) == 4 * 4


@pytest.mark.parametrize(
    ("speeds", "widths"),
    [
        ({"at_2": 10, "at_4": 10.5, "at_8": 99}, [2, 4, 2]),
        ({"at_2": 10, "at_4": 5, "at_8": 99}, [2, 4, 2]),
        ({"at_2": 10, "at_4": 20, "at_8": 21}, [2, 4, 8, 4]),
    ],
)
def test_it_steps_back_once_and_for_all_where_that_does_not_pay(speeds: dict[str, float], widths: list[int]) -> None:
    road = Road(**speeds)
    crew = road.crew(8)
    assert road.work(crew, 300) == widths
    assert road.work(crew, 300) == widths[-1:]


@pytest.mark.parametrize(("limit", "widths"), [(2, [2]), (3, [2, 3, 2]), (5, [2, 4, 5, 4]), (7, [2, 4, 7, 4])])
def test_it_steps_back_to_where_it_came_from(limit: int, widths: list[int]) -> None:
    road = Road(at_2=10, at_3=10, at_4=20, at_5=20, at_7=20)
    assert road.work(road.crew(limit), 300) == widths


def test_the_limit_is_kept_to() -> None:
    road = Road(at_2=10, at_4=20, at_5=30)
    assert road.work(road.crew(5), 300) == [2, 4, 5]


def test_what_it_learnt_holds_for_the_next_work() -> None:
    road = Road(at_2=10, at_4=20, at_8=40)
    crew = road.crew(8)
    road.work(crew, 300)
    assert road.work(crew, 300) == [8]


def test_under_pressure_it_is_one_at_a_time_from_then_on() -> None:
    jobs, pressure = Jobs(), [0]
    crew = crew_of(8, lambda: sum(pressure))
    working = Working(crew, 6, jobs.do)
    jobs.have_begun(2)
    pressure.append(1)
    jobs.release(0)
    jobs.has_ended(0)
    jobs.release(*range(1, 6))
    assert working.join() is None
    assert jobs.begun[2:] == [2, 3, 4, 5]
    assert jobs.at_once[2:] == [1, 1, 1, 1]
    assert crew.width == 1
    assert jobs_at_once(crew, 40) == 1


def test_pressure_between_two_works_counts_from_the_first_job_on() -> None:
    pressure = [0]
    crew = crew_of(8, lambda: sum(pressure))
    assert jobs_at_once(crew, 40) > 1
    pressure.append(1)
    assert jobs_at_once(crew, 40) == 1


def test_pressure_that_was_there_before_is_none_of_ours() -> None:
    crew = crew_of(8, lambda: 7)
    assert jobs_at_once(crew, 40) > 1


def jobs_at_once(crew: AdaptivePool, number: int) -> int:
    """The largest number of jobs at the same time, each of which waits for a second one, but not for long."""
    lock, company = threading.Lock(), threading.Event()
    going = most = 0

    def do(job: int) -> None:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
            if going > 1:
                company.set()
        if job < 2:
            company.wait(A_MOMENT)
        with lock:
            going -= 1

    crew.work(range(number), do, lambda: None, alone=False)
    return most


# -- when one fails


def test_the_first_failure_keeps_others_from_being_begun_and_waits_for_those_that_are() -> None:
    jobs, reported = Jobs(), []

    def do(job: int) -> None:
        jobs.do(job)
        if job == 1:
            raise ValueError("1 failed")
        working.over.wait(A_MOMENT)  # if this job is not waited for, the work is over now
        reported.append(working.over.is_set())

    working = Working(crew_of(2), 10, do)
    jobs.have_begun(2)
    jobs.release(1)
    jobs.has_ended(1)
    jobs.release(*range(10))
    assert str(working.join()) == "1 failed"
    assert reported == [False]
    assert sorted(jobs.begun) == [0, 1]


@pytest.mark.parametrize(("ends_first", "ends_last"), [(0, 1), (1, 0)])
def test_of_several_failures_that_of_the_earliest_job_is_raised(ends_first: int, ends_last: int) -> None:
    jobs = Jobs()

    def do(job: int) -> None:
        jobs.do(job)
        raise ValueError(f"{job} failed")

    working = Working(crew_of(2), 10, do)
    jobs.have_begun(2)
    jobs.release(ends_first)
    jobs.has_ended(ends_first)
    jobs.release(ends_last)
    assert str(working.join()) == "0 failed"
    assert sorted(jobs.begun) == [0, 1]


def test_a_lost_answer_does_not_hide_what_stops_the_task() -> None:
    """A task whose answer was lost looks, and goes on; one that the server refuses to serve must not."""
    failures = [OutcomeUnknown("0 lost"), OSError("1 failed")]
    meet = threading.Barrier(2)

    def do(job: int) -> None:
        meet.wait(LONG)
        raise failures[job]

    with pytest.raises(OSError, match="1 failed"):
        crew_of(2).work(range(2), do, lambda: None, alone=False)
    with pytest.raises(OutcomeUnknown, match="0 lost"):
        crew_of(2).work([0, 0], do, lambda: None, alone=False)


def test_one_at_a_time_the_first_failure_ends_it() -> None:
    begun: list[int] = []

    def do(job: int) -> None:
        begun.append(job)
        if job == 1:
            raise ValueError("1 failed")

    with pytest.raises(ValueError, match="1 failed"):
        crew_of(1).work(range(4), do, lambda: None, alone=False)
    assert begun == [0, 1]


def test_a_job_that_ends_its_thread_is_a_failure_as_well() -> None:
    def do(job: int) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        crew_of(4).work(range(4), do, lambda: None, alone=False)


def test_the_report_of_a_job_may_fail_too() -> None:
    jobs = Jobs()
    jobs.release(*range(10))

    def reported() -> None:
        raise ValueError("cannot say it")

    with pytest.raises(ValueError, match="cannot say it"):
        crew_of(2).work(range(10), jobs.do, reported, alone=False)
    assert sorted(jobs.begun) == sorted(jobs.ended) == [0, 1]


class CutOff(BaseException):
    """What Ansible's time limit raises in the thread that the task runs in."""


def test_a_caller_that_is_cut_off_neither_waits_nor_begins_more() -> None:
    jobs = Jobs()
    jobs.release(1)

    def reported() -> None:
        raise CutOff

    with pytest.raises(CutOff):
        crew_of(2).work(range(10), jobs.do, reported, alone=False)
    assert jobs.ended == [1]
    jobs.release(*range(10))
    jobs.has_ended(0)
    assert sorted(jobs.begun) == [0, 1]


def test_no_process_waits_for_a_job_in_order_to_end() -> None:
    """A server that keeps silent would hold Ansible's worker, and the host's next task, as long as it likes."""
    jobs = Jobs()
    jobs.release(*range(8))
    crew_of(4).work(range(8), jobs.do, lambda: None, alone=False)
    assert jobs.daemons == {True}


def test_no_thread_is_left_behind() -> None:
    before = set(threading.enumerate())
    crew_of(8).work(range(40), lambda job: None, lambda: None, alone=False)
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
    assert set(threading.enumerate()) <= before
