# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN users of a simulated Freebox, the pool of addresses, and who is connected."""

from __future__ import annotations

import pytest

WIREGUARD = {"login": "phone", "type": "wireguard", "ip_reservation": "192.168.27.70"}


def add(api, **values):
    return api.post("vpn/user/", values)


def change(api, user, **values):
    return api.put(f"vpn/user/{user}", values)


def test_a_user_comes_and_goes(box, box_api, refused_by_box):
    assert box_api.get("vpn/user/").body == {"success": True}
    made = add(box_api, login="alice", password="Secret-123").body["result"]
    assert made == {"login": "alice", "password_set": True, "ip_reservation": ""}, "no type (F66)"
    assert box_api.get("vpn/user/alice").body["result"] == {**made, "type": "standard"}
    assert box_api.get("vpn/user/").body["result"] == [{**made, "type": "standard"}]
    refused_by_box(add(box_api, login="alice"), "exist")
    assert box_api.delete("vpn/user/alice").body == {"success": True}
    refused_by_box(box_api.delete("vpn/user/alice"), "noent")
    refused_by_box(box_api.get("vpn/user/alice"), "noent")
    refused_by_box(change(box_api, "alice", password="Secret-123"), "noent")
    box.read_as(empty_list="array", noent_status="404")
    assert box_api.get("vpn/user/").body == {"success": True, "result": []}
    refused_by_box(box_api.get("vpn/user/alice"), "noent", 404)


def test_a_password_is_set_and_never_told(box, box_api):
    add(box_api, login="alice")
    assert box_api.get("vpn/user/alice").body["result"]["password_set"] is False
    reply = change(box_api, "alice", password="Secret-123")
    assert reply.body["result"]["password_set"] is True
    assert box.password_is("alice", "Secret-123")
    assert "Secret-123" not in str((reply.body, box_api.get("vpn/user/").body, box.state()))


@pytest.mark.parametrize(("reading", "accepted"), [("accepted", True), ("refused", False)])
def test_a_password_together_with_the_login(box, box_api, reading, accepted):
    box.read_as(put_with_login=reading)
    box.set_user("alice")
    assert change(box_api, "alice", login="alice", password="Secret-123").body["success"] is accepted
    assert box.password_is("alice", "Secret-123") is accepted
    assert change(box_api, "alice", login="alice").body["success"]


def test_logins_may_hold_anything(box, box_api):
    for login, path in [("a b", "a%20b"), ("é@x", "%C3%A9%40x"), ("a%b", "a%25b")]:
        assert add(box_api, login=login).body["success"]
        assert box_api.get(f"vpn/user/{path}").body["result"]["login"] == login
    assert set(box.state()["users"]) == {"a b", "é@x", "a%b"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"login": ""},
        {"login": 1},
        {"login": "a", "password": "1234567"},
        {"login": "a", "password": "1" * 33},
        {"login": "a", "password": None},
        {"login": "a", "password_set": True},
        {"login": "a", "description": "of no box"},
        {"login": "a", "self": "a"},
        {"login": "a", "type": "pptp"},
        {"login": "a", "ip_reservation": "192.168.27.64"},
        {"login": "a", "ip_reservation": "192.168.27.96"},
        {"login": "a", "ip_reservation": "alice"},
        {"login": "a", "conf_wireguard": {"psk": True}},
        {"login": "a", "type": "wireguard"},
        {**WIREGUARD, "password": "Secret-123"},
        {**WIREGUARD, "conf_wireguard": {"psk": 1}},
        {**WIREGUARD, "conf_wireguard": {"keepalive": -1}},
        {**WIREGUARD, "conf_wireguard": {"key": "x"}},
    ],
)
def test_what_makes_no_sense_is_refused(box, box_api, refused_by_box, values):
    refused_by_box(add(box_api, **values), "inval")
    assert box.log[-1].remark
    assert box.state()["users"] == {}
    assert not box.writes


def test_an_address_is_kept_for_one_user(box, box_api, refused_by_box):
    first, last = "192.168.27.65", "192.168.27.95"
    add(box_api, login="alice", ip_reservation=first)
    add(box_api, login="bob", ip_reservation=last)
    pool = box_api.get("vpn/ip_pool/").body["result"]
    assert (pool["ip_start"], pool["ip_end"]) == (first, last)
    assert pool["reservations"] == [{"login": "alice", "ip": first}, {"login": "bob", "ip": last}]
    for code in ("inval", "exist", "inuse"):
        box.read_as(address_taken=code)
        refused_by_box(change(box_api, "bob", ip_reservation=first), code)
        refused_by_box(add(box_api, login="carol", ip_reservation=first), code)
    assert change(box_api, "alice", ip_reservation=first).body["success"], "it is hers"
    change(box_api, "alice", password="Secret-123")
    assert box_api.get("vpn/user/alice").body["result"]["ip_reservation"] == first
    assert change(box_api, "alice", ip_reservation="").body["result"]["ip_reservation"] == ""
    assert change(box_api, "bob", ip_reservation=first).body["success"]
    box_api.delete("vpn/user/bob")
    assert box_api.get("vpn/ip_pool/").body["result"]["reservations"] == []


def test_users_of_wireguard(box, box_api, refused_by_box):
    reply = add(box_api, **WIREGUARD, conf_wireguard={"keepalive": 25})
    assert reply.body["result"]["conf_wireguard"] == {"keepalive": 25, "psk": False}
    refused_by_box(change(box_api, "phone", ip_reservation=""), "inval")
    refused_by_box(change(box_api, "phone", type="standard"), "inval")
    assert change(box_api, "phone", type="wireguard", conf_wireguard={"psk": True}).body["success"]
    shown = box_api.get("vpn/user/phone").body["result"]
    assert shown["conf_wireguard"] == {"keepalive": 25, "psk": True}
    box.read_as(partial_objects="replace")
    change(box_api, "phone", conf_wireguard={"psk": True})
    assert box_api.get("vpn/user/phone").body["result"]["conf_wireguard"] == {"keepalive": 0, "psk": True}
    box.set_user("alice")
    refused_by_box(change(box_api, "alice", conf_wireguard={"psk": True}), "inval")
    refused_by_box(change(box_api, "alice", login="bob"), "inval")


def test_old_boxes_know_no_types(start_box, refused_by_box):
    _box, api = start_box(api_version="4.0")
    refused_by_box(add(api, login="alice", type="standard"), "inval")
    add(api, login="alice")
    assert "type" not in api.get("vpn/user/alice").body["result"]


def test_there_can_be_too_many_users(box, box_api, refused_by_box):
    box.configure(user_limit=1)
    assert add(box_api, login="alice").body["success"]
    refused_by_box(add(box_api, login="bob"), "size")


def test_connections_are_listed_and_closed(box, box_api, refused_by_box):
    assert box_api.get("vpn/connection/").body == {"success": True}
    box.set_server("openvpn_routed", enabled=True)
    box.set_user("alice", ip_reservation="192.168.27.80")
    box.set_user("bob")
    kept, free = box.connect("alice"), box.connect("bob", authenticated=False)
    assert (kept["local_ip"], free["local_ip"]) == ("192.168.27.80", "192.168.27.65")
    assert box_api.get("vpn/connection/").body["result"] == [kept, free]
    (server,) = [each for each in box_api.get("vpn/").body["result"] if each["name"] == "openvpn_routed"]
    assert (server["connection_count"], server["auth_connection_count"]) == (2, 1)
    assert box_api.delete(f"vpn/connection/{kept['id']}").body == {"success": True}
    refused_by_box(box_api.delete(f"vpn/connection/{kept['id']}"), "noent")
    box_api.delete("vpn/user/bob")
    assert box_api.get("vpn/connection/").body == {"success": True}


def test_connections_need_a_user_and_a_server_that_runs(box):
    box.set_user("alice")
    with pytest.raises(ValueError, match="is started"):
        box.connect("alice")
    with pytest.raises(ValueError, match="there is no VPN user"):
        box.connect("bob")
