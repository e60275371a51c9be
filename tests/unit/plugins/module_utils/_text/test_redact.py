# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of a server that would take hours, if the time to read them grew with the square of their length."""

from __future__ import annotations

import contextlib
import re
import signal
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import is_secret
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_download import (
    Challenge,
    explained,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import Change, Step, Wanted
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Task
from ansible_collections.vpn.estate.plugins.module_utils._engine.writes import Writes
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import public_part
from ansible_collections.vpn.estate.plugins.module_utils._files.pem import certificates
from ansible_collections.vpn.estate.plugins.module_utils._files.wireguard_file import public_part as wireguard_part
from ansible_collections.vpn.estate.plugins.module_utils._text import redact
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import Refused
from ansible_collections.vpn.estate.plugins.module_utils._text.redact import LONGEST_SIGN, concealed, parts_of_uri
from hypothesis import given
from hypothesis import strategies as st

HANGS = 60  # seconds after which a test that would run for hours is ended
MANY = 400_000


@pytest.fixture(name="ends", autouse=True)
def fixture_ends() -> Iterator[None]:
    """End what would go on for hours, so that it fails."""

    def too_long(*unused: object) -> None:
        raise AssertionError("this grows faster than its text")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, HANGS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def unreadable(read: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(ValueError):
        read(text)


READERS: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "explained": (
        explained,
        [
            " " * MANY * 10,
            "<?xml ?>" + "\n" * MANY * 10,
            "<Error>" + "<Message>" * MANY,
            "<?xml" * MANY,
            "<Error>" * MANY,
        ],
    ),
    "challenge": (
        lambda text: Challenge.of(text, "ana"),
        ["CRV1:R:a:b:" + " " * MANY * 10 + "x", "CRV1:R:a:b:" + " (1) " * MANY + "x", "CRV1:" + ":" * MANY],
    ),
    "locked": (
        lambda text: Refused("POST /x", 500, text).locked,
        ["table " * MANY, "record\n" * MANY, "database lock " * MANY],
    ),
    "lines": (values.lines, ["\r" * MANY, "\r\n" * MANY]),
    "value of an item": (
        lambda text: is_secret("sa.company_name", {"value": text}),
        ["://" + ":" * MANY, "://" * MANY, "://:" * MANY + " @"],
    ),
    "name of an item": (lambda text: is_secret(text, {}), ["bind_" * MANY, "pass" * MANY + "-", "." * MANY]),
    "certificates": (certificates, ["-----BEGIN CERTIFICATE-----" * MANY]),
    "profile": (public_part, ["<ca>\n" * MANY, '"' + "\\" * MANY, "a\\ " * MANY, "\\ " * MANY + "\\b"]),
    "WireGuard": (wireguard_part, [f"[Interface]\nDNS = {' ' * MANY}b{' ' * MANY}c", " " * MANY * 2, "[peer]" * MANY]),
}


@pytest.mark.parametrize(
    ("read", "text"),
    [pytest.param(f, s, id=f"{name}-{s[:12]!r}") for name, (f, texts) in READERS.items() for s in texts],
)
def test_a_long_text_is_read_in_time(read: Callable[[str], object], text: str) -> None:
    unreadable(read, text)


def test_a_long_file_of_a_second_factor_is_read_in_time(tmp_path: Path) -> None:
    file = tmp_path / "ana"
    file.write_text("otpauth://" + "&secret=AAAAAAAA" * MANY + " x")
    assert not USER_MFA._is_held("ana", str(file), {}, Task({}))


def test_a_refusal_of_a_thousand_objects_with_ten_thousand_reasons_is_sorted_out() -> None:
    """Each key is looked up by its text, and not compared with each object."""
    compared = 0

    class Name(str):
        """A name that counts how often it is compared."""

        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    batch = [Change(Wanted(Name(f"user{number}")), Step("update")) for number in range(1000)]
    reasons = {f"('user{number}', 'group')": "no" for number in range(10_000)}
    rest = Writes._without_refused(batch, Refused("POST /x", 400, "", reasons))
    assert rest == []
    assert all(change.outcome == "failed" and change.message.endswith("no") for change in batch)
    assert compared < 20_000


# -- what was confided


def as_an_expression(secret: str) -> str:
    """The search as a regular expression, which would take too long for a secret with many signs."""
    if len(re.findall("[A-Za-z0-9]", secret)) < 4:
        return re.escape(secret)
    return re.sub("[^A-Za-z0-9]+", lambda signs: f".{{1,{LONGEST_SIGN * len(signs[0])}}}?", secret)


@given(
    st.text("ab.&", min_size=1, max_size=9),
    st.lists(st.text("ab.&;", max_size=14) | st.sampled_from(["aab&b", "a.bab"]), max_size=6).map("".join),
)
def test_secrets_are_found_where_an_expression_would_find_them(secret: str, text: str) -> None:
    expected = re.sub(as_an_expression(secret), "***", text, flags=re.DOTALL)
    assert concealed(text, [secret], len(text) + 1) == expected


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("1.1.1.1.2", "1." * MANY),
        ("1." * 2000 + "2", "1." * 4000),
        ("." * 4000 + "abcd", "." * 4000),
        ("abcd", "abc" * MANY),
    ],
    ids=["few signs", "many signs", "signs alone", "none"],
)
def test_a_secret_of_the_servers_choice_is_looked_for_in_time(secret: str, text: str) -> None:
    assert concealed(text, [secret], len(text)) == text


@pytest.mark.parametrize("piece", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("text", ["", "a", "abcabc", "ab" * 9])
def test_places_of_a_piece_are_found_one_by_one(text: str, piece: str) -> None:
    places = redact._places(text, piece)
    assert places == sum(1 << at for at in range(len(text) + 1) if text.startswith(piece, at))
    for start in range(len(text) + 2):
        later = [at for at in range(start, len(text) + 1) if text.startswith(piece, at)]
        assert redact._next(places, start) == (later[0] if later else None)


@pytest.mark.parametrize("most", [1, 2, 3, 12])
@pytest.mark.parametrize("places", [0, 1, 0b1000, 0b100100000, 1 << 40])
def test_what_is_before_a_place_is_found_one_by_one(places: int, most: int) -> None:
    assert redact._before(places, most) == sum(
        1 << at for at in range(41) if any(places >> at + gap & 1 for gap in range(1, most + 1))
    )


def test_words_of_four_characters_and_more_are_kept_out_of_errors() -> None:
    said = {"a": ["abc", "abcd"], "b": "abcde"}
    assert list(redact.words(said)) == ["abcd", "abcde"]


def test_the_bits_of_a_search_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the text or twice the secret is twice the work, for every answer of the server."""
    steps = 0

    def counting(work: Callable[..., t.Any]) -> Callable[..., t.Any]:
        def counted(*args: t.Any) -> t.Any:
            nonlocal steps
            steps += 1
            return work(*args)

        return counted

    for name in ("_before", "_places", "_next"):
        monkeypatch.setattr(redact, name, counting(getattr(redact, name)))
    found = []
    for size in (1, 2, 4):
        steps = 0
        concealed("1.1.1.2 " * 100 * size, ["1.1.1.2"], 10**6)
        found.append(steps)
    assert found[2] - found[1] <= 2 * (found[1] - found[0]) <= 4000
    for size in (1, 2, 4):
        steps = 0
        concealed("1." * 1000, ["1." * 100 * size + "2"], 10**6)
        assert steps <= 2 * 100 * size + 3


def test_what_is_cut_off_takes_no_part_of_a_secret_along() -> None:
    secret = "Marker-Password-7!"
    text = "x" * 90 + secret + " tail"
    for most in range(80, 115):
        shown = concealed(text, [secret], most)
        assert not any(secret[start : start + 3] in shown for start in range(len(secret) - 2)), most
    assert concealed(text, [secret], 10) == "x" * 10


def test_of_two_secrets_that_overlap_nothing_is_left() -> None:
    assert concealed("say abcdefgh.", ["abcdef", "defgh"], 100) == "say ***."
    assert concealed("abcd and efgh", ["abcd", "efgh", "abcd", ""], 100) == "*** and ***"


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("mysql://user:p%40ss@host/", ["user:p%40ss", "user:p@ss", "user", "p%40ss", "p@ss"]),
        ("mysql://user:p@ss#w0rd@host/x", ["user:p", "user", "p", "user:p@ss#w0rd", "p@ss#w0rd"]),
        ("mysql://user@host/", ["user"]),
        ("mysql://host/", []),
        ("no uri", []),
        ("mysql://[:pass@", ["[:pass", "[", "pass"]),
    ],
)
def test_the_parts_of_a_uri_are_secrets(uri: str, parts: list[str]) -> None:
    assert set(parts_of_uri(uri)) == set(parts)
