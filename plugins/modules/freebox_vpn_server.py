#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_server
short_description: Configure the VPN servers of a Freebox
description:
  - Configures, starts and stops the VPN servers of a box, one by O(name) or many by O(servers). The available servers
    depend on the box; M(vpn.estate.freebox_vpn_server_info) lists them. They cannot be created or deleted.
  - Options that are left out stay as they are on the box, and so do keys of O(conf_openvpn) and similar options that
    are left out.
  - The task checks the declaration before it writes anything. A server has only the options of its type.
  - Starting and stopping takes some time; see O(wait).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.freebox
options:
  name:
    description: Name of the server, such as V(openvpn_routed). One of this option, O(servers) and O(src) is required.
    type: str
  servers:
    description: Servers, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the server, such as V(openvpn_routed).
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      enabled: {description: See O(enabled)., type: bool}
      enable_ipv4: {description: See O(enable_ipv4)., type: bool}
      enable_ipv6: {description: See O(enable_ipv6)., type: bool}
      port: {description: See O(port)., type: int}
      port_ike: {description: See O(port_ike)., type: int}
      port_nat: {description: See O(port_nat)., type: int}
      conf_pptp:
        description: See O(conf_pptp).
        type: dict
        suboptions:
          mppe:
            description: See O(conf_pptp.mppe).
            type: str
            choices: [disable, require, require_128]
          allowed_auth:
            description: See O(conf_pptp.allowed_auth).
            type: dict
            suboptions:
              pap: {description: See O(conf_pptp.allowed_auth.pap)., type: bool}
              chap: {description: See O(conf_pptp.allowed_auth.chap)., type: bool}
              mschapv2: {description: See O(conf_pptp.allowed_auth.mschapv2)., type: bool}
      conf_openvpn:
        description: See O(conf_openvpn).
        type: dict
        suboptions:
          cipher:
            description: See O(conf_openvpn.cipher).
            type: str
            choices: [blowfish, aes128, aes256, chacha20poly1305]
          disable_fragment: {description: See O(conf_openvpn.disable_fragment)., type: bool}
          use_tcp: {description: See O(conf_openvpn.use_tcp)., type: bool}
      conf_ipsec:
        description: See O(conf_ipsec).
        type: dict
        suboptions:
          ike_version: {description: See O(conf_ipsec.ike_version)., type: int}
          auth_modes:
            description: See O(conf_ipsec.auth_modes).
            type: list
            elements: dict
            suboptions:
              id_source: {description: 'See O(conf_ipsec.auth_modes[].id_source).', type: str}
              id_custom: {description: 'See O(conf_ipsec.auth_modes[].id_custom).', type: str}
      conf_wireguard:
        description: See O(conf_wireguard).
        type: dict
        suboptions:
          mtu: {description: See O(conf_wireguard.mtu)., type: int}
      # END
  enabled:
    description:
      - Whether the server runs. If a server that must run is in the state C(error), the task fails.
    type: bool
  enable_ipv4:
    description: >-
      Whether clients get IPv4 through the VPN. The servers C(openvpn_bridge), PPTP and WireGuard do not have this
      option.
    type: bool
  enable_ipv6:
    description: >-
      Whether clients get IPv6 through the VPN. The servers C(openvpn_bridge), PPTP and WireGuard do not have this
      option.
    type: bool
  port:
    description:
      - Port on which the server listens. Only OpenVPN and WireGuard servers have this option, within the range that the
        box returns as C(min_port) and C(max_port).
    type: int
  port_ike:
    description: Port for IKE. Only for IPsec servers.
    type: int
  port_nat:
    description: Port for IKE through NAT. Only for IPsec servers.
    type: int
  conf_pptp:
    description: Options of PPTP servers.
    type: dict
    suboptions:
      mppe:
        description: Whether encryption is required, and its strength.
        type: str
        choices: [disable, require, require_128]
      allowed_auth:
        description: Allowed authentication methods.
        type: dict
        suboptions:
          pap:
            description: Whether PAP is allowed.
            type: bool
          chap:
            description: Whether CHAP is allowed.
            type: bool
          mschapv2:
            description: Whether MS-CHAPv2 is allowed.
            type: bool
  conf_openvpn:
    description: Options of OpenVPN servers.
    type: dict
    suboptions:
      cipher:
        description: Cipher of the data channel. Not every box supports V(chacha20poly1305).
        type: str
        choices: [blowfish, aes128, aes256, chacha20poly1305]
      disable_fragment:
        description: Whether to leave the option C(fragment) out of the configuration.
        type: bool
      use_tcp:
        description: Whether to use TCP instead of UDP.
        type: bool
  conf_ipsec:
    description:
      - Options of IPsec servers. Freebox OS does not allow changes of them. They can be declared so that a task accepts
        everything that M(vpn.estate.freebox_vpn_server_info) returns. The task compares them, and refuses any value
        that the box does not have.
    type: dict
    suboptions:
      ike_version:
        description: Version of IKE.
        type: int
      auth_modes:
        description: Authentication methods of both sides, in the order of the box.
        type: list
        elements: dict
        suboptions:
          id_source:
            description: Source of the identity, such as V(custom).
            type: str
          id_custom:
            description: The identity itself, if O(conf_ipsec.auth_modes[].id_source) is V(custom).
            type: str
  conf_wireguard:
    description: Options of WireGuard servers.
    type: dict
    suboptions:
      mtu:
        description: Maximum packet size in the tunnel, V(512) to V(1420) bytes.
        type: int
  wait:
    description:
      - Whether to wait until the servers run or have stopped, according to O(enabled). The task fails if a server does
        not reach this state within O(wait_timeout), or ends in the state C(error). The task also waits for a server
        that was running before another option changed.
      - The task writes all servers before it waits for any of them. In check mode, it does not wait.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for all servers of the task together.
    type: int
    default: 180
notes:
  - A change to a running server may disconnect its clients. The task warns of this, also in check mode, and returns the
    number of connected clients as RV(objects[].connections).
seealso:
  - module: vpn.estate.freebox_vpn_server_info
  - module: vpn.estate.freebox_vpn_connection_info
  - module: vpn.estate.freebox_vpn_user
"""

EXAMPLES = r"""
- name: Run OpenVPN over TCP with a strong cipher
  vpn.estate.freebox_vpn_server:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    name: openvpn_routed
    enabled: true
    port: 1194
    enable_ipv4: true
    enable_ipv6: true
    conf_openvpn:
      cipher: aes256
      use_tcp: true
      disable_fragment: true

- name: Run WireGuard and no other server, with the box from module_defaults
  vpn.estate.freebox_vpn_server:
    servers:
      - name: wireguard
        enabled: true
        port: 51820
        conf_wireguard:
          mtu: 1360
      - {name: openvpn_routed, enabled: false}
      - {name: openvpn_bridge, enabled: false}
      - {name: ipsec, enabled: false}
      - {name: pptp, enabled: false}
    wait_timeout: 300

- name: Prepare PPTP for old clients without waiting
  vpn.estate.freebox_vpn_server:
    name: pptp
    enabled: true
    conf_pptp:
      mppe: require_128
      allowed_auth:
        pap: false
        chap: false
        mschapv2: true
    wait: false

- name: Set other ports for IPsec, and check the identity of the box
  vpn.estate.freebox_vpn_server:
    name: ipsec
    port_ike: 1500
    port_nat: 14500
    conf_ipsec:
      ike_version: 2
      auth_modes:
        - id_source: custom
          id_custom: freebox

- name: Apply servers from a file
  vpn.estate.freebox_vpn_server:
    src: files/freebox_servers.yml

- name: Fail if the change would disconnect clients
  vpn.estate.freebox_vpn_server:
    name: openvpn_routed
    port: 1195
  check_mode: true
  register: preview
  failed_when: preview.objects | map(attribute='connections') | sum > 0
"""

RETURN = r"""
objects:
  description: The servers in the order of the declaration.
  returned: when the task has compared the declaration with the box
  type: list
  elements: dict
  contains:
    name:
      description: Name of the server.
      type: str
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
    connections:
      description: >-
        Number of clients that were connected to the server when the task began. A change may disconnect them.
      type: int
  sample:
    - name: openvpn_routed
      action: updated
      changed_keys: [enabled, port]
      connections: 0
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 4
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER

BODY = manage(VPN_SERVER, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
