# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in to an Access Server: once per server and run, shared by tasks, never tried twice when refused."""

from __future__ import annotations

import base64
import contextlib
import copy
import hashlib
import hmac
import struct
import time
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from ..._net.redact import concealed, words
from ..._net.session_key import Proof, Share, known_of, tried_once
from ..._net.session_store import MemoryStore, State, Store, locked, rewrite
from ..._net.transport import Transport
from ..._text.errors import EstateError, InputError, OutcomeUnknown, Refused, SignInError
from .operations import API

TOKEN_HEADER = "X-OpenVPN-As-AuthToken"  # noqa: S105 - the header's name
NODE_HEADER = "X-OpenVPN-AS-Node"
TOTP_STEP = 30  # seconds (RFC 6238; server-behaviour.md, 29)
CLAIMS_AHEAD = 20  # counters; more than that many runs do not wait in line
SIGN_INS = 3  # to a server that drops sessions, in one run
LONGEST_PROMPT = 80  # characters of it in a sentence
BLIND_LIFETIME = 240.0  # seconds to trust a token whose dates cannot be read (server-behaviour.md, 20)


@dataclass(frozen=True)
class Credentials:
    """Who signs in, and to which node of a cluster."""

    username: t.Optional[str]
    password: t.Optional[str] = field(repr=False)
    totp_secret: t.Optional[str] = field(repr=False, default=None)
    token: t.Optional[str] = field(repr=False, default=None)  # brought by the user; used as it is
    node: t.Optional[str] = None

    @property
    def proof(self) -> Proof:
        """What a sign-in proves; a token that was brought is used as it is, and is no part of it."""
        return (self.username, self.password, self.totp_secret)


class Session:
    """Headers for each call, and the sign-in behind them.

    What tasks share about an account: totp (last counter used), failed (number of refused sign-ins). Of those, tasks with
    the same credentials: refused (a sentence), password (the one that this run has put in the place of theirs). And of
    those, tasks that trust the same servers, as their Share tells: token, expires, renew_from, renewable_until (seconds of
    this machine's clock), account (what the server calls it, if it told), dropped (number of tokens that the server no longer
    took), download (headers that spare a second code).
    """

    def __init__(
        self,
        http: Transport,
        credentials: Credentials,
        store: Store,
        codes: t.Optional[str] = None,
        clock: t.Callable[[], float] = time.time,
        sleep: t.Callable[[float], None] = time.sleep,
        trust: t.Optional[str] = None,
    ) -> None:
        self._http, self._who, self._store, self._codes = http, credentials, store, codes
        self._clock, self._sleep = clock, sleep
        self._before: t.Optional[str] = None
        self.share = Share(http, credentials.proof, store, trust)
        self._seen: State = {}  # what this process read last, so that not every call opens the file
        # Whose a token is that was brought alone; empty where that was asked in vain.
        self._named: t.Optional[str] = None
        http.authorise = self.headers
        http.node = f"node {credentials.node}" if credentials.node else ""

    @property
    def username(self) -> t.Optional[str]:
        """The account that the calls are made with; None where a token was brought without a name."""
        return self._who.username

    @property
    def can_sign_in(self) -> bool:
        """Whether there is what a new sign-in takes; a token alone is not."""
        return bool(self._who.username) and self._who.password is not None

    @property
    def account_names(self) -> list[str]:
        """What the account is called: by the server, where its answers tell, and by the task. Empty where neither does.

        Recorded renewals do not name the user (server-behaviour.md, 19), so a token alone tells nothing on such servers.
        """
        if not self._who.username and self._named is None:
            self._named = _account_in(self._renewed(self.headers()[TOKEN_HEADER]))
        found = (self._named, self._seen.get("account"), self._who.username)
        return list(dict.fromkeys(name for name in found if name))

    @property
    def state(self) -> State:
        """The session as it is shared: holds the token."""
        with self.share.held() as (_state, _known, session):
            return dict(session)

    def headers(self, refused: t.Optional[t.Mapping[str, str]] = None) -> dict[str, str]:
        """Headers that make a call ours; ``refused`` are those that the server no longer takes."""
        node = {NODE_HEADER: self._who.node} if self._who.node else {}
        if self._who.token and refused is None and not self._seen.get("token"):
            return {TOKEN_HEADER: self._who.token, **node}
        return {TOKEN_HEADER: self.token(spent=refused[TOKEN_HEADER] if refused else None), **node}

    def token(self, spent: t.Optional[str] = None) -> str:
        """A token that is good now; ``spent`` is one that the server no longer takes."""
        if spent is None and self._clock() < self._seen.get("renew_from", 0.0):
            return str(self._seen["token"])
        with self.share.held() as (state, known, session):
            if spent is not None and session.get("token") == spent:
                del session["token"]
                session["dropped"] = session.get("dropped", 0) + 1
            if "token" not in session or self._clock() >= session["expires"]:
                self._sign_in(state, known, session)
            elif self._clock() >= session["renew_from"]:
                self._renew(session)
            self._seen = dict(session)
        return str(self._seen["token"])

    def sign_in_anew(self, headers: t.Optional[t.Mapping[str, str]] = None) -> None:
        """Prove the password again: some calls want a recent sign-in, and some changes must not have locked us out.

        ``headers`` are those that were not recent enough; of several calls side by side, one signs in for all.
        """
        with self.share.held() as (state, known, session):
            if headers is None or session.get("token") in (None, headers[TOKEN_HEADER]):
                self._sign_in(state, known, session)
            self._seen = dict(session)

    @contextlib.contextmanager
    def excused(self) -> t.Iterator[None]:
        """Around what may cost us sessions, and was asked for: they do not count as dropped."""
        with self.share.held() as (_state, _known, session):
            counted = session.get("dropped", 0)
        yield
        with self.share.held() as (_state, _known, session):
            session["dropped"] = counted

    def use_password(self, password: str) -> str:
        """From now on sign in with this one, also in tasks that still give the old one; those that give it share the session.

        Answers what tasks have to be told that cannot know, because the session is not shared by a file.
        """
        self._before = self.password_before
        self._who = replace(self._who, token=None)
        with self.share.held() as (state, known, _session):
            for name in ("refused", "password"):
                known.pop(name, None)
            if password == self._who.password:
                return ""
            known["password"] = password
            changed = known_of(state, replace(self._who, password=password).proof)
            changed.pop("refused", None)
            changed["sessions"] = copy.deepcopy(known["sessions"])
        return (
            f"The password of {self._who.username} on {self._http.url} was changed in this run, by a task on another machine, and "
            "this task gives the old one, which was not tried. Give the new one as as_password."
        )

    @property
    def password_before(self) -> t.Optional[str]:
        """The password that was good before the first use_password(), which need not be the one that the task gives."""
        return self._before if self._before is not None else self._password_now

    @property
    def _password_now(self) -> t.Optional[str]:
        with self.share.held() as (_state, known, _session):
            return t.cast(t.Optional[str], known.get("password", self._who.password))

    def at_node(self, http: Transport, node: str) -> Session:
        """The same session over another transport, whose calls a node of the cluster carries out."""
        who = replace(self._who, node=node)
        return Session(http, who, self._store, self._codes, self._clock, self._sleep, self.share.trust)

    def apart(self, http: Transport) -> Session:
        """The account by its password alone, over another transport, in a session of its own."""
        who = replace(self._who, password=self._password_now, token=None)
        return Session(http, who, MemoryStore(), self._codes, self._clock, self._sleep)

    def _sign_in(self, state: State, known: State, session: State) -> None:
        if not self._who.username or self._who.password is None:
            if self._who.token:
                raise SignInError("The server no longer takes the token given as as_token; bring a new one.")
            raise InputError("Give as_username and as_password, or as_token: nobody can sign in without them.")
        if session.get("dropped", 0) >= SIGN_INS:
            raise SignInError(
                f"{self._http.url} has dropped {SIGN_INS} sessions of {self._who.username} in this run. "
                "No further sign-in was tried; look at the server's log."
            )
        with tried_once(state, known, f"{self._who.username} to {self._http.url}"):
            answer = self._password_login(state, known.get("password", self._who.password))
        self._adopt(session, answer, fresh=True)

    def _password_login(self, state: State, password: str) -> t.Mapping[str, t.Any]:
        code = None
        if self._who.totp_secret:  # before the challenge, which would not wait for long
            code = unused_code(self._who.totp_secret, state, self._codes, self._clock, self._sleep)
        body = {"username": self._who.username, "password": password, "request_admin": True}
        try:
            answer = self._http.sign_in(API.call("POST /auth/login/userpassword", body, secret=True))
        except Refused as exc:
            challenge = _challenge(exc)
            if challenge is None:
                raise SignInError(self._refusal(exc)) from exc
        except OutcomeUnknown as exc:
            raise SignInError(self._lost()) from exc
        else:
            return self._administrator(answer)
        return self._administrator(self._answer_challenge(challenge, code))

    def _answer_challenge(self, challenge: t.Mapping[str, t.Any], code: t.Optional[str]) -> t.Any:
        prompt = str(challenge.get("challenge", ""))
        asked = concealed(prompt, words([self._who.password, self._who.totp_secret]), LONGEST_PROMPT)
        if code is None:
            raise SignInError(
                f'{self._http.url} asks {self._who.username} for a second factor ("{asked}"). If this is a code of an '
                "authenticator, give its secret as as_totp_secret; if it is anything else, use an administrator "
                "who needs no second factor."
            )
        if not asks_for_code(prompt):
            raise SignInError(
                f'{self._http.url} asks {self._who.username} "{asked}". That is not the code of an authenticator, '
                "so as_totp_secret cannot answer it: use an administrator who signs in with a password, or a password and TOTP."
            )
        body = {
            "request_admin": True,
            "username": self._who.username,
            "response": code,
            "challenge_context": challenge["challenge_context"],
        }
        try:
            return self._http.sign_in(API.call("POST /auth/login/mfaauth", body, secret=True))
        except Refused as exc:
            if _challenge(exc) is not None:
                raise SignInError(
                    f"{self._http.url} asks {self._who.username} for a further factor after the code; that cannot be answered."
                ) from exc
            raise SignInError(
                f"{self._http.url} refused the authenticator's code of {self._who.username} ({exc.reason}). Either "
                "as_totp_secret is not this account's secret, or the clocks differ, or the same code was used elsewhere "
                "within its 30 seconds. No second try was made, because failures lock the account."
            ) from exc
        except OutcomeUnknown as exc:
            raise SignInError(self._lost()) from exc

    def _administrator(self, answer: t.Any) -> t.Mapping[str, t.Any]:
        if not isinstance(answer, dict) or not isinstance(answer.get("auth_token"), str):
            raise SignInError(
                f"{self._http.url} let {self._who.username} in without a token: is this an Access Server?"
            )
        properties = answer.get("user_properties")
        if isinstance(properties, dict) and properties.get("user_type", "admin") != "admin":
            raise SignInError(f"{self._who.username} is not an administrator of {self._http.url}.")
        return answer

    def _refusal(self, exc: Refused) -> str:
        who, where = self._who.username, self._http.url
        if exc.reason.upper().startswith("LOCKOUT"):
            return (
                f"{where} has locked {who} out after too many failed sign-ins. The lock lifts by itself, by default after "
                "15 minutes (vpn.server.lockout_policy.reset_time); no other sign-in is tried in this run."
            )
        if exc.status == 409:
            return f"{where} wants {who} to enrol for multi-factor authentication first: sign in once in a browser."
        if exc.status == 401 and "saml" in exc.reason.lower():
            return (
                f"{where} lets {who} in only through SAML ({exc.reason}). Use an administrator with an authentication "
                "method of its own, such as local."
            )
        if exc.status == 403 and "denied" in exc.reason.lower():
            return f"{who} may not administer {where} ({exc.reason}): use an administrator's account."
        if exc.status == 403:
            return (
                f"{where} refused the name or the password of {who} ({exc.reason}). This was one failed sign-in; "
                "the server locks an account after a few (5 by default), so none of this run's tasks tries again."
            )
        if exc.status == 404:
            return f"{where} has nothing that signs {who} in ({exc}): is this an Access Server, and the port of its Web API?"
        return f"{where} refused to sign {who} in: {exc}."

    def _lost(self) -> str:
        return (
            f"{self._http.url} never answered the sign-in of {self._who.username}. It was not repeated, because a lost answer "
            "may have been a refusal, and refusals lock the account. Run again when the server is well."
        )

    def _renew(self, session: State) -> None:
        """Ahead of time, because an expired token cannot be renewed (server-behaviour.md, 19)."""
        if self._clock() >= session.get("renewable_until", 0.0):
            return  # until it expires it is good; then comes a new sign-in
        answer = self._renewed(session["token"])
        if isinstance(answer.get("auth_token"), str):
            self._adopt(session, answer, fresh=False)
        else:
            session["renew_from"] = session["expires"]

    def _renewed(self, token: str) -> t.Mapping[str, t.Any]:
        """The answer to a renewal; empty where there is none. The token that it is about stays good."""
        try:
            answer = self._http.sign_in(API.call("POST /auth/token/renew", secret=True), {TOKEN_HEADER: token})
        except EstateError:
            return {}
        return answer if isinstance(answer, dict) else {}

    def _adopt(self, session: State, answer: t.Mapping[str, t.Any], *, fresh: bool) -> None:
        """Keep a token. Its dates are of the server's clock, which may be wrong: so it is renewed well ahead."""
        now = self._clock()
        expires, last = parse_time(answer.get("expires_after")), parse_time(answer.get("renewable_until"))
        life = expires - now if expires and expires > now else BLIND_LIFETIME
        session.update(token=answer["auth_token"], expires=now + life, renew_from=now + min(life / 2, BLIND_LIFETIME))
        session["account"] = _account_in(answer) or session.get("account", "")
        if fresh:
            session["renewable_until"] = now + life + (last - expires if last and expires else 0.0)


def _account_in(answer: t.Mapping[str, t.Any]) -> str:
    """Whose session an answer is about, in either of its forms (server-behaviour.md, 15); empty where it does not tell."""
    properties = answer.get("user_properties")
    told = [each.get("username") for each in (properties, answer) if isinstance(each, dict)]
    return next((name for name in told if isinstance(name, str) and name), "")


def _challenge(refusal: Refused) -> t.Optional[t.Mapping[str, t.Any]]:
    """What the server asks for beside the password; the document nests it (server-behaviour.md, 25)."""
    nested = refusal.body.get("MFAChallenge")
    challenge = nested if isinstance(nested, dict) else refusal.body
    return challenge if refusal.status == 401 and "challenge_context" in challenge else None


def asks_for_code(prompt: str) -> bool:
    """Whether a challenge is for the code of an authenticator (server-behaviour.md, 25)."""
    return any(word in prompt.lower() for word in ("authenticator", "totp"))


def unused_code(
    secret: str,
    state: State,
    codes: t.Optional[str],
    clock: t.Callable[[], float],
    sleep: t.Callable[[float], None],
) -> str:
    """A code is good for one sign-in (server-behaviour.md, 29): wait for the next one rather than fail.

    ``state`` keeps the last counter used, and the file ``codes`` that of other runs.
    """
    now = int(clock() // TOTP_STEP)
    counter = max(now, state.get("totp", -1) + 1)
    if codes:
        counter = claim_code(codes, counter)
    state["totp"] = counter
    if counter > now:
        sleep(counter * TOTP_STEP - clock())
    return totp(secret, counter)


def claim_code(path: str, counter: int) -> int:
    """Take the first 30 second counter from ``counter`` on that no run on this machine has taken.

    ``path`` holds the last counter taken and outlives the run: the next one must not offer the same code.
    """
    with locked(path) as file:
        text = file.read(20)
        last = int(text) if text.isdecimal() else -1
        if last < counter + CLAIMS_AHEAD:  # else it was written under another clock
            counter = max(counter, last + 1)
        rewrite(file, str(counter))
    return counter


def totp(secret: str, counter: int, whose: str = "as_totp_secret") -> str:
    """The code of RFC 6238 (SHA-1, six digits) for a base32 secret and a 30 second counter."""
    packed = secret.replace(" ", "").replace("-", "").upper().rstrip("=")
    try:
        key = base64.b32decode(packed + "=" * (-len(packed) % 8))
    except ValueError as exc:
        raise InputError(f"{whose} is not a secret in base32 (letters A to Z and digits 2 to 7).") from exc
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def parse_time(text: t.Any) -> t.Optional[float]:
    """Seconds since 1970 of a date in either of the forms servers use (server-behaviour.md, 20), None if it is neither."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%a %b %d %Y %H:%M:%S GMT+0000 (UTC)"):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()
    return None
