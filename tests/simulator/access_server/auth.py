# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in: passwords, challenges, lockout and tokens."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..parts import Part, operation
from . import passwords
from .answers import Call, checked, invalid, refused
from .store import Record

if TYPE_CHECKING:
    from .machine import Machine

HEADER = "X-OpenVPN-As-AuthToken"

_LOCKED = "LOCKOUT: user temporarily locked out due to multiple authentication failures"
_FAILED = "Login failed"
_SAML = "This profile requires web based SAML authentication. Please sign in via SAML."
_NO_PASSWORD = "local auth failed: no stored password digest found in authcred attributes"
_WRONG_PASSWORD = "local auth failed: password verification failed"
_NAME_TOO_LONG = "local auth failed: Username is too long: auth/authlocal:81,auth/authbase:134"
_NOT_ADMIN = "DENY: User does not have admin rights and cannot request auth tokens with admin rights"
_NOT_ENROLLED = "The user is not enrolled in the Authenticator yet."
_LONGEST_NAME = 128


@dataclass
class Token:
    """A session; times in seconds of the server's clock. `enrols` means good for MFA enrolment only."""

    username: str
    admin: bool
    signed_in: float
    expires: float
    renewable_until: float
    enrols: bool = False


@dataclass
class Challenge:
    """A question that waits for its answer."""

    username: str
    asked: float
    radius: bool


@dataclass
class RadiusAccount:
    """What the RADIUS server behind this server knows of a user; with a PIN it asks for it."""

    password: str
    pin: str | None = None


@dataclass
class _Failures:
    """Failed sign-ins of one name since it last signed in."""

    count: int = 0
    last: float = 0.0


@dataclass
class Authentication(Part):
    """Everything about signing in; nothing of it outlives the process but the sessions of a cluster."""

    passing = ("_challenges", "_failures", "_last_step")

    machine: Machine
    radius: dict[str, RadiusAccount] = field(default_factory=dict)
    _challenges: dict[str, Challenge] = field(default_factory=dict)
    _failures: dict[str, _Failures] = field(default_factory=dict)
    _last_step: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        for memory in (self.radius, self._challenges, self._failures, self._last_step):
            memory.clear()

    def set_radius(self, username: str, password: str, pin: str | None) -> None:
        """What the RADIUS server behind this one shall know of a user."""
        self.radius[username] = RadiusAccount(password, pin)

    def forget(self, usernames: Iterable[str]) -> None:
        """The users are gone, and so are their sessions."""
        gone = set(usernames)
        sessions = self.machine.store.sessions
        for text in [text for text, session in sessions.items() if session["username"] in gone]:
            del sessions[text]
        for name in gone:
            self._failures.pop(name, None)
            self._last_step.pop(name, None)

    def forget_failures(self) -> None:
        """Lockouts are kept in memory and end with a cold restart (server behaviour, 33)."""
        self._failures.clear()

    def end_sessions(self) -> None:
        self.machine.store.sessions.clear()
        self._challenges.clear()

    def token(self, text: str | None, admin_only: bool, enrolment: bool = False) -> Token:
        """The session of a token header; 400 without one, 401 for a bad one, 403 for too few rights."""
        if text is None:
            raise invalid({HEADER.lower(): "Field required"})
        session = self.machine.store.sessions.get(text)
        if session is None or session["expires"] <= self.machine.clock.now():
            raise refused(401, "Invalid auth token")
        token = Token(**session)
        if token.enrols and not enrolment:
            raise refused(403, "MFA enrollment is required")
        if admin_only and not (token.admin and self._is_admin(token.username)):
            raise Refusal(403, self.machine.dialect.privileges_refused())
        return token

    # operations

    @operation("POST", "/auth/login/userpassword", "authByUserAndPw", "open")
    def login(self, call: Call) -> Answer:
        shape = {"username!": str, "password!": str, "request_admin": bool, "totp": str}
        asked = checked(call.body, shape)
        admin = asked.get("request_admin", False)
        record = self._known(call, asked["username"], asked["password"], admin)
        if self._is_radius(record):
            account = self.radius[record.name]
            if account.pin is not None:
                raise self._challenged(call, record, "Enter your PIN", admin, radius=True)
        if self.machine.properties.effective(record, "totp"):
            self._second_factor(call, record, asked, admin)
        return self._signed_in(call, record, admin)

    def _known(self, call: Call, username: str, password: str, admin: bool) -> Record:
        """The user with that password who may sign in, otherwise a refusal."""
        machine = self.machine
        if self._locked(username):
            self._note(call, username, admin, _LOCKED)
            raise refused(403, _LOCKED)
        record = machine.store.record(username)
        if record is None or record.kind != "user":
            raise self._failed(call, username, admin, _NAME_TOO_LONG if len(username) > _LONGEST_NAME else _NO_PASSWORD)
        method = machine.properties.effective(record, "auth_method")
        if method == "saml":
            raise refused(401, _SAML)
        if method == "radius":
            account = self.radius.get(username)
            if account is None or account.password != password:
                raise self._failed(call, username, admin, "radius auth failed: Wrong password", "Wrong password")
        elif method != "local":  # no other back end stands behind this server
            raise self._failed(call, username, admin, f"{method} auth failed: no such account")
        elif not passwords.matches(password, record.password):
            raise self._failed(call, username, admin, _WRONG_PASSWORD if record.password else _NO_PASSWORD)
        self._admitted(call, record, admin)
        return record

    def _admitted(self, call: Call, record: Record, admin: bool) -> None:
        """Return if a user whose identity is proven may sign in."""
        machine, username = self.machine, record.name
        for denied in ("deny",) if call.service == "VPN" else ("deny", "deny_web"):
            if machine.properties.effective(record, denied):
                self._note(call, username, admin, f"DENY: user access denied by {denied}")
                raise refused(403, "User access denied")
        if admin and not self._is_admin(username):
            self._note(call, username, admin, _NOT_ADMIN)
            raise refused(403, "User access denied")

    def by_identity_provider(self, call: Call, username: str, admin: bool) -> Answer:
        """A session for a user of whom an identity provider has vouched."""
        record = self.machine.store.record(username)
        if (
            record is None
            or record.kind != "user"
            or self.machine.properties.effective(record, "auth_method") != "saml"
        ):
            self._note(call, username, admin, "SAML auth failed: the user does not use SAML")
            raise refused(403, "User access denied")
        self._admitted(call, record, admin)
        return self._signed_in(call, record, admin)

    def _second_factor(self, call: Call, record: Record, asked: dict[str, Any], admin: bool) -> None:
        """Return when the code that came along is right; otherwise ask for one, or for enrolment."""
        if not record.own.get("totp_locked") or "totp_secret" not in record.own:
            self._note(call, record.name, admin, _NOT_ENROLLED)
            if "totp_secret" not in record.own:
                record.own["totp_secret"] = passwords.new_secret()
                self.machine.store.put(record)
            raise Refusal(409, self._session(record, admin, enrols=True), keep=True)
        if "totp" not in asked:
            raise self._challenged(call, record, self.machine.dialect.challenge_prompt, admin, radius=False)
        if self.machine.dialect.totp_in_login_fails:
            raise Refusal(500, {"detail": "Internal server error"})
        if not self._code_is_right(record, asked["totp"]):
            raise self._failed(call, record.name, admin, "google auth failed")

    @operation("POST", "/auth/login/mfaauth", "authMFASession", "open")
    def answer_challenge(self, call: Call) -> Answer:
        """The answer is the same in all cases (server behaviour, 28)."""
        shape = {"username!": str, "response": str, "challenge_context": str, "request_admin": bool}
        asked = checked(call.body, shape)
        username, response, admin = asked["username"], asked.get("response", ""), asked.get("request_admin", False)
        challenge = self._challenges.pop(asked.get("challenge_context", ""), None)
        record = self.machine.store.record(username)
        if challenge is None or record is None or challenge.username != username:
            raise self._failed(call, username, admin, "challenge is not known")
        too_late = challenge.asked + self.machine.settings.challenge_lifetime < self.machine.clock.now()
        if too_late or self._locked(username):
            raise self._failed(call, username, admin, "challenge is not known" if too_late else _LOCKED)
        if challenge.radius:
            account = self.radius.get(username)
            right = account is not None and account.pin == response
        else:
            right = self._code_is_right(record, response)
        if not right:
            raise self._failed(call, username, admin, "Wrong PIN" if challenge.radius else "google auth failed")
        if admin and not self._is_admin(username):
            raise refused(403, "User access denied")
        return self._signed_in(call, record, admin)

    @operation("POST", "/auth/token/renew", "authRenewToken", "user")
    def renew(self, call: Call) -> Answer:
        """A new token; the old one is good until it expires."""
        checked(call.body or {}, {})
        old, now = call.token, self.machine.clock.now()
        assert old is not None
        if now >= old.renewable_until:
            raise refused(403, "Token renewal is no longer allowed")
        lifetime = self.machine.configuration.in_force("auth.sessiontoken.lifetime")
        token = Token(old.username, old.admin, old.signed_in, now + lifetime, old.renewable_until)
        return Answer(200, self._handed_out(token))

    @operation("POST", "/auth/password/change", "changePasswordLocalUser", "user", writes=True)
    def change_password(self, call: Call) -> Answer:
        asked = checked(call.body, {"username": str, "new_password!": str})
        token, machine = call.token, self.machine
        assert token is not None
        username, password = asked.get("username", token.username), asked["new_password"]
        if username != token.username and not (token.admin and self._is_admin(token.username)):
            raise Refusal(403, machine.dialect.privileges_refused())
        if machine.clock.now() - token.signed_in >= machine.settings.recent_sign_in:
            raise refused(403, "Auth token is not recent enough")
        record = machine.store.record(username)
        if record is None or record.kind != "user":
            raise refused(403, f"User does not exist: {username}")
        effective = machine.properties.effective
        if effective(record, "auth_method") != "local":
            raise refused(403, f"User does not use local authentication: {username}")
        if not (token.admin or effective(record, "allow_password_change")):
            raise refused(403, "Password change is not allowed")
        weakness = passwords.weakness(password) if effective(record, "password_strength") else None
        if weakness:
            raise refused(403, weakness)
        record.password = passwords.digest(password)
        machine.store.put(record)
        return Answer(200, {"detail": "Password has changed successfully"})

    @operation("POST", "/auth/mfa/enroll", "enrollUserMFA", "enrolment", writes=True)
    def enrol(self, call: Call) -> Answer:
        """Lock a user's TOTP secret once a code of it was shown (field `token`); that of others, for administrators."""
        asked = checked(call.body, {"username": str, "token!": str})
        owner = call.token
        assert owner is not None
        username = asked.get("username", owner.username)
        if username != owner.username and not (owner.admin and self._is_admin(owner.username)):
            raise Refusal(403, self.machine.dialect.privileges_refused())
        record = self.machine.store.record(username)
        if record is None or "totp_secret" not in record.own or not self._code_is_right(record, asked["token"]):
            raise refused(400, "Code does not fit the secret")
        record.own["totp_locked"] = True
        self.machine.store.put(record)
        session = self._session(record, owner.admin and self._is_admin(username))
        return Answer(200, self.machine.dialect.enrolled(username, session))

    @operation("POST", "/userprop/mfa/generate-secret", "post__userprop_mfa_generate-secret", writes=True)
    def generate_secret(self, call: Call) -> Answer:
        """The TOTP secret of a user: the one there is, unless there is none or it shall be reset.

        `reset_locked` is the document's other name for `locked`; a new secret is unlocked unless that says otherwise.
        """
        shape = {"username": str, "reset_secret": bool, "locked": bool, "reset_locked": bool}
        asked = checked(call.body or {}, shape)
        assert call.token is not None
        username = asked.get("username", call.token.username)
        record = self.machine.store.record(username)
        if record is None or record.kind != "user":
            raise refused(404, f"User does not exist: {username}")
        before = dict(record.own)
        if asked.get("reset_secret") or "totp_secret" not in record.own:
            record.own |= {"totp_secret": passwords.new_secret(), "totp_locked": False}
            self._last_step.pop(username, None)
        locked = asked.get("locked", asked.get("reset_locked"))
        if locked is not None:
            record.own["totp_locked"] = locked
        changed = record.own != before
        if changed:
            self.machine.store.put(record)
        return Answer(200, {"totp_secret": record.own["totp_secret"]}, wrote=changed)

    # sessions

    def _session(self, record: Record, admin: bool, enrols: bool = False) -> dict[str, Any]:
        """A new token and what goes with it in the answer to a login."""
        machine, now = self.machine, self.machine.clock.now()
        if not machine.dialect.admin_must_be_requested:
            admin = admin or self._is_admin(record.name)
        lifetime = machine.configuration.in_force("auth.sessiontoken.lifetime")
        renewable = machine.configuration.in_force("auth.sessiontoken.max_renewaltime")
        token = Token(record.name, admin, now, now + lifetime, now + renewable, enrols)
        effective = machine.properties.effective
        local = effective(record, "auth_method") == "local"
        autologin = ["autologin"] if effective(record, "autologin") else []
        properties = {
            "requires_mfa_enrollment": enrols,
            "user_type": "admin" if admin else "user",
            "allowed_profiles": [*autologin, "userlogin"],
            "enforce_strong_passwords": effective(record, "password_strength"),
            "allow_password_change": local and effective(record, "allow_password_change"),
        }
        if enrols:
            properties["mfa_secret"] = record.own["totp_secret"]
        return machine.dialect.login(record.name, properties, self._handed_out(token))

    def _handed_out(self, token: Token) -> dict[str, Any]:
        text = f"SESS_TOKEN_{secrets.token_urlsafe(24)}"
        self.machine.store.sessions[text] = asdict(token)
        time = self.machine.dialect.token_time
        return {
            "auth_token": text,
            "expires_after": time(token.expires),
            "renewable_until": time(token.renewable_until),
        }

    def _signed_in(self, call: Call, record: Record, admin: bool) -> Answer:
        self._failures.pop(record.name, None)
        if call.service != "VPN":  # a VPN session has a line of its own
            self._note(call, record.name, admin, "")
        return Answer(200, self._session(record, admin))

    def _challenged(self, call: Call, record: Record, prompt: str, admin: bool, radius: bool) -> Refusal:
        context = base64.b64encode(secrets.token_bytes(24)).decode()
        self._challenges[context] = Challenge(record.name, self.machine.clock.now(), radius)
        self._note(call, record.name, admin, "challenge")
        challenge = {"echo": True, "challenge": prompt, "challenge_context": context}
        return Refusal(401, self.machine.dialect.challenge(challenge))

    def _failed(self, call: Call, username: str, admin: bool, error: str, reason: str = _FAILED) -> Refusal:
        failures = self._failures.setdefault(username, _Failures())
        now = self.machine.clock.now()
        if failures.last + self.machine.configuration.in_force("vpn.server.lockout_policy.reset_time") <= now:
            failures.count = 0
        failures.count += 1
        failures.last = now
        self._note(call, username, admin, error)
        return refused(403, reason)

    def _locked(self, username: str) -> bool:
        failures = self._failures.get(username)
        if failures is None:
            return False
        in_force = self.machine.configuration.in_force
        expired = failures.last + in_force("vpn.server.lockout_policy.reset_time") <= self.machine.clock.now()
        return not expired and failures.count >= in_force("vpn.server.lockout_policy.n_fails")

    def _code_is_right(self, record: Record, code: str) -> bool:
        """Accept the codes of the last, the current and the next time step, each once (server behaviour, 29)."""
        now = passwords.counter(self.machine.clock.now())
        for step in (now - 1, now, now + 1):
            if step > self._last_step.get(record.name, -1) and passwords.code(record.own["totp_secret"], step) == code:
                self._last_step[record.name] = step
                return True
        return False

    def _is_admin(self, username: str) -> bool:
        record = self.machine.store.record(username)
        return record is not None and bool(self.machine.properties.effective(record, "admin"))

    def _is_radius(self, record: Record) -> bool:
        return bool(self.machine.properties.effective(record, "auth_method") == "radius")

    def _note(self, call: Call, username: str, admin: bool, error: str) -> None:
        service = call.service or ("WEB_ADMIN" if admin else "WEB_CLIENT")
        self.machine.journal.add(username, service=service, auth=not error, real_address=call.address, error=error)
