# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover is tested before it is written, and the nodes of a cluster are notified."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import failover, notification
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
DECLARED: dict[str, t.Any] = {
    "address": "192.0.2.254",
    "secret": "mArKsHaReD",
    "primary": {"public": "192.0.2.11"},
    "secondary": {"public": "192.0.2.12", "password": "mArKsSh", "ssh_port": 2222},
}
# As the document has it, all of them texts.
ITEMS = {
    "failover.mode": "ucarp",
    "ucarp.addr": "192.0.2.254",
    "ucarp.secret": "mArKsHaReD",
    "dbpush.hosts.0.enable": "true",
    "dbpush.hosts.0.public": "192.0.2.11",
    "dbpush.hosts.0.internal": "PRIMARY",
    "dbpush.hosts.0.username": "root",
    "dbpush.hosts.1.enable": "true",
    "dbpush.hosts.1.public": "192.0.2.12",
    "dbpush.hosts.1.internal": "SECONDARY",
    "dbpush.hosts.1.username": "root",
    "dbpush.hosts.1.password": "mArKsSh",
    "dbpush.hosts.1.ssh_port": "2222",
}
TESTS = ["connectivity", "license_primary", "license_secondary", "ucarp"]


def set_up(server: Server, **params: t.Any) -> Answer:
    """Run as_failover."""
    declared = {} if params.get("state") == "absent" else DECLARED
    answer = server.run(failover.set_up, failover.SPEC, failover.CONSTRAINTS, **{**declared, **params})
    assert "mArK" not in text_of(answer)
    return answer


def configured(server: Server) -> dict[str, t.Any]:
    stored = server.simulator.state()["configuration"]["default"]
    return {key: value for key, value in stored.items() if key in ITEMS}


def sent(server: Server) -> list[str]:
    """What was asked of the failover, and what was written."""
    return [one.path for one in server.simulator.log if "failover" in one.path or one.wrote]


@dialects
def test_it_is_tested_written_and_brought_into_being_once(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    planned = set_up(server, check=True)
    assert (planned["changed"], sent(server)) == (True, ["/api/server/failover-test"])
    server.simulator.log.clear()
    done = set_up(server)
    assert planned == done
    assert done["changed_items"] == sorted(ITEMS)
    assert sorted(done["tests"]) == TESTS
    assert all(one["passed"] for one in done["tests"].values())
    assert configured(server) == ITEMS
    [tested] = [one for one in server.simulator.log if one.path == "/api/server/failover-test"]
    assert tested.request == ITEMS
    writes = ["/api/config-items/default", "/api/server/failover-init"]
    assert sent(server) == ["/api/server/failover-test", *writes]
    server.simulator.log.clear()
    assert not set_up(server)["changed"]
    assert sent(server) == []


def test_it_can_be_tested_alone(server: Server) -> None:
    answer = set_up(server, state="tested")
    assert answer["changed"] is False
    assert sorted(answer["tests"]) == TESTS
    assert sent(server) == ["/api/server/failover-test"]
    assert configured(server) == {}


@pytest.mark.parametrize("state", ["present", "tested"])
def test_a_test_that_fails_is_an_error_and_nothing_is_written(start: Start, state: str) -> None:
    server = start(settings={"failing": "ucarp,connectivity"})
    answer = set_up(server, state=state)
    assert answer["failed"]
    assert not answer["changed"]
    assert (
        "2 of 4 tests of the failover failed. connectivity: connectivity: failed; ucarp: ucarp: failed" in answer["msg"]
    )
    assert [name for name, one in sorted(answer["tests"].items()) if not one["passed"]] == ["connectivity", "ucarp"]
    assert sent(server) == ["/api/server/failover-test"]
    assert configured(server) == {}


def test_a_test_that_does_not_begin_is_an_error(server: Server) -> None:
    server.simulator.faults.add(path="/server/failover-test", status=400, body={"reason": "no mArKsHaReD here"})
    assert "does not start the test of the failover: no *** here" in set_up(server)["msg"]


@pytest.mark.parametrize("reading", READINGS["config_reset"])
def test_what_the_server_does_not_bring_into_being_is_tried_again(start: Start, reading: str) -> None:
    server = start(settings={"failing": "init"}, readings={"config_reset": reading})
    answer = set_up(server)
    assert answer["failed"]
    assert "refuses to set up the secondary server: Something went wrong" in answer["msg"]
    assert "The configuration is as before, except for secrets" in answer["msg"]
    assert not {key for key, value in configured(server).items() if value} - {"ucarp.secret", "dbpush.hosts.1.password"}
    server.simulator.machine.settings.failing = ""
    assert set_up(server)["changed"]
    assert {key: value for key, value in configured(server).items() if value} == ITEMS


def test_a_lost_answer_is_not_asked_for_twice(server: Server) -> None:
    server.simulator.faults.add(path="/server/failover-init", do="drop", applied=True)
    answer = set_up(server)
    assert "The request was not repeated" in answer["msg"]
    assert "state: tested" in answer["msg"]
    assert sent(server).count("/api/server/failover-init") == 1


def test_secrets_are_written_when_they_are_asked_for(server: Server) -> None:
    set_up(server)
    assert not set_up(server, secret="mArKoThEr")["changed"]
    answer = set_up(server, secret="mArKoThEr", update_secrets="always")
    assert answer["changed_items"] == ["dbpush.hosts.1.password", "ucarp.secret"]
    assert configured(server)["ucarp.secret"] == "mArKoThEr"


def test_one_that_is_not_wanted_is_off(server: Server) -> None:
    set_up(server)
    assert set_up(server, state="absent")["changed_items"] == ["failover.mode"]
    assert configured(server).get("failover.mode") in (None, "none", "")
    assert not set_up(server, state="absent")["changed"]


# -- notifications


@dialects
@pytest.mark.parametrize("kind", notification.KINDS)
def test_each_kind_is_reported(start: Start, dialect: str, kind: str) -> None:
    server = start(dialect=dialect)
    for check in (True, False):
        answer = server.run(notification.notify, notification.SPEC, notification_type=kind, check=check)
        diff = {"before": {}, "after": {"notification": {"notification_type": kind}}}
        assert answer == {"changed": True, "diff": diff}
        assert server.simulator.state()["notifications"] == ([] if check else [kind.upper()])


def test_one_whose_answer_is_lost_is_not_repeated(server: Server) -> None:
    server.simulator.faults.add(path="/notification/create", do="drop", applied=True)
    answer = server.run(notification.notify, notification.SPEC, notification_type="node_restarted")
    assert answer["failed"]
    assert answer["changed"]
    assert server.simulator.state()["notifications"] == ["NODE_RESTARTED"]
