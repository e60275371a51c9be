#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_connection_info
short_description: Read the connections to the VPN servers of a Freebox
description:
  - Reads the connected VPN clients, with their addresses and their traffic so far.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
options:
  users:
    description:
      - Logins of users whose connections to read, compared exactly. By default, all connections are read. An empty list
        reads none.
    type: list
    elements: str
  servers:
    description: >-
      Names of servers whose connections to read. By default, all connections are read. An empty list reads none.
    type: list
    elements: str
seealso:
  - module: vpn.estate.freebox_vpn_connection
  - module: vpn.estate.freebox_vpn_server_info
"""

EXAMPLES = r"""
- name: Read the connected clients
  vpn.estate.freebox_vpn_connection_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Count connections and users
  ansible.builtin.debug:
    msg: >-
      {{ found.connections | length }} connections of {{ found.connections | map(attribute='user') | unique | length }} users

- name: Check whether one user is connected by WireGuard, with the box from module_defaults
  vpn.estate.freebox_vpn_connection_info:
    users: [erika]
    servers: [wireguard]
"""

RETURN = r"""
connections:
  description: Connections in the order of the box, with all information that it returns about them.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the connection.
      type: str
      sample: openvpn_routed-2
    vpn:
      description: Name of the server.
      type: str
      sample: openvpn_routed
    user:
      description: Login of the user.
      type: str
      sample: erika
    authenticated:
      description: Whether the client is authenticated.
      type: bool
      sample: true
    auth_time:
      description: Time of the authentication, in seconds since 1970.
      type: int
      sample: 1392895603
    src_ip:
      description: Address from which the client connected.
      type: str
      sample: 198.51.100.5
    src_port:
      description: Port from which the client connected; V(null) if the box does not return it.
      type: int
      sample: 40001
    local_ip:
      description: Address of the client in the VPN; V(null) if the box does not return it.
      type: str
      sample: 192.168.27.65
    rx_bytes:
      description: Number of bytes that the box has received.
      type: int
      sample: 94
    tx_bytes:
      description: Number of bytes that the box has sent.
      type: int
      sample: 94
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_connection import INFO_SPEC, inform

BODY = Body(FREEBOX, INFO_SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
