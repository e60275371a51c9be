# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The legacy REST API of the simulator: who gets a profile, and what others read in XML."""

from __future__ import annotations

import base64
import re

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import code, counter

PASSWORD = "Secret-123"
SECRET = "JBSWY3DPEHPK3PXP"
AUTH_FAILED = (
    '<?xml version="1.0" encoding="UTF-8"?> <Error> <Type>Authorization Required</Type> <Synopsis>REST method'
    " failed</Synopsis> <Message>AUTH_FAILED: Server Agent XML method requires authentication (9007)</Message> </Error>"
)
NEED_AUTOLOGIN = (
    '<?xml version="1.0" encoding="UTF-8"?> <Error> <Type>Internal Server Error</Type> <Synopsis>REST method'
    " failed</Synopsis> <Message>NEED_AUTOLOGIN: User 'alice' lacks autologin privilege (9000)</Message> </Error>"
)
NOT_ENROLLED = (
    '<?xml version="1.0" encoding="UTF-8"?> <Error> <Type>Access denied</Type> <Synopsis>REST method failed</Synopsis>'
    " <Message>You must enroll this user in Authenticator first before you are allowed to retrieve a connection"
    " profile. (9008)</Message> </Error>"
)
WEB_AUTH = (
    "<Error> <Type>Authorization Required</Type> <Synopsis>REST method failed</Synopsis>"
    " <Message>Ovpn-WebAuth: Access Server,external</Message> </Error>"
)
NO_PERMISSION = (
    '<?xml version="1.0" encoding="UTF-8" ?> <Error> <Type>Invalid Request</Type> <Synopsis>REST method'
    " failed</Synopsis> <Message>No permission to generate profile (9422)</Message> </Error>"
)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def get(server, another_client):
    """A function that asks with a name and a password, without a token of the API."""
    server.set_user("alice", password=PASSWORD)
    client = another_client(server)

    def asked(path, username="alice", password=PASSWORD, **headers):
        basic = {} if username is None else {"Authorization": f"Basic {encoded(f'{username}:{password}')}"}
        return client.call("GET", path, **basic, **headers)

    return asked


def profiles_of(api):
    listed = api.post("profiles/list", {}).body["profiles"]
    return [(each["username"], each["profile_type"], each["tls_crypt_v2"]) for each in listed]


def xml_of(reply):
    assert reply.headers.get_content_type() == "text/xml"
    return reply.status, reply.body


@pytest.mark.parametrize("base", ["/rest", "/api"])
def test_each_download_is_a_new_profile(server, api, get, base):
    server.set_user("alice", autologin=True)
    texts = []
    for path in ("GetUserlogin", "GetUserlogin?tls-cryptv2=1&action=import", "GetAutologin"):
        reply = get(f"{base}/{path}")
        assert (reply.status, reply.headers.get_content_type()) == (200, "application/x-openvpn-profile")
        assert base64.b64decode(reply.headers["VPN-Session-User"]) == b"alice"
        texts.append(reply.body)
    personal = [("alice", "userlogin", False), ("alice", "userlogin", True), ("alice", "autologin", False)]
    assert profiles_of(api) == personal
    assert ["<tls-crypt-v2>" in text for text in texts] == [False, True, False]
    assert ["auth-user-pass" in text for text in texts] == [True, True, False]
    assert server.writes[-1].operation in ("GetAutologin", "get__GetAutologin")


def test_a_generic_profile_belongs_to_nobody(api, get):
    reply = get("/api/GetGeneric")
    assert reply.status == 200
    assert "<cert>" not in reply.body
    assert profiles_of(api) == []


@pytest.mark.parametrize(
    ("changed", "path", "status", "body"),
    [
        ({"password": "Other-123"}, "GetUserlogin", 401, AUTH_FAILED),
        ({"deny": True}, "GetUserlogin", 401, AUTH_FAILED),
        ({}, "GetAutologin", 500, NEED_AUTOLOGIN),
        ({"totp": True}, "GetUserlogin", 403, NOT_ENROLLED),
        ({"auth_method": "saml"}, "GetUserlogin", 401, WEB_AUTH),
        ({"allow_generate_profiles": False}, "GetUserlogin", 400, NO_PERMISSION.replace("8\" ?", "8\"?")),
    ],
)  # fmt: skip
def test_refusals_are_those_of_the_document(server, api, get, changed, path, status, body):
    server.set_user("alice", **changed)
    refused = get(f"/rest/{path}")
    assert xml_of(refused) == (status, body)
    assert ("WWW-Authenticate" in refused.headers) == (status == 401)
    below_api = get(f"/api/{path}")
    assert xml_of(below_api) == (400, body.replace('8"?>', '8" ?>'))
    server.read_as(legacy_status="200")
    assert xml_of(get(f"/rest/{path}")) == (200, body)
    assert profiles_of(api) == []


def test_credentials_are_needed(get):
    assert xml_of(get("/rest/GetUserlogin", username=None)) == (401, AUTH_FAILED)
    assert xml_of(get("/rest/GetUserlogin", username=None, Authorization="Basic %")) == (401, AUTH_FAILED)
    assert xml_of(get("/rest/GetUserlogin", username="nobody")) == (401, AUTH_FAILED)


def test_failures_count_for_the_lockout(api, get):
    for _unused in range(5):
        assert get("/rest/GetUserlogin", password="wrong").status == 401
    assert get("/rest/GetUserlogin").status == 401
    assert api.login("alice", PASSWORD).body["reason"].startswith("LOCKOUT")


@pytest.fixture
def challenge(server, get):
    """A function that makes alice ask for a profile; the answer is what she has to send with the second code."""
    server.set_user("alice", totp=True, totp_secret=SECRET, totp_locked=True)

    def asked():
        status, body = xml_of(get("/rest/GetUserlogin"))
        assert status == 401
        form = (
            "<Error> <Type>Authorization Required</Type> <Synopsis>REST method failed</Synopsis>"
            r" <Message>CRV1:R,E:([^:]+):YWxpY2U=:Enter Authenticator Code \(9007\)</Message> </Error>"
        )
        found = re.fullmatch(form, body)
        assert found
        return f"CRV1::{found[1]}::"

    return asked


def test_a_second_factor_is_asked_for_and_then_spared(server, api, get, challenge):
    right = code(SECRET, counter(server.clock.now()))
    assert get("/rest/GetUserlogin", password=challenge() + "000000").status == 401
    answer = challenge() + right
    reply = get("/rest/GetUserlogin", password=answer)
    assert reply.status == 200
    assert get("/rest/GetUserlogin", password=answer).status == 401, "an answer is good once"
    session = {name: reply.headers[name] for name in ("VPN-Session-User", "VPN-Session-Token")}
    spared = get("/rest/GetUserlogin", **session)
    assert spared.status == 200
    assert {name: spared.headers[name] for name in session} == session
    assert get("/rest/GetUserlogin", password="wrong", **session).body == AUTH_FAILED, "it spares the code alone"
    assert len(profiles_of(api)) == 2
    server.clock.advance(600)
    assert "CRV1" in get("/rest/GetUserlogin", **session).body, "a session ends"
    shown = [each.headers.get("VPN-Session-Token") for each in server.exchanges if "VPN-Session-User" in each.headers]
    assert set(shown) == {"[redacted]"}


def test_a_session_spares_nobody_else_the_code(server, api, get, challenge):
    server.set_user("bob", password=PASSWORD)
    session = {
        name: get("/rest/GetUserlogin", "bob").headers[name] for name in ("VPN-Session-User", "VPN-Session-Token")
    }
    assert "CRV1" in get("/rest/GetUserlogin", **session).body
    assert "CRV1" in get("/rest/GetUserlogin", **{**session, "VPN-Session-User": encoded("alice")}).body
    assert challenge().startswith("CRV1::")


@pytest.mark.parametrize("base", ["/rest", "/api"])
def test_a_token_is_good_for_one_profile(server, api, get, base):
    server.set_user("alice", autologin=True)
    url = api.post("token-url", {"profile_type": "autologin", "username": "alice"}).body
    assert "/rest/GetProfileViaToken?token=" in url
    path = f"{base}/GetProfileViaToken?{url.partition('?')[2]}"
    server.set_user("alice", autologin=False)
    assert "(9000)" in get(path, username=None).body
    server.set_user("alice", autologin=True)
    reply = get(path, username=None)
    assert (reply.status, reply.headers.get_content_type()) == (200, "application/x-openvpn-profile")
    assert "VPN-Session-Token" not in reply.headers
    assert profiles_of(api) == [("alice", "autologin", False)]
    assert "(9422)" in get(path, username=None).body, "a refusal spends no use of a token, a profile does"
    assert xml_of(get("/api/GetProfileViaToken", username=None)) == (400, NO_PERMISSION)


def test_an_installer_has_a_profile_in_it(server, api, get):
    url = api.post("installer-url", {"installer_type": "win_v3", "user": "alice", "profile_type": "userlogin"}).body
    path = url.removeprefix(server.url)
    assert get(path.replace("win_v3", "linux"), username=None).status == 404
    reply = get(path, username=None)
    assert (reply.status, reply.headers.get_content_type()) == (200, "application/octet-stream")
    assert "OVPN_ACCESS_SERVER_USERNAME=alice" in reply.body
    assert profiles_of(api) == [("alice", "userlogin", False)]
    assert xml_of(get(path, username=None)) == (400, NO_PERMISSION)


def test_browsers_are_sent_on(server, api):
    head = api.call("HEAD", "/api/openvpn-api/profile")
    assert (head.status, head.headers["Location"], head.headers["Ovpn-WebAuth"]) == (302, f"{server.url}/", None)
    get = api.get("openvpn-api/profile")
    assert (get.status, get.headers["Location"]) == (302, f"{server.url}/login?relay_state=profile")
    server.configure(restart_downtime=0.0)
    server.set_configuration(**{"auth.module.type": "saml"})
    api.post("server/restart")
    assert api.call("HEAD", "/api/openvpn-api/profile").headers["Ovpn-WebAuth"] == "Access Server,external"


def test_rest_has_only_its_own_methods(api):
    assert api.call("POST", "/rest/GetUserlogin").status == 405
    assert api.call("POST", "/rest/users/list", {}).status == 404
    assert api.call("POST", "/users/list", {}).status == 404
