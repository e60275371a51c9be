# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the declaration of a server to files of variables, on the machine that runs Ansible."""

from __future__ import annotations

import os
import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_files import SPEC, Params, claim, export
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import OURS, own_role


class ActionModule(ActionBase):
    """The action of the module of this name."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Params | None = None) -> Params:
        """Check the options, and write what differs."""
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=dict(SPEC))
        args, variables = untagged(args), task_vars or {}
        defined = variables if _is_folder_of_host(args["dest"], variables) else ()
        try:
            claim(constants.DEFAULT_LOCAL_TMP, args["dest"], str(variables.get("inventory_hostname")))
            done = export(args, check=self._task.check_mode, diff=self._task.diff, defined=defined)
        except EstateError as exc:
            return {**result, "failed": True, "changed": False, "msg": f"{exc}{self._variables()}"}
        except OSError as exc:
            return {**result, "failed": True, "msg": f"dest: {shown(str(exc.filename))}: {exc.strerror}."}
        if "warnings" in done:
            done["warnings"] = [f"{one}{self._variables()}" for one in done["warnings"]]
        return {**result, **done}

    def _variables(self) -> str:
        """A sentence with the variables for the options that messages name, in a role of this collection."""
        role = own_role(self._task)
        if not role:
            return ""
        prefix = f"{role[len(OURS) :]}_export"
        return f" The role {role} takes dest from the variable {prefix}_dest, force from the variable {prefix}_force."


def _is_folder_of_host(dest: str, variables: t.Mapping[str, t.Any]) -> bool:
    """Whether Ansible reads variables of the host from this folder."""
    inventory, host = variables.get("inventory_dir"), variables.get("inventory_hostname")
    return bool(inventory and host) and os.path.realpath(dest) == os.path.realpath(
        os.path.join(str(inventory), "host_vars", str(host))
    )
