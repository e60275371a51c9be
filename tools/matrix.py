# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of ansible-core and Python with which the collection works; no other file lists them.

usage: matrix.py      prints a line for each version of ansible-core, with the oldest Python that it runs on

`make pins` locks the latest release of each version in tests/versions.
"""

from __future__ import annotations

# The Pythons on which each ansible-core runs playbooks (its own support matrix), the oldest first.
PYTHONS_OF = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
    "2.22": ("3.13", "3.14", "3.15"),
}
PAIRS = [(core, python) for core, pythons in PYTHONS_OF.items() for python in pythons]
PYTHONS = sorted({python for _core, python in PAIRS}, key=lambda version: int(version.partition(".")[2]))


def table(cells: dict[tuple[str, str], str]) -> str:
    """A table with a line for each ansible-core and a column for each Python; a pair that is in no support matrix has a dash."""
    rows = [["core", *PYTHONS]]
    rows += [[core, *(cells.get((core, python), "-") for python in PYTHONS)] for core in PYTHONS_OF]
    width = max(len(cell) for row in rows for cell in row) + 2
    return "\n".join("".join(cell.ljust(width) for cell in row).rstrip() for row in rows)


if __name__ == "__main__":
    for _core, _pythons in PYTHONS_OF.items():
        print(_core, _pythons[0])
