#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_item
short_description: Manage configuration items of an OpenVPN Access Server
description:
  - Sets configuration items to the declared values. An item is what C(sacli ConfigPut) sets. Its key identifies it,
    such as V(host.name) or V(vpn.server.tls_version_min).
  - Items that are not declared stay as they are on the server. The module neither creates nor deletes items. An item
    that is not set has the server's default.
  - Values are compared in the type that the server reports for the item. So V(1194), V("1194") and the server's own
    1194 are equal, and so are V(true) and V("true").
  - The task checks as much as possible before the first write. The server must know the item. The value must have its
    type, be within its limits, be one of its allowed values, and have the required form, such as a host name or a
    certificate in PEM format. O(custom) skips these checks for one item. Items that the server derives from others are
    read-only.
  - Line ends at the end of a text are ignored, and C(CRLF) counts as a line end, on both sides. So you can declare a
    value as M(vpn.estate.as_config_item_info) shows it, and it is no change.
  - Use O(secret_value) for secrets. They are never read, compared, returned or shown in a diff.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
requirements:
  - cryptography, for private keys only
options:
  config_items:
    description:
      - Several items, written with one request. Each item may occur once.
      - Use it instead of O(name), O(value), O(secret_value) and O(custom).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      name: {description: See O(name)., type: str, required: true}
      value: {description: See O(value)., type: raw}
      secret_value: {description: See O(secret_value)., type: str}
      custom: {description: See O(custom)., type: bool}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, default]
      # END
  name:
    description: Key of the item, compared exactly.
    type: str
  value:
    description:
      - Value of the item, which is a text, a whole number or a boolean. An empty text is a value.
      - The task refuses it for an item that holds a secret. Use O(secret_value), which Ansible masks.
    type: raw
  secret_value:
    description:
      - Value of an item that holds a secret, such as V(auth.ldap.0.bind_pw) or V(cs.priv_key). O(update_secrets)
        decides when it is written. It is never compared, even if the item holds no secret.
      - For a private key, the server may show the matching certificate. Such a key is written if it does not belong to
        that certificate, and only then. You can declare key and certificate in one task.
    type: str
  custom:
    description:
      - Whether to set this item although the server does not know its key, or although the value does not match the
        server's description of the item. A description has, for example, a type and allowed values, and can be stricter
        than the server itself.
      - A server may accept an unknown key and ignore it, so a typing error would look like success. Values of such
        items are texts.
      - A key with an index, such as V(vpn.server.routing.private_network.2), counts as known if the server knows the
        same key with the index 0.
    type: bool
  state:
    description:
      - V(present) sets the item to the declared value.
      - V(default) resets it to the default of the server, and takes no value. The task refuses an item that has no
        default, such as V(host.name) or a key that the server does not know.
    type: str
    choices: [present, default]
    default: present
  profile:
    description:
      - Configuration profile of the items. The default is the active profile.
      - The profile must exist, or, in check mode, be listed in O(assume_present).
    type: str
  assume_present:
    description:
      - Configuration profiles that the same run creates, so that O(profile) may name one of them. In check mode, if the
        profile does not exist yet, the items of the active profile are used in place of those of its copy.
    type: list
    elements: str
    default: []
  update_secrets:
    description:
      - When to write a declared O(secret_value). V(on_create) writes it if the item has no value yet. V(always) writes
        it in every run, and always reports a change.
      - Private keys whose certificate the server shows are compared instead.
    type: str
    choices: [on_create, always]
    default: on_create
  allow_self:
    description:
      - Whether the task may change items of the active profile that could cut it off from the server, or end the
        sign-in of its account.
      - These items are the ports, interfaces, certificate and TLS settings of the web services, the forwarding of
        browsers to the web services if O(as_url) uses the port of a VPN daemon, the groups of services that start,
        C(iptables.web), and the first administrators. If the account inherits them, the authentication method and TOTP
        are also among them. The others are the settings of the account's authentication method, a script that runs
        after each authentication, and unusual limits of lockouts and sessions.
      - The task makes such changes last, and a new sign-in proves those that are active at that time. If it fails, the
        task reverts them. Changes that wait for a restart are not proven. M(vpn.estate.as_staged_config) proves them
        too, and rolls back automatically.
    type: bool
    default: false
notes:
  - A changed item is stored at once, and can be read back. Many items take effect only at the next restart of the
    server. Call M(vpn.estate.as_restart) once, after the last change.
  - The server shows a new web certificate, such as V(cs.cert), after the next restart. From then on the connection
    options must trust it. M(vpn.estate.as_web_certificate) checks a certificate before it installs it.
  - An item whose value is equal to its default counts as default, whether or not that value is stored.
  - For large changes, change a copy of the active profile, and activate it; see M(vpn.estate.as_config_profile).
  - In a cluster, the items of a profile apply to all nodes.
seealso:
  - module: vpn.estate.as_config_item_info
  - module: vpn.estate.as_config_profile
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Set the name of the server
  vpn.estate.as_config_item:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    name: host.name
    value: vpn.example.com

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Set several items, and restart once if any of them changed
  vpn.estate.as_config_item:
    config_items:
      - name: vpn.server.tls_version_min
        value: "1.3"
      - name: vpn.server.daemon.udp.n_daemons
        value: 4
      - name: vpn.client.routing.inter_client
        value: false
      - name: vpn.server.dhcp_option.dns.0
        value: 10.10.0.53
      - name: vpn.server.lockout_policy.n_fails
        state: default
  register: configuration

- name: Restart the server if an item needs it
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ configuration.objects | selectattr('action', 'ne', 'unchanged') | map(attribute='name') }}"

- name: Reset an item to its default
  vpn.estate.as_config_item:
    name: sa.company_name
    state: default

- name: Set the password of the LDAP account on a server that has none yet
  vpn.estate.as_config_item:
    config_items:
      - name: auth.ldap.0.server.0.host
        value: ldap.example.com
      - name: auth.ldap.0.bind_dn
        value: cn=vpn,dc=example,dc=com
      - name: auth.ldap.0.bind_pw
        secret_value: "{{ vault_ldap_password }}"

- name: Change the password of the LDAP account
  vpn.estate.as_config_item:
    name: auth.ldap.0.bind_pw
    secret_value: "{{ vault_ldap_password }}"
    update_secrets: always

- name: Install a web certificate, and write its key only if it differs
  vpn.estate.as_config_item:
    config_items:
      - name: cs.cert
        value: "{{ lookup('ansible.builtin.file', 'vpn.example.com.crt') }}"
      - name: cs.ca_bundle
        value: "{{ lookup('ansible.builtin.file', 'ca-bundle.crt') }}"
      - name: cs.priv_key
        secret_value: "{{ vault_web_private_key }}"
    allow_self: true

- name: Set an item in a profile that is not active
  vpn.estate.as_config_item:
    profile: maintenance
    assume_present: [maintenance]
    name: vpn.server.max_clients
    value: 10

- name: Set a key that the server does not define
  vpn.estate.as_config_item:
    name: site.note
    value: managed by Ansible
    custom: true

- name: Apply items from a file
  vpn.estate.as_config_item:
    src: files/config_items.yml
"""

RETURN = r"""
objects:
  description:
    - Each declared item with its result, in the order of the declaration.
    - In check mode, the results that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Key of the item.
      type: str
      sample: vpn.server.tls_version_min
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
      description: V(value) or V(secret_value), if it was written.
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
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(CONFIG_ITEM, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
