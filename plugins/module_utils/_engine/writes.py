# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes: how many objects go into a request, how many requests run in parallel, and the result of each object."""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._text.errors import InputError, OutcomeUnknown, Refused, SignInError, Unreachable
from .parallel import AdaptivePool
from .plan import PAST, Change, Effect

ONE_BAD_OBJECT = (400, 404, 409, 413)  # answers about the request, not about the account or the state of the server

_ALREADY = re.compile(r"(?<!not )\bexists?\b", re.IGNORECASE)  # the words for a taken name (server behaviour, 53)


class Writes:
    """How the requests of a task are sent. What it learns about the server's limits applies as long as it exists."""

    def __init__(self, client: t.Any, progress: t.Callable[[str, int, int], None]) -> None:
        self._size, self._progress = client.batch_size, progress
        self._pool = AdaptivePool(client.connections, lambda: client.throttled)

    def many(
        self, changes: t.Sequence[Change], write: t.Callable[[list[Change]], object], verb: t.Optional[str] = None
    ) -> None:
        """One request for many objects. An object that the server refuses fails alone, and the others go on.

        ``verb`` is what happens to them, for users who watch the progress, as in ``updated``.
        """
        waiting, count = [list(changes)] if changes else [], self._counter(changes, verb)
        while waiting:
            batch = waiting.pop(0)
            if len(batch) > self._size:
                waiting = [batch[: self._size], batch[self._size :], *waiting]
                continue
            try:
                with _noting_effect(batch):
                    write(batch)
                count(len(batch))
            except Refused as exc:
                if exc.status == 413 and len(batch) > 1:
                    self._size = len(batch) // 2
                    waiting = [batch, *waiting]
                    continue
                if exc.status not in ONE_BAD_OBJECT or exc.locked:
                    _fail(batch, str(exc))
                    raise
                waiting = [*self._without_refused(batch, exc), *waiting]

    @staticmethod
    def _without_refused(batch: list[Change], exc: Refused) -> list[list[Change]]:
        if len(batch) == 1:
            _fail(batch, str(exc))
            return []
        refused: dict[str, list[str]] = {}
        names = {change.name for change in batch}
        for key, text in exc.reasons.items():
            name = _named(key, names)
            if name is not None:
                refused.setdefault(name, []).append(text)
        if not refused:  # the server does not name the object: find it
            return [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        for change in batch:
            if change.name in refused:
                _fail([change], f"{exc.call} answered {exc.status}: {'; '.join(refused[change.name])}")
        rest = [change for change in batch if change.name not in refused]
        return [rest] if rest else []

    def each(
        self,
        changes: t.Sequence[Change],
        write: t.Callable[[Change], object],
        verb: t.Optional[str] = None,
        alone: t.Collection[int] = ONE_BAD_OBJECT,
        in_order: bool = False,
        first_alone: bool = False,
    ) -> None:
        """One request for each object, several in parallel unless ``in_order``.

        An object whose answer has a status of ``alone`` fails alone, and the others go on. With ``first_alone`` they wait until
        the first one has succeeded.
        """
        going, count = [change for change in changes if change.outcome != "failed"], self._counter(changes, verb)

        def one(change: Change) -> None:
            try:
                with _noting_effect([change]):
                    write(change)
            except Refused as exc:
                if exc.status in (400, 409) and change.action == "create" and _ALREADY.search(exc.reason):
                    change.reached(Effect.NAME_TAKEN)  # or we created it ourselves, if the server may have acted before
                    raise OutcomeUnknown(f"{exc.call}: {exc.reason}") from exc
                _fail([change], str(exc))
                if exc.status not in alone or exc.locked:
                    raise

        for part in (going[:1], going[1:]) if first_alone else (going,):
            self._pool.work(part, one, lambda: count(1), in_order)

    def _counter(self, changes: t.Sequence[Change], verb: t.Optional[str]) -> t.Callable[[int], None]:
        """A function that counts objects, and reports the progress from the beginning on."""
        total, done = len(changes), 0

        def count(number: int) -> None:
            nonlocal done
            done += number
            self._progress(verb or PAST[changes[0].action], done, total)

        if changes:
            count(0)
        return count


@contextlib.contextmanager
def _noting_effect(changes: t.Sequence[Change]) -> t.Iterator[None]:
    """Around a call for these objects: note in each what the server did, or may have done."""
    acted = True
    try:
        yield
        for change in changes:
            change.reached(Effect.CREATED if change.action == "create" else Effect.POSSIBLE)
    except (InputError, Refused, SignInError, Unreachable):
        acted = False
        raise
    finally:
        for change in changes if acted else ():
            change.reached()


def _fail(changes: t.Sequence[Change], reason: str) -> None:
    for change in changes:
        hinted = f"{reason.rstrip('.')}. {change.hint}" if change.hint else reason
        change.fail(f"it was created, but {reason}" if change.effect is Effect.CREATED else hinted)


def _named(key: str, names: t.Collection[str]) -> t.Optional[str]:
    """The object that a key of an error's detail names; keys are tuples of unknown form (server behaviour, 6)."""
    if key in names:
        return key
    longest = max(map(len, names))
    texts = [key[len(opening) :] for opening in ("('", '("', "(", "") if key.startswith(opening)]
    starts = {text[:end] for text in texts for end in range(min(len(text), longest + 1)) if text[end] in "'\",."}
    return max(starts.intersection(names), key=len, default=None)
