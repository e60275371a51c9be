# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of object as data: its names, its fields, and the options and records derived from them."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from .._text.errors import Mistakes
from .._text.outside import oddity
from .arguments import TEXT_OR_NUMBER
from .field import Field, Object, Spec, Wire, same
from .plan import OPEN, Reference, Wanted
from .until import Until

UNKNOWN = "unknown_properties"
KNOWN = "known"  # the option for what is not declared, but has to stay
PURGE_OPTIONS: t.Mapping[str, Spec] = {
    "purge": {"type": "bool", "default": False},
    "purge_empty": {"type": "bool", "default": False},
    "purge_limit": {"type": TEXT_OR_NUMBER},
    "protect": {"type": "list", "elements": "str", "default": []},
}


class Description:
    """The names and the properties of a kind of object. Subclasses set the attributes; the methods are the same for all."""

    noun: str
    plural: str  # empty where there is one object
    key: str = "name"
    keys: t.Optional[t.Mapping[str, Spec]] = None  # options that identify an object, if not the key alone
    sole_name: str = ""  # the name of the only object in plans, results and diffs
    sole_title: str = ""  # its name in sentences, if not "the" and the noun
    naming: t.Optional[t.Collection[str]] = None  # options that contain names of objects, if not the key alone
    elsewhere: t.Mapping[str, str] = {}  # names that are not of this kind, and what they are instead
    fields: t.Sequence[Field] = ()
    states: t.Sequence[str] = ("present", "absent")
    implied: t.Mapping[str, Object] = {}  # by state: values that it always implies
    ended: str = ""  # the state of objects whose option until has passed; empty where objects have no end
    of_each: t.Collection[str] = ()  # options of the task that an object of a list can also set for itself
    purgeable: bool = True
    unshared: t.Collection[str] = ()  # options whose values two objects cannot share, unless they are empty
    exclusive_keys: bool = True  # of several options that identify an object, only one is set
    of_node: bool = False  # nodes of a cluster may differ in it
    always_there: bool = False  # nothing is created or deleted: absent is a value, which desired() knows
    read_back: t.Collection[str] = ("create", "delete")  # actions whose result the vendor does not define
    deletion_touches: t.Collection[str] = ()  # nouns of objects that the server may change when one of these is deleted
    ignored: t.Collection[str] = ()  # properties of a record that cannot be declared
    options: t.Mapping[str, Spec] = {}
    rules: t.Mapping[str, t.Any] = {}  # what AnsibleModule checks between options, where there is one object

    # -- the options of a playbook

    def object_spec(self) -> dict[str, t.Any]:
        """Options of one object, without its key."""
        spec: dict[str, t.Any] = {f.name: dict(f.spec) for f in self.fields if f.spec}
        inherited = [f.name for f in self.fields if f.inherited]
        if inherited:
            spec["inherit"] = {"type": "list", "elements": "str", "choices": inherited}
        return spec

    def end_spec(self) -> dict[str, t.Any]:
        """The option for the end of an object. It is not a property, and no server has it."""
        return {"until": {"type": TEXT_OR_NUMBER}} if self.ended else {}

    def key_spec(self) -> dict[str, t.Any]:
        """Options that identify an object."""
        return (
            {self.key: {"type": "str"}} if self.keys is None else {name: dict(one) for name, one in self.keys.items()}
        )

    def argument_spec(self) -> dict[str, t.Any]:
        """Options of the module that manages this resource."""
        own, keys = self.object_spec(), self.key_spec()
        state = {"type": "str", "choices": list(self.states)}
        spec = {**keys, **own, **self.end_spec(), **self.options}
        if len(self.states) > 1:
            spec["state"] = {**state, "default": self.states[0]}
        if self.plural:
            each = {**keys, **own, **self.end_spec(), **({"state": state} if len(self.states) > 1 else {})}
            for name in self.of_each:
                each[name] = {key: value for key, value in self.options[name].items() if key != "default"}
            # Ansible takes some plurals for secrets because of their names; secrets in them are marked by their own specs.
            spec[self.plural] = {
                "type": "list",
                "elements": "dict",
                "options": each,
                "no_log": False,
                **self._named(keys),
            }
            spec["src"] = {"type": "path"}
            if len(keys) == 1:
                each.update({name: {**one, "required": True} for name, one in keys.items()})
            if self.purgeable:
                spec.update(PURGE_OPTIONS)
        return spec

    def defaults(self) -> dict[str, t.Any]:
        """The options of the module that a whole declaration also has, with their defaults."""
        return {name: one.get("default") for name, one in self.argument_spec().items() if name != "assume_present"}

    def _named(self, keys: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        apart = {"mutually_exclusive": [tuple(keys)]} if self.exclusive_keys else {}
        return {} if len(keys) == 1 else {"required_one_of": [tuple(keys)], **apart}

    def constraints(self) -> dict[str, t.Any]:
        """What AnsibleModule checks between options: one object or many."""
        if not self.plural:
            return dict(self.rules)
        keys = tuple(self.key_spec())
        options = dict.fromkeys((*keys, *self.object_spec(), *self.end_spec()))
        apart = [(one, many) for one in options for many in (self.plural, "src")]
        rivals = [keys] if len(keys) > 1 and self.exclusive_keys else []
        return {
            "required_one_of": [(*keys, self.plural, "src")],
            "mutually_exclusive": [*rivals, (self.plural, "src"), *apart],
            "required_if": [("purge", True, (self.plural, "src"), True)] if self.purgeable else [],
        }

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """The name of an object in plans, results and diffs."""
        return self.sole_name or str(params[self.key])

    def title(self, name: str) -> str:
        """An object in a sentence, such as ``user ada`` or ``the default user``."""
        return (self.sole_title or f"the {self.noun}") if self.sole_name else f"{self.noun} {name}"

    def keys_of(self, name: str) -> Object:
        """The options that identify an object: those from which identity() makes ``name``."""
        return {} if self.sole_name else {self.key: name}

    def parse(self, params: t.Mapping[str, t.Any], state: str) -> Wanted:
        """One object as it is declared, in normal form, and nothing else. Raises Mistakes."""
        mistakes = Mistakes()
        want = self.understood(params, state, mistakes)
        mistakes.refuse()
        return want

    def understood(
        self, params: t.Mapping[str, t.Any], state: str, mistakes: Mistakes, *, whole: bool = True
    ) -> Wanted:
        """One object as it is declared, in normal form, without what is wrong, which is added to ``mistakes``.

        Whether options fit each other is checked only if they are ``whole``. Raises InputError where it has no name.
        """
        name, values, secrets, altered = self.identity(params), {}, {}, {}
        wrong_names = [*self._odd_names(params, state)]
        if name in self.elsewhere:
            wrong_names.append(f"{name} is not a {self.noun} but {self.elsewhere[name]}.")
        for sentence in wrong_names:
            mistakes.add(sentence)
        places = self._places
        for place in sorted(
            places[option] for option, value in params.items() if value is not None and option in places
        ):
            f = self.fields[place]
            declared = params[f.name]
            try:
                if f.secret:
                    secrets[f.name] = declared
                else:
                    values[f.name] = f.normal(declared)
                if f.validate:
                    f.validate(secrets[f.name] if f.secret else values[f.name])
                more = {} if f.secret else f.altered(declared)
                if more:
                    altered[f.name] = more
            except ValueError as exc:
                values.pop(f.name, None)
                mistakes.add(f"{f.name} of {self.title(name)}: {exc}.")
        until = None
        if self.ended and params.get("until") is not None:
            try:
                until = Until.of(params["until"])
            except ValueError as exc:
                mistakes.add(f"until of {self.title(name)}: {exc}.")
        inherit = list(params.get("inherit") or [])
        both = sorted(set(inherit) & set(values))
        if both:
            mistakes.add(
                f"{', '.join(both)} of {self.title(name)}: set, and also listed in inherit. Do only one of these."
            )
        given = tuple(name for name, value in params.items() if value is not None)
        own = {name: params[name] for name in self.of_each if params.get(name) is not None}
        want = Wanted(
            name, params.get("state") or state, values, inherit, secrets, altered, given, until=until, own=own
        )
        for sentence in self.validate([want]) if whole else ():
            mistakes.add(sentence)
        want.values.update(self.implied.get(want.state, {}))
        return Wanted(name, OPEN) if wrong_names else want

    def as_of(self, want: Wanted, now: float) -> Wanted:
        """An object as it is declared at a moment, in seconds since 1970. What its end implies overrides what is declared."""
        if want.until is None or now < want.until.moment or want.state != self.states[0]:
            return want
        implied = self.implied.get(self.ended, {})
        inherit = [name for name in want.inherit if name not in implied]
        return replace(want, state=self.ended, values={**want.values, **implied}, inherit=inherit, ended=True)

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """What is wrong with declared objects besides the form of each value, as sentences, before anything is read.

        It is called with each object alone, so that its mistakes have its place, and then with all that have no mistakes.
        """
        return iter(())

    def _odd_names(self, params: t.Mapping[str, t.Any], state: str) -> t.Iterator[str]:
        """Names that cannot be created. Objects of other programs may have such names, and can be deleted."""
        for option in (self.key,) if self.naming is None else self.naming:
            name = params.get(option)
            why = "" if name is None else oddity(str(name), there=(params.get("state") or state) == "absent")
            if why:
                yield f"{option}: {name!r} cannot be a name: {why}."

    def references(self, name: str, values: Object) -> t.Iterator[Reference]:
        """The objects that these values of an object refer to."""
        for f in self.referring:
            value = values.get(f.name)
            for noun, other in f.refers(value) if value and f.refers else ():
                yield Reference(noun, other, f.name)

    @property
    def option(self) -> str:
        """The option of a whole declaration for its objects, or its one object; info modules return them under it."""
        return self.plural or self.noun.replace(" ", "_")

    @functools.cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {f.name: f for f in self.fields}

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        """Where each field that can be declared is in ``fields``: most objects declare few of many."""
        return {f.name: place for place, f in enumerate(self.fields) if f.spec}

    @functools.cached_property
    def referring(self) -> list[Field]:
        """The fields whose values name other objects."""
        return [f for f in self.fields if f.refers]

    @functools.cached_property
    def mirroring(self) -> list[tuple[Field, tuple[str, str]]]:
        """The fields that repeat properties of other objects, each with the noun and the name of that property."""
        return [(f, f.mirrors) for f in self.fields if f.mirrors]

    def is_partial(self, want: Wanted) -> bool:
        """Whether absent is declared for parts of an object, such as single rules, and not for the object."""
        return False

    def is_spared(self, name: str, protect: t.Collection[str], params: t.Mapping[str, t.Any]) -> bool:
        """Whether a purge keeps an object that is not declared."""
        return name in protect or (params.get(KNOWN) or {}).get(name) == []

    # -- the records of the server

    @functools.cached_property
    def loaded(self) -> list[Field]:
        """The fields that a record can contain."""
        return [f for f in self.fields if not f.secret and not f.create_only]

    def load(self, wire: t.Mapping[str, Wire]) -> Object:
        """A record in normal form; secrets are dropped here, so that nothing above can leak them."""
        return {f.name: f.off_the_wire(wire) for f in self.loaded}

    def load_whole(self, wire: t.Mapping[str, Wire]) -> Object:
        """The same, with the names of properties that are set and have no field, for people."""
        known = {self.key, *(f.api for f in self.fields), *self.ignored}
        unknown = sorted(name for name, value in wire.items() if name not in known and value not in (None, "", [], {}))
        return {**self.load(wire), UNKNOWN: unknown}

    def dump(self, values: Object) -> dict[str, Wire]:
        """Properties as the API takes them; with None, a property is inherited again."""
        written = {f.name: f for f in self.fields if f.spec and f.dump}
        return {f.api: f.on_the_wire(values[name]) for name, f in written.items() if name in values}

    # -- decisions, on plain values

    def shown(self, values: Object) -> Object:
        """Values for results and diffs."""
        partly = {f.name: f.shows for f in self.fields if f.shows is not same and f.name in values}
        return {**values, **{name: shows(values[name]) for name, shows in partly.items()}}

    def declarable(self, have: Object) -> Object:
        """The values of an object that can be declared and are set, for the diff of its deletion."""
        values = {
            f.name: have.get(f.name) for f in self.fields if f.spec and not f.secret and have.get(f.name) != f.unset
        }
        return self.shown({name: value for name, value in values.items() if value not in (None, [], {}, "")})

    def declaration(self, name: str, have: Object) -> t.Optional[Object]:
        """An object as its module takes it, with only what is set on it; None where there is nothing to declare.

        What is written to other objects, such as members of a group, is declared there. Secrets are not known.
        """
        values = {
            f.name: have[f.name] for f in self.loaded if f.spec and f.dump and have.get(f.name) not in (None, f.unset)
        }
        return None if self.always_there and not values else {**self.keys_of(name), **self.shown(values)}

    def withheld(self, have: Object) -> list[str]:
        """The options of secrets that an object has and that the server does not return."""
        return [f.name for f in self.fields if f.is_set and f.is_set(have)]

    def left_out(self, have: Object) -> t.Iterator[str]:
        """What else of an object no declaration can contain, as ends of sentences."""
        for name in have.get(UNKNOWN, ()):
            yield f"its property {name}, which vpn.estate does not know"
