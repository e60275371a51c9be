# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in with nothing but a name and a password field: challenges and their answers travel as CRV1 texts."""

from __future__ import annotations

import base64
import dataclasses
import re
from typing import TYPE_CHECKING

from ..answers import Answer, Refusal
from .answers import Call

if TYPE_CHECKING:
    from .auth import Authentication

_RESPONSE = re.compile(r"CRV1::([^:]*)::(.*)", re.DOTALL)


def sign_in(authentication: Authentication, call: Call, username: str, password: str) -> Answer:
    """The answer of the sign-in that the password, or the answer to a challenge in its place, is good for."""
    response = _RESPONSE.fullmatch(password)
    if response:
        context, text = response.groups()
        body = {"username": username, "response": text, "challenge_context": context}
        return authentication.answer_challenge(dataclasses.replace(call, body=body))
    return authentication.login(dataclasses.replace(call, body={"username": username, "password": password}))


def challenge(username: str, refusal: Refusal) -> str | None:
    """What a refused sign-in asks, None when it is refused for good."""
    asked = refusal.body.get("MFAChallenge", refusal.body)
    if "challenge_context" not in asked:
        return None
    flags = "R,E" if asked["echo"] else "R"
    name = base64.b64encode(username.encode()).decode()
    return f"CRV1:{flags}:{asked['challenge_context']}:{name}:{asked['challenge']}"
