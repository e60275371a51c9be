# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task answers, fit to be seen: secrets are masked first, and then what could act on a terminal is escaped."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import remove_values

from .._net.redact import with_passwords
from .outside import Sentence, shown, shown_value, well_formed

SENTENCES = ("msg", "warnings", "sign_in_refused")  # of an answer; others are a Sentence, wherever they are
DIFF = "diff"


def told(answer: t.Mapping[str, t.Any], secrets: t.Iterable[str]) -> dict[str, t.Any]:
    """The answer of a task as Ansible may print it and programs may read it.

    Sentences and diffs are for people: what a server said in them is escaped. Everything else is data, and stays as it is
    but for the secrets and for what is no text in any encoding, which Ansible refuses where modules answer in JSON. Masking
    comes first, because a secret that is escaped or cut is not found any more.
    """
    mask = Mask(secrets)

    def fit(value: t.Any) -> t.Any:
        if isinstance(value, Sentence):
            return shown(mask.over(value))
        if isinstance(value, dict):
            return {well_formed(key): fit(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [fit(one) for one in value]
        return well_formed(mask.over(value))

    def sentence(value: t.Any) -> t.Any:
        return [sentence(one) for one in value] if isinstance(value, (list, tuple)) else shown(mask.over(value))

    ways = {**dict.fromkeys(SENTENCES, sentence), DIFF: lambda diff: shown_value(mask.over(diff))}
    return {key: ways.get(key, fit)(value) for key, value in answer.items()}


def with_quoted(secrets: t.Iterable[str]) -> set[str]:
    """These secrets, and each as Python quotes it, alone or within a longer text: messages quote values in this way."""
    found = set(secrets)
    for secret in tuple(found):
        if not secret.isalnum():
            quoted = repr('"' + str(secret))[2:-1]  # the sign before it has Python escape each apostrophe
            found |= {quoted, quoted.replace("\\'", "'")}
    return found


class Mask:
    """Hides secrets as AnsibleModule does, at a cost that grows with the text and not with the number of secrets.

    Passwords in those of them that are addresses are secrets too, and so is each as Python quotes it.

    Ansible looks for each secret in each string. Here the secrets that a string holds are found first, by looking up
    its pieces, and Ansible's own function is then asked about those alone. Pieces are as long as the largest power of
    two that a secret is no shorter than: there are few of them, and one short secret makes no others harder to find.
    """

    def __init__(self, secrets: t.Iterable[str]) -> None:
        self._secrets = with_quoted(with_passwords(map(str, secrets)))
        self._lengths: dict[int, dict[str, set[int]]] = {}  # of secrets, by the length of their beginning, and by that
        for secret in self._secrets:
            beginning = secret[: 1 << len(secret).bit_length() >> 1]
            self._lengths.setdefault(len(beginning), {}).setdefault(beginning, set()).add(len(secret))

    def over(self, value: t.Any) -> t.Any:
        """The value with its secrets masked. Truth values and names of keys stay."""
        if isinstance(value, dict):
            return {key: self.over(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.over(one) for one in value]
        if value is None or isinstance(value, bool):
            return value
        if not isinstance(value, str):
            return remove_values(value, self._held_by(str(value)))
        held = self._held_by(value)
        return remove_values(value, held) if held else value

    def _held_by(self, text: str) -> set[str]:
        return {
            text[at : at + length]
            for size, lengths in self._lengths.items()
            for at in range(len(text) - size + 1)
            if text[at : at + size] in lengths
            for length in lengths[text[at : at + size]]
            if text[at : at + length] in self._secrets
        }
