# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches more or less of what in one state of an Access Server than in another. Nothing here talks to a server.

Accounts for which the same rules count are looked at once, and only the addresses that a changed rule matches.
"""

from __future__ import annotations

import ipaddress
import itertools
import typing as t
from dataclasses import dataclass, field

from ..._text.outside import Sentence
from . import access_rule
from .access_ruleset import BETWEEN, EVERYBODY
from .reach import (
    ADMINISTRATORS,
    DEFAULT_OWNER,
    EVERYTHING,
    FROM,
    INTER_CLIENT,
    TO,
    Account,
    Area,
    Boxes,
    Clients,
    Estate,
    Region,
    Rule,
    Span,
    blocked,
    by_domain,
    configured_rules,
    domain_rules,
    full_tunnel,
    kind_of,
    listed_rules,
    matched,
    reached_client,
    regions,
    services_of,
    split,
)

MOST = 20  # users, groups and destinations that an entry names
MOST_ENTRIES = 100
MOST_PAIRS = 50_000  # of VPN clients that are looked at
CLIENT_KINDS = ("user", "group", "all", "all_vpn_clients")  # of rules that can be about other VPN clients
BITS = {"ipv4": 32, "ipv6": 128}
FAMILY = {"ipv4": "IPv4", "ipv6": "IPv6"}
INTERNET, OTHER_DOMAINS = "the Internet", "all domains that no rule is about"
USER, GROUP, OTHERS = "user", "group", "others"
_Key = tuple[bool, tuple[tuple[int, int, t.Any], ...]]  # of a rule: whether it allows, and what it matches
Subject = tuple[str, str]  # a user; any member of a group; or any user without a group, who has no name


@dataclass
class _Difference:
    """What some account gains and loses, in words."""

    gains: list[str] = field(default_factory=list)
    loses: list[str] = field(default_factory=list)

    def add(self, what: str, now: bool) -> None:
        """It is reached ``now``, and was not before; or the other way round."""
        (self.gains if now else self.loses).append(what)


class _State:
    """An estate, with what counts for an account as values that can be compared."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._rulesets: dict[str, list[t.Any]] = {}
        for name, one in sorted(estate.rulesets.items()):
            mine = (one.get("position") or 0, name.partition(BETWEEN)[2], repr(one.get("rules") or ()))
            self._rulesets.setdefault(name.partition(BETWEEN)[0], []).append(mine)
        self.shared = (
            self._of(DEFAULT_OWNER),
            self._of(EVERYBODY),
            sorted(map(repr, estate.items.items())),
        )
        self.members: dict[str, list[str]] = {}
        for account in map(estate.account, sorted(estate.users)):
            self.members.setdefault(account.group, []).append(account.name)

    def _of(self, owner: str) -> tuple[t.Any, ...]:
        have = self.estate.lists.get(owner, {})
        return (*(tuple(have.get(way) or ()) for way in (TO, FROM)), tuple(self._rulesets.get(owner, ())))

    def account(self, subject: Subject) -> t.Optional[Account]:
        """None where there is no such user or group."""
        kind, name = subject
        if kind == USER:
            return self.estate.account(name) if name in self.estate.users else None
        if kind == GROUP:
            return Account("", name) if name in self.estate.groups else None
        return Account("", self.estate.shared)

    def key(self, account: t.Optional[Account]) -> t.Any:
        """What is an account's own: equal keys of one state are decided alike, but for rules that name a user."""
        if account is None:
            return None
        settings = (
            blocked(self.estate, account) != "",
            *(repr(self.estate.setting(account, n)[0]) for n in ("reroute_gw", "admin")),
        )
        return settings, account.group, self._of(f"user {account.name}") if account.name else ()

    def chain(self, account: t.Optional[Account]) -> t.Any:
        """All that counts for an account."""
        return self.key(account), self._of(f"group {account.group}") if account and account.group else (), self.shared

    def named(self) -> set[str]:
        """Users whom a rule names."""
        rules = {text for have in self.estate.lists.values() for way in (TO, FROM) for text in have.get(way) or ()}
        parsed = (access_rule.parse(text) for text in rules if "user" in text)
        return {rule["user"] for rule in parsed if rule["type"] == "user"}


@dataclass(frozen=True)
class _Class:
    """Subjects that are decided alike, of which one is looked at."""

    subjects: tuple[Subject, ...]
    accounts: tuple[t.Optional[Account], t.Optional[Account]]  # of the first subject, before and after
    changed: bool


def compared(before: Estate, after: Estate) -> dict[str, t.Any]:
    """Who gains and who loses what, for the answer of a task. Users and groups who gain and lose the same are one entry."""
    states = _State(before), _State(after)
    classes = _classes(*states)
    found = {one: _Difference() for one in classes}
    for one, difference in found.items():
        if one.changed:
            _compare_networks(states, one, difference)
            _compare_domains(states, one, difference)
    whole = _compare_clients(states, classes, found)
    together: dict[tuple[t.Any, ...], list[Subject]] = {}
    for one, difference in found.items():
        if difference.gains or difference.loses:
            together.setdefault((tuple(difference.gains), tuple(difference.loses)), []).extend(one.subjects)
    entries = [_entry(subjects, gains, loses) for (gains, loses), subjects in together.items()]
    entries.sort(
        key=lambda one: (not one["others"], not one["groups"], -one["user_count"], one["groups"], one["users"])
    )
    return {
        "changes": entries[:MOST_ENTRIES],
        "left_out": max(0, len(entries) - MOST_ENTRIES),
        "vpn_clients_compared": whole,
    }


def _entry(subjects: t.Sequence[Subject], gains: t.Sequence[str], loses: t.Sequence[str]) -> dict[str, t.Any]:
    names = {kind: sorted(name for each, name in subjects if each == kind) for kind in (GROUP, USER)}
    return {
        "groups": [Sentence(name) for name in names[GROUP][:MOST]],
        "group_count": len(names[GROUP]),
        "users": [Sentence(name) for name in names[USER][:MOST]],
        "user_count": len(names[USER]),
        "others": any(kind == OTHERS for kind, _name in subjects),
        "gains": [Sentence(text) for text in gains[:MOST]],
        "gain_count": len(gains),
        "loses": [Sentence(text) for text in loses[:MOST]],
        "lose_count": len(loses),
    }


def _classes(before: _State, after: _State) -> list[_Class]:
    subjects: list[Subject] = [
        (OTHERS, ""),
        *((GROUP, name) for name in sorted({*before.estate.groups, *after.estate.groups})),
        *((USER, name) for name in sorted({*before.estate.users, *after.estate.users})),
    ]
    named = before.named() | after.named()
    alike: dict[t.Any, list[Subject]] = {}
    for subject in subjects:
        keys = tuple(state.key(state.account(subject)) for state in (before, after))
        alike.setdefault((repr(keys), subject if subject[0] == USER and subject[1] in named else ""), []).append(
            subject
        )
    found = []
    for each in alike.values():
        accounts = before.account(each[0]), after.account(each[0])
        changed = before.chain(accounts[0]) != after.chain(accounts[1])
        found.append(_Class(tuple(each), accounts, changed))
    return found


def _open(state: _State, account: t.Optional[Account]) -> t.Optional[Account]:
    """An account that can connect; None else."""
    return account if account and not blocked(state.estate, account) else None


# -- networks


def _compare_networks(states: tuple[_State, _State], one: _Class, difference: _Difference) -> None:
    internet: dict[bool, list[str]] = {True: [], False: []}
    parts: list[tuple[bool, str]] = []
    for family in BITS:
        boxes = _changed_boxes(states, one, family)
        if not boxes:
            continue
        was, now = ([*_regions(state, account, family, boxes)] for state, account in zip(states, one.accounts))
        for gained, reach, other in ((True, now, was), (False, was, now)):
            rest, named = _reached_only(reach, other, states[0 if gained else 1].estate, family)
            internet[gained] += [family] if rest else []
            areas = [area for _accept, each in _allowing(states[gained], one.accounts[gained], family) for area in each]
            parts += [(gained, text) for text in _by_rules(named, areas, family)]
    for gained, families in internet.items():
        if families:
            difference.add(_of_families(INTERNET, families), gained)
    for gained, text in parts:
        difference.add(text, gained)


def _of_families(what: str, families: t.Sequence[str]) -> str:
    return what if len(families) == len(BITS) else f"{what} ({FAMILY[families[0]]})"


def _everything(family: str) -> Area:
    return Area(0, 2 ** BITS[family] - 1, (EVERYTHING,))


def _changed_boxes(states: tuple[_State, _State], one: _Class, family: str) -> Boxes:
    """All addresses of a family, or where rules alone have changed, those that the changed ones match."""
    whole = _everything(family)
    every: Boxes = [(whole.low, whole.high, EVERYTHING)]
    accounts = [_open(state, account) for state, account in zip(states, one.accounts)]
    if accounts == [None, None]:
        return []
    if None in accounts:
        return every
    estates = [state.estate for state in states]
    known = [t.cast(Account, account) for account in accounts]
    if len({full_tunnel(estate, account, family)[0] for estate, account in zip(estates, known)}) > 1:
        return every
    rules = [[*_rules(estate, account, family)] for estate, account in zip(estates, known)]
    both = {*rules[0]} & {*rules[1]}
    if [key for key in rules[0] if key in both] != [key for key in rules[1] if key in both]:  # their order decides
        return every
    left, found = every, t.cast(Boxes, [])
    for _accept, areas in (key for key in (*rules[0], *rules[1]) if key not in both):
        for area in areas:
            inside, left = split(left, Area(*area))
            found += inside
    return found


def _rules(estate: Estate, account: Account, family: str) -> t.Iterator[_Key]:
    """Rules for addresses in their order, each with what it matches."""
    for rule in (*configured_rules(estate), *listed_rules(estate, account, TO)):
        areas = tuple((area.low, area.high, area.spans) for area in matched(estate, rule, family))
        if areas:
            yield rule.accept, areas


def _regions(state: _State, account: t.Optional[Account], family: str, boxes: Boxes) -> t.Iterator[Region]:
    able = _open(state, account)
    if able:
        yield from regions(state.estate, able, family, boxes)
    else:
        yield from (Region(*box, False, "", rest=True) for box in boxes)


def _reached_only(
    reach: t.Sequence[Region], other: t.Sequence[Region], estate: Estate, family: str
) -> tuple[bool, Boxes]:
    """What one state lets through and the other, ``estate``, does not: whether it is the rest of the Internet; what else."""
    rest, named = False, t.cast(Boxes, [])
    denied = sorted((one for one in other if one.allowed is not True), key=lambda one: one.low)
    for one in reach:
        if one.allowed is not True:
            continue
        for each in denied:
            if each.low > one.high:
                break
            inside, _outside = split([(one.low, one.high, one.span)], Area(each.low, each.high, (each.span,)))
            if inside and one.rest and (each.rest or (each.rule and _is_whole(estate, each.rule, family))):
                rest = True
            else:
                named += inside
    return rest, named


def _is_whole(estate: Estate, rule: Rule, family: str) -> bool:
    """Whether a rule matches all that there is of a family."""
    return _everything(family) in matched(estate, rule, family)


def _allowing(state: _State, account: t.Optional[Account], family: str) -> t.Iterator[_Key]:
    """Rules that let an account through."""
    return (key for key in _rules(state.estate, account, family) if key[0]) if account else iter(())


def _by_rules(boxes: Boxes, areas: t.Iterable[tuple[int, int, t.Any]], family: str) -> list[str]:
    """Boxes in words: as what rules match but for a few exceptions, where that is shorter."""
    found, rest = [], t.cast(Boxes, [])
    for low, high, spans in dict.fromkeys(areas):
        inside, outside = split(boxes, Area(low, high, spans))
        if not inside:
            continue
        whole = [(low, high, span) for span in spans]
        left = whole
        for first, last, span in inside:
            _taken, left = split(left, Area(first, last, (span,)))
        exact, exceptions, [name] = _in_words(inside, family), _in_words(left, family), _in_words(whole, family)
        text = f"{name} except {' or '.join(exceptions)}" if exceptions else name
        if len(text) < len(", ".join(exact)):
            found.append(text)
        else:
            rest += inside
        boxes = outside
    return [*found, *_in_words([*rest, *boxes], family)]


def _in_words(boxes: Boxes, family: str) -> list[str]:
    """Boxes as destinations of access tests, or as ranges of addresses where they are no network."""
    points = sorted({point for low, high, _span in boxes for point in (low, high + 1)})
    merged: list[tuple[int, int, tuple[Span, ...]]] = []
    for low, end in zip(points, points[1:]):
        spans = _joined(sorted(span for first, last, span in boxes if first <= low and end - 1 <= last))
        if spans and merged and merged[-1][1] == low - 1 and merged[-1][2] == spans:
            merged[-1] = merged[-1][0], end - 1, spans
        elif spans:
            merged.append((low, end - 1, spans))
    return [f"{_addresses(low, high, family)}{_services(spans, family)}" for low, high, spans in merged]


def _joined(spans: t.Sequence[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for first, last in spans:
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)


def _addresses(low: int, high: int, family: str) -> str:
    kind = ipaddress.IPv4Address if family == "ipv4" else ipaddress.IPv6Address
    networks = [*itertools.islice(ipaddress.summarize_address_range(kind(low), kind(high)), 2)]
    if low == high:
        return str(kind(low))
    return str(networks[0]) if len(networks) == 1 else f"{kind(low)}-{kind(high)}"


def _services(spans: tuple[Span, ...], family: str) -> str:
    if spans == (EVERYTHING,):
        return ""
    return (":" if family == "ipv4" else "|") + ",".join(services_of(spans))


# -- domains


def _compare_domains(states: tuple[_State, _State], one: _Class, difference: _Difference) -> None:
    accounts = [_open(state, account) for state, account in zip(states, one.accounts)]
    rules = [[*domain_rules(state.estate, account)] if account else [] for state, account in zip(states, accounts)]
    if rules[0] == rules[1] and (accounts[0] is None) == (accounts[1] is None):
        return
    through = [
        full_tunnel(state.estate, account, "ipv4")[0] if account else False for state, account in zip(states, accounts)
    ]

    def changed(name: str) -> t.Optional[bool]:
        """True if it is reached now and was not before, False the other way round; None if rules decide nothing new."""
        (was, old), (now, new) = (by_domain(each, name) for each in rules)
        was_reached = (was if old else through[0]) is True
        is_reached = (now if new else through[1]) is True
        return None if was_reached == is_reached or not (old or new) else is_reached

    names = _changed_names(*rules)
    labels = {name.partition(".")[0] for name in names}
    fresh = next(label for label in map("x{}".format, itertools.count()) if label not in labels)
    found = {name: (changed(name), changed(f"{fresh}.{name}")) for name in names}
    covered: set[str] = set()
    if changed(fresh) is not None:
        difference.add(OTHER_DOMAINS, changed(fresh) is True)
    for name in sorted(found, key=lambda name: (name.count("."), name)):
        itself, below = found[name]
        if name in covered:
            continue
        inside = {other for other in found if other.endswith(f".{name}")}
        if itself is not None and {found[other] for other in inside} | {found[name]} == {(itself, itself)}:
            covered |= inside
            difference.add(f"*.{name}", itself)
            continue
        if itself is not None:
            difference.add(name, itself)
        if below is not None:
            difference.add(f"other domains below {name}" if inside else f"domains below {name}", below)


def _changed_names(before: t.Sequence[t.Any], after: t.Sequence[t.Any]) -> set[str]:
    """Domains of rules about which a rule that has changed may decide."""
    forms = [[form for _rule, form in each] for each in (before, after)]
    names = {form["domain"] for each in forms for form in each if form.get("domain")}
    keys = [[repr(sorted(form.items(), key=str)) for form in each] for each in forms]
    both = {*keys[0]} & {*keys[1]}
    if [key for key in keys[0] if key in both] != [key for key in keys[1] if key in both]:
        return names
    different = [form for each, of_each in zip(forms, keys) for form, key in zip(each, of_each) if key not in both]
    if any(not form.get("domain") or form["match"].startswith("not_") for form in different):
        return names
    plain = {form["domain"] for form in different}
    return {name for name in names if name in plain or any(up in plain for up in _above(name))}


def _above(name: str) -> t.Iterator[str]:
    while "." in name:
        name = name.partition(".")[2]
        yield name


# -- other VPN clients


def _compare_clients(
    states: tuple[_State, _State], classes: t.Sequence[_Class], found: t.Mapping[_Class, _Difference]
) -> bool:
    """Whether there were few enough to look at them all."""
    switches = [[state.estate.flag(item) for item in (INTER_CLIENT, ADMINISTRATORS)] for state in states]
    merged = _alike_as_clients(states, classes)
    sources = [one for one in merged if switches[0] != switches[1] or _differ(one, states, _source)]
    targets = [one for one in merged if None not in one.accounts]
    changed = [one for one in targets if _differ(one, states, _target)]
    pairs = dict.fromkeys([*itertools.product(sources, targets), *itertools.product(merged, changed)])
    if len(pairs) > MOST_PAIRS:
        return False
    reach: dict[_Class, dict[tuple[str, bool], set[Subject]]] = {}
    for one, other in pairs:
        if other is one and _is_alone(one):
            continue
        for family in BITS:
            was, now = (
                _meets(state, one.accounts[number], other.accounts[number], family)
                for number, state in enumerate(states)
            )
            if was != now:
                reach.setdefault(one, {}).setdefault((family, now), set()).update(other.subjects)
    everyone = {subject for one in targets for subject in one.subjects}
    for one, each in reach.items():
        others = everyone - {*(one.subjects if _is_alone(one) else ())}
        for gained in (True, False):
            texts = {
                family: _clients_in_words(each.get((family, gained), set()), others, states[gained]) for family in BITS
            }
            for text in dict.fromkeys(text for family in texts for text in texts[family]):
                families = [family for family in texts if text in texts[family]]
                for exact in merged[one]:
                    found[exact].add(_of_families(text, families), gained)
    return True


def _alike_as_clients(states: tuple[_State, _State], classes: t.Sequence[_Class]) -> dict[_Class, list[_Class]]:
    """Fewer classes, of accounts that differ in nothing that counts among VPN clients, with those that each stands for."""
    named = states[0].named() | states[1].named()
    alike: dict[t.Any, list[_Class]] = {}
    for one in classes:
        kind, name = one.subjects[0]
        keys = [_source(*each) + _target(*each) for each in zip(states, one.accounts)]
        alike.setdefault((*keys, name if kind == USER and name in named else ""), []).append(one)
    return {
        _Class(tuple(subject for one in each for subject in one.subjects), each[0].accounts, True): each
        for each in alike.values()
    }


def _differ(one: _Class, states: tuple[_State, _State], key: t.Callable[..., t.Any]) -> bool:
    before, after = (key(state, account) for state, account in zip(states, one.accounts))
    return bool(before != after)


def _source(state: _State, account: t.Optional[Account]) -> tuple[t.Any, ...]:
    """What counts of an account that sends, apart from its name."""
    able = _open(state, account)
    return (able.group, bool(state.estate.setting(able, "admin")[0]), _client_rules(state, able, TO)) if able else ()


def _target(state: _State, account: t.Optional[Account]) -> tuple[t.Any, ...]:
    """What counts of an account that receives, apart from its name."""
    return (account.group, _client_rules(state, account, FROM)) if account else ()


def _client_rules(state: _State, account: Account, direction: str) -> tuple[str, ...]:
    rules = (rule.text for rule in listed_rules(state.estate, account, direction))
    return tuple(text for text in rules if kind_of(text) in CLIENT_KINDS)


def _is_alone(one: _Class) -> bool:
    """Whether it is one user, whose own client is no other one."""
    return len(one.subjects) == 1 and one.subjects[0][0] == USER


def _meets(state: _State, account: t.Optional[Account], target: t.Optional[Account], family: str) -> bool:
    able = _open(state, account)
    if not able or not target:
        return False
    return reached_client(state.estate, able, target, Clients("", USER, "", family)).allowed is True


def _clients_in_words(subjects: set[Subject], everyone: set[Subject], state: _State) -> list[str]:
    """Clients of groups where all members are among them, and else of users."""
    if not subjects:
        return []
    if everyone <= subjects:
        return ["all other VPN clients"]
    groups = sorted(name for kind, name in subjects if kind == GROUP)
    whole = [name for name in groups if all((USER, one) in subjects for one in state.members.get(name, ()))]
    inside = {one for name in whole for one in state.members.get(name, ())}
    users = sorted(name for kind, name in subjects if kind == USER and name not in inside)
    return [
        *(f"VPN clients of group {name}" for name in whole),
        *(f"VPN clients of other members of group {name}" for name in groups if name not in whole),
        *(f"VPN clients of user {name}" for name in users),
        *(["VPN clients of other users without a group"] if (OTHERS, "") in subjects else []),
    ]
