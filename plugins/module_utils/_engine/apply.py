# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring objects to what is wanted: read, plan, write, and read again where the server leaves it open."""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from .._text.errors import EstateError, OutcomeUnknown, SignInError, Unreachable
from .declaration import chosen, declared
from .field import Object
from .plan import Change, Plan, Wanted
from .planning import change_of, guard_purge, plan
from .report import Answer, diff, report
from .resource import Resource
from .run import Run

ATTEMPTS = 3  # readings of the server in one task, where answers to writes are lost
PAUSE = 1.0  # seconds between two looks for what should be gone

Left = t.TypeVar("Left", bound=t.Sized)


def apply_declared(run: Run[t.Any], resource: Resource) -> Answer:
    """Bring the objects that the task declares to their state, or say what that would take."""
    run.wanted = declared(run, resource)
    states = chosen("only_states", resource.states, run.task)
    steps = apply(run, resource, [want for want in run.wanted if want.state in states])
    answer = {**report(steps), "diff": diff(resource, steps), "changed": steps.changed}
    failed = [change for change in steps.changes if change.outcome == "failed"]
    if failed:
        first = f"{failed[0].name}: {failed[0].message}"
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        answer.update(
            failed=True, changed=run.client.wrote, msg=f"{len(failed)} of {len(steps.changes)} failed. {first}{more}."
        )
    return answer


def apply(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted]) -> Plan:
    """Bring the objects to what is wanted. The plan that comes back tells what was, or would be, done to each.

    Raises what stops the whole task; ``plan`` of the exception then holds the changes and their outcomes.
    """
    names = None if run.task.params.get("purge") else [want.name for want in wanted]
    actual = resource.look(run, names)
    missed = [want.name for want in wanted if want.name not in actual.objects] if names is None else []
    if missed and not actual.whole:  # new, or moved to a page that was read before
        actual.objects.update(resource.look(run, missed).objects)
    if (
        run.task.check and not resource.always_there
    ):  # what an earlier task of this run would have made is there by then
        made = set(run.task.params.get("assume_present") or ()) & {want.name for want in wanted} - actual.objects.keys()
        actual.objects.update((name, resource.load({"name": name})) for name in made)
    run.plan = plan(run, resource, actual, wanted)
    guard_purge(run, resource, actual, wanted)
    resource.check(run)
    resource.warn_of_unknown(run)
    _tell_altered(run, resource, wanted)
    if run.task.check:
        return run.plan
    try:
        if run.plan.changed:
            _settle(run, resource, wanted)
        resource.attend(run)
    except EstateError as exc:
        _take_stock(run, resource, wanted, exc)
        exc.plan = run.plan  # type: ignore[attr-defined]
        raise
    return run.plan


def _tell_altered(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted]) -> None:
    """What is written now and means more than was said: once, and not in each run that finds it there."""
    changes = {change.name: change for change in run.plan.of("create", "update")}
    for want in wanted:
        if want.name not in changes:
            continue
        change = changes[want.name]
        for name, items in want.altered.items():
            there, then = (change.before or {}).get(name) or (), change.values.get(name) or ()
            for item, said in items.items():
                if item in then and item not in there:
                    run.task.warn(
                        f"{name} of {resource.noun} {want.name}: {said} is an address in a network and no network; {item} is "
                        "written. If you mean the address alone, leave out the prefix."
                    )


def _take_stock(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted], exc: EstateError) -> None:
    """After the task was stopped: what became of each object, as far as a last look can tell."""
    left = {c.name: c for c in run.plan.of("create", "update", "delete") if c.outcome == "planned"}
    begun = {name: change for name, change in left.items() if change.begun}
    if begun and not isinstance(exc, (SignInError, Unreachable)):
        with contextlib.suppress(EstateError):
            _remaining(run, resource, wanted, begun)
    for change in left.values():
        if change.outcome == "planned" and change.begun:
            change.outcome, change.message = "unknown", "it was begun, and is not known to be finished"
        elif change.outcome == "planned" and change.existed:
            change.fail("its name is taken")
        elif change.outcome == "planned":
            change.outcome = "not attempted"


def _settle(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted]) -> None:
    """Write, and prove what could end our own sign-in, also where that is why the rest was refused."""
    try:
        _bring(run, resource, wanted)
    except (OutcomeUnknown, SignInError, Unreachable):
        raise
    except EstateError as exc:
        problem = resource.prove(run)
        if problem:
            raise EstateError(f"{str(exc).rstrip('.')}. {problem}") from exc
        raise
    problem = resource.prove(run)
    if problem:
        raise problem


def _bring(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted]) -> None:
    """Write; where an answer was lost, read again and write only what is still missing."""
    steps, open_ones = run.plan, {c.name: c for c in run.plan.of("create", "update", "delete")}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _carry_out(run, resource, steps)
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
                    told.begun, told.existed, told.results = change.begun, change.existed, change.results
                    told.made = change.made
        steps = _remaining(run, resource, wanted, open_ones)


def _remaining(
    run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted], open_ones: t.Mapping[str, Change]
) -> Plan:
    """What is still to be done to the objects that the first plan changes, and have not failed."""
    waiting = [name for name, change in open_ones.items() if change.outcome != "failed"]
    actual = resource.look(run, waiting)
    known = {want.name: want for want in wanted}
    changes = []
    for name in waiting:
        told, have = open_ones[name], actual.objects.get(name)
        change = change_of(run, resource, have, known.get(name) or Wanted(name, "absent", {}, []))
        change.ours, change.risky, change.last, change.undo = told.ours, told.risky, told.last, told.undo
        change.begun, change.existed = told.begun, told.existed
        change.made = told.made or (told.begun and told.action == "create" and have is not None)
        change.results = told.results
        if told.existed:
            told.action, told.before, told.values, told.secrets = change.action, have, change.values, change.secrets
        if change.action == "none":
            told.outcome = "done"
        changes.append(change)
    return Plan([change for change in changes if change.action != "none"])


def _carry_out(run: Run[t.Any], resource: Resource, steps: Plan) -> None:
    """Make the calls in the order that frees names and addresses before they are taken."""
    for last in (False, True):
        changes = [change for change in steps.of("create", "update", "delete") if change.last == last]
        if last and changes:
            resource.reconsider(run, changes)
        doomed = [change for change in changes if change.action == "delete" and change.outcome != "failed"]
        written = [change for change in changes if change.action != "delete" and change.outcome != "failed"]
        if last:  # what leaves an object that is deleted has left it by then
            _write(run, resource, written)
        _delete(run, resource, doomed)
        if not last:
            _write(run, resource, written)
    _verify(run, resource, steps)
    _done(steps.of("create", "update", "delete"))


def _delete(run: Run[t.Any], resource: Resource, doomed: t.Sequence[Change]) -> None:
    if doomed:
        resource.withdraw(run, doomed)
        resource.delete(run, [change for change in doomed if change.outcome != "failed"])


def _write(run: Run[t.Any], resource: Resource, changes: t.Sequence[Change]) -> None:
    updated = [c for c in changes if c.action == "update" and (c.values or not resource.secrets_apart)]
    for rank in sorted({resource.rank(change) for change in updated}):
        resource.update(run, [change for change in updated if resource.rank(change) == rank])
    created = [change for change in changes if change.action == "create"]
    if created:
        resource.create(run, created)
    secret = [change for change in changes if change.secrets and change.outcome != "failed"]
    if secret and resource.secrets_apart:
        resource.write_secrets(run, secret)


def _done(changes: t.Sequence[Change]) -> None:
    for change in changes:
        if change.outcome != "failed":
            change.outcome = "done"


def _verify(run: Run[t.Any], resource: Resource, steps: Plan) -> None:
    """Read back what the vendor leaves open, in one reading. What the server did not keep is an error that names the key."""
    doubtful = [change for change in steps.of("create", "update") if resource.leaves_open(change)]
    doomed = [change for change in steps.of("delete") if resource.leaves_open(change)]
    actual = _seen(run, resource, [*doubtful, *doomed])
    lost = _lost(resource, actual, doubtful)
    if lost:
        parts = [
            replace(c, values={k: _after(resource, c)[k] for k in lost[c.name]}) for c in doubtful if c.name in lost
        ]
        resource.repair(run, parts)
        doubtful = [change for change in doubtful if change.name in lost]
        lost = _lost(resource, _seen(run, resource, doubtful), doubtful)
    for change in doubtful:
        if change.name in lost:
            wanted = resource.shown(_after(resource, change))
            told = "; ".join(f"{k} is {had!r} instead of {wanted[k]!r}" for k, had in lost[change.name].items())
            change.fail(f"the server accepted the change and did not keep it: {told}")
    left = lingering(
        {change.name: actual[change.name] for change in doomed if change.name in actual},
        lambda names: {n: have for n, have in resource.look(run, list(names)).objects.items() if n in names},
    )
    for change in doomed:
        if change.name in left:
            resource.disbelieve(change, left[change.name])


def lingering(left: Left, look: t.Callable[[Left], Left]) -> Left:
    """What should be gone and is there after a few more looks, as some servers take a moment. ``look`` is given what is left."""
    for _unused in range(1, ATTEMPTS):
        if not left:
            break
        time.sleep(PAUSE)
        left = look(left)
    return left


def _seen(run: Run[t.Any], resource: Resource, changes: t.Sequence[Change]) -> dict[str, Object]:
    return resource.look(run, [change.name for change in changes]).objects if changes else {}


def _after(resource: Resource, change: Change) -> Object:
    """What an object has when its change is done."""
    return {**change.values, **resource.ends(change)}


def _lost(
    resource: Resource, actual: t.Mapping[str, Object], changes: t.Sequence[Change]
) -> dict[str, dict[str, t.Any]]:
    """What the server has in place of values that were written, by object and key."""
    known = {f.name: f for f in resource.fields if not f.create_only}
    lost: dict[str, dict[str, t.Any]] = {}
    for change in changes:
        have = actual.get(change.name)
        if have is None:
            change.fail(f"the server took {resource.noun} {change.name} and does not list it")
            continue
        wanted = {k: known[k].unset if v is None else v for k, v in change.values.items() if k in known}
        wrong = resource.shown({k: have.get(k) for k, v in wanted.items() if not known[k].keeps(have.get(k), v)})
        wrong.update((k, have.get(k)) for k, v in resource.ends(change).items() if have.get(k) != v)
        if wrong:
            lost[change.name] = wrong
    return lost
