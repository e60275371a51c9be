# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export playbook: from running servers to variables, and from these back, whatever servers have in their texts."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import SCRIPTS
from ansible_collections.vpn.estate.tests.unit.plugins.support import sacli
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder

PASSWORD = "Marker-Password-7!"
EXPORT = [{"import_playbook": "vpn.estate.export"}]
SITE = [{"import_playbook": "vpn.estate.site"}]


def hostile(ran: Path) -> list[str]:
    """Texts that would make a file if Ansible took them for templates."""
    touch = f"lookup('ansible.builtin.pipe', 'touch {ran}')"
    return [
        f"{{{{ {touch} }}}}",
        f"{{% set x = {touch} %}}",
        f"#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% {touch} %]",
        f"two\nlines {{{{ {touch} }}}}",
    ]


def furnish(server: Server, box: Box, texts: list[str]) -> None:
    """Hostile texts in every field of every noun that can hold text."""
    simulator = server.simulator
    scripts = dict(zip(("cc_commands", *SCRIPTS), texts * 9, strict=False))
    environment = {"cli_script_connect_win_env": {texts[0]: texts[0], "A": texts[2]}}
    group, user = texts[0], texts[1]
    simulator.set_group(group, **scripts, **environment)
    simulator.set_user(user, group=group, password=PASSWORD, **scripts, **environment)
    simulator.set_user("openvpn", deny=False, deny_web=False, admin=True)
    simulator.set_default_user(cc_commands=texts[0])
    simulator.set_access_routes(user, "access_to_ipv4", [{"type": "group", "accept": True, "groupname": group}])
    rule = {"match_type": "domain", "match_data": "a.example", "action": "nat", "comment": texts[0], "position": 100}
    other = {"match_type": "all", "match_data": texts[1], "action": "nat", "comment": texts[1], "position": 200}
    simulator.add_ruleset(texts[0], [group], rule, other, comment=texts[1])
    simulator.set_configuration(
        **{"sa.company_name": texts[0], "vpn.server.config_text": texts[3], f"local.{texts[0]}": texts[1]}
    )
    box.simulator.set_user(texts[0], password=PASSWORD)


def files(folder: Folder) -> dict[str, str]:
    return {str(path): path.read_text() for path in sorted((folder.path / "host_vars").rglob("*.yml"))}


@pytest.mark.versions
def test_what_servers_have_is_text_in_the_files_and_no_change(
    start: t.Callable[..., Server], box: Box, tmp_path: Path
) -> None:
    server, ran = start(dialect="3.2"), tmp_path / "ran"
    furnish(server, box, hostile(ran))
    folder = Folder(tmp_path)
    folder.write("hosts.json", {"access_servers": {"hosts": {"office": {}}}, "freeboxes": {"hosts": {"home": {}}}})
    folder.write("group_vars/access_servers.json", server.connection)
    folder.write("group_vars/freeboxes.json", box.connection)
    run = folder.play(EXPORT, "--check", "--diff")
    assert (run.status, files(folder)) == (0, {}), run.output
    assert PASSWORD not in run.output
    run = folder.play(EXPORT)
    assert run.status == 0, run.output
    first = files(folder)
    assert len(first) == 8
    run = folder.play(EXPORT)
    assert (run.status, run.tally["office"]["changed"], files(folder)) == (0, 0, first), run.output
    run = folder.play(SITE)
    assert (run.status, run.tally["office"]["changed"], run.tally["home"]["changed"]) == (0, 0, 0), run.output
    declared = "groups: 1 unchanged; default_user: 1 unchanged; users: 3 unchanged; access_lists: 1 unchanged; access_rulesets: 1"
    assert declared in run.output
    assert (server.writes(), box.writes()) == ([], [])
    assert not ran.exists()
    assert "!unsafe" in "".join(first.values())


def test_a_new_file_does_not_hide_what_the_group_declares(start: t.Callable[..., Server], tmp_path: Path) -> None:
    """It would also be the declaration from then on, and a change of the group's file would change no server."""
    server, folder = start(dialect="3.2"), Folder(tmp_path)
    folder.write("hosts.json", {"access_servers": {"hosts": {"office": {}}}})
    folder.write("group_vars/access_servers/connection.json", server.connection)
    run = folder.play(EXPORT)
    assert run.status == 0, run.output
    shared = tmp_path / "group_vars/access_servers/users.yml"
    (tmp_path / "host_vars/office/users.yml").rename(shared)
    server.simulator.set_user("by-hand")
    left = files(folder)
    for arguments in ((), ("--check",)):
        run = folder.play(EXPORT, *arguments)
        assert (run.status, files(folder)) == (0, left), run.output
        said = " ".join(run.output.split())
        assert "users.yml (access_server_users is set elsewhere)." in said
        assert "takes dest from the variable access_server_export_dest, " in said
    run = folder.play(EXPORT, "-e", f"access_server_export_dest={tmp_path / 'now'}")
    assert "is set elsewhere" not in run.output
    assert "by-hand" in (tmp_path / "now/users.yml").read_text()


def test_two_hosts_do_not_write_to_one_folder(start: t.Callable[..., Server], tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    hosts = {name: dict(start(dialect="3.2").connection) for name in ("office", "plant")}
    folder.write("hosts.json", {"access_servers": {"hosts": hosts}})
    dest = tmp_path / "now"
    for arguments in (("--check",), ()):
        run = folder.play(EXPORT, "-e", f"access_server_export_dest={dest}", *arguments)
        assert run.status == 2, run.output
        assert sorted(run.tally[name]["failed"] for name in hosts) == [0, 1]
        assert "the files of" in run.output
        assert "Nothing was written for" in run.output
    source = {text for path in dest.iterdir() for text in path.read_text().splitlines() if text.startswith("# What")}
    assert len(source) == 1, source
    run = folder.play(EXPORT, "-e", json.dumps({"access_server_export_dest": f"{dest}/{{{{ inventory_hostname }}}}"}))
    assert run.status == 0, run.output
    assert {"office", "plant"} <= {path.name for path in dest.iterdir()}


def test_dumps_of_sacli_are_exported_without_the_server(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("hosts.json", {"access_servers": {"hosts": {"office": {}}}})
    users = folder.write(
        "users.json",
        {
            "staff": {"type": "group", "group_declare": "true", "access_to.0": "+SUBNET:10.10.0.0/24"},
            "ana": {"type": "user_connect", "conn_group": "staff", "pvt_password_digest": PASSWORD},
        },
    )
    items = {"vpn.server.routing.private_access": "route", "host.name": "vpn.example.com"}
    configuration = folder.write("configuration.json", items)
    dumps = {
        "access_server_export_user_properties": str(users),
        "access_server_export_configuration": str(configuration),
    }
    run = folder.play(EXPORT, "-e", json.dumps(dumps))
    assert run.status == 0, run.output
    assert PASSWORD not in run.output
    found = {Path(path).name: yaml.safe_load(text) for path, text in files(folder).items()}
    assert found["users.yml"] == {"access_server_users": [{"name": "ana", "group": "staff"}]}
    assert found["access_lists.yml"] == {
        "access_server_access_lists": [{"group": "staff", "access_to": ["10.10.0.0/24::R"]}]
    }
    assert [one["name"] for one in found["configuration.yml"]["access_server_config_items"]] == sorted(items)


@pytest.mark.exhaustive
@pytest.mark.versions
def test_what_sacli_has_printed_of_a_server_is_exported_and_no_change_to_it(
    start: t.Callable[..., Server], tmp_path: Path
) -> None:
    """The server itself is asked for nothing until the files are applied to it."""
    server, ran = start(dialect="3.2"), tmp_path / "ran"
    texts = hostile(ran)
    simulator = server.simulator
    simulator.set_group(texts[0], deny_web=True, cc_commands=texts[3])
    simulator.set_user(texts[1], group=texts[0], password=PASSWORD, cc_commands=texts[2])
    simulator.set_access_routes(texts[1], "access_to_ipv4", [{"type": "group", "accept": False, "groupname": texts[0]}])
    simulator.set_configuration(**{"sa.company_name": texts[0]})
    items = simulator.store.configuration(simulator.machine.configuration.active)
    folder = Folder(tmp_path)
    folder.write("hosts.json", {"access_servers": {"hosts": {"office": {}}}})
    folder.write("group_vars/access_servers.json", server.connection)
    paths: dict[str, str] = {}
    for name, text in (
        ("user_properties", sacli.user_properties(simulator.store)),
        ("configuration", sacli.configuration(items)),
    ):
        paths[name] = str(tmp_path / f"{name}.dump")
        Path(paths[name]).write_text(text, encoding="utf-8")
    folder.write("dumps.json", {f"access_server_export_{name}": path for name, path in paths.items()})
    run = folder.play(EXPORT, "-e", f"@{folder.path}/dumps.json")
    assert run.status == 0, run.output
    assert sacli.DIGEST not in run.output + "".join(files(folder).values())
    assert len(files(folder)) == 5
    assert not simulator.log
    run = folder.play(SITE)
    assert (run.status, run.tally["office"]["changed"]) == (0, 0), run.output
    assert "users: 3 unchanged; access_lists: 1 unchanged" in run.output
    assert not server.writes()
    assert not ran.exists()
