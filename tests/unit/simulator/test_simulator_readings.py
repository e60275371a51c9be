# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of the readings of simulated servers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.simulator import access_server, freebox

DOCUMENT = Path(__file__).parents[3] / "docs" / "server-behaviour.md"


HEADING = "| switch | readings | what it switches |\n"


@pytest.mark.parametrize(("number", "readings"), [(1, access_server.READINGS), (2, freebox.READINGS)])
def test_the_readings_are_written_down(number, readings):
    table = DOCUMENT.read_text(encoding="utf-8").split(HEADING)[number].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|", table, re.MULTILINE)
    assert {name: tuple(re.findall("`([^`]+)`", each)) for name, each in rows} == readings
