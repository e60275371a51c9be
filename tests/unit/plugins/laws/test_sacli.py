# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sacli prints of a server declares what the Web API tells of it, and nothing of it gets lost without a word."""

from __future__ import annotations

import importlib
import json
import re
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_rule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import SCRIPTS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.conversion import (
    KINDS,
    LISTS,
    PROPERTIES,
    Conversion,
    convert,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.dump import (
    CONFIGURATION,
    USERS,
    Dumps,
    read_dumps,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import presentable
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import oddity
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.simulator.access_server.configuration_keys import KEYS
from ansible_collections.vpn.estate.tests.simulator.access_server.properties import stored_subnet
from ansible_collections.vpn.estate.tests.simulator.access_server.store import DEFAULT_USER as DEFAULT_NAME
from ansible_collections.vpn.estate.tests.simulator.access_server.store import Record, Store
from ansible_collections.vpn.estate.tests.unit.plugins.filter.test_access_rule import (
    named_rules,
    network_rules,
    plain_rules,
)
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_shown_is_declared import forwarded, ranges, subnets
from ansible_collections.vpn.estate.tests.unit.plugins.support import sacli
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Json = dict[str, t.Any]
Strategy = st.SearchStrategy[t.Any]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(lambda name: not oddity(name))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SECRET = "JBSWY3DPEHPK3PXP"  # of an authenticator
NETWORKS = subnets().map(
    lambda found: [stored_subnet({"prefix_length": one.get("prefix_len"), **one}) for one in found]
)
OWN: t.Mapping[str, Strategy] = {
    "auth_method": st.sampled_from(["local", "ldap"]),
    "bypass_subnets": NETWORKS,
    "cc_commands": TEXTS,
    "client_to_server_subnets": NETWORKS,
    "dmz_ip": forwarded(4),
    "dmz_ipv6": forwarded(6).map(lambda found: [{"ip": one["ip"]} for one in found]),
    "dynamic_ranges": ranges(),
    "reroute_gw": st.sampled_from([True, False, "global", "dns_only", "disable"]),
    "static_ipv4": st.sampled_from(["10.9.0.1", "10.9.0.2", "10.9.0.3"]),
    "static_ipv6": st.sampled_from(["fd00::1", "fd00::2"]),
    "subnets": NETWORKS,
    "totp_locked": st.booleans(),
    "totp_secret": st.just(SECRET),
    **dict.fromkeys(
        ["cli_script_connect_mac_env", "cli_script_connect_win_env"], st.dictionaries(NAMES, TEXTS, max_size=2)
    ),
    **dict.fromkeys(SCRIPTS, TEXTS),
}
INDEX = re.compile(r"\.[0-9]+$")
BY_API_ALONE = {"compile", "members", "group", "password"}
SET: t.Mapping[str, Strategy] = {
    "cs.cws_proto_v2": st.booleans(),
    "cs.tls_version_min": st.sampled_from(["1.2", "1.3"]),
    "sa.company_name": TEXTS,
    "vpn.server.daemon.tcp.port": st.integers(1, 65535),
    "vpn.server.routing.private_network.0": st.just("10.0.0.0/8"),
    "vpn.server.routing.private_network.1": st.just("172.16.0.0/12"),
}


def properties(resource: Resource) -> Strategy:
    """What can be set on an object itself, as the server keeps it."""
    names = [f.name for f in resource.fields if f.spec and f.name not in BY_API_ALONE]
    more = ["totp_locked", "totp_secret"] if resource is USER else []
    return st.fixed_dictionaries({}, optional={name: OWN.get(name, st.booleans()) for name in (*names, *more)})


def routes() -> Strategy:
    """An access list of one family of one direction."""
    return st.lists(st.one_of(network_rules(), named_rules(), plain_rules()).map(access_rule.normal), max_size=4)


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Record], dict[tuple[str, str], list[Json]], Json]:
    """Records, access lists by owner and type, and items of the configuration that are set."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True).filter(lambda found: DEFAULT_NAME not in found))
    groups = names[: draw(st.integers(0, len(names)))]
    records = [Record(DEFAULT_NAME, "default", draw(properties(DEFAULT_USER)))]
    records += [Record(name, "group", draw(properties(GROUP))) for name in groups]
    for name in names[len(groups) :]:
        group = draw(st.sampled_from([None, *groups]))
        records.append(Record(name, "user", draw(properties(USER)), group, draw(st.sampled_from([None, "x"]))))
    lists: dict[tuple[str, str], list[Json]] = {}
    for name in draw(st.sets(st.sampled_from([DEFAULT_NAME, *names]), max_size=3)):
        for direction in draw(st.sets(st.sampled_from(["access_to", "access_from"]), min_size=1)):
            for rule in draw(routes()):
                kind = f"{direction}_{rule['family']}"
                lists.setdefault((name, kind), []).append(access_rule.to_wire(access_rule.render(rule)))
    return records, lists, draw(st.fixed_dictionaries({}, optional=SET))


def furnish(server: Server, estate: tuple[list[Record], dict[tuple[str, str], list[Json]], Json]) -> Store:
    """A server that has this and nothing else, but for the account of the task."""
    records, lists, items = estate
    server.simulator.reset()
    store: Store = server.simulator.machine.store
    account = store.record(server.simulator.username)
    assert account
    own = {"admin": True, "auth_method": "local", "deny": False, "deny_web": False, "totp": False}
    store.put_many([*records, replace(account, own=own)])
    for (owner, kind), wires in lists.items():
        store.set_access_routes(owner, kind, wires)
    store.set_configuration(server.simulator.machine.configuration.active, items)
    return store


def converted(folder: Path, users: str | None, configuration: str | None = None) -> Conversion:
    texts = {USERS: users, CONFIGURATION: configuration}
    paths: dict[str, str | None] = dict.fromkeys(texts)
    for option, text in texts.items():
        if text is not None:
            paths[option] = str(folder / f"{option}.json")
            (folder / f"{option}.json").write_text(text, encoding="utf-8")
    return convert(read_dumps(paths, lambda path: Path(path).read_bytes()))


def told_by_api(server: Server) -> Answer:
    module = importlib.import_module("ansible_collections.vpn.estate.plugins.modules.as_declaration_info")
    answer = server.perform(module.BODY)
    assert not answer.get("failed"), answer["msg"]
    return t.cast(Answer, json.loads(json.dumps(answer)))


def without_unset(resource: Resource, item: Json) -> Json:
    """An object without what says that nothing is set: false, where that is what an object has for which it was never set."""
    return {
        name: value
        for name, value in item.items()
        if name not in resource.by_name
        or resource.by_name[name].unset in (None, [])
        or value != resource.by_name[name].unset
    }


def comparable(declaration: Json) -> Json:
    """A declaration without what is empty, with items of the configuration as text, but for those that are at their default."""
    listed = [{name: value for name, value in one.items() if value != []} for one in declaration["access_lists"]]
    return {
        "groups": [without_unset(GROUP, one) for one in declaration["groups"]],
        "default_user": without_unset(DEFAULT_USER, declaration["default_user"]),
        "users": [without_unset(USER, one) for one in declaration["users"]],
        "access_lists": listed,
        "config_items": {
            one["name"]: values.lines(sacli.text_of(one["value"]))
            for one in declaration["config_items"]
            if sacli.text_of(one["value"]) != sacli.text_of(KEYS[INDEX.sub(".0", one["name"])].default)
        },
    }


@pytest.fixture(name="server", params=["document", "3.2"], scope="module")
def fixture_server(request: pytest.FixtureRequest) -> t.Iterator[Server]:
    """One server for all examples of a dialect."""
    with AccessServerSimulator(dialect=request.param) as simulator:
        yield Server(simulator)


@given(estate=estates(), does=st.sampled_from([None, *access_rule.NETWORK_TYPES]))
@examples(25, 400)
def test_a_dump_declares_what_the_web_api_tells(
    server: Server, tmp_path_factory: pytest.TempPathFactory, estate: t.Any, does: str | None
) -> None:
    if does:
        estate[2][access_rule.DECIDES] = does
    store = furnish(server, estate)
    users = sacli.user_properties(store, does)
    stored = store.configuration(server.simulator.machine.configuration.active)
    found = converted(tmp_path_factory.mktemp("dumps"), users, sacli.configuration(stored))
    api = told_by_api(server)
    assert comparable(found.declaration) == comparable(api["declaration"])
    mine, theirs = ([one for one in secrets if one["part"] == "users"] for secrets in (found.secrets, api["secrets"]))
    assert mine == theirs
    twins = {one["object"] for one in found.not_converted if "looks" in one["reason"] or "differs" in one["reason"]}
    lost = {(one["object"], one["key"]) for one in found.not_converted if one["object"] not in twins}
    printed = json.loads(users)
    assert {key for _object, key in lost if key.startswith("pvt_")} == {
        key
        for name, one in printed.items()
        if f"user {name}" not in twins
        for key in one
        if key.startswith("pvt_google")
    }
    assert all(key.startswith(("pvt_google", "conn_ip")) for _object, key in lost), lost
    valid(found)


class NoServer(Server):
    """A server that cannot be asked."""

    connection: t.Any = {"as_url": "https://vpn.invalid", "as_username": "x", "as_password": "x"}


def valid(found: Conversion) -> None:
    """Whether as_declaration takes it."""
    answer = NoServer(t.cast(t.Any, None)).declare(DECLARATION, **found.declaration, validate_only=True)
    assert not answer.get("failed"), answer["msg"]


# -- any dump

HOSTILE: Strategy = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.lists(st.text(max_size=2), max_size=2),
    st.text(max_size=8),
    st.sampled_from(
        ["", "true", "false", "\ud800", "{{ 7 * 6 }}", "{% raw %}", "\x1b[2J", "x" * 3000, "!unsafe a", "'", "#jinja2:"]
    ),
)
FITTING: Strategy = st.sampled_from(
    [
        "10.1.0.0/16",
        "10.2.0.0/16",
        "fd00::/64",
        "10.9.0.7",
        "203.0.113.7:tcp/80",
        "10.1.0.1-10.1.0.9",
        "10.1.0.1~9",
        "local",
    ]
    + [f"{sign}{rule}" for sign in "+-" for rule in ("NAT:10.0.0.0/8", "ROUTE:10.3.0.0/16:https", "SUBNET:10.4.0.0/16")]
    + ["+GROUP:ops", "-USER:max", "+ALL", "+ALL_VPN_CLIENTS", "global", "staff"]
)
PROPERTY_NAMES: Strategy = st.one_of(
    st.sampled_from(sorted(PROPERTIES)),
    st.builds(
        lambda base, number: f"{base}.{number}",
        st.sampled_from(sorted(LISTS)),
        st.sampled_from(["0", "1", "2", "10", "x"]),
    ),
    st.sampled_from(
        ["pvt_password_digest", "pvt_google_auth_secret", "pvt_hw_addr", "prop_lzo", "prop_cli.script_env.win.A"]
    ),
    st.text(max_size=4),
)
TYPES: Strategy = st.one_of(st.sampled_from(sorted(KINDS)), HOSTILE)
ANY = st.one_of(HOSTILE, FITTING)
RECORDS = st.builds(
    lambda kind, base, listed, rest: {**{f"{base}.{n}": one for n, one in enumerate(listed)}, **rest, "type": kind},
    TYPES,
    st.sampled_from(sorted(LISTS)),
    st.lists(ANY, max_size=3),
    st.dictionaries(PROPERTY_NAMES, ANY, max_size=6),
)
DUMPS = st.dictionaries(
    st.one_of(NAMES, st.text(max_size=3), st.sampled_from([DEFAULT_NAME, "a", "A"])), RECORDS, max_size=4
)
ITEMS = st.dictionaries(
    st.one_of(
        st.sampled_from(
            [access_rule.DECIDES, "host.name", "auth.ldap.0.bind_pw", "cs.priv_key", "cs.cert", "upgrade.x", "a", "A"]
        ),
        st.text(max_size=4),
    ),
    st.one_of(HOSTILE, st.sampled_from(["nat", "route", "no", "-----BEGIN PRIVATE KEY-----", "a://b:c@d"])),
    max_size=5,
)
SAYS_NOTHING = {"type", "group_declare"}  # of a record: what it is


@given(users=DUMPS, configuration=ITEMS)
@examples(150, 3000)
def test_each_key_of_any_dump_is_somewhere(users: Json, configuration: Json) -> None:
    """A key that is neither listed nor a secret is in the declaration, which another one without it shows."""
    found = convert(Dumps(users, configuration))
    valid(found)
    json.loads(
        json.dumps(presentable({"answer": [found.declaration, found.secrets, found.not_converted, found.left_out]}, ()))
    )
    untold = {(one["part"], one["object"], one["key"]) for one in found.not_converted}
    secrets = {(one["part"], one["name"]) for one in found.secrets}
    for name, properties in users.items():
        things = {name, f"user {name}", f"group {name}", DEFAULT_USER.noun}
        for key in properties.keys() - SAYS_NOTHING:
            if any((part, thing, key) in untold for part in ("", *DECLARATION.resources) for thing in things):
                continue
            if key == "pvt_password_digest":
                assert ("users", name) in secrets
                continue
            less = {**users, name: {other: value for other, value in properties.items() if other != key}}
            twice = [value for value in properties.values() if value == properties[key]]
            assert len(twice) > 1 or convert(Dumps(less, configuration)).declaration != found.declaration, (name, key)
    items = {one["name"]: one["value"] for one in found.declaration["config_items"]}
    for key, value in configuration.items():
        told_of = ("config_items", CONFIGURATION, key) in untold or ("config_items", key) in secrets
        assert (key in items and items[key] == value) is not told_of
