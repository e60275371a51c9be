# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, the request log and the control endpoints of a simulated Access Server."""

from __future__ import annotations

import http.client

import pytest


def create(api, name):
    return api.post("users/create", {"name": name})


@pytest.mark.parametrize(("applied", "made"), [(False, False), (True, True)])
@pytest.mark.parametrize("do", ["status", "drop", "html", "redirect"])
def test_a_lost_answer_may_or_may_not_belong_to_a_call_that_was_carried_out(server, api, do, applied, made):
    server.faults.add(path="users/create", do=do, applied=applied)
    if do == "drop":
        with pytest.raises((OSError, http.client.HTTPException)):
            create(api, "alice")
    else:
        assert create(api, "alice").status == {"status": 500, "html": 200, "redirect": 302}[do]
    assert ("alice" in server.state()["users"]) is made
    exchange = server.exchanges[-1]
    assert (exchange.wrote, exchange.fault, exchange.operation) == (made, do, "createUserPropUser")
    assert create(api, "bob").status == 201


def test_status_body_and_headers_are_free(server, api):
    server.faults.add(
        path="/api/server/*", method="GET", status=429, body={"reason": "slow"}, headers={"Retry-After": "7"}
    )
    reply = api.get("server/info")
    assert (reply.status, reply.body, reply.headers["Retry-After"]) == (429, {"reason": "slow"}, "7")
    assert api.get("server/info").status == 200


def test_a_truncated_answer_ends_in_the_middle(server, api):
    server.faults.add(path="users/list", do="truncate")
    with pytest.raises(http.client.IncompleteRead):
        api.post("users/list", {})


def test_nth_and_times_choose_the_calls(server, api):
    server.faults.add(path="server/info", nth=2, times=2, status=503)
    assert [api.get("server/info").status for _unused in range(5)] == [200, 503, 503, 200, 200]
    server.faults.add(path="*", times=None, status=503)
    assert {api.get("server/info").status for _unused in range(4)} == {503}
    server.faults.clear()
    assert api.get("server/info").status == 200


def test_a_second_actor_steps_in_before_a_call(server, api):
    server.faults.add(path="users/list", nth=2, do="act", act=lambda: server.set_user("zoe"))
    assert [api.post("users/list", {}).body["total"] for _unused in range(3)] == [2, 3, 3]


@pytest.mark.parametrize("wrong", [{"pth": "x"}, {"do": "explode"}, {"do": "act"}])
def test_faults_that_make_no_sense_are_refused(server, wrong):
    with pytest.raises(ValueError, match="fault"):
        server.faults.add(**wrong)


def test_the_log_tells_reads_from_writes(server, api):
    server.reset()
    api.login("openvpn", server.password, request_admin=True)
    create(api, "alice")
    create(api, "alice")
    api.post("users/list", {})
    api.post("userprop/set", [{"name": "alice", "deny": True}])
    api.post("nowhere")
    assert [(each.path, each.status, each.wrote) for each in server.log] == [
        ("/api/auth/login/userpassword", 200, False),
        ("/api/users/create", 201, True),
        ("/api/users/create", 400, False),
        ("/api/users/list", 200, False),
        ("/api/userprop/set", 200, True),
        ("/api/nowhere", 404, False),
    ]
    assert server.log[1].request == {"name": "alice"}


def test_the_control_endpoints_need_no_token_and_leave_no_trace(server, api, another_client):
    control = another_client(server)
    assert control.call("POST", "/_simulator/reset").status == 200
    assert control.call("POST", "/_simulator/connect", {"user": "alice"}).body["username"] == "alice"
    assert control.call("POST", "/_simulator/readings", {"members": "extend"}).body["members"] == "extend"
    assert control.call("POST", "/_simulator/faults", {"path": "server/info", "status": 503}).status == 200
    before = control.call("GET", "/_simulator/state").body
    assert before["vpn_clients"][0]["username"] == "alice"
    assert before["readings"]["members"] == "extend"
    assert control.call("POST", "/_simulator/clock", {"advance": 3600}).status == 200
    assert control.call("GET", "/_simulator/state").body["clock"] >= before["clock"] + 3600
    assert control.call("POST", "/_simulator/settings", {"license": "subscription"}).status == 200
    assert control.call("GET", "/_simulator/log").body == []
    assert api.get("server/info").status == 503
    line = {"method": "GET", "path": "/api/server/info", "status": 503, "wrote": False, "operation": "get__server_info"}
    assert control.call("GET", "/_simulator/log").body == [line]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("readings", {"members": "perhaps"}),
        ("readings", {"colour": "red"}),
        ("faults", {"when": 1}),
        ("settings", {"page_size": "many"}),
        ("clock", {}),
    ],
)
def test_wrong_control_requests_are_refused(api, path, body):
    assert api.call("POST", f"/_simulator/{path}", body).status == 400


def test_a_reset_starts_over(start):
    server, api = start(readings={"members": "ignore"}, users=3)
    first = server.state()
    create(api, "alice")
    api.post("config-items/default", {"sa.company_name": "Example"})
    server.read_as(members="extend")
    server.reset()
    assert api.get("server/info").status == 401
    again = server.state()
    for name in ("users", "groups", "default_user", "configuration", "running", "readings", "access_lists"):
        assert again[name] == first[name]
    assert [each.status for each in server.log] == [401]
    assert api.login(server.username, server.password, request_admin=True).status == 200


def test_methods_and_paths_that_do_not_exist(api):
    assert (api.get("users/list").status, api.get("users/list").body) == (405, {"detail": "Method Not Allowed"})
    assert (api.call("GET", "/").status, api.call("GET", "/").body) == (404, {"detail": "Not Found"})
