#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_certificate_info
short_description: Have certificates examined by an OpenVPN Access Server
description:
  - Asks the server what it reads in a certificate, whether a private key is that of the certificate, and whether it trusts
    it.
  - That the server finds something wrong with key or chain is an answer, and no failure. The task fails where the
    certificate cannot be read at all.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  certificate:
    description: The certificate, as text in PEM format.
    type: str
    required: true
  private_key:
    description: A private key that may be that of O(certificate), as text in PEM format. The server gets to see it.
    type: str
  chain:
    description: Certificates between O(certificate) and its root, as text in PEM format. With it, trust is checked.
    type: str
  ca_roots:
    description:
      - Certificates of the authorities to trust, each as text in PEM format. With it, trust is checked.
      - An empty list stands for the authorities that the server's system trusts.
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

- name: See whether a key is that of a certificate, and whether our own authority has signed it
  vpn.estate.as_certificate_info:
    certificate: "{{ lookup('ansible.builtin.file', 'wiki.pem') }}"
    private_key: "{{ lookup('ansible.builtin.file', 'wiki.key') }}"
    chain: "{{ lookup('ansible.builtin.file', 'intermediate.pem') }}"
    ca_roots: ["{{ lookup('ansible.builtin.file', 'ca.pem') }}"]
  register: checked
  failed_when: checked is failed or not checked.key_matches or not checked.trusted

- name: See whether the public authorities trust it
  vpn.estate.as_certificate_info:
    certificate: "{{ lookup('ansible.builtin.file', 'wiki.pem') }}"
    ca_roots: []
"""

RETURN = r"""
certificate:
  description: What the server reads in the certificate, in its own words.
  returned: success
  type: dict
  contains:
    serial:
      description: Serial number, as a decimal number in text.
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
      description: Since when it is valid.
      type: str
    not_after:
      description: Until when it is valid.
      type: str
    sha256fp:
      description: SHA-256 fingerprint.
      type: str
    subj_alt_names:
      description: Names that it is for.
      type: list
      elements: str
    subject:
      description: Parts of its subject.
      type: list
      elements: str
      sample: [CN=wiki.example.com]
    ca:
      description: Whether it is that of an authority.
      type: bool
    self_signed:
      description: Whether its own key has signed it.
      type: bool
key_matches:
  description: Whether the server finds that O(private_key) is that of the certificate.
  returned: when O(private_key) is given
  type: bool
key_reason:
  description: Why the server could not tell.
  returned: when the server could not read O(private_key)
  type: str
trusted:
  description: Whether the server found a chain from the certificate to a trusted root.
  returned: when O(chain) or O(ca_roots) is given
  type: bool
trust_reason:
  description: Why it found none.
  returned: when RV(trusted) is V(false)
  type: str
chain:
  description: The chain that was found, each certificate as in RV(certificate).
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
