# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that somebody else chose: what is a name, which names look alike, and how to show a text on a terminal."""

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
_JOINERS = "\u200c\u200d"  # some languages are written with them (Unicode Standard Annex 31, 2.3)
_DOTS = (".", "..")  # in a path, these are steps and no names (RFC 3986, 5.2.4)

_HIDDEN = re.compile(f"[{_UNSEEN}]")


def refused_in_path(name: t.Any) -> str:
    """Why a path cannot hold this as one of its parts; empty if it can."""
    if not isinstance(name, str) or not name:
        return "it is empty"
    if name in _DOTS:
        return "in the path of a request it would mean another path"
    return "" if _encodes(name) else "it is not a text that UTF-8 can write"


def oddity(name: str, *, there: bool = False) -> str:
    """Why a text is not a name of anything; empty if it is one.

    ``there`` says that the name may be one that a server has already, so that it may hold what no new name may.
    """
    hidden = next((found[0] for found in _HIDDEN.finditer(name) if found[0] not in _JOINERS), None)
    if hidden is not None and not there:
        return f"it holds the character U+{ord(hidden):04X}, which cannot be seen"
    if not name or any(end.isspace() and not _HIDDEN.match(end) for end in (name[0], name[-1])):
        return "it is empty, or begins or ends with a blank"
    return refused_in_path(name)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def alike(name: str) -> str:
    """What names have in common that look the same: neither case, nor width, nor what cannot be seen makes a difference.

    This is the form NFKC_Casefold of Unicode (Standard Annex 31), for everything that servers take for two names, and people
    for one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", folded).casefold())
