# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that keeps the token of an application, and a request for one; playbooks read it as variables."""

from __future__ import annotations

import contextlib
import json
import typing as t
from dataclasses import dataclass, field

from .._engine.declaration_files import Flaw, read_mapping
from .._engine.run import Task
from .._files.read_file import VAULTED, content_of
from .._files.secret_file import SecretFile
from .._text.errors import InputError

OPENING = VAULTED.decode()
ROOM = 1 << 13  # bytes that are kept free for what is to come, which is shorter, also when it is encrypted
USUAL = "default"  # the vault id of what names none
ID, TOKEN, BOX, REQUEST = "freebox_app_id", "freebox_app_token", "freebox_app_box", "freebox_app_request"
TRACK = "track_id"


@dataclass(frozen=True)
class Request:
    """A token that is not good before somebody has allowed it, and the number under which the box tells whether."""

    token: str = field(repr=False)
    track: str
    box: t.Optional[str] = None  # the uid of the box that was asked, where it tells it


@dataclass
class StoredPairing:
    """What the file holds; ``box`` is the uid of the box that has granted the token, where it tells it."""

    app_id: str
    token: t.Optional[str] = field(repr=False, default=None)
    box: t.Optional[str] = None
    request: t.Optional[Request] = None

    @property
    def secrets(self) -> set[str]:
        """What is not to be shown."""
        return {each for each in (self.token, self.request and self.request.token) if each}


class TokenFile:
    """For its owner's eyes, and encrypted where that is asked for, or where it is already."""

    def __init__(self, task: Task) -> None:
        self._task, self._file = task, SecretFile("dest", task.params["dest"])
        self._vault, self._vault_id = task.params["vault"], task.params["vault_id"]
        self._label: t.Optional[str] = None  # of the vault that the file is encrypted for

    @property
    def path(self) -> str:
        """Where it is."""
        return self._file.path

    def read(self) -> t.Optional[StoredPairing]:
        """What it holds; None where there is none. Raises InputError where it could not be written later."""
        if self._vault_id and not self._vault:
            raise InputError(f"vault_id: {self._vault_id!r} is of use only with vault: true.")
        self._file.refuse_unusable()
        text = self._file.read()
        if text is not None and text.startswith(OPENING):
            header = text.splitlines()[0].split(";")
            self._label = header[3] if len(header) > 3 else USUAL
            text = self._decrypted()
        if self._encrypts:
            self._sealed("")
        return None if text is None else self._parsed(text)

    @property
    def misfit(self) -> str:
        """Why it is to be written again though what it holds is good; empty where it is not."""
        if not self._file.is_private:
            return "others could read it"
        if self._vault is not None and self._vault is not (self._label is not None):
            return "it was not encrypted" if self._vault else "it was encrypted"
        if self._vault_id and self._label != self._vault_id:
            return f"it was encrypted for the vault id {self._label}"
        return ""

    def diff(self, fault: str, *, there: bool) -> dict[str, dict[str, t.Any]]:
        """As of a SecretFile."""
        return self._file.diff(fault, there=there)

    def write(self, kept: StoredPairing) -> None:
        """Put all of it in place at once."""
        with self.room() as keep:
            keep(kept)

    @contextlib.contextmanager
    def room(self) -> t.Iterator[t.Callable[[StoredPairing], None]]:
        """Room on the disk for what is yet to come, as of a SecretFile."""
        with self._file.room(ROOM) as keep:
            yield lambda kept: keep(self._text(kept))

    def _text(self, kept: StoredPairing) -> str:
        asked = kept.request
        request = _said({TOKEN: asked.token, TRACK: asked.track, BOX: asked.box}) if asked else None
        told = _said({ID: kept.app_id, TOKEN: kept.token, BOX: kept.box, REQUEST: request})
        text = json.dumps(told, indent=2) + "\n"
        return self._sealed(text) if self._encrypts else text

    def end_request(self, kept: StoredPairing) -> None:
        """Forget a request that came to nothing, and the file with it where it holds nothing else."""
        kept.request = None
        if kept.token:
            self.write(kept)
        else:
            self._file.remove()

    @property
    def _encrypts(self) -> bool:
        return self._label is not None if self._vault is None else bool(self._vault)

    def _decrypted(self) -> str:
        return content_of("dest", self.path, self._task.read).decode("utf-8", "replace")

    def _sealed(self, text: str) -> str:
        """Encrypted. Raises InputError where that cannot be, which is found out before anything is asked of a box."""
        if self._task.seal is None:
            raise InputError(
                "vault: only a task that Ansible runs in its own process can encrypt a file by ansible-vault; this one runs as a "
                "module. Nothing was written."
            )
        try:
            return self._task.seal(text, self._vault_id or self._label)
        except InputError as exc:
            raise InputError(f"vault: {exc}. Nothing was written.") from None

    def _parsed(self, text: str) -> StoredPairing:
        try:
            told = read_mapping(text)
            kept = _kept(told)
        except Flaw as exc:
            raise InputError(
                f"dest: {self.path} is there, and is no file of an application's token alone: {exc}. Nothing was written."
            ) from None
        self._task.secrets.update(kept.secrets)
        return kept


def _said(told: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in told.items() if value is not None}


def _kept(told: t.Mapping[str, t.Any]) -> StoredPairing:
    """The mapping of a file. Raises Flaw with a sentence that holds none of its values."""
    others = sorted(map(str, set(told) - {ID, TOKEN, BOX, REQUEST}))
    if others:
        raise Flaw(f"it also holds {', '.join(others)}")
    request = told.get(REQUEST)
    if request is not None and not (isinstance(request, dict) and set(request) - {BOX} == {TOKEN, TRACK}):
        raise Flaw(f"{REQUEST} is not what this module writes")
    texts = [told.get(ID), told.get(TOKEN), told.get(BOX), *(request or {}).values()]
    if any(one is not None and (not isinstance(one, str) or not one) for one in texts) or not told.get(ID):
        raise Flaw(f"{ID} and {TOKEN} are texts, and the first is always there")
    pending = Request(request[TOKEN], request[TRACK], request.get(BOX)) if request else None
    return StoredPairing(told[ID], told.get(TOKEN), told.get(BOX), pending)
