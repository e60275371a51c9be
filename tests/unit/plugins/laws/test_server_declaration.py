# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of a declaration of a whole server, over declarations that hypothesis draws and all that a server may make of them.

Who reaches what is judged here alone: nothing asks the collection or the simulator what they think.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.known_values import is_network
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples, first
from hypothesis import given
from hypothesis import strategies as st

PEOPLE, GROUPS = ("ana", "ben", "cleo"), ("staff", "ops")
NETWORKS = ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")
DOMAINS = ("a.example", "b.example")
GIVES = {
    "deny": False,
    "deny_web": False,
    "admin": True,
    "autologin": True,
    "totp": False,
    "allow_generate_profiles": True,
    "password_strength": False,
    "allow_password_change": True,
}
"""Properties that decide what a user may do, or how hard a sign-in is, each with the value that makes it more or easier."""
RIGHTS = {"deny": False, "deny_web": False, "admin": True, "totp": False}
OWN = "openvpn"
UNSET = {
    "deny": False,
    "deny_web": False,
}  # what counts where no level has a value; of the others it is the other value
Declared = dict[str, t.Any]
State = dict[str, t.Any]


@st.composite
def properties(draw: st.DrawFn, without: str = "") -> Declared:
    """Each property set or handed back."""
    drawn = {name: draw(st.sampled_from([None, False, True])) for name in GIVES if name != without}
    inherit = [name for name, value in drawn.items() if value is None]
    return {**{name: value for name, value in drawn.items() if value is not None}, "inherit": inherit}


GONE = {"state": "absent"}


@st.composite
def ruleset(draw: st.DrawFn, actions: t.Sequence[str]) -> Declared:
    """A ruleset with rules in some order, or none."""
    if draw(st.booleans()):
        return GONE
    domains = draw(st.permutations([*DOMAINS, "*.example"]))[: draw(st.integers(0, 3))]
    return {"rules": [{"domain": domain, "action": draw(st.sampled_from(actions))} for domain in domains]}


@st.composite
def own_account(draw: st.DrawFn, groups: t.Collection[str]) -> Declared:
    """The account that the task signs in with: what lets it administer stays what `furnish` sets, whatever others inherit."""
    drawn = {name: draw(st.sampled_from([False, True])) for name in GIVES if name not in RIGHTS}
    return {"name": OWN, "group": draw(st.sampled_from(["", *sorted(groups)])), **drawn}


@st.composite
def configuration(draw: st.DrawFn) -> list[Declared]:
    """Items of each kind that is written at a time of its own: networks, what takes access away, and the rest."""
    values = {
        **{f"vpn.server.static.{number}.network": ("10.50.0.0", "10.51.0.0") for number in range(2)},
        "vpn.client.routing.inter_client": (False, True),
        "vpn.server.max_clients": (10, 20),
    }
    drawn = {name: draw(st.sampled_from([None, *allowed])) for name, allowed in values.items()}
    return [{"name": name, **({"state": "default"} if one is None else {"value": one})} for name, one in drawn.items()]


def addresses(items: t.Iterable[Declared]) -> list[str]:
    """Fixed addresses that the networks of a configuration have."""
    networks = {str(one["value"]) for one in items if is_network(one["name"]) and "value" in one}
    return [f"{network.rpartition('.')[0]}.{number}" for network in sorted(networks) for number in (5, 6, 7)]


@st.composite
def declarations(draw: st.DrawFn, whole: bool = False) -> Declared:
    """All users, groups and access lists of a server, each in one of its states, without contradictions.

    A ``whole`` declaration also has items of the configuration, fixed addresses, and the account of the task.
    """
    there = draw(st.sets(st.sampled_from(GROUPS)))
    groups: list[Declared] = [
        {"name": name, **(draw(properties()) if name in there else {"state": "absent"})} for name in GROUPS
    ]
    users: list[Declared] = []
    for name in PEOPLE:
        state = draw(st.sampled_from(["present", "present", "blocked", "absent"]))
        group = {"group": draw(st.sampled_from(["", *sorted(there)]))} if state != "absent" else {}
        own = draw(properties(without="deny" if state == "blocked" else "")) if state != "absent" else {}
        users.append({"name": name, "state": state, **group, **own})
    config = {"config_items": draw(configuration())} if whole else {}
    if whole:
        users.append({"state": "present", **draw(own_account(there))})
        free = [*addresses(config["config_items"]), *[""] * len(users)]
        for one, address in zip(users, draw(st.permutations(free)), strict=False):
            if one["state"] != "absent":
                one["static_ipv4"] = address
    for group in groups:
        if group["name"] in there and draw(st.booleans()):
            members = [one for one in users if one.get("group") == group["name"]]
            group["members"] = sorted(one["name"] for one in members)
            for one in members:  # of whom the group alone may say it
                if draw(st.booleans()):
                    del one["group"]
    owners = [("group", name) for name in sorted(there)]
    owners += [("user", one["name"]) for one in users if one["state"] != "absent"]
    lists = [{kind: name, "access_to": sorted(draw(st.sets(st.sampled_from(NETWORKS))))} for kind, name in owners]
    shared = draw(st.sampled_from(["", *sorted(there)]))
    rulesets: list[Declared] = [{"everybody": True, **draw(ruleset(("deny", "nat", "bypass")))}]
    rulesets += [{"group": name, **draw(ruleset(("deny", "nat", "bypass")))} for name in sorted(there)]
    # Of a new user's own ruleset, what denies can come only when the user is there, whom other rules may let in already.
    rulesets += [{"user": PEOPLE[0], **draw(ruleset(("nat",)))}] if users[0]["state"] != "absent" else []
    return {
        **config,
        "access_rulesets": rulesets,
        "groups": groups,
        "users": users,
        "access_lists": lists,
        "default_user": {"group": shared, **draw(properties())},
    }


def reach(state: State, user: str, followed: bool) -> set[str]:
    """What a user may do, and the rules by which the user gets anywhere; ``followed`` is a reading: of the default user's
    group (63)."""
    own = state["users"].get(user)
    if own is None:
        return set()
    default = state["default_user"]
    group = own.get("group") or (default.get("group") if followed else None)
    levels = [own, state["groups"].get(group, {}) if group else {}, default]
    unset = {name: UNSET.get(name, not value) for name, value in GIVES.items()}
    found = {name: next((x[name] for x in levels if x.get(name) is not None), unset[name]) for name in GIVES}
    if found["deny"]:
        return set()
    lists = [state["access_lists"].get(owner, {}) for owner in (user, group) if owner]
    rules = {json.dumps(rule, sort_keys=True) for each in lists for rules in each.values() for rule in rules}
    gets = {name for name, value in GIVES.items() if found[name] == value}
    return (
        rules | gets | {domain for domain in DOMAINS if decided(state, domain, [user, group, "__DEFAULT__"]) == "nat"}
    )


def decided(state: State, domain: str, owners: t.Sequence[str | None]) -> str:
    """What the first rule says that matches a domain, of the rulesets of these owners in turn."""
    for owner in owners:
        for one in state["access_rulesets"]:
            for rule in one["rules"] if owner in one["owners"] else ():
                below = rule["match_type"] == "domain_or_subdomain" and domain.endswith(f".{rule['match_data']}")
                if below or domain == rule["match_data"]:
                    return str(rule["action"])
    return ""


class Watched:
    """A server, and its state before each request of a task."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.states: list[State] = []
        self.paths: list[str] = []  # of the requests

    def declare(self, declared: Declared, **how: t.Any) -> Answer:
        self.states = []
        self.server.simulator.faults.clear()
        self.server.simulator.faults.add(
            do="act", times=None, act=lambda: self.states.append(self.server.simulator.state())
        )
        answer = self.server.declare(DECLARATION, **declared, **how)
        self.server.simulator.faults.clear()
        self.states.append(self.server.simulator.state())
        self.paths = [each.path for each in self.server.simulator.log][-len(self.states) + 1 :]
        return answer


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def kept(server: Server, state: State | None = None) -> State:
    """What a declaration decides about, without lists that are empty. In lists that deny nothing, the order says nothing."""
    state = state or server.simulator.state()
    lists = {
        name: {kind: sorted(rules, key=str) for kind, rules in each.items() if rules}
        for name, each in state["access_lists"].items()
    }
    owners = {*state["users"], *state["groups"]}
    rulesets = {
        (one["name"], owner): [(rule["match_data"], rule["action"]) for rule in one["rules"]]
        for one in state["access_rulesets"]
        for owner in one["owners"]
        if owner in owners or owner == "__DEFAULT__"
    }
    return {
        "access_rulesets": rulesets,
        **{key: state[key] for key in ("users", "default_user", "configuration")},
        "groups": {name: {k: v for k, v in group.items() if k != "members"} for name, group in state["groups"].items()},
        "access_lists": {name: each for name, each in lists.items() if each and name in owners},
    }


def furnish(server: Server) -> None:
    """A new server, whose administrators stay what they are, whatever others inherit."""
    server.simulator.reset()
    for name in ("openvpn", "mfa-admin"):
        server.simulator.set_user(name, **RIGHTS)


READINGS: tuple[dict[str, str], ...] = (
    {},
    {"default_group": "followed", "lists_of_deleted_owners": "kept", "assigned_ruleset": "refused"},
    {"access_set": "extend", "members_of_deleted_groups": "kept", "lists_of_deleted_owners": "kept"},
    {"members": "extend", "members_of_deleted_groups": "refused", "rulesets_of_deleted_owners": "kept"},
)


@pytest.fixture(name="server", params=READINGS, ids=str, scope="module")
def fixture_server(request: pytest.FixtureRequest) -> t.Iterator[Server]:
    """One server for all examples of a reading."""
    with AccessServerSimulator(readings=request.param) as simulator:
        yield Server(simulator)


@given(before=declarations(), after=declarations(), data=st.data())
@examples(4, 150)
def test_at_no_time_a_user_reaches_more_than_before_or_afterwards(
    server: Server, before: Declared, after: Declared, data: st.DataObject
) -> None:
    """Besides: check mode tells the next run, the order of lists does not matter, and a second run changes nothing.

    Of ``silent`` users no group is declared, and a group may go that they are in.
    """
    furnish(server)
    released = server.simulator.machine.readings["members_of_deleted_groups"] != "refused"
    silent = data.draw(st.sets(st.sampled_from(PEOPLE))) if released else set()
    if silent:
        after = {
            **after,
            "users": [_without(one, "group") if one["name"] in silent else one for one in after["users"]],
            "groups": [_without(one, "members") for one in after["groups"]],
        }
    followed = server.simulator.machine.readings["default_group"] == "followed"
    watched = Watched(server)
    done(watched.declare(before))
    first = server.simulator.state()
    shuffled = {
        key: data.draw(st.permutations(value)) if isinstance(value, list) else value for key, value in after.items()
    }
    announced = done(watched.declare(shuffled, check=True))
    assert kept(server, first) == kept(server)
    answer = done(watched.declare(shuffled))
    assert announced == answer
    for user in PEOPLE:
        allowed = reach(first, user, followed) | reach(watched.states[-1], user, followed)
        for number, state in enumerate(watched.states):
            more = reach(state, user, followed) - allowed
            assert not more, f"{user} reaches {more} before request {number} of {watched.paths}"
    one_way = kept(server)
    assert not done(watched.declare(after))["changed"]
    if not silent:
        furnish(server)
        done(watched.declare(after))
        assert kept(server) == one_way


def _without(one: Declared, key: str) -> Declared:
    return {name: value for name, value in one.items() if name != key}


# -- the same by the modules of the resources


@pytest.fixture(
    name="pair", params=first(*({**one, "address_networks": "at_once"} for one in READINGS)), ids=str, scope="module"
)
def fixture_pair(request: pytest.FixtureRequest) -> t.Iterator[tuple[Server, Server]]:
    """Two servers of one reading for all examples."""
    with (
        AccessServerSimulator(readings=request.param) as one,
        AccessServerSimulator(readings=request.param) as other,
    ):
        yield Server(one), Server(other)


def comparable(server: Server) -> State:
    """What is kept, without an account that has a secret of its own on each server."""
    state = kept(server)
    return {**state, "users": {name: one for name, one in state["users"].items() if name != "mfa-admin"}}


def one_by_one(server: Server, declared: Declared) -> list[Answer]:
    """The tasks of a playbook that declares the same: networks before addresses of them, the rest of the configuration last,
    and groups before those who join them, and deleted when all have left.
    """
    networks = [one for one in declared["config_items"] if is_network(one["name"])]
    others = [one for one in declared["config_items"] if one not in networks]
    staying = [group for group in declared["groups"] if "state" not in group]
    groups = [{name: value for name, value in group.items() if name != "members"} for group in staying]
    leaving = [group for group in declared["groups"] if "state" in group]
    return [
        done(server.manage(CONFIG_ITEM, config_items=networks)),
        done(server.manage(GROUP, groups=groups)),
        done(server.manage(DEFAULT_USER, **declared["default_user"])),
        done(server.manage(USER, users=declared["users"])),
        done(server.manage(GROUP, groups=staying)),
        done(server.manage(ACCESS_LIST, access_lists=declared["access_lists"])),
        done(server.manage(ACCESS_RULESET, access_rulesets=declared["access_rulesets"])),
        done(server.manage(GROUP, groups=leaving)),
        done(server.manage(CONFIG_ITEM, config_items=others)),
    ]


def changes(answers: t.Iterable[Answer]) -> list[tuple[str, str]]:
    """Each object that was changed and how, without doubles: what is created and then updated is created."""
    first: dict[str, str] = {}
    for answer in answers:
        for line in answer["objects"]:
            if line["action"] != "unchanged":
                first.setdefault(line["name"], line["action"])
    return sorted(first.items())


def memberships(answer: Answer) -> list[tuple[str, str]]:
    """Each user whose group an answer names, and the group; what is created is shown whole, and counts once."""
    diffs: dict[str, Answer] = {each["before_header"].partition(":")[0]: each for each in answer["diff"]}
    users, groups = (diffs.get(noun, {"before": {}, "after": {}}) for noun in ("users", "groups"))
    found = [(name, one["group"]) for name, one in users["after"].items() if "group" in one]
    for group, one in groups["after"].items():
        there = groups["before"].get(group)
        joined = {(name, group) for name in one.get("members", ())}
        if there is None:
            found += sorted(joined - {*found})
        else:
            found += sorted(joined - {(name, group) for name in there.get("members", ())})
    return sorted(found)


@given(before=declarations(whole=True), after=declarations(whole=True))
@examples(4, 150)
def test_a_declaration_does_what_the_modules_of_its_resources_do_one_by_one(
    pair: tuple[Server, Server], before: Declared, after: Declared
) -> None:
    """And tells each change once. What is drawn has one right order of tasks; what has none is left out: a user who gets the name
    of a group that goes, because names are shared, and what may end the sign-in of the own account, which one task alone may prove.
    """
    whole, in_parts = pair
    for server in pair:
        furnish(server)
        done(server.declare(DECLARATION, **before))
    assert comparable(whole) == comparable(in_parts)
    first = whole.simulator.state()["users"]
    answer = done(whole.declare(DECLARATION, **after))
    users = whole.simulator.state()["users"]
    moved = {
        (name, one.get("group") or "")
        for name, one in users.items()
        if (one.get("group") or "") != (first.get(name, {}).get("group") or "")
    }
    assert memberships(answer) == sorted(moved)
    answers = one_by_one(in_parts, after)
    assert comparable(whole) == comparable(in_parts)
    parts = [answer[name] for name in DECLARATION.resources if name in answer]
    names = [line["name"] for part in parts for line in part["objects"]]
    assert len(names) == len({*names})
    assert changes(parts) == changes(answers)
