# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law: no task ends the sign-in of the account that it uses, unless it says so; and none is refused that would not."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from ansible_collections.vpn.estate.tests.unit.plugins.support.ways_in import (
    OTHER,
    OWN,
    PEOPLE,
    WITHOUT_RECORD,
    Item,
    World,
    authenticator_items,
    config_items,
    declared,
    default_items,
    found,
    group_items,
    install,
    signs_in,
    token_of,
    user_items,
    worlds,
)
from hypothesis import currently_in_test_context, given, note
from hypothesis import strategies as st


@dataclass(frozen=True)
class Noun:
    """What a task is about: how it is declared, and what one calls it in a World."""

    resource: Resource
    items: st.SearchStrategy[list[Item]]
    name: str = ""
    may_allow_self: bool = True

    def __str__(self) -> str:
        return self.name or self.resource.noun


users, groups, defaults = Noun(USER, user_items()), Noun(GROUP, group_items()), Noun(DEFAULT_USER, default_items())
items = Noun(CONFIG_ITEM, config_items())
NOUNS = [
    users,
    groups,
    defaults,
    items,
    Noun(USER_MFA, authenticator_items(), "authenticator", may_allow_self=False),
]
UNDONE = ("Rolled back: ", "created again", "deleted again")
nouns = pytest.mark.parametrize("noun", NOUNS, ids=str)


@pytest.fixture(name="servers", scope="module")
def fixture_servers() -> t.Iterator[dict[str, Server]]:
    """One server of each dialect, for all examples: each makes it what it needs."""
    started = {dialect: AccessServerSimulator(dialect=dialect).start() for dialect in ("3.2", "document")}
    yield {dialect: Server(simulator) for dialect, simulator in started.items()}
    for simulator in started.values():
        simulator.stop()


@dataclass
class Example:
    """A server that our account can administer, what it keeps, and what a task declares."""

    server: Server
    world: World
    noun: Noun
    items: list[Item]

    @classmethod
    def drawn(cls, data: st.DataObject, servers: dict[str, Server], noun: Noun) -> Example:
        server = servers[data.draw(st.sampled_from([*servers]), "dialect")]
        example = cls(server, data.draw(worlds(), "world"), noun, data.draw(noun.items, "items"))
        install(server.simulator, example.world)
        assert example.signs_in()
        return example

    @property
    def foreseen(self) -> World:
        """What the server keeps once all is as it is declared."""
        return declared(self.world, str(self.noun), self.items)

    @property
    def found(self) -> World:
        """What it keeps now."""
        return found(self.server.simulator, self.world)

    def signs_in(self, password: str = "") -> bool:
        """Whether our account gets in: by the password that it had, or by this one."""
        return signs_in(self.server.simulator, OWN, password or self.server.simulator.password)

    def harms(self, *names: str) -> bool:
        """Whether what is declared might keep one of these accounts out, or make it sign in otherwise."""
        return self.world.may_harm(self.foreseen, *names)

    def play(self, **how: t.Any) -> Answer:
        """Run the task, after one in check mode, which must foresee a refusal and write nothing."""
        resource, server = self.noun.resource, self.server
        said = {resource.plural: self.items} if resource.plural else self.items[0]
        if any("password" in item for item in self.items):
            how["update_password"] = "always"
        foretold = server.manage(resource, check=True, **said, **how)
        assert not server.writes()
        answer = server.manage(resource, **said, **how)
        if currently_in_test_context():
            note(str(answer.get("msg")))
        if foretold.get("failed"):
            assert (answer["msg"], server.writes()) == (foretold["msg"], [])
        return answer


def unasked(example: Example) -> None:
    """Without ``allow_self``, we can still sign in, and a task that would not end that is not refused."""
    answer = example.play()
    assert example.signs_in()
    if answer.get("failed"):
        assert example.found.kept() == example.world.kept()
        assert any(said in answer["msg"] for said in ("the account of this task", "allow_self"))
        assert example.harms(OWN)
    else:
        assert example.found.kept() == example.foreseen.kept()
        assert not example.foreseen.obstacle(OWN)


def allowed(example: Example) -> None:
    """With ``allow_self``, we can sign in afterwards, or the task has failed and has set back what ended that, or says who must."""
    answer = example.play(allow_self=True)
    after, foreseen = example.found, example.foreseen
    if not answer.get("failed"):
        waits = any("waits for a restart" in warning for warning in answer.get("warnings", ()))
        assert example.signs_in(foreseen.passwords.get(OWN, "")) or waits
        assert after.kept() == foreseen.kept()
        return
    assert foreseen.obstacle(OWN)
    if "nother administrator must" in answer["msg"]:
        assert foreseen.value(OWN, "admin") is False or any(item.get("admin") is False for item in example.items)
        return
    assert example.signs_in()
    assert all(after.read(way).way(OWN) == example.world.read(way).way(OWN) for way in (False, True))
    assert after.kept() == example.world.kept() or any(said in answer["msg"] for said in UNDONE)


def by_token(example: Example, named: bool = False, allow: bool = False) -> None:
    """A token that names no account is that of every administrator: none is kept out, or made to sign in otherwise, unasked."""
    simulator = example.server.simulator
    token = token_of(simulator, OWN, simulator.password)
    who = {"as_token": token, "as_username": OWN if named else None, "as_password": None}
    answer = example.play(**who, **({"allow_self": True} if allow else {}))
    administrators = [name for name in example.world.users if example.world.way(name)]  # the server shows who is one
    harm = example.harms(
        *([OWN] if named else [*administrators, WITHOUT_RECORD])
    )  # and not who is one without a record
    if allow:
        assert example.signs_in() or any("cannot verify" in warning for warning in answer["warnings"])
    elif answer.get("failed"):
        assert example.signs_in()
        assert harm
    else:
        assert example.signs_in(example.foreseen.passwords.get(OWN, ""))
        assert not harm


@nouns
@examples(25, 1000)
@given(data=st.data())
def test_no_task_ends_our_sign_in_unasked_and_none_is_refused_without_need(
    servers: dict[str, Server], noun: Noun, data: st.DataObject
) -> None:
    unasked(Example.drawn(data, servers, noun))


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun.may_allow_self], ids=str)
@examples(25, 1000)
@given(data=st.data())
def test_what_is_allowed_is_proven_or_set_back(servers: dict[str, Server], noun: Noun, data: st.DataObject) -> None:
    allowed(Example.drawn(data, servers, noun))


@nouns
@examples(20, 1000)
@given(data=st.data())
def test_a_token_that_names_no_account_is_that_of_every_administrator(
    servers: dict[str, Server], noun: Noun, data: st.DataObject
) -> None:
    example = Example.drawn(data, servers, noun)
    by_token(
        example,
        named=data.draw(st.booleans(), "named"),
        allow=noun.may_allow_self and data.draw(st.booleans(), "allow"),
    )


@examples(20, 1000)
@given(data=st.data())
def test_no_declaration_of_a_whole_server_ends_our_sign_in_unasked(
    servers: dict[str, Server], data: st.DataObject
) -> None:
    """What all of it together does to our account decides, and what it does in between: a run can stop after each part."""
    example = Example.drawn(data, servers, groups)
    server, foreseen, said = example.server, example.foreseen, {"groups": example.items}
    between = [foreseen]
    for option, noun in (("default_user", defaults), ("users", users), ("config_items", items)):
        if data.draw(st.booleans(), option):
            found_items = data.draw(noun.items, f"{option}: items")
            foreseen = declared(foreseen, str(noun), found_items)
            between.append(foreseen)
            said[option] = found_items if noun.resource.plural else found_items[0]
    how = {"update_password": "always", **said}
    if server.declare(DECLARATION, **how, validate_only=True).get("failed"):  # it contradicts itself
        return
    foretold = server.declare(DECLARATION, **how, check=True)
    answer = server.declare(DECLARATION, **how)
    note(str(answer.get("msg")))
    assert example.signs_in()
    if not answer.get("failed"):
        assert example.found.kept() == foreseen.kept()
        assert not foreseen.obstacle(OWN)
    elif any(words in answer["msg"] for words in ("the account of this task", "allow_self")):  # or a group is not there
        assert any(example.world.may_harm(one, OWN) for one in between)
        assert example.found.kept() == example.world.kept()
        assert (answer["msg"], server.writes()) == (foretold["msg"], [])


# -- what the laws found, one by one, and what a few examples of them may miss


def world(own: Item, default: Item | None = None, configuration: Item | None = None, **groups: Item) -> World:
    """A server with our account, another administrator, and who else stands in a group."""
    people = {name: {"group": "staff"} for name in PEOPLE if "staff" in groups}
    return World({OWN: own, OTHER: {"admin": True, "totp": True}, **people}, groups, default or {}, configuration or {})


GIVEN: Item = {"admin": True, "auth_method": "local"}
FOUND: t.Mapping[str, tuple[t.Callable[[Example], None], Noun, World, list[Item]]] = {
    "the group of the default user denies, and then the default user": (
        by_token,
        defaults,
        World(
            {
                OWN: {"deny": False, "admin": True, "totp": False},
                "ana": {},
                "bert": {},
                OTHER: {"admin": True, "totp": True},
                "nobody": {},
            },
            {"staff": {"deny": True}, "ops": {}},
            {"group": "staff"},
            {},
        ).read(followed=True),
        [{"deny": True, "group": ""}],
    ),
    "the group of the default user may let a user without a record administer": (
        by_token,
        defaults,
        World(
            {OWN: GIVEN, OTHER: {"admin": True, "totp": True}, WITHOUT_RECORD: {}},
            {"ops": {"admin": True}},
            {"group": "ops"},
            {},
        ),
        [{"group": ""}],
    ),
    "a group that we leave denies at that time": (
        unasked,
        groups,
        world({"group": "ops"}, {"admin": True}, ops={}),
        [{"name": "ops", "deny": True, "admin": False, "members": []}],
    ),
    "our group goes, and so does that of the default user": (
        unasked,
        groups,
        world({"group": "ops", "admin": True}, {"group": "staff"}, ops={}, staff={"auth_method": "saml"}),
        [{"name": "staff", "state": "absent"}, {"name": "ops", "state": "absent"}],
    ),
    "we leave the group that lets us administer": (
        allowed,
        users,
        world({"group": "ops"}, ops={"admin": True}, staff={}),
        [{"name": OWN, "group": ""}, {"name": "ana", "state": "absent"}],
    ),
    "our group goes, and we join one that denies": (
        allowed,
        groups,
        world({"group": "ops"}, ops={"admin": True}, staff={"admin": True}),
        [{"name": "ops", "state": "absent"}, {"name": "staff", "totp": True, "members": [OWN]}],
    ),
    "our group goes, and the default user denies": (
        allowed,
        groups,
        world({"group": "ops", "admin": True}, {"deny_web": True, "group": "ops"}, ops={"deny_web": False}),
        [{"name": "ops", "state": "absent"}],
    ),
    "a group that we leave takes rights away that would be ours again": (
        allowed,
        groups,
        world({"group": "ops"}, {"admin": True, "deny_web": True}, ops={"deny_web": False}),
        [{"name": "ops", "admin": False, "members": []}],
    ),
    "a new group denies, and the former one of its other members is gone": (
        allowed,
        groups,
        world(GIVEN, ops={}, staff={}),
        [{"name": "staff", "state": "absent"}, {"name": "newg", "totp": True, "members": [OWN, *PEOPLE]}],
    ),
    "the default user's group is ours, on a server that reads it so": (
        unasked,
        defaults,
        world(GIVEN, ops={"deny": True}).read(followed=True),
        [{"group": "ops"}],
    ),
    "the configured method is ours": (
        unasked,
        items,
        world({"admin": True}),
        [{"name": "auth.module.type", "value": "saml"}],
    ),
    "the configured second factor is ours": (
        unasked,
        items,
        world(GIVEN),
        [{"name": "vpn.server.google_auth.enable", "value": True}],
    ),
    "the configured method is that of a reading by which we could not administer": (
        unasked,
        items,
        world({}, {"group": "staff"}, {"auth.module.type": "saml"}, staff={"admin": True, "auth_method": "local"}).read(
            followed=True
        ),
        [{"name": "auth.module.type", "state": "default"}],
    ),
    "a user administers only between two writes": (
        by_token,
        groups,
        World(
            {OWN: {"admin": True}, OTHER: {"admin": True, "totp": True, "group": "ops"}, "bert": {"group": "staff"}},
            {"staff": {"admin": False}, "ops": {"admin": False}},
            {"admin": True},
            {},
        ),
        [{"name": "staff", "state": "absent"}, {"name": "ops", "members": ["bert"]}],
    ),
    "a second factor that is no longer asked for": (
        by_token,
        items,
        world({**GIVEN, "totp": False}, {"admin": True}, {"vpn.server.google_auth.enable": True}, staff={}),
        [{"name": "vpn.server.google_auth.enable", "state": "default"}],
    ),
    "an administrator who is kept out already": (
        by_token,
        defaults,
        world({**GIVEN, "deny_web": False}, {"deny_web": True}),
        [{"auth_method": "ldap"}],
    ),
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("dialect", ["3.2", "document"])
def test_what_the_laws_have_found(servers: dict[str, Server], dialect: str, name: str) -> None:
    law, noun, kept, said = FOUND[name]
    example = Example(servers[dialect], kept, noun, said)
    install(example.server.simulator, kept)
    assert example.signs_in()
    law(example)
