# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that say how to reach an Access Server."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ARGUMENT_SPEC`` in module_utils/_access_server/api/connection.py."""

    # Whom to trust, for every module. What follows it is annotated, because ansible-test reads other assignments as text.
    TRUST = r"""
requirements:
  - Python 3.9 or later
  - requests
options:
  as_validate_certs:
    description:
      - Whether to check the server's certificate. V(false) gives the password to whoever answers at O(as_url); a fresh
        server with a certificate of its own making is better trusted by O(as_certificate_fingerprint).
      - Falls back to the environment variable E(VPN_ESTATE_AS_VALIDATE_CERTS).
    type: bool
    default: true
  as_ca_path:
    description:
      - File, or folder, with certificates of the authorities to trust, in PEM format, in place of the public ones. It
        lies on the machine where the module runs.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CA_PATH).
    type: path
  as_certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the server's own certificate, in hexadecimal digits, with or without colons. No other
        certificate is accepted then, and no authority is asked, unless O(as_ca_path) is given too.
      - On the server, C(openssl x509 -noout -fingerprint -sha256 -in FILE) prints it.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CERTIFICATE_FINGERPRINT).
    type: str
  as_server_name:
    description:
      - Name to look for in the server's certificate, where it differs from the one in O(as_url), which may be an
        address.
      - Falls back to the environment variable E(VPN_ESTATE_AS_SERVER_NAME).
    type: str
  as_timeout:
    description:
      - How many seconds the server may keep silent before its answer counts as lost. A connection must stand after 5 of them.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TIMEOUT).
    type: int
    default: 60
  as_deadline:
    description:
      - How many seconds a call may take as a whole, from the connection to the last byte of the answer, with its repeats and the
        waits between them. A write whose answer is not complete by then is treated like one whose answer is lost.
      - Left out, it is five times O(as_timeout).
      - A call that is known to be slow, such as to convert a database or to join a cluster, may keep silent, and take as a
        whole, four times as long.
      - Falls back to the environment variable E(VPN_ESTATE_AS_DEADLINE).
    type: int
  as_session:
    description:
      - Set by the action plugin of this collection, which shares one sign-in among the tasks of a run that give the same
        credentials and trust the same servers. Never set it yourself.
    type: dict
"""

    DOCUMENTATION: str = (
        TRUST
        + r"""
  as_url:
    description:
      - Address of the Access Server, such as V(https://vpn.example.com:943). Only C(https) is accepted.
      - Port 943 is the web server itself. The same API answers on port 443, through the VPN daemon, and is then cut off
        whenever that daemon restarts.
      - Falls back to the environment variable E(VPN_ESTATE_AS_URL). Without either, the task fails before anything is sent.
    type: str
  as_username:
    description:
      - Name of an administrator. Either this and O(as_password), or O(as_token), or O(as_saml_assertion), is needed.
      - Falls back to the environment variable E(VPN_ESTATE_AS_USERNAME).
    type: str
  as_password:
    description:
      - Password of O(as_username).
      - Falls back to the environment variable E(VPN_ESTATE_AS_PASSWORD).
    type: str
  as_totp_secret:
    description:
      - Secret of the authenticator of O(as_username), in base32, for an administrator who signs in with a second
        factor.
      - The server takes each code once. A sign-in that comes too soon after another waits for the next code, for up to
        30 seconds.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOTP_SECRET).
    type: str
  as_token:
    description:
      - A token to use instead of a sign-in, such as C(sacli GenerateAuthToken) makes on the server itself.
      - It is used as it is and is not renewed. With O(as_username) and O(as_password) beside it, a token that the
        server no longer takes leads to a sign-in.
      - Without O(as_username), modules do not know whose token it is, and cannot protect that account from the task.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOKEN).
    type: str
  as_saml_assertion:
    description:
      - What an identity provider says of an administrator who has signed in there, to use in place of O(as_password). It is the
        base64 text that a browser sends as C(SAMLResponse).
      - It opens one session with one server, within a few minutes. All tasks of the run share that session, and renew it for
        as long as the server allows, which is four hours by default. After that, tasks fail with a sentence.
      - With it, O(as_password) is not used, and no new sign-in can prove a change of the own account.
      - Falls back to the environment variable E(VPN_ESTATE_AS_SAML_ASSERTION).
    type: str
  as_node:
    description:
      - Name of the node of a cluster that carries out the requests, where it is not the one at O(as_url).
      - Falls back to the environment variable E(VPN_ESTATE_AS_NODE).
    type: str
  as_connections:
    description:
      - How many requests may be under way at the same time, from V(1) to V(8). Only what the server takes object by
        object, such as the creation of users, is done side by side.
      - A task begins with two, takes more while that makes it faster, and goes back to one as soon as the server asks for
        less.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CONNECTIONS).
    type: int
    default: 8
  as_batch_size:
    description:
      - How many objects one request may carry, from V(1) to V(5000), where the server takes many at once. A server that
        refuses so many gets half as many, for the rest of the task.
      - Falls back to the environment variable E(VPN_ESTATE_AS_BATCH_SIZE).
    type: int
    default: 500
"""
    )

    # Of modules that users run on machines of their own.
    USER: str = (
        TRUST
        + r"""
  as_url:
    description:
      - Address of the Access Server, such as V(https://vpn.example.com). Only C(https) is accepted. Either this or
        O(token_url) is needed.
      - Falls back to the environment variable E(VPN_ESTATE_AS_URL).
    type: str
  as_username:
    description:
      - Name of the user, who need not be an administrator. Either this and O(as_password), or a token, is needed.
      - Falls back to the environment variable E(VPN_ESTATE_AS_USERNAME).
    type: str
  as_password:
    description:
      - Password of O(as_username). It is sent once. A refused one is not tried again, neither by this task nor by others
        of the run, because failures lock the account.
      - Falls back to the environment variable E(VPN_ESTATE_AS_PASSWORD).
    type: str
  as_totp_secret:
    description:
      - Secret of the authenticator of O(as_username), in base32, for a user who signs in with a second factor.
      - The server takes each code once. On a local connection, a sign-in that comes too soon after another waits for the
        next code, for up to 30 seconds.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOTP_SECRET).
    type: str
"""
    )
