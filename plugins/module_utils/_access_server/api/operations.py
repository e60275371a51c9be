# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the Access Server Web API, and what may be repeated when its answer is lost."""

from __future__ import annotations

import typing as t

from ..._net.transport import CONTROL, JSON, MAKES_NEW, NAMED, READ, SET, SIGN_IN, Call, path_of

# The verb says nothing: most reads are POSTs (server-behaviour.md, 4). A test holds this table to the contract.
OPERATIONS: t.Mapping[str, str] = {
    "POST /auth/login/userpassword": SIGN_IN,
    "POST /auth/login/mfaauth": SIGN_IN,
    "POST /auth/login/saml-assertion": SIGN_IN,
    "POST /auth/token/renew": SIGN_IN,
    "POST /auth/mfa/enroll": SIGN_IN,
    "POST /auth/password/change": SET,
    "GET /auth/get-idp-url": READ,
    "POST /auth/vpn/vpnsaml": SIGN_IN,
    "GET /users/defaultuser": READ,
    "POST /users/list": READ,
    "POST /users/create": NAMED,
    "POST /users/delete": SET,
    "POST /groups/list": READ,
    "POST /groups/create": NAMED,
    "POST /groups/delete": SET,
    "POST /userprop/set": SET,
    "POST /userprop/access/list": READ,
    "POST /userprop/access/set": SET,
    "POST /userprop/mfa/generate-secret": MAKES_NEW,
    "GET /config-profile/list": READ,
    "POST /config-profile": NAMED,
    "DELETE /config-profile/{profile}": SET,
    "GET /config-profile/{profile}/validate": READ,
    "POST /config-profile/{profile}/set-active": CONTROL,
    "POST /config-items/{configurationProfile}/list": READ,
    "POST /config-items/{configurationProfile}": SET,
    "POST /server/restart": CONTROL,
    "GET /server/status": READ,
    "GET /server/info": READ,
    "GET /server/interfaces": READ,
    "GET /server/config": READ,
    "GET /ui/config": READ,
    "GET /vpn/status": READ,
    "GET /vpn/dco-module": READ,
    "POST /vpn/client/disconnect": SET,
    "POST /helper/status-overview": READ,
    "POST /helper/get-saml-configuration": READ,
    "GET /license/info": READ,
    "GET /license/machine-id": READ,
    "POST /license/subscription/test": READ,
    "POST /license/subscription": CONTROL,
    "DELETE /license/subscription": CONTROL,
    "POST /license/fixed-license/online-activation": CONTROL,
    "POST /license/fixed-license/offline-activation": CONTROL,
    "POST /log/reports": READ,
    "GET /eula": READ,
    "GET /support/report": READ,
    "POST /notification/create": MAKES_NEW,
    "POST /installer-url": MAKES_NEW,
    "POST /profiles/list": READ,
    "POST /profiles/create": MAKES_NEW,
    "POST /profiles/delete": SET,
    "POST /profiles/delete-user": SET,
    "POST /profiles/delete/{serial}": SET,
    "POST /token-url": MAKES_NEW,
    "GET /token-url/list": READ,
    "POST /token-url/delete": SET,
    "GET /GetInstallerViaToken": MAKES_NEW,
    "GET /GetProfileViaToken": MAKES_NEW,
    "GET /GetAutologin": MAKES_NEW,
    "GET /GetUserlogin": MAKES_NEW,
    "GET /GetGeneric": READ,
    "HEAD /openvpn-api/profile": READ,
    "GET /openvpn-api/profile": READ,
    "GET /ca/vpn/list": READ,
    "POST /ca/vpn/create": MAKES_NEW,
    "DELETE /ca/vpn/{serial}": SET,
    "GET /ca/allowed-algorithms/list": READ,
    "POST /certificate/info": READ,
    "POST /certificate/check-private-key": READ,
    "POST /certificate/check-against-ca-roots": READ,
    "POST /certificate/create": MAKES_NEW,
    "GET /cluster/nodes/list": READ,
    "GET /cluster/props": READ,
    "POST /cluster/props": SET,
    "PUT /cluster/rr-dns-hostname": SET,
    "POST /cluster/{node}/set": SET,
    "POST /cluster/join": CONTROL,
    "POST /cluster/create": CONTROL,
    "POST /cluster/leave": CONTROL,
    "PUT /database/convert": CONTROL,
    "POST /server/failover-test": READ,
    "POST /server/failover-init": CONTROL,
    "POST /saml/acs": SIGN_IN,
    "GET /saml/metadata": READ,
    "GET /saml/redirect": READ,
    "POST /proxy": CONTROL,
}
# What moves or copies databases, or asks other servers before it answers; nothing says how long that takes.
SLOW = (
    *("PUT /database/convert", "POST /cluster/create", "POST /cluster/join", "POST /cluster/leave"),
    *("POST /server/failover-init", "POST /server/failover-test", "GET /support/report"),
)
BASE = "/api"


def call(
    operation: str,
    body: t.Any = None,
    *,
    query: t.Optional[t.Mapping[str, str]] = None,
    path: t.Optional[t.Mapping[str, str]] = None,
    secret: bool = False,
    accept: str = JSON,
) -> Call:
    """A call of an operation of the table; ``path`` fills the braces of its path."""
    method, filled = path_of(operation, BASE, path or {})
    return Call(method, filled, OPERATIONS[operation], body, query or {}, secret, accept, slow=operation in SLOW)
