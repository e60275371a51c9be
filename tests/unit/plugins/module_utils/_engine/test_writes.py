# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several calls at the same time, as the server sees them: how many, over how many connections, and what goes wrong."""

from __future__ import annotations

import itertools
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._engine import parallel
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import Refused
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._engine.test_apply import (
    actions,
    declared,
    done,
    said,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server

LONG = 10.0  # seconds until a test that hangs gives up
A_MOMENT = 0.02  # seconds that a call waits for company
MOST = 8
NAMES = [f"u{number:02d}" for number in range(40)]
FULL_WIDTH = 28  # calls at most before a crew is as large as it gets: 4 * 2, 4 * 4, and those that continued meanwhile
PASSWORD = "Correct-Horse-1"
CREATE, CHANGE_PASSWORD = "/api/users/create", "/api/auth/password/change"
LOGIN, SET = "/api/auth/login/userpassword", "/api/userprop/set"
USERS, GROUPS = "/api/users/list", "/api/groups/list"


@pytest.fixture(autouse=True)
def _it_always_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace of a test's server does not matter: crews grow to the limit."""
    monkeypatch.setattr(parallel, "GAIN", 0.0)


class Crossroads:
    """Where ``MOST`` calls to a path meet on their way in, once the crew is as large as it gets, or else the test fails.

    ``together`` is done by the last of them.
    """

    def __init__(self, server: Server, path: str, together: t.Callable[[], object] = lambda: None) -> None:
        self.met = False
        self._arrivals = itertools.count(1)
        self._meeting = threading.Barrier(MOST, self._meet)
        self._together = together
        server.simulator.faults.add(path=path, times=None, do="act", act=self._arrive)

    def _arrive(self) -> None:
        if FULL_WIDTH < next(self._arrivals) <= FULL_WIDTH + MOST:
            self._meeting.wait(LONG)

    def _meet(self) -> None:
        self.met = True
        self._together()


class Lookout:
    """Counts how many calls to a path are on their way in at the same time, from the ``first`` one on."""

    def __init__(self, server: Server, path: str, first: int = 1) -> None:
        self.most = 0
        self._first, self._here, self._seen = first, 0, 0
        self._lock = threading.Lock()
        server.simulator.faults.add(path=path, times=None, do="act", act=self._pass)

    def _pass(self) -> None:
        with self._lock:
            self._seen += 1
            self._here += 1
            watched = self._seen >= self._first
            if watched:
                self.most = max(self.most, self._here)
        if watched:
            threading.Event().wait(A_MOMENT)
        with self._lock:
            self._here -= 1


def asked(server: Server, path: str) -> int:
    return sum(one.path == path for one in server.simulator.log)


# -- how many


def test_eight_go_on_at_a_time_and_results_come_in_the_order_declared(server: Server) -> None:
    crossroads = Crossroads(server, CREATE)
    names = [f"{'ab'[number % 2]}{number}" for number in reversed(range(40))]
    answer = done(server.manage(USER, users=declared(names), as_connections=MOST))
    assert crossroads.met
    assert [(line["name"], line["action"]) for line in answer["objects"]] == [(name, "created") for name in names]
    assert set(names) < set(server.simulator.state()["users"])


def test_passwords_are_changed_side_by_side_as_well(server: Server) -> None:
    crossroads = Crossroads(server, CHANGE_PASSWORD)
    users = [{"name": name, "password": f"{PASSWORD}{name}"} for name in NAMES]
    done(server.manage(USER, users=users, as_connections=MOST))
    assert crossroads.met
    assert all(server.simulator.password_is(name, f"{PASSWORD}{name}") for name in NAMES)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_it_is_never_more_than_allowed(server: Server, limit: int) -> None:
    lookout = Lookout(server, CREATE)
    done(server.manage(USER, users=declared(NAMES), as_connections=limit))
    assert 1 <= lookout.most <= limit


LOCKED = {"body": {"reason": "database is locked"}}


@pytest.mark.parametrize("how", [{"status": 429}, {"status": 503}, {"status": 500, **LOCKED}], ids=str)
def test_a_server_that_asks_for_less_gets_one_at_a_time(server: Server, how: dict[str, t.Any]) -> None:
    names = [f"u{number:02d}" for number in range(60)]
    server.simulator.faults.add(path=CREATE, nth=FULL_WIDTH, **how)
    # As many calls as are under way, and as many again that begin before the client has read the refusal.
    lookout = Lookout(server, CREATE, first=FULL_WIDTH + 2 * MOST)
    answer = done(server.manage(USER, users=declared(names), as_connections=MOST))
    assert answer["counts"] == {"created": 60}
    assert lookout.most == 1


def test_passwords_come_one_at_a_time_after_creations_that_were_too_many(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, nth=FULL_WIDTH, status=429)
    lookout = Lookout(server, CHANGE_PASSWORD)
    done(server.manage(USER, users=declared(NAMES, password=PASSWORD), as_connections=MOST))
    assert lookout.most == 1


def test_a_thread_that_counts_no_pressure_takes_none_away(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one counts some while this one finds out that there is none."""
    trust = Trust(ca_path=server.simulator.ca_path)
    http = Transport(server.simulator.url, trust=trust, timeout=5, read_only=False)

    def locked(refused: Refused) -> bool:
        http.throttled += 1
        return False

    monkeypatch.setattr(Refused, "locked", property(locked))
    with pytest.raises(Refused):
        http.read(API.call("GET /server/info"))
    assert http.throttled == 1


# -- signing in


@pytest.mark.parametrize("way", ["of this process", "in a file", "in a file whose folder has gone"])
def test_a_token_that_dies_costs_one_sign_in(server: Server, tmp_path: Path, way: str) -> None:
    """Eight calls find out at the same time."""
    file = tmp_path / "gone/session" if "gone" in way else tmp_path / "session"
    crossroads = Crossroads(server, CREATE, server.simulator.machine.authentication.end_sessions)
    session = {"file": str(file)} if "file" in way else None
    answer = done(server.manage(USER, users=declared(NAMES), as_connections=MOST, as_session=session))
    assert crossroads.met
    assert answer["counts"] == {"created": 40}
    assert sum(one.status == 401 for one in server.simulator.log) == MOST
    assert asked(server, LOGIN) == 2


def test_passwords_that_want_a_recent_sign_in_cost_one_more(server: Server) -> None:
    """It is too long ago for eight calls at the same time."""
    server.simulator.configure(recent_sign_in=10.0)
    crossroads = Crossroads(server, CHANGE_PASSWORD, lambda: server.simulator.clock.advance(11.0))
    answer = done(server.manage(USER, users=declared(NAMES, password=PASSWORD), as_connections=MOST))
    assert crossroads.met
    assert answer["counts"] == {"created": 40}
    assert sum(one.status == 403 for one in server.simulator.log) == MOST
    assert asked(server, LOGIN) == 2


@pytest.mark.parametrize("folder", ["", "gone"])
def test_a_session_is_one_threads_at_a_time(tmp_path: Path, folder: str) -> None:
    store, others_turn = FileStore(str(tmp_path / folder / "session")), threading.Event()

    def other() -> None:
        with store.held():
            others_turn.set()

    thread = threading.Thread(target=other)
    with store.held():
        thread.start()
        assert not others_turn.wait(A_MOMENT)
    assert others_turn.wait(LONG)
    thread.join()


# -- what goes wrong


@pytest.mark.parametrize("status", [400, 409])
def test_a_locked_database_stops_the_rest_and_reports_what_was_not_attempted(server: Server, status: int) -> None:
    server.simulator.faults.add(path=CREATE, nth=20, status=status, **LOCKED)
    answer = server.manage(USER, users=declared(NAMES), as_connections=MOST)
    sent = {one.request["name"]: one.status for one in server.simulator.log if one.path == CREATE}
    became = {201: "created", status: "failed"}
    assert actions(answer) == {name: became[sent[name]] if name in sent else "not attempted" for name in NAMES}
    assert sorted(sent) == NAMES[: len(sent)]
    assert 20 <= len(sent) < 20 + MOST
    assert answer["failed"]
    assert "database is locked" in answer["msg"]
    assert f"{40 - len(sent)} not attempted" in answer["msg"]
    assert answer["counts"] == {"created": len(sent) - 1, "failed": 1, "not attempted": 40 - len(sent)}


def test_a_database_that_stays_locked_stops_the_rest_also_as_an_error_of_the_server(server: Server) -> None:
    """Then it is unknown whether it was written, and the object is read."""
    server.simulator.faults.add(path=CREATE, nth=20, times=None, status=500, applied=True, **LOCKED)
    answer = server.manage(USER, users=declared(NAMES), as_connections=MOST)
    assert answer["failed"]
    assert "database is locked" in answer["msg"]
    there = set(server.simulator.state()["users"]) & set(NAMES)
    became = actions(answer)
    assert {name for name, action in became.items() if action == "created"} == there
    assert {action for name, action in became.items() if name not in there} == {"not attempted"}


def test_a_locked_database_stops_slices_of_changes_as_well(server: Server) -> None:
    for name in NAMES:
        server.simulator.set_user(name)
    server.simulator.faults.add(path=SET, nth=2, status=409, **LOCKED)
    answer = server.manage(USER, users=declared(NAMES, autologin=True), as_batch_size=10)
    assert list(actions(answer).values()) == ["updated"] * 10 + ["failed"] * 10 + ["not attempted"] * 20
    assert asked(server, SET) == 2


@pytest.mark.parametrize("how", [{"do": "drop"}, {"do": "drop", "applied": True}, {"status": 502}], ids=str)
def test_an_answer_that_is_lost_among_several_is_settled_by_reading_again(
    server: Server, how: dict[str, t.Any]
) -> None:
    server.simulator.faults.add(path=CREATE, nth=20, **how)
    answer = done(server.manage(USER, users=declared(NAMES), as_connections=MOST))
    assert actions(answer) == dict.fromkeys(NAMES, "created")
    created = [body["name"] for body in said(server, CREATE)]
    assert set(created) == set(NAMES)
    assert len(created) == (40 if how.get("applied") else 41)


def test_one_that_is_refused_among_several_fails_alone(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, nth=20, status=400, body={"reason": "Invalid user name"})
    answer = server.manage(USER, users=declared(NAMES), as_connections=MOST)
    assert answer["counts"] == {"created": 39, "failed": 1}
    [failed] = [line for line in answer["objects"] if line["action"] == "failed"]
    assert "Invalid user name" in failed["msg"]
    assert answer["msg"].startswith(f"1 of 40 failed. user {failed['name']}: ")


def test_a_lost_answer_does_not_hide_that_the_server_refuses_to_go_on(server: Server) -> None:
    """Of the first two calls one is lost, and the other learns that we may do no more."""
    server.simulator.faults.add(path=CREATE, nth=1, do="drop")
    server.simulator.faults.add(path=CREATE, nth=2, status=403, body={"reason": "No more today"})
    answer = server.manage(USER, users=declared(NAMES), as_connections=MOST)
    assert asked(server, CREATE) == 2
    assert "No more today" in answer["msg"]
    assert answer["counts"]["failed"] == 1
    assert not set(server.simulator.state()["users"]) & set(NAMES)


# -- over how many connections, and how often the same is asked


def test_a_connection_is_kept_from_task_to_task_of_a_process(server: Server) -> None:
    """As the items of a loop are."""
    for name in NAMES[:5]:
        done(server.manage(USER, name=name))
        done(server.manage(GROUP, name=f"of-{name}"))
    assert server.simulator.machine.handshakes == 1


def test_a_server_that_is_trusted_in_another_way_gets_another_connection(server: Server) -> None:
    pinned = {"as_ca_path": None, "as_certificate_fingerprint": server.simulator.fingerprint_sha256}
    for number, options in enumerate((({}, pinned) * 3), start=1):
        done(server.manage(USER, name=f"u{number}", **options))
    assert server.simulator.machine.handshakes == 2


def test_calls_side_by_side_have_a_connection_each_and_keep_it(server: Server) -> None:
    crossroads = Crossroads(server, CREATE)
    for _again in range(2):
        done(server.manage(USER, users=declared(NAMES), as_connections=MOST))
        done(server.manage(USER, users=declared(NAMES), as_connections=MOST, state="absent"))
    assert crossroads.met
    assert server.simulator.machine.handshakes == MOST


def test_a_server_that_hangs_up_in_between_is_called_again(server: Server) -> None:
    done(server.manage(USER, name="ana"))
    server.simulator.faults.add(path=CREATE, do="hang_up")
    done(server.manage(USER, name="ben"))
    done(server.manage(USER, name="cleo"))
    assert server.simulator.machine.handshakes == 2


@pytest.mark.parametrize("resource", [USER, GROUP], ids=["users", "groups"])
def test_a_list_is_read_once_until_something_is_written(start: t.Callable[..., Server], resource: t.Any) -> None:
    """To create a hundred and one: what is there, whether a name is taken, and whether the server kept it."""
    server = start(users=3, groups=3)
    names = [f"n{number}" for number in range(101)]
    done(server.manage(resource, **{resource.plural: declared(names)}, as_connections=1))
    lists = [one.path for one in server.simulator.log if one.path.endswith("/list")]
    own, other = (USERS, GROUPS) if resource is USER else (GROUPS, USERS)
    assert lists == [own, other, own]


def test_what_was_read_before_a_write_is_not_believed_after_it(server: Server) -> None:
    """Nor does another task know what this one read."""
    names = [f"n{number}" for number in range(101)]
    done(server.manage(USER, users=declared(names)))
    server.simulator.delete_user("n7")
    server.simulator.log.clear()
    assert actions(done(server.manage(USER, users=declared(names))))["n7"] == "created"
    assert asked(server, USERS) == 2
