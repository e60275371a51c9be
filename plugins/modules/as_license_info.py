#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_license_info
short_description: Read the licence of an OpenVPN Access Server
description:
  - Reads how a server is licensed, the number of connections that the licence allows, and the number of current
    connections.
  - The keys of the result depend on the type of licence. Keys of other types are missing.
  - The keys of subscriptions and of fixed licences are secrets, and are withheld.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  machine_id:
    description: Whether to also return the identity of the machine, from which the vendor creates a licence file.
    type: bool
    default: false
seealso:
  - module: vpn.estate.as_license
  - module: vpn.estate.as_server_info
"""

EXAMPLES = r"""
- name: Read the licence
  vpn.estate.as_license_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Fail if few connections are left
  ansible.builtin.assert:
    that: found.seats_left is none or found.seats_left >= 5
    fail_msg: "Only {{ found.seats_left }} of {{ found.license.max_cc }} connections are left."

- name: Read the identity of the machine, which the vendor needs for a licence file
  vpn.estate.as_license_info:
    machine_id: true
  register: machine

- name: Fail if the subscription does not work
  ansible.builtin.assert:
    that: found.license.state == 'SUBSCRIPTION_OK'
    fail_msg: "{{ found.license.error | default(found.license.state, true) }}"
  when: found.license.licensing_type == 'subscription'
"""

RETURN = r"""
license:
  description: Information of the server about its licence.
  returned: success
  type: dict
  contains:
    licensing_type:
      description:
        - How the server is licensed. V(unlicensed), which allows two connections; V(subscription), V(fixed) or
          V(awstiered).
      type: str
      sample: subscription
    current_cc:
      description: Number of connections to this server.
      type: int
      sample: 7
    max_cc:
      description:
        - Maximum number of connections. For a subscription, the total of all servers that share it. The part of this
          server is RV(license.cc_limit).
      type: int
      sample: 50
    agent_disabled:
      description: Whether the server's subscription agent is switched off.
      returned: for a subscription
      type: bool
      sample: false
    agent_id:
      description: Name under which the server reports to the subscription service.
      returned: for a subscription
      type: str
      sample: 5f0e7c2a
    billing_id:
      description: Name of the subscription in the billing portal.
      returned: for a subscription
      type: str
      sample: 81d1f2b0
    cc_limit:
      description: Maximum number of connections to this server. It may change at any time.
      returned: for a subscription
      type: int
      sample: 20
    error:
      description: Error of the subscription; null if there is none.
      returned: for a subscription
      type: str
      sample: null
    fallback_cc:
      description: >-
        Maximum number of connections after the subscription service could not be reached for RV(license.grace_period).
      returned: for a subscription
      type: int
      sample: 2
    grace_period:
      description: Number of days without the subscription service after which RV(license.fallback_cc) applies.
      returned: for a subscription
      type: int
      sample: 30
    last_successful_update:
      description: Time of the last answer of the subscription service.
      returned: for a subscription
      type: str
      sample: "2026-09-09T20:47:30Z"
    name:
      description: Name of the subscription.
      returned: for a subscription
      type: str
      sample: Subscription 1
    next_update:
      description: Time of the next request to the subscription service.
      returned: for a subscription
      type: str
      sample: "2026-09-09T20:50:50Z"
    notes:
      description: Remarks of the server and of the subscription service.
      returned: for a subscription
      type: list
      elements: str
      sample: []
    overdraft:
      description: Whether more connections are in use than the subscription has.
      returned: for a subscription
      type: bool
      sample: false
    server:
      description: Subscription service to which the server reports.
      returned: for a subscription
      type: str
      sample: licensing.example.com
    state:
      description: State of the subscription, such as V(SUBSCRIPTION_OK) or V(SUBSCRIPTION_EXPIRED).
      returned: for a subscription
      type: str
      sample: SUBSCRIPTION_OK
    subkey:
      description: Key of the subscription. It is withheld.
      returned: for a subscription
      type: str
      sample: (not shown)
    total_cc:
      description: Number of connections to all servers that share the subscription.
      returned: for a subscription
      type: int
      sample: 19
    type:
      description: Type of the subscription.
      returned: for a subscription
      type: str
      sample: "-"
    updates_failed:
      description: Number of requests that the subscription service has not answered since its last answer.
      returned: for a subscription
      type: int
      sample: 0
    fixed_licenses:
      description: Activated keys, whose connections add up.
      returned: for fixed licences
      type: list
      elements: dict
      contains:
        key:
          description: The licence key. It is withheld.
          type: str
          sample: (not shown)
        expiry:
          description: End of the licence.
          type: str
          sample: "2027-03-01T00:00:00Z"
        max_cc:
          description: Number of connections that it allows.
          type: int
          sample: 25
    region:
      description: AWS region.
      returned: for a licence of AWS
      type: str
      sample: eu-central-1
    product_code:
      description: Product code of AWS for the licence.
      returned: for a licence of AWS
      type: str
      sample: f2ew2wrz425a1jagnifd02u5t
    instance_id:
      description: AWS instance.
      returned: for a licence of AWS
      type: str
      sample: i-0123456789abcdef0
seats_left:
  description: RV(license.max_cc) minus RV(license.current_cc); null if the server does not return both.
  returned: success
  type: int
  sample: 43
expires:
  description: End of the fixed licence that expires first; null if there is none. A subscription has no date.
  returned: success
  type: str
  sample: "2027-03-01T00:00:00Z"
machine_id:
  description: Identity of the machine, from which the vendor creates a licence file.
  returned: with O(machine_id)
  type: str
  sample: 0123456789abcdef
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import INFO_SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, INFO_SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
