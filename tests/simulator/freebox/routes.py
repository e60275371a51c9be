# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation that the simulated box has: its path, who may call it, whether it writes, and who does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import Route, Routes

if TYPE_CHECKING:
    from .machine import Machine


def routes(machine: Machine) -> Routes:
    """The operations of the contract under the names that it gives them; paths are below the version, without a final slash.

    `access` is `open`, `app` (any session), or the name of the right that the session needs.
    """
    applications, sessions, servers = machine.applications, machine.sessions, machine.servers
    users, connections, files = machine.users, machine.connections, machine.client_files
    found = [
        Route("GET", "/api_version", "getApiVersion", machine.discovery, "open", base=""),
        Route("POST", "/login/authorize", "requestAuthorization", applications.authorize, "open", True),
        Route("GET", "/login/authorize/{track_id}", "trackAuthorization", applications.track, "open"),
        Route("GET", "/login", "getLogin", sessions.look, "open"),
        Route("POST", "/login/session", "openSession", sessions.open, "open"),
        Route("POST", "/login/logout", "closeSession", sessions.close, "app"),
        Route("GET", "/vpn", "vpnServerList", servers.list_all, "app"),
        Route("GET", "/vpn/{vpn_id}/config", "getVpnConfig", servers.read, "app"),
        Route("PUT", "/vpn/{vpn_id}/config", "updateVpnConfiguration", servers.update, "settings", True),
        Route("GET", "/vpn/user", "vpnServerUserList", users.list_all, "app"),
        Route("POST", "/vpn/user", "addVpnUser", users.add, "settings", True),
        Route("GET", "/vpn/user/{login}", "getVpnUser", users.read, "app"),
        Route("PUT", "/vpn/user/{login}", "updateVpnUser", users.update, "settings", True),
        Route("DELETE", "/vpn/user/{login}", "deleteVpnUser", users.remove, "settings", True),
        Route("GET", "/vpn/ip_pool", "getVpnServerIpPoolReservations", users.pool, "app"),
        Route("GET", "/vpn/connection", "getConnections", connections.list_all, "app"),
        Route("DELETE", "/vpn/connection/{id}", "closeConnection", connections.close, "settings", True),
        Route(
            "GET",
            "/vpn/download_config/{server_name}/{login}",
            "downloadUserConfigurationFile",
            files.download,
            "settings",
            True,
        ),
    ]
    if machine.api_version.has_wireguard:
        path = "/vpn/download_config/{server_name}/{login}/{fmt}"
        found.append(Route("GET", path, "downloadUserConfigurationFileAs", files.download, "settings", True))
    return Routes(found)
