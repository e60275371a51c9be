# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated server of dialect 3.2 answers as real servers did, recording by recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import code, counter

RECORDED = Path(__file__).parents[2] / "recorded" / "access-server"

SAME_AS = {
    "login_mfa_required_401_3_1_0": "login_mfa_required_401",
    "login_mfa_totp_inline_3_1_0": "login_mfa_totp_inline_bad_code_500",
    "mfaauth_bad_code_3_1_0": "mfaauth_bad_code",
    "mfaauth_ok_3_1_0": "mfaauth_ok",
    "mfaauth_replayed_code_3_1_0": "mfaauth_replayed_code",
    "server_info_3_1_0": "server_info",
}
"""Recordings of the older server and the calls that bring them about."""

VARYING = {
    "auth_token",
    "expires_after",
    "renewable_until",
    "challenge_context",
    "last_restarted",
    "last_successful_update",
    "next_update",
    "connected_since",
    "start_time",
    "timestamp",
    "username",
    "common_name",
    "node",
    "total",
    "real_address",
    "daemon_id",
    "virtual_ipv4_address",
    "agent_id",
    "billing_id",
    "subkey",
    "service",
    "auth",
    "error",
    "mfa_secret",
}
"""Fields whose values depend on the moment, on the client or on the names that were in use."""


def names() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def recorded(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return answer


class Stand:
    """A server set up as the one that was recorded, and the calls that were recorded on it."""

    def __init__(self, server: Any, api: Any) -> None:
        self.server, self.api = server, api
        server.set_group("staff")
        server.set_user("mfa-admin", group="staff", totp_secret="JBSWY3DPEHPK3PXP")
        server.set_user("alice", group="staff", password="Alice-123")
        server.set_user("bob")

    def code(self) -> str:
        return code("JBSWY3DPEHPK3PXP", counter(self.server.clock.now()))

    def totp_login(self, **more: Any) -> Any:
        return self.api.login("mfa-admin", self.server.mfa_password, request_admin=True, **more)

    def radius_login(self, password: str = "radius") -> Any:
        self.server.set_radius_account("radius-admin", "radius", pin="1234", admin=True)
        return self.api.login("radius-admin", password, request_admin=True)

    def answer(self, first: Any, response: str, **more: Any) -> Any:
        """Answer the challenge of a first step as the user whom `more` names."""
        self.api.token = None
        body = {"username": "mfa-admin", "response": response, "request_admin": True}
        return self.api.post("auth/login/mfaauth", body | {"challenge_context": first.body["challenge_context"]} | more)

    # signing in

    def login_ok(self) -> Any:
        return self.api.login("openvpn", self.server.password, request_admin=True)

    def login_bad_password_403(self) -> Any:
        return self.api.login("openvpn", "wrong", request_admin=True)

    def login_not_admin(self) -> Any:
        return self.api.login("alice", "Alice-123", request_admin=True)

    def login_lockout_403(self) -> Any:
        for _unused in range(5):
            self.api.login("alice", "wrong")
        return self.api.login("alice", "Alice-123")

    def login_saml_required_401(self) -> Any:
        self.server.set_configuration(**{"auth.module.type": "saml"})
        self.server.machine.configuration.take_over()
        return self.api.login("alice", "Alice-123")

    def login_challenge_radius_401(self) -> Any:
        return self.radius_login()

    def login_radius_bad_password_403(self) -> Any:
        return self.radius_login("wrong")

    def mfaauth_radius_ok(self) -> Any:
        return self.answer(self.radius_login(), "1234", username="radius-admin")

    def mfaauth_radius_bad_answer(self) -> Any:
        return self.answer(self.radius_login(), "4321", username="radius-admin")

    def login_mfa_required_401(self) -> Any:
        return self.totp_login()

    def login_mfa_totp_inline_bad_code_500(self) -> Any:
        return self.totp_login(totp="000000")

    def mfaauth_ok(self) -> Any:
        return self.answer(self.totp_login(), self.code())

    def mfaauth_bad_code(self) -> Any:
        return self.answer(self.totp_login(), "000000")

    def mfaauth_replayed_code(self) -> Any:
        assert self.answer(self.totp_login(), self.code()).status == 200
        return self.answer(self.totp_login(), self.code())

    def mfaauth_bad_context(self) -> Any:
        return self.answer(self.totp_login(), self.code(), challenge_context="AAAA")

    def mfaauth_missing_context(self) -> Any:
        self.api.token = None
        return self.api.post("auth/login/mfaauth", {"username": "mfa-admin", "response": self.code()})

    def mfa_enroll_ok(self) -> Any:
        self.server.set_user("mfa-admin", totp_locked=None)
        first = self.totp_login()
        assert first.status == 409
        self.api.token = first.body["auth_token"]
        return self.api.post("auth/mfa/enroll", {"username": "mfa-admin", "token": self.code()})

    def token_renew_ok(self) -> Any:
        return self.api.post("auth/token/renew")

    # errors

    def error_forbidden_403(self) -> Any:
        assert self.api.login("alice", "Alice-123").status == 200
        return self.api.post("users/list", {})

    def error_invalid_token_401(self) -> Any:
        self.api.token = "SESS_TOKEN_unknown"
        return self.api.post("users/list", {})

    def error_missing_header_400(self) -> Any:
        self.api.token = None
        return self.api.post("users/list", {})

    def error_not_found_404(self) -> Any:
        return self.api.post("access/policysets/list", {})

    # users and groups

    def users_list(self) -> Any:
        self.server.delete_user("bob")
        return self.api.post("users/list", {})

    def users_list_by_names(self) -> Any:
        return self.api.post("users/list", {"users": ["alice", "nobody"]})

    def users_list_filter_admin(self) -> Any:
        return self.api.post("users/list", {"filters": {"admin": {"value": True}}})

    def users_list_filter_name(self) -> Any:
        return self.api.post("users/list", {"filters": {"name": {"operation": "substring", "value": "ali"}}})

    def default_user(self) -> Any:
        return self.api.get("users/defaultuser")

    def groups_list(self) -> Any:
        return self.api.post("groups/list", {})

    def groups_list_members(self) -> Any:
        return self.api.post("groups/list", {"enumerate_members": True})

    # rulesets

    def _add_ruleset(self) -> None:
        added = self.api.post("access/rulesets/add", {"name": "Staff web", "comment": "dev-stand fixture"})
        number = added.body["id"]
        owned = {"add": {"staff": [{"ruleset_id": number, "position": 100}]}}
        assert self.api.post("access/user-rulesets/modify", owned)[:2] == (200, None)
        rules = [
            ("domain_or_subdomain", "intranet.example.com", "nat", "internal web via VPN"),
            ("domain", "blocked.example.com", "deny", "blocked site"),
        ]
        added = [
            {
                "ruleset_id": number,
                "type": "domain_routing",
                "match_type": match,
                "match_data": domain,
                "action": action,
            }
            | {"position": index * 100, "comment": comment}
            for index, (match, domain, action, comment) in enumerate(rules, 1)
        ]
        assert self.api.post("access/rules/modify", {"add": added})[:2] == (200, None)

    def access_rulesets_all(self) -> Any:
        self._add_ruleset()
        assert self.api.post("access/rulesets/add", {"name": "Invisible", "comment": ""}).status == 200
        return self.api.post("access/rulesets/list", {})

    def access_rulesets_staff(self) -> Any:
        self._add_ruleset()
        return self.api.post("access/rulesets/list", {"owner": "staff"})

    def access_rulesets_default(self) -> Any:
        self._add_ruleset()
        return self.api.post("access/rulesets/list", {"owner": "__DEFAULT__"})

    def error_bad_owner_400(self) -> Any:
        return self.api.post("access/rulesets/list", {"owner": "DEFAULT"})

    def access_rules(self) -> Any:
        self._add_ruleset()
        return self.api.post("access/rules/list", {"ruleset_ids": [1]})

    def access_rules_filter_type(self) -> Any:
        self._add_ruleset()
        filters = {
            "type": {"operation": "equal", "value": "domain_routing"},
            "match_data": {"operation": "substring", "value": "intranet"},
        }
        return self.api.post("access/rules/list", {"ruleset_ids": [1], "filters": filters})

    def error_bad_ruleset_400(self) -> Any:
        return self.api.post("access/rules/list", {"ruleset_ids": [999999]})

    # the server

    def server_info(self) -> Any:
        return self.api.get("server/info")

    def server_status(self) -> Any:
        return self.api.get("server/status")

    def vpn_status(self) -> Any:
        return self.api.get("vpn/status")

    def vpn_status_connected(self) -> Any:
        self.server.connect("qa vpn test user")
        return self.api.get("vpn/status")

    def license_info_unlicensed(self) -> Any:
        return self.api.get("license/info")

    def license_info_subscription(self) -> Any:
        self.server.configure(license="subscription")
        return self.api.get("license/info")

    def _overview(self, **values: Any) -> Any:
        self.server.set_configuration(**{"host.name": "172.21.0.2", **values})
        return self.api.post("helper/status-overview", {"names": list(values)})

    def status_overview(self) -> Any:
        return self._overview()

    def status_overview_with_names(self) -> Any:
        self.server.set_configuration(**{"host.name": "172.21.0.2"})
        return self.api.post("helper/status-overview", {"names": ["host.name", "vpn.server.daemon.enable"]})

    def status_overview_secrets(self) -> Any:
        return self._overview(
            **{
                "auth.ldap.0.bind_pw": "BIND_PW_test",
                "auth.radius.0.server.0.secret": "SECRET_test",
                "subscription.bundle": "BUNDLE_test_eyJzdWJrZXkiOiAiU1VCS0VZX3Rlc3QifQ==",
                "host.name": "172.21.0.2",
                "vpn.server.routing.private_network.0": "172.21.0.0/16",
            }
        )

    def status_overview_versioned_secret(self) -> Any:
        self.server.set_configuration(**{"acme.eab_hmac_key.2.9.0": "EAB_HMAC_test"})
        return self.api.post("helper/status-overview", {"names": ["acme.eab_hmac_key.2.9.0", "auth.ldap.0.bind_pw"]})

    # the log

    def _reports(self, **filters: Any) -> Any:
        for password in ("wrong", self.server.password):
            self.api.login("openvpn", password, request_admin=True)
        return self.api.post("log/reports", {"page_size": 5, "filters": filters})

    def log_reports(self) -> Any:
        return self._reports()

    def log_reports_anywhere(self) -> Any:
        self.server.set_user("mfa-admin", totp_locked=None)
        for _unused in range(3):
            assert self.totp_login().status == 409
        return self._reports(anywhere={"value": "mfa-admin", "fields": ["username"]})

    def log_reports_errors_only(self) -> Any:
        return self._reports(error={"operation": "not_equal", "value": ""})

    def log_reports_filter_time(self) -> Any:
        return self._reports(timestamp={"start_relative": "24h"})

    def log_reports_filter_user(self) -> Any:
        return self._reports(username={"operation": "equal", "value": "openvpn"})

    def log_reports_injected(self) -> Any:
        for name in ("alice", "bob", "a\nLogin unsuccessful", "x" * 300):
            self.api.login(name, "wrong", request_admin=True)
        return self._reports(error={"operation": "not_equal", "value": ""})


def test_every_recording_is_compared():
    compared = {name for name in vars(Stand) if not name.startswith("_")}
    assert {name for name in names() if SAME_AS.get(name, name) in compared} == set(names())


@pytest.mark.parametrize("name", names())
def test_answers_as_recorded(start, name):
    server, api = start()
    reply = getattr(Stand(server, api), SAME_AS.get(name, name))()
    expected = recorded(name)
    assert reply.status == expected["status"]
    older_server = {"version", "build", "web_version", "os_hostname"} if name == "server_info_3_1_0" else set()
    assert list(differences(expected["body"], reply.body, "body", VARYING | older_server)) == []


def test_log_texts_are_those_recorded(server, api):
    """The words by which an administrator finds a cause, checked where the comparison of shapes leaves them out."""
    stand = Stand(server, api)
    stand.log_reports_injected()
    stand.login_not_admin()
    stand.totp_login()
    stand.login_ok()
    records = api.post("log/reports", {"page_size": 100}).body["records"]
    said = {(each["service"], each["auth"], each["error"]) for each in records}
    was_said = {
        (each["service"], each["auth"], each["error"])
        for name in ("log_reports_injected", "log_reports_filter_user", "log_reports")
        for each in recorded(name)["body"]["records"]
    }
    assert was_said <= said
    errors = {each["error"] for each in recorded("log_reports_errors_only")["body"]["records"]}
    admin_rights = next(error for error in errors if error.startswith("DENY"))
    assert {error for _unused, _unused, error in said} >= {admin_rights, "challenge"}
    truncated = next(
        each["username"]
        for each in recorded("log_reports_injected")["body"]["records"]
        if each["username"].endswith("(TRUNCATED)")
    )
    assert len(truncated) in {len(each["username"]) for each in records}


def differences(expected: Any, got: Any, where: str, varying: set[str]) -> Any:
    """Where two answers differ in keys, types, nesting or in values that do not vary."""
    if type(expected) is not type(got):
        yield f"{where}: {expected!r} was recorded, {got!r} came"
    elif isinstance(expected, dict):
        if set(expected) != set(got):
            yield f"{where}: {sorted(expected)} were recorded, {sorted(got)} came"
        for key in set(expected) & set(got):
            if key in varying and not isinstance(expected[key], (dict, list)):
                if type(expected[key]) is not type(got[key]):
                    yield f"{where}.{key}: {expected[key]!r} was recorded, {got[key]!r} came"
            else:
                yield from differences(expected[key], got[key], f"{where}.{key}", varying)
    elif isinstance(expected, list):
        if where.endswith(".records"):
            # how many records there are depends on what happened before; all have one shape
            if not got:
                yield f"{where}: no records came"
            for index, item in enumerate(got):
                yield from differences(expected[0], item, f"{where}.{index}", varying)
        elif len(expected) != len(got):
            yield f"{where}: {len(expected)} items were recorded, {len(got)} came"
        else:
            for index, (one, other) in enumerate(zip(expected, got, strict=True)):
                yield from differences(one, other, f"{where}.{index}", varying)
    elif expected != got:
        yield f"{where}: {expected!r} was recorded, {got!r} came"
