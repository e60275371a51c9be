# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property of an object, as data: its option, how the API writes it, and how its values are compared."""

from __future__ import annotations

import enum
import operator
import typing as t
from dataclasses import dataclass

Plain = t.Any  # a value as a playbook would write it
Wire = t.Any  # a value as the API writes it
Object = dict[str, Plain]
Spec = t.Mapping[str, t.Any]

HIDDEN = "(not shown)"
# The option of a task, update_secrets or update_password, for when to write a declared secret of an existing object.
WHEN_WRITTEN: Spec = {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False}


def same(value: t.Any) -> t.Any:
    """The value as it is."""
    return value


class Turn(enum.IntEnum):
    """When something is written, among all that a task writes: lower numbers first."""

    FOUNDATION = 0  # what others are checked against, such as networks that addresses are from
    TAKE = 1  # takes access away
    USUAL = 2
    LEAVE = 3  # puts users without a group into one, before the settings for users without a group change
    MOVE = 4  # users, also into other groups
    JOIN = 5  # lists of users
    CLEAR = 6  # deletes groups, after users have moved to other groups; the other users fall back to the default user
    GIVE = 7  # gives access
    REST = 8
    OWN = 9  # may end the sign-in of the account that the task uses, so all others come first


@dataclass(frozen=True)
class KnownValues:
    """Texts that the vendor is known to accept for an option whose list is open: other texts are doubtful, not wrong.

    ``separator`` stands between several of them in one text.
    """

    values: tuple[str, ...]
    separator: str = ""

    def unknown(self, text: t.Any) -> list[str]:
        """The unknown parts of a text. The empty text has none, and values of other types are not judged."""
        if not isinstance(text, str) or not text:
            return []
        return [one for one in (text.split(self.separator) if self.separator else [text]) if one not in self.values]


def at_least(least: int) -> t.Callable[[int], None]:
    """A check of numbers, for ``validate``."""

    def validate(number: int) -> None:
        if number < least:
            raise ValueError(f"{number} is too small; the smallest value is {least}")

    return validate


@dataclass(frozen=True)
class Field:
    """One option, and the API property behind it.

    ``load`` reads a value from a record and returns None for "not set on this object"; ``dump`` writes one to a record, and is
    None where the resource writes the property by a call of its own. ``normal`` is applied to both sides before they are
    compared, does not change a normal value, and raises ValueError with a sentence for an invalid one. ``validate`` does the
    same for declared values only. A field without ``spec`` is shown and never declared. ``keeps`` compares what the server
    has with what was written, both in normal form. ``altered`` returns the items of a declared value whose normal form covers
    more than they do: each as it was written, by its normal form.

    ``turn`` is when an update of this property is written, if not with the rest of its object, and ``turn_from_unset`` is the
    same where the object had no value before. ``gives`` is the value that
    gives access, or makes a sign-in weaker, where another value takes that away: an update to it is written among the last.

    ``rewrite`` decides, from what is declared and what the server has, whether to write a secret of an existing object; None
    leaves that to the task. ``known`` returns the known values, from the name of the object and what the server has of it.
    ``misplaced`` gets all options of an object where this one is set, and returns what to do instead if it contains a secret
    that belongs elsewhere. ``refers`` returns the objects that a value names, each as a noun and a name. ``mirrors`` is the
    noun and the property of other objects with the same information, as the group of a user is for the members of a group.
    """

    name: str
    spec: t.Optional[Spec] = None
    api: str = ""
    load: t.Callable[[Wire], Plain] = same
    dump: t.Optional[t.Callable[[Plain], Wire]] = same
    normal: t.Callable[[Plain], Plain] = same
    unset: Plain = None  # the value of an object without this property, in normal form
    inherited: bool = False  # comes wrapped, and can be inherited from the level above
    create_only: bool = False
    validate: t.Optional[t.Callable[[Plain], object]] = None
    rewrite: t.Optional[t.Callable[[Object, Object], t.Optional[bool]]] = None
    read_back: bool = False  # the vendor does not define the result of an update
    keeps: t.Callable[[Plain, Plain], bool] = operator.eq  # whether what the server has is what was written
    shows: t.Callable[[Plain], Plain] = same  # what results and diffs show of it
    is_set: t.Optional[t.Callable[[Object], bool]] = None  # of a secret: whether the server has one
    known: t.Optional[t.Callable[[str, Object], t.Optional[KnownValues]]] = None
    misplaced: t.Optional[t.Callable[[Object], str]] = None
    altered: t.Callable[[Plain], t.Mapping[str, str]] = lambda declared: {}
    turn: t.Optional[Turn] = None
    turn_from_unset: t.Optional[Turn] = None
    gives: Plain = None
    refers: t.Optional[t.Callable[[Plain], t.Iterable[tuple[str, str]]]] = None
    mirrors: t.Optional[tuple[str, str]] = None

    def __post_init__(self) -> None:
        if self.spec and "default" in self.spec:
            raise ValueError(f"{self.name}: an option left out is left alone, so it has no default")
        object.__setattr__(self, "api", self.api or self.name)

    @property
    def secret(self) -> bool:
        """Whether it is written and never read, compared or shown."""
        return bool(self.spec and self.spec.get("no_log"))

    def turn_of(self, before: Plain, after: Plain, usual: Turn) -> Turn:
        """When an update from one value to another is written; ``usual`` is when the rest of its object is.

        To inherit in place of the value that gives can only take access, and to inherit in place of another one may give it.
        """
        if self.gives is None:
            return (self.turn_from_unset if before == self.unset else None) or self.turn or usual
        gives = before != self.gives if after is None else after == self.gives
        return Turn.GIVE if gives else Turn.TAKE

    def on_the_wire(self, value: Plain) -> Wire:
        """A value as the API takes it; with None, the property is inherited again."""
        return None if value is None or self.dump is None else self.dump(value)

    def off_the_wire(self, wire: t.Mapping[str, Wire]) -> Plain:
        """This property of a record, in normal form."""
        value = self.load(wire.get(self.api))
        return self.unset if value is None else self.normal(value)
