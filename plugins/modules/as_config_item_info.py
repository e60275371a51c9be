#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_config_item_info
short_description: Read configuration items of an OpenVPN Access Server
description:
  - Reads configuration items, with the server's information about each, such as its default and its limits.
  - Values of items that hold secrets are withheld, even if the server returns them.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._names
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  names:
    description:
      - Keys of the items to read, compared exactly. By default, all items are read. An empty list reads none.
      - A key that the server does not know is left out of the result, or shown with the category V(custom).
  profile:
    description: Configuration profile to read. The default is the active profile.
    type: str
  only_set:
    description: Whether to leave out items that are not set, whose RV(config_items[].derived_from) is V(default).
    type: bool
    default: false
notes:
  - A text is shown without the line ends at its end, and with C(LF) between its lines. You can declare it as it is
    shown, and it is no change.
  - The module reads stored values. A stored value may not be active yet, because many items take effect only at the
    next restart of the server.
seealso:
  - module: vpn.estate.as_config_item
"""

EXAMPLES = r"""
- name: Read two items
  vpn.estate.as_config_item_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    names: [host.name, vpn.server.tls_version_min]
  register: found

- name: Show their values
  ansible.builtin.debug:
    msg: "{{ found.config_items | items2dict(key_name='name') }}"

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read the items that are set in a profile, which need not be active
  vpn.estate.as_config_item_info:
    profile: maintenance
    only_set: true
"""

RETURN = r"""
config_items:
  description: Items by key.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Key of the item.
      type: str
      sample: vpn.server.tls_version_min
    value:
      description: >-
        Value of the item, in its own type. For a secret, V((not shown\)) if it has a value, and empty otherwise.
      type: raw
      sample: "1.2"
    default_value:
      description: Value that the item has when it is not set. For a secret, it is always empty.
      type: raw
      sample: "1.2"
    is_set:
      description: Whether the item has a value that is not empty, even if it is the default.
      type: bool
      sample: true
    secret:
      description: Whether the item holds a secret.
      type: bool
      sample: false
    custom:
      description: >-
        Whether the server does not know the key. A task that declares the item must then set
        O(vpn.estate.as_config_item#module:custom).
      type: bool
      sample: false
    type:
      description: >-
        Type of the value, such as V(string), V(integer) or V(boolean). Null, or V(custom), if the server knows no type.
      type: str
      sample: string
    category:
      description:
        - Category of the item. Servers use, among others, V(default), V(normal), V(advanced), V(required), V(derived),
          V(deprecated), V(removed) and V(custom).
      type: str
      sample: default
    derived_from:
      description: Source of the value. V(default) if it is not set, otherwise a database, such as V(db).
      type: str
      sample: db
    description:
      description: Description of the item from the server.
      type: str
      sample: Lowest TLS version of the VPN.
    allowed_values:
      description: Values that the server accepts; null if it lists none.
      type: list
      elements: str
      sample: ["1.0", "1.1", "1.2", "1.3"]
    min_value:
      description: Lowest value of a number; null if there is no limit.
      type: int
      sample: 1
    max_value:
      description: Highest value of a number; null if there is no limit.
      type: int
      sample: 65535
    type_hint:
      description:
        - Kind of text that the server requires, such as V(hostname), V(ipAddress), V(pemCertificate) or
          V(pemPrivateKey); null if the server does not specify one.
      type: str
      sample: hostname
declaration:
  # BEGIN declaration: O(vpn.estate.as_config_item#module:config_items) (tools/generate.py)
  description:
    - Input for O(vpn.estate.as_config_item#module:config_items).
    - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
      of it.
  returned: success
  # END
  type: list
  elements: dict
left_out:
  # BEGIN left_out (tools/generate.py)
  description: What RV(declaration) leaves out although it is set on the server, with the reason.
  returned: success
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
    reason: {description: A sentence that names what is left out and the reason., type: str}
    name: {description: Name of the object., type: str, returned: if it is about an object}
    options:
      description: The options that are left out, if it is not the whole object.
      type: list
      elements: str
      returned: if it is about an object
    item: {description: Declaration that the object would have., type: dict, returned: if the whole object is left out}
  sample: []
  # END
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import config_item
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform, run

BODY = inform(config_item.CONFIG_ITEM, ACCESS_SERVER, config_item.chosen, config_item.INFO_SPEC)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
