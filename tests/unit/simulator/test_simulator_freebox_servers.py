# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPN servers of a simulated Freebox: what is configured, and how they start and stop."""

from __future__ import annotations

import pytest

NAMES = ("pptp", "openvpn_routed", "openvpn_bridge", "ipsec", "wireguard")


def states(api):
    return {each["name"]: each["state"] for each in api.get("vpn/").body["result"]}


def configured(api, name):
    return api.get(f"vpn/{name}/config/").body["result"]


def change(api, name, **values):
    return api.put(f"vpn/{name}/config/", values)


@pytest.mark.parametrize(("version", "number"), [("4.0", 3), ("8.5", 4), ("16.0", 5)])
def test_each_version_has_its_servers(start_box, version, number):
    _box, api = start_box(api_version=version)
    assert tuple(states(api)) == NAMES[:number]
    assert set(states(api).values()) == {"stopped"}


def test_a_server_has_the_keys_of_its_type(box_api):
    special = {"conf_pptp", "conf_openvpn", "conf_ipsec", "conf_wireguard", "port_ike", "port_nat", "port"}
    for name, kind, keys in [
        ("pptp", "pptp", {"conf_pptp", "port"}),
        ("openvpn_routed", "openvpn", {"conf_openvpn", "port"}),
        ("openvpn_bridge", "openvpn", {"conf_openvpn", "port"}),
        ("ipsec", "ipsec", {"conf_ipsec", "port_ike", "port_nat"}),
        ("wireguard", "wireguard", {"conf_wireguard", "port"}),
    ]:
        found = configured(box_api, name)
        assert (found["id"], found["type"], special & set(found)) == (name, kind, keys)
        assert (found["ip_start"], found["ip_end"]) == ("192.168.27.65", "192.168.27.95")


def test_a_server_goes_through_its_states(box, box_api):
    box.configure(start_duration=60.0, stop_duration=60.0)
    assert change(box_api, "openvpn_routed", enabled=True).body["result"]["enabled"] is True
    assert states(box_api)["openvpn_routed"] == "starting"
    box.clock.advance(60)
    assert states(box_api)["openvpn_routed"] == "started"
    assert states(box_api)["pptp"] == "stopped"
    box.set_user("alice")
    box.connect("alice")
    change(box_api, "openvpn_routed", enabled=False)
    assert states(box_api)["openvpn_routed"] == "stopping"
    assert box_api.get("vpn/connection/").body == {"success": True}
    box.clock.advance(60)
    assert states(box_api)["openvpn_routed"] == "stopped"


def test_a_server_can_end_in_an_error(box, box_api):
    box.set_server("wireguard", broken=True)
    change(box_api, "wireguard", enabled=True)
    box.clock.advance(60)
    assert states(box_api)["wireguard"] == "error"
    change(box_api, "wireguard", enabled=False)
    box.clock.advance(60)
    assert states(box_api)["wireguard"] == "stopped"


@pytest.mark.parametrize(("reading", "state"), [("restarts", "starting"), ("goes_on", "started")])
def test_a_change_to_a_server_that_runs(box, box_api, reading, state):
    box.read_as(change_while_started=reading)
    box.set_server("openvpn_routed", enabled=True)
    box.configure(start_duration=60.0)
    change(box_api, "openvpn_routed", enabled=True)
    assert states(box_api)["openvpn_routed"] == "started", "nothing has changed"
    change(box_api, "openvpn_routed", port=1200)
    assert states(box_api)["openvpn_routed"] == state


@pytest.mark.parametrize(("reading", "kept"), [("merge", True), ("replace", False)])
def test_an_object_keeps_what_a_change_does_not_name_or_not(box, box_api, reading, kept):
    box.read_as(partial_objects=reading)
    change(box_api, "openvpn_routed", conf_openvpn={"use_tcp": True, "cipher": "aes256"}, port=1200)
    reply = change(box_api, "openvpn_routed", conf_openvpn={"cipher": "blowfish"})
    expected = {"cipher": "blowfish", "disable_fragment": False, "use_tcp": kept}
    assert reply.body["result"]["conf_openvpn"] == expected
    assert configured(box_api, "openvpn_routed")["port"] == 1200, "what is no object keeps its value in any case"
    change(box_api, "pptp", conf_pptp={"allowed_auth": {"pap": True}})
    assert configured(box_api, "pptp")["conf_pptp"]["allowed_auth"] == {"pap": True, "chap": False, "mschapv2": True}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("openvpn_routed", {"conf_openvpn": {"cipher": "rot13"}}),
        ("openvpn_routed", {"conf_openvpn": {"colour": "red"}}),
        ("openvpn_routed", {"conf_pptp": {"mppe": "disable"}}),
        ("openvpn_routed", {"colour": "red"}),
        ("openvpn_routed", {"port": "1194"}),
        ("openvpn_routed", {"enabled": None}),
        ("openvpn_routed", {"id": "openvpn_routed"}),
        ("pptp", {"port": 1724}),
        ("ipsec", {"port": 500}),
        ("ipsec", {"port_ike": 70000}),
        ("ipsec", {"conf_ipsec": {}}),
        ("wireguard", {"conf_wireguard": {"mtu": 511}}),
        ("wireguard", {"conf_wireguard": {"mtu": 1421}}),
        ("wireguard", {"conf_wireguard": {"mtu": True}}),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_log_says_why(box, box_api, refused_by_box, name, values):
    before = configured(box_api, name)
    refused_by_box(change(box_api, name, **values), "inval")
    assert next(iter(values)) in box.log[-1].remark
    assert box.log[-1].wrote is False
    assert configured(box_api, name) == before


def test_a_body_that_is_no_object_is_refused(box_api, refused_by_box):
    for body in ([], "enabled", None):
        refused_by_box(box_api.put("vpn/pptp/config/", body), "inval")


def test_a_body_that_is_no_json_is_refused(box, box_api):
    connection = box_api._connection
    connection.request("PUT", "/api/v16/vpn/pptp/config/", "{", {box_api.token_header: box_api.token})
    assert b"invalid_request" in connection.getresponse().read()


def test_ports_have_a_range(box, box_api, refused_by_box):
    box.configure(min_port=16384, max_port=32767)
    assert configured(box_api, "wireguard")["min_port"] == 16384
    refused_by_box(change(box_api, "wireguard", port=16383), "port_outside_range")
    refused_by_box(change(box_api, "openvpn_bridge", port=32768, enabled=True), "port_outside_range")
    assert configured(box_api, "openvpn_bridge")["enabled"] is False, "all of it or nothing"
    assert change(box_api, "wireguard", port=16384).body["result"]["port"] == 16384
    assert change(box_api, "ipsec", port_ike=600).body["result"]["port_ike"] == 600


def test_open_questions_have_a_reading_each(box, box_api, refused_by_box):
    assert change(box_api, "pptp", enable_ipv6=True).body["success"]
    assert "enable_ipv6" not in configured(box_api, "pptp")
    box.read_as(irrelevant_keys="refused", read_only_keys="ignored", ipsec_auth_modes="map")
    refused_by_box(change(box_api, "pptp", enable_ipv6=True), "inval")
    assert box_api.put("vpn/ipsec/config/", configured(box_api, "ipsec")).body["success"]
    assert "psk" in configured(box_api, "ipsec")["conf_ipsec"]["auth_modes"]


def test_old_boxes_have_no_new_ciphers(start_box, box_api, refused_by_box):
    _old, old_api = start_box(api_version="4.0")
    new = {"cipher": "chacha20poly1305"}
    refused_by_box(change(old_api, "openvpn_routed", conf_openvpn=new), "inval")
    assert change(box_api, "openvpn_routed", conf_openvpn=new).body["success"]


@pytest.mark.parametrize(("reading", "status"), [("200", 200), ("404", 404)])
def test_a_server_that_is_not_there(box, box_api, refused_by_box, reading, status):
    box.read_as(noent_status=reading)
    refused_by_box(box_api.get("vpn/openvpn/config/"), "noent", status)
    refused_by_box(box_api.put("vpn/openvpn/config/", {"enabled": True}), "noent", status)
