# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarting a server, and ending VPN sessions."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import restart, vpn_session
from ansible_collections.vpn.estate.tests.simulator.access_server.answers import Call
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Start = t.Callable[..., Server]
QUICK = {"restart_downtime": 0.05}


def restarting(server: Server, **params: t.Any) -> Answer:
    """Run as_restart."""
    return server.run(restart.restart, restart.SPEC, **params)


def disconnecting(server: Server, **params: t.Any) -> Answer:
    """Run as_vpn_session."""
    return server.run(vpn_session.disconnect, vpn_session.SPEC, vpn_session.CONSTRAINTS, **params)


def sessions(server: Server, **params: t.Any) -> list[dict[str, t.Any]]:
    """Run as_vpn_session_info."""
    answer = server.run(vpn_session.inform, vpn_session.INFO_SPEC, **params)
    assert answer["changed"] is False
    return t.cast(list[dict[str, t.Any]], answer["sessions"])


def modes(server: Server) -> list[str]:
    """Modes of the restarts that the server was asked for."""
    return [one.query["restartMode"] for one in server.simulator.log if one.path == "/api/server/restart"]


def last_restarted(server: Server) -> str:
    return str(server.simulator.state()["last_restarted"])


@pytest.fixture(name="quick")
def fixture_quick(start: Start) -> Server:
    """A server that is soon back."""
    return start(settings=QUICK)


# -- whether to restart


def test_a_restart_is_always_due_unless_only_if_pending_is_set(quick: Server) -> None:
    before = last_restarted(quick)
    answer = restarting(quick)
    assert (answer["changed"], answer["restarted"], answer["pending"]) == (True, True, [])
    assert last_restarted(quick) != before


def test_without_a_reason_nothing_is_restarted(quick: Server) -> None:
    answer = restarting(quick, only_if_pending=True)
    assert answer == {"changed": False, "restarted": False, "pending": [], "vpn_clients": 0}
    assert modes(quick) == []


def test_changed_items_are_a_reason(quick: Server) -> None:
    answer = restarting(quick, only_if_pending=True, changed_items=["vpn.server.daemon.tcp.port", "cs.cert"])
    assert answer["pending"] == ["vpn.server.daemon.tcp.port", "cs.cert"]
    assert answer["restarted"]
    assert modes(quick) == ["warm"]


@pytest.mark.parametrize(
    ("harmless", "left"),
    [
        (["sa.*"], ["SA.company_name", "vpn.server.config_text"]),
        (["sa.company_name", "SA.*", "vpn.*.config_????"], []),
        (["company_name"], ["sa.company_name", "SA.company_name", "vpn.server.config_text"]),
    ],
)
def test_harmless_items_are_none(quick: Server, harmless: list[str], left: list[str]) -> None:
    changed = ["sa.company_name", "SA.company_name", "vpn.server.config_text"]
    answer = restarting(quick, only_if_pending=True, changed_items=changed, harmless=harmless)
    assert answer["pending"] == left
    assert answer["restarted"] is bool(left)
    assert modes(quick) == ["warm"] * bool(left)


@dialects
def test_a_node_that_waits_is_a_reason_for_that_node(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings={**QUICK, "cluster_nodes": 2})
    assert not restarting(server, only_if_pending=True)["restarted"]
    server.manage(CONFIG_ITEM, name="sa.company_name", value="Example")
    assert server.simulator.state()["nodes"] == {"node1": True, "node2": True}
    assert restarting(server, only_if_pending=True)["pending"] == ["node node1"]
    assert server.simulator.state()["nodes"] == {"node1": False, "node2": True}
    assert not restarting(server, only_if_pending=True)["restarted"]
    assert restarting(server, only_if_pending=True, as_node="node2")["pending"] == ["node node2"]
    assert server.simulator.state()["nodes"] == {"node1": False, "node2": False}
    assert not restarting(server, only_if_pending=True, as_node="node2")["restarted"]


def test_a_server_without_the_operations_of_clusters_is_restarted_too(quick: Server) -> None:
    missing = {"status": 404, "body": {"detail": "Not Found"}}
    quick.simulator.faults.add(path="/cluster/nodes/list", times=None, **missing)
    assert not restarting(quick, only_if_pending=True)["restarted"]
    assert restarting(quick, only_if_pending=True, changed_items=["cs.cert"])["restarted"]


# -- how


@pytest.mark.parametrize("mode", restart.MODES)
@dialects
def test_each_mode_is_asked_for_and_waited_for(start: Start, dialect: str, mode: str) -> None:
    server = start(dialect=dialect, settings=QUICK)
    server.simulator.clock.advance(3600)
    before = last_restarted(server)
    answer = restarting(server, mode=mode)
    assert modes(server) == [mode]
    assert answer["restarted"]
    assert last_restarted(server) != before
    shown = server.simulator.log[-1]
    assert (shown.path, shown.response["last_restarted"]) == ("/api/server/status", answer["last_restarted"])


@pytest.mark.parametrize("away", ["drop", "502"])
def test_the_server_may_go_away_late_and_in_any_way(start: Start, away: str) -> None:
    server = start(settings={"restart_delay": 0.2, "restart_downtime": 0.2, "restart_answer": away})
    before = last_restarted(server)
    assert restarting(server)["last_restarted"]
    assert last_restarted(server) != before


def test_no_task_waits_unless_it_is_asked_to(start: Start) -> None:
    server = start(settings={"restart_delay": 600})
    answer = restarting(server, wait=False)
    assert (answer["changed"], answer["restarted"]) == (True, True)
    assert "last_restarted" not in answer
    assert server.simulator.log[-1].path == "/api/server/restart"


def test_a_restart_whose_answer_is_lost_is_looked_for_and_not_repeated(quick: Server) -> None:
    quick.simulator.faults.add(path="/server/restart", do="drop", applied=True)
    before = last_restarted(quick)
    answer = restarting(quick)
    assert answer["restarted"]
    assert answer["last_restarted"]
    assert last_restarted(quick) != before
    assert len(modes(quick)) == 1


def test_a_server_that_does_not_come_back_in_time_is_a_failure(start: Start) -> None:
    server = start(settings={"restart_delay": 600})
    answer = restarting(server, timeout=1)
    assert answer["failed"]
    assert answer["changed"]  # it was asked to
    assert "did not restart within 1 seconds" in answer["msg"]
    assert len(modes(server)) == 1


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_time_that_is_not_valid_is_refused_before_anything_happens(quick: Server, timeout: int) -> None:
    answer = restarting(quick, timeout=timeout)
    assert answer["failed"]
    assert f"timeout: {timeout} is too small; the smallest value is 1 second" in answer["msg"]
    assert modes(quick) == []


# -- what does not happen


def test_check_mode_restarts_nothing_and_shows_what_would_be(quick: Server) -> None:
    before = last_restarted(quick)
    answer = restarting(quick, check=True, only_if_pending=True, changed_items=["cs.cert"])
    expected = {"changed": True, "restarted": False, "pending": ["cs.cert"], "vpn_clients": 0}
    after = {"restart": {"mode": "warm", "pending": ["cs.cert"], "vpn_clients": 0}}
    assert answer == {**expected, "diff": {"before": {}, "after": after}}
    assert not restarting(quick, check=True, only_if_pending=True)["changed"]
    assert modes(quick) == []
    assert not quick.writes()
    assert last_restarted(quick) == before


def test_a_dry_run_asks_the_server_and_changes_nothing(quick: Server) -> None:
    before = last_restarted(quick)
    answer = restarting(quick, mode="dry_run")
    assert (answer["changed"], answer["restarted"]) == (False, False)
    assert modes(quick) == ["dry_run"]
    assert last_restarted(quick) == before


def test_a_dry_run_in_check_mode_does_not_even_ask(quick: Server) -> None:
    answer = restarting(quick, mode="dry_run", check=True)
    assert answer == {"changed": False, "restarted": False, "pending": [], "vpn_clients": 0}
    assert modes(quick) == []


@pytest.mark.parametrize("mode", ["warm", "dry_run"])
@dialects
def test_a_server_that_could_not_start_again_refuses_and_goes_on(start: Start, dialect: str, mode: str) -> None:
    server = start(dialect=dialect, settings=QUICK)
    server.simulator.set_configuration(**{"host.name": ""})
    before = last_restarted(server)
    answer = restarting(server, mode=mode)
    assert answer["failed"]
    assert not answer["changed"]
    assert "refuses to restart: Required configuration key is not set: host.name." in answer["msg"]
    assert "It continues to run as before." in answer["msg"]
    assert last_restarted(server) == before


# -- connected clients


def test_a_restart_warns_of_connected_clients(quick: Server) -> None:
    quick.simulator.connect("alice")
    quick.simulator.connect("bob")
    answer = restarting(quick)
    assert answer["vpn_clients"] == 2
    assert answer["warnings"] == [f"A restart of {quick.simulator.url} may interrupt VPN clients; connected: 2."]


@pytest.mark.parametrize("check", [True, False])
def test_a_restart_has_a_diff(quick: Server, check: bool) -> None:
    quick.simulator.connect("alice")
    due = {"only_if_pending": True, "changed_items": ["cs.cert", "sa.company_name"], "harmless": ["sa.*"]}
    answer = restarting(quick, mode="cold", check=check, **due)
    expected = {"mode": "cold", "pending": ["cs.cert"], "vpn_clients": 1}
    assert answer["diff"] == {"before": {}, "after": {"restart": expected}}
    assert answer["restarted"] is not check
    assert "diff" not in restarting(quick, only_if_pending=True)


def test_check_mode_warns_too_and_a_server_that_stays_does_not(quick: Server) -> None:
    quick.simulator.connect("alice")
    assert restarting(quick, check=True)["warnings"]
    assert "warnings" not in restarting(quick, only_if_pending=True)
    assert "warnings" not in restarting(quick, mode="dry_run")


# -- ending sessions


@dialects
def test_sessions_of_users_end_and_those_of_others_go_on(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for name in ("alice", "bob", "Alice", "alice"):
        server.simulator.connect(name)
    answer = disconnecting(server, users=["alice", "carol"])
    assert answer["changed"]
    assert answer["disconnected"] == [
        {"username": "alice", "daemon_id": "openvpn_0", "client_id": 0},
        {"username": "alice", "daemon_id": "openvpn_3", "client_id": 0},
    ]
    assert [one["username"] for one in sessions(server)] == ["bob", "Alice"]
    assert not disconnecting(server, users=["alice", "carol"])["changed"]


@dialects
def test_one_session_ends_by_its_daemon_and_number(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    clients = [server.simulator.connect("alice") for _unused in range(21)]  # the last is the second of the first daemon
    assert (clients[20]["daemon_id"], clients[20]["client_id"]) == (clients[0]["daemon_id"], 1)
    wanted = {"daemon_id": clients[20]["daemon_id"], "client_id": 1}
    assert disconnecting(server, **wanted)["disconnected"] == [{"username": "alice", **wanted}]
    left = [(one["daemon_id"], one["client_id"]) for one in sessions(server)]
    assert left == [(one["daemon_id"], one["client_id"]) for one in clients[:20]]
    assert not disconnecting(server, **wanted)["changed"]


def test_without_connected_clients_no_request_is_sent(server: Server) -> None:
    server.simulator.connect("bob")
    for whom in ({"users": ["alice"]}, {"daemon_id": "openvpn_0", "client_id": 1}):
        answer = disconnecting(server, **whom)
        assert answer == {"changed": False, "disconnected": [], "diff": {"before": {}, "after": {}}}
    assert "/api/vpn/client/disconnect" not in [one.path for one in server.simulator.log]


def test_check_mode_shows_the_same_and_ends_nothing(server: Server) -> None:
    server.simulator.connect("alice")
    planned = disconnecting(server, users=["alice"], check=True)
    assert not server.writes()
    assert len(sessions(server)) == 1
    assert disconnecting(server, users=["alice"]) == planned


def test_reasons_reach_the_server(server: Server) -> None:
    server.simulator.connect("alice")
    disconnecting(server, users=["alice"], reason="Moved", client_reason="Please connect again.")
    server.simulator.connect("alice")
    disconnecting(server, users=["alice"])
    first, second = [one.request for one in server.simulator.log if one.path == "/api/vpn/client/disconnect"]
    assert first == {"users": ["alice"], "reason": "Moved", "client_reason": "Please connect again."}
    assert second == {"users": ["alice"], "reason": vpn_session.REASON}


def test_an_empty_list_of_users_is_refused(server: Server) -> None:
    server.simulator.connect("alice")
    answer = disconnecting(server, users=[])
    assert answer["failed"]
    assert "users is empty" in answer["msg"]
    assert len(sessions(server)) == 1


def test_of_sessions_that_the_server_cannot_end_it_is_reported_which_ended(server: Server) -> None:
    server.simulator.connect("alice")
    bob = server.simulator.connect("bob")
    refusal = {"status": 400, "body": {"reason": "Some clients could not be disconnected"}}
    server.simulator.faults.add(path="/vpn/client/disconnect", times=2, **refusal)
    server.simulator.faults.add(path="/vpn/status", nth=2, do="act", act=lambda: ended(server, "bob"))
    answer = disconnecting(server, users=["alice", "bob"])
    assert answer["failed"]
    assert answer["changed"]
    assert answer["disconnected"] == [{key: bob[key] for key in ("username", "daemon_id", "client_id")}]
    assert "1 of 2 sessions" in answer["msg"]
    assert "Some clients could not be disconnected" in answer["msg"]
    again = disconnecting(server, users=["alice", "bob"])
    assert (again["failed"], again["changed"], again["disconnected"]) == (True, False, [])


def ended(server: Server, username: str) -> None:
    """Another administrator ends the sessions of a user."""
    vpn = server.simulator.machine.vpn
    vpn.disconnect(Call("POST", "/vpn/client/disconnect", body={"users": [username]}))


def test_a_session_that_ends_by_itself_meanwhile_is_no_failure(server: Server) -> None:
    client = server.simulator.connect("alice")
    server.simulator.faults.add(path="/vpn/client/disconnect", do="act", act=lambda: ended(server, "alice"))
    answer = disconnecting(server, daemon_id=client["daemon_id"], client_id=client["client_id"])
    assert not answer.get("failed"), answer
    assert sessions(server) == []


# -- the list of connected clients


@dialects
def test_sessions_are_reported_alike_in_both_dialects(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    assert sessions(server) == []
    for name in ("alice", "bob"):
        server.simulator.connect(name)
    found = sessions(server)
    assert [one["common_name"] for one in found] == ["alice_AUTOLOGIN", "bob_AUTOLOGIN"]
    assert all("commonname" not in one for one in found)
    assert sessions(server, users=["bob", "BOB", "carol"]) == [found[1]]
    assert sessions(server, users=[]) == []


def test_restarts_that_cost_the_session_are_not_counted_as_dropped_sessions(start: Start) -> None:
    server = start(readings={"token_after_restart": "dies"})
    server.simulator.configure(restart_delay=0.01, restart_downtime=0.05)
    shared: dict[str, t.Any] = {}

    def restarts(run: t.Any) -> dict[str, t.Any]:
        for _time in range(5):
            shared.update(restart.restart(run))
        return shared

    answer = server.run(restarts, restart.SPEC, timeout=20)
    assert not answer.get("failed"), answer["msg"]
    assert answer["restarted"]
