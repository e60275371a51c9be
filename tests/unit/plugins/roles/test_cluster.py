# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters in real runs of the playbooks, on nodes that are processes of their own and share a real database."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.simulator.database import Database, available
from ansible_collections.vpn.estate.tests.simulator.nodes import Node, Nodes
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run

pytestmark = pytest.mark.skipif(available() is not None, reason=available() or "")
PASSWORD = "Marker-Password-7!"
SUBKEY = "Marker-Subkey-7!"
SHARED_NAME = "estate.example.com"
PROBE_SECONDS = 0.1
ROLES = Path(__file__).resolve().parents[4] / "roles"
CALLBACKS = Path(__file__).with_name("callbacks")


class Estate:
    """Servers of the group access_servers, and their playbooks."""

    def __init__(self, nodes: Nodes, uri: str, path: Path) -> None:
        self.nodes, self.uri, self.folder = nodes, uri, Folder(path)
        self._secrets = (PASSWORD, SUBKEY, uri, str(urlsplit(uri).password))

    def run(self, playbook: str, *arguments: str, killing: dict[str, t.Any] | None = None, **variables: t.Any) -> Run:
        """Run a playbook of the collection on all servers that exist now."""
        self.folder.write("hosts.json", {"all": {"children": {"access_servers": self._group(variables)}}})
        environment = {}
        if killing:
            callback = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "ANSIBLE_CALLBACKS_ENABLED": "kill"}
            environment = {**callback, "KILL": json.dumps(killing)}
        return self.folder.play([{"import_playbook": f"vpn.estate.{playbook}"}], *arguments, **environment)

    def _group(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        every = {
            "as_username": "openvpn",
            "as_password": PASSWORD,
            "as_timeout": 5,
            "cluster_mysql_uri": self.uri,
            "cluster_check_database": True,
            "cluster_restart_timeout": 10,
            "cluster_check_timeout": 3,
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
        """The same; it must succeed without showing the secrets. Returns the number of changes by server."""
        run = self.run(playbook, "-vvvv", "--diff", *arguments, **variables)
        assert run.status == 0, run.output
        assert self.secretive(run)
        return {name: row["changed"] for name, row in run.tally.items()}

    def stopped(self, playbook: str = "cluster", *arguments: str, **variables: t.Any) -> str:
        """The same; it must fail. Returns its output, in one line."""
        run = self.run(playbook, "-vvvv", "--diff", *arguments, **variables)
        assert run.status != 0, run.output
        assert self.secretive(run)
        return " ".join(run.output.split())

    def secretive(self, run: Run) -> bool:
        """Whether it shows neither a password nor the address of the database."""
        return not any(secret in run.output for secret in self._secrets)

    def members(self, at: str) -> set[str]:
        """The nodes that a server lists."""
        return set(self.nodes[at].control("state")["nodes"])


class Look(t.NamedTuple):
    """One request to a node, and whether there was an answer."""

    begun: float
    ended: float
    answered: bool


class Probe:
    """Sends a request to every node ten times a second, in a thread for each, so that a slow node does not delay the others."""

    def __init__(self, nodes: t.Iterable[Node]) -> None:
        self._over = threading.Event()
        self.looks: dict[str, list[Look]] = {node.name: [] for node in nodes}
        self._threads = [threading.Thread(target=self._ask, args=(node,), daemon=True) for node in nodes]

    def _ask(self, node: Node) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due, time.monotonic()) + PROBE_SECONDS
            begun = time.monotonic()
            answered = answers(node)
            self.looks[node.name].append(Look(begun, time.monotonic(), answered))

    def __enter__(self) -> t.Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def outages(looks: t.Sequence[Look]) -> Iterator[tuple[float, float]]:
    """Times in which a node may have been down: from the last answer before a silence to the end of the first one after it."""
    begun, silent = 0.0, False
    for look in looks:
        if look.answered and silent:
            yield begun, look.ended
        if look.answered:
            begun = look.begun
        silent = not look.answered
    if silent:
        yield begun, looks[-1].ended


def together(looks: dict[str, list[Look]]) -> list[tuple[str, str]]:
    """Pairs of nodes that may have been down at the same time."""
    found = sorted((*outage, name) for name, each in looks.items() for outage in outages(each))
    return [
        (earlier, later)
        for i, (_begun, ended, earlier) in enumerate(found)
        for begun, _ended, later in found[i + 1 :]
        if begun < ended and earlier != later
    ]


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


def looks(pattern: str, width: float = 1.0) -> list[Look]:
    """Requests one after the other; those with a dot were answered."""
    return [Look(i * width, (i + 0.5) * width, sign == ".") for i, sign in enumerate(pattern)]


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("...x.....", "......x..", False),
        ("...xx....", "....x....", True),
        ("...x.....", "....x....", True),  # no request has shown both of them up in between
        ("......xxx", "...x.....", False),
        ("......xxx", ".......x.", True),
        (".........", "xxxxxxxxx", False),
    ],
)
def test_the_probe_counts_every_doubt_as_an_outage(one: str, other: str, overlap: bool) -> None:
    assert bool(together({"one": looks(one), "other": looks(other)})) is overlap


@pytest.mark.exhaustive
def test_a_slow_node_does_not_delay_the_probe() -> None:
    with Nodes(["slow", "quick"]) as nodes:
        nodes["slow"].control("settings", {"latency": 60.0})
        with Probe(nodes.nodes.values()) as probe:
            while len(probe.looks["quick"]) < 10:
                threading.Event().wait(PROBE_SECONDS)
            assert probe.looks["slow"] == []
    assert all(look.answered for look in probe.looks["quick"])


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


def test_a_cluster_from_nothing(estate: Estate) -> None:
    licensed = {"cluster_subscription": bundle(subkey=SUBKEY)}
    assert set(estate.made("cluster", "--limit", "a,b", cluster_rr_dns_hostname=SHARED_NAME, **licensed)) == {"a", "b"}
    assert estate.members("b") == {"a", "b"}
    kinds = {name: node.control("state")["license"] for name, node in estate.nodes.nodes.items()}
    assert kinds == {"a": "subscription", "b": "subscription", "c": "unlicensed"}


@pytest.mark.exhaustive
def test_a_cluster_grows_restarts_and_shrinks(estate: Estate) -> None:
    nodes = estate.nodes
    assert set(estate.made(cluster_rr_dns_hostname=SHARED_NAME)) == {"a", "b", "c"}
    assert estate.members("c") == {"a", "b", "c"}

    nodes.add("d", "--password", PASSWORD)
    changed = estate.made(cluster_rr_dns_hostname=SHARED_NAME)
    assert changed.pop("d") > 0
    assert changed == {"a": 0, "b": 0, "c": 0}  # present nodes do not change
    assert estate.members("a") == {"a", "b", "c", "d"}

    for node in nodes.nodes.values():
        node.control("settings", {"restart_downtime": 1.0})
    nodes["b"].control("connect", {"user": "openvpn"})
    with Probe(nodes.nodes.values()) as probe:
        changed = estate.made("rolling_restart", rolling_restart_all=True, rolling_restart_drain=True)
    assert changed == {"a": 1, "b": 2, "c": 1, "d": 1}
    assert {name for name, each in probe.looks.items() if list(outages(each))} == {"a", "b", "c", "d"}
    assert together(probe.looks) == []

    assert "Set vpn_node to the node that is to be removed" in estate.stopped("remove_node")
    nodes["d"].control("connect", {"user": "openvpn"})
    foretold = estate.run("remove_node", "--check", "-e", "vpn_node=d")
    assert (foretold.status, foretold.tally["d"]["changed"]) == (0, 2), foretold.output
    assert "is not a node" not in foretold.output
    assert estate.made("remove_node", "-e", "vpn_node=d") == {"d": 2}
    assert estate.members("a") == {"a", "b", "c"}
    assert estate.members("d") == {"d"}
    assert estate.made("remove_node", "-e", "vpn_node=d") == {"d": 0}


@pytest.mark.exhaustive
def test_lone_servers(estate: Estate) -> None:
    """A problem stops the run before anything is written, and a server that is not healthy stops the rolling restart."""
    nodes = estate.nodes
    foretold = estate.run("cluster", "--check", "--diff", "-v", cluster_rr_dns_hostname=SHARED_NAME)
    assert foretold.status == 0, foretold.output
    deeds = re.findall(r'\[(\w)\] => .*"cluster_action": "([a-z]+)"', foretold.output)
    assert sorted(deeds) == sorted([("a", "create"), ("b", "join"), ("c", "join")] * 2), foretold.output
    nodes["b"].control("clock", {"advance": 60})
    assert "the clocks of the servers are" in estate.stopped()
    nodes["b"].control("settings", {"version": "3.1.0"})
    assert "b has version 3.1.0, and the servers have 3.2" in estate.stopped()
    for name, node in nodes.nodes.items():
        assert node.control("counts")["writes"] == 0
        assert estate.members(name) == {name}

    nodes["b"].control("settings", {"ailing_with": "host.name=vpn.example.com", "ailment": "daemons"})
    said = estate.stopped("rolling_restart", "--limit", "b,c", rolling_restart_all=True)
    assert (
        f'b, at the step "Wait until the server is healthy": {nodes["b"].url} is not healthy after 3 s: no VPN daemon runs.'
        in said
    )
    assert "Neither checked nor restarted: c." in said
    said = estate.stopped("rolling_restart", rolling_restart_all=True)
    assert 'a, at the step "Require that all other servers are healthy": b is not healthy: no VPN daemon' in said
    assert "a was not restarted." in said
    assert [node.control("counts")["writes"] for node in nodes.nodes.values()] == [0, 1, 0]

    nodes["b"].control("settings", {"ailing_with": ""})
    silent = {"vpn_clients": [], "vpn_daemons": []}
    nodes["a"].control("faults", {"path": "/vpn/status", "status": 200, "body": silent})  # until it has restarted
    assert estate.made("rolling_restart", rolling_restart_all=True) == {"a": 1, "b": 1, "c": 1}


# -- nodes that are killed


class Death(t.NamedTuple):
    """When a node is killed: at the start of a task for it, or after it has carried out a request of that task.

    The cluster knows of a request that is `half` carried out, and the node does not. ``hosts`` are the hosts of the run, if it
    is not this node alone. ``shown`` is the step that the run names, if it is another one.
    """

    node: str
    task: str
    request: str = ""
    nth: int = 1
    half: bool = False
    hosts: str = ""
    shown: str = ""


SET_THE_NAME = "Set the round-robin host name"
BOOTSTRAP = [
    Death("c", "Connect to the server"),
    Death("c", "Read the licence"),
    Death("c", "Check whether the server can become a node"),
    Death("a", "Activate the subscription of the server", "POST /license/subscription"),
    Death("a", "Add the server to the cluster"),
    Death("a", "Add the server to the cluster", "POST /cluster/create"),
    Death("b", "Add the server to the cluster", half=True),
    Death("b", "Add the server to the cluster", "POST /server/restart"),
    Death("c", "Wait until the server is healthy"),
    Death("c", "Read the nodes of the cluster"),
    Death("a", SET_THE_NAME, "POST /cluster/props"),
    Death("a", SET_THE_NAME, "PUT /cluster/rr-dns-hostname"),
    Death("c", SET_THE_NAME, hosts="b,c"),
    Death("b", "Restart the server if an earlier run was interrupted"),
    Death("c", "Read the nodes of the cluster", nth=2),
]
ROLLING_RESTART = [
    Death("b", "Check the health of the server", hosts="a,b", shown="Require that all other servers are healthy"),
    Death("a", "Check the health of the other nodes"),
    Death("a", "Read the VPN sessions"),
    Death("a", "Disconnect the VPN clients", "POST /vpn/client/disconnect"),
    Death("a", "Restart the server"),
    Death("a", "Restart the server", "POST /server/restart"),
    Death("a", "Wait until the server is healthy"),
]
LEAVE = "Remove the node from its cluster"
REMOVAL = [
    Death("c", "Read the nodes of the cluster"),
    Death("c", "Read the VPN sessions"),
    Death("c", "Disconnect the VPN clients", "POST /vpn/client/disconnect"),
    Death("c", LEAVE),
    Death("c", LEAVE, half=True),
    Death("c", LEAVE, "POST /server/restart"),
    Death("b", LEAVE, "POST /cluster/leave"),
]


def killed(estate: Estate, death: Death, playbook: str, *arguments: str, **variables: t.Any) -> None:
    """A run during which a node is killed; it names the node and the step. The node is up again for the next run."""
    node, killing = estate.nodes[death.node], None
    if death.half:
        node.control("settings", {"dies_halfway": True})
    elif death.request:
        method, path = death.request.split()
        node.control("faults", {"method": method, "path": path, "do": "kill", "applied": True})
    else:
        killing = {"pid": node.pid, "host": death.node, "task": death.task, "nth": death.nth}
    hosts = ("--limit", death.hosts or death.node)
    run = estate.run(playbook, *hosts, *arguments, killing=killing, as_timeout=2, **variables)
    said = " ".join(run.output.split())
    assert run.status != 0, (death, run.output)
    named = [f": {death.shown or death.task}] ", f'the step "{death.shown or death.task}"']
    assert any(words in said for words in named), (death, run.output)
    assert node.url in said or f"node {death.node}" in said, (death, run.output)
    assert estate.secretive(run)
    assert death.half or not node.runs, death
    node.kill()
    node.start()


def tasks_with_modules(of: t.Any) -> Iterator[str]:
    """Names of the tasks of a role that send requests to a server."""
    if isinstance(of, list):
        for one in of:
            yield from tasks_with_modules(one)
    elif isinstance(of, dict):
        if any(key.startswith("vpn.estate.") for key in of):
            yield of["name"]
        for key in ("block", "rescue", "always"):
            yield from tasks_with_modules(of.get(key))


def test_a_node_is_killed_at_every_step() -> None:
    steps = {
        name
        for role in ("cluster", "rolling_restart", "node_removal")
        for path in (ROLES / role / "tasks").glob("*.yml")
        for name in tasks_with_modules(yaml.safe_load(path.read_text()))
    }
    assert steps == {death.task for death in (*BOOTSTRAP, *ROLLING_RESTART, *REMOVAL)}


@pytest.mark.exhaustive
def test_nodes_killed_at_every_step(estate: Estate) -> None:
    """Each run dies one step later than the one before it, and the last runs complete the work."""
    nodes = estate.nodes
    estate.folder.hurry()

    def quick() -> None:
        for node in nodes.nodes.values():
            node.control("settings", {"restart_downtime": 0.05})

    shared = {
        "cluster_rr_dns_hostname": SHARED_NAME,
        "cluster_restart_timeout": 2,
        "cluster_check_timeout": 2,
        "cluster_subscription": bundle(subkey=SUBKEY),
    }
    for death in BOOTSTRAP:
        quick()
        killed(estate, death, "cluster", **shared)
    assert estate.run("cluster", **shared).status == 0
    state = nodes["a"].control("state")["nodes"]
    assert state == {"a": False, "b": False, "c": False}, state

    everyone = {
        "rolling_restart_all": True,
        "rolling_restart_drain": True,
        "rolling_restart_timeout": 2,
        "rolling_restart_check_timeout": 2,
    }
    for death in ROLLING_RESTART:
        quick()
        nodes["a"].control("connect", {"user": "openvpn"})
        killed(estate, death, "rolling_restart", **everyone)
    assert {row["changed"] for row in estate.run("rolling_restart", **everyone).tally.values()} == {1}

    for death in REMOVAL:
        quick()
        nodes["c"].control("connect", {"user": "openvpn"})
        if death.node == "b":
            assert estate.run("remove_node", "-e", "vpn_node=c").status == 0
            assert estate.members("c") == {"c"}
        arguments = ("-e", f"vpn_node={death.node}")
        killed(estate, death, "remove_node", *arguments, node_removal_restart_timeout=2)
    assert estate.run("remove_node", "-e", "vpn_node=b").status == 0
    assert (estate.members("a"), estate.members("b")) == ({"a"}, {"b"})
