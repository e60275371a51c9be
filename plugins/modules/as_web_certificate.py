#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_web_certificate
short_description: Manage the web certificate of an OpenVPN Access Server
description:
  - Installs the certificate of the web services, its private key and its bundle together. They are the configuration
    items V(cs.cert), V(cs.priv_key) and V(cs.ca_bundle) of the active configuration profile.
  - The module checks them before it writes anything. Key and certificate must belong together. Each certificate of the
    chain must be signed by the next one. The certificate must not have expired, it must be valid for the name by which
    the task reaches the server, and the task's own connection options must accept it.
  - All three are written in one request, with one warm restart afterwards. The task waits until the server presents the
    new certificate.
  - The module compares certificates by their content. It never reads the private key of the server. That key is the one
    that belongs to the server's certificate.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
requirements:
  - cryptography
options:
  certificate:
    description:
      - Certificate, as text in PEM format. One of this option and O(certificate_src) is required.
      - If it holds a complete chain, the certificates after the first one are the bundle.
    type: str
  certificate_src:
    description: File of the certificate, on the machine where the task runs.
    type: path
  private_key:
    description:
      - Private key of the certificate, as text in PEM format, and not encrypted. One of this option and
        O(private_key_src) is required.
    type: str
  private_key_src:
    description:
      - File of the private key, on the machine where the task runs.
      - ansible-vault may encrypt it if the task runs in the controller's own process, as tasks on local connections do.
    type: path
  ca_bundle:
    description:
      - Certificates between the certificate and its root, each signed by the next one, as text in PEM format. An empty
        text means none.
      - By default, the bundle of the server stays, and must match the certificate.
    type: str
  ca_bundle_src:
    description: File of the bundle, on the machine where the task runs.
    type: path
  allow_other_name:
    description: Whether the certificate may lack the name in O(as_url) or O(as_server_name).
    type: bool
    default: false
  minimum_days:
    description:
      - Minimum number of days for which a certificate must still be valid to be installed. An expired certificate is
        always refused.
      - For a certificate that is already installed, the task only warns.
    type: int
    default: 0
  restart:
    description:
      - Whether to restart the server, so that it presents the new certificate. V(false) only writes it.
        RV(objects[].pending) then lists the items that wait for a restart.
      - The server is also restarted if the certificate is already written but not presented.
    type: bool
    default: true
  restart_timeout:
    description: Seconds to wait until the server is back.
    type: int
    default: 120
  check_presented:
    description:
      - Whether O(as_url) must present this certificate. Set it to V(false) if a proxy that terminates TLS is in front
        of the server.
    type: bool
    default: true
  allow_connection_change:
    description:
      - Whether to accept a certificate that does not match O(as_certificate_fingerprint), O(as_ca_path) or
        O(as_server_name) of this task. Otherwise such a certificate is refused, because this task and later tasks would
        be cut off.
      - With V(true), the task waits for a server with exactly the new certificate, and trusts no other. Later tasks
        must trust it by their own options.
    type: bool
    default: false
  state:
    description:
      - V(present) installs the certificate.
      - V(absent) resets the three items to their defaults. The server then uses a self-signed certificate again. That
        certificate is not known beforehand. So this state requires O(allow_connection_change), unless the task does not
        check certificates.
    type: str
    choices: [present, absent]
    default: present
notes:
  - In a cluster, the three items apply to all nodes. Only the node that receives the request restarts.
seealso:
  - module: vpn.estate.as_web_certificate_info
  - module: vpn.estate.as_certificate
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Install a certificate
  vpn.estate.as_web_certificate:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    certificate_src: files/vpn.example.com.pem
    private_key_src: files/vpn.example.com.key  # encrypted by ansible-vault
    ca_bundle_src: files/intermediate.pem
    minimum_days: 14

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Install a complete chain, and restart later
  vpn.estate.as_web_certificate:
    certificate: "{{ lookup('ansible.builtin.file', 'fullchain.pem') }}"
    private_key: "{{ vault_web_private_key }}"
    restart: false
  register: web

- name: Restart the server if this is necessary
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ web.objects[0].pending }}"

- name: Replace the pinned certificate of a new server by one from your own authority
  vpn.estate.as_web_certificate:
    as_certificate_fingerprint: "{{ fingerprint_at_installation }}"
    certificate_src: files/vpn.example.com.pem
    private_key_src: files/vpn.example.com.key
    ca_bundle: ""
    allow_connection_change: true
    restart_timeout: 300

- name: Install a certificate for another name, on a server behind a proxy that terminates TLS
  vpn.estate.as_web_certificate:
    certificate_src: files/internal.pem
    private_key_src: files/internal.key
    allow_other_name: true
    check_presented: false

- name: Return to the certificate that the server creates itself
  vpn.estate.as_web_certificate:
    state: absent
    allow_connection_change: true
"""

RETURN = r"""
objects:
  description:
    - The web certificate with its result, as a list with one entry.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Always V(web certificate).
      type: str
      sample: web certificate
    action:
      description:
        - V(created) if the server had a self-signed certificate; V(updated), V(deleted) or V(unchanged); V(failed) if
          the server refused, or does not present the certificate after a restart.
        - V(unknown) if it is not known whether the server has restarted.
      type: str
      sample: updated
    changed_keys:
      description:
        - Those of V(certificate), V(private_key) and V(ca_bundle) that change, and V(presented) if the server presents
          another certificate than the declared one.
      type: list
      elements: str
      sample: [certificate, presented, private_key]
    pending:
      description: >-
        Configuration items that are written, and become active after a restart. Empty if the task restarts the server.
      type: list
      elements: str
      sample: []
    certificate:
      description: The declared certificate.
      returned: when O(state=present)
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
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    updated: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.web_certificate import (
    WEB_CERTIFICATE,
    apply_certificate,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, WEB_CERTIFICATE.argument_spec(), apply_certificate, WEB_CERTIFICATE.constraints())


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
