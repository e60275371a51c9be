# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-playbook at their loudest, on both ways: no secret of a server, a user or a file is in the output."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.vpn.estate.tests.simulator.pki import process_identity
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.accounts.test_user_mfa import record
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.pki.test_certificate import (
    CA,
    PASSPHRASE,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.pki.test_web_certificate import (
    BETWEEN,
    FIRST,
    QUICK,
    Web,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.profiles.test_profile_download import (
    PASSWORD,
    QUESTION,
    SECRET,
    TOKEN,
    WRONG,
    served,
    session,
    sessions,
    xml,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._text.test_masking import tokens_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import identity, profile
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.marked_secrets import Secrets, sinks, until
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Wire


@pytest.mark.parametrize("connection", first("local", "elsewhere"))
def test_the_secrets_of_authenticators_are_shown_nowhere(server: Server, tmp_path: Path, connection: str) -> None:
    for name in ("alice", "bob"):
        server.simulator.set_user(name)
    folder = Folder(tmp_path / "run")
    folder.hosts(here={"ansible_connection": connection})
    users = [{"name": "alice", "dest": str(tmp_path / "alice"), "enrolled": True}, {"name": "bob"}]
    module = {"vpn.estate.as_user_mfa": {"users": users}}
    enrolled = {"vpn.estate.as_user_mfa": {"users": users, "return_content": True}, "register": "enrolled"}
    tasks = [
        module,
        {**enrolled, "no_log": True},
        {"ansible.builtin.assert": {"that": "'otpauth' in enrolled.objects[1].content"}},
        {**enrolled, "ignore_errors": True},
    ]
    defaults = {"group/vpn.estate.access_server": server.connection}
    play = {"hosts": "here", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}
    run = folder.play([play], "-vvvvv", "--diff")
    assert run.status == 0, run.output[-2000:]
    assert run.tally["here"]["ignored"] == 1
    assert "Set no_log: true on the task" in run.output
    secrets = [record(server, name)["totp_secret"] for name in ("alice", "bob")]
    assert secrets[0] in (tmp_path / "alice").read_text()
    assert not [one for one in secrets if one in run.output]


@pytest.mark.parametrize("connection", first("local", "elsewhere"))
def test_the_key_of_a_certificate_is_shown_nowhere(server: Server, tmp_path: Path, connection: str) -> None:
    folder = Folder(tmp_path)
    folder.hosts(here={"ansible_connection": connection})
    folder.write("secrets.json", {"passphrase": PASSPHRASE, "ca": CA.pem, "ca_key": CA.key_pem})
    declared = {
        "dest": str(tmp_path / "a.pem"),
        "private_key_dest": str(tmp_path / "a.key"),
        "common_name": "a",
        "cert_template": "client",
        "private_key_passphrase": "{{ passphrase }}",
        "signing_ca": "{{ ca }}",
        "signing_ca_key": "{{ ca_key }}",
    }
    one = {"vpn.estate.as_certificate": declared, "register": "done"}
    shown = {"ansible.builtin.debug": {"var": "done"}}
    play = {
        "hosts": "here",
        "gather_facts": False,
        "vars_files": ["secrets.json"],
        "module_defaults": {"group/vpn.estate.access_server": server.connection},
        "tasks": [
            one,
            shown,
            {**one, "vpn.estate.as_certificate": {**declared, "colour": "blue"}, "ignore_errors": True},
        ],
    }
    run = folder.play([play], "-vvvvv", "--diff")
    assert run.status == 0, run.output[-3000:]
    assert "CN=Estate CA" in run.output
    private = (tmp_path / "a.key").read_text()
    lines = [PASSPHRASE, *CA.key_pem.splitlines()[1:-1], *private.splitlines()[1:-1]]
    assert [line for line in lines if line in run.output] == []


@pytest.mark.parametrize("connection", first("local", "elsewhere"))
def test_the_key_of_the_web_certificate_is_shown_nowhere(
    start: Callable[..., Server], tmp_path: Path, connection: str
) -> None:
    web = Web(start(settings=QUICK), tmp_path)
    folder = Folder(tmp_path / "play")
    folder.hosts(here={"ansible_connection": connection})
    folder.write("secrets.json", {"web_key": FIRST.key_pem})
    key = FIRST.key_pem
    if connection == "local":  # only there is a file decrypted
        key = VaultLib([("default", VaultSecret(b"vault"))]).encrypt(key).decode()
    folder.write("web.key", key)
    folder.write("vault", "vault")
    options = {"certificate": FIRST.pem, "ca_bundle": BETWEEN.pem}
    tasks = [
        {"vpn.estate.as_web_certificate": {**options, "private_key": "{{ web_key }}"}, "register": "done"},
        {"ansible.builtin.debug": {"var": "done"}},
        {
            "vpn.estate.as_web_certificate": {**options, "private_key_src": str(folder.path / "web.key")},
            "register": "again",
        },
        {"ansible.builtin.assert": {"that": ["done is changed", "again is not changed"]}},
        {
            "vpn.estate.as_web_certificate": {**options, "private_key": "{{ web_key }}", "colour": "blue"},
            "ignore_errors": True,
        },
    ]
    play = {
        "hosts": "here",
        "gather_facts": False,
        "vars_files": ["secrets.json"],
        "module_defaults": {"group/vpn.estate.access_server": {**web.server.connection, **web.trust}},
        "tasks": tasks,
    }
    run = folder.play([play], "-vvvvv", "--diff", "--vault-password-file", str(folder.path / "vault"))
    assert run.status == 0, run.output[-3000:]
    assert FIRST.fingerprint in run.output
    assert [line for line in FIRST.key_pem.splitlines()[1:-1] if line in run.output] == []


def play(folder: Folder, tasks: list[dict[str, t.Any]], connection: str = "local", **how: t.Any) -> t.Any:
    folder.hosts(here={"ansible_connection": connection, "ca": process_identity("127.0.0.1").ca_path})
    return folder.play([{"hosts": "here", "gather_facts": False, "tasks": tasks}], "-vvvv", **how)


@pytest.mark.parametrize("connection", first("local", "elsewhere"))
def test_a_wrong_password_is_sent_once_in_a_run_and_shown_nowhere(
    serve: Callable[..., Wire], tmp_path: Path, connection: str
) -> None:
    wire = serve(xml(WRONG, 401))
    module = {"as_url": wire.url, "as_username": "anna", "as_password": PASSWORD, "as_ca_path": "{{ ca }}"}
    each = {"vpn.estate.as_profile_download": {**module, "dest": f"{tmp_path}/{{{{ item }}}}"}, "loop": ["a", "b", "c"]}
    run = play(Folder(tmp_path / "run"), [{**each, "ignore_errors": True}, each], connection)
    assert run.tally["here"]["failed"] == 1
    assert run.output.count("refused the name or the password of anna") >= 6
    assert len(wire.heard) == 1
    assert PASSWORD not in run.output


def test_the_profile_itself_is_shown_nowhere(serve: Callable[..., Wire], tmp_path: Path) -> None:
    wire = serve(served(profile()))
    module = {"as_url": wire.url, "as_username": "anna", "as_password": PASSWORD, "as_ca_path": "{{ ca }}"}
    task = {"vpn.estate.as_profile_download": {**module, "profile_type": "autologin", "dest": f"{tmp_path}/x"}}
    run = play(Folder(tmp_path / "run"), [task, task], ANSIBLE_DIFF_ALWAYS="1")
    assert (run.status, run.tally["here"]["changed"], run.tally["here"]["ok"]) == (0, 1, 2)
    assert (tmp_path / "x").read_text() == profile()
    for line in identity()[1].splitlines():
        assert line not in run.output
    assert PASSWORD not in run.output


@pytest.mark.parametrize("in_process", first("true", "false"))
def test_a_session_is_shared_by_hosts_and_shown_nowhere(
    serve: Callable[..., Wire], tmp_path: Path, in_process: str
) -> None:
    """Of hosts side by side, the first answers the question for all."""
    answers = [served(profile(), **session(TOKEN))] * 3
    wire = serve(QUESTION, *answers)
    folder = Folder(tmp_path / "run")
    folder.hosts(**{name: {"ansible_connection": "local"} for name in ("one", "two", "three")})
    module = {"as_url": wire.url, "as_username": "anna", "as_password": PASSWORD, "as_totp_secret": SECRET}
    module |= {"as_ca_path": process_identity("127.0.0.1").ca_path, "profile_type": "autologin"}
    task = {"vpn.estate.as_profile_download": {**module, "dest": f"{tmp_path}/{{{{ inventory_hostname }}}}"}}
    site = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    run = folder.play(site, "-vvvv", "--forks=3", ANSIBLE_DIFF_ALWAYS="1", VPN_ESTATE_IN_PROCESS=in_process)
    assert (run.status, [tally["changed"] for tally in run.tally.values()]) == (0, [1, 1, 1]), run.output
    assert sessions(wire) == [{}, {}, session(TOKEN), session(TOKEN)]
    kept = [each.read_bytes().decode("latin-1") for each in tmp_path.rglob("*") if each.is_file()]
    for secret in (TOKEN, session(TOKEN)["VPN-Session-Token"]):
        assert not any(secret in text for text in [run.output, *kept])


# -- everything at once: each kind of secret, on both ways, and everywhere that Ansible can write

MARK = "mArK"
PRIVATE = re.compile(r"-----BEGIN (?:(?:\w+ )*PRIVATE KEY|OpenVPN Static key V1)-----\n([^-]+)")
PLANTED = {name: f"{MARK}-{name}-'\"\\&%<9" for name in ("password", "in_a_file", "in_a_folder", "bind", "box")}
URI = f"mysql://vpn:{MARK}-database-9@db.example.com/"
TASKS = """
    - vpn.estate.as_user: {name: "{{ own }}", auth_method: local, password: "{{ password }}"}
    - vpn.estate.as_user: {src: "{{ playbook_dir }}/users-{{ own }}.yml"}
    - vpn.estate.as_declaration: {src: "{{ playbook_dir }}/server-{{ own }}"}
    - vpn.estate.as_config_item: {name: auth.ldap.0.bind_pw, secret_value: "{{ bind }}", update_secrets: always}
    - vpn.estate.as_user_mfa: {name: "{{ own }}", enrolled: true, dest: "{{ kept }}.totp"}
    - vpn.estate.as_user_mfa: {name: "{{ own }}-file", reset: true, return_content: true}
      no_log: true
      when: own == 'here'  # with ANSIBLE_DEBUG, Ansible prints what a module answers, which holds what is asked for
    - vpn.estate.as_profile: {user: "{{ own }}", profile_type: userlogin, dest: "{{ kept }}.ovpn"}
    - vpn.estate.as_certificate:
        {dest: "{{ kept }}.pem", private_key_dest: "{{ kept }}.key", common_name: "{{ own }}", cert_template: client}
    - vpn.estate.as_profile_token: {user: "{{ own }}-file", profile_type: userlogin, dest: "{{ kept }}.url"}
    - vpn.estate.as_installer_url: {user: "{{ own }}", installer_type: win, dest: "{{ kept }}.installer"}
    - vpn.estate.as_profile_download:
        {as_username: "{{ own }}-file", as_password: "{{ in_a_file }}", profile_type: userlogin, dest: "{{ kept }}.own"}
    - vpn.estate.as_profile_download:
        {token_url: "{{ lookup('ansible.builtin.file', kept ~ '.url') }}", profile_type: userlogin, dest: "{{ kept }}.conf"}
    - vpn.estate.as_database: {assume_local: true, mysql_uri: "{{ uri }}"}
      ignore_errors: true
    - vpn.estate.as_group: {name: staff}
      ignore_errors: true
    - vpn.estate.as_user: {users: [{name: eve, password: "{{ password }}", colour: blue}]}
      ignore_errors: true
    - vpn.estate.as_user_info: {as_username: stranger, as_password: "{{ box }}"}
      ignore_errors: true
    - vpn.estate.freebox_vpn_server: {servers: [{name: openvpn_routed, enabled: true}]}
    - vpn.estate.freebox_vpn_user: {login: "{{ own }}", password: "{{ box }}"}
    - vpn.estate.freebox_vpn_profile: {user: "{{ own }}", server: openvpn_routed, dest: "{{ kept }}.box"}
    - vpn.estate.freebox_vpn_user_info: {freebox_app_id: other, freebox_app_token: "{{ password }}"}
      ignore_errors: true
"""


def loud(tasks: str) -> str:
    """The tasks, each of which shows once more what it has returned."""
    return "".join(
        f"    - {task.rstrip()}\n      register: done\n    - ansible.builtin.debug: {{var: done}}\n"
        if "register: " not in task and "no_log: true" not in task
        else f"    - {task.rstrip()}\n"
        for task in tasks.split("\n    - ")[1:]
    )


@pytest.mark.exhaustive
def test_each_kind_of_secret_is_shown_nowhere_on_either_way(start: Callable[..., t.Any], tmp_path: Path) -> None:
    """Options, files, session tokens, what is made, addresses; and what a server says of them."""
    server, box, folder = start(), start(Box), Folder(tmp_path / "play")
    folder.hosts(
        here={"ansible_connection": "local", "own": "here"}, there={"ansible_connection": "elsewhere", "own": "there"}
    )
    kept = tmp_path / "kept"
    kept.mkdir()
    for own in ("here", "there"):
        item = {"name": f"{own}-file", "auth_method": "local", "password": PLANTED["in_a_file"]}
        folder.write(f"users-{own}.yml", [item])
        folder.write(f"server-{own}/users.yml", [{**item, "name": f"{own}-all", "password": PLANTED["in_a_folder"]}])
    folder.write("secrets.json", {**PLANTED, "uri": URI, "as_password": server.connection["as_password"]})
    reason = {"reason": f"no {server.connection['as_password']}"}
    server.simulator.faults.add(path="/groups/create", times=None, status=400, body=reason)
    play = {
        "gather_facts": False,
        "vars_files": ["secrets.json"],
        "vars": {"kept": f"{kept}/{{{{ own }}}}"},
        "module_defaults": {
            "group/vpn.estate.access_server": {**server.connection, "as_password": "{{ as_password }}"},
            "group/vpn.estate.freebox": box.connection,
            "vpn.estate.as_profile_download": {name: server.connection[name] for name in ("as_url", "as_ca_path")},
        },
    }
    site = [{**play, "hosts": own, "tasks": yaml.safe_load(loud(TASKS))} for own in ("here", "there")]
    run = folder.play(site, "-vvvv", "--diff", **sinks(folder))
    assert run.status == 0, run.output[-3000:]
    assert run.output.count("no ********") >= 2, "the server repeats what it hears"
    assert [tally["ignored"] for tally in run.tally.values()] == [TASKS.count("ignore_errors")] * 2, run.output
    made = [path.read_text() for path in kept.iterdir()]
    assert len(made) == 2 * len({path.suffix for path in kept.iterdir()}) == 2 * TASKS.count("{{ kept }}")
    lines = [line for text in made for key in PRIVATE.findall(text) for line in key.splitlines()]
    assert len(lines) > 100
    whole = [path.read_text().strip() for path in kept.iterdir() if path.suffix in (".totp", ".url", ".installer")]
    enrolled = [user["totp_secret"] for user in server.simulator.state()["users"].values() if user.get("totp_secret")]
    tokens = [*tokens_of(server), *tokens_of(box), *server.simulator.machine.tokens.all(), box.simulator.app_token]
    assert len(enrolled) == 4  # and one of the server's own
    known = [*PLANTED.values(), URI, server.connection["as_password"], *lines, *whole, *enrolled, *tokens]
    own = {path.name for path in folder.path.glob("*.*")} | {"users.yml"}
    secrets = Secrets(known, [MARK], own - {"ansible.log"})
    assert list(secrets.found_in(run.output)) == []
    until(lambda: not any((folder.path / "remote").glob("*/AnsiballZ_*")))
    assert list(secrets.found_below(folder.path)) == []
