#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_failover
short_description: Set up and test the failover of two OpenVPN Access Servers
description:
  - Sets up a second Access Server that takes over the address of the first one when the first one fails, and tests this
    setup.
  - The server tests the declaration before anything is written. If one of the tests fails, the task fails and returns
    the result of each test.
  - Then the task writes the declaration to the active configuration profile, and the secondary server is set up. If the
    server refuses that, the task restores the previous configuration.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  state:
    description:
      - V(present) tests, writes and creates the setup, if it differs from the declaration.
      - V(tested) tests the declaration, and changes nothing.
      - V(absent) resets the mode of the failover to its default, and leaves the secondary server as it is.
    type: str
    choices: [present, tested, absent]
    default: present
  address:
    description: Address that the two servers share. Required with O(state) V(present) or V(tested).
    type: str
  secret:
    description: Secret that the two servers share. Required with O(state) V(present) or V(tested).
    type: str
  primary:
    description: Primary server. Required with O(state) V(present) or V(tested).
    type: dict
    suboptions:
      public: &public
        description: Address or host name of the server.
        type: str
        required: true
      internal: &internal
        description: Name of the server within the setup. The default is C(PRIMARY) or C(SECONDARY).
        type: str
      username: &username
        description: User who may sign in to the server by SSH.
        type: str
        default: root
      password: &password
        description: Password of that user. Without it, a key is necessary.
        type: str
      ssh_port: &ssh_port
        description: Port of SSH on the server. By default, the server decides.
        type: int
  secondary:
    description: Secondary server, which takes over. Required with O(state) V(present) or V(tested).
    type: dict
    suboptions:
      public: *public
      internal: *internal
      username: *username
      password: *password
      ssh_port: *ssh_port
  update_secrets:
    description:
      - V(on_create) writes O(secret) and passwords only if the server has none, because they cannot be read.
      - V(always) writes them in every run, which also sets up the secondary server again.
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - Run the task against the primary server.
  - In check mode the tests also run, because they change nothing.
seealso:
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_cluster_node
"""

EXAMPLES = r"""
- name: Test whether a failover would work
  vpn.estate.as_failover:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    state: tested
    address: 192.0.2.254
    secret: "{{ vault_failover_secret }}"
    primary: {public: 192.0.2.11}
    secondary: {public: 192.0.2.12}
  register: failover

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Set up the failover
  vpn.estate.as_failover:
    address: 192.0.2.254
    secret: "{{ vault_failover_secret }}"
    primary:
      public: 192.0.2.11
      internal: PRIMARY
    secondary:
      public: 192.0.2.12
      internal: SECONDARY
      username: admin
      password: "{{ vault_secondary_password }}"
      ssh_port: 2222
    update_secrets: on_create

- name: Disable the failover
  vpn.estate.as_failover:
    state: absent
"""

RETURN = r"""
tests:
  description: Each test with its result. If the connection fails, other tests often fail too.
  returned: when the set-up was tested
  type: dict
  sample:
    connectivity:
      passed: true
      message: ok
      friendly: The secondary server was reached.
  contains:
    passed:
      description: Whether the test passed.
      type: bool
    message:
      description: Message of the server.
      type: str
    friendly:
      description: Message of the server for users.
      type: str
changed_items:
  description: Keys of the configuration items that changed. Pass them to O(vpn.estate.as_restart#module:changed_items).
  returned: success, when O(state) is V(present) or V(absent)
  type: list
  elements: str
  sample: [failover.mode, ucarp.addr]
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.failover import CONSTRAINTS, SPEC, set_up
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, set_up, CONSTRAINTS)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
