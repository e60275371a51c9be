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
  - An option that is left out is left alone. An empty list means none. O(inherit) hands properties back to the level
    above. What is declared is set on the user, also where the inherited value happens to be the same.
  - B(Who belongs there) is V(present). A missing user is created. O(deny) is left alone unless it is declared, so a
    denied user stays denied; declare it V(false), or hand it back by O(inherit), to let the user in again.
  - B(Who leaves) is V(blocked). The user is denied, and then loses every client profile, every token for a new one, and
    every VPN session, in this order. Group, addresses and password stay. A missing user is created denied.
  - B(Who was never to be there) is V(absent). The user is denied, loses the same, and is deleted.
  - B(To deny, without more,) declare O(deny) V(true). The server then refuses to let the user in, and the module ends
    no session.
  - B(Users of a directory) (LDAP, RADIUS, SAML) come back. The directory still lets them in, and at their next sign-in
    the server makes a new user, who takes everything from the default user. Block them rather than delete them.
    V(blocked) also keeps out people of the directory who have not signed in yet. To let in none but declared users, set
    O(vpn.estate.as_default_user#module:def_deny).
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
    description: The user's name. Either this, O(users) or O(src) is needed.
    type: str
  users:
    description: Users, each with the options that a single one takes.
    type: list
    elements: dict
    suboptions:
      name:
        description: The user's name.
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
    description: The user's group. An empty text takes the user out of any group.
    type: str
  static_ipv4:
    description:
      - The IPv4 address that the user always has in the VPN. It must lie in a network that the server gives
        addresses from, to all or to the user's group. An empty text takes it away.
      - Declared for two users, it is refused. If another user keeps it on the server, a warning says so when it is
        written. To see this, the task then reads the addresses of all users.
    type: str
  static_ipv6:
    description:
      - The IPv6 address that the user always has in the VPN. An empty text takes it away.
      - For two users, it goes for it what goes for O(static_ipv4).
    type: str
  dmz_ip:
    description: IPv4 addresses of the server that lead from outside to the user's client, in any order.
    type: list
    elements: dict
    suboptions:
      ip: &dmz_address
        description: The address.
        type: str
        required: true
      protocol: &dmz_protocol
        description: Forward this protocol only. Left out, everything is forwarded.
        type: str
        choices: [tcp, udp, icmp]
      start_port: &dmz_start_port
        description:
          - Forward this port only, or with C(end_port) all ports from this one to that. It needs C(protocol) V(tcp) or V(udp).
        type: int
      end_port: &dmz_end_port
        description: The last port to forward.
        type: int
  dmz_ipv6:
    description: IPv6 addresses of the server that lead from outside to the user's client, in any order.
    type: list
    elements: dict
    suboptions:
      ip: *dmz_address
      protocol: *dmz_protocol
      start_port: *dmz_start_port
      end_port: *dmz_end_port
  client_to_server_subnets:
    description:
      - Networks behind the user's client, for which it is the gateway, in any order.
      - Of an address in a network, such as V(10.20.4.7/24), the network is written, and a warning says so.
    type: list
    elements: str
  compile:
    description:
      - Whether the server reads the user's record for its firewall rules, and not only when the user connects.
      - Servers derive this from the other properties. Leave it out unless you know that you need it.
    type: bool
  totp_admin_only:
    description: Whether only administrators may make and see the secret of the user's authenticator.
    type: bool
  password:
    description:
      - The local password. It is of use only with the O(auth_method) V(local).
      - O(update_password) says when it is sent. It is never read, compared or shown.
      - A password that is the user's name is refused. One of less than 8 characters brings a warning, because it is
        too short to be masked in the output of Ansible.
    type: str
  inherit:
    description:
      - Properties to hand back to the level above, which is the group, then the default user, then the
        configuration.
      - A property is either declared or listed here, not both.
  state:
    description:
      - Whether the user is there, and may come in. With O(users), it goes for those that have no state of their own.
    type: str
    choices: [present, absent, blocked]
    default: present
  until:
    description:
      - The end of the user's access. It says nothing of users whose O(state) is V(blocked) or V(absent).
      - A day, such as V(2026-12-31), is meant to its end. A time is a day with V(T) or a blank and the time, such as
        V(2026-12-31T18:00). Both are of the time zone of the machine where the task runs, which is the controller with
        C(connection=local). Another zone is added as in V(2026-12-31 Europe/Paris) or V(2026-12-31T18:00+01:00). A time that
        comes twice, because a clock is set back, is meant the second time.
      - Afterwards the user is V(blocked), whatever O(deny) and O(inherit) say. RV(objects[].ended) tells of whom this is so.
      - It is no property of the server, which never sees it. The user is blocked by the first run after the end.
      - To see what a run on another day would do, set the variable C(vpn_estate_today), or C(VPN_ESTATE_TODAY) in the
        environment, to a day, of which the first moment counts, or to a time. This is for check mode. Otherwise the task is
        refused, because a wrong day would let users in, or block them.
      - What is declared has to be right on each day. Two users cannot have one O(static_ipv4) one after the other.
    type: str
    version_added: 1.1.0
  group_mapping:
    description:
      - Whether a group mapping of the server says who is in which group. A post-auth script for LDAP, RADIUS or SAML
        assigns a user to a group at each sign-in, and a run that assigns the declared group would undo that.
      - With V(true), O(group) is the group of a user who is created, and a user who is there stays in the group that the
        server has.
    type: bool
    default: false
  disconnect_moved:
    description:
      - Whether the VPN sessions of users end who get another O(group), O(static_ipv4) or O(static_ipv6). A client that stays
        connected keeps the address that it has.
      - They end after everything else was written. Clients may connect again at once, with what is new.
      - A session ends by the task that moves its user. To end one that was left over, use M(vpn.estate.as_vpn_session). A user who
        is moved by C(members) of M(vpn.estate.as_group) alone stays connected.
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description:
      - When a declared password is sent. V(on_create) sends it when the user is created, and later only while the
        server says that it has none for the user. V(always) sends it in every run, which always counts as a change.
      - In O(users) or O(src), a user can have its own, so that one password is reset and the others are not. Remove it after
        the run.
      - Whether the password there is the declared one is never found out. No call tells, and a sign-in to try it would,
        if it failed, help to lock the account.
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - The account that the task is signed in with is neither deleted nor blocked by it. A purge must name it in O(users)
    or O(protect).
  - A purge that would leave the server without an administrator is refused.
  - A purge also deletes the users whom the server made for people of a directory.
seealso:
  - module: vpn.estate.as_user_info
  - module: vpn.estate.as_group
  - module: vpn.estate.as_default_user
  - module: vpn.estate.as_vpn_session
"""

EXAMPLES = r"""
- name: One user
  vpn.estate.as_user:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: alice
    group: staff
    auth_method: local
    password: "{{ vault_alice_password }}"

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Many users, in a group that the same run creates
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

- name: These users and no others, apart from the account of this automation
  vpn.estate.as_user:
    users: "{{ people }}"
    purge: true
    purge_limit: 10%
    protect: [openvpn]

- name: No users at all but those of the administrators
  vpn.estate.as_user:
    users: []
    purge: true
    purge_empty: true
    purge_limit: 100%
    protect: [openvpn, bob]

- name: Somebody leaves
  vpn.estate.as_user:
    name: carol
    state: blocked

- name: Another group, and no session that carries an address of the one before
  vpn.estate.as_user:
    name: carol
    group: ops
    disconnect_moved: true

- name: Users with an end, and a new password for one of them
  vpn.estate.as_user:
    users:
      - name: carol
        until: 2026-12-31
      - name: dave
        until: 2026-12-31T18:00+01:00
        password: "{{ vault_dave_new_password }}"
        update_password: always

- name: Somebody comes back, under the rules of the group
  vpn.estate.as_user:
    name: carol
    state: present
    inherit: [deny]

- name: Delete a user of the server's own
  vpn.estate.as_user:
    name: test
    state: absent

- name: A user from a directory, who may not come to the web pages
  vpn.estate.as_user:
    name: erin@example.com
    auth_method: saml
    deny_web: true
    allow_generate_profiles: false

- name: A router without anybody to type a password, the network behind it, and a port that leads to it
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

- name: Out of any group, without a fixed address, and back to the inherited authentication and routing
  vpn.estate.as_user:
    name: carol
    group: ""
    static_ipv4: ""
    bypass_subnets: []
    inherit: [auth_method, reroute_gw]

- name: Rules for passwords and codes, and DNS alone through the VPN
  vpn.estate.as_user:
    name: alice
    password_strength: true
    allow_password_change: true
    totp: true
    totp_admin_only: true
    reroute_gw: dns_only

- name: Scripts on the user's computers
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

- name: Deny a user without ending the sessions, and keep the kind of record that the firewall asks for
  vpn.estate.as_user:
    name: dave
    deny: true
    compile: true

- name: A new password, now
  vpn.estate.as_user:
    name: alice
    password: "{{ vault_alice_new_password }}"
    update_password: always

- name: An authentication method of its own for the account that the task itself is signed in with
  vpn.estate.as_user:
    name: openvpn
    auth_method: local
    allow_self: true

- name: Users whose group the directory chooses at each sign-in, by a post-auth script for LDAP, RADIUS or SAML
  vpn.estate.as_user:
    users:
      - name: erika
        group: newcomers
        auth_method: ldap
    group_mapping: true

- name: Thousands of users from a file that another program writes
  vpn.estate.as_user:
    src: files/users.json
"""

RETURN = r"""
objects:
  description: The users, in the order in which they were declared, and after them those that were purged.
  returned: when the task got as far as a comparison with the server
  type: list
  elements: dict
  contains:
    name:
      description: The user's name.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: >-
        Options whose values changed. Here V(profiles) stands for client profiles that were revoked, V(profile_tokens)
        for tokens that were made invalid, V(sessions) for VPN sessions that ended, and V(old_sessions) for those that
        O(disconnect_moved) ended.
      type: list
      elements: str
    profiles:
      description: How many client profiles were revoked.
      returned: when a user who had some was deleted, or created blocked
      type: int
    profile_tokens:
      description: How many tokens for client profiles were made invalid.
      returned: when a user who had some was deleted, or created blocked
      type: int
    sessions:
      description: How many VPN sessions ended.
      returned: when a user who had some was deleted, or created blocked
      type: int
    ended:
      description: Value of O(until), because of which the user is blocked.
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
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
