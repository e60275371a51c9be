#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_vpn_session_info
short_description: Read VPN sessions of an OpenVPN Access Server
description:
  - Reads the connected VPN clients, with their addresses and their traffic so far.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description:
      - Names of users whose sessions to read, compared exactly. By default, all sessions are read. An empty list reads
        none.
    type: list
    elements: str
seealso:
  - module: vpn.estate.as_vpn_session
  - module: vpn.estate.as_log_info
"""

EXAMPLES = r"""
- name: Read the connected clients
  vpn.estate.as_vpn_session_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Count sessions and users
  ansible.builtin.debug:
    msg: >-
      {{ found.sessions | length }} sessions of {{ found.sessions | map(attribute='username') | unique | length }} users

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Check whether one user is connected
  vpn.estate.as_vpn_session_info:
    users: [alice]
"""

RETURN = r"""
sessions:
  description: Sessions in the order of the server, with all information that it returns about them.
  returned: success
  type: list
  elements: dict
  contains:
    username:
      description: Name of the user.
      type: str
      sample: alice
    common_name:
      description: Name in the client's certificate, which ends in C(_AUTOLOGIN) for an autologin profile.
      type: str
      sample: alice_AUTOLOGIN
    daemon_id:
      description: Daemon to which the client is connected.
      type: str
      sample: openvpn_14
    client_id:
      description: Number of the session, unique among those of the daemon.
      type: int
      sample: 0
    connected_since:
      description: Start of the session, in UTC.
      type: str
      sample: "2026-10-02T12:22:51Z"
    real_address:
      description: Address and port from which the client connected.
      type: str
      sample: 198.51.100.5:38402
    virtual_ipv4_address:
      description: IPv4 address of the client in the VPN. Empty if it has none.
      type: str
      sample: 172.27.231.2
    virtual_ipv6_address:
      description: IPv6 address of the client in the VPN. Empty if it has none.
      type: str
      sample: ""
    bytes_received:
      description: Number of bytes that the server has received.
      type: int
      sample: 4001
    bytes_sent:
      description: Number of bytes that the server has sent.
      type: int
      sample: 3077
    datachannel_cipher:
      description: Cipher of the session.
      type: str
      sample: AES-256-GCM
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.vpn_session import INFO_SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, INFO_SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
