# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in to a simulated Access Server: lockout, challenges, tokens and passwords, by the server's clock."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import code, counter

STRONG = "Str0ng-enough"


def answer(api, server, context, response, username="mfa-admin"):
    api.token = None
    body = {"username": username, "response": response, "challenge_context": context, "request_admin": True}
    return api.post("auth/login/mfaauth", body)


def challenge(api, server):
    reply = api.login(server.mfa_username, server.mfa_password, request_admin=True)
    assert reply.status == 401
    return reply.body["challenge_context"]


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(server, api):
    for _unused in range(4):
        assert api.login("openvpn", "wrong").body == {"reason": "Login failed"}
    assert api.login("openvpn", server.password).status == 200
    for _unused in range(5):
        api.login("openvpn", "wrong")
    assert api.login("openvpn", server.password).body["reason"].startswith("LOCKOUT")
    server.clock.advance(899)
    assert api.login("openvpn", server.password).status == 403
    server.clock.advance(1)
    assert api.login("openvpn", server.password).status == 200


@pytest.mark.parametrize("method", ["ldap", "pam", "pas_only", "radius"])
def test_a_back_end_that_is_not_there_knows_no_passwords(server, api, method):
    server.set_user("openvpn", auth_method=method)
    assert api.login("openvpn", server.password, request_admin=True).status == 403


def test_wrong_codes_count_as_failures_and_say_nothing_of_the_lockout(server, api, current_code):
    for _unused in range(5):
        assert answer(api, server, challenge(api, server), "000000").status == 403
    assert api.login(server.mfa_username, server.mfa_password).body["reason"].startswith("LOCKOUT")
    assert answer(api, server, "any", current_code(server)).body == {"reason": "Login failed"}


def test_a_cold_restart_ends_a_lockout_and_a_warm_one_does_not(start):
    server, api = start(settings={"restart_downtime": 0.0})
    for _unused in range(5):
        api.login("alice", "wrong")
    assert api.login("openvpn", server.password, request_admin=True).status == 200
    token = api.token
    for mode, reason in (("warm", "LOCKOUT"), ("cold", "Login failed")):
        api.token = token
        assert api.post(f"server/restart?restartMode={mode}").status == 200
        assert api.login("alice", "wrong").body["reason"].startswith(reason)


def test_a_code_works_once_and_the_next_window_has_another(server, api, current_code):
    now = current_code(server)
    assert answer(api, server, challenge(api, server), now).status == 200
    assert answer(api, server, challenge(api, server), now).status == 403
    server.clock.advance(30)
    assert answer(api, server, challenge(api, server), current_code(server)).status == 200


def test_a_challenge_can_be_answered_for_two_minutes_but_not_for_three(server, api, current_code):
    context = challenge(api, server)
    server.clock.advance(120)
    assert answer(api, server, context, current_code(server)).status == 200
    context = challenge(api, server)
    server.clock.advance(180)
    assert answer(api, server, context, current_code(server)).status == 403


def test_a_challenge_belongs_to_its_user(server, api, current_code):
    context = challenge(api, server)
    assert answer(api, server, context, current_code(server), username="openvpn").status == 403


def test_a_token_lasts_ten_minutes_and_can_be_renewed_for_four_hours(server, api):
    first = api.login("openvpn", server.password, request_admin=True).body
    times = [dt.datetime.fromisoformat(first[name]) for name in ("expires_after", "renewable_until")]
    assert times[1] - times[0] == dt.timedelta(hours=3, minutes=50)
    server.clock.advance(599)
    assert api.get("server/info").status == 200
    renewed = api.post("auth/token/renew").body
    assert renewed["renewable_until"] == first["renewable_until"]
    assert set(renewed) == {"auth_token", "expires_after", "renewable_until"}
    server.clock.advance(2)
    assert api.get("server/info").status == 401, "the old token goes on until it expires, and no longer"
    assert api.post("auth/token/renew").status == 401
    api.token = renewed["auth_token"]
    assert api.get("server/info").status == 200
    for _unused in range(25):
        server.clock.advance(570)
        reply = api.post("auth/token/renew")
        if reply.status == 403:
            break
        api.token = reply.body["auth_token"]
    assert reply.body == {"reason": "Token renewal is no longer allowed"}
    assert api.get("server/info").status == 200


def test_lifetimes_follow_the_configuration_once_it_is_in_force(start):
    server, api = start(settings={"restart_downtime": 0.0})
    api.post("config-items/default", {"auth.sessiontoken.lifetime": 60})
    assert api.login("openvpn", server.password, request_admin=True).status == 200
    server.clock.advance(61)
    assert api.post("server/restart").status == 200
    assert api.login("openvpn", server.password, request_admin=True).status == 200
    server.clock.advance(61)
    assert api.get("server/info").status == 401


def test_administrator_rights_must_be_asked_for(server, api):
    reply = api.login("openvpn", server.password)
    assert reply.body["user_properties"]["user_type"] == "user"
    assert api.get("server/info").body == {"reason": "Insufficient privileges to use this API"}


def test_rights_that_are_taken_away_are_gone_from_running_sessions(server, api):
    server.set_user("alice", admin=True, password=STRONG)
    assert api.login("alice", STRONG, request_admin=True).status == 200
    assert api.get("server/info").status == 200
    server.set_user("alice", admin=False)
    assert api.get("server/info").status == 403
    server.delete_user("alice")
    assert api.get("server/info").status == 401


@pytest.mark.parametrize("denied", ["deny", "deny_web"])
def test_denied_users_do_not_get_in(server, api, denied):
    server.set_group("left", **{denied: True})
    server.set_user("alice", group="left", password=STRONG)
    assert api.login("alice", STRONG).body == {"reason": "User access denied"}
    server.set_user("alice", **{denied: False})
    assert api.login("alice", STRONG).status == 200


def test_whoever_must_enrol_gets_a_token_for_nothing_else(server, api):
    server.set_user("alice", password=STRONG, totp=True, admin=True)
    reply = api.login("alice", STRONG, request_admin=True)
    assert reply.status == 409
    assert reply.body["user_properties"]["requires_mfa_enrollment"] is True
    api.token = reply.body["auth_token"]
    assert api.get("server/info").status == 403
    secret = reply.body["user_properties"]["mfa_secret"]
    now = code(secret, counter(server.clock.now()))
    assert api.post("auth/mfa/enroll", {"username": "alice", "token": now}).body == {"username": "alice"}
    assert server.state()["users"]["alice"]["totp_locked"] is True
    assert api.login("alice", STRONG, request_admin=True).status == 401


def test_totp_in_the_first_call_fails_on_real_servers_only(start, current_code):
    for dialect, status in (("3.2", 500), ("document", 200)):
        server, api = start(dialect=dialect)
        reply = api.login(server.mfa_username, server.mfa_password, totp=current_code(server))
        assert reply.status == status
        assert api.login(server.username, server.password, totp="123456").status == 200


def test_a_password_is_changed_with_a_recent_sign_in_only(server, api):
    server.set_user("alice")
    change = {"username": "alice", "new_password": STRONG}
    server.clock.advance(290)
    api.token = api.post("auth/token/renew").body["auth_token"]
    assert api.post("auth/password/change", change).status == 200
    server.clock.advance(10)
    refused = api.post("auth/password/change", change)
    assert (refused.status, refused.body) == (403, {"reason": "Auth token is not recent enough"})
    assert api.login("alice", STRONG).status == 200


@pytest.mark.parametrize("weak", ["Ab1-xyz", "abcdefg1-", "ABCDEFG1-", "Abcdefgh-", "Abcdefgh1"])
def test_weak_passwords_are_refused_where_strength_counts(server, api, weak):
    server.set_user("alice", password=STRONG)
    change = {"username": "alice", "new_password": weak}
    assert "not strong enough" in api.post("auth/password/change", change).body["reason"]
    assert server.password_is("alice", STRONG)
    server.set_user("alice", password_strength=False)
    assert api.post("auth/password/change", change).status == 200
    assert server.password_is("alice", weak)


def test_users_change_their_own_password_where_that_is_allowed(server, api):
    server.set_user("alice", password=STRONG)
    server.set_user("bob", password=STRONG)
    assert api.login("alice", STRONG).status == 200
    assert api.post("auth/password/change", {"username": "bob", "new_password": STRONG}).status == 403
    assert api.post("auth/password/change", {"new_password": STRONG + "2"}).status == 200
    server.set_user("alice", allow_password_change=False)
    assert api.post("auth/password/change", {"new_password": STRONG}).status == 403
    assert server.password_is("alice", STRONG + "2")


def test_the_token_never_gets_into_the_log(server, api):
    api.get("server/info")
    assert api.token
    assert all(api.token not in str(exchange.headers) for exchange in server.exchanges)
    assert server.exchanges[-1].headers["X-OpenVPN-As-AuthToken"] == "[redacted]"
