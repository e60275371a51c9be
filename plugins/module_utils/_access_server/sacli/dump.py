# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of ``sacli UserPropGet`` and ``sacli ConfigQuery``, read from files (server behaviour, 160 and 146)."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ..._files.read_file import Read, content_of
from ..._text.errors import InputError, Mistakes

Properties = dict[str, t.Any]
USERS, CONFIGURATION = "user_properties", "configuration"  # the options that name the two files
COMMANDS: t.Mapping[str, str] = {USERS: "sacli UserPropGet", CONFIGURATION: "sacli ConfigQuery"}
KINDS: t.Mapping[t.Any, str] = {
    list: "a list",
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


class Pairs(list[tuple[str, t.Any]]):
    """A JSON object as it is written: its pairs, so that no key replaces another one."""


@dataclass(frozen=True)
class Dumps:
    """The content of two files; None for a file that is not set."""

    users: t.Optional[dict[str, Properties]] = None
    configuration: t.Optional[Properties] = None


def read_dumps(paths: t.Mapping[str, t.Optional[str]], read: Read) -> Dumps:
    """Read the files in the options. Raises Mistakes with all problems of both."""
    mistakes = Mistakes()
    users: dict[str, Properties] = {}
    found = {option: _read(option, path, read, mistakes) for option, path in paths.items() if path is not None}
    for name, pairs in found.get(USERS, {}).items():
        if isinstance(pairs, Pairs):
            users[name] = _mapping(f"{USERS}: {paths[USERS]}: {name}: ", pairs, mistakes)
        else:
            mistakes.add(f"{USERS}: {paths[USERS]}: {name} is {kind_of(pairs)}, but must be a mapping of properties.")
    mistakes.refuse()
    return Dumps(users if USERS in found else None, found.get(CONFIGURATION))


def kind_of(value: t.Any) -> str:
    """The kind of a JSON value, in words."""
    if isinstance(value, (Pairs, dict)):
        return "a mapping"
    return "text" if isinstance(value, str) else KINDS[type(value)]


def _read(option: str, path: str, read: Read, mistakes: Mistakes) -> Properties:
    """The one object in a file. Problems are added to ``mistakes``, without values, which may be secrets."""
    place = f"{option}: {path}"
    try:
        pairs = _parsed(option, place, content_of(option, path, read))
    except InputError as exc:
        mistakes.take(exc)
        return {}
    found = _mapping(f"{place}: ", pairs, mistakes)
    other = next(one for one in COMMANDS if one != option)
    if found and all(isinstance(value, Pairs) is (option == CONFIGURATION) for value in found.values()):
        mistakes.add(f"{place} looks like the output of {COMMANDS[other]}. Set it as {other}.")
        return {}
    return found


def _parsed(option: str, place: str, content: bytes) -> Pairs:
    """The pairs of the one object in a text. Raises InputError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{place}: this is not text in UTF-8.") from None
    begins = next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith("{")), 0)
    if begins and not text.lstrip().startswith("{"):
        raise InputError(
            f"{place}, line 1: this is not JSON. The dump seems to begin in line {begins}; delete what is before it."
        )
    try:
        found = json.loads(text, object_pairs_hook=Pairs)
    except json.JSONDecodeError as exc:
        ends = exc.msg == "Extra data"
        problem = "there is more text after the end of the dump; delete it" if ends else f"this is not JSON: {exc.msg}"
        raise InputError(f"{place}, line {exc.lineno}: {problem}.") from None
    except RecursionError:
        raise InputError(f"{place}: this is nested too deeply.") from None
    except ValueError:  # for example a number of five thousand digits
        raise InputError(f"{place}: it contains a number that cannot be read.") from None
    if not isinstance(found, Pairs):
        raise InputError(f"{place}: this is {kind_of(found)}, and {COMMANDS[option]} prints a mapping.")
    return found


def _mapping(place: str, pairs: Pairs, mistakes: Mistakes) -> Properties:
    """Pairs as a mapping; each duplicate key is a mistake."""
    found: Properties = {}
    twice: dict[str, None] = {}
    for key, value in pairs:
        if key in found:
            twice[key] = None
        found[key] = value
    for key in twice:
        mistakes.add(f"{place}the key {key} occurs twice in one mapping.")
    return found
