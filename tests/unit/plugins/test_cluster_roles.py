# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters by real runs of the playbooks, on nodes that are processes of their own and share a real database."""

from __future__ import annotations

import http.client
import ssl
import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.tests.simulator.database import Database, available
from ansible_collections.vpn.estate.tests.simulator.nodes import Node, Nodes
from ansible_collections.vpn.estate.tests.unit.plugins.playbook import Folder, Run

pytestmark = pytest.mark.skipif(available() is not None, reason=available() or "")
PASSWORD = "Marker-Password-7!"
PROBE_SECONDS = 0.1


class Estate:
    """Servers of the group access_servers, and the playbooks for them."""

    def __init__(self, nodes: Nodes, uri: str, path: Path) -> None:
        self.nodes, self.uri, self.folder = nodes, uri, Folder(path)

    def run(self, playbook: str, *arguments: str, **variables: t.Any) -> Run:
        """Run a playbook of the collection on all servers that there are by now."""
        self.folder.write("hosts.json", {"all": {"children": {"access_servers": self._group(variables)}}})
        return self.folder.play([{"import_playbook": f"vpn.estate.{playbook}"}], "-vvvv", "--diff", *arguments)

    def _group(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        every = {
            "as_username": "openvpn",
            "as_password": PASSWORD,
            "as_timeout": 5,
            "cluster_mysql_uri": self.uri,
            "cluster_check_database": True,
            "cluster_restart_timeout": 10,
            "rolling_restart_timeout": 10,
            "rolling_restart_check_timeout": 3,
            "node_removal_restart_timeout": 10,
        }
        hosts = {
            name: {
                "as_url": node.url,
                "as_ca_path": node.ready["ca_path"],
                "cluster_api_endpoint": node.url,
            }
            for name, node in self.nodes.nodes.items()
        }
        return {"hosts": hosts, "vars": {**every, **variables}}

    def made(self, playbook: str = "cluster", *arguments: str, **variables: t.Any) -> dict[str, int]:
        """The same; it must succeed, and not tell the secrets. Answers the number of changes by server."""
        run = self.run(playbook, *arguments, **variables)
        assert run.status == 0, run.output
        assert PASSWORD not in run.output
        assert self.uri not in run.output
        return {name: row["changed"] for name, row in run.tally.items()}

    def stopped(self, playbook: str = "cluster", *arguments: str, **variables: t.Any) -> str:
        """The same; it must fail. Answers what it said, in one line."""
        run = self.run(playbook, *arguments, **variables)
        assert run.status != 0, run.output
        assert PASSWORD not in run.output
        assert self.uri not in run.output
        return " ".join(run.output.split())

    def members(self, at: str) -> set[str]:
        """The nodes that a server lists."""
        return set(self.nodes[at].control("state")["nodes"])


class Probe(threading.Thread):
    """Asks every node, side by side, ten times a second; keeps which of them were down at each look."""

    def __init__(self, nodes: t.Sequence[Node]) -> None:
        super().__init__(daemon=True)
        self._nodes, self._over = nodes, threading.Event()
        self.looks: list[set[str]] = []

    def run(self) -> None:
        while not self._over.wait(PROBE_SECONDS):
            self.looks.append({node.name for node in self._nodes if not answers(node)})

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._over.set()
        self.join()


def answers(node: Node) -> bool:
    """Whether the API answers at all; without a token, it refuses."""
    address = urlsplit(node.url)
    context = ssl.create_default_context(cafile=node.ready["ca_path"])
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, timeout=2, context=context)
    try:
        connection.request("GET", "/api/server/status")
        return connection.getresponse().status in (400, 401)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@pytest.fixture(name="database", scope="module")
def fixture_database() -> Iterator[Database]:
    with Database() as database:
        yield database


@pytest.fixture(name="estate")
def fixture_estate(database: Database, tmp_path: Path) -> Iterator[Estate]:
    """Three fresh servers, and an empty database."""
    database.clear()
    with Nodes(["a", "b", "c"], "--password", PASSWORD) as nodes:
        yield Estate(nodes, database.uri, tmp_path)


def test_a_cluster_from_nothing_and_back(estate: Estate) -> None:
    nodes = estate.nodes
    assert set(estate.made(cluster_rr_dns_hostname="vpn.example.com")) == {"a", "b", "c"}
    assert estate.members("c") == {"a", "b", "c"}
    assert estate.made(cluster_rr_dns_hostname="vpn.example.com") == {"a": 0, "b": 0, "c": 0}

    nodes.add("d", "--password", PASSWORD)
    changed = estate.made(cluster_rr_dns_hostname="vpn.example.com")
    assert changed["d"] > 0
    assert estate.members("a") == {"a", "b", "c", "d"}

    for node in nodes.nodes.values():
        node.control("settings", {"restart_downtime": 1.0})
    nodes["b"].control("connect", {"user": "openvpn"})
    with Probe(list(nodes.nodes.values())) as probe:
        changed = estate.made("rolling_restart", rolling_restart_all=True, rolling_restart_drain=True)
    assert changed == {"a": 1, "b": 2, "c": 1, "d": 1}
    assert max(len(down) for down in probe.looks) == 1
    assert set().union(*probe.looks) == {"a", "b", "c", "d"}

    assert "Say which node leaves" in estate.stopped("remove_node")
    nodes["d"].control("connect", {"user": "openvpn"})
    assert estate.made("remove_node", "-e", "vpn_node=d") == {"d": 2}
    assert estate.members("a") == {"a", "b", "c"}
    assert estate.members("d") == {"d"}
    assert estate.made("remove_node", "-e", "vpn_node=d") == {"d": 0}


def test_lone_servers(estate: Estate) -> None:
    """What is not right stops the run before anything is written, and a sick server stops the rolling restart."""
    nodes = estate.nodes
    estate.made("cluster", "--check", cluster_rr_dns_hostname="vpn.example.com")
    nodes["b"].control("clock", {"advance": 60})
    assert "the clocks of the servers are" in estate.stopped()
    nodes["b"].control("settings", {"version": "3.1.0"})
    assert "b has version 3.1.0, and the servers have 3.2" in estate.stopped()
    for name, node in nodes.nodes.items():
        assert node.control("counts")["writes"] == 0
        assert estate.members(name) == {name}

    nodes["b"].control("settings", {"ailing_with": "host.name=vpn.example.com", "ailment": "daemons"})
    said = estate.stopped("rolling_restart", rolling_restart_all=True)
    assert 'b, at the step "Wait until it serves": not well after 3 s: no VPN daemon runs.' in said
    assert "Neither looked at nor restarted: c." in said
    assert nodes["a"].control("counts")["writes"] == 1
    assert nodes["c"].control("counts")["writes"] == 0


def test_a_node_killed_in_the_middle_of_the_bootstrap(estate: Estate) -> None:
    """The cluster lists it, and it does not know; the next run says who is missing, and the one after it completes."""
    killed = estate.nodes["b"]
    killed.control("settings", {"dies_halfway": True})
    said = estate.stopped(cluster_restart_timeout=3, as_timeout=2)
    assert 'b, at the step "Become a node":' in said
    assert "Not looked at: c." in said
    killed.kill()
    assert "b" in estate.members("a")
    said = estate.stopped()
    assert f"{killed.url}" in said
    assert "Reach the server" in said
    killed.start()
    estate.made()
    assert estate.members("b") == estate.members("c") == {"a", "b", "c"}
    assert set(estate.made().values()) == {0}

    estate.nodes["c"].kill()
    said = estate.stopped("rolling_restart", rolling_restart_all=True)
    assert 'a, at the step "Restart nobody while another node is down": ' in said
    assert "Neither looked at nor restarted: b, c." in said
