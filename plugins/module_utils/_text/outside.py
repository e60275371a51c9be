# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from other systems: which are names, which names look alike, and how to show a text on a terminal."""

from __future__ import annotations

import re
import typing as t
import unicodedata

# Characters that a reader does not see, and that move what the reader sees: controls (C0, C1), what turns the direction of
# writing, what has no width, separators of lines, halves of surrogate pairs, tags, and what ends no character of any language.
_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Marks above and below letters.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb4-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f84"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f"
)
_JOINERS = "\u200c\u200d"  # some languages are written with them (Unicode Standard Annex 31, 2.3)
_DOTS = (".", "..")  # in a path, these are steps, not names (RFC 3986, 5.2.4)

LONGEST = 8000  # characters of a sentence; our own list of twenty mistakes is shorter
MOST_MARKS = 4  # above and below one letter; no language needs more, and hundreds of them would cover the lines around

_HIDDEN = re.compile(f"[{_UNSEEN}]")
_ESCAPED = re.compile(f"[{_UNSEEN}]|(?<=[{_MARKS}]{{{MOST_MARKS}}})[{_MARKS}]")


def refused_in_path(name: t.Any) -> str:
    """Why this cannot be a part of a path; empty if it can."""
    if not isinstance(name, str) or not name:
        return "it is empty"
    if name in _DOTS:
        return "in the path of a request, it would lead to another path"
    return "" if _encodes(name) else "it is not a text that UTF-8 can write"


def oddity(name: str, *, there: bool = False) -> str:
    """Why a text is not a name; empty if it is one.

    ``there``: the name may already exist on a server, so it may contain what a new name may not.
    """
    hidden = next((found[0] for found in _HIDDEN.finditer(name) if found[0] not in _JOINERS), None)
    if hidden is not None and not there:
        return f"it contains the character U+{ord(hidden):04X}, which cannot be seen"
    if not name or any(end.isspace() and not _HIDDEN.match(end) for end in (name[0], name[-1])):
        return "it is empty, or begins or ends with white space"
    return refused_in_path(name)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def well_formed(value: t.Any) -> t.Any:
    """A text with U+FFFD in place of halves of surrogate pairs, which JSON can write and UTF-8 cannot; other values unchanged."""
    if not isinstance(value, str) or value.isascii() or _encodes(value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def alike(name: str) -> str:
    """A form that is equal for names that look the same: case, width and invisible characters make no difference.

    This is the form NFKC_Casefold of Unicode (Standard Annex 31), for names that are different for servers, and the same for
    people.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", folded).casefold())


def twins(names: t.Iterable[str], others: t.Iterable[str]) -> dict[str, str]:
    """For each of these names that has one: another name among the others that looks the same."""
    known: dict[str, list[str]] = {}
    for other in others:
        known.setdefault(alike(other), []).append(other)
    found = {name: next((one for one in known.get(alike(name), ()) if one != name), None) for name in names}
    return {name: twin for name, twin in found.items() if twin is not None}


def only_in(name: str, twin: str) -> str:
    """The only difference between a name and its twin, to follow ``differ``."""
    return "only in case" if name.casefold() == twin.casefold() else "only in characters that look alike"


class Sentence(str):
    """A text for people among the data of an answer: it may quote a server, so shown() is applied to it."""


def shown(text: str, longest: int = LONGEST) -> str:
    """A text on one line of a terminal or a log, with any content from a server.

    Invisible characters, and those that act on a terminal, are written as in Python (``\\x1b``, ``\\u202e``, ``\\n``). In a
    text that is longer than ``longest`` characters, a note replaces the middle.
    """
    start, end = (_ESCAPED.sub(_escape, part) for part in (text[:longest], text[-longest:]))
    if len(start) <= longest and len(text) <= longest:
        return start
    cut = f" ... (shortened: {len(text):,} characters) ... "
    kept = longest - len(cut)
    return start[: kept - kept // 3] + cut + end[-(kept // 3) :]


def distinct(name: t.Any, others: t.Mapping[t.Any, t.Any]) -> t.Any:
    """A name, with a number if another one has the same name."""
    return name if name not in others else f"{name} ({len(others) + 1})"


def shown_value(value: t.Any) -> t.Any:
    """A value of a diff, with everything in it escaped; two names that are equal afterwards get numbers.

    Lines of a text stay lines: people compare them one by one, and Ansible quotes or indents them. Nothing is cut: a difference
    could be in the part that is cut.
    """
    if isinstance(value, dict):
        found: dict[str, t.Any] = {}
        for key, one in value.items():
            found[distinct(_ESCAPED.sub(_escape, str(key)), found)] = shown_value(one)
        return found
    if isinstance(value, (list, tuple)):
        return [shown_value(one) for one in value]
    return _ESCAPED.sub(_escape_in_lines, value) if isinstance(value, str) else value


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _escape_in_lines(found: re.Match[str]) -> str:
    return found[0] if found[0] in "\n\t" else _escape(found)
