#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_web_certificate_info
short_description: Read the web certificate of an OpenVPN Access Server
description:
  - Reads which certificate is configured for the web services, and which one the server presents. They differ until the
    server restarts, and where something that ends TLS stands in front of it.
  - The private key is not read.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
requirements:
  - cryptography
seealso:
  - module: vpn.estate.as_web_certificate
  - module: vpn.estate.as_certificate_info
"""

EXAMPLES = r"""
- name: Read the web certificate
  vpn.estate.as_web_certificate_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
  register: found

- name: Warn in time
  ansible.builtin.assert:
    that: found.web_certificate.presented.days_left >= 21
"""

RETURN = r"""
web_certificate:
  description: The web certificate.
  returned: success
  type: dict
  contains:
    certificate:
      description:
        - The certificate that is configured. V(null) where none is, so that the server makes one itself, or where what is
          configured cannot be read.
      type: dict
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
    ca_bundle:
      description: The certificates that are configured as its bundle, each as in RV(web_certificate.certificate).
      type: list
      elements: dict
    private_key_is_set:
      description: Whether a private key is configured.
      type: bool
      sample: true
    presented:
      description:
        - The certificate that is presented at O(as_url), as in RV(web_certificate.certificate), whoever has signed it.
        - V(null) where that address cannot be reached without a proxy.
      type: dict
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki import web_certificate
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import facts, run

BODY = facts(web_certificate.WEB_CERTIFICATE, ACCESS_SERVER, web_certificate.listing)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
