#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile_token_info
short_description: Read the valid tokens for client profiles of an OpenVPN Access Server
description:
  - Reads the valid tokens, with their users, ends and remaining uses. The tokens themselves are not returned.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  users:
    description: Users whose tokens to read. By default, the tokens of all users.
    type: list
    elements: str
seealso:
  - module: vpn.estate.as_profile_token
"""

EXAMPLES = r"""
- name: Read the valid tokens
  vpn.estate.as_profile_token_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read the tokens of some users
  vpn.estate.as_profile_token_info:
    users: [ada, ben]
"""

RETURN = r"""
profile_tokens:
  description: Tokens by user. The token that ends first comes first.
  returned: success
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
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles import profile_token
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import facts, run

BODY = facts(profile_token.PROFILE_TOKEN, ACCESS_SERVER, profile_token.listing, profile_token.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
