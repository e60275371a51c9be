#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_staged_config
short_description: Change the configuration of an OpenVPN Access Server, and roll back if the server is not healthy
description:
  - Sets configuration items to the declared values, as M(vpn.estate.as_config_item) does, but never in the active
    profile. If an item differs, the module copies the active configuration profile, writes the items to the copy, lets
    the server check the copy, and activates the copy with a restart.
  - Then the module checks the server from outside. The API must answer, at its declared address if that address
    changed. No service may fail that did not fail before. A VPN daemon must run if daemons are configured. If the
    sign-in settings changed, the account of the task must be able to sign in again.
  - If one of these checks fails, the module activates the previous profile again, and repeats the checks. The task then
    fails, and reports the findings and the active profile.
  - If no item differs, nothing is copied and nothing restarts.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
requirements:
  - cryptography, for certificates and private keys only
options:
  config_items:
    description: Configuration items. Each item may occur once.
    type: list
    elements: dict
    suboptions:
      name:
        description: Key of the item, compared exactly.
        type: str
        required: true
      value:
        description: Value of the item; see O(vpn.estate.as_config_item#module:value).
        type: raw
      secret_value:
        description:
          - Value of an item that holds a secret; see O(vpn.estate.as_config_item#module:secret_value). It is never shown.
        type: str
      custom:
        description: >-
          Whether to accept an item that the server does not know; see O(vpn.estate.as_config_item#module:custom).
        type: bool
      state:
        description: V(default) resets the item to the default of the server. The default is V(present).
        type: str
        choices: [present, default]
  src:
    description:
      - A file that holds the items, or a folder with several such files, used instead of O(config_items). See
        O(vpn.estate.as_config_item#module:src).
    type: path
  update_secrets:
    description:
      - When to write a declared O(config_items[].secret_value). V(on_create) writes it if the item has no value yet.
      - V(always) writes it in every run, which then always creates a copy and restarts the server.
    type: str
    choices: [on_create, always]
    default: on_create
  name:
    description:
      - First part of the names of copies. A number and the name of the original follow, as in V(staged-1-of-default)
        and V(staged-2-of-1).
      - Profiles with such names belong to this module. If a copy of the active profile is not active itself, an
        interrupted run has left it, or an administrator has rolled back from it. The next run removes it.
    type: str
    default: staged
  keep:
    description:
      - Number of previously active copies to keep, those with the highest numbers. Other copies are removed. Profiles
        with other names are never removed.
    type: int
    default: 5
  restart_mode:
    description: How the server restarts; see O(vpn.estate.as_restart#module:mode).
    type: str
    choices: [warm, cold, systemctl, server_agent]
    default: warm
  restart_timeout:
    description: Seconds to wait until the server is back, after each restart.
    type: int
    default: 120
  check_timeout:
    description: Seconds after a restart within which the server must become healthy.
    type: int
    default: 60
  allow_connection_change:
    description:
      - Whether the task may change items that could cut it off from the server, or end the sign-in of its account.
        These are the items of O(vpn.estate.as_config_item#module:allow_self).
      - The task then connects to the server at the declared address and with the declared certificate. Later tasks must
        use them too; see RV(url).
      - If the server is healthy but cannot be reached from this machine, for example because of a firewall, the task
        cannot roll back either, and reports this.
    type: bool
    default: false
  new_url:
    description:
      - URL of the API after the items are active. Set it if O(as_url) and the items do not determine it, for example if
        another device forwards a port.
    type: str
notes:
  - A restart may interrupt connected VPN clients. The task warns if there are any, and reports their number.
  - For problems that existed before the change, the task warns and does not roll back.
  - In a cluster, the profiles apply to all nodes, and one node restarts. It is the node at O(as_url) or that of
    O(as_node). The other nodes wait for a restart.
  - This module cannot reset the web certificate to the server's own one, because that certificate is not known
    beforehand; see M(vpn.estate.as_web_certificate).
seealso:
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_config_profile
  - module: vpn.estate.as_config_profile_info
  - module: vpn.estate.as_restart
  - module: vpn.estate.as_web_certificate
"""

EXAMPLES = r"""
- name: Change the configuration, and roll back if a check fails
  vpn.estate.as_staged_config:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    config_items:
      - name: vpn.server.tls_version_min
        value: "1.3"
      - name: vpn.server.daemon.udp.n_daemons
        value: 4
      - name: vpn.server.lockout_policy.n_fails
        state: default
      - name: vpn.client.routing.reroute_dns
        value: custom
        custom: true

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: "{{ staged.url | default('https://vpn.example.com:943') }}"
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Move the web services to another port, and follow them
  vpn.estate.as_staged_config:
    config_items:
      - name: admin_ui.https.port
        value: 8443
      - name: cs.https.port
        value: 8443
    allow_connection_change: true
  register: staged

- name: Move the web services behind a forwarded port
  vpn.estate.as_staged_config:
    config_items:
      - name: admin_ui.https.port
        value: 9443
    allow_connection_change: true
    new_url: https://vpn.example.com:10443

- name: Apply items from an encrypted file, and use a full restart on slow hardware
  vpn.estate.as_staged_config:
    src: files/config_items.yml
    restart_mode: cold
    restart_timeout: 300
    check_timeout: 180

- name: Change the password of the LDAP account, and keep two previous profiles
  vpn.estate.as_staged_config:
    config_items:
      - name: auth.ldap.0.bind_pw
        secret_value: "{{ vault_ldap_password }}"
    update_secrets: always
    name: ldap
    keep: 2
"""

RETURN = r"""
objects:
  description:
    - Each declared item, and whether it differs from the active profile, in the order of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Key of the item.
      type: str
      sample: vpn.server.tls_version_min
    action:
      description: V(updated) or V(unchanged).
      type: str
      sample: updated
    changed_keys:
      description: V(value) or V(secret_value), if it differs.
      type: list
      elements: str
      sample: [value]
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    unchanged: 4
    updated: 1
profile:
  description: Name of the profile that is active after the task, or would be in check mode.
  returned: success
  type: str
  sample: staged-7-of-6
previous:
  description: Name of the profile that was active when the task began.
  returned: success
  type: str
  sample: staged-6-of-5
removed:
  description: Names of the profiles that were removed, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [staged-1-of-default]
url:
  description: URL of the API after the task, or in check mode after a real run.
  returned: success
  type: str
  sample: https://vpn.example.com:943
last_restarted:
  description: Time of the last restart, as the server returns it.
  returned: success, when a profile was activated
  type: str
  sample: "2026-11-02T03:00:12.403414Z"
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.staged_config import (
    CONSTRAINTS,
    SPEC,
    stage,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, stage, CONSTRAINTS, resources=(CONFIG_ITEM,))


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
