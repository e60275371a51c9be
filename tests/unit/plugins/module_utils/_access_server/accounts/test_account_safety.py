# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No task ends the sign-in of the account that it uses, and what cannot end it is not refused."""

from __future__ import annotations

import importlib
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.account_safety import Safeguarded
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import SAMPLES

ROOT = Path(__file__).resolve().parents[6]
OWN = "openvpn"
KEPT = ("users", "groups", "default_user", "configuration")
Change = tuple[Resource, dict[str, t.Any]]
NEW = {"deny": True, "deny_web": True, "totp": True, "admin": False, "auth_method": "saml"}
"""Of each right a value that ends a sign-in."""


def can_administer(server: Server) -> bool:
    """Whether a fresh sign-in with the password works, and is an administrator's."""

    def work(run: t.Any) -> Answer:
        run.client.session.token()
        run.client.users([OWN])
        return {"changed": False}

    return not server.run(work, {}).get("failed")


def refused(server: Server, change: Change, *words: str, **how: t.Any) -> str:
    """The task fails with these words, in check mode as well, and writes nothing."""
    resource, params = change
    before = server.simulator.state()
    said = []
    for check in (True, False):
        server.simulator.log.clear()
        answer = server.manage(resource, check=check, **params, **how)
        assert answer.get("failed"), answer
        assert not answer["changed"]
        assert all(word in answer["msg"] for word in words), answer["msg"]
        assert not server.writes()
        said.append(answer["msg"])
    after = server.simulator.state()
    assert [after[part] for part in KEPT] == [before[part] for part in KEPT]
    assert said[0] == said[1]
    return said[0]


def done(server: Server, change: Change, **how: t.Any) -> Answer:
    """The task succeeds as in check mode, and the account can still administer."""
    resource, params = change
    planned = server.manage(resource, check=True, **params, **how)
    answer = server.manage(resource, **params, **how)
    assert not answer.get("failed"), answer["msg"]
    assert planned["objects"] == answer["objects"]
    assert answer["changed"]
    assert can_administer(server)
    return answer


@pytest.fixture(name="follower")
def fixture_follower(server: Server) -> Server:
    """A server whose administrator has no right of its own: group ``staff`` gives it all."""
    server.manage(GROUP, groups=[{"name": "staff", "admin": True, "auth_method": "local"}, {"name": "ops"}])
    rights = [*NEW]
    answer = server.manage(USER, name=OWN, group="staff", inherit=rights, allow_self=True)
    assert not answer.get("failed"), answer["msg"]
    assert can_administer(server)
    return server


# -- what is refused


@pytest.mark.parametrize(("right", "value"), NEW.items())
def test_our_own_rights(server: Server, right: str, value: object) -> None:
    refused(server, (USER, {"name": OWN, right: value}), OWN, right, "allow_self: true", "Nothing was written")


@pytest.mark.parametrize(("right", "value"), NEW.items())
def test_our_group(follower: Server, right: str, value: object) -> None:
    refused(follower, (GROUP, {"name": "staff", right: value}), "group staff", right, "allow_self: true")


@pytest.mark.parametrize(("right", "value"), NEW.items())
def test_a_new_group_that_we_join(follower: Server, right: str, value: object) -> None:
    new = {"admin": True, "auth_method": "local", right: value}
    refused(follower, (GROUP, {"name": "newg", **new, "members": [OWN]}), "group newg", right, "allow_self: true")


def test_a_group_that_we_join_from_another(follower: Server) -> None:
    """Nothing is set on it, so that the default user decides."""
    refused(follower, (GROUP, {"name": "ops", "members": [OWN]}), "group ops", "admin (True to False)")
    refused(follower, (USER, {"name": OWN, "group": "ops"}), f"user {OWN}", "admin (True to False)")


def test_a_group_that_goes_or_puts_us_out(follower: Server) -> None:
    refused(follower, (GROUP, {"name": "staff", "state": "absent"}), "group staff", "admin")
    refused(follower, (GROUP, {"name": "staff", "members": []}), "group staff", "admin")
    refused(follower, (GROUP, {"groups": [{"name": "ops"}], "purge": True}), "group staff", "admin")


@pytest.mark.parametrize("right", ["deny", "deny_web", "totp"])
def test_the_default_user_also_where_we_have_a_group(follower: Server, right: str) -> None:
    refused(follower, (DEFAULT_USER, {right: True}), "the default user would change", right, "allow_self: true")


def test_handing_back_what_lets_us_in(server: Server) -> None:
    server.manage(USER, name=OWN, deny=False)
    done(server, (DEFAULT_USER, {"deny": True}))
    refused(server, (USER, {"name": OWN, "inherit": ["deny"]}), "deny (False to True)")


@pytest.mark.parametrize("state", ["blocked", "absent"])
def test_we_neither_block_nor_delete_ourselves(server: Server, state: str) -> None:
    refused(
        server, (USER, {"name": OWN, "state": state}), OWN, "is the account of this task", "protect", allow_self=True
    )


def test_a_purge_that_does_not_name_us(server: Server) -> None:
    declared = {"users": [{"name": server.simulator.mfa_username}], "purge": True}
    refused(server, (USER, declared), OWN, "would be deleted")


def test_our_password(server: Server) -> None:
    other = {"name": OWN, "password": "Another-One-9!", "update_password": "always"}
    refused(server, (USER, other), OWN, "password", "allow_self: true")
    done(server, (USER, {**other, "password": server.simulator.password}))


def test_our_authenticator(server: Server) -> None:
    refused(server, (USER_MFA, {"name": OWN, "required": True}), "totp", "Sign in as another administrator")
    server.manage(USER, name=OWN, totp=False)
    done(server, (USER_MFA, {"name": OWN, "enrolled": True}))  # no code is asked for


def test_the_name_that_the_server_has_for_us(server: Server) -> None:
    """A server that is lenient about the spelling of a name at sign-in has one record all the same."""
    token = server.token()
    for name in ("OPENVPN", "OpenVPN".capitalize()):
        change = (USER, {"name": OWN, "deny": True})
        refused(server, change, "deny", as_token=token, as_username=name, as_password=None)


def test_we_are_not_deleted_under_another_spelling_either(server: Server) -> None:
    token = server.token()
    mine = {"as_token": token, "as_username": "OPENVPN", "as_password": None}
    refused(server, (USER, {"name": OWN, "state": "absent"}), "would be deleted", allow_self=True, **mine)


@pytest.mark.parametrize("right", ["deny", "deny_web"])
def test_the_group_of_the_default_user_may_be_ours(server: Server, right: str) -> None:
    """Whether it is that of users without one is not known."""
    server.manage(GROUP, name="staff", **{right: True})
    refused(server, (DEFAULT_USER, {"group": "staff"}), right, "allow_self: true")
    server.manage(GROUP, name="ops")
    done(server, (DEFAULT_USER, {"group": "ops"}))
    refused(server, (GROUP, {"name": "ops", right: True}), right, "allow_self: true")


@pytest.mark.parametrize("right", ["deny", "deny_web", "totp", "def_deny"])
def test_an_account_without_a_record(server: Server, right: str) -> None:
    """Its rights come from elsewhere, such as a directory, and the default user can take them away."""
    token = server.token()
    mine = {"as_token": token, "as_username": "directory-admin", "as_password": None}
    refused(server, (DEFAULT_USER, {right: True}), right, "allow_self: true", **mine)


def test_a_group_that_another_task_of_the_run_creates(server: Server) -> None:
    """Check mode finds what the run finds if the declaration shows it; else it reports that it cannot."""
    members = {
        "assume_present": ["newg"],
        "groups": [{"name": "newg", "members": [OWN]}],
    }
    joined = {"name": OWN, "group": "newg", "assume_present": ["newg"]}
    for denied in (False, True):
        members["groups"][0]["deny"] = denied  # type: ignore[index]
        planned = [server.manage(GROUP, check=True, **members), server.manage(USER, check=True, **joined)]
        server.manage(GROUP, name="newg", deny=denied)
        answers = [server.manage(GROUP, **members), server.manage(USER, **joined)]
        assert [bool(one.get("failed")) for one in (planned[0], *answers)] == [denied] * 3
        assert "check mode cannot predict" in " ".join(planned[1]["warnings"])
        server.manage(USER, name=OWN, group="")
        server.manage(GROUP, name="newg", state="absent")
        assert can_administer(server)


# -- what is not


@pytest.mark.parametrize(
    ("resource", "params"),
    [
        (DEFAULT_USER, {"deny": False}),
        (DEFAULT_USER, {"deny_web": False, "totp": False, "admin": False}),
        (DEFAULT_USER, {"def_deny": True}),
        (USER, {"name": OWN, "deny": False, "deny_web": False, "totp": False, "auth_method": "local"}),
        (USER, {"name": OWN, "group": "staff"}),
        (USER, {"name": OWN, "inherit": ["deny", "totp"], "autologin": True}),
        (GROUP, {"name": "newg", "members": [OWN], "deny": False}),
        (GROUP, {"name": "staff", "members": [OWN], "admin": False}),
        (GROUP, {"name": "staff", "deny": True}),
        (GROUP, {"name": "staff", "state": "absent"}),
    ],
    ids=lambda value: getattr(value, "noun", None) or str(value),
)
def test_what_ends_nothing(server: Server, resource: Resource, params: dict[str, t.Any]) -> None:
    server.manage(GROUP, name="staff")
    done(server, (resource, params))


def test_the_default_user_where_ours_is_decided_above_it(follower: Server) -> None:
    follower.manage(GROUP, name="staff", deny=False)
    done(follower, (DEFAULT_USER, {"deny": True, "admin": False}))


def test_another_account_that_differs_in_case(server: Server) -> None:
    server.manage(USER, name="OPENVPN", admin=True)
    done(server, (USER, {"name": "OPENVPN", "state": "absent"}))


def test_members_who_are_not_us_cost_no_reading_of_their_group(server: Server) -> None:
    server.manage(USER, name="erika")
    server.manage(GROUP, name="staff")
    server.simulator.log.clear()
    answer = server.manage(GROUP, name="staff", members=["erika"])
    assert answer["changed"]
    assert [one.path for one in server.simulator.log].count("/api/groups/list") == 2  # before, and what became of it


# -- the order of writes


def test_we_have_moved_before_our_group_loses_its_rights(follower: Server) -> None:
    both = [{"name": "staff", "admin": False, "members": []}, {"name": "newg", "admin": True, "auth_method": "local"}]
    both[1]["members"] = [OWN]
    done(follower, (GROUP, {"groups": both}))
    assert follower.inform(USER, [OWN])[0]["group"] == "newg"


def test_we_have_moved_before_our_group_is_deleted(follower: Server) -> None:
    new = {"name": "ops", "admin": True, "auth_method": "local", "members": [OWN]}
    done(follower, (GROUP, {"groups": [new], "purge": True}))
    assert {one["name"] for one in follower.inform(GROUP)} == {"ops"}


@pytest.mark.parametrize("do", ["staff", "ops"])
def test_our_group_keeps_its_rights_where_we_could_not_move(follower: Server, do: str) -> None:
    """What is found harmless because of another write is left out where that write fails."""
    new = {"name": "ops", "admin": True, "auth_method": "local", "members": [OWN]}
    groups = [new] if do == "staff" else [new, {"name": "staff", "admin": False, "members": []}]
    follower.simulator.faults.add(path="/api/userprop/set", do="status", status=400, body={"reason": "Not today"})
    answer = follower.manage(GROUP, groups=groups, purge=True)
    assert answer["failed"]
    assert "it was not written, because another change failed" in str(answer["objects"])
    assert can_administer(follower)
    assert follower.inform(USER, [OWN])[0]["group"] == "staff"


def test_a_group_that_our_record_names_is_not_created_where_we_could_not_move(server: Server) -> None:
    """It does not exist before, and does not affect our rights."""
    server.manage(GROUP, name="ops", admin=True, auth_method="local")
    server.simulator.set_user(OWN, group="gone")
    groups = [{"name": "ops", "members": [OWN]}, {"name": "gone", "deny": True}]
    server.simulator.faults.add(path="/api/userprop/set", do="status", status=400, body={"reason": "Not today"})
    answer = server.manage(GROUP, groups=groups)
    assert answer["failed"]
    assert "it was not written, because another change failed" in str(answer["objects"])
    assert can_administer(server)
    assert "gone" not in server.simulator.state()["groups"]


def test_a_user_that_moves_is_always_in_a_group(server: Server) -> None:
    server.manage(USER, name="erika")
    server.manage(GROUP, groups=[{"name": "a"}, {"name": "z", "members": ["erika"]}])
    for there, other in (("a", "z"), ("z", "a")):
        answer = server.manage(GROUP, groups=[{"name": there, "members": ["erika"]}, {"name": other, "members": []}])
        assert not answer.get("failed"), answer["msg"]
        assert server.inform(USER, ["erika"])[0]["group"] == there


def test_a_new_group_has_its_rights_before_we_are_in_it(start: t.Callable[..., Server]) -> None:
    server = start(readings={"create_properties": "ignores"})
    server.manage(GROUP, name="staff", admin=True, auth_method="local")
    server.manage(USER, name=OWN, group="staff", inherit=[*NEW], allow_self=True)
    done(server, (GROUP, {"name": "newg", "admin": True, "auth_method": "local", "members": [OWN]}))


# -- what is intended: done last, verified, rolled back


def test_our_own_password_is_changed_last_and_proven(server: Server) -> None:
    new = "Another-Password-9!"
    server.simulator.log.clear()
    answer = server.manage(
        USER,
        users=[{"name": OWN, "password": new}, {"name": "erika", "password": "Erika-Password-1!"}],
        update_password="always",
        allow_self=True,
    )
    assert not answer.get("failed"), answer["msg"]
    assert server.simulator.password_is(OWN, new)
    changed = [one.request["username"] for one in server.simulator.exchanges if one.path.endswith("password/change")]
    assert changed == ["erika", OWN]
    logins = [one for one in server.simulator.log if one.path.endswith("login/userpassword")]
    assert [one.status for one in logins] == [200, 200]


def test_our_own_password_where_the_server_spells_our_name_otherwise(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, new = server.simulator.machine.store, "Another-Password-9!"
    record = store.record
    monkeypatch.setattr(store, "record", lambda name: record(OWN if name.casefold() == OWN else name))
    change = {"name": OWN, "password": new, "update_password": "always"}
    answer = server.manage(USER, **change, allow_self=True, as_username="OpenVPN")
    assert not answer.get("failed"), answer["msg"]
    assert server.simulator.password_is(OWN, new)


@pytest.mark.parametrize("right", ["deny", "deny_web", "totp", "auth_method"])
@pytest.mark.parametrize("null", ["reset", "refuse", "ignore"])
def test_what_locked_us_out_is_rolled_back(start: t.Callable[..., Server], right: str, null: str) -> None:
    server = start(readings={"null_property": null})
    answer = server.manage(USER, name=OWN, **{right: NEW[right]}, allow_self=True)
    assert answer["failed"]
    assert f"Rolled back: {right} of user {OWN}." in answer["msg"]
    assert can_administer(server)


def test_a_password_that_locked_us_out_is_rolled_back(server: Server) -> None:
    """If the sign-in fails for another reason, the earlier password is known."""
    server.simulator.faults.add(
        path="auth/login/userpassword", nth=2, do="status", status=403, body={"reason": "Login failed"}
    )
    answer = server.manage(USER, name=OWN, password="Another-One-9!", update_password="always", allow_self=True)
    assert answer["failed"]
    assert f"Rolled back: password of user {OWN}." in answer["msg"]
    assert server.simulator.password_is(OWN, server.simulator.password)


def test_a_new_group_that_locked_us_out_is_deleted_and_all_go_back(follower: Server) -> None:
    follower.manage(USER, name="erika", group="ops")
    new = {"name": "newg", "admin": True, "auth_method": "local", "deny": True, "members": [OWN, "erika"]}
    answer = follower.manage(GROUP, **new, allow_self=True)
    assert answer["failed"]
    assert "group newg was deleted again" in answer["msg"]
    assert can_administer(follower)
    groups = {one["name"]: one["group"] for one in follower.inform(USER, [OWN, "erika"])}
    assert groups == {OWN: "staff", "erika": "ops"}


def test_a_group_that_we_joined_and_that_locked_us_out_lets_us_go(follower: Server) -> None:
    follower.manage(GROUP, name="ops", deny_web=True, admin=True, auth_method="local")
    answer = follower.manage(GROUP, name="ops", members=[OWN], allow_self=True)
    assert answer["failed"]
    assert "Rolled back: members of group ops." in answer["msg"]
    assert can_administer(follower)


def test_the_default_user_that_locked_us_out_is_rolled_back(server: Server) -> None:
    answer = server.manage(DEFAULT_USER, deny_web=True, allow_self=True)
    assert answer["failed"]
    assert "deny_web of the default user" in answer["msg"]
    assert "Rolled back: " in answer["msg"]
    assert can_administer(server)


def test_what_cannot_be_rolled_back_is_reported(server: Server) -> None:
    answer = server.manage(USER, name=OWN, admin=False, allow_self=True)
    assert answer["failed"]
    assert answer["changed"]
    assert "Another administrator must" in answer["msg"]
    assert server.simulator.state()["users"][OWN].get("admin") is False


# -- a token alone


@pytest.fixture(name="bearer")
def fixture_bearer(server: Server) -> dict[str, t.Any]:
    """Connection options with a token of the administrator, and without a name."""
    token = server.token()
    return {"as_token": token, "as_username": None, "as_password": None}


@pytest.mark.parametrize(
    ("resource", "params"),
    [
        (USER, {"name": OWN, "deny": True}),
        (USER, {"name": OWN, "state": "blocked"}),
        (USER, {"name": OWN, "state": "absent"}),
        (USER, {"name": "mfa-admin", "admin": False}),
        (USER_MFA, {"name": OWN, "required": True}),
        (DEFAULT_USER, {"deny": True}),
        (GROUP, {"name": "staff", "deny_web": True}),
        (GROUP, {"name": "newg", "totp": True, "members": [OWN]}),
    ],
    ids=lambda value: getattr(value, "noun", None) or str(value),
)
def test_every_administrator_may_be_us(
    server: Server, bearer: dict[str, t.Any], resource: Resource, params: dict[str, t.Any]
) -> None:
    server.manage(GROUP, name="staff", members=["mfa-admin"])
    refused(server, (resource, params), "any administrator", "as_username", **bearer)


def test_a_user_without_a_record_may_be_us(server: Server, bearer: dict[str, t.Any]) -> None:
    """The default user may give the right to administer, by itself or by its group."""
    for name in (OWN, "mfa-admin"):
        server.simulator.set_user(name, deny_web=False)
    server.manage(GROUP, name="ops", admin=True)
    server.manage(DEFAULT_USER, group="ops")
    refused(server, (GROUP, {"name": "ops", "deny_web": True}), "for users without a record", "allow_self", **bearer)
    server.manage(GROUP, name="ops", admin=False, allow_self=True)
    done(server, (GROUP, {"name": "ops", "deny_web": True}), **bearer)


def test_a_user_that_is_not_an_administrator_is_not_the_account(server: Server, bearer: dict[str, t.Any]) -> None:
    server.manage(USER, name="erika")
    answer = server.manage(USER, name="erika", deny=True, admin=False, password="Erika-Password-1!", **bearer)
    assert not answer.get("failed"), answer["msg"]


def test_what_is_intended_is_done_with_a_warning_that_it_is_not_verified(
    server: Server, bearer: dict[str, t.Any]
) -> None:
    for check in (True, False):
        answer = server.manage(USER, name="mfa-admin", deny=True, allow_self=True, check=check, **bearer)
        assert not answer.get("failed"), answer["msg"]
        assert any("This task cannot verify" in sentence for sentence in answer["warnings"])
    named = {**bearer, "as_username": OWN}
    answer = server.manage(USER, name=OWN, deny_web=True, allow_self=True, **named)
    assert not answer.get("failed"), answer["msg"]
    assert any("This task cannot verify" in sentence for sentence in answer["warnings"])


def test_the_last_administrator(server: Server, bearer: dict[str, t.Any]) -> None:
    refused(
        server,
        (USER, {"users": [{"name": "erika"}], "purge": True}),
        "without an administrator",
        "mfa-admin, openvpn",
        allow_self=True,
        **bearer,
    )
    both = {"users": [{"name": name, "admin": False} for name in (OWN, "mfa-admin")]}
    refused(server, (USER, both), "without an administrator", allow_self=True, **bearer)


def test_a_renewal_that_names_us(server: Server, bearer: dict[str, t.Any]) -> None:
    body = {"auth_token": "SESS_TOKEN_x", "user_properties": {"username": OWN}}
    server.simulator.faults.add(path="auth/token/renew", times=None, do="status", status=200, body=body)
    refused(
        server, (USER, {"name": OWN, "deny": True}), "deny", f"the sign-in of {OWN}, the account of this task", **bearer
    )
    answer = server.manage(USER, name="mfa-admin", deny=True, **bearer)
    assert not answer.get("failed"), answer["msg"]
    assert can_administer(server)


# -- the configuration


PEM = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"
ENDANGERING: dict[str, object] = {
    "auth.module.type": "saml",
    "auth.module.post_auth_script": "/etc/check.py",
    "vpn.server.google_auth.enable": True,
    "vpn.server.lockout_policy.n_fails": 1,
    "vpn.server.lockout_policy.reset_time": 86400,
    "auth.sessiontoken.lifetime": 5,
    "auth.sessiontoken.max_renewaltime": 5,
    "admin_ui.https.port": 9443,
    "admin_ui.https.ip_address": "eth7",
    "cs.https.port": 9443,
    "cs.https.ip_address": "eth7",
    "cs.cert": PEM,
    "cs.ca_bundle": PEM,
    "cs.openssl_ciphersuites": "NULL",
    "sa.initial_run_groups.0": "openvpn_group",
    "iptables.web": False,
    "boot_pam_users.0": "nobody",
    "acme.provider": "letsencrypt",
}
HARMLESS: dict[str, object] = {
    "vpn.server.google_auth.enable": False,
    "vpn.server.lockout_policy.n_fails": 4,
    "vpn.server.lockout_policy.reset_time": 60,
    "auth.sessiontoken.lifetime": 300,
    "auth.sessiontoken.max_renewaltime": 604800,
    "auth.ldap.0.server.0.host": "ldap.example.com",
    "cs.tls_version_min": "1.3",
    "vpn.server.daemon.tcp.port": 8443,
    "vpn.server.port_share.enable": False,
    "sa.company_name": "Example",
}


def restarts(server: Server) -> None:
    """What is stored becomes active, as by a restart."""
    server.simulator.machine.configuration.take_over()


@pytest.fixture(name="default")
def fixture_default(server: Server) -> Server:
    """A server whose administrator follows the configuration."""
    server.simulator.set_user(OWN, auth_method=None, totp=None)
    server.simulator.set_configuration(**{"vpn.server.google_auth.enable": None})
    return server


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("vpn.server.lockout_policy.n_fails", 3, 2),
        ("vpn.server.lockout_policy.reset_time", 3600, 3601),
        ("auth.sessiontoken.lifetime", 120, 119),
        ("auth.sessiontoken.max_renewaltime", 120, 119),
    ],
)
def test_limits_are_exact(default: Server, name: str, inside: int, outside: int) -> None:
    answer = default.manage(CONFIG_ITEM, check=True, name=name, value=inside)
    assert not answer.get("failed"), answer["msg"]
    refused(default, (CONFIG_ITEM, {"name": name, "value": outside}), name, "allow_self: true")


@pytest.mark.parametrize(("name", "value"), ENDANGERING.items())
def test_items_that_could_end_our_sign_in(default: Server, name: str, value: object) -> None:
    refused(default, (CONFIG_ITEM, {"name": name, "value": value}), name, "as_staged_config", "allow_self: true")


@pytest.mark.parametrize(("name", "value"), HARMLESS.items())
def test_items_that_could_not(default: Server, name: str, value: object) -> None:
    if name == "vpn.server.google_auth.enable":
        default.simulator.set_configuration(**{name: True})
    answer = default.manage(CONFIG_ITEM, name=name, value=value)
    assert not answer.get("failed"), answer["msg"]
    restarts(default)
    assert can_administer(default)


@pytest.mark.parametrize("name", ["auth.module.type", "vpn.server.google_auth.enable"])
def test_items_that_are_decided_above_them(default: Server, name: str) -> None:
    """By a user, a group or the default user."""
    change = (CONFIG_ITEM, {"name": name, "value": ENDANGERING[name]})
    default.manage(GROUP, name="staff", auth_method="local", totp=False, members=[OWN], allow_self=True)
    done(default, change)
    restarts(default)
    assert can_administer(default)
    refused(default, (GROUP, {"name": "staff", "state": "absent"}), "group staff", "allow_self: true")


def test_items_of_a_profile_that_is_not_active(default: Server) -> None:
    """They are looked at when it is activated."""
    default.manage(CONFIG_PROFILE, name="next", copy_from="default")
    done(default, (CONFIG_ITEM, {"name": "auth.module.type", "value": "saml", "profile": "next"}))
    refused(default, (CONFIG_PROFILE, {"name": "next", "active": True}), "auth.module.type", "allow_self: true")
    copy = {"name": "other", "copy_from": "next", "active": True}
    refused(default, (CONFIG_PROFILE, copy), "auth.module.type", "allow_self: true")
    copies = [{"name": "first", "copy_from": "next"}, {"name": "second", "copy_from": "first", "active": True}]
    refused(default, (CONFIG_PROFILE, {"config_profiles": copies}), "second", "auth.module.type", "allow_self: true")


def test_a_profile_that_ended_our_sign_in_is_active_no_more(start: t.Callable[..., Server]) -> None:
    server = start(settings={"restart_downtime": 0.05, "restart_delay": 0.05})
    server.simulator.set_user(OWN, auth_method=None)
    server.manage(CONFIG_PROFILE, name="next", copy_from="default")
    server.manage(CONFIG_ITEM, name="auth.module.type", value="saml", profile="next")
    answer = server.manage(CONFIG_PROFILE, name="next", active=True, allow_self=True, restart_timeout=10)
    assert answer["failed"]
    assert "SAML" in answer["msg"]
    assert "default is active again." in answer["msg"]
    assert can_administer(server)


def test_items_that_ended_our_sign_in_are_rolled_back(default: Server) -> None:
    default.simulator.set_configuration(**{"vpn.server.lockout_policy.n_fails": 10})
    both = [{"name": "auth.module.type", "value": "saml"}, {"name": "vpn.server.lockout_policy.n_fails", "value": 2}]
    default.simulator.faults.add(path="auth/login/userpassword", nth=2, do="act", act=lambda: restarts(default))
    answer = default.manage(CONFIG_ITEM, config_items=both, allow_self=True)
    assert answer["failed"]
    assert "SAML" in answer["msg"]
    assert "Rolled back: value of configuration item auth.module.type." in answer["msg"]
    assert "waits for a restart" in " ".join(answer["warnings"])
    restarts(default)
    assert can_administer(default)
    assert default.inform(CONFIG_ITEM, ["vpn.server.lockout_policy.n_fails"], profile=None)[0]["value"] == 10


def test_items_that_could_end_the_sign_in_of_any_administrator(server: Server, bearer: dict[str, t.Any]) -> None:
    """A token alone does not name its account, and no new sign-in can verify anything."""
    change = (CONFIG_ITEM, {"name": "auth.module.type", "value": "saml"})
    for name in (OWN, "mfa-admin"):
        server.simulator.set_user(name, auth_method="local")
    assert not server.manage(CONFIG_ITEM, check=True, **change[1], **bearer).get("failed")
    server.simulator.set_user("mfa-admin", auth_method=None)
    refused(server, change, "auth.module.type", "allow_self: true", **bearer)
    answer = server.manage(CONFIG_ITEM, **change[1], **bearer, allow_self=True)
    assert not answer.get("failed"), answer["msg"]
    assert "This task cannot verify" in " ".join(answer["warnings"])


# -- everything that can end it asks


def test_the_role_hands_on_what_is_allowed() -> None:
    role = ROOT / "roles/access_server"
    used = set(re.findall(r"^ +vpn\.estate\.(as_\w+):", (role / "tasks/main.yml").read_text(), re.MULTILINE))
    modules = {
        name: importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY for name in used
    }
    assert [name for name, body in modules.items() if "allow_self" in body.options] == ["as_declaration"]
    declaration = yaml.safe_load((role / "vars/main.yml").read_text())["__access_server_declaration"]
    assert "'allow_self': access_server_allow_self," in declaration


def test_every_resource_with_rights_is_safeguarded() -> None:
    for sample in SAMPLES:
        names = {f.name for f in sample.resource.fields if f.spec} & {
            "deny",
            "admin",
            "totp",
            "required",
            "active",
            "value",
            "idp_certificate",
        }
        assert isinstance(sample.resource, Safeguarded) == bool(names), sample
