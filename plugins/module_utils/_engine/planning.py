# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what exists with what is declared. Nothing here talks to a server."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from .._text.errors import InputError, Mistakes, did_you_mean
from .._text.outside import only_in, twins
from .field import Field, KnownValues, Object, Turn
from .plan import Actual, Change, Plan, Step, Wanted, listed
from .resource import Resource
from .run import Part, Run

# Percent of the existing objects, a number that is also allowed where there are few objects, and the percent that is never
# exceeded unasked: as much as a first run with an incomplete declaration would delete.
PURGE_SHARE, PURGE_FLOOR, PURGE_MOST = 10, 5, 50


_LIMIT = re.compile(r"^\s*(?P<number>\d+)\s*(?P<percent>%?)\s*$")


def plan(run: Run[t.Any], resource: Resource, actual: Actual, wanted: t.Sequence[Wanted], mistakes: Mistakes) -> Plan:
    """Compare, and plan what to do, without objects that cannot be as they are declared. Changes nothing."""
    changes = []
    for want in wanted:
        with mistakes.collecting():
            changes.append(_change(run, resource, actual.objects.get(want.name), want))
    if run.task.params.get("purge"):
        named = {want.name for want in wanted}
        spare = set(run.task.params.get("protect") or ())
        others = [
            Wanted(name, "absent")
            for name in sorted(actual.objects)
            if name not in named and not resource.is_spared(name, spare, run.task.params)
        ]
        purged = [_change(run, resource, actual.objects[want.name], want) for want in others]
        changes += [change for change in purged if change.action != "none"]
    planned = {change.name for change in changes}
    return Plan(changes, {name: have for name, have in actual.objects.items() if name not in planned})


def _change(run: Run[t.Any], resource: Resource, have: t.Optional[Object], want: Wanted) -> Change:
    step = step_for(run, resource, have, want)
    return Change(want, step, turn=_turn(resource, step))


def _turn(resource: Resource, step: Step) -> Turn:
    """When a step is written; the earliest turn where several values of an update decide it."""
    if step.action != "update":
        return Turn.USUAL
    before = step.before or {}
    deciding = [f for f in resource.fields if f.gives is not None and f.name in step.values]
    return min((f.turn_of(before.get(f.name), step.values[f.name], Turn.USUAL) for f in deciding), default=Turn.USUAL)


def step_for(run: Run[t.Any], resource: Resource, have: t.Optional[Object], want: Wanted) -> Step:
    """What is to be done to one object, which the server has as ``have``."""
    if want.state == "absent" and not resource.always_there and (have is None or not resource.is_partial(want)):
        return Step("none" if have is None else "delete", have)
    desired = resource.desired(run, want, have)
    create_only = {f.name for f in resource.fields if f.create_only}
    if have is None:
        unset = {f.name: f.unset for f in resource.fields}
        values = {name: value for name, value in desired.items() if value != unset.get(name)}
    else:
        values = {n: v for n, v in desired.items() if n not in create_only and have.get(n) != v}
    secret = [
        f for f in resource.fields if f.name in want.secrets and (have is None or _is_rewritten(run, f, have, want))
    ]
    secrets = {f.name: want.secrets[f.name] for f in secret}
    missing = have is None and not resource.always_there
    action = "create" if missing else "update" if values or secrets else "none"
    return Step(action, have, values, secrets)


def _is_rewritten(run: Run[t.Any], f: Field, have: Object, want: Wanted) -> bool:
    """Whether to write a declared secret of an existing object: always, or only where the server has none or another one."""
    decided = f.rewrite({**want.values, **want.secrets}, have) if f.rewrite else None
    params = {**run.task.params, **want.own}
    when = params.get("update_password") or params.get("update_secrets")
    return when == "always" if decided is None else decided


def leave_to_others(part: Part) -> None:
    """When all is planned, remove what the changes of other resources bring about: each change is reported once."""
    for f, _other in part.resource.mirroring:
        changing = [change for change in part.run.plan.changes if f.name in change.values]
        there = part.as_others_leave({change.name: change.before or {f.name: f.unset} for change in changing})
        for change in changing:
            values = dict(change.wanted.values)
            if there[change.name][f.name] == change.values[f.name]:
                del values[f.name]
            change.wanted = replace(change.wanted, values=values)
            have = there[change.name] if change.before else None
            change.step = change.planned = step_for(part.run, part.resource, have, change.wanted)


def warn_of_unknown(run: Run[t.Any], resource: Resource) -> None:
    """Warn of values that no server is known to take, before they are written and in check mode alike."""
    found: dict[tuple[str, str, KnownValues], list[str]] = {}
    for change in run.plan.of("create", "update"):
        for f in resource.fields:
            known = f.known(change.name, change.before or {}) if f.known and f.name in change.values else None
            for value in known.unknown(change.values[f.name]) if known else ():
                found.setdefault((f.name, value, t.cast(KnownValues, known)), []).append(change.name)
    for (name, value, known), objects in found.items():
        more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
        run.task.warn(
            f"{name} of {resource.title(objects[0])}{more}: {value!r} is not one of the known values "
            f"({', '.join(known.values)}). The server may refuse it.{did_you_mean(value, known.values)}"
        )


def warn_of_altered(run: Run[t.Any], resource: Resource) -> None:
    """Warn of values written now whose normal form covers more: once, and not in each run that finds them there."""
    for change in run.plan.of("create", "update"):
        for name, items in change.wanted.altered.items():
            there, then = (change.before or {}).get(name) or (), change.values.get(name) or ()
            for item, declared in items.items():
                if item in then and item not in there:
                    run.task.warn(
                        f"{name} of {resource.title(change.name)}: {declared} is an address in a network, not a network. The "
                        f"server gets {item}. For the address alone, leave out the prefix."
                    )


def guard_purge(run: Run[t.Any], resource: Resource, actual: Actual, wanted: t.Sequence[Wanted]) -> None:
    """Refuse a purge that looks like an accident. Raises InputError."""
    params = run.task.params
    if not params.get("purge"):
        return
    declared = {want.name for want in wanted}
    doomed = [change.name for change in run.plan.of("delete", "update") if change.name not in declared]
    if not wanted and not params.get("purge_empty"):
        raise InputError(
            f"purge with an empty list of {resource.plural} would delete these: {listed(doomed) or 'none now'}. Nothing was "
            "written. If this is intended, set purge_empty: true."
        )
    if actual.total is not None and actual.total != len(actual.objects):
        raise InputError(
            f"purge needs the whole list, but the server counts {actual.total} {resource.plural} and lists "
            f"{len(actual.objects)}. Nothing was written. Run again when no other program changes them."
        )
    _refuse_misspelt(resource, doomed, set(params.get("protect") or ()) - actual.objects.keys())
    there = len(actual.objects)
    allowed = _purge_limit(params.get("purge_limit"), there)
    if len(doomed) > allowed:
        raise InputError(
            f"purge would delete {listed(doomed)} ({len(doomed)} of {there} {resource.plural}), and purge_limit allows "
            f'{allowed}. Nothing was written. If this is intended, set purge_limit: "{len(doomed)}".'
        )


def _refuse_misspelt(resource: Resource, doomed: t.Sequence[str], missing: t.Collection[str]) -> None:
    """Refuse a name in protect that does not exist, but looks like one that is to be deleted."""
    for name, twin in sorted(twins(missing, doomed).items()):
        raise InputError(
            f"protect: there is no {resource.noun} {name!r}. There is {twin!r}, which differs {only_in(name, twin)}, and purge "
            "would delete it. Nothing was written."
        )


def _purge_limit(text: t.Optional[str], there: int) -> int:
    if text is None:
        return min(max(PURGE_FLOOR, there * PURGE_SHARE // 100), there * PURGE_MOST // 100)
    found = _LIMIT.match(text)
    number = int(found["number"]) if found else 0
    if not found or (found["percent"] and number > 100):
        raise InputError(f"purge_limit: {text!r} is neither a number, such as 20, nor a percentage, such as 10%.")
    return there * number // 100 if found["percent"] else number
