#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_group_info
short_description: Read groups of an OpenVPN Access Server
description:
  - Returns groups with what is set on each of them, in the form that M(vpn.estate.as_group) takes, with their members
    and their effective values.
  - A group must match all given options. The module requests only matching groups where the server supports this, so a
    query for a few of several thousand groups is a small request.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._query
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
seealso:
  - module: vpn.estate.as_group
  - module: vpn.estate.as_user_info
  - module: vpn.estate.as_default_user_info
"""

EXAMPLES = r"""
- name: Read all groups
  vpn.estate.as_group_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Show the groups without members
  ansible.builtin.debug:
    msg: "{{ found.groups | rejectattr('member_count') | map(attribute='name') }}"

- name: Read one group, with the server from module_defaults
  vpn.estate.as_group_info:
    names: [staff]

- name: Read the groups whose members administer the server
  vpn.estate.as_group_info:
    admin: true

- name: Read the groups of branches whose members may have profiles that connect without a password
  vpn.estate.as_group_info:
    name_contains: branch-
    autologin: true
"""

RETURN = r"""
groups:
  description:
    - Groups by name. V(null) means that a value is not set on the group itself. An empty list means no entries.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the group.
      type: str
    # BEGIN properties: as_group (tools/generate.py)
    deny: {description: 'Value of O(vpn.estate.as_group#module:deny).', type: bool}
    deny_web: {description: 'Value of O(vpn.estate.as_group#module:deny_web).', type: bool}
    admin: {description: 'Value of O(vpn.estate.as_group#module:admin).', type: bool}
    autologin: {description: 'Value of O(vpn.estate.as_group#module:autologin).', type: bool}
    auth_method: {description: 'Value of O(vpn.estate.as_group#module:auth_method).', type: str}
    cc_commands: {description: 'Value of O(vpn.estate.as_group#module:cc_commands).', type: str}
    totp: {description: 'Value of O(vpn.estate.as_group#module:totp).', type: bool}
    allow_generate_profiles: {description: 'Value of O(vpn.estate.as_group#module:allow_generate_profiles).', type: bool}
    password_strength: {description: 'Value of O(vpn.estate.as_group#module:password_strength).', type: bool}
    allow_password_change: {description: 'Value of O(vpn.estate.as_group#module:allow_password_change).', type: bool}
    reroute_gw: {description: 'Value of O(vpn.estate.as_group#module:reroute_gw).', type: str}
    bypass_subnets: {description: 'Value of O(vpn.estate.as_group#module:bypass_subnets).', type: list, elements: str}
    cli_script_connect_win_user_connect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_win_user_connect).
      type: str
    cli_script_connect_win_user_disconnect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_win_user_disconnect).
      type: str
    cli_script_connect_win_admin_connect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_win_admin_connect).
      type: str
    cli_script_connect_win_admin_disconnect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_win_admin_disconnect).
      type: str
    cli_script_connect_mac_user_connect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_mac_user_connect).
      type: str
    cli_script_connect_mac_user_disconnect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_mac_user_disconnect).
      type: str
    cli_script_connect_mac_admin_connect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_mac_admin_connect).
      type: str
    cli_script_connect_mac_admin_disconnect:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_mac_admin_disconnect).
      type: str
    cli_script_connect_win_env:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_win_env).
      type: dict
    cli_script_connect_mac_env:
      description: Value of O(vpn.estate.as_group#module:cli_script_connect_mac_env).
      type: dict
    subnets: {description: 'Value of O(vpn.estate.as_group#module:subnets).', type: list, elements: str}
    dynamic_ranges: {description: 'Value of O(vpn.estate.as_group#module:dynamic_ranges).', type: list, elements: str}
    members: {description: 'Value of O(vpn.estate.as_group#module:members).', type: list, elements: str}
    # END
    member_count:
      description: Number of users in the group.
      type: int
    effective:
      description: Effective values of properties that can be inherited, as the server returns them.
      type: dict
    unknown_properties:
      # BEGIN unknown_properties (tools/generate.py)
      description: Names of properties that are set on the server and that this collection does not know.
      type: list
      elements: str
      # END
    inherited_from:
      description:
        - Source of effective values that are not set on the group, by property. One of V(default) (the default user),
          V(implicit_default) and V(configuration).
      type: dict
  sample:
    - name: staff
      deny: null
      admin: null
      auth_method: null
      totp: true
      bypass_subnets: []
      subnets: [10.8.16.0/20]
      dynamic_ranges: [10.8.16.10-10.8.31.250]
      members: [alice, bob]
      member_count: 2
      effective:
        deny: false
        admin: false
        auth_method: local
        totp: true
      inherited_from:
        deny: default
        admin: default
        auth_method: configuration
declaration:
  # BEGIN declaration: O(vpn.estate.as_group#module:groups) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_group#module:groups).
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.queries import (
    GROUP_QUERY,
    chosen_groups,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(GROUP, ACCESS_SERVER, chosen_groups, GROUP_QUERY)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
