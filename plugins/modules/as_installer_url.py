#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_installer_url
short_description: Create a URL from which OpenVPN Connect is downloaded with a profile
description:
  - Creates a URL on an OpenVPN Access Server. A person who has the URL can download an installer of the client program
    OpenVPN Connect that contains a user's profile.
  - Every run creates a new URL, which counts as a change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  user:
    description: Name of the user who owns the profile, compared exactly. The default is the account of the task.
    type: str
  installer_type:
    description:
      - Kind of installer. Servers have files for Windows (V(win_v3), V(win)) and macOS (V(mac_v3), V(mac)). They refuse
        other systems, whose client comes from a store or a package repository.
    type: str
    required: true
    choices: [win_v3, mac_v3, win, mac, ios, android, linux]
  profile_type:
    description:
      - Type of the profile. By default, the server decides.
      - If the user may not have V(autologin) profiles, the task refuses this type before it creates anything, also in
        check mode.
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  tls_crypt_v2:
    description: Whether the client supports TLS Crypt v2. By default, the server decides.
    type: bool
  dest:
    description:
      - File for the URL, on the machine where the module runs. Only its owner can read it. An existing file is
        replaced.
      - Its folder must exist. A symbolic link is refused.
      - The task needs this option or O(return_content).
    type: path
  return_content:
    description:
      - Whether to return the URL, as RV(content). The task is refused unless it sets C(no_log) to V(true).
    type: bool
    default: false
notes:
  - The URL is a secret until it expires or is used. A person who has it can get the user's profile.
  - In check mode, the module reads the user and the file, and creates nothing.
seealso:
  - module: vpn.estate.as_profile_download
  - module: vpn.estate.as_user
"""

EXAMPLES = r"""
- name: Create a URL of an installer for a Windows laptop, in a file
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

- name: Create a URL of an installer for macOS, in a variable
  vpn.estate.as_installer_url:
    user: bob
    installer_type: mac_v3
    return_content: true
  no_log: true
  register: installer
"""

RETURN = r"""
content:
  description: The URL.
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
