# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-lint says about tasks whose connection options are in module_defaults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import TIME_LIMIT, Folder

PLAY = """\
---
- name: Under module_defaults
  hosts: all
  gather_facts: false
  module_defaults:
    group/vpn.estate.access_server:
      as_url: "{{ as_url }}"
    group/vpn.estate.freebox:
      freebox_app_id: "{{ freebox_app_id }}"
  tasks:
    - name: Valid
      vpn.estate.as_user:
        users: "{{ people }}"
        purge: "{{ is_complete }}"
    - name: Valid, of the other product
      vpn.estate.freebox_vpn_user:
        login: erika
    - name: Valid, of a user
      vpn.estate.as_profile_download:
        dest: /etc/openvpn/client.conf
    - name: Valid, and everything that a write needs
      vpn.estate.as_user:
        name: erika
        as_url: URL
        as_username: openvpn
        as_password: "{{ password }}"
        as_validate_certs: false
    - name: Misspelled
      vpn.estate.as_user:
        name: erika
        grup: staff
    - name: Misspelled, of the other product
      vpn.estate.freebox_vpn_user:
        login: erika
        pasword: "{{ password }}"
"""


@pytest.mark.exhaustive
def test_valid_tasks_are_clean_and_misspelled_options_are_found(server: Server, tmp_path: Path) -> None:
    """And nothing is done for that: a task that has everything it needs sends nothing."""
    pytest.importorskip("ansiblelint", reason="ansible-test units installs no linter; make unit has it")
    folder = Folder(tmp_path)
    folder.write("site.yml", PLAY.replace("URL", server.simulator.url))
    done = subprocess.run(
        [sys.executable, "-m", "ansiblelint", "--offline", "--format=json", "site.yml"],
        check=False,
        capture_output=True,
        cwd=folder.path,
        env=folder.environment,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=TIME_LIMIT,
    )
    found = {one["content"]["body"]: one["description"].partition(". Supported")[0] for one in json.loads(done.stdout)}
    assert found == {
        "Task/Handler: Misspelled": "Unsupported parameters for (basic.py) module: grup",
        "Task/Handler: Misspelled, of the other product": "Unsupported parameters for (basic.py) module: pasword",
    }, done.stderr
    assert "Ignored exception" not in done.stderr, "it has looked at every task"
    assert server.simulator.log == []
