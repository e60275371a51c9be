# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-ins to a Freebox: at which address, once per run, never again after a refusal, and with checked TLS."""

from __future__ import annotations

import datetime as dt
import json
import os
import ssl
import subprocess
import sysconfig
import typing as t
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.authorities import ROOTS
from ansible_collections.vpn.estate.plugins.module_utils._freebox.client import Freebox
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._freebox.session import (
    SESSION_HEADER,
    Application,
    Session,
    answer_to,
)
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._net import tls
from ansible_collections.vpn.estate.plugins.module_utils._net.connections import connections
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import READ, Call
from ansible_collections.vpn.estate.plugins.module_utils._net.session import SIGN_INS
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore, MemoryStore, Store
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import (
    EstateError,
    InputError,
    Refused,
    SignInError,
    Unreachable,
    Unreadable,
)
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.simulator.pki import TlsIdentity, identity_in
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Wire, reply
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

Start = Callable[..., Box]
ROOT = Path(__file__).resolve().parents[5]
DISCOVERY, LOGIN = "/api_version", "/api/v16/login/"
SIGN_IN, LOGOUT = f"{LOGIN}session/", f"{LOGIN}logout/"
PASSWORD = "Marker-Password-7!"
# Published with a client of Freebox OS (server behaviour, F31).
TOKEN = "89vtuOaDxJ/TDeBDPgWSk9083SbQgEMnHdIGoHg2qK2tpWcLuiRofIjuxZSG8yJn"
CHALLENGE, ANSWER = "drMHV/Atq4ZTtFItdgqfklDdT75k92qE", "b4015852c9216f99f4ba20964b21c010bb779d99"


def refusing(code: str, **more: t.Any) -> dict[str, t.Any]:
    """A fault: the box refuses with this code."""
    body = {"success": False, "error_code": code, "msg": "Non merci", "uid": "4f1e", "result": {"challenge": "c"}}
    return {"status": 403, "body": {**body, **more}}


class World:
    """A box and the clients of its tasks."""

    def __init__(self, simulator: FreeboxSimulator) -> None:
        self.simulator = simulator
        self.who = Application(simulator.app_id, simulator.app_token)

    def client(self, store: Store | None = None, who: Application | None = None, version: int | None = None) -> Freebox:
        """A task's client; tasks of one run have one store."""
        trust = Trust(ca_path=self.simulator.ca_path, strict=False)
        http = Transport(self.simulator.url, trust=trust, timeout=5, read_only=False)
        return Freebox(http, Session(http, who or self.who, store or MemoryStore(), version))

    def asked(self, path: str) -> int:
        return sum(one.path == path for one in self.simulator.log)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.simulator.log]

    def refusal(self, sentence: str, who: Application | None = None, requests: int = 1) -> str:
        """The sign-in is refused with a sentence after so many requests, and no task of the run tries again."""
        store, before, texts = MemoryStore(), self.asked(SIGN_IN), set()
        for _unused in range(3):
            with pytest.raises(SignInError, match=sentence) as raised:
                self.client(store, who).objects("GET /vpn/")
            texts.add(str(raised.value))
            assert raised.value.final
        assert len(texts) == 1
        assert self.asked(SIGN_IN) == before + requests
        assert self.asked("/api/v16/vpn/") == 0
        [text] = texts
        for secret in (self.who.app_token, who and who.app_token):
            assert not secret or secret not in text
        return text


@pytest.fixture(name="world")
def fixture_world(box: Box) -> World:
    return World(box.simulator)


@pytest.fixture(name="shared")
def fixture_shared(tmp_path: Path) -> Callable[[], FileStore]:
    """What the tasks of one run share, each by itself."""
    return lambda: FileStore(str(tmp_path / "session.json"))


# -- the proof


def test_the_published_challenge_is_answered_as_published() -> None:
    assert answer_to(TOKEN, CHALLENGE) == ANSWER


def test_the_token_itself_is_never_sent(world: World) -> None:
    world.client().objects("GET /vpn/")
    sent = json.dumps([[one.request, dict(one.headers)] for one in world.simulator.log])
    assert str(world.who.app_token) not in sent
    [opened] = [one.request for one in world.simulator.log if one.path == SIGN_IN]
    assert set(opened) == {"app_id", "password"}
    assert len(opened["password"]) == 40


def test_a_token_does_not_show() -> None:
    assert TOKEN not in repr(Application("fr.example", TOKEN))


# -- which API


@pytest.mark.parametrize(
    ("version", "base"), [("2.0", "v2"), ("4.0", "v4"), ("8.5", "v8"), ("16.0", "v16"), ("17.3", "v17")]
)
def test_the_announced_version_is_used(start: Start, version: str, base: str) -> None:
    world = World(start(Box, api_version=version).simulator)
    assert world.client().objects("GET /vpn/")
    assert world.paths == [DISCOVERY, f"/api/{base}/login/", f"/api/{base}/login/session/", f"/api/{base}/vpn/"]


@pytest.mark.parametrize("version", [2, 8, 16])
def test_another_version_can_be_asked_for(world: World, version: int) -> None:
    assert world.client(version=version).objects("GET /vpn/")
    assert world.paths[-1] == f"/api/v{version}/vpn/"


@pytest.mark.parametrize("version", [17, 0, -1])
def test_a_version_that_the_box_does_not_serve_is_refused(box: Box, version: int) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_api_version=version)
    assert f"freebox_api_version: {box.simulator.url} does not support {version}. Supported: 1 to 16." in answer["msg"]
    assert not any(one.path != DISCOVERY for one in box.simulator.log)


def test_from_outside_a_box_returns_less_and_is_used_nevertheless(start: Start) -> None:
    world = World(start(Box, settings={"outside": True}).simulator)
    client = world.client()
    assert client.objects("GET /vpn/")
    assert "uid" not in client.session.box
    assert client.session.box["api_version"] == "16.0"


def test_a_box_returns_its_identity_without_a_sign_in(world: World) -> None:
    reported = world.client().session.box
    assert (reported["device_name"], reported["api_base_url"]) == ("Freebox Server", "/api/")
    assert world.paths == [DISCOVERY]


@pytest.mark.parametrize("left_out", ["uid", "box_model", "api_domain", "https_port", "api_base_url"])
def test_no_field_is_needed_but_the_version(world: World, left_out: str) -> None:
    reported = {
        "uid": "4f1e",
        "box_model": "x",
        "api_version": "16.0",
        "api_base_url": "/api/",
        "api_domain": "x",
        "https_port": 1,
    }
    del reported[left_out]
    world.simulator.faults.add(path=DISCOVERY, status=200, body=reported)
    assert world.client().objects("GET /vpn/")


@pytest.mark.parametrize(
    "body",
    [
        *(
            {},
            [],
            "x",
            5,
            None,
            {"api_version": None},
            {"api_version": "latest"},
            {"api_version": []},
            {"api_version": ""},
        ),
        *(
            {"api_version": "16.0", "api_base_url": base}
            for base in (5, ["/api/"], "@elsewhere.example/", "80/api/", "//x/", "/" + "a" * 60 + "?")
        ),
        {"success": True, "result": {"api_version": "16.0"}},
    ],
    ids=str,
)
def test_who_does_not_say_which_api_it_has_is_no_freebox(world: World, body: t.Any) -> None:
    world.simulator.faults.add(path=DISCOVERY, status=200, body=json.dumps(body))
    with pytest.raises(Unreadable, match=f"{world.simulator.url} does not report which API it has: is it a Freebox"):
        world.client().objects("GET /vpn/")
    assert world.paths == [DISCOVERY]


def test_who_knows_no_discovery_is_no_freebox(world: World) -> None:
    """An address of something else is a likely mistake, where one run looks after both."""
    world.simulator.faults.add(path=DISCOVERY, status=404, body=json.dumps({"detail": "Not Found"}))
    with pytest.raises(Unreadable, match=f"{world.simulator.url} does not report which API it has: is it a Freebox"):
        world.client().objects("GET /vpn/")
    assert world.paths == [DISCOVERY]


@pytest.mark.parametrize("path", [DISCOVERY, LOGIN, SIGN_IN, "/api/v16/vpn/"])
def test_a_web_page_is_no_answer(world: World, path: str) -> None:
    """It comes from a proxy in front of the box, which is no refusal of the box: the next task tries."""
    store = MemoryStore()
    world.simulator.faults.add(path=path, do="html")
    with pytest.raises(EstateError, match="was answered by something that is not JSON") as raised:
        world.client(store).objects("GET /vpn/")
    assert world.simulator.url in str(raised.value)
    assert not isinstance(raised.value, SignInError)
    assert world.client(store).objects("GET /vpn/")
    assert world.asked(path) == 2


def test_a_path_that_is_missing_is_reported_as_such(world: World) -> None:
    world.simulator.faults.add(path="vpn/", **{**refusing("invalid_request"), "status": 404})
    with pytest.raises(Refused, match=r"Non merci \(the box has no such call, perhaps because its software is older\)"):
        world.client().objects("GET /vpn/")


# -- once per run


def test_one_sign_in_serves_all_calls(world: World) -> None:
    client = world.client()
    for _unused in range(3):
        client.objects("GET /vpn/")
    assert (world.asked(DISCOVERY), world.asked(LOGIN), world.asked(SIGN_IN)) == (1, 1, 1)


def test_there_is_no_sign_in_before_the_first_call(world: World) -> None:
    world.client()
    assert world.paths == []


def test_tasks_of_a_run_share_a_session(world: World, shared: Callable[[], FileStore]) -> None:
    for _unused in range(3):
        world.client(shared()).objects("GET /vpn/")
    assert (world.asked(DISCOVERY), world.asked(LOGIN), world.asked(SIGN_IN)) == (1, 1, 1)


def test_tasks_at_the_same_time_share_one_sign_in(world: World, shared: Callable[[], FileStore]) -> None:
    def task(_unused: int) -> int:
        return len(world.client(shared()).objects("GET /vpn/"))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(task, range(8))) == {5}
    assert world.asked(SIGN_IN) == 1


@pytest.mark.parametrize("reading", ["many", "once"])
def test_a_challenge_is_answered_once(start: Start, reading: str) -> None:
    """A box may take an answer only once, also within the seconds in which it returns the same challenge."""
    world = World(start(Box, readings={"challenge_use": reading}).simulator)
    for _unused in range(3):
        assert world.client().objects("GET /vpn/")


# -- sessions that end


def test_a_session_that_ends_in_mid_run_is_renewed_once_and_the_call_repeated_once(world: World) -> None:
    client = world.client()
    client.objects("GET /vpn/")
    world.simulator.expire_sessions()
    client.objects("GET /vpn/")
    assert world.paths[4:] == ["/api/v16/vpn/", LOGIN, SIGN_IN, "/api/v16/vpn/"]


def test_a_session_that_ends_is_renewed_before_a_write_is_done(world: World) -> None:
    client = world.client()
    client.objects("GET /vpn/")
    world.simulator.expire_sessions()
    client.call("POST /vpn/user/", {"login": "max"}, secret=True)
    assert world.simulator.state()["users"].keys() == {"max"}
    assert sum(one.method == "POST" and one.path.endswith("/vpn/user/") for one in world.simulator.log) == 2


def test_another_task_that_finds_the_session_ended_uses_the_new_one(
    world: World, shared: Callable[[], FileStore]
) -> None:
    first, second = world.client(shared()), world.client(shared())
    first.objects("GET /vpn/")
    second.objects("GET /vpn/")
    world.simulator.expire_sessions()
    first.objects("GET /vpn/")
    second.objects("GET /vpn/")
    assert world.asked(SIGN_IN) == 2


@pytest.mark.parametrize("code", ["auth_required", "invalid_session"])
def test_a_box_that_drops_every_session_is_not_asked_for_ever(
    world: World, shared: Callable[[], FileStore], code: str
) -> None:
    world.simulator.faults.add(path="vpn/", times=None, **refusing(code))
    said = []
    for _unused in range(6):
        with pytest.raises((Refused, SignInError)) as raised:
            world.client(shared()).objects("GET /vpn/")
        said.append(str(raised.value))
    assert f"answered {code}: Non merci (the session has ended)" in said[0]
    assert (
        said[-1] == f"{world.simulator.url} has dropped {SIGN_INS} sessions in this run. No further sign-in was tried."
    )
    assert world.asked(SIGN_IN) == SIGN_INS
    assert world.asked("/api/v16/vpn/") == SIGN_INS + 1 + 1  # one of them with a session of the task before


def test_permissions_are_those_of_the_last_sign_in(world: World) -> None:
    client = world.client()
    assert client.session.permissions["settings"]
    world.simulator.set_rights("calls")
    world.simulator.expire_sessions()
    client.objects("GET /vpn/")
    assert not client.session.permissions.get("settings")
    with pytest.raises(
        InputError, match=r"lacks the permission settings .* tick it in Freebox OS > Paramètres > Gestion"
    ):
        client.session.refuse_without("settings")


@pytest.mark.parametrize("reading", ["false", "absent"])
def test_a_permission_is_missing_whether_it_is_listed_or_not(start: Start, reading: str) -> None:
    world = World(start(Box, readings={"denied_rights": reading}, rights=["calls"]).simulator)
    session = world.client().session
    session.refuse_without("calls")
    with pytest.raises(InputError, match=f"The application {world.who.app_id} lacks the permission settings"):
        session.refuse_without("settings")


@pytest.mark.parametrize("reading", ["absent", "given"])
def test_a_permission_that_is_taken_away_in_mid_run_is_reported_with_where_to_tick_it(
    start: Start, reading: str
) -> None:
    box = start(Box, readings={"insufficient_rights_challenge": reading})
    box.simulator.faults.add(path="vpn/user/", method="POST", do="act", act=lambda: box.simulator.set_rights("calls"))
    answer = box.manage(VPN_USER, login="max")
    assert "answered insufficient_rights: Cette application n'est pas autorisée" in answer["msg"]
    assert (
        "lacks a permission: tick it in Freebox OS > Paramètres > Gestion des accès > Applications, settings"
        in answer["msg"]
    )
    assert [one.path for one in box.simulator.log].count(SIGN_IN) == 1  # a new session would lack it too


# -- refusals


def test_a_wrong_token_is_tried_once_in_a_run(world: World) -> None:
    said = world.refusal("refused the token of the application", Application(world.who.app_id, "w" * 64))
    assert "La clé de l'application est invalide ou a été révoquée" in said
    assert (
        f"The token is for another box, not for this one ({world.simulator.machine.uid}), or was revoked: pair again"
        in said
    )


def test_a_revoked_token_is_tried_once_in_a_run(world: World) -> None:
    world.simulator.revoke()
    world.refusal("refused the token of the application")


def test_a_refusal_is_remembered_for_other_processes(world: World, shared: Callable[[], FileStore]) -> None:
    wrong = Application(world.who.app_id, "w" * 64)
    for _unused in range(3):
        with pytest.raises(SignInError, match="No other sign-in is tried in this run"):
            world.client(shared(), wrong).objects("GET /vpn/")
    assert world.asked(SIGN_IN) == 1


def test_tasks_at_the_same_time_share_one_refusal(world: World, shared: Callable[[], FileStore]) -> None:
    wrong = Application(world.who.app_id, "w" * 64)

    def task(_unused: int) -> str:
        with pytest.raises(SignInError) as raised:
            world.client(shared(), wrong).objects("GET /vpn/")
        return str(raised.value)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(task, range(8)))) == 1
    assert world.asked(SIGN_IN) == 1


def test_too_many_refusals(start: Start) -> None:
    world = World(start(Box, settings={"refused_logins": 1}).simulator)
    world.refusal("refused the token", Application(world.who.app_id, "w" * 64))
    world.refusal(r"answered ratelimited: .* \(too many sign-ins from this address have failed: wait")


def test_an_application_that_is_not_allowed_yet(world: World) -> None:
    description = {"app_id": "fr.new", "app_name": "n", "app_version": "1", "device_name": "d"}
    http = Transport(
        world.simulator.url, trust=Trust(ca_path=world.simulator.ca_path, strict=False), timeout=5, read_only=False
    )
    token = http.write(API.below("/api/v16").call("POST /login/authorize/", description))["result"]["app_token"]
    world.refusal(
        "does not allow fr.new yet: a person has to press the button on the box", Application("fr.new", token)
    )


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("denied_from_external_ip", "the box allows this from its own network only"),
        ("apps_denied", "applications are switched off: allow them in Freebox OS > Param"),
        ("new_apps_denied", "new applications are switched off"),
        ("access_denied", "the application may not do this"),
        ("insufficient_rights", "the application lacks a permission"),
        ("internal_error", "an error occurred in the box"),
        ("invalid_request", "the box does not understand the request"),
        ("something_new", "Non merci"),
    ],
)
def test_any_other_refusal_is_reported_in_the_words_of_the_box(world: World, code: str, sentence: str) -> None:
    world.simulator.faults.add(path=SIGN_IN, times=None, **refusing(code))
    said = world.refusal(f"The sign-in of {world.who.app_id} was refused: .* answered {code}: Non merci")
    assert sentence in said


def test_applications_that_are_switched_off(start: Start) -> None:
    world = World(start(Box, settings={"accepts_apps": False}).simulator)
    world.refusal(r"answered apps_denied: .* \(applications are switched off: allow them in")


@pytest.mark.parametrize("msg", ["You shall not pass", "", None, 7])
@pytest.mark.parametrize("code", ["invalid_token", "pending_token", "auth_required"])
def test_what_a_refusal_is_does_not_hang_on_its_words(world: World, code: str, msg: t.Any) -> None:
    world.simulator.faults.add(path=SIGN_IN, times=None, **refusing(code, msg=msg))
    text = {
        "invalid_token": "pair again",
        "pending_token": "press the button",
        "auth_required": "answered auth_required: ",
    }[code]
    said = world.refusal(text)
    assert (msg if isinstance(msg, str) and msg else "it gave no reason") in said


@pytest.mark.parametrize("challenge", [["a", "b"], None, 5, {"x": 1}], ids=str)
def test_a_challenge_for_people_is_not_answered(world: World, challenge: t.Any) -> None:
    body = {"success": True, "result": {"logged_in": False, "challenge": challenge}}
    world.simulator.faults.add(path=LOGIN, status=200, body=body)
    with pytest.raises(
        SignInError, match="asks a question that only its own web page can answer: is this a Freebox"
    ) as raised:
        world.client().objects("GET /vpn/")
    assert not raised.value.final
    assert world.asked(SIGN_IN) == 0


@pytest.mark.parametrize(
    "fault", [{"do": "drop"}, {"do": "drop", "applied": True}, {"do": "truncate"}, {"status": 504}]
)
def test_a_lost_answer_to_a_sign_in_is_not_asked_for_again(world: World, fault: dict[str, t.Any]) -> None:
    world.simulator.faults.add(path=SIGN_IN, times=None, **fault)
    world.refusal(
        "never answered the sign-in of .* because the box counts failed sign-ins. Run again when the box answers"
    )


def test_a_box_that_is_away_has_not_refused_the_sign_in(world: World) -> None:
    store = MemoryStore()
    world.simulator.faults.add(path=SIGN_IN, times=2, **refusing("service_down"))
    with pytest.raises(Unreachable, match="this part of the box is not running"):
        world.client(store).objects("GET /vpn/")
    assert world.client(store).objects("GET /vpn/")


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], "T", None, {"success": True}, {"success": True, "result": None}, {"success": True, "result": []}),
        {"success": True, "result": {"permissions": {}}},
        {"success": True, "result": {"session_token": "T", "permissions": ["settings"]}},
    ],
    ids=str,
)
def test_a_welcome_without_a_session(world: World, body: t.Any) -> None:
    world.simulator.faults.add(path=SIGN_IN, status=200, body=json.dumps(body))
    with pytest.raises(
        SignInError, match=f"accepted the sign-in of {world.who.app_id}, but returned no session"
    ) as raised:
        world.client().objects("GET /vpn/")
    assert not raised.value.final


@pytest.mark.parametrize(
    "who", [Application(None, None), Application("fr.a", None), Application(None, "t"), Application("", "")]
)
def test_there_is_no_sign_in_without_an_application(world: World, who: Application) -> None:
    with pytest.raises(InputError, match="Give freebox_app_id and freebox_app_token, which freebox_app makes"):
        world.client(who=who).objects("GET /vpn/")
    assert world.paths == [DISCOVERY]


@pytest.mark.parametrize("token", ["tökén", "\ud800", "a\nb", " "])
def test_a_token_of_any_signs_is_refused_and_not_shown(box: Box, token: str) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_app_token=token)
    assert answer["failed"]
    assert "defect" not in answer["msg"]
    assert token == " " or token not in text_of(answer)


# -- the end


def test_a_task_alone_logs_out(box: Box) -> None:
    box.inform(VPN_SERVER)
    assert [one.path for one in box.simulator.log][-1] == LOGOUT
    assert box.simulator.state()["sessions"] == 0


def test_a_task_that_failed_logs_out(box: Box) -> None:
    assert box.manage(VPN_SERVER, name="nowhere", enabled=True)["failed"]
    assert box.simulator.state()["sessions"] == 0


def test_check_mode_logs_out(box: Box) -> None:
    assert box.manage(VPN_USER, login="max", check=True)["changed"]
    assert box.simulator.state()["sessions"] == 0


def test_a_task_that_shares_its_session_leaves_it_open(box: Box, tmp_path: Path) -> None:
    for _unused in range(2):
        box.inform(VPN_SERVER, freebox_session={"file": str(tmp_path / "session.json")})
    paths = [one.path for one in box.simulator.log]
    assert (paths.count(SIGN_IN), paths.count(LOGOUT)) == (1, 0)


def test_a_session_that_was_handed_over_is_used_and_left_open(box: Box, world: World) -> None:
    store = MemoryStore()
    world.client(store).objects("GET /vpn/")
    with store.held() as state:
        handed = json.dumps(state)
    box.simulator.log.clear()
    box.inform(VPN_SERVER, freebox_session={"state": handed})
    paths = [one.path for one in box.simulator.log]
    assert (paths.count(DISCOVERY), paths.count(SIGN_IN), paths.count(LOGOUT)) == (0, 0, 0)


def test_who_was_not_let_in_does_not_log_out(box: Box) -> None:
    box.simulator.revoke()
    assert box.manage(VPN_USER, login="max")["failed"]
    assert LOGOUT not in [one.path for one in box.simulator.log]


@pytest.mark.parametrize(
    "fault",
    [{"do": "drop"}, {"do": "html"}, {"do": "truncate"}, {"status": 500}, {"status": 302}, refusing("auth_required")],
)
def test_a_logout_that_fails_is_ignored(box: Box, fault: dict[str, t.Any]) -> None:
    box.simulator.faults.add(path=LOGOUT, times=None, **fault)
    answer = box.manage(VPN_USER, login="max")
    assert (answer["changed"], answer.get("failed"), answer.get("warnings")) == (True, None, None)
    assert [one.path for one in box.simulator.log].count(LOGOUT) <= 2  # like any call, when the session has ended


# -- what is not shown


def test_no_secret_is_in_an_answer_or_an_exception(box: Box) -> None:
    """Neither the tokens nor a password, for each error of each request."""
    simulator = box.simulator
    tokens: set[str] = {simulator.app_token}
    for nth in range(1, 9):
        for fault in ({"do": "html"}, {"status": 500}, {"do": "drop"}, {"status": 302}, refusing("inval")):
            simulator.reset()
            simulator.faults.add(path="*", nth=nth, **fault)
            answer = box.manage(VPN_USER, login="max", password=PASSWORD)
            for one in simulator.log:
                token = {name.lower(): value for name, value in one.headers.items()}.get(SESSION_HEADER.lower())
                tokens |= {token} if token else set()
            reported = text_of(answer)
            assert PASSWORD not in reported
            assert not [token for token in tokens if token in reported], (nth, fault)
    assert len(tokens) > 1


def test_what_the_box_repeats_of_a_secret_is_masked(box: Box) -> None:
    def echo(fault_path: str) -> str:
        box.simulator.reset()
        box.simulator.faults.add(path=fault_path, method="POST", **refusing("inval", msg=f"{PASSWORD} ne va pas"))
        return text_of(box.manage(VPN_USER, login="max", password=PASSWORD))

    reported = echo("vpn/user/")
    assert PASSWORD not in reported
    assert "*** ne va pas" in reported


# -- TLS


@pytest.fixture(name="expired", scope="module")
def fixture_expired(tmp_path_factory: pytest.TempPathFactory) -> TlsIdentity:
    """A certificate of yesterday, without a key identifier, which is its own authority."""
    fresh = identity_in(tmp_path_factory.mktemp("expired"))
    key = serialization.load_pem_private_key(Path(fresh.key_path).read_bytes(), None)
    reported = x509.load_pem_x509_certificate(Path(fresh.certificate_path).read_bytes())
    now = dt.datetime.now(dt.timezone.utc)
    names = reported.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    old = (
        x509.CertificateBuilder(reported.subject, reported.subject, reported.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now - dt.timedelta(days=1))
        .add_extension(names.value, critical=False)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    for path in (fresh.certificate_path, fresh.ca_path):
        Path(path).write_bytes(old.public_bytes(serialization.Encoding.PEM))
    return fresh


@pytest.fixture(name="listener")
def fixture_listener(expired: TlsIdentity) -> Iterator[Wire]:
    """A server with that certificate."""
    wire = Wire(reply({"api_version": "16.0"}), contexts=(expired.context(),))
    yield wire
    wire.stop()


@pytest.fixture(name="strict", params=[False, True])
def fixture_strict(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """What the libraries ask of certificates: as this Python does, and as Python does from 3.13 on."""
    made = tls.create_urllib3_context

    def context(*args: t.Any, **kwargs: t.Any) -> ssl.SSLContext:
        found: ssl.SSLContext = made(*args, **kwargs)
        found.verify_flags |= ssl.VERIFY_X509_STRICT
        return found

    if request.param:
        monkeypatch.setattr(tls, "create_urllib3_context", context)
    connections.cache_clear()  # noqa: SLF001 - these connections only
    return bool(tls.create_urllib3_context().verify_flags & ssl.VERIFY_X509_STRICT)


@pytest.mark.versions
def test_our_own_context_is_what_lets_a_certificate_without_a_key_identifier_pass(box: Box, strict: bool) -> None:
    """That it would be refused otherwise shows that the test tests something."""
    roots = Path(box.simulator.ca_path).read_text(encoding="ascii")
    assert box.inform(VPN_SERVER)
    trust = Trust(roots=roots, strict=True)
    http = Transport(box.simulator.url, trust=trust, timeout=5, read_only=True)
    if strict:
        with pytest.raises(Unreachable, match="Missing Authority Key Identifier"):
            http.sign_in(Call("GET", DISCOVERY, READ))
    else:
        assert http.sign_in(Call("GET", DISCOVERY, READ))


@pytest.mark.versions
@pytest.mark.usefixtures("strict")
def test_the_name_is_still_checked(box: Box) -> None:
    """No server has the address 127.0.0.2; the box is asked for by a name that its certificate lacks."""
    answer = box.manage(VPN_USER, login="max", freebox_server_name="mafreebox.freebox.fr")
    assert "its certificate is for another name" in answer["msg"]
    assert "freebox_server_name" in answer["msg"]
    assert box.simulator.log == []


@pytest.mark.usefixtures("strict")
def test_a_name_that_the_certificate_has_can_be_given(start: Start) -> None:
    box = start(Box, names=["abcdefgh.fbxos.fr"])
    assert box.manage(VPN_USER, login="max", freebox_server_name="abcdefgh.fbxos.fr")["changed"]


@pytest.mark.versions
@pytest.mark.usefixtures("strict")
def test_a_foreign_certificate_is_refused(start: Start) -> None:
    box = start(Box, settings={"wrong_certificate": True})
    answer = box.manage(VPN_USER, login="max")
    assert (
        "is not signed by an authority that is trusted here. Name the authority's file (freebox_ca_path)"
        in answer["msg"]
    )
    assert box.simulator.log == []


@pytest.mark.versions
@pytest.mark.usefixtures("strict")
def test_without_a_file_the_makers_authorities_are_trusted_and_a_simulated_one_is_not(box: Box) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_ca_path=None)
    assert "is not signed by an authority that is trusted here" in answer["msg"]
    context = Trust(roots=ROOTS, strict=False).context
    assert context
    names = {dict(part[0] for part in one["subject"]).get("commonName") for one in context.get_ca_certs()}
    assert {"Freebox ECC Root CA", "Freebox Root CA", "Iliadbox ECC Root CA", "Iliadbox RSA Root CA"} <= names
    assert len(names) > 4  # the public ones beside them
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.versions
@pytest.mark.usefixtures("strict")
def test_an_expired_certificate_is_refused(box: Box, listener: Wire, expired: TlsIdentity) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_url=listener.url, freebox_ca_path=expired.ca_path)
    assert "its certificate has expired. Nothing was sent." in answer["msg"]
    assert listener.heard == []


@pytest.mark.versions
@pytest.mark.usefixtures("strict")
def test_a_pinned_certificate_needs_no_authority(box: Box) -> None:
    pin = box.simulator.fingerprint_sha256
    assert box.manage(VPN_USER, login="max", freebox_ca_path=None, freebox_certificate_fingerprint=pin)["changed"]
    other = "0" * 64
    answer = box.manage(VPN_USER, login="eve", freebox_ca_path=None, freebox_certificate_fingerprint=other)
    assert "update freebox_certificate_fingerprint" in answer["msg"]


PROBE = """
import json, sys
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import ARGUMENT_SPEC, FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError
reported = json.load(sys.stdin)
said = {}
for name, options in reported.items():
    params = {key: option.get("default") for key, option in ARGUMENT_SPEC.items()}
    try:
        said[name] = len(FREEBOX.connect({**params, **options}, True).objects("GET /vpn/"))
    except EstateError as exc:
        said[name] = str(exc)
print(json.dumps(said))
"""


@pytest.mark.versions
def test_with_python_3_13(box: Box, listener: Wire, expired: TlsIdentity, tmp_path: Path) -> None:
    """The oldest that is strict by itself: the modules' own code, with the libraries of this environment."""
    find = ["/bin/sh", str(ROOT / "tools/find-python.sh"), "3.13"]
    python = subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    if not python:
        pytest.skip("there is no Python 3.13 on this machine")
    search = [os.environ["ANSIBLE_COLLECTIONS_PATH"], sysconfig.get_path("purelib")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(search)}
    imports = [python, "-c", "import requests, ansible"]
    libraries = subprocess.run(imports, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
    if libraries.returncode:
        pytest.skip(f"Python 3.13 cannot use the libraries of this environment: {libraries.stderr.splitlines()[-1]}")
    mine, foreign = box.connection, identity_in(tmp_path / "foreign")
    tried = {
        "right": mine,
        "name": {**mine, "freebox_server_name": "mafreebox.freebox.fr"},
        "foreign": {**mine, "freebox_ca_path": foreign.ca_path},
        "makers": {**mine, "freebox_ca_path": None},
        "expired": {**mine, "freebox_url": listener.url, "freebox_ca_path": expired.ca_path},
        "pinned": {
            **mine,
            "freebox_ca_path": None,
            "freebox_certificate_fingerprint": box.simulator.fingerprint_sha256,
        },
    }
    ran = subprocess.run(  # noqa: S603
        [python, "-c", PROBE], input=json.dumps(tried), capture_output=True, text=True, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert (said["right"], said["pinned"]) == (5, 5)
    assert "its certificate is for another name" in said["name"]
    assert "is not signed by an authority that is trusted here" in said["foreign"]
    assert "is not signed by an authority that is trusted here" in said["makers"]
    assert "its certificate has expired" in said["expired"]


# -- without TLS


@pytest.fixture(name="plain")
def fixture_plain(start: Start) -> Box:
    return start(Box, plain_http=True)


def test_plain_http_is_used_where_it_is_asked_for_and_warned_of(plain: Box) -> None:
    url = plain.simulator.http_url
    answer = plain.manage(VPN_USER, login="max", freebox_url=url, freebox_plain_http=True)
    assert answer["changed"]
    warning = f"{url} is used without TLS: every system on the network path can read its passwords and profiles."
    assert answer["warnings"] == [warning]


def test_plain_http_is_not_used_where_it_is_not_asked_for(plain: Box) -> None:
    answer = plain.manage(VPN_USER, login="max", freebox_url=plain.simulator.http_url)
    assert f"freebox_url: '{plain.simulator.http_url}' is not an https address, such as https://maf" in answer["msg"]
    answer = plain.manage(VPN_USER, login="max", freebox_plain_http=True)
    assert "is not an http address, as freebox_plain_http asks for" in answer["msg"]
    assert plain.simulator.log == []


@pytest.mark.parametrize("trouble", ["certificate", "drop", "html"])
def test_nothing_falls_back_to_plain_http(start: Start, trouble: str) -> None:
    """Neither for a bad certificate nor for anything else."""
    box = start(Box, plain_http=True, settings={"wrong_certificate": trouble == "certificate"})
    if trouble != "certificate":
        box.simulator.faults.add(do=trouble, times=None)
    answer = box.manage(VPN_USER, login="max")
    assert answer["failed"]
    assert not box.writes()
    over_tls = box.simulator.machine.handshakes
    assert over_tls or trouble == "certificate"
    assert all(one.fault for one in box.simulator.log)


@pytest.mark.parametrize("plain_http", [False, True])
def test_a_redirect_from_one_to_the_other_is_not_followed(start: Start, plain_http: bool) -> None:
    box = start(Box, plain_http=True)
    here, there = (
        (box.simulator.http_url, box.simulator.url) if plain_http else (box.simulator.url, box.simulator.http_url)
    )
    box.simulator.faults.add(path=DISCOVERY, do="redirect", location=f"{there}/api_version")
    answer = box.manage(VPN_USER, login="max", freebox_url=here, freebox_plain_http=plain_http)
    assert f"a redirect to {there}/api_version. Redirects are not followed" in answer["msg"]
    assert [one.path for one in box.simulator.log] == [DISCOVERY]


@pytest.mark.parametrize("url", ["https://box?x=1", "https://box#x", "box", "ftp://box", ""])
def test_an_address_that_is_none_is_refused(box: Box, url: str) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_url=url)
    assert "is not an https address" in answer["msg"]


def test_an_address_with_a_password_is_refused_and_not_repeated(box: Box) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_url="https://user:marker-7@box")
    assert answer["msg"].startswith("freebox_url contains a name or a password, which a Freebox does not use;")
    assert "marker-7" not in answer["msg"]


def test_an_unchecked_certificate_is_warned_of(box: Box) -> None:
    answer = box.manage(VPN_USER, login="max", freebox_ca_path=None, freebox_validate_certs=False)
    assert answer["changed"]
    assert "is not checked: any server that answers there gets the passwords." in answer["warnings"][0]


def test_the_product_names_each_option_for_each_account(box: Box) -> None:
    """Two applications, or two versions of the API, have a session each."""
    accounts = set()
    for more in ({}, {"freebox_app_id": "fr.other"}, {"freebox_api_version": 8}, {"freebox_url": "https://elsewhere"}):
        params = {"freebox_api_version": None, **box.connection, **more}
        accounts.add(FREEBOX.account(params))
    assert len(accounts) == 4


def test_check_mode_sends_no_write(box: Box) -> None:
    """For each write of a resource: the transport refuses it."""
    params = {name: option.get("default") for name, option in FREEBOX.argument_spec.items()}
    client = FREEBOX.connect({**params, **box.connection}, read_only=True)
    with pytest.raises(EstateError, match="was about to be sent in check mode; nothing was sent"):
        client.call("POST /vpn/user/", {"login": "max"}, secret=True)
    assert box.simulator.state()["users"] == {}
