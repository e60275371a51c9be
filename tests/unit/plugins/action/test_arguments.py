# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments as Ansible hands them over, on both ways, which only a real run can show."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD

TASKS = """
- hosts: all
  gather_facts: false
  module_defaults: {DEFAULTS}
  vars:
    number: 7
    slip: Marker-In-The-Wrong-Place-9
    pin: 0123456701234567
    text: "007"
    people: [{name: erika, reroute_gw: null, group: "{{ omit }}"}, {name: "{{ text }}", totp: "no"}]
  tasks:
    - vpn.estate.as_user: {name: 007}
      register: octal
      ignore_errors: true
    - vpn.estate.as_user: {name: yes, state: null}
      register: truth
      ignore_errors: true
    - vpn.estate.as_user: {name: 2031-05-09}
      register: day
      ignore_errors: true
    - vpn.estate.as_user: {name: [a, b], users: null}
      register: listed
      ignore_errors: true
    - vpn.estate.as_user: {users: [{name: max, password: "{{ pin | int }}"}, {name: ben, staet: present}]}
      register: password
      ignore_errors: true
    - vpn.estate.as_user: {name: "{{ number | string }}", password: "{{ hidden }}", cc_commands: ["a {{ number }}", b]}
      check_mode: true
      diff: true
      register: lines
    - vpn.estate.as_user: {users: "{{ people }}"}
      check_mode: true
      register: good
    - vpn.estate.as_user: name=007 state=present
      check_mode: true
      register: words
    - vpn.estate.as_user_info: {names: [007]}
      register: names
      ignore_errors: true
    - vpn.estate.as_config_item: {name: auth.ldap.0.bind_pw, value: "{{ slip }}"}
      register: misplaced
      ignore_errors: true
    - vpn.estate.as_user_info: {as_password: "{{ pin | int }}"}
      register: sign_in
      ignore_errors: true
    - ansible.builtin.assert:
        that: {THAT}
"""


THAT = [
    "octal.msg.startswith('name: a number (7) is given, and text is needed. Put it in quotes')",
    "truth.msg.startswith('name: a boolean (true) is given, and text is needed.')",
    "day.msg.startswith('name: a date is given, and text is needed.')",
    "listed.msg == 'name: a list is given, and text is needed.'",
    "'users[0] (max): password: a number is given' in password.msg",
    "'users[1] (ben): staet: there is no such option. Did you mean state?' in password.msg",
    r"lines.diff.after['7'].cc_commands == 'a 7\nb'",
    "good.objects | map(attribute='name') | list == ['erika', '007']",
    "words.objects[0].name == '007'",
    "names.msg.startswith('names[0]: a number (7) is given')",
    "misplaced.msg.startswith('value: this is a secret. Set it as secret_value')",
    "sign_in.msg.startswith('as_password: a number is given')",
]


def test_arguments_reach_the_check_as_the_task_says_them(server: Server, tmp_path: Path) -> None:
    """Nothing is written, no task signs in with a value that is not a password, and no secret is shown."""
    folder, local = Folder(tmp_path), {"ansible_connection": "local"}
    folder.hosts(here=local, there={**local, "vpn_estate_in_process": False})
    vault = VaultLib([("default", VaultSecret(b"open-sesame"))]).encrypt(PASSWORD).decode()
    lines = "".join(f"  {line}\n" for line in vault.splitlines())
    folder.write("hidden.yml", f"hidden: !vault |\n{lines}")
    folder.write("key", "open-sesame")
    play = TASKS.replace("{DEFAULTS}", json.dumps({"group/vpn.estate.access_server": server.connection}))
    play = play.replace("{THAT}", json.dumps(THAT))
    shown = {"ANSIBLE_INJECT_INVOCATION": "true"}
    run = folder.play(play, "-vvvv", "--vault-password-file=key", "--extra-vars=@hidden.yml", **shown)
    assert run.status == 0, run.output
    assert run.tally["here"] == run.tally["there"]
    assert "Marker-In-The-Wrong-Place-9" not in run.output
    assert PASSWORD not in run.output
    assert "5744368105847" not in run.output
    assert not server.writes()
