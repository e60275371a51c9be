# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two dialects of one API, and everything in which they differ.

`document` is what the vendor's Web API document v0.1 says; `3.2` is what real servers 3.1.0 and 3.2.2 were seen to
answer. Where neither says anything both do the same.
"""

from __future__ import annotations

from typing import Any

from ..clock import iso_microseconds, iso_seconds, moment

DIALECTS = ("3.2", "document")


class Dialect:
    """What a server of release 3.2 answers."""

    name = "3.2"
    version = "3.2.2"
    build = "413ca39f"
    challenge_prompt = "Enter Authenticator Code"
    admin_must_be_requested = True
    """A login without `request_admin` gives a token without administrator rights (server behaviour, 14)."""
    totp_in_login_fails = True
    """`totp` in the first login call is a server error (server behaviour, 26)."""
    error_filter_is_text = True
    """The log filter `error` compares text; by the document it is a boolean (server behaviour, 113)."""
    unknown_node_status = 404
    """Of setting properties of a node that is in no cluster; the document has no 404 there."""
    user_order: tuple[str, ...] = ("name", "admin", "autologin", "group", "mfa_status")
    group_order: tuple[str, ...] = ("name", "admin", "autologin", "auth_method", "mfa_enabled", "member_count")

    def token_time(self, seconds: float) -> str:
        return iso_microseconds(int(seconds))

    def certificate_time(self, seconds: float) -> str:
        """When a certificate begins or ends to be valid: a date-time by the document's type."""
        return iso_seconds(seconds)

    def challenge(self, challenge: dict[str, Any]) -> dict[str, Any]:
        return challenge

    def login(self, username: str, user_properties: dict[str, Any], token: dict[str, Any]) -> dict[str, Any]:
        return {**token, "user_properties": {**user_properties, "username": username}}

    def enrolled(self, username: str, login: dict[str, Any]) -> dict[str, Any]:
        """The answer to an enrolment (mfa_enroll_ok); `login` is what a complete login would answer."""
        return {"username": username}

    def privileges_refused(self) -> dict[str, Any]:
        return {"reason": "Insufficient privileges to use this API"}

    def inherited_source_name(self, source: str, name: str | None) -> str | None:
        """The recordings name no configuration key (users_list); the group is named (server behaviour, 41)."""
        return name if source == "group" else None

    def default_route(self, value: bool) -> Any:
        """`reroute_gw` as inherited from the configuration (server behaviour, 44)."""
        return value

    def environment(self, variables: dict[str, str]) -> dict[str, Any]:
        """Variables of a client-side script, bare as in the document's example."""
        return variables

    def server_info(self, info: dict[str, Any]) -> dict[str, Any]:
        return info

    def service_status(self, status: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"status": status, "error": [{**message, "component": None} for message in messages] or None}

    def vpn_client(self, client: dict[str, Any], common_name: str) -> dict[str, Any]:
        return {**client, "common_name": common_name}

    def vpn_daemon(self, daemon: dict[str, Any], daemon_id: str) -> dict[str, Any]:
        return {**daemon, "daemon_id": daemon_id}

    def configuration_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Every string item has all five value fields, null where there is nothing (server behaviour, 83)."""
        if item["type"] in ("boolean", "integer"):
            return item
        item = {**item, "redacted_value": item.get("redacted_value")}
        for field in ("value", "default_value", "allowed_values", "type_hint"):
            item.setdefault(field, None)
        return {**item, "type": None} if item["type"] == "custom" else item

    def log_record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Numbers and flags are strings, empty when they do not apply (server behaviour, 112)."""
        texts = {
            key: {None: "", True: "1", False: "0"}.get(value, str(value))
            for key, value in record.items()
            if key not in ("duration", "proto")
        }
        return {**texts, "duration": record["duration"], "protocol": record["proto"] or "", "proxied_ip": ""}


class DocumentDialect(Dialect):
    """What a server answers that keeps to the document."""

    name = "document"
    version = "3.0.2"
    build = "9c1a1f4b"
    challenge_prompt = "Enter your TOTP code"
    admin_must_be_requested = False
    totp_in_login_fails = False
    error_filter_is_text = False
    unknown_node_status = 400
    user_order = ("name", "admin", "autologin", "group")
    group_order = ("name",)

    _CATEGORIES = {"default": "normal"}
    _SOURCES = {"db": "local_db"}

    def token_time(self, seconds: float) -> str:
        return moment(int(seconds)).strftime("%a %b %d %Y %-H:%-M:%-S GMT+0000 (UTC)")

    def certificate_time(self, seconds: float) -> str:
        """A date, as in the document's examples."""
        return moment(seconds).date().isoformat()

    def challenge(self, challenge: dict[str, Any]) -> dict[str, Any]:
        return {"MFAChallenge": challenge}

    def login(self, username: str, user_properties: dict[str, Any], token: dict[str, Any]) -> dict[str, Any]:
        return {"user_properties": user_properties, "username": username, **token}

    def enrolled(self, username: str, login: dict[str, Any]) -> dict[str, Any]:
        return login

    def privileges_refused(self) -> dict[str, Any]:
        return {"message": "Insufficient privileges to use this API"}

    def inherited_source_name(self, source: str, name: str | None) -> str | None:
        return name

    def default_route(self, value: bool) -> Any:
        return "global" if value else "disable"

    def environment(self, variables: dict[str, str]) -> dict[str, Any]:
        """Variables of a client-side script, wrapped as in the document's schema."""
        return {name: {"value": value, "inherited": False} for name, value in variables.items()}

    def server_info(self, info: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in info.items() if key != "system_cores"}
        return {**kept, "client_version": [str(info["client_version"])], "architecture": "arm64"}

    def service_status(self, status: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"status": status, "error": messages}

    def vpn_client(self, client: dict[str, Any], common_name: str) -> dict[str, Any]:
        return {**client, "commonname": common_name}

    def vpn_daemon(self, daemon: dict[str, Any], daemon_id: str) -> dict[str, Any]:
        return daemon

    def configuration_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """What does not apply is absent; a secret has a redacted value and no value."""
        kept = {key: value for key, value in item.items() if value is not None}
        kept["category"] = self._CATEGORIES.get(item["category"], item["category"])
        kept["derived_from"] = self._SOURCES.get(item["derived_from"], item["derived_from"])
        return kept

    def log_record(self, record: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in record.items() if value is not None}


def dialect(name: str) -> Dialect:
    """The dialect of that name; an unknown one is a ValueError."""
    if name not in DIALECTS:
        raise ValueError(f"there is no dialect {name!r}; there are: {', '.join(DIALECTS)}")
    return DocumentDialect() if name == "document" else Dialect()
