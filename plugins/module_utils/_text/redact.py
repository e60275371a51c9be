# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a request, and texts of a server without them. The time grows only with the length of the text."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import SplitResult, unquote, urlsplit

SHORTEST_SENT = 4  # characters; shorter words of a request do not count as secrets, and stay in what an error quotes
LONGEST_SIGN = 12  # characters that a sign can become when it is quoted, and quoted again

_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*")
_SIGNS = re.compile("[^A-Za-z0-9]+")


def words(value: t.Any) -> t.Iterator[str]:
    """Every string in a value, on every level."""
    if isinstance(value, str):
        if len(value) >= SHORTEST_SENT:
            yield value
    elif isinstance(value, (list, tuple, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from words(each)


def parts_of_uri(text: str) -> list[str]:
    """The user and the password in a URI, each as it is written there and decoded; nothing of other texts.

    With a raw @ or # in a password, its end is not certain: each place where it may end counts.
    """
    people = _people(text)
    return _both_forms([*people, *(each.partition(":")[0] for each in people)]) + passwords(text)


def passwords(text: str) -> list[str]:
    """The same, for the password alone."""
    return _both_forms([each.partition(":")[2] for each in _people(text)])


def with_passwords(secrets: t.Iterable[str]) -> set[str]:
    """These secrets, and the passwords in those of them that are URIs."""
    known = set(secrets)
    return known.union(*(words(passwords(str(each))) for each in known))


def _people(text: str) -> list[str]:
    scheme, sign, rest = text.partition("://")
    if not sign or not _SCHEME.fullmatch(scheme):
        return []
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    return sorted({place.rpartition("@")[0] for place in (rest, authority)} - {""})


def _both_forms(parts: t.Sequence[str]) -> list[str]:
    return list(dict.fromkeys(form for part in parts if part for form in (part, unquote(part))))


def address(uri: str, query: t.Collection[str] = ()) -> SplitResult:
    """The parts of a URI in which a user and a password may stand.

    Raises ValueError, which quotes nothing, where a raw sign in the password could be taken for its end: then a part of
    the password would be taken for a host name and looked up. ``query`` are the parameters that may follow.
    """
    parts = urlsplit(uri)
    _unused, _sign, place = parts.netloc.rpartition("@")
    asked = [one.partition("=")[0] for one in parts.query.split("&") if parts.query]
    if (
        "@" in "".join((parts.scheme, parts.path, parts.query, parts.fragment))
        or parts.netloc.count("@") > 1
        or "#" in uri
        or not set(asked) <= set(query)
        or ("?" in uri and not asked)
        or not (parts.scheme and place + parts.path)
        or any(sign.isspace() or not sign.isprintable() for sign in uri)
        or (parts.port is not None and not parts.port)
    ):
        raise ValueError("not an address")
    return parts


def concealed(text: str, secrets: t.Iterable[str], most: int) -> str:
    """The first ``most`` characters of a text without these secrets, in any form in which it quotes them.

    Letters and digits stay the same in all forms; a sign becomes 1 to LONGEST_SIGN characters of any kind.
    """
    known = [secret for secret in dict.fromkeys(secrets) if secret]
    text = text[: most + max(map(_longest_form, known), default=0)]  # a secret may begin before the end
    spans = sorted(span for secret in known for span in _spans(text, secret))
    shown, at = [], 0
    for start, end in spans:
        if start >= most:
            break
        if start >= at:
            shown += [text[at:start], "***"]
        at = max(at, end)
    return "".join([*shown, text[at:most]])


def longest_form(secrets: t.Iterable[str]) -> int:
    """The largest number of characters that one of these secrets takes when it is quoted."""
    return max(map(_longest_form, secrets), default=0)


def _longest_form(secret: str) -> int:
    return len(secret) * LONGEST_SIGN if _SIGNS.search(secret) else len(secret)


def _spans(text: str, secret: str) -> t.Iterator[tuple[int, int]]:
    """Where a text contains a secret, from the left, without overlaps."""
    if sum(map(len, _SIGNS.split(secret))) < SHORTEST_SENT:
        pieces, gaps = [secret], []
    else:
        pieces, gaps = _SIGNS.split(secret), [LONGEST_SIGN * len(signs) for signs in _SIGNS.findall(secret)]
    # As bits: the places of the text from which on this piece and all that follow are found.
    rest = _places(text, pieces[-1])
    follow = [rest]
    for piece, gap in zip(reversed(pieces[:-1]), reversed(gaps)):
        if not rest:
            return
        rest = _places(text, piece) & (_before(rest, gap) >> len(piece))
        follow.append(rest)
    follow.reverse()
    start = _next(follow[0], 0)
    while start is not None:
        end = start + len(pieces[0])
        for piece, places in zip(pieces[1:], follow[1:]):
            end = t.cast(int, _next(places, end + 1)) + len(piece)
        yield start, end
        start = _next(follow[0], max(end, start + 1))


def _places(text: str, piece: str) -> int:
    """A bit for each place of the text where a piece begins; an empty one begins everywhere."""
    if not piece:
        return (1 << (len(text) + 1)) - 1
    bits, at = bytearray(len(text) // 8 + 1), text.find(piece)
    while at >= 0:
        bits[at >> 3] |= 1 << (at & 7)
        at = text.find(piece, at + 1)
    return int.from_bytes(bits, "little")


def _before(places: int, most: int) -> int:
    """A bit for each place that is 1 to ``most`` characters before one of these."""
    reached, width = places >> 1, 1
    while width < most:
        step = min(width, most - width)
        reached |= reached >> step
        width += step
    return reached


def _next(places: int, start: int) -> t.Optional[int]:
    """The first of these places from ``start`` on."""
    left = places >> start
    return start + (left & -left).bit_length() - 1 if left else None
