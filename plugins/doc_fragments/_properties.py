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
      - How identity is proven, such as V(local), V(pam), V(radius), V(ldap) or V(saml). The server must be configured
        for the method.
    type: str
  cc_commands:
    description: OpenVPN directives that the server applies to the connections, as text of several lines or as a list of lines.
    type: raw
  totp:
    description: Whether to require the code of an authenticator beside the password.
    type: bool
  password_strength:
    description: Whether to demand that new local passwords are strong.
    type: bool
  allow_password_change:
    description: Whether users may change their own local password. Administrators can always change passwords.
    type: bool
  allow_generate_profiles:
    description: Whether users may make connection profiles by themselves.
    type: bool
  reroute_gw:
    description:
      - Which redirections the client takes over from the server, that of the default route and that of DNS.
      - V(global) follows the configuration item C(vpn.client.routing.reroute_gw), V(dns_only) is for DNS alone, and
        V(disable) is for none.
      - The client carries this out, and nothing is forbidden by it. To forbid, use M(vpn.estate.as_access_list).
    type: str
    choices: [global, dns_only, disable]
  bypass_subnets:
    description: Networks that clients reach past the VPN, in any order.
    type: list
    elements: str
  cli_script_connect_win_user_connect:
    description: Script that clients on Windows run with the rights of their user when they connect; text or a list of lines.
    type: raw
  cli_script_connect_win_user_disconnect:
    description: Script that clients on Windows run with the rights of their user when they disconnect; text or a list of lines.
    type: raw
  cli_script_connect_win_admin_connect:
    description: Script that clients on Windows run with an administrator's rights when they connect; text or a list of lines.
    type: raw
  cli_script_connect_win_admin_disconnect:
    description: Script that clients on Windows run with an administrator's rights when they disconnect; text or lines.
    type: raw
  cli_script_connect_mac_user_connect:
    description: Script that clients on macOS run with the rights of their user when they connect; text or a list of lines.
    type: raw
  cli_script_connect_mac_user_disconnect:
    description: Script that clients on macOS run with the rights of their user when they disconnect; text or a list of lines.
    type: raw
  cli_script_connect_mac_admin_connect:
    description: Script that clients on macOS run with an administrator's rights when they connect; text or a list of lines.
    type: raw
  cli_script_connect_mac_admin_disconnect:
    description: Script that clients on macOS run with an administrator's rights when they disconnect; text or a list of lines.
    type: raw
  cli_script_connect_win_env:
    description: Environment variables of the scripts on Windows, all of them. A variable that is not named goes.
    type: dict
  cli_script_connect_mac_env:
    description: Environment variables of the scripts on macOS, all of them. A variable that is not named goes.
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

    # Of users and groups, of which there are many. Ansible takes no fragment without options.
    NAMES = r"""
options: {}
notes:
  - Names are compared exactly. Two declared names that differ only in case, or only in characters that look alike (they are
    equal in the form NFKC_Casefold of Unicode), are an error. A new one that differs so from one that is there brings a
    warning. It is compared with every name where the task reads the whole list, as a purge does, and else with its
    spellings in small letters, in capitals, with capital initials, and in the normal forms of Unicode.
    A user and a group cannot have the same name.
  - A user or group that the server refuses fails alone, the others go on, and the task fails at the end. RV(objects) says
    what became of each.
  - After it created users or groups, or wrote lists, the module reads them again. What the server did not keep is an error
    that names the property.
"""
