# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles of OpenVPN: the content of an .ovpn file, what in it could harm a client, and the part that is not secret.

The format is that of the program openvpn, version 2.6 (``parse_line``, ``check_inline_file``, ``add_option`` and
``options_postprocess`` in its options.c). Tests compare the reader with the program. It is stricter where programs could read
a text in two ways, so that no directive can hide from it: NUL characters, lines that end in a backslash, and the end of a
block within a line, which openvpn finds at every 255th byte, are refused. It is less strict where only the values of
directives matter: of these it reads only hosts, ports and protocols.

Comments that Access Server writes for programs are read as in OpenVPN Connect (``parse_meta_from_config`` in options.hpp of
its library). Errors quote nothing of a profile, because it might be a key. They show only names that openvpn knows.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import typing as t

from .directives import DIRECTIVES, MOST, UNKNOWN, Directive, Unlisted, names_of
from .header import height
from .pem import BEGIN, END, Certificate, from_der, public_half

WITHHELD = "# withheld"
DEFAULT_PORT, DEFAULT_PROTO = 1194, "udp"
PROTOS = {
    *("udp", "udp4", "udp6", "tcp", "tcp4", "tcp6"),
    *("tcp-client", "tcp4-client", "tcp6-client", "tcp-server", "tcp4-server", "tcp6-server"),
}
TLS_CRYPT = ("tls-auth", "tls-crypt", "tls-crypt-v2")
# Directives with which the private key is in another place, or in a block that contains more than the key.
KEY_ELSEWHERE = {"pkcs12", "pkcs11-id", "pkcs11-id-management", "cryptoapicert", "management-external-key"}

LARGEST = 1 << 20  # characters; real profiles are much shorter
LONGEST = 254  # bytes of a line outside of blocks, without its end (OPTION_LINE_SIZE in options.h)
CERTIFICATES = {"ca", "cert", "extra-certs"}  # blocks whose certificates are public; the rest of them is not
HIDDEN = "withheld"  # stands for a word that might be a secret
INLINE = "[inline]"  # before openvpn 2.5, this announced a block that follows

PUBLIC_VARIABLES = {"CLIENT_CERT", "FORWARD_COMPATIBLE", "FRIENDLY_NAME", "GENERIC_CONFIG", "PUSH_PEER_INFO"}
# Settings that Access Server writes for programs, each in a comment line. Long values (..._START, ..._STOP) are not read.
_SETTING = re.compile(
    r"# OVPN_ACCESS_SERVER_(AUTOLOGIN|EXTERNAL_PKI|FRIENDLY_NAME|GENERIC|ORGANIZATION|PROFILE|USERNAME|WSHOST)=(.*)\Z"
)

_BLANK = re.compile(r"(?:\s|\\\s)*", re.ASCII)  # between words, a backslash before a blank has no effect
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
_SHOWN = re.compile(r"(?=.{1,40}\Z)[a-z]+(-[a-z0-9]+)*\Z")  # a name that cannot be a line of a key
_BLANKS = " \t\n\v\f\r"
_BEGIN_KEY = re.compile(r"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----[ \t\r]*\Z")
_BEGIN_STATIC_KEY = re.compile(r"-----BEGIN OpenVPN Static key V1-----[ \t\r]*\Z")
_BEGIN_WRAPPED_KEY = re.compile(r"-----BEGIN OpenVPN tls-crypt-v2 client key-----[ \t\r]*\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*\Z")

Facts = dict[str, t.Any]


class Statement(t.NamedTuple):
    """A directive, or a line without one, which has no name.

    ``number`` is that of its line, from 1; ``line`` is its text, without a comment after a directive; ``body`` are the lines
    of its block; ``is_optional``: older programs may ignore it (``setenv opt``); ``flaw`` is a sentence, and then nothing
    else is known.
    """

    number: int
    line: str
    name: str
    parameters: t.Sequence[str] = ()
    body: t.Optional[t.Sequence[str]] = None
    is_optional: bool = False
    flaw: str = ""

    @property
    def directive(self) -> t.Optional[Directive]:
        """Its row in the table of directives; None where openvpn does not know it."""
        return DIRECTIVES.get(self.name)

    @property
    def is_harmless(self) -> bool:
        """Whether it is harmless by the table. The content of its block is not checked here, only whether it may be a block."""
        known = self.directive
        if known is None:
            return False
        return not known.is_refused if self.body is not None else known.is_harmless(self.parameters)

    @property
    def is_passed_over(self) -> bool:
        """Whether openvpn only warns of it."""
        return self.is_optional and (self.directive is None or not self.directive.takes(len(self.parameters)))


def public_part(text: str) -> str:
    """The text without what is or might be a secret. It never fails, and the number of lines stays the same.

    Removed are: the content of blocks, except certificates and connections; the parameters of directives that are not
    harmless; names that openvpn does not know, unless it could read all the rest; comments, except the settings of Access
    Server and the stamp of this collection; and everything from the first flaw on, where blocks cannot be distinguished from
    the rest. The result has the same meaning as the text, or has its first flaw in the same line.
    """
    lines, stamp = _lines(text), height(text)
    try:
        Profile(text)
        names_are_shown = True
    except ValueError:
        names_are_shown = False
    return "\n".join([*(line.rstrip("\r") for line in lines[:stamp]), *_public(lines[stamp:], names_are_shown)])


class Profile:
    """A profile that openvpn could start with.

    ``unlisted`` are its directives that are not harmless by the table. Raises ValueError with a sentence that names the line,
    if there is one, and quotes nothing.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LARGEST:
            raise ValueError("it is too long for a profile.")
        statements = _read(_lines(text))
        everywhere = [inner for each in statements for inner in (each, *_inside(each))]
        self.unlisted = [_unlisted(each) for each in everywhere if each.name and not each.is_harmless]
        statements = [each for each in statements if not each.is_passed_over]
        self.remotes = _remotes(statements)
        found = (_SETTING.match(each.line) for each in statements if not each.name)
        self._settings = {setting[1]: setting[2] for setting in found if setting}
        self._variables = {
            each.parameters[0]: each.parameters[1:] for each in statements if each.name == "setenv" and each.parameters
        }
        self._last = {each.name: each for each in statements}  # of two equal directives, openvpn takes the latter
        self._tls_crypt = ["none", *(each.name for each in everywhere if each.name in TLS_CRYPT)][-1]
        self._refuse_broken(
            [_inside(each) for each in statements if each.name == "connection" and each.body is not None]
        )
        self._certificates, self._authorities = (_certificates(self._last.get(name)) for name in ("cert", "ca"))
        self._refuse_incomplete()

    def _refuse_broken(self, connections: t.Sequence[t.Sequence[Statement]]) -> None:
        """Check the blocks that openvpn needs: not those outside if each connection has its own key for the control channel."""
        by_themselves = [any(each.name in TLS_CRYPT for each in inside) for inside in connections]
        unused = TLS_CRYPT if by_themselves and all(by_themselves) else ()
        outside = [each for each in self._last.values() if each.name not in unused]
        for each in itertools.chain(outside, *connections):
            _refuse_broken(each)

    def _refuse_incomplete(self) -> None:
        """Check what openvpn needs before it connects to a server (options_postprocess_verify in its options.c)."""
        said, own = self._last.keys(), self._last.keys() & {"cert", "key"}
        without_key = said & KEY_ELSEWHERE or _true(self._settings.get("EXTERNAL_PKI"))
        if "dev" not in said:
            raise ValueError("it names no device (dev).")
        if not said & {"client", "tls-client"}:
            raise ValueError("it is not for a client (client).")
        if not self.remotes:
            raise ValueError("it names no server (remote).")
        if not said & {"ca", "capath", "peer-fingerprint", "pkcs12"}:
            raise ValueError("it names no certificate authority (ca).")
        if len(own) == 1 and not without_key:
            raise ValueError("it has only a certificate (cert) or only its key (key), and needs both.")
        if not own and not without_key and "auth-user-pass" not in said:
            raise ValueError("it has no certificate (cert), and does not ask for a password (auth-user-pass).")

    def facts(self) -> Facts:
        """Its content without secrets; the documentation of the filter ovpn_info lists the keys.

        It needs the library cryptography if there are certificates. Raises ValueError if these are not valid.
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
            "unlisted_directives": names_of(self.unlisted),
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
        """What Access Server has written about the profile (server behaviour, 95 and 96); None where it wrote nothing."""
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
    """The lines as openvpn reads them: with a carriage return, if there is one, which counts as a blank."""
    return text.removeprefix("\ufeff").split("\n")


def _is_too_long(line: str) -> bool:
    return len(line.encode("utf-8", "surrogatepass")) > LONGEST


def _words(line: str) -> tuple[list[str], int]:
    """The words of a line that openvpn reads, and the position after them. Raises ValueError."""
    if "\0" in line:
        raise ValueError("there is a NUL character")
    if _is_too_long(line):
        raise ValueError(f"the line is longer than {LONGEST} bytes")
    words: list[str] = []
    at = _skip_blanks(line, 0)
    while at < len(line) and len(words) <= MOST and not _COMMENT.match(line, at):
        found = _WORD.match(line, at)
        if not found:
            raise ValueError("a quotation mark is not closed, or a backslash is in a place where none is allowed")
        kind = str(found.lastgroup)
        words.append(found[kind] if kind == "verbatim" else _ESCAPED.sub(r"\1", found[kind]))
        at = _skip_blanks(line, found.end())
    return words, at


def _skip_blanks(line: str, at: int) -> int:
    return t.cast("re.Match[str]", _BLANK.match(line, at)).end()


def _statements(lines: t.Sequence[str], first: int = 1) -> t.Iterator[Statement]:
    """The statements in lines; ``first`` is the number of the first line. They end with the first flaw."""
    position = 0
    while position < len(lines):
        line, number = lines[position].rstrip("\r"), first + position
        try:
            words, end = _words(lines[position])
        except ValueError as exc:
            yield Statement(number, "", "", flaw=str(exc))
            return
        position += 1
        if words and words[0].startswith("--") and len(words[0]) > 2:
            words[0] = words[0][2:]
        is_block = len(words) == 1 and len(words[0]) > 1 and words[0][0] + words[0][-1] == "<>"
        is_optional = words[:2] == ["setenv", "opt"]  # the rest is a directive that older programs may not know
        words = words[2:] if is_optional else words
        if not words:
            yield Statement(number, line, "")
            continue
        name = words[0][1:-1] if is_block else words[0]
        flaw, body = "", None
        if not _NAME.match(name) and not is_optional:
            flaw = "this is not a directive"
        elif is_block:
            flaw, size = _block(lines, position, f"</{name}>")
            body = [each.rstrip("\r") for each in lines[position : position + size]]
            position += size + 1
        yield Statement(number, line[:end], name, words[1:], body, is_optional, flaw)
        if flaw:
            return


def _block(lines: t.Sequence[str], first: int, closing: str) -> tuple[str, int]:
    """What is wrong with the block whose content begins at this index, and how many lines it has.

    openvpn reads a block in pieces of at most 255 bytes and looks for its end at the start of each piece, so in a longer line
    it would find an end that other programs do not see.
    """
    for size in range(len(lines) - first):
        line = lines[first + size]
        if "\0" in line:
            return "the block that begins here contains a NUL character", 0
        if line.lstrip(_BLANKS).startswith(closing):
            return ("the line that ends the block is too long" if _is_too_long(line) else ""), size
        if closing in line:
            return "the end of the block that begins here is within a line", 0
    return "the block that begins here has no end", 0


def _public(lines: t.Sequence[str], names_are_shown: bool) -> list[str]:
    public: list[str] = []
    for each in _statements(lines):
        if each.flaw:
            public.append(f'"{WITHHELD}')  # the open quotation mark is also a flaw
        elif each.body is None:
            public.append(_public_line(each, names_are_shown))
        else:
            name = _public_name(each, names_are_shown)
            body = _public_body(each.name, each.body, names_are_shown)
            public += [each.line if name == each.name else f"<{name}>", *body, f"</{name}>"]
    return public + [""] * (len(lines) - len(public))


def _public_line(each: Statement, names_are_shown: bool) -> str:
    if not each.name:
        return each.line if each.line == WITHHELD or _SETTING.match(each.line) else ""
    known = each.directive
    if known is None or not each.is_harmless:
        words = [_public_name(each, names_are_shown), *(word if word == INLINE else HIDDEN for word in each.parameters)]
        return " ".join(["setenv opt", *words] if each.is_optional else words)
    is_secret = "secret" in known.flags and not (
        each.name == "setenv" and PUBLIC_VARIABLES.issuperset(each.parameters[:1])
    )
    return WITHHELD if is_secret else each.line


def _public_name(each: Statement, is_shown: bool) -> str:
    """Its name, where that cannot be a secret."""
    return each.name if each.directive or (is_shown and _SHOWN.match(each.name)) else HIDDEN


def _public_body(name: str, body: t.Sequence[str], names_are_shown: bool) -> list[str]:
    if name == "connection":
        return _public(body, names_are_shown)
    if name in CERTIFICATES:
        return _certificate_lines(body)
    is_there = any(line.strip() for line in body) and _is_whole(name, "\n".join(body))
    return [WITHHELD if number == 0 and is_there else "" for number in range(len(body))]


def _certificate_lines(body: t.Sequence[str]) -> list[str]:
    """The lines that belong to certificates; all others, which may be lines of a key, are empty."""
    kept, inside = [], False
    for line in body:
        bare, whole = line.strip(_BLANKS), line.rstrip(_BLANKS)  # the first and the last line may not be indented
        last = inside and whole == END
        inside = whole == BEGIN or (inside and (last or bool(_BASE64.match(bare))))
        kept.append(bare if inside else "")
        inside = inside and not last
    return kept


def _has_certificates(text: str) -> bool:
    return bool(_decoded(text))


def _framed(text: str, begin: re.Pattern[str]) -> list[str]:
    """The lines from the first one that matches to the next one that ends such a frame, without blanks at their ends."""
    framed: list[str] = []
    for line in text.split("\n"):
        if framed or begin.match(line):
            framed.append(line.rstrip(_BLANKS))
            if line.startswith("-----END "):
                return framed
    return []


def _has_key(text: str) -> bool:
    """A private key in PEM, possibly encrypted, with headers for the encryption (RFC 1421)."""
    framed = _framed(text, _BEGIN_KEY)
    if not framed or framed[-1] != framed[0].replace("BEGIN", "END"):
        return False
    body = framed[1:-1]
    if body and ":" in body[0]:
        body = body[body.index("") + 1 :] if "" in body else []
    return bool(body) and all(_BASE64.match(line.lstrip(_BLANKS)) for line in body)


def _has_static_key(text: str) -> bool:
    """A key for tls-auth or tls-crypt: hexadecimal digits of at least 128 bytes (read_key_file in openvpn's crypto.c)."""
    digits = "".join("".join(_framed(text, _BEGIN_STATIC_KEY)[1:-1]).split())
    return len(digits) >= 256 and not set(digits) - set("0123456789abcdefABCDEF")


def _has_wrapped_key(text: str) -> bool:
    """A key of a client for tls-crypt-v2."""
    return len(_framed(text, _BEGIN_WRAPPED_KEY)) > 2


# What the blocks of these directives have to contain.
CONTENTS: t.Mapping[str, t.Callable[[str], bool]] = {
    **dict.fromkeys(CERTIFICATES, _has_certificates),
    "key": _has_key,
    "tls-auth": _has_static_key,
    "tls-crypt": _has_static_key,
    "tls-crypt-v2": _has_wrapped_key,
}


def _is_whole(name: str, content: str) -> bool:
    """Whether the content of a block is what openvpn needs there, or replaces it."""
    return name not in CONTENTS or content.strip() == WITHHELD or CONTENTS[name](content)


def _refuse_broken(each: Statement) -> None:
    """Refuse a block without the content that it is for, and one that is announced and does not follow."""
    if each.body is None:
        if each.parameters[:1] == [INLINE] and each.name in (*CONTENTS, "pkcs12"):
            raise ValueError(f"line {each.number}: this line announces a block that does not follow.")
        return
    if not _is_whole(each.name, "\n".join(each.body)):
        what = "certificate" if each.name in CERTIFICATES else "key"
        raise ValueError(f"line {each.number}: this block does not contain a complete {what}.")


def _unlisted(each: Statement) -> Unlisted:
    known = each.directive
    name = each.name if known or _SHOWN.match(each.name) else ""
    return Unlisted(name if name != HIDDEN else "", each.number, known.danger if known else UNKNOWN)


def _read(lines: t.Sequence[str], first: int = 1, is_inside: bool = False) -> list[Statement]:
    statements = list(_statements(lines, first))
    for each in statements:
        flaw = each.flaw or ("" if each.directive is None else _misuse(each, each.directive, is_inside))
        if flaw:
            raise ValueError(f"line {each.number}: {flaw}.")
    return statements


def _misuse(each: Statement, known: Directive, is_inside: bool) -> str:
    """Why openvpn would not accept a directive here and in this form; empty if it would."""
    if each.body is not None and not known.may_be_block:
        return "this directive cannot be a block"
    if is_inside and not known.may_be_inside:
        return "this directive cannot be in a connection block"
    if not each.is_passed_over and not known.takes(len(each.parameters) + (each.body is not None)):
        return "this directive has too many or too few parameters"
    return ""


def _inside(each: Statement) -> list[Statement]:
    inner = _read(each.body, each.number + 1, True) if each.name == "connection" and each.body is not None else []
    return [one for one in inner if not one.is_passed_over]


def _remotes(statements: t.Sequence[Statement]) -> list[Facts]:
    """The servers that openvpn tries: those of the connection blocks, or without blocks, the remotes outside."""
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
    """The host, port and proto that a directive sets."""
    keys = {"remote": ("host", "port", "proto"), "port": ("port",), "rport": ("port",), "proto": ("proto",)}
    said: Facts = dict(zip(keys.get(each.name, ()), each.parameters))
    if "port" in said:
        said["port"] = _port(each.number, said["port"])
    if said.get("proto", DEFAULT_PROTO) not in PROTOS:
        raise ValueError(f"line {each.number}: this protocol does not exist.")
    return said


def _port(number: int, text: str) -> t.Union[int, str]:
    """A number where it is one; openvpn also accepts names of services."""
    if not re.match(r"[0-9]+\Z", text):
        return text
    if len(text) > 5 or not 0 < int(text) < 1 << 16:
        raise ValueError(f"line {number}: the port is not between 1 and 65535.")
    return int(text)


def _certificates(each: t.Optional[Statement]) -> list[bytes]:
    """The certificates of a block, in DER; empty where they are in another file."""
    return [] if each is None or each.body is None else _decoded("\n".join(each.body))


def _decoded(text: str) -> list[bytes]:
    """The certificates in a text, in DER; empty where one of them is incomplete."""
    pieces = [piece.partition(END) for piece in "\n".join(_certificate_lines(text.split("\n"))).split(BEGIN)[1:]]
    try:
        found = [base64.b64decode("".join(piece.split()), validate=True) for piece, end, _rest in pieces if end]
    except binascii.Error:
        found = []
    return found if len(found) == len(pieces) else []


def _matches(private_key: str, certificate: Certificate) -> t.Optional[bool]:
    """None where the private key is withheld, encrypted or unreadable."""
    try:
        return public_half(private_key) == certificate.public_key
    except ValueError:
        return None
