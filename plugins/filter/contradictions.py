# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter that finds what contradicts itself in the declaration of an Access Server."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_rule import normal, parse

Declared = dict[str, t.Any]
KINDS = {"user": "users", "group": "groups"}  # what others refer to, and where it is declared


def contradictions(declaration: t.Any) -> list[str]:
    """One sentence for each declaration that another one contradicts; none where all can be true."""
    if not isinstance(declaration, dict):
        raise AnsibleFilterError("contradictions: a mapping is needed, with users, groups and so on.")
    try:
        return list(dict.fromkeys(_Declaration(declaration).contradictions()))
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"contradictions: this is not a declaration: {exc}") from exc


class _Declaration:
    """What is declared, by kind."""

    def __init__(self, declaration: t.Mapping[str, t.Any]) -> None:
        self._declaration = declaration
        self._purge, self._files = (list(declaration.get(key) or ()) for key in ("purge", "files"))
        protected = set(declaration.get("protect") or ())
        self._gone: dict[str, set[str]] = {}
        self._stays: dict[str, set[str]] = {}
        for kind, plural in KINDS.items():
            states: dict[str, t.Any] = {str(one.get("name")): one.get("state") for one in self._objects(plural)}
            self._gone[kind] = {name for name, state in states.items() if state == "absent"}
            self._stays[kind] = (states.keys() - self._gone[kind]) | protected
        there = (user for user in self._objects("users") if user.get("name") not in self._gone["user"])
        # Where users are declared to be; the empty text is no group.
        self._group_of: dict[str, str] = {u["name"]: u["group"] for u in there if u.get("group") is not None}

    def _objects(self, plural: str) -> list[Declared]:
        return list(self._declaration.get(plural) or ())

    def contradictions(self) -> Iterator[str]:
        """All of them, with repetitions."""
        for noun in self._purge:
            if self._declaration.get(noun) is None and noun not in self._files:
                yield f"access_server_purge names {noun}, and access_server_{noun} is not defined"
        for noun in self._files:
            if self._declaration.get(noun) is not None:
                yield f"access_server_{noun} and access_server_{noun}_src are both defined"
        yield from self._places()
        yield from self._members()
        yield from self._access_lists()

    def _missing(self, what: str, kind: str, name: str) -> Iterator[str]:
        """Something declared depends on a user or group that this run deletes."""
        if name in self._gone[kind]:
            yield f"{what} {kind} {name}, which is declared absent"
        elif KINDS[kind] in self._purge and KINDS[kind] not in self._files and name not in self._stays[kind]:
            yield f"{what} {kind} {name}, which is not declared and falls to the purge"

    def _places(self) -> Iterator[str]:
        inside: dict[str, list[str]] = {}
        for name, group in self._group_of.items():
            inside.setdefault(group, []).append(name)
        for group, names in sorted(inside.items()):
            others = " and others are in" if len(names) > 1 else " is in"
            yield from self._missing(f"user {names[0]}{others}", "group", group) if group else ()
        shared = (self._declaration.get("default_user") or {}).get("group")
        if shared:
            yield from self._missing("the default user is in", "group", shared)

    def _members(self) -> Iterator[str]:
        claimed: dict[str, str] = {}
        for group in self._objects("groups"):
            members = group.get("members")
            if members is None or group.get("state") == "absent":
                continue
            for name in members:
                elsewhere = self._group_of.get(name, group["name"])
                if name in claimed:
                    yield f"user {name} is a member of both group {claimed[name]} and group {group['name']}"
                elif elsewhere != group["name"]:
                    where = f"group {elsewhere}" if elsewhere else "no group"
                    yield f"user {name} is declared to be in {where} and is a member of group {group['name']}"
                yield from self._missing(f"group {group['name']} has the member", "user", name)
            for name in sorted(name for name, place in self._group_of.items() if place == group["name"]):
                if name not in members:
                    yield f"user {name} is declared to be in group {group['name']} and is not among its members"
            claimed.update(dict.fromkeys(members, group["name"]))

    def _access_lists(self) -> Iterator[str]:
        for each in self._objects("access_lists"):
            if each.get("state") == "absent":
                continue
            for kind in KINDS:
                if each.get(kind) is not None:
                    yield from self._missing("there is an access list of", kind, each[kind])
            for rule in (*(each.get("access_to") or ()), *(each.get("access_from") or ())):
                named = parse(rule) if isinstance(rule, str) else normal(rule)
                for kind in KINDS:
                    if named.get(kind) is not None:
                        yield from self._missing("an access rule names", kind, named[kind])


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"contradictions": contradictions}
