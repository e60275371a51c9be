# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report on all hosts of a play, on the machine that runs Ansible."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged
from ansible_collections.vpn.estate.plugins.plugin_utils._report import (
    Json,
    in_words,
    paths_in,
    report_of,
    server_report,
    write,
)

NOT_COMPARED = "It was not compared: nothing is declared for it, or the tasks that compare did not run."
SPEC = {
    "registered": {"type": "list", "elements": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "mode": {"type": "str", "choices": ["check", "run"], "default": "check"},
}


class ActionModule(ActionBase):
    """The action of the module of this name."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Json | None = None) -> Json:
        """Find what the tasks of each host have returned, and write the report."""
        result, variables = super().run(tmp, task_vars), task_vars or {}
        _validation, args = self.validate_argument_spec(argument_spec=SPEC)
        check = args["mode"] == "check"
        servers = []
        for host in variables["ansible_play_hosts_all"]:
            of_host = variables["hostvars"][host]
            found = [(name, untagged(of_host[name])) for name in args["registered"] if name in of_host]
            done = [(name, one) for name, one in found if isinstance(one, dict) and not one.get("skipped")]
            if not done:
                done = [("", {"failed": True, "msg": NOT_COMPARED})]
            servers.append(server_report(host, done, check=check))
        report = report_of(servers, check=check)
        dest = os.path.abspath(os.path.expanduser(args["dest"]))
        paths = paths_in(dest)
        if not self._task.check_mode:
            try:
                paths = write(report, dest)
            except OSError as exc:
                return {**result, "failed": True, "msg": f"dest: {shown(str(exc.filename))}: {exc.strerror}."}
        return {
            **result,
            "changed": not self._task.check_mode,
            "status": report["status"],
            "summary": in_words(report),
            "paths": paths,
        }
