#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_profile_info
short_description: Read configuration profiles of an OpenVPN Access Server
description:
  - Reads which configuration profiles there are, and which of them is active.
  - For what is in a profile, see M(vpn.estate.as_config_item_info).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._names
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
seealso:
  - module: vpn.estate.as_config_profile
  - module: vpn.estate.as_config_item_info
"""

EXAMPLES = r"""
- name: Read the configuration profiles
  vpn.estate.as_config_profile_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Show the active one
  ansible.builtin.debug:
    msg: "{{ found.config_profiles | selectattr('active') | map(attribute='name') | first }}"

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: See whether a profile is there
  vpn.estate.as_config_profile_info:
    names: [maintenance]
"""

RETURN = r"""
config_profiles:
  description: The configuration profiles, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the profile.
      type: str
      sample: default
    active:
      description: Whether the server works with this profile. Exactly one of all profiles is active.
      type: bool
      sample: true
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(CONFIG_PROFILE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
