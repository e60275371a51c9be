# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server creates new each time and returns once: it is kept in a file, or returned by the task."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from .._files.secret_file import SecretFile
from .._text.errors import EstateError, Mistakes, OutcomeUnknown, Unreadable
from .._text.outside import Sentence
from .field import Field, Object, Spec
from .plan import Change, Wanted
from .resource import Resource
from .run import Run

TEXT: Spec = {"type": "str"}
ROOM = 1 << 16  # bytes that are reserved for the new text; few texts are longer


@dataclass(frozen=True)
class New:
    """What was issued: what the task returns about it, and why it may not be used, as half a sentence, if so."""

    shown: Object
    objection: str = ""


class OneTimeSecret(Resource):
    """A place for one valid secret. read() checks the current one; one that is not valid is issued again.

    An object that read() finds has ``usable``, ``private``, ``shown`` and, where it is not usable, ``why``; ``shown`` is what
    the task returns about it.
    """

    purgeable, read_back = False, ("delete",)
    place_fields: t.Sequence[Field] = (
        Field("dest", {"type": "path"}, create_only=True),
        Field("usable", unset=False),
        Field("private", unset=True),
    )
    place_options: t.Mapping[str, Spec] = {
        "renew": {"type": "bool", "default": False},
        "return_content": {"type": "bool", "default": False},
    }

    def issue(self, run: Run[t.Any], declared: Object, have: Object) -> str:
        """Have the server create a new one in place of the current one, if there is one; returns its text."""
        raise NotImplementedError

    def describe(self, run: Run[t.Any], text: str) -> New:
        """What was issued. Raises Unreadable where it is not of this kind."""
        raise NotImplementedError

    def what_became(self, run: Run[t.Any], declared: Object, text: t.Optional[str], new: t.Optional[New]) -> str:
        """What happened to a new one that could not be kept or may not be used, and what to do about it, as sentences.

        ``text`` is None where the answer was lost, so that one may exist; ``new`` is None where it was not recognised.
        """
        raise NotImplementedError

    def after_saving(self, declared: Object) -> None:
        """After a new one has taken its place."""

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """One file holds one of them."""
        holders: dict[str, str] = {}
        for want in wanted:
            dest = want.values.get("dest")
            if dest and holders.setdefault(SecretFile("dest", dest).path, want.name) != want.name:
                yield f"dest: {dest} is declared for two {self.plural.replace('_', ' ')}."

    def desired(self, run: Run[t.Any], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A valid one; if it is in a file, only its owner can use the file."""
        return {**wanted.values, "usable": True, **({"private": True} if "dest" in wanted.values else {})}

    def validate_plan(self, run: Run[t.Any], mistakes: Mistakes) -> None:
        """Files that can be written; and what is returned about each, whether or not anything is written."""
        plan = run.plan
        for change in plan.of("create", "update"):
            if "dest" in change.wanted.values:
                with mistakes.collecting():
                    SecretFile("dest", change.wanted.values["dest"]).refuse_unusable()
        for change in plan.changes:
            have = change.before or {}
            change.results, change.lost = {**have.get("shown", {})}, {**have.get("shown", {})}
            if "usable" in change.values:
                change.results["reason"] = Sentence(have.get("why") or "none exists yet")

    def create(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Each with a call of its own; the answer is checked before it replaces anything."""
        run.writes.each(
            changes,
            lambda change: self._issue(run, change),
            "issued",
            first_alone=True,  # if the first one may not be used, neither may the others
        )

    def update(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """A new one where the old one is no longer valid; the old one stays until it is deleted explicitly."""
        for change in changes:
            if "usable" not in change.values:
                SecretFile("dest", change.wanted.values["dest"]).make_private()
        self.create(run, [change for change in changes if "usable" in change.values])

    def _issue(self, run: Run[t.Any], change: Change) -> None:
        declared = change.wanted.values
        file = SecretFile("dest", declared["dest"]) if "dest" in declared else None
        with file.room(ROOM) if file else contextlib.nullcontext(lambda text: None) as keep:
            text = run.task.made(self._asked_for(run, change, declared))
            change.reached()
            new: t.Optional[New] = None
            try:
                new = self.describe(run, text)
                if new.objection:
                    raise EstateError(f"The new {self.noun} {change.name} is not used: {new.objection}.")
                keep(text)
            except EstateError as exc:
                became = self.what_became(run, declared, text, new)
                raise (Unreadable if new is None else EstateError)(f"{exc} {became}".rstrip()) from exc
        self.after_saving(declared)
        change.results = {"reason": change.results.get("reason", ""), **new.shown}
        if run.task.params["return_content"]:
            change.results["content"] = text

    def _asked_for(self, run: Run[t.Any], change: Change, declared: Object) -> str:
        try:
            return self.issue(run, declared, change.before or {})
        except OutcomeUnknown as exc:
            if "dest" not in declared and not run.task.params["return_content"]:
                raise  # to read again shows whether one exists, and its text is not needed
            change.reached()
            raise EstateError(f"{exc}. {self.what_became(run, declared, None, None)}") from exc
