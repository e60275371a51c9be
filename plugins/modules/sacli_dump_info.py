#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sacli_dump_info
short_description: Convert the output of sacli on an OpenVPN Access Server to a declaration
description:
  - Reads files with the output of C(sacli UserPropGet) and C(sacli ConfigQuery), and returns their content in the form
    that M(vpn.estate.as_declaration) takes.
  - The module accounts for each key of the files. A key is in RV(declaration), in RV(secrets), or in RV(not_converted)
    with the reason. RV(left_out) has the same information as sentences.
  - The module does not guess. It does not convert a key or a form whose meaning is not documented. It converts an
    option completely or not at all, because an access list that lacks a rule would allow or deny something else.
  - Secrets never leave the host that has the files. Run the module there, or copy the files to the controller and
    delegate the task to it.
  - The module contacts no server, and needs only Python on the host.
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
      - Access rules of the class C(SUBNET) require it. C(vpn.server.routing.private_access) decides whether they route
        or translate addresses.
    type: path
notes:
  - A dump holds digests of passwords, secrets of second factors and private keys. Keep it as safe as the server itself,
    and delete it after the conversion.
seealso:
  - module: vpn.estate.as_declaration
  - module: vpn.estate.as_declaration_info
  - module: vpn.estate.declaration_files
"""

EXAMPLES = r"""
# On the server, as root:
#   sacli UserPropGet > /root/users.json
#   sacli ConfigQuery > /root/configuration.json

- name: Convert the dumps on the server
  vpn.estate.sacli_dump_info:
    user_properties: /root/users.json
    configuration: /root/configuration.json
  become: true
  register: dump

- name: Show what remains to be done by hand
  ansible.builtin.debug:
    msg: "{{ dump.left_out | map(attribute='reason') }}"

- name: Write the declaration to variable files of the host
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
    - Converted options of M(vpn.estate.as_declaration). They hold only what is set on an object itself.
    - C(groups), C(default_user), C(users) and C(access_lists) exist if O(user_properties) is given, and C(config_items)
      exists if O(configuration) is given.
  returned: success
  type: dict
  sample:
    groups: [{name: staff, admin: false, autologin: true}]
    users: [{name: erika, group: staff}]
    access_lists: [{group: staff, access_to: [10.10.0.0/24]}]
    config_items: [{name: host.name, value: vpn.example.com}]
secrets:
  description:
    - Options of the declaration that hold secrets, and are left out of it. Set each of them from a vault, or do not
      declare it.
    - For a password, a dump holds only a digest, which no server accepts over the Web API. Choose a new password.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration., type: str}
    name: {description: Name of the object., type: str}
    option: {description: Option that takes the secret., type: str}
  sample:
    - part: users
      name: erika
      option: password
not_converted:
  description: Keys of the dumps that are not in the declaration, or only in part.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration to which it would belong; empty if unknown., type: str}
    object: {description: "The object, by its kind and its name.", type: str}
    key: {description: Key in the dump., type: str}
    value:
      description:
        - Its value, except possible secrets. For a value that is not a text, a whole number or a boolean, its kind. For
          a text with more than 2000 characters, its length.
      type: raw
    reason: {description: Reason why it is not converted., type: str}
  sample:
    - part: groups
      object: group staff
      key: c2s_dest_s
      value: "false"
      reason: no matching field of the Web API is known
left_out:
  description:
    - The same as sentences, for M(vpn.estate.declaration_files), and what the two commands do not print.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
    reason: {description: A sentence that names what is left out and the reason., type: str}
  sample:
    - part: groups
      reason: "group staff: c2s_dest_s (false) is not converted: no matching field of the Web API is known."
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
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import presentable
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
    module.exit_json(changed=False, **presentable(answer, found.mask.secrets))


if __name__ == "__main__":
    main()
