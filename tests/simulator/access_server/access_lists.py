# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists: who may reach which networks through the VPN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from ..shapes import AnyOf, Nullable, OneOf
from . import listing
from .answers import Call, checked, refused
from .listing import TEXT_FILTER
from .properties import SUBNET, ports_problem, stored_subnet, subnet_problem
from .store import FORMER_OWNER

if TYPE_CHECKING:
    from .machine import Machine

_TYPES = ("access_to_ipv4", "access_to_ipv6", "access_from_ipv4", "access_from_ipv6")
_ICMP = (
    "icmp-any", "icmp-echo-reply", "icmp-destination-unreachable", "icmp-network-unreachable",
    "icmp-host-unreachable", "icmp-protocol-unreachable", "icmp-port-unreachable", "icmp-fragmentation-needed",
    "icmp-source-route-failed", "icmp-network-unknown", "icmp-host-unknown", "icmp-network-prohibited",
    "icmp-host-prohibited", "icmp-TOS-network-unreachable", "icmp-TOS-host-unreachable",
    "icmp-communication-prohibited", "icmp-host-precedence-violation", "icmp-precedence-cutoff", "icmp-source-quench",
    "icmp-redirect", "icmp-network-redirect", "icmp-host-redirect", "icmp-TOS-network-redirect",
    "icmp-TOS-host-redirect", "icmp-echo-request", "icmp-router-advertisement", "icmp-router-solicitation",
    "icmp-time-exceeded", "icmp-ttl-zero-during-transit", "icmp-ttl-zero-during-reassembly", "icmp-parameter-problem",
    "icmp-ip-header-bad", "icmp-required-option-missing", "icmp-timestamp-request", "icmp-timestamp-reply",
    "icmp-address-mask-request",
)  # fmt: skip
_SERVICE = AnyOf(
    {"protocol!": OneOf("tcp", "udp"), "start_port!": int, "end_port": int},
    {"protocol!": OneOf("icmp"), "type!": OneOf(*_ICMP)},
)
_ROUTE: dict[str, Any] = {
    "type!": OneOf("user", "group", "route", "nat", "all", "all_vpn_clients", "all_s2c_subnets"),
    "accept": bool,
    "username": str,
    "groupname": str,
    "subnet": {**SUBNET, "service": [_SERVICE]},
}
_NEEDS = {"user": "username", "group": "groupname", "route": "subnet", "nat": "subnet"}
"""The field that a route of a type must have; the other types have none of them."""


class AccessLists(Part):
    """The routes of every user, group and the default user, kept in order by owner and type."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @operation("POST", "/userprop/access/list", "listAccessLists")
    def list_routes(self, call: Call) -> Answer:
        shape = {
            "order_by": OneOf("internal_prop_representation", "name"),
            "filters": {
                "internal_representation": TEXT_FILTER,
                "groupname": TEXT_FILTER,
                "username": TEXT_FILTER,
                "object_type": OneOf("user", "group", "all"),
            },
            "users": [str],
            "groups": [str],
        }
        asked = checked(call.body or {}, shape)
        for field in ("users", "groups"):
            listing.short_enough(asked.get(field), field, self._machine.settings)
        named = [name for field in ("users", "groups") for name in asked.get(field, [])]
        loose = self._machine.readings["access_list_filter"] == "loose"
        only_named = not loose and ("users" in asked or "groups" in asked)
        rows = []
        for owner, kind, route in self._machine.store.access_routes(named if only_named else None):
            row = {**self._shown_owner(owner), "type": kind, "access_route": route}
            fits = "groups" if "groupname" in row else "users"
            if (not only_named or owner in asked.get(fits, [])) and _passes(row, asked.get("filters") or {}):
                rows.append(row)
        return Answer(200, {"profiles": rows})

    @operation("POST", "/userprop/access/set", "setAccessLists", writes=True)
    def set_routes(self, call: Call) -> Answer:
        """Routes are grouped by owner and type; a row without a route empties that list."""
        row = {"username": str, "groupname": str, "access_route": Nullable(_ROUTE), "type": OneOf(*_TYPES)}
        asked = checked(call.body, {"items_set!": [row]})
        lists: dict[tuple[str, str], list[dict[str, Any]]] = {}
        emptied: set[tuple[str, str]] = set()
        for index, item in enumerate(asked["items_set"]):
            where = f"items_set.{index}"
            key = (self._owner(item, where), self._type(item, where))
            routes = lists.setdefault(key, [])
            if item.get("access_route") is None:
                emptied.add(key)
            else:
                routes.append(self._stored_route(item["access_route"], key[1], where))
        store = self._machine.store
        for (owner, kind), routes in lists.items():
            if self._machine.readings["access_set"] == "extend" and (owner, kind) not in emptied:
                there = [route for _unused, each, route in store.access_routes([owner]) if each == kind]
                routes = [*there, *(route for route in routes if route not in there)]
            store.set_access_routes(owner, kind, routes)
        return Answer()

    def _owner(self, item: dict[str, Any], where: str) -> str:
        if ("username" in item) == ("groupname" in item):
            raise refused(400, f"{where}: Give either username or groupname")
        kind, name = ("user", item["username"]) if "username" in item else ("group", item["groupname"])
        emptied = item.get("access_route") is None and self._kind(name) == kind
        if not emptied:
            self._must_exist(kind, name)
        return str(name)

    def _kind(self, owner: str) -> str | None:
        """Whether an owner is, or was, a user or a group."""
        store = self._machine.store
        record = store.record(owner)
        return record.kind if record else (store.entry(FORMER_OWNER, owner) or {}).get("kind")

    def _must_exist(self, kind: str, name: str) -> None:
        """The default user counts as a user."""
        record = self._machine.store.record(name)
        if record is None or {"default": "user"}.get(record.kind, record.kind) != kind:
            raise refused(400, f"{kind.capitalize()} does not exist: {name}")

    def _type(self, item: dict[str, Any], where: str) -> str:
        if "type" not in item:
            raise refused(400, f"{where}: Field required: type")
        return str(item["type"])

    def _stored_route(self, route: dict[str, Any], kind: str, where: str) -> dict[str, Any]:
        """The route as it is kept, or 400."""
        needed = _NEEDS.get(route["type"])
        given = {"username", "groupname", "subnet"} & set(route)
        if given != ({needed} if needed else set()):
            raise refused(400, f"{where}: A route of type {route['type']} takes {needed or 'no owner and no subnet'}")
        if needed in ("username", "groupname"):
            self._must_exist(route["type"], route[needed])
        kept: dict[str, Any] = {"accept": True, **route}
        if needed == "subnet":
            subnet = route["subnet"]
            services = subnet.get("service", [])
            wrong = subnet_problem(subnet) or next((text for each in services if (text := _ports(each))), None)
            if wrong:
                raise refused(400, f"{where}: {wrong}")
            kept["subnet"] = stored_subnet(subnet) | ({"service": services} if services else {})
            if kept["subnet"]["ipv6"] != kind.endswith("ipv6"):
                raise refused(400, f"{where}: {subnet['netip']} does not fit {kind}")
        return kept

    def _shown_owner(self, owner: str) -> dict[str, str]:
        return {"groupname" if self._kind(owner) == "group" else "username": owner}


def _ports(service: dict[str, Any]) -> str | None:
    return ports_problem(service) if "start_port" in service else None


def _passes(row: dict[str, Any], filters: dict[str, Any]) -> bool:
    for field, wanted in filters.items():
        if field == "object_type":
            if wanted != "all" and ("groupname" in row) != (wanted == "group"):
                return False
        elif field in ("username", "groupname"):
            if field not in row or not listing.text_matches(row[field], wanted):
                return False
        elif not listing.text_matches(_internal(row["access_route"]), wanted):
            return False
    return True


def _internal(route: dict[str, Any]) -> str:
    """The back end's notation of a subnet: 10.10.0.0/24:udp/1194,tcp/2000-2999:R, with | for IPv6."""
    if "subnet" not in route:
        return str(route["type"])
    subnet = route["subnet"]
    mark = "|" if subnet["ipv6"] else ":"
    services = ",".join(_internal_service(each) for each in subnet.get("service", []))
    suffix = {"route": "R", "nat": "N"}[route["type"]]
    return f"{subnet['netip']}/{subnet['prefix_length']}{mark}{services}{mark}{suffix}"


def _internal_service(service: dict[str, Any]) -> str:
    if "type" in service:
        return str(service["type"])
    first, last = service["start_port"], service.get("end_port", service["start_port"])
    return f"{service['protocol']}/{first}" + (f"-{last}" if last != first else "")
