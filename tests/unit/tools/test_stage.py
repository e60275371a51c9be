# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which integration targets ``make test`` runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import stage


def test_the_short_integration_test_runs_every_module() -> None:
    used = set().union(*map(stage.modules_in, stage.quick_targets()))
    assert used == {path.stem for path in (stage.ROOT / "plugins/modules").glob("*.py")}


def test_a_module_that_no_quick_target_uses_runs_by_its_own_target(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def write(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    def task(module: str) -> str:
        return f"- name: A task\n  vpn.estate.{module}:\n"

    for name in ("as_user", "as_user_info", "as_new", "as_new_info", "as_old", "as_old_info"):
        write(f"plugins/modules/{name}.py", "")
    targets = "tests/integration/targets"
    write(f"{targets}/every_access_server_module/tasks/scenario.yml", task("as_user") + task("as_user_info"))
    write(f"{targets}/as_new/tasks/scenario.yml", task("as_new") + task("as_new_info"))
    write(f"{targets}/as_old/tasks/scenario.yml", task("as_old"))
    write(f"{targets}/as_old_info/tasks/scenario.yml", task("as_old") + task("as_old_info"))
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    assert stage.quick_targets() == [*stage.QUICK_TARGETS, "as_new", "as_old", "as_old_info"]
