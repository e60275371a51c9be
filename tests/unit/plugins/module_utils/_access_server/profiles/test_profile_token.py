# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens for client profiles: kept while they are valid, and shown only in a private file."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_token import PROFILE_TOKEN
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
dialects = pytest.mark.parametrize("dialect", ["document", "3.2"])
ADA = {"user": "ada", "profile_type": "userlogin"}


def token(server: Server, **params: t.Any) -> Answer:
    """Run as_profile_token; it must succeed."""
    answer = server.manage(PROFILE_TOKEN, **params)
    assert not answer.get("failed"), answer["msg"]
    return answer


def valid(server: Server) -> dict[str, dict[str, t.Any]]:
    return dict(server.simulator.machine.tokens.all())


@dialects
def test_there_is_one_however_often_it_is_asked_for(start: Start, dialect: str, tmp_path: Path) -> None:
    server, file = start(dialect=dialect), tmp_path / "ada.url"
    server.simulator.set_user("ada")
    planned = token(server, **ADA, lifetime=600, usages=2, dest=str(file), check=True)
    assert not valid(server)
    done = token(server, **ADA, lifetime=600, usages=2, dest=str(file))
    assert planned["diff"] == done["diff"]
    [secret] = valid(server)
    assert secret in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one["usages"] for one in done["objects"][0]["tokens"]] == [2]
    server.simulator.log.clear()
    again = token(server, **ADA, dest=str(file))
    assert not again["changed"]
    assert not server.writes()
    visible = [*text_of(planned), *text_of(done), *text_of(again), *text_of(server.inform(PROFILE_TOKEN))]
    assert secret not in "".join(visible)


def test_one_that_was_used_up_or_is_over_is_replaced(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "ada.url"
    server.simulator.set_user("ada")
    token(server, **ADA, dest=str(file))
    first = file.read_text()
    [secret] = valid(server)
    server.simulator.machine.tokens.redeem(secret)
    renewed = token(server, **ADA, dest=str(file))
    assert "is no longer valid" in renewed["objects"][0]["reason"]
    assert file.read_text() != first


def test_the_url_is_reported_where_the_task_asks_for_it(server: Server) -> None:
    server.simulator.set_user("ada")
    done = token(server, **ADA, return_content=True)
    [secret] = valid(server)
    assert secret in done["objects"][0]["content"]
    assert "content" not in token(server, **ADA, return_content=True)["objects"][0]


@dialects
def test_all_tokens_of_a_user_end(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for kind in ("userlogin", "autologin", "userlogin"):
        server.simulator.add_profile_token("ada", kind)
    server.simulator.add_profile_token("ben", "userlogin")
    token(server, user="ada", profile_type="autologin", state="absent")
    assert len(valid(server)) == 3
    done = token(server, user="ada", state="absent")
    assert [one["user"] for one in done["objects"][0]["tokens"]] == ["ada", "ada"]
    assert [one["username"] for one in valid(server).values()] == ["ben"]
    assert not token(server, user="ada", state="absent")["changed"]


def test_a_token_that_is_used_meanwhile_is_no_problem(server: Server) -> None:
    first = server.simulator.add_profile_token("ada", "userlogin")
    server.simulator.add_profile_token("ada", "userlogin")
    server.simulator.faults.add(
        path="/token-url/delete", do="act", act=lambda: server.simulator.machine.tokens.redeem(first)
    )
    assert token(server, user="ada", state="absent")["changed"]
    assert not valid(server)


REFUSALS: dict[str, tuple[dict[str, t.Any], str]] = {
    "without a place for it": ({**ADA}, "Set dest or return_content"),
    "an unknown user": ({**ADA, "user": "eve", "return_content": True}, "user eve does not exist."),
    "no type": ({"user": "ada", "return_content": True}, "present needs profile_type"),
    "no life": (
        {**ADA, "lifetime": 0, "return_content": True},
        "lifetime of profile token userlogin of ada: 0 is too small",
    ),
    "no use": ({**ADA, "usages": -1, "return_content": True}, "-1 is too small; the smallest value is 1"),
    "no folder": ({**ADA, "dest": "/nowhere/at/all/ada.url"}, "there is no folder /nowhere/at/all"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_not_possible_is_refused_before_anything_is_written(server: Server, case: str) -> None:
    server.simulator.set_user("ada")
    params, sentence = REFUSALS[case]
    answer = server.manage(PROFILE_TOKEN, **params)
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert not server.writes()


def test_no_url_is_written_through_a_link(server: Server, tmp_path: Path) -> None:
    server.simulator.set_user("ada")
    link = tmp_path / "ada.url"
    link.symlink_to(tmp_path / "elsewhere")
    answer = server.manage(PROFILE_TOKEN, **ADA, dest=str(link))
    assert "is a symbolic link" in answer["msg"]
    assert not server.writes()


def test_one_file_is_for_one_token(server: Server, tmp_path: Path) -> None:
    server.simulator.set_user("ada", autologin=True)
    both = [{**ADA, "dest": str(tmp_path / "url")}, {**ADA, "profile_type": "autologin", "dest": str(tmp_path / "url")}]
    answer = server.manage(PROFILE_TOKEN, profile_tokens=both)
    assert "is declared for two profile tokens" in answer["msg"]
