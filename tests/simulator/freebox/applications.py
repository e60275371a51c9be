# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps that are paired with the box, and those that would like to be."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from .answers import Call, checked, succeeded

if TYPE_CHECKING:
    from .machine import Machine

RIGHTS = (
    *(
        "parental",
        "tv",
        "explorer",
        "contacts",
        "wdo",
        "camera",
        "profile",
        "player",
        "settings",
        "calls",
        "home",
        "pvr",
    ),
    *("vm", "downloader"),
)
"""Everything that an app can be allowed to do (F40)."""
_DESCRIPTION = {"app_id!": str, "app_name!": str, "app_version!": str, "device_name!": str}


@dataclass
class Application:
    """`status` is that of its pairing: unknown (revoked), pending, timeout, granted or denied (F25)."""

    app_id: str
    token: str
    track_id: int
    asked: float
    status: str = "pending"
    rights: set[str] = field(default_factory=set)
    watched: bool = False
    """Whether it has looked after its pairing, without which that comes to nothing."""


class Applications(Part):
    """Every attempt at pairing has its own number; an app counts by its latest one that was granted."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._all: list[Application] = []
        self._last_track = secrets.randbelow(50)

    def clear(self) -> None:
        self._all.clear()

    def add(self, app_id: str, token: str | None = None, rights: set[str] | None = None) -> Application:
        """An app that has been paired; it has all rights unless they are given."""
        app = self._new(app_id, token)
        app.status = "granted"
        app.rights = set(RIGHTS) if rights is None else rights
        return app

    def _new(self, app_id: str, token: str | None = None) -> Application:
        self._last_track += 1
        app = Application(app_id, token or new_token(), self._last_track, self._machine.clock.now())
        self._all.append(app)
        return app

    def find(self, app_id: str, status: str = "granted") -> Application | None:
        """The latest of that id and status."""
        self._expire()
        return next((app for app in reversed(self._all) if (app.app_id, app.status) == (app_id, status)), None)

    def _expire(self) -> None:
        limit = self._machine.clock.now() - self._machine.settings.pairing_timeout
        for app in self._all:
            if app.status == "pending" and app.asked <= limit:
                app.status = "timeout"

    def state(self) -> dict[str, Any]:
        return {"applications": self.shown()}

    def shown(self) -> list[dict[str, Any]]:
        """All of them without their tokens."""
        self._expire()
        return [
            {"app_id": app.app_id, "track_id": app.track_id, "status": app.status, "rights": sorted(app.rights)}
            for app in self._all
        ]

    # what people do at the box

    def decide(self, status: str) -> int:
        """A person presses the button (`granted`), refuses (`denied`) or lets time pass (`timeout`); the track it was for."""
        if status not in ("granted", "denied", "timeout"):
            raise ValueError(f"a pairing ends as granted, denied or timeout, not as {status!r}")
        self._expire()
        app = next((each for each in reversed(self._all) if each.status == "pending"), None)
        if app is None:
            raise ValueError("no app waits for the button")
        if status == "granted" and not app.watched:
            status = "unknown"  # an app that does not ask for it is not authorized even if people agree (F25)
        app.status = status
        if status == "granted":
            reading = self._machine.readings["rights_after_pairing"]
            app.rights = set(RIGHTS) - (set() if reading == "all" else {"settings"})
        return app.track_id

    def set_rights(self, app_id: str, rights: set[str]) -> None:
        """Exactly these, as people tick them in the box's settings."""
        unknown = rights - set(RIGHTS)
        if unknown:
            raise ValueError(f"there is no right {', '.join(sorted(unknown))}; there are: {', '.join(RIGHTS)}")
        self._known(app_id).rights = rights

    def revoke(self, app_id: str) -> None:
        """A person removes the app from the list."""
        for app in self._all:
            if app.app_id == app_id:
                app.status = "unknown"
                self._machine.sessions.forget(app)

    def _known(self, app_id: str) -> Application:
        app = self.find(app_id)
        if app is None:
            raise ValueError(f"no app {app_id!r} is paired")
        return app

    # operations

    @operation("POST", "/login/authorize", "requestAuthorization", "open", writes=True)
    def authorize(self, call: Call) -> Answer:
        asked = checked(call.body, _DESCRIPTION)
        settings = self._machine.settings
        for code, applies in (
            ("denied_from_external_ip", settings.outside),
            ("apps_denied", not settings.accepts_apps),
            ("new_apps_denied", not settings.accepts_new_apps),
        ):
            if applies:
                raise self._machine.sessions.refusal(code)
        app = self._new(asked["app_id"])
        return succeeded({"app_token": app.token, "track_id": app.track_id})

    @operation("GET", "/login/authorize/{track_id}", "trackAuthorization", "open")
    def track(self, call: Call) -> Answer:
        self._expire()
        number = call.parameters["track_id"]
        app = next((each for each in self._all if str(each.track_id) == number), None)
        if app is not None:
            app.watched = True
        sessions = self._machine.sessions
        status = app.status if app else "unknown"
        return succeeded({"status": status, "challenge": sessions.challenge(), "password_salt": sessions.salt})


def new_token() -> str:
    """64 characters of the base64 alphabet, / and + among them (F23)."""
    while True:
        token = base64.b64encode(secrets.token_bytes(48)).decode()
        if "/" in token and "+" in token:
            return token
