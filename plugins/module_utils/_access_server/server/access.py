# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what: in a declaration, after a plan, and on a running server."""

from __future__ import annotations

import typing as t

from ..._engine.field import Object
from ..._engine.report import Answer
from ..._engine.run import UNDECLARED, Part, Run
from ..._text.errors import InputError, Mistakes, NotOffered, reading
from ..._text.outside import Sentence
from ..accounts.access_changes import compared
from ..accounts.access_list import ACCESS_LIST
from ..accounts.access_ruleset import ACCESS_RULESET, EVERYBODY
from ..accounts.access_tests import AccessTest, Verdict, judge, parse
from ..accounts.default_user import DEFAULT_USER
from ..accounts.group import GROUP
from ..accounts.properties import DEFAULT_USER_NAME
from ..accounts.reach import (
    ITEMS,
    NETWORK_ITEM,
    Account,
    Clients,
    Destination,
    Domain,
    Estate,
    Rule,
    blocked,
    configured_rules,
    destination,
    domain_rules,
    listed_rules,
    reached,
)
from ..accounts.user import USER
from ..api.client import AccessServer
from ..configuration.config_item import CONFIG_ITEM

Names = t.Optional[t.Collection[str]]
NEEDED = ("group", "deny", "admin", "reroute_gw")
WHOLE = ("purge", UNDECLARED)  # options with which a task reads all objects of a resource


class AccessTests:
    """Access tests: sentences that define who may reach what."""

    option = "access_tests"
    spec: t.Mapping[str, t.Any] = {"type": "list", "elements": "str", "default": []}

    def parsed(self, given: t.Sequence[t.Any], mistakes: Mistakes) -> list[AccessTest]:
        """The parsed tests; a test that cannot be read is a mistake."""
        found = []
        for number, text in enumerate(given):
            try:
                found.append(parse(text))
            except ValueError as exc:
                mistakes.add(f"{self.option}[{number}]: {exc}.")
        return found

    def of_declaration(self, tests: t.Sequence[AccessTest], parts: t.Sequence[Part]) -> list[Verdict]:
        """Verdicts for the declaration: a declared user or group has only declared rules."""
        estate = declared_estate(parts) if tests else Estate()
        return [judge(test, estate, whole=False) for test in tests]

    def of_plan(self, tests: t.Sequence[AccessTest], parts: t.Sequence[Part], run: Run[AccessServer]) -> list[Verdict]:
        """Verdicts for the server, with the planned changes."""
        estate = read_estate(run, tests, parts)
        return [judge(test, estate, whole=True) for test in tests]


class AccessChanges:
    """Who gains and who loses what by the changes of a task."""

    option = "access_changes"
    spec: t.Mapping[str, t.Any] = {"type": "bool", "default": False}

    def before(self, parts: t.Sequence[Part], run: Run[AccessServer]) -> t.Optional[Estate]:
        """What the server has; None where nothing changes that decides who reaches what. Then nothing is read."""
        return whole_estate(parts, run) if any(map(_decide_access, parts)) else None

    def of(self, before: t.Optional[Estate], parts: t.Sequence[Part], run: Run[AccessServer]) -> Object:
        """By what was written, or in check mode by what is planned."""
        if before is None:
            return compared(Estate(), Estate())
        after = Estate(
            {name: dict(one) for name, one in before.users.items()},
            dict(before.groups),
            dict(before.default),
            dict(before.lists),
            dict(before.rulesets),
            dict(before.items),
        )
        carry_out(after, parts, ("planned", "done") if run.task.check else ("done",))
        return compared(before, after)


def _decide_access(part: Part) -> bool:
    """Whether a change of this part may decide who reaches what."""
    for change in part.run.plan.changes:
        if part.resource is CONFIG_ITEM:
            decides = _decides(change.name)
        elif part.resource in (USER, GROUP, DEFAULT_USER):
            decides = change.action != "update" or bool({*NEEDED, "members"} & change.values.keys())
        else:
            decides = True
        if decides and change.action != "none":
            return True
    return False


def declared_estate(parts: t.Sequence[Part]) -> Estate:
    """The declaration, as if the server had nothing else. Configuration items that are not declared are not known."""
    estate = Estate()
    for part in parts:
        for want in part.wanted:
            if want.state == "absent" and part.resource.is_partial(want):
                continue
            gone = want.state in ("absent", "default")
            _put(estate, part.resource, want.name, None if gone else want.values)
    return estate


def _put(estate: Estate, resource: t.Any, name: str, values: t.Optional[Object]) -> None:
    """Give an object of an estate these values; without values it is removed."""
    if resource is DEFAULT_USER:
        estate.default.update(values or {})
        return
    if resource is CONFIG_ITEM:
        if values is None:
            estate.items.pop(name, None)
        elif "value" in values and _decides(name):
            estate.items[name] = values["value"]
        return
    kinds = {USER: estate.users, GROUP: estate.groups, ACCESS_LIST: estate.lists, ACCESS_RULESET: estate.rulesets}
    kind = kinds[resource]
    if values is None:
        kind.pop(name, None)
    else:
        kind[name] = {**kind.get(name, {}), **values}
    if resource is GROUP and (values is None or values.get("members") is not None):
        members = (values or {}).get("members") or ()
        for one in estate.users.values():
            if one.get("group") == name:
                one["group"] = ""
        for member in members:
            estate.users.setdefault(member, {})["group"] = name


# -- a server


def read_estate(run: Run[AccessServer], tests: t.Sequence[AccessTest], parts: t.Sequence[Part] = ()) -> Estate:
    """The part of a server that tests are about, with the planned changes."""
    named = {(test.kind, test.who) for test in tests}
    named |= {(test.where.kind, test.where.name) for test in tests if isinstance(test.where, Clients)}
    everybody = any(kind == EVERYBODY for kind, _name in named)
    users = {name for kind, name in named if kind in ("", "user")}
    groups = {name for kind, name in named if kind in ("", "group")}
    estate = Estate()
    with reading(run):
        read_accounts(run, estate, None if everybody else users, None if everybody else groups, parts)
        domains = any(isinstance(test.where, Domain) for test in tests)
        read_rules(run, estate, lists=any(not isinstance(test.where, Domain) for test in tests), rulesets=domains)
    carry_out(estate, parts)
    return estate


def carry_out(estate: Estate, parts: t.Sequence[Part], outcomes: t.Collection[str] = ("planned", "done")) -> None:
    """Make an estate what it is after the changes of a plan that have one of these outcomes."""
    for part in sorted(
        parts, key=lambda one: one.resource is USER
    ):  # the group of a user counts more than members of groups
        for change in part.run.plan.changes:
            if change.action != "none" and change.outcome in outcomes:
                _put(estate, part.resource, change.name, None if change.action == "delete" else change.values)


def whole_estate(parts: t.Sequence[Part], run: Run[AccessServer]) -> Estate:
    """What a server has before a plan is carried out. What the planning has read as a whole is not read again."""
    known = {
        part.resource: part.actual.objects for part in parts if any(part.run.task.params.get(one) for one in WHOLE)
    }
    estate = Estate()
    with reading(run):
        client = run.client
        users, groups = known.get(USER), known.get(GROUP)
        estate.default = _needed(DEFAULT_USER, client.object("GET /users/defaultuser"))
        if users is None:
            users = client.users_with(NEEDED, lambda wire: _needed(USER, wire))
        if groups is None:
            groups = client.groups(None, lambda wire: _needed(GROUP, wire)).records
        estate.users, estate.groups = ({n: _only_needed(one) for n, one in each.items()} for each in (users, groups))
        read_rules(run, estate, lists=False, rulesets=False)
        for resource, name in ((ACCESS_LIST, "lists"), (ACCESS_RULESET, "rulesets")):
            found = known.get(resource)
            setattr(estate, name, _offered(run, resource, None) if found is None else dict(found))
    return estate


def _only_needed(have: Object) -> Object:
    return {key: have[key] for key in NEEDED if key in have}


def read_accounts(
    run: Run[AccessServer],
    estate: Estate,
    users: Names,
    groups: Names,
    parts: t.Sequence[Part] = (),
    *,
    members: bool = True,
) -> None:
    """Read users and groups of these names, the groups of these users, and with ``members`` those of these groups."""
    client = run.client
    estate.default = _needed(DEFAULT_USER, client.object("GET /users/defaultuser"))
    found = client.groups(None if groups is None else sorted(groups), _group, members=members).records
    if members and groups is not None and users is not None:
        users = {*users, *(name for one in found.values() for name in one["members"]), *_joining(parts, groups)}
        default = {
            estate.default.get("group"),
            *(change.get("group") for change in _planned(parts, DEFAULT_USER).values()),
        }
        if default & {*found, *groups}:  # its members are all users without their own group
            users = None
    estate.users = client.users(None if users is None else sorted(users), lambda wire: _needed(USER, wire)).records
    theirs = {one.get("group") for one in estate.users.values()} | {estate.default.get("group")}
    theirs |= {change.get("group") for change in _planned(parts, USER).values()}
    missing = sorted(name for name in theirs if name and name not in found)
    if missing and groups is not None:
        found.update(client.groups(missing, _group).records)
    estate.groups = {name: _only_needed(one) for name, one in found.items()}


def _planned(parts: t.Sequence[Part], resource: t.Any) -> dict[str, Object]:
    """The values that a plan gives to objects of a resource."""
    return {
        change.name: change.values
        for part in parts
        if part.resource is resource
        for change in part.run.plan.of("create", "update")
    }


def _joining(parts: t.Sequence[Part], groups: t.Collection[str]) -> set[str]:
    """Users that a plan adds to one of these groups."""
    found = {name for name, values in _planned(parts, USER).items() if values.get("group") in groups}
    return found.union(*(values.get("members") or () for values in _planned(parts, GROUP).values()))


def _group(wire: t.Mapping[str, t.Any]) -> Object:
    return {**_needed(GROUP, wire), "members": wire.get("members") or ()}


def _needed(resource: t.Any, wire: t.Mapping[str, t.Any]) -> Object:
    return {f.name: f.off_the_wire(wire) for f in resource.loaded if f.name in NEEDED}


def read_rules(run: Run[AccessServer], estate: Estate, *, lists: bool, rulesets: bool) -> None:
    """Read the lists, the rulesets and the configuration that decide about accounts. A server may lack one of the first two."""
    if lists:
        owners = [
            *(f"user {name}" for name in (*estate.users, DEFAULT_USER_NAME)),
            *(f"group {name}" for name in estate.groups),
        ]
        estate.lists = _offered(run, ACCESS_LIST, owners)
    if rulesets:
        estate.rulesets = _offered(run, ACCESS_RULESET, None)
    items = run.client.config_items(run.client.config_profiles[0])
    estate.items = {
        **dict.fromkeys(ITEMS),
        **{item["name"]: item.get("value") for item in items if _decides(item["name"])},
    }


def _decides(item: str) -> bool:
    """Whether a configuration item decides who reaches what. The others may be secrets."""
    return item in ITEMS or bool(NETWORK_ITEM.fullmatch(item))


def _offered(run: Run[AccessServer], resource: t.Any, names: t.Optional[t.Sequence[str]]) -> dict[str, Object]:
    try:
        return run.read(resource, names).objects
    except NotOffered:
        return {}


# -- the info module

SPEC: t.Mapping[str, t.Any] = {
    "users": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    "destination": {"type": "str"},
}


def inform(run: Run[AccessServer]) -> Answer:
    """The rules of users and groups, and what they reach of a destination."""
    params = run.task.params
    users, groups, where = params["users"], params["groups"], _destination(params["destination"])
    if users is not None or groups is not None:
        users, groups = users or [], groups or []
    target = where if isinstance(where, Clients) else None
    read = {
        kind: None if names is None else {*names, *([target.name] if target and target.kind == kind else ())}
        for kind, names in (("user", users), ("group", groups))
    }
    estate = Estate()
    with reading(run):
        members = target is not None and target.kind == "group"
        read_accounts(run, estate, read["user"], read["group"], members=members)
        read_rules(
            run, estate, lists=not isinstance(where, Domain), rulesets=where is None or isinstance(where, Domain)
        )
    found = [
        *(("group", name, Account("", name)) for name in sorted(estate.groups) if groups is None or name in groups),
        *(("user", name, estate.account(name)) for name in sorted(estate.users) if users is None or name in users),
    ]
    return {
        "access": [{kind: name, **_access(estate, account, where)} for kind, name, account in found],
        "changed": False,
    }


def _destination(text: t.Optional[str]) -> t.Optional[Destination]:
    if text is None:
        return None
    try:
        return destination(text)
    except ValueError as exc:
        raise InputError(f"destination: {exc}.") from exc


def _access(estate: Estate, account: Account, where: t.Optional[Destination]) -> Object:
    """What is returned for a user or a group."""
    by_address = [*configured_rules(estate), *listed_rules(estate, account, "access_to")]
    found: Object = {
        **({"member_of": account.group} if account.name else {}),
        "blocked_by": blocked(estate, account),
        "access_to": [_told(rule) for rule in by_address],
        "access_from": [_told(rule) for rule in listed_rules(estate, account, "access_from")],
        "domains": [_told(rule) for rule, _form in domain_rules(estate, account)],
    }
    if where is None:
        return found
    pieces = {(piece.allowed, piece.why): piece for piece in reversed(reached(estate, account, where))}
    parts = [
        {"example": Sentence(one.what), "reached": one.allowed, "reason": Sentence(one.why)}
        for one in reversed([*pieces.values()])
    ]
    each = {one.allowed for one in pieces.values()}
    whole = {True: "all", False: "none", None: "unknown"}[each.pop()] if len(each) == 1 else "some"
    return {**found, "reached": whole, "parts": parts}


def _told(rule: Rule) -> Object:
    return {"rule": rule.text, "accept": rule.accept, "owner": rule.owner, "place": rule.place}
