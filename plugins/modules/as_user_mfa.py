#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_user_mfa
short_description: Manage the authenticators of users of an OpenVPN Access Server
description:
  - Manages whether users must sign in with the code of an authenticator (TOTP) in addition to their password, and
    whether they count as enrolled. It also returns the secrets with which authenticators are set up.
  - Options that are left out stay as they are on the server.
  - If a code is required and the user is not enrolled, the server shows the secret at the next sign-in in a browser. The
    user enrols with it. After that, the server no longer shows the secret to the user.
  - An administrator can also enrol users. Declare O(enrolled) as V(true), and write the secret to O(dest) for the
    person who sets up the authenticator.
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
    description: Name of the user. One of this option, O(users) and O(src) is required.
    type: str
  users:
    description: Users, each with the same options as a single one.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the user.
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
      - Whether the user must enter a code in addition to the password. This is O(vpn.estate.as_user#module:totp), as
        set on the user. That module can also let the user inherit it. Set only one of the two options for a user.
      - The guide to R(second factors, ansible_collections.vpn.estate.docsite.sign_in) describes which one to use.
    type: bool
  enrolled:
    description:
      - V(true) means that the user has an authenticator. The server then asks for its code, and no longer shows the
        secret to the user. A user without a secret first gets one, so set O(dest) or O(return_content) too.
      - V(false) means that the user has no authenticator, and must enrol at the next sign-in in a browser.
      - The server has only one property for both, the enrolment and the lock of the secret.
      - If the server does not accept V(true) directly, the module proves it by a code that it computes from the secret.
    type: bool
  reset:
    description:
      - V(true) creates a new secret, in every run. B(The user's current authenticator stops working), and every run
        counts as a change. Set it once, for example when a device was lost.
      - Unless O(enrolled) is declared as V(true), the user must enrol again.
    type: bool
  totp_secret:
    description:
      - Secret of the user's existing authenticator, in base32, for example one that was set up on a server which this
        server replaces.
      - It is written if the server has another secret or none. The task fails if the server does not keep it. Some
        servers do not show the secrets of enrolled users. Such a secret stays as it is.
      - Use it instead of O(reset).
    type: str
  dest:
    description:
      - File for the secret, on the machine where the module runs. Only its owner can read it.
      - It is written if it does not exist, if it does not hold the server's secret, or if other users can read it. A
        user without a secret gets one. If the server does not return the secrets of enrolled users in its lists, it is
        asked for a secret only if the file does not exist.
      - Its folder must exist. A symbolic link is refused.
    type: path
  format:
    description:
      - Format of O(dest) and RV(objects[].content). V(otpauth) is the URL in a QR code for an authenticator. V(secret)
        is the secret itself in base32.
    type: str
    choices: [otpauth, secret]
    default: otpauth
  return_content:
    description:
      - Whether to return the secrets, as RV(objects[].content). A user without a secret gets one. The task is refused
        unless it sets C(no_log) to V(true).
      - In check mode no secret is returned.
    type: bool
    default: false
notes:
  - The users must exist. To create them, use M(vpn.estate.as_user).
  - The task refuses a change that could end the sign-in of its own account, such as another secret if the account needs
    a code. With O(as_token) and no O(as_username), the account can be that of any administrator. The secret can still
    be returned.
  - The server accepts codes of the time step before and after its own. So clocks may differ by half a minute if a code
    must prove O(enrolled).
  - RV(vpn.estate.as_user_info#module:users[].mfa_status) shows whether a user is enrolled.
seealso:
  - module: vpn.estate.as_user
  - module: vpn.estate.as_user_info
"""

EXAMPLES = r"""
- name: Require a code in addition to the password, and let the user enrol in a browser
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

- name: Enrol users, and write the data for their authenticators to files
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

- name: Create a new secret for a user who lost the telephone, and let the user enrol again
  vpn.estate.as_user_mfa:
    name: alice
    reset: true

- name: Create a new secret for a machine that signs in automatically, with the secret itself in a file
  vpn.estate.as_user_mfa:
    name: branch-lyon
    reset: true
    enrolled: true
    dest: /srv/vpn/authenticators/branch-lyon.secret
    format: secret

- name: Return the secret of a user whom the same run creates, for the next task
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

- name: Apply the second factors of users from a file
  vpn.estate.as_user_mfa:
    src: files/users_mfa.yml
"""

RETURN = r"""
objects:
  description: The users in the order of the declaration.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Name of the user.
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
        - Options whose values changed. V(secret) stands for a created secret, and V(file) for O(dest).
      type: list
      elements: str
    content:
      description: The secret, in the form of O(format).
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
