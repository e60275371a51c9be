# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comments at the top of a configuration file with its purpose. They contain no secret."""

from __future__ import annotations

import json
import typing as t

BEGINNING = "# vpn.estate: "  # both OpenVPN and WireGuard treat such a line as a comment
LONGEST = 200  # characters of a line; OpenVPN accepts 254

Said = dict[str, t.Any]


def stamped(text: str, said: t.Mapping[str, t.Any]) -> str:
    """The text with this stamp, in place of an existing one."""
    whole = json.dumps(said, sort_keys=True)
    lines = [BEGINNING + whole[start : start + LONGEST] for start in range(0, len(whole), LONGEST)]
    return "\n".join([*lines, *_apart(text)[1]])


def stamp_of(text: str) -> Said:
    """The content of the stamp; empty where it is missing or damaged."""
    try:
        said = json.loads("".join(line[len(BEGINNING) :] for line in _apart(text)[0]))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def height(text: str) -> int:
    """The number of lines of the stamp; zero where it has no content."""
    return len(_apart(text)[0]) if stamp_of(text) else 0


def _apart(text: str) -> tuple[list[str], list[str]]:
    """The lines of the stamp, and those that follow."""
    lines = text.removeprefix("\ufeff").split("\n")
    own = next((number for number, line in enumerate(lines) if not line.startswith(BEGINNING)), len(lines))
    return [line.rstrip("\r") for line in lines[:own]], lines[own:]
