# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in for each server and run: what the action plugin does before a module's work."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._errors import EstateError, SignInError
from ansible_collections.vpn.estate.plugins.module_utils._http import REQUESTS_ERROR
from ansible_collections.vpn.estate.plugins.module_utils._resource import Sharing
from ansible_collections.vpn.estate.plugins.module_utils._shared_state import FileStore
from ansible_collections.vpn.estate.plugins.plugin_utils.module_action import ModuleAction, Params


class SharedSignIn(ModuleAction):
    """Runs a module with a session that the tasks of the run share.

    The session lies in a locked file in Ansible's private temporary folder, which goes when the run ends. A module that
    runs on this machine opens the file itself. For one that runs elsewhere the sign-in happens here, and the token
    travels with its arguments; only where the server cannot be reached from here does the module sign in by itself.
    """

    _store: t.Optional[FileStore] = None

    def share(self, args: Params) -> Params:
        """The session, where the connection options are right; where they are not, the module will say so."""
        params = self._connection_params(args)
        account = self._sharing.account(params) if params else None
        if params is None or account is None:
            return {}
        key = hashlib.sha256(account.encode()).hexdigest()[:32]
        self._store = FileStore(os.path.join(constants.DEFAULT_LOCAL_TMP, f"vpn.estate-{key}.json"))
        codes = _codes_file(key) if self._sharing.uses_codes(params) else None
        return self._session(params, self._store, codes)

    def tell(self, refusal: str) -> None:
        """A refused sign-in is tried by none of the run's tasks again."""
        if self._store:
            with self._store.held() as state:
                state["refused"] = refusal

    @property
    def _sharing(self) -> Sharing:
        """How the product of this module shares sessions; all that have this action do."""
        return t.cast(Sharing, self.body.product.sharing)

    def _connection_params(self, args: Params) -> t.Optional[Params]:
        """Connection options with defaults and environment; None where they are not right."""
        spec = {name: option for name, option in self._sharing.spec.items() if name != self._sharing.option}
        checked = ArgumentSpecValidator(spec).validate({name: args[name] for name in spec if name in args})
        return None if checked.error_messages else t.cast(Params, checked.validated_parameters)

    def _session(self, params: Params, store: FileStore, codes: t.Optional[str]) -> Params:
        if self.is_local:
            return {self._sharing.option: {"file": store.path, "codes": codes}}
        found = {name: value for name, value in params.items() if value is not None}
        if REQUESTS_ERROR:
            return found
        try:
            self._sharing.sign_in(params, store, codes)
        except SignInError:
            raise
        except EstateError:
            return found  # this machine may have no way to the server, and the module's host may
        # As text: Ansible masks each value of a secret option, and the small numbers in here are everywhere.
        with store.held() as state:
            return {**found, self._sharing.option: {"state": json.dumps(state)}}


def _codes_file(key: str) -> str:
    """Which codes were used is remembered from run to run: the next run may come within the same 30 seconds."""
    folder = os.path.join(constants.ANSIBLE_HOME, "vpn.estate")
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    if not os.access(folder, os.W_OK):
        folder = constants.DEFAULT_LOCAL_TMP
    return os.path.join(folder, f"totp-{key}")
