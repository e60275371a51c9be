# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in the guide about the behaviour of servers, with which tests compare the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[4] / "docs/docsite/rst/guide_server_behaviour.rst"


def tables() -> Iterator[tuple[list[str], list[list[str]]]]:
    """The head and the other rows of each table."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for table in re.findall(r"^\.\. list-table::\n(?:   .*\n|\n)*", text, re.MULTILINE):
        each = re.split(r"^   \* - ", table, flags=re.MULTILINE)[1:]
        head, *rows = [
            [" ".join(cell.split()) for cell in re.split(r"^     - ", row, flags=re.MULTILINE)] for row in each
        ]
        yield head, rows


def rows(*head: str) -> list[list[str]]:
    """The rows of all tables with this head."""
    return [row for found, each in tables() if found == list(head) for row in each]


def literals(cell: str) -> tuple[str, ...]:
    """The texts in code quotes of a cell."""
    return tuple(re.findall("``(.+?)``", cell))
