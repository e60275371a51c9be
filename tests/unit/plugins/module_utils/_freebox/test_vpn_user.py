# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN users of a Freebox: what is refused before anything is written, addresses that change hands, and what is sent."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, text_of

PASSWORD = "Marker-Password-7!"
ADDRESSES = [f"192.168.27.{last}" for last in range(65, 96)]  # all that the box has


def users(box: Box, *declared: dict[str, t.Any], **options: t.Any) -> Answer:
    return box.manage(VPN_USER, users=list(declared), **options)


def kept(box: Box) -> dict[str, str]:
    """The users and their reserved addresses."""
    return {login: one["ip_reservation"] for login, one in box.simulator.state()["users"].items()}


def bodies(box: Box, method: str) -> list[t.Any]:
    """What was sent with calls about users."""
    return [one.request for one in box.simulator.log if one.method == method and "/vpn/user/" in one.path]


def phone(ip: str, login: str = "phone", **more: t.Any) -> dict[str, t.Any]:
    return {"login": login, "type": "wireguard", "ip_reservation": ip, **more}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"login": " "}, "login: ' ' cannot be a name"),
        ({"login": "a\nb"}, "login: 'a\\nb' cannot be a name"),
        ({"login": "new", "password": "short"}, "password of VPN user new has 5 characters; a Freebox takes 8 to 32."),
        ({"login": "new", "password": "x" * 33}, "has 33 characters"),
        ({"login": "new", "ip_reservation": "10.0.0.1"}, "10.0.0.1 is outside 192.168.27.65 to 192.168.27.95"),
        ({"login": "new", "ip_reservation": "::1"}, "'::1' is not an IPv4 address"),
        ({"login": "new", "ip_reservation": "192.168.27.70"}, "192.168.27.70 would belong to max and to new"),
        ({"login": "new", "type": "wireguard"}, "ip_reservation of VPN user new: a WireGuard user needs an address"),
        (phone("192.168.27.80", "new", password=PASSWORD), "a WireGuard user has keys, and no password"),
        (
            phone("192.168.27.80", "new", conf_wireguard={"keepalive": -1}),
            "keepalive is -1, but has to be 0 seconds or more",
        ),
        (
            {"login": "new", "conf_wireguard": {"psk": True}},
            "conf_wireguard of VPN user new: the type of this user is sta",
        ),
        ({"login": "max", "type": "wireguard"}, "type of VPN user max is standard, and cannot be changed to wireguard"),
        ({"login": "phone", "type": "standard"}, "type of VPN user phone is wireguard, and cannot be changed"),
        (
            {"login": "phone", "ip_reservation": ""},
            "ip_reservation of VPN user phone: a WireGuard user needs an address",
        ),
        ({"login": "phone", "password": PASSWORD}, "password of VPN user phone: a WireGuard user has keys"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    box: Box, declared: dict[str, t.Any], sentence: str, check: bool
) -> None:
    users(box, {"login": "max", "ip_reservation": "192.168.27.70"}, phone("192.168.27.71"))
    box.simulator.log.clear()
    always = {"update_password": "always"} if "password" in declared else {}
    answer = users(box, {"login": "another"}, declared, check=check, **always)
    assert answer["failed"], answer
    assert sentence in answer["msg"]
    assert not answer["changed"]
    assert not box.writes()
    assert PASSWORD not in text_of(answer)


def test_two_of_one_task_cannot_have_one_address(box: Box) -> None:
    answer = users(box, *({"login": login, "ip_reservation": "192.168.27.70"} for login in ("a", "b")))
    assert "192.168.27.70 is declared for a and for b" in answer["msg"]


def test_an_address_of_a_user_who_is_deleted_is_free(box: Box) -> None:
    users(box, {"login": "max", "ip_reservation": "192.168.27.70"})
    leaves = {"login": "max", "state": "absent"}
    answer = users(box, {"login": "erika", "ip_reservation": "192.168.27.70"}, leaves)
    assert not answer.get("failed"), answer["msg"]
    assert kept(box) == {"erika": "192.168.27.70"}


@pytest.mark.parametrize("taken", ["inval", "exist", "inuse"])
@pytest.mark.parametrize("kinds", ["sss", "ssw", "www"])
@pytest.mark.parametrize("turn", list(itertools.permutations(range(3)))[1:], ids=str)
def test_addresses_change_hands(start: Callable[..., Box], kinds: str, turn: tuple[int, ...], taken: str) -> None:
    """In any order and for all kinds of users: pairs, rings, and users who keep their address."""
    box = start(Box, readings={"address_taken": taken})
    said = [{"type": "wireguard"} if kind == "w" else {} for kind in kinds]
    logins = ["ana", "ben", "cyd"]
    first = [{"login": logins[i], "ip_reservation": ADDRESSES[i], **said[i]} for i in range(3)]
    users(box, *first)
    second = [{"login": logins[i], "ip_reservation": ADDRESSES[turn[i]]} for i in range(3)]
    reported = users(box, *second, check=True)
    done = users(box, *second)
    assert not done.get("failed"), done["msg"]
    assert (reported["diff"], reported["objects"]) == (done["diff"], done["objects"])
    assert kept(box) == {logins[i]: ADDRESSES[turn[i]] for i in range(3)}
    assert not users(box, *second)["changed"]


def test_a_temporary_address_is_not_one_that_is_in_use(box: Box) -> None:
    """Two pairs of WireGuard users change addresses, while another program takes the first free one."""
    users(box, *(phone(ADDRESSES[number], f"phone{number}") for number in range(4)), {"login": "max"})
    turned = [phone(ADDRESSES[number], f"phone{number ^ 1}") for number in range(4)]
    answer = users(box, *turned, {"login": "max", "ip_reservation": ADDRESSES[4]})
    assert not answer.get("failed"), answer["msg"]
    assert kept(box) == {**{f"phone{number ^ 1}": ADDRESSES[number] for number in range(4)}, "max": ADDRESSES[4]}


def test_a_full_box_has_no_room_to_step_aside(box: Box) -> None:
    users(box, *(phone(ip, f"phone{number}") for number, ip in enumerate(ADDRESSES)))
    swapped = [phone(ADDRESSES[1], "phone0"), phone(ADDRESSES[0], "phone1")]
    box.simulator.log.clear()
    answer = users(box, *swapped)
    assert "one address has to be free for a moment" in answer["msg"]
    assert (answer["changed"], box.writes()) == (False, [])


def test_only_what_differs_is_sent(box: Box) -> None:
    users(box, {"login": "max", "password": PASSWORD, "ip_reservation": "192.168.27.70"}, phone("192.168.27.71"))
    assert bodies(box, "POST") == [
        {"login": "max", "password": PASSWORD, "ip_reservation": "192.168.27.70"},
        phone("192.168.27.71"),
    ]
    users(box, {"login": "max", "password": PASSWORD}, update_password="always")
    users(box, {"login": "max", "ip_reservation": ""})
    users(box, {"login": "phone", "conf_wireguard": {"psk": True}})
    assert bodies(box, "PUT") == [
        {"password": PASSWORD},
        {"ip_reservation": ""},
        {"conf_wireguard": {"keepalive": 0, "psk": True}},
    ]


@pytest.mark.parametrize("objects", ["merge", "replace"])
def test_only_declared_suboptions_change(start: Callable[..., Box], objects: str) -> None:
    box = start(Box, readings={"partial_objects": objects})
    users(box, phone("192.168.27.71", conf_wireguard={"keepalive": 25}))
    answer = users(box, {"login": "phone", "conf_wireguard": {"psk": True}})
    assert not answer.get("failed"), answer["msg"]
    assert box.inform(VPN_USER)[0]["conf_wireguard"] == {"keepalive": 25, "psk": True}


def test_a_password_is_set_where_there_is_none(box: Box) -> None:
    users(box, {"login": "max"})
    assert users(box, {"login": "max", "password": PASSWORD})["objects"][0]["changed_keys"] == ["password"]
    assert not users(box, {"login": "max", "password": PASSWORD + "2"})["changed"]
    again = users(box, {"login": "max", "password": PASSWORD}, update_password="always")
    assert again["changed"]
    assert again["diff"]["after"] == {"max": {"password": "(not shown)"}}


def test_a_user_is_created_again_where_recreate_is_set(box: Box) -> None:
    """It keeps nothing of its former values, and the diff shows this."""
    users(box, {"login": "max", "password": PASSWORD, "ip_reservation": "192.168.27.70"}, phone("192.168.27.71"))
    answer = users(box, {"login": "max", "type": "wireguard"}, recreate=True)
    assert "ip_reservation of VPN user max: a WireGuard user needs an address" in answer["msg"]
    answer = users(box, {"login": "max", "type": "wireguard", "ip_reservation": "192.168.27.70"}, recreate=True)
    assert not answer.get("failed"), answer["msg"]
    assert answer["diff"] == {"before": {"max": {"type": "standard"}}, "after": {"max": {"type": "wireguard"}}}
    back = users(box, {"login": "phone", "type": "standard", "password": PASSWORD}, recreate=True)
    assert not back.get("failed"), back["msg"]
    assert back["objects"][0]["changed_keys"] == ["conf_wireguard", "ip_reservation", "password", "type"]
    assert back["diff"]["before"]["phone"]["ip_reservation"] == "192.168.27.71"
    found = {one["login"]: one for one in box.inform(VPN_USER)}
    assert (found["max"]["type"], found["max"]["ip_reservation"]) == ("wireguard", "192.168.27.70")
    assert (found["phone"]["type"], found["phone"]["password_set"]) == ("standard", True)
    assert not users(box, {"login": "max", "type": "wireguard"}, recreate=True)["changed"]


@pytest.fixture(name="lasting")
def fixture_lasting(start: Callable[..., Box]) -> Box:
    """A box that does not disconnect users by itself."""
    box = start(Box, readings={"deleted_user": "goes_on"})
    box.simulator.set_server("openvpn_routed", enabled=True)
    return box


@pytest.mark.parametrize("reading", ["cut_off", "goes_on"])
def test_a_deleted_user_is_disconnected(start: Callable[..., Box], reading: str) -> None:
    box = start(Box, readings={"deleted_user": reading})
    box.simulator.set_server("openvpn_routed", enabled=True)
    users(box, {"login": "max"}, {"login": "erika"})
    for login in ("max", "erika"):
        box.simulator.connect(login)
    users(box, {"login": "max", "state": "absent"})
    assert [one["user"] for one in box.simulator.state()["connections"]] == ["erika"]


def test_another_spelling_is_warned_of(box: Box) -> None:
    users(box, {"login": "max"})
    answer = users(box, {"login": "Max"}, check=True)
    assert "There is no VPN user 'Max'. There is 'max', which differs only in case." in answer["warnings"]


@pytest.mark.parametrize("check", [True, False])
def test_without_the_permission_nothing_is_begun(box: Box, check: bool) -> None:
    box.simulator.set_rights("calls")
    answer = users(box, {"login": "max"}, check=check)
    assert f"lacks the permission settings on {box.simulator.url}" in answer["msg"]
    assert "Gestion des accès > Applications" in answer["msg"]
    assert not box.writes()
    assert not users(box, {"login": "max", "state": "absent"}, check=check).get("failed")  # there is nothing to do


def test_what_others_delete_meanwhile_is_gone(box: Box) -> None:
    users(box, {"login": "max"}, {"login": "erika"})
    gone = {"success": False, "error_code": "noent", "msg": "Pas d'entrée avec cet identifiant"}
    box.simulator.faults.add(path="vpn/user/max", method="DELETE", status=200, body=gone, applied=True)
    answer = users(box, {"login": "max", "state": "absent"}, {"login": "erika", "state": "absent"})
    assert not answer.get("failed"), answer["msg"]
    assert answer["counts"] == {"deleted": 2}
    assert kept(box) == {}


def test_one_that_the_box_refuses_fails_alone_in_the_words_of_the_box(box: Box) -> None:
    no = {"success": False, "error_code": "inval", "msg": "Paramètres invalides"}
    box.simulator.faults.add(path="vpn/user/", method="POST", status=200, body=no)
    answer = users(box, {"login": "ana"}, {"login": "ben"})
    assert answer["failed"]
    assert answer["changed"]
    assert [one["action"] for one in answer["objects"]] == ["failed", "created"]
    assert "answered inval: Paramètres invalides (the box does not accept these values)" in answer["msg"]


def test_a_new_user_whose_name_is_taken_meanwhile_is_brought_to_what_is_declared(box: Box) -> None:
    box.simulator.faults.add(
        path="vpn/user/", method="POST", do="act", act=lambda: box.simulator.machine.users.set(login="max")
    )
    answer = users(box, {"login": "max", "ip_reservation": "192.168.27.70"})
    assert not answer.get("failed"), answer["msg"]
    assert kept(box) == {"max": "192.168.27.70"}


NO = {"success": False, "error_code": "inval", "msg": "Paramètres invalides"}
UNSURE = {"success": False, "error_code": "internal_error", "msg": "Erreur interne"}


@pytest.mark.parametrize("path", ["vpn/connection/*", "vpn/user/max"])
@pytest.mark.parametrize("how", [{"do": "drop"}, {"do": "drop", "applied": True}, {"status": 200, "body": UNSURE}])
def test_a_deleted_user_is_disconnected_though_an_answer_is_lost(
    lasting: Box, path: str, how: dict[str, t.Any]
) -> None:
    box = lasting
    users(box, {"login": "max"})
    box.simulator.connect("max")
    box.simulator.faults.add(path=path, method="DELETE", **how)
    answer = users(box, {"login": "max", "state": "absent"})
    assert not answer.get("failed"), answer["msg"]
    assert box.simulator.state()["connections"] == []


@pytest.mark.parametrize("how", [{"do": "drop"}, {"status": 200, "body": UNSURE}, {"status": 200, "body": NO}])
def test_a_deleted_user_who_stays_connected_is_reported(lasting: Box, how: dict[str, t.Any]) -> None:
    """The next task would find no such user, and nothing to do."""
    box = lasting
    users(box, {"login": "max"}, {"login": "erika"})
    box.simulator.connect("max")
    box.simulator.faults.add(path="vpn/connection/*", method="DELETE", times=None, **how)
    answer = users(box, {"login": "max", "state": "absent"}, {"login": "erika", "state": "absent"})
    assert answer["failed"]
    assert answer["changed"]
    assert "max: it was deleted, but may still be connected: " in answer["msg"]
    assert "freebox_vpn_connection" in answer["msg"]
    assert [one["action"] for one in answer["objects"]] == ["failed", "deleted"]


def test_who_is_connected_cannot_be_read(box: Box) -> None:
    users(box, {"login": "max"})
    box.simulator.faults.add(path="vpn/connection/", method="GET", times=None, status=502)
    answer = users(box, {"login": "max", "state": "absent"})
    assert answer["failed"]
    assert "max" in answer["msg"]
    assert "freebox_vpn_connection" in answer["msg"]


def test_a_phone_that_becomes_a_standard_user_changes_addresses_with_another_phone(box: Box) -> None:
    """It gets a temporary address while it is still a phone, which always needs an address."""
    users(box, phone(ADDRESSES[0], "phone0"), phone(ADDRESSES[1], "phone1"))
    standard = {"login": "phone0", "type": "standard", "ip_reservation": ADDRESSES[1]}
    answer = users(box, standard, phone(ADDRESSES[0], "phone1"), recreate=True)
    assert not answer.get("failed"), answer["msg"]
    assert kept(box) == {"phone0": ADDRESSES[1], "phone1": ADDRESSES[0]}


def test_a_user_who_is_deleted_and_not_created_again_is_reported(box: Box) -> None:
    users(box, {"login": "max", "password": PASSWORD})
    box.simulator.faults.add(path="vpn/user/", method="POST", status=200, body=NO)
    answer = users(box, {"login": "max", "type": "wireguard", "ip_reservation": "192.168.27.70"}, recreate=True)
    assert answer["failed"]
    assert answer["changed"]
    assert "max: it was deleted, but" in answer["msg"]


@pytest.mark.parametrize("refused", [True, False])
def test_a_user_who_is_created_again_is_disconnected(lasting: Box, refused: bool) -> None:
    box = lasting
    users(box, {"login": "max"})
    box.simulator.connect("max")
    if refused:
        box.simulator.faults.add(path="vpn/connection/*", method="DELETE", times=None, status=200, body=NO)
    answer = users(box, {"login": "max", "type": "wireguard", "ip_reservation": "192.168.27.70"}, recreate=True)
    assert bool(answer.get("failed")) is refused
    assert not refused or "max: it was deleted, but may still be connected: " in answer["msg"]
    assert bool(box.simulator.state()["connections"]) is refused
    assert box.inform(VPN_USER)[0]["type"] == "wireguard"


def test_unknown_keys_are_not_shown(box: Box) -> None:
    """They may be the user's own; it is unknown whether a box returns those."""
    users(box, phone("192.168.27.71", conf_wireguard={"keepalive": 25}))
    [user] = [one.response for one in box.simulator.log if one.method == "GET" and one.path.endswith("/vpn/user/")][-1][
        "result"
    ]
    later = {**user, "conf_wireguard": {**user["conf_wireguard"], "private_key": PASSWORD}}
    box.simulator.faults.add(
        path="vpn/user/", method="GET", status=200, times=None, body={"success": True, "result": [later]}
    )
    assert PASSWORD not in str(box.inform(VPN_USER))
    answer = users(box, {"login": "phone", "conf_wireguard": {"psk": True}}, check=True)
    assert answer["changed"]
    assert PASSWORD not in text_of(answer)
