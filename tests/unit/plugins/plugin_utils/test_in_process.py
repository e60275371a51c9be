# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work in the controller's process: when, and that nothing but the pace tells it from a module's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Answer, Body
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run
from ansible_collections.vpn.estate.plugins.module_utils._text import masking
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import Mask
from ansible_collections.vpn.estate.plugins.plugin_utils import _module_action as module_action
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform, surroundings
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction
from ansible_collections.vpn.estate.tests.unit.plugins.support import specimen
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import TIME_LIMIT, Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.specimen import BODY, CASES, SECRET

pytestmark = pytest.mark.versions

REGISTRY = masking.register_secrets is not None
HERE = {"ansible_connection": "local"}

# -- the same answers as from a process of its own


def modules(*program: str) -> dict[str, Answer]:
    """What a module answers in each case, in a process of its own."""
    path = os.pathsep.join([os.environ["ANSIBLE_COLLECTIONS_PATH"], *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(  # noqa: S603
        [sys.executable, *program],
        check=True,
        input=json.dumps(list(CASES.values())),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "TEST_SECRET": SECRET},
    )
    return dict(zip(CASES, map(json.loads, filter(None, done.stdout.splitlines())), strict=True))


@pytest.fixture(name="of_modules", scope="module")
def fixture_of_modules() -> dict[str, Answer]:
    return modules(specimen.__file__)


def simple(notice: t.Any) -> t.Any:
    """A warning or a deprecation as text or as a few texts; ansible-core has had several forms for them."""
    if not isinstance(notice, dict) or "event" not in notice:
        return notice
    said = notice["event"]["msg"]
    if "deprecator" not in notice:
        return said
    when = {key: notice[key] for key in ("version", "date") if notice.get(key)}
    return {"msg": said, **when, "collection_name": notice["deprecator"]["resolved_name"]}


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_that_of_a_module(
    of_modules: dict[str, Answer], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SECRET", SECRET)
    arguments = dict(CASES[case])
    check = arguments.pop("_ansible_check_mode", False)
    ours = perform(BODY, "vpn.estate.as_test", arguments, check=check, invocation=True)
    theirs = dict(of_modules[case])
    for notices in ("warnings", "deprecations"):
        if notices in theirs:
            theirs[notices] = [simple(notice) for notice in theirs[notices]]
    for answer in (ours, theirs):  # where, which only some versions of ansible-core want to know
        answer.pop("exception", None)
    if REGISTRY:  # Ansible masks arguments only where it prints them
        theirs["invocation"] = Mask(theirs.pop("_ansible_new_secrets", ())).over(theirs["invocation"])
    assert json.loads(json.dumps(ours)) == theirs
    assert "secret-7" not in json.dumps(ours).lower()
    assert "another" not in json.dumps(ours)


def test_a_secret_that_a_task_creates_and_returns_is_whole(of_modules: dict[str, Answer]) -> None:
    """Such as the content of a client profile, which later tasks use."""
    assert of_modules["a secret that the task creates"]["created"] == {"content": specimen.CREATED}


@pytest.mark.parametrize(
    "parts",
    [3, ["size=1", "oops"], [{"key": "another-secret"}, 3], {"size": {}, "key": [{"a": "another-secret"}]}],
    ids=str,
)
def test_secrets_are_masked_also_where_ansibles_validator_forgets_them(parts: t.Any) -> None:
    """One value of a wrong type in a list is enough, as names in place of users."""
    arguments = {"name": "ana", "secret": SECRET, "number": SECRET, "parts": parts}
    answer = perform(BODY, "vpn.estate.as_test", arguments, check=False, invocation=True)
    assert answer["failed"] is True
    assert answer["invocation"]["module_args"]["name"] == "ana"
    assert SECRET not in json.dumps(answer)
    assert "another-secret" not in json.dumps(answer)


def test_the_cases_are_what_they_say(of_modules: dict[str, Answer]) -> None:
    """Else the comparison would be of little use."""
    failed = {case for case, answer in of_modules.items() if answer.get("failed")}
    assert failed == set(list(CASES)[8:13]) | set(list(CASES)[14:])
    assert [case for case, answer in of_modules.items() if "deprecations" in answer] == [
        "a deprecated option",
        "a deprecated alias beside the option",
        "a deprecated alias further down",
        "what excludes each other",
    ]
    assert all("invocation" in answer for answer in of_modules.values())


# Takes the place of what is documented of ansible-core 2.22: a registry of secrets, an AnsibleModule that masks nothing itself,
# and no remove_values(). Prints the answer of each case, what it warns, and what was registered.
LATER = """
import json, os, sys, types
registry = set()
sys.modules["ansible.module_utils.secrets"] = types.ModuleType("ansible.module_utils.secrets")
sys.modules["ansible.module_utils.secrets"].register_secrets = registry.update
from ansible.module_utils import basic
from ansible.module_utils.common import parameters
del parameters.remove_values

class Later(basic.AnsibleModule):
    @property
    def no_log_values(self):
        if sys._getframe(1).f_globals["__name__"] != "ansible.module_utils.basic":
            raise AttributeError("no_log_values")
        return set()
    @no_log_values.setter
    def no_log_values(self, values):
        pass
    said = []
    def warn(self, text):
        self.said.append(text)
    def exit_json(self, **answer):
        print(json.dumps({"answer": answer, "warnings": self.said, "registered": sorted(registry)}))
        sys.exit()
    def fail_json(self, msg, **answer):
        self.exit_json(msg=msg, **answer)

basic.AnsibleModule = Later
from ansible_collections.vpn.estate.tests.unit.plugins.support import specimen
specimen.one_module_each(json.load(sys.stdin))
"""


@pytest.mark.skipif(REGISTRY, reason="this ansible-core has a registry of secrets")
def test_secrets_are_masked_by_us_and_registered_where_ansible_masks_what_it_prints() -> None:
    answers = modules("-c", LATER)
    assert answers.keys() == CASES.keys()
    for case, given in CASES.items():
        said = json.dumps([answers[case]["answer"], answers[case]["warnings"]])
        assert SECRET not in said, case
        assert "another-sEcReT" not in said, case
        assert secrets_of(given) <= set(answers[case]["registered"]), case


@pytest.mark.skipif(not REGISTRY, reason="ansible-core has a registry of secrets since 2.22")
def test_secrets_are_registered(of_modules: dict[str, Answer]) -> None:
    for case, given in CASES.items():
        registered = of_modules[case]["_ansible_new_secrets"]
        assert secrets_of(given) <= set(registered), case


def secrets_of(given: dict[str, t.Any]) -> set[str]:
    """Those that a task gives, or the environment."""
    return {str(given.get("secret", SECRET)), *(part["key"] for part in listed(given) if "key" in part)}


def listed(given: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The parts of a case, where they are what they should be."""
    parts = given.get("parts")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


@pytest.mark.parametrize("name", ["breaks", "exits"])
def test_a_crash_is_a_failure_that_tells_where_and_no_secret(name: str) -> None:
    answer = perform(BODY, "vpn.estate.as_test", {"name": name, "secret": SECRET}, check=False, invocation=False)
    assert answer["failed"] is True
    assert "A defect of vpn.estate" in answer["msg"]
    assert f"in {specimen.work.__name__}" in answer["exception"]
    assert SECRET not in json.dumps(answer)
    assert "invocation" not in answer


class CutOff(BaseException):
    """What Ansible's time limit raises."""


def test_a_time_limit_is_ansibles_to_tell() -> None:
    def endless(run: Run[t.Any]) -> Answer:
        raise CutOff

    with pytest.raises(CutOff):
        perform(Body(BODY.product, {}, endless), "vpn.estate.as_test", {}, check=False, invocation=False)


# -- the surroundings of a process


@pytest.mark.parametrize("failure", [None, ValueError, CutOff])
def test_surroundings_last_as_long_as_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException] | None
) -> None:
    monkeypatch.setenv("TEST_ONE", "before")
    monkeypatch.delenv("TEST_TWO", raising=False)
    before, folder = dict(os.environ), os.getcwd()
    try:
        with surroundings({"TEST_ONE": "within", "TEST_TWO": "within"}, str(tmp_path)):
            assert Path.cwd() == tmp_path
            assert [os.environ["TEST_ONE"], os.environ["TEST_TWO"]] == ["within", "within"]
            assert os.environ["PATH"] == before["PATH"]
            os.environ["TEST_THREE"] = "of the work"
            if failure:
                raise failure
    except (ValueError, CutOff):
        pass
    assert dict(os.environ) == before
    assert os.getcwd() == folder


# -- when


def action_for(**how: t.Any) -> ModuleAction:
    """An action of a task on this machine, or as ``how`` says."""
    action = ModuleAction.__new__(ModuleAction)
    transport, become = how.pop("transport", "local"), how.pop("become", None)
    action._connection = SimpleNamespace(transport=transport, become=become)
    action._task = SimpleNamespace(**{"async_val": 0, "delegate_to": None, "no_log": False, **how})
    action._templar = SimpleNamespace(template=lambda text: str(text).replace("{{ ours }}", sys.executable))
    return action


OWN = Path(sys.executable)


@pytest.fixture(name="_no_interpreter")
def fixture_no_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """None but what the variables of a host say."""
    monkeypatch.delenv("ANSIBLE_PYTHON_INTERPRETER", raising=False)


@pytest.mark.usefixtures("_no_interpreter")
@pytest.mark.parametrize(
    ("asked", "here"),
    [
        (None, True),
        ("auto", True),
        ("auto_silent", True),
        ("auto_legacy", True),
        (str(OWN), True),
        ("{{ ours }}", True),
        (str(OWN.parent / ".." / OWN.parent.name / OWN.name), False),  # that it is the same takes too much to know
        (f"{OWN} -X dev", False),
        (OWN.name, False),
        ("/usr/bin/env", False),
        ("/nowhere/python3", False),
        (str(OWN.with_name("python-of-tomorrow")), False),
        ("", False),
    ],
)
def test_the_interpreter_is_ours_or_none_is_asked_for(asked: str | None, here: bool) -> None:
    variables = {} if asked is None else {"ansible_python_interpreter": asked}
    assert action_for()._can_run_here(variables) is here
    delegated = {"ansible_delegated_vars": {"other": variables}, "ansible_python_interpreter": "/usr/bin/env"}
    assert action_for(delegate_to="other")._can_run_here(delegated) is here


def test_an_interpreter_from_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/env")
    assert not action_for()._can_run_here({})
    assert action_for()._can_run_here({"ansible_python_interpreter": "auto"})


def test_names_of_our_own_interpreter_are_as_good_as_the_one_that_we_run_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in bin/ of a virtual environment, whose python is a link to one that lacks its libraries."""
    system, environment = tmp_path / "usr/bin", tmp_path / "venv/bin"
    for folder in (system, environment):
        folder.mkdir(parents=True)
    (system / "python3.99").write_text("")
    (environment / "python").symlink_to(system / "python3.99")
    (environment / "python3").symlink_to("python")
    monkeypatch.setattr(sys, "executable", str(environment / "python"))

    def here(path: Path) -> bool:
        return action_for()._can_run_here({"ansible_python_interpreter": str(path)})

    assert here(environment / "python3")
    assert not here(system / "python3.99")


@pytest.mark.usefixtures("_no_interpreter")
@pytest.mark.parametrize("how", [{"transport": "ssh"}, {"become": "sudo"}, {"async_val": 30}], ids=str)
def test_what_is_not_for_this_process_goes_to_its_host(how: dict[str, t.Any]) -> None:
    assert action_for()._can_run_here({})
    assert not action_for(**how)._can_run_here({})


@pytest.mark.usefixtures("_no_interpreter")
def test_without_the_libraries_the_module_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_action, "REQUESTS_ERROR", "there is no requests")
    assert not action_for()._can_run_here({})


@pytest.mark.usefixtures("_no_interpreter")
@pytest.mark.parametrize(
    ("environment", "variable", "here"),
    [
        (None, None, True),
        ("yes", None, True),
        ("false", None, False),
        ("0", None, False),
        ("false", True, True),
        ("true", "no", False),
        (None, False, False),
    ],
)
def test_it_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, variable: t.Any, here: bool
) -> None:
    if environment is not None:
        monkeypatch.setenv("VPN_ESTATE_IN_PROCESS", environment)
    variables = {} if variable is None else {"vpn_estate_in_process": variable}
    assert action_for()._can_run_here(variables) is here


@pytest.mark.usefixtures("_no_interpreter")
def test_a_switch_that_is_neither_on_nor_off_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^vpn_estate_in_process: 'maybe' is neither true nor false\.$"):
        action_for()._can_run_here({"vpn_estate_in_process": "maybe"})
    monkeypatch.setenv("VPN_ESTATE_IN_PROCESS", "")
    sentence = r"^VPN_ESTATE_IN_PROCESS in the environment: '' is neither true nor false\.$"
    with pytest.raises(InputError, match=sentence):
        action_for()._can_run_here({})


# -- by real runs


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def play(server: Server, tasks: str, hosts: str = "here", **options: t.Any) -> str:
    """A play against a server, in which each task says where its host keeps the files of modules."""
    defaults = json.dumps({"group/vpn.estate.access_server": {**server.connection, **options}})
    return f"""
- hosts: {hosts}
  gather_facts: false
  module_defaults: {defaults}
  tasks:
{tasks}"""


def script(folder: Folder, name: str, text: str) -> str:
    """A program in the folder."""
    path = folder.write(f"bin/{name}", f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_which_way_a_task_goes(server: Server, folder: Folder) -> None:
    """A module's own process needs a folder for its files, and what comes of both is the same."""
    hosts: dict[str, dict[str, t.Any]] = {
        "local": HERE,
        "own_interpreter": {**HERE, "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "any_interpreter": {**HERE, "ansible_python_interpreter": "auto_silent"},
        "switched_on": {**HERE, "vpn_estate_in_process": "{{ 'y' }}es"},
        "elsewhere": {"ansible_connection": "elsewhere"},
        "other_interpreter": {
            **HERE,
            "ansible_python_interpreter": script(folder, "python", f'exec {sys.executable} "$@"'),
        },
        "switched_off": {**HERE, "vpn_estate_in_process": False},
        "other_user": {
            **HERE,
            "ansible_become": True,
            "ansible_become_exe": script(folder, "sudo", 'while [ "$1" != /bin/sh ]; do shift; done; exec "$@"'),
        },
    }
    folder.hosts(
        **{name: {**host, "ansible_remote_tmp": str(folder.path / "ways" / name)} for name, host in hosts.items()}
    )
    tasks = """
    - vpn.estate.as_user_info: {names: [openvpn]}
      register: found
    - ansible.builtin.assert:
        that: found | dict2items | rejectattr('key', 'in', ansibles_own) == hostvars['local'].found | dict2items
      vars: {ansibles_own: [ansible_parsed]}  # of ansible-core 2.22
    - name: Goes to its host and is not waited for
      vpn.estate.as_user_info: {names: [openvpn]}
      async: 30
      poll: 1
      vars: {ansible_remote_tmp: "{{ playbook_dir }}/ways/asynchronous"}
      when: inventory_hostname == 'local'
    - name: Delegated to this machine
      vpn.estate.as_user_info: {names: [openvpn]}
      delegate_to: localhost
      vars: {ansible_remote_tmp: "{{ playbook_dir }}/ways/delegated_here"}
      when: inventory_hostname == 'elsewhere'
    - name: Delegated to another
      vpn.estate.as_user_info: {names: [openvpn]}
      delegate_to: elsewhere
      vars: {ansible_remote_tmp: "{{ playbook_dir }}/ways/delegated_away"}
      when: inventory_hostname == 'local'
    - name: Switched off in the environment of the task
      vpn.estate.as_user_info: {names: [openvpn]}
      environment: {VPN_ESTATE_IN_PROCESS: "no"}
      vars: {ansible_remote_tmp: "{{ playbook_dir }}/ways/environment"}
      when: inventory_hostname == 'local'
    - name: Neither on nor off
      vpn.estate.as_user_info: {names: [openvpn]}
      vars: {vpn_estate_in_process: maybe}
      register: unclear
      failed_when: "unclear.msg != \\"vpn_estate_in_process: 'maybe' is neither true nor false.\\""
      when: inventory_hostname == 'local'
"""
    implicit = """
    - vpn.estate.as_user_info: {names: [openvpn]}
      vars: {ansible_remote_tmp: "{{ playbook_dir }}/ways/implicit"}
"""
    plays = play(server, tasks, "all") + play(server, implicit, "localhost")
    run = folder.play(plays, "--forks=8", ANSIBLE_PIPELINING="0")
    assert run.status == 0, run.output
    ways = {path.name for path in (folder.path / "ways").iterdir()}
    assert ways == {
        "elsewhere",
        "other_interpreter",
        "switched_off",
        "environment",
        "other_user",
        "asynchronous",
        "delegated_away",
    }


def test_a_loop_needs_one_connection_and_data_are_no_templates(server: Server, folder: Folder) -> None:
    """What a server says is data, though it may look like something that Ansible would evaluate."""
    folder.hosts(here=HERE)
    trap = "{{ 6 * 7 }}{% if true %}{{ lookup('ansible.builtin.pipe', 'echo tra''pped') }}{% endif %}"
    server.simulator.set_user("ana", cc_commands=trap)
    tasks = f"""
    - vpn.estate.as_user_info: {{names: ["{{{{ item }}}}"]}}
      loop: [openvpn, ana, openvpn, ana]
      register: found
    - ansible.builtin.set_fact: {{kept: "{{{{ found.results[3].users[0].cc_commands }}}}"}}
    - ansible.builtin.debug: {{msg: "it is {{{{ kept }}}}"}}
    - ansible.builtin.assert: {{that: kept | length == {len(trap)}}}
"""
    run = folder.play(play(server, tasks), "-vvv")
    assert run.status == 0, run.output
    assert "it is {{ 6 * 7 }}{%" in run.output
    assert "trapped" not in run.output
    assert server.simulator.machine.handshakes == 1


def test_the_environment_and_the_folder_of_a_task_are_those_of_a_module(server: Server, folder: Folder) -> None:
    """They reach the work of one item, and not that of the next one."""
    folder.hosts(here=HERE, there={**HERE, "vpn_estate_in_process": False})
    folder.write("plays/pki/ca.pem", Path(server.simulator.ca_path).read_text())
    connection = {f"VPN_ESTATE_{name.upper()}": str(value) for name, value in server.connection.items()}
    connection["VPN_ESTATE_AS_CA_PATH"] = "pki/ca.pem"
    folder.write(
        "plays/play.yml",
        f"""
- hosts: all
  gather_facts: false
  tasks:
    - vpn.estate.as_user_info: {{names: [openvpn]}}
      environment: "{{{{ item }}}}"
      loop: [{json.dumps(connection)}, {{}}]
      register: found
      ignore_errors: true
    - ansible.builtin.assert:
        that:
          - found.results[0].users[0].name == 'openvpn'
          - found.results[1] is failed
          - "'as_url' in found.results[1].msg"
""",
    )
    run = folder.play("- import_playbook: plays/play.yml\n")
    assert run.status == 0, run.output
    assert run.tally["here"] == run.tally["there"]


def test_a_time_limit_ends_the_task_and_not_the_run(server: Server, folder: Folder) -> None:
    """The server keeps silent, longer than a run may take; there is one worker, and the next task needs it."""
    folder.hosts(here=HERE)
    silence = threading.Event()
    server.simulator.faults.add(path="users/create", times=None, do="act", act=silence.wait)
    tasks = "".join(
        f"""
    - block:
        - vpn.estate.as_user: {{users: [{{name: ana}}, {{name: ben}}, {{name: cleo}}], as_connections: {connections}}}
          timeout: 1
      rescue:
        - ansible.builtin.assert: {{that: "ansible_failed_result.msg is search('imed out|expected time')"}}
        - vpn.estate.as_user_info: {{names: [openvpn]}}
"""
        for connections in (8, 1)
    )
    try:
        run = folder.play(play(server, tasks, as_timeout=10 * TIME_LIMIT), "--forks=1")
    finally:
        silence.set()
    assert run.status == 0, run.output
    assert run.tally["here"]["rescued"] == 2
    assert "still running" not in run.output


# A plugin that Ansible loads before it forks: it breaks the work of a module, with a secret in its exception.
BREAKER = """
from ansible.plugins.callback import CallbackBase
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER


def check(run, mistakes):
    if run.plan.changes[0].name == "ana":
        raise KeyError(run.plan.changes[0].secrets)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "breaker"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        USER.validate_plan = check
"""


def test_a_crash_is_a_failed_task_and_the_run_goes_on(server: Server, folder: Folder) -> None:
    folder.hosts(here=HERE)
    folder.write("callback/breaker.py", BREAKER)
    password, vault = "Correct-Horse-1", "of the vault"
    hidden = {name: vaulted(text, vault) for name, text in (("admin", server.simulator.password), ("theirs", password))}
    tasks = """
    - vpn.estate.as_user: {users: [{name: "{{ item }}", password: "{{ theirs }}"}]}
      loop: [ana, ben]
      register: outcome
      ignore_errors: true
    - vpn.estate.as_user_info: {names: [ben], as_password: "{{ theirs }}", as_username: ben}
      register: refused
      ignore_errors: true
    - ansible.builtin.assert:
        that:
          - outcome.results | map(attribute='failed') == [true, false]
          - "'A defect of vpn.estate' in outcome.results[0].msg"
          - outcome.results[1].counts.created == 1
          - refused is failed
"""
    folder.write("vault", vault)
    folder.write("secrets.yml", "".join(f"{name}: !vault |\n{text}\n" for name, text in hidden.items()))
    arguments = ["-vvvv", "--vault-password-file=vault", "--extra-vars=@secrets.yml"]
    turned_up = {
        "ANSIBLE_CALLBACK_PLUGINS": str(folder.path / "callback"),
        "ANSIBLE_INJECT_INVOCATION": "true",
    }
    run = folder.play(play(server, tasks, as_password="{{ admin }}"), *arguments, **turned_up)
    assert run.status == 0, run.output
    assert 'breaker.py", line' in run.output  # where it broke
    assert "KeyError" in run.output
    assert server.simulator.password_is("ben", password)
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in run.output
    assert password not in run.output
    assert server.simulator.password not in run.output


def vaulted(text: str, password: str) -> str:
    """A text as ansible-vault encrypts it, further in than its key."""
    encrypted = VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text)
    return "".join(f"  {line}\n" for line in encrypted.decode().splitlines())
