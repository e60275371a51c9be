# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection profiles: the operations of the tag profile that make, list and delete them."""

from __future__ import annotations

import collections
import datetime as dt
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import certificates
from ..answers import Answer, Refusal
from ..certificates import ALGORITHMS, LIFETIME_DAYS, TEMPLATES
from ..clock import moment
from ..parts import Part, operation
from ..shapes import AnyOf, Nullable, OneOf
from . import listing
from .answers import Call, checked, invalid, refused
from .authorities import Authority
from .listing import ANYWHERE_FILTER, FLAG_FILTER, PAGING, TEXT_FILTER
from .profile_text import ProfileContents
from .tls_crypt import new_client_key, new_server_key, new_static_key

if TYPE_CHECKING:
    from .auth import Token
    from .machine import Machine

PROFILE_TYPES = ("autologin", "userlogin", "generic", "epki-generic")
MEDIA_TYPE = "application/x-openvpn-profile"
_PERSONAL = ("autologin", "userlogin")
"""Types with a certificate of their own; the others leave no trace on the server and are in no list."""
_KIND = "profile"
_ORDER = ("serial", "username", "not_before", "type", "not_after", "tls_crypt_v2", "last_used", "algorithm")
_ANYWHERE = ("username", "comment", "common_name", "signing_ca_cn", "serial")
_DAY_FILTER: dict[str, Any] = {"start": str, "end": str}
_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "equal": lambda serial, value: serial == value,
    "not_equal": lambda serial, value: serial != value,
    "less_than": lambda serial, value: serial < value,
    "greater_than": lambda serial, value: serial > value,
}


class Profile(NamedTuple):
    """A profile as it is handed out, once; `serial` is None for types without a certificate."""

    text: str
    serial: str | None


class TlsKeys(NamedTuple):
    """What protects the control channel: a key that all share, and the one that wraps each client's own."""

    static: str
    server: str


class Profiles(Part):
    """All profiles of one server, oldest first."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def all(self) -> list[dict[str, Any]]:
        """What the server knows of each; times in seconds since the epoch, `authority` is the serial of the signer."""
        return [{"serial": serial, **entry} for serial, entry in self._machine.store.entries(_KIND).items()]

    def counts(self) -> dict[str, int]:
        """Number of profiles by the serial of the authority that signed them."""
        return collections.Counter(each["authority"] for each in self.all())

    def tls_keys(self) -> TlsKeys:
        store = self._machine.store
        keys = store.entry("tls", "keys")
        if keys is None:
            keys = {"static": new_static_key(), "server": new_server_key()}
            store.put_entry("tls", "keys", keys)
        return TlsKeys(**keys)

    # making

    def permit(self, username: str, profile_type: str, missing_user: bool = False) -> None:
        """403 unless that user may have a profile of that type."""
        record = self._machine.store.record(username)
        if record is None or record.kind != "user":
            if missing_user:
                return
            raise refused(403, f"User does not exist: {username}")
        if profile_type == "autologin" and not self._machine.properties.effective(record, "autologin"):
            raise refused(403, f"User is not permitted to use autologin profiles (need autologin): {username}")

    def issue(
        self,
        username: str,
        profile_type: str,
        tls_crypt_v2: bool = False,
        comment: str | None = None,
        missing_user: bool = False,
    ) -> Profile:
        """A new profile; 403 when the user must not have it."""
        self.permit(username, profile_type, missing_user)
        try:
            return self._made(username, profile_type, tls_crypt_v2, comment)
        except ValueError as error:  # a name that is too long for a certificate
            raise refused(403, f"Profile cannot be generated: {error}") from None

    def add(
        self,
        user: str,
        profile_type: str = "autologin",
        days_left: float | None = None,
        comment: str | None = None,
        authority: str | None = None,
        tls_crypt_v2: bool = False,
    ) -> str:
        """Make a profile for any user; the answer is its serial, `authority` that of the signer if not the current one."""
        if profile_type not in _PERSONAL:
            raise ValueError(f"the server keeps profiles of the types {', '.join(_PERSONAL)}, not {profile_type!r}")
        return str(self._made(user, profile_type, tls_crypt_v2, comment, days_left, authority).serial)

    def _made(
        self,
        username: str,
        profile_type: str,
        tls_crypt_v2: bool,
        comment: str | None,
        days_left: float | None = None,
        authority: str | None = None,
    ) -> Profile:
        """A new profile, by default for as long as the current authority lasts; ValueError for a name that is too long."""
        machine = self._machine
        signer = self._signer(authority)
        security = self._control_channel(tls_crypt_v2)
        blocks = {"ca": signer.certificate_text}
        now, serial, common_name, ends = machine.clock.now(), None, None, None
        with machine.store.transaction():
            if profile_type in _PERSONAL:
                common_name = f"{username}_AUTOLOGIN" if profile_type == "autologin" else username
                key = ALGORITHMS[signer.algorithm]()
                limit = signer.certificate if days_left is None else None
                validity = certificates.lasting(now, LIFETIME_DAYS if days_left is None else days_left, limit)
                certificate = certificates.issued(common_name, key, TEMPLATES["client"], validity, signer.issuer)
                blocks |= {"cert": certificates.certificate_text(certificate), "key": certificates.key_text(key)}
                serial, ends = str(certificate.serial_number), certificate.not_valid_after_utc.timestamp()
                entry = {
                    "username": username,
                    "profile_type": profile_type,
                    "common_name": common_name,
                    "algorithm": signer.algorithm,
                    "not_before": certificate.not_valid_before_utc.timestamp(),
                    "not_after": ends,
                    "authority": signer.serial,
                    "tls_crypt_v2": security == "tls-crypt-v2",
                    "comment": comment,
                    "last_used": None,
                }
                machine.store.put_entry(_KIND, serial, entry)
            if security is not None:
                keys = self.tls_keys()
                personal = security == "tls-crypt-v2"
                blocks[security] = new_client_key(keys.server, now) if personal else keys.static
        in_force = machine.configuration.in_force
        contents = ProfileContents(
            host=in_force("host.name"),
            web_port=in_force("cs.https.port"),
            created=now,
            profile_type=profile_type,
            username=username if profile_type in _PERSONAL else None,
            serial=serial,
            common_name=common_name,
            expires=ends,
            remotes=self._remotes(),
            tls_version_min=in_force("vpn.server.tls_version_min"),
            blocks=blocks,
            extra=in_force("vpn.client.config_text"),
        )
        return Profile(contents.text, serial)

    def _signer(self, serial: str | None) -> Authority:
        if serial is None:
            return self._machine.authorities.current()
        found = self._machine.authorities.find(serial)
        if found is None:
            raise ValueError(f"there is no authority {serial}")
        return found

    def _control_channel(self, tls_crypt_v2: bool) -> str | None:
        """The option that protects the control channel of a client that knows tls-crypt-v2 or does not."""
        configured = self._machine.configuration.in_force("vpn.server.tls_cc_security")
        if configured in ("tls-cryptv2", "tls-crypt-v2"):
            return "tls-crypt-v2" if tls_crypt_v2 else "tls-crypt"
        return None if configured == "none" else str(configured)

    def _remotes(self) -> list[str]:
        """What stands after `remote`: where the daemons are by the configuration, unless a setting tells."""
        if self._machine.settings.profile_remotes:
            return [each.strip() for each in self._machine.settings.profile_remotes.split(",")]
        in_force = self._machine.configuration.in_force
        host = in_force("host.name")
        if not in_force("vpn.server.daemon.enable"):
            return [f"{host} {in_force('vpn.daemon.0.listen.port')} {in_force('vpn.daemon.0.listen.protocol')}"]
        return [
            f"{host} {in_force(f'vpn.server.daemon.{protocol}.port')} {protocol}"
            for protocol in ("udp", "tcp")
            if in_force(f"vpn.server.daemon.{protocol}.n_daemons")
        ]

    # using and deleting

    def used(self, serial: str) -> None:
        """A client has connected with the profile; only the day is kept."""
        entry = self._machine.store.entry(_KIND, serial)
        if entry is not None:
            self._machine.store.put_entry(_KIND, serial, {**entry, "last_used": _day(self._machine.clock.now())})

    def delete(self, serial: str) -> None:
        """Remove a profile and revoke its certificate."""
        entry = self._machine.store.entry(_KIND, serial)
        if entry is not None:
            self._machine.store.delete_entry(_KIND, serial)
            self._machine.authorities.revoke(serial, entry["authority"])

    def delete_of_authority(self, authority: str) -> None:
        for each in self.all():
            if each["authority"] == authority:
                self.delete(each["serial"])

    def delete_of_users(self, usernames: set[str]) -> None:
        for each in self.all():
            if each["username"] in usernames:
                self.delete(each["serial"])

    # what lists show

    def state(self) -> dict[str, Any]:
        return {"profiles": self.shown()}

    def shown(self) -> list[dict[str, Any]]:
        """The profiles as the API lists them."""
        names = self._authority_names()
        return [self._shown(each, names) for each in self.all()]

    def _authority_names(self) -> dict[str, str]:
        return {each.serial: each.common_name for each in self._machine.authorities.all()}

    def _shown(self, profile: dict[str, Any], authority_names: dict[str, str]) -> dict[str, Any]:
        time = self._machine.dialect.certificate_time
        return {
            "serial": profile["serial"],
            "common_name": profile["common_name"],
            "algorithm": profile["algorithm"],
            "not_before": time(profile["not_before"]),
            "not_after": time(profile["not_after"]),
            "self_signed": False,
            "signing_ca": profile["authority"],
            "signing_ca_cn": authority_names[profile["authority"]],
            "device_id": None,
            "comment": profile["comment"],
            "profile_type": profile["profile_type"],
            "tls_crypt_v2": profile["tls_crypt_v2"],
            "last_used": profile["last_used"],
            "username": profile["username"],
        }

    # operations

    @operation("POST", "/profiles/create", "generateUserProfile", "user", writes=True)
    def create(self, call: Call) -> Answer:
        shape = {
            "user": str,
            "profile_type!": OneOf(*PROFILE_TYPES),
            "tls_crypt_v2": bool,
            "comment": str,
            "ignore_missing_user": Nullable(bool),
        }
        asked = checked(call.body, shape)
        token = self._asker(call)
        username, missing_user = asked.get("user", token.username), bool(asked.get("ignore_missing_user"))
        self.for_own_use(token, username)
        if missing_user and not token.admin:
            raise Refusal(403, self._machine.dialect.privileges_refused())
        comment, v2 = asked.get("comment"), asked.get("tls_crypt_v2", False)
        return self.handed_out(self.issue(username, asked["profile_type"], v2, comment, missing_user))

    def for_own_use(self, token: Token, username: str) -> None:
        """403 for a user without administrator rights who asks for another one, or may not make profiles."""
        if token.admin:
            return
        if username != token.username:
            raise Refusal(403, self._machine.dialect.privileges_refused())
        record = self._machine.store.record(username)
        if record is None or not self._machine.properties.effective(record, "allow_generate_profiles"):
            raise refused(403, "User is not permitted to generate profiles")

    def handed_out(self, profile: Profile) -> Answer:
        """The answer that carries a new profile."""
        name = f"profile-{profile.serial}.ovpn" if profile.serial else "profile.ovpn"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if self._machine.readings["profile_text"] == "plain":
            headers["Content-Type"] = MEDIA_TYPE
        return Answer(201, profile.text, headers=headers)

    @operation("POST", "/profiles/list", "getprofilesuser", "user")
    def list_all(self, call: Call) -> Answer:
        shape = {
            **PAGING,
            "order_by": OneOf(*_ORDER),
            "filters": {
                "serial_number": {"value!": AnyOf(int, str), "operation!": OneOf(*_COMPARED)},
                "tls_crypt_v2": FLAG_FILTER,
                "anywhere": {**ANYWHERE_FILTER, "fields": [OneOf(*_ANYWHERE)]},
                **dict.fromkeys(("user", "comment", "signing_ca_cn"), TEXT_FILTER),
                **dict.fromkeys(("last_used", "not_before", "not_after"), _DAY_FILTER),
            },
        }
        asked = checked(call.body or {}, shape)
        token, settings = self._asker(call), self._machine.settings
        size, offset = listing.window(asked, settings)
        filters = asked.get("filters") or {}
        if not token.admin and "user" in filters and filters["user"] != _exactly(token.username):
            raise Refusal(403, self._machine.dialect.privileges_refused())
        if self._machine.readings["list_filters"] == "ignored":
            filters = {}
        names = self._authority_names()
        tests = [_test(field, wanted) for field, wanted in filters.items()]
        found = [
            each
            for each in ({**profile, "signing_ca_cn": names[profile["authority"]]} for profile in self.all())
            if (token.admin or each["username"] == token.username) and all(test(each) for test in tests)
        ]
        if settings.shuffle_lists:
            random.shuffle(found)
        if "order_by" in asked or "sort_by" in asked:
            order = asked.get("order_by", "serial")
            found = listing.in_order(found, lambda profile: _sortable(profile, order), asked)
        page = [self._shown(each, names) for each in found[offset : offset + size]]
        return Answer(200, {"total": len(found), "profiles": page})

    @operation("POST", "/profiles/delete/{serial}", "deleteProfileSerial", "user", writes=True)
    def delete_one(self, call: Call) -> Answer:
        """The document has no status but 400 for a refusal, whatever its reason."""
        serial = call.parameters["serial"]
        code = self._deletion(self._asker(call), serial)
        if code == 404:
            raise refused(400, f"Profile does not exist: {serial}")
        if code == 403:
            raise refused(400, f"Profile belongs to another user: {serial}")
        return Answer(200, {"message": f"Profile deleted: {serial}"})

    @operation("POST", "/profiles/delete", "deleteProfile", "user", writes=True)
    def delete_many(self, call: Call) -> Answer:
        token = self._asker(call)
        codes = {serial: self._deletion(token, serial) for serial in checked(call.body, [str])}
        return Answer(200, {"message": None, "response": codes}, wrote=204 in codes.values())

    def _deletion(self, token: Token, serial: str) -> int:
        """Delete a profile if its asker may; what came of it, as an HTTP status."""
        entry = self._machine.store.entry(_KIND, serial)
        if entry is None:
            return 404
        if not token.admin and entry["username"] != token.username:
            return 403
        self.delete(serial)
        return 204

    @operation("POST", "/profiles/delete-user", "deleteProfileUser", "user", writes=True)
    def delete_of_user(self, call: Call) -> Answer:
        """All profiles of the users named and all with the text in their common name."""
        asked = checked(call.body, {"users": [str], "filter": str})
        token, users, text = self._asker(call), asked.get("users", []), asked.get("filter", "")
        if not users and not text:
            raise invalid({"users": "Give users, or a filter"})
        if not token.admin and (text or users != [token.username]):
            raise refused(400, "Profiles of other users cannot be deleted")
        found = [each for each in self.all() if each["username"] in users or (text and text in each["common_name"])]
        if not found:
            raise refused(404, "No profiles were found")
        for each in found:
            self.delete(each["serial"])
        return Answer(200, {"message": f"Profiles deleted: {len(found)}"})

    def _asker(self, call: Call) -> Token:
        assert call.token is not None
        return call.token


def _exactly(name: str) -> dict[str, str]:
    return {"value": name, "operation": "equal"}


def _day(seconds: float) -> str:
    return moment(seconds).date().isoformat()


def _test(field: str, wanted: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """A function that tells whether a profile passes one filter."""
    if field == "serial_number":
        value = _number(wanted["value"])
        return lambda profile: _COMPARED[wanted["operation"]](int(profile["serial"]), value)
    if field == "tls_crypt_v2":
        return lambda profile: bool(profile[field] == wanted["value"])
    if field == "anywhere":
        return lambda profile: listing.anywhere_matches(profile.get, wanted, _ANYWHERE)
    if field in ("last_used", "not_before", "not_after"):
        return _between(field, wanted)
    name = {"user": "username"}.get(field, field)
    return lambda profile: listing.text_matches(profile[name] or "", wanted)


def _number(value: int | str) -> int:
    try:
        return int(value)
    except ValueError:
        raise invalid({"filters.serial_number.value": "Input should be a valid integer"}) from None


def _between(field: str, wanted: dict[str, str]) -> Callable[[dict[str, Any]], bool]:
    """Both days are part of the range; a missing one leaves it open."""
    days = {"start": "0001-01-01", "end": "9999-12-31"}
    for side, text in wanted.items():
        try:
            days[side] = dt.date.fromisoformat(text).isoformat()
        except ValueError:
            raise invalid({f"filters.{field}.{side}": "Input should be a valid date"}) from None

    def passes(profile: dict[str, Any]) -> bool:
        value = profile[field]
        day = _day(value) if isinstance(value, float) else value
        return day is not None and days["start"] <= day <= days["end"]

    return passes


def _sortable(profile: dict[str, Any], order: str) -> tuple[int, Any]:
    """Values of one field sort among themselves, missing ones first."""
    value = profile[{"type": "profile_type"}.get(order, order)]
    if value is None:
        return (0, "")
    return (1, int(value) if order == "serial" else value)
