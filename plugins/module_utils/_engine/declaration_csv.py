# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects declared in a table: a row for each, a column for each option."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.parsing.convert_bool import boolean

from .._text.errors import did_you_mean

LISTED = ";"  # between the values of a list in one cell, also where ; separates the cells
EMPTY = "(empty)"  # the cell of an empty text or list; an empty cell leaves the option out
CELLS = ",;"  # possible separators of cells; the first one in the header is used
LONGEST_NAME = 60  # characters of a name in the header that a sentence repeats
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
LINE_END = re.compile(r"\r\n?|\n")
WHOLE = re.compile(r"[+-]?[0-9]{1,18}")

Item = dict[str, t.Any]
Spec = t.Mapping[str, t.Any]


class Unfit(Exception):
    """What is wrong with a cell or a name in the header, as the end of a sentence. It quotes no cell."""


@dataclass(frozen=True)
class Column:
    """Where the cells of a column belong in an object, and the option whose values they are."""

    name: str
    path: tuple[str, ...]
    option: Spec = field(repr=False)


@dataclass
class Table:
    """The objects of a table, the line where each begins, and what is wrong with the table: a line and a sentence for each.

    ``doubtful``: the header has mistakes, so that every object may lack something that it declares.
    """

    items: list[Item] = field(default_factory=list, repr=False)
    lines: list[int] = field(default_factory=list, repr=False)
    flaws: list[tuple[int, str]] = field(default_factory=list)
    doubtful: bool = False


def parsed_csv(text: str, rules: Spec) -> Table:
    """The content of a table. ``rules`` are those of the option that lists the objects, as in an argument spec."""
    table = Table()
    for line, one in enumerate(LINE_END.split(text) if CONTROL.search(text) else (), 1):
        found = CONTROL.search(one)
        if found:
            table.flaws.append((line, f"there is a control character (U+{ord(found.group()):04X})"))
    rows = _rows(CONTROL.sub(" ", text), table)
    line, header = next(rows, (1, []))
    columns = _columns(line, header, rules, table)
    for line, row in rows if columns else ():
        if len(row) != len(columns):
            table.flaws.append(
                (line, f"the row has {_cells(len(row))}, and the header has {len(columns)}. {_advice(row, columns)}")
            )
            continue
        item, problems = _item(row, columns)
        table.flaws += [(line, problem) for problem in problems]
        if not problems:
            table.items.append(item)
            table.lines.append(line)
    table.flaws.sort(key=lambda flaw: flaw[0])
    return table


def listed_in(cell: str) -> list[str]:
    """The values of a list in a cell. Raises Unfit."""
    parts = [] if cell.strip() in ("", EMPTY) else [part.strip() for part in cell.split(LISTED)]
    if "" in parts:
        raise Unfit(
            f"a value of the list is empty; write {LISTED} only between two values, and {EMPTY} for an empty list"
        )
    return parts


# -- rows


def _rows(text: str, table: Table) -> t.Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line where it begins; a row that has no end is the last."""
    between = next((one for one in text.lstrip().partition("\n")[0] if one in CELLS), CELLS[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            table.flaws.append((line, _flaw_of_csv(exc, between)))
            return
        if any(cell.strip() for cell in row):
            yield line, row


def _flaw_of_csv(exc: csv.Error, between: str) -> str:
    """Without the parser's own words, which differ from version to version."""
    text = str(exc)
    if "field limit" in text:
        return f'a cell has more than {csv.field_size_limit():,} characters; perhaps a closing " is missing'
    if "unexpected end" in text:
        return 'a cell in this row begins with ", and the closing " is missing'
    return f'after the " that ends a cell, a {between} or the end of the row is needed; write a " inside a cell as ""'


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _advice(row: t.Sequence[str], columns: t.Sequence[t.Optional[Column]]) -> str:
    if len(row) < len(columns):
        return "Each row needs a cell for each column; cells can be empty"
    return f'Put " before and after a cell that contains {" or ".join(CELLS)}'


# -- the header


def _columns(line: int, header: t.Sequence[str], rules: Spec, table: Table) -> list[t.Optional[Column]]:
    """The columns, None for one that is not used; no columns where the first row is not a header.

    Nothing of such a row is quoted: it may be the row of an object, with its password.
    """
    options, names = rules["options"], [name.strip() for name in header]
    keys = [{name} for name, option in options.items() if option.get("required")]
    keys += [set(terms) for terms in rules.get("required_one_of", ())]
    table.doubtful = True
    for terms in keys:
        if not terms & set(names):
            needed = " or ".join(sorted(terms))
            table.flaws.append(
                (line, f"the first row has no column {needed}. This row is the header, with the names of options")
            )
            return []
    before = len(table.flaws)
    columns: list[t.Optional[Column]] = []
    for number, name in enumerate(names):
        shown = name if len(name) <= LONGEST_NAME else f"the name of column {number + 1}"
        try:
            if name and name in names[:number]:
                raise Unfit(f"{shown} occurs twice in the header")
            columns.append(Column(name, *_place(name, shown, options)) if name else None)
        except Unfit as exc:
            table.flaws.append((line, str(exc)))
            columns.append(Column(name, (), {}))
    table.doubtful = len(table.flaws) > before
    return columns


def _place(name: str, shown: str, options: t.Mapping[str, Spec]) -> tuple[tuple[str, ...], Spec]:
    """The path of a name with dots, and the option that it leads to. Raises Unfit, with the whole name as it is shown."""
    head, dot, rest = name.partition(".")
    option = options.get(head)
    if option is None:
        hint = did_you_mean(head, options)
        raise Unfit(f"{shown}: there is no such option{f'.{hint}' if hint else ''}")
    kind, deeper = option.get("type", "str"), option.get("options")
    if kind == "list" and option.get("elements") == "dict":
        raise Unfit(f"{shown}: a cell cannot contain a list of mappings. Declare {head} in YAML or JSON")
    if kind != "dict":
        if dot:
            raise Unfit(f"{shown}: {head} has no suboptions. Write {head}")
        return (head,), option
    if not rest:
        part = next(iter(deeper)) if deeper else "NAME"
        raise Unfit(f"{shown}: a cell cannot contain a mapping. Use a column for each suboption, such as {head}.{part}")
    if deeper is None:
        return (head, rest), {}
    path, option = _place(rest, shown, deeper)
    return (head, *path), option


# -- cells


def _item(row: t.Sequence[str], columns: t.Sequence[t.Optional[Column]]) -> tuple[Item, list[str]]:
    item: Item = {}
    problems = []
    for number, (cell, column) in enumerate(zip(row, columns), 1):
        if not cell.strip():
            continue
        if column is None:
            problems.append(f"column {number} has no name in the header, and its cell is not empty")
            continue
        if not column.path:
            continue
        try:
            value = _value(cell, column.option)
        except Unfit as exc:
            problems.append(f"{column.name}: {exc}")
            continue
        inner = item
        for part in column.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[column.path[-1]] = value
    return item, problems


def _value(cell: str, option: Spec) -> t.Any:
    """A cell as a value of its option. What cannot be one is not changed, for the checks of all values. Raises Unfit."""
    kind = option.get("type", "str")
    if kind == "list":
        each = {"type": option.get("elements", "raw")}
        return [_value(part, each) for part in listed_in(cell)]
    text = cell.strip()
    if kind == "bool":
        try:
            return boolean(text)
        except TypeError:
            return text
    if kind == "int":
        return int(text) if WHOLE.fullmatch(text) else text
    if text == EMPTY:
        return ""
    return cell if kind == "raw" or option.get("no_log") else text
