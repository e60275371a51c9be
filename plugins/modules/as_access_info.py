#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_info
short_description: Show which users may reach what on an OpenVPN Access Server
description:
  - Returns the rules that apply to users and groups, each with its owner. With O(destination), it also returns which
    parts of the destination they reach, and by which rule. The rules are those of the user, the group, the default
    user, all users and the configuration.
  - The vendor documents only in part how rules work together. The guide to R(access rules,
    ansible_collections.vpn.estate.docsite.access) describes how this collection interprets the rest.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description:
      - Names of users, compared exactly. Names that the server does not have are left out of the result.
      - If neither O(users) nor O(groups) is given, all users and groups are returned.
    type: list
    elements: str
  groups:
    description:
      - Names of groups, compared exactly. The result for a group is valid for a member without rules and properties of
        its own.
    type: list
    elements: str
  destination:
    description:
      - Target to examine. It can be an address or a network, such as V(10.20.0.5:tcp/443), V(10.0.0.0/8) or
        V(fd00::/8|tcp/443). It can be a domain such as V(app.example.com), or V(*.example.com) for the domain and all
        domains below it. Or it can be the VPN clients of a user or a group, such as V(user:ada), V(group:staff), or
        V(user|ada) for IPv6.
      - If it is set, the module reads only rules that can affect it.
    type: str
notes:
  - The module returns what rules allow. It does not examine whether a host answers, whether a route leads there, or
    which addresses a domain has.
seealso:
  - module: vpn.estate.as_access_list_info
  - module: vpn.estate.as_access_ruleset_info
  - module: vpn.estate.as_declaration
"""

EXAMPLES = r"""
- name: Show what a user may reach, and by which rules
  vpn.estate.as_access_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    users: [ada]
  register: found

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Find the users and groups who reach the database
  vpn.estate.as_access_info:
    destination: 10.20.0.5:postgresql
  register: database

- name: List the users who reach all of it
  ansible.builtin.debug:
    msg: "{{ database.access | selectattr('user', 'defined') | selectattr('reached', 'eq', 'all') | map(attribute='user') }}"

- name: Find out whether contractors reach an internal page
  vpn.estate.as_access_info:
    groups: [contractors]
    destination: wiki.intranet.example.com
  register: wiki

- name: Show the reason
  ansible.builtin.debug:
    msg: "{{ wiki.access[0].parts }}"
"""

RETURN = r"""
access:
  description: Results of groups, then of users, each sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    group:
      description: Name of the group.
      returned: for groups
      type: str
      sample: staff
    user:
      description: Name of the user.
      returned: for users
      type: str
      sample: ada
    member_of:
      description: Group whose rules apply to the user; empty if there is none.
      returned: for users
      type: str
      sample: staff
    blocked_by:
      description: >-
        Owner of the property C(deny) that keeps the user from connecting; empty if none does. If it is set, nothing is
        reached.
      type: str
      sample: group guests
    access_to:
      description:
        - Rules by address that apply, in the order in which they decide. The first rule that matches decides.
      type: list
      elements: dict
      contains: &rules
        rule:
          description: >-
            The rule in the notation of access lists. For a rule by domain, its action, what it matches, and the domain.
          type: str
          sample: 10.20.0.0/16:tcp/443
        accept:
          description: Whether it allows the traffic that it matches.
          type: bool
          sample: true
        owner:
          description: Owner of the rule. C(user __DEFAULT__) is the default user.
          type: str
          sample: group staff
        place:
          description: List, ruleset or configuration item that contains it.
          type: str
          sample: access_to
    access_from:
      description: Rules by which other VPN clients connect to the user, in the form of RV(access[].access_to).
      type: list
      elements: dict
      contains: *rules
    domains:
      description: >-
        Rules by domain that apply, in the form of RV(access[].access_to). If O(destination) is not a domain, this list
        is empty. If it is a domain, RV(access[].access_to) holds only the networks of the configuration.
      type: list
      elements: dict
      contains: *rules
    reached:
      description:
        - Which part of O(destination) is reached; V(all), V(none), V(some), or V(unknown) if the deciding rule is not
          known.
      returned: with O(destination)
      type: str
      sample: some
    parts:
      description: Parts of O(destination) for which the decision differs.
      returned: with O(destination)
      type: list
      elements: dict
      contains:
        example:
          description: An address, a domain or a client in this part.
          type: str
          sample: 10.20.0.5:tcp/443
        reached:
          description: Whether it is reached; null if unknown.
          type: bool
          sample: true
        reason:
          description: What decides, and its owner.
          type: str
          sample: 10.20.0.0/16:tcp/443 (access_to of group staff)
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.access import SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
