# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with a server that tasks of a run share: only tasks with the same credentials and the same trust."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import typing as t

from .._text.errors import SignInError
from .connection_options import trust_mark
from .operations import Headers
from .session_store import State, Store
from .transport import Transport

Proof = t.Sequence[t.Optional[str]]  # the credentials of a sign-in, such as a name and a password
FAILURES = 3  # refused sign-ins of an account in one run, each with another proof; servers lock it after a few more
SIGN_INS = 3  # to a server that drops sessions, in one run


class Held(t.NamedTuple):
    """What tasks share: all tasks of an account; those with the same credentials; and of those, the ones with the same trust."""

    account: State
    credentials: State
    session: State


def of_credentials(account: State, proof: Proof) -> State:
    """The part of an account's state that the tasks with the same credentials share: their sessions, and a refusal.

    It is found by a digest under a random key. The key is in the state, in the private folder of the run, so that a
    digest elsewhere reveals nothing about a password.
    """
    return t.cast(State, account.setdefault("known", {}).setdefault(_digest(account, proof), {}))


def _digest(account: State, proof: Proof) -> str:
    key = account.setdefault("key", secrets.token_hex(32))
    return hmac.new(bytes.fromhex(key), json.dumps(proof).encode(), hashlib.sha256).hexdigest()


class Share:
    """A task's part of a store.

    ``trust`` is the mark of what the task trusts, as of trust_mark(). It is given for clients that a task creates itself,
    such as for the address that a server has after a change: they continue with the existing session.
    """

    def __init__(self, http: Transport, proof: Proof, store: Store, trust: t.Optional[str] = None) -> None:
        self._http, self._proof, self.store, self._trust = http, proof, store, trust

    @property
    def trust(self) -> str:
        """The mark of what the tasks that share the session trust."""
        if self._trust is None:
            self._trust = trust_mark(self._http)
        return self._trust

    @property
    def is_shared(self) -> bool:
        """Whether other tasks use it too."""
        return self.store.is_shared

    @contextlib.contextmanager
    def held(self) -> t.Iterator[Held]:
        """What tasks share; other tasks wait until the block ends."""
        with self.store.held() as account:
            known = of_credentials(account, self._proof)
            yield Held(account, known, known.setdefault("sessions", {}).setdefault(self.trust, {}))

    def handed(self) -> dict[str, str]:
        """What a module that runs on another host gets: only this session."""
        with self.held() as held:
            own = {**held.credentials, "sessions": {self.trust: held.session}}
            known = {_digest(held.account, self._proof): own}
            # As text: Ansible masks each value of a secret option, and the small numbers in here occur in every output.
            return {"state": json.dumps({**held.account, "known": known}), "trust": self.trust}


def refuse_again(credentials: State) -> None:
    """Raise SignInError where a sign-in with the same credentials was refused."""
    if credentials.get("refused"):
        raise SignInError(credentials["refused"], said=credentials.get("refused_as", ""))


@contextlib.contextmanager
def tried_once(held: Held, account: str) -> t.Iterator[None]:
    """Around a sign-in of an account, such as ``anna to https://vpn.example.com``.

    Raises SignInError instead after a refusal of the same credentials, and after FAILURES refusals of others.
    """
    refuse_again(held.credentials)
    if held.account.get("failed", 0) >= FAILURES:
        raise SignInError(
            f"{FAILURES} sign-ins of {account} were refused in this run, each with another password or secret. No other sign-in "
            "was tried, because failures lock the account."
        )
    try:
        yield
    except SignInError as exc:
        if exc.final:
            held.credentials["refused"], held.credentials["refused_as"] = str(exc), exc.said
            held.account["failed"] = held.account.get("failed", 0) + 1
        raise


class SharedSession:
    """The headers of a task's calls, and the token in them that tasks share. Subclasses sign in.

    A session has these keys for all products: ``token``, and ``dropped``, the number of tokens that the server no longer took.
    """

    token_header: str

    def __init__(self, http: Transport, proof: Proof, store: Store, trust: t.Optional[str] = None) -> None:
        self._http = http
        self.share = Share(http, proof, store, trust)
        self._seen: State = {}  # the session as this process last read it, so that not every call opens the file
        http.authorise = self.headers

    def headers(self, refused: t.Optional[Headers] = None) -> dict[str, str]:
        """Headers for a call; ``refused`` are those that the server no longer accepts."""
        return {self.token_header: self.token(spent=refused[self.token_header] if refused else None)}

    def token(self, spent: t.Optional[str] = None) -> str:
        """A token that is valid now; ``spent`` is one that the server no longer accepts."""
        if spent is not None or not self.is_fresh(self._seen):
            with self.share.held() as held:
                if spent is not None and held.session.get("token") == spent:
                    del held.session["token"]
                    held.session["dropped"] = held.session.get("dropped", 0) + 1
                if not self.is_fresh(held.session):
                    self.freshen(held)
                self._seen = dict(held.session)
                self._http.secrets.add(str(self._seen["token"]))
        return str(self._seen["token"])

    def is_fresh(self, session: State) -> bool:
        """Whether a session has a token that can be used without a new sign-in."""
        return "token" in session

    def freshen(self, held: Held) -> None:
        """Put a new token into the session."""
        raise NotImplementedError
