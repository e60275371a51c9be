# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tests of a whole declaration: what is judged offline, and what is judged with the server before the first write."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.modules import as_access_info
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, sentences_of

Json = dict[str, t.Any]
NETWORK = "vpn.server.routing.private_network.0"
CLOSED: Json = {"name": "vpn.server.routing.private_access", "value": "no"}
DECLARED: Json = {
    "groups": [{"name": "team"}, {"name": "guests"}],
    "users": [{"name": "ada", "group": "team"}, {"name": "bob", "group": "guests", "state": "blocked"}],
    "access_lists": [{"group": "team", "access_to": ["10.20.0.0/16:https"]}],
    "access_rulesets": [{"group": "team", "rules": [{"domain": "*.example.com", "action": "nat"}]}],
    "config_items": [CLOSED],
}


def declare(server: Server, **more: t.Any) -> Answer:
    server.simulator.log.clear()
    return server.declare(DECLARATION, **{**DECLARED, **more})


def results(answer: Answer) -> list[str]:
    assert not answer.get("failed"), answer["msg"]
    return [one["result"] for one in answer["access_tests"]]


def refused(server: Server, answer: Answer) -> list[str]:
    assert answer["failed"]
    assert not answer["changed"]
    assert not server.writes()
    assert answer["msg"].endswith(" Nothing was written.")
    reported = sentences_of(answer["msg"].removesuffix(" Nothing was written."))
    return reported[1:] if reported[0].endswith("mistakes:") else reported


TRUE = [
    "ada may reach 10.20.0.5:tcp/443",
    "guests may not reach 10.0.0.0/8",
    "team may reach app.example.com",
    "bob may not reach 10.20.0.5:tcp/443",
]


@pytest.mark.parametrize("check", [True, False])
def test_a_declaration_that_passes_is_written(server: Server, check: bool) -> None:
    answer = declare(server, access_tests=TRUE, check=check)
    assert results(answer) == ["passed"] * 4
    assert answer["access_tests"][0] == {"test": TRUE[0], "result": "passed", "reason": ""}
    assert answer["counts"]["created"] == 5
    if not check:
        again = declare(server, access_tests=TRUE)
        assert results(again) == ["passed"] * 4
        assert not again["changed"]


def test_a_declaration_is_judged_without_a_server(server: Server) -> None:
    answer = declare(server, access_tests=TRUE, validate_only=True)
    assert results(answer) == ["passed"] * 4
    assert not server.simulator.log


@pytest.mark.parametrize("validate_only", [True, False])
def test_what_is_declared_otherwise_is_refused_before_a_server_is_asked(server: Server, validate_only: bool) -> None:
    wrong = ["ada may reach 10.20.0.5:tcp/22", TRUE[0], "team may not reach 10.20.7.0/24"]
    answer = declare(server, access_tests=wrong, validate_only=validate_only)
    assert refused(server, answer) == [
        f"access_tests: {wrong[0]!r} is not true: user ada does not reach 10.20.0.5:tcp/22: no rule allows it.",
        f"access_tests: {wrong[2]!r} is not true: user ada reaches 10.20.7.0:tcp/443 by 10.20.0.0/16:tcp/443 "
        "(access_to of group team).",
    ]
    assert not [one for one in server.simulator.log if "auth" not in one.path]


def test_what_cannot_be_read_is_reported_with_all_other_mistakes(server: Server) -> None:
    users = [{"name": "ada", "static_ipv4": "10.50.0.300"}]
    answer = declare(server, users=users, access_tests=["ada darf 10.0.0.1", "ada may reach 10.0.0.1:443"])
    reported = refused(server, answer)
    assert len(reported) == 3
    assert "static_ipv4" in reported[0]
    assert reported[1].startswith(
        "access_tests[0]: 'ada darf 10.0.0.1' is not an access test; write NAME may reach DESTINATION"
    )
    assert reported[2].startswith(
        "access_tests[1]: 'ada may reach 10.0.0.1:443': '10.0.0.1:443': '443' is not a service"
    )


def test_what_only_the_server_knows_is_unknown_offline_and_reported(server: Server) -> None:
    unsure = ["alice may reach 10.0.0.1", "guests may not reach 198.51.100.0/24"]
    answer = declare(server, access_tests=[*unsure, TRUE[0]], validate_only=True)
    assert results(answer) == ["unknown", "unknown", "passed"]
    assert answer["warnings"] == [
        f"access_tests: {unsure[0]!r} cannot be judged: the declaration has no user or group alice.",
        f"access_tests: {unsure[1]!r} cannot be judged: any other member of group guests, 198.51.100.0: "
        "vpn.client.routing.reroute_gw of the configuration is not known.",
    ]


def test_a_rule_that_only_the_server_has_fails_a_test_before_the_first_write(server: Server) -> None:
    """A hand-made list of a declared user, and the user's group on the server."""
    server.simulator.set_user("ada", group="staff")
    route = {"type": "nat", "accept": True, "subnet": {"ipv6": False, "netip": "10.66.0.0", "prefix_length": 16}}
    server.simulator.set_access_routes("ada", "access_to_ipv4", [route])
    sentence = "ada may not reach 10.66.0.0/24"
    assert results(declare(server, access_tests=[sentence], validate_only=True)) == ["passed"]
    reported = refused(server, declare(server, access_tests=[sentence]))
    assert reported == [
        f"access_tests: {sentence!r} is not true: user ada reaches 10.66.0.0 by 10.66.0.0/16 (access_to of user ada)."
    ]
    taken = [*t.cast("list[Json]", DECLARED["access_lists"]), {"user": "ada", "access_to": []}]
    assert results(declare(server, access_tests=[sentence], access_lists=taken)) == ["passed"]


def test_members_and_the_configuration_are_those_after_the_run(server: Server) -> None:
    """A user who leaves a group is no longer a member, and a network that the run closes is closed."""
    first = declare(server, config_items=[{**CLOSED, "value": "nat"}, {"name": NETWORK, "value": "10.9.0.0/16"}])
    assert not first.get("failed"), first["msg"]
    sentence = "everybody may not reach 10.9.0.0/16"
    assert results(declare(server, access_tests=[sentence], config_items=[CLOSED])) == ["passed"]
    moved = [{"name": "ada", "group": "guests"}]
    sentences = [
        "ada may not reach 10.20.0.5:https",
        "guests may not reach 10.20.0.0/16",
        "team may reach 10.20.0.0/16:https",
    ]
    assert results(declare(server, users=moved, access_tests=sentences)) == ["passed"] * 3


def test_an_undeclared_user_that_does_not_exist_fails_with_the_server(server: Server) -> None:
    sentence = "nils may not reach 10.0.0.0/8"
    reported = refused(server, declare(server, access_tests=[sentence]))
    assert reported == [f"access_tests: {sentence!r} is not true: there is no user or group nils."]


def test_a_user_who_is_only_on_the_server_is_judged_there(server: Server) -> None:
    server.simulator.set_user("alice", group="staff", deny=True)
    assert results(declare(server, access_tests=["alice may not reach 0.0.0.0/0"])) == ["passed"]


def test_without_tests_nothing_more_is_read(server: Server) -> None:
    declare(server)
    declare(server)
    usual = [one.path for one in server.simulator.log]
    assert "access_tests" not in declare(server, access_tests=[])
    assert [one.path for one in server.simulator.log] == usual
    assert results(declare(server, access_tests=TRUE)) == ["passed"] * 4
    assert len(server.simulator.log) - len(usual) <= 8


# -- a running server


def asked(server: Server, **params: t.Any) -> list[Json]:
    server.simulator.log.clear()
    answer = server.perform(as_access_info.BODY, **params)
    assert not answer.get("failed"), answer["msg"]
    assert not server.writes()
    return t.cast("list[Json]", answer["access"])


@pytest.fixture(name="furnished")
def fixture_furnished(server: Server) -> Server:
    lists = [
        *t.cast("list[Json]", DECLARED["access_lists"]),
        {"user": "ada", "access_to": ["-10.20.9.0/24"], "access_from": ["group:guests"]},
    ]
    everybody = {"everybody": True, "rules": [{"domain": "hr.example.com", "action": "deny"}]}
    rulesets = [*t.cast("list[Json]", DECLARED["access_rulesets"]), everybody]
    network = {"name": NETWORK, "value": "10.9.0.0/16"}
    items = [{**CLOSED, "value": "nat"}, network]
    answer = declare(server, access_lists=lists, access_rulesets=rulesets, config_items=items)
    assert not answer.get("failed"), answer["msg"]
    return server


def test_the_rules_of_a_user_come_with_their_owners_in_the_order_in_which_they_decide(furnished: Server) -> None:
    [ada] = asked(furnished, users=["ada", "zoe"])
    assert (ada["user"], ada["member_of"], ada["blocked_by"]) == ("ada", "team", "")
    assert ada["access_to"] == [
        {"rule": "10.9.0.0/16", "accept": True, "owner": "the configuration", "place": NETWORK},
        {"rule": "-10.20.9.0/24", "accept": False, "owner": "user ada", "place": "access_to"},
        {"rule": "10.20.0.0/16:tcp/443", "accept": True, "owner": "group team", "place": "access_to"},
    ]
    assert ada["access_from"] == [{"rule": "group:guests", "accept": True, "owner": "user ada", "place": "access_from"}]
    assert [(one["rule"], one["owner"], one["place"]) for one in ada["domains"]] == [
        ("nat domain_or_subdomain example.com", "group team", "ruleset team_default_ruleset"),
        ("deny domain hr.example.com", "everybody", "ruleset __DEFAULT___default_ruleset"),
    ]
    assert "reached" not in ada


def test_a_destination_is_reported_in_parts_that_are_decided_alike(furnished: Server) -> None:
    [ada] = asked(furnished, users=["ada"], destination="10.20.0.0/16:https")
    assert ada["reached"] == "some"
    assert ada["parts"] == [
        {"example": "10.20.9.0:tcp/443", "reached": False, "reason": "-10.20.9.0/24 (access_to of user ada)"},
        {"example": "10.20.0.0:tcp/443", "reached": True, "reason": "10.20.0.0/16:tcp/443 (access_to of group team)"},
    ]
    assert ada["domains"] == []
    assert not [one.path for one in furnished.simulator.log if "rulesets" in one.path]


@pytest.mark.parametrize(
    ("destination", "reached"),
    [
        ("10.9.0.1", "all"),
        ("10.20.9.1", "none"),
        ("*.example.com", "all"),
        ("user:bob", "none"),
        ("198.51.100.1", "all"),
    ],
)
def test_how_much_is_reached(furnished: Server, destination: str, reached: str) -> None:
    [ada] = asked(furnished, users=["ada"], destination=destination)
    assert ada["reached"] == reached


def test_clients_of_a_group_are_each_of_its_members(furnished: Server) -> None:
    [guests] = asked(furnished, groups=["guests"], destination="group:team")
    assert guests["reached"] == "some"
    assert [(one["example"], one["reached"]) for one in guests["parts"]] == [
        ("group:team (user ada)", True),
        ("group:team (any other member of group team)", False),
    ]


def test_all_users_and_groups_are_returned_if_none_is_named(furnished: Server) -> None:
    found = asked(furnished, destination="10.20.0.1:https")
    assert {one["group"] for one in found if "group" in one} >= {"team", "guests"}
    reported = {one["user"]: one for one in found if "user" in one}
    assert (reported["ada"]["reached"], reported["bob"]["reached"], reported["bob"]["blocked_by"]) == (
        "all",
        "none",
        "user bob",
    )


def test_a_destination_that_cannot_be_read_is_refused(server: Server) -> None:
    answer = server.perform(as_access_info.BODY, destination="10.20.0.5/8")
    assert answer["failed"]
    assert answer["msg"].startswith("destination: '10.20.0.5/8': 10.20.0.5/8 is an address in the network 10.0.0.0/8")


def test_a_server_without_rulesets_or_without_lists_has_none(start: t.Callable[..., Server]) -> None:
    server = start(dialect="document")
    [openvpn] = asked(server, users=["openvpn"])
    assert openvpn["domains"] == []
