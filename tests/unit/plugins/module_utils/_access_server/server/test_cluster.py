# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers become nodes of a cluster, are listed, and leave it; the next run continues an interrupted one."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import cluster, cluster_node, restart
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import CLUSTER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import CLUSTER_NODE, spelled
from ansible_collections.vpn.estate.plugins.modules import as_cluster_info, as_cluster_node
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
PASSWORD = "Marker-Password-7!"
dialects = pytest.mark.parametrize("dialect", ["document", "3.2"])


class Estate:
    """Fresh servers with one password, and a database that they can share."""

    def __init__(self, start: Start, folder: Path) -> None:
        self._start = start
        self.uri = f"sqlite://{folder}/shared-mArKuRi.db"
        self.servers: dict[str, Server] = {}

    def add(self, name: str, **how: t.Any) -> Server:
        settings = {"restart_downtime": 0.05, "proxy_timeout": 1.0, **how.pop("settings", {})}
        self.servers[name] = self._start(node_name=name, password=PASSWORD, settings=settings, **how)
        return self.servers[name]

    @property
    def peers(self) -> list[dict[str, str]]:
        """All servers, as each of them may name them."""
        simulators = [server.simulator for server in self.servers.values()]
        return [{"as_url": one.url, "as_certificate_fingerprint": one.fingerprint_sha256} for one in simulators]

    def node(self, at: str, **params: t.Any) -> Answer:
        """Run as_cluster_node against a server."""
        server = self.servers[at]
        own = {"api_endpoint": server.simulator.url, "mysql_uri": self.uri} if params.get("state") != "absent" else {}
        said = {"name": at, "peers": self.peers, "restart_timeout": 3, "as_timeout": 3, **own, **params}
        return server.run(cluster_node.apply_node, CLUSTER_NODE.argument_spec(), **said)

    def done(self, at: str, **params: t.Any) -> dict[str, t.Any]:
        """The same; it must succeed. Answers what became of the node."""
        answer = self.node(at, **params)
        assert not answer.get("failed"), answer["msg"]
        [line] = answer["objects"]
        assert answer["changed"] is (line["action"] != "unchanged")
        return t.cast("dict[str, t.Any]", line)

    def refused(self, at: str, **params: t.Any) -> str:
        """The same; it must fail and write nothing. Answers its sentence."""
        for server in self.servers.values():
            server.simulator.log.clear()
        answer = self.node(at, **params)
        assert answer.get("failed"), answer
        assert not answer["changed"]
        assert [path for server in self.servers.values() for path in server.writes()] == []
        return str(answer["msg"])

    def table(self, name: str) -> dict[str, dict[str, t.Any]]:
        """Run as_cluster_info against a server: its rows by name."""
        answer = self.servers[name].run(cluster.inform, {})
        assert not answer.get("failed"), answer["msg"]
        assert answer["changed"] is False
        return {row["name"]: row for row in answer["nodes"]}

    def sent(self, name: str, path: str) -> int:
        return sum(one.path == path for one in self.servers[name].simulator.log)


@pytest.fixture(name="estate")
def fixture_estate(start: Start, tmp_path: Path) -> Estate:
    return Estate(start, tmp_path)


@pytest.fixture(name="pair")
def fixture_pair(estate: Estate) -> Estate:
    """A cluster of two."""
    for name in ("node1", "node2"):
        estate.add(name)
    for name in ("node1", "node2"):
        estate.done(name)
    return estate


def restarts(server: Server) -> list[str]:
    """Modes of the restarts that it was asked for."""
    return [one.query["restartMode"] for one in server.simulator.log if one.path == "/api/server/restart"]


# -- becoming a node


@dialects
def test_the_same_task_for_each_makes_a_cluster_of_them_once(estate: Estate, dialect: str) -> None:
    names = ["node1", "node2", "node3"]
    for name in names:
        estate.add(name, dialect=dialect)
    lines = [estate.done(name) for name in names]
    assert [line["cluster_action"] for line in lines] == ["create", "join", "join"]
    assert [line["nodes"] for line in lines] == [names[:1], names[:2], names]
    for name, line in zip(names, lines, strict=True):
        simulator = estate.servers[name].simulator
        assert line["certificate_fingerprint"] == spelled(simulator.fingerprint_sha256)
        assert line["fingerprint_presented"] is True
        assert line["restart_pending"] is False
        assert restarts(estate.servers[name]) == ["server_agent"]
        simulator.log.clear()
    for name in names:
        line = estate.done(name)
        assert (line["action"], line["cluster_action"]) == ("unchanged", "none")
        assert not estate.servers[name].writes()


def test_check_mode_shows_what_the_run_does_and_writes_nothing(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2")
    estate.done("node1")
    planned = estate.node("node2", check=True)
    assert not estate.servers["node2"].writes()
    done = estate.node("node2")
    assert planned["diff"] == done["diff"]
    assert planned["diff"]["after"]["node2"]["mysql_uri"] == "(not shown)"
    assert planned["objects"][0]["cluster_action"] == done["objects"][0]["cluster_action"] == "join"


def test_check_mode_assumes_what_the_run_creates_before(estate: Estate) -> None:
    names = ["node1", "node2", "node3"]
    for name in names:
        estate.add(name)
    how = [{"assume_present": names[: names.index(name)]} for name in names]
    foretold = [estate.node(name, check=True, **more) for name, more in zip(names, how, strict=True)]
    assert not any(estate.servers[name].writes() for name in names)
    done = [estate.node(name, **more) for name, more in zip(names, how, strict=True)]
    for planned, came in zip(foretold, done, strict=True):
        assert planned["diff"] == came["diff"]
        assert planned["objects"][0]["cluster_action"] == came["objects"][0]["cluster_action"]
        assert planned.get("warnings") == came.get("warnings")
    assert [answer["objects"][0]["cluster_action"] for answer in done] == ["create", "join", "join"]


def test_the_real_run_takes_nothing_for_granted(estate: Estate) -> None:
    estate.add("node1")
    assert estate.done("node1", assume_present=["node7"])["cluster_action"] == "create"


def test_a_server_that_joins_warns_of_the_loss(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2", users=7)
    estate.done("node1")
    [warning] = estate.node("node2")["warnings"]
    assert "loses its own 9 users" in warning


def test_the_accounts_are_those_of_the_cluster_then(estate: Estate) -> None:
    estate.add("node1")
    estate.done("node1")
    other = estate.add("node2")
    other.simulator.machine.set_password("openvpn", "Another-Password-8!")
    params = {"as_password": "Another-Password-8!", "peers": [{**estate.peers[0], "as_password": PASSWORD}]}
    answer = estate.node("node2", **params)
    assert answer["failed"]
    assert answer["changed"]
    assert "only accounts of the cluster can sign in, and the sign-in of this task failed: " in answer["msg"]
    assert estate.table("node1")["node2"]["reachable"]
    assert estate.done("node2")["action"] == "unchanged"


def test_no_cluster_is_created_while_a_peer_does_not_report_whether_one_exists(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2").simulator.machine.settings.dead = True
    assert "It is not known whether a cluster exists already" in estate.refused("node1")
    assert estate.done("node1", peers=[])["cluster_action"] == "create"


def test_a_silent_peer_does_not_keep_a_server_from_a_known_cluster(pair: Estate) -> None:
    pair.add("node3")
    pair.servers["node2"].simulator.machine.settings.dead = True
    answer = pair.node("node3")
    assert not answer.get("failed"), answer["msg"]
    assert any("did not report its cluster" in warning for warning in answer["warnings"])
    assert answer["objects"][0]["cluster_action"] == "join"


def test_a_peer_that_does_not_let_us_in_is_not_taken_for_our_own_server(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2").simulator.machine.set_password("openvpn", "Another-Password-8!")
    answer = estate.node("node1")
    assert "refused the name or the password" in answer["msg"]
    assert "sign_in_refused" not in answer


def test_two_clusters_are_not_taken_for_one(estate: Estate, tmp_path: Path) -> None:
    for name in ("node1", "node2", "node3"):
        estate.add(name)
    estate.done("node1", peers=[])
    estate.done("node2", peers=[], mysql_uri=f"sqlite://{tmp_path}/other.db")
    assert "are in two clusters (node1, and node2)" in estate.refused("node3")


def test_a_node_of_another_version_does_not_join(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2", settings={"version": "3.1.0"})
    estate.done("node1")
    sentence = estate.refused("node2")
    assert "has version 3.1.0, and the cluster of" in sentence
    assert "All nodes must have the same version" in sentence


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"peers": None}, "Set peers to the other servers"),
        ({"mysql_uri": None}, "To become a node, it needs mysql_uri"),
        ({"api_endpoint": None}, "To become a node, it needs api_endpoint"),
        ({"api_endpoint": None, "certificate_fingerprint": "auto"}, "auto needs api_endpoint"),
        ({"api_endpoint": "https://node1.example.com"}, "is not an address such as"),
        ({"api_endpoint": "https://u:p@node1.example.com:945"}, "is not an address such as"),
        ({"api_endpoint": "https://127.0.0.1:9"}, "no server presents a certificate at https://127.0.0.1:9"),
        ({"certificate_fingerprint": "12:34"}, "is neither auto nor a SHA-256 fingerprint"),
        ({"mysql_uri": "mArK secret"}, "mysql_uri is not the address of a database"),
        ({"restart_timeout": 0}, "is too small; the smallest value is 1 second"),
    ],
)
def test_what_is_not_possible_is_refused_before_anything_is_written(
    estate: Estate, params: dict[str, t.Any], sentence: str
) -> None:
    estate.add("node1")
    if "https://node1" in str(params.get("api_endpoint")) or "@" in str(params.get("api_endpoint")):
        params = {**params, "certificate_fingerprint": "0" * 64}
    refusal = estate.refused("node1", **params)
    assert sentence in refusal
    assert "mArK" not in refusal


def test_a_name_that_another_server_has_is_refused(pair: Estate) -> None:
    pair.add("node3")
    assert "already has a cluster node node2 (https://" in pair.refused("node3", name="node2")


def test_an_endpoint_that_another_node_has_is_refused(pair: Estate) -> None:
    pair.add("node3")
    endpoint = pair.servers["node2"].simulator.url
    assert f"{endpoint} already belongs to cluster node node2" in pair.refused("node3", api_endpoint=endpoint)


def test_a_server_is_not_taken_for_another_node(pair: Estate) -> None:
    assert "is not cluster node node2, but another node" in pair.refused("node1", name="node2")
    assert "is not cluster node node2, but another node" in pair.refused("node1", name="node2", state="absent")
    assert "none of its nodes is called node9" in pair.refused("node1", name="node9")


def test_what_the_server_refuses_is_reported_without_the_database(estate: Estate) -> None:
    estate.add("node1")
    secret = "mysql://as:mArKp%40ss@db.example.com:3306/"
    reason = f"cannot use {secret} as mArKp@ss or mArKp%40ss: node node1 at https://x:1"
    estate.servers["node1"].simulator.faults.add(path="/cluster/create", status=400, body={"reason": reason})
    answer = estate.node("node1", mysql_uri=secret, peers=[])
    assert answer["failed"]
    assert not answer["changed"]
    assert "refuses to create a cluster" in answer["msg"]
    assert "node node1" in answer["msg"]
    assert "mArK" not in text_of(answer)
    assert not restarts(estate.servers["node1"])


# -- answers that are lost, and servers that die


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_twice(estate: Estate, name: str) -> None:
    estate.add("node1")
    estate.add("node2")
    if name == "node2":
        estate.done("node1")
    estate.servers[name].simulator.faults.add(path="/cluster/[cj]*", do="drop", applied=True)
    assert estate.done(name)["action"] == "created"
    assert estate.sent(name, "/api/cluster/create") + estate.sent(name, "/api/cluster/join") == 1
    assert estate.done(name)["action"] == "unchanged"


@pytest.mark.parametrize("do", ["drop", "status"])
def test_a_request_that_was_lost_on_its_way_is_an_error_and_the_next_run_makes_good(estate: Estate, do: str) -> None:
    estate.add("node1")
    estate.servers["node1"].simulator.faults.add(path="/cluster/create", do=do, status=502)
    answer = estate.node("node1", restart_timeout=1)
    assert answer["failed"]
    assert "The request to create a cluster was not repeated" in answer["msg"]
    assert estate.sent("node1", "/api/cluster/create") == 1
    assert answer["objects"][0]["action"] == "unknown"
    assert estate.done("node1")["cluster_action"] == "create"


def revived(server: Server) -> None:
    server.simulator.machine.settings.dead = False


def test_a_server_that_died_as_it_joined_is_found_and_joins_again(estate: Estate) -> None:
    estate.add("node1")
    estate.done("node1")
    server = estate.add("node2", settings={"dies_halfway": True})
    answer = estate.node("node2", restart_timeout=1)
    assert answer["failed"]
    assert server.simulator.url in answer["msg"]
    assert not estate.table("node1")["node2"]["reachable"]
    revived(server)
    assert estate.done("node2")["cluster_action"] == "again"
    assert estate.table("node1")["node2"]["reachable"]


def test_a_server_that_may_not_join_again_is_named(estate: Estate) -> None:
    estate.add("node1")
    estate.done("node1")
    server = estate.add("node2", settings={"dies_halfway": True}, readings={"repeated_join": "refused"})
    estate.node("node2", restart_timeout=1)
    revived(server)
    answer = estate.node("node2")
    assert answer["failed"]
    assert "refuses to join the cluster again: Cluster node already exists: node2" in answer["msg"]


def test_one_that_was_cut_off_before_its_restart_says_that_it_waits_for_it(pair: Estate) -> None:
    server = pair.add("node3")
    server.simulator.faults.add(path="/server/restart", status=400, body={"reason": "not now"})
    answer = pair.node("node3")
    assert "refuses to restart: not now" in answer["msg"]
    assert pair.done("node3")["restart_pending"] is True
    server.run(restart.restart, restart.SPEC, mode="server_agent", only_if_pending=True)
    assert pair.done("node3")["restart_pending"] is False


STEPS = ["/server/info", "/users/list", "/cluster/join", "/server/status", "/server/restart", "/cluster/nodes/list"]


@pytest.mark.parametrize("path", STEPS)
def test_a_server_that_dies_at_any_step_is_named_and_the_next_run_makes_good(pair: Estate, path: str) -> None:
    server = pair.add("node3")
    settings = server.simulator.machine.settings
    nth = 3 if path == "/cluster/nodes/list" else 1  # the first two are before anything is written
    server.simulator.faults.add(path=path, do="act", nth=nth, act=lambda: settings.change({"dead": True}))
    answer = pair.node("node3", restart_timeout=1)
    assert answer["failed"]
    assert any(named in answer["msg"] for named in (server.simulator.url, "node3"))
    revived(server)
    line = pair.done("node3")
    if line["restart_pending"]:
        server.run(restart.restart, restart.SPEC, mode="server_agent", only_if_pending=True)
    assert pair.done("node3")["action"] == "unchanged"
    rows = pair.table("node1")
    assert [row["reachable"] for row in rows.values()] == [True] * 3
    assert rows["node3"]["restart_pending"] is False


# -- changing


def test_properties_are_changed_where_they_differ(pair: Estate) -> None:
    server = pair.servers["node2"]
    before = spelled(server.simulator.fingerprint_sha256)
    other = "AB" * 32
    line = pair.done("node2", certificate_fingerprint=other.lower())
    assert (line["action"], line["changed_keys"]) == ("updated", ["certificate_fingerprint"])
    assert pair.table("node1")["node2"]["certificate_fingerprint"] == spelled(other)
    assert "presents another certificate" in pair.table("node1")["node2"]["error"]
    line = pair.done("node2", certificate_fingerprint="auto")
    assert (line["action"], line["certificate_fingerprint"], line["fingerprint_presented"]) == ("updated", before, True)
    assert pair.table("node1")["node2"]["reachable"]
    assert pair.done("node2", certificate_fingerprint=before)["action"] == "unchanged"


def test_an_endpoint_that_others_cannot_reach_is_named_at_once(estate: Estate) -> None:
    estate.add("node1")
    estate.done("node1")
    estate.add("node2")
    answer = estate.node("node2", api_endpoint="https://127.0.0.1:9", certificate_fingerprint="0" * 64)
    assert "cannot forward calls to it" in answer["msg"]
    assert answer["changed"]
    assert estate.done("node2", certificate_fingerprint="auto")["changed_keys"] == [
        "api_endpoint",
        "certificate_fingerprint",
    ]
    assert estate.table("node1")["node2"]["reachable"]


# -- leaving


def test_a_node_leaves_once(pair: Estate) -> None:
    planned = pair.node("node2", state="absent", check=True)
    assert not pair.servers["node1"].simulator.log[-1].wrote
    pair.servers["node2"].simulator.log.clear()
    done = pair.node("node2", state="absent")
    assert planned["diff"] == done["diff"]
    assert done["objects"][0]["cluster_action"] == "leave"
    assert restarts(pair.servers["node2"]) == ["server_agent"]
    assert list(pair.table("node1")) == ["node1"]
    assert pair.table("node2") == {}
    assert pair.done("node2", state="absent")["action"] == "unchanged"
    assert pair.done("node2")["cluster_action"] == "join"


def test_the_last_one_stays(pair: Estate) -> None:
    pair.done("node2", state="absent")
    assert "is the last node of its cluster" in pair.refused("node1", state="absent")


def test_connected_clients_are_reported(pair: Estate) -> None:
    pair.servers["node2"].simulator.connect("ada")
    answer = pair.node("node2", state="absent", check=True)
    assert "leaves while VPN clients are connected to it: 1" in answer["warnings"][0]


def test_a_peer_that_is_not_checked_is_named(pair: Estate) -> None:
    silent = pair.add("node3")
    pair.done("node3")
    silent.simulator.machine.settings.dead = True
    answer = pair.node("node2", state="absent")
    assert not answer.get("failed"), answer["msg"]
    [warning] = answer["warnings"]
    assert f"It is not checked whether {silent.simulator.url} removes node2 from its list: " in warning


def test_a_lost_leave_is_looked_for(pair: Estate) -> None:
    pair.servers["node2"].simulator.faults.add(path="/cluster/leave", do="drop", applied=True)
    assert pair.done("node2", state="absent")["action"] == "deleted"
    assert pair.sent("node2", "/api/cluster/leave") == 1


def test_a_server_that_died_as_it_left_leaves_again(pair: Estate) -> None:
    pair.add("node3")
    pair.done("node3")
    server = pair.servers["node3"]
    server.simulator.machine.settings.dies_halfway = True
    assert pair.node("node3", state="absent", restart_timeout=1)["failed"]
    revived(server)
    assert list(pair.table("node1")) == ["node1", "node2"]
    assert pair.done("node3", state="absent")["action"] == "deleted"
    assert pair.table("node3") == {}


@pytest.mark.parametrize(
    ("path", "nth"),
    [
        ("/vpn/status", 1),
        ("/cluster/leave", 1),
        *(("/server/status", nth) for nth in (1, 2, 3)),
        ("/server/restart", 1),
    ],
)
def test_a_server_that_dies_as_it_leaves_is_named_and_the_next_run_makes_good(
    pair: Estate, path: str, nth: int
) -> None:
    server = pair.servers["node2"]
    settings = server.simulator.machine.settings
    server.simulator.faults.add(path=path, do="act", nth=nth, act=lambda: settings.change({"dead": True}))
    answer = pair.node("node2", state="absent", restart_timeout=1)
    assert settings.dead
    assert answer["failed"]
    assert server.simulator.url in answer["msg"]
    revived(server)
    pair.done("node2", state="absent")
    assert list(pair.table("node1")) == ["node1"]
    assert pair.table("node2") == {}


def test_a_node_of_another_name_is_not_in_the_way_of_being_absent(pair: Estate) -> None:
    assert pair.done("node1", name="node9", state="absent")["action"] == "unchanged"


# -- what all share


@pytest.mark.parametrize(("dialect", "props"), [("document", "nested"), ("3.2", "nested"), ("3.2", "flat")])
def test_what_all_share_is_set_once(estate: Estate, dialect: str, props: str) -> None:
    server = estate.add("node1", dialect=dialect, readings={"cluster_props": props})
    estate.done("node1")
    declared = {"rr_dns_hostname": "all.example.com", "rr_dns_new_nodes": True, "rr_dns_this_node": True}
    planned = server.manage(CLUSTER, check=True, **declared)
    done = server.manage(CLUSTER, **declared)
    assert not done.get("failed"), done["msg"]
    assert planned["diff"] == done["diff"]
    assert done["diff"]["after"]["cluster"] == declared
    server.simulator.log.clear()
    assert not server.manage(CLUSTER, **declared)["changed"]
    assert not server.writes()
    answer = server.run(cluster.inform, {})
    assert answer["cluster"] == {"rr_dns_hostname": "all.example.com", "rr_dns_new_nodes": True}


def test_each_node_uses_the_name_if_declared(pair: Estate) -> None:
    server = pair.servers["node1"]
    assert server.manage(CLUSTER, rr_dns_hostname="all.example.com")["changed"]
    assert server.manage(CLUSTER, rr_dns_this_node=True, as_node="node2")["changed"]
    assert not server.manage(CLUSTER, rr_dns_this_node=True, as_node="node2")["changed"]
    assert server.manage(CLUSTER, rr_dns_this_node=True, check=True)["changed"]
    assert not server.manage(CLUSTER, rr_dns_this_node=False)["changed"]
    refused = server.manage(CLUSTER, rr_dns_this_node=False, as_node="node2")
    assert "Set a host name of its own with as_config_item (host.name). Nothing was written" in refused["msg"]


def test_a_name_that_changes_reaches_the_node_that_goes_by_it(estate: Estate) -> None:
    server = estate.add("node1")
    estate.done("node1")
    for name in ("one.example.com", "two.example.com"):
        assert server.manage(CLUSTER, rr_dns_hostname=name, rr_dns_this_node=True)["changed"]
        assert server.simulator.state()["configuration"]["default"]["host.name"] == name


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"rr_dns_this_node": True}, "the cluster has no round-robin host name"),
        ({"rr_dns_hostname": "not a name"}, "Setting the cluster properties failed"),
    ],
)
def test_what_cannot_be_shared_is_refused(estate: Estate, params: dict[str, t.Any], sentence: str) -> None:
    server = estate.add("node1")
    estate.done("node1")
    server.simulator.log.clear()
    assert sentence in server.manage(CLUSTER, **params)["msg"]
    assert not server.writes()


def test_a_lone_server_shares_nothing(server: Server) -> None:
    assert (
        "is not in a cluster. Make it a node first" in server.manage(CLUSTER, rr_dns_hostname="all.example.com")["msg"]
    )
    planned = server.manage(CLUSTER, rr_dns_hostname="all.example.com", check=True)
    assert planned["changed"]
    assert server.run(cluster.inform, {}) == {"changed": False, "cluster": None, "own_name": None, "nodes": []}


# -- the table, and calls that are passed on


def test_the_table_shows_the_state_of_each_node(pair: Estate) -> None:
    pair.servers["node2"].simulator.connect("ada")
    rows = pair.table("node1")
    documented = yaml.safe_load(as_cluster_info.RETURN)["nodes"]["contains"]
    assert all(set(row) == set(documented) for row in rows.values())
    simulator = pair.servers["node2"].simulator
    assert rows["node2"]["api_endpoint"] == simulator.url
    assert rows["node2"]["certificate_fingerprint"] == spelled(simulator.fingerprint_sha256)
    assert (rows["node1"]["vpn_clients"], rows["node2"]["vpn_clients"]) == (0, 1)
    assert [row["error"] for row in rows.values()] == [None, None]
    assert rows["node1"]["last_restarted"] != rows["node2"]["last_restarted"]
    assert {row["version"] for row in rows.values()} == {"3.2.2"}
    simulator.machine.settings.change({"version": "9.9"})
    assert pair.table("node1")["node2"]["version"] == "9.9"


@pytest.mark.parametrize("ailment", ["dead", "wrong_certificate"])
def test_the_table_has_a_sentence_for_a_node_that_is_not_reached(pair: Estate, ailment: str) -> None:
    pair.servers["node2"].simulator.machine.settings.change({ailment: True})
    if ailment == "wrong_certificate":
        pair.servers["node2"].simulator._take_over()
    rows = pair.table("node1")
    assert rows["node1"]["reachable"]
    row = rows["node2"]
    assert row["reachable"] is False
    assert {row[key] for key in ("version", "last_restarted", "services_not_on", "problems", "vpn_clients")} == {None}
    assert "forward this to node node2" in row["error"]


def test_the_table_shows_the_problems_of_a_node_and_which_one_was_asked(pair: Estate) -> None:
    pair.servers["node2"].simulator.configure(ailing_with="host.name=vpn.example.com", ailment="daemons")
    assert [row["problems"] for row in pair.table("node1").values()] == [[], ["no VPN daemon runs"]]
    own_names = [pair.servers[name].run(cluster.inform, {})["own_name"] for name in ("node1", "node2")]
    assert own_names == ["node1", "node2"]
    assert pair.servers["node1"].run(cluster.inform, {}, as_node="node2")["own_name"] == "node2"
    settings = pair.servers["node1"].simulator.machine.settings
    settings.wrong_certificate = True
    pair.servers["node1"].simulator._take_over()
    settings.wrong_certificate = False
    assert pair.servers["node2"].run(cluster.inform, {})["own_name"] == "node2"


def passed_on(server: Server, node: str | None) -> Answer:
    """A task that must fail; a node carries out its calls."""
    answer = server.run(lambda run: {"found": run.client.users()}, {}, as_node=node)
    assert answer["failed"]
    return answer


def test_a_call_that_is_not_passed_on_names_the_node(pair: Estate) -> None:
    server = pair.servers["node1"]
    for status, why in ((502, "does not know or cannot reach"), (504, "did not answer in time")):
        server.simulator.faults.add(path="/users/list", status=status, times=3)
        answer = passed_on(server, "node2")
        assert f"answered {status}: it had to forward this to node node2, which" in answer["msg"]
        assert why in answer["msg"]
    assert "node node7, which it does not know" in passed_on(server, "node7")["msg"]
    server.simulator.faults.add(path="/users/list", status=502, times=3)
    assert "forward this" not in passed_on(server, None)["msg"]


def test_everything_that_is_reported_is_documented(estate: Estate) -> None:
    estate.add("node1")
    documented = yaml.safe_load(as_cluster_node.RETURN)["objects"]["contains"]
    assert set(estate.done("node1")) == set(documented) - {"msg"}


def test_the_database_is_never_shown(estate: Estate) -> None:
    estate.add("node1")
    estate.add("node2")
    answers = [estate.node(name, check=check) for name in ("node1", "node2") for check in (True, False)]
    answers.append(estate.node("node2", mysql_uri="sqlite:///nowhere/mArKuRi.db", name="node3"))
    assert not any("mArKuRi" in text_of(answer) for answer in answers)
