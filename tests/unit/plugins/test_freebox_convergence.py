# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence, for everything of a Freebox that a task can bring about."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox import connection
from ansible_collections.vpn.estate.plugins.module_utils._freebox.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.exchange import Exchange
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.convergence import (
    FAULTS,
    PASSWORD,
    Scenario,
    State,
    Thing,
    Trial,
    World,
    differing,
    hold_to_the_law,
)
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Box
from ansible_collections.vpn.estate.tests.unit.plugins.sizes import crossed


def people(simulator: FreeboxSimulator) -> None:
    """Users, some of whom no task here declares, and who of them is connected."""
    simulator.set_server("openvpn_routed", enabled=True)
    for login, last in (("ana", 70), ("ben", 71), ("cleo", None), ("dora", 72)):
        simulator.set_user(login, ip_reservation=f"192.168.27.{last}" if last else "")
    simulator.set_user("phone", type="wireguard", ip_reservation="192.168.27.80")
    for login in ("ana", "ben", "dora"):
        simulator.connect(login)


def user(*logins: str) -> dict[str, set[Thing]]:
    return {login: {("user", login), ("connected", login)} for login in logins}


SCENARIOS = {
    "users created": Scenario(
        VPN_USER,
        {
            "users": [
                {"login": "eve", "password": PASSWORD, "ip_reservation": "192.168.27.81"},
                {"login": "finn"},
                {
                    "login": "tablet",
                    "type": "wireguard",
                    "ip_reservation": "192.168.27.82",
                    "conf_wireguard": {"psk": True},
                },
                {"login": "cleo", "password": PASSWORD},
            ]
        },
        people,
        user("eve", "finn", "tablet", "cleo"),
    ),
    "addresses change hands": Scenario(
        VPN_USER,
        {
            "users": [
                {"login": "ana", "ip_reservation": "192.168.27.71"},
                {"login": "ben", "ip_reservation": "192.168.27.80"},
                {"login": "phone", "ip_reservation": "192.168.27.70", "conf_wireguard": {"keepalive": 25}},
            ]
        },
        people,
        user("ana", "ben", "phone"),
    ),
    "passwords renewed": Scenario(
        VPN_USER,
        {
            "users": [{"login": login, "password": PASSWORD} for login in ("ana", "ben")],
            "update_password": "always",
        },
        people,
        user("ana", "ben"),
    ),
    "users made anew": Scenario(
        VPN_USER,
        {
            "users": [
                {"login": "ana", "type": "wireguard", "ip_reservation": "192.168.27.70"},
                {"login": "phone", "type": "standard", "ip_reservation": "", "password": PASSWORD},
            ],
            "recreate": True,
        },
        people,
        user("ana", "phone"),
    ),
    "users deleted": Scenario(
        VPN_USER,
        {"users": [{"login": "ana"}, {"login": "cleo"}, {"login": "ghost"}], "state": "absent"},
        people,
        user("ana", "cleo"),
    ),
    "users purged": Scenario(
        VPN_USER,
        {"users": [{"login": "cleo", "ip_reservation": "192.168.27.71"}], "purge": True, "protect": ["dora", "phone"]},
        people,
        user("cleo", "ana", "ben"),
    ),
    "servers configured": Scenario(
        VPN_SERVER,
        {
            "servers": [
                {"name": "openvpn_routed", "port": 1195, "conf_openvpn": {"cipher": "aes256"}},
                {"name": "wireguard", "enabled": True, "port": 1196, "conf_wireguard": {"mtu": 1400}},
                {"name": "pptp", "conf_pptp": {"mppe": "require", "allowed_auth": {"pap": True}}},
            ]
        },
        people,
        {name: {("server", name)} for name in ("openvpn_routed", "wireguard", "pptp")},
        {("connected", login) for login in ("ana", "ben", "dora")},
    ),
    "servers stopped": Scenario(
        VPN_SERVER,
        {"servers": [{"name": "openvpn_routed", "enabled": False}, {"name": "wireguard", "enabled": False}]},
        people,
        {"openvpn_routed": {("server", "openvpn_routed")}},
        {("connected", login) for login in ("ana", "ben", "dora")},
    ),
    "nothing to do": Scenario(
        VPN_USER,
        {"users": [{"login": "ana", "ip_reservation": "192.168.27.70"}, {"login": "ghost", "state": "absent"}]},
        people,
        user("ana"),
    ),
}


def failed(code: str, status: int = 200, **how: t.Any) -> dict[str, t.Any]:
    return {"status": status, "body": {"success": False, "error_code": code, "msg": "C'est non"}, **how}


REFUSALS: dict[str, dict[str, t.Any]] = {
    "auth_required": failed("auth_required", 403),
    "insufficient_rights": failed("insufficient_rights", 403),
    "busy": failed("busy"),
    "inval": failed("inval"),
    "internal_error after": failed("internal_error", applied=True),
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
}


def kept(simulator: FreeboxSimulator) -> State:
    """What the box keeps, thing by thing."""
    state = simulator.state()
    found: State = {
        ("user", login): {**one, "password": simulator.password_is(login, PASSWORD)}
        for login, one in state["users"].items()
    }
    found |= {("connected", one["user"]): True for one in state["connections"]}
    return found | {("server", name): one for name, one in state["servers"].items()}


def says(code: str) -> t.Callable[[Exchange], bool]:
    return lambda exchange: isinstance(exchange.response, dict) and exchange.response.get("error_code") == code


WORLD = World(
    Box,
    kept,
    API.operations,
    r"/api(?:/v\d+)?",
    r"/api/v\d+/login/session/",
    FAULTS | REFUSALS,
    "auth_required",
    says("auth_required"),
    lambda exchange: exchange.status in (429, 503) or says("busy")(exchange),
    connection,
)
HOW: dict[str, t.Any] = {"settings": {"start_duration": 0.0, "stop_duration": 0.0}}
OTHER_READINGS = {
    "noent_status": "404",
    "empty_list": "array",
    "partial_objects": "replace",
    "address_taken": "inuse",
    "challenge_use": "once",
}


# What was lost on the way is looked for by reading, which is where readings matter.
@pytest.mark.parametrize(("scenario", "readings"), crossed(SCENARIOS, ["default", "other"]))
def test_converges(start: t.Callable[..., Box], scenario: str, readings: str) -> None:
    box = start(Box, readings=OTHER_READINGS if readings == "other" else {}, **HOW)
    hold_to_the_law(WORLD, box, SCENARIOS[scenario], seed=f"{scenario} {readings}")


def test_the_scenarios_are_worth_it(start: t.Callable[..., Box]) -> None:
    """Each changes its objects and nothing else, or the laws above would hold of a task that does nothing."""
    for name, scenario in SCENARIOS.items():
        box = start(Box, **HOW)
        scenario.prepare(box.simulator)
        before = kept(box.simulator)
        trial = Trial(WORLD, box, scenario)
        expected = set() if name == "nothing to do" else set(scenario.things)
        assert {o for o, things in scenario.things.items() if things & differing(before, trial.goal)} == expected, name
