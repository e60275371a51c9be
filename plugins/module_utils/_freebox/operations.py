# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of Freebox OS that concerns VPN servers, and what may be repeated when its answer is lost."""

from __future__ import annotations

from .._net.operations import MAKES_NEW, NAMED, READ, SET, SIGN_IN, Call, OperationTable

# A download creates a new key and invalidates the old one (server behaviour, F72), so it is not a read, in spite of its verb.
_OPERATIONS = {
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
# Operations whose requests or answers contain passwords, keys or tokens.
_SECRET = (
    *("POST /login/session/", "POST /login/authorize/", "GET /login/authorize/{track_id}"),
    *("POST /vpn/user/", "PUT /vpn/user/{login}"),
    *("GET /vpn/download_config/{server_name}/{login}", "GET /vpn/download_config/{server_name}/{login}/{fmt}"),
)
API = OperationTable("/api", _OPERATIONS, secret=_SECRET)  # a session knows the version that belongs to the path
DISCOVERY = Call("GET", "/api_version", READ)
