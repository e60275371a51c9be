# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing among the readings of what a vendor's document leaves open."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

Readings = Mapping[str, tuple[str, ...]]
"""Name of each question with the readings it has; the first is the default."""


def chosen_readings(offered: Readings, chosen: Mapping[str, str]) -> dict[str, str]:
    """All readings, the chosen ones over the defaults; an unknown name or reading is a ValueError."""
    for name, reading in chosen.items():
        if name not in offered:
            raise ValueError(f"there is no reading called {name!r}; there are: {', '.join(offered)}")
        if reading not in offered[name]:
            raise ValueError(f"{name} can be read as {', '.join(offered[name])}, not as {reading!r}")
    return {name: chosen.get(name, choices[0]) for name, choices in offered.items()}


def add_reading_option(parser: argparse.ArgumentParser, offered: Readings) -> None:
    """The option --reading, which leaves pairs of name and reading in `reading`."""

    def pair(text: str) -> tuple[str, str]:
        name, _unused, value = text.partition("=")
        if value not in offered.get(name, ()):
            raise argparse.ArgumentTypeError(f"{text} is none of the readings")
        return name, value

    parser.add_argument(
        "--reading",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=pair,
        help="; ".join(f"{name}: {', '.join(values)}" for name, values in offered.items()),
    )
