# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of servers that the law of convergence is tried on, one for each product."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import connection as access_server
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API as WEB_API
from ansible_collections.vpn.estate.plugins.module_utils._freebox import connection as freebox
from ansible_collections.vpn.estate.plugins.module_utils._freebox.operations import API as FREEBOX_API
from ansible_collections.vpn.estate.tests.simulator.exchange import Exchange
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import DOWNTIME, FAULTS, World
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, Simulated

ACCESS_SERVER = World(
    Server,
    ("store", "record"),
    WEB_API.operations,
    WEB_API.base,
    "/api/auth/login/userpassword",
    {
        **FAULTS,
        "401": {"status": 401, "body": {"reason": "Invalid auth token"}},
        "403": {"status": 403, "body": {"reason": "Insufficient privileges to use this API"}},
    },
    "401",
    lambda exchange: exchange.status == 401,
    lambda exchange: exchange.status in (429, 503),
    access_server,
    {"settings": {"restart_downtime": DOWNTIME}},
    worst=("dropped after", "403"),
    polled="/api/server/status",
    apart={"access_lists": "store/access_route/*"},
)


def failed(code: str, status: int = 200, **how: t.Any) -> dict[str, t.Any]:
    return {"status": status, "body": {"success": False, "error_code": code, "msg": "C'est non"}, **how}


def says(code: str) -> t.Callable[[Exchange], bool]:
    return lambda exchange: isinstance(exchange.response, dict) and exchange.response.get("error_code") == code


FREEBOX = World(
    Box,
    ("users", "_users"),
    FREEBOX_API.operations,
    r"/api(?:/v\d+)?",
    r"/api/v\d+/login/session/",
    {
        **FAULTS,
        "auth_required": failed("auth_required", 403),
        "insufficient_rights": failed("insufficient_rights", 403),
        "busy": failed("busy"),
        "inval": failed("inval"),
        "internal_error after": failed("internal_error", applied=True),
        "429": {"status": 429, "headers": {"Retry-After": "1"}},
    },
    "auth_required",
    says("auth_required"),
    lambda exchange: exchange.status in (429, 503) or says("busy")(exchange),
    freebox,
    {"settings": {"start_duration": 0.0, "stop_duration": 0.0}},
    worst=("dropped after", "inval"),
    apart={"connections": "connections/*"},  # which end with a user or a server
)
WORLDS: t.Mapping[type[Simulated], World] = {world.kind: world for world in (ACCESS_SERVER, FREEBOX)}
