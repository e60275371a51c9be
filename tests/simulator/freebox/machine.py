# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Freebox without its network: everything it keeps, and what it does with a request."""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from email.message import Message
from typing import Any

from ..answers import Answer, Refusal, Request
from ..clock import Clock
from ..machine import SimulatedMachine
from ..readings import chosen_readings
from ..routing import Route
from .answers import Call, failed, not_found, succeeded
from .api_version import ApiVersion
from .applications import Applications
from .client_files import ClientFiles
from .connections import Connections
from .discovery import Discovery
from .readings import READINGS
from .sessions import HEADER, Sessions
from .settings import Settings
from .vpn_servers import VpnServers
from .vpn_users import VpnUsers

APP_ID = "fr.simulated.estate"
"""The app that is paired from the start."""
_VERSIONED = re.compile(r"/api/(?P<version>[^/]+)(?P<below>/.*)")


class Machine(SimulatedMachine):
    """One box."""

    json_type = "application/json; charset=utf-8"
    secret_headers = frozenset({HEADER.lower(), "authorization", "cookie"})
    offered_readings = READINGS
    request_type = Call
    settings: Settings

    def __init__(
        self,
        api_version: ApiVersion,
        chosen: Mapping[str, str],
        settings: Mapping[str, Any],
        clock: Clock | None,
        rights: Iterable[str],
        api_domain: str,
        keep_bodies: bool = True,
    ) -> None:
        super().__init__(clock, keep_bodies)
        self.api_version = api_version
        self.api_domain = api_domain
        self.address = self.vpn_address = "127.0.0.1"
        """Where the API is, and where the VPN servers are."""
        self.uid = secrets.token_hex(16)
        self._lock = threading.RLock()
        self._initial_readings, self._initial_settings = dict(chosen), dict(settings)
        self._initial_rights = set(rights)
        self.refreshed: Callable[[], object] = lambda: None
        """Called, without the lock, after servers, users or their files have changed."""
        self._stale = False
        self.settings = Settings()
        self.applications = Applications(self)
        self.sessions = Sessions(self)
        self.servers = VpnServers(self)
        self.users = VpnUsers(self)
        self.connections = Connections(self)
        self.client_files = ClientFiles(self)
        self.discovery = Discovery(self)
        self.routes = self.find_routes()
        self._start()
        self.app_token = self.applications.add(APP_ID, rights=set(self._initial_rights)).token

    @property
    def lock(self) -> AbstractContextManager[Any]:
        return self._lock

    def _start(self) -> None:
        self.readings = chosen_readings(READINGS, self._initial_readings)
        self.settings = Settings()
        self.settings.change(self._initial_settings)
        self.servers.start()

    def reset(self) -> None:
        """Start over: everything but the token of the app, the clock and the certificates is as on the first day."""
        with self._lock:
            for part in self.parts.values():
                part.clear()
            self.faults.clear()
            self.exchanges.clear()
            self._start()
            self.applications.add(APP_ID, self.app_token, set(self._initial_rights))
            self.changed()

    def changed(self) -> None:
        """Servers, users or their files are other ones by now."""
        self._stale = True

    def settle(self) -> None:
        """Let the data plane know of changes; not under the lock, because it takes it in another thread."""
        if self._stale:
            self._stale = False
            self.refreshed()

    def close(self) -> None:
        self.settings.dead = True  # for calls that are under way

    # requests

    def spellings(self, path: str) -> tuple[str, ...]:
        versioned = _VERSIONED.fullmatch(path)
        below = versioned["below"].strip("/") if versioned else path.strip("/")
        return path, below, f"{below}/", f"/{below}", f"/{below}/"

    def broken(self) -> Answer:
        refusal = failed("internal_error")
        return Answer(500, refusal.body)

    def route(self, call: Request) -> Route | None:
        """Every path is accepted with and without a slash at its end (F51)."""
        found = self._found(call)
        return found[0] if found else None

    def _found(self, call: Request) -> tuple[Route, dict[str, str]] | None:
        versioned = _VERSIONED.fullmatch(call.path)
        if versioned is None:
            return self.routes.find(call.method, call.path.removesuffix("/"))
        if not self.api_version.serves(versioned["version"]):
            return None
        return self.routes.find(call.method, "/api" + versioned["below"].removesuffix("/"))

    def answer(self, call: Call, headers: Message[str, str], text: bytes) -> tuple[Answer, Route | None, bool]:
        found = self._found(call)
        if found is None:
            return _answered(not_found()), None, False
        route, call.parameters = found
        with self._lock:
            try:
                answer = self._carried_out(route, call, headers, text)
            except Refusal as refusal:
                return _answered(refusal), route, False
        self.settle()
        return answer, route, route.writes

    def _carried_out(self, route: Route, call: Call, headers: Message[str, str], text: bytes) -> Answer:
        call.headers = headers
        token = headers.get(HEADER)
        if route.access == "open":
            call.session = self.sessions.find(token)
        else:
            call.session = self.sessions.required(token, None if route.access == "app" else route.access)
        if call.query:
            raise failed("inval", remark=f"query: {', '.join(sorted(call.query))} not known")
        try:
            call.body = json.loads(text) if text else None  # however it is labelled (F52)
        except ValueError:
            raise failed("invalid_request", remark="body: no JSON") from None
        if call.body is not None and call.method in ("GET", "DELETE"):
            raise failed("inval", remark=f"body: {call.method} has none")
        return route.act(call)

    def no_such(self) -> Refusal:
        """An id that does not exist."""
        return failed("noent", int(self.readings["noent_status"]))

    def listed(self, entries: list[dict[str, Any]]) -> Answer:
        """A list, which has no result at all when it is empty (F47)."""
        return succeeded(entries if entries or self.readings["empty_list"] == "array" else None)

    def state(self) -> dict[str, Any]:
        with self._lock:
            own = {"api_version": self.api_version.text, "readings": self.readings, "clock": self.clock.now()}
            return {**own, "settings": dataclasses.asdict(self.settings), **super().state()}


def _answered(refusal: Refusal) -> Answer:
    return Answer(refusal.status, refusal.body, wrote=False, headers=refusal.headers, remark=refusal.remark)
