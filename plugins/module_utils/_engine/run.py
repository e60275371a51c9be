# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task at work: what it asks for, the server that it talks to, and what is known of its objects."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace

from .._files.read_file import Read, plain_read
from .._text.errors import reading
from .field import same
from .plan import Actual, Plan, Wanted
from .writes import Writes

AnyClient = t.TypeVar("AnyClient")


@dataclass
class Task:
    """What the task asks for beside its objects, and where to say things to the user.

    ``progress`` is told what happens to objects, in a word or two, to how many of them it has (first to none), and to how
    many it will;
    ``read`` reads files; ``seal`` encrypts a text by ansible-vault, for a vault id or the one that is usual, and is None
    where only Ansible itself could; ``say`` tells whoever watches a sentence at once, such as what they have to do for the
    task to go on; ``secrets`` are what the answer must not show; ``outdated`` is why other tasks with the same credentials
    cannot sign in after this one.
    """

    params: t.Mapping[str, t.Any]
    check: bool = False
    progress: t.Callable[[str, int, int], None] = lambda said, done, total: None
    read: Read = plain_read
    seal: t.Optional[t.Callable[[str, t.Optional[str]], str]] = None
    say: t.Callable[[str], object] = same
    warnings: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)
    outdated: str = ""

    def warn(self, sentence: str) -> None:
        """Say it once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)


class Readable(t.Protocol):
    """What a run needs of a resource to read its objects."""

    def read(self, run: Run[t.Any], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects by name; every one of them where ``names`` is None."""


@dataclass
class Run(t.Generic[AnyClient]):
    """One task with the client of its server, and what is known of its objects so far: the argument of every hook.

    ``wanted`` is what is declared, and None where nothing can be, as in an info module; ``declared`` is the same with the
    properties that the task leaves to other tasks. ``plan`` is empty until the server was read.
    """

    client: AnyClient
    task: Task
    wanted: t.Optional[t.Sequence[Wanted]] = None
    declared: t.Sequence[Wanted] = ()
    plan: Plan = field(default_factory=Plan)
    notes: dict[str, t.Any] = field(default_factory=dict)  # what hooks of a resource keep for its other hooks

    @functools.cached_property
    def writes(self) -> Writes:
        """How requests are sent: what it learns of the server's limits holds until the task ends."""
        return Writes(self.client, self.task.progress)

    def within(self, params: t.Mapping[str, t.Any], check: t.Optional[bool] = None) -> Run[AnyClient]:
        """A run for other objects in the same task, with these parameters in place of its own, and perhaps in another mode."""
        check = self.task.check if check is None else check
        return Run(self.client, replace(self.task, params={**self.task.params, **params}, check=check))

    def read(self, resource: Readable, names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects of a resource, as its own ``read``; what cannot be read is the server's doing, and no defect of ours."""
        with reading(self):
            return resource.read(self, names)

    @property
    def asked(self) -> str:
        """The last call of the client, for sentences."""
        return str(getattr(self.client, "asked", ""))
