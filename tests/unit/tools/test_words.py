# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word list of CONTRIBUTING.md, and where its words are found."""

from __future__ import annotations

from pathlib import Path

import pytest
import words

# Written in two parts, so that this file has none of them.
FORCE, AGAIN = "in " + "force", "an" + "ew"


def test_the_list_of_the_project_has_words_and_what_to_write() -> None:
    found = words.word_list((words.ROOT / words.LIST).read_text())
    assert FORCE in found
    assert AGAIN in found
    assert all(found.values())


def test_words_are_found_in_text_and_not_in_identifiers_or_values() -> None:
    text = f'It is {FORCE.upper()},\nre{AGAIN} {AGAIN}-ly, x_{AGAIN}\nmade {AGAIN}."\n"{AGAIN}" `{AGAIN}`\n"{AGAIN} or not"'
    assert words.found(text, {FORCE: "active", AGAIN: "again"}) == [(1, FORCE), (3, AGAIN), (5, AGAIN)]


def test_a_word_ends_the_check_with_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = f"{words.HEADING}\n\n| not | but |\n| --- | --- |\n| `{AGAIN}` | again |\n"
    (tmp_path / words.LIST).write_text(table)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "README.md").write_text("Read it.\n")
    monkeypatch.setattr(words, "ROOT", tmp_path)
    monkeypatch.setattr(words, "checkout", lambda: {path.relative_to(tmp_path) for path in tmp_path.iterdir()})
    assert words.main() == 0
    (tmp_path / "README.md").write_text(f"Read it\n{AGAIN}.\n")
    assert words.main() == 1
    assert f'README.md:2: "{AGAIN}": write again\n' in capsys.readouterr().out
    (tmp_path / words.LIST).write_text("# Contributing\n")
    assert words.main() == 1
