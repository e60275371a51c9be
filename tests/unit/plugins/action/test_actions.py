# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of each module: in the action group of its product, with the work of its module, and of no other name."""

from __future__ import annotations

import importlib

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import (
    APART,
    CONTROLLER,
    GROUPS,
    OF_SERVERS,
    ROOT,
    RUNTIME,
)

pytestmark = pytest.mark.versions


@pytest.mark.parametrize("name", OF_SERVERS)
def test_it_is_in_its_action_group_and_shares_the_sign_in(name: str) -> None:
    group = next(group for beginning, group in GROUPS.items() if name.startswith(beginning))
    assert (name in RUNTIME["action_groups"][group]) is (name not in APART)
    module = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}")
    action = importlib.import_module(f"ansible_collections.vpn.estate.plugins.action.{name}").ActionModule
    assert action.body is module.BODY
    assert action.body.product.session_option == f"{name.partition('_')[0]}_session"


def test_groups_and_actions_are_of_modules_only() -> None:
    for beginning, group in GROUPS.items():
        modules_of_group = [name for name in OF_SERVERS if name.startswith(beginning) and name not in APART]
        assert RUNTIME["action_groups"][group] == modules_of_group
    actions = [path for path in sorted((ROOT / "plugins/action").glob("*.py")) if path.stem not in CONTROLLER]
    assert [path.name for path in actions] == [f"{name}.py" for name in OF_SERVERS]
    assert len({path.read_bytes() for path in actions}) == 1
