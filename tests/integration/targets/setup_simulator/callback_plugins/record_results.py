# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that writes down what the modules of the collection answered, for targets to compare."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record_results
type: aggregate
short_description: Write down what the modules of the collection answered
description:
  - Appends one line of JSON for each result of a task of this collection, and for each task called C(Record as ...), to
    the file C(results.jsonl) in the folder that E(OUTPUT_DIR) names.
options: {}
"""


class CallbackModule(CallbackBase):
    """Appends to the file of the target that runs."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record_results"

    def _record(self, kind: str, result: t.Any) -> None:
        task, answer = result._task, dict(result._result)
        if not task.action.startswith("vpn.estate.") and not task.get_name().rpartition(" : ")[2].startswith(
            "Record as "
        ):
            return
        answer.pop("results", None)  # each item has a line of its own
        line = {"task": task.get_name(), "kind": kind, "answer": answer}
        with open(os.path.join(os.environ["OUTPUT_DIR"], "results.jsonl"), "a", encoding="utf-8") as record:
            record.write(json.dumps(line, sort_keys=True, default=str) + "\n")

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """A task went well."""
        self._record("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """A task failed."""
        self._record("failed", result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        """An item of a loop went well."""
        self._record("item ok", result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        """An item of a loop failed."""
        self._record("item failed", result)
