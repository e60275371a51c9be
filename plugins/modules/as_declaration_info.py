#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_declaration_info
short_description: Read a whole OpenVPN Access Server as a declaration
description:
  - Returns what is set on an OpenVPN Access Server, in the form that M(vpn.estate.as_declaration) takes.
  - Inherited values, read-only values and defaults are left out. RV(left_out) lists what a declaration cannot hold.
  - Secrets are not returned. RV(secrets) lists those that are set.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  only:
    description: Parts to read. By default, all parts are read.
    type: list
    elements: str
    choices: [groups, default_user, users, access_lists, access_rulesets, config_items]
seealso:
  - module: vpn.estate.as_declaration
  - module: vpn.estate.declaration_files
"""

EXAMPLES = r"""
- name: Read everything that can be declared
  vpn.estate.as_declaration_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Show what a declaration cannot hold
  ansible.builtin.debug:
    msg: "{{ found.left_out | map(attribute='reason') }}"

- name: Read users and groups, with the server from module_defaults
  vpn.estate.as_declaration_info:
    only: [users, groups]
"""

RETURN = r"""
declaration:
  # BEGIN declaration: M(vpn.estate.as_declaration) (tools/generate.py)
  description:
    - Input for M(vpn.estate.as_declaration).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: dict
  sample:
    groups:
      - name: staff
        subnets: [10.9.0.0/24]
    users:
      - name: alice
        group: staff
secrets:
  description: Secrets that are set on the server and that it does not return.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration., type: str}
    name: {description: Name of the object., type: str}
    option: {description: Option that takes the secret., type: str}
  sample:
    - part: users
      name: alice
      option: password
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION, beyond
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform_server, run

BODY = inform_server(DECLARATION, ACCESS_SERVER, beyond)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
