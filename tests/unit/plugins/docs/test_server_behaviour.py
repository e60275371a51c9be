# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of the guide about the behaviour of servers, which code cites by their numbers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from ansible_collections.vpn.estate.tests.unit.plugins.support.list_tables import DOCUMENT

ROOT = Path(__file__).resolve().parents[4]
STATEMENT = re.compile(r"^(\d+)\. |^- (F\d+)\. ", re.MULTILINE)
CITED = re.compile(r"server behaviour, (F?\d+(?:(?:, | and | to )F?\d+)*)")


def statements() -> list[str]:
    """The numbers of all statements, in their order."""
    return [plain or freebox for plain, freebox in STATEMENT.findall(DOCUMENT.read_text(encoding="utf-8"))]


def test_no_two_statements_have_the_same_number() -> None:
    assert len(statements()) > 200
    assert [number for number, times in Counter(statements()).items() if times > 1] == []


def test_the_code_cites_statements_that_exist() -> None:
    cited = {
        number: path
        for folder in ("plugins", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for numbers in CITED.findall(path.read_text(encoding="utf-8"))
        for number in re.findall(r"F?\d+", numbers)
    }
    assert len(cited) > 50
    assert {number: path for number, path in cited.items() if number not in statements()} == {}
