# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets of the simulated Access Server: versions, and what is unknown of real ones."""

from __future__ import annotations

import pytest

RULE = {
    "type": "domain_routing",
    "match_type": "domain",
    "match_data": "a.example.com",
    "action": "route",
    "comment": "",
}


def add(api, name="one", owner="alice", position=100):
    """A ruleset with an owner; the answer is its number."""
    number = api.post("access/rulesets/add", {"name": name, "comment": ""}).body["id"]
    assigned = {"add": {owner: [{"ruleset_id": number, "position": position}]}}
    assert api.post("access/user-rulesets/modify", assigned).status == 200
    return number


def modify(api, number, *rules, gone=()):
    added = [{"ruleset_id": number, "position": 100 * place, **RULE, **rule} for place, rule in enumerate(rules, 1)]
    return api.post("access/rules/modify", {"add": added, "delete": list(gone)})


def listed(api):
    return [row["name"] for row in api.post("access/rulesets/list", {}).body["rulesets"]]


@pytest.fixture(name="ruled")
def _ruled(start):
    def with_readings(version="3.2.2", **readings):
        server, api = start(readings=readings, settings={"version": version})
        server.set_user("alice")
        server.set_user("bob")
        return server, api

    return with_readings


def test_a_server_before_3_1_has_none_of_it(ruled):
    _server, api = ruled("3.0.2")
    reply = api.post("access/rulesets/list", {})
    assert (reply.status, reply.body) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("version", "rule", "status"),
    [
        ("3.1.0", {}, 200),
        ("3.1.0", {"action": "deny"}, 200),
        ("3.1.0", {"action": "bypass"}, 400),
        ("3.2.0", {"action": "bypass"}, 200),
        ("3.1.0", {"match_type": "all", "match_data": ""}, 400),
        ("3.2.0", {"match_type": "all", "match_data": ""}, 200),
        ("3.2.0", {"match_type": "any", "match_data": ""}, 400),
        ("3.2.0", {"match_data": ""}, 400),
        ("3.2.0", {"type": "filter", "match_type": "subnet", "match_data": "10.0.0.0/8"}, 400),
    ],
)
def test_rules_that_a_version_takes(ruled, version, rule, status):
    _server, api = ruled(version)
    assert modify(api, add(api), rule).status == status


@pytest.mark.parametrize(("reading", "answers"), [("empty", None), ("added", {"added": [1, 2]})])
def test_reading_modify_answer(ruled, reading, answers):
    _server, api = ruled(modify_answer=reading)
    assert modify(api, add(api), {}, {}).body == answers


@pytest.mark.parametrize(("reading", "names"), [("hidden", []), ("listed", ["one"])])
def test_reading_unassigned_rulesets(ruled, reading, names):
    _server, api = ruled(unassigned_rulesets=reading)
    api.post("access/rulesets/add", {"name": "one", "comment": ""})
    assert listed(api) == names


@pytest.mark.parametrize("reading", ["user", "default"])
def test_reading_global_owner_type(ruled, reading):
    _server, api = ruled(global_owner_type=reading)
    add(api, owner="__DEFAULT__")
    [row] = api.post("access/rulesets/list", {}).body["rulesets"]
    assert (row["owner"], row["owner_type"]) == ("__DEFAULT__", reading)


def test_reading_filter_rules(ruled):
    _server, api = ruled(filter_rules="kept")
    assert modify(api, add(api), {"type": "filter", "match_type": "subnet", "match_data": "10.0.0.0/8"}).status == 200


@pytest.mark.parametrize(("reading", "status"), [("free", 200), ("unique", 400)])
def test_readings_of_what_is_there_twice(ruled, reading, status):
    _server, api = ruled(ruleset_names=reading, rule_positions=reading)
    number = add(api)
    assert api.post("access/rulesets/add", {"name": "one", "comment": ""}).status == status
    assert modify(api, number, {}).status == 200
    assert modify(api, number, {"match_data": "b.example.com"}).status == status
    assert modify(api, number, {"position": 700}).status == 200


def test_a_position_is_taken_until_its_rule_is_gone(ruled):
    _server, api = ruled(rule_positions="unique")
    number = add(api)
    modify(api, number, {})
    assert modify(api, number, {"action": "nat"}, gone=[1]).status == 400
    assert modify(api, number, gone=[1]).status == 200
    assert modify(api, number, {"action": "nat"}).status == 200


@pytest.mark.parametrize(("reading", "status", "names"), [("deleted", 200, []), ("refused", 400, ["one"])])
def test_reading_assigned_ruleset(ruled, reading, status, names):
    _server, api = ruled(assigned_ruleset=reading)
    assert api.post("access/rulesets/delete", {"ids": [add(api)]}).status == status
    assert listed(api) == names


@pytest.mark.parametrize(("reading", "left"), [("kept", 1), ("deleted", 0)])
def test_reading_last_owner_gone(ruled, reading, left):
    server, api = ruled(last_owner_gone=reading)
    number = add(api)
    assert api.post("access/user-rulesets/modify", {"delete": {"alice": {"ruleset_ids": [number]}}}).status == 200
    assert len(server.state()["access_rulesets"]) == left


@pytest.mark.parametrize(("reading", "status", "position"), [("moved", 200, 300), ("refused", 400, 100)])
def test_reading_assigned_twice(ruled, reading, status, position):
    server, api = ruled(assigned_twice=reading)
    again = {"add": {"alice": [{"ruleset_id": add(api), "position": 300}]}}
    assert api.post("access/user-rulesets/modify", again).status == status
    assert server.state()["access_rulesets"][0]["owners"] == {"alice": position}


@pytest.mark.parametrize(("reading", "names"), [("deleted", ["shared"]), ("kept", ["one", "shared", "shared"])])
def test_reading_rulesets_of_deleted_owners(ruled, reading, names):
    _server, api = ruled(rulesets_of_deleted_owners=reading)
    shared = {"ruleset_id": add(api, "shared", position=200), "position": 100}
    api.post("access/user-rulesets/modify", {"add": {"bob": [shared]}})
    add(api)
    assert api.post("users/delete", {"users": ["alice"]}).status == 204
    assert listed(api) == names


@pytest.mark.parametrize("reading", ["all", "any"])
def test_reading_match_all(ruled, reading):
    _server, api = ruled(match_all=reading)
    assert modify(api, add(api), {"match_type": reading, "match_data": ""}).status == 200
    refusal = modify(api, add(api), {"match_type": "everything", "match_data": ""})
    assert f"or '{reading}'" in refusal.body["detail"]["add.0.match_type"]


def test_operations_and_services_that_a_server_lacks(ruled):
    server, api = ruled()
    server.configure(lacks="listAccessLists,setAccessLists", services_off="dnsproxy")
    reply = api.post("userprop/access/list", {})
    assert (reply.status, reply.body) == (404, {"detail": "Not Found"})
    assert api.post("access/rulesets/list", {}).status == 200
    assert api.get("server/status").body["service_status"]["dnsproxy"]["status"] == "disabled"
