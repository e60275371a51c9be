# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages of the test, and show how many tests passed, failed and were skipped.

usage: stage.py STAGE...

A stage is a function here that runs commands and returns a Tally, counted from the reports that the tools write
themselves where they write any. All stages run, even if one fails; a stage without tests has failed.
Of several stages, two run side by side, each in a process of its own whose output comes whole when it has ended. The
numbers also go to .cache/summary/STAGE.json. ``make`` sets the environment that the commands need.

With EXHAUSTIVE in the environment (`make test-all`), every stage runs all of its tests. Without it, a stage leaves long
tests to `make test-all`, and counts them as left.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import matrix
from collection_tree import copy, tracked

ROOT = Path(__file__).resolve().parent.parent
EXHAUSTIVE = bool(os.environ.get("EXHAUSTIVE"))
CACHE = ROOT / ".cache"
REPORTS = CACHE / "reports"
SUMMARY = CACHE / "summary"

# The order in which stages start: the longest first, so that both cores are busy until the end.
LONGEST_FIRST = (
    "unit",
    "ansible-units",
    "integration",
    "sanity",
    "units",
    "lint",
    "docs",
    "molecule",
    "types",
    "build",
)

# Integration targets that run many modules, as processes of their own and in the controller's.
QUICK_TARGETS = ("every_access_server_module", "every_freebox_module")

# The Pythons with which sanity tests compile and import plugins, if they are installed.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

# Sanity tests whose rules ruff and yamllint check in stage lint.
LINTED_ALREADY = ("pep8", "yamllint")

# What mypy checks, as packages of the collection.
PACKAGES = (
    "plugins.action",
    "plugins.filter",
    "plugins.module_utils",
    "plugins.modules",
    "plugins.plugin_utils",
    "tests.contract",
    "tests.simulator",
)


class NotHere(Exception):
    """A stage cannot run on this machine; the text is the reason."""


@dataclasses.dataclass
class Tally:
    """The result of a stage: tests by their outcome, and those that were left to `make test-all`.

    `notes` name the skipped and left tests, with the reasons.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    left: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.left + other.left,
            [*self.notes, *other.notes],
        )

    def __str__(self) -> str:
        left = f", {self.left} left to make test-all" if self.left else ""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped{left}"


def run(*command: str | Path) -> tuple[int, str]:
    """Run a command in the checkout, and show its output; return its exit code and the output."""
    words = [str(word) for word in command]
    print("$", " ".join(words), flush=True)
    lines = []
    with subprocess.Popen(
        words, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in t.cast("t.IO[str]", process.stdout):
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def check(*command: str | Path) -> Tally:
    """Count a command as one test, by its exit code."""
    code, _output = run(*command)
    return Tally(failed=1, notes=[f"failed: {' '.join(map(str, command))}"]) if code else Tally(passed=1)


def checks(*commands: t.Sequence[str | Path]) -> Tally:
    """Count each command as one test; all of them run."""
    tally = Tally()
    for command in commands:
        tally += check(*command)
    return tally


def junit(paths: t.Iterable[Path], code: int) -> Tally:
    """Count the test cases of JUnit reports; a command that failed without a failed case counts as one failure.

    A sanity test that finds no file of its kind is neither passed nor skipped.
    """
    tally = Tally()
    reasons: collections.defaultdict[str, list[str]] = collections.defaultdict(list)
    left: collections.Counter[str] = collections.Counter()  # tests by file
    for path in paths:
        for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 - written by the test runner just now
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                tally.failed += 1
            elif skipped is None:
                tally.passed += 1
            elif skipped.get("message") == "left to make test-all":
                file = re.sub(r"tests\.unit\.(?:plugins\.)?(.*?test_\w+).*", r"\1", case.get("classname", "?"))
                left[file.replace(".", "/")] += 1
            else:
                reason = skipped.get("message") or skipped.text or "skipped without a reason"
                reasons[reason.rstrip(".")].append(case.get("name", "?"))
    irrelevant = reasons.pop("No tests applicable", [])
    tally.skipped, tally.left = sum(map(len, reasons.values())), left.total()
    tally.notes = [f"{reason} ({', '.join(names)})" for reason, names in reasons.items()]
    if irrelevant:
        tally.notes.append(f"nothing to look at for {', '.join(irrelevant)}")
    if left:
        counts = ", ".join(f"{count} of {file}" for file, count in sorted(left.items()))
        tally.notes.append(f"left to make test-all: {counts}, and most combinations of what the others combine")
    if code and not tally.failed:
        tally += Tally(failed=1, notes=[f"the test runner ended with exit code {code}"])
    return tally


def emptied(folder: Path) -> Path:
    """The folder, created if it is missing, and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def files(pattern: str) -> list[str]:
    """The files of the checkout that match, relative to it."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))


def ansible_test(command: str, *options: str, venv: Path = CACHE / "venv") -> tuple[int, str, Path]:
    """Run a command of ansible-test; return its exit code, its output, and the folder with its reports."""
    output = emptied(CACHE / "tree" / command / "ansible_collections/vpn/estate/tests/output")
    return *run("sh", "tools/ansible-test.sh", venv, command, *options), output


def lint() -> Tally:
    """Count commands. Without EXHAUSTIVE, ansible-lint checks roles and playbooks, and not the YAML of the tests."""
    tally = checks(
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["yamllint", "--strict", "."],
        ["ansible-lint", "--offline", "--strict", *([] if EXHAUSTIVE else ["roles", "playbooks"])],
        ["python", "tools/generate.py", "--check"],
        ["python", "tools/words.py"],
        ["antsibull-changelog", "lint"],
        ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."],
        ["shellcheck", ".ci/run", *files("tools/*.sh")],
    )
    if not EXHAUSTIVE:
        tally.notes.append("ansible-lint looked at roles and playbooks only")
    return tally


def types() -> Tally:
    """Count source files, with and without errors."""
    tally = Tally()
    for arguments in (
        [f"--package=ansible_collections.vpn.estate.{package}" for package in PACKAGES],
        ["conftest.py", *files("tools/*.py")],
    ):
        code, output = run("mypy", *arguments)
        checked = re.search(r"^Success: no issues found in (\d+) source file", output, re.MULTILINE)
        faulty = re.search(r"^Found \d+ errors? in (\d+) files? \(checked (\d+) source file", output, re.MULTILINE)
        if faulty:
            bad, all_files = int(faulty[1]), int(faulty[2])
            tally += Tally(passed=all_files - bad, failed=bad)
        elif checked and not code:
            tally += Tally(passed=int(checked[1]))
        else:
            tally += Tally(failed=1, notes=["mypy did not get as far as checking"])
    return tally


def unit() -> Tally:
    report = REPORTS / "unit.xml"
    report.unlink(missing_ok=True)
    command = ["pytest", "-q", "-n", "auto", "--cov", "--cov-report=term:skip-covered", f"--junitxml={report}"]
    code, _output = run(*command, *(["--hypothesis-profile=exhaustive"] if EXHAUSTIVE else []))
    return junit([report] if report.exists() else [], code)


def has_python(version: str) -> bool:
    found = subprocess.run(["sh", "tools/find-python.sh", version], cwd=ROOT, capture_output=True, check=True)
    return bool(found.stdout)


def units() -> Tally:
    """Unit tests with the marker `versions`, in an environment for each ansible-core and each Python that it supports.

    Without EXHAUSTIVE, one pair: the oldest ansible-core on the oldest Python that is here. Stage unit has run them with the
    newest that `make` chooses.
    """
    here = list(filter(has_python, matrix.PYTHONS))
    wanted = [pair for pair in matrix.PAIRS if pair[1] in here]
    if not wanted:
        raise NotHere(f"none of Python {', '.join(matrix.PYTHONS)} on this machine")
    tally, cells = Tally(), dict.fromkeys(matrix.PAIRS, "not here")
    for number, pair in enumerate(wanted):
        if number and not EXHAUSTIVE:
            cells[pair] = "left"
        else:
            one = units_with(*pair)
            cells[pair] = f"{one.passed}/{one.failed}/{one.skipped}"
            tally += one
    tally.notes.append(f"passed/failed/skipped by ansible-core and Python:\n{matrix.table(cells)}")
    missing = [python for python in matrix.PYTHONS if python not in here]
    if missing:
        tally.notes.append(f"not on this machine: Python {', '.join(missing)}")
    return tally


def units_with(core: str, python: str) -> Tally:
    """The same for one ansible-core and one Python."""
    folder = CACHE / "versions" / f"{core}-{python}"
    code, _output = run("make", "--no-print-directory", f"{folder.relative_to(ROOT)}/.ready")
    if code:
        return Tally(failed=1, notes=[f"no virtual environment with ansible-core {core} and Python {python}"])
    report = REPORTS / f"units-{folder.name}.xml"
    report.unlink(missing_ok=True)
    # Only files with the marker: to import the others takes longer than these tests.
    marked = [path for path in files("tests/unit/**/test_*.py") if "pytest.mark.versions" in (ROOT / path).read_text()]
    path = f"PATH={folder}/bin:{os.environ['PATH']}"
    options = ["-q", "-n", "auto", f"--junitxml={report}", "-m", "versions and not exhaustive"]
    code, _output = run("env", path, folder / "bin/pytest", *options, *marked)
    return junit([report] if report.exists() else [], code)


def ansible_units() -> Tally:
    """Run `ansible-test units`, which hides the controller's code from tests of modules, and runs each test in a fork."""
    code, _printed, reports = ansible_test("units", "--venv", "--requirements")
    tally = junit(sorted(reports.glob("junit/*.xml")), code)
    # It cannot choose a profile of hypothesis: stage unit runs the tests that are marked exhaustive.
    tally.left, tally.notes = 0, [note for note in tally.notes if not note.startswith("left to ")]
    return tally


def sanity() -> Tally:
    """Run each sanity test, and those that compile and import plugins with the oldest Python or with each.

    Without EXHAUSTIVE, pylint looks at the plugins, and not at the tests of them, which takes it twice as long; and tests
    whose rules stage lint holds with other tools are left.
    """
    pythons = list(filter(has_python, PYTHONS))
    skipped = [word for name in ("pylint", *LINTED_ALREADY) for word in ("--skip-test", name)]
    runs = [[*skipped, "--python", pythons[0]], ["--test", "pylint", "plugins/"]]
    tally = Tally()
    for options in [[]] if EXHAUSTIVE else runs:
        code, _printed, reports = ansible_test("sanity", "--junit", *options)
        tally += junit(sorted(reports.glob("junit/*.xml")), code)
    if not EXHAUSTIVE:
        tally.left += 2 * (len(pythons) - 1) + len(LINTED_ALREADY)
        only = f"compile and import with Python {pythons[0]} only, pylint of plugins only"
        tally.notes.append(f"{only}; left, as lint has the same rules: {', '.join(LINTED_ALREADY)}")
    return tally


def modules_in(target: str) -> set[str]:
    """The modules that the tasks of an integration target use."""
    texts = (path.read_text() for path in ROOT.glob(f"tests/integration/targets/{target}/tasks/*.yml"))
    return {name for text in texts for name in re.findall(r"^ +vpn\.estate\.(\w+):", text, re.MULTILINE)}


def quick_targets() -> list[str]:
    """Targets that together run every module: a few with many modules, and those of the remaining modules."""
    modules = {path.stem for path in ROOT.glob("plugins/modules/*.py")}.difference(*map(modules_in, QUICK_TARGETS))
    own = {
        next((name for name in (module, module.removesuffix("_info")) if module in modules_in(name)), module)
        for module in modules
    }
    return [*QUICK_TARGETS, *sorted(own)]


def integration() -> Tally:
    """Count targets; ansible-test lists those that passed in its report, and the others at the end of its output."""
    if EXHAUSTIVE:
        # A virtual environment of its own has only the requirements of the collection.
        code, printed, reports = ansible_test("integration", "--continue-on-error", "--venv", "--requirements")
        tally = Tally(notes=["scenarios ran as modules with one dialect each: 3.2, or document for info modules"])
    else:
        quick = quick_targets()
        code, printed, reports = ansible_test("integration", "--continue-on-error", *quick)
        every = [
            path for path in files("tests/integration/targets/*/aliases") if "hidden" not in (ROOT / path).read_text()
        ]
        tally = Tally(left=len(every) - len(quick), notes=["every module ran each way, most with one dialect"])
    tally += targets(code, printed, reports)
    return tally + oldest() if EXHAUSTIVE else tally


def targets(code: int, printed: str, reports: Path) -> Tally:
    """Count the targets of a run of ansible-test."""
    tally = Tally()
    for report in reports.glob("data/integration-*.json"):
        tally.passed += len(json.loads(report.read_text())["targets"])
    failed = re.search(r"The (\d+) integration test\(s\) listed below \(out of \d+\) failed", printed)
    if failed:
        tally.failed += int(failed[1])
    elif code:
        tally += Tally(failed=1, notes=[f"ansible-test ended with exit code {code}"])
    return tally


def oldest() -> Tally:
    """Run the targets with many modules on the oldest ansible-core, with the oldest Python that is installed."""
    pair = next((pair for pair in matrix.PAIRS if has_python(pair[1])), None)
    if not pair:
        return Tally(skipped=1, notes=["no Python for the oldest ansible-core"])
    venv = CACHE / "versions" / "-targets-".join(pair)  # not that of stage units, which may create it at the same time
    code, _output = run("make", "--no-print-directory", f"{venv.relative_to(ROOT)}/.ready")
    if code:
        return Tally(failed=1, notes=[f"no virtual environment with ansible-core {pair[0]} and Python {pair[1]}"])
    tally = targets(*ansible_test("integration", "--continue-on-error", *QUICK_TARGETS, venv=venv))
    tally.notes.append(f"{', '.join(QUICK_TARGETS)} also ran with ansible-core {pair[0]} and Python {pair[1]}")
    return tally


def molecule() -> Tally:
    """Count the actions of each scenario by molecule's recap; a scenario that is not in it has failed."""
    for state in CACHE.glob("ansible/tmp/molecule.*"):  # of an interrupted run
        shutil.rmtree(state)
    code, output = run("molecule", "test", "--all", "--report", "--no-command-borders")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    tally = Tally()
    for path in sorted(ROOT.glob("extensions/molecule/*/molecule.yml")):
        scenario = path.parent.name
        counts: collections.Counter[str] = collections.Counter()
        for recap in re.findall(rf"^{re.escape(scenario)}\s*: actions=\d+\s+(.*)$", plain, re.MULTILINE):
            counts.update({state: int(count) for state, count in re.findall(r"(\w+)=(\d+)", recap)})
        # For molecule, a missing playbook is only a warning.
        tally.passed += counts["successful"]
        tally.failed += counts["failed"] + counts["missing"]
        tally.skipped += counts["skipped"] + counts["disabled"]
        if not counts:
            tally += Tally(failed=1, notes=[f"scenario {scenario} did not run"])
    if code and not tally.failed:
        tally += Tally(failed=1, notes=[f"molecule ended with exit code {code}"])
    return tally


def docs() -> Tally:
    sources = emptied(CACHE / "docs/rst")
    sources.chmod(0o700)
    tally = check(
        *("antsibull-docs", "--config-file", "docs/antsibull-docs.cfg", "collection", "--use-current"),
        *("--squash-hierarchy", "--dest-dir", sources, "vpn.estate"),
    )
    # antsibull-docs copies the text of guides, and no images.
    shutil.copytree(
        ROOT / "docs/docsite/rst", sources / "docsite", ignore=shutil.ignore_patterns("*.rst"), dirs_exist_ok=True
    )
    return tally + check(
        "sphinx-build", "-M", "html", sources, CACHE / "docs/build", "-c", "docs", "-W", "--keep-going", "-q"
    )


# Private files in the folder of a maintainer. Git ignores the last one, too.
PLANTED = (
    "vault-pass.txt",
    ".env",
    "plugins/modules/.as_user.py.swp",
    "roles/access_server/vars/vault.yml",
    ".cache/token",
)


def archive(root: Path, dist: Path) -> tuple[Path, Tally]:
    """Build the release archive of the files that Git tracks below a root, and compare its files with them."""
    tree, wanted = emptied(dist) / "tree", tracked(root)
    copy(root, wanted, tree)
    tally = check("ansible-galaxy", "collection", "build", tree, "--output-path", dist)
    path = next(dist.glob("*.tar.gz"))
    with tarfile.open(path) as tar:
        stray = (
            {Path(name) for name in tar.getnames()} - wanted - {folder for file in wanted for folder in file.parents}
        )
    stray -= {Path("MANIFEST.json"), Path("FILES.json")}
    if stray:
        return path, tally + Tally(
            failed=1, notes=[f"not tracked, and in the archive: {', '.join(map(str, sorted(stray)))}"]
        )
    return path, tally + Tally(passed=1)


def planted() -> Tally:
    """Build from a clone with files that Git does not track: none of them may be in the archive."""
    clone = emptied(CACHE / "planted") / "checkout"
    tally = check("git", "clone", "--quiet", "--shared", ROOT, clone)
    for name in PLANTED:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("planted\n")
    path, built = archive(clone, CACHE / "planted/dist")
    with tarfile.open(path) as tar:
        found = sorted(set(PLANTED) & set(tar.getnames()))
    if found:
        return tally + built + Tally(failed=1, notes=[f"planted, and in the archive: {', '.join(found)}"])
    return tally + built + Tally(passed=1)


def build() -> Tally:
    """Build the collection, install it elsewhere, and find every module in the installed copy."""
    installed = emptied(CACHE / "installed")
    elsewhere = ["env", f"ANSIBLE_COLLECTIONS_PATH={installed}"]
    path, tally = archive(ROOT, CACHE / "dist")
    tally += planted()
    tally += check(*elsewhere, "ansible-galaxy", "collection", "install", "--offline", path)
    tally += check("ansible-builder", "introspect", installed)
    _code, output = run(*elsewhere, "ansible-doc", "--list", "--json", "--type", "module", "vpn.estate")
    wanted = {f"vpn.estate.{path.stem}" for path in (ROOT / "plugins/modules").glob("*.py")}
    missing = wanted - set(json.loads(output) if output.startswith("{") else ())
    if missing or not wanted:
        tally += Tally(failed=1, notes=[f"not in the installed copy: {', '.join(sorted(missing)) or 'any module'}"])
    else:
        tally += Tally(passed=1)
    return tally


STAGES: dict[str, Callable[[], Tally]] = {
    "lint": lint,
    "types": types,
    "unit": unit,
    "units": units,
    "ansible-units": ansible_units,
    "sanity": sanity,
    "integration": integration,
    "molecule": molecule,
    "docs": docs,
    "build": build,
}


def run_stage(name: str) -> Tally:
    """Run one stage between its header and its summary line."""
    print(f"\n=== {name} ===", flush=True)
    start = time.monotonic()
    try:
        tally = STAGES[name]()
        if not tally.passed and not tally.failed:
            tally += Tally(failed=1, notes=["ran no test at all"])
    except NotHere as reason:
        tally = Tally(skipped=1, notes=[str(reason)])
    seconds = time.monotonic() - start
    record = {"stage": name, "seconds": round(seconds, 1), **dataclasses.asdict(tally)}
    (SUMMARY / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    for note in tally.notes:
        print(f"- {note}")
    print(f"{name}: {tally}", flush=True)
    return tally


def run_apart(name: str, printing: threading.Lock) -> None:
    """Run a stage in a process of its own."""
    print(f"{name} has started", flush=True)
    done = subprocess.run(  # noqa: S603 - this file
        [sys.executable, __file__, name],
        check=False,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with printing:
        print(done.stdout, end="", flush=True)


def run_side_by_side(names: list[str]) -> int:
    """Run two stages at a time, and print a table of all."""
    for name in names:
        (SUMMARY / f"{name}.json").unlink(missing_ok=True)
    printing = threading.Lock()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: run_apart(name, printing), sorted(names, key=LONGEST_FIRST.index)))
    total = Tally()
    notes = []
    print(f"\n{'stage':<14}{'passed':>8}{'failed':>8}{'skipped':>9}{'left':>7}{'seconds':>9}")
    for name in names:
        path = SUMMARY / f"{name}.json"
        record: dict[str, t.Any] = json.loads(path.read_text()) if path.exists() else {"failed": 1}
        seconds = record.pop("seconds", 0.0)
        tally = Tally(**{field.name: record[field.name] for field in dataclasses.fields(Tally) if field.name in record})
        total += tally
        notes += [f"{name}: {note}" for note in tally.notes]
        numbers = f"{tally.passed:>8}{tally.failed:>8}{tally.skipped:>9}{tally.left:>7}{seconds:>9.1f}"
        print(f"{name:<14}{numbers}")
    print("\n".join([*notes, str(total)]))
    return 1 if total.failed else 0


def main(names: list[str]) -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    SUMMARY.mkdir(parents=True, exist_ok=True)
    if len(names) > 1:
        return run_side_by_side(names)
    return 1 if run_stage(names[0]).failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
