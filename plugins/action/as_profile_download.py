# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""as_profile_download, run in the controller's own process where that is the same, and told who need not try again."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.modules.as_profile_download import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils.module_action import Params
from ansible_collections.vpn.estate.plugins.plugin_utils.shared_sign_in import SharedSignIn


class ActionModule(SharedSignIn):
    """Of this module. What its tasks share spares a user no sign-in, only the second code of each, and what was refused."""

    body = BODY

    def share(self, args: Params) -> Params:
        """Nothing where nobody signs in."""
        return {} if args.get("token") or args.get("token_url") else super().share(args)

    def _session(self, params: Params, store: FileStore, codes: t.Optional[str]) -> Params:
        """The file itself, on this machine; for another, what this one's environment says."""
        self._refuse_again(params, store)
        if self.is_local:
            return super()._session(params, store, codes)
        options = self.body.argument_spec
        return {name: value for name, value in params.items() if value is not None and name in options}
