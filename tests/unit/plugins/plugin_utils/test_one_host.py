# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts of a play that declare the same parts of one server, or of the nodes of one cluster."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.plugin_utils.one_host import Host, claim
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first

PLAY = ("vpn-a", "vpn-b", "vpn-c")
SERVER, OTHER = ("https://vpn.example.com:943/api", ""), ("https://other.example.com:943/api", "")
DATABASE = "mysql://openvpn:Marker-Password-7!@db.example.com/openvpn_as"


def declares(
    folder: Path, name: str, parts: str, place: tuple[str, str] = SERVER, database: t.Any = None, play: t.Any = PLAY
) -> str:
    """Why a host may not declare these parts; empty if it may."""
    resources = [DECLARATION.resources[one] for one in parts.split()]
    try:
        claim(str(folder), Host(name, play), resources, place, database)
    except InputError as exc:
        return str(exc)
    return ""


def test_the_second_host_is_refused_and_both_are_named(tmp_path: Path) -> None:
    assert not declares(tmp_path, "vpn-a", "groups users")
    assert declares(tmp_path, "vpn-b", "users access_lists") == (
        "users of vpn-b: vpn-a declares them too in this play, for https://vpn.example.com:943/api, and each would undo what "
        "the other does. Declare them for one of these hosts. Nothing was written."
    )
    assert not declares(tmp_path, "vpn-c", "access_lists"), "what a refused host declares is left to others"
    assert not declares(tmp_path, "vpn-a", "users"), "the first one may go on"


def test_hosts_of_different_servers_or_of_different_plays_may_declare_the_same(tmp_path: Path) -> None:
    assert not declares(tmp_path, "vpn-a", "users", SERVER)
    assert not declares(tmp_path, "vpn-b", "users", OTHER)
    assert not declares(tmp_path, "vpn-b", "users", SERVER, play=["vpn-b", "vpn-c"])
    assert "vpn-b declares them too" in declares(tmp_path, "vpn-c", "users", SERVER, play=["vpn-b", "vpn-c"])


@pytest.mark.parametrize(("node", "refused"), [("n1", True), ("n2", False), ("", False)])
def test_nodes_may_have_a_configuration_of_their_own(tmp_path: Path, node: str, refused: bool) -> None:
    assert not declares(tmp_path, "vpn-a", "config_items", (SERVER[0], "n1"))
    assert bool(declares(tmp_path, "vpn-b", "config_items", (SERVER[0], node))) is refused
    assert not declares(tmp_path, "vpn-a", "users", (SERVER[0], "n1"))
    assert declares(tmp_path, "vpn-b", "users", (SERVER[0], node))


def test_nodes_of_a_cluster_are_known_by_the_database_that_is_declared_for_them(tmp_path: Path) -> None:
    assert not declares(tmp_path, "vpn-a", "users config_items", SERVER, DATABASE)
    said = declares(tmp_path, "vpn-b", "users config_items", OTHER, DATABASE)
    assert said.startswith("users of vpn-b: vpn-a declares them too in this play, for a node of the same cluster, by ")
    assert not declares(tmp_path, "vpn-c", "users config_items", ("https://third.example.com/api", ""), DATABASE + "2")
    kept = "".join(f"{path.name} {path.read_text()}" for path in tmp_path.iterdir())
    assert "Marker-Password-7!" not in said + kept


@pytest.mark.parametrize("database", first(False, True))
def test_of_two_hosts_that_declare_the_users_of_one_server_one_writes(
    start: t.Callable[..., Server], tmp_path: Path, database: bool
) -> None:
    servers = [start(), start()] if database else [start()] * 2
    shared = {
        "ansible_connection": "local",
        **({"cluster_mysql_uri": "{{ uri }}", "uri": DATABASE} if database else {}),
    }
    folder = Folder(tmp_path)
    folder.hosts(
        one={**shared, "url": servers[0].simulator.url, "ca": servers[0].connection["as_ca_path"]},
        two={**shared, "url": f"{servers[1].simulator.url}/api/", "ca": servers[1].connection["as_ca_path"]},
    )
    options = {**servers[0].connection, "as_url": "{{ url }}", "as_ca_path": "{{ ca }}"}
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: {json.dumps({"group/vpn.estate.access_server": options})}
  tasks:
    - vpn.estate.as_declaration: {{users: [{{name: "u-{{{{ inventory_hostname }}}}"}}]}}
"""
    done = folder.play(playbook)
    assert done.status != 0
    assert "declares them too in this play" in done.output.replace("\n", " ")
    created = {name for server in servers for name in server.simulator.state()["users"] if name.startswith("u-")}
    assert len(created) == 1
    assert "Marker-Password-7!" not in done.output
