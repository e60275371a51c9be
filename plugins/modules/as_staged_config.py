#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_staged_config
short_description: Change the configuration of an OpenVPN Access Server, and go back if it is not well with it
description:
  - Brings configuration items to the declared values, as M(vpn.estate.as_config_item) does, but never in the profile that is
    in force. Where an item differs, the active configuration profile is copied, the items are written into the copy, the
    server checks the copy, and the copy is made active with a restart.
  - Then the server is looked at from outside. The API has to answer, at the address that is declared for it where that
    changed; no service may fail that did not fail before; and a VPN daemon has to run where some are configured. Where the
    ways to sign in changed, the account of the task has to be able to sign in anew.
  - If that is not so, the profile that was active before is made active again, and the server is looked at once more. The
    task then fails with what was found, and with what is in force.
  - Where no item differs, nothing is copied and nothing restarts.
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
    description: The items. Every item stands here once.
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
        description: Whether the server need not know the item; see O(vpn.estate.as_config_item#module:custom).
        type: bool
      state:
        description: V(default) gives the item the default of the server. Left out, it is V(present).
        type: str
        choices: [present, default]
  src:
    description:
      - A file that holds the items, or a folder with several such files, in place of O(config_items). See
        O(vpn.estate.as_config_item#module:src).
    type: path
  update_secrets:
    description:
      - When a declared O(config_items[].secret_value) is written. V(on_create) writes it where the item has no value yet.
      - V(always) writes it on every run, which then always makes a copy and restarts the server.
    type: str
    choices: [on_create, always]
    default: on_create
  name:
    description:
      - How the names of the copies begin. They go on with a number, and with what they are a copy of, as in
        V(staged-1-of-default) and V(staged-2-of-1).
      - Profiles with such names belong to this module. A copy of the active profile that is not active itself was left by a
        run that broke, or somebody has gone back from it, and the next run removes it.
    type: str
    default: staged
  keep:
    description:
      - How many of the copies that were in force before are kept, those with the highest numbers. Others are removed.
        Profiles with other names never are.
    type: int
    default: 5
  restart_mode:
    description: How the server restarts; see O(vpn.estate.as_restart#module:mode).
    type: str
    choices: [warm, cold, systemctl, server_agent]
    default: warm
  restart_timeout:
    description: How many seconds to wait for the server to come back, each time that it restarts.
    type: int
    default: 120
  check_timeout:
    description: How many seconds the server has, once it is back, until all is well.
    type: int
    default: 60
  allow_connection_change:
    description:
      - Whether items may change that could cut the task off from the server, or end the sign-in of its account, which are
        those of O(vpn.estate.as_config_item#module:allow_self).
      - The task then looks for the server at the address and with the certificate that are declared. Tasks that follow have to
        use them; see RV(url).
      - If the server is well and nobody can reach it from here, such as behind a firewall, the task cannot go back either, and
        says so.
    type: bool
    default: false
  new_url:
    description:
      - Where the API is once the items are in force, if that cannot be told from O(as_url) and the items, such as behind a
        port that something else forwards.
    type: str
notes:
  - A restart may interrupt connected VPN clients. The task warns if there are any, and says how many.
  - What ailed before the change is told by a warning, and is no reason to go back.
  - In a cluster, the profiles are those of all nodes, and one node restarts, the one at O(as_url) or that of O(as_node). The
    others wait for a restart.
  - The server's own certificate cannot be brought back here, because nobody knows it beforehand; see
    M(vpn.estate.as_web_certificate).
seealso:
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_config_profile
  - module: vpn.estate.as_config_profile_info
  - module: vpn.estate.as_restart
  - module: vpn.estate.as_web_certificate
"""

EXAMPLES = r"""
- name: Change the configuration, or leave it as it was
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

- name: Move them where something else forwards a port to them
  vpn.estate.as_staged_config:
    config_items:
      - name: admin_ui.https.port
        value: 9443
    allow_connection_change: true
    new_url: https://vpn.example.com:10443

- name: Items from an encrypted file, on slow hardware, with a full restart
  vpn.estate.as_staged_config:
    src: files/config_items.yml
    restart_mode: cold
    restart_timeout: 300
    check_timeout: 180

- name: Change the password of the LDAP account, and keep two profiles to go back to
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
    - Each declared item, and whether it differs from the active profile, in the order of the task.
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
      description: V(value) or V(secret_value), where it differs.
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
  description: Name of the profile that is active now; in check mode, of the one that would be.
  returned: success
  type: str
  sample: staged-7-of-6
previous:
  description: Name of the profile that was active when the task began.
  returned: success
  type: str
  sample: staged-6-of-5
removed:
  description: Names of the profiles that were removed; in check mode, that would be.
  returned: success
  type: list
  elements: str
  sample: [staged-1-of-default]
url:
  description: Where the API is now; in check mode, where it would be.
  returned: success
  type: str
  sample: https://vpn.example.com:943
last_restarted:
  description: When the server says that it restarted.
  returned: success, when something was put in force
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
