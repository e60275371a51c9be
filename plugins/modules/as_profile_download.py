#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_download
short_description: Keep a user's own connection profile of an OpenVPN Access Server on a machine
description:
  - Downloads a user's connection profile to the machine where the module runs, by the user's own name and password, or by
    a one-time token. An administrator's account is not needed.
  - A file that holds a good profile is left alone, and then the server is asked for nothing. A profile is good if
    somebody could connect with it, it is that user's, of that type and of that server, and its certificate lasts for
    more than O(renew_before) days. Of a profile that came by a token, user and type are not compared.
  - B(Every download makes a new certificate.) The old one stays valid until an administrator revokes it.
  - It uses the older REST API under C(/rest), as OpenVPN Connect does. An administrator has to have it switched on. A
    server that has no such thing is asked for the same under C(/api).
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
      - File for the profile. Nobody but its owner can read it; where others can, this is taken from them.
      - It is replaced at once, and only by a profile. The folder must be there. A symbolic link is refused.
    type: path
    required: true
  profile_type:
    description:
      - V(userlogin) is a profile that asks for a password when it connects; V(autologin) is one that does not, which the
        user must be allowed to have.
      - A token has a type of its own, so that this does not matter beside O(token) and O(token_url).
    type: str
    choices: [userlogin, autologin]
    default: userlogin
  tls_crypt_v2:
    description: Whether the client can do TLS Crypt v2. Nothing is downloaded anew for this alone.
    type: bool
    default: false
  challenge_response:
    description:
      - Answer to the question that the server asks beside the password, such as a PIN. The code of an authenticator is
        better left to O(as_totp_secret).
      - Where the server asks something and the task has no answer, it fails with the server's question.
    type: str
  token:
    description:
      - A one-time token for a profile, of the server at O(as_url). It takes the place of name and password.
      - B(A token is spent by its first use), also where the answer is lost. It is not spent while the file is good.
    type: str
  token_url:
    description:
      - The whole address of a token, as servers tell it. With or without V(openvpn://import-profile/) in front of it.
        O(as_url) does not matter then.
    type: str
  renew_before:
    description: How many days before its certificate ends a profile is no longer good.
    type: int
    default: 30
  renew:
    description: Download a new profile, however good the one there is. That counts as a change in every run.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that profiles may have although they are not known as harmless, such as V(up) for a script that
        sets the name servers. A profile starts as root, so that a server could otherwise run what it likes on its clients.
      - A new profile with any other is not put in place. The task then fails, names them and the serial of the certificate,
        which only an administrator can revoke. Where the file that is there has any other, nothing is downloaded unless
        O(renew) says so.
      - Harmless are the directives that openvpn(8) describes as doing no more than to connect. Others run programs, load code,
        or touch other files. M(vpn.estate.ovpn_file_info) names those of a file.
    type: list
    elements: str
    default: []
notes:
  - A password that the server refuses is not tried again, neither by this task nor by others of the run, because failures
    lock the account.
  - On a local connection the downloads of one user in a run need one answer to the server's question, for as long as the
    server remembers it; the password is proved each time. On other connections each download needs an answer of its own.
  - The module is in no action group, because defaults for modules of V(vpn.estate.access_server) name an administrator.
  - In check mode the file is looked at, and the server is asked for nothing.
  - Where O(as_url) names the server by a name that profiles do not have, say theirs as O(as_server_name).
seealso:
  - module: vpn.estate.as_installer_url
  - module: vpn.estate.as_user_mfa
"""

EXAMPLES = r"""
- name: The profile of whoever works at this machine
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: alice
    as_password: "{{ vault_alice_password }}"
    dest: /etc/openvpn/client/office.conf

- name: A profile for a machine that connects by itself, renewed three months ahead, with the code of an authenticator
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: branch-lyon
    as_password: "{{ vault_branch_password }}"
    as_totp_secret: "{{ vault_branch_totp_secret }}"
    profile_type: autologin
    tls_crypt_v2: true
    renew_before: 90
    dest: /etc/openvpn/client/office.conf

- name: A new profile in any case, from a server that asks for a PIN
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    as_username: alice
    as_password: "{{ vault_alice_password }}"
    challenge_response: "{{ vault_alice_pin }}"
    renew: true
    allow_directives: [script-security, up, down]
    dest: /etc/openvpn/client/office.conf

- name: By the address that an administrator has sent
  vpn.estate.as_profile_download:
    token_url: "{{ vault_token_url }}"
    dest: /etc/openvpn/client/office.conf

- name: By a token alone
  vpn.estate.as_profile_download:
    as_url: https://vpn.example.com
    token: "{{ vault_token }}"
    dest: /etc/openvpn/client/office.conf
"""

RETURN = r"""
reason:
  description: Why the file was changed, or in check mode would be.
  returned: changed
  type: str
  sample: it has 12 days left, and renew_before is 30
serial:
  description: Serial number of the certificate in the file.
  returned: success, but not where check mode keeps the module from downloading
  type: str
  sample: "17084649837528870"
not_after:
  description: When the certificate in the file ends.
  returned: success, but not where check mode keeps the module from downloading
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
