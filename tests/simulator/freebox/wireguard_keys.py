# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of WireGuard in the text form that its programs read."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def new_private_key() -> str:
    return _text(X25519PrivateKey.generate().private_bytes_raw())


def new_shared_key() -> str:
    return _text(secrets.token_bytes(32))


def public_key(private_key: str) -> str:
    """ValueError when it is no private key."""
    try:
        key = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key, validate=True))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    return _text(key.public_key().public_bytes_raw())


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
