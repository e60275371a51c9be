# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what through an Access Server, and by which rule of which owner: computed from its state, without a server.

How levels and rules work together is server behaviour, 150 to 158; much of it is a reading.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import typing as t
from dataclasses import dataclass, field, replace

from ..._engine.field import Object
from ..api import values
from . import access_rule, domain_rule
from .access_ruleset import BETWEEN, EVERYBODY
from .properties import DEFAULT_USER_NAME

TO, FROM = "access_to", "access_from"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")  # (server behaviour, 152)
PRIVATE_ACCESS = access_rule.DECIDES
INTER_CLIENT = "vpn.client.routing.inter_client"
ADMINISTRATORS = "vpn.client.routing.superuser_c2c_access"
FULL_TUNNEL = {"ipv4": "vpn.client.routing.reroute_gw", "ipv6": "vpn.client.routing6.reroute_gw"}
NETWORK_ITEM = re.compile(r"vpn\.server\.routing6?\.(private_network|routed_subnets)\.\d+")
ITEMS = (PRIVATE_ACCESS, INTER_CLIENT, ADMINISTRATORS, *FULL_TUNNEL.values())

# Traffic to an address, as numbers: ports of TCP, ports of UDP, types of ICMP (the first one for all without a name), the rest.
_TCP, _UDP, _ICMP = 0, 65535, 131070
_REST = _ICMP + len(access_rule.ICMP_TYPES)
Span = tuple[int, int]  # the first and the last number
EVERYTHING: Span = (0, _REST)
DEFAULT_OWNER = f"user {DEFAULT_USER_NAME}"  # of lists and rules


Boxes = list[tuple[int, int, Span]]  # the first and the last address, and what goes to them


@dataclass(frozen=True)
class Rule:
    """A rule that may decide, and its place: the owner, and the list, ruleset or configuration item."""

    owner: str
    place: str
    text: str
    accept: bool = True

    def __str__(self) -> str:
        whose = "the default user" if self.owner == DEFAULT_OWNER else self.owner
        return f"{self.text} ({self.place} of {whose})"


@dataclass(frozen=True)
class Network:
    """A range of addresses of a family, and the traffic to them, such as ports."""

    text: str
    family: str
    low: int
    high: int
    spans: tuple[Span, ...] = (EVERYTHING,)


@dataclass(frozen=True)
class Domain:
    """A domain, or with ``below`` also all domains below it."""

    text: str
    name: str
    below: bool = False


@dataclass(frozen=True)
class Clients:
    """The VPN clients of a user or of a group, by their addresses of one family."""

    text: str
    kind: str
    name: str
    family: str


Destination = t.Union[Network, Domain, Clients]


@dataclass(frozen=True)
class Account:
    """A user; or with an empty name, any user that is not listed, with a group or without."""

    name: str = ""
    group: str = ""

    def __str__(self) -> str:
        if self.name:
            return f"user {self.name}"
        return f"any other member of group {self.group}" if self.group else "any other user without a group"


@dataclass(frozen=True)
class Piece:
    """The decision about a part of a destination. ``allowed`` is None if it is not known.

    ``what`` is an example from this part.
    """

    allowed: t.Optional[bool]
    what: str
    why: str
    rule: t.Optional[Rule] = None


@dataclass(frozen=True)
class Region:
    """Addresses from one to another of a family and what goes to them, as an account reaches it.

    ``rest`` is what no rule and no private network matches. ``allowed`` is as in ``Piece``.
    """

    low: int
    high: int
    span: Span
    allowed: t.Optional[bool]
    why: str
    rule: t.Optional[Rule] = None
    rest: bool = False


@dataclass
class Estate:
    """The state of a server, as far as it decides who reaches what.

    Users, groups and the default user have only their own values. The key of a list is its owner, such as ``group staff``; the
    key of a ruleset is owner and name. The values of configuration items that are not in ``items`` are not known.
    """

    users: dict[str, Object] = field(default_factory=dict)
    groups: dict[str, Object] = field(default_factory=dict)
    default: Object = field(default_factory=dict)
    lists: dict[str, Object] = field(default_factory=dict)
    rulesets: dict[str, Object] = field(default_factory=dict)
    items: dict[str, t.Any] = field(default_factory=dict)

    def account(self, name: str) -> Account:
        """A user. Without a group, the default user's group counts (server behaviour, 156)."""
        return Account(name, self.users[name].get("group") or self.shared)

    @property
    def shared(self) -> str:
        """The default user's group, which users without a group are in; empty if there is none."""
        return self.default.get("group") or ""

    def members(self, group: str) -> list[Account]:
        """The known users of a group, and any other user of it."""
        return [*(one for one in map(self.account, sorted(self.users)) if one.group == group), Account("", group)]

    def everybody(self) -> list[Account]:
        """All known users, and any other user, of each group and without a group."""
        others = {Account("", group) for group in ("", *self.groups, self.shared) if group or not self.shared}
        return [*map(self.account, sorted(self.users)), *sorted(others, key=lambda one: one.group)]

    def owners(self, account: Account) -> list[str]:
        """Whose lists count for an account, in their order."""
        levels = {"user": account.name, "group": account.group}
        return [*(f"{kind} {name}" for kind, name in levels.items() if name), DEFAULT_OWNER]

    def setting(self, account: Account, name: str) -> tuple[t.Any, str]:
        """An effective property, and its owner. The user goes before the group, and the group before the default user."""
        levels = (
            (f"user {account.name}", self.users.get(account.name)),
            (f"group {account.group}", self.groups.get(account.group)),
            ("the default user", self.default),
        )
        return next(((have[name], whose) for whose, have in levels if have and have.get(name) is not None), (None, ""))

    def flag(self, item: str) -> t.Optional[bool]:
        """Whether a configuration item is on; None if this is not known."""
        return None if item not in self.items else _is_on(self.items[item])

    @property
    def open_networks(self) -> list[tuple[str, str]]:
        """Networks that all users reach, each with its configuration item; empty if this is not known."""
        closed = str(self.items.get(PRIVATE_ACCESS, "no")).lower() in ("no", "false")
        return [] if closed else self.networks

    @property
    def networks(self) -> list[tuple[str, str]]:
        """The private networks of the configuration, each with its item; values that are not networks are left out."""
        found = []
        for name, value in sorted(self.items.items()):
            if value and NETWORK_ITEM.fullmatch(name):
                for one in re.split(r"[\s,]+", str(value).strip()):
                    try:
                        found.append((values.network(one), name))
                    except ValueError:
                        continue
        return found


def _is_on(value: t.Any) -> bool:
    return str(value).lower() in ("true", "1", "yes", "on")


# -- destinations


def destination(text: str) -> Destination:
    """What a text such as ``10.0.0.0/8:https``, ``app.example.com``, ``user:ada`` or ``fd00::/8|tcp/443`` stands for.

    Raises ValueError with a sentence.
    """
    given = text.strip()
    head, _sign, services = given.partition(":")
    if head.startswith("*.") or domain_rule.is_domain(head):
        for one in services.split(",") if services else ():
            access_rule.service(one)  # a rule by domain is for all ports, so ports make no difference
        name = domain_rule.domain(head[2:] if head.startswith("*.") else head)
        return Domain(given, name, head.startswith("*."))
    if given[:1] in ("+", "-"):
        raise ValueError(f"{given!r} begins with a sign; a destination has no sign")
    rule = access_rule.parse(given)
    if rule["type"] in access_rule.NAMED_TYPES:
        return Clients(given, rule["type"], rule[rule["type"]], rule["family"])
    if rule["type"] in access_rule.PLAIN_TYPES:
        raise ValueError(
            f"{given!r} is not a destination; write a network, such as 0.0.0.0/0 or ::/0, a domain, or user:NAME"
        )
    if rule["type"] != "nat":
        raise ValueError(f"{given!r} ends in R; a destination ends with its services")
    written = access_rule.subnet_of(given)
    if values.has_host_bits(written):
        raise ValueError(f"{given!r}: {written} is an address in the network {rule['subnet']}; write one of them")
    low, high = _bounds(rule["subnet"])
    return Network(given, rule["family"], low, high, _spans(rule.get("services", ())))


def _bounds(network: str) -> tuple[int, int]:
    found = ipaddress.ip_network(network)
    return int(found.network_address), int(found.broadcast_address)


def _spans(services: t.Iterable[str]) -> tuple[Span, ...]:
    """The spans of services in normal form, without overlaps; everything if there are no services."""
    found = sorted(map(_span, services)) or [EVERYTHING]
    apart = [found[0]]
    for first, last in found[1:]:
        if first <= apart[-1][1] + 1 and _protocol(first) == _protocol(apart[-1][1]):
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return tuple(apart)


def _span(service: str) -> Span:
    if service == access_rule.ICMP_TYPES[0]:
        return _ICMP, _REST - 1
    if service in access_rule.ICMP_TYPES:
        number = _ICMP + access_rule.ICMP_TYPES.index(service)
        return number, number
    protocol, _slash, numbers = service.partition("/")
    start, _dash, end = numbers.partition("-")
    base = (_TCP if protocol == "tcp" else _UDP) - 1
    return base + int(start), base + int(end or start)


def _protocol(number: int) -> int:
    return sum(number >= first for first in (_UDP, _ICMP, _REST))


def _shown(family: str, address: int, span: Span) -> str:
    """The first address of a part, and its first service, as a destination."""
    text = str(ipaddress.IPv4Address(address) if family == "ipv4" else ipaddress.IPv6Address(address))
    if span == EVERYTHING:
        return text
    name = access_rule.ICMP_TYPES[0] if span[0] == _ICMP else services_of([(span[0], span[0])])[0]
    return f"{text}{'|' if family == 'ipv6' else ':'}{name}"


def services_of(spans: t.Iterable[Span]) -> list[str]:
    """Spans as services of access rules, and what has no name as other protocols."""
    found = []
    for first, last in spans:
        for protocol, base in (("tcp", _TCP), ("udp", _UDP)):
            low, high = max(first, base), min(last, base + 65534)
            if low <= high:
                ports = f"{low - base + 1}" + (f"-{high - base + 1}" if high > low else "")
                found.append(f"{protocol}/{ports}")
        types = access_rule.ICMP_TYPES[max(first - _ICMP, 0) : max(last - _ICMP + 1, 0)]
        missing = [name for name in access_rule.ICMP_TYPES if name not in types]
        if types and types[0] == access_rule.ICMP_TYPES[0]:  # which stands for the types without a name too
            found.append(types[0] + (f" without {' and '.join(missing)}" if missing else ""))
        else:
            found += types
        if last >= _REST:
            found.append("other protocols")
    return found


# -- the rules of an account, in the order in which they decide


@dataclass(frozen=True)
class Area:
    """Addresses and spans that a rule matches."""

    low: int
    high: int
    spans: tuple[Span, ...]


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[bool, str, str, str]:
    """Of a rule in normal form: whether it allows, its type, its family, and the user or the group that it names."""
    rule = access_rule.parse(text)
    return rule["accept"], rule["type"], rule["family"], rule.get(rule["type"], "")


def kind_of(text: str) -> str:
    """The type of a rule in normal form."""
    return _parsed(text)[1]


@functools.lru_cache(maxsize=4096)
def _area(text: str) -> Area:
    rule = access_rule.parse(text)
    return Area(*_bounds(rule["subnet"]), _spans(rule.get("services", ())))


def listed_rules(estate: Estate, account: Account, direction: str) -> t.Iterator[Rule]:
    """The rules of lists that count for an account."""
    for owner in estate.owners(account):
        for text in estate.lists.get(owner, {}).get(direction) or ():
            yield Rule(owner, direction, text, _parsed(text)[0])


def configured_rules(estate: Estate) -> t.Iterator[Rule]:
    """The networks that every user reaches, as rules."""
    for network, item in estate.open_networks:
        yield Rule("the configuration", item, network)


def domain_rules(estate: Estate, account: Account) -> t.Iterator[tuple[Rule, domain_rule.Rule]]:
    """The rules of rulesets that count for an account, each as a rule and in its own form."""
    for owner in (*estate.owners(account)[:-1], EVERYBODY):
        theirs = [(name, one) for name, one in estate.rulesets.items() if name.partition(BETWEEN)[0] == owner]
        for name, one in sorted(theirs, key=lambda each: (each[1].get("position") or 0, each[0])):
            for rule in one.get("rules") or ():
                place = f"ruleset {name.partition(BETWEEN)[2]}"
                yield Rule(owner, place, domain_rule.described(rule), domain_rule.gives(rule)), rule


# -- who reaches what


def blocked(estate: Estate, account: Account) -> str:
    """The owner of the property that blocks an account; empty if no property does."""
    deny, whose = estate.setting(account, "deny")
    return whose if deny else ""


def reached(estate: Estate, account: Account, where: Destination) -> list[Piece]:
    """What an account reaches of a destination: parts with the same decision."""
    whose = blocked(estate, account)
    if whose:
        return [Piece(False, where.text, f"deny of {whose}")]
    if isinstance(where, Network):
        return _reached_network(estate, account, where)
    if isinstance(where, Domain):
        return [_reached_domain(estate, account, name) for name in _domains(estate, account, where)]
    one = isinstance(where, Clients) and where.kind == "user"
    known = estate.users if one else estate.groups
    if where.name not in known:
        return [Piece(None, where.text, f"{where.kind} {where.name} is not known")]
    targets = [estate.account(where.name)] if one else estate.members(where.name)
    return [reached_client(estate, account, target, where) for target in targets]


def _reached_network(estate: Estate, account: Account, where: Network) -> list[Piece]:
    boxes = [(where.low, where.high, span) for span in where.spans]
    return [
        Piece(one.allowed, _shown(where.family, one.low, one.span), one.why, one.rule)
        for one in regions(estate, account, where.family, boxes)
    ]


def regions(estate: Estate, account: Account, family: str, boxes: Boxes) -> list[Region]:
    """How an account that is not blocked reaches some boxes: parts of them that do not overlap."""
    left = boxes
    found: list[Region] = []
    for rule in (*configured_rules(estate), *listed_rules(estate, account, TO)):
        for area in matched(estate, rule, family):
            inside, left = split(left, area)
            found += [Region(*box, rule.accept, str(rule), rule) for box in inside]
        if _parsed(rule.text)[1:3] == ("all_s2c_subnets", family) and PRIVATE_ACCESS not in estate.items:
            found += [Region(*box, None, _unknown(PRIVATE_ACCESS), rule) for box in left]
            left = []
        if not left:
            break
    return [_despite_the_unknown(estate, one) for one in (*found, *_unmatched(estate, account, family, left))]


def _despite_the_unknown(estate: Estate, one: Region) -> Region:
    """Networks of the configuration go first: if they are not known, what a rule denies may be allowed."""
    if one.allowed is False and PRIVATE_ACCESS not in estate.items:
        return replace(one, allowed=None, why=_unknown(PRIVATE_ACCESS))
    return one


def _unknown(item: str) -> str:
    return f"{item} of the configuration is not known"


def matched(estate: Estate, rule: Rule, family: str) -> list[Area]:
    """What a rule matches of the addresses of a family, except those of VPN clients."""
    _accept, kind, own, _name = _parsed(rule.text)
    if own != family:
        return []
    if kind in access_rule.NETWORK_TYPES:
        return [_area(rule.text)]
    if kind == "all":
        return [Area(0, 2 ** (32 if family == "ipv4" else 128) - 1, (EVERYTHING,))]
    if kind == "all_s2c_subnets":
        return [_area(network) for network, _item in estate.networks if _parsed(network)[2] == family]
    return []


def split(boxes: Boxes, area: Area) -> tuple[Boxes, Boxes]:
    """The parts of boxes that are inside an area, and the parts that are outside."""
    inside: Boxes = []
    outside: Boxes = []
    for low, high, (first, last) in boxes:
        if high < area.low or low > area.high:
            outside.append((low, high, (first, last)))
            continue
        if low < area.low:
            outside.append((low, area.low - 1, (first, last)))
        if high > area.high:
            outside.append((area.high + 1, high, (first, last)))
        bottom, top, start = max(low, area.low), min(high, area.high), first
        for begin, end in area.spans:
            if end < start or begin > last:
                continue
            if begin > start:
                outside.append((bottom, top, (start, begin - 1)))
            inside.append((bottom, top, (max(begin, start), min(end, last))))
            start = end + 1
        if start <= last:
            outside.append((bottom, top, (start, last)))
    return inside, outside


def _unmatched(estate: Estate, account: Account, family: str, left: Boxes) -> t.Iterator[Region]:
    """What no rule matches: private networks are closed, and the rest is the Internet (server behaviour, 152)."""
    for network in PRIVATE:
        if ipaddress.ip_network(network).version == (4 if family == "ipv4" else 6):
            inside, left = split(left, Area(*_bounds(network), (EVERYTHING,)))
            for box in inside:
                yield Region(*box, False, "no rule allows it")
    through, why = full_tunnel(estate, account, family)
    if through is False:
        why = f"{why}, and no rule denies it: the client does not send it through the VPN, and the server does not block it"
    for box in left:
        yield Region(*box, through or None, why, rest=True)


def full_tunnel(estate: Estate, account: Account, family: str) -> tuple[t.Optional[bool], str]:
    """Whether clients send what no rule matches through the VPN, or None if this is not known; and the reason."""
    wanted, whose = estate.setting(account, "reroute_gw")
    if wanted not in (None, "global"):
        return False, f"reroute_gw of {whose} is {wanted}"
    item = FULL_TUNNEL[family]
    found = estate.flag(item)
    return found, _unknown(item) if found is None else f"{item} of the configuration is {str(found).lower()}"


def reached_client(estate: Estate, account: Account, target: Account, where: Clients) -> Piece:
    """Whether an account that is not blocked reaches another one."""
    what = f"{where.text} ({target})" if where.kind == "group" else where.text
    switches = [(INTER_CLIENT, True), (ADMINISTRATORS, bool(estate.setting(account, "admin")[0]))]
    for item in (item for item, counts in switches if counts and estate.flag(item)):
        rule = Rule("the configuration", item, "all_vpn_clients")
        return Piece(True, what, str(rule), rule)
    unknown = next((item for item, counts in switches if counts and estate.flag(item) is None), "")
    for direction, one, other in ((TO, account, target), (FROM, target, account)):
        for rule in listed_rules(estate, one, direction):
            _accept, kind, family, name = _parsed(rule.text)
            named = {"user": other.name, "group": other.group}.get(kind)
            if family == where.family and (kind in ("all", "all_vpn_clients") or (name and name == named)):
                if rule.accept or not unknown:
                    return Piece(rule.accept, what, str(rule), rule)
                return Piece(None, what, _unknown(unknown), rule)
    return Piece(None, what, _unknown(unknown)) if unknown else Piece(False, what, "no rule allows it")


def _domains(estate: Estate, account: Account, where: Domain) -> list[str]:
    """Domains that stand for all domains of a destination: those of rules, and a new one below each."""
    if not where.below:
        return [where.name]
    named = {rule["domain"] for _rule, rule in domain_rules(estate, account) if rule.get("domain")}
    there = {where.name, *(name for name in named if name.endswith(f".{where.name}"))}
    labels = {name.partition(".")[0] for name in named}
    new = next(label for label in map("x{}".format, range(len(labels) + 1)) if label not in labels)
    return sorted({*there, *(f"{new}.{name}" for name in there)}, key=lambda name: (name.count("."), name))


def _reached_domain(estate: Estate, account: Account, name: str) -> Piece:
    """By the first rule that matches. ``bypass`` goes outside of the VPN."""
    allowed, rule = by_domain(domain_rules(estate, account), name)
    if rule:
        return Piece(allowed, name, str(rule) if allowed is not None else f"what {rule} matches is not known", rule)
    through, why = full_tunnel(estate, account, "ipv4")
    return Piece(through, name, f"{why}, and no rule matches it")


def by_domain(rules: t.Iterable[tuple[Rule, domain_rule.Rule]], name: str) -> tuple[t.Optional[bool], t.Optional[Rule]]:
    """What the first rule that matches a domain, or may match it, decides; and that rule."""
    for rule, form in rules:
        matches = _matches(form, name)
        if matches is not False:
            return rule.accept if matches else None, rule
    return None, None


def _matches(rule: domain_rule.Rule, name: str) -> t.Optional[bool]:
    """Whether a rule matches a domain; None if it matches other data, which no public text explains."""
    mine = rule.get("domain")
    if (
        not mine
        or rule["match"] not in domain_rule.MATCHES
        or rule.get("type", domain_rule.ROUTING) != domain_rule.ROUTING
    ):
        return None
    same, below = name == mine, name.endswith(f".{mine}")
    kind = rule["match"].replace("not_", "", 1)
    found = same if kind == "domain" else below if kind == "subdomain" else same or below
    return found != rule["match"].startswith("not_")
