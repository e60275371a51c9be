# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code that modules share imports downwards only: products the engine, and the engine what handles texts, files and the network."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4] / "plugins" / "module_utils"
GROUND = {"_text", "_files", "_net"}
BELOW = {
    **dict.fromkeys(GROUND, GROUND),
    "_engine": GROUND,
    **dict.fromkeys(("_access_server", "_freebox"), GROUND | {"_engine"}),
}
TOP = "_engine.module"  # the boundary to Ansible, above the products


def imported(source: str, name: str) -> Iterator[str]:
    """Modules that the source of a module may import, as in ``_engine.run``; also those that it imports for types alone."""
    package = name.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            yield ".".join(base)
            yield from (".".join([*base, one.name]) for one in node.names)


def graph() -> dict[str, set[str]]:
    """What each module imports."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    return {name: set(imported(path.read_text(), name)) & files.keys() for name, path in files.items()}


IMPORTS = graph()


def test_no_module_imports_itself_by_way_of_others() -> None:
    list(graphlib.TopologicalSorter(IMPORTS).static_order())


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_imports_go_downwards(name: str) -> None:
    own = name.split(".")[0]
    assert {each.split(".")[0] for each in IMPORTS[name]} <= BELOW[own] | {own}
    assert TOP not in IMPORTS[name]


def test_what_a_module_imports_is_found() -> None:
    """Else nothing above could fail."""
    source = (
        "from ..._engine.run import Run\nfrom . import client\nif t.TYPE_CHECKING:\n    from .session import Session\n"
    )
    found = set(imported(source, "_access_server.api.connection"))
    assert {"_engine.run", "_access_server.api.client", "_access_server.api.session"} <= found
