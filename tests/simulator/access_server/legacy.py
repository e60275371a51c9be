# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The legacy REST API: profiles for callers with a password or a token, errors in XML."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from ..answers import Answer, Refusal
from ..parts import Part, operation
from . import crv1
from .answers import Call
from .profile_tokens import ELSEWHERE, INSTALLERS
from .profiles import MEDIA_TYPE

if TYPE_CHECKING:
    from .machine import Machine

USER_HEADER, TOKEN_HEADER = "VPN-Session-User", "VPN-Session-Token"
WEB_AUTH_HEADER = "Ovpn-WebAuth"

_STATUSES = {
    "Authorization Required": 401,
    "Internal Server Error": 500,
    "Access denied": 403,
    "Invalid Request": 400,
}
"""HTTP status below /rest by type of error. The document names none; its types read like the phrases of statuses."""
_STATUS_BELOW_API = 400
_NO_INSTALLER = (
    "An error occurred while trying to download OpenVPN Connect from the server."
    " The required client installer file was not found on the server"
)
_DOWNLOAD = ("tls-cryptv2", "action")


class _Session(NamedTuple):
    """Who has shown a password, and the token that spares a second code from now on."""

    username: str
    token: str


class Legacy(Part):
    """The operations below /rest, and of the tag client-import-api."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    # operations

    @operation("GET", "/GetUserlogin", "get__GetUserlogin", "open", writes=True, query=_DOWNLOAD)
    @operation("GET", "/GetUserlogin", "GetUserlogin", "open", writes=True, query=_DOWNLOAD, base="/rest")
    def userlogin(self, call: Call) -> Answer:
        return self._download(call, "userlogin")

    @operation("GET", "/GetAutologin", "get__GetAutologin", "open", writes=True, query=_DOWNLOAD)
    @operation("GET", "/GetAutologin", "GetAutologin", "open", writes=True, query=_DOWNLOAD, base="/rest")
    def autologin(self, call: Call) -> Answer:
        return self._download(call, "autologin")

    @operation("GET", "/GetGeneric", "get__GetGeneric", "open", writes=True, query=_DOWNLOAD)
    def generic(self, call: Call) -> Answer:
        return self._download(call, "generic")

    @operation(
        "GET",
        "/GetProfileViaToken",
        "get__GetProfileViaToken",
        "open",
        writes=True,
        query=("token", *_DOWNLOAD),
    )
    @operation(
        "GET",
        "/GetProfileViaToken",
        "get__GetProfileViaToken",
        "open",
        writes=True,
        query=("token", *_DOWNLOAD),
        base="/rest",
    )
    def by_token(self, call: Call) -> Answer:
        return Answer(200, self._profile_of_token(call), headers={"Content-Type": MEDIA_TYPE})

    @operation(
        "GET",
        "/GetInstallerViaToken",
        "get__GetInstallerViaToken",
        "open",
        writes=True,
        query=("token", "installer_type"),
    )
    def installer(self, call: Call) -> Answer:
        """A program with a profile in it, of which only the profile is real."""
        kind = call.query.get("installer_type", INSTALLERS[0])
        if kind not in INSTALLERS or kind in ELSEWHERE:
            return Answer(404, _NO_INSTALLER, wrote=False, headers={"Content-Type": "text/plain"})
        text = f"OpenVPN Connect for {kind}\n{self._profile_of_token(call)}"
        return Answer(200, text, headers={"Content-Type": "application/octet-stream"})

    @operation("HEAD", "/openvpn-api/profile", "head__openvpn-api_profile", "open")
    @operation("GET", "/openvpn-api/profile", "get__openvpn-api_profile", "open")
    def web_import(self, call: Call) -> Answer:
        """Where a browser gets a profile; asked with HEAD, whether it has to be a browser."""
        if call.method != "HEAD":
            query = urlencode({"relay_state": "profile"})
            return Answer(302, headers={"Location": f"{self._machine.url}/login?{query}"})
        saml = self._machine.configuration.in_force("auth.module.type") == "saml"
        web_auth = {WEB_AUTH_HEADER: self._web_auth()} if saml else {}
        return Answer(302, headers={"Location": f"{self._machine.url}/", **web_auth})

    # what they have in common

    def _download(self, call: Call, profile_type: str) -> Answer:
        session = self._signed_in(call)
        headers = {
            "Content-Type": MEDIA_TYPE,
            USER_HEADER: base64.b64encode(session.username.encode()).decode(),
            TOKEN_HEADER: base64.b64encode(session.token.encode()).decode(),
        }
        return Answer(200, self._profile(call, session.username, profile_type), headers=headers)

    def _profile_of_token(self, call: Call) -> str:
        try:
            username, profile_type = self._machine.tokens.redeem(call.query.get("token", ""))
        except Refusal:
            self._not_permitted(call)
        return self._profile(call, username, profile_type)

    def _profile(self, call: Call, username: str, profile_type: str) -> str:
        """The text of a new profile; refused as well when the token for it is older than the loss of a right."""
        machine = self._machine
        record = machine.store.record(username)
        if record is None or not machine.properties.effective(record, "allow_generate_profiles"):
            self._not_permitted(call)
        if profile_type == "autologin" and not machine.properties.effective(record, "autologin"):
            lacking = f"NEED_AUTOLOGIN: User '{username}' lacks autologin privilege (9000)"
            raise self._error(call, "Internal Server Error", lacking)
        try:
            return machine.profiles.issue(username, profile_type, call.query.get("tls-cryptv2") == "1").text
        except Refusal:
            self._not_permitted(call)

    def _not_permitted(self, call: Call) -> NoReturn:
        raise self._error(call, "Invalid Request", "No permission to generate profile (9422)") from None

    # signing in

    def _signed_in(self, call: Call) -> _Session:
        """The account that the Authorization header and the session headers prove."""
        username, password = _basic(call)
        if not username:
            raise self._failed(call)
        try:
            answer = crv1.sign_in(self._machine.authentication, call, username, password)
        except Refusal as refusal:
            return self._second_chance(call, username, refusal)
        return _Session(username, answer.body["auth_token"])

    def _second_chance(self, call: Call, username: str, refusal: Refusal) -> _Session:
        """The session that spares the second code which is asked for, otherwise the error that says what is missing."""
        challenge = crv1.challenge(username, refusal)
        if challenge is not None:
            token = self._session_token(call, username)
            if token is not None:
                return _Session(username, token)
            raise self._error(call, "Authorization Required", f"{challenge} (9007)", declared=False) from None
        if refusal.status == 409:
            unrolled = (
                "You must enroll this user in Authenticator first before you are allowed to retrieve a connection"
                " profile. (9008)"
            )
            raise self._error(call, "Access denied", unrolled, keep=True) from None
        if refusal.status == 401:
            web_auth = f"{WEB_AUTH_HEADER}: {self._web_auth()}"
            raise self._error(call, "Authorization Required", web_auth, declared=False) from None
        raise self._failed(call) from None

    def _failed(self, call: Call) -> Refusal:
        message = "AUTH_FAILED: Server Agent XML method requires authentication (9007)"
        return self._error(call, "Authorization Required", message)

    def _session_token(self, call: Call, username: str) -> str | None:
        """The token in the session headers, if it is good and belongs to the user."""
        if _decoded(call.headers.get(USER_HEADER)) != username:
            return None
        text = _decoded(call.headers.get(TOKEN_HEADER))
        try:
            token = self._machine.authentication.token(text, admin_only=False)
        except Refusal:
            return None
        return text if token.username == username else None

    def _web_auth(self) -> str:
        """Name of the provider, then flags."""
        return f"{self._machine.configuration.in_force('sa.company_name')},external"

    def _error(self, call: Call, kind: str, message: str, declared: bool = True, keep: bool = False) -> Refusal:
        """An error in the document's form: not every one has an XML declaration, and below /api that has a space more."""
        below_api = call.path.startswith("/api/")
        declaration = f'<?xml version="1.0" encoding="UTF-8"{" " if below_api else ""}?> ' if declared else ""
        body = (
            f"{declaration}<Error> <Type>{kind}</Type> <Synopsis>REST method failed</Synopsis>"
            f" <Message>{escape(message)}</Message> </Error>"
        )
        status = _STATUS_BELOW_API if below_api else _STATUSES[kind]
        if not below_api and self._machine.readings["legacy_status"] == "200":
            status = 200
        asks = {"WWW-Authenticate": 'Basic realm="Access Server"'} if status == 401 else {}
        return Refusal(status, body, keep=keep, headers={"Content-Type": "text/xml", **asks})


def _basic(call: Call) -> tuple[str, str]:
    """User name and password of the Authorization header, both empty where there is none."""
    scheme, _unused, encoded = call.headers.get("Authorization", "").partition(" ")
    text = _decoded(encoded.strip()) if scheme.lower() == "basic" else None
    username, _unused, password = (text or "").partition(":")
    return username, password


def _decoded(text: str | None) -> str | None:
    """What base64 stands for, None for anything else."""
    try:
        return base64.b64decode(text or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
