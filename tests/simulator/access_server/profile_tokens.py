# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that stand for a profile which is made when one is redeemed: token URLs and installer URLs."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..answers import Answer, Refusal
from ..clock import iso_seconds
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked, invalid, refused
from .profiles import PROFILE_TYPES

if TYPE_CHECKING:
    from .machine import Machine

_KIND = "profile_token"
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 32
_USES, _LIFETIME = 1, 3600
INSTALLERS = ("win_v3", "mac_v3", "win", "mac", "ios", "android", "linux")
ELSEWHERE = ("ios", "android", "linux")
"""Systems whose client comes from a store or a package repository."""


class ProfileTokens(Part):
    """All tokens of one server that are good, oldest first."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def all(self) -> dict[str, dict[str, Any]]:
        """What the server knows of each token; `expires` in seconds since the epoch."""
        now = self._machine.clock.now()
        entries = self._machine.store.entries(_KIND)
        return {token: entry for token, entry in entries.items() if entry["expires"] > now}

    def add(self, user: str, profile_type: str = "autologin", lifetime: float = _LIFETIME, usages: int = _USES) -> str:
        """Make a token; `lifetime` in seconds."""
        token = "".join(secrets.choice(_LETTERS) for _unused in range(_LENGTH))
        entry = {
            "username": user,
            "profile_type": profile_type,
            "expires": self._machine.clock.now() + lifetime,
            "usages": usages,
        }
        self._machine.store.put_entry(_KIND, token, entry)
        return token

    def redeem(self, token: str) -> tuple[str, str]:
        """Spend one use; the answer is the user and the type of the profile to make. 403 for one that is not good."""
        entry = self.all().get(token)
        if entry is None:
            raise refused(403, "Invalid or expired profile token")
        if entry["usages"] == 1:
            self._machine.store.delete_entry(_KIND, token)
        else:
            self._machine.store.put_entry(_KIND, token, {**entry, "usages": entry["usages"] - 1})
        return entry["username"], entry["profile_type"]

    def delete_of_users(self, usernames: set[str]) -> None:
        for token, entry in self.all().items():
            if entry["username"] in usernames:
                self._machine.store.delete_entry(_KIND, token)

    # operations

    @operation("POST", "/token-url", "generateTokenUrl", "user", writes=True)
    def create(self, call: Call) -> Answer:
        shape = {"lifetime": int, "usages": int, "profile_type!": OneOf(*PROFILE_TYPES), "username": str}
        asked = checked(call.body, shape)
        token = call.token
        assert token is not None
        lifetime, usages = asked.get("lifetime", _LIFETIME), asked.get("usages", _USES)
        wrong = {name: "Input should be greater than 0" for name in ("lifetime", "usages") if asked.get(name, 1) < 1}
        if wrong:
            raise invalid(wrong)
        if not token.admin and (lifetime > _LIFETIME or usages > _USES):
            raise Refusal(403, self._machine.dialect.privileges_refused())
        username, profile_type = asked.get("username", token.username), asked["profile_type"]
        self._machine.profiles.for_own_use(token, username)
        self._permitted(username, profile_type)
        made = self.add(username, profile_type, lifetime, usages)
        query = urlencode({"token": made})
        url = f"openvpn://import-profile/{self._machine.url}/rest/GetProfileViaToken?{query}"
        return Answer(200, url)

    def _permitted(self, username: str, profile_type: str) -> None:
        """400 unless the user may have such a profile: that is the document's status for a token that is not made."""
        try:
            self._machine.profiles.permit(username, profile_type)
        except Refusal as refusal:
            raise Refusal(400, refusal.body) from None

    @operation("GET", "/token-url/list", "enumerateTokenIds")
    def list_all(self, call: Call) -> Answer:
        return Answer(200, {"profileTokens": [{"token": token, **shown} for token, shown in self.shown().items()]})

    def state(self) -> dict[str, Any]:
        return {"profile_tokens": [*self.shown().values()]}

    def shown(self) -> dict[str, dict[str, Any]]:
        return {token: {**entry, "expires": iso_seconds(entry["expires"])} for token, entry in self.all().items()}

    @operation("POST", "/token-url/delete", "bulktokenurldelete", writes=True)
    def delete(self, call: Call) -> Answer:
        """All of them or none."""
        for token in checked(call.body, [str]):
            if token not in self.all():
                raise refused(404, f"Token does not exist: {token}")
            self._machine.store.delete_entry(_KIND, token)
        return Answer(204)

    @operation("POST", "/installer-url", "generateInstallerUrl", "user", writes=True)
    def create_installer(self, call: Call) -> Answer:
        """The document's only status for a refusal is 400."""
        shape = {
            "user": str,
            "installer_type!": OneOf(*INSTALLERS),
            "profile_type": OneOf(*PROFILE_TYPES),
            "tls_crypt_v2": bool,
        }
        asked = checked(call.body, shape)
        token = call.token
        assert token is not None
        username, profile_type = asked.get("user", token.username), asked.get("profile_type", "userlogin")
        try:
            self._machine.profiles.for_own_use(token, username)
            self._machine.profiles.permit(username, profile_type)
        except Refusal:
            raise refused(400, "Generation of installer url was not permitted") from None
        if asked["installer_type"] in ELSEWHERE:
            raise refused(400, "Requested installer is not downloadable")
        made = self.add(username, profile_type)
        query = urlencode({"token": made, "installer_type": asked["installer_type"]})
        return Answer(200, f"{self._machine.url}/api/GetInstallerViaToken?{query}")
