# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the code in many places, one at a time, and count the changes that the unit tests find.

usage: mutants.py [--area NAME]... [--number N] [--seed SEED] [--exhaustive] [--minutes N] [--tests PATH]...

The unit tests that run the line of a mutant and start no process run against it, the fastest first, until one fails. That is the
short test (`make test`). With --exhaustive, the additional cases of the long test (`make test-all`) run against the survivors: ten
times as many generated examples, and the tests that are marked so. All files are below .cache/mutants: report.txt and
report.json, and data that two runs on the same code share, such as which test runs which line.

Killed: a test failed, or nothing could be imported. Timed out: a test took much longer than without the mutant. Survived: all
of its tests passed, or those that fitted into the time for one mutant. Not covered: no such test runs the line.
"""

from __future__ import annotations

import argparse
import ast
import collections
import dataclasses
import hashlib
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from collection_tree import checkout
from mutant_worker import WAITS, Result
from mutations import AREAS, ROOT, Mutant

CACHE = ROOT / ".cache/mutants"
TESTS = "tests/unit"
COLLECTION = "ansible_collections.vpn.estate"
TEST_HELPERS = f"{COLLECTION}.tests.unit."
USUAL, EXHAUSTIVE = "usual", "exhaustive"

# Seconds of the processor, so that other programs do not change verdicts.
SECONDS = 10  # in which tests start, for one mutant
LONG_SECONDS = 120  # the same with ten times as many examples, if there is enough time
HANGS = 10  # how many times as long as its neighbours a test may take
HANGS_FLOOR = 10  # seconds that every test may take
PATIENCE = 24 * 60 * 60  # real seconds for a job; a worker ends what hangs long before
OUTCOMES = ("killed", "timed out", "survived", "not covered", "not run")


@dataclasses.dataclass(frozen=True)
class Test:
    """A test that starts no process: its ID, its time without a mutant, and whether the long test has more cases of it."""

    name: str
    seconds: float
    more: bool  # generated examples, a size of its own, or left to the long test
    left: bool  # to the long test

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]

    @property
    def function(self) -> str:
        return self.name.partition("[")[0]


class Coverage:
    """Which tests run which lines."""

    def __init__(self, tests: Mapping[str, Test], lines: Mapping[str, Mapping[int, set[str]]]) -> None:
        self._tests = tests
        self._lines = lines  # by file; the import has a name that is not a test's

    @property
    def tests(self) -> list[Test]:
        return list(self._tests.values())

    def leave_out(self, names: set[str]) -> None:
        """Do not use these tests any more."""
        self._tests = {name: test for name, test in self._tests.items() if name not in names}

    def at_import(self, mutant: Mutant) -> bool:
        """Whether the line runs when the module is imported or the tests are collected."""
        return any("" in self._lines.get(mutant.file, {}).get(line, ()) for line in self._places(mutant))

    def of(self, mutant: Mutant) -> list[Test]:
        """The tests that may notice a mutant, in the order in which to run them.

        What an import runs may matter to each test that runs a line of the module or whose file imports it.
        """
        lines = self._lines.get(mutant.file, {})
        if self.at_import(mutant):
            names = set().union(*lines.values())
            names |= {test.name for test in self.tests if module_of(mutant.file) in imports(test.file)}
        else:
            names = set().union(*(lines.get(line, set()) for line in self._places(mutant)))
        return in_order(self._tests[name] for name in names if name in self._tests)

    def _places(self, mutant: Mutant) -> list[int]:
        """The line of a mutant, or where no test runs that line by itself, the lines of its statement."""
        if self._lines.get(mutant.file, {}).get(mutant.line):
            return [mutant.line]
        return statement_at((ROOT / mutant.file).read_text(), mutant.line)


def statement_at(source: str, line: int) -> list[int]:
    """The lines of the smallest statement that has a line; of one with a body, those of its head."""
    found = [line]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else t.cast(int, node.end_lineno)
            if node.lineno <= line <= end:
                found = [*range(node.lineno, end + 1)]  # the walk goes from the outer ones to the inner ones
    return found


def module_of(file: str) -> str:
    return f"{COLLECTION}.{file.removesuffix('.py').replace('/', '.')}"


_imports: dict[str, set[str]] = {}


def imports(file: str) -> set[str]:
    """The modules that a file of tests names in its imports."""
    if file not in _imports:
        found = set()
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        _imports[file] = found
    return _imports[file]


def has_sizes(file: str) -> bool:
    """Whether a file of tests has more in the long test: it imports sizes.py, itself or by another file of the tests."""
    helpers = [
        f"{name.removeprefix(COLLECTION + '.').replace('.', '/')}.py" for name in imports(file) if TEST_HELPERS in name
    ]
    return any(name.endswith("/sizes.py") or has_sizes(name) for name in helpers if (ROOT / name).exists())


def in_order(tests: Iterable[Test]) -> list[Test]:
    """The fastest first, but each further case of a test counts as slower, because a similar case finds less."""
    cases: collections.Counter[str] = collections.Counter()
    ranked = []
    for test in sorted(tests, key=lambda test: (test.seconds, test.name)):
        cases[test.function] += 1
        ranked.append((cases[test.function] * (test.seconds + 0.01), test.name, test))
    return [test for _cost, _name, test in sorted(ranked, key=lambda each: each[:2])]


def fitting(tests: Sequence[Test], seconds: float) -> list[Test]:
    """The first of the tests that start within this time: the files of the others do not have to be collected."""
    begin = itertools.accumulate((test.seconds for test in tests), initial=0.0)
    return [test for test, at in zip(tests, begin, strict=False) if at <= seconds]


# -- data that runs share


def digest(folders: Sequence[str], tools: Sequence[str], *more: str) -> str:
    """A name for the present state of these folders and tools."""
    parts = hashlib.sha256(" ".join(more).encode())
    files = ("conftest.py", "pyproject.toml", "requirements-dev.lock", "requirements-mutants.lock")
    for path in sorted(checkout()):
        if path.parts[0] in (*folders, *files) or str(path) in (f"tools/{tool}.py" for tool in tools):
            parts.update(f"{path}\0".encode() + (ROOT / path).read_bytes())
    return parts.hexdigest()[:16]


def kept(name: str, make: t.Callable[[Path], object]) -> Path:
    """A file below .cache/mutants. If it is missing, it is created, and files of older code are removed."""
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        kind = name.split("-")[0]
        for old in CACHE.glob(f"{kind}-*"):
            old.unlink()
        unfinished = path.with_name(f"{kind}-unfinished{path.suffix}")
        make(unfinished)
        unfinished.rename(path)
    return path


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "tools"), **more}


def measured(paths: Sequence[str]) -> Coverage:
    """Run the tests once without mutants, and note which lines each runs."""
    name = digest(("plugins", "tests"), ["test_facts"], *paths)

    def make(path: Path) -> None:
        print("Measuring which test runs which line; this takes several minutes, once for this code.", flush=True)
        facts = ["-p", "test_facts", f"--test-facts={CACHE / f'facts-{name}.json'}"]
        command = ["pytest", "-q", "-n", "auto", *facts, "--cov", "--cov-context=test", "--cov-report=", *paths]
        log = CACHE / "measuring.log"
        with log.open("w") as output:
            # Tests that start processes fail here. Other failures are not used either; they are counted below.
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment(COVERAGE_CORE="ctrace", COVERAGE_FILE=str(path)),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode not in (0, 1):
            raise SystemExit(f"pytest ended with exit code {done.returncode}; see {log}")

    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob("facts-*"):
        if old.name != f"facts-{name}.json":
            old.unlink()
    data = kept(f"coverage-{name}", make)
    facts = json.loads((CACHE / f"facts-{name}.json").read_text())
    tests = {
        test: Test(test, fact["seconds"], fact["generated"] or has_sizes(test.partition("::")[0]), fact["exhaustive"])
        for test, fact in facts.items()
        if fact["passed"] and not fact["spawns"]
    }
    broken = [test for test, fact in facts.items() if not fact["passed"] and not fact["spawns"] and not fact["skipped"]]
    if broken:
        print(f"{len(broken)} tests failed without a mutant, and are not used: {', '.join(sorted(broken))}")
    print(f"{len(tests)} of {len(facts)} tests are used; the others start processes, or were skipped.", flush=True)
    return Coverage(tests, lines_by_file(data))


def lines_by_file(data: Path) -> dict[str, dict[int, set[str]]]:
    """The names of tests by file and line, as coverage noted them; the empty name is the import."""
    from coverage import CoverageData

    read = CoverageData(str(data))
    read.read()
    return {
        os.path.relpath(os.path.realpath(file), ROOT): {
            line: {context.rpartition("|")[0] for context in contexts}
            for line, contexts in read.contexts_by_lineno(file).items()
        }
        for file in read.measured_files()
    }


def mutants_of(areas: Sequence[str], number: int, seed: str) -> list[Mutant]:
    """The mutants of the areas, one of each area after the other."""

    def make(path: Path) -> None:
        python = ROOT / ".cache/venv-mutants/bin/python"
        command = [str(python), "-W", "ignore::SyntaxWarning", "tools/mutations.py", seed, str(number), *areas]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        path.write_text(done.stdout)

    path = kept(
        f"mutants-{digest(['plugins'], ['mutations', 'mutation_operators'], seed, str(number), *areas)}.json", make
    )
    found = [Mutant(**each) for each in json.loads(path.read_text())]
    by_area = [[mutant for mutant in found if mutant.area == area] for area in areas]
    return [mutant for turn in itertools.zip_longest(*by_area) for mutant in turn if mutant]


# -- running


class Worker:
    """A process that has collected tests, and runs jobs."""

    def __init__(self, profile: str, paths: Sequence[str], replace: Sequence[str] = ()) -> None:
        command = [sys.executable, "tools/mutant_worker.py", *replace, profile, *paths]
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *unused: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            t.cast("t.IO[str]", stream).close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def do(self, job: Mapping[str, t.Any], patience: float) -> Result | None:
        """The result of a job; None if the worker ended without one, or had none after ``patience`` seconds."""
        timer = threading.Timer(patience, self._process.kill)
        timer.start()
        try:
            t.cast("t.IO[str]", self._process.stdin).write(json.dumps(job) + "\n")
            t.cast("t.IO[str]", self._process.stdin).flush()
            line = t.cast("t.IO[str]", self._process.stdout).readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        return json.loads(line) if line else None

    @property
    def last_words(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:]


@dataclasses.dataclass
class Verdict:
    """The result of a mutant. ``test`` found it; ``ran`` of the ``tests`` started."""

    mutant: Mutant
    outcome: str = "not run"
    test: str | None = None
    ran: int = 0
    tests: int = 0
    seconds: float = 0.0
    long: str | None = None  # the outcome of the cases that only the long test has
    long_test: str | None = None

    @property
    def line(self) -> dict[str, t.Any]:
        """Its entry in the report."""
        source = (ROOT / self.mutant.file).read_text()
        facts = dataclasses.asdict(self)
        del facts["mutant"]
        mutant = {key: getattr(self.mutant, key) for key in ("area", "file", "line", "operator")}
        return {**mutant, "diff": self.mutant.diff(source).splitlines(), **facts}


class Runner:
    """Runs mutants in a thread of its own, with one worker that has collected everything."""

    def __init__(self, coverage: Coverage, profile: str, paths: Sequence[str], seconds: float) -> None:
        self._coverage, self._profile, self._paths, self._seconds = coverage, profile, paths, seconds
        self._worker: Worker | None = None

    def close(self) -> None:
        if self._worker:
            self._worker.__exit__()
            self._worker = None

    def result(self, mutant: Mutant, tests: Sequence[Test]) -> Result:
        """Run these tests, in this order, against a mutant."""
        if not self._coverage.at_import(mutant):
            source = (ROOT / mutant.file).read_text()
            job = {**self._job(tests), "file": mutant.file, "old": source, "new": mutant.apply(source)}
            result = self._all(job)
            if result["outcome"] != "unfit":
                return result
        return self._imported(mutant, tests)

    def unchanged(self, tests: Sequence[Test]) -> Result:
        """Run these tests without a mutant."""
        return self._all(self._job(tests))

    def _all(self, job: Mapping[str, t.Any]) -> Result:
        if not self._worker:
            self._worker = Worker(self._profile, self._paths)
        result = self._worker.do(job, PATIENCE)
        if result is None:
            raise RuntimeError(f"A worker has ended: {self._worker.last_words}")
        return result

    def _job(self, tests: Sequence[Test]) -> dict[str, t.Any]:
        more = 10 if self._profile == EXHAUSTIVE else 1
        hangs = HANGS_FLOOR + HANGS * more * max((test.seconds for test in tests), default=0)
        return {"tests": [test.name for test in tests], "seconds": self._seconds, "hangs": hangs}

    def _imported(self, mutant: Mutant, tests: Sequence[Test]) -> Result:
        """In a new process that imports the mutant: first the tests whose file imports it, which are collected fast."""
        near = [test for test in tests if module_of(mutant.file) in imports(test.file)]
        far = fitting([test for test in tests if test not in near], self._seconds)
        result: Result = {"outcome": "survived", "test": None, "ran": 0}
        with tempfile.NamedTemporaryFile("w", suffix=".py") as source:
            source.write(mutant.apply((ROOT / mutant.file).read_text()))
            source.flush()
            for some in filter(None, (near, far)):
                files = sorted({test.file for test in some})
                job = self._job(some)
                with Worker(self._profile, files, ["--replace", module_of(mutant.file), source.name]) as worker:
                    found = worker.do(job, WAITS * (self._seconds + job["hangs"]))
                # No result: the mutant ended or stopped the process during its import.
                found = found or {"outcome": "killed", "test": "the import", "ran": 0}
                result = {**found, "ran": result["ran"] + found["ran"]}
                if result["outcome"] != "survived":
                    break
        return result


class Run:
    """All mutants, with a thread for each core, until the time is over."""

    def __init__(self, coverage: Coverage, paths: Sequence[str], end: float) -> None:
        self._coverage, self._paths, self._end = coverage, paths, end

    def short(self, mutants: Sequence[Mutant]) -> list[Verdict]:
        """The short test."""
        verdicts = [Verdict(mutant) for mutant in mutants]
        self._each(verdicts, USUAL, SECONDS, self._short_one)
        broken = self._broken({each.test for each in verdicts if each.test})
        if broken:
            print(f"Not used, because they also fail without a mutant: {', '.join(sorted(broken))}", flush=True)
            self._coverage.leave_out(broken)
            self._each([each for each in verdicts if each.test in broken], USUAL, SECONDS, self._short_one)
        return verdicts

    def _broken(self, names: set[str]) -> set[str]:
        """The tests that fail without a mutant, in the order of the runs."""
        runner = Runner(self._coverage, USUAL, self._paths, math.inf)
        tests = in_order(test for test in self._coverage.tests if test.name in names)
        broken: set[str] = set()
        try:
            while tests:
                result = runner.unchanged(tests)
                if result["outcome"] == "survived":
                    break
                broken.add(result["test"])
                tests = [test for test in tests if test.name not in broken]
        finally:
            runner.close()
        return broken

    def long(self, verdicts: Sequence[Verdict]) -> None:
        """The additional cases of the long test, for the mutants that survived the short one."""
        left = [each for each in verdicts if each.outcome == "survived"]
        fair = (self._end - time.monotonic()) * (os.cpu_count() or 1) / max(1, len(left))
        self._each(left, EXHAUSTIVE, min(LONG_SECONDS, max(SECONDS, fair)), self._long_one)
        suspects = [each for each in verdicts if each.long in ("killed", "timed out")]
        self._each(suspects, USUAL, LONG_SECONDS, self._again)

    def _short_one(self, runner: Runner, verdict: Verdict) -> None:
        tests = [test for test in self._coverage.of(verdict.mutant) if not test.left]
        verdict.tests = len(tests)
        if not tests:
            verdict.outcome = "not covered"
            return
        result = runner.result(verdict.mutant, tests)
        verdict.outcome, verdict.test, verdict.ran = result["outcome"], result["test"], result["ran"]

    def _long_one(self, runner: Runner, verdict: Verdict) -> None:
        """All cases of the tests that run the line in the long test; lines are measured for cases of the short test only."""
        tests = [test for test in self._coverage.of(verdict.mutant) if test.more or test.left]
        every = list({test.function: dataclasses.replace(test, name=test.function) for test in tests}.values())
        result = runner.result(verdict.mutant, every) if every else {"outcome": "no more tests", "test": None}
        verdict.long, verdict.long_test = result["outcome"], result["test"]

    def _again(self, runner: Runner, verdict: Verdict) -> None:
        """Whether the short test finds it too, with time for this test."""
        test = [one for one in self._coverage.tests if one.name == verdict.long_test and not one.left]
        result = runner.result(verdict.mutant, test) if test else {"outcome": "survived"}
        if result["outcome"] != "survived":
            verdict.outcome, verdict.test = result["outcome"], result["test"]

    def _each(
        self, verdicts: Sequence[Verdict], profile: str, seconds: float, work: t.Callable[[Runner, Verdict], None]
    ) -> None:
        left = iter(verdicts)
        lock = threading.Lock()
        done = itertools.count(1)

        def lane(_number: int) -> None:
            runner = Runner(self._coverage, profile, self._paths, seconds)
            try:
                while time.monotonic() < self._end:
                    with lock:
                        verdict = next(left, None)
                    if verdict is None:
                        return
                    begun = time.monotonic()
                    work(runner, verdict)
                    verdict.seconds += round(time.monotonic() - begun, 2)
                    with lock:
                        count = next(done)
                    if count % 50 == 0:
                        print(f"{count} of {len(verdicts)}", flush=True)
            finally:
                runner.close()

        lanes = min(os.cpu_count() or 1, len(verdicts))
        if lanes:
            with ThreadPoolExecutor(lanes) as pool:
                list(pool.map(lane, range(lanes)))


# -- reporting


def share(killed: int, of: int) -> str:
    return f"{100 * killed / of:.1f} %" if of else "none"


def table(verdicts: Sequence[Verdict], areas: Sequence[str], exhaustive: bool) -> Iterator[str]:
    """A line for each area, one for all, and what the two tests found."""
    yield f"{'area':<14}{'mutants':>8}" + "".join(f"{outcome:>13}" for outcome in OUTCOMES)
    for name in (*areas, "all"):
        some = [each for each in verdicts if name in (each.mutant.area, "all")]
        counts = collections.Counter(each.outcome for each in some)
        yield f"{name:<14}{len(some):>8}" + "".join(f"{counts[outcome]:>13}" for outcome in OUTCOMES)
    tried = [each for each in verdicts if each.outcome not in ("not covered", "not run")]
    found = sum(each.outcome in ("killed", "timed out") for each in tried)
    yield f"short test: found {found} of {len(tried)} mutants that a test runs, {share(found, len(tried))}"
    if exhaustive:
        more = sum(only_long(each) for each in tried)
        yield f"long test:  found {found + more} of {len(tried)}, {share(found + more, len(tried))}"


def only_long(verdict: Verdict) -> bool:
    return verdict.outcome == "survived" and verdict.long in ("killed", "timed out")


def survivors(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Every mutant that was not found, with what it changes."""
    for each in verdicts:
        if each.outcome in ("survived", "not covered"):
            line = each.line
            more = f"; only the long test: {each.long_test}" if only_long(each) else ""
            yield f"\n{each.mutant.area} {each.mutant.file}:{each.mutant.line} {each.outcome}"
            yield f"  {each.mutant.operator}, {each.ran} of {each.tests} tests ran{more}"
            yield from (f"  {change}" for change in line["diff"])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--area", action="append", choices=sorted(AREAS), help="only this area; may be repeated")
    parser.add_argument("--number", type=int, default=300, help="mutants of each area (300)")
    parser.add_argument("--seed", default="1", help="chooses the mutants (1)")
    parser.add_argument(
        "--exhaustive", action="store_true", help="compare with the cases that only `make test-all` runs"
    )
    parser.add_argument("--minutes", type=float, default=60, help="after which no mutant starts (60)")
    parser.add_argument("--tests", action="append", metavar="PATH", help="only these tests, to try the tool")
    options = parser.parse_args(arguments)
    areas, paths = options.area or list(AREAS), options.tests or [TESTS]
    mutants = mutants_of(areas, options.number, options.seed)
    coverage = measured(paths)
    run = Run(coverage, paths, time.monotonic() + options.minutes * 60)
    verdicts = run.short(mutants)
    if options.exhaustive:
        run.long(verdicts)
    verdicts.sort(key=lambda each: (areas.index(each.mutant.area), each.mutant.file, each.mutant.line))
    lines = list(table(verdicts, areas, options.exhaustive))
    (CACHE / "report.txt").write_text("\n".join([*lines, *survivors(verdicts)]) + "\n")
    report = {"seed": options.seed, "areas": areas, "exhaustive": options.exhaustive}
    (CACHE / "report.json").write_text(
        json.dumps({**report, "mutants": [each.line for each in verdicts]}, indent=1) + "\n"
    )
    only = [each for each in verdicts if only_long(each)]
    print("\n".join([*lines, *survivors(only), "", f"Survivors: {CACHE / 'report.txt'}"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
