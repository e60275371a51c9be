# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that writes down what tasks did, for the demo to count and compare."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Write down what tasks did
description: Appends one line of JSON for each result of a task to the file that E(DEMO_RECORD) names.
"""


class CallbackModule(CallbackBase):
    """Appends to the file that the demo made."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Objects and their actions, the diff and the message, as the task returned them. Parts of a server have objects each."""
        found = {key: result.result.get(key) for key in ("changed", "diff", "msg")}
        parts = [result.result, *(part for part in result.result.values() if isinstance(part, dict))]
        objects = [one for part in parts for one in part.get("objects") or ()]
        line = {"host": result.host.get_name(), "task": result.task.get_name(), "objects": objects, **found}
        with open(os.environ["DEMO_RECORD"], "a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")
