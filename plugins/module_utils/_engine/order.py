# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the changes of a task are written: first what takes access away, last what gives it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .field import Turn
from .plan import Change, Step
from .run import Part


@dataclass
class Block:
    """What is written together: changes of one resource, or portions of them, in ``steps`` by the name of the object."""

    part: Part
    turn: Turn
    steps: dict[str, tuple[Change, Step]] = field(default_factory=dict)

    def add(self, change: Change, step: Step) -> None:
        """Add a portion of a change; several of one change become one, and a deletion replaces others."""
        if step.action == "delete":
            self.steps.pop(change.name, None)
        elif change.name in self.steps:
            first = self.steps[change.name][1]
            step = replace(first, values={**first.values, **step.values}, secrets={**first.secrets, **step.secrets})
        self.steps[change.name] = change, step

    def writes_beside(self, change: Change) -> bool:
        """Whether it creates or updates objects other than that of a change."""
        return any(name != change.name and step.action != "delete" for name, (_change, step) in self.steps.items())


def blocks(parts: t.Sequence[Part]) -> list[Block]:
    """What is left of all plans, in the order in which it is written.

    Portions of a resource are written together if nothing of another resource comes between them, so that a task of one
    resource writes each change whole; only deletions that give access come after the rest. Changes that could end the sign-in
    of the task's account are last, and whole.
    """
    new = {(part.resource.noun, change.name) for part in parts for change in part.run.plan.of("create")}
    portions = [
        (turn, number, change, step)
        for number, part in enumerate(parts)
        for change in part.run.plan.of("create", "update", "delete")
        for turn, step in _portions(part, change, new)
    ]
    found: list[Block] = []
    for turn, number, change, step in sorted(portions, key=lambda one: (*one[:2], one[3].action == "delete")):
        together = found and found[-1].part is parts[number] and (turn is Turn.OWN) == (found[-1].turn is Turn.OWN)
        if len(found) > 1 and found[-1].turn is Turn.TAKE and turn is not Turn.TAKE:
            together = False  # what gives access may have to be left out, if an earlier object fails
        if together and turn is Turn.GIVE and step.action == "delete" and found[-1].writes_beside(change):
            together = False
        if not together:
            found.append(Block(parts[number], turn))
        found[-1].add(change, step)
    return found


def _portions(part: Part, change: Change, new: t.Collection[tuple[str, str]]) -> t.Iterator[tuple[Turn, Step]]:
    """A change as it is written; each later portion starts from the object as the earlier ones left it."""
    before, action, secrets = change.before, change.action, change.secrets
    if change.turn is Turn.OWN:
        yield Turn.OWN, change.step
        return
    if action == "delete":
        for turn, first in part.resource.deletion(change):
            yield turn, change.step if first is None else Step("update", before, first, whole=change.step)
        return
    for turn, values in part.resource.portions(change, new):
        now = secrets if turn >= part.resource.turn else {}
        yield turn, Step(action, before, values, now, whole=change.step)
        before, action, secrets = {**(before or {}), **values}, "update", {} if now else secrets
