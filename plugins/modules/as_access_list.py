#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_access_list
short_description: Manage access lists of users and groups of an OpenVPN Access Server
description:
  - Brings the lists to the declared state that say where a user, or the members of a group, may go through the VPN
    (O(access_to)), and who may come to them (O(access_from)).
  - A list is a property of one owner, a user or a group, and has one direction. A declared list is the whole list of
    that owner and direction, unless O(exclusive) is V(false). A direction that is left out is left alone; an empty list
    means none.
  - A rule can be written in two ways, which may stand side by side in one list. Results, diffs and
    M(vpn.estate.as_access_list_info) show the first.
  - A I(compact string) is the vendor's own notation, C(NETWORK[:SERVICES[:R|N]]). C(NETWORK) is an address with or
    without a prefix length; host bits are cleared, and a warning says so when the rule is written.
    C(SERVICES) are separated by commas, and none means all traffic.
    C(R) routes, which shows the client's VPN address to the network; C(N), the default, translates it to the server's
    (NAT). Behind an IPv6 network, C(|) stands in place of C(:). Examples are V(10.10.0.0/24),
    V(10.10.0.0/24:https,udp/1194), V(192.168.99.0/24::R) and V(2001:db8:3::/64|https,udp/2000-2999|R).
  - Other compact strings are V(user:NAME) and V(group:NAME) for the VPN clients of somebody else, V(all) for
    everything, V(all_vpn_clients) for all other VPN clients, and V(all_s2c_subnets) for all private subnets on the
    server's side. These are rules for IPv4; V(user|NAME), V(group|NAME), V(all|), V(all_vpn_clients|) and
    V(all_s2c_subnets|) are the same for IPv6.
  - A V(-) in front of a compact string denies instead of allowing.
  - Rules as the server's own C(sacli UserPropGet) prints them are compact strings too. They begin with V(+) or V(-) and a
    class in capitals, such as V(+NAT:10.10.0.0/24), V(+ROUTE:10.20.1.45/32:tcp/80), V(-GROUP:ops) and V(+ALL_VPN_CLIENTS).
    C(SUBNET) needs C(R) or C(N) behind the services, because what it does without them depends on the configuration of the
    server. Class and suffix must not contradict each other.
  - A I(structured rule) is a dictionary. C(type) is V(nat), V(route), V(user), V(group), V(all), V(all_vpn_clients) or
    V(all_s2c_subnets), and may be left out beside C(subnet), where it is V(nat), and beside C(user) or C(group). V(nat)
    and V(route) need C(subnet), a network, and take C(services), a list of services. V(user) needs C(user) and V(group)
    needs C(group), a name. C(accept) is a boolean, V(true) if left out; V(false) denies. C(family) is V(ipv4), the
    default, or V(ipv6); that of a network is its own.
  - A service is a protocol and a port, or a range of ports, such as V(tcp/443) and V(udp/2000-2999); or one of the
    names V(dns), V(ftp), V(http), V(https), V(imap), V(imaps), V(ldap), V(ldaps), V(mysql), V(ntp), V(pop3), V(pop3s),
    V(postgresql), V(rdp), V(smb), V(smtp), V(smtps), V(snmp), V(ssh), V(submission), V(telnet) and V(vnc), each of
    which stands for one port; or a type of ICMP message, such as V(icmp-any), V(icmp-echo-request) and
    V(icmp-port-unreachable). A name is shown as the port that it stands for.
  - A server keeps the rules for IPv4 and those for IPv6 apart. The order of those of one family counts, and is
    compared, only where one of them denies.
  - Rules by domain name, which servers from 3.1 on have, are another system of the server and are left alone; see
    M(vpn.estate.as_access_ruleset). Both are in force on the same server. A domain rule may deny, or send through the VPN,
    what no access list names, so that who may go where needs both.
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
      - Lists of many owners, changed with one request. Every owner stands here once.
      - Takes the place of O(user), O(group), O(access_to) and O(access_from).
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
    description: Name of the user whose lists these are. An owner is either a user or a group.
    type: str
  group:
    description: Name of the group whose lists these are. An owner is either a user or a group.
    type: str
  access_to:
    description:
      - Where the owner may go, as compact strings, structured rules, or both; see the description of this module.
      - With state V(absent), the rules to take away; an empty list takes none.
    type: list
    elements: raw
  access_from:
    description:
      - Who may come to the owner, as compact strings, structured rules, or both; see the description of this
        module.
      - With state V(absent), the rules to take away; an empty list takes none.
    type: list
    elements: raw
  state:
    description:
      - V(present) makes the declared lists so. At least one of the two directions must be declared.
      - V(absent) takes the declared rules away, or all rules of the owner where neither direction is declared. The
        owner stays.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether a declared list is the whole list of its owner and direction.
      - V(false) declares single rules instead. Those that are missing are added at the end, all others stay.
    type: bool
    default: true
  purge:
    description:
      - Whether to empty both lists of every owner that O(access_lists) does not name.
      - A purge is refused before anything is written when O(access_lists) is empty (see O(purge_empty)), and when it
        would empty the lists of more owners than O(purge_limit) allows.
  purge_empty:
    description:
      - Whether O(purge) may be used with an empty list, which takes away every rule of every owner that O(protect) does
        not name.
  purge_limit:
    description:
      - Of how many owners O(purge) may empty the lists, as a number such as V(20), or as a share of those who have any,
        such as V(10%).
      - Left out, it is 10 percent, and 5 owners in any case.
  protect:
    description: >-
      Owners whose lists O(purge) spares although O(access_lists) does not name them, each as a kind and a name, such as
      V(group staff) and V(user alice).
notes:
  - Owners, and users and groups that rules name, must exist, or be named in O(assume_present). That is checked before
    the first write.
  - Rules are those set on the owner itself. What a user may reach through the group is declared on the group.
  - A server that offers no rules by address is told by a sentence. No such server is known.
  - What a server makes of a list that is set, whether the new rules take the place of the old ones or join them, is not
    documented. The lists that were written are read again, and emptied and set once more if the server joined them; in
    that case the owner is without the rules of this list for a moment.
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
- name: Say where the members of a group may go
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

# From here on the server is set once for all modules:
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
      - subnet: 10.30.0.0/24  # without a type, a network means nat
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

- name: The same types as compact strings
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

- name: Declare the lists of many owners with one task
  vpn.estate.as_access_list:
    access_lists:
      - group: staff
        access_to: [10.10.0.0/24, 10.20.0.0/16:https]
        access_from: []  # nobody
      - group: ops
        access_to: [all, "all|"]
      - user: alice
        access_to: [10.30.0.7:rdp]
      - user: bob
        state: absent

- name: Make sure that a rule is there, whatever the others are
  vpn.estate.as_access_list:
    group: staff
    access_to: [10.40.0.0/24:https]
    exclusive: false

- name: Take a single rule away
  vpn.estate.as_access_list:
    group: staff
    access_to: [10.40.0.0/24:https]
    state: absent

- name: Take every rule of a user away
  vpn.estate.as_access_list:
    user: bob
    state: absent

- name: Give a list to a group that an earlier task of this play creates, also in check mode
  vpn.estate.as_access_list:
    group: newcomers
    access_to: [10.10.0.0/24:https]
    assume_present: [newcomers]

- name: Empty the lists of everybody who is not declared, except those of one group
  vpn.estate.as_access_list:
    access_lists: "{{ estate_access_lists }}"
    purge: true
    purge_limit: "10"
    protect: [group break-glass]

- name: Take every rule of every owner away
  vpn.estate.as_access_list:
    access_lists: []
    purge: true
    purge_empty: true
    purge_limit: 100%

- name: Access lists from a file
  vpn.estate.as_access_list:
    src: files/access_lists.yml
"""

RETURN = r"""
objects:
  description:
    - The lists of each owner and what became of them, in the order of the task; those that O(purge) emptied come last.
    - In check mode, what would have become of them.
  returned: when the task got as far as a comparison with the server
  type: list
  elements: dict
  contains:
    name:
      description: The owner, as a kind and a name.
      type: str
      sample: group staff
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: The directions that changed.
      type: list
      elements: str
      sample: [access_to]
counts:
  # BEGIN counts (tools/generate.py)
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
