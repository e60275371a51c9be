# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""freebox_app, run in the controller's own process where that is the same, with what the run's tasks share about the box."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.modules.freebox_app import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils.module_action import Params
from ansible_collections.vpn.estate.plugins.plugin_utils.shared_sign_in import SharedSignIn


class ActionModule(SharedSignIn):
    """Of this module. Which token is to be used, the file says; so nobody signs in here for a module that runs elsewhere."""

    body = BODY

    def _session(self, params: Params, store: FileStore, codes: t.Optional[str]) -> Params:
        """The file itself, on this machine; for another, what this one's environment says."""
        if self.is_local:
            return super()._session(params, store, codes)
        return {name: value for name, value in params.items() if value is not None}
