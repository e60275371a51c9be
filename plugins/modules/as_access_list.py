#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_list
short_description: Manage access lists of users and groups of an OpenVPN Access Server
description:
  - Applies the lists that define where a user or the members of a group may go through the VPN (O(access_to)), and
    which clients may connect to them (O(access_from)).
  - A list has one owner, which is a user or a group, and one direction. A declared list is the complete list of that
    owner and direction, unless O(exclusive) is V(false). A direction that is left out stays as it is on the server. An
    empty list means no rules.
  - A rule can be written in two ways. One list may use both. Results, diffs and M(vpn.estate.as_access_list_info) show
    the first way.
  - A I(compact string) is the vendor's own notation, C(NETWORK[:SERVICES[:R|N]]). C(NETWORK) is an address with or
    without a prefix length. If the address has host bits, the task clears them, and warns when it writes the rule.
    C(SERVICES) are separated by commas. Without them, the rule is for all traffic. C(R) routes, so the network sees the
    client's VPN address. C(N), the default, translates it to the server's address (NAT). After an IPv6 network, use
    C(|) instead of C(:). Examples are V(10.10.0.0/24), V(10.10.0.0/24:https,udp/1194), V(192.168.99.0/24::R) and
    V(2001:db8:3::/64|https,udp/2000-2999|R).
  - Other compact strings are V(user:NAME) and V(group:NAME) for the VPN clients of another user or a group, V(all) for
    everything, V(all_vpn_clients) for all other VPN clients, and V(all_s2c_subnets) for all private subnets on the
    server's side. These are rules for IPv4. V(user|NAME), V(group|NAME), V(all|), V(all_vpn_clients|) and
    V(all_s2c_subnets|) are the same for IPv6.
  - A V(-) before a compact string denies instead of allowing.
  - Rules in the form that C(sacli UserPropGet) prints on the server are compact strings too. They begin with V(+) or
    V(-) and a class in capitals, such as V(+NAT:10.10.0.0/24), V(+ROUTE:10.20.1.45/32:tcp/80), V(-GROUP:ops) and
    V(+ALL_VPN_CLIENTS). C(SUBNET) requires C(R) or C(N) after the services, because its default depends on the
    configuration of the server. Class and suffix must not contradict each other.
  - A I(structured rule) is a dictionary. C(type) is V(nat), V(route), V(user), V(group), V(all), V(all_vpn_clients) or
    V(all_s2c_subnets). The default with C(subnet) is V(nat), and C(user) or C(group) also imply the type. V(nat) and
    V(route) require C(subnet), a network, and accept C(services), a list of services. V(user) requires C(user) and
    V(group) requires C(group), a name. C(accept) is a boolean with the default V(true). V(false) denies. C(family) is
    V(ipv4), the default, or V(ipv6). A network has its own family.
  - A service is a protocol with a port or a range of ports, such as V(tcp/443) and V(udp/2000-2999). Or it is one of
    the names V(dns), V(ftp), V(http), V(https), V(imap), V(imaps), V(ldap), V(ldaps), V(mysql), V(ntp), V(pop3),
    V(pop3s), V(postgresql), V(rdp), V(smb), V(smtp), V(smtps), V(snmp), V(ssh), V(submission), V(telnet) and V(vnc),
    each of which stands for one port. Or it is a type of ICMP message, such as V(icmp-any), V(icmp-echo-request) and
    V(icmp-port-unreachable). Results show a name as the port that it stands for.
  - A server keeps the rules for IPv4 and for IPv6 separately. The order of the rules of one family is significant, and
    is compared, only if one of them denies.
  - This module does not change rules by domain name, which servers have from version 3.1. They are another system of
    the server; see M(vpn.estate.as_access_ruleset). Both systems are active on the same server. A domain rule may deny
    traffic, or send traffic through the VPN, that no access list names. To know the access of a user, look at both.
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
  access_lists:
    description:
      - Lists of many owners, changed with one request. Each owner may occur once.
      - Use it instead of O(user), O(group), O(access_to) and O(access_from).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      user: {description: See O(user)., type: str}
      group: {description: See O(group)., type: str}
      access_to: {description: See O(access_to)., type: list, elements: raw}
      access_from: {description: See O(access_from)., type: list, elements: raw}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  user:
    description: User who owns the lists. An owner is either a user or a group.
    type: str
  group:
    description: Group that owns the lists. An owner is either a user or a group.
    type: str
  access_to:
    description:
      - Rules for the targets that the owner may reach, as compact strings, structured rules, or both. See the
        description of this module.
      - With state V(absent), the rules to remove. An empty list removes none.
    type: list
    elements: raw
  access_from:
    description:
      - Rules for the clients that may connect to the owner, as compact strings, structured rules, or both. See the
        description of this module.
      - With state V(absent), the rules to remove. An empty list removes none.
    type: list
    elements: raw
  state:
    description:
      - V(present) applies the declared lists. At least one direction must be declared.
      - V(absent) removes the declared rules, or all rules of the owner if neither direction is declared. The owner
        stays.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether a declared list is the complete list of its owner and direction.
      - V(false) declares single rules instead. Missing rules are added at the end, and all other rules stay.
    type: bool
    default: true
  purge:
    description:
      - Whether to empty both lists of every owner that O(access_lists) does not name.
      - The task refuses a purge before it writes anything if O(access_lists) is empty (see O(purge_empty)), or if the
        purge would empty the lists of more owners than O(purge_limit) allows.
  purge_empty:
    description:
      - Whether O(purge) may be used with an empty list. This removes every rule of every owner that O(protect) does not
        name.
  purge_limit:
    description:
      - Maximum number of owners whose lists O(purge) may empty, as a number such as V(20), or as a share of the owners
        that have rules, such as V(10%).
      - The default is 10 percent, and at least 5 owners.
  protect:
    description: >-
      Owners whose lists O(purge) keeps although O(access_lists) does not name them, each as a kind and a name, such as
      V(group staff) and V(user alice).
notes:
  - Owners, and users and groups that rules name, must exist or be listed in O(assume_present). The task checks this
    before the first write.
  - Rules are those that are set on the owner itself. To change what a user may reach through the group, declare the
    lists of the group.
  - If a server offers no rules by address, the task fails with a clear message. No such server is known.
  - The vendor does not document whether a written list replaces the old rules or is added to them. The task reads
    written lists again. If the server added the rules, the task empties the list and sets it once more. In that case
    the owner has no rules in this list for a moment.
seealso:
  - module: vpn.estate.as_access_list_info
  - module: vpn.estate.as_access_ruleset
  - module: vpn.estate.as_group
  - module: vpn.estate.as_user
  - plugin: vpn.estate.access_rule
    plugin_type: filter
  - plugin: vpn.estate.access_rule_string
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Set where the members of a group may go
  vpn.estate.as_access_list:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    group: staff
    access_to:
      - 10.10.0.0/24  # all traffic, behind the server's address
      - 10.20.0.0/16:https,udp/1194  # two services
      - 192.168.99.0/24::R  # all traffic, routed
      - 192.168.98.0/24:ssh,udp/2000-2999:R  # some services, routed
      - 10.30.0.7:icmp-any,rdp  # one host, every ICMP message and Remote Desktop
      - 2001:db8:3::/64|https,icmp-echo-request|R  # IPv6 has another separator

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Write every type of rule as a structure
  vpn.estate.as_access_list:
    group: ops
    access_to:
      - type: nat
        subnet: 10.10.0.0/24
        services: [https, tcp/8443, udp/2000-2999]
      - type: route
        subnet: 192.168.99.0/24
      - subnet: 10.30.0.0/24  # the default type of a network is nat
        services: [icmp-any]
      - type: route
        subnet: 2001:db8:3::/64
        services: [icmp-echo-request, icmp-port-unreachable]
      - type: group
        group: staff
      - type: user
        user: alice
        family: ipv6
    access_from:
      - type: all_vpn_clients
      - type: all_s2c_subnets

- name: Write the same types as compact strings
  vpn.estate.as_access_list:
    user: alice
    access_to:
      - 10.10.0.0/24:tcp/443,tcp/8443
      - group:staff
      - user:bob
      - user|bob
    access_from:
      - all_vpn_clients
      - all_vpn_clients|
      - all_s2c_subnets

- name: Allow everything but one network, where the order counts
  vpn.estate.as_access_list:
    group: contractors
    access_to:
      - "-10.0.0.0/8:ssh,rdp"
      - type: nat
        subnet: 10.99.0.0/16
        accept: false
      - all

- name: Declare the lists of several owners in one task
  vpn.estate.as_access_list:
    access_lists:
      - group: staff
        access_to: [10.10.0.0/24, 10.20.0.0/16:https]
        access_from: []  # no client
      - group: ops
        access_to: [all, "all|"]
      - user: alice
        access_to: [10.30.0.7:rdp]
      - user: bob
        state: absent

- name: Add a rule, and keep all others
  vpn.estate.as_access_list:
    group: staff
    access_to: [10.40.0.0/24:https]
    exclusive: false

- name: Remove a single rule
  vpn.estate.as_access_list:
    group: staff
    access_to: [10.40.0.0/24:https]
    state: absent

- name: Remove all rules of a user
  vpn.estate.as_access_list:
    user: bob
    state: absent

- name: Give a list to a group that an earlier task of this play creates, also in check mode
  vpn.estate.as_access_list:
    group: newcomers
    access_to: [10.10.0.0/24:https]
    assume_present: [newcomers]

- name: Empty the lists of all owners that are not declared, except one group
  vpn.estate.as_access_list:
    access_lists: "{{ estate_access_lists }}"
    purge: true
    purge_limit: "10"
    protect: [group break-glass]

- name: Remove all rules of all owners
  vpn.estate.as_access_list:
    access_lists: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: Apply access lists from a file
  vpn.estate.as_access_list:
    src: files/access_lists.yml
"""

RETURN = r"""
objects:
  description:
    - The lists of each owner with the result, in the order of the declaration. Lists that O(purge) emptied come last.
    - In check mode, the results that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Owner, as a kind and a name.
      type: str
      sample: group staff
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: Directions that changed.
      type: list
      elements: str
      sample: [access_to]
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 11
    updated: 2
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(ACCESS_LIST, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
