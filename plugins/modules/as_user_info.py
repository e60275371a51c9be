#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_user_info
short_description: Read users of an OpenVPN Access Server
description:
  - Returns users with what is set on each of them, in the form that M(vpn.estate.as_user) takes, and with their
    effective values.
  - Groups and the default user are not included; they have their own modules. Secrets of authenticators, which the
    server returns, are left out.
  - A user must match all given options. The module requests only matching users where the server supports this, so a
    query for a few of several thousand users is a small request.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._query
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  group:
    description:
      - Read only users of this group, compared exactly. An empty text reads users without a group of their own. For
        this, the module reads all users from the server.
    type: str
    version_added: 1.0.0
seealso:
  - module: vpn.estate.as_user
  - module: vpn.estate.as_group_info
  - module: vpn.estate.as_default_user_info
"""

EXAMPLES = r"""
- name: Read all users
  vpn.estate.as_user_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Show the users who administer the server, by their own settings or through their group
  ansible.builtin.debug:
    msg: "{{ found.users | selectattr('effective.admin') | map(attribute='name') }}"

- name: Show the users who sign in with only a local password
  ansible.builtin.debug:
    msg: "{{ found.users | selectattr('password_defined') | rejectattr('effective.totp') | map(attribute='name') }}"

- name: Read the administrators of a server with thousands of users, in a few small requests
  vpn.estate.as_user_info:
    admin: true
  register: administrators

- name: Read the users of one group whose names contain a text
  vpn.estate.as_user_info:
    group: contractors
    name_contains: "@example.com"

- name: Read the users who may have profiles that connect without a password, and are no administrators
  vpn.estate.as_user_info:
    autologin: true
    admin: false

- name: Read two users, with the server from module_defaults
  vpn.estate.as_user_info:
    names: [alice, bob]
"""

RETURN = r"""
users:
  description:
    - Users by name. V(null) means that a value is not set on the user itself.
    - No group and no address are shown as an empty text, and an empty list means no entries.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the user.
      type: str
    # BEGIN properties: as_user (tools/generate.py)
    group: {description: 'Value of O(vpn.estate.as_user#module:group).', type: str}
    deny: {description: 'Value of O(vpn.estate.as_user#module:deny).', type: bool}
    deny_web: {description: 'Value of O(vpn.estate.as_user#module:deny_web).', type: bool}
    admin: {description: 'Value of O(vpn.estate.as_user#module:admin).', type: bool}
    autologin: {description: 'Value of O(vpn.estate.as_user#module:autologin).', type: bool}
    auth_method: {description: 'Value of O(vpn.estate.as_user#module:auth_method).', type: str}
    cc_commands: {description: 'Value of O(vpn.estate.as_user#module:cc_commands).', type: str}
    totp: {description: 'Value of O(vpn.estate.as_user#module:totp).', type: bool}
    allow_generate_profiles: {description: 'Value of O(vpn.estate.as_user#module:allow_generate_profiles).', type: bool}
    password_strength: {description: 'Value of O(vpn.estate.as_user#module:password_strength).', type: bool}
    allow_password_change: {description: 'Value of O(vpn.estate.as_user#module:allow_password_change).', type: bool}
    reroute_gw: {description: 'Value of O(vpn.estate.as_user#module:reroute_gw).', type: str}
    bypass_subnets: {description: 'Value of O(vpn.estate.as_user#module:bypass_subnets).', type: list, elements: str}
    cli_script_connect_win_user_connect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_win_user_connect).
      type: str
    cli_script_connect_win_user_disconnect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_win_user_disconnect).
      type: str
    cli_script_connect_win_admin_connect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_win_admin_connect).
      type: str
    cli_script_connect_win_admin_disconnect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_win_admin_disconnect).
      type: str
    cli_script_connect_mac_user_connect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_mac_user_connect).
      type: str
    cli_script_connect_mac_user_disconnect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_mac_user_disconnect).
      type: str
    cli_script_connect_mac_admin_connect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_mac_admin_connect).
      type: str
    cli_script_connect_mac_admin_disconnect:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_mac_admin_disconnect).
      type: str
    cli_script_connect_win_env:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_win_env).
      type: dict
    cli_script_connect_mac_env:
      description: Value of O(vpn.estate.as_user#module:cli_script_connect_mac_env).
      type: dict
    static_ipv4: {description: 'Value of O(vpn.estate.as_user#module:static_ipv4).', type: str}
    static_ipv6: {description: 'Value of O(vpn.estate.as_user#module:static_ipv6).', type: str}
    dmz_ip: {description: 'Value of O(vpn.estate.as_user#module:dmz_ip).', type: list, elements: dict}
    dmz_ipv6: {description: 'Value of O(vpn.estate.as_user#module:dmz_ipv6).', type: list, elements: dict}
    client_to_server_subnets:
      description: Value of O(vpn.estate.as_user#module:client_to_server_subnets).
      type: list
      elements: str
    compile: {description: 'Value of O(vpn.estate.as_user#module:compile).', type: bool}
    totp_admin_only: {description: 'Value of O(vpn.estate.as_user#module:totp_admin_only).', type: bool}
    # END
    effective:
      description: Effective values of properties that can be inherited, as the server returns them.
      type: dict
    unknown_properties:
      # BEGIN unknown_properties (tools/generate.py)
      description: Names of properties that are set on the server and that this collection does not know.
      type: list
      elements: str
      # END
    inherited_from:
      description:
        - Source of effective values that are not set on the user, by property. One of V(default) (the default user),
          V(implicit_default), V(configuration), and V(group) followed by the name of the group.
      type: dict
    password_defined:
      description: Whether the server has a local password for the user.
      type: bool
    mfa_status:
      description:
        - Whether an authenticator is not used (V(disabled)), must still be set up (V(pending)), or is set up
          (V(enrolled)).
      type: str
    totp_locked:
      description: >-
        Whether the user has set up the authenticator, so that the server no longer shows the secret to the user.
      type: bool
  sample:
    - name: alice
      group: staff
      deny: null
      admin: null
      auth_method: local
      totp: null
      bypass_subnets: []
      static_ipv4: 172.27.224.10
      static_ipv6: ""
      effective:
        deny: false
        admin: false
        auth_method: local
        totp: true
      inherited_from:
        deny: default
        admin: default
        totp: group staff
      password_defined: true
      mfa_status: enrolled
      totp_locked: true
declaration:
  # BEGIN declaration: O(vpn.estate.as_user#module:users) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_user#module:users).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: list
  elements: dict
left_out:
  # BEGIN left_out (tools/generate.py)
  description: What RV(declaration) leaves out although it is set on the server, with the reason.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
    reason: {description: A sentence that names what is left out and the reason., type: str}
    name: {description: Name of the object., type: str, returned: if it is about an object}
    options:
      description: The options that are left out, if it is not the whole object.
      type: list
      elements: str
      returned: if it is about an object
    item: {description: Declaration that the object would have., type: dict, returned: if the whole object is left out}
  sample: []
  # END
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.queries import USER_QUERY, chosen_users
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(USER, ACCESS_SERVER, chosen_users, USER_QUERY)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
