#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_profile
short_description: Manage configuration profiles of an OpenVPN Access Server
description:
  - Creates, activates and deletes configuration profiles. A profile is a complete set of configuration items. The
    server uses exactly one of them, the active profile.
  - This makes a staged change possible. Copy the active profile, set items in the copy with
    M(vpn.estate.as_config_item), and activate the copy. Until then nothing changes for users. To roll back, activate
    the old profile again.
  - Activating a profile restarts the server. The task waits until it answers again.
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
      - Several profiles. Each profile may occur once. They are created in this order.
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
      - Name of the profile whose items a new profile starts with. By default, a new profile has no items set.
      - Items are not copied to an existing profile.
    type: str
  active:
    description:
      - V(true) makes this profile the active one, after all others are created. Only one profile can be active.
      - By default, a new profile is not activated, and an existing one stays as it is. V(false) is refused for the
        active profile. Activate another profile instead.
    type: bool
  state:
    description:
      - V(present) creates the profile if it is missing, and activates it if O(active) is V(true).
      - V(absent) deletes it. The task refuses to delete the active profile.
    type: str
    choices: [present, absent]
    default: present
  validate:
    description:
      - Whether the server checks a profile before it is activated. A profile that does not pass is not activated, and
        the task fails with the findings of the server.
      - An existing profile is checked before the first write, also in check mode.
    type: bool
    default: true
  restart_mode:
    description: How the server restarts when a profile is activated; see O(vpn.estate.as_restart#module:mode).
    type: str
    choices: [warm, cold, systemctl, server_agent]
    default: warm
  restart_timeout:
    description: Seconds to wait until the server is back.
    type: int
    default: 120
  allow_self:
    description:
      - Whether the task may activate a profile whose difference from the active one could cut the task off from the
        server, or end the sign-in of its account; see O(vpn.estate.as_config_item#module:allow_self).
      - A new sign-in then proves the change. If it fails, the task activates the previous profile again.
    type: bool
    default: false
seealso:
  - module: vpn.estate.as_config_profile_info
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Copy the configuration before an upgrade
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

# A staged change. Copy, change the copy, activate it. Each release has its own profile.
- name: Read which profile is active
  vpn.estate.as_config_profile_info:
  register: before

- name: Copy the active profile
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

- name: Let the server check the copy, and activate it
  vpn.estate.as_config_profile:
    name: release-2026-11
    active: true

- name: Return to the previous release
  vpn.estate.as_config_profile:
    name: release-2026-10
    active: true

- name: Activate a profile in which administrators sign in another way, if the account of this task still can
  vpn.estate.as_config_profile:
    name: with-directory
    active: true
    allow_self: true

- name: Delete profiles that are no longer used
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

- name: Apply configuration profiles from a file
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
      description: Options that were set; V(active), or the options of a new profile.
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
