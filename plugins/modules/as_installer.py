#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_installer
short_description: Keep an installer of OpenVPN Connect with a profile in a file
description:
  - Downloads an installer of the client program OpenVPN Connect, with a user's profile in it, from an OpenVPN Access Server.
  - It is downloaded where the file is not there, is not what was downloaded, or was made for something else than the task
    declares, and where the server has another version of the program by now. What a file was made for stands in a file of the
    same name with C(.json) behind it.
  - It goes to the disk as it comes, and takes its place only if it is as long as the server says, and is no error page. If the
    download fails, the file that was there stays.
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
      - Which installer. Servers have those for Windows (V(win_v3), V(win)) and macOS (V(mac_v3), V(mac)). For other systems, the
        program comes from a store or a package repository.
    type: str
    required: true
    choices: [win_v3, mac_v3, win, mac]
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
      - File for the installer, on the machine where the module runs. Nobody but its owner can read it.
      - The folder must be there. A symbolic link is refused.
    type: path
    required: true
  renew:
    description: Whether to download a new one in each run, which always counts as a change.
    type: bool
    default: false
notes:
  - An installer is a secret, for whoever has it gets the user's profile.
  - Each download makes a new profile at the server. The profile in a file may be revoked or expire without a change of the file;
    O(renew) gets a new one.
  - In check mode the user and the files are looked at, and nothing is made.
  - Whether a program is signed by its vendor is not checked. The systems that it is for do that when it is installed.
seealso:
  - module: vpn.estate.as_installer_url
  - module: vpn.estate.as_profile_download
"""

EXAMPLES = r"""
- name: An installer for a laptop with Windows
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

- name: A new one, because the profile in the one before was revoked
  vpn.estate.as_installer:
    user: bob
    installer_type: mac_v3
    dest: /srv/vpn/installers/bob.dmg
    renew: true
"""

RETURN = r"""
reason:
  description: Why a new one was downloaded, or would be; empty if none was.
  returned: success
  type: str
  sample: its client_version was 34 and is 35
client_version:
  description: Version of the programs that the server has; null where it does not tell.
  returned: success
  type: int
  sample: 35
sha256:
  description: SHA-256 of the file.
  returned: when one was downloaded
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b5f6c1d2f7a0e9b8c7d6e5f4a3b2c1d0e
length:
  description: Length of the file in bytes.
  returned: when one was downloaded
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
