# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a declared estate to real tunnels: playbooks deliver profiles, and openvpn connects with them."""

from __future__ import annotations

import functools
import os
import signal
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile as ProfileFile
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator, Endpoint
from ansible_collections.vpn.estate.tests.simulator.namespaces import Namespaces, available, program
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import size

pytestmark = pytest.mark.skipif(bool(available()), reason=f"no real tunnel: {available()}")

GATEWAY = "172.27.224.1"
BRANCHES = ("north", "south")[: size(1, 2)]
# The work of a service manager on a host.
SERVICE = """\
#!/bin/sh
test -e "$1.pid" && kill "$(cat "$1.pid")" && while kill -0 "$(cat "$1.pid")" 2>/dev/null; do sleep 0.05; done
exec {ip} netns exec {namespace} {openvpn} --config "$1.conf" --cd "$(dirname "$1")" --daemon --writepid "$1.pid" --log "$1.log"
"""
RESTART = {
    "name": "Restart the service",
    "listen": "vpn.estate profile replaced",
    "ansible.builtin.command": "{{ service }} {{ place }}",
}


@functools.cache
def serial_in(profile: str) -> str:
    """The serial of its certificate. It is cached, because loops read the same text many times."""
    return str(ProfileFile(profile).facts()["certificate"]["serial"])


class Estate:
    """A server with a VPN, hosts whose file systems are a folder, and the namespace in which their clients run."""

    def __init__(self, folder: Folder, simulator: AccessServerSimulator, network: Namespaces) -> None:
        self.folder, self.simulator, self.network = folder, simulator, network
        paths = {name: str(program(name)) for name in ("ip", "openvpn")}
        service = folder.write("service", SERVICE.format(namespace=network.client, **paths))
        service.chmod(0o700)
        server = {
            "as_url": simulator.url,
            "as_username": simulator.username,
            "as_password": simulator.password,
            "as_ca_path": str(simulator.ca_path),
            "ca_rotation_common_name": "Second CA",
            "access_server_users": [{"name": name, "autologin": True} for name in BRANCHES],
        }
        client = {
            "vpn_server": "vpn",
            "vpn_user": "{{ inventory_hostname }}",
            "vpn_become": False,
            "place": f"{folder.path}/{{{{ inventory_hostname }}}}",
            "vpn_profile_dest": "{{ place }}.conf",
            "service": str(service),
            "profile_distribution_service": "",
            "profile_distribution_wait": 20,
        }
        inventory = {
            "all": {
                "vars": {"ansible_connection": "local"},
                "children": {
                    "access_servers": {"hosts": {"vpn": server}},
                    "vpn_clients": {"vars": client, "hosts": {name: {} for name in BRANCHES}},
                },
            }
        }
        folder.write("hosts.json", inventory)

    def run(self, *plays: t.Any, **more: str) -> Run:
        """Run playbooks of the collection, or plays; they must succeed."""
        arguments = [each for name, value in more.items() for each in ("-e", f"{name}={value}")]
        done = self.folder.play(list(plays), *arguments)
        assert done.status == 0, done.output
        return done

    def distribute(self, **more: str) -> int:
        """Deliver profiles to the hosts, and restart their services; returns how many tasks changed anything."""
        playbook = (Path(__file__).parents[4] / "playbooks/distribute_profiles.yml").read_text(encoding="utf-8")
        self.folder.write("distribute.yml", f"{playbook}  handlers:\n    - {RESTART!r}\n")
        tally = self.run({"import_playbook": "distribute.yml"}, **more).tally
        return sum(tally[name]["changed"] for name in BRANCHES)

    def on_server(self, *tasks: t.Any) -> None:
        """Run tasks about the server."""
        options = {f"as_{key}": f"{{{{ as_{key} }}}}" for key in ("url", "username", "password", "ca_path")}
        defaults = {"group/vpn.estate.access_server": options}
        self.run({"hosts": "vpn", "gather_facts": False, "module_defaults": defaults, "tasks": [*tasks]})

    def connected(self) -> list[str]:
        """Users whom the server shows as connected."""
        return sorted(one["username"] for one in self.simulator.state()["vpn_clients"])

    def all_come_back(self) -> bool:
        """Whether all users connect within the time limit."""
        waiting = threading.Event()
        return any(self.connected() == list(BRANCHES) or waiting.wait(0.1) for each in range(300))

    def live(self) -> set[str]:
        """Serials of the valid profiles."""
        return {one["serial"] for one in self.simulator.machine.profiles.all()}

    def held(self, name: str) -> str:
        """Serial of the profile of a host."""
        return serial_in((self.folder.path / f"{name}.conf").read_text())

    def stop(self) -> None:
        """End the services of the hosts."""
        for name in BRANCHES:
            pid = self.folder.path / f"{name}.pid"
            if pid.exists():
                os.kill(int(pid.read_text()), signal.SIGTERM)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Estate]:
    """For all tests: each starts with the present state, and first delivers a valid profile to every host."""
    with Namespaces() as network:
        endpoint = Endpoint(network.server_address, namespace=network.server)
        with AccessServerSimulator(data_plane=endpoint) as simulator:
            made = Estate(Folder(tmp_path_factory.mktemp("estate")), simulator, network)
            made.folder.hurry()
            made.run({"import_playbook": "vpn.estate.site"})
            yield made
            made.stop()


def test_a_declaration_leads_to_tunnels(estate: Estate) -> None:
    assert estate.distribute() > 0
    assert estate.connected() == list(BRANCHES)
    assert estate.network.ping(GATEWAY)
    assert {estate.held(name) for name in BRANCHES} == estate.live()


@pytest.mark.exhaustive
def test_a_second_run_changes_nothing_and_a_revoked_host_gets_a_new_profile(estate: Estate) -> None:
    if estate.connected() != list(BRANCHES):
        estate.distribute()
    first = {name: estate.held(name) for name in BRANCHES}
    assert estate.distribute() == 0
    assert {name: estate.held(name) for name in BRANCHES} == first

    # Its profile is revoked and its session ends: the server refuses the client until it has another profile.
    revoke = {"vpn.estate.as_profile": {"user": "north", "state": "absent"}}
    estate.on_server(revoke, {"vpn.estate.as_vpn_session": {"users": ["north"]}})
    refused = estate.network.start_file(estate.folder.path / "north.conf")
    assert refused.failure() == "AUTH_FAILED"
    assert estate.connected() == ["south"]
    assert estate.distribute() > 0
    assert estate.connected() == list(BRANCHES)
    assert estate.held("north") != first["north"]


@pytest.mark.exhaustive
def test_an_authority_is_replaced_and_each_host_always_has_a_profile(estate: Estate) -> None:
    if estate.connected() != list(BRANCHES):
        estate.distribute()
    before = {name: estate.held(name) for name in BRANCHES}
    watched: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for name in BRANCHES:
                held = estate.held(name)
                if held not in estate.live() and held == estate.held(name):
                    watched.append(f"{name} has {held}, which is revoked")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        estate.on_server({"vpn.estate.as_ca": {"common_name": "Second CA"}})
        estate.distribute(vpn_serial="1")
        estate.run({"import_playbook": "vpn.estate.rotate_ca"})
    finally:
        done.set()
        watcher.join()
    assert watched == []
    assert estate.all_come_back()  # the server has restarted without the old authority
    assert [one["common_name"] for one in estate.simulator.state()["authorities"]] == ["Second CA"]
    assert not set(before.values()) & estate.live()
    assert {estate.held(name) for name in BRANCHES} == estate.live()
