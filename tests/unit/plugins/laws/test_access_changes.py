# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gains and who loses what is what the evaluator of the tests finds when it looks at each point before and after.

The texts that a report shows are read back here: each names exactly the addresses, domains and clients that changed.
"""

from __future__ import annotations

import copy
import functools
import ipaddress
import re
import typing as t
from unittest import mock

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_changes
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_access_oracle import (
    ATOMS,
    CLOSED,
    ELSEWHERE,
    GROUPS,
    NAMES,
    SPACES,
    USERS,
    Drawn,
    Who,
    chain,
    estate,
    group_of,
    in_force,
    inside,
    lets_through,
    meets,
    resolves,
    served,
    worlds,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Found = dict[tuple[str, str], tuple[list[str], list[str]]]  # gains and loses by user, group or others
KEPT = ("users", "groups", "default", "to", "from", "rulesets", "items")


def mixed(one: Drawn, other: Drawn, kept: t.Collection[str]) -> Drawn:
    """The second world, with some of the first one in it: a state that a run could lead to."""
    return {key: copy.deepcopy((one if key in kept else other)[key]) for key in one}


def changes(before: Drawn, after: Drawn) -> Found:
    """What each account gains and loses, and that nothing is left out."""
    with mock.patch.multiple(access_changes, MOST=10_000, MOST_ENTRIES=10_000):
        answer = access_changes.compared(estate(before), estate(after))
    assert (answer["left_out"], answer["vpn_clients_compared"]) == (0, True)
    found: Found = {}
    for entry in answer["changes"]:
        assert entry["gains"] or entry["loses"]
        names = [*(("user", name) for name in entry["users"]), *(("group", name) for name in entry["groups"])]
        for name in [*names, *([("others", "")] if entry["others"] else [])]:
            assert name not in found
            found[name] = entry["gains"], entry["loses"]
        assert (entry["gain_count"], entry["lose_count"]) == (len(entry["gains"]), len(entry["loses"]))
        assert (entry["user_count"], entry["group_count"]) == (len(entry["users"]), len(entry["groups"]))
    return found


def accounts(before: Drawn, after: Drawn) -> list[tuple[tuple[str, str], list[Who | None]]]:
    """Each account by its name in a report, and who that is before and after."""
    found: list[tuple[tuple[str, str], list[Who | None]]] = [
        (
            ("user", name),
            [(name, group_of(world, name)) if name in world["users"] else None for world in (before, after)],
        )
        for name in USERS
    ]
    found += [(("group", name), [("", name), ("", name)]) for name in GROUPS]
    return [*found, (("others", ""), [("", world["default"]["group"] or "") for world in (before, after)])]


@functools.cache
def lies_in(address: str, where: str) -> bool:
    """Whether an address is in a network, or between two addresses."""
    low, _dash, high = where.partition("-")
    kinds = {4: "." in where, 6: "." not in where}
    point = ipaddress.ip_address(address)
    if not kinds[point.version]:
        return False
    if high:
        return int(ipaddress.ip_address(low)) <= int(point) <= int(ipaddress.ip_address(high))
    return point in ipaddress.ip_network(low)


def covers(text: str, address: str, atom: str) -> bool:
    """Whether a text such as 10.0.0.0-10.0.0.3:tcp/1 names an address and what goes to it."""
    text, _except, others = text.partition(" except ")
    if others and any(covers(other, address, atom) for other in others.split(" or ")):
        return False
    where, _sign, services = text.partition("|" if address.count(":") > 1 else ":")
    there = lies_in(address, where)
    if not there:
        return False
    if atom == "gre":
        return not services or "other protocols" in services
    parts = services.split(",") if services else []
    without = [name for part in parts for name in part.partition(" without ")[2].split(" and ")]
    return atom not in without and served(atom, [part.partition(" without ")[0] for part in parts])


def is_rest(world: Drawn, who: Who, address: str, atom: str) -> bool:
    """Whether no rule and no private network matches what goes to an address."""
    own = [rule for rule in chain(world, who, "to") if rule["family"] == ("ipv4" if "." in address else "ipv6")]
    return not any(inside(address, one) for one in CLOSED) and not any(
        rule["kind"] == "all"
        or (rule["kind"] == "net" and inside(address, rule["net"]) and served(atom, rule["services"]))
        for rule in own
    )


@given(before=worlds(), after=worlds(), kept=st.sets(st.sampled_from(KEPT)))
@examples(25, 5000)
def test_networks_that_are_named_are_those_that_changed(before: Drawn, after: Drawn, kept: set[str]) -> None:
    after = mixed(before, after, kept)
    answer = changes(before, after)
    for name, (was, now) in accounts(before, after):
        texts = answer.get(name, ([], []))
        for family, spaces in SPACES.items():
            pool = [*ELSEWHERE[family], *(str(one) for space in spaces for one in ipaddress.ip_network(space))]
            for address in pool:
                for atom in ATOMS:
                    reached = [
                        who is not None and lets_through(world, who, address, atom) is True
                        for world, who in ((before, was), (after, now))
                    ]
                    for gained, each in enumerate((texts[1], texts[0])):
                        expected = reached == ([True, False], [False, True])[gained]
                        named = any(covers(text, address, atom) for text in each if text[0] in "0123456789f:")
                        world, who = (after, now) if gained else (before, was)
                        internet = any(
                            text == "the Internet" or text == f"the Internet ({'IPv4' if family == 'ipv4' else 'IPv6'})"
                            for text in each
                        )
                        rest = internet and who is not None and is_rest(world, who, address, atom)
                        assert expected <= (named or rest), f"{name} {address} {atom} is missing in {each}"
                        assert named <= expected, f"{name} {address} {atom} is in {each}"


@given(before=worlds(), after=worlds(), kept=st.sets(st.sampled_from(KEPT)))
@examples(50, 5000)
def test_domains_that_are_named_are_those_that_changed(before: Drawn, after: Drawn, kept: set[str]) -> None:
    after = mixed(before, after, kept)
    answer = changes(before, after)
    for name, (was, now) in accounts(before, after):
        texts = answer.get(name, ([], []))
        for domain in [*(one for one in NAMES if "." in one or one == "example"), "new.example", "elsewhere.test"]:
            reached = [
                who is not None and resolves(world, who, domain) is True for world, who in ((before, was), (after, now))
            ]
            for gained, each in enumerate((texts[1], texts[0])):
                expected = reached == ([True, False], [False, True])[gained]
                states = ((before, was), (after, now))
                able = [(one, account) for one, account in states if account and not in_force(one, account, "deny")]
                mine = {rule[1] for one, account in able for rule in rulesets(one, account)}
                named = any(names(text, domain, mine) for text in each)
                internet = any(text.startswith("the Internet") for text in each)
                world, who = (after, now) if gained else (before, was)
                rest = who is not None and not decided(world, who, domain)
                assert expected <= (
                    named or (rest and (internet or not any(decided(*each, domain) for each in able)))
                ), f"{name} {domain} is missing in {each}"
                assert named <= expected, f"{name} {domain} is in {each}"


def rulesets(world: Drawn, who: Who) -> list[tuple[str, str, str]]:
    """The rules by domain that count for an account, in their order."""
    owners = (("user", who[0]), ("group", who[1]), ("everybody", ""))
    return [rule for owner in owners for rule in world["rulesets"].get(owner, ())]


def names(text: str, domain: str, ruled: t.Collection[str]) -> bool:
    """Whether a text names a domain, where rules are about some."""
    if text == "all domains that no rule is about":
        return not any(f".{domain}".endswith(f".{name}") for name in ruled)
    if text.startswith("*."):
        return domain == text[2:] or domain.endswith(text[1:])
    below = re.fullmatch(r"(other )?domains below (.*)", text)
    if below:
        apart = [name for name in ruled if name.endswith(f".{below[2]}")] if below[1] else []
        return domain.endswith(f".{below[2]}") and not any(f".{domain}".endswith(f".{name}") for name in apart)
    return domain == text


def decided(world: Drawn, who: Who, domain: str) -> bool:
    """Whether a rule decides about a domain."""
    for match, name, _action in rulesets(world, who):
        is_it, is_below = domain == name, domain.endswith("." + name)
        plain = match.removeprefix("not_")
        found = {"domain": is_it, "subdomain": is_below, "domain_or_subdomain": is_it or is_below}[plain]
        if found is not match.startswith("not_"):
            return True
    return False


@given(before=worlds(clients=True), after=worlds(clients=True), kept=st.sets(st.sampled_from(KEPT)))
@examples(50, 5000)
def test_clients_that_are_named_are_those_that_changed(before: Drawn, after: Drawn, kept: set[str]) -> None:
    after = mixed(before, after, kept)
    answer = changes(before, after)
    everyone = accounts(before, after)
    for name, (was, now) in everyone:
        gains, loses = answer.get(name, ([], []))
        for target, (target_was, target_now) in everyone:
            if target == name and name[0] == "user":
                continue
            for family in SPACES:
                reached = [
                    who is not None and it is not None and meets(world, who, it, family) is True
                    for world, who, it in ((before, was, target_was), (after, now, target_now))
                ]
                there = None not in (target_was, target_now)
                for gained, each in enumerate((loses, gains)):
                    expected = there and reached == ([True, False], [False, True])[gained]
                    world = after if gained else before
                    found = there and any(is_named(text, target, family, world) for text in each)
                    assert expected == found, f"{name} {target} {family}: {each}"


def is_named(text: str, target: tuple[str, str], family: str, world: Drawn) -> bool:
    """Whether a text names the clients of a user, of any other member of a group, or of any other user."""
    text, _space, families = text.partition(" (IPv")
    if families and families[0] != family[-1]:
        return False
    if text == "all other VPN clients":
        return target[0] != "user" or target[1] in world["users"]
    kind, name = target
    if kind == "user":
        group = group_of(world, name) if name in world["users"] else ""
        return text in (f"VPN clients of user {name}", f"VPN clients of group {group}")
    if kind == "group":
        return text in (f"VPN clients of group {name}", f"VPN clients of other members of group {name}")
    return text == "VPN clients of other users without a group"
