# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the Access Server writes values, and how a playbook does.

A ``*_in`` function reads a value of an answer, a ``*_out`` function writes a value for a request. The function with the
name of the thing itself brings a declared value to its normal form, and raises ValueError with a sentence.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import typing as t
from datetime import datetime, timedelta, timezone

Wire = t.Any
PROTOCOLS = ("tcp", "udp")
ICMP = "icmp"  # which has no ports
_LINE_END = re.compile("(?<!\r)\r+\n")  # each run of carriage returns is looked at once
_RANGE = re.compile(
    r"^\s*(?P<first>[0-9A-Fa-f:.]+?)\s*(?P<how>[-~]|:(?=\d+\.\d+\.\d+\.\d+\s*$))\s*(?P<last>[0-9A-Fa-f:.]+)\s*$"
)
_STARS = re.compile(r"(?P<octets>(?:\d{1,3}\.){1,3})\*(?:\.\*)*")  # 10.8.16.*
MOST_OF_RANGE = 8  # networks of a range that a sentence lists


def own(wire: Wire) -> t.Any:
    """The value set on this object itself; None if it is inherited or not set (server behaviour, 41-42)."""
    if isinstance(wire, dict) and "value" in wire:
        return None if wire.get("inherited") else wire["value"]
    return wire


def effective(wire: Wire) -> t.Any:
    """The effective value, from any source."""
    return wire["value"] if isinstance(wire, dict) and "value" in wire else wire


def source(wire: Wire) -> t.Optional[str]:
    """The source of an inherited value, such as ``default``, ``configuration`` or ``group staff``; None for an own value."""
    if not isinstance(wire, dict) or not wire.get("inherited"):
        return None
    return " ".join(str(wire[key]) for key in ("inherited_source_type", "inherited_source_name") if wire.get(key))


def boolean(value: t.Any) -> t.Any:
    """A boolean; servers also accept booleans as strings (server behaviour, 55)."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def lines(text: t.Any) -> str:
    """Text as a server keeps it: no carriage returns at line ends, no line end at the end."""
    return _LINE_END.sub("\n", str(text)).rstrip("\r\n")


def moment(text: t.Any) -> str:
    """A point in time as ``2030-03-26T00:00:00Z``; the document shows days for some times (contract)."""
    given = str(text).strip().replace(" ", "T", 1).upper()
    found = datetime.fromisoformat(re.sub("Z$", "+00:00", given))
    found = found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


def days_until(text: str) -> int:
    """Whole days from now to a moment; negative if it is in the past."""
    return (_utc(text) - datetime.now(timezone.utc)) // timedelta(days=1)


def days_since(text: str) -> int:
    """Whole days from a moment to now; negative if it is in the future."""
    return (datetime.now(timezone.utc) - _utc(text)) // timedelta(days=1)


def day_from_today(days: int) -> str:
    """The date so many days from now, in UTC; in the past for a negative number."""
    return (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def reroute(value: t.Any) -> t.Any:
    """``global``, ``dns_only`` or ``disable``; a boolean is the older spelling (server behaviour, 44)."""
    return {True: "global", False: "disable"}.get(value, value) if isinstance(value, bool) else value


def address(text: str, version: t.Optional[int] = None) -> str:
    """An address in its shortest spelling; an empty text means none."""
    text = str(text).strip()
    if not text:
        return ""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None
    if version not in (None, found.version):
        raise ValueError(f"{text!r} is not an IPv{version} address")
    return str(found)


def network(text: str) -> str:
    """ADDRESS/PREFIX with host bits cleared: 10.8.16.5/20 is 10.8.16.0/20, an address alone is a network of one."""
    try:
        return str(ipaddress.ip_network(str(text).strip(), strict=False))
    except ValueError:
        raise ValueError(f"{text!r} {_not_a_network(str(text).strip())}") from None


def _not_a_network(text: str) -> str:
    """What a text is that is not a network, and what to write instead."""
    span, stars = _RANGE.match(text), _STARS.fullmatch(text)
    if span and span["how"] == "-":
        first, last = span["first"], span["last"]
        if last.isdigit():  # 10.8.16.10-99
            last = first.rpartition(".")[0] + f".{last}"
        with contextlib.suppress(TypeError, ValueError):  # addresses of two families, or in the wrong order
            whole = [*map(str, ipaddress.summarize_address_range(*map(ipaddress.ip_address, (first, last))))]
            more = f" and {len(whole) - MOST_OF_RANGE} more" if len(whole) > MOST_OF_RANGE else ""
            return f"is a range of addresses; write its networks: {', '.join(whole[:MOST_OF_RANGE])}{more}"
    if stars:
        octets = stars["octets"].split(".")[:-1]
        with contextlib.suppress(ValueError):
            found = network(f"{'.'.join([*octets, *['0'] * (4 - len(octets))])}/{8 * len(octets)}")
            return f"has a star instead of a prefix; write it as {found}"
    return "is not a network; write it as 10.8.16.0/20 or 2001:db8::/64"


def networks(texts: t.Iterable[str]) -> list[str]:
    """A set of networks: IPv4 before IPv6, each by address."""
    return [str(one) for one in sorted({ipaddress.ip_network(network(text)) for text in texts}, key=_order)]


def host_bits(texts: t.Iterable[str]) -> dict[str, str]:
    """Networks in normal form that were written as an address in them, such as 10.8.16.5/20, by their normal form."""
    return {network(text): str(text).strip() for text in texts if has_host_bits(text)}


def has_host_bits(text: str) -> bool:
    """Whether a network is written as an address in it."""
    found = ipaddress.ip_interface(str(text).strip())
    return bool(found.ip != found.network.network_address)


def overlaps(
    networks_of: t.Mapping[str, t.Iterable[str]], of: t.Container[str]
) -> t.Iterator[tuple[str, str, str, str]]:
    """Networks of two owners, one of them in ``of``, that share addresses: owner, network, other owner, its network.

    One pair at a time: there can be very many, and a caller that needs only some of them does not wait for the rest.
    """
    every = sorted(
        (net.version, int(net.network_address), net.prefixlen, owner, net)
        for owner, texts in networks_of.items()
        for net in map(ipaddress.ip_network, texts)
    )
    # The networks around the current one, the innermost last: two networks never overlap in part.
    around: list[tuple[str, t.Any]] = []
    around_of: list[tuple[str, t.Any]] = []  # those among them whose owner is in ``of``
    for _version, _first, _prefix, owner, net in every:
        for holders in (around, around_of):
            while holders and not (holders[-1][1].version == net.version and net.subnet_of(holders[-1][1])):
                holders.pop()
        for other, one in around if owner in of else around_of:
            if other != owner:
                yield other, str(one), owner, str(net)
        around.append((owner, net))
        if owner in of:
            around_of.append((owner, net))


def _order(net: t.Any) -> tuple[int, t.Any, int]:
    return net.version, net.network_address, net.prefixlen


def networks_in(wire: Wire) -> list[str]:
    """Subnet objects, as in ``{"ipv6": false, "netip": "10.8.16.0", "prefix_length": 20}``."""
    return [subnet_in(one) for one in wire or ()]


def subnet_in(wire: Wire) -> str:
    """One subnet object; ``prefix_len`` is a spelling of the document."""
    return f"{wire['netip']}/{wire['prefix_length'] if 'prefix_length' in wire else wire['prefix_len']}"


def subnet_out(text: str) -> dict[str, t.Any]:
    """One subnet object of a network in normal form."""
    net = ipaddress.ip_network(text)
    return {"ipv6": net.version == 6, "netip": str(net.network_address), "prefix_length": net.prefixlen}


def networks_out(plain: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Subnet objects of networks in normal form."""
    return [subnet_out(one) for one in plain]


def address_range(text: str) -> str:
    """FIRST-LAST, also from FIRST~COUNT and the older FIRST:LAST of IPv4."""
    found = _RANGE.match(str(text))
    if not found:
        raise ValueError(f"{text!r} is not an address range; write it as 10.8.16.10-10.8.16.99")
    try:
        first = ipaddress.ip_address(found["first"])
        last = first + int(found["last"]) - 1 if found["how"] == "~" else ipaddress.ip_address(found["last"])
    except ValueError:
        raise ValueError(f"{text!r} is not an address range; write it as 10.8.16.10-10.8.16.99") from None
    if first.version != last.version or int(last) < int(first):
        raise ValueError(f"{text!r} ends before it begins")
    return f"{first}-{last}"


def address_ranges(texts: t.Iterable[str]) -> list[str]:
    """A set of ranges: IPv4 before IPv6, each by address."""
    return sorted({address_range(text) for text in texts}, key=_by_addresses)


def _by_addresses(text: str) -> tuple[int, list[int]]:
    ends = [ipaddress.ip_address(end) for end in text.split("-")]
    return ends[0].version, [int(end) for end in ends]


def ranges_in(wire: Wire) -> list[str]:
    """Range objects, as in ``{"ipv6": false, "first_ip": "10.8.16.10", "last_ip": "10.8.16.99"}``."""
    return [f"{one['first_ip']}-{one['last_ip']}" for one in wire or ()]


def ranges_out(plain: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Range objects of ranges in normal form."""
    pairs = [text.split("-") for text in plain]
    return [{"ipv6": ":" in first, "first_ip": first, "last_ip": last} for first, last in pairs]


def dmz(version: int) -> t.Callable[[t.Iterable[t.Mapping[str, t.Any]]], list[dict[str, t.Any]]]:
    """A set of forwarded addresses of one family; a range of one port is that port."""

    def normal(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
        found = {tuple(_forwarded(entry, version).items()) for entry in entries}
        return [dict(one) for one in sorted(found, key=str)]

    return normal


def _forwarded(entry: t.Mapping[str, t.Any], version: int) -> dict[str, t.Any]:
    forwarded: dict[str, t.Any] = {"ip": address(entry["ip"], version)}
    protocol, start, end = (entry.get(key) for key in ("protocol", "start_port", "end_port"))
    if start is None and end is not None:
        raise ValueError(f"end_port {end} of {entry['ip']} has no start_port")
    if protocol is not None:
        forwarded["protocol"] = protocol
    if start is not None:
        if protocol not in PROTOCOLS:
            has = "no protocol" if protocol is None else f"the protocol {protocol}, which has no ports"
            raise ValueError(f"start_port {start} of {entry['ip']} has {has}; it is tcp or udp")
        forwarded.update(ports(start, end))
    return forwarded


def ports(start: int, end: t.Optional[int]) -> dict[str, int]:
    """``start_port``, and ``end_port`` if it is another port."""
    last = start if end is None else end
    if not 0 < start <= last < 65536:
        raise ValueError(f"{start}-{last} is not a range of ports; they go from 1 to 65535")
    return {"start_port": start} if last == start else {"start_port": start, "end_port": last}
