# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of modules import nothing of Ansible that a managed machine lacks: `ansible-test units` runs them without the rest.

All unit tests import only libraries that `ansible-test units` installs for them.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
COLLECTION = "ansible_collections.vpn.estate"
OF_MODULES = [
    path for folder in ("modules", "module_utils") for path in (ROOT / "tests/unit/plugins" / folder).rglob("*.py")
]
OF_ALL = sorted((ROOT / "tests/unit").rglob("*.py"))
# What `ansible-test units` leaves of Ansible for these tests.
LEFT = ("ansible.module_utils", "ansible.utils.collection_loader")


@functools.cache
def names_in(path: Path) -> list[str]:
    """What a file imports."""
    own = path.relative_to(ROOT).with_suffix("")
    return list(imported(path.read_text(encoding="utf-8"), ".".join([COLLECTION, *own.parts])))


def imported(source: str, name: str) -> Iterator[str]:
    """Full names of what the source of a module of this name imports anywhere, but for types alone."""
    nodes = [ast.parse(source)]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*name.split(".")[: -node.level], *([node.module] if node.module else [])])
            yield from (f"{base if node.level else node.module}.{one.name}" for one in node.names)
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            nodes += ast.iter_child_nodes(node)


@functools.cache
def file_of(name: str) -> Path | None:
    """The file of a module of the collection, or of the one that has what is named."""
    parts = name.removeprefix(f"{COLLECTION}.").split(".")
    paths = (ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in (len(parts), len(parts) - 1))
    return next((path for path in paths if path.is_file()), None) if name.startswith(f"{COLLECTION}.") else None


def is_left(name: str) -> bool:
    return f"{name}.".startswith(tuple(f"{one}." for one in LEFT))


def beyond(files: Iterable[Path]) -> set[tuple[str, str]]:
    """What files and the files that they import need of Ansible beyond what is left, with the file that imports it."""
    found, queue = set(), list(files)
    for path in queue:
        for name in names_in(path):
            if name.partition(".")[0] == "ansible" and not is_left(name):
                found.add((str(path.relative_to(ROOT)), name))
            inner = file_of(name)
            if inner and inner not in queue:
                queue.append(inner)
    return found


@pytest.mark.parametrize("path", OF_MODULES, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_test_of_a_module_imports_no_code_of_the_controller(path: Path) -> None:
    conftest = [ROOT / "conftest.py", ROOT / "tests/unit/plugins/conftest.py"]
    assert beyond([path, *conftest]) == set(), (
        "move the test to tests/unit/plugins/action, plugin_utils, filter or roles"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from ansible.errors import AnsibleError", "ansible.errors.AnsibleError"),
        ("from ansible import constants", "ansible.constants"),
        ("def late():\n    import ansible.template", "ansible.template"),
        ("if TYPE_CHECKING:\n    import ansible.template", None),
        ("from ansible.module_utils import basic", None),
        (f"from {COLLECTION}.plugins.plugin_utils import _module_action", "ansible.constants"),
        (f"from {COLLECTION}.tests.unit.plugins.support.playbook import Folder", "ansible.plugins.connection.local"),
        (f"from {COLLECTION}.plugins.modules import as_user", None),
    ],
)
def test_what_is_imported_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, found: str | None
) -> None:
    """Also by way of another module; else nothing above could fail."""
    names = list(imported(source, f"{COLLECTION}.tests.unit.plugins.modules.test_x"))
    inner = beyond(path for path in map(file_of, names) if path)
    needed = {*(name for _path, name in inner), *(name for name in names if name.startswith("ansible."))}
    assert (found in needed) if found else all(map(is_left, needed))


def canonical(name: str) -> str:
    """The name of a library as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).casefold()


@functools.cache
def installed() -> frozenset[str]:
    """Top-level names that `ansible-test units` can import: Python's own, those of required libraries, and the project's."""
    locked = re.findall(r"^[\w.-]+(?===)", (ROOT / "tests/unit/requirements.lock").read_text(), re.MULTILINE)
    names = {canonical(name) for name in (*locked, "pytest")}
    libraries = importlib.metadata.packages_distributions().items()
    return frozenset(
        {
            *sys.stdlib_module_names,
            *(module for module, given in libraries if names & {*map(canonical, given)}),
            *("ansible", "jinja2"),  # ansible-test has Ansible itself as a folder, and installs what it needs
            *("ansible_collections", "simulator"),
            *(path.stem for path in ROOT.glob("tools/*.py")),
            *(path.stem for path in ROOT.glob("tests/bench/*.py")),
            *(path.stem for path in ROOT.glob("playbooks/demo/*.py")),
        }
    )


@pytest.mark.parametrize("path", OF_ALL, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_test_imports_only_libraries_that_are_required(path: Path) -> None:
    top = {name.partition(".")[0] for name in names_in(path)}
    assert top <= installed(), "name the library in tests/unit/requirements.txt"


def test_a_library_that_is_not_required_is_found() -> None:
    assert "ansiblelint" not in installed()
    assert {"yamllint", "yaml", "hypothesis", "cryptography"} <= installed()
