# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from other files is written again when it is missing, and deleted when its source is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import generate
import pytest

TARGETS = "tests/integration/targets"


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of all that generate.py reads and writes; modules are imported from the checkout."""
    for folder in ("plugins/modules", "plugins/action", "plugins/filter", "meta", "roles", "schemas", TARGETS):
        shutil.copytree(generate.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate.sys, "path", list(generate.sys.path))
    generate.modules.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _no_names_of_the_copy() -> None:
    generate.modules.cache_clear()


def drop(file: Path, line: str) -> None:
    text = file.read_text()
    assert line in text
    file.write_text(text.replace(line, ""))


def named(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.partition(": ")[0] for line in capsys.readouterr().out.splitlines()]


def test_what_is_missing_is_named_and_written(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        "meta/runtime.yml",
        "plugins/action/as_group.py",
        "plugins/modules/as_user_info.py",
        "schemas/variables.json",
        f"{TARGETS}/as_group/aliases",
        f"{TARGETS}/as_group/tasks/main.yml",
        f"{TARGETS}/freebox_vpn_user/tasks/main.yml",
        "schemas/access_server_users.json",
    ]
    before = [(tree / file).read_text() for file in files]
    drop(tree / "meta/runtime.yml", "    - as_group\n")
    drop(tree / "plugins/modules/as_user_info.py", "static_ipv4: {description")
    for file in (files[1], *files[3:]):
        (tree / file).unlink()
    assert generate.main(check=True) == 1
    assert named(capsys) == sorted(files)
    assert generate.main(check=False) == 0
    assert named(capsys) == sorted(files)
    assert [(tree / file).read_text() for file in files] == before
    assert generate.main(check=True) == 0


def test_what_is_left_over_is_named_and_deleted(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("as_failover", "as_restart"):
        (tree / f"plugins/modules/{name}.py").unlink()
    (tree / f"{TARGETS}/as_restart/tasks/scenario.yml").unlink()
    gone = [
        "plugins/action/as_failover.py",
        "plugins/action/as_restart.py",
        f"{TARGETS}/as_restart/aliases",
        f"{TARGETS}/as_restart/tasks/main.yml",
    ]
    assert generate.main(check=True) == 1
    assert named(capsys) == sorted([*gone, "meta/runtime.yml"])
    assert all((tree / file).is_file() for file in gone)
    generate.main(check=False)
    assert not any((tree / file).exists() for file in gone)
    groups = (tree / "meta/runtime.yml").read_text()
    assert "    - as_restart\n" not in groups
    assert "    - as_notification\n" in groups


def test_what_is_written_by_hand_in_a_target_stays(tree: Path) -> None:
    target = tree / f"{TARGETS}/as_group"
    (target / "aliases").write_text("gather_facts/no\nslow\n")
    (target / "tasks/main.yml").write_text("---\n[]\n")
    generate.main(check=False)
    assert (target / "aliases").read_text().split() == [
        "gather_facts/no",
        "needs/target/converge",
        "needs/target/setup_simulator",
        "slow",
    ]
    assert (target / "tasks/main.yml").read_text() == "---\n[]\n"
