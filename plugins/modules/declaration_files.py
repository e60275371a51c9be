#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: declaration_files
short_description: Write the declaration of a server to variable files
description:
  - Writes the results of M(vpn.estate.as_declaration_info) or M(vpn.estate.freebox_declaration_info) to files, one for
    each part of the declaration. The roles P(vpn.estate.access_server#role) and P(vpn.estate.freebox_vpn#role) read
    these files as variables of a host. The playbook C(vpn.estate.export) does this for all servers of an inventory.
  - Text from a server is data. A text that Ansible could take for a template gets the tag C(!unsafe), so it is never
    evaluated.
  - If a server has a secret that it does not return, the file has a comment with the option and the name of a variable
    for it.
  - A file that was changed since it was written stays if it declares the current state of the server. Otherwise the
    module does not overwrite it without O(force). The same applies to files that this module has not written, or that it
    has written for another O(source) if they declare other things. In these cases, the module writes nothing.
  - If O(dest) is the folder of the host in C(host_vars) of the inventory, the module does not create a file for a part
    that the host declares elsewhere, for example in C(group_vars) or with C(estate_people). The file would hide or
    contradict that. The module warns, and writes the other files. With O(force), it creates the file.
  - The file C(known.yml) names what is left out, so a purge keeps it and C(vpn.estate.drift) does not report it.
  - A file stays identical, byte for byte, as long as the server stays as it is.
  - The module always works on the machine that runs Ansible.
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
    description: Product that the declaration is for. It decides the names of variables.
    type: str
    choices: [access_server, freebox]
    required: true
  declaration:
    description: Declaration, as the info modules return it.
    type: dict
    required: true
  secrets:
    description: Secrets that the server has, as the info modules return them.
    type: list
    elements: dict
    default: []
    suboptions:
      part: {description: Part of the declaration., type: str, required: true}
      name: {description: Name of the object., type: str, required: true}
      option: {description: Option that takes the secret., type: str, required: true}
  left_out:
    description: What the declaration leaves out, as the info modules return it. The module writes it as comments.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: Part of the declaration; empty if it belongs to no part.
        type: str
        default: ""
      reason: {description: A sentence that names what is left out and the reason., type: str, required: true}
      name: {description: Name of the object., type: str}
      options:
        description: Options that are left out, if it is not the whole object.
        type: list
        elements: str
        default: []
      item:
        description: >-
          Declaration that the object would have, if the whole object is left out. The module writes it as a comment.
        type: dict
  source:
    description: Source of the declaration, such as the URL of the server, for a comment.
    type: str
    required: true
  dest:
    description: >-
      Folder of the files. It is created if it does not exist. Two hosts of a run cannot have the same folder. A symbolic
      link in the place of a file is not replaced: the task fails.
    type: path
    required: true
  force:
    description: >-
      Whether to overwrite files that were changed, that this module has not written, or that it has written for another
      O(source), and to create files for parts that the host declares elsewhere.
    type: bool
    default: false
seealso:
  - module: vpn.estate.as_declaration_info
  - module: vpn.estate.freebox_declaration_info
"""

EXAMPLES = r"""
- name: Read the declaration of the server
  vpn.estate.as_declaration_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Write it to variable files of the host
  vpn.estate.declaration_files:
    product: access_server
    declaration: "{{ found.declaration }}"
    secrets: "{{ found.secrets }}"
    left_out: "{{ found.left_out }}"
    source: https://vpn.example.com:943
    dest: "{{ inventory_dir }}/host_vars/{{ inventory_hostname }}"

- name: Write users that another program describes, also over a changed file
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
  description: Files by part of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: Path of the file., type: str}
    part: {description: Part of the declaration., type: str}
    action:
      description:
        - Whether the file was V(created), V(updated) or V(unchanged).
        - V(kept) means that a person has changed the file. It declares the current state of the server, or it was
          written from the same declaration.
        - V(skipped) means that the host declares the part elsewhere, and that the file does not exist.
        - If the task failed while it wrote, also V(failed), and V(not attempted) for later files.
      type: str
  sample:
    - path: /srv/estate/host_vars/vpn-a/users.yml
      part: users
      action: created
counts:
  description: Number of files by RV(files[].action). Actions that did not occur are left out.
  returned: success
  type: dict
  sample: {created: 1}
secrets:
  description: Variables that the comments name, each with its object and option.
  returned: success
  type: list
  elements: dict
  contains:
    variable: {description: Name of the variable., type: str}
    part: {description: Part of the declaration., type: str}
    name: {description: Name of the object., type: str}
    option: {description: Option that takes the secret., type: str}
  sample:
    - variable: vault_users_alice_password
      part: users
      name: alice
      option: password
"""
