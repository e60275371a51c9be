#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_default_user
short_description: Manage the default user of an OpenVPN Access Server
description:
  - Changes the default user. Groups, and users without a group, inherit from it what they do not set themselves. Each
    server has exactly one default user.
  - Options that are left out stay as they are on the server. An empty list means none. Properties in O(inherit) are
    inherited from the level above. Declared properties are set on the default user, even if the inherited value is the
    same.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._properties
  - vpn.estate._assume_present
  - vpn.estate._allow_self
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  group:
    description: Group of users who have no group of their own. An empty text means no group.
    type: str
  def_deny:
    description:
      - Whether the server refuses users of a directory (LDAP, RADIUS, SAML) for whom it has no user.
      - With V(false), the server creates a user for each person whom the directory lets in.
    type: bool
  inherit:
    description:
      - Properties to inherit from the level above, which is the configuration.
      - A property is either declared or listed here, not both.
notes:
  - A declared value changes the rules for all users who inherit it. M(vpn.estate.as_user_info) shows these users, under
    C(inherited_from).
  - After each change, the module reads the default user again. If the server did not keep a property, the task fails
    and names the property.
seealso:
  - module: vpn.estate.as_default_user_info
  - module: vpn.estate.as_group
  - module: vpn.estate.as_user
"""

EXAMPLES = r"""
- name: Set the rules for all users who have no others
  vpn.estate.as_default_user:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    allow_generate_profiles: false
    autologin: false
    password_strength: true
    allow_password_change: true
    reroute_gw: dns_only

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Let in only declared users, even if the directory accepts others
  vpn.estate.as_default_user:
    auth_method: ldap
    def_deny: true

- name: Put all users without a group into one that the same run creates
  vpn.estate.as_default_user:
    group: staff
    assume_present: [staff]
    allow_self: true

- name: Remove the group for users without one, and inherit the rest from the configuration
  vpn.estate.as_default_user:
    group: ""
    bypass_subnets: []
    inherit: [auth_method, autologin, reroute_gw]
    allow_self: true

- name: Set values for the account of this task, before all other users are denied
  vpn.estate.as_user:
    name: openvpn
    deny: false
    deny_web: false
    totp: false
    allow_self: true

- name: Deny all users without values of their own, remove their administrator rights, and require a code from them
  vpn.estate.as_default_user:
    deny: true
    deny_web: true
    admin: false
    totp: true

- name: Set directives and scripts
  vpn.estate.as_default_user:
    cc_commands: |
      push "dhcp-option DOMAIN example.com"
    cli_script_connect_win_user_connect: "{{ lookup('ansible.builtin.file', 'connect.bat') }}"
    cli_script_connect_win_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.bat') }}"
    cli_script_connect_win_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.bat') }}"
    cli_script_connect_win_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.bat') }}"
    cli_script_connect_win_env:
      SHARE: \\files.example.com\all
    cli_script_connect_mac_user_connect: "{{ lookup('ansible.builtin.file', 'connect.sh') }}"
    cli_script_connect_mac_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.sh') }}"
    cli_script_connect_mac_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.sh') }}"
    cli_script_connect_mac_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.sh') }}"
    cli_script_connect_mac_env:
      SHARE: smb://files.example.com/all
"""

RETURN = r"""
objects:
  description: The default user, as a list with one entry, as in modules for several objects.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name that servers give it, V(__DEFAULT__).
      type: str
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
  sample:
    - name: __DEFAULT__
      action: updated
      changed_keys: [def_deny]
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(DEFAULT_USER, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
