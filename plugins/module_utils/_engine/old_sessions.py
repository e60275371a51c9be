# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with a value that their user had when they began, such as a fixed address, and that end when the user gets another.

They end in the task that gives the user the other value. Sessions are compared, not connected users: a client may connect
again at once, with the new value.
"""

from __future__ import annotations

import typing as t

from .field import Object, Spec
from .plan import Change
from .run import Run

OPTION = "disconnect_moved"
DISCONNECT_MOVED: t.Mapping[str, Spec] = {OPTION: {"type": "bool", "default": False}}
OLD = "old_sessions"  # the key of results and diffs: how many there are
_CONNECTED = "connected"

Session = tuple[t.Hashable, t.Any]  # its identity, and its record


def add_sessions(
    run: Run[t.Any], objects: t.Mapping[str, Object], sessions: t.Mapping[str, t.Sequence[Session]]
) -> None:
    """Note in objects which sessions they have now, and how many of those that are to end."""
    for name, have in objects.items():
        have[_CONNECTED] = sessions.get(name, ())
        have[OLD] = len(left(run, name, have[_CONNECTED]))


def end_old(run: Run[t.Any], name: str, have: Object, after: Object, is_old: t.Callable[[t.Any], bool]) -> None:
    """Let those sessions of an object end whose records are old when the object is as in ``after``."""
    _noted(run, name).update(known for known, record in have.get(_CONNECTED, ()) if is_old(record))
    have[OLD] = len(left(run, name, have.get(_CONNECTED, ())))
    if have[OLD]:
        after[OLD] = 0


def left(run: Run[t.Any], name: str, sessions: t.Sequence[Session]) -> list[t.Any]:
    """The records of those sessions that are to end."""
    return [record for known, record in sessions if known in _noted(run, name)]


def read_back(changes: t.Iterable[Change]) -> None:
    """Check by reading back that they ended."""
    for change in changes:
        if OLD in change.values:
            change.ends = {**change.ends, OLD: 0}


def _noted(run: Run[t.Any], name: str) -> set[t.Hashable]:
    return t.cast("set[t.Hashable]", run.notes.setdefault(OLD, {}).setdefault(name, set()))
