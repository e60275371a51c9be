#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_certificate_info
short_description: Let an OpenVPN Access Server examine certificates
description:
  - Asks the server for the content of a certificate, whether a private key belongs to it, and whether the server trusts
    it.
  - If the server finds a mistake in the key or the chain, this is a result and not a failure. The task fails only if
    the certificate cannot be read.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  certificate:
    description: Certificate to examine, as text in PEM format.
    type: str
    required: true
  private_key:
    description: Private key that may belong to O(certificate), as text in PEM format. It is sent to the server.
    type: str
  chain:
    description: >-
      Certificates between O(certificate) and its root, as text in PEM format. If it is set, the server checks the
      trust.
    type: str
  ca_roots:
    description:
      - Certificates of the authorities to trust, each as text in PEM format. If it is set, the server checks the trust.
      - With an empty list, the server uses the authorities that its system trusts.
    type: list
    elements: str
seealso:
  - module: vpn.estate.as_certificate
  - module: vpn.estate.as_web_certificate
"""

EXAMPLES = r"""
- name: Read a certificate
  vpn.estate.as_certificate_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    certificate: "{{ lookup('ansible.builtin.file', 'wiki.pem') }}"
  register: found

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Check that a key belongs to a certificate, and that your own authority signed the certificate
  vpn.estate.as_certificate_info:
    certificate: "{{ lookup('ansible.builtin.file', 'wiki.pem') }}"
    private_key: "{{ lookup('ansible.builtin.file', 'wiki.key') }}"
    chain: "{{ lookup('ansible.builtin.file', 'intermediate.pem') }}"
    ca_roots: ["{{ lookup('ansible.builtin.file', 'ca.pem') }}"]
  register: checked
  failed_when: checked is failed or not checked.key_matches or not checked.trusted

- name: Check whether the public authorities trust a certificate
  vpn.estate.as_certificate_info:
    certificate: "{{ lookup('ansible.builtin.file', 'wiki.pem') }}"
    ca_roots: []
"""

RETURN = r"""
certificate:
  description: Content of the certificate, in the words of the server.
  returned: success
  type: dict
  contains:
    serial:
      description: Serial number, as text in decimal digits.
      type: str
      sample: "5577006791947779410"
    common_name:
      description: Common name.
      type: str
      sample: wiki.example.com
    algorithm:
      description: Algorithm of the key.
      type: str
      sample: secp384r1
    not_before:
      description: Start of its validity.
      type: str
    not_after:
      description: End of its validity.
      type: str
    sha256fp:
      description: SHA-256 fingerprint.
      type: str
    subj_alt_names:
      description: Names for which it is valid.
      type: list
      elements: str
    subject:
      description: Parts of the subject.
      type: list
      elements: str
      sample: [CN=wiki.example.com]
    ca:
      description: Whether it is the certificate of an authority.
      type: bool
    self_signed:
      description: Whether it is signed by its own key.
      type: bool
key_matches:
  description: Whether the server finds that O(private_key) belongs to the certificate.
  returned: when O(private_key) is given
  type: bool
key_reason:
  description: Reason why the server could not compare them.
  returned: when the server could not read O(private_key)
  type: str
trusted:
  description: Whether the server found a chain from the certificate to a trusted root.
  returned: when O(chain) or O(ca_roots) is given
  type: bool
trust_reason:
  description: Reason why it found none.
  returned: when RV(trusted) is V(false)
  type: str
chain:
  description: The chain that was found, each certificate in the form of RV(certificate).
  returned: when RV(trusted) is V(true)
  type: list
  elements: dict
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.certificate import INFO_SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, INFO_SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
