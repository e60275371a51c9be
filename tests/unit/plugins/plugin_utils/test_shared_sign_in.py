# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in for each server and run, by real runs of ansible-playbook."""

from __future__ import annotations

import json
import time
import typing as t
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import SignInError
from ansible_collections.vpn.estate.plugins.modules.as_profile_download import BODY as DOWNLOAD
from ansible_collections.vpn.estate.plugins.modules.as_user import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction
from ansible_collections.vpn.estate.plugins.plugin_utils._shared_sign_in import SharedSignIn
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.profiles.test_profile_download import (
    PASSWORD,
    SECRET,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._freebox.test_session import LOGOUT, SIGN_IN
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first

LOGIN, MFA = "/api/auth/login/userpassword", "/api/auth/login/mfaauth"
HERE, ELSEWHERE = {"ansible_connection": "local"}, {"ansible_connection": "elsewhere"}
# The state of a session while a run goes on, seen from the play itself.
LOOK_AT_THE_FILE = """
    - name: Look for the session
      ansible.builtin.find:
        paths: "{{ lookup('ansible.builtin.env', 'ANSIBLE_HOME') }}/tmp"
        patterns: vpn.estate-*
        recurse: true
      register: files
      run_once: true
    - name: Look at the folder
      ansible.builtin.stat:
        path: "{{ files.files[0].path | dirname }}"
      register: folder
      run_once: true
    - ansible.builtin.assert:
        that:
          - files.files | map(attribute='mode') == ['0600']
          - folder.stat.mode == '0700'
      run_once: true
"""


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def defaults(server: Server, **options: t.Any) -> str:
    """The section of a play that says which server is meant, as JSON inside of YAML."""
    return json.dumps({"group/vpn.estate.access_server": {**server.connection, **options}})


def asked(server: Server, *paths: str) -> int:
    """How often the server was asked for these."""
    return sum(each.path in paths for each in server.simulator.log)


def leftovers(folder: Folder) -> list[str]:
    """Files of sessions that are still there."""
    return [str(each) for each in folder.path.rglob("vpn.estate-*")]


def test_one_sign_in_for_all_tasks_hosts_and_plays(start: Callable[..., Server], folder: Folder) -> None:
    """Several tasks, a loop, a role, two plays, and hosts that name one server in two ways, from here and elsewhere."""
    server = start(users=1)
    folder.hosts(one=HERE, two={**HERE, "ending": "/api/"}, three=ELSEWHERE)
    folder.write(
        "roles/reader/tasks/main.yml",
        "- vpn.estate.as_group_info: {names: [staff]}\n",
    )
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: &defaults {defaults(server, as_url=server.simulator.url + "{{ ending | default('') }}")}
  tasks:
    - vpn.estate.as_server_info:
    - vpn.estate.as_user_info: {{names: ["{{{{ item }}}}"]}}
      loop: [user00001, openvpn]
      register: found
    - ansible.builtin.assert:
        that: found.results | map(attribute='users') | flatten | map(attribute='name') == ['user00001', 'openvpn']
    - ansible.builtin.include_role: {{name: reader}}
{LOOK_AT_THE_FILE}
- hosts: all
  gather_facts: false
  module_defaults: *defaults
  tasks:
    - vpn.estate.as_user:
        name: user00001
        deny: true
      async: 30
      poll: 1
      when: inventory_hostname != 'two'
"""
    run = folder.play(playbook, "--forks=5")
    assert run.status == 0, run.output
    assert asked(server, LOGIN) == 1
    assert set(run.tally) == {"one", "two", "three"}
    assert server.simulator.state()["users"]["user00001"]["deny"] is True
    assert leftovers(folder) == []
    assert [each.status for each in server.simulator.log if each.status != 200] == []


@pytest.mark.parametrize("in_process", first("true", "false"))
def test_a_refusal_ends_it_for_all_tasks_and_hosts_with_that_password(
    server: Server, folder: Folder, in_process: str
) -> None:
    folder.hosts(one=HERE, two=HERE, three=ELSEWHERE)
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: {defaults(server, as_password="not-this-one")}
  tasks:
    - vpn.estate.as_user_info: {{names: ["{{{{ item }}}}"]}}
      loop: "{{{{ range(3) | map('string') }}}}"
      register: refused
      ignore_errors: true
    - ansible.builtin.assert:
        that:
          - refused.results | length == 3
          - refused.results | map(attribute='msg') | unique | length == 1
          - "'refused the name or the password' in refused.results[0].msg"
          - "'sign_in_refused' not in refused.results[0]"
    - vpn.estate.as_user_info: {{names: [openvpn], as_password: "{server.simulator.password}"}}
      loop: [1, 2]
    - vpn.estate.as_user_info: {{names: [openvpn]}}
      register: still
      failed_when: still is not failed or still.msg != refused.results[0].msg
"""
    run = folder.play(playbook, "--forks=3", VPN_ESTATE_IN_PROCESS=in_process)
    assert run.status == 0, run.output
    assert asked(server, LOGIN) == 2, "the wrong password once, and the right one once"
    assert server.simulator.log[0].path == LOGIN
    assert leftovers(folder) == []


@pytest.mark.parametrize("right", first(False, True))
def test_a_server_that_cannot_be_reached_from_here(server: Server, folder: Folder, right: bool) -> None:
    """Then the module signs in where it runs, and a refusal that it meets there counts for the others."""
    folder.hosts(three=ELSEWHERE)
    password = server.simulator.password if right else "not-this-one"
    playbook = f"""
- hosts: all
  gather_facts: false
  environment: {{no_proxy: 127.0.0.1}}
  module_defaults: {defaults(server, as_password=password)}
  tasks:
    - vpn.estate.as_user_info: {{names: ["{{{{ item }}}}"]}}
      loop: [openvpn, openvpn]
"""
    run = folder.play(playbook, https_proxy="http://127.0.0.1:1")
    assert (run.status == 0) is right, run.output
    assert asked(server, LOGIN) == (2 if right else 1)
    assert ("refused the name or the password" in run.output) is not right


@pytest.mark.exhaustive
def test_a_token_that_is_brought_is_used_by_all(server: Server, folder: Folder) -> None:
    token = server.token()
    server.simulator.log.clear()
    folder.hosts(one=HERE, three=ELSEWHERE)
    options = {"as_token": token, "as_username": None, "as_password": None}
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: {defaults(server, **options)}
  tasks:
    - vpn.estate.as_user_info: {{names: [openvpn]}}
    - vpn.estate.as_user_info: {{names: [openvpn], as_token: SESS_TOKEN_old}}
      register: refused
      ignore_errors: true
    - ansible.builtin.assert:
        that: "'no longer accepts the token in as_token' in refused.msg"
"""
    run = folder.play(playbook)
    assert run.status == 0, run.output
    assert asked(server, LOGIN) == 0


@pytest.mark.exhaustive
def test_an_assertion_opens_one_session_for_tasks_here_and_elsewhere(server: Server, folder: Folder) -> None:
    """It comes from the environment, and is good once; it is shown nowhere, whatever is turned up."""
    provider, simulator = IdentityProvider(), server.simulator
    simulator.set_configuration(**provider.settings())
    simulator.machine.configuration.take_over()
    simulator.set_user("sam", admin=True, auth_method="saml")
    own = simulator.machine.saml
    assertion = provider.response("sam", own.entity_id, own.consumer, now=time.time())
    folder.hosts(one=HERE, two=HERE, three=ELSEWHERE)
    options = {"as_username": None, "as_password": None}
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: {defaults(server, **options)}
  tasks:
    - vpn.estate.as_user_info: {{names: ["{{{{ item }}}}"]}}
      loop: [openvpn, sam]
    - vpn.estate.as_user: {{name: sam, admin: false}}
      register: refused
      failed_when: "'could end the sign-in of sam' not in refused.msg"
"""
    run = folder.play(playbook, "-vvvv", VPN_ESTATE_AS_SAML_ASSERTION=assertion)
    assert run.status == 0, run.output
    assert asked(server, "/api/auth/login/saml-assertion") == 1
    assert asked(server, LOGIN) == 0
    assert assertion[:200] not in run.output
    assert leftovers(folder) == []


@pytest.mark.exhaustive
def test_a_stale_token_and_a_wrong_password(server: Server, folder: Folder) -> None:
    folder.hosts(one=HERE, three=ELSEWHERE)
    playbook = f"""
- hosts: all
  gather_facts: false
  serial: 1
  module_defaults: {defaults(server, as_token="SESS_TOKEN_old", as_password="not-this-one")}
  tasks:
    - vpn.estate.as_user_info: {{names: [openvpn]}}
      loop: [1, 2]
      ignore_errors: true
"""
    run = folder.play(playbook)
    assert run.output.count("refused the name or the password") >= 4, run.output
    assert asked(server, LOGIN) == 1


@pytest.mark.exhaustive
def test_runs_one_after_the_other_use_a_code_once(server: Server, folder: Folder) -> None:
    """The second sign-in waits for the next code, but not long enough: a server accepts it early (server behaviour, 29)."""
    folder.hurry()
    simulator = server.simulator
    folder.hosts(one=HERE, three=ELSEWHERE)
    options = {
        "as_username": simulator.mfa_username,
        "as_password": simulator.mfa_password,
        "as_totp_secret": simulator.mfa_totp_secret,
    }
    playbook = f"""
- hosts: all
  gather_facts: false
  module_defaults: {defaults(server, **options)}
  tasks:
    - vpn.estate.as_user_info: {{names: [openvpn]}}
"""
    for limit in ("--limit=one", "--limit=three"):
        run = folder.play(playbook, limit)
        assert run.status == 0, run.output
    answers = [(each.path, each.status) for each in simulator.log if each.path in (LOGIN, MFA)]
    assert answers == [(LOGIN, 401), (MFA, 200)] * 2
    assert [path.stat().st_mode & 0o777 for path in folder.home.glob("vpn.estate/*")] == [0o600]
    assert (folder.home / "vpn.estate").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("transport", "become", "hands_over"),
    [
        ("local", None, {"file", "codes"}),
        ("local", "sudo", {"state", "trust"}),
        ("ssh", None, {"state", "trust"}),
    ],
)
def test_who_may_not_open_the_file_gets_the_token(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
    become: str | None,
    hands_over: set[str],
) -> None:
    """Another user of this machine may not, and another machine cannot."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    action = ModuleAction.__new__(ModuleAction)
    action._connection = SimpleNamespace(transport=transport, become=become)
    handed = SharedSignIn(BODY.product, action.is_local).options(server.connection)["as_session"]
    assert set(handed) == hands_over
    assert ("state" in handed) == (server.simulator.log != [])


@pytest.mark.parametrize("local", [True, False])
def test_codes_are_remembered_where_the_module_runs_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    for name in ("ANSIBLE_HOME", "DEFAULT_LOCAL_TMP"):
        monkeypatch.setattr(constants, name, str(tmp_path))
    monkeypatch.setenv("VPN_ESTATE_AS_SERVER_NAME", "vpn")
    monkeypatch.setenv("VPN_ESTATE_AS_TOKEN", "x")
    params = {"as_url": "https://vpn.example.com", "as_username": "anna", "as_totp_secret": SECRET}
    shared = SharedSignIn(DOWNLOAD.product, local)
    found = shared.options(params)
    if local:
        assert found["as_session"]["file"].startswith(f"{tmp_path}/vpn.estate-")
        assert found["as_session"]["codes"].startswith(f"{tmp_path}/vpn.estate/totp-")
        assert shared.options({**params, "as_totp_secret": None})["as_session"]["codes"] is None
    else:  # with what this machine's environment says, and nothing that the module does not take
        assert found == {**params, "as_server_name": "vpn", "as_validate_certs": True, "as_timeout": 60}
    assert all(shared.options({**params, name: "x"}) == {} for name in ("token", "token_url")), "no task signs in"


@pytest.mark.parametrize("local", [True, False])
def test_a_refusal_is_left_to_a_module_that_can_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    """Such a module may have a valid profile, and ask for nothing."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    params = {"as_url": "https://vpn.example.com", "as_username": "anna", "as_password": PASSWORD}
    shared = SharedSignIn(DOWNLOAD.product, local)
    first = shared.options(params)
    shared.remember("It was refused.")
    if local:
        assert shared.options(params) == first
    else:
        with pytest.raises(SignInError, match=r"^It was refused\.$"):
            shared.options(params)
    assert shared.options({**params, "as_password": "another"}), "another may be the right one"


def test_two_hosts_of_a_run_sign_in_once(box: Box, tmp_path: Path) -> None:
    """Several tasks, a loop and two hosts, one of them elsewhere, by a real run."""
    folder = Folder(tmp_path)
    folder.hosts(one={"ansible_connection": "local"}, two={"ansible_connection": "elsewhere"})
    defaults = json.dumps({"group/vpn.estate.freebox": box.connection})
    run = folder.play(
        f"""
- hosts: all
  gather_facts: false
  module_defaults: {defaults}
  tasks:
    - vpn.estate.freebox_vpn_user_info:
    - vpn.estate.freebox_vpn_server_info: {{names: ["{{{{ item }}}}"]}}
      loop: [pptp, wireguard]
"""
    )
    assert run.status == 0, run.output
    log = box.simulator.log
    assert [sum(one.path == path for one in log) for path in (SIGN_IN, LOGOUT)] == [1, 0]
    assert str(box.simulator.app_token) not in run.output
