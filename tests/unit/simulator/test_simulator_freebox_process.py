# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Freebox as a process, its TLS and its plain HTTP, its faults, and its control endpoints."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from cryptography import x509

SERVE = [sys.executable, str(Path(__file__).parents[2] / "simulator" / "serve.py"), "freebox"]
READY = {"kind", "url", "ca_path", "fingerprint_sha256", "app_id", "app_token"}


@pytest.fixture
def serve(tmp_path):
    """A function that starts serve.py and returns the process and its ready line."""
    processes = []

    def started(*options):
        process = subprocess.Popen(  # noqa: S603 - the project's own program
            [*SERVE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        processes.append(process)
        return process, json.loads(process.stdout.readline())

    yield started
    for process in processes:
        process.terminate()
        process.communicate(timeout=10)


def ask(ready, path, url="", flags=ssl.VERIFY_X509_STRICT):
    context = ssl.create_default_context(cafile=ready["ca_path"])
    context.verify_flags &= ~flags
    address = f"{url or ready['url']}{path}"
    with urllib.request.urlopen(address, context=context if address.startswith("https") else None) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_the_ready_line_says_how_to_reach_it_and_it_ends_when_asked(serve):
    process, ready = serve("--api-version", "8.5")
    assert set(ready) == READY
    assert ready["kind"] == "freebox"
    assert ask(ready, "/api_version")["api_version"] == "8.5"
    assert ask(ready, "/_simulator/log")[0]["operation"] == "getApiVersion"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0
    assert not Path(ready["ca_path"]).exists()


def test_options_choose_what_it_is(serve):
    _unused, ready = serve(
        *("--enable", "wireguard", "--without-settings", "--name", "box.example.com", "--start-duration", "0"),
        *("--reading", "noent_status=404", "--plain-http", "--host", "127.0.0.1"),
    )
    state = ask(ready, "/_simulator/state")
    assert state["servers"]["wireguard"]["state"] == "started"
    assert "settings" not in state["applications"][0]["rights"]
    assert state["readings"]["noent_status"] == "404"
    assert state["settings"]["start_duration"] == 0
    assert ask(ready, "/api_version", ready["http_url"])["api_domain"] == "box.example.com"


@pytest.mark.parametrize("wrong", [["--api-version", "1.0"], ["--reading", "noent_status=500"], ["--colour"]])
def test_wrong_options_are_refused(wrong):
    ended = subprocess.run([*SERVE, *wrong], capture_output=True, text=True, check=False)  # noqa: S603 - the project's own program
    assert (ended.returncode, ended.stdout) == (2, "")


def shown_chain(box):
    """What the server sends, and what its authority is."""
    context = ssl.create_default_context(cafile=box.ca_path)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection("127.0.0.1", int(box.url.rpartition(":")[2]), context=context)
    connection.connect()
    leaf = x509.load_der_x509_certificate(connection.sock.getpeercert(True))
    connection.close()
    return leaf, x509.load_pem_x509_certificate(Path(box.ca_path).read_bytes())


def identifies_its_key(certificate):
    return any(isinstance(each.value, x509.AuthorityKeyIdentifier) for each in certificate.extensions)


def test_its_certificate_is_like_that_of_a_real_box():
    with FreeboxSimulator(names=["box.example.com"]) as box:
        leaf, root = shown_chain(box)
        assert leaf.issuer != root.subject, "an authority is between them"
        assert not identifies_its_key(leaf)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["localhost", "box.example.com"]
        assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def strictly(box):
    context = ssl.create_default_context(cafile=box.ca_path)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return urllib.request.urlopen(f"{box.url}/api_version", context=context)  # noqa: S310


def test_strict_clients_accept_it_only_with_a_key_identifier():
    with FreeboxSimulator() as box, pytest.raises(OSError, match="Missing Authority Key Identifier"):
        strictly(box)
    with FreeboxSimulator(key_identifier=True) as box:
        assert identifies_its_key(shown_chain(box)[0])
        with strictly(box) as answer:
            assert answer.status == 200


def test_plain_http_is_the_same_box(start_box, another_box_client):
    box, api = start_box(plain_http=True)
    plain = another_box_client(box, box.http_url)
    assert plain.login(box.app_id, box.app_token).body["success"]
    plain.post("vpn/user/", {"login": "alice"})
    assert api.get("vpn/user/alice").body["success"]
    assert box.machine.handshakes == 1


def test_another_certificate_can_be_shown(box, another_box_client):
    box.configure(wrong_certificate=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        another_box_client(box).get("login/")


@pytest.mark.parametrize("path", ["vpn/user/", "vpn/user", "/vpn/user", "/api/v16/vpn/user/", "vpn/*"])
def test_faults_hit_by_the_path_below_the_version(box, box_api, path):
    box.faults.add(path=path, method="POST", applied=True, do="drop")
    with pytest.raises((OSError, http.client.HTTPException)):
        box_api.post("vpn/user/", {"login": "alice"})
    assert "alice" in box.state()["users"]
    exchange = box.exchanges[-1]
    assert (exchange.wrote, exchange.fault, exchange.operation) == (True, "drop", "addVpnUser")
    assert box_api.get("vpn/user/").status == 200


def test_the_log_has_no_secrets_of_sessions(box, box_api):
    box_api.get("vpn/")
    assert box.log[-1].headers["X-Fbx-App-Auth"] == "[redacted]"
    assert box_api.token not in str(box.log[-1])


def test_the_control_endpoints(box, box_api):
    def control(operation, body=None, method="POST"):
        reply = box_api.call(method, f"/_simulator/{operation}", body)
        assert reply.status == 200, reply.body
        return reply.body

    app = {"app_id": "org.example.app", "app_name": "Example", "app_version": "1", "device_name": "here"}
    track = box_api.post("login/authorize/", app).body["result"]["track_id"]
    box_api.get(f"login/authorize/{track}")
    assert control("button", {"status": "granted"}) == {"track_id": track}
    control("rights", {"app_id": app["app_id"], "rights": ["settings"]})
    control("revoke", {"app_id": app["app_id"]})
    assert control("server", {"name": "pptp", "enabled": True, "broken": True}) == "error"
    assert control("server", {"name": "wireguard", "enabled": True}) == "started"
    phone = {"login": "phone", "type": "wireguard", "ip_reservation": "192.168.27.70"}
    assert control("user", phone)["type"] == "wireguard"
    assert control("user", {"login": "phone", "ip_reservation": "192.168.27.71"})["ip_reservation"] == "192.168.27.71"
    assert control("connect", {"user": "phone", "server": "wireguard"})["local_ip"] == "192.168.27.71"
    file = box_api.get("vpn/download_config/wireguard/phone").body
    assert control("let-in", {"server": "wireguard", "file": file}) == {"let_in": True, "reason": ""}
    assert control("readings", {"noent_status": "404"})["noent_status"] == "404"
    control("settings", {"start_duration": 5.0})
    control("faults", {"path": "vpn/", "status": 503})
    assert box_api.get("vpn/").status == 503
    control("clock", {"advance": 10})
    assert control("expire-sessions") == {"ended": 1}
    assert box_api.get("vpn/").status == 403
    assert control("counts", method="GET")["sign_ins"] == 1
    control("reset")
    state = control("state", method="GET")
    assert (state["users"], state["readings"]["noent_status"]) == ({}, "200")
    assert box_api.call("POST", "/_simulator/button", {"status": "granted"}).status == 400
    assert box_api.call("POST", "/_simulator/user", {"login": "phone", "colour": "red"}).status == 400
    assert box_api.call("POST", "/_simulator/server", {"name": "openvpn"}).status == 400
    assert box_api.call("POST", "/_simulator/nothing").status == 404
