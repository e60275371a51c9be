#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_server
short_description: Configure the VPN servers of a Freebox
description:
  - Configures, starts and stops the VPN servers that a box has, one by O(name) or many by O(servers). Which these are
    depends on the box; M(vpn.estate.freebox_vpn_server_info) lists them. None can be created or deleted.
  - An option that is left out is left alone, and so are keys of O(conf_openvpn) and the like that are left out.
  - What is declared is looked at before anything is written. A server has only the options of its type.
  - Starting and stopping takes a while; see O(wait).
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
      - Whether the server runs. One that is declared to run, and found in the state C(error), is a failure.
    type: bool
  enable_ipv4:
    description: Whether clients get IPv4 through the VPN. The servers C(openvpn_bridge), PPTP and WireGuard have no such
      choice.
    type: bool
  enable_ipv6:
    description: The same of IPv6.
    type: bool
  port:
    description:
      - Port that the server listens on. Only OpenVPN and WireGuard servers have a choice, within the range that the
        box tells as C(min_port) and C(max_port).
    type: int
  port_ike:
    description: Port for IKE, of an IPsec server.
    type: int
  port_nat:
    description: Port for IKE through NAT, of an IPsec server.
    type: int
  conf_pptp:
    description: What is particular to PPTP servers.
    type: dict
    suboptions:
      mppe:
        description: Whether encryption is required, and with which strength.
        type: str
        choices: [disable, require, require_128]
      allowed_auth:
        description: Ways in which users may prove who they are.
        type: dict
        suboptions:
          pap:
            description: Whether by PAP.
            type: bool
          chap:
            description: Whether by CHAP.
            type: bool
          mschapv2:
            description: Whether by MS-CHAPv2.
            type: bool
  conf_openvpn:
    description: What is particular to OpenVPN servers.
    type: dict
    suboptions:
      cipher:
        description: Cipher of the data. Not every box has V(chacha20poly1305).
        type: str
        choices: [blowfish, aes128, aes256, chacha20poly1305]
      disable_fragment:
        description: Whether to leave the option C(fragment) out of the configuration.
        type: bool
      use_tcp:
        description: Whether to use TCP in place of UDP.
        type: bool
  conf_ipsec:
    description:
      - What is particular to IPsec servers. Freebox OS lets nobody change it. So that a task can declare all that
        M(vpn.estate.freebox_vpn_server_info) tells, it is compared, and another value than the box has is refused.
    type: dict
    suboptions:
      ike_version:
        description: Version of IKE.
        type: int
      auth_modes:
        description: How both sides prove who they are, in the order of the box.
        type: list
        elements: dict
        suboptions:
          id_source:
            description: Where the identity comes from, such as V(custom).
            type: str
          id_custom:
            description: The identity itself, where O(conf_ipsec.auth_modes[].id_source) is V(custom).
            type: str
  conf_wireguard:
    description: What is particular to WireGuard servers.
    type: dict
    suboptions:
      mtu:
        description: Largest packet in the tunnel, V(512) to V(1420) bytes.
        type: int
  wait:
    description:
      - Whether to wait until the servers run, or have stopped, as O(enabled) says, and to fail where one does not within
        O(wait_timeout), or ends in the state C(error). A server that was running before another option changed is waited
        for as well.
      - All servers of the task are written before any is waited for. In check mode nothing is waited for.
    type: bool
    default: true
  wait_timeout:
    description: How many seconds to wait for all servers of the task together.
    type: int
    default: 180
notes:
  - A change to a server that runs may cut its clients off. The task warns of it, also in check mode, and tells how many are
    connected as RV(objects[].connections).
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

- name: WireGuard and nothing else, with the box set by module_defaults
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

- name: Prepare PPTP for old clients, and do not wait
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

- name: IPsec on other ports, where the box identifies itself as is expected here
  vpn.estate.freebox_vpn_server:
    name: ipsec
    port_ike: 1500
    port_nat: 14500
    conf_ipsec:
      ike_version: 2
      auth_modes:
        - id_source: custom
          id_custom: freebox

- name: Servers from a file
  vpn.estate.freebox_vpn_server:
    src: files/freebox_servers.yml

- name: See who would be cut off
  vpn.estate.freebox_vpn_server:
    name: openvpn_routed
    port: 1195
  check_mode: true
  register: told
  failed_when: told.objects | map(attribute='connections') | sum > 0
"""

RETURN = r"""
objects:
  description: The servers, in the order in which they were declared.
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
      description: How many clients were connected to the server when the task began. A change may cut them off.
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
