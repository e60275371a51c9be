# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that the guide to automation shows do what it promises: their commands run here, without the systems that start them."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.tests.unit.plugins.roles.test_drift import PASSWORD, estate
from ansible_collections.vpn.estate.tests.unit.plugins.support.guide import GUIDES, ROOT, Guide
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run

INSTALLS = re.compile(r"(pip|ansible-galaxy collection) install ")


def file_of_guide(caption: str) -> str:
    """A file that the guide shows."""
    [text] = [block.text for block in Guide.read(GUIDES / "guide_automation.rst").blocks if block.caption == caption]
    return text


def checked_out(folder: Folder, server: Server, box: Box) -> None:
    """What a job has: the inventory in a folder of its own."""
    estate(folder, server, box)
    (folder.path / "inventory").mkdir()
    for name in ("hosts.json", "group_vars"):
        (folder.path / name).rename(folder.path / "inventory" / name)


def shell(folder: Folder, script: str, **environment: str) -> Run:
    """The status and the output of commands, as a job runs them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{folder.environment['PATH']}"
    return folder.run(["sh", "-e", "-c", script], PATH=path, **environment)


@pytest.mark.exhaustive
def test_the_recipe_for_cron_prints_nothing_on_a_quiet_night(server: Server, box: Box, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    checked_out(folder, server, box)
    (tmp_path / "drift.sh").write_text(file_of_guide("drift.sh"))
    _status, said = shell(folder, "sh drift.sh")
    assert said.startswith("# Servers differ from what is declared")
    server.simulator.set_user("ana", password=PASSWORD)
    assert shell(folder, "sh drift.sh") == (0, "")
    (tmp_path / "inventory/hosts.json").write_text("{")
    status, said = shell(folder, "sh drift.sh")
    assert status != 0
    assert not said.startswith("# ")  # no report of another night
    assert "The run has no host in the groups access_servers and freeboxes." in said


@pytest.mark.exhaustive
def test_the_jobs_for_gitlab_check_apply_and_compare(server: Server, box: Box, tmp_path: Path) -> None:
    """In the order in which a merge request and its merge start them, with the variables and the artefacts of each."""
    folder = Folder(tmp_path)
    checked_out(folder, server, box)
    jobs = yaml.safe_load(file_of_guide(".gitlab-ci.yml"))
    assert all(INSTALLS.match(line) for line in jobs.pop("default")["before_script"])
    assert [*jobs] == ["validate", "check", "apply"]

    def job(name: str) -> int:
        status, _said = shell(folder, "\n".join(jobs[name]["script"]), **jobs[name].get("variables", {}))
        for path in jobs[name].get("artifacts", {}).get("paths", ()):
            assert {one.name for one in (tmp_path / path).iterdir()} == {"report.json", "report.md", "report.html"}
        return status

    assert job("validate") == 0
    assert not server.simulator.log
    assert job("check") != 0
    assert json.loads((tmp_path / "drift/report.json").read_text())["status"] == "drift"
    assert server.writes() == []
    assert job("apply") == 0
    record = json.loads((tmp_path / "done/report.json").read_text())
    assert (record["mode"], record["status"]) == ("run", "changed")
    assert job("check") == 0


@pytest.mark.exhaustive
def test_the_jobs_for_github_check_apply_and_compare(server: Server, box: Box, tmp_path: Path) -> None:
    """Steps of a job go on after one that failed if they say so."""
    folder = Folder(tmp_path)
    checked_out(folder, server, box)
    workflow = yaml.safe_load(file_of_guide(".github/workflows/vpn.yml"))
    jobs = workflow["jobs"]
    assert [*jobs] == ["check", "apply"]
    # What a workflow calls a variable of the environment is one of the collection.
    assert {*workflow["env"]} == {"VPN_ESTATE_AS_USERNAME", "VPN_ESTATE_AS_PASSWORD"}

    def job(name: str) -> tuple[bool, str]:
        summary, failed = tmp_path / f"summary-{name}", False
        for step in jobs[name]["steps"]:
            if "run" not in step or INSTALLS.match(step["run"]) or (failed and step.get("if") != "always()"):
                continue
            environment = {**jobs[name].get("env", {}), "GITHUB_STEP_SUMMARY": str(summary)}
            status, _said = shell(folder, step["run"], **environment)
            failed = failed or status != 0
        return failed, summary.read_text()

    failed, text = job("check")
    assert failed
    assert text.startswith("# Servers differ from what is declared")
    failed, text = job("apply")
    assert not failed
    assert text.startswith("# Servers were changed")
    failed, text = job("check")
    assert not failed
    assert "# All servers are as they are declared" in text


def test_recipes_name_what_there_is() -> None:
    """Each playbook and callback that a recipe names is there."""
    captions = ("drift.sh", ".gitlab-ci.yml", ".github/workflows/vpn.yml")
    names = set(re.findall(r"vpn\.estate\.(\w+)", " ".join(map(file_of_guide, captions))))
    assert names == {"validate", "drift", "site", "report"}
    for name in names:
        assert (ROOT / f"playbooks/{name}.yml").is_file() or (ROOT / f"plugins/callback/{name}.py").is_file()
