# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a task in a form that can be shown: secrets are masked, then what could act on a terminal is escaped."""

from __future__ import annotations

import datetime
import typing as t

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # ansible-core before 2.22
    register_secrets = None

from .outside import Sentence, distinct, shown, shown_value, well_formed
from .redact import with_passwords

SHORTEST_SECRET = 8  # characters; a shorter one would mask half of the answer of a task
SENTENCES = ("msg", "warnings", "sign_in_refused")  # of an answer; other sentences in it have the type Sentence
DIFF = "diff"
WHOLE, PART = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********"  # what Ansible before 2.22 shows in place of a secret


def register(secrets: t.Iterable[str]) -> None:
    """Have Ansible mask these texts in everything that it prints from now on, in this task and in later ones.

    ansible-core 2.22 and later can do this (developer guide, "Handling secrets in modules and plugins"). In earlier releases, a
    task can only mask its own answer.
    """
    if register_secrets:
        register_secrets(secrets)


def presentable(answer: t.Mapping[str, t.Any], secrets: t.Iterable[str]) -> dict[str, t.Any]:
    """The answer of a task as Ansible may print it and programs may read it.

    Sentences and diffs are for people: what a server wrote in them is escaped. Everything else is data, and does not change
    except for secrets and for what is not text in any encoding, which Ansible refuses where modules answer in JSON. Masking
    comes first, because a secret that is escaped or cut would no longer be found. The secrets are also registered with Ansible.
    """
    mask = Mask(secrets)
    register(mask.secrets)

    def fit(value: t.Any) -> t.Any:
        if isinstance(value, Revealed):
            register([value])
            return well_formed(str(value))
        if isinstance(value, Sentence):
            return shown(mask.over(value))
        if isinstance(value, dict):
            return {well_formed(key): fit(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [fit(one) for one in value]
        return well_formed(mask.over(value))

    def sentence(value: t.Any) -> t.Any:
        return [sentence(one) for one in value] if isinstance(value, (list, tuple)) else shown(mask.over(value))

    def diff(value: t.Any) -> t.Any:
        if isinstance(value, (list, tuple)):
            return [diff(one) for one in value]
        return {side: shown_value(mask.over(one, names=True)) for side, one in value.items()}

    ways = {**dict.fromkeys(SENTENCES, sentence), DIFF: diff}
    return {key: ways.get(key, fit)(value) for key, value in answer.items()}


def with_quoted(secrets: t.Iterable[str]) -> set[str]:
    """These secrets, and each as Python quotes it, alone or within a longer text: messages quote values in this way."""
    found = set(secrets)
    for secret in tuple(found):
        if not secret.isalnum():
            quoted = repr('"' + str(secret))[2:-1]  # because of the sign before it, Python escapes each apostrophe
            found |= {quoted, quoted.replace("\\'", "'")}
    return found


class Revealed(str):
    """A secret that a task returns on request. Ansible masks it where it can, and shows it where it cannot."""

    __slots__ = ()


class Mask:
    """Hides secrets at a cost that grows with the text, not with the number of secrets.

    Passwords in secrets that are addresses are also secrets, and so is each secret as Python quotes it: ``secrets`` has all.

    The secrets in a text are found by looking up its pieces. The length of a piece is the largest power of two that is not
    longer than the secret: there are few such lengths, and one short secret does not make others harder to find.
    """

    def __init__(self, secrets: t.Iterable[str]) -> None:
        self.secrets = with_quoted(with_passwords(map(str, secrets))) - {""}
        self._lengths: dict[int, dict[str, set[int]]] = {}  # of secrets, by the length of their beginning, and by that
        for secret in self.secrets:
            beginning = secret[: 1 << len(secret).bit_length() >> 1]
            self._lengths.setdefault(len(beginning), {}).setdefault(beginning, set()).add(len(secret))

    def over(self, value: t.Any, *, names: bool = False) -> t.Any:
        """The value with its secrets masked. Booleans do not change, nor do keys without ``names``; a date becomes text.

        Raises TypeError for a value that does not have a type of JSON: it might contain a secret.
        """
        if isinstance(value, dict):
            found: dict[t.Any, t.Any] = {}
            for key, one in value.items():
                name = self._text(str(key)) if names else key
                found[distinct(name, found)] = self.over(one, names=names)
            return found
        if isinstance(value, (list, tuple)):
            return [self.over(one, names=names) for one in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return WHOLE if self._places(str(value)) else value
        if isinstance(value, datetime.date):
            value = value.isoformat()
        if not isinstance(value, str):
            raise TypeError(f"a value of type {type(value).__name__} cannot be shown")
        return self._text(value)

    def _text(self, text: str) -> str:
        places = self._places(text)
        if not places:
            return text
        if text in self.secrets:
            return WHOLE
        shown, at, end = [], 0, -1
        for start, stop in places:  # secrets that overlap or touch are masked as one
            if start > end:
                shown += [text[at:start], PART]
            at = end = max(end, stop)
        return "".join([*shown, text[at:]])

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Where the text contains a secret: starts and ends, in order."""
        return [
            (at, at + length)
            for at in range(len(text))
            for size, lengths in self._lengths.items()
            if text[at : at + size] in lengths
            for length in lengths[text[at : at + size]]
            if text[at : at + length] in self.secrets
        ]
