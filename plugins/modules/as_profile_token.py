#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_token
short_description: Manage tokens with which users get client profiles from an OpenVPN Access Server
description:
  - Ensures that there is a valid token for a user and a type of profile, and invalidates tokens.
  - A person who opens the URL of a token gets a profile of the user, without a password. So the URL is a secret. A
    short lifetime and a single use protect it. With a token, you need not send profiles and their private keys through
    other channels.
  - The task writes the URL to a file (O(dest)) or, with O(return_content), returns it in its result.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  profile_tokens:
    description:
      - Several tokens.
      - Use it instead of the options for one token.
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      user: {description: See O(user)., type: str, required: true}
      profile_type:
        description: See O(profile_type).
        type: str
        choices: [autologin, userlogin, generic, epki-generic]
      lifetime: {description: See O(lifetime)., type: int}
      usages: {description: See O(usages)., type: int}
      dest: {description: See O(dest)., type: path}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  user:
    description: User who gets a profile with the token.
    type: str
  profile_type:
    description:
      - Type of the profile, see O(vpn.estate.as_profile#module:profile_type). Required with state V(present).
      - If it is left out with state V(absent), the tokens for all types are invalidated.
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  lifetime:
    description: Seconds for which a new token is valid. By default, the server chooses one hour.
    type: int
  usages:
    description: How often a new token can be used. The default is once.
    type: int
  dest:
    description:
      - File for the URL, on the machine where the task runs. Its folder must exist.
      - A file with a token that is still valid stays as it is. Any other file is replaced.
      - The file has mode 0600, and the module does not write through a symbolic link.
    type: path
  renew:
    description: Whether to create new tokens although there are valid ones, which stay valid.
    type: bool
    default: false
  return_content:
    description:
      - Whether to return the URLs of created tokens in the result. The task must then have C(no_log), and is refused
        without it.
    type: bool
    default: false
  assume_present:
    description: Names of users that this run creates, so that check mode accepts them.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) creates a token if there is no valid one for this user and type.
      - V(absent) invalidates every chosen token. Profiles that were downloaded with it stay valid.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: vpn.estate.as_profile_token_info
  - module: vpn.estate.as_profile
  - plugin: vpn.estate.qr_svg
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Create a URL with which a user can get a profile today
  vpn.estate.as_profile_token:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    user: ada
    profile_type: userlogin
    lifetime: 28800
    usages: 1
    dest: /srv/vpn/hand-out/ada.url

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Create URLs for several users, and return them
  vpn.estate.as_profile_token:
    profile_tokens:
      - user: ada
        profile_type: userlogin
      - user: ben
        profile_type: userlogin
    assume_present: [ben]
    renew: true
    return_content: true
  no_log: true
  register: tokens

- name: Invalidate all tokens of a user
  vpn.estate.as_profile_token:
    user: ada
    state: absent

- name: Apply tokens from a file
  vpn.estate.as_profile_token:
    src: files/tokens.yml
    return_content: true
  no_log: true
"""

RETURN = r"""
objects:
  description:
    - Each entry with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: The chosen tokens of the entry, in words.
      type: str
      sample: userlogin of ada
    # BEGIN objects: V(created) and V(updated) if a token was created, V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created) and V(updated) if a token was created, V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) if a token was created, V(private) if other users could read the file. For a new token, also the
          declared options.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Reason why a token was created.
      returned: when a token was created, or would be
      type: str
      sample: none exists yet
    content:
      description: URL of the created token.
      returned: when a token was created, and O(return_content) is V(true)
      type: str
      sample: openvpn://import-profile/https://vpn.example.com/rest/GetProfileViaToken?token=...
    tokens:
      description:
        - Tokens that are valid, were created, or are no longer valid, without their secret part. The token in O(dest)
          comes first.
      returned: when the server lists tokens
      type: list
      elements: dict
      contains:
        # BEGIN token (tools/generate.py)
        user:
          description: User who gets a profile with the token.
          type: str
          sample: ada
        profile_type:
          description: Type of that profile.
          type: str
          sample: userlogin
        expires:
          description: Time until which the token is valid, in UTC.
          type: str
          sample: "2026-11-23T09:00:00Z"
        usages:
          description: How often the token can be used.
          type: int
          sample: 1
        # END
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
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_token import PROFILE_TOKEN
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(PROFILE_TOKEN, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
