# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task returns about its objects."""

from __future__ import annotations

import typing as t
from collections import Counter

from .field import HIDDEN, Object
from .plan import Actual, Change, Effect, Plan, listed
from .resource import Resource
from .run import Run

Answer = dict[str, t.Any]


def report(steps: Plan) -> Answer:
    """Each object with its result, and how many objects have each result."""
    lines = [change.report() for change in steps.changes]
    return {"objects": lines, "counts": dict(Counter(line["action"] for line in lines))}


def everything(
    run: Run[t.Any], resource: Resource, names: t.Optional[t.Sequence[str]] = None
) -> t.Mapping[str, Object]:
    """Objects of a resource by name; all of them where ``names`` is None."""
    return whole(run, resource, run.read(resource, names))


def whole(run: Run[t.Any], resource: Resource, found: Actual) -> t.Mapping[str, Object]:
    """The objects that a server has listed, with a warning where its own count differs."""
    if found.total not in (None, len(found.objects)):
        run.task.warn(
            f"{run.client.url} counts {found.total} {resource.plural} and lists {len(found.objects)}: another program is "
            "changing them, or the list is incomplete."
        )
    return found.objects


def listing(resource: Resource, objects: t.Mapping[str, Object]) -> list[Object]:
    """Objects as an info module shows them, in the order of their names."""
    return [
        {**(resource.keys_of(name) or {resource.key: name}), **resource.shown(have)}
        for name, have in sorted(objects.items())
    ]


def tally(answer: t.Mapping[str, t.Any]) -> str:
    """The counts of a task that was stopped, in words."""
    return "So far: " + ", ".join(f"{number} {kind}" for kind, number in answer["counts"].items()) + "; see objects."


def failures(failed: t.Sequence[tuple[Resource, Change]], total: int) -> str:
    """How many objects failed, why the first did that did not fail because of another one, and the names of the others."""
    (resource, first), *more = sorted(failed, key=lambda one: one[1].hindered)
    others = listed(other.title(change.name) for other, change in more)
    reason = f"{resource.title(first.name)}: {first.message.rstrip('.')}"
    return f"{len(failed)} of {total} failed. {reason}{f'. Also failed: {others}' if more else ''}."


def diff(resource: Resource, steps: Plan) -> dict[str, dict[str, Object]]:
    """``before`` and ``after`` of each object that changes; of an update only the keys that change.

    For one that was created and then failed, it is what its creation wrote.
    """
    before: dict[str, Object] = {}
    after: dict[str, Object] = {}
    for change in steps.changes:
        if change.action == "none" or (change.outcome == "failed" and change.effect < Effect.CREATED):
            continue
        have = change.before or {}
        if change.action == "delete":
            before[change.name] = {**resource.declarable(have), **change.lost, **change.end}
            continue
        values, secrets = change.values, dict.fromkeys(change.secrets, HIDDEN)
        if change.outcome == "failed":
            values, secrets = {n: v for n, v in values.items() if resource.dump({n: v})}, {}
        after[change.name] = {**resource.shown(values), **secrets, **change.end}
        if change.action == "update":
            before[change.name] = resource.shown({key: have.get(key) for key in change.values})
    return {"before": before, "after": after}
