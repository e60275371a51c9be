# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, said once, as sentences. Only _module turns these into a failed task."""

from __future__ import annotations

import contextlib
import difflib
import functools
import re
import traceback
import typing as t

Result = t.TypeVar("Result")

_STORED = re.compile(r"\b(database|table|record)\b", re.IGNORECASE)
_LOCKED = re.compile(r"\blocked\b", re.IGNORECASE)
_WAITS = re.compile(r"\bdeadlock\b|\block wait\b", re.IGNORECASE)


UNWRITTEN = "Nothing was written."


def unwritten(sentences: str) -> str:
    """What a task says that failed before its first write: it ends in saying so, unless it says so anyway."""
    if UNWRITTEN in sentences:
        return sentences
    return f"{sentences}{'' if sentences.endswith(('.', '?', '!')) else '.'} {UNWRITTEN}"


class EstateError(Exception):
    """Anything the user should read as one sentence. ``answer`` tells what became of each object of a task that stopped."""

    answer: t.Mapping[str, t.Any] = {}


class InputError(EstateError):
    """What the task declares cannot be: found before the first write."""


class NotOffered(InputError):
    """What the task declares, this server does not have at all."""


class Mistakes(InputError):
    """All that is wrong with a declaration, in the order in which it is read."""

    MOST = 20  # that are told; the rest is told by the next run

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.remedies: list[str] = []  # what to do about them, as sentences
        self.unwritten = False  # whether to say that nothing was written

    def add(self, sentence: str) -> None:
        """One more, as a whole sentence."""
        self.sentences.append(sentence)

    @property
    def has_room(self) -> bool:
        """Whether the next one will be told; for others, no one needs to look for what may have been meant."""
        return len(self.sentences) < self.MOST

    def take(self, exc: InputError, place: str = "") -> None:
        """Those of another refusal, each with its place."""
        told = [str(exc)]
        if isinstance(exc, Mistakes):
            told = exc.sentences
            self.remedies += [remedy for remedy in exc.remedies if remedy not in self.remedies]
            self.unwritten = self.unwritten or exc.unwritten
        self.sentences += [f"{place}: {each}" if place else each for each in told]

    @contextlib.contextmanager
    def collecting(self, place: str = "") -> t.Iterator[None]:
        """Around a check that raises: take what it refuses, and go on behind it."""
        try:
            yield
        except InputError as exc:
            self.take(exc, place)

    def refuse(self) -> None:
        """Raise this, if there is anything; what several checks found is told once."""
        self.sentences = list(dict.fromkeys(self.sentences))
        if self.sentences:
            raise self

    def __str__(self) -> str:
        told, ends = self.sentences[: self.MOST], self.unwritten
        if len(self.sentences) > 1:
            ends = ends or any(UNWRITTEN in each for each in told)
            told = [each.replace(f" {UNWRITTEN}", "") for each in told]
            told = [f"{len(self.sentences)} mistakes:", *(f"({number}) {each}" for number, each in enumerate(told, 1))]
        if len(self.sentences) > self.MOST:
            told.append(f"And {len(self.sentences) - self.MOST} more.")
        said = " ".join(told)
        return " ".join([unwritten(said) if ends else said, *self.remedies])


class Refused(EstateError):
    """The server answered, and the answer was no.

    ``reasons`` are the server's own words per key, as in ``{"static_ipv4": "not an address"}``
    (server behaviour, 6); ``body`` is the whole answer where it is an object, and is never shown; ``said`` is the
    server's own word for its status.
    """

    def __init__(
        self,
        call: str,
        status: int,
        reason: str,
        reasons: t.Optional[t.Mapping[str, str]] = None,
        body: t.Optional[t.Mapping[str, t.Any]] = None,
        said: str = "",
    ) -> None:
        details = "; ".join(f"{key}: {text}" for key, text in (reasons or {}).items())
        said = said or str(status)
        super().__init__(f"{call} answered {said}: {reason}" + (f" ({details})" if details else ""))
        self.call, self.status, self.reason, self.said = call, status, reason, said
        self.reasons, self.body = dict(reasons or {}), dict(body or {})

    @property
    def locked(self) -> bool:
        """Whether the server could not write because something else did, whatever the status that it says so with."""
        return any(map(_speaks_of_a_lock, " ".join((self.reason, *self.reasons.values())).split("\n")))


def _speaks_of_a_lock(line: str) -> bool:
    what = _STORED.search(line)
    return bool(_WAITS.search(line) or (what and _LOCKED.search(line, what.end())))


class SignInError(EstateError):
    """The server did not let us in. It is never tried again: five failures lock the account (server behaviour, 32).

    ``final`` says that the server refused, so that no other task of the run may try either; ``said`` is the server's own
    word for it, where it has one.
    """

    def __init__(self, message: str, *, final: bool = True, said: str = "") -> None:
        super().__init__(message)
        self.final, self.said = final, said


class Unreachable(EstateError):
    """Nothing was sent, or nothing came back: the state of the server is what it was."""


class OutcomeUnknown(EstateError):
    """A write was sent and its answer was lost: only reading again can tell what became of it."""


class NotBack(EstateError):
    """A server that was told to restart has not come back as restarted."""


class WriteWithheld(EstateError):
    """A defect of ours: a write reached the wire in check mode."""


class Unreadable(EstateError):
    """The server answered in a form that is none of those we know."""


class Asking(t.Protocol):
    """A client, or what has one: ``asked`` is the last call that it made, for sentences."""

    @property
    def asked(self) -> str:
        """Such as ``GET /users/list at https://vpn.example.com``."""


@contextlib.contextmanager
def reading(client: Asking) -> t.Iterator[None]:
    """Around code that takes answers apart: what does not come apart is Unreadable."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        place = traceback.extract_tb(exc.__traceback__)[-1].name
        raise Unreadable(
            f"{client.asked} answered something that this collection cannot read ({type(exc).__name__} in {place})."
        ) from exc


def reads(work: t.Callable[..., Result]) -> t.Callable[..., Result]:
    """The same around a function, called with a client or a run first."""

    @functools.wraps(work)
    def wrapped(client: Asking, *args: t.Any) -> Result:
        with reading(client):
            return work(client, *args)

    return wrapped


def did_you_mean(said: str, known: t.Iterable[str]) -> str:
    """A question to put after a sentence, with a blank before it; empty where nothing known is like what was said."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(said.casefold(), folded, 1)
    return f" Did you mean {folded[near[0]]}?" if near else ""
