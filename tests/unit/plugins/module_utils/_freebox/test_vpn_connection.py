# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connected clients of a Freebox, how to disconnect them, and the addresses that they can get."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox import ip_pool, vpn_connection
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = Callable[..., Box]
CONNECTIONS = "vpn/connection/"
NO = {"success": False, "error_code": "inval", "msg": "Paramètres invalides"}
GONE = {"success": False, "error_code": "noent", "msg": "Identifiant invalide"}
AS_DOCUMENTED = {
    "rx_bytes": 94,
    "authenticated": True,
    "tx_bytes": 94,
    "user": "test",
    "id": "pptp-2",
    "vpn": "pptp",
    "src_ip": "93.184.216.119",
    "auth_time": 1392895603,
    "local_ip": "192.168.27.65",
}


def cut(box: Box, **params: t.Any) -> Answer:
    """Run freebox_vpn_connection."""
    return box.run(vpn_connection.disconnect, vpn_connection.SPEC, vpn_connection.CONSTRAINTS, **params)


def connections(box: Box, **params: t.Any) -> list[dict[str, t.Any]]:
    """Run freebox_vpn_connection_info."""
    answer = box.run(vpn_connection.inform, vpn_connection.INFO_SPEC, **params)
    assert not answer.get("failed"), answer["msg"]
    assert answer["changed"] is False
    return t.cast(list[dict[str, t.Any]], answer["connections"])


def ids(reported: list[dict[str, t.Any]]) -> list[str]:
    return [one["id"] for one in reported]


def there(box: Box) -> list[str]:
    """The users who are still connected, by the state of the box."""
    return ids(box.simulator.state()["connections"])


def answering(box: Box, *reported: dict[str, t.Any]) -> None:
    """The list is this from now on."""
    box.simulator.faults.add(path=CONNECTIONS, status=200, times=None, body={"success": True, "result": list(reported)})


@pytest.fixture(name="busy", params=["200", "404"])
def fixture_busy(start: Start, request: pytest.FixtureRequest) -> Box:
    """A box with four clients: erika by OpenVPN and PPTP, max twice by OpenVPN."""
    box = start(Box, enabled=["openvpn_routed", "pptp"], readings={"noent_status": request.param})
    for login in ("erika", "max"):
        box.simulator.set_user(login)
    for login, server in (
        ("erika", "openvpn_routed"),
        ("erika", "pptp"),
        ("max", "openvpn_routed"),
        ("max", "openvpn_routed"),
    ):
        box.simulator.connect(login, server)
    return box


UNCHANGED = {"changed": False, "disconnected": [], "diff": {"before": {}, "after": {}}}
E_ROUTED, E_PPTP, M_FIRST, M_SECOND = "openvpn_routed-1001", "pptp-1002", "openvpn_routed-1003", "openvpn_routed-1004"


# -- which connections a task names


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"users": ["erika"]}, [E_ROUTED, E_PPTP]),
        ({"users": ["erika", "max", "unknown"]}, [E_ROUTED, E_PPTP, M_FIRST, M_SECOND]),
        ({"users": ["Erika"]}, []),
        ({"servers": ["openvpn_routed"]}, [E_ROUTED, M_FIRST, M_SECOND]),
        ({"servers": ["wireguard"]}, []),
        ({"users": ["erika"], "servers": ["openvpn_routed", "ipsec"]}, [E_ROUTED]),
        ({"ids": [M_SECOND, E_PPTP]}, [E_PPTP, M_SECOND]),
        ({"ids": ["pptp-99"]}, []),
    ],
)
def test_they_are_meant_by_ids_users_and_servers(busy: Box, said: dict[str, t.Any], meant: list[str]) -> None:
    if "ids" not in said:
        assert ids(connections(busy, **said)) == meant
    before = there(busy)
    reported = cut(busy, check=True, **said)
    assert (reported["changed"], ids(reported["disconnected"])) == (bool(meant), meant)
    assert there(busy) == before
    assert sorted(reported["diff"]["before"]) == sorted(meant)
    done = cut(busy, **said)
    assert done == reported
    assert there(busy) == [one for one in before if one not in meant]
    busy.simulator.log.clear()
    again = cut(busy, **said)
    assert again == UNCHANGED
    assert not busy.writes()


def test_all_connections_are_returned_and_none_for_an_empty_list(busy: Box) -> None:
    assert ids(connections(busy)) == [E_ROUTED, E_PPTP, M_FIRST, M_SECOND]
    assert connections(busy, users=[]) == []
    assert connections(busy, servers=[]) == []


@pytest.mark.parametrize("option", ["ids", "users", "servers"])
def test_an_empty_list_names_no_connection(busy: Box, option: str) -> None:
    answer = cut(busy, **{option: []})
    assert f"{option} is empty: list those whose connections are to end." in answer["msg"]
    assert len(there(busy)) == 4


@pytest.mark.parametrize(
    "said", [{}, {"users": None}, {"ids": ["a"], "users": ["b"]}, {"ids": ["a"], "servers": ["b"]}]
)
def test_single_ones_are_named_alone(box: Box, said: dict[str, t.Any]) -> None:
    with pytest.raises(AssertionError, match="one of the following is required|mutually exclusive"):
        cut(box, **said)


@pytest.mark.parametrize("reading", ["absent", "array"])
def test_where_no_client_is_connected_nothing_is_written(start: Start, reading: str) -> None:
    box = start(Box, readings={"empty_list": reading})
    box.simulator.set_rights("calls")
    assert connections(box) == []
    assert cut(box, users=["max"]) == UNCHANGED  # which takes no permission either
    assert not box.writes()


@pytest.mark.parametrize("check", [True, False])
def test_without_the_permission_nothing_is_begun(busy: Box, check: bool) -> None:
    busy.simulator.set_rights("calls")
    answer = cut(busy, users=["max"], check=check)
    assert f"lacks the permission settings on {busy.simulator.url}" in answer["msg"]
    assert not any(one.method == "DELETE" for one in busy.simulator.log)


# -- what can happen meanwhile


def test_one_that_ends_meanwhile_is_ended(busy: Box) -> None:
    simulator = busy.simulator
    simulator.faults.add(
        path=f"vpn/connection/{M_FIRST}", do="act", act=lambda: simulator.machine.connections.drop_user("max")
    )
    answer = cut(busy, users=["max"])
    assert not answer.get("failed"), answer["msg"]
    assert ids(answer["disconnected"]) == [M_FIRST, M_SECOND]


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(
    "how", [{"do": "drop"}, {"do": "status", "status": 500}, {"do": "html"}, {"do": "status", "status": 502}]
)
def test_after_a_lost_answer_it_is_looked_who_is_left(busy: Box, how: dict[str, t.Any], applied: bool) -> None:
    busy.simulator.faults.add(path=f"vpn/connection/{M_FIRST}", method="DELETE", applied=applied, **how)
    answer = cut(busy, users=["max"])
    assert not answer.get("failed"), answer["msg"]
    assert there(busy) == [E_ROUTED, E_PPTP]
    assert ids(answer["disconnected"]) == [M_FIRST, M_SECOND]
    asked = [one.path.rsplit("/", 1)[-1] for one in busy.simulator.log if one.method == "DELETE"]
    assert asked == [M_FIRST, M_SECOND] if applied else [M_FIRST, M_SECOND, M_FIRST]


def test_answers_that_are_always_lost_are_reported(busy: Box) -> None:
    busy.simulator.faults.add(path=f"vpn/connection/{M_FIRST}", method="DELETE", do="drop", times=None)
    answer = cut(busy, users=["max"])
    assert answer["failed"]
    assert answer["changed"]
    assert f"1 of 2 connections of {busy.simulator.url} were ended. One that remains: DELETE " in answer["msg"]
    assert ids(answer["disconnected"]) == [M_SECOND]
    assert there(busy) == [E_ROUTED, E_PPTP, M_FIRST]
    assert sum(M_FIRST in one.path for one in busy.simulator.log) == vpn_connection.ATTEMPTS


def test_one_that_the_box_refuses_is_reported_and_the_others_end(busy: Box) -> None:
    busy.simulator.faults.add(path=f"vpn/connection/{E_ROUTED}", method="DELETE", status=200, body=NO, times=None)
    answer = cut(busy, servers=["openvpn_routed"])
    assert (
        f"2 of 3 connections of {busy.simulator.url} were ended. One that remains: {E_ROUTED}: Paramètres invalides"
        in answer["msg"]
    )
    assert (answer["changed"], ids(answer["disconnected"])) == (True, [M_FIRST, M_SECOND])
    assert sum(one.path.endswith(E_ROUTED) for one in busy.simulator.log) == 1


def test_one_that_is_refused_and_ends_by_itself_is_ended(busy: Box) -> None:
    simulator = busy.simulator
    simulator.faults.add(path=f"vpn/connection/{E_PPTP}", method="DELETE", status=200, body=NO, applied=True)
    answer = cut(busy, ids=[E_PPTP])
    assert not answer.get("failed"), answer["msg"]
    assert ids(answer["disconnected"]) == [E_PPTP]


def test_another_client_that_got_an_id_meanwhile_is_not_disconnected(box: Box) -> None:
    """Its answer was lost, the client is gone, and the box has given its number to another one."""
    before, after = {**AS_DOCUMENTED, "user": "max"}, {**AS_DOCUMENTED, "user": "erika", "auth_time": 1392895700}
    faults = box.simulator.faults
    faults.add(path=CONNECTIONS, status=200, body={"success": True, "result": [before]})
    faults.add(path=CONNECTIONS, status=200, times=None, body={"success": True, "result": [after]})
    faults.add(path="vpn/connection/pptp-2", do="drop", times=None)
    answer = cut(box, ids=["pptp-2"])
    assert not answer.get("failed"), answer["msg"]
    assert sum(one.path.endswith("pptp-2") for one in box.simulator.log) == 1


def test_a_session_may_end_in_the_middle(busy: Box) -> None:
    simulator = busy.simulator
    simulator.faults.add(path=f"vpn/connection/{M_SECOND}", do="act", act=simulator.expire_sessions)
    answer = cut(busy, users=["max"])
    assert not answer.get("failed"), answer["msg"]
    assert there(busy) == [E_ROUTED, E_PPTP]


FAULTS: dict[str, dict[str, t.Any]] = {
    "lost before it was done": {"do": "drop"},
    "lost after it was done": {"do": "drop", "applied": True},
    "cut off": {"do": "truncate"},
    "a web page": {"do": "html"},
    "500 after it was done": {"status": 500, "applied": True},
    "502": {"status": 502},
    "busy": {"status": 200, "body": {**NO, "error_code": "busy"}},
    "internal error": {"status": 200, "body": {**NO, "error_code": "internal_error"}},
    "refused": {"status": 200, "body": NO},
    "already gone": {"status": 200, "body": GONE, "applied": True},
    "no permission": {"status": 403, "body": {**NO, "error_code": "insufficient_rights"}},
    "no session": {"status": 403, "body": {**NO, "error_code": "auth_required"}},
}


# Discovery, two calls to sign in, the list, two ends, and one to log out.
@pytest.mark.parametrize(("what", "nth"), crossed(FAULTS, range(1, 8)))
def test_a_fault_at_any_request_is_reported_and_the_next_task_ends_the_rest(start: Start, what: str, nth: int) -> None:
    box = start(Box, enabled=["openvpn_routed"])
    for login in ("max", "erika", "max"):
        box.simulator.set_user(login)
        box.simulator.connect(login)
    everybody = there(box)
    others = [everybody[1]]
    box.simulator.faults.add(nth=nth, **FAULTS[what])
    answer = cut(box, users=["max"])
    where = f"{box.simulator.log[nth - 1].path}: {answer.get('msg')}"
    left = there(box)
    assert set(others) <= set(left), where
    assert answer["changed"] or left == everybody, where
    assert answer.get("failed") or left == others, where
    assert not answer.get("failed") or answer["msg"].strip().count("\n") == 0, where
    assert "exception" not in answer, where
    assert set(ids(answer.get("disconnected", []))) <= set(everybody) - set(left), where
    box.simulator.faults.clear()
    again = cut(box, users=["max"])
    assert not again.get("failed"), where
    assert there(box) == others, where


# -- how they are reported


def test_the_example_of_the_document_is_reported_with_what_it_lacks(box: Box) -> None:
    answering(box, AS_DOCUMENTED)
    assert connections(box) == [{**AS_DOCUMENTED, "src_port": None}]


@pytest.mark.parametrize(
    ("reported", "read"),
    [
        (3232242497, "192.168.27.65"),
        ("192.168.27.65", "192.168.27.65"),
        ("", None),
        (None, None),
        ("2001:db8:0::1", "2001:db8::1"),
    ],
)
def test_an_address_is_a_text_however_it_comes(box: Box, reported: t.Any, read: str | None) -> None:
    answering(box, {**AS_DOCUMENTED, "local_ip": reported, "src_port": 4242, "country": "fr"})
    assert connections(box) == [{**AS_DOCUMENTED, "local_ip": read, "src_port": 4242, "country": "fr"}]


def test_an_address_may_be_missing(box: Box) -> None:
    answering(box, {key: value for key, value in AS_DOCUMENTED.items() if key != "local_ip"})
    assert [one["local_ip"] for one in connections(box)] == [None]


@pytest.mark.parametrize("wrong", [{"local_ip": "nowhere"}, {"local_ip": True}, {"local_ip": -1}, {"local_ip": []}])
def test_an_invalid_address_is_reported_as_unreadable(box: Box, wrong: dict[str, t.Any]) -> None:
    answering(box, {**AS_DOCUMENTED, **wrong})
    answer = cut(box, users=["test"])
    assert (
        f"vpn/connection/ of {box.simulator.url} answered something that this collection cannot read" in answer["msg"]
    )
    assert not box.writes()


# -- addresses


def pool(box: Box) -> Answer:
    """Run freebox_vpn_ip_pool_info."""
    answer = box.run(ip_pool.inform, {})
    assert not answer.get("failed"), answer["msg"]
    return answer


@pytest.mark.parametrize("version", ["4.0", "16.0"])
def test_the_pool_is_returned_with_reserved_and_free_addresses(start: Start, version: str) -> None:
    box = start(Box, api_version=version)
    empty = pool(box)
    assert (empty["ip_start"], empty["ip_end"], empty["reservations"]) == ("192.168.27.65", "192.168.27.95", [])
    assert empty["free"] == [f"192.168.27.{last}" for last in range(65, 96)]
    addresses = {"max": "192.168.27.95", "erika": "192.168.27.70"}
    box.manage(VPN_USER, users=[{"login": login, "ip_reservation": ip} for login, ip in addresses.items()])
    reported = pool(box)
    assert reported["changed"] is False
    assert reported["reservations"] == [
        {"ip": "192.168.27.70", "login": "erika"},
        {"ip": "192.168.27.95", "login": "max"},
    ]
    assert set(empty["free"]) - set(reported["free"]) == set(addresses.values())
    assert reported["free"] == sorted(reported["free"])


def test_a_pool_without_reservations_may_leave_them_out(box: Box) -> None:
    reported = {"ip_start": "10.0.0.1", "ip_end": "10.0.0.3"}
    box.simulator.faults.add(path="vpn/ip_pool/", status=200, body={"success": True, "result": reported})
    assert pool(box) == {**reported, "reservations": [], "free": ["10.0.0.1", "10.0.0.2", "10.0.0.3"], "changed": False}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ip_start": "x"},
        {"ip_start": "1.0.0.0"},
        {"ip_end": "9.9.9.9"},
        {"reservations": [{"ip": "::1", "login": "a"}]},
        {"reservations": 3},
    ],
)
def test_an_invalid_pool_is_reported_as_unreadable(box: Box, wrong: dict[str, t.Any]) -> None:
    reported = {"ip_start": "10.0.0.1", "ip_end": "10.0.0.3", **wrong} if wrong else {}
    box.simulator.faults.add(path="vpn/ip_pool/", status=200, body={"success": True, "result": reported})
    answer = box.run(ip_pool.inform, {})
    assert f"vpn/ip_pool/ of {box.simulator.url} answered something that this collection cannot read" in answer["msg"]


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"result": {}}'])
def test_what_does_not_say_success_is_no_end(busy: Box, body: str) -> None:
    """The remaining ones are read, and it is tried again."""
    busy.simulator.faults.add(path="vpn/connection/*", method="DELETE", status=200, body=body)
    answer = cut(busy, users=["max"])
    assert not answer.get("failed"), answer["msg"]
    assert not set(ids(answer["disconnected"])) & set(there(busy))
