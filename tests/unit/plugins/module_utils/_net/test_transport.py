# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches a server, how often, over which connection, and the messages after failures."""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import json
import logging
import socket
import ssl
import time
import typing as t
import warnings
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import urllib3
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import (
    ACCESS_SERVER,
    ARGUMENT_SPEC,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._engine.product import Product
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import (
    CONTROL,
    MAKES_NEW,
    NAMED,
    READ,
    SET,
    SIGN_IN,
    Call,
)
from ansible_collections.vpn.estate.plugins.module_utils._net.refusals import Meaning
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import (
    EstateError,
    InputError,
    Mistakes,
    OutcomeUnknown,
    Refused,
    Unreachable,
    WriteWithheld,
)
from ansible_collections.vpn.estate.tests.simulator.pki import TlsIdentity, identity_in, process_identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import HANG_UP, SILENCE, HangsUp, Proxy, Wire, reply
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

pytestmark = pytest.mark.versions

TOKEN = "SESS_TOKEN_hUsHhUsH/+=1"
PASSWORD = "pass&word\"<mArKeR>'%7"

# One operation of each kind, with a body that the contract allows.
CALLS = {
    READ: API.call("GET /server/info"),
    SET: API.call("POST /users/delete", {"users": ["erika"]}),
    NAMED: API.call("POST /users/create", {"name": "newcomer"}),
    MAKES_NEW: API.call("POST /userprop/mfa/generate-secret", {"username": "erika"}),
    SIGN_IN: API.call("POST /auth/login/userpassword", {"username": "erika", "password": "wrong"}, secret=True),
    CONTROL: API.call("POST /server/restart", query={"restartMode": "warm"}),
}
kinds = pytest.mark.parametrize("kind", CALLS)
FINE = {"fine": True}
BROKEN_OFF = [{"do": "drop"}, {"do": "drop", "applied": True}, {"do": "truncate"}, {"status": 502}, {"status": 504}]


@pytest.fixture(name="waits")
def fixture_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited between attempts."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the person who runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(name="wire")
def fixture_wire() -> Iterator[Callable[..., Wire]]:
    """Starts listeners with the certificate of the simulator, or with other ones."""
    started: list[Wire] = []

    def wire(*answers: t.Any, contexts: tuple[ssl.SSLContext, ...] | None = None) -> Wire:
        started.append(
            Wire(*answers, contexts=(process_identity("127.0.0.1").context(),) if contexts is None else contexts)
        )
        return started[-1]

    yield wire
    for each in started:
        each.stop()


def transport(where: Server | Wire, trust: Trust | None = None, *, url: str = "", timeout: float = 5) -> Transport:
    """A transport to a server, with a token, that trusts the simulator's authority unless the test passes another trust."""
    address = where.simulator.url if isinstance(where, Server) else where.url
    made = Transport(
        url or address,
        trust=trust or Trust(ca_path=process_identity("127.0.0.1").ca_path),
        timeout=timeout,
        read_only=False,
    )
    made.authorise = lambda refused: {"X-OpenVPN-As-AuthToken": TOKEN}
    return made


def healthy(server: Server, trust: Trust | None = None, **how: t.Any) -> Transport:
    """A way to a server that answers FINE once the faults that it has are over."""
    server.simulator.faults.add(status=200, body=FINE, times=None)
    return transport(server, trust, **how)


def send(http: Transport, request: Call) -> t.Any:
    """Send a call through the door for its kind."""
    if request.kind == SIGN_IN:
        return http.sign_in(request)
    return http.read(request) if request.kind == READ else http.write(request)


# -- what may be repeated when: reliability of a class of calls, never of a verb


def named(value: t.Any) -> str:
    """A row of the table in the report."""
    if isinstance(value, dict):
        return "-".join(str(each) for key, each in value.items() if key in ("do", "status", "applied"))
    return value.__name__ if isinstance(value, type) else str(value)


def rows() -> Iterator[t.Any]:
    """Kind of call, what happens to it each time, how often it arrives, and what is raised in the end."""
    arrivals = {
        "refused for now": {READ: 3, SET: 3, NAMED: 3, MAKES_NEW: 3, SIGN_IN: 2, CONTROL: 1},
        "away for now": {READ: 3, SET: 3, NAMED: 3, MAKES_NEW: 1, SIGN_IN: 2, CONTROL: 1},
        "error of the server": {READ: 2, SET: 1, NAMED: 1, MAKES_NEW: 1, SIGN_IN: 1, CONTROL: 1},
    }
    for kind in CALLS:
        after = {"headers": {"Retry-After": "0"}}
        yield kind, {"status": 429, **after}, arrivals["refused for now"][kind], Refused
        yield kind, {"status": 503, **after}, arrivals["away for now"][kind], Unreachable
        reported = Refused if kind in (READ, SIGN_IN) else OutcomeUnknown
        yield kind, {"status": 500}, arrivals["error of the server"][kind], reported
        for fault in BROKEN_OFF:
            yield kind, fault, 3 if kind == READ else 1, Unreachable if kind == READ else OutcomeUnknown
        yield kind, {"status": 401, "body": {"reason": "Invalid auth token"}}, 1 if kind == SIGN_IN else 2, Refused
        for status in (400, 403, 404, 409):
            yield kind, {"status": status, "body": {"reason": "no"}}, 1, Refused


@pytest.mark.parametrize(("kind", "fault", "arrivals", "error"), list(rows()), ids=named)
def test_how_often_a_call_arrives(
    server: Server, kind: str, fault: dict[str, t.Any], arrivals: int, error: type[EstateError]
) -> None:
    server.simulator.faults.add(times=None, **fault)
    http = transport(server)
    with pytest.raises(error) as raised:
        send(http, CALLS[kind])
    assert raised.type is error
    assert [(each.method, each.path) for each in server.simulator.log] == [
        (CALLS[kind].method, CALLS[kind].path)
    ] * arrivals
    assert http.writes == (kind not in (READ, SIGN_IN) and error is OutcomeUnknown)


@kinds
def test_what_was_never_sent_is_tried_three_times(kind: str) -> None:
    listener = HangsUp()
    http = Transport(listener.url, trust=Trust(), timeout=5, read_only=False)
    with pytest.raises(Unreachable, match="no connection to https://127.0.0.1:.* \\(3 attempts\\)"):
        send(http, CALLS[kind])
    listener.stop()
    assert listener.connections == 3
    assert http.writes == 0


@kinds
def test_a_server_that_comes_back_is_found(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """No program listens until the second wait between attempts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    waits: list[float] = []
    servers: list[Server] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            servers.append(start(port=port))
            servers[0].simulator.faults.add(status=200, body={})

    monkeypatch.setattr(time, "sleep", sleep)
    http = Transport(
        f"https://127.0.0.1:{port}",
        trust=Trust(ca_path=process_identity("127.0.0.1").ca_path),
        timeout=5,
        read_only=False,
    )
    assert send(http, CALLS[kind]) == {}
    assert len(servers[0].simulator.log) == 1


@pytest.mark.parametrize("fault", [*BROKEN_OFF, {"status": 500}, {"status": 429}, {"status": 503}], ids=str)
def test_a_read_is_healed_without_a_word(server: Server, fault: dict[str, t.Any]) -> None:
    server.simulator.faults.add(**fault)
    assert healthy(server).read(CALLS[READ]) == FINE
    assert len(server.simulator.log) == 2


@kinds
def test_no_answer_in_time_counts_as_lost(wire: Callable[..., Wire], kind: str) -> None:
    listener = wire(SILENCE)
    with pytest.raises(Unreachable if kind == READ else OutcomeUnknown, match="timed out"):
        send(transport(listener, timeout=0.2), CALLS[kind])
    assert len(listener.heard) == (3 if kind == READ else 1)


def test_each_attempt_after_a_lost_answer_waits_longer_at_most(server: Server, waits: list[float]) -> None:
    server.simulator.faults.add(do="drop", times=None)
    with pytest.raises(Unreachable):
        transport(server).read(CALLS[READ])
    assert len(waits) == 2
    assert all(0 <= wait <= longest for wait, longest in zip(waits, (1.0, 2.0), strict=True))


def test_a_task_has_twenty_repeats_and_no_more(server: Server) -> None:
    server.simulator.faults.add(status=503, times=None)
    http = transport(server)
    for _unused in range(12):
        with pytest.raises(Unreachable):
            http.read(CALLS[READ])
    assert len(server.simulator.log) == 12 + 20


def test_a_401_costs_one_new_token_and_one_repeat(server: Server) -> None:
    asked: list[t.Any] = []
    server.simulator.faults.add(status=401, body={"reason": "Invalid auth token"})
    http = healthy(server)
    http.authorise = lambda refused: asked.append(refused) or {"X-Try": "1"}  # type: ignore[func-returns-value]
    assert http.write(CALLS[MAKES_NEW]) == FINE
    assert asked == [None, {"X-Try": "1"}, None]


# -- Retry-After


@pytest.mark.parametrize(("header", "wait"), [("2", 2.0), ("0", 0.0), ("5", 5.0)])
def test_the_server_asks_for_a_number_of_seconds(server: Server, waits: list[float], header: str, wait: float) -> None:
    server.simulator.faults.add(status=429, headers={"Retry-After": header})
    healthy(server).read(CALLS[READ])
    assert waits == [wait]


def test_the_server_asks_to_wait_until_a_time(server: Server, waits: list[float]) -> None:
    moment = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=30)
    server.simulator.faults.add(status=503, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    healthy(server, timeout=60).read(CALLS[READ])
    assert len(waits) == 1
    assert 25 < waits[0] <= 30


def test_a_moment_that_has_passed_is_now(server: Server, waits: list[float]) -> None:
    server.simulator.faults.add(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    healthy(server).read(CALLS[READ])
    assert waits == [0.0]


@pytest.mark.parametrize(
    "header", ["soon", "", "-1", "1.5", "\xb2", "9" * 4999, "Wed, 99 Oct 2015"], ids=lambda text: repr(text[:9])
)
def test_a_wait_that_cannot_be_read_is_our_own(server: Server, waits: list[float], header: str) -> None:
    server.simulator.faults.add(status=503, headers={"Retry-After": header})
    healthy(server).read(CALLS[READ])
    assert len(waits) == 1
    assert 0 <= waits[0] <= 1.0


def test_a_wait_beyond_our_patience_is_reported(server: Server, waits: list[float]) -> None:
    server.simulator.faults.add(status=429, headers={"Retry-After": "3600"}, body={"reason": "Slow down"})
    with pytest.raises(Refused, match=r"answered 429: Slow down \(Retry-After: 3600\)"):
        transport(server, timeout=60).read(CALLS[READ])
    assert waits == []
    assert len(server.simulator.log) == 1


# -- check mode, redirects, and what else the environment would like


@pytest.mark.parametrize("kind", [SET, NAMED, MAKES_NEW, CONTROL])
def test_check_mode_lets_no_write_through(server: Server, kind: str) -> None:
    http = Transport(server.simulator.url, trust=Trust(ca_path=server.simulator.ca_path), timeout=5, read_only=True)
    with pytest.raises(WriteWithheld, match="nothing was sent"):
        http.write(CALLS[kind])
    assert server.simulator.log == []
    assert http.writes == 0


@kinds
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(wire: Callable[..., Wire], kind: str, status: int) -> None:
    stranger = wire(reply({}))
    listener = wire(reply(status=status, headers={"Location": f"{stranger.url}/api?token={TOKEN}#{TOKEN}"}))
    with pytest.raises(Refused, match=f"answered {status}: a redirect to {stranger.url}/api\\. ") as raised:
        send(transport(listener), CALLS[kind])
    assert TOKEN not in str(raised.value)
    assert len(listener.heard) == 1
    assert stranger.connections == 0


def test_a_redirect_to_plain_http_or_itself_is_not_followed(wire: Callable[..., Wire]) -> None:
    for location in ("http://127.0.0.1:1/", "/api/server/info", ""):
        listener = wire(reply(status=307, headers={"Location": location}))
        with pytest.raises(Refused, match="Redirects are not followed"):
            transport(listener).read(CALLS[READ])
        assert len(listener.heard) == 1


def test_netrc_has_no_say(wire: Callable[..., Wire], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login erika password else\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    monkeypatch.setenv("HOME", str(tmp_path))
    listener = wire(reply({}))
    transport(listener).read(CALLS[READ])
    assert b"authorization" not in listener.heard[0].lower()


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_the_environment_is_not_believed(
    server: Server, other: TlsIdentity, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, server.simulator.ca_path)
    with pytest.raises(Unreachable, match="not signed by an authority that is trusted here"):
        transport(server, Trust()).read(CALLS[READ])
    assert server.simulator.log == []
    monkeypatch.setenv(name, other.ca_path)
    assert healthy(server).read(CALLS[READ]) == FINE


# -- proxies of the environment


@pytest.fixture(name="proxy")
def fixture_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Proxy]]:
    """Starts proxies, and names them in the environment."""
    started: list[Proxy] = []

    def proxy(refusal: int | None = None) -> Proxy:
        started.append(Proxy(refusal))
        monkeypatch.setenv("https_proxy", f"http://joe:{PASSWORD_IN_URL}@127.0.0.1:{started[-1].port}")
        return started[-1]

    yield proxy
    for each in started:
        each.stop()


PASSWORD_IN_URL = "proxypass1"


def test_a_proxy_of_the_environment_is_used(server: Server, proxy: Callable[..., Proxy]) -> None:
    between = proxy()
    assert healthy(server).read(CALLS[READ]) == FINE
    assert [line.split()[:2] for line in between.asked] == [["CONNECT", server.simulator.url.removeprefix("https://")]]


def test_the_environment_may_except_a_server(
    server: Server, proxy: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    between = proxy()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert healthy(server).read(CALLS[READ]) == FINE
    assert between.asked == []


def test_the_system_is_not_asked_for_a_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a Mac kills a forked process that asks, and Ansible's workers are forked."""

    def fatal(*_about: t.Any) -> t.NoReturn:
        raise AssertionError

    monkeypatch.setattr(requests.utils, "getproxies", fatal)
    monkeypatch.setattr(requests.utils, "proxy_bypass", fatal)
    assert healthy(server).read(CALLS[READ]) == FINE


@pytest.mark.parametrize("ca", [False, True])
def test_a_pin_holds_through_a_proxy(server: Server, other: TlsIdentity, proxy: Callable[..., Proxy], ca: bool) -> None:
    proxy()
    ca_path = server.simulator.ca_path if ca else None
    with pytest.raises(Unreachable, match="not the pinned one"):
        transport(server, Trust(ca_path=ca_path, fingerprint=other.fingerprint_sha256)).read(CALLS[READ])
    assert server.simulator.log == []
    right = Trust(ca_path=ca_path, fingerprint=server.simulator.fingerprint_sha256)
    accepted(server, right)


def test_a_name_holds_through_a_proxy(server: Server, proxy: Callable[..., Proxy]) -> None:
    proxy()
    ca_path = server.simulator.ca_path
    with pytest.raises(Unreachable, match="for another name"):
        transport(server, Trust(ca_path=ca_path, server_name="vpn.example.com")).read(CALLS[READ])
    assert server.simulator.log == []
    accepted(server, Trust(ca_path=ca_path, server_name="localhost"))


@kinds
def test_a_proxy_that_refuses_has_passed_nothing_on(server: Server, proxy: Callable[..., Proxy], kind: str) -> None:
    between = proxy(407)
    with pytest.raises(Unreachable, match="through the proxy that the environment names: .*407") as raised:
        send(transport(server), CALLS[kind])
    assert PASSWORD_IN_URL not in str(raised.value)
    assert len(between.asked) == 3
    assert server.simulator.log == []


@pytest.mark.parametrize(
    "proxy",
    [
        "http://jo:p@mArK@h:1",
        "http://jo:12#mArK@h:1",
        "jo:12/mArK@h:1",
        "http://jo:1?mArK@h",
        "http://mArK:port",
        "http://[mArK",
    ],
)
def test_a_proxy_whose_password_has_raw_signs_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *which, **how: asked.append(which) or [])
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(
        InputError, match="The environment names a proxy for https://vpn.example.com that is not an"
    ) as raised:
        Transport("https://vpn.example.com", trust=Trust(), timeout=1, read_only=True)
    assert "mArK" not in str(raised.value)
    assert not asked


def test_a_proxy_that_is_not_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://joe:{PASSWORD_IN_URL}@127.0.0.1:1")
    with pytest.raises(Unreachable, match="through the proxy that the environment names: .*refused") as raised:
        transport(server).write(CALLS[SET])
    assert PASSWORD_IN_URL not in str(raised.value)
    assert server.simulator.log == []


# -- which server to trust


@pytest.fixture(name="other", scope="module")
def fixture_other(tmp_path_factory: pytest.TempPathFactory) -> TlsIdentity:
    """A server of another authority."""
    return identity_in(tmp_path_factory.mktemp("other"))


@pytest.fixture(name="expired", scope="module")
def fixture_expired(tmp_path_factory: pytest.TempPathFactory) -> TlsIdentity:
    """A certificate of yesterday, which is its own authority."""
    folder = tmp_path_factory.mktemp("expired")
    fresh = identity_in(folder)
    key = serialization.load_pem_private_key(Path(fresh.key_path).read_bytes(), None)
    name = x509.load_pem_x509_certificate(Path(fresh.certificate_path).read_bytes())
    now = dt.datetime.now(dt.timezone.utc)
    builder = x509.CertificateBuilder(name.subject, name.subject, name.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=9)).not_valid_after(now - dt.timedelta(days=1))
    for extension in name.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName | x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    old = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    for path in (fresh.certificate_path, fresh.ca_path):
        Path(path).write_bytes(old.public_bytes(serialization.Encoding.PEM))
    return fresh


def refused(server: Server, trust: Trust, sentence: str, url: str = "") -> None:
    """That trust does not fit the server: the reason is reported, and the server gets no request."""
    heard = len(server.simulator.log)
    with pytest.raises(Unreachable, match=sentence) as raised:
        transport(server, trust, url=url).write(CALLS[SET])
    assert "Nothing was sent." in str(raised.value)
    assert len(server.simulator.log) == heard


def accepted(server: Server, trust: Trust, url: str = "") -> None:
    """That trust fits the server."""
    assert healthy(server, trust, url=url).read(CALLS[READ]) == FINE


@pytest.fixture(name="by_name")
def fixture_by_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the server under a name that its certificate does not hold."""
    look_up = socket.getaddrinfo

    def to_here(host: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return look_up("127.0.0.1" if host == "vpn.example.com" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", to_here)
    return server.simulator.url.replace("127.0.0.1", "vpn.example.com")


def test_an_unknown_authority(server: Server, other: TlsIdentity) -> None:
    sentence = "not signed by an authority that is trusted here. Name the authority's file .* or pin the certificate"
    refused(server, Trust(), sentence)
    refused(server, Trust(ca_path=other.ca_path), sentence)
    accepted(server, Trust(ca_path=server.simulator.ca_path))


def test_another_name(server: Server, by_name: str) -> None:
    ca_path = server.simulator.ca_path
    refused(server, Trust(ca_path=ca_path), "for another name. Use that name in the address, or give it", by_name)
    accepted(server, Trust(ca_path=ca_path, server_name="localhost"), by_name)


def test_the_name_to_verify_replaces_that_of_the_address(server: Server) -> None:
    ca_path = server.simulator.ca_path
    accepted(server, Trust(ca_path=ca_path, server_name="localhost"))
    refused(server, Trust(ca_path=ca_path, server_name="vpn.example.com"), "for another name")


def test_a_pin_needs_neither_authority_nor_name(server: Server, by_name: str, other: TlsIdentity) -> None:
    pin = server.simulator.fingerprint_sha256
    accepted(server, Trust(fingerprint=pin))
    accepted(server, Trust(fingerprint=pin), by_name)
    accepted(server, Trust(fingerprint=":".join(pin[i : i + 2] for i in range(0, 64, 2)).upper()))
    sentence = "not the pinned one. If it was renewed on purpose, update certificate_fingerprint"
    refused(server, Trust(fingerprint=other.fingerprint_sha256), sentence)
    refused(server, Trust(fingerprint=other.fingerprint_sha256), sentence, by_name)


@pytest.fixture(name="strict", params=[False, True], ids=["as this Python", "as Python from 3.13 on"])
def fixture_strict(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the libraries check certificates strictly, which they also do without being asked on a new Python."""
    made = urllib3.connection.create_urllib3_context

    def context(*args: t.Any, **kwargs: t.Any) -> ssl.SSLContext:
        found: ssl.SSLContext = made(*args, **kwargs)
        found.verify_flags |= ssl.VERIFY_X509_STRICT
        return found

    if request.param:
        monkeypatch.setattr(urllib3.connection, "create_urllib3_context", context)
    return bool(urllib3.connection.create_urllib3_context().verify_flags & ssl.VERIFY_X509_STRICT)


@pytest.mark.parametrize("key_identifier", [True, False])
@pytest.mark.parametrize("self_signed", [True, False])
def test_what_to_do_about_the_certificate_of_a_fresh_server_is_reported(
    wire: Callable[..., Wire], tmp_path: Path, strict: bool, self_signed: bool, key_identifier: bool
) -> None:
    """Both ways are named, and each of them works where it can."""
    authority = identity("authority", authority=True)
    signer = None if self_signed else authority
    own = identity("fresh", "127.0.0.1", issuer=signer, key_identifier=key_identifier)
    (tmp_path / "ca.pem").write_text(authority.pem)
    (tmp_path / "own.pem").write_text(own.pem + own.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    listener = wire(reply(FINE), contexts=(context,))

    def answer(**how: t.Any) -> t.Any:
        return transport(listener, Trust(options="as_", **how)).read(CALLS[READ])

    named = {"ca_path": str(tmp_path / "ca.pem")}
    refused_ways = [{}] + [named] * (self_signed or strict and not key_identifier)
    for how in refused_ways:
        with pytest.raises(Unreachable) as raised:
            answer(**how)
        assert "as_certificate_fingerprint" in str(raised.value)
        assert "as_ca_path" in str(raised.value)
    assert listener.heard == []
    for how in ({"fingerprint": own.fingerprint}, *([named] if named not in refused_ways else [])):
        assert answer(**how) == FINE


def test_a_pin_and_an_authority_must_both_fit(server: Server, other: TlsIdentity) -> None:
    ca_path, pin = server.simulator.ca_path, server.simulator.fingerprint_sha256
    refused(server, Trust(ca_path=other.ca_path, fingerprint=pin), "not signed by an authority")
    refused(server, Trust(ca_path=ca_path, fingerprint=other.fingerprint_sha256), "not the pinned one")
    accepted(server, Trust(ca_path=ca_path, fingerprint=pin))


def test_no_validation_is_no_validation_but_for_a_pin(server: Server, by_name: str, other: TlsIdentity) -> None:
    refused(server, Trust(validate=False, fingerprint=other.fingerprint_sha256), "not the pinned one")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the task warns, and no library beside it
        accepted(server, Trust(validate=False))
        accepted(server, Trust(validate=False, ca_path=other.ca_path), by_name)


def test_an_expired_certificate(wire: Callable[..., Wire], expired: TlsIdentity) -> None:
    listener = wire(reply({}), contexts=(expired.context(),))
    with pytest.raises(Unreachable, match="its certificate has expired. Nothing was sent"):
        transport(listener, Trust(ca_path=expired.ca_path)).write(CALLS[SET])
    assert listener.heard == []


def test_a_certificate_that_changes_in_mid_run(wire: Callable[..., Wire], other: TlsIdentity) -> None:
    listener = wire(reply({}), contexts=(process_identity("127.0.0.1").context(), other.context()))
    http = transport(listener)
    assert http.write(CALLS[SET]) == {}
    with pytest.raises(Unreachable, match="Nothing was sent"):
        http.write(CALLS[SET])
    assert len(listener.heard) == 1


def test_a_port_without_tls(wire: Callable[..., Wire]) -> None:
    listener = Wire(reply({}))
    with pytest.raises(Unreachable, match="does not speak TLS on this port. Nothing was sent"):
        transport(listener).write(CALLS[SET])
    listener.stop()
    assert all(TOKEN.encode() not in heard for heard in listener.heard)


def test_an_authority_file_that_is_not_there_or_none(server: Server, tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path / "text.pem"):
        (tmp_path / "text.pem").write_text("hello\n")
        with pytest.raises(EstateError, match="connection to https://127.0.0.1"):
            transport(server, Trust(ca_path=str(path))).write(CALLS[SET])
    assert server.simulator.log == []


# -- addresses


def client_of(server: Server, **options: t.Any) -> t.Any:
    """A client as a task makes it from its options."""
    defaults = {name: spec.get("default") for name, spec in ARGUMENT_SPEC.items()}
    return ACCESS_SERVER.connect({**defaults, **server.connection, **options}, True)


@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1:943", "127.0.0.1:943", "ftp://vpn.example.com", "https://h/?a=1", "https://h/#admin"),
        *("htps://h", "https://", "https://:943", "https://h:94x", "https://h:0", "https://h h:943", "https://[::1"),
    ],
)
def test_only_https_addresses_are_asked(server: Server, address: str) -> None:
    with pytest.raises(InputError, match="is not an https address; write it as https://"):
        client_of(server, as_url=address)


def test_an_empty_address_is_none(server: Server) -> None:
    with pytest.raises(InputError, match="^Give as_url. In your own play"):
        client_of(server, as_url="")


@pytest.mark.parametrize(
    "address", ["https://admin:S3cretS3cret@vpn.example.com", "admin:S3cretS3cret@vpn.example.com"]
)
def test_an_address_holds_no_password(server: Server, address: str) -> None:
    with pytest.raises(InputError, match="Use as_username and as_password instead") as raised:
        client_of(server, as_url=address)
    assert "S3cret" not in str(raised.value)


@pytest.mark.parametrize("address", ["https://", "https://a b", "https://127.0.0.1:99999", "https://127.0.0.1:port"])
def test_addresses_that_cannot_be(address: str) -> None:
    http = Transport(address, trust=Trust(), timeout=1, read_only=False)
    with pytest.raises(EstateError, match="is not a valid address|is not reachable|no connection"):
        http.write(CALLS[SET])


def test_plain_http_is_not_spoken(wire: Callable[..., Wire]) -> None:
    listener = Wire(reply({}))
    with pytest.raises(EstateError, match="give it as https://HOST:PORT"):
        transport(listener, url=listener.url.replace("https", "http")).write(CALLS[SET])
    listener.stop()
    assert listener.connections == 0


@pytest.mark.parametrize("ending", ["", "/", "/api", "/api/"])
def test_endings_of_an_address(server: Server, ending: str) -> None:
    assert client_of(server, as_url=server.simulator.url + ending).url == server.simulator.url


def test_who_does_not_check_is_warned(server: Server) -> None:
    cautions = client_of(server, as_validate_certs=False, as_ca_path=None).cautions
    assert cautions == [
        f"The certificate of {server.simulator.url} is not checked: any server that answers there gets the password."
    ]
    pinned = {"as_certificate_fingerprint": server.simulator.fingerprint_sha256}
    assert client_of(server, as_validate_certs=False, **pinned).cautions == []
    assert client_of(server).cautions == []


@pytest.mark.parametrize("pin", ["abcd", "x" * 64, "a" * 63, ":" * 64])
def test_a_pin_that_is_no_fingerprint(server: Server, pin: str) -> None:
    with pytest.raises(InputError, match="is not a SHA-256 fingerprint, 64 hexadecimal digits"):
        client_of(server, as_certificate_fingerprint=pin)


def test_a_pin_with_the_words_that_openssl_prints_before_it(server: Server) -> None:
    digits = ":".join(["AB"] * 32)
    with pytest.raises(InputError, match=r"64 hexadecimal digits\. Leave out the words up to the =\.$"):
        client_of(server, as_certificate_fingerprint=f"sha256 Fingerprint={digits}")
    with pytest.raises(InputError, match=r"64 hexadecimal digits\.$"):
        client_of(server, as_certificate_fingerprint=digits[:-1])


def test_authorities_that_are_not_there(server: Server, tmp_path: Path) -> None:
    missing = str(tmp_path / "ca.pem")
    with pytest.raises(InputError, match=f"as_ca_path: there is no file or folder '{missing}'"):
        client_of(server, as_ca_path=missing)
    assert server.simulator.log == []


@pytest.mark.parametrize(("product", "prefix"), [(ACCESS_SERVER, "as_"), (FREEBOX, "freebox_")])
def test_all_that_is_wrong_with_a_connection_is_reported_at_once(product: Product, prefix: str) -> None:
    """Without credentials, and without a server."""
    wrong = {"url": "htps://h", "ca_path": "/nowhere", "certificate_fingerprint": "ab", "timeout": 0, "deadline": 0}
    defaults = {name: spec.get("default") for name, spec in product.argument_spec.items()}
    given = {f"{prefix}{name}": value for name, value in wrong.items()}
    with pytest.raises(Mistakes) as refused:
        product.check({**defaults, **given})
    assert [sentence.partition(":")[0] for sentence in refused.value.sentences] == [*given]


def test_a_timeout_of_nothing(server: Server) -> None:
    with pytest.raises(InputError, match="as_timeout: 0 is too small"):
        client_of(server, as_timeout=0)


# -- answers that are not the API's

PORTAL = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome</body></html>"
NOT_JSON = [PORTAL, b"OK", b"null null", b'{"a": 1', b"[" * 100_000, b"\xff\xfe\x00", b"\x1f\x8b\x08\x00broken"]


@kinds
@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:12]))
def test_a_200_that_is_not_json(wire: Callable[..., Wire], kind: str, body: bytes) -> None:
    listener = wire(reply(body))
    error = EstateError if kind in (READ, SIGN_IN) else OutcomeUnknown
    with pytest.raises(error, match="something that is not JSON, so https://127.0.0.1:.* is not the API"):
        send(transport(listener), CALLS[kind])
    assert len(listener.heard) == 1


def test_a_page_is_quoted_but_not_at_length(wire: Callable[..., Wire]) -> None:
    listener = wire(reply(PORTAL + b"filler " * 10_000))
    with pytest.raises(EstateError, match="<title>Sign in</title>") as raised:
        transport(listener).read(CALLS[READ])
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", None),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        ('{"a": "é"}'.encode(), {"a": "é"}),
        (b'{"a": 9223372036854775808}', {"a": 2**63}),
    ],
    ids=repr,
)
def test_a_200_that_can_be_read(wire: Callable[..., Wire], body: bytes, value: t.Any) -> None:
    assert transport(wire(reply(body, headers={"Content-Type": "text/plain"}))).read(CALLS[READ]) == value


@pytest.mark.parametrize(
    ("body", "reason", "reasons"),
    [
        ({"reason": "Not now"}, "Not now", {}),
        ({"detail": "Not Found"}, "Not Found", {}),
        ({"message": "Insufficient privileges"}, "Insufficient privileges", {}),
        ({"reason": "Request failed", "detail": {"a.b": "bad"}}, "Request failed", {"a.b": "bad"}),
        ({"detail": {"a": {"reason": "too long", "code": 7}}}, "it gave no reason", {"a": "too long"}),
        ({"reason": None, "detail": ["x"]}, "(33 bytes of data, not shown)", {}),
        ([1], "(3 bytes of data, not shown)", {}),
        (b"Bad  Request\n", "Bad Request", {}),
        (b"", "(empty)", {}),
    ],
    ids=str,
)
def test_the_servers_own_words(wire: Callable[..., Wire], body: t.Any, reason: str, reasons: dict[str, str]) -> None:
    listener = wire(reply(body, 400))
    with pytest.raises(Refused) as raised:
        transport(listener).write(CALLS[SET])
    assert (raised.value.status, raised.value.reason, raised.value.reasons) == (400, reason, reasons)
    assert all(f"{key}: {text}" in str(raised.value) for key, text in reasons.items())


def sunday(status: int, text: str) -> Meaning | None:
    return Meaning(409, text[4:], f"{status} and NO") if text.startswith("NO: ") else None


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_refusal_in_another_form_counts_by_its_text_with_any_status(wire: Callable[..., Wire], status: int) -> None:
    http = transport(wire(reply(b"NO: not on Sundays", status)))
    http.meaning = sunday
    with pytest.raises(Refused, match=f"answered {status} and NO: not on Sundays") as raised:
        http.write(Call("GET", "/x", SIGN_IN, accept="text/plain"))
    assert (raised.value.status, raised.value.reason, http.writes) == (409, "not on Sundays", 0)
    fine = transport(wire(reply(b"YES")))
    fine.meaning = sunday
    assert fine.write(Call("GET", "/x", SIGN_IN, accept="text/plain")) == "YES"


def test_headers_of_an_answer_are_heard_unless_it_is_a_refusal(wire: Callable[..., Wire]) -> None:
    heard: list[t.Any] = []
    request = Call("GET", "/x", READ, on_headers=heard.append)
    for status in (400, 302):
        with pytest.raises(Refused):
            transport(wire(reply({}, status, {"X-Mark": "theirs"}))).read(request)
    assert transport(wire(reply({}, headers={"X-Mark": "mine"}))).read(request) == {}
    assert [headers["x-mark"] for headers in heard] == ["mine"]


def test_connections_closed_behind_our_back_are_no_error(wire: Callable[..., Wire]) -> None:
    """Each answer is followed by the end of the connection, which was not announced."""
    listener = wire(reply({}, headers={"Connection": "keep-alive"}))
    http = transport(listener)
    for request in CALLS.values():
        assert send(http, request) == {}
        assert listener.closed.acquire(timeout=10)
    assert len(listener.heard) == listener.connections == len(CALLS)


# -- no sentence holds what we sent in confidence, or what the server knows


def echo(status: int, form: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A page that repeats the request, as debug pages and filters do."""
    return lambda request: reply(f"No: {form(request.decode()[-180:])}".encode(), status)


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "html": html.escape,
    "json": json.dumps,
    "twice": lambda text: html.escape(json.dumps(text)),
    "address": quote,
    "data": lambda text: json.dumps({"request": text}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [200, 302, 400, 403, 500, 503])
@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("kind", [READ, SET, SIGN_IN])
def test_an_answer_that_repeats_the_request(
    wire: Callable[..., Wire], kind: str, secret: bool, status: int, form: str
) -> None:
    listener = wire(echo(status, FORMS[form]))
    request = Call("POST", "/x", kind, {"a": [{"b": PASSWORD}], "c": PASSWORD[:6]}, {"token": "oNeTiMe&tokEn"}, secret)
    with pytest.raises(EstateError) as raised:
        send(transport(listener), request)
    assert_silent(str(raised.value))
    assert "/x" in str(raised.value)


@pytest.mark.parametrize("form", [str, html.escape, json.dumps, lambda text: html.escape(json.dumps(text)), quote])
@pytest.mark.parametrize("status", [400, 500, 503])
@pytest.mark.parametrize("kind", [READ, SET, SIGN_IN])
def test_a_reason_that_repeats_what_was_confided(
    wire: Callable[..., Wire], kind: str, status: int, form: Callable[[str], str]
) -> None:
    said = form(f"{'erika' if kind == SIGN_IN else TOKEN} may not set {PASSWORD}")
    listener = wire(reply({"reason": f"bob: {said}", "detail": {"password": said}}, status))
    request = Call("POST", "/x", kind, {"username": "bob", "password": PASSWORD}, secret=True)
    with pytest.raises(EstateError, match="bob: ") as raised:
        send(transport(listener), request)
    assert_silent(str(raised.value))


@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_the_answer_to_a_secret_call_is_not_quoted(wire: Callable[..., Wire], status: int) -> None:
    listener = wire(reply(b"welcome=yes; token=oNeTiMe", status))
    with pytest.raises(EstateError, match=r"\(not shown\)") as raised:
        transport(listener).sign_in(CALLS[SIGN_IN])
    assert_silent(str(raised.value))


def test_data_of_the_server_is_not_quoted(wire: Callable[..., Wire]) -> None:
    body = b'{"total": 1, "profiles": [{"name": "bob", "totp_secret": "JBSWY3DPEHPK3PXP"'
    for status in (200, 400, 500):
        with pytest.raises(EstateError) as raised:
            transport(wire(reply(body, status))).read(CALLS[READ])
        assert "JBSWY3DPEHPK3PXP" not in str(raised.value)


@pytest.mark.parametrize(
    "token", [f"{TOKEN}\n", f" {TOKEN}", f"{TOKEN}\r\nX-Evil: 1", f"{TOKEN}\N{EURO SIGN}"], ids=repr
)
def test_a_token_that_fits_no_header(server: Server, token: str) -> None:
    http = transport(server)
    http.authorise = lambda refused: {"X-OpenVPN-As-AuthToken": token}
    with pytest.raises(EstateError, match="the value for X-OpenVPN-As-AuthToken contains characters") as raised:
        http.write(CALLS[SET])
    assert TOKEN not in str(raised.value)
    assert server.simulator.log == []
    assert http.writes == 0


@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, b"nonsense\r\n\r\n", reply(b"short")[:-2]], ids=repr)
def test_a_connection_that_breaks(wire: Callable[..., Wire], answer: bytes) -> None:
    listener = wire(answer)
    request = Call("POST", "/x", SET, {"password": PASSWORD}, {"token": "oNeTiMe&tokEn"})
    with pytest.raises(
        OutcomeUnknown, match="POST /x was sent to https://127.0.0.1:.*, and no complete answer arrived"
    ) as raised:
        transport(listener, timeout=0.2).write(request)
    assert_silent(str(raised.value))


def test_a_connection_that_never_is() -> None:
    http = Transport("https://127.0.0.1:1", trust=Trust(), timeout=1, read_only=False)
    with pytest.raises(Unreachable) as raised:
        http.read(Call("GET", "/x", READ, {"password": PASSWORD}, {"token": "oNeTiMe&tokEn"}))
    assert_silent(str(raised.value))
    assert "0x" not in str(raised.value)


def assert_silent(text: str) -> None:
    """No part of a secret, in any form."""
    for part in (TOKEN[:15], "mArKeR", "oNeTiMe", "tokEn"):
        assert part not in text, text


# -- logs


def test_nothing_of_a_request_reaches_a_log(wire: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible writes to its log what reaches the root logger. urllib3 would warn there of headers that it cannot read."""
    request = API.call("POST /server/restart", query={"restartMode": TOKEN})
    odd = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        + PASSWORD.encode()
        + b"\r\n\r\n{}"
    )
    listener = wire(odd)
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", records.append)
    monkeypatch.setattr(logging.root, "handlers", [handler])
    monkeypatch.setattr(logging.root, "level", logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("urllib3"), "propagate", True)
    logging.getLogger("urllib3").warning("This would.")
    with contextlib.suppress(EstateError):
        send(transport(listener), request)
    assert listener.heard
    assert [record.getMessage() for record in records] == ["This would."]
