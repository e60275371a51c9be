# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an info module shows can be declared as it is shown, and is no change: for every field of every resource.

Servers answer generated values, in spellings that are not ours. What stands between an answer and a comparison is tried
without a server; samples and odd texts of a stored configuration go all the way.
"""

from __future__ import annotations

import json
import typing as t
from unittest import mock

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_rule, domain_rule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import (
    ACCESS_LIST,
    DIRECTIONS,
    rules,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import Owner
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import (
    CONFIG_ITEM,
    KNOWN_TYPES,
    item_of,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.saml import SAML
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import CLUSTER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import ClusterNode
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import Lines
from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import Actual, Change
from ansible_collections.vpn.estate.plugins.module_utils._engine.planning import step_for
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run, Task
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import CIPHERS, MPPE, VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.filter.test_access_rule import (
    named_rules,
    network_rules,
    plain_rules,
)
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_completeness import every_resource
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import (
    apply,
    dialects,
    shown,
    started,
    ways,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.configuration.test_config_item import (
    certificate_pem,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server, Simulated, info_body, objects_in
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import Sample
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import assume, given
from hypothesis import strategies as st

Strategy = st.SearchStrategy[t.Any]
NODE = ClusterNode()
BROUGHT_TO_A_STATE: t.Sequence[Resource] = (
    USER,
    GROUP,
    DEFAULT_USER,
    ACCESS_LIST,
    ACCESS_RULESET,
    CONFIG_ITEM,
    CONFIG_PROFILE,
    SAML,
    USER_MFA,
    NODE,
    CLUSTER,
    VPN_USER,
    VPN_SERVER,
)
# What these show is not what is declared: facts of certificates, and of files that are made once.
MADE_ONCE = {"Ca", "Certificate", "License", "Profile", "ProfileToken", "VpnProfile", "WebCertificate"}

# -- what servers may answer

ODD = st.sampled_from(
    ["", " ", "\n", "\r\n", "a\n", "a\r\n", "a\r\r\n\n", "\na", "a\rb", " a ", "no", "007", "1.10", "ß\t"]
)
PEM = st.builds(
    lambda end, number: certificate_pem(number).rstrip().replace("\n", "\r\n" if "\r" in end else "\n") + end,
    st.sampled_from(["", "\n", "\r\n", "\n\n", " \r\n"]),
    st.integers(1, 2),
)
TEXTS = st.one_of(ODD, st.text(st.characters(exclude_categories=["Cs"]), max_size=12), PEM)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
FLAGS: Strategy = st.sampled_from([True, False, "true", "False", "TRUE"])
ADDRESSES = {version: st.ip_addresses(v=version).map(str) for version in (4, 6)}


def spelt(address: str) -> Strategy:
    """An address in one of its spellings."""
    return st.sampled_from([address, address.upper(), f" {address}"])


def subnets() -> Strategy:
    """A list of subnet objects, host bits and twins among them."""

    def one(address: t.Any, bits: int, field: str) -> dict[str, t.Any]:
        return {"ipv6": address.version == 6, "netip": str(address), field: min(bits, address.max_prefixlen)}

    fields = st.sampled_from(["prefix_length", "prefix_len"])
    return st.lists(st.builds(one, st.ip_addresses(), st.integers(0, 128), fields), max_size=4)


def ranges() -> Strategy:
    """A list of range objects."""

    def one(version: int) -> Strategy:
        return st.tuples(st.ip_addresses(v=version), st.ip_addresses(v=version)).map(
            lambda two: {"ipv6": version == 6, "first_ip": str(min(two)), "last_ip": str(max(two))}
        )

    return st.lists(st.one_of(one(4), one(6)), max_size=3)


def forwarded(version: int) -> Strategy:
    """A list of forwarded addresses."""
    address = ADDRESSES[version]
    ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted)
    alone = st.builds(lambda ip: {"ip": ip}, address)
    ranged = st.builds(
        lambda ip, protocol, two: {"ip": ip, "protocol": protocol, "start_port": two[0], "end_port": two[1]},
        address,
        st.sampled_from(["tcp", "udp"]),
        ports,
    )
    return st.lists(st.one_of(alone, ranged), max_size=3)


ENVIRONMENT = st.dictionaries(NAMES, st.one_of(TEXTS, st.builds(lambda text: {"value": text}, TEXTS)), max_size=2)
# Answers for fields whose type alone does not tell them.
ANSWERS: t.Mapping[str, Strategy] = {
    "bypass_subnets": subnets(),
    "client_to_server_subnets": subnets(),
    "subnets": subnets(),
    "dynamic_ranges": ranges(),
    "dmz_ip": forwarded(4),
    "dmz_ipv6": forwarded(6),
    "static_ipv4": st.one_of(st.just(""), ADDRESSES[4]),
    "static_ipv6": st.one_of(st.just(""), ADDRESSES[6].flatmap(spelt)),
    "ip_reservation": st.one_of(st.just(""), ADDRESSES[4].flatmap(spelt)),
    "reroute_gw": st.sampled_from([True, False, "global", "dns_only", "disable"]),
    "members": st.lists(NAMES, max_size=4),
    "cli_script_connect_win_env": ENVIRONMENT,
    "cli_script_connect_mac_env": ENVIRONMENT,
    "type": st.sampled_from(["standard", "wireguard"]),
    "conf_pptp": st.fixed_dictionaries(
        {
            "mppe": st.sampled_from(MPPE),
            "allowed_auth": st.dictionaries(st.sampled_from(["pap", "chap"]), st.booleans()),
        }
    ),
    "conf_openvpn": st.fixed_dictionaries(
        {"cipher": st.sampled_from(CIPHERS), "use_tcp": st.booleans()}, optional={"later": st.integers()}
    ),
    "conf_ipsec": st.fixed_dictionaries(
        {
            "ike_version": st.integers(1, 2),
            "auth_modes": st.one_of(
                st.lists(st.fixed_dictionaries({"id_source": NAMES, "id_custom": TEXTS, "later": NAMES}), max_size=2),
                st.dictionaries(NAMES, st.fixed_dictionaries({"id_source": NAMES}), max_size=2),
            ),
        }
    ),
    "rr_dns_this_node": st.booleans(),  # no answer, but what follows from two
    "api_endpoint": st.sampled_from(["https://node1.example.com:945", "https://192.0.2.7:945/"]),
    "idp_signon_endpoint": st.sampled_from(["", "https://idp.example.com/sso?a=b"]),
    "idp_logout_endpoint": st.sampled_from(["", "https://idp.example.com:8443"]),
    "idp_certificate": st.one_of(st.just(""), PEM),
    "certificate_fingerprint": st.binary(min_size=32, max_size=32).map(bytes.hex),
}
BOX_WIREGUARD = {
    "VpnUser": {"keepalive": st.integers(0, 100), "psk": st.booleans()},
    "VpnServer": {"mtu": st.integers(512, 1420)},
}


def answer_of(resource: Resource, name: str, spec: t.Mapping[str, t.Any]) -> Strategy:
    """What a server may answer for a field. A list or an object needs an entry of its own above."""
    if name == "conf_wireguard":
        return st.fixed_dictionaries(BOX_WIREGUARD[type(resource).__name__])
    if name in ANSWERS:
        return ANSWERS[name]
    if isinstance(spec["type"], Lines):
        return TEXTS
    strict = resource in (VPN_USER, VPN_SERVER, CONFIG_PROFILE)
    return {"bool": st.booleans() if strict else FLAGS, "int": st.integers(1, 65535), "str": TEXTS}[spec["type"]]


def records(resource: Resource) -> Strategy:
    """Records of a resource, as its API has them."""
    if resource is CONFIG_ITEM:
        return items()
    if resource is ACCESS_LIST:
        ruled = st.one_of(network_rules(), named_rules(), plain_rules()).map(access_rule.normal)
        rows = ruled.map(lambda rule: (access_rule.to_wire(access_rule.render(rule)), rule["family"]))
        return st.fixed_dictionaries({direction: st.lists(rows, max_size=3) for direction in DIRECTIONS})
    if resource is ACCESS_RULESET:
        wires = st.lists(
            wired_rules(), max_size=4, unique_by=lambda one: (one["match_type"], one["match_data"].lower())
        )
        return st.fixed_dictionaries({"comment": TEXTS, "position": st.integers(0, 999), "rules": wires})
    wires: dict[str, Strategy] = {}
    for f in resource.fields:
        if f.spec and not f.secret and not f.create_only:
            wire = answer_of(resource, f.name, f.spec)
            if f.inherited or f.name == "required":
                wrapped = st.fixed_dictionaries({"value": wire, "inherited": st.booleans()})
                wire = st.one_of(wrapped, st.fixed_dictionaries({"value": wire}), wire)
            wires[f.api] = wire
    return st.fixed_dictionaries({}, optional=wires)


def wired_rules() -> Strategy:
    """Rules of rulesets by domain, and others."""
    domains = st.sampled_from(
        ["a.example.com", "Intranet.Example.COM.", "com", "bücher.example", "no domain", "10.0.0.0/8"]
    )
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(domain_rule.TYPES),
            "match_type": st.sampled_from([*domain_rule.MATCHES, "all", "subnet"]),
            "match_data": st.one_of(domains, TEXTS),
            "action": st.sampled_from(domain_rule.ACTIONS),
            "position": st.integers(0, 10**6),
            "comment": TEXTS,
        }
    )


def items() -> Strategy:
    """Configuration items of every type, with values of any."""
    values = st.one_of(TEXTS, FLAGS, st.integers(-(10**6), 10**6), st.sampled_from(["443", " 443", "on", "No"]))
    return st.fixed_dictionaries(
        {
            "name": st.just("sa.company_name"),
            "type": st.sampled_from([*KNOWN_TYPES, None, "custom"]),
            "category": st.sampled_from(["default", "custom", "advanced"]),
            "value": values,
            "default_value": st.one_of(st.none(), values),
        }
    )


# -- the way of what is shown


def shown_of(
    resource: Resource, wire: t.Mapping[str, t.Any]
) -> tuple[dict[str, t.Any], dict[str, t.Any], list[dict[str, t.Any]]]:
    """An object as a task compares it, as the info module shows it, and as that declares it, if it does."""
    if resource is ACCESS_LIST:
        have = {direction: rules(access_rule.from_wire(*row) for row in rows) for direction, rows in wire.items()}
        found = have
    elif resource is ACCESS_RULESET:
        have = {**wire, "comment": wire["comment"].strip()}
        have["rules"] = domain_rule.in_order(map(domain_rule.from_wire, wire["rules"]))
        found = have
    else:
        load = item_of if resource is CONFIG_ITEM else resource.load
        have = load({"name": "x", "login": "x", **wire})
        found = resource.load_whole(wire) if isinstance(resource, Owner) else have
    keys = {ACCESS_LIST: "user x", ACCESS_RULESET: "user x / y", CONFIG_ITEM: "sa.company_name"}
    key = keys.get(resource, "x")
    body = info_body(resource)
    asked = {name: [key] if name == "names" else option.get("default") for name, option in body.options.items()}
    run = Run(mock.Mock(), Task(asked))
    with mock.patch.object(Run, "read", return_value=Actual({key: found})):
        answer = body.work(run)
    [informed] = objects_in(answer, resource)
    declaration = answer["declaration"]
    declared = declaration if isinstance(declaration, list) else [declaration] if declaration else []
    return have, json.loads(json.dumps(informed)), json.loads(json.dumps(declared))


def options_of(resource: Resource) -> list[str]:
    """What says which object is meant, and all that is shown of it and can be declared."""
    shown_too = [
        f.name for f in resource.fields if f.spec and not f.secret and (not f.create_only or f.name == "custom")
    ]
    return [*resource.key_spec(), *shown_too]


def declared_again(resource: Resource, have: dict[str, t.Any], informed: dict[str, t.Any]) -> Change:
    """What a task would change that declares everything that was shown, out of a file."""
    options = [
        *resource.key_spec(),
        *(f.name for f in resource.fields if f.spec and not f.secret and not f.create_only),
    ]
    return change_by(resource, have, {name: informed[name] for name in options if informed.get(name) is not None})


def change_by(resource: Resource, have: dict[str, t.Any], said: dict[str, t.Any]) -> Change:
    """What a task would change that declares this, out of a file."""
    said = yaml.safe_load(yaml.safe_dump(said))
    validated = ModuleArgumentSpecValidator(resource.argument_spec()).validate(said)
    assert not validated.error_messages, (said, validated.error_messages)
    params = validated.validated_parameters
    want = resource.parse(params, resource.states[0])
    return Change(want, step_for(Run(None, Task(params, check=True)), resource, have, want))


@pytest.mark.parametrize("resource", BROUGHT_TO_A_STATE, ids=lambda one: type(one).__name__)
@examples(25, 400)
@given(data=st.data())
def test_what_is_shown_is_no_change(resource: Resource, data: st.DataObject) -> None:
    wire = data.draw(records(resource))
    have, informed, declared = shown_of(resource, wire)
    # A node goes by the cluster's name only where there is one, or the record is none of a server.
    assume(not informed.get("rr_dns_this_node") or informed["rr_dns_hostname"])
    change = declared_again(resource, have, informed)
    assert (change.action, change.values) == ("none", {}), (wire, have, informed)
    for said in declared:
        change = change_by(resource, have, said)
        assert (change.action, change.values) == ("none", {}), (wire, have, said)


def test_the_law_is_tried_on_every_resource() -> None:
    assert {kind.__name__ for kind in every_resource()} - MADE_ONCE == {
        type(one).__name__ for one in BROUGHT_TO_A_STATE
    }


# -- all the way


@ways
def test_a_sample_that_is_shown_is_no_change(start: t.Callable[..., Simulated], sample: Sample, way: str) -> None:
    server = started(start, sample, way)
    options = options_of(sample.resource)
    for declared in (sample.first, sample.second):
        apply(server, sample, declared)
        found = {name: value for name, value in shown(server, sample).items() if name in options and value is not None}
        server.simulator.log.clear()
        assert not apply(server, sample, {**sample.key, **found})["changed"]
        assert not server.writes()


STORED: t.Mapping[str, t.Any] = {
    "vpn.server.config_text": "push a\r\npush b\r\n\r\n",
    "vpn.client.config_text": "\n\nremote-random\n \n",
    "auth.module.post_auth_script": "def post_auth():\n    return 1\n",
    "sa.company_name": " Example ",
    "cs.cert": certificate_pem(1).replace("\n", "\r\n") + "\r\n",
    "cs.ca_bundle": certificate_pem(2).rstrip(),
    "vpn.server.dhcp_option.domain": "",
    "vpn.client.routing.reroute_dns": "custom",
    "vpn.server.routing.private_network.2": "172.21.70.72/32\n",
    "local.note": "yes\n",
    "vpn.server.daemon.tcp.port": 8443,
    "vpn.server.daemon.enable": False,
}


@pytest.mark.parametrize("reading", READINGS["indexed_keys"])
@dialects
def test_a_stored_configuration_that_is_shown_is_no_change(
    start: t.Callable[..., Server], dialect: str, reading: str
) -> None:
    """What was stored by other means: line ends at the end, CRLF, blanks, empty texts."""
    server = start(dialect=dialect, readings={"indexed_keys": reading})
    server.simulator.set_configuration(**STORED)
    found = [one for one in server.inform(CONFIG_ITEM, list(STORED)) if not one["secret"]]
    assert len(found) == len(STORED)
    declared = [{name: one[name] for name in options_of(CONFIG_ITEM)} for one in found]
    answer = server.manage(CONFIG_ITEM, config_items=declared)
    assert not answer.get("failed"), answer["msg"]
    assert answer["counts"] == {"unchanged": len(STORED)}
    assert not server.writes()
