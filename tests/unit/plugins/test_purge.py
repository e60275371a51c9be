# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What purge refuses, before anything is written; and what guards the account that a task is signed in with."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._resource import Resource
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Server


def names(server: Server, resource: Resource = USER) -> set[str]:
    return {one["name"] for one in server.inform(resource)}


def refused(server: Server, *words: str, **params: t.Any) -> None:
    """The task fails with these words, in check mode as well, and writes nothing."""
    resource = params.pop("resource", USER)
    before = server.simulator.state()
    for check in (True, False):
        server.simulator.log.clear()
        answer = server.manage(resource, check=check, **params)
        assert answer.get("failed"), answer
        assert not answer["changed"]
        assert all(word in answer["msg"] for word in words), answer["msg"]
        assert not server.writes()
    after = server.simulator.state()
    assert (after["users"], after["groups"], after["access_lists"]) == (
        before["users"],
        before["groups"],
        before["access_lists"],
    )


@pytest.fixture(name="estate")
def fixture_estate(start: t.Callable[..., Server]) -> Server:
    """A server with twenty users more than it comes with."""
    server = start()
    server.manage(USER, users=[{"name": f"user-{number:02}"} for number in range(20)])
    return server


def keep(server: Server) -> list[str]:
    """The accounts that the server came with."""
    return [server.simulator.username, server.simulator.mfa_username]


def declared(*numbers: int) -> list[dict[str, str]]:
    return [{"name": f"user-{number:02}"} for number in numbers]


def test_purge_deletes_what_is_not_declared_and_nothing_else(estate: Server) -> None:
    answer = estate.manage(USER, users=declared(*range(17)), purge=True, protect=keep(estate))
    assert answer["counts"] == {"unchanged": 17, "deleted": 3}
    assert names(estate) == {f"user-{number:02}" for number in range(17)} | set(keep(estate))
    assert not estate.manage(USER, users=declared(*range(17)), purge=True, protect=keep(estate))["changed"]


def test_an_empty_list(estate: Server) -> None:
    refused(estate, "empty list", "purge_empty: true", users=[], purge=True)


def test_an_empty_list_that_is_meant(estate: Server) -> None:
    answer = estate.manage(USER, users=[], purge=True, purge_empty=True, purge_limit="100%", protect=keep(estate))
    assert answer["counts"] == {"deleted": 20}
    assert names(estate) == set(keep(estate))


def test_our_own_account(estate: Server) -> None:
    own = estate.simulator.username
    refused(estate, own, "signed in", users=declared(*range(20)), purge=True, protect=[estate.simulator.mfa_username])


def test_the_last_administrator(start: t.Callable[..., Server]) -> None:
    """Signed in by a token that was brought, the task does not know whose it is."""
    server = start()
    server.manage(USER, users=declared(1))
    token = server.run(lambda client, task: {"token": client.session.token(), "changed": False}, {})["token"]
    params = {"users": declared(1), "purge": True, "as_token": token, "as_username": None, "as_password": None}
    refused(server, "without an administrator", **params)
    spared = server.manage(USER, **params, protect=[server.simulator.mfa_username])
    assert spared["counts"] == {"unchanged": 1, "deleted": 1}


@pytest.mark.parametrize(("limit", "allowed"), [(None, 5), ("5", 5), ("20%", 4), ("3", 3), ("0", 0), ("100%", 22)])
def test_the_limit(estate: Server, limit: str | None, allowed: int) -> None:
    options = {"purge": True, "purge_limit": limit, "protect": keep(estate)}
    if allowed < 20:
        too_few = declared(*range(19 - allowed))
        refused(estate, "purge_limit", f'"{allowed + 1}"', f"allows {allowed}", users=too_few, **options)
    just_enough = declared(*range(max(20 - allowed, 1)))
    assert not estate.manage(USER, users=just_enough, **options).get("failed")


@pytest.mark.parametrize("limit", ["many", "-1", "101%", "", "5 %%"])
def test_a_limit_that_is_none(estate: Server, limit: str) -> None:
    refused(estate, "purge_limit", repr(limit), users=declared(1), purge=True, purge_limit=limit)


def test_a_listing_that_does_not_agree_with_its_total(estate: Server) -> None:
    for check in (True, False):
        estate.simulator.faults.add(path="/api/users/list", do="status", status=200, body={"total": 99, "profiles": []})
        answer = estate.manage(USER, check=check, users=[{"name": estate.simulator.username}], purge=True)
        assert answer["failed"]
        assert "counts 99 users and listed 1" in answer["msg"]
    assert len(names(estate)) == 22


def test_purge_goes_only_with_a_list(estate: Server) -> None:
    with pytest.raises(AssertionError, match="purge is True but any of the following are missing: users, src"):
        estate.manage(USER, name="user-01", purge=True)


def test_a_protected_name_stays_whatever_else(estate: Server) -> None:
    protect = [*keep(estate), "user-07"]
    estate.manage(USER, users=declared(1), purge=True, purge_limit="100%", protect=protect)
    assert names(estate) == {"user-01", "user-07", *keep(estate)}


def test_purged_users_are_denied_and_disconnected_first(estate: Server) -> None:
    estate.simulator.connect("user-19")
    estate.simulator.log.clear()
    estate.manage(USER, users=declared(*range(18)), purge=True, protect=keep(estate))
    assert estate.writes() == ["/api/userprop/set", "/api/vpn/client/disconnect", "/api/users/delete"]


def test_groups_and_access_lists_are_purged_alike(server: Server) -> None:
    server.manage(GROUP, groups=[{"name": "staff"}, {"name": "ops"}, {"name": "old"}])
    server.manage(
        ACCESS_LIST, access_lists=[{"group": name, "access_to": ["10.0.0.0/8"]} for name in ("staff", "ops", "old")]
    )
    kept = [{"group": "staff", "access_to": ["10.0.0.0/8"]}]
    assert server.manage(ACCESS_LIST, access_lists=kept, purge=True)["counts"] == {"unchanged": 1, "updated": 2}
    assert [one["group"] for one in server.inform(ACCESS_LIST)] == ["staff"]
    assert server.manage(GROUP, groups=[{"name": "staff"}], purge=True)["counts"] == {"unchanged": 1, "deleted": 2}
    assert names(server, GROUP) == {"staff"}
    refused(server, "empty list", resource=GROUP, groups=[], purge=True)
    refused(server, "empty list", resource=ACCESS_LIST, access_lists=[], purge=True)


# -- ourselves


@pytest.mark.parametrize(
    "change",
    [
        {"deny": True},
        {"admin": False},
        {"auth_method": "ldap"},
        {"totp": True},
        {"password": "Another-One-9!"},
        {"group": "staff"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_our_own_way_in_is_not_changed_unasked(server: Server, change: dict[str, t.Any]) -> None:
    server.manage(GROUP, name="staff")
    own = server.simulator.username
    how = {"update_password": "always"} if "password" in change else {}
    refused(server, own, next(iter(change)), "allow_self", name=own, **change, **how)


@pytest.mark.parametrize("state", ["blocked", "absent"])
def test_we_neither_block_nor_delete_ourselves(server: Server, state: str) -> None:
    refused(
        server, server.simulator.username, "signed in", name=server.simulator.username, state=state, allow_self=True
    )


def test_our_own_password_is_changed_last_and_proven(server: Server) -> None:
    own, new = server.simulator.username, "Another-Password-9!"
    server.simulator.log.clear()
    answer = server.manage(
        USER,
        users=[{"name": own, "password": new}, {"name": "erika", "password": "Erika-Password-1!"}],
        update_password="always",
        allow_self=True,
    )
    assert not answer.get("failed"), answer["msg"]
    assert server.simulator.password_is(own, new)
    changed = [one.request["username"] for one in server.simulator.exchanges if one.path.endswith("password/change")]
    assert changed == ["erika", own]
    logins = [one for one in server.simulator.log if one.path.endswith("login/userpassword")]
    assert [one.status for one in logins] == [200, 200]


def test_what_locked_us_out_is_set_back(server: Server) -> None:
    own = server.simulator.username
    answer = server.manage(USER, name=own, auth_method="saml", allow_self=True)
    assert answer["failed"]
    assert "SAML" in answer["msg"]
    assert "was set back" in answer["msg"]
    assert server.inform(USER, [own])[0]["auth_method"] == "local"


def test_what_cannot_be_set_back_is_said(server: Server) -> None:
    own = server.simulator.username
    answer = server.manage(USER, name=own, admin=False, allow_self=True)
    assert answer["failed"]
    assert answer["changed"]
    assert "another administrator has to" in answer["msg"]
    assert server.simulator.state()["users"][own].get("admin") is False


def test_the_default_user_and_our_group_are_guarded_where_we_inherit_from_them(server: Server) -> None:
    refused(server, "deny", "allow_self", resource=DEFAULT_USER, deny=True)
    server.manage(GROUP, name="staff")
    assert not server.manage(USER, name=server.simulator.username, group="staff", allow_self=True).get("failed")
    refused(server, "deny", "allow_self", resource=GROUP, name="staff", deny=True)
    refused(server, "group", "allow_self", resource=GROUP, name="staff", state="absent")
    refused(server, "members", "allow_self", resource=GROUP, name="staff", members=[])
    assert server.manage(GROUP, name="staff", autologin=True)["changed"]
    assert server.manage(DEFAULT_USER, deny=True)["changed"]  # we have a group now
