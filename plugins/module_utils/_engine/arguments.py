# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task or a file gives, checked against the options of a module: each mistake has its place, and text stays unchanged.

Ansible converts everything that a text option gets to text: a list, a boolean, a number that has lost its zeros. Here that
is refused, and null means "not set" everywhere. What passes, Ansible's own validator converts without doubt.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import DEFAULT_TYPE_VALIDATORS
from ansible.module_utils.common.validation import check_mutually_exclusive, check_required_one_of

from .._text.errors import Mistakes, did_you_mean
from .declaration_files import is_plain_number

Item = dict[str, t.Any]
Spec = t.Mapping[str, t.Any]
Options = t.Mapping[str, Spec]
Slips = t.Callable[[Item], t.Iterable[tuple[str, str]]]

LONGEST = 60  # characters of a value that a sentence repeats; never a part, because half a secret would not be masked
MOST_LISTED = 12  # names of options in a sentence; more are in the documentation
PRIVATE_KEY = "PRIVATE KEY-----"
NEEDED = {"bool": "true or false", "int": "a whole number", "dict": "a mapping", "list": "a list"}
TYPES = {str: "str", bool: "bool", int: "int", list: "list", dict: "dict"}


class TextOrNumber(str):
    """The type of an option whose text may be a whole number or a date; names and secrets are only text."""


class Lines(str):
    """The type of an option for text of several lines: it also takes a list of lines."""


TEXT_OR_NUMBER = TextOrNumber("str")
LINES = Lines("raw")


def place_of(where: str, item: t.Any, options: Options) -> str:
    """Where an object is and what it is called, as in ``users[3] (erika)``: its first option that is free text."""
    for name, option in options.items() if isinstance(item, dict) else ():
        said = item.get(name)
        if said and isinstance(said, str) and not option.get("no_log") and "choices" not in option:
            return f"{where} ({said})"
    return where


class Checker:
    """Checks what is given against options. ``secrets`` are those that it has found, also in a wrong place.

    ``slips`` find the options of an object that contain a secret by mistake, and what to do instead: by the name of the
    option that lists the objects, and for the arguments themselves by the empty name.
    """

    def __init__(self, options: Options, slips: t.Optional[t.Mapping[str, t.Optional[Slips]]] = None) -> None:
        self.options, self._slips = options, slips or {}
        self.secrets: set[str] = set()

    def arguments(self, given: t.Mapping[str, t.Any]) -> Item:
        """A task's arguments without nulls, and with text as text. Raises Mistakes.

        Rules between options of the task itself are left to Ansible's validator.
        """
        mistakes = Mistakes()
        found = self._mapping(given, self.options, "", mistakes)
        self._look_for_keys(found, mistakes)
        self._look_for_slips(found, "", self._slips.get(""), mistakes)
        if mistakes.sentences:
            self.secrets.update(_misplaced(given, set(_secret_names(self.options))))
        mistakes.refuse()
        return found

    def item(self, plural: str, item: t.Any) -> Item:
        """One of the objects of a list, as a module works with it. Raises Mistakes."""
        rules, slips = self.options[plural], self._slips.get(plural)
        found = self._quick(item, rules, slips)
        if found is not None:
            return found
        mistakes = Mistakes()
        found = self._slow(item, rules, "", slips, mistakes)
        if not mistakes.sentences:
            converted = ArgumentSpecValidator({plural: dict(rules)}).validate({plural: [found]})
            for sentence in converted.error_messages:
                mistakes.add(f"{sentence}.")
            found = converted.validated_parameters[plural][0]
        if mistakes.sentences:
            self.secrets.update(_misplaced(item, set(_secret_names(rules["options"]))))
        mistakes.refuse()
        return t.cast(Item, found)

    def right(self, item: t.Mapping[t.Any, t.Any], options: Options) -> Item:
        """Of what is given, the options that have no mistakes, as a module works with them."""
        names = _names(options)
        found: Item = {}
        for said, value in item.items():
            if value is not None and said in names:
                mistakes = Mistakes()
                one = self._value(value, options[names[said]], str(said), mistakes)
                if not mistakes.sentences:
                    found[names[said]] = one
        spec = {name: {key: part for key, part in options[name].items() if key != "required"} for name in found}
        return t.cast(Item, ArgumentSpecValidator(spec).validate(found).validated_parameters)

    # -- mappings

    def _quick(self, item: t.Any, rules: Spec, slips: t.Optional[Slips]) -> t.Optional[Item]:
        """A valid object, as nearly all are; None where a closer look is needed."""
        if TYPES.get(type(item)) != "dict":
            return None
        options = rules["options"]
        if None in item.values():
            if not item.keys() <= options.keys():
                return None
            item = {name: value for name, value in item.items() if value is not None}
        if not _fits_all(item, options) or not _keeps_rules(item, rules) or (slips and any(slips(item))):
            return None
        for name in options.keys() & item.keys():
            if options[name].get("no_log") and item[name]:
                self.secrets.add(item[name])
        return t.cast(Item, item)

    def _slow(self, item: t.Any, rules: Spec, where: str, slips: t.Optional[Slips], mistakes: Mistakes) -> t.Any:
        place = place_of(where, item, rules["options"])
        prefix = f"{place}: " if where else ""
        if not isinstance(item, dict):
            mistakes.add(f"{prefix}{_kind(item)} is given, and a mapping is needed.")
            return item
        found = self._mapping(item, rules["options"], prefix, mistakes)
        for terms in rules.get("required_one_of", ()):
            if not set(terms) & found.keys():
                mistakes.add(f"{prefix}one of {', '.join(terms)} is needed.")
        for terms in rules.get("mutually_exclusive", ()):
            several = [name for name in terms if name in found]
            if len(several) > 1:
                mistakes.add(f"{prefix}{' and '.join(several)} cannot be used together; give one of them.")
        self._look_for_slips(found, prefix, slips, mistakes)
        return found

    def _mapping(self, given: t.Mapping[str, t.Any], options: Options, prefix: str, mistakes: Mistakes) -> Item:
        names = _names(options)
        found: Item = {}
        for said, value in given.items():
            if said not in names:
                mistakes.add(f"{prefix}{said}: there is no such option.{_instead(str(said), names)}")
            elif value is not None:
                option = options[names[said]]
                if option.get("no_log"):
                    self.secrets.update(texts_in(value))
                found[said] = self._value(value, option, f"{prefix}{said}", mistakes)
        there = {names[said] for said in found}
        for name, option in options.items():
            if option.get("required") and name not in there:
                mistakes.add(f"{prefix}{name}: a value is needed.")
        return found

    # -- values

    def _value(self, value: t.Any, option: Spec, where: str, mistakes: Mistakes) -> t.Any:
        """A value of one option, as Ansible's validator may get it."""
        kind, choices = option.get("type", "str"), option.get("choices")
        if kind == "list":
            return self._list(value, option, where, mistakes)
        if isinstance(kind, Lines):
            return self._lines(value, where, mistakes)
        if kind == "raw":
            return value
        if choices is None and kind in ("str", "path"):
            numbers, secret = isinstance(kind, TextOrNumber), bool(option.get("no_log"))
            return _text(value, where, mistakes, numbers=numbers, secret=secret)
        found = value if kind == "str" else _converted(value, kind)
        if found is None or (choices is not None and (found not in choices or isinstance(found, (list, dict)))):
            self._refuse(value, option, where, mistakes)
        elif kind == "dict" and option.get("options") is not None:
            return self._mapping(found, option["options"], f"{where}.", mistakes)
        return value

    @staticmethod
    def _refuse(value: t.Any, option: Spec, where: str, mistakes: Mistakes) -> None:
        choices = option.get("choices")
        needed = f"one of {', '.join(map(str, choices))}" if choices else NEEDED.get(option["type"], option["type"])
        given = _kind(value) if option.get("no_log") else _quoted(value)
        hint = did_you_mean(value, map(str, choices)) if choices and isinstance(value, str) else ""
        mistakes.add(f"{where}: {given} is given, and {needed} is needed.{hint}")

    def _list(self, value: t.Any, option: Spec, where: str, mistakes: Mistakes) -> t.Any:
        if isinstance(value, str):
            value = DEFAULT_TYPE_VALIDATORS["list"](value)
        if not isinstance(value, (list, tuple)):
            mistakes.add(f"{where}: {_kind(value)} is given, and a list is needed.")
            return value
        elements = option.get("elements", "raw")
        if elements == "raw":
            return list(value)
        if elements == "dict" and option.get("options") is not None:
            slips = self._slips.get(where)
            return [
                self._object(one, option, f"{where}[{number}]", slips, mistakes) for number, one in enumerate(value)
            ]
        each = {"type": elements, "choices": option.get("choices")}
        found = []
        for number, one in enumerate(value):
            if one is None:
                mistakes.add(f"{where}[{number}]: null is given, and a value is needed.")
            else:
                found.append(self._value(one, each, f"{where}[{number}]", mistakes))
        return found

    def _object(self, item: t.Any, rules: Spec, where: str, slips: t.Optional[Slips], mistakes: Mistakes) -> t.Any:
        found = self._quick(item, rules, slips)
        return self._slow(item, rules, where, slips, mistakes) if found is None else found

    @staticmethod
    def _lines(value: t.Any, where: str, mistakes: Mistakes) -> t.Any:
        if not isinstance(value, (list, tuple)):
            return _text(value, where, mistakes, numbers=True, needed="text or a list of lines")
        lines = [_text(one, f"{where}[{number}]", mistakes, numbers=True) for number, one in enumerate(value)]
        return "\n".join(one for one in lines if isinstance(one, str))

    # -- secrets where they would be shown

    def _look_for_slips(self, found: Item, prefix: str, slips: t.Optional[Slips], mistakes: Mistakes) -> None:
        for name, advice in slips(found) if slips else ():
            self.secrets.update(texts_in(found[name]))
            mistakes.add(f"{prefix}{name}: {advice}")

    def _look_for_keys(self, found: Item, mistakes: Mistakes) -> None:
        """Private keys among the texts that Ansible shows, unless the same text is given as a secret too."""
        for name, value in found.items():
            if name in self.options and not self.options[name].get("no_log"):
                for text in texts_in(value) if isinstance(value, (str, list)) else ():
                    if PRIVATE_KEY in text and text not in self.secrets:
                        self.secrets.add(text)
                        mistakes.add(f"{name}: it contains a private key, which Ansible would show. Leave out the key.")


def _text(
    value: t.Any, where: str, mistakes: Mistakes, *, numbers: bool = False, secret: bool = False, needed: str = "text"
) -> t.Any:
    """Text as it is; with ``numbers``, also a whole number or a date, as Ansible writes them."""
    if isinstance(value, str):
        return value
    if numbers and is_plain_number(value):
        return str(value)
    if numbers and isinstance(value, datetime.date):
        return value.isoformat()
    shown = not secret and isinstance(value, (bool, int, float))
    given = f"{_kind(value)} ({_quoted(value)})" if shown else _kind(value)
    way = "" if isinstance(value, (list, tuple, dict)) else " Put it in quotes; in a template, use | string."
    mistakes.add(f"{where}: {given} is given, and {needed} is needed.{way}")
    return value


def _converted(value: t.Any, kind: str) -> t.Any:
    """A value as Ansible converts it; None where it does not, or converts too much."""
    if kind == "int" and (isinstance(value, bool) or (isinstance(value, float) and not value.is_integer())):
        return None
    try:
        return DEFAULT_TYPE_VALIDATORS[kind](value)
    except (TypeError, ValueError, OverflowError):
        return None


def _quoted(value: t.Any) -> str:
    """A value in a sentence: complete or not at all, and without the content of a list or a mapping."""
    if isinstance(value, (list, tuple, dict)):
        return _kind(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{_kind(value)} of {len(str(value))} characters"


def _kind(value: t.Any) -> str:
    kinds: tuple[tuple[t.Any, str], ...] = (
        (type(None), "null"),
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
        (datetime.date, "a date"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


def _names(options: Options) -> dict[str, str]:
    """Options by their names and aliases."""
    return {alias: name for name, option in options.items() for alias in (name, *option.get("aliases", ()))}


def _instead(said: str, names: t.Collection[str]) -> str:
    return did_you_mean(said, names) or (
        f" The options are {', '.join(sorted(names))}." if len(names) <= MOST_LISTED else ""
    )


def _secret_names(options: Options) -> t.Iterator[str]:
    for name, option in options.items():
        if option.get("no_log"):
            yield name
        yield from _secret_names(option.get("options") or {})


def _misplaced(value: t.Any, names: t.Collection[str]) -> t.Iterator[str]:
    """Values with the name of a secret: in a place where wrong indentation has put them, they are still secret."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from texts_in(one) if name in names else _misplaced(one, names)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _misplaced(one, names)


def texts_in(value: t.Any) -> t.Iterator[str]:
    """All text in a value; numbers too, as Ansible masks them."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from texts_in(one)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)


def secrets_in(options: Options, given: t.Any) -> t.Iterator[str]:
    """Values of secret options, wherever they are; Ansible's validator forgets all of them where a list is not a list."""
    for each in given if isinstance(given, list) else [given]:
        for name, option in options.items() if isinstance(each, dict) else ():
            if option.get("no_log"):
                yield from texts_in(each.get(name))
            elif option.get("options"):
                yield from secrets_in(option["options"], each.get(name))


def _keeps_rules(item: Item, rules: Spec) -> bool:
    try:
        check_required_one_of(rules.get("required_one_of"), item)
        check_mutually_exclusive(rules.get("mutually_exclusive"), item)
    except TypeError:
        return False
    return True


def _fits(value: t.Any, option: Spec) -> bool:
    """Whether a value has the type of an option, so that Ansible would not change it."""
    kind, choices = option.get("type", "str"), option.get("choices")
    if kind == "raw":
        return TYPES.get(type(value)) == "str" or not isinstance(kind, Lines)
    if TYPES.get(type(value)) != kind:
        return False
    if kind == "list":
        each: Spec = {"type": option.get("elements", "raw"), "options": option.get("options"), "choices": choices}
        return all(_fits(one, each) for one in t.cast("list[t.Any]", value))
    if choices is not None and value not in choices:
        return False
    return kind != "dict" or option.get("options") is None or _fits_all(value, option["options"])


def _fits_all(item: Item, options: Options) -> bool:
    for name, value in item.items():
        option = options.get(name)
        if option is None or not _fits(value, option):
            return False
    return all(name in item for name, option in options.items() if "required" in option and option["required"])
