#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_download
short_description: Download a user's own connection profile from an OpenVPN Access Server
description:
  - Downloads a user's connection profile to the machine where the module runs, with the user's own name and password,
    or with a one-time token. It does not need an administrator's account.
  - A file that holds a valid profile stays as it is, and the task does not contact the server. A profile is valid if a
    client can connect with it, if it has the declared user, type and server, and if its certificate lasts for more than
    O(renew_before) days. For a profile that was downloaded with a token, user and type are not compared.
  - B(Every download creates a new certificate.) The old one stays valid until an administrator revokes it.
  - The module uses the older REST API under C(/rest), as OpenVPN Connect does. An administrator must enable it. If a
    server does not have it, the module uses the same calls under C(/api).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server.user
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
requirements:
  - cryptography
options:
  dest:
    description:
      - File for the profile. Only its owner can read it. If other users can read it, the module removes their access.
      - It is replaced in one step, and only by a profile. Its folder must exist. A symbolic link is refused.
    type: path
    required: true
  profile_type:
    description:
      - A V(userlogin) profile asks for a password when it connects. An V(autologin) profile does not, and the user must
        be allowed to have one.
      - A token has its own type, so this option has no effect with O(token) and O(token_url).
    type: str
    choices: [userlogin, autologin]
    default: userlogin
  tls_crypt_v2:
    description: Whether the client supports TLS Crypt v2. A change of this option alone causes no download.
    type: bool
    default: false
  challenge_response:
    description:
      - Answer to the question that the server asks in addition to the password, such as a PIN. For the code of an
        authenticator, use O(as_totp_secret).
      - If the server asks a question and the task has no answer, the task fails and shows the question.
    type: str
  token:
    description:
      - A one-time token for a profile, from the server at O(as_url). Use it instead of name and password.
      - B(The first use consumes a token), even if the answer is lost. While the file has a valid profile, the token is
        not used.
    type: str
  token_url:
    description:
      - Complete URL of a token, as servers return it, with or without V(openvpn://import-profile/) at its beginning.
        O(as_url) then has no effect.
    type: str
  renew_before:
    description: Number of days before the end of its certificate at which a profile is no longer valid.
    type: int
    default: 30
  renew:
    description: >-
      Whether to download a new profile even if the current one is valid. This counts as a change in every run.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that profiles may have although they are not known as harmless, such as V(up) for a script
        that sets the name servers. A client runs a profile with root rights, so a server could otherwise run any
        program on its clients.
      - A new profile with any other directive is not written to the file. The task then fails, and names the directives
        and the serial number of the certificate, which only an administrator can revoke. If the existing file has any
        other directive, nothing is downloaded unless O(renew) is set.
      - Harmless directives are those that openvpn(8) describes as affecting only the connection. Others run programs,
        load code, or access other files. M(vpn.estate.ovpn_file_info) returns those of a file.
    type: list
    elements: str
    default: []
notes:
  - If the server refuses a password, no task of the run sends it again, because failures lock the account.
  - On a local connection, all downloads of one user in a run share one answer to the server's question, for as long as
    the server remembers it. The password is checked each time. On other connections, each download needs its own
    answer.
  - The module is in no action group, because defaults for modules of V(vpn.estate.access_server) name an administrator.
  - In check mode, the module reads the file and does not contact the server.
  - If the server name in O(as_url) differs from the name in profiles, set O(as_server_name) to the name in profiles.
seealso:
  - module: vpn.estate.as_installer_url
  - module: vpn.estate.as_user_mfa
"""

EXAMPLES = r"""
- name: Download the profile of the user of this machine
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: alice
    as_password: "{{ vault_alice_password }}"
    dest: /etc/openvpn/client/office.conf

- name: Download a profile for a machine that connects automatically, and renew it three months early
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: branch-lyon
    as_password: "{{ vault_branch_password }}"
    as_totp_secret: "{{ vault_branch_totp_secret }}"
    profile_type: autologin
    tls_crypt_v2: true
    renew_before: 90
    dest: /etc/openvpn/client/office.conf

- name: Download a new profile in any case, from a server that asks for a PIN
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: alice
    as_password: "{{ vault_alice_password }}"
    challenge_response: "{{ vault_alice_pin }}"
    renew: true
    allow_directives: [script-security, up, down]
    dest: /etc/openvpn/client/office.conf

- name: Download a profile by the URL that an administrator has sent
  vpn.estate.as_profile_download:
    token_url: "{{ vault_token_url }}"
    dest: /etc/openvpn/client/office.conf

- name: Download a profile with a token
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    token: "{{ vault_token }}"
    dest: /etc/openvpn/client/office.conf
"""

RETURN = r"""
reason:
  description: Reason why the file was changed, or would be in check mode.
  returned: changed
  type: str
  sample: it has 12 days left, and renew_before is 30
serial:
  description: Serial number of the certificate in the file.
  returned: success, unless check mode keeps the module from downloading
  type: str
  sample: "17084649837528870"
not_after:
  description: End of the validity of the certificate in the file.
  returned: success, unless check mode keeps the module from downloading
  type: str
  sample: "2030-03-26T00:00:00Z"
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_download import (
    CONSTRAINTS,
    OWN_ACCOUNT,
    SPEC,
    download,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(OWN_ACCOUNT, SPEC, download, CONSTRAINTS)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
