# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPN servers of a Freebox, as methods over Freebox OS."""

from __future__ import annotations

import typing as t

from .._engine.client_protocol import Client
from .._net.operations import Call
from .._net.transport import Transport
from .._text.errors import OutcomeUnknown, Refused, Unreadable
from .session import Session

Record = dict[str, t.Any]
ANYTHING = "*/*"  # the type of a WireGuard file is told nowhere (server-behaviour.md, F71)


class Freebox(Client):
    """Methods for operations. Those that read answer records as they come; an empty list comes as nothing (F47)."""

    def __init__(self, http: Transport, session: Session) -> None:
        super().__init__(http)
        self.session = session
        self._takes_formats = True

    def close(self) -> None:
        """End the session, where it is this task's alone."""
        self.session.close()

    # -- servers

    def servers(self) -> list[Record]:
        """Each VPN server, with its state and how many are connected."""
        return self._list("GET /vpn/")

    def server_config(self, name: str) -> Record:
        """The configuration of a VPN server."""
        return self._object(self._call("GET /vpn/{vpn_id}/config/", path={"vpn_id": name}))

    def set_server_config(self, name: str, values: Record) -> None:
        """Change keys of a VPN server's configuration; those that are not named stay (F57)."""
        self._write(self._call("PUT /vpn/{vpn_id}/config/", values, path={"vpn_id": name}))

    # -- users, common to all servers

    def users(self) -> list[Record]:
        """All VPN users."""
        return self._list("GET /vpn/user/")

    def create_user(self, record: Record) -> None:
        """Make a VPN user."""
        self._write(self._call("POST /vpn/user/", record, secret=True))

    def update_user(self, login: str, values: Record) -> None:
        """Change properties of a VPN user; those that are not named stay."""
        self._write(self._call("PUT /vpn/user/{login}", values, path={"login": login}, secret=True))

    def delete_user(self, login: str) -> None:
        """Delete a VPN user, if it is there."""
        self._delete("DELETE /vpn/user/{login}", {"login": login})

    def ip_pool(self) -> Record:
        """The addresses that VPN clients get, and which of them are reserved for whom."""
        return self._object(self._call("GET /vpn/ip_pool/"))

    # -- configuration files

    def download_config(self, server: str, login: str) -> str:
        """A new configuration file of a user for a server. It ends earlier ones, so that this is a write (F72)."""
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
            raise OutcomeUnknown(f"{self.asked} was answered, and not by a file")
        return text

    def _download(self, operation: str, path: t.Mapping[str, str]) -> t.Any:
        return self._http.write(self._call(operation, path=path, secret=True, accept=ANYTHING))

    # -- connections

    def vpn_connections(self) -> list[Record]:
        """Who is connected."""
        return self._list("GET /vpn/connection/")

    def close_connection(self, number: str) -> None:
        """Cut a VPN client off, if it is connected."""
        self._delete("DELETE /vpn/connection/{id}", {"id": number})

    # -- what all of them need

    def _call(self, operation: str, body: t.Any = None, **how: t.Any) -> Call:
        return self.session.api.call(operation, body, **how)

    def _list(self, operation: str) -> list[Record]:
        answer = self._answer(self._call(operation))
        if not answer:
            return []
        if isinstance(answer, list) and all(isinstance(one, dict) for one in answer):
            return answer
        raise Unreadable(f"{self.asked} answered no list.")

    def _object(self, request: Call) -> Record:
        answer = self._answer(request)
        if isinstance(answer, dict):
            return answer
        raise Unreadable(f"{self.asked} answered no object.")

    def _answer(self, request: Call) -> t.Any:
        answer = self._http.read(request)
        if isinstance(answer, dict) and answer.get("success") is True:
            return answer.get("result")
        raise Unreadable(f"{self.asked} answered something that is no answer of Freebox OS.")

    def _write(self, request: Call) -> None:
        """Raises OutcomeUnknown where the answer does not say that it was done, whatever its status (F48)."""
        answer = self._http.write(request)
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise OutcomeUnknown(f"{self.asked} was answered, and not by what became of it")

    def _delete(self, operation: str, path: t.Mapping[str, str]) -> None:
        try:
            self._write(self._call(operation, path=path))
        except Refused as exc:
            if exc.said != "noent":
                raise
