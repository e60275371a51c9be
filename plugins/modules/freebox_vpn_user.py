#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_user
short_description: Manage VPN users of a Freebox
description:
  - Creates, changes and deletes VPN users, one by O(login) or many by O(users). They are common to all VPN servers of the
    box.
  - An option that is left out is left alone, and an empty O(ip_reservation) means none.
  - Addresses are looked at before anything is written. They have to be in the range that the box gives to VPN clients,
    and can be one user's only; users of one task may change addresses with each other.
  - A deleted user is cut off, if it is connected. One who cannot be is a failure that names the user, because the next task
    finds no such user, and nothing to do; M(vpn.estate.freebox_vpn_connection) ends the connection then.
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
    description: The user's login. Either this, O(users) or O(src) is needed.
    type: str
  users:
    description: Users, each with the options that a single one takes.
    type: list
    elements: dict
    suboptions:
      login:
        description: The user's login.
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
      - The user's password, of 8 to 32 characters. Set where the user has none yet; see O(update_password).
      - A WireGuard user has none.
    type: str
  type:
    description:
      - V(standard) users may use all servers but that of WireGuard, and V(wireguard) users only that. A box without
        WireGuard knows no other than V(standard), which is also what a new user is where nothing is said.
      - The type of a user cannot be changed; see O(recreate).
    type: str
    choices: [standard, wireguard]
  ip_reservation:
    description:
      - The IPv4 address that the user gets; an empty one means whichever is free.
      - A WireGuard user needs one.
    type: str
  conf_wireguard:
    description: What is particular to a WireGuard user. The box makes its keys, and tells them in the profile only.
    type: dict
    suboptions:
      keepalive:
        description: How many seconds of silence are interrupted by a packet; V(0) means none.
        type: int
      psk:
        description: Whether to use a key that both sides share, beside those that they do not.
        type: bool
  recreate:
    description:
      - Whether a user of another O(type) than is declared may be deleted and made anew. The profiles that it had do not work
        any more, and it has no password and no address but those that are declared.
    type: bool
    default: false
  disconnect_moved:
    description:
      - Whether the connections of users end who get another O(ip_reservation), and who are connected with another address. They end
        after everything else was written. Clients may connect again at once, with what is new.
      - A connection ends by the task that moves its user. To end one that was left over, use
        M(vpn.estate.freebox_vpn_connection).
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description:
      - V(on_create) sets O(password) where the user has none. V(always) sets it each time and says changed each time, because
        the box does not tell which one it has.
      - In O(users) or O(src), a user can have its own, so that one password is set again and the others are not. Remove it
        after the run.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the users are there.
    type: str
    choices: [present, absent]
    default: present
  until:
    description:
      - The end of the user's access, in the forms of O(vpn.estate.as_user#module:until), such as V(2026-12-31). It says nothing
        of users whose O(state) is V(absent).
      - Afterwards the user is V(absent), because a box cannot block a user and keep it. RV(objects[].ended) tells of
        whom this is so.
      - The box never sees it. The user is deleted by the first run after the end.
    type: str
    version_added: 1.1.0
seealso:
  - module: vpn.estate.freebox_vpn_user_info
  - module: vpn.estate.freebox_vpn_ip_pool_info
  - module: vpn.estate.freebox_vpn_profile
"""

EXAMPLES = r"""
- name: A user with an address of its own
  vpn.estate.freebox_vpn_user:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    login: erika
    password: "{{ vault_erika_password }}"
    ip_reservation: 192.168.27.70

- name: These users and no others, with the box set by module_defaults
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

- name: A user that was of another type
  vpn.estate.freebox_vpn_user:
    login: laptop
    type: wireguard
    ip_reservation: 192.168.27.72
    recreate: true

- name: A new password, now
  vpn.estate.freebox_vpn_user:
    login: erika
    password: "{{ vault_erika_password }}"
    update_password: always

- name: Another address, and no connection that has the one before
  vpn.estate.freebox_vpn_user:
    login: erika
    ip_reservation: 192.168.27.75
    disconnect_moved: true

- name: Users with an end, and a new password for one of them
  vpn.estate.freebox_vpn_user:
    users:
      - login: erika
        until: 2026-12-31
      - login: max
        until: 2026-12-31T18:00 Europe/Paris
        password: "{{ vault_max_new_password }}"
        update_password: always

- name: Who leaves
  vpn.estate.freebox_vpn_user:
    login: max
    state: absent

- name: Users from every file of a folder
  vpn.estate.freebox_vpn_user:
    src: files/freebox_users
"""

RETURN = r"""
objects:
  description: The users, in the order in which they were declared, and after them those that were purged.
  returned: when the task got as far as a comparison with the box
  type: list
  elements: dict
  contains:
    name:
      description: The user's login.
      type: str
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    ended:
      description: Value of O(until), because of which the user is absent.
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
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
