# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence, for everything of an Access Server that a task can bring about."""

from __future__ import annotations

import threading
import time
import typing as t
from collections import Counter

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.revoke_access import HOLDINGS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import connection
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.convergence import (
    DOWNTIME,
    FAULTS,
    PASSWORD,
    SHORT,
    Scenario,
    State,
    Thing,
    Trial,
    World,
    differing,
    hold_to_the_law,
)
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.sizes import crossed

SUBNET = {"ipv6": False, "netip": "10.1.0.0", "prefix_length": 16}
HOW: dict[str, t.Any] = {"settings": {"restart_downtime": DOWNTIME}}


def people(simulator: AccessServerSimulator) -> None:
    """Users, groups and connections, some of which no task here declares."""
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


def routed(simulator: AccessServerSimulator) -> None:
    """The same, with access lists."""
    people(simulator)
    for owner in ("staff", "ana", "dora"):
        route = {"type": "nat", "accept": True, "subnet": SUBNET}
        simulator.set_access_routes(owner, "access_to_ipv4", [route])


def configured(simulator: AccessServerSimulator) -> None:
    """A configuration of which some values are not the default."""
    values: dict[str, t.Any] = {
        "vpn.server.daemon.tcp.port": 8443,
        "vpn.server.daemon.udp.port": 9443,
        "sa.company_name": "Example",
    }
    simulator.set_configuration(**values)


def user(*names: str) -> dict[str, set[Thing]]:
    return {name: {("user", name), *((held, name) for held in HOLDINGS)} for name in names}


def item(*names: str) -> dict[str, set[Thing]]:
    return {name: {("item", "default", name)} for name in names}


STAFF: set[Thing] = {("group", "staff")}
OPS: set[Thing] = {("group", "ops")}
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
        user("eve", "finn", "gil", "ben"),
        STAFF | OPS,
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
        user("ana", "ben", "cleo"),
        STAFF | OPS,
    ),
    "users blocked": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "eve", "group": "staff"}], "state": "blocked"},
        people,
        user("ana", "ben", "eve"),
        STAFF,
    ),
    "users deleted": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "ghost"}], "state": "absent"},
        people,
        user("ana", "ben"),
        STAFF,
    ),
    "users purged": Scenario(
        USER,
        {
            "users": [{"name": "cleo", "deny": True}, {"name": "eve", "group": "ops"}],
            "purge": True,
            "protect": ["openvpn", "mfa-admin", "dora"],
        },
        people,
        user("cleo", "eve", "ana", "ben"),
        STAFF | OPS,
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
        {name: {("group", name)} for name in ("staff", "north", "ops")},
        {("user", name) for name in ("ana", "cleo", "dora")},
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
        {
            f"{kind} {name}": {("access list", name)}
            for kind, name in (("group", "staff"), ("user", "ana"), ("user", "ben"))
        },
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
        item(
            "vpn.server.daemon.tcp.port",
            "vpn.server.daemon.udp.port",
            "sa.company_name",
            "auth.radius.0.server.0.secret",
        ),
    ),
    "default user": Scenario(
        DEFAULT_USER,
        {"autologin": True, "group": "staff", "def_deny": False, "bypass_subnets": ["10.2.0.0/16"], "allow_self": True},
        people,
        {"__DEFAULT__": {("default user",)}},
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
        lambda simulator: simulator.store.add_profile("old"),
        {"candidate": {("profile", "candidate"), ("active profile",)}, "old": {("profile", "old")}},
        {("restarted",), ("item", "candidate", "host.name")},
    ),
    "nothing to do": Scenario(
        USER,
        {
            "users": [{"name": "ana", "group": "staff", "deny": False}, {"name": "ben", "password": PASSWORD}]
            + [{"name": "ghost", "state": "absent"}]
        },
        people,
        user("ana", "ben"),
    ),
}

OTHER_READINGS = {
    "access_set": "extend",
    "list_property": "merge",
    "config_reset": "store",
    "default_user_name": "DEFAULT",
    "access_list_filter": "loose",
    "create_properties": "ignores",
    "bulk_error": "partial",
    "token_after_restart": "dies",
}


def kept(simulator: AccessServerSimulator) -> State:
    """What the server keeps, thing by thing."""
    state = simulator.state()
    found: State = {("default user",): state["default_user"], ("active profile",): state["active_profile"]}
    for name, own in state["users"].items():
        found["user", name] = {**own, "password": simulator.password_is(name, PASSWORD)}
    found |= {("group", name): {**own, "members": sorted(own["members"])} for name, own in state["groups"].items()}
    found |= {("access list", owner): routes for owner, routes in state["access_lists"].items()}
    machine = simulator.machine
    held = (machine.profiles.all(), machine.tokens.all().values(), state["vpn_clients"])
    for kind, all_of_them in zip(HOLDINGS, held, strict=True):
        found |= {(kind, name): number for name, number in Counter(one["username"] for one in all_of_them).items()}
    for profile, values in state["configuration"].items():
        found["profile", profile] = True
        found |= {("item", profile, key): value for key, value in values.items()}
    found["restarted",] = state["last_restarted"]
    return {thing: without_empty_lists(value) for thing, value in found.items()}


def without_empty_lists(value: t.Any) -> t.Any:
    """They say the same as no list."""
    return {k: v for k, v in value.items() if v != []} if isinstance(value, dict) else value


REFUSALS: dict[str, dict[str, t.Any]] = {
    "401": {"status": 401, "body": {"reason": "Invalid auth token"}},
    "403": {"status": 403, "body": {"reason": "Insufficient privileges to use this API"}},
}
WORLD = World(
    Server,
    kept,
    API.operations,
    API.base,
    "/api/auth/login/userpassword",
    FAULTS | REFUSALS,
    "401",
    lambda exchange: exchange.status == 401,
    lambda exchange: exchange.status in (429, 503),
    connection,
    {("restarted",)},
    "/api/server/status",
)


@pytest.fixture(autouse=True)
def _short_waiting(monkeypatch: pytest.MonkeyPatch, _no_waiting: None) -> None:
    """Who waits for a restart does not have to ask a thousand times a second."""
    monkeypatch.setattr(time, "sleep", lambda seconds: threading.Event().wait(min(seconds, SHORT)))


# What was lost on the way is looked for by reading, which is where readings matter.
@pytest.mark.parametrize(("scenario", "readings"), crossed(SCENARIOS, ["default", "other"]))
def test_converges(start: t.Callable[..., Server], scenario: str, readings: str) -> None:
    server = start(readings=OTHER_READINGS if readings == "other" else {}, **HOW)
    hold_to_the_law(WORLD, server, SCENARIOS[scenario], seed=f"{scenario} {readings}")


@pytest.mark.parametrize("path", ["users/create", "auth/password/change", "users/list"])
def test_an_answer_that_comes_too_late_is_found_out(start: t.Callable[..., Server], path: str) -> None:
    """The late effect makes no duplicate and takes nothing back."""
    server = start()
    people(server.simulator)
    ended = threading.Event()
    server.simulator.faults.add(path=path, do="act", act=lambda: ended.wait(10))
    declared = SCENARIOS["users created"].declared
    answer = server.manage(USER, **declared, as_timeout=1)
    assert not answer.get("failed"), answer["msg"]
    done = kept(server.simulator)
    ended.set()
    while not any(one.fault for one in server.simulator.log):
        threading.Event().wait(SHORT)
    assert kept(server.simulator) == done
    assert not server.manage(USER, **declared)["changed"]


def test_the_scenarios_are_worth_it(start: t.Callable[..., Server]) -> None:
    """Each changes its objects and nothing else, or the laws above would hold of a task that does nothing."""
    for name, scenario in SCENARIOS.items():
        server = start(**HOW)
        scenario.prepare(server.simulator)
        before = kept(server.simulator)
        trial = Trial(WORLD, server, scenario)
        expected = set() if name == "nothing to do" else set(scenario.things)
        changed = {o for o, things in scenario.things.items() if things & differing(before, trial.goal)}
        assert changed - {"ben"} == expected - {"ben"}, name
