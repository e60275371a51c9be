# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of rulesets, which match domain names: their normal form, their positions, and what they match.

A rule in normal form has ``match``, ``domain`` or ``data``, ``action`` and ``comment``; ``type``, if it is not
``domain_routing``; and ``position``, if it is known. ``data`` is what a server matches other than a domain.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import typing as t

Rule = dict[str, t.Any]
Content = tuple[t.Any, ...]

ROUTING = "domain_routing"
TYPES = (ROUTING, "filter")
DENY = "deny"
GIVING = ("route", "nat")
ACTIONS = (*GIVING, DENY, "bypass")
MATCHES = tuple(f"{n}{kind}" for kind in ("domain", "subdomain", "domain_or_subdomain") for n in ("", "not_"))
SPEC: t.Mapping[str, t.Any] = {
    "domain": {"type": "str"},
    "match": {"type": "str"},
    "data": {"type": "str"},
    "action": {"type": "str", "choices": list(ACTIONS), "required": True},
    "type": {"type": "str"},
    "comment": {"type": "str"},
    "position": {"type": "int"},
}
STEP = 100  # between positions, as seen on servers (server behaviour, 79)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*")
_LONGEST = 253
_WILDCARD = "*."


def domain(text: str) -> str:
    """A domain in lower-case ASCII letters, without a dot at its end. Raises ValueError with a sentence."""
    given = str(text).strip()
    name = given.lower()[:-1] if given.endswith(".") else given.lower()
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        pass
    else:
        raise ValueError(f"{given!r} is an address; use as_access_list for rules by address")
    try:
        labels = [label if label.isascii() else label.encode("idna").decode() for label in name.split(".")]
    except UnicodeError:
        labels = [""]
    found = ".".join(labels)
    if len(found) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{given!r} is not a domain; write it as app.example.com, without a protocol or a path")
    return found


def is_domain(text: str) -> bool:
    """Whether a text that is not a network is a domain of at least two labels, and the last label is a word."""
    name = str(text).strip().removeprefix(_WILDCARD)
    try:
        labels = domain(name).split(".")
    except ValueError:
        return False
    return len(labels) > 1 and not labels[-1].replace("-", "").isdigit() and len(labels[-1]) > 1


def normal(declared_rule: t.Mapping[str, t.Any]) -> Rule:
    """A declared rule in normal form. Raises ValueError with a sentence."""
    rule = {name: value for name, value in declared_rule.items() if value is not None}
    match, name, data = (rule.pop(key, None) for key in ("match", "domain", "data"))
    if rule.get("type", ROUTING) not in TYPES:
        raise ValueError(f"type is {rule['type']!r}; use one of {', '.join(TYPES)}")
    if name is not None and data is not None:
        raise ValueError("it has domain and data; only one of them is allowed")
    if name is not None:
        if match is None:
            match = "domain_or_subdomain" if name.strip().startswith(_WILDCARD) else "domain"
            name = name.strip().removeprefix(_WILDCARD)
        if match not in MATCHES:
            raise ValueError(f"match is {match!r}; with a domain, use one of {', '.join(MATCHES)}")
        if _WILDCARD in name:
            raise ValueError(f"{name!r} has a star, and match is set too; use only one of them")
        what = {"domain": domain(name)}
    elif match is None:
        raise ValueError("it needs a domain")
    elif not _WORD.fullmatch(match):
        raise ValueError(f"match is {match!r}; use one of {', '.join(MATCHES)}, or another word that the server knows")
    else:
        what = {"data": (data or "").strip()}
        if match in MATCHES:
            if data is None:
                raise ValueError(f"match is {match}, which needs a domain")
            what = _matched(match, what["data"])
    return _rule({**rule, **what, "match": match})


def _rule(rule: t.Mapping[str, t.Any]) -> Rule:
    """The keys of a rule in their order, without default values."""
    found = {"match": rule["match"]}
    found.update((name, rule[name]) for name in ("domain", "data") if rule.get(name) is not None)
    found.update({"action": rule["action"], "comment": (rule.get("comment") or "").strip()})
    if rule.get("type", ROUTING) != ROUTING:
        found["type"] = rule["type"]
    if rule.get("position") is not None:
        found["position"] = rule["position"]
    return found


def _matched(match: str, data: str) -> dict[str, str]:
    """What a server matches: a domain, or other data."""
    if match in MATCHES:
        try:
            return {"domain": domain(data)}
        except ValueError:
            pass
    return {"data": data}


def from_wire(wire: t.Mapping[str, t.Any]) -> Rule:
    """A rule of an answer (server behaviour, 77)."""
    match, kind, data = str(wire["match_type"]), str(wire["type"]), str(wire.get("match_data") or "").strip()
    rest = {"comment": str(wire.get("comment") or ""), "position": int(wire["position"])}
    return _rule({"match": match, **_matched(match, data), "action": str(wire["action"]), "type": kind, **rest})


def to_wire(rule: Rule, ruleset: int) -> Rule:
    """A rule with a position, in the form of a request (server behaviour, 78)."""
    return {
        "ruleset_id": ruleset,
        "type": rule.get("type", ROUTING),
        "match_type": rule["match"],
        "match_data": rule.get("domain", rule.get("data", "")),
        "action": rule["action"],
        "position": rule["position"],
        "comment": rule["comment"],
    }


def declared(rules: t.Sequence[Rule]) -> list[Rule]:
    """Rules in their order, as a playbook declares them: without positions if these are the positions of new rules."""
    usual = [rule["position"] for rule in rules] == [STEP * number for number in range(1, len(rules) + 1)]
    without = {"comment": "", "match": "domain"}
    return [
        {
            name: value
            for name, value in rule.items()
            if not (name == "position" and usual) and not ("domain" in rule and without.get(name) == value)
        }
        for rule in rules
    ]


def subject(rule: Rule) -> Content:
    """What a rule matches: a ruleset cannot have two rules that match the same."""
    return rule.get("type", ROUTING), rule["match"], rule.get("domain", rule.get("data"))


def content(rule: Rule) -> Content:
    """A rule without its position."""
    return (*subject(rule), rule["action"], rule["comment"])


def gives(rule: Rule) -> bool:
    """Whether a rule sends what it matches through the VPN."""
    return rule["action"] in GIVING


def described(rule: Rule) -> str:
    """A rule in a sentence."""
    return " ".join(str(rule[name]) for name in ("action", "match", "domain", "data") if rule.get(name))


def rules(given: t.Iterable[t.Mapping[str, t.Any]]) -> list[Rule]:
    """A declared list in normal form, in the order of its positions if it has them. Raises ValueError with a sentence."""
    found: list[Rule] = []
    for number, one in enumerate(given, 1):
        try:
            found.append(normal(one))
        except ValueError as exc:
            raise ValueError(f"rule {number}: {exc}") from None
    numbers: dict[Content, int] = {}
    for number, rule in enumerate(found, 1):
        first = numbers.setdefault(subject(rule), number)
        if first != number:
            raise ValueError(
                f"rules {first} and {number} match the same, {described(rule).partition(' ')[2]}; only one of them is allowed"
            )
    positions = [rule["position"] for rule in found if "position" in rule]
    if positions and len(positions) < len(found):
        raise ValueError("some rules have a position and others do not; give all of them a position, or none")
    if len(set(positions)) < len(positions):
        raise ValueError("two rules have the same position")
    return sorted(found, key=lambda rule: int(rule["position"])) if positions else found


def in_order(found: t.Iterable[Rule]) -> list[Rule]:
    """Rules of a server in the order of their positions."""
    return sorted(found, key=lambda rule: (int(rule["position"]), content(rule)))


def placed(there: t.Sequence[Rule], wanted: t.Sequence[Rule]) -> list[Rule]:
    """The wanted rules with their positions. If they have none, existing rules keep their positions as far as possible.

    A new rule never gets a position that is in use, because a server may refuse that.
    """
    if all("position" in rule for rule in wanted):
        return [dict(rule) for rule in wanted]
    firsts = [
        rule for before, rule in zip([None, *there], there) if before is None or before["position"] < rule["position"]
    ]
    same = difflib.SequenceMatcher(None, [*map(content, firsts)], [*map(content, wanted)], autojunk=False)
    kept = {
        block.b + offset: firsts[block.a + offset]["position"]
        for block in same.get_matching_blocks()
        for offset in range(block.size)
    }
    taken = {int(rule["position"]) for rule in there}
    found = _between(kept, taken, len(wanted))
    if found is None:
        end = max(taken) // STEP * STEP
        found = [end + STEP * number for number in range(1, len(wanted) + 1)]
    return [{**rule, "position": position} for rule, position in zip(wanted, found)]


def _between(kept: t.Mapping[int, int], taken: t.Collection[int], count: int) -> t.Optional[list[int]]:
    """A position for each of ``count`` rules, some of which keep theirs; None if there is no room."""
    found: list[int] = []
    waiting = 0
    for number in range(count + 1):
        if number < count and number not in kept:
            waiting += 1
            continue
        low, high = found[-1] if found else 0, kept.get(number)
        if high is None:
            high = max([low, *taken]) // STEP * STEP + STEP * (waiting + 1)
        free = [one for one in range(low + STEP, high, STEP) if one not in taken]
        if len(free) < waiting:
            free = [one for one in range(low + 1, high) if one not in taken]
        if len(free) < waiting:
            return None
        found += free[:waiting]
        if number < count:
            found.append(high)
        waiting = 0
    return found


def covers(rule: Rule, other: Rule) -> bool:
    """Whether a rule matches all that another rule matches, as far as the domains show."""
    mine, others = rule.get("domain"), other.get("domain")
    if not mine or not others or rule["match"].startswith("not_") or other["match"].startswith("not_"):
        return False
    below = others.endswith(f".{mine}")
    if others != mine:
        return below and rule["match"] != "domain"
    return bool(rule["match"] in ("domain_or_subdomain", other["match"]))


def confined(before: t.Sequence[Rule], after: t.Sequence[Rule]) -> list[Rule]:
    """Rules that let no more through the VPN than each of two lists: all rules that withhold, and the rules in both lists that
    come before every rule that could withhold the same.
    """
    both = {content(rule) for rule in before} & {content(rule) for rule in after}
    found = [rule for rule in after if not gives(rule) or content(rule) in both]
    subjects = {subject(rule) for rule in found}
    for rule in before:
        if not gives(rule) and subject(rule) not in subjects:
            found.append({**rule, "position": _free(rule["position"], {one["position"] for one in found})})
    found = in_order(found)
    return [
        rule for n, rule in enumerate(found) if not gives(rule) or _withheld(rule, (before, after)) <= _held(found[:n])
    ]


def _free(position: int, taken: t.Collection[int]) -> int:
    """The next free position, if possible before this one."""
    return next(
        one for one in (*range(position, 0, -1), *range(position, position + len(taken) + 1)) if one not in taken
    )


def _withheld(rule: Rule, lists: t.Iterable[t.Sequence[Rule]]) -> set[Content]:
    """What lists may withhold before a rule in them is reached, of what this rule matches."""
    found = set()
    for each in lists:
        place = [*map(content, each)].index(content(rule))
        found |= {subject(one) for one in each[:place] if not gives(one) and not _apart(one, rule)}
    return found


def _held(rules: t.Iterable[Rule]) -> set[Content]:
    return {subject(rule) for rule in rules if not gives(rule)}


def _apart(rule: Rule, other: Rule) -> bool:
    """Whether no domain matches both rules, as far as the domains show."""
    plain = all(one.get("domain") and not one["match"].startswith("not_") for one in (rule, other))
    pairs = ((rule, other), (other, rule))
    return plain and not any(covers(*pair) for pair in pairs)
