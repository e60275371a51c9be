# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges, logins and sessions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..parts import Part, operation
from .answers import Call, checked, failed, succeeded
from .applications import RIGHTS, Application, new_token

if TYPE_CHECKING:
    from .machine import Machine

HEADER = "X-Fbx-App-Auth"
_LOGIN = {"app_id!": str, "password!": str, "app_version": str}


def password_for(token: str, challenge: str) -> str:
    """What answers a challenge (F31)."""
    return hmac.digest(token.encode("ascii"), challenge.encode("ascii"), hashlib.sha1).hex()


@dataclass
class Session:
    application: Application
    used: float


class Sessions(Part):
    """Who is logged in."""

    passing = ("_sessions", "_challenges", "_failures", "salt")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._sessions: dict[str, Session] = {}
        self._challenges: dict[str, float] = {}
        self._failures: dict[str, list[float]] = {}
        self.salt = secrets.token_urlsafe(24)

    def clear(self) -> None:
        self._sessions.clear()
        self._challenges.clear()
        self._failures.clear()

    def state(self) -> dict[str, Any]:
        return {"sessions": len(self)}

    def challenge(self) -> str:
        """The one that is handed out now."""
        now, settings = self._machine.clock.now(), self._machine.settings
        limit = now - settings.challenge_lifetime
        self._challenges = {text: since for text, since in self._challenges.items() if since > limit}
        latest, since = next(reversed(self._challenges.items()), ("", 0.0))
        return latest if since > now - settings.challenge_rotation else self._rotated()

    def _rotated(self) -> str:
        """A new one."""
        text = new_token()[:32]
        self._challenges[text] = self._machine.clock.now()
        return text

    def refusal(self, code: str, **more: Any) -> Refusal:
        """An error of the authentication: 403, with the box's uid and a challenge (F30, F32, F48)."""
        result: dict[str, Any] = {"password_salt": self.salt}
        if code != "insufficient_rights" or self._machine.readings["insufficient_rights_challenge"] == "given":
            result["challenge"] = self.challenge()
        return failed(code, 403, uid=self._machine.uid, result=result, **more)

    def find(self, token: str | None) -> Session | None:
        """The session that a request belongs to, which is in use from now on."""
        session = self._sessions.get(token or "")
        now = self._machine.clock.now()
        if session is None:
            return None
        if session.used <= now - self._machine.settings.session_lifetime:
            del self._sessions[token or ""]
            return None
        session.used = now
        return session

    def required(self, token: str | None, right: str | None) -> Session:
        """The session of a request that needs one, and maybe a right."""
        session = self.find(token)
        if session is None:
            raise self.refusal("auth_required")
        if right is not None and right not in session.application.rights:
            raise self.refusal("insufficient_rights", missing_right=right)
        return session

    def expire(self) -> int:
        """End all sessions; their number."""
        ended = len(self._sessions)
        self._sessions.clear()
        return ended

    def forget(self, application: Application) -> None:
        self._sessions = {token: each for token, each in self._sessions.items() if each.application is not application}

    def __len__(self) -> int:
        return len(self._sessions)

    # operations

    @operation("GET", "/login", "getLogin", "open")
    def look(self, call: Call) -> Answer:
        logged_in = call.session is not None
        fresh = {"challenge": self.challenge(), "password_salt": self.salt, "password_set": True}
        return succeeded({"logged_in": logged_in, **fresh})

    @operation("POST", "/login/session", "openSession", "open")
    def open(self, call: Call) -> Answer:
        asked = checked(call.body, _LOGIN)
        app = self._authenticated(asked["app_id"], asked["password"], call.address)
        token = new_token()
        self._sessions[token] = Session(app, self._machine.clock.now())
        absent = self._machine.readings["denied_rights"] == "absent"
        rights = {right: right in app.rights for right in RIGHTS if right in app.rights or not absent}
        return succeeded({"session_token": token, "challenge": self.challenge(), "permissions": rights})

    def _authenticated(self, app_id: str, password: str, address: str) -> Application:
        applications = self._machine.applications
        if not self._machine.settings.accepts_apps:
            raise self.refusal("apps_denied")
        if self._put_off(address):
            raise self.refusal("ratelimited")
        app = applications.find(app_id)
        if app is not None and self._answers(app, password):
            self._failures.pop(address, None)
            return app
        pending = applications.find(app_id, "pending")
        if pending is not None and self._answers(pending, password):
            raise self.refusal("pending_token")
        self._failures.setdefault(address, []).append(self._machine.clock.now())
        self._rotated()
        raise self.refusal("invalid_token")

    def _put_off(self, address: str) -> bool:
        settings, failures = self._machine.settings, self._failures.get(address, [])
        if failures and failures[-1] <= self._machine.clock.now() - settings.refusal_duration:
            failures.clear()
        return len(failures) >= settings.refused_logins

    def _answers(self, app: Application, password: str) -> bool:
        self.challenge()
        for text in list(self._challenges):
            if hmac.compare_digest(password_for(app.token, text).encode(), password.encode()):
                if self._machine.readings["challenge_use"] == "once":
                    del self._challenges[text]
                return True
        return False

    @operation("POST", "/login/logout", "closeSession", "app")
    def close(self, call: Call) -> Answer:
        self._sessions = {token: each for token, each in self._sessions.items() if each is not call.session}
        return succeeded()
