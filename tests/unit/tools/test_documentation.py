# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML within Python files, which yamllint does not read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from yamllint import linter
from yamllint.config import YamlLintConfig

ROOT = Path(__file__).parents[3]
RULES = YamlLintConfig("rules: {key-duplicates: enable}")
NAMES = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def texts(path: Path) -> dict[str, str]:
    """The documentation of a plugin, by the name of the constant."""
    constants = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)]
    named = {node.targets[0].id: node.value for node in constants if isinstance(node.targets[0], ast.Name)}
    return {name: ast.literal_eval(value) for name, value in named.items() if name in NAMES}


def repeated(text: str) -> list[str]:
    """The keys that occur twice in one mapping, and other mistakes that end the reading."""
    return [str(problem) for problem in linter.run(text, RULES)]


DOCUMENTED = [path for path in sorted((ROOT / "plugins").rglob("*.py")) if "\nDOCUMENTATION = " in path.read_text()]


def test_a_repeated_key_is_found() -> None:
    assert repeated("a:\n  b: 1\n  b: 2\n")
    assert not repeated("a:\n  b: 1\nc:\n  b: 2\n")


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_no_key_occurs_twice_in_a_mapping(path: Path) -> None:
    found = {name: repeated(text) for name, text in texts(path).items()}
    assert found
    assert not any(found.values()), found
