# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets and their rules by domain name, and whose they are: the newer access controls of Access Server 3.1 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..parts import Part, operation
from ..shapes import Mapping, OneOf
from . import listing
from .answers import Call, checked, invalid, refused
from .listing import TEXT_FILTER
from .store import DEFAULT_USER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .machine import Machine

_FIRST, _SECOND = (3, 1, 0), (3, 2, 0)
"""Versions from which there are rulesets, and rules that bypass or match all."""
_DOMAINS = tuple(
    f"{negation}{kind}" for kind in ("domain", "subdomain", "domain_or_subdomain") for negation in ("", "not_")
)
_RULESET, _ASSIGNMENT, _RULE = "ruleset", "ruleset_assignment", "ruleset_rule"
_CHOICE = {"operation!": OneOf("equal", "not_equal"), "value!": str}


class AccessRulesets(Part):
    """Entries of the store: rulesets and rules by their numbers, assignments by owner and ruleset.

    Numbers are in no value, and never used twice, so that they differ in each run of a test.
    """

    passing = ("_last",)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._last: dict[str, int] = {}

    def _there(self) -> tuple[int, ...]:
        """The version, or the answer of a server that has no such operation."""
        version = tuple(int(part) for part in self._machine.version.split("."))
        if version < _FIRST:
            raise Refusal(404, {"detail": "Not Found"})
        return version

    def _reads(self, name: str, reading: str) -> bool:
        return self._machine.readings[name] == reading

    def _next(self, kind: str) -> int:
        self._last[kind] = max([self._last.get(kind, 0), *map(int, self._machine.store.entries(kind))]) + 1
        return self._last[kind]

    # rulesets

    @operation("POST", "/access/rulesets/list", "listAccessRulesets")
    def list_rulesets(self, call: Call) -> Answer:
        self._there()
        asked = checked(call.body or {}, {"owner": str, "filters": {"name": TEXT_FILTER}})
        if "owner" in asked:
            self._owner(asked["owner"])
        rows = [row for row in self._rows() if asked.get("owner") in (None, row["owner"])]
        wanted = (asked.get("filters") or {}).get("name")
        return Answer(200, {"rulesets": [r for r in rows if not wanted or listing.text_matches(r["name"], wanted)]})

    def _rows(self) -> Iterable[dict[str, Any]]:
        store = self._machine.store
        rulesets = store.entries(_RULESET)
        assigned = store.entries(_ASSIGNMENT).values()
        for one in sorted(assigned, key=lambda one: (one["user"], one["position"])):
            kind = self._machine.readings["global_owner_type"] if one["user"] == DEFAULT_USER else one["kind"]
            yield _row(one["user"], kind, one["ruleset_id"], one["position"], rulesets[str(one["ruleset_id"])])
        if self._reads("unassigned_rulesets", "listed"):
            owned = {one["ruleset_id"] for one in assigned}
            for number, ruleset in rulesets.items():
                if int(number) not in owned:
                    yield _row(None, None, int(number), None, ruleset)

    def _owner(self, name: str) -> str:
        """The kind of an owner, who must be there."""
        record = self._machine.store.record(name)
        if record is None:
            raise refused(400, f"Non-existent ruleset owner: {name}")
        return record.kind

    def _ruleset(self, number: int) -> dict[str, Any]:
        found = self._machine.store.entry(_RULESET, str(number))
        if found is None:
            raise refused(400, f"Non-existent ruleset: {number}")
        return found

    @operation("POST", "/access/rulesets/add", "addAccessRuleset", writes=True)
    def add_ruleset(self, call: Call) -> Answer:
        self._there()
        asked = checked(call.body, {"name!": str, "comment": str})
        self._refuse_taken(asked["name"])
        number = self._next(_RULESET)
        self._machine.store.put_entry(_RULESET, str(number), {"comment": "", **asked})
        return Answer(200, {"id": number})

    @operation("POST", "/access/rulesets/update", "updateAccessRuleset", writes=True)
    def update_ruleset(self, call: Call) -> Answer:
        self._there()
        asked = checked(call.body, {"id!": int, "name!": str, "comment!": str})
        number = asked.pop("id")
        self._ruleset(number)
        self._refuse_taken(asked["name"], number)
        self._machine.store.put_entry(_RULESET, str(number), asked)
        return Answer()

    def _refuse_taken(self, name: str, but: int | None = None) -> None:
        if not name:
            raise invalid({"name": "String should have at least 1 character"})
        taken = {one["name"] for number, one in self._machine.store.entries(_RULESET).items() if number != str(but)}
        if name in taken and self._reads("ruleset_names", "unique"):
            raise refused(400, f"Ruleset already exists: {name}")

    @operation("POST", "/access/rulesets/delete", "deleteAccessRulesets", writes=True)
    def delete_rulesets(self, call: Call) -> Answer:
        self._there()
        for number in checked(call.body, {"ids!": [int]})["ids"]:
            self._ruleset(number)
            owned = [one for one in self._machine.store.entries(_ASSIGNMENT).values() if one["ruleset_id"] == number]
            if owned and self._reads("assigned_ruleset", "refused"):
                raise refused(400, f"Ruleset is assigned to {owned[0]['user']}: {number}")
            self._remove(number)
        return Answer()

    def _remove(self, number: int) -> None:
        """A ruleset with its rules and assignments."""
        store = self._machine.store
        store.delete_entry(_RULESET, str(number))
        for kind in (_ASSIGNMENT, _RULE):
            for name, one in store.entries(kind).items():
                if one["ruleset_id"] == number:
                    store.delete_entry(kind, name)

    def put(
        self, name: str, owners: Iterable[str], rules: Iterable[dict[str, Any]], comment: str, position: int
    ) -> int:
        """A ruleset behind the API's back; the answer is its number."""
        store = self._machine.store
        with store.transaction():
            number = self._next(_RULESET)
            store.put_entry(_RULESET, str(number), {"name": name, "comment": comment})
            for owner in owners:
                assigned = {"user": owner, "kind": self._owner(owner), "ruleset_id": number, "position": position}
                store.put_entry(_ASSIGNMENT, f"{owner}/{number}", assigned)
            for place, rule in enumerate(rules, 1):
                kept = {"ruleset_id": number, "type": "domain_routing", "position": 100 * place, "comment": "", **rule}
                store.put_entry(_RULE, str(self._next(_RULE)), kept)
        return number

    # whose they are

    @operation("POST", "/access/user-rulesets/modify", "modifyUserRulesets", writes=True)
    def modify_assignments(self, call: Call) -> Answer:
        self._there()
        added = Mapping([{"ruleset_id!": int, "position!": int}])
        asked = checked(call.body, {"add": added, "delete": Mapping({"ruleset_ids!": [int]})})
        store = self._machine.store
        for owner, gone in asked.get("delete", {}).items():
            self._owner(owner)
            for number in gone["ruleset_ids"]:
                if store.entry(_ASSIGNMENT, f"{owner}/{number}") is None:
                    raise refused(400, f"Ruleset is not assigned to {owner}: {number}")
                store.delete_entry(_ASSIGNMENT, f"{owner}/{number}")
                if self._reads("last_owner_gone", "deleted") and not self._is_owned(number):
                    self._remove(number)
        for owner, assigned in asked.get("add", {}).items():
            kind = self._owner(owner)
            for each in assigned:
                self._ruleset(each["ruleset_id"])
                name = f"{owner}/{each['ruleset_id']}"
                if self._reads("assigned_twice", "refused") and store.entry(_ASSIGNMENT, name):
                    raise refused(400, f"Ruleset is assigned to {owner} already: {each['ruleset_id']}")
                store.put_entry(_ASSIGNMENT, name, {"user": owner, "kind": kind, **each})
        return Answer()

    def _is_owned(self, number: int) -> bool:
        return any(one["ruleset_id"] == number for one in self._machine.store.entries(_ASSIGNMENT).values())

    def owners_gone(self, names: Iterable[str]) -> None:
        """What becomes of rulesets when their owners are deleted."""
        if self._reads("rulesets_of_deleted_owners", "kept"):
            return
        gone = set(names)
        for name, one in self._machine.store.entries(_ASSIGNMENT).items():
            if one["user"] in gone:
                self._machine.store.delete_entry(_ASSIGNMENT, name)
                if not self._is_owned(one["ruleset_id"]):
                    self._remove(one["ruleset_id"])

    # rules

    @operation("POST", "/access/rules/list", "listAccessRules")
    def list_rules(self, call: Call) -> Answer:
        self._there()
        filters = {"type": _CHOICE, "match_type": _CHOICE, "match_data": TEXT_FILTER}
        asked = checked(call.body, {"ruleset_ids!": [int], "filters": filters})
        if not asked["ruleset_ids"]:
            raise invalid({"ruleset_ids": "List should have at least 1 item after validation, not 0"})
        for number in asked["ruleset_ids"]:
            self._ruleset(number)
        wanted = asked.get("filters") or {}
        rules = [
            {"id": int(number), **rule}
            for number, rule in self._machine.store.entries(_RULE).items()
            if rule["ruleset_id"] in asked["ruleset_ids"]
            and all(listing.text_matches(rule[field], each) for field, each in wanted.items())
        ]
        return Answer(200, {"rules": sorted(rules, key=lambda rule: (rule["ruleset_id"], rule["position"]))})

    @operation("POST", "/access/rules/modify", "modifyAccessRules", writes=True)
    def modify_rules(self, call: Call) -> Answer:
        """A rule with a number is changed, as public clients have it."""
        version = self._there()
        rule = {
            "id": int,
            "ruleset_id!": int,
            "type!": str,
            "match_type!": str,
            "match_data!": str,
            "action!": OneOf("route", "nat", "deny", "bypass"),
            "position!": int,
            "comment!": str,
        }
        asked = checked(call.body, {"add": [rule], "delete": [int]})
        store, added = self._machine.store, []
        if self._reads("rule_positions", "unique"):
            self._refuse_taken_positions(asked)
        for number in asked.get("delete", ()):
            if store.entry(_RULE, str(number)) is None:
                raise refused(400, f"Non-existent rule: {number}")
            store.delete_entry(_RULE, str(number))
        for index, each in enumerate(asked.get("add", ())):
            number = each.pop("id", None)
            self._ruleset(each["ruleset_id"])
            self._refuse_odd(each, version, f"add.{index}")
            if number is None:
                number = self._next(_RULE)
                added.append(number)
            elif store.entry(_RULE, str(number)) is None:
                raise refused(400, f"Non-existent rule: {number}")
            store.put_entry(_RULE, str(number), each)
        return Answer(200, {"added": added}) if self._reads("modify_answer", "added") else Answer()

    def _refuse_odd(self, rule: dict[str, Any], version: tuple[int, ...], where: str) -> None:
        everything = self._machine.readings["match_all"]
        kinds = (*_DOMAINS, everything) if version >= _SECOND else _DOMAINS
        if rule["type"] == "filter" and self._reads("filter_rules", "kept"):
            return
        if rule["type"] != "domain_routing":
            raise invalid({f"{where}.type": "Input should be 'domain_routing'"})
        if rule["match_type"] not in kinds:
            choices = " or ".join(f"'{kind}'" for kind in kinds)
            raise invalid({f"{where}.match_type": f"Input should be {choices}"})
        if rule["action"] == "bypass" and version < _SECOND:
            raise invalid({f"{where}.action": "Input should be 'route' or 'nat' or 'deny'"})
        if not rule["match_data"] and rule["match_type"] != everything:
            raise invalid({f"{where}.match_data": "String should have at least 1 character"})

    def _refuse_taken_positions(self, asked: dict[str, Any]) -> None:
        """Also those of rules that the same request deletes."""
        rules = self._machine.store.entries(_RULE)
        taken = {(rule["ruleset_id"], rule["position"]): number for number, rule in rules.items()}
        for index, each in enumerate(asked.get("add", ())):
            place = each["ruleset_id"], each["position"]
            if place in taken and taken[place] != str(each.get("id")):
                raise refused(400, f"add.{index}: Position is taken: {each['position']}")
            taken[place] = str(each.get("id"))

    def state(self) -> dict[str, Any]:
        """Rulesets, also those without an owner, with their owners and rules."""
        store = self._machine.store
        owners, rules = store.entries(_ASSIGNMENT).values(), store.entries(_RULE).values()
        return {
            "access_rulesets": [
                {
                    **ruleset,
                    "owners": {one["user"]: one["position"] for one in owners if str(one["ruleset_id"]) == number},
                    "rules": [
                        {name: value for name, value in rule.items() if name != "ruleset_id"}
                        for rule in sorted(rules, key=lambda rule: int(rule["position"]))
                        if str(rule["ruleset_id"]) == number
                    ],
                }
                for number, ruleset in store.entries(_RULESET).items()
            ]
        }


def _row(
    owner: str | None, kind: str | None, number: int, position: int | None, ruleset: dict[str, Any]
) -> dict[str, Any]:
    named = {"owner": owner, "owner_type": kind, "id": number, "name": ruleset["name"]}
    return {**named, "position": position, "comment": ruleset["comment"]}
