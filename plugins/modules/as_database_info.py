#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_database_info
short_description: Read the kind of database that an OpenVPN Access Server uses
description:
  - Reads whether a server keeps its data in its local database, on MySQL, or in the database of a cluster.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
seealso:
  - module: vpn.estate.as_database
"""

EXAMPLES = r"""
- name: Read the kind of database
  vpn.estate.as_database_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: database

- name: Show the kind of database
  ansible.builtin.debug:
    msg: "The server uses a database of the kind {{ database.in_use }}."
"""

RETURN = r"""
in_use:
  description: >-
    V(local), V(mysql), V(cluster) if nodes share it, or V(unknown) if the server does not show it.
  returned: success
  type: str
  sample: local
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.database import inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, {}, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
