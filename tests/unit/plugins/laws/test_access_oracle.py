# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluator of access tests agrees with one that looks at each address, each port and each domain by itself.

The one here is written from the statements of server behaviour, 150 to 158. It takes rules apart on its own, and shares
nothing with the collection. The worlds are small: in each class of addresses, services and domains that any rule can tell
apart, there are a few, and all of them are looked at.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_tests import judge, parse
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.reach import Estate
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Drawn = dict[str, t.Any]
Who = tuple[str, str]  # a user, or nothing for any other one; and its group, if any
USERS, GROUPS = ("ana", "ben", "cleo"), ("staff", "ops")
SPACES = {"ipv4": ("10.0.0.0/29", "198.51.100.0/30"), "ipv6": ("fd00::/125", "2001:db8::/126")}
ALL = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
ELSEWHERE = {
    "ipv4": ("10.9.9.9", "172.16.3.4", "172.31.255.255", "192.168.7.7", "8.8.8.8", "172.32.0.1"),
    "ipv6": ("fd99::1", "fe80::7", "2606:4700::1"),
}
CLOSED = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")  # private networks (152)
SERVICES = ("tcp/1", "tcp/2-3", "tcp/3-4", "tcp/1-65535", "udp/1", "udp/1-2", "icmp-any", "icmp-echo-request")
ATOMS = (
    "tcp/1",
    "tcp/2",
    "tcp/3",
    "tcp/4",
    "tcp/5",
    "udp/1",
    "udp/2",
    "udp/3",
    "icmp-echo-request",
    "icmp-redirect",
    "gre",
)
RULE_DOMAINS = ("example", "a.example", "b.a.example")
NAMES = [
    ".".join((*labels, "example"))
    for depth in range(4)
    for labels in itertools.product(("a", "b", "other"), repeat=depth)
]
PRIVATE_ACCESS, REROUTE, REROUTE6 = (
    "vpn.server.routing.private_access",
    "vpn.client.routing.reroute_gw",
    "vpn.client.routing6.reroute_gw",
)
INTER_CLIENT, ADMINS = "vpn.client.routing.inter_client", "vpn.client.routing.superuser_c2c_access"


# -- worlds


# Hypothesis keeps strategies whose arguments are hashable, such as tuples; it would make one of a list again for each draw.
@functools.cache
def networks(family: str) -> tuple[str, ...]:
    """Every network in the spaces of a family, and all of it."""
    found = [ALL[family]]
    for space in map(ipaddress.ip_network, SPACES[family]):
        for length in range(space.prefixlen, space.max_prefixlen + 1):
            found += [str(one) for one in space.subnets(new_prefix=length)]
    return tuple(found)


@st.composite
def rules(draw: st.DrawFn, clients: bool) -> list[Drawn]:
    """A list of a user or a group, in its order."""
    found = []
    for _number in range(draw(st.integers(0, 3))):
        family = draw(st.sampled_from(("ipv4", "ipv4", "ipv6")))
        kinds = (
            ("user", "group", "all_vpn_clients", "all")
            if clients
            else ("net", "net", "net", "net", "all", "all_s2c_subnets")
        )
        kind = draw(st.sampled_from(kinds))
        rule: Drawn = {"kind": kind, "family": family, "accept": draw(st.booleans())}
        if kind == "net":
            rule["net"] = draw(st.sampled_from(networks(family)))
            rule["services"] = sorted(draw(st.sets(st.sampled_from(SERVICES), max_size=2)))
        if kind in ("user", "group"):
            rule["name"] = draw(st.sampled_from(USERS if kind == "user" else GROUPS))
        found.append(rule)
    return found


def written(rule: Drawn) -> str:
    """As an access list has it."""
    sign, mark = ("" if rule["accept"] else "-"), (":" if rule["family"] == "ipv4" else "|")
    if rule["kind"] == "net":
        return sign + rule["net"] + (mark + ",".join(rule["services"]) if rule["services"] else "")
    return sign + rule["kind"] + (mark + rule["name"] if "name" in rule else mark.strip(":"))


def maybe(values: t.Sequence[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.sampled_from((None, *values))


LEVELS = st.fixed_dictionaries(
    {
        "deny": st.sampled_from([None, None, None, False, True]),
        "reroute_gw": maybe(["global", "disable"]),
        "admin": maybe([False, True]),
    }
)
RULESETS = st.lists(
    st.tuples(
        st.sampled_from([f"{n}{m}" for n in ("", "not_") for m in ("domain", "subdomain", "domain_or_subdomain")]),
        st.sampled_from(RULE_DOMAINS),
        st.sampled_from(["nat", "route", "deny", "bypass"]),
    ),
    max_size=3,
)


@st.composite
def worlds(draw: st.DrawFn, clients: bool = False) -> Drawn:
    """A server with all that decides who reaches what."""
    owners = [*(("user", name) for name in (*USERS, "__DEFAULT__")), *(("group", name) for name in GROUPS)]
    items = {
        PRIVATE_ACCESS: draw(maybe(["no", "nat", "route"])),
        **{name: draw(maybe([False, True])) for name in (REROUTE, REROUTE6, INTER_CLIENT, ADMINS)},
        **{
            f"vpn.server.routing.private_network.{number}": draw(
                st.sampled_from((*networks("ipv4")[1:], *networks("ipv6")[1:]))
            )
            for number in range(draw(st.integers(0, 2)))
        },
    }
    return {
        "users": {
            name: {**draw(LEVELS), "group": draw(maybe(GROUPS))}
            for name in draw(st.sets(st.sampled_from(USERS), min_size=1))
        },
        "groups": {name: draw(LEVELS) for name in GROUPS},
        "default": {**draw(LEVELS), "group": draw(maybe(GROUPS))},
        "to": {owner: draw(rules(clients)) for owner in owners},
        "from": {owner: draw(rules(clients)) for owner in owners} if clients else {},
        "rulesets": {
            owner: [] if clients else draw(RULESETS) for owner in [*owners[:3], *owners[4:], ("everybody", "")]
        },
        "items": {name: value for name, value in items.items() if value is not None},
    }


def estate(world: Drawn) -> Estate:
    """The same for the evaluator of the collection."""
    lists = {
        f"{kind} {name}": {
            f"access_{way}": [written(rule) for rule in world[way].get((kind, name), ())] for way in ("to", "from")
        }
        for kind, name in world["to"]
    }
    rulesets = {
        f"{' '.join(owner).strip()} / web": {
            "position": 100,
            "rules": [
                {"match": match, "domain": name, "action": action, "comment": ""} for match, name, action in found
            ],
        }
        for owner, found in world["rulesets"].items()
    }
    return Estate(world["users"], world["groups"], world["default"], lists, rulesets, world["items"])


# -- what each user reaches, looked at one by one


def group_of(world: Drawn, name: str) -> str:
    """A user without a group is in the default user's group (156)."""
    return world["users"][name]["group"] or world["default"]["group"] or ""


def subjects(world: Drawn, who: str) -> list[Who]:
    """Whom a test is about: a user; the members of a group with any that is not known; or everybody."""
    if who in world["users"]:
        return [(who, group_of(world, who))]
    known = [(name, group_of(world, name)) for name in world["users"]]
    if who != "everybody":
        return [*(one for one in known if one[1] == who), ("", who)]
    return [*known, *(("", name) for name in GROUPS), ("", world["default"]["group"] or "")]


def in_force(world: Drawn, who: Who, name: str) -> t.Any:
    """User, group, default user (66)."""
    for level in (world["users"].get(who[0]), world["groups"].get(who[1]), world["default"]):
        if level and level[name] is not None:
            return level[name]
    return None


def chain(world: Drawn, who: Who, way: str) -> list[Drawn]:
    """The rules that count for a user, the first first (151)."""
    owners = [("user", who[0]), ("group", who[1]), ("user", "__DEFAULT__")]
    return [rule for owner in owners if owner[1] for rule in world[way].get(owner, ())]


@functools.cache
def inside(address: str, network: str) -> bool:
    one, many = ipaddress.ip_address(address), ipaddress.ip_network(network)
    return one.version == many.version and one in many


def served(atom: str, services: t.Sequence[str]) -> bool:
    """Whether services cover what goes to an address."""
    protocol, _slash, port = atom.partition("/")
    for one in services:
        name, _slash, ports = one.partition("/")
        low, _dash, high = ports.partition("-")
        if one == atom or (one == "icmp-any" and atom.startswith("icmp-")):
            return True
        if port and name == protocol and int(low) <= int(port) <= int(high or low):
            return True
    return not services


def tunnelled(world: Drawn, who: Who, item: str) -> bool | None:
    """Whether a client sends all it has through the VPN; None where that is not known (153)."""
    if in_force(world, who, "reroute_gw") == "disable":
        return False
    return t.cast("bool | None", world["items"].get(item))


def lets_through(world: Drawn, who: Who, address: str, atom: str) -> bool | None:
    """Whether what goes to an address arrives; None where that is not known."""
    if in_force(world, who, "deny"):
        return False
    family = "ipv4" if "." in address else "ipv6"
    private = [value for name, value in world["items"].items() if "private_network" in name]
    mode = world["items"].get(PRIVATE_ACCESS)
    if mode in ("nat", "route") and any(inside(address, one) for one in private):
        return True
    no = None if mode is None else False  # what is denied may be open by the configuration (150)
    for rule in chain(world, who, "to"):
        if rule["family"] != family:
            continue
        if rule["kind"] == "all_s2c_subnets" and mode is None and not any(inside(address, one) for one in private):
            return None  # there may be more of them than are known
        matches = {
            "net": lambda one: inside(address, one["net"]) and served(atom, one["services"]),
            "all": lambda one: True,
            "all_s2c_subnets": lambda one: any(inside(address, each) for each in private),
        }[rule["kind"]]
        if matches(rule):
            return True if rule["accept"] else no
    if any(inside(address, one) for one in CLOSED):
        return no
    return tunnelled(world, who, REROUTE if family == "ipv4" else REROUTE6) or None


def resolves(world: Drawn, who: Who, name: str) -> bool | None:
    """Whether a client gets to a domain through the VPN (155)."""
    if in_force(world, who, "deny"):
        return False
    for owner in (("user", who[0]), ("group", who[1]), ("everybody", "")):
        for match, domain, action in world["rulesets"].get(owner, ()):
            is_it, is_below = name == domain, name.endswith("." + domain)
            plain = match[4:] if match.startswith("not_") else match
            found = {"domain": is_it, "subdomain": is_below, "domain_or_subdomain": is_it or is_below}[plain]
            if found is not match.startswith("not_"):
                return action in ("nat", "route")
    return tunnelled(world, who, REROUTE)


def meets(world: Drawn, who: Who, target: Who, family: str) -> bool | None:
    """Whether a client gets to another one (154)."""
    if in_force(world, who, "deny"):
        return False
    switches = [INTER_CLIENT, *([ADMINS] if in_force(world, who, "admin") else [])]
    states = [world["items"].get(name) for name in switches]
    if True in states:
        return True
    no = None if None in states else False
    for one, other, way in ((who, target, "to"), (target, who, "from")):
        for rule in chain(world, one, way):
            named = rule["kind"] in ("all", "all_vpn_clients") or (
                rule["name"] != "" and rule["name"] == other[0 if rule["kind"] == "user" else 1]
            )
            if rule["family"] == family and named:
                return True if rule["accept"] else no
    return no


def expected(world: Drawn, who: str, may: bool, decide: t.Callable[[Who], t.Iterable[bool | None]]) -> str:
    """What is to be said of a test: it holds of every member and every part, or of none."""
    chosen = subjects(world, who)
    if may and who not in world["users"]:  # a blocked member does not stop its group
        chosen = [one for one in chosen if not (one[0] and world["users"][one[0]]["deny"])]
    found = {each for one in chosen for each in decide(one)}
    if found <= {may}:
        return "passed"
    return "failed" if (not may) in found else "unknown"


@given(
    world=worlds(),
    who=st.sampled_from([*USERS, *GROUPS, "everybody"]),
    may=st.booleans(),
    family=st.sampled_from(["ipv4", "ipv4", "ipv6"]),
    data=st.data(),
)
@examples(100, 10000)
def test_addresses_are_judged_as_one_by_one(
    world: Drawn, who: str, may: bool, family: str, data: st.DataObject
) -> None:
    network = data.draw(st.sampled_from(networks(family)))
    services = sorted(data.draw(st.sets(st.sampled_from(SERVICES), max_size=2)))
    if who in USERS and who not in world["users"]:
        who = sorted(world["users"])[0]
    pool = [*ELSEWHERE[family], *(str(one) for space in SPACES[family] for one in ipaddress.ip_network(space))]
    pairs = [(one, atom) for one in pool if inside(one, network) for atom in ATOMS if served(atom, services)]
    sentence = f"{who} may {'' if may else 'not '}reach {network}"
    if services:
        sentence += (":" if family == "ipv4" else "|") + ",".join(services)
    verdict = judge(parse(sentence), estate(world), whole=False)
    assert verdict.result == expected(
        world, who, may, lambda one: (lets_through(world, one, *pair) for pair in pairs)
    ), f"{sentence}: {verdict}"


@given(
    world=worlds(),
    who=st.sampled_from([*USERS, *GROUPS, "everybody"]),
    may=st.booleans(),
    name=st.sampled_from([name for name in NAMES if "." in name]),
    below=st.booleans(),
)
@examples(100, 10000)
def test_domains_are_judged_as_one_by_one(world: Drawn, who: str, may: bool, name: str, below: bool) -> None:
    if who in USERS and who not in world["users"]:
        who = sorted(world["users"])[0]
    names = [one for one in NAMES if one == name or (below and one.endswith("." + name))]
    names += [f"new.{name}"] if below else []
    sentence = f"{who} may {'' if may else 'not '}reach {'*.' if below else ''}{name}"
    verdict = judge(parse(sentence), estate(world), whole=False)
    assert verdict.result == expected(world, who, may, lambda one: (resolves(world, one, each) for each in names)), (
        f"{sentence}: {verdict}"
    )


@given(
    world=worlds(clients=True),
    who=st.sampled_from([*USERS, *GROUPS, "everybody"]),
    may=st.booleans(),
    family=st.sampled_from(["ipv4", "ipv6"]),
    target=st.sampled_from([*USERS, *GROUPS]),
)
@examples(100, 10000)
def test_clients_are_judged_as_one_by_one(world: Drawn, who: str, may: bool, family: str, target: str) -> None:
    first = sorted(world["users"])[0]
    who, target = (first if one in USERS and one not in world["users"] else one for one in (who, target))
    kind = "user" if target in USERS else "group"
    sentence = f"{who} may {'' if may else 'not '}reach {kind}{':' if family == 'ipv4' else '|'}{target}"
    verdict = judge(parse(sentence), estate(world), whole=False)
    assert verdict.result == expected(
        world, who, may, lambda one: (meets(world, one, each, family) for each in subjects(world, target))
    ), f"{sentence}: {verdict}"
