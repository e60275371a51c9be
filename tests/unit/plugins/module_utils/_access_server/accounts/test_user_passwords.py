# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords of users: when they are set, and what becomes of a bad one."""

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server, text_of

GOOD, OTHER, WEAK = "Correct-Horse-1", "Battery-Staple-2", "weakpassword"


def changes(server: Server) -> list[str]:
    """Whose password the server was asked to change."""
    return [one.request["username"] for one in server.simulator.exchanges if one.path.endswith("/password/change")]


def test_a_weak_password_fails_only_its_user(server: Server) -> None:
    users = [{"name": "anna", "password": GOOD}, {"name": "bert", "password": WEAK}, {"name": "carl", "password": GOOD}]
    answer = server.manage(USER, users=users)
    assert answer["failed"]
    assert [one["action"] for one in answer["objects"]] == ["created", "failed", "created"]
    assert WEAK not in text_of(answer)
    assert server.simulator.password_is("carl", GOOD)
    users[1]["password"] = OTHER
    mended = server.manage(USER, users=users)
    assert mended["counts"] == {"unchanged": 2, "updated": 1}
    assert server.simulator.password_is("bert", OTHER)


def test_on_create_sets_a_password_where_there_is_none(server: Server) -> None:
    server.manage(USER, name="anna")
    assert server.manage(USER, name="anna", password=GOOD)["changed"]
    assert not server.manage(USER, name="anna", password=OTHER)["changed"]
    assert server.simulator.password_is("anna", GOOD)
    assert changes(server) == ["anna"]


def test_always_sets_it_each_time(server: Server) -> None:
    for _again in range(2):
        answer = server.manage(USER, name="anna", password=GOOD, update_password="always")
        assert answer["changed"]
        assert answer["diff"]["after"]["anna"] == {"password": "(not shown)"}
    assert changes(server) == ["anna", "anna"]


def test_no_sign_in_tests_a_password(server: Server) -> None:
    server.manage(USER, name="anna", password=GOOD)
    server.simulator.log.clear()
    server.manage(USER, name="anna", password=OTHER, check=True)
    assert {one.path for one in server.simulator.log if "login" in one.path} <= {"/api/auth/login/userpassword"}
    assert sum("login" in one.path for one in server.simulator.log) <= 1
