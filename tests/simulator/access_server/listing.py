# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all list operations have in common: pages, order and filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..shapes import OneOf
from .answers import invalid
from .settings import Settings

T = TypeVar("T")

PAGING: dict[str, Any] = {"page_size": int, "offset": int, "sort_by": OneOf("asc", "desc")}
TEXT_FILTER: dict[str, Any] = {"value!": str, "operation!": OneOf("equal", "substring", "not_equal")}
FLAG_FILTER: dict[str, Any] = {"value!": bool}
ANYWHERE_FILTER: dict[str, Any] = {"value": str, "fields": [str]}
TIME_FILTER: dict[str, Any] = {"start": str, "end": str, "start_relative": str, "end_relative": str}
DURATION_FILTER: dict[str, Any] = {"value!": str, "operation!": OneOf("less_than", "greater_than")}

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "y": 365 * 86400}
_SPAN = re.compile(r"(\d+)([a-zA-Z])")


def window(asked: dict[str, Any], settings: Settings) -> tuple[int, int]:
    """Size and offset of the page asked for, as the server grants them."""
    size = asked.get("page_size", settings.page_size)
    offset = asked.get("offset", 0)
    wrong = {}
    if size < 0:
        wrong["page_size"] = "Input should be greater than or equal to 0"
    if offset < 0:
        wrong["offset"] = "Input should be greater than or equal to 0"
    if wrong:
        raise invalid(wrong)
    return min(size or settings.page_size, settings.page_size_cap), offset


def short_enough(names: Sequence[str] | None, field: str, settings: Settings) -> None:
    """The back end takes only so many names in one query."""
    if names is not None and len(names) > settings.names_limit:
        raise invalid({field: f"List should have at most {settings.names_limit} items, not {len(names)}"})


def text_matches(text: str, wanted: dict[str, str]) -> bool:
    if wanted["operation"] == "substring":
        return wanted["value"] in text
    return (text == wanted["value"]) == (wanted["operation"] == "equal")


def anywhere_matches(record: Callable[[str], Any], wanted: dict[str, Any], fields: Sequence[str]) -> bool:
    """Whether one of the fields, by default any of `fields`, has the value in it; `record` gives a field's value."""
    return any(wanted.get("value", "") in str(record(field) or "") for field in wanted.get("fields") or fields)


def anywhere_alone(filters: dict[str, Any]) -> None:
    """The filter `anywhere` can only be used alone (document, line 6737)."""
    if "anywhere" in filters and len(filters) > 1:
        raise invalid({"filters.anywhere": "The filter anywhere can only be used alone"})


def span(text: str, field: str) -> int:
    """Seconds in a relative time such as `24h` or `15d 20m` (server behaviour, 113)."""
    seconds = 0
    for part in text.split():
        found = _SPAN.fullmatch(part)
        if not found or found[2] not in _UNITS:
            raise invalid({field: "Relative time should be digits followed by a letter"})
        seconds += int(found[1]) * _UNITS[found[2]]
    if not text.split():
        raise invalid({field: "Relative time should be digits followed by a letter"})
    return seconds


def in_order(items: list[T], key: Callable[[T], Any], asked: dict[str, Any]) -> list[T]:
    """Sorted by `key` in the direction asked for; equal ones keep their order."""
    return sorted(items, key=key, reverse=asked.get("sort_by") == "desc")
