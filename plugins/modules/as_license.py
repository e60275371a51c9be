#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_license
short_description: Activate the licence of an OpenVPN Access Server
description:
  - Activates a subscription, or a fixed licence by its key or its file, and removes a subscription.
  - A licence that the server already has is not activated again. For a subscription, the task lets the server read it
    before it is loaded, and compares it with the subscription that the server has. Keys of fixed licences are compared
    with those that the server lists.
  - The task refuses a subscription that the server does not recognise, or that has ended, before it writes anything.
  - Each node of a cluster has its own licence. Run the task on each node.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  subscription:
    description:
      - A subscription from the vendor's portal, as the text of a JSON object or as its base64 form.
      - With O(state=present), one of this option, O(activation_key) and O(license_file) is required.
    type: str
  activation_key:
    description: Key of a fixed licence. The server activates it online, so it must reach the vendor.
    type: str
  license_file:
    description:
      - Text of the file of one fixed licence, for a server that cannot reach the vendor. The vendor creates it from the
        identity of the machine, which M(vpn.estate.as_license_info) returns.
    type: str
  state:
    description:
      - V(present) activates the licence.
      - V(absent) removes a subscription. The Web API cannot remove a fixed licence.
    type: str
    choices: [present, absent]
    default: present
  renew:
    description: Whether to activate the licence even if the server has it, which counts as a change in each run.
    type: bool
    default: false
notes:
  - The API does not define how a licence of one kind replaces one of another kind, so the task refuses that. Remove the
    subscription first.
  - If the answer to the test of a subscription contains none, any subscription of the server counts as the declared
    one.
  - In check mode, the task also lets the server read a subscription, because this changes nothing.
seealso:
  - module: vpn.estate.as_license_info
"""

EXAMPLES = r"""
- name: Load a subscription
  vpn.estate.as_license:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    subscription: "{{ vault_subscription }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Load a subscription again, after the number of its connections has changed in the portal
  vpn.estate.as_license:
    subscription: "{{ vault_subscription }}"
    renew: true

- name: Activate a fixed licence online
  vpn.estate.as_license:
    activation_key: "{{ vault_activation_key }}"

- name: Activate a fixed licence on a server without access to the vendor
  vpn.estate.as_license:
    license_file: "{{ lookup('ansible.builtin.file', 'vpn.example.com.lic') }}"

- name: Return the connections of a server to the subscription
  vpn.estate.as_license:
    state: absent
"""

RETURN = r"""
objects:
  description: The licence with its result, as a list with one entry.
  returned: always
  type: list
  elements: dict
  sample:
    - name: license
      action: created
      changed_keys: [subscription]
  contains:
    name:
      description: Always V(license).
      type: str
    # BEGIN objects (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of .
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    # END
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import LICENSE
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(LICENSE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
