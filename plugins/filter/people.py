# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that convert one list of people to the users of each product, and find contradictions and options without effect."""

from __future__ import annotations

import datetime
import ipaddress
import time
import typing as t
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import TEXT_OR_NUMBER, Checker, place_of
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_csv import Unfit, listed_in
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import read_table
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import WHEN_WRITTEN
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.until import Until, present
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER, WIREGUARD
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError, Mistakes, did_you_mean
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import alike, only_in, twins

User = dict[str, t.Any]
Inventory = Mapping[str, Sequence[str]]

PRESENT = "present"
BLOCKED = "blocked"
ABSENT = "absent"
STATES = (PRESENT, BLOCKED, ABSENT)
ALL_HOSTS = "all"  # the inventory's own name for the group of all hosts


class _Product:
    """How a person becomes a user of one product."""

    name: str
    resource: Resource
    users: str  # the variable with users that only this server declares
    addresses: Mapping[int, str]  # the option for one address, by version of IP
    not_here: Collection[str]  # options that are set for the person, and not in the part of the product

    def state(self, person: _Person) -> str:
        """The state of the user for the state of the person."""
        return person.state

    def place(self, person: _Person, user: User) -> Iterator[str]:
        """Put the person in a group. Yields contradictions."""
        yield from ()

    def complete(self, person: _Person, user: User) -> Iterator[str]:
        """Change what follows from the other options. Yields contradictions."""
        yield from ()

    def notices(self, people: Sequence[_Person]) -> Iterator[str]:
        """Declarations with another effect than expected, or none."""
        yield from ()

    def said(self, person: _Person, option: str) -> t.Any:
        """The value of an option for this product, or else for both; None if it is not set."""
        return person.more[self.name].get(option, person.shared.get(option))


class _AccessServer(_Product):
    name = "access_server"
    resource = USER
    users = "access_server_users"
    addresses = {4: "static_ipv4", 6: "static_ipv6"}
    not_here = ("name", "state", "static_ipv4", "static_ipv6")

    def place(self, person: _Person, user: User) -> Iterator[str]:
        """A user has one group, or none."""
        if person.groups is None:
            return
        chosen = user.get("group")
        if chosen is None and len(person.groups) > 1:
            yield (
                f"{person.name} is in the groups {_listed(person.groups)}, and a user of an Access Server has one group: choose it "
                f"with access_server: {{group: {person.groups[0]}}}"
            )
        elif chosen is not None and chosen not in (person.groups or [""]):
            yield f"{person.name} has the group {chosen or 'none'} in access_server, which is not among the groups of {person.name}"
        elif chosen is None:
            user["group"] = person.groups[0] if person.groups else ""


class _Freebox(_Product):
    name = "freebox"
    resource = VPN_USER
    users = "freebox_vpn_users"
    addresses = {4: "ip_reservation"}
    not_here = ("login", "name", "state", "ip_reservation")

    def state(self, person: _Person) -> str:
        """A box cannot block a user and keep it (server behaviour, F61)."""
        return ABSENT if person.state == BLOCKED else person.state

    def complete(self, person: _Person, user: User) -> Iterator[str]:
        """WireGuard users have keys instead of a password, and need an address."""
        if user.get("type") != WIREGUARD:
            return
        if "password" not in (person.more.get(self.name) or {}):
            user.pop("password", None)
        if not user.get("ip_reservation"):
            yield f"{person.name} is a WireGuard user, and needs an address on each Freebox: set it in addresses"

    def notices(self, people: Sequence[_Person]) -> Iterator[str]:
        """Groups, and states that a box does not have."""
        ending = [
            person.name for person in people if person.state == PRESENT and self.said(person, "until") is not None
        ]
        if ending:
            yield f"a Freebox cannot block a user, and deletes these users after until: {_listed(ending)}"
        blocked = [person.name for person in people if person.state == BLOCKED]
        if blocked:
            yield f"a Freebox cannot block a user and keep it, so blocked users are deleted there: {_listed(blocked)}"
        grouped = [person.name for person in people if person.state == PRESENT and person.groups]
        if grouped:
            yield f"a Freebox has no groups, and users may reach everything; groups have no effect there for: {_listed(grouped)}"


PRODUCTS: Mapping[str, _Product] = {each.name: each for each in (_AccessServer(), _Freebox())}

NAMES = {"type": "list", "elements": "str"}
SHARED: Mapping[
    str, Mapping[str, t.Any]
] = {  # options of the person for each product, unless the product has its own value
    "password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": WHEN_WRITTEN["choices"]},
    "until": {"type": TEXT_OR_NUMBER},
}
SAID: Mapping[str, Mapping[str, t.Any]] = {  # options of a person, besides those of one product
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": STATES},
    "groups": NAMES,
    "servers": NAMES,
    "addresses": {"type": "dict"},
    **SHARED,
}


def person_spec() -> dict[str, t.Any]:
    """All options of a person, as an argument spec."""
    spec: dict[str, t.Any] = dict(SAID)
    for product in PRODUCTS.values():
        of_user = product.resource.argument_spec()[product.resource.plural]["options"]
        own = {name: option for name, option in of_user.items() if name not in product.not_here}
        spec[product.name] = {"type": "dict", "options": own}
    return spec


@dataclass(eq=False)
class _Person:
    """One person; ``groups`` and ``servers`` are None if they are not set."""

    name: str
    state: str
    groups: list[str] | None
    servers: list[str] | None
    addresses: Mapping[str, list[str]]
    shared: Mapping[str, t.Any]
    more: Mapping[str, User]


class _Estate:
    """The people, seen from one server."""

    def __init__(self, people: t.Any, product: str, server: str, inventory: t.Any, own: t.Any) -> None:
        if product not in PRODUCTS:
            raise AnsibleFilterError(f"people: there is no product {product!r}. Available: {', '.join(PRODUCTS)}.")
        if not isinstance(own, list) or not isinstance(inventory, Mapping):
            raise AnsibleFilterError("people: own must be a list of users, and inventory must be the variable groups.")
        self._product, self._server, self._inventory, self._own = PRODUCTS[product], server, inventory, own
        self._hosts = set(inventory.get(ALL_HOSTS, ()))
        self.problems: list[str] = []
        if not isinstance(people, list):
            self.problems.append("estate_people is not a list of people")
            people = []
        self._people = [person for number, said in enumerate(people) for person in self._read(number, said)]
        self._refuse_doubles()
        self.users = self._merged([self._user(person) for person in self._people])

    @property
    def notices(self) -> list[str]:
        """One sentence for each kind of notice."""
        return list(self._product.notices([one for one in self._people if self._is_here(one, self._server)]))

    # -- one person

    def _read(self, number: int, said: t.Any) -> Iterator[_Person]:
        name = said.get("name") if isinstance(said, Mapping) else None
        if not isinstance(name, str) or not name.strip():
            self.problems.append(f"person number {number + 1} is not a mapping with a name")
            return
        found = [*self._flaws(name, said)]
        self.problems += found
        if found:
            return
        addresses = {host: _texts(value) or [] for host, value in (said.get("addresses") or {}).items()}
        more = {product: dict(said.get(product) or {}) for product in PRODUCTS}
        state, groups, servers = said.get("state") or PRESENT, _texts(said.get("groups")), _texts(said.get("servers"))
        shared = _with_text({option: said[option] for option in SHARED if said.get(option) is not None})
        person = _Person(name, state, groups, servers, addresses, shared, more)
        self.problems += self._misplaced(person)
        yield person

    @staticmethod
    def _flaws(name: str, said: Mapping[str, t.Any]) -> Iterator[str]:
        """Values that do not have the required form."""
        known = (*SAID, *PRODUCTS)
        for key in said:
            if key not in known:
                hint = did_you_mean(str(key), known) or f" Available are {', '.join(known)}"
                yield f"{name} has {key!r}, which is not an option of a person.{hint}"
        if (said.get("state") or PRESENT) not in STATES:
            yield f"the state of {name} is {said['state']!r}; allowed are {', '.join(STATES)}"
        for key in ("groups", "servers"):
            value = said.get(key)
            if value is not None and not _is_texts(value):
                yield f"{key} of {name} is not a list of names"
        addresses = said.get("addresses")
        if addresses is not None and not isinstance(addresses, Mapping):
            yield f"addresses of {name} is not a mapping from servers to addresses"
        elif any(not isinstance(value, str) and not _is_texts(value) for value in (addresses or {}).values()):
            yield f"addresses of {name} has a server with neither an address nor a list of addresses"
        for product in PRODUCTS.values():
            own = said.get(product.name)
            if own is not None and not isinstance(own, Mapping):
                yield f"{product.name} of {name} is not a mapping of options"
                continue
            for option in product.not_here:
                if option in (own or {}):
                    yield f"{product.name} of {name} has {option!r}, which is set for the person, in {_where(option)}"

    def _misplaced(self, person: _Person) -> Iterator[str]:
        """Servers that do not exist, and addresses on servers without the person."""
        for name in person.servers or ():
            if name not in self._hosts and name not in self._inventory:
                yield f"servers of {person.name} names {name!r}, which is not a host or a group of the inventory"
        for name in person.addresses:
            if name not in self._hosts:
                what = (
                    "a group; an address is for one server"
                    if name in self._inventory
                    else "not a host of the inventory"
                )
                yield f"addresses of {person.name} names {name!r}, which is {what}"
            elif not self._is_here(person, name):
                yield f"addresses of {person.name} names {name!r}, which is not among the servers of {person.name}"

    def _is_here(self, person: _Person, host: str) -> bool:
        return _is_on(host, person.servers, self._inventory)

    def _refuse_doubles(self) -> None:
        seen: dict[str, _Person] = {}
        for person in self._people:
            twin = seen.setdefault(alike(person.name), person)
            if twin is not person:
                apart = only_in(twin.name, person.name)
                differ = "" if twin.name == person.name else f" and {person.name}, which differ {apart}"
                self.problems.append(f"two people are called {twin.name}{differ}")

    # -- users of this server

    def _user(self, person: _Person) -> User:
        """The user as the module of the product takes it."""
        product, key = self._product, self._product.resource.key
        state = product.state(person) if self._is_here(person, self._server) else ABSENT
        if state == ABSENT:
            return {key: person.name, "state": ABSENT}
        user: User = {key: person.name, **person.shared, **_with_text(person.more[product.name])}
        if person.state != PRESENT:
            user["state"] = state
        self.problems += [*product.place(person, user), *self._number(person, user), *product.complete(person, user)]
        return user

    def _number(self, person: _Person, user: User) -> Iterator[str]:
        """Addresses of the person on this server, each in the option for its version of IP."""
        said = person.addresses.get(self._server)
        options = self._product.addresses
        if said == []:
            user.update(dict.fromkeys(options.values(), ""))
        for text in said or ():
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                yield f"the address {text!r} of {person.name} on {self._server} is not an IP address, such as 192.0.2.7"
                continue
            option = options.get(address.version)
            if option is None:
                yield f"{person.name} has the address {text} on {self._server}, which assigns no IPv{address.version} address"
            elif option in user:
                yield f"{person.name} has two IPv{address.version} addresses on {self._server}, and can have one"
            else:
                user[option] = str(address)

    def _merged(self, users: Sequence[User]) -> list[User]:
        """The users of the people, with the options that the server adds, and then the users that only the server declares."""
        key, merged = self._product.resource.key, {user[self._product.resource.key]: user for user in users}
        ours = list(merged)
        named = [own.get(key) for own in self._own if isinstance(own, Mapping)]
        twin_of = twins([name for name in named if isinstance(name, str) and name not in merged], ours)
        for number, own in enumerate(self._own):
            name = own.get(key) if isinstance(own, Mapping) else None
            if isinstance(name, str) and name in merged:
                merged[name] = self._completed(merged[name], _with_text(own))
            else:
                where = f"{self._product.users} of {self._server}"
                if isinstance(name, str) and name in twin_of:
                    twin = twin_of[name]
                    self.problems.append(f"{twin} in estate_people and {name} in {where} differ {only_in(name, twin)}")
                merged[name if isinstance(name, str) else f"\n{number}"] = (
                    own  # the module reports what is wrong with it
                )
        if self._people:
            self.problems += self._impossible([merged[user[key]] for user in users], list(merged.values()))
        return list(merged.values())

    def _completed(self, user: User, own: User) -> User:
        """The server may add options to a user of the people, but not contradict them."""
        key, where = self._product.resource.key, f"{self._product.users} of {self._server}"
        name, secrets = user[key], {field.name for field in self._product.resource.fields if field.secret}
        if ABSENT in (user.get("state"), own.get("state")):
            if own.get("state") != ABSENT:
                self.problems.append(f"estate_people excludes {name} from {self._server}, but {where} declares {name}")
            return {key: name, "state": ABSENT}
        for option in sorted(set(user) & set(own)):
            if user[option] != own[option]:
                values = "" if option in secrets else f": {user[option]!r} and {own[option]!r}"
                self.problems.append(f"{option} of {name} differs between estate_people and {where}{values}")
        return {**user, **own}

    def _impossible(self, ours: Sequence[User], everyone: Sequence[User]) -> Iterator[str]:
        """Users that the module would refuse before it contacts the server, and addresses that two users have."""
        resource = self._product.resource
        checker = Checker({resource.plural: resource.argument_spec()[resource.plural]})
        for user in ours:
            mistakes = Mistakes()
            with mistakes.collecting():
                resource.parse(checker.item(resource.plural, dict(user)), PRESENT)
            for sentence in mistakes.sentences:
                yield f"{user[resource.key]} cannot be a user of {self._server}: {sentence.rstrip('.')}"
        holders: dict[str, str] = {}
        for user in everyone:
            for option in self._product.addresses.values():
                text = user.get(option) if isinstance(user, Mapping) and user.get("state") != ABSENT else None
                address = _normal(text)
                name = str(user.get(resource.key)) if isinstance(user, Mapping) else ""
                if address and holders.setdefault(address, name) != name:
                    yield f"{holders[address]} and {name} have the same address on {self._server}, {address}"


def _normal(text: t.Any) -> str:
    """An address in its shortest spelling; empty if it is not an address, which the module reports."""
    try:
        return str(ipaddress.ip_address(text.strip() if isinstance(text, str) else text)) if text else ""
    except ValueError:
        return ""


def _with_text(user: User) -> User:
    """The same options, with dates as text."""
    return {name: one.isoformat() if isinstance(one, datetime.date) else one for name, one in user.items()}


def _is_on(host: str, servers: Sequence[str] | None, inventory: Inventory) -> bool:
    """Whether a host is among names of hosts and groups; None means all hosts."""
    return servers is None or any(host == one or host in inventory.get(one, ()) for one in servers)


def _texts(value: t.Any) -> list[str] | None:
    if value is None:
        return None
    return [value] if isinstance(value, str) and value else [] if isinstance(value, str) else list(value)


def _is_texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _where(option: str) -> str:
    return {"name": "name", "login": "name", "state": "state"}.get(option, "addresses")


def people(estate: t.Any, product: str, server: str, inventory: t.Any, own: t.Any = None) -> list[User]:
    """The users of a server, as the module of its product takes them."""
    if not estate:
        return t.cast("list[User]", own or [])
    seen = _Estate(estate, product, server, inventory, own or [])
    if seen.problems:
        raise AnsibleFilterError(f"people: {'; '.join(dict.fromkeys(seen.problems))}")
    return seen.users


def people_contradictions(estate: t.Any, product: str, server: str, inventory: t.Any, own: t.Any = None) -> list[str]:
    """A sentence for each contradiction, on this server or in general."""
    return list(dict.fromkeys(_Estate(estate, product, server, inventory, own or []).problems)) if estate else []


def people_notices(estate: t.Any, product: str, server: str, inventory: t.Any) -> list[str]:
    """A sentence for each kind of declaration with another effect on a server than expected, or none."""
    return _Estate(estate, product, server, inventory, []).notices if estate else []


def people_from_csv(text: t.Any, path: str = "the table") -> list[dict[str, t.Any]]:
    """The list of people in the text of a table."""
    if not isinstance(text, str):
        raise AnsibleFilterError(
            "people_from_csv: pass the text of a table, for example from the lookup ansible.builtin.file."
        )
    options = person_spec()
    rules = {"type": "list", "elements": "dict", "options": options}
    file = read_table(path, text.removeprefix("\ufeff"), rules)
    checker, mistakes = Checker({"people": rules}), Mistakes()
    mistakes.sentences += file.mistakes
    for number, person in enumerate(file.items):
        place = place_of(file.place(number), person, options)
        for check in (_split_addresses, partial(checker.item, "people")):
            with mistakes.collecting(place):
                check(person)
    if mistakes.sentences:
        raise AnsibleFilterError(f"people_from_csv: {mistakes}")
    return file.items


def _split_addresses(person: dict[str, t.Any]) -> None:
    """Split each cell with addresses into a list. Raises Mistakes."""
    mistakes = Mistakes()
    for host, cell in person.get("addresses", {}).items():
        try:
            person["addresses"][host] = listed_in(cell)
        except Unfit as exc:
            mistakes.add(f"addresses.{host}: {exc}.")
    mistakes.refuse()


def people_gone(
    estate: t.Any, product: str, server: str, inventory: t.Any, today: t.Any = None, check: bool = False
) -> list[str]:
    """Names of the people who have no access to a server: not on it, blocked, or after their end.

    It reads no other options, so it needs no secrets. ``today`` is another day, for check mode only.
    """
    gone = []
    try:
        now = present(time.time(), check=check, chosen=str(today or ""))
        for person in estate or ():
            if not isinstance(person, Mapping) or not isinstance(person.get("name"), str):
                continue
            until = (person.get(product) or {}).get("until") or person.get("until")
            out = (person.get("state") or PRESENT) != PRESENT or not _is_on(server, person.get("servers"), inventory)
            if out or (until and now >= Until.of(_with_text({"until": until})["until"]).moment):
                gone.append(person["name"])
    except (InputError, ValueError) as exc:
        raise AnsibleFilterError(f"people_gone: {exc}") from exc
    return gone


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters of this file by name."""
        return {
            "people": people,
            "people_from_csv": people_from_csv,
            "people_contradictions": people_contradictions,
            "people_notices": people_notices,
            "people_gone": people_gone,
        }
