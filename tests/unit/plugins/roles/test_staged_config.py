# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that stages a configuration, in real runs of ansible-playbook."""

from __future__ import annotations

import socket
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run

COMPANY, PORT, SECRET_KEY = "sa.company_name", "admin_ui.https.port", "auth.radius.0.server.0.secret"
SECRET = "Marker-Secret-9!"
ITEMS = [{"name": COMPANY, "value": "Example"}, {"name": SECRET_KEY, "secret_value": SECRET}]
COPY = "staged-1-of-default"


class Estate:
    """A server, and a playbook with the role and a task after it."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.folder = server, Folder(path)
        self.folder.hurry()
        self.connection = server.connection

    def run(self, *arguments: str, **variables: t.Any) -> Run:
        """Run the playbook with variables of the role, without the prefix of their names."""
        options = {"items": ITEMS, "check_timeout": 1, "restart_timeout": 10, **variables}
        own = {f"staged_config_{name}": value for name, value in options.items()}
        self.folder.hosts(here={"ansible_connection": "local", **own})
        url = f"{{{{ staged_config_url | default('{self.connection['as_url']}') }}}}"
        play = {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"group/vpn.estate.access_server": {**self.connection, "as_url": url}},
            "roles": [{"role": "vpn.estate.staged_config"}],
            "post_tasks": [{"name": "See that later tasks find it", "vpn.estate.as_config_profile_info": {}}],
        }
        self.server.simulator.log.clear()
        return self.folder.play([play], *arguments, "-vvvv", "--diff")

    @property
    def active(self) -> str:
        return str(self.server.simulator.state()["active_profile"])


@pytest.fixture(name="estate")
def fixture_estate(server: Server, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path)


def test_a_change(estate: Estate) -> None:
    """Check mode writes nothing, the run applies the declaration, and the run after it changes nothing."""
    check = estate.run("--check")
    assert check.status == 0, check.output
    assert (check.tally["here"]["changed"], estate.server.writes()) == (1, [])
    done = estate.run()
    assert (done.status, done.tally["here"]["changed"]) == (0, 1), done.output
    assert estate.active == COPY
    assert estate.server.simulator.state()["running"][SECRET_KEY] == SECRET
    again = estate.run()
    assert (again.status, again.tally["here"]["changed"], estate.server.writes()) == (0, 0, []), again.output
    assert SECRET not in check.output + done.output + again.output


@pytest.mark.exhaustive
def test_one_server_after_the_other(start: t.Callable[..., Server], tmp_path: Path) -> None:
    """The playbook continues only while servers are healthy. A server without a declaration does not change."""
    servers = {name: start(settings={"restart_downtime": 0.05}) for name in ("none", "well", "sick", "spared")}
    servers["sick"].simulator.configure(ailing_with=f"{COMPANY}=Example", ailment="daemons")
    folder = Folder(tmp_path)
    folder.hurry()
    declared = {"staged_config_items": ITEMS, "staged_config_check_timeout": 1}
    hosts = {name: {**one.connection, **(declared if name != "none" else {})} for name, one in servers.items()}
    folder.write("hosts.json", {"all": {"children": {"access_servers": {"hosts": hosts}}}})
    play = [{"import_playbook": "vpn.estate.staged_config"}]
    check = folder.play(play, "--check")
    assert check.status == 0, check.output
    assert {name: row["changed"] for name, row in check.tally.items()} == {"none": 0, "well": 1, "sick": 1, "spared": 1}
    assert [one.writes() for one in servers.values()] == [[]] * 4
    run = folder.play(play, "-vvvv", "--diff")
    assert run.status != 0, run.output
    assert "Rolled back: default is active again, and the server is healthy" in " ".join(run.output.split())
    active = {name: one.simulator.state()["active_profile"] for name, one in servers.items()}
    assert active == {"none": "default", "well": COPY, "sick": "default", "spared": "default"}
    assert servers["spared"].writes() == []
    assert SECRET not in check.output + run.output


@pytest.mark.exhaustive
def test_a_rollback(estate: Estate) -> None:
    estate.server.simulator.configure(ailing_with=f"{COMPANY}=Example", ailment="daemons")
    run = estate.run()
    assert run.status != 0
    said = " ".join(run.output.split())
    assert "no VPN daemon runs" in said, run.output
    assert "Rolled back: default is active again, and the server is healthy" in said, run.output
    assert SECRET not in run.output
    assert (estate.active, estate.server.simulator.store.profiles()) == ("default", ["default"])


@pytest.mark.exhaustive
def test_a_new_address(estate: Estate) -> None:
    """The tasks after the role find the API there, and so does the next run with its inventory."""
    simulator = estate.server.simulator
    simulator.configure(moves=True, restart_delay=0.1)
    simulator.set_configuration(**{PORT: urlsplit(simulator.url).port})
    simulator.machine.configuration.take_over()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    moved = [*ITEMS, {"name": PORT, "value": port}]
    refused = estate.run(items=moved)
    assert refused.status != 0
    assert f"tasks depends on {PORT}, which would change" in refused.output
    run = estate.run(items=moved, allow_connection_change=True)
    assert run.status == 0, run.output
    assert simulator.url == f"https://127.0.0.1:{port}"
    assert simulator.log[-1].path == "/api/config-profile/list"
    estate.connection["as_url"] = simulator.url
    again = estate.run(items=moved)
    assert (again.status, again.tally["here"]["changed"]) == (0, 0), again.output
