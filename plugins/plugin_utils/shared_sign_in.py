# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in for each Access Server and run: what the action plugin does before a module's work."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.connection import (
    ARGUMENT_SPEC,
    base_address,
    credentials,
    transport,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.session import FileStore, Session
from ansible_collections.vpn.estate.plugins.module_utils._errors import EstateError, SignInError
from ansible_collections.vpn.estate.plugins.module_utils._http import REQUESTS_ERROR
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
        if not params or (params["as_token"] and not params["as_password"]):
            return {}
        self._store = FileStore(_session_file(params))
        return self._session(params, self._store)

    def tell(self, refusal: str) -> None:
        """A refused sign-in is tried by none of the run's tasks again."""
        if self._store:
            with self._store.held() as state:
                state["refused"] = refusal

    @staticmethod
    def _connection_params(args: Params) -> t.Optional[Params]:
        """Connection options with defaults and environment; None where they are not right."""
        given = {name: value for name, value in args.items() if name in ARGUMENT_SPEC and name != "as_session"}
        checked = ArgumentSpecValidator(dict(ARGUMENT_SPEC)).validate(given)
        return None if checked.error_messages else t.cast(Params, checked.validated_parameters)

    def _session(self, params: Params, store: FileStore) -> Params:
        codes = codes_file(params) if params["as_totp_secret"] else None
        if self.is_local:
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


def codes_file(params: Params) -> str:
    """Which codes were used is remembered from run to run: the next run may come within the same 30 seconds."""
    folder = os.path.join(constants.ANSIBLE_HOME, "vpn.estate")
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    if not os.access(folder, os.W_OK):
        folder = constants.DEFAULT_LOCAL_TMP
    return os.path.join(folder, f"totp-{_key(params)}")
