# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists of users and groups of the Access Server, described."""

from __future__ import annotations

import typing as t

from ..._engine.field import Field, Object, Turn
from ..._engine.plan import Actual, Change, Reference, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._text.errors import InputError, Mistakes, NotOffered, Refused
from ..api import values
from ..api.client import AccessServer
from . import access_rule
from .properties import DEFAULT_USER_NAME, References, refuse_unknown

DIRECTIONS = ("access_to", "access_from")
OWNERS: t.Mapping[str, str] = {"user": "username", "group": "groupname"}
INFO_SPEC: t.Mapping[str, t.Any] = {f"{owner}s": {"type": "list", "elements": "str"} for owner in OWNERS}
Row = dict[str, t.Any]


def rules(given: t.Iterable[t.Any]) -> list[str]:
    """Compact strings in normal form, IPv4 first, because servers keep a list for each family.

    A family's list is a set, unless one of its rules denies: then the order counts and is kept.
    """
    families: dict[str, list[str]] = {family: [] for family in access_rule.FAMILIES}
    mistakes: list[str] = []
    for one in given:
        try:
            rule = _rule(one)
            text = access_rule.written(rule)
        except ValueError as exc:
            mistakes.append(str(exc))
            continue
        if text not in families[rule["family"]]:
            families[rule["family"]].append(text)
    if mistakes:
        raise ValueError("; ".join(dict.fromkeys(mistakes)))
    return [text for found in families.values() for text in _ordered(found)]


def _rule(given: t.Any) -> access_rule.Rule:
    if not isinstance(given, (str, dict)):
        raise ValueError(f"{given!r} is not a rule; write a string such as 10.0.0.0/8:https, or a mapping with a type")
    return access_rule.parse(given) if isinstance(given, str) else access_rule.normal(given)


def altered(given: t.Iterable[t.Any]) -> dict[str, str]:
    """Networks that are written as an address in them, such as 10.8.16.5/20: the text, by the rule in normal form."""
    found = {}
    for one in given:
        subnet = access_rule.subnet_of(one) if isinstance(one, str) else one.get("subnet")
        if subnet and values.has_host_bits(subnet):
            [rule] = rules([one])
            found[rule] = str(subnet).strip()
    return found


def named_by(found: t.Iterable[str]) -> t.Iterator[tuple[str, str]]:
    """Users and groups that rules name."""
    for rule in map(access_rule.parse, found):
        if rule["type"] in OWNERS:
            yield rule["type"], rule[rule["type"]]


def common(before: t.Sequence[str], after: t.Sequence[str]) -> list[str]:
    """Rules that allow no more than each of two lists: what one of them denies, and then what both allow."""
    denied = [text for text in dict.fromkeys((*before, *after)) if text.startswith("-")]
    return rules([*denied, *(text for text in before if text in after and not text.startswith("-"))])


def _ordered(found: list[str]) -> list[str]:
    return found if any(text.startswith("-") for text in found) else sorted(found)


def of_family(found: t.Iterable[str], family: str) -> list[str]:
    """The rules of a list that belong to a family."""
    return [text for text in found if access_rule.parse(text)["family"] == family]


class AccessList(Resource):
    """What a user or the members of a group may reach, and which users may reach them: a list for each direction."""

    noun, plural = "access list of", "access_lists"
    naming = tuple(OWNERS)
    always_there = True
    fields = tuple(
        Field(d, {"type": "list", "elements": "raw"}, normal=rules, altered=altered, unset=[], refers=named_by)
        for d in DIRECTIONS
    )
    turn = Turn.GIVE
    options = {
        "exclusive": {"type": "bool", "default": True},
        "assume_present": {"type": "list", "elements": "str", "default": []},
    }
    keys = {owner: {"type": "str"} for owner in OWNERS}
    read_back = ("update",)

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """The owner, as in ``group staff``."""
        owners = [owner for owner in OWNERS if params.get(owner) is not None]
        if not owners:
            raise InputError("An access list needs an owner: set user or group.")
        return f"{owners[0]} {params[owners[0]]}"

    def keys_of(self, name: str) -> Object:
        """The kind of the owner, and its name."""
        return dict([name.split(" ", 1)])

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """The state absent without rules means every rule of the owner."""
        for want in wanted:
            if want.state == "present" and not set(DIRECTIONS) & set(want.given):
                yield f"{self.noun} {want.name}: {' or '.join(DIRECTIONS)} is required."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """An owner without rules has empty lists."""
        owners = {owner: [n.split(" ", 1)[1] for n in names or () if n.startswith(f"{owner} ")] for owner in OWNERS}
        lists: dict[str, dict[str, list[str]]] = {name: {d: [] for d in DIRECTIONS} for name in names or ()}
        if names is None or names:
            for row in self._rows(run, owners):
                [owner] = [f"{owner} {row[key]}" for owner, key in OWNERS.items() if row.get(key)]
                direction, family = row["type"].rsplit("_", 1)
                if row.get("access_route"):
                    found = lists.setdefault(owner, {d: [] for d in DIRECTIONS})
                    found[direction].append(access_rule.from_wire(row["access_route"], family))
        return Actual({owner: {d: rules(found) for d, found in each.items()} for owner, each in lists.items()})

    @staticmethod
    def _rows(run: Run[AccessServer], owners: t.Mapping[str, t.Sequence[str]]) -> list[Row]:
        """The rows of these owners. A server may have no such lists (server behaviour, 8 and 67)."""
        try:
            return run.client.access_lists(owners["user"], owners["group"])
        except Refused as exc:
            if exc.status != 404:
                raise
            raise NotOffered(f"{run.client.url} does not support access lists. {exc}.") from exc

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """Whole lists, or the existing lists with single rules added or removed."""
        there = have or {direction: [] for direction in DIRECTIONS}
        if wanted.state == "absent":
            gone = wanted.values or there
            return {d: rules(r for r in there[d] if r not in gone[d]) for d in gone}
        if run.task.params["exclusive"]:
            return dict(wanted.values)
        return {d: rules([*there[d], *more]) for d, more in wanted.values.items()}

    def references(self, name: str, values: Object) -> t.Iterator[Reference]:
        """The owner too."""
        owner, _blank, whose = name.partition(" ")
        if whose != DEFAULT_USER_NAME:
            yield Reference(owner, whose, owner, owner=True)
        yield from super().references(name, values)

    def portions(self, change: Change, new: t.Collection[tuple[str, str]]) -> t.Sequence[tuple[Turn, Object]]:
        """A list that loses rules is first reduced to what it has before and after, without rules that name new objects."""
        before = change.before or {}
        if tuple(change.name.split(" ", 1)) in new:
            return [(Turn.GIVE, change.values)]
        narrowed = {
            d: [rule for rule in common(before.get(d, []), after) if not any(one in new for one in named_by([rule]))]
            for d, after in change.values.items()
        }
        narrowed = {d: found for d, found in narrowed.items() if found != before.get(d, [])}
        if narrowed == change.values:
            return [(Turn.TAKE, narrowed)]
        first = [(Turn.TAKE, narrowed)] if narrowed else []
        return [*first, (Turn.GIVE, change.values)]

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Owners, and the users and groups that rules name, must exist."""
        plan = run.plan
        named: dict[str, References] = {owner: {} for owner in OWNERS}
        for change in plan.of("update"):
            for one in self.references(change.name, change.values):
                if not one.owner or any(
                    change.values.values()
                ):  # a list that is only emptied may have an owner that does not exist
                    whose = "an access list" if one.owner else f"the access list of {change.name}"
                    named[one.noun].setdefault(one.name, []).append(whose)
        for owner, listing in (("user", run.client.users), ("group", run.client.groups)):
            if named[owner]:
                there = listing(sorted(named[owner])).records
                with mistakes.collecting():
                    refuse_unknown(named[owner], there, owner, run)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of them in one request."""
        run.writes.many(changes, lambda batch: _set(run.client, [row for c in batch for row in _rows(c)]))

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Empty the lists, which is documented, and then set them."""

        def write(batch: list[Change]) -> None:
            rows = [row for change in batch for row in _rows(change)]
            emptied = {
                (row.get("username"), row.get("groupname"), row["type"]): {**row, "access_route": None} for row in rows
            }
            _set(run.client, list(emptied.values()))
            filled = [row for row in rows if row["access_route"] is not None]
            if filled:
                _set(run.client, filled)

        run.writes.many(changes, write)


def _set(client: AccessServer, rows: list[Row]) -> None:
    """Write rows: the list of each owner and type that occurs, or nothing where a row's route is None."""
    client.call("POST /userprop/access/set", {"items_set": rows})


def _rows(change: Change) -> list[Row]:
    """Rows for each family of each direction that differs from what was there."""
    owner, name = change.name.split(" ", 1)
    rows: list[Row] = []
    for direction, after in change.values.items():
        for family in access_rule.FAMILIES:
            wanted, there = (of_family(found, family) for found in (after, (change.before or {}).get(direction, [])))
            row = {OWNERS[owner]: name, "type": f"{direction}_{family}"}
            if wanted != there:
                routes: list[t.Optional[Row]] = [access_rule.to_wire(text) for text in wanted]
                rows += [{**row, "access_route": route} for route in routes or [None]]
    return rows


ACCESS_LIST = AccessList()


def chosen(run: Run[AccessServer]) -> dict[str, Object]:
    """For as_access_list_info: lists of the owners that the task names, else of all owners."""
    given = {owner: run.task.params[f"{owner}s"] for owner in OWNERS}
    asked = [f"{owner} {name}" for owner, listed in given.items() for name in listed or ()]
    return run.read(ACCESS_LIST, None if all(listed is None for listed in given.values()) else asked).objects
