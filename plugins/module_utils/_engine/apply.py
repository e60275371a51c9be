# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring objects to what is wanted: read, plan, write, and read again where the server leaves it open.

A task has one resource, or several of a server that are planned together and written in one order.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from .._text.errors import EstateError, Mistakes, OutcomeUnknown, SignInError, Unreachable
from .declaration import declared
from .field import Object, Turn
from .look_again import end_what_stays, look_again
from .order import Block, blocks
from .plan import Change, Effect, Plan, Wanted
from .planning import guard_purge, leave_to_others, plan, step_for, warn_of_altered, warn_of_unknown
from .report import Answer, diff, failures, report
from .resource import Resource
from .run import UNDECLARED, Part, Run

ATTEMPTS = 3  # readings of the server in one task, where answers to writes are lost
PAUSE = 1.0  # seconds between two looks for what should be gone

Left = t.TypeVar("Left", bound=t.Sized)


def apply_declared(run: Run[t.Any], resource: Resource) -> Answer:
    """Bring the objects that the task declares to their state, or return what would change."""
    run.wanted = declared(run, resource)
    steps = apply(run, resource, run.wanted)
    answer = {**report(steps), "diff": diff(resource, steps), "changed": steps.changed}
    failed = [change for change in steps.changes if change.outcome == "failed"]
    if failed:
        msg = failures([(resource, change) for change in failed], len(steps.changes))
        answer.update(failed=True, changed=run.client.wrote, msg=msg)
    return answer


def apply(run: Run[t.Any], resource: Resource, wanted: t.Sequence[Wanted]) -> Plan:
    """Bring the objects to what is wanted. The plan that is returned has what was, or would be, done to each.

    Raises what stops the whole task; ``answer`` of the exception then has the result of each object.
    """
    apply_together([Part(resource, run, wanted)], lambda parts: report(run.plan))
    return run.plan


def apply_together(
    parts: t.Sequence[Part],
    results: t.Callable[[t.Sequence[Part]], Answer],
    judge: t.Callable[[t.Sequence[Part], Mistakes], None] = lambda parts, mistakes: None,
) -> None:
    """Bring the objects of several resources of a server to what is wanted. All is planned before anything is written.

    Their plans then have what was, or would be, done to each object. Raises what stops the whole task; if the task had
    started to write, ``answer`` of the exception is what ``results`` makes of the plans. ``judge`` adds what is wrong with
    plans that are right by themselves.
    """
    mistakes = Mistakes()
    mistakes.unwritten = True
    for part in parts:
        part.run.parts = parts
        with mistakes.collecting():
            _plan(part, mistakes)
    for part in parts:
        part.leave_out_what_goes()
    for part in parts:
        leave_to_others(part)
    for part in parts:
        with mistakes.collecting():
            guard_purge(part.run, part.resource, part.actual, part.wanted)
        with mistakes.collecting():
            part.resource.validate_plan(part.run, mistakes)
    mistakes.refuse()
    judge(parts, mistakes)
    mistakes.refuse()
    for part in parts:
        warn_of_unknown(part.run, part.resource)
        warn_of_altered(part.run, part.resource)
    if parts[0].run.task.check:
        return
    try:
        _write_and_settle(parts)
    except EstateError as exc:
        _settle_outcomes(parts, exc)
        exc.answer = results(parts)
        raise


def _plan(part: Part, mistakes: Mistakes) -> None:
    """Read what the server has of a resource, and compare. Objects that cannot be as they are declared are left out."""
    run, resource, wanted = part.run, part.resource, part.wanted
    whole = run.task.params.get("purge") or run.task.params.get(UNDECLARED)
    names = None if whole else [want.name for want in wanted]
    actual = part.actual = run.read(resource, names)
    missed = [want.name for want in wanted if want.name not in actual.objects] if names is None else []
    if missed and not actual.whole:  # new, or moved to a page that had been read already
        actual.objects.update(run.read(resource, missed).objects)
    if run.task.check and not resource.always_there:  # what earlier tasks of this run would have created
        made = set(run.task.params.get("assume_present") or ()) & {want.name for want in wanted} - actual.objects.keys()
        actual.objects.update((name, resource.load({"name": name})) for name in made)
    run.plan = plan(run, resource, actual, wanted, mistakes)


def _write_and_settle(parts: t.Sequence[Part]) -> None:
    """Write what is to be written, and let the resources settle, also after a refusal: they may know its reason."""
    try:
        if any(part.run.plan.changed for part in parts):
            _write_until_known(parts)
    except (OutcomeUnknown, SignInError, Unreachable):
        raise
    except EstateError as exc:
        try:
            _settle(parts, stopped=True)
        except EstateError as problem:
            raise EstateError(f"{str(exc).rstrip('.')}. {problem}") from exc
        raise
    _settle(parts, stopped=False)


def _settle(parts: t.Sequence[Part], *, stopped: bool) -> None:
    for part in parts:
        part.resource.settle(part.run, stopped=stopped)


def _write_until_known(parts: t.Sequence[Part]) -> None:
    """Write. Where an answer was lost, read again and write only what is still missing."""
    changes = [(part, part.run.plan.of("create", "update", "delete")) for part in parts]
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _write_all(parts)
            except OutcomeUnknown:
                if attempt == ATTEMPTS:
                    raise
            else:
                break
            for part, of_part in changes:
                _leave_what_is_missing(part, of_part)
    finally:
        for _part, of_part in changes:
            _restore_plan(of_part)


def _leave_what_is_missing(part: Part, changes: t.Sequence[Change]) -> None:
    """Read again. Of each change that has not failed, only what is still missing is left to do."""
    waiting = [change for change in changes if change.outcome != "failed"]
    actual = part.read(waiting)
    for change in waiting:
        have = actual.get(change.name)
        change.step = step_for(part.run, part.resource, have, change.wanted)
        if change.effect is Effect.NAME_TAKEN:
            change.planned = change.step
        elif change.effect is Effect.POSSIBLE and change.planned.action == "create" and have is not None:
            change.reached(Effect.CREATED)
        change.outcome, change.message = "done" if change.action == "none" else "planned", ""


def _restore_plan(changes: t.Sequence[Change]) -> None:
    """After writing, a change is all that the task did to its object."""
    for change in changes:
        change.step = change.planned


def _settle_outcomes(parts: t.Sequence[Part], exc: EstateError) -> None:
    """After the task was stopped: the result of each object, as far as a last look can show it."""
    for part in parts:
        open_ones = [c for c in part.run.plan.of("create", "update", "delete") if c.outcome == "planned"]
        reached = [change for change in open_ones if change.touched]
        if reached and not isinstance(exc, (SignInError, Unreachable)):
            with contextlib.suppress(EstateError):
                _leave_what_is_missing(part, reached)
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


def _write_all(parts: t.Sequence[Part]) -> None:
    """Write all changes in their order. Changes that take access away are verified before anything else is written."""
    left = [(change, change.step) for part in parts for change in part.run.plan.of("create", "update", "delete")]
    touched: set[str] = set()  # nouns of objects that the server may have changed besides what it was asked for
    try:
        ordered = blocks(parts)
        for number, block in enumerate(ordered):
            if block.part.resource.noun in touched:
                touched.remove(block.part.resource.noun)
                look_again(block.part, ordered[number:])
            _write_block(block)
            if any(step.action == "delete" for _change, step in block.steps.values()):
                touched.update(block.part.resource.deletion_touches)
            if block.turn is Turn.TAKE and block is not ordered[-1] and "update" in block.part.resource.read_back:
                taken = [c for c, step in block.steps.values() if step.action != "delete" and c.outcome != "failed"]
                _read_back([(block.part, taken)])
    finally:
        for change, step in left:
            change.step = step
    for part in parts:
        end_what_stays(part)
    _read_back([(part, part.run.plan.of("create", "update", "delete")) for part in parts])
    for part in parts:
        for change in part.run.plan.of("create", "update", "delete"):
            change.outcome = "done"


def _write_block(block: Block) -> None:
    """Write these portions of changes, except for objects that refer to a failed object.

    Deletions go first, and free names and addresses. In the last block of all they go last: what leaves an object has left
    it before the object is deleted.
    """
    part, resource = block.part, block.part.resource
    for change, step in block.steps.values():
        change.step = step
    part.fail_with_others(change for change, _step in block.steps.values())
    writes = {"delete": resource.delete, "update": resource.update, "create": resource.create}
    for action in ("update", "create", "delete") if block.turn is Turn.OWN else writes:
        changes = [change for change, step in block.steps.values() if step.action == action]
        for turn in sorted({change.turn for change in changes}):
            going_on = [change for change in changes if change.turn is turn and change.outcome != "failed"]
            if going_on:
                writes[action](part.run, going_on)


def _read_back(written: t.Sequence[tuple[Part, t.Sequence[Change]]]) -> None:
    """Read back what the vendor leaves open, with one read of each resource. What the server did not keep is written in a
    second way; if that does not help, it is an error that names the key.

    The last read comes after the second writes of all resources: what one of them lacks may come with another one, as the
    members of a group do.
    """
    for part, changes in [(part, _written_again(part, changes)) for part, changes in written]:
        lost = _not_kept(part.resource, part.read(changes), changes)
        for change in changes:
            if change.name in lost:
                wanted = part.resource.shown(_after(change))
                pairs = "; ".join(f"{k} is {had!r} instead of {wanted[k]!r}" for k, had in lost[change.name].items())
                change.fail(f"the server accepted the change and did not keep it: {pairs}")


def _written_again(part: Part, changes: t.Sequence[Change]) -> list[Change]:
    """Read changes back. Those that the server did not keep are written in a second way, and returned."""
    run, resource = part.run, part.resource
    fields = {f.name for f in resource.fields if f.read_back}
    doubtful = [
        change
        for change in changes
        if change.action in ("create", "update")
        if change.action in resource.read_back or change.ends or _leaves_open(change.values, fields)
    ]
    doomed = [change for change in changes if change.action == "delete" and "delete" in resource.read_back]
    actual = part.read([*doubtful, *doomed])
    lost = _not_kept(resource, actual, doubtful)
    again = [change for change in doubtful if change.name in lost]
    if again:
        portions = [
            replace(c, step=replace(c.step, values={key: _after(c)[key] for key in lost[c.name]})) for c in again
        ]
        resource.repair(run, portions)
    left = until_gone(
        {change.name: actual[change.name] for change in doomed if change.name in actual},
        lambda names: {n: have for n, have in run.read(resource, list(names)).objects.items() if n in names},
    )
    for change in doomed:
        if change.name in left:
            what = left[change.name].get("remains", "it")
            change.fail(f"the server answered that it deleted {resource.title(change.name)}, and still lists {what}")
    return again


def _leaves_open(written: Object, fields: t.Collection[str]) -> bool:
    """Whether values are inherited again, or are of properties whose effect the vendor does not define."""
    return any(value is None or name in fields for name, value in written.items())


def until_gone(left: Left, look: t.Callable[[Left], Left]) -> Left:
    """What should be gone and still exists after a few more reads, as some servers take a moment. ``look`` gets what is left."""
    for _unused in range(1, ATTEMPTS):
        if not left:
            break
        time.sleep(PAUSE)
        left = look(left)
    return left


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
            change.fail(f"the server accepted {resource.title(change.name)}, but does not list it")
            continue
        wanted = {k: known[k].unset if v is None else v for k, v in change.values.items() if k in known}
        wrong = resource.shown({k: have.get(k) for k, v in wanted.items() if not known[k].keeps(have.get(k), v)})
        wrong.update((k, have.get(k)) for k, v in change.ends.items() if have.get(k) != v)
        if wrong:
            lost[change.name] = wrong
    return lost
