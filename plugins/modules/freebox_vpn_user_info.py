#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_user_info
short_description: Read VPN users of a Freebox
description:
  - Returns VPN users, in the form that M(vpn.estate.freebox_vpn_user) takes. The box does not return passwords and
    keys.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._names
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
seealso:
  - module: vpn.estate.freebox_vpn_user
  - module: vpn.estate.freebox_vpn_ip_pool_info
"""

EXAMPLES = r"""
- name: Read all VPN users
  vpn.estate.freebox_vpn_user_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Show the users without a password
  ansible.builtin.debug:
    msg: "{{ found.users | selectattr('type', 'eq', 'standard') | rejectattr('password_set') | map(attribute='login') }}"

- name: Read one user, with the box from module_defaults
  vpn.estate.freebox_vpn_user_info:
    names: [erika]
"""

RETURN = r"""
users:
  description: Users by login.
  returned: success
  type: list
  elements: dict
  contains:
    login:
      description: Login of the user.
      type: str
    type:
      description: V(standard) or V(wireguard). V(standard) also if the box has no types.
      type: str
    password_set:
      description: Whether the user has a password.
      type: bool
    ip_reservation:
      description: Address that the user gets; empty if the user gets any free address.
      type: str
    conf_wireguard:
      description: Options of a WireGuard user; V(null) for other users.
      type: dict
      contains:
        keepalive:
          description: Seconds of silence after which a packet is sent.
          type: int
        psk:
          description: Whether both sides share an additional key.
          type: bool
    unknown_properties:
      # BEGIN unknown_properties (tools/generate.py)
      description: Names of properties that are set on the server and that this collection does not know.
      type: list
      elements: str
      # END
  sample:
    - login: erika
      type: standard
      password_set: true
      ip_reservation: 192.168.27.70
      conf_wireguard:
declaration:
  # BEGIN declaration: O(vpn.estate.freebox_vpn_user#module:users) (tools/generate.py)
  description:
    - Input for O(vpn.estate.freebox_vpn_user#module:users).
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

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER

BODY = inform(VPN_USER, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
