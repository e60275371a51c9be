#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_profile_info
short_description: Read configuration profiles of an OpenVPN Access Server
description:
  - Reads the configuration profiles of the server, and which of them is active.
  - To read the items of a profile, use M(vpn.estate.as_config_item_info).
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

- name: Show the active profile
  ansible.builtin.debug:
    msg: "{{ found.config_profiles | selectattr('active') | map(attribute='name') | first }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Check whether a profile exists
  vpn.estate.as_config_profile_info:
    names: [maintenance]
"""

RETURN = r"""
config_profiles:
  description: Configuration profiles by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the profile.
      type: str
      sample: default
    active:
      description: Whether the server uses this profile. Exactly one of all profiles is active.
      type: bool
      sample: true
declaration:
  # BEGIN declaration: O(vpn.estate.as_config_profile#module:config_profiles) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_config_profile#module:config_profiles).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: list
  elements: dict
left_out:
  # BEGIN left_out (tools/generate.py)
  description: What RV(declaration) leaves out although it is set on the server, with the reason.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
    reason: {description: A sentence that names what is left out and the reason., type: str}
    name: {description: Name of the object., type: str, returned: if it is about an object}
    options:
      description: The options that are left out, if it is not the whole object.
      type: list
      elements: str
      returned: if it is about an object
    item: {description: Declaration that the object would have., type: dict, returned: if the whole object is left out}
  sample: []
  # END
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
