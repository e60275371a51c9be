# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing an application with a Freebox: requested once, granted by a person at the box, its token kept in a file."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._engine.arguments import TEXT_OR_NUMBER
from .._engine.product import Params
from .._engine.run import Run
from .._net.client import Client
from .._net.operations import OperationTable
from .._net.session_store import Store
from .._net.transport import Transport
from .._text.errors import EstateError, InputError, OutcomeUnknown, Refused, SignInError, Unreadable
from .._text.outside import Sentence
from . import connection
from .error_codes import RIGHTS, meaning
from .pairing_file import Request, StoredPairing, TokenFile
from .session import DESCRIBING, PAIR_AGAIN, SETTINGS

# The status of a request (server behaviour, F25).
GRANTED, PENDING = "granted", "pending"
ENDS: t.Mapping[str, str] = {
    "denied": "it was refused at the box",
    "timeout": "it was not answered at the box in time",
    "unknown": "the box no longer knows it, as it may have been revoked",
}
PAUSE = 2.0  # seconds between two questions for the status
REMINDER = 60.0  # seconds between two messages to the user
SPEC: t.Mapping[str, t.Any] = {
    "dest": {"type": "path", "required": True},
    "app_name": {"type": "str", "default": "vpn.estate"},
    "app_version": {"type": TEXT_OR_NUMBER, "default": "1"},
    "device_name": {"type": "str", "default": "Ansible"},
    "permissions": {"type": "list", "elements": "str", "default": [SETTINGS]},
    "vault": {"type": "bool"},
    "vault_id": {"type": "str"},
    "wait_timeout": {"type": "int", "default": 300},
    "renew": {"type": "bool", "default": False},
}


class PairingClient(Client):
    """Calls to a box that may not know the application yet."""

    def __init__(self, http: Transport, params: Params) -> None:
        super().__init__(http)
        self.params = params
        self._store = connection.shared(params)
        self._unpaired = connection.session({**params, "freebox_app_token": None}, http, self._store)
        http.authorise, http.meaning = (lambda refused: {}), meaning
        self.file_written = False
        self.cautions += connection.cautions(params, http.url)

    @property
    def api(self) -> OperationTable:
        """The operations at the path of this box."""
        return self._unpaired.api

    @property
    def wrote(self) -> bool:
        """Whether a token was created or stored, or may have been."""
        return self.file_written or super().wrote

    @property
    def box(self) -> t.Mapping[str, t.Any]:
        """What the box returns about itself."""
        return self._unpaired.box

    def checked_api(self) -> OperationTable:
        """The operations of the box. Raises InputError where it does not serve the version of its API that the task names."""
        return self.api

    def request_token(self) -> Request:
        """Request a token. The request is never repeated, because each one shows a question on the box's display."""
        params = self.params
        names = ("app_name", "app_version", "device_name")
        body = {"app_id": params["freebox_app_id"], **{name: params[name] for name in names}}
        try:
            answer = self.call("POST /login/authorize/", body)
        except Refused as exc:
            raise EstateError(
                f"{self.url} does not accept a request of the application {body['app_id']}: {str(exc).rstrip('.')}."
            ) from exc
        except OutcomeUnknown as exc:
            raise EstateError(f"{exc}. The request was not repeated. {self.lost_token_advice}") from exc
        try:
            return Request(str(answer["result"]["app_token"]), str(answer["result"]["track_id"]))
        except (LookupError, TypeError) as exc:
            raise Unreadable(f"{self.asked} answered without a token. {self.lost_token_advice}") from exc

    @property
    def lost_token_advice(self) -> str:
        """What to do where the box may show a question, and its token is lost."""
        name = self.params["app_name"]
        return f"If the box shows a question about {name}, refuse it, because its token is lost; then run again."

    def status(self, request: Request) -> str:
        """The status of a request."""
        answer = self.call("GET /login/authorize/{track_id}", path={"track_id": request.track})
        try:
            return str(answer["result"]["status"])
        except (LookupError, TypeError) as exc:
            raise Unreadable(f"{self.asked} answered without a status.") from exc

    def permissions_of(self, token: str, needed: t.Collection[str] = ()) -> t.Optional[list[str]]:
        """The permissions of the application, sorted; None where the box does not know the token.

        Where one of ``needed`` is missing, the next task signs in again, to read them again.
        """
        whole = {**self.params, "freebox_app_token": token}
        session = connection.session(whole, connection.transport(whole, read_only=True), self._store)
        try:
            found = sorted(name for name, granted in session.permissions.items() if granted)
        except SignInError as exc:
            if exc.said == "invalid_token":
                return None
            raise
        session.close()
        if not set(needed) <= set(found):
            session.forget()
        return found


class PairingProduct(connection.FreeboxProduct):
    """Freebox routers that may not know the application yet."""

    argument_spec = {
        **connection.ARGUMENT_SPEC,
        "freebox_app_id": {**connection.ARGUMENT_SPEC["freebox_app_id"], "default": "vpn.estate"},
    }

    def connect(self, params: Params, read_only: bool) -> PairingClient:
        """A client for a task."""
        return PairingClient(connection.transport(params, read_only), params)


class PairingOnHost(PairingProduct):
    """The same with the token in a file, which is where the module runs."""

    def sign_in(self, params: Params, store: Store, codes: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Return nothing: without the file, a sign-in for a module that runs on another host is impossible."""
        return {}


PAIRING, PAIRING_ON_HOST = PairingProduct(), PairingOnHost()


def inform(run: Run[PairingClient]) -> dict[str, t.Any]:
    """The work of freebox_app_info."""
    client = run.client
    token = client.params["freebox_app_token"]
    permissions = client.permissions_of(token) if token else None
    if token and permissions is None:
        raise SignInError(
            f"{client.url} does not know the token of the application {client.params['freebox_app_id']}. The token is for another "
            f"box, or was revoked: {PAIR_AGAIN}."
        )
    return {"box": {name: client.box.get(name) for name in DESCRIBING}, "permissions": permissions, "changed": False}


def pair(run: Run[PairingClient]) -> dict[str, t.Any]:
    """The work of freebox_app: while the token in the file is valid, no request is made."""
    params = run.client.params
    if params["wait_timeout"] < 1:
        raise InputError(f"wait_timeout: {params['wait_timeout']} is too small; the smallest value is 1 second.")
    if not params["freebox_app_id"].strip() or not params["freebox_app_id"].isprintable():
        raise InputError(
            f"freebox_app_id: {params['freebox_app_id']!r} is empty, or contains characters that cannot be printed."
        )
    return _Pairing(run).run()


class _Pairing:
    """One task of freebox_app."""

    def __init__(self, run: Run[PairingClient]) -> None:
        self._client, self._task, self._params = run.client, run.task, run.client.params
        self._file = TokenFile(run.task)
        kept = self._file.read()
        self._existed = kept is not None
        self._kept = kept or StoredPairing(self._params["freebox_app_id"])
        run.client.checked_api()
        self._refuse_another_application()
        request = self._kept.request
        if request and self._is_another(request.box):
            self._refuse_another(request.box)
            self._kept.request = None

    @property
    def _uid(self) -> t.Optional[str]:
        """Of the box that answers; None from outside its network, where it returns none (server behaviour, F2)."""
        uid = self._client.box.get("uid")
        return str(uid) if uid else None

    def _refuse_another_application(self) -> None:
        asked, path = self._params["freebox_app_id"], self._file.path
        if self._kept.app_id != asked:
            raise InputError(
                f"dest: {path} is for the application {self._kept.app_id}, and freebox_app_id is {asked}. Use a file for each "
                "application. Nothing was written."
            )

    def _is_another(self, box: t.Optional[str]) -> bool:
        """Whether a box is not the one that answers, as far as both are known."""
        return bool(box and self._uid and box != self._uid)

    def _refuse_another(self, box: t.Optional[str]) -> None:
        """Keep a token of another box, unless this box replaced that one, which the user confirms with renew."""
        if self._is_another(box) and not self._params["renew"]:
            raise InputError(
                f"dest: {self._file.path} is for the box {box}, and the box at {self._client.url} is {self._uid}. If that "
                "box was replaced by this one, set renew: true; the task then requests a token from this box, and replaces the "
                "old one. If there are two boxes, use a file for each. Nothing was written."
            )

    def run(self) -> dict[str, t.Any]:
        """Have a valid token with the needed permissions in the file."""
        kept, reason = self._kept, "there is no token yet"
        if kept.request:
            status = self._client.status(kept.request)
            if status == GRANTED:
                return self._store_granted("the request was granted")
            reason = "a person has to answer the request on the box"
            if status != PENDING:
                self._refuse_another(kept.box)
                reason = self._remove_ended(status)
        elif self._params["renew"]:
            other = f", and the token is for the box {kept.box}" if self._is_another(kept.box) else ""
            reason = f"renew is set{other}" if kept.token else reason
        else:
            self._refuse_another(kept.box)
            token = kept.token or self._params["freebox_app_token"]
            permissions = self._client.permissions_of(token, self._params["permissions"]) if token else None
            if token and permissions is not None:
                return self._keep_token(token, permissions)
            if token:
                self._refuse_unknown_token(kept)
                reason = "the box no longer knows the token"
        if self._task.check:
            return self._changed(reason)
        if not kept.request:
            self._request()
        status = self._wait()
        if status == GRANTED:
            return self._store_granted(reason)
        raise EstateError(self._timed_out() if status == PENDING else self._ended(status))

    def _refuse_unknown_token(self, kept: StoredPairing) -> None:
        """A token that this box refuses may be valid for another, where either box is unknown."""
        if kept.token and not (kept.box and self._uid):
            raise InputError(
                f"dest: {self._client.url} does not know the token in {self._file.path}. The token is for another box, or was "
                "revoked. To replace it, set renew: true. Nothing was written."
            )

    def _keep_token(self, token: str, permissions: list[str]) -> dict[str, t.Any]:
        """Keep a valid token, in a file as the task wants it."""
        reason = self._file.rewrite_reason if self._kept.token else "the token was not in the file"
        if reason and not self._task.check:
            self._store(token, self._kept.box)
        self._refuse_lack(permissions, f"The application {self._kept.app_id}")
        return {**(self._changed(reason) if reason else {"changed": False}), "permissions": permissions}

    def _changed(self, reason: str) -> dict[str, t.Any]:
        return {"changed": True, "reason": Sentence(reason), "diff": self._file.diff(reason, there=self._existed)}

    def _store_granted(self, reason: str) -> dict[str, t.Any]:
        """Store the token of a granted request, in the place of an older one."""
        request = self._kept.request
        if self._task.check or not request:
            return self._changed(reason)
        self._store(request.token, request.box)
        permissions = self._client.permissions_of(request.token, self._params["permissions"])
        if permissions is None:
            raise EstateError(
                f"{self._client.url} reports that the request was granted, but does not know the token. Remove {self._file.path} "
                "and run again."
            )
        done = f"The application {self._kept.app_id} is allowed on {self._client.url} now, and {self._file.path} has its token."
        self._refuse_lack(permissions, f"{done} But it")
        return {**self._changed(reason), "permissions": permissions}

    def _store(self, token: str, box: t.Optional[str]) -> None:
        kept = self._kept
        kept.token, kept.request, kept.box = token, None, self._uid or box
        self._file.write(kept)
        self._client.file_written = True

    def _refuse_lack(self, permissions: t.Collection[str], who: str) -> None:
        lacking = [name for name in self._params["permissions"] if name not in permissions]
        if lacking:
            several, them = ("permissions", "them") if len(lacking) > 1 else ("permission", "it")
            raise EstateError(
                f"{who} lacks the {several} {', '.join(lacking)}, which no program can grant: tick {them} in {RIGHTS} of the box, "
                "then run again."
            )

    def _request(self) -> None:
        """Request a token. It is in the file before it can be granted, so that it is not lost if this run is interrupted."""
        with self._file.room() as keep:
            request = replace(self._client.request_token(), box=self._uid)
            self._task.secrets.add(request.token)
            self._kept.request = request
            try:
                keep(self._kept)
            except EstateError as exc:
                raise EstateError(f"{exc} {self._client.lost_token_advice}") from exc

    def _wait(self) -> str:
        """Wait for an answer at the box, and return the status of the request: pending when the time is over."""
        request = t.cast(Request, self._kept.request)
        deadline = time.monotonic() + self._params["wait_timeout"]
        reminded: t.Optional[float] = None
        while True:
            try:
                status = self._client.status(request)
            except EstateError as exc:
                raise EstateError(
                    f"{str(exc).rstrip('.')}. {self._file.path} keeps the request: run again to continue."
                ) from exc
            now = time.monotonic()
            if status != PENDING or now >= deadline:
                return status
            if reminded is None or now - reminded >= REMINDER:
                reminded = now
                who = f"{self._params['app_name']} of {self._params['device_name']}"
                left = f"{deadline - now:.0f} s left."
                self._task.say(
                    f"{self._client.url} shows that {who} requests access: press the button on the box. {left}"
                )
            time.sleep(min(PAUSE, deadline - now))

    def _remove_ended(self, status: str) -> str:
        """Remove a request that has ended, and return why a new one is needed."""
        if not self._task.check:
            self._file.remove_request(self._kept)
            self._client.file_written = True
        self._kept.request = None
        return f"the request failed: {_why_ended(status)}"

    def _ended(self, status: str) -> str:
        self._file.remove_request(self._kept)
        left = "still has the earlier token" if self._kept.token else "was removed again"
        return (
            f"{self._client.url} did not grant the request of the application {self._kept.app_id}: {_why_ended(status)}. "
            f"{self._file.path} {left}. Run again to repeat the request."
        )

    def _timed_out(self) -> str:
        return (
            f"The button on {self._client.url} was not pressed for the application {self._kept.app_id} within "
            f"{self._params['wait_timeout']} seconds. {self._file.path} keeps the request: run again to continue."
        )


def _why_ended(status: str) -> str:
    return ENDS.get(status, f"the box reports the status {status!r}")
