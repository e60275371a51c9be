#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_ruleset
short_description: Manage domain rules of an OpenVPN Access Server
description:
  - Brings rulesets to the declared state. A ruleset belongs to a user, to a group, or to everybody, and says by domain names
    what goes through the VPN, what goes past it, and what is denied.
  - Domain rules need Access Server 3.1 or later, and its DNS proxy. Rules that deny, that bypass the VPN, or that match all
    domains need 3.2.0. The version is read from the server before anything is written, and an older one is refused. If the
    DNS proxy is not on, a warning says so.
  - The first rule that matches decides. The rulesets of an owner come in the order of their positions.
  - Rules by address are access lists, see M(vpn.estate.as_access_list). Both are in force on the same server.
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
      - Many rulesets. Every owner stands here once with each name.
      - Takes the place of the options for one ruleset.
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
    description: Name of the user who owns the ruleset. A ruleset has one owner, a user, a group or everybody.
    type: str
  group:
    description: Name of the group that owns the ruleset. A ruleset has one owner, a user, a group or everybody.
    type: str
  everybody:
    description: Whether the ruleset is for all users. A ruleset has one owner, a user, a group or everybody.
    type: bool
  name:
    description:
      - Name of the ruleset. A ruleset of this owner and name that is there is the one that is meant.
      - Left out, it is the name of the owner with C(_default_ruleset) behind it. The web interface calls the ruleset for all
        users C(__DEFAULT___default_ruleset), which is the default of O(everybody).
    type: str
  comment:
    description: A comment on the ruleset.
    type: str
  position:
    description:
      - Position of the ruleset among those of its owner, lowest first.
      - A new ruleset whose position is left out comes behind those that its owner has.
    type: int
  rules:
    description:
      - The rules, first to last.
      - A declared list is the whole list, unless O(exclusive) is V(false). If it is left out, the rules are left alone. An
        empty list means none.
      - With state V(absent), the rules to take away, each known by what it matches; the ruleset stays.
    type: list
    elements: dict
    suboptions:
      domain:
        description:
          - The domain, such as V(app.example.com). Case and a dot at the end make no difference. A domain in another script
            is written in the form that DNS knows.
          - V(*.example.com) is V(example.com) where C(match) is V(domain_or_subdomain).
        type: str
      match:
        description:
          - How the domain is meant. V(domain) is this domain, V(subdomain) all domains below it, and V(domain_or_subdomain)
            both. V(not_domain), V(not_subdomain) and V(not_domain_or_subdomain) match everything else.
          - Left out, it is V(domain).
          - Another word is passed to the server with a warning. How a server calls the rule that matches all domains is not
            published. M(vpn.estate.as_access_ruleset_info) shows such rules as they have to be declared.
        type: str
      data:
        description: What is matched in place of a domain, where C(match) is another word than those for domains.
        type: str
      action:
        description:
          - What becomes of traffic that matches. V(route) sends it through the VPN and shows the client's VPN address,
            V(nat) sends it through the VPN and shows the address of the server. V(deny) blocks it. V(bypass) leaves it to the
            client's own connection.
        type: str
        choices: [route, nat, deny, bypass]
        required: true
      type:
        description:
          - What kind of rule it is, V(domain_routing) or V(filter).
          - Left out, it is V(domain_routing). What rules of the type V(filter) match is not published.
        type: str
      comment:
        description: A comment on the rule. Left out, it is empty.
        type: str
      position:
        description:
          - The number by which the server sorts the rules.
          - Left out, the order of the list decides, and rules that are there keep their numbers as far as possible. All rules
            of a list have a position, or none.
        type: int
  state:
    description:
      - V(present) makes the ruleset so. One that is missing is created.
      - V(absent) deletes the ruleset, or takes it from this owner if it has others. If O(rules) are declared, only these
        rules are taken away.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether declared rules are all rules of the ruleset.
      - V(false) declares single rules instead. Those that are missing are added at the end, those that are there with
        another action or comment are changed, and all others stay.
    type: bool
    default: true
  purge:
    description:
      - Whether to delete every ruleset that O(access_rulesets) does not name, also of other owners. Those that the web
        interface keeps are spared, see O(purge_default_rulesets).
      - A purge is refused before anything is written when O(access_rulesets) is empty (see O(purge_empty)), and when it
        would delete more than O(purge_limit) allows.
  purge_default_rulesets:
    description:
      - Whether O(purge) also deletes rulesets that are called as the web interface calls them, by the name of their owner
        with C(_default_ruleset) behind it.
    type: bool
    default: false
  protect:
    description: >-
      Rulesets that O(purge) spares although O(access_rulesets) does not name them, each as an owner and a name, such as
      V(group staff / Staff web); or owners, such as V(group staff), V(user alice) and V(everybody), whose rulesets are all
      spared.
notes:
  - Owners must exist, or be named in O(assume_present). That is checked before the first write.
  - A new ruleset is created, assigned to its owner, and given its rules, in three calls. If the second one is refused, the
    ruleset is deleted again. If the answer to the first one is lost, a ruleset may stay that belongs to nobody and that no
    list of the server shows.
  - When rules change, a rule that denies is written before those that it may deny, and taken away after them.
  - A ruleset with rules that deny or bypass is deleted after all others are written, and not if one of them failed.
  - Where the server refuses another position for a ruleset, the ruleset fails. It is never taken from its only owner for a
    moment, because the server may delete it then.
  - A ruleset that several owners have in common is one. If its rules or its comment change, a warning names it.
  - Answers of real servers to the calls that list are recorded. Answers to calls that create and assign are known from the
    sources of a project of OpenVPN, and those to calls that change and delete from other public clients. The module is tried
    with every way in which a server may answer them.
seealso:
  - module: vpn.estate.as_access_ruleset_info
  - module: vpn.estate.as_access_list
  - module: vpn.estate.as_config_item
"""

EXAMPLES = r"""
- name: Say which domains the members of a group reach through the VPN
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

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Leave a domain to the client's own connection, for everybody
  vpn.estate.as_access_ruleset:
    everybody: true
    rules:
      - {domain: app1.example.com, action: bypass}

- name: Write every way to match
  vpn.estate.as_access_ruleset:
    user: alice
    position: 200
    rules:
      - {match: domain, domain: a.example.com, action: route, position: 100}
      - {match: subdomain, domain: b.example.com, action: route, position: 200}
      - {match: domain_or_subdomain, domain: c.example.com, action: nat, position: 300}
      - {match: not_domain_or_subdomain, domain: example.com, action: deny, position: 400}
      - {match: subnet, data: 10.0.0.0/8, type: filter, action: deny, position: 500}

- name: Declare the rulesets of many owners with one task
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

- name: Make sure that a rule is there, whatever the others are
  vpn.estate.as_access_ruleset:
    group: staff
    name: Staff web
    rules: [{domain: files.example.com, action: nat}]
    exclusive: false

- name: Take a single rule away
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

- name: Delete every ruleset that is not declared, those of the web interface too, except those of one group
  vpn.estate.as_access_ruleset:
    access_rulesets: "{{ estate_access_rulesets }}"
    purge: true
    purge_default_rulesets: true
    purge_limit: "10"
    protect: [group break-glass]

- name: Delete every ruleset that the web interface does not keep
  vpn.estate.as_access_ruleset:
    access_rulesets: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: Rulesets from a file
  vpn.estate.as_access_ruleset:
    src: files/access_rulesets.yml
"""

RETURN = r"""
objects:
  description:
    - The rulesets and what became of them, in the order of the task; those that O(purge) deleted come last.
    - In check mode, what would have become of them.
  returned: when the task got as far as a comparison with the server
  type: list
  elements: dict
  contains:
    name:
      description: The owner, as a kind and a name, and the name of the ruleset.
      type: str
      sample: group staff / Staff web
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: The options that changed.
      type: list
      elements: str
      sample: [rules]
counts:
  # BEGIN counts (tools/generate.py)
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
