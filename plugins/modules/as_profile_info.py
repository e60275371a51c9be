#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_info
short_description: Read client profiles of an OpenVPN Access Server
description:
  - Reads client profiles with their owners, their validity, and the authorities that signed them. Their texts are not
    returned.
  - A profile must match all given options. The module requests only matching profiles where the server supports this.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description: Users whose profiles to read. By default, the profiles of all users.
    type: list
    elements: str
  comment:
    description: Read only profiles with this comment, compared exactly. An empty text reads profiles without a comment.
    type: str
    version_added: 1.0.0
  ca:
    description: Read only profiles that the authority with this common name signed.
    type: str
    version_added: 1.0.0
  older_than:
    description: Read only profiles that are at least this number of days old.
    type: int
    version_added: 1.0.0
  ends_within:
    description: >-
      Read only profiles that end within this number of days, or have ended. V(0) reads only profiles that have ended.
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

- name: Read the profiles of some users
  vpn.estate.as_profile_info:
    users: [ada, ben]

- name: Read the profiles that end within a month, or have ended
  vpn.estate.as_profile_info:
    ends_within: 30

- name: Read old profiles on laptops that were signed by an authority to be deleted
  vpn.estate.as_profile_info:
    ca: OpenVPN CA 2021
    older_than: 365
    comment: laptop

- name: Show the users with profiles that were never used
  ansible.builtin.debug:
    msg: "{{ every.profiles | selectattr('last_used', 'none') | map(attribute='user') | unique }}"
"""

RETURN = r"""
profiles:
  description: Profiles by user. The newest profile of each user comes last.
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
      description: Whether it has its own key for the control channel.
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
      description: Serial number of the authority that signed it; empty if the server does not return it.
      type: str
      sample: "1708464983752887"
    not_before:
      description: Time at which it was issued, in UTC.
      type: str
      sample: "2026-11-22T09:00:00Z"
    last_used:
      description: Day on which it was last used; null if it was never used.
      type: str
      sample: "2026-11-20"
    device_id:
      description: Device to which the profile is bound; null if it is not bound.
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
