# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects declared in files: read fast, and with the line of each."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.basic import missing_required_lib

from .._files.read_file import Read, content_of
from .._text.errors import InputError
from .declaration_csv import Item, Spec, parsed_csv

try:
    import yaml
except ImportError:
    SafeLoader: t.Any = object
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

CSV = ".csv"  # of a table, which can contain only a list
MAPPINGS = (".json", ".yaml", ".yml")  # of files that can contain a mapping
ENDINGS = (CSV, *MAPPINGS)
MOST_REPEATED = 10_000_000  # values that aliases of YAML stand for: a few lines cannot keep the task busy for long
DEEPEST = 100  # levels of nested YAML; some ten thousand levels deeper, the C parser would end the process

TEXT, MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
PLAIN = {TEXT, MERGE, *(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "seq", "map"))}

Lines = t.Callable[[], t.Sequence[int]]


class Flaw(Exception):
    """What is wrong with a text. Its values are not quoted, because they may be secrets."""

    def __init__(self, problem: str, line: t.Optional[int] = None) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class File:
    """A file's objects. ``lines`` returns where each begins, and is called only when a place is needed.

    ``mistakes`` are what cannot be read as an object, each with its line; ``doubtful``: because of them, every object may lack
    something that it declares.
    """

    path: str
    items: list[t.Any] = field(repr=False)
    lines: Lines = field(repr=False)
    mistakes: t.Sequence[str] = ()
    doubtful: bool = False

    def place(self, number: int) -> str:
        """Path and line of an object; ``number`` counts from 0."""
        return f"{self.path}, line {self.lines()[number]}"


def read_files(src: str, plural: str, rules: Spec, read: Read) -> list[File]:
    """The objects in a file, or in each file of a folder in the order of their names.

    A file contains a table, a list, or a mapping whose only key is the plural option, with the list. ``rules`` are those of this
    option in an argument spec; they define the columns of a table. Raises InputError.
    """
    if not src:
        raise InputError("src is empty: give the path of a file or a folder, or leave it out.")
    if not os.path.isdir(src):
        return [_read(src, plural, rules, read)]
    try:
        names = sorted(name for name in os.listdir(src) if name.endswith(ENDINGS) and not name.startswith("."))
    except OSError as exc:
        raise InputError(f"src: {src} cannot be read: {exc.strerror}.") from exc
    if not names:
        raise InputError(f"src: {src} is a folder that has no file with a name that ends in {', '.join(ENDINGS)}.")
    return [_read(os.path.join(src, name), plural, rules, read) for name in names]


def place_among(files: t.Sequence[File], number: int) -> str:
    """Path and line of an object, counted from 0 through all files."""
    for file in files:
        if number < len(file.items):
            return file.place(number)
        number -= len(file.items)
    raise IndexError(number)


def _read(path: str, plural: str, rules: Spec, read: Read) -> File:
    try:
        content = content_of("src", path, read)
        if path.endswith(CSV):
            return read_table(path, _text_of(content), rules)
        found, lines = _parsed(path, content)
    except Flaw as flaw:
        where = f"{path}, line {flaw.line}" if flaw.line else path
        raise InputError(f"src: {where}: {flaw}.") from None
    if isinstance(found, dict) and list(found) == [plural]:
        found = found[plural]
    if not isinstance(found, list):
        raise InputError(f"src: {path} does not contain a list, or a mapping whose only key is {plural}.")
    return File(path, found, lines)


def read_table(path: str, text: str, rules: Spec) -> File:
    """The objects in the text of a table; the path is for sentences."""
    table = parsed_csv(text, rules)
    mistakes = [
        f"{path}, line {line}: {problem}{'' if problem.endswith('?') else '.'}" for line, problem in table.flaws
    ]
    return File(path, table.items, lambda: table.lines, mistakes, table.doubtful)


def read_mapping(text: str) -> Item:
    """The one mapping that a text in JSON or YAML contains. Raises Flaw."""
    found, _lines = _parsed("a.json" if text.lstrip().startswith("{") else "a.yml", text.encode())
    if not isinstance(found, dict):
        raise Flaw("this is not a mapping")
    return found


def _parsed(path: str, content: bytes) -> tuple[t.Any, Lines]:
    """The content of a file, and the lines where the objects of its list begin. Raises Flaw."""
    try:
        text = _text_of(content)
        return _parsed_json(text) if path.endswith(".json") else _parsed_yaml(text)
    except RecursionError:
        raise Flaw("this is nested too deeply") from None
    except (ValueError, LookupError) as exc:  # for example, a number of five thousand digits
        raise Flaw(f"it contains a value that cannot be read ({type(exc).__name__})") from None


def _text_of(content: bytes) -> str:
    """A text in UTF-8, with or without a mark of its byte order. Raises Flaw."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Flaw("this is not text in UTF-8") from None


def _parsed_json(text: str) -> tuple[t.Any, Lines]:
    try:
        return json.loads(text, object_pairs_hook=_mapping), lambda: _lines_of_json(text)
    except json.JSONDecodeError as exc:
        raise Flaw(f"this is not JSON: {exc.msg}", exc.lineno) from None


def _mapping(pairs: list[tuple[str, t.Any]]) -> Item:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise Flaw(f"the key {next(name for name in found if names.count(name) > 1)} occurs twice in one mapping")
    return found


def _lines_of_json(text: str) -> list[int]:
    decoder = json.JSONDecoder()
    lines: list[int] = []
    position = text.index("[")
    line, counted = 1, 0
    while True:
        position += 1
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return lines
        line, counted = line + text.count("\n", counted, position), position
        lines.append(line)
        position = decoder.raw_decode(text, position)[1] - 1


class Doubtful:
    """A number in an unusual notation, such as 007, 1.10 or 12:30:45: its text cannot be restored."""


class DoubtfulInt(Doubtful, int):
    """A whole number."""


class DoubtfulFloat(Doubtful, float):
    """A number with a fraction."""


def is_plain_number(value: t.Any) -> bool:
    """Whether a value is a whole number whose text is certain."""
    return isinstance(value, int) and not isinstance(value, (bool, Doubtful))


class PlainLoader(SafeLoader):
    """Reads the part of YAML that JSON also has: no dates, no tags, text as keys, no duplicate keys, no deep nesting."""

    yaml_constructors = {
        tag: construct
        for tag, construct in getattr(SafeLoader, "yaml_constructors", {}).items()
        if tag in PLAIN or tag is None
    }
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in PLAIN]
        for first, resolvers in getattr(SafeLoader, "yaml_implicit_resolvers", {}).items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._looked_at: set[int] = set()

    def descend_resolver(self, *_where: t.Any) -> None:
        """On the way into each node: the only chance to stop before the C parser has used up its stack."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        """On the way out."""
        self._depth -= 1

    def construct_yaml_int(self, node: t.Any) -> int:
        """A number, whose type shows whether its text is certain."""
        number = int(super().construct_yaml_int(node))
        return number if str(number) == node.value else DoubtfulInt(number)

    def construct_yaml_float(self, node: t.Any) -> float:
        """The same for a number that is not whole."""
        number = float(super().construct_yaml_float(node))
        return number if str(number) == node.value else DoubtfulFloat(number)

    def flatten_mapping(self, node: t.Any) -> None:
        """Check the keys that are written in a mapping, before ``<<`` is replaced by what it stands for."""
        if id(node) not in self._looked_at:
            self._looked_at.add(id(node))
            seen: set[str] = set()
            for key, _value in node.value:
                line = key.start_mark.line + 1
                if key.tag not in (TEXT, MERGE):
                    raise Flaw("a key is not text; put it in quotes", line)
                if key.value in seen:
                    raise Flaw(f"the key {key.value} occurs twice in one mapping", line)
                seen.add(key.value)
        super().flatten_mapping(node)


PlainLoader.yaml_constructors["tag:yaml.org,2002:int"] = PlainLoader.construct_yaml_int
PlainLoader.yaml_constructors["tag:yaml.org,2002:float"] = PlainLoader.construct_yaml_float


def _parsed_yaml(text: str) -> tuple[t.Any, Lines]:
    if SafeLoader is object:
        raise Flaw(f"this is not JSON, and YAML cannot be read: {missing_required_lib('PyYAML').rstrip('.')}")
    try:
        loader = PlainLoader(text)
        try:
            node = loader.get_single_node()
            if "*" in text and _weight(node, {}) > len(text) + MOST_REPEATED:  # nothing else is shorter than it weighs
                raise Flaw(f"its aliases stand for more than {MOST_REPEATED:,} values")
            found = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as exc:
        if "exceeded maximum nesting depth" in str(getattr(exc, "problem", None)):  # libyaml since PyYAML 6.0.4
            raise RecursionError from None
        mark = getattr(exc, "problem_mark", None)
        raise Flaw(_flaw_of_yaml(exc), mark.line + 1 if mark else None) from None
    listed = node.value[-1][1] if isinstance(found, dict) and found else node
    lines = [item.start_mark.line + 1 for item in listed.value] if isinstance(listed, yaml.SequenceNode) else []
    return found, lambda: lines


def _weight(node: t.Any, known: dict[int, int]) -> int:
    """The number of values in a node of YAML. Values behind an alias count each time that the alias is used."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 0  # for a node that contains itself
        inside = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
        known[id(node)] = 1 + sum(_weight(one, known) for one in inside)
    return known[id(node)]


def _flaw_of_yaml(exc: Exception) -> str:
    """With libyaml's own words where they are about grammar; its other texts can quote a secret."""
    if "could not determine a constructor" in str(getattr(exc, "problem", None)):
        return "tags, such as !vault, are not supported; encrypt the whole file"
    if "expected a single document" in str(getattr(exc, "context", None)):
        return "it contains more than one document"
    if yaml.__with_libyaml__ and isinstance(exc, (yaml.scanner.ScannerError, yaml.parser.ParserError)):
        return f"this is not YAML: {exc.problem}"
    return "this is not YAML"
