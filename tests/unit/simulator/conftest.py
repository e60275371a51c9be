# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that knows nothing of the collection, for tests of the simulated servers."""

from __future__ import annotations

import hmac
import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
    from ansible_collections.vpn.estate.tests.simulator.database import Database
    from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator


class Reply(NamedTuple):
    """`body` is parsed JSON, text where it is not JSON, None where there is nothing."""

    status: int
    body: Any
    headers: http.client.HTTPMessage


class Client:
    """Calls to one simulated server over one connection; a token that it keeps is sent in `token_header`."""

    token_header: ClassVar[str]

    def __init__(self, url: str, ca_path: str, verify_flags: int = 0) -> None:
        """`verify_flags` are those that certificates of this kind of server need to be let off."""
        address = urlsplit(url)
        assert address.hostname
        if address.scheme == "http":
            self._connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        else:
            context = ssl.create_default_context(cafile=ca_path)
            context.verify_flags &= ~verify_flags
            self._connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=10, context=context)
        self.token: str | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """`body` is sent as JSON, or as it is where it is bytes."""
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        if self.token is not None:
            sent.setdefault(self.token_header, self.token)
        try:
            self._connection.request(method, path, content, sent)
            answer = self._connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise
        is_json = text and answer.headers.get_content_type() == "application/json"
        return Reply(answer.status, (json.loads(text) if is_json else text.decode()) if text else None, answer.headers)

    def close(self) -> None:
        self._connection.close()


class Api(Client):
    """A client of an Access Server; `login` keeps the token."""

    token_header = "X-OpenVPN-As-AuthToken"

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


class BoxApi(Client):
    """A client of a Freebox; paths are below the version, and `login` keeps the token."""

    token_header = "X-Fbx-App-Auth"

    def __init__(self, url: str, ca_path: str, version: str = "v16") -> None:
        super().__init__(url, ca_path, ssl.VERIFY_X509_STRICT)
        self.version = version

    def get(self, path: str) -> Reply:
        return self.call("GET", f"/api/{self.version}/{path}")

    def post(self, path: str, body: Any = None) -> Reply:
        return self.call("POST", f"/api/{self.version}/{path}", body)

    def put(self, path: str, body: Any) -> Reply:
        return self.call("PUT", f"/api/{self.version}/{path}", body)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", f"/api/{self.version}/{path}")

    def login(self, app_id: str, app_token: str) -> Reply:
        """Open a session; a token that comes is kept."""
        self.token = None
        challenge = self.get("login/").body["result"]["challenge"]
        password = hmac.new(app_token.encode(), challenge.encode(), "sha1").hexdigest()
        reply = self.post("login/session/", {"app_id": app_id, "password": password})
        if reply.body["success"]:
            self.token = reply.body["result"]["session_token"]
        return reply


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


@pytest.fixture
def start_box() -> Iterator[Callable[..., tuple[FreeboxSimulator, BoxApi]]]:
    """A function that starts a Freebox with the given options and returns it with a client that is logged in.

    At the end all that it was asked and all that it answered is held to the contract, but for requests that it refused.
    """
    from ansible_collections.vpn.estate.tests.contract.checker import FREEBOX, ContractChecker
    from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator

    opened: list[tuple[FreeboxSimulator, BoxApi]] = []

    def started(**options: Any) -> tuple[FreeboxSimulator, BoxApi]:
        box = FreeboxSimulator(**options).start()
        api = BoxApi(box.url, box.ca_path, f"v{box.machine.api_version.major}")
        opened.append((box, api))
        assert api.login(box.app_id, box.app_token).status == 200
        return box, api

    yield started
    for box, api in opened:
        api.close()
        box.stop()
    checker = ContractChecker(FREEBOX)
    for exchange in (each for box, _unused in opened for each in box.exchanges):
        if exchange.operation is not None and exchange.fault is None:
            checker.check_answer(exchange)
            if not isinstance(exchange.response, dict) or exchange.response.get("success"):
                checker.check_request(exchange)


@pytest.fixture
def box_and_api(start_box: Callable[..., tuple[FreeboxSimulator, BoxApi]]) -> tuple[FreeboxSimulator, BoxApi]:
    return start_box()


@pytest.fixture
def box(box_and_api: tuple[FreeboxSimulator, BoxApi]) -> FreeboxSimulator:
    """A box of API 16 on which nothing runs."""
    return box_and_api[0]


@pytest.fixture
def box_api(box_and_api: tuple[FreeboxSimulator, BoxApi]) -> BoxApi:
    """A client of `box`, logged in with every right."""
    return box_and_api[1]


@pytest.fixture
def another_box_client() -> Iterator[Callable[..., BoxApi]]:
    """A function that makes one more client of a box, not logged in; `url` is another one than that of TLS."""
    opened: list[BoxApi] = []

    def made(box: FreeboxSimulator, url: str = "") -> BoxApi:
        opened.append(BoxApi(url or box.url, box.ca_path, f"v{box.machine.api_version.major}"))
        return opened[-1]

    yield made
    for api in opened:
        api.close()


@pytest.fixture
def refused_by_box() -> Callable[..., None]:
    """A function that checks that a reply is that error of the API itself, with status 200."""

    def checked(reply: Reply, code: str, status: int = 200) -> None:
        assert (reply.status, reply.body["success"], reply.body["error_code"]) == (status, False, code)

    return checked
