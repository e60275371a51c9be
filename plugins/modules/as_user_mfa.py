#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_user_mfa
short_description: Manage the authenticators of users of an OpenVPN Access Server
description:
  - Says whether users sign in with the code of an authenticator (TOTP) beside their password, whether they count as
    enrolled, and hands out the secrets that authenticators are set up with.
  - Options that are left out stay as they are on the server.
  - A user whose code is required, and who is not enrolled, is shown the secret at the next sign-in in a browser, and
    enrols with it. From then on the server shows the secret to the user no more.
  - An administrator can do that for users. Declare O(enrolled) V(true), and have the secret written to O(dest) for
    whoever sets the authenticator up.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._assume_present
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  name:
    description: The user's name. One of this option, O(users) and O(src) is required.
    type: str
  users:
    description: Users, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      name:
        description: The user's name.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      required: {description: See O(required)., type: bool}
      enrolled: {description: See O(enrolled)., type: bool}
      reset: {description: See O(reset)., type: bool}
      dest: {description: See O(dest)., type: path}
      totp_secret: {description: See O(totp_secret)., type: str}
      # END
  required:
    description:
      - Whether the user has to give a code beside the password. This is O(vpn.estate.as_user#module:totp), as set on
        the user; that module can also hand it back to the group.
    type: bool
  enrolled:
    description:
      - V(true) says that the user has an authenticator. The server then asks for its code, and shows the secret to the
        user no more. A user who has no secret gets one first, so have it written to O(dest), or returned.
      - V(false) says that the user has none, and is to enrol at the next sign-in in a browser.
      - The server has one property for both, being enrolled and the secret being locked away.
      - Where the server does not just take V(true), the module proves it by a code, which it computes from the secret.
    type: bool
  reset:
    description:
      - V(true) makes a new secret, in every run. B(The authenticator that the user has stops working), and every run
        counts as a change. Say it once, when a device was lost.
      - Unless O(enrolled) is declared V(true), the user is to enrol anew.
    type: bool
  totp_secret:
    description:
      - The secret of the authenticator that the user has already, in base32, such as one that was set up at a server which this
        one replaces.
      - It is written where the server has another one or none, and the task fails if the server does not keep it. A secret
        that the server does not show, as some do with those of enrolled users, stays as it is.
      - It takes the place of O(reset).
    type: str
  dest:
    description:
      - File for the secret, on the machine where the module runs. Nobody but its owner can read it.
      - It is written where it is not there, holds something else than the server's secret, or can be read by others.
        A user who has no secret gets one. A server that does not tell the secrets of enrolled users in its lists is
        asked for the secret only where the file is not there.
      - The folder must be there. A symbolic link is refused.
    type: path
  format:
    description:
      - What O(dest) and RV(objects[].content) hold. V(otpauth) is the address that a QR code for an authenticator stands
        for, V(secret) the bare secret in base32.
    type: str
    choices: [otpauth, secret]
    default: otpauth
  return_content:
    description:
      - Whether to return the secrets, as RV(objects[].content). A user who has no secret gets one. The task is refused
        unless it says C(no_log) V(true).
      - In check mode no secret is returned.
    type: bool
    default: false
notes:
  - The users must be there. To create them, use M(vpn.estate.as_user).
  - A change that could end the sign-in of the account that the task uses is refused, such as another secret where the account
    has to show a code. With O(as_token) and no O(as_username), the account can be that of any administrator. The secret can be
    handed out.
  - The server takes codes of the time step before and after its own, so clocks may differ by half a minute where a code
    is to prove O(enrolled).
  - Whether a user is enrolled shows in RV(vpn.estate.as_user_info#module:users[].mfa_status).
seealso:
  - module: vpn.estate.as_user
  - module: vpn.estate.as_user_info
"""

EXAMPLES = r"""
- name: A code beside the password, and let the user enrol in a browser
  vpn.estate.as_user_mfa:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: alice
    required: true

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Enrol users, and keep what their authenticators are set up with
  vpn.estate.as_user_mfa:
    users:
      - name: alice
        required: true
        enrolled: true
        dest: /srv/vpn/authenticators/alice.txt
      - name: bob
        required: true
        enrolled: true
        dest: /srv/vpn/authenticators/bob.txt

- name: Somebody lost the telephone; a new secret, with which the user is to enrol
  vpn.estate.as_user_mfa:
    name: alice
    reset: true

- name: The same for a machine that signs in by itself, with the bare secret in a file
  vpn.estate.as_user_mfa:
    name: branch-lyon
    reset: true
    enrolled: true
    dest: /srv/vpn/authenticators/branch-lyon.secret
    format: secret

- name: The secret of a user whom the same run creates, for the next task
  vpn.estate.as_user_mfa:
    name: carol
    return_content: true
    assume_present: [carol]
  no_log: true
  register: authenticator

- name: Let users keep their authenticators on a new server
  vpn.estate.as_user_mfa:
    users:
      - name: alice
        required: true
        enrolled: true
        totp_secret: "{{ vault_alice_totp_secret }}"

- name: Who has to give a code, from a file
  vpn.estate.as_user_mfa:
    src: files/users_mfa.yml
"""

RETURN = r"""
objects:
  description: The users, in the order in which they were declared.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: The user's name.
      type: str
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - Options whose values changed. Here V(secret) stands for a secret that was made, and V(file) for O(dest).
      type: list
      elements: str
    content:
      description: The secret, in the form that O(format) says.
      returned: when O(return_content) is V(true), the user did not fail, and the task is not in check mode
      type: str
  sample:
    - name: alice
      action: updated
      changed_keys: [enrolled, file, required, secret]
    - name: bob
      action: unchanged
      changed_keys: []
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 1
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA, provide
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import REVEAL, Body, run

BODY = Body(ACCESS_SERVER, USER_MFA.argument_spec(), provide, USER_MFA.constraints(), REVEAL, (USER_MFA,))


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
