# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session with an Access Server: one sign-in per server and run, shared by tasks, never tried again when refused."""

from __future__ import annotations

import contextlib
import copy
import time
import typing as t
from dataclasses import replace
from datetime import datetime, timezone

from ..._net.connection_options import missing
from ..._net.operations import Headers
from ..._net.session import SIGN_INS, Held, SharedSession, of_credentials, tried_once
from ..._net.session_store import MemoryStore, State, Store
from ..._net.transport import Transport
from ..._text.errors import EstateError, SignInError
from .operations import API
from .sign_in import Credentials, SignIn
from .totp import unused_code

TOKEN_HEADER = "X-OpenVPN-As-AuthToken"  # noqa: S105 - the header's name
NODE_HEADER = "X-OpenVPN-AS-Node"
BLIND_LIFETIME = 240.0  # seconds to trust a token whose dates cannot be read (server behaviour, 20)


class Session(SharedSession):
    """A session, and the password and the codes behind it.

    What tasks share about an account: totp (last counter used), failed (number of refused sign-ins). Those with the same
    credentials: refused (a sentence), password (the one that this run has put in the place of theirs), spent (whether their
    assertion has opened a session). And a session, beside
    what all products have: expires, renew_from, renewable_until (seconds of this machine's clock), account (the server's name
    for it, if it returned one), download (headers that spare a second code).
    """

    token_header = TOKEN_HEADER

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
        super().__init__(http, credentials.proof, store, trust)
        self._who, self._codes = credentials, codes
        self._clock, self._sleep = clock, sleep
        self._before: t.Optional[str] = None
        # The account of a token that the user gave alone; empty where the server did not return it.
        self._named: t.Optional[str] = None
        http.node = f"node {credentials.node}" if credentials.node else ""

    @property
    def username(self) -> t.Optional[str]:
        """The account that the calls are made with; None where a token or an assertion was given without a name."""
        return self._who.username or (self._seen.get("account") if self._who.assertion else None)

    @property
    def can_sign_in(self) -> bool:
        """Whether there is what a new sign-in takes; a token alone is not, nor is an assertion, which is good once."""
        return bool(self._who.username) and self._who.password is not None and not self._who.assertion

    def refuse_without_credentials(self) -> None:
        """Raise InputError where there is neither a token nor what a sign-in takes."""
        if not self._who.token and not self._who.assertion and not self.can_sign_in:
            raise missing(["as_username", "as_password"], ", or as_token")

    @property
    def account_names(self) -> list[str]:
        """The names of the account: the server's, where its answers hold one, and the task's. Empty where there is neither.

        Recorded renewals do not name the user (server behaviour, 19), so a token alone tells nothing on such servers.
        """
        if not self._who.username and self._named is None:
            token = self.headers()[TOKEN_HEADER]
            self._named = self._seen.get("account") or _account_in(self._renewed(token))
        found = (self._named, self._seen.get("account"), self._who.username)
        return list(dict.fromkeys(name for name in found if name))

    @property
    def state(self) -> State:
        """The session as it is shared: holds the token."""
        with self.share.held() as held:
            return dict(held.session)

    def headers(self, refused: t.Optional[Headers] = None) -> dict[str, str]:
        """Headers for a call; ``refused`` are those that the server no longer takes."""
        node = {NODE_HEADER: self._who.node} if self._who.node else {}
        if self._who.token and refused is None and not self._seen.get("token"):
            return {TOKEN_HEADER: self._who.token, **node}
        return {**super().headers(refused), **node}

    def is_fresh(self, session: State) -> bool:
        """Whether a session has a token that need not be renewed yet."""
        return "token" in session and self._clock() < session["renew_from"]

    def freshen(self, held: Held) -> None:
        """Renew the token, or sign in where it has expired."""
        if "token" in held.session and self._clock() < held.session["expires"]:
            self._renew(held.session)
        else:
            self._sign_in(held)

    def sign_in_anew(self, headers: t.Optional[Headers] = None) -> None:
        """Prove the password again: some calls want a recent sign-in, and some changes must not have locked us out.

        ``headers`` are those that were not recent enough; of several calls side by side, one signs in for all.
        """
        with self.share.held() as held:
            if headers is None or held.session.get("token") in (None, headers[TOKEN_HEADER]):
                self._sign_in(held)
            self._seen = dict(held.session)

    @contextlib.contextmanager
    def excused(self) -> t.Iterator[None]:
        """Around what may cost us sessions, and was asked for: they do not count as dropped."""
        with self.share.held() as held:
            counted = held.session.get("dropped", 0)
        yield
        with self.share.held() as held:
            held.session["dropped"] = counted

    def use_password(self, password: str) -> str:
        """From now on sign in with this one, also in tasks that still give the old one; those that give it share the session.

        Answers what tasks have to be told that cannot know, because the session is not shared by a file.
        """
        self._before = self.password_before
        self._who = replace(self._who, token=None)
        with self.share.held() as held:
            for name in ("refused", "password"):
                held.credentials.pop(name, None)
            if password == self._who.password:
                return ""
            held.credentials["password"] = password
            changed = of_credentials(held.account, replace(self._who, password=password).proof)
            changed.pop("refused", None)
            changed["sessions"] = copy.deepcopy(held.credentials["sessions"])
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
        with self.share.held() as held:
            return t.cast(t.Optional[str], held.credentials.get("password", self._who.password))

    def at_node(self, http: Transport, node: str) -> Session:
        """The same session over another transport, whose calls a node of the cluster carries out."""
        who = replace(self._who, node=node)
        return Session(http, who, self.share.store, self._codes, self._clock, self._sleep, self.share.trust)

    def apart(self, http: Transport) -> Session:
        """The account by its password alone, over another transport, in a session of its own."""
        who = replace(self._who, password=self._password_now, token=None, assertion=None)
        return Session(http, who, MemoryStore(), self._codes, self._clock, self._sleep)

    def _sign_in(self, held: Held) -> None:
        if self._who.assertion:
            self._sign_in_by_assertion(held)
            return
        if not self._who.username or self._who.password is None:
            self.refuse_without_credentials()
            raise SignInError("The server no longer takes the token given as as_token; bring a new one.")
        if held.session.get("dropped", 0) >= SIGN_INS:
            raise SignInError(
                f"{self._http.url} has dropped {SIGN_INS} sessions of {self._who.username} in this run. "
                "No further sign-in was tried; look at the server's log."
            )
        who = replace(self._who, password=held.credentials.get("password", self._who.password))
        with tried_once(held, f"{who.username} to {self._http.url}"):
            code = None
            if who.totp_secret:  # before the challenge, which would not wait for long
                code = unused_code(who.totp_secret, held.account, self._codes, self._clock, self._sleep)
            answer = SignIn(self._http, who).by_password(code)
        self._adopt(held.session, answer, fresh=True)

    def _sign_in_by_assertion(self, held: Held) -> None:
        """Once: a server that is asked again takes it for a theft."""
        if held.credentials.get("spent"):
            raise SignInError(
                f"as_saml_assertion has opened its one session with {self._http.url}. That session has ended, or this task trusts "
                "the server by other options than the task that opened it. Give a new assertion, or use an administrator with a "
                "password."
            )
        with tried_once(held, f"the account of as_saml_assertion to {self._http.url}"):
            answer = SignIn(self._http, self._who).by_assertion()
        held.credentials["spent"] = True
        self._adopt(held.session, answer, fresh=True)

    def _renew(self, session: State) -> None:
        """Ahead of time, because an expired token cannot be renewed (server behaviour, 19)."""
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
            answer = self._http.sign_in(API.call("POST /auth/token/renew"), {TOKEN_HEADER: token})
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
    """Whose session an answer is about, in either of its forms (server behaviour, 15); empty where it does not tell."""
    properties = answer.get("user_properties")
    told = [each.get("username") for each in (properties, answer) if isinstance(each, dict)]
    return next((name for name in told if isinstance(name, str) and name), "")


def parse_time(text: t.Any) -> t.Optional[float]:
    """Seconds since 1970 of a date in either of the forms servers use (server behaviour, 20), None if it is neither."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%a %b %d %Y %H:%M:%S GMT+0000 (UTC)"):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()
    return None
