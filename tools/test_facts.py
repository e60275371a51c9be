# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of pytest that records facts of each test: its time, its outcome, whether it generates examples or starts processes.

``pytest -p test_facts --test-facts=FILE`` writes it as JSON, by the ID of the test; times are seconds of the processor. A
test that starts a process is stopped there: the code of other processes cannot be measured here, and takes most of the time.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t
from collections.abc import Generator
from pathlib import Path

import pytest

STARTS_PROCESS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "pty.spawn")
Facts = dict[str, t.Any]


class _Watch:
    """Refuses to start processes while a test runs."""

    def __init__(self) -> None:
        self.active = self.refused = False
        sys.addaudithook(self.hear)

    def hear(self, event: str, _arguments: object) -> None:
        if self.active and event in STARTS_PROCESS:
            self.refused = True
            raise PermissionError("tests that start processes are not measured")


class TestFacts:
    """Collects the facts, in the process that gets the reports of all workers."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._watch = _Watch()
        self._tests: dict[str, Facts] = {}
        self._begun = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Also measure the tests that are left to the exhaustive run."""
        for item in items:
            if item.get_closest_marker("exhaustive"):
                item.own_markers = [mark for mark in item.own_markers if mark.name != "skip"]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, t.Any, t.Any]:
        self._begun = time.process_time()
        self._watch.refused, self._watch.active = False, True
        try:
            return (yield)
        finally:
            self._watch.active = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, t.Any, t.Any]:
        report = yield
        # xdist sends all attributes of a report.
        report.facts = {
            "seconds": round(time.process_time() - self._begun, 3),  # so far
            "spawns": self._watch.refused,
            "skipped": report.skipped,
            "generated": item.get_closest_marker("hypothesis") is not None,
            "exhaustive": item.get_closest_marker("exhaustive") is not None,
        }
        return report

    def pytest_runtest_logreport(self, report: t.Any) -> None:
        test = self._tests.setdefault(report.nodeid, {"passed": True})
        test["passed"] = test["passed"] and report.passed
        test.update(report.facts)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            Path(self._path).write_text(json.dumps(self._tests, indent=1))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--test-facts", metavar="FILE", help="the file for the facts of each test")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--test-facts"):
        config.pluginmanager.register(TestFacts(config.getoption("--test-facts")))
