# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets of users, groups and all users, with rules by domain name (Access Server 3.1 and later)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ..._engine.field import Field, Object, Turn
from ..._engine.plan import Actual, Change, Effect, Reference, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._text.errors import EstateError, InputError, Mistakes, NotOffered, Refused, reads
from ..api.client import AccessServer, Record
from . import domain_rule
from .domain_rule import Rule
from .properties import DEFAULT_USER_NAME, References, refuse_unknown

OWNERS = ("user", "group")
EVERYBODY = "everybody"
KEYS: t.Mapping[str, t.Any] = {
    "user": {"type": "str"},
    "group": {"type": "str"},
    EVERYBODY: {"type": "bool"},
    "name": {"type": "str"},
}
INFO_SPEC: t.Mapping[str, t.Any] = {
    "users": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    EVERYBODY: {"type": "bool"},
}
DEFAULT = "_default_ruleset"  # behind the name of its owner (server behaviour, 133)
OLDEST = "they need Access Server 3.1 or later"
LATER = (3, 2, 0)  # the version of rules that deny, bypass or match all (server behaviour, 130)
DNS_PROXY = "dnsproxy"
WORKING = ("on", "enabled")
BETWEEN = " / "
FOUND, MADE, TWINS, ORPHANS, HOLDERS = (
    "found",
    "made",
    "twins",
    "orphans",
    "holders",
)  # notes of a run, see AccessRuleset
Numbered = tuple[int, Rule]
_GONE = re.compile(r"\bnon-?existent\b|\bdoes not exist\b", re.IGNORECASE)
_THERE = re.compile(r"(?<!not )\bexists?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A ruleset as one of its owners has it."""

    number: int
    owner: str  # as the server calls it
    name: str
    position: int
    comment: str


def owner_of(name: str) -> tuple[str, str]:
    """The kind and the name of the owner in the name of an object, such as ``group staff / Staff web``."""
    kind, _blank, whose = name.partition(BETWEEN)[0].partition(" ")
    return kind, whose


def on_the_wire(name: str) -> str:
    """The owner in the name of an object, as the server calls it."""
    kind, whose = owner_of(name)
    return DEFAULT_USER_NAME if kind == EVERYBODY else whose


class AccessRuleset(Resource):
    """The rulesets of an owner, each known by its name.

    A run notes what it reads: each ruleset (``FOUND``), the numbers of rulesets whose name the same owner has twice (``TWINS``),
    the owners of each number (``HOLDERS``), and the numbers of rulesets without an owner, if the server lists them
    (``ORPHANS``). It also notes the numbers of rulesets that it created and could not give to their owners yet (``MADE``).
    """

    noun, plural = "ruleset of", "access_rulesets"
    keys = KEYS
    naming = ("user", "group", "name")
    exclusive_keys = False
    fields = (
        Field("comment", {"type": "str"}, normal=lambda text: str(text).strip(), unset=""),
        Field("position", {"type": "int"}),
        Field(
            "rules",
            {"type": "list", "elements": "dict", "options": domain_rule.SPEC},
            normal=domain_rule.rules,
            unset=[],
            keeps=lambda have, want: [*map(domain_rule.content, have)] == [*map(domain_rule.content, want)],
        ),
    )
    turn = Turn.GIVE
    options = {
        "exclusive": {"type": "bool", "default": True},
        "purge_default_rulesets": {"type": "bool", "default": False},
        "assume_present": {"type": "list", "elements": "str", "default": []},
    }
    read_back = ("create", "update", "delete")

    # -- what a playbook declares

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """The owner and the name, as in ``group staff / Staff web``."""
        owners = [owner for owner in OWNERS if params.get(owner) is not None]
        owners += [EVERYBODY] if params.get(EVERYBODY) else []
        if len(owners) != 1:
            given = " and ".join(owners) or "none of them"
            raise InputError(f"A ruleset needs exactly one owner: user, group, or everybody: true. Set: {given}.")
        [kind] = owners
        whose = DEFAULT_USER_NAME if kind == EVERYBODY else str(params[kind])
        name = params.get("name")
        called = f"{whose}{DEFAULT}" if name is None else str(name)
        return f"{kind if kind == EVERYBODY else f'{kind} {whose}'}{BETWEEN}{called}"

    def keys_of(self, name: str) -> Object:
        """The kind of the owner and its name, and the name of the ruleset."""
        kind, whose = owner_of(name)
        return {kind: True if kind == EVERYBODY else whose, "name": name.partition(BETWEEN)[2]}

    def declaration(self, name: str, have: Object) -> t.Optional[Object]:
        """Rules without the values that are the default."""
        values = super().declaration(name, have)
        return values and {**values, **({"rules": domain_rule.declared(have["rules"])} if "rules" in values else {})}

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Owners and names that are not possible."""
        for want in wanted:
            kind, whose = owner_of(want.name)
            if kind in OWNERS and whose == DEFAULT_USER_NAME:
                yield f"{kind}: {whose} means all users. Set everybody: true instead."
            if want.name.count(BETWEEN) > 1 and kind in OWNERS:
                yield f"{want.name}: the name of an owner or a ruleset cannot contain {BETWEEN!r}."

    def is_partial(self, want: Wanted) -> bool:
        """Rules that are absent: the ruleset stays."""
        return "rules" in want.values

    def is_spared(self, name: str, protect: t.Collection[str], params: t.Mapping[str, t.Any]) -> bool:
        """Also by its owner. Rulesets that the web interface keeps are spared, unless the task purges them too."""
        owner, _between, called = name.partition(BETWEEN)
        of_the_web = called == f"{on_the_wire(name)}{DEFAULT}" and not params["purge_default_rulesets"]
        by_name = bool({owner, f"name {called}"} & set(protect))
        return of_the_web or by_name or super().is_spared(name, protect, params)

    def references(self, name: str, values: Object) -> t.Iterator[Reference]:
        """The owner: its rulesets are deleted with it."""
        kind, whose = owner_of(name)
        if kind in OWNERS:
            yield Reference(kind, whose, kind, owner=True)

    # -- what the server has

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """One answer holds all rulesets, and another one the rules of the requested rulesets."""
        if names is not None and not names:
            return Actual({}, whole=True)
        try:
            rows = self._rows(run)
        except Refused as exc:
            if exc.status != 404:
                raise
            if run.wanted is not None and all(want.state == "absent" for want in run.wanted):
                return Actual({}, whole=True)
            raise NotOffered(f"{run.client.url} has no domain rules: {OLDEST}. {exc}.") from exc
        found = rows if names is None else {name: rows[name] for name in names if name in rows}
        rules = _rules(run.client, {row.number for row in found.values()})
        return Actual(
            {
                name: {
                    "comment": row.comment,
                    "position": row.position,
                    "rules": [rule for _number, rule in rules.get(row.number, ())],
                }
                for name, row in found.items()
            },
            whole=True,
        )

    @staticmethod
    def _rows(run: Run[AccessServer]) -> dict[str, Row]:
        """Rulesets by the names of their objects. Rulesets without an owner, which a server may list, are noted."""
        listed = run.client.access_rulesets()
        found: dict[str, Row] = {}
        twins: dict[str, list[int]] = {}
        holders: dict[int, set[str]] = {}
        for row in sorted(
            (row for row in listed if row.get("owner")), key=lambda row: (row.get("position") or 0, row["id"])
        ):
            owner, kind = str(row["owner"]), "group" if row.get("owner_type") == "group" else "user"
            name = f"{EVERYBODY if owner == DEFAULT_USER_NAME else f'{kind} {owner}'}{BETWEEN}{row['name']}"
            comment = str(row.get("comment") or "").strip()
            one = Row(int(row["id"]), owner, str(row["name"]), int(row.get("position") or 0), comment)
            first = found.setdefault(name, one)
            if first.number != one.number:
                twins.setdefault(name, [first.number]).append(one.number)
            holders.setdefault(one.number, set()).add(owner)
        orphans = {str(row["name"]): int(row["id"]) for row in listed if not row.get("owner")}
        run.notes.update({FOUND: found, TWINS: twins, ORPHANS: orphans, HOLDERS: holders})
        return found

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """The whole list of rules, or the existing list with single rules added or removed."""
        values = dict(wanted.values)
        if "rules" not in values:
            return values
        there, result = (have or {}).get("rules") or [], values["rules"]
        subjects = {domain_rule.subject(rule): rule for rule in result}
        if wanted.state == "absent":
            return {"rules": [rule for rule in there if domain_rule.subject(rule) not in subjects]}
        if not run.task.params["exclusive"] and have:
            left = [{"position": rule["position"], **subjects.pop(domain_rule.subject(rule), rule)} for rule in there]
            result = [*left, *subjects.values()]
            positions = {rule.get("position") for rule in result}
            if None in positions or (subjects and len(positions) < len(result)):
                result = [{name: value for name, value in rule.items() if name != "position"} for rule in result]
            else:
                result = domain_rule.in_order(result)
        return {**values, "rules": domain_rule.placed(there, result)}

    # -- before anything is written

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Owners must exist, each name must select one ruleset, and the server must support the rules."""
        plan = run.plan
        named: dict[str, References] = {owner: {} for owner in OWNERS}
        for change in plan.of("create"):
            kind, whose = owner_of(change.name)
            if kind in OWNERS:
                named[kind].setdefault(whose, []).append("a ruleset")
        for owner, listing in (("user", run.client.users), ("group", run.client.groups)):
            if named[owner]:
                there = listing(sorted(named[owner])).records
                with mistakes.collecting():
                    refuse_unknown(named[owner], there, owner, run)
        twins = run.notes.get(TWINS, {})
        for change in plan.of("update"):
            if change.name in twins:
                numbers = " and ".join(map(str, twins[change.name]))
                mistakes.add(
                    f"{self.noun} {change.name}: the server has several rulesets with this name and owner (numbers {numbers}). "
                    "Rename or delete all but one."
                )
        self._refuse_different(run, mistakes)
        self._refuse_too_new(run, mistakes)
        for change in plan.of("create", "update"):
            self._warn_of_idle(run, change)
        if any(change.values.get("rules") for change in plan.of("create", "update")):
            self._warn_without_proxy(run)

    def _refuse_different(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """A ruleset of several owners exists once: it cannot be declared in two ways, and a change affects all owners."""
        first: dict[int, Change] = {}
        for change in run.plan.of("update"):
            row = run.notes[FOUND].get(change.name)
            if row is None or len(run.notes[HOLDERS][row.number]) < 2 or not {"rules", "comment"} & set(change.values):
                continue
            other = first.setdefault(row.number, change)
            if other is change:
                run.task.warn(
                    f"The {self.noun} {change.name} also has other owners (number {row.number}). The change affects all of "
                    "them."
                )
            elif any(change.values.get(name) != other.values.get(name) for name in ("rules", "comment")):
                mistakes.add(
                    f"{self.noun} {change.name} and {other.name} are the same ruleset (number {row.number}), but are "
                    "declared differently."
                )

    def _refuse_too_new(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Rules that older servers refuse, or accept and do not carry out."""
        needing = [
            (change, rule)
            for change in run.plan.of("create", "update")
            for rule in _new_rules(change)
            if rule["action"] in ("deny", "bypass") or rule["match"] not in domain_rule.MATCHES
        ]
        if not needing:
            return
        version = str(run.client.object("GET /server/info").get("version") or "")
        numbers = re.match(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", version)
        if numbers and tuple(int(number or 0) for number in numbers.groups()) < LATER:
            for change, rule in needing:
                what = rule["action"] if rule["action"] in ("deny", "bypass") else f"match {rule['match']}"
                mistakes.add(
                    f"rules of {self.noun} {change.name}: {what} ({domain_rule.described(rule)}) needs Access Server "
                    f"{'.'.join(map(str, LATER))} or later, and {run.client.url} has {version}."
                )

    def _warn_of_idle(self, run: Run[AccessServer], change: Change) -> None:
        """Rules that are never reached, as the first one that matches decides (server behaviour, 132)."""
        new = [*map(domain_rule.content, _new_rules(change))]
        after = change.values.get("rules") or []
        for number, rule in enumerate(after):
            first = next((one for one in after[:number] if domain_rule.covers(one, rule)), None)
            if first and (domain_rule.content(rule) in new or domain_rule.content(first) in new):
                run.task.warn(
                    f"rules of {self.noun} {change.name}: {domain_rule.described(rule)} has no effect, because "
                    f"{domain_rule.described(first)} comes before it and matches the same."
                )
            if rule["match"] not in domain_rule.MATCHES and domain_rule.content(rule) in new:
                run.task.warn(
                    f"rules of {self.noun} {change.name}: match {rule['match']!r} is not one of the known values "
                    f"({', '.join(domain_rule.MATCHES)}). The server may refuse it."
                )

    @staticmethod
    def _warn_without_proxy(run: Run[AccessServer]) -> None:
        """Without the DNS proxy, rules are kept and have no effect (server behaviour, 131)."""
        services = run.client.object("GET /server/status").get("service_status")
        proxy = services.get(DNS_PROXY) if isinstance(services, dict) else None
        status = proxy.get("status") if isinstance(proxy, dict) else None
        if status is not None and status not in WORKING:
            run.task.warn(
                f"The DNS proxy of {run.client.url} is not running (the service {DNS_PROXY} is {status}). Without it, rules by "
                "domain have no effect."
            )

    # -- writing

    def portions(self, change: Change, new: t.Collection[tuple[str, str]]) -> t.Sequence[tuple[Turn, Object]]:
        """A ruleset is first reduced to what it allows both before and after, and to all that it denies before or after."""
        values = change.values
        before: list[Rule] = (change.before or {}).get("rules", [])
        after: list[Rule] = values.get("rules", before)
        first = domain_rule.confined(before, after)
        kind, _whose = owner = owner_of(change.name)
        if first == before or (owner in new and kind == "user"):
            return [(Turn.GIVE, values)]
        take = Turn.LEAVE if owner in new else Turn.TAKE  # when new groups exist, and have no members yet
        if first == after and (change.action == "create" or values.keys() == {"rules"}):
            return [(take, values)]
        if change.action == "create":
            return [(take, {**values, "rules": first}), (Turn.GIVE, {"rules": after})]
        return [(take, {"rules": first}), (Turn.GIVE, values)]

    def deletion(self, change: Change) -> t.Sequence[tuple[Turn, t.Optional[Object]]]:
        """Access that a ruleset allows is removed with other access; access that it denies is given with other access."""
        kept = _withholding(change)
        if not kept:
            return [(Turn.TAKE, None)]
        gives = len(kept) < len((change.before or {})["rules"])
        first: list[tuple[Turn, t.Optional[Object]]] = [(Turn.TAKE, {"rules": kept})] if gives else []
        return [*first, (Turn.GIVE, None)]

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Each in three calls. Between the first two, no list shows the ruleset, so the second call follows at once."""
        positions = self._free_positions(run, changes)
        made, orphans = run.notes.setdefault(MADE, {}), run.notes[ORPHANS]

        def make(change: Change) -> None:
            owner, name = on_the_wire(change.name), change.name.partition(BETWEEN)[2]
            comment, client = change.values.get("comment") or "", run.client
            rules, position = change.values.get("rules") or [], positions[change.name]
            orphan = None if change.name in made else orphans.pop(name, None)
            if orphan is not None:  # it gets its rules before its owner; otherwise the owner would get the old rules
                client.call("POST /access/rulesets/update", {"id": orphan, "name": name, "comment": comment})
                _write_rules(client, orphan, _rules(client, {orphan}).get(orphan, []), rules)
                client.call("POST /access/user-rulesets/modify", _assigned(owner, orphan, position))
                number = orphan
            else:
                if change.name not in made:
                    made[change.name] = _add(client, name, comment)
                _assign_new(client, owner, made[change.name], position)
                number = made.pop(change.name)
            change.reached(Effect.CREATED)
            run.notes[FOUND][change.name] = Row(number, owner, name, position, comment)
            run.notes[HOLDERS][number] = {owner}
            if orphan is None:
                _write_rules(client, number, [], rules)

        run.writes.each(changes, make)

    @staticmethod
    def _free_positions(run: Run[AccessServer], changes: t.Sequence[Change]) -> dict[str, int]:
        """The position of each new ruleset: the declared one, or behind those that the owner has."""
        last: dict[str, int] = {}
        for row in run.notes[FOUND].values():
            last[row.owner] = max(row.position, last.get(row.owner, 0))
        found = {}
        for change in changes:
            owner, position = on_the_wire(change.name), change.values.get("position")
            behind = last.get(owner, 0) // domain_rule.STEP * domain_rule.STEP + domain_rule.STEP
            found[change.name] = behind if position is None else int(position)
            last[owner] = max(found[change.name], last.get(owner, 0))
        return found

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Each by itself. What all owners of a ruleset share is written once."""
        self._update(run, changes, moving={})

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Compare with the server again, and remove a ruleset of several owners from one owner to assign it again."""
        self._update(run, changes, moving={"again": True})

    @staticmethod
    def _update(run: Run[AccessServer], changes: t.Sequence[Change], moving: t.Mapping[str, bool]) -> None:
        client, found = run.client, run.notes[FOUND]
        there = _rules(client, {found[change.name].number for change in changes if "rules" in change.values})
        once = {found[change.name].number: change.name for change in reversed(changes)}

        def write(change: Change) -> None:
            row, values = found[change.name], change.values
            if once[row.number] == change.name:
                if "comment" in values:
                    body = {"id": row.number, "name": row.name, "comment": values["comment"]}
                    client.call("POST /access/rulesets/update", body)
                if "rules" in values:
                    _write_rules(client, row.number, there.get(row.number, []), values["rules"])
            if "position" in values:
                _move(client, row, values["position"], alone=len(run.notes[HOLDERS][row.number]) < 2, **moving)

        run.writes.each(changes, write)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """A ruleset is deleted with its last owner; other owners keep it."""
        found, twins, holders = run.notes[FOUND], run.notes[TWINS], run.notes[HOLDERS]

        def remove(change: Change) -> None:
            row = found.get(change.name)
            for number in twins.get(change.name, [row.number]) if row else ():
                holders[number].discard(row.owner)
                if holders[number]:
                    _take_from(run.client, row.owner, number)
                else:
                    _delete(run.client, row.owner, number)

        withholding = [change for change in changes if _withholding(change)]
        run.writes.each([change for change in changes if not _withholding(change)], remove, in_order=True)
        self._keep_beside_failed(run, withholding)
        run.writes.each(withholding, remove, in_order=True)

    def _keep_beside_failed(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """A ruleset may deny what a failed one should deny: for the same users, or for some of them."""
        failed = next((change.name for change in run.plan.changes if change.outcome == "failed"), None)
        for change in changes if failed else ():
            kind, whose = owner_of(change.name)
            if whose not in run.deletes(kind):
                change.fail(
                    f"not attempted, because {self.noun} {failed} failed, and without its rules more access would be allowed"
                )
                change.hindered = True


# -- calls


@reads
def _rules(client: AccessServer, numbers: t.Collection[int]) -> dict[int, list[Numbered]]:
    """The rules of rulesets in their order, each with its number. Rulesets without rules are not in it."""
    found: dict[int, list[Numbered]] = {}
    for wire in client.access_rules(sorted(numbers)):
        if wire["ruleset_id"] in numbers:
            found.setdefault(wire["ruleset_id"], []).append((int(wire["id"]), domain_rule.from_wire(wire)))
    for rules in found.values():
        rules.sort(key=lambda one: (one[1]["position"], domain_rule.content(one[1])))
    return found


def _add(client: AccessServer, name: str, comment: str) -> int:
    """The number of a new ruleset, which has no owner."""
    try:
        number = client.object("POST /access/rulesets/add", {"name": name, "comment": comment}).get("id")
    except Refused as exc:
        if _THERE.search(exc.reason):  # the engine reads these words as: our object exists
            holder = "a ruleset of another owner, or by one that has no owner and is in no list"
            raise Refused(exc.call, exc.status, f"the name {name} is taken by {holder}") from exc
        raise
    if not isinstance(number, int):
        raise client.unreadable("the number of the new ruleset as id")
    return number


def _assign_new(client: AccessServer, owner: str, number: int, position: int) -> None:
    """Give a new ruleset to its owner. If that fails, delete it, because no list would show it."""
    try:
        client.call("POST /access/user-rulesets/modify", _assigned(owner, number, position))
    except Refused as exc:
        try:
            client.call("POST /access/rulesets/delete", {"ids": [number]})
        except EstateError as left:
            raise _with(exc, f"The new ruleset {number} has no owner and could not be deleted ({left})") from exc
        raise _with(exc, "Rolled back: the new ruleset was deleted") from exc


def _with(exc: Refused, more: str) -> Refused:
    """A refusal, with what happened to the ruleset."""
    return Refused(exc.call, exc.status, f"{exc.reason.rstrip('.')}. {more}", exc.reasons, exc.body, exc.said)


def _assigned(owner: str, number: int, position: int) -> Record:
    return {"add": {owner: [{"ruleset_id": number, "position": position}]}}


def _move(client: AccessServer, row: Row, position: int, *, alone: bool, again: bool = False) -> None:
    """Move a ruleset to another position of its owner: the effect of a second assignment is not known (server behaviour, 76).

    A ruleset that is removed from its only owner may be deleted, so this is never tried.
    """
    assigned = _assigned(row.owner, row.number, position)
    if alone or not again:
        try:
            client.call("POST /access/user-rulesets/modify", assigned)
        except Refused as exc:
            if exc.status != 400:
                raise
            if alone:
                raise _with(
                    exc,
                    "The server cannot move this ruleset. Declare a ruleset with another name at this position, and this one "
                    "with state: absent",
                ) from exc
        else:
            return
    taken = {"delete": {row.owner: {"ruleset_ids": [row.number]}}}
    client.call("POST /access/user-rulesets/modify", {**taken, **assigned})


def _take_from(client: AccessServer, owner: str, number: int) -> None:
    client.call("POST /access/user-rulesets/modify", {"delete": {owner: {"ruleset_ids": [number]}}})


def _delete(client: AccessServer, owner: str, number: int) -> None:
    """Delete a ruleset. If the server refuses this while it has an owner, remove it from the owner first.

    This may delete it already, together with its last owner.
    """
    try:
        client.call("POST /access/rulesets/delete", {"ids": [number]})
    except Refused as exc:
        if _GONE.search(exc.reason):
            return
        if exc.status != 400:
            raise
        _take_from(client, owner, number)
        try:
            client.call("POST /access/rulesets/delete", {"ids": [number]})
        except Refused as again:
            if not _GONE.search(again.reason):
                raise _with(again, f"The ruleset {number} has no owner now, but still exists") from again


def _write_rules(client: AccessServer, number: int, there: t.Sequence[Numbered], after: t.Sequence[Rule]) -> None:
    """Write the rules of a ruleset: add rules that deny before the rules that allow, and delete them after these.

    A rule is never changed in place, because the effect on its number is not known (server behaviour, 78).
    """
    wanted = {rule["position"]: rule for rule in after}
    gone = [
        one for one in there if wanted.get(one[1]["position"]) != one[1] or not wanted.pop(one[1]["position"], None)
    ]
    new = [rule for rule in after if rule["position"] in wanted]
    end = max([*(rule["position"] for rule in after), *(rule["position"] for _number, rule in there)], default=0)
    if all(map(domain_rule.gives, [*new, *(rule for _number, rule in gone)])):
        _modify(client, number, new, gone, end)
        return
    giving = [*filter(domain_rule.gives, new)]
    withholding = [rule for rule in new if not domain_rule.gives(rule)]
    places = {rule["position"] for rule in withholding}
    again = {domain_rule.subject(rule) for rule in giving}
    late = [
        one
        for one in gone
        if one[1]["position"] not in places and (not domain_rule.gives(one[1]) or domain_rule.subject(one[1]) in again)
    ]
    _modify(client, number, withholding, [one for one in gone if one not in late], end)
    _modify(client, number, giving, late, end)


def _modify(client: AccessServer, number: int, new: t.Sequence[Rule], gone: t.Sequence[Numbered], end: int) -> None:
    """Add and delete rules in one call.

    A server may require that a position is free. Then the new rules first get positions after ``end``, the last position, so
    no rule is missing at any time.
    """
    if not new and not gone:
        return
    try:
        _modified(client, number, new, [one for one, _rule in gone])
    except Refused as exc:
        if exc.status != 400 or not {rule["position"] for rule in new} & {rule["position"] for _one, rule in gone}:
            raise
        aside = [{**rule, "position": end + place} for place, rule in enumerate(new, 1)]
        _modified(client, number, aside, [])
        _modified(client, number, [], [one for one, _rule in gone])
        behind = [one for one, rule in _rules(client, {number}).get(number, ()) if rule in aside]
        _modified(client, number, new, behind)


def _modified(client: AccessServer, number: int, new: t.Sequence[Rule], gone: t.Sequence[int]) -> None:
    added = {"add": [domain_rule.to_wire(rule, number) for rule in new]} if new else {}
    client.call("POST /access/rules/modify", {**added, **({"delete": list(gone)} if gone else {})})


def _withholding(change: Change) -> list[Rule]:
    """Rules of an existing ruleset; without them, more could go through the VPN."""
    return [rule for rule in (change.before or {}).get("rules") or () if not domain_rule.gives(rule)]


def _new_rules(change: Change) -> list[Rule]:
    """Rules that a change adds."""
    before = {domain_rule.content(rule) for rule in (change.before or {}).get("rules") or ()}
    return [rule for rule in change.values.get("rules") or () if domain_rule.content(rule) not in before]


ACCESS_RULESET = AccessRuleset()


def chosen(run: Run[AccessServer]) -> dict[str, Object]:
    """For as_access_ruleset_info: rulesets of the owners that the task names, else of all owners."""
    params = run.task.params
    found = run.read(ACCESS_RULESET, None).objects
    if all(params[name] is None for name in INFO_SPEC):
        return found
    asked = {f"{owner} {name}" for owner in OWNERS for name in params[f"{owner}s"] or ()}
    asked |= {EVERYBODY} if params[EVERYBODY] else set()
    return {name: have for name, have in found.items() if name.partition(BETWEEN)[0] in asked}
