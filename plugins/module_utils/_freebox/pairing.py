# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that a Freebox lets in: asked for once, allowed by somebody at the box, and its token kept in a file."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._engine.arguments import TEXT_OR_NUMBER
from .._engine.client_protocol import Client
from .._engine.product import Params
from .._engine.run import Run
from .._net.transport import Transport
from .._text.errors import EstateError, InputError, OutcomeUnknown, Refused, SignInError, Unreadable
from .._text.outside import Sentence
from . import connection
from .error_codes import RIGHTS, meaning
from .pairing_file import Request, StoredPairing, TokenFile
from .session import PAIR_AGAIN, SETTINGS, TOLD

# What becomes of a request (server-behaviour.md, F25).
GRANTED, PENDING = "granted", "pending"
ENDS: t.Mapping[str, str] = {
    "denied": "somebody has refused it at the box",
    "timeout": "nobody answered at the box in the time that it gives",
    "unknown": "the box does not know it any more, as after somebody has revoked it",
}
PAUSE = 2.0  # seconds between two looks
REMINDER = 60.0  # seconds between two sentences to whoever waits
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
    """A client of a box that may not know the application yet."""

    def __init__(self, http: Transport, params: Params) -> None:
        super().__init__(http)
        self.params = params
        self._store = connection.shared(params)
        self._nobody = connection.session({**params, "freebox_app_token": None}, http, self._store)
        http.authorise, http.meaning = (lambda refused: {}), meaning
        self.kept_otherwise = False  # whether a file was written though the box was not
        self.cautions += connection.cautions(params, http.url)

    @property
    def wrote(self) -> bool:
        """Whether a token was, or may have been, made or stored."""
        return self.kept_otherwise or super().wrote

    @property
    def box(self) -> t.Mapping[str, t.Any]:
        """What the box tells of itself."""
        return self._nobody.box

    def refuse_unserved(self) -> None:
        """Raise what keeps from asking the box at all, such as a version of its API that it does not serve."""
        _api = self._nobody.api

    def ask(self) -> Request:
        """Ask to be let in. It is never asked twice, as each time is a question on the box's display."""
        params = self.params
        told = {name: params[name] for name in ("app_name", "app_version", "device_name")}
        body = {"app_id": params["freebox_app_id"], **told}
        try:
            answer = self._http.write(self._nobody.api.call("POST /login/authorize/", body, secret=True))
        except Refused as exc:
            raise EstateError(f"{self.url} takes no request of the application {body['app_id']}: {exc}.") from exc
        except OutcomeUnknown as exc:
            raise EstateError(f"{exc}. It was not asked again. {self.unheld}") from exc
        try:
            return Request(str(answer["result"]["app_token"]), str(answer["result"]["track_id"]))
        except (LookupError, TypeError) as exc:
            raise Unreadable(f"{self._http.asked} answered without a token. {self.unheld}") from exc

    @property
    def unheld(self) -> str:
        """What to do where a question may have been asked, and nobody has the token that it is about."""
        name = self.params["app_name"]
        return f"If the box shows a question about {name}, refuse it, because nobody has the token; then run again."

    def status(self, request: Request) -> str:
        """What has become of a request."""
        operation = "GET /login/authorize/{track_id}"
        answer = self._http.read(self._nobody.api.call(operation, path={"track_id": request.track}, secret=True))
        try:
            return str(answer["result"]["status"])
        except (LookupError, TypeError) as exc:
            raise Unreadable(f"{self._http.asked} answered without a status.") from exc

    def granted(self, token: str, needed: t.Collection[str] = ()) -> t.Optional[list[str]]:
        """What the application may do, in the order of the alphabet; None where the box does not know the token.

        Where that is less than ``needed``, the next task asks once more.
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
        "freebox_app_id": {**connection.ARGUMENT_SPEC["freebox_app_id"], "required": False, "default": "vpn.estate"},
        "freebox_app_token": {**connection.ARGUMENT_SPEC["freebox_app_token"], "required": False},
    }

    def connect(self, params: Params, read_only: bool) -> PairingClient:
        """A client for a task."""
        return PairingClient(connection.transport(params, read_only), params)


PAIRING = PairingProduct()


def inform(run: Run[PairingClient]) -> dict[str, t.Any]:
    """The work of freebox_app_info."""
    client = run.client
    token = client.params["freebox_app_token"]
    permissions = client.granted(token) if token else None
    if token and permissions is None:
        raise SignInError(
            f"{client.url} does not know the token of the application {client.params['freebox_app_id']}. It is of another box, or "
            f"was revoked: {PAIR_AGAIN}."
        )
    return {"box": {name: client.box.get(name) for name in TOLD}, "permissions": permissions, "changed": False}


def pair(run: Run[PairingClient]) -> dict[str, t.Any]:
    """The work of freebox_app: while the token in the file is good, nobody is asked for anything."""
    params = run.client.params
    if params["wait_timeout"] < 1:
        raise InputError(f"wait_timeout: {params['wait_timeout']} is not a number of seconds from 1 up.")
    if not params["freebox_app_id"].strip() or not params["freebox_app_id"].isprintable():
        raise InputError(f"freebox_app_id: {params['freebox_app_id']!r} is empty, or holds what cannot be printed.")
    return _Pairing(run).bring_about()


class _Pairing:
    """One run of it."""

    def __init__(self, run: Run[PairingClient]) -> None:
        self._client, self._task, self._params = run.client, run.task, run.client.params
        self._file = TokenFile(run.task)
        kept = self._file.read()
        self._there = kept is not None
        self._kept = kept or StoredPairing(self._params["freebox_app_id"])
        run.client.refuse_unserved()
        self._refuse_another_application()
        request = self._kept.request
        if request and self._is_another(request.box):
            self._refuse_another(request.box)
            self._kept.request = None

    @property
    def _uid(self) -> t.Optional[str]:
        """Of the box that answers; None from outside, where it does not tell (server-behaviour.md, F2)."""
        told = self._client.box.get("uid")
        return str(told) if told else None

    def _refuse_another_application(self) -> None:
        asked, path = self._params["freebox_app_id"], self._file.path
        if self._kept.app_id != asked:
            raise InputError(
                f"dest: {path} is of the application {self._kept.app_id}, and freebox_app_id is {asked}. Give each a file of its "
                "own. Nothing was written."
            )

    def _is_another(self, box: t.Optional[str]) -> bool:
        """Whether a box is not the one that answers, as far as both are known."""
        return bool(box and self._uid and box != self._uid)

    def _refuse_another(self, box: t.Optional[str]) -> None:
        """What is of another box stays, unless this one has taken its place; only the user knows, and says so by renew."""
        if self._is_another(box) and not self._params["renew"]:
            raise InputError(
                f"dest: {self._file.path} is of the box {box}, and {self._client.url} is {self._uid}. If that box was replaced by "
                "this one, say renew: true, which asks this one for a token and replaces the old one. If there are two boxes, "
                "give each a file of its own. Nothing was written."
            )

    def bring_about(self) -> dict[str, t.Any]:
        """Let the token in the file be one that works and may do what is needed."""
        kept, reason = self._kept, "there is no token yet"
        if kept.request:
            status = self._client.status(kept.request)
            if status == GRANTED:
                return self._let_in("the request was granted")
            reason = "a person has to answer the request on the box"
            if status != PENDING:
                self._refuse_another(kept.box)
                reason = self._end(status)
        elif self._params["renew"]:
            other = f", and the token is of the box {kept.box}" if self._is_another(kept.box) else ""
            reason = f"renew is said{other}" if kept.token else reason
        else:
            self._refuse_another(kept.box)
            token = kept.token or self._params["freebox_app_token"]
            permissions = self._client.granted(token, self._params["permissions"]) if token else None
            if token and permissions is not None:
                return self._keep(token, permissions)
            if token:
                self._refuse_to_lose(kept)
                reason = "the box does not know the token any more"
        if self._task.check:
            return self._changed(reason)
        if not kept.request:
            self._ask()
        status = self._wait()
        if status == GRANTED:
            return self._let_in(reason)
        raise EstateError(self._unanswered() if status == PENDING else self._ended(status))

    def _refuse_to_lose(self, kept: StoredPairing) -> None:
        """A token that this box refuses may be another's, where nothing says whose it is, or which box this is."""
        if kept.token and not (kept.box and self._uid):
            raise InputError(
                f"dest: {self._client.url} does not know the token in {self._file.path}. It is of another box, or was revoked. "
                "If it may be replaced, say renew: true. Nothing was written."
            )

    def _keep(self, token: str, permissions: list[str]) -> dict[str, t.Any]:
        """A good token stays, in a file as it is asked for."""
        reason = self._file.misfit if self._kept.token else "the token was not in the file"
        if reason and not self._task.check:
            self._store(token, self._kept.box)
        self._refuse_lack(permissions, f"The application {self._kept.app_id}")
        return {**(self._changed(reason) if reason else {"changed": False}), "permissions": permissions}

    def _changed(self, reason: str) -> dict[str, t.Any]:
        return {"changed": True, "reason": Sentence(reason), "diff": self._file.diff(reason, there=self._there)}

    def _let_in(self, reason: str) -> dict[str, t.Any]:
        """The request was granted: its token takes the place of one that there may have been."""
        request = self._kept.request
        if self._task.check or not request:
            return self._changed(reason)
        self._store(request.token, request.box)
        permissions = self._client.granted(request.token, self._params["permissions"])
        if permissions is None:
            raise EstateError(
                f"{self._client.url} says that it has granted the request, and does not know the token. Remove {self._file.path} "
                "and run again."
            )
        done = f"The application {self._kept.app_id} is allowed on {self._client.url} now, and {self._file.path} has its token."
        self._refuse_lack(permissions, f"{done} But it")
        return {**self._changed(reason), "permissions": permissions}

    def _store(self, token: str, box: t.Optional[str]) -> None:
        kept = self._kept
        kept.token, kept.request, kept.box = token, None, self._uid or box
        self._file.write(kept)
        self._client.kept_otherwise = True

    def _refuse_lack(self, permissions: t.Collection[str], who: str) -> None:
        lacking = [name for name in self._params["permissions"] if name not in permissions]
        if lacking:
            several = "permissions" if len(lacking) > 1 else "permission"
            raise EstateError(
                f"{who} lacks the {several} {', '.join(lacking)}, which no program can grant: tick it in {RIGHTS} of the box, then "
                "run again."
            )

    def _ask(self) -> None:
        """The token is in its place before anybody can allow it, so that it is not lost whatever happens to this run."""
        with self._file.room() as keep:
            request = replace(self._client.ask(), box=self._uid)
            self._task.secrets.add(request.token)
            self._kept.request = request
            try:
                keep(self._kept)
            except EstateError as exc:
                raise EstateError(f"{exc} {self._client.unheld}") from exc

    def _wait(self) -> str:
        """What has become of the request, or that it is pending still when the time is over."""
        request = t.cast(Request, self._kept.request)
        deadline = time.monotonic() + self._params["wait_timeout"]
        spoke: t.Optional[float] = None
        while True:
            try:
                status = self._client.status(request)
            except EstateError as exc:
                raise EstateError(
                    f"{str(exc).rstrip('.')}. {self._file.path} keeps the request: run again to go on waiting."
                ) from exc
            now = time.monotonic()
            if status != PENDING or now >= deadline:
                return status
            if spoke is None or now - spoke >= REMINDER:
                spoke = now
                who = f"{self._params['app_name']} of {self._params['device_name']}"
                left = f"{deadline - now:.0f} s left."
                self._task.say(
                    f"{self._client.url} shows that {who} asks to be let in: press the button on the box. {left}"
                )
            time.sleep(min(PAUSE, deadline - now))

    def _end(self, status: str) -> str:
        """Why a new request is needed."""
        if not self._task.check:
            self._file.end_request(self._kept)
            self._client.kept_otherwise = True
        self._kept.request = None
        return f"the request came to nothing: {_end_of(status)}"

    def _ended(self, status: str) -> str:
        self._file.end_request(self._kept)
        left = "still has the token that it had" if self._kept.token else "is removed again"
        return (
            f"{self._client.url} did not let the application {self._kept.app_id} in: {_end_of(status)}. {self._file.path} {left}. "
            "Run again to ask again."
        )

    def _unanswered(self) -> str:
        return (
            f"Nobody has pressed the button on {self._client.url} for the application {self._kept.app_id} within "
            f"{self._params['wait_timeout']} seconds. {self._file.path} keeps the request: run again to go on waiting."
        )


def _end_of(status: str) -> str:
    return ENDS.get(status, f"the box says {status!r} of it")
