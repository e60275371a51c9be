# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action says itself is escaped and masked, as what a module says is."""

from __future__ import annotations

import contextlib
import typing as t
from types import SimpleNamespace

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import SignInError
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils import _module_action as module_action
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._text.test_masking import HOSTILE, INFO, SECRET


def test_what_is_said_at_once_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress, and what a task asks people to do."""
    said: list[str] = []
    monkeypatch.setattr(module_action.Display, "display", lambda self, line, **how: said.append(line))
    ModuleAction._show(f"as_user of {HOSTILE}: 1 of 2 read")
    assert said == [f"as_user of {shown(HOSTILE)}: 1 of 2 read"]


def test_a_refusal_of_another_task_is_escaped_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The action plugin tells it, and no module."""

    def refuse(self: t.Any, args: t.Any) -> t.NoReturn:
        raise SignInError(f"{HOSTILE} {SECRET}")

    action = ModuleAction.__new__(ModuleAction)
    action.body = INFO["as_user_info"]
    action._task = SimpleNamespace(args={"as_password": SECRET}, _role=None)
    action._connection = SimpleNamespace(transport="local", become=None)
    for name in ("_can_run_here", "_pass_on", "_refuse_to_reveal"):
        monkeypatch.setattr(ModuleAction, name, lambda self, *given: None)
    monkeypatch.setattr(ModuleAction, "_surroundings", lambda self: contextlib.nullcontext())
    monkeypatch.setattr(module_action.SharedSignIn, "options", refuse)
    monkeypatch.setattr(module_action.ActionBase, "run", lambda self, tmp, variables: {})
    answer = action.run()
    assert answer["msg"] == f"{shown(HOSTILE)} ********"
