# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of sacli, as the declaration of a whole server.

Each key of a dump goes to the declaration, to the secrets, or to the list of keys that are not converted, with the reason. An
option is converted whole or not at all: a list without one of its rules would allow or deny something else.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ..._engine.arguments import PRIVATE_KEY, Checker
from ..._engine.field import HIDDEN, Field, Object
from ..._engine.resource import Resource
from ..._text.errors import InputError, Mistakes
from ..._text.masking import SHORTEST_SECRET, Mask
from ..._text.outside import Sentence, alike, oddity, only_in, well_formed
from ..accounts import access_rule
from ..accounts.access_list import ACCESS_LIST, DIRECTIONS, rules
from ..accounts.default_user import DEFAULT_USER
from ..accounts.group import GROUP
from ..accounts.properties import DEFAULT_USER_NAME, SCRIPTS
from ..accounts.user import USER
from ..api import values
from ..configuration.config_item import CONFIG_ITEM, beside_key, is_secret
from .dump import COMMANDS, CONFIGURATION, Dumps, Properties, kind_of

BEYOND = (
    "Domain rules, other configuration profiles, certificate authorities, client profiles and their tokens, the licence and the "
    "cluster: these commands of sacli do not print them."
)
LONGEST = 2000  # characters of a value that is not converted; a longer value is only in the dump
SHORT = 80  # the same in a sentence
# The option behind a property (server behaviour, 161).
PROPERTIES: t.Mapping[str, str] = {
    "conn_group": "group",
    "conn_ip": "static_ipv4",
    "conn_ip6": "static_ipv6",
    "def_deny": "def_deny",
    "prop_autogenerate": "allow_generate_profiles",
    "prop_autologin": "autologin",
    "prop_cc_cmds": "cc_commands",
    "prop_deny": "deny",
    "prop_deny_web": "deny_web",
    "prop_google_auth": "totp",
    "prop_google_auth_admin_locked": "totp_admin_only",
    "prop_pwd_change": "allow_password_change",
    "prop_pwd_strength": "password_strength",
    "prop_reroute_gw_override": "reroute_gw",
    "prop_superuser": "admin",
    "user_auth_type": "auth_method",
    **{
        "prop_cli." + name.removeprefix("cli_").replace("script_connect", "script").replace("_", "."): name
        for name in SCRIPTS
    },
}
# The same for properties that have a number for each item; with the family of their values if the name contains it (162).
LISTS: t.Mapping[str, tuple[str, str]] = {
    "access_from": ("access_from", "ipv4"),
    "access_from6": ("access_from", "ipv6"),
    "access_to": ("access_to", "ipv4"),
    "access_to6": ("access_to", "ipv6"),
    "bypass_route": ("bypass_subnets", "ipv4"),
    "bypass_route6": ("bypass_subnets", "ipv6"),
    "c2s_route": ("client_to_server_subnets", "ipv4"),
    "c2s_route6": ("client_to_server_subnets", "ipv6"),
    "c2s_subnets": ("client_to_server_subnets", "ipv4"),
    "c2s_subnets6": ("client_to_server_subnets", "ipv6"),
    "dmz_ip": ("dmz_ip", "ipv4"),
    "dmz_ip6": ("dmz_ipv6", "ipv6"),
    "group_range": ("dynamic_ranges", "ipv4"),
    "group_range6": ("dynamic_ranges", "ipv6"),
    "group_subnets": ("subnets", "ipv4"),
    "group_subnets6": ("subnets", "ipv6"),
}
KINDS: t.Mapping[str, Resource] = {
    "group": GROUP,
    "user_compile": USER,
    "user_connect": USER,
    "user_connect_hidden": USER,
    "user_default": DEFAULT_USER,
}
HIDDEN_USER = "user_connect_hidden"
DIGEST = "pvt_password_digest"
# Keys that describe the past of the server of the dump, and are not for another server (146).
_OF_THIS_SERVER = re.compile(r"upgrade\..*|subscription\..*|aui\.eula_version|sa\.compression_warning_shown")
_SUBSCRIPTION = "subscription."
_NUMBERED = re.compile(r"([a-z0-9_]+)\.(.*)", re.DOTALL)
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
_ENVIRONMENT = re.compile(r"prop_cli\.script_env\.(win|mac)\.(.+)", re.DOTALL)
_FORWARDED = re.compile(r"(?P<ip>[0-9.]+)(?::(?P<protocol>[a-z]+)/(?P<start>[0-9]{1,5})(?:-(?P<end>[0-9]{1,5}))?)?")
_PRIVATE = "pvt_"
_ELSEWHERE = "it contains a secret from another place of the dump"


class Unclear(ValueError):
    """Why one key is not converted, if an option has several keys."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True)
class Item:
    """One key of an option that has several: the end of its name, and the family in the name."""

    key: str
    value: t.Any
    suffix: str = ""
    family: str = ""


@dataclass
class Conversion:
    """``declaration`` is in the form of as_declaration. ``secrets`` and ``not_converted`` list what is missing in it.

    ``mask`` knows the secrets of the dumps; the other attributes contain none of them.
    """

    mask: Mask
    declaration: dict[str, t.Any] = field(default_factory=dict)
    secrets: list[dict[str, t.Any]] = field(default_factory=list)
    not_converted: list[dict[str, t.Any]] = field(default_factory=list)

    def leave(self, part: str, thing: str, key: str, value: t.Any, reason: str, secret: bool = False) -> None:
        """Note that a key is not converted, and why; the value of a secret is not shown."""
        shown = value if isinstance(value, (str, int)) else kind_of(value)
        if isinstance(shown, str) and len(shown) > LONGEST:
            shown = f"(a text of {len(shown)} characters)"
        hidden = secret or _is_private(key, value) or self.holds_secret(shown)
        self.not_converted.append(
            {
                "part": part,
                "object": thing,
                "key": key,
                "value": HIDDEN if hidden else shown,
                "reason": Sentence(self.mask.over(reason)),
            }
        )

    def holds_secret(self, value: t.Any) -> bool:
        """Whether a value contains a secret from another place of the dumps."""
        return bool(self.mask.over(value) != value)

    def need(self, part: str, name: str, option: str) -> None:
        """Note that a secret must be set as an option of an object in a part of the declaration."""
        self.secrets.append({"part": part, "name": name, "option": option})

    @property
    def left_out(self) -> list[dict[str, t.Any]]:
        """What is not converted, in sentences, each with the part of the declaration where it is missing."""
        found = []
        for one in self.not_converted:
            value = f" ({one['value']})" if one["value"] != HIDDEN and len(str(one["value"])) <= SHORT else ""
            reason = Sentence(f"{one['object']}: {one['key']}{value}: {one['reason']}.")
            found.append({"part": one["part"], "reason": reason})
        return [*found, {"part": "", "reason": Sentence(BEYOND)}]


def convert(dumps: Dumps) -> Conversion:
    """The declaration of the server in the dumps."""
    found = Conversion(Mask(_secrets_in(dumps)))
    if dumps.users is not None:
        _Accounts(found, dumps.users, dumps).convert()
    if dumps.configuration is not None:
        _convert_configuration(found, dumps.configuration)
    return found


def _secrets_in(dumps: Dumps) -> t.Iterator[str]:
    """Texts that are secrets by their keys, and are long enough to be searched in other values."""
    for properties in (*(dumps.users or {}).values(), dumps.configuration or {}):
        for key, value in properties.items():
            if isinstance(value, str) and len(value) >= SHORTEST_SECRET and _is_private(key, value):
                yield value


def _is_private(key: str, value: t.Any) -> bool:
    """Whether a value is a secret, by itself or by its key. Names of script variables do not count: as_user_info shows these."""
    named = "" if _ENVIRONMENT.fullmatch(key) else key
    return key.startswith(_PRIVATE) or is_secret(named, {"value": value})


def _plain_subnets(dumps: Dumps) -> tuple[t.Optional[str], str]:
    """What a plain SUBNET does on this server; or None, and why this is not known (server behaviour, 144)."""
    if dumps.configuration is None:
        return None, f"set {CONFIGURATION} too, the output of {COMMANDS[CONFIGURATION]}"
    value = dumps.configuration.get(access_rule.DECIDES)
    if value in access_rule.NETWORK_TYPES:
        return str(value), ""
    shown = repr(value) if isinstance(value, str) else "missing" if value is None else kind_of(value)
    return None, f"in {CONFIGURATION}, it is {shown}, and only nat and route define what SUBNET does"


def _text(value: t.Any) -> str:
    """A text of JSON. Raises ValueError for other values, and for text that no file can hold."""
    if not isinstance(value, str):
        raise ValueError(f"it is {kind_of(value)}, but must be text")
    if well_formed(value) != value:
        raise ValueError("it is not a text that UTF-8 can write")
    return value


def _flag(value: t.Any) -> bool:
    found = values.boolean(value)
    if not isinstance(found, bool):
        raise ValueError("it must be true or false")
    return found


class _Accounts:
    """Users, groups, the default user and their access lists, from one dump."""

    def __init__(self, found: Conversion, users: t.Mapping[str, Properties], dumps: Dumps) -> None:
        self._found, self._users = found, users
        self._subnet_does, self._why_unclear = _plain_subnets(dumps)

    def convert(self) -> None:
        """Add the records that can be declared to the declaration."""
        declared: dict[str, t.Any] = {
            GROUP.option: [],
            DEFAULT_USER.option: {},
            USER.option: [],
            ACCESS_LIST.option: [],
        }
        taken: dict[tuple[str, str], str] = {}
        for name, kind in self._accepted().items():
            record = _Record(self._found, kind, name, self._rule)
            record.convert(self._users[name], taken)
            if record.options is None:
                continue
            if kind is DEFAULT_USER:
                declared[DEFAULT_USER.option] = record.options
            else:
                declared[kind.option].append({"name": name, **record.options})
            if record.lists:
                declared[ACCESS_LIST.option].append({"group" if kind is GROUP else "user": name, **record.lists})
        declared[ACCESS_LIST.option].sort(key=ACCESS_LIST.identity)
        self._found.declaration.update(declared)

    def _accepted(self) -> dict[str, Resource]:
        """Records that can be declared, by name, with their kinds. The others are not converted."""
        kinds: dict[str, Resource] = {}
        seen: dict[tuple[str, str], str] = {}
        for name, properties in sorted(self._users.items()):
            kind = properties.get("type")
            resource = KINDS.get(kind) if isinstance(kind, str) else None
            if resource is None:
                shown = repr(kind) if isinstance(kind, str) else "missing" if kind is None else kind_of(kind)
                reason = f"type is {shown}, so it is not known what this is"
            elif (resource is DEFAULT_USER) is not (name == DEFAULT_USER_NAME):
                reason = f"the type {kind} does not match this name"
            elif resource is not DEFAULT_USER and oddity(name):
                reason = f"this cannot be a name: {oddity(name)}"
            elif self._found.holds_secret(name):
                reason = _ELSEWHERE
            else:
                reason = _twin(name, seen.setdefault((resource.noun, alike(name)), name))
            if resource is not None and not reason:
                kinds[name] = resource
            thing = _thing(resource, name) if resource else name
            for key, value in properties.items() if reason else ():
                self._found.leave(resource.option if resource else "", thing, key, value, reason)
        return kinds

    def _rule(self, item: Item) -> access_rule.Rule:
        """An access rule in normal form. Raises ValueError."""
        text = _text(item.value)
        if not access_rule.is_of_server(text):
            raise ValueError(f"a rule begins with + or - and one of {', '.join(access_rule.CLASSES)}")
        try:
            rule = access_rule.parse(text, self._subnet_does)
        except ValueError as exc:
            unclear = access_rule.DECIDES in str(exc) and self._why_unclear
            raise ValueError(f"{exc}; {self._why_unclear}" if unclear else str(exc)) from None
        if "subnet" not in rule:
            return {**rule, "family": item.family}
        if item.family == "ipv6" and rule["family"] != item.family:
            raise ValueError("this key is for IPv6, but the network is not")
        return rule


class _Record:
    """One record: its options, its access lists, and notes about its other keys.

    ``options`` is None if a key that takes access away cannot be converted: without it, the object would have more access.
    """

    def __init__(
        self, found: Conversion, kind: Resource, name: str, rule: t.Callable[[Item], access_rule.Rule]
    ) -> None:
        self._found, self._kind, self._name, self._rule = found, kind, name, rule
        self._thing = _thing(kind, name)
        self.options: t.Optional[Object] = {}
        self.lists: Object = {}

    def convert(self, properties: Properties, taken: dict[tuple[str, str], str]) -> None:
        """Convert all keys. ``taken`` are the values that only one user can have: the user by option and value."""
        options: Object = {}
        gone = ""
        counts = len(self._found.not_converted), len(self._found.secrets)
        for option, items in self._sorted(properties).items():
            try:
                value = self._value(option, items)
                if any(_is_private(item.key, item.value) for item in items):
                    raise ValueError("it contains a secret, and a declaration would show it")
                if self._found.holds_secret(value):
                    raise ValueError(_ELSEWHERE)
                if (
                    option in self._kind.unshared
                    and value
                    and taken.setdefault((option, value), self._name) != self._name
                ):
                    raise ValueError(f"user {taken[option, value]} has the same value")
                (self.lists if option in DIRECTIONS else options)[option] = value
            except ValueError as exc:
                self._leave_all(items, exc)
                of = self._kind.by_name.get(option)
                if option == "group" or (of and of.gives is False):
                    gone = f"{items[0].key} is not converted, and without it more access could be allowed than before"
        mistakes = Mistakes()
        self._kind.understood({"name": self._name, **options}, "present", mistakes)
        gone = gone or " ".join(mistakes.sentences).rstrip(".")
        self.options = None if gone else options
        if gone:
            del self._found.secrets[counts[1] :]
            known = {one["key"] for one in self._found.not_converted[counts[0] :]}
            for key, value in properties.items():
                if key not in known:
                    self._leave(key, value, gone)

    def _leave(self, key: str, value: t.Any, reason: str) -> None:
        self._found.leave(self._kind.option, self._thing, key, value, reason)

    def _leave_all(self, items: t.Sequence[Item], exc: ValueError) -> None:
        guilty = exc.key if isinstance(exc, Unclear) else items[0].key
        for item in items:
            reason = str(exc) if item.key == guilty else f"{guilty} is not converted, and this key belongs to it"
            self._leave(item.key, item.value, reason)

    def _sorted(self, properties: Properties) -> dict[str, list[Item]]:
        """The keys by their option; other keys are noted."""
        found: dict[str, list[Item]] = {}
        for key, value in properties.items():
            option, item = _place_of(key, value)
            of = self._kind.by_name.get(option)
            if option in DIRECTIONS or (of and of.spec):
                found.setdefault(option, []).append(item)
            elif option:
                self._leave(key, value, f"a {self._kind.noun} has no option {option}")
            else:
                self._note(key, value)
        return found

    def _note(self, key: str, value: t.Any) -> None:
        """Note a key without an option, if it is needed."""
        reason = ""
        if key == "type":
            if value == HIDDEN_USER:
                reason = "a declaration cannot hide a user from the web interface; the user is converted without this"
        elif key == "group_declare":
            if (self._kind is GROUP) is not (values.boolean(value) is True):
                reason = "it contradicts the type of this record, which decides the conversion"
        elif key == DIGEST and self._kind is USER:
            self._found.need(USER.option, self._name, "password")
        elif key.startswith("pvt_google_auth_secret"):
            reason = "a declaration cannot contain an authenticator; as_user_mfa can set the same totp_secret on another server"
        else:
            reason = "no matching field of the Web API is known"
        if reason:
            self._leave(key, value, reason)

    def _value(self, option: str, items: t.Sequence[Item]) -> t.Any:
        """The value of an option in normal form. Raises ValueError with the reason, or Unclear if it is about one of several."""
        if option in DIRECTIONS:
            return rules([_of(item, self._rule) for item in _in_order(items)])
        of = self._kind.by_name[option]
        spec = of.spec or {}
        if spec["type"] == "dict":
            return of.normal({item.suffix: _of(item, lambda one: _text(one.value)) for item in items})
        if spec["type"] == "list":
            read = _forwarded if spec.get("elements") == "dict" else lambda one: _text(one.value)
            return of.normal([_of(item, lambda one: _alone(of, read(one), one.family)) for item in _in_order(items)])
        return _checked(of, items[0].value)


def _thing(resource: Resource, name: str) -> str:
    return resource.noun if resource is DEFAULT_USER else f"{resource.noun} {name}"


def _twin(name: str, first: str) -> str:
    """Why a name cannot be declared together with the first one that looks like it; empty for the first one."""
    if name == first:
        return ""
    return f"its name differs from {first!r} {only_in(first, name)}, and one task cannot declare both"


def _place_of(key: str, value: t.Any) -> tuple[str, Item]:
    """The option of a key, empty if there is none, and its part of the option."""
    if key in PROPERTIES:
        return PROPERTIES[key], Item(key, value)
    environment = _ENVIRONMENT.fullmatch(key)
    if environment:
        return f"cli_script_connect_{environment[1]}_env", Item(key, value, environment[2])
    numbered = _NUMBERED.fullmatch(key)
    option, family = LISTS.get(numbered[1] if numbered else key, ("", ""))
    return option, Item(key, value, numbered[2] if numbered else "", family)


def _in_order(items: t.Sequence[Item]) -> list[Item]:
    """Items of a list by family and number. Raises Unclear for an item without a number."""
    for item in items:
        if not _NUMBER.fullmatch(item.suffix):
            raise Unclear(item.key, "the key of a list item must end in a number, such as .0")
    return sorted(items, key=lambda item: (item.family, int(item.suffix), item.key))


def _of(item: Item, read: t.Callable[[Item], t.Any]) -> t.Any:
    """The value that is read from an item. Raises Unclear."""
    try:
        return read(item)
    except ValueError as exc:
        raise Unclear(item.key, str(exc)) from None


def _alone(of: Field, value: t.Any, family: str) -> t.Any:
    """An item of a list in normal form, and of the family in its key. Raises ValueError."""
    [found] = of.normal([value])
    if family == "ipv6" and isinstance(found, str) and ":" not in found:
        raise ValueError("this key is for IPv6, but the value is not")
    return found


def _forwarded(item: Item) -> Object:
    """A forwarded address, as in 203.0.113.7:tcp/8000-8010."""
    text = _text(item.value)
    if item.family == "ipv6":
        return {"ip": text}
    found = _FORWARDED.fullmatch(text)
    if not found:
        raise ValueError("it must be written as IP[:PROTOCOL/PORT[-PORT]]")
    ports = {"start_port": int(found["start"])} if found["start"] else {}
    if found["end"]:
        ports["end_port"] = int(found["end"])
    return {"ip": found["ip"], **({"protocol": found["protocol"]} if found["protocol"] else {}), **ports}


def _checked(of: Field, value: t.Any) -> t.Any:
    """A value of an option in normal form. Raises ValueError."""
    checked = _flag(value) if of.spec and of.spec["type"] == "bool" else _text(value)
    try:
        Checker({of.name: dict(of.spec or {})}).arguments({of.name: checked})
    except InputError as exc:
        raise ValueError(str(exc).removeprefix(f"{of.name}: ").rstrip(".")) from None
    return of.normal(checked)


def _convert_configuration(found: Conversion, configuration: Properties) -> None:
    """Add items of the configuration, by key, to the declaration."""
    items: list[Object] = []
    found.declaration[CONFIG_ITEM.option] = items
    beside = {one: key for key, value in configuration.items() if PRIVATE_KEY in str(value) for one in beside_key(key)}
    seen: dict[str, str] = {}
    for key, value in sorted(configuration.items()):
        private = _is_private(key, value)
        reason = _why_not(key, value, seen.setdefault(alike(key), key))
        if private and value == "":
            reason = reason or "it is an empty secret"
        elif found.holds_secret(key) or (not private and found.holds_secret(value)):
            reason = reason or _ELSEWHERE
        elif not private and key in beside:
            reason = reason or f"it belongs to the private key {beside[key]}: use as_web_certificate"
        elif key in beside.values() and configuration.get(beside_key(key)[0]):
            reason = reason or "it belongs to a certificate: use as_web_certificate"
        if reason:
            secret = key.startswith(_SUBSCRIPTION)
            found.leave(CONFIG_ITEM.option, CONFIGURATION, key, value, reason, secret)
        elif private:
            found.need(CONFIG_ITEM.option, key, "secret_value")
        else:
            items.append({"name": key, "value": value})


def _why_not(key: str, value: t.Any, first: str) -> str:
    """Why an item of the configuration is not converted; empty if it is. ``first`` is the first key that looks like this one."""
    if _OF_THIS_SERVER.fullmatch(key):
        return "it records what happened on that server, and has no meaning on another one"
    if not isinstance(value, (str, bool, int)):
        return f"it is {kind_of(value)}, but must be text"
    if well_formed(value) != value:
        return "it is not a text that UTF-8 can write"
    mistakes = Mistakes()
    CONFIG_ITEM.understood({"name": key, "state": "present", "secret_value": "-"}, "present", mistakes)
    return " ".join(mistakes.sentences).rstrip(".") or _twin(key, first)
