# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated server of the document dialect says nothing that the contract does not allow."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import LICENSE
from ansible_collections.vpn.estate.tests.contract.checker import Contract, ContractChecker
from ansible_collections.vpn.estate.tests.simulator.access_server import Exchange, code, counter
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import EVERY_SAMPLE

IDP = IdentityProvider()
SUBNET = {"ipv6": False, "netip": "10.20.0.0", "prefix_length": 16}
SUBNET6 = {"ipv6": True, "netip": "fd00::", "prefix_length": 64}
SERVICE = {"protocol": "tcp", "start_port": 443, "end_port": 444}
PING = {"protocol": "icmp", "type": "icmp-echo-request"}
USER = {
    "name": "alice",
    "group": "staff",
    "deny": False,
    "auth_method": "local",
    "reroute_gw": "dns_only",
    "cc_commands": "push route",
    "static_ipv4": "172.28.0.5",
    "static_ipv6": "fd00::5",
    "bypass_subnets": [SUBNET],
    "client_to_server_subnets": [SUBNET, SUBNET6],
    "dmz_ip": [{"ip": "192.0.2.1", "protocol": "udp", "start_port": 7000, "end_port": 7001}],
    "dmz_ipv6": [{"ip": "2001:db8::1"}],
    "cli_script_connect_win_user_connect": "echo",
    "cli_script_connect_win_env": {"A": "1"},
}
GROUP = {
    "name": "staff",
    "autologin": True,
    "subnets": [SUBNET],
    "dynamic_ranges": [{"ipv6": False, "first_ip": "10.20.0.9", "last_ip": "10.20.0.99"}],
}
ROW = {"username": "alice", "type": "access_to_ipv4"}
ROUTE = {"type": "nat", "accept": True, "subnet": {**SUBNET, "service": [SERVICE, PING]}}
# What the samples of resources do not call, or not with every answer. All of it also runs with a real database.
CALLS: list[tuple[str, str, Any, int]] = [
    ("POST", "groups/create", GROUP, 201),
    ("POST", "groups/create", GROUP, 400),
    ("POST", "users/create", USER, 201),
    ("POST", "users/create", USER, 400),
    ("POST", "users/create", {"name": "bob"}, 201),
    ("POST", "users/list", None, 200),
    ("POST", "users/list", {"page_size": 2, "offset": 1, "order_by": "group", "sort_by": "desc"}, 200),
    ("POST", "users/list", {"filters": {"admin": {"value": True}}, "users": ["alice"], "proplist": ["deny"]}, 200),
    ("POST", "groups/list", {"enumerate_members": True}, 200),
    ("POST", "groups/list", {"groups": ["nobody"]}, 200),
    ("GET", "users/defaultuser", None, 200),
    ("POST", "userprop/set", [{"name": "alice", "deny": True}, {"name": "__DEFAULT__", "autologin": True}], 200),
    ("POST", "userprop/set", [{"name": "staff", "members": ["alice", "bob"]}, {"name": "alice", "deny": None}], 200),
    ("POST", "userprop/set", [{"name": "staff", "group": "staff"}], 400),
    ("POST", "userprop/set", [{"name": "nobody", "deny": True}], 404),
    ("POST", "userprop/access/set", {"items_set": [{**ROW, "access_route": ROUTE}]}, 200),
    ("POST", "userprop/access/set", {"items_set": [{**ROW, "username": "nobody", "access_route": ROUTE}]}, 400),
    ("POST", "userprop/access/list", {"users": ["alice"], "filters": {"object_type": "user"}}, 200),
    ("POST", "userprop/access/set", {"items_set": [{**ROW, "access_route": None}]}, 200),
    ("POST", "config-items/default/list", None, 200),
    ("POST", "config-items/default/list", {"names": ["host.name", "not.there"]}, 200),
    ("POST", "config-items/default", {"cs.https.port": 944, "own.key": "x", "auth.radius.0.server.0.secret": "y"}, 200),
    ("POST", "config-items/default", {"own.key": None}, 200),
    ("POST", "config-items/default", {"cs.https.port": 0}, 400),
    ("POST", "config-items/none", {"cs.https.port": 1}, 404),
    ("POST", "config-items/none/list", {}, 404),
    ("GET", "config-profile/list", None, 200),
    ("POST", "config-profile", {"profile": "spare", "copy_from": "default"}, 201),
    ("POST", "config-profile", {"profile": "spare"}, 400),
    ("POST", "config-profile", {"profile": "other", "copy_from": "none"}, 404),
    ("POST", "config-profile", {"profile": "empty"}, 201),
    ("GET", "config-profile/spare/validate", None, 200),
    ("GET", "config-profile/empty/validate", None, 400),
    ("GET", "config-profile/none/validate", None, 404),
    ("POST", "config-profile/empty/set-active", None, 400),
    ("POST", "config-profile/none/set-active", None, 404),
    ("POST", "config-profile/spare/set-active?restartMode=warm", None, 200),
    ("DELETE", "config-profile/spare", None, 400),
    ("DELETE", "config-profile/empty", None, 204),
    ("DELETE", "config-profile/empty", None, 404),
    ("GET", "server/status", None, 200),
    ("GET", "server/info", None, 200),
    ("GET", "server/interfaces", None, 200),
    ("GET", "server/interfaces?no_loopback=true", None, 200),
    ("GET", "vpn/status", None, 200),
    ("GET", "vpn/dco-module", None, 200),
    ("POST", "vpn/client/disconnect", {"users": ["alice"], "reason": "r", "client_reason": "c"}, 200),
    ("POST", "vpn/client/disconnect", {"daemon_id": "openvpn_0", "client_id": 77}, 404),
    ("POST", "vpn/client/disconnect", {}, 400),
    ("POST", "helper/status-overview", {"names": ["host.name", "cs.priv_key"]}, 200),
    ("GET", "license/info", None, 200),
    ("GET", "license/machine-id", None, 200),
    ("POST", "license/subscription/test", {"subscription": "none"}, 400),
    ("POST", "license/subscription/test", {"subscription": bundle()}, 200),
    ("POST", "license/subscription", {"subscription": "none"}, 400),
    ("POST", "license/subscription", {"subscription": bundle()}, 200),
    ("GET", "license/info", None, 200),
    ("DELETE", "license/subscription", None, 200),
    ("POST", "license/fixed-license/online-activation", {"license": "none"}, 400),
    ("POST", "license/fixed-license/online-activation", {"license": "FIXED-1"}, 200),
    ("GET", "license/info", None, 200),
    ("GET", "saml/metadata", None, 404),
    ("GET", "saml/redirect", None, 403),
    ("GET", "auth/get-idp-url", None, 400),
    ("POST", "helper/get-saml-configuration", {"data": IDP.metadata()}, 200),
    ("POST", "helper/get-saml-configuration", {"data": "none"}, 400),
    ("POST", "helper/get-saml-configuration", {"url": "https://idp.example.com/none"}, 400),
    ("POST", "auth/login/saml-assertion", {"assertion": "none"}, 403),
    ("GET", "eula", None, 200),
    ("GET", "server/config", None, 200),
    ("GET", "ui/config", None, 200),
    ("GET", "support/report", None, 200),
    ("GET", "cluster/nodes/list", None, 200),
    ("POST", "log/reports", {"filters": {"error": {"value": True}}, "order_by": "timestamp", "sort_by": "desc"}, 200),
    ("POST", "log/reports", {"filters": {"timestamp": {"start_relative": "soon"}}}, 400),
    ("POST", "server/restart?restartMode=dry_run", None, 200),
    ("POST", "auth/token/renew", None, 200),
    ("POST", "auth/password/change", {"username": "bob", "new_password": "Str0ng-enough"}, 200),
    ("POST", "auth/password/change", {"username": "bob", "new_password": "weak"}, 403),
    ("POST", "users/delete", {"users": ["alice", "bob"]}, 204),
    ("POST", "users/delete", {"users": ["alice"]}, 404),
    ("POST", "users/delete", {"users": "alice"}, 400),
    ("POST", "groups/delete", {"groups": ["staff"]}, 204),
    ("POST", "groups/delete", {"groups": ["staff"]}, 404),
    ("POST", "server/restart?restartMode=cold", None, 200),
]


@pytest.fixture(scope="module")
def checker() -> ContractChecker:
    return ContractChecker()


def test_every_operation_answers_as_documented(start, checker, another_client, tmp_path):
    server, api = start(dialect="document", settings={"restart_downtime": 0.0, "cluster_nodes": 3})
    server.connect("alice")
    for method, path, body, status in CALLS:
        reply = api.call(method, f"/api/{path}", body)
        assert (method, path, reply.status) == (method, path, status), reply.body
    _use_rulesets(server, api)
    _use_certificates_and_profiles(server, api)
    _download_profiles(server, api)
    _sign_in_in_every_way(server, another_client(server))
    _use_saml(server, api, another_client(server))
    exchanges = [*_apply_samples(start), *_activate_a_licence_file(start)]
    for each in (server, *_form_a_cluster(start, server, api, tmp_path)):
        exchanges += each.exchanges
    done = {exchange.operation for exchange in exchanges}
    assert done == {route.operation for route in server.machine.routes.routes if route.base == "/api"}
    # a body of the wrong form is what the server must refuse, so the requests of these calls are not to be checked
    wrong = ({"users": "alice"}, {"ruleset_ids": []}, {"RelayState": "cws"})
    checker.check_all((each for each in exchanges if each.request not in wrong), answers=True)


def test_every_operation_does_the_same_with_a_real_database(start, mariadb):
    server, api = start(dialect="document", settings={"restart_downtime": 0.0, "cluster_nodes": 3})
    assert api.call("PUT", "/api/database/convert", {"mysqluri": mariadb.uri}).status == 200
    server.connect("alice")
    for method, path, body, status in CALLS:
        if path.startswith("config-profile/empty/"):
            continue  # the node's own host name is in every profile, so that none is incomplete
        reply = api.call(method, f"/api/{path}", body)
        assert (method, path, reply.status) == (method, path, status), reply.body
    _use_rulesets(server, api)
    _use_certificates_and_profiles(server, api)
    _download_profiles(server, api)


def _apply_samples(start):
    """Create, change and delete the sample of each resource; the answer is all that a server was asked for that."""
    server, _unused = start(dialect="document", settings={"restart_downtime": 0.0})
    managed = Server(server)
    exchanges = []
    for sample in EVERY_SAMPLE:
        for step in sample.steps if sample.kind is Server else ():
            server.reset()
            managed.empty_folder()
            scenario = sample.scenario(step, managed.folder)
            scenario.prepare(managed)
            answer = managed.manage(scenario.resource, **scenario.declared)
            assert answer["changed"], (sample.resource.noun, step, answer.get("msg"))
            exchanges += server.exchanges
    return exchanges


def _activate_a_licence_file(start):
    """It is sent as a form, which no other call is; the answer is all that a server was asked for that."""
    server, _unused = start(dialect="document")
    for text, failed in (("FIXED-1111", False), ("no licence", True)):
        assert bool(Server(server).manage(LICENSE, license_file=text).get("failed")) == failed
    return server.exchanges


def _use_rulesets(server, api):
    """A server of 3.2 has them; one that keeps to the document is older."""
    assert api.post("access/rulesets/list", {}).status == 404
    server.configure(version="3.2.2")
    server.set_user("alice")
    rule = {"ruleset_id": 1, "type": "domain_routing", "match_type": "domain", "match_data": "example.com"}
    rule |= {"action": "route", "position": 100, "comment": ""}
    assigned = {"alice": [{"ruleset_id": 1, "position": 100}]}
    calls = [
        ("rulesets/add", {"name": "one", "comment": "first"}, 200),
        ("rulesets/add", {"name": ""}, 400),
        ("user-rulesets/modify", {"add": assigned}, 200),
        ("user-rulesets/modify", {"add": {"nobody": assigned["alice"]}}, 400),
        ("user-rulesets/modify", {"delete": {"alice": {"ruleset_ids": [9]}}}, 400),
        ("rulesets/list", {"owner": "alice", "filters": {"name": {"operation": "substring", "value": "on"}}}, 200),
        ("rulesets/list", {"owner": "nobody"}, 400),
        ("rules/modify", {"add": [rule, {**rule, "position": 200}]}, 200),
        ("rules/modify", {"add": [{**rule, "id": 1, "action": "deny"}], "delete": [2]}, 200),
        ("rules/modify", {"add": [{**rule, "ruleset_id": 9}]}, 400),
        ("rules/modify", {"add": [{**rule, "match_type": "regex"}]}, 400),
        ("rules/modify", {"delete": [2]}, 400),
        ("rules/list", {"ruleset_ids": [1], "filters": {"match_type": {"operation": "equal", "value": "domain"}}}, 200),
        ("rules/list", {"ruleset_ids": []}, 400),
        ("rulesets/update", {"id": 1, "name": "two", "comment": ""}, 200),
        ("rulesets/update", {"id": 9, "name": "two", "comment": ""}, 400),
        ("user-rulesets/modify", {"delete": {"alice": {"ruleset_ids": [1]}}}, 200),
        ("rulesets/delete", {"ids": [1]}, 200),
        ("rulesets/delete", {"ids": [1]}, 400),
    ]
    for path, body, status in calls:
        reply = api.post(f"access/{path}", body)
        assert (path, reply.status) == (path, status), reply.body
    server.configure(version="")


def _use_saml(server, api, browser):
    active = api.get("config-profile/list").body["active_profile"]
    server.set_configuration(active, **IDP.settings())
    assert api.post("server/restart?restartMode=warm", None).status == 200
    assert api.get("saml/metadata").status == 200
    assert api.get("auth/get-idp-url?relay_state=profile").status == 200
    assert api.get("auth/get-idp-url?relay_state=nowhere").status == 400
    assert browser.get("saml/redirect").status == 302
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert (
        browser.call("POST", "/api/saml/acs", b"SAMLResponse=PHg%2BPC94Pg%3D%3D&RelayState=cws", **form).status == 200
    )
    assert browser.call("POST", "/api/saml/acs", b"RelayState=cws", **form).status == 400
    server.set_user("erin", admin=True, auth_method="saml")
    own = server.machine.saml
    about = {"service_provider": own.entity_id, "consumer": own.consumer, "now": server.clock.now()}
    for assertion, status in (
        (IDP.response("erin", **about), 200),
        (IDP.response("carol", **about), 403),
        (IDP.response("erin", **about, status="urn:oasis:names:tc:SAML:2.0:status:Requester"), 401),
        (IDP.response("erin", **about, signs="nothing"), 400),
    ):
        body = {"assertion": assertion, "relay_state": "cws"}
        assert browser.post("auth/login/saml-assertion", body).status == status


def _use_certificates_and_profiles(server, api):
    server.set_user("frank", autologin=True)
    old, new = server.add_authority("Old", current=False), server.add_authority("New")
    serials = [server.add_profile("frank", authority=old) for _unused in range(3)]
    token = server.add_profile_token("frank")
    made = api.post("certificate/create", {"cert_template": "ca", "common_name": "Root"}).body
    certificate, key = made["certificate"], made["private_key"]
    named = {"cert_template": "webserver", "common_name": "a.example.com", "subj_alt_dns_names": ["a.example.com"]}
    signed = {**named, "signing_ca": certificate, "signing_ca_key": key, "days_to_expiry": 9}
    web = api.post("certificate/create", signed).body["certificate"]
    equal = {"operation": "equal", "value": "frank"}
    range_ = {"start": "2020-01-01", "end": "2099-12-31"}
    filters = {"user": equal, "serial_number": {"operation": "equal", "value": int(serials[0])}, "not_after": range_}
    calls = [
        ("GET", "ca/vpn/list", None, 200),
        ("GET", "ca/allowed-algorithms/list", None, 200),
        ("POST", "ca/vpn/create", {"algorithm": "secp256r1", "common_name": "Newest"}, 201),
        ("POST", "ca/vpn/create", {"algorithm": "secp256r1", "common_name": "Newest"}, 400),
        ("POST", "ca/vpn/create", {"algorithm": "rot13"}, 400),
        ("POST", "profiles/list", None, 200),
        ("POST", "profiles/list", {"filters": filters, "order_by": "type", "sort_by": "desc", "page_size": 1}, 200),
        ("POST", "profiles/create", {"user": "frank", "profile_type": "autologin", "tls_crypt_v2": True}, 201),
        ("POST", "profiles/create", {"user": "nobody", "profile_type": "autologin"}, 403),
        ("POST", f"profiles/delete/{serials[0]}", None, 200),
        ("POST", f"profiles/delete/{serials[0]}", None, 400),
        ("POST", "profiles/delete", [serials[0], serials[1]], 200),
        ("POST", "profiles/delete-user", {"filter": "frank_AUTO"}, 200),
        ("POST", "profiles/delete-user", {"users": ["frank"]}, 404),
        ("POST", "profiles/delete-user", {}, 400),
        ("DELETE", f"ca/vpn/{old}?delete_clients=true", None, 200),
        ("DELETE", f"ca/vpn/{old}", None, 404),
        ("DELETE", f"ca/vpn/{new}", None, 200),
        ("POST", "token-url", {"profile_type": "autologin", "username": "frank", "usages": 2, "lifetime": 60}, 200),
        ("POST", "token-url", {"profile_type": "autologin", "username": "nobody"}, 400),
        ("GET", "token-url/list", None, 200),
        ("POST", "token-url/delete", [token], 204),
        ("POST", "token-url/delete", [token], 404),
        ("POST", "installer-url", {"installer_type": "win_v3", "user": "frank", "profile_type": "autologin"}, 200),
        ("POST", "installer-url", {"installer_type": "ios"}, 400),
        ("POST", "certificate/info", {"certificate": web}, 200),
        ("POST", "certificate/info", {"certificate": "none"}, 400),
        ("POST", "certificate/check-private-key", {"certificate": certificate, "private_key": key}, 200),
        ("POST", "certificate/check-against-ca-roots", {"certificate": web, "ca_roots": [certificate]}, 200),
        ("POST", "certificate/check-against-ca-roots", {"certificate": web, "ca_roots": [web]}, 400),
        ("POST", "certificate/create", {"cert_template": "client", "days_to_expiry": 0}, 400),
        ("POST", "userprop/mfa/generate-secret", {"username": "frank", "reset_secret": True, "locked": True}, 200),
        ("POST", "userprop/mfa/generate-secret", {"username": "nobody"}, 404),
    ]
    for method, path, body, status in calls:
        reply = api.call(method, f"/api/{path}", body)
        assert (method, path, reply.status) == (method, path, status), reply.body


def _download_profiles(server, api):
    server.set_user("grace", password="Secret-123", autologin=True)
    basic = "Basic " + base64.b64encode(b"grace:Secret-123").decode()
    tokens = [server.add_profile_token("grace") for _unused in range(2)]
    for path in ("GetUserlogin", "GetAutologin", "GetGeneric"):
        assert api.get(path, Authorization=basic).status == 200
    assert api.get(f"GetProfileViaToken?token={tokens[0]}").status == 200
    assert api.get(f"GetInstallerViaToken?token={tokens[1]}&installer_type=mac_v3").status == 200
    assert api.get(f"GetInstallerViaToken?token={tokens[1]}&installer_type=linux").status == 404
    for method in ("HEAD", "GET"):
        assert api.call(method, "/api/openvpn-api/profile").status == 302


def _form_a_cluster(start, server, api, tmp_path):
    """Two servers become a cluster and part again; the answer is the second, and one that cannot join."""
    other, other_api = start(dialect="document", node_name="two", settings={"restart_downtime": 0.0})
    wrong, wrong_api = start(dialect="document", settings={"version": "1.0"})
    uri = {"mysqluri": f"sqlite://{tmp_path}/shared.sqlite"}
    one, two = (
        {"name": name, "api_endpoint": each.url, "certificate_fingerprint": each.fingerprint_sha256, **uri}
        for name, each in (("one", server), ("two", other))
    )
    failover = {"failover.mode": "ucarp", "ucarp.addr": "192.0.2.1", "ucarp.secret": "s"}
    failover |= {f"dbpush.hosts.{index}.public": f"{index}.example.com" for index in range(2)}
    props = {"rr_dns_hostname": "vpn.example.org", "rr_dns_new_nodes": True}
    to_two = {"X_OpenVPN_AS_Node": "two"}
    calls = [
        (api, "GET", "cluster/props", None, 200),
        (api, "POST", "cluster/props", props, 400),
        (api, "PUT", "cluster/rr-dns-hostname", None, 400),
        (api, "POST", "cluster/leave", None, 400),
        (api, "POST", "cluster/one/set", {"api_endpoint": other.url}, 400),
        (api, "POST", "cluster/create", {**one, "api_endpoint": "one"}, 400),
        (api, "POST", "cluster/create", {**one, **props, "rr_update_node": True}, 200),
        (api, "POST", "cluster/create", one, 400),
        (wrong_api, "POST", "cluster/join", {**two, "name": "three"}, 400),
        (wrong_api, "PUT", "database/convert", uri, 400),
        (wrong_api, "PUT", "database/convert", {"mysqluri": f"sqlite://{tmp_path}/alone.sqlite"}, 200),
        (other_api, "POST", "cluster/join", two, 200),
        (api, "GET", "cluster/nodes/list", None, 200),
        (api, "GET", "cluster/props", None, 200),
        (api, "POST", "cluster/props", props, 200),
        (api, "PUT", "cluster/rr-dns-hostname", None, 200),
        (api, "GET", "server/status", None, 200, to_two),
        (api, "POST", "cluster/two/set", {"certificate_fingerprint": "zz"}, 400),
        (api, "POST", "cluster/three/set", {"certificate_fingerprint": "00" * 32}, 400),
        (api, "POST", "cluster/two/set", {"certificate_fingerprint": "00" * 32}, 200),
        (api, "POST", "proxy", None, 502, to_two),
        (api, "POST", "cluster/two/set", {"certificate_fingerprint": other.fingerprint_sha256}, 200),
        (api, "POST", "notification/create", {"notification_type": "NODE_RESTARTED"}, 200),
        (api, "POST", "server/failover-test", failover, 200),
        (api, "POST", "server/failover-test", {**failover, "failover.mode": "none"}, 400),
        (api, "POST", "server/failover-init", None, 200),
    ]
    for client, method, path, body, status, *headers in calls:
        reply = client.call(method, f"/api/{path}", body, **(headers[0] if headers else {}))
        assert (method, path, reply.status) == (method, path, status), reply.body
    server.configure(proxy_timeout=0.1)
    other.configure(latency=1.0)
    assert api.post("proxy", **to_two).status == 504
    assert api.post("cluster/leave").status == 200
    return other, wrong


def _sign_in_in_every_way(server, api):
    server.set_user("carol", password="Secret-123")
    server.set_user("dave", password="Secret-123", totp=True)
    assert api.login("carol", "wrong").status == 403
    assert api.login("carol", "Secret-123").status == 200
    assert api.post("users/list", {}).status == 403
    assert api.get("server/info").status == 403
    first = api.login("dave", "Secret-123")
    assert first.status == 409
    api.token = first.body["auth_token"]
    secret = first.body["user_properties"]["mfa_secret"]
    now = code(secret, counter(server.clock.now()))
    assert api.post("auth/mfa/enroll", {"username": "dave", "token": "000000"}).status == 400
    assert api.post("auth/mfa/enroll", {"username": "dave", "token": now}).status == 200
    challenge = api.login("dave", "Secret-123")
    assert challenge.status == 401
    context = challenge.body["MFAChallenge"]["challenge_context"]
    server.clock.advance(30)
    answer = {"username": "dave", "challenge_context": context, "response": code(secret, counter(server.clock.now()))}
    api.token = None
    assert api.post("auth/login/mfaauth", answer).status == 200
    assert api.post("auth/login/mfaauth", answer).status == 403
    server.clock.advance(90)
    one_step = api.login("dave", "Secret-123", totp=code(secret, counter(server.clock.now())))
    assert one_step.status == 200
    server.set_user("erin", auth_method="saml")
    assert api.login("erin", "any").status == 401
    api.token = "expired"
    assert api.post("auth/token/renew").status == 401


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"path": "/api/access/policysets/list"}, "is not in the contract"),
        ({"request": {"page_sise": 1}}, "the contract knows no field page_sise"),
        ({"request": {"filters": {"name": {"value": "a", "operation": "equal", "case": False}}}}, "no field case"),
        ({"request": {"page_size": "1"}}, "page_size: '1' is not of type 'integer'"),
        ({"query": {"page": "2"}}, "has no query parameter page"),
        ({"status": 204}, "has no answer with status 204"),
        ({"response": {"total": "one"}}, "total: 'one' is not of type 'integer'"),
        ({"response": {"profiles": [{"deny": {"inherited": True}}]}}, "'value' is a required property"),
    ],
)
def test_the_checker_finds_what_is_wrong(checker, changed, sentence):
    right = {
        "method": "POST",
        "path": "/api/users/list",
        "status": 200,
        "wrote": False,
        "operation": "getuserprops",
        "request": {"page_size": 1},
        "response": {"total": 0, "profiles": []},
    }
    checker.check(Exchange(**right), answers=True)
    with pytest.raises(AssertionError, match=sentence):
        checker.check(Exchange(**(right | changed)), answers=True)


def test_paths_with_parameters_are_found(checker):
    assert checker.operation("GET", "/api/config-profile/list")["operationId"] == "enumerateConfigurationProfileList"
    assert checker.operation("DELETE", "/api/config-profile/list")["operationId"] == "configurationProfileDelete"


def described(monkeypatch, **more):
    """A checker of one operation, of whose request one field is described, and of whose answer nothing."""
    contract = Contract("of-a-test.yaml", lambda path: f"/api{path}")
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "Made"}}, **more}
    monkeypatch.setitem(vars(contract), "document", {"paths": {"/rulesets/add": {"post": operation}}})
    return ContractChecker(contract)


def exchanged(request, response):
    return Exchange("POST", "/api/rulesets/add", 200, True, "addRuleset", request=request, response=response)


@pytest.mark.parametrize("response", [None, {}, {"id": 7}])
def test_an_operation_can_be_described_in_part(monkeypatch, response):
    checker = described(monkeypatch, **{"x-incomplete": True})
    checker.check(exchanged({"name": "a", "position": 3}, response), answers=True)


@pytest.mark.parametrize(
    ("request_body", "response", "sentence"),
    [
        ({"position": 3}, None, "'name' is a required property"),
        ({"name": 7}, None, "name: 7 is not of type 'string'"),
        ([{"name": "a"}], None, "is not of type 'object'"),
        ({"name": "a"}, [7], "list instead of a JSON object"),
        ({"name": "a"}, "seven", "str instead of a JSON object"),
    ],
)
def test_what_is_described_of_an_operation_still_holds(monkeypatch, request_body, response, sentence):
    checker = described(monkeypatch, **{"x-incomplete": True})
    with pytest.raises(AssertionError, match=sentence):
        checker.check(exchanged(request_body, response), answers=True)


def test_an_operation_that_is_not_described_at_all_takes_an_object(monkeypatch):
    checker = described(monkeypatch, **{"x-incomplete": True, "requestBody": None})
    checker.check(exchanged({"colour": "red"}, {"id": 7}), answers=True)
    with pytest.raises(AssertionError, match="request: list instead of a JSON object"):
        checker.check(exchanged(["red"], None), answers=True)


def test_without_the_mark_every_field_is_described(monkeypatch):
    with pytest.raises(
        AssertionError, match=r"no field position\. Describe it in tests/contract/of-a-test\.yaml, or mark"
    ):
        described(monkeypatch).check(exchanged({"name": "a", "position": 3}, None), answers=True)
