# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of purges: what one deletes, what it leaves alone, and when it refuses, over generated servers and declarations."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from ansible_collections.vpn.estate.tests.unit.plugins.support.ways_in import (
    OTHER,
    OWN,
    Item,
    World,
    declared,
    found,
    install,
    levels,
    members,
    signs_in,
    worlds,
)
from hypothesis import given, note
from hypothesis import strategies as st

TWINS = ("Ana", "ANA", "Bert", "Staff", "OPS")  # of names that are there
ROOT = "root"  # an administrator of whom no declaration speaks
CROWD = [f"u{number:02}" for number in range(70)]


@dataclass
class Purge:
    """A task, and the list that the server shows it: all that is there but `unlisted`."""

    items: list[Item]
    protect: list[str]
    limit: str | None
    may_be_empty: bool
    unlisted: list[str]

    @property
    def options(self) -> dict[str, t.Any]:
        said = {"purge": True, "protect": self.protect, "purge_empty": self.may_be_empty}
        return {**said, "purge_limit": self.limit} if self.limit is not None else said


@st.composite
def crowded(draw: st.DrawFn) -> World:
    """A server with more on it than a declaration names."""
    world = draw(worlds())
    for name in draw(st.sets(st.sampled_from(TWINS[:3]))):
        world.users[name] = {**draw(levels), **draw(members)}
    for name in draw(st.sets(st.sampled_from(TWINS[3:]))):
        world.groups[name] = draw(levels)
    if draw(st.booleans()):
        world.users[ROOT] = {"admin": True, "auth_method": "local", "totp": False}
    crowd = draw(st.sampled_from([0, 0, 3, 8, 55, 70]))
    world.users.update((name, {}) for name in CROWD[:crowd])
    world.groups.update((f"g{name}", {}) for name in CROWD[: crowd // 2])
    return world


@st.composite
def purges(draw: st.DrawFn, there: t.Sequence[str], new: t.Sequence[str]) -> Purge:
    """Most of what is there is declared or protected; else nearly every purge would be refused by its limit."""
    few = draw(st.booleans())
    left_out = draw(st.sets(st.sampled_from(there), max_size=6)) if few else {n for n in there if draw(st.booleans())}
    if draw(st.integers(0, 9)) == 0:
        left_out = set(there)
    kept = [name for name in there if name not in left_out]
    protected = draw(st.sets(st.sampled_from(kept), max_size=5)) if kept else set()
    spared = draw(st.sets(st.sampled_from([OWN, OTHER, "stranger"])))
    if draw(st.integers(0, 7)) == 0:
        spared |= draw(st.sets(st.sampled_from(TWINS)))
    items: list[Item] = [{"name": name} for name in kept if name not in protected]
    items += [{"name": name} for name in draw(st.sets(st.sampled_from(new), max_size=2)) if name not in kept]
    for item in items:
        if draw(st.integers(0, 19)) == 0 and item["name"] != OWN:
            item["state"] = "absent"
    limit = draw(
        st.none() | st.integers(0, 8).map(str) | st.integers(0, 100).map(lambda share: f"{share}%") | st.just("100%")
    )
    unlisted = draw(st.sets(st.sampled_from(there), max_size=2)) if draw(st.integers(0, 4)) == 0 else set()
    spared |= protected
    return Purge(_without_twins(items), sorted(spared), limit, draw(st.booleans()), sorted(unlisted))


def _without_twins(items: list[Item]) -> list[Item]:
    """Names that differ only in case are refused in one declaration, which is not what is tried here."""
    return [*{item["name"].casefold(): item for item in items}.values()]


def allowed(limit: str | None, there: int) -> int:
    """How many objects a purge may delete: as many as it says, or one in ten, or five."""
    if limit is None:
        return min(max(5, there // 10), there // 2)
    return there * int(limit[:-1]) // 100 if limit.endswith("%") else int(limit)


def objection(noun: str, world: World, purge: Purge) -> str:
    """Why such a purge must not go on; "" where it may."""
    there = set(world.users if noun == "user" else world.groups)
    named = {item["name"] for item in purge.items}
    seen = (there - set(purge.unlisted)) | (there & named)  # who is declared is asked for by name
    doomed = seen - named - set(purge.protect)
    leaving = doomed | {item["name"] for item in purge.items if item.get("state") == "absent"}
    after = declared(world, noun, [*purge.items, *({"name": name, "state": "absent"} for name in leaving)])
    if not purge.items and not purge.may_be_empty:
        return "an empty list"
    if seen != there:
        return "a list that is not whole"
    absent = {name.casefold() for name in purge.protect if name not in seen}
    if absent & {name.casefold() for name in doomed}:
        return "a slip in protect"
    if len(doomed) > allowed(purge.limit, len(there)):
        return "more than the limit"
    if world.may_harm(after, OWN):
        return "our own account"
    return ""


WORDS = {
    "an empty list": ("empty list", "purge_empty: true"),
    "a list that is not whole": ("needs the whole list",),
    "a slip in protect": ("protect: there is no",),
    "more than the limit": ("purge_limit allows",),
    "our own account": ("the account of this task",),
}


@pytest.fixture(name="server", scope="module")
def fixture_server() -> t.Iterator[Server]:
    """One server for all examples."""
    from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator

    with AccessServerSimulator() as simulator:
        yield Server(simulator)


@pytest.mark.parametrize("resource", [USER, GROUP], ids=lambda resource: str(resource.plural))
@examples(20, 1000)
@given(data=st.data())
def test_a_purge_deletes_what_is_not_declared_or_refuses(
    server: Server, resource: Resource, data: st.DataObject
) -> None:
    simulator, noun = server.simulator, resource.noun
    world = data.draw(crowded(), "world")
    there = sorted(world.users if noun == "user" else world.groups)
    purge = data.draw(purges(there, ["cleo", "ana", "Ana", "dora"] if noun == "user" else ["newg", "Staff"]), "purge")
    install(simulator, world)
    simulator.configure(unlisted=",".join(purge.unlisted))
    why = objection(noun, world, purge)
    said = {resource.plural: purge.items, **purge.options}
    foretold = server.manage(resource, check=True, **said)
    assert not server.writes()
    answer = server.manage(resource, **said)
    simulator.configure(unlisted="")
    note(f"{why}: {answer.get('msg')}")
    after = found(simulator, world)
    assert bool(answer.get("failed")) == bool(why)
    assert signs_in(simulator, OWN, simulator.password)
    if why:
        assert all(word in answer["msg"] for word in WORDS[why])
        assert (answer["msg"], answer["changed"]) == (foretold["msg"], False)
        assert after.kept() == world.kept()
        return
    assert (foretold["counts"], foretold["diff"]) == (answer["counts"], answer["diff"])
    assert after.kept() == declared(world, noun, purge.items, purge.protect).kept()
