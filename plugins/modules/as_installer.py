#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_installer
short_description: Manage a file with an installer of OpenVPN Connect that contains a profile
description:
  - Downloads an installer of the client program OpenVPN Connect from an OpenVPN Access Server. The installer contains
    the profile of a user.
  - The module downloads it if the file does not exist, if the file was changed or belongs to another declaration, or if
    the server has another version of the program. The declaration of a file is in a second file with the same name
    followed by C(.json).
  - The download is written to disk as it arrives. It replaces the file only if it has the length that the server
    announced, and is not an error page. If the download fails, the previous file stays.
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
      - Kind of installer. Servers have installers for Windows (V(win_v3), V(win)) and macOS (V(mac_v3), V(mac)). For
        other systems, the program comes from a store or a package repository.
    type: str
    required: true
    choices: [win_v3, mac_v3, win, mac]
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
      - File for the installer, on the machine where the module runs. Only its owner can read it.
      - Its folder must exist. A symbolic link is refused.
    type: path
    required: true
  renew:
    description: Whether to download a new installer in each run, which always counts as a change.
    type: bool
    default: false
notes:
  - An installer is a secret. A person who has it also has the user's profile.
  - Each download creates a new profile on the server. The profile in a file may be revoked or expire without a change
    of the file. To get a new one, use O(renew).
  - In check mode, the module reads the user and the files, and creates nothing.
  - The module does not check whether the vendor signed a program. Operating systems do this at the installation.
seealso:
  - module: vpn.estate.as_installer_url
  - module: vpn.estate.as_profile_download
"""

EXAMPLES = r"""
- name: Download an installer for a Windows laptop
  vpn.estate.as_installer:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    user: alice
    installer_type: win_v3
    profile_type: userlogin
    tls_crypt_v2: true
    dest: /srv/vpn/installers/alice.msi

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Download a new installer, because the profile in the previous one was revoked
  vpn.estate.as_installer:
    user: bob
    installer_type: mac_v3
    dest: /srv/vpn/installers/bob.dmg
    renew: true
"""

RETURN = r"""
reason:
  description: Reason for the download; empty if there was none.
  returned: success
  type: str
  sample: its client_version was 34 and is 35
client_version:
  description: Version of the programs on the server; null if the server does not return it.
  returned: success
  type: int
  sample: 35
sha256:
  description: SHA-256 of the file.
  returned: when an installer was downloaded
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b5f6c1d2f7a0e9b8c7d6e5f4a3b2c1d0e
length:
  description: Length of the file in bytes.
  returned: when an installer was downloaded
  type: int
  sample: 84123648
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.installer import SPEC, provide
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, provide)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
