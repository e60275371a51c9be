# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients of the simulator's OpenVPN daemon: who gets in, who is seen, and how a session ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator, Endpoint, code, counter
from ansible_collections.vpn.estate.tests.simulator.namespaces import (
    CONNECTED,
    Namespaces,
    available,
    program,
    with_credentials,
)

pytestmark = pytest.mark.skipif(bool(available()), reason=available())

SERVER_IN_TUNNEL = "172.27.224.1"
PASSWORD = "Secret-123"


@pytest.fixture(scope="module")
def network():
    with Namespaces() as namespaces:
        yield namespaces


@pytest.fixture
def estate(start, network):
    """A server with a daemon, and a client of its API."""

    def started(**options):
        endpoint = Endpoint(network.server_address, namespace=network.server, **options)
        server, api = start(data_plane=endpoint)
        server.set_user("alice", password=PASSWORD, autologin=True)
        return server, api

    return started


@pytest.fixture
def connect(network):
    """A function that starts a client, which is stopped at the end of the test."""
    clients = []

    def started(profile):
        clients.append(network.start(profile))
        return clients[-1]

    yield started
    for client in clients:
        client.stop()


@pytest.fixture
def refused(connect):
    """A function that checks that the server turns away clients with those profiles."""

    def checked(*profiles):
        clients = [connect(profile) for profile in profiles]
        assert [client.failure() for client in clients] == ["AUTH_FAILED"] * len(profiles)

    return checked


def new_profile(api, profile_type="autologin", user="alice", **more):
    reply = api.post("profiles/create", {"user": user, "profile_type": profile_type, **more})
    assert reply.status == 201
    return reply.body


def clients_of(api):
    return api.get("vpn/status").body["vpn_clients"]


@pytest.mark.parametrize(("protocol", "tls_crypt_v2"), [("udp", False), ("tcp", True)])
def test_a_client_connects_is_seen_and_is_disconnected(estate, connect, network, protocol, tls_crypt_v2):
    _server, api = estate(protocol=protocol)
    client = connect(new_profile(api, tls_crypt_v2=tls_crypt_v2))
    assert client.failure() == ""
    assert network.ping(SERVER_IN_TUNNEL)
    status = api.get("vpn/status").body
    (seen,) = status["vpn_clients"]
    assert list(status["vpn_daemons"]) == [seen["daemon_id"]]
    assert (seen["username"], seen["common_name"]) == ("alice", "alice_AUTOLOGIN")
    assert seen["virtual_ipv4_address"] == "172.27.224.2"
    assert seen["real_address"].startswith(f"{network.client_address}:")
    assert seen["bytes_received"] > 0
    assert api.post("profiles/list", {}).body["profiles"][0]["last_used"]
    ended = {"users": ["alice"], "reason": "test", "client_reason": 'Good "bye"'}
    assert api.post("vpn/client/disconnect", ended).status == 200
    assert clients_of(api) == []
    assert client.ended()
    assert """Halt command was pushed by server ('Good "bye"')""" in client.log
    record = api.post("log/reports", {"filters": {"service": {"operation": "equal", "value": "VPN"}}}).body["records"]
    assert [(each["username"], each["active"], each["error"]) for each in record] == [("alice", "0", "test")]


@pytest.mark.exhaustive
def test_users_who_are_denied_and_wrong_passwords_are_refused(estate, connect, refused):
    server, api = estate()
    autologin, userlogin, generic = (new_profile(api, kind) for kind in ("autologin", "userlogin", "generic"))
    right = with_credentials(userlogin, "alice", PASSWORD)
    server.set_user("bob", password=PASSWORD)
    assert connect(right).failure() == ""
    assert connect(with_credentials(generic, "bob", PASSWORD)).failure() == ""
    assert sorted(each["username"] for each in clients_of(api)) == ["alice", "bob"]
    refused(with_credentials(userlogin, "alice", "wrong"), with_credentials(userlogin, "bob", PASSWORD))
    server.set_user("alice", autologin=False)
    refused(autologin)
    server.set_user("alice", autologin=True, deny=True)
    refused(autologin, right)
    assert len(clients_of(api)) == 2, "denying a user ends no session"
    server.set_user("alice", deny=None)
    assert connect(autologin).failure() == ""


@pytest.mark.exhaustive
def test_a_second_factor_is_asked_for(estate, connect):
    server, api = estate()
    secret = "JBSWY3DPEHPK3PXP"
    server.set_user("alice", totp=True, totp_secret=secret, totp_locked=True)
    profile = new_profile(api, "userlogin")
    client = connect(with_credentials(profile, "alice", PASSWORD))
    assert client.failure() == "AUTH_FAILED"
    context = client.log.partition("CRV1:R,E:")[2].partition(":")[0]
    answer = f"CRV1::{context}::{code(secret, counter(server.clock.now()))}"
    assert connect(with_credentials(profile, "alice", answer)).failure() == ""
    assert [each["username"] for each in clients_of(api)] == ["alice"]


@pytest.mark.exhaustive
def test_a_deleted_profile_is_refused(estate, connect, refused):
    _server, api = estate()
    deleted, other = new_profile(api), new_profile(api)
    assert connect(deleted).failure() == ""
    serial = api.post("profiles/list", {}).body["profiles"][0]["serial"]
    assert api.post("profiles/delete", [serial]).body["response"] == {serial: 204}
    refused(deleted)
    assert connect(other).failure() == ""
    assert len(clients_of(api)) == 2, "deleting a profile ends no session"


@pytest.mark.exhaustive
def test_profiles_of_an_old_authority_are_good_until_it_is_deleted(estate, connect, network):
    _server, api = estate()
    (old,) = api.get("ca/vpn/list").body
    of_old = new_profile(api)
    before = connect(of_old)
    assert before.failure() == ""
    assert api.post("ca/vpn/create", {"common_name": "Next"}).status == 201
    of_new = new_profile(api)
    assert connect(of_new).failure() == ""
    assert before.seen(CONNECTED, times=2), "clients come back by themselves when the daemon restarts"
    assert connect(of_old).failure() == ""
    assert len(clients_of(api)) == 3
    assert api.call("DELETE", f"/api/ca/vpn/{old['serial']}?delete_clients=true").status == 200
    assert connect(of_old).failure() == "VERIFY ERROR", "the server no longer proves itself to it"
    assert connect(of_new).failure() == ""


@pytest.mark.exhaustive
def test_serve_runs_the_daemon_and_ends_it(network, connect, another_client, tmp_path):
    serve = Path(__file__).parents[2] / "simulator" / "serve.py"
    where = ["--data-plane", "--data-plane-address", network.server_address, "--data-plane-namespace", network.server]
    command = [sys.executable, str(serve), "access-server", *where]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)  # noqa: S603 - the project's own
    try:
        ready = json.loads(process.stdout.readline())
        api = another_client(type("Where", (), ready))
        assert api.login(ready["username"], ready["password"], request_admin=True).status == 200
        assert api.post("users/create", {"name": "alice", "autologin": True}).status == 201
        client = connect(new_profile(api))
        assert client.failure() == ""
        assert network.ping(SERVER_IN_TUNNEL)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    left = subprocess.run([program("ip"), "netns", "pids", network.server], capture_output=True, check=True)  # noqa: S603
    assert left.stdout == b""


def test_a_daemon_that_cannot_run_is_no_server(network):
    with pytest.raises(RuntimeError, match="Cannot assign requested address"):
        AccessServerSimulator(data_plane=Endpoint("192.0.2.99", namespace=network.server)).start()


def test_clients_are_not_made_up(estate):
    server, api = estate()
    with pytest.raises(ValueError, match="connect by themselves"):
        server.connect("alice")
    assert api.post("vpn/client/disconnect", {"daemon_id": "openvpn_0", "client_id": 0}).status == 404
