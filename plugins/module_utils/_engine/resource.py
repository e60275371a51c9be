# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How objects of a kind are read and changed: what every noun defines besides its description."""

from __future__ import annotations

import typing as t

from .._text.errors import Mistakes
from .description import Description
from .field import Object, Turn
from .old_sessions import OLD
from .plan import Actual, Change, Wanted
from .run import Run


class Resource(Description):
    """Objects of one kind on a server. Each call takes many objects: one is a list of one.

    A noun needs ``read``, and those of ``create``, ``update`` and ``delete`` that its states require. The rest is for servers
    that are less simple.
    """

    turn: Turn = Turn.USUAL  # of what is written, unless a field has another one
    turn_of_delete: Turn = Turn.TAKE

    # -- decisions

    def desired(self, run: Run[t.Any], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """The values that the object has to have afterwards; None means: inherit."""
        return {**wanted.values, **dict.fromkeys(wanted.inherit)}

    def portions(self, change: Change, new: t.Collection[tuple[str, str]]) -> t.Sequence[tuple[Turn, Object]]:
        """The values of a change, in the order in which they are written where the task changes other resources too.

        Values without a field are written when access is taken away, and old sessions end last. ``new`` are the objects that the
        task creates, each as noun and name: what refers to them comes after them.
        """
        fields = self.by_name
        found: dict[Turn, Object] = {self.turn: {}} if change.secrets or change.action == "create" else {}
        for name, value in change.values.items():
            f = fields.get(name)
            if change.action == "create":
                turn = f.turn if f and f.turn and not f.dump else self.turn
            else:
                ends = Turn.REST if name == OLD else Turn.TAKE
                turn = f.turn_of((change.before or {}).get(name), value, self.turn) if f else ends
            found.setdefault(turn, {})[name] = value
        return sorted(found.items())

    def deletion(self, change: Change) -> t.Sequence[tuple[Turn, t.Optional[Object]]]:
        """When an object is deleted, as None in place of values; and, before that, what is written to it first."""
        return [(self.turn_of_delete, None)]

    def validate_plan(self, run: Run[t.Any], mistakes: Mistakes) -> None:
        """Add to ``mistakes`` all mistakes in ``run.plan`` that can be found without writing.

        If it raises an InputError, that is one of them, and the checks after it are skipped.
        """

    # -- calls

    def read(self, run: Run[t.Any], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects by name; every one of them, with the server's count, where ``names`` is None. Callers use ``run.read``."""
        raise NotImplementedError

    def delete(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Delete these objects."""
        raise NotImplementedError

    def update(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Write ``change.values`` and ``change.secrets`` to objects that are there."""
        raise NotImplementedError

    def create(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Create objects with ``change.values`` and ``change.secrets``."""
        raise NotImplementedError

    def repair(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Write in a second way what the server did not keep; by default there is none."""

    def settle(self, run: Run[t.Any], stopped: bool) -> None:
        """At the end, also if nothing had to be done: wait for what follows by itself, and check what may have gone wrong.

        ``stopped``: the server refused, so that not everything was written. Raises EstateError.
        """
