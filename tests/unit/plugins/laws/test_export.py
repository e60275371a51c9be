# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of an export: declared again it changes nothing, and on an empty server it makes the same again.

Servers are furnished behind the back of the collection, with names and texts that people and other programs choose.
"""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_rule, domain_rule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION as ACCESS_SERVER,
)
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.modules import as_declaration_info, freebox_declaration_info
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_text import Template, body_of
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.filter.test_access_rule import (
    network_rules,
    plain_rules,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Json = dict[str, t.Any]
TEMPLATE = "{{ lookup('ansible.builtin.pipe', 'touch ran') }}"
OTHER_MARKS = "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% lookup('pipe', 'touch ran') %]"
HOSTILE = (
    TEMPLATE,
    OTHER_MARKS,
    "{% for x in range(9) %}x{% endfor %}",
    "{# a comment #}",
    "!vault x",
    "&anchor *alias",
    "a: b\n- c\n# d",
    "two lines\n  and an indented one\n\n",
    "\n leading",
    "trailing \n",
    "yes",
    "1.10",
    "2026-01-01",
    "0x10",
    "~",
    "'\"\\",
    "ünïcode \u2028 line",
    "tab\tand bell\x07",
    "---\n...\n",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=12),
)
NAMES = st.one_of(
    st.sampled_from(
        ["ana", "Ben", TEMPLATE, "o'neill", "no", "1.0", "a b", "ß", "x@example.com", "#x", "-x", "{x}", "*x", "A/B\\C"]
    ),
    st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8),
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "deny": st.booleans(),
        "autologin": st.booleans(),
        "totp": st.booleans(),
        "auth_method": st.sampled_from(["local", "ldap", "radius"]),
        "cc_commands": TEXTS,
        "reroute_gw": st.sampled_from(["disable", "dns_only", "global"]),
        "cli_script_connect_win_user_connect": TEXTS,
        "cli_script_connect_mac_env": st.dictionaries(st.sampled_from(["A", "{{ b }}", "no"]), TEXTS, max_size=2),
        "bypass_subnets": st.lists(
            st.sampled_from([{"netip": "10.7.0.0", "prefix_length": 16, "ipv6": False}]), max_size=1
        ),
    },
)
DOMAINS = ("a.example", "b.example", "c.example")


@st.composite
def estates(draw: st.DrawFn) -> Json:
    """What a server has: users, groups, lists, rulesets and configuration."""
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique_by=str.casefold))
    names = [name for name in names if name not in ("openvpn", "mfa-admin", "__DEFAULT__")]
    cut = draw(st.integers(0, len(names)))
    groups, users = names[:cut], names[cut:]
    rules = st.lists(st.one_of(network_rules(), plain_rules()), max_size=3)
    ruleset = st.lists(
        st.fixed_dictionaries(
            {
                "match_type": st.sampled_from(domain_rule.MATCHES),
                "match_data": st.sampled_from(DOMAINS),
                "action": st.sampled_from(["nat", "route"]),
                "comment": TEXTS,
            }
        ),
        max_size=3,
        unique_by=lambda one: (one["match_type"], one["match_data"]),
    )
    return {
        "groups": {name: draw(PROPERTIES) for name in groups},
        "users": {
            name: {
                **draw(PROPERTIES),
                **({"group": draw(st.sampled_from(groups))} if groups and draw(st.booleans()) else {}),
            }
            for name in users
        },
        "default": {name: value for name, value in draw(PROPERTIES).items() if name in ("cc_commands", "reroute_gw")},
        "lists": {name: draw(rules) for name in names},
        "rulesets": {name: draw(ruleset) for name in draw(st.sets(st.sampled_from(names)))} if names else {},
        "configuration": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "sa.company_name": TEXTS,
                    "vpn.server.config_text": TEXTS,
                    "vpn.server.daemon.tcp.port": st.integers(1, 65535),
                    "vpn.server.daemon.enable": st.booleans(),
                    "local.note": TEXTS,
                    "auth.ldap.0.bind_pw": st.just("A-Secret-Word-1!"),
                },
            )
        ),
    }


def furnish(server: Server, estate: Json) -> None:
    """A new server that has become what it is by other means. Its administrators stay what they are."""
    simulator = server.simulator
    simulator.reset()
    simulator.set_user("openvpn", deny=False, deny_web=False, admin=True, totp=False, auth_method="local")
    for name, properties in estate["groups"].items():
        simulator.set_group(name, **properties)
    for name, properties in estate["users"].items():
        simulator.set_user(name, **properties)
    simulator.set_default_user(**estate["default"])
    for name, rules in estate["lists"].items():
        for family in access_rule.FAMILIES:
            normal = [access_rule.normal(rule) for rule in rules]
            routes = [access_rule.to_wire(access_rule.render(rule)) for rule in normal if rule["family"] == family]
            simulator.set_access_routes(name, f"access_to_{family}", routes)
    for name, rules in estate["rulesets"].items() if simulator.machine.dialect.name != "document" else ():
        placed = [{**rule, "position": 100 * number} for number, rule in enumerate(rules, 1)]
        simulator.add_ruleset(f"of {name}", [name], *placed)
    simulator.set_configuration(**estate["configuration"])


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


class _Loader(yaml.SafeLoader):
    """Reads files of variables; what is unsafe for a template is text here."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def written(declaration: Json) -> Json:
    """What the files of an export say."""
    found = {}
    for part, value in declaration.items():
        count = len(value) if isinstance(value, list) else 1
        text = body_of(part, value, [{"password": Template("{{ a_secret }}")}] * count, [{"name": "!vault x\ny"}])
        found.update(yaml.load(text, _Loader))  # noqa: S506 - the loader is a safe one
    return found


@pytest.fixture(name="server", params=["document", "3.2"], scope="module")
def fixture_server(request: pytest.FixtureRequest) -> t.Iterator[Server]:
    with AccessServerSimulator(dialect=request.param) as simulator:
        yield Server(simulator)


@given(estate=estates())
@examples(10, 200)
def test_an_export_of_an_access_server_makes_the_same_again(server: Server, estate: Json) -> None:
    furnish(server, estate)
    server.simulator.log.clear()
    found = done(server.perform(as_declaration_info.BODY))
    assert not server.writes()
    declaration = written(found["declaration"])
    assert declaration == found["declaration"]
    assert {*estate["groups"]} == {one["name"] for one in declaration["groups"]}
    assert {*estate["users"], "openvpn", "mfa-admin"} == {one["name"] for one in declaration["users"]}
    again = done(server.declare(ACCESS_SERVER, **declaration))
    assert (again["changed"], server.writes()) == (False, [])
    server.simulator.reset()
    server.simulator.set_user("openvpn", deny=False, deny_web=False)
    done(server.declare(ACCESS_SERVER, **declaration, allow_self=True))
    copy = done(server.perform(as_declaration_info.BODY))
    assert copy["declaration"] == found["declaration"]
    secrets = {one["name"] for one in found["secrets"] if one["part"] == "config_items"}
    assert secrets == {"auth.ldap.0.bind_pw"} & {*estate["configuration"]}


LOGINS = st.text("abcXYZ019-_", min_size=1, max_size=8)
BOXES = st.fixed_dictionaries(
    {
        "users": st.dictionaries(
            LOGINS, st.fixed_dictionaries({}, optional={"password": st.just("A-Secret-1!")}), max_size=4
        ),
        "port": st.integers(2000, 3000),
        "mtu": st.integers(512, 1420),
        "cipher": st.sampled_from(["aes128", "aes256"]),
    }
)


@pytest.fixture(name="box", scope="module")
def fixture_box() -> t.Iterator[Box]:
    with FreeboxSimulator() as simulator:
        simulator.configure(start_duration=0, stop_duration=0)
        yield Box(simulator)


@given(estate=BOXES)
@examples(10, 200)
def test_an_export_of_a_freebox_makes_the_same_again(box: Box, estate: Json) -> None:
    box.simulator.reset()
    for login, values in estate["users"].items():
        box.simulator.set_user(login, **values)
    box.simulator.set_server("openvpn_routed", conf_openvpn={"cipher": estate["cipher"]})
    box.simulator.set_server("wireguard", conf_wireguard={"mtu": estate["mtu"]})
    box.simulator.log.clear()
    found = done(box.perform(freebox_declaration_info.BODY))
    declaration = written(found["declaration"])
    assert declaration == found["declaration"]
    assert {one["name"] for one in found["secrets"]} == {n for n, one in estate["users"].items() if "password" in one}
    again = done(box.declare(FREEBOX, **declaration))
    assert (again["changed"], box.writes()) == (False, [])
    box.simulator.reset()
    done(box.declare(FREEBOX, **declaration))
    assert done(box.perform(freebox_declaration_info.BODY))["declaration"] == found["declaration"]
