# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of the collection that connect to Access Servers."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import ROOT
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import given_options

pytestmark = pytest.mark.versions


@pytest.mark.parametrize("name", ["cluster", "remove_node", "rolling_restart", "rotate_ca", "site", "staged_config"])
def test_playbooks_for_servers_pass_every_connection_option_on(name: str) -> None:
    from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ARGUMENT_SPEC

    plays = [play for play in yaml.safe_load((ROOT / f"playbooks/{name}.yml").read_text()) if "module_defaults" in play]
    assert plays
    named = {option: f"the value of {option}" for option in set(ARGUMENT_SPEC) - {"as_session"}}
    for play in plays:
        passed_on = play["module_defaults"]["group/vpn.estate.access_server"]
        assert given_options(passed_on, named) == named
        assert given_options(passed_on, {}) == {}
