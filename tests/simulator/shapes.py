# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict shapes of request bodies: every unknown field and every wrong type is reported.

A shape is one of
- `str`, `int`, `bool`: exactly that JSON type (true is no integer);
- `[shape]`: a list of it;
- a dict: an object with these fields and no others; a field name that ends in `!` must be there;
- `OneOf(values)`, `Nullable(shape)`, `AnyOf(shapes)`, `Mapping(shape)`;
- a function that takes the value and returns what is wrong with it, or None.
The wording is that of the product (server behaviour, 12).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Problem = tuple[str, str]
"""Dotted path of a field, and what is wrong with it."""

_WRONG_TYPE = {
    str: "Input should be a valid string",
    int: "Input should be a valid integer",
    bool: "Input should be a valid boolean",
}


class OneOf:
    """One of a few strings."""

    def __init__(self, *values: str) -> None:
        self.values = values


class Nullable:
    """The shape, or null."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class AnyOf:
    """The first shape that fits; when none does, the problems of the first."""

    def __init__(self, *shapes: Any) -> None:
        self.shapes = shapes


class Mapping:
    """An object with free keys whose values all have one shape."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


def problems(value: Any, shape: Any, where: str = "body") -> Iterator[Problem]:
    """Everything that is wrong with `value`, in the order of the shape."""
    if isinstance(shape, type):
        if not isinstance(value, shape) or isinstance(value, bool) != (shape is bool):
            yield where, _WRONG_TYPE[shape]
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield where, "Input should be a valid list"
        else:
            for index, item in enumerate(value):
                yield from problems(item, shape[0], f"{where}.{index}")
    elif isinstance(shape, dict):
        yield from _object_problems(value, shape, where)
    elif isinstance(shape, OneOf):
        if value not in shape.values or not isinstance(value, str):
            yield where, "Input should be " + " or ".join(f"'{choice}'" for choice in shape.values)
    elif isinstance(shape, Nullable):
        if value is not None:
            yield from problems(value, shape.shape, where)
    elif isinstance(shape, AnyOf):
        if all(any(True for _unused in problems(value, choice, where)) for choice in shape.shapes):
            yield from problems(value, shape.shapes[0], where)
    elif isinstance(shape, Mapping):
        if not isinstance(value, dict):
            yield where, "Input should be a valid dictionary"
        else:
            for key, item in value.items():
                yield from problems(item, shape.shape, f"{where}.{key}")
    else:
        wrong = shape(value)
        if wrong:
            yield where, wrong


def _object_problems(value: Any, shape: dict[str, Any], where: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield where, "Input should be a valid dictionary"
        return
    known = {name.rstrip("!"): name for name in shape}
    for name, declared in known.items():
        if name in value:
            yield from problems(value[name], shape[declared], f"{where}.{name}")
        elif declared.endswith("!"):
            yield f"{where}.{name}", "Field required"
    for name in value:
        if name not in known:
            yield f"{where}.{name}", "Extra inputs are not permitted"
