# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the declaration of a server to files of variables, on the machine that runs Ansible."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_files import SPEC, Params, export
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged


class ActionModule(ActionBase):
    """The action of the module of this name."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Params | None = None) -> Params:
        """Check the options, and write what differs."""
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=dict(SPEC))
        try:
            done = export(untagged(args), check=self._task.check_mode, diff=self._task.diff)
        except InputError as exc:
            return {**result, "failed": True, "changed": False, "msg": str(exc)}
        except OSError as exc:
            return {**result, "failed": True, "msg": f"dest: {shown(str(exc.filename))}: {exc.strerror}."}
        return {**result, **done}
