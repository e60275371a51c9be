#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_cluster
short_description: Manage the shared settings of a cluster of OpenVPN Access Servers
description:
  - Sets the round-robin host name of the cluster to which the server belongs, and which nodes use it.
  - To create nodes, use M(vpn.estate.as_cluster_node).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  rr_dns_hostname:
    description: Host name under which clients find all nodes in turn. The DNS must already know it.
    type: str
  rr_dns_new_nodes:
    description: Whether nodes that join later get this name as their host name.
    type: bool
  rr_dns_this_node:
    description:
      - V(true) makes this name the host name of this node, which is the one at O(as_url) or that of O(as_node).
      - V(false) is refused for a node that has this name. Give the node its own host name with
        M(vpn.estate.as_config_item) (C(host.name)).
    type: bool
notes:
  - A changed host name takes effect at the next restart; see M(vpn.estate.as_restart).
  - In check mode, a server that is in no cluster is treated as one whose cluster has no properties yet, and the task
    warns. It also warns if a server lists itself as its only node and does not show whether that is a cluster.
seealso:
  - module: vpn.estate.as_cluster_info
  - module: vpn.estate.as_cluster_node
"""

EXAMPLES = r"""
- name: Give the cluster a host name, and use it for all nodes that join
  vpn.estate.as_cluster:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    rr_dns_hostname: vpn.example.com
    rr_dns_new_nodes: true

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Use the host name for existing nodes too
  vpn.estate.as_cluster:
    as_node: "{{ item }}"
    rr_dns_this_node: true
  loop: [node1, node2]
"""

RETURN = r"""
objects:
  description:
    - The cluster with its result, as a list with one entry.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Always V(cluster).
      type: str
      sample: cluster
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import CLUSTER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(CLUSTER, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
