# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of a declaration of a whole Freebox, over declarations that hypothesis draws."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

PEOPLE = ("ana", "ben", "cleo")
ADDRESSES = ("192.168.27.70", "192.168.27.71", "192.168.27.72")
SERVERS = {"openvpn_routed": "standard", "pptp": "standard", "wireguard": "wireguard"}  # and the users who may use them
Declared = dict[str, t.Any]
State = dict[str, t.Any]


@st.composite
def declarations(draw: st.DrawFn) -> Declared:
    """Servers and users, each in one of its states, without contradictions; some of the users are not declared."""
    servers: list[Declared] = [
        {"name": name, "enabled": draw(st.booleans())} for name in sorted(draw(st.sets(st.sampled_from([*SERVERS]))))
    ]
    for server in servers:
        if server["name"] != "pptp" and draw(st.booleans()):
            server["port"] = draw(st.sampled_from([1195, 1196]))
    addresses = draw(st.permutations(ADDRESSES))
    users: list[Declared] = []
    for login, address in zip(PEOPLE, addresses, strict=True):
        kind = draw(st.sampled_from(["standard", "wireguard", "absent", ""]))
        if kind == "absent":
            users.append({"login": login, "state": "absent"})
        elif kind:
            own = address if kind == "wireguard" else draw(st.sampled_from([address, ""]))
            users.append({"login": login, "type": kind, "ip_reservation": own})
    return {
        "servers": servers,
        "users": users,
        "purge": ["users"],
        "purge_empty": True,
        "purge_limit": {"users": "100%"},
        "recreate": True,
    }


def ways_in(state: State) -> set[tuple[str, str]]:
    """Which user can connect to which server."""
    return {
        (login, name)
        for login, user in state["users"].items()
        for name, kind in SERVERS.items()
        if kind == user["type"] and state["servers"][name]["enabled"]
    }


def kept(box: Box) -> State:
    """What a declaration decides about. A box gives keys to a user of WireGuard, others in each run."""
    state = box.simulator.state()
    servers = {name: (one["enabled"], one.get("port")) for name, one in state["servers"].items()}
    users = {login: (one["type"], one["ip_reservation"]) for login, one in state["users"].items()}
    return {"servers": servers, "users": users}


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


@pytest.fixture(name="box", scope="module")
def fixture_box() -> t.Iterator[Box]:
    """One box for all examples."""
    with FreeboxSimulator(settings={"start_duration": 0.0, "stop_duration": 0.0}) as simulator:
        yield Box(simulator)


def watched(box: Box, declared: Declared) -> tuple[Answer, list[State]]:
    """The answer, and the state before each request and at the end."""
    states: list[State] = []
    box.simulator.faults.add(do="act", times=None, act=lambda: states.append(box.simulator.state()))
    answer = done(box.declare(DECLARATION, **declared))
    box.simulator.faults.clear()
    return answer, [*states, box.simulator.state()]


@given(before=declarations(), after=declarations(), data=st.data())
@examples(15, 300)
def test_a_declared_box(box: Box, before: Declared, after: Declared, data: st.DataObject) -> None:
    """Check mode tells the next run, a second run changes nothing, the order of lists does not matter, and at no time a user
    can connect to a server that neither the state before nor the state afterwards opens to the user.
    """
    box.simulator.reset()
    done(box.declare(DECLARATION, **before))
    first, at_first = box.simulator.state(), kept(box)
    shuffled = {**after, **{part: data.draw(st.permutations(after[part])) for part in ("servers", "users")}}
    announced = done(box.declare(DECLARATION, check=True, **shuffled))
    assert kept(box) == at_first
    answer, states = watched(box, shuffled)
    assert announced == answer
    allowed = ways_in(first) | ways_in(states[-1])
    assert not [ways_in(state) - allowed for state in states if ways_in(state) - allowed]
    for user in after["users"]:
        there = kept(box)["users"].get(user["login"])
        assert there == (None if "state" in user else (user["type"], user["ip_reservation"]))
    for server in after["servers"]:
        assert kept(box)["servers"][server["name"]][0] is server["enabled"]
    one_way = kept(box)
    assert not done(box.declare(DECLARATION, **after))["changed"]
    box.simulator.reset()
    done(box.declare(DECLARATION, **before))
    done(box.declare(DECLARATION, **after))
    assert kept(box) == one_way


# -- the same by the modules of the resources


@pytest.fixture(name="pair", scope="module")
def fixture_pair() -> t.Iterator[tuple[Box, Box]]:
    """Two boxes for all examples."""
    settings = {"start_duration": 0.0, "stop_duration": 0.0}
    with FreeboxSimulator(settings=settings) as one, FreeboxSimulator(settings=settings) as other:
        yield Box(one), Box(other)


@given(before=declarations(), after=declarations())
@examples(6, 300)
def test_a_declared_box_is_what_the_modules_of_its_resources_make_one_by_one(
    pair: tuple[Box, Box], before: Declared, after: Declared
) -> None:
    """And each change is reported once. Users are first, so that no server starts for those who go."""
    whole, in_parts = pair
    for box in pair:
        box.simulator.reset()
        done(box.declare(DECLARATION, **before))
    assert kept(whole) == kept(in_parts)
    answer = done(whole.declare(DECLARATION, **after))
    how = {
        "purge": True,
        "purge_empty": True,
        "recreate": True,
        "purge_limit": "100%",
    }
    users = done(in_parts.manage(VPN_USER, users=after["users"], **how))
    servers = done(in_parts.manage(VPN_SERVER, servers=after["servers"]))
    assert kept(whole) == kept(in_parts)
    assert [answer["users"], answer["servers"]] == [
        {name: one[name] for name in ("objects", "counts")} for one in (users, servers)
    ]
