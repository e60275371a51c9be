# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file with the token of an application, and a request for one; playbooks read it as variables."""

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
from .nested_fields import without_none

OPENING = VAULTED.decode()
ROOM = 1 << 13  # bytes on disk that are reserved; the content is shorter, also when it is encrypted
USUAL = "default"  # the vault id of a file that names none
ID, TOKEN, BOX, REQUEST = "freebox_app_id", "freebox_app_token", "freebox_app_box", "freebox_app_request"
TRACK = "track_id"


@dataclass(frozen=True)
class Request:
    """A token that is valid once a person grants the request at the box, and the number under which the box returns its status."""

    token: str = field(repr=False)
    track: str
    box: t.Optional[str] = None  # the uid of the box that got the request, where it returns one


@dataclass
class StoredPairing:
    """The content of the file; ``box`` is the uid of the box that granted the token, where it returns one."""

    app_id: str
    token: t.Optional[str] = field(repr=False, default=None)
    box: t.Optional[str] = None
    request: t.Optional[Request] = None

    @property
    def secrets(self) -> set[str]:
        """What must not be shown."""
        return {each for each in (self.token, self.request and self.request.token) if each}


class TokenFile:
    """A file that only its owner can read; encrypted if the task sets this, or if it is encrypted already."""

    def __init__(self, task: Task) -> None:
        self._task, self._file = task, SecretFile("dest", task.params["dest"])
        self._vault, self._vault_id = task.params["vault"], task.params["vault_id"]
        self._label: t.Optional[str] = None  # of the vault that the file is encrypted for

    @property
    def path(self) -> str:
        """Its path."""
        return self._file.path

    def read(self) -> t.Optional[StoredPairing]:
        """Its content; None where there is no file. Raises InputError where it could not be written later."""
        if self._vault_id and not self._vault:
            raise InputError(f"vault_id: {self._vault_id!r} is used only with vault: true.")
        self._file.refuse_unusable()
        text = self._file.read()
        if text is not None and text.startswith(OPENING):
            header = text.splitlines()[0].split(";")
            self._label = header[3] if len(header) > 3 else USUAL
            text = self._decrypted()
        if self._encrypts:
            self._encrypted("")
        return None if text is None else self._parsed(text)

    @property
    def rewrite_reason(self) -> str:
        """Why to write it again though its token is valid; empty where there is no reason."""
        if not self._file.is_private:
            return "others could read it"
        if self._vault is not None and self._vault is not (self._label is not None):
            return "it was not encrypted" if self._vault else "it was encrypted"
        if self._vault_id and self._label != self._vault_id:
            return f"it was encrypted for the vault id {self._label}"
        return ""

    def diff(self, fault: str, *, there: bool) -> dict[str, dict[str, t.Any]]:
        """The same as for a SecretFile."""
        return self._file.diff(fault, there=there)

    def write(self, state: StoredPairing) -> None:
        """Replace the file in one step."""
        with self.room() as keep:
            keep(state)

    @contextlib.contextmanager
    def room(self) -> t.Iterator[t.Callable[[StoredPairing], None]]:
        """Reserve room on the disk, as in a SecretFile; the block gets the function that writes."""
        with self._file.room(ROOM) as keep:
            yield lambda state: keep(self._text(state))

    def _text(self, state: StoredPairing) -> str:
        pending = state.request
        request = without_none({TOKEN: pending.token, TRACK: pending.track, BOX: pending.box}) if pending else None
        content = without_none({ID: state.app_id, TOKEN: state.token, BOX: state.box, REQUEST: request})
        text = json.dumps(content, indent=2) + "\n"
        return self._encrypted(text) if self._encrypts else text

    def remove_request(self, state: StoredPairing) -> None:
        """Remove a request that has ended, and the file where it has nothing else."""
        state.request = None
        if state.token:
            self.write(state)
        else:
            self._file.remove()

    @property
    def _encrypts(self) -> bool:
        return self._label is not None if self._vault is None else bool(self._vault)

    def _decrypted(self) -> str:
        return content_of("dest", self.path, self._task.read).decode("utf-8", "replace")

    def _encrypted(self, text: str) -> str:
        """The text, encrypted. Raises InputError where that is impossible; read() tries it before anything is sent to a box."""
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
            state = _parsed(read_mapping(text))
        except Flaw as exc:
            raise InputError(
                f"dest: {self.path} exists, and is not a file with only the token of an application: {exc}. Nothing was written."
            ) from None
        self._task.secrets.update(state.secrets)
        return state


def _parsed(content: t.Mapping[str, t.Any]) -> StoredPairing:
    """The mapping of a file. Raises Flaw with a sentence that quotes none of its values."""
    others = sorted(map(str, set(content) - {ID, TOKEN, BOX, REQUEST}))
    if others:
        raise Flaw(f"it also contains {', '.join(others)}")
    request = content.get(REQUEST)
    if request is not None and not (isinstance(request, dict) and set(request) - {BOX} == {TOKEN, TRACK}):
        raise Flaw(f"{REQUEST} is not what this module writes")
    texts = [content.get(ID), content.get(TOKEN), content.get(BOX), *(request or {}).values()]
    if any(one is not None and (not isinstance(one, str) or not one) for one in texts) or not content.get(ID):
        raise Flaw(f"{ID} and {TOKEN} have to be texts, and {ID} is required")
    pending = Request(request[TOKEN], request[TRACK], request.get(BOX)) if request else None
    return StoredPairing(content[ID], content.get(TOKEN), content.get(BOX), pending)
