# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles: read as openvpn reads them, and without their secrets in everything that leaves the host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile, public_part
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import (
    STATIC_KEY,
    completed,
    identity,
    profile,
)
from hypothesis import example, given
from hypothesis import strategies as st

SECRET = "S3cret.Horse:9"
OPENVPN = shutil.which("openvpn", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
CERTIFICATE, KEY = identity()


def facts(text: str) -> dict[str, t.Any]:
    """The content of a text that is completed with what is not under test."""
    return Profile(completed(text)).facts()


def outcome(text: str) -> t.Any:
    """The content of a text except the key, or the line with its first flaw, or what it lacks."""
    try:
        return {**Profile(text).facts(), "key_matches": None}
    except ValueError as exc:
        said = str(exc)
    assert re.match(r"(line [0-9]+: [a-zA-Z0-9 ,-]+|it [a-zA-Z ()-]+)\.\Z", said), said
    return int(said.split()[1][:-1]) if said.startswith("line ") else said


# -- words

# As a person would write them, with the word that openvpn reads; None is what it refuses.
WORDS = {
    "plain": "plain",
    '"two words"': "two words",
    "'two words'": "two words",
    r"two\ words": "two words",
    r"a\"b": 'a"b',
    r'"a\"b\\c"': 'a"b\\c',
    r"'a\b'": r"a\b",
    'a"b"c': 'a"b"c',
    "it's": "it's",
    "a#b;c": "a#b;c",
    '"#a"': "#a",
    r"\\server": r"\server",
    "\u00a0": "\u00a0",  # not a blank to openvpn
    '"open': None,
    "'open": None,
    r"a\b": None,
    r"it\'s": None,
    r"a\#b": None,
    r'"c:\dir"': None,
}


@pytest.mark.parametrize("written", WORDS)
def test_words(written: str) -> None:
    text = f"client\n\tstatic-challenge {written} 1 # a comment\r\nverb 3\n"
    word = WORDS[written]
    if word is None:
        assert outcome(completed(text)) == 2
    else:
        assert facts(text)["static_challenge"] == {"text": word, "echo": True}


@pytest.mark.skipif(not OPENVPN, reason="openvpn is not installed")
@pytest.mark.parametrize("written", WORDS)
def test_words_are_as_openvpn_has_them(written: str, tmp_path: Path) -> None:
    """It repeats what it does not know."""
    said = ask_openvpn(tmp_path, f"\t{written} 1 # a comment\n")
    word = WORDS[written]
    if word is None:
        assert "Unrecognized" not in said
        assert "profile.ovpn:1" in said
    else:
        assert f"profile.ovpn:1: {word} (" in said


def ask_openvpn(folder: Path, text: str) -> str:
    """The message of openvpn about a profile that lacks what it needs."""
    path = folder / "profile.ovpn"
    path.write_text(text, encoding="utf-8", newline="")
    done = subprocess.run([str(OPENVPN), "--config", path], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    assert done.returncode
    return done.stdout


def in_double_quotes(word: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", word) + '"'


def with_backslashes(word: str) -> str:
    """Without quotation marks around it."""
    return re.sub(r'([\\" \t\v\f\r])', r"\\\1", word)


@given(st.text(st.characters(blacklist_characters="\n\r\0", blacklist_categories=["Cs"])))
@example("\u2028\x1c\x85")
def test_quoting_loses_nothing(word: str) -> None:
    ways = [in_double_quotes(word)]
    if "'" not in word:
        ways.append(f"'{word}'")
    if word and word[0] not in "'\"#; \t\v\f":
        ways.append(with_backslashes(word))
    for written in ways:
        assert facts(f"static-challenge {written} 0")["static_challenge"] == {"text": word, "echo": False}


# -- where to connect to

HOSTS = {
    "remote a": [("a", 1194, "udp")],
    "remote a 443 tcp\nremote b": [("a", 443, "tcp"), ("b", 1194, "udp")],
    "remote a\nproto tcp\nport 443": [("a", 443, "tcp")],
    "--remote a https": [("a", "https", "udp")],
    r'remote a \# "1': [("a", 1194, "udp")],
    r"remote \ a": [("a", 1194, "udp")],
    r"remote a\#b": 1,
    "setenv opt remote a 1 udp6": [("a", 1, "udp6")],
    "\ufeffremote 2001:db8::1 65535 tcp4-client": [("2001:db8::1", 65535, "tcp4-client")],
    "remote a\n<connection>\nremote b 1\n</connection>": [("b", 1, "udp")],
    "proto tcp\n \t<connection> # one\nrport 1\nremote b\n  </connection> end\nproto udp": [("b", 1, "tcp")],
    "connection\\ \nremote a": 1,
    "<connection>\nverb 3\n</connection>": 2,
    "<connection>\nport 3\n</connection>": 1,
    "client\n<connection>\nremote a b c d\n</connection>": 3,
    "remote": 1,
    "remote a 1 udp more": 1,
    "remote a 0": 1,
    "client\nremote a 65536": 2,
    "remote a 1 sctp": 1,
    "<remote>\na\n</remote>": 1,
    "\nproto TCP": 2,
}


@pytest.mark.parametrize("text", HOSTS)
def test_remotes(text: str) -> None:
    said = outcome(completed(text))
    if isinstance(said, dict):
        said = [(one["host"], one["port"], one["proto"]) for one in said["remotes"]]
    assert said == HOSTS[text]


# -- blocks and lines

# Texts, and the number of the line that is wrong.
FLAWS = {
    f"client\n<key>\n{SECRET}": 2,
    f"<key>\n{SECRET}\n</KEY>\n": 1,
    f"<key\n{SECRET}\n</key>\n": 1,
    f"<key>{SECRET}</key>\n": 1,
    f"<key >\n{SECRET}\n</key>\n": 1,
    f'<key> "\n{SECRET}\n</key>\n': 1,
    f"</key>\n{SECRET}": 1,
    f"client\n{KEY}": 2,
    f"<ca>\n{SECRET}\n</ca>\n": 1,
    "<ca>\n-----BEGIN CERTIFICATE-----\nAAAA\n</ca>": 1,
    "<ca>\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n</ca>": 1,
    f"<ca>\n{CERTIFICATE}-----BEGIN CERTIFICATE-----\nAAAA\n</ca>": 1,
    "client\n\n\0": 3,
    "static-challenge 'a\0b' 1": 1,
    "client\\": 1,
}


@pytest.mark.parametrize(("text", "number"), FLAWS.items())
def test_a_flaw_is_reported_with_its_line(text: str, number: int) -> None:
    """As ``outcome`` sees to, in plain words only: without what stands there."""
    text = completed(text)
    assert outcome(text) == number == outcome(public_part(text))


LATTER = """\
data-ciphers AES-256-GCM:AES-128-GCM
dev tun0
<auth-user-pass>
username
</auth-user-pass>
tls-auth ta.key 1
# the rest counts
ncp-ciphers AES-128-GCM
dev tap
auth-user-pass
dev-type tap
tls-crypt-v2 client.key
"""


def test_the_latter_counts() -> None:
    found = facts(LATTER)
    assert (found["dev"], found["data_ciphers"], found["tls_crypt"]) == ("tap", ["AES-128-GCM"], "tls-crypt-v2")
    assert found["asks_for_password"]
    assert not facts(LATTER.replace("auth-user-pass\ndev-", "auth-user-pass name.txt\ndev-"))["asks_for_password"]
    assert not facts("<auth-user-pass>\nusername\n</auth-user-pass>")["asks_for_password"]
    nothing = facts("client\nca ca.crt\ncert client.crt\nkey client.key")
    assert (nothing["ca"], nothing["certificate"], nothing["key_present"]) == ([], None, False)
    assert (nothing["tls_crypt"], nothing["access_server"]) == ("none", None)


def test_a_block_in_a_connection() -> None:
    key = f"-----BEGIN OpenVPN Static key V1-----\n{STATIC_KEY}\n-----END OpenVPN Static key V1-----"
    text = f"<connection>\nremote a\n<tls-crypt>\n{key}\n</tls-crypt>\n</connection>"
    assert facts(text)["tls_crypt"] == "tls-crypt"
    assert STATIC_KEY[:32] not in public_part(completed(text))
    assert outcome(completed(text)) == outcome(public_part(completed(text)))


# -- secrets


def test_the_public_part_of_a_true_profile() -> None:
    text = profile()
    public = public_part(text)
    assert facts(text)["key_matches"] is True
    assert facts(public) == {**facts(text), "key_matches": None}
    for line in (KEY + STATIC_KEY).splitlines():
        assert line not in public
    kept = [line for line in public.splitlines() if line]
    assert set(kept) - set(text.splitlines()) == {"# withheld"}
    assert kept.count("# withheld") == 2
    assert "-----END CERTIFICATE-----" in kept


def test_line_ends_of_windows() -> None:
    text = profile().replace("\n", "\r\n")
    assert facts(text) == facts(profile())
    assert public_part(text) == public_part(profile())


# Lines in which only the secret is secret, with any text around it.
SECRET_LINES = [
    SECRET,
    f"# {SECRET}",
    f"  ; {SECRET}",
    f"remote a 1 # {SECRET}",
    f"setenv UV_TOKEN {SECRET}",
    f"setenv opt auth-token {SECRET}",
    f"http-proxy-option CUSTOM-HEADER Authorization {SECRET}",
    f"<key>{SECRET}</key>",
    f'verb "{SECRET}',
    f"</key> {SECRET}",
    f"# OVPN_ACCESS_SERVER_APP_VERIFY={SECRET}",
]
OTHER_LINES = [
    *(
        f"<{slash}{name}>"
        for name in ("key", "ca", "connection", "auth-user-pass", "unheard-of")
        for slash in ("", "/")
    ),
    *(
        "\t<key>",
        "  </key> ",
        "<KEY>",
        "--<key>",
        '"<key>"',
        "<key",
        "<>",
        "<",
        '"',
        "'",
        "\\",
        "\0",
        "\ufeff",
        "",
        " ",
    ),
    *("client", "remote a 443 tcp", "proto tcp", "setenv opt remote b", "dev tun\r", CERTIFICATE, KEY, "# withheld"),
    *("static-challenge 'two words' 1", "auth-user-pass", "# OVPN_ACCESS_SERVER_PROFILE=a@b/AUTOLOGIN", "verb #"),
]
texts = st.lists(st.sampled_from(SECRET_LINES + OTHER_LINES), max_size=12).map("\n".join)


@pytest.mark.parametrize("line", SECRET_LINES)
def test_a_line_with_a_secret(line: str) -> None:
    assert SECRET not in public_part(f"client\n{line}\nverb 3\n")


@given(texts)
@example("<ca>\n" + CERTIFICATE + KEY.partition("\n")[2] + SECRET + "\n" + KEY + "</ca>")
@example("<connection>\n<key>\nremote a\n</connection>\n" + SECRET)
def test_a_secret_is_never_public(text: str) -> None:
    public = public_part(text)
    assert SECRET not in public
    assert not set(KEY.splitlines()) & set(public.splitlines())
    assert public.count("\n") == text.count("\n")
    assert public_part(public) == public
    assert outcome(public) == outcome(text)


@given(st.text() | st.text("<>/key#;\"'\\ \n\0-cart1"))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert outcome(public_part(text)) == outcome(text)
