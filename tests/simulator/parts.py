# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated server consists of: each part has operations, and keeps what its attributes hold."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from .routing import Route

Thing = tuple[str, ...]
"""Something that a server keeps, by where it is kept, whose it is and what it is called: `("store", "record", "ana")`."""
_OWNERS = ("username", "user", "login")
"""Fields that name the owner of an item."""
_OPERATIONS = "_operations"
_Act = TypeVar("_Act", bound=Callable[..., Any])


def operation(
    method: str,
    path: str,
    name: str,
    access: str = "admin",
    *,
    writes: bool = False,
    query: tuple[str, ...] = (),
    base: str = "/api",
) -> Callable[[_Act], _Act]:
    """Make a method of a part an operation of the server, see Route; `name` is its name in the contract."""

    def mark(act: _Act) -> _Act:
        own = Route(method, path, name, act, access, writes, query, base)
        setattr(act, _OPERATIONS, [own, *getattr(act, _OPERATIONS, ())])
        return act

    return mark


class Part:
    """A part of a server.

    Everything in its attributes counts as kept by the server, so that tests compare it without a list of it. `passing`
    names the attributes that hold something else, such as caches, sessions and logs.
    """

    passing: ClassVar[Collection[str]] = ()

    def routes(self) -> list[Route]:
        """Its operations, in the order in which they are defined."""
        acts = {name: act for kind in reversed(type(self).__mro__) for name, act in vars(kind).items()}
        return [
            dataclasses.replace(each, act=getattr(self, name))
            for name, act in acts.items()
            for each in getattr(act, _OPERATIONS, ())
        ]

    def clear(self) -> None:
        """Forget everything, as on the first day."""

    def state(self) -> dict[str, Any]:
        """What the server shows of it to people and tests, without passwords, keys and tokens."""
        return {}

    def kept(self) -> dict[Thing, Any]:
        """Everything that it keeps, as plain values; secrets are among them."""
        left_out = {"machine", "_machine", *self.passing}
        found: dict[Thing, Any] = {}
        for name, value in vars(self).items():
            if name in left_out or isinstance(getattr(type(self), name, None), functools.cached_property):
                continue
            if isinstance(value, Mapping):
                found |= {(name, str(key)): plain(each) for key, each in value.items()}
            elif isinstance(value, (list, set)):
                found |= {(name, *key): each for key, each in by_owner(plain(value)).items()}
            elif plain(value) is not None:
                found[name,] = plain(value)
        return found


def parts_of(machine: object) -> dict[str, Part]:
    """The parts of a machine by the names of its attributes; each once, under the latest of its names."""
    found = {id(part): (name, part) for name, part in vars(machine).items() if isinstance(part, Part)}
    return dict(found.values())


def by_owner(items: Iterable[Any]) -> dict[Thing, Any]:
    """Items by their owner, if they have one, and their number among those of the same owner.

    Many items have no other name that is the same in the next run.
    """
    found: dict[Thing, Any] = {}
    numbers: collections.Counter[str] = collections.Counter()
    for each in items:
        owner = next((str(each[name]) for name in _OWNERS if each.get(name)), "") if isinstance(each, dict) else ""
        numbers[owner] += 1
        found[owner, str(numbers[owner])] = each
    return found


def plain(value: Any) -> Any:
    """The value as JSON has it; None for what JSON cannot hold, such as a lock."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return sorted(map(plain, value), key=str) if isinstance(value, (set, frozenset)) else None
