#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_saml_info
short_description: Read the settings for SAML of an OpenVPN Access Server
description:
  - Reads the settings for SAML, the certificates of the identity provider in them, and the data of the server that
    identity providers need.
  - If SAML is enabled, the module asks the server where it sends users who sign in.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
requirements:
  - cryptography
options:
  profile:
    description: Configuration profile to read. The default is the active profile.
    type: str
seealso:
  - module: vpn.estate.as_saml
"""

EXAMPLES = r"""
- name: Read the settings for SAML
  vpn.estate.as_saml_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Fail if users cannot sign in by SAML, or will not be able to in three weeks
  ansible.builtin.assert:
    that:
      - found.saml.enabled
      - found.problem is none
      - found.idp_certificates | map(attribute="days_left") | max >= 21

- name: Read the settings of another profile
  vpn.estate.as_saml_info:
    profile: next
"""

RETURN = r"""
saml:
  description: The settings for SAML.
  returned: success
  type: dict
  contains:
    # BEGIN properties: as_saml (tools/generate.py)
    enabled: {description: 'Value of O(vpn.estate.as_saml#module:enabled).', type: bool}
    idp_entity_id: {description: 'Value of O(vpn.estate.as_saml#module:idp_entity_id).', type: str}
    idp_signon_endpoint: {description: 'Value of O(vpn.estate.as_saml#module:idp_signon_endpoint).', type: str}
    idp_logout_endpoint: {description: 'Value of O(vpn.estate.as_saml#module:idp_logout_endpoint).', type: str}
    idp_certificate: {description: 'Value of O(vpn.estate.as_saml#module:idp_certificate).', type: str}
    sp_hostname: {description: 'Value of O(vpn.estate.as_saml#module:sp_hostname).', type: str}
    timeout: {description: 'Value of O(vpn.estate.as_saml#module:timeout).', type: int}
    # END
idp_certificates:
  description: Certificates in RV(saml.idp_certificate). Empty if they cannot be read.
  returned: success
  type: list
  elements: dict
  contains:
    # BEGIN certificate (tools/generate.py)
    fingerprint:
      description: SHA-256 fingerprint, in hexadecimal digits.
      type: str
    serial:
      description: Serial number, as text in decimal digits.
      type: str
      sample: "5577006791947779410"
    subject:
      description: Subject, in the notation of RFC 4514.
      type: str
      sample: CN=vpn.example.com
    issuer:
      description: Name of the authority that signed it.
      type: str
      sample: CN=Estate CA
    common_name:
      description: Common name in the subject.
      type: str
      sample: vpn.example.com
    subj_alt_dns_names:
      description: DNS names for which it is valid.
      type: list
      elements: str
      sample: [vpn.example.com]
    subj_alt_addresses:
      description: IP addresses for which it is valid.
      type: list
      elements: str
      sample: []
    not_before:
      description: Start of its validity, in UTC.
      type: str
      sample: "2026-11-22T10:00:00Z"
    not_after:
      description: End of its validity, in UTC.
      type: str
      sample: "2027-11-22T10:00:00Z"
    algorithm:
      description: Algorithm of its key.
      type: str
      sample: secp384r1
    is_authority:
      description: Whether it is the certificate of an authority, which can sign other certificates.
      type: bool
      sample: false
    # END
    days_left:
      description: Whole days until it expires; negative afterwards.
      type: int
      sample: 364
sign_in_url:
  description:
    - URL to which the server sends users who sign in by SAML, without the request. V(null) if SAML is disabled or not
      active, or if the profile is not active.
  returned: success
  type: str
  sample: https://idp.example.com/sso
problem:
  description: Reason why users do not reach their identity provider, in the words of the server. V(null) if they do.
  returned: success
  type: str
sp_metadata:
  description: Data of the server that the identity provider needs. V(null) if the server has no metadata of its own.
  returned: success
  type: dict
  contains:
    entity_id:
      description: Entity ID of the server.
      type: str
      sample: https://vpn.example.com/saml/metadata
    acs_url:
      description: URL to which browsers send assertions.
      type: str
      sample: https://vpn.example.com/saml/acs
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import saml
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, saml.INFO_SPEC, saml.inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
