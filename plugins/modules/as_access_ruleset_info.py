#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_ruleset_info
short_description: Read domain rules of an OpenVPN Access Server
description:
  - Reads the rulesets of users, groups and all users, with their rules by domain name. It needs Access Server 3.1 or
    later.
  - To declare the result, pass it to O(vpn.estate.as_access_ruleset#module:access_rulesets).
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
      - Names of users whose rulesets to read, compared exactly.
      - If none of O(users), O(groups) and O(everybody) is given, the rulesets of all owners are read.
    type: list
    elements: str
  groups:
    description: Names of groups whose rulesets to read, compared exactly.
    type: list
    elements: str
  everybody:
    description: Whether to read the rulesets for all users.
    type: bool
notes:
  - Servers list only rulesets that have an owner.
  - Access by address is in access lists, see M(vpn.estate.as_access_list_info).
seealso:
  - module: vpn.estate.as_access_ruleset
"""

EXAMPLES = r"""
- name: Read all rulesets
  vpn.estate.as_access_ruleset_info:
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

- name: Read the rulesets of one user and those for all users
  vpn.estate.as_access_ruleset_info:
    users: [alice]
    everybody: true
  register: some

- name: Read the rulesets of two groups
  vpn.estate.as_access_ruleset_info:
    groups: [staff, ops]

- name: Show the domains that are denied to any user
  ansible.builtin.debug:
    msg: "{{ found.access_rulesets | map(attribute='rules') | flatten | selectattr('action', 'eq', 'deny') }}"
"""

RETURN = r"""
access_rulesets:
  description: Rulesets by owner and name. Those for all users come first, then those of groups, and those of users.
  returned: success
  type: list
  elements: dict
  contains:
    # BEGIN properties: as_access_ruleset (tools/generate.py)
    comment: {description: 'Value of O(vpn.estate.as_access_ruleset#module:comment).', type: str}
    position: {description: 'Value of O(vpn.estate.as_access_ruleset#module:position).', type: int}
    # END
    user:
      description: User who owns the ruleset.
      returned: when the owner is a user
      type: str
      sample: alice
    group:
      description: Group that owns the ruleset.
      returned: when the owner is a group
      type: str
      sample: staff
    everybody:
      description: Always V(true). The ruleset is for all users.
      returned: when the ruleset is for all users
      type: bool
      sample: true
    name:
      description: Name of the ruleset.
      type: str
      sample: Staff web
    rules:
      description: >-
        Rules in their order. A rule that matches something other than a domain has C(data) instead of C(domain).
      type: list
      elements: dict
      sample:
        - {match: domain_or_subdomain, domain: intranet.example.com, action: nat, comment: "", position: 100}
declaration:
  # BEGIN declaration: O(vpn.estate.as_access_ruleset#module:access_rulesets) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_access_ruleset#module:access_rulesets).
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_ruleset
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(access_ruleset.ACCESS_RULESET, ACCESS_SERVER, access_ruleset.chosen, access_ruleset.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
