# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints that only an Access Server has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..control import Control
from .shared_database import DatabaseLost

if TYPE_CHECKING:
    from .machine import Machine


class AccessServerControl(Control):
    """POST connect, user, group, access-list, configuration, authority, profile, profile-token as well."""

    refusals = (*Control.refusals, DatabaseLost)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)

        def record(kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
            def put(body: dict[str, Any]) -> dict[str, Any]:
                name = str(body.pop("name"))
                machine.set_record(kind, name, body)
                return {"name": name}

            return put

        self.operations |= {
            ("POST", "connect"): lambda body: machine.vpn.connect(str(body["user"])),
            ("POST", "user"): record("user"),
            ("POST", "group"): record("group"),
            ("POST", "access-list"): lambda body: machine.store.set_access_routes(**body),
            ("POST", "configuration"): lambda body: machine.store.set_configuration("default", body),
            ("POST", "authority"): lambda body: machine.authorities.add(**body),
            ("POST", "profile"): lambda body: machine.profiles.add(**body),
            ("POST", "profile-token"): lambda body: machine.tokens.add(**body),
        }

    def is_sign_in(self, line: dict[str, Any]) -> bool:
        return str(line["path"]).startswith("/api/auth/login/")
