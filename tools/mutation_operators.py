# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of Python source that cosmic-ray does not make, as operators of its kind."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import parso
from cosmic_ray.operators.operator import Example, Operator

Position = tuple[tuple[int, int], tuple[int, int]]

# What _net/operations.py calls the classes of operations: which calls may be sent again.
RETRY_CLASSES = ("READ", "SET", "NAMED", "MAKES_NEW", "SIGN_IN", "CONTROL")


class ReplaceRetryClass(Operator):
    """Replaces an operation with one of another class: a value in a table, or an argument."""

    def mutation_positions(self, node: t.Any) -> Iterator[Position]:
        if node.type == "name" and node.value in RETRY_CLASSES and node.parent.type in ("dictorsetmaker", "arglist"):
            for _other in RETRY_CLASSES[1:]:
                yield node.start_pos, node.end_pos

    def mutate(self, node: t.Any, index: int) -> t.Any:
        node.value = [name for name in RETRY_CLASSES if name != node.value][index]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("{'GET /x': SET}", "{'GET /x': READ}"),)


class ReplaceMembership(Operator):
    """Replaces ``in`` with ``not in`` in comparisons, and the other way round."""

    def mutation_positions(self, node: t.Any) -> Iterator[Position]:
        if node.type == "comparison":
            for operator in _memberships(node):
                yield operator.start_pos, operator.end_pos

    def mutate(self, node: t.Any, index: int) -> t.Any:
        operator = _memberships(node)[index]
        other = "in" if operator.type == "comp_op" else "not in"
        node.children[node.children.index(operator)] = parso.parse(f" {other}")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("x in y", "x not in y"), Example("x not in y", "x in y"))


def _memberships(node: t.Any) -> list[t.Any]:
    return [each for each in node.children[1::2] if each.get_code().split() in (["in"], ["not", "in"])]


class RemoveStatement(Operator):
    """Removes a call whose result is not used, or a ``raise``."""

    def mutation_positions(self, node: t.Any) -> Iterator[Position]:
        if node.type == "simple_stmt" and node.children[0].type in ("atom_expr", "power", "raise_stmt"):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: t.Any, index: int) -> t.Any:
        node.children[0] = parso.parse(node.children[0].get_first_leaf().prefix + "pass")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("check(x)\n", "pass\n"), Example("raise ValueError(x)\n", "pass\n"))


OPERATORS = (ReplaceRetryClass, ReplaceMembership, RemoveStatement)
