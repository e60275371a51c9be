# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that say how to reach a Freebox."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ARGUMENT_SPEC`` in module_utils/_freebox/connection.py."""

    # Whom to ask and whom to trust, for every module. What follows is annotated: ansible-test reads the rest as text.
    REACH = r"""
requirements:
  - Python 3.9 or later
  - requests
options:
  freebox_url:
    description:
      - Address of the Freebox. The default is the name of each Freebox in its own network. From elsewhere it is the
        box's own name and port, such as V(https://abcdefgh.fbxos.fr:29491), which M(vpn.estate.freebox_app_info) tells.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_URL).
    type: str
    default: https://mafreebox.freebox.fr
  freebox_api_version:
    description:
      - Major version of the API to use. Left out, it is the one that the box announces.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_API_VERSION).
    type: int
  freebox_plain_http:
    description:
      - Whether O(freebox_url) is an address without TLS. Passwords and profiles then travel in clear text, which is warned
        of. Nothing falls back to it by itself.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_PLAIN_HTTP).
    type: bool
    default: false
  freebox_validate_certs:
    description:
      - Whether to check the box's certificate. V(false) gives passwords to whoever answers at O(freebox_url).
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_VALIDATE_CERTS).
    type: bool
    default: true
  freebox_ca_path:
    description:
      - File, or folder, with certificates of the authorities to trust, in PEM format. Left out, these are the authorities
        of Freebox and Iliadbox routers, which come with this collection, and the public ones.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_CA_PATH).
    type: path
  freebox_certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the box's own certificate, in hexadecimal digits, with or without colons. No other
        certificate is accepted then, and no authority is asked, unless O(freebox_ca_path) is given too.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_CERTIFICATE_FINGERPRINT).
    type: str
  freebox_server_name:
    description:
      - Name to look for in the box's certificate, where it differs from the one in O(freebox_url), which may be an address.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_SERVER_NAME).
    type: str
  freebox_timeout:
    description:
      - How many seconds the box may keep silent before its answer counts as lost. A connection must stand after 5 of them.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_TIMEOUT).
    type: int
    default: 60
  freebox_deadline:
    description:
      - How many seconds a call may take as a whole, from the connection to the last byte of the answer, with its repeats and the
        waits between them. A write whose answer is not complete by then is treated like one whose answer is lost.
      - Left out, it is five times O(freebox_timeout).
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_DEADLINE).
    type: int
  freebox_session:
    description:
      - Set by the action plugin of this collection, which shares one sign-in among the tasks of a run that give the same
        credentials and trust the same servers. Never set it yourself.
    type: dict
"""

    DOCUMENTATION: str = (
        REACH
        + r"""
  freebox_app_id:
    description:
      - Identifier of the application that somebody has allowed on the box, as M(vpn.estate.freebox_app) has stored it.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_ID). Without either, the task fails before anything is
        sent.
    type: str
  freebox_app_token:
    description:
      - The application's token, as M(vpn.estate.freebox_app) has stored it. It needs the permission C(settings), which only a
        person can grant, in the applications' access management of Freebox OS.
      - It is never sent. A refused one is not tried again, neither by this task nor by others of the run.
      - Falls back to the environment variable E(VPN_ESTATE_FREEBOX_APP_TOKEN). Without either, the task fails before anything
        is sent.
    type: str
"""
    )
