#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_cluster_info
short_description: Read the nodes of a cluster of OpenVPN Access Servers
description:
  - Shows every node of the cluster of which the server is one, and how it does, each asked through the server at O(as_url).
  - A node that cannot be reached is shown too, with the reason; the task does not fail for it.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
seealso:
  - module: vpn.estate.as_cluster
  - module: vpn.estate.as_cluster_node
  - module: vpn.estate.as_server_info
"""

EXAMPLES = r"""
- name: Read the cluster
  vpn.estate.as_cluster_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Show it as a table
  ansible.builtin.debug:
    msg: "{{ item.name }} {{ item.version }} {{ item.vpn_clients }} {{ item.error or 'well' }}"
  loop: "{{ found.nodes }}"

- name: Fail when a node cannot be reached or does not serve VPN clients
  ansible.builtin.assert:
    that: found.nodes | rejectattr('problems', 'eq', []) | length == 0
    fail_msg: "{{ (found.nodes | map(attribute='error') | select) + (found.nodes | map(attribute='problems') | select | flatten) }}"
"""

RETURN = r"""
cluster:
  description: What all nodes share; null where the server is in no cluster.
  returned: success
  type: dict
  contains:
    rr_dns_hostname:
      description: The round-robin host name; empty where there is none.
      type: str
      sample: vpn.example.com
    rr_dns_new_nodes:
      description: Whether nodes that join have that name as their host name.
      type: bool
      sample: true
own_name:
  description: >-
    Which of the nodes the server at O(as_url) is, or the one that O(as_node) names; null where it is in no cluster, or
    where that cannot be told, as when it cannot pass a call on to itself.
  returned: success
  type: str
  sample: node1
nodes:
  description: The nodes by name. Empty where the server is in no cluster.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node, which O(as_node) takes.
      type: str
      sample: node1
    api_endpoint:
      description: Where the node answers the other nodes.
      type: str
      sample: https://node1.example.com:945
    certificate_fingerprint:
      description: SHA-256 fingerprint of the certificate by which the other nodes know it.
      type: str
      sample: 36:D7:D5:1F:47:4A:84:A2:A3:0A:41:BC:92:CB:A5:D9:D6:5F:75:64:84:01:1D:6F:58:B9:D6:67:F8:DB:BE:9C
    restart_pending:
      description: Whether the node waits for a restart.
      type: bool
      sample: false
    reachable:
      description: Whether the server at O(as_url) could pass calls on to it.
      type: bool
      sample: true
    error:
      description: Why it was not reached; null where it was.
      type: str
    version:
      description: Version of the Access Server there; null where it was not reached.
      type: str
      sample: 3.2.2
    last_restarted:
      description: When it was last restarted; null where it was not reached.
      type: str
      sample: "2026-09-09T20:47:29.403414Z"
    services_not_on:
      description: Services whose state is another than V(on); null where it was not reached.
      type: list
      elements: str
      sample: []
    problems:
      description: >-
        What keeps it from serving VPN clients, a sentence for each service that is not well and where no VPN daemon runs;
        null where it was not reached.
      type: list
      elements: str
      sample: [no VPN daemon runs]
    vpn_clients:
      description: How many VPN clients are connected to it; null where it was not reached.
      type: int
      sample: 17
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, {}, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
