# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Info modules of users and groups with conditions: the right ones for any reading of filters, and few requests."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.modules import as_user_info
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = t.Callable[..., Server]
GROUPS: list[dict[str, t.Any]] = [
    {"name": "staff", "admin": True},
    {"name": "Staffers", "autologin": True},
    {"name": "none"},
]
USERS: list[dict[str, t.Any]] = [
    {"name": "ana"},
    {"name": "Anabel", "group": "staff"},
    {"name": "corp\\ana", "group": "staff", "admin": False},
    {"name": "ben_1", "group": "Staffers"},
    {"name": "benx1", "group": "none", "admin": True, "autologin": True},
    {"name": "carl", "group": "Staffers", "autologin": False},
]
OF_NAMES: list[dict[str, t.Any]] = [
    {},
    {"name_contains": "ana"},
    {"name_contains": "n_1"},
    {"name_contains": "\\"},
    {"names": ["ana", "ben_1", "corp\\ana", "zoe"]},
    {"names": ["ana", "Anabel"], "name_contains": "ana"},
    {"names": []},
]
OF_FLAGS: list[dict[str, t.Any]] = [
    {},
    {"admin": True},
    {"admin": False},
    {"autologin": True},
    {"autologin": False},
    {"admin": True, "autologin": True},
    {"admin": False, "autologin": True},
]
OF_GROUPS: list[dict[str, t.Any]] = [{}, {"group": "staff"}, {"group": "staffers"}, {"group": ""}, {"group": "nowhere"}]
INHERITED: list[dict[str, t.Any]] = [{}, {"admin": True}, {"group": "staff"}, {"group": "none", "autologin": True}]


def populated(server: Server, default: dict[str, t.Any] | None = None) -> Server:
    """With groups, users, and what users inherit."""
    for resource, objects in ((GROUP, GROUPS), (USER, USERS)):
        answer = server.manage(resource, **{resource.plural: objects})
        assert not answer.get("failed"), answer["msg"]
    if default:
        answer = server.manage(DEFAULT_USER, **default)
        assert not answer.get("failed"), answer["msg"]
    return server


def fits(found: dict[str, t.Any], asked: dict[str, t.Any]) -> bool:
    """Whether what an info module shows is asked for."""
    return (
        asked.get("name_contains", "") in found["name"]
        and found["name"] in asked.get("names", [found["name"]])
        and asked.get("group") in (None, found.get("group"))
        and all(asked.get(flag) in (None, found["effective"][flag]) for flag in ("admin", "autologin"))
    )


@pytest.mark.parametrize(
    ("dialect", "filters", "flags", "substring", "default_group", "default"),
    crossed(
        ["document", "3.2"],
        ["taken", "ignored"],
        ["effective", "own"],
        ["exact", "caseless"],
        ["alone", "followed"],
        INHERITED,
    ),
)
def test_conditions_return_those_of_all_objects_that_fit(
    start: Start, dialect: str, filters: str, flags: str, substring: str, default_group: str, default: dict[str, t.Any]
) -> None:
    readings = {
        "list_filters": filters,
        "flag_filters": flags,
        "substring_filter": substring,
        "default_group": default_group,
    }
    server = populated(start(dialect=dialect, readings=readings), default)
    there = {resource: server.inform(resource) for resource in (USER, GROUP)}
    seen: dict[str, int] = {}
    of_names = itertools.product(OF_NAMES, OF_FLAGS, [{}])
    of_groups = itertools.product([{}, OF_NAMES[1]], OF_FLAGS, OF_GROUPS[1:])
    for names, flag, group in itertools.chain(of_names, of_groups):
        asked = {**names, **flag, **group}
        for resource in (USER, GROUP) if not group else (USER,):
            expected = [one for one in there[resource] if fits(one, asked)]
            assert server.inform(resource, **asked) == expected, asked
            seen[resource.noun] = max(seen.get(resource.noun, 0), 0 < len(expected) < len(there[resource]))
    assert seen == {"user": 1, "group": 1}


@pytest.mark.parametrize(
    ("resource", "asked", "requests"),
    [
        (USER, {}, 5),
        (USER, {"group": "group004"}, 1),
        (USER, {"name_contains": "00017"}, 1),
        (USER, {"admin": True}, 4),
        (USER, {"names": ["user00017", "user00018"], "autologin": False}, 1),
        (GROUP, {"name_contains": "p003", "autologin": False}, 1),
        (GROUP, {"admin": True}, 2),
    ],
)
def test_what_is_asked_for_alone_costs_few_requests(
    start: Start, resource: Resource, asked: dict[str, t.Any], requests: int
) -> None:
    """With pages of twelve users. Of administrators, there is a group whose members are asked for beside."""
    server = start(users=50, groups=5, settings={"page_size_cap": 12})
    answer = server.manage(GROUP, name="group003", admin=True)
    assert not answer.get("failed"), answer["msg"]
    server.inform(USER, names=["user00017"])  # signs in
    server.simulator.log.clear()
    assert server.inform(resource, **asked)
    assert len([one for one in server.simulator.log if "login" not in one.path]) == requests


def test_many_groups_that_give_a_right_are_not_asked_for_one_by_one(start: Start) -> None:
    server = start(users=50, groups=20)
    answer = server.manage(GROUP, groups=[{"name": f"group{number:03d}", "admin": True} for number in range(1, 21)])
    assert not answer.get("failed"), answer["msg"]
    expected = [one for one in server.inform(USER) if one["effective"]["admin"]]
    server.simulator.log.clear()
    assert server.inform(USER, admin=True) == expected
    assert len([one for one in server.simulator.log if "login" not in one.path]) == 3


def test_an_empty_part_of_a_name_is_a_mistake(server: Server) -> None:
    body = as_user_info.BODY
    answer = server.run(body.work, body.options, name_contains="")
    assert answer["failed"]
    assert answer["msg"] == "name_contains is empty. Set a part of a name, or remove the option."
    assert not server.simulator.log
