# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the properties that users, groups and the default user have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``COMMON`` in module_utils/_access_server/accounts/properties.py. Each module describes its own ``inherit``."""

    DOCUMENTATION = r"""
options:
  deny:
    description: Whether to refuse connections and sign-ins.
    type: bool
  deny_web:
    description: Whether to refuse sign-ins to the web pages.
    type: bool
  admin:
    description: Whether to grant the rights of an administrator.
    type: bool
  autologin:
    description: Whether to allow profiles that connect without asking for a password.
    type: bool
  auth_method:
    description:
      - Authentication method, such as V(local), V(pam), V(radius), V(ldap) or V(saml). The server must be configured
        for the method.
    type: str
  cc_commands:
    description: >-
      OpenVPN directives that the server applies to the connections, as text of several lines or as a list of lines.
    type: raw
  totp:
    description: Whether to require the code of an authenticator in addition to the password.
    type: bool
  password_strength:
    description: Whether to require strong passwords when local passwords are set.
    type: bool
  allow_password_change:
    description: Whether users may change their own local password. Administrators can always change passwords.
    type: bool
  allow_generate_profiles:
    description: Whether users may create connection profiles themselves.
    type: bool
  reroute_gw:
    description:
      - Which redirections from the server the client applies, that of the default route and that of DNS.
      - V(global) follows the configuration item C(vpn.client.routing.reroute_gw). V(dns_only) applies DNS only.
        V(disable) applies neither.
      - The client carries this out, so it forbids nothing. To forbid access, use M(vpn.estate.as_access_list).
    type: str
    choices: [global, dns_only, disable]
  bypass_subnets:
    description: Networks that clients reach directly and not through the VPN, in any order.
    type: list
    elements: str
  cli_script_connect_win_user_connect:
    description: >-
      Script that Windows clients run with the user's rights when they connect, as text or as a list of lines.
    type: raw
  cli_script_connect_win_user_disconnect:
    description: >-
      Script that Windows clients run with the user's rights when they disconnect, as text or as a list of lines.
    type: raw
  cli_script_connect_win_admin_connect:
    description: >-
      Script that Windows clients run with administrator rights when they connect, as text or as a list of lines.
    type: raw
  cli_script_connect_win_admin_disconnect:
    description: >-
      Script that Windows clients run with administrator rights when they disconnect, as text or as a list of lines.
    type: raw
  cli_script_connect_mac_user_connect:
    description: Script that macOS clients run with the user's rights when they connect, as text or as a list of lines.
    type: raw
  cli_script_connect_mac_user_disconnect:
    description: >-
      Script that macOS clients run with the user's rights when they disconnect, as text or as a list of lines.
    type: raw
  cli_script_connect_mac_admin_connect:
    description: >-
      Script that macOS clients run with administrator rights when they connect, as text or as a list of lines.
    type: raw
  cli_script_connect_mac_admin_disconnect:
    description: >-
      Script that macOS clients run with administrator rights when they disconnect, as text or as a list of lines.
    type: raw
  cli_script_connect_win_env:
    description: Environment variables of the scripts on Windows. The complete list; other variables are removed.
    type: dict
  cli_script_connect_mac_env:
    description: Environment variables of the scripts on macOS. The complete list; other variables are removed.
    type: dict
  inherit:
    type: list
    elements: str
    choices:
      - deny
      - deny_web
      - admin
      - autologin
      - auth_method
      - cc_commands
      - totp
      - password_strength
      - allow_password_change
      - allow_generate_profiles
      - reroute_gw
      - cli_script_connect_win_user_connect
      - cli_script_connect_win_user_disconnect
      - cli_script_connect_win_admin_connect
      - cli_script_connect_win_admin_disconnect
      - cli_script_connect_mac_user_connect
      - cli_script_connect_mac_user_disconnect
      - cli_script_connect_mac_admin_connect
      - cli_script_connect_mac_admin_disconnect
"""

    # For users and groups, of which there are many. Ansible takes no fragment without options.
    NAMES = r"""
options: {}
notes:
  - Names are compared exactly. Two declared names are an error if they differ only in case, or only in characters that
    look alike (their form NFKC_Casefold of Unicode is equal). If a new name differs in this way from one on the server,
    the task warns.
  - When the task reads all objects, for example to purge, it compares a new name with all of them. Otherwise it
    compares only the lower-case, upper-case and capitalized forms, and the normal forms of Unicode.
  - A user and a group cannot have the same name.
  - If the server refuses a user or a group, the task continues with the others and fails at the end. RV(objects) has
    the result of each.
  - After it creates users or groups, or writes lists, the module reads them again. If the server did not keep a
    property, the task fails and names the property.
"""
