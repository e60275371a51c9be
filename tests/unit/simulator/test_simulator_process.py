# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""serve.py as a process: the ready line, options, what outlives it, and how it ends."""

from __future__ import annotations

import hashlib
import json
import signal
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SERVE = [sys.executable, str(Path(__file__).parents[2] / "simulator" / "serve.py"), "access-server"]
READY = {
    "kind",
    "url",
    "ca_path",
    "fingerprint_sha256",
    "username",
    "password",
    "mfa_username",
    "mfa_password",
    "mfa_totp_secret",
}


@pytest.fixture
def serve(tmp_path):
    """A function that starts serve.py and returns the process and its ready line."""
    processes = []

    def started(*options):
        command = [*SERVE, "--port", "0", *options]
        process = subprocess.Popen(  # noqa: S603 - the project's own program
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        processes.append(process)
        assert process.stdout
        return process, json.loads(process.stdout.readline())

    yield started
    for process in processes:
        # asked to end, not killed: a killed server leaves its certificate behind
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


@pytest.fixture
def client(another_client):
    """A function that signs in with a ready line."""

    class _Where:
        def __init__(self, ready):
            self.url, self.ca_path = ready["url"], ready["ca_path"]

    def signed_in(ready):
        api = another_client(_Where(ready))
        assert api.login(ready["username"], ready["password"], request_admin=True).status == 200
        return api

    return signed_in


def refused(*options):
    """serve.py with options that end it."""
    command = [*SERVE, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def stop(process, by=signal.SIGTERM):
    process.send_signal(by)
    process.wait(10)
    output, errors = process.communicate()
    return process.returncode, output, errors


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_serves_and_cleans_up(serve, client, tmp_path, by):
    ready_file = tmp_path / "ready.json"
    process, ready = serve("--ready-file", str(ready_file), "--users", "20", "--groups", "2", "--dialect", "document")
    assert set(ready) == READY
    assert json.loads(ready_file.read_text(encoding="utf-8")) == ready
    assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(ready["ca_path"]).parent.stat().st_mode) == 0o700
    address = urlsplit(ready["url"])
    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address.hostname, address.port), timeout=10))
    assert hashlib.sha256(shown).hexdigest() == ready["fingerprint_sha256"]
    api = client(ready)
    assert api.post("users/list", {}).body["total"] == 22
    assert api.post("groups/list", {}).body["total"] == 2
    assert stop(process, by) == (0, "", "")
    assert not ready_file.exists()
    assert not Path(ready["ca_path"]).exists()


def test_passwords_are_random_unless_given(serve, client):
    passwords = {serve()[1]["password"] for _unused in range(2)}
    _unused, given = serve("--username", "root", "--password", "Given-123")
    assert len(passwords) == 2
    assert (given["username"], given["password"]) == ("root", "Given-123")
    assert client(given).get("server/info").status == 200


def test_with_data_nothing_is_lost_when_it_is_killed(serve, client, tmp_path):
    data = tmp_path / "server.sqlite"
    process, ready = serve("--data", str(data))
    api = client(ready)
    assert api.post("groups/create", {"name": "staff"}).status == 201
    assert api.post("users/create", {"name": "alice", "group": "staff"}).status == 201
    api.post("auth/password/change", {"username": "alice", "new_password": "Str0ng-enough"})
    route = {"type": "all", "accept": True}
    row = {"groupname": "staff", "type": "access_to_ipv4", "access_route": route}
    assert api.post("userprop/access/set", {"items_set": [row]}).status == 200
    assert api.post("config-items/default", {"sa.company_name": "Example"}).status == 200
    before = api.call("GET", "/_simulator/state").body
    process.kill()
    process.wait(10)
    _unused, again = serve("--data", str(data))
    kept = {name: value for name, value in ready.items() if name != "url"}
    assert {name: value for name, value in again.items() if name != "url"} == kept
    after = client(again).call("GET", "/_simulator/state").body
    for name in ("users", "groups", "default_user", "access_lists", "configuration"):
        assert after[name] == before[name]
    assert after["running"]["sa.company_name"] == "Example", "a start is a restart"
    assert stat.S_IMODE(data.stat().st_mode) == 0o600
    assert client({**again, "username": "openvpn"}).login("alice", "Str0ng-enough").status == 200


def test_readings_are_chosen_on_the_command_line(serve, client):
    _unused, ready = serve("--reading", "unknown_name=create", "--reading", "members=ignore", "--latency", "1")
    api = client(ready)
    assert api.post("userprop/set", [{"name": "new", "deny": True}]).status == 200
    readings = api.call("GET", "/_simulator/state").body["readings"]
    assert (readings["unknown_name"], readings["members"]) == ("create", "ignore")


@pytest.mark.parametrize("wrong", [["--reading", "members=perhaps"], ["--dialect", "4"], ["--colour"]])
def test_wrong_options_are_refused(wrong):
    ended = refused(*wrong)
    assert ended.returncode == 2
    assert ended.stdout == ""


def test_a_port_in_use_is_said(serve):
    _unused, ready = serve()
    port = str(urlsplit(ready["url"]).port)
    ended = refused("--port", port)
    assert ended.returncode == 1
    assert "cannot listen on 127.0.0.1:" in ended.stderr
