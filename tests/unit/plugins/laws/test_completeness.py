# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every resource has all that belongs to one. Where something lacks, the message says which file to edit and what to add."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins import module_utils
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import Field
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import NAMED, SET
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import MODULES, VERBS
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import SIMULATORS
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import EVERY_SAMPLE, WITHOUT
from ansible_collections.vpn.estate.tests.unit.plugins.support.worlds import WORLDS

ROOT = Path(__file__).resolve().parents[4]
TESTS = "tests/unit/plugins"


@dataclass(frozen=True)
class Home:
    """Where the resources of a product live, and what their modules are called."""

    prefix: str  # of modules
    group: str  # in meta/runtime.yml
    operations: str  # the module with the table of its operations, below module_utils
    contract: str  # the document with its operations
    product: str  # the constant that modules name
    server: str  # the class of its simulated servers in harness.py
    simulator: str  # their folder in tests/simulator


HOMES = {
    "_access_server": Home(
        "as_",
        "access_server",
        "_access_server.api.operations",
        "access-server-web-api.openapi.yaml",
        "ACCESS_SERVER",
        "Server",
        "access_server",
    ),
    "_freebox": Home(
        "freebox_", "freebox", "_freebox.operations", "freebox-vpn.openapi.yaml", "FREEBOX", "Box", "freebox"
    ),
}

USED_ONCE = {
    "Certificate": "Keys and passphrases with which it is made; the server keeps none.",
    "ClusterNode": "The database in which the cluster is; a node that is one is not moved to another.",
}
"""Resources whose secrets are never written again, by the names of their classes, with the reason."""


def every_resource() -> list[type[Resource]]:
    """All kinds of resources of both products."""
    for module in pkgutil.walk_packages(module_utils.__path__, f"{module_utils.__name__}."):
        importlib.import_module(module.name)

    def kinds(kind: type[Resource]) -> t.Iterator[type[Resource]]:
        for one in kind.__subclasses__():
            yield from kinds(one)
            of_a_test = "<locals>" in one.__qualname__
            if "noun" in vars(one) and one.__module__.startswith(module_utils.__name__) and not of_a_test:
                yield one

    return sorted(set(kinds(Resource)), key=lambda kind: kind.__name__)


def name_of(kind: type[Resource]) -> str:
    """The class in small letters, with underscores: ``access_list``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def home_of(kind: type[Resource]) -> Home:
    """By the package that the resource lives in."""
    package = kind.__module__.removeprefix(f"{module_utils.__name__}.").partition(".")[0]
    assert package in HOMES, (
        f"{TESTS}/laws/test_completeness.py: add {package} to HOMES, with the prefix of its modules"
    )
    return HOMES[package]


def operations_in(source: str) -> set[str]:
    """Operations that the code of a resource names."""
    return set(re.findall(r'"((?:GET|HEAD|POST|PUT|DELETE) /[^" ]+)"', source))


def table_of(home: Home) -> dict[str, str]:
    """The operations of a product with their retry classes."""
    return dict(importlib.import_module(f"{module_utils.__name__}.{home.operations}").API.operations)


def unknown_operations(source: str, home: Home) -> list[str]:
    """Those that the table of the product does not have."""
    return sorted(operations_in(source) - set(table_of(home)))


@functools.cache
def simulated_operations(server: str) -> dict[str, bool]:
    """Operations of a simulator, by the class of its servers, and whether they count as writes."""
    [start] = [start for kind, start in SIMULATORS.items() if kind.__name__ == server]
    routes = t.cast(t.Any, start()).machine.routes.routes
    return {f"{route.method} {route.path}": route.writes for route in routes}


def unsimulated_operations(source: str, home: Home) -> list[str]:
    """Those that the simulator does not have. Its paths of a Freebox have no slash at their end."""
    return sorted(one for one in operations_in(source) if one.rstrip("/") not in simulated_operations(home.server))


def unmarked_operations(source: str, home: Home) -> list[str]:
    """Those that change something, and do not count as writes in the simulator."""
    table, simulated = table_of(home), simulated_operations(home.server)
    changing = [one for one in operations_in(source) if table.get(one) in (SET, NAMED)]
    return sorted(one for one in changing if not simulated.get(one.rstrip("/"), True))


def lacks(kind: type[Resource], home: Home, source: str) -> list[str]:
    """What a resource lacks: for each thing the file to edit, and what to add to it."""
    noun = name_of(kind)
    constant, module = noun.upper(), home.prefix + noun
    unknown, unsimulated = unknown_operations(source, home), unsimulated_operations(source, home)
    modules = {module: f"`BODY = manage({constant}, {home.product})`"}
    if module not in VERBS:
        modules[f"{module}_info"] = f"`BODY = inform({constant}, {home.product})`"
    found = [
        f"plugins/module_utils/{home.operations.replace('.', '/')}.py: add {operation} with its retry class, and the operation "
        f"to tests/contract/{home.contract}"
        for operation in unknown
    ]
    unmarked = unmarked_operations(source, home)
    if unmarked:
        found.append(
            f"tests/simulator/{home.simulator}: add writes=True to the @operation of {', '.join(unmarked)}. Tests count a "
            "request as a write only with this mark"
        )
    if unsimulated:
        found.append(
            f"tests/simulator/{home.simulator}/{noun}.py: add a Part with a method for {', '.join(unsimulated)}, each marked "
            f"with @operation, and a line for the Part to tests/simulator/{home.simulator}/machine.py"
        )
    found += [
        f"plugins/modules/{name}.py: add the module: its documentation and {body}"
        for name, body in modules.items()
        if not (ROOT / f"plugins/modules/{name}.py").is_file()
    ]
    in_group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"][home.group]
    generated = {
        **{f"plugins/action/{name}.py": (ROOT / f"plugins/action/{name}.py").is_file() for name in modules},
        "meta/runtime.yml": set(modules) <= set(in_group),
    }
    found += [f"{file}: run make generate" for file, is_there in generated.items() if not is_there]
    used = set()
    for name in modules:
        scenario = ROOT / f"tests/integration/targets/{name}/tasks/scenario.yml"
        used |= set(
            re.findall(r"vpn\.estate\.(\w+):", scenario.read_text(encoding="utf-8")) if scenario.is_file() else ()
        )
    if not used >= set(modules):
        names = " and ".join(f"vpn.estate.{name}" for name in modules if name not in used)
        found.append(
            f"tests/integration/targets/{module}/tasks/scenario.yml: add tasks that use {names} by name, besides those of the "
            "role converge, and run make generate"
        )
    secrets = [f.name for f in kind.fields if f.secret and not f.rewrite]
    if secrets and kind.__name__ not in USED_ONCE and not {"update_password", "update_secrets"} & set(kind.options):
        found.append(
            f"plugins/module_utils/{kind.__module__.partition('module_utils.')[2].replace('.', '/')}.py: add "
            f'"update_secrets": WHEN_WRITTEN to options, which decides when {" and ".join(secrets)} of an existing object is '
            "written again"
        )
    samples = [sample for sample in EVERY_SAMPLE if type(sample.resource).__name__ == kind.__name__]
    if not samples and kind.__name__ not in WITHOUT:
        found.append(
            f"{TESTS}/support/samples.py: add a Sample({constant}, ...) with every option to SAMPLES, or to MADE if its "
            "info module does not show each option as it is declared"
        )
    if home.server not in {one.__name__ for one in WORLDS}:
        found.append(f"{TESTS}/support/worlds.py: add a World for {home.server} to WORLDS")
    return found


@pytest.mark.parametrize("kind", every_resource(), ids=name_of)
def test_a_resource_is_complete(kind: type[Resource]) -> None:
    missing = lacks(kind, home_of(kind), inspect.getsource(importlib.import_module(kind.__module__)))
    assert not missing, f"{kind.__name__} is not complete. Edit\n" + "\n".join(missing)


def test_what_a_resource_lacks_is_named() -> None:
    class RoutingPolicy(Resource):
        noun, plural = "routing policy", "routing_policies"
        fields = (Field("comment", {"type": "str"}), Field("code", {"type": "str", "no_log": True}))
        __module__ = f"{module_utils.__name__}._access_server.accounts.routing_policy"

    source = 'run.client.call("POST /routing-policies/create", record), run.client.objects("POST /users/list", "users")'
    assert [one.partition(": ")[0] for one in lacks(RoutingPolicy, HOMES["_access_server"], source)] == [
        "plugins/module_utils/_access_server/api/operations.py",
        "tests/simulator/access_server/routing_policy.py",
        "plugins/modules/as_routing_policy.py",
        "plugins/modules/as_routing_policy_info.py",
        "plugins/action/as_routing_policy.py",
        "plugins/action/as_routing_policy_info.py",
        "meta/runtime.yml",
        "tests/integration/targets/as_routing_policy/tasks/scenario.yml",
        "plugins/module_utils/_access_server/accounts/routing_policy.py",
        "tests/unit/plugins/support/samples.py",
    ]


def test_a_write_that_the_simulator_does_not_count_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    home = HOMES["_access_server"]
    source = 'run.client.call("POST /users/delete", names), run.client.objects("POST /users/list", "users")'
    assert unmarked_operations(source, home) == []
    monkeypatch.setitem(simulated_operations(home.server), "POST /users/delete", False)
    assert unmarked_operations(source, home) == ["POST /users/delete"]


def test_resources_without_a_sample_are_resources_and_have_none() -> None:
    """An entry that is not needed any more hides the next resource of that name."""
    names = {kind.__name__ for kind in every_resource()}
    assert set(USED_ONCE) <= names
    assert set(WITHOUT) <= names - {type(sample.resource).__name__ for sample in EVERY_SAMPLE}
    assert all(reason.endswith(".") for reason in [*WITHOUT.values(), *USED_ONCE.values()])


def test_samples_are_named_after_modules() -> None:
    """CONTRIBUTING.md runs the tests of a resource by the name of its module."""
    assert {str(sample) for sample in EVERY_SAMPLE} <= set(MODULES)
