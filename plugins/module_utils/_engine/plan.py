# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as declared, objects as they are, and the changes to them: only data, nothing that talks to a server."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .._text.outside import Sentence
from .field import Object, Turn
from .until import Until

MOST_NAMES = 20  # that a refusal lists
OPEN = ""  # the state of an object with mistakes that make its declared state unclear
PAST = {"create": "created", "update": "updated", "delete": "deleted", "none": "unchanged"}


@dataclass
class Wanted:
    """One object as it is declared: only what is set, in normal form."""

    name: str
    state: str = "present"
    values: Object = field(default_factory=dict)
    inherit: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(repr=False, default_factory=dict)
    altered: dict[str, t.Mapping[str, str]] = field(default_factory=dict)  # of each property, see Field
    given: t.Collection[str] = ()  # options that have a value; those with a refused value are not in ``values``
    until: t.Optional[Until] = None
    ended: bool = False  # its end has passed, and its state follows from that
    own: t.Mapping[str, t.Any] = field(default_factory=dict)  # options of the task that are set for this object alone

    @property
    def stays(self) -> bool:
        """Whether the object certainly exists afterwards."""
        return self.state not in ("absent", OPEN)


@dataclass
class Actual:
    """Objects as they are, by name. ``total`` is the server's own count where the whole list was asked for.

    ``whole``: what is not among them does not exist; otherwise missing ones are read once more. If only a part of an object
    still exists, its ``remains`` names that part.
    """

    objects: dict[str, Object]
    total: t.Optional[int] = None
    whole: bool = False


@dataclass(frozen=True)
class Reference:
    """What an object refers to: the noun and the name of another one, and the option with the reference.

    An object is deleted together with its ``owner``, as an access list is.
    """

    noun: str
    name: str
    option: str
    owner: bool = False


class Effect(enum.IntEnum):
    """What the server has done for a change so far. It never returns to an earlier value."""

    NOTHING = 0
    NAME_TAKEN = 1  # another user created an object of this name meanwhile
    POSSIBLE = 2  # the server acted, or may have
    CREATED = 3  # the object was created, even if the rest failed


class OwnAccount(enum.IntEnum):
    """What a change does to the account that the task signs in with."""

    UNTOUCHED = 0
    TOUCHED = 1
    AT_RISK = 2  # the change could end its sign-in: a new sign-in has to show that it does not


@dataclass
class Step:
    """What is written to one object, or a portion of it. None as a value means: inherit from the level above."""

    action: str  # create, update, delete, none
    before: t.Optional[Object] = None
    values: Object = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    whole: t.Optional[Step] = None  # the step that it is a portion of


@dataclass
class Change:
    """What a task does to one object. Each object has one, from the plan to the report.

    ``step`` is what is to be done. While the task writes, after a lost answer, it is what is still left of ``planned``.
    """

    wanted: Wanted
    step: Step
    outcome: str = "planned"  # planned, done, failed, not attempted, unknown
    message: str = ""
    hint: str = ""  # for the user, if the server refuses it: a sentence without its full stop
    hindered: bool = False  # it failed because another object failed
    results: Object = field(default_factory=dict, repr=False)  # what else the task returns about it
    effect: Effect = Effect.NOTHING
    own_account: OwnAccount = OwnAccount.UNTOUCHED
    turn: Turn = Turn.USUAL  # when it is written; the planning sets it, and it stays
    ends: Object = field(default_factory=dict)  # what else it ends, with what is left afterwards: read back as well
    # What a deletion ends besides what can be declared, for its diff.
    lost: Object = field(default_factory=dict, repr=False)
    undo: Object = field(default_factory=dict, repr=False)  # what is needed to set it back, besides ``before``

    def __post_init__(self) -> None:
        self.planned = self.step

    @property
    def name(self) -> str:
        """The name of the object."""
        return self.wanted.name

    @property
    def state(self) -> str:
        """The state that is declared."""
        return self.wanted.state

    @property
    def action(self) -> str:
        """What is to be done: create, update, delete or none."""
        return self.step.action

    @property
    def before(self) -> t.Optional[Object]:
        """The object as it is on the server; None if it does not exist."""
        return self.step.before

    @property
    def values(self) -> Object:
        """Values to write."""
        return self.step.values

    @property
    def secrets(self) -> dict[str, str]:
        """Secrets to write."""
        return self.step.secrets

    @property
    def keys(self) -> list[str]:
        """Names of the properties that change."""
        return sorted([*self.values, *self.secrets]) if self.action in ("create", "update") else []

    @property
    def end(self) -> Object:
        """The end of the object, where its state follows from that, for results and diffs."""
        return {"ended": self.wanted.until.text} if self.wanted.until and self.wanted.ended else {}

    @property
    def at_risk(self) -> bool:
        """Whether it could end the sign-in of the account that the task uses."""
        return self.own_account is OwnAccount.AT_RISK

    @property
    def touched(self) -> bool:
        """Whether the server acted on the object, or may have."""
        return self.effect >= Effect.POSSIBLE

    def complete(self, values: Object) -> None:
        """More is written than was planned, because the server takes only whole values."""
        for step in (self.step, self.step.whole, self.planned):
            if step:
                step.values.update(values)

    def reached(self, effect: Effect = Effect.POSSIBLE) -> None:
        """The server has done this, or may have."""
        self.effect = max(self.effect, effect)

    def fail(self, reason: str) -> None:
        """This object fails; the others go on."""
        self.outcome, self.message = "failed", reason

    def report(self) -> dict[str, t.Any]:
        """This change, as the task returns it."""
        went_well = self.outcome in ("planned", "done")
        line: dict[str, t.Any] = {
            "name": Sentence(self.name),  # of a task that fails, Ansible prints every object
            "action": PAST[self.action] if went_well else self.outcome,
            "changed_keys": self.keys if went_well else [],
            **self.end,
            **self.results,
        }
        return {**line, "msg": Sentence(self.message)} if self.message else line


@dataclass
class Plan:
    """Changes in the order in which the objects were declared, then those of objects that are not declared.

    ``others`` are objects that were read and do not change, by name, such as those that a purge keeps.
    """

    changes: list[Change] = field(default_factory=list)
    others: t.Mapping[str, Object] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return any(change.action != "none" for change in self.changes)

    def afterwards(self, name: str) -> dict[str, t.Any]:
        """A property of each object that exists afterwards, as far as it is known, by the object's name."""
        found = {each: have[name] for each, have in self.others.items() if have.get(name) is not None}
        for change in self.changes:
            value = change.values.get(name, (change.before or {}).get(name))
            if change.action != "delete" and value is not None and (change.before or change.action == "create"):
                found[change.name] = value
        return found

    def of(self, *actions: str) -> list[Change]:
        """Changes of these kinds that have not failed."""
        return [c for c in self.changes if c.step.action in actions and c.outcome != "failed"]


def listed(names: t.Iterable[str], most: int = MOST_NAMES) -> str:
    """Names for a sentence: the first of them, then a count."""
    found = sorted(names)
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")
