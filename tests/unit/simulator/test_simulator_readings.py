# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of the readings of simulated servers."""

from __future__ import annotations

import pytest
from ansible_collections.vpn.estate.tests.simulator import access_server, freebox
from ansible_collections.vpn.estate.tests.unit.plugins.support.list_tables import literals, tables

HEAD = ["switch", "readings", "question"]


@pytest.mark.parametrize(("number", "readings"), [(0, access_server.READINGS), (1, freebox.READINGS)])
def test_the_readings_are_written_down(number, readings):
    rows = [each for head, each in tables() if head == HEAD][number]
    assert all(about for _name, _values, about in rows)
    assert {name: literals(values) for [name], values in ((literals(row[0]), row[1]) for row in rows)} == readings
