# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool of `make mutants`: the same mutants each time, and a true verdict on each."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import mutant_worker
import mutants
import mutations
import pytest

SITES = [
    mutations.Site("a.py", line, 4, operator, 0, occurrence)
    for line in range(1, 21)
    for operator in ("AddNot", "ReplaceComparisonOperator_Eq_Lt", "ReplaceComparisonOperator_Eq_Gt")
    for occurrence in (line,)
]


MUTANT = mutations.Mutant("redaction", "plugins/module_utils/_text/redact.py", 1, "AddNot", 0, 1, "!")


def lines_chosen(sites: t.Iterable[mutations.Site], number: int, seed: str) -> list[tuple[int, str]]:
    return [(site.line, site.operator) for site, _new in mutations.chosen(sites, number, seed, lambda site: "changed")]


def test_the_sample_depends_on_the_seed_and_on_the_code_alone() -> None:
    sample = lines_chosen(SITES, 10, "1")
    assert len(set(sample)) == 10
    assert lines_chosen(reversed(SITES), 10, "1") == sample
    assert lines_chosen(SITES, 10, "2") != sample
    assert lines_chosen(SITES, 20, "1")[:10] == sample


def test_every_place_has_a_mutant_of_a_kind_before_one_has_two() -> None:
    first = lines_chosen(SITES, 40, "1")
    assert len({(line, operator.split("_")[0]) for line, operator in first}) == 40
    assert len(lines_chosen(SITES, 1000, "1")) == 60


def test_a_change_that_makes_no_difference_is_not_counted() -> None:
    found = mutations.chosen(SITES, 5, "1", lambda site: "changed" if site.line > 10 else None)
    assert [site.line > 10 for site, _new in found] == [True] * 5


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("a = 1\nb = aa\n", "a = 1\nb = aaa\n", "-b = aa\n+b = aaa"),
        ("a = 1\nb()\n", "a = 1\npass\n", "-b()\n+pass"),
        ("if not a:\n    b\n", "if a:\n    b\n", "-if not a:\n+if a:"),
    ],
)
def test_a_mutant_is_its_change(old: str, new: str, diff: str) -> None:
    mutant = mutations.mutant_of("area", SITES[0], old, new)
    assert mutant.apply(old) == new
    assert mutant.diff(old) == diff


def test_what_only_a_type_checker_reads_is_no_mutant() -> None:
    lines = [
        "if t.TYPE_CHECKING:",
        "    import a",
        "",
        "def f(x: int | None = 1) -> int | str:",
        "    y: int | None = t.cast('int | str', x)",
    ]
    spans = mutations.ignored("\n".join(lines))

    def is_ignored(line: int, text: str) -> bool:
        at = (line, lines[line - 1].index(text))
        return any(start <= at < end for start, end in spans)

    assert all(is_ignored(*each) for each in ((2, "import"), (4, "|"), (4, "| str"), (5, "| None"), (5, "| str")))
    assert not any(is_ignored(*each) for each in ((4, "= 1"), (5, "= t"), (5, ", x")))


@pytest.mark.parametrize("area", mutations.AREAS)
def test_the_files_and_functions_of_an_area_are_there(area: str) -> None:
    lines = mutations.lines_of(area)
    assert lines
    assert all(lines.values())


def test_no_line_belongs_to_two_areas() -> None:
    every = [
        {(file, line) for file, lines in mutations.lines_of(area).items() for line in lines} for area in mutations.AREAS
    ]
    assert not any(one & other for one, other in itertools.combinations(every, 2))


def test_a_function_that_is_missing_is_an_error() -> None:
    with pytest.raises(LookupError, match="there is no other"):
        mutations.named_lines("def one():\n    pass\n", {"one", "other"})


# -- which tests meet a mutant


def case(name: str, seconds: float, *, more: bool = False) -> mutants.Test:
    return mutants.Test(name, seconds, more, left=False)


def test_the_fastest_is_first_and_more_cases_of_it_come_later() -> None:
    tests = [case("t.py::a[1]", 0.01), case("t.py::a[2]", 0.01), case("t.py::a[3]", 0.01), case("t.py::b", 0.03)]
    assert [test.name for test in mutants.in_order(reversed(tests))] == [
        *("t.py::a[1]", "t.py::a[2]", "t.py::b"),
        "t.py::a[3]",
    ]


def test_only_tests_that_begin_in_time_are_collected_again() -> None:
    tests = [case("t.py::a", 1), case("t.py::b", 2), case("t.py::c", 3), case("t.py::d", 4)]
    assert [test.name for test in mutants.fitting(tests, 3)] == ["t.py::a", "t.py::b", "t.py::c"]


def test_a_line_meets_the_tests_that_run_it_or_its_statement() -> None:
    file = "plugins/module_utils/_text/redact.py"
    source = (mutations.ROOT / file).read_text()
    lines = source.splitlines()
    number = next(
        number for number, line in enumerate(lines, 1) if line.strip() == 'raise ValueError("not an address")'
    )
    head = mutants.statement_at(source, number - 3)
    assert head[0] == next(number for number, line in enumerate(lines, 1) if line == "    if (")
    assert number not in head

    coverage = mutants.Coverage({"x.py::a": case("x.py::a", 1)}, {file: {head[0]: {"x.py::a"}, number: {"x.py::b"}}})

    def tests_of(line: int) -> list[str]:
        mutant = mutations.Mutant("area", file, line, "AddNot", 0, 0, "")
        return [test.name for test in coverage.of(mutant)]

    assert tests_of(number - 3) == ["x.py::a"]
    assert tests_of(number) == []  # what runs it starts processes


def test_what_the_long_test_has_more_of_is_known_by_its_sizes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    folder = tmp_path / "tests/unit/some"
    folder.mkdir(parents=True)
    for name, imported in {
        "sizes": "settings",
        "helper": "sizes",
        "test_by_helper": "helper",
        "test_other": "harness",
    }.items():
        (folder / f"{name}.py").write_text(
            f"from ansible_collections.vpn.estate.tests.unit.some.{imported} import anything\n"
        )
    assert mutants.has_sizes("tests/unit/some/helper.py")
    assert mutants.has_sizes("tests/unit/some/test_by_helper.py")
    assert not mutants.has_sizes("tests/unit/some/test_other.py")


# -- one mutant


MODULE = """\
LIMIT = 3


def is_small(number):
    return number < LIMIT


def wrapped(function):
    def inner(number):
        return function(number) + 1

    return inner


@wrapped
def double(number=2):
    while number < 0:
        number += 1
    return number * 2
"""
TESTS = """\
import subject


def test_small():
    assert subject.is_small(2)
    assert not subject.is_small(3)


def test_double():
    assert subject.double(2) == 5
    assert subject.double(-1) == 1
"""
PROFILES = """\
from hypothesis import settings

settings.register_profile("usual", max_examples=10)
"""


class House:
    """A worker on a project of one module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            "subject.py": MODULE,
            "test_subject.py": TESTS,
            "conftest.py": PROFILES,
            "pytest.ini": "[pytest]\n",
        }.items():
            (folder / name).write_text(text)

    def results(self, *changes: tuple[str, str] | None, replaced: str | None = None) -> list[t.Any]:
        """The result for each change of the module, and for none."""
        jobs = []
        for change in changes:
            job: dict[str, t.Any] = {"seconds": 60, "hangs": 1}
            job["tests"] = [f"test_subject.py::{name}" for name in ("test_small", "test_double")]
            if change:
                job |= {"file": str(self.folder / "subject.py"), "old": MODULE, "new": MODULE.replace(*change)}
            jobs.append(json.dumps(job) + "\n")
        replace = []
        if replaced is not None:
            (self.folder / "mutant.txt").write_text(replaced)
            replace = ["--replace", "subject", "mutant.txt"]
        done = subprocess.run(  # noqa: S603 - the project's own program
            [sys.executable, mutant_worker.__file__, *replace, "usual", "test_subject.py"],
            cwd=self.folder,
            # Other plugins take longer to start than all of this.
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "_hypothesis_pytestplugin"},
            input="".join(jobs),
            capture_output=True,
            text=True,
            check=False,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(name="house")
def fixture_house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_verdict_on_a_change_of_a_function(house: House) -> None:
    neutral, limit, inner, endless, again, default, constant = house.results(
        None,
        ("number < LIMIT", "number <= LIMIT"),
        ("(number) + 1", "(number) - 1"),
        ("number += 1", "number += 0"),
        ("return number * 2", "return 2 * number"),
        ("number=2", "number=3"),
        ("LIMIT = 3", "LIMIT = 4"),
    )
    assert neutral == {"outcome": "survived", "test": None, "ran": 2}
    assert limit == {"outcome": "killed", "test": "test_subject.py::test_small", "ran": 1}
    assert inner == {"outcome": "killed", "test": "test_subject.py::test_double", "ran": 2}
    assert endless == {"outcome": "timed out", "test": "test_subject.py::test_double", "ran": 2}
    assert again == neutral  # and what came before has left no trace
    assert default["outcome"] == constant["outcome"] == "unfit"
    assert (house.folder / "subject.py").read_text() == MODULE


@pytest.mark.parametrize(
    ("source", "outcome", "test"),
    [
        (MODULE, "survived", None),
        (MODULE.replace("LIMIT = 3", "LIMIT = 4"), "killed", "test_subject.py::test_small"),
        (MODULE.replace("LIMIT = 3", "LIMIT = 3 / 0"), "killed", "the import"),
    ],
)
def test_the_verdict_on_a_change_of_what_runs_at_import(
    house: House, source: str, outcome: str, test: str | None
) -> None:
    (result,) = house.results(None, replaced=source)
    assert (result["outcome"], result["test"]) == (outcome, test)
    assert (house.folder / "subject.py").read_text() == MODULE


# -- all mutants


class FakeRunner:
    """Runs nothing: says which of the tests fail against the mutants, by the profile, and which without one."""

    failing: t.ClassVar[dict[str, set[str]]] = {}
    broken: t.ClassVar[set[str]] = set()

    def __init__(self, coverage: object, profile: str, paths: object, seconds: float) -> None:
        self._fails = self.failing[profile]

    def result(self, mutant: object, tests: t.Sequence[mutants.Test]) -> mutant_worker.Result:
        return self._verdict(tests, self._fails | self.broken)

    def unchanged(self, tests: t.Sequence[mutants.Test]) -> mutant_worker.Result:
        return self._verdict(tests, self.broken)

    def close(self) -> None:
        pass

    @staticmethod
    def _verdict(tests: t.Sequence[mutants.Test], failing: set[str]) -> mutant_worker.Result:
        found = next((test.name for test in tests if test.name in failing), None)
        return {"outcome": "killed" if found else "survived", "test": found, "ran": len(tests)}


@pytest.mark.parametrize(
    ("usual", "exhaustive", "broken", "outcome", "only_long"),
    [
        ({"x.py::a"}, set(), set(), "killed", False),
        (set(), set(), set(), "survived", False),
        (set(), set(), {"x.py::a"}, "survived", False),  # fails without a mutant too: it shows nothing
        ({"x.py::b"}, set(), {"x.py::a"}, "killed", False),
        (set(), {"x.py::b"}, set(), "survived", True),
        (set(), {"x.py::a"}, set(), "survived", False),  # of which the long test has no more
    ],
)
def test_what_both_tests_find(
    monkeypatch: pytest.MonkeyPatch,
    usual: set[str],
    exhaustive: set[str],
    broken: set[str],
    outcome: str,
    only_long: bool,
) -> None:
    monkeypatch.setattr(mutants, "Runner", FakeRunner)
    monkeypatch.setattr(FakeRunner, "failing", {"usual": usual, "exhaustive": exhaustive})
    monkeypatch.setattr(FakeRunner, "broken", broken)
    tests = {"x.py::a": case("x.py::a", 1), "x.py::b": case("x.py::b", 2, more=True)}
    coverage = mutants.Coverage(tests, {MUTANT.file: {1: {*tests}}})
    run = mutants.Run(coverage, ["x.py"], end=float("inf"))
    (verdict,) = verdicts = run.short([MUTANT])
    run.long(verdicts)
    assert (verdict.outcome, mutants.only_long(verdict)) == (outcome, only_long)


def test_what_the_short_test_had_no_time_for_is_not_only_the_long_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "Runner", FakeRunner)
    monkeypatch.setattr(FakeRunner, "failing", {"usual": {"x.py::b"}, "exhaustive": {"x.py::b"}})
    coverage = mutants.Coverage({"x.py::b": case("x.py::b", 2, more=True)}, {})
    verdict = mutants.Verdict(MUTANT, "survived", long="killed", long_test="x.py::b")
    monkeypatch.setattr(coverage, "of", lambda mutant: coverage.tests)
    mutants.Run(coverage, ["x.py"], end=float("inf")).long([verdict])
    assert (verdict.outcome, verdict.test) == ("killed", "x.py::b")


# -- the report


def test_the_long_test_counts_what_only_it_finds() -> None:
    verdicts = [
        mutants.Verdict(MUTANT, "killed"),
        mutants.Verdict(MUTANT, "timed out"),
        mutants.Verdict(MUTANT, "survived", long="survived"),
        mutants.Verdict(MUTANT, "survived", long="killed", long_test="x.py::rare"),
        mutants.Verdict(MUTANT, "not covered"),
    ]
    *_rows, short, long = mutants.table(verdicts, ["redaction"], exhaustive=True)
    assert short.endswith("found 2 of 4 mutants that a test runs, 50.0 %")
    assert long.endswith("found 3 of 4, 75.0 %")
    listed = "\n".join(mutants.survivors(verdicts))
    assert listed.count("AddNot") == 3
    assert "only the long test: x.py::rare" in listed
