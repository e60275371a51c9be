#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_vpn_session
short_description: End VPN sessions on an OpenVPN Access Server
description:
  - Ends the VPN sessions of users, or one session.
  - If there is no such session, the module sends nothing to the server and reports no change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  users:
    description: Names of users whose sessions all end, compared exactly. An empty list is refused.
    type: list
    elements: str
  daemon_id:
    description: >-
      Daemon of a single session to end, as M(vpn.estate.as_vpn_session_info) returns it. It requires O(client_id).
    type: str
  client_id:
    description: Number of a single session to end. It is unique among those of O(daemon_id).
    type: int
  reason:
    description: Reason that the server writes to its log.
    type: str
    default: Disconnected by vpn.estate
  client_reason:
    description: Reason that the server shows the client.
    type: str
  state:
    description: V(absent) is the only state. A task cannot start a session.
    type: str
    choices: [absent]
    default: absent
notes:
  - A client may connect again at once. To keep a user out, use M(vpn.estate.as_user) with state V(blocked), which also
    ends the sessions.
seealso:
  - module: vpn.estate.as_vpn_session_info
  - module: vpn.estate.as_user
"""

EXAMPLES = r"""
- name: End all sessions of two users
  vpn.estate.as_vpn_session:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    users: [alice, bob]
    reason: Change of groups
    client_reason: Your access has changed. Please connect again.

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read the connected clients
  vpn.estate.as_vpn_session_info:
  register: connected

- name: End the sessions of clients from one network
  vpn.estate.as_vpn_session:
    daemon_id: "{{ item.daemon_id }}"
    client_id: "{{ item.client_id }}"
    state: absent
  loop: "{{ connected.sessions | selectattr('real_address', 'match', '198[.]51[.]100[.]') }}"
  loop_control:
    label: "{{ item.daemon_id }} {{ item.client_id }}"
"""

RETURN = r"""
disconnected:
  description: Sessions that were ended. In check mode, sessions that would be ended.
  returned: success
  type: list
  elements: dict
  contains:
    username:
      description: Name of the user.
      type: str
      sample: alice
    daemon_id:
      description: Daemon to which the client was connected.
      type: str
      sample: openvpn_14
    client_id:
      description: Number of the session, unique among those of the daemon.
      type: int
      sample: 0
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.vpn_session import (
    CONSTRAINTS,
    SPEC,
    disconnect,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, disconnect, CONSTRAINTS)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
