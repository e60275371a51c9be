# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of the Access Server."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from dataclasses import replace

from ..._engine.field import Field, Turn
from ..._engine.plan import Actual, Change, Step, Wanted
from ..._engine.run import Run
from ..._text.errors import Mistakes, Refused
from ..api import values
from ..api.client import AccessServer
from .account_safety import Standing, changed, guard, own_names, reconsidered
from .default_user import DEFAULT_USER
from .properties import (
    COMMON,
    DEFAULT_USER_NAME,
    TEXTS,
    Owner,
    may_create,
    network_set,
    references,
    refuse_taken_names,
    refuse_unknown,
    unless_gone,
    warn_of_twins,
)

MOST_SHOWN = 20  # pairs in a warning
Record = dict[str, t.Any]


class Group(Owner):
    """Groups. Members are written on the users, because the effect of a list of members is not known."""

    noun, plural = "group", "groups"
    turn_of_delete = Turn.CLEAR
    deletion_touches = (
        "user",
        "default user",
        "access list of",
        "ruleset of",
    )  # its members, and rules that name it (63)
    fields = (
        *COMMON,
        network_set("subnets"),
        Field(
            "dynamic_ranges",
            TEXTS,
            load=values.ranges_in,
            dump=values.ranges_out,
            normal=values.address_ranges,
            unset=[],
            read_back=True,
        ),
        Field(
            "members",
            TEXTS,
            dump=None,
            normal=lambda names: sorted(set(names)),
            unset=[],
            read_back=True,
            refers=lambda names: [("user", name) for name in names],
            turn=Turn.JOIN,
            mirrors=("user", "group"),
        ),
        Field("member_count"),
    )
    options = {
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "allow_self": {"type": "bool", "default": False},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """A user has one group."""
        group_of: dict[str, str] = {}
        for want in wanted:
            for name in want.values.get("members", ()):
                if group_of.setdefault(name, want.name) != want.name:
                    yield f"members: {name} is declared in {group_of[name]} and in {want.name}, but a user has only one group."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Members are read for info modules, and if the task declares members: this costs the server a query for each group."""
        named = run.wanted is None or any("members" in want.values for want in run.wanted)
        listing = run.client.groups(names, self.loader(run), members=named, spellings=may_create(run))
        return Actual(listing.records, listing.total, listing.whole)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Members that do not exist, names that are in use, and the account of the task."""
        client, plan = run.client, run.plan
        new = [change.name for change in plan.of("create")]
        members = references(
            (name, f"group {change.name}")
            for change in plan.of("create", "update")
            for name in change.values.get("members", ())
        )
        own = own_names(client) if plan.changed else []
        records = client.users(sorted({*new, *members, *own})).records if plan.changed else {}
        with mistakes.collecting():
            refuse_taken_names(plan, records, "group", "user")
        with mistakes.collecting():
            refuse_unknown(members, records, "user", run)
        warn_of_twins(run, client.groups_like, "group")
        for change in plan.of("create", "update"):
            if "members" in change.values:
                there, then = {*((change.before or {}).get("members") or ())}, {*change.values["members"]}
                come = {name: records[name].get("group") for name in then - there if name in records}
                change.undo["groups"] = {**come, **dict.fromkeys(there - then, change.name)}
        self._warn_of_overlaps(run)
        with mistakes.collecting():
            guard(self, run, records if own else None)
        for change in plan.of("delete"):
            if change.at_risk:
                found = client.groups([change.name], members=True).records.get(change.name, {})
                change.undo["groups"] = dict.fromkeys(found.get("members") or (), change.name)
                change.undo["default_group"] = client.object("GET /users/defaultuser").get("group") == change.name

    @staticmethod
    def _warn_of_overlaps(run: Run[AccessServer]) -> None:
        """Of groups that are known already, and only if one of the two is written: no other group is read for this."""
        written = {change.name for change in run.plan.of("create", "update") if change.values.get("subnets")}
        found = values.overlaps(run.plan.afterwards("subnets"), written) if written else iter(())
        pairs = [f"{a} of {one} and {b} of {two}" for one, a, two, b in itertools.islice(found, MOST_SHOWN + 1)]
        if pairs:
            more = ", and more" if len(pairs) > MOST_SHOWN else ""
            run.task.warn(f"Subnets of different groups overlap: {', '.join(pairs[:MOST_SHOWN])}{more}.")

    def matters(self, change: Change) -> bool:
        """Also the members."""
        return super().matters(change) or "members" in change.values

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """The group itself, if the account may be a new member."""
        members = change.values.get("members") or ()
        return {change.name} if members and (not names or set(names) & set(members)) else ()

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Members, including those that join or leave."""
        there, then = (change.before or {}).get("members") or (), change.values.get("members")
        moves = then is not None and (name in there) != (name in then)
        return moves or change.name in {before.group, before.default.get("group")}

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """Its own properties, and those of the group that the account has afterwards."""
        groups, group = dict(before.groups), before.group
        for change in changes:
            if change.action == "delete":
                groups.pop(change.name, None)
                group = "" if group == change.name else group
                continue
            groups[change.name] = changed(groups.get(change.name), change.values)
            if "members" in change.values and group == change.name and name not in change.values["members"]:
                group = ""
        group = next((c.name for c in changes if name in (c.values.get("members") or ())), group)
        return replace(before, groups=groups, group=group)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """First members leave, then properties change, then members join: no member has only some of the properties."""
        changes = reconsidered(self, run, changes)
        self._enrol(run, changes, joining=False)
        super().update(run, [change for change in changes if change.outcome != "failed"])
        self._enrol(run, changes, joining=True)

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Each with all its properties, then members.

        Servers may keep only the name (server behaviour, 52), so a group of our account gets its properties before we join.
        """
        changes = reconsidered(self, run, changes)
        run.writes.each(changes, lambda change: run.client.call("POST /groups/create", self.record(change)))
        super().update(run, [c for c in changes if c.own_account and c.outcome != "failed"])
        self._enrol(run, changes, joining=True)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of them in one request."""
        going_on = reconsidered(self, run, changes)
        unless_gone(run, going_on, lambda names: run.client.call("POST /groups/delete", {"groups": names}), "deleted")

    @staticmethod
    def _enrol(run: Run[AccessServer], changes: t.Sequence[Change], joining: bool) -> None:
        """A user who joins another declared group is not removed from the old group: a move is one write."""
        moving = {n for want in run.wanted or () if want.state == "present" for n in want.values.get("members", ())}
        placed = run.moved("user", "group").keys()  # by their own change

        def records(change: Change) -> list[Record]:
            there, wanted = set((change.before or {}).get("members") or ()), set(change.values["members"])
            if joining:
                return [{"name": name, "group": change.name} for name in sorted(wanted - there - placed)]
            return [{"name": name, "group": None} for name in sorted(there - wanted - moving - placed)]

        moved = [c for c in changes if "members" in c.values and c.outcome != "failed" and records(c)]
        run.writes.many(
            moved, lambda batch: run.client.call("POST /userprop/set", [r for change in batch for r in records(change)])
        )

    def take_back(self, run: Run[AccessServer], change: Change) -> None:
        """New members leave before the group is restored, and old members return after that."""
        groups = change.undo.get("groups", {})
        self._move(run.client, {name: group for name, group in groups.items() if group != change.name})
        values = {name: value for name, value in change.values.items() if name != "members"}
        if change.action != "update" or values:
            super().take_back(run, replace(change, step=replace(change.step, values=values)))
        self._move(run.client, {name: group for name, group in groups.items() if group == change.name})
        if change.undo.get("default_group"):
            again = Change(Wanted(DEFAULT_USER_NAME), Step("update", values={"group": change.name}))
            DEFAULT_USER.update(run, [again])

    @staticmethod
    def _move(client: AccessServer, groups: t.Mapping[str, str]) -> None:
        """Put users back in these groups, the account of the task first. If a group no longer exists, other users still move."""
        own = set(client.session.account_names)
        for batch in ([name for name in groups if name in own], [name for name in groups if name not in own]):
            records = [{"name": name, "group": groups[name] or None} for name in sorted(batch)]
            try:
                client.call("POST /userprop/set", records) if records else None
            except Refused:
                for record in records if len(records) > 1 else ():
                    with contextlib.suppress(Refused):
                        client.call("POST /userprop/set", [record])


GROUP = Group()
