# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts of a play that declare the same parts of one server, or of the nodes of one cluster."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules import as_declaration, freebox_declaration
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction
from ansible_collections.vpn.estate.plugins.plugin_utils._one_host import Claims
from ansible_collections.vpn.estate.plugins.plugin_utils._shared_sign_in import SharedSignIn
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import trust_as_template

SERVER, OTHER = ("https://vpn.example.com:943", ""), ("https://other.example.com:943", "")
DATABASE = "mysql://openvpn:Marker-Password-7!@db.example.com/openvpn_as"


def declares(
    folder: Path,
    name: str,
    parts: str,
    place: tuple[str, str] = SERVER,
    database: t.Any = None,
    play: str = "a play",
    declaration: t.Any = None,
) -> str:
    """Why a host may not declare these parts; empty if it may. By default, each host has a declaration of its own."""
    resources = [DECLARATION.resources[one] for one in parts.split()]
    try:
        Claims(str(folder), play).claim(name, resources, declaration or {"users": [{"name": name}]}, place, database)
    except InputError as exc:
        return str(exc)
    return ""


def test_the_second_host_is_refused_and_both_are_named(tmp_path: Path) -> None:
    assert not declares(tmp_path, "vpn-a", "groups users")
    assert declares(tmp_path, "vpn-b", "users access_lists") == (
        "users of vpn-b: vpn-a declares them too in this play, for the same server, and each would undo what "
        "the other does. Declare them for one of these hosts. Nothing was written."
    )
    assert not declares(tmp_path, "vpn-c", "access_lists"), "what a refused host declares is left to others"
    assert not declares(tmp_path, "vpn-a", "users"), "the first one may go on"


def test_hosts_of_different_servers_or_of_different_plays_may_declare_the_same(tmp_path: Path) -> None:
    assert not declares(tmp_path, "vpn-a", "users", SERVER)
    assert not declares(tmp_path, "vpn-b", "users", OTHER)
    assert not declares(tmp_path, "vpn-b", "users", SERVER, play="another play")
    assert "vpn-b declares them too" in declares(tmp_path, "vpn-c", "users", SERVER, play="another play")


def test_hosts_that_declare_the_same_undo_nothing(tmp_path: Path) -> None:
    users = {"users": [{"name": "ada", "password": "Marker-Password-7!"}]}
    assert not declares(tmp_path, "vpn-a", "users", declaration=users)
    assert not declares(tmp_path, "vpn-b", "users", declaration=users)
    assert "vpn-a declares them too" in declares(
        tmp_path, "vpn-b", "users", declaration={"users": [], "purge": ["users"]}
    )
    assert "Marker-Password-7!" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_refused_host_keeps_nothing(tmp_path: Path) -> None:
    """Also of another server, by which it was looked for first."""
    assert not declares(tmp_path, "vpn-a", "users", SERVER, DATABASE)
    assert declares(tmp_path, "vpn-b", "users config_items", OTHER, DATABASE)
    assert not declares(tmp_path, "vpn-c", "users config_items", OTHER)


def test_a_task_that_wrote_nothing_leaves_the_parts_to_others(tmp_path: Path) -> None:
    parts = [DECLARATION.resources["users"]]
    assert not declares(tmp_path, "vpn-a", "groups")
    take_back = Claims(str(tmp_path), "a play").claim("vpn-a", parts, {"users": [{"name": "vpn-a"}]}, SERVER)
    again = Claims(str(tmp_path), "a play").claim("vpn-a", parts, {"users": [{"name": "vpn-a"}]}, SERVER)
    again()
    assert declares(tmp_path, "vpn-b", "users"), "what another task of the host has noted stays"
    take_back()
    assert not declares(tmp_path, "vpn-b", "users")
    assert declares(tmp_path, "vpn-b", "groups")


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
    assert not declares(tmp_path, "vpn-c", "users config_items", ("https://third.example.com", ""), DATABASE + "2")
    kept = "".join(f"{path.name} {path.read_text()}" for path in tmp_path.iterdir())
    assert "Marker-Password-7!" not in said + kept


# -- what a task takes for its server


class Estate:
    """The tasks of a play of two hosts, on this machine."""

    def __init__(self) -> None:
        loader = DataLoader()
        tasks = {"hosts": "all", "tasks": [{"ansible.builtin.meta": "noop"}]}
        self.play = Play.load(tasks, VariableManager(loader), loader)

    def claim(self, host: str, module: t.Any, args: dict[str, t.Any], **variables: t.Any) -> t.Callable[[], None]:
        """Have a host of the play claim what a task declares."""
        action = ModuleAction.__new__(ModuleAction)
        action.body = module.BODY
        action._connection = SimpleNamespace(transport="local", become=None)
        action._task = self.play.copy().tasks[0].block[0]
        known = {name: trust_as_template(value) for name, value in variables.items()}
        known.update(inventory_hostname=host, ansible_play_hosts_all=["one", "two"])
        action._templar = Templar(DataLoader(), variables=known)
        shared = SharedSignIn(action.body.product, is_local=True)
        return action._claim(args, shared, known, *action._connection_variables(known))


@pytest.fixture(name="estate")
def fixture_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """A run of its own."""
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.delenv("VPN_ESTATE_AS_URL", raising=False)
    return Estate()


def test_no_sentence_quotes_an_address(estate: Estate) -> None:
    """It may hold a password, which is refused only later."""
    url = "https://openvpn:Marker-Password-7!@vpn.example.com?key=Marker-Key-7"
    estate.claim("one", as_declaration, {"as_url": url, "users": []})
    with pytest.raises(InputError) as refused:
        estate.claim("two", as_declaration, {"as_url": url, "users": [{"name": "ada"}]})
    assert "users of two: one declares them too" in str(refused.value)
    assert "marker" not in str(refused.value).lower()
    assert "openvpn" not in str(refused.value)


def test_each_play_of_a_run_has_its_own_claims(estate: Estate) -> None:
    args = {"as_url": SERVER[0], "users": []}
    estate.claim("one", as_declaration, args)
    with pytest.raises(InputError):
        estate.claim("two", as_declaration, {**args, "purge": ["users"]})
    Estate().claim("two", as_declaration, {**args, "purge": ["users"]})


def test_how_a_task_signs_in_is_no_part_of_what_it_declares(estate: Estate) -> None:
    estate.claim("one", as_declaration, {"as_url": SERVER[0], "as_token": "first", "users": []})
    estate.claim("two", as_declaration, {"as_url": f"{SERVER[0]}/api/", "as_token": "second", "users": []})
    estate.claim("two", as_declaration, {"as_url": SERVER[0], "users": [], "only": ["users"]})


@pytest.mark.parametrize(
    ("module", "first_url", "second_url", "refused"),
    [
        (as_declaration, "{{ 'https' }}://vpn.example.com:943", "https://vpn.example.com:943/api", True),
        (as_declaration, "https://vpn.example.com:943", "https://other.example.com:943", False),
        (as_declaration, "https://vpn.example.com:943", "{{ vault_url }}", False),
        (as_declaration, None, None, False),
        (freebox_declaration, "https://box.example.com", "https://box.example.com", True),
        (freebox_declaration, None, None, False),
    ],
)
def test_the_check_without_a_server_knows_servers_by_variables(
    estate: Estate, module: t.Any, first_url: str | None, second_url: str | None, refused: bool
) -> None:
    name = "as_url" if module is as_declaration else "freebox_url"
    for host, url in (("one", first_url), ("two", second_url)):
        args = {"validate_only": True, "users": [{"name": host}]}
        variables = {name: url} if url else {}
        if host == "two" and refused:
            with pytest.raises(InputError, match="users of two: one declares them too"):
                estate.claim(host, module, args, **variables)
        else:
            estate.claim(host, module, args, **variables)


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
    one, two = (server.connection for server in servers)
    two = {**two, "as_url": f"{two['as_url']}/api/"}
    folder.hosts(one={**shared, "connection": one}, two={**shared, "connection": two})
    options = {name: f"{{{{ connection.{name} }}}}" for name in one}
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


@pytest.mark.exhaustive
def test_one_declaration_in_several_batches_and_another_one_in_a_later_play(server: Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hosts(one={"ansible_connection": "local"}, two={"ansible_connection": "local"})
    plays = """
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - vpn.estate.as_declaration: {users: [{name: u-both}]}
      run_once: true
"""
    later = """
- hosts: all
  gather_facts: false
  tasks:
    - vpn.estate.as_declaration: {users: [{name: "u-{{ inventory_hostname }}"}]}
      when: inventory_hostname == "HOST"
"""
    plays += later.replace("HOST", "one") + later.replace("HOST", "two")
    defaults = json.dumps({"group/vpn.estate.access_server": server.connection})
    done = folder.play(plays.replace("  gather_facts", f"  module_defaults: {defaults}\n  gather_facts"))
    assert done.status == 0, done.output
    assert {"u-both", "u-one", "u-two"} <= set(server.simulator.state()["users"])


@pytest.mark.exhaustive
def test_a_host_that_could_not_sign_in_leaves_the_parts_to_the_next_one(server: Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hosts(one={"ansible_connection": "local"}, two={"ansible_connection": "local"})
    options = json.dumps({"group/vpn.estate.access_server": server.connection})
    done = folder.play(f"""
- hosts: all
  gather_facts: false
  module_defaults: {options}
  tasks:
    - vpn.estate.as_declaration: {{users: [{{name: u-one}}], as_password: wrong}}
      when: inventory_hostname == "one"
      ignore_errors: true
    - vpn.estate.as_declaration: {{users: [{{name: u-two}}]}}
      when: inventory_hostname == "two"
""")
    assert done.status == 0, done.output
    assert done.tally["one"]["ignored"] == 1
    assert {"u-one", "u-two"} & set(server.simulator.state()["users"]) == {"u-two"}


@pytest.mark.exhaustive
def test_the_playbook_of_the_estate_finds_two_hosts_before_it_asks_a_server(server: Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    declared = {"access_server_users": [{"name": "u-{{ inventory_hostname }}"}]}
    folder.write("hosts.json", {"access_servers": {"hosts": {"one": {}, "two": {}}}, "freeboxes": {}})
    folder.write("group_vars/access_servers.json", {**declared, **server.connection})
    for arguments in ([], ["--check"]):
        done = folder.play([{"import_playbook": "vpn.estate.site"}], *arguments)
        assert done.status != 0
        assert "declares them too in this play" in done.output.replace("\n", " ")
        assert "Nothing was written to any server" in done.output.replace("\n", " ")
        assert server.simulator.log == []
