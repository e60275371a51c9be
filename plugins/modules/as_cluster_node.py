#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_cluster_node
short_description: Make an OpenVPN Access Server a node of a cluster
description:
  - Makes the server a node of a cluster, or lets it leave. The server joins the cluster of the servers in O(peers). If
    none of them is in a cluster, the server creates one.
  - To create a cluster, run the same task for every server, one after the other (C(serial) V(1), or C(throttle) V(1)).
  - The task checks as much as possible before it writes anything. It checks whether there is a cluster, whether the
    versions are the same, whether the name is free, and, with O(check_database), what is in the database.
  - A request to create, join or leave is sent once. If its answer is lost, the task reads the state of the nodes
    instead.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  name:
    description: Name of the node, which O(as_node) and the other nodes use.
    type: str
    required: true
  api_endpoint:
    description:
      - Address at which the other nodes reach the API of this node, such as V(https://node1.example.com:945).
      - Required for a server that is not yet a node. For a node, it is changed if it differs.
    type: str
  certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the certificate at O(api_endpoint), in hexadecimal digits, with or without colons. The
        other nodes identify this node by it. For the task's own connection, use O(as_certificate_fingerprint).
      - V(auto) takes it from the certificate that O(api_endpoint) presents now to the machine where the module runs.
        RV(objects[].fingerprint_presented) reports this. Set the fingerprint itself if you do not trust that
        connection.
      - The default is V(auto) for a server that is not yet a node. For a node, it stays unchanged by default.
    type: str
  mysql_uri:
    description:
      - Address of the database that the nodes share, such as C(mysql://USER:PASSWORD@HOST:3306/). Write characters such
        as C(@), C(#), C(/) and C(?) in the password in percent code, as in C(%40). Otherwise the task refuses the
        address.
      - Required for a server that is not yet a node. A node keeps its address, which is not compared.
    type: str
  peers:
    description:
      - The other servers. The task asks them whether they are in a cluster. The list may contain this server, which is
        ignored, so that all servers can have the same list.
      - Required for a server that is not yet a node. An empty list means that there are no others. If one of them does
        not answer and none of the others is in a cluster, no cluster is created.
      - With O(state) V(absent), the task checks that the listed servers no longer know the node.
    type: list
    elements: dict
    suboptions:
      as_url:
        description: Address of the server, as in O(as_url).
        type: str
        required: true
      as_username:
        description: Name of an administrator of that server. The default is O(as_username).
        type: str
      as_password:
        description: Password of that administrator. The default is O(as_password).
        type: str
      as_validate_certs:
        description: Whether to check the certificate of that server. The default is O(as_validate_certs).
        type: bool
      as_ca_path:
        description: >-
          Authorities to trust, as in O(as_ca_path). The default is O(as_ca_path), unless a fingerprint is given.
        type: path
      as_certificate_fingerprint:
        description: SHA-256 fingerprint of the certificate of that server, as in O(as_certificate_fingerprint).
        type: str
      as_server_name:
        description: Name to look for in its certificate, as in O(as_server_name).
        type: str
  assume_present:
    description:
      - Names of nodes that earlier tasks of the same run create. Check mode, which finds no cluster of them yet, then
        reports that the server joins them. Without this option, it reports that the server creates another cluster.
      - Outside check mode, the option has no effect.
    type: list
    elements: str
    default: []
  check_database:
    description:
      - Whether to check the database first, from the machine where the module runs. To create a cluster it must be
        empty; to join one it must not be empty. This needs PyMySQL.
      - Without this check, the server examines the database, and the task reports its answer.
    type: bool
    default: false
  restart_timeout:
    description: Seconds to wait until the server is back, and then until the nodes know each other.
    type: int
    default: 120
  state:
    description:
      - V(present) makes the server a node.
      - V(absent) lets it leave its cluster. The last node of a cluster cannot leave.
    type: str
    choices: [present, absent]
    default: present
notes:
  - A server that joins replaces its own users, certificates and configuration by those of the cluster. The task then
    signs in again, as an administrator of the cluster with the same name and password. A server that leaves returns to
    its own data.
  - The server restarts (mode V(server_agent)) after it has become a node or has left. This may interrupt VPN clients.
  - In check mode, every server of a new cluster would create it, because none of them is in one.
seealso:
  - module: vpn.estate.as_cluster
  - module: vpn.estate.as_cluster_info
  - module: vpn.estate.as_database
"""

EXAMPLES = r"""
- name: Create the first node, and with it the cluster
  vpn.estate.as_cluster_node:
    as_url: https://node1.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: node1
    api_endpoint: https://node1.example.com:945
    mysql_uri: "{{ vault_cluster_mysql_uri }}"
    peers: []
    check_database: true

- name: Make each server of a group a node, one after the other
  hosts: vpn_servers
  gather_facts: false
  serial: 1
  module_defaults:
    group/vpn.estate.access_server:
      as_url: "https://{{ inventory_hostname }}:943"
      as_username: openvpn
      as_password: "{{ vault_openvpn_password }}"
      as_certificate_fingerprint: "{{ vpn_certificate_fingerprint }}"
  tasks:
    - name: Make the server a node
      vpn.estate.as_cluster_node:
        name: "{{ inventory_hostname }}"
        api_endpoint: "https://{{ inventory_hostname }}:945"
        certificate_fingerprint: auto
        mysql_uri: "{{ vault_cluster_mysql_uri }}"
        peers: "{{ vpn_peers }}"
        assume_present: "{{ ansible_play_hosts_all[: ansible_play_hosts_all.index(inventory_hostname)] }}"
        restart_timeout: 300
      vars:
        vpn_peers:
          - as_url: https://node1.example.com:943
            as_certificate_fingerprint: 36D7D51F474A84A2A30A41BC92CBA5D9D65F756484011D6F58B9D667F8DBBE9C
          - as_url: https://192.0.2.12:943
            as_username: admin
            as_password: "{{ vault_node2_password }}"
            as_validate_certs: true
            as_ca_path: /etc/ssl/estate-ca.pem
            as_server_name: node2.example.com
      delegate_to: localhost

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Send a new certificate fingerprint to the other nodes
  vpn.estate.as_cluster_node:
    name: node1
    certificate_fingerprint: auto

- name: Leave the cluster
  vpn.estate.as_cluster_node:
    name: node1
    peers:
      - as_url: https://node2.example.com:943
    state: absent
"""

RETURN = r"""
objects:
  description:
    - The node with its result, as a list with one entry.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node.
      type: str
      sample: node1
    # BEGIN objects: V(created) (became a node), V(updated), V(deleted) (left) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created) (became a node), V(updated), V(deleted) (left) and V(unchanged).
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
    cluster_action:
      description:
        - V(create) if the server created the cluster, V(join) if it joined one, V(leave) if it left, and V(none) if
          nothing was to be done.
        - V(again) if it joined under a name that the cluster already had for it, because an earlier try was
          interrupted.
      type: str
      sample: join
    certificate_fingerprint:
      description: Fingerprint by which the other nodes identify it; null if it has none.
      type: str
      sample: 36:D7:D5:1F:47:4A:84:A2:A3:0A:41:BC:92:CB:A5:D9:D6:5F:75:64:84:01:1D:6F:58:B9:D6:67:F8:DB:BE:9C
    fingerprint_presented:
      description: Whether that fingerprint was taken from the certificate that O(api_endpoint) presented.
      type: bool
      sample: true
    restart_pending:
      description:
        - Whether the node waits for a restart now, for example after a change of the configuration, or because a run
          was interrupted after the server had become a node and before it restarted. M(vpn.estate.as_restart) with mode
          V(server_agent) solves both.
      type: bool
      sample: false
    nodes:
      description: Names of all nodes after the task.
      returned: when the server became a node, and not in check mode
      type: list
      elements: str
      sample: [node1, node2]
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
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import (
    CLUSTER_NODE,
    apply_node,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, CLUSTER_NODE.argument_spec(), apply_node)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
