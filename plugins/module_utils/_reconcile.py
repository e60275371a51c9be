# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is, what should be, and the steps between. A plan is data; only converge() acts."""

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.vpn.estate.plugins.module_utils._errors import (
    EstateError,
    InputError,
    OutcomeUnknown,
    Refused,
    SignInError,
    Unreachable,
)
from ansible_collections.vpn.estate.plugins.module_utils._resource import HIDDEN, Actual, Object, Resource, Task, Wanted

ATTEMPTS = 3  # readings of the server in one task, where answers to writes are lost
ONE_BAD_OBJECT = (400, 404, 409, 413)  # answers that speak of what was asked, not of who asks or how the server is
SLICE = 500  # objects in one bulk request
PURGE_SHARE, PURGE_FLOOR = 10, 5  # percent of the objects there, and a number that is always allowed

_ALREADY = re.compile(r"(?<!not )\bexists?\b", re.IGNORECASE)  # how a name is taken (server-behaviour.md, 53)
_LIMIT = re.compile(r"^\s*(?P<number>\d+)\s*(?P<percent>%?)\s*$")
PAST = {"create": "created", "update": "updated", "delete": "deleted", "none": "unchanged"}


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
    begun: bool = False  # the server acted on it, or may have
    existed: bool = False  # somebody else created it meanwhile
    last: bool = False  # after all others, because it could end our own access

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
            "name": self.name,
            "action": PAST[self.action] if went_well else self.outcome,
            "changed_keys": self.keys if went_well else [],
        }
        return {**line, "msg": self.message} if self.message else line


@dataclass
class Plan:
    """Changes in the order in which the objects were declared, those that nobody declared last."""

    changes: list[Change]

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return any(change.action != "none" for change in self.changes)

    def of(self, *actions: str) -> list[Change]:
        """Changes of these kinds that have not failed."""
        return [c for c in self.changes if c.action in actions and c.outcome != "failed"]

    def diff(self, resource: Resource) -> dict[str, dict[str, Object]]:
        """``before`` and ``after`` of each object that changes; of an update only the keys that change."""
        before: dict[str, Object] = {}
        after: dict[str, Object] = {}
        for change in self.of("create", "update", "delete"):
            have = change.before or {}
            if change.action == "delete":
                said = {f.name: have.get(f.name) for f in resource.fields if f.spec and not f.secret}
                before[change.name] = resource.shown({k: v for k, v in said.items() if v not in (None, [], {}, "")})
                continue
            secrets = dict.fromkeys(change.secrets, HIDDEN)
            after[change.name] = {**resource.shown(change.values), **secrets}
            if change.action == "update":
                before[change.name] = resource.shown({key: have.get(key) for key in change.values})
        return {"before": before, "after": after}


def plan(resource: Resource, actual: Actual, wanted: t.Sequence[Wanted], task: Task) -> Plan:
    """Compare, and say what to do. Touches nothing."""
    changes = [_change(resource, actual.objects.get(want.name), want, task) for want in wanted]
    if task.params.get("purge"):
        named = {want.name for want in wanted}
        spare = set(task.params.get("protect") or ())
        strangers = [Wanted(name, "absent", {}, []) for name in sorted(actual.objects) if name not in named | spare]
        purged = [_change(resource, actual.objects[want.name], want, task) for want in strangers]
        changes += [change for change in purged if change.action != "none"]
    return Plan(changes)


def _change(resource: Resource, have: t.Optional[Object], want: Wanted, task: Task) -> Change:
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
    if not wanted and not params.get("purge_empty"):
        raise InputError(
            f"purge with an empty list of {resource.plural} would delete every one that is there. If that is meant, "
            "say purge_empty: true."
        )
    if actual.total is not None and actual.total != len(actual.objects):
        raise InputError(
            f"purge needs the whole list, but the server counts {actual.total} {resource.plural} and listed "
            f"{len(actual.objects)}. Nothing was deleted; run again when nobody else is changing them."
        )
    declared = {want.name for want in wanted}
    doomed = sum(change.name not in declared for change in steps.of("delete", "update"))
    there = len(actual.objects)
    allowed = _purge_limit(params.get("purge_limit"), there)
    if doomed > allowed:
        raise InputError(
            f"purge would delete {doomed} of {there} {resource.plural}, and purge_limit allows {allowed}. "
            f'If that is meant, say purge_limit: "{doomed}".'
        )


def _purge_limit(text: t.Optional[str], there: int) -> int:
    if text is None:
        return max(PURGE_FLOOR, there * PURGE_SHARE // 100)
    found = _LIMIT.match(text)
    number = int(found["number"]) if found else 0
    if not found or (found["percent"] and number > 100):
        raise InputError(f"purge_limit: {text!r} is neither a number, such as 20, nor a share, such as 10%.")
    return there * number // 100 if found["percent"] else number


class Effort:
    """Writes, and what became of each object."""

    def __init__(self) -> None:
        self._size = SLICE

    def many(self, changes: t.Sequence[Change], write: t.Callable[[list[Change]], object]) -> None:
        """One request for many objects. One that the server refuses fails alone, and the others go on."""
        waiting = [list(changes)] if changes else []
        while waiting:
            batch = waiting.pop(0)
            if len(batch) > self._size:
                waiting = [batch[: self._size], batch[self._size :], *waiting]
                continue
            try:
                with _telling(batch):
                    write(batch)
            except Refused as exc:
                if exc.status == 413 and len(batch) > 1:
                    self._size = len(batch) // 2
                    waiting = [batch, *waiting]
                    continue
                if exc.status not in ONE_BAD_OBJECT:
                    _fail(batch, exc)
                    raise
                waiting = [*self._without_refused(batch, exc), *waiting]

    @staticmethod
    def _without_refused(batch: list[Change], exc: Refused) -> list[list[Change]]:
        if len(batch) == 1:
            _fail(batch, exc)
            return []
        refused: dict[str, list[str]] = {}
        for key, text in exc.reasons.items():
            meant = max((change.name for change in batch if _names(key, change.name)), key=len, default=None)
            if meant is not None:
                refused.setdefault(meant, []).append(text)
        if not refused:  # the server does not say which: find it
            return [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        for change in batch:
            if change.name in refused:
                change.fail(f"{exc.call} answered {exc.status}: {'; '.join(refused[change.name])}")
        rest = [change for change in batch if change.name not in refused]
        return [rest] if rest else []

    @staticmethod
    def each(
        changes: t.Sequence[Change], write: t.Callable[[Change], object], alone: t.Collection[int] = ONE_BAD_OBJECT
    ) -> None:
        """One request for each object. What is answered by a status of ``alone`` fails alone, and the others go on."""
        for change in changes:
            if change.outcome == "failed":
                continue
            try:
                with _telling([change]):
                    write(change)
            except Refused as exc:
                if exc.status == 400 and change.action == "create" and _ALREADY.search(exc.reason):
                    change.existed = not change.begun  # somebody was faster, perhaps we were
                    raise OutcomeUnknown(f"{exc.call}: {exc.reason}") from exc
                _fail([change], exc)
                if exc.status not in alone:
                    raise


@contextlib.contextmanager
def _telling(changes: t.Sequence[Change]) -> t.Iterator[None]:
    """Around a call about these objects: each then knows whether the server acted on it, or may have."""
    acted = True
    try:
        yield
    except (Refused, SignInError, Unreachable):
        acted = False
        raise
    finally:
        for change in changes:
            change.begun = change.begun or acted


def _fail(changes: t.Sequence[Change], exc: Refused) -> None:
    for change in changes:
        change.fail(str(exc))


def _names(key: str, name: str) -> bool:
    """Whether a key of an error's detail speaks of an object; keys are tuples of unknown form (server-behaviour.md, 6)."""
    return key == name or any(
        key.startswith(f"{opening}{name}{end}") for opening in ("('", '("', "(", "") for end in ("'", '"', ",", ".")
    )


def converge(resource: Resource, client: t.Any, wanted: t.Sequence[Wanted], task: Task) -> Plan:
    """Bring the objects to what is wanted. The plan that comes back tells what was, or would be, done to each.

    Raises what stops the whole task; ``plan`` of the exception then holds the changes and their outcomes.
    """
    names = None if task.params.get("purge") else [want.name for want in wanted]
    actual = resource.look(client, names, task)
    missed = [want.name for want in wanted if want.name not in actual.objects] if names is None else []
    if missed:  # new, or moved to a page that was read before
        actual.objects.update(resource.look(client, missed, task).objects)
    if task.check and not resource.always_there:  # what an earlier task of this run would have made is there by then
        made = set(task.params.get("assume_present") or ()) & {want.name for want in wanted} - actual.objects.keys()
        actual.objects.update((name, resource.load({"name": name})) for name in made)
    first = plan(resource, actual, wanted, task)
    guard_purge(resource, actual, wanted, first, task)
    resource.check(client, first, task)
    if task.check or not first.changed:
        return first
    try:
        _settle(resource, client, wanted, first, task)
    except EstateError as exc:
        _take_stock(resource, client, wanted, first, exc, task)
        exc.plan = first  # type: ignore[attr-defined]
        raise
    return first


def _take_stock(
    resource: Resource, client: t.Any, wanted: t.Sequence[Wanted], first: Plan, exc: EstateError, task: Task
) -> None:
    """After the task was stopped: what became of each object, as far as a last look can tell."""
    left = {c.name: c for c in first.of("create", "update", "delete") if c.outcome == "planned"}
    begun = {name: change for name, change in left.items() if change.begun}
    if begun and not isinstance(exc, (SignInError, Unreachable)):
        with contextlib.suppress(EstateError):
            _remaining(resource, client, wanted, begun, task)
    for change in left.values():
        if change.outcome == "planned" and change.begun:
            change.outcome, change.message = "unknown", "it was begun, and is not known to be finished"
        elif change.outcome == "planned" and change.existed:
            change.fail("its name is taken")
        elif change.outcome == "planned":
            change.outcome = "not attempted"


def _settle(resource: Resource, client: t.Any, wanted: t.Sequence[Wanted], first: Plan, task: Task) -> None:
    """Write; where an answer was lost, read again and write only what is still missing."""
    steps, open_ones = first, {c.name: c for c in first.of("create", "update", "delete")}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _carry_out(resource, client, steps, task)
        except OutcomeUnknown:
            if attempt == ATTEMPTS:
                raise
        else:
            break
        finally:
            for change in steps.changes:
                if change.name in open_ones:
                    told = open_ones[change.name]
                    told.outcome, told.message = change.outcome, change.message
                    told.begun, told.existed = change.begun, change.existed
        steps = _remaining(resource, client, wanted, open_ones, task)
    problem = resource.prove(client, first, task)
    if problem:
        raise problem


def _remaining(
    resource: Resource, client: t.Any, wanted: t.Sequence[Wanted], open_ones: t.Mapping[str, Change], task: Task
) -> Plan:
    """What is still to be done to the objects that the first plan changes, and have not failed."""
    waiting = [name for name, change in open_ones.items() if change.outcome != "failed"]
    actual = resource.look(client, waiting, task)
    declared = {want.name: want for want in wanted}
    changes = []
    for name in waiting:
        told, have = open_ones[name], actual.objects.get(name)
        change = _change(resource, have, declared.get(name) or Wanted(name, "absent", {}, []), task)
        change.last, change.begun, change.existed = told.last, told.begun, told.existed
        if told.existed:
            told.action, told.before, told.values, told.secrets = change.action, have, change.values, change.secrets
        if change.action == "none":
            told.outcome = "done"
        changes.append(change)
    return Plan([change for change in changes if change.action != "none"])


def _carry_out(resource: Resource, client: t.Any, steps: Plan, task: Task) -> None:
    """Make the calls in the order that frees names and addresses before they are taken."""
    effort = Effort()
    doomed = steps.of("delete")
    if doomed:
        resource.withdraw(client, doomed, effort, task)
        resource.delete(client, [c for c in doomed if c.outcome != "failed"], effort, task)
        _done(doomed)
    for last in (False, True):
        _write(resource, client, [c for c in steps.of("create", "update") if c.last == last], effort, task)
    _verify(resource, client, steps, effort, task)
    _done(steps.of("create", "update"))


def _write(resource: Resource, client: t.Any, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
    updated = [c for c in changes if c.action == "update" and (c.values or not resource.secrets_apart)]
    for rank in sorted({resource.rank(change) for change in updated}):
        resource.update(client, [change for change in updated if resource.rank(change) == rank], effort, task)
    created = [change for change in changes if change.action == "create"]
    if created:
        resource.create(client, created, effort, task)
    secret = [change for change in changes if change.secrets and change.outcome != "failed"]
    if secret and resource.secrets_apart:
        resource.write_secrets(client, secret, effort, task)


def _done(changes: t.Sequence[Change]) -> None:
    for change in changes:
        if change.outcome != "failed":
            change.outcome = "done"


def _verify(resource: Resource, client: t.Any, steps: Plan, effort: Effort, task: Task) -> None:
    """Read back what the vendor leaves open. What the server did not keep is an error that names the key."""
    doubtful = [change for change in steps.of("create", "update") if resource.leaves_open(change)]
    lost = _lost(resource, client, doubtful, task)
    if lost:
        parts = [replace(c, values={k: c.values[k] for k in lost[c.name]}) for c in doubtful if c.name in lost]
        resource.repair(client, parts, effort, task)
        doubtful = [change for change in doubtful if change.name in lost]
        lost = _lost(resource, client, doubtful, task)
    for change in doubtful:
        if change.name in lost:
            told = "; ".join(f"{k} is {had!r} instead of {change.values[k]!r}" for k, had in lost[change.name].items())
            change.fail(f"the server accepted the change and did not keep it: {told}")


def _lost(resource: Resource, client: t.Any, changes: t.Sequence[Change], task: Task) -> dict[str, dict[str, t.Any]]:
    """What the server has in place of values that were written, by object and key."""
    if not changes:
        return {}
    actual = resource.look(client, [change.name for change in changes], task).objects
    unset = {f.name: f.unset for f in resource.fields}
    known = [f.name for f in resource.fields if not f.create_only]
    lost: dict[str, dict[str, t.Any]] = {}
    for change in changes:
        have = actual.get(change.name)
        if have is None:
            change.fail(f"the server took {resource.noun} {change.name} and does not list it")
            continue
        wanted = {k: unset.get(k) if v is None else v for k, v in change.values.items() if k in known}
        wrong = resource.shown({k: have.get(k) for k, v in wanted.items() if have.get(k) != v})
        if wrong:
            lost[change.name] = wrong
    return lost
