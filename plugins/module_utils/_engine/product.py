# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of server: how to reach one, and how the tasks of a run share a session with it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._net.session import Proof
from .._net.session_store import Store
from .field import Spec


@dataclass(frozen=True)
class Sharing:
    """How the tasks of a run share one session with a server.

    ``option`` takes what the action plugin hands to a module, a dict: ``file`` and perhaps ``codes``, or ``state`` and
    ``trust``. ``spec`` are the options that say whose session it is; ``account`` tells it in a text, one for each account of
    a server, and None where there is nothing to share; ``proof`` is what proves who we are; ``sign_in`` opens a session,
    for modules that run elsewhere, and answers what ``option`` takes; ``uses_codes`` says whether codes are used up by it,
    which is remembered from run to run.
    """

    option: str
    spec: t.Mapping[str, Spec]
    account: t.Callable[[t.Mapping[str, t.Any]], t.Optional[str]]
    proof: t.Callable[[t.Mapping[str, t.Any]], Proof]
    sign_in: t.Callable[[t.Mapping[str, t.Any], Store, t.Optional[str]], t.Mapping[str, t.Any]]
    uses_codes: t.Callable[[t.Mapping[str, t.Any]], bool] = lambda params: False


@dataclass(frozen=True)
class Product:
    """A kind of server: the options that say how to reach one, and the client behind them.

    ``connect`` takes task parameters and whether this is check mode. The client it answers sends nothing before its
    first call, and knows ``url``; ``wrote``: whether anything was, or may have been, written; ``asked``: its last call
    and where it went, for sentences; ``connections`` and ``batch_size``: how many calls may be made side by side, and
    how many objects one may carry; and ``throttled``: how often the server asked for less. It is given ``progress``, as of
    a Task, to tell how far it has read, and told to ``close`` when the task has ended.
    """

    argument_spec: t.Mapping[str, Spec]
    constraints: t.Mapping[str, t.Sequence[t.Any]]
    connect: t.Callable[[t.Mapping[str, t.Any], bool], t.Any]
    sharing: t.Optional[Sharing] = None
