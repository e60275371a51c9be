#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_web_certificate_info
short_description: Read the web certificate of an OpenVPN Access Server
description:
  - Reads the configured certificate of the web services, and the certificate that the server presents. They differ
    until the server restarts, or if a proxy that terminates TLS is in front of the server.
  - The module does not read the private key.
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

- name: Fail if the certificate ends within three weeks
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
        - The configured certificate. V(null) if none is configured, so that the server creates one itself, or if it
          cannot be read.
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
      description: Certificates of the configured bundle, each in the form of RV(web_certificate.certificate).
      type: list
      elements: dict
    private_key_is_set:
      description: Whether a private key is configured.
      type: bool
      sample: true
    presented:
      description:
        - The certificate that O(as_url) presents, in the form of RV(web_certificate.certificate), from any authority.
        - V(null) if that address can be reached only through a proxy.
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
