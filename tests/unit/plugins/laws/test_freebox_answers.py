# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a Freebox that are not what they should be: a task succeeds or says one sentence, and never writes by them."""

from __future__ import annotations

import json
import random
import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform
from ansible_collections.vpn.estate.plugins.module_utils._freebox import ip_pool, vpn_connection
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER, VpnServer
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_answers import broken_texts, mutants, with_news
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, size

PASSWORD = "Marker-Password-7!"
MUTANTS = size(8, 60)  # of one answer below its topmost level, and so many of that, or all
FEWER = size(8, 20)  # of a refusal
MOST = 80  # requests of one task, with all that is asked again


class Time:
    """A clock that only moves when the code sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


TIME = Time()
WAITING = VpnServer(TIME, TIME.sleep)  # three looks, and a sentence
AT_MOST = {"wait_timeout": 4}

Json = t.Any
Work = Callable[[Box], Answer]


def furnished(box: Box) -> Box:
    """A box with one of everything that an answer can hold."""
    simulator = box.simulator
    simulator.configure(start_duration=0, stop_duration=0)
    for name in ("openvpn_routed", "wireguard"):
        simulator.set_server(name, enabled=True)
    simulator.set_user("max", password=PASSWORD, ip_reservation="192.168.27.70")
    simulator.set_user("phone", type="wireguard", ip_reservation="192.168.27.71", conf_wireguard={"keepalive": 25})
    simulator.connect("max")
    return box


def informs(resource: t.Any) -> Work:
    return lambda box: box.perform(inform(resource, FREEBOX))


def manages(resource: t.Any, *declared: dict[str, t.Any], **options: t.Any) -> Work:
    return lambda box: box.manage(resource, **{resource.plural: list(declared)}, **options)


def works(work: t.Any, spec: t.Mapping[str, t.Any], **params: t.Any) -> Work:
    return lambda box: box.run(work, spec, **params)


USERS = manages(
    VPN_USER,
    {"login": "max", "ip_reservation": "192.168.27.71"},
    {"login": "phone", "ip_reservation": "192.168.27.70", "conf_wireguard": {"psk": True}},
    {"login": "eve", "password": PASSWORD},
    {"login": "tom", "state": "absent"},
)
ROUTED = {"name": "openvpn_routed", "port": 1199, "enable_ipv6": True, "conf_openvpn": {"cipher": "aes256"}}
SERVERS = manages(WAITING, ROUTED, {"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": True}, **AT_MOST)
CUT = works(vpn_connection.disconnect, vpn_connection.SPEC, users=["max"])
READERS: dict[str, list[Work]] = {
    "/api_version": [informs(VPN_USER), USERS],
    "login/": [informs(VPN_USER), USERS],
    "login/session/": [informs(VPN_SERVER), USERS],
    "login/logout/": [informs(VPN_USER)],
    "vpn/": [
        informs(VPN_SERVER),
        SERVERS,
        manages(VPN_USER, {"login": "a", "type": "wireguard", "ip_reservation": "192.168.27.80"}),
    ],
    "vpn/openvpn_routed/config/": [
        informs(VPN_SERVER),
        SERVERS,
        manages(WAITING, {"name": "openvpn_routed", "enabled": False}, **AT_MOST),
    ],
    "vpn/user/": [informs(VPN_USER), USERS, manages(VPN_USER, {"login": "max"}, purge=True)],
    "vpn/user/max": [USERS, manages(VPN_USER, {"login": "max", "state": "absent"})],
    "vpn/ip_pool/": [works(ip_pool.inform, {}), USERS],
    "vpn/connection/": [
        works(vpn_connection.inform, vpn_connection.INFO_SPEC, users=["max"]),
        CUT,
        manages(VPN_USER, {"login": "max", "state": "absent"}),
    ],
    "vpn/connection/openvpn_routed-1001": [CUT],
}


def full_path(path: str) -> str:
    return path if path.startswith("/") else f"/api/v16/{path}"


def given(box: Box, path: str) -> Json:
    """What the simulated box answers there when all is well."""
    box.simulator.log.clear()
    for work in READERS[path]:
        work(box)
    found = [one.response for one in box.simulator.log if one.path == full_path(path) and one.status == 200]
    box.simulator.reset()
    furnished(box)
    assert found, path
    return found[0]


def violation(box: Box, path: str, body: Json, work: Work, status: int = 200) -> str | None:
    """What a task says of this answer that it should not, if so."""
    simulator = box.simulator
    simulator.reset()
    furnished(box)
    simulator.faults.add(path=path, times=None, status=status, body=body)
    answer = work(box)
    message = answer.get("msg", "")
    if "exception" in answer or "defect" in message.lower() or "Traceback" in message:
        return f"crashed: {message} {answer.get('exception', '')}"
    if answer.get("failed") and (not message or "\n" in message.strip()):
        return f"says no sentence: {message!r}"
    if (
        "cannot read" in message
        and any(one.wrote and one.path != full_path(path) for one in simulator.log)
        and not later(message)
    ):
        return f"wrote {box.writes()}, and then: {message}"
    if "cannot read" in message and simulator.url not in message:
        return f"does not say who answered: {message}"
    if PASSWORD in text_of(answer) or simulator.app_token in text_of(answer):
        return "tells a secret"
    if not any(one.fault for one in simulator.log):
        return "never asked"
    if len(simulator.log) > MOST:
        return f"made {len(simulator.log)} requests"
    return None


def later(message: str) -> bool:
    """Whether the answer is one that is asked for only after writes: who is connected, of users who are deleted."""
    return "/vpn/connection/" in message


@pytest.mark.parametrize("path", READERS)
def test_a_mutated_answer_is_read_or_refused(box: Box, path: str) -> None:
    furnished(box)
    chance, found = random.Random(path), []  # noqa: S311
    for what, mutant in mutants(given(box, path), path, MUTANTS):
        number = chance.randrange(len(READERS[path]))
        if wrong := violation(box, path, json.dumps(mutant), READERS[path][number]):
            found.append(f"{what} (task {number}): {wrong}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", READERS)
def test_a_broken_answer_is_refused(box: Box, path: str) -> None:
    furnished(box)
    text, chance, found = json.dumps(given(box, path)), random.Random(path), []  # noqa: S311
    for what, broken in broken_texts(text):
        number = chance.randrange(len(READERS[path]))
        if wrong := violation(box, path, broken, READERS[path][number]):
            found.append(f"{what} (task {number}): {wrong}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("path", "status"), crossed(READERS, [200, 206, 300, 400, 403, 404, 500]))
def test_a_mutated_refusal_is_told(box: Box, path: str, status: int) -> None:
    furnished(box)
    body = {
        "uid": "4f1e",
        "success": False,
        "missing_right": "settings",
        "msg": "Non",
        "result": {"challenge": "c"},
        "error_code": "insufficient_rights",
    }
    found = [
        f"{what}: {wrong}"
        for what, mutant in mutants(body, f"{path} {status}", FEWER)
        if (wrong := violation(box, path, json.dumps(mutant), READERS[path][0], status))
    ]
    assert not found, "\n".join(found)


# -- what is new is no difference


UNCHANGED: dict[str, tuple[t.Any, dict[str, t.Any]]] = {
    "vpn/": (
        VPN_SERVER,
        {"servers": [{"name": "openvpn_routed", "enabled": True}, {"name": "pptp", "enabled": False}]},
    ),
    "vpn/openvpn_routed/config/": (
        VPN_SERVER,
        {"name": "openvpn_routed", "port": 1194, "conf_openvpn": {"cipher": "aes128", "use_tcp": False}},
    ),
    "vpn/ipsec/config/": (
        VPN_SERVER,
        {"name": "ipsec", "port_ike": 500, "conf_ipsec": {"ike_version": 2}},
    ),
    "vpn/user/": (
        VPN_USER,
        {
            "users": [
                {"login": "max", "password": PASSWORD, "ip_reservation": "192.168.27.70"},
                {"login": "phone", "type": "wireguard", "conf_wireguard": {"keepalive": 25, "psk": False}},
            ]
        },
    ),
}


@pytest.mark.parametrize("path", UNCHANGED)
def test_fields_that_nobody_knows_are_no_difference(box: Box, path: str) -> None:
    furnished(box)
    resource, declared = UNCHANGED[path]
    assert not box.manage(resource, **declared)["changed"]
    body = next(one.response for one in box.simulator.log if one.path == full_path(path))
    box.simulator.faults.add(path=path, times=None, status=200, body=with_news(body))
    answer = box.manage(resource, **declared)
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]
    assert not box.writes()
