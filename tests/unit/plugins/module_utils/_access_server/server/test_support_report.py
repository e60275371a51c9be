# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A support report: in a file for its owner alone, and nowhere else."""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.modules.as_support_report import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

SECRET = "REPORTED-SECRET-7"


def saved(server: Server, dest: Path, *, check: bool = False) -> Answer:
    return perform(BODY, "as_support_report", {**server.connection, "dest": str(dest)}, check=check, invocation=True)


@dialects
def test_a_report_is_saved_for_its_owner_alone(start: t.Callable[..., Server], dialect: str, tmp_path: Path) -> None:
    server, dest = start(dialect=dialect), tmp_path / "report"
    planned = saved(server, dest, check=True)
    assert planned["changed"]
    assert not dest.exists()
    assert not any(one.path.endswith("support/report") for one in server.simulator.log)
    answer = saved(server, dest)
    assert (answer["changed"], answer["diff"]) == (True, planned["diff"])
    assert SECRET in dest.read_text()
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert SECRET not in json.dumps(answer)


@pytest.mark.parametrize(
    "fault", [{"do": "status", "status": 500, "body": SECRET}, {"do": "status", "status": 200, "body": ""}]
)
def test_what_is_no_report_leaves_the_file_and_is_not_shown(
    server: Server, fault: dict[str, t.Any], tmp_path: Path
) -> None:
    dest = tmp_path / "report"
    dest.write_text("the one before")
    server.simulator.faults.add(path="support/report", times=None, **fault)
    answer = saved(server, dest)
    assert answer["failed"]
    assert dest.read_text() == "the one before"
    assert SECRET not in json.dumps(answer)


def test_a_file_that_cannot_be_written_is_refused_before_the_server_is_asked(server: Server, tmp_path: Path) -> None:
    answer = saved(server, tmp_path / "none" / "report")
    assert answer["failed"]
    assert answer["msg"].startswith("dest: ")
    assert not any(one.path.endswith("support/report") for one in server.simulator.log)


@pytest.mark.parametrize("body", ["x" * (5 << 20), '{"report": 1}'], ids=["large", "JSON"])
def test_a_report_may_be_of_any_size_and_kind(server: Server, tmp_path: Path, body: str) -> None:
    server.simulator.faults.add(path="support/report", status=200, body=body, headers={"Content-Type": "text/plain"})
    answer = saved(server, tmp_path / "report")
    assert not answer.get("failed"), answer
    assert (tmp_path / "report").read_text() == body
