#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_server_info
short_description: Read the version and state of an OpenVPN Access Server
description:
  - Reads the properties and the state of a server. These are its version and platform, its services and authentication
    methods, its network interfaces, the nodes of its cluster, and the number of connected VPN clients.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
options:
  healthy_within:
    description:
      - Seconds to wait until the server is healthy. The task fails if it is not healthy then. A server is healthy when
        its API answers and RV(server.problems) is empty.
      - By default, the task does not wait, and returns the current state.
    type: int
  details:
    description: Whether to also read the settings that users and the sign-in page get, and the licence agreement.
    type: bool
    default: false
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
seealso:
  - module: vpn.estate.as_license_info
  - module: vpn.estate.as_vpn_session_info
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Read version and state
  vpn.estate.as_server_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    as_certificate_fingerprint: "{{ vpn_certificate_fingerprint }}"
  register: found

- name: Fail on a server that is too old
  ansible.builtin.assert:
    that: found.server.version is version('3.1', '>=')

- name: Wait until the server serves VPN clients
  vpn.estate.as_server_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    healthy_within: 60

- name: Read also settings that seldom change
  vpn.estate.as_server_info:
    details: true
  register: found

- name: Fail if the clock of the server differs by more than half a minute
  ansible.builtin.assert:
    that: found.server.clock_offset | abs <= 30

- name: Fail if nodes of a cluster wait for a restart
  ansible.builtin.assert:
    that: found.server.nodes | dict2items | selectattr('value.restart_pending', 'defined')
      | selectattr('value.restart_pending') | length == 0
"""

RETURN = r"""
server:
  description: Properties and state of the server.
  returned: success
  type: dict
  contains:
    version:
      description: Version of the Access Server.
      type: str
      sample: 3.2.2
    build:
      description: Build of the Access Server.
      type: str
      sample: 413ca39f
    web_version:
      description: Version of its web pages.
      type: str
      sample: 69ba2c40
    web_override:
      description: Whether the server uses web pages that an administrator has installed instead of its own.
      type: bool
      sample: false
    client_version:
      description: Version of the client package on the server.
      type: int
      sample: 35
    os_distribution:
      description: Operating system.
      type: str
      sample: Ubuntu 24.04.4 LTS
    os_hostname:
      description: Host name.
      type: str
      sample: vpn-node1
    architecture:
      description: Architecture of the processor.
      type: str
      sample: aarch64
    cores:
      description: Number of processor cores that the operating system sees.
      type: int
      sample: 10
    system_cores:
      description: Number of processor cores of the whole system.
      type: int
      sample: 10
    last_restarted:
      description: Time of the last restart.
      type: str
      sample: "2026-09-09T20:47:29.403414Z"
    clock_offset:
      description: >-
        Minimum number of seconds by which the clock of the server is ahead of that of the host on which the task runs.
        It is negative if it is behind, 0 if both may be equal, and null if the answers have no date. With O(as_node),
        it is the clock of the server that answers at O(as_url).
      type: int
      sample: 0
    services:
      description: Services of the server by name.
      type: dict
      sample:
        auth:
          status: "on"
          healthy: true
          notes: []
      contains:
        status:
          description: State of the service, such as V(on), V(disabled) or V(error).
          type: str
        healthy:
          description: >-
            Whether neither RV(server.services.status) is V(error) nor any of RV(server.services.notes) has the severity
            V(error) or V(critical).
          type: bool
        notes:
          description: Messages of the service, also about success. Every note has a C(severity) and a C(message).
          type: list
          elements: dict
    problems:
      description: >-
        Reasons why the server does not serve VPN clients. One sentence for each service whose state is not V(on),
        V(enabled) or V(disabled), or that has a note with the severity V(error) or V(critical), and one if no VPN
        daemon runs. Empty if the server is healthy.
      type: list
      elements: str
      sample: [service web is error (service failed to start)]
    auth_modules:
      description: Authentication methods by name, with V(enabled) or V(disabled).
      type: dict
      sample:
        local: enabled
        saml: disabled
    interfaces:
      description: Network interfaces, without the loopback interface.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the interface.
          type: str
          sample: eth0
        networks:
          description: Networks of the interface.
          type: list
          elements: dict
          contains:
            ipv6:
              description: Whether it is an IPv6 network.
              type: bool
              sample: false
            netip:
              description: Address of the network.
              type: str
              sample: 192.0.2.0
            prefix_length:
              description: Length of its prefix.
              type: int
              sample: 24
    dco:
      description: Kernel module for the data channel (DCO); null if the server has no such call.
      type: dict
      contains:
        available:
          description: Whether the server has found an installed and working module.
          type: bool
          sample: false
        version:
          description: Version of the module, or the reason why there is none.
          type: str
          sample: Kernel module not loaded
    eula_accepted:
      description: Whether an administrator has accepted the current end user licence agreement in the web interface.
      type: bool
      sample: true
    nodes:
      description: Nodes of the cluster by name. Empty for a server that is in no cluster.
      type: dict
      sample:
        node1:
          name: node1
          api_endpoint: https://node1.example.com:945
          restart_pending: false
      contains:
        name:
          description: Name of the node, which O(as_node) takes.
          type: str
        api_endpoint:
          description: Address at which the other nodes reach the node.
          type: str
        certificate_fingerprint:
          description: SHA-256 fingerprint of the certificate that the node presents.
          type: str
        restart_pending:
          description: Whether the node waits for a restart.
          type: bool
    vpn_clients:
      description: Number of connected VPN clients.
      type: int
      sample: 17
    vpn_daemons:
      description: VPN daemons that run. Empty if none runs.
      type: list
      elements: str
      sample: [openvpn_0, openvpn_1]
    settings:
      description:
        - Settings that signed-in users get, as C(server/config) returns them. Examples are C(control_channel_security),
          C(installers), C(password_min_len) and C(admin_port). Null if the server does not offer them.
      returned: with O(details)
      type: dict
      sample:
        control_channel_security: tls-crypt-v2
        installers: [win_v3, mac_v3]
        password_min_len: 8
    sign_in_page:
      description:
        - Settings of the sign-in page, as C(ui/config) returns them. Examples are C(enabled_auth_methods) and
          C(login_text). Null if the server does not offer them.
      returned: with O(details)
      type: dict
      sample:
        enabled_auth_methods: [userandpassword]
    eula:
      description: End user licence agreement, with its C(version) and its C(text).
      returned: with O(details)
      type: dict
      sample:
        version: 6
        text: End User License Agreement ...
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.health import SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
