#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_installer_url
short_description: Make an address from which OpenVPN Connect is downloaded with a profile
description:
  - Makes an address at an OpenVPN Access Server from which anybody who has it downloads an installer of the client program
    OpenVPN Connect with a user's profile in it.
  - Every run makes a new address, which counts as a change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  user:
    description: Name of the user whose profile it is, compared exactly. Left out, it is the account of the task.
    type: str
  installer_type:
    description:
      - Which installer. Servers have files for Windows (V(win_v3), V(win)) and macOS (V(mac_v3), V(mac)); they refuse
        those of other systems, whose client comes from a store or a package repository.
    type: str
    required: true
    choices: [win_v3, mac_v3, win, mac, ios, android, linux]
  profile_type:
    description:
      - What kind of profile is in it. Left out, the server decides.
      - A user who may not have V(autologin) profiles is refused before anything is made, in check mode too.
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  tls_crypt_v2:
    description: Whether the client can do TLS Crypt v2. Left out, the server decides.
    type: bool
  dest:
    description:
      - File for the address, on the machine where the module runs. Nobody but its owner can read it. What is there is
        replaced.
      - The folder must be there. A symbolic link is refused.
      - Either this or O(return_content) is needed.
    type: path
  return_content:
    description:
      - Whether to return the address, as RV(content). The task is refused unless it says C(no_log) V(true).
    type: bool
    default: false
notes:
  - The address is a secret until it has expired or has been used, for whoever has it gets the user's profile.
  - In check mode the user and the file are looked at, and nothing is made.
seealso:
  - module: vpn.estate.as_profile_download
  - module: vpn.estate.as_user
"""

EXAMPLES = r"""
- name: An installer for a laptop with Windows, by the address in a file
  vpn.estate.as_installer_url:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    user: alice
    installer_type: win_v3
    profile_type: userlogin
    tls_crypt_v2: true
    dest: /srv/vpn/installers/alice.url

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: An installer for macOS, by the address in a variable
  vpn.estate.as_installer_url:
    user: bob
    installer_type: mac_v3
    return_content: true
  no_log: true
  register: installer
"""

RETURN = r"""
content:
  description: The address.
  returned: when O(return_content) is V(true), and not in check mode
  type: str
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.installer_url import (
    CONSTRAINTS,
    SPEC,
    create,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import REVEAL, Body, run

BODY = Body(ACCESS_SERVER, SPEC, create, CONSTRAINTS, REVEAL)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
