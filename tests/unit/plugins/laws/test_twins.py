# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not the same and looks the same, or is the same and belongs to one: names, addresses, networks."""

from __future__ import annotations

import re
import typing as t
import unicodedata

import pytest
from ansible_collections.vpn.estate.plugins.filter.people import people_contradictions
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import CA
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration import refuse_shared
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import alike, only_in, shown, twins
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD
from hypothesis import given
from hypothesis import strategies as st

# A name, and another one that people take for it.
TWINS = {
    "case": ("anna", "Anna"),
    "sharp s": ("Strauß", "STRAUSS"),
    "composed": ("Zo\u00eb", "Zoe\u0308"),
    "full width": ("anna", "\uff41nna"),
    "ligature": ("fiona", "\ufb01ona"),
    "number": ("a2", "a\u00b2"),
    "no width": ("anna", "an\u200dna"),
    "kelvin": ("kim", "\u212aim"),
}
pairs = pytest.mark.parametrize(("name", "twin"), TWINS.values(), ids=TWINS)


def warned(answer: dict[str, t.Any]) -> str:
    assert not answer.get("failed"), answer["msg"]
    return " ".join(answer.get("warnings", ()))


def refused(answer: dict[str, t.Any]) -> str:
    assert answer.get("failed")
    assert not answer["changed"]
    return str(answer["msg"])


# -- names


@pairs
def test_twins_are_found_either_way(name: str, twin: str) -> None:
    assert twins([name], [twin, "other"]) == {name: twin}
    assert twins([twin], ["other", name]) == {twin: name}
    assert twins([name], [name, twin]) == {name: twin}
    assert not twins([name], [name, "other"])


@given(st.text(max_size=6), st.text(max_size=6))
def test_to_look_alike_is_an_equivalence(name: str, other: str) -> None:
    assert alike(alike(name)) == alike(name)
    for same in (
        name.casefold(),
        name.upper().lower(),
        *(unicodedata.normalize(f, name) for f in ("NFC", "NFD", "NFKC")),
    ):
        if same.casefold() == name.casefold() or unicodedata.normalize("NFKC", name) == unicodedata.normalize(
            "NFKC", same
        ):
            assert alike(same) == alike(name)
    assert bool(twins([name], [other])) is (name != other and alike(name) == alike(other))


@pairs
@pytest.mark.parametrize(
    ("resource", "key"),
    [(USER, "name"), (GROUP, "name"), (VPN_USER, "login")],
    ids=lambda one: getattr(one, "noun", None),
)
def test_twins_in_one_declaration_are_refused(
    server: Server, box: Box, resource: Resource, key: str, name: str, twin: str
) -> None:
    where = box if resource is VPN_USER else server
    said = refused(where.manage(resource, **{resource.plural: [{key: name}, {key: twin}]}))
    assert f"which differ {only_in(name, twin)}" in said
    assert "two tasks" in said


@pytest.mark.parametrize("resource", [USER, GROUP], ids=lambda one: getattr(one, "noun", None))
# Of the others, no usual spelling is the one that is there, and no task reads the whole list for a warning.
@pytest.mark.parametrize("pair", [pair for pair in TWINS if pair not in ("ligature", "number", "sharp s")])
def test_a_new_name_that_looks_like_one_that_is_there_is_warned_of(
    server: Server, resource: Resource, pair: str
) -> None:
    name, twin = TWINS[pair]
    there = server.simulator.set_user if resource is USER else server.simulator.set_group
    there(name)
    said = warned(server.manage(resource, name=twin, check=True))
    assert f"{resource.noun.capitalize()} {shown(twin)} is created, but {name} exists" in said


@pytest.mark.parametrize(("name", "twin"), [pair for pair in TWINS.values() if pair[0].isascii()])
def test_profiles_and_authorities_are_compared_with_all_that_are_there(server: Server, name: str, twin: str) -> None:
    warned(server.manage(CONFIG_PROFILE, name=name, copy_from="default"))
    warned(server.manage(CA, common_name=name))
    said = warned(server.manage(CONFIG_PROFILE, name=twin, copy_from="default", check=True))
    assert f"Configuration profile {shown(twin)} is created, but {shown(name)} exists" in said
    said = warned(server.manage(CA, common_name=twin, check=True))
    assert f"Certificate authority {shown(twin)} is created, but {shown(name)} exists" in said


@pairs
def test_a_login_that_looks_like_one_that_is_there_is_warned_of(box: Box, name: str, twin: str) -> None:
    box.simulator.set_user(name, password=PASSWORD)
    said = warned(box.manage(VPN_USER, login=twin, password=PASSWORD, check=True))
    assert f"which differs {only_in(name, twin)}" in said


@pairs
@pytest.mark.parametrize("kind", ["server", "box"])
def test_a_purge_does_not_delete_whom_a_misspelt_name_protects(
    request: pytest.FixtureRequest, kind: str, name: str, twin: str
) -> None:
    where = request.getfixturevalue(kind)
    how: dict[str, t.Any] = {"purge": True, "purge_limit": "100%", "purge_empty": True}
    if kind == "box":
        where.simulator.set_user(name, password=PASSWORD)
        answer = where.manage(VPN_USER, users=[], protect=[twin], **how)
    else:
        where.simulator.set_user(name)
        answer = where.manage(USER, users=[], protect=["openvpn", "mfa-admin", twin], **how)
    assert f"which differs {only_in(name, twin)}, and purge would delete it" in refused(answer)
    assert not where.writes()


@pairs
def test_twins_among_people_contradict_each_other(name: str, twin: str) -> None:
    sentence = f"differ {only_in(name, twin)}"
    both = people_contradictions([{"name": name}, {"name": twin}], "access_server", "vpn1", {"all": ["vpn1"]})
    assert len(both) == 1
    assert sentence in both[0]
    own = people_contradictions([{"name": name}], "access_server", "vpn1", {"all": ["vpn1"]}, [{"name": twin}])
    assert len(own) == 1
    assert sentence in own[0]


# -- addresses

POOLED: dict[str, t.Any] = {"vpn.server.static.0.network": "10.9.0.0", "vpn.server.static.0.netmask_bits": "16"}


@pytest.fixture(name="pooled")
def fixture_pooled(server: Server) -> Server:
    """A server with static addresses, one of which alice has."""
    server.simulator.set_configuration(**POOLED)
    server.simulator.set_user("alice", static_ipv4="10.9.0.1", static_ipv6="2001:db8::1")
    server.simulator.set_user("bob")
    return server


@pytest.mark.parametrize("state", ["present", "blocked"])
def test_one_address_of_two_users_is_refused_and_all_of_them_are_told(pooled: Server, state: str) -> None:
    users = [
        {"name": "a", "static_ipv4": "10.9.0.7", "static_ipv6": "2001:DB8::7"},
        {"name": "b", "static_ipv4": " 10.9.0.7", "static_ipv6": "2001:db8:0::7"},
        {"name": "c", "static_ipv4": "10.9.0.8", "state": "absent"},
        {"name": "d", "static_ipv4": "10.9.0.8"},
        {"name": "e", "static_ipv4": ""},
        {"name": "f", "static_ipv4": ""},
    ]
    users[1]["state"] = state
    said = refused(pooled.manage(USER, users=users))
    assert said == (
        "2 mistakes: (1) static_ipv4: 10.9.0.7 is declared for a and for b. "
        "(2) static_ipv6: 2001:db8::7 is declared for a and for b. Nothing was written."
    )
    assert not pooled.writes()


def test_of_very_many_shared_addresses_some_are_told() -> None:
    wanted = [
        USER.parse({"name": f"{pair}{n}", "static_ipv4": f"10.9.0.{n}"}, "present") for n in range(30) for pair in "ab"
    ]
    with pytest.raises(InputError) as error:
        refuse_shared(USER, wanted)
    assert str(error.value).count("is declared for") == 20
    assert "And 10 more." in str(error.value)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", ["bob", "new"])
def test_an_address_that_somebody_else_keeps_is_warned_of(pooled: Server, name: str, check: bool) -> None:
    said = warned(pooled.manage(USER, name=name, static_ipv4="10.9.0.1", static_ipv6="2001:DB8:0::1", check=check))
    assert f"static_ipv4 of user {name}: 10.9.0.1 is also the address of alice." in said
    assert f"static_ipv6 of user {name}: 2001:db8::1 is also the address of alice." in said


def test_an_address_is_warned_of_when_it_is_written_and_not_each_night(pooled: Server) -> None:
    assert "is also the address of alice" in warned(pooled.manage(USER, name="bob", static_ipv4="10.9.0.1"))
    pooled.simulator.log.clear()
    assert not warned(pooled.manage(USER, name="bob", static_ipv4="10.9.0.1", autologin=True))
    assert sum(one.path.endswith("/users/list") for one in pooled.simulator.log) <= 2


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    "alice", [{"static_ipv4": "10.9.0.2"}, {"static_ipv4": ""}, {"state": "absent"}], ids=["moves", "gives up", "goes"]
)
def test_an_address_may_move_in_one_run(pooled: Server, alice: dict[str, t.Any], check: bool) -> None:
    users = [{"name": "alice", **alice}, {"name": "bob", "static_ipv4": "10.9.0.1"}]
    assert not warned(pooled.manage(USER, users=users, check=check))


@pytest.mark.parametrize("protect", [["alice"], []])
def test_a_purge_compares_with_those_whom_it_spares(pooled: Server, protect: list[str]) -> None:
    answer = pooled.manage(
        USER,
        users=[{"name": "bob", "static_ipv4": "10.9.0.1"}],
        purge=True,
        purge_limit="100%",
        protect=["openvpn", "mfa-admin", *protect],
    )
    assert bool(warned(answer)) is bool(protect)


@pytest.mark.parametrize(("status", "body"), [(400, {"reason": "proplist"}), (200, {"total": 1, "profiles": [{}]})])
def test_a_server_that_knows_no_proplist_is_asked_for_all(pooled: Server, status: int, body: t.Any) -> None:
    """It may also leave out the names."""
    pooled.manage(USER, name="bob")
    asked = sum(one.path.endswith("/users/list") for one in pooled.simulator.log)
    pooled.simulator.faults.add(path="users/list", nth=asked + 1, status=status, body=body)
    said = warned(pooled.manage(USER, name="bob", static_ipv4="10.9.0.1", check=True))
    assert any(one.fault for one in pooled.simulator.log)
    assert "is also the address of alice" in said


def test_reservations_of_a_box_belong_to_one_user(box: Box) -> None:
    said = refused(
        box.manage(
            VPN_USER,
            users=[{"login": login, "password": PASSWORD, "ip_reservation": "192.168.27.70"} for login in "ab"],
        )
    )
    assert said.startswith("ip_reservation: 192.168.27.70 is declared for a and for b")


# -- networks

HOSTS = {"10.20.4.7/24": "10.20.4.0/24", "10.10.0.0/1": "0.0.0.0/1", "2001:db8::7/64": "2001:db8::/64"}
CLEAN = ["10.30.0.0/16", "10.31.0.5", "2001:db8:1::/48", "10.32.0.0/255.255.0.0"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("resource", "key", "option"),
    [
        (GROUP, {"name": "staff"}, "subnets"),
        (GROUP, {"name": "staff"}, "bypass_subnets"),
        (USER, {"name": "alice"}, "client_to_server_subnets"),
        (USER, {"name": "alice"}, "bypass_subnets"),
        (ACCESS_LIST, {"group": "staff"}, "access_to"),
        (ACCESS_LIST, {"user": "alice"}, "access_from"),
    ],
    ids=lambda one: getattr(one, "noun", None),
)
def test_a_network_that_is_written_wider_than_it_was_said_is_told_once(
    server: Server, resource: Resource, key: dict[str, t.Any], option: str, check: bool
) -> None:
    server.simulator.set_group("staff")
    server.simulator.set_user("alice")
    declared = {**key, option: [*HOSTS, *CLEAN]}
    answer = server.manage(resource, check=check, **declared)
    name = resource.identity(key)
    assert [one for one in answer["warnings"] if option in one] == [
        f"{option} of {resource.noun} {name}: {said} is an address in a network, not a network. The server gets "
        f"{written}. For the address alone, leave out the prefix."
        for said, written in HOSTS.items()
    ]
    if not check:
        assert not warned(server.manage(resource, **declared))
        assert "10.40.0.1/16" in warned(server.manage(resource, **{**key, option: [*HOSTS, *CLEAN, "10.40.0.1/16"]}))


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("10.20.4.7/24:https", "10.20.4.0/24:tcp/443"),
        ("-10.20.4.7/24", "-10.20.4.0/24"),
        ({"type": "route", "subnet": "10.20.4.7/24"}, "10.20.4.0/24::R"),
        ("2001:db8::7/64|https|R", "2001:db8::/64|tcp/443|R"),
    ],
    ids=lambda one: getattr(one, "noun", None),
)
def test_the_whole_rule_is_named(server: Server, rule: t.Any, written: str) -> None:
    server.simulator.set_group("staff")
    said = warned(
        server.manage(ACCESS_LIST, group="staff", access_to=[rule, "all", {"type": "group", "group": "staff"}])
    )
    subnet = re.search("[0-9a-f.:]+/[0-9]+", str(rule))
    assert subnet
    assert f"access_to of access list of group staff: {subnet[0]} is an address" in said
    assert f"The server gets {written}." in said


def test_a_rule_that_is_taken_away_is_not_told(server: Server) -> None:
    server.simulator.set_group("staff")
    server.manage(ACCESS_LIST, group="staff", access_to=["10.20.4.0/24", "10.30.0.0/16"])
    answer = server.manage(ACCESS_LIST, group="staff", access_to=["10.20.4.7/24"], state="absent")
    assert answer["changed"]
    assert not warned(answer)


def test_subnets_of_two_groups_that_overlap_are_warned_of(server: Server) -> None:
    groups = [
        {"name": "a", "subnets": ["10.1.0.0/16", "2001:db8::/32"]},
        {"name": "b", "subnets": ["10.1.2.0/24", "10.2.0.0/16"]},
        {"name": "c", "subnets": ["10.3.0.0/16", "2001:db8:5::/48"]},
    ]
    said = warned(server.manage(GROUP, groups=groups))
    overlaps = "10.1.0.0/16 of a and 10.1.2.0/24 of b, 2001:db8::/32 of a and 2001:db8:5::/48 of c"
    assert said == f"Subnets of different groups overlap: {overlaps}."
    assert not warned(server.manage(GROUP, groups=groups))


def test_subnets_are_compared_as_they_will_be(server: Server) -> None:
    server.manage(GROUP, groups=[{"name": "a", "subnets": ["10.1.0.0/16"]}, {"name": "b", "subnets": ["10.2.0.0/16"]}])
    swapped = [{"name": "a", "subnets": ["10.2.0.0/16"]}, {"name": "b", "subnets": ["10.1.0.0/16"]}]
    assert not warned(server.manage(GROUP, groups=swapped))
    spared = server.manage(
        GROUP,
        groups=[{"name": "c", "subnets": ["10.1.0.0/24"]}],
        purge=True,
        purge_limit="100%",
        protect=["b"],
        check=True,
    )
    assert warned(spared) == "Subnets of different groups overlap: 10.1.0.0/16 of b and 10.1.0.0/24 of c."


networks = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
    lambda two: values.network(f"10.0.0.{two[0]}/{two[1]}")
)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.lists(networks, max_size=4, unique=True)),
    st.sets(st.sampled_from("abcd")),
)
def test_every_overlap_is_found(owners: dict[str, list[str]], of: set[str]) -> None:
    import ipaddress

    pairs_of = {
        frozenset({(one, a), (two, b)})
        for one, its in owners.items()
        for a in its
        for two, others in owners.items()
        for b in others
        if one != two and {one, two} & of and ipaddress.ip_network(a).overlaps(ipaddress.ip_network(b))
    }
    found = [frozenset({(one, a), (two, b)}) for one, a, two, b in values.overlaps(owners, of)]
    assert set(found) == pairs_of
    assert len(found) == len(pairs_of)


def test_overlaps_of_many_groups_are_told_without_a_look_at_each_pair(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = 0
    overlaps = values.overlaps

    def counted(*args: t.Any) -> t.Iterator[t.Any]:
        nonlocal found
        for pair in overlaps(*args):
            found += 1
            yield pair

    monkeypatch.setattr(values, "overlaps", counted)
    groups = [{"name": f"g{number}", "subnets": ["10.1.0.0/16"]} for number in range(60)]
    said = warned(server.manage(GROUP, groups=groups, check=True))
    assert said.count("10.1.0.0/16 of ") == 40
    assert said.endswith(", and more.")
    assert found < 60
