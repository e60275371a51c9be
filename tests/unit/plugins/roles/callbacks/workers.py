# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that lists the processes that Ansible starts for tasks, the imports of each, and its time."""

from __future__ import annotations

import json
import os
import resource
import sys
import typing as t
from pathlib import Path

from ansible.executor.process.worker import WorkerProcess
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: workers
type: aggregate
short_description: List the processes of tasks
description: >-
  E(WORKERS) is a file that gets a line of JSON for each process, with its C(host), the C(action) of its task, and the names of
  the modules that it C(imported), and the seconds of processor time that it took (C(cpu)).
"""


class CallbackModule(CallbackBase):
    """Wraps the work of a process of Ansible."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "workers"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        work = WorkerProcess._run

        def listed(worker: WorkerProcess) -> None:
            before = set(sys.modules)
            send = worker._final_q.send_task_result

            def note_and_send(*args: t.Any, **kwargs: t.Any) -> None:
                """Write the line first, because a process may end when its result has arrived."""
                used = resource.getrusage(resource.RUSAGE_SELF)
                line = {
                    "host": worker._host.name,
                    "action": worker._task.action,
                    "imported": [*{*sys.modules} - before],
                    "cpu": used.ru_utime + used.ru_stime,
                }
                with Path(os.environ["WORKERS"]).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                send(*args, **kwargs)

            worker._final_q.send_task_result = note_and_send  # type: ignore[method-assign]
            work(worker)

        WorkerProcess._run = listed  # type: ignore[method-assign]
