# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property of an object, as data: its option, how the API writes it, and how two values of it compare."""

from __future__ import annotations

import operator
import typing as t
from dataclasses import dataclass

Plain = t.Any  # a value as a playbook would write it
Wire = t.Any  # a value as the API says it
Object = dict[str, Plain]
Spec = t.Mapping[str, t.Any]

HIDDEN = "(not shown)"


def same(value: t.Any) -> t.Any:
    """The value as it is."""
    return value


@dataclass(frozen=True)
class KnownValues:
    """Texts that a vendor is known to take for an option whose list is open: another one is doubtful, and not wrong.

    ``separator`` stands between several of them in one text.
    """

    values: tuple[str, ...]
    separator: str = ""

    def unknown(self, said: t.Any) -> list[str]:
        """What is not known of a text; the empty text stands for none, and what is no text is not judged."""
        if not isinstance(said, str) or not said:
            return []
        return [one for one in (said.split(self.separator) if self.separator else [said]) if one not in self.values]


@dataclass(frozen=True)
class Field:
    """One option, and the API property behind it.

    ``load`` takes a value off the wire and answers None for "not set on this object", ``dump`` puts one on it.
    ``normal`` is applied to both sides before they are compared, leaves a normal value as it is, and raises
    ValueError with a sentence for what cannot be. A field without ``spec`` is shown and never declared. ``keeps`` is asked
    about what the server has, and what was written, both in normal form. ``altered`` tells of a declared value which items
    mean more in normal form than they say: each as it was said, by its normal form.
    """

    name: str
    spec: t.Optional[Spec] = None
    api: str = ""
    load: t.Callable[[Wire], Plain] = same
    dump: t.Callable[[Plain], Wire] = same
    normal: t.Callable[[Plain], Plain] = same
    unset: Plain = None  # what an object without this property has, in normal form
    inherited: bool = False  # comes wrapped, and can be handed back to the level above
    create_only: bool = False
    is_set: t.Optional[t.Callable[[Object], bool]] = None  # of a secret: whether the server has one
    keeps: t.Callable[[Plain, Plain], bool] = operator.eq  # whether what the server has is what was written
    shows: t.Callable[[Plain], Plain] = same  # what results and diffs tell of it
    known: t.Optional[KnownValues] = None  # of a text whose list the vendor leaves open
    altered: t.Callable[[Plain], t.Mapping[str, str]] = lambda said: {}

    def __post_init__(self) -> None:
        if self.spec and "default" in self.spec:
            raise ValueError(f"{self.name}: an option left out is left alone, so it has no default")
        object.__setattr__(self, "api", self.api or self.name)

    @property
    def secret(self) -> bool:
        """Whether it is written and never read, compared or shown."""
        return bool(self.spec and self.spec.get("no_log"))

    def off_the_wire(self, wire: t.Mapping[str, Wire]) -> Plain:
        """This property of a record, in normal form."""
        value = self.load(wire.get(self.api))
        return self.unset if value is None else self.normal(value)
