# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: wrong ones are refused, right ones have one normal form, and a request and its answer lose nothing."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import is_secret
from hypothesis import given
from hypothesis import strategies as st

addresses = st.ip_addresses()
networks = st.builds(
    lambda address, bits: f"{address}/{bits % (address.max_prefixlen + 1)}", addresses, st.integers(0, 128)
)


@given(st.lists(networks))
def test_networks_have_one_normal_form_and_survive_the_wire(texts: list[str]) -> None:
    once = values.networks(texts)
    assert values.networks(once) == once
    assert values.networks(texts[::-1] * 2) == once
    assert values.networks_in(values.networks_out(once)) == once
    assert {ipaddress.ip_network(one) for one in once} == {ipaddress.ip_network(one, strict=False) for one in texts}


@given(st.lists(st.tuples(st.ip_addresses(), st.integers(1, 1000))))
def test_ranges_have_one_normal_form_and_survive_the_wire(pairs: list[tuple[ipaddress.IPv4Address, int]]) -> None:
    usable = [(first, count) for first, count in pairs if int(first) + count < 2**first.max_prefixlen]
    counted = [f"{first}~{count}" for first, count in usable]
    spelled = [f"{first} - {first + (count - 1)}" for first, count in usable]
    once = values.address_ranges(counted)
    assert once == values.address_ranges(spelled) == values.address_ranges(once)
    assert values.ranges_in(values.ranges_out(once)) == once


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("10.8.16.5/20", "10.8.16.0/20"),
        ("10.8.16.5", "10.8.16.5/32"),
        (" 2001:DB8:0:0::/64 ", "2001:db8::/64"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
    ],
)
def test_a_network(text: str, normal: str) -> None:
    assert values.network(text) == normal


@pytest.mark.parametrize("text", ["10.8.16.0/33", "intranet", "", "10.8.16", "2001:db8::/129"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="is not a network; write it as"):
        values.network(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("10.8.16.10-10.8.16.99", "10.8.16.10-10.8.16.99"),
        ("10.8.16.10~90", "10.8.16.10-10.8.16.99"),
        ("10.8.16.10:10.8.16.99", "10.8.16.10-10.8.16.99"),
        ("2001:db8::a-2001:db8::F", "2001:db8::a-2001:db8::f"),
    ],
)
def test_a_range(text: str, normal: str) -> None:
    assert values.address_range(text) == normal


@pytest.mark.parametrize(
    "text", ["10.8.16.99-10.8.16.10", "10.8.16.10", "10.8.16.10-2001:db8::1", "10.8.16.10~x", "a-b", ""]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address range|ends before it begins"):
        values.address_range(text)


@pytest.mark.parametrize(("text", "version"), [("10.0.0.256", 4), ("10.0.0.1", 6), ("::1", 4), ("host", None)])
def test_what_is_no_address(text: str, version: int | None) -> None:
    with pytest.raises(ValueError, match="is not an IP"):
        values.address(text, version)


@pytest.mark.parametrize(
    "entry",
    [
        {"ip": "192.0.2.1", "start_port": 80},
        {"ip": "192.0.2.1", "protocol": "tcp", "end_port": 80},
        {"ip": "192.0.2.1", "protocol": "tcp", "start_port": 90, "end_port": 80},
        {"ip": "192.0.2.1", "protocol": "tcp", "start_port": 0},
        {"ip": "192.0.2.1", "protocol": "tcp", "start_port": 65536},
        {"ip": "2001:db8::1"},
    ],
)
def test_what_cannot_be_forwarded(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"protocol|start_port|range of ports|IPv4"):
        values.dmz(4)([entry])


def test_icmp_is_forwarded_and_has_no_ports() -> None:
    one = {"ip": "192.0.2.1", "protocol": "icmp"}
    assert values.dmz(4)([one]) == [one]
    with pytest.raises(
        ValueError, match=r"^start_port 1 of 192.0.2.1 has the protocol icmp, which has no ports; it is"
    ):
        values.dmz(4)([{**one, "start_port": 1}])


def test_forwarded_ports_are_a_set_and_a_range_of_one_is_one() -> None:
    one = {"ip": "192.0.2.1", "protocol": "tcp", "start_port": 80}
    many = [{**one, "end_port": 80}, {"ip": "192.0.2.1", "protocol": "udp", "start_port": 1, "end_port": 2}, one]
    assert values.dmz(4)(many) == values.dmz(4)(many[::-1])
    assert values.dmz(4)(many).count(one) == 1
    assert len(values.dmz(4)(many)) == 2


@pytest.mark.parametrize(
    ("wire", "own", "effective", "source"),
    [
        ({"value": True}, True, True, None),
        ({"value": True, "inherited": False, "inherited_source_type": "default"}, True, True, None),
        ({"value": True, "inherited": True, "inherited_source_type": "configuration"}, None, True, "configuration"),
        (
            {"value": "x", "inherited": True, "inherited_source_type": "group", "inherited_source_name": "staff"},
            None,
            "x",
            "group staff",
        ),
        (None, None, None, None),
        ("plain", "plain", "plain", None),
    ],
)
def test_a_wrapped_property(wire: object, own: object, effective: object, source: str | None) -> None:
    assert (values.own(wire), values.effective(wire), values.source(wire)) == (own, effective, source)


@pytest.mark.parametrize(
    "name",
    [
        "auth.ldap.0.bind_pw",
        "auth.radius.0.server.0.secret",
        "cs.priv_key",
        "subscription.bundle",
        "acme.eab_hmac_key.2.9.0",
        "vpn.server.db.password",
        "some.api_key",
        "x.psk",
    ],
)
def test_keys_that_hold_secrets(name: str) -> None:
    assert is_secret(name, {})


@pytest.mark.parametrize(
    "name",
    [
        "host.name",
        "cs.ca_bundle",
        "cs.cert",
        "auth.sessiontoken.lifetime",
        "cs.cws.pwd_strength",
        "vpn.server.lockout_policy.n_fails",
        "auth.local.0.min_len",
        "vpn.client.routing.reroute_gw",
    ],
)
def test_keys_that_do_not(name: str) -> None:
    assert not is_secret(name, {"redacted_value": None, "type_hint": None})


def test_what_a_server_masks_is_a_secret_whatever_its_name() -> None:
    assert is_secret("some.thing", {"redacted_value": "[password]"})
    assert is_secret("some.thing", {"type_hint": "pemPrivateKey"})
