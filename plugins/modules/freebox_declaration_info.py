#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_declaration_info
short_description: Read the VPN servers and users of a Freebox as a declaration
description:
  - Returns what is set on a Freebox, in the form that M(vpn.estate.freebox_declaration) takes.
  - Inherited values, read-only values and defaults are left out. RV(left_out) lists what a declaration cannot hold.
  - Secrets are not returned. RV(secrets) lists those that are set.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.freebox
options:
  only:
    description: Parts to read. By default, all parts are read.
    type: list
    elements: str
    choices: [servers, users]
seealso:
  - module: vpn.estate.freebox_declaration
  - module: vpn.estate.declaration_files
"""

EXAMPLES = r"""
- name: Read everything that can be declared
  vpn.estate.freebox_declaration_info:
    freebox_url: https://mafreebox.freebox.fr
    freebox_app_id: fr.example.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
  register: found

- name: Read users, with the box from module_defaults
  vpn.estate.freebox_declaration_info:
    only: [users]
"""

RETURN = r"""
declaration:
  # BEGIN declaration: M(vpn.estate.freebox_declaration) (tools/generate.py)
  description:
    - Input for M(vpn.estate.freebox_declaration).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: dict
  sample:
    servers:
      - name: openvpn_routed
        enabled: true
    users:
      - login: alice
secrets:
  description: Secrets that are set on the box and that it does not return.
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

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform_server, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION, beyond

BODY = inform_server(DECLARATION, FREEBOX, beyond)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
