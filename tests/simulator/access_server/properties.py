# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which properties users, groups and the default user have, and what a record shows of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..parts import Part
from ..shapes import Mapping, OneOf, problems
from .store import DEFAULT_USER, Record

if TYPE_CHECKING:
    from .machine import Machine

_UNSET: Any = object()
_AUTH_METHODS = ("local", "pam", "radius", "ldap", "saml", "pas_only")
_BASE32 = re.compile(r"[A-Z2-7]{16,128}=*")


def _address(version: int | None = None) -> Any:
    def problem(value: Any) -> str | None:
        if not isinstance(value, str):
            return "Input should be a valid string"
        try:
            found = ipaddress.ip_address(value)
        except ValueError:
            return f"Not an IP address: {value}"
        if version is not None and found.version != version:
            return f"Not an IPv{version} address: {value}"
        return None

    return problem


def subnet_problem(value: dict[str, Any]) -> str | None:
    """What is wrong with the fields of a subnet of the right shape, or None."""
    try:
        address = ipaddress.ip_address(value["netip"])
    except ValueError:
        return f"Not an IP address: {value['netip']}"
    if "ipv6" in value and value["ipv6"] != (address.version == 6):
        return f"ipv6 does not fit the address {value['netip']}"
    if not 0 <= value.get("prefix_length", address.max_prefixlen) <= address.max_prefixlen:
        return f"Not a prefix length: {value['prefix_length']}"
    return None


SUBNET: dict[str, Any] = {"ipv6": bool, "netip!": str, "prefix_length": int}
_RANGE: dict[str, Any] = {"ipv6": bool, "first_ip!": _address(), "last_ip!": _address()}


def stored_subnet(value: dict[str, Any]) -> dict[str, Any]:
    """A subnet with all its fields and its address as the address library writes it."""
    address = ipaddress.ip_address(value["netip"])
    return {
        "ipv6": address.version == 6,
        "netip": str(address),
        "prefix_length": value.get("prefix_length", address.max_prefixlen),
    }


def _range_problem(value: dict[str, Any]) -> str | None:
    first, last = ipaddress.ip_address(value["first_ip"]), ipaddress.ip_address(value["last_ip"])
    if first.version != last.version or int(first) > int(last):
        return f"Not an address range: {value['first_ip']}-{value['last_ip']}"
    if "ipv6" in value and value["ipv6"] != (first.version == 6):
        return f"ipv6 does not fit the address {value['first_ip']}"
    return None


def _stored_range(value: dict[str, Any]) -> dict[str, Any]:
    first, last = ipaddress.ip_address(value["first_ip"]), ipaddress.ip_address(value["last_ip"])
    return {"ipv6": first.version == 6, "first_ip": str(first), "last_ip": str(last)}


def _forwarding(version: int) -> dict[str, Any]:
    return {"ip!": _address(version), "protocol": OneOf("tcp", "udp", "icmp"), "start_port": int, "end_port": int}


def _forwarding_problem(value: dict[str, Any]) -> str | None:
    if "end_port" in value and "start_port" not in value:
        return "end_port needs start_port"
    if value.get("protocol") == "icmp":
        return "icmp has no ports" if "start_port" in value else None
    if ("start_port" in value) != ("protocol" in value):
        return "protocol and start_port need each other"
    if "start_port" in value:
        return ports_problem(value)
    return None


def ports_problem(value: dict[str, Any]) -> str | None:
    """What is wrong with a port range, or None."""
    if not 1 <= value["start_port"] <= value.get("end_port", value["start_port"]) <= 65535:
        return f"Not a port range: {value['start_port']}-{value.get('end_port', value['start_port'])}"
    return None


def _listed(shape: dict[str, Any], problem: Any) -> Any:
    """A check of a list: first the shape of every item, then what its fields say together."""

    def check(value: Any) -> str | None:
        wrong = next(problems(value, [shape], "item"), None)
        if wrong:
            return f"{wrong[0].removeprefix('item.')}: {wrong[1]}"
        return next((text for item in value if (text := problem(item))), None)

    return check


def _secret_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not _BASE32.fullmatch(value):
        return "Input should be a base32 secret of at least 16 characters"
    return None


@dataclass(frozen=True)
class Property:
    """`wrapped` ones are inherited and read as {value, inherited, ...}; the others read as they are set.

    `implicit` and `setting` (a configuration key) tell where the value comes from when no record has it.
    """

    name: str
    shape: Any
    levels: tuple[str, ...] = ("user", "group", "default")
    wrapped: bool = False
    implicit: Any = _UNSET
    setting: str | None = None
    stored: Any = None
    """Brings an item of a list into the form in which the server keeps it."""
    read_only: bool = False


def _flag(name: str, implicit: bool = False, setting: str | None = None) -> Property:
    return Property(name, bool, wrapped=True, implicit=implicit, setting=setting)


def _reroute_problem(value: Any) -> str | None:
    """Typed as a boolean in one place of the document, described as one of three strings in another."""
    if isinstance(value, bool) or value in ("disable", "dns_only", "global"):
        return None
    return "Input should be a boolean or 'disable' or 'dns_only' or 'global'"


_SUBNETS = _listed(SUBNET, subnet_problem)
_SCRIPTS = tuple(
    f"cli_script_connect_{system}_{who}_{when}"
    for system in ("win", "mac")
    for who in ("user", "admin")
    for when in ("connect", "disconnect")
)

_PROPERTIES = (
    _flag("allow_generate_profiles", implicit=True),
    _flag("deny"),
    _flag("deny_web"),
    _flag("admin"),
    _flag("autologin"),
    Property("auth_method", OneOf(*_AUTH_METHODS), wrapped=True, implicit="local", setting="auth.module.type"),
    _flag("totp", setting="vpn.server.google_auth.enable"),
    _flag("password_strength", setting="cs.cws.pwd_strength"),
    _flag("allow_password_change", setting="cs.cws.pwd_change"),
    Property("reroute_gw", _reroute_problem, wrapped=True, setting="vpn.client.routing.reroute_gw"),
    Property("cc_commands", str, wrapped=True),
    *(Property(name, str, wrapped=True) for name in _SCRIPTS),
    Property("cli_script_connect_win_env", Mapping(str)),
    Property("cli_script_connect_mac_env", Mapping(str)),
    Property("bypass_subnets", _SUBNETS, stored=stored_subnet),
    Property("group", str, ("user", "default")),
    Property("totp_locked", bool, ("user",)),
    Property("totp_secret", _secret_problem, ("user",)),
    Property("totp_admin_only", bool, ("user",)),
    Property("compile", bool, ("user",)),
    Property("static_ipv4", _address(4), ("user",)),
    Property("static_ipv6", _address(6), ("user",)),
    Property("dmz_ip", _listed(_forwarding(4), _forwarding_problem), ("user",), stored=dict),
    Property("dmz_ipv6", _listed(_forwarding(6), _forwarding_problem), ("user",), stored=dict),
    Property("client_to_server_subnets", _SUBNETS, ("user",), stored=stored_subnet),
    Property("password_defined", bool, ("user",), read_only=True),
    Property("mfa_status", str, ("user",), read_only=True),
    Property("members", [str], ("group",)),
    Property("member_count", int, ("group",), read_only=True),
    Property("subnets", _SUBNETS, ("group",), stored=stored_subnet),
    Property("dynamic_ranges", _listed(_RANGE, _range_problem), ("group",), stored=_stored_range),
    Property("def_deny", bool, ("default",)),
)

PROPERTIES: dict[str, Property] = {each.name: each for each in _PROPERTIES}
"""Every property by name, the inherited ones in the order in which records show them."""

_WRAPPED = tuple(each for each in _PROPERTIES if each.wrapped)
_PLAIN_LISTS = tuple(each.name for each in _PROPERTIES if each.stored)
_ENVIRONMENTS = ("cli_script_connect_win_env", "cli_script_connect_mac_env")
_COMPILES = ("static_ipv4", "static_ipv6", "client_to_server_subnets", "dmz_ip", "dmz_ipv6", "bypass_subnets")
"""Own properties that make a user one of type user_compile (server behaviour, 48)."""


@dataclass(frozen=True)
class _Inherited:
    """What a record inherits of one property, and from where; shared by all records in the same place."""

    value: Any
    shown: dict[str, Any]


class Properties(Part):
    """Computes records: own values over those of the group, the default user, the configuration, the product.

    What records in the same place inherit is computed once per generation of the store.
    """

    passing = ("_generation", "_places", "_templates", "_owners_of_routes", "_member_counts")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._generation = -1
        self._places: dict[tuple[str, str | None], dict[str, _Inherited]] = {}
        self._templates: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._owners_of_routes: set[str] = set()
        self._member_counts: dict[str, int] = {}

    def forget(self) -> None:
        """The active configuration has changed."""
        self._generation = -1

    def effective(self, record: Record, name: str) -> Any:
        """The value that counts for the record, None where there is none."""
        if name in record.own:
            return record.own[name]
        inherited = self._place(record).get(name)
        return None if inherited is None else inherited.value

    def shown(self, record: Record, names: Iterable[str] | None = None, members: bool = False) -> dict[str, Any]:
        """The record as lists show it; `names` keeps only those properties."""
        show = {"user": self._user, "default": self._default_user}.get(record.kind)
        full = show(record) if show else self._group(record, members)
        if names is None:
            return full
        kept = {"name", *names}
        return {name: value for name, value in full.items() if name in kept}

    def _user(self, record: Record) -> dict[str, Any]:
        own = record.own
        place = self._place(record)
        locked = bool(own.get("totp_locked", False))
        totp = own["totp"] if "totp" in own else place["totp"].value
        shown: dict[str, Any] = {
            "password_defined": record.password is not None,
            "mfa_status": ("enrolled" if locked else "pending") if totp else "disabled",
        }
        if record.member_of is not None:
            shown["group"] = record.member_of
        shown["totp_locked"] = locked
        if "totp_secret" in own:
            shown["totp_secret"] = own["totp_secret"]
        shown["totp_admin_only"] = own.get("totp_admin_only", False)
        shown["compile"] = bool(
            own.get("compile")
            or own.get("admin")
            or any(own.get(cause) for cause in _COMPILES)
            or record.name in self._owners_of_routes
        )
        for name in ("static_ipv4", "static_ipv6"):
            if name in own:
                shown[name] = own[name]
        return self._common(record, shown)

    def _group(self, record: Record, members: bool) -> dict[str, Any]:
        self._place(record)
        shown: dict[str, Any] = {}
        if members:
            shown["members"] = self._machine.store.members(record.name)
        shown["member_count"] = self._member_counts.get(record.name, 0)
        return self._common(record, shown)

    def _default_user(self, record: Record) -> dict[str, Any]:
        shown: dict[str, Any] = {"def_deny": record.own.get("def_deny", False)}
        if "group" in record.own:
            shown["group"] = record.own["group"]
        return self._common(record, shown)

    def _common(self, record: Record, shown: dict[str, Any]) -> dict[str, Any]:
        """The name, what is inherited or overridden, and the lists that are set."""
        place = self._place(record)
        shown["name"] = record.name
        shown.update(self._templates[record.kind, record.member_of])
        for name, value in record.own.items():
            if PROPERTIES[name].wrapped:
                shown[name] = self._overridden(record, value, place.get(name))
            elif name in _PLAIN_LISTS:
                shown[name] = value
            elif name in _ENVIRONMENTS:
                shown[name] = self._machine.dialect.environment(value)
        return shown

    def _overridden(self, record: Record, value: Any, inherited: _Inherited | None) -> dict[str, Any]:
        """It also shows from where the value would come if it were not set (server behaviour, 41, 42)."""
        if record.kind == "default":
            return {"value": value}
        source = dict(inherited.shown) if inherited else {"inherited_source_type": "implicit_default"}
        return {**source, "value": value, "inherited": False}

    def _place(self, record: Record) -> dict[str, _Inherited]:
        """What every record of this kind and group inherits."""
        store = self._machine.store
        if self._generation != store.generation:
            self._places.clear()
            self._templates.clear()
            self._owners_of_routes = store.owners_of_routes()
            self._member_counts = store.member_counts()
            self._generation = store.generation
        key = (record.kind, record.member_of)
        if key not in self._places:
            place = self._inherited(*key)
            self._places[key] = place
            self._templates[key] = {name: inherited.shown for name, inherited in place.items()}
        return self._places[key]

    def _inherited(self, kind: str, member_of: str | None) -> dict[str, _Inherited]:
        store = self._machine.store
        above: list[tuple[str, str, dict[str, Any]]] = []
        default = store.record(DEFAULT_USER) if kind != "default" else None
        if kind == "user" and member_of is None and default and self._machine.readings["default_group"] == "followed":
            member_of = default.own.get("group")
        if member_of is not None and (group := store.record(member_of)):
            above.append(("group", group.name, group.own))
        if default:
            above.append(("default", DEFAULT_USER, default.own))
        place = {}
        for each in _WRAPPED:
            found = next(((own[each.name], *rest) for *rest, own in above if each.name in own), None)
            if found is None and each.setting and kind != "default":
                value = self._machine.configuration.in_force(each.setting)
                found = (self._from_configuration(each, value), "configuration", each.setting)
            if found is None and each.implicit is not _UNSET:
                found = (each.implicit, "implicit_default", None)
            if found is not None:
                place[each.name] = self._from(*found)
        return place

    def _from_configuration(self, each: Property, value: Any) -> Any:
        return self._machine.dialect.default_route(value) if each.name == "reroute_gw" else value

    def _from(self, value: Any, source: str, source_name: str | None) -> _Inherited:
        shown = {"value": value, "inherited": True, "inherited_source_type": source}
        named = self._machine.dialect.inherited_source_name(source, source_name)
        if named is not None:
            shown["inherited_source_name"] = named
        return _Inherited(value, shown)
