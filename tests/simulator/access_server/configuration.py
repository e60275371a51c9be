# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration profiles and their items: what is stored, what is shown, and what is active."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from .answers import Call, checked, invalid, refused
from .configuration_keys import KEYS, Key, definition

if TYPE_CHECKING:
    from .machine import Machine

_PROFILE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NETWORK = re.compile(r"vpn\.server\.static\.[0-9]+\.network|vpn\.daemon\.[0-9]+\.client\.network")
_INITIAL_PROFILE = "default"
_INITIAL_VALUES = {"host.name": "vpn.example.com"}


class Configuration(Part):
    """The profiles of one server.

    A read shows a write at once (server behaviour, 88), but the server works by what was stored in the active
    profile when it was last restarted: `running`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.running: dict[str, Any] = {}

    def start(self) -> None:
        """What a fresh server has, and what a started one takes over."""
        store = self._machine.store
        if not store.profiles():
            with store.transaction():
                store.add_profile(_INITIAL_PROFILE)
                store.set_configuration(_INITIAL_PROFILE, dict(_INITIAL_VALUES))
                store.set_fact("active_profile", _INITIAL_PROFILE)
        self.take_over()

    def take_over(self) -> None:
        """A restart: what is stored becomes active."""
        self.running = self._machine.store.configuration(self.active)
        self._machine.properties.forget()

    @property
    def active(self) -> str:
        return str(self._machine.store.fact("active_profile"))

    def in_force(self, key: str) -> Any:
        value = self.running.get(key)
        return KEYS[key].default if value is None else value

    def networks(self, values: dict[str, Any]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Networks that clients get addresses from, by values that are set."""
        known = {**{name: key.default for name, key in KEYS.items()}, **values}
        found = [str(value) for name, value in known.items() if value and name.startswith("vpn.server.group_pool.")]
        for name, value in known.items():
            if value and _NETWORK.fullmatch(name):
                beside = name.replace(".network", ".netmask_bits")
                bits = known.get(beside) or KEYS[re.sub("[0-9]+", "0", beside)].default
                found.append(f"{value}/{bits}")
        return [ipaddress.ip_network(one, strict=False) for one in found]

    def ails(self, how: str) -> bool:
        """Whether the server has this ailment by the active configuration."""
        settings = self._machine.settings
        key, _equals, value = settings.ailing_with.partition("=")
        return bool(key) and settings.ailment == how and str(self.running.get(key)) == value

    def items(self, profile: str, names: list[str] | None) -> list[dict[str, Any]]:
        """The named items in the order asked for; without names all that are defined or set."""
        store = self._machine.store
        stored = store.configuration(profile)
        wanted = sorted({*KEYS, *stored} - _unset_removed(stored)) if names is None else list(dict.fromkeys(names))
        items = [_item(name, self._key(name), stored, self._source(name)) for name in wanted]
        if self._machine.readings["config_integers"] == "text":
            items = [_as_text(item) if item["type"] == "integer" else item for item in items]
        return [self._machine.dialect.configuration_item(item) for item in items]

    def _source(self, name: str) -> str:
        """Where a stored value comes from; a dialect that has one word for all databases uses it for all of them."""
        silent = self._machine.readings["moved_source"] == "db" and self._machine.dialect.name != "document"
        return "db" if silent else self._machine.store.source(name)

    def _key(self, name: str) -> Key | None:
        return definition(name, self._machine.readings["indexed_keys"] == "known")

    def state(self) -> dict[str, Any]:
        store = self._machine.store
        profiles = {name: store.configuration(name) for name in store.profiles()}
        return {"configuration": profiles, "active_profile": self.active, "running": self.running}

    # operations

    @operation("POST", "/config-items/{configurationProfile}/list", "getConfigItems")
    def list_items(self, call: Call) -> Answer:
        profile = self._existing(call.parameters["configurationProfile"])
        asked = checked(call.body or {}, {"names": [str]})
        items = self.items(profile, asked.get("names"))
        return Answer(200, {"total": len(items), "items": items})

    @operation("POST", "/config-items/{configurationProfile}", "post_config-items{configurationProfile}", writes=True)
    def set_items(self, call: Call) -> Answer:
        profile = self._existing(call.parameters["configurationProfile"])
        if not isinstance(call.body, dict):
            raise invalid({"body": "Input should be a valid dictionary"})
        reading = self._machine.readings["config_reset"]
        wrong: dict[str, str] = {}
        reset: list[str] = []
        values: dict[str, Any] = {}
        for name, value in call.body.items():
            key = self._key(name)
            if (
                key
                and key.type == "integer"
                and value is not None
                and self._machine.readings["config_integers"] == "text"
            ):
                value = int(value) if isinstance(value, str) and value.isdecimal() else [value]
            problem = _problem(name, key, value, null_allowed=reading != "refuse")
            if problem:
                wrong[name] = problem
            elif value is None and reading == "null":
                reset.append(name)
            else:
                values[name] = value
        if wrong:
            raise invalid(wrong, "Invalid configuration values")
        store = self._machine.store
        store.set_configuration(profile, values)
        for name in reset:
            store.unset_configuration(profile, name)
        if profile == self.active:
            self._machine.cluster.changed()
        return Answer()

    @operation("GET", "/config-profile/list", "enumerateConfigurationProfileList")
    def list_profiles(self, call: Call) -> Answer:
        return Answer(200, {"active_profile": self.active, "profiles": self._machine.store.profiles()})

    @operation("POST", "/config-profile", "configurationProfileCreate", writes=True)
    def create_profile(self, call: Call) -> Answer:
        asked = checked(call.body, {"profile!": str, "copy_from": str})
        name, source = asked["profile"], asked.get("copy_from")
        store = self._machine.store
        if not _PROFILE_NAME.fullmatch(name):
            raise refused(400, f"Invalid configuration profile name: {name}")
        if name in store.profiles():
            raise refused(400, f"Configuration profile already exists: {name}")
        values = store.configuration(self._existing(source)) if source is not None else {}
        store.add_profile(name)
        store.set_configuration(name, values)
        return Answer(201)

    @operation("DELETE", "/config-profile/{profile}", "configurationProfileDelete", writes=True)
    def delete_profile(self, call: Call) -> Answer:
        name = self._existing(call.parameters["profile"])
        if name == self.active:
            raise refused(400, f"Configuration profile is active: {name}")
        self._machine.store.delete_profile(name)
        return Answer(204)

    @operation("GET", "/config-profile/{profile}/validate", "validateConfigProfile")
    def validate_profile(self, call: Call) -> Answer:
        self.validate(self._existing(call.parameters["profile"]))
        return Answer()

    @operation(
        "POST", "/config-profile/{profile}/set-active", "RunSetActiveProfile", writes=True, query=("restartMode",)
    )
    def activate_profile(self, call: Call) -> Answer:
        name = self._existing(call.parameters["profile"])
        self.validate(name)
        mode = self._machine.power.mode(call)
        if mode == "dry_run":
            return Answer(wrote=False)
        self._machine.store.set_fact("active_profile", name)
        self._machine.power.schedule(mode)
        return Answer()

    def validate(self, profile: str) -> None:
        """400 unless a server could start with the profile."""
        stored = self._machine.store.configuration(profile)
        for key in KEYS.values():
            if key.category == "required" and not stored.get(key.name, key.default):
                raise refused(400, f"Required configuration key is not set: {key.name}")
        if bool(stored.get("cs.cert")) != bool(stored.get("cs.priv_key")):
            raise refused(400, "cs.cert and cs.priv_key must be set together")
        if stored.get("cs.cert") and not _belong_together(stored["cs.cert"], stored["cs.priv_key"]):
            raise refused(400, "cs.priv_key is not the private key of cs.cert")

    def _existing(self, profile: str) -> str:
        if profile not in self._machine.store.profiles():
            raise refused(404, f"Configuration profile does not exist: {profile}")
        return profile


def _unset_removed(stored: dict[str, Any]) -> set[str]:
    """Keys that are gone from the product show only where they are still set."""
    return {key.name for key in KEYS.values() if key.category == "removed"} - set(stored)


def _item(name: str, key: Key | None, stored: dict[str, Any], stored_source: str) -> dict[str, Any]:
    source = stored_source if name in stored else "default"
    if key is None:
        return {
            "name": name,
            "derived_from": source,
            "type": "custom",
            "description": f"No description for {name}",
            "category": "custom",
            "value": stored.get(name),
        }
    if key.category == "derived":
        source = "runtime"
    item: dict[str, Any] = {
        "name": name,
        "derived_from": source,
        "type": key.type,
        "description": key.description,
        "category": key.category,
        "value": stored.get(name, key.default),
    }
    if key.redacted:
        item["value"] = None
        item["redacted_value"] = key.redacted if stored.get(name) else None
    item["default_value"] = key.default
    if key.type == "integer":
        item |= {"max_value": key.maximum, "min_value": key.minimum}
    if key.allowed:
        item["allowed_values"] = list(key.allowed)
    if key.hint:
        item["type_hint"] = key.hint
    return item


def _as_text(item: dict[str, Any]) -> dict[str, Any]:
    """An item that is a number, of a server that keeps all but booleans as texts."""
    numbers = {name: str(item[name]) for name in ("value", "default_value") if item[name] is not None}
    return {**item, "type": "string", **numbers, "max_value": None, "min_value": None}


def _problem(name: str, key: Key | None, value: Any, null_allowed: bool) -> str | None:
    """What is wrong with a value for a key, or None. Unknown keys take any value (server behaviour, 86)."""
    if not name.strip() or len(name) > 255:
        return "Invalid configuration key"
    if key is not None and key.category == "derived":
        return "Configuration key is read-only"
    if value is None:
        return None if null_allowed else "Input should not be null"
    if key is None:
        return None if isinstance(value, (str, int)) else "Input should be a string, an integer or a boolean"
    if isinstance(value, str) and value in key.takes:
        return None
    if type(value).__name__ != {"string": "str", "integer": "int", "boolean": "bool"}[key.type]:
        return f"Input should be a valid {key.type}"
    if isinstance(value, str):
        return _text_problem(key, value)
    return None if isinstance(value, bool) else _number_problem(key, value)


def _number_problem(key: Key, value: int) -> str | None:
    if key.minimum is not None and value < key.minimum:
        return f"Input should be greater than or equal to {key.minimum}"
    if key.maximum is not None and value > key.maximum:
        return f"Input should be less than or equal to {key.maximum}"
    return None


def _text_problem(key: Key, value: str) -> str | None:
    if key.allowed and value not in key.allowed:
        return "Input should be one of: " + ", ".join(key.allowed)
    if value and key.hint and not _HINTED[key.hint](value):
        return f"Input should be a valid {key.hint}"
    return None


def _is_address(value: str, version: int | None = None) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return version is None or address.version == version


def _is_host(value: str) -> bool:
    labels = value.rstrip(".").split(".")
    return _is_address(value) or (len(value) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels))


def _is_certificate(value: str) -> bool:
    from cryptography import x509

    try:
        return bool(x509.load_pem_x509_certificates(value.encode()))
    except ValueError:
        return False


def _is_private_key(value: str) -> bool:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(value.encode(), None)
    except (ValueError, TypeError):
        return False
    return True


def _belong_together(certificate: str, key: str) -> bool:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    public = x509.load_pem_x509_certificates(certificate.encode())[0].public_key()
    return bool(public == load_pem_private_key(key.encode(), None).public_key())


_HINTED = {
    "ipv4Address": lambda value: _is_address(value, 4),
    "ipv6Address": lambda value: _is_address(value, 6),
    "ipAddress": _is_address,
    "hostname": _is_host,
    "pemCertificate": _is_certificate,
    "pemPrivateKey": _is_private_key,
}
