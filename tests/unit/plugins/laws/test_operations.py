# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of both documents has a caller, or stands in the guide about the behaviour of servers with the reason."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import operations as access_server
from ansible_collections.vpn.estate.plugins.module_utils._freebox import operations as freebox
from ansible_collections.vpn.estate.tests.unit.plugins.support.list_tables import literals, rows

ROOT = Path(__file__).resolve().parents[4]


def operations() -> set[str]:
    """All that are in a table; that of a Freebox is made for the path of each box."""
    return {*access_server.API.operations, *freebox._OPERATIONS}


def called() -> set[str]:
    """Those that the code names beside the tables, and those of the older REST API, whose paths it names."""
    files = [path for path in (ROOT / "plugins").rglob("*.py") if path.name != "operations.py"]
    source = "\n".join(path.read_text() for path in files)
    named = set(re.findall(r'"((?:GET|HEAD|POST|PUT|DELETE) /[^" ]*)"', source))
    return named | {f"GET {path}" for path in re.findall(r'"/rest(/\w+)"', source)}


def test_every_operation_has_a_caller_or_a_reason() -> None:
    reasons = {literals(operation)[0]: why for operation, why in rows("operation", "why")}
    assert all(reasons.values())
    assert operations() - called() == reasons.keys()
