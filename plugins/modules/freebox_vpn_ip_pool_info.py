#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_ip_pool_info
short_description: Read the addresses for VPN clients of a Freebox
description:
  - Reads the range of addresses that the box gives to VPN clients, the reserved addresses with their users, and the
    free ones.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
seealso:
  - module: vpn.estate.freebox_vpn_user
"""

EXAMPLES = r"""
- name: Read the addresses
  vpn.estate.freebox_vpn_ip_pool_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: pool

- name: Create a WireGuard user with the first free address, with the box from module_defaults
  vpn.estate.freebox_vpn_user:
    login: phone
    type: wireguard
    ip_reservation: "{{ pool.free | first }}"
  when: pool.reservations | selectattr('login', 'eq', 'phone') | length == 0
"""

RETURN = r"""
ip_start:
  description: First address of the range.
  returned: success
  type: str
  sample: 192.168.27.65
ip_end:
  description: Last address of the range.
  returned: success
  type: str
  sample: 192.168.27.95
reservations:
  description: Reserved addresses, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    ip:
      description: The address.
      type: str
    login:
      description: Login of the user who gets it.
      type: str
  sample:
    - ip: 192.168.27.70
      login: erika
free:
  description: Addresses that are not reserved, in their order. Clients without a reservation get one of these.
  returned: success
  type: list
  elements: str
  sample: [192.168.27.65, 192.168.27.66]
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.ip_pool import inform

BODY = Body(FREEBOX, {}, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
