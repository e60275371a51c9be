#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sacli_dump_info
short_description: Convert what sacli of an OpenVPN Access Server prints to a declaration
description:
  - Reads files with the output of C(sacli UserPropGet) and C(sacli ConfigQuery), and returns what they stand for as
    M(vpn.estate.as_declaration) takes it.
  - Nothing gets lost without a word. Each key of the files ends in RV(declaration), in RV(secrets) or in RV(not_converted),
    with the reason. RV(left_out) says the same in sentences.
  - Nothing is guessed. A key or a form whose meaning no document tells is not converted. An option is converted whole or not
    at all, because an access list that lacks a rule would allow or deny something else.
  - Secrets never leave the host where the files lie. Run it there, or copy the files to the controller and delegate the task to
    it.
  - It talks to no server, and needs nothing but Python on the host.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._attributes
  - vpn.estate._attributes.info
options:
  user_properties:
    description: Path of a file with the output of C(sacli UserPropGet), which is JSON.
    type: path
  configuration:
    description:
      - Path of a file with the output of C(sacli ConfigQuery), which is JSON.
      - Access rules of the class C(SUBNET) need it. Whether they route or translate addresses depends on
        C(vpn.server.routing.private_access).
    type: path
notes:
  - A dump holds digests of passwords, secrets of second factors and private keys. Keep it as safe as the server itself, and delete
    it when it is converted.
seealso:
  - module: vpn.estate.as_declaration
  - module: vpn.estate.as_declaration_info
  - module: vpn.estate.declaration_files
"""

EXAMPLES = r"""
# On the server, as root:
#   sacli UserPropGet > /root/users.json
#   sacli ConfigQuery > /root/configuration.json

- name: Convert the dumps where they lie
  vpn.estate.sacli_dump_info:
    user_properties: /root/users.json
    configuration: /root/configuration.json
  become: true
  register: dump

- name: Show what is left to do by hand
  ansible.builtin.debug:
    msg: "{{ dump.left_out | map(attribute='reason') }}"

- name: Write it as variables of the host
  vpn.estate.declaration_files:
    product: access_server
    declaration: "{{ dump.declaration }}"
    secrets: "{{ dump.secrets }}"
    left_out: "{{ dump.left_out }}"
    source: sacli on {{ inventory_hostname }}
    dest: "{{ inventory_dir }}/host_vars/{{ inventory_hostname }}"
"""

RETURN = r"""
declaration:
  description:
    - What is converted, as options of M(vpn.estate.as_declaration). Only what is set on an object itself is there.
    - C(groups), C(default_user), C(users) and C(access_lists) are there where O(user_properties) is given, and
      C(config_items) where O(configuration) is.
  returned: success
  type: dict
  sample:
    groups: [{name: staff, admin: false, autologin: true}]
    users: [{name: erika, group: staff}]
    access_lists: [{group: staff, access_to: [10.10.0.0/24]}]
    config_items: [{name: host.name, value: vpn.example.com}]
secrets:
  description:
    - Options of the declaration that hold secrets, and are not in it. Give each of them from a vault, or leave it out.
    - Of a password, a dump holds a digest alone, which no server takes over the Web API. Choose another one.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: The part of the declaration., type: str}
    name: {description: The name of the object., type: str}
    option: {description: The option that takes the secret., type: str}
  sample:
    - part: users
      name: erika
      option: password
not_converted:
  description: Keys of the dumps that are not in the declaration, or in which something is lost.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: The part of the declaration that it would belong to; empty where that is not known., type: str}
    object: {description: "The object, by its kind and its name.", type: str}
    key: {description: The key of the dump., type: str}
    value:
      description:
        - Its value, but for what may be a secret. Of what is neither text, a whole number nor a boolean, its kind; of a text of
          more than 2000 characters, its length.
      type: raw
    reason: {description: Why it is not converted., type: str}
  sample:
    - part: groups
      object: group staff
      key: c2s_dest_s
      value: "false"
      reason: no field of the Web API is known to stand for it
left_out:
  description:
    - The same in sentences, as M(vpn.estate.declaration_files) takes them, and what the two commands do not print.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: The part of the declaration of a whole server; empty for what is in none., type: str}
    reason: {description: A sentence that says what is left out and why., type: str}
  sample:
    - part: groups
      reason: "group staff: c2s_dest_s (false) is not converted: no field of the Web API is known to stand for it."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.conversion import convert
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.dump import (
    CONFIGURATION,
    USERS,
    read_dumps,
)
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import told
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown

OPTIONS = (USERS, CONFIGURATION)


def main() -> None:
    """Run the task."""
    module = AnsibleModule(
        argument_spec={option: {"type": "path"} for option in OPTIONS},
        required_one_of=[OPTIONS],
        supports_check_mode=True,
    )
    try:
        found = convert(read_dumps(module.params, plain_read))
    except InputError as exc:
        module.fail_json(msg=shown(str(exc)))
    answer = {
        "declaration": found.declaration,
        "secrets": found.secrets,
        "not_converted": found.not_converted,
        "left_out": found.left_out,
    }
    module.exit_json(changed=False, **told(answer, found.mask.secrets))


if __name__ == "__main__":
    main()
