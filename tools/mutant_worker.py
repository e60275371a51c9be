# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests against mutants, in processes that have collected the tests already.

usage: mutant_worker.py [--replace MODULE SOURCE] PROFILE PATH...

pytest collects the tests of the paths once. Then each line of the standard input is a job, a JSON object, and each line of
the standard output its result. A job runs in a fork of this process, which is killed with its children when a test takes
too long. No file of the checkout changes.

A job's ``file``, ``old`` and ``new`` replace the code of those functions of a module that differ between the two sources.
What runs when a module is imported needs another worker: ``--replace`` imports a module from another source (a file).

Jobs have ``tests``, in this order: IDs, or names of functions for all of their cases, in turns. They have ``seconds``, after
which no test begins, and ``hangs``, the seconds for one test. Both are seconds of the processor, which other programs do not
change; a test that only waits may take WAITS times as long.

Results have ``outcome``: "killed" by ``test``; "timed out" in it; "survived" with as many tests as ``ran``; or "unfit",
where the change cannot be made in a process that has imported the module.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import inspect
import itertools
import json
import math
import os
import resource
import select
import signal
import sys
import time
import types
import typing as t
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAITS = 20
Job = dict[str, t.Any]
Result = dict[str, t.Any]


class Unfit(Exception):
    """The change cannot be made after the import."""


def changed_functions(old: types.CodeType, new: types.CodeType) -> Iterator[tuple[types.CodeType, types.CodeType]]:
    """The functions in two compiled modules that differ, the outer ones before those in them.

    Raises Unfit if something differs that runs at import: a class, a default value, a decorator.
    """
    parts = [[each for each in code.co_consts if isinstance(each, types.CodeType)] for code in (old, new)]
    names = [[part.co_qualname for part in each] for each in parts]
    is_function = bool(old.co_flags & inspect.CO_NEWLOCALS) and bool(old.co_flags & inspect.CO_OPTIMIZED)
    if is_function:
        if old != new:
            if old.co_freevars != new.co_freevars:
                raise Unfit
            yield old, new
    elif names[0] != names[1] or _without_parts(old) != _without_parts(new):
        raise Unfit
    if names[0] == names[1]:
        for before, after in zip(*parts, strict=True):
            yield from changed_functions(before, after)


def _without_parts(code: types.CodeType) -> types.CodeType:
    """Code without the functions and classes in it, and without columns, which depend on them."""
    consts = tuple(None if isinstance(one, types.CodeType) else one for one in code.co_consts)
    return code.replace(co_consts=consts, co_linetable=b"")


def live_functions() -> dict[str, list[types.FunctionType]]:
    """The functions of this process, by the file that defines them."""
    by_name: dict[str, list[types.FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, types.FunctionType):
            by_name.setdefault(each.__code__.co_filename, []).append(each)
    found: dict[str, list[types.FunctionType]] = {}
    for name, functions in by_name.items():
        found.setdefault(os.path.realpath(name), []).extend(functions)
    return found


def swap(job: Job, functions: t.Mapping[str, list[types.FunctionType]]) -> None:
    """Give the functions of a module the code of the mutant."""
    path = os.path.realpath(ROOT / job["file"])
    live = functions.get(path, [])
    pairs = list(changed_functions(*(compile(job[which], path, "exec", dont_inherit=True) for which in ("old", "new"))))
    for old, new in pairs:
        for function in live:
            if function.__code__ == old:
                function.__code__ = new
    if not pairs or not live:
        raise Unfit


class Worker:
    """A plugin of pytest that runs jobs instead of all the tests."""

    def __init__(self, jobs: t.IO[str], results: t.IO[str], replaced: tuple[str, str] | None) -> None:
        self._jobs, self._results, self._replaced = jobs, results, replaced
        self._failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """All importers that come before this one exist now."""
        if self._replaced:
            name, path = self._replaced
            if name in sys.modules:
                raise RuntimeError(f"{name} was imported too early to be replaced")
            sys.meta_path.insert(0, OtherSource(name, path))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            for name in dict.fromkeys((item.nodeid, item.nodeid.partition("[")[0])):
                items.setdefault(name, []).append(item)
        functions = live_functions()
        gc.freeze()  # the forks share this memory
        for line in self._jobs:
            job = json.loads(line)
            if session.testsfailed:  # while the tests were collected
                result: Result = {"outcome": "killed", "test": "the import", "ran": 0}
            else:
                result = self._apart(job, items, functions)
            self._results.write(json.dumps(result) + "\n")
            self._results.flush()
        return True

    def _apart(
        self, job: Job, items: t.Mapping[str, list[pytest.Item]], functions: t.Mapping[str, list[types.FunctionType]]
    ) -> Result:
        """Do a job in a fork."""
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            os.setsid()
            os.close(reading)
            try:
                with open(writing, "w", buffering=1) as notes:
                    self._work(job, items, functions, notes)
            finally:
                os._exit(0)  # for every exception of the mutant: the last note shows its progress
        os.close(writing)
        result = _result(reading, job)
        os.close(reading)
        for kill in (os.killpg, os.kill):  # its group, and itself if it has not created one yet
            with contextlib.suppress(ProcessLookupError):
                kill(process, signal.SIGKILL)
        _process, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            result["outcome"] = "timed out"
        return result

    def _work(
        self,
        job: Job,
        items: t.Mapping[str, list[pytest.Item]],
        functions: t.Mapping[str, list[types.FunctionType]],
        notes: t.TextIO,
    ) -> None:
        if "file" in job:
            try:
                swap(job, functions)
            except Unfit:
                notes.write("unfit\n")
                return
        end = time.monotonic() + WAITS * job["seconds"]
        turns = itertools.zip_longest(*(items.get(name, []) for name in job["tests"]))
        tests = [item for turn in turns for item in turn if item]
        for number, test in enumerate(tests):
            used = time.process_time()
            if used > job["seconds"] or time.monotonic() > end:
                break
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + job["hangs"]), resource.RLIM_INFINITY))
            notes.write(f"test {test.nodeid}\n")
            following = tests[number + 1] if number + 1 < len(tests) else None
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if self._failed:
                notes.write("killed\n")
                return
        notes.write("survived\n")


def _result(reading: int, job: Job) -> Result:
    """The result in the notes of a fork. A fork that ends without a last note was killed by its test, such as by an exit."""
    noted, begun, test = b"", 0, None
    outcome = "killed"
    while True:
        ready, _unused, _unused = select.select([reading], [], [], WAITS * job["hangs"])
        part = os.read(reading, 65536) if ready else b""
        if not part:
            outcome = outcome if ready else "timed out"
            break
        noted += part
        *lines, noted = noted.split(b"\n")
        for line in lines:
            word, _space, rest = line.decode().partition(" ")
            if word != "test":
                return {"outcome": word, "test": test if word == "killed" else None, "ran": begun}
            begun, test = begun + 1, rest
    return {"outcome": outcome, "test": test, "ran": begun}


class OtherSource:
    """An importer that takes one module from another source; the module does not notice."""

    def __init__(self, name: str, path: str) -> None:
        self._name, self._source = name, Path(path).read_text()

    def find_spec(self, name: str, path: t.Any = None, target: t.Any = None) -> t.Any:
        """The specification of the next importer, with other code."""
        if name != self._name:
            return None
        sys.meta_path.remove(t.cast("t.Any", self))
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        code = compile(self._source, spec.origin, "exec", dont_inherit=True)
        t.cast("t.Any", spec.loader).get_code = lambda fullname: code
        return spec


def main(arguments: Sequence[str]) -> int:
    replaced = None
    if arguments[0] == "--replace":
        replaced = (arguments[1], arguments[2])
        arguments = arguments[3:]
    profile, *paths = arguments
    jobs, results = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    options = ["-q", f"--hypothesis-profile={profile}", *paths]
    return int(pytest.main(options, plugins=[Worker(jobs, results, replaced)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
