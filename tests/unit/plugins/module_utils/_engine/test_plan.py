# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What purge deletes, and what it refuses before anything is written."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server


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
    refused(estate, "empty list", "user-00, user-01, ", "user-17 and 2 more", "purge_empty: true", users=[], purge=True)


def test_an_empty_list_that_is_meant(estate: Server) -> None:
    answer = estate.manage(USER, users=[], purge=True, purge_empty=True, purge_limit="100%", protect=keep(estate))
    assert answer["counts"] == {"deleted": 20}
    assert names(estate) == set(keep(estate))


@pytest.mark.parametrize(("limit", "allowed"), [(None, 5), ("5", 5), ("20%", 4), ("3", 3), ("0", 0), ("100%", 22)])
def test_the_limit(estate: Server, limit: str | None, allowed: int) -> None:
    options = {"purge": True, "purge_limit": limit, "protect": keep(estate)}
    if allowed < 20:
        too_few = declared(*range(19 - allowed))
        refused(estate, "purge_limit", f'"{allowed + 1}"', f"allows {allowed}", users=too_few, **options)
    just_enough = declared(*range(max(20 - allowed, 1)))
    assert not estate.manage(USER, users=just_enough, **options).get("failed")


def test_too_many_are_named_before_they_are_counted(estate: Server) -> None:
    """The number that silences the refusal comes last, so that users read the names before they copy it."""
    whole = estate.manage(USER, users=declared(0), purge=True, protect=keep(estate))["msg"]
    names_told = ", ".join(f"user-{number:02}" for number in range(1, 20))
    assert f"delete {names_told} (19 of 22 users)" in whole
    assert whole.endswith('purge_limit: "19".')
    estate.manage(USER, users=[{"name": f"user-{number:02}"} for number in range(20, 30)])
    cut = estate.manage(USER, users=declared(0), purge=True, protect=keep(estate))["msg"]
    assert "user-20 and 9 more (29 of 32 users)" in cut
    assert "user-21" not in cut


@pytest.mark.parametrize("limit", ["many", "-1", "101%", "", "5 %%"])
def test_a_limit_that_is_none(estate: Server, limit: str) -> None:
    refused(estate, "purge_limit", repr(limit), users=declared(1), purge=True, purge_limit=limit)


def test_a_listing_that_does_not_agree_with_its_total(estate: Server) -> None:
    for check in (True, False):
        estate.simulator.faults.add(path="/api/users/list", do="status", status=200, body={"total": 99, "profiles": []})
        answer = estate.manage(USER, check=check, users=[{"name": estate.simulator.username}], purge=True)
        assert answer["failed"]
        assert "counts 99 users and lists 1" in answer["msg"]
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


@pytest.mark.parametrize("resource", [GROUP, ACCESS_LIST], ids=["groups", "access lists"])
def test_a_purge_of_more_than_half_is_refused_by_name(server: Server, resource: t.Any) -> None:
    """A first declaration that is not complete would delete nearly all of a small server."""
    server.manage(GROUP, groups=[{"name": "staff"}, {"name": "ops"}, {"name": "old"}])
    server.manage(
        ACCESS_LIST, access_lists=[{"group": name, "access_to": ["10.0.0.0/8"]} for name in ("staff", "ops", "old")]
    )
    server.simulator.log.clear()
    declared = {"groups": [{"name": "staff"}]}
    if resource is ACCESS_LIST:
        declared = {"access_lists": [{"group": "staff", "access_to": "10.0.0.0/8"}]}
    refused(server, "old, ", resource=resource, **declared, purge=True)
    refused(server, f"2 of 3 {resource.plural}), and purge_limit allows 1", resource=resource, **declared, purge=True)
    assert not server.writes()


def test_groups_and_access_lists_are_purged_alike(server: Server) -> None:
    server.manage(GROUP, groups=[{"name": "staff"}, {"name": "ops"}, {"name": "old"}])
    server.manage(
        ACCESS_LIST, access_lists=[{"group": name, "access_to": ["10.0.0.0/8"]} for name in ("staff", "ops", "old")]
    )
    kept = [{"group": "staff", "access_to": ["10.0.0.0/8"]}]
    assert server.manage(ACCESS_LIST, access_lists=kept, purge=True, purge_limit="2")["counts"] == {
        "unchanged": 1,
        "updated": 2,
    }
    assert [one["group"] for one in server.inform(ACCESS_LIST)] == ["staff"]
    answer = server.manage(GROUP, groups=[{"name": "staff"}], purge=True, purge_limit="2")
    assert answer["counts"] == {"unchanged": 1, "deleted": 2}
    assert names(server, GROUP) == {"staff"}
    refused(server, "empty list", resource=GROUP, groups=[], purge=True)
    refused(server, "empty list", resource=ACCESS_LIST, access_lists=[], purge=True)
