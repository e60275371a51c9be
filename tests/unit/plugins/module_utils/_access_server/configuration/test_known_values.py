# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a vendor's list is open, an unknown value is a warning before anything is written, not a refusal."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins import modules
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import known_values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.contract.checker import ACCESS_SERVER, FREEBOX
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.list_tables import literals, rows

Start = t.Callable[..., Server]
RECORDED = Path(__file__).parents[5] / "recorded/access-server"
OPTIONS: t.Mapping[str, known_values.KnownValues] = {"auth_method": known_values.METHODS}
KEYS: t.Mapping[str, known_values.KnownValues] = vars(known_values)["_KEYS"]
OWNERS: t.Sequence[tuple[Resource, dict[str, t.Any]]] = [
    (USER, {"name": "alice"}),
    (GROUP, {"name": "staff"}),
    (DEFAULT_USER, {"allow_self": True}),
]
owners = pytest.mark.parametrize(("resource", "named"), OWNERS, ids=[type(one).__name__ for one, _named in OWNERS])


def known_to_others(server: Server) -> Answer:
    """An administrator who inherits nothing, so that the default user can change."""
    return server.manage(USER, name=server.simulator.username, allow_self=True, auth_method="local")


def test_the_default_user_is_refused_with_the_reason_of_the_server(server: Server) -> None:
    """And not because the server does not know the other name under which the value is tried."""
    answer = server.manage(DEFAULT_USER, auth_method="ldapp", allow_self=True)
    assert answer["failed"]
    assert "Input should be 'local'" in answer["msg"]


def test_many_objects_with_one_value_are_one_warning(server: Server) -> None:
    users = [{"name": f"user{number}", "auth_method": "ldapp"} for number in range(30)]
    [said] = server.manage(USER, users=users, check=True)["warnings"]
    assert said.startswith("auth_method of user user0 and 29 more: 'ldapp' is not one of the known values")


def test_the_table_in_the_documentation_is_that_of_the_collection() -> None:
    found = rows("option or key", "known values", "source")
    assert all(re.fullmatch("[A-Z](, [A-Z])*", source) for _name, _values, source in found)
    reported = {literals(name)[0]: literals(values) for name, values, _source in found}
    assert reported == {name: known.values for name, known in {**OPTIONS, **KEYS}.items()}
    assert list(reported) == [*OPTIONS, *sorted(KEYS)]


def test_known_methods_are_those_of_a_recorded_server() -> None:
    recorded = json.loads((RECORDED / "server_status.json").read_text("utf-8"))
    assert set(known_values.METHODS.values) == set(recorded["body"]["auth_module_status"])


def test_known_kinds_of_control_channel_are_those_of_the_contract() -> None:
    enum = ACCESS_SERVER.document["components"]["schemas"]["controlChannelSecurity"]["enum"]
    assert sorted(KEYS["vpn.server.tls_cc_security"].values) == sorted(enum)


@owners
def test_each_known_method_is_taken_without_a_word(server: Server, resource: Resource, named: dict[str, t.Any]) -> None:
    known_to_others(server)
    for method in known_values.METHODS.values:
        answer = server.manage(resource, **named, auth_method=method)
        assert not answer.get("failed"), answer["msg"]
        assert "warnings" not in answer


@pytest.mark.parametrize("key", KEYS)
def test_each_known_value_of_the_configuration_is_taken(server: Server, key: str) -> None:
    """A list of our own must not be narrower than what is known: the simulator would hide what users meet."""
    known = KEYS[key]
    for value in (*known.values, *([known.separator.join(known.values)] if known.separator else [])):
        answer = server.manage(CONFIG_ITEM, name=key, value=value, custom=True)
        assert not answer.get("failed"), answer["msg"]
        assert not [sentence for sentence in answer.get("warnings", ()) if "known" in sentence]


@owners
@pytest.mark.parametrize("reading", READINGS["auth_methods"])
def test_an_unknown_method_is_warned_of_in_check_mode_and_before_it_is_written(
    start: Start, reading: str, resource: Resource, named: dict[str, t.Any]
) -> None:
    server = start(readings={"auth_methods": reading})
    known_to_others(server)
    server.manage(resource, **named)
    reported = server.manage(resource, **named, auth_method="ldapp", check=True)
    assert reported["changed"]
    [sentence] = reported["warnings"]
    assert "'ldapp' is not one of the known values (ldap, local, pam, pas_only, radius, saml)" in sentence
    assert sentence.endswith("Did you mean ldap?")
    answer = server.manage(resource, **named, auth_method="ldapp")
    assert answer["warnings"] == reported["warnings"]
    assert bool(answer.get("failed")) == (reading == "known")
    if reading == "any":
        assert not server.manage(resource, **named, auth_method="ldapp").get("warnings")  # not each night


def test_an_unknown_value_of_the_configuration_is_warned_of(server: Server) -> None:
    for check in (True, False):
        declared = [
            {"name": "vpn.server.data_ciphers", "value": "AES-256-GCM:AES-265-GCM"},
            {"name": "auth.ldap.1.ssl_verify", "value": "neverr"},
        ]
        answer = server.manage(CONFIG_ITEM, config_items=declared, check=check)
        assert not answer.get("failed"), answer["msg"]
        first, second = answer["warnings"]
        assert "vpn.server.data_ciphers: 'AES-265-GCM' is not one of the known values" in first
        assert "Did you mean AES-256-GCM?" in first
        assert "auth.ldap.1.ssl_verify: 'neverr' is not one of the known values" in second


def test_what_the_server_itself_allows_is_known(server: Server) -> None:
    """Its list is newer than ours."""
    item = {
        "name": "auth.module.type",
        "type": "string",
        "category": "default",
        "derived_from": "default",
        "value": "local",
        "default_value": "local",
        "allowed_values": ["local", "oidc"],
    }
    server.simulator.faults.add(
        path="/config-items/default/list", status=200, body={"total": 1, "items": [item]}, times=1
    )
    answer = server.manage(CONFIG_ITEM, name="auth.module.type", value="oidc", check=True)
    assert not answer.get("failed"), answer["msg"]
    assert "warnings" not in answer


# Choices of the collection itself, and of documents that are younger than the contracts (server behaviour, F55).
OWN = {
    "state",
    "only",
    "part",
    "purge",
    "inherit",
    "update_password",
    "update_secrets",
    "format",
    "invalidates",
    "fields",
    "cipher",
    "type",
}


def test_no_option_is_closed_where_the_list_is_open() -> None:
    """Ansible refuses what is not among an option's choices, so that these must be a list that the vendor closes."""
    lists = [each for contract in (ACCESS_SERVER, FREEBOX) for each in enumerations(contract.document)]
    for module in pkgutil.iter_modules(modules.__path__):
        body = getattr(importlib.import_module(f"{modules.__name__}.{module.name}"), "BODY", None)
        for name, choices in closed(body.argument_spec) if body else ():
            words = {choice.lower() for choice in choices}
            assert name in OWN or any(words <= {word.lower() for word in each} for each in lists), (module.name, name)


def closed(options: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, list[str]]]:
    for name, option in options.items():
        if option.get("choices"):
            yield name, option["choices"]
        yield from closed(option.get("options") or {})


def enumerations(node: t.Any) -> t.Iterator[list[str]]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("enum"), list):
        yield [str(one) for one in node["enum"]]
    for child in children:
        yield from enumerations(child)
