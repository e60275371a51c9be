# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and their properties: the operations of the tags userprop and group."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..parts import Part, operation
from ..shapes import Nullable, OneOf, problems
from . import listing
from .answers import Call, checked, invalid, refused
from .listing import ANYWHERE_FILTER, FLAG_FILTER, PAGING, TEXT_FILTER
from .properties import PROPERTIES, Property
from .store import DEFAULT_USER, Record

if TYPE_CHECKING:
    from .machine import Machine

_NAME_LENGTH = 128
_RESERVED = (DEFAULT_USER, "__local_root__")
_FILTERS: dict[str, Any] = {"admin": FLAG_FILTER, "autologin": FLAG_FILTER, "anywhere": ANYWHERE_FILTER}
_KINDS = {"user": "User", "group": "Group"}


class Userprop(Part):
    """The operations on records of one server."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    # reading

    @operation("GET", "/users/defaultuser", "getdefaultuserprops")
    def default_user(self, call: Call) -> Answer:
        return Answer(200, self._machine.properties.shown(self._default_user()))

    @operation("POST", "/users/list", "getuserprops")
    def list_users(self, call: Call) -> Answer:
        shape = {
            **PAGING,
            "order_by": OneOf(*self._machine.dialect.user_order),
            "filters": {"name": TEXT_FILTER, "group": TEXT_FILTER, **_FILTERS},
            "users": [str],
            "proplist": Nullable([str]),
        }
        return self._listed("user", "users", checked(call.body or {}, shape))

    @operation("POST", "/groups/list", "getgroupuserprops")
    def list_groups(self, call: Call) -> Answer:
        shape = {
            **PAGING,
            "order_by": OneOf(*self._machine.dialect.group_order),
            "filters": {"name": TEXT_FILTER, **_FILTERS},
            "groups": [str],
            "enumerate_members": bool,
            "proplist": Nullable([str]),
        }
        return self._listed("group", "groups", checked(call.body or {}, shape))

    def _listed(self, kind: str, names_field: str, asked: dict[str, Any]) -> Answer:
        settings, store = self._machine.settings, self._machine.store
        size, offset = listing.window(asked, settings)
        names = asked.get(names_field)
        listing.short_enough(names, names_field, settings)
        filters = asked.get("filters") or {}
        listing.anywhere_alone(filters)
        if self._machine.readings["list_filters"] == "ignored":
            filters = {}
        order = asked.get("order_by", "name")
        if names is None and not filters and order == "name":
            total = store.count(kind)
            page = store.page(kind, size, offset, asked.get("sort_by") == "desc", settings.shuffle_lists)
        else:
            found = [each for each in store.records(kind, names, settings.shuffle_lists) if self._passes(each, filters)]
            if order != "name" or asked.get("sort_by") == "desc":
                found = listing.in_order(found, self._sorting(order), asked)
            total, page = len(found), found[offset : offset + size]
        if names is None and settings.unlisted:
            page = [each for each in page if each.name not in settings.unlisted.split(",")]
        show = self._machine.properties.shown
        members = asked.get("enumerate_members", False)
        profiles = [show(each, asked.get("proplist"), members) for each in page]
        return Answer(200, {"total": total, "profiles": profiles})

    def _passes(self, record: Record, filters: dict[str, Any]) -> bool:
        """Whether a record matches all filters."""
        texts: dict[str, Callable[[], str]] = {"name": lambda: record.name, "group": lambda: record.member_of or ""}
        for field, wanted in filters.items():
            if field == "anywhere":
                if not listing.anywhere_matches(lambda name: texts[name]() if name in texts else "", wanted, [*texts]):
                    return False
            elif field in texts:
                if not self._matches(texts[field](), wanted):
                    return False
            elif bool(self._flag(record, field)) != wanted["value"]:
                return False
        return True

    def _matches(self, text: str, wanted: dict[str, str]) -> bool:
        if wanted["operation"] == "substring" and self._machine.readings["substring_filter"] == "caseless":
            text, wanted = text.casefold(), {**wanted, "value": wanted["value"].casefold()}
        return listing.text_matches(text, wanted)

    def _flag(self, record: Record, field: str) -> Any:
        if self._machine.readings["flag_filters"] == "own":
            return record.own.get(field)
        return self._machine.properties.effective(record, field)

    def _sorting(self, order: str) -> Callable[[Record], Any]:
        def key(record: Record) -> Any:
            shown = self._machine.properties.shown(record)
            value = shown.get({"mfa_enabled": "totp"}.get(order, order), "")
            return value["value"] if isinstance(value, dict) else value

        return key

    # creating and deleting

    @operation("POST", "/users/create", "createUserPropUser", writes=True)
    def create_user(self, call: Call) -> Answer:
        return self._create("user", call.body)

    @operation("POST", "/groups/create", "createUserPropGroup", writes=True)
    def create_group(self, call: Call) -> Answer:
        return self._create("group", call.body)

    def _create(self, kind: str, body: Any) -> Answer:
        if not isinstance(body, dict):
            raise invalid({"body": "Input should be a valid dictionary"})
        if not isinstance(body.get("name"), str):
            raise invalid({"name": "Input should be a valid string" if "name" in body else "Field required"})
        name = body["name"]
        self._free(name, kind)
        properties = {key: value for key, value in body.items() if key != "name"}
        record = Record(name, kind)
        wrong = {key: text for key, value in properties.items() if (text := self._problem(record, key, value))}
        if wrong:
            raise invalid(wrong, "Invalid user properties")
        if self._machine.readings["create_properties"] == "ignores":
            properties = {}
        members = properties.pop("members", None)
        for key, value in properties.items():
            self._assign(record, key, value)
        self._machine.store.put(record)
        if members is not None:
            self._set_members(name, members)
        return Answer(201)

    def _free(self, name: str, kind: str) -> None:
        """400 unless a record of that name can be made."""
        if not name or len(name) > _NAME_LENGTH or name in _RESERVED or any(ord(letter) < 32 for letter in name):
            raise invalid({"name": f"Invalid {kind} name"}, f"Invalid {kind} name: {name}")
        there = self._machine.store.record(name)
        if there is not None:
            reason = f"{_KINDS[there.kind]} already exists: {name}"
            raise invalid({"name": reason}, reason)

    @operation("POST", "/users/delete", "post__users_delete", writes=True)
    def delete_users(self, call: Call) -> Answer:
        return self._delete("user", checked(call.body, {"users!": [str]})["users"])

    @operation("POST", "/groups/delete", "post__groups_delete", writes=True)
    def delete_groups(self, call: Call) -> Answer:
        return self._delete("group", checked(call.body, {"groups!": [str]})["groups"])

    def _delete(self, kind: str, names: list[str]) -> Answer:
        store = self._machine.store
        for name in names:
            record = store.record(name)
            if record is None or record.kind != kind:
                raise refused(404, f"{_KINDS[kind]} does not exist: {name}")
            members = self._machine.readings["members_of_deleted_groups"]
            if members == "refused" and store.members(name):
                raise refused(400, f"Group has members: {name}")
            lists = self._machine.readings["lists_of_deleted_owners"]
            store.delete(name, lists=lists == "deleted", members=members != "kept")
        default = self._default_user()
        released = self._machine.readings["members_of_deleted_groups"] != "kept"
        if kind == "group" and released and default.own.get("group") in names:
            del default.own["group"]
            store.put(default)
        self._machine.access_rulesets.owners_gone(names)
        if kind == "user":
            self._machine.users_gone(names)
        return Answer(204)

    # changing

    @operation("POST", "/userprop/set", "modifyUserPropGroupBulk", writes=True)
    def set_properties(self, call: Call) -> Answer:
        """Records are changed in the order given; the first bad one decides what becomes of the request."""
        changes = checked(call.body, [_a_change])
        partial = self._machine.readings["bulk_error"] == "partial"
        wrong: dict[str, str] = {}
        for change in changes:
            record = self._target(change["name"], keep=partial, others_wrong=bool(wrong))
            if record is None:
                continue
            found = self._change(copy.deepcopy(record), change)
            wrong |= {repr((record.name, key)): text for key, text in found.items()}
            if wrong and partial:
                break
        if wrong:
            raise invalid(wrong, "Invalid user properties", keep=partial)
        return Answer()

    def _target(self, name: str, keep: bool, others_wrong: bool) -> Record | None:
        """The record to change; None when there is none and that is to be passed over."""
        readings = self._machine.readings
        if name in ("DEFAULT", DEFAULT_USER):
            record = self._default_user() if name == readings["default_user_name"] else None
        else:
            record = self._machine.store.record(name)
        if record is not None:
            return record
        if others_wrong or readings["unknown_name"] == "ignore":
            return None
        if readings["unknown_name"] == "create" and name not in _RESERVED:
            self._free(name, "user")
            return Record(name, "user")
        raise Refusal(404, {"reason": f"User or group does not exist: {name}"}, keep=keep)

    def _change(self, record: Record, change: dict[str, Any]) -> dict[str, str]:
        """Set the properties on the record and keep it; what is wrong by property, in which case nothing is kept."""
        properties = {key: value for key, value in change.items() if key != "name"}
        if self._machine.readings["totp_secret_property"] == "ignored":
            properties.pop("totp_secret", None)
        null = self._machine.readings["null_property"]
        if null == "ignore":
            properties = {key: value for key, value in properties.items() if value is not None}
        wrong = {
            key: text
            for key, value in properties.items()
            if (text := self._problem(record, key, value, null_allowed=null == "reset"))
        }
        if wrong:
            return wrong
        members = properties.pop("members", None)
        for key, value in properties.items():
            self._assign(record, key, value)
        self._machine.store.put(record)
        if members is not None or "members" in change and null == "reset":
            self._set_members(record.name, members or [])
        return {}

    def _problem(self, record: Record, name: str, value: Any, null_allowed: bool = False) -> str | None:
        """What is wrong with a property for that record, or None."""
        known = PROPERTIES.get(name)
        if known is None:
            return "Invalid property name"
        if record.kind not in known.levels:
            return f"Property is not valid on a {record.kind}"
        if known.read_only:
            return "Property is read-only"
        if value is None and null_allowed:
            return None
        if name == "auth_method" and isinstance(value, str) and self._machine.readings["auth_methods"] == "any":
            return None
        wrong = next(problems(value, known.shape, name), None)
        if wrong:
            return wrong[1]
        if name == "static_ipv4" and value:
            return self._out_of_place(value)
        if name == "group":
            return self._missing(value, "group")
        if name == "members":
            return next((text for member in value if (text := self._missing(member, "user"))), None)
        return None

    def _out_of_place(self, address: str) -> str | None:
        """What is wrong with a fixed address: it has to be of a network that counts, or of a group."""
        machine = self._machine
        reading = machine.readings["address_networks"]
        if reading == "unchecked":
            return None
        configuration = machine.configuration
        stored = machine.store.configuration(configuration.active)
        networks = configuration.networks(stored if reading == "at_once" else configuration.running)
        subnets = [subnet for group in machine.store.records("group") for subnet in group.own.get("subnets", ())]
        networks += [ipaddress.ip_network(f"{one['netip']}/{one['prefix_length']}") for one in subnets]
        inside = any(ipaddress.ip_address(address) in network for network in networks)
        return None if inside else f"Address is in no network of this server: {address}"

    def _missing(self, name: str, kind: str) -> str | None:
        record = self._machine.store.record(name)
        return None if record and record.kind == kind else f"{_KINDS[kind]} does not exist: {name}"

    def _assign(self, record: Record, name: str, value: Any) -> None:
        """Set one property that has been checked; None and an empty list take it off the record."""
        known = PROPERTIES[name]
        if name == "group" and record.kind == "user":
            record.member_of = value
        elif value is None:
            record.own.pop(name, None)
        elif known.stored:
            self._assign_list(record, known, value)
        else:
            record.own[name] = {True: "global", False: "disable"}.get(value, value) if name == "reroute_gw" else value

    def _assign_list(self, record: Record, known: Property, value: list[Any]) -> None:
        items = [known.stored(item) for item in value]
        if self._machine.readings["list_property"] == "merge":
            items = [*record.own.get(known.name, []), *items]
        unique = [item for index, item in enumerate(items) if item not in items[:index]]
        if unique:
            record.own[known.name] = unique
        else:
            record.own.pop(known.name, None)

    def _set_members(self, group: str, members: list[str]) -> None:
        reading = self._machine.readings["members"]
        if reading == "ignore":
            return
        store = self._machine.store
        leaving = set(store.members(group)) - set(members) if reading == "replace" else set()
        for name in [*members, *leaving]:
            record = store.record(name)
            if record is not None:
                record.member_of = None if name in leaving else group
                store.put(record)

    def _default_user(self) -> Record:
        return self._machine.store.record(DEFAULT_USER) or Record(DEFAULT_USER, "default")


def _a_change(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "Input should be a valid dictionary"
    if not isinstance(value.get("name"), str):
        return "name: Input should be a valid string" if "name" in value else "name: Field required"
    return None
