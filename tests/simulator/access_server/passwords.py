# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and one-time codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
import struct

_SYMBOLS = "!@#$%&'()*+,-/[]^_{|}~<>.;=?"
_STEP = 30
"""Seconds for which a one-time code stands (RFC 6238)."""


def digest(password: str) -> str:
    """What is kept of a password. One round: hundreds of simulators start in a test run, none keeps real passwords."""
    salt = secrets.token_hex(8)
    return f"{salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"


def matches(password: str, kept: str | None) -> bool:
    salt, _unused, expected = (kept or "").partition("$")
    return hmac.compare_digest(hashlib.sha256((salt + password).encode()).hexdigest(), expected)


def weakness(password: str) -> str | None:
    """Why a password is not strong, or None (server behaviour, 65)."""
    wanted = {
        "a digit": string.digits,
        "an upper-case letter": string.ascii_uppercase,
        "a lower-case letter": string.ascii_lowercase,
        "a symbol": _SYMBOLS,
    }
    missing = [name for name, letters in wanted.items() if not set(letters) & set(password)]
    if len(password) < 8:
        missing.insert(0, "8 characters")
    return "Password is not strong enough, it needs " + ", ".join(missing) if missing else None


def generated() -> str:
    """A strong random password."""
    return secrets.token_urlsafe(12) + "aA1!"


def new_secret() -> str:
    """A random TOTP secret in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def counter(now: float) -> int:
    """Number of the time step that a moment lies in."""
    return int(now) // _STEP


def code(secret: str, step: int) -> str:
    """The six digits for a time step (RFC 6238 with SHA-1)."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"
