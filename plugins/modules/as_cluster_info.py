#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_cluster_info
short_description: Read the nodes of a cluster of OpenVPN Access Servers
description:
  - Reads every node of the cluster to which the server belongs, and the state of each. The server at O(as_url) asks the
    other nodes.
  - A node that cannot be reached is returned too, with the reason. The task does not fail because of it.
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

- name: Show the cluster as a table
  ansible.builtin.debug:
    msg: "{{ item.name }} {{ item.version }} {{ item.vpn_clients }} {{ item.error or 'healthy' }}"
  loop: "{{ found.nodes }}"

- name: Fail if a node cannot be reached or does not serve VPN clients
  ansible.builtin.assert:
    that: found.nodes | rejectattr('problems', 'eq', []) | length == 0
    fail_msg: "{{ (found.nodes | map(attribute='error') | select) + (found.nodes | map(attribute='problems') | select | flatten) }}"
"""

RETURN = r"""
cluster:
  description: Shared settings of all nodes; null if the server is in no cluster.
  returned: success
  type: dict
  contains:
    rr_dns_hostname:
      description: Round-robin host name; empty if there is none.
      type: str
      sample: vpn.example.com
    rr_dns_new_nodes:
      description: Whether nodes that join get that name as their host name.
      type: bool
      sample: true
own_name:
  description: >-
    Name of the node at O(as_url), or of the node that O(as_node) names. Null if the server is in no cluster, or if this
    is unknown, for example because the server cannot pass a call on to itself.
  returned: success
  type: str
  sample: node1
nodes:
  description: Nodes by name. Empty if the server is in no cluster.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node, which O(as_node) takes.
      type: str
      sample: node1
    api_endpoint:
      description: Address at which the other nodes reach the node.
      type: str
      sample: https://node1.example.com:945
    certificate_fingerprint:
      description: SHA-256 fingerprint of the certificate by which the other nodes identify it.
      type: str
      sample: 36:D7:D5:1F:47:4A:84:A2:A3:0A:41:BC:92:CB:A5:D9:D6:5F:75:64:84:01:1D:6F:58:B9:D6:67:F8:DB:BE:9C
    restart_pending:
      description: Whether the node waits for a restart.
      type: bool
      sample: false
    reachable:
      description: Whether the server at O(as_url) could pass calls on to the node.
      type: bool
      sample: true
    error:
      description: Reason why it was not reached; null if it was reached.
      type: str
    version:
      description: Version of the Access Server on the node; null if it was not reached.
      type: str
      sample: 3.2.2
    last_restarted:
      description: Time of its last restart; null if it was not reached.
      type: str
      sample: "2026-09-09T20:47:29.403414Z"
    services_not_on:
      description: Services whose state is not V(on); null if it was not reached.
      type: list
      elements: str
      sample: []
    problems:
      description: >-
        Reasons why it does not serve VPN clients, one sentence for each service that is not healthy, and one if no VPN
        daemon runs; null if it was not reached.
      type: list
      elements: str
      sample: [no VPN daemon runs]
    vpn_clients:
      description: Number of VPN clients that are connected to it; null if it was not reached.
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
