# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and access lists of a simulated Access Server: inheritance, lists, and every reading of writes."""

from __future__ import annotations

import pytest

NET = {"ipv6": False, "netip": "10.0.0.0", "prefix_length": 8}
OTHER = {"ipv6": False, "netip": "192.168.0.0", "prefix_length": 16}
READ = {
    "user": lambda api, name: api.post("users/list", {"users": [name]}).body["profiles"],
    "group": lambda api, name: api.post("groups/list", {"groups": [name], "enumerate_members": True}).body["profiles"],
}


def user(api, name):
    return READ["user"](api, name)[0]


def members(api, group):
    return set(READ["group"](api, group)[0]["members"])


def test_values_come_from_the_nearest_level_that_has_them(server, api):
    server.set_group("staff")
    server.set_user("alice", group="staff")
    implicit = {"value": False, "inherited": True, "inherited_source_type": "implicit_default"}
    assert user(api, "alice")["autologin"] == implicit
    api.post("userprop/set", [{"name": "__DEFAULT__", "autologin": True}])
    default = {"value": True, "inherited": True, "inherited_source_type": "default"}
    assert user(api, "alice")["autologin"] == default
    assert api.get("users/defaultuser").body["autologin"] == {"value": True}
    api.post("userprop/set", [{"name": "staff", "autologin": False}])
    group = {"inherited_source_type": "group", "inherited_source_name": "staff"}
    assert user(api, "alice")["autologin"] == {"value": False, "inherited": True, **group}
    api.post("userprop/set", [{"name": "alice", "autologin": True}])
    assert user(api, "alice")["autologin"] == {"value": True, "inherited": False, **group}
    api.post("userprop/set", [{"name": "alice", "autologin": None, "group": None}])
    assert user(api, "alice")["autologin"] == default
    assert "group" not in user(api, "alice")


@pytest.mark.parametrize(("reading", "denied"), [("alone", False), ("followed", True)])
def test_readings_of_the_group_of_the_default_user(start, reading, denied):
    """One's own group counts before it."""
    server, api = start(readings={"default_group": reading})
    server.set_group("guests", deny=True)
    server.set_group("staff", members=["bob"])
    server.set_user("alice")
    server.set_default_user(group="guests")
    assert user(api, "alice")["deny"]["value"] is denied
    assert user(api, "bob")["deny"]["value"] is False
    assert "group" not in user(api, "alice")


def test_configuration_is_inherited_once_it_is_in_force(start):
    server, api = start(settings={"restart_downtime": 0.0})
    server.set_user("alice")
    assert user(api, "alice")["totp"]["value"] is False
    api.post("config-items/default", {"vpn.server.google_auth.enable": True})
    assert user(api, "alice")["totp"]["value"] is False
    api.post("server/restart")
    expected = {"value": True, "inherited": True, "inherited_source_type": "configuration"}
    assert user(api, "alice")["totp"] == expected
    assert user(api, "alice")["mfa_status"] == "pending"


@pytest.mark.parametrize(
    "cause",
    [
        {"admin": True},
        {"static_ipv4": "172.28.0.2"},
        {"bypass_subnets": [NET]},
        {"client_to_server_subnets": [NET]},
        {"dmz_ip": [{"ip": "192.0.2.1"}]},
    ],
)
def test_compile_follows_from_other_properties(server, api, cause):
    server.set_user("alice")
    assert user(api, "alice")["compile"] is False
    api.post("userprop/set", [{"name": "alice", **cause}])
    assert user(api, "alice")["compile"] is True
    api.post("userprop/set", [{"name": "alice", **dict.fromkeys(cause)}])
    assert user(api, "alice")["compile"] is False


def test_access_lists_make_a_user_compile(server, api):
    server.set_user("alice")
    row = {"username": "alice", "type": "access_to_ipv4"}
    api.post("userprop/access/set", {"items_set": [{**row, "access_route": {"type": "all"}}]})
    assert user(api, "alice")["compile"] is True
    api.post("userprop/access/set", {"items_set": [{**row, "access_route": None}]})
    assert user(api, "alice")["compile"] is False


def test_names_are_one_space_and_case_counts(server, api):
    assert api.post("users/create", {"name": "Ann"}).status == 201
    assert api.post("users/create", {"name": "ann"}).status == 201
    for path in ("users/create", "groups/create"):
        reply = api.post(path, {"name": "ann"})
        assert (reply.status, reply.body["reason"]) == (400, "User already exists: ann")
        assert api.post(path, {"name": "__DEFAULT__"}).status == 400
        assert api.post(path, {"name": ""}).status == 400
        assert api.post(path, {}).body["detail"] == {"name": "Field required"}
    assert api.post("groups/delete", {"groups": ["ann"]}).status == 404
    assert [each["name"] for each in api.post("users/list", {"users": ["ann", "ANN"]}).body["profiles"]] == ["ann"]


def test_deleting_a_group_leaves_its_users_without_one(server, api):
    server.set_group("staff")
    server.set_user("alice", group="staff")
    server.set_access_routes("staff", "access_to_ipv4", [{"type": "all", "accept": True}])
    assert api.post("groups/delete", {"groups": ["staff"]}).status == 204
    assert "group" not in user(api, "alice")
    assert server.state()["access_lists"] == {}


def test_a_deletion_that_names_somebody_unknown_deletes_nobody(server, api):
    server.set_user("alice")
    assert api.post("users/delete", {"users": ["alice", "nobody"]}).status == 404
    assert "alice" in server.state()["users"]
    assert not server.writes


@pytest.mark.parametrize(
    ("change", "key", "text"),
    [
        ({"name": "alice", "color": "red"}, ("alice", "color"), "Invalid property name"),
        ({"name": "alice", "deny": "true"}, ("alice", "deny"), "Input should be a valid boolean"),
        ({"name": "alice", "members": []}, ("alice", "members"), "Property is not valid on a user"),
        ({"name": "staff", "static_ipv4": "10.0.0.1"}, ("staff", "static_ipv4"), "Property is not valid on a group"),
        ({"name": "alice", "mfa_status": "enrolled"}, ("alice", "mfa_status"), "Property is read-only"),
        ({"name": "alice", "group": "none"}, ("alice", "group"), "Group does not exist: none"),
        ({"name": "alice", "static_ipv4": "10.0.0"}, ("alice", "static_ipv4"), "Not an IP address: 10.0.0"),
        ({"name": "alice", "bypass_subnets": [{**NET, "prefix_length": 33}]}, ("alice", "bypass_subnets"), "33"),
        ({"name": "alice", "bypass_subnets": [{**NET, "mask": 8}]}, ("alice", "bypass_subnets"), "mask: Extra"),
        ({"name": "alice", "auth_method": "magic"}, ("alice", "auth_method"), "Input should be 'local'"),
        ({"name": "staff", "members": ["ghost"]}, ("staff", "members"), "User does not exist: ghost"),
    ],
)
def test_bad_properties_are_refused_by_name(server, api, change, key, text):
    server.set_group("staff")
    server.set_user("alice")
    before = server.state()["users"]
    reply = api.post("userprop/set", [{"name": "alice", "autologin": True}, change])
    assert reply.status == 400
    assert list(reply.body["detail"]) == [repr(key)]
    assert text in reply.body["detail"][repr(key)]
    assert server.state()["users"] == before
    assert not server.writes


def test_changes_behind_the_back_of_the_client(server, api):
    server.set_group("staff", members=["alice", "bob"], autologin=True)
    assert members(api, "staff") == {"alice", "bob"}
    server.set_group("staff", autologin=None)
    server.delete_user("bob")
    assert members(api, "staff") == {"alice"}
    assert READ["group"](api, "staff")[0]["autologin"]["inherited"] is True
    server.set_default_user(deny=True)
    assert user(api, "alice")["deny"]["value"] is True
    for wrong in ({"colour": "red"}, {"static_ipv4": "10.0.0.1"}):
        with pytest.raises(ValueError, match="a group has no property"):
            server.set_group("staff", **wrong)
    with pytest.raises(ValueError, match="alice is a user"):
        server.set_group("alice")
    assert not server.writes


def test_unknown_fields_are_refused_everywhere(api):
    reply = api.post("users/list", {"page_sise": 1, "filters": {"nam": 1}})
    assert reply.body["detail"] == {
        "page_sise": "Extra inputs are not permitted",
        "filters.nam": "Extra inputs are not permitted",
    }
    assert api.get("server/info?verbose=1").status == 400
    assert api.post("users/create", {"name": "a", "colour": 1}).status == 400


def test_pages_filters_and_order(start):
    server, api = start(users=250, groups=3)
    seen = []
    while True:
        reply = api.post("users/list", {"page_size": 90, "offset": len(seen)}).body
        assert reply["total"] == 252
        seen += [each["name"] for each in reply["profiles"]]
        if len(seen) >= reply["total"]:
            break
    assert seen == sorted(server.state()["users"])
    assert len(api.post("users/list", {}).body["profiles"]) == 100
    denied = api.post("users/list", {"filters": {"autologin": {"value": True}}, "page_size": 5}).body
    autologin = [name for name in seen if user(api, name)["autologin"]["value"]]
    assert denied["total"] == len(autologin)
    assert [each["name"] for each in denied["profiles"]] == autologin[:5]
    in_group = {"filters": {"group": {"operation": "equal", "value": "group002"}}, "page_size": 1000}
    names = {each["name"] for each in api.post("users/list", in_group).body["profiles"]}
    assert names == members(api, "group002")
    downwards = api.post("users/list", {"order_by": "name", "sort_by": "desc", "page_size": 3}).body["profiles"]
    assert [each["name"] for each in downwards] == seen[:-4:-1]
    only = api.post("users/list", {"users": ["user00001"], "proplist": ["deny", "group"]}).body["profiles"]
    assert [set(each) for each in only] == [{"name", "deny", "group"}]
    anywhere = {"filters": {"anywhere": {"value": "00249", "fields": ["name"]}}}
    assert api.post("users/list", anywhere).body["total"] == 1
    assert api.post("users/list", {"filters": {**anywhere["filters"], "admin": {"value": True}}}).status == 400


def test_limits_of_the_back_end(start):
    server, api = start(users=30, settings={"page_size_cap": 10, "names_limit": 20})
    assert len(api.post("users/list", {"page_size": 1000}).body["profiles"]) == 10
    assert api.post("users/list", {"users": ["a"] * 20}).status == 200
    assert api.post("users/list", {"users": ["a"] * 21}).status == 400
    server.configure(shuffle_lists=True)
    orders = {tuple(each["name"] for each in api.post("users/list", {}).body["profiles"]) for _unused in range(5)}
    assert len(orders) > 1


READINGS = {
    ("null_property", "reset"): ([{"name": "alice", "deny": None}], 200, {"deny": "inherited"}),
    ("null_property", "refuse"): ([{"name": "alice", "deny": None}], 400, {"deny": "own"}),
    ("null_property", "ignore"): ([{"name": "alice", "deny": None}], 200, {"deny": "own"}),
    ("list_property", "replace"): ([{"name": "alice", "bypass_subnets": [OTHER]}], 200, {"bypass_subnets": [OTHER]}),
    ("list_property", "merge"): ([{"name": "alice", "bypass_subnets": [OTHER]}], 200, {"bypass_subnets": [NET, OTHER]}),
    ("unknown_name", "refuse"): ([{"name": "new", "deny": True}], 404, None),
    ("unknown_name", "create"): ([{"name": "new", "deny": True}], 200, {"new": True}),
    ("unknown_name", "ignore"): ([{"name": "new", "deny": True}], 200, {"new": False}),
    ("members", "replace"): ([{"name": "staff", "members": ["bob"]}], 200, {"members": {"bob"}}),
    ("members", "extend"): ([{"name": "staff", "members": ["bob"]}], 200, {"members": {"alice", "bob"}}),
    ("members", "ignore"): ([{"name": "staff", "members": ["bob"]}], 200, {"members": {"alice"}}),
    ("default_user_name", "__DEFAULT__"): ([{"name": "DEFAULT", "deny": True}], 404, None),
    ("default_user_name", "DEFAULT"): ([{"name": "DEFAULT", "autologin": True}], 200, {"default": True}),
    ("bulk_error", "atomic"): ([{"name": "bob", "deny": True}, {"name": "bob", "x": 1}], 400, {"bob denied": False}),
    ("bulk_error", "partial"): ([{"name": "bob", "deny": True}, {"name": "bob", "x": 1}], 400, {"bob denied": True}),
}


@pytest.mark.parametrize(
    ("reading", "case"), READINGS.items(), ids=lambda each: "=".join(each) if len(each) == 2 else ""
)
def test_readings_of_userprop_set(start, reading, case):
    server, api = start(readings=dict([reading]))
    server.set_group("staff")
    server.set_user("alice", group="staff", deny=True, bypass_subnets=[NET])
    server.set_user("bob")
    changes, status, expected = case
    before = server.state()
    assert api.post("userprop/set", changes).status == status
    alice, after = user(api, "alice"), server.state()
    found = {
        "deny": "inherited" if alice["deny"]["inherited"] else "own",
        "bypass_subnets": alice["bypass_subnets"],
        "new": "new" in after["users"],
        "members": members(api, "staff"),
        "default": after["default_user"].get("autologin", False),
        "bob denied": after["users"]["bob"].get("deny", False),
    }
    if expected is None:
        assert after["users"] == before["users"]
    else:
        assert {name: found[name] for name in expected} == expected
    assert bool(server.writes) == (status == 200 or reading == ("bulk_error", "partial"))


@pytest.mark.parametrize(("reading", "kept"), [("keeps", True), ("ignores", False)])
def test_readings_of_create(start, reading, kept):
    server, api = start(readings={"create_properties": reading})
    server.set_group("staff")
    assert api.post("users/create", {"name": "alice", "group": "staff", "deny": True}).status == 201
    record = user(api, "alice")
    assert ("group" in record, record["deny"]["value"]) == (kept, kept)


ROUTE = {"type": "nat", "accept": True, "subnet": {**NET, "service": [{"protocol": "tcp", "start_port": 443}]}}
ALL = {"type": "all", "accept": True}


@pytest.mark.parametrize(("reading", "expected"), [("replace", [ALL]), ("extend", [ROUTE, ALL])])
def test_readings_of_access_set(start, reading, expected):
    server, api = start(readings={"access_set": reading})
    server.set_user("alice")
    row = {"username": "alice", "type": "access_to_ipv4"}
    other = {**row, "type": "access_from_ipv4", "access_route": ALL}
    api.post("userprop/access/set", {"items_set": [{**row, "access_route": ROUTE}, other]})
    assert api.post("userprop/access/set", {"items_set": [{**row, "access_route": ALL}]}).status == 200
    rows = api.post("userprop/access/list", {"users": ["alice"]}).body["profiles"]
    assert [each["access_route"] for each in rows if each["type"] == "access_to_ipv4"] == expected
    assert [each["access_route"] for each in rows if each["type"] == "access_from_ipv4"] == [ALL]
    assert api.post("userprop/access/set", {"items_set": [{**row, "access_route": None}]}).status == 200
    rows = api.post("userprop/access/list", {"users": ["alice"]}).body["profiles"]
    assert {each["type"] for each in rows} == {"access_from_ipv4"}


@pytest.mark.parametrize(("reading", "owners"), [("exact", ["alice"]), ("loose", ["alice", "bob", "staff"])])
def test_readings_of_access_list(start, reading, owners):
    server, api = start(readings={"access_list_filter": reading})
    server.set_group("staff")
    server.set_user("alice")
    server.set_user("bob")
    for owner in ("alice", "bob", "staff"):
        server.set_access_routes(owner, "access_to_ipv4", [ALL])
    rows = api.post("userprop/access/list", {"users": ["alice"]}).body["profiles"]
    assert [each.get("username", each.get("groupname")) for each in rows] == owners
    if reading == "exact":
        assert api.post("userprop/access/list", {"users": ["staff"]}).body["profiles"] == [], "staff is no user"
    everybody = api.post("userprop/access/list", {}).body["profiles"]
    assert [("groupname" in each) for each in everybody] == [False, False, True]


@pytest.mark.parametrize(
    "row",
    [
        {"username": "nobody", "type": "access_to_ipv4", "access_route": ALL},
        {"groupname": "alice", "type": "access_to_ipv4", "access_route": ALL},
        {"username": "alice", "groupname": "staff", "type": "access_to_ipv4", "access_route": ALL},
        {"username": "alice", "access_route": ALL},
        {"username": "alice", "type": "access_to_ipv6", "access_route": ROUTE},
        {"username": "alice", "type": "access_to_ipv4", "access_route": {"type": "nat"}},
        {"username": "alice", "type": "access_to_ipv4", "access_route": {**ALL, "subnet": NET}},
        {"username": "alice", "type": "access_to_ipv4", "access_route": {"type": "user", "username": "nobody"}},
        {
            "username": "alice",
            "type": "access_to_ipv4",
            "access_route": {"type": "route", "subnet": {**NET, "service": [{"protocol": "tcp", "start_port": 0}]}},
        },
    ],
)
def test_bad_access_rows_are_refused_and_change_nothing(server, api, row):
    server.set_group("staff")
    server.set_user("alice")
    good = {"username": "alice", "type": "access_to_ipv4", "access_route": ALL}
    assert api.post("userprop/access/set", {"items_set": [good, row]}).status == 400
    assert server.state()["access_lists"] == {}
