#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_saml
short_description: Configure SAML on an OpenVPN Access Server
description:
  - Configures the server as a SAML service provider with one identity provider. Give its settings one by one, or by the
    metadata of the identity provider.
  - The module first reads metadata that is on this machine. It refuses a document type (DOCTYPE), more than 1 MB, and
    metadata that describes no identity provider or several. Then the server interprets the metadata with its own
    operation, and the task refuses a result that contradicts the metadata.
  - After it has written, the task asks the server where it sends users who sign in, and warns if that is not the
    identity provider. Servers may need a restart before settings take effect. Pass RV(objects[].pending) to
    M(vpn.estate.as_restart).
  - The task does not change which users sign in by SAML. To do that, set V(saml) as C(auth_method) of a user, a group
    or the default user, or as the item C(auth.module.type) of M(vpn.estate.as_config_item). Each of these modules
    refuses a change that could end the sign-in of its own account.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
requirements:
  - cryptography
options:
  enabled:
    description: Whether users can sign in by SAML. The identity provider must then be configured.
    type: bool
  idp_entity_id:
    description: Entity ID of the identity provider.
    type: str
  idp_signon_endpoint:
    description: The https URL of the identity provider to which the server sends users who sign in.
    type: str
  idp_logout_endpoint:
    description: The https URL at which users sign out. An empty text means none.
    type: str
  idp_certificate:
    description:
      - Certificate with which the identity provider signs, in PEM format, or in base64 as in metadata.
      - Several certificates in PEM format are written unchanged. It is not documented whether servers try each of them.
    type: str
  idp_metadata:
    description: >-
      Metadata of the identity provider, as text. Use it instead of the options above that begin with C(idp_).
    type: str
  idp_metadata_src:
    description:
      - File with such metadata, on the machine where the task runs.
      - ansible-vault may encrypt it if the task runs in the controller's own process, as tasks on local connections do.
    type: path
  idp_metadata_url:
    description:
      - The https URL of such metadata. The server fetches it in each run, also in check mode, so the server must reach
        it. The metadata is trusted. Its signature is not verified.
    type: str
  idp_certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the certificate to trust, one of those in the metadata.
      - By default, all valid certificates of the metadata are trusted if the server reads several of them. If it reads
        only one, the current certificate stays as long as it is valid and the metadata has it. After that, it is the
        one that the server reads.
    type: str
  sp_hostname:
    description: Host name of the server for SAML. An empty text means that of the web services.
    type: str
  timeout:
    description: Seconds that the server waits for the identity provider.
    type: int
  sp_metadata_dest:
    description:
      - File for the metadata of the server, which the identity provider needs. It is on the machine where the task
        runs, and has mode 0600.
      - It is written again if the server's metadata differs, or if the validity of the file has ended.
      - The server has metadata only while SAML is enabled and active.
    type: path
  profile:
    description: Configuration profile of the settings. The default is the active profile.
    type: str
  state:
    description:
      - V(present) writes the declared settings. Settings that are left out stay as they are.
      - V(absent) resets all settings to their defaults, which disables SAML.
    type: str
    choices: [present, absent]
    default: present
  allow_self:
    description:
      - Whether the task may change settings on which the sign-in of its own account depends. This is the case if the
        account signs in by SAML, or if its authentication method is unknown.
      - With O(as_password), a new sign-in proves the settings that are active after the change. Without it, the task
        warns that nothing is proven.
    type: bool
    default: false
notes:
  - Before SAML becomes the default, create an administrator with a different authentication method, such as V(local).
    This account needs no identity provider, and can revert settings that do not work.
  - RV(objects[].sp_metadata) holds the data that identity providers need. With the relay state C(cws) they return users
    to the web client, and with C(profile) to the page of profiles.
seealso:
  - module: vpn.estate.as_saml_info
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Configure SAML by the metadata of the identity provider
  vpn.estate.as_saml:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    idp_metadata_src: files/idp.xml
    enabled: true
  register: saml

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Activate the settings
  vpn.estate.as_restart:
    only_if_pending: true
    changed_items: "{{ saml.objects[0].pending }}"

- name: Write the metadata of the server to a file, for the identity provider
  vpn.estate.as_saml:
    sp_metadata_dest: files/vpn.example.com.xml

- name: Change to the next certificate, on the day on which the identity provider begins to use it
  vpn.estate.as_saml:
    idp_metadata_url: https://idp.example.com/metadata
    idp_certificate_fingerprint: "{{ next_certificate_fingerprint }}"

- name: Configure SAML without metadata
  vpn.estate.as_saml:
    idp_entity_id: https://idp.example.com/metadata
    idp_signon_endpoint: https://idp.example.com/sso
    idp_logout_endpoint: https://idp.example.com/slo
    idp_certificate: "{{ lookup('ansible.builtin.file', 'idp.pem') }}"
    sp_hostname: vpn.example.com
    timeout: 120
    enabled: true

- name: Configure SAML in a copy of the configuration
  vpn.estate.as_saml:
    profile: next
    idp_metadata: "{{ lookup('ansible.builtin.file', 'idp.xml') }}"

- name: Disable SAML, and reset the settings of the identity provider
  vpn.estate.as_saml:
    state: absent
    allow_self: true
"""

RETURN = r"""
objects:
  description:
    - The settings for SAML with their result, as a list with one entry.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: Always V(saml).
      type: str
      sample: saml
    # BEGIN objects: V(updated) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(updated) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    changed_keys:
      description: Options whose values changed.
      type: list
      elements: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    pending:
      description: >-
        Configuration items that are written and may wait for a restart. Empty for a profile that is not active.
      type: list
      elements: str
      sample: [auth.saml.0.enable]
    idp_certificates:
      description: Certificates for signatures in the metadata of the identity provider.
      returned: with metadata
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
        used:
          description: Whether the server trusts it after this task, or would in check mode.
          type: bool
          sample: true
    sp_metadata:
      description: Data of the server that the identity provider needs.
      returned: with O(sp_metadata_dest), if the server has metadata
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
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.saml import SAML, configure
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SAML.argument_spec(), configure, SAML.constraints(), resources=(SAML,))


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
