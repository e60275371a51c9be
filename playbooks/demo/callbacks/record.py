# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that records what tasks did, for the demo to count and compare."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Record what tasks did
description: Appends one line of JSON for each result of a task to the file that E(DEMO_RECORD) names.
"""


class CallbackModule(CallbackBase):
    """Appends to the file that the demo created."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """The diff, the message, and the objects of each part with their actions, as the task returned them."""
        found = {key: result.result.get(key) for key in ("changed", "diff", "msg")}
        parts = {
            key: part["objects"]
            for key, part in result.result.items()
            if isinstance(part, dict) and part.get("objects")
        }
        line = {"host": result.host.get_name(), "task": result.task.get_name(), "parts": parts, **found}
        with open(os.environ["DEMO_RECORD"], "a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")
