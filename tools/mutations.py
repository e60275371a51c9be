# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose mutants: changes of the source, each in one place. The choice depends on the seed and on the code alone.

usage: mutations.py SEED NUMBER AREA...        (with the Python of .cache/venv-mutants, which has cosmic-ray)

Prints a JSON list of mutants. A place has at most one mutant of each kind, as long as there are other places.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import hashlib
import itertools
import json
import sys
import typing as t
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_UTILS = "plugins/module_utils"

# Areas: files and folders below MODULE_UTILS, as a whole or only the functions after the colons.
# A function that an area names is not counted in another area that has the whole file.
AREAS: dict[str, tuple[str, ...]] = {
    "engine": ("_engine",),
    "retry": (
        "_net/operations.py",
        "_net/refusals.py",
        "_net/retries.py",
        "_net/transport.py",
        "_access_server/api/operations.py",
        "_freebox/operations.py",
    ),
    "guards": (
        "_engine/planning.py::guard_purge,_refuse_misspelt,_purge_limit",
        "_access_server/accounts/account_safety.py",
        "_access_server/configuration/sign_in_settings.py",
        "_access_server/api/values.py",
        "_net/connection_options.py::is_unchecked",
    ),
    "redaction": (
        "_text/redact.py",
        "_text/masking.py",
        "_text/outside.py",
        "_engine/arguments.py::_look_for_slips,_look_for_keys,_secret_names,_misplaced,texts_in,secrets_in",
    ),
    "access_rules": ("_access_server/accounts/access_rule.py", "_access_server/accounts/access_list.py"),
}

# The changes of an operator by cosmic-ray after which the types still fit: a TypeError would only show whether a test runs the
# line. Whether two equal values are one object depends on Python.
SENSIBLE = {
    "ReplaceBinaryOperator": {
        "Add_Sub",
        "Sub_Add",
        "Sub_BitAnd",
        "Sub_BitOr",
        "BitAnd_BitOr",
        "BitAnd_Sub",
        "BitOr_BitAnd",
    }
    | {"BitOr_Sub", "BitXor_BitOr", "Mul_FloorDiv", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul"}
    | {"LShift_RShift", "RShift_LShift"},
    "ReplaceComparisonOperator": {"Is_IsNot", "IsNot_Is"}
    | {f"{a}_{b}" for a, b in itertools.permutations(("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"), 2)},
    "ReplaceUnaryOperator": {"Delete_Not", "Delete_Invert", "Delete_USub"},
}
BINARY = ("arith_expr", "term", "shift_expr", "expr", "and_expr", "xor_expr", "power")


@dataclasses.dataclass(frozen=True)
class Site:
    """A change that an operator can make: the ``occurrence``-th of its kind in the ``block``-th statement of a file."""

    file: str  # relative to the checkout
    line: int
    column: int
    operator: str
    block: int
    occurrence: int

    @property
    def place(self) -> tuple[str, int, int, str]:
        """Its place and its kind of change."""
        return self.file, self.line, self.column, self.operator.split("_")[0]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A change: ``text`` in place of the characters from ``start`` to ``end`` of a file."""

    area: str
    file: str
    line: int
    operator: str
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]

    def diff(self, source: str) -> str:
        """The lines that differ, old and new."""
        lines = difflib.unified_diff(source.splitlines(), self.apply(source).splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def mutant_of(area: str, site: Site, old: str, new: str) -> Mutant:
    """The smallest change from the old source to the new one."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - start
    same = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    return Mutant(area, site.file, site.line, site.operator, start, len(old) - same, new[start : len(new) - same])


def chosen(
    sites: Iterable[Site], number: int, seed: str, changed: t.Callable[[Site], str | None]
) -> Iterator[tuple[Site, str]]:
    """The first ``number`` sites, in an order that depends on the seed, whose change makes a difference, and the new source.

    ``changed`` makes the new source, or None where there is no change worth a test. Second changes of a place come last.
    """
    by_place: dict[t.Any, list[Site]] = {}
    for site in sites:
        by_place.setdefault(site.place, []).append(site)

    def order(site: Site) -> str:
        return hashlib.sha256(f"{seed} {dataclasses.astuple(site)}".encode()).hexdigest()

    ranked = [
        (rank, order(site), site) for same in by_place.values() for rank, site in enumerate(sorted(same, key=order))
    ]
    found = 0
    for _rank, _order, site in sorted(ranked, key=lambda each: each[:2]):
        if found == number:
            return
        new = changed(site)
        if new is not None:
            found += 1
            yield site, new


# -- which lines belong to an area


def files_of(entry: str) -> list[str]:
    """The files of an entry of AREAS."""
    path = ROOT / MODULE_UTILS / entry.partition("::")[0]
    files = sorted(path.glob("*.py")) if path.is_dir() else [path]
    return [str(file.relative_to(ROOT)) for file in files]


def names_of(entry: str) -> set[str]:
    """The functions that an entry of AREAS names; none if it means all."""
    return {name for name in entry.partition("::")[2].split(",") if name}


def named_lines(source: str, names: set[str]) -> set[int]:
    """The lines of these functions. Raises LookupError if one is missing."""
    found: dict[str, set[int]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            found[node.name] = set(range(node.lineno, t.cast(int, node.end_lineno) + 1))
    if names - found.keys():
        raise LookupError(f"AREAS in {Path(__file__).name}: there is no {', '.join(sorted(names - found.keys()))}")
    return set().union(*found.values())


def lines_of(area: str) -> dict[str, set[int]]:
    """The lines of each file that belong to an area."""
    elsewhere = {
        file: names_of(entry) for name in AREAS if name != area for entry in AREAS[name] for file in files_of(entry)
    }
    lines: dict[str, set[int]] = {}
    for entry in AREAS[area]:
        for file in files_of(entry):
            source = (ROOT / file).read_text()
            if names_of(entry):
                lines[file] = named_lines(source, names_of(entry))
            else:
                every = set(range(1, len(source.splitlines()) + 1))
                lines[file] = every - named_lines(source, elsewhere.get(file, set()))
    return lines


Span = tuple[tuple[int, int], tuple[int, int]]


def ignored(source: str) -> list[Span]:
    """Spans of code that only a type checker reads: annotations, types of casts, and what is below ``t.TYPE_CHECKING``."""
    spans: list[Span] = []
    for node in ast.walk(ast.parse(source)):
        skipped: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            skipped = [node.returns]
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            skipped = [node.annotation]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "t.cast":
            skipped = [node.args[0]]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "t.TYPE_CHECKING":
            skipped = [node]
        for each in t.cast("list[t.Any]", skipped):
            if each is not None:
                # ast counts bytes and parso characters: one line before the other matters only where both differ.
                spans.append(((each.lineno, each.col_offset), (each.end_lineno, each.end_col_offset)))
    return spans


# -- cosmic-ray


def operators() -> dict[str, t.Any]:
    """Operators by name: those of cosmic-ray that need no arguments, and those of this project."""
    from cosmic_ray.operators.provider import OperatorProvider
    from mutation_operators import OPERATORS

    provider = OperatorProvider()
    found = {name: provider[name] for name in provider if not provider[name].arguments()}
    found.update({operator.__name__: operator for operator in OPERATORS})
    return {name: operator() for name, operator in found.items() if is_sensible(name)}


def is_sensible(operator: str) -> bool:
    kind, _sign, change = operator.partition("_")
    return kind not in SENSIBLE or change in SENSIBLE[kind]


def blocks_of(source: str) -> list[tuple[int, str]]:
    """The source in pieces, a statement of the module in each, and the lines before each: to parse one is quick."""
    lines = source.splitlines(keepends=True)
    body = ast.parse(source).body
    starts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1 for node in body]
    cuts = sorted({0, *starts[1:], len(lines)})
    return [(start, "".join(lines[start:end])) for start, end in zip(cuts, cuts[1:], strict=False)]


def sites_of(file: str, source: str, lines: set[int], known: t.Mapping[str, t.Any]) -> Iterator[Site]:
    """Every change of these lines that an operator knows."""
    from cosmic_ray.ast import ast_nodes, get_ast

    spans = ignored(source)
    for number, (before, text) in enumerate(blocks_of(source)):
        counts = dict.fromkeys(known, 0)
        for node in ast_nodes(get_ast(text)):
            if not hasattr(node, "value") and not hasattr(node, "children"):
                continue
            for name, operator in known.items():
                for (line, column), _end in operator.mutation_positions(node):
                    occurrence = counts[name]
                    counts[name] += 1
                    at = (line + before, column)
                    if name.startswith("ReplaceBinaryOperator") and node.parent.type not in BINARY:
                        continue
                    if at[0] in lines and not any(start <= at < end for start, end in spans):
                        yield Site(file, *at, name, number, occurrence)


def sample(area: str, number: int, seed: str) -> list[Mutant]:
    """The mutants of an area."""
    from cosmic_ray.mutating import mutate_code

    known = operators()
    sources = {file: (ROOT / file).read_text() for file in lines_of(area)}
    trees = {file: ast.dump(ast.parse(source)) for file, source in sources.items()}
    blocks = {file: blocks_of(source) for file, source in sources.items()}
    seen: set[tuple[str, str]] = set()

    def changed(site: Site) -> str | None:
        texts = [text for _before, text in blocks[site.file]]
        try:
            text = mutate_code(texts[site.block], known[site.operator], site.occurrence)
        except AttributeError:  # cosmic-ray 8 does not know exceptions with a dot in their name
            return None
        if text is None:
            return None
        new = "".join([*texts[: site.block], text, *texts[site.block + 1 :]])
        try:
            tree = ast.dump(ast.parse(new))
            compile(new, site.file, "exec")
        except SyntaxError:
            return None
        if tree == trees[site.file] or (site.file, tree) in seen:
            return None
        seen.add((site.file, tree))
        return new

    sites = [site for file, lines in lines_of(area).items() for site in sites_of(file, sources[file], lines, known)]
    return [mutant_of(area, site, sources[site.file], new) for site, new in chosen(sites, number, seed, changed)]


def main(seed: str, number: str, areas: Sequence[str]) -> None:
    mutants = [mutant for area in areas for mutant in sample(area, int(number), seed)]
    print(json.dumps([dataclasses.asdict(mutant) for mutant in mutants]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
