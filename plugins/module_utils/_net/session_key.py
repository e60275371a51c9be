# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of what a run's tasks share is a task's: that of tasks with the same credentials and the same trust."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import typing as t

from .._text.errors import SignInError
from .connection_options import trust_mark
from .session_store import State, Store
from .transport import Transport

Proof = t.Sequence[t.Optional[str]]  # what proves who we are, such as a name and a password
FAILURES = 3  # refused sign-ins of an account in one run, each with another proof; servers lock it after a few more


def known_of(state: State, proof: Proof) -> State:
    """The part of a state that tasks share who prove the same: their sessions, and what they know of the proof.

    It is found by a digest under a random key. The key lies in the state, in the private folder of the run, so that a
    digest that lies elsewhere tells nothing about a password.
    """
    return t.cast(State, state.setdefault("known", {}).setdefault(_digest(state, proof), {}))


def _digest(state: State, proof: Proof) -> str:
    key = state.setdefault("key", secrets.token_hex(32))
    return hmac.new(bytes.fromhex(key), json.dumps(proof).encode(), hashlib.sha256).hexdigest()


class Share:
    """A task's part of a store.

    ``trust`` says whom the task takes for the server, as trust_mark() tells. It is given for clients that a task makes
    itself, such as for the address that a server has after a change: they go on with the session that there is.
    """

    def __init__(self, http: Transport, proof: Proof, store: Store, trust: t.Optional[str] = None) -> None:
        self._http, self._proof, self._store, self._trust = http, proof, store, trust

    @property
    def trust(self) -> str:
        """Whom tasks trust that share the session."""
        if self._trust is None:
            self._trust = trust_mark(self._http)
        return self._trust

    @property
    def is_shared(self) -> bool:
        """Whether other tasks use it too."""
        return self._store.is_shared

    @contextlib.contextmanager
    def held(self) -> t.Iterator[tuple[State, State, State]]:
        """What tasks share: of one account, of those with the same proof, and of those with the same trust (the session)."""
        with self._store.held() as state:
            known = known_of(state, self._proof)
            yield state, known, known.setdefault("sessions", {}).setdefault(self.trust, {})

    def handed(self) -> dict[str, str]:
        """What a module that runs elsewhere is given: this session, and no other."""
        with self.held() as (state, known, session):
            own = {**known, "sessions": {self.trust: session}}
            # As text: Ansible masks each value of a secret option, and the small numbers in here are everywhere.
            return {"state": json.dumps({**state, "known": {_digest(state, self._proof): own}}), "trust": self.trust}


@contextlib.contextmanager
def tried_once(state: State, known: State, account: str) -> t.Iterator[None]:
    """Around a sign-in of an account, such as ``anna to https://vpn.example.com``.

    Raises SignInError in its place after a refusal of the same proof, and after FAILURES refusals of others.
    """
    if known.get("refused"):
        raise SignInError(known["refused"], said=known.get("refused_as", ""))
    if state.get("failed", 0) >= FAILURES:
        raise SignInError(
            f"{FAILURES} sign-ins of {account} were refused in this run, each with another password or secret. No further one "
            "was tried, because failures lock the account."
        )
    try:
        yield
    except SignInError as exc:
        if exc.final:
            known["refused"], known["refused_as"] = str(exc), exc.said
            state["failed"] = state.get("failed", 0) + 1
        raise
