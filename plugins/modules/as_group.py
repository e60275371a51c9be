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
  - A property of a group is in force for each member that has no value of its own. A user is in one group at most.
  - An option that is left out is left alone. An empty list means none. O(inherit) hands properties back to the level
    above. What is declared is set on the group, also where the inherited value happens to be the same.
  - The members of a deleted group stay, without a group. What the group denied them may then be granted by the default
    user.
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
    description: The group's name. Either this, O(groups) or O(src) is needed.
    type: str
  groups:
    description: Groups, each with the options that a single one takes.
    type: list
    elements: dict
    suboptions:
      name:
        description: The group's name.
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
      - Networks out of which members get their addresses in the VPN, in any order.
      - Of an address in a network, such as V(10.20.4.7/24), the network is written, and a warning says so. Another
        warning tells of networks that overlap those of another group, as far as the task reads it.
    type: list
    elements: str
  dynamic_ranges:
    description:
      - Ranges within O(subnets) out of which members without a fixed address get theirs, in any order, such as
        V(10.8.16.10-10.8.16.99).
      - V(10.8.16.10~90), an address and a number of addresses, is the same.
    type: list
    elements: str
  members:
    description:
      - Users of the group, all of them, in any order. Users who are listed leave the group that they were in;
        members who are not listed are in no group afterwards.
      - Declare membership either here or by O(vpn.estate.as_user#module:group).
    type: list
    elements: str
  inherit:
    description:
      - Properties to hand back to the level above, which is the default user, then the configuration.
      - A property is either declared or listed here, not both.
  state:
    description: Whether the group is there. With O(groups), it goes for those that have no state of their own.
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
- name: One group
  vpn.estate.as_group:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: staff
    subnets: [10.8.16.0/20]
    dynamic_ranges: [10.8.16.10-10.8.31.250]

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Many groups
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

- name: These groups and no others, apart from one that somebody else looks after
  vpn.estate.as_group:
    groups: "{{ teams }}"
    purge: true
    purge_limit: "3"
    protect: [contractors]

- name: No groups at all
  vpn.estate.as_group:
    groups: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: A group with its members, one of whom an earlier task of the same run creates
  vpn.estate.as_group:
    name: staff
    members: [alice, bob, frank]
    assume_present: [frank]

- name: Put everybody out of the group
  vpn.estate.as_group:
    name: staff
    members: []

- name: People of a directory, who go past the VPN to the printers at home
  vpn.estate.as_group:
    name: staff
    auth_method: ldap
    autologin: false
    bypass_subnets: [192.168.0.0/16, "fd00::/8"]
    cc_commands:
      - push "dhcp-option DOMAIN example.com"

- name: Shut out all members without a value of their own
  vpn.estate.as_group:
    name: guests
    deny: true

- name: Let them in again, and have the default user decide on the rest
  vpn.estate.as_group:
    name: guests
    inherit: [deny, deny_web, reroute_gw]

- name: Scripts on the computers of the members
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

- name: An authentication method for the group of the account that the task is signed in with
  vpn.estate.as_group:
    name: ops
    auth_method: local
    allow_self: true

- name: Delete a group
  vpn.estate.as_group:
    name: interns
    state: absent

- name: Groups from every file of a folder
  vpn.estate.as_group:
    src: files/groups
"""

RETURN = r"""
objects:
  description: The groups, in the order in which they were declared, and after them those that were purged.
  returned: when the task got as far as a comparison with the server
  type: list
  elements: dict
  contains:
    name:
      description: The group's name.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Why it failed.
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
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
