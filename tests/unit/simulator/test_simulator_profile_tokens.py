# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token URLs and installer URLs: who may make them, for how long and how often they are good."""

from __future__ import annotations

import re

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import Clock
from ansible_collections.vpn.estate.tests.simulator.answers import Refusal

PASSWORD = "Secret-123"


@pytest.fixture
def alice(server):
    server.set_user("alice", password=PASSWORD, autologin=True)
    server.set_user("bob", password=PASSWORD)
    return server


@pytest.fixture
def as_alice(alice, another_client):
    api = another_client(alice)
    assert api.login("alice", PASSWORD).status == 200
    return api


def tokens(api):
    return api.get("token-url/list").body["profileTokens"]


@pytest.mark.parametrize("dialect", ["3.2", "document"])
def test_the_url_names_the_server_and_a_token_for_one_hour_and_one_use(start, dialect):
    server, api = start(dialect=dialect, clock=Clock(lambda: 1.7e9))
    server.set_user("alice", autologin=True)
    reply = api.post("token-url", {"profile_type": "autologin", "username": "alice"})
    pattern = rf"openvpn://import-profile/{re.escape(server.url)}/rest/GetProfileViaToken\?token=(\w{{32}})"
    found = re.fullmatch(pattern, reply.body)
    assert found
    assert tokens(api) == [
        {
            "token": found[1],
            "username": "alice",
            "profile_type": "autologin",
            "expires": "2023-11-14T23:13:20Z",
            "usages": 1,
        }
    ]


def test_each_use_is_spent_and_counted(alice, api):
    body = {"profile_type": "userlogin", "username": "bob", "usages": 2, "lifetime": 60}
    token = api.post("token-url", body).body.rpartition("=")[2]
    for left in (1, 0):
        assert alice.machine.tokens.redeem(token) == ("bob", "userlogin")
        assert [each["usages"] for each in tokens(api)] == ([left] if left else [])
    with pytest.raises(Refusal, match="Invalid or expired"):
        alice.machine.tokens.redeem(token)


def test_a_token_ends_with_its_time(alice, api):
    short, longer = alice.add_profile_token("alice", lifetime=60), alice.add_profile_token("alice", lifetime=120)
    alice.clock.advance(59)
    assert [each["token"] for each in tokens(api)] == [short, longer]
    alice.clock.advance(2)
    assert [each["token"] for each in tokens(api)] == [longer]
    with pytest.raises(Refusal):
        alice.machine.tokens.redeem(short)
    assert api.post("token-url/delete", [short]).status == 404
    assert alice.machine.tokens.redeem(longer) == ("alice", "autologin")


def test_what_is_redeemed_can_be_issued(alice, api):
    profile = alice.machine.profiles.issue(*alice.machine.tokens.redeem(alice.add_profile_token("alice")))
    assert "BEGIN PRIVATE KEY" in profile.text
    assert [each["serial"] for each in api.post("profiles/list").body["profiles"]] == [profile.serial]
    with pytest.raises(Refusal, match="need autologin"):
        alice.machine.profiles.issue(*alice.machine.tokens.redeem(alice.add_profile_token("bob")))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"profile_type": "autologin", "username": "bob"}, 400),
        ({"profile_type": "userlogin", "username": "nobody"}, 400),
        ({"profile_type": "userlogin", "lifetime": 0}, 400),
        ({"profile_type": "userlogin", "usages": -1}, 400),
        ({"profile_type": "server-locked"}, 400),
        ({"username": "alice"}, 400),
        ({"profile_type": "userlogin", "user": "alice"}, 400),
        ({"profile_type": "userlogin", "lifetime": 86400, "usages": 50}, 200),
    ],
)
def test_what_an_administrator_may_ask_for(alice, api, body, status):
    assert api.post("token-url", body).status == status
    assert len(tokens(api)) == (status == 200)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 200),
        ({"username": "alice", "lifetime": 3600, "usages": 1}, 200),
        ({"username": "bob", "profile_type": "userlogin"}, 403),
        ({"lifetime": 3601}, 403),
        ({"usages": 2}, 403),
    ],
)
def test_what_a_user_may_ask_for(alice, api, as_alice, body, status):
    assert as_alice.post("token-url", {"profile_type": "autologin", **body}).status == status
    assert [each["username"] for each in tokens(api)] == (["alice"] if status == 200 else [])
    assert as_alice.get("token-url/list").status == as_alice.post("token-url/delete", []).status == 403


def test_tokens_are_deleted_together_or_not_at_all(alice, api):
    first, second = alice.add_profile_token("alice"), alice.add_profile_token("bob")
    assert api.post("token-url/delete", [first, "unknown"]).status == 404
    assert [each["token"] for each in tokens(api)] == [first, second]
    assert api.post("token-url/delete", [first]).status == 204
    assert [each["token"] for each in tokens(api)] == [second]


def test_an_installer_url_holds_a_token(alice, api):
    body = {"user": "alice", "installer_type": "mac_v3", "profile_type": "autologin", "tls_crypt_v2": True}
    url = api.post("installer-url", body).body
    (row,) = tokens(api)
    assert url == f"{alice.url}/api/GetInstallerViaToken?token={row['token']}&installer_type=mac_v3"
    assert (row["username"], row["profile_type"]) == ("alice", "autologin")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"installer_type": "ios"}, "Requested installer is not downloadable"),
        ({"installer_type": "win", "user": "bob"}, "Generation of installer url was not permitted"),
        ({"installer_type": "os2"}, "Request failed"),
        ({"profile_type": "userlogin"}, "Request failed"),
    ],
)
def test_an_installer_url_can_be_refused(alice, api, as_alice, body, reason):
    reply = as_alice.post("installer-url", body)
    assert (reply.status, reply.body["reason"], tokens(api)) == (400, reason, [])
