# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The licence of an Access Server."""

from __future__ import annotations

import typing as t

from ..._engine.field import HIDDEN
from ..._engine.run import Run
from ..._text.errors import reads
from ..api.client import AccessServer

LICENCE_SECRETS = ("subkey",)  # servers return them in clear (server-behaviour.md, 116)


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_license_info. Which keys there are depends on the type (server-behaviour.md, 116)."""
    found = {key.rstrip("'"): value for key, value in run.client.object("GET /license/info").items()}
    for key in LICENCE_SECRETS:
        if found.get(key):
            found[key] = HIDDEN
    for one in found.get("fixed_licenses") or ():
        one["key"] = HIDDEN
    used, seats = found.get("current_cc"), found.get("max_cc")
    known = isinstance(used, int) and isinstance(seats, int)
    return {"changed": False, "license": found, "seats_left": t.cast(int, seats) - t.cast(int, used) if known else None}
