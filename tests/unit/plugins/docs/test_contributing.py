# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING.md names files that exist, and its resource is one that the engine can work with."""

from __future__ import annotations

import importlib
import re
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.vpn.estate.plugins import module_utils
from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import Change, Step, Wanted
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource

ROOT = Path(__file__).resolve().parents[4]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(name="webhook")
def _webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resource:
    """The resource of the example. Its module is not part of the collection, where it would have to be complete."""
    [source] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    of_product = f"{module_utils.__name__}._access_server"
    source = source.replace("from ..._", f"from {module_utils.__name__}._").replace("from ..", f"from {of_product}.")
    (tmp_path / "example_of_contributing.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    resource = importlib.import_module("example_of_contributing").WEBHOOK
    assert isinstance(resource, Resource)
    return resource


class Answering:
    """A client that notes what it is asked, and sends one request after the other."""

    def __init__(self, *listed: dict[str, t.Any]) -> None:
        self.listed, self.calls = listed, list[t.Any]()

    def objects(self, operation: str, key: str) -> t.Sequence[dict[str, t.Any]]:
        self.calls.append((operation, key))
        return self.listed

    def call(self, operation: str, body: t.Any) -> None:
        self.calls.append((operation, body))

    def each(self, changes: t.Sequence[Change], write: t.Callable[[Change], object]) -> None:
        for change in changes:
            write(change)

    def many(self, changes: t.Sequence[Change], write: t.Callable[[t.Sequence[Change]], object], verb: str) -> None:
        write(changes)


def run_of(client: Answering) -> t.Any:
    return SimpleNamespace(client=client, writes=client, wanted=None)


def test_its_resource_reads_objects_in_normal_form(webhook: Resource) -> None:
    client = Answering(
        {"name": "a", "url": "https://a.example.com/", "events": ["z", "b"]}, {"name": "b", "secret": "s"}
    )
    found = webhook.read(run_of(client), None)
    assert found.objects == {
        "a": {"url": "https://a.example.com/", "events": ["b", "z"]},
        "b": {"url": "", "events": []},
    }
    assert webhook.read(run_of(client), ["b", "c"]).objects.keys() == {"b"}
    assert found.whole


def test_its_resource_writes_what_is_declared(webhook: Resource) -> None:
    client = Answering()
    declared = {"name": "a", "url": "https://a.example.com/", "secret": "s"}
    want = webhook.parse(declared, "present")
    made = Change(want, Step("create", values=want.values, secrets=want.secrets))
    webhook.create(run_of(client), [made])
    webhook.update(run_of(client), [Change(Wanted("b"), Step("update", values={"events": []}))])
    webhook.delete(run_of(client), [Change(Wanted("c"), Step("delete"))])
    assert client.calls == [
        ("POST /webhooks/create", declared),
        ("POST /webhooks/set", {"name": "b", "events": []}),
        ("POST /webhooks/delete", {"names": ["c"]}),
    ]


def test_the_files_that_it_names_exist() -> None:
    tops = "|".join(re.escape(path.name) for path in ROOT.iterdir() if not path.name.startswith("."))
    named = set(re.findall(rf"`((?:{tops})/[\w./-]+)`", TEXT))
    kinds = re.compile("NOUN|NAME|FOLDER")
    assert sorted(name for name in named if not kinds.search(name) and not (ROOT / name).exists()) == []
    assert len(named) > 20
