#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_connection
short_description: End VPN connections on a Freebox
description:
  - Ends all connections of users, all connections to servers, or single connections.
  - If there is no such connection, the module sends nothing to the box and reports no change. A connection that ends by
    itself in the meantime also counts as ended.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.freebox
options:
  ids:
    description: >-
      Single connections to end, by the C(id) that M(vpn.estate.freebox_vpn_connection_info) returns. An empty list is
      refused.
    type: list
    elements: str
  users:
    description: Logins of users whose connections end, compared exactly. An empty list is refused.
    type: list
    elements: str
  servers:
    description:
      - Names of servers whose connections end, such as V(openvpn_routed). An empty list is refused.
      - With O(users), only the connections of these users to these servers end.
    type: list
    elements: str
  state:
    description: V(absent) is the only state. A task cannot start a connection.
    type: str
    choices: [absent]
    default: absent
notes:
  - A client may connect again at once. To keep a user out, delete the user with M(vpn.estate.freebox_vpn_user), which
    also ends the user's connections.
seealso:
  - module: vpn.estate.freebox_vpn_connection_info
  - module: vpn.estate.freebox_vpn_user
"""

EXAMPLES = r"""
- name: End the connections of two users
  vpn.estate.freebox_vpn_connection:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    users: [erika, max]

- name: End the connections of one user to one server, with the box from module_defaults
  vpn.estate.freebox_vpn_connection:
    users: [erika]
    servers: [openvpn_routed]

- name: Read the connected clients
  vpn.estate.freebox_vpn_connection_info:
  register: connected

- name: End the connections of clients from one network
  vpn.estate.freebox_vpn_connection:
    ids: "{{ from_there | map(attribute='id') }}"
    state: absent
  vars:
    from_there: "{{ connected.connections | selectattr('src_ip', 'match', '198[.]51[.]100[.]') }}"
  when: from_there | length > 0
"""

RETURN = r"""
disconnected:
  description: Connections that were ended. In check mode, connections that would be ended.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the connection. The box may use it again for a later one.
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
    src_ip:
      description: Address from which the client connected.
      type: str
      sample: 198.51.100.5
    local_ip:
      description: Address that the client had in the VPN; V(null) if the box did not return it.
      type: str
      sample: 192.168.27.65
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_connection import CONSTRAINTS, SPEC, disconnect

BODY = Body(FREEBOX, SPEC, disconnect, CONSTRAINTS)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
