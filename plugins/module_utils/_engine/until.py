# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a declared object ends, as users write it, and the present moment. Moments are seconds since 1970, in UTC."""

from __future__ import annotations

import math
import os
import re
import typing as t
import zoneinfo
from datetime import datetime, timedelta, tzinfo

from .._text.errors import InputError

SOON = 30  # days
TODAY = "vpn_estate_today"  # a variable; in capitals, in the environment
EXAMPLES = "a day, such as 2026-12-31 or 2026-12-31 Europe/Paris, or a time, such as 2026-12-31T18:00+01:00"

_FORM = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?"
    r"(?: ?(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})| (?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?"
)


class Until(t.NamedTuple):
    """The end of an object: as it is declared, and the moment from which on the object has ended."""

    text: str
    moment: float

    @classmethod
    def of(cls, text: str) -> Until:
        """A day includes all of its hours. Raises ValueError."""
        return cls(text, _moment(text, days=1))


def days_left(until: Until, now: float) -> t.Optional[int]:
    """Whole days until an end that comes soon; None if it has passed or is further away."""
    left = until.moment - now
    return int(left // 86400) if 0 < left <= SOON * 86400 else None


def present(started: float, *, check: bool, chosen: str = "") -> float:
    """The moment for which a task computes what is declared: when it started.

    In check mode another one can be ``chosen``, or be in the environment; a day is its first moment. Raises InputError.
    """
    chosen = chosen or os.environ.get(TODAY.upper(), "")
    if not chosen:
        return started
    if not check:
        raise InputError(
            f"{TODAY} is {chosen!r}, but it is for check mode only: with another date, the wrong users could get access or be "
            f"blocked. Nothing was written. Add --check, or remove {TODAY}."
        )
    try:
        return _moment(chosen, days=0)
    except ValueError as exc:
        raise InputError(f"{TODAY}: {exc}.") from None


def _moment(text: str, *, days: int) -> float:
    """A time, or the first moment of the day that comes so many days after a day; without a zone, in that of this machine.

    Where a clock is set back, a time occurs twice, and the second one counts; but a day begins at its first beginning. A time
    that a clock skips is the moment of the skip, or as long after it.
    """
    found = _FORM.fullmatch(text)
    try:
        if not found:
            raise ValueError
        wall = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}")
        zone = _zone(found["offset"], found["zone"])
        if found["time"]:
            return max(wall.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
        if not datetime.max - wall > timedelta(days=days):  # the last day that can be written stands for no end
            return math.inf
        return (wall + timedelta(days=days)).replace(tzinfo=zone).timestamp()
    except zoneinfo.ZoneInfoNotFoundError:
        raise ValueError(
            f"{text!r}: this machine does not know the time zone {found['zone'] if found else ''}"
        ) from None
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is neither {EXAMPLES.replace(', or', ', nor')}") from None


def _zone(offset: t.Optional[str], name: t.Optional[str]) -> t.Optional[tzinfo]:
    """A time zone; None for that of this machine."""
    if offset:
        return datetime.fromisoformat(f"2000-01-01T00:00{offset.replace('Z', '+00:00')}").tzinfo
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError):  # a name that is a folder, for instance
        raise zoneinfo.ZoneInfoNotFoundError(name) from None
