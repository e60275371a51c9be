# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery of profiles of a Freebox to hosts: each download ends the one before, so the new one must not get lost."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._files.secret_file import SecretFile
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import ARGUMENT_SPEC
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._freebox.test_vpn_profile import (
    FAULTS,
    downloads,
    secrets_of,
)
from ansible_collections.vpn.estate.tests.unit.plugins.roles.test_profile_distribution import (
    Stopped,
    full_disk,
    secrets_in,
    words,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = Callable[..., t.Any]
ROUTED, WIREGUARD = "openvpn_routed", "wireguard"
PLAYBOOK = Path(__file__).parents[4] / "playbooks/distribute_profiles.yml"


class Host:
    """A host, its file, and the profile that its VPN client uses."""

    def __init__(self, box: Box, file: Path, user: str, server: str) -> None:
        self.box, self.file, self.user, self.server = box, file, user, server
        self.taken_up = ""

    @property
    def text(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    @property
    def is_served(self) -> bool:
        return bool(self.text) and bool(self.box.simulator.lets_in(self.server, self.text))

    def stocked(self) -> None:
        """Its user exists, and its server runs."""
        simulator = self.box.simulator
        wireguard = {"type": "wireguard", "ip_reservation": "192.168.27.80"}
        simulator.set_user(self.user, **(wireguard if self.server == WIREGUARD else {}))
        simulator.set_server(self.server, enabled=True)

    def held(self) -> None:
        """It has a valid profile."""
        answer = self.box.manage(VPN_PROFILE, user=self.user, server=self.server, dest=str(self.file))
        assert not answer.get("failed"), answer["msg"]


class Controller:
    """The tasks of the role for a host, one by one."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.arriving = host, folder / "arriving"
        self._session = {"file": str(folder / "session.json")}

    def task(self, *, check: bool = False, **params: t.Any) -> Answer:
        declared = {"user": self.host.user, "server": self.host.server, **params}
        answer = self.host.box.manage(VPN_PROFILE, check=check, freebox_session=self._session, **declared)
        if answer.get("failed"):
            raise Stopped(answer["msg"])
        return answer

    def steps(self) -> Iterator[str]:
        """Runs one task for each name that is taken from it."""
        host = self.host
        yield "look"
        has, coming = look_at(str(host.file)), look_at(str(self.arriving))
        yield "judge"
        judged = self.task(check=True, held=has.get("content") or "")
        stamp, made = coming.get("stamp", {}), has.get("stamp", {}).get("made", "")
        older = "made" in stamp and "superseded" not in stamp and stamp["made"] < made
        if judged["changed"] or (coming["exists"] and not older):
            yield "try"
            SecretFile("dest", f"{host.file}.try").write("")
            yield "stop trying"
            Path(f"{host.file}.try").unlink()
            yield "issue"
            self.task(dest=str(self.arriving))
            yield "put"
            SecretFile("dest", str(host.file)).write(self.arriving.read_text())
            yield "look again"
            assert look_at(str(host.file))["content"] == look_at(str(self.arriving))["content"]
            yield "restart"
            host.taken_up = host.text
        if self.arriving.exists():
            yield "forget"
            self.arriving.unlink()


def run(host: Host, folder: Path, steps: int | None = None) -> str:
    """Run to the end, or only this number of steps; returns the message of the task that failed."""
    (folder / "session.json").unlink(missing_ok=True)
    try:
        for count, _step in enumerate(Controller(host, folder).steps()):
            if count == steps:
                break
    except (Stopped, EstateError) as exc:
        return str(exc)
    return ""


class Trial:
    """One initial state, on one Freebox, for many trials."""

    def __init__(self, box: Box, path: Path, state: str, server: str) -> None:
        self.box, self.state, self.folder = box, state, path / "controller"
        for folder in (self.folder, path / "host"):
            folder.mkdir()
        self.host = Host(box, path / "host/vpn.conf", "desk", server)
        self.start_over()
        self.steps = sum(1 for _step in Controller(self.host, self.folder).steps())
        self.requests = range(1, len(box.simulator.log) + 1)

    def start_over(self) -> None:
        for path in (*self.folder.iterdir(), *self.host.file.parent.iterdir()):
            path.unlink()
        simulator = self.box.simulator
        simulator.reset()
        self.host.stocked()
        if self.state != "nothing":
            self.host.held()
        self.host.taken_up = self.host.text
        if self.state == "moved":
            simulator.set_server(self.host.server, port=1200)
        if self.state == "lost":  # a run was killed before the answer arrived
            simulator.faults.add(path="vpn/download_config/*", do="drop", applied=True)
            assert (
                "Earlier files of desk may be invalid now"
                in self.box.manage(
                    VPN_PROFILE, user="desk", server=self.host.server, dest=str(self.folder / "arriving")
                )["msg"]
            )
        simulator.log.clear()

    def mended(self) -> str:
        """What the next run leaves undone, or the run after it changes."""
        host, simulator = self.host, self.box.simulator
        simulator.faults.clear()
        simulator.log.clear()
        said = run(host, self.folder)
        if said:
            return f"the next run fails: {said}"
        if downloads(self.box) > 1 or not host.is_served:
            return f"the next run has downloaded {downloads(self.box)} files, and the host is not served"
        if host.taken_up != host.text:
            return "the client has not taken up what the host has"
        if sorted(path.name for path in self.folder.iterdir()) != ["session.json"]:
            return f"the controller keeps {list(self.folder.iterdir())}"
        simulator.log.clear()
        before = host.text, host.file.stat().st_mtime_ns
        said = run(host, self.folder)
        if said or self.box.writes() or before != (host.text, host.file.stat().st_mtime_ns):
            return f"the third run does something: {said or self.box.writes()}"
        return ""


TRIALS = (("nothing", WIREGUARD), ("good", ROUTED), ("moved", WIREGUARD), ("lost", ROUTED))


@pytest.fixture(name="trial", params=TRIALS, ids=str)
def fixture_trial(start: Start, tmp_path: Path, request: pytest.FixtureRequest) -> Trial:
    return Trial(start(Box), tmp_path, *request.param)


def test_killed_between_any_two_steps(trial: Trial) -> None:
    wrong = []
    for steps in range(trial.steps):
        trial.start_over()
        before = trial.host.is_served
        run(trial.host, trial.folder, steps)
        if before and not downloads(trial.box) and not trial.host.is_served:
            wrong.append(f"{steps}: nothing was downloaded, and the host is not served")
        wrong += [f"{steps}: {what}" for what in [trial.mended()] if what]
    assert not wrong


FAULTS_ON_THE_WAY = ("dropped before", "dropped after", "500 after", "a page", "half an answer")


def test_a_fault_at_any_request(trial: Trial) -> None:
    wrong = []
    for fault, number in crossed(FAULTS_ON_THE_WAY, trial.requests, seed=trial.state):
        trial.start_over()
        before = trial.host.is_served
        trial.box.simulator.faults.add(nth=number, **FAULTS[fault])
        said = run(trial.host, trial.folder)
        assert "defect" not in said
        if before and not downloads(trial.box) and not trial.host.is_served:
            wrong.append(f"{fault} at request {number}: nothing was downloaded, and the host is not served")
        wrong += [f"{fault} at request {number}: {what}" for what in [trial.mended()] if what]
    assert not wrong


def test_no_file_can_be_written(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the controller or on the host, starting with any file."""
    for left in range(5):
        trial.start_over()
        written: list[str] = []
        with monkeypatch.context() as patch:
            patch.setattr("os.replace", full_disk(left, written))
            run(trial.host, trial.folder)
        assert not trial.mended()


def test_a_newer_profile_that_came_by_another_way_stays(start: Start, tmp_path: Path) -> None:
    """The profile in transit is no longer valid."""
    trial = Trial(start(Box), tmp_path, "moved", ROUTED)
    trial.start_over()
    for step in Controller(trial.host, trial.folder).steps():
        if step == "put":
            break
    assert (trial.folder / "arriving").exists()
    trial.host.file.unlink()
    trial.host.held()
    text = trial.host.text
    assert not run(trial.host, trial.folder)
    assert trial.host.text == text
    assert trial.host.is_served
    assert not (trial.folder / "arriving").exists()


# -- real runs


class Estate:
    """Servers of both kinds, VPN clients on other machines, and the playbook for both."""

    def __init__(self, box: Box, path: Path) -> None:
        self.box, self.simulator, self.folder = box, box.simulator, Folder(path)
        self.clients: dict[str, dict[str, t.Any]] = {}
        self.servers: dict[str, t.Any] = {}
        self.arriving = self.folder.home / "vpn.estate/arriving"

    def host(self, name: str, server: str, **variables: t.Any) -> Host:
        """A host whose user has the same name."""
        host = Host(self.box, self.folder.path / name / "vpn.conf", name, server)
        host.file.parent.mkdir()
        host.stocked()
        self.clients[name] = {
            "vpn_user": name,
            "vpn_server": "box",
            "vpn_freebox_server": server,
            "vpn_profile_dest": str(host.file),
            **variables,
        }
        return host

    def run(self, *arguments: str, **environment: str) -> Run:
        """Run the playbook; the log of the Freebox then has its requests."""
        own = {"profile_distribution_owner": pwd.getpwuid(os.getuid()).pw_name, "vpn_become": False}
        own |= {"profile_distribution_group": grp.getgrgid(os.getgid()).gr_name, "profile_distribution_service": ""}
        children = {
            "freeboxes": {"hosts": {"box": self.box.connection}},
            "access_servers": {"hosts": self.servers},
            "vpn_clients": {"hosts": self.clients, "vars": {"ansible_connection": "elsewhere", **own}},
        }
        self.folder.write("hosts.json", {"all": {"children": children}})
        self.simulator.log.clear()
        return self.folder.play([{"import_playbook": "vpn.estate.distribute_profiles"}], *arguments, **environment)

    @property
    def asked(self) -> list[str]:
        """The requests about VPN servers since the start of the last run."""
        return [one.path for one in self.simulator.log if "/vpn/" in one.path]


@pytest.fixture(name="estate")
def fixture_estate(start: Start, tmp_path: Path) -> Estate:
    return Estate(start(Box), tmp_path)


def brought(estate: Estate, *hosts: Host) -> list[str]:
    """A run that delivers every profile and shows no key; returns its requests."""
    done = estate.run("-vvvv", "--diff", "-e", "vpn_serial=1")
    assert done.status == 0, done.output[-3000:]
    for host in hosts:
        assert host.is_served
        assert stat.S_IMODE(host.file.stat().st_mode) == 0o600
        assert [path.name for path in host.file.parent.iterdir()] == ["vpn.conf"]
        assert not secrets_in(done.output, *secrets_of(host.text), estate.simulator.app_token)
    assert not [*estate.arriving.iterdir()]
    assert stat.S_IMODE(estate.arriving.stat().st_mode) == 0o700
    return estate.asked


@pytest.mark.exhaustive
def test_hosts(estate: Estate, tmp_path: Path) -> None:
    """The tests above, which replace the role, send the same requests as the role."""
    host = estate.host("phone", WIREGUARD)
    asked = brought(estate, host)
    estate.simulator.reset()
    host.file.unlink()
    host.stocked()
    estate.simulator.log.clear()
    assert not run(host, tmp_path)
    assert estate.asked == asked


@pytest.mark.exhaustive
def test_hosts_of_both_kinds_of_servers(estate: Estate, server: Server, tmp_path: Path) -> None:
    """Check mode shows each host that gets a profile, and why. The run does it, also for hosts of an Access Server.

    Check mode covers one host of each kind of server, and the run afterwards one of each server.
    """
    hosts = [estate.host("desk", ROUTED), estate.host("phone", WIREGUARD), estate.host("good", ROUTED)]
    hosts[2].held()
    server.simulator.set_user("car", autologin=True)
    estate.servers["vpn1"] = server.connection
    car = estate.folder.path / "car.conf"
    estate.clients["car"] = {"vpn_user": "car", "vpn_server": "vpn1", "vpn_profile_dest": str(car)}
    check = estate.run("--check", "--diff", "--limit", "phone,car")
    assert check.status == 0, check.output
    assert "phone would get a new profile for phone: none exists yet" in words(check)
    assert not estate.box.writes()
    assert {host: tally["changed"] for host, tally in check.tally.items()} == {"phone": 1, "car": 1}
    asked = brought(estate, *hosts)
    assert car.exists()
    again = estate.run("--limit", "phone,car")
    assert again.status == 0, again.output
    assert again.tally.keys() == {"phone", "car"}
    assert not estate.box.writes()
    assert {tally["changed"] for tally in again.tally.values()} == {0}
    estate.simulator.reset()
    for host in hosts:
        host.file.unlink()
        host.stocked()
    hosts[2].held()
    estate.simulator.log.clear()
    (tmp_path / "controller").mkdir()
    for host in hosts:
        assert not run(host, tmp_path / "controller")
    assert estate.asked == asked
    assert downloads(estate.box) == 2


@pytest.mark.exhaustive
def test_a_user_who_leaves_loses_the_profile_without_a_request_to_the_box(estate: Estate) -> None:
    host = estate.host("phone", WIREGUARD)
    brought(estate, host)
    estate.clients["phone"]["estate_people"] = [{"name": "phone", "until": "2001-05-06"}]
    check = estate.run("--check")
    assert (check.status, host.file.exists()) == (0, True), check.output
    done = estate.run()
    assert (done.status, host.file.exists()) == (0, False), done.output
    assert done.tally["phone"]["changed"] == check.tally["phone"]["changed"] == 1
    assert not estate.asked
    assert estate.run().tally["phone"]["changed"] == 0


@pytest.mark.exhaustive
def test_a_host_that_cannot_take_it_keeps_what_it_has(estate: Estate) -> None:
    """That is tested before the download. After it, the new profile stays on the controller, and the next run delivers it."""
    unwilling, unlucky = estate.host("unwilling", ROUTED), estate.host("unlucky", ROUTED)
    unlucky.held()
    estate.simulator.set_server(ROUTED, port=1200)
    unwilling.file.parent.rmdir()
    estate.simulator.faults.add(path="vpn/download_config/*", do="act", act=lambda: shutil.rmtree(unlucky.file.parent))
    failed = estate.run()
    said = words(failed)
    assert f"A new profile could not be written to {unwilling.file}: " in said
    assert "Nothing was downloaded, and the profile of the host is unchanged." in said
    assert f"The new profile could not be written to {unlucky.file}: " in said
    assert "The previous profile is no longer valid." in said
    assert downloads(estate.box) == 1
    [waiting] = estate.arriving.iterdir()
    assert f"The new one is in {waiting} on the controller; the next run delivers it." in said
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    text = waiting.read_text()
    assert not secrets_in(failed.output, *secrets_of(text))
    for host in (unwilling, unlucky):
        host.file.parent.mkdir()
    check = estate.run("--check", "--limit", "unlucky")
    assert (
        "unlucky would get a new profile for unlucky: the one that was downloaded before has not arrived yet"
        in words(check)
    )
    done = estate.run()
    assert done.status == 0, done.output
    assert unlucky.text == text
    assert unlucky.is_served
    assert unwilling.is_served
    assert downloads(estate.box) == 1
    assert not [*estate.arriving.iterdir()]


@pytest.mark.exhaustive
def test_a_user_who_does_not_connect(estate: Estate) -> None:
    """The next run waits again, and downloads nothing."""
    host = estate.host("desk", ROUTED, profile_distribution_wait=1)
    estate.simulator.connect("desk")
    failed = estate.run()
    assert failed.status != 0
    assert "desk has not connected with the new profile within 1 seconds." in words(failed)
    assert "The previous profile is no longer valid." in words(failed)
    assert host.is_served
    estate.simulator.faults.add(path="vpn/connection/", do="act", nth=2, act=lambda: estate.simulator.connect("desk"))
    done = estate.run()
    assert done.status == 0, done.output
    assert "RUNNING HANDLER [vpn.estate.profile_distribution : Restart the VPN client]" in words(done)
    assert not downloads(estate.box)
    assert not [*estate.arriving.iterdir()]


@pytest.mark.exhaustive
def test_folders_and_pages_and_two_hosts_of_one_user_are_refused(estate: Estate) -> None:
    """Each run would end the profile that the one before has delivered to the other host, and neither would notice it."""
    for name, user in (("desk", "desk"), ("twin", "desk"), ("phone", "phone")):
        estate.host(name, ROUTED, vpn_user=user)
    for to in ("directory", "page"):
        estate.host(to, ROUTED, profile_distribution_to=to)
    failed = estate.run()
    said = words(failed)
    for to in ("directory", "page"):
        assert f"profile_distribution_to: {to} is not possible with a Freebox; only host is." in said
    assert (
        "vpn_user: desk is set for desk and for twin. A new profile of a Freebox makes the other profiles of its user invalid."
        in said
    )
    assert "Set a different vpn_user for each host. Nothing was downloaded for twin." in said
    [written] = estate.box.writes()
    assert "download_config" in written
    assert "/phone/" in written
    refused = dict.fromkeys(("desk", "twin", "directory", "page"), 1)
    assert {host: tally["failed"] for host, tally in failed.tally.items()} == {**refused, "phone": 0}


def test_the_playbook_passes_every_connection_option_on() -> None:
    [play] = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    passed_on = play["module_defaults"]["group/vpn.estate.freebox"]
    assert set(passed_on) == set(ARGUMENT_SPEC) - {"freebox_session"}
    assert passed_on == {name: f"{{{{ vpn_freebox.{name} | default(omit) }}}}" for name in passed_on}
