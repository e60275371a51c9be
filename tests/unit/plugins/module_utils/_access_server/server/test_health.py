# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server reports about itself: licence, log, version and state."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import health, license, log_records
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import HIDDEN
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
RECORDED = Path(__file__).resolve().parents[5] / "recorded/access-server"


def recorded(name: str) -> t.Any:
    """The body of an answer that a real server gave."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["body"]


def answering(server: Server, path: str, body: t.Any, status: int = 200) -> None:
    """From now on this is the answer to calls of an operation."""
    server.simulator.faults.add(path=path, status=status, body=body, times=None)


def reported(answer: Answer) -> Answer:
    """The answer of a task that succeeded and changed nothing."""
    assert not answer.get("failed"), answer["msg"]
    assert answer["changed"] is False
    return answer


def licence(server: Server) -> Answer:
    """Run as_license_info."""
    return reported(server.run(license.inform, license.INFO_SPEC))


def log(server: Server, **params: t.Any) -> Answer:
    """Run as_log_info."""
    return server.run(log_records.inform, log_records.SPEC, **params)


def records(server: Server, **params: t.Any) -> list[dict[str, t.Any]]:
    return t.cast(list[dict[str, t.Any]], reported(log(server, **params))["records"])


def state(server: Server, **params: t.Any) -> dict[str, t.Any]:
    """Run as_server_info."""
    return t.cast(dict[str, t.Any], reported(server.run(health.inform, health.SPEC, **params))["server"])


def asked_of_the_log(server: Server) -> list[dict[str, t.Any]]:
    """Bodies of the requests for log records."""
    return [one.request for one in server.simulator.log if one.path == "/api/log/reports"]


def forget_what_is_not_in_the_contract(server: Server) -> None:
    """Servers compare errors as text, which is not documented (server behaviour, 113)."""
    server.simulator.log[:] = [
        one
        for one in server.simulator.log
        if (one.request or {}).get("filters", {}).get("error", {}).get("value") != ""
    ]


# -- the licence


@dialects
def test_an_unlicensed_server_has_two_seats(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.connect("alice")
    answer = licence(server)
    assert answer["license"] == {"licensing_type": "unlicensed", "current_cc": 1, "max_cc": 2}
    assert answer["seats_left"] == 1


@dialects
def test_the_key_of_a_subscription_is_withheld(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings={"license": "subscription"})
    answer = licence(server)
    assert "SUBKEY" not in text_of(answer)
    assert answer["license"]["subkey"] == HIDDEN
    assert answer["license"]["state"] == "SUBSCRIPTION_OK"
    assert answer["seats_left"] == 10


def test_the_keys_of_a_licence_are_those_that_its_type_has(server: Server) -> None:
    answering(server, "/license/info", recorded("license_info_subscription"))
    wire = recorded("license_info_subscription")
    assert licence(server)["license"] == {**wire, "subkey": HIDDEN}
    assert wire["subkey"] == "SUBKEY_test"


def test_fixed_licences_and_what_the_document_misprints(server: Server) -> None:
    keys = [
        {"key": "0123-4567-89AB-CDEF", "max_cc": 10, "expiry": "2027-01-01T00:00:00Z"},
        {"key": "FEDC", "max_cc": 5},
    ]
    answering(server, "/license/info", {"licensing_type": "fixed", "fixed_licenses": keys, "agent_id'": "A"})
    answer = licence(server)
    assert "0123" not in text_of(answer)
    assert "FEDC" not in text_of(answer)
    assert answer["license"]["fixed_licenses"] == [{**one, "key": HIDDEN} for one in keys]
    assert answer["license"]["agent_id"] == "A"
    assert answer["seats_left"] is None


# -- the log: what is asked


TEXT_FILTERS = {
    "node": {"value": "93b39cb5bf2a", "operation": "equal"},
    "username": {"value": "li", "operation": "substring"},
    "service": {"value": "VPN", "operation": "equal"},
    "virtual_ipv4_address": {"value": "172.27.224.130", "operation": "equal"},
    "gui_version": {"value": "OCWindows_3.4.4", "operation": "not_equal"},
    "version": {"value": "2.6.20", "operation": "equal"},
    "platform": {"value": "linux", "operation": "equal"},
}
OTHER_FILTERS = {
    "start_time": {"start": "2020-01-02T03:04:05Z", "end": "2120-01-02T03:04:05Z"},
    "timestamp": {"start_relative": "15d 20m", "end_relative": "0s"},
    "duration": {"value": "1h", "operation": "less_than"},
    "active": False,
    "bytes_sent": {"value": "2kb", "operation": "greater_than"},
    "bytes_received": {"value": "5000", "operation": "less_than"},
}


@dialects
def test_each_filter_is_sent_as_documented_and_finds_the_record(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for name in ("bob", "alice"):
        server.simulator.connect(name)
    server.simulator.machine.vpn.disconnect_all()
    [found] = records(server, **TEXT_FILTERS, **OTHER_FILTERS)
    assert found["username"] == "alice"
    [body] = asked_of_the_log(server)
    sent = {**TEXT_FILTERS, **OTHER_FILTERS, "active": {"value": False}}
    sent["bytes_received"] = {"value": 5000, "operation": "less_than"}  # a number is sent as one
    assert body == {"order_by": "timestamp", "sort_by": "desc", "filters": sent, "page_size": 100, "offset": 0}


@dialects
def test_a_text_may_be_looked_for_anywhere(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.connect("alice")
    assert [one["username"] for one in records(server, anywhere={"value": "lic"})] == ["alice"]
    assert records(server, anywhere={"value": "lic", "fields": ["service", "node"]}) == []
    whole, some = (body["filters"]["anywhere"] for body in asked_of_the_log(server))
    assert whole == {"value": "lic", "fields": list(log_records.SEARCHABLE)}
    assert some == {"value": "lic", "fields": ["service", "node"]}


@dialects
def test_records_come_in_the_order_that_is_asked_for(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for name in ("bob", "alice", "carol"):
        server.simulator.connect(name)
    found = records(server, service={"value": "VPN"}, order_by="username", sort_by="asc")
    assert [one["username"] for one in found] == ["alice", "bob", "carol"]


@dialects
def test_records_with_an_error_are_reported_from_those_without(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for name in ("alice", "bob"):
        server.simulator.connect(name)
    server.simulator.machine.vpn.disconnect_all("kicked")
    server.simulator.connect("carol")
    of_vpn = {"service": {"value": "VPN"}, "order_by": "username", "sort_by": "asc"}
    assert [one["username"] for one in records(server, error=True, **of_vpn)] == ["alice", "bob"]
    assert [one["username"] for one in records(server, error=False, **of_vpn)] == ["carol"]
    forms = [body["filters"]["error"] for body in asked_of_the_log(server)]
    forget_what_is_not_in_the_contract(server)
    as_text = [{"operation": "not_equal", "value": ""}, {"operation": "equal", "value": ""}]
    documented = [{"value": True}, {"value": False}]
    assert forms == (documented if dialect == "document" else [documented[0], as_text[0], documented[1], as_text[1]])


# -- the log: what is answered


@dialects
def test_numbers_are_numbers_and_flags_are_flags(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.connect("alice")
    server.simulator.machine.vpn.disconnect_all()
    server.simulator.connect("bob")
    done, going_on = records(server, service={"value": "VPN"}, order_by="username", sort_by="asc")
    traffic = ("bytes_received", "bytes_sent", "total_bytes", "server_port", "duration", "active", "auth")
    assert [done[key] for key in traffic] == [4001, 3077, 7078, 1194, 0, False, True]
    assert [going_on[key] for key in traffic] == [None, None, None, 1194, None, True, True]


def test_records_of_a_real_server_are_understood(server: Server) -> None:
    answering(server, "/log/reports", recorded("log_reports"))
    wire = recorded("log_reports")["records"]
    found = records(server, limit=len(wire))
    assert len(found) == len(wire)
    assert {key for one in found for key in one} == {key for one in wire for key in one}
    values = [one[key] for one in found for key in (*log_records.NUMBERS, *log_records.FLAGS)]
    assert "" not in values
    assert not any(isinstance(value, str) for value in values)


def test_names_that_strangers_chose_are_data(server: Server) -> None:
    """A user whose sign-in fails can write any text into the log (server behaviour, 115)."""
    answering(server, "/log/reports", recorded("log_reports_injected"))
    names = [one["username"] for one in recorded("log_reports_injected")["records"]]
    assert any("\n" in name for name in names)
    assert [one["username"] for one in records(server)] == names


def test_a_name_may_look_like_a_filter(server: Server) -> None:
    name = "a'; drop table log; -- {{ lookup('pipe', 'id') }} \u202e\n%00"
    server.simulator.connect(name)
    server.simulator.connect("alice")
    assert [one["username"] for one in records(server, username={"value": name})] == [name]


@dialects
def test_records_are_read_page_by_page_up_to_the_limit(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings={"page_size_cap": 3})
    for number in range(8):
        server.simulator.connect(f"user{number}")
    wanted = {"service": {"value": "VPN"}, "order_by": "username", "sort_by": "asc"}
    for limit, pages in ((1, 1), (3, 1), (5, 2), (8, 3), (100, 3)):
        server.simulator.log.clear()
        answer = reported(log(server, limit=limit, **wanted))
        assert [one["username"] for one in answer["records"]] == [f"user{number}" for number in range(min(limit, 8))]
        assert answer["total"] == 8
        assert len(asked_of_the_log(server)) == pages


def test_a_log_without_a_matching_record_is_an_answer(server: Server) -> None:
    assert reported(log(server, username={"value": "zoe"})) == {"changed": False, "total": 0, "records": []}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(server: Server, limit: int) -> None:
    answer = log(server, limit=limit)
    assert answer["failed"]
    assert f"limit: {limit} is too small; the smallest value is 1" in answer["msg"]
    assert asked_of_the_log(server) == []


@pytest.mark.parametrize("error", [None, True])
@dialects
def test_a_time_that_is_not_valid_is_reported_in_the_words_of_the_server(
    start: Start, dialect: str, error: bool | None
) -> None:
    server = start(dialect=dialect)
    answer = log(server, timestamp={"start_relative": "yesterday"}, error=error)
    assert answer["failed"]
    assert "The server does not accept these filters" in answer["msg"]
    assert "filters.timestamp.start_relative: Relative time should be digits followed by a letter" in answer["msg"]
    assert "filters.error" not in answer["msg"]
    forget_what_is_not_in_the_contract(server)


# -- version and state


@dialects
def test_services_with_something_to_say_are_well(start: Start, dialect: str) -> None:
    services = state(start(dialect=dialect))["services"]
    assert any(one["notes"] for one in services.values())
    assert all(one["healthy"] for one in services.values())
    assert {one["status"] for one in services.values()} == {"on"}


def test_all_services_of_a_real_server_are_well(server: Server) -> None:
    answering(server, "/server/status", recorded("server_status"))
    found, wire = state(server), recorded("server_status")
    assert found["last_restarted"] == wire["last_restarted"]
    assert found["services"].keys() == wire["service_status"].keys()
    assert all(one["healthy"] for one in found["services"].values())
    assert found["auth_modules"] == wire["auth_module_status"]


@pytest.mark.parametrize(
    ("service", "healthy"),
    [
        ({"status": "on", "error": None}, True),
        ({"status": "on", "error": [{"severity": "ok"}, {"severity": "warning"}]}, True),
        ({"status": "on", "error": [{"severity": "ok"}, {"severity": "error"}]}, False),
        ({"status": "on", "error": [{"severity": "critical"}]}, False),
        ({"status": "error", "error": []}, False),
        ({"status": "disabled"}, True),
    ],
)
def test_a_service_is_well_by_its_state_and_by_how_severe_its_notes_are(
    server: Server, service: dict[str, t.Any], healthy: bool
) -> None:
    answering(server, "/server/status", {"service_status": {"web": service}})
    found = state(server)
    assert found["services"]["web"] == {
        "status": service["status"],
        "healthy": healthy,
        "notes": service.get("error") or [],
    }
    assert found["auth_modules"] == {}
    assert found["last_restarted"] is None


@dialects
def test_a_server_reports_what_it_is(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.connect("alice")
    found = state(server)
    assert found["version"] == ("3.0.2" if dialect == "document" else "3.2.2")
    assert [one["name"] for one in found["interfaces"]] == ["eth0"]
    assert found["dco"] == {"available": False, "version": "Kernel module not loaded"}
    assert found["eula_accepted"] is False
    assert found["nodes"] == {}
    assert found["vpn_clients"] == 1
    assert found["vpn_daemons"][:2] == ["openvpn_0", "openvpn_1"]
    assert not server.writes()


def test_a_cluster_reports_its_nodes(start: Start) -> None:
    server = start(settings={"cluster_nodes": 2})
    found = state(server)
    assert {name: node["restart_pending"] for name, node in found["nodes"].items()} == {"node1": False, "node2": False}
    assert found["os_hostname"] == "node1"
    assert state(server, as_node="node2")["os_hostname"] == "node2"


@dialects
def test_details_are_read_where_they_are_asked_for(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    found = state(server, details=True)
    assert found["settings"]["control_channel_security"] == "tls-crypt-v2"
    assert found["sign_in_page"]["enabled_auth_methods"] == ["userandpassword", "userandpasswordwithmfa"]
    assert found["eula"]["version"] == 6
    assert found["eula"]["text"].startswith("Terms of a simulated server")
    server.simulator.log.clear()
    assert not {"settings", "sign_in_page", "eula"} & state(server).keys()
    assert not any(one.path.endswith(("/config", "/eula")) for one in server.simulator.log)


def test_details_that_a_server_does_not_offer_are_null(server: Server) -> None:
    for path in ("/server/config", "/ui/config", "/eula"):
        answering(server, path, {"detail": "Not Found"}, 404)
    found = state(server, details=True)
    assert (found["settings"], found["sign_in_page"]) == (None, None)
    assert found["eula"] == {"version": None, "text": None}


def test_what_a_server_does_not_offer_is_null(server: Server) -> None:
    for path in ("/vpn/dco-module", "/cluster/nodes/list"):
        answering(server, path, {"detail": "Not Found"}, status=404)
    found = state(server)
    assert found["dco"] is None
    assert found["nodes"] == {}
    assert found["version"]


# -- the server: how it does, and what time it is


@pytest.mark.parametrize(
    ("ailment", "sentence"),
    [
        ("service", "service web is error (service failed to start)"),
        ("severity", "service web is on (service failed to start)"),
        ("daemons", "no VPN daemon runs"),
    ],
)
@dialects
def test_what_keeps_a_server_from_serving_is_reported_and_waited_for(
    start: Start, dialect: str, ailment: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(dialect=dialect, settings={"ailing_with": "host.name=vpn.example.com", "ailment": ailment})
    assert state(server)["problems"] == [sentence]
    looks = []
    monkeypatch.setattr(health.time, "sleep", looks.append)
    monkeypatch.setattr(health.time, "monotonic", lambda: 0.4 * len(looks))
    answer = server.run(health.inform, health.SPEC, healthy_within=1)
    assert answer["failed"]
    assert answer["msg"] == f"{server.simulator.url} is not healthy after 1 s: {sentence}."
    assert looks == [health.PAUSE] * 3
    server.simulator.faults.add(path="/vpn/status", status=502, body={"reason": "later"}, times=3)
    server.simulator.faults.add(path="/server/info", do="act", act=lambda: server.simulator.configure(ailing_with=""))
    assert state(server, healthy_within=2)["problems"] == []


def test_no_time_to_be_well_is_refused(server: Server) -> None:
    answer = server.run(health.inform, health.SPEC, healthy_within=0)
    assert "healthy_within: 0 is too small; the smallest value is 1 second" in answer["msg"]
    assert server.simulator.log == []


@pytest.mark.parametrize(("ahead", "reported"), [(0, {0}), (60, {59, 60}), (-3600, {-3600, -3599})])
def test_how_far_its_clock_is_off(start: Start, ahead: int, reported: set[int]) -> None:
    server = start()
    server.simulator.machine.clock.advance(ahead)
    assert state(server)["clock_offset"] in reported


@pytest.mark.parametrize(
    ("date", "started", "ended", "reported"),
    [
        ("Thu, 01 Jan 1970 00:00:10 GMT", 10.9, 11.1, 0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 10.0, 10.0, 0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 8.0, 8.0, 2),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 13.0, 14.0, -2),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 3.0, 18.0, 0),
        ("yesterday", 0.0, 0.0, None),
        (None, 0.0, 0.0, None),
    ],
)
def test_a_date_of_whole_seconds_shows_what_it_can(
    date: str | None, started: float, ended: float, reported: int | None
) -> None:
    assert health.clock_offset({"Date": date} if date else {}, started, ended) == reported
