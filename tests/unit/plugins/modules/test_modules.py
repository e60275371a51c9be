# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws that every module keeps: documented whole, info twin, integration target."""

from __future__ import annotations

import importlib
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.doc_fragments._attributes import ModuleDocFragment
from ansible_collections.vpn.estate.tests.unit.plugins.support.documents import documentation, loaded
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import answered_key, module_of, objects_in
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import EVERY_SAMPLE

pytestmark = pytest.mark.versions

ROOT = Path(__file__).resolve().parents[4]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
RUNTIME = loaded((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
# What as_cluster_node does shows in as_cluster_info, declaration_files and declaration_report in files, as_failover and
# as_staged_config in as_config_item_info, as_restart in
# as_server_info, as_user_mfa in as_user_info, and freebox_vpn_profile in ovpn_file_info; of the others nothing can be asked.
VERBS = {
    "as_cluster_node",
    "as_failover",
    "as_installer",
    "as_installer_url",
    "as_notification",
    "as_profile_download",
    "as_restart",
    "as_staged_config",
    "as_support_report",
    "as_user_mfa",
    "declaration_files",
    "declaration_report",
    "freebox_vpn_profile",
}
OF_ITS_OWN = {
    "as_access_info",
    "as_certificate_info",
    "as_cluster_info",
    "as_declaration_info",
    "as_license_info",
    "as_saml_info",
    "freebox_declaration_info",
}  # info modules that show something else than what is managed
APART = {"as_profile_download"}  # signs in as a user who is no administrator
GROUPS = {"as_": "access_server", "freebox_": "freebox"}  # the action group of each product, by how its modules begin
OF_SERVERS = [name for name in MODULES if name.startswith(tuple(GROUPS))]  # the others read files on the host
CONTROLLER = {"declaration_files", "declaration_report"}  # what an action alone does, on the machine that runs Ansible
CONNECTIONS = {"_access_server", "_freebox"}  # fragments about how to reach a server
FRAGMENTS = sorted(path.stem for path in (ROOT / "plugins/doc_fragments").glob("_[a-z]*.py"))
modules = pytest.mark.parametrize("name", MODULES)


def test_there_are_modules() -> None:
    assert len(MODULES) >= 18


@modules
def test_it_has_an_info_twin(name: str) -> None:
    if not name.endswith("_info") and name not in VERBS:
        assert f"{name}_info" in MODULES, (
            f"add plugins/modules/{name}_info.py, or {name} to VERBS with where its work shows"
        )


@modules
def test_it_has_an_integration_target(name: str) -> None:
    """A target of its name, or of the module that manages what it reads, uses it."""
    for target in (name, name.removesuffix("_info")):
        texts = (path.read_text() for path in (ROOT / f"tests/integration/targets/{target}/tasks").glob("*.yml"))
        if any(re.search(rf"^ +vpn\.estate\.{name}:", text, re.MULTILINE) for text in texts):
            return
    raise AssertionError(f"tests/integration/targets/{target}/tasks/scenario.yml: use vpn.estate.{name}")


@modules
def test_its_examples_use_every_option(name: str) -> None:
    """Connection options are shown in the README, and no task can set sessions."""
    texts = documentation(name)
    shown = yaml.safe_dump(texts["EXAMPLES"])
    own = dict(texts["DOCUMENTATION"].get("options") or {})
    for fragment in fragments_of(texts["DOCUMENTATION"]):
        own |= {} if fragment.partition(".")[0] in CONNECTIONS else options_in(fragment)
    missing = sorted(option for option in options_of(own) if not re.search(rf"\b{option}:", shown))
    assert not missing, f"plugins/modules/{name}.py: add examples to EXAMPLES that use {', '.join(missing)}"


@modules
def test_it_documents_every_option(name: str) -> None:
    """Also those that the engine adds, such as src and purge."""
    body = getattr(importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}"), "BODY", None)
    texts = documentation(name)["DOCUMENTATION"]
    known = set(texts.get("options") or {}).union(*map(options_in, fragments_of(texts)))
    missing = set(body.options if body else ()) - known
    shared = {one: missing & set(options_in(one)) for one in FRAGMENTS}
    hints = [
        f"; the fragment vpn.estate.{one} has {', '.join(sorted(options))}"
        for one, options in shared.items()
        if options and not any(options < others for others in shared.values())
    ]
    assert not missing, f"plugins/modules/{name}.py: document {', '.join(sorted(missing))}{''.join(hints)}"


def fragments_of(texts: t.Mapping[str, t.Any]) -> list[str]:
    """The fragments of this collection that a documentation extends, without the name of the collection."""
    return [used.removeprefix("vpn.estate.") for used in texts["extends_documentation_fragment"]]


def options_in(fragment: str) -> dict[str, t.Any]:
    """The options that a fragment describes."""
    file, _dot, part = fragment.partition(".")
    found = importlib.import_module(f"ansible_collections.vpn.estate.plugins.doc_fragments.{file}").ModuleDocFragment
    options: dict[str, t.Any] = loaded(getattr(found, part.upper() or "DOCUMENTATION", "{}")).get("options", {})
    return options


def options_of(options: dict[str, t.Any]) -> set[str]:
    """All names, but for options that another module describes, and shows in its examples."""
    own = {
        name: option for name, option in options.items() if "See O(vpn.estate." not in str(option.get("description"))
    }
    deeper = (options_of(option.get("suboptions") or {}) for option in own.values())
    return set(own).union(*deeper)


@modules
def test_its_examples_call_modules_by_their_full_names(name: str) -> None:
    def calls(node: t.Any) -> t.Iterator[str]:
        for task in node if isinstance(node, list) else [node]:
            for key, value in task.items():
                if key in ("tasks", "block", "pre_tasks", "handlers"):
                    yield from calls(value)
                elif key.startswith((*GROUPS, "vpn.estate.")):
                    yield key

    called = set(calls(documentation(name)["EXAMPLES"]))
    assert f"vpn.estate.{name}" in called
    assert all(one.startswith("vpn.estate.") for one in called)


@pytest.mark.parametrize("name", OF_SERVERS)
def test_it_has_a_diff_unless_it_only_reads(name: str) -> None:
    """That the diff says what changes is checked of every task of the tests, in conftest.py."""
    fragments = documentation(name)["DOCUMENTATION"]["extends_documentation_fragment"]
    found = {one.rpartition(".")[2] for one in fragments if one.startswith("vpn.estate._attributes.")}
    assert len(found & {"manage", "verb"}) == (not name.endswith("_info"))
    kinds = {kind: loaded(getattr(ModuleDocFragment, kind.upper())) for kind in found & {"manage", "verb"}}
    assert all(each["attributes"]["diff_mode"]["support"] == "full" for each in kinds.values())


@modules
def test_its_return_values_are_described(name: str) -> None:
    returned = documentation(name)["RETURN"]
    assert returned
    for key, value in returned.items():
        assert {"description", "returned", "type"} <= set(value), key


@pytest.mark.parametrize("sample", EVERY_SAMPLE, ids=str)
def test_managed_objects_are_returned_as_documented(sample: t.Any, start: t.Any) -> None:
    from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import apply, started, usual

    name = module_of(sample.resource)
    server = started(start, sample, usual(sample))
    answer = apply(server, sample, sample.first)
    assert set(answer) - {"changed", "diff", "warnings"} == set(documentation(name)["RETURN"])
    line = documentation(name)["RETURN"]["objects"]
    missing = set(answer["objects"][0]) - set(line["contains"])
    assert not missing, f"plugins/modules/{name}.py: describe {', '.join(sorted(missing))} in RETURN, below objects"


@pytest.mark.parametrize("sample", EVERY_SAMPLE, ids=str)
def test_what_an_info_module_finds_is_returned_as_documented(sample: t.Any, start: t.Any) -> None:
    """The objects of a kind under its plural, the only one under its name."""
    from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import apply, started, usual

    name = f"{module_of(sample.resource)}_info"
    if name.removesuffix("_info") in VERBS or name in OF_ITS_OWN:
        return
    server = started(start, sample, usual(sample))
    apply(server, sample, sample.first)
    body = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY
    answer = server.run(body.work, body.options)
    key = answered_key(sample.resource)
    assert set(answer) - {"changed", "warnings"} == set(documentation(name)["RETURN"])
    assert set(answer) - {"changed", "warnings", "declaration", "left_out"} == {key}
    for found in objects_in(answer, sample.resource):
        missing = set(found) - set(documentation(name)["RETURN"][key]["contains"])
        assert not missing, f"plugins/modules/{name}.py: describe {', '.join(sorted(missing))} in RETURN, below {key}"
