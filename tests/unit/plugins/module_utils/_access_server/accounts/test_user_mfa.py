# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authenticators of users: what is required, which users are enrolled, and where secrets are written."""

from __future__ import annotations

import stat
import time
import typing as t
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.modules.as_user_mfa import BODY
from ansible_collections.vpn.estate.tests.simulator.access_server import passwords
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
MAKE = "/api/userprop/mfa/generate-secret"
ENROL = "/api/auth/mfa/enroll"


def manage(server: Server, **params: t.Any) -> Answer:
    """Run as_user_mfa."""
    return server.run(BODY.work, USER_MFA.argument_spec(), USER_MFA.constraints(), **params)


def applied(server: Server, **params: t.Any) -> Answer:
    """The same; it must succeed."""
    answer = manage(server, **params)
    assert not answer.get("failed"), answer["msg"]
    return answer


def record(server: Server, name: str) -> dict[str, t.Any]:
    """What the server knows of a user's authenticator."""
    found = server.simulator.machine.store.record(name)
    assert found is not None
    return {key: found.own[key] for key in ("totp", "totp_locked", "totp_secret") if key in found.own}


def calls(server: Server, path: str) -> list[dict[str, t.Any]]:
    return [one.request for one in server.simulator.log if one.path == path]


@pytest.fixture(name="people")
def fixture_people(server: Server) -> Server:
    """A server with users who have no authenticator yet."""
    for name in ("alice", "bob", "Ana María.Núñez@example.com"):
        server.simulator.set_user(name)
    return server


@pytest.fixture(name="hidden_secrets")
def fixture_hidden_secrets(people: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server does not show the secrets of enrolled users in its lists (server behaviour, 46)."""
    properties = people.simulator.machine.properties
    shown = properties.shown

    def without(*args: t.Any, **how: t.Any) -> dict[str, t.Any]:
        found = shown(*args, **how)
        return {key: value for key, value in found.items() if key != "totp_secret" or not found.get("totp_locked")}

    monkeypatch.setattr(properties, "shown", without)


# -- secrets in files


def test_a_user_is_enrolled_and_the_secret_is_in_the_file(people: Server, tmp_path: Path) -> None:
    dest = tmp_path / "alice"
    answer = applied(people, name="alice", required=True, enrolled=True, dest=str(dest))
    assert answer["changed"]
    assert answer["objects"][0]["changed_keys"] == ["enrolled", "file", "required", "secret"]
    kept = record(people, "alice")
    assert (kept["totp"], kept["totp_locked"]) == (True, True)
    [found] = parse_qs(urlsplit(dest.read_text().rstrip("\n")).query)["secret"]
    assert found == kept["totp_secret"]
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert kept["totp_secret"] not in text_of(answer)
    people.simulator.log.clear()
    again = applied(people, name="alice", required=True, enrolled=True, dest=str(dest))
    assert not again["changed"]
    assert people.writes() == []
    assert MAKE not in [one.path for one in people.simulator.log]


def test_an_address_names_the_user_as_authenticators_read_it(people: Server, tmp_path: Path) -> None:
    name = "Ana María.Núñez@example.com"
    applied(people, name=name, dest=str(tmp_path / "ana"))
    url = urlsplit((tmp_path / "ana").read_text().rstrip("\n"))
    assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", f"/127.0.0.1:{name}")
    assert parse_qs(url.query) == {"secret": [record(people, name)["totp_secret"]], "issuer": ["127.0.0.1"]}


def test_a_bare_secret_replaces_an_address_and_back(people: Server, tmp_path: Path) -> None:
    dest = tmp_path / "alice"
    applied(people, name="alice", dest=str(dest))
    before = record(people, "alice")
    answer = applied(people, name="alice", dest=str(dest), format="secret")
    assert answer["objects"][0]["changed_keys"] == ["file"]
    assert dest.read_text() == f"{before['totp_secret']}\n"
    assert not applied(people, name="alice", dest=str(dest), format="secret")["changed"]
    assert applied(people, name="alice", dest=str(dest))["changed"]
    assert record(people, "alice") == before


@pytest.mark.parametrize("spoil", ["missing", "other", "garbage", "binary", "public", "unlike"])
def test_a_file_that_does_not_hold_the_secret_is_written_again(people: Server, tmp_path: Path, spoil: str) -> None:
    dest = tmp_path / "alice"
    applied(people, name="alice", enrolled=True, dest=str(dest))
    good, before = dest.read_text(), record(people, "alice")
    secret = before["totp_secret"]
    if spoil == "missing":
        dest.unlink()
    elif spoil == "public":
        dest.chmod(0o644)
    else:
        other = ("A" if secret[0] != "A" else "B") + secret[1:]
        bodies = {"other": good.replace(secret, other), "garbage": "", "unlike": good.replace("alice", "bob")}
        dest.write_bytes(b"\xff\xfe" if spoil == "binary" else bodies[spoil].encode())
    planned = applied(people, name="alice", enrolled=True, dest=str(dest), check=True)
    answer = applied(people, name="alice", enrolled=True, dest=str(dest))
    assert answer["objects"][0]["changed_keys"] == planned["objects"][0]["changed_keys"] == ["file"]
    assert dest.read_text() == good
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert record(people, "alice") == before


def test_a_server_that_hides_secrets_is_believed_and_asked_only_where_there_is_no_file(
    people: Server, tmp_path: Path, hidden_secrets: None
) -> None:
    dest = tmp_path / "alice"
    applied(people, name="alice", enrolled=True, dest=str(dest))
    secret = record(people, "alice")["totp_secret"]
    assert not applied(people, name="alice", enrolled=True, dest=str(dest))["changed"]
    dest.unlink()
    answer = applied(people, name="alice", enrolled=True, dest=str(dest))
    assert answer["objects"][0]["changed_keys"] == ["file"]
    assert secret in dest.read_text()
    assert record(people, "alice")["totp_secret"] == secret


# -- new secrets


@dialects
def test_a_reset_creates_a_new_secret_each_time_and_the_user_enrols_again(
    start: Start, tmp_path: Path, dialect: str
) -> None:
    server = start(dialect=dialect)
    server.simulator.set_user("alice")
    applied(server, name="alice", required=True, enrolled=True)
    first = record(server, "alice")
    answer = applied(server, name="alice", reset=True, dest=str(tmp_path / "alice"))
    assert answer["objects"][0]["changed_keys"] == ["enrolled", "file", "secret"]
    second = record(server, "alice")
    assert second["totp_secret"] != first["totp_secret"]
    assert second["totp_locked"] is False
    assert second["totp_secret"] in (tmp_path / "alice").read_text()
    assert applied(server, name="alice", reset=True)["changed"]
    assert record(server, "alice")["totp_secret"] != second["totp_secret"]


@dialects
def test_a_reset_of_a_user_that_stays_enrolled(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.set_user("alice")
    applied(server, name="alice", enrolled=True)
    first = record(server, "alice")
    assert applied(server, name="alice", enrolled=True, reset=True)["objects"][0]["changed_keys"] == ["secret"]
    second = record(server, "alice")
    assert second["totp_locked"] is True
    assert second["totp_secret"] != first["totp_secret"]


def test_reset_false_means_no_reset(people: Server) -> None:
    applied(people, name="alice", enrolled=True, reset=False)
    assert not applied(people, name="alice", enrolled=True, reset=False)["changed"]


def test_a_user_that_is_no_longer_enrolled_keeps_the_secret(people: Server) -> None:
    applied(people, name="alice", required=True, enrolled=True)
    before = record(people, "alice")
    assert applied(people, name="alice", enrolled=False)["changed"]
    assert record(people, "alice") == {**before, "totp_locked": False}


# -- secrets in results


def test_content_is_returned_again_without_a_change(people: Server) -> None:
    first = applied(people, users=[{"name": "alice"}, {"name": "bob", "required": True}], return_content=True)
    assert first["counts"] == {"updated": 2}
    for line in first["objects"]:
        assert record(people, line["name"])["totp_secret"] in line["content"]
    again = applied(people, users=[{"name": "alice"}, {"name": "bob", "required": True}], return_content=True)
    assert not again["changed"]
    assert [one["content"] for one in again["objects"]] == [one["content"] for one in first["objects"]]
    assert people.simulator.machine.store.record("alice").own.get("totp_locked") is False


def test_check_mode_returns_none_and_makes_none(people: Server, tmp_path: Path) -> None:
    params = {"name": "alice", "enrolled": True, "dest": str(tmp_path / "alice"), "return_content": True}
    planned = applied(people, check=True, **params)
    assert MAKE not in [one.path for one in people.simulator.log]
    assert people.writes() == []
    assert list(tmp_path.iterdir()) == []
    assert "content" not in planned["objects"][0]
    done = applied(people, **params)
    assert planned["objects"][0]["changed_keys"] == done["objects"][0]["changed_keys"]
    assert planned["diff"] == done["diff"]


def test_of_several_the_one_that_fails_returns_nothing(people: Server) -> None:
    refusal = {"status": 404, "body": {"reason": "user not found"}}
    people.simulator.faults.add(path="/userprop/mfa/generate-secret", **refusal)
    answer = manage(people, users=[{"name": "alice"}, {"name": "bob"}], return_content=True, as_connections=1)
    assert answer["failed"]
    assert answer["msg"].startswith("1 of 2 failed. user alice: ")
    assert ["content" in one for one in answer["objects"]] == [False, True]


# -- what is refused before the first write


def refused(server: Server, **params: t.Any) -> str:
    """Why a task fails without any write; check mode reports the same reason."""
    answers = [manage(server, check=check, **params) for check in (True, False)]
    assert all(one["failed"] and not one["changed"] for one in answers)
    assert server.writes() == []
    assert answers[0]["msg"] == answers[1]["msg"]
    return str(answers[0]["msg"])


def test_users_must_be_there(people: Server) -> None:
    text = refused(people, users=[{"name": "alice", "required": True}, {"name": "zoe", "enrolled": True}])
    assert "user zoe does not exist." in text
    assert applied(people, name="zoe", enrolled=True, assume_present=["zoe"], check=True)["changed"]


def test_the_default_user_is_not_a_user(people: Server) -> None:
    assert "is not a user but the default user" in refused(people, name="__DEFAULT__", required=True)


def test_two_users_cannot_share_a_file(people: Server, tmp_path: Path) -> None:
    users = [{"name": "alice", "dest": str(tmp_path / "x")}, {"name": "bob", "dest": f"{tmp_path}/./x"}]
    assert "is declared for alice and for bob, but a file holds only one secret" in refused(people, users=users)


@pytest.mark.parametrize("what", ["link", "folder", "nowhere"])
def test_files_that_cannot_be_written(people: Server, tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    text = refused(people, name="alice", reset=True, dest=str(tmp_path / what / ("x" if what == "nowhere" else "")))
    assert text.startswith("dest: ")
    assert (tmp_path / "target").read_text() == "kept"
    assert record(people, "alice") == {}


def test_our_own_authenticator_is_left_alone_and_can_be_handed_out(people: Server, tmp_path: Path) -> None:
    name = people.simulator.mfa_username
    token = people.token()
    people.simulator.log.clear()
    for params in ({"reset": True}, {"enrolled": False}, {"enrolled": False, "reset": True}):
        assert "authenticator" in refused(
            people, name=name, **params, as_token=token, as_username=name, as_password=None
        )
    assert "totp" in refused(people, name=people.simulator.username, required=True)
    mine = {"as_username": people.simulator.mfa_username, "as_password": people.simulator.mfa_password}
    secret = people.simulator.mfa_totp_secret
    answer = applied(people, name=mine["as_username"], dest=str(tmp_path / "x"), as_totp_secret=secret, **mine)
    assert answer["objects"][0]["changed_keys"] == ["file"]
    assert secret in (tmp_path / "x").read_text()


# -- a secret that exists already

CARRIED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    "spelt", [CARRIED, f"{CARRIED.lower()[:4]} {CARRIED.lower()[4:]}===="], ids=["plain", "spaced"]
)
def test_a_secret_is_carried_to_the_server_once(people: Server, spelt: str) -> None:
    declared = {"name": "alice", "required": True, "enrolled": True, "totp_secret": spelt}
    planned, answer = applied(people, **declared, check=True), applied(people, **declared)
    assert (planned["objects"], planned["diff"]) == (answer["objects"], answer["diff"])
    assert answer["objects"][0]["changed_keys"] == ["enrolled", "required", "totp_secret"]
    assert record(people, "alice")["totp_secret"] == CARRIED
    assert record(people, "alice")["totp_locked"] is True
    assert CARRIED not in text_of(answer)
    assert not applied(people, **declared)["changed"]
    other = applied(people, name="alice", totp_secret=CARRIED[::-1].replace("8", "7"))
    assert other["objects"][0]["changed_keys"] == ["totp_secret"]


def test_a_secret_is_hidden_in_the_form_in_which_it_is_sent(people: Server) -> None:
    body = {"reason": f"no room for {CARRIED}"}
    people.simulator.faults.add(path="userprop/set", times=None, status=400, body=body)
    answer = manage(people, name="alice", totp_secret=f"{CARRIED[:4].lower()} {CARRIED[4:].lower()}")
    assert answer["failed"]
    assert "no room for" in answer["msg"]
    assert CARRIED not in text_of(answer)


def test_a_server_that_does_not_keep_the_secret_is_found_out(start: t.Callable[..., Server]) -> None:
    server = start(readings={"totp_secret_property": "ignored"})
    server.simulator.set_user("alice")
    answer = manage(server, name="alice", totp_secret=CARRIED)
    assert answer["failed"]
    assert "has another secret or none" in answer["msg"]
    assert CARRIED not in text_of(answer)


def test_a_secret_that_the_server_hides_stays(people: Server, hidden_secrets: None) -> None:
    """server behaviour, 46."""
    other = CARRIED[::-1].replace("8", "7")
    applied(people, name="alice", enrolled=True, totp_secret=CARRIED)
    assert not applied(people, name="alice", enrolled=True, totp_secret=other)["changed"]
    assert record(people, "alice")["totp_secret"] == CARRIED
    assert applied(people, name="alice", enrolled=False)["changed"]
    assert applied(people, name="alice", enrolled=True, totp_secret=other)["changed"]
    assert record(people, "alice")["totp_secret"] == other


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"totp_secret": "not base32!"}, "totp_secret of user alice: it is not a secret in base32 of at least 16"),
        ({"totp_secret": CARRIED, "reset": True}, "reset of user alice: it is not allowed together with totp_secret"),
    ],
)
def test_what_cannot_be_carried_is_refused(people: Server, given: dict[str, t.Any], sentence: str) -> None:
    said = refused(people, name="alice", **given)
    assert sentence in said
    assert "base32!" not in said


# -- servers that differ from the document


def test_a_server_that_does_not_just_believe_it_is_shown_a_code(people: Server) -> None:
    people.simulator.faults.add(path="/userprop/set", do="status", status=200, body=None)
    answer = applied(people, name="alice", enrolled=True)
    [asked] = calls(people, ENROL)
    assert asked["username"] == "alice"
    now, secret = passwords.counter(time.time()), record(people, "alice")["totp_secret"]
    assert asked["token"] in [passwords.code(secret, step) for step in (now - 1, now)]
    assert answer["objects"][0]["action"] == "updated", answer
    assert record(people, "alice")["totp_locked"] is True


def test_a_server_that_takes_an_enrolment_back_only_where_secrets_are_made(people: Server) -> None:
    applied(people, name="alice", enrolled=True)
    before = record(people, "alice")
    people.simulator.faults.add(path="/userprop/set", status=200, body=None)
    assert applied(people, name="alice", enrolled=False)["counts"] == {"updated": 1}
    assert calls(people, MAKE)[-1] == {"username": "alice", "locked": False}
    assert record(people, "alice") == {**before, "totp_locked": False}


def test_a_server_that_keeps_nothing_is_found_out(people: Server) -> None:
    people.simulator.faults.add(path="/userprop/set", times=None, status=200, body=None)
    people.simulator.faults.add(path="/auth/mfa/enroll", times=None, status=200, body={"username": "alice"})
    answer = manage(people, name="alice", enrolled=True)
    assert answer["failed"]
    assert "the server accepted the change and did not keep it: enrolled is False instead of True" in answer["msg"]


# -- faults at every request

FAULTS: list[dict[str, t.Any]] = [
    {"do": "drop"},
    {"do": "drop", "applied": True},
    {"status": 500, "body": {"detail": "Internal server error"}},
    {"status": 503, "body": {"reason": "busy"}},
    {"do": "html"},
    {"do": "truncate"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values()))[:20])
@pytest.mark.parametrize("nth", range(1, 7))
def test_a_fault_anywhere_ends_in_the_wanted_state_or_in_a_sentence(
    start: Start, tmp_path: Path, nth: int, fault: dict[str, t.Any]
) -> None:
    server = start()
    for name in ("alice", "bob"):
        server.simulator.set_user(name)
    users = [
        {"name": name, "required": True, "enrolled": True, "dest": str(tmp_path / name)} for name in ("alice", "bob")
    ]
    added = server.simulator.faults.add(nth=nth, **fault)
    answer = manage(server, users=users, as_connections=1)
    assert added.seen >= nth
    server.simulator.faults.clear()
    if answer.get("failed"):
        assert "A defect of vpn.estate" not in answer["msg"]
        assert all(record(server, n).get("totp_secret", "?") not in text_of(answer) for n in ("alice", "bob"))
        applied(server, users=users)
    for name in ("alice", "bob"):
        kept = record(server, name)
        assert (kept["totp"], kept["totp_locked"]) == (True, True)
        assert kept["totp_secret"] in (tmp_path / name).read_text()
    assert not applied(server, users=users)["changed"]


@pytest.mark.parametrize("applied_first", [True, False])
def test_a_lost_answer_to_a_reset_leaves_the_secret_in_the_file(
    people: Server, tmp_path: Path, applied_first: bool
) -> None:
    users = [{"name": name, "reset": True, "dest": str(tmp_path / name)} for name in ("alice", "bob")]
    people.simulator.faults.add(path="/userprop/mfa/generate-secret", nth=2, do="drop", applied=applied_first)
    answer = applied(people, users=users, as_connections=1)
    assert answer["counts"] == {"updated": 2}
    for name in ("alice", "bob"):
        assert record(people, name)["totp_secret"] in (tmp_path / name).read_text()
