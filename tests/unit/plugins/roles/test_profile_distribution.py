# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery of profiles to hosts: after any interruption, each host has a valid profile, and no second one remains."""

from __future__ import annotations

import base64
import grp
import json
import os
import pwd
import re
import stat
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar
from ansible_collections.vpn.estate.plugins.filter.ovpn_info import ovpn_info
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile
from ansible_collections.vpn.estate.plugins.module_utils._files.secret_file import SecretFile
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._files.test_directives import CERTIFICATE
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import completed
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, is_exhaustive
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import trust_as_template, variables_of

Start = Callable[..., Server]
OTHERWISE = {"ca_rotation_is_foretold", "staged_config_url"}  # facts that a role sets for a playbook
LAPTOP = "laptop"  # a profile of the same user elsewhere, which stays


class Stopped(Exception):
    """A task of the run has failed."""


@dataclass
class Place:
    """A place on a host."""

    server: Server
    file: Path
    host: str
    user: str

    @property
    def former(self) -> Path:
        return self.file.with_name(f"{self.file.name}.before")

    @property
    def comment(self) -> str:
        return f"vpn.estate {self.host}:{self.file}"

    @property
    def serial(self) -> str:
        """The serial of the profile in the file, with its key; empty if there is no such profile."""
        facts = ovpn_info(self.file.read_text(), default={}) if self.file.exists() else {}
        return facts["certificate"]["serial"] if facts.get("certificate") and facts["key_matches"] else ""

    @property
    def live(self) -> dict[str, str]:
        """The user's profiles on the server, without the one elsewhere: comments by serial."""
        every = self.server.simulator.machine.profiles.all()
        mine = (one for one in every if one["username"] == self.user and one["comment"] != LAPTOP)
        return {one["serial"]: one["comment"] for one in mine}

    @property
    def is_usable(self) -> bool:
        return self.serial in self.live

    def issued(self, **how: t.Any) -> str:
        """The text of a new profile."""
        profile = self.server.simulator.machine.profiles._made(self.user, "autologin", False, **how)
        return str(profile.text)

    def held(self, **how: t.Any) -> None:
        self.file.write_text(self.issued(**{"comment": self.comment, **how}))
        self.file.chmod(0o600)

    def revoked(self) -> None:
        self.held()
        self.server.simulator.machine.profiles.delete(self.serial)

    def broken(self) -> None:
        self.held()
        self.file.write_text(self.file.read_text()[:-400])

    def harmful(self) -> None:
        self.held()
        self.file.write_text(f"up /bin/sh\n{self.file.read_text()}")

    def signed_by_old_authority(self) -> None:
        self.held()
        self.server.simulator.add_authority("New CA")

    def with_orphan(self) -> None:
        self.held()
        self.issued(comment=self.comment)

    def start_from(self, state: str) -> None:
        self.server.simulator.set_user(self.user, autologin=True)
        STATES[state](self)


STATES: dict[str, Callable[[Place], object]] = {
    "nothing": lambda place: None,
    "good": Place.held,
    "expiring": lambda place: place.held(days_left=10),
    "old authority": Place.signed_by_old_authority,
    "revoked": Place.revoked,
    "issued elsewhere": lambda place: place.held(days_left=10, comment=None),
    "broken": Place.broken,
    "with an orphan": Place.with_orphan,
    "harmful": Place.harmful,
}


class Controller:
    """The tasks of the role for a place on a host, one by one."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self.folder = place, folder
        folder.mkdir(exist_ok=True)
        self._session = {"file": str(folder / "session.json")}

    def task(self, *, check: bool = False, **params: t.Any) -> Answer:
        answer = self.place.server.manage(PROFILE, check=check, as_session=self._session, **params)
        if answer.get("failed"):
            raise Stopped(answer["msg"])
        return answer

    def look(self) -> list[dict[str, t.Any]]:
        """Facts of the current profile, and of the previous one."""
        seen = [look_at(str(path)) for path in (self.place.file, self.place.former)]
        return [ovpn_info(one.get("content") or "", default={}) for one in seen]

    def steps(self) -> Iterator[str]:
        """Runs one task for each name that is taken from it."""
        place, user = self.place, self.place.user
        yield "look"
        found = self.look()
        replaced = [one["certificate"]["serial"] for one in found if one.get("certificate")]
        is_usable = found[0].get("certificate") and not found[0]["unlisted_directives"]
        serial = found[0]["certificate"]["serial"] if is_usable else ""
        yield "judge"
        judged = self.task(check=True, user=user, profile_type="autologin", serial=serial)
        if judged["objects"][0]["action"] != "unchanged":
            new = self.folder / "profile.ovpn"
            new.unlink(missing_ok=True)
            yield "issue"
            issued = self.task(user=user, profile_type="autologin", comment=place.comment, dest=str(new))
            yield "keep"
            if not place.former.exists():
                SecretFile("dest", str(place.former)).write(place.file.read_text() if place.file.exists() else "")
            yield "put"
            SecretFile("dest", str(place.file)).write(new.read_text())
            yield "look again"
            serial = self.look()[0]["certificate"]["serial"]
            assert serial == issued["objects"][0]["serial"]
        yield "revoke what was issued for the place"
        self.task(comment=place.comment, protect=[serial], state="absent")
        for other in sorted({*replaced} - {serial}):
            yield "revoke what is replaced"
            self.task(user=user, serial=other, state="absent")
        if place.former.exists():
            yield "forget"
            place.former.unlink()


def run(place: Place, folder: Path, steps: int | None = None) -> str:
    """Run to the end, or only this number of steps; returns the message of the task that failed."""
    for name in ("session.json", "session.json.lock"):
        (folder / name).unlink(missing_ok=True)
    try:
        for count, _step in enumerate(Controller(place, folder).steps()):
            if count == steps:
                break
    except (Stopped, EstateError) as exc:
        return str(exc)
    return ""


class Trial:
    """One initial state, on one server, for many trials."""

    def __init__(self, server: Server, path: Path, state: str) -> None:
        self.server, self.state = server, state
        self.folder = path / "controller"
        (path / "host").mkdir()
        self.place = Place(server, path / "host/vpn.conf", "desk", "ada")
        self.start_over()
        self.steps = sum(1 for _step in Controller(self.place, self.folder).steps())
        self.requests = range(1, len(server.simulator.log) + 1)
        self.was_usable = False

    def start_over(self) -> None:
        for path in (self.place.file, self.place.former):
            path.unlink(missing_ok=True)
        for path in self.folder.glob("*"):
            path.unlink()
        self.server.simulator.reset()
        self.place.start_from(self.state)
        self.server.simulator.add_profile("ada", comment=LAPTOP)
        self.was_usable = self.place.is_usable

    def harmed(self) -> str:
        """The harm that an interrupted run has done to the host."""
        if self.was_usable and not self.place.is_usable:
            return "the host had a profile that could be used, and has none"
        return ""

    def mended(self) -> str:
        """What the next run leaves undone, or the run after it changes."""
        place, simulator = self.place, self.server.simulator
        simulator.faults.clear()
        said = run(place, self.folder)
        if said:
            return f"the next run fails: {said}"
        if [*place.live] != [place.serial]:
            return f"the server has {place.live}, and the host has {place.serial}"
        if place.former.exists():
            return "what was there before is there yet"
        simulator.log.clear()
        before = place.file.read_bytes(), place.file.stat().st_mtime_ns
        said = run(place, self.folder)
        if said or self.server.writes() or before != (place.file.read_bytes(), place.file.stat().st_mtime_ns):
            return f"the third run does something: {said or self.server.writes()}"
        return ""


# The role treats a profile that may harm the host like a broken one.
@pytest.fixture(name="trial", params=[state for state in STATES if state != "harmful"])
def fixture_trial(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """Its user has a profile elsewhere, and keeps it."""
    trial = Trial(server, tmp_path, request.param)
    yield trial
    elsewhere = [one for one in server.simulator.machine.profiles.all() if one["comment"] == LAPTOP]
    assert len(elsewhere) == 1


HTML = {"headers": {"Content-Type": "text/html"}, "body": "<html><body><h1>Bad Gateway</h1></body></html>"}
FAULTS: dict[str, dict[str, t.Any]] = {
    "dropped before": {"do": "drop"},
    "dropped after": {"do": "drop", "applied": True},
    "500 before": {"status": 500},
    "500 after": {"status": 500, "applied": True},
    "503": {"status": 503, **HTML},
    "429": {"status": 429},
    "half an answer": {"do": "truncate"},
    "a page": {"do": "html"},
}


def test_a_fault_at_any_request(trial: Trial) -> None:
    wrong = []
    for fault, number in crossed(FAULTS, trial.requests, seed=trial.state):
        trial.start_over()
        trial.server.simulator.faults.add(nth=number, **FAULTS[fault])
        said = run(trial.place, trial.folder)
        assert "defect" not in said
        wrong += [f"{fault} at request {number}: {what}" for what in (trial.harmed(), trial.mended()) if what]
    assert not wrong


def test_killed_between_any_two_steps(trial: Trial) -> None:
    """In the exhaustive run, also the run after it is killed, for the state with the most work."""
    wrong = []
    more = range(trial.steps) if is_exhaustive() and "elsewhere" in trial.state else ()
    for first in range(trial.steps):
        for second in sorted({0, *more}):
            trial.start_over()
            for steps in (first, second):
                run(trial.place, trial.folder, steps)
                wrong += [f"{first}, {second}: {what}" for what in [trial.harmed()] if what]
            wrong += [f"{first}, {second}: {what}" for what in [trial.mended()] if what]
    assert not wrong


def full_disk(left: int, written: list[str]) -> t.Callable[[str, str], None]:
    """os.replace with space for this number of files; it lists the files that were to be written."""
    replace = os.replace

    def full(source: str, target: str) -> None:
        if not target.endswith(".json"):
            written.append(target)
            if len(written) > left:
                raise OSError(28, "No space left on device")
        replace(source, target)

    return full


def test_no_file_can_be_written(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of the controller or of the host is full, starting with any file."""
    for left in range(3):
        trial.start_over()
        written: list[str] = []
        with monkeypatch.context() as patch:
            patch.setattr("os.replace", full_disk(left, written))
            said = run(trial.place, trial.folder)
        assert ("No space left" in said) == (len(written) > left)
        assert not trial.harmed()
        assert not trial.mended()


# -- real runs


class Estate:
    """A server, VPN clients on other machines, and the playbooks for both."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.simulator, self.folder = server, server.simulator, Folder(path)
        self.clients: dict[str, dict[str, t.Any]] = {}
        self.shared: dict[str, t.Any] = {}
        self.rotation: dict[str, t.Any] = {}

    def place(self, host: str, user: str | None = None, state: str = "nothing", **variables: t.Any) -> Place:
        """A host, in its state before a run."""
        place = Place(self.server, self.folder.path / f"{host}.conf", host, user or host)
        self.clients[host] = {"vpn_user": place.user, "vpn_profile_dest": str(place.file), **variables}
        place.start_from(state)
        return place

    def run(self, *arguments: str, playbook: str = "distribute_profiles", **environment: str) -> Run:
        """Run a playbook of the collection; the log of the server then has its requests."""
        own = {"profile_distribution_owner": pwd.getpwuid(os.getuid()).pw_name, "vpn_become": False}
        own |= {"profile_distribution_group": grp.getgrgid(os.getgid()).gr_name, "profile_distribution_service": ""}
        servers = {"hosts": {"vpn1": {**self.server.connection, **self.rotation}}}
        clients = {"hosts": self.clients, "vars": {"ansible_connection": "elsewhere", **own, **self.shared}}
        children = {"access_servers": servers, "vpn_clients": clients}
        self.folder.write("hosts.json", {"all": {"children": children}})
        self.simulator.log.clear()
        return self.folder.play([{"import_playbook": f"vpn.estate.{playbook}"}], *arguments, **environment)

    def exchanges(self) -> list[tuple[str, str, str]]:
        """The requests since the start of the last run, without serials and folders."""
        return [
            (
                one.method,
                one.path,
                re.sub(r'[0-9]{9,}|"[^"]*profile.ovpn"', "", json.dumps(one.request, sort_keys=True)),
            )
            for one in self.simulator.log
            if not one.path.endswith("/userpassword")
        ]

    @property
    def authorities(self) -> list[str]:
        return [one.common_name for one in self.simulator.machine.authorities.all()]


def words(run: Run) -> str:
    """The output of a run, in one line."""
    return " ".join(run.output.split())


@pytest.fixture(name="estate")
def fixture_estate(server: Server, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path)


def secrets_in(text: str, *secrets: str) -> list[str]:
    """The secrets in a text, plain or as a part of an encoded text."""
    found = []
    for secret in secrets:
        encoded = [base64.b64encode(b" " * shift + secret.encode()).decode()[4:-4] for shift in range(3)]
        found += [form for form in (secret, *encoded) if form in text]
    return found


def brought(estate: Estate, places: dict[str, Place]) -> list[tuple[str, str, str]]:
    """A run that delivers every profile and shows no secret; returns its requests."""
    remote = estate.folder.path / "remote"
    keep_files = {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_PIPELINING": "0"}
    done = estate.run("-vvvv", "--diff", "-e", "vpn_serial=1", **keep_files)
    assert done.status == 0, done.output[-3000:]
    asked = estate.exchanges()
    assert len({place.serial for place in places.values()}) == len(places)
    for place in places.values():
        assert place.comment == estate.simulator.machine.store.entry("profile", place.serial)["comment"]
        assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
        assert not place.former.exists()
        of_the_same_user = [other.serial for other in places.values() if other.user == place.user]
        assert sorted(place.live) == sorted(of_the_same_user)
    keys = [place.file.read_text().partition("<key>\n")[2].splitlines()[1] for place in places.values()]
    assert not secrets_in(done.output, estate.simulator.password, "PRIVATE KEY", *keys)
    kept = "".join(path.read_bytes().decode(errors="replace") for path in remote.rglob("*") if path.is_file())
    assert str(places["desk"].file) in kept
    assert estate.simulator.password not in kept
    assert not [*estate.folder.home.rglob("*.ovpn")]
    return asked


def asked_in_process(estate: Estate, chosen: dict[str, str], places: dict[str, Place]) -> list[tuple[str, str, str]]:
    """The requests of the tests above, which replace the role, for one host after the other."""
    estate.simulator.reset()
    for host, place in places.items():
        place.file.unlink()
        place.start_from(chosen[host])
    estate.simulator.log.clear()
    for place in places.values():
        assert not run(place, estate.folder.path)
    return estate.exchanges()


def test_hosts(estate: Estate) -> None:
    """The tests above, which replace the role, send the same requests as the role."""
    chosen = {"desk": "issued elsewhere"}
    places = {"desk": estate.place("desk", "ada", chosen["desk"])}
    assert brought(estate, places) == asked_in_process(estate, chosen, places)


@pytest.mark.exhaustive
def test_hosts_in_every_state(estate: Estate) -> None:
    """Check mode shows each host that gets a profile, and why. The run does it, the next one changes nothing. Two share a user."""
    chosen = {
        "car": "nothing",
        "ben": "broken",
        "desk": "issued elsewhere",
        "eve": "good",
        "fay": "with an orphan",
        "gus": "harmful",
    }
    users = {"car": "ada", "desk": "ada"}
    places = {host: estate.place(host, users.get(host), state) for host, state in chosen.items()}
    check = estate.run("--check", "--diff", "--limit", "car,ben,gus")
    assert check.status == 0, check.output
    assert "car would get a new profile for ada: none exists yet" in words(check)
    assert "ben would get a new profile for ben: the current file is not a usable profile" in words(check)
    harm = "the current profile has directives that may harm the host: up"
    assert f"gus would get a new profile for gus: {harm}" in words(check)
    assert not estate.server.writes()
    assert {host: tally["changed"] for host, tally in check.tally.items()} == {"car": 1, "ben": 1, "gus": 1}
    asked = brought(estate, places)
    again = estate.run("--limit", "car,ben")
    assert again.tally.keys() == {"car", "ben"}
    assert not estate.server.writes()
    assert {tally["changed"] for tally in again.tally.values()} == {0}
    assert asked_in_process(estate, chosen, places) == asked
    assert sum(path == "/api/profiles/delete" for _method, path, _request in asked) == 4


# -- users who leave


@pytest.mark.exhaustive
def test_a_user_who_leaves_loses_the_profile_and_the_others_keep_theirs(estate: Estate) -> None:
    """The declaration of the person is enough. Each run reports a client that may still run, and nothing else fails."""
    states = {
        "desk": "with an orphan",
        "car": "issued elsewhere",
        "eve": "good",
        "fay": "good",
        "gus": "nothing",
    }
    places = {host: estate.place(host, state=state) for host, state in states.items()}
    places["desk"].former.write_text(places["desk"].file.read_text())
    estate.shared["estate_people"] = [
        {"name": "desk", "state": "blocked"},
        {"name": "car", "until": "2001-05-06"},
        {"name": "eve", "until": "2990-12-31"},
        {"name": "fay", "state": "blocked"},
        {"name": "gus", "servers": ["vpn_clients"]},
    ]
    estate.clients["fay"]["vpn_profile_state"] = "present"
    texts = {host: place.file.read_text() for host, place in places.items() if place.file.exists()}
    check = estate.run("--check")
    assert check.status == 0, check.output
    assert not estate.server.writes()
    assert {host: place.file.read_text() for host, place in places.items() if place.file.exists()} == texts
    done = estate.run()
    assert done.status == 0, done.output
    changed = {host: tally["changed"] > 0 for host, tally in done.tally.items()}
    assert changed == {host: tally["changed"] > 0 for host, tally in check.tally.items()}
    assert changed == {"desk": True, "car": True, "eve": False, "fay": False, "gus": False}
    assert {host for host, place in places.items() if place.file.exists()} == {"eve", "fay"}
    assert not places["desk"].former.exists()
    assert {host for host, place in places.items() if place.live} == {"eve", "fay"}
    again = estate.run("-e", "profile_distribution_service=openvpn-client@none", "--limit", "desk")
    assert (again.status, again.tally["desk"]["changed"]) == (0, 0), again.output  # the service does not exist
    broken = {"profile_distribution_service": "openvpn-client@none", "ansible_facts": {"service_mgr": "systemd"}}
    failed = estate.run("-e", json.dumps(broken), "--limit", "desk,eve")
    assert (failed.tally["desk"]["failed"], failed.tally["eve"]["failed"]) == (1, 0)
    assert f"{places['desk'].file} was removed, but openvpn-client@none could not be stopped: Service is" in words(
        failed
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("variant", ["directory", "page"])
def test_a_user_who_leaves_loses_the_files_on_the_controller(estate: Estate, variant: str) -> None:
    """The link of a page becomes invalid, too."""
    estate.shared |= {
        "profile_distribution_to": variant,
        "profile_distribution_vault_password": "pAsSwOrD of the files",
    }
    place = estate.place("desk")
    assert estate.run().status == 0
    folder = estate.folder.path / "profiles"
    assert [*folder.iterdir()]
    assert bool(place.live or estate.simulator.machine.tokens.all())
    estate.shared["vpn_profile_state"] = "absent"
    done = estate.run()
    assert done.status == 0, done.output
    assert not [*folder.iterdir()]
    assert not place.live
    assert not estate.simulator.machine.tokens.all()
    assert estate.run().tally["desk"]["changed"] == 0


@pytest.mark.exhaustive
def test_a_host_that_does_not_connect_keeps_both(estate: Estate) -> None:
    """The next run continues: it starts the client again, and revokes the old profile when the client is connected."""
    place = estate.place("ada", state="issued elsewhere", profile_distribution_wait=1)
    old, text = place.serial, place.file.read_text()
    lost = estate.place("lost")
    lost.file = estate.folder.path / "none/vpn.conf"
    estate.clients["lost"]["vpn_profile_dest"] = str(lost.file)
    estate.simulator.connect("ada")
    failed = estate.run()
    assert failed.tally["ada"]["failed"] == failed.tally["lost"]["failed"] == 1
    assert (
        f"The new profile could not be written to {lost.file}: Destination directory {lost.file.parent} does not exist"
        in words(failed)
    )
    lost.file.parent.mkdir()
    assert "ada has not connected with the new profile within 1 seconds. Nothing was revoked." in words(failed)
    assert f"Or restore the previous profile: move {place.former} to {place.file}." in words(failed)
    assert place.former.read_text() == text
    assert [*place.live] == [old, place.serial]
    assert stat.S_IMODE(place.former.stat().st_mode) == 0o600
    estate.simulator.faults.add(path="vpn/status", do="act", nth=2, act=lambda: estate.simulator.connect("ada"))
    done = estate.run()
    assert done.status == 0, done.output
    assert f"{place.file} was replaced." in words(done)
    assert "RUNNING HANDLER [vpn.estate.profile_distribution : Restart the VPN client]" in words(done)
    assert [*place.live] == [place.serial] != [old]
    assert [*lost.live] == [lost.serial]
    assert not place.former.exists()


def encrypted(text: str, password: str) -> str:
    return VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text).decode()


@pytest.mark.exhaustive
def test_a_folder_of_encrypted_files(estate: Estate) -> None:
    """Also in a run with another vault password. A mistake of one host affects that host alone."""
    password, own = "pAsSwOrD of the files", estate.folder.write("own", "pAsSwOrD of the run")
    estate.shared |= {"profile_distribution_to": "directory", "profile_distribution_vault_password": password}
    profiles = estate.folder.path / "profiles"
    profiles.mkdir()
    places = {}
    for host in ("wrong", "expiring", "plain", "without", "ghost"):
        places[host] = place = estate.place(host)
        place.file = profiles / f"{host}.ovpn"
    estate.clients["without"]["profile_distribution_vault_password"] = ""
    estate.simulator.set_user("ghost", autologin=False)
    texts = {name: places[name].issued(comment=None, days_left=10 if name == "expiring" else 99) for name in places}
    places["wrong"].file.write_text(encrypted(texts["wrong"], "another"))
    places["expiring"].file.write_text(encrypted(texts["expiring"], password))
    places["plain"].file.write_text(texts["plain"])
    done = estate.run("-vvvv", "--vault-password-file", str(own))
    assert {host for host, tally in done.tally.items() if tally["failed"]} == {"wrong", "without", "ghost"}
    said = words(done)
    assert f"{places['wrong'].file} cannot be read and decrypted with profile_distribution_vault_password." in said
    assert f"Set profile_distribution_vault_password, which encrypts {places['without'].file}." in said
    assert "ghost may not have autologin profiles" in said
    assert not secrets_in(done.output, password, "pAsSwOrD", "PRIVATE KEY", estate.simulator.password)
    for host in ("expiring", "plain"):
        text = places[host].file.read_text()
        assert text.startswith("$ANSIBLE_VAULT;")
        assert stat.S_IMODE(places[host].file.stat().st_mode) == 0o600
        places[host].file = estate.folder.write(
            "plain.ovpn", VaultLib([("x", VaultSecret(password.encode()))]).decrypt(text).decode()
        )
        assert [*places[host].live] == [places[host].serial]
        assert (places[host].file.read_text() == texts[host]) == (host == "plain")
    assert sorted(path.name for path in profiles.iterdir()) == ["expiring.ovpn", "plain.ovpn", "wrong.ovpn"]
    again = estate.run("--limit", "expiring,plain,vpn1", "--vault-password-file", str(own))
    assert {tally["changed"] for tally in again.tally.values()} == {0}
    assert not estate.server.writes()


@pytest.mark.exhaustive
def test_a_page_for_a_user_without_a_profile(estate: Estate) -> None:
    """Profiles of hosts with the same user do not count. When the link was used, the page is removed."""
    estate.shared |= {"profile_distribution_to": "page", "vpn_estate": "Example"}
    for user in ("ada", "ben"):
        estate.place(user, state="good")
    other = estate.simulator.add_profile_token("ben", lifetime=99)
    check = estate.run("--check", "--limit", "ada")  # one of two alike
    assert check.status == 0, check.output
    assert check.tally.keys() == {"ada"}
    pages = estate.folder.path / "profiles"
    assert not pages.exists()
    assert not estate.server.writes()
    done = estate.run("-vvvv", "--diff")
    assert done.status == 0, done.output
    files = {path.name: path.read_text() for path in pages.iterdir()}
    assert sorted(files) == ["ada.html", "ada.html.url", "ben.html", "ben.html.url"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in pages.iterdir()} == {0o600}
    tokens = {entry["username"]: token for token, entry in estate.simulator.machine.tokens.all().items()}
    for user, token in tokens.items():
        assert token in files[f"{user}.html"]
        assert files[f"{user}.html.url"].endswith(token)
    assert not secrets_in(done.output, *tokens.values())
    user, profile_type = estate.simulator.machine.tokens.redeem(tokens["ada"])
    estate.simulator.machine.profiles.issue(user, profile_type)
    later = estate.run()
    assert later.status == 0, later.output
    assert {path.name: path.read_text() for path in pages.iterdir()} == {
        name: files[name] for name in files if "ben" in name
    }
    assert later.tally["ben"]["changed"] == 0
    assert [*estate.simulator.machine.tokens.all()] == [other, tokens["ben"]]


# -- a new authority


@pytest.mark.exhaustive
def test_rotation(estate: Estate) -> None:
    """Each host always has a usable profile. A stopped run continues, and the old authority ends when no host needs it."""
    estate.simulator.add_authority("Of others", current=False)
    places = [estate.place(host, state="good") for host in ("one", "two", "three")]
    [first, _other] = estate.authorities
    estate.rotation |= {"ca_rotation_common_name": "New CA", "ca_rotation_retire": [first]}
    check = estate.run("--check", "--limit", "vpn1,one", playbook="rotate_ca")  # one of three alike
    assert check.status == 0, check.output
    why = "the new certificate authority has not signed the current profile"
    assert f"one would get a new profile for one: {why}" in words(check)
    assert not estate.server.writes()

    without: list[str] = []

    def look() -> None:
        without.extend(place.user for place in places if not place.is_usable)

    estate.simulator.faults.add(path="profiles/create", nth=2, times=None, status=500)
    estate.simulator.faults.add(do="act", times=None, act=look)
    stopped = estate.run("-e", "vpn_serial=1", playbook="rotate_ca")
    assert stopped.status != 0
    assert "three" not in stopped.tally
    assert estate.authorities == [first, "Of others", "New CA"]
    signers = {one["authority"] for one in estate.simulator.machine.profiles.all()}
    assert len(signers) == 2
    estate.simulator.faults.clear()
    estate.simulator.faults.add(do="act", times=None, act=look)
    done = estate.run(playbook="rotate_ca")
    assert done.status == 0, done.output
    assert estate.authorities == ["Of others", "New CA"]
    assert "one gets a new profile" not in words(done)
    assert "New CA (current, 3649 days left): 3 client profiles" in words(done)
    assert without == []
    assert [[*place.live] for place in places] == [[place.serial] for place in places]


@pytest.mark.exhaustive
def test_retirement(estate: Estate) -> None:
    """The run shows the users of an old authority, which stays until its date. The declared one is never deleted."""
    place = estate.place("ada", state="good")
    [first] = estate.authorities
    estate.simulator.add_authority("Declared")
    estate.simulator.add_authority("Newest")
    estate.clients = {}
    estate.rotation |= {"ca_rotation_common_name": "Declared", "ca_rotation_retire_after": "1.1.2020"}
    refused = estate.run(playbook="rotate_ca")
    assert "ca_rotation_retire_after: 1.1.2020 is not a date such as 2027-03-31." in words(refused)
    estate.rotation["ca_rotation_retire_after"] = "2999-01-01"
    spared = estate.run(playbook="rotate_ca")
    assert spared.status == 0, spared.output
    assert f"{first} (old, 3649 days left): 1 client profile of ada" in words(spared)
    assert not estate.server.writes()
    estate.rotation["ca_rotation_retire_after"] = "2020-01-01"
    done = estate.run(playbook="rotate_ca")
    assert done.status == 0, done.output
    assert estate.authorities == ["Declared", "Newest"]
    assert not place.live


# -- descriptions of the roles

ROLES = Path(__file__).parents[4] / "roles"


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_a_role_describes_itself(role: str) -> None:
    """It uses every variable that it describes, with its default, and its README names no other."""
    points = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]
    options = {name: option for point in points.values() for name, option in point["options"].items()}
    defaults = ROLES / role / "defaults/main.yml"
    given = yaml.safe_load(defaults.read_text()) if defaults.exists() else {}
    assert given.keys() <= options.keys()
    for name, option in options.items():
        if "default" in option:
            assert given[name] == option["default"], name
    sources = [path.read_text() for path in (ROLES / role).rglob("*.yml") if path.parent.name != "meta"]
    readme = (ROLES / role / "README.md").read_text()
    used, named = (
        set(re.findall(rf"\b(?:{role}_\w+|estate_people)\b", text)) - OTHERWISE for text in ("\n".join(sources), readme)
    )
    modules = {path.stem for path in (ROLES.parent / "plugins/modules").glob("*.py")}
    assert used - modules == options.keys()
    assert named - modules == options.keys()


ROLE = Path(__file__).parents[4] / "roles/profile_distribution"

# -- folders


@pytest.mark.parametrize(
    ("source", "inventory_dir", "folder"),
    [
        ("inventory/hosts.yml", "inventory", "inventory/profiles"),
        ("inventory", "inventory", "profiles"),
        ("inventory", "inventory/west", "profiles"),
        ("inv", "inventory", "inventory/profiles"),
    ],
)
def test_profiles_are_in_no_folder_that_ansible_reads_as_an_inventory(
    source: str, inventory_dir: str, folder: str, tmp_path: Path
) -> None:
    """A link in such a folder would be the name of a host, and in the output of each run."""
    for name in ("inventory/west", "inv"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "inventory/hosts.yml").touch()
    values = {"inventory_dir": str(tmp_path / inventory_dir), "ansible_inventory_sources": [str(tmp_path / source)]}
    template = variables_of(ROLE / "defaults/main.yml")["profile_distribution_directory"]
    assert Templar(loader=DataLoader(), variables=values).template(template) == str(tmp_path / folder)


# -- directives that may harm the client


def test_the_role_passes_the_names_on_wherever_a_profile_is_checked() -> None:
    """Profiles are checked when they are issued, and on hosts of a Freebox."""
    judged = 0
    for file in sorted((ROLE / "tasks").rglob("*.yml")):
        for task in yaml.safe_load(file.read_text()) or ():
            for module in ("vpn.estate.as_profile", "vpn.estate.freebox_vpn_profile"):
                options = task.get(module, {})
                if {"dest", "held"} & options.keys():
                    judged += 1
                    assert options["allow_directives"] == "{{ profile_distribution_allow_directives }}", file
    assert judged == 3


def test_the_role_and_the_modules_judge_a_profile_alike() -> None:
    """In upper or lower case, and the role names the directives."""
    variables = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    for allowed, harm in (
        ([], ["script-security", "up"]),
        (["UP"], ["script-security"]),
        (["up", "script-security"], []),
    ):
        held = Profile(completed("script-security 2\nup /bin/sh\nca [inline]\n<ca>\n" + CERTIFICATE + "</ca>")).facts()
        values = {"__profile_distribution_held": held, "profile_distribution_allow_directives": allowed}
        templar = Templar(loader=DataLoader(), variables=values)
        assert templar.template(trust_as_template(variables["__profile_distribution_harmful"])) == harm
