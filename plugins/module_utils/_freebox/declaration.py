# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a whole Freebox in one task: servers, and the users that all of them share."""

from __future__ import annotations

import typing as t

from .._engine.report import Answer
from .._engine.run import Part, Run
from .._engine.server_declaration import ServerDeclaration
from .client import Freebox
from .vpn_server import VPN_SERVER
from .vpn_user import VPN_USER


def cut_off(parts: t.Sequence[Part]) -> tuple[Answer, str]:
    """Servers that change while clients are connected to them, which may be disconnected."""
    found = {
        change.name: change.results.get("connections")
        for part in parts
        if part.resource is VPN_SERVER
        for change in part.run.plan.of("update")
    }
    cut = [f"{name} ({number} connected)" for name, number in found.items() if number]
    return {}, f"clients may be disconnected from {', '.join(cut)}" if cut else ""


DECLARATION = ServerDeclaration((VPN_SERVER, VPN_USER), cut_off)


def beyond(run: Run[Freebox]) -> t.Iterator[str]:
    """What a box has and no declaration of it contains."""
    yield "Keys of WireGuard users and client profiles: the box creates them. freebox_vpn_profile writes profiles to files."
