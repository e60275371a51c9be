# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of variables that declare what a server has: their text, and whether a file is as it was written.

What a server answers is text and never a template: each text that could be one has the tag ``!unsafe``.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from collections.abc import Mapping, Sequence

import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION as ACCESS_SERVER,
)
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown

Item = Mapping[str, t.Any]
EXPORTED = " has, exported by vpn.estate on "  # in the first comment of a file, between its origin and the time
ORIGIN = re.compile(f"^# What (.+?){re.escape(EXPORTED)}", re.MULTILINE)
CHECKSUM = re.compile(r"^# Checksum: ([0-9a-f]{64})\n", re.MULTILINE)
# No template begins without one of { and #: not with other marks either, which a text itself would have to choose by #jinja2.
PLAIN = re.compile(r"[\w\\ .,:;/@+=()<>|!?$&*'\"\[\]^~-]*")
# Other breaks of lines, and breaks at the end, which double quotes alone keep as they are.
BREAKS = re.compile("[\r\x85\u2028\u2029]|\n\n\\Z|\\A\n+\\Z")
TEXT = "tag:yaml.org,2002:str"
# Options of secrets, which no export has.
SECRETS = frozenset(
    f.name
    for server in (ACCESS_SERVER, FREEBOX)
    for resource in server.resources.values()
    for f in resource.fields
    if f.secret
)
MASK = "********"
WIDE = 1 << 20  # columns; a text stays on its line


class Template(str):
    """A text that is a template, and means to be."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Lists are indented, and texts are data."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Also in a mapping."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        """Equal values are written out."""
        return True

    def text(self, value: str) -> yaml.Node:
        """With a tag if it could be a template; several lines as lines."""
        if PLAIN.fullmatch(value):
            return self.represent_str(value)
        style = '"' if BREAKS.search(value) else "|" if "\n" in value else "'"
        return self.represent_scalar("!unsafe", value, style=style)

    def mapping(self, value: Mapping[str, t.Any]) -> yaml.Node:
        """Its keys are no templates, whatever they hold."""
        keys = [self.represent_scalar(TEXT, str(key), style='"' if BREAKS.search(str(key)) else None) for key in value]
        pairs = [*zip(keys, map(self.represent_data, value.values()))]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


_Dumper.add_representer(str, _Dumper.text)
_Dumper.add_representer(dict, _Dumper.mapping)
_Dumper.add_representer(Template, lambda dumper, value: dumper.represent_scalar(TEXT, str(value), style='"'))


def body_of(variable: str, value: Item | Sequence[Item], secrets: Sequence[Item], others: Sequence[Item] = ()) -> str:
    """The lines that set a variable, with comments that a person may complete.

    ``secrets`` are what may be added to each object, ``others`` what may be added to a list of them.
    """
    if isinstance(value, Mapping):
        lines = [_indented(_dumped(value)) if value else "", *(_comment(one, "  ") for one in secrets if one)]
    else:
        lines = [
            _indented(_dumped([item])) + (_comment(secret, "    ") if secret else "")
            for item, secret in zip(value, secrets)
        ]
        lines += [_comment([one], "  ") for one in others]
    empty = "" if value else " {}" if isinstance(value, Mapping) else " []"
    return f"{variable}:{empty}\n" + "".join(lines)


def file_of(body: str, comments: Sequence[str]) -> str:
    """A file with these comments, which are texts of one line each, and the checksum of what follows."""
    said = "".join(f"# {shown(one)}\n" for one in comments)
    return f"---\n{said}# Checksum: {checksum(body)}\n{body}"


def checksum(body: str) -> str:
    """What tells whether a body is as it was written."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def origin_of(text: str) -> str:
    """The host from which a file was exported; empty if the file does not name it."""
    found = ORIGIN.search(text)
    return found[1] if found else ""


def taken_apart(text: str) -> tuple[str, str]:
    """The checksum that a file says it has, which is empty if it says none, and its body."""
    found = CHECKSUM.search(text)
    return (found[1], text[found.end() :]) if found else ("", text)


class _Loader(yaml.SafeLoader):
    """Reads what a person has made of a file. A template is a text here, and a value with a tag is none."""


_Loader.add_constructor("!unsafe", lambda loader, node: str(node.value))
_Loader.add_constructor("!vault", lambda loader, node: "")


def declares(body: str, other: str, variable: str) -> bool:
    """Whether two bodies set a variable to the same objects, whatever their order, apart from secrets in the first one.

    The order of other lists can count, as that of rules does.
    """
    try:
        mine, theirs = (yaml.load(text, Loader=_Loader) for text in (body, other))  # noqa: S506 - it is a safe loader
        if not isinstance(mine, dict) or not isinstance(theirs, dict) or mine.keys() != theirs.keys():
            return False
        return _comparable(mine.get(variable)) == _comparable(theirs.get(variable))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):  # TypeError: keys that are no text
        return False


def without_secrets(text: str) -> str:
    """A file as a diff can show it: what a person has written as a secret into it is masked, line by line."""
    try:
        secrets = {line.strip() for said in _secrets_in(yaml.load(text, Loader=_Loader)) for line in said.splitlines()}  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return "(not shown: this is not YAML)\n"
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _secrets_in(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _secrets_in(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in SECRETS:
                yield from _secrets_in(one)
            elif isinstance(one, (str, int, float)) and "{{" not in str(one):
                yield str(one)


def _comparable(value: t.Any) -> list[str] | str:
    return sorted(map(_as_text, value)) if isinstance(value, list) else _as_text(value)


def _as_text(value: t.Any) -> str:
    if isinstance(value, dict):
        value = {key: one for key, one in value.items() if key not in SECRETS and (key, one) != ("state", "present")}
    return json.dumps(value, sort_keys=True, default=str)


def _dumped(value: t.Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDE, default_flow_style=False)


def _indented(text: str) -> str:
    return re.sub("^(?=[^\n])", "  ", text, flags=re.MULTILINE)


def _comment(value: t.Any, indent: str) -> str:
    """A value as lines of a comment. What is a template in it is one when a person makes them lines of the file."""
    return re.sub("^", f"{indent}# ", _dumped(value)[:-1], flags=re.MULTILINE) + "\n"
