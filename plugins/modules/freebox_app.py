#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_app
short_description: Pair with a Freebox, and keep the token in a file
description:
  - Sees to it that O(dest) has the token of an application that the box lets in, and that the application may do what is
    needed. While that is so, nobody is asked for anything.
  - B(Somebody has to be at the box.) Where there is no good token, the box is asked for one. It shows the question, and the
    task waits until somebody has pressed its button.
  - The new token is in the file before anybody can allow it. If the task ends too early, whatever the reason, the next
    one goes on waiting for the answer to the same question.
  - B(Permissions are granted by people only,) in the applications' access management of Freebox OS, and a new application
    lacks C(settings) as a rule. The first task then fails, with the token in its place, and says what to tick. The next one
    finds nothing to do.
  - The file is a mapping with C(freebox_app_id) and C(freebox_app_token), so that playbooks can read it as variables. It also
    says which box has granted the token (C(freebox_app_box)), and while a question is open, how to follow it
    (C(freebox_app_request)).
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
      - Identifier of the application, which the box shows among those that it knows.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_ID).
    type: str
    default: vpn.estate
  freebox_app_token:
    description:
      - A token that there is already. It is put into O(dest) where that has none, if the box lets it in, and is not used
        otherwise.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN).
    type: str
  dest:
    description:
      - File for the token. Nobody but its owner can read it; where others can, this is taken from them.
      - It holds nothing else, and is of one application on one box. The folder must be there. A symbolic link is refused.
    type: path
    required: true
  app_name:
    description: Name of the application, as the box shows it to whoever is to allow it.
    type: str
    default: vpn.estate
  app_version:
    description: Version of the application, as the box shows it. Another one does not need another token.
    type: str
    default: "1"
  device_name:
    description: Name of the machine on which the application runs, as the box shows it.
    type: str
    default: Ansible
  permissions:
    description:
      - What the application must be allowed to do. Everything about VPN servers needs V(settings).
    type: list
    elements: str
    default: [settings]
  vault:
    description:
      - Whether the file is encrypted by ansible-vault, with the secret that Ansible was given for it. Left out, a file that
        is encrypted stays encrypted, and a new one is not.
      - Only tasks that Ansible runs in its own process can do this, which are those on a local connection.
    type: bool
  vault_id:
    description: The vault id for which the file is encrypted, where it is not the usual one. It needs O(vault).
    type: str
  wait_timeout:
    description: How many seconds to wait for somebody to press the button. The box itself may give less time.
    type: int
    default: 300
  renew:
    description:
      - Whether to ask for a new token, however good the one there is, which stays in the file until the new one is allowed.
        That counts as a change in every run.
      - It also replaces a token of another box, such as one that this box has replaced, and a token of which nothing says
        that it is of this box. Without it, such a token stays, and the task fails.
    type: bool
    default: false
notes:
  - Pairing works from the box's own network only.
  - While the task waits, it says so on the error channel where it runs on a local connection.
  - In check mode the file and the box are looked at, and nobody is asked for anything.
  - A question whose answer was lost is not asked again, because it would be a second one on the box's display.
seealso:
  - module: vpn.estate.freebox_app_info
"""

EXAMPLES = r"""
- name: Pair with the box at home, and encrypt the token
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
    vault: true

- name: Pair as an application of another name, for somebody who needs time to get to the box
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

- name: Wait until somebody has ticked the permission as well
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
  register: paired
  until: paired is not failed
  retries: 60
  delay: 10

- name: Keep a token that came from elsewhere
  vpn.estate.freebox_app:
    freebox_app_token: "{{ vault_freebox_app_token }}"
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"

- name: A new token
  vpn.estate.freebox_app:
    dest: "{{ inventory_dir }}/host_vars/home/freebox_app.json"
    renew: true
"""

RETURN = r"""
reason:
  description: Why the token or its file was changed, or in check mode would be.
  returned: changed, and not failed
  type: str
  sample: there is no token yet
permissions:
  description: What the application may do.
  returned: success, but not where check mode keeps the module from pairing
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
