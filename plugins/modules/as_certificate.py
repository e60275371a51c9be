#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_certificate
short_description: Manage certificates that an OpenVPN Access Server issues, in files
description:
  - Keeps a certificate and its private key in two files on the machine where the task runs. The server creates both,
    with any of its templates, and keeps neither.
  - The task requests a new pair if a file is missing or cannot be read, if key and certificate do not belong together,
    if the certificate expires within O(renew_before), or if it differs from the declaration. Options that are left out
    are not compared.
  - The task checks the new pair before it writes a file. Until then the old pair stays.
  - If everything is in order, the task does not contact the server.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
requirements:
  - cryptography
options:
  certificates:
    description:
      - Several certificates. They are created one after the other, in this order.
      - Use it instead of O(dest) and the other options for one certificate.
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      dest: {description: See O(dest)., type: path, required: true}
      private_key_dest: {description: See O(private_key_dest)., type: path}
      common_name: {description: See O(common_name)., type: str}
      cert_template:
        description: See O(cert_template).
        type: str
        choices: [spcert, ca, intermediate_ca, webserver, server, client, hybrid]
      algorithm: {description: See O(algorithm)., type: str}
      days_to_expiry: {description: See O(days_to_expiry)., type: int}
      subj_alt_dns_names: {description: See O(subj_alt_dns_names)., type: list, elements: str}
      private_key_passphrase: {description: See O(private_key_passphrase)., type: str}
      signing_ca: {description: See O(signing_ca)., type: str}
      signing_ca_key: {description: See O(signing_ca_key)., type: str}
      signing_ca_config_key: {description: See O(signing_ca_config_key)., type: str}
      signing_ca_private_key_passphrase: {description: See O(signing_ca_private_key_passphrase)., type: str}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  dest:
    description:
      - File of the certificate, in PEM format. All users may read a new file, if the umask allows it. An existing file
        keeps its mode.
      - The certificate is written after its key. So if the certificate is there, its key is there too.
    type: path
  private_key_dest:
    description:
      - File of the private key. Only its owner may read it. If other users can read it, the module removes their
        access.
      - Always required. The module does not create folders or follow symbolic links.
    type: path
  common_name:
    description: Common name of the certificate. Required with state V(present).
    type: str
  cert_template:
    description:
      - Purpose of the certificate, which determines its key usage. Required with state V(present).
      - For an existing certificate, the module compares only whether it is an authority (V(ca), V(intermediate_ca)). To
        change between the other templates, set O(renew) once.
    type: str
    choices: [spcert, ca, intermediate_ca, webserver, server, client, hybrid]
  algorithm:
    description:
      - Algorithm of the key, such as V(secp384r1) or V(rsa3072). The server must offer it. Case does not matter.
      - By default, the server chooses, and an existing key stays.
    type: str
  days_to_expiry:
    description:
      - Days for which a new certificate is valid. By default, the server chooses. The value must be greater than
        O(renew_before).
      - An existing certificate is not replaced because of this option.
    type: int
  subj_alt_dns_names:
    description:
      - DNS names for which the certificate is valid, in any order and case. Only with O(cert_template=webserver).
      - The certificate may also contain the common name, whether it is listed or not.
    type: list
    elements: str
  private_key_passphrase:
    description:
      - Passphrase that encrypts the private key. A key that it does not open is replaced.
      - An encrypted key requires it.
    type: str
  signing_ca:
    description:
      - Certificate of the authority that signs, as text in PEM format. It requires one of O(signing_ca_key) and
        O(signing_ca_config_key).
      - By default, a new certificate is signed by its own key, and an existing one stays as it is.
    type: str
  signing_ca_key:
    description: Private key of O(signing_ca), as text in PEM format.
    type: str
  signing_ca_config_key:
    description: Configuration key under which the server has the private key of O(signing_ca), such as V(cs.priv_key).
    type: str
  signing_ca_private_key_passphrase:
    description: Passphrase of the private key of O(signing_ca).
    type: str
  state:
    description:
      - V(present) creates the pair if necessary.
      - V(absent) removes the two files. The server has no copy, so nothing is revoked.
    type: str
    choices: [present, absent]
    default: present
  renew_before:
    description: Number of days before its end at which a certificate is replaced.
    type: int
    default: 30
  renew:
    description: Whether to create new pairs in every run, even if the current ones are valid.
    type: bool
    default: false
notes:
  - A new pair belongs to the user who runs the task.
seealso:
  - module: vpn.estate.as_certificate_info
  - module: vpn.estate.as_web_certificate
"""

EXAMPLES = r"""
- name: Keep a certificate for a web server
  vpn.estate.as_certificate:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    dest: /etc/ssl/wiki.pem
    private_key_dest: /etc/ssl/private/wiki.key
    common_name: wiki.example.com
    cert_template: webserver
    subj_alt_dns_names: [wiki.example.com, www.wiki.example.com]

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Create an authority with an encrypted key
  vpn.estate.as_certificate:
    dest: pki/ca.pem
    private_key_dest: pki/ca.key
    common_name: Estate CA
    cert_template: ca
    algorithm: secp384r1
    days_to_expiry: 3650
    private_key_passphrase: "{{ vault_ca_passphrase }}"
    renew_before: 365

- name: Keep a certificate that the authority signs, and remove another one
  vpn.estate.as_certificate:
    certificates:
      - dest: pki/alpha.pem
        private_key_dest: pki/alpha.key
        common_name: alpha
        cert_template: client
        signing_ca: "{{ lookup('ansible.builtin.file', 'pki/ca.pem') }}"
        signing_ca_key: "{{ lookup('ansible.builtin.file', 'pki/ca.key') }}"
        signing_ca_private_key_passphrase: "{{ vault_ca_passphrase }}"
      - dest: pki/beta.pem
        private_key_dest: pki/beta.key
        state: absent

- name: Create a certificate that a key on the server signs
  vpn.estate.as_certificate:
    dest: pki/gamma.pem
    private_key_dest: pki/gamma.key
    common_name: gamma
    cert_template: server
    signing_ca: "{{ lookup('ansible.builtin.file', 'pki/estate.pem') }}"
    signing_ca_config_key: estate.ca_key

- name: Replace a pair in any case
  vpn.estate.as_certificate:
    dest: pki/delta.pem
    private_key_dest: pki/delta.key
    common_name: delta
    cert_template: hybrid
    renew: true

- name: Apply certificates from a file
  vpn.estate.as_certificate:
    src: files/certificates.yml
"""

RETURN = r"""
objects:
  description:
    - Each declared certificate with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the files
  type: list
  elements: dict
  contains:
    name:
      description: File of the certificate.
      type: str
      sample: /etc/ssl/wiki.pem
    # BEGIN objects: V(created), V(updated), V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated), V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - What differs from the declaration. In addition to options, these are V(certificate) and V(private_key), which
          are missing, cannot be read or do not belong together; V(expires); V(issuer); V(is_authority); V(renew); and
          V(private_key_is_private), if only the mode of the key file changes.
      type: list
      elements: str
      sample: [expires]
    reasons:
      description: Reasons for the new pair, as sentences.
      returned: when RV(objects[].action) is V(created) or V(updated)
      type: list
      elements: str
      sample: ["it expires on 2026-12-01T10:00:00Z"]
    certificate:
      description: The certificate that is in the file after the task.
      returned: when there is one; in check mode, when it would stay
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
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.certificate import CERTIFICATE
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(CERTIFICATE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
