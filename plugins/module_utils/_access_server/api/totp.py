# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of an authenticator (RFC 6238). Each is valid for one sign-in, so runs on one machine take turns."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import typing as t

from ..._net.session_store import State, locked, rewrite
from ..._text.errors import InputError

TOTP_STEP = 30  # seconds (RFC 6238; server behaviour, 29)
CLAIMS_AHEAD = 20  # counters; no more runs than this wait in line


def unused_code(
    secret: str,
    state: State,
    codes: t.Optional[str],
    clock: t.Callable[[], float],
    sleep: t.Callable[[float], None],
) -> str:
    """A code is valid for one sign-in (server behaviour, 29): wait for the next code instead of failing.

    ``state`` keeps the last used counter, and the file ``codes`` the last one of other runs.
    """
    now = int(clock() // TOTP_STEP)
    counter = max(now, state.get("totp", -1) + 1)
    if codes:
        counter = claim_code(codes, counter)
    state["totp"] = counter
    if counter > now:
        sleep(counter * TOTP_STEP - clock())
    return totp(secret, counter)


def claim_code(path: str, counter: int) -> int:
    """Take the first 30 second counter from ``counter`` on that no run on this machine has used.

    ``path`` holds the last used counter and stays after the run: the next run must not send the same code.
    """
    with locked(path) as file:
        text = file.read(20)
        last = int(text) if text.isdecimal() else -1
        if last < counter + CLAIMS_AHEAD:  # otherwise it was written with another clock
            counter = max(counter, last + 1)
        rewrite(file, str(counter))
    return counter


def totp(secret: str, counter: int, whose: str = "as_totp_secret") -> str:
    """The code of RFC 6238 (SHA-1, six digits) for a base32 secret and a 30 second counter."""
    packed = secret.replace(" ", "").replace("-", "").upper().rstrip("=")
    try:
        key = base64.b32decode(packed + "=" * (-len(packed) % 8))
    except ValueError as exc:
        raise InputError(f"{whose} is not a secret in base32 (letters A to Z and digits 2 to 7).") from exc
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
