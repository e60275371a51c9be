# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing with a Freebox by real runs, on both ways, and with a file that ansible-vault encrypts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._freebox.test_pairing import answered, requests
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first

PLAY = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/vpn.estate.freebox:
      freebox_url: "{{ url }}"
      freebox_ca_path: "{{ ca }}"
  tasks:
    - vpn.estate.freebox_app_info:
      register: found
    - ansible.builtin.assert: {that: found.box.api_version == '16.0'}
    - vpn.estate.freebox_app:
        dest: "{{ dest }}"
        vault: "{{ vault | default(omit) }}"
        vault_id: "{{ vault_id | default(omit) }}"
      register: paired
      ignore_errors: "{{ ignore | default(false) }}"
    - ansible.builtin.include_vars: {file: "{{ dest }}"}
      no_log: true
    - vpn.estate.freebox_vpn_user:
        freebox_app_id: "{{ freebox_app_id }}"
        freebox_app_token: "{{ freebox_app_token }}"
        login: erika
"""


@pytest.mark.parametrize("connection", first("local", "elsewhere"))
def test_a_whole_run(start: Callable[..., Box], tmp_path: Path, connection: str) -> None:
    """From nothing to a user, in this process and in others; the second run changes nothing."""
    box, folder = start(Box, readings={"rights_after_pairing": "all"}), Folder(tmp_path / "play")
    answered(box)
    dest = folder.path / "token.json"
    folder.hosts(
        home={
            "ansible_connection": connection,
            "url": box.simulator.url,
            "ca": str(box.simulator.ca_path),
            "dest": str(dest),
            **({"vault": True, "vault_id": "boxes"} if connection == "local" else {}),
        }
    )
    folder.write("key", "open-sesame")
    run = folder.play(PLAY, "--vault-id=boxes@key")
    assert run.status == 0, run.output
    assert run.tally["home"]["changed"] == 2
    assert ("press the button on the box" in run.output) is (connection == "local")
    assert dest.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;boxes\n" if connection == "local" else "{")
    again = folder.play(PLAY, "--vault-id=boxes@key", "-vvvvv", "--diff")
    assert again.status == 0, again.output
    assert again.tally["home"]["changed"] == 0
    [token] = [each.token for each in box.simulator.machine.applications._all if each.app_id == "vpn.estate"]
    assert not any(form in run.output + again.output for form in (token, json.dumps(token)[1:-1]))
    if connection == "local":
        refused = folder.play(PLAY)
        assert "A vault password or secret must be specified to decrypt" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("vault_id", "arguments", "words"),
    [
        (
            "boxes",
            (),
            "vault: no vault secret is set to encrypt with. Give one to Ansible, for example with --vault-id. Nothing was written.",
        ),
        pytest.param(
            "others",
            ("--vault-id=boxes@key",),
            "vault: no secret is set for the vault id 'others'. Nothing was written.",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_a_vault_that_cannot_be_used(
    box: Box, tmp_path: Path, vault_id: str, arguments: tuple[str, ...], words: str
) -> None:
    folder = Folder(tmp_path)
    folder.write("key", "open-sesame")
    variables = {"url": box.simulator.url, "ca": str(box.simulator.ca_path), "dest": str(tmp_path / "token.json")}
    folder.hosts(home={"ansible_connection": "local", "vault": True, "vault_id": vault_id, **variables})
    run = folder.play(PLAY, *arguments)
    assert words in " ".join(run.output.split()), run.output
    assert requests(box) == []
