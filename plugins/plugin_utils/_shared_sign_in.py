# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in for each server and run: what the action plugin does before a module's work."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display
from ansible_collections.vpn.estate.plugins.module_utils._engine.product import Product
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import own_file, refuse_shared_folder
from ansible_collections.vpn.estate.plugins.module_utils._net.session import of_credentials, refuse_again
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError, SignInError

Params = dict[str, t.Any]


class SharedSignIn:
    """The session that the tasks of a run share, if they give the same credentials and trust the same servers.

    The sessions of an account lie in a locked file in Ansible's private temporary folder, which goes when the run ends. A
    module that runs on this machine (``is_local``) opens the file itself. For one that runs elsewhere the sign-in happens
    here, and the token travels with its arguments; only where the server cannot be reached from here, or the product has
    it so, does the module sign in by itself.
    """

    def __init__(self, product: Product, is_local: bool) -> None:
        self._product, self._is_local = product, is_local
        self._used: t.Optional[tuple[Params, FileStore]] = None

    def options(self, args: Params) -> Params:
        """Further options of the module: the session, where the connection options are valid; else the module refuses them.

        Raises SignInError.
        """
        params = self.connection_params(args)
        account = self._product.account(params) if params else None
        if params is None or account is None:
            return {}
        key = hashlib.sha256(account.encode()).hexdigest()[:32]
        store = FileStore(os.path.join(constants.DEFAULT_LOCAL_TMP, f"vpn.estate-{key}.json"))
        self._used = params, store
        codes = codes_file(key, Display().warning) if self._product.uses_codes(params) else None
        return self._session(params, store, codes)

    def remember(self, refusal: str) -> None:
        """Let no task of the run try a refused sign-in again with the same credentials."""
        if self._used:
            params, store = self._used
            with store.held() as state:
                known = of_credentials(state, self._product.proof(params))
                if "password" not in known:  # the one that took the place of theirs is known to the tasks
                    known["refused"] = refusal

    def connection_params(self, args: Params) -> t.Optional[Params]:
        """Connection options with defaults and environment; None where they are not right."""
        spec = {
            name: option for name, option in self._product.argument_spec.items() if name != self._product.session_option
        }
        checked = ArgumentSpecValidator(spec).validate({name: args[name] for name in spec if name in args})
        return None if checked.error_messages else t.cast(Params, checked.validated_parameters)

    def _session(self, params: Params, store: FileStore, codes: t.Optional[str]) -> Params:
        option = self._product.session_option
        if self._is_local:
            return {option: {"file": store.path, "codes": codes}}
        found = {name: value for name, value in params.items() if value is not None}
        try:
            session = self._product.sign_in(params, store, codes)
            return {**found, option: session} if session else found
        except SignInError:
            raise
        except EstateError:
            with store.held() as state:
                refuse_again(of_credentials(state, self._product.proof(params)))
            return found  # this machine may have no way to the server, and the module's host may


def codes_file(key: str, warn: t.Callable[[str], object]) -> str:
    """Which codes were used is remembered from run to run: the next run may come within the same 30 seconds.

    The file lies in ANSIBLE_HOME; in the temporary folder of the run where another user could get at it there.
    """
    folder, name = os.path.join(constants.ANSIBLE_HOME, "vpn.estate"), f"totp-{key}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        refuse_shared_folder(folder)
        os.close(own_file(os.path.join(folder, name)))
    except OSError as exc:
        warn(
            f"{exc.filename} is not used: {exc.strerror}. So only this run knows which TOTP codes it has used. Another run within "
            "30 seconds may send the same code, and the server counts that as a failed sign-in. Remove the file, or make the user "
            "that runs Ansible its owner, with mode 0700 for a folder and 0600 for a file."
        )
        folder = constants.DEFAULT_LOCAL_TMP
    return os.path.join(folder, name)
