# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that the server may have changed when the task deleted others: read again, with the effect on the plan."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._text.errors import OutcomeUnknown
from .field import Object
from .order import Block
from .plan import Change, Step
from .planning import step_for
from .run import Part

Named = tuple[str, str]  # an object: its noun and its name


def look_again(part: Part, left: t.Sequence[Block]) -> None:
    """Read those objects of a resource again for which something is left to write, in these blocks of the task.

    Where they are not as planned, the rest is written only if the result is what was planned: based on the current values, or
    by a new plan, for which OutcomeUnknown is raised. Otherwise the object fails.
    """
    steps: dict[str, tuple[Change, Step]] = {}
    for block in left:
        for name, (change, step) in block.steps.items() if block.part is part else ():
            if (step.whole or step).action == "update" and change.outcome != "failed":
                steps.setdefault(name, (change, step))
    actual, gone = part.read([change for change, _step in steps.values()]), _deleted(part).keys()
    for change, step in steps.values():
        whole, have = step.whole or step, actual.get(change.name)
        if have is None:
            change.fail("it was deleted while the task was writing, and was not created again. A new run creates it")
            continue
        before = whole.before or {}
        written = {name for name, value in (step.before or {}).items() if value != before.get(name)}
        names = {*change.wanted.values, *change.wanted.inherit, *whole.values} - written
        other = _different(part, names, have, before, gone)
        if not other:
            continue
        now = step_for(part.run, part.resource, have, change.wanted).values
        ends = _different(part, names, {**have, **now}, {**before, **whole.values}, gone)
        if ends:
            change.fail(
                f"{', '.join(other)} changed while the task was writing. Because of this, {', '.join(ends)} would differ from the "
                "plan, and was not written. Run again to plan with the new values"
            )
        elif now.keys() - written <= whole.values.keys():
            _begin_with({name: have.get(name) for name in other}, change, part, left)
        else:
            raise OutcomeUnknown(
                f"{part.resource.title(change.name)} changed while the task was writing: {', '.join(other)}."
            )


def end_what_stays(part: Part) -> None:
    """End what should have gone together with a deleted object and still exists. If that fails, its owner fails."""
    orphans, owners = [], _deleted(part) if part.left_out else {}
    whose: dict[str, Change] = {}
    for change in part.left_out:
        named = [(one.noun, one.name) for one in part.references(change) if one.owner]
        if change.state == "absent" and named[0] in owners:
            orphans.append(change)
            whose[change.name] = owners[named[0]]
    actual = part.read(orphans)
    for change in orphans:
        change.step = step_for(part.run, part.resource, actual.get(change.name), change.wanted)
    for action, end in (("update", part.resource.update), ("delete", part.resource.delete)):
        staying = [change for change in orphans if change.action == action]
        if staying:
            end(part.run, staying)
    for change in orphans:
        if change.outcome == "failed":
            whose[change.name].fail(
                f"it was deleted, but {part.resource.title(change.name)} is still there: {change.message}"
            )


def _deleted(part: Part) -> dict[Named, Change]:
    """What the task has deleted."""
    return {
        (each.resource.noun, change.name): change
        for each in part.run.parts
        for change in each.run.plan.changes
        if change.planned.action == "delete" and change.touched and change.outcome != "failed"
    }


def _different(part: Part, names: t.Iterable[str], one: Object, other: Object, gone: t.Collection[Named]) -> list[str]:
    """Properties that differ by more than references to deleted objects, which some servers leave out."""
    pairs = ((name, *(_without(part, name, each.get(name), gone) for each in (one, other))) for name in names)
    return sorted(name for name, first, second in pairs if first != second)


def _without(part: Part, name: str, value: t.Any, gone: t.Collection[Named]) -> t.Any:
    f = part.resource.by_name.get(name)
    if not f or not f.refers or not value or not gone:
        return value
    if isinstance(value, list):
        return [one for one in value if not any(named in gone for named in f.refers([one]))]
    return f.unset if any(named in gone for named in f.refers(value)) else value


def _begin_with(now: Object, change: Change, part: Part, blocks: t.Sequence[Block]) -> None:
    """Let the rest of a change start from these values, except those that another portion of it has already written."""
    for block in blocks:
        if block.part is part and change.name in block.steps:
            step = block.steps[change.name][1]
            first = (step.whole or step).before or {}
            there = step.before or {}
            unwritten = {name: value for name, value in now.items() if there.get(name) == first.get(name)}
            block.steps[change.name] = change, replace(step, before={**there, **unwritten})
