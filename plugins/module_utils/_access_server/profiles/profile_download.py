# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's own profile, downloaded on the user's machine: with name and password over the older REST API, or with a token."""

from __future__ import annotations

import base64
import contextlib
import html
import ipaddress
import re
import time
import typing as t
from urllib.parse import parse_qsl, urlsplit

from ansible.module_utils.basic import missing_required_lib

from ..._engine.product import Params
from ..._engine.run import Run, Task
from ..._files.directives import objection, refuse_no_names
from ..._files.openvpn_profile import Facts, Profile
from ..._files.pem import HAS_CRYPTOGRAPHY
from ..._files.secret_file import SecretFile
from ..._net.client import Client
from ..._net.connection_options import missing
from ..._net.operations import SIGN_IN, Call, Headers, OnHeaders
from ..._net.refusals import LONGEST_QUOTE, Meaning
from ..._net.session import Held, Share, of_credentials, refuse_again, tried_once
from ..._net.session_store import State, Store
from ..._net.transport import Transport
from ..._text.errors import EstateError, InputError, OutcomeUnknown, Refused, SignInError, Unreadable
from ..._text.outside import Sentence
from ..api import connection, values
from ..api.sign_in import asks_for_code
from ..api.totp import unused_code

PATHS = {"userlogin": "/rest/GetUserlogin", "autologin": "/rest/GetAutologin"}
BY_TOKEN = "/rest/GetProfileViaToken"  # noqa: S105 - a path
REST, TWINS = "/rest/", "/api/"  # a server without the first one has the same calls below the second one
SESSION = (
    "VPN-Session-User",
    "VPN-Session-Token",
)  # headers of an answer; with them, the next request needs no second code
IMPORT = "openvpn://import-profile/"
OF_EVERYBODY = ("generic", "epki-generic")  # these types have tokens, and no certificates
PROFILE = "application/x-openvpn-profile"
SPEC: t.Mapping[str, t.Any] = {
    "dest": {"type": "path", "required": True},
    "profile_type": {"type": "str", "choices": list(PATHS), "default": "userlogin"},
    "tls_crypt_v2": {"type": "bool", "default": False},
    "challenge_response": {"type": "str", "no_log": True},
    "renew_before": {"type": "int", "default": 30},
    "renew": {"type": "bool", "default": False},
    "allow_directives": {"type": "list", "elements": "str", "default": []},
}
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {
    "mutually_exclusive": [("token", "token_url")],
}
_OF_ADMINISTRATORS = ("as_token", "as_saml_assertion", "as_node", "as_connections", "as_batch_size")
_CHALLENGE = "CRV1:"
# The way out of a refusal, by the number in the server's text.
ADVICE = {
    "9000": "An administrator must allow it first (as_user, autologin). Or set profile_type: userlogin.",
    "9008": "Enrol first: sign in once in a browser, or ask an administrator (as_user_mfa).",
    "9422": "An administrator must allow it first (as_user, allow_generate_profiles).",
}


def explained(text: str) -> t.Optional[str]:
    """The text of an error in XML; None for any other text. Its status means nothing (contract, L1)."""
    rest = text.lstrip()
    if rest.startswith("<?xml"):
        rest = rest.partition(">")[2].lstrip()
    if not rest.startswith("<Error>"):
        return None
    words, end, _unused = rest.partition("<Message>")[2].partition("</Message>")
    return html.unescape(words).strip() if end else None


class Challenge(t.NamedTuple):
    """A question that the server asks in addition to the password."""

    needs_answer: bool
    state: str
    username: str
    text: str

    @classmethod
    def of(cls, reason: str, username: str) -> t.Optional[Challenge]:
        """The question in a refusal; None if there is none."""
        found = reason[len(_CHALLENGE) :].split(":", 3)
        if not reason.startswith(_CHALLENGE) or len(found) < 4:
            return None
        flags, state, name, text = found
        with contextlib.suppress(ValueError):  # otherwise it is the name in the request
            username = base64.b64decode(name, validate=True).decode("utf-8")
        text = text.rstrip()
        words, _unused, number = text.rpartition(" (")  # at the end of the message, as in every refusal
        return cls("R" in flags.strip().split(","), state, username, words if re.fullmatch(r"\d+\)", number) else text)


class Download(Client):
    """A client that signs in with each request, and therefore never repeats a refused request."""

    def __init__(self, http: Transport, params: Params) -> None:
        super().__init__(http)
        self.params = params
        self._who: str = params["as_username"] or ""
        store, self._codes = connection.shared(params)
        self._share = Share(http, connection.credentials(params).proof, store)
        self._below, self._in_xml = REST, False
        self.cautions += connection.cautions(params)
        http.meaning = self._meaning

    def by_token(self) -> str:
        """The profile that the token stands for."""
        try:
            return self._ask(self.params.get("token_path", BY_TOKEN), {"token": self.params["token"]})
        except Refused as exc:
            raise EstateError(
                f"{self.url} provides no profile for this token ({_quoted(exc)}). It may be used up or expired. Ask an "
                "administrator for a new one."
            ) from exc
        except OutcomeUnknown as exc:
            raise EstateError(
                f"{self.url} was asked for a profile, and its answer was lost. The token is probably used up, so it was not tried "
                "again. Ask an administrator for a new one."
            ) from exc

    def by_password(self) -> str:
        """The user's profile. Parallel tasks get theirs one after the other, so that one code is enough for all."""
        with self._share.held() as held, tried_once(held, f"{self._who} to {self.url}"):
            return self._by_password(held)

    def _by_password(self, held: Held) -> str:
        session = held.session
        # Before the challenge, because the challenge expires soon; afterwards only if no challenge was expected.
        code = None if session.get("download") else self._code(held.account)
        try:
            return self._signed(session, self._who, str(held.credentials.get("password") or self.params["as_password"]))
        except Refused as exc:
            challenge = Challenge.of(exc.reason, self._who)
            if challenge is None:
                raise self._refusal(exc) from exc
        session.pop("download", None)  # it no longer prevents the question
        answer = self._answer(challenge, code, held.account)
        try:
            return self._signed(session, challenge.username, f"CRV1::{challenge.state}::{answer}")
        except Refused as exc:
            if Challenge.of(exc.reason, self._who):
                raise SignInError(
                    f"{self.url} asks {self._who} another question, which this task cannot answer."
                ) from exc
            raise self._refusal(exc, "the answer to its question") from exc

    def _code(self, state: State) -> t.Optional[str]:
        secret = self.params["as_totp_secret"]
        return unused_code(secret, state, self._codes, time.time, time.sleep) if secret else None

    def _answer(self, challenge: Challenge, code: t.Optional[str], state: State) -> str:
        answer = (code or self._code(state)) if asks_for_code(challenge.text) else None
        if answer is None:
            answer = self.params["challenge_response"]
        if answer is None or (challenge.needs_answer and not answer):
            asked = challenge.text[:LONGEST_QUOTE]
            raise SignInError(
                f'{self.url} asks {self._who} "{asked}", and the task has no answer. If this is the code of an '
                "authenticator, set its secret as as_totp_secret. Otherwise set challenge_response."
            )
        return str(answer)

    def _signed(self, session: State, username: str, password: str) -> str:
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
        spared = session.get("download", {})
        self._http.authorise = lambda refused: {"Authorization": f"Basic {encoded}", **spared}

        def keep(headers: Headers) -> None:
            session["download"] = {**spared, **{name: headers[name] for name in SESSION if name in headers}}

        query = {"tls-cryptv2": "1"} if self.params["tls_crypt_v2"] else {}
        try:
            return self._ask(PATHS[self.params["profile_type"]], query, keep)
        except OutcomeUnknown as exc:
            raise SignInError(
                f"{self.url} did not answer {self._who}. It was not asked again, because the lost answer may have been a refusal, "
                "and refusals lock the account. If the answer was a profile, that profile is lost."
            ) from exc

    def _ask(self, path: str, query: t.Mapping[str, str], on_headers: t.Optional[OnHeaders] = None) -> str:
        path = path.replace(REST, self._below, 1)
        try:
            answer = self._http.write(
                Call("GET", path, SIGN_IN, query=query, secret=True, accept=PROFILE, on_headers=on_headers)
            )
        except Refused as exc:
            if exc.status != 404 or self._in_xml or REST not in path:
                raise
            self._below = TWINS
            return self._ask(path, query, on_headers)
        return answer if isinstance(answer, str) else ""

    def _meaning(self, status: int, text: str) -> t.Optional[Meaning]:
        """An error in XML with any status; noted, because a 404 without XML means that the server does not have the call."""
        reason = explained(text)
        self._in_xml = reason is not None
        return None if reason is None else Meaning(max(status, 400), reason, str(status))

    def _refusal(self, exc: Refused, what: str = "the name or the password") -> EstateError:
        who, where, words = self._who, self.url, _quoted(exc)
        if exc.reason.upper().startswith("LOCKOUT"):
            return SignInError(
                f"{where} has locked {who} after too many failed sign-ins ({words}). The lock ends by itself, by default "
                "after 15 minutes."
            )
        if exc.reason.startswith("Ovpn-WebAuth"):
            return SignInError(
                f"{where} accepts {who} only through a browser, for example for SAML ({words}). Download the profile there, or ask "
                "an administrator for a token, and set it as token_url."
            )
        advice = next((text for number, text in ADVICE.items() if f"({number})" in exc.reason), None)
        if advice:
            return EstateError(
                f"{where} provides no {self.params['profile_type']} profile for {who} ({words}). {advice}"
            )
        if exc.status == 401 or "(9007)" in exc.reason or exc.reason.startswith("AUTH_FAILED"):
            return SignInError(
                f"{where} refused {what} of {who} ({words}). This was one failed sign-in. The server locks an account after a "
                "few (5 by default), so this run does not try again."
            )
        return EstateError(f"{where} provides no profile for {who}: {exc}.")


def _quoted(exc: Refused) -> str:
    """The server's own text, short and in one line."""
    return " ".join(exc.reason.split())[:LONGEST_QUOTE]


def _token_in(url: str) -> dict[str, str]:
    """The options in ``https://HOST/rest/GetProfileViaToken?token=...``."""
    found = urlsplit(url[len(IMPORT) :] if url.startswith(IMPORT) else url)
    token = dict(parse_qsl(found.query)).get("token")
    if found.scheme != "https" or "@" in found.netloc or not found.path.endswith("/GetProfileViaToken") or not token:
        raise InputError(
            f"token_url is not an address of the form https://HOST{BY_TOKEN}?token=..., as the server returns it."
        )
    return {"as_url": f"https://{found.netloc}", "token_path": found.path, "token": token}


class OwnAccount(connection.AccessServerProduct):
    """Access Servers, with the account of any user."""

    argument_spec = {
        **{name: option for name, option in connection.ARGUMENT_SPEC.items() if name not in _OF_ADMINISTRATORS},
        "token": {"type": "str", "no_log": True},
        "token_url": {"type": "str", "no_log": True},
    }

    def connect(self, params: Params, read_only: bool) -> Download:
        """A client for a task; the address of a token contains the server."""
        given = {**params, **(_token_in(params["token_url"]) if params["token_url"] else {})}
        if not given["as_url"]:
            raise missing(["as_url"], ", or token_url")
        if not given["token"] and not (given["as_username"] and given["as_password"]):
            raise missing(["as_username", "as_password"], ", or token, or token_url")
        return Download(connection.transport(given, read_only), given)

    def account(self, params: Params) -> t.Optional[str]:
        """None if a token identifies the profile, and no account signs in."""
        return None if params["token"] or params["token_url"] else super().account(params)

    def sign_in(self, params: Params, store: Store, codes: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Nothing, because each request signs in. Raises SignInError after a refusal."""
        with store.held() as account:
            refuse_again(of_credentials(account, self.proof(params)))
        return {}


OWN_ACCOUNT = OwnAccount()


def download(run: Run[Download]) -> dict[str, t.Any]:
    """The work of as_profile_download: while the file is valid, no server is asked."""
    client = run.client
    params = client.params
    file = SecretFile("dest", params["dest"])
    _refuse_impossible(params)
    file.refuse_unusable()
    text = file.read()
    reason = "none exists yet" if text is None else "renew is set" if params["renew"] else _fault(text, params)
    harm = _harm(text, params) if text is not None and not reason else ""
    if harm:
        raise InputError(
            f"{file.path} is not used: {harm}. A new profile would probably have them too, and only an administrator could revoke "
            "it. Nothing was downloaded. To download one anyway, set renew: true."
        )
    if text is not None and not reason:
        return {**_kept(file, run.task), **_returned(_facts(text))}
    answer = {"changed": True, "reason": Sentence(reason), "diff": file.diff(reason, there=text is not None)}
    if run.task.check:
        return answer
    new = client.by_token() if params["token"] else client.by_password()
    try:
        facts = _facts(new)
    except ValueError:
        raise Unreadable(
            f"{client.url} returned something that is not a profile, such as a page of a proxy in front of it. "
            f"{file.path} was not changed."
        ) from None
    harm = _harm(new, params)
    if harm:
        serial = _returned(facts).get("serial")
        which = f"Its certificate (serial {serial}) is valid, but its key is lost. Ask an administrator to revoke it. "
        raise EstateError(
            f"{client.url} returned a profile that is not used: {harm}. {which if serial else ''}{file.path} was not changed."
        )
    file.write(new)
    flaw = _fault(new, params)
    if flaw:
        run.task.warn(f"The next run will download another profile, because of the new one: {flaw}.")
    return {**answer, **_returned(facts)}


def _refuse_impossible(params: Params) -> None:
    refuse_no_names(params["allow_directives"])
    if params["renew_before"] < 0:
        raise InputError(f"renew_before: {params['renew_before']} is too small; the smallest value is 0.")
    if not HAS_CRYPTOGRAPHY:
        raise InputError(missing_required_lib("cryptography", reason="to see how long a profile is valid"))
    if not params["token"] and ":" in params["as_username"]:
        raise InputError(
            f"as_username: {params['as_username']!r} contains a colon, which this sign-in does not support."
        )


def _kept(file: SecretFile, task: Task) -> dict[str, t.Any]:
    """A valid profile stays, and becomes private to its owner."""
    if file.is_private:
        return {"changed": False}
    reason = "other users could read it"
    answer = {"changed": True, "reason": reason, "diff": file.diff(reason)}
    if not task.check:
        file.make_private()
    return answer


def _facts(text: str) -> Facts:
    """The facts of a profile. Raises ValueError if no client could connect with it."""
    profile = Profile(text)
    facts = profile.facts()
    if not facts["key_matches"] and (facts["access_server"] or {}).get("profile_type") not in OF_EVERYBODY:
        raise ValueError("it has no certificate with its private key")
    return facts


def _harm(text: str, params: Params) -> str:
    """Which directives may harm the client; empty if none do."""
    return objection(Profile(text).unlisted, params["allow_directives"])


def _returned(facts: Facts) -> dict[str, t.Any]:
    """What the task returns of a profile."""
    return {key: facts["certificate"][key] for key in ("serial", "not_after") if facts["certificate"]}


def _fault(text: str, params: Params) -> str:
    """Why a profile is not valid; empty if it is valid."""
    try:
        facts = _facts(text)
    except ValueError as exc:
        return f"it is not a profile: {str(exc).rstrip('.')}"
    certificate, origin = facts["certificate"] or {}, facts["access_server"] or {}
    user = origin.get("user") or str(certificate.get("common_name")).partition("_AUTOLOGIN")[0]
    kind = origin.get("profile_type") or ("userlogin" if facts["asks_for_password"] else "autologin")
    if not params["token"] and (user, kind) != (params["as_username"], params["profile_type"]):
        return f"it is for {user}, and its type is {kind}"
    names = {_host(origin.get(key) or "") for key in ("server", "web_address")} - {""}
    ours = {_host(urlsplit(params["as_url"]).netloc), params["as_server_name"]}
    if names and not _is_address(params["as_url"]) and not names & ours:
        return f"it is for the server {' or '.join(sorted(names))}; if this is the same server, set as_server_name"
    days = values.days_until(certificate["not_after"])
    return (
        f"it has {days} days left, and renew_before is {params['renew_before']}"
        if days <= params["renew_before"]
        else ""
    )


def _host(address: str) -> str:
    """The host of ``host:port``, where the port may be missing."""
    return (urlsplit(f"//{address}").hostname or "").lower()


def _is_address(url: str) -> bool:
    """Whether a server is given as an IP address, which does not show its name."""
    try:
        ipaddress.ip_address(_host(urlsplit(url).netloc))
    except ValueError:
        return False
    return True
