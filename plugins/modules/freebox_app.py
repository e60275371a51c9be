#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_app
short_description: Pair with a Freebox, and keep the token in a file
description:
  - Ensures that O(dest) has a valid token of an application on the box, and that the application has the required
    permissions. If this is so, the module asks no questions.
  - B(A person must be at the box.) If there is no valid token, the module requests one. The box shows the question, and
    the task waits until a person presses the button of the box.
  - The new token is in the file before a person can allow it. If the task ends too early for any reason, the next task
    continues to wait for the answer to the same question.
  - B(Only a person can grant permissions,) in the access management of applications in Freebox OS. A new application
    usually lacks C(settings). The first task then stores the token, fails, and names the permissions to tick. After
    that, the next task has nothing to do.
  - The file is a mapping with C(freebox_app_id) and C(freebox_app_token), so that playbooks can read it as variables.
    It also has the box that granted the token (C(freebox_app_box)), and, while a question is open, the data to follow
    it (C(freebox_app_request)).
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox.reach
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
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
      - An existing token. It is written to O(dest) if that file has none and the box accepts the token. Otherwise it is
        not used.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN).
    type: str
  dest:
    description:
      - File for the token. Only its owner can read it. If other users can read it, the module removes their access.
      - It holds the token of one application on one box and nothing else. Its folder must exist. A symbolic link is
        refused.
    type: path
    required: true
  app_name:
    description: Name of the application that the box shows to the person who allows it.
    type: str
    default: vpn.estate
  app_version:
    description: Version of the application that the box shows. A change needs no new token.
    type: str
    default: "1"
  device_name:
    description: Name of the machine on which the application runs, which the box shows.
    type: str
    default: Ansible
  permissions:
    description:
      - Permissions that the application must have. All functions of VPN servers need V(settings).
    type: list
    elements: str
    default: [settings]
  vault:
    description:
      - Whether to encrypt the file with ansible-vault, with the vault password that Ansible has. By default, an
        encrypted file stays encrypted, and a new file is not encrypted.
      - Only tasks that Ansible runs in its own process can do this, which are tasks on a local connection.
    type: bool
  vault_id:
    description: Vault ID for which the file is encrypted, if it is not the default one. It requires O(vault).
    type: str
  wait_timeout:
    description: Seconds to wait until a person presses the button. The box itself may allow less time.
    type: int
    default: 300
  renew:
    description:
      - Whether to request a new token even if the current one is valid. The current one stays in the file until the new
        one is allowed. This counts as a change in every run.
      - The option also replaces a token of another box, for example of a box that this one has replaced, and a token
        that cannot be assigned to this box. Without it, such a token stays, and the task fails.
    type: bool
    default: false
notes:
  - Pairing works only from the box's own network.
  - While the task waits on a local connection, it prints this on the error channel.
  - In check mode, the module reads the file and the box, and requests nothing.
  - If the answer to a request for a token is lost, the request is not repeated, because it would show a second question
    on the box.
seealso:
  - module: vpn.estate.freebox_app_info
"""

EXAMPLES = r"""
- name: Pair with the box at home, and encrypt the token
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
    vault: true

- name: Pair under another application name, with more time to reach the box
  vpn.estate.freebox_app:
    freebox_url: https://abcdefgh.fbxos.fr:29491
    freebox_app_id: com.example.vpn
    app_name: VPN of Example Company
    app_version: "2"
    device_name: automation.example.com
    permissions: [settings, explorer]
    wait_timeout: 900
    vault: true
    vault_id: boxes
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"

- name: Wait until a person has ticked the permission
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
  register: paired
  until: paired is not failed
  retries: 60
  delay: 10

- name: Keep a token from another place
  vpn.estate.freebox_app:
    freebox_app_token: "{{ vault_freebox_app_token }}"
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"

- name: Request a new token
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
    renew: true
"""

RETURN = r"""
reason:
  description: Reason why the token or its file was changed, or would be in check mode.
  returned: changed, and not failed
  type: str
  sample: there is no token yet
permissions:
  description: Permissions of the application.
  returned: success, unless check mode keeps the module from pairing
  type: list
  elements: str
  sample: [calls, settings]
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.pairing import PAIRING_ON_HOST, SPEC, pair

BODY = Body(PAIRING_ON_HOST, SPEC, pair)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
