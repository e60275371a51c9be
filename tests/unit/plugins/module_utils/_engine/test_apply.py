# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many objects in one task: one bad one among them, long lists, other people at work, and the order of writes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.report import everything, listing
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

PASSWORD = "Marker-Password-7!"
NAMES = [f"u{number}" for number in range(8)]
SET, CREATE, DELETE = "/api/userprop/set", "/api/users/create", "/api/users/delete"
LOGIN, CHANGE_PASSWORD = "/api/auth/login/userpassword", "/api/auth/password/change"


def actions(answer: Answer) -> dict[str, str]:
    return {line["name"]: line["action"] for line in answer["objects"]}


def said(server: Server, path: str) -> list[t.Any]:
    """Bodies of the requests to a path, in order."""
    return [one.request for one in server.simulator.log if one.path == path]


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def populated(server: Server, names: t.Sequence[str] = NAMES, **properties: t.Any) -> Server:
    for name in names:
        server.simulator.set_user(name, **properties)
    return server


def declared(names: t.Sequence[str] = NAMES, **properties: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": name, **properties} for name in names]


def autologin(server: Server) -> set[str]:
    """Users that have it set on themselves."""
    return {name for name, own in server.simulator.state()["users"].items() if own.get("autologin")}


# -- one bad object among many


@pytest.mark.parametrize("key", ["('u3', 'autologin')", '("u3", "autologin")', "(u3, autologin)", "u3.autologin", "u3"])
@pytest.mark.parametrize("reported", ["no such thing", {"reason": "no such thing"}], ids=["text", "object"])
def test_one_that_the_server_names_fails_alone(server: Server, key: str, reported: t.Any) -> None:
    populated(server)
    server.simulator.faults.add(
        path=SET, status=400, body={"reason": "Invalid user properties", "detail": {key: reported}}
    )
    answer = server.manage(USER, users=declared(autologin=True))
    assert answer["failed"]
    assert answer["changed"]
    assert actions(answer) == {**dict.fromkeys(NAMES, "updated"), "u3": "failed"}
    assert "u3" in answer["msg"]
    assert "no such thing" in answer["msg"]
    assert autologin(server) == set(NAMES) - {"u3"}
    assert [len(body) for body in said(server, SET)] == [8, 7]


def test_several_that_the_server_names_fail_with_their_own_reasons(server: Server) -> None:
    populated(server)
    detail = {"('u1', 'deny')": "not now", "('u5', 'deny')": "not ever", "('u5', 'autologin')": "not at all"}
    server.simulator.faults.add(path=SET, status=400, body={"reason": "Invalid user properties", "detail": detail})
    answer = server.manage(USER, users=declared(autologin=True))
    messages = {line["name"]: line["msg"] for line in answer["objects"] if "msg" in line}
    assert set(messages) == {"u1", "u5"}
    assert "not now" in messages["u1"]
    assert "not ever; not at all" in messages["u5"]
    assert answer["msg"].startswith("2 of 8 failed.")


@pytest.mark.parametrize("key", ["u1.x", "u1.x.deny", "('u1.x', 'deny')"])
def test_a_name_that_begins_like_another_is_not_taken_for_it(server: Server, key: str) -> None:
    names = ["u1", "u1.x", "u2"]
    populated(server, names)
    server.simulator.faults.add(path=SET, status=400, body={"reason": "Invalid", "detail": {key: "no"}})
    answer = server.manage(USER, users=declared(names, autologin=True))
    assert actions(answer) == {"u1": "updated", "u1.x": "failed", "u2": "updated"}


def test_one_that_the_server_does_not_name_is_found(server: Server) -> None:
    """u3 goes while the request is under way, and the refusal is {"reason": ...} without a detail."""
    populated(server)
    server.simulator.faults.add(path=SET, do="act", act=lambda: server.simulator.delete_user("u3"))
    answer = server.manage(USER, users=declared(autologin=True))
    assert actions(answer) == {**dict.fromkeys(NAMES, "updated"), "u3": "failed"}
    assert "does not exist" in answer["msg"]
    assert autologin(server) == set(NAMES) - {"u3"}
    assert len(said(server, SET)) == 7  # 8, 4 4, 2 2, 1 1: as few as it takes


def test_one_that_is_refused_after_others_were_applied_fails_alone(start: t.Callable[..., Server]) -> None:
    server = start(readings={"bulk_error": "partial"})
    server.simulator.set_group("ops")
    populated(server)
    server.simulator.faults.add(path=SET, do="act", act=lambda: server.simulator.delete_group("ops"))
    users = [{"name": name, "autologin": True, **({"group": "ops"} if name == "u3" else {})} for name in NAMES]
    answer = server.manage(USER, users=users)
    assert actions(answer) == {**dict.fromkeys(NAMES, "updated"), "u3": "failed"}
    assert "Group does not exist: ops" in answer["msg"]
    assert autologin(server) == set(NAMES) - {"u3"}


def test_one_that_cannot_be_created_fails_alone(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, nth=2, status=400, body={"reason": "Invalid user name: u1"})
    answer = server.manage(USER, users=declared(password=PASSWORD), as_connections=1)
    assert actions(answer) == {**dict.fromkeys(NAMES, "created"), "u1": "failed"}
    assert [body["username"] for body in said(server, CHANGE_PASSWORD)] == [name for name in NAMES if name != "u1"]


def test_a_group_that_does_not_exist_is_not_taken_for_a_name_that_does(server: Server) -> None:
    """The text of the refusal has the word in it."""
    server.simulator.set_group("ops")
    server.simulator.faults.add(path=CREATE, nth=1, status=400, body={"reason": "Group does not exist: ops"})
    answer = server.manage(USER, users=declared(NAMES[:2], group="ops"), as_connections=1)
    assert actions(answer) == {"u0": "failed", "u1": "created"}


def test_a_password_that_is_refused_fails_its_user_only_after_it_was_created(server: Server) -> None:
    server.simulator.faults.add(path=CHANGE_PASSWORD, nth=1, status=400, body={"reason": "Too weak"})
    answer = server.manage(USER, users=declared(NAMES[:2], password=PASSWORD), as_connections=1)
    assert actions(answer) == {"u0": "failed", "u1": "created"}
    assert answer["changed"]
    assert done(server.manage(USER, users=declared(NAMES[:2], password=PASSWORD)))["changed"]
    assert all(server.simulator.password_is(name, PASSWORD) for name in NAMES[:2])


def failure(server: Server, answer: Answer, name: str) -> str:
    """The message of an object that failed, in the answer and in its summary."""
    [line] = [one for one in answer["objects"] if one["name"] == name]
    assert line["action"] == "failed"
    assert f"{name}: {line['msg']}." in answer["msg"]
    return str(line["msg"]).replace(f" of {server.simulator.url} ", " ")


@pytest.mark.parametrize("lost", [False, True])
def test_a_user_who_was_created_and_then_failed_exists_and_is_reported(server: Server, lost: bool) -> None:
    """Whether or not the answer to the creation came back."""
    server.simulator.faults.add(path=CHANGE_PASSWORD, times=1, status=403, body={"reason": "Too weak"})
    if lost:
        server.simulator.faults.add(path=CREATE, do="drop", applied=True)
    users = [{"name": "u0", "deny": False, "password": PASSWORD}, {"name": "u1", "deny": False}]
    answer = server.manage(USER, users=users, as_connections=1)
    assert failure(server, answer, "u0") == "it was created, but POST /api/auth/password/change answered 403: Too weak"
    assert answer["diff"]["after"] == dict.fromkeys(NAMES[:2], {"deny": False})
    assert "u0" in server.simulator.state()["users"]


def test_a_group_that_was_created_without_its_members_is_reported(server: Server) -> None:
    populated(server, ["ana"])
    server.simulator.faults.add(path=SET, status=400, body={"reason": "Not ana"})
    answer = server.manage(GROUP, groups=[{"name": "ops", "autologin": True, "members": ["ana"]}])
    assert failure(server, answer, "ops") == "it was created, but POST /api/userprop/set answered 400: Not ana"
    assert answer["diff"]["after"] == {"ops": {"autologin": True}}


@pytest.mark.parametrize("outage", [{}, {"do": "drop"}, {"status": 502}], ids=str)
def test_a_user_who_could_not_be_created_is_not_reported_as_created(server: Server, outage: dict[str, t.Any]) -> None:
    """Also where the first answer leaves it open, and a read shows that the user does not exist."""
    if outage:
        server.simulator.faults.add(path=CREATE, nth=1, **outage)
    server.simulator.faults.add(path=CREATE, times=None, status=400, body={"reason": "Invalid user name: u0"})
    answer = server.manage(USER, users=declared(["u0"], deny=True, password=PASSWORD))
    assert failure(server, answer, "u0") == "POST /api/users/create answered 400: Invalid user name: u0"
    assert answer["diff"]["after"] == {}
    assert len(said(server, CREATE)) == (2 if outage else 1)


# -- requests that are too large


def test_what_is_too_large_is_halved_and_stays_so(server: Server) -> None:
    populated(server)
    server.simulator.faults.add(path=SET, times=2, status=413, body="<html>Too large</html>")
    done(server.manage(USER, users=declared(autologin=True)))
    assert [len(body) for body in said(server, SET)] == [8, 4, 2, 2, 2, 2]
    assert autologin(server) == set(NAMES)


def test_one_that_is_too_large_by_itself_fails(server: Server) -> None:
    populated(server, NAMES[:2])
    server.simulator.faults.add(path=SET, times=None, status=413, body="<html>Too large</html>")
    answer = server.manage(USER, users=declared(NAMES[:2], autologin=True))
    assert actions(answer) == dict.fromkeys(NAMES[:2], "failed")
    assert not answer["changed"]
    assert "413" in answer["msg"]


def test_more_than_a_server_takes_at_once_goes_in_slices(start: t.Callable[..., Server]) -> None:
    server = start(users=1001)
    names = [f"user{number:05d}" for number in range(1, 1002)]
    done(server.manage(USER, users=declared(names, deny=False)))
    assert [len(body) for body in said(server, SET)] == [500, 500, 1]
    assert not server.manage(USER, users=declared(names, deny=False))["changed"]
    server.simulator.log.clear()
    done(server.manage(USER, users=declared(names), state="absent"))
    assert [len(body["users"]) for body in said(server, DELETE)] == [500, 500, 1]
    assert len(server.simulator.state()["users"]) == 2


# -- what stops a task


def created_until(answer: Answer, second: str) -> None:
    """The first was created, the task stopped at the second, and did not try the others."""
    assert actions(answer) == {"u0": "created", "u1": second, "u2": "not attempted", "u3": "not attempted"}
    assert answer["failed"]
    assert answer["changed"]
    assert "2 not attempted" in answer["msg"]


@pytest.mark.parametrize("status", [401, 403, 418, 429])
def test_a_refusal_that_is_not_about_an_object_stops_the_rest(server: Server, status: int) -> None:
    server.simulator.faults.add(path=CREATE, nth=2, times=None, status=status, body={"reason": "No more today"})
    answer = server.manage(USER, users=declared(NAMES[:4]), as_connections=1)
    created_until(answer, "failed")
    assert "No more today" in answer["msg"]
    assert len(said(server, LOGIN)) <= 2


@pytest.mark.parametrize("how", [{"status": 500, "body": {"detail": "oops"}}, {"status": 502}, {"do": "drop"}], ids=str)
def test_a_server_that_breaks_down_stops_the_rest(server: Server, how: dict[str, t.Any]) -> None:
    server.simulator.faults.add(path=CREATE, nth=2, times=None, **how)
    answer = server.manage(USER, users=declared(NAMES[:4]), as_connections=1)
    created_until(answer, "unknown")
    assert len(said(server, CREATE)) == 4  # one that succeeded, and three attempts with reads between them


def test_a_server_that_is_busy_stops_the_rest(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, nth=2, times=None, status=503)
    answer = server.manage(USER, users=declared(NAMES[:4]), as_connections=1)
    assert {name: action for name, action in actions(answer).items() if name != "u0"} == dict.fromkeys(
        NAMES[1:4], "not attempted"
    )
    assert len(said(server, CREATE)) == 4


def test_a_refused_slice_stops_those_behind_it(server: Server) -> None:
    populated(server)
    server.simulator.faults.add(path=SET, nth=2, times=None, status=403, body={"reason": "No more today"})
    answer = server.manage(USER, users=declared(autologin=True), as_batch_size=3)
    assert list(actions(answer).values()) == ["updated"] * 3 + ["failed"] * 3 + ["not attempted"] * 2


# -- lists that come in pages, and lists of names


def test_a_server_that_caps_its_pages_is_read_to_the_end(start: t.Callable[..., Server]) -> None:
    server = start(users=25, groups=12, settings={"page_size_cap": 4})
    assert len(server.inform(USER)) == 27
    assert len(server.inform(GROUP)) == 12
    names = [f"user{number:05d}" for number in range(1, 26)]
    server.simulator.log.clear()
    assert not done(server.manage(USER, users=declared(names, group="")))["counts"].get("created")
    assert not done(server.manage(USER, users=declared(names), purge=True, protect=["openvpn", "mfa-admin"]))["changed"]
    assert not said(server, CREATE) + said(server, DELETE)


def test_lists_of_names_are_as_short_as_the_server_wants_them(start: t.Callable[..., Server]) -> None:
    server = start(users=40, groups=3, settings={"names_limit": 7})
    names = [f"user{number:05d}" for number in range(1, 41)]
    assert done(server.manage(USER, users=declared(names, autologin=True)))["counts"]["updated"] == 32
    lists = [{"user": name, "access_to": ["10.0.0.0/8"]} for name in names]
    assert done(server.manage(ACCESS_LIST, access_lists=lists))["counts"] == {"updated": 40}
    assert not done(server.manage(ACCESS_LIST, access_lists=lists))["changed"]
    asked = [body["users"] for body in said(server, "/api/users/list") if "users" in body]
    assert sum(len(part) > 7 for part in asked[:6]) <= 4  # 40, 20, 10, and 5 from then on


def test_a_list_that_is_refused_for_another_reason_is_an_error(server: Server) -> None:
    server.simulator.faults.add(path="users/list", times=None, status=400, body={"reason": "Not today"})
    answer = server.manage(USER, users=declared(autologin=True))
    assert answer["failed"]
    assert "Not today" in answer["msg"]
    assert not server.writes()


def test_the_order_of_a_list_does_not_matter(start: t.Callable[..., Server]) -> None:
    server = start(users=90, groups=5, settings={"shuffle_lists": True})
    names = [f"user{number:05d}" for number in range(1, 91)]
    done(server.manage(USER, users=declared(names, autologin=True)))
    for _unused in range(3):
        assert not done(server.manage(USER, users=declared(names, autologin=True)))["changed"]


@pytest.mark.parametrize("purge", [False, True])
def test_who_moves_to_a_page_that_was_read_is_not_gone(start: t.Callable[..., Server], purge: bool) -> None:
    """user00001 goes while pages of fifty are read, and user00051 moves from the second to the first."""
    server = start(users=200, settings={"page_size_cap": 50})
    names = [f"user{number:05d}" for number in range(2, 201)]
    server.simulator.faults.add(
        path="users/list", nth=2, do="act", act=lambda: server.simulator.delete_user("user00001")
    )
    asked: dict[str, t.Any] = {"purge": True, "protect": ["openvpn", "mfa-admin"]} if purge else {}
    answer = server.manage(USER, users=declared(names), **asked)
    assert not server.writes()
    if purge:
        assert "Nothing was written" in answer["msg"]
        assert not answer["changed"]
    assert not done(server.manage(USER, users=declared(names), **asked))["changed"]


@pytest.mark.parametrize("total", [0, 1, 3, 4, 2**63])
def test_a_list_that_is_shorter_than_its_total_is_not_used_for_a_purge(server: Server, total: int) -> None:
    populated(server, ["ana", "ben"])
    true = [one for one in server.inform(USER) if one["name"] != "mfa-admin"]
    assert len(true) == 3
    profiles = [{"name": one["name"]} for one in true[: min(len(true), 3 if total != 3 else 2)]]
    server.simulator.log.clear()
    server.simulator.faults.add(path="users/list", times=None, status=200, body={"total": total, "profiles": profiles})
    answer = server.manage(USER, users=[{"name": "ana"}], purge=True, protect=["openvpn"])
    assert answer["failed"]
    assert str(total) in answer["msg"]
    assert not server.writes()


def test_an_info_module_warns_of_an_incomplete_list(server: Server) -> None:
    found: dict[str, t.Any] = {"total": 9, "profiles": [{"name": "ana"}]}
    server.simulator.faults.add(path="users/list", times=None, status=200, body=found)
    spec = {"names": {"type": "list", "elements": "str"}}
    answer = server.run(lambda run: {"users": listing(USER, everything(run, USER))}, spec)
    assert [one["name"] for one in answer["users"]] == ["ana"]
    assert any("9" in sentence and "1" in sentence for sentence in answer["warnings"])


# -- others at work, and answers that were lost


def test_who_appears_while_we_create_is_brought_to_what_is_declared(server: Server) -> None:
    def somebody_else() -> None:
        server.simulator.set_user("u1", autologin=False, static_ipv4="172.27.224.9")

    server.simulator.faults.add(path=CREATE, nth=2, do="act", act=somebody_else)
    answer = done(server.manage(USER, users=declared(NAMES[:4], autologin=True), as_connections=1))
    assert actions(answer) == {"u0": "created", "u1": "updated", "u2": "created", "u3": "created"}
    assert answer["diff"]["before"]["u1"] == {"autologin": False}
    assert autologin(server) == set(NAMES[:4])
    assert server.simulator.state()["users"]["u1"]["static_ipv4"] == "172.27.224.9"


def test_who_appears_as_declared_while_we_create_is_no_change_of_ours(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, do="act", act=lambda: server.simulator.set_user("u0", autologin=True))
    answer = done(server.manage(USER, users=declared(NAMES[:1], autologin=True)))
    assert actions(answer) == {"u0": "unchanged"}
    assert not answer["changed"]
    assert answer["diff"] == {"before": {}, "after": {}}


def test_a_group_that_takes_the_name_while_we_create_ends_in_an_error(server: Server) -> None:
    server.simulator.faults.add(path=CREATE, do="act", act=lambda: server.simulator.set_group("u0"))
    answer = server.manage(USER, users=declared(NAMES[:2]), as_connections=1)
    assert answer["failed"]
    assert "already exists: u0" in answer["msg"]
    assert not answer["changed"]
    assert actions(answer) == {"u0": "failed", "u1": "not attempted"}


def test_our_own_creation_whose_answer_was_lost_is_ours(server: Server) -> None:
    """The look in between does not show it yet, so it is created once more, and exists."""
    listing = sum(one.path == "/api/users/list" for one in asked_for(server, "scout"))
    server.simulator.faults.add(path=CREATE, do="drop", applied=True)
    server.simulator.faults.add(path="users/list", nth=listing, status=200, body={"total": 0, "profiles": []})
    answer = done(server.manage(USER, users=declared(NAMES[:1], autologin=True)))
    assert len(said(server, CREATE)) == 3  # of scout, lost, refused
    assert actions(answer) == {"u0": "created"}
    assert answer["changed"]
    assert autologin(server) == {"u0"}


def asked_for(server: Server, name: str) -> list[t.Any]:
    """What is asked in order to create a user; the last list verifies it."""
    done(server.manage(USER, users=[{"name": name}]))
    return list(server.simulator.log)


@pytest.mark.parametrize("path", [SET, DELETE])
def test_who_vanishes_before_being_deleted_is_gone(server: Server, path: str) -> None:
    populated(server)
    server.simulator.faults.add(path=path, do="act", act=lambda: server.simulator.delete_user("u3"))
    answer = done(server.manage(USER, users=declared(), state="absent"))
    assert actions(answer) == dict.fromkeys(NAMES, "deleted")
    assert not set(server.simulator.state()["users"]) & set(NAMES)


def test_a_group_and_a_profile_that_vanish_before_being_deleted_are_gone(server: Server) -> None:
    for number in range(3):
        server.simulator.set_group(f"g{number}")
    server.simulator.store.add_profile("old")
    server.simulator.faults.add(path="groups/delete", do="act", act=lambda: server.simulator.delete_group("g1"))
    server.simulator.faults.add(
        path="config-profile/old", do="act", act=lambda: server.simulator.store.delete_profile("old")
    )
    done(server.manage(GROUP, groups=[{"name": f"g{number}"} for number in range(3)], state="absent"))
    done(server.manage(CONFIG_PROFILE, config_profiles=[{"name": "old"}], state="absent"))
    assert not server.simulator.state()["groups"]


# -- the order of writes


def test_access_is_taken_first_and_our_own_account_comes_last(server: Server) -> None:
    simulator = server.simulator
    simulator.set_group("staff", autologin=True)
    simulator.set_user("ana")
    simulator.set_user("ben")
    simulator.set_user("cleo", deny=True)
    for name in ("dora", "fay", "gus"):
        simulator.set_user(name)
    simulator.connect("dora")
    users = [
        {"name": "openvpn", "password": PASSWORD, "autologin": False, "auth_method": "local"},
        {"name": "openvpn2", "group": "staff", "password": PASSWORD},
        {"name": "cleo", "deny": False},
        {"name": "ben", "reroute_gw": "global"},
        {"name": "fay", "autologin": True},
        {"name": "gus", "totp": True},
        {"name": "ana", "deny": True},
        {"name": "dora", "state": "absent"},
    ]
    done(server.manage(USER, users=users, allow_self=True, update_password="always"))
    writes = [(one.path, one.request) for one in simulator.log if one.wrote or one.path == LOGIN]
    reported = [(path.removeprefix("/api/"), whom(body)) for path, body in writes]
    assert reported == [
        ("auth/login/userpassword", "openvpn"),
        ("userprop/set", "dora"),
        ("vpn/client/disconnect", "dora"),
        ("users/delete", "dora"),
        ("userprop/set", "gus"),
        ("userprop/set", "ben"),
        ("userprop/set", "cleo"),
        ("users/create", "openvpn2"),
        ("auth/password/change", "openvpn2"),
        ("userprop/set", "openvpn"),
        ("auth/password/change", "openvpn"),
        ("auth/login/userpassword", "openvpn"),
    ]
    assert writes[-1][1]["password"] == PASSWORD
    together = [[record["name"] for record in body] for body in said(server, SET)]
    assert together == [["dora"], ["gus", "ana"], ["ben"], ["cleo", "fay"], ["openvpn"]]


def whom(body: t.Any) -> str:
    """The users that a request names."""
    first = body[0] if isinstance(body, list) else body
    return str(first.get("name") or first.get("username") or first["users"][0])


def test_our_own_account_comes_last_also_after_a_lost_answer(server: Server) -> None:
    populated(server, ["zoe"])
    server.simulator.faults.add(path=SET, do="drop")
    users = [{"name": "openvpn", "totp": False, "password": PASSWORD}, {"name": "zoe", "totp": False}]
    done(server.manage(USER, users=users, allow_self=True, update_password="always"))
    assert [whom(body) for body in said(server, SET)] == ["zoe", "zoe", "openvpn"]


def test_groups_are_deleted_before_others_take_their_networks(server: Server) -> None:
    subnet = {"ipv6": False, "netip": "10.3.0.0", "prefix_length": 16}
    server.simulator.set_group("old", subnets=[subnet])
    groups = [{"name": "new", "subnets": ["10.3.0.0/16"]}, {"name": "old", "state": "absent"}]
    done(server.manage(GROUP, groups=groups))
    assert server.writes() == ["/api/groups/delete", "/api/groups/create"]


def test_who_is_blocked_is_denied_before_the_session_ends(server: Server) -> None:
    """The other way round the client would be back at once."""
    populated(server, ["ana"])
    server.simulator.connect("ana")
    done(server.manage(USER, users=declared(["ana"]), state="blocked"))
    assert server.writes() == [SET, "/api/vpn/client/disconnect"]


def test_who_is_blocked_without_having_a_record_loses_the_session_too(server: Server) -> None:
    """Users of a directory connect without one."""
    server.simulator.connect("ana")
    server.simulator.connect("ben")
    assert actions(done(server.manage(USER, users=declared(["ana", "eve"]), state="blocked"))) == dict.fromkeys(
        ["ana", "eve"], "created"
    )
    assert server.writes() == [CREATE, CREATE, "/api/vpn/client/disconnect"]
    assert [one["username"] for one in server.simulator.state()["vpn_clients"]] == ["ben"]


def test_a_purge_denies_and_disconnects_before_it_deletes(server: Server) -> None:
    populated(server, ["ana", "ben"])
    server.simulator.connect("ben")
    done(server.manage(USER, users=declared(["ana"]), purge=True, protect=["openvpn", "mfa-admin"]))
    assert server.writes() == [SET, "/api/vpn/client/disconnect", DELETE]
