# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that connect to a Freebox."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ARGUMENT_SPEC`` in module_utils/_freebox/connection.py."""

    # Which Freebox to connect to, for every module. What follows is annotated: ansible-test reads the rest as text.
    REACH = r"""
requirements:
  - Python 3.9 or later
  - requests
options:
  freebox_url:
    description:
      - Address of the Freebox. The default is the name that each Freebox has in its own network. From other networks,
        use the name and port of the box, such as V(https://abcdefgh.fbxos.fr:29491), which
        M(vpn.estate.freebox_app_info) returns.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_URL).
    type: str
    default: https://mafreebox.freebox.fr
  freebox_api_version:
    description:
      - Major version of the API to use. The default is the version that the box announces.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_API_VERSION).
    type: int
  freebox_plain_http:
    description:
      - Whether O(freebox_url) is an address without TLS. Passwords and profiles then travel in clear text, and the task
        warns of this. The collection never uses plain HTTP unless this option is set.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_PLAIN_HTTP).
    type: bool
    default: false
  freebox_validate_certs:
    description:
      - Whether to check the certificate of the box. With V(false), any server that answers at O(freebox_url) receives
        passwords.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_VALIDATE_CERTS).
    type: bool
    default: true
  freebox_ca_path:
    description:
      - File or folder with certificates of the authorities to trust, in PEM format. The default is the authorities of
        Freebox and Iliadbox routers, which are part of this collection, and the public authorities.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_CA_PATH).
    type: path
  freebox_certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the box's own certificate, in hexadecimal digits, with or without colons.
      - Only this certificate is accepted. The certificate authority is not checked unless O(freebox_ca_path) is set
        too.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_CERTIFICATE_FINGERPRINT).
    type: str
  freebox_server_name:
    description:
      - Name to look for in the certificate of the box. Set it where that name differs from the one in O(freebox_url),
        for example because O(freebox_url) has an IP address.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_SERVER_NAME).
    type: str
  freebox_timeout:
    description:
      - Seconds that the box may stay silent before its answer counts as lost. A connection must open within 5 seconds.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_TIMEOUT).
    type: int
    default: 60
  freebox_deadline:
    description:
      - Seconds that a call may take as a whole, from the connection to the last byte of the answer. Retries and the
        waits between them count too. A write whose answer is not complete at that time is treated like one whose answer
        is lost.
      - The default is five times O(freebox_timeout).
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_DEADLINE).
    type: int
  freebox_session:
    description:
      - Set by the action plugin of this collection. It shares one sign-in among the tasks of a run that use the same
        credentials and trust the same servers. Never set it yourself.
    type: dict
"""

    DOCUMENTATION: str = (
        REACH
        + r"""
  freebox_app_id:
    description:
      - Identifier of an application that is allowed on the box. M(vpn.estate.freebox_app) stores it.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_ID). If both are missing, the task fails before
        it sends anything.
    type: str
  freebox_app_token:
    description:
      - Token of the application. M(vpn.estate.freebox_app) stores it. The application needs the permission C(settings),
        which only a person can grant, in the access management of applications in Freebox OS.
      - The token itself is never sent. If the box refuses it, no task of the run tries it again.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN). If both are missing, the task fails
        before it sends anything.
    type: str
"""
    )
