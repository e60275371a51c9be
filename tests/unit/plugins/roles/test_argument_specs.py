# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of roles that hold a secret are declared so, also those of servers in a list."""

from __future__ import annotations

import importlib
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_peers import PEER
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import OF_SERVERS
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import given_options

ROOT = Path(__file__).parents[4]
PEERS = [("cluster", "cluster_peers"), ("node_removal", "node_removal_peers")]


def deep(options: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
    """Each option, however deep it is."""
    for name, option in options.items():
        yield name, option
        yield from deep(option.get("options") or {})


def options_of(role: str) -> dict[str, t.Any]:
    specs = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text())["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def secret_options() -> set[str]:
    """Names of options of modules that hold secrets."""
    specs = (
        importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY.argument_spec
        for name in OF_SERVERS
    )
    return {name for spec in specs for name, option in deep(spec) if option.get("no_log")}


@pytest.mark.parametrize("role", sorted(path.name for path in (ROOT / "roles").iterdir()))
def test_a_variable_for_a_secret_option_is_secret(role: str) -> None:
    secrets = secret_options()
    assert {"as_password", "mysql_uri", "subscription"} <= secrets
    shown = [
        name
        for name, option in deep(options_of(role))
        if {name, name.removeprefix(f"{role}_")} & secrets and not option.get("no_log")
    ]
    assert shown == []


@pytest.mark.parametrize(("role", "variable"), PEERS)
def test_the_peers_of_a_role_are_those_of_the_module(role: str, variable: str) -> None:
    options = options_of(role)[variable]["options"]
    assert {name: {**option, "description": ""} for name, option in options.items()} == {
        name: {**option, "description": ""} for name, option in PEER.items()
    }
    assert all(option["description"] for option in options.values())


@pytest.mark.parametrize(("role", "variable"), PEERS)
def test_the_list_of_the_playbooks_is_valid(role: str, variable: str) -> None:
    """What a server does not say is null there."""
    template = yaml.safe_load((ROOT / "playbooks/vars/cluster_peers.yml").read_text())["cluster_peers"]
    servers = {"one": {"as_url": "https://one", "as_password": "one"}, "two": {"as_url": "https://two"}}
    variables = {"groups": {"access_servers": [*servers]}, "hostvars": servers}
    peers = given_options({"peers": template}, variables)["peers"]
    assert [peer["as_password"] for peer in peers] == ["one", None]
    checked = ArgumentSpecValidator({variable: options_of(role)[variable]}).validate({variable: peers})
    assert checked.error_messages == []
