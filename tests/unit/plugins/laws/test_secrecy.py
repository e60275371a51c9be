# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marked secrets go through everything that a run can do with them, and are found nowhere afterwards."""

from __future__ import annotations

import base64
import html
import json
import typing as t
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, answer_to
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Task
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.marked_secrets import (
    Secrets,
    failures,
    sinks,
    until,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder

# Secrets that we tell the server, or that it tells us. Each has a mark in it, and letters that quoting changes.
SECRETS = {
    name: f"{mark}-&<\"'%\\aZ9+/é"
    for name, mark in {
        "as_password": "mArKaDmIn",
        "wrong_password": "mArKwRoNg",
        "user_password": "mArKuSeR",
        "other_password": "mArKoThEr",
        "bind_pw": "mArKbInD",
        "new_bind_pw": "mArKnEwBiNd",
        "radius_secret": "mArKrAdIuS",
        "bundle": "mArKbUnDlE",
        "custom_key": "mArKcUsToM",
        "as_token": "mArKtOkEn",
    }.items()
}
MARKS = ("mArK", "SESS_TOKEN_", "SUBKEY_")
TOKEN_FOR_HEADERS = "mArKtOkEnHeAdEr+/=="
# Inside of a list or a dictionary, where ansible-core before 2.21 masks it only if quoting does not change it.
PLAIN = "mArKpLaIn5"
# What the play itself is made of, and need not keep a secret from its author.
SOURCES = {"site.yml", "secrets.json", "hosts.json"}


def secrets_of(simulator: AccessServerSimulator) -> Secrets:
    known = [*SECRETS.values(), TOKEN_FOR_HEADERS, simulator.mfa_totp_secret, simulator.mfa_password]
    return Secrets(known, MARKS, SOURCES)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    items = [{"name": "auth.ldap.0.bind_pw", "secret_value": SECRETS["new_bind_pw"]}]
    folder.write(
        "secrets.json", {**SECRETS, "token_for_headers": TOKEN_FOR_HEADERS, "plain": PLAIN, "items_to_set": items}
    )
    return folder


@pytest.fixture(name="guarded")
def fixture_guarded(start: Callable[..., Server]) -> Server:
    """A server that knows secrets, and shows some of them to every client (server behaviour, 46, 85, 116)."""
    server = start(password=SECRETS["as_password"], settings={"license": "subscription"})
    server.simulator.set_configuration(
        **{
            "auth.ldap.0.bind_pw": SECRETS["bind_pw"],
            "auth.radius.0.server.0.secret": SECRETS["radius_secret"],
            "subscription.bundle": SECRETS["bundle"],
            "acme.eab_hmac_key.2.9.0": SECRETS["custom_key"],
        }
    )
    server.simulator.set_user("alice", password=SECRETS["other_password"], auth_method="local")
    return server


# What goes well.
SUCCESSES = """
    - vpn.estate.as_user:
        name: bob
        auth_method: local
        password: "{{ user_password }}"
      register: created
    - vpn.estate.as_user:
        update_password: always
        users: "{{ people }}"
      vars:
        people:
          - {name: bob, password: "{{ other_password }}"}
          - {name: carol, auth_method: local, password: "{{ user_password }}"}
      register: changed
    - vpn.estate.as_user:
        name: "{{ item }}"
        password: "{{ user_password }}"
        update_password: always
      loop: [alice]
    - vpn.estate.as_config_item:
        name: auth.ldap.0.bind_pw
        secret_value: "{{ new_bind_pw }}"
        update_secrets: always
    - vpn.estate.as_config_item:
        config_items:
          - {name: auth.radius.0.server.0.secret, secret_value: "{{ new_bind_pw }}"}
          - {name: acme.eab_hmac_key.2.9.0, secret_value: "{{ new_bind_pw }}", custom: true}
        update_secrets: always
    - vpn.estate.as_user: {name: bob, password: {a: "{{ plain }}"}, update_password: always}
      ignore_errors: true
    - vpn.estate.as_config_item: {name: auth.ldap.0.bind_pw, value: "{{ plain }}"}
      ignore_errors: true
"""
READS = """
    - vpn.estate.as_user_info:
      register: users
    - vpn.estate.as_config_item_info:
      register: items
    - vpn.estate.as_license_info:
      register: license
    - vpn.estate.as_server_info:
      register: server
    - vpn.estate.as_log_info:
    - ansible.builtin.debug: {var: item}
      loop: ["{{ users }}", "{{ items }}", "{{ license }}", "{{ server }}"]
    - ansible.builtin.set_fact: {kept: ["{{ users }}", "{{ items }}", "{{ license }}"], cacheable: true}
    - ansible.builtin.assert:
        that:
          - users.users | map(attribute='name') is contains('mfa-admin')
          - items.config_items | map(attribute='name') is contains('subscription.bundle')
"""
# What goes wrong, each in its own way, and is shown once more by a rescue.
FAILURES = {
    "an option that there is none": "as_user: {name: bob, password: '{{ user_password }}', colour: blue}",
    "the same beside a secret in a list": "as_user: {users: [{name: bob, password: '{{ user_password }}', colour: blue}]}",
    "a value that is no choice": "as_user: {name: bob, password: '{{ user_password }}', state: here}",
    "a list for a secret": "as_config_item: {name: auth.ldap.0.bind_pw, secret_value: ['{{ plain }}'], state: 1}",
    "a number that is none beside secrets": "as_user: {name: bob, password: '{{ user_password }}', as_timeout: soon}",
    "a password that is refused": "as_user_info: {as_username: stranger, as_password: '{{ wrong_password }}'}",
    "a list for the password": "as_user_info: {as_username: other, as_password: ['{{ plain }}']}",
    "a token that is refused": "as_user_info: {as_username: x, as_password: null, as_token: '{{ token_for_headers }}'}",
    "a token that fits no header": 'as_user_info: {as_username: x, as_password: null, as_token: "{{ as_token }}\\n"}',
    "a secret that is no base32": "as_user_info: {as_username: y, as_totp_secret: '{{ as_token }}'}",
    "nothing there": "as_user: {name: bob, password: '{{ user_password }}', as_url: 'https://127.0.0.1:1'}",
    "a page that repeats the sign-in": "as_user_info: {as_url: '{{ echo }}'}",
    "a page that repeats the token": "as_user_info: {as_url: '{{ echo }}', as_token: '{{ token_for_headers }}'}",
    "a reason that repeats the sign-in": "as_user_info: {as_url: '{{ refuse }}'}",
    "a reason that repeats the token": "as_user_info: {as_url: '{{ refuse }}', as_token: '{{ token_for_headers }}'}",
    "a page that repeats a password": "as_user: {name: eve, auth_method: local, password: '{{ user_password }}'}",
    "a page that repeats a value": "as_config_item: {config_items: '{{ items_to_set }}', update_secrets: always}",
    "a secret address that is none": "as_database: {mysql_uri: '{{ user_password }}'}",
    "a reason with half an address": "as_database: {assume_local: true, mysql_uri: "
    "'mysql://u:{{ user_password | urlencode }}@db.example.com/'}",
}


def play(hosts: str, server: Server, tasks: str) -> str:
    """A play against a server, with secrets from a file as a vault would give them."""
    options = {**server.connection, "as_password": "{{ as_password }}"}
    return f"""
- hosts: {hosts}
  gather_facts: false
  vars_files: [secrets.json]
  module_defaults: {{"group/vpn.estate.access_server": {json.dumps(options)}}}
  tasks:
{tasks}"""


@pytest.mark.versions
def test_a_run_with_everything_turned_up(guarded: Server, folder: Folder, parrots: dict[str, str]) -> None:
    simulator = guarded.simulator
    folder.hosts(here={"ansible_connection": "local", **parrots})
    mfa = {
        "as_username": simulator.mfa_username,
        "as_password": simulator.mfa_password,
        "as_totp_secret": simulator.mfa_totp_secret,
    }
    folder.write("secrets.json", {**json.loads((folder.path / "secrets.json").read_text()), "mfa": mfa})
    second_factor = """
    - vpn.estate.as_user_info:
        names: [mfa-admin]
        as_username: "{{ mfa.as_username }}"
        as_password: "{{ mfa.as_password }}"
        as_totp_secret: "{{ mfa.as_totp_secret }}"
    - vpn.estate.as_user: {name: bob, password: "{{ user_password }}", update_password: always}
      async: 30
      poll: 1
"""
    for name in ("/auth/password/change", "/config-items/default"):
        page = f"<html>{SECRETS['user_password']} {html.escape(SECRETS['new_bind_pw'])}"
        nth = 1 + (5 if "password" in name else 2)  # after what went well
        simulator.faults.add(path=name, method="POST", nth=nth, times=None, status=200, body=page)
    reason = (
        f"u, {SECRETS['user_password']} or {quote(SECRETS['user_password'])} or {html.escape(SECRETS['user_password'])}"
    )
    simulator.faults.add(path="/database/convert", status=400, body={"reason": reason})
    tasks = SUCCESSES + READS + second_factor + failures(FAILURES, FAILURES)
    run = folder.play(play("here", guarded, tasks), "-vvvvv", "--diff", **sinks(folder))
    secrets = secrets_of(simulator)
    assert run.status == 0, run.output[-3000:]
    assert run.tally["here"]["rescued"] == len(FAILURES)
    assert simulator.password_is("carol", SECRETS["user_password"])
    assert list(secrets.found_in(run.output)) == []
    until(lambda: not any((folder.path / "remote").glob("*/AnsiballZ_*")))
    assert list(secrets.found_below(folder.path)) == []
    for written in ("ansible.log", "facts", "tree", "junit"):
        assert (folder.path / written).exists()


@pytest.mark.exhaustive
def test_a_run_in_check_mode_from_elsewhere(guarded: Server, folder: Folder, parrots: dict[str, str]) -> None:
    """The token travels with the arguments, and the action plugin itself signs in and fails."""
    folder.hosts(there={"ansible_connection": "elsewhere", **parrots})
    chosen = [name for name in FAILURES if "refused" in name or "repeats the" in name or "secret" in name]
    tasks = SUCCESSES + READS + failures(FAILURES, chosen)
    run = folder.play(play("there", guarded, tasks), "-vvvvv", "--check", "--diff", **sinks(folder))
    secrets = secrets_of(guarded.simulator)
    assert run.status == 0, run.output[-3000:]
    assert run.tally["there"]["rescued"] == len(chosen)
    assert guarded.simulator.writes == []
    assert list(secrets.found_in(run.output)) == []
    assert list(secrets.found_below(folder.path)) == []


@pytest.mark.versions
@pytest.mark.parametrize("hidden", ["false", "true"])
def test_warnings_hold_no_secret(server: Server, folder: Folder, hidden: str) -> None:
    """ansible-core 2.19 to 2.21 print what a module warns of as it is, also for a task with no_log."""
    secret = "mArKwArNiNg-Zz9"
    server.simulator.set_user(secret.upper())
    folder.hosts(here={"ansible_connection": "local"}, there={"ansible_connection": "elsewhere"})
    folder.write("secrets.json", {"as_password": server.simulator.password, "twin": secret})
    task = f"""
    - vpn.estate.as_user: {{users: [{{name: bob, auth_method: local, password: "{{{{ twin }}}}"}}, {{name: "{{{{ twin }}}}"}}]}}
      no_log: {hidden}
"""
    run = folder.play(play("all", server, task), "--check", "-vvv", **sinks(folder))
    assert run.status == 0, run.output
    assert hidden == "true" or "is created, but" in run.output, run.output
    secrets = Secrets([secret], MARKS, SOURCES)
    assert list(secrets.found_in(run.output)) == []
    assert list(secrets.found_below(folder.path)) == []


@pytest.mark.versions
def test_a_quiet_run_that_fails(guarded: Server, folder: Folder) -> None:
    """By default Ansible shows the lines of the play around a failure."""
    folder.hosts(here={"ansible_connection": "local"}, there={"ansible_connection": "elsewhere"})
    task = "\n    - vpn.estate.as_user: {name: bob, password: '{{ user_password }}', static_ipv4: 300.1.1.1}\n"
    run = folder.play(play("all", guarded, task))
    assert run.tally["here"]["failed"] == run.tally["there"]["failed"] == 1
    assert list(secrets_of(guarded.simulator).found_in(run.output)) == []


# -- defects of our own


@pytest.mark.parametrize("form", [str, quote, html.escape, json.dumps, lambda text: base64.b64encode(text.encode())])
def test_the_text_of_a_defect_is_withheld(server: Server, form: Callable[[str], t.Any]) -> None:
    """It may quote anything, in a form that no mask knows."""

    def work(run: t.Any) -> t.Any:
        raise KeyError(form(run.task.params["as_password"]))

    params = dict.fromkeys(ACCESS_SERVER.argument_spec)
    secret = SECRETS["as_password"]
    connection = {**server.connection, "as_validate_certs": True, "as_password": secret}
    given = {**params, **connection, "as_connections": 1, "as_batch_size": 1}
    answer = answer_to(Body(ACCESS_SERVER, {}, work), Task(given))
    assert answer["failed"] is True
    assert "KeyError" in answer["msg"]
    assert "its text is not shown" in answer["msg"]
    assert list(secrets_of(server.simulator).found_in(text_of(answer))) == []
