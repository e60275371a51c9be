# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules: every form that the vendor's document shows, and the way between the forms loses nothing."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.filter.access_rule import FilterModule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_rule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import rules
from ansible_collections.vpn.estate.tests.contract.checker import ACCESS_SERVER
from hypothesis import given
from hypothesis import strategies as st

SCHEMAS = ACCESS_SERVER.document["components"]["schemas"]
VENDOR = SCHEMAS["accessRouteSubnet"]["x-internal-forms"]
MEANT = {
    "192.168.4.0/24": ("nat", "192.168.4.0/24", []),
    "10.10.0.0/24:https,udp/1194,tcp/1194": ("nat", "10.10.0.0/24", ["tcp/1194", "tcp/443", "udp/1194"]),
    "192.168.99.0/24::R": ("route", "192.168.99.0/24", []),
    "192.168.99.0/24:https,udp/1194,tcp/1194,udp/2000-2999:R": (
        "route",
        "192.168.99.0/24",
        ["tcp/1194", "tcp/443", "udp/1194", "udp/2000-2999"],
    ),
    "2001:608:3:814::0/64|https,udp/1194,tcp/1194,udp/2000-2999|R": (
        "route",
        "2001:608:3:814::/64",
        ["tcp/1194", "tcp/443", "udp/1194", "udp/2000-2999"],
    ),
    "10.0.0.7/24:icmp-any,rdp,imaps": ("nat", "10.0.0.0/24", ["icmp-any", "tcp/3389", "tcp/993"]),
    "10.0.0.1/25:icmp-TOS-host-redirect": ("nat", "10.0.0.0/25", ["icmp-TOS-host-redirect"]),
}
SERVERS_OWN = {
    "+NAT:172.31.247.3/32": "172.31.247.3/32",
    "+ROUTE:10.20.1.45/32:tcp/80": "10.20.1.45/32:tcp/80:R",
    "+ROUTE:10.20.1.45/32:tcp/80:R": "10.20.1.45/32:tcp/80:R",
    "-ROUTE:10.0.0.0/8:udp/2000-2999,icmp-any": "-10.0.0.0/8:icmp-any,udp/2000-2999:R",
    "-NAT:10.20.0.0/16::N": "-10.20.0.0/16",
    "+SUBNET:192.168.99.0/24::R": "192.168.99.0/24::R",
    "+SUBNET:192.168.99.0/24:https:N": "192.168.99.0/24:tcp/443",
    "+NAT:2001:db8:3::/64": "2001:db8:3::/64",
    "-ROUTE:2001:db8:3::/64|https|R": "-2001:db8:3::/64|tcp/443|R",
    "+NAT:FD00::/8": "fd00::/8",
    "+USER:erika": "user:erika",
    "-GROUP:ops": "-group:ops",
    "+GROUP:ALL": "group:ALL",
    "+ALL": "all",
    "+ALL_VPN_CLIENTS": "all_vpn_clients",
    "-ALL_S2C_SUBNETS": "-all_s2c_subnets",
}
filters = FilterModule().filters()


@pytest.mark.parametrize("text", VENDOR)
def test_every_form_of_the_document_is_understood(text: str) -> None:
    kind, subnet, services = MEANT[text]
    rule = filters["access_rule"](text)
    assert (rule["type"], rule["subnet"], rule.get("services", [])) == (kind, subnet, services)
    assert rule["accept"] is True
    assert access_rule.parse(access_rule.render(rule)) == rule


@pytest.mark.parametrize("text", SERVERS_OWN)
def test_a_rule_as_the_server_keeps_it_is_understood(text: str) -> None:
    assert filters["access_rule_string"](text) == SERVERS_OWN[text]
    assert rules([text]) == [SERVERS_OWN[text]]


@pytest.mark.parametrize("does", access_rule.NETWORK_TYPES)
def test_what_a_plain_subnet_does_is_for_its_server_to_say(does: str) -> None:
    assert access_rule.parse("+SUBNET:10.0.0.0/8:https", subnet_does=does)["type"] == does
    assert access_rule.parse("+SUBNET:10.0.0.0/8:https:R", subnet_does=does)["type"] == "route"
    assert access_rule.parse("+NAT:10.0.0.0/8", subnet_does=does)["type"] == "nat"
    assert access_rule.parse("10.0.0.0/8", subnet_does=does)["type"] == "nat"


@pytest.mark.parametrize(("text", "network"), [("+NAT:10.10.0.7/24:https", "10.10.0.7/24"), ("-GROUP:ops", "")])
def test_a_network_with_host_bits_is_found_in_each_form(text: str, network: str) -> None:
    assert access_rule.subnet_of(text) == network


def test_every_icmp_type_and_route_type_of_the_contract_is_known() -> None:
    assert set(access_rule.ICMP_TYPES) == set(SCHEMAS["icmpService"]["properties"]["type"]["enum"])
    assert {*access_rule.TYPES, "all_s2c_subnet"} == set(SCHEMAS["accessRoute"]["properties"]["type"]["enum"])


def network_rules() -> st.SearchStrategy[dict[str, t.Any]]:
    ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda two: f"{min(two)}-{max(two)}")
    services = st.one_of(
        st.builds(lambda protocol, range_: f"{protocol}/{range_}", st.sampled_from(["tcp", "udp"]), ports),
        st.sampled_from(access_rule.ICMP_TYPES),
        st.sampled_from(sorted(access_rule.SERVICES)),
    )
    networks = st.ip_addresses().flatmap(lambda ip: st.integers(0, ip.max_prefixlen).map(lambda bits: f"{ip}/{bits}"))
    return st.fixed_dictionaries(
        {"type": st.sampled_from(access_rule.NETWORK_TYPES), "subnet": networks, "accept": st.booleans()},
        optional={"services": st.lists(services, max_size=4)},
    )


def named_rules() -> st.SearchStrategy[dict[str, t.Any]]:
    def rule(kind: str, name: str, family: str, accept: bool) -> dict[str, t.Any]:
        return {"type": kind, kind: name, "family": family, "accept": accept}

    names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1).filter(
        lambda name: name == name.strip()
    )
    return st.builds(
        rule, st.sampled_from(access_rule.NAMED_TYPES), names, st.sampled_from(access_rule.FAMILIES), st.booleans()
    )


def plain_rules() -> st.SearchStrategy[dict[str, t.Any]]:
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(access_rule.PLAIN_TYPES),
            "family": st.sampled_from(access_rule.FAMILIES),
            "accept": st.booleans(),
        }
    )


@given(st.one_of(network_rules(), named_rules(), plain_rules()))
def test_strings_and_rules_and_the_api_say_the_same(rule: dict[str, t.Any]) -> None:
    normal = access_rule.normal(rule)
    text = filters["access_rule_string"](rule)
    assert access_rule.normal(normal) == normal
    assert filters["access_rule"](text) == normal
    assert filters["access_rule_string"](text) == text
    assert access_rule.from_wire(access_rule.to_wire(text), normal["family"]) == text


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("10.0.0.0/8:telepathy", "'telepathy' is not a service"),
        ("10.0.0.0/8:tcp/0", "not a range of ports"),
        ("10.0.0.0/8:tcp/9-1", "not a range of ports"),
        ("10.0.0.0/8::X", "R (route) or N (NAT)"),
        ("10.0.0.0/8:https:R:now", "more than three parts"),
        ("everything", "is not a network"),
        ("all:10.0.0.0/8", "nothing may follow all"),
        ("everything", "write user:everything or group:everything"),
        ("!10.0.0.0/8", "'!10.0.0.0/8' begins with !; a rule that denies begins with -, as in '-10.0.0.0/8'"),
        ("10.0.0.1-10.0.0.9", "write its networks: 10.0.0.1/32, 10.0.0.2/31, 10.0.0.4/30, 10.0.0.8/31"),
        ("10.0.0.1-9:https", "write its networks: 10.0.0.1/32, 10.0.0.2/31, 10.0.0.4/30, 10.0.0.8/31"),
        (
            "10.8.16.10-10.8.99.99",
            "10.8.16.10/31, 10.8.16.12/30, 10.8.16.16/28, 10.8.16.32/27, 10.8.16.64/26, 10.8.16.128/25, ",
        ),
        ("10.8.16.10-10.8.99.99", "10.8.17.0/24, 10.8.18.0/23 and 9 more"),
        ("10.0.0.9-10.0.0.1", "'10.0.0.9-10.0.0.1' is not a network; write it as"),
        ("10.8.16.*", "'10.8.16.*' has a star instead of a prefix; write it as 10.8.16.0/24"),
        ("https://10.0.0.1", "'https://10.0.0.1' is a URL; write the address, and after a colon the service"),
        ("10.0.0.0/8:443", "'443' is not a service; write tcp/443 or udp/443"),
        ("10.0.0.0/8:tcp:443", "has a colon between protocol and port; write tcp/443"),
        ("2001:db8::/64:https", "after an IPv6 network, write | before services: '2001:db8::/64|https'"),
        ("user:", "needs user"),
        ("+GROUP:", "'+GROUP:': a rule of type group needs group"),
        ("+NAT:", "'+NAT:': a rule of type nat needs subnet"),
        ("+SUBNET:10.0.0.0/8", "the configuration of the server (vpn.server.routing.private_access) decides whether"),
        ("+NAT:10.0.0.0/8::R", "NAT at the start and R at the end contradict each other"),
        ("-ROUTE:10.0.0.0/8:https:N", "ROUTE at the start and N at the end contradict each other"),
        ("+ROUTE:10.0.0.0/8:https:now", "ends in 'now'"),
        ("+NAT:example.com", "use as_access_ruleset for rules by domain"),
        ("+NAT:10.0.0.0/8:tcp", "'tcp' is not a service"),
        ("+ALL_VPN_CLIENTS:10.0.0.0/8", "nothing may follow all"),
        ("+TUNNEL:10.0.0.0/8", "TUNNEL is not a class of rules; use one of USER, GROUP, ROUTE, NAT, ALL,"),
        ("EVERYTHING", "EVERYTHING is not a class of rules"),
        ("+nat:10.0.0.0/8", "write NAT in capital letters, not nat"),
        ("+", "'+': a rule of type nat needs subnet"),
        ({"type": "nat"}, "needs subnet"),
        ({"type": "tunnel", "subnet": "10.0.0.0/8"}, "is not a type of access rule"),
        ({"type": "all", "subnet": "10.0.0.0/8"}, "cannot have subnet"),
        ({"type": "user", "user": "a", "services": ["https"]}, "cannot have services"),
        ({"subnet": "10.0.0.0/8", "family": "ipv6"}, "not a network of family ipv6"),
        ({"subnet": "10.0.0.0/8", "ports": [1]}, "'ports' is not a key"),
        ({"type": "all", "accept": "perhaps"}, "accept"),
        ({}, "is not a type of access rule"),
        (7, "7"),
    ],
)
def test_what_is_wrong_is_said(rule: t.Any, words: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        rules([rule])
    assert words in str(caught.value)
    with pytest.raises(AnsibleFilterError):
        filters["access_rule"](rule)


def test_the_name_of_a_group_may_look_like_an_address() -> None:
    name = "https://sign-in.example.com/groups/staff"
    for text in (f"group:{name}", f"+GROUP:{name}"):
        assert filters["access_rule"](text) == access_rule.normal({"type": "group", "group": name})


def test_the_order_counts_only_where_a_rule_denies() -> None:
    allowing = ["10.2.0.0/16", "10.1.0.0/16"]
    denying = ["-10.2.0.0/16", "10.0.0.0/8"]
    assert rules(allowing) == rules(allowing[::-1])
    assert rules(denying) == denying
    assert rules(denying[::-1]) == denying[::-1]


def test_each_family_is_a_list_of_its_own() -> None:
    assert rules(["2001:db8:2::/48", "-10.2.0.0/16", "2001:db8:1::/48", "10.0.0.0/8"]) == [
        "-10.2.0.0/16",
        "10.0.0.0/8",
        "2001:db8:1::/48",
        "2001:db8:2::/48",
    ]
