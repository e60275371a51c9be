# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report on what the tasks of a run found or did, at its end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: notification
short_description: Report on what a run changed on servers, or would change
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
description:
  - At the end of a run, writes one report about all hosts on which modules of this collection made changes, or would make
    changes in check mode. It has the form of the report of M(vpn.estate.declaration_report).
  - After a real run, the report records what was changed and where. It names the commit if the playbook is in a Git repository.
  - Tasks with C(no_log) are not part of the report. With C(--diff), it has the values before and after a
    change, and the roles return who gains and who loses what.
  - A host that fails before the first task of this collection is part of it, without the message of the other module. A task in
    the background (C(async) with C(poll) 0) is not counted as a change.
requirements:
  - enable it, for example by C(callbacks_enabled = vpn.estate.report) in the section C(defaults) of C(ansible.cfg)
options:
  dest:
    description: Folder of the report. A relative path starts at the folder where Ansible was started.
    type: str
    default: report
    env:
      - name: VPN_ESTATE_REPORT
    ini:
      - section: callback_vpn_estate_report
        key: dest
"""

import os
import typing as t

from ansible.playbook.block import Block
from ansible.plugins.callback import CallbackBase
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged
from ansible_collections.vpn.estate.plugins.plugin_utils._report import Json, in_words, report_of, server_report, write

OURS = "vpn.estate."
OF_NO_SERVER = ("declaration_files", "declaration_report")  # they write on the machine that runs Ansible

BEFORE = "failed before the first task of vpn.estate. The output of the run has its message."


class CallbackModule(CallbackBase):
    """Collects results, and writes the report when the statistics are shown."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "vpn.estate.report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._results: list[tuple[str, bool, str, Json]] = []  # host, whether in check mode, module, answer
        self._is_our_play = False
        self._stopped: dict[str, tuple[bool, str]] = {}  # hosts, each with the last failed task that is not ours

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """Note whether a host that stops in this play misses a task of this collection."""
        self._is_our_play = any(_is_ours(task) for block in play.compile() for task in _tasks_of(block))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """What a task found or did."""
        self._collect(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """What a task had done when it failed."""
        self._collect(result, failed=True)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        """The same of one item of a loop."""
        self._collect(result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        """The same of one item of a loop that failed."""
        self._collect(result, failed=True)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """A task that did not begin, because Ansible could not come to its host."""
        self._collect(result, failed=True)

    def _collect(self, result: t.Any, *, failed: bool = False) -> None:
        task = getattr(result, "task", None) or result._task
        answer = getattr(result, "result", None) or result._result
        action = str(task.resolved_action or task.action)
        module = action[len(OURS) :]
        host = (getattr(result, "host", None) or result._host).get_name()
        if failed and self._is_our_play and not action.startswith(OURS):
            self._stopped[host] = bool(task.check_mode), action if task.no_log else f"{task.get_name()} ({action})"
        if not action.startswith(OURS) or module in OF_NO_SERVER or task.no_log or "censored" in answer:
            return
        if "results" not in answer or "objects" in answer:  # else it is that of a loop, after those of its items
            # Ansible takes the word failed out of the answers that callbacks are given.
            self._results.append((host, bool(task.check_mode), module, {**untagged(answer), "failed": failed}))

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Write the report, if there is something to report on."""
        # If a task has changed something, the report has what was done, and not what tasks in check mode would do.
        done = any(answer.get("changed") and not check for _host, check, _module, answer in self._results)
        check = not done and any(check for _host, check, _module, _answer in self._results)
        found: dict[str, list[tuple[str, Json]]] = {}
        for host, checked, module, answer in self._results:
            answers = found.setdefault(host, [])
            if check or not checked or answer.get("failed"):
                answers.append((module, answer))
        for host, (checked, name) in self._stopped.items():
            if host not in found and (stats.failures.get(host) or stats.dark.get(host)):
                # What the task of another collection says may hold a secret.
                found[host] = [("", {"failed": True, "msg": f"{name} {BEFORE}"})]
                check = check or (checked and not done)
        servers = [server_report(host, answers, check=check) for host, answers in sorted(found.items())]
        if not servers:
            return
        report = report_of(servers, check=check)
        dest = os.path.abspath(os.path.expanduser(str(self.get_option("dest"))))
        try:
            write(report, dest)
        except OSError as exc:
            self._display.warning(f"The report cannot be written to {shown(dest)}: {exc.strerror}.")
            return
        self._display.display(f"{in_words(report)} See {shown(dest)}/report.md.", stderr=True)


def _tasks_of(block: t.Any) -> t.Iterator[t.Any]:
    """The tasks of a block and of the blocks in it."""
    for one in (*block.block, *block.rescue, *block.always):
        if isinstance(one, Block):
            yield from _tasks_of(one)
        else:
            yield one


def _is_ours(task: t.Any) -> bool:
    """Whether a task has a module of this collection, or includes one of its roles."""
    named = (task.resolved_action or task.action, getattr(task, "_role_name", None) or "")
    return any(str(name).startswith(OURS) for name in named)
