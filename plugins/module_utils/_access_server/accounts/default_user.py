# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default user of the Access Server, from which users without a group inherit."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..._engine.field import Field
from ..._engine.plan import Actual, Change
from ..._engine.run import Run
from ..._text.errors import Mistakes, Refused
from ..api import values
from ..api.client import AccessServer
from .account_safety import Standing, changed, guard
from .properties import BOOL, COMMON, Owner, membership, refuse_unknown
from .properties import DEFAULT_USER_NAME as NAME

OTHER_NAME = "DEFAULT"
"""Its other name in the document (server behaviour, 74)."""


class DefaultUser(Owner):
    """The default user, which always exists once."""

    noun, plural, keys, read_back = "default user", "", {}, ("update",)
    sole_name, elsewhere = NAME, {}
    states = ("present",)
    purgeable = False
    fields = (*COMMON, membership(), Field("def_deny", BOOL, normal=values.boolean, unset=False, gives=False))
    options = {
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "allow_self": {"type": "bool", "default": False},
    }

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """One record."""
        load = self.load_whole if run.wanted is None else self.load
        return Actual({NAME: load(run.client.object("GET /users/defaultuser"))})

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """A group that does not exist, and the account of the task."""
        plan = run.plan
        for change in plan.of("update"):
            group = change.values.get("group")
            if group:
                with mistakes.collecting():
                    refuse_unknown({group: ["the default user"]}, run.client.groups([group]).records, "group", run)
        guard(self, run)

    def matters(self, change: Change) -> bool:
        """Also its group, which may count for users without a group, and whether it denies users without a record."""
        return super().matters(change) or bool({"group", "def_deny"} & set(change.keys))

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """The group that may count for users without a group."""
        return {change.values["group"]} if change.values.get("group") else ()

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Every user inherits from it the properties that neither the user nor the group sets."""
        return True

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """Its values after the changes."""
        [change] = changes
        default = changed(before.default, change.values)
        group = change.values["group"] if "group" in change.values else before.default.get("group")
        return replace(before, default={**default, "group": group or ""})

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Under the name that the server shows. For writing, this is not documented, so the other name follows if it is refused."""

        def write(change: Change) -> None:
            try:
                run.client.call("POST /userprop/set", [self.record(change)])
            except Refused as exc:
                if exc.status not in (400, 404) or any(key != NAME and NAME not in key for key in exc.reasons):
                    raise
                self._write_under_other_name(run.client, change, exc)

        run.writes.each(changes, write)

    def _write_under_other_name(self, client: AccessServer, change: Change, refusal: Refused) -> None:
        """Raises the first refusal if the server does not know the other name, because the first one has the reason."""
        try:
            client.call("POST /userprop/set", [{**self.record(change), "name": OTHER_NAME}])
        except Refused as exc:
            raise refusal if exc.status == 404 else exc from None

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Under the other name. A server that created a user with the first name loses this user again."""
        client = run.client
        if client.users([NAME]).records:
            client.call("POST /users/delete", {"users": [NAME]})
            client.call("POST /userprop/set", [{**self.record(change), "name": OTHER_NAME} for change in changes])
            return
        super().repair(run, changes)
        actual = run.read(self, None).objects[NAME]
        lost = [
            change for change in changes if any(actual.get(k) != v for k, v in change.values.items() if v is not None)
        ]
        if lost:
            client.call("POST /userprop/set", [{**self.record(change), "name": OTHER_NAME} for change in lost])


DEFAULT_USER = DefaultUser()
