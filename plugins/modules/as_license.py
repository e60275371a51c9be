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
  - A licence that the server has is not activated again. Of a subscription, the server is asked what it holds before it is
    loaded, and that is compared with the subscription that the server has. Keys of fixed licences are compared with those that
    the server lists.
  - A subscription that the server does not recognise, or that has ended, is refused before anything is written.
  - Each node of a cluster has a licence of its own. Run the task on each.
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
      - A subscription, as the vendor's portal gives it. It is the text of a JSON object, or the base64 of one.
      - With O(state=present), this or O(activation_key) or O(license_file) is needed.
    type: str
  activation_key:
    description: The key of a fixed licence. The server activates it online, so that it has to reach the vendor.
    type: str
  license_file:
    description:
      - The text of the file of one fixed licence, for a server that cannot reach the vendor. The vendor makes it from the
        identity of the machine, which M(vpn.estate.as_license_info) returns.
    type: str
  state:
    description:
      - V(present) has the licence activated.
      - V(absent) removes a subscription. A fixed licence cannot be removed by the Web API.
    type: str
    choices: [present, absent]
    default: present
  renew:
    description: Whether to activate the licence also where the server has it, which counts as a change in each run.
    type: bool
    default: false
notes:
  - No operation says how a licence of one kind takes the place of another kind, so that the task refuses that. Remove the
    subscription first.
  - Where the answer to the test of a subscription names none, any subscription of the server counts as the declared one.
  - In check mode the server is also asked what a subscription holds, for that changes nothing.
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

- name: Load it again, after the number of its connections has changed in the portal
  vpn.estate.as_license:
    subscription: "{{ vault_subscription }}"
    renew: true

- name: Activate a fixed licence online
  vpn.estate.as_license:
    activation_key: "{{ vault_activation_key }}"

- name: Activate a fixed licence on a server that reaches no other one
  vpn.estate.as_license:
    license_file: "{{ lookup('ansible.builtin.file', 'vpn.example.com.lic') }}"

- name: Give the connections of a server that goes back to the subscription
  vpn.estate.as_license:
    state: absent
"""

RETURN = r"""
objects:
  description: The licence, and what became of it.
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
      description: What went wrong.
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
