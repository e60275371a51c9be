# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in to an Access Server: once, with the right words, and never again after a refusal."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.client import AccessServer
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.session import Session, parse_time
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.sign_in import Credentials
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.totp import claim_code, totp
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore, MemoryStore, Store
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import (
    EstateError,
    InputError,
    Refused,
    SignInError,
    Unreachable,
)
from ansible_collections.vpn.estate.tests.simulator.access_server import Clock
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server

pytestmark = pytest.mark.versions

dialects = pytest.mark.parametrize("dialect", ["document", "3.2"])
PASSWORD = "Correct-Horse-8"
LOGIN, MFA, RENEW = "/api/auth/login/userpassword", "/api/auth/login/mfaauth", "/api/auth/token/renew"
INFO = API.call("GET /server/info")
# RFC 6238, appendix B: the SHA-1 rows; of their eight digits, six are used.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


class Time:
    """A clock that moves only during a sleep, and notes its length."""

    def __init__(self) -> None:
        self.now = 1_800_000_010.0  # ten seconds into a time step of thirty
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class World:
    """A server and its clients, who share one time."""

    def __init__(self, start: Callable[..., Server], time: Time, **how: t.Any) -> None:
        self.time = time
        self.simulator = start(clock=Clock(time), **how).simulator
        self.admin = Credentials(self.simulator.username, self.simulator.password)
        self.mfa_admin = Credentials(
            self.simulator.mfa_username, self.simulator.mfa_password, self.simulator.mfa_totp_secret
        )

    def client(
        self, who: Credentials | None = None, store: Store | None = None, codes: Path | None = None
    ) -> AccessServer:
        """A task's client; tasks of one run have one store."""
        trust = Trust(ca_path=self.simulator.ca_path)
        http = Transport(self.simulator.url, trust=trust, timeout=5, read_only=False)
        session = Session(
            http,
            who or self.admin,
            store or MemoryStore(),
            str(codes) if codes else None,
            clock=self.time,
            sleep=self.time.sleep,
        )
        return AccessServer(http, session)

    def asked(self, *paths: str) -> int:
        """How often these paths were asked for."""
        return sum(each.path in paths for each in self.simulator.log)

    @property
    def sign_ins(self) -> list[str]:
        """Paths of everything that has to do with sessions."""
        return [each.path for each in self.simulator.log if each.path.startswith("/api/auth/")]

    def refusal(self, who: Credentials, sentence: str, requests: int = 1) -> None:
        """That sign-in is refused with a sentence after so many requests, and no task of the run tries again."""
        store = MemoryStore()
        before = len(self.sign_ins)
        texts = set()
        for _unused in range(3):
            with pytest.raises(SignInError, match=sentence) as raised:
                self.client(who, store).object("GET /server/info")
            texts.add(str(raised.value))
        assert len(texts) == 1
        assert len(self.sign_ins) == before + requests
        assert self.asked("/api/server/info") == 0
        assert self.simulator.url in texts.pop()
        for secret in (who.password, who.totp_secret):
            assert not secret or secret not in str(raised.value)


@pytest.fixture(name="time")
def fixture_time() -> Time:
    return Time()


@pytest.fixture(name="world")
def fixture_world(start: Callable[..., Server], time: Time) -> World:
    """A server as it comes."""
    return World(start, time)


@pytest.fixture(name="file_store")
def fixture_file_store(tmp_path: Path) -> FileStore:
    return FileStore(str(tmp_path / "session.json"))


# -- with a password


@dialects
def test_one_sign_in_serves_all_calls(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    client = world.client()
    for _unused in range(3):
        assert "version" in client.object("GET /server/info")
    assert world.sign_ins == [LOGIN]
    assert world.simulator.log[0].request == {
        "username": world.admin.username,
        "password": world.admin.password,
        "request_admin": True,
    }


def test_no_sign_in_before_the_first_call(world: World) -> None:
    world.client()
    assert world.sign_ins == []


def test_tasks_of_a_run_share_a_session(world: World, file_store: FileStore) -> None:
    for _unused in range(3):
        world.client(store=FileStore(file_store.path)).object("GET /server/info")
    assert world.sign_ins == [LOGIN]


def test_tasks_at_the_same_time_share_one_sign_in(world: World, file_store: FileStore) -> None:
    def task(_unused: int) -> t.Any:
        return world.client(store=FileStore(file_store.path)).object("GET /server/info")["version"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(task, range(8)))) == 1
    assert world.sign_ins == [LOGIN]


@dialects
def test_a_wrong_password(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    world.refusal(
        replace(world.admin, password="not-this-one"),
        r"refused the name or the password of openvpn \(Login failed\)\. This was one failed sign-in\. The server locks",
    )


def test_a_refusal_is_remembered_for_other_processes(world: World, file_store: FileStore) -> None:
    wrong = replace(world.admin, password="not-this-one")
    for _unused in range(3):
        with pytest.raises(SignInError):
            world.client(wrong, FileStore(file_store.path)).object("GET /server/info")
    assert world.sign_ins == [LOGIN]


def test_tasks_at_the_same_time_share_one_refusal(world: World, file_store: FileStore) -> None:
    wrong = replace(world.admin, password="not-this-one")

    def task(_unused: int) -> str:
        with pytest.raises(SignInError) as raised:
            world.client(wrong, FileStore(file_store.path)).object("GET /server/info")
        return str(raised.value)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(task, range(8)))) == 1
    assert world.sign_ins == [LOGIN]


def test_a_locked_account(world: World) -> None:
    for _unused in range(5):
        with pytest.raises(SignInError):
            world.client(replace(world.admin, password="not-this-one")).object("GET /server/info")
    world.refusal(world.admin, r"locked openvpn after .* 15 minutes \(vpn.server.lockout_policy.reset_time\)")


@dialects
def test_a_user_that_is_not_an_administrator(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    world.simulator.set_user("bob", password=PASSWORD, auth_method="local")
    world.refusal(Credentials("bob", PASSWORD), "bob may not administer .* Use the account of an administrator")


def test_a_user_that_proves_not_to_be_an_administrator(world: World) -> None:
    """Some servers accept any user and only report the account (server behaviour, 15)."""
    body = {"auth_token": "T", "user_properties": {"user_type": "user"}}
    world.simulator.faults.add(path=LOGIN, status=200, body=body, times=None)
    world.refusal(world.admin, "openvpn is not an administrator of")


@pytest.mark.parametrize("body", [None, {}, {"auth_token": None}, ["T"], "T"], ids=str)
def test_a_welcome_without_a_token(world: World, body: t.Any) -> None:
    text = None if body is None else json.dumps(body)
    world.simulator.faults.add(path=LOGIN, status=200, body=text, times=None)
    world.refusal(
        world.admin, "accepted the sign-in of openvpn, but returned no token. Check that this is an Access Server"
    )


def test_single_sign_on(world: World) -> None:
    world.simulator.set_user("sam", password=PASSWORD, auth_method="saml", admin=True)
    world.refusal(Credentials("sam", PASSWORD), "accepts sam only through SAML .* such as local")


def test_another_back_end_refuses(world: World) -> None:
    world.simulator.set_radius_account("rada", PASSWORD, admin=True)
    world.refusal(Credentials("rada", "not-this-one"), r"refused the name or the password of rada \(Wrong password\)")


@dialects
def test_a_user_that_is_not_enrolled_yet(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    world.simulator.set_user("eve", password=PASSWORD, auth_method="local", admin=True, totp=True)
    world.refusal(Credentials("eve", PASSWORD), "requires eve to enrol .* Sign in once in a browser")


def test_a_broken_sign_in(world: World) -> None:
    world.simulator.faults.add(path=LOGIN, status=500, body={"detail": "Internal server error"}, times=None)
    world.refusal(world.admin, "refused the sign-in of openvpn: .* answered 500: Internal server error")


def test_something_else_than_an_access_server(world: World) -> None:
    world.simulator.faults.add(path=LOGIN, status=404, body={"msg": "Unknown"}, times=None)
    world.refusal(
        world.admin,
        "does not offer a sign-in to its Web API .* Check that this is an Access Server, and the port in as_url",
    )


@pytest.mark.parametrize(
    "fault", [{"do": "drop"}, {"do": "drop", "applied": True}, {"do": "truncate"}, {"status": 504}]
)
def test_a_lost_answer_is_not_asked_for_again(world: World, fault: dict[str, t.Any]) -> None:
    world.simulator.faults.add(path=LOGIN, times=None, **fault)
    world.refusal(world.admin, "did not answer the sign-in of openvpn. It was not repeated, .* Run again when")


def test_too_many_requests(world: World) -> None:
    world.simulator.faults.add(path=LOGIN, status=429, headers={"Retry-After": "1"})
    assert "version" in world.client().object("GET /server/info")
    assert world.sign_ins == [LOGIN, LOGIN]


def test_far_too_many_requests(world: World) -> None:
    body = {"reason": "Slow down"}
    world.simulator.faults.add(path=LOGIN, status=429, headers={"Retry-After": "1"}, body=body, times=None)
    world.refusal(world.admin, "refused the sign-in of openvpn: .* answered 429: Slow down", requests=2)


def test_a_server_that_does_not_answer_has_refused_no_account(world: World) -> None:
    store = MemoryStore()
    world.simulator.faults.add(path=LOGIN, status=503, times=8)
    for _unused in range(4):
        with pytest.raises(Unreachable, match="answered 503"):
            world.client(store=store).object("GET /server/info")
    assert "version" in world.client(store=store).object("GET /server/info")


def test_a_portal_hears_a_password_once(world: World) -> None:
    """It is not the server, so it has refused no account either."""
    world.simulator.faults.add(path=LOGIN, do="html")
    store = MemoryStore()
    with pytest.raises(EstateError, match="is not the API of this product") as raised:
        world.client(store=store).object("GET /server/info")
    assert not isinstance(raised.value, SignInError)
    assert world.sign_ins == [LOGIN]
    assert "version" in world.client(store=store).object("GET /server/info")


@pytest.mark.parametrize("who", [Credentials(None, None), Credentials("openvpn", None), Credentials(None, "password")])
def test_no_sign_in_without_a_name_and_a_password(world: World, who: Credentials) -> None:
    with pytest.raises(InputError, match="Give as_username and as_password, or as_token"):
        world.client(who).object("GET /server/info")
    assert world.simulator.log == []


def test_credentials_do_not_show() -> None:
    shown = repr(Credentials("openvpn", "p-a-s-s", "t-o-t-p", "t-o-k-e-n"))
    assert "openvpn" in shown
    assert not any(secret in shown for secret in ("p-a-s-s", "t-o-t-p", "t-o-k-e-n"))


def test_calls_name_the_node(start: Callable[..., Server], time: Time) -> None:
    world = World(start, time, settings={"cluster_nodes": 2})
    node = sorted(world.simulator.state()["nodes"])[1]
    world.client(replace(world.admin, node=node)).object("GET /server/info")
    assert [each.headers.get("X-OpenVPN-AS-Node") for each in world.simulator.log] == [None, node]


# -- with a second factor


@dialects
def test_a_code_answers_the_challenge(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    client = world.client(world.mfa_admin)
    for _unused in range(2):
        assert "version" in client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, MFA]
    first, second = (each.request for each in world.simulator.log[:2])
    assert set(first) == {"username", "password", "request_admin"}
    assert set(second) == {"username", "response", "challenge_context", "request_admin"}
    assert second["request_admin"] is True
    assert time.slept == []


@dialects
def test_a_code_without_a_secret(start: Callable[..., Server], time: Time, dialect: str) -> None:
    world = World(start, time, dialect=dialect)
    who = replace(world.mfa_admin, totp_secret=None)
    world.refusal(who, 'asks mfa-admin for a second factor \\(".*"\\). .* set its secret as as_totp_secret')


def test_a_question_that_holds_the_password_is_shown_without_it(start: Callable[..., Server], time: Time) -> None:
    """Also where the sentence ends in the middle of it."""
    world = World(start, time)
    path, question = "auth/login/userpassword", "x" * 76 + PASSWORD
    body = {"reason": "mfa", "challenge": question, "challenge_context": "c"}
    world.simulator.faults.add(path=path, status=401, body=body)
    with pytest.raises(SignInError, match="second factor") as raised:
        world.client(replace(world.mfa_admin, password=PASSWORD, totp_secret=None)).object("GET /server/info")
    assert PASSWORD[:3] not in str(raised.value)


def test_the_secret_of_another_user(world: World) -> None:
    world.refusal(
        replace(world.mfa_admin, totp_secret=RFC_SECRET),
        "refused the authenticator's code of mfa-admin .* The code was not tried again",
        requests=2,
    )


@pytest.mark.parametrize("secret", ["not base32!", "0189", "GEZDGNBVGY3TQOJ1890", "\N{EURO SIGN}"])
def test_a_secret_that_is_not_valid(world: World, secret: str) -> None:
    with pytest.raises(InputError, match="as_totp_secret is not a secret in base32") as raised:
        world.client(replace(world.mfa_admin, totp_secret=secret)).object("GET /server/info")
    assert secret not in str(raised.value)
    assert world.sign_ins == []


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [(None, 'asks rada for a second factor \\("Enter your PIN"\\)'), (RFC_SECRET, "That is not the code of an auth")],
)
def test_a_challenge_of_another_back_end(world: World, secret: str | None, sentence: str) -> None:
    world.simulator.set_radius_account("rada", PASSWORD, pin="1234", admin=True)
    world.refusal(Credentials("rada", PASSWORD, secret), sentence)


@pytest.mark.parametrize("nested", [False, True])
def test_a_challenge_after_the_code(world: World, nested: bool) -> None:
    challenge = {"echo": True, "challenge": "Enter the next code", "challenge_context": "abc"}
    body = {"MFAChallenge": challenge} if nested else challenge
    world.simulator.faults.add(path=MFA, status=401, body=body, times=None)
    world.refusal(world.mfa_admin, "asks mfa-admin for another factor after the code", requests=2)


def test_a_lost_answer_to_a_code(world: World) -> None:
    world.simulator.faults.add(path=MFA, do="drop", times=None)
    world.refusal(world.mfa_admin, "did not answer the sign-in of mfa-admin", requests=2)


def test_a_code_is_used_once_in_a_run(world: World, time: Time) -> None:
    client = world.client(world.mfa_admin)
    client.object("GET /server/info")
    client.session.sign_in_again()
    client.session.sign_in_again()
    assert time.slept == [20.0, 30.0]
    assert world.sign_ins == [LOGIN, MFA] * 3
    assert {each.status for each in world.simulator.log if each.path == MFA} == {200}


def test_a_code_is_used_once_on_a_machine(world: World, time: Time, tmp_path: Path) -> None:
    for _unused in range(3):
        world.client(world.mfa_admin, MemoryStore(), tmp_path / "codes").object("GET /server/info")
    assert time.slept == [20.0, 30.0]
    assert {each.status for each in world.simulator.log if each.path == MFA} == {200}


def test_many_runs_wait_in_line_before_they_are_challenged(world: World, time: Time, tmp_path: Path) -> None:
    """A challenge is valid for two minutes (server behaviour, 30), so each task gets it only in its turn."""
    for _unused in range(8):  # as if seven others had come a moment before
        claim_code(str(tmp_path / "codes"), int(time.now // 30))
    world.client(world.mfa_admin, MemoryStore(), tmp_path / "codes").object("GET /server/info")
    assert time.slept == [20.0 + 7 * 30]
    assert world.sign_ins == [LOGIN, MFA]


def test_codes_are_claimed_once_by_all(tmp_path: Path) -> None:
    path = str(tmp_path / "codes")
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda _: claim_code(path, 1000), range(16)))
    assert sorted(claims) == list(range(1000, 1016))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_codes_of_the_past_are_no_reason_to_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "codes")
    assert claim_code(path, 1000) == 1000
    assert claim_code(path, 2000) == 2000
    assert claim_code(path, 2000) == 2001


@pytest.mark.parametrize("text", ["999999", "junk", "", "-5", "\N{SUPERSCRIPT TWO}", "9" * 5000, "\x00"], ids=repr)
def test_claims_of_another_clock_or_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "codes").write_text(text)
    assert claim_code(str(tmp_path / "codes"), 1000) == 1000
    assert claim_code(str(tmp_path / "codes"), 1000) == 1001


def test_claims_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "codes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EstateError, match="codes cannot be used"):
        claim_code(str(tmp_path / "codes"), 1000)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("moment", RFC_CODES)
@pytest.mark.parametrize(
    "secret",
    [RFC_SECRET, RFC_SECRET.lower(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ"],
)
def test_codes_of_the_standard(moment: int, secret: str) -> None:
    assert totp(secret, moment // 30) == RFC_CODES[moment]


def test_a_secret_with_and_without_padding() -> None:
    assert totp("MFRGG===", 1) == totp("MFRGG", 1) == totp("mfrgg=", 1)


# -- tokens grow old


def test_a_token_is_renewed_ahead_of_its_end(world: World, time: Time) -> None:
    client = world.client()
    client.object("GET /server/info")
    first = client.session.token()
    time.now += 200
    client.object("GET /server/info")
    assert world.sign_ins == [LOGIN]
    time.now += 100
    client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, RENEW]
    assert client.session.token() != first
    assert {each.status for each in world.simulator.log} == {200}


@dialects
@pytest.mark.parametrize("ahead", [0, 3600, -300, -3600, -5 * 3600], ids=lambda seconds: f"server_{seconds:+}s")
def test_a_long_run_signs_in_once(start: Callable[..., Server], time: Time, dialect: str, ahead: int) -> None:
    """Three hours with a call every 100 seconds, with any clock of the server."""
    world = World(start, time, dialect=dialect)
    world.simulator.clock.advance(ahead)
    client = world.client()
    for _unused in range(108):
        client.object("GET /server/info")
        time.now += 100
    assert world.asked(LOGIN) == 1
    assert {each.status for each in world.simulator.log} == {200}


def test_a_very_long_run_signs_in_again(world: World, time: Time) -> None:
    """A session cannot be renewed for longer than four hours (server behaviour, 17)."""
    client = world.client()
    while time.now < 1_800_000_010 + 7 * 3600:
        client.object("GET /server/info")
        time.now += 100
    assert world.asked(LOGIN) == 2
    assert {each.status for each in world.simulator.log} == {200}


def test_an_expired_token_is_not_renewed(world: World, time: Time) -> None:
    """Tasks with ten minutes and more between them sign in each time, and that is no fault of the server."""
    store = MemoryStore()
    for _unused in range(6):
        world.client(store=store).object("GET /server/info")
        time.now += 601
    assert world.sign_ins == [LOGIN] * 6
    assert {each.status for each in world.simulator.log} == {200}


@pytest.mark.parametrize(
    "fault",
    [{"do": "drop"}, {"status": 403}, {"status": 401}, {"status": 500}, {"status": 200}, {"status": 200, "body": {}}],
    ids=str,
)
def test_a_renewal_that_fails_is_not_missed_yet(world: World, time: Time, fault: dict[str, t.Any]) -> None:
    client = world.client()
    client.object("GET /server/info")
    world.simulator.faults.add(path=RENEW, times=None, **fault)
    for _unused in range(3):
        time.now += 150
        assert "version" in client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, RENEW]
    time.now += 200
    assert "version" in client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, RENEW, LOGIN]


@pytest.mark.parametrize("date", [None, "tomorrow", 12, "2001-01-01T00:00:00Z"], ids=str)
def test_a_token_without_a_date_is_renewed_soon(world: World, time: Time, date: t.Any) -> None:
    body = {"auth_token": "T", "expires_after": date, "renewable_until": date}
    world.simulator.faults.add(path=LOGIN, status=200, body=body)
    session = world.client().session
    assert session.token() == "T"
    assert time.now < session.state["renew_from"] < session.state["expires"] <= time.now + 240


# -- tokens that the server no longer takes


def test_a_dropped_session_costs_one_sign_in_and_one_repeat(world: World) -> None:
    client = world.client()
    client.object("GET /server/info")
    world.simulator.machine.authentication.end_sessions()
    assert "version" in client.object("GET /server/info")
    assert [(each.path.rsplit("/")[-1], each.status) for each in world.simulator.log] == [
        ("userpassword", 200),
        ("info", 200),
        ("info", 401),
        ("userpassword", 200),
        ("info", 200),
    ]


def test_what_another_task_has_mended_is_not_mended_again(world: World, file_store: FileStore) -> None:
    clients = [world.client(store=FileStore(file_store.path)) for _unused in range(3)]
    for client in clients:
        client.object("GET /server/info")
    world.simulator.machine.authentication.end_sessions()
    for client in clients:
        client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, LOGIN]


def test_a_server_that_drops_every_session(world: World) -> None:
    store = MemoryStore()
    body = {"reason": "Invalid auth token"}
    world.simulator.faults.add(path="/server/info", status=401, body=body, times=None)
    for _unused in range(2):
        with pytest.raises(Refused, match="401: Invalid auth token"):
            world.client(store=store).object("GET /server/info")
    for _unused in range(3):
        with pytest.raises(
            SignInError, match="has ended 3 sessions of openvpn in this run. No further sign-in was tried"
        ):
            world.client(store=store).object("GET /server/info")
    assert world.sign_ins == [LOGIN] * 3


def test_sessions_that_our_own_restarts_cost_are_not_counted(world: World) -> None:
    client = world.client()
    client.object("GET /server/info")
    for _unused in range(5):
        with client.session.excused():
            world.simulator.machine.authentication.end_sessions()
            client.object("GET /server/info")
    world.simulator.machine.authentication.end_sessions()
    assert "version" in client.object("GET /server/info")
    assert world.sign_ins == [LOGIN] * 7


# -- tokens that the user brings


def test_a_token_is_used_as_it_is(world: World, time: Time) -> None:
    token = world.client().session.token()
    client = world.client(Credentials(None, None, token=token))
    for _unused in range(3):
        assert "version" in client.object("GET /server/info")
        time.now += 190
    assert world.sign_ins == [LOGIN]
    assert client.session.username is None


def test_a_token_that_is_refused(world: World) -> None:
    with pytest.raises(SignInError, match="no longer accepts the token in as_token. Set a new one") as raised:
        world.client(Credentials("openvpn", None, token="SESS_TOKEN_old")).object("GET /server/info")
    assert "SESS_TOKEN_old" not in str(raised.value)
    assert world.sign_ins == []
    assert world.asked("/api/server/info") == 1


def test_a_token_and_a_password(world: World, file_store: FileStore) -> None:
    """The password comes in where the token is refused, once for all tasks."""
    who = replace(world.admin, token="SESS_TOKEN_old")
    for _unused in range(3):
        assert "version" in world.client(who, FileStore(file_store.path)).object("GET /server/info")
    assert world.sign_ins == [LOGIN]


def test_a_token_and_a_wrong_password(world: World, file_store: FileStore) -> None:
    who = replace(world.admin, token="SESS_TOKEN_old", password="not-this-one")
    for _unused in range(3):
        with pytest.raises(SignInError, match="refused the name or the password"):
            world.client(who, FileStore(file_store.path)).object("GET /server/info")
    assert world.sign_ins == [LOGIN]


# -- calls that want a recent sign-in, and changes of our own password


def test_a_password_is_changed_after_a_recent_sign_in(world: World, time: Time) -> None:
    world.simulator.set_user("bob", password=PASSWORD, auth_method="local")
    client = world.client()
    client.object("GET /server/info")
    time.now += 290
    client.change_password("bob", "Another-Horse-9")
    assert world.asked(LOGIN) == 1
    time.now += 20
    client.change_password("bob", "Another-Horse-10")
    assert world.asked(LOGIN) == 2
    assert world.simulator.password_is("bob", "Another-Horse-10")
    assert world.asked("/api/auth/password/change") == 3


def test_no_sign_in_is_ever_recent_enough(world: World) -> None:
    reason = {"reason": "Auth token is not recent enough"}
    world.simulator.faults.add(path="/auth/password/change", status=403, body=reason, times=None)
    client = world.client()
    with pytest.raises(Refused, match="not recent enough"):
        client.change_password("bob", "Another-Horse-9")
    assert world.asked(LOGIN) == 2
    assert world.asked("/api/auth/password/change") == 2
    assert not client.wrote


@pytest.mark.parametrize(("name", "password"), [("unknown", "Another-Horse-9"), ("openvpn", "weak")])
def test_a_refused_password_is_no_reason_to_sign_in(world: World, name: str, password: str) -> None:
    client = world.client()
    with pytest.raises(Refused) as raised:
        client.change_password(name, password)
    assert raised.value.status == 403
    assert world.asked(LOGIN) == 1
    assert world.asked("/api/auth/password/change") == 1


def test_a_changed_password_is_used_from_then_on(world: World, time: Time) -> None:
    client = world.client()
    client.change_password("openvpn", "Another-Horse-9")
    client.session.use_password("Another-Horse-9")
    client.session.sign_in_again()
    time.now += 601
    assert "version" in client.object("GET /server/info")
    assert [each.status for each in world.simulator.log if each.path == LOGIN] == [200, 200, 200]


def test_a_sign_in_again_that_fails_leaves_the_token(world: World) -> None:
    client = world.client()
    client.object("GET /server/info")
    client.session.use_password("not-this-one")
    with pytest.raises(SignInError, match="refused the name or the password"):
        client.session.sign_in_again()
    assert "version" in client.object("GET /server/info")
    assert world.asked(LOGIN) == 2


# -- where the session lies


def test_the_file_is_for_its_owner_only(file_store: FileStore) -> None:
    before = os.umask(0)
    try:
        with file_store.held() as state:
            assert stat.S_IMODE(os.stat(file_store.path).st_mode) == 0o600
            state["token"] = "T"
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(file_store.path).st_mode) == 0o600


def test_the_file_belongs_to_one_at_a_time(file_store: FileStore) -> None:
    program = (
        "import fcntl, sys\n"
        "try: fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('taken')\n"
        "else: print('free')\n"
    )

    def seen_elsewhere() -> str:
        command = [sys.executable, "-c", program, file_store.path]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    with file_store.held():
        assert seen_elsewhere() == "taken"
    assert seen_elsewhere() == "free"


def test_what_is_left_in_the_state_is_kept(file_store: FileStore) -> None:
    with file_store.held() as state:
        state.update(token="a long token " * 50, refused="no")
    with contextlib.suppress(ZeroDivisionError), file_store.held() as state:
        assert state.pop("refused") == "no"
        state["token"] = "short"
        raise ZeroDivisionError
    with FileStore(file_store.path).held() as state:
        assert state == {"token": "short"}


def test_a_link_is_not_followed(file_store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("{}")
    Path(file_store.path).symlink_to(tmp_path / "mine")
    with pytest.raises(EstateError, match="session.json cannot be used"), file_store.held():
        pytest.fail("the link was followed")
    assert (tmp_path / "mine").read_text() == "{}"


@pytest.mark.parametrize("text", ["", "{", '{"token": "T"} left over', "\x00"], ids=repr)
def test_a_file_that_was_cut_off_holds_nothing(world: World, file_store: FileStore, text: str) -> None:
    Path(file_store.path).write_text(text)
    assert "version" in world.client(store=file_store).object("GET /server/info")
    assert world.sign_ins == [LOGIN]


def test_a_task_outlives_its_run(world: World, time: Time, tmp_path: Path) -> None:
    """As an asynchronous one may, whose folder goes with the run."""
    folder = tmp_path / "run"
    folder.mkdir()
    client = world.client(store=FileStore(str(folder / "session.json")))
    client.object("GET /server/info")
    (folder / "session.json").unlink()
    folder.rmdir()
    time.now += 300
    client.object("GET /server/info")
    assert world.sign_ins == [LOGIN, RENEW]
    assert not folder.exists()


# -- dates


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-09-09T20:58:48.123456Z", 1788987528.123456),
        ("2026-09-09T20:58:48Z", 1788987528.0),
        ("Wed Sep 09 2026 20:58:48 GMT+0000 (UTC)", 1788987528.0),
        ("Wed Sep 09 2026 3:4:5 GMT+0000 (UTC)", 1788923045.0),
        ("2026-09-09T20:58:48+02:00", None),
        ("", None),
        ("soon", None),
        (1788987528, None),
        (None, None),
    ],
)
def test_dates_in_both_dialects(text: t.Any, seconds: float | None) -> None:
    assert parse_time(text) == seconds
