# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation that the simulated server has: its path, who may call it, whether it writes, and who does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .answers import Answer, Call

if TYPE_CHECKING:
    from .machine import Machine


@dataclass(frozen=True)
class Route:
    """`access` is `admin`, `user` (any token), `enrolment` (any token, also one that only enrols) or `open`."""

    method: str
    path: str
    operation: str
    act: Callable[[Call], Answer]
    access: str = "admin"
    writes: bool = False
    query: tuple[str, ...] = ()


@dataclass
class Routes:
    """Finds the operation of a request."""

    routes: list[Route]
    _patterns: list[tuple[re.Pattern[str], Route]] = field(default_factory=list)

    @cached_property
    def _fixed(self) -> dict[tuple[str, str], Route]:
        return {(route.method, route.path): route for route in self.routes if "{" not in route.path}

    def __post_init__(self) -> None:
        for route in self.routes:
            if "{" in route.path:
                self._patterns.append((re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)), route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its path parameters; `path` is the part below /api."""
        fixed = self._fixed.get((method, path))
        if fixed:
            return fixed, {}
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path) if route.method == method else None
            if found:
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that the path has."""
        return [method for method in ("GET", "POST", "PUT", "DELETE") if self.find(method, path)]


def routes(machine: Machine) -> Routes:
    """The operations of the contract that this server has, under the names that the contract gives them."""
    auth, userprop, access = machine.authentication, machine.userprop, machine.access_lists
    configuration, status, vpn = machine.configuration, machine.status, machine.vpn
    restart_mode = ("restartMode",)
    return Routes(
        [
            Route("POST", "/auth/login/userpassword", "authByUserAndPw", auth.login, "open"),
            Route("POST", "/auth/login/mfaauth", "authMFASession", auth.answer_challenge, "open"),
            Route("POST", "/auth/token/renew", "authRenewToken", auth.renew, "user"),
            Route("POST", "/auth/password/change", "changePasswordLocalUser", auth.change_password, "user", True),
            Route("POST", "/auth/mfa/enroll", "enrollUserMFA", auth.enrol, "enrolment", True),
            Route("GET", "/users/defaultuser", "getdefaultuserprops", userprop.default_user),
            Route("POST", "/users/list", "getuserprops", userprop.list_users),
            Route("POST", "/users/create", "createUserPropUser", userprop.create_user, writes=True),
            Route("POST", "/users/delete", "post__users_delete", userprop.delete_users, writes=True),
            Route("POST", "/groups/list", "getgroupuserprops", userprop.list_groups),
            Route("POST", "/groups/create", "createUserPropGroup", userprop.create_group, writes=True),
            Route("POST", "/groups/delete", "post__groups_delete", userprop.delete_groups, writes=True),
            Route("POST", "/userprop/set", "modifyUserPropGroupBulk", userprop.set_properties, writes=True),
            Route("POST", "/userprop/access/list", "listAccessLists", access.list_routes),
            Route("POST", "/userprop/access/set", "setAccessLists", access.set_routes, writes=True),
            Route("GET", "/config-profile/list", "enumerateConfigurationProfileList", configuration.list_profiles),
            Route("POST", "/config-profile", "configurationProfileCreate", configuration.create_profile, writes=True),
            Route(
                "DELETE",
                "/config-profile/{profile}",
                "configurationProfileDelete",
                configuration.delete_profile,
                writes=True,
            ),
            Route("GET", "/config-profile/{profile}/validate", "validateConfigProfile", configuration.validate_profile),
            Route(
                "POST",
                "/config-profile/{profile}/set-active",
                "RunSetActiveProfile",
                configuration.activate_profile,
                writes=True,
                query=restart_mode,
            ),
            Route("POST", "/config-items/{configurationProfile}/list", "getConfigItems", configuration.list_items),
            Route(
                "POST",
                "/config-items/{configurationProfile}",
                "post_config-items{configurationProfile}",
                configuration.set_items,
                writes=True,
            ),
            Route(
                "POST",
                "/server/restart",
                "post__server_restart",
                machine.power.restart,
                writes=True,
                query=restart_mode,
            ),
            Route("GET", "/server/status", "serverStatus", status.status),
            Route("GET", "/server/info", "get__server_info", status.info),
            Route("GET", "/server/interfaces", "serverInterfaces", status.interfaces, query=("no_loopback",)),
            Route("POST", "/helper/status-overview", "post__helper_status-overview", status.overview),
            Route("GET", "/eula", "get__eula", status.eula),
            Route("GET", "/license/info", "licenseInfo", status.license),
            Route("GET", "/vpn/status", "get__vpn_status", vpn.status),
            Route("GET", "/vpn/dco-module", "get__vpn_dco-module", status.dco),
            Route("POST", "/vpn/client/disconnect", "disconnectClient", vpn.disconnect, writes=True),
            Route("GET", "/cluster/nodes/list", "clusterListNodes", machine.cluster.list_nodes),
            Route("POST", "/log/reports", "getLogReports", machine.journal.reports),
        ]
    )
