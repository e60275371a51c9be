# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with what it declares in files, by real runs of ansible-playbook; molecule has the rest of it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first

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
    """A server, and a playbook with the role, whose variables change from run to run."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.folder = server, Folder(path)
        self.folder.write("people/users.json", USERS)
        self.folder.write("groups.json", GROUPS)
        self.folder.write("access_lists.yml", LISTS)
        self.folder.write("items/company.yml", ITEMS)
        self._keep = [server.simulator.username, server.simulator.mfa_username]

    def run(self, *arguments: str, **variables: t.Any) -> Run:
        """Run the playbook with variables of the role, without the prefix of their names."""
        told = {"protect": self._keep, **variables}
        host = {"ansible_connection": "local", **{f"access_server_{name}": value for name, value in told.items()}}
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
        """Users on the server, but those that it came with."""
        return {name: one for name, one in self.server.simulator.state()["users"].items() if name not in self._keep}


@pytest.fixture(name="estate")
def fixture_estate(server: Server, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path)


@pytest.mark.parametrize("in_files", first(True, False), ids=["files", "lists"])
def test_from_nothing(estate: Estate, in_files: bool) -> None:
    """Check mode goes through on an empty server and tells what the run does."""
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
    declared = {**declared, "purge": ["users", "groups", "access_lists"]}
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
    assert "/api/server/restart" in estate.server.writes()


@pytest.mark.exhaustive
def test_the_next_run_changes_nothing(estate: Estate) -> None:
    declared = {
        "users_src": "people",
        "groups": GROUPS,
        "access_lists_src": "access_lists.yml",
        "config_items": ITEMS,
        "purge": ["users", "groups", "access_lists"],
    }
    assert estate.run(**declared).status == 0
    again = estate.run(**declared)
    assert again.status == 0, again.output
    assert again.tally["here"]["changed"] == 0
    assert not estate.server.writes()


@pytest.mark.parametrize("in_files", first(True, False), ids=["files", "lists"])
def test_what_nobody_declares_is_purged(estate: Estate, in_files: bool) -> None:
    """Declared ones stay, whatever their state is, and whichever task deletes the others."""
    for name in ("anna", "bert", "carl", "dora", "frida"):
        estate.server.simulator.set_user(name)
    for name in ("interns", "strangers"):
        estate.server.simulator.set_group(name)
    declared: dict[str, t.Any] = (
        {"users_src": "people", "groups_src": "groups.json"} if in_files else {"users": USERS, "groups": GROUPS}
    )
    run = estate.run(**declared, purge=["users", "groups"])
    assert run.status == 0, run.output
    assert set(estate.users) == {"anna", "bert", "dora"}
    assert [one["name"] for one in estate.server.inform(GROUP)] == ["guests", "staff"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("groups", [{"groups_src": "groups.json"}, {"groups": []}], ids=["files", "lists"])
def test_an_empty_list_purges_nothing(estate: Estate, groups: dict[str, t.Any]) -> None:
    estate.folder.write("groups.json", [])
    estate.server.simulator.set_group("staff")
    empty = estate.run(**groups, purge=["groups"])
    assert empty.status != 0
    assert "purge with an empty list of groups would delete " in empty.output
    assert [one["name"] for one in estate.server.inform(GROUP)] == ["staff"]


@pytest.mark.versions
@pytest.mark.parametrize("in_files", first(False, True), ids=["lists", "files"])
def test_what_goes_wrong_later_keeps_nobody_in(estate: Estate, in_files: bool) -> None:
    """The group of somebody who is blocked is not there yet, and cannot be as it is declared."""
    for name in ("bert", "carl"):
        estate.server.simulator.set_user(name, static_ipv4="10.8.16.9")
    users = {"users_src": "people/users.json"} if in_files else {"users": USERS}
    run = estate.run(**users, groups=[{"name": "staff", "subnets": ["nowhere"]}])
    assert run.status != 0
    assert "'nowhere' is not a network" in run.output
    assert {name: (user.get("group"), user.get("deny")) for name, user in estate.users.items()} == {
        "bert": (None, True)
    }


@pytest.mark.exhaustive
def test_what_goes_wrong_earlier_keeps_nobody_in(estate: Estate) -> None:
    """A group that cannot be made, although somebody who is blocked may be in it, and is not."""
    for name in ("bert", "carl", "staff"):
        estate.server.simulator.set_user(name)
    estate.folder.write("people/users.json", [{**user, "group": "", "static_ipv4": ""} for user in USERS])
    run = estate.run(users_src="people", groups=[{"name": "staff"}])
    assert run.status != 0
    assert "There is a user named staff" in run.output
    assert {name: user.get("deny") for name, user in estate.users.items()} == {"bert": True, "staff": None}


@pytest.mark.versions
@pytest.mark.exhaustive
def test_contradictions(estate: Estate) -> None:
    """Those that can be seen without a look into the files."""
    nouns = {"users": USERS, "groups": [], "access_lists": [], "config_items": []}
    run = estate.run(**nouns, **{f"{noun}_src": "people" for noun in nouns})
    assert run.status != 0
    for sentence in (
        "access_server_users and access_server_users_src are both defined",
        "access_server_groups and access_server_groups_src are both defined",
        "access_server_access_lists and access_server_access_lists_src are both defined",
        "access_server_config_items and access_server_config_items_src are both defined",
    ):
        assert sentence in " ".join(run.output.split()), run.output
    run = estate.run(users=USERS, purge=["groups"])
    assert run.status != 0
    sentence = "access_server_purge names groups, and access_server_groups is not defined"
    assert sentence in " ".join(run.output.split()), run.output
    assert not estate.server.simulator.log


@pytest.mark.exhaustive
def test_who_is_only_in_a_file_is_no_contradiction(estate: Estate) -> None:
    """That the members and the owners of access lists are declared is not seen, and is not denied either."""
    lists = [{"user": "anna", "access_to": ["user:dora"]}]
    run = estate.run("--check", users_src="people", groups=GROUPS, access_lists=lists, purge=["users", "groups"])
    assert run.status == 0, run.output
    run = estate.run("--check", users=USERS[:3], groups=GROUPS, access_lists=lists, purge=["users", "groups"])
    assert run.status != 0
    assert "group guests has the member user dora, which is not declared and falls to the purge" in run.output
