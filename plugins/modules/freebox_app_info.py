#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_app_info
short_description: Read what a Freebox is, and what an application may do there
description:
  - Reads what the box tells of itself to anybody, such as its model and where it is reached from elsewhere.
  - With O(freebox_app_token), also which permissions the application has. They are those of when the run signed in.
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
      - Identifier of the application, which the box shows among those that it knows.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_ID).
    type: str
    default: vpn.estate
  freebox_app_token:
    description:
      - The application's token, as M(vpn.estate.freebox_app) has stored it. Left out, permissions are not read.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN).
    type: str
seealso:
  - module: vpn.estate.freebox_app
"""

EXAMPLES = r"""
- name: Read what the box tells to anybody
  vpn.estate.freebox_app_info:
  register: found

- name: Show where it is reached from elsewhere
  ansible.builtin.debug:
    msg: "https://{{ found.box.api_domain }}:{{ found.box.https_port }}"

- name: Read what the application may do
  vpn.estate.freebox_app_info:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Fail where nothing could be written
  ansible.builtin.assert:
    that: "'settings' in found.permissions"
"""

RETURN = r"""
box:
  description: What the box tells of itself. What it does not tell is null; from outside of its network it tells less.
  returned: success
  type: dict
  contains:
    box_model:
      description: Model of the box, in short.
      type: str
      sample: fbxgw9-r1
    box_model_name:
      description: Model of the box, for people.
      type: str
      sample: Freebox v9 (r1)
    device_name:
      description: Name of the box.
      type: str
      sample: Freebox Server
    uid:
      description: What tells this box from every other.
      type: str
      sample: 23b86ec8091013d668829fe12791fdab
    api_version:
      description: Version of its API.
      type: str
      sample: "16.0"
    api_domain:
      description: Name under which the box is reached from elsewhere.
      type: str
      sample: abcdefgh.fbxos.fr
    https_available:
      description: Whether it is reached over TLS under that name.
      type: bool
      sample: true
    https_port:
      description: Port on which it is.
      type: int
      sample: 29491
permissions:
  description: What the application may do. Null where no token was given.
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
