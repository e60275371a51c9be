# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the site playbook for a server without changes: processes, imports and requests."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import trust_as_template

PLAYBOOKS = Path(__file__).resolve().parents[4] / "playbooks"
CALLBACKS = Path(__file__).with_name("callbacks")
DECLARED = {
    "access_server_default_user": {"def_deny": False},
    "access_server_groups": [{"name": "staff", "subnets": ["10.8.16.0/20"]}],
    "access_server_users": [{"name": "anna", "group": "staff"}],
    "access_server_access_lists": [{"user": "anna", "access_to": ["10.0.0.0/8"]}],
    "access_server_config_items": [{"name": "sa.company_name", "value": "Example Company"}],
    "estate_people": [{"name": "bert", "groups": ["staff"]}],
}
OURS = (
    "ansible_collections.vpn.",
    "ansible.plugins.filter.",
    "ansible.plugins.test.",
)  # and the plugins that our templates use


@pytest.fixture(name="folder")
def fixture_folder(server: Server, tmp_path: Path) -> Folder:
    """An Access Server in its declared state, and a Freebox without a declaration."""
    folder = Folder(tmp_path)
    hosts = {"access_servers": {"hosts": {"office": {}}}, "freeboxes": {"hosts": {"home": {}}}}
    folder.write("hosts.json", hosts)
    folder.write("group_vars/access_servers.json", {**DECLARED, **server.connection})
    assert folder.play([{"import_playbook": "vpn.estate.site"}]).status == 0
    server.simulator.log.clear()
    return folder


@pytest.mark.versions
def test_a_server_that_is_as_declared_costs_four_processes_and_nine_requests(server: Server, folder: Folder) -> None:
    listed = folder.path / "workers"
    run = folder.play(
        [{"import_playbook": "vpn.estate.site"}],
        ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS),
        ANSIBLE_CALLBACKS_ENABLED="workers",
        WORKERS=str(listed),
    )
    assert run.status == 0, run.output
    assert run.tally["office"]["changed"] == run.tally["home"]["changed"] == 0
    workers: list[dict[str, t.Any]] = [json.loads(line) for line in listed.read_text().splitlines()]
    actions = [worker["action"].rpartition(".")[2] for worker in workers if worker["host"] == "office"]
    once = "fail"  # for all servers, by the first of them
    assert actions == ["as_declaration", once, "validate_argument_spec", "as_declaration", "as_restart"]
    assert len(server.simulator.log) <= 9
    for worker in workers:
        assert [name for name in worker["imported"] if name.startswith(OURS)] == [], worker["action"]


def test_a_host_has_the_roles_of_its_groups(server: Server, folder: Folder) -> None:
    run = folder.play([{"import_playbook": "vpn.estate.site"}], "--limit", "home")
    assert run.status == 0, run.output
    assert run.tally["home"]["ok"] == 2  # the arguments of its role and its declaration are checked
    assert "Nothing is declared for home" in run.output
    assert server.simulator.log == []
    wrong = {"freebox_vpn_users": [{"oops": 1}]}
    groups = {"access_servers": {"hosts": {"office": {}}}, "freeboxes": {"hosts": {"office": wrong}}}
    folder.write("hosts.json", groups)
    run = folder.play([{"import_playbook": "vpn.estate.site"}])
    assert run.status != 0
    assert run.tally["office"] == {**run.tally["office"], "ok": 1, "failed": 1}
    assert "oops: there is no such option" in run.output
    assert server.simulator.log == []


@pytest.mark.parametrize("playbook", ["site", "validate"])
@pytest.mark.parametrize(
    ("group", "role"), [("access_servers", "vpn.estate.access_server"), ("freeboxes", "vpn.estate.freebox_vpn")]
)
def test_each_role_looks_at_the_groups_of_its_host(playbook: str, group: str, role: str) -> None:
    """Also if --skip-tags always skips the task that ends the play for other hosts."""
    plays = yaml.safe_load((PLAYBOOKS / f"{playbook}.yml").read_text())
    roles = [task for play in plays for task in play.get("tasks", ()) if "ansible.builtin.import_role" in task]
    templar = Templar(DataLoader(), variables={"group_names": [group]})
    chosen = [
        task["ansible.builtin.import_role"]["name"]
        for task in roles
        if templar.template(trust_as_template(f"{{{{ {task.get('when', 'true')} }}}}"))
    ]
    assert chosen == [role]


@pytest.mark.exhaustive
def test_an_access_server_has_no_freebox_when_tags_are_skipped(server: Server, folder: Folder) -> None:
    run = folder.play([{"import_playbook": "vpn.estate.site"}], "--skip-tags", "always", "--limit", "office")
    assert run.status == 0, run.output
    assert run.tally["office"]["failed"] == 0
    assert server.simulator.log
