#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_notification
short_description: Notify the nodes of a cluster of OpenVPN Access Servers of an event
description:
  - Creates a notification, which the servers of a cluster show. Every run creates a new one, which counts as a change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  notification_type:
    description: Event. Either the nodes wait for a restart, or a node was restarted.
    type: str
    required: true
    choices: [cluster_restart_pending, node_restarted]
notes:
  - Servers notify each other automatically. Use this module if you restart nodes by other means.
seealso:
  - module: vpn.estate.as_cluster_info
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Notify that nodes wait for a restart
  vpn.estate.as_notification:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    notification_type: cluster_restart_pending
"""

RETURN = r"""
changed:
  description: Always V(true).
  returned: success
  type: bool
  sample: true
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.notification import SPEC, notify
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, notify)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
