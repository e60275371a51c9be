# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access Servers and declarations as hypothesis draws them, and who may administer such a server.

This is a second opinion: nothing here asks the collection or the simulator what they think. A `World` is what a server keeps, as
plain data; `declared` says what it keeps after a task; `obstacle` says what keeps an account out.
"""

from __future__ import annotations

import copy
import json
import typing as t
from dataclasses import dataclass, field, replace
from email.message import Message

from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.simulator.access_server.answers import Call
from ansible_collections.vpn.estate.tests.simulator.access_server.store import Record
from hypothesis import strategies as st

Properties = dict[str, t.Any]
Item = dict[str, t.Any]

OWN, OTHER = "openvpn", "mfa-admin"  # the accounts that every simulated server has
GROUPS, NEW_GROUP = ("staff", "ops"), "newg"
WITHOUT_RECORD = "nobody"  # with nothing of its own, like people of a directory, who need no record
PEOPLE, NEW_USER = ("ana", "bert"), "cleo"
FLAGS = ("deny", "deny_web", "admin", "totp")
METHODS = ("local", "saml", "ldap")
# What users take where no record says anything: a value, or the configuration key that has it (server behaviour, 66).
BUILT_IN: Properties = {"deny": False, "deny_web": False, "admin": False}
CONFIGURED = {"totp": "vpn.server.google_auth.enable", "auth_method": "auth.module.type"}
DEFAULTS: Properties = {
    "vpn.server.google_auth.enable": False,
    "auth.module.type": "local",
    "vpn.server.max_clients": 2048,  # which decides nothing
}
NEW_PASSWORD = "Another-Password-9!"
NEEDED: Properties = {"deny": False, "deny_web": False, "admin": True, "totp": False, "auth_method": "local"}


class Way(t.NamedTuple):
    """What an administrator signs in with; `password` is None for the one that it always had."""

    method: str
    code: bool
    password: str | None


@dataclass
class World:
    """What a server keeps of what decides who gets in. `followed` is a reading: of the default user's group (63)."""

    users: dict[str, Properties]
    groups: dict[str, Properties]
    default: Properties
    configuration: Properties
    followed: bool = False
    passwords: dict[str, str] = field(default_factory=dict)  # those that are no longer what they were

    def read(self, followed: bool) -> World:
        """The same under a reading."""
        return replace(self, followed=followed)

    def levels(self, name: str) -> list[Properties]:
        """The records that decide about a user, the strongest first."""
        own = self.users[name]
        group = own.get("group") or (self.default.get("group") if self.followed else None)
        return [own, *([self.groups[group]] if group else []), self.default]

    def value(self, name: str, key: str) -> t.Any:
        """What counts for a user: the own value, the group's, the default user's, the configured one (66)."""
        for level in self.levels(name):
            if key in level:
                return level[key]
        item = CONFIGURED.get(key, "")
        return self.configuration.get(item, DEFAULTS[item]) if item else BUILT_IN[key]

    def obstacle(self, name: str) -> str:
        """What keeps an account out that signs in as administrator by a password alone; "" where nothing does."""
        if name not in self.users:
            return "record"
        wrong = next((key for key, needed in NEEDED.items() if self.value(name, key) != needed), "")
        return wrong or ("password" if self.passwords.get(name) else "")

    def way(self, name: str) -> Way | None:
        """How an account, by whatever factors, comes to administer; None where it cannot."""
        if name not in self.users or any(self.value(name, key) != NEEDED[key] for key in ("deny", "deny_web", "admin")):
            return None
        return Way(self.value(name, "auth_method"), self.value(name, "totp"), self.passwords.get(name))

    def harms(self, after: World, name: str) -> bool:
        """Whether an account that could administer here could no longer, or needs something else for it.

        A second factor that is no longer asked for keeps nothing out.
        """
        before, then = self.way(name), after.way(name)
        if before is None or then is None:
            return before is not None
        return (before.method, before.password) != (then.method, then.password) or then.code > before.code

    def may_harm(self, after: World, *names: str) -> bool:
        """Whether one of these accounts is harmed by either reading."""
        return any(self.read(way).harms(after.read(way), name) for name in names for way in (False, True))

    def kept(self) -> dict[str, t.Any]:
        """All of it, to compare: what is set to its default counts as not set in the configuration."""
        users = {name: {k: v for k, v in own.items() if v != ""} for name, own in self.users.items()}
        return {
            "users": users,
            "groups": self.groups,
            "default": self.default,
            "items": {**DEFAULTS, **self.configuration},
        }


# -- what a task makes of it


def _changed(own: Properties, item: Item) -> Properties:
    """The own properties of a record after an object was declared."""
    said = {key: value for key, value in item.items() if key in NEEDED or key == "group"}
    changed = {key: value for key, value in {**own, **said}.items() if key not in item.get("inherit", ())}
    if item.get("state") == "blocked":
        changed["deny"] = True
    return {key: value for key, value in changed.items() if (key, value) != ("group", "")}


def declared(world: World, noun: str, items: t.Sequence[Item], purge: t.Collection[str] | None = None) -> World:
    """What the server keeps once these objects are as they are declared; `purge` are those to be spared besides."""
    after = copy.deepcopy(world)
    if noun == "default user":
        after.default = _changed(world.default, items[0])
        return after
    if noun == "authenticator":
        for item in items:
            if "required" in item:
                after.users[item["name"]]["totp"] = item["required"]
        return after
    if noun == "configuration item":
        for item in items:
            after.configuration.pop(item["name"], None)
            if item.get("state") != "default":
                after.configuration[item["name"]] = item["value"]
        return after
    records = after.users if noun == "user" else after.groups
    named = {item["name"] for item in items}
    gone = {item["name"] for item in items if item.get("state") == "absent"}
    if purge is not None:
        gone |= set(records) - named - set(purge)
    for item in items:
        if item["name"] not in gone:
            records[item["name"]] = _changed(records.get(item["name"], {}), item)
        if item.get("password"):
            after.passwords[item["name"]] = item["password"]
    for name in gone:
        records.pop(name, None)
    if noun == "group":
        _enrol(after, items, gone)
    return after


def _enrol(after: World, items: t.Sequence[Item], gone: t.Collection[str]) -> None:
    for own in (*after.users.values(), after.default):
        if own.get("group") in gone:
            del own["group"]
    for item in items:
        if "members" in item and item["name"] not in gone:
            for name, own in after.users.items():
                if name in item["members"]:
                    own["group"] = item["name"]
                elif own.get("group") == item["name"]:
                    del own["group"]


# -- simulated servers that are such a world


def install(simulator: AccessServerSimulator, world: World) -> None:
    """Make a running server keep this, and forget what it was asked. Its accounts keep their passwords."""
    machine = simulator.machine
    simulator.read_as(default_group="followed" if world.followed else "alone")
    machine.authentication.clear()
    machine.exchanges.clear()
    machine.journal.clear()
    kept = _passwords(simulator)
    with machine.store.transaction():
        machine.store.clear()
        machine.store.put(Record("__DEFAULT__", "default", dict(world.default)))
        for name, own in world.groups.items():
            machine.store.put(Record(name, "group", dict(own)))
        for name, own in world.users.items():
            plain = {key: value for key, value in own.items() if key != "group"}
            machine.store.put(Record(name, "user", plain, own.get("group"), kept.get(name)))
        machine.store.add_profile("default")
        machine.store.set_configuration("default", {"host.name": "vpn.example.com", **world.configuration})
    machine.configuration.take_over()


def _passwords(simulator: AccessServerSimulator) -> t.Mapping[str, str | None]:
    """Digests of the passwords that the server's accounts came with: to make one takes long."""
    known: dict[str, str | None] | None = getattr(simulator, "first_passwords", None)
    if known is None:
        records = {name: simulator.machine.store.record(name) for name in (OWN, OTHER)}
        known = {name: record.password if record else None for name, record in records.items()}
        simulator.first_passwords = known  # type: ignore[attr-defined]
    return known


def found(simulator: AccessServerSimulator, like: World) -> World:
    """What the server keeps now. Passwords are not to be seen: they are as in `like`."""
    store = simulator.machine.store
    users = {one.name: _deciding(one) for one in store.records("user")}
    groups = {one.name: _deciding(one) for one in store.records("group")}
    default = _deciding(store.records("default")[0])
    configuration = {key: value for key, value in store.configuration("default").items() if key in DEFAULTS}
    return World(users, groups, default, configuration, like.followed, dict(like.passwords))


def _deciding(record: Record) -> Properties:
    group = {"group": record.member_of} if record.member_of else {}
    return {**{key: value for key, value in record.own.items() if key in NEEDED or key == "group"}, **group}


def token_of(simulator: AccessServerSimulator, name: str, password: str) -> str | None:
    """A token that an account gets now, as administrator; None where it cannot sign in. Asked of the server itself."""
    machine = simulator.machine
    machine.authentication.forget_failures()
    call = Call("POST", "/api/auth/login/userpassword")
    body = json.dumps({"username": name, "password": password, "request_admin": True}).encode()
    answer, _route, _wrote = machine.answer(call, Message(), body)
    return str(answer.body["auth_token"]) if answer.status == 200 else None


def signs_in(simulator: AccessServerSimulator, name: str, password: str) -> bool:
    """Whether an account can sign in and administer once all that is configured is active."""
    machine = simulator.machine
    machine.configuration.take_over()
    token = token_of(simulator, name, password)
    if token is None:
        return False
    headers = Message()
    headers["X-OpenVPN-As-AuthToken"] = token
    listed, _route, _wrote = machine.answer(Call("POST", "/api/users/list"), headers, b"{}")
    return listed.status == 200


# -- drawing them

flags = st.fixed_dictionaries({}, optional=dict.fromkeys(FLAGS, st.booleans()))
levels = st.builds(
    lambda own, method: {**own, **method},
    flags,
    st.fixed_dictionaries({}, optional={"auth_method": st.sampled_from(METHODS)}),
)
no_group = st.just({})
member = st.sampled_from(GROUPS).map(lambda name: {"group": name})
members = no_group | member
configurations = st.fixed_dictionaries(
    {},
    optional={"vpn.server.google_auth.enable": st.booleans(), "auth.module.type": st.sampled_from(METHODS)},
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A server that our account can administer, by rights that it may have from any level."""
    users = {name: {**draw(levels), **draw(members)} for name in (OWN, *PEOPLE)}
    users[OTHER] = {"admin": True, "totp": True, **draw(members)}
    users[WITHOUT_RECORD] = {}
    default = {**draw(levels), **(draw(member) if draw(st.integers(0, 3)) == 0 else {})}
    groups = {name: draw(levels) for name in GROUPS}
    world = World(users, groups, default, draw(configurations), followed=draw(st.booleans()))
    for key in NEEDED:
        _let_in(draw, world, key)
    return world


def _let_in(draw: st.DrawFn, world: World, key: str) -> None:
    """Where our account would be kept out, put it right at the level that decides, or at one that is drawn."""
    if world.value(OWN, key) == NEEDED[key]:
        return
    deciding = [level for level in world.levels(OWN) if key in level]
    if deciding and draw(st.booleans()):
        for level in deciding:
            level[key] = NEEDED[key]
    else:
        chosen = draw(st.sampled_from(world.levels(OWN)))
        for level in deciding:
            del level[key]
        chosen[key] = NEEDED[key]


@st.composite
def _properties(draw: st.DrawFn) -> Item:
    """A few of the properties that decide, said or handed back."""
    said: Item = {}
    handed_back = []
    for key in draw(st.lists(st.sampled_from([*NEEDED]), unique=True, max_size=3)):
        what = draw(st.sampled_from(["say", "say", "hand back"]))
        if what == "hand back":
            handed_back.append(key)
        else:
            said[key] = draw(st.sampled_from(METHODS) if key == "auth_method" else st.booleans())
    return {**said, "inherit": handed_back} if handed_back else said


@st.composite
def user_items(draw: st.DrawFn) -> list[Item]:
    """Users as a task declares them, ours more often than others."""
    others = draw(st.lists(st.sampled_from([*PEOPLE, NEW_USER, OTHER]), unique=True, max_size=2))
    names = [*([OWN] if draw(st.integers(0, 3)) else []), *others] or [OWN]
    return [draw(_user_item(name)) for name in draw(st.permutations(names))]


@st.composite
def _user_item(draw: st.DrawFn, name: str) -> Item:
    state = draw(st.sampled_from(["present"] * 6 + ["blocked", "absent"]))
    if state == "absent":
        return {"name": name, "state": state}
    item: Item = {"name": name, **draw(_properties())}
    if draw(st.booleans()):
        item["group"] = draw(st.sampled_from(["", *GROUPS]))
    elif name == OWN and not {"auth_method", "inherit"} & item.keys() and draw(st.integers(0, 3)) == 0:
        item["password"] = NEW_PASSWORD
    if state == "blocked":
        item["state"] = state
        item.pop("password", None)
        item.pop("deny", None)
        item["inherit"] = [key for key in item.get("inherit", ()) if key != "deny"]
    return item


@st.composite
def group_items(draw: st.DrawFn) -> list[Item]:
    """Groups as a task declares them, also new ones, with those who are to be in them."""
    names = draw(st.lists(st.sampled_from([*GROUPS, NEW_GROUP]), unique=True, min_size=1, max_size=3))
    free = [OWN, OTHER, *PEOPLE]
    items = []
    for name in names:
        if draw(st.integers(0, 5)) == 0:
            items.append({"name": name, "state": "absent"})
            continue
        item: Item = {"name": name, **draw(_properties())}
        if draw(st.booleans()):
            item["members"] = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
            free = [one for one in free if one not in item["members"]]
        items.append(item)
    return items


@st.composite
def default_items(draw: st.DrawFn) -> list[Item]:
    """What a task declares of the default user."""
    item = draw(_properties())
    if draw(st.integers(0, 3)) == 0:
        item["group"] = draw(st.sampled_from(["", *GROUPS]))
    return [item]


@st.composite
def config_items(draw: st.DrawFn) -> list[Item]:
    """Configuration items that decide, and one that does not."""
    names = draw(st.lists(st.sampled_from([*DEFAULTS]), unique=True, min_size=1))
    values: dict[str, st.SearchStrategy[t.Any]] = {
        "vpn.server.google_auth.enable": st.booleans(),
        "auth.module.type": st.sampled_from(METHODS),
        "vpn.server.max_clients": st.integers(10, 20),
    }
    return [
        {"name": name, "state": "default"}
        if draw(st.integers(0, 3)) == 0
        else {"name": name, "value": draw(values[name])}
        for name in names
    ]


@st.composite
def authenticator_items(draw: st.DrawFn) -> list[Item]:
    """What a task declares of authenticators, ours among them."""
    keys = {"required": st.booleans(), "enrolled": st.booleans()}
    names = draw(st.lists(st.sampled_from([OWN, *PEOPLE]), unique=True, min_size=1))
    return [{"name": name, **draw(st.fixed_dictionaries({}, optional=keys))} for name in names]
