# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of installers: created once in each run, and shown only to the user."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles import installer_url
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
PATH = "/api/installer-url"


def making(server: Server, **params: t.Any) -> Answer:
    """Run as_installer_url."""
    given = {"user": "alice", "installer_type": "win_v3", **params}
    return server.run(installer_url.create, installer_url.SPEC, installer_url.CONSTRAINTS, **given)


def made(server: Server) -> list[dict[str, t.Any]]:
    return [one.request for one in server.simulator.log if one.path == PATH]


def tokens(server: Server) -> int:
    return len(server.simulator.state()["profile_tokens"])


@pytest.fixture(name="people")
def fixture_people(server: Server) -> Server:
    """A server with a user who may have every profile, and one who may not."""
    server.simulator.set_user("alice", autologin=True)
    server.simulator.set_user("bob")
    return server


@dialects
def test_each_run_makes_an_address_and_keeps_it_in_the_file(start: Start, tmp_path: Path, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.set_user("alice", autologin=True)
    dest = tmp_path / "url"
    params = {"profile_type": "autologin", "tls_crypt_v2": True, "dest": str(dest)}
    answer = making(server, **params)
    after = {"installer": {"user": "alice", "installer_type": "win_v3", **params}}
    assert answer == {"changed": True, "diff": {"before": {}, "after": after}}
    assert made(server) == [
        {"user": "alice", "installer_type": "win_v3", "profile_type": "autologin", "tls_crypt_v2": True}
    ]
    first = dest.read_text()
    assert first.startswith(f"{server.simulator.url}/")
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert making(server, **params)["changed"]
    assert dest.read_text() != first
    assert tokens(server) == 2


def test_what_is_left_out_is_left_to_the_server(people: Server, tmp_path: Path) -> None:
    answer = making(people, user=None, dest=str(tmp_path / "url"))
    after = {"installer": {"installer_type": "win_v3", "dest": str(tmp_path / "url")}}
    assert answer == {"changed": True, "diff": {"before": {}, "after": after}}
    assert made(people) == [{"installer_type": "win_v3"}]


def test_the_address_is_returned_where_that_is_set(people: Server, tmp_path: Path) -> None:
    answer = making(people, return_content=True, dest=str(tmp_path / "url"))
    assert answer["content"] == (tmp_path / "url").read_text().rstrip("\n")
    assert making(people, return_content=True)["content"] != answer["content"]


def test_check_mode_makes_nothing(people: Server, tmp_path: Path) -> None:
    answer = making(people, dest=str(tmp_path / "url"), return_content=True, check=True)
    assert answer["changed"]
    assert (people.writes(), made(people), list(tmp_path.iterdir())) == ([], [], [])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"user": "zoe", "return_content": True}, "user zoe does not exist. Nothing was written."),
        ({"user": "bob", "profile_type": "autologin", "return_content": True}, "bob may not have autologin profiles"),
        (
            {"return_content": False},
            "Neither dest nor return_content is set, so the address of the installer would be lost. Set one.",
        ),
        ({"dest": "/nowhere/at/all"}, "dest: /nowhere/at/all cannot be written: there is no folder /nowhere/at."),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_is_refused_before_anything_is_made(
    people: Server, params: dict[str, t.Any], sentence: str, check: bool
) -> None:
    answer = making(people, check=check, **params)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert sentence in answer["msg"]
    assert (made(people), people.writes()) == ([], [])


def test_a_refusal_is_reported_in_the_words_of_the_server(people: Server, tmp_path: Path) -> None:
    answer = making(people, installer_type="ios", dest=str(tmp_path / "url"))
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert answer["msg"].endswith("answered 400: Requested installer is not downloadable")
    assert list(tmp_path.iterdir()) == []


FAULTS: list[dict[str, t.Any]] = [
    {"do": "drop"},
    {"do": "drop", "applied": True},
    {"do": "truncate"},
    {"do": "html"},
    {"status": 500, "body": {"detail": "Internal server error"}},
    {"status": 503, "body": {"reason": "busy"}},
    {"status": 200, "body": {"url": "https://vpn.example.com/secret"}},
    {"status": 200, "body": ""},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values()))[:20])
@pytest.mark.parametrize("path", ["/users/list", "/installer-url"])
def test_a_fault_leaves_the_file_as_it_was_and_is_not_repeated(
    people: Server, tmp_path: Path, path: str, fault: dict[str, t.Any]
) -> None:
    (tmp_path / "url").write_text("old")
    people.simulator.faults.add(path=path, times=None, **fault)
    answer = making(people, dest=str(tmp_path / "url"))
    assert answer["failed"]
    assert "A defect of vpn.estate" not in answer["msg"]
    assert len(made(people)) == (path == "/installer-url")
    assert (tmp_path / "url").read_text() == "old"
    assert "token=" not in text_of(answer)
    assert "example.com/secret" not in text_of(answer)
