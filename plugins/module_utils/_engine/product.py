# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine and the action plugins know of a kind of server."""

from __future__ import annotations

import typing as t

from .._net.session import Proof
from .._net.session_store import Store
from .field import Spec

Params = t.Mapping[str, t.Any]


class Product:
    """A kind of server: the options for the connection, the client behind them, and the session that tasks share."""

    argument_spec: t.Mapping[str, Spec] = {}
    prefix: str = ""  # of the names of all these options
    # Takes what the action plugin passes to a module, a dict: ``file`` and perhaps ``codes``, or ``state`` and ``trust``.
    session_option: str = ""
    place_options: t.AbstractSet[str] = frozenset()  # those that ``place`` reads
    account_options: t.AbstractSet[str] = frozenset()  # that name the account, and nothing else

    def connect(self, params: Params, read_only: bool) -> t.Any:
        """A client for a task, which sends nothing before its first call; ``read_only`` is check mode."""
        raise NotImplementedError

    def check(self, params: Params) -> None:
        """Refuse connection options that cannot be right, without a server and without secrets. Raises Mistakes.

        Options that are not set are not refused: another run may have them in its environment.
        """
        raise NotImplementedError

    def place(self, params: Params) -> t.Optional[tuple[str, str]]:
        """Texts that identify the server, and a node of it where one is set; None where no server is set."""
        raise NotImplementedError

    def account(self, params: Params) -> t.Optional[str]:
        """A text that identifies the owner of the session, one for each account of a server; None if nothing is shared."""
        raise NotImplementedError

    def proof(self, params: Params) -> Proof:
        """What a sign-in proves."""
        raise NotImplementedError

    def sign_in(self, params: Params, store: Store, codes: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Open a session for modules that run elsewhere, and return what ``session_option`` takes.

        Returns nothing where such a module signs in by itself.
        """
        raise NotImplementedError

    def uses_codes(self, params: Params) -> bool:
        """Whether a sign-in uses up codes, which is remembered across runs."""
        return False
