# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that protect the control channel, in the formats of OpenVPN (doc/tls-crypt-v2.txt of its source)."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
import textwrap

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_SERVER_KEY = "OpenVPN tls-crypt-v2 server key"
_CLIENT_KEY = "OpenVPN tls-crypt-v2 client key"
_TIMESTAMP = 0x01
_TAG_LENGTH = 32


def new_static_key() -> str:
    """A key that all clients share, for tls-auth and tls-crypt."""
    lines = "\n".join(textwrap.wrap(secrets.token_hex(256), 32))
    return f"-----BEGIN OpenVPN Static key V1-----\n{lines}\n-----END OpenVPN Static key V1-----\n"


def new_server_key() -> str:
    """The key with which a server wraps and unwraps the keys of its clients."""
    return _pem(_SERVER_KEY, secrets.token_bytes(128))


def new_client_key(server_key: str, now: float) -> str:
    """A client's own key, followed by the same key wrapped for the server together with the time."""
    key = secrets.token_bytes(256)
    return _pem(_CLIENT_KEY, key + _wrapped(key, struct.pack(">BQ", _TIMESTAMP, int(now)), _bytes(server_key)))


def _wrapped(key: bytes, metadata: bytes, server_key: bytes) -> bytes:
    """The tag, which is the nonce as well, then the encrypted key and metadata, then the length of it all."""
    encryption_key, authentication_key = server_key[:32], server_key[64:96]
    length = struct.pack(">H", _TAG_LENGTH + len(key) + len(metadata) + 2)
    tag = hmac.digest(authentication_key, length + key + metadata, "sha256")
    cipher = Cipher(algorithms.AES(encryption_key), modes.CTR(tag[:16])).encryptor()
    return tag + cipher.update(key + metadata) + cipher.finalize() + length


def _pem(name: str, content: bytes) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(content).decode(), 64))
    return f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----\n"


def _bytes(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))
