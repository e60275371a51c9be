# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in for each server and run: what the action plugin does before a module runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash
from ansible_collections.vpn.estate.plugins.module_utils._access_server.client import (
    ARGUMENT_SPEC,
    base_address,
    credentials,
    transport,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.session import FileStore, Session
from ansible_collections.vpn.estate.plugins.module_utils._errors import EstateError, SignInError
from ansible_collections.vpn.estate.plugins.module_utils._http import REQUESTS_ERROR

Params = dict[str, t.Any]


class ActionModule(ActionBase):
    """Runs the module as Ansible would, with a session that the tasks of the run share.

    The session lies in a locked file in Ansible's private temporary folder, which goes when the run ends. A module that
    runs on this machine opens the file itself. For one that runs elsewhere the sign-in happens here, and the token
    travels with its arguments; only where the server cannot be reached from here does the module sign in by itself.
    """

    _supports_check_mode = True
    _supports_async = True
    _requires_connection = True

    def run(self, tmp: t.Optional[str] = None, task_vars: t.Optional[Params] = None) -> Params:
        """Find or make the session, and run the module with it."""
        result = super().run(tmp, task_vars)
        args, store = dict(self._task.args), None
        params = self._connection_params(args)
        if params and (params["as_password"] or not params["as_token"]):
            store = FileStore(_session_file(params))
            try:
                args.update(self._session(params, store))
            except SignInError as exc:
                return {**result, "failed": True, "changed": False, "msg": str(exc)}
        done = self._execute_module(module_args=args, task_vars=task_vars, wrap_async=self._task.async_val)
        refusal = done.pop("sign_in_refused", None)
        if refusal and store:
            with store.held() as state:
                state["refused"] = refusal
        if not self._task.async_val:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return t.cast(Params, merge_hash(result, done))

    @staticmethod
    def _connection_params(args: Params) -> t.Optional[Params]:
        """Connection options with defaults and environment; None where they are not right, which the module will say."""
        given = {name: value for name, value in args.items() if name in ARGUMENT_SPEC and name != "as_session"}
        checked = ArgumentSpecValidator(dict(ARGUMENT_SPEC)).validate(given)
        return None if checked.error_messages else t.cast(Params, checked.validated_parameters)

    def _session(self, params: Params, store: FileStore) -> Params:
        codes = _codes_file(params) if params["as_totp_secret"] else None
        if self._connection.transport == "local" and not self._connection.become:
            return {"as_session": {"file": store.path, "codes": codes}}
        found = {name: value for name, value in params.items() if value is not None}
        if REQUESTS_ERROR:
            return found
        try:
            session = Session(transport(params, read_only=True), credentials(params), store, codes)
            if not params["as_token"]:
                session.token()
        except SignInError:
            raise
        except EstateError:
            return found  # this machine may have no way to the server, and the module's host may
        # As text: Ansible masks each value of a secret option, and the small numbers in here are everywhere.
        return {**found, "as_session": {"state": json.dumps(session.state)}}


def _key(params: Params) -> str:
    """One for each account, whichever node of a cluster its calls are passed on to."""
    told = f"{base_address(params['as_url']).lower()}\n{params['as_username'] or ''}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _session_file(params: Params) -> str:
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"vpn.estate-{_key(params)}.json")


def _codes_file(params: Params) -> str:
    """Which codes were used is remembered from run to run: the next run may come within the same 30 seconds."""
    folder = os.path.join(constants.ANSIBLE_HOME, "vpn.estate")
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    if not os.access(folder, os.W_OK):
        folder = constants.DEFAULT_LOCAL_TMP
    return os.path.join(folder, f"totp-{_key(params)}")
