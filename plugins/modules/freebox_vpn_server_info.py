#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_server_info
short_description: Read the VPN servers of a Freebox
description:
  - Returns the VPN servers that the box has, each with its state and its configuration, in the form that
    M(vpn.estate.freebox_vpn_server) takes.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._names
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
seealso:
  - module: vpn.estate.freebox_vpn_server
  - module: vpn.estate.freebox_vpn_connection_info
"""

EXAMPLES = r"""
- name: Read all VPN servers
  vpn.estate.freebox_vpn_server_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Show the servers with an error
  ansible.builtin.debug:
    msg: "{{ found.servers | selectattr('state', 'eq', 'error') | map(attribute='name') }}"

- name: Read one server, with the box from module_defaults
  vpn.estate.freebox_vpn_server_info:
    names: [openvpn_routed]
"""

RETURN = r"""
servers:
  description: Servers by name. V(null) stands for properties that a server does not have or the box does not return.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the server.
      type: str
    type:
      description: Type of the server, such as V(pptp), V(openvpn), V(ipsec) or V(wireguard).
      type: str
    state:
      description: V(stopped), V(starting), V(started), V(stopping) or V(error).
      type: str
    enabled:
      description: Whether the server is configured to run.
      type: bool
    enable_ipv4:
      description: Whether clients get IPv4 through the VPN.
      type: bool
    enable_ipv6:
      description: Whether clients get IPv6 through the VPN.
      type: bool
    port:
      description: Port on which it listens.
      type: int
    min_port:
      description: Lowest port that is allowed.
      type: int
    max_port:
      description: Highest port that is allowed.
      type: int
    port_ike:
      description: Port for IKE.
      type: int
    port_nat:
      description: Port for IKE through NAT.
      type: int
    conf_pptp:
      description: C(mppe) and C(allowed_auth) of a PPTP server.
      type: dict
    conf_openvpn:
      description: C(cipher), C(disable_fragment) and C(use_tcp) of an OpenVPN server.
      type: dict
    conf_ipsec:
      description: C(ike_version) and C(auth_modes) of an IPsec server.
      type: dict
    conf_wireguard:
      description: C(mtu) of a WireGuard server.
      type: dict
    ip_start:
      description: First IPv4 address that clients can get.
      type: str
    ip_end:
      description: Last IPv4 address that clients can get.
      type: str
    ip6_start:
      description: First IPv6 address that clients can get.
      type: str
    ip6_end:
      description: Last IPv6 address that clients can get.
      type: str
    connection_count:
      description: Number of connected clients.
      type: int
    auth_connection_count:
      description: Number of connected clients that are authenticated.
      type: int
    unknown_properties:
      # BEGIN unknown_properties (tools/generate.py)
      description: Names of properties that are set on the server and that this collection does not know.
      type: list
      elements: str
      # END
  sample:
    - name: wireguard
      type: wireguard
      state: started
      enabled: true
      enable_ipv4:
      enable_ipv6:
      port: 51820
      min_port: 1
      max_port: 65535
      port_ike:
      port_nat:
      conf_pptp:
      conf_openvpn:
      conf_ipsec:
      conf_wireguard: {mtu: 1360}
      ip_start: 192.168.27.65
      ip_end: 192.168.27.95
      ip6_start:
      ip6_end:
      connection_count: 2
      auth_connection_count: 2
declaration:
  # BEGIN declaration: O(vpn.estate.freebox_vpn_server#module:servers) (tools/generate.py)
  description:
    - Input for O(vpn.estate.freebox_vpn_server#module:servers).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: list
  elements: dict
left_out:
  # BEGIN left_out (tools/generate.py)
  description: What RV(declaration) leaves out although it is set on the server, with the reason.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
    reason: {description: A sentence that names what is left out and the reason., type: str}
    name: {description: Name of the object., type: str, returned: if it is about an object}
    options:
      description: The options that are left out, if it is not the whole object.
      type: list
      elements: str
      returned: if it is about an object
    item: {description: Declaration that the object would have., type: dict, returned: if the whole object is left out}
  sample: []
  # END
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER

BODY = inform(VPN_SERVER, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
