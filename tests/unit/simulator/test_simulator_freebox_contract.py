# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Freebox has every operation of the contract and no other, and says nothing that the contract does not allow."""

from __future__ import annotations

import pytest
from ansible_collections.vpn.estate.tests.contract.checker import FREEBOX, ContractChecker
from ansible_collections.vpn.estate.tests.simulator.freebox import READINGS, Exchange

APP = {"app_id": "org.example.app", "app_name": "Example", "app_version": "1", "device_name": "here"}
WIREGUARD = {"login": "phone", "type": "wireguard", "ip_reservation": "192.168.27.70", "conf_wireguard": {"psk": True}}
CONVERSATION = [
    ("POST", "login/authorize/", APP),
    ("GET", "login/authorize/9999", None),
    ("GET", "login/", None),
    ("GET", "vpn/", None),
    *(
        ("GET", f"vpn/{name}/config/", None)
        for name in ("pptp", "openvpn_routed", "openvpn_bridge", "ipsec", "wireguard")
    ),
    ("PUT", "vpn/openvpn_routed/config/", {"conf_openvpn": {"cipher": "blowfish"}}),
    ("PUT", "vpn/pptp/config/", {"enabled": False, "conf_pptp": {"mppe": "disable"}}),
    ("GET", "vpn/user/", None),
    ("POST", "vpn/user/", {"login": "alice", "password": "thisisasecret", "ip_reservation": "192.168.27.69"}),
    ("POST", "vpn/user/", WIREGUARD),
    ("PUT", "vpn/user/alice", {"password": "donttellanyone"}),
    ("GET", "vpn/user/alice", None),
    ("GET", "vpn/user/", None),
    ("GET", "vpn/ip_pool/", None),
    ("GET", "vpn/connection/", None),
    ("DELETE", "vpn/connection/openvpn_routed-1001", None),
    ("GET", "vpn/download_config/openvpn_routed/alice", None),
    ("GET", "vpn/download_config/openvpn_routed/alice/json", None),
    ("GET", "vpn/download_config/wireguard/phone/plain", None),
    ("DELETE", "vpn/user/alice", None),
    ("POST", "login/logout/", None),
]
REFUSED = [
    ("GET", "vpn/pptp0/config/", None, 200),
    ("PUT", "vpn/pptp/config/", {"colour": "red"}, 200),
    ("GET", "vpn/download_config/openvpn_routed/ghost", None, 200),
    ("POST", "login/session/", {"app_id": "org.example.unknown", "password": "0" * 40}, 403),
]


@pytest.fixture(scope="module")
def checker():
    return ContractChecker(FREEBOX)


def test_the_routes_are_the_contract(box):
    of_contract = {
        (method.upper(), path.removeprefix("/api/v4").removesuffix("/"), operation["operationId"])
        for path, operations in FREEBOX.document["paths"].items()
        for method, operation in operations.items()
    }
    assert {(each.method, each.path, each.operation) for each in box.machine.routes.routes} == of_contract


def converse(box, api):
    box.set_server("openvpn_routed", enabled=True)
    if "wireguard" in box.state()["servers"]:
        box.set_server("wireguard", enabled=True)
    box.configure(start_duration=0.0)
    assert api.call("GET", "/api_version").status == 200
    for method, path, body in CONVERSATION:
        if path.startswith("vpn/connection/o"):
            box.connect("alice")
        reply = api.call(method, f"/api/{api.version}/{path}", body)
        assert reply.status == 200, (method, path)
        assert not isinstance(reply.body, dict) or reply.body["success"], (method, path, reply.body)


@pytest.mark.parametrize(
    ("name", "reading"),
    [(name, reading) for name, readings in READINGS.items() for reading in readings[1:]] + [("", "")],
)
def test_every_operation_answers_as_documented_in_every_reading(start_box, checker, name, reading):
    box, api = start_box(readings={name: reading} if name else {})
    converse(box, api)
    done = {exchange.operation for exchange in box.exchanges}
    assert done == {route.operation for route in box.machine.routes.routes}
    checker.check_all(box.exchanges, answers=True)


def test_errors_are_as_documented(box, box_api, checker):
    for method, path, body, status in REFUSED:
        reply = box_api.call(method, f"/api/v16/{path}", body)
        assert (path, reply.status, reply.body["success"]) == (path, status, False)
    for exchange in box.exchanges:
        checker.check_answer(exchange)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"path": "/api/v16/vpn/status/"}, "is not in the contract"),
        ({"path": "/api/vlatest/vpn/user/"}, "is not in the contract"),
        ({"request": {"login": "a", "description": "x"}}, "the contract knows no field description"),
        ({"request": {"login": "a", "password": "short"}}, "password: 'short' is too short"),
        ({"request": {"login": "a", "conf_wireguard": {"key": "x"}}}, "no field key"),
        ({"response": {"result": {}}}, "'success' is a required property"),
        ({"response": {"success": False}}, "is a required property"),
        ({"response": {"success": False, "error_code": "oops", "msg": "x"}}, "'oops' is not one of"),
        ({"response": {"success": True, "result": {"login": 1}}}, "login: 1 is not of type 'string'"),
    ],
)
def test_the_checker_finds_what_is_wrong(checker, changed, sentence):
    right = {
        "method": "POST",
        "path": "/api/v16/vpn/user/",
        "status": 200,
        "wrote": True,
        "operation": "addVpnUser",
        "request": {"login": "a"},
        "response": {"success": True, "result": {"login": "a"}},
    }
    checker.check(Exchange(**right), answers=True)
    with pytest.raises(AssertionError, match=sentence):
        checker.check(Exchange(**(right | changed)), answers=True)
