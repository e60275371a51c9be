#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_user
short_description: Manage users of an OpenVPN Access Server
description:
  - Creates, changes, blocks and deletes users, one by O(name) or many by O(users).
  - Options that are left out stay as they are on the server. An empty list means none. Properties in O(inherit) are
    inherited from the level above. Declared properties are set on the user, even if the inherited value is the same.
  - B(Users who belong on the server) are V(present). A missing user is created. O(deny) stays as it is unless it is
    declared, so a denied user stays denied. To let the user in again, declare O(deny) as V(false), or list it in
    O(inherit).
  - B(Users who leave) are V(blocked). The module denies the user, and then revokes every client profile, invalidates
    every token for a new profile, and ends every VPN session, in this order. Group, addresses and password stay. A
    missing user is created and denied.
  - B(Users who must not exist) are V(absent). The module does the same as for V(blocked), and then deletes the user.
  - B(To deny a user and nothing else,) set O(deny) to V(true). The server then refuses the user, and the module ends no
    session.
  - B(Users of a directory) (LDAP, RADIUS, SAML) come back after they are deleted. The directory still lets them sign
    in, and at their next sign-in the server creates a new user, who inherits everything from the default user. Block
    them instead of deleting them. V(blocked) also keeps out users of the directory who have not signed in yet. To let
    in declared users only, set O(vpn.estate.as_default_user#module:def_deny).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._properties
  - vpn.estate._properties.names
  - vpn.estate._src
  - vpn.estate._purge
  - vpn.estate._assume_present
  - vpn.estate._allow_self
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  name:
    description: Name of the user. One of this option, O(users) and O(src) is required.
    type: str
  users:
    description: Users, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      group: {description: See O(group)., type: str}
      deny: {description: See O(deny)., type: bool}
      deny_web: {description: See O(deny_web)., type: bool}
      admin: {description: See O(admin)., type: bool}
      autologin: {description: See O(autologin)., type: bool}
      auth_method: {description: See O(auth_method)., type: str}
      cc_commands: {description: See O(cc_commands)., type: raw}
      totp: {description: See O(totp)., type: bool}
      allow_generate_profiles: {description: See O(allow_generate_profiles)., type: bool}
      password_strength: {description: See O(password_strength)., type: bool}
      allow_password_change: {description: See O(allow_password_change)., type: bool}
      reroute_gw:
        description: See O(reroute_gw).
        type: str
        choices: [global, dns_only, disable]
      bypass_subnets: {description: See O(bypass_subnets)., type: list, elements: str}
      cli_script_connect_win_user_connect: {description: See O(cli_script_connect_win_user_connect)., type: raw}
      cli_script_connect_win_user_disconnect: {description: See O(cli_script_connect_win_user_disconnect)., type: raw}
      cli_script_connect_win_admin_connect: {description: See O(cli_script_connect_win_admin_connect)., type: raw}
      cli_script_connect_win_admin_disconnect: {description: See O(cli_script_connect_win_admin_disconnect)., type: raw}
      cli_script_connect_mac_user_connect: {description: See O(cli_script_connect_mac_user_connect)., type: raw}
      cli_script_connect_mac_user_disconnect: {description: See O(cli_script_connect_mac_user_disconnect)., type: raw}
      cli_script_connect_mac_admin_connect: {description: See O(cli_script_connect_mac_admin_connect)., type: raw}
      cli_script_connect_mac_admin_disconnect: {description: See O(cli_script_connect_mac_admin_disconnect)., type: raw}
      cli_script_connect_win_env: {description: See O(cli_script_connect_win_env)., type: dict}
      cli_script_connect_mac_env: {description: See O(cli_script_connect_mac_env)., type: dict}
      static_ipv4: {description: See O(static_ipv4)., type: str}
      static_ipv6: {description: See O(static_ipv6)., type: str}
      dmz_ip:
        description: See O(dmz_ip).
        type: list
        elements: dict
        suboptions:
          ip: {description: 'See O(dmz_ip[].ip).', type: str, required: true}
          protocol:
            description: See O(dmz_ip[].protocol).
            type: str
            choices: [tcp, udp, icmp]
          start_port: {description: 'See O(dmz_ip[].start_port).', type: int}
          end_port: {description: 'See O(dmz_ip[].end_port).', type: int}
      dmz_ipv6:
        description: See O(dmz_ipv6).
        type: list
        elements: dict
        suboptions:
          ip: {description: 'See O(dmz_ipv6[].ip).', type: str, required: true}
          protocol:
            description: See O(dmz_ipv6[].protocol).
            type: str
            choices: [tcp, udp, icmp]
          start_port: {description: 'See O(dmz_ipv6[].start_port).', type: int}
          end_port: {description: 'See O(dmz_ipv6[].end_port).', type: int}
      client_to_server_subnets: {description: See O(client_to_server_subnets)., type: list, elements: str}
      compile: {description: See O(compile)., type: bool}
      totp_admin_only: {description: See O(totp_admin_only)., type: bool}
      password: {description: See O(password)., type: str}
      inherit:
        description: See O(inherit).
        type: list
        elements: str
        choices: [deny, deny_web, admin, autologin, auth_method, cc_commands, totp, password_strength, allow_password_change,
          allow_generate_profiles, reroute_gw, cli_script_connect_win_user_connect, cli_script_connect_win_user_disconnect,
          cli_script_connect_win_admin_connect, cli_script_connect_win_admin_disconnect, cli_script_connect_mac_user_connect,
          cli_script_connect_mac_user_disconnect, cli_script_connect_mac_admin_connect, cli_script_connect_mac_admin_disconnect]
      until: {description: See O(until)., type: str}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent, blocked]
      update_password:
        description: See O(update_password).
        type: str
        choices: [on_create, always]
      # END
  group:
    description: Group of the user. An empty text removes the user from any group.
    type: str
  static_ipv4:
    description:
      - Fixed IPv4 address of the user in the VPN. It must be in a network from which the server gives addresses, either
        to all users or to the user's group. An empty text removes the address.
      - Two declared users cannot have the same address. If another user on the server has the address, the task warns
        when it writes the address. For this check, the task reads the addresses of all users.
    type: str
  static_ipv6:
    description:
      - Fixed IPv6 address of the user in the VPN. An empty text removes the address.
      - For an address that two users have, the rules of O(static_ipv4) apply.
    type: str
  dmz_ip:
    description: IPv4 addresses of the server that are forwarded from outside to the user's client, in any order.
    type: list
    elements: dict
    suboptions:
      ip: &dmz_address
        description: The address.
        type: str
        required: true
      protocol: &dmz_protocol
        description: Protocol to forward. By default, everything is forwarded.
        type: str
        choices: [tcp, udp, icmp]
      start_port: &dmz_start_port
        description:
          - Port to forward. With C(end_port), the first port of a range. It requires C(protocol) V(tcp) or V(udp).
        type: int
      end_port: &dmz_end_port
        description: Last port of the range to forward.
        type: int
  dmz_ipv6:
    description: IPv6 addresses of the server that are forwarded from outside to the user's client, in any order.
    type: list
    elements: dict
    suboptions:
      ip: *dmz_address
      protocol: *dmz_protocol
      start_port: *dmz_start_port
      end_port: *dmz_end_port
  client_to_server_subnets:
    description:
      - Networks behind the user's client, for which the client is the gateway, in any order.
      - For an address in a network, such as V(10.20.4.7/24), the task writes the network and warns.
    type: list
    elements: str
  compile:
    description:
      - Whether the server reads the user's record for its firewall rules at all times, and not only when the user
        connects.
      - Servers derive this from the other properties. Leave it out unless you know that you need it.
    type: bool
  totp_admin_only:
    description: Whether only administrators may create and see the secret of the user's authenticator.
    type: bool
  password:
    description:
      - Local password of the user. The server uses it only with the O(auth_method) V(local).
      - O(update_password) decides when it is sent. It is never read, compared or shown.
      - The task refuses a password that is equal to the name of the user. It warns of a password with fewer than 8
        characters, because Ansible cannot mask such a short text in its output.
    type: str
  inherit:
    description:
      - Properties to inherit from the level above, which is the group, then the default user, then the configuration.
      - A property is either declared or listed here, not both.
  state:
    description:
      - Whether the user exists and may sign in. With O(users), it applies to users that do not set their own.
    type: str
    choices: [present, absent, blocked]
    default: present
  until:
    description:
      - End of the user's access. It has no effect on users whose O(state) is V(blocked) or V(absent).
      - A day, such as V(2026-12-31), counts to its end. A time is a day, then V(T) or a blank, then the time, such as
        V(2026-12-31T18:00).
      - The time zone is that of the machine where the task runs, which is the controller with C(connection=local). To
        use another one, add it, as in V(2026-12-31 Europe/Paris) or V(2026-12-31T18:00+01:00). If a time occurs twice
        because clocks are set back, the second one counts.
      - After the end, the user is V(blocked), also if O(deny) or O(inherit) are declared differently.
        RV(objects[].ended) marks these users.
      - The server never sees this option. The first run after the end blocks the user.
      - To see what a run on another day would do, set the variable C(vpn_estate_today), or C(VPN_ESTATE_TODAY) in the
        environment, to a day or a time. A day stands for its first moment. It works in check mode only. Outside check
        mode the task refuses it, because a wrong day would let users in or block them.
      - The declaration must be valid on each day. Two users cannot have the same O(static_ipv4) one after the other.
    type: str
    version_added: 1.1.0
  group_mapping:
    description:
      - Whether a group mapping of the server assigns users to groups. A post-auth script for LDAP, RADIUS or SAML
        assigns a user to a group at each sign-in. A run that assigns the declared group would undo that.
      - With V(true), O(group) is used only when a user is created. Existing users stay in the group that the server
        has.
    type: bool
    default: false
  disconnect_moved:
    description:
      - Whether to end the VPN sessions of users whose O(group), O(static_ipv4) or O(static_ipv6) changes. A client that
        stays connected keeps its old address.
      - The sessions end after everything else is written. Clients may connect again at once, and get the new values.
      - Only the task that moves a user ends the user's sessions. To end an older session, use
        M(vpn.estate.as_vpn_session). Users who are moved only by C(members) of M(vpn.estate.as_group) stay connected.
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description:
      - When to send a declared password. V(on_create) sends it when the user is created, and later only if the server
        reports that the user has none. V(always) sends it in every run, and always counts as a change.
      - In O(users) or O(src), a user can have its own value, for example to reset one password. Remove it after the
        run.
      - The module never finds out whether the current password is the declared one. No call returns it, and a sign-in
        that fails would bring the account closer to being locked.
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - The task neither deletes nor blocks the account that it is signed in with. For a purge, list this account in
    O(users) or O(protect).
  - The task refuses a purge that would leave the server without an administrator.
  - A purge also deletes the users that the server created for users of a directory.
seealso:
  - module: vpn.estate.as_user_info
  - module: vpn.estate.as_group
  - module: vpn.estate.as_default_user
  - module: vpn.estate.as_vpn_session
"""

EXAMPLES = r"""
- name: Create a user
  vpn.estate.as_user:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: alice
    group: staff
    auth_method: local
    password: "{{ vault_alice_password }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Create several users, in a group that the same run creates
  vpn.estate.as_user:
    users:
      - name: bob
        group: ops
        admin: true
        totp: true
        password: "{{ vault_bob_password }}"
      - name: carol
        group: ops
        static_ipv4: 172.27.224.10
        bypass_subnets: [192.168.0.0/16]
      - name: dave
        state: blocked
    assume_present: [ops]

- name: Keep these users, and delete all others except the account of the automation
  vpn.estate.as_user:
    users: "{{ people }}"
    purge: true
    purge_limit: 10%
    protect: [openvpn]

- name: Delete all users except the administrators
  vpn.estate.as_user:
    users: []
    purge: true
    purge_empty: true
    purge_limit: 100%
    protect: [openvpn, bob]

- name: Block a user who leaves
  vpn.estate.as_user:
    name: carol
    state: blocked

- name: Move a user to another group, and end the sessions with old addresses
  vpn.estate.as_user:
    name: carol
    group: ops
    disconnect_moved: true

- name: Limit the access of two users, and set a new password for one of them
  vpn.estate.as_user:
    users:
      - name: carol
        until: 2026-12-31
      - name: dave
        until: 2026-12-31T18:00+01:00
        password: "{{ vault_dave_new_password }}"
        update_password: always

- name: Let a user in again, under the rules of the group
  vpn.estate.as_user:
    name: carol
    state: present
    inherit: [deny]

- name: Delete a local user
  vpn.estate.as_user:
    name: test
    state: absent

- name: Create a user of a directory who may not use the web pages
  vpn.estate.as_user:
    name: erin@example.com
    auth_method: saml
    deny_web: true
    allow_generate_profiles: false

- name: Create a user for a router without a person, with the network behind it and a forwarded port range
  vpn.estate.as_user:
    name: branch-lyon
    autologin: true
    client_to_server_subnets: [10.20.0.0/16, "2001:db8:20::/48"]
    static_ipv4: 172.27.224.20
    static_ipv6: "2001:db8:8::20"
    dmz_ip:
      - ip: 203.0.113.20
        protocol: tcp
        start_port: 8000
        end_port: 8010
    dmz_ipv6:
      - ip: "2001:db8::20"
    cc_commands: |
      push "route 10.30.0.0 255.255.0.0"

- name: Remove group and fixed address, and inherit authentication method and routing
  vpn.estate.as_user:
    name: carol
    group: ""
    static_ipv4: ""
    bypass_subnets: []
    inherit: [auth_method, reroute_gw]

- name: Set rules for passwords and codes, and send only DNS through the VPN
  vpn.estate.as_user:
    name: alice
    password_strength: true
    allow_password_change: true
    totp: true
    totp_admin_only: true
    reroute_gw: dns_only

- name: Set scripts for the user's computers
  vpn.estate.as_user:
    name: alice
    cli_script_connect_win_user_connect: "{{ lookup('ansible.builtin.file', 'connect.bat') }}"
    cli_script_connect_win_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.bat') }}"
    cli_script_connect_win_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.bat') }}"
    cli_script_connect_win_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.bat') }}"
    cli_script_connect_win_env:
      SHARE: \\files.example.com\staff
    cli_script_connect_mac_user_connect: "{{ lookup('ansible.builtin.file', 'connect.sh') }}"
    cli_script_connect_mac_user_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect.sh') }}"
    cli_script_connect_mac_admin_connect: "{{ lookup('ansible.builtin.file', 'connect-as-admin.sh') }}"
    cli_script_connect_mac_admin_disconnect: "{{ lookup('ansible.builtin.file', 'disconnect-as-admin.sh') }}"
    cli_script_connect_mac_env:
      SHARE: smb://files.example.com/staff

- name: Deny a user without ending the sessions, and keep the kind of record that the firewall needs
  vpn.estate.as_user:
    name: dave
    deny: true
    compile: true

- name: Set a new password
  vpn.estate.as_user:
    name: alice
    password: "{{ vault_alice_new_password }}"
    update_password: always

- name: Set an authentication method for the account of the task itself
  vpn.estate.as_user:
    name: openvpn
    auth_method: local
    allow_self: true

- name: Declare users whose group a post-auth script for LDAP, RADIUS or SAML chooses at each sign-in
  vpn.estate.as_user:
    users:
      - name: erika
        group: newcomers
        auth_method: ldap
    group_mapping: true

- name: Apply thousands of users from a file that another program writes
  vpn.estate.as_user:
    src: files/users.json
"""

RETURN = r"""
objects:
  description: The users in the order of the declaration, followed by the purged ones.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name of the user.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: >-
        Options whose values changed. V(profiles) stands for revoked client profiles, V(profile_tokens) for invalidated
        tokens, V(sessions) for ended VPN sessions, and V(old_sessions) for sessions that O(disconnect_moved) ended.
      type: list
      elements: str
    profiles:
      description: Number of revoked client profiles.
      returned: when a user with profiles was deleted, or created as blocked
      type: int
    profile_tokens:
      description: Number of invalidated tokens for client profiles.
      returned: when a user with tokens was deleted, or created as blocked
      type: int
    sessions:
      description: Number of ended VPN sessions.
      returned: when a user with sessions was deleted, or created as blocked
      type: int
    ended:
      description: Value of O(until) that blocks the user.
      returned: when O(until) has passed
      type: str
      sample: "2026-12-31"
  sample:
    - name: alice
      action: updated
      changed_keys: [group, password]
    - name: bob
      action: unchanged
      changed_keys: []
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 41
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(USER, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
