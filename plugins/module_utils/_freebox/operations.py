# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of Freebox OS that concerns VPN servers, and what may be repeated when its answer is lost."""

from __future__ import annotations

import typing as t

from .._net.transport import JSON, MAKES_NEW, NAMED, READ, SET, SIGN_IN, Call, path_of

# A download makes a new key and ends the old one (server-behaviour.md, F72), so it is no read, whatever its verb.
OPERATIONS: t.Mapping[str, str] = {
    "GET /login/": READ,
    "POST /login/session/": SIGN_IN,
    "POST /login/logout/": SET,
    "POST /login/authorize/": MAKES_NEW,
    "GET /login/authorize/{track_id}": READ,
    "GET /vpn/": READ,
    "GET /vpn/{vpn_id}/config/": READ,
    "PUT /vpn/{vpn_id}/config/": SET,
    "GET /vpn/user/": READ,
    "GET /vpn/user/{login}": READ,
    "POST /vpn/user/": NAMED,
    "PUT /vpn/user/{login}": SET,
    "DELETE /vpn/user/{login}": SET,
    "GET /vpn/ip_pool/": READ,
    "GET /vpn/connection/": READ,
    "DELETE /vpn/connection/{id}": SET,
    "GET /vpn/download_config/{server_name}/{login}": MAKES_NEW,
    "GET /vpn/download_config/{server_name}/{login}/{fmt}": MAKES_NEW,
}
DISCOVERY = Call("GET", "/api_version", READ)


def call(
    base: str,
    operation: str,
    body: t.Any = None,
    *,
    path: t.Optional[t.Mapping[str, str]] = None,
    secret: bool = False,
    accept: str = JSON,
) -> Call:
    """A call of an operation of the table below a base such as ``/api/v16``; ``path`` fills the braces of its path."""
    method, filled = path_of(operation, base, path or {})
    return Call(method, filled, OPERATIONS[operation], body, secret=secret, accept=accept)
