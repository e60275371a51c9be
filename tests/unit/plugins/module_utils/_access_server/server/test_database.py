# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases: which one is in use, moving to MySQL once, and the content of one before a server moves."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import sys
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import cluster_node, database
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import CLUSTER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import CLUSTER_NODE
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.simulator.database import Database, available
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

_addresses = socket.getaddrinfo
Start = t.Callable[..., Server]
QUICK = {"restart_downtime": 0.05}
MYSQL_URI = "mysql://as_user:mArKp%40ss@db.example.com:3307/"


@pytest.fixture(name="uri")
def fixture_uri(tmp_path: Path) -> str:
    """A database that simulated servers can move to."""
    return f"sqlite://{tmp_path}/mArKuRi.db"


@pytest.fixture(name="telling")
def fixture_telling(start: Start) -> Server:
    """A server that reports a local database."""
    server = start(dialect="document", settings=QUICK)
    server.manage(CONFIG_ITEM, name="sa.company_name", value="Example")
    server.simulator.log.clear()
    return server


@pytest.fixture(autouse=True)
def fixture_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The databases of simulated servers are usually files, which only these tests can read."""
    tables = database.tables

    def look(uri: str) -> dict[str, int]:
        if not uri.startswith("sqlite://"):
            return tables(uri)
        with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite://"))) as file:
            [[number]] = file.execute("select count(*) from sqlite_master where type = 'table'")
        return {"openvpn_as": number} if number else {}

    monkeypatch.setattr(database, "tables", look)


def converted(server: Server, uri: str, **params: t.Any) -> Answer:
    """Run as_database."""
    return server.run(database.convert, database.SPEC, mysql_uri=uri, **{"restart_timeout": 3, **params})


def in_use(server: Server) -> str:
    """Run as_database_info."""
    answer = server.run(database.inform, {})
    assert answer["changed"] is False
    return str(answer["in_use"])


# -- moving


def test_a_server_moves_once(telling: Server, uri: str) -> None:
    assert in_use(telling) == "local"
    planned = converted(telling, uri, check=True)
    assert not telling.writes()
    done = converted(telling, uri)
    after = {"database": {"in_use": "mysql"}, "restart": {"mode": "server_agent", "vpn_clients": 0}}
    diff = {"before": {"database": {"in_use": "local"}}, "after": after}
    assert planned == done == {"changed": True, "before": "local", "in_use": "mysql", "diff": diff}
    assert telling.writes() == ["/api/database/convert", "/api/server/restart"]
    assert in_use(telling) == "mysql"
    telling.simulator.log.clear()
    assert converted(telling, uri) == {"changed": False, "before": "mysql", "in_use": "mysql"}
    assert not telling.writes()


def test_a_server_that_does_not_report_is_left_alone_unless_the_task_knows(start: Start, uri: str) -> None:
    server = start(settings=QUICK)
    assert in_use(server) == "unknown"
    answer = converted(server, uri)
    assert answer["failed"]
    assert "set assume_local: true. If it has already moved, set assume_local: false." in answer["msg"]
    assert converted(server, uri, assume_local=False) == {"changed": False, "before": "unknown", "in_use": "unknown"}
    assert not server.writes()
    assert converted(server, uri, assume_local=True)["in_use"] == "mysql"


def test_a_node_of_a_cluster_is_left_alone(start: Start, uri: str) -> None:
    server = start(settings=QUICK)
    node = {"name": "node1", "api_endpoint": server.simulator.url, "mysql_uri": uri, "peers": []}
    assert not server.run(cluster_node.apply_node, CLUSTER_NODE.argument_spec(), **node).get("failed")
    assert converted(server, uri) == {"changed": False, "before": "cluster", "in_use": "cluster"}


MOVING = pytest.mark.parametrize("second", READINGS["second_conversion"])
TELLING = pytest.mark.parametrize("source", READINGS["moved_source"])


@MOVING
@TELLING
@pytest.mark.parametrize("check_database", [True, False])
def test_no_server_moves_twice(start: Start, uri: str, second: str, source: str, check_database: bool) -> None:
    """Also if it reports nothing about its database, and repeats a conversion each time."""
    server = start(settings=QUICK, readings={"second_conversion": second, "moved_source": source})
    server.manage(CONFIG_ITEM, name="sa.company_name", value="Example")
    how = {"assume_local": True, "check_database": check_database}
    planned = converted(server, uri, check=True, **how)
    assert not server.writes()[1:]
    assert converted(server, uri, **how) == planned
    server.simulator.log.clear()
    for check in (True, False):
        again = converted(server, uri, check=check, **how)
        if source == "shown":
            assert again == {"changed": False, "before": "mysql", "in_use": "mysql"}
        else:
            assert "Only the database at mysql_uri can show whether it has moved" in again["msg"]
            assert "is not empty" in again["msg"]
            assert again["msg"].endswith("If it has already moved, set assume_local: false.")
    done = converted(server, uri, assume_local=False)
    assert (done["changed"], "failed" in done) == (False, False)
    assert not server.writes()


def test_a_database_that_cannot_be_looked_at_is_not_moved_to_on_trust(start: Start, look: Look) -> None:
    server, look.error = start(settings=QUICK), Refusal(2003, "mArK")
    answer = converted(server, MYSQL_URI, assume_local=True)
    assert "cannot be checked: it cannot be reached. Nothing was written. If it has already moved" in answer["msg"]
    assert "mArK" not in text_of(answer)
    assert not server.writes()


@pytest.mark.parametrize("listed", READINGS["lone_node"])
def test_a_server_that_lists_itself_is_no_cluster(start: Start, uri: str, listed: str) -> None:
    """It has the declared database, and the work is done."""
    server = start(dialect="document", settings=QUICK, readings={"lone_node": listed})
    server.manage(CONFIG_ITEM, name="sa.company_name", value="Example")
    assert in_use(server) == "local"
    planned = converted(server, uri, check=True)
    assert converted(server, uri) == planned
    assert planned["changed"]
    assert in_use(server) == "mysql"


@pytest.mark.parametrize("listed", READINGS["lone_node"])
def test_a_silent_server_that_lists_itself_is_not_reported_as_moved(start: Start, uri: str, listed: str) -> None:
    server = start(settings=QUICK, readings={"lone_node": listed, "moved_source": "db"})
    assert in_use(server) == "unknown"
    assert "does not report which database it has" in converted(server, uri)["msg"]
    assert not server.writes()


@pytest.mark.parametrize("listed", READINGS["lone_node"])
def test_the_properties_of_no_cluster_are_not_promised(start: Start, listed: str) -> None:
    """Check mode warns of what the run would meet."""
    server = start(readings={"lone_node": listed})
    declared = {"rr_dns_hostname": "vpn.example.com"}
    planned = server.manage(CLUSTER, check=True, **declared)
    assert planned["warnings"]
    done = server.manage(CLUSTER, **declared)
    assert done["failed"]
    assert not done["changed"]
    if listed != "addressed":
        assert "is not in a cluster" in done["msg"]


@pytest.mark.parametrize("listed", READINGS["lone_node"])
@pytest.mark.parametrize("source", READINGS["moved_source"])
def test_lone_servers_become_nodes_and_leave_again(start: Start, uri: str, listed: str, source: str) -> None:
    """Whatever they list while they are alone. Where that looks like a cluster of one, nothing is written."""
    readings = {"lone_node": listed, "moved_source": source}
    servers = [start(settings=QUICK, password="Marker-Password-7!", node_name=name, readings=readings) for name in "ab"]
    urls = [one.simulator.url for one in servers]
    peers = [
        {"as_url": url, "as_certificate_fingerprint": one.simulator.fingerprint_sha256}
        for url, one in zip(urls, servers, strict=True)
    ]
    spec, node = CLUSTER_NODE.argument_spec(), {"mysql_uri": uri, "restart_timeout": 5, "peers": peers}
    answers = [
        server.run(cluster_node.apply_node, spec, name=f"node{number}", api_endpoint=urls[number], **node)
        for number, server in enumerate(servers)
    ]
    if listed == "addressed":
        assert all(one["failed"] and not one["changed"] for one in answers)
        return
    assert not any(one.get("failed") for one in answers), answers
    assert answers[1]["objects"][0]["nodes"] == ["node0", "node1"]
    gone = servers[1].run(cluster_node.apply_node, spec, name="node1", state="absent", **node)
    assert not gone.get("failed"), gone["msg"]


@pytest.fixture(name="silent")
def fixture_silent(start: Start) -> Server:
    """A server that reports its database only after it has moved."""
    server = start(settings=QUICK)
    server.manage(CONFIG_ITEM, name="sa.company_name", value="Example")
    return server


def test_a_lost_answer_is_looked_for(silent: Server, uri: str) -> None:
    silent.simulator.faults.add(path="/database/convert", do="drop", applied=True)
    assert converted(silent, uri, assume_local=True)["in_use"] == "mysql"
    assert sum(one.path == "/api/database/convert" for one in silent.simulator.log) == 1


def test_a_request_that_was_lost_on_its_way_is_an_error(silent: Server, uri: str) -> None:
    silent.simulator.faults.add(path="/database/convert", do="drop")
    answer = converted(silent, uri, assume_local=True)
    assert answer["failed"]
    assert "does not report that it uses MySQL (it reports: unknown). The request was not repeated" in answer["msg"]
    assert sum(one.path == "/api/database/convert" for one in silent.simulator.log) == 1
    assert converted(silent, uri, assume_local=True)["in_use"] == "mysql"


def test_what_the_server_refuses_is_reported_without_the_database(telling: Server) -> None:
    reason = f"no connection to {MYSQL_URI} with mArKp@ss or 'mArKp%40ss'"
    telling.simulator.faults.add(
        path="/database/convert", status=400, body={"reason": reason, "detail": {"uri": reason}}
    )
    answer = converted(telling, MYSQL_URI)
    assert answer["failed"]
    assert not answer["changed"]
    assert "refuses to convert its database: no connection to ***" in answer["msg"]
    assert "mArK" not in text_of(answer)


AMBIGUOUS = [
    *("mArK", "mysql://u:mArK@h:port/", "mysql:", "://mArK", "mysql://u:p@mArK@h:3306/", "mysql://u:p#mArK@h/"),
    *("mysql://u:p@h/#mArK", "mysql://u:p/mArK@h/", "mysql://u:p?mArK@h/", "mysql://u:p@h/?mArK=1", "mysql://u:p@h/d?"),
    *(
        "mysql://u:12#mArK@h/",
        "mysql://u:p@[mArK/",
        "mysql://u:p@h/\nmArK",
        "mysql://u:mArK p@h/",
        "mysql://u:p@h:0/mArK",
    ),
]


@pytest.mark.parametrize("uri", AMBIGUOUS)
@pytest.mark.parametrize("noun", ["database", "node"])
def test_what_is_no_address_is_refused_and_not_shown(
    server: Server, look: Look, monkeypatch: pytest.MonkeyPatch, noun: str, uri: str
) -> None:
    """No host is asked for whose name may be the rest of a password."""
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more: asked.append(host) or _addresses(host, *more))
    how: dict[str, t.Any] = {"check_database": True, "restart_timeout": 3, "mysql_uri": uri}
    if noun == "node":
        how |= {"name": "node1", "api_endpoint": "https://127.0.0.1:1", "peers": []}
        answer = server.run(
            lambda run: CLUSTER_NODE.parse(run.task.params, "present"), CLUSTER_NODE.argument_spec(), **how
        )
    else:
        answer = server.run(database.convert, database.SPEC, **how)
    assert "mysql_uri is not the address of a database" in answer["msg"]
    assert "mArK" not in text_of(answer)
    assert not server.simulator.log
    assert not look.asked
    assert not asked


@pytest.mark.parametrize("query", ["", "?charset=utf8mb4", "?ssl_ca=/etc/ca.pem&charset=utf8"])
def test_what_libraries_know_may_follow_an_address(query: str) -> None:
    assert (
        database.address(f"mysql://as_user:p%40s%23s%2F@db.example.com:3307/name{query}").hostname == "db.example.com"
    )


@pytest.mark.parametrize(("raw", "form"), [("p%40ss%23mArK", "p@ss#mArK"), ("p%40ss%23mArK", "p%40ss%23mArK")])
def test_the_parts_of_an_address_are_masked_wherever_they_stand(server: Server, raw: str, form: str) -> None:
    """A result, and not only the text of the server: in the controller's own process and as Ansible masks in another."""
    body = Body(ACCESS_SERVER, database.SPEC, lambda run: {"changed": False, "text": f"it is {form}, is it?"})
    answer = perform(
        body,
        "as_database",
        {**server.connection, "mysql_uri": f"mysql://as_user:{raw}@h/"},
        check=False,
        invocation=True,
    )
    assert "mArK" not in text_of(answer)
    assert "is it?" in answer["text"]


def test_a_refusal_names_no_part_of_an_address(telling: Server) -> None:
    telling.simulator.faults.add(
        path="/database/convert", status=400, body={"reason": "as_user cannot", "detail": {MYSQL_URI: "mArKp@ss"}}
    )
    answer = converted(telling, MYSQL_URI)
    assert "refuses to convert its database: *** cannot" in answer["msg"]
    assert "as_user" not in text_of(answer)
    assert "mArK" not in text_of(answer)


# -- looking into a database


class Refusal(Exception):
    """What PyMySQL raises."""


class Look:
    """A stand-in for PyMySQL: what it was asked, and what it finds."""

    def __init__(self) -> None:
        self.asked: dict[str, t.Any] = {}
        self.rows: list[tuple[str, int]] = []
        self.error: Exception | None = None

    def connect(self, **how: t.Any) -> Look:
        self.asked = how
        if self.error:
            raise self.error
        return self

    def cursor(self) -> Look:
        return self

    def __enter__(self) -> Look:
        return self

    def __exit__(self, *unused: object) -> None: ...

    def execute(self, statement: str) -> None:
        assert "information_schema" in statement

    def fetchall(self) -> list[tuple[str, int]]:
        return self.rows

    def close(self) -> None:
        self.asked["closed"] = True


@pytest.fixture(name="look")
def fixture_look(monkeypatch: pytest.MonkeyPatch) -> Look:
    look = Look()
    module = types.ModuleType("pymysql")
    module.connect, module.MySQLError = look.connect, Refusal  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pymysql", module)
    return look


def test_an_empty_database_is_gone_to(telling: Server, look: Look) -> None:
    assert converted(telling, MYSQL_URI, check_database=True, check=True)["changed"]
    assert look.asked == {
        "host": "db.example.com",
        "port": 3307,
        "user": "as_user",
        "password": "mArKp@ss",
        "connect_timeout": 5.0,
        "read_timeout": 30.0,
        "write_timeout": 30.0,
        "closed": True,
    }


def test_one_that_is_not_empty_is_not(telling: Server, look: Look) -> None:
    look.rows = [("as_config", 3), ("as_users", 4)]
    answer = converted(telling, MYSQL_URI, check_database=True)
    assert "is not empty: there are 7 tables in as_config, as_users" in answer["msg"]
    assert not telling.writes()
    assert "mArK" not in text_of(answer)


def test_what_accepts_a_connection_and_keeps_silent_is_no_database(
    telling: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PyMySQL itself."""
    pytest.importorskip("pymysql")
    monkeypatch.setattr(database, "SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"mysql://as_user:mArKp@127.0.0.1:{silent.getsockname()[1]}/"
        answer = converted(telling, uri, check_database=True)
    assert "cannot be checked: the connection to it was lost. Nothing was written" in answer["msg"]
    assert not telling.writes()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refusal(1045, "Access denied for mArK"), "it does not accept its user or its password"),
        (Refusal(2003, "mArK"), "it cannot be reached"),
        (Refusal(9999, "mArK"), "it answers with error 9999"),
        (Refusal("mArK"), "it answers with error None"),
        (RuntimeError("mArK"), "RuntimeError"),
        (ConnectionResetError("mArK"), "ConnectionResetError"),
    ],
)
def test_one_that_cannot_be_looked_at_is_an_error(telling: Server, look: Look, error: Exception, sentence: str) -> None:
    look.error = error
    answer = converted(telling, MYSQL_URI, check_database=True)
    assert f"the database at db.example.com:3307 cannot be checked: {sentence}. Nothing was written" in answer["msg"]
    assert "mArK" not in text_of(answer)
    assert not telling.writes()


def test_without_the_library_it_is_named(telling: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    assert "PyMySQL" in converted(telling, MYSQL_URI, check_database=True)["msg"]


def test_only_mysql_is_looked_at(telling: Server, uri: str) -> None:
    assert "mysql_uri is not a MySQL address" in converted(telling, f"other{uri}", check_database=True)["msg"]


@pytest.fixture(name="mariadb")
def fixture_mariadb() -> t.Iterator[Database]:
    """A real database with nothing in it."""
    if available():
        pytest.skip(available())
    with Database() as found:
        yield found


def test_servers_move_into_a_real_one_that_is_empty_and_join_there(start: Start, mariadb: Database) -> None:
    first, second, third = (
        start(settings=QUICK, password="Marker-Password-7!", node_name=name) for name in ("one", "two", "three")
    )
    simulators = [one.simulator for one in (first, second, third)]
    peers = [{"as_url": one.url, "as_certificate_fingerprint": one.fingerprint_sha256} for one in simulators]
    spec = CLUSTER_NODE.argument_spec()
    node = {"mysql_uri": mariadb.uri, "check_database": True, "restart_timeout": 10}
    for number, server in enumerate((first, second), start=1):
        url = server.simulator.url
        answer = server.run(cluster_node.apply_node, spec, name=f"node{number}", api_endpoint=url, peers=peers, **node)
        assert not answer.get("failed"), answer["msg"]
    assert answer["objects"][0]["nodes"] == ["node1", "node2"]
    answer = third.run(
        cluster_node.apply_node, spec, name="node3", api_endpoint=third.simulator.url, peers=[], check=True, **node
    )
    assert "is not empty" in answer["msg"]
    wrong = mariadb.uri.replace("@", "x@")
    assert (
        "it does not accept its user or its password"
        in converted(third, wrong, check_database=True, assume_local=True)["msg"]
    )


def test_a_server_that_joins_needs_a_database_with_tables(start: Start, look: Look, uri: str) -> None:
    first, second = start(settings=QUICK, password="Marker-Password-7!"), start(password="Marker-Password-7!")
    node = {"api_endpoint": first.simulator.url, "peers": [], "restart_timeout": 3}
    spec = CLUSTER_NODE.argument_spec()
    assert not first.run(cluster_node.apply_node, spec, name="node1", mysql_uri=uri, **node).get("failed")
    known = {"peers": [{"as_url": first.simulator.url}], "api_endpoint": second.simulator.url}
    node = {**node, **known, "mysql_uri": MYSQL_URI, "check_database": True}
    answer = second.run(cluster_node.apply_node, spec, name="node2", check=True, **node)
    assert "is empty, so it is not the database of the cluster" in answer["msg"]
    look.rows = [("as_config", 3)]
    assert second.run(cluster_node.apply_node, spec, name="node2", check=True, **node)["changed"]
    lone = {**node, "peers": []}
    assert "is not empty" in second.run(cluster_node.apply_node, spec, name="node2", check=True, **lone)["msg"]
