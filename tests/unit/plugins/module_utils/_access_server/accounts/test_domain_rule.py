# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain rules: their normal form, what is refused, their positions, and which of them are never reached."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import domain_rule
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Rule = dict[str, t.Any]


def rule(name: str, action: str = "nat", match: str = "domain", **more: t.Any) -> Rule:
    return {"match": match, "domain": name, "action": action, "comment": "", **more}


@pytest.mark.parametrize(
    ("said", "match", "name"),
    [
        ({"domain": " App.Example.COM. "}, "domain", "app.example.com"),
        ({"domain": "*.Example.com"}, "domain_or_subdomain", "example.com"),
        ({"domain": "*.com"}, "domain_or_subdomain", "com"),
        ({"domain": "münchen.example", "match": "not_subdomain"}, "not_subdomain", "xn--mnchen-3ya.example"),
        ({"domain": "_sip._tcp.example.com"}, "domain", "_sip._tcp.example.com"),
        ({"data": "App.Example.com", "match": "subdomain"}, "subdomain", "app.example.com"),
    ],
)
def test_domains_have_one_form(said: Rule, match: str, name: str) -> None:
    assert domain_rule.rules([{**said, "action": "nat"}]) == [rule(name, match=match)]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "rule 1: it needs a domain"),
        ({"match": "subdomain"}, "match is subdomain, which needs a domain"),
        (
            {"domain": "a.example", "match": "subdomian"},
            "match is 'subdomian'; with a domain, use one of domain, not_domain",
        ),
        ({"domain": "a.example", "data": "b"}, "it has domain and data; only one of them is allowed"),
        ({"domain": "*.a.example", "match": "domain"}, "has a star, and match is set too"),
        ({"domain": "https://a.example/x"}, "is not a domain; write it as app.example.com"),
        ({"domain": "a..example"}, "is not a domain"),
        ({"domain": "a" * 64 + ".example"}, "is not a domain"),
        ({"domain": "ü" * 64 + ".example"}, "is not a domain"),
        ({"domain": ".".join(["a" * 60] * 5)}, "is not a domain"),
        ({"domain": "10.0.0.0/8"}, "is an address; use as_access_list for rules by address"),
        ({"domain": "2001:db8::1"}, "use as_access_list"),
        ({"domain": "a.example", "type": "filtre"}, "type is 'filtre'; use one of domain_routing, filter"),
        ({"match": "no word", "data": "x"}, "or another word that the server knows"),
    ],
)
def test_what_cannot_be_is_a_sentence(said: Rule, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        domain_rule.rules([{**said, "action": "nat"}])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([rule("a.example"), rule("A.example", "deny")], "rules 1 and 2 match the same, domain a.example"),
        ([rule("a.example", position=1), rule("b.example")], "some rules have a position and others do not"),
        ([rule("a.example", position=1), rule("b.example", position=1)], "two rules have the same position"),
    ],
)
def test_rules_that_cannot_be_together(said: list[Rule], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        domain_rule.rules(said)


def test_positions_are_the_order() -> None:
    first, second = rule("a.example", position=7), rule("b.example", position=3)
    assert domain_rule.rules([first, second]) == [second, first]


LISTS = st.lists(st.sampled_from("abcdefgh"), max_size=7, unique=True)
POSITIONS = st.lists(st.integers(1, 30), min_size=8, max_size=8)


@examples(100, 2000)
@given(names=LISTS, positions=POSITIONS, wanted=LISTS)
def test_rules_come_in_the_declared_order_and_take_no_position_that_is_taken(
    names: list[str], positions: list[int], wanted: list[str]
) -> None:
    there = domain_rule.in_order(rule(name, position=place) for name, place in zip(names, positions, strict=False))
    found = domain_rule.placed(there, [rule(name) for name in wanted])
    assert [one["domain"] for one in found] == wanted
    numbers = [one["position"] for one in found]
    assert numbers == sorted(set(numbers))
    new = [one for one in found if one not in there]
    assert not {one["position"] for one in new} & {one["position"] for one in there}
    assert domain_rule.placed(found, [rule(name) for name in wanted]) == found


def test_a_rule_between_others_leaves_their_positions() -> None:
    there = [rule("a", position=100), rule("c", position=300)]
    found = domain_rule.placed(there, [rule("a"), rule("b"), rule("c"), rule("d")])
    assert [one["position"] for one in found] == [100, 200, 300, 400]


def test_where_there_is_no_room_all_move_behind() -> None:
    there = [rule("a", position=1), rule("c", position=2)]
    assert [one["position"] for one in domain_rule.placed(there, [rule("a"), rule("b"), rule("c")])] == [100, 200, 300]


@pytest.mark.parametrize(
    ("first", "second", "is_covered"),
    [
        (("example.com", "domain"), ("example.com", "domain"), True),
        (("example.com", "domain"), ("example.com", "domain_or_subdomain"), False),
        (("example.com", "domain_or_subdomain"), ("example.com", "domain"), True),
        (("example.com", "domain_or_subdomain"), ("example.com", "subdomain"), True),
        (("example.com", "subdomain"), ("example.com", "domain"), False),
        (("example.com", "subdomain"), ("a.example.com", "domain_or_subdomain"), True),
        (("example.com", "domain"), ("a.example.com", "domain"), False),
        (("example.com", "domain_or_subdomain"), ("notexample.com", "domain"), False),
        (("a.example.com", "domain_or_subdomain"), ("example.com", "domain"), False),
        (("example.com", "not_domain"), ("a.example.com", "domain"), False),
        (("com", "domain_or_subdomain"), ("example.com", "not_domain"), False),
    ],
)
def test_which_rules_are_never_reached(first: tuple[str, str], second: tuple[str, str], is_covered: bool) -> None:
    assert domain_rule.covers(rule(first[0], match=first[1]), rule(second[0], match=second[1])) is is_covered


NAMES = ("a.example", "b.example", "example")


@st.composite
def placed_rules(draw: st.DrawFn) -> list[Rule]:
    """A list with a rule for some domains, at positions that other lists have as well."""
    matches = ("domain", "subdomain", "domain_or_subdomain")
    subjects = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(matches)), max_size=4, unique=True))
    positions = draw(st.lists(st.integers(1, 6), min_size=len(subjects), max_size=len(subjects), unique=True))
    actions = st.sampled_from(("deny", "nat", "bypass"))
    pairs = zip(subjects, sorted(positions), strict=True)
    return [rule(name, draw(actions), match, position=at) for (name, match), at in pairs]


def decided(rules: list[Rule]) -> dict[str, str]:
    """What the first rule that matches a domain decides."""
    found: dict[str, str] = {}
    for name in (*NAMES, "c.example", "d.a.example"):
        for one in rules:
            itself, below = name == one["domain"], name.endswith(f".{one['domain']}")
            if (itself and one["match"] != "subdomain") or (below and one["match"] != "domain"):
                found.setdefault(name, one["action"])
    return found


@given(before=placed_rules(), after=placed_rules())
def test_a_confined_list_lets_through_what_both_do_and_withholds_what_either_does(
    before: list[Rule], after: list[Rule]
) -> None:
    found = domain_rule.confined(before, after)
    assert len({one["position"] for one in found}) == len(found)
    first, now, then = decided(before), decided(found), decided(after)
    for name, action in now.items():
        assert action != "nat" or first.get(name) == then.get(name) == "nat"
    for name in first.keys() | then.keys():
        if {first.get(name), then.get(name)} & {"deny", "bypass"}:
            assert now.get(name) in ("deny", "bypass")
    assert domain_rule.confined(after, after) == after


def test_a_confined_list_denies_what_either_denies() -> None:
    before = [rule("a", "deny", position=100), rule("b", position=200), rule("c", position=300)]
    after = [rule("d", "deny", position=50), rule("c", position=300), rule("e", position=400)]
    found = domain_rule.confined(before, after)
    assert [(one["domain"], one["action"]) for one in found] == [("d", "deny"), ("a", "deny"), ("c", "nat")]


def test_a_confined_list_leaves_out_what_would_come_before_a_rule_that_withholds() -> None:
    before = [rule("a.example", "deny", position=100), rule("example", match="domain_or_subdomain", position=200)]
    after = [{**before[1], "position": 300}, {**before[0], "position": 400}]
    assert domain_rule.confined(before, after) == [after[1]]
