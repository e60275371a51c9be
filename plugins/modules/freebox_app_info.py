#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_app_info
short_description: Read the properties of a Freebox, and the permissions of an application
description:
  - Reads the properties that the box returns without a sign-in, such as its model and its address for access from other
    networks.
  - With O(freebox_app_token), the module also reads the permissions of the application. They are those at the time of
    the run's sign-in.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox.reach
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
options:
  freebox_app_id:
    description:
      - Identifier of the application, which the box shows in its list of applications.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_ID).
    type: str
    default: vpn.estate
  freebox_app_token:
    description:
      - Token of the application, as M(vpn.estate.freebox_app) has stored it. Without it, permissions are not read.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN).
    type: str
seealso:
  - module: vpn.estate.freebox_app
"""

EXAMPLES = r"""
- name: Read the properties of the box
  vpn.estate.freebox_app_info:
  register: found

- name: Show the address for access from other networks
  ansible.builtin.debug:
    msg: "https://{{ found.box.api_domain }}:{{ found.box.https_port }}"

- name: Read the permissions of the application
  vpn.estate.freebox_app_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Fail if the application may not write
  ansible.builtin.assert:
    that: "'settings' in found.permissions"
"""

RETURN = r"""
box:
  description: Properties of the box. Missing properties are null. Outside of its own network, the box returns fewer.
  returned: success
  type: dict
  contains:
    box_model:
      description: Model of the box, as a short name.
      type: str
      sample: fbxgw9-r1
    box_model_name:
      description: Model of the box, as a name for users.
      type: str
      sample: Freebox v9 (r1)
    device_name:
      description: Name of the box.
      type: str
      sample: Freebox Server
    uid:
      description: Unique identifier of the box.
      type: str
      sample: 23b86ec8091013d668829fe12791fdab
    api_version:
      description: Version of its API.
      type: str
      sample: "16.0"
    api_domain:
      description: Host name of the box for access from other networks.
      type: str
      sample: abcdefgh.fbxos.fr
    https_available:
      description: Whether the box can be reached over TLS under that name.
      type: bool
      sample: true
    https_port:
      description: Port for this access.
      type: int
      sample: 29491
permissions:
  description: Permissions of the application. Null if no token was given.
  returned: success
  type: list
  elements: str
  sample: [calls, settings]
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.pairing import PAIRING, inform

BODY = Body(PAIRING, {}, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
