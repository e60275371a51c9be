#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_restart
short_description: Restart an OpenVPN Access Server
description:
  - Restarts the server, and waits until it has restarted.
  - With O(only_if_pending), the module restarts the server only if something waits for a restart. So a play can call
    this module once, at its end.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  mode:
    description:
      - V(warm) restarts the services that need it. V(cold) restarts all services.
      - V(systemctl) and V(server_agent) are other ways to restart that the server offers.
      - V(dry_run) restarts nothing. It asks the server whether it would restart, and fails if the configuration does
        not allow a restart. In check mode the server is not asked.
    type: str
    choices: [warm, cold, systemctl, server_agent, dry_run]
    default: warm
  only_if_pending:
    description:
      - Whether to restart only if something waits for it. This is a cluster node that reports a pending restart, or an
        item in O(changed_items) that no pattern in O(harmless) matches. Other nodes count only if the server does not
        show which of them it is.
      - A server that is in no cluster does not report whether it needs a restart, so only O(changed_items) decides.
    type: bool
    default: false
  changed_items:
    description:
      - Keys of the configuration items that this run has changed, as M(vpn.estate.as_config_item) returns them. See the
        examples.
    type: list
    elements: str
    default: []
  harmless:
    description:
      - Keys of configuration items that take effect without a restart, as shell patterns such as V(sa.*). Case matters.
        Changes of these items cause no restart.
      - OpenVPN publishes no list of such items, so there is no default.
    type: list
    elements: str
    default: []
  wait:
    description:
      - Whether to wait until the server has restarted, and to fail if it does not within O(timeout).
      - V(false) returns as soon as the server has accepted the request. The next tasks may then find the server
        unavailable.
    type: bool
    default: true
  timeout:
    description: Seconds to wait until the server is back.
    type: int
    default: 120
notes:
  - A restart may interrupt connected VPN clients. The task warns if there are any, and reports their number.
  - A server does not check written items before a restart, but refuses to restart if its configuration does not allow
    it. It then continues without a restart, and the task fails.
  - In a cluster, one node restarts. It is the node at O(as_url) or that of O(as_node).
seealso:
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_config_profile
  - module: vpn.estate.as_server_info
"""

EXAMPLES = r"""
- name: Restart the services that need it
  vpn.estate.as_restart:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Change the configuration
  vpn.estate.as_config_item:
    config_items: "{{ estate_config_items }}"
  register: configuration

- name: Restart once, if a changed item needs it
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ configuration.objects | selectattr('action', 'ne', 'unchanged') | map(attribute='name') }}"
    harmless:
      - sa.company_name
      - log_db.*

- name: Ask whether the server would restart
  vpn.estate.as_restart:
    mode: dry_run

- name: Restart everything on slow hardware
  vpn.estate.as_restart:
    mode: cold
    timeout: 300

- name: Read the nodes of a cluster
  vpn.estate.as_server_info:
  register: found

- name: Restart the nodes that wait for it, one after the other
  vpn.estate.as_restart:
    as_node: "{{ item }}"
  loop: "{{ found.server.nodes | dict2items | selectattr('value.restart_pending') | map(attribute='key') }}"

- name: Restart without waiting
  vpn.estate.as_restart:
    mode: systemctl
    wait: false
"""

RETURN = r"""
restarted:
  description: Whether the server was restarted. Always V(false) in check mode.
  returned: success
  type: bool
  sample: true
pending:
  description:
    - Reasons for a restart when the task began. A node is shown as C(node NAME). All other entries are items in
      O(changed_items) that no pattern in O(harmless) matches.
  returned: success
  type: list
  elements: str
  sample: [node node2, vpn.server.tls_version_min]
vpn_clients:
  description: Number of VPN clients that were connected when the task began.
  returned: success
  type: int
  sample: 17
last_restarted:
  description: Time of the last restart, as the server returns it.
  returned: success, when the server was restarted and O(wait) is V(true)
  type: str
  sample: "2026-11-02T03:00:12.403414Z"
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.restart import SPEC, restart
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, restart)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
