# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of profiles against the program openvpn: what one would start with, the other reads, and nothing else.

openvpn has no mode that only checks. It runs with a server that is not there, and is stopped at the first word that it says of
that: at that point it has read all options, certificates and keys.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import STATIC_KEY, authority, identity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OPENVPN = shutil.which("openvpn", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
pytestmark = pytest.mark.skipif(
    not OPENVPN, reason="openvpn is not installed, so that nothing holds the reader against it"
)

LONGEST_RUN = 20  # seconds; it takes some milliseconds
READY = re.compile(
    r"Preserving recently used remote address|can't ask for 'Enter Auth Username|Cannot resolve host address"
)
CERTIFICATE, KEY = identity()
STATIC = f"-----BEGIN OpenVPN Static key V1-----\n{STATIC_KEY}\n-----END OpenVPN Static key V1-----\n"


class Program:
    """openvpn, and a port at which no server is."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "profile.ovpn"
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # and never listens
        self.port = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()

    def accepts(self, text: str) -> bool:
        """Whether it would connect."""
        return self.says(text, READY)

    def says(self, text: str, words: re.Pattern[str]) -> bool:
        """Whether it prints these words, before or when it would connect."""
        self._file.write_bytes(text.replace("PORT", str(self.port)).encode())
        command = [
            *(str(OPENVPN), "--config", str(self._file), "--verb", "3", "--connect-retry-max", "1"),
            *("--connect-timeout", "1"),
        ]
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self._file.parent
        ) as process:
            watch = threading.Timer(LONGEST_RUN, process.kill)
            watch.start()
            try:
                assert process.stdout
                for line in process.stdout:
                    said = line.decode(errors="replace")
                    if words.search(said):
                        return True
                    if READY.search(said):
                        break
                return False
            finally:
                process.kill()
                watch.cancel()


@pytest.fixture(name="program", scope="module")
def fixture_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = Program(tmp_path_factory.mktemp("openvpn"))
    yield program
    program.close()


def reads(text: str) -> bool:
    """Whether the reader takes a text for a profile."""
    try:
        Profile(text.replace("PORT", "1194")).facts()
    except ValueError:
        return False
    return True


# -- a corpus

# A whole profile, piece by piece; each ends in a line end.
BASE = {
    "comment": "# OVPN_ACCESS_SERVER_AUTOLOGIN=1\n",
    "client": "client\n",
    "remote": "remote 127.0.0.1 PORT tcp\n",
    "dev": "dev tun\n",
    "nobind": "nobind\n",
    "ca": f"<ca>\n{authority().pem}</ca>\n",
    "cert": f"<cert>\n{CERTIFICATE}</cert>\n",
    "key": f"<key>\n{KEY}</key>\n",
    "tls-auth": f"key-direction 1\n<tls-auth>\n{STATIC}</tls-auth>\n",
}
Pieces = dict[str, str]
Draw = Callable[..., str]

BLANKS = ("", " ", "\t", "  ", "\v", "\f", "\r", " \\ ", "\u00a0", "\u2003")
WORDS = (
    *(
        "plain",
        '"two words"',
        "'two words'",
        r"two\ words",
        r"a\"b",
        r'"a\"b\\c"',
        r"'a\b'",
        'a"b"c',
        "it's",
        "a#b;c",
        '"#a"',
    ),
    *(
        r"\\server",
        "\u00a0",
        '"open',
        "'open",
        r"a\b",
        r"it\'s",
        r"a\#b",
        r'"c:\dir"',
        "''",
        '""',
        "a''",
        r"\"",
        "\\",
        "1",
        "-1",
        "\u00e9",
    ),
)
NAMES = (
    *(
        "verb",
        "nobind",
        "static-challenge",
        "setenv UV_A",
        "setenv opt verb",
        "setenv opt unheard-of",
        "setenv opt",
        "auth-nocache",
    ),
    *(
        "--verb",
        "---verb",
        "--",
        "'verb'",
        '"nobind"',
        "Verb",
        "verb\\",
        "setenv",
        "--setenv opt nobind",
        "server-poll-timeout",
    ),
    *(
        "remote 127.0.0.1 PORT tcp",
        "setenv-safe NAME",
        "mute-replay-warnings",
        "<verb>",
        "</ca>",
        "<>",
        "<",
        "connection",
    ),
    *(
        "ignore-unknown-option",
        "auth-user-pass",
        "[inline]",
        "data-ciphers AES-256-GCM",
        "tls-version-min 1.2",
        "push-peer-info",
    ),
)
COMMENTS = (
    "",
    "",
    "",
    "# a",
    "; a",
    "#",
    ";",
    "\\# a",
    " # \" '",
    "\\; \\",
    "#" + "x" * 240,
    ";" + "\u00e9" * 125,
    "#" + "x" * 260,
)
blanks = st.lists(st.sampled_from(BLANKS), max_size=2).map("".join)


@st.composite
def lines(draw: Draw) -> str:
    """Profiles as a person could have written them, and others."""
    words = [
        draw(st.sampled_from(NAMES)),
        *(draw(st.sampled_from(WORDS)) for _word in range(int(draw(st.sampled_from("0001122345"))))),
    ]
    return (
        draw(blanks)
        + (draw(blanks) or " ").join(words)
        + draw(st.sampled_from(["", " "]))
        + draw(st.sampled_from(COMMENTS))
        + "\n"
    )


# Directives as they should be, word by word.
SOUND = (
    ("verb", "3"),
    ("nobind",),
    ("setenv", "UV_A", 'it\'s "x"'),
    ("setenv", "opt", "verb", "3"),
    ("setenv", "opt", "unheard-of", "# x"),
    ("static-challenge", "Enter the code; of #2", "1"),
    ("verify-x509-name", "C=FR, O=Example \\ 1", "subject"),
    ("server-poll-timeout", "4"),
    ("ignore-unknown-option", *"abcdefghijklmnop"),
)


def in_double_quotes(word: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", word) + '"'


def in_single_quotes(word: str) -> str:
    return f"'{word}'" if "'" not in word else in_double_quotes(word)


def with_backslashes(word: str) -> str:
    return in_double_quotes(word) if word[0] in "'#;" else re.sub(r'([\\"\s])', r"\\\1", word)


QUOTES = (in_double_quotes, in_single_quotes, with_backslashes)


@st.composite
def sound_lines(draw: Draw) -> str:
    """One of them, with any quotes, blanks and comments that change nothing."""
    first, *others = draw(st.sampled_from(SOUND))
    words = [draw(st.sampled_from(["", "--"])) + first, *others]
    blank = st.sampled_from([" ", "\t", " \t ", "\v", "\f", "\r"])
    between = "".join(draw(blank) + draw(st.sampled_from(QUOTES))(word) for word in words)
    return between + draw(blank) + draw(st.sampled_from(COMMENTS[:-1])) + "\n"


def indented(text: str, by: str = "  ") -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


BLOCK = re.compile(r"\A((?s:.*?)<[a-z-]+>)\n((?s:.*?))(</[a-z-]+>)\n\Z")
Change = Callable[[str, str, str], str]
# What may become of a block: of the line that begins it, what is in it, and what ends it.
CHANGES: dict[str, Change] = {
    "gone": lambda begin, body, end: "",
    "twice": lambda begin, body, end: f"{begin}\n{body}{end}\n" * 2,
    "indented": lambda begin, body, end: f"  {begin}\n{body}\t{end}\n",
    "content indented": lambda begin, body, end: f"{begin}\n{indented(body)}{end}\n",
    "content indented but for its frame": lambda begin, body, end: (
        f"{begin}\n{re.sub('(?m)^(?!-)', '  ', body.strip())}\n{end}\n"
    ),
    "blanks at the end": lambda begin, body, end: f"{begin} \n{body.replace(chr(10), '  ' + chr(10))}{end} \n",
    "carriage returns": lambda begin, body, end: f"{begin}\n{body}{end}\n".replace("\n", "\r\n"),
    "two carriage returns": lambda begin, body, end: f"{begin}\n{body}{end}\n".replace("\n", "\r\r\n"),
    "lone carriage returns": lambda begin, body, end: f"{begin}\n{body}".replace("\n", "\r") + f"{end}\n",
    "empty lines": lambda begin, body, end: f"{begin}\n{body.replace(chr(10), chr(10) * 2)}{end}\n",
    "empty lines around": lambda begin, body, end: f"{begin}\n\n\n{body}\n{end}\n",
    "empty": lambda begin, body, end: f"{begin}\n{end}\n",
    "blank": lambda begin, body, end: f"{begin}\n \t\n{end}\n",
    "first half": lambda begin, body, end: f"{begin}\n{body[: len(body) // 2]}\n{end}\n",
    "second half": lambda begin, body, end: f"{begin}\n{body[len(body) // 2 :]}{end}\n",
    "content twice": lambda begin, body, end: f"{begin}\n{body}{body}{end}\n",
    "words before": lambda begin, body, end: f"{begin}\nhello\n# {body}{body}{end}\n",
    "words after": lambda begin, body, end: f"{begin}\n{body}hello\n{end}\n",
    "no end": lambda begin, body, end: f"{begin}\n{body}",
    "end in capitals": lambda begin, body, end: f"{begin}\n{body}{end.upper()}\n",
    "end with more": lambda begin, body, end: f"{begin}\n{body}{end} more\n",
    "end of another": lambda begin, body, end: f"{begin}\n{body}</other>\n",
    "end behind a word": lambda begin, body, end: f"{begin}\n{body}x{end}\n",
    "two ends": lambda begin, body, end: f"{begin}\n{body}{end}\n{end}\n",
    "comment behind the beginning": lambda begin, body, end: f"{begin} # hello\n{body}{end}\n",
    "word behind the beginning": lambda begin, body, end: f"{begin} hello\n{body}{end}\n",
    "blank within the beginning": lambda begin, body, end: f"{begin[:-1]} >\n{body}{end}\n",
    "dashes": lambda begin, body, end: f"{re.sub('<', '--<', begin)}\n{body}{end}\n",
    "quoted": lambda begin, body, end: f"{re.sub('<.*', lambda tag: chr(34) + tag[0] + chr(34), begin)}\n{body}{end}\n",
    "in capitals": lambda begin, body, end: f"{re.sub('<.*', lambda tag: tag[0].upper(), begin)}\n{body}{end}\n",
    "optional": lambda begin, body, end: f"{re.sub('<', 'setenv opt <', begin)}\n{body}{end}\n",
    "announced": lambda begin, body, end: f"{re.sub('<(.*)>', chr(92) + '1 [inline]', begin)}\n{begin}\n{body}{end}\n",
    "announced and gone": lambda begin, body, end: f"{re.sub('<(.*)>', chr(92) + '1 [inline]', begin)}\n",
    "in one line": lambda begin, body, end: f"{begin}{body}{end}\n",
    "long line": lambda begin, body, end: f"{begin}\n{'x' * 300}\n{body}{end}\n",
}


@st.composite
def connections(draw: Draw) -> str:
    """A connection, whole or not."""
    inside = [
        "remote 127.0.0.1 PORT tcp",
        "port PORT",
        "nobind",
        "verb 3",
        "server-poll-timeout 4",
        "remote 127.0.0.1",
        "# remote x",
    ]
    inside += [
        "client",
        "proto tcp-client",
        "<connection>",
        "tls-auth [inline]",
        f"<tls-crypt>\n{STATIC}</tls-crypt>",
        "remote 127.0.0.1 PORT tcp",
    ]
    body = "\n".join(draw(st.lists(st.sampled_from(inside), max_size=3)))
    return (
        f"<connection>\n{body}\n{draw(st.sampled_from(['', '  ']))}</connection>{draw(st.sampled_from(['', ' x']))}\n"
    )


@st.composite
def profiles(draw: Draw, with_lines: bool) -> str:
    """The whole profile, changed in up to three places."""
    pieces = dict(BASE)
    for number in range(draw(st.integers(0, 3))):
        what = draw(
            st.sampled_from(
                ["line", "sound", "sound", "sound", "gone"] if with_lines else ["block", "block", "connection"]
            )
        )
        name = draw(st.sampled_from([each for each in BASE if what != "block" or BLOCK.match(BASE[each])]))
        if what == "block":
            found = BLOCK.match(pieces[name])
            pieces[name] = CHANGES[draw(st.sampled_from(sorted(CHANGES)))](*found.groups()) if found else pieces[name]
        elif what == "gone":
            pieces[name] = ""
        else:
            more = draw({"line": lines(), "sound": sound_lines(), "connection": connections()}[what])
            pieces[name] = more + pieces[name] if number else pieces[name] + more
    text = "".join(pieces.values())
    end = draw(st.sampled_from(["\n"] * 9 + ["\r\n"] * 4 + ["\r\r\n", "\r", "\n\n", "\n \t"]))
    text = draw(st.sampled_from([""] * 6 + ["\ufeff", "\ufeff\ufeff", " ", "\n", "\v"])) + text.replace("\n", end)
    return text if draw(st.integers(0, 3)) else text.rstrip("\r\n")


# -- what stays different

# Texts that one takes and the other does not, each with whether the reader takes it, and why that stays.
ALL = "".join(BASE.values())
DIFFERENCES: dict[str, tuple[str, bool]] = {
    "a NUL character hides what follows it in the line from openvpn, and not from others": (
        f"{ALL}verb 3\0 x\n",
        False,
    ),
    "a backslash at the end of a line joins nothing in openvpn, and two lines in others": (f"{ALL}verb 3\\\n", False),
    "the end of a block within a line ends it for openvpn only at every 255th byte": (
        ALL.replace("<ca>\n", "<ca>\nx</ca>\n"),
        False,
    ),
    "the last line may have one byte more if it has no end": (f"{ALL}#{'x' * 254}", False),
    "lines of a connection may have one byte more": (
        f"{ALL}<connection>\nremote 127.0.0.1 PORT tcp\n#{'x' * 254}\n</connection>\n",
        False,
    ),
    "the mark of UTF-8 does not count as a part of the first line": (f"\ufeff#{'x' * 252}\n{ALL}", True),
    "what is compatible with newer versions depends on the order of lines": (
        f"setenv FORWARD_COMPATIBLE 1\n{ALL}verb 3 4 5\n",
        False,
    ),
    "names that openvpn does not know depend on its version; they are named as not harmless": (
        f"{ALL}unheard-of\n",
        True,
    ),
    "blocks that openvpn does not know": (f"{ALL}<unheard-of>\n</unheard-of>\n", True),
    "names that depend on the system": (f"{ALL}register-dns\n", True),
    "values of other directives": (f"{ALL}topology unheard-of\n", True),
    "values that do not go together": (f"{ALL}fragment 1400\n", True),
    "files that are not there; they are named as not harmless": (f"{ALL}ca /none/ca.crt\n", True),
    "the content of a key, for which there is another fact (key_matches)": (ALL.replace(KEY[40:60], "A" * 20), True),
}


@pytest.mark.parametrize(("text", "is_read"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_that_stays(program: Program, text: str, is_read: bool) -> None:
    """A difference that no longer exists has to be removed from the list."""
    assert (reads(text), program.accepts(text)) == (is_read, not is_read)


def is_known(text: str) -> bool:
    """Whether a text of the corpus has one of the first of these; it is made so that it has none of the others."""
    return any(line.rstrip("\r").endswith("\\") for line in text.split("\n")) or bool(
        re.search(r"\S.*</[a-z-]+>", text)
    )


# -- the comparison


def compare(program: Program, text: str) -> None:
    said, taken = reads(text), program.accepts(text)
    assert said == taken or (taken and is_known(text)), text


usual = settings(suppress_health_check=[HealthCheck.too_slow])


def test_the_whole_profile(program: Program) -> None:
    assert program.accepts(ALL)
    assert reads(ALL)


REFUSED = {
    "empty": "",
    "an indented block": ALL.replace(BASE["ca"], f"<ca>\n{indented(authority().pem)}</ca>\n"),
    "lone carriage returns": ALL.replace("\n", "\r"),
    "a blank in a text without quotes": f"{ALL}static-challenge Enter the code 1\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_openvpn_refuses(program: Program, text: str) -> None:
    assert (reads(text), program.accepts(text)) == (False, False)


@usual
@given(text=profiles(with_lines=True))
def test_lines(program: Program, text: str) -> None:
    compare(program, text)


@usual
@given(text=profiles(with_lines=False))
def test_blocks(program: Program, text: str) -> None:
    compare(program, text)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [name for name in BASE if BLOCK.match(BASE[name])])
def test_every_change_of_every_block(program: Program, name: str) -> None:
    for change in CHANGES.values():
        found = BLOCK.match(BASE[name])
        assert found
        compare(program, "".join({**BASE, name: change(*found.groups())}.values()))


# -- what hides

SCRIPT = "up /none/script"  # openvpn misses the script when it has read the directive
MISSED = re.compile(r"--up script fails with '/none/script'")
# Places for it in a profile that is whole otherwise. FILL is as long as a line that openvpn reads at once, or nearly, and APART
# is one of the characters that stand between lines, or might.
HIDING_PLACES = (
    f"#FILL{SCRIPT}\n",
    f"FILL{SCRIPT}\n",
    f"verb 3APART{SCRIPT}\n",
    f"verb 3 #APART{SCRIPT}\n",
    f"verb 3 #FILLAPART{SCRIPT}\n",
    f"setenv UV_A 'APART{SCRIPT}'\n",
    f"--{SCRIPT}\n",
    f"setenv opt {SCRIPT}\n",
    f"<extra-certs>\n{CERTIFICATE}</extra-certs>FILL{SCRIPT}\n",
    f"<extra-certs>\n{CERTIFICATE}FILL</extra-certs>APART{SCRIPT}\n</extra-certs>\n",
    f"<extra-certs>\n{CERTIFICATE}FILL</extra-certs>FILL{SCRIPT}\n</extra-certs>\n",
    f"<extra-certs>\n{CERTIFICATE}APART</extra-certs>\n{SCRIPT}\n</extra-certs>\n",
    f"<extra-certs>\n{CERTIFICATE}APART{SCRIPT}\n</extra-certs>\n",
    f"<connection>\nremote 127.0.0.1 PORT tcp\n#FILL{SCRIPT}\n</connection>\n",
    f"<connection>\nremote 127.0.0.1 PORT tcp\nFILL</connection>APART{SCRIPT}\n</connection>\n",
    f"<connection>\nremote 127.0.0.1 PORT tcp\n</connection>FILL{SCRIPT}\n",
    f"<connection>\nremote 127.0.0.1 PORT tcp\n</connection>APART{SCRIPT}\n",
)
FILLS = [letter * number for letter in ("x", " ", "\u00e9") for number in (*range(214, 218), *range(232, 258))]


@pytest.mark.exhaustive
@usual
@given(
    place=st.sampled_from(HIDING_PLACES),
    fill=st.sampled_from(FILLS),
    apart=st.sampled_from(
        ["\n", "\r", "\r\n", "\0", "\f", "\v", "\t", "\\\n", "\x85", "\u2028", "", " \n ", "\n\ufeff", "\x1c"]
    ),
    where=st.sampled_from(sorted(BASE)),
)
def test_no_directive_hides(program: Program, place: str, fill: str, apart: str, where: str) -> None:
    """The reader names everything that openvpn would run, or refuses the text."""
    text = "".join({**BASE, where: place.replace("FILL", fill).replace("APART", apart) + BASE[where]}.values())
    if program.says(text, MISSED):
        assert is_seen(text)


def is_seen(text: str) -> bool:
    """Whether the reader names the script, or refuses the text."""
    try:
        return "up" in Profile(text.replace("PORT", "1194")).facts()["unlisted_directives"]
    except ValueError:
        return True


@pytest.mark.parametrize(
    "place",
    [
        f"<extra-certs>\n{CERTIFICATE}{'x' * 255}</extra-certs>\n{SCRIPT}\n</extra-certs>\n",
        f"<extra-certs>\n{CERTIFICATE}</extra-certs>{' ' * (255 - len('</extra-certs>'))}{SCRIPT}\n",
        f"--{SCRIPT}\n",
    ],
)
def test_a_directive_that_openvpn_finds_is_found(program: Program, place: str) -> None:
    """The first two hide from what reads whole lines."""
    text = place + ALL
    assert program.says(text, MISSED)
    assert is_seen(text)
