# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long task says while it works: to whom, how often, and nothing where nothing is to be said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.apply import apply_declared
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Answer, Body
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules.as_user import BODY
from ansible_collections.vpn.estate.plugins.modules.as_user_info import BODY as INFO
from ansible_collections.vpn.estate.plugins.plugin_utils import _progress as progress
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction
from ansible_collections.vpn.estate.plugins.plugin_utils._progress import Progress
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import TIME_LIMIT, Folder

Line = tuple[str, int, int]


class Watch:
    """A task that takes its time, and what it says."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lines: list[tuple[float, str]] = []
        self._progress = Progress("as_user", self._say, lambda: self.now)

    def _say(self, line: str) -> None:
        self.lines.append((round(self.now - 1000.0, 3), line))

    def stage(self, said: str, total: int, each: float, at_a_time: int = 1) -> None:
        """Something happens to so many objects, each of which takes so many seconds."""
        self._progress(said, 0, total)
        for done in range(at_a_time, total + 1, at_a_time):
            self.now += each * at_a_time
            self._progress(said, done, total)


def test_a_long_task_says_how_far_it_is_and_how_long_it_will_take() -> None:
    watch = Watch()
    watch.stage("created", 10_000, each=0.005, at_a_time=100)
    assert watch.lines[0] == (2.0, "as_user: 400 of 10,000 created, 48 s left")
    assert watch.lines[5] == (12.0, "as_user: 2,400 of 10,000 created, 38 s left")
    assert [when for when, _line in watch.lines] == [2.0 * number for number in range(1, 25)]


def test_it_is_never_more_often_than_every_two_seconds() -> None:
    watch = Watch()
    watch.stage("created", 1000, each=0.03)
    watch.stage("given a password", 1000, each=0.01)
    times = [when for when, _line in watch.lines]
    assert len(times) > 15
    assert min(later - sooner for sooner, later in zip(times, times[1:], strict=False)) >= 2.0


@pytest.mark.parametrize(("total", "each"), [(201, 0.009), (100_000, 0.00001), (200, 0.049), (2, 4.0)])
def test_a_task_that_is_short_says_nothing(total: int, each: float) -> None:
    """Because it takes no two seconds, or because it is of few objects and takes no ten."""
    watch = Watch()
    watch.stage("created", total, each)
    assert watch.lines == []


def test_a_few_that_take_long_are_spoken_of_after_ten_seconds() -> None:
    watch = Watch()
    watch.stage("created", 5, each=4.0)
    assert watch.lines == [
        (12.0, "as_user: 3 of 5 created, 8 s left"),
        (16.0, "as_user: 4 of 5 created, 4 s left"),
    ]


def test_many_that_are_only_read_are_spoken_of_after_ten_seconds() -> None:
    watch = Watch()
    watch.stage("read", 10_000, each=0.0009, at_a_time=1000)
    assert watch.lines == []
    watch.stage("read", 10_000, each=0.0016, at_a_time=1000)
    assert watch.lines == [
        (10.6, "as_user: 1,000 of 10,000 read, 14 s left"),
        (13.8, "as_user: 3,000 of 10,000 read, 11 s left"),
        (17.0, "as_user: 5,000 of 10,000 read, 8 s left"),
        (20.2, "as_user: 7,000 of 10,000 read, 5 s left"),
        (23.4, "as_user: 9,000 of 10,000 read, 2 s left"),
    ]


def test_many_are_spoken_of_from_two_seconds_on() -> None:
    watch = Watch()
    watch.stage("created", 201, each=0.5)
    assert watch.lines[0] == (2.0, "as_user: 4 of 201 created, 98 s left")


def test_each_stage_has_a_pace_of_its_own() -> None:
    """What came before, such as reading, says nothing about it."""
    watch = Watch()
    watch.now += 100.0
    watch.stage("created", 300, each=0.1)
    watch.stage("given a password", 300, each=1.0)
    each = {"created": 0.1, "given a password": 1.0}
    found = [re.fullmatch(r"as_user: (\d+) of 300 (.*), (\d+) s left", line) for _when, line in watch.lines]
    assert {one[2] for one in found if one} == set(each)
    assert all(one and abs((300 - int(one[1])) * each[one[2]] - int(one[3])) < 1 for one in found)


def test_a_second_round_of_the_same_begins_anew() -> None:
    """As after an answer that was lost."""
    watch = Watch()
    watch.stage("created", 300, each=1.0)
    before = len(watch.lines)
    watch.stage("created", 250, each=0.1)
    assert watch.lines[before][1] == "as_user: 1 of 250 created, 25 s left"


def test_what_is_done_needs_no_line() -> None:
    watch = Watch()
    watch.stage("deleted", 1000, each=0.1, at_a_time=500)
    assert watch.lines == [(50.0, "as_user: 500 of 1,000 deleted, 50 s left")]


# -- what a task tells


def reported_by(server: Server, **params: t.Any) -> list[Line]:
    """What a task reports while it works."""
    lines: list[Line] = []

    def work(run: Run[t.Any]) -> Answer:
        run.task.progress = lambda said, done, total: lines.append((said, done, total))
        return apply_declared(run, USER)

    server.run(work, USER.argument_spec(), USER.constraints(), **params)
    return lines


def test_a_task_tells_of_each_object(server: Server) -> None:
    names = [{"name": name, "password": "Correct-Horse-1"} for name in ("ana", "ben", "cleo")]
    assert reported_by(server, users=names) == [
        *(("created", done, 3) for done in range(4)),
        *(("given a password", done, 3) for done in range(4)),
    ]


def test_a_task_tells_of_each_slice(server: Server) -> None:
    names = [{"name": f"u{number}"} for number in range(5)]
    reported_by(server, users=names)
    lines = reported_by(server, users=[{**one, "autologin": True} for one in names], as_batch_size=2)
    assert lines == [("updated", done, 5) for done in (0, 2, 4, 5)]
    lines = reported_by(server, users=names, state="absent", as_batch_size=2)
    assert lines == [(said, done, 5) for said in ("denied", "deleted") for done in (0, 2, 4, 5)]


def test_what_fails_is_not_counted(server: Server) -> None:
    server.simulator.faults.add(path="users/create", nth=2, status=400, body={"reason": "Invalid user name"})
    names = [{"name": name} for name in ("ana", "ben", "cleo")]
    assert ("created", 2, 3) in reported_by(server, users=names, as_connections=1)


def test_nothing_is_told_where_nothing_is_done(server: Server) -> None:
    reported_by(server, users=[{"name": "ana"}])
    assert reported_by(server, users=[{"name": "ana"}]) == []


@pytest.mark.parametrize(
    ("body", "params"),
    [(INFO, {}), (BODY, {"users": [{"name": "user00001"}], "purge": True, "purge_limit": "0", "check": True})],
    ids=["info", "purge"],
)
def test_a_task_tells_of_each_page_that_it_has_read(
    start: t.Callable[..., Server], body: Body, params: dict[str, t.Any]
) -> None:
    lines: list[Line] = []
    given = {**start(users=2500).connection, **params}
    check = given.pop("check", False)
    perform(
        body,
        "test",
        given,
        check=check,
        invocation=False,
        progress=lambda said, done, total: lines.append((said, done, total)),
    )
    assert lines[:3] == [("read", 0, 0), ("read", 1000, 2502), ("read", 2000, 2502)]


# -- who hears it


@pytest.mark.parametrize(
    ("no_log", "environment", "variables", "speaks"),
    [
        (False, None, {}, True),
        (False, "yes", {}, True),
        (False, "false", {}, False),
        (False, "false", {"vpn_estate_progress": True}, True),
        (False, None, {"vpn_estate_progress": "no"}, False),
        (True, None, {}, False),
        (True, None, {"vpn_estate_progress": True}, False),
    ],
)
def test_it_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, no_log: bool, environment: str | None, variables: dict[str, t.Any], speaks: bool
) -> None:
    monkeypatch.delenv("VPN_ESTATE_PROGRESS", raising=False)
    if environment is not None:
        monkeypatch.setenv("VPN_ESTATE_PROGRESS", environment)
    assert isinstance(action(no_log)._progress("as_user", variables), Progress) is speaks


def test_a_switch_that_is_neither_on_nor_off_is_an_error() -> None:
    with pytest.raises(InputError, match="vpn_estate_progress: 'perhaps' is neither true nor false"):
        action(no_log=False)._progress("as_user", {"vpn_estate_progress": "perhaps"})


@pytest.mark.parametrize("hosts", [None, ["vpn1"], ["vpn1", "vpn2"]], ids=str)
def test_a_line_names_the_host_where_there_are_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hosts: list[str] | None
) -> None:
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    variables = {"inventory_hostname": "vpn1", **({"ansible_play_hosts_all": hosts} if hosts else {})}
    action(no_log=False)._progress("as_user", variables)("created", 3, 300)
    name = "as_user of vpn1" if hosts and len(hosts) > 1 else "as_user"
    assert capsys.readouterr().err.startswith(f"{name}: 3 of 300 created, ")


def action(no_log: bool) -> ModuleAction:
    """Of a task that is to be seen, or not."""
    made = ModuleAction.__new__(ModuleAction)
    made._task = SimpleNamespace(no_log=no_log)
    made._templar = SimpleNamespace(template=lambda text: text)
    return made


# A plugin that Ansible loads before it forks, so that a line follows at once on another.
HURRY = """
from ansible.plugins.callback import CallbackBase
from ansible_collections.vpn.estate.plugins.plugin_utils import _progress as progress


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "hurry"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        progress.PAUSE = 0.0
"""


@pytest.mark.versions
def test_it_is_said_on_the_error_channel_and_only_where_it_is_wanted(server: Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hosts(here={"ansible_connection": "local"}, there={"ansible_connection": "local"})
    folder.write("callback/hurry.py", HURRY)
    users = [{"name": f"u{number:03d}"} for number in range(300)]
    tasks: list[dict[str, t.Any]] = [
        {"vpn.estate.as_user": {"users": users}},
        {"vpn.estate.as_user": {"users": [{**one, "deny": True} for one in users]}, "no_log": True},
        {"vpn.estate.as_user": {"users": users, "state": "absent"}, "vars": {"vpn_estate_progress": False}},
    ]
    defaults = {"group/vpn.estate.access_server": {**server.connection, "as_batch_size": 50}}
    block = [{"block": tasks, "when": "inventory_hostname == 'here'"}]
    play = {"hosts": "all", "gather_facts": False, "module_defaults": defaults, "tasks": block}
    folder.write("site.yml", [play])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "ansible.cli.playbook", "-i", "hosts.json", "site.yml"],
        check=True,
        cwd=folder.path,
        env={
            **folder.environment,
            "ANSIBLE_CALLBACK_PLUGINS": str(folder.path / "callback"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
    )
    said = [re.sub(r", \d+ s left$", "", line) for line in done.stderr.splitlines() if " of 300 " in line]
    assert said == [f"as_user of here: {number} of 300 created" for number in range(1, 300)]
    created, denied, deleted = (
        json.loads(text) for text in re.findall(r"=> (\{.*?^\})", done.stdout, re.DOTALL | re.M)
    )
    assert [created["counts"], deleted["counts"]] == [{"created": 300}, {"deleted": 300}]
    assert "censored" in denied
    assert " left" not in done.stdout
