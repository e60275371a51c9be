# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole server in one task: references, mistakes, the order of writes, and what a failure stops."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.restart import SPEC as RESTART_SPEC
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.restart import restart
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules import as_declaration
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, sentences_of

NETWORK = [
    {"name": "vpn.server.static.0.network", "value": "10.50.0.0"},
    {"name": "vpn.server.static.0.netmask_bits", "value": 24},
]
SET, LISTS = "/api/userprop/set", "/api/userprop/access/set"


@pytest.fixture(name="server")
def fixture_server(start: t.Callable[..., Server]) -> Server:
    return start()


def declare(server: Server, *, check: bool = False, **declared: t.Any) -> Answer:
    return server.declare(DECLARATION, check=check, **declared)


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(server: Server, **declared: t.Any) -> list[str]:
    """The mistakes that the task reports; nothing may be written, and no list read."""
    server.simulator.log.clear()
    answer = declare(server, **declared)
    assert answer["failed"]
    assert not answer["changed"]
    assert not server.writes()
    return sentences_of(answer["msg"])


def writes_of(server: Server) -> list[t.Any]:
    """Bodies of writes, by the last word of their path."""
    each = [
        one
        for one in server.simulator.exchanges
        if one.method != "GET" and not one.path.endswith(("/list", "password"))
    ]
    return [(one.path.rpartition("/api/")[2], one.request) for one in each]


# -- references


@pytest.mark.parametrize("check", [True, False])
def test_an_address_and_its_network_are_declared_together(server: Server, check: bool) -> None:
    users = [{"name": "ada", "static_ipv4": "10.50.0.7"}]
    answer = done(declare(server, users=users, config_items=NETWORK, check=check))
    assert answer["counts"] == {"created": 1, "updated": 1, "unchanged": 1}


@pytest.mark.parametrize("new", [True, False])
def test_an_address_waits_for_a_restart_where_its_network_does(start: t.Callable[..., Server], new: bool) -> None:
    """What does not depend on it is done, and what the task returns is enough for the restart that follows."""
    server = start(readings={"address_networks": "after_restart"})
    if not new:
        done(declare(server, users=[{"name": "ada"}]))
    declared = {"users": [{"name": "ada", "static_ipv4": "10.50.0.7"}, {"name": "ben"}], "config_items": NETWORK}
    answer = declare(server, **declared)
    assert answer["counts"] == {"failed": 1, "created": 1, "updated": 1, "unchanged": 1}
    assert "Address is in no network of this server: 10.50.0.7" in answer["msg"]
    assert answer["msg"].endswith("it may need a restart: restart the server, then run again.")
    assert not [one for one in answer["config_items"]["objects"] if one["action"] == "failed"]
    again = declare(server, **declared)
    assert again["counts"] == {"failed": 1, "unchanged": 3}
    assert again["msg"] == answer["msg"]
    restarted = server.run(restart, RESTART_SPEC, only_if_pending=True, changed_items=answer["restart"])
    assert done(restarted)["restarted"]
    assert done(declare(server, **declared))["counts"] == {"created" if new else "updated": 1, "unchanged": 3}
    assert not done(declare(server, **declared))["changed"]


@pytest.mark.parametrize("reading", ["unchecked", "at_once"])
def test_an_address_and_its_network_need_one_run_where_the_network_counts_at_once(
    start: t.Callable[..., Server], reading: str
) -> None:
    server = start(readings={"address_networks": reading})
    users = [{"name": "ada", "static_ipv4": "10.50.0.7"}]
    assert done(declare(server, users=users, config_items=NETWORK))["counts"]["created"] == 1


def test_an_address_of_a_further_static_network_is_known(server: Server) -> None:
    second = [{**item, "name": item["name"].replace(".0.", ".1.")} for item in NETWORK]
    done(declare(server, users=[{"name": "ada", "static_ipv4": "10.50.0.7"}], config_items=second))
    done(declare(server, users=[{"name": "bob", "static_ipv4": "10.50.0.8"}]))


def test_an_address_in_no_network_is_refused_though_the_declaration_has_networks(server: Server) -> None:
    [said] = refused(server, users=[{"name": "ada", "static_ipv4": "10.60.0.7"}], config_items=NETWORK)
    assert "static_ipv4 of user ada: 10.60.0.7 is not in a network" in said


@pytest.mark.parametrize("check", [True, False])
def test_an_address_of_a_new_group_is_known(server: Server, check: bool) -> None:
    declared = {
        "groups": [{"name": "staff", "subnets": ["10.70.0.0/24"]}],
        "users": [{"name": "ada", "group": "staff", "static_ipv4": "10.70.0.7"}],
    }
    done(declare(server, check=check, **declared))


@pytest.mark.parametrize("check", [True, False])
def test_everything_may_be_new(server: Server, check: bool) -> None:
    declared = {
        "default_user": {"group": "guests"},
        "groups": [{"name": "staff", "members": ["ada"]}, {"name": "guests"}],
        "users": [{"name": "ada"}, {"name": "bob", "group": "guests"}],
        "access_lists": [
            {"user": "ada", "access_to": ["user:bob", "group:guests"]},
            {"group": "staff", "access_from": ["user:ada"]},
        ],
    }
    answer = done(declare(server, check=check, **declared))
    assert answer["counts"] == {"created": 4, "updated": 3}
    if not check:
        assert not done(declare(server, **declared))["changed"]


# -- mistakes


def test_mistakes_of_all_parts_are_reported_at_once_and_no_server_is_asked(server: Server) -> None:
    said = refused(
        server,
        groups=[{"name": "staff", "state": "absent"}, {"name": "ops", "members": ["bob"]}],
        default_user={"group": "staff"},
        users=[{"name": "ada", "group": "staff"}, {"name": "bob", "group": ""}, {"name": "cleo", "state": "absent"}],
        access_lists=[
            {"group": "staff", "access_to": []},
            {"user": "cleo", "access_to": ["all"]},
            {"user": "ada", "access_to": ["user:cleo"]},
            {"user": "eve", "access_to": ["all"]},
        ],
        purge=["users"],
        protect=["openvpn"],
    )
    assert said[0] == "7 mistakes:"
    assert [one.strip().removesuffix(" Nothing was written.") for one in said[1:]] == [
        "group of the default user: group staff is declared absent.",
        "group of user ada: group staff is declared absent.",
        "access list of group staff: group staff is declared absent.",
        "access list of user cleo: user cleo is declared absent.",
        "access_to of access list of user ada: user cleo is declared absent.",
        "access list of user eve: user eve is not declared, and purge would delete it.",
        "members of group ops: user bob is declared in no group.",
    ]
    assert not server.simulator.log


def test_mistakes_of_options_are_reported_for_all_parts_at_once(server: Server) -> None:
    said = refused(server, groups=[{"name": "staff", "denny": True}], users=[{"name": "ada", "gruop": "staff"}])
    assert [one.strip().removesuffix(" Nothing was written.") for one in said] == [
        "2 mistakes:",
        "groups[0] (staff): denny: there is no such option. Did you mean deny?",
        "users[0] (ada): gruop: there is no such option. Did you mean group?",
    ]


def test_a_mistake_in_the_configuration_stops_the_users_too(server: Server) -> None:
    said = refused(server, users=[{"name": "ada"}], config_items=[{"name": "vpn.server.max_client", "value": 5}])
    assert "This server does not know the configuration item vpn.server.max_client" in said[0]


def test_what_only_the_server_knows_is_reported_for_all_parts_at_once(server: Server) -> None:
    said = refused(
        server,
        users=[{"name": "ada", "group": "staf"}],
        access_lists=[{"user": "eve", "access_to": ["all"]}],
        config_items=[{"name": "vpn.server.max_client", "value": 5}],
    )
    assert said[0] == "3 mistakes:"
    assert [
        part for part in ("group staf", "user eve", "vpn.server.max_client") if any(part in one for one in said)
    ] == [
        "group staf",
        "user eve",
        "vpn.server.max_client",
    ]


def test_all_that_the_server_knows_of_users_is_reported_at_once(server: Server) -> None:
    users = [{"name": name, "static_ipv4": f"10.60.0.{number}"} for number, name in enumerate(("ada", "bob"), 1)]
    said = refused(server, users=[*users, {"name": "eve", "group": "staff"}], config_items=NETWORK)
    assert said[0] == "3 mistakes:"
    assert [one.strip().partition(" is")[0].partition(":")[0] for one in said[1:]] == [
        "group staff (needed by user eve) does not exist.",
        "static_ipv4 of user ada",
        "static_ipv4 of user bob",
    ]
    assert said[-1].endswith("Nothing was written. Declare what is missing, or create it first.")
    assert "assume_present" not in " ".join(said)


def test_a_purge_of_what_is_not_declared_is_refused(server: Server) -> None:
    said = refused(server, users=[{"name": "ada"}], purge=["groups"])
    assert said == ["purge: groups is not declared. Declare groups, or remove it from purge. Nothing was written."]


def test_validate_only_asks_no_server_and_needs_no_connection(server: Server) -> None:
    params = {"users": [{"name": "ada", "group": "staff"}], "groups": [{"name": "staff", "state": "absent"}]}
    answer = server.declare(DECLARATION, validate_only=True, **params)
    assert "group staff is declared absent" in answer["msg"]
    assert done(server.declare(DECLARATION, validate_only=True, users=params["users"])) == {"changed": False}
    assert not server.simulator.log


def test_mistakes_that_the_playbook_has_found_are_reported_with_the_others(server: Server) -> None:
    declared = {"groups": [{"name": "staff", "state": "absent"}], "users": [{"name": "ada", "group": "staff"}]}
    said = refused(server, **declared, mistakes=["two people are called bob.", "cleo has no name"])
    assert [one.strip().removesuffix(" Nothing was written.") for one in said] == [
        "3 mistakes:",
        "two people are called bob.",
        "cleo has no name.",
        "group of user ada: group staff is declared absent.",
    ]
    assert not server.simulator.log


STAFF, GONE = {"name": "staff"}, {"name": "old", "state": "absent"}


def mistakes_of(**declared: t.Any) -> list[str]:
    """What is wrong with a declaration, found without any server."""
    try:
        given = {**declared, "validate_only": True}
        arguments = as_declaration.BODY.checked(given, as_declaration.BODY.checker(), plain_read)
    except InputError as exc:
        return sentences_of(str(exc))
    answer = perform(as_declaration.BODY, "as_declaration", arguments, check=False, invocation=False)
    assert not answer.get("changed")
    return sentences_of(answer.get("msg", ""))


@pytest.mark.parametrize(
    "declared",
    [
        {"users": [{"name": "alice", "group": "staff"}], "groups": [STAFF, GONE]},
        {"users": [{"name": "alice", "group": "unknown"}], "groups": [STAFF]},  # it may be on the server
        {"users": [{"name": "alice", "group": ""}], "groups": [STAFF], "purge": ["groups"]},
        {"users": [{"name": "alice", "group": "old", "state": "absent"}], "groups": [GONE]},
        {"users": [{"name": "a", "group": "ops"}], "groups": [STAFF], "purge": ["groups"], "protect": ["ops"]},
        {"groups": [GONE], "access_lists": [{"group": "old", "state": "absent"}]},
    ],
)
def test_what_can_all_be_true_is_no_mistake(declared: dict[str, t.Any]) -> None:
    assert mistakes_of(**declared) == [""]


@pytest.mark.parametrize(
    ("declared", "mistakes"),
    [
        (
            {"users": [{"name": "alice", "group": "old"}], "groups": [GONE]},
            ["group of user alice: group old is declared absent."],
        ),
        (
            {"users": [{"name": n, "group": "old", "state": "blocked"} for n in ("alice", "bob")], "groups": [GONE]},
            [
                "2 mistakes:",
                "group of user alice: group old is declared absent.",
                "group of user bob: group old is declared absent.",
            ],
        ),
        (
            {"users": [{"name": "alice", "group": "ops"}], "groups": [STAFF], "purge": ["groups"]},
            ["group of user alice: group ops is not declared, and purge would delete it."],
        ),
        (
            {"users": [{"name": "alice", "group": "stuff"}], "groups": [STAFF], "purge": ["groups"]},
            ["group of user alice: group stuff is not declared, and purge would delete it. Did you mean staff?"],
        ),
        (
            {"default_user": {"group": "old"}, "groups": [GONE]},
            ["group of the default user: group old is declared absent."],
        ),
        (
            {"purge": ["users", "groups"], "groups": []},
            ["purge: users is not declared. Declare users, or remove it from purge."],
        ),
        (
            {"groups": [{"name": "staff", "members": ["alice"]}, {"name": "ops", "members": ["alice"]}]},
            ["members: alice is declared in staff and in ops, but a user has only one group."],
        ),
        (
            {"users": [{"name": "alice", "group": "ops"}], "groups": [{"name": "staff", "members": ["alice"]}]},
            ["members of group staff: user alice is declared in group ops."],
        ),
        (
            {"users": [{"name": "alice", "group": ""}], "groups": [{"name": "staff", "members": ["alice"]}]},
            ["members of group staff: user alice is declared in no group."],
        ),
        (
            {"users": [{"name": "alice", "group": "staff"}], "groups": [{"name": "staff", "members": []}]},
            ["group of user alice: it is staff, but alice is not in the members of that group."],
        ),
        (
            {"groups": [{"name": "staff", "members": ["alice"]}], "users": [], "group_mapping": True},
            [
                "members of group staff: with group_mapping, the server decides who is a member. Declare only one of them."
            ],
        ),
        (
            {"users": [{"name": "x", "state": "absent"}], "groups": [{"name": "staff", "members": ["x"]}]},
            ["members of group staff: user x is declared absent."],
        ),
        (
            {"groups": [GONE], "access_lists": [{"group": "old", "access_to": ["10.0.0.0/8"]}]},
            ["access list of group old: group old is declared absent."],
        ),
        (
            {"groups": [GONE], "access_lists": [{"user": "alice", "access_from": [{"type": "group", "group": "old"}]}]},
            ["access_from of access list of user alice: group old is declared absent."],
        ),
        (
            {"users": [], "purge": ["users"], "access_lists": [{"user": "alice", "access_to": ["10.0.0.0/8"]}]},
            ["access list of user alice: user alice is not declared, and purge would delete it."],
        ),
        (
            {"users": [], "purge": ["users"], "groups": [{"name": "staff", "members": ["alice"]}]},
            ["members of group staff: user alice is not declared, and purge would delete it."],
        ),
        (
            {"access_lists": [{"user": "alice", "access_to": ["nonsense!"]}]},
            [
                "access_lists[0]: access_to of access list of user alice: 'nonsense!' is not a network; write it as "
                "10.8.16.0/20 or 2001:db8::/64."
            ],
        ),
        ({"users": ["alice"]}, ["users[0]: text is given, and a mapping is needed."]),
        ({"users": [], "users_src": "users.yml"}, ["parameters are mutually exclusive: users|users_src"]),
    ],
)
def test_what_cannot_all_be_true_is_found_without_a_server(declared: dict[str, t.Any], mistakes: list[str]) -> None:
    assert [one.strip().removesuffix(" Nothing was written.") for one in mistakes_of(**declared)] == mistakes


def test_mistakes_of_options_files_and_the_playbook_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    file.write_text('[{"name": "ada", "gruop": "staff"}]')
    said = mistakes_of(
        groups=[{"name": "staff", "denny": True}, {"name": "ops", "subnets": ["nowhere"]}],
        users_src=str(file),
        mistakes=["two people are called bob"],
    )
    assert said[0] == "4 mistakes:"
    assert [one.strip().partition(":")[0] for one in said[1:]] == [
        "groups[0] (staff)",
        "groups[1]",
        "src",
        "two people are called bob.",
    ]
    assert f"src: {file}, line 1 (ada): gruop: there is no such option. Did you mean group?" in said[3]


def test_what_a_file_declares_is_held_against_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "users.yml"
    file.write_text("[{name: alice, group: old}]")
    groups = [{"name": "staff", "members": ["alice"]}]
    assert [one.strip() for one in mistakes_of(users_src=str(file), groups=[*groups, GONE], purge=["users"])] == [
        "2 mistakes:",
        "group of user alice: group old is declared absent.",
        "members of group staff: user alice is declared in group old. Nothing was written.",
    ]
    file.write_text("[{name: alice}]")
    assert mistakes_of(users_src=str(file), groups=groups, purge=["users"]) == [""]
    file.write_text("[{name: bob}]")
    assert mistakes_of(users_src=str(file), groups=groups, purge=["users"]) == [
        "members of group staff: user alice is not declared, and purge would delete it. Nothing was written."
    ]


PURGED = {"purge": ["users"], "groups": [{"name": "staff", "members": ["alice"]}]}


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize(
    ("declared", "mistakes"),
    [
        (  # options, values and contradictions, of several objects and of the same
            {
                "users": [
                    {"name": "alice", "group": "old", "gruop": "x", "static_ipv4": "10.8.0.300"},
                    {"name": "alice"},
                    {"name": "bob", "group": "old"},
                ],
                "groups": [GONE],
            },
            [
                "gruop: there is no such option",
                "static_ipv4 of user alice",
                "user alice is declared twice",
                "group of user alice: group old is declared absent",
                "group of user bob: group old is declared absent",
            ],
        ),
        (  # of what is wrong, nothing is known
            {"users": [{"name": "alice", "group": ["old"]}, {"name": "bob", "deny": "perhaps"}], "groups": [GONE]},
            ["group: a list", "deny: 'perhaps'"],
        ),
        # a state that may be meant
        ({"users": [{"name": "alice", "group": "old", "stat": "absent"}], "groups": [GONE]}, ["stat: "]),
        ({"users": [{"name": "alice", "group": "old", "ensure": "absent"}], "groups": [GONE]}, ["ensure: "]),
        ({"users": [{"name": "alice", "group": "old", "state": "absnt"}], "groups": [GONE]}, ["state: "]),
        (
            {"users": [{"name": "alice", "group": "old"}], "groups": [{**GONE, "denny": True}]},
            ["denny: ", "of user alice"],
        ),
        ({"users": [{"name": "alice", "group": "old"}], "groups": [{"name": "old", "stat": "absent"}]}, ["stat: "]),
        # any user may exist
        ({"users": [{"nam": "alice"}], **PURGED}, ["nam: ", "name: a value is needed"]),
        ({"users": [{"name": "alice", "gruop": "x"}], **PURGED}, ["gruop: "]),
        ({"users": [{"name": "bob", "gruop": "x"}], **PURGED}, ["gruop: ", "user alice is not declared, and purge"]),
        ({"users": ["alice"], **PURGED}, ["a mapping is needed"]),
        ({"users": [{"name": "bob"}], **PURGED, "protct": ["alice"]}, ["protct: "]),
        ({"usrs": [{"name": "alice"}], **PURGED}, ["usrs: "]),
        # what is declared of one in two ways
        (
            {
                "users": [{"name": "alice", "group": "old", "autologn": True}],
                "groups": [{"name": "staff", "members": ["alice"]}],
            },
            ["autologn: ", "user alice is declared in group old"],
        ),
        ({"users": [{"name": "alice", "gruop": "staff"}], "groups": [{"name": "staff", "members": []}]}, ["gruop: "]),
        (
            {"default_user": {"group": "old", "def_denny": True}, "groups": [GONE]},
            ["def_denny: ", "of the default user"],
        ),
        (
            {"access_lists": [{"group": "old", "acces_to": ["all"]}, {"user": "a", "group": "old"}], "groups": [GONE]},
            ["acces_to: ", "cannot be used together", "access list of group old: group old is declared absent"],
        ),
        (
            {
                "config_items": [{"name": "a.b", "valeu": 1}, {"name": "a.b", "value": 2}],
                "groups": [{"name": "a", "x": 1}],
            },
            ["valeu: ", "a.b is declared twice", "x: there is no"],
        ),
    ],
)
def test_mistakes_and_contradictions_are_reported_in_one_run_and_nothing_that_only_follows(
    tmp_path: Path, declared: dict[str, t.Any], mistakes: list[str], in_file: bool
) -> None:
    if in_file and "users" in declared:
        path = tmp_path / "users.yml"
        path.write_text(yaml.safe_dump(declared["users"]))
        declared = {**{name: one for name, one in declared.items() if name != "users"}, "users_src": str(path)}
    said = " ".join(mistakes_of(**declared))
    assert [part for part in mistakes if part not in said] == [], said
    assert said.startswith(f"{len(mistakes)} mistakes:" if len(mistakes) > 1 else ""), said
    assert ("mistakes: " in said) is (len(mistakes) > 1), said


# -- order


def test_lists_are_confined_before_users_move_and_set_afterwards(server: Server) -> None:
    done(
        declare(
            server,
            groups=[{"name": "a"}, {"name": "b"}],
            users=[{"name": "ada", "group": "a"}, {"name": "ben", "group": "b"}],
            access_lists=[{"group": "a", "access_to": ["10.1.0.0/16"]}, {"group": "b", "access_to": ["10.2.0.0/16"]}],
        )
    )
    before = len(server.simulator.exchanges)
    done(
        declare(
            server,
            users=[{"name": "ada", "group": "b"}, {"name": "ben", "group": "a"}],
            access_lists=[{"group": "a", "access_to": ["10.3.0.0/16"]}, {"group": "b", "access_to": ["10.4.0.0/16"]}],
        )
    )
    paths = [path for path, _body in writes_of(server)][len(writes_of(server)) - 3 :]
    assert before
    assert paths == ["userprop/access/set", "userprop/set", "userprop/access/set"]


def test_on_a_server_that_adds_to_lists_they_are_confined_before_users_move(start: t.Callable[..., Server]) -> None:
    server = start(readings={"access_set": "extend"})
    lists = [{"group": "b", "access_to": ["10.1.0.0/16", "10.2.0.0/16"]}]
    done(
        declare(
            server, groups=[{"name": "a"}, {"name": "b"}], users=[{"name": "ada", "group": "a"}], access_lists=lists
        )
    )
    rules: list[str] = []

    def look() -> None:
        state = server.simulator.state()
        if state["users"]["ada"]["group"] == "b":
            rules.append(str(state["access_lists"]["b"]))

    server.simulator.faults.add(do="act", times=None, act=look)
    lists[0]["access_to"] = ["10.1.0.0/16", "10.3.0.0/16"]
    done(declare(server, users=[{"name": "ada", "group": "b"}], access_lists=lists))
    assert rules
    assert not [one for one in rules if "10.2.0.0" in one]


@pytest.mark.parametrize("gained", [True, False])
def test_who_leaves_or_joins_a_group_is_no_administrator_while_the_task_writes(server: Server, gained: bool) -> None:
    done(
        declare(
            server,
            groups=[{"name": "gains"}, {"name": "loses", "admin": True}],
            users=[{"name": "ada", "group": "gains"}, {"name": "bob", "group": "loses"}],
        )
    )
    seen: list[str] = []

    def look() -> None:
        state = server.simulator.state()
        if state["groups"][state["users"]["ada"]["group"]].get("admin"):
            seen.append(state["users"]["ada"]["group"])

    server.simulator.faults.add(do="act", times=None, act=look)
    groups = [{"name": "gains", "admin": gained}, {"name": "loses", "admin": False}]
    done(declare(server, groups=groups, users=[{"name": "ada", "group": "loses"}, {"name": "bob", "group": "gains"}]))
    assert not seen


def test_who_gets_a_group_does_not_follow_the_default_user_into_another_one(start: t.Callable[..., Server]) -> None:
    server = start(readings={"default_group": "followed"})
    groups = [{"name": "staff"}, {"name": "ops", "autologin": True}]
    users = [{"name": "ada", "group": ""}, {"name": "bob", "group": "staff"}]
    done(declare(server, groups=groups, users=users, default_user={"group": ""}))
    seen: list[t.Any] = []

    def look() -> None:
        state = server.simulator.state()
        default = state["default_user"].get("group")
        seen.append([state["users"][name].get("group") or default for name in ("ada", "bob")])

    server.simulator.faults.add(path=SET, do="act", times=None, act=look)
    users = [{"name": "ada", "group": "staff"}, {"name": "bob", "group": ""}]
    done(declare(server, groups=groups, users=users, default_user={"group": "ops"}))
    look()
    assert seen == [[None, "staff"], ["staff", "staff"], ["staff", "staff"], ["staff", "ops"]]


def test_members_of_a_group_that_goes_get_nothing_of_it_that_they_had_not(server: Server) -> None:
    server.simulator.set_user("openvpn", deny=False)
    groups: list[dict[str, t.Any]] = [{"name": "old", "deny": False}]
    users = [{"name": "ada", "group": "old", "deny": True}]
    done(declare(server, groups=groups, users=users, default_user={"deny": True}))
    seen: list[t.Any] = []

    def look() -> None:
        state = server.simulator.state()
        group = state["groups"].get(state["users"]["ada"].get("group"), {})
        seen.append([level.get("deny") for level in (state["users"]["ada"], group, state["default_user"])])

    server.simulator.faults.add(path="/api/userprop/set", do="act", times=None, act=look)
    groups = [{"name": "old", "state": "absent"}]
    done(declare(server, groups=groups, users=[{"name": "ada", "inherit": ["deny"]}], default_user={"deny": True}))
    look()
    assert seen == [[True, None, True], [None, None, True]]


def test_who_is_deleted_is_kept_out_as_a_user_without_a_record_before(server: Server) -> None:
    """A directory may give access to users without a record, unless the default user denies them."""
    server.simulator.set_user("ada")
    users = [{"name": "ada", "state": "absent"}]
    done(declare(server, users=users, default_user={"def_deny": True, "reroute_gw": "global"}))
    assert writes_of(server) == [
        ("userprop/set", [{"name": "__DEFAULT__", "def_deny": True}]),
        ("userprop/set", [{"name": "ada", "deny": True}]),
        ("users/delete", {"users": ["ada"]}),
        ("userprop/set", [{"name": "__DEFAULT__", "reroute_gw": "global"}]),
    ]


@pytest.mark.parametrize(
    ("name", "value", "first"),
    [
        ("vpn.server.routing.private_network.1", "", True),
        ("vpn.server.routing.private_network.1", "10.9.0.0/16", False),
        ("vpn.server.routing.private_access", "no", True),
        ("vpn.server.routing.gateway_access", False, True),
        ("vpn.client.routing.inter_client", True, False),
        ("vpn.server.google_auth.enable", True, True),
        ("vpn.server.max_clients", 5, False),
    ],
)
def test_what_the_configuration_takes_away_is_written_first(
    server: Server, name: str, value: t.Any, first: bool
) -> None:
    server.simulator.set_user("openvpn", totp=False)
    server.simulator.set_user("ada")
    server.simulator.store.set_configuration("default", {"vpn.server.routing.private_network.1": "10.8.0.0/16"})
    items = [{"name": name, "value": value}, {"name": "vpn.server.nat6", "value": False}]
    done(declare(server, users=[{"name": "ada", "deny": False}], config_items=items))
    paths = [path for path, _body in writes_of(server)]
    assert paths == ["config-items/default"] * first + ["userprop/set", "config-items/default"]


def test_lists_that_deny_wait_for_whom_they_name(server: Server) -> None:
    server.simulator.set_user("ada")
    done(
        declare(
            server,
            groups=[{"name": "new"}],
            users=[{"name": "eve"}],
            access_lists=[
                {"group": "new", "access_to": ["-10.1.0.0/16", "all"]},
                {"user": "ada", "access_to": ["-10.1.0.0/16", "-group:new", "-user:eve", "all"]},
            ],
        )
    )
    writes = [body for path, body in writes_of(server) if path == "userprop/access/set"]
    first = [(row.get("username"), row["access_route"]["subnet"]["netip"]) for row in writes[0]["items_set"]]
    assert first == [("ada", "10.1.0.0")]
    assert [one["access_to"] for one in server.inform(ACCESS_LIST)] == [
        ["-10.1.0.0/16", "all"],
        ["-10.1.0.0/16", "-group:new", "-user:eve", "all"],
    ]


def test_a_part_alone_is_written_as_by_its_own_module(server: Server) -> None:
    done(declare(server, groups=[{"name": "a"}], users=[{"name": "ada"}, {"name": "ben"}]))
    users = [{"name": "ada", "group": "a", "deny": True}, {"name": "ben", "group": "a", "autologin": True}]
    count = len(writes_of(server))
    done(declare(server, groups=[{"name": "a"}], users=users))
    assert writes_of(server)[count:] == [
        ("userprop/set", [{"name": "ada", "group": "a", "deny": True}]),
        ("userprop/set", [{"name": "ben", "group": "a", "autologin": True}]),
    ]


def test_lists_of_users_who_go_are_not_written(server: Server) -> None:
    done(declare(server, users=[{"name": "ada"}], access_lists=[{"user": "ada", "access_to": ["all"]}]))
    answer = done(
        declare(
            server,
            users=[{"name": "ada", "state": "absent"}],
            access_lists=[],
            purge=["access_lists"],
            purge_empty=True,
        )
    )
    assert answer["counts"] == {"deleted": 1}


def test_a_group_has_members_whose_own_group_was_written_twice(start: t.Callable[..., Server]) -> None:
    """A server that keeps only the name of a new user gets the group once more, after the group was read back."""
    server = start(readings={"create_properties": "ignores"})
    done(declare(server, groups=[{"name": "a", "members": ["ada"]}], users=[{"name": "ada", "group": "a"}]))
    assert server.simulator.state()["users"]["ada"]["group"] == "a"


def test_how_much_the_server_takes_in_a_request_is_learnt_once_for_all_parts(server: Server) -> None:
    declared = {part: [{"name": f"{part}{number}"} for number in range(10)] for part in ("groups", "users")}
    done(declare(server, **declared))
    count = len(writes_of(server))
    server.simulator.faults.add(path="/userprop/set", times=1, status=413, body="<html>Too large</html>")
    done(declare(server, **{part: [{**one, "totp": True} for one in each] for part, each in declared.items()}))
    assert [len(body) for _path, body in writes_of(server)[count:]] == [10, 5, 5, 5, 5]


# -- what a deletion touches


def emptied(server: Server) -> bool:
    return not any(server.simulator.state()["access_lists"].get("ada", {}).values())


@pytest.mark.parametrize("lists", ["deleted", "kept"])
@pytest.mark.parametrize("noun", ["user", "group"])
def test_a_purged_list_is_gone_with_its_owner_whatever_the_server_does_with_it(
    start: t.Callable[..., Server], lists: str, noun: str
) -> None:
    server = start(readings={"lists_of_deleted_owners": lists})
    done(declare(server, **{f"{noun}s": [{"name": "ada"}]}, access_lists=[{noun: "ada", "access_to": ["all"]}]))
    purged = {"access_lists": [], "purge": ["access_lists"], "purge_empty": True, "purge_limit": {"access_lists": "1"}}
    gone = {f"{noun}s": [{"name": "ada", "state": "absent"}], **purged}
    assert done(declare(server, **gone))["counts"] == {"deleted": 1}
    assert emptied(server)
    assert not done(declare(server, **gone))["changed"]


def test_a_list_that_stays_when_its_owner_is_deleted_is_reported_with_the_owner(start: t.Callable[..., Server]) -> None:
    server = start(readings={"lists_of_deleted_owners": "kept"})
    done(declare(server, users=[{"name": "ada"}], access_lists=[{"user": "ada", "access_to": ["all"]}]))
    server.simulator.faults.add(path=LISTS, status=400, body={"reason": "no such user"})
    purged = {"access_lists": [], "purge": ["access_lists"], "purge_empty": True, "purge_limit": {"access_lists": "1"}}
    answer = declare(server, users=[{"name": "ada", "state": "absent"}], **purged)
    assert answer["msg"].startswith(
        "1 of 1 failed. user ada: it was deleted, but access list of user ada is still there: "
    )
    assert done(declare(server, users=[{"name": "ada", "state": "absent"}], **purged))["counts"] == {
        "unchanged": 1,
        "updated": 1,
    }
    assert emptied(server)


@pytest.mark.parametrize("members", ["released", "kept", "refused"])
def test_a_group_goes_that_still_has_members(start: t.Callable[..., Server], members: str) -> None:
    server = start(readings={"members_of_deleted_groups": members})
    done(declare(server, groups=[{"name": "old"}], users=[{"name": "ada", "group": "old"}]))
    declared = {
        "groups": [{"name": "old", "state": "absent"}],
        "users": [{"name": "ada", "autologin": True}, {"name": "bob"}],
    }
    answer = declare(server, **declared)
    users = server.simulator.state()["users"]
    assert (users["ada"]["autologin"], "bob" in users) == (True, True)
    assert users["ada"].get("group") == (None if members == "released" else "old")
    if members == "refused":
        assert answer["msg"].startswith("1 of 3 failed. group old: ")
        assert "Group has members: old" in answer["msg"]
        users = [{"name": "ada", "group": ""}]
        assert done(declare(server, groups=declared["groups"], users=users))["counts"] == {"deleted": 1, "updated": 1}
    else:
        assert not done(declare(server, **declared))["changed"]


ADA_GOES = {"name": "ada", "state": "absent"}


@pytest.fixture(name="two")
def fixture_two(server: Server) -> Server:
    """A server with two users, and a list of one of them."""
    done(
        declare(
            server,
            users=[{"name": "ada"}, {"name": "ben"}],
            access_lists=[{"user": "ben", "access_to": ["10.1.0.0/16"], "access_from": ["10.2.0.0/16"]}],
        )
    )
    server.simulator.log.clear()
    return server


def when_ada_goes(server: Server, act: t.Callable[[], object]) -> None:
    """Let the server do something else besides when it deletes a user."""
    server.simulator.faults.add(path="/users/delete", do="act", act=act)


def rules_of_ben(server: Server) -> list[list[str]]:
    [found] = server.inform(ACCESS_LIST)
    return [found["access_to"], found["access_from"]]


def set_rules(server: Server, kind: str, *networks: str) -> None:
    subnets = [{"ipv6": False, "netip": one, "prefix_length": 16} for one in networks]
    routes = [{"type": "nat", "accept": True, "subnet": one} for one in subnets]
    server.simulator.store.set_access_routes("ben", kind, routes)


def test_a_list_that_changes_when_a_user_goes_is_planned_again(two: Server) -> None:
    """The part that was right is written too, because it ends in what was planned."""
    when_ada_goes(two, lambda: set_rules(two, "access_from_ipv4"))
    lists = [{"user": "ben", "access_to": ["10.3.0.0/16"], "access_from": ["10.2.0.0/16"]}]
    answer = done(declare(two, users=[ADA_GOES], access_lists=lists))
    assert answer["counts"] == {"deleted": 1, "updated": 1}
    assert rules_of_ben(two) == [["10.3.0.0/16"], ["10.2.0.0/16"]]


def test_a_list_is_written_from_what_is_there_when_a_user_has_gone(two: Server) -> None:
    """The list is that of before but for a rule of the other family: without a look, only that one is written."""
    when_ada_goes(two, lambda: set_rules(two, "access_to_ipv4"))
    lists = [{"user": "ben", "access_to": ["10.1.0.0/16", "fd00::/64"]}]
    assert done(declare(two, users=[ADA_GOES], access_lists=lists))["counts"] == {"deleted": 1, "updated": 1}
    assert rules_of_ben(two)[0] == ["10.1.0.0/16", "fd00::/64"]


def test_a_list_that_would_not_end_as_planned_is_not_written_and_a_second_run_does_it(two: Server) -> None:
    when_ada_goes(two, lambda: set_rules(two, "access_to_ipv4", "10.1.0.0", "10.4.0.0"))
    declared: dict[str, t.Any] = {
        "users": [ADA_GOES, {"name": "cleo"}],
        "access_lists": [{"user": "ben", "state": "absent", "access_to": ["10.1.0.0/16"]}],
    }
    answer = declare(two, **declared)
    assert answer["failed"]
    assert answer["counts"] == {"deleted": 1, "created": 1, "failed": 1}
    assert answer["access_lists"]["objects"][0]["msg"] == (
        "access_to changed while the task was writing. Because of this, access_to would differ from the plan, and was not "
        "written. Run again to plan with the new values"
    )
    assert rules_of_ben(two)[0] == ["10.1.0.0/16", "10.4.0.0/16"]
    assert done(declare(two, **declared))["counts"] == {"unchanged": 2, "updated": 1}
    assert rules_of_ben(two)[0] == ["10.4.0.0/16"]


def test_what_a_deletion_touches_is_read_once_before_it_is_written_and_nothing_without_one(two: Server) -> None:
    def reads_before_last_write() -> list[str]:
        """What is read between the first write and the last one."""
        paths = [(one.path.partition("/api/")[2], one.wrote) for one in two.simulator.log]
        first, *_between, last = [number for number, (_path, wrote) in enumerate(paths) if wrote]
        two.simulator.log.clear()
        return [path for path, wrote in paths[first:last] if not wrote]

    lists = [{"user": "ben", "access_to": ["10.3.0.0/16"]}]
    done(declare(two, users=[{"name": "cleo", "deny": False}], access_lists=lists))
    confined = ["userprop/access/list"]
    assert reads_before_last_write() == confined
    lists = [{"user": "ben", "access_to": ["10.4.0.0/16"]}]
    done(declare(two, users=[ADA_GOES, {"name": "cleo", "deny": True}], access_lists=lists))
    assert reads_before_last_write() == ["userprop/access/list", *confined]


def test_members_are_as_planned_when_one_of_them_is_deleted(two: Server) -> None:
    done(declare(two, groups=[{"name": "staff", "members": ["ada", "ben"]}]))
    declared: dict[str, t.Any] = {
        "groups": [{"name": "staff", "autologin": False, "members": ["ben", "cleo", "dan"]}],
        "users": [ADA_GOES, {"name": "cleo", "group": "staff"}, {"name": "dan"}],
    }
    answer = done(declare(two, **declared))
    assert answer["counts"] == {"deleted": 1, "created": 2, "updated": 1}
    assert not done(declare(two, **declared))["changed"]


def test_a_group_reports_only_members_whose_own_change_does_not_show_it(two: Server) -> None:
    done(declare(two, groups=[{"name": "staff", "members": ["ada"]}]))
    users = [ADA_GOES, {"name": "ben", "group": "staff"}, {"name": "cleo", "group": "staff"}, {"name": "dan"}]
    [first, *_rest] = done(
        declare(two, check=True, groups=[{"name": "staff", "members": ["ben", "cleo"]}], users=users)
    )["groups"]["objects"]
    assert (first["action"], first["changed_keys"]) == ("unchanged", [])
    declared: dict[str, t.Any] = {"groups": [{"name": "staff", "members": ["ben", "cleo", "dan"]}], "users": users}
    answer = done(declare(two, **declared))
    [of_groups, _of_users] = answer["diff"]
    assert of_groups["before"] == {"staff": {"members": ["ben", "cleo"]}}
    assert of_groups["after"] == {"staff": {"members": ["ben", "cleo", "dan"]}}
    assert not done(declare(two, **declared))["changed"]
    groups = {name: one.get("group") for name, one in two.simulator.state()["users"].items() if one.get("group")}
    assert groups == dict.fromkeys(["ben", "cleo", "dan"], "staff")


def test_a_group_does_not_fail_with_a_member_whose_own_change_shows_it(server: Server) -> None:
    server.simulator.faults.add(path="/users/create", status=400, body={"reason": "no room"})
    declared: dict[str, t.Any] = {
        "groups": [{"name": "staff", "members": ["ada"]}],
        "users": [{"name": "ada", "group": "staff"}],
    }
    assert declare(server, **declared)["counts"] == {"created": 1, "failed": 1}
    assert done(declare(server, **declared))["counts"] == {"unchanged": 1, "created": 1}


# -- failures


def test_what_refers_to_a_failed_object_is_not_attempted_and_the_rest_goes_on(server: Server) -> None:
    server.simulator.faults.add(path="/groups/create", status=400, body={"reason": "no room"})
    server.simulator.set_user("cleo")
    answer = declare(
        server,
        groups=[{"name": "staff"}],
        users=[{"name": "ada", "group": "staff"}, {"name": "ben"}, {"name": "cleo", "state": "absent"}],
        access_lists=[{"group": "staff", "access_to": ["all"]}, {"user": "ben", "access_to": ["all"]}],
    )
    assert answer["failed"]
    became = {
        line["name"]: line["action"] for part in ("groups", "users", "access_lists") for line in answer[part]["objects"]
    }
    assert became == {
        "staff": "failed",
        "ada": "failed",
        "ben": "created",
        "cleo": "deleted",
        "group staff": "failed",
        "user ben": "updated",
    }
    [ada] = [line for line in answer["users"]["objects"] if line["name"] == "ada"]
    assert ada["msg"] == "not attempted, because group staff failed"
    assert done(declare(server, groups=[{"name": "staff"}], users=[{"name": "ada", "group": "staff"}]))["counts"] == {
        "created": 2
    }


def test_who_shall_be_blocked_is_blocked_though_the_group_that_the_user_moves_to_fails(server: Server) -> None:
    done(declare(server, groups=[{"name": "staff"}], users=[{"name": "ada"}]))
    server.simulator.faults.add(path="/userprop/set", status=400, body={"reason": "no room"})
    groups = [{"name": "staff", "deny": True}]
    answer = declare(server, groups=groups, users=[{"name": "ada", "group": "staff", "deny": True}])
    assert answer["msg"].startswith("2 of 2 failed. group staff: ")
    ada = server.simulator.state()["users"]["ada"]
    assert ada["deny"]
    assert not ada.get("group")


def test_the_message_names_the_cause_and_not_what_follows_from_it(server: Server) -> None:
    server.simulator.faults.add(path="/users/create", status=400, body={"reason": "no room"})
    answer = declare(server, groups=[{"name": "a", "members": ["ada"]}], users=[{"name": "ada"}])
    assert answer["groups"]["objects"][0]["msg"] == "not attempted, because user ada failed"
    assert answer["msg"].startswith("2 of 2 failed. user ada: ")
    assert answer["msg"].endswith("no room. Also failed: group a.")


# -- the account of the task


@pytest.mark.parametrize("check", [True, False])
def test_a_new_group_that_shuts_the_account_out_is_refused(server: Server, check: bool) -> None:
    answer = declare(
        server, check=check, groups=[{"name": "g", "deny": True}], users=[{"name": "openvpn", "group": "g"}]
    )
    assert "could end the sign-in of openvpn" in answer["msg"]
    assert not server.writes()


def test_changes_of_the_own_account_come_last_and_are_taken_back(server: Server) -> None:
    answer = declare(
        server,
        groups=[{"name": "g", "deny": True}],
        users=[{"name": "openvpn", "group": "g"}, {"name": "ada"}],
        config_items=[{"name": "vpn.server.max_clients", "value": 500}],
        allow_self=True,
    )
    assert answer["failed"]
    assert "could no longer sign in" in str(answer["users"]["objects"])
    assert server.simulator.state()["users"]["openvpn"].get("group") is None
    assert "ada" in server.simulator.state()["users"]
    assert writes_of(server)[-2][1] == [{"name": "openvpn", "group": "g"}]


# -- files and results


def test_a_folder_declares_a_server(server: Server, tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users/a.yml").write_text(yaml.safe_dump([{"name": "ada", "group": "staff"}]))
    (tmp_path / "groups.json").write_text('[{"name": "staff"}]')
    (tmp_path / "default_user.yml").write_text("def_deny: true\n")
    (tmp_path / "config_items.yaml").write_text(yaml.safe_dump(NETWORK))
    answer = done(declare(server, src=str(tmp_path)))
    assert answer["summary"] == (
        "groups: 1 created; default_user: 1 updated; users: 1 created; config_items: 1 updated, 1 unchanged; "
        "a restart may be needed by vpn.server.static.0.network; VPN clients connected now: 0"
    )
    assert answer["restart"] == ["vpn.server.static.0.network"]
    assert [one["after_header"] for one in answer["diff"]] == [
        "groups: 1 created",
        "default_user: 1 updated",
        "users: 1 created",
        "config_items: 1 updated",
    ]


def test_equal_changes_are_one_entry_of_the_diff(server: Server) -> None:
    names = [f"u{number:03}" for number in range(300)]
    done(declare(server, users=[{"name": name} for name in names]))
    users = [{"name": name, "totp": True} for name in names]
    answer = done(declare(server, users=[*users, {"name": "eve", "state": "blocked"}], check=True))
    [diff] = answer["diff"]
    heading = f"300 objects: {', '.join(names[:20])} and 280 more"
    assert diff == {
        "before_header": "users: 1 created (1 blocked), 300 updated",
        "after_header": "users: 1 created (1 blocked), 300 updated",
        "before": {heading: {"totp": None}},
        "after": {heading: {"totp": True}, "eve": {"deny": True}},
    }
    assert answer["summary"] == "users: 1 created (1 blocked), 300 updated"
    assert answer["counts"] == {"created": 1, "updated": 300}


def test_the_summary_counts_blocked_users_who_existed(server: Server) -> None:
    done(declare(server, users=[{"name": "ada"}, {"name": "bob"}]))
    blocked = [{"name": name, "state": "blocked"} for name in ("ada", "eve")]
    answer = done(declare(server, users=[*blocked, {"name": "bob"}, {"name": "cleo"}]))
    assert answer["summary"] == "users: 2 created (1 blocked), 1 updated (1 blocked), 1 unchanged"
    assert answer["counts"] == {"created": 2, "updated": 1, "unchanged": 1}
    answer = done(declare(server, users=blocked))
    assert answer["summary"] == "users: 2 unchanged"


@pytest.mark.parametrize("check", [True, False])
def test_who_would_be_interrupted_by_a_restart_is_counted_only_where_one_is_needed(server: Server, check: bool) -> None:
    for name in ("ada", "bob"):
        server.simulator.connect(name)
    item = {"name": "vpn.server.max_clients", "value": 500}
    answer = done(declare(server, config_items=[item], check=check))
    assert (answer["restart"], answer["vpn_clients"]) == ([item["name"]], 2)
    assert answer["summary"] == (
        "config_items: 1 updated; a restart may be needed by vpn.server.max_clients; VPN clients connected now: 2"
    )
    done(declare(server, config_items=[item]))
    server.simulator.log.clear()
    answer = done(declare(server, config_items=[item], users=[{"name": "ada"}]))
    assert answer["restart"] == []
    assert "vpn_clients" not in answer
    assert not [one for one in server.simulator.log if one.path.endswith("/vpn/status")]


def test_a_server_that_does_not_count_its_clients_is_changed_all_the_same(server: Server) -> None:
    server.simulator.faults.add(path="/vpn/status", times=None, status=400, body={"reason": "no"})
    answer = done(declare(server, config_items=[{"name": "vpn.server.max_clients", "value": 500}]))
    assert answer["summary"].endswith("; a restart may be needed by vpn.server.max_clients")
    assert "vpn_clients" not in answer


def test_an_empty_folder_declares_nothing(server: Server, tmp_path: Path) -> None:
    assert refused(server, src=str(tmp_path)) == [
        f"src: {tmp_path} is an empty folder, so it declares nothing. Nothing was written."
    ]


def test_access_tests_in_a_folder_are_refused_with_the_way_out(server: Server, tmp_path: Path) -> None:
    """They would not be run: a folder with tests that are never run would be worse than none."""
    (tmp_path / "users.yml").write_text("[]")
    path = tmp_path / "access_tests.yml"
    path.write_text("- ada may reach 10.0.0.1\n")
    assert refused(server, src=str(tmp_path)) == [
        f"src: {path}: a folder cannot have access_tests. Move the file to another folder, and read it into the option "
        "access_tests, for example with lookup('ansible.builtin.file', ...) | from_yaml. Nothing was written."
    ]


def test_a_file_of_an_unknown_name_and_a_part_declared_twice_are_errors(server: Server, tmp_path: Path) -> None:
    (tmp_path / "user.yml").write_text("[]")
    (tmp_path / "users.yml").write_text("[]")
    (tmp_path / "groups.txt").write_text("[]")
    (tmp_path / "default_user.yml").write_text("def_denny: true\n")
    said = refused(server, src=str(tmp_path), users=[{"name": "ada"}])
    assert said[0] == "4 mistakes:"
    assert [any(text in one for one in said) for text in ("user.yml", "users.yml", "groups.txt", "def_denny")] == [
        True
    ] * 4


def test_with_only_other_parts_are_checked_and_left_alone(server: Server) -> None:
    declared = {"groups": [{"name": "staff"}], "users": [{"name": "ada", "group": "staff"}]}
    answer = declare(server, only=["users"], **declared)
    assert "group staff (needed by user ada) does not exist" in answer["msg"]
    done(declare(server, only=["groups"], **declared))
    assert done(declare(server, only=["users"], **declared))["counts"] == {"created": 1}


def test_a_purge_with_an_empty_list_is_refused(server: Server) -> None:
    server.simulator.set_group("staff")
    said = refused(server, groups=[], purge=["groups"])
    assert "purge with an empty list of groups would delete these: " in said[0]


@pytest.mark.parametrize("only", [[], ["users"]])
def test_with_only_parts_that_are_not_declared_nothing_is_done(server: Server, only: list[str]) -> None:
    answer = done(declare(server, only=only, groups=[{"name": "staff"}]))
    assert (answer["changed"], answer["counts"]) == (False, {})
    assert not server.writes()


def test_an_unchanged_server_costs_nine_requests(server: Server) -> None:
    declared = {
        "default_user": {"def_deny": True},
        "groups": [{"name": "staff"}],
        "users": [{"name": "ada", "group": "staff"}],
        "access_lists": [{"group": "staff", "access_to": ["all"]}, {"user": "ada", "access_to": ["all"]}],
        "config_items": NETWORK,
    }
    done(declare(server, **declared))
    server.simulator.log.clear()
    assert not done(declare(server, **declared))["changed"]
    assert len(server.simulator.log) <= 9
