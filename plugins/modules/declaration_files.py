#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: declaration_files
short_description: Write the declaration of a server to files of variables
description:
  - Writes what M(vpn.estate.as_declaration_info) or M(vpn.estate.freebox_declaration_info) returns to files that the roles
    P(vpn.estate.access_server#role) and P(vpn.estate.freebox_vpn#role) read as variables of a host, one for each part of the
    declaration. The playbook C(vpn.estate.export) does it for all servers of an inventory.
  - Text of a server is data. A text that Ansible could take for a template has the tag C(!unsafe), so that it is never evaluated.
  - Where a server has a secret and does not tell it, the file has a comment with the option and the name of a variable for it.
  - A file that was changed since it was written stays, if it declares what is there. Else it is not overwritten without O(force),
    and one that this module has not written is neither. Nothing is written then.
  - What is left out is named in the file C(known.yml), so that a purge spares it and C(vpn.estate.drift) does not report it.
  - A file stays as it is, byte for byte, as long as the server stays as it is.
  - It works on the machine that runs Ansible, whatever the connection of the host is.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
options:
  product:
    description: What the declaration is of. It decides the names of variables.
    type: str
    choices: [access_server, freebox]
    required: true
  declaration:
    description: The declaration, as the info modules return it.
    type: dict
    required: true
  secrets:
    description: The secrets that the server has, as the info modules return them.
    type: list
    elements: dict
    default: []
    suboptions:
      part: {description: The part of the declaration., type: str, required: true}
      name: {description: The name of the object., type: str, required: true}
      option: {description: The option that takes the secret., type: str, required: true}
  left_out:
    description: What the declaration does not hold, as the info modules return it. It becomes comments.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: The part of the declaration; empty for what is in none.
        type: str
        default: ""
      reason: {description: A sentence that says what is left out and why., type: str, required: true}
      name: {description: The name of the object., type: str}
      options:
        description: The options that are left out, if it is not the whole object.
        type: list
        elements: str
        default: []
      item:
        description: What the object would be declared as, if all of it is left out. It becomes a comment.
        type: dict
  source:
    description: Where the declaration comes from, such as the URL of the server, for a comment.
    type: str
    required: true
  dest:
    description: The folder of the files. It is created if it is not there.
    type: path
    required: true
  force:
    description: Whether to overwrite files that were changed, or that this module has not written.
    type: bool
    default: false
seealso:
  - module: vpn.estate.as_declaration_info
  - module: vpn.estate.freebox_declaration_info
"""

EXAMPLES = r"""
- name: Read what the server has
  vpn.estate.as_declaration_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Write it as variables of the host
  vpn.estate.declaration_files:
    product: access_server
    declaration: "{{ found.declaration }}"
    secrets: "{{ found.secrets }}"
    left_out: "{{ found.left_out }}"
    source: https://vpn.example.com:943
    dest: "{{ inventory_dir }}/host_vars/{{ inventory_hostname }}"

- name: Write users that another program has described, also over a file that was changed
  vpn.estate.declaration_files:
    product: access_server
    declaration:
      users: [{name: alice, group: staff}]
    secrets:
      - {part: users, name: alice, option: password}
    left_out:
      - {part: users, reason: "user bob: the directory has this user.", name: bob, options: [group], item: {name: bob}}
    source: the old inventory
    dest: /srv/estate/host_vars/vpn-a
    force: true
"""

RETURN = r"""
files:
  description: The files, by the parts of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The file., type: str}
    part: {description: The part of the declaration., type: str}
    action:
      description:
        - Whether the file was V(created), V(updated) or V(unchanged).
        - V(kept) is a file that was changed by a person, and either declares what is there, or was written from the same.
        - If the task failed while it wrote, also V(failed), and V(not attempted) for those after it.
      type: str
  sample:
    - path: /srv/estate/host_vars/vpn-a/users.yml
      part: users
      action: created
counts:
  description: How many files there are of each RV(files[].action). Actions that did not occur are left out.
  returned: success
  type: dict
  sample: {created: 1}
secrets:
  description: The variables that comments name, each with the object and the option that it is for.
  returned: success
  type: list
  elements: dict
  contains:
    variable: {description: Name of the variable., type: str}
    part: {description: The part of the declaration., type: str}
    name: {description: Name of the object., type: str}
    option: {description: The option that takes the secret., type: str}
  sample:
    - variable: vault_users_alice_password
      part: users
      name: alice
      option: password
"""
