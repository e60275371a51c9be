# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marked secrets go through everything that a run can do with them on a Freebox, and are found nowhere afterwards."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.marked_secrets import (
    Secrets,
    failures,
    sinks,
    until,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder

# Of 8 to 32 characters, each with a mark in it, and letters that quoting changes.
SECRETS = {name: f"{mark}-&<\"'%\\aZ9+/" for name, mark in (("erikas", "mArKeRiKa"), ("maxs", "mArKmAx"))}
WRONG_TOKEN = "mArKwRoNgToKeN+/=="
PLAIN = "mArKpLaIn5"  # in a list, where older versions of Ansible mask only what quoting leaves alone
MARKS = ("mArK", "PRIVATE KEY")
# What the play is made of, and what it was asked to keep.
SOURCES = {"site.yml", "secrets.json", "hosts.json", "token.json", "erika.ovpn", "phone.conf"}
OPEN = "openSession"

SUCCESSES = """
    - vpn.estate.freebox_vpn_server:
        servers: [{name: openvpn_routed, enabled: true}, {name: wireguard, enabled: true}]
    - vpn.estate.freebox_vpn_user: {login: erika, password: "{{ erikas }}"}
      register: created
    - vpn.estate.freebox_vpn_user:
        update_password: always
        users: "{{ people }}"
      vars:
        people:
          - {login: erika, password: "{{ maxs }}"}
          - {login: max, password: "{{ maxs }}"}
          - login: phone
            type: wireguard
            ip_reservation: 192.168.27.80
            conf_wireguard: {psk: true}
      register: changed
    - vpn.estate.freebox_vpn_user: {login: "{{ item }}", password: "{{ erikas }}", update_password: always}
      loop: [erika]
    - vpn.estate.freebox_vpn_user: {login: max, password: {a: "{{ plain }}"}, update_password: always}
      ignore_errors: true
"""
PROFILES = """
    - vpn.estate.freebox_vpn_profile:
        profiles:
          - {user: erika, server: openvpn_routed, dest: "{{ playbook_dir }}/erika.ovpn"}
          - {user: phone, server: wireguard, dest: "{{ playbook_dir }}/phone.conf"}
      register: issued
    - vpn.estate.freebox_vpn_profile:
        {user: max, server: openvpn_routed, dest: "{{ playbook_dir }}/erika.ovpn", return_content: true}
      no_log: true
    - vpn.estate.ovpn_file_info: {path: "{{ playbook_dir }}/phone.conf"}
    - ansible.builtin.debug: {var: issued}
"""
READS = """
    - vpn.estate.freebox_vpn_user_info:
      register: users
    - vpn.estate.freebox_vpn_server_info:
      register: servers
    - vpn.estate.freebox_app_info:
      register: app
    - vpn.estate.freebox_app: {dest: "{{ playbook_dir }}/token.json"}
    - ansible.builtin.debug: {var: item}
      loop: ["{{ users }}", "{{ servers }}", "{{ app }}"]
    - ansible.builtin.set_fact: {kept: ["{{ users }}", "{{ servers }}", "{{ app }}"], cacheable: true}
"""
FAILURES = {
    "an option that there is none": "freebox_vpn_user: {login: max, password: '{{ maxs }}', colour: blue}",
    "the same in a list": "freebox_vpn_user: {users: [{login: max, password: '{{ maxs }}', colour: blue}]}",
    "a value that is no choice": "freebox_vpn_user: {login: max, password: '{{ maxs }}', type: other}",
    "a list for the token": "freebox_vpn_user_info: {freebox_app_id: other, freebox_app_token: ['{{ plain }}']}",
    "a token that is refused": "freebox_vpn_user_info: {freebox_app_id: x, freebox_app_token: '{{ wrong_token }}'}",
    "a password that is too long": "freebox_vpn_user: {login: max, password: '{{ maxs }}{{ maxs }}'}",
    "nothing there": "freebox_vpn_user: {login: a, password: '{{ maxs }}', freebox_url: 'https://127.0.0.1:1'}",
    "a page that repeats the request": "freebox_vpn_user_info: {freebox_url: '{{ echo }}'}",
    "a reason that repeats the request": "freebox_vpn_user_info: {freebox_url: '{{ refuse }}'}",
    "words that repeat a password": "freebox_vpn_user: {login: eve, password: '{{ maxs }}'}",
    "a page that repeats a password": "freebox_vpn_user: {login: eve, password: '{{ maxs }}'}",
}


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write("secrets.json", {**SECRETS, "wrong_token": WRONG_TOKEN, "plain": PLAIN})
    return folder


def play(hosts: str, box: Box, tasks: str) -> str:
    """A play against a box, whose token comes from a file as a vault would give it."""
    options = {**box.connection, "freebox_app_token": "{{ app_token }}"}
    return f"""
- hosts: {hosts}
  gather_facts: false
  vars_files: [secrets.json]
  module_defaults: {{"group/vpn.estate.freebox": {json.dumps(options)}}}
  tasks:
{tasks}"""


def tokens(simulator: FreeboxSimulator) -> list[str]:
    """Of the application, and of each session that it has had."""
    answers = [one.response for one in simulator.log if one.operation == OPEN and one.status == 200]
    return [simulator.app_token, *(answer["result"]["session_token"] for answer in answers)]


@pytest.fixture(name="prepared")
def fixture_prepared(box: Box, folder: Folder) -> Box:
    """A box that repeats a password, the second time that a new user comes."""
    known = json.loads((folder.path / "secrets.json").read_text())
    folder.write("secrets.json", {**known, "app_token": box.simulator.app_token})
    words = {"success": False, "error_code": "inval", "msg": f"non: {SECRETS['maxs']}"}
    box.simulator.faults.add(path="vpn/user/", method="POST", nth=4, status=200, body=words)
    page = f"<html>{SECRETS['maxs']}</html>"
    box.simulator.faults.add(path="vpn/user/", method="POST", nth=5, times=None, status=200, body=page)
    return box


def test_a_run_with_everything_turned_up(prepared: Box, folder: Folder, parrots: dict[str, str]) -> None:
    simulator = prepared.simulator
    folder.hosts(here={"ansible_connection": "local", **parrots})
    tasks = SUCCESSES + PROFILES + READS + failures(FAILURES, FAILURES)
    run = folder.play(play("here", prepared, tasks), "-vvvvv", "--diff", **sinks(folder))
    assert run.status == 0, run.output[-3000:]
    assert run.tally["here"]["rescued"] == len(FAILURES)
    assert simulator.password_is("erika", SECRETS["erikas"])
    files = [(folder.path / name).read_text() for name in ("erika.ovpn", "phone.conf")]
    assert "PRIVATE KEY" in files[0]
    keys = re.findall(r"^(?:PrivateKey|PresharedKey) *= *(\S+)$", files[1], re.MULTILINE)
    assert len(keys) == 2
    secrets = Secrets([*SECRETS.values(), WRONG_TOKEN, *tokens(simulator), *keys], MARKS, SOURCES)
    assert list(secrets.found_in(run.output)) == []
    until(lambda: not any((folder.path / "remote").glob("*/AnsiballZ_*")))
    assert list(secrets.found_below(folder.path)) == []
    for name in ("erika.ovpn", "phone.conf", "token.json"):
        assert (folder.path / name).stat().st_mode & 0o777 == 0o600
    for written in ("ansible.log", "facts", "tree", "junit"):
        assert (folder.path / written).exists()


@pytest.mark.exhaustive
def test_a_run_in_check_mode_from_elsewhere(prepared: Box, folder: Folder, parrots: dict[str, str]) -> None:
    """The session travels with the arguments, and the action plugin itself signs in and fails."""
    folder.hosts(there={"ansible_connection": "elsewhere", **parrots})
    chosen = [name for name in FAILURES if "refused" in name or "the request" in name]
    tasks = SUCCESSES + READS + failures(FAILURES, chosen)
    run = folder.play(play("there", prepared, tasks), "-vvvvv", "--check", "--diff", **sinks(folder))
    assert run.status == 0, run.output[-3000:]
    assert run.tally["there"]["rescued"] == len(chosen)
    assert prepared.simulator.writes == []
    secrets = Secrets([*SECRETS.values(), WRONG_TOKEN, *tokens(prepared.simulator)], MARKS, SOURCES)
    assert list(secrets.found_in(run.output)) == []
    assert list(secrets.found_below(folder.path)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("connection", ["local", "elsewhere"])
def test_a_run_signs_in_once(box: Box, folder: Folder, connection: str) -> None:
    """Whatever the number of tasks, loops and plays, and where modules run."""
    folder.hosts(one={"ansible_connection": connection}, two={"ansible_connection": connection})
    folder.write("secrets.json", {"app_token": box.simulator.app_token})
    tasks = """
    - vpn.estate.freebox_vpn_user: {login: "{{ inventory_hostname }}-{{ item }}"}
      loop: [a, b]
    - vpn.estate.freebox_vpn_user_info:
"""
    plays = play("all", box, tasks) + play("one", box, tasks)
    run = folder.play(plays)
    assert run.status == 0, run.output[-3000:]
    operations = [one.operation for one in box.simulator.log]
    assert (operations.count(OPEN), operations.count("getApiVersion")) == (1, 1)
    assert "closeSession" not in operations


def test_a_refused_token_is_tried_once_in_a_run(box: Box, folder: Folder) -> None:
    folder.hosts(one={"ansible_connection": "local"}, two={"ansible_connection": "elsewhere"})
    folder.write("secrets.json", {"app_token": WRONG_TOKEN})
    tasks = """
    - vpn.estate.freebox_vpn_user: {login: "{{ item }}"}
      loop: [a, b]
      ignore_errors: true
    - vpn.estate.freebox_vpn_user_info:
"""
    run = folder.play(play("all", box, tasks))
    assert [run.tally[host]["failed"] for host in ("one", "two")] == [1, 1]
    assert [one.operation for one in box.simulator.log].count(OPEN) == 1
    assert run.output.count("refused the token of the application") >= 6
