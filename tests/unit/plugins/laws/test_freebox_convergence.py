# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence, for everything of a Freebox that a task can bring about."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import (
    PASSWORD,
    Scenario,
    Trial,
    hold_to_the_law,
    is_worth_it,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, left
from ansible_collections.vpn.estate.tests.unit.plugins.support.worlds import FREEBOX


def people(box: Box) -> None:
    """Users, some of whom no task here declares, and who of them is connected."""
    simulator = box.simulator
    simulator.set_server("openvpn_routed", enabled=True)
    for login, last in (("ana", 70), ("ben", 71), ("cleo", None), ("dora", 72)):
        simulator.set_user(login, ip_reservation=f"192.168.27.{last}" if last else "")
    simulator.set_user("phone", type="wireguard", ip_reservation="192.168.27.80")
    for login in ("ana", "ben", "dora"):
        simulator.connect(login)


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
        ("eve", "finn", "tablet", "cleo"),
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
        ("ana", "ben", "phone"),
    ),
    "passwords renewed": Scenario(
        VPN_USER,
        {
            "users": [{"login": login, "password": PASSWORD} for login in ("ana", "ben")],
            "update_password": "always",
        },
        people,
        ("ana", "ben"),
    ),
    "users created again": Scenario(
        VPN_USER,
        {
            "users": [
                {"login": "ana", "type": "wireguard", "ip_reservation": "192.168.27.70"},
                {"login": "phone", "type": "standard", "ip_reservation": "", "password": PASSWORD},
            ],
            "recreate": True,
        },
        people,
        ("ana", "phone"),
    ),
    "users deleted": Scenario(
        VPN_USER,
        {"users": [{"login": "ana"}, {"login": "cleo"}, {"login": "ghost"}], "state": "absent"},
        people,
        ("ana", "cleo"),
    ),
    "users purged": Scenario(
        VPN_USER,
        {"users": [{"login": "cleo", "ip_reservation": "192.168.27.71"}], "purge": True, "protect": ["dora", "phone"]},
        people,
        ("cleo", "ana", "ben"),
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
        ("openvpn_routed", "wireguard", "pptp"),
        ["connections/*"],
    ),
    "servers stopped": Scenario(
        VPN_SERVER,
        {"servers": [{"name": "openvpn_routed", "enabled": False}, {"name": "wireguard", "enabled": False}]},
        people,
        ("openvpn_routed",),
        ["connections/*"],
    ),
    "a whole box": Scenario(
        DECLARATION,
        {
            "servers": [
                {"name": "openvpn_routed", "enabled": False, "port": 1195, "conf_openvpn": {"cipher": "aes256"}},
                {"name": "wireguard", "enabled": True, "conf_wireguard": {"mtu": 1400}},
                {"name": "pptp", "conf_pptp": {"mppe": "require"}},
            ],
            "users": [
                {"login": "ana", "state": "absent"},
                {"login": "eve", "password": PASSWORD, "ip_reservation": "192.168.27.70"},
                {"login": "phone", "ip_reservation": "192.168.27.72"},
                {"login": "cleo", "ip_reservation": "192.168.27.80"},
                {"login": "ben", "type": "wireguard", "ip_reservation": "192.168.27.83"},
                {"login": "ghost", "state": "absent"},
            ],
            "purge": ["users"],
            "recreate": True,
        },
        people,
        ("openvpn_routed", "wireguard", "pptp", "ana", "eve", "phone", "cleo", "ben", "dora"),
        ["connections/*"],
    ),
    "a whole box as it is": Scenario(
        DECLARATION,
        {
            "servers": [{"name": "openvpn_routed", "enabled": True}, {"name": "wireguard", "enabled": False}],
            "users": [{"login": "ana", "ip_reservation": "192.168.27.70"}, {"login": "ghost", "state": "absent"}],
        },
        people,
        (),
    ),
    "nothing to do": Scenario(
        VPN_USER,
        {"users": [{"login": "ana", "ip_reservation": "192.168.27.70"}, {"login": "ghost", "state": "absent"}]},
        people,
        (),
    ),
}


OTHER_READINGS = {
    "noent_status": "404",
    "empty_list": "array",
    "partial_objects": "replace",
    "address_taken": "inuse",
    "challenge_use": "once",
}


# What was lost on the way is looked for by reading, which is where readings matter.
@pytest.mark.parametrize(("scenario", "readings"), left(crossed(SCENARIOS, ["default", "other"]), "a whole box"))
def test_converges(start: t.Callable[..., Box], scenario: str, readings: str) -> None:
    box = start(Box, readings=OTHER_READINGS if readings == "other" else {}, **FREEBOX.how)
    hold_to_the_law(FREEBOX, box, SCENARIOS[scenario], seed=f"{scenario} {readings}")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenarios_are_worth_it(start: t.Callable[..., Box], scenario: str) -> None:
    is_worth_it(Trial(FREEBOX, start(Box, **FREEBOX.how), SCENARIOS[scenario]))
