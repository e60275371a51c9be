# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of WireGuard clients: the settings in one, which of them could harm a client, and which are not secret.

The format is that of wg-quick(8), of which wg(8) reads the rest: sections, keys in any case, comments from ``#`` on. A client
has one peer, its server. Nothing here is quoted in an error: it might be a key.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from .directives import WIREGUARD, Unlisted, names_of
from .header import height

WITHHELD = "# withheld"
INTERFACE, PEER = "interface", "peer"
KEY_LENGTH = 32  # bytes
LARGEST = 1 << 20  # characters; real files are much shorter

_SECTION = re.compile(r"\s*\[(Interface|Peer)\]\s*(?:#.*)?\Z", re.IGNORECASE | re.ASCII)
_KEY = re.compile(r"[A-Za-z]+\Z")
_ENDPOINT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\s]+)):(?P<port>[0-9]{1,5})\Z")

Facts = dict[str, t.Any]


class Line(t.NamedTuple):
    """A line: its section, and what it sets, if anything; or ``flaw``, a sentence."""

    number: int
    text: str
    section: str
    key: str = ""
    value: str = ""
    flaw: str = ""


def is_wireguard(text: str) -> bool:
    """Whether a text is for WireGuard, valid or not: the first line that is not a comment opens a section."""
    first = next((line for line in text.removeprefix("\ufeff").split("\n") if line.split("#")[0].strip()), "")
    return bool(_SECTION.match(first))


def public_part(text: str) -> str:
    """The text without what is or might be a secret. It never fails, and the number of lines stays the same."""
    lines, stamp = list(_lines(text)), height(text)
    return "\n".join([*(each.text for each in lines[:stamp]), *map(_public, lines[stamp:])])


class WireGuardFile:
    """A file that wg-quick could read.

    ``unlisted`` are its settings that are not harmless by the table. Raises ValueError with a sentence that names the line and
    quotes nothing.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LARGEST:
            raise ValueError("it is too long for a file of WireGuard.")
        self.unlisted: list[Unlisted] = []
        self._found: dict[str, dict[str, list[Line]]] = {INTERFACE: {}, PEER: {}}
        peers = 0
        for each in _lines(text):
            if each.flaw:
                raise ValueError(f"line {each.number}: {each.flaw}.")
            if each.key:
                self._found[each.section].setdefault(each.key, []).append(each)
                known = WIREGUARD[each.key]
                if not known.is_harmless([each.value]):
                    self.unlisted.append(Unlisted(known.name, each.number, known.danger))
            peers += each.section == PEER and bool(_SECTION.match(each.text))
        if peers != 1:
            raise ValueError("it has no server." if not peers else "it has more than one peer, and a client has one.")
        self._private = self._key(INTERFACE, "privatekey")
        self._public = self._key(PEER, "publickey")
        if self._private is None:
            raise ValueError("it has no private key.")
        if self._public in (None, WITHHELD):
            raise ValueError("it has no public key of its server.")

    def facts(self) -> Facts:
        """Its content without secrets."""
        endpoint = self._last(PEER, "endpoint")
        return {
            "addresses": self._list(INTERFACE, "address"),
            "dns": self._list(INTERFACE, "dns"),
            "mtu": self._number(INTERFACE, "mtu"),
            "endpoint": _endpoint(endpoint) if endpoint else None,
            "allowed_ips": self._list(PEER, "allowedips"),
            "persistent_keepalive": self._number(PEER, "persistentkeepalive"),
            "server_key": self._public,
            "preshared_key": self._key(PEER, "presharedkey") is not None,
            "unlisted_directives": names_of(self.unlisted),
        }

    def _last(self, section: str, key: str) -> t.Optional[Line]:
        return self._found[section].get(key, [None])[-1]

    def _list(self, section: str, key: str) -> list[str]:
        said = (part.strip() for each in self._found[section].get(key, ()) for part in each.value.split(","))
        return [part for part in said if part]

    def _number(self, section: str, key: str) -> t.Optional[int]:
        each = self._last(section, key)
        if each is None or each.value == "off":
            return None
        if not re.match(r"[0-9]{1,5}\Z", each.value):
            raise ValueError(f"line {each.number}: this is not a number.")
        return int(each.value)

    def _key(self, section: str, key: str) -> t.Optional[str]:
        each = self._last(section, key)
        if each is None or each.value == WITHHELD:
            return each and each.value
        try:
            right = len(base64.b64decode(each.value, validate=True)) == KEY_LENGTH
        except (binascii.Error, ValueError):
            right = False
        if not right:
            raise ValueError(f"line {each.number}: this is not a key of WireGuard.")
        return each.value


def _lines(text: str) -> t.Iterator[Line]:
    """Each line. Lines after a flaw are also examined: the meaning of a line does not depend on its place."""
    section = ""
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        opened = _SECTION.match(line)
        said, mark, comment = line.partition("#")
        key, sign, value = (part.strip() for part in said.partition("="))
        if opened:
            section = opened[1].lower()
            yield Line(number, line, section)
        elif not said.strip():
            yield Line(number, line, section)
        elif sign and _KEY.match(key) and section:
            key = key.lower()
            known = key in WIREGUARD and section in WIREGUARD[key].flags
            withheld = not value and mark + comment == WITHHELD
            flaw = "" if known else "this section has no such key"
            flaw = flaw or ("" if value or withheld else "the value is missing")
            yield Line(number, line, section, key, WITHHELD if withheld else value, flaw)
        else:
            yield Line(number, line, section, flaw="this is not a setting of a section")


def _public(each: Line) -> str:
    if each.flaw:
        return WITHHELD
    if each.key:
        name = each.text.split("=")[0].strip()
        known = WIREGUARD[each.key]
        is_public = "secret" not in known.flags and known.is_harmless([each.value])
        public = each.value if is_public else WITHHELD
        return f"{name} = {public}"
    return each.text.split("#")[0].rstrip()


def _endpoint(each: Line) -> Facts:
    found = _ENDPOINT.match(each.value)
    if not found or not 0 < int(found["port"]) < 1 << 16:
        raise ValueError(f"line {each.number}: this is not an address with a port.")
    return {"host": found["v6"] or found["host"], "port": int(found["port"])}
