# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that connect to an Access Server."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ARGUMENT_SPEC`` in module_utils/_access_server/api/connection.py."""

    # Which certificates to trust, for every module. What follows it is annotated, because ansible-test reads other
    # assignments as text.
    TRUST = r"""
requirements:
  - Python 3.9 or later
  - requests
options:
  as_validate_certs:
    description:
      - Whether to check the server's certificate. With V(false), any server that answers at O(as_url) receives the
        password. For a new server with a self-signed certificate, use O(as_certificate_fingerprint) instead.
      - Falls back to the environment variable E(VPN_ESTATE_AS_VALIDATE_CERTS).
    type: bool
    default: true
  as_ca_path:
    description:
      - File or folder with certificates of the authorities to trust, in PEM format. They replace the public
        authorities.
      - The path is on the machine where the module runs.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CA_PATH).
    type: path
  as_certificate_fingerprint:
    description:
      - SHA-256 fingerprint of the server's own certificate, in hexadecimal digits, with or without colons.
      - Only this certificate is accepted. The certificate authority is not checked unless O(as_ca_path) is set too.
      - The command C(openssl x509 -noout -fingerprint -sha256 -in FILE) prints it on the server.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CERTIFICATE_FINGERPRINT).
    type: str
  as_server_name:
    description:
      - Name to look for in the server's certificate. Set it where that name differs from the one in O(as_url), for
        example because O(as_url) has an IP address.
      - Falls back to the environment variable E(VPN_ESTATE_AS_SERVER_NAME).
    type: str
  as_timeout:
    description:
      - Seconds that the server may stay silent before its answer counts as lost. A connection must open within 5
        seconds.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TIMEOUT).
    type: int
    default: 60
  as_deadline:
    description:
      - Seconds that a call may take as a whole, from the connection to the last byte of the answer. Retries and the
        waits between them count too. A write whose answer is not complete at that time is treated like one whose answer
        is lost.
      - The default is five times O(as_timeout).
      - Calls that are known to be slow, such as the conversion of a database or the joining of a cluster, get four
        times O(as_timeout) and four times this value.
      - Falls back to the environment variable E(VPN_ESTATE_AS_DEADLINE).
    type: int
  as_session:
    description:
      - Set by the action plugin of this collection. It shares one sign-in among the tasks of a run that use the same
        credentials and trust the same servers. Never set it yourself.
    type: dict
"""

    DOCUMENTATION: str = (
        TRUST
        + r"""
  as_url:
    description:
      - Address of the Access Server, such as V(https://vpn.example.com:943). Only C(https) is accepted.
      - Port 943 is the web server itself. Port 443 offers the same API through the VPN daemon. A restart of that daemon
        interrupts calls on port 443.
      - Falls back to the environment variable E(VPN_ESTATE_AS_URL). If both are missing, the task fails before it sends
        anything.
    type: str
  as_username:
    description:
      - Name of an administrator. The task needs O(as_username) and O(as_password), or O(as_token), or
        O(as_saml_assertion).
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
      - The server accepts each code once. A sign-in that comes too soon after another one waits for the next code, for
        up to 30 seconds.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOTP_SECRET).
    type: str
  as_token:
    description:
      - A token to use instead of a sign-in. The command C(sacli GenerateAuthToken) creates one on the server.
      - The token is not renewed. If O(as_username) and O(as_password) are set too, the task signs in when the server no
        longer accepts the token.
      - Without O(as_username), modules do not know the account of the token, and cannot protect that account from the
        task.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOKEN).
    type: str
  as_saml_assertion:
    description:
      - Answer of an identity provider at which an administrator has signed in, used instead of O(as_password). It is
        the base64 text that a browser sends as C(SAMLResponse).
      - It opens one session with one server, and is valid for a few minutes. All tasks of the run share that session.
        They renew it for as long as the server allows, which is four hours by default. After that, tasks fail with a
        clear message.
      - With it, O(as_password) is not used, and no new sign-in can prove a change of the task's own account.
      - Falls back to the environment variable E(VPN_ESTATE_AS_SAML_ASSERTION).
    type: str
  as_node:
    description:
      - Name of the cluster node that carries out the requests, if it is not the node at O(as_url).
      - Falls back to the environment variable E(VPN_ESTATE_AS_NODE).
    type: str
  as_connections:
    description:
      - Maximum number of requests at the same time, from V(1) to V(8). Only calls that the server takes one object at a
        time run in parallel, such as the creation of users.
      - A task starts with two connections and adds more while that makes it faster. It returns to one connection as
        soon as the server asks for fewer requests.
      - Falls back to the environment variable E(VPN_ESTATE_AS_CONNECTIONS).
    type: int
    default: 8
  as_batch_size:
    description:
      - Maximum number of objects in one request, from V(1) to V(5000), for calls that take many objects. If the server
        refuses a request as too large, the rest of the task uses half as many.
      - Falls back to the environment variable E(VPN_ESTATE_AS_BATCH_SIZE).
    type: int
    default: 500
"""
    )

    # For modules that users run on their own machines.
    USER: str = (
        TRUST
        + r"""
  as_url:
    description:
      - Address of the Access Server, such as V(https://vpn.example.com). Only C(https) is accepted. The task needs this
        option or O(token_url).
      - Falls back to the environment variable E(VPN_ESTATE_AS_URL).
    type: str
  as_username:
    description:
      - Name of the user, who need not be an administrator. The task needs O(as_username) and O(as_password), or a
        token.
      - Falls back to the environment variable E(VPN_ESTATE_AS_USERNAME).
    type: str
  as_password:
    description:
      - Password of O(as_username). It is sent once. If the server refuses it, no task of the run sends it again,
        because failures lock the account.
      - Falls back to the environment variable E(VPN_ESTATE_AS_PASSWORD).
    type: str
  as_totp_secret:
    description:
      - Secret of the authenticator of O(as_username), in base32, for a user who signs in with a second factor.
      - The server accepts each code once. On a local connection, a sign-in that comes too soon after another one waits
        for the next code, for up to 30 seconds.
      - Falls back to the environment variable E(VPN_ESTATE_AS_TOTP_SECRET).
    type: str
"""
    )
