# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A comment at the top of a configuration file that says what it was made for. There is no secret in it."""

from __future__ import annotations

import json
import typing as t

BEGINNING = "# vpn.estate: "  # OpenVPN and WireGuard both take the line for a comment

Said = dict[str, t.Any]


def stamped(text: str, said: t.Mapping[str, t.Any]) -> str:
    """The text with this comment, in the place of one that it has."""
    return f"{BEGINNING}{json.dumps(said, sort_keys=True)}\n{_apart(text)[1]}"


def stamp_of(text: str) -> Said:
    """What the comment says; nothing where there is none, or somebody has damaged it."""
    line = _apart(text)[0]
    try:
        said = json.loads(line[len(BEGINNING) :])
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _apart(text: str) -> tuple[str, str]:
    """The comment, empty where there is none, and what follows."""
    text = text.removeprefix("\ufeff")
    line, _end, rest = text.partition("\n")
    return (line, rest) if line.startswith(BEGINNING) else ("", text)
