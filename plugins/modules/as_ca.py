#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_ca
short_description: Manage VPN certificate authorities of an OpenVPN Access Server
description:
  - Creates and deletes the certificate authorities with which the server signs its own certificate and those of client
    profiles. The newest authority is the current one, which signs new profiles. The server continues to trust the
    others.
  - The server also creates authorities itself, for example when the current one is older than a year. Authorities that
    are not declared stay on the server.
  - To replace an authority without locking users out, create a new one, issue every profile again, and delete the old
    one when no profile depends on it. The role P(vpn.estate.ca_rotation#role) does this.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  cas:
    description:
      - Several authorities. They are created in this order, so the last one is the current one afterwards.
      - Use it instead of O(common_name), O(serial), O(algorithm) and O(delete_clients).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      common_name: {description: See O(common_name)., type: str}
      serial: {description: See O(serial)., type: str}
      algorithm: {description: See O(algorithm)., type: str}
      delete_clients: {description: See O(delete_clients)., type: int}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  common_name:
    description: Common name of the authority, of at most 64 characters. It identifies the authority.
    type: str
  serial:
    description:
      - Serial number of the authority, as M(vpn.estate.as_ca_info) shows it.
      - Use it instead of the common name to delete one of several authorities with the same name.
    type: str
  algorithm:
    description:
      - Algorithm of its key, such as V(secp384r1) or V(rsa3072). The task refuses an algorithm that the server does not
        offer, and lists those that it offers.
      - By default, the server chooses. An existing authority keeps its algorithm, and the task refuses a different one.
    type: str
  delete_clients:
    description:
      - Number of client profiles that are lost with the authority. An authority that has signed profiles is deleted
        only if this is the number that the server counts.
    type: int
  state:
    description:
      - V(present) creates the authority if none has its name. The server may restart briefly. The task waits for it.
      - V(absent) deletes it. The task refuses to delete the last authority, or one that has signed client profiles; see
        O(delete_clients).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: vpn.estate.as_ca_info
  - module: vpn.estate.as_profile
"""

EXAMPLES = r"""
- name: Create an authority
  vpn.estate.as_ca:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    common_name: Example VPN CA 2026
    algorithm: secp384r1

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Delete an authority that no profile needs
  vpn.estate.as_ca:
    common_name: Example VPN CA 2020
    state: absent

- name: Delete an authority, and let two client profiles stop working
  vpn.estate.as_ca:
    common_name: Example VPN CA 2022
    delete_clients: 2
    state: absent

- name: Delete one of two authorities with the same name
  vpn.estate.as_ca:
    serial: "1708464983752887"
    state: absent

- name: Delete one authority and create another
  vpn.estate.as_ca:
    cas:
      - common_name: Example VPN CA 2020
        state: absent
      - common_name: Example VPN CA 2026

- name: Apply authorities from a file
  vpn.estate.as_ca:
    src: files/cas.yml
"""

RETURN = r"""
objects:
  description:
    - Each declared authority with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Common name of the authority, or C(of serial) with its serial number if that was given.
      type: str
      sample: Example VPN CA 2026
    # BEGIN objects: V(created), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: Options that a new authority was created with.
      type: list
      elements: str
      sample: [algorithm]
    serial:
      description: Serial number of an existing authority.
      returned: when the authority existed
      type: str
      sample: "1708464983752887"
    client_profiles:
      description: Number of client profiles that it had signed.
      returned: when the authority existed
      type: int
      sample: 0
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import CA
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(CA, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
