# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Freebox says what it is, pairs apps, and opens sessions."""

from __future__ import annotations

import hmac

import pytest
from ansible_collections.vpn.estate.tests.simulator.freebox import ApiVersion, FreeboxSimulator
from ansible_collections.vpn.estate.tests.simulator.freebox.sessions import password_for

APP = {"app_id": "org.example.app", "app_name": "Example", "app_version": "1", "device_name": "here"}


def error_of(reply):
    return reply.status, reply.body["error_code"]


def test_the_password_of_a_login_is_that_of_the_document():
    token = "89vtuOaDxJ/TDeBDPgWSk9083SbQgEMnHdIGoHg2qK2tpWcLuiRofIjuxZSG8yJn"
    assert password_for(token, "drMHV/Atq4ZTtFItdgqfklDdT75k92qE") == "b4015852c9216f99f4ba20964b21c010bb779d99"


@pytest.mark.parametrize("version", ["4.0", "8.5", "16.0"])
def test_discovery_needs_no_login_and_no_envelope(start_box, version):
    box, api = start_box(api_version=version)
    api.token = None
    reply = api.call("GET", "/api_version")
    assert reply.status == 200
    assert (reply.body["api_version"], reply.body["api_base_url"]) == (version, "/api/")
    assert box.url.endswith(f":{reply.body['https_port']}")
    assert reply.body["uid"] == box.machine.uid


def test_from_outside_discovery_tells_how_to_come_in_and_no_more(box, box_api):
    box.configure(outside=True)
    reply = box_api.call("GET", "/api_version")
    assert set(reply.body) == {"api_version", "api_base_url", "api_domain", "https_available", "https_port"}
    assert error_of(box_api.post("login/authorize/", APP)) == (403, "denied_from_external_ip")


def test_older_versions_are_served_and_younger_ones_are_not(box_api):
    for version, status in [("v1", 404), ("v2", 200), ("v8", 200), ("latest", 200), ("v17", 404), ("vlatest", 404)]:
        box_api.version = version
        assert (version, box_api.get("vpn/").status) == (version, status)


def test_what_no_document_names_is_not_there(box_api):
    for method, path in [
        ("GET", "vpn/status/"),
        ("GET", "vpn/openvpn/"),
        ("GET", "vpn/user/alice/config/openvpn"),
        ("PUT", "vpn/openvpn_routed"),
        ("DELETE", "vpn/user/"),
        ("GET", "login/perms/"),
        ("GET", ""),
    ]:
        reply = box_api.call(method, f"/api/v16/{path}")
        assert (path, *error_of(reply)) == (path, 404, "invalid_request")
        assert reply.body["msg"] == "Requête invalide (404)"


def test_versions_that_no_box_has_are_refused():
    for wrong in ("16", "1.1", "v16.0", ""):
        with pytest.raises(ValueError, match="version of the API"):
            ApiVersion(wrong)


def test_a_path_may_end_in_a_slash_or_not(box_api):
    for path in ("vpn", "vpn/user", "login", "vpn/pptp/config"):
        assert [box_api.get(each).body["success"] for each in (path, f"{path}/")] == [True, True]
    assert box_api.get("vpn//").status == 404


def test_json_is_accepted_however_it_is_labelled(box_api):
    reply = box_api.call("POST", "/api/v16/vpn/user", {"login": "alice"}, Content_Type="text/plain")
    assert reply.body["result"]["login"] == "alice"
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"


def test_without_a_session_there_is_a_challenge_instead(box, box_api):
    box_api.token = None
    reply = box_api.get("vpn/")
    assert error_of(reply) == (403, "auth_required")
    assert reply.body["uid"] == box.machine.uid
    challenge = reply.body["result"]["challenge"]
    password = hmac.new(box.app_token.encode(), challenge.encode(), "sha1").hexdigest()
    assert box_api.post("login/session/", {"app_id": box.app_id, "password": password}).body["success"]


def test_a_session_ends_by_logout_by_time_and_on_demand(box, box_api):
    def logged_in():
        return box_api.get("login/").body["result"]["logged_in"]

    assert logged_in()
    assert box_api.post("login/logout/").body == {"success": True}
    assert not logged_in()
    box_api.login(box.app_id, box.app_token)
    box.clock.advance(1799)
    assert box_api.get("vpn/").status == 200
    box.clock.advance(1799)
    assert logged_in(), "it is used now and then"
    box.clock.advance(1800)
    assert error_of(box_api.get("vpn/")) == (403, "auth_required")
    box_api.login(box.app_id, box.app_token)
    assert box.expire_sessions() == 1
    assert error_of(box_api.get("vpn/")) == (403, "auth_required")
    assert box_api.get("vpn/").body["result"]["challenge"]


def test_challenges_change_and_age(box, box_api):
    def challenge():
        return box_api.get("login/").body["result"]["challenge"]

    first = challenge()
    assert challenge() == first
    box.clock.advance(11)
    second = challenge()
    assert second != first
    body = {"app_id": box.app_id, "password": password_for(box.app_token, first)}
    assert box_api.post("login/session/", body).body["success"], "it is still accepted"
    box.clock.advance(60)
    reply = box_api.post("login/session/", body)
    assert error_of(reply) == (403, "invalid_token")
    assert reply.body["result"]["challenge"] not in (first, second)


@pytest.mark.parametrize(("reading", "again"), [("many", True), ("once", False)])
def test_a_challenge_is_good_for_many_logins_or_for_one(box, box_api, reading, again):
    box.read_as(challenge_use=reading)
    challenge = box_api.get("login/").body["result"]["challenge"]
    body = {"app_id": box.app_id, "password": password_for(box.app_token, challenge)}
    assert [box_api.post("login/session/", body).body["success"] for _unused in range(2)] == [True, again]


def test_after_wrong_tokens_an_address_is_put_off(box, box_api):
    wrong = "A" * 64
    for _unused in range(5):
        assert error_of(box_api.login(box.app_id, wrong)) == (403, "invalid_token")
    assert error_of(box_api.login(box.app_id, box.app_token)) == (403, "ratelimited")
    box.clock.advance(60)
    assert box_api.login(box.app_id, box.app_token).body["success"]
    assert error_of(box_api.login("org.example.unknown", box.app_token)) == (403, "invalid_token")


def test_apps_may_be_denied(box, box_api):
    box.configure(accepts_new_apps=False)
    assert error_of(box_api.post("login/authorize/", APP)) == (403, "new_apps_denied")
    box.configure(accepts_apps=False)
    assert error_of(box_api.post("login/authorize/", APP)) == (403, "apps_denied")
    assert error_of(box_api.login(box.app_id, box.app_token)) == (403, "apps_denied")


def ask(api):
    result = api.post("login/authorize/", APP).body["result"]
    return result["app_token"], result["track_id"]


def status(api, track):
    return api.get(f"login/authorize/{track}").body["result"]["status"]


def test_an_app_is_paired_when_somebody_presses_the_button(box, box_api):
    token, track = ask(box_api)
    assert len(token) == 64
    assert {"/", "+"} <= set(token)
    assert status(box_api, track) == "pending"
    assert error_of(box_api.login(APP["app_id"], token)) == (403, "pending_token")
    assert box.press_button() == track
    assert status(box_api, track) == "granted"
    reply = box_api.login(APP["app_id"], token)
    assert reply.body["result"]["permissions"]["settings"] is False
    assert reply.body["result"]["permissions"]["downloader"] is True
    box.set_rights("settings", app_id=APP["app_id"])
    assert box_api.post("vpn/user/", {"login": "alice"}).body["success"], "rights count at once"


@pytest.mark.parametrize("outcome", ["denied", "timeout"])
def test_nobody_presses_the_button(box, box_api, outcome):
    token, track = ask(box_api)
    assert status(box_api, track) == "pending"
    box.press_button(outcome)
    assert status(box_api, track) == outcome
    assert error_of(box_api.login(APP["app_id"], token)) == (403, "invalid_token")


def test_the_button_is_waited_for_two_minutes(box, box_api):
    _token, track = ask(box_api)
    box.clock.advance(119)
    assert status(box_api, track) == "pending"
    box.clock.advance(1)
    assert status(box_api, track) == "timeout"
    with pytest.raises(ValueError, match="no app waits"):
        box.press_button()


def test_who_does_not_look_after_a_pairing_gets_nothing(box, box_api):
    token, track = ask(box_api)
    box.press_button()
    assert status(box_api, track) == "unknown"
    assert error_of(box_api.login(APP["app_id"], token)) == (403, "invalid_token")


def test_a_track_that_was_never_given_is_unknown(box_api):
    assert status(box_api, 9999) == status(box_api, "x") == "unknown"


def test_a_revoked_app_is_out_at_once(box, box_api):
    box.revoke()
    assert error_of(box_api.get("vpn/")) == (403, "auth_required")
    assert error_of(box_api.login(box.app_id, box.app_token)) == (403, "invalid_token")


def test_reading_needs_no_right_and_everything_else_does(box, box_api):
    box.set_server("openvpn_routed", enabled=True)
    box.set_user("alice")
    connection = box.connect("alice")["id"]
    box.set_rights("explorer")
    for path in ("vpn/", "vpn/pptp/config/", "vpn/user/", "vpn/user/alice", "vpn/ip_pool/", "vpn/connection/"):
        assert box_api.get(path).body["success"]
    before = box.state()
    for method, path, body in [
        ("PUT", "vpn/pptp/config/", {"enabled": True}),
        ("POST", "vpn/user/", {"login": "bob"}),
        ("PUT", "vpn/user/alice", {"password": "12345678"}),
        ("DELETE", "vpn/user/alice", None),
        ("DELETE", f"vpn/connection/{connection}", None),
        ("GET", "vpn/download_config/openvpn_routed/alice", None),
    ]:
        reply = box_api.call(method, f"/api/v16/{path}", body)
        assert (path, *error_of(reply)) == (path, 403, "insufficient_rights")
        assert reply.body["missing_right"] == "settings"
        assert reply.body["result"] == {"password_salt": box.machine.sessions.salt}
    assert {**box.state(), "clock": 0} == {**before, "clock": 0}
    assert not box.writes
    box.read_as(insufficient_rights_challenge="given", denied_rights="absent")
    assert "challenge" in box_api.delete("vpn/user/alice").body["result"]
    assert box_api.login(box.app_id, box.app_token).body["result"]["permissions"] == {"explorer": True}


def test_a_reset_keeps_the_app(box, box_api):
    box_api.post("vpn/user/", {"login": "alice"})
    box.set_rights()
    box.reset()
    assert error_of(box_api.get("vpn/")) == (403, "auth_required")
    assert box_api.login(box.app_id, box.app_token).body["result"]["permissions"]["settings"]
    assert box.state()["users"] == {}


def test_the_parts_of_a_box_refuse_what_makes_no_sense(box):
    with pytest.raises(ValueError, match="there is no right cooking"):
        box.set_rights("cooking")
    with pytest.raises(ValueError, match="granted, denied or timeout"):
        box.press_button("maybe")
    with pytest.raises(ValueError, match="is paired"):
        box.set_rights("settings", app_id="org.example.unknown")
    with pytest.raises(ValueError, match="no reading"):
        FreeboxSimulator(readings={"colour": "red"})
