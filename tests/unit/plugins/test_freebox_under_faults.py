# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong with whichever request to a Freebox, a task tells the truth, and the next one brings what was declared."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox import vpn_connection
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Answer, Box, text_of

pytestmark = pytest.mark.exhaustive

PASSWORD = "Marker-Password-7!"
Start = Callable[..., Box]


@dataclass
class Scenario:
    """A task, what it may touch, by the parts of the box's state, and whether that is as the task wants it."""

    run: Callable[..., Answer]
    is_done: Callable[[dict[str, t.Any]], bool]
    touches: frozenset[tuple[str, str]]


def manages(resource: t.Any, *declared: dict[str, t.Any]) -> Callable[..., Answer]:
    return lambda box, **how: box.manage(resource, **{resource.plural: list(declared)}, **how)


def cuts(**params: t.Any) -> Callable[..., Answer]:
    spec, constraints = vpn_connection.SPEC, vpn_connection.CONSTRAINTS
    return lambda box, **how: box.run(vpn_connection.disconnect, spec, constraints, **params, **how)


def prepared(start: Start, version: str, objects: str) -> Box:
    """Servers that run, users, and clients of whom no task here speaks."""
    settings = {"start_duration": 0, "stop_duration": 0}
    readings = {"partial_objects": objects, "noent_status": "404" if objects == "replace" else "200"}
    box = start(
        Box, api_version=version, settings=settings, readings=readings, enabled=["openvpn_routed", "openvpn_bridge"]
    )
    for login, ip in (("max", "192.168.27.70"), ("erika", "192.168.27.71"), ("tom", ""), ("ana", "192.168.27.72")):
        box.simulator.set_user(login, ip_reservation=ip)
    for login, server in (
        ("max", "openvpn_routed"),
        ("ana", "openvpn_bridge"),
        ("tom", "openvpn_bridge"),
        ("ana", "openvpn_bridge"),
    ):
        box.simulator.connect(login, server)
    return box


def servers_are_right(state: dict[str, t.Any]) -> bool:
    routed, pptp = state["servers"]["openvpn_routed"], state["servers"]["pptp"]
    return bool(
        (routed["enabled"], routed["state"], routed["enable_ipv6"]) == (False, "stopped", False)
        and routed["conf_openvpn"] == {"cipher": "aes256", "disable_fragment": False, "use_tcp": False}
        and (pptp["enabled"], pptp["state"]) == (True, "started")
        and pptp["conf_pptp"] == {"mppe": "require_128", "allowed_auth": {"pap": False, "chap": True, "mschapv2": True}}
    )


def users_are_right(state: dict[str, t.Any]) -> bool:
    users = state["users"]
    kept = {login: one["ip_reservation"] for login, one in users.items()}
    wanted = {"max": "192.168.27.71", "erika": "192.168.27.70", "eve": "", "ana": "192.168.27.72"}
    return (
        kept == wanted
        and users["eve"]["password_set"] is True
        and not [c for c in state["connections"] if c["user"] == "tom"]
    )


SCENARIOS = {
    "servers": Scenario(
        manages(
            VPN_SERVER,
            {"name": "openvpn_routed", "enabled": False, "conf_openvpn": {"cipher": "aes256"}},
            {"name": "pptp", "enabled": True, "conf_pptp": {"allowed_auth": {"chap": True}}},
        ),
        servers_are_right,
        frozenset({("servers", "openvpn_routed"), ("servers", "pptp"), ("connections", "openvpn_routed-1")}),
    ),
    "users": Scenario(
        manages(
            VPN_USER,
            {"login": "max", "ip_reservation": "192.168.27.71"},
            {"login": "erika", "ip_reservation": "192.168.27.70"},
            {"login": "eve", "password": PASSWORD},
            {"login": "tom", "state": "absent"},
        ),
        users_are_right,
        frozenset(
            {*(("users", login) for login in ("max", "erika", "eve", "tom")), ("connections", "openvpn_bridge-3")}
        ),
    ),
    "connections": Scenario(
        cuts(users=["ana"]),
        lambda state: not [one for one in state["connections"] if one["user"] == "ana"],
        frozenset({("connections", "openvpn_bridge-2"), ("connections", "openvpn_bridge-4")}),
    ),
}
NO = {"success": False, "msg": "Non", "uid": "4f1e"}
FAULTS: dict[str, dict[str, t.Any]] = {
    "lost before it was done": {"do": "drop"},
    "lost after it was done": {"do": "drop", "applied": True},
    "cut off": {"do": "truncate"},
    "a web page": {"do": "html"},
    "a web page after it was done": {"do": "html", "applied": True},
    "500": {"status": 500},
    "500 after it was done": {"status": 500, "applied": True},
    "502": {"status": 502},
    "internal error": {"status": 200, "body": {**NO, "error_code": "internal_error"}},
    "busy": {"status": 200, "body": {**NO, "error_code": "busy"}},
    "refused": {"status": 200, "body": {**NO, "error_code": "inval"}},
    "gone by then": {"status": 200, "body": {**NO, "error_code": "noent"}, "applied": True},
}
HEALED = ("busy",)  # of these a task takes no notice, at whichever request


def parts(state: dict[str, t.Any]) -> dict[tuple[str, str], t.Any]:
    """What the box keeps, piece by piece."""
    found = {(kind, name): one for kind in ("servers", "users") for name, one in state[kind].items()}
    return {**found, **{("connections", one["id"]): one for one in state["connections"]}}


def requests_of(start: Start, scenario: Scenario, version: str, objects: str) -> int:
    """How many requests the task makes when all is well."""
    box = prepared(start, version, objects)
    answer = scenario.run(box)
    assert not answer.get("failed"), answer["msg"]
    assert scenario.is_done(box.simulator.state())
    return len(box.simulator.log)


def tell_the_truth(
    box: Box, scenario: Scenario, before: dict[tuple[str, str], t.Any], answer: Answer, where: str
) -> None:
    """What an answer says is so, and nothing else was touched."""
    state = box.simulator.state()
    after = parts(state)
    differs = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert differs <= scenario.touches, where
    if differs:
        assert answer["changed"], where
    if not answer.get("failed"):
        assert scenario.is_done(state), where
    else:
        assert answer["msg"].strip(), where
        assert "exception" not in answer, (where, answer)
        assert "\n" not in answer["msg"].strip(), where
    for line in answer.get("objects", ()):
        kind = "servers" if "connections" in line else "users"
        if line["action"] in ("not attempted", "unchanged"):
            assert (kind, line["name"]) not in differs, (where, line)
        if line["action"] in ("created", "updated", "deleted"):
            assert (kind, line["name"]) in differs, (where, line)
    told = text_of(answer)
    assert PASSWORD not in told, where
    assert box.simulator.app_token not in told, where


@pytest.mark.parametrize(("version", "objects"), [("16.0", "merge"), ("4.0", "replace")])
@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_at_any_request_is_told_and_the_next_task_converges(
    start: Start, name: str, what: str, version: str, objects: str
) -> None:
    scenario = SCENARIOS[name]
    for nth in range(1, requests_of(start, scenario, version, objects) + 1):
        box = prepared(start, version, objects)
        before, where = parts(box.simulator.state()), f"{what}, request {nth}"
        box.simulator.faults.add(nth=nth, **FAULTS[what])
        answer = scenario.run(box)
        where = f"{where}, {box.simulator.log[nth - 1].path}: {answer.get('msg')}"
        tell_the_truth(box, scenario, before, answer, where)
        assert what not in HEALED or not answer.get("failed"), where
        box.simulator.faults.clear()
        again = scenario.run(box)
        assert not again.get("failed"), (where, again["msg"])
        assert scenario.is_done(box.simulator.state()), where
        box.simulator.log.clear()
        assert not scenario.run(box)["changed"], where
        assert not box.writes(), where


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_session_that_ends_before_any_request_is_renewed(start: Start, name: str) -> None:
    scenario = SCENARIOS[name]
    for nth in range(1, requests_of(start, scenario, "16.0", "merge") + 1):
        box = prepared(start, "16.0", "merge")
        box.simulator.faults.add(nth=nth, do="act", act=box.simulator.expire_sessions)
        answer = scenario.run(box)
        assert not answer.get("failed"), (nth, answer["msg"])
        assert scenario.is_done(box.simulator.state()), nth
        assert sum(one.path.endswith("/login/session/") for one in box.simulator.log) <= 2, nth


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_permission_that_goes_before_any_request_is_told_and_what_was_done_too(start: Start, name: str) -> None:
    scenario = SCENARIOS[name]
    for nth in range(1, requests_of(start, scenario, "16.0", "merge") + 1):
        box = prepared(start, "16.0", "merge")
        before = parts(box.simulator.state())
        box.simulator.faults.add(nth=nth, do="act", act=lambda box=box: box.simulator.set_rights("calls"))
        answer = scenario.run(box)
        tell_the_truth(box, scenario, before, answer, f"request {nth}: {answer.get('msg')}")
        if answer.get("failed"):
            assert "Gestion des accès > Applications" in answer["msg"], answer["msg"]


@pytest.mark.parametrize("nth", range(1, 4))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_box_that_goes_away_for_good_is_told(start: Start, name: str, nth: int) -> None:
    scenario = SCENARIOS[name]
    box = prepared(start, "16.0", "merge")
    before = parts(box.simulator.state())
    box.simulator.faults.add(nth=nth + 3, do="drop", times=None, applied=True)
    answer = scenario.run(box)
    assert answer["failed"]
    tell_the_truth(box, scenario, before, answer, answer["msg"])
    box.simulator.faults.clear()
    assert not scenario.run(box).get("failed")
    assert scenario.is_done(box.simulator.state())
