# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a warning quotes, a secret in it is masked, in Ansible's own process and in a module.

Each call that warns is found in the source, and its sentence is made with a secret of the task in each place that is filled in.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.support import specimen

PLUGINS = Path(__file__).parents[4] / "plugins"
# The ways to Ansible's user: task.warn(), a list of cautions of a connection, and what passes an answer on.
WARN, CAUTIONS = {"task.warn", "run.task.warn", "self.run.task.warn"}, "cautions"
OTHERS = {
    "_engine/module.py": {"module.warn"},  # what presentable() has masked
    "plugin_utils/_shared_sign_in.py": {"warn"},  # a file that is named by a digest, and why it is not used
    "callback/report.py": {"self._display.warning"},  # a path, and why the file cannot be written
}
SECRETS = ["mArKeD-sEcReT-7", 'it\'s a "mArKeD\\er"\tof a kind', "mysql://vpn:mArKeD-word@db.example.com/x"]


def calls() -> Iterator[tuple[str, str, ast.expr | None]]:
    """Each call of a name that warns or deprecates: its file, the name, and its argument."""
    for path in sorted(PLUGINS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name.rpartition(".")[2] in ("warn", "warning", "deprecate", "deprecated"):
                place = str(path.relative_to(PLUGINS)).removeprefix("module_utils/")
                yield place, name, node.args[0] if node.args else None


def cautions() -> Iterator[ast.expr]:
    """Each sentence about a connection."""
    for path in sorted(PLUGINS.rglob("connection.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == CAUTIONS:
                yield from (each for each in ast.walk(node) if isinstance(each, ast.JoinedStr))


def filled(node: ast.expr, secret: str) -> str:
    """The sentence of an expression, with a secret in the place of each value."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(filled(each, secret) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return repr(secret) if node.conversion == ord("r") else filled(node.value, secret)
    if isinstance(node, ast.BinOp):
        return filled(node.left, secret) + filled(node.right, secret)
    if isinstance(node, ast.IfExp):
        return filled(node.body, secret) + filled(node.orelse, secret)
    return secret


def sentences(secret: str) -> list[str]:
    found = [argument for _place, name, argument in calls() if name in WARN and argument is not None]
    return [filled(each, secret) for each in [*found, *cautions()]]


def test_each_warning_goes_one_way() -> None:
    others = [(place, name) for place, name, _argument in calls() if name not in WARN | OTHERS.get(place, set())]
    assert others == []
    assert len(sentences("")) >= 40
    assert len(list(cautions())) >= 2


@pytest.fixture(name="of_modules", scope="module")
def fixture_of_modules() -> str:
    """What a module prints that warns of each sentence with each secret."""
    path = os.pathsep.join([os.environ["ANSIBLE_COLLECTIONS_PATH"], *filter(None, [os.environ.get("PYTHONPATH")])])
    cases = [arguments(secret, text) for secret in SECRETS for text in texts(secret)]
    return subprocess.run(  # noqa: S603
        [sys.executable, specimen.__file__],
        check=True,
        input=json.dumps(cases),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ).stdout


def texts(secret: str, most: int = 10) -> list[str]:
    """All sentences in a few texts, none of which is long enough to be cut."""
    found = sentences(secret)
    return [" ".join(found[start : start + most]) for start in range(0, len(found), most)]


def arguments(secret: str, text: str) -> dict[str, t.Any]:
    """Of a task that warns of its name. Its secret is an option of one of a list, as the password of a peer."""
    return {"name": text, "parts": [{"key": secret}]}


def shown(text: str) -> list[str]:
    """Where a part of a secret is shown."""
    return [text[max(0, at - 60) : at + 60] for at in range(len(text)) if text.startswith("mArKeD", at)]


@pytest.mark.versions
@pytest.mark.parametrize("secret", SECRETS)
def test_a_warning_in_the_process_of_ansible_shows_no_secret(secret: str) -> None:
    for text in texts(secret):
        answer = perform(specimen.BODY, "as_test", arguments(secret, text), check=False, invocation=True)
        assert "*****" in answer["warnings"][-1]
        assert shown(json.dumps(answer)) == []


@pytest.mark.versions
def test_a_warning_of_a_module_shows_no_secret(of_modules: str) -> None:
    answers = [json.loads(line) for line in of_modules.splitlines() if line]
    assert len(answers) == sum(len(texts(secret)) for secret in SECRETS)
    for answer in answers:
        warnings = json.dumps(answer["warnings"])
        assert "*****" in warnings
        assert shown(warnings) == []
