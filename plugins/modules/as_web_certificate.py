#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_web_certificate
short_description: Manage the web certificate of an OpenVPN Access Server
description:
  - Puts the certificate of the web services, its private key and its bundle in force as one thing. They are the
    configuration items V(cs.cert), V(cs.priv_key) and V(cs.ca_bundle) of the active configuration profile.
  - Before anything is written, it is checked that key and certificate belong together, that each certificate of the chain is
    signed by the next, that it has not expired, that it is for the name by which the task reaches the server, and that the
    task's own connection options would accept it.
  - All three are written in one request, with one warm restart afterwards. The task waits until the server presents the new
    certificate.
  - Certificates are compared by what they are. The server's private key is never read; it is the one that belongs to the
    server's certificate.
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
      - The certificate, as text in PEM format. Either this or O(certificate_src) is needed.
      - Where it holds a whole chain, the certificates after the first are the bundle.
    type: str
  certificate_src:
    description: File of the certificate, on the machine where the task runs.
    type: path
  private_key:
    description:
      - Private key of the certificate, as text in PEM format, and not encrypted. Either this or O(private_key_src) is
        needed.
    type: str
  private_key_src:
    description:
      - File of the private key, on the machine where the task runs.
      - It may be encrypted by ansible-vault if the task runs in the controller's own process, as tasks on local connections
        do.
    type: path
  ca_bundle:
    description:
      - Certificates between the certificate and its root, each signed by the next, as text in PEM format. An empty text
        stands for none.
      - Left out, the bundle of the server stays, and has to fit.
    type: str
  ca_bundle_src:
    description: File of the bundle, on the machine where the task runs.
    type: path
  allow_other_name:
    description: Whether the certificate may be for other names than that of O(as_url), or O(as_server_name).
    type: bool
    default: false
  minimum_days:
    description:
      - For how many more days a certificate has to be valid to be put in force. One that has expired is refused in any case.
      - One that is in force already is only warned of.
    type: int
    default: 0
  restart:
    description:
      - Whether to restart the server, so that it presents the new certificate. V(false) only writes; what then waits for a
        restart is told in RV(objects[].pending).
      - Where the certificate is written already and not presented, the server is restarted too.
    type: bool
    default: true
  restart_timeout:
    description: How many seconds to wait for the server to come back.
    type: int
    default: 120
  check_presented:
    description:
      - Whether the certificate that answers at O(as_url) is expected to be this one. Say V(false) where something that ends
        TLS stands in front of the server.
    type: bool
    default: true
  allow_connection_change:
    description:
      - Whether the certificate may be one that O(as_certificate_fingerprint), O(as_ca_path) or O(as_server_name) of this task
        do not fit. Such a certificate is refused otherwise, because this task and those after it would be cut off.
      - With V(true), the task waits for a server with exactly the new certificate, and trusts no other. Later tasks have to
        trust it by their own options.
    type: bool
    default: false
  state:
    description:
      - V(present) puts the certificate in force.
      - V(absent) sets the three items back to their defaults. The server then goes back to a certificate of its own making.
        As nobody can know that one, it needs O(allow_connection_change) unless no certificate is checked.
    type: str
    choices: [present, absent]
    default: present
notes:
  - In a cluster, the three items are those of all nodes, and only the node that is asked restarts.
seealso:
  - module: vpn.estate.as_web_certificate_info
  - module: vpn.estate.as_certificate
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Put a certificate in force
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

- name: Put a whole chain in force, and restart later
  vpn.estate.as_web_certificate:
    certificate: "{{ lookup('ansible.builtin.file', 'fullchain.pem') }}"
    private_key: "{{ vault_web_private_key }}"
    restart: false
  register: web

- name: Restart, if that is due
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ web.objects[0].pending }}"

- name: Go from the first certificate of a fresh server, which is pinned, to one of our own authority
  vpn.estate.as_web_certificate:
    as_certificate_fingerprint: "{{ fingerprint_at_installation }}"
    certificate_src: files/vpn.example.com.pem
    private_key_src: files/vpn.example.com.key
    ca_bundle: ""
    allow_connection_change: true
    restart_timeout: 300

- name: The same for a server behind a proxy that ends TLS, by another name
  vpn.estate.as_web_certificate:
    certificate_src: files/internal.pem
    private_key_src: files/internal.key
    allow_other_name: true
    check_presented: false

- name: Go back to the certificate that the server makes itself
  vpn.estate.as_web_certificate:
    state: absent
    allow_connection_change: true
"""

RETURN = r"""
objects:
  description:
    - The web certificate and what became of it, as a list with one entry.
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
        - V(created) where the server had a certificate of its own making; V(updated), V(deleted) or V(unchanged); V(failed)
          where the server refused, or does not present the certificate after a restart.
        - V(unknown) where the server is not known to have restarted.
      type: str
      sample: updated
    changed_keys:
      description:
        - Which of V(certificate), V(private_key) and V(ca_bundle) change, and V(presented) where the server presents another
          certificate than the declared one.
      type: list
      elements: str
      sample: [certificate, presented, private_key]
    pending:
      description: Configuration items that are written, and in force only after a restart. Empty where the task restarts.
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
      description: What went wrong.
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
    bring_in_force,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, WEB_CERTIFICATE.argument_spec(), bring_in_force, WEB_CERTIFICATE.constraints())


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
