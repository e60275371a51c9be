# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each message of the guide to troubleshooting is one that the code has, word by word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
GUIDE = ROOT / "docs/docsite/rst/guide_troubleshooting.rst"
VALUE = "\0"  # what stands in a message for a name or a value
SOURCES = ("plugins/module_utils", "plugins/plugin_utils", "plugins/filter")


def text_of(node: ast.AST) -> str:
    """A text of the code, with VALUE for all that is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return VALUE


def texts() -> Iterator[str]:
    for file in (file for folder in SOURCES for file in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        unseen = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp)) and node not in unseen:
                yield text_of(node)
    for file in (ROOT / "playbooks").glob("*.yml"):
        yield " ".join(file.read_text(encoding="utf-8").split())


def entries() -> dict[str, str]:
    """The terms of the definition lists, and what is written under each."""
    found = re.findall(r"^``([^`\n]+)``\n((?:   .*\n|\n(?=   ))+)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == len(dict(found)), "a message has two entries"
    return dict(found)


TEXTS = list(texts())


@pytest.mark.parametrize("message", entries())
def test_the_code_has_the_message(message: str) -> None:
    parts = [part.strip() for part in message.split("...")]
    assert all(len(part) > 2 for part in parts), "an entry begins and ends with words"
    pattern = re.compile(f" ?{VALUE}+ ?".join(map(re.escape, parts)))
    assert any(pattern.search(text) for text in TEXTS), f"no message has the words {message!r}; correct {GUIDE.name}"


def test_a_message_that_the_code_lacks_is_found() -> None:
    with pytest.raises(AssertionError, match="no message has the words"):
        test_the_code_has_the_message("is a message that ... no code has")


def test_the_guide_has_the_messages_that_users_meet() -> None:
    """The number keeps the reading of the page honest: a heading in another form would leave its entries untested."""
    lines = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("``")]
    assert len(lines) == len(entries()) >= 60
    assert all(re.search(r"[.)]\n*\Z", cure) for cure in entries().values())
