# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tests: how they are written, and what is reported of one that does not pass."""

from __future__ import annotations

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_tests import judge, parse
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.reach import Estate

ESTATE = Estate(
    users={"ada": {"group": "staff"}, "bob": {"group": "staff", "deny": True}, "cleo": {"group": "elsewhere"}},
    groups={"staff": {}, "guests": {"deny": True}},
    lists={
        "group staff": {"access_to": ["10.20.0.0/16:tcp/443", "user:bob", "fd00::/64|udp/53"]},
        "user ada": {"access_to": ["-10.20.0.9/32", "10.20.0.0/24"]},
    },
    rulesets={
        "group staff / web": {
            "position": 100,
            "rules": [
                {"match": "domain", "domain": "hr.example.com", "action": "deny", "comment": ""},
                {"match": "domain_or_subdomain", "domain": "example.com", "action": "nat", "comment": ""},
            ],
        }
    },
    items={"vpn.server.routing.private_access": "nat", "vpn.server.routing.private_network.0": "192.168.5.0/24"},
)


SPLIT = {**ESTATE.items, "vpn.client.routing.reroute_gw": False}


@pytest.mark.parametrize(
    "sentence",
    [
        "ada may reach 10.20.0.5:tcp/443",
        "user ada  may   reach 10.20.0.5:https",
        "staff may not reach 10.30.0.9",
        "staff may reach 10.20.1.0/24:https",
        "ada may reach fd00::5|dns",
        "ada may reach app.example.com:https",
        "staff may not reach hr.example.com",
        "group guests may not reach 192.168.5.1",
        "ada may reach 192.168.5.0/24",
        "ada may reach user:bob",
    ],
)
def test_what_is_true_passes(sentence: str) -> None:
    assert judge(parse(sentence), ESTATE, whole=True).result == "passed"


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        (
            "ada may reach 10.20.0.9:https",
            "user ada does not reach 10.20.0.9:tcp/443: -10.20.0.9/32 (access_to of user ada)",
        ),
        (
            "staff may not reach 10.0.0.0/8",
            "user ada reaches 10.20.0.0 by 10.20.0.0/24 (access_to of user ada)",
        ),
        (
            "staff may reach 10.20.0.0/24:tcp/443,udp/53",
            "user ada does not reach 10.20.0.9:tcp/443: -10.20.0.9/32 (access_to of user ada)",
        ),
        ("staff may reach fd00::/63|dns", "user ada does not reach fd00:0:0:1::|udp/53: no rule allows it"),
        ("bob may reach 10.20.0.5:https", "user bob does not reach 10.20.0.5:https: deny of user bob"),
        (
            "ada may reach *.example.com",
            "user ada does not reach hr.example.com: deny domain hr.example.com (ruleset web of group staff)",
        ),
        (
            "everybody may not reach 192.168.5.7",
            "user ada reaches 192.168.5.7 by 192.168.5.0/24 (vpn.server.routing.private_network.0 of the configuration)",
        ),
        ("ada may not reach user:bob", "user ada reaches user:bob by user:bob (access_to of group staff)"),
        ("guests may reach 10.1.1.1", "any other member of group guests does not reach 10.1.1.1: deny of group guests"),
    ],
)
def test_what_is_not_true_names_the_rule_and_whose_it_is(sentence: str, why: str) -> None:
    estate = Estate(**{**vars(ESTATE), "users": {name: one for name, one in ESTATE.users.items() if name != "cleo"}})
    verdict = judge(parse(sentence), estate, whole=True)
    assert (verdict.result, verdict.why) == ("failed", why)
    assert str(verdict) == f"access_tests: {sentence!r} is not true: {why}."


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("dora may reach 10.1.1.1", "no user or group dora"),
        ("group ada may reach 10.1.1.1", "no group ada"),
        ("ada may reach group:admins", "no group admins"),
    ],
)
def test_what_is_missing_cannot_be_judged_by_a_declaration_and_fails_by_a_server(sentence: str, why: str) -> None:
    declared, running = (judge(parse(sentence), ESTATE, whole=whole) for whole in (False, True))
    assert (declared.result, declared.why) == ("unknown", f"the declaration has {why}")
    assert (running.result, running.why) == ("failed", f"there is {why}")


def test_a_top_level_domain_is_a_destination() -> None:
    rules = [{"match": "subdomain", "domain": "test", "action": "nat", "comment": ""}]
    estate = Estate(users={"ada": {}}, rulesets={"user ada / web": {"position": 100, "rules": rules}}, items=SPLIT)
    assert judge(parse("ada may reach app.test"), estate, whole=True).result == "passed"
    verdict = judge(parse("ada may reach *.test"), estate, whole=True)
    assert verdict.why == (
        "user ada does not reach test: vpn.client.routing.reroute_gw of the configuration is false, and no rule matches it"
    )


def test_a_top_level_domain_that_begins_with_a_digit_is_a_domain_and_a_range_is_not() -> None:
    rules = [{"match": "domain", "domain": "nas.2nd-floor", "action": "nat", "comment": ""}]
    estate = Estate(users={"ada": {}}, rulesets={"user ada / web": {"position": 100, "rules": rules}}, items=SPLIT)
    assert judge(parse("ada may reach nas.2nd-floor"), estate, whole=True).result == "passed"
    with pytest.raises(ValueError, match="10.0.0.1-9' is a range of addresses"):
        parse("ada may reach 10.0.0.1-9")


def test_a_group_that_is_not_declared_leaves_open_what_its_members_reach() -> None:
    sentence = "cleo may not reach 10.1.1.1"
    verdict = judge(parse(sentence), ESTATE, whole=False)
    assert (verdict.result, verdict.why) == ("unknown", "the declaration has no group elsewhere, which user cleo is in")
    assert judge(parse(sentence), ESTATE, whole=True).result == "passed"


def test_an_internet_address_with_a_split_tunnel_is_neither_reached_nor_closed() -> None:
    """The client goes there by itself, and the server does not keep another client from going through it (153)."""
    estate = Estate(users={"ada": {}}, items=SPLIT)
    for sentence in ("ada may reach 198.51.100.1", "ada may not reach 198.51.100.1"):
        verdict = judge(parse(sentence), estate, whole=True)
        assert verdict.result == "failed"
        assert "vpn.client.routing.reroute_gw of the configuration is false, and no rule denies it" in verdict.why


def test_what_no_known_rule_opens_is_unknown_while_the_configuration_is() -> None:
    verdict = judge(parse("ada may not reach 10.1.1.1"), Estate(users={"ada": {}}), whole=False)
    assert verdict.result == "unknown"
    assert verdict.why == "user ada, 10.1.1.1: vpn.server.routing.private_access of the configuration is not known"


@pytest.mark.parametrize(
    ("sentence", "problem"),
    [
        ("ada can reach 10.1.1.1", "NAME may reach DESTINATION, or NAME may not reach DESTINATION"),
        ("ada may reach", "NAME may reach DESTINATION"),
        ("ada may reach 10.20.0.5/8", "10.20.0.5/8 is an address in the network 10.0.0.0/8; write one of them"),
        ("ada may reach 10.20.0.5:443", "'443' is not a service; write tcp/443"),
        ("ada may reach app.example.com:443", "'443' is not a service; write tcp/443"),
        ("ada may reach all", "write a network, such as 0.0.0.0/0 or ::/0, a domain, or user:NAME"),
        ("ada may reach -10.0.0.0/8", "begins with a sign"),
        ("ada may reach 10.0.0.0/8::R", "ends in R"),
        ("ada may reach intranet", "intranet"),
    ],
)
def test_what_cannot_be_read_is_a_mistake_that_says_what_can(sentence: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse(sentence)
    assert sentence in str(caught.value)
    assert problem in str(caught.value)


def test_a_rule_of_the_default_user_is_named_in_words() -> None:
    estate = Estate(users={"ada": {}}, lists={"user __DEFAULT__": {"access_to": ["10.1.0.0/16"]}})
    verdict = judge(parse("ada may not reach 10.1.1.1"), estate, whole=False)
    assert (verdict.result, verdict.why) == (
        "failed",
        "user ada reaches 10.1.1.1 by 10.1.0.0/16 (access_to of the default user)",
    )
