# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for VPN clients from a simulated Freebox: what is in them, which are good, and what real programs make of them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess

import pytest
from ansible_collections.vpn.estate.tests.simulator.freebox import Endpoint
from ansible_collections.vpn.estate.tests.simulator.namespaces import program, running_client

OPENVPN, WG_QUICK = program("openvpn"), program("wg-quick")
AGREED = "Peer Connection Initiated with"
REFUSED = "TLS Error"
CIPHERS = ("blowfish", "aes128", "aes256", "chacha20poly1305")


@pytest.fixture
def stocked(box):
    """The box with everything running, and one user of each type."""
    for name in ("openvpn_routed", "openvpn_bridge", "wireguard"):
        box.set_server(name, enabled=True)
    box.set_user("alice")
    box.set_user("bob", password="Secret-123")
    box.set_user(
        "phone", type="wireguard", ip_reservation="192.168.27.70", conf_wireguard={"psk": True, "keepalive": 25}
    )
    return box


def download(api, server="openvpn_routed", login="alice", suffix=""):
    return api.get(f"vpn/download_config/{server}/{login}{suffix}")


def test_an_openvpn_file_comes_as_itself(stocked, box_api):
    for suffix in ("", "/", "/plain"):
        reply = download(box_api, suffix=suffix)
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/x-openvpn-profile"
        assert reply.headers["Content-Disposition"] == 'attachment; filename="config_openvpn_routed_alice.ovpn"'
        assert "remote 127.0.0.1 1194\n" in reply.body
        assert "<key>\n-----BEGIN PRIVATE KEY-----" in reply.body
    assert [each.operation is not None and each.wrote for each in stocked.log[-3:]] == [True] * 3


def test_a_file_can_come_in_the_envelope(stocked, box_api):
    result = download(box_api, suffix="/json").body["result"]
    assert result["filename"] == "config_openvpn_routed_alice.ovpn"
    assert stocked.lets_in("openvpn_routed", result["content"])


def test_a_wireguard_file_has_its_own_type(stocked, box_api):
    for kind in ("application/octet-stream", "text/plain", "application/x-openvpn-profile"):
        stocked.read_as(wireguard_content_type=kind)
        assert download(box_api, "wireguard", "phone").headers["Content-Type"] == kind


def test_a_file_says_what_is_configured(stocked, box_api):
    stocked.set_server("openvpn_routed", enabled=True, port=1200, conf_openvpn={"use_tcp": True, "cipher": "aes256"})
    text = download(box_api, login="bob").body
    for line in ("remote 127.0.0.1 1200", "proto tcp-client", "cipher AES-256-CBC", "auth-user-pass", "dev tun"):
        assert f"\n{line}\n" in text
    assert "fragment" not in text
    bridged = download(box_api, "openvpn_bridge").body
    assert "\ndev tap\n" in bridged
    assert "\nfragment 1452\n" in bridged
    stocked.set_server("openvpn_bridge", enabled=True, conf_openvpn={"disable_fragment": True})
    assert "fragment" not in download(box_api, "openvpn_bridge").body
    stocked.configure(public_address="vpn.example.com")
    wireguard = download(box_api, "wireguard", "phone").body
    for line in (
        "Address = 192.168.27.70/32",
        "MTU = 1360",
        "Endpoint = vpn.example.com:51820",
        "PersistentKeepalive = 25",
    ):
        assert f"\n{line}\n" in wireguard
    assert "\nPresharedKey = " in wireguard


@pytest.mark.parametrize(
    ("server", "login", "code"),
    [
        ("openvpn_routed", "nobody", "noent"),
        ("openvpn", "alice", "noent"),
        ("pptp", "alice", "unsupp"),
        ("ipsec", "alice", "unsupp"),
        ("wireguard", "alice", "inval"),
        ("openvpn_routed", "phone", "inval"),
    ],
)
def test_an_error_comes_as_json_in_place_of_the_file(stocked, box_api, refused_by_box, server, login, code):
    for suffix in ("", "/plain", "/json"):
        reply = download(box_api, server, login, suffix)
        refused_by_box(reply, code)
        assert reply.headers["Content-Type"].startswith("application/json")
    assert not stocked.writes


def test_a_format_that_is_not_there(stocked, start_box, box_api, refused_by_box):
    refused_by_box(download(box_api, suffix="/xml"), "inval")
    old, old_api = start_box(api_version="8.5", enabled=["openvpn_routed"])
    old.set_user("alice")
    assert old.lets_in("openvpn_routed", download(old_api).body)
    refused_by_box(download(old_api, suffix="/plain"), "invalid_request", 404)


def test_the_server_has_to_run(stocked, box_api, refused_by_box):
    stocked.configure(start_duration=60.0)
    box_api.put("vpn/openvpn_routed/config/", {"port": 1200})
    refused_by_box(download(box_api), "busy")
    stocked.clock.advance(60)
    text = download(box_api).body
    stocked.set_server("openvpn_routed", enabled=False)
    refused_by_box(download(box_api), "busy")
    assert not stocked.lets_in("openvpn_routed", text)


def test_the_latest_openvpn_file_of_a_user_counts(stocked, box_api):
    first, others = download(box_api).body, download(box_api, login="bob").body
    assert stocked.lets_in("openvpn_routed", first)
    second = download(box_api).body
    assert first != second
    assert [stocked.lets_in("openvpn_routed", text) for text in (first, second, others)] == [False, True, True]
    bridged = download(box_api, "openvpn_bridge").body
    assert not stocked.lets_in("openvpn_routed", second), "of all servers"
    stocked.read_as(download_invalidates="server")
    routed = download(box_api).body
    assert stocked.lets_in("openvpn_bridge", bridged)
    assert stocked.lets_in("openvpn_routed", routed)
    box_api.delete("vpn/user/alice")
    assert not stocked.lets_in("openvpn_routed", routed)


@pytest.mark.parametrize(("reading", "good"), [("renews", [False, True]), ("keeps", [True, True])])
def test_a_new_wireguard_file_may_or_may_not_replace_the_old_one(stocked, box_api, reading, good):
    stocked.read_as(wireguard_download=reading)
    files = [download(box_api, "wireguard", "phone").body for _unused in range(2)]
    assert [stocked.lets_in("wireguard", text) for text in files] == good


def judged(box, server, text):
    return box.machine.client_files.judge(server, text)["reason"]


def test_a_file_is_refused_for_a_reason(stocked, start_box, box_api):
    text, other = download(box_api).body, download(box_api, login="bob").body
    key = re.compile(r"<key>.*</key>", re.DOTALL)
    swapped = key.sub(key.search(other)[0], text)
    assert judged(stocked, "openvpn_routed", swapped) == "the key is not that of the certificate"
    assert judged(stocked, "openvpn_bridge", text) == "the server is not where the file says"
    assert judged(stocked, "openvpn_routed", "client\n").startswith("the file cannot be read")
    assert judged(stocked, "pptp", text) == "the server is stopped"
    assert judged(stocked, "nowhere", text) == "there is no such server"
    foreign, foreign_api = start_box(enabled=["openvpn_routed"])
    foreign.set_user("alice")
    assert judged(stocked, "openvpn_routed", download(foreign_api).body) == "the certificates are not of this box"
    wireguard = download(box_api, "wireguard", "phone").body
    assert judged(stocked, "wireguard", wireguard) == ""
    assert judged(stocked, "wireguard", text) == "the key is not that of this box"
    unshared = re.sub("PresharedKey.*\n", "", wireguard)
    assert judged(stocked, "wireguard", unshared) == "the shared key is another one"
    stocked.set_user("phone", ip_reservation="192.168.27.71")
    assert judged(stocked, "wireguard", wireguard) == "the user has another address"
    stocked.set_server("wireguard", enabled=True, port=51821)
    assert judged(stocked, "wireguard", wireguard) == "the server is not where the file says"


@pytest.mark.skipif(WG_QUICK is None, reason="there is no program wg-quick")
@pytest.mark.parametrize("more", [{}, {"psk": True, "keepalive": 25}])
def test_wg_quick_reads_a_wireguard_file(stocked, box_api, tmp_path, more):
    stocked.set_user("phone", conf_wireguard={"psk": False, "keepalive": 0, **more})
    path = tmp_path / "wg0.conf"
    path.touch(mode=0o600)
    path.write_text(download(box_api, "wireguard", "phone").body)
    stripped = subprocess.run(  # noqa: S603 - a program found on the path
        [WG_QUICK, "strip", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert {line.partition(" =")[0] for line in stripped.splitlines() if line} == {
        *("[Interface]", "PrivateKey", "[Peer]", "PublicKey", "Endpoint", "AllowedIPs"),
        *({"PresharedKey", "PersistentKeepalive"} if more else ()),
    }
    private = re.search("PrivateKey = (.*)", stripped)[1]
    public = subprocess.run(  # noqa: S603 - a program found on the path
        [shutil.which("wg"), "pubkey"], input=private, capture_output=True, text=True, check=True
    ).stdout
    assert public.strip() in {each["mark"] for each in stocked.state()["files"]}


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(OPENVPN is None, reason="there is no program openvpn")
class TestHandshake:
    """The real openvpn program on both sides, without a tunnel: no process needs to be root."""

    @pytest.fixture
    def gate(self, start_box):
        """A box with daemons that agree on keys, on free ports."""
        box, api = start_box(data_plane=Endpoint(tunnel=False))
        box.set_user("alice")
        box.set_user("bob", password="Secret-123")

        def opened(server, **conf_openvpn):
            box.set_server(server, enabled=True, port=free_port(), conf_openvpn=conf_openvpn)
            assert box.state()["servers"][server]["state"] == "started"
            return box, api

        return opened

    @pytest.fixture
    def knock(self, tmp_path):
        """A function that tells what a client with a file meets."""
        number = iter(range(100))

        def outcome(text):
            draft = tmp_path / f"client{next(number)}"
            config = draft.with_suffix(".ovpn")
            config.touch(mode=0o600)
            config.write_text(text)
            quick = ("--dev", "null", "--dev-type", "null", "--hand-window", "3", "--connect-retry-max", "1")
            client = running_client([], config, draft.with_suffix(".log"), *quick)
            try:
                return client.seen(AGREED, REFUSED, "Exiting", "Options error") or client.log
            finally:
                client.stop()

        return outcome

    @pytest.mark.parametrize("cipher", CIPHERS)
    def test_a_new_file_is_let_in(self, gate, knock, cipher):
        _box, api = gate("openvpn_routed", cipher=cipher)
        assert knock(download(api).body) == AGREED

    def test_over_tcp_and_as_a_bridge_too(self, gate, knock):
        _box, api = gate("openvpn_bridge", use_tcp=True)
        assert knock(download(api, "openvpn_bridge").body) == AGREED

    @pytest.mark.exhaustive
    def test_the_file_before_is_shut_out(self, gate, knock):
        box, api = gate("openvpn_routed")
        first = download(api).body
        second = download(api).body
        assert knock(first) == REFUSED
        box.set_server("openvpn_routed", enabled=False)
        box.set_server("openvpn_routed", enabled=True)
        assert knock(second) == AGREED

    @pytest.mark.exhaustive
    def test_a_user_who_is_deleted_is_shut_out(self, gate, knock):
        _box, api = gate("openvpn_routed")
        text = download(api).body
        api.delete("vpn/user/alice")
        assert knock(text) == REFUSED

    def test_a_port_that_is_taken_makes_an_error_of_the_server(self, gate):
        box, _api = gate("openvpn_routed")
        taken = box.state()["servers"]["openvpn_routed"]["port"]
        box.set_server("openvpn_bridge", enabled=True, port=taken)
        assert box.state()["servers"]["openvpn_bridge"]["state"] == "error"
        box.set_server("openvpn_bridge", enabled=True, port=free_port())
        assert box.state()["servers"]["openvpn_bridge"]["state"] == "started"
