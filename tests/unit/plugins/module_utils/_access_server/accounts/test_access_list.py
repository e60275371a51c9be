# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists: their owners, single rules, and what an empty list means."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server

RULES = ["10.1.0.0/16", "10.2.0.0/16"]


@pytest.fixture(name="listed")
def fixture_listed(server: Server) -> Server:
    """A server with the lists of a group."""
    server.manage(GROUP, groups=[{"name": "staff"}, {"name": "ops"}])
    server.manage(ACCESS_LIST, group="staff", access_to=RULES, access_from=["all_vpn_clients"])
    return server


def lists(server: Server, **params: t.Any) -> dict[str, list[str]]:
    return {one["group"]: one["access_to"] for one in server.inform(ACCESS_LIST, **params)}


def test_single_rules_are_added_and_taken_away(listed: Server) -> None:
    assert listed.manage(ACCESS_LIST, group="staff", access_to=["10.3.0.0/16"], exclusive=False)["changed"]
    assert lists(listed)["staff"] == [*RULES, "10.3.0.0/16"]
    assert listed.manage(ACCESS_LIST, group="staff", access_to=RULES, state="absent")["changed"]
    assert lists(listed)["staff"] == ["10.3.0.0/16"]
    assert listed.inform(ACCESS_LIST)[0]["access_from"] == ["all_vpn_clients"]


def test_no_rules_to_take_away_are_none(listed: Server) -> None:
    """A template that comes out empty does not empty the list."""
    assert not listed.manage(ACCESS_LIST, group="staff", access_to=[], state="absent")["changed"]
    assert lists(listed)["staff"] == RULES


def test_absent_without_rules_empties_both_lists(listed: Server) -> None:
    assert listed.manage(ACCESS_LIST, group="staff", state="absent")["changed"]
    assert lists(listed) == {}


@pytest.mark.parametrize("owner", [{"user": ""}, {"group": ""}])
def test_an_unknown_owner_has_no_list(listed: Server, owner: dict[str, str]) -> None:
    answer = listed.manage(ACCESS_LIST, **owner, access_to=RULES)
    assert answer["failed"]
    assert "cannot be a name: it is empty" in answer["msg"]


def test_the_default_user_may_own_one_and_a_purge_takes_it(listed: Server) -> None:
    answer = listed.manage(ACCESS_LIST, user="__DEFAULT__", access_to=["10.9.0.0/16"])
    assert "does not exist" not in answer.get("msg", "")
    kept = [{"group": "staff", "access_to": RULES}]
    assert not listed.manage(ACCESS_LIST, access_lists=kept, purge=True).get("failed")


def test_no_requested_owner_means_no_list(listed: Server) -> None:
    assert lists(listed) == {"staff": RULES}
    assert lists(listed, groups=["staff", "ops"]) == {"staff": RULES, "ops": []}
    assert lists(listed, users=[], groups=[]) == {}


def test_a_server_without_access_lists_says_so(listed: Server) -> None:
    listed.simulator.configure(lacks="listAccessLists,setAccessLists")
    answer = listed.manage(ACCESS_LIST, group="staff", access_to=RULES)
    assert f"{listed.simulator.url} does not support access lists" in answer["msg"]


@pytest.mark.parametrize(
    "rule", ["app.example.com", "*.example.com:https", {"subnet": "App.Example.com.", "type": "route"}]
)
def test_a_domain_is_no_network_but_a_rule_of_a_ruleset(listed: Server, rule: str) -> None:
    answer = listed.manage(ACCESS_LIST, group="staff", access_to=[rule])
    assert "is a domain; use as_access_ruleset for rules by domain" in answer["msg"]


@pytest.mark.parametrize("rule", ["10.0.0", "10.0.0.x", "staff", "10.0.0.0/33", "1.2.3.4.5"])
def test_what_is_no_domain_either_is_no_network(listed: Server, rule: str) -> None:
    assert "is not a network" in listed.manage(ACCESS_LIST, group="staff", access_to=[rule])["msg"]


def test_all_rules_of_a_list_that_are_wrong_are_named(listed: Server) -> None:
    answer = listed.manage(ACCESS_LIST, group="staff", access_to=["10.1.0.0/16:5432", "10.2.0.0/16", "app.example.com"])
    assert "'10.1.0.0/16:5432': '5432' is not a service" in answer["msg"]
    assert "'app.example.com' is a domain" in answer["msg"]
    assert "10.2.0.0" not in answer["msg"]
