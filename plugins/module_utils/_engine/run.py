# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running task: what it asks for, the server that it talks to, and what is known about its objects."""

from __future__ import annotations

import functools
import time
import typing as t
from dataclasses import dataclass, field, replace

from .._files.read_file import Read, plain_read
from .._text.errors import reading
from .._text.masking import SHORTEST_SECRET, Revealed
from .field import Object, same
from .plan import Actual, Change, Plan, Reference, Wanted
from .writes import Writes

UNDECLARED = "undeclared"  # the option that asks for what exists and is not declared
AnyClient = t.TypeVar("AnyClient")


@dataclass
class Task:
    """What the task asks for besides its objects, and how it reports to the user.

    ``progress`` gets what happens to objects, in a word or two, how many of them are done (zero at first), and how many there
    are; ``read`` reads files; ``seal`` encrypts a text by ansible-vault, for a vault id or the default one, and is None where
    only Ansible itself could; ``say`` shows a sentence to the user at once, such as what they have to do before the task can
    continue; ``secrets`` are what the answer must not show; ``outdated`` is why other tasks with the same credentials cannot
    sign in after this one; ``started`` is when it started, in seconds since 1970.
    """

    params: t.Mapping[str, t.Any]
    check: bool = False
    progress: t.Callable[[str, int, int], None] = lambda what, done, total: None
    read: Read = plain_read
    seal: t.Optional[t.Callable[[str, t.Optional[str]], str]] = None
    say: t.Callable[[str], object] = same
    warnings: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)
    outdated: str = ""
    started: float = field(default_factory=time.time)

    def made(self, secret: str) -> Revealed:
        """A secret that is not an argument: the answer shows it only where it is returned as the value given back here.

        A server may answer anything: a text that is too short to be a secret is not treated as one.
        """
        if len(secret) >= SHORTEST_SECRET:
            self.secrets.add(secret)
        return Revealed(secret)

    def warn(self, sentence: str) -> None:
        """Add a warning, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)


class Readable(t.Protocol):
    """What a run needs of a resource to read its objects."""

    def read(self, run: Run[t.Any], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects by name; every one of them where ``names`` is None."""


@dataclass(eq=False)
class Part:
    """A resource of a task, the run with what is known of its objects, and those that are to be brought to their state."""

    resource: t.Any
    run: Run[t.Any]
    wanted: t.Sequence[Wanted]
    actual: Actual = field(default_factory=lambda: Actual({}))
    left_out: list[Change] = field(default_factory=list)  # changes of what goes together with an object that goes

    def references(self, change: Change) -> t.Iterator[Reference]:
        """What a change refers to."""
        yield from self.resource.references(change.name, change.values)

    def leave_out_what_goes(self) -> None:
        """Remove from the plan what goes together with an object that another part of the task deletes."""
        gone = {part.resource.noun: self.run.deletes(part.resource.noun) for part in self.run.parts}
        if any(gone.values()):
            changes = self.run.plan.changes
            self.left_out = [
                change
                for change in changes
                if any(one.owner and one.name in gone.get(one.noun, ()) for one in self.references(change))
            ]
            names = {change.name for change in self.left_out}
            self.run.plan.changes = [change for change in changes if change.name not in names]

    def read(self, changes: t.Sequence[Change]) -> dict[str, Object]:
        """The objects of these changes, as they are now and as the changes of other resources leave them."""
        found = self.run.read(self.resource, [change.name for change in changes]).objects if changes else {}
        return self.as_others_leave(found)

    def as_others_leave(self, objects: t.Mapping[str, Object]) -> dict[str, Object]:
        """Objects by name, with everything that this task writes to objects of other resources and that also applies to these."""
        found = dict(objects)
        for f, (noun, option) in self.resource.mirroring:
            moved = self.run.moved(noun, option)
            come: dict[t.Any, list[str]] = {}
            for one, where in moved.items():
                come.setdefault(where, []).append(one)
            for name, have in found.items() if moved else ():
                if f.name in have:
                    stay = [one for one in have[f.name] if one not in moved]
                    found[name] = {**have, f.name: f.normal([*stay, *come.get(name, ())])}
        return found

    def fail_with_others(self, changes: t.Iterable[Change]) -> None:
        """Fail those changes that refer to an object which has failed. A deletion refers to nothing."""
        failed = {part.resource.noun: part.failed for part in self.run.parts if part is not self}
        if not any(failed.values()):
            return
        for change in changes:
            if change.outcome == "failed" or change.action == "delete":
                continue
            lost = next((one for one in self.references(change) if one.name in failed.get(one.noun, ())), None)
            if lost:
                change.fail(f"not attempted, because {lost.noun} {lost.name} failed")
                change.hindered = True

    @property
    def failed(self) -> t.Collection[str]:
        """Names of objects that have failed."""
        return {change.name for change in self.run.plan.changes if change.outcome == "failed"}


@dataclass
class Run(t.Generic[AnyClient]):
    """One task with the client of its server, and what is known about its objects so far: the argument of every hook.

    ``wanted`` is what is declared, and None where nothing can be declared, as in an info module. ``plan`` is empty until the
    server has been read.
    """

    client: AnyClient
    task: Task
    wanted: t.Optional[t.Sequence[Wanted]] = None
    plan: Plan = field(default_factory=Plan)
    notes: dict[str, t.Any] = field(default_factory=dict)  # what hooks of a resource keep for its other hooks
    # All resources of the task, this one among them, in the order in which they are planned.
    parts: t.Sequence[Part] = ()
    outer: t.Optional[Run[AnyClient]] = None  # the run of the task that this one is within

    @functools.cached_property
    def writes(self) -> Writes:
        """How requests are sent: what it learns about the server's limits applies to all runs until the task ends."""
        return self.outer.writes if self.outer else Writes(self.client, self.task.progress)

    def beside(self, noun: str) -> t.Optional[Part]:
        """The part of the task for another resource."""
        return next((part for part in self.parts if part.resource.noun == noun and part.run is not self), None)

    def earlier(self) -> t.Iterator[Part]:
        """The parts that are planned before this one."""
        for part in self.parts:
            if part.run is self:
                return
            yield part

    def creates(self, noun: str) -> set[str]:
        """Names of objects of another resource that this task creates."""
        return {change.name for change in self._changes(noun, "create")}

    def deletes(self, noun: str) -> set[str]:
        """Names of objects of another resource that this task deletes."""
        return {change.name for change in self._changes(noun, "delete")}

    def planned(self, noun: str) -> dict[str, Object]:
        """Values that this task writes to objects of another resource, by their names."""
        return {change.name: change.values for change in self._changes(noun, "create", "update")}

    def moved(self, noun: str, option: str) -> dict[str, t.Any]:
        """Names of objects of another resource, each with the value of this option that the plan gives it; None if it goes."""
        part = self.beside(noun)
        found: dict[str, t.Any] = {}
        for change in part.run.plan.changes if part else ():
            planned = change.planned
            if change.outcome != "failed" and (planned.action == "delete" or option in planned.values):
                found[change.name] = planned.values.get(option)
        return found

    def _changes(self, noun: str, *actions: str) -> list[Change]:
        part = self.beside(noun)
        return part.run.plan.of(*actions) if part else []

    def within(self, params: t.Mapping[str, t.Any], check: t.Optional[bool] = None) -> Run[AnyClient]:
        """A run for other objects in the same task, with these parameters in place of its own, and perhaps in another mode."""
        check = self.task.check if check is None else check
        task = replace(self.task, params={**self.task.params, **params}, check=check)
        return Run(self.client, task, outer=self)

    def read(self, resource: Readable, names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects of a resource, as its own ``read``; what cannot be read is a fault of the server, not a defect of ours."""
        with reading(self):
            return resource.read(self, names)

    @property
    def asked(self) -> str:
        """The last call of the client, for sentences."""
        return str(getattr(self.client, "asked", ""))
