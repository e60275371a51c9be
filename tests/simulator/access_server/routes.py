# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation that the simulated server has: its path, who may call it, whether it writes, and who does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import Route, Routes
from .proxy import pseudo_endpoint

if TYPE_CHECKING:
    from .machine import Machine


def routes(machine: Machine) -> Routes:
    """The operations of the contract that this server has, under the names that the contract gives them.

    `access` is `admin`, `user` (any token), `enrolment` (any token, also one that only enrols) or `open`.
    """
    auth, userprop, access = machine.authentication, machine.userprop, machine.access_lists
    configuration, status, vpn = machine.configuration, machine.status, machine.vpn
    authorities, profiles, tokens = machine.authorities, machine.profiles, machine.tokens
    tools, legacy, cluster = machine.certificate_tools, machine.legacy, machine.cluster
    download, by_token = ("tls-cryptv2", "action"), ("token", "tls-cryptv2", "action")
    installer = ("token", "installer_type")
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
            Route(
                "POST",
                "/userprop/mfa/generate-secret",
                "post__userprop_mfa_generate-secret",
                auth.generate_secret,
                writes=True,
            ),
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
            Route("GET", "/ca/vpn/list", "getVPNCas", authorities.list_all),
            Route("POST", "/ca/vpn/create", "addCaGeneration", authorities.create, writes=True),
            Route(
                "DELETE",
                "/ca/vpn/{serial}",
                "delete_ca_vpn{serial}",
                authorities.delete,
                writes=True,
                query=("delete_clients",),
            ),
            Route("GET", "/ca/allowed-algorithms/list", "CaSupportedAlgorithms", authorities.list_algorithms),
            Route("POST", "/certificate/info", "certificateInfo", tools.info),
            Route("POST", "/certificate/check-private-key", "checkPrivateKey", tools.check_key),
            Route(
                "POST",
                "/certificate/check-against-ca-roots",
                "post__certificate_check-against-ca-roots",
                tools.check_chain,
            ),
            Route("POST", "/certificate/create", "post__certificate_create", tools.create),
            Route("POST", "/profiles/list", "getprofilesuser", profiles.list_all, "user"),
            Route("POST", "/profiles/create", "generateUserProfile", profiles.create, "user", True),
            Route("POST", "/profiles/delete", "deleteProfile", profiles.delete_many, "user", True),
            Route("POST", "/profiles/delete-user", "deleteProfileUser", profiles.delete_of_user, "user", True),
            Route("POST", "/profiles/delete/{serial}", "deleteProfileSerial", profiles.delete_one, "user", True),
            Route("POST", "/token-url", "generateTokenUrl", tokens.create, "user", True),
            Route("GET", "/token-url/list", "enumerateTokenIds", tokens.list_all),
            Route("POST", "/token-url/delete", "bulktokenurldelete", tokens.delete, writes=True),
            Route("POST", "/installer-url", "generateInstallerUrl", tokens.create_installer, "user", True),
            Route("GET", "/GetUserlogin", "get__GetUserlogin", legacy.userlogin, "open", True, download),
            Route("GET", "/GetAutologin", "get__GetAutologin", legacy.autologin, "open", True, download),
            Route("GET", "/GetGeneric", "get__GetGeneric", legacy.generic, "open", True, download),
            Route("GET", "/GetProfileViaToken", "get__GetProfileViaToken", legacy.by_token, "open", True, by_token),
            Route(
                "GET", "/GetInstallerViaToken", "get__GetInstallerViaToken", legacy.installer, "open", True, installer
            ),
            Route("HEAD", "/openvpn-api/profile", "head__openvpn-api_profile", legacy.web_import, "open"),
            Route("GET", "/openvpn-api/profile", "get__openvpn-api_profile", legacy.web_import, "open"),
            Route("GET", "/GetUserlogin", "GetUserlogin", legacy.userlogin, "open", True, download, "/rest"),
            Route("GET", "/GetAutologin", "GetAutologin", legacy.autologin, "open", True, download, "/rest"),
            Route(
                "GET",
                "/GetProfileViaToken",
                "get__GetProfileViaToken",
                legacy.by_token,
                "open",
                True,
                by_token,
                "/rest",
            ),
            Route("GET", "/cluster/nodes/list", "clusterListNodes", cluster.list_nodes),
            Route("POST", "/cluster/create", "post__cluster_create", cluster.create, writes=True),
            Route("POST", "/cluster/join", "post__cluster_join", cluster.join, writes=True),
            Route("POST", "/cluster/leave", "post__cluster_leave", cluster.leave, writes=True),
            Route("POST", "/cluster/{node}/set", "clusterset", cluster.set_node, writes=True),
            Route("GET", "/cluster/props", "clustergetprops", cluster.props),
            Route("POST", "/cluster/props", "clustersetprops", cluster.set_props, writes=True),
            Route("PUT", "/cluster/rr-dns-hostname", "rrdnshostname", cluster.apply_host_name, writes=True),
            Route("POST", "/proxy", "post__proxy", pseudo_endpoint),
            Route("PUT", "/database/convert", "put__database_convert", cluster.convert, writes=True),
            Route("POST", "/server/failover-test", "post__server_failover-test", machine.failover.test),
            Route(
                "POST",
                "/server/failover-init",
                "post__server_failover-init",
                machine.failover.initialise,
                writes=True,
            ),
            Route("POST", "/notification/create", "notificationCreate", machine.failover.notify, writes=True),
            Route("POST", "/log/reports", "getLogReports", machine.journal.reports),
        ]
    )
