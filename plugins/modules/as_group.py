#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_group
short_description: Manage groups of an OpenVPN Access Server
description:
  - Creates, changes and deletes groups, one by O(name) or many by O(groups).
  - A property of a group applies to each member that has no value of its own. A user is in one group at most.
  - Options that are left out stay as they are on the server. An empty list means none. Properties in O(inherit) are
    inherited from the level above. Declared properties are set on the group, even if the inherited value is the same.
  - The members of a deleted group stay, without a group. The default user may then grant them what the group denied.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._properties
  - vpn.estate._properties.names
  - vpn.estate._src
  - vpn.estate._purge
  - vpn.estate._assume_present
  - vpn.estate._allow_self
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  name:
    description: Name of the group. One of this option, O(groups) and O(src) is required.
    type: str
  groups:
    description: Groups, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the group.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      deny: {description: See O(deny)., type: bool}
      deny_web: {description: See O(deny_web)., type: bool}
      admin: {description: See O(admin)., type: bool}
      autologin: {description: See O(autologin)., type: bool}
      auth_method: {description: See O(auth_method)., type: str}
      cc_commands: {description: See O(cc_commands)., type: raw}
      totp: {description: See O(totp)., type: bool}
      allow_generate_profiles: {description: See O(allow_generate_profiles)., type: bool}
      password_strength: {description: See O(password_strength)., type: bool}
      allow_password_change: {description: See O(allow_password_change)., type: bool}
      reroute_gw:
        description: See O(reroute_gw).
        type: str
        choices: [global, dns_only, disable]
      bypass_subnets: {description: See O(bypass_subnets)., type: list, elements: str}
      cli_script_connect_win_user_connect: {description: See O(cli_script_connect_win_user_connect)., type: raw}
      cli_script_connect_win_user_disconnect: {description: See O(cli_script_connect_win_user_disconnect)., type: raw}
      cli_script_connect_win_admin_connect: {description: See O(cli_script_connect_win_admin_connect)., type: raw}
      cli_script_connect_win_admin_disconnect: {description: See O(cli_script_connect_win_admin_disconnect)., type: raw}
      cli_script_connect_mac_user_connect: {description: See O(cli_script_connect_mac_user_connect)., type: raw}
      cli_script_connect_mac_user_disconnect: {description: See O(cli_script_connect_mac_user_disconnect)., type: raw}
      cli_script_connect_mac_admin_connect: {description: See O(cli_script_connect_mac_admin_connect)., type: raw}
      cli_script_connect_mac_admin_disconnect: {description: See O(cli_script_connect_mac_admin_disconnect)., type: raw}
      cli_script_connect_win_env: {description: See O(cli_script_connect_win_env)., type: dict}
      cli_script_connect_mac_env: {description: See O(cli_script_connect_mac_env)., type: dict}
      subnets: {description: See O(subnets)., type: list, elements: str}
      dynamic_ranges: {description: See O(dynamic_ranges)., type: list, elements: str}
      members: {description: See O(members)., type: list, elements: str}
      inherit:
        description: See O(inherit).
        type: list
        elements: str
        choices: [deny, deny_web, admin, autologin, auth_method, cc_commands, totp, password_strength, allow_password_change,
          allow_generate_profiles, reroute_gw, cli_script_connect_win_user_connect, cli_script_connect_win_user_disconnect,
          cli_script_connect_win_admin_connect, cli_script_connect_win_admin_disconnect, cli_script_connect_mac_user_connect,
          cli_script_connect_mac_user_disconnect, cli_script_connect_mac_admin_connect, cli_script_connect_mac_admin_disconnect]
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  subnets:
    description:
      - Networks from which members get their addresses in the VPN, in any order.
      - For an address in a network, such as V(10.20.4.7/24), the task writes the network and warns. It also warns of
        networks that overlap those of another group, if it reads that group.
    type: list
    elements: str
  dynamic_ranges:
    description:
      - Ranges within O(subnets) from which members without a fixed address get theirs, in any order, such as
        V(10.8.16.10-10.8.16.99).
      - V(10.8.16.10~90), an address and a number of addresses, is the same range.
    type: list
    elements: str
  members:
    description:
      - Users of the group. The complete list, in any order. Listed users leave their previous group. Members who are
        not listed are in no group afterwards.
      - Declare membership either here or by O(vpn.estate.as_user#module:group), not both.
    type: list
    elements: str
  inherit:
    description:
      - Properties to inherit from the level above, which is the default user, then the configuration.
      - A property is either declared or listed here, not both.
  state:
    description: Whether the group exists. With O(groups), it applies to groups that do not set their own.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: vpn.estate.as_group_info
  - module: vpn.estate.as_user
  - module: vpn.estate.as_default_user
  - module: vpn.estate.as_access_list
"""

EXAMPLES = r"""
- name: Create a group
  vpn.estate.as_group:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: staff
    subnets: [10.8.16.0/20]
    dynamic_ranges: [10.8.16.10-10.8.31.250]

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Create two groups, and delete a third one
  vpn.estate.as_group:
    groups:
      - name: ops
        admin: true
        totp: true
        password_strength: true
      - name: guests
        deny_web: true
        reroute_gw: dns_only
        allow_generate_profiles: false
        allow_password_change: false
      - name: interns
        state: absent

- name: Keep these groups, and delete all others except a group that another administrator manages
  vpn.estate.as_group:
    groups: "{{ teams }}"
    purge: true
    purge_limit: "3"
    protect: [contractors]

- name: Delete all groups
  vpn.estate.as_group:
    groups: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: Set the members of a group, one of whom an earlier task of the same run creates
  vpn.estate.as_group:
    name: staff
    members: [alice, bob, frank]
    assume_present: [frank]

- name: Remove all members from the group
  vpn.estate.as_group:
    name: staff
    members: []

- name: Set a group for users of a directory, who reach the printers at home directly
  vpn.estate.as_group:
    name: staff
    auth_method: ldap
    autologin: false
    bypass_subnets: [192.168.0.0/16, "fd00::/8"]
    cc_commands:
      - push "dhcp-option DOMAIN example.com"

- name: Deny all members without a value of their own
  vpn.estate.as_group:
    name: guests
    deny: true

- name: Let them in again, and inherit the other values from the default user
  vpn.estate.as_group:
    name: guests
    inherit: [deny, deny_web, reroute_gw]

- name: Set scripts for the computers of the members
  vpn.estate.as_group:
    name: staff
    cli_script_connect_win_user_connect: "{{ lookup('ansible.builtin.file', 'connect.bat') }}"
    cli_script_connect_win_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.bat') }}"
    cli_script_connect_win_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.bat') }}"
    cli_script_connect_win_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.bat') }}"
    cli_script_connect_win_env:
      SHARE: \\files.example.com\staff
    cli_script_connect_mac_user_connect: "{{ lookup('ansible.builtin.file', 'connect.sh') }}"
    cli_script_connect_mac_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.sh') }}"
    cli_script_connect_mac_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.sh') }}"
    cli_script_connect_mac_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.sh') }}"
    cli_script_connect_mac_env:
      SHARE: smb://files.example.com/staff

- name: Set an authentication method for the group of the task's own account
  vpn.estate.as_group:
    name: ops
    auth_method: local
    allow_self: true

- name: Delete a group
  vpn.estate.as_group:
    name: interns
    state: absent

- name: Apply groups from every file of a folder
  vpn.estate.as_group:
    src: files/groups
"""

RETURN = r"""
objects:
  description: The groups in the order of the declaration, followed by the purged ones.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name of the group.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
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
    - name: staff
      action: updated
      changed_keys: [subnets, totp]
    - name: ops
      action: unchanged
      changed_keys: []
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 7
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(GROUP, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
