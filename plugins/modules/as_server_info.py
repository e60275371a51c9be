#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_server_info
short_description: Read version and state of an OpenVPN Access Server
description:
  - Reads what a server is and how it does. Its version and platform, its services and ways to authenticate, its network
    interfaces, the nodes of its cluster, and how many VPN clients are connected.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
options:
  healthy_within:
    description:
      - Wait until the server is healthy, for this number of seconds at most, and fail if it is not. It is healthy when its
        API answers and RV(server.problems) is empty.
      - Left out, the task does not wait, and returns the state as it is.
    type: int
  details:
    description: Whether to also read settings that users and the sign-in page get, and the licence agreement.
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

- name: Wait until it serves VPN clients
  vpn.estate.as_server_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    healthy_within: 60

- name: Read also what changes seldom
  vpn.estate.as_server_info:
    details: true
  register: found

- name: Fail when its clock is more than half a minute off
  ansible.builtin.assert:
    that: found.server.clock_offset | abs <= 30

- name: Fail when the nodes of a cluster wait for a restart
  ansible.builtin.assert:
    that: found.server.nodes | dict2items | selectattr('value.restart_pending', 'defined')
      | selectattr('value.restart_pending') | length == 0
"""

RETURN = r"""
server:
  description: What the server is and how it does.
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
      description: Whether web pages that somebody has put in place of its own are in use.
      type: bool
      sample: false
    client_version:
      description: Version of the client package that comes with it.
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
      description: When the server was last restarted.
      type: str
      sample: "2026-09-09T20:47:29.403414Z"
    clock_offset:
      description: >-
        By how many seconds the clock of the server is ahead of that of the host on which the task runs, at least; negative
        where it is behind, 0 where they may be the same, null where the answers have no date. With O(as_node), the clock is
        that of whoever answers at O(as_url).
      type: int
      sample: 0
    services:
      description: Services of the server, by name.
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
          description: What the service reports, good news among it. Every note has a C(severity) and a C(message).
          type: list
          elements: dict
    problems:
      description: >-
        What keeps the server from serving VPN clients, a sentence for each service whose state is none of V(on), V(enabled)
        and V(disabled) or that has a note of severity V(error) or V(critical), and where no VPN daemon runs. Empty where all
        is well.
      type: list
      elements: str
      sample: [service web is error (service failed to start)]
    auth_modules:
      description: Ways to authenticate, by name, with V(enabled) or V(disabled).
      type: dict
      sample:
        local: enabled
        saml: disabled
    interfaces:
      description: Network interfaces, without the loopback.
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
              description: Whether it is one of IPv6.
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
      description: The kernel module that takes over the data channel; null where the server has no such call.
      type: dict
      contains:
        available:
          description: Whether the server has found an installed and working module.
          type: bool
          sample: false
        version:
          description: Version of the module, or why there is none.
          type: str
          sample: Kernel module not loaded
    eula_accepted:
      description: Whether somebody has accepted the current end user licence agreement in the web interface.
      type: bool
      sample: true
    nodes:
      description: Nodes of the cluster, by name. Empty for a server that is in none.
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
          description: Where the node answers the other nodes.
          type: str
        certificate_fingerprint:
          description: SHA-256 fingerprint of the certificate with which it answers.
          type: str
        restart_pending:
          description: Whether the node waits for a restart.
          type: bool
    vpn_clients:
      description: How many VPN clients are connected.
      type: int
      sample: 17
    vpn_daemons:
      description: VPN daemons that run. Empty where none does.
      type: list
      elements: str
      sample: [openvpn_0, openvpn_1]
    settings:
      description:
        - Settings that signed-in users get, as C(server/config) returns them; among them are C(control_channel_security),
          C(installers), C(password_min_len) and C(admin_port). Null where the server does not offer them.
      returned: with O(details)
      type: dict
      sample:
        control_channel_security: tls-crypt-v2
        installers: [win_v3, mac_v3]
        password_min_len: 8
    sign_in_page:
      description:
        - What the sign-in page gets, as C(ui/config) returns it; among it are C(enabled_auth_methods) and C(login_text).
          Null where the server does not offer it.
      returned: with O(details)
      type: dict
      sample:
        enabled_auth_methods: [userandpassword]
    eula:
      description: The end user licence agreement, its C(version) and its C(text).
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
