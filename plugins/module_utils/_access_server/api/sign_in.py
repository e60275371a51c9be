# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in dialogue of an Access Server, and what a refusal means: a password and perhaps a code, or a SAML assertion."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._net.session import Proof
from ..._net.transport import Transport
from ..._text.errors import OutcomeUnknown, Refused, SignInError
from ..._text.redact import concealed, words
from .operations import API

LONGEST_PROMPT = 80  # characters of a prompt in a sentence


@dataclass(frozen=True)
class Credentials:
    """The credentials of a task, and the node of a cluster."""

    username: t.Optional[str]
    password: t.Optional[str] = field(repr=False)
    totp_secret: t.Optional[str] = field(repr=False, default=None)
    token: t.Optional[str] = field(repr=False, default=None)  # set by the user, and used as it is
    node: t.Optional[str] = None
    assertion: t.Optional[str] = field(repr=False, default=None)  # a SAML response in base64; replaces the password

    @property
    def proof(self) -> Proof:
        """What a sign-in uses. A token that the user sets is not a part of it."""
        proven = (self.username, self.password, self.totp_secret)
        return (*proven, self.assertion) if self.assertion else proven


class SignIn:
    """One sign-in, which is never repeated: the server locks an account after a few refusals."""

    def __init__(self, http: Transport, who: Credentials) -> None:
        self._http, self._who = http, who

    def by_password(self, code: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Sign in, with the code of an authenticator if there is one; returns the server's answer with the token.

        Raises SignInError with a sentence that explains what to do.
        """
        body = {"username": self._who.username, "password": self._who.password, "request_admin": True}
        try:
            answer = self._http.sign_in(API.call("POST /auth/login/userpassword", body))
        except Refused as exc:
            challenge = _challenge(exc)
            if challenge is None:
                raise SignInError(self._refusal(exc)) from exc
        except OutcomeUnknown as exc:
            raise SignInError(self._lost()) from exc
        else:
            return self._administrator(answer)
        return self._administrator(self._answer_challenge(challenge, code))

    def by_assertion(self) -> t.Mapping[str, t.Any]:
        """Sign in with the assertion of an identity provider; returns and raises the same."""
        body = {"assertion": (self._who.assertion or "").strip()}
        operation = "POST /auth/login/saml-assertion"
        try:
            try:
                answer = self._http.sign_in(API.call(operation, {**body, "request_admin": True}))
            except Refused as exc:
                if exc.status != 400 or not any("request_admin" in key for key in exc.reasons):
                    raise
                # The document does not have this field (server behaviour, 143); the server checked only the form.
                answer = self._http.sign_in(API.call(operation, body))
        except Refused as exc:
            raise SignInError(self._refusal_of_assertion(exc)) from exc
        except OutcomeUnknown as exc:
            raise SignInError(
                f"{self._http.url} did not answer the sign-in by as_saml_assertion. The assertion may be used up, so it was not "
                "tried again. Set a new one."
            ) from exc
        return self._administrator(answer)

    def _refusal_of_assertion(self, exc: Refused) -> str:
        where = self._http.url
        if exc.status == 400:
            return (
                f"{where} does not accept as_saml_assertion ({exc.reason}). An assertion opens one session on one server, within a "
                "few minutes. It may be used up, too old, for another server, or not signed by the identity provider that "
                "as_saml_info shows. Set a new one."
            )
        if exc.status == 401:
            return (
                f"as_saml_assertion states that the sign-in failed, as {where} reads it ({exc.reason}). Set a new one."
            )
        if exc.status == 403:
            return (
                f"The account of as_saml_assertion may not administer {where} ({exc.reason}). It needs admin: true and "
                "auth_method: saml, and SAML must be enabled (as_saml)."
            )
        if exc.status == 404:
            return (
                f"{where} does not offer a sign-in by as_saml_assertion ({exc}). Check that this is an Access Server 2.11 or "
                "later."
            )
        return f"{where} refused as_saml_assertion: {exc}."

    def _answer_challenge(self, challenge: t.Mapping[str, t.Any], code: t.Optional[str]) -> t.Any:
        prompt = str(challenge.get("challenge", ""))
        asked = concealed(prompt, words([self._who.password, self._who.totp_secret]), LONGEST_PROMPT)
        if code is None:
            raise SignInError(
                f'{self._http.url} asks {self._who.username} for a second factor ("{asked}"). If this is the code of an '
                "authenticator, set its secret as as_totp_secret. Otherwise use an administrator without a second factor."
            )
        if not asks_for_code(prompt):
            raise SignInError(
                f'{self._http.url} asks {self._who.username} "{asked}". That is not the code of an authenticator, '
                "so as_totp_secret cannot answer it. Use an administrator who signs in with a password, or a password and TOTP."
            )
        body = {
            "request_admin": True,
            "username": self._who.username,
            "response": code,
            "challenge_context": challenge["challenge_context"],
        }
        try:
            return self._http.sign_in(API.call("POST /auth/login/mfaauth", body))
        except Refused as exc:
            if _challenge(exc) is not None:
                raise SignInError(
                    f"{self._http.url} asks {self._who.username} for another factor after the code, which this task cannot answer."
                ) from exc
            raise SignInError(
                f"{self._http.url} refused the authenticator's code of {self._who.username} ({exc.reason}). Either "
                "as_totp_secret is not this account's secret, or the clocks differ, or the same code was used elsewhere "
                "within its 30 seconds. The code was not tried again, because failed sign-ins lock the account."
            ) from exc
        except OutcomeUnknown as exc:
            raise SignInError(self._lost()) from exc

    def _administrator(self, answer: t.Any) -> t.Mapping[str, t.Any]:
        if not isinstance(answer, dict) or not isinstance(answer.get("auth_token"), str):
            raise SignInError(
                f"{self._http.url} accepted the sign-in of {self._account}, but returned no token. Check that "
                "this is an Access Server."
            )
        properties = answer.get("user_properties")
        if isinstance(properties, dict) and properties.get("user_type", "admin") != "admin":
            raise SignInError(f"{self._account} is not an administrator of {self._http.url}.")
        return answer

    @property
    def _account(self) -> str:
        return self._who.username or "the account of as_saml_assertion"

    def _refusal(self, exc: Refused) -> str:
        who, where = self._who.username, self._http.url
        if exc.reason.upper().startswith("LOCKOUT"):
            return (
                f"{where} has locked {who} after too many failed sign-ins. The lock ends by itself, by default after "
                "15 minutes (vpn.server.lockout_policy.reset_time). This run tries no other sign-in."
            )
        if exc.status == 409:
            return f"{where} requires {who} to enrol for multi-factor authentication first. Sign in once in a browser."
        if exc.status == 401 and "saml" in exc.reason.lower():
            return (
                f"{where} accepts {who} only through SAML ({exc.reason}). Use an administrator with another authentication "
                "method, such as local, or set as_saml_assertion instead of the password."
            )
        if exc.status == 403 and "denied" in exc.reason.lower():
            return f"{who} may not administer {where} ({exc.reason}). Use the account of an administrator."
        if exc.status == 403:
            return (
                f"{where} refused the name or the password of {who} ({exc.reason}). This was one failed sign-in. "
                "The server locks an account after a few (5 by default), so no task of this run tries again."
            )
        if exc.status == 404:
            return (
                f"{where} does not offer a sign-in to its Web API ({exc}). Check that this is an Access Server, and the port in "
                "as_url."
            )
        return f"{where} refused the sign-in of {who}: {exc}."

    def _lost(self) -> str:
        return (
            f"{self._http.url} did not answer the sign-in of {self._who.username}. It was not repeated, because the lost answer "
            "may have been a refusal, and refusals lock the account. Run again when the server is healthy."
        )


def _challenge(refusal: Refused) -> t.Optional[t.Mapping[str, t.Any]]:
    """What the server asks for in addition to the password; the document nests it (server behaviour, 25)."""
    nested = refusal.body.get("MFAChallenge")
    challenge = nested if isinstance(nested, dict) else refusal.body
    return challenge if refusal.status == 401 and "challenge_context" in challenge else None


def asks_for_code(prompt: str) -> bool:
    """Whether a challenge is for the code of an authenticator (server behaviour, 25)."""
    return any(word in prompt.lower() for word in ("authenticator", "totp"))
