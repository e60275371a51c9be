# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter with which a playbook shows data of a server as tasks show sentences."""

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.filter.shown import FilterModule
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._text.test_masking import HOSTILE


def test_a_playbook_can_show_data_in_the_same_way() -> None:
    show = FilterModule().filters()["shown"]
    assert show(HOSTILE) == shown(HOSTILE)
    assert [show(one) for one in (None, 7, ["a"])] == [None, 7, ["a"]]
