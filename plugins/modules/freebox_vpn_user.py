#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_user
short_description: Manage VPN users of a Freebox
description:
  - Creates, changes and deletes VPN users, one by O(login) or many by O(users). All VPN servers of the box share them.
  - Options that are left out stay as they are on the box. An empty O(ip_reservation) means none.
  - The task checks addresses before it writes anything. They must be in the range that the box gives to VPN clients,
    and only one user may have an address. Users of one task may exchange addresses with each other.
  - If a deleted user is connected, the task ends the connection. If that fails, the task fails and names the user. The
    next task then finds no such user and does nothing. End the connection with M(vpn.estate.freebox_vpn_connection).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._src
  - vpn.estate._purge
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.freebox
options:
  login:
    description: Login of the user. One of this option, O(users) and O(src) is required.
    type: str
  users:
    description: Users, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      login:
        description: Login of the user.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      password: {description: See O(password)., type: str}
      type:
        description: See O(type).
        type: str
        choices: [standard, wireguard]
      ip_reservation: {description: See O(ip_reservation)., type: str}
      conf_wireguard:
        description: See O(conf_wireguard).
        type: dict
        suboptions:
          keepalive: {description: See O(conf_wireguard.keepalive)., type: int}
          psk: {description: See O(conf_wireguard.psk)., type: bool}
      until: {description: See O(until)., type: str}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      update_password:
        description: See O(update_password).
        type: str
        choices: [on_create, always]
      # END
  password:
    description:
      - Password of the user, of 8 to 32 characters. It is set if the user has none yet; see O(update_password).
      - A WireGuard user has no password.
    type: str
  type:
    description:
      - V(standard) users may use all servers except the WireGuard server. V(wireguard) users may use only the WireGuard
        server. A box without WireGuard knows only V(standard), which is also the default of a new user.
      - The type of an existing user cannot be changed; see O(recreate).
    type: str
    choices: [standard, wireguard]
  ip_reservation:
    description:
      - IPv4 address that the user gets. An empty text means any free address.
      - A WireGuard user requires one.
    type: str
  conf_wireguard:
    description: Options of a WireGuard user. The box creates the keys, and returns them only in the profile.
    type: dict
    suboptions:
      keepalive:
        description: Seconds of silence after which a packet is sent; V(0) means never.
        type: int
      psk:
        description: Whether to use a key that both sides share, in addition to the keys of each side.
        type: bool
  recreate:
    description:
      - Whether to delete a user whose O(type) differs from the declared one, and to create the user again. Old profiles
        of the user then no longer work, and the user has only the declared password and address.
    type: bool
    default: false
  disconnect_moved:
    description:
      - Whether to end the connections of users whose O(ip_reservation) changes, and who are connected with another
        address. They end after everything else is written. Clients may connect again at once, and get the new values.
      - Only the task that moves a user ends the user's connections. To end an older connection, use
        M(vpn.estate.freebox_vpn_connection).
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description:
      - V(on_create) sets O(password) if the user has none. V(always) sets it in each run and always reports a change,
        because the box does not return the current password.
      - In O(users) or O(src), a user can have its own value, for example to reset one password. Remove it after the
        run.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the users exist.
    type: str
    choices: [present, absent]
    default: present
  until:
    description:
      - End of the user's access, in the forms of O(vpn.estate.as_user#module:until), such as V(2026-12-31). It has no
        effect on users whose O(state) is V(absent).
      - After the end, the user is V(absent), because a box cannot block a user and keep it. RV(objects[].ended) marks
        these users.
      - The box never sees this option. The first run after the end deletes the user.
    type: str
    version_added: 1.1.0
seealso:
  - module: vpn.estate.freebox_vpn_user_info
  - module: vpn.estate.freebox_vpn_ip_pool_info
  - module: vpn.estate.freebox_vpn_profile
"""

EXAMPLES = r"""
- name: Create a user with a fixed address
  vpn.estate.freebox_vpn_user:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    login: erika
    password: "{{ vault_erika_password }}"
    ip_reservation: 192.168.27.70

- name: Keep these users, and delete all others except a guest, with the box from module_defaults
  vpn.estate.freebox_vpn_user:
    users:
      - login: erika
      - login: max
        ip_reservation: ""
      - login: phone
        type: wireguard
        ip_reservation: 192.168.27.71
        conf_wireguard:
          keepalive: 25
          psk: true
    purge: true
    purge_limit: 50%
    purge_empty: false
    protect: [guest]

- name: Create a user again with another type
  vpn.estate.freebox_vpn_user:
    login: laptop
    type: wireguard
    ip_reservation: 192.168.27.72
    recreate: true

- name: Set a new password
  vpn.estate.freebox_vpn_user:
    login: erika
    password: "{{ vault_erika_password }}"
    update_password: always

- name: Change the address of a user, and end connections with the old one
  vpn.estate.freebox_vpn_user:
    login: erika
    ip_reservation: 192.168.27.75
    disconnect_moved: true

- name: Limit the access of two users, and set a new password for one of them
  vpn.estate.freebox_vpn_user:
    users:
      - login: erika
        until: 2026-12-31
      - login: max
        until: 2026-12-31T18:00 Europe/Paris
        password: "{{ vault_max_new_password }}"
        update_password: always

- name: Delete a user who leaves
  vpn.estate.freebox_vpn_user:
    login: max
    state: absent

- name: Apply users from every file of a folder
  vpn.estate.freebox_vpn_user:
    src: files/freebox_users
"""

RETURN = r"""
objects:
  description: The users in the order of the declaration, followed by the purged ones.
  returned: when the task has compared the declaration with the box
  type: list
  elements: dict
  contains:
    name:
      description: Login of the user.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    ended:
      description: Value of O(until) that makes the user absent.
      returned: when O(until) has passed
      type: str
      sample: "2026-12-31"
  sample:
    - name: erika
      action: updated
      changed_keys: [ip_reservation]
    - name: max
      action: unchanged
      changed_keys: []
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 7
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER

BODY = manage(VPN_USER, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
