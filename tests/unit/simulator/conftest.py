# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that knows nothing of the collection, for tests of the simulated servers."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
    from ansible_collections.vpn.estate.tests.simulator.database import Database

TOKEN_HEADER = "X-OpenVPN-As-AuthToken"


class Reply(NamedTuple):
    """`body` is parsed JSON, text where it is not JSON, None where there is nothing."""

    status: int
    body: Any
    headers: http.client.HTTPMessage


class Api:
    """Calls to one simulated server over one connection; `login` keeps the token."""

    def __init__(self, url: str, ca_path: str) -> None:
        address = urlsplit(url)
        context = ssl.create_default_context(cafile=ca_path)
        assert address.hostname
        self._connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=10, context=context)
        self.token: str | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        if self.token is not None:
            sent.setdefault(TOKEN_HEADER, self.token)
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = self._connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise
        is_json = text and answer.headers.get_content_type() == "application/json"
        return Reply(answer.status, (json.loads(text) if is_json else text.decode()) if text else None, answer.headers)

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", f"/api/{path}", **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.call("POST", f"/api/{path}", body, **headers)

    def login(self, username: str, password: str, **more: Any) -> Reply:
        """Sign in; a token that comes is kept."""
        self.token = None
        reply = self.post("auth/login/userpassword", {"username": username, "password": password, **more})
        if reply.status == 200:
            self.token = reply.body["auth_token"]
        return reply

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[AccessServerSimulator, Api]]]:
    """A function that starts a server with the given options and returns it with a client that is signed in."""
    # pytest reads this file before the collection can be imported
    from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator

    opened: list[Any] = []

    def started(**options: Any) -> tuple[AccessServerSimulator, Api]:
        server = AccessServerSimulator(**options).start()
        api = Api(server.url, server.ca_path)
        opened.append((server, api))
        assert api.login(server.username, server.password, request_admin=True).status == 200
        return server, api

    yield started
    for server, api in opened:
        api.close()
        server.stop()


@pytest.fixture
def server_and_api(start: Callable[..., tuple[AccessServerSimulator, Api]]) -> tuple[AccessServerSimulator, Api]:
    return start()


@pytest.fixture
def server(server_and_api: tuple[AccessServerSimulator, Api]) -> AccessServerSimulator:
    """A server of dialect 3.2 with nothing on it but its administrators."""
    return server_and_api[0]


@pytest.fixture
def api(server_and_api: tuple[AccessServerSimulator, Api]) -> Api:
    """A client of `server`, signed in as the administrator."""
    return server_and_api[1]


@pytest.fixture(scope="session")
def _running_mariadb() -> Iterator[Database]:
    from ansible_collections.vpn.estate.tests.simulator.database import Database, available

    reason = available()
    if reason:
        pytest.skip(reason)
    with Database() as database:
        yield database


@pytest.fixture
def mariadb(_running_mariadb: Database) -> Database:
    """A real database with nothing in it."""
    _running_mariadb.clear()
    return _running_mariadb


@pytest.fixture
def another_client() -> Iterator[Callable[[AccessServerSimulator], Api]]:
    """A function that makes one more client of a server, not signed in."""
    opened: list[Api] = []

    def made(server: AccessServerSimulator) -> Api:
        opened.append(Api(server.url, server.ca_path))
        return opened[-1]

    yield made
    for api in opened:
        api.close()


@pytest.fixture
def current_code() -> Callable[[AccessServerSimulator], str]:
    """A function that gives the one-time code of the administrator with TOTP, by the server's clock."""
    from ansible_collections.vpn.estate.tests.simulator.access_server import code, counter

    return lambda server: code(server.mfa_totp_secret, counter(server.clock.now()))
