# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in of an application to a Freebox: once per box and run, shared by tasks, never repeated after a refusal."""

from __future__ import annotations

import hashlib
import hmac
import re
import typing as t
from dataclasses import dataclass, field

from .._net.connection_options import missing
from .._net.operations import Call, OperationTable
from .._net.session import SIGN_INS, Held, Proof, SharedSession, tried_once
from .._net.session_store import State, Store
from .._net.transport import Transport
from .._text.errors import InputError, OutcomeUnknown, Refused, SignInError, Unreadable
from .error_codes import RIGHTS, meaning
from .operations import API, DISCOVERY

SESSION_HEADER = "X-Fbx-App-Auth"
Box = t.Mapping[str, t.Any]
SETTINGS = "settings"  # the permission that all operations on VPN servers need (server behaviour, F41)
PAIR_AGAIN = "pair again with freebox_app, and with renew: true if this box has replaced another one"
DESCRIBING = (
    "box_model",
    "box_model_name",
    "device_name",
    "uid",
    "api_version",
    "api_domain",
    "https_available",
    "https_port",
)


@dataclass(frozen=True)
class Application:
    """The application that sends the requests; a person has allowed it on the box itself."""

    app_id: t.Optional[str]
    app_token: t.Optional[str] = field(repr=False)

    @property
    def proof(self) -> Proof:
        """The credentials of a sign-in."""
        return (self.app_id, self.app_token)


def answer_to(app_token: str, challenge: str) -> str:
    """The proof of the token, which is not sent itself: HMAC-SHA1 in hexadecimal digits (server behaviour, F31)."""
    return hmac.new(app_token.encode(), challenge.encode(), hashlib.sha1).hexdigest()


class Session(SharedSession):
    """A session of an application with a box.

    What tasks share about an application: failed (number of refused sign-ins). Those with the same app token: refused (a
    sentence), refused_as (the box's code for it). And a session, besides what all products have: box (what it returns about
    itself), permissions. The box ends sessions at any time (F36), so a token is used until the box refuses it.
    """

    token_header = SESSION_HEADER

    def __init__(
        self,
        http: Transport,
        who: Application,
        store: Store,
        version: t.Optional[int] = None,
        trust: t.Optional[str] = None,
    ) -> None:
        super().__init__(http, who.proof, store, trust)
        self._who, self._version = who, version
        self._opened = False
        http.meaning = meaning

    @property
    def app_id(self) -> t.Optional[str]:
        """The application that makes the calls."""
        return self._who.app_id

    def refuse_without_credentials(self) -> None:
        """Raise InputError where the application or its token is missing."""
        if not self._who.app_id or not self._who.app_token:
            raise missing(["freebox_app_id", "freebox_app_token"], ", which freebox_app makes")

    @property
    def box(self) -> Box:
        """What the box returns without a sign-in: names of DESCRIBING, and ``api_base_url``, as far as it returns them (F2)."""
        if "box" not in self._seen:
            with self.share.held() as held:
                self._discover(held)
                self._seen = dict(held.session)
        return t.cast(Box, self._seen["box"])

    def _discover(self, held: Held) -> Box:
        if "box" not in held.session:
            held.session["box"] = self._discovered()
        return t.cast(Box, held.session["box"])

    @property
    def api(self) -> OperationTable:
        """The operations at the path of the box for this version, such as ``/api/v16`` (F4)."""
        return self._api_of(self.box)

    def _api_of(self, box: Box) -> OperationTable:
        announced = int(str(box["api_version"]).partition(".")[0])
        if self._version is not None and not 1 <= self._version <= announced:
            raise InputError(
                f"freebox_api_version: {self._http.url} does not support {self._version}. Supported: 1 to {announced}."
            )
        return API.below(f"{box['api_base_url'].rstrip('/')}/v{self._version or announced}")

    @property
    def permissions(self) -> dict[str, bool]:
        """What the application may do; it may not do anything else (F40)."""
        if "permissions" not in self._seen:
            self.token()
        return dict(self._seen["permissions"])

    def refuse_without(self, permission: str) -> None:
        """Raise InputError where the application lacks a permission, so that nothing is started that cannot be completed."""
        if not self.permissions.get(permission):
            raise InputError(
                f"The application {self._who.app_id} lacks the permission {permission} on {self._http.url}, which no program can "
                f"grant: tick it in {RIGHTS} of the box. Nothing was written."
            )

    def forget(self) -> None:
        """Let the next task sign in again, because what the box returns for a session may have changed."""
        with self.share.held() as held:
            for name in ("token", "permissions"):
                held.session.pop(name, None)
            self._seen = {}

    def close(self) -> None:
        """End the session if this task has opened it and does not share it."""
        if self._opened and not self.share.is_shared:
            token, self._seen = self._seen.pop("token", None), {}
            if token:
                self._http.sign_in(self.api.call("POST /login/logout/"), {SESSION_HEADER: token})

    def _discovered(self) -> State:
        try:
            answer = self._http.sign_in(DISCOVERY)
            int(str(answer["api_version"]).partition(".")[0])
            found = {name: answer[name] for name in DESCRIBING if name in answer}
            base = answer.get("api_base_url") or "/api/"
            if not re.fullmatch("(/[A-Za-z0-9_.-]+)*/?", base):  # it is appended to the address of the box
                raise ValueError(base)
            return {**found, "api_base_url": base}
        except (Refused, LookupError, TypeError, ValueError) as exc:
            if isinstance(exc, Refused) and exc.status != 404:
                raise
            raise Unreadable(f"{self._http.url} does not report which API it has: is it a Freebox?") from exc

    def freshen(self, held: Held) -> None:
        """Sign in."""
        box = self._discover(held)
        api = self._api_of(box)
        self.refuse_without_credentials()
        if held.session.get("dropped", 0) >= SIGN_INS:
            raise SignInError(
                f"{self._http.url} has dropped {SIGN_INS} sessions in this run. No further sign-in was tried."
            )
        with tried_once(held, f"{self._who.app_id} to {self._http.url}"):
            token, permissions = self._sign_in(api, box, str(self._who.app_id), str(self._who.app_token))
            held.session.update(token=token, permissions=permissions)
        self._opened = True

    def _sign_in(self, api: OperationTable, box: Box, app_id: str, app_token: str) -> tuple[str, dict[str, bool]]:
        challenge = self._result(api.call("GET /login/"), "challenge")
        if not isinstance(challenge, str):  # for people, it is made of obfuscated pieces (F33)
            raise SignInError(
                f"{self._http.url} asks a question that only its own web page can answer: is this a Freebox?",
                final=False,
            )
        proof = {"app_id": app_id, "password": answer_to(app_token, challenge)}
        try:
            answer = self._http.sign_in(api.call("POST /login/session/", proof))
        except Refused as exc:
            raise SignInError(self._refusal(exc, box), said=exc.said) from exc
        except OutcomeUnknown as exc:
            raise SignInError(
                f"{self._http.url} never answered the sign-in of {app_id}. It was not repeated, because the box counts failed "
                "sign-ins. Run again when the box answers."
            ) from exc
        try:
            result = answer["result"]
            permissions = {str(name): bool(granted) for name, granted in result.get("permissions", {}).items()}
            return str(result["session_token"]), permissions
        except (LookupError, TypeError, AttributeError) as exc:
            raise SignInError(
                f"{self._http.url} accepted the sign-in of {app_id}, but returned no session.", final=False
            ) from exc

    def _result(self, request: Call, name: str) -> t.Any:
        answer = self._http.sign_in(request)
        try:
            return answer["result"][name]
        except (LookupError, TypeError) as exc:
            raise Unreadable(f"{request} of {self._http.url} answered without {name}.") from exc

    def _refusal(self, exc: Refused, box: Box) -> str:
        who, where = self._who.app_id, self._http.url
        if exc.said == "invalid_token":
            known = box.get("uid")
            return (
                f"{where} refused the token of the application {who} ({exc.reason}). The token is for another box"
                f"{f', not for this one ({known}),' if known else ''} or was revoked: {PAIR_AGAIN}. No other sign-in "
                "is tried in this run, because the box counts failures."
            )
        if exc.said == "pending_token":
            return f"{where} does not allow {who} yet: a person has to press the button on the box ({exc.reason})."
        return f"The sign-in of {who} was refused: {str(exc).rstrip('.')}."
