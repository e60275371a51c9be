#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_database
short_description: Move an OpenVPN Access Server from its local database to MySQL
description:
  - Lets the server move all of its data from its local database to a database on MySQL or a compatible server such as
    MariaDB, once.
  - A server that already uses such a database, alone or as the node of a cluster, stays as it is. The address of its
    database cannot be read, and is not compared.
  - The request is sent once. If its answer is lost, the task reads the state of the server instead.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  mysql_uri:
    description:
      - Address of the database, such as C(mysql://USER:PASSWORD@HOST:3306/).
      - Write characters such as C(@), C(#), C(/) and C(?) in the password in percent code, as in C(%40). The task
        refuses an address with a fragment, with a second C(@), or with a query of unknown names, because a part of the
        password could be mistaken for the name of a host.
    type: str
    required: true
  check_database:
    description:
      - Whether to check the database first, from the machine where the module runs, and to refuse it if it is not
        empty. This needs PyMySQL.
      - Without this check, the server examines the database, and the task reports its answer. O(assume_local) may
        require this check.
    type: bool
    default: false
  assume_local:
    description:
      - What to assume about a server that does not show which database it uses. V(true) means a local database.
        V(false) means that it has moved before. By default, the task fails for such a server. If the server shows its
        database, this option has no effect.
      - Servers show it by the source of configuration items that were set before, and some releases call every source
        C(db).
      - Such a server would move again with each request. So with V(true) the task checks the database at O(mysql_uri)
        as with O(check_database), and fails if it is not empty or cannot be checked. After the server has moved, set
        this option to V(false).
    type: bool
  restart_timeout:
    description: Seconds to wait until the server is back.
    type: int
    default: 120
notes:
  - The server restarts afterwards (mode V(server_agent)). This may interrupt VPN clients.
  - The API offers no way back. Keep a copy of the server's own databases.
  - A server that will be a node of a cluster need not be moved first. M(vpn.estate.as_cluster_node) does that.
  - A server that lists itself as its only node counts as a cluster only if its items or the properties of the cluster
    show this.
seealso:
  - module: vpn.estate.as_database_info
  - module: vpn.estate.as_cluster_node
"""

EXAMPLES = r"""
- name: Move the server to MySQL
  vpn.estate.as_database:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    mysql_uri: "{{ vault_mysql_uri }}"
    check_database: true

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Move a server of a release that does not show its database, and check whether it has moved already
  vpn.estate.as_database:
    mysql_uri: "{{ vault_mysql_uri }}"
    assume_local: true
    restart_timeout: 300

- name: Leave such a server as it is, because it has moved
  vpn.estate.as_database:
    mysql_uri: "{{ vault_mysql_uri }}"
    assume_local: false
"""

RETURN = r"""
before:
  description: Kind of database that the server used when the task began; one of the values of RV(in_use).
  returned: success
  type: str
  sample: local
in_use:
  description:
    - Kind of database that it uses after the task, or would use in check mode.
    - It is V(local), V(mysql), V(cluster) if nodes share it, or V(unknown) if the server does not show it.
  returned: success
  type: str
  sample: mysql
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.database import SPEC, convert
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, convert)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
