# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session with an Access Server: one sign-in for each server and run, shared by tasks, never repeated when refused."""

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

    Tasks share about an account: totp (last counter used), failed (number of refused sign-ins). Tasks with the same
    credentials share: refused (a sentence), password (the new one that this run has set), spent (whether their assertion has
    opened a session). And they share a session; in addition to the values of all products it has: expires, renew_from,
    renewable_until (seconds of this machine's clock), account (the server's name for it, if it returned one), download (headers
    that make a second code unnecessary).
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
        # The account of a token without a user name; empty if the server did not return it.
        self._named: t.Optional[str] = None
        http.node = f"node {credentials.node}" if credentials.node else ""

    @property
    def username(self) -> t.Optional[str]:
        """The account of the calls; None if a token or an assertion is set without a name."""
        return self._who.username or (self._seen.get("account") if self._who.assertion else None)

    @property
    def can_sign_in(self) -> bool:
        """Whether a new sign-in is possible. A token alone is not enough, nor is an assertion, which is valid once."""
        return bool(self._who.username) and self._who.password is not None and not self._who.assertion

    def refuse_without_credentials(self) -> None:
        """Raise InputError if there is neither a token nor the credentials for a sign-in."""
        if not self._who.token and not self._who.assertion and not self.can_sign_in:
            raise missing(["as_username", "as_password"], ", or as_token")

    @property
    def account_names(self) -> list[str]:
        """The names of the account: the server's, if its answers contain one, and the task's. Empty if there is neither.

        Recorded renewals do not name the user (server behaviour, 19), so on such servers a token alone has no name.
        """
        if not self._who.username and self._named is None:
            token = self.headers()[TOKEN_HEADER]
            self._named = self._seen.get("account") or _account_in(self._renewed(token))
        found = (self._named, self._seen.get("account"), self._who.username)
        return list(dict.fromkeys(name for name in found if name))

    @property
    def state(self) -> State:
        """The shared session, with the token."""
        with self.share.held() as held:
            return dict(held.session)

    def headers(self, refused: t.Optional[Headers] = None) -> dict[str, str]:
        """Headers for a call; ``refused`` are headers that the server no longer accepts."""
        node = {NODE_HEADER: self._who.node} if self._who.node else {}
        if self._who.token and refused is None and not self._seen.get("token"):
            return {TOKEN_HEADER: self._who.token, **node}
        return {**super().headers(refused), **node}

    def is_fresh(self, session: State) -> bool:
        """Whether a session has a token that does not need renewal yet."""
        return "token" in session and self._clock() < session["renew_from"]

    def freshen(self, held: Held) -> None:
        """Renew the token, or sign in if it has expired."""
        if "token" in held.session and self._clock() < held.session["expires"]:
            self._renew(held.session)
        else:
            self._sign_in(held)

    def sign_in_again(self, headers: t.Optional[Headers] = None) -> None:
        """Sign in with the password again: some calls require a recent sign-in, and some changes could have locked us out.

        ``headers`` are those that were not recent enough. Of several calls at the same time, one signs in for all.
        """
        with self.share.held() as held:
            if headers is None or held.session.get("token") in (None, headers[TOKEN_HEADER]):
                self._sign_in(held)
            self._seen = dict(held.session)

    @contextlib.contextmanager
    def excused(self) -> t.Iterator[None]:
        """Around calls that may end our sessions and are intended: these sessions do not count as dropped."""
        with self.share.held() as held:
            counted = held.session.get("dropped", 0)
        yield
        with self.share.held() as held:
            held.session["dropped"] = counted

    def use_password(self, password: str) -> str:
        """From now on sign in with this password, also in tasks with the old one; tasks with the new one share the session.

        Returns a sentence for tasks that cannot know this, because no file shares the session with them.
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
            f"The password of {self._who.username} on {self._http.url} was changed in this run by a task on another machine. "
            "This task has the old one, which was not tried. Set the new one as as_password."
        )

    @property
    def password_before(self) -> t.Optional[str]:
        """The password that was valid before the first use_password(); the task may have another one."""
        return self._before if self._before is not None else self._password_now

    @property
    def _password_now(self) -> t.Optional[str]:
        with self.share.held() as held:
            return t.cast(t.Optional[str], held.credentials.get("password", self._who.password))

    def at_node(self, http: Transport, node: str) -> Session:
        """The same session over another transport; a node of the cluster carries out its calls."""
        who = replace(self._who, node=node)
        return Session(http, who, self.share.store, self._codes, self._clock, self._sleep, self.share.trust)

    def apart(self, http: Transport) -> Session:
        """The account, with its password only, over another transport and in its own session."""
        who = replace(self._who, password=self._password_now, token=None, assertion=None)
        return Session(http, who, MemoryStore(), self._codes, self._clock, self._sleep)

    def _sign_in(self, held: Held) -> None:
        if self._who.assertion:
            self._sign_in_by_assertion(held)
            return
        if not self._who.username or self._who.password is None:
            self.refuse_without_credentials()
            raise SignInError("The server no longer accepts the token in as_token. Set a new one.")
        if held.session.get("dropped", 0) >= SIGN_INS:
            raise SignInError(
                f"{self._http.url} has ended {SIGN_INS} sessions of {self._who.username} in this run. "
                "No further sign-in was tried. Check the server's log."
            )
        who = replace(self._who, password=held.credentials.get("password", self._who.password))
        with tried_once(held, f"{who.username} to {self._http.url}"):
            code = None
            if who.totp_secret:  # before the challenge, because the challenge expires soon
                code = unused_code(who.totp_secret, held.account, self._codes, self._clock, self._sleep)
            answer = SignIn(self._http, who).by_password(code)
        self._adopt(held.session, answer, fresh=True)

    def _sign_in_by_assertion(self, held: Held) -> None:
        """Once: a server treats a second use as a theft."""
        if held.credentials.get("spent"):
            raise SignInError(
                f"as_saml_assertion has already opened its one session with {self._http.url}. That session has ended, or this task "
                "has other TLS options than the task that opened it. Set a new assertion, or use an administrator with a "
                "password."
            )
        with tried_once(held, f"the account of as_saml_assertion to {self._http.url}"):
            answer = SignIn(self._http, self._who).by_assertion()
        held.credentials["spent"] = True
        self._adopt(held.session, answer, fresh=True)

    def _renew(self, session: State) -> None:
        """Ahead of time, because an expired token cannot be renewed (server behaviour, 19)."""
        if self._clock() >= session.get("renewable_until", 0.0):
            return  # it is valid until it expires; then a new sign-in follows
        answer = self._renewed(session["token"])
        if isinstance(answer.get("auth_token"), str):
            self._adopt(session, answer, fresh=False)
        else:
            session["renew_from"] = session["expires"]

    def _renewed(self, token: str) -> t.Mapping[str, t.Any]:
        """The answer to a renewal; empty if there is none. The old token stays valid."""
        try:
            answer = self._http.sign_in(API.call("POST /auth/token/renew"), {TOKEN_HEADER: token})
        except EstateError:
            return {}
        return answer if isinstance(answer, dict) else {}

    def _adopt(self, session: State, answer: t.Mapping[str, t.Any], *, fresh: bool) -> None:
        """Keep a token. Its dates come from the server's clock, which may be wrong: so it is renewed early."""
        now = self._clock()
        expires, last = parse_time(answer.get("expires_after")), parse_time(answer.get("renewable_until"))
        life = expires - now if expires and expires > now else BLIND_LIFETIME
        session.update(token=answer["auth_token"], expires=now + life, renew_from=now + min(life / 2, BLIND_LIFETIME))
        session["account"] = _account_in(answer) or session.get("account", "")
        if fresh:
            session["renewable_until"] = now + life + (last - expires if last and expires else 0.0)


def _account_in(answer: t.Mapping[str, t.Any]) -> str:
    """The account of a session in an answer, in both forms (server behaviour, 15); empty if it is not there."""
    properties = answer.get("user_properties")
    names = [each.get("username") for each in (properties, answer) if isinstance(each, dict)]
    return next((name for name in names if isinstance(name, str) and name), "")


def parse_time(text: t.Any) -> t.Optional[float]:
    """Seconds since 1970 of a date in one of the forms of servers (server behaviour, 20); None for other texts."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%a %b %d %Y %H:%M:%S GMT+0000 (UTC)"):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()
    return None
