#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_ca_info
short_description: Read VPN certificate authorities of an OpenVPN Access Server
description:
  - Reads the certificate authorities that sign the server's own certificate and those of client profiles.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  names:
    description: Common names of authorities. By default, all are returned.
    type: list
    elements: str
seealso:
  - module: vpn.estate.as_ca
"""

EXAMPLES = r"""
- name: Read all authorities
  vpn.estate.as_ca_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: authorities

- name: Report when the current authority ends within a year
  ansible.builtin.debug:
    msg: "{{ item.common_name }} ends in {{ item.days_left }} days, and {{ item.client_profiles }} profiles with it"
  loop: "{{ authorities.cas | selectattr('role', 'eq', 'current') }}"
  when: item.days_left < 365

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read one authority
  vpn.estate.as_ca_info:
    names: [Example VPN CA 2026]
"""

RETURN = r"""
cas:
  description: Authorities, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    common_name:
      description: Common name of the authority.
      type: str
      sample: OpenVPN CA
    serial:
      description: >-
        Serial number of its certificate, in decimal digits. It is text, because it can be too long for a number.
      type: str
      sample: "1708464983752887"
    algorithm:
      description: Algorithm of its key, in the server's spelling.
      type: str
      sample: secp384r1
    role:
      description:
        - V(current) signs new profiles. V(old) authorities signed profiles before and are still trusted. V(cross) ones
          certify another authority.
        - Any other value comes from the server.
      type: str
      sample: current
    not_before:
      description: Start of its validity, in UTC.
      type: str
      sample: "2026-01-27T00:00:00Z"
    not_after:
      description: End of its validity, in UTC.
      type: str
      sample: "2036-01-25T00:00:00Z"
    days_left:
      description: Whole days until the end of its validity; negative afterwards.
      type: int
      sample: 3351
    client_profiles:
      description: Number of client profiles that it has signed.
      type: int
      sample: 42
    signing_ca_cn:
      description: Common name of the authority that signed it, if that is another one.
      type: str
      sample: OpenVPN CA
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki import ca
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import facts, run

BODY = facts(ca.CA, ACCESS_SERVER, ca.listing, ca.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
