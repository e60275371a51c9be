# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain rules in the declaration of a whole server: what refers to what, and in which order they are written."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.configuration.test_config_item import (
    certificate_pem,
    key_pem,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Json = dict[str, t.Any]
DENY: Json = {"domain": "secret.example.com", "action": "deny"}
ALLOW: Json = {"domain": "*.example.com", "action": "nat"}


def declare(server: Server, **declared: t.Any) -> Answer:
    return server.declare(DECLARATION, **declared)


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def writes(server: Server) -> list[str]:
    """What was written, without how it was read before."""
    return [one.path.removeprefix("/api/") for one in server.simulator.log if one.wrote]


def rulesets(server: Server) -> dict[str, list[str]]:
    found: list[Json] = server.simulator.state()["access_rulesets"]
    return {one["name"]: [rule["action"] for rule in one["rules"]] for one in found}


def test_owners_and_their_rulesets_may_all_be_new(server: Server) -> None:
    declared: Json = {
        "groups": [{"name": "staff"}],
        "users": [{"name": "ada", "group": "staff"}],
        "access_rulesets": [
            {"group": "staff", "rules": [DENY, ALLOW]},
            {"user": "ada", "rules": [ALLOW]},
            {"everybody": True, "rules": [DENY]},
        ],
    }
    announced = done(declare(server, **declared, check=True))
    assert announced == done(declare(server, **declared))
    assert rulesets(server) == {
        "__DEFAULT___default_ruleset": ["deny"],
        "staff_default_ruleset": ["deny", "nat"],
        "ada_default_ruleset": ["nat"],
    }
    assert not done(declare(server, **declared))["changed"]


def test_a_declaration_without_rulesets_asks_nothing_about_them(start: t.Callable[..., Server]) -> None:
    server = start(dialect="document")
    done(declare(server, groups=[{"name": "staff"}], users=[{"name": "ada"}], access_lists=[], config_items=[]))
    assert not [one.path for one in server.simulator.log if "/access/rule" in one.path]
    answer = declare(server, users=[{"name": "ben"}], access_rulesets=[{"everybody": True, "rules": [ALLOW]}])
    assert "has no domain rules: they need Access Server 3.1 or later" in answer["msg"]
    assert "ben" not in server.simulator.state()["users"]


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (
            {"groups": [{"name": "old", "state": "absent"}], "access_rulesets": [{"group": "old", "rules": [ALLOW]}]},
            "ruleset of group old / old_default_ruleset: group old is declared absent.",
        ),
        (
            {"users": [], "purge": ["users"], "access_rulesets": [{"user": "ada", "name": "own"}]},
            "ruleset of user ada / own: user ada is not declared, and purge would delete it.",
        ),
        (
            {"access_rulesets": [{"group": "staff", "rules": [{"domain": "a b", "action": "nat"}]}]},
            "access_rulesets[0]: rules of ruleset of group staff / staff_default_ruleset: rule 1: 'a b' is not a domain",
        ),
        (
            {"access_rulesets": [{"group": "staff", "rules": [{"domain": "a.example", "action": "allow"}]}]},
            "action: 'allow' is given, and one of route, nat, deny, bypass is needed.",
        ),
        (
            {"access_lists": [{"group": "staff", "access_to": ["a.example"]}]},
            "is a domain; use as_access_ruleset for rules by domain",
        ),
    ],
)
def test_what_is_wrong_is_reported_without_a_server(server: Server, declared: Json, sentence: str) -> None:
    assert sentence in declare(server, **declared, validate_only=True)["msg"]
    assert not server.simulator.log


def moving(server: Server) -> None:
    """A user in a group of two, each of which has a ruleset."""
    done(
        declare(
            server,
            groups=[{"name": "a"}, {"name": "b"}],
            users=[{"name": "ada", "group": "a"}],
            access_rulesets=[{"group": "a", "rules": [ALLOW]}, {"group": "b", "rules": [ALLOW]}],
        )
    )
    server.simulator.log.clear()


def test_a_rule_that_denies_is_there_before_users_move_and_one_that_allows_comes_after(server: Server) -> None:
    moving(server)
    seen: list[list[str]] = []
    server.simulator.faults.add(
        do="act", times=None, path="/userprop/set", act=lambda: seen.append(rulesets(server)["b_default_ruleset"])
    )
    more = {"domain": "c.example", "action": "route"}
    b = {"group": "b", "rules": [DENY, ALLOW, more]}
    done(declare(server, users=[{"name": "ada", "group": "b"}], access_rulesets=[b]))
    assert seen == [["deny", "nat"]]
    assert writes(server) == ["access/rules/modify", "userprop/set", "access/rules/modify"]


def test_a_new_group_denies_before_it_has_members(server: Server) -> None:
    moving(server)
    new = {"group": "c", "rules": [DENY, ALLOW]}
    done(declare(server, groups=[{"name": "c"}], users=[{"name": "ada", "group": "c"}], access_rulesets=[new]))
    assert writes(server) == [
        "groups/create",
        *("access/rulesets/add", "access/user-rulesets/modify", "access/rules/modify"),
        "userprop/set",
        "access/rules/modify",
    ]


@pytest.mark.parametrize(
    ("rules", "order"),
    [
        ([ALLOW], ["access/rulesets/delete", "userprop/set"]),
        ([DENY], ["userprop/set", "access/rulesets/delete"]),
        ([DENY, ALLOW], ["access/rules/modify", "userprop/set", "access/rulesets/delete"]),
    ],
)
def test_a_ruleset_goes_as_what_it_allows_and_denies(server: Server, rules: list[Json], order: list[str]) -> None:
    moving(server)
    done(declare(server, access_rulesets=[{"group": "b", "rules": rules}]))
    server.simulator.log.clear()
    gone = {"group": "b", "state": "absent"}
    answer = done(declare(server, users=[{"name": "ada", "group": "b"}], access_rulesets=[gone]))
    assert writes(server) == order
    assert answer["counts"] == {"updated": 1, "deleted": 1}
    assert answer["diff"][-1]["before"]["group b / b_default_ruleset"]["rules"]
    assert list(rulesets(server)) == ["a_default_ruleset"]


@pytest.mark.parametrize("reading", READINGS["rulesets_of_deleted_owners"])
def test_rulesets_of_deleted_owners_are_deleted(start: t.Callable[..., Server], reading: str) -> None:
    server = start(readings={"rulesets_of_deleted_owners": reading})
    moving(server)
    gone = [{"name": "b", "state": "absent"}]
    answer = done(declare(server, groups=gone, access_rulesets=[{"group": "b", "state": "absent"}]))
    assert answer["counts"] == {"deleted": 1}
    assert list(rulesets(server)) == ["a_default_ruleset"]


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({}, ["a_default_ruleset", "b_default_ruleset"]),
        ({"purge_default_rulesets": True}, []),
        ({"purge_default_rulesets": True, "protect": ["b"]}, ["b_default_ruleset"]),
        ({"purge_default_rulesets": True, "protect": ["a_default_ruleset"]}, ["a_default_ruleset"]),
    ],
)
def test_a_purge_of_rulesets(server: Server, how: Json, left: list[str]) -> None:
    moving(server)
    done(
        declare(
            server,
            access_rulesets=[],
            purge=["access_rulesets"],
            purge_empty=True,
            purge_limit={"access_rulesets": "100%"},
            **how,
        )
    )
    assert sorted(rulesets(server)) == left


# -- what exists and is not declared


def undeclared(answer: Json) -> Json:
    return {part: one["undeclared"] for part, one in answer.items() if isinstance(one, dict) and "undeclared" in one}


def furnished(server: Server) -> Json:
    """A server with more of everything than the declaration that is returned."""
    server.simulator.set_group("old", deny_web=True)
    server.simulator.set_user("eve", group="old", admin=True)
    server.simulator.set_user("kept")
    server.simulator.set_access_routes("old", "access_to_ipv4", [{"type": "all", "accept": True}])
    server.simulator.add_ruleset("old_default_ruleset", ["old"])
    server.simulator.set_configuration(**{"sa.company_name": "X", "auth.ldap.0.bind_pw": "A-Secret-Word-1!"})
    server.simulator.log.clear()
    return {
        "groups": [{"name": "new"}],
        "users": [{"name": "openvpn"}],
        "access_lists": [{"user": "openvpn", "access_to": []}],
        "access_rulesets": [{"group": "new", "name": "r"}],
        "config_items": [{"name": "host.name", "value": "vpn.example.com"}],
    }


def test_what_is_not_declared_is_listed_and_stays(server: Server) -> None:
    """Protection from a purge hides nothing."""
    answer = declare(server, **furnished(server), protect=["kept", "eve"], undeclared=True, check=True)
    done(answer)
    found = undeclared(answer)
    assert {part: [one["name"] for one in each] for part, each in found.items()} == {
        "groups": ["old"],
        "users": ["eve", "kept", "mfa-admin"],
        "access_lists": ["group old"],
        "access_rulesets": ["group old / old_default_ruleset"],
        "config_items": ["auth.ldap.0.bind_pw", "sa.company_name"],
    }
    assert found["users"][0]["options"] == {"admin": True, "group": "old"}
    assert found["config_items"] == [
        {"name": "auth.ldap.0.bind_pw", "options": {}},
        {"name": "sa.company_name", "options": {"value": "X"}},
    ]
    assert not server.writes()
    assert "undeclared" not in declare(server, users=[{"name": "openvpn"}])["users"]


def test_a_web_certificate_and_its_key_are_not_listed(server: Server) -> None:
    """They belong to as_web_certificate. A key alone belongs to no certificate."""
    declared = {"config_items": [{"name": "host.name", "value": "vpn.example.com"}], "undeclared": True, "check": True}
    server.simulator.set_configuration(**{"cs.priv_key": key_pem(1)})
    assert [one["name"] for one in undeclared(declare(server, **declared))["config_items"]] == ["cs.priv_key"]
    server.simulator.set_configuration(**{"cs.cert": certificate_pem(1)})
    assert undeclared(declare(server, **declared))["config_items"] == []


@pytest.mark.parametrize("check", [True, False])
def test_what_goes_with_its_owner_is_not_listed(server: Server, check: bool) -> None:
    """The run that deletes a group takes its list and its ruleset away. Those of others stay, and are listed."""
    declared = {**furnished(server), "groups": [{"name": "new"}, {"name": "old", "state": "absent"}]}
    server.simulator.set_access_routes("kept", "access_to_ipv4", [{"type": "all", "accept": True}])
    declared["users"] = [{"name": "openvpn"}, {"name": "eve", "state": "absent"}]
    answer = declare(server, **declared, undeclared=True, check=check)
    done(answer)
    found = {part: [one["name"] for one in each] for part, each in undeclared(answer).items()}
    assert (found["groups"], found["users"]) == ([], ["kept", "mfa-admin"])
    assert (found["access_lists"], found["access_rulesets"]) == (["user kept"], [])


def test_what_is_known_is_not_listed_and_no_purge_deletes_it(server: Server) -> None:
    declared = furnished(server)
    names = {
        "groups": ["old"],
        "users": ["eve", "kept", "mfa-admin"],
        "access_lists": ["group old"],
        "access_rulesets": ["group old / old_default_ruleset"],
        "config_items": ["auth.ldap.0.bind_pw", "sa.company_name"],
    }
    known: list[Json] = [{"part": part, "name": name} for part, each in names.items() for name in each]
    known.append({"part": "users", "name": "openvpn", "options": ["admin", "auth_method"]})
    purge = ["groups", "users", "access_lists", "access_rulesets"]
    answer = declare(server, **declared, known=known, purge=purge, undeclared=True, purge_default_rulesets=True)
    done(answer)
    assert [one for each in undeclared(answer).values() for one in each] == []
    assert answer["users"]["undeclared_options"] == []
    assert "deleted" not in answer["counts"]
    state = server.simulator.state()
    assert {"eve", "kept"} < {*state["users"]}
    assert "old" in state["groups"]


def test_several_entries_about_one_object_are_all_known(server: Server) -> None:
    server.simulator.set_user("ana", deny=True, autologin=False, totp=True)
    known: list[Json] = [{"part": "users", "name": "ana", "options": [one]} for one in ("deny", "autologin")]
    declared = {"users": [{"name": "openvpn"}, {"name": "mfa-admin"}, {"name": "ana"}]}
    answer = declare(server, **declared, known=known, undeclared=True, check=True)
    found = {one["name"]: one["options"] for one in answer["users"]["undeclared_options"]}
    assert found["ana"] == {"totp": True}
    whole = {"part": "users", "name": "ana"}
    users = [one for one in declared["users"] if one["name"] != "ana"]
    for each in ([whole, *known], [*known, whole]):
        answer = declare(server, users=users, known=each, purge=["users"], undeclared=True)
        done(answer)
        assert "deleted" not in answer["counts"]
        assert answer["users"]["undeclared"] == []


def test_what_is_known_can_be_referred_to(server: Server) -> None:
    """No purge deletes it, so that nothing contradicts what refers to it."""
    server.simulator.set_group("legacy")
    declared: Json = {"groups": [{"name": "staff"}], "users": [{"name": "ana", "group": "legacy"}], "purge": ["groups"]}
    refused = declare(server, **declared)
    assert "group legacy is not declared, and purge would delete it" in refused["msg"]
    done(declare(server, **declared, known=[{"part": "groups", "name": "legacy"}]))
    assert "legacy" in server.simulator.state()["groups"]


@pytest.mark.parametrize("state", ["absent", "present"])
def test_looking_for_what_is_not_declared_ends_nothing(server: Server, state: str) -> None:
    """What ends is read only for users who leave."""
    server.simulator.set_user("eve", deny=True)
    server.simulator.add_profile("eve")
    answer = declare(server, users=[{"name": "openvpn"}, {"name": "gone", "state": state}], undeclared=True)
    assert [one["name"] for one in answer["users"]["undeclared"]] == ["eve", "mfa-admin"]
    assert server.simulator.state()["users"]["eve"]
    assert "gone" not in server.simulator.state()["users"] or state == "present"


def test_an_option_that_is_set_on_a_declared_object_is_listed(server: Server) -> None:
    """An administrator denies a user by hand, and the declaration does not contain it. Protection does not hide it."""
    server.simulator.set_group("staff", cc_commands="a", deny_web=True)
    server.simulator.set_user("ana", deny=True, autologin=False, group="staff")
    server.simulator.set_user("openvpn", totp=False)
    server.simulator.set_access_routes("ana", "access_from_ipv4", [{"type": "all", "accept": True}])
    declared: Json = {
        "users": [{"name": "ana", "autologin": True, "inherit": ["totp"]}, {"name": "openvpn"}, {"name": "new"}],
        "groups": [{"name": "staff", "deny_web": True}],
        "access_lists": [{"user": "ana", "access_to": []}],
    }
    known = [{"part": "users", "name": "openvpn", "options": ["admin", "auth_method"]}]
    answer = declare(server, **declared, protect=["ana"], known=known, undeclared=True, check=True)
    done(answer)
    found = {part: answer[part]["undeclared_options"] for part in declared}
    assert found == {
        "users": [
            {"name": "ana", "options": {"deny": True, "group": "staff"}},
            {"name": "openvpn", "options": {"totp": False}},
        ],
        "groups": [{"name": "staff", "options": {"cc_commands": "a"}}],
        "access_lists": [{"name": "user ana", "options": {"access_from": ["all"]}}],
    }
