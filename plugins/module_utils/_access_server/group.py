# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A group of the Access Server, described."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._access_server import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.client import AccessServer
from ansible_collections.vpn.estate.plugins.module_utils._access_server.property import (
    COMMON,
    TEXTS,
    Owner,
    guard_own_way_in,
    may_create,
    network_set,
    refuse_default_user,
    refuse_taken_names,
    refuse_unknown,
    unless_gone,
    warn_of_twins,
)
from ansible_collections.vpn.estate.plugins.module_utils._effort import Effort
from ansible_collections.vpn.estate.plugins.module_utils._errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._plan import Change, Plan
from ansible_collections.vpn.estate.plugins.module_utils._resource import Actual, Field, Object, Task, Wanted

Record = dict[str, t.Any]


class Group(Owner):
    """Groups. Who is a member is written on the users, because what the server makes of a list of members is open."""

    noun, plural = "group", "groups"
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
        ),
        Field("members", TEXTS, normal=lambda names: sorted(set(names)), unset=[]),
        Field("member_count"),
    )
    options = {
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "allow_self": {"type": "bool", "default": False},
    }

    def wanted(self, params: t.Mapping[str, t.Any], state: str) -> Wanted:
        """Users and groups share one name space, and so what a name can be."""
        want = super().wanted(params, state)
        refuse_default_user(want.name, "group")
        return want

    def agree(self, wanted: t.Sequence[Wanted]) -> None:
        """A user has one group."""
        group_of: dict[str, str] = {}
        for want in wanted:
            for name in want.values.get("members", ()):
                if group_of.setdefault(name, want.name) != want.name:
                    raise InputError(
                        f"members: {name} is declared in {group_of[name]} and in {want.name}, and a user has one group."
                    )

    def dump(self, values: Object) -> Record:
        """Everything but the members."""
        return super().dump({name: value for name, value in values.items() if name != "members"})

    def read(self, client: AccessServer, names: t.Optional[t.Sequence[str]], task: Task) -> Actual:
        """Members are named for info modules, and where the task declares some: it costs the server a query a group."""
        named = task.wanted is None or any("members" in want.values for want in task.wanted)
        listing = client.groups(names, self.loader(task), members=named, spellings=may_create(client, task))
        return Actual(listing.records, listing.total, listing.whole)

    def check(self, client: AccessServer, plan: Plan, task: Task) -> None:
        """Members that are not there, names that are taken, and ourselves."""
        new = [change.name for change in plan.of("create")]
        members = {name for change in plan.of("create", "update") for name in change.values.get("members", ())}
        ours = {client.username} if client.username else set()
        records = client.users(sorted({*new, *members, *ours})).records if plan.changed else {}
        refuse_taken_names(plan, records, "group", "user")
        refuse_unknown(members - records.keys(), "user", task)
        warn_of_twins(plan, client.groups_like, "group", task)
        us = records.get(client.username or "")
        if us:
            self._guard_ourselves(client, us, plan, task)

    @staticmethod
    def _guard_ourselves(client: AccessServer, us: Record, plan: Plan, task: Task) -> None:
        for change in plan.of("update", "delete"):
            moves = _joins_or_leaves(change, client.username)
            if us.get("group") == change.name or moves:
                touched = [key for key in change.keys if inherits(us, key)] if change.action == "update" else ["group"]
                guard_own_way_in(client, change, [key for key in touched if key != "members" or moves], task)

    def update(self, client: AccessServer, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
        """Properties, then members."""
        super().update(client, changes, effort, task)
        self._enrol(client, changes, effort)

    def create(self, client: AccessServer, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
        """Each with all its properties, then members."""
        effort.each(changes, lambda change: client.create_group(self.record(change)))
        self._enrol(client, changes, effort)

    def delete(self, client: AccessServer, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
        """All of them in one request."""
        unless_gone(changes, effort, client.delete_groups, "deleted")

    @staticmethod
    def _enrol(client: AccessServer, changes: t.Sequence[Change], effort: Effort) -> None:
        def records(change: Change) -> list[Record]:
            there, wanted = set((change.before or {}).get("members") or ()), set(change.values["members"])
            joining = [{"name": name, "group": change.name} for name in sorted(wanted - there)]
            return joining + [{"name": name, "group": None} for name in sorted(there - wanted)]

        moved = [change for change in changes if "members" in change.values and change.outcome != "failed"]
        effort.many(moved, lambda batch: client.set_properties([r for change in batch for r in records(change)]))


def inherits(record: t.Mapping[str, t.Any], key: str) -> bool:
    """Whether a user takes this property from above."""
    return key in ("group", "members") or values.own(record.get(key)) is None


def _joins_or_leaves(change: Change, name: t.Optional[str]) -> bool:
    before, after = (change.before or {}).get("members") or (), change.values.get("members")
    return after is not None and (name in before) != (name in after)


GROUP = Group()
