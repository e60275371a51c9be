#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_certificate
short_description: Have certificates made by an OpenVPN Access Server, and keep them in files
description:
  - Keeps a certificate and its private key in two files on the machine where the task runs. The server makes both, with
    any of its templates, and keeps neither.
  - A new pair is made where a file is missing or cannot be read, where key and certificate do not belong together, where
    the certificate expires within O(renew_before), or where it is not what is declared. What is left out is left alone.
  - What the server made is looked at before a file is touched. Until then the old pair stays.
  - Where everything is in order, nothing is said to the server.
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
      - Many certificates. They are made one after the other, in this order.
      - Use it instead of O(dest) and the other options that describe one certificate.
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
      - File of the certificate, in PEM format. A new one may be read by everybody, as far as the umask allows; of one that
        is there the mode stays.
      - The certificate is written after its key, so that where it is, its key is there too.
    type: path
  private_key_dest:
    description:
      - File of the private key. Only its owner may read it; where others may, that is taken from them.
      - Always needed. Folders are not made, and symbolic links are not followed.
    type: path
  common_name:
    description: Common name of the certificate. Needed for a certificate that is to be there.
    type: str
  cert_template:
    description:
      - What the certificate is for, which decides about its key usage. Needed for a certificate that is to be there.
      - Of a certificate that is there, only whether it is an authority (V(ca), V(intermediate_ca)) is compared. To go
        from one of the others to another, say O(renew) once.
    type: str
    choices: [spcert, ca, intermediate_ca, webserver, server, client, hybrid]
  algorithm:
    description:
      - Algorithm of the key, such as V(secp384r1) or V(rsa3072). It has to be one that the server offers; case does not
        matter.
      - Left out, the server chooses, and a key that is there stays.
    type: str
  days_to_expiry:
    description:
      - For how many days a new certificate is valid. Left out, the server chooses. It must be more than
        O(renew_before).
      - A certificate that is there is not made anew for this.
    type: int
  subj_alt_dns_names:
    description:
      - DNS names that the certificate is for, in any order and case. Only with O(cert_template=webserver).
      - The common name may be there too, whether it is listed or not.
    type: list
    elements: str
  private_key_passphrase:
    description:
      - Passphrase that the private key is encrypted with. A key that it does not open is made anew.
      - A key that is encrypted needs it.
    type: str
  signing_ca:
    description:
      - Certificate of the authority that signs, as text in PEM format. It goes with one of O(signing_ca_key) and
        O(signing_ca_config_key).
      - Left out, a new certificate is signed by its own key, and one that is there stays as it is.
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
      - V(present) makes the pair if that is needed.
      - V(absent) removes the two files. The server keeps nothing, so that nothing is revoked.
    type: str
    choices: [present, absent]
    default: present
  renew_before:
    description: How many days before it expires a certificate is made anew.
    type: int
    default: 30
  renew:
    description: Whether to make new pairs in any case. Each run then makes new ones.
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

- name: Make an authority, whose key is encrypted
  vpn.estate.as_certificate:
    dest: pki/ca.pem
    private_key_dest: pki/ca.key
    common_name: Estate CA
    cert_template: ca
    algorithm: secp384r1
    days_to_expiry: 3650
    private_key_passphrase: "{{ vault_ca_passphrase }}"
    renew_before: 365

- name: Keep certificates that it signs
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

- name: Have one signed with a key that the server has
  vpn.estate.as_certificate:
    dest: pki/gamma.pem
    private_key_dest: pki/gamma.key
    common_name: gamma
    cert_template: server
    signing_ca: "{{ lookup('ansible.builtin.file', 'pki/estate.pem') }}"
    signing_ca_config_key: estate.ca_key

- name: Make a new pair whatever there is
  vpn.estate.as_certificate:
    dest: pki/delta.pem
    private_key_dest: pki/delta.key
    common_name: delta
    cert_template: hybrid
    renew: true

- name: Certificates from a file
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
        - What is not as it should be. Beside options these are V(certificate) and V(private_key), which are missing, cannot
          be read or do not belong together; V(expires); V(issuer); V(is_authority); V(renew); and
          V(private_key_is_private), where nothing but the mode of the key's file changes.
      type: list
      elements: str
      sample: [expires]
    reasons:
      description: Why the pair is made anew, in sentences.
      returned: when RV(objects[].action) is V(created) or V(updated)
      type: list
      elements: str
      sample: ["it expires on 2026-12-01T10:00:00Z"]
    certificate:
      description: The certificate that is in the file now.
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
