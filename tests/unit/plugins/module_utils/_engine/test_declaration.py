# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found wrong in a declaration before a server is asked."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.filter.contradictions import contradictions

STAFF, GONE = {"name": "staff"}, {"name": "old", "state": "absent"}


@pytest.mark.parametrize(
    ("declaration", "found"),
    [
        ({}, []),
        ({"users": [{"name": "alice", "group": "staff"}], "groups": [STAFF, GONE]}, []),
        ({"users": [{"name": "alice", "group": "unknown"}], "groups": [STAFF]}, []),  # it may be on the server
        ({"users": [{"name": "alice", "group": ""}], "groups": [STAFF], "purge": ["groups"]}, []),
        (
            {"users": [{"name": "alice", "group": "old"}], "groups": [GONE]},
            ["user alice is in group old, which is declared absent"],
        ),
        (
            {"users": [{"name": n, "group": "old", "state": "blocked"} for n in ("alice", "bob")], "groups": [GONE]},
            ["user alice and others are in group old, which is declared absent"],
        ),
        ({"users": [{"name": "alice", "group": "old", "state": "absent"}], "groups": [GONE]}, []),
        (
            {"users": [{"name": "alice", "group": "ops"}], "groups": [STAFF], "purge": ["groups"]},
            ["user alice is in group ops, which is not declared and falls to the purge"],
        ),
        ({"users": [{"name": "a", "group": "ops"}], "groups": [STAFF], "purge": ["groups"], "protect": ["ops"]}, []),
        (
            {"default_user": {"group": "old"}, "groups": [GONE]},
            ["the default user is in group old, which is declared absent"],
        ),
        (
            {"purge": ["users", "groups"], "groups": []},
            ["access_server_purge names users, and access_server_users is not defined"],
        ),
        ({"purge": ["users"], "files": ["users"], "groups": [{"name": "staff", "members": ["alice"]}]}, []),
        (
            {"users": [], "files": ["users"]},
            ["access_server_users and access_server_users_src are both defined"],
        ),
        (
            {"groups": [{"name": "staff", "members": ["alice"]}, {"name": "ops", "members": ["alice"]}]},
            ["user alice is a member of both group staff and group ops"],
        ),
        (
            {"users": [{"name": "alice", "group": "ops"}], "groups": [{"name": "staff", "members": ["alice"]}]},
            ["user alice is declared to be in group ops and is a member of group staff"],
        ),
        (
            {"users": [{"name": "alice", "group": ""}], "groups": [{"name": "staff", "members": ["alice"]}]},
            ["user alice is declared to be in no group and is a member of group staff"],
        ),
        (
            {"users": [{"name": "alice", "group": "staff"}], "groups": [{"name": "staff", "members": []}]},
            ["user alice is declared to be in group staff and is not among its members"],
        ),
        (
            {"users": [{"name": "x", "state": "absent"}], "groups": [{"name": "staff", "members": ["x"]}]},
            ["group staff has the member user x, which is declared absent"],
        ),
        (
            {"groups": [GONE], "access_lists": [{"group": "old", "access_to": ["10.0.0.0/8"]}]},
            ["there is an access list of group old, which is declared absent"],
        ),
        ({"groups": [GONE], "access_lists": [{"group": "old", "state": "absent"}]}, []),
        (
            {"groups": [GONE], "access_lists": [{"user": "alice", "access_from": [{"type": "group", "group": "old"}]}]},
            ["an access rule names group old, which is declared absent"],
        ),
        (
            {"users": [], "purge": ["users"], "access_lists": [{"user": "alice", "access_to": ["10.0.0.0/8"]}] * 2},
            ["there is an access list of user alice, which is not declared and falls to the purge"],
        ),
    ],
)
def test_what_cannot_all_be_true_is_found(declaration: dict[str, t.Any], found: list[str]) -> None:
    assert contradictions(declaration) == found


@pytest.mark.parametrize(
    "declaration", ["users", {"users": ["alice"]}, {"access_lists": [{"access_to": ["nonsense!"]}]}]
)
def test_what_is_no_declaration_is_told(declaration: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="contradictions: "):
        contradictions(declaration)
