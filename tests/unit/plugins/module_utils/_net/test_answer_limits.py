# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer too much, too slowly, or not at all: what a task reads of them, and for how long."""

from __future__ import annotations

import concurrent.futures
import gzip
import json
import os
import socket
import threading
import time
import tracemalloc
import typing as t
import zlib
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import client as client_module
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import connection
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._freebox import connection as freebox
from ansible_collections.vpn.estate.plugins.module_utils._net import answer_limits, connections, retries, tls, transport
from ansible_collections.vpn.estate.plugins.module_utils._net.answer_limits import DEEPEST, Watch, parsed
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import MAKES_NEW, READ, SIGN_IN, Call
from ansible_collections.vpn.estate.plugins.module_utils._net.retries import BREAK_AFTER
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust, presented
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import DEADLINE, Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import (
    EstateError,
    OutcomeUnknown,
    Refused,
    Unreachable,
)
from ansible_collections.vpn.estate.tests.simulator.pki import process_identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Listener, reply

MB = 1 << 20
SMALL = MB  # the limit in these tests, so that they are cheap
KINDS = {READ: EstateError, SIGN_IN: EstateError, MAKES_NEW: OutcomeUnknown}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Talk = Callable[[t.Any], object]


class Hostile(Listener):
    """A server that sends any bytes as long as the client reads. ``sent`` is the number of bytes that it could send."""

    def __init__(self, talk: Talk, shakes_hands: bool = True) -> None:
        self.sent = 0
        self._talk, self._shakes_hands = talk, shakes_hands
        self._context = process_identity("127.0.0.1").context()
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        if not self._shakes_hands:
            self._talk(connection)
            return
        with self._context.wrap_socket(connection, server_side=True) as line:
            while line.recv(65536):
                self._talk(line)


Start = Callable[..., Hostile]


@pytest.fixture(name="hostile")
def fixture_hostile() -> Iterator[Start]:
    """Starts servers that send these pieces, one after the other; the last one repeatedly."""
    started: list[Hostile] = []

    def start(*pieces: bytes, pause: float = 0, endless: bool = True, **how: t.Any) -> Hostile:
        def talk(line: t.Any) -> None:
            server = started[-1]
            for piece in pieces:
                line.sendall(piece)
                server.sent += len(piece)
            while endless and not server.ended.wait(pause):
                line.sendall(pieces[-1])
                server.sent += len(pieces[-1])

        started.append(Hostile(talk, **how))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(name="small")
def fixture_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that are reached soon."""
    monkeypatch.setattr(transport, "LIMIT", SMALL)


def transport_to(where: Hostile, **how: t.Any) -> Transport:
    trust = Trust(ca_path=process_identity("127.0.0.1").ca_path, options="as_")
    return Transport(where.url, trust=trust, read_only=False, **{"timeout": 5, **how})


def send(http: Transport, kind: str, **how: t.Any) -> t.Any:
    request = Call("GET", "/x", kind, **how)
    return {READ: http.read, SIGN_IN: http.sign_in, MAKES_NEW: http.write}[kind](request)


# -- bytes

BLANKS = b" " * 65536


def packed(megabytes: int) -> bytes:
    """Blanks, a thousandth as long."""
    press = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    return b"".join(press.compress(b" " * MB) for _unused in range(megabytes)) + press.flush()


FORMS: dict[str, tuple[bytes, ...]] = {
    "a length": (HEAD + b"Content-Length: 500000000\r\n\r\n", BLANKS),
    "no length": (HEAD + b"Connection: close\r\n\r\n", BLANKS),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + BLANKS + b"\r\n"),
    "one chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", BLANKS),
    "gzip": (HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed(100), b""),
    "empty members": (HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", gzip.compress(b"") * 3000),
    "an error": (b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n", BLANKS),
    "a redirect": (b"HTTP/1.1 302 No\r\nLocation: https://127.0.0.1:1/\r\nConnection: close\r\n\r\n", BLANKS),
    "a redirect in gzip": (
        b"HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed(100),
        b"",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("small")
def test_an_answer_without_end_is_read_to_the_limit_and_no_further(hostile: Start, kind: str, form: str) -> None:
    server = hostile(*FORMS[form], endless=FORMS[form][-1] != b"")
    tracemalloc.start()
    try:
        with pytest.raises(KINDS[kind], match="was answered by more than 1 MB. The rest was not read"):
            send(transport_to(server), kind)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * SMALL
    assert server.connections == 1, "it is not asked again"
    assert server.sent < 30 * SMALL, "what a machine keeps for a connection, and what was read"


def test_the_limit_of_a_file_is_one_of_its_own(hostile: Start) -> None:
    server = hostile(*FORMS["no length"])
    with pytest.raises(OutcomeUnknown, match="answered by more than 4 MB"):
        send(transport_to(server), MAKES_NEW, accept="text/plain")


@pytest.mark.usefixtures("small")
def test_what_is_just_within_the_limit_is_read(hostile: Start) -> None:
    body = json.dumps("x" * (SMALL - 2)).encode()
    assert len(send(transport_to(hostile(reply(body), endless=False)), READ)) == SMALL - 2
    packed = gzip.compress(body[: MB // 2]) + gzip.compress(body[MB // 2 :])
    headers = {"Content-Encoding": "gzip"}
    assert len(send(transport_to(hostile(reply(packed, headers=headers), endless=False)), READ)) == SMALL - 2


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
        ("deflate", zlib.compress(b"{}")),
        ("br", b"{}"),
        ("gzip", b"{}"),
        ("gzip", gzip.compress(b"{}")[:-9]),
    ],
    ids=["nested", "deflate", "br", "no gzip", "half of a gzip"],
)
def test_what_was_not_asked_for_is_not_inflated(hostile: Start, encoding: str, body: bytes) -> None:
    server = hostile(reply(body, headers={"Content-Encoding": encoding}), endless=False)
    with pytest.raises(OutcomeUnknown, match="no complete answer arrived: it "):
        send(transport_to(server), MAKES_NEW)
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 9\r\nConnection: close\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(300)) + b"\r\n{}",
        HEAD + b"X: " + b"x" * 70000 + b"\r\n\r\n{}",
        HEAD + b"X: ",
        HEAD,
    ],
    ids=[
        "shorter than its headers state",
        "no last chunk",
        "no chunk",
        "many headers",
        "a long header",
        "half a header",
        "no end of headers",
    ],
)
def test_an_answer_that_lies_about_itself_is_none(hostile: Start, answer: bytes) -> None:
    def talk(line: t.Any) -> None:
        line.sendall(answer)
        line.close()

    server = hostile(b"", endless=False)
    server._talk = talk
    with pytest.raises(OutcomeUnknown, match="no complete answer arrived"):
        send(transport_to(server), MAKES_NEW)


# -- values


@pytest.mark.parametrize(
    "text",
    [
        "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
        '{"a":' * 900 + "1" + "}" * 900,
        "[" * 1_000_000,
        "9" * 1_000_000,
        "[1." + "9" * 1_000_000 + "]",
        "[NaN]",
        "-Infinity",
        "[" + "[]," * 4_000_000 + "[]]",
    ],
    ids=lambda text: text[:5],
)
def test_more_values_than_needed_are_refused(text: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(ValueError, match="^"):
            parsed(form)


def test_as_many_values_as_needed_are_read() -> None:
    assert parsed("[" * DEEPEST + "]" * DEEPEST) is not None
    assert parsed('{"a": [1, -2.5e3, 123456789012345678901234567890, null, true]}') == {
        "a": [1, -2500.0, 123456789012345678901234567890, None, True]
    }


def test_too_many_values_are_reported_and_not_created(hostile: Start) -> None:
    body = b"[" + b"[]," * 4_000_000 + b"[]]"
    tracemalloc.start()
    try:
        with pytest.raises(EstateError, match="was answered by more than 4000000 values. They were not used"):
            send(transport_to(hostile(reply(body), endless=False)), READ)
        assert tracemalloc.get_traced_memory()[1] < 6 * len(body)
    finally:
        tracemalloc.stop()


# -- time

DRIPS: dict[str, tuple[bytes, ...]] = {
    "body": (HEAD + b"Content-Length: 5000\r\n\r\n", b" "),
    "body without a length": (HEAD + b"Connection: close\r\n\r\n", b" "),
    "headers": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "first line": (b"HTTP/1.1", b" "),
    "100 Continue": (b"HTTP/1.1 100 Continue\r\n\r\n",),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X: 1\r\n"),
}


@pytest.mark.parametrize("form", DRIPS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_takes_for_ever_is_cut_off(hostile: Start, kind: str, form: str) -> None:
    """Each piece comes well within the time limit."""
    server = hostile(*DRIPS[form], pause=0.02)
    error = Unreachable if kind == READ else OutcomeUnknown
    with pytest.raises(error, match=r"no complete answer arrived within 1(\.\d+)? seconds \(as_deadline\)"):
        send(transport_to(server, deadline=1), kind)
    assert server.connections == 1, "the deadline is for a call with its repeats"


def waiting(seconds: float) -> tuple[Watch, socket.socket, socket.socket]:
    """A watch that has started, the socket that it cuts, and the other end."""
    watch, (line, other_end) = Watch(seconds), socket.socketpair()
    line.settimeout(10)
    watch.__enter__().hold(line)
    return watch, line, other_end


def test_one_thread_keeps_the_time_of_all_calls() -> None:
    """The shorter time is over first, also where it began later."""
    long, *_open = waiting(600)
    short, line, _other_end = waiting(0.05)
    assert line.recv(1) == b""
    assert (short.struck, long.struck) == (True, False)
    assert [thread.name for thread in threading.enumerate()].count("deadlines") == 1
    for each in (short, long):
        each.__exit__()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_was_forked_keeps_its_own_time() -> None:
    """As Ansible's workers are."""
    watch, *_open = waiting(600)
    child = os.fork()
    if not child:  # which must not go on with the tests
        try:
            _watch, line, _other_end = waiting(0.05)
            os._exit(len(line.recv(1)))
        finally:
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    watch.__exit__()


def test_endless_trailers_of_any_speed_are_cut_off(hostile: Start) -> None:
    server = hostile(*DRIPS["trailers"][:1], b"X: 1\r\n" * 10000)
    with pytest.raises(EstateError):
        send(transport_to(server, deadline=0.4), READ)


def test_a_handshake_that_takes_for_ever_is_cut_off(hostile: Start) -> None:
    """The server has heard nothing, so that a write has not failed half-way."""
    record = b"\x16\x03\x03\x40\x00"  # one of TLS, of 16 KB
    server = hostile(record, b"x", pause=0.02, shakes_hands=False)
    http = transport_to(server, deadline=0.4)
    with pytest.raises(Unreachable, match=r"no connection to .*: none was established within 0\.\d+ seconds"):
        send(http, MAKES_NEW)
    assert http.writes == 0


def test_who_presents_a_certificate_for_ever_is_cut_off(hostile: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "CONNECT_TIMEOUT", 0.2)
    server = hostile(b"\x16\x03\x03\x40\x00", b"x", pause=0.02, shakes_hands=False)
    assert presented(server.url) is None


def test_a_connection_that_was_there_before_is_cut_off(hostile: Start) -> None:
    answers = [reply({}, headers={"Connection": "keep-alive"}), HEAD + b"Content-Length: 5000\r\n\r\n"]

    def talk(line: t.Any) -> None:
        line.sendall(answers.pop(0) if answers else b"")
        while len(answers) == 0 and not server.ended.wait(0.02):
            line.sendall(b" ")

    server = hostile(b"", endless=False)
    server._talk = talk
    http = transport_to(server)
    assert send(http, MAKES_NEW) == {}
    http._deadline = 0.4
    with pytest.raises(OutcomeUnknown, match="as_deadline"):
        send(http, MAKES_NEW)
    assert server.connections == 1


def test_a_server_that_drips_is_not_there_after_a_restart(hostile: Start) -> None:
    server = hostile(*DRIPS["body"], pause=0.02)
    assert not transport_to(server, timeout=0.3, deadline=100).answers("/x")


def test_the_lock_of_a_shared_sign_in_is_let_go(hostile: Start) -> None:
    """Other tasks wait for it until the deadline, and not as long as the server takes."""
    server = hostile(*DRIPS["body"], pause=0.02)
    params = {
        **dict.fromkeys(connection.ARGUMENT_SPEC),
        "as_url": server.url,
        "as_username": "admin",
        "as_password": "Marker-Password-7!",
        "as_validate_certs": True,
        "as_ca_path": process_identity("127.0.0.1").ca_path,
        "as_timeout": 5,
        "as_deadline": 1,
        "as_connections": 1,
        "as_batch_size": 1,
    }
    client = connection.ACCESS_SERVER.connect(params, read_only=True)
    with pytest.raises(EstateError, match="did not answer the sign-in"):
        client.users()
    with client.session.share.store.held() as state:
        assert "token" not in state


def test_time_passes_in_repeats_and_between_them(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of the test: each wait takes exactly its time."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    server.simulator.faults.add(status=503, headers={"Retry-After": "4"}, times=None)
    trust = Trust(ca_path=server.simulator.ca_path)
    for deadline, arrivals in ((7, 2), (9, 3), (3, 1)):
        server.simulator.log.clear()
        http = Transport(server.simulator.url, trust=trust, timeout=5, deadline=deadline, read_only=True)
        http.authorise = lambda refused: {}
        with pytest.raises(Unreachable):
            http.read(API.call("GET /server/info"))
        assert len(server.simulator.log) == arrivals, deadline


def test_what_is_slow_gets_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(API.slow) <= set(API.operations)
    given: list[tuple[float, float]] = []
    http = Transport("https://127.0.0.1:1", trust=Trust(), timeout=10, read_only=False)

    def exchange(request: Call, headers: object, watch: t.Any) -> t.Any:
        given.append((request.slow, watch.seconds))
        return answer_limits.Answer(200, {}, b"", {})

    monkeypatch.setattr(http, "_exchange", exchange)
    http.write(API.call("PUT /database/convert", {}))
    http.write(API.call("POST /users/delete", {}))
    assert given == [(True, 10 * DEADLINE * transport.SLOW), (False, 10 * DEADLINE)]


@pytest.mark.parametrize(("product", "prefix"), [(connection, "as_"), (freebox, "freebox_")])
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_a_time_that_is_none_is_refused(server: Server, box: Box, product: t.Any, prefix: str, name: str) -> None:
    one: t.Any = server if prefix == "as_" else box
    answer = one.run(lambda run: {}, {}, **{prefix + name: 0})
    assert answer["msg"] == f"{prefix}{name}: 0 is too small; the smallest value is 1 second."


def test_a_deadline_comes_from_the_environment(server: Server, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for one, name in ((server, "as_deadline"), (box, "freebox_deadline")):
        monkeypatch.setenv(f"VPN_ESTATE_{name.upper()}", "0")
        assert f"{name}: 0 is too small" in one.run(lambda run: {}, {})["msg"]


# -- a server that is not there


@pytest.fixture(name="closed_port")
def fixture_closed_port() -> int:
    """A port at which no program listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(name="tried")
def fixture_tried(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections that were tried."""
    tried: list[object] = []
    connect = connections._Watched._new_conn

    def counting(self: t.Any) -> t.Any:
        tried.append(self)
        return connect(self)

    monkeypatch.setattr(connections._Watched, "_new_conn", counting)
    return tried


def test_a_server_that_is_down_does_not_cost_every_item_of_a_loop_its_repeats(
    closed_port: int, tried: list[object]
) -> None:
    sentences = []
    for _unused in range(100):
        http = Transport(f"https://127.0.0.1:{closed_port}", trust=Trust(), timeout=5, read_only=False)
        with pytest.raises(Unreachable) as raised:
            send(http, MAKES_NEW)
        assert http.writes == 0
        sentences.append(str(raised.value))
    assert len(tried) < 3 * 100 / 4
    assert "did not answer 5 times in a row. Nothing more is sent to it for now" in sentences[2]


def test_one_attempt_follows_when_the_time_is_over(
    closed_port: int, tried: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    http = Transport(f"https://127.0.0.1:{closed_port}", trust=Trust(), timeout=5, read_only=False)
    for expected in (3, 5, 5, 5):
        with pytest.raises(Unreachable):
            send(http, READ)
        assert len(tried) == expected
    now[0] += retries.BREAK
    for expected in (6, 6):
        with pytest.raises(Unreachable):
            send(http, READ)
        assert len(tried) == expected


INFO = API.call("GET /server/info")


def test_a_server_that_answers_is_asked_again_at_once(closed_port: int, start: Callable[..., Server]) -> None:
    """A restart that is waited for is no failure, and ends the pause."""
    trust = Trust(ca_path=process_identity("127.0.0.1").ca_path)
    http = Transport(f"https://127.0.0.1:{closed_port}", trust=trust, timeout=5, read_only=False)
    for _unused in range(10):
        assert not http.answers("/api/server/status")
    for _unused in range(2):
        with pytest.raises(Unreachable):
            http.read(INFO)
    server = start(port=closed_port)
    with pytest.raises(Unreachable, match="Nothing more is sent to it for now"):
        http.read(INFO)
    assert http.answers("/api/server/status")
    server.simulator.faults.add(status=200, body={}, times=None)
    assert http.read(INFO) == {}


def test_calls_side_by_side_that_one_moment_loses_are_repeated(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = 2 * BREAK_AFTER
    server.simulator.faults.add(status=200, body={}, times=None)
    http = Transport(server.simulator.url, trust=Trust(ca_path=server.simulator.ca_path), timeout=5, read_only=True)
    send_now, together, failed = Transport._send, threading.Barrier(hands, timeout=10), set()

    def send_later(self: Transport, *how: t.Any) -> t.Any:
        if threading.get_ident() in failed:
            return send_now(self, *how)
        failed.add(threading.get_ident())
        together.wait()
        raise connections.NotSent(OSError("away for a moment"))

    monkeypatch.setattr(Transport, "_send", send_later)
    with concurrent.futures.ThreadPoolExecutor(hands) as pool:
        assert list(pool.map(lambda _unused: http.read(INFO), range(hands))) == [{}] * hands


def test_an_error_of_the_server_is_an_answer(server: Server) -> None:
    server.simulator.faults.add(status=503, times=None)
    http = Transport(server.simulator.url, trust=Trust(ca_path=server.simulator.ca_path), timeout=5, read_only=True)
    for _unused in range(2 * BREAK_AFTER):
        with pytest.raises(Unreachable, match="answered 503"):
            http.read(INFO)


def test_a_cookie_is_not_even_read(hostile: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("http.cookiejar.parse_ns_headers", lambda *unused: pytest.fail("it was read"))
    assert send(transport_to(hostile(reply({}, headers={"Set-Cookie": "a=" + ";" * 60000}), endless=False)), READ) == {}


def test_a_redirect_is_reported_with_a_body_of_any_size(hostile: Start) -> None:
    server = hostile(reply(b"x" * 100, 302, {"Location": "https://127.0.0.1:1/"}), endless=False)
    with pytest.raises(Refused, match="a redirect to https://127.0.0.1:1/"):
        send(transport_to(server), READ)


# -- lists page by page


@pytest.mark.parametrize("read", ["users", "groups", "profiles"])
@pytest.mark.parametrize(("records", "pages"), [(1000, 10**6), (10**6, 20)])
def test_a_list_without_end_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch, read: str, records: int, pages: int
) -> None:
    """Each page has something new, and the total is always larger."""
    monkeypatch.setattr(client_module, "MOST_RECORDS", records)
    monkeypatch.setattr(client_module, "MOST_PAGES", pages)
    asked = 0

    def page(self: Transport, request: Call) -> t.Any:
        nonlocal asked
        asked += 1
        one = {"name": f"new{asked}", "serial": str(asked)}
        each = [{**one, "name": f"{one['name']}-{n}", "serial": f"{asked}{n:03}"} for n in range(100)]
        return {"profiles": each, "total": asked * 1000}

    monkeypatch.setattr(Transport, "read", page)
    answer = server.run(lambda run: {"found": getattr(run.client, read)()}, {})
    assert "without an end of its list" in answer["msg"]
    assert asked <= 20
