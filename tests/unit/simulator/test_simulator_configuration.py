# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration, profiles, restarts, clients and the cluster of a simulated Access Server."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import time
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server.configuration_keys import KEYS
from ansible_collections.vpn.estate.tests.simulator.pki import identity_in
from ansible_collections.vpn.estate.tests.unit.plugins.support.list_tables import DOCUMENT, literals, rows


def item(api, name, profile="default"):
    return api.post(f"config-items/{profile}/list", {"names": [name]}).body["items"][0]


def wait_until_back(api):
    """The API answers again."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            return api.get("server/status")
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the API did not come back")


def test_keys_of_every_category_and_type():
    assert len(KEYS) >= 150
    assert {key.category for key in KEYS.values()} == {
        "default",
        "required",
        "derived",
        "deprecated",
        "removed",
        "advanced",
    }
    assert {key.type for key in KEYS.values()} == {"string", "integer", "boolean"}
    assert {key.hint for key in KEYS.values() if key.hint} >= {"hostname", "ipAddress", "pemCertificate"}


# What public configurations set, as text as sacli shows it: Q and J of server behaviour, 117, without what is empty.
PUBLIC = {
    "auth.ldap.0.server.0.host": "ldap.test.com:389",
    "auth.ldap.0.server.1.host": "ldap2.test.com:389",
    "auth.ldap.0.ssl_verify": "internal",
    "auth.module.type": "pam",
    "cs.tls_version_min": "1.1",
    "sa.initial_run_groups.0": "web_group",
    "sa.initial_run_groups.1": "openvpn_group",
    "vpn.client.routing.reroute_dns": "custom",
    "vpn.server.daemon.protocols": "both",
    "vpn.server.dhcp_option.dns.2": "1.1.1.1",
    "vpn.server.dhcp_option.domain": "dev.test.com,prd.test.com",
    "vpn.server.port_share.ip_address": "1.2.3.4",
    "vpn.server.routing.private_network.2": "172.21.70.72/32",
    "vpn.server.tls_cc_security": "tls-crypt",
    "vpn.client.config_text": "-remote \nremote-random",
}


def test_each_key_is_documented_with_its_source():
    """The table is what people read; the definitions are what the simulator does."""
    letters = set(re.findall(r"^     - ([A-Z]): ", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    found = rows("key", "type", "default", "source")
    assert {source for _name, _type, _default, source in found} <= letters
    documented = {key.name: [key.type, shown_default(key), key.source] for key in KEYS.values()}
    assert {literals(name)[0]: rest for name, *rest in found} == documented
    assert len(found) == len(KEYS)


def shown_default(key):
    """A default as the table shows it; a guess has a question mark."""
    shown = f"``{json.dumps(key.default)}``" if key.default not in ("", None) else "empty"
    return shown if key.sure else f"{shown} ?"


@pytest.mark.parametrize("reading", ["known", "custom"])
@pytest.mark.parametrize("name", PUBLIC)
def test_what_public_configurations_set_is_taken(start, name, reading):
    _unused, api = start(readings={"indexed_keys": reading})
    assert api.post("config-items/default", {name: PUBLIC[name]}).status == 200
    assert item(api, name)["value"] == PUBLIC[name]


@pytest.mark.parametrize(("reading", "category"), [("known", "default"), ("custom", "custom")])
def test_readings_of_a_key_with_another_index(start, reading, category):
    _unused, api = start(readings={"indexed_keys": reading})
    assert item(api, "auth.ldap.1.server.2.host")["category"] == category
    assert item(api, "auth.ldap.x.server.2.host")["category"] == "custom"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("cs.https.port", "943", "valid integer"),
        ("cs.https.port", 0, "greater than or equal to 1"),
        ("cs.https.port", 65536, "less than or equal to 65535"),
        ("vpn.server.daemon.enable", "true", "valid boolean"),
        ("sa.company_name", 5, "valid string"),
        ("vpn.server.tls_version_min", "3.0", "one of: 1.0, 1.1, 1.2, 1.3"),
        ("host.name", "not a host", "valid hostname"),
        ("vpn.server.dhcp_option.dns.0", "10.0.0", "valid ipAddress"),
        ("cs.cert", "no certificate", "valid pemCertificate"),
        ("cs.priv_key", "no key", "valid pemPrivateKey"),
        ("admin_ui.url", "https://x", "read-only"),
        ("own.key", [1], "a string, an integer or a boolean"),
    ],
)
def test_bad_values_are_refused_by_key_and_nothing_is_kept(server, api, name, value, text):
    before = server.state()["configuration"]
    reply = api.post("config-items/default", {"sa.company_name": "Example", name: value})
    assert reply.status == 400
    assert list(reply.body["detail"]) == [name]
    assert text in reply.body["detail"][name]
    assert server.state()["configuration"] == before


def test_a_value_shows_at_once_and_is_in_force_after_a_restart(start):
    server, api = start(settings={"restart_downtime": 0.0})
    assert item(api, "cs.https.port")["derived_from"] == "default"
    assert api.post("config-items/default", {"cs.https.port": 943}).status == 200
    assert (item(api, "cs.https.port")["derived_from"], item(api, "cs.https.port")["value"]) == ("db", 943)
    assert "cs.https.port" not in server.state()["running"]
    api.post("server/restart?restartMode=warm")
    assert server.state()["running"]["cs.https.port"] == 943


@pytest.mark.parametrize(
    ("reading", "status", "source", "value"),
    [("null", 200, "default", "Access Server"), ("refuse", 400, "db", "Example"), ("store", 200, "db", None)],
)
def test_readings_of_a_key_that_is_handed_back(start, reading, status, source, value):
    _unused, api = start(readings={"config_reset": reading})
    api.post("config-items/default", {"sa.company_name": "Example"})
    assert api.post("config-items/default", {"sa.company_name": None}).status == status
    shown = item(api, "sa.company_name")
    assert (shown["derived_from"], shown["value"]) == (source, value)


@pytest.mark.parametrize(
    ("reading", "kind", "default", "wrong"), [("integer", "integer", 943, "8443"), ("text", "string", "943", 8443)]
)
def test_readings_of_a_key_that_is_a_number(start, reading, kind, default, wrong):
    server, api = start(readings={"config_integers": reading})
    value = type(default)(8443)
    assert api.post("config-items/default", {"cs.https.port": wrong}).status == 400
    assert api.post("config-items/default", {"cs.https.port": value}).status == 200
    shown = item(api, "cs.https.port")
    assert (shown["type"], shown["value"], shown["default_value"]) == (kind, value, default)
    assert server.state()["configuration"]["default"]["cs.https.port"] == 8443  # what the server goes by


@pytest.mark.parametrize(("reading", "status"), [("known", 400), ("any", 200)])
def test_readings_of_an_unknown_authentication_method(start, reading, status):
    server, api = start(readings={"auth_methods": reading})
    server.set_user("alice")
    assert api.post("userprop/set", [{"name": "alice", "auth_method": "oidc"}]).status == status
    assert api.post("userprop/set", [{"name": "alice", "auth_method": 5}]).status == 400


@pytest.mark.parametrize(("name", "kind"), [("3.2", None), ("document", "custom")])
def test_unknown_keys_become_custom(start, name, kind):
    _unused, api = start(dialect=name)
    assert api.post("config-items/default", {"sa.compny_name": "Example"}).status == 200
    shown = item(api, "sa.compny_name")
    assert (shown["category"], shown["type"], shown["value"]) == ("custom", kind, "Example")


@pytest.mark.parametrize("dialect", ["3.2", "document"])
def test_secrets_are_masked_unevenly(start, dialect, tmp_path):
    _unused, api = start(dialect=dialect)
    key = Path(identity_in(tmp_path).key_path).read_text(encoding="ascii")
    secrets = {"auth.radius.0.server.0.secret": "s3cret", "cs.priv_key": key, "auth.ldap.0.bind_pw": "clear"}
    assert item(api, "cs.priv_key").get("redacted_value") is None
    api.post("config-items/default", secrets)
    shown = {name: item(api, name) for name in secrets}
    assert shown["auth.radius.0.server.0.secret"]["redacted_value"] == "[password]"
    assert shown["cs.priv_key"]["redacted_value"] == "[private key]"
    assert [each.get("value") for each in shown.values()] == [None, None, "clear"]


def test_profiles(start):
    server, api = start(settings={"restart_downtime": 0.0})
    api.post("config-items/default", {"sa.company_name": "Example"})
    assert api.post("config-profile", {"profile": "next", "copy_from": "default"}).status == 201
    assert api.post("config-profile", {"profile": "bad name"}).status == 400
    assert item(api, "sa.company_name", "next")["value"] == "Example"
    api.post("config-items/next", {"host.name": ""})
    assert "host.name" in api.get("config-profile/next/validate").body["reason"]
    assert api.post("config-profile/next/set-active").status == 400
    api.post("config-items/next", {"host.name": "vpn2.example.com"})
    assert api.post("config-profile/next/set-active?restartMode=dry_run").status == 200
    assert server.state()["active_profile"] == "default"
    assert api.post("config-profile/next/set-active?restartMode=warm").status == 200
    assert server.state()["running"]["host.name"] == "vpn2.example.com"
    assert api.get("config-profile/list").body == {"active_profile": "next", "profiles": ["default", "next"]}


def test_a_restart_takes_the_api_away_and_moves_its_time(start):
    server, api = start(settings={"restart_downtime": 0.2})
    before = api.get("server/status").body["last_restarted"]
    server.clock.advance(5)
    assert api.post("server/restart").body is None
    with pytest.raises(OSError, match=r"."):
        api.get("server/status")
    assert wait_until_back(api).body["last_restarted"] > before


def test_a_restart_can_answer_502_and_can_come_later(start):
    server, api = start(settings={"restart_downtime": 0.2, "restart_delay": 0.2, "restart_answer": "502"})
    before = api.get("server/status").body["last_restarted"]
    server.clock.advance(5)
    api.post("server/restart")
    assert api.get("server/status").body["last_restarted"] == before
    statuses = set()
    deadline = time.monotonic() + 10
    while 200 not in statuses and time.monotonic() < deadline:
        time.sleep(0.05)
        reply = api.get("server/status")
        statuses.add(reply.status if reply.status != 200 or reply.body["last_restarted"] > before else 0)
    assert statuses >= {502, 200}


def test_a_restart_with_a_broken_configuration_is_not_scheduled(server, api):
    server.set_configuration(**{"host.name": ""})
    for mode in ("warm", "dry_run"):
        assert api.post(f"server/restart?restartMode={mode}").status == 400
    assert api.get("server/info").status == 200
    assert api.post("server/restart?restartMode=hot").status == 400
    assert not server.writes


def test_a_dry_run_writes_nothing(server, api):
    assert api.post("server/restart?restartMode=dry_run").status == 200
    assert api.get("server/info").status == 200
    assert not server.writes


@pytest.mark.parametrize(("mode", "left"), [("warm", 1), ("cold", 0), ("systemctl", 0), ("server_agent", 0)])
def test_only_a_warm_restart_keeps_vpn_clients(start, mode, left):
    server, api = start(settings={"restart_downtime": 0.0})
    server.connect("alice")
    api.post(f"server/restart?restartMode={mode}")
    assert len(api.get("vpn/status").body["vpn_clients"]) == left


@pytest.mark.parametrize(("reading", "status"), [("keeps", 200), ("dies", 401)])
def test_readings_of_a_token_after_a_restart(start, reading, status):
    _unused, api = start(settings={"restart_downtime": 0.0}, readings={"token_after_restart": reading})
    api.post("server/restart")
    assert api.get("server/info").status == status


def test_the_web_certificate_is_the_configured_one_after_a_restart(start, tmp_path):
    server, api = start(settings={"restart_downtime": 0.0})
    other = identity_in(tmp_path)
    pem = {name: Path(path).read_text("ascii") for name, path in vars(other).items() if name.endswith("_path")}
    api.post("config-items/default", {"cs.cert": pem["certificate_path"]})
    assert "together" in api.get("config-profile/default/validate").body["reason"]
    api.post("config-items/default", {"cs.priv_key": pem["key_path"]})
    assert presented(server.url) == server.fingerprint_sha256
    assert api.post("server/restart").status == 200
    assert api.get("server/info").status == 200
    assert presented(server.url) == other.fingerprint_sha256


def presented(url):
    """SHA-256 of the certificate that a server shows."""
    host, port = url.removeprefix("https://").split(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain) as connection:
        certificate = connection.getpeercert(binary_form=True)
    assert certificate
    return hashlib.sha256(certificate).hexdigest()


def test_clients_are_disconnected_by_user_or_by_their_ids(server, api):
    first, second, third = server.connect("alice"), server.connect("alice"), server.connect("bob")
    assert api.get("license/info").body["current_cc"] == 3
    ids = {"daemon_id": third["daemon_id"], "client_id": third["client_id"]}
    assert api.post("vpn/client/disconnect", {**ids, "reason": "over"}).status == 200
    assert api.post("vpn/client/disconnect", ids).status == 404
    assert {first["daemon_id"], second["daemon_id"]} == {
        each["daemon_id"] for each in api.get("vpn/status").body["vpn_clients"]
    }
    assert api.post("vpn/client/disconnect", {"users": ["alice", "nobody"]}).status == 200
    assert api.get("vpn/status").body["vpn_clients"] == []
    records = api.post("log/reports", {"filters": {"service": {"operation": "equal", "value": "VPN"}}}).body["records"]
    # records of one second stand in no order
    assert sorted((each["username"], each["active"], each["error"]) for each in records) == [
        ("alice", "0", ""),
        ("alice", "0", ""),
        ("bob", "0", "over"),
    ]


def test_the_log_is_filtered_by_time(server, api):
    server.clock.advance(500)
    server.connect("alice")
    for span, names in (("5m", {"alice"}), ("1d 2h", {"alice", "openvpn", "__local_root__"})):
        reply = api.post("log/reports", {"filters": {"timestamp": {"start_relative": span}}})
        assert {each["username"] for each in reply.body["records"]} == names
    for bad in ("soon", "", "5", "5 m", "5q"):
        assert api.post("log/reports", {"filters": {"timestamp": {"start_relative": bad}}}).status == 400


def test_nodes_restart_one_by_one(start):
    server, api = start(settings={"cluster_nodes": 3, "restart_downtime": 0.0})
    api.post("config-items/default", {"sa.company_name": "Example"})
    pending = {"node1": True, "node2": True, "node3": True}
    for node in pending:
        assert server.state()["nodes"] == pending
        assert api.post("server/restart", X_OpenVPN_AS_Node=node).status == 200
        pending[node] = False
        nodes = api.get("cluster/nodes/list").body["nodes"]
        assert {name: each["restart_pending"] for name, each in nodes.items()} == pending
    assert api.get("server/info", X_OpenVPN_AS_Node="node3").body["os_hostname"] == "node3"
    assert api.get("server/info", X_OpenVPN_AS_Node="node4").status == 502
