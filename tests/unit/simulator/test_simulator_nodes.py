# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as processes of their own, with a real database: what one does leaves the others alone."""

from __future__ import annotations

import email.utils
import json
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.tests.simulator.database import Database, available
from ansible_collections.vpn.estate.tests.simulator.nodes import Nodes

NODES = Path(__file__).parents[2] / "simulator" / "nodes.py"
AWAY_SECONDS = 2.0


@pytest.fixture
def client(another_client):
    """A function that signs in at a node."""

    class _Where:
        def __init__(self, ready):
            self.url, self.ca_path = ready["url"], ready["ca_path"]

    def signed_in(node, credentials=None):
        known = credentials or node.ready
        api = another_client(_Where(node.ready))
        assert api.login(known["username"], known["password"], request_admin=True).status == 200
        return api

    return signed_in


@pytest.fixture
def estate(mariadb, client):
    """Three nodes of one cluster, and a client of each."""
    with Nodes(["one", "two", "three"]) as nodes:
        first, *others = nodes.nodes.values()
        uri = {"mysqluri": mariadb.uri}
        apis = {first.name: client(first)}
        assert apis["one"].post("cluster/create", {**first.description, **uri}).status == 200
        for node in others:
            assert client(node).post("cluster/join", {**node.description, **uri}).status == 200
            apis[node.name] = client(node, first.ready)
        for node in nodes.nodes.values():
            node.control("settings", {"restart_downtime": 0.0, "proxy_timeout": 5.0})
            assert apis[node.name].post("server/restart?restartMode=server_agent").status == 200
            assert apis[node.name].get("server/status").status == 200
        yield nodes, apis


def until(condition):
    """Wait for something that comes by itself."""
    for _unused in range(200):
        if condition():
            return
        threading.Event().wait(0.05)
    pytest.fail("it did not come")


def answers(api):
    try:
        return api.get("server/status").status == 200
    except OSError:
        return False


def test_three_processes_are_one_cluster(estate):
    nodes, apis = estate
    listed = apis["two"].get("cluster/nodes/list").body["nodes"]
    assert {name: row["restart_pending"] for name, row in listed.items()} == dict.fromkeys(nodes.nodes, False)
    assert apis["three"].post("users/create", {"name": "nora"}).status == 201
    assert "nora" in nodes["one"].control("state")["users"]
    for name in nodes.nodes:
        passed_on = apis["one"].get("server/info", X_OpenVPN_AS_Node=name)
        assert passed_on.body["os_hostname"] == name
    shown = {ssl.get_server_certificate((urlsplit(n.url).hostname, urlsplit(n.url).port)) for n in nodes.nodes.values()}
    assert len(shown) == 3


@pytest.mark.exhaustive
def test_a_restart_takes_one_node_away_and_no_other(estate):
    nodes, apis = estate
    nodes["two"].control("settings", {"restart_downtime": AWAY_SECONDS})
    before = apis["two"].get("server/status").body["last_restarted"]
    assert apis["one"].post("server/restart?restartMode=cold", X_OpenVPN_AS_Node="two").status == 200
    assert not answers(apis["two"])
    assert apis["one"].get("server/status", X_OpenVPN_AS_Node="two").status == 502
    assert answers(apis["one"])
    assert answers(apis["three"])
    until(lambda: answers(apis["two"]))
    assert apis["two"].get("server/status").body["last_restarted"] > before


@pytest.mark.exhaustive
def test_a_killed_node_is_missed_and_comes_back_as_itself(estate):
    nodes, apis = estate
    former = nodes["three"].ready
    nodes["three"].kill()
    assert apis["one"].get("server/info", X_OpenVPN_AS_Node="three").status == 502
    assert "three" in apis["one"].get("cluster/nodes/list").body["nodes"]
    nodes["three"].start()
    for key in ("url", "fingerprint_sha256"):
        assert nodes["three"].ready[key] == former[key]
    assert nodes["three"].ready["password"] == nodes["one"].ready["password"], "that of the cluster"
    assert apis["one"].get("server/info", X_OpenVPN_AS_Node="three").status == 200


@pytest.mark.exhaustive
def test_many_writers_lose_nothing(estate):
    _nodes, apis = estate

    def write(name, api):
        for number in range(10):
            assert api.post("users/create", {"name": f"{name}{number}"}).status == 201

    writers = [threading.Thread(target=write, args=each) for each in apis.items()]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    total = [api.post("users/list", {}).body["total"] for api in apis.values()]
    assert total == [32, 32, 32]


def test_version_and_clock_are_options(client):
    with Nodes(["one"], "--clock-offset", "3600") as nodes:
        api = client(nodes["one"])
        later = client(nodes.add("two", "--version", "9.9.9", "--clock-offset", "0"))
        assert later.get("server/info").body["version"] == "9.9.9"
        moments = [
            email.utils.parsedate_to_datetime(each.get("server/info").headers["Date"]).timestamp()
            for each in (later, api)
        ]
        assert 3000 < moments[1] - moments[0] < 4200
        with pytest.raises(ValueError, match="one: .*no setting called 'ded'"):
            nodes["one"].control("settings", {"ded": True})


@pytest.mark.exhaustive
def test_nodes_from_the_command_line():
    command = [sys.executable, str(NODES), "one", "two", "--users", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert ready["mysql_uri"] is None
    assert set(ready["nodes"]) == {"one", "two"}
    folder = Path(ready["nodes"]["one"]["ca_path"]).parents[1]
    assert not folder.exists()


@pytest.mark.exhaustive
@pytest.mark.skipif(available() is not None, reason=available() or "")
def test_databases_side_by_side_leave_each_other_alone(tmp_path, monkeypatch):
    """A server that starts takes temporary tables in its folder for its own of before."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    anothers = tmp_path / "#sql-temptable-1-1-1.MAI"
    anothers.touch()
    with Database():
        assert anothers.exists()


def test_a_node_can_be_killed_by_a_request(client):
    """With what the request has done, or before it has done anything."""
    with Nodes(["one"]) as nodes:
        node = nodes["one"]
        for applied in (False, True):
            node.control("faults", {"path": "/users/create", "do": "kill", "applied": applied})
            with pytest.raises(ConnectionError):
                client(node).post("users/create", {"name": "ada"})
            node.kill()
            assert not node.runs
            node.start()
            assert ("ada" in node.control("state")["users"]) is applied
