#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_database
short_description: Move an OpenVPN Access Server from its local database to MySQL
description:
  - Has the server move everything from its local database to one on MySQL, MariaDB or the like, once.
  - A server that uses such a database already, alone or as the node of a cluster, is left alone. Which one it is cannot be
    read, and is not compared.
  - The request is sent once. If its answer is lost, the server is looked at instead.
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
      - Signs such as C(@), C(#), C(/) and C(?) in the password are written in percent code, as in C(%40). An address with a
        fragment, with a second C(@), or with a query of unknown names is refused, because a part of the password could be
        taken for the name of a host.
    type: str
    required: true
  check_database:
    description:
      - Whether to look into the database first, from where the module runs, and refuse one that is not empty. It needs
        PyMySQL.
      - Otherwise the server finds out, and what it says is reported. O(assume_local) may make this look necessary.
    type: bool
    default: false
  assume_local:
    description:
      - What a server that does not tell which database it uses has, a local one (V(true)) or another one, because it has moved
        before (V(false)). Left out, the task fails there. Where the server tells, that counts.
      - Servers tell by where configuration items come from that were set before, and some releases call every source C(db).
      - Such a server may move again as often as it is asked. So with V(true) the database at O(mysql_uri) is looked into as with
        O(check_database), and the task fails where it is not empty or cannot be looked into. After the server has moved, say
        V(false).
    type: bool
  restart_timeout:
    description: How many seconds to wait for the server to come back.
    type: int
    default: 120
notes:
  - The server restarts afterwards (mode V(server_agent)). VPN clients may be interrupted.
  - There is no way back by the API. Keep a copy of the server's own databases.
  - A server that is to be a node of a cluster need not be moved first; M(vpn.estate.as_cluster_node) does that.
  - A server that lists itself as its only node is taken for a cluster only where its items or the properties of the cluster tell
    so.
seealso:
  - module: vpn.estate.as_database_info
  - module: vpn.estate.as_cluster_node
"""

EXAMPLES = r"""
- name: Use MySQL
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

- name: Use MySQL, on a server of a release that does not tell what it uses, and look whether it does already
  vpn.estate.as_database:
    mysql_uri: "{{ vault_mysql_uri }}"
    assume_local: true
    restart_timeout: 300

- name: Leave such a server alone, because it has moved
  vpn.estate.as_database:
    mysql_uri: "{{ vault_mysql_uri }}"
    assume_local: false
"""

RETURN = r"""
before:
  description: Which kind of database the server used when the task began; one of those of RV(in_use).
  returned: success
  type: str
  sample: local
in_use:
  description:
    - Which kind it uses now, or would in check mode.
    - It is V(local), V(mysql), V(cluster) where nodes share it, or V(unknown) where the server does not tell.
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
