# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles: issued if no valid one exists, revoked if declared absent, and never shown."""

from __future__ import annotations

import re
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import client
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile as ProfileFile
from ansible_collections.vpn.estate.plugins.modules import as_profile_info
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = t.Callable[..., Server]
dialects = pytest.mark.parametrize("dialect", ["document", "3.2"])


def profile(server: Server, **params: t.Any) -> Answer:
    """Run as_profile; it must succeed."""
    answer = server.manage(PROFILE, **params)
    assert not answer.get("failed"), answer["msg"]
    return answer


def serials(server: Server, user: str) -> list[str]:
    """Serials of a user's profiles, oldest first."""
    return [one["serial"] for one in server.inform(PROFILE, users=[user])]


@pytest.fixture
def estate(server: Server) -> Server:
    """Ada may have profiles of every type, Ben may not have autologin ones."""
    server.simulator.set_user("ada", autologin=True)
    server.simulator.set_user("ben")
    return server


ADA: dict[str, t.Any] = {"user": "ada", "profile_type": "autologin"}


@dialects
def test_a_user_has_one_good_profile_however_often_it_is_asked_for(start: Start, dialect: str, tmp_path: Path) -> None:
    server = start(dialect=dialect)
    server.simulator.set_user("ada", autologin=True)
    first = profile(server, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert first["objects"][0]["action"] == "created"
    [serial] = serials(server, "ada")
    text = (tmp_path / "ada.ovpn").read_text()
    assert ProfileFile(text).facts()["certificate"]["serial"] == serial == first["objects"][0]["serial"]
    assert stat.S_IMODE((tmp_path / "ada.ovpn").stat().st_mode) == 0o600
    server.simulator.log.clear()
    again = profile(server, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert not again["changed"]
    assert not server.writes()
    assert again["objects"][0]["profiles"][0]["serial"] == serial
    assert (tmp_path / "ada.ovpn").read_text() == text


REASONS: dict[str, tuple[t.Callable[[Server, Path], object], str]] = {
    "none": (lambda server, file: None, "none exists yet"),
    "another place": (lambda server, file: server.simulator.add_profile("ada", comment="laptop"), "does not exist"),
    "soon over": (
        lambda server, file: file.write_text(
            server.simulator.machine.profiles._made("ada", "autologin", False, None, days_left=30).text
        ),
        "it has 29 days left, and renew_before is 30",
    ),
    "revoked": (
        lambda server, file: (held(server, file), profile(server, user="ada", state="absent")),
        "the server does not list",
    ),
    "other CA": (
        lambda server, file: (held(server, file), server.simulator.add_authority("New CA")),
        "which is not the current authority",
    ),
    "no profile": (lambda server, file: file.write_text("<html>"), "is not a client profile: line 1"),
    "cut off": (
        lambda server, file: (held(server, file), file.write_text(file.read_text()[:-400])),
        "is not a client profile",
    ),
    "other type": (
        lambda server, file: profile(server, user="ada", profile_type="userlogin", dest=str(file)),
        "as autologin of ada",
    ),
    "other user": (
        lambda server, file: profile(server, user="ben", profile_type="userlogin", dest=str(file)),
        "as autologin of ada",
    ),
}


def held(server: Server, file: Path) -> None:
    """A file with a valid profile."""
    profile(server, **ADA, dest=str(file))


@pytest.mark.parametrize("case", REASONS)
def test_a_profile_that_is_not_valid_is_issued_again_with_a_reason(estate: Server, tmp_path: Path, case: str) -> None:
    file = tmp_path / "ada.ovpn"
    prepare, reason = REASONS[case]
    prepare(estate, file)
    before = file.read_text() if file.exists() else None
    count = len(serials(estate, "ada"))
    foretold = profile(estate, **ADA, dest=str(file), check=True)
    assert (file.read_text() if file.exists() else None) == before
    done = profile(estate, **ADA, dest=str(file))
    assert reason in done["objects"][0]["reason"]
    assert foretold["objects"][0]["reason"] == done["objects"][0]["reason"]
    assert (foretold["changed"], foretold["diff"]) == (done["changed"], done["diff"]) == (True, done["diff"])
    assert len(serials(estate, "ada")) == count + 1
    assert not profile(estate, **ADA, dest=str(file))["changed"]


def test_a_file_that_others_can_read_is_made_private(estate: Server, tmp_path: Path) -> None:
    file = tmp_path / "ada.ovpn"
    profile(estate, **ADA, dest=str(file))
    file.chmod(0o644)
    answer = profile(estate, **ADA, dest=str(file))
    assert answer["objects"][0]["changed_keys"] == ["private"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(serials(estate, "ada")) == 1


def test_a_disk_that_is_full_is_noticed_before_anything_is_issued(
    estate: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    answer = estate.manage(PROFILE, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert "ada.ovpn cannot be written: No space left on device." in answer["msg"]
    assert (answer["changed"], answer["objects"][0]["action"]) == (False, "not attempted")
    assert not serials(estate, "ada")
    assert not list(tmp_path.iterdir())


def test_no_text_of_a_profile_is_reported_unless_asked_for(estate: Server, tmp_path: Path) -> None:
    answer = profile(estate, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert "PRIVATE KEY" not in text_of(answer)
    renewed = profile(estate, **ADA, return_content=True, renew=True)
    assert "PRIVATE KEY" in renewed["objects"][0]["content"]


def test_users_that_may_not_have_one_are_named_before_anything_is_written(estate: Server) -> None:
    wanted = [{**ADA}, {"user": "ben", "profile_type": "autologin"}]
    answer = estate.manage(PROFILE, profiles=wanted)
    assert answer["msg"].startswith("profile_type: ben may not have autologin profiles")
    answer = estate.manage(PROFILE, profiles=[{**ADA}, {"user": "eve", "profile_type": "userlogin"}])
    assert "user eve does not exist." in answer["msg"]
    assert not estate.writes()


def test_all_profiles_of_a_user_go(estate: Server) -> None:
    for comment in ("laptop", "telephone"):
        profile(estate, **ADA, comment=comment)
    profile(estate, user="ben", profile_type="userlogin")
    answer = profile(estate, user="ada", state="absent")
    assert answer["changed"]
    assert len(answer["diff"]["before"]["of ada"]["profiles"]) == 2
    assert serials(estate, "ada") == []
    assert len(serials(estate, "ben")) == 1
    assert not profile(estate, user="ada", state="absent")["changed"]


def test_the_newest_and_the_protected_stay(estate: Server) -> None:
    made = [estate.simulator.add_profile("ada", days_left=days) for days in (100, 200, 300, 400)]
    profile(estate, user="ada", state="absent", keep=1, protect=[made[0]])
    assert sorted(serials(estate, "ada")) == sorted([made[0], serials(estate, "ada")[-1]])
    assert len(serials(estate, "ada")) == 2


def test_a_task_without_users_must_know_the_number_of_profiles(estate: Server) -> None:
    estate.simulator.add_profile("ada")
    estate.simulator.add_profile("ben", "userlogin")
    ca = estate.inform(PROFILE, users=["ada"])[0]["ca"]
    refused = estate.manage(PROFILE, ca=ca, state="absent")
    assert "This would revoke 2 client profiles" in refused["msg"]
    assert "set delete_clients: 2" in refused["msg"]
    assert not estate.writes()
    profile(estate, ca=ca, state="absent", delete_clients=2)
    assert serials(estate, "ada") + serials(estate, "ben") == []


def test_a_profile_that_cannot_be_kept_is_revoked_again(estate: Server, tmp_path: Path, monkeypatch: t.Any) -> None:
    def full(*args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    answer = estate.manage(PROFILE, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert answer["failed"]
    assert "No space left on device" in answer["msg"]
    assert "was revoked" in answer["msg"]
    assert serials(estate, "ada") == []
    assert list(tmp_path.iterdir()) == []


def test_a_profile_of_an_old_authority_will_do_where_the_task_says_so(estate: Server) -> None:
    profile(estate, **ADA)
    estate.simulator.add_authority("New CA")
    assert not profile(estate, **ADA, accept_old_ca=True)["changed"]
    assert profile(estate, **ADA)["objects"][0]["action"] == "updated"


def test_each_comment_is_a_place_of_its_own(estate: Server) -> None:
    places = [{**ADA, "comment": comment} for comment in ("laptop", "telephone")]
    assert profile(estate, profiles=places)["counts"] == {"created": 2}
    assert not profile(estate, profiles=places)["changed"]
    assert not profile(estate, **ADA)["changed"]
    profile(estate, user="ada", comment="laptop", state="absent")
    assert profile(estate, profiles=places)["counts"] == {"created": 1, "unchanged": 1}


def test_a_profile_of_a_client_is_judged_by_its_serial(estate: Server, tmp_path: Path) -> None:
    held = profile(estate, **ADA, comment="by hand", dest=str(tmp_path / "one"))["objects"][0]["serial"]
    file = str(tmp_path / "new")
    assert not profile(estate, **ADA, comment="laptop", serial=held, dest=file)["changed"]
    assert profile(estate, **ADA, comment="laptop", serial="17", dest=file, check=True)["objects"][0]["reason"] == (
        "the server does not list it as autologin of ada (laptop) with serial 17"
    )
    done = profile(estate, **ADA, comment="laptop", serial="", dest=file)
    assert done["objects"][0]["action"] == "created"
    new = done["objects"][0]["serial"]
    assert not profile(estate, **ADA, comment="laptop", serial=new, dest=file)["changed"]


def test_generic_profiles_are_known_by_their_file(estate: Server, tmp_path: Path) -> None:
    generic = {"user": "ada", "profile_type": "generic", "dest": str(tmp_path / "generic.ovpn")}
    assert profile(estate, **generic)["changed"]
    assert not profile(estate, **generic)["changed"]
    estate.simulator.add_authority("New CA")
    assert "does not trust the current authority" in profile(estate, **generic)["objects"][0]["reason"]


@pytest.mark.parametrize("reading", ["plain", "json"])
def test_a_profile_is_read_however_it_comes(estate: Server, tmp_path: Path, reading: str) -> None:
    estate.simulator.read_as(profile_text=reading)
    profile(estate, **ADA, dest=str(tmp_path / "ada.ovpn"))
    assert (tmp_path / "ada.ovpn").read_text().count("<ca>") == 1


ANSWERS: dict[str, dict[str, t.Any]] = {
    "page": {"do": "html"},
    "lost": {"do": "drop", "applied": True},
    "never made": {"do": "drop"},
    "half": {"do": "truncate"},
    "error": {"status": 500, "applied": True},
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_no_profile_takes_the_place_of_nothing(estate: Server, tmp_path: Path, case: str) -> None:
    file = tmp_path / "ada.ovpn"
    file.write_text("what was there")
    estate.simulator.faults.add(path="/profiles/create", **ANSWERS[case])
    answer = estate.manage(PROFILE, **ADA, dest=str(file))
    assert answer["failed"]
    assert "PRIVATE KEY" not in text_of(answer)
    assert file.read_text() == "what was there"
    made = [one.path for one in estate.simulator.log if one.path.endswith("/profiles/create")]
    assert len(made) == 1  # a call that creates a new object each time is never repeated
    assert profile(estate, **ADA, dest=str(file))["changed"]


def test_after_a_lost_answer_reading_again_is_enough_if_no_text_is_wanted(estate: Server) -> None:
    estate.simulator.faults.add(path="/profiles/create", do="drop", applied=True)
    profile(estate, **ADA)
    assert len(serials(estate, "ada")) == 1


def test_no_comment_is_not_every_comment(estate: Server) -> None:
    """An empty comment comes from a variable without a value."""
    for comment in ("laptop", None):
        estate.simulator.add_profile("ada", comment=comment)
    assert "This would revoke 1 client profiles" in estate.manage(PROFILE, comment="", state="absent")["msg"]
    both = [{"comment": comment, "state": "absent"} for comment in ("", "unknown")]
    answer = estate.manage(PROFILE, profiles=both)
    assert "client profiles (without a comment)" in answer["msg"]
    assert not estate.writes()
    profile(estate, comment="", state="absent", delete_clients=1)
    assert [one["comment"] for one in estate.inform(PROFILE, users=["ada"])] == ["laptop"]


def test_a_file_with_which_no_client_could_connect_is_not_valid(estate: Server, tmp_path: Path) -> None:
    file = tmp_path / "ada.ovpn"
    for block, lacking in (
        ("(?s)<ca>.*?</ca>\n", "certificate authority (ca)"),
        ("(?m)^remote .*\n", "server (remote)"),
    ):
        profile(estate, **ADA, dest=str(file), renew=True)
        file.write_text(re.sub(block, "", file.read_text()))
        assert profile(estate, **ADA, dest=str(file))["objects"][0]["reason"] == (
            f"{file} is not a client profile: it names no {lacking}"
        )


def test_what_each_run_would_issue_again_is_a_warning(estate: Server, tmp_path: Path) -> None:
    answer = profile(estate, **ADA, dest=str(tmp_path / "ada.ovpn"), renew_before=4000)
    assert "each run issues a new one" in answer["warnings"][0]


def test_a_lost_profile_is_a_warning(estate: Server) -> None:
    assert "The new client profile autologin of ada is lost" in profile(estate, **ADA)["warnings"][0]


REFUSALS: dict[str, tuple[dict[str, t.Any], str]] = {
    "no user": ({"profile_type": "autologin"}, "present needs user"),
    "no type": ({"user": "ada"}, "present needs profile_type"),
    "age": ({**ADA, "older_than": 3}, "older_than of client profile .* is allowed only with state: absent"),
    "file of what goes": (
        {"user": "ada", "dest": "ada.ovpn", "state": "absent"},
        "dest .* is allowed only with state: present",
    ),
    "serial": ({"serial": "[1]", "state": "absent"}, r"'\[1\]' is not a serial"),
    "days": ({**ADA, "renew_before": -1}, "renew_before: -1 is too small"),
    "keep": ({"user": "ada", "keep": -1, "state": "absent"}, "-1 is too small; the smallest value is 0"),
    "generic": ({"user": "ada", "profile_type": "generic"}, "it needs dest"),
    "one file": ({"profiles": [{**ADA, "comment": c, "dest": "ada.ovpn"} for c in "ab"]}, "is declared for two"),
    "folder": ({**ADA, "dest": "/nowhere/ada.ovpn"}, "there is no folder /nowhere"),
    "twice": ({"profiles": [{**ADA}, {**ADA}]}, "autologin of ada is declared twice"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_not_possible_is_refused_before_anything_is_written(estate: Server, case: str) -> None:
    params, sentence = REFUSALS[case]
    answer = estate.manage(PROFILE, **params)
    assert answer["failed"]
    assert re.search(sentence, answer["msg"]), answer["msg"]
    assert not estate.writes()


ASKED: dict[str, list[t.Any]] = {
    "users": [None, ["ada", "zoe"]],
    "comment": [None, "laptop", ""],
    "ca": [None, "New CA", "Unused CA"],
    "older_than": [None, 0, 100, 400],
    "ends_within": [None, 0, 30, 31, 36_500],
}


@pytest.mark.parametrize(("dialect", "filters"), crossed(["document", "3.2"], ["taken", "ignored"]))
def test_conditions_return_those_of_all_profiles_that_fit(
    start: Start, dialect: str, filters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server makes of filters, which spare requests where it takes them."""
    server = start(dialect=dialect, readings={"list_filters": filters})
    day = 86_400
    for number, (age, days_left) in enumerate(
        ((401, 300), (400, 31), (100, 30), (99, 0), (50, -1), (0, 29), (0, 3000))
    ):
        server.simulator.machine.clock.advance(-age * day)
        if number == 2:
            server.simulator.add_authority("New CA")
        user, comment = ("ada", "ben")[number % 2], ("laptop", None, "phone")[number % 3]
        server.simulator.add_profile(user, "userlogin", comment=comment, days_left=days_left + age)
        server.simulator.machine.clock.advance(age * day)
    every = server.inform(PROFILE)
    assert len(every) == 7
    sizes: dict[str, set[int]] = {name: set() for name in ASKED}
    chosen = [{name: value} for name, values in ASKED.items() for value in values]
    chosen += [{"users": ["ada"], "ca": "New CA", "ends_within": 40}, {"comment": "laptop", "older_than": 1}]
    for asked in chosen:
        expected = [
            one
            for one in every
            if (asked.get("users") is None or one["user"] in asked["users"])
            and asked.get("comment") in (None, one["comment"])
            and asked.get("ca") in (None, one["ca"])
            and one["age"] >= (asked.get("older_than") or 0)
            and (asked.get("ends_within") is None or one["days_left"] < asked["ends_within"])
        ]
        assert server.inform(PROFILE, **asked) == expected, asked
        for name in asked:
            sizes[name].add(len(expected))
    assert all(sizes[name] - {0, 7} for name in ASKED)
    monkeypatch.setattr(client, "PAGE", 2)
    server.simulator.log.clear()
    assert len(server.inform(PROFILE, ends_within=0)) == 2
    requests = [one for one in server.simulator.log if one.path == "/api/profiles/list"]
    assert len(requests) == (1 if filters == "taken" else 4)


@pytest.mark.parametrize("days", [-1, 36_501])
def test_numbers_of_days_that_are_none(estate: Server, days: int) -> None:
    answer = estate.run(as_profile_info.BODY.work, as_profile_info.BODY.options, older_than=days, ends_within=days)
    for name in ("older_than", "ends_within"):
        assert f"{name}: {days} is not allowed. It must be from 0 to 36500 days." in answer["msg"]
    assert not estate.simulator.log


@dialects
def test_lists_of_several_pages_are_read_whole(start: Start, dialect: str, monkeypatch: t.Any) -> None:
    monkeypatch.setattr(client, "PAGE", 3)
    server = start(dialect=dialect)
    made = {server.simulator.add_profile(f"user{number}", "userlogin") for number in range(8)}
    assert {one["serial"] for one in server.inform(PROFILE)} == made
    assert profile(server, older_than=0, state="absent", delete_clients=8)["changed"]
    assert server.inform(PROFILE) == []
