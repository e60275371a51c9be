# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that kills a simulated server when a task begins for its host, for tests of what the next run finds."""

from __future__ import annotations

import json
import os
import select
import signal
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kill
type: aggregate
short_description: Kill a process when a task begins
description: >-
  E(KILL) is an object of JSON with the number of the process (C(pid)), the C(host), the C(task) by its name without that of
  the role, and how often it has to begin (C(nth)).
"""


class CallbackModule(CallbackBase):
    """Waits for its task, kills, and goes on when the process is no more."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kill"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._target = json.loads(os.environ["KILL"])
        self._begun = 0

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        """Before the worker of the task is started."""
        if host.get_name() != self._target["host"] or task.name != self._target["task"]:
            return
        self._begun += 1
        if self._begun == self._target["nth"]:
            process = os.pidfd_open(self._target["pid"])
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [])
            os.close(process)
