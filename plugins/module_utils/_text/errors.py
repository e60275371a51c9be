# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, as sentences in one place. Only module.py of the engine turns these into a failed task."""

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
    """The message of a task that failed before its first write: it ends with this fact, unless it contains it already."""
    if UNWRITTEN in sentences:
        return sentences
    return f"{sentences}{'' if sentences.endswith(('.', '?', '!')) else '.'} {UNWRITTEN}"


class EstateError(Exception):
    """Anything the user should read as one sentence. ``answer`` has the result of each object of a task that was stopped."""

    answer: t.Mapping[str, t.Any] = {}


class InputError(EstateError):
    """What the task declares is not possible: found before the first write."""


class NotOffered(InputError):
    """This server does not have what the task declares."""


class Mistakes(InputError):
    """All that is wrong with a declaration, in the order in which it is read."""

    MOST = 20  # that are shown; the next run shows the rest

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.remedies: list[str] = []  # what to do about them, as sentences
        self.unwritten = False  # whether to add that nothing was written

    def add(self, sentence: str) -> None:
        """Add one, as a whole sentence."""
        self.sentences.append(sentence)

    @property
    def has_room(self) -> bool:
        """Whether the next one will be shown; for others, no suggestion needs to be computed."""
        return len(self.sentences) < self.MOST

    def take(self, exc: InputError, place: str = "") -> None:
        """Add those of another refusal, each with its place."""
        sentences = [str(exc)]
        if isinstance(exc, Mistakes):
            sentences = exc.sentences
            self.remedies += [remedy for remedy in exc.remedies if remedy not in self.remedies]
            self.unwritten = self.unwritten or exc.unwritten
        self.sentences += [f"{place}: {each}" if place else each for each in sentences]

    @contextlib.contextmanager
    def collecting(self, place: str = "") -> t.Iterator[None]:
        """Around a check that raises: take its refusals, and continue after it."""
        try:
            yield
        except InputError as exc:
            self.take(exc, place)

    def refuse(self) -> None:
        """Raise this, if it is not empty; a mistake that several checks found is shown once."""
        self.sentences = list(dict.fromkeys(self.sentences))
        if self.sentences:
            raise self

    def __str__(self) -> str:
        shown, ends = self.sentences[: self.MOST], self.unwritten
        if len(self.sentences) > 1:
            ends = ends or any(UNWRITTEN in each for each in shown)
            shown = [each.replace(f" {UNWRITTEN}", "") for each in shown]
            shown = [f"{len(self.sentences)} mistakes:", *(f"({n}) {each}" for n, each in enumerate(shown, 1))]
        if len(self.sentences) > self.MOST:
            shown.append(f"And {len(self.sentences) - self.MOST} more.")
        text = " ".join(shown)
        return " ".join([unwritten(text) if ends else text, *self.remedies])


class Refused(EstateError):
    """The server answered with a refusal.

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
        """Whether the server could not write because something else wrote; this comes with different statuses."""
        return any(map(_mentions_a_lock, " ".join((self.reason, *self.reasons.values())).split("\n")))


def _mentions_a_lock(line: str) -> bool:
    what = _STORED.search(line)
    return bool(_WAITS.search(line) or (what and _LOCKED.search(line, what.end())))


class SignInError(EstateError):
    """The sign-in failed. It is never repeated: five failures lock the account (server behaviour, 32).

    ``final``: the server refused, so no other task of the run may try; ``said`` is the server's own word for it, where it has
    one.
    """

    def __init__(self, message: str, *, final: bool = True, said: str = "") -> None:
        super().__init__(message)
        self.final, self.said = final, said


class Unreachable(EstateError):
    """Nothing was sent, or there was no answer; the state of the server has not changed."""


class OutcomeUnknown(EstateError):
    """A write was sent and its answer was lost: only reading again can show its result."""


class NotBack(EstateError):
    """A server was asked to restart, and was not seen to have restarted."""


class WriteWithheld(EstateError):
    """A defect of ours: a write was about to be sent in check mode."""


class Unreadable(EstateError):
    """The server answered in a form that is not known."""


class Asking(t.Protocol):
    """A client, or an object that has one: ``asked`` is the last call that it made, for sentences."""

    @property
    def asked(self) -> str:
        """Such as ``GET /users/list at https://vpn.example.com``."""


@contextlib.contextmanager
def reading(client: Asking) -> t.Iterator[None]:
    """Around code that takes answers apart: if it fails, the answer is Unreadable."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        place = traceback.extract_tb(exc.__traceback__)[-1].name
        raise Unreadable(
            f"{client.asked} answered something that this collection cannot read ({type(exc).__name__} in {place})."
        ) from exc


def reads(work: t.Callable[..., Result]) -> t.Callable[..., Result]:
    """The same around a function whose first argument is a client or a run."""

    @functools.wraps(work)
    def wrapped(client: Asking, *args: t.Any) -> Result:
        with reading(client):
            return work(client, *args)

    return wrapped


def did_you_mean(name: str, known: t.Iterable[str]) -> str:
    """A question to put after a sentence, with a space before it; empty where no known name is similar."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), folded, 1)
    return f" Did you mean {folded[near[0]]}?" if near else ""
