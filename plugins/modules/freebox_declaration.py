#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_declaration
short_description: Bring the VPN servers and users of a Freebox to their declared state
description:
  - Takes the VPN servers of a box, and the users that they have in common, in one task. All of them are checked and planned
    before anything is written.
  - What is left out, of the box as of an object, is left alone.
  - Everything that is wrong with the declaration is told at once, before a box is asked. What only the box can tell is told
    before the first write.
  - Access is taken away first and given last. Servers stop, and users who leave are deleted and cut off. Then servers are
    configured, and users are changed and created. Last, servers start.
  - All is written before servers are waited for. A server that fails stops no user, and a user who fails stops no server.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.freebox
  - vpn.estate._declaration
options:
  servers:
    description: VPN servers, as in M(vpn.estate.freebox_vpn_server).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: freebox_vpn_server (tools/generate.py)
      name: {description: 'See O(vpn.estate.freebox_vpn_server#module:name).', type: str, required: true}
      enabled: {description: 'See O(vpn.estate.freebox_vpn_server#module:enabled).', type: bool}
      enable_ipv4: {description: 'See O(vpn.estate.freebox_vpn_server#module:enable_ipv4).', type: bool}
      enable_ipv6: {description: 'See O(vpn.estate.freebox_vpn_server#module:enable_ipv6).', type: bool}
      port: {description: 'See O(vpn.estate.freebox_vpn_server#module:port).', type: int}
      port_ike: {description: 'See O(vpn.estate.freebox_vpn_server#module:port_ike).', type: int}
      port_nat: {description: 'See O(vpn.estate.freebox_vpn_server#module:port_nat).', type: int}
      conf_pptp:
        description: See O(vpn.estate.freebox_vpn_server#module:conf_pptp).
        type: dict
        suboptions:
          mppe:
            description: See O(vpn.estate.freebox_vpn_server#module:conf_pptp.mppe).
            type: str
            choices: [disable, require, require_128]
          allowed_auth:
            description: See O(vpn.estate.freebox_vpn_server#module:conf_pptp.allowed_auth).
            type: dict
            suboptions:
              pap: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_pptp.allowed_auth.pap).', type: bool}
              chap: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_pptp.allowed_auth.chap).', type: bool}
              mschapv2: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_pptp.allowed_auth.mschapv2).',
                type: bool}
      conf_openvpn:
        description: See O(vpn.estate.freebox_vpn_server#module:conf_openvpn).
        type: dict
        suboptions:
          cipher:
            description: See O(vpn.estate.freebox_vpn_server#module:conf_openvpn.cipher).
            type: str
            choices: [blowfish, aes128, aes256, chacha20poly1305]
          disable_fragment: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_openvpn.disable_fragment).',
            type: bool}
          use_tcp: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_openvpn.use_tcp).', type: bool}
      conf_ipsec:
        description: See O(vpn.estate.freebox_vpn_server#module:conf_ipsec).
        type: dict
        suboptions:
          ike_version: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_ipsec.ike_version).', type: int}
          auth_modes:
            description: See O(vpn.estate.freebox_vpn_server#module:conf_ipsec.auth_modes).
            type: list
            elements: dict
            suboptions:
              id_source: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_ipsec.auth_modes[].id_source).',
                type: str}
              id_custom: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_ipsec.auth_modes[].id_custom).',
                type: str}
      conf_wireguard:
        description: See O(vpn.estate.freebox_vpn_server#module:conf_wireguard).
        type: dict
        suboptions:
          mtu: {description: 'See O(vpn.estate.freebox_vpn_server#module:conf_wireguard.mtu).', type: int}
      # END
  servers_src:
    description: A file or a folder with servers, as in O(vpn.estate.freebox_vpn_server#module:src).
    type: path
  users:
    description: Users, as in M(vpn.estate.freebox_vpn_user).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: freebox_vpn_user (tools/generate.py)
      login: {description: 'See O(vpn.estate.freebox_vpn_user#module:login).', type: str, required: true}
      password: {description: 'See O(vpn.estate.freebox_vpn_user#module:password).', type: str}
      type:
        description: See O(vpn.estate.freebox_vpn_user#module:type).
        type: str
        choices: [standard, wireguard]
      ip_reservation: {description: 'See O(vpn.estate.freebox_vpn_user#module:ip_reservation).', type: str}
      conf_wireguard:
        description: See O(vpn.estate.freebox_vpn_user#module:conf_wireguard).
        type: dict
        suboptions:
          keepalive: {description: 'See O(vpn.estate.freebox_vpn_user#module:conf_wireguard.keepalive).', type: int}
          psk: {description: 'See O(vpn.estate.freebox_vpn_user#module:conf_wireguard.psk).', type: bool}
      until: {description: 'See O(vpn.estate.freebox_vpn_user#module:until).', type: str}
      state:
        description: See O(vpn.estate.freebox_vpn_user#module:state).
        type: str
        choices: [present, absent]
      update_password:
        description: See O(vpn.estate.freebox_vpn_user#module:update_password).
        type: str
        choices: [on_create, always]
      # END
  users_src:
    description: A file or a folder with users, as in O(vpn.estate.freebox_vpn_user#module:src).
    type: path
  src:
    description:
      - A folder that declares the box. It has files named C(servers) and C(users), each ending in C(.yml), C(.yaml),
        C(.json) or C(.csv), or folders of these names with such files. Each part may be missing. A file of another
        name is an error.
      - The files are as in O(servers_src) and O(users_src).
    type: path
  only:
    description:
      - Parts to bring to their state. The others are only checked. Left out, all are brought to their state; an empty list
        means none.
    type: list
    elements: str
    choices: [servers, users]
  purge:
    description:
      - Parts of which everything is deleted that is not declared. It is refused as in
        O(vpn.estate.freebox_vpn_user#module:purge).
    type: list
    elements: str
    choices: [users]
    default: []
  purge_limit:
    description: How many objects O(purge) may delete, as in O(vpn.estate.freebox_vpn_user#module:purge_limit).
    type: dict
    suboptions:
      users:
        description: Of how many users.
        type: str
  known:
    description:
      - What is on the server and not declared, and is to stay. O(purge) spares it, and O(undeclared) does not return it.
      - The playbook C(vpn.estate.export) writes such a list of what no declaration can hold.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: The part of the declaration.
        type: str
        required: true
        choices: [servers, users]
      name:
        description: The name of the object, as the results of the task name it.
        type: str
        required: true
      options:
        description: Options of the object, if it is declared and they are not. Left out, the whole object is meant.
        type: list
        elements: str
  protect:
    description: Logins of users that O(purge) spares although they are not declared.
    type: list
    elements: str
    default: []
  recreate:
    description:
      - Whether a user of another type than is declared may be deleted and created again, as in
        O(vpn.estate.freebox_vpn_user#module:recreate).
    type: bool
    default: false
  disconnect_moved:
    description: Whether connections of users end who are moved, as in O(vpn.estate.freebox_vpn_user#module:disconnect_moved).
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description: When a declared password is set, as in O(vpn.estate.freebox_vpn_user#module:update_password).
    type: str
    choices: [on_create, always]
    default: on_create
  wait:
    description:
      - Whether to wait until the declared servers run, or have stopped, as in O(vpn.estate.freebox_vpn_server#module:wait).
    type: bool
    default: true
  wait_timeout:
    description: How many seconds to wait for all servers of the task together.
    type: int
    default: 180
notes:
  - A change to a server that runs may cut its clients off. The task warns of it, also in check mode.
seealso:
  - module: vpn.estate.freebox_vpn_server
  - module: vpn.estate.freebox_vpn_user
  - module: vpn.estate.freebox_vpn_profile
"""

EXAMPLES = r"""
- name: Bring a box to its declared state
  vpn.estate.freebox_declaration:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    servers:
      - name: wireguard
        enabled: true
        port: 51820
      - name: pptp
        enabled: false
    users:
      - login: erika
        password: "{{ vault_erika_password }}"
      - login: phone
        type: wireguard
        ip_reservation: 192.168.27.71
      - login: max
        state: absent
    wait: true
    wait_timeout: 300

# From here on the box is set once for all modules:
#   module_defaults:
#     group/vpn.estate.freebox:
#       freebox_app_id: vpn.estate
#       freebox_app_token: "{{ vault_freebox_app_token }}"

- name: The same from a folder, without users who are not declared
  vpn.estate.freebox_declaration:
    src: files/home
    purge: [users]
    purge_limit:
      users: "5"
    protect: [guest]
    recreate: true
    disconnect_moved: true
    update_password: on_create

- name: Each part from a file or a folder, and of them only the users
  vpn.estate.freebox_declaration:
    servers_src: files/servers.yml
    users_src: files/users
    only: [users]
    undeclared: true
    known:
      - {part: users, name: guest}
      - {part: users, name: erika, options: [ip_reservation]}

- name: Check a declaration without any box
  vpn.estate.freebox_declaration:
    src: files/home
    mistakes: "{{ estate_people | vpn.estate.people_contradictions('freebox', inventory_hostname, groups) }}"
    validate_only: true

- name: Take every user away
  vpn.estate.freebox_declaration:
    users: []
    purge: [users]
    purge_empty: true
    purge_limit:
      users: 100%
"""

RETURN = r"""
servers:
  description:
    - What became of the declared servers.
    - In check mode, the results that a real run would have.
  returned: when they are declared, and the task has compared the declaration with the box
  type: dict
  contains: &part
    objects:
      description: Each object and what became of it, as in the module that manages such objects.
      type: list
      elements: dict
    counts:
      description: How many objects there are by what became of them.
      type: dict
    undeclared:
      description: Objects that are there and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: &undeclared
        name: {description: Name of the object., type: str}
        options: {description: What is set on it., type: dict}
    undeclared_options:
      description: Declared objects, with the options that are set on them and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: *undeclared
users:
  description: What became of users, as in RV(servers), and of those that were deleted by O(purge).
  returned: as RV(servers)
  type: dict
  contains: *part
counts:
  description: How many objects of all parts there are by what became of them.
  returned: when the task has compared the declaration with the box
  type: dict
  sample:
    created: 1
    unchanged: 7
summary:
  description:
    - The counts of each part in words, and from which servers clients may be cut off. The task prints it while it runs.
  returned: when the task was not stopped
  type: str
  sample: >-
    servers: 1 updated, 4 unchanged; users: 1 created, 3 unchanged; clients may be cut off from openvpn_routed (2 connected)
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage_server, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION

BODY = manage_server(DECLARATION, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
