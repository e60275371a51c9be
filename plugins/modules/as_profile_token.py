#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_token
short_description: Manage tokens with which users get client profiles from an OpenVPN Access Server
description:
  - Sees to it that there is a valid token for a user and a type of profile, and makes tokens invalid.
  - Whoever opens the URL of a token gets a profile for the user, without a password. So the URL is a secret, and a short
    life and a single use are its protection. It saves the sending of profiles, with their private keys, through other
    channels.
  - The task puts the URL in a file (O(dest)) or, where O(return_content) says so, in its result.
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
      - Many tokens.
      - Use it instead of the options of one.
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
    description: The user who gets a profile with it.
    type: str
  profile_type:
    description:
      - Type of the profile, see O(vpn.estate.as_profile#module:profile_type). Needed with state V(present).
      - Left out with state V(absent), tokens for all types are meant.
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  lifetime:
    description: For how many seconds a new token can be used. Left out, the server chooses, and has an hour.
    type: int
  usages:
    description: How often a new token can be used. Left out, once.
    type: int
  dest:
    description:
      - File in which the URL is, on the machine where the task runs. Its folder has to be there.
      - A file with a token that is still valid is left as it is. Any other is replaced.
      - The file has mode 0600, and is not written through a symbolic link.
    type: path
  renew:
    description: Whether to make new tokens although there are valid ones, which stay valid.
    type: bool
    default: false
  return_content:
    description:
      - Whether the result holds the URLs of tokens that were made. The task then needs C(no_log), and is refused without.
    type: bool
    default: false
  assume_present:
    description: Names of users that this run creates, so that check mode does not miss them.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) makes a token where there is no valid one for this user and type.
      - V(absent) makes every token that is meant invalid. Profiles that were got with it stay.
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
- name: Have a URL with which a user gets a profile today
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

- name: URLs for several users, in the result
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

- name: Make all tokens of a user invalid
  vpn.estate.as_profile_token:
    user: ada
    state: absent

- name: Tokens from a file
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
      description: What the entry means, in words.
      type: str
      sample: userlogin of ada
    # BEGIN objects: V(created) and V(updated) where a token was made, V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created) and V(updated) where a token was made, V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) where a token was made, V(private) where the file could be read by others; of a new one, also what was
          declared.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Why a token was made.
      returned: when one was, or would be
      type: str
      sample: none exists yet
    content:
      description: URL of the token that was made.
      returned: when one was, and O(return_content) says so
      type: str
      sample: openvpn://import-profile/https://vpn.example.com/rest/GetProfileViaToken?token=...
    tokens:
      description:
        - The tokens that are there, were made, or are not valid any more, without what makes them tokens. The one in
          O(dest) comes first.
      returned: when the server lists any
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
