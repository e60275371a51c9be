#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_info
short_description: Find out who may reach what on an OpenVPN Access Server
description:
  - Returns the rules that count for users and groups, each with its owner, and with O(destination) what they reach of it and
    by which rule. The rules are those of the user, the group, the default user, all users and the configuration.
  - How rules work together is documented in part; the rest is a reading, which C(docs/access.md) describes.
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
      - Names of users, compared exactly. A name that the server does not have is left out of the answer.
      - Where neither O(users) nor O(groups) is given, all users and groups are returned.
    type: list
    elements: str
  groups:
    description:
      - Names of groups, compared exactly. What is returned of a group holds for a member without rules and properties of
        their own.
    type: list
    elements: str
  destination:
    description:
      - Where to. A network or an address such as V(10.20.0.5:tcp/443), V(10.0.0.0/8) or V(fd00::/8|tcp/443); a domain such as
        V(app.example.com), or V(*.example.com) for the domain and all below it; or the VPN clients of a user or a group, such
        as V(user:ada), V(group:staff) or for IPv6 V(user|ada).
      - With it, only those rules are read that can decide about it.
    type: str
notes:
  - It tells what rules allow. Whether a host answers, whether a route leads there, and which addresses a domain has, is not part
    of it.
seealso:
  - module: vpn.estate.as_access_list_info
  - module: vpn.estate.as_access_ruleset_info
  - module: vpn.estate.as_declaration
"""

EXAMPLES = r"""
- name: Find out what a user may reach, and why
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

- name: Find out who reaches the database
  vpn.estate.as_access_info:
    destination: 10.20.0.5:postgresql
  register: database

- name: List the users who do
  ansible.builtin.debug:
    msg: "{{ database.access | selectattr('user', 'defined') | selectattr('reached', 'eq', 'all') | map(attribute='user') }}"

- name: Find out whether contractors reach an internal page
  vpn.estate.as_access_info:
    groups: [contractors]
    destination: wiki.intranet.example.com
  register: wiki

- name: Say why
  ansible.builtin.debug:
    msg: "{{ wiki.access[0].parts }}"
"""

RETURN = r"""
access:
  description: Groups, then users, each kind by name.
  returned: success
  type: list
  elements: dict
  contains:
    group:
      description: Name of the group.
      returned: of a group
      type: str
      sample: staff
    user:
      description: Name of the user.
      returned: of a user
      type: str
      sample: ada
    member_of:
      description: The group whose rules count for the user; empty if there is none.
      returned: of a user
      type: str
      sample: staff
    blocked_by:
      description: Whose property C(deny) keeps the user from connecting, so that nothing is reached; empty if none does.
      type: str
      sample: group guests
    access_to:
      description:
        - Rules by address that count, in the order in which they decide. The first one that matches does.
      type: list
      elements: dict
      contains: &rules
        rule:
          description: The rule, as access lists write it; a rule by domain as its action, what it matches, and the domain.
          type: str
          sample: 10.20.0.0/16:tcp/443
        accept:
          description: Whether it lets through what it matches.
          type: bool
          sample: true
        owner:
          description: Whose rule it is. C(user __DEFAULT__) is the default user.
          type: str
          sample: group staff
        place:
          description: The list, the ruleset or the configuration item that it is in.
          type: str
          sample: access_to
    access_from:
      description: Rules by which other VPN clients come to the user, as in RV(access[].access_to).
      type: list
      elements: dict
      contains: *rules
    domains:
      description: >-
        Rules by domain that count, as in RV(access[].access_to). Empty with a O(destination) that is no domain, as
        RV(access[].access_to) is, but for the networks of the configuration, with one that is.
      type: list
      elements: dict
      contains: *rules
    reached:
      description:
        - How much of O(destination) is reached; V(all), V(none), V(some), or V(unknown) if what decides is not known.
      returned: with O(destination)
      type: str
      sample: some
    parts:
      description: Parts of O(destination) that are decided in different ways.
      returned: with O(destination)
      type: list
      elements: dict
      contains:
        example:
          description: An address, a domain or a client of this part.
          type: str
          sample: 10.20.0.5:tcp/443
        reached:
          description: Whether it is reached; null where that is not known.
          type: bool
          sample: true
        reason:
          description: What decides, and whose it is.
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
