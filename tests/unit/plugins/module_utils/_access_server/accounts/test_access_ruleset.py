# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets: their owners, single rules, what is left alone, and what happens to a ruleset without an owner."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server

Json = dict[str, t.Any]
STAFF = {"group": "staff", "name": "Staff web"}
DENY: Json = {"domain": "secret.example.com", "action": "deny"}
ALLOW: Json = {"domain": "*.example.com", "action": "nat"}
# Readings that decide what becomes of a ruleset. Each is tried with each of the others that could meet it.
OF_RULESETS = (
    *("modify_answer", "unassigned_rulesets", "global_owner_type", "ruleset_names", "rule_positions"),
    *("assigned_ruleset", "last_owner_gone", "assigned_twice", "rulesets_of_deleted_owners"),
)
EACH = [{}, *({name: reading} for name in OF_RULESETS for reading in READINGS[name][1:])]
EACH.append({name: READINGS[name][1] for name in OF_RULESETS})
each_reading = pytest.mark.parametrize("readings", EACH, ids=lambda one: ",".join(one) or "usual")


@pytest.fixture(name="ruled")
def fixture_ruled(start: t.Callable[..., Server]) -> t.Callable[..., Server]:
    """Makes a server with groups and users that may own rulesets."""

    def with_readings(version: str = "3.2.2", **readings: str) -> Server:
        server = start(readings=readings, settings={"version": version})
        for name in ("staff", "ops"):
            server.simulator.set_group(name)
        server.simulator.set_user("alice")
        return server

    return with_readings


def rulesets(server: Server) -> list[Json]:
    """All that the server has, also what it does not list."""
    found: list[Json] = server.simulator.state()["access_rulesets"]
    return found


def positions(server: Server) -> dict[str, dict[str, int]]:
    """Where each ruleset stands among those of its owners."""
    return {one["name"]: one["owners"] for one in rulesets(server)}


def actions(server: Server, **asked: t.Any) -> list[tuple[str, str]]:
    """Domain and action of each rule of the only ruleset."""
    [found] = server.inform(ACCESS_RULESET, **asked)
    return [(rule["domain"], rule["action"]) for rule in found["rules"]]


def done(answer: Json) -> Json:
    assert not answer.get("failed"), answer["msg"]
    return answer


@each_reading
def test_a_ruleset_lives_and_dies_under_every_reading(ruled: t.Callable[..., Server], readings: Json) -> None:
    server = ruled(**readings)
    lives: list[Json] = [
        {**STAFF, "comment": "one", "rules": [DENY, ALLOW]},
        {**STAFF, "comment": "", "rules": [{**DENY, "comment": "because"}, {**ALLOW, "action": "route"}]},
        {**STAFF, "rules": [{**ALLOW, "position": 100}, {**DENY, "position": 200}]},
        {**STAFF, "rules": [{**DENY, "position": 100}, {**ALLOW, "position": 200}]},
        {**STAFF, "rules": []},
    ]
    for declared in lives:
        planned = server.manage(ACCESS_RULESET, **declared, check=True)
        answer = done(server.manage(ACCESS_RULESET, **declared))
        assert (planned["diff"], planned["counts"]) == (answer["diff"], answer["counts"])
        assert answer["changed"]
        assert not done(server.manage(ACCESS_RULESET, **declared))["changed"]
        assert len(rulesets(server)) == 1
    done(server.manage(ACCESS_RULESET, **STAFF, state="absent"))
    assert rulesets(server) == []
    assert not done(server.manage(ACCESS_RULESET, **STAFF, state="absent"))["changed"]


def test_a_ruleset_moves_among_those_of_its_owner(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, access_rulesets=[{**STAFF, "rules": [ALLOW]}, {"group": "staff", "name": "b"}]))
    assert positions(server) == {"Staff web": {"staff": 100}, "b": {"staff": 200}}
    done(server.manage(ACCESS_RULESET, **STAFF, position=300))
    assert positions(server) == {"Staff web": {"staff": 300}, "b": {"staff": 200}}
    assert [found["name"] for found in server.inform(ACCESS_RULESET) if found["rules"]] == ["Staff web"]


@pytest.mark.parametrize("reading", READINGS["last_owner_gone"])
def test_a_ruleset_that_cannot_move_is_never_without_its_only_owner(
    ruled: t.Callable[..., Server], reading: str
) -> None:
    server = ruled(assigned_twice="refused", last_owner_gone=reading)
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY]))
    server.simulator.log.clear()
    answer = server.manage(ACCESS_RULESET, **STAFF, position=300)
    assert "Declare a ruleset with another name at this position, and this one with state: absent" in answer["msg"]
    sent = [one.request for one in server.simulator.log if one.path == "/api/access/user-rulesets/modify"]
    assert sent == [{"add": {"staff": [{"ruleset_id": 1, "position": 300}]}}]
    other = {"group": "staff", "name": "b", "position": 300, "rules": [DENY]}
    done(server.manage(ACCESS_RULESET, access_rulesets=[other, {**STAFF, "state": "absent"}]))
    assert positions(server) == {"b": {"staff": 300}}


@pytest.mark.parametrize("reading", READINGS["last_owner_gone"])
def test_a_ruleset_of_two_owners_moves_among_those_of_one(ruled: t.Callable[..., Server], reading: str) -> None:
    server = ruled(assigned_twice="refused", last_owner_gone=reading)
    server.simulator.add_ruleset("Staff web", ["staff", "ops"])
    done(server.manage(ACCESS_RULESET, **STAFF, position=300))
    assert positions(server) == {"Staff web": {"staff": 300, "ops": 100}}


def test_the_ruleset_of_the_web_interface_is_adopted(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.add_ruleset(
        "__DEFAULT___default_ruleset",
        ["__DEFAULT__"],
        {"match_type": "domain", "match_data": "App1.Example.com", "action": "bypass", "position": 1},
        comment="Default ruleset for global domain rules",
    )
    same = {"everybody": True, "rules": [{"domain": "app1.example.com", "action": "bypass"}]}
    assert not done(server.manage(ACCESS_RULESET, **same))["changed"]
    done(server.manage(ACCESS_RULESET, everybody=True, rules=[*same["rules"], ALLOW]))
    [found] = rulesets(server)
    assert [rule["position"] for rule in found["rules"]] == [1, 101]
    assert found["comment"] == "Default ruleset for global domain rules"


def test_rules_at_one_position_are_put_in_order_once(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    rule = {"match_type": "domain", "action": "nat", "position": 5}
    server.simulator.add_ruleset(
        "Staff web", ["staff"], {**rule, "match_data": "b.example"}, {**rule, "match_data": "a.example"}
    )
    declared = {**STAFF, "rules": [{"domain": "b.example", "action": "nat"}, {"domain": "a.example", "action": "nat"}]}
    assert done(server.manage(ACCESS_RULESET, **declared))["changed"]
    assert actions(server) == [("b.example", "nat"), ("a.example", "nat")]
    assert not done(server.manage(ACCESS_RULESET, **declared))["changed"]


def test_single_rules_are_added_changed_and_taken_away(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    wiki = {"domain": "wiki.example.org", "action": "route"}
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[wiki, {**ALLOW, "action": "route"}], exclusive=False))
    all_three = [("secret.example.com", "deny"), ("example.com", "route"), ("wiki.example.org", "route")]
    assert actions(server) == all_three
    assert not done(server.manage(ACCESS_RULESET, **STAFF, rules=[wiki], exclusive=False))["changed"]
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{**ALLOW, "action": "nat"}], state="absent"))
    assert actions(server) == [all_three[0], all_three[2]]
    assert not done(server.manage(ACCESS_RULESET, **STAFF, rules=[], state="absent"))["changed"]
    other = {"group": "ops", "rules": [wiki]}
    assert not done(server.manage(ACCESS_RULESET, **other, state="absent"))["changed"]
    done(server.manage(ACCESS_RULESET, **other, exclusive=False))
    assert actions(server, groups=["ops"]) == [("wiki.example.org", "route")]


@pytest.mark.parametrize(
    ("owners", "sentence"),
    [
        ({}, "one of user, group, everybody, name"),
        ({"name": "a"}, "Set: none of them."),
        ({"user": "alice", "group": "staff"}, "Set: user and group."),
        ({"group": "staff", "everybody": True}, "Set: group and everybody."),
        ({"everybody": False, "name": "a"}, "Set: none of them."),
        ({"user": "__DEFAULT__"}, "means all users. Set everybody: true instead"),
        ({"group": "a / b"}, "cannot contain ' / '"),
        ({"group": ""}, "cannot be a name: it is empty"),
    ],
)
def test_a_ruleset_has_one_owner(ruled: t.Callable[..., Server], owners: Json, sentence: str) -> None:
    answer = ruled().manage(ACCESS_RULESET, access_rulesets=[owners])
    assert answer["failed"]
    assert sentence in answer["msg"]


def test_a_server_without_rulesets_says_so(start: t.Callable[..., Server]) -> None:
    server = start(dialect="document")
    answer = server.manage(ACCESS_RULESET, everybody=True, rules=[ALLOW])
    assert f"{server.simulator.url} has no domain rules: they need Access Server 3.1 or later" in answer["msg"]
    assert not done(server.manage(ACCESS_RULESET, everybody=True, state="absent"))["changed"]


@pytest.mark.parametrize("action", ["deny", "bypass"])
def test_rules_of_later_versions_are_refused_before_anything_is_written(
    ruled: t.Callable[..., Server], action: str
) -> None:
    server = ruled("3.1.0")
    rules = [ALLOW, {"domain": "b.example", "action": action}]
    for check in (True, False):
        answer = server.manage(ACCESS_RULESET, **STAFF, rules=rules, check=check)
        assert f"{action} (" in answer["msg"]
        assert "needs Access Server 3.2.0 or later, and" in answer["msg"]
        assert "has 3.1.0" in answer["msg"]
    assert not server.writes()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW]))


@pytest.mark.parametrize("reading", READINGS["match_all"])
def test_a_rule_that_matches_all_is_declared_as_it_is_shown(ruled: t.Callable[..., Server], reading: str) -> None:
    server = ruled(match_all=reading)
    server.simulator.add_ruleset("Staff web", ["staff"], {"match_type": reading, "match_data": "", "action": "nat"})
    [found] = server.inform(ACCESS_RULESET)
    assert not done(server.manage(ACCESS_RULESET, **found))["changed"]
    answer = server.manage(ACCESS_RULESET, **{**found, "rules": [{"match": "every", "action": "nat"}]})
    assert answer["failed"]
    assert f"or '{reading}'" in answer["msg"], "the server says what it knows"
    assert any("match 'every' is not one of the known values" in said for said in answer["warnings"])
    assert server.inform(ACCESS_RULESET) == [found]


@pytest.mark.parametrize("services", ["dnsproxy", ""])
def test_a_dns_proxy_that_is_off_is_reported(ruled: t.Callable[..., Server], services: str) -> None:
    server = ruled()
    server.simulator.configure(services_off=services)
    warnings = done(server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW], check=True)).get("warnings", [])
    assert any("DNS proxy" in said and "disabled" in said for said in warnings) == bool(services)


def test_rules_without_effect_are_reported_when_they_are_written(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    said = done(server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW, DENY]))["warnings"]
    assert any("deny domain secret.example.com has no effect" in one for one in said)
    assert not done(server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW, DENY])).get("warnings")


def test_an_unchanged_ruleset_costs_two_requests_beside_the_sign_in(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    server.simulator.log.clear()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    paths = [one.path for one in server.simulator.log if "/auth/" not in one.path]
    assert paths == ["/api/access/rulesets/list", "/api/access/rules/list"]


# -- what several owners, and several rulesets of one name, make of it


def test_a_shared_ruleset_is_taken_from_one_owner_and_stays_with_the_other(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.add_ruleset(
        "web", ["staff", "ops"], {"match_type": "domain", "match_data": "a.b", "action": "nat"}
    )
    done(server.manage(ACCESS_RULESET, group="staff", name="web", state="absent"))
    assert [one["owners"] for one in rulesets(server)] == [{"ops": 100}]
    done(server.manage(ACCESS_RULESET, group="ops", name="web", state="absent"))
    assert rulesets(server) == []


def test_a_shared_ruleset_goes_with_all_its_owners(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.add_ruleset("web", ["staff", "ops"])
    gone = [{"group": group, "name": "web", "state": "absent"} for group in ("staff", "ops")]
    done(server.manage(ACCESS_RULESET, access_rulesets=gone))
    assert rulesets(server) == []


def test_a_shared_ruleset_is_written_once_and_cannot_be_declared_in_two_ways(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.add_ruleset("web", ["staff", "ops"])
    both = [{"group": group, "name": "web", "rules": [ALLOW]} for group in ("staff", "ops")]
    answer = done(server.manage(ACCESS_RULESET, access_rulesets=both))
    assert len(rulesets(server)[0]["rules"]) == 1
    assert any("also has other owners (number 1)" in said for said in answer["warnings"])
    assert not done(server.manage(ACCESS_RULESET, access_rulesets=both))["changed"]
    both[0] = {**both[0], "rules": [ALLOW, {"domain": "c.example", "action": "nat"}]}
    both[1] = {**both[1], "rules": []}
    assert (
        "are the same ruleset (number 1), but are declared differently"
        in server.manage(ACCESS_RULESET, access_rulesets=both)["msg"]
    )


def test_two_rulesets_of_one_name_and_owner_are_not_changed_and_both_go(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    for position in (100, 200):
        server.simulator.add_ruleset("Staff web", ["staff"], position=position)
    answer = server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW])
    assert "has several rulesets with this name and owner (numbers 1 and 2)" in answer["msg"]
    done(server.manage(ACCESS_RULESET, **STAFF, state="absent"))
    assert rulesets(server) == []


# -- purges


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({}, ["__DEFAULT___default_ruleset", "staff_default_ruleset", "kept"]),
        ({"purge_default_rulesets": True}, ["kept"]),
        ({"protect": ["group ops / own"]}, ["__DEFAULT___default_ruleset", "staff_default_ruleset", "kept", "own"]),
        (
            {"purge_default_rulesets": True, "protect": ["everybody", "group ops"]},
            ["__DEFAULT___default_ruleset", "kept", "own"],
        ),
    ],
)
def test_a_purge_leaves_what_the_web_interface_keeps(
    ruled: t.Callable[..., Server], how: Json, left: list[str]
) -> None:
    server = ruled()
    server.simulator.add_ruleset("__DEFAULT___default_ruleset", ["__DEFAULT__"])
    server.simulator.add_ruleset("staff_default_ruleset", ["staff"])
    server.simulator.add_ruleset("kept", ["staff"], position=200)
    server.simulator.add_ruleset("own", ["ops"])
    answer = server.manage(
        ACCESS_RULESET, access_rulesets=[{"group": "staff", "name": "kept"}], purge=True, purge_limit="3", **how
    )
    done(answer)
    assert [one["name"] for one in rulesets(server)] == left


def test_a_purge_has_its_limit(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    for number in range(12):
        server.simulator.add_ruleset(f"r{number}", ["staff"], position=number)
    kept = [{"group": "staff", "name": f"r{number}"} for number in range(6)]
    answer = server.manage(ACCESS_RULESET, access_rulesets=kept, purge=True)
    assert "6 of 12 access_rulesets), and purge_limit allows 5" in answer["msg"]
    assert not server.writes()


# -- what takes the place of what denies


def decided(server: Server, domain: str) -> str:
    """What the rulesets of the group staff make of a domain below example.com: the first rule that matches decides."""
    owned = sorted((one["owners"]["staff"], one["rules"]) for one in rulesets(server) if "staff" in one["owners"])
    rules = [rule for _position, of_one in owned for rule in of_one]
    return next((str(rule["action"]) for rule in rules if rule["match_data"] in (domain, "example.com")), "")


def of_staff(name: str, **declared: t.Any) -> Json:
    return {"group": "staff", "name": name, **declared}


def seen_by(server: Server, *declared: Json, **how: t.Any) -> set[str]:
    """What becomes of the domain that is denied, before each request of a task and after the last one."""
    seen: list[str] = []

    def look() -> None:
        seen.append(decided(server, DENY["domain"]))

    server.simulator.faults.add(do="act", times=None, act=look)
    done(server.manage(ACCESS_RULESET, access_rulesets=list(declared), **how))
    server.simulator.faults.clear()
    look()
    return set(seen)


WEB = of_staff("Web", position=500, rules=[ALLOW])


@pytest.mark.parametrize("action", ["deny", "bypass"])
@pytest.mark.parametrize("purge", [True, False])
def test_a_ruleset_that_denies_goes_after_the_one_that_takes_its_place(
    ruled: t.Callable[..., Server], action: str, purge: bool
) -> None:
    server, rules = ruled(), [{**DENY, "action": action}]
    done(server.manage(ACCESS_RULESET, access_rulesets=[of_staff("Deny", position=10, rules=rules), WEB]))
    new = [of_staff("Blocked", position=20, rules=rules), WEB]
    declared = new if purge else [of_staff("Deny", state="absent"), *new]
    server.simulator.faults.add(path="/access/rulesets/add", status=400, body={"reason": "Something"})
    answer = server.manage(ACCESS_RULESET, access_rulesets=declared, purge=purge)
    assert answer["counts"] == {"failed": 2, "unchanged": 1}
    planned = {one["name"]: one.get("msg", "") for one in answer["objects"]}
    assert planned["group staff / Deny"] == (
        "not attempted, because ruleset of group staff / Blocked failed, and without its rules more access would be allowed"
    )
    assert not answer["changed"]
    server.simulator.faults.clear()
    assert seen_by(server, *declared, purge=purge) == {action}
    assert sorted(positions(server)) == ["Blocked", "Web"]


def test_of_a_ruleset_that_goes_what_it_denies_stays_until_others_are_written(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, access_rulesets=[of_staff("Old", position=10, rules=[DENY, ALLOW]), WEB]))
    new = of_staff("New", position=20, rules=[DENY, {**ALLOW, "action": "route"}])
    assert seen_by(server, new, WEB, of_staff("Old", state="absent")) == {"deny"}
    assert decided(server, "a.example.com") == "route"


def test_rulesets_that_go_together_give_nothing_for_a_moment(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, access_rulesets=[of_staff("Deny", position=10, rules=[DENY, ALLOW]), WEB]))
    gone = [of_staff(name, state="absent") for name in ("Deny", "Web")]
    server.simulator.faults.add(path="/access/rulesets/delete", status=403, body={"reason": "No"})
    assert server.manage(ACCESS_RULESET, access_rulesets=gone)["failed"]
    server.simulator.faults.clear()
    assert decided(server, DENY["domain"]) == "deny"
    assert seen_by(server, *gone) == {"deny", ""}


def test_the_only_ruleset_that_goes_is_deleted_at_once(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    server.simulator.log.clear()
    done(server.manage(ACCESS_RULESET, **STAFF, state="absent"))
    assert [path.removeprefix("/api") for path in server.writes()] == ["/access/rulesets/delete"]


# -- answers that cannot be read


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": 1, "ruleset_id": [1]},
        {"id": 1, "ruleset_id": 1, "type": "domain_routing", "match_type": "domain", "action": "nat", "position": "x"},
    ],
    ids=["empty", "ruleset_id", "position"],
)
@pytest.mark.parametrize("work", ["update", "adopt", "positions"])
def test_rules_that_cannot_be_read_while_writing_are_a_sentence(
    ruled: t.Callable[..., Server], work: str, odd: Json
) -> None:
    server = ruled(unassigned_rulesets="listed", rule_positions="unique")
    owners = [] if work == "adopt" else ["staff"]
    rule = {"match_type": "domain", "match_data": "a.b", "action": "nat", "position": 1}
    server.simulator.add_ruleset("Staff web", owners, rule)
    nth = {"update": 2, "adopt": 1, "positions": 3}[work]
    server.simulator.faults.add(path="/access/rules/list", nth=nth, times=None, status=200, body={"rules": [odd]})
    answer = server.manage(ACCESS_RULESET, **STAFF, rules=[{**ALLOW, "position": 1}])
    assert answer["failed"]
    assert "/access/rules/list" in answer["msg"]
    assert "answered something that this collection cannot read" in answer["msg"]


def test_a_version_of_many_digits_is_no_mistake(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.faults.add(path="/server/info", status=200, body={"version": f"{'9' * 5000}.1.1"})
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY]))


# -- what no list shows


def test_a_ruleset_that_cannot_be_given_to_its_owner_is_deleted(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    refusal = {"path": "/access/user-rulesets/modify", "status": 400, "body": {"reason": "Something"}}
    server.simulator.faults.add(**refusal)
    answer = server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW])
    assert answer["failed"]
    assert "Something. Rolled back: the new ruleset was deleted" in answer["msg"]
    assert rulesets(server) == []
    server.simulator.faults.add(**refusal)
    server.simulator.faults.add(path="/access/rulesets/delete", status=403, body={"reason": "No"})
    answer = server.manage(ACCESS_RULESET, **STAFF, rules=[ALLOW])
    assert "The new ruleset 2 has no owner and could not be deleted" in answer["msg"]


def test_a_lost_assignment_does_not_make_a_second_ruleset(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    server.simulator.faults.add(path="/access/user-rulesets/modify", do="drop")
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    assert len(rulesets(server)) == 1
    assert actions(server) == [("secret.example.com", "deny"), ("example.com", "nat")]


def test_a_ruleset_that_is_listed_without_an_owner_is_taken(ruled: t.Callable[..., Server]) -> None:
    server = ruled(unassigned_rulesets="listed")
    server.simulator.add_ruleset(
        "Staff web", [], {"match_type": "domain", "match_data": "old.example", "action": "nat"}
    )
    done(server.manage(ACCESS_RULESET, **STAFF, comment="new", rules=[ALLOW]))
    [found] = rulesets(server)
    assert (found["comment"], found["owners"]) == ("new", {"staff": 100})
    assert actions(server) == [("example.com", "nat")]


def test_a_ruleset_without_an_owner_has_its_rules_before_it_gets_one(ruled: t.Callable[..., Server]) -> None:
    server = ruled(unassigned_rulesets="listed")
    old = {"match_type": "domain", "match_data": DENY["domain"], "action": "nat"}
    server.simulator.add_ruleset("Staff web", [], old)
    assert seen_by(server, {**STAFF, "rules": [DENY]}) == {"", "deny"}
    server.simulator.add_ruleset("other", [], old)
    server.simulator.faults.add(path="/access/rules/modify", status=403, body={"reason": "No"})
    assert server.manage(ACCESS_RULESET, group="staff", name="other", rules=[DENY])["failed"]
    assert positions(server) == {"Staff web": {"staff": 100}, "other": {}}


def test_a_name_that_is_taken_is_a_sentence(ruled: t.Callable[..., Server]) -> None:
    server = ruled(ruleset_names="unique")
    server.simulator.add_ruleset("Staff web", ["ops"])
    answer = server.manage(ACCESS_RULESET, access_rulesets=[STAFF, {"group": "staff", "name": "other"}])
    assert "the name Staff web is taken by a ruleset of another owner" in answer["msg"]
    assert answer["counts"] == {"failed": 1, "created": 1}


# -- in which order rules are written


def written(server: Server) -> list[tuple[list[str], int]]:
    """For each request that changes rules: what it adds, and how many it deletes."""
    log = [one.request for one in server.simulator.log if one.path == "/api/access/rules/modify"]
    return [
        ([f"{rule['action']} {rule['match_data']}" for rule in one.get("add", ())], len(one.get("delete", ())))
        for one in log
    ]


def test_what_denies_comes_first_and_goes_last(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    server.simulator.log.clear()
    new = [{"domain": "b.example", "action": "deny"}, {"domain": "c.example", "action": "route"}]
    done(server.manage(ACCESS_RULESET, **STAFF, rules=new))
    assert written(server) == [(["deny b.example"], 1), (["route c.example"], 1)]


def test_what_bypasses_the_vpn_goes_when_what_it_withholds_is_given(ruled: t.Callable[..., Server]) -> None:
    """Until then, the wider rule behind it lets nothing more through."""
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{**DENY, "action": "bypass"}, ALLOW]))
    server.simulator.log.clear()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{"domain": "b.example", "action": "bypass"}, ALLOW]))
    assert written(server) == [(["bypass b.example"], 0), ([], 1)]


def test_a_comment_on_a_rule_takes_nothing_away_for_a_moment(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[DENY, ALLOW]))
    server.simulator.log.clear()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{**DENY, "comment": "a"}, {**ALLOW, "comment": "b"}]))
    assert written(server) == [(["deny secret.example.com"], 0), (["nat example.com"], 2)]


@pytest.mark.parametrize("reading", READINGS["rule_positions"])
def test_a_declared_position_is_written_where_another_rule_stood(ruled: t.Callable[..., Server], reading: str) -> None:
    server = ruled(rule_positions=reading)
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{**DENY, "position": 1}, {**ALLOW, "position": 2}]))
    server.simulator.log.clear()
    declared = [{**ALLOW, "position": 1}, {"domain": "b.example", "action": "deny", "position": 2}]
    done(server.manage(ACCESS_RULESET, **STAFF, rules=declared))
    [found] = rulesets(server)
    assert [(rule["match_data"], rule["position"]) for rule in found["rules"]] == [("example.com", 1), ("b.example", 2)]


def test_a_rule_that_the_server_refuses_costs_none_of_those_that_are_there(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    done(server.manage(ACCESS_RULESET, **STAFF, rules=[{**DENY, "position": 1}]))
    odd = {"match": "regex", "data": ".*", "action": "deny", "position": 1}
    answer = server.manage(ACCESS_RULESET, **STAFF, rules=[odd])
    assert answer["failed"]
    assert actions(server) == [("secret.example.com", "deny")]


def test_owners_that_an_earlier_task_makes(ruled: t.Callable[..., Server]) -> None:
    server = ruled()
    declared = {"group": "newcomers", "rules": [ALLOW]}
    assert "group newcomers (needed by a ruleset)" in server.manage(ACCESS_RULESET, **declared)["msg"]
    done(server.manage(ACCESS_RULESET, **declared, assume_present=["newcomers"], check=True))
    done(server.manage(GROUP, name="newcomers"))
    done(server.manage(ACCESS_RULESET, **declared))
