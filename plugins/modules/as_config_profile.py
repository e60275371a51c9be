#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_profile
short_description: Manage configuration profiles of an OpenVPN Access Server
description:
  - Creates, activates and deletes configuration profiles. A profile is a whole set of configuration items; the server
    works with exactly one of them, the active one.
  - This makes a staged change possible. Copy the active profile, set items in the copy with
    M(vpn.estate.as_config_item), and activate it. Until then nothing has changed for anybody, and to go back is to
    activate the old profile again.
  - To activate a profile restarts the server. The task waits until it answers again.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  config_profiles:
    description:
      - Many profiles. Every profile stands here once, and they are created in this order.
      - Use it instead of O(name), O(copy_from) and O(active).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      name: {description: See O(name)., type: str, required: true}
      copy_from: {description: See O(copy_from)., type: str}
      active: {description: See O(active)., type: bool}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  name:
    description: Name of the profile.
    type: str
  copy_from:
    description:
      - Name of the profile whose items a new profile starts with. Left out, a new profile has no items set.
      - A profile that exists already is not copied to again.
    type: str
  active:
    description:
      - V(true) makes this profile the active one, after all others were created. Only one can be.
      - Left out, a new profile is not activated, and one that is there stays what it is. V(false) is refused of
        the active one; make another profile active instead.
    type: bool
  state:
    description:
      - V(present) creates the profile if it is missing, and activates it if O(active) says so.
      - V(absent) deletes it. The active profile is refused.
    type: str
    choices: [present, absent]
    default: present
  validate:
    description:
      - Whether the server is to check a profile before it is activated. One that does not pass is not activated, and
        the task fails with what the server found.
      - A profile that exists is checked before the first write, in check mode too.
    type: bool
    default: true
  restart_mode:
    description: How the server restarts when a profile is activated; see O(vpn.estate.as_restart#module:mode).
    type: str
    choices: [warm, cold, systemctl, server_agent]
    default: warm
  restart_timeout:
    description: How many seconds to wait for the server to come back.
    type: int
    default: 120
  allow_self:
    description:
      - Whether a profile may be activated that differs from the active one in items which could cut the task off from the
        server, or end the sign-in of its account; see O(vpn.estate.as_config_item#module:allow_self).
      - A new sign-in then proves it. Where that fails, the profile of before is made active again.
    type: bool
    default: false
seealso:
  - module: vpn.estate.as_config_profile_info
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Keep a copy of the configuration
  vpn.estate.as_config_profile:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: before-upgrade
    copy_from: default

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

# A staged change: copy, change the copy, activate it. Each release has a profile of its own.
- name: See which profile is active
  vpn.estate.as_config_profile_info:
  register: before

- name: Copy it
  vpn.estate.as_config_profile:
    name: release-2026-11
    copy_from: "{{ before.config_profiles | selectattr('active') | map(attribute='name') | first }}"

- name: Change the copy
  vpn.estate.as_config_item:
    profile: release-2026-11
    assume_present: [release-2026-11]
    config_items:
      - name: vpn.server.tls_version_min
        value: "1.3"
      - name: cs.tls_version_min
        value: "1.3"

- name: Let the server check the copy, and put it in force
  vpn.estate.as_config_profile:
    name: release-2026-11
    active: true

- name: Go back to the release before
  vpn.estate.as_config_profile:
    name: release-2026-10
    active: true

- name: Activate a profile in which administrators sign in another way, if the account of this task still can
  vpn.estate.as_config_profile:
    name: with-directory
    active: true
    allow_self: true

- name: Remove profiles that are no longer of use
  vpn.estate.as_config_profile:
    config_profiles:
      - name: release-2026-08
      - name: release-2026-09
    state: absent

- name: Activate a profile without a check, with a full restart on slow hardware
  vpn.estate.as_config_profile:
    name: maintenance
    active: true
    validate: false
    restart_mode: cold
    restart_timeout: 300

- name: Configuration profiles from a file
  vpn.estate.as_config_profile:
    src: files/config_profiles.yml
"""

RETURN = r"""
objects:
  description:
    - Each declared profile with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name of the profile.
      type: str
      sample: release-2026-11
    # BEGIN objects: V(created), V(updated) (activated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated) (activated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: What was set; V(active), or what a new profile was given.
      type: list
      elements: str
      sample: [copy_from]
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(CONFIG_PROFILE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
