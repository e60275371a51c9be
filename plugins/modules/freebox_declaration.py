#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_declaration
short_description: Bring the VPN servers and users of a Freebox to their declared state
description:
  - Applies the VPN servers of a box, and the users that they share, in one task. All of them are checked and planned
    before anything is written.
  - Parts, objects and options that are left out stay as they are on the box.
  - The task reports all mistakes in the declaration at once, before it contacts a box. Mistakes that only the box can
    reveal are reported before the first write.
  - The task removes access first and grants access last. It stops servers, deletes users who leave, and ends their
    connections. Then it configures servers, and changes and creates users. Last, it starts servers.
  - The task writes everything before it waits for servers. A server that fails does not stop users, and a user that
    fails does not stop servers.
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
      - A folder that declares the box. It holds files named C(servers) and C(users), each ending in C(.yml), C(.yaml),
        C(.json) or C(.csv), or folders of these names with such files. Each part may be missing. A file with another
        name is an error.
      - The files follow O(servers_src) and O(users_src).
    type: path
  only:
    description:
      - Parts to apply. The other parts are only checked. By default, all parts are applied. An empty list means none.
    type: list
    elements: str
    choices: [servers, users]
  purge:
    description:
      - Parts in which all objects that are not declared are deleted. The task refuses a purge in the same cases as
        O(vpn.estate.freebox_vpn_user#module:purge).
    type: list
    elements: str
    choices: [users]
    default: []
  purge_limit:
    description: >-
      Maximum number of objects that O(purge) may delete, as in O(vpn.estate.freebox_vpn_user#module:purge_limit).
    type: dict
    suboptions:
      users:
        description: Limit for users.
        type: str
  known:
    description:
      - Objects and options that are on the box, are not declared, and must stay. O(purge) keeps them, and O(undeclared)
        does not return them.
      - The playbook C(vpn.estate.export) writes such a list of everything that a declaration cannot hold.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: Part of the declaration.
        type: str
        required: true
        choices: [servers, users]
      name:
        description: Name of the object, as the results of the task show it.
        type: str
        required: true
      options:
        description: >-
          Options of the object, if the object is declared and these options are not. By default, the whole object.
        type: list
        elements: str
  protect:
    description: Logins of users that O(purge) keeps although they are not declared.
    type: list
    elements: str
    default: []
  recreate:
    description:
      - Whether to delete a user whose type differs from the declared one, and to create the user again, as in
        O(vpn.estate.freebox_vpn_user#module:recreate).
    type: bool
    default: false
  disconnect_moved:
    description: >-
      Whether to end connections of users who are moved, as in O(vpn.estate.freebox_vpn_user#module:disconnect_moved).
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description: When to set a declared password, as in O(vpn.estate.freebox_vpn_user#module:update_password).
    type: str
    choices: [on_create, always]
    default: on_create
  wait:
    description:
      - Whether to wait until the declared servers run or have stopped, as in
        O(vpn.estate.freebox_vpn_server#module:wait).
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for all servers of the task together.
    type: int
    default: 180
notes:
  - A change to a running server may disconnect its clients. The task warns of this, also in check mode.
seealso:
  - module: vpn.estate.freebox_vpn_server
  - module: vpn.estate.freebox_vpn_user
  - module: vpn.estate.freebox_vpn_profile
"""

EXAMPLES = r"""
- name: Apply the declaration of a box
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

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.freebox:
#       freebox_app_id: vpn.estate
#       freebox_app_token: "{{ vault_freebox_app_token }}"

- name: Apply a declaration from a folder, and delete users who are not declared
  vpn.estate.freebox_declaration:
    src: files/home
    purge: [users]
    purge_limit:
      users: "5"
    protect: [guest]
    recreate: true
    disconnect_moved: true
    update_password: on_create

- name: Apply only the users of a declaration with a file or a folder for each part
  vpn.estate.freebox_declaration:
    servers_src: files/servers.yml
    users_src: files/users
    only: [users]
    undeclared: true
    known:
      - {part: users, name: guest}
      - {part: users, name: erika, options: [ip_reservation]}

- name: Check a declaration without a box
  vpn.estate.freebox_declaration:
    src: files/home
    mistakes: "{{ estate_people | vpn.estate.people_contradictions('freebox', inventory_hostname, groups) }}"
    validate_only: true

- name: Delete all users
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
    - Results of the declared servers.
    - In check mode, the results that a real run would have.
  returned: when servers are declared, and the task has compared the declaration with the box
  type: dict
  contains: &part
    objects:
      description: Each object with its result, as in the module that manages such objects.
      type: list
      elements: dict
    counts:
      description: Number of objects by result.
      type: dict
    undeclared:
      description: Objects that are on the box and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: &undeclared
        name: {description: Name of the object., type: str}
        options: {description: Options that are set on it., type: dict}
    undeclared_options:
      description: Declared objects, with the options that are set on the box and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: *undeclared
users:
  description: Results of users, in the form of RV(servers), and of the users that O(purge) deleted.
  returned: as for RV(servers)
  type: dict
  contains: *part
counts:
  description: Number of objects of all parts, by result.
  returned: when the task has compared the declaration with the box
  type: dict
  sample:
    created: 1
    unchanged: 7
ending:
  # BEGIN ending (tools/generate.py)
  description: Declared users whose O(users[].until) is within 30 days.
  returned: unless the task was stopped
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration., type: str}
    name: {description: Name of the user., type: str}
    until: {description: Declared end of the access., type: str}
    days_left: {description: Whole days until then., type: int}
  sample:
    - {part: users, name: max, until: "2026-12-31", days_left: 12}
  # END
summary:
  description:
    - The counts of each part in words, and the servers whose clients may be disconnected. The task prints it while it
      runs.
  returned: unless the task was stopped
  type: str
  sample: >-
    servers: 1 updated, 4 unchanged; users: 1 created, 3 unchanged; clients may be disconnected from openvpn_routed (2 connected)
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
