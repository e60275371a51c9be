# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints that only a Freebox has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..control import Control

if TYPE_CHECKING:
    from .machine import Machine


class FreeboxControl(Control):
    """POST button, rights, revoke, expire-sessions, server, user, connect, let-in as well."""

    refusals = (*Control.refusals, Refusal)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._box = machine
        self.operations |= {
            ("POST", "button"): lambda body: {"track_id": machine.applications.decide(str(body["status"]))},
            ("POST", "rights"): lambda body: machine.applications.set_rights(body["app_id"], set(body["rights"])),
            ("POST", "revoke"): lambda body: machine.applications.revoke(str(body["app_id"])),
            ("POST", "expire-sessions"): lambda _: {"ended": machine.sessions.expire()},
            ("POST", "server"): self._server,
            ("POST", "user"): self._user,
            ("POST", "connect"): lambda body: machine.connections.add(**body),
            ("POST", "let-in"): lambda body: machine.client_files.judge(body["server"], body["file"]),
        }

    def answer(self, method: str, path: str, text: bytes) -> Answer:
        answer = super().answer(method, path, text)
        self._box.settle()
        return answer

    def is_sign_in(self, line: dict[str, Any]) -> bool:
        return bool(line["operation"] == "openSession")

    def _server(self, body: dict[str, Any]) -> str:
        """Configure a server at once, by `name`; `broken` says whether it ends in an error. The answer is its state."""
        self._box.servers.set(**body)
        self._box.changed()
        return self._box.servers.state_of(self._box.servers.find(body["name"]))

    def _user(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create or change a user; the answer is what the API shows of it."""
        user = self._box.users.set(**body)
        self._box.changed()
        return self._box.users.shown(user)
