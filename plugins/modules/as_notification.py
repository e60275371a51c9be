#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_notification
short_description: Tell the nodes of a cluster of OpenVPN Access Servers what has happened
description:
  - Makes a notification, which servers of a cluster show each other. Every run makes a new one, which counts as a change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  notification_type:
    description: What has happened. A restart waits to be made on the nodes, or a node was restarted.
    type: str
    required: true
    choices: [cluster_restart_pending, node_restarted]
notes:
  - Servers notify each other by themselves. This is for those who restart nodes by other means.
seealso:
  - module: vpn.estate.as_cluster_info
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Say that nodes wait for a restart
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
