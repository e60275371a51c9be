#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_list_info
short_description: Read access lists of users and groups of an OpenVPN Access Server
description:
  - Reads where users and the members of groups may go through the VPN, and which clients may connect to them.
  - To declare the result, pass it to O(vpn.estate.as_access_list#module:access_lists).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description:
      - Names of users whose lists to read, compared exactly.
      - If neither O(users) nor O(groups) has any name, the lists of all owners that have one are read.
    type: list
    elements: str
  groups:
    description: Names of groups whose lists to read, compared exactly.
    type: list
    elements: str
notes:
  - Rules are those that are set on the owner itself. What a user may reach through the group is in the lists of the
    group.
  - Servers from version 3.1 also have rules by domain name. They are active together with these lists, but not part of
    them; see M(vpn.estate.as_access_ruleset_info).
seealso:
  - module: vpn.estate.as_access_list
  - module: vpn.estate.as_access_ruleset_info
  - plugin: vpn.estate.access_rule
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read all access lists
  vpn.estate.as_access_list_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read the access lists of two groups and a user
  vpn.estate.as_access_list_info:
    groups: [staff, ops]
    users: [alice]
  register: some

- name: Show their rules as structures
  ansible.builtin.debug:
    msg: "{{ some.access_lists | map(attribute='access_to') | flatten | map('vpn.estate.access_rule') }}"

- name: Find the owners with a rule that allows everything
  ansible.builtin.debug:
    msg: "{{ found.access_lists | selectattr('access_to', 'contains', 'all') }}"
"""

RETURN = r"""
access_lists:
  description:
    - Lists of each owner. Groups come first, each kind sorted by name.
    - A named owner without any rule has empty lists, even if the server does not have that owner.
  returned: success
  type: list
  elements: dict
  contains:
    group:
      description: Group that owns the lists.
      returned: when the owner is a group
      type: str
      sample: staff
    user:
      description: User who owns the lists.
      returned: when the owner is a user
      type: str
      sample: alice
    access_to:
      description: Rules for the targets that the owner may reach, as compact strings. Rules for IPv4 come first.
      type: list
      elements: str
      sample: ["10.10.0.0/24:tcp/443,udp/1194", "192.168.99.0/24::R", "group:ops", "2001:db8:3::/64|icmp-any"]
    access_from:
      description: Rules for the clients that may connect to the owner, as compact strings. Rules for IPv4 come first.
      type: list
      elements: str
      sample: [all_vpn_clients]
declaration:
  # BEGIN declaration: O(vpn.estate.as_access_list#module:access_lists) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_access_list#module:access_lists).
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_list
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(access_list.ACCESS_LIST, ACCESS_SERVER, access_list.chosen, access_list.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
