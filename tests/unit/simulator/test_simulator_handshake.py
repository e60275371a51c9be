# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real openvpn program on both sides: profiles of the simulator against keys and lists of the simulator."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import Endpoint

OPENVPN = shutil.which("openvpn", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
AGREED = "Peer Connection Initiated with"
REFUSED = ("VERIFY ERROR", "certificate revoked", "TLS Error", "TLS_ERROR", "Exiting due to fatal error")
pytestmark = pytest.mark.skipif(OPENVPN is None, reason="there is no program openvpn")


class Program:
    """An openvpn that runs until it is stopped; `outcome` waits for what its log says first."""

    def __init__(self, *options):
        command = [OPENVPN, *options, "--dev", "null", "--dev-type", "null", "--verb", "3"]
        self._process = subprocess.Popen(  # noqa: S603 - found above
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        self._guard = threading.Timer(30, self._process.kill)
        self._guard.start()
        self.lines = []

    def outcome(self, *texts):
        for line in self._process.stdout:
            self.lines.append(line)
            for text in texts:
                if text in line:
                    return text
        return "".join(self.lines)

    def stop(self):
        self._guard.cancel()
        self._process.kill()
        self._process.communicate()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def gate(start, tmp_path):
    """A function that runs a VPN daemon with what the simulator has for one, and tells what a profile meets there."""
    running = []

    def knock(server, text):
        port = free_port()
        pair, keys = server.machine.authorities.server_certificate(), server.machine.profiles.tls_keys()
        files = {
            "ca": server.machine.authorities.bundle(),
            "crl": server.machine.authorities.crl(),
            "cert": pair.certificate,
            "key": pair.key,
            "static": keys.static,
            "server": keys.server,
            "password": "any\nany\n",
        }
        for name, content in {**files, "profile": text.replace("%PORT%", str(port))}.items():
            (tmp_path / name).write_text(content)
            (tmp_path / name).chmod(0o600)
        path = {name: str(tmp_path / name) for name in [*files, "profile"]}
        daemon = Program(
            *("--tls-server", "--dh", "none", "--proto", "udp", "--local", "127.0.0.1", "--lport", str(port)),
            *("--ca", path["ca"], "--cert", path["cert"], "--key", path["key"], "--crl-verify", path["crl"]),
            *("--remote-cert-tls", "client", "--tls-crypt-v2", path["server"], "--tls-crypt", path["static"]),
        )
        running.append(daemon)
        assert daemon.outcome("link remote:") == "link remote:"
        login = ["--auth-user-pass", path["password"]] if "auth-user-pass" in text else []
        client = Program("--config", path["profile"], *login)
        running.append(client)
        outcome = daemon.outcome(AGREED, *REFUSED)
        return client.outcome(AGREED, *REFUSED) if outcome == AGREED else outcome

    yield knock
    for program in running:
        program.stop()


@pytest.fixture
def made(start):
    """A server, a client of it, and a function that makes a profile for a user of it."""
    server, api = start(settings={"profile_remotes": "127.0.0.1 %PORT% udp"})
    server.set_user("alice", autologin=True)

    def make(profile_type="autologin", **options):
        reply = api.post("profiles/create", {"user": "alice", "profile_type": profile_type, **options})
        assert reply.status == 201
        return reply.body

    return server, api, make


@pytest.mark.parametrize("profile_type", ["autologin", "userlogin"])
@pytest.mark.parametrize("tls_crypt_v2", [True, False])
def test_a_profile_is_let_in(made, gate, profile_type, tls_crypt_v2):
    server, _api, make = made
    assert gate(server, make(profile_type, tls_crypt_v2=tls_crypt_v2)) == AGREED


@pytest.mark.parametrize("algorithm", ["rsa2048", "secp521r1", "Ed25519", "ed448"])
def test_other_kinds_of_keys_work(made, gate, algorithm):
    server, _api, make = made
    server.add_authority("Other", algorithm=algorithm)
    assert gate(server, make()) == AGREED


def test_a_profile_of_an_older_authority_is_still_let_in(made, gate):
    server, _api, make = made
    text = make(tls_crypt_v2=True)
    server.add_authority("Second")
    server.add_authority("Third")
    assert gate(server, text) == AGREED


def test_a_profile_whose_authority_is_not_the_newest_is_let_in_after_one_between_is_deleted(made, gate):
    server, api, make = made
    text = make()
    between = server.add_authority("Second")
    server.add_authority("Third")
    assert api.call("DELETE", f"/api/ca/vpn/{between}").status == 200
    assert gate(server, text) == AGREED


def test_a_deleted_profile_is_shut_out(made, gate):
    server, api, make = made
    text = make()
    (profile,) = server.state()["profiles"]
    assert api.post(f"profiles/delete/{profile['serial']}").status == 200
    assert gate(server, text) == "VERIFY ERROR"


def test_a_profile_with_another_servers_key_is_shut_out(made, gate, start):
    server, _api, _make = made
    other, other_api = start(settings={"profile_remotes": "127.0.0.1 %PORT% udp"})
    other.set_user("alice", autologin=True)
    body = {"user": "alice", "profile_type": "autologin", "tls_crypt_v2": True}
    assert gate(server, other_api.post("profiles/create", body).body) == "TLS Error"


def test_a_daemon_without_a_tunnel_goes_by_what_is_changed(start, tmp_path):
    server, api = start(data_plane=Endpoint(tunnel=False))
    server.set_user("alice", autologin=True)
    assert api.post("ca/vpn/create", {"common_name": "Next"}).status == 201
    profile = api.post("profiles/create", {"user": "alice", "profile_type": "autologin"}).body
    (tmp_path / "profile").touch(mode=0o600)
    (tmp_path / "profile").write_text(profile)
    client = Program("--config", str(tmp_path / "profile"))
    try:
        assert client.outcome(AGREED, *REFUSED) == AGREED
    finally:
        client.stop()
