# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gains and who loses what by a declaration, in check mode and after it, and what it costs to know that."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts import access_changes
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Json = dict[str, t.Any]
NETWORK = "vpn.server.routing.private_network.0"
FIRST: Json = {
    "groups": [{"name": "team"}, {"name": "guests"}],
    "users": [{"name": "ada", "group": "team"}, {"name": "bob", "group": "guests"}, {"name": "cleo", "group": "team"}],
    "access_lists": [
        {"group": "team", "access_to": ["10.20.0.0/16:https"]},
        {"group": "guests", "access_to": ["10.30.0.0/24"]},
        {"user": "cleo", "access_to": ["10.40.0.1"]},
    ],
    "config_items": [
        {"name": "vpn.server.routing.private_access", "value": "no"},
        {"name": "vpn.client.routing.reroute_gw", "value": False},
        {"name": "vpn.client.routing6.reroute_gw", "value": False},
        {"name": "vpn.client.routing.inter_client", "value": False},
    ],
}
CHANGES: list[tuple[str, Json, list[str]]] = [
    (
        "a rule of a group",
        {"access_lists": [{"group": "team", "access_to": ["10.20.0.0/16:https,ssh"]}]},
        ["team|ada, cleo|+10.20.0.0/16:tcp/22"],
    ),
    ("a user moves", {"users": [{"name": "ada", "group": "guests"}]}, ["|ada|+10.30.0.0/24|-10.20.0.0/16:tcp/443"]),
    (
        "a user is blocked",
        {"users": [{"name": "cleo", "state": "blocked"}]},
        ["|cleo|-10.20.0.0/16:tcp/443, 10.40.0.1"],
    ),
    ("a user goes", {"users": [{"name": "bob", "state": "absent"}]}, ["|bob|-10.30.0.0/24"]),
    ("a user comes", {"users": [{"name": "dan", "group": "guests"}]}, ["|dan|+10.30.0.0/24"]),
    (
        "members of a group",
        {"groups": [{"name": "guests", "members": ["bob", "ada"]}]},
        ["|ada|+10.30.0.0/24|-10.20.0.0/16:tcp/443"],
    ),
    (
        "a ruleset",
        {
            "access_rulesets": [
                {"group": "team", "name": "web", "rules": [{"domain": "*.example.com", "action": "nat"}]}
            ]
        },
        ["team|ada, cleo|+*.example.com"],
    ),
    (
        "a list of VPN clients",
        {"access_lists": [{"group": "guests", "access_to": ["10.30.0.0/24", "group:team"]}]},
        ["guests|bob|+VPN clients of group team (IPv4)"],
    ),
    (
        "a list of those who may come",
        {"access_lists": [{"group": "team", "access_from": ["user:bob"]}]},
        ["|bob|+VPN clients of group team (IPv4)"],
    ),
    (
        "a network of the configuration",
        {
            "config_items": [
                {"name": NETWORK, "value": "10.20.0.0/15"},
                {"name": "vpn.server.routing.private_access", "value": "nat"},
            ]
        },
        [
            "others, guests|bob, mfa-admin, openvpn|+10.20.0.0/15",
            "team|ada, cleo|+10.20.0.0/15 except 10.20.0.0/16:tcp/443",
        ],
    ),
    (
        "a full tunnel",
        {"config_items": [{"name": "vpn.client.routing.reroute_gw", "value": True}]},
        ["others, guests, team|ada, bob, cleo, mfa-admin, openvpn|+the Internet (IPv4)"],
    ),
    ("what decides nothing", {"users": [{"name": "ada", "totp": True}]}, []),
]


def in_short(access: Json) -> list[str]:
    """Each entry as groups, users, what they gain and what they lose."""
    assert (access["left_out"], access["vpn_clients_compared"]) == (0, True)
    found = []
    for one in access["changes"]:
        texts = [", ".join([*(["others"] if one["others"] else []), *one["groups"]]), ", ".join(one["users"])]
        texts += [f"{sign}{', '.join(one[key])}" for sign, key in (("+", "gains"), ("-", "loses")) if one[key]]
        found.append("|".join(texts))
    return found


def declare(server: Server, **declared: t.Any) -> Answer:
    answer = server.declare(DECLARATION, **declared)
    assert not answer.get("failed"), answer["msg"]
    return answer


@pytest.fixture(name="furnished")
def fixture_furnished(server: Server) -> Server:
    """A server with groups, users and lists."""
    declare(server, **FIRST)
    server.simulator.log.clear()
    return server


@pytest.mark.parametrize(("change", "expected"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_who_gains_and_who_loses_is_reported_before_and_after(
    furnished: Server, change: Json, expected: list[str]
) -> None:
    planned = declare(furnished, **change, access_changes=True, check=True)["access_changes"]
    done = declare(furnished, **change, access_changes=True)["access_changes"]
    assert planned == done
    assert in_short(done) == expected
    again = declare(furnished, **change, access_changes=True)
    assert (again["changed"], in_short(again["access_changes"])) == (False, [])


def test_a_run_without_the_option_returns_none_of_it(furnished: Server) -> None:
    assert "access_changes" not in declare(furnished, users=[{"name": "ada", "group": "guests"}], check=True)


@pytest.mark.parametrize("declared", [FIRST, {"users": [{"name": "ada", "totp": True}]}], ids=["nothing", "no rule"])
def test_a_run_that_changes_no_access_sends_no_more_requests(furnished: Server, declared: Json) -> None:
    counts = []
    for wanted in (False, True):
        furnished.simulator.log.clear()
        declare(furnished, **declared, access_changes=wanted, check=True)
        counts.append(sorted(one.path for one in furnished.simulator.log))
    assert counts[0] == counts[1]


def test_what_is_read_whole_is_not_read_again(furnished: Server) -> None:
    """With ``undeclared``, as a comparison has it, the state is there but for the default user and the configuration."""
    change = {**FIRST, "access_rulesets": [], "users": [{"name": "ada", "group": "guests"}], "undeclared": True}
    counts = []
    for wanted in (False, True):
        furnished.simulator.log.clear()
        declare(furnished, **change, access_changes=wanted, check=True)
        counts.append(len(furnished.simulator.log))
    assert counts[1] - counts[0] == 2


def test_what_failed_changes_nothing(furnished: Server) -> None:
    """The other changes count."""
    furnished.simulator.faults.add(path="/users/create", status=400, body={"reason": "no"})
    change = [{"name": "dan", "group": "team"}, {"name": "ada", "group": "guests"}]
    answer = furnished.declare(DECLARATION, users=change, access_changes=True)
    assert answer["failed"]
    assert in_short(answer["access_changes"]) == ["|ada|+10.30.0.0/24|-10.20.0.0/16:tcp/443"]


def test_what_cannot_be_read_stops_no_run(furnished: Server) -> None:
    furnished.simulator.faults.add(path="/userprop/access/list", status=403, body={"reason": "not you"})
    answer = declare(furnished, users=[{"name": "ada", "group": "guests"}], access_changes=True)
    assert answer["changed"]
    assert "access_changes" not in answer
    [warning] = answer["warnings"]
    assert warning.startswith("access_changes is not returned: ")
    assert "not you" in warning


def test_an_entry_names_the_first_of_many(furnished: Server) -> None:
    crowd = [{"name": f"u{number:03}", "group": "guests"} for number in range(50)]
    declare(furnished, users=crowd)
    rules = [f"10.50.{number}.0/25" for number in range(0, 90, 2)]
    [entry] = declare(furnished, access_lists=[{"group": "guests", "access_to": rules}], access_changes=True)[
        "access_changes"
    ]["changes"]
    assert (entry["user_count"], len(entry["users"]), entry["users"][0]) == (51, 20, "bob")
    assert (entry["gain_count"], len(entry["gains"]), entry["loses"]) == (45, 20, ["10.30.0.0/24"])


def test_what_is_too_much_to_show_or_to_compare_is_reported(furnished: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_changes, "MOST_ENTRIES", 1)
    monkeypatch.setattr(access_changes, "MOST_PAIRS", 0)
    lists = [
        {"group": "team", "access_to": ["10.20.0.0/16"], "access_from": ["user:bob"]},
        {"group": "guests", "access_to": []},
    ]
    found = declare(furnished, access_lists=lists, access_changes=True, check=True)["access_changes"]
    assert (len(found["changes"]), found["left_out"], found["vpn_clients_compared"]) == (1, 1, False)
    assert not any("VPN clients" in text for one in found["changes"] for text in one["gains"])
