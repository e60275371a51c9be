# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters of simulated servers, with a database in a file and with a real one."""

from __future__ import annotations

import email.utils
import time
from typing import Any, NamedTuple

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator

QUICK = {"restart_downtime": 0.0, "proxy_timeout": 5.0}
REREAD = "server/restart?restartMode=server_agent"


class Node(NamedTuple):
    name: str
    server: Any
    api: Any

    def join_request(self, uri, **changes):
        pinned = {"api_endpoint": self.server.url, "certificate_fingerprint": self.server.fingerprint_sha256}
        return {"name": self.name, **pinned, "mysqluri": uri, **changes}

    def sign_in(self):
        assert self.api.login(self.server.username, self.server.password, request_admin=True).status == 200


@pytest.fixture(params=["file", "mariadb"])
def uri(request, tmp_path):
    """Address of an empty database."""
    if request.param == "file":
        return f"sqlite://{tmp_path}/shared.sqlite"
    return request.getfixturevalue("mariadb").uri


@pytest.fixture
def file_uri(tmp_path):
    return f"sqlite://{tmp_path}/shared.sqlite"


@pytest.fixture
def node(start):
    """A function that starts a lone server."""

    def started(name, settings=None, **options):
        return Node(name, *start(node_name=name, settings={**QUICK, **(settings or {})}, **options))

    return started


@pytest.fixture
def cluster(node, file_uri):
    """Two nodes of one cluster, signed in at both, with nothing pending."""
    one, two = node("one"), node("two")
    assert one.api.post("cluster/create", one.join_request(file_uri)).status == 200
    assert two.api.post("cluster/join", two.join_request(file_uri)).status == 200
    two.sign_in()
    for each in (one, two):
        restart(each, REREAD)
    return one, two


def restart(each, call="server/restart"):
    """Restart a node and wait until it has."""
    assert each.api.post(call).status == 200
    assert each.api.get("server/status").status == 200


def names(each, what="users"):
    key = "users/list" if what == "users" else "groups/list"
    return {row["name"] for row in each.api.post(key, {}).body["profiles"]}


def pending(each):
    return {name: row["restart_pending"] for name, row in each.api.get("cluster/nodes/list").body["nodes"].items()}


def test_servers_become_one_cluster_and_part_again(node, uri):
    one, two, three = node("one", users=3), node("two"), node("three")
    two.server.set_user("olga", deny=True)
    assert one.api.get("cluster/nodes/list").body == {"nodes": {}}
    authorities = one.api.get("ca/vpn/list").body
    assert one.api.post("cluster/create", one.join_request(uri)).status == 200
    assert pending(one) == {"one": True}, "the caller is still signed in: the tokens have moved too"
    for each in (two, three):
        assert each.api.post("cluster/join", each.join_request(uri)).status == 200
        assert each.api.get("server/info").status == 401, "the tokens are those of the cluster"
        assert (each.server.username, each.server.password) == (one.server.username, one.server.password)
        each.sign_in()
    assert "user00001" in names(two)
    assert "olga" not in names(two)
    assert two.api.get("ca/vpn/list").body == authorities
    assert two.api.post("users/create", {"name": "nora"}).status == 201
    assert "nora" in names(one)
    assert "nora" in names(three)
    assert one.api.post("users/delete", {"users": ["nora"]}).status == 204
    assert "nora" not in names(two)
    listed = three.api.get("cluster/nodes/list").body["nodes"]
    assert listed["two"] == {
        "name": "two",
        "api_endpoint": two.server.url,
        "certificate_fingerprint": two.server.fingerprint_sha256,
        "restart_pending": True,
    }
    assert two.api.post("cluster/leave").status == 200
    two.sign_in()
    assert "olga" in names(two)
    assert "user00001" not in names(two)
    assert set(pending(one)) == {"one", "three"}
    assert two.api.get("cluster/nodes/list").body == {"nodes": {}}


def test_everything_of_a_server_moves(node, uri):
    one, two = node("one"), node("two")
    one.server.set_group("staff", autologin=True, members=["anna", "bert"])
    one.server.set_access_routes("staff", "access_to_ipv4", [{"type": "all", "accept": True}])
    one.server.set_configuration(**{"sa.company_name": "Example"})
    serial = one.server.add_profile("anna")
    before = one.server.state()
    assert one.api.post("cluster/create", one.join_request(uri)).status == 200
    assert two.api.post("cluster/join", two.join_request(uri)).status == 200
    same = ("users", "groups", "default_user", "access_lists", "authorities", "profiles", "configuration")
    for each in (one, two):
        state = each.server.state()
        assert {name: state[name] for name in same} == {name: before[name] for name in same}
    two.sign_in()
    assert two.api.post(f"profiles/delete/{serial}").status == 200
    assert one.server.state()["profiles"] == []
    route = {"type": "nat", "accept": True, "subnet": {"ipv6": False, "netip": "10.0.0.0", "prefix_length": 8}}
    row = {"groupname": "staff", "type": "access_to_ipv4", "access_route": route}
    assert two.api.post("userprop/access/set", {"items_set": [row]}).status == 200
    assert one.api.post("userprop/set", [{"name": "anna", "deny": True}, {"name": "staff", "deny": None}]).status == 200
    assert one.server.state()["access_lists"] == two.server.state()["access_lists"] != before["access_lists"]
    asked = {"users": ["anna", "bert"], "proplist": ["deny"], "page_size": 1, "offset": 0, "order_by": "name"}
    (anna,) = two.api.post("users/list", asked).body["profiles"]
    assert (anna["name"], anna["deny"]["value"]) == ("anna", True)


def test_only_a_restart_of_the_agent_takes_over_the_new_database(node, file_uri):
    one, two = node("one"), node("two")
    one.server.set_configuration(**{"sa.company_name": "Example"})
    one.api.post("cluster/create", one.join_request(file_uri))
    two.api.post("cluster/join", two.join_request(file_uri))
    two.sign_in()
    for mode in ("warm", "cold"):
        restart(two, f"server/restart?restartMode={mode}")
        assert pending(one) == {"one": True, "two": True}
        assert "sa.company_name" not in two.server.state()["running"]
    restart(two, REREAD)
    assert pending(two) == {"one": True, "two": False}
    assert two.server.state()["running"]["sa.company_name"] == "Example"


def test_a_change_of_what_is_shared_waits_for_a_restart_of_each(cluster):
    one, two = cluster
    assert pending(one) == {"one": False, "two": False}
    assert two.api.post("config-items/default", {"sa.company_name": "Example"}).status == 200
    assert pending(one) == {"one": True, "two": True}
    restart(one)
    assert pending(two) == {"one": False, "two": True}


def test_what_is_a_nodes_own_stays_its_own(cluster):
    one, two = cluster
    for each in cluster:
        own = {"host.name": f"{each.name}.example.com", "cs.https.ip_address": "eth0"}
        assert each.api.post("config-items/default", own).status == 200
    asked = {"names": ["host.name", "sa.company_name"]}
    one.api.post("config-items/default", {"sa.company_name": "Example"})
    found = [
        [
            (item["value"], item["derived_from"])
            for item in each.api.post("config-items/default/list", asked).body["items"]
        ]
        for each in cluster
    ]
    assert found == [[(f"{each.name}.example.com", "local_db"), ("Example", "cluster_db")] for each in cluster]
    assert one.api.post("config-profile", {"profile": "spare", "copy_from": "default"}).status == 201
    assert one.api.get("config-profile/spare/validate").status == 200
    assert two.api.get("config-profile/spare/validate").status == 200, "it has a host name there as well"
    assert two.api.get("server/info").body["os_hostname"] == "two"


# -- calls for another node


def test_calls_are_passed_on(cluster):
    one, two = cluster
    before = one.server.state()["last_restarted"], two.server.state()["last_restarted"]
    assert one.api.get("server/info", X_OpenVPN_AS_Node="two").body["os_hostname"] == "two"
    assert one.api.get("server/info", X_OpenVPN_AS_Node="one").body["os_hostname"] == "one"
    written = len(one.server.writes)
    assert one.api.post("users/create", {"name": "nora"}, X_OpenVPN_AS_Node="two").status == 201
    assert one.api.post("users/create", {"name": "nora"}, X_OpenVPN_AS_Node="two").status >= 400
    assert (len(one.server.writes), two.server.writes[-1].path) == (written, "/api/users/create")
    assert one.api.post("server/restart?restartMode=cold", X_OpenVPN_AS_Node="two").status == 200
    after = one.server.state()["last_restarted"], two.server.state()["last_restarted"]
    assert after[0] == before[0]
    assert after[1] > before[1]
    assert one.api.get("license/info", X_OpenVPN_AS_Node="two").status == 200
    one.api.token = None
    assert one.api.get("license/info", X_OpenVPN_AS_Node="two").status == 400
    who = {"username": one.server.username, "password": one.server.password, "request_admin": True}
    signed_in = one.api.post("auth/login/userpassword", who, X_OpenVPN_AS_Node="two")
    one.api.token = signed_in.body["auth_token"]
    assert one.api.get("license/info").status == 200


def test_who_signs_in_at_one_node_is_signed_in_at_all(cluster):
    one, two = cluster
    one.api.token = two.api.token
    assert one.api.get("server/info").status == 200
    one.server.machine.authentication.end_sessions()
    assert two.api.get("server/info").status == 401


@pytest.mark.parametrize(
    ("switches", "status", "reason"),
    [
        ({"dead": True}, 502, "Cluster node cannot be reached: two"),
        ({"wrong_certificate": True}, 502, "Cluster node presents another certificate than the one that is known: two"),
        ({"latency": 2.0}, 504, None),
        ({"restart_downtime": 60.0}, 502, "Cluster node cannot be reached: two"),
    ],
)
def test_a_node_that_does_not_answer(cluster, switches, status, reason):
    one, two = cluster
    one.server.configure(proxy_timeout=0.3)
    two.server.configure(**switches)
    if "restart_downtime" in switches:
        assert two.api.post("server/restart").status == 200
        while not two.server.machine.power.away:  # the restart starts after its answer
            time.sleep(0.01)
    reply = one.api.get("server/info", X_OpenVPN_AS_Node="two")
    assert (reply.status, reply.body and reply.body["reason"]) == (status, reason)
    assert one.api.get("server/info").status == 200
    reply = one.api.get("server/info", X_OpenVPN_AS_Node="three")
    assert (reply.status, reply.body["reason"]) == (502, "Cluster node is unknown or cannot be reached: three")


def test_a_stopped_node_is_told(cluster):
    one, two = cluster
    two.server.stop()
    assert one.api.post("proxy", X_OpenVPN_AS_Node="two").status == 502


def test_the_pinned_certificate_and_the_endpoint_can_be_set(cluster):
    one, two = cluster
    wrong = "ab:" * 31 + "ab"
    assert one.api.post("cluster/two/set", {"certificate_fingerprint": wrong}).status == 200
    assert one.api.get("server/info", X_OpenVPN_AS_Node="two").status == 502
    right = ":".join(two.server.fingerprint_sha256[at : at + 2] for at in range(0, 64, 2)).upper()
    assert one.api.post("cluster/two/set", {"certificate_fingerprint": right}).status == 200
    assert one.api.get("server/info", X_OpenVPN_AS_Node="two").status == 200
    assert one.api.post("cluster/two/set", {"api_endpoint": "https://127.0.0.1:1"}).status == 200
    assert one.api.get("server/info", X_OpenVPN_AS_Node="two").status == 502
    bad = one.api.post("cluster/two/set", {"api_endpoint": "http://two"})
    assert (bad.status, bad.body) == (400, {"message": "api_endpoint has invalid characters in it"})
    assert one.api.post("cluster/three/set", {"api_endpoint": two.server.url}).status == 404


# -- refusals


def refusal(reply):
    assert reply.status == 400
    return reply.body["reason"]


def test_what_is_no_way_into_a_cluster(cluster, node, file_uri, tmp_path):
    one, two = cluster
    three, other = node("three"), node("four", settings={"version": "3.1.0"})
    assert "already a node" in refusal(two.api.post("cluster/join", two.join_request(file_uri)))
    assert "already a node" in refusal(one.api.post("cluster/create", one.join_request(file_uri)))
    assert refusal(three.api.post("cluster/create", three.join_request(file_uri))) == "The database is not empty"
    assert "already exists: two" in refusal(three.api.post("cluster/join", three.join_request(file_uri, name="two")))
    said = refusal(other.api.post("cluster/join", other.join_request(file_uri)))
    assert said == "Version 3.1.0 of this server is not that of the cluster: 3.2.2"
    elsewhere = f"sqlite://{tmp_path}/other.sqlite"
    assert "no cluster" in refusal(three.api.post("cluster/join", three.join_request(elsewhere)))
    for wrong in ({"name": "a b"}, {"api_endpoint": "two:945"}, {"certificate_fingerprint": "ab"}, {"mysqluri": "x:"}):
        refusal(three.api.post("cluster/join", three.join_request(file_uri) | wrong))
    assert set(pending(one)) == {"one", "two"}
    assert three.api.get("server/info").status == 200, "it is what it was"


@pytest.mark.parametrize("where", ["mysql://estate:S3cret@127.0.0.1:1/", "sqlite:///not/there", "mysql://127.0.0.1:1"])
def test_a_database_that_cannot_be_used_is_told_without_its_secrets(node, where):
    lone = node("one")
    for deed in ("create", "join"):
        said = lone.api.post(f"cluster/{deed}", lone.join_request(where))
        assert said.status == 400
        assert "database" in said.body["reason"].lower()
        assert "S3cret" not in str(said.body)
    assert lone.api.get("server/info").status == 200


def test_the_last_node_cannot_leave(cluster):
    one, two = cluster
    assert one.api.post("cluster/leave").status == 200
    assert refusal(two.api.post("cluster/leave")) == "The last node cannot leave the cluster: two"
    one.sign_in()
    assert refusal(one.api.post("cluster/leave")) == "This server is not a node of a cluster"


def test_a_database_in_which_others_keep_something_is_not_touched(node, mariadb):
    one = node("one")
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create database shop")
        cursor.execute("create table shop.orders (id integer)")
        assert (
            refusal(one.api.post("cluster/create", one.join_request(mariadb.uri + "shop")))
            == "The database is not empty"
        )
        cursor.execute("show tables from shop")
        assert cursor.fetchall() == (("orders",),)


# -- properties


def test_the_name_of_the_whole(node, file_uri):
    one, two = node("one"), node("two")
    props = {"rr_dns_hostname": "vpn.example.org", "rr_dns_new_nodes": True}
    assert one.api.call("PUT", "/api/cluster/rr-dns-hostname").status == 400
    assert one.api.get("cluster/props").body == {"props": {}}
    one.api.post("cluster/create", one.join_request(file_uri, **props))
    host_name = {"names": ["host.name"]}

    def shown(each):
        return each.api.post("config-items/default/list", host_name).body["items"][0]["value"]

    assert shown(one) == "vpn.example.com"
    assert one.api.get("cluster/props").body == {"props": {"cluster": props}}
    two.api.post("cluster/join", two.join_request(file_uri))
    two.sign_in()
    assert shown(two) == "vpn.example.org"
    assert two.api.post("cluster/props", {"rr_dns_hostname": "new.example.org"}).status == 200
    one.server.read_as(cluster_props="flat")
    assert one.api.get("cluster/props").body == {"props": {**props, "rr_dns_hostname": "new.example.org"}}
    assert one.api.call("PUT", "/api/cluster/rr-dns-hostname").status == 200
    assert (shown(one), shown(two)) == ("new.example.org", "vpn.example.org")


def test_the_first_node_takes_the_common_name_when_asked_to(node, file_uri):
    one = node("one")
    request = one.join_request(file_uri, rr_update_node=True)
    assert "rr_dns_hostname" in refusal(one.api.post("cluster/create", request))
    assert one.api.post("cluster/create", {**request, "rr_dns_hostname": "vpn.example.org"}).status == 200
    assert one.server.state()["configuration"]["default"]["host.name"] == "vpn.example.org"


# -- what goes wrong


def test_without_its_database_a_node_says_so(cluster):
    one, two = cluster
    one.server.configure(database_lost=True)
    for call in (one.api.get("server/info"), one.api.post("users/create", {"name": "nora"}), one.api.post(REREAD)):
        assert (call.status, call.body) == (500, {"reason": "The database cannot be reached"})
    assert two.api.get("server/info").status == 200
    one.server.configure(database_lost=False)
    assert one.api.get("server/info").status == 200


def test_a_real_database_that_goes_and_comes_back(node, mariadb):
    one = node("one")
    assert one.api.post("cluster/create", one.join_request(mariadb.uri)).status == 200
    mariadb.stop()
    lost = one.api.get("server/info")
    assert lost.status == 500
    assert lost.body["reason"].startswith(f"The database cannot be reached: 127.0.0.1:{mariadb.port} ")
    mariadb.start()
    assert one.api.get("server/info").status == 200


@pytest.mark.parametrize("reading", ["accepted", "refused"])
def test_a_node_that_dies_in_the_middle_of_joining(cluster, node, file_uri, reading):
    one, _two = cluster
    three = node("three", settings={"dies_halfway": True}, readings={"repeated_join": reading})
    with pytest.raises(OSError, match=".*"):
        three.api.post("cluster/join", three.join_request(file_uri))
    assert set(pending(one)) == {"one", "two", "three"}
    assert one.api.get("server/info", X_OpenVPN_AS_Node="three").status == 502
    three.server.configure(dead=False)
    assert three.api.get("cluster/nodes/list").body == {"nodes": {}}, "it is back where it was"
    again = three.api.post("cluster/join", three.join_request(file_uri)).status
    assert again == (200 if reading == "accepted" else 400)


def test_a_node_that_dies_in_the_middle_of_leaving_can_leave_again(cluster):
    one, two = cluster
    two.server.configure(dies_halfway=True)
    with pytest.raises(OSError, match=".*"):
        two.api.post("cluster/leave")
    two.server.configure(dead=False)
    assert set(pending(one)) == set(pending(two)) == {"one"}
    assert two.api.post("cluster/leave").status == 200
    two.sign_in()
    assert pending(two) == {}


def test_a_server_goes_on_as_the_node_it_was(node, uri, tmp_path):
    data = str(tmp_path / "one.sqlite")
    one, two = node("one", data=data), node("two")
    one.api.post("cluster/create", one.join_request(uri))
    two.api.post("cluster/join", two.join_request(uri))
    two.sign_in()
    two.api.post("users/create", {"name": "nora"})
    one.server.stop()
    again = node("one", data=data)
    assert "nora" in names(again)
    assert pending(two) == {"one": False, "two": True}
    assert again.server.fingerprint_sha256 == one.server.fingerprint_sha256


def test_a_server_waits_for_its_database(node, mariadb, another_client, tmp_path):
    options = {"data": str(tmp_path / "one.sqlite"), "node_name": "one"}
    one = node("one", users=1, data=options["data"])
    one.api.post("cluster/create", one.join_request(mariadb.uri))
    one.server.stop()
    mariadb.stop()
    with AccessServerSimulator(**options) as again:
        api = another_client(again)
        assert api.login(one.server.username, one.server.password, request_admin=True).status == 500
        mariadb.start()
        assert api.login(one.server.username, one.server.password, request_admin=True).status == 200
        assert "user00001" in names(Node("one", again, api))


def test_each_clock_is_its_own(cluster):
    one, two = cluster
    two.server.clock.advance(3600)
    moments = [
        email.utils.parsedate_to_datetime(each.api.get("server/info").headers["Date"]).timestamp() for each in cluster
    ]
    assert 3000 < moments[1] - moments[0] < 4200


def test_a_server_that_starts_over_is_alone_and_empty(cluster):
    one, two = cluster
    two.api.post("users/create", {"name": "nora"})
    own = {"host.name": "two.example.com"}
    two.api.post("config-items/default", own)
    two.server.reset()
    two.sign_in()
    assert pending(two) == {}
    assert names(two) == {"openvpn", "mfa-admin"}
    assert two.server.state()["configuration"]["default"]["host.name"] == "vpn.example.com"
    assert "nora" in names(one)


# -- one database for one server


def test_a_database_is_converted_for_one_server_alone(node, uri):
    one, two = node("one", users=2), node("two")
    assert one.api.call("PUT", "/api/database/convert", {"mysqluri": uri}).status == 200
    assert one.api.get("cluster/nodes/list").body == {"nodes": {}}
    assert "user00001" in names(one)
    one.api.post("config-items/default", {"sa.company_name": "Example"})
    (item,) = one.api.post("config-items/default/list", {"names": ["sa.company_name"]}).body["items"]
    assert item["derived_from"] == "mysql_standalone_db"
    assert "already" in refusal(one.api.call("PUT", "/api/database/convert", {"mysqluri": uri}))
    assert refusal(two.api.call("PUT", "/api/database/convert", {"mysqluri": uri})) == "The database is not empty"
    assert "no cluster" in refusal(two.api.post("cluster/join", two.join_request(uri)))
    assert one.api.post("cluster/create", one.join_request(uri)).status == 200
    (item,) = one.api.post("config-items/default/list", {"names": ["sa.company_name"]}).body["items"]
    assert item["derived_from"] == "cluster_db"
    assert two.api.post("cluster/join", two.join_request(uri)).status == 200
    two.sign_in()
    assert "user00001" in names(two)
    assert one.api.post("cluster/leave").status == 200
    one.sign_in()
    one.api.post("users/create", {"name": "nora"})
    assert "nora" not in names(two), "it is back in the database that it came with"


# -- failover and notifications


FAILOVER = {
    "failover.mode": "ucarp",
    "ucarp.addr": "192.0.2.254",
    "ucarp.secret": "sharedsecret",
    "dbpush.hosts.0.public": "one.example.com",
    "dbpush.hosts.1.public": "two.example.com",
}


@pytest.mark.parametrize("failing", ["", "ucarp", "license_primary", "license_secondary,connectivity"])
def test_each_part_of_the_failover_test_can_fail(start, failing):
    _unused, api = start(settings={"failing": failing})
    reply = api.post("server/failover-test", FAILOVER)
    assert reply.status == 200
    assert [name for name, result in reply.body.items() if not result["status"]] == list(
        filter(None, failing.split(","))
    )
    assert set(reply.body) == {"ucarp", "license_primary", "license_secondary", "connectivity"}


def test_a_failover_that_cannot_be_tried(start):
    server, api = start(settings={"failing": "init"})
    for wrong in (None, {**FAILOVER, "failover.mode": "none"}, {**FAILOVER, "ucarp.addr": ""}, {"a": 1}):
        assert api.post("server/failover-test", wrong).status == 400
    assert api.post("server/failover-init").status == 400
    server.configure(failing="")
    assert api.post("server/failover-init").status == 200


def test_notifications_are_kept(server, api):
    for kind in ("CLUSTER_RESTART_PENDING", "NODE_RESTARTED"):
        assert api.post("notification/create", {"notification_type": kind}).status == 200
    assert api.post("notification/create", {"notification_type": "HELLO"}).status == 400
    assert server.state()["notifications"] == ["CLUSTER_RESTART_PENDING", "NODE_RESTARTED"]
