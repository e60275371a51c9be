# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who move while they are connected: which sessions end, when, and which continue."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as OF_BOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server

DISCONNECT = "/api/vpn/client/disconnect"
REFUSED = {"success": False, "error_code": "noent", "msg": "no"}  # an answer of a Freebox
ADDRESS, OTHER = "172.27.224.10", "172.27.224.11"


@pytest.fixture(name="server")
def fixture_server(start: Callable[..., Server]) -> Server:
    """A server with a user in a group, whose sessions have the addresses that tests give them."""
    server = start()
    server.simulator.set_group("staff")
    server.simulator.set_group("ops")
    server.simulator.set_user("anna", group="staff", static_ipv4=ADDRESS)
    server.simulator.set_user("bert", group="ops")
    server.simulator.connect("bert")
    return server


def connect(server: Server, address: str) -> None:
    server.simulator.connect("anna")
    server.simulator.machine.vpn._clients[-1]["virtual_ipv4_address"] = address


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def connected(server: Server) -> list[str]:
    return [one["username"] for one in server.simulator.state()["vpn_clients"]]


def users(server: Server, **more: t.Any) -> Answer:
    return done(server.manage(USER, users=[{"name": "anna", **more}, {"name": "bert"}], disconnect_moved=True))


@pytest.mark.parametrize(
    ("moved", "address", "stays"),
    [
        ({"group": "ops"}, ADDRESS, False),
        ({"group": ""}, ADDRESS, False),
        ({"group": "staff"}, ADDRESS, True),
        ({"deny_web": True}, ADDRESS, True),
        ({"static_ipv4": OTHER}, ADDRESS, False),
        ({"static_ipv4": OTHER}, OTHER, True),  # it carries the new one
        ({"static_ipv4": ""}, ADDRESS, False),
        ({"static_ipv4": ""}, OTHER, True),  # it never carried the old one
        ({"static_ipv4": ADDRESS}, OTHER, True),  # a second device, whose user does not move
        ({"static_ipv6": "fd00::9"}, ADDRESS, False),
    ],
)
def test_a_session_ends_that_carries_what_its_user_loses(
    server: Server, moved: dict[str, t.Any], address: str, stays: bool
) -> None:
    connect(server, address)
    declared = [{"name": "anna", **moved}, {"name": "bert"}]
    reported = done(server.manage(USER, users=declared, disconnect_moved=True, check=True))
    assert connected(server) == ["bert", "anna"]
    answer = users(server, **moved)
    assert answer["objects"] == reported["objects"]
    assert ("old_sessions" in answer["objects"][0]["changed_keys"]) is not stays
    assert connected(server) == (["bert", "anna"] if stays else ["bert"])
    if not stays:
        assert (answer["diff"]["before"]["anna"]["old_sessions"], answer["diff"]["after"]["anna"]["old_sessions"]) == (
            1,
            0,
        )
    connect(server, address)
    assert not users(server, **moved)["changed"]  # an address that no run has changed ends no session


def test_without_the_option_no_session_ends_and_none_is_read(server: Server) -> None:
    connect(server, ADDRESS)
    server.simulator.log.clear()
    done(server.manage(USER, name="anna", group="ops"))
    assert connected(server) == ["bert", "anna"]
    assert not [one for one in server.simulator.log if "/vpn/" in one.path]


def test_a_client_that_connects_again_at_once_is_no_failure(server: Server) -> None:
    connect(server, ADDRESS)
    again = functools.partial(server.simulator.connect, "anna")
    server.simulator.faults.add(path="vpn/status", do="act", nth=3, act=again)
    assert users(server, group="ops")["objects"][0]["changed_keys"] == ["group", "old_sessions"]
    assert connected(server) == ["bert", "anna"]


def test_sessions_end_after_everything_else_was_written(server: Server) -> None:
    """Also in a whole declaration, in which what takes access away is written first."""
    connect(server, ADDRESS)
    server.simulator.log.clear()
    declared = {
        "groups": [{"name": "new"}],
        "users": [{"name": "anna", "group": "new", "static_ipv4": "", "deny_web": True}],
    }
    answer = done(server.declare(DECLARATION, disconnect_moved=True, **declared))
    assert connected(server) == ["bert"]
    writes = [
        one.path for one in server.simulator.log if one.method == "POST" and not one.path.endswith(("list", "password"))
    ]
    assert writes[-1] == DISCONNECT
    assert writes.count(DISCONNECT) == 1
    assert answer["users"]["objects"][0]["changed_keys"] == ["deny_web", "group", "old_sessions", "static_ipv4"]
    assert not done(server.declare(DECLARATION, disconnect_moved=True, **declared))["changed"]


def test_after_a_lost_answer_the_sessions_end_all_the_same(server: Server) -> None:
    """The second read finds the new group, and the task still knows which users were connected with the old one."""
    connect(server, ADDRESS)
    server.simulator.faults.add(path="userprop/set", do="drop", applied=True)
    assert users(server, group="ops")["objects"][0]["changed_keys"] == ["group", "old_sessions"]
    assert connected(server) == ["bert"]


def test_a_session_that_does_not_end_is_a_failure(server: Server) -> None:
    connect(server, ADDRESS)
    server.simulator.faults.add(path="vpn/client/disconnect", status=400, body={"reason": "no"}, times=9)
    answer = server.manage(USER, name="anna", group="ops", disconnect_moved=True)
    assert answer["failed"]
    assert "no" in answer["objects"][0]["msg"]


# -- of a Freebox


@pytest.mark.parametrize("whole", [False, True], ids=["users alone", "a whole box"])
@pytest.mark.parametrize(
    ("moved", "stays"),
    [
        ({"ip_reservation": "192.168.27.80"}, False),
        ({"ip_reservation": ""}, True),  # it never carried the old one
        ({"ip_reservation": "192.168.27.75"}, True),
        ({"password": "Correct-Horse-1", "update_password": "always"}, True),
    ],
)
def test_a_connection_ends_whose_user_gets_another_address(
    box: Box, moved: dict[str, t.Any], stays: bool, whole: bool
) -> None:
    box.simulator.set_server("openvpn_routed", enabled=True)
    box.simulator.set_user("anna", password="Correct-Horse-1", ip_reservation="192.168.27.90")
    box.simulator.connect("anna")
    box.simulator.set_user("anna", ip_reservation="192.168.27.75")
    declared = [{"login": "anna", **moved}]

    def run(check: bool) -> Answer:
        if whole:
            return done(box.declare(OF_BOX, users=declared, disconnect_moved=True, check=check)["users"])
        return done(box.manage(VPN_USER, users=declared, disconnect_moved=True, check=check))

    reported, answer = run(True), run(False)
    assert reported["objects"] == answer["objects"]
    assert ("old_sessions" in answer["objects"][0]["changed_keys"]) is not stays
    assert bool(box.simulator.state()["connections"]) is stays
    if "password" not in moved:
        assert run(False)["counts"] == {"unchanged": 1}


@pytest.mark.parametrize("how", [{"do": "drop"}, {"do": "drop", "applied": True}])
def test_a_connection_ends_though_the_answer_to_the_new_address_is_lost(box: Box, how: dict[str, t.Any]) -> None:
    box.simulator.set_server("openvpn_routed", enabled=True)
    box.simulator.set_user("anna", password="Correct-Horse-1", ip_reservation="192.168.27.75")
    box.simulator.connect("anna")
    box.simulator.faults.add(path="*/vpn/user/anna", method="PUT", **how)
    answer = done(box.manage(VPN_USER, login="anna", ip_reservation="192.168.27.80", disconnect_moved=True))
    assert answer["objects"][0]["changed_keys"] == ["ip_reservation", "old_sessions"]
    assert not box.simulator.state()["connections"]
    assert box.simulator.state()["users"]["anna"]["ip_reservation"] == "192.168.27.80"


def test_a_connection_that_does_not_end_is_a_failure(box: Box) -> None:
    box.simulator.set_server("openvpn_routed", enabled=True)
    box.simulator.set_user("anna", password="Correct-Horse-1", ip_reservation="192.168.27.75")
    box.simulator.connect("anna")
    box.simulator.faults.add(path="*/vpn/connection/*", method="DELETE", status=200, times=None, body=REFUSED)
    answer = box.manage(VPN_USER, login="anna", ip_reservation="192.168.27.80", disconnect_moved=True)
    assert answer["failed"]
    assert "its address was changed, but it is still connected with the old one: " in answer["objects"][0]["msg"]
