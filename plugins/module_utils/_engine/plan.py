# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is, what should be, and the steps between, as data. Nothing here talks to a server."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from .._text.errors import InputError
from .._text.outside import Sentence, only_in, twins
from .resource import HIDDEN, Actual, Object, Resource, Task, Wanted

PURGE_SHARE, PURGE_FLOOR = 10, 5  # percent of the objects there, and a number that is always allowed
MOST_NAMES = 20  # of those that a refusal speaks of
PAST = {"create": "created", "update": "updated", "delete": "deleted", "none": "unchanged"}

_LIMIT = re.compile(r"^\s*(?P<number>\d+)\s*(?P<percent>%?)\s*$")


@dataclass
class Change:
    """What happens to one object. ``values`` and ``secrets`` are what is written; None hands a value back."""

    name: str
    action: str  # create, update, delete, none
    state: str = "present"
    before: t.Optional[Object] = None
    values: Object = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    outcome: str = "planned"  # planned, done, failed, not attempted, unknown
    message: str = ""
    results: Object = field(default_factory=dict, repr=False)  # what the task tells of it besides
    begun: bool = False  # the server acted on it, or may have
    made: bool = False  # it was created, whatever has become of the rest
    existed: bool = False  # somebody else created it meanwhile
    ours: bool = False  # it touches the account that the task uses
    risky: bool = False  # it could end the sign-in of that account, and has to be proven
    last: bool = False  # after all others
    undo: Object = field(default_factory=dict, repr=False)  # what it takes to set it back, beside ``before``

    @property
    def keys(self) -> list[str]:
        """Names of the properties that change."""
        return sorted([*self.values, *self.secrets]) if self.action in ("create", "update") else []

    def fail(self, reason: str) -> None:
        """This object fails; the others go on."""
        self.outcome, self.message = "failed", reason

    def report(self) -> dict[str, t.Any]:
        """This change, as the task returns it."""
        went_well = self.outcome in ("planned", "done")
        line: dict[str, t.Any] = {
            "name": Sentence(self.name),  # of a task that fails, Ansible prints every object
            "action": PAST[self.action] if went_well else self.outcome,
            "changed_keys": self.keys if went_well else [],
            **self.results,
        }
        return {**line, "msg": Sentence(self.message)} if self.message else line


@dataclass
class Plan:
    """Changes in the order in which the objects were declared, then those that are not declared.

    ``others`` are objects that were read and that nothing happens to, by name, as those that a purge spares.
    """

    changes: list[Change]
    others: t.Mapping[str, Object] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return any(change.action != "none" for change in self.changes)

    def afterwards(self, name: str) -> dict[str, t.Any]:
        """A property of each object that is there afterwards, as far as it is known, by the object's name."""
        found = {each: have[name] for each, have in self.others.items() if have.get(name) is not None}
        for change in self.changes:
            value = change.values.get(name, (change.before or {}).get(name))
            if change.action != "delete" and value is not None and (change.before or change.action == "create"):
                found[change.name] = value
        return found

    def of(self, *actions: str) -> list[Change]:
        """Changes of these kinds that have not failed."""
        return [c for c in self.changes if c.action in actions and c.outcome != "failed"]

    def diff(self, resource: Resource) -> dict[str, dict[str, Object]]:
        """``before`` and ``after`` of each object that changes; of an update only the keys that change.

        Of one that was created and then failed, it is what its creation wrote.
        """
        before: dict[str, Object] = {}
        after: dict[str, Object] = {}
        for change in self.changes:
            if change.action == "none" or (change.outcome == "failed" and not change.made):
                continue
            have = change.before or {}
            if change.action == "delete":
                before[change.name] = resource.lost(have)
                continue
            values, secrets = change.values, dict.fromkeys(change.secrets, HIDDEN)
            if change.outcome == "failed":
                values, secrets = {n: v for n, v in values.items() if resource.dump({n: v})}, {}
            after[change.name] = {**resource.shown(values), **secrets}
            if change.action == "update":
                before[change.name] = resource.shown({key: have.get(key) for key in change.values})
        return {"before": before, "after": after}


def plan(resource: Resource, actual: Actual, wanted: t.Sequence[Wanted], task: Task) -> Plan:
    """Compare, and say what to do. Touches nothing."""
    changes = [change_of(resource, actual.objects.get(want.name), want, task) for want in wanted]
    if task.params.get("purge"):
        named = {want.name for want in task.wanted or wanted}
        spare = set(task.params.get("protect") or ())
        strangers = [Wanted(name, "absent", {}, []) for name in sorted(actual.objects) if name not in named | spare]
        purged = [change_of(resource, actual.objects[want.name], want, task) for want in strangers]
        changes += [change for change in purged if change.action != "none"]
    planned = {change.name for change in changes}
    return Plan(changes, {name: have for name, have in actual.objects.items() if name not in planned})


def change_of(resource: Resource, have: t.Optional[Object], want: Wanted, task: Task) -> Change:
    if want.state == "absent" and not resource.always_there:
        return Change(want.name, "none" if have is None else "delete", want.state, have)
    desired = resource.desired(want, have, task)
    create_only = {f.name for f in resource.fields if f.create_only}
    if have is None:
        unset = {f.name: f.unset for f in resource.fields}
        values = {name: value for name, value in desired.items() if value != unset.get(name)}
    else:
        values = {n: v for n, v in desired.items() if n not in create_only and have.get(n) != v}
    secret = [f for f in resource.fields if f.name in want.secrets and resource.renews(f, have, want, task)]
    secrets = {f.name: want.secrets[f.name] for f in secret}
    missing = have is None and not resource.always_there
    action = "create" if missing else "update" if values or secrets else "none"
    return Change(want.name, action, want.state, have, values, secrets)


def guard_purge(resource: Resource, actual: Actual, wanted: t.Sequence[Wanted], steps: Plan, task: Task) -> None:
    """Refuse a purge that looks like an accident."""
    params = task.params
    if not params.get("purge"):
        return
    declared = {want.name for want in wanted}
    doomed = [change.name for change in steps.of("delete", "update") if change.name not in declared]
    if not (task.wanted or wanted) and not params.get("purge_empty"):
        raise InputError(
            f"purge with an empty list of {resource.plural} would delete {listed(doomed) or 'nothing now'}. Nothing was written. "
            "If that is meant, say purge_empty: true."
        )
    if actual.total is not None and actual.total != len(actual.objects):
        raise InputError(
            f"purge needs the whole list, but the server counts {actual.total} {resource.plural} and listed "
            f"{len(actual.objects)}. Nothing was deleted; run again when nobody else is changing them."
        )
    _refuse_misspelt(resource, doomed, set(params.get("protect") or ()) - actual.objects.keys())
    there = len(actual.objects)
    allowed = _purge_limit(params.get("purge_limit"), there)
    if len(doomed) > allowed:
        raise InputError(
            f"purge would delete {listed(doomed)}: {len(doomed)} of {there} {resource.plural}, and purge_limit allows "
            f'{allowed}. Nothing was written. If that is meant, say purge_limit: "{len(doomed)}".'
        )


def listed(names: t.Iterable[str], most: int = MOST_NAMES) -> str:
    """Names for a sentence: the first of them, then a count."""
    found = sorted(names)
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")


def _refuse_misspelt(resource: Resource, doomed: t.Sequence[str], missing: t.Collection[str]) -> None:
    """A name in protect that is not there, and looks like one that is to go, means that one."""
    for name, twin in sorted(twins(missing, doomed).items()):
        raise InputError(
            f"protect: there is no {resource.noun} {name!r}, but {twin!r}, which differs {only_in(name, twin)}, and purge would "
            "delete it. Nothing was written."
        )


def _purge_limit(text: t.Optional[str], there: int) -> int:
    if text is None:
        return max(PURGE_FLOOR, there * PURGE_SHARE // 100)
    found = _LIMIT.match(text)
    number = int(found["number"]) if found else 0
    if not found or (found["percent"] and number > 100):
        raise InputError(f"purge_limit: {text!r} is neither a number, such as 20, nor a share, such as 10%.")
    return there * number // 100 if found["percent"] else number
