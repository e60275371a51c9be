#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_item
short_description: Manage configuration items of an OpenVPN Access Server
description:
  - Brings configuration items to the declared values. An item is what C(sacli ConfigPut) sets, and is known by its key,
    such as V(host.name) or V(vpn.server.tls_version_min).
  - Items that are not declared are left alone. Items are neither created nor deleted; one that is not set has the
    default that the server gives it.
  - A value is compared in the type that the server tells for the item, so that V(1194), V("1194") and the server's own
    1194 are one, and so are V(true) and V("true").
  - All that can be checked without writing is checked before the first write. The item must be known to the server, the
    value must be of its type, within its limits, one of its allowed values, and of the kind that the server wants, such as
    a host name or a certificate in PEM format. O(custom) is the way out for one item. Items that the server derives from
    others are read only.
  - Line ends at the end of a text are left out, and C(CRLF) counts as a line end, on both sides. What
    M(vpn.estate.as_config_item_info) shows can be declared as it is shown, and is no change then.
  - Secrets are given as O(secret_value). They are never read, compared, returned or shown in a diff.
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
      - Many items, written with one request. Every item stands here once.
      - Takes the place of O(name), O(value), O(secret_value) and O(custom).
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
      - Value of the item, a text, a whole number or a boolean. An empty text is a value.
      - The value of an item that holds a secret is refused here. Give it as O(secret_value), which Ansible masks.
    type: raw
  secret_value:
    description:
      - Value of an item that holds a secret, such as V(auth.ldap.0.bind_pw) or V(cs.priv_key). See
        O(update_secrets) for when it is written. What is given here is never compared, also where the item holds no
        secret.
      - A private key beside whose certificate the server shows is written whenever it does not belong to that
        certificate, and only then. The two may be declared in one task.
    type: str
  custom:
    description:
      - Whether this item is set although the server does not know its key, or although the server's own description of
        it, such as its type or its allowed values, does not fit the value. Descriptions can be narrower than what
        servers take.
      - A server may take a key that it does not know and do nothing with it, so that a typing error would look like
        success. Values of such items are texts.
      - A key with an index, such as V(vpn.server.routing.private_network.2), counts as known where the server knows the
        same key with the index 0.
    type: bool
  state:
    description:
      - V(present) gives the item the declared value.
      - V(default) gives it the default of the server, and takes no value. An item that has no default, such as
        V(host.name) or a key that the server does not know, is refused.
    type: str
    choices: [present, default]
    default: present
  profile:
    description:
      - Configuration profile that the items belong to. Left out, it is the active one.
      - It must exist, or, in check mode, be named in O(assume_present).
    type: str
  assume_present:
    description:
      - Configuration profiles that the same run creates, so that O(profile) may be one of them. In check mode, where it
        does not exist yet, the items of the active profile stand in for those of its copy.
    type: list
    elements: str
    default: []
  update_secrets:
    description:
      - When a declared O(secret_value) is written. V(on_create) writes it where the item has no value yet, V(always) on
        every run, which then always reports a change.
      - Private keys whose certificate the server shows are compared instead.
    type: str
    choices: [on_create, always]
    default: on_create
  allow_self:
    description:
      - Whether items of the active profile may change that could cut the task off from the server, or end the sign-in of its
        account. These are the ports, interfaces, certificate and TLS settings of the web services, what passes browsers on to
        them where O(as_url) names the port of a VPN daemon, the groups of services that start, C(iptables.web), the first
        administrators, the authentication method and TOTP where the account follows the configuration in them, settings of its
        authentication method, a script that runs after each authentication, and limits of lockouts and sessions that leave what
        is usual.
      - Such changes come last, and a new sign-in proves what is active by then. Where it fails, the task sets them back. What
        waits for a restart is not proven; M(vpn.estate.as_staged_config) proves it, and goes back by itself.
    type: bool
    default: false
notes:
  - A changed item is stored, and can be read back, at once. Many items take effect only at the next restart of the
    server. Call M(vpn.estate.as_restart) once, after the last change.
  - A new web certificate, such as V(cs.cert), is what the server shows after the next restart. From then on the
    connection options must trust that one. M(vpn.estate.as_web_certificate) looks at it before it installs it.
  - An item that reads like its default counts as being at its default, whether or not that value is stored.
  - To change much at once, change a copy of the active profile, and activate that; see M(vpn.estate.as_config_profile).
  - In a cluster, the items of a profile are those of all nodes.
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

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Set many items, and restart once if any of them changed
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

- name: Put them in force
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ configuration.objects | selectattr('action', 'ne', 'unchanged') | map(attribute='name') }}"

- name: Hand an item back to its default
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

- name: Install a web certificate, whose key is written only when it is another one
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

- name: Set a key that the server has no definition of
  vpn.estate.as_config_item:
    name: site.note
    value: managed by Ansible
    custom: true

- name: Items from a file
  vpn.estate.as_config_item:
    src: files/config_items.yml
"""

RETURN = r"""
objects:
  description:
    - Each declared item and what became of it, in the order of the task.
    - In check mode, what would have become of it.
  returned: when the task got as far as a comparison with the server
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
        - What the task did with the object, or would do in check mode.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description: V(value) or V(secret_value), where it was written.
      type: list
      elements: str
      sample: [value]
counts:
  # BEGIN counts (tools/generate.py)
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
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
