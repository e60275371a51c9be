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
from .field import Object, Turn
from .plan import Change, Effect, Plan, Wanted
from .planning import guard_purge, plan, step_for, warn_of_altered, warn_of_unknown
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
    actual = run.read(resource, names)
    missed = [want.name for want in wanted if want.name not in actual.objects] if names is None else []
    if missed and not actual.whole:  # new, or moved to a page that was read before
        actual.objects.update(run.read(resource, missed).objects)
    if run.task.check and not resource.always_there:  # what earlier tasks of this run would have created
        made = set(run.task.params.get("assume_present") or ()) & {want.name for want in wanted} - actual.objects.keys()
        actual.objects.update((name, resource.load({"name": name})) for name in made)
    run.plan = plan(run, resource, actual, wanted)
    guard_purge(run, resource, actual, wanted)
    resource.validate_plan(run)
    warn_of_unknown(run, resource)
    warn_of_altered(run, resource)
    if run.task.check:
        return run.plan
    try:
        _write_and_settle(run, resource)
    except EstateError as exc:
        _settle_outcomes(run, resource, exc)
        exc.plan = run.plan
        raise
    return run.plan


def _write_and_settle(run: Run[t.Any], resource: Resource) -> None:
    """Write what is to be written, and let the resource settle, also after a refusal, of which it may know the reason."""
    try:
        if run.plan.changed:
            _write_until_known(run, resource)
    except (OutcomeUnknown, SignInError, Unreachable):
        raise
    except EstateError as exc:
        try:
            resource.settle(run, stopped=True)
        except EstateError as problem:
            raise EstateError(f"{str(exc).rstrip('.')}. {problem}") from exc
        raise
    resource.settle(run, stopped=False)


def _write_until_known(run: Run[t.Any], resource: Resource) -> None:
    """Write; where an answer was lost, read again and write only what is still missing."""
    changes = run.plan.of("create", "update", "delete")
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _write_all(run, resource)
            except OutcomeUnknown:
                if attempt == ATTEMPTS:
                    raise
            else:
                break
            _leave_what_is_missing(run, resource, changes)
    finally:
        _restore_plan(changes)


def _leave_what_is_missing(run: Run[t.Any], resource: Resource, changes: t.Sequence[Change]) -> None:
    """Read again; of each change that has not failed, only what is still missing is left to do."""
    waiting = [change for change in changes if change.outcome != "failed"]
    actual = _read(run, resource, waiting)
    for change in waiting:
        have = actual.get(change.name)
        change.step = step_for(run, resource, have, change.wanted)
        if change.effect is Effect.NAME_TAKEN:
            change.planned = change.step
        elif change.effect is Effect.POSSIBLE and change.planned.action == "create" and have is not None:
            change.reached(Effect.CREATED)
        change.outcome, change.message = "done" if change.action == "none" else "planned", ""


def _restore_plan(changes: t.Sequence[Change]) -> None:
    """After writing, a change is all that the task did to its object."""
    for change in changes:
        change.step = change.planned


def _settle_outcomes(run: Run[t.Any], resource: Resource, exc: EstateError) -> None:
    """After the task was stopped: what became of each object, as far as a last look can tell."""
    open_ones = [c for c in run.plan.of("create", "update", "delete") if c.outcome == "planned"]
    reached = [change for change in open_ones if change.touched]
    if reached and not isinstance(exc, (SignInError, Unreachable)):
        with contextlib.suppress(EstateError):
            _leave_what_is_missing(run, resource, reached)
        _restore_plan(reached)
    for change in open_ones:
        if change.outcome != "planned":
            continue
        if change.touched:
            change.outcome, change.message = "unknown", "the request was sent, but its result is unknown"
        elif change.effect is Effect.NAME_TAKEN:
            change.fail("its name is taken")
        else:
            change.outcome = "not attempted"


def _write_all(run: Run[t.Any], resource: Resource) -> None:
    """Write all changes, turn by turn. Within a turn, what leaves an object has left it before the object is deleted."""
    for turn in Turn:
        for write, action in ((resource.update, "update"), (resource.create, "create"), (resource.delete, "delete")):
            changes = [change for change in run.plan.of(action) if change.turn is turn]
            if changes:
                write(run, changes)
    _read_back(run, resource)
    for change in run.plan.of("create", "update", "delete"):
        change.outcome = "done"


def _read_back(run: Run[t.Any], resource: Resource) -> None:
    """Read back what the vendor leaves open, in one reading. What the server did not keep is an error that names the key."""
    fields = {f.name for f in resource.fields if f.read_back}
    doubtful = [
        change
        for change in run.plan.of("create", "update")
        if change.action in resource.read_back or change.ends or _leaves_open(change.values, fields)
    ]
    doomed = [change for change in run.plan.of("delete") if "delete" in resource.read_back]
    actual = _read(run, resource, [*doubtful, *doomed])
    lost = _not_kept(resource, actual, doubtful)
    if lost:
        doubtful = [change for change in doubtful if change.name in lost]
        parts = [
            replace(c, step=replace(c.step, values={key: _after(c)[key] for key in lost[c.name]})) for c in doubtful
        ]
        resource.repair(run, parts)
        lost = _not_kept(resource, _read(run, resource, doubtful), doubtful)
    for change in doubtful:
        if change.name in lost:
            wanted = resource.shown(_after(change))
            told = "; ".join(f"{k} is {had!r} instead of {wanted[k]!r}" for k, had in lost[change.name].items())
            change.fail(f"the server accepted the change and did not keep it: {told}")
    left = until_gone(
        {change.name: actual[change.name] for change in doomed if change.name in actual},
        lambda names: {n: have for n, have in run.read(resource, list(names)).objects.items() if n in names},
    )
    for change in doomed:
        if change.name in left:
            what = left[change.name].get("remains", "it")
            change.fail(f"the server answered that it deleted {resource.noun} {change.name}, and still lists {what}")


def _leaves_open(written: Object, fields: t.Collection[str]) -> bool:
    """Whether values are handed back, or are of properties of which the vendor leaves open what the server makes of them."""
    return any(value is None or name in fields for name, value in written.items())


def until_gone(left: Left, look: t.Callable[[Left], Left]) -> Left:
    """What should be gone and is there after a few more looks, as some servers take a moment. ``look`` is given what is left."""
    for _unused in range(1, ATTEMPTS):
        if not left:
            break
        time.sleep(PAUSE)
        left = look(left)
    return left


def _read(run: Run[t.Any], resource: Resource, changes: t.Sequence[Change]) -> dict[str, Object]:
    return run.read(resource, [change.name for change in changes]).objects if changes else {}


def _after(change: Change) -> Object:
    """What an object has when its change is done."""
    return {**change.values, **change.ends}


def _not_kept(
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
        wrong.update((k, have.get(k)) for k, v in change.ends.items() if have.get(k) != v)
        if wrong:
            lost[change.name] = wrong
    return lost
