# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and its tags, in real runs of ansible-playbook. Molecule tests the site playbook, and tests of the module the rest."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import variables_of

ROLE = Path(__file__).resolve().parents[4] / "roles/access_server"
PARTS = [*DECLARATION.resources]
USERS = [
    {"name": "anna", "group": "staff"},
    {"name": "bert", "group": "staff", "state": "blocked", "static_ipv4": "10.8.16.9"},
    {"name": "carl", "state": "absent"},
    {"name": "dora"},
]
GROUPS = [
    {"name": "staff", "subnets": ["10.8.16.0/20"]},
    {"name": "guests", "members": ["dora"]},
    {"name": "interns", "state": "absent"},
]
ITEMS = [{"name": "sa.company_name", "value": "Example Company"}]
LISTS = [{"user": "anna", "access_to": ["10.0.0.0/8", "user:dora"]}, {"group": "guests", "access_to": ["group:staff"]}]


class Estate:
    """A server, and a playbook with the role, whose variables differ between runs."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.folder = server, Folder(path)
        self.folder.write("people/users.json", USERS)
        self.folder.write("groups.json", GROUPS)
        self.folder.write("access_lists.yml", LISTS)
        self.folder.write("items/company.yml", ITEMS)
        self._keep = [server.simulator.username, server.simulator.mfa_username]

    def run(self, *arguments: str, **variables: t.Any) -> Run:
        """Run the playbook with variables of the role, without the prefix of their names."""
        options = {"protect": self._keep, **variables}
        host = {"ansible_connection": "local", **{f"access_server_{name}": value for name, value in options.items()}}
        self.folder.hosts(here=host)
        play = {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"group/vpn.estate.access_server": self.server.connection},
            "roles": [{"role": "vpn.estate.access_server"}],
        }
        self.server.simulator.log.clear()
        return self.folder.play([play], *arguments)

    @property
    def users(self) -> dict[str, dict[str, t.Any]]:
        """Users on the server, without those of a new server."""
        return {name: one for name, one in self.server.simulator.state()["users"].items() if name not in self._keep}


@pytest.fixture(name="estate")
def fixture_estate(server: Server, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path)


@pytest.mark.versions
@pytest.mark.parametrize("in_files", first(True, False), ids=["files", "lists"])
def test_from_nothing(estate: Estate, in_files: bool) -> None:
    """Check mode succeeds on an empty server, and shows what the run does."""
    declared: dict[str, t.Any] = (
        {
            "users_src": "people",
            "groups_src": "groups.json",
            "access_lists_src": "access_lists.yml",
            "config_items_src": "items",
        }
        if in_files
        else {"users": USERS, "groups": GROUPS, "access_lists": LISTS, "config_items": ITEMS}
    )
    declared = {**declared, "default_user": {"def_deny": True}, "purge": ["users", "groups", "access_lists"]}
    check = estate.run("--check", **declared)
    assert check.status == 0, check.output
    assert not estate.server.writes()
    done = estate.run(**declared)
    assert done.status == 0, done.output
    assert done.tally == check.tally
    assert {name: (user.get("group"), user.get("deny")) for name, user in estate.users.items()} == {
        "anna": ("staff", None),
        "bert": ("staff", True),
        "dora": ("guests", None),
    }
    assert [(one["name"], one["subnets"]) for one in estate.server.inform(GROUP)] == [
        ("guests", []),
        ("staff", ["10.8.16.0/20"]),
    ]
    assert [one["access_to"] for one in estate.server.inform(ACCESS_LIST)] == [
        ["group:staff"],
        ["10.0.0.0/8", "user:dora"],
    ]
    assert estate.server.inform(CONFIG_ITEM, ["sa.company_name"])[0]["value"] == "Example Company"
    assert estate.server.writes().count("/api/server/restart") == 1


@pytest.mark.parametrize("limit", first({"users": 7, "groups": "100%"}, 7), ids=["each", "all"])
def test_the_limit_of_a_purge(estate: Estate, limit: t.Any) -> None:
    """It may be one for all parts, or one for each. Without it, five objects may be deleted."""
    for name in "abcdefg":
        estate.server.simulator.set_user(name)
        estate.server.simulator.set_group(f"group-{name}")
    declared: dict[str, t.Any] = {"users": USERS, "groups": GROUPS, "purge": ["users", "groups"]}
    refused = estate.run("--check", **declared)
    assert refused.status != 0
    assert "7 of 9 users" in refused.output
    run = estate.run(**declared, purge_limit=limit)
    assert run.status == 0, run.output
    assert set(estate.users) == {"anna", "bert", "dora"}
    assert [one["name"] for one in estate.server.inform(GROUP)] == ["guests", "staff"]


def test_a_part_that_fails_keeps_neither_the_configuration_nor_the_restart_from_being_done(estate: Estate) -> None:
    """The next run finds no change in the configuration, and would not restart."""
    estate.server.simulator.faults.add(path="/groups/create", status=400, body={"reason": "no room"})
    run = estate.run(groups=GROUPS[:1], config_items=ITEMS)
    assert run.status != 0
    assert "no room" in run.output
    assert estate.server.inform(CONFIG_ITEM, ["sa.company_name"])[0]["value"] == "Example Company"
    assert estate.server.writes()[-1] == "/api/server/restart"
    assert run.tally["here"]["failed"] == 1


@pytest.mark.exhaustive
def test_an_address_that_waits_for_a_restart_needs_a_second_run_and_no_more(estate: Estate) -> None:
    estate.server.simulator.read_as(address_networks="after_restart")
    network = {"vpn.server.static.0.network": "10.50.0.0", "vpn.server.static.0.netmask_bits": 24}
    declared: dict[str, t.Any] = {
        "users": [{"name": "anna", "static_ipv4": "10.50.0.7"}, {"name": "bert"}],
        "config_items": [{"name": name, "value": value} for name, value in network.items()],
    }
    done = estate.run(**declared)
    assert done.tally["here"]["failed"] == 1
    assert "it may need a restart" in " ".join(done.output.split())
    assert estate.server.writes()[-1] == "/api/server/restart"
    assert [*estate.users] == ["bert"]
    done = estate.run(**declared)
    assert done.status == 0
    assert estate.users["anna"]["static_ipv4"] == "10.50.0.7"
    assert "/api/server/restart" not in estate.server.writes()


@pytest.mark.exhaustive
def test_a_server_for_which_nothing_is_declared(estate: Estate) -> None:
    run = estate.run()
    assert run.status == 0, run.output
    assert not estate.server.simulator.log


# -- tags


def chosen(tags: list[str], skipped: list[str]) -> tuple[list[str], dict[str, bool]]:
    """The parts that a run with these tags changes, and the tasks of the role that run."""
    loader = DataLoader()
    run = {"ansible_run_tags": tags, "ansible_skip_tags": skipped}
    main, variables = (variables_of(ROLE / name) for name in ("tasks/main.yml", "vars/main.yml"))
    play = Play.load({"hosts": "all", "tasks": main}, loader=loader)
    tasks = {}
    blocks = [play.tasks[0]]
    while blocks:
        for one in (*blocks[0].block, *blocks.pop(0).always):
            if isinstance(one, Block):
                blocks.append(one)
            elif isinstance(one, Task):
                tasks[one.name] = one.evaluate_tags(tags, skipped, all_vars=run)
    return Templar(loader, variables={**variables, **run}).template(variables["__access_server_only"]), tasks


APPLY, RESTART = "Bring the Access Server to its declared state", "Restart the Access Server if a change needs it"


@pytest.mark.versions
@pytest.mark.parametrize(
    ("tags", "skipped", "only", "done"),
    [
        (["all"], [], PARTS, {APPLY, RESTART}),
        (["users"], [], ["users"], {APPLY}),
        (["users", "config_items"], [], ["users", "config_items"], {APPLY, RESTART}),
        (
            ["all"],
            ["users"],
            ["groups", "default_user", "access_lists", "access_rulesets", "config_items"],
            {APPLY, RESTART},
        ),
        (["all"], ["config_items", "groups"], ["default_user", "users", "access_lists", "access_rulesets"], {APPLY}),
        (["users", "groups"], ["groups"], ["users"], {APPLY}),
        (["users"], ["users"], [], set()),
        (["usrs"], [], PARTS, set()),  # a tag of another role
        (["usrs", "users"], [], ["users"], {APPLY}),
        (["tagged"], [], PARTS, {APPLY, RESTART}),
    ],
)
def test_tags_choose_parts(tags: list[str], skipped: list[str], only: list[str], done: set[str]) -> None:
    parts, tasks = chosen(tags, skipped)
    assert sorted(parts) == sorted(only)
    assert {name for name, is_done in tasks.items() if is_done} == done
    assert set(tasks) == {APPLY, RESTART}


def test_every_part_is_a_tag() -> None:
    """The condition of the block handles the case that all parts are skipped, because a task without tags is always selected."""
    for part in PARTS:
        assert chosen([part], [])[0] == [part]
        assert chosen([part], [])[1][APPLY]
    assert chosen(["all"], PARTS)[0] == []


@pytest.mark.versions
def test_a_run_with_a_tag_does_that_part_alone(estate: Estate) -> None:
    estate.server.simulator.set_group("staff")
    declared = {"users": [*USERS[:1], *USERS[2:]], "groups": GROUPS, "config_items": ITEMS}
    run = estate.run("--tags", "users", **declared)
    assert run.status == 0, run.output
    assert set(estate.users) == {"anna", "dora"}
    assert [one["name"] for one in estate.server.inform(GROUP)] == ["staff"]
    assert "/api/server/restart" not in estate.server.writes()
