# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence, for everything of an Access Server that a task can bring about."""

from __future__ import annotations

import threading
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import (
    PASSWORD,
    SHORT,
    Scenario,
    Trial,
    hold_to_the_law,
    is_worth_it,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import RESTART, REVOKED, RULESETS
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, left
from ansible_collections.vpn.estate.tests.unit.plugins.support.worlds import ACCESS_SERVER

SUBNET = {"ipv6": False, "netip": "10.1.0.0", "prefix_length": 16}


def people(server: Server) -> None:
    """Users, groups and connections, some of which no task here declares."""
    simulator = server.simulator
    simulator.set_group("staff", autologin=True)
    simulator.set_group("ops", subnets=[SUBNET])
    simulator.set_user("ana", group="staff", deny=False, autologin=True)
    simulator.set_user("ben", group="staff", static_ipv4="172.27.224.7", bypass_subnets=[SUBNET], password=PASSWORD)
    simulator.set_user("cleo", group="ops")
    simulator.set_user("dora", autologin=False)
    for name in ("ana", "ana", "dora"):
        simulator.connect(name)
        simulator.add_profile(name)
    for name in ("ben", "dora"):
        simulator.add_profile_token(name, "userlogin")


def routed(server: Server) -> None:
    """The same, with access lists."""
    people(server)
    for owner in ("staff", "ana", "dora"):
        route = {"type": "nat", "accept": True, "subnet": SUBNET}
        server.simulator.set_access_routes(owner, "access_to_ipv4", [route])


def configured(server: Server) -> None:
    """A configuration of which some values are not the default."""
    values: dict[str, t.Any] = {
        "vpn.server.daemon.tcp.port": 8443,
        "vpn.server.daemon.udp.port": 9443,
        "sa.company_name": "Example",
    }
    server.simulator.set_configuration(**values)


def whole(server: Server) -> None:
    """Both."""
    routed(server)
    configured(server)


def ruled(server: Server) -> None:
    """People, and rulesets of theirs."""
    people(server)
    rule = {"match_type": "domain", "match_data": "a.example.com", "action": "nat"}
    server.simulator.add_ruleset("web", ["staff"], rule, {**rule, "match_data": "b.example.com", "action": "deny"})
    server.simulator.add_ruleset("old", ["ana"], rule)
    server.simulator.add_ruleset("other", ["dora"], rule)
    server.simulator.add_ruleset("__DEFAULT___default_ruleset", ["__DEFAULT__"], rule)


SCENARIOS = {
    "users created": Scenario(
        USER,
        {
            "users": [
                {"name": "eve", "group": "staff", "password": PASSWORD},
                {"name": "finn", "autologin": False, "static_ipv4": "172.27.224.8", "password": PASSWORD},
                {"name": "gil", "group": "ops", "deny": True},
                {"name": "ben", "password": PASSWORD},
            ]
        },
        people,
        ("eve", "finn", "gil"),
    ),
    "users changed": Scenario(
        USER,
        {
            "users": [
                {"name": "ana", "inherit": ["autologin"], "group": ""},
                {"name": "ben", "deny": True, "bypass_subnets": ["10.2.0.0/16"], "static_ipv4": ""},
                {"name": "cleo", "deny": False, "autologin": True, "group": "staff", "password": PASSWORD},
            ],
            "update_password": "always",
        },
        people,
        ("ana", "ben", "cleo"),
    ),
    "users blocked": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "eve", "group": "staff"}], "state": "blocked"},
        people,
        ("ana", "ben", "eve"),
        [REVOKED],
    ),
    "users deleted": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "ghost"}], "state": "absent"},
        people,
        ("ana", "ben"),
        [REVOKED],
    ),
    "users purged": Scenario(
        USER,
        {
            "users": [{"name": "cleo", "deny": True}, {"name": "eve", "group": "ops"}],
            "purge": True,
            "protect": ["openvpn", "mfa-admin", "dora"],
        },
        people,
        ("cleo", "eve", "ana", "ben"),
        [REVOKED],
    ),
    "groups with members": Scenario(
        GROUP,
        {
            "groups": [
                {"name": "staff", "members": ["ben", "cleo"], "inherit": ["autologin"]},
                {"name": "north", "members": ["dora"], "deny": False, "subnets": ["10.3.0.0/16"]},
                {"name": "ops", "state": "absent"},
            ]
        },
        people,
        ("staff", "north", "ops"),
        [f"store/record/{name}" for name in ("ana", "cleo", "dora")],
    ),
    "access lists": Scenario(
        ACCESS_LIST,
        {
            "access_lists": [
                {
                    "group": "staff",
                    "access_to": ["10.2.0.0/16:https", "2001:db8::/32"],
                    "access_from": ["all_vpn_clients"],
                },
                {"user": "ana", "access_to": []},
                {"user": "ben", "access_to": ["-10.0.0.0/8", "10.1.2.0/24"]},
            ]
        },
        routed,
        ("group staff", "user ana", "user ben"),
    ),
    "configuration items": Scenario(
        CONFIG_ITEM,
        {
            "config_items": [
                {"name": "vpn.server.daemon.tcp.port", "value": 1443},
                {"name": "vpn.server.daemon.udp.port", "state": "default"},
                {"name": "sa.company_name", "value": "Other"},
                {"name": "auth.radius.0.server.0.secret", "secret_value": PASSWORD},
            ]
        },
        configured,
        (
            "vpn.server.daemon.tcp.port",
            "vpn.server.daemon.udp.port",
            "sa.company_name",
            "auth.radius.0.server.0.secret",
        ),
        [RESTART],
    ),
    "default user": Scenario(
        DEFAULT_USER,
        {"autologin": True, "group": "staff", "def_deny": False, "bypass_subnets": ["10.2.0.0/16"], "allow_self": True},
        people,
        ("__DEFAULT__",),
    ),
    "configuration profile activated": Scenario(
        CONFIG_PROFILE,
        {
            "config_profiles": [
                {"name": "candidate", "copy_from": "default", "active": True},
                {"name": "old", "state": "absent"},
            ],
            "restart_timeout": 1,
        },
        lambda server: server.simulator.store.add_profile("old"),
        ("candidate", "old"),
        ["store/fact/active_profile", RESTART],
    ),
    "a list of rulesets": Scenario(
        ACCESS_RULESET,
        {
            "access_rulesets": [
                {
                    "group": "staff",
                    "name": "web",
                    "comment": "new",
                    "position": 300,
                    "rules": [
                        {"domain": "secret.example.com", "action": "deny"},
                        {"domain": "*.example.com", "action": "nat"},
                    ],
                },
                {"group": "ops", "rules": [{"domain": "a.example", "action": "deny"}]},
                {"user": "ana", "name": "old", "state": "absent"},
            ],
            "purge": True,
        },
        ruled,
        ("group staff / web", "group ops / ops_default_ruleset", "user ana / old", "user dora / other"),
        [RULESETS],
    ),
    "a whole server": Scenario(
        DECLARATION,
        {
            "groups": [
                {"name": "north", "members": ["ben", "eve"], "subnets": ["10.3.0.0/16"]},
                {"name": "staff", "inherit": ["autologin"], "deny_web": True},
                {"name": "ops", "state": "absent"},
            ],
            "default_user": {"autologin": False},
            "users": [
                {"name": "eve", "group": "north", "password": PASSWORD, "static_ipv4": "10.50.0.7"},
                {"name": "ana", "deny": True, "group": "staff"},
                {"name": "cleo", "group": "staff", "state": "blocked"},
                {"name": "dora", "state": "absent"},
            ],
            "access_lists": [
                {"group": "staff", "access_to": ["10.2.0.0/16:https"], "access_from": ["group:north"]},
                {"group": "north", "access_to": ["user:eve", "10.0.0.0/8"]},
                {"user": "ana", "access_to": []},
            ],
            "config_items": [
                {"name": "vpn.server.static.0.network", "value": "10.50.0.0"},
                {"name": "vpn.server.static.0.netmask_bits", "value": 24},
                {"name": "sa.company_name", "value": "Other"},
                {"name": "vpn.server.daemon.udp.port", "state": "default"},
                {"name": "auth.radius.0.server.0.secret", "secret_value": PASSWORD},
            ],
        },
        whole,
        (
            *("north", "staff", "ops", "__DEFAULT__", "eve", "ana", "cleo", "dora"),
            *("group staff", "group north", "user ana"),
            "vpn.server.static.0.network",
            "sa.company_name",
            "vpn.server.daemon.udp.port",
            "auth.radius.0.server.0.secret",
        ),
        [REVOKED, RESTART, "store/record/ben"],
    ),
    "a whole server without the rest": Scenario(
        DECLARATION,
        {
            "groups": [{"name": "staff", "members": ["ben", "eve"]}],
            "users": [{"name": "ben"}, {"name": "eve", "group": "staff"}],
            "access_lists": [{"group": "staff", "access_to": ["user:eve"]}],
            "purge": ["groups", "users", "access_lists"],
            "protect": ["openvpn", "mfa-admin", "cleo"],
        },
        whole,
        ("staff", "ops", "eve", "ana", "dora", "group staff"),
        [REVOKED, "store/record/cleo"],
    ),
    "nothing to do": Scenario(
        USER,
        {
            "users": [{"name": "ana", "group": "staff", "deny": False}, {"name": "ben", "password": PASSWORD}]
            + [{"name": "ghost", "state": "absent"}]
        },
        people,
        (),
    ),
}

OTHER_READINGS = {
    "unassigned_rulesets": "listed",
    "rule_positions": "unique",
    "assigned_ruleset": "refused",
    "assigned_twice": "refused",
    "access_set": "extend",
    "list_property": "merge",
    "config_reset": "store",
    "default_user_name": "DEFAULT",
    "access_list_filter": "loose",
    "create_properties": "ignores",
    "bulk_error": "partial",
    "token_after_restart": "dies",
}


# What was lost on the way is looked for by reading, which is where readings matter.
@pytest.mark.parametrize(("scenario", "readings"), left(crossed(SCENARIOS, ["default", "other"]), "a whole server"))
def test_converges(start: t.Callable[..., Server], scenario: str, readings: str) -> None:
    server = start(readings=OTHER_READINGS if readings == "other" else {}, **ACCESS_SERVER.how)
    hold_to_the_law(ACCESS_SERVER, server, SCENARIOS[scenario], seed=f"{scenario} {readings}")


def shown(server: Server) -> dict[str, t.Any]:
    """What the server keeps, and whether a user has the password, which is kept in another form each time it is written."""
    state = {name: value for name, value in server.simulator.state().items() if name != "clock"}
    return {**state, "password": server.simulator.password_is("eve", PASSWORD)}


@pytest.mark.parametrize("path", ["users/create", "auth/password/change", "users/list"])
def test_an_answer_that_comes_too_late_is_found_out(start: t.Callable[..., Server], path: str) -> None:
    """The late effect makes no duplicate and takes nothing back."""
    server = start()
    people(server)
    ended = threading.Event()
    server.simulator.faults.add(path=path, do="act", act=lambda: ended.wait(10))
    declared = SCENARIOS["users created"].declared
    answer = server.manage(USER, **declared, as_timeout=1)
    assert not answer.get("failed"), answer["msg"]
    done = shown(server)
    ended.set()
    while not any(one.fault for one in server.simulator.log):
        threading.Event().wait(SHORT)
    assert shown(server) == done
    assert not server.manage(USER, **declared)["changed"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenarios_are_worth_it(start: t.Callable[..., Server], scenario: str) -> None:
    is_worth_it(Trial(ACCESS_SERVER, start(**ACCESS_SERVER.how), SCENARIOS[scenario]))
