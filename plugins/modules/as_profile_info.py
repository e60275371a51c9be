#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_info
short_description: Read client profiles of an OpenVPN Access Server
description:
  - Shows who has which client profiles, since when, for how long, and who has signed them. Their texts are not told.
  - All options that are given must hold. The server is asked only for what they name, as far as it can tell.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description: Users whose profiles are shown. Left out, those of all users are.
    type: list
    elements: str
  comment:
    description: Show only profiles with this comment, compared exactly. An empty text is for those without one.
    type: str
    version_added: 1.0.0
  ca:
    description: Show only profiles that the authority of this common name has signed.
    type: str
    version_added: 1.0.0
  older_than:
    description: Show only profiles that have been there for this number of days at least.
    type: int
    version_added: 1.0.0
  ends_within:
    description: Show only profiles that end within this number of days, or have ended. V(0) is for those that have ended.
    type: int
    version_added: 1.0.0
seealso:
  - module: vpn.estate.as_profile
"""

EXAMPLES = r"""
- name: Read all profiles
  vpn.estate.as_profile_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: every

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read those of some users
  vpn.estate.as_profile_info:
    users: [ada, ben]

- name: Read those that end within a month, or have ended
  vpn.estate.as_profile_info:
    ends_within: 30

- name: Read old ones of an authority that is to go, on laptops
  vpn.estate.as_profile_info:
    ca: OpenVPN CA 2021
    older_than: 365
    comment: laptop

- name: Name those that nobody has used
  ansible.builtin.debug:
    msg: "{{ every.profiles | selectattr('last_used', 'none') | map(attribute='user') | unique }}"
"""

RETURN = r"""
profiles:
  description: The profiles, by user, and each user's newest last.
  returned: success
  type: list
  elements: dict
  contains:
    # BEGIN profile (tools/generate.py)
    serial:
      description: Serial number of its certificate, as text in decimal digits.
      type: str
      sample: "8237462387462"
    user:
      description: Owner of the profile.
      type: str
      sample: ada
    profile_type:
      description: Type of the profile.
      type: str
      sample: autologin
    comment:
      description: Comment of the profile; empty if it has none.
      type: str
      sample: laptop
    ca:
      description: Common name of the authority that signed it.
      type: str
      sample: OpenVPN CA
    not_after:
      description: End of its validity, in UTC.
      type: str
      sample: "2036-11-19T09:00:00Z"
    days_left:
      description: Whole days until the end of its validity; negative afterwards.
      type: int
      sample: 3650
    age:
      description: Whole days since it was issued.
      type: int
      sample: 0
    # END
    tls_crypt_v2:
      description: Whether it has a key of its own for the control channel.
      type: bool
      sample: true
    common_name:
      description: Common name of its certificate.
      type: str
      sample: ada_AUTOLOGIN
    algorithm:
      description: Algorithm of its key, in the server's spelling.
      type: str
      sample: secp384r1
    ca_serial:
      description: Serial of the authority that has signed it; empty if the server does not tell.
      type: str
      sample: "1708464983752887"
    not_before:
      description: When it was issued, in UTC.
      type: str
      sample: "2026-11-22T09:00:00Z"
    last_used:
      description: On which day it was last used; null if it never was.
      type: str
      sample: "2026-11-20"
    device_id:
      description: The device to which a profile is bound; null if it is to none.
      type: str
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles import profile
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import facts, run

BODY = facts(profile.PROFILE, ACCESS_SERVER, profile.listing, profile.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
