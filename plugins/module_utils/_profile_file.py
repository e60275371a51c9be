# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles of OpenVPN: what an .ovpn file says, and the part of it that is no secret.

The format is that of the program openvpn (``parse_line`` and ``check_inline_file`` in its options_parse.c, ``add_option``
in its options.c), with two differences: lines may have any length, and none may end in a backslash, which openvpn takes
for an escaped line break. Comments that Access Server writes for programs are read as OpenVPN Connect does
(``parse_meta_from_config`` in options.hpp of its library). Nothing here is quoted in an error: it might be a key.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._stamp import height
from ansible_collections.vpn.estate.plugins.module_utils._x509 import Certificate, from_der, public_half

WITHHELD = "# withheld"
DEFAULT_PORT, DEFAULT_PROTO = 1194, "udp"
PROTOS = {
    *("udp", "udp4", "udp6", "tcp", "tcp4", "tcp6"),
    *("tcp-client", "tcp4-client", "tcp6-client", "tcp-server", "tcp4-server", "tcp6-server"),
}
TLS_CRYPT = ("tls-auth", "tls-crypt", "tls-crypt-v2")

# Directives that are read here, with the least and the greatest number of their parameters. A block is one parameter.
READ = {
    "auth-user-pass": (0, 1),
    "ca": (1, 1),
    "cert": (1, 1),
    "cipher": (1, 1),
    "connection": (1, 1),
    "data-ciphers": (1, 1),
    "dev": (1, 1),
    "key": (1, 1),
    "ncp-ciphers": (1, 1),  # what data-ciphers was called before 2.5
    "pkcs12": (1, 1),
    "port": (1, 1),
    "proto": (1, 1),
    "remote": (1, 3),
    "rport": (1, 1),
    "static-challenge": (2, 3),
    "tls-auth": (1, 2),
    "tls-crypt": (1, 1),
    "tls-crypt-v2": (1, 2),
}
BLOCKS = {"auth-user-pass", "ca", "cert", "connection", "key", "pkcs12", *TLS_CRYPT}  # those of them that can be one
CERTIFICATES = {"ca", "cert", "extra-certs"}  # blocks of which certificates are public, and nothing else

# Directives whose parameters are no secrets. Of others, and of lines that are none, nothing is public.
_HARMLESS = """
allow-compression allow-recursive-routing auth auth-nocache auth-retry bind block-ipv6 block-outside-dns client
comp-lzo compress connect-retry connect-retry-max connect-timeout crl-verify data-ciphers-fallback dev-node dev-type
dhcp-option disable-dco dns explicit-exit-notify extra-certs fast-io float fragment group hand-window ifconfig
ifconfig-ipv6 ignore-unknown-option inactive keepalive key-direction link-mtu local lport mssfix mtu-disc mute
mute-replay-warnings nobind ns-cert-type peer-fingerprint persist-key persist-tun ping ping-exit ping-restart
ping-timer-rem pull pull-filter push-peer-info rcvbuf redirect-gateway redirect-private register-dns remote-cert-eku
remote-cert-ku remote-cert-tls remote-random remote-random-hostname reneg-bytes reneg-pkts reneg-sec resolv-retry
route route-delay route-gateway route-ipv6 route-method route-metric route-nopull script-security server-poll-timeout
sndbuf socket-flags tls-cipher tls-ciphersuites tls-client tls-groups tls-timeout tls-version-max tls-version-min
topology tran-window tun-mtu user verb verify-x509-name windows-driver
"""
PUBLIC = {*READ, *_HARMLESS.split()}
PUBLIC_VARIABLES = {"CLIENT_CERT", "FORWARD_COMPATIBLE", "FRIENDLY_NAME", "GENERIC_CONFIG", "PUSH_PEER_INFO"}
# What Access Server tells programs: in a comment of its own, one by line. Long values (..._START, ..._STOP) are not read.
_SETTING = re.compile(
    r"# OVPN_ACCESS_SERVER_(AUTOLOGIN|EXTERNAL_PKI|FRIENDLY_NAME|GENERIC|ORGANIZATION|PROFILE|USERNAME|WSHOST)=(.*)\Z"
)

_BLANK = re.compile(r"(?:\s|\\\s)*", re.ASCII)  # between words a backslash before a blank counts for nothing
_COMMENT = re.compile(r"\\?[#;]")
_WORD = re.compile(
    r"""
    "(?P<quoted>(?:[^"\\]|\\[\\"\s])*)"
    | '(?P<verbatim>[^']*)'
    | (?!["'])(?P<plain>(?:[^\s\\]|\\[\\"\s])+)(?=\s|\Z)
    """,
    re.ASCII | re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_BLANKS = " \t\n\v\f\r"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*\Z")

Facts = dict[str, t.Any]


class Statement(t.NamedTuple):
    """A directive, or a line without one, which has no name.

    ``number`` is that of its line, from 1; ``line`` is the text of it, without a comment behind a directive; ``body`` are
    the lines of its block; ``flaw`` is a sentence, and then nothing else is known.
    """

    number: int
    line: str
    name: str
    parameters: t.Sequence[str] = ()
    body: t.Optional[t.Sequence[str]] = None
    flaw: str = ""


def public_part(text: str) -> str:
    """The text without what is or might be a secret. Never fails, and has the same number of lines.

    Gone are what is in blocks, but for certificates and connections; directives that are not in PUBLIC; comments, but
    for the settings of Access Server and the stamp of this collection; and everything from the first flaw on, where a
    block can no longer be told from the rest. As a profile it says the same as the text, or has its first flaw in the same line.
    """
    lines, stamp = _lines(text), height(text)
    return "\n".join([*lines[:stamp], *_public(lines[stamp:])])


class Profile:
    """A profile that openvpn could read.

    Raises ValueError with a sentence that names the line and quotes nothing.
    """

    def __init__(self, text: str) -> None:
        statements = _read(_lines(text))
        self.remotes = _remotes(statements)
        found = (_SETTING.match(each.line) for each in statements if not each.name)
        self._settings = {setting[1]: setting[2] for setting in found if setting}
        self._variables = {
            each.parameters[0]: each.parameters[1:] for each in statements if each.name == "setenv" and each.parameters
        }
        self._last = {each.name: each for each in statements}  # of what is said twice, openvpn takes the latter
        everywhere = (inner for each in statements for inner in (each, *_inside(each)))
        self._tls_crypt = ["none", *(each.name for each in everywhere if each.name in TLS_CRYPT)][-1]
        self._certificates, self._authorities = (_certificates(self._last.get(name)) for name in ("cert", "ca"))

    def facts(self) -> Facts:
        """What it says, without secrets; docs of the filter ovpn_info have it key by key.

        Needs the library cryptography where there are certificates. Raises ValueError where they are none.
        """
        ciphers = self._parameter("data-ciphers", "ncp-ciphers")
        own = [self._read("cert", one) for one in self._certificates[:1]]
        return {
            "remotes": self.remotes,
            "proto": self._parameter("proto") or DEFAULT_PROTO,
            "dev": self._parameter("dev"),
            "cipher": self._parameter("cipher"),
            "data_ciphers": ciphers.split(":") if ciphers else [],
            "asks_for_password": self._asks_for_password(),
            "static_challenge": self._static_challenge(),
            "tls_crypt": self._tls_crypt,
            "access_server": self._access_server(),
            "certificate": own[0].facts() if own else None,
            "ca": [self._read("ca", one).facts() for one in self._authorities],
            "key_present": any(self._body(name) for name in ("key", "pkcs12")),
            "key_matches": _matches(self._body("key"), own[0]) if own else None,
        }

    def days_left(self) -> t.Optional[int]:
        """Whole days until its own certificate expires; None where it has none."""
        own = [self._read("cert", one) for one in self._certificates[:1]]
        return own[0].days_left() if own else None

    def _parameter(self, *names: str) -> t.Optional[str]:
        said = [self._last[name] for name in names if name in self._last]
        return max(said, key=lambda each: each.number).parameters[0] if said else None

    def _body(self, name: str) -> str:
        each = self._last.get(name)
        return "\n".join(each.body or ()).strip() if each else ""

    def _asks_for_password(self) -> bool:
        each = self._last.get("auth-user-pass")
        return each is not None and each.body is None and not each.parameters

    def _static_challenge(self) -> t.Optional[Facts]:
        each = self._last.get("static-challenge")
        return {"text": each.parameters[0], "echo": each.parameters[1] == "1"} if each else None

    def _access_server(self) -> t.Optional[Facts]:
        """What Access Server has written about the profile (server-behaviour.md, 95 and 96); None where it has not."""
        if not self._settings:
            return None
        said = self._settings
        user, _at, place = said.get("PROFILE", "").rpartition("@")
        server, _slash, kind = place.partition("/")
        friendly = said.get("FRIENDLY_NAME") or " ".join(self._variables.get("FRIENDLY_NAME", ()))
        if _true(said.get("EXTERNAL_PKI")):
            profile_type: t.Optional[str] = "epki-generic"
        elif _true(said.get("GENERIC")) or "GENERIC_CONFIG" in self._variables:
            profile_type = "generic"
        elif _true(said.get("AUTOLOGIN")) or kind == "AUTOLOGIN":
            profile_type = "autologin"
        else:
            profile_type = "userlogin" if said.get("USERNAME") or user else None
        return {
            "user": said.get("USERNAME") or user or None,
            "server": server or None,
            "web_address": said.get("WSHOST") or None,
            "profile_type": profile_type,
            "friendly_name": friendly or None,
            "organization": said.get("ORGANIZATION") or None,
        }

    def _read(self, name: str, der: bytes) -> Certificate:
        try:
            return from_der(der)
        except ValueError as exc:
            raise ValueError(f"line {self._last[name].number}: {exc}.") from None


def _true(value: t.Optional[str]) -> bool:
    return (value or "").lower() in ("1", "true")


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def _words(line: str) -> tuple[list[str], int]:
    """The words of a line, and where a comment behind them begins. Raises ValueError."""
    if "\0" in line:
        raise ValueError("there is a NUL character")
    words: list[str] = []
    at = _skip_blanks(line, 0)
    while at < len(line) and not _COMMENT.match(line, at):
        found = _WORD.match(line, at)
        if not found:
            raise ValueError("a quotation mark is not closed, or a backslash stands where none may stand")
        kind = str(found.lastgroup)
        words.append(found[kind] if kind == "verbatim" else _ESCAPED.sub(r"\1", found[kind]))
        at = _skip_blanks(line, found.end())
    return words, at


def _skip_blanks(line: str, at: int) -> int:
    return t.cast("re.Match[str]", _BLANK.match(line, at)).end()


def _statements(lines: t.Sequence[str], first: int = 1) -> t.Iterator[Statement]:
    """What stands in lines, the number of the first of which is given. The first flaw is the end."""
    position = 0
    while position < len(lines):
        line, number = lines[position], first + position
        position += 1
        try:
            words, end = _words(line)
        except ValueError as exc:
            yield Statement(number, "", "", flaw=str(exc))
            return
        if words and words[0].startswith("--") and len(words[0]) > 2:
            words[0] = words[0][2:]
        is_block = len(words) == 1 and len(words[0]) > 1 and words[0][0] + words[0][-1] == "<>"
        optional = words[:2] == ["setenv", "opt"]  # the rest is a directive that older programs may not know
        words = words[2:] if optional else words
        if not words:
            yield Statement(number, line, "")
            continue
        name = words[0][1:-1] if is_block else words[0]
        flaw, body = "", None
        if not _NAME.match(name) and not optional:
            flaw = "this is no directive"
        elif is_block:
            closing = f"</{name}>"
            rest = range(position, len(lines))
            close = next((at for at in rest if lines[at].lstrip(_BLANKS).startswith(closing)), None)
            if close is None:
                flaw = "the block that begins here has no end"
            else:
                body, position = lines[position:close], close + 1
        yield Statement(number, line[:end], name, words[1:], body, flaw)
        if flaw:
            return


def _public(lines: t.Sequence[str]) -> list[str]:
    public: list[str] = []
    for each in _statements(lines):
        if each.flaw:
            public.append(f'"{WITHHELD}')  # the open quotation mark is a flaw, too
        elif each.body is None:
            public.append(_public_line(each))
        else:
            public += [each.line, *_public_body(each.name, each.body), f"</{each.name}>"]
    return public + [""] * (len(lines) - len(public))


def _public_line(each: Statement) -> str:
    if not each.name:
        return each.line if each.line == WITHHELD or _SETTING.match(each.line) else ""
    if each.name == "setenv":
        return each.line if PUBLIC_VARIABLES.issuperset(each.parameters[:1]) else WITHHELD
    return each.line if each.name in PUBLIC else WITHHELD


def _public_body(name: str, body: t.Sequence[str]) -> list[str]:
    if name == "connection":
        return _public(body)
    if name in CERTIFICATES:
        return _certificate_lines(body)
    return [WITHHELD if number == 0 and any(line.strip() for line in body) else "" for number in range(len(body))]


def _certificate_lines(body: t.Sequence[str]) -> list[str]:
    """The lines that belong to certificates; all others, which may be a key, are empty."""
    kept, inside = [], False
    for line in body:
        bare = line.strip(_BLANKS)
        last = inside and bare == _END
        inside = bare == _BEGIN or (inside and (last or bool(_BASE64.match(bare))))
        kept.append(bare if inside else "")
        inside = inside and not last
    return kept


def _read(lines: t.Sequence[str], first: int = 1) -> list[Statement]:
    statements = list(_statements(lines, first))
    for each in statements:
        least, most = READ.get(each.name, (0, len(each.parameters) + 1))
        if each.flaw:
            flaw = each.flaw
        elif each.body is not None and each.name in READ and each.name not in BLOCKS:
            flaw = "this directive cannot be a block"
        elif not least <= len(each.parameters) + (each.body is not None) <= most:
            flaw = "this directive has too many parameters or too few"
        else:
            continue
        raise ValueError(f"line {each.number}: {flaw}.")
    return statements


def _inside(each: Statement) -> list[Statement]:
    return _read(each.body, each.number + 1) if each.name == "connection" and each.body is not None else []


def _remotes(statements: t.Sequence[Statement]) -> list[Facts]:
    """Where openvpn tries to connect to: to what the connection blocks say, or else to the remotes outside."""
    shared: Facts = {"port": DEFAULT_PORT, "proto": DEFAULT_PROTO}
    blocks: list[Facts] = []
    remotes: list[Facts] = []
    for each in statements:
        if each.name == "connection" and each.body is not None:
            block = dict(shared)
            for inner in _inside(each):
                block.update(_endpoint(inner))
            if "host" not in block:
                raise ValueError(f"line {each.number}: this connection has no remote.")
            blocks.append(block)
        elif each.name == "remote":
            remotes.append(_endpoint(each))
        else:
            shared.update(_endpoint(each))
    found = blocks or [{**shared, **remote} for remote in remotes]
    return [{key: one[key] for key in ("host", "port", "proto")} for one in found]


def _endpoint(each: Statement) -> Facts:
    """What a directive says of host, port and proto."""
    keys = {"remote": ("host", "port", "proto"), "port": ("port",), "rport": ("port",), "proto": ("proto",)}
    said: Facts = dict(zip(keys.get(each.name, ()), each.parameters))
    if "port" in said:
        said["port"] = _port(each.number, said["port"])
    if said.get("proto", DEFAULT_PROTO) not in PROTOS:
        raise ValueError(f"line {each.number}: there is no such protocol.")
    return said


def _port(number: int, text: str) -> t.Union[int, str]:
    """A number where it is one; openvpn takes names of services as well."""
    if not re.match(r"[0-9]+\Z", text):
        return text
    if len(text) > 5 or not 0 < int(text) < 1 << 16:
        raise ValueError(f"line {number}: the port is not from 1 to 65535.")
    return int(text)


def _certificates(each: t.Optional[Statement]) -> list[bytes]:
    """The certificates of a block, in DER; none where they are in another file."""
    if each is None or each.body is None:
        return []
    text = "\n".join(_certificate_lines(each.body))
    pieces = [piece.partition(_END) for piece in text.split(_BEGIN)[1:]]
    try:
        found = [base64.b64decode("".join(piece.split()), validate=True) for piece, end, _rest in pieces if end]
    except binascii.Error:
        found = []
    if not found or len(found) < len(pieces):
        raise ValueError(f"line {each.number}: in this block there is no whole certificate.")
    return found


def _matches(private_key: str, certificate: Certificate) -> t.Optional[bool]:
    """None where the private key is withheld, encrypted or unreadable."""
    try:
        return public_half(private_key) == certificate.public_key
    except ValueError:
        return None
