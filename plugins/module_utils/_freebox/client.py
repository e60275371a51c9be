# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of a Freebox: the answers of Freebox OS in their form, and downloads."""

from __future__ import annotations

import typing as t

from .._net.client import Client
from .._net.operations import READ, OperationTable
from .._net.transport import Transport
from .._text.errors import OutcomeUnknown, Refused, Unreadable
from .session import Session

Record = dict[str, t.Any]
ANYTHING = "*/*"  # the type of a WireGuard file is not documented (server behaviour, F71)


class Freebox(Client):
    """The content of answers of Freebox OS, and what needs more than one call."""

    def __init__(self, http: Transport, session: Session) -> None:
        super().__init__(http)
        self.session = session
        self._takes_formats = True

    @property
    def api(self) -> OperationTable:
        """The operations at the path of this box."""
        return self.session.api

    def close(self) -> None:
        """End the session, if no other task shares it."""
        self.session.close()

    def call(self, operation: str, body: t.Any = None, **how: t.Any) -> t.Any:
        """The result in the answer. Raises OutcomeUnknown where a write is not answered by success, for any status (F48)."""
        answer = super().call(operation, body, **how)
        if isinstance(answer, dict) and answer.get("success") is True:
            return answer.get("result")
        if self.api.operations[operation] == READ:
            raise Unreadable(f"{self.asked} answered something that is not an answer of Freebox OS.")
        raise OutcomeUnknown(f"{self.asked} was answered, but the answer does not state the result")

    def object(self, operation: str, **how: t.Any) -> Record:
        """The result of a read, which is an object."""
        result = self.call(operation, **how)
        if isinstance(result, dict):
            return result
        raise Unreadable(f"{self.asked} answered something that is not an object.")

    def objects(self, operation: str) -> list[Record]:
        """The result of a read, which is a list of objects; an empty one comes as nothing (F47)."""
        result = self.call(operation)
        if not result:
            return []
        if isinstance(result, list) and all(isinstance(one, dict) for one in result):
            return result
        raise Unreadable(f"{self.asked} answered something that is not a list.")

    def delete(self, operation: str, path: t.Mapping[str, str]) -> None:
        """Delete something, if it exists."""
        try:
            self.call(operation, path=path)
        except Refused as exc:
            if exc.said != "noent":
                raise

    def download_config(self, server: str, login: str) -> str:
        """A new configuration file of a user for a server. It invalidates earlier ones, so this is a write (F72)."""
        path, text = {"server_name": server, "login": login}, None
        if self._takes_formats:
            try:
                text = self._download("GET /vpn/download_config/{server_name}/{login}/{fmt}", {**path, "fmt": "plain"})
            except Refused as exc:
                if exc.said != "invalid_request" or exc.status != 404:
                    raise
                self._takes_formats = False  # its software is older (F70)
        if not self._takes_formats:
            text = self._download("GET /vpn/download_config/{server_name}/{login}", path)
        if not isinstance(text, str):
            raise OutcomeUnknown(f"{self.asked} was answered, but not with a file")
        return text

    def _download(self, operation: str, path: t.Mapping[str, str]) -> t.Any:
        return super().call(operation, path=path, accept=ANYTHING)
