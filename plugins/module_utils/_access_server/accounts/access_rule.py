# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules: the vendor's compact strings, the structured form of a playbook, and the API's own form.

A compact string is NETWORK[:SERVICES[:R|N]], with ``|`` in place of ``:`` behind an IPv6 network; R routes, N
translates addresses (NAT), and neither means N. The vendor's document shows these for networks only; the other types are
written in its spirit: ``user:NAME``, ``group:NAME``, ``all``, ``all_vpn_clients``, ``all_s2c_subnets``, with ``|`` for IPv6
(``all|``, ``group|ops``). A leading ``-`` denies.

The properties of users and groups, as sacli prints them, name the class of a rule in capitals behind a sign, as in
``+ROUTE:10.20.1.45/32:tcp/80`` and ``-GROUP:ops`` (server behaviour, 163). Such a string is read where it means one thing.
"""

from __future__ import annotations

import re
import typing as t

from ..api import values
from . import domain_rule

Rule = dict[str, t.Any]
Wire = dict[str, t.Any]

NETWORK_TYPES = ("route", "nat")
NAMED_TYPES = ("user", "group")
PLAIN_TYPES = ("all", "all_vpn_clients", "all_s2c_subnets")
TYPES = (*NAMED_TYPES, *NETWORK_TYPES, *PLAIN_TYPES)
SUBNET = "subnet"  # a class of the server; its suffix or the configuration makes it one of NETWORK_TYPES
CLASSES: t.Mapping[str, str] = {kind.upper(): kind for kind in (*TYPES, SUBNET)}
SUFFIXES: t.Mapping[str, str] = {"N": "nat", "R": "route"}
DECIDES = "vpn.server.routing.private_access"  # the configuration item that decides what a plain SUBNET does
_WORD = re.compile("[A-Z0-9_]*[G-Z_][A-Z0-9_]*")  # in capitals, and no part of an IPv6 address
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_@-]*")
_SERVICES_OF_IPV6 = re.compile("[0-9A-Fa-f:]+/[0-9]+:[^:]+")
FAMILIES = ("ipv4", "ipv6")
KEYS = ("type", "family", "accept", "subnet", "user", "group", "services")

# Names of services that the Access Server knows, as ports (the document shows https, rdp and imaps).
SERVICES: t.Mapping[str, str] = {
    "dns": "udp/53",
    "ftp": "tcp/21",
    "http": "tcp/80",
    "https": "tcp/443",
    "imap": "tcp/143",
    "imaps": "tcp/993",
    "ldap": "tcp/389",
    "ldaps": "tcp/636",
    "mysql": "tcp/3306",
    "ntp": "udp/123",
    "pop3": "tcp/110",
    "pop3s": "tcp/995",
    "postgresql": "tcp/5432",
    "rdp": "tcp/3389",
    "smb": "tcp/445",
    "smtp": "tcp/25",
    "smtps": "tcp/465",
    "snmp": "udp/161",
    "ssh": "tcp/22",
    "submission": "tcp/587",
    "telnet": "tcp/23",
    "vnc": "tcp/5900",
}

ICMP_TYPES = tuple(
    "icmp-" + name
    for name in [
        "any",
        "echo-reply",
        "destination-unreachable",
        "network-unreachable",
        "host-unreachable",
        "protocol-unreachable",
        "port-unreachable",
        "fragmentation-needed",
        "source-route-failed",
        "network-unknown",
        "host-unknown",
        "network-prohibited",
        "host-prohibited",
        "TOS-network-unreachable",
        "TOS-host-unreachable",
        "communication-prohibited",
        "host-precedence-violation",
        "precedence-cutoff",
        "source-quench",
        "redirect",
        "network-redirect",
        "host-redirect",
        "TOS-network-redirect",
        "TOS-host-redirect",
        "echo-request",
        "router-advertisement",
        "router-solicitation",
        "time-exceeded",
        "ttl-zero-during-transit",
        "ttl-zero-during-reassembly",
        "parameter-problem",
        "ip-header-bad",
        "required-option-missing",
        "timestamp-request",
        "timestamp-reply",
        "address-mask-request",
    ]
)
_ICMP_BY_FOLDED = {name.lower(): name for name in ICMP_TYPES}


def parse(text: str, subnet_does: t.Optional[str] = None) -> Rule:
    """A structured rule in normal form. Raises ValueError with a sentence.

    ``subnet_does`` is what the class SUBNET does on the server of this rule if the rule itself does not decide it: ``nat`` or
    ``route``.
    """
    accept, kind, separator, rest = _dissected(text)
    found: Rule = {"accept": accept}
    if kind in NAMED_TYPES:
        found.update(type=kind, family=_family(separator), **{kind: rest})
    elif kind in PLAIN_TYPES:
        if rest:
            raise ValueError(f"{text!r}: nothing may follow {kind}")
        found.update(type=kind, family=_family(separator))
    else:
        network, services, suffix = _network_parts(rest)
        if services.lower() in values.PROTOCOLS and suffix[:1].isdigit():
            raise ValueError(f"{text!r} has a colon between protocol and port; write {services.lower()}/{suffix}")
        if suffix and suffix.upper() not in SUFFIXES:
            raise ValueError(f"{text!r} ends in {suffix!r}; only R (route) or N (NAT) may follow the services")
        found.update(type=_does(text, kind, suffix.upper(), subnet_does), subnet=network)
        found["services"] = [one.strip() for one in services.split(",")] if services else []
    try:
        return normal(found)
    except ValueError as exc:
        named = str(exc).startswith(repr(text))  # the rule is this value alone
        raise ValueError(str(exc) if named else f"{text!r}: {exc}") from None


def is_of_server(text: str) -> bool:
    """Whether a rule is written as the server keeps it: a sign, a class in capitals, and what belongs to it."""
    return text[:1] in ("+", "-") and _split_once(text[1:])[0] in CLASSES


def subnet_of(text: str) -> str:
    """The network of a rule as it is written; empty for a rule without a network."""
    _accept, kind, _separator, rest = _dissected(text)
    return "" if kind in (*NAMED_TYPES, *PLAIN_TYPES) else _network_parts(rest)[0]


def _dissected(text: str) -> tuple[bool, str, str, str]:
    """Whether a rule allows, its class or an empty text, the separator behind the class, and the rest. Raises ValueError."""
    given = text.strip()
    if given.startswith("!"):
        raise ValueError(f"{text!r} begins with !; a rule that denies begins with -, as in '-{given[1:].strip()}'")
    body = given[1:].strip() if given[:1] in ("+", "-") else given
    head, separator, rest = _split_once(body)
    kind = head if head in (*NAMED_TYPES, *PLAIN_TYPES) else CLASSES.get(head, "")
    if "://" in given and kind not in NAMED_TYPES:
        raise ValueError(f"{text!r} is a URL; write the address, and after a colon the service, as in 10.20.0.5:https")
    if not kind and head.upper() in CLASSES:
        raise ValueError(f"{text!r}: write {head.upper()} in capital letters, not {head}")
    if not kind and _WORD.fullmatch(head):
        raise ValueError(f"{text!r}: {head} is not a class of rules; use one of {', '.join(CLASSES)}")
    return not given.startswith("-"), kind, separator, rest if kind else body


def _does(text: str, kind: str, suffix: str, subnet_does: t.Optional[str]) -> str:
    """What a rule for a network does, by its class and its suffix: one of NETWORK_TYPES. Raises ValueError."""
    named = SUFFIXES.get(suffix)
    if kind == SUBNET:
        if named or subnet_does:
            return named or str(subnet_does)
        raise ValueError(
            f"{text!r}: the configuration of the server ({DECIDES}) decides whether SUBNET routes or translates addresses "
            "(NAT); write ROUTE or NAT instead"
        )
    if kind and named not in (None, kind):
        raise ValueError(f"{text!r}: {kind.upper()} at the start and {suffix} at the end contradict each other")
    return named or kind or "nat"


def _split_once(body: str) -> tuple[str, str, str]:
    """The word in front of the first ``:`` or ``|``, that sign, and the rest."""
    found = [at for at in (body.find(":"), body.find("|")) if at >= 0]
    if not found:
        return body, "", ""
    at = min(found)
    return body[:at], body[at], body[at + 1 :]


def _family(separator: str) -> str:
    return "ipv6" if separator == "|" else "ipv4"


def _network_parts(body: str) -> tuple[str, str, str]:
    six = "|" in body or body.split("/")[0].count(":") > 1
    network, *rest = body.split("|" if six else ":")
    if len(rest) > 2:
        raise ValueError(f"{body!r} has more than three parts; write NETWORK[:SERVICES[:R|N]]")
    services, suffix = (*rest, "", "")[:2]
    return network, services, suffix


def render(rule: t.Mapping[str, t.Any]) -> str:
    """The compact string of a rule. Raises ValueError with a sentence."""
    return written(normal(rule))


def written(found: t.Mapping[str, t.Any]) -> str:
    """The compact string of a rule in normal form."""
    sign, separator = "" if found["accept"] else "-", "|" if found["family"] == "ipv6" else ":"
    kind = found["type"]
    if kind in NAMED_TYPES:
        return f"{sign}{kind}{separator}{found[kind]}"
    if kind in PLAIN_TYPES:
        return f"{sign}{kind}{'|' if found['family'] == 'ipv6' else ''}"
    parts = [found["subnet"], ",".join(found.get("services", ())), "R" if kind == "route" else ""]
    while not parts[-1]:
        parts.pop()
    return sign + separator.join(parts)


def normal(rule: t.Mapping[str, t.Any]) -> Rule:
    """A structured rule with all defaults filled in, and networks and services in normal form."""
    unknown = sorted(set(rule) - set(KEYS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a key of an access rule; use one of {', '.join(KEYS)}")
    rule = {key: value for key, value in rule.items() if value is not None}
    kind = rule.get("type") or next((k for k in NAMED_TYPES if k in rule), "nat" if "subnet" in rule else None)
    if kind == "all_s2c_subnet":  # the spelling in the prose of the document
        kind = "all_s2c_subnets"
    if kind not in TYPES:
        raise ValueError(f"{kind!r} is not a type of access rule; use one of {', '.join(TYPES)}")
    needed = "subnet" if kind in NETWORK_TYPES else kind if kind in NAMED_TYPES else None
    idle = {"subnet", "services", *NAMED_TYPES} - {needed} - ({"services"} if needed == "subnet" else set())
    for key in sorted(idle & set(rule)):
        if rule[key]:
            raise ValueError(f"a rule of type {kind} cannot have {key}")
    if needed and not rule.get(needed):
        raise ValueError(f"a rule of type {kind} needs {needed}")
    accept = values.boolean(rule.get("accept", True))
    if not isinstance(accept, bool):
        raise ValueError(f"accept is {accept!r}; it must be true or false")
    family = rule.get("family", "ipv4")
    if needed == "subnet":
        try:
            subnet = values.network(rule["subnet"])
        except ValueError as exc:
            raise ValueError(_with_hint(str(exc), str(rule["subnet"]).strip())) from None
        family = "ipv6" if ":" in subnet else "ipv4"
        if rule.get("family", family) != family:
            raise ValueError(f"{subnet} is not a network of family {rule['family']}")
        services = sorted({service(one) for one in rule.get("services") or ()})
        found = {"subnet": subnet, **({"services": services} if services else {})}
    else:
        if needed and not isinstance(rule[needed], str):
            raise ValueError(
                f"{needed} is {rule[needed]!r}, but must be text. Put it in quotes; in a template, use | string"
            )
        found = {needed: rule[needed]} if needed else {}
    if family not in FAMILIES:
        raise ValueError(f"{family!r} is not a family; use one of {', '.join(FAMILIES)}")
    return {"type": kind, "family": family, "accept": accept, **found}


def _with_hint(sentence: str, subnet: str) -> str:
    """Why the subnet of a rule is not a network, with what to write instead if it looks like something else."""
    if domain_rule.is_domain(subnet):
        return f"{subnet!r} is a domain; use as_access_ruleset for rules by domain"
    if _NAME.fullmatch(subnet):
        return f"{sentence}; for a user or a group, write user:{subnet} or group:{subnet}"
    if _SERVICES_OF_IPV6.fullmatch(subnet):
        network, _colon, services = subnet.rpartition(":")
        return f"{sentence}; after an IPv6 network, write | before services: '{network}|{services}'"
    return sentence


def service(text: str) -> str:
    """A service in normal form: tcp/443, udp/2000-2999, or the name of an ICMP type."""
    given = str(text).strip()
    if given.lower() in _ICMP_BY_FOLDED:
        return _ICMP_BY_FOLDED[given.lower()]
    given = SERVICES.get(given.lower(), given)
    protocol, _slash, numbers = given.partition("/")
    start, _dash, end = numbers.partition("-")
    if given.isdigit():
        raise ValueError(f"{text!r} is not a service; write tcp/{given} or udp/{given}")
    if protocol.lower() not in values.PROTOCOLS or not start.isdigit() or not (end or "0").isdigit():
        raise ValueError(
            f"{text!r} is not a service; write tcp/443, udp/2000-2999, an ICMP type such as icmp-any, or one of "
            + ", ".join(sorted(SERVICES))
        )
    found = values.ports(int(start), int(end) if end else None)
    return f"{protocol.lower()}/" + "-".join(str(number) for number in found.values())


# -- the API's form


def to_wire(text: str) -> Wire:
    """The access_route object of a compact string in normal form (server behaviour, 70)."""
    rule = parse(text)
    wire: Wire = {"type": rule["type"], "accept": rule["accept"]}
    if rule["type"] in NAMED_TYPES:
        wire[f"{rule['type']}name"] = rule[rule["type"]]
    elif rule["type"] in NETWORK_TYPES:
        wire["subnet"] = values.subnet_out(rule["subnet"])
        if rule.get("services"):
            wire["subnet"]["service"] = [_service_out(one) for one in rule["services"]]
    return wire


def from_wire(wire: t.Mapping[str, t.Any], family: str) -> str:
    """The compact string of an access_route object from a list of this family."""
    rule: Rule = {"type": wire["type"], "family": family, "accept": wire.get("accept", True)}
    subnet = wire.get("subnet")
    if rule["type"] in NAMED_TYPES:
        rule[rule["type"]] = wire[f"{rule['type']}name"]
    elif subnet:
        rule["subnet"] = values.subnet_in(subnet)
        rule["services"] = [_service_in(one) for one in subnet.get("service") or subnet.get("services") or ()]
        del rule["family"]
    return render(rule)


def _service_out(text: str) -> Wire:
    if text in ICMP_TYPES:
        return {"protocol": "icmp", "type": text}
    protocol, numbers = text.split("/")
    start, _dash, end = numbers.partition("-")
    return {"protocol": protocol, **values.ports(int(start), int(end) if end else None)}


def _service_in(wire: t.Mapping[str, t.Any]) -> str:
    if wire.get("type"):
        return str(wire["type"])
    end = wire.get("end_port")
    return f"{wire['protocol']}/{wire['start_port']}" + (f"-{end}" if end else "")
