#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_ruleset
short_description: Manage domain rules of an OpenVPN Access Server
description:
  - Applies rulesets. A ruleset belongs to a user, to a group, or to all users. It defines by domain names which traffic
    goes through the VPN, which bypasses it, and which is denied.
  - Domain rules need Access Server 3.1 or later, and its DNS proxy. Rules that deny, that bypass the VPN, or that match
    all domains need 3.2.0. The task reads the version of the server before it writes anything, and refuses an older
    server. If the DNS proxy is off, the task warns.
  - The first rule that matches decides. The rulesets of an owner apply in the order of their positions.
  - Rules by address are access lists, see M(vpn.estate.as_access_list). Both systems are active on the same server.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._assume_present
  - vpn.estate._purge
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  access_rulesets:
    description:
      - Several rulesets. Each pair of owner and name may occur once.
      - Use it instead of the options for one ruleset.
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      user: {description: See O(user)., type: str}
      group: {description: See O(group)., type: str}
      everybody: {description: See O(everybody)., type: bool}
      name: {description: See O(name)., type: str}
      comment: {description: See O(comment)., type: str}
      position: {description: See O(position)., type: int}
      rules:
        description: See O(rules).
        type: list
        elements: dict
        suboptions:
          domain: {description: 'See O(rules[].domain).', type: str}
          match: {description: 'See O(rules[].match).', type: str}
          data: {description: 'See O(rules[].data).', type: str}
          action:
            description: See O(rules[].action).
            type: str
            choices: [route, nat, deny, bypass]
            required: true
          type: {description: 'See O(rules[].type).', type: str}
          comment: {description: 'See O(rules[].comment).', type: str}
          position: {description: 'See O(rules[].position).', type: int}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  user:
    description: >-
      User who owns the ruleset. A ruleset has one owner, which is a user, a group or all users (O(everybody)).
    type: str
  group:
    description: >-
      Group that owns the ruleset. A ruleset has one owner, which is a user, a group or all users (O(everybody)).
    type: str
  everybody:
    description: Whether the ruleset is for all users. A ruleset has one owner, which is a user, a group or all users.
    type: bool
  name:
    description:
      - Name of the ruleset. Owner and name identify a ruleset on the server.
      - The default is the name of the owner followed by C(_default_ruleset). For O(everybody) the default is
        C(__DEFAULT___default_ruleset), the name that the web interface gives to the ruleset for all users.
    type: str
  comment:
    description: Comment on the ruleset.
    type: str
  position:
    description:
      - Position of the ruleset among those of its owner. The lowest comes first.
      - By default, a new ruleset comes after the existing ones of its owner.
    type: int
  rules:
    description:
      - Rules, in the order in which they apply.
      - A declared list is the complete list, unless O(exclusive) is V(false). If it is left out, the rules stay as they
        are on the server. An empty list means no rules.
      - With state V(absent), the rules to remove, each identified by what it matches. The ruleset stays.
    type: list
    elements: dict
    suboptions:
      domain:
        description:
          - The domain, such as V(app.example.com). Case and a dot at the end make no difference. A domain in another
            script is written in its DNS form.
          - V(*.example.com) is V(example.com) with C(match) V(domain_or_subdomain).
        type: str
      match:
        description:
          - How the domain matches. V(domain) matches this domain, V(subdomain) all domains below it, and
            V(domain_or_subdomain) both. V(not_domain), V(not_subdomain) and V(not_domain_or_subdomain) match everything
            else.
          - The default is V(domain).
          - Any other value is passed to the server with a warning. The vendor does not publish the value for a rule
            that matches all domains. M(vpn.estate.as_access_ruleset_info) shows such rules as they must be declared.
        type: str
      data:
        description: What the rule matches instead of a domain, if C(match) is not one of the values for domains.
        type: str
      action:
        description:
          - What happens to traffic that matches. V(route) sends it through the VPN with the client's VPN address,
            V(nat) sends it through the VPN with the address of the server. V(deny) blocks it. V(bypass) leaves it to
            the client's own connection.
        type: str
        choices: [route, nat, deny, bypass]
        required: true
      type:
        description:
          - Type of the rule, V(domain_routing) or V(filter).
          - The default is V(domain_routing). The vendor does not publish what rules of the type V(filter) match.
        type: str
      comment:
        description: Comment on the rule. The default is empty.
        type: str
      position:
        description:
          - Number by which the server sorts the rules.
          - By default, the order of the list decides, and existing rules keep their numbers where possible. Either all
            rules of a list have a position, or none.
        type: int
  state:
    description:
      - V(present) applies the ruleset, and creates it if it is missing.
      - V(absent) deletes the ruleset, or removes it from this owner if it has other owners. If O(rules) are declared,
        only these rules are removed.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether the declared rules are the complete rules of the ruleset.
      - V(false) declares single rules instead. Missing rules are added at the end, existing rules with another action
        or comment are changed, and all other rules stay.
    type: bool
    default: true
  purge:
    description:
      - Whether to delete every ruleset that O(access_rulesets) does not name, also those of other owners. Rulesets that
        the web interface manages are kept, see O(purge_default_rulesets).
      - The task refuses a purge before it writes anything if O(access_rulesets) is empty (see O(purge_empty)), or if
        the purge would delete more than O(purge_limit) allows.
  purge_default_rulesets:
    description:
      - Whether O(purge) also deletes rulesets with names that the web interface gives, which is the name of the owner
        followed by C(_default_ruleset).
    type: bool
    default: false
  protect:
    description: >-
      Rulesets that O(purge) keeps although O(access_rulesets) does not name them, each as an owner and a name, such as
      V(group staff / Staff web). An owner, such as V(group staff), V(user alice) and V(everybody), keeps all of its
      rulesets.
notes:
  - Owners must exist or be listed in O(assume_present). The task checks this before the first write.
  - A new ruleset is created, assigned to its owner, and given its rules, in three calls. If the server refuses the
    second call, the task deletes the ruleset again. If the answer to the first call is lost, a ruleset may stay that
    has no owner and that no list of the server shows.
  - When rules change, the task writes a rule that denies before the rules that it may deny, and removes it after them.
  - The task deletes a ruleset with rules that deny or bypass after all others are written, and only if none of them
    failed.
  - If the server refuses a new position for a ruleset, the ruleset fails. The task never removes a ruleset from its
    only owner for a moment, because the server may then delete it.
  - Several owners can share one ruleset. If its rules or its comment change, a warning names it.
  - The answers of real servers to calls that list are recorded. The answers to calls that create and assign are known
    from the sources of a project of OpenVPN. The answers to calls that change and delete are known from other public
    clients. The module is tested with every way in which a server may answer.
seealso:
  - module: vpn.estate.as_access_ruleset_info
  - module: vpn.estate.as_access_list
  - module: vpn.estate.as_config_item
"""

EXAMPLES = r"""
- name: Set which domains the members of a group reach through the VPN
  vpn.estate.as_access_ruleset:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    group: staff
    name: Staff web
    comment: Applications inside
    rules:
      - {domain: payroll.intranet.example.com, action: deny, comment: not from outside}
      - {domain: "*.intranet.example.com", action: nat}
      - {domain: wiki.example.com, action: route}

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Leave a domain to the client's own connection, for all users
  vpn.estate.as_access_ruleset:
    everybody: true
    rules:
      - {domain: app1.example.com, action: bypass}

- name: Use every way to match
  vpn.estate.as_access_ruleset:
    user: alice
    position: 200
    rules:
      - {match: domain, domain: a.example.com, action: route, position: 100}
      - {match: subdomain, domain: b.example.com, action: route, position: 200}
      - {match: domain_or_subdomain, domain: c.example.com, action: nat, position: 300}
      - {match: not_domain_or_subdomain, domain: example.com, action: deny, position: 400}
      - {match: subnet, data: 10.0.0.0/8, type: filter, action: deny, position: 500}

- name: Declare the rulesets of several owners in one task
  vpn.estate.as_access_ruleset:
    access_rulesets:
      - everybody: true
        rules: [{domain: status.example.com, action: nat}]
      - group: staff
        name: Staff web
        rules: [{domain: "*.intranet.example.com", action: nat}]
      - group: staff
        name: Old web
        state: absent

- name: Add a rule, and keep all others
  vpn.estate.as_access_ruleset:
    group: staff
    name: Staff web
    rules: [{domain: files.example.com, action: nat}]
    exclusive: false

- name: Remove a single rule
  vpn.estate.as_access_ruleset:
    group: staff
    name: Staff web
    rules: [{domain: files.example.com, action: nat}]
    state: absent

- name: Delete a ruleset
  vpn.estate.as_access_ruleset:
    group: staff
    name: Staff web
    state: absent

- name: Give a ruleset to a group that an earlier task of this play creates, also in check mode
  vpn.estate.as_access_ruleset:
    group: newcomers
    rules: [{domain: welcome.example.com, action: nat}]
    assume_present: [newcomers]

- name: Delete all rulesets that are not declared, also those of the web interface, except those of one group
  vpn.estate.as_access_ruleset:
    access_rulesets: "{{ estate_access_rulesets }}"
    purge: true
    purge_default_rulesets: true
    purge_limit: "10"
    protect: [group break-glass]

- name: Delete all rulesets that the web interface does not manage
  vpn.estate.as_access_ruleset:
    access_rulesets: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: Apply rulesets from a file
  vpn.estate.as_access_ruleset:
    src: files/access_rulesets.yml
"""

RETURN = r"""
objects:
  description:
    - The rulesets with their results, in the order of the declaration. Rulesets that O(purge) deleted come last.
    - In check mode, the results that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Owner, as a kind and a name, and the name of the ruleset.
      type: str
      sample: group staff / Staff web
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: Options that changed.
      type: list
      elements: str
      sample: [rules]
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 2
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(ACCESS_RULESET, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
