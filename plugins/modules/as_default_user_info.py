#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_default_user_info
short_description: Read the default user of an OpenVPN Access Server
description:
  - Returns what is set on the default user, in the form that M(vpn.estate.as_default_user) takes, and its effective
    values.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
notes:
  - The effective values of users may differ from RV(default_user.effective), because the configuration also affects
    them. For the effective values of each user, use M(vpn.estate.as_user_info).
seealso:
  - module: vpn.estate.as_default_user
  - module: vpn.estate.as_group_info
  - module: vpn.estate.as_user_info
"""

EXAMPLES = r"""
- name: Read the default user
  vpn.estate.as_default_user_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Check that only declared users may sign in
  ansible.builtin.assert:
    that: found.default_user.def_deny
"""

RETURN = r"""
default_user:
  description:
    - The default user. V(null) means that a value is not set on it.
    - No group is shown as an empty text, and an empty list means no entries.
  returned: success
  type: dict
  contains:
    name:
      description: Name that servers give it, V(__DEFAULT__).
      type: str
    # BEGIN properties: as_default_user (tools/generate.py)
    deny: {description: 'Value of O(vpn.estate.as_default_user#module:deny).', type: bool}
    deny_web: {description: 'Value of O(vpn.estate.as_default_user#module:deny_web).', type: bool}
    admin: {description: 'Value of O(vpn.estate.as_default_user#module:admin).', type: bool}
    autologin: {description: 'Value of O(vpn.estate.as_default_user#module:autologin).', type: bool}
    auth_method: {description: 'Value of O(vpn.estate.as_default_user#module:auth_method).', type: str}
    cc_commands: {description: 'Value of O(vpn.estate.as_default_user#module:cc_commands).', type: str}
    totp: {description: 'Value of O(vpn.estate.as_default_user#module:totp).', type: bool}
    allow_generate_profiles:
      description: Value of O(vpn.estate.as_default_user#module:allow_generate_profiles).
      type: bool
    password_strength: {description: 'Value of O(vpn.estate.as_default_user#module:password_strength).', type: bool}
    allow_password_change: {description: 'Value of O(vpn.estate.as_default_user#module:allow_password_change).', type: bool}
    reroute_gw: {description: 'Value of O(vpn.estate.as_default_user#module:reroute_gw).', type: str}
    bypass_subnets: {description: 'Value of O(vpn.estate.as_default_user#module:bypass_subnets).', type: list, elements: str}
    cli_script_connect_win_user_connect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_win_user_connect).
      type: str
    cli_script_connect_win_user_disconnect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_win_user_disconnect).
      type: str
    cli_script_connect_win_admin_connect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_win_admin_connect).
      type: str
    cli_script_connect_win_admin_disconnect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_win_admin_disconnect).
      type: str
    cli_script_connect_mac_user_connect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_mac_user_connect).
      type: str
    cli_script_connect_mac_user_disconnect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_mac_user_disconnect).
      type: str
    cli_script_connect_mac_admin_connect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_mac_admin_connect).
      type: str
    cli_script_connect_mac_admin_disconnect:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_mac_admin_disconnect).
      type: str
    cli_script_connect_win_env:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_win_env).
      type: dict
    cli_script_connect_mac_env:
      description: Value of O(vpn.estate.as_default_user#module:cli_script_connect_mac_env).
      type: dict
    group: {description: 'Value of O(vpn.estate.as_default_user#module:group).', type: str}
    def_deny: {description: 'Value of O(vpn.estate.as_default_user#module:def_deny).', type: bool}
    # END
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
        - Source of effective values that are not set on the default user, by property. One of V(implicit_default) and
          V(configuration).
      type: dict
  sample:
    name: __DEFAULT__
    group: ""
    def_deny: false
    deny: null
    admin: null
    allow_generate_profiles: true
    auth_method: null
    bypass_subnets: []
    effective:
      deny: false
      admin: false
      allow_generate_profiles: true
      auth_method: local
    inherited_from:
      deny: implicit_default
      admin: implicit_default
      auth_method: implicit_default
declaration:
  # BEGIN declaration: M(vpn.estate.as_default_user) (tools/generate.py)
  description:
    - Input for M(vpn.estate.as_default_user).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: dict
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(DEFAULT_USER, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
