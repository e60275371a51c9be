# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the copies of a configuration profile."""

from __future__ import annotations

import re
import typing as t

ORIGIN = 32  # characters of the name of a profile in the name of its copy
PREFIX = re.compile(r"[A-Za-z0-9_]{1,20}")


class CopyNames:
    """Names of copies, as in ``staged-7-of-6`` and ``staged-1-of-default``: a number, and the source of the copy.

    The active profile was activated, and so was each copy of another profile. A copy of the active profile was never active,
    or was rolled back: it is stale.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._form = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,9}})-of-(.+)", re.DOTALL)

    def _number(self, profile: str) -> int:
        found = self._form.fullmatch(profile)
        return int(found[1]) if found else 0

    def owns(self, profile: str) -> bool:
        """Whether a profile is such a copy."""
        return self._number(profile) > 0

    def _origin(self, profile: str) -> str:
        return str(self._number(profile) or profile[:ORIGIN])

    def next(self, profiles: t.Iterable[str], source: str) -> str:
        """The name of the next copy of ``source``, with a number that no other copy has."""
        return f"{self._prefix}-{max(map(self._number, profiles)) + 1}-of-{self._origin(source)}"

    def stale(self, profiles: t.Iterable[str], active: str) -> list[str]:
        """Copies that interrupted runs have left."""
        forms = {profile: self._form.fullmatch(profile) for profile in profiles if profile != active}
        return [profile for profile, found in forms.items() if found and found[2] == self._origin(active)]

    def outdated(self, profiles: t.Iterable[str], active: str, keep: int) -> list[str]:
        """Of the copies that were active, all but the newest ``keep``."""
        former = [profile for profile in profiles if self._number(profile) and profile != active]
        return sorted(former, key=self._number, reverse=True)[keep:]
