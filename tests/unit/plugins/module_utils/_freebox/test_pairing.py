# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing with a Freebox: when a person is asked, how the answer is handled, and where the token is meanwhile."""

from __future__ import annotations

import json
import os
import stat
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox import pairing
from ansible_collections.vpn.estate.plugins.module_utils._freebox.error_codes import RIGHTS
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules import freebox_app, freebox_app_info
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.pki import process_identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Wire, reply

ASKED, LOOKED = "POST /api/v16/login/authorize/", "GET /api/v16/login/authorize/"
START = {"api_version": "16.0", "api_base_url": "/api/", "uid": "23b86ec8"}


class Hours:
    """A clock that advances when the code sleeps, and by a moment when the code reads it."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(name="hours", autouse=True)
def fixture_hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    hours = Hours()
    monkeypatch.setattr(pairing, "time", hours)
    return hours


@pytest.fixture(name="dest")
def fixture_dest(tmp_path: Path) -> Path:
    return tmp_path / "freebox_app.json"


def pair(box: Box, dest: Path, /, check: bool = False, how: dict[str, t.Any] | None = None, **params: t.Any) -> Answer:
    """Run freebox_app as an application that the box does not know yet."""
    simulator = box.simulator
    given = {"freebox_url": simulator.url, "freebox_ca_path": str(simulator.ca_path), "dest": str(dest), **params}
    answer = perform(freebox_app.BODY, "freebox_app", given, check=check, invocation=True, **(how or {}))
    tokens = [each.token for each in simulator.machine.applications._all]
    assert not any(token in text_of(answer) or json.dumps(token)[1:-1] in text_of(answer) for token in tokens)
    return answer


def look(box: Box, **params: t.Any) -> Answer:
    """Run freebox_app_info."""
    given = {"freebox_url": box.simulator.url, "freebox_ca_path": str(box.simulator.ca_path), **params}
    return perform(freebox_app_info.BODY, "freebox_app_info", given, check=False, invocation=False)


def answered(box: Box, status: str = "granted", nth: int = 2) -> None:
    """A person decides at the box, just before the nth read."""
    box.simulator.faults.add(
        path="/login/authorize/*",
        method="GET",
        do="act",
        nth=nth,
        act=lambda: box.simulator.press_button(status),
    )


def ticked(box: Box, *rights: str) -> None:
    """A person grants permissions to the pairing."""
    box.simulator.set_rights(*(rights or ("settings", "calls")), app_id="vpn.estate")


def requests(box: Box) -> list[str]:
    """The requests to the box, except those without a sign-in."""
    lines = [f"{one.method} {one.path}" for one in box.simulator.log if one.path != "/api_version"]
    return [LOOKED if line.startswith(LOOKED) else line for line in lines]


def paired(start: Callable[..., Box], dest: Path, **how: t.Any) -> Box:
    """A box that has let the application in, with the token in its file."""
    box = start(Box, readings={"rights_after_pairing": "all"}, **how)
    answered(box)
    answer = pair(box, dest)
    assert answer["changed"], answer
    box.simulator.log.clear()
    return box


def content(dest: Path) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads(dest.read_text()))


# -- from nothing


def test_pairing_is_reported_with_what_a_person_must_do_next(box: Box, dest: Path) -> None:
    """A new application has all permissions except the one that is needed, so pairing ends with a failure that names it."""
    answered(box)
    said: list[str] = []
    answer = pair(box, dest, how={"say": said.append})
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"] == (
        f"The application vpn.estate is allowed on {box.simulator.url} now, and {dest} has its token. But it lacks the "
        f"permission settings, which no program can grant: tick it in {RIGHTS} of the box, then run again."
    )
    assert said == [
        f"{box.simulator.url} shows that vpn.estate of Ansible requests access: press the button on the box. 300 s left."
    ]
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert set(content(dest)) == {"freebox_app_id", "freebox_app_token", "freebox_app_box"}
    again = pair(box, dest)
    assert (again["failed"], again["changed"]) == (True, False)
    assert again["msg"].startswith(
        "The application vpn.estate lacks the permission settings, which no program can grant:"
    )
    ticked(box)
    last = pair(box, dest)
    assert (last["changed"], last["permissions"]) == (False, ["calls", "settings"])
    assert requests(box).count(ASKED) == 1


@pytest.mark.parametrize("reading", ["false", "absent"])
@pytest.mark.parametrize("version", ["4.0", "16.0"])
def test_twice_is_once(start: Callable[..., Box], dest: Path, version: str, reading: str) -> None:
    box = start(Box, api_version=version, readings={"denied_rights": reading, "rights_after_pairing": "all"})
    answered(box)
    reported = pair(box, dest, check=True)
    assert (reported["changed"], reported["reason"]) == (True, "there is no token yet")
    assert not dest.exists()
    assert requests(box) == []
    answer = pair(box, dest, app_name="VPN", app_version="2", device_name="office")
    assert (answer["changed"], answer["reason"]) == (True, "there is no token yet")
    assert "settings" in answer["permissions"]
    token = content(dest)["freebox_app_token"]
    assert look(box, freebox_app_token=token)["permissions"] == answer["permissions"]
    for check in (True, False):
        again = pair(box, dest, check=check)
        assert (again["changed"], again["permissions"]) == (False, answer["permissions"])
        assert "reason" not in again
    assert requests(box).count(f"POST /api/v{version[:-2]}/login/authorize/") == 1
    [question] = [one.request for one in box.simulator.exchanges if one.path.endswith("/authorize/")]
    assert question == {"app_id": "vpn.estate", "app_name": "VPN", "app_version": "2", "device_name": "office"}


def test_the_file_serves_as_variables(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    reported = {name: content(dest)[name] for name in ("freebox_app_id", "freebox_app_token")}
    answer = box.manage(VPN_USER, login="erika", **reported)
    assert answer["changed"], answer


def test_other_permissions_may_be_asked_for(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    ticked(box, "calls")
    assert pair(box, dest, permissions=["calls"])["permissions"] == ["calls"]
    assert (
        "lacks the permissions settings, home, which"
        in pair(box, dest, permissions=["settings", "home", "calls"])["msg"]
    )
    assert pair(box, dest, permissions=[])["changed"] is False


# -- what becomes of a request


def test_the_token_is_in_its_place_before_anybody_can_press_the_button(box: Box, dest: Path) -> None:
    seen: list[dict[str, t.Any]] = []
    answered(box)
    pair(box, dest, how={"say": lambda sentence: seen.append(content(dest))})
    [held] = seen
    assert set(held) == {"freebox_app_id", "freebox_app_request"}
    assert held["freebox_app_request"]["freebox_app_box"] == box.simulator.machine.uid
    assert held["freebox_app_request"]["freebox_app_token"] == content(dest)["freebox_app_token"]


def test_the_button_is_not_pressed_in_time_and_the_next_run_continues_to_wait(
    box: Box, dest: Path, hours: Hours
) -> None:
    said: list[str] = []
    answer = pair(box, dest, wait_timeout=100, how={"say": said.append})
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"] == (
        f"The button on {box.simulator.url} was not pressed for the application vpn.estate within 100 seconds. {dest} keeps "
        "the request: run again to continue."
    )
    assert hours.now == 100
    assert [line.rsplit(". ", 1)[1] for line in said] == ["100 s left.", "40 s left."]
    reported = pair(box, dest, check=True)
    assert (reported["changed"], reported["reason"]) == (True, "a person has to answer the request on the box")
    answered(box, nth=1)
    assert pair(box, dest, check=True)["reason"] == "the request was granted"
    assert "freebox_app_request" in content(dest)
    ticked(box)
    assert pair(box, dest)["reason"] == "the request was granted"
    assert requests(box).count(ASKED) == 1


def test_a_second_run_waits_for_the_same_answer(box: Box, dest: Path) -> None:
    pair(box, dest, wait_timeout=10)
    answered(box, nth=3)
    answer = pair(box, dest, permissions=[])
    assert (answer["changed"], answer["reason"]) == (True, "a person has to answer the request on the box")
    assert requests(box).count(ASKED) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("denied", "it was refused at the box"),
        ("timeout", "it was not answered at the box in time"),
        ("unknown", "the box no longer knows it, as it may have been revoked"),
    ],
)
def test_it_comes_to_nothing(box: Box, dest: Path, status: str, words: str) -> None:
    if status == "unknown":
        box.simulator.faults.add(
            path="/login/authorize/*",
            method="GET",
            do="act",
            nth=2,
            act=lambda: box.simulator.revoke("vpn.estate"),
        )
    else:
        answered(box, status)
    answer = pair(box, dest)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"] == (
        f"{box.simulator.url} did not grant the request of the application vpn.estate: {words}. {dest} was removed again. Run "
        "again to repeat the request."
    )
    assert not dest.exists()
    answered(box)
    assert pair(box, dest, permissions=[])["reason"] == "there is no token yet"


@pytest.mark.parametrize("status", ["denied", "timeout"])
def test_what_came_to_nothing_between_two_runs_is_asked_again(box: Box, dest: Path, status: str) -> None:
    pair(box, dest, wait_timeout=10)
    box.simulator.press_button(status)
    before = dest.read_text()
    reported = pair(box, dest, check=True)
    assert reported["reason"].startswith("the request failed: ")
    assert dest.read_text() == before
    answered(box, nth=3)
    answer = pair(box, dest, permissions=[])
    assert (answer["changed"], answer["reason"]) == (True, reported["reason"])
    assert requests(box).count(ASKED) == 2


def test_a_status_that_is_not_documented(box: Box, dest: Path) -> None:
    result = {"success": True, "result": {"status": "postponed", "challenge": "x"}}
    box.simulator.faults.add(path="/login/authorize/*", method="GET", do="status", status=200, body=result)
    assert "the box reports the status 'postponed'" in pair(box, dest)["msg"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"outside": True}, "answered denied_from_external_ip: "),
        ({"accepts_new_apps": False}, f"new applications are switched off: allow them in {RIGHTS}"),
        ({"accepts_apps": False}, f"applications are switched off: allow them in {RIGHTS}"),
    ],
)
def test_a_box_that_takes_no_request(
    start: Callable[..., Box], dest: Path, settings: dict[str, t.Any], words: str
) -> None:
    box = start(Box, settings=settings)
    answer = pair(box, dest)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert answer["msg"].startswith(f"{box.simulator.url} does not accept a request of the application vpn.estate: ")
    assert words in answer["msg"]
    assert not dest.exists()


# -- faults


@pytest.mark.parametrize("fault", [{"do": "drop", "applied": True}, {"do": "drop"}, {"status": 500}, {"status": 502}])
def test_a_lost_answer_is_never_asked_for_again(box: Box, dest: Path, fault: dict[str, t.Any]) -> None:
    box.simulator.faults.add(path="/login/authorize/", method="POST", **fault)
    answer = pair(box, dest)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "The request was not repeated. If the box shows a question about vpn.estate, refuse it" in answer["msg"]
    assert requests(box) == [ASKED]
    assert not dest.exists()


def test_a_run_that_breaks_off_loses_nothing(box: Box, dest: Path) -> None:
    box.simulator.faults.add(path="/login/authorize/*", method="GET", do="drop", nth=2, times=3)
    answer = pair(box, dest)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"].endswith(f"{dest} keeps the request: run again to continue.")
    box.simulator.press_button()
    ticked(box)
    assert pair(box, dest)["reason"] == "the request was granted"
    assert requests(box).count(ASKED) == 1


def test_faults_at_every_request_end_well_in_the_next_run(start: Callable[..., Box], tmp_path: Path) -> None:
    """Each request of a pairing goes wrong once, in several ways; the run after that ends as declared."""
    faults: list[dict[str, t.Any]] = [{"do": "drop", "applied": True}, {"status": 500}, {"status": 502}, {"do": "html"}]
    for number in range(1, 8):
        for kind, fault in enumerate(faults):
            dest = tmp_path / f"{number}-{kind}.json"
            box = start(Box, readings={"rights_after_pairing": "all"})
            box.simulator.faults.add(nth=number, **fault)
            box.simulator.faults.add(
                path="/login/authorize/*",
                method="GET",
                do="act",
                times=None,
                act=lambda box=box: _press(box),
            )
            first = pair(box, dest)
            assert "defect" not in first.get("msg", ""), (number, fault, first)
            last = pair(box, dest)
            assert not last.get("failed"), (number, fault, first, last)
            assert pair(box, dest)["changed"] is False
            asked = requests(box).count(ASKED)
            assert asked == 1 or "was not repeated" in first["msg"] or "without" in first["msg"], (
                number,
                fault,
                first,
            )


def _press(box: Box) -> None:
    """A person presses the button after the application has asked for the status once."""
    if any(each.status == "pending" and each.watched for each in box.simulator.machine.applications._all):
        box.simulator.press_button()


def test_an_answer_without_a_token_or_a_status(box: Box, dest: Path) -> None:
    box.simulator.faults.add(path="/login/authorize/", method="POST", do="status", status=200, body={"success": True})
    assert pair(box, dest)["msg"].endswith(
        "answered without a token. If the box shows a question about vpn.estate, refuse it, because its token is lost; then "
        "run again."
    )
    box.simulator.faults.add(path="/login/authorize/*", method="GET", do="status", status=200, body={"success": True})
    assert "answered without a status. " in pair(box, dest)["msg"]


def test_what_is_granted_and_not_known(box: Box, dest: Path) -> None:
    answered(box)
    refusal = {"success": False, "error_code": "invalid_token", "msg": "non"}
    box.simulator.faults.add(path="/login/session/", do="status", status=403, body=refusal)
    answer = pair(box, dest)
    assert answer["msg"] == (
        f"{box.simulator.url} reports that the request was granted, but does not know the token. Remove {dest} and run again."
    )


# -- a token that is there


def test_a_token_that_was_revoked_is_requested_again(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    box.simulator.revoke("vpn.estate")
    before = content(dest)
    reported = pair(box, dest, check=True)
    assert (reported["changed"], reported["reason"]) == (True, "the box no longer knows the token")
    answered(box)
    assert pair(box, dest)["reason"] == reported["reason"]
    assert content(dest)["freebox_app_token"] != before["freebox_app_token"]


def test_a_token_that_may_be_of_another_box_is_not_replaced_unasked(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    other = start(Box, readings={"rights_after_pairing": "all"})
    before = dest.read_text()
    refused = pair(other, dest)
    assert refused["msg"] == (
        f"dest: {dest} is for the box {box.simulator.machine.uid}, and the box at {other.simulator.url} is "
        f"{other.simulator.machine.uid}. If that box was replaced by this one, set renew: true; the task then requests a token "
        "from this box, and replaces the old one. If there are two boxes, use a file for each. Nothing was written."
    )
    reported = content(dest)
    del reported["freebox_app_box"]
    dest.write_text(json.dumps(reported))
    refused = pair(other, dest)
    assert refused["msg"] == (
        f"dest: {other.simulator.url} does not know the token in {dest}. The token is for another box, or was revoked. To "
        "replace it, set renew: true. Nothing was written."
    )
    assert not refused["changed"]
    dest.write_text(before.replace(box.simulator.machine.uid, other.simulator.machine.uid))
    answered(other)
    assert pair(other, dest, renew=True)["reason"] == "renew is set"


def test_a_replaced_box_gets_the_place_of_the_other_by_renew(start: Callable[..., Box], dest: Path) -> None:
    """Each message on the way leads to the end of it."""
    paired(start, dest)
    new = start(Box, readings={"rights_after_pairing": "all"})
    old = content(dest)
    reported = {name: old[name] for name in ("freebox_app_id", "freebox_app_token")}
    assert (
        "with renew: true if this box has replaced another one"
        in new.manage(VPN_USER, login="erika", **reported)["msg"]
    )
    assert "with renew: true if this box has replaced another one" in look(new, **reported)["msg"]
    assert "set renew: true" in pair(new, dest)["msg"]
    reason = f"renew is set, and the token is for the box {old['freebox_app_box']}"
    said = pair(new, dest, renew=True, check=True)
    assert (said["reason"], content(dest)) == (reason, old)
    answered(new)
    answer = pair(new, dest, renew=True)
    assert (answer["changed"], answer["reason"]) == (True, reason)
    assert (
        answer["diff"]
        == said["diff"]
        == {"before": {str(dest): {"fault": reason}}, "after": {str(dest): {"fault": None}}}
    )
    assert content(dest)["freebox_app_box"] == new.simulator.machine.uid
    assert pair(new, dest)["changed"] is False


def test_the_token_of_another_box_stays_its_own_until_this_one_lets_us_in(
    start: Callable[..., Box], dest: Path
) -> None:
    """An address that is wrong for a while costs no token, and no run without renew asks a question of the other box."""
    box = paired(start, dest)
    other = start(Box, readings={"rights_after_pairing": "all"})
    old = content(dest)
    assert "was not pressed for the application" in pair(other, dest, renew=True, wait_timeout=10)["msg"]
    assert {name: content(dest)[name] for name in old} == old
    refused = pair(box, dest)
    request = content(dest)["freebox_app_request"]
    assert f"is for the box {request['freebox_app_box']}, and" in refused["msg"]
    assert "was not pressed for the application" in pair(other, dest, wait_timeout=10)["msg"]
    other.simulator.press_button("denied")
    assert f"is for the box {old['freebox_app_box']}, and" in pair(other, dest)["msg"]
    assert requests(other).count(ASKED) == 1
    answered(box)
    assert pair(box, dest, renew=True)["reason"] == "renew is set"
    assert requests(box).count(ASKED) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_box_that_does_not_say_which_it_is_gets_nothing_replaced(
    start: Callable[..., Box], dest: Path, known: bool
) -> None:
    paired(start, dest)
    other = start(Box, settings={"outside": True})
    if not known:
        reported = content(dest)
        dest.write_text(json.dumps({name: reported[name] for name in reported if name != "freebox_app_box"}))
    answer = pair(other, dest)
    assert "The token is for another box, or was revoked. To replace it, set renew: true." in answer["msg"]
    assert ASKED not in requests(other)


def test_renewing_keeps_the_token_that_works_until_the_new_one_does(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    old = content(dest)["freebox_app_token"]
    answered(box, "denied")
    answer = pair(box, dest, renew=True)
    assert answer["msg"].endswith(f"{dest} still has the earlier token. Run again to repeat the request.")
    assert content(dest)["freebox_app_token"] == old
    assert pair(box, dest)["changed"] is False
    answered(box, nth=2)
    assert pair(box, dest, renew=True, check=True)["reason"] == "renew is set"
    assert pair(box, dest, renew=True)["reason"] == "renew is set"
    assert content(dest)["freebox_app_token"] != old
    assert pair(box, dest)["changed"] is False


def test_a_token_from_elsewhere_is_put_into_the_file(box: Box, dest: Path) -> None:
    known = {"freebox_app_id": box.simulator.app_id, "freebox_app_token": box.simulator.app_token}
    reported = pair(box, dest, check=True, **known)
    assert (reported["changed"], reported["reason"], dest.exists()) == (True, "the token was not in the file", False)
    answer = pair(box, dest, **known)
    assert (answer["changed"], answer["reason"]) == (True, reported["reason"])
    assert content(dest)["freebox_app_token"] == box.simulator.app_token
    assert pair(box, dest, freebox_app_id=box.simulator.app_id)["changed"] is False
    assert ASKED not in requests(box)


def test_a_token_from_elsewhere_that_the_box_does_not_know(start: Callable[..., Box], dest: Path) -> None:
    box = start(Box, readings={"rights_after_pairing": "all"})
    answered(box)
    assert pair(box, dest, freebox_app_token="not-this-one")["reason"] == "the box no longer knows the token"


def test_other_refusals_of_a_token_cause_no_request(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    refusal = {"success": False, "error_code": "ratelimited", "msg": "Trop d'erreurs"}
    box.simulator.faults.add(path="/login/session/", do="status", status=403, body=refusal)
    answer = pair(box, dest)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert "answered ratelimited: " in answer["msg"]
    assert ASKED not in requests(box)


# -- the file


def test_a_file_that_others_can_read_is_taken_from_them(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    before = dest.read_text()
    dest.chmod(0o644)
    assert pair(box, dest, check=True)["reason"] == "others could read it"
    assert stat.S_IMODE(dest.stat().st_mode) == 0o644
    assert pair(box, dest)["reason"] == "others could read it"
    assert (stat.S_IMODE(dest.stat().st_mode), dest.read_text()) == (0o600, before)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this is not a mapping"),
        ("[]", "this is not a mapping"),
        ("{", "this is not JSON: "),
        ("a: b: c", "this is not YAML"),
        ("freebox_app_id: vpn.estate\nother: 1\n", "it also contains other"),
        (
            "freebox_app_token: mArK\n",
            "freebox_app_id and freebox_app_token have to be texts, and freebox_app_id is required",
        ),
        (
            "freebox_app_id: vpn.estate\nfreebox_app_token: [mArK]\n",
            "freebox_app_id and freebox_app_token have to be texts",
        ),
        (
            "freebox_app_id: vpn.estate\nfreebox_app_request: mArK\n",
            "freebox_app_request is not what this module writes",
        ),
    ],
)
def test_a_file_of_something_else_is_left_alone(box: Box, dest: Path, text: str, words: str) -> None:
    dest.write_text(text)
    answer = pair(box, dest)
    start = f"dest: {dest} exists, and is not a file with only the token of an application: {words}"
    assert answer["msg"].startswith(start), answer
    assert "mArK" not in text_of(answer)
    assert dest.read_text() == text
    assert box.simulator.log == []


def test_a_file_that_people_have_written(box: Box, dest: Path) -> None:
    dest = dest.with_name("freebox_app.yml")
    dest.write_text(f"---\nfreebox_app_id: {box.simulator.app_id}\nfreebox_app_token: {box.simulator.app_token}\n")
    dest.chmod(0o600)
    assert pair(box, dest, freebox_app_id=box.simulator.app_id)["changed"] is False


def test_a_file_of_another_application(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    answer = pair(box, dest, freebox_app_id="another")
    assert answer["msg"] == (
        f"dest: {dest} is for the application vpn.estate, and freebox_app_id is another. Use a file for each application. Nothing "
        "was written."
    )


def test_a_file_that_cannot_be_written_is_found_out_before_anybody_is_asked(box: Box, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "token")
    assert "is a symbolic link, and secrets are not written through links" in pair(box, link)["msg"]
    assert "there is no folder" in pair(box, tmp_path / "none" / "token")["msg"]
    assert box.simulator.log == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"wait_timeout": 0}, "wait_timeout: 0 is too small; the smallest value is 1 second."),
        ({"freebox_app_id": " "}, "freebox_app_id: ' ' is empty, or contains characters that cannot be printed."),
        (
            {"freebox_app_id": "a\nb"},
            "freebox_app_id: 'a\\nb' is empty, or contains characters that cannot be printed.",
        ),
        ({"vault_id": "boxes"}, "vault_id: 'boxes' is used only with vault: true."),
        (
            {"vault": True},
            "vault: only a task that Ansible runs in its own process can encrypt a file by ansible-vault; this one runs as a "
            "module. Nothing was written.",
        ),
    ],
)
def test_invalid_options_are_reported_before_the_first_request(
    box: Box, dest: Path, params: dict[str, t.Any], words: str
) -> None:
    answer = pair(box, dest, **params)
    assert answer["msg"] == words
    assert box.simulator.log == []


class Vault:
    """Stands for ansible-vault: what it encrypts is the text in reverse."""

    def __init__(self, secrets: t.Collection[str] = ("default", "boxes")) -> None:
        self._secrets = secrets

    def seal(self, text: str, vault_id: str | None) -> str:
        if (vault_id or "default") not in self._secrets:
            raise InputError(f"no secret is set for the vault id {vault_id!r}")
        label = f"1.2;AES256;{vault_id}" if vault_id and vault_id != "default" else "1.1;AES256"
        return f"$ANSIBLE_VAULT;{label}\n{text[::-1]}"

    @staticmethod
    def read(path: str) -> bytes:
        return Path(path).read_text().partition("\n")[2][::-1].encode()

    @property
    def how(self) -> dict[str, t.Any]:
        return {"seal": self.seal, "read": self.read}


def test_a_file_is_encrypted_where_that_is_asked_for(start: Callable[..., Box], dest: Path) -> None:
    box, vault = paired(start, dest), Vault().how
    for params, reason, header in (
        ({"vault": True}, "it was not encrypted", "$ANSIBLE_VAULT;1.1;AES256"),
        ({}, None, "$ANSIBLE_VAULT;1.1;AES256"),
        (
            {"vault": True, "vault_id": "boxes"},
            "it was encrypted for the vault id default",
            "$ANSIBLE_VAULT;1.2;AES256;boxes",
        ),
        ({"vault": True}, None, "$ANSIBLE_VAULT;1.2;AES256;boxes"),
        ({"vault": False}, "it was encrypted", "{"),
        ({"vault": False}, None, "{"),
    ):
        before = dest.read_text()
        assert pair(box, dest, check=True, how=vault, **params).get("reason") == reason
        assert dest.read_text() == before
        answer = pair(box, dest, how=vault, **params)
        assert (answer["changed"], answer.get("reason")) == (reason is not None, reason), answer
        assert dest.read_text().splitlines()[0] == header
    assert ASKED not in requests(box)


def test_an_encrypted_file_stays_encrypted_when_it_gets_another_token(start: Callable[..., Box], dest: Path) -> None:
    box, vault = paired(start, dest), Vault().how
    pair(box, dest, how=vault, vault=True, vault_id="boxes")
    answered(box)
    pair(box, dest, how=vault, renew=True)
    assert dest.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;boxes\n")


def test_a_vault_without_its_secret_is_found_out_before_anybody_is_asked(start: Callable[..., Box], dest: Path) -> None:
    box = start(Box)
    answer = pair(box, dest, how=Vault().how, vault=True, vault_id="others")
    assert answer["msg"] == "vault: no secret is set for the vault id 'others'. Nothing was written."
    assert box.simulator.log == []


def test_an_encrypted_file_that_cannot_be_decrypted(start: Callable[..., Box], dest: Path) -> None:
    box = paired(start, dest)
    pair(box, dest, how=Vault().how, vault=True)
    assert (
        "is encrypted by ansible-vault. Only a task that Ansible runs in its own process can read it"
        in (pair(box, dest)["msg"])
    )

    def fail(path: str) -> bytes:
        raise OSError(13, "Decryption failed", path)

    assert pair(box, dest, how={"read": fail})["msg"] == f"dest: {dest} cannot be read: Decryption failed."


# -- what tasks share


def shared(box: Box, tmp_path: Path) -> dict[str, t.Any]:
    return {"freebox_session": {"file": str(tmp_path / "session.json")}}


def test_one_sign_in_for_the_pairing_and_all_other_tasks(start: Callable[..., Box], dest: Path, tmp_path: Path) -> None:
    box = paired(start, dest)
    together = shared(box, tmp_path)
    assert pair(box, dest, **together)["changed"] is False
    reported = {name: content(dest)[name] for name in ("freebox_app_id", "freebox_app_token")}
    assert box.manage(VPN_USER, login="erika", **reported, **together)["changed"]
    assert requests(box).count("POST /api/v16/login/session/") == 1
    assert "POST /api/v16/login/logout/" not in requests(box)
    assert pair(box, dest)["changed"] is False
    assert requests(box)[-1] == "POST /api/v16/login/logout/"


def test_a_refused_token_is_tried_once_and_its_successor_all_the_same(
    start: Callable[..., Box], dest: Path, tmp_path: Path
) -> None:
    """Other tasks of the run learn that the old token was refused; the new one is different."""
    box = paired(start, dest)
    together = shared(box, tmp_path)
    old = {name: content(dest)[name] for name in ("freebox_app_id", "freebox_app_token")}
    box.simulator.revoke("vpn.estate")
    refused = box.manage(VPN_USER, login="erika", **old, **together)
    assert "refused the token of the application vpn.estate" in refused["msg"]
    answered(box)
    assert pair(box, dest, **together)["reason"] == "the box no longer knows the token"
    assert requests(box).count("POST /api/v16/login/session/") == 2
    new = {name: content(dest)[name] for name in ("freebox_app_id", "freebox_app_token")}
    assert box.manage(VPN_USER, login="erika", **new, **together)["changed"]
    assert requests(box).count("POST /api/v16/login/session/") == 2
    assert FileStore(together["freebox_session"]["file"])


def test_a_permission_that_was_ticked_meanwhile_is_seen_in_the_same_run(
    start: Callable[..., Box], dest: Path, tmp_path: Path
) -> None:
    box = paired(start, dest)
    together = shared(box, tmp_path)
    ticked(box, "calls")
    assert "lacks the permission settings" in pair(box, dest, **together)["msg"]
    ticked(box)
    assert pair(box, dest, **together)["permissions"] == ["calls", "settings"]
    reported = {name: content(dest)[name] for name in ("freebox_app_id", "freebox_app_token")}
    assert box.manage(VPN_USER, login="erika", **reported, **together)["changed"]


# -- what a box is


def test_what_the_box_returns_without_a_sign_in(start: Callable[..., Box]) -> None:
    box = start(Box, names=["abcdefgh.fbxos.fr"])
    answer = look(box)
    assert answer == {
        "box": {
            "api_domain": "abcdefgh.fbxos.fr",
            "api_version": "16.0",
            "box_model": "fbxgw9-r1",
            "box_model_name": "Freebox v9 (r1)",
            "device_name": "Freebox Server",
            "https_available": True,
            "https_port": int(box.simulator.url.rpartition(":")[2]),
            "uid": box.simulator.machine.uid,
        },
        "permissions": None,
        "changed": False,
    }
    assert requests(box) == []


def test_what_an_old_box_or_one_from_outside_does_not_tell(start: Callable[..., Box]) -> None:
    assert look(start(Box, api_version="4.0"))["box"]["box_model"] is None
    assert look(start(Box, settings={"outside": True}))["box"]["uid"] is None


def test_what_an_application_may_do(box: Box) -> None:
    box.simulator.set_rights("calls", "tv")
    known = {"freebox_app_id": box.simulator.app_id, "freebox_app_token": box.simulator.app_token}
    assert look(box, **known)["permissions"] == ["calls", "tv"]
    box.simulator.revoke()
    answer = look(box, **known)
    assert answer["failed"]
    assert (
        "does not know the token of the application fr.simulated.estate. The token is for another box, or was revoked"
        in answer["msg"]
    )
    assert box.simulator.app_token not in text_of(answer)


def test_a_server_that_is_no_box(dest: Path) -> None:
    wire = Wire(reply({"some": "thing"}), contexts=(process_identity("127.0.0.1").context(),))
    given = {"freebox_url": wire.url, "freebox_ca_path": process_identity("127.0.0.1").ca_path, "dest": str(dest)}
    answer = perform(freebox_app.BODY, "freebox_app", given, check=False, invocation=False)
    wire.stop()
    assert answer["msg"] == f"{wire.url} does not report which API it has: is it a Freebox?"


def test_a_full_disk_is_noticed_before_anybody_is_asked(box: Box, dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = pair(box, dest)
    assert f"dest: {dest} cannot be written: No space left on device." in answer["msg"]
    assert answer["changed"] is False
    assert requests(box) == []


def test_check_mode_reports_where_no_box_answers(dest: Path) -> None:
    answer = perform(
        freebox_app.BODY,
        "freebox_app",
        {"freebox_url": "https://127.0.0.1:9", "dest": str(dest)},
        check=True,
        invocation=False,
    )
    assert "no connection to https://127.0.0.1:9" in answer["msg"]


def test_check_mode_refuses_a_version_that_the_box_does_not_serve(box: Box, dest: Path) -> None:
    assert "does not support 99. Supported: 1 to" in pair(box, dest, check=True, freebox_api_version=99)["msg"]
