# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a kind of object is described, and how it is read and changed: what every noun gives."""

from __future__ import annotations

import functools
import typing as t

from .._text.errors import EstateError, Mistakes, did_you_mean
from .._text.outside import oddity
from .arguments import TEXT_OR_NUMBER
from .field import Field, KnownValues, Object, Spec, Wire, same
from .plan import Actual, Change, Wanted
from .run import Run

MOST_TOLD = 20  # pairs in a warning
PURGE_OPTIONS: t.Mapping[str, Spec] = {
    "purge": {"type": "bool", "default": False},
    "purge_empty": {"type": "bool", "default": False},
    "purge_limit": {"type": TEXT_OR_NUMBER},
    "protect": {"type": "list", "elements": "str", "default": []},
}


class Resource:
    """What a thing is called, what it is made of, and how to read and change it.

    Subclasses give the data and the calls. Each call takes many objects: one is a list of one.
    """

    noun: str
    plural: str
    key: str = "name"
    naming: t.Optional[t.Collection[str]] = None  # options that name something of the server, if not the key alone
    fields: t.Sequence[Field] = ()
    states: t.Sequence[str] = ("present", "absent")
    purgeable: bool = True
    identifying: t.Collection[str] = ()  # properties that say which object is meant, as its key does
    unshared: t.Collection[str] = ()  # options of which two objects never have the same value, but for none
    exclusive_keys: bool = True  # of several options that say which object is meant, one is said
    always_there: bool = False  # nothing is created or deleted: being absent is a value, which desired() knows
    secrets_apart: bool = False  # secrets have a call of their own, write_secrets()
    options: t.Mapping[str, Spec] = {}
    info_options: t.Mapping[str, Spec] = {}
    informs_by_name: bool = True  # an info module takes the names of objects that one option names

    # -- the words of a playbook

    def object_spec(self) -> dict[str, t.Any]:
        """Options of one object, without its key."""
        spec: dict[str, t.Any] = {f.name: dict(f.spec) for f in self.fields if f.spec}
        inherited = [f.name for f in self.fields if f.inherited]
        if inherited:
            spec["inherit"] = {"type": "list", "elements": "str", "choices": inherited}
        return spec

    def key_spec(self) -> dict[str, t.Any]:
        """Options that say which object is meant."""
        return {self.key: {"type": "str"}}

    def argument_spec(self) -> dict[str, t.Any]:
        """Options of the module that manages this resource."""
        own, keys = self.object_spec(), self.key_spec()
        state = {"type": "str", "choices": list(self.states)}
        spec = {**keys, **own, **self.options}
        if len(self.states) > 1:
            spec["state"] = {**state, "default": self.states[0]}
        if self.plural:
            each = {**keys, **own, **({"state": state} if len(self.states) > 1 else {})}
            # Ansible takes some plurals for secrets by their names; what is secret in them says so itself.
            spec[self.plural] = {
                "type": "list",
                "elements": "dict",
                "options": each,
                "no_log": False,
                **self._named(keys),
            }
            spec["src"] = {"type": "path"}
            spec["only_properties"] = {"type": "list", "elements": "str"}
            if len(self.states) > 1:
                spec["only_states"] = {"type": "list", "elements": "str"}
            if len(keys) == 1:
                each[self.key] = {"type": "str", "required": True}
            if self.purgeable:
                spec.update(PURGE_OPTIONS)
        return spec

    def _named(self, keys: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        apart = {"mutually_exclusive": [tuple(keys)]} if self.exclusive_keys else {}
        return {} if len(keys) == 1 else {"required_one_of": [tuple(keys)], **apart}

    def constraints(self) -> dict[str, t.Any]:
        """What AnsibleModule checks between options: one object or many."""
        if not self.plural:
            return {}
        keys = tuple(self.key_spec())
        options = dict.fromkeys((*keys, *self.object_spec()))
        apart = [(one, many) for one in options for many in (self.plural, "src")]
        rivals = [keys] if len(keys) > 1 and self.exclusive_keys else []
        return {
            "required_one_of": [(*keys, self.plural, "src")],
            "mutually_exclusive": [*rivals, (self.plural, "src"), *apart],
            "required_if": [("purge", True, (self.plural, "src"), True)] if self.purgeable else [],
        }

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """The name under which plans, results and diffs speak of an object."""
        return str(params[self.key])

    def wanted(self, params: t.Mapping[str, t.Any], state: str) -> Wanted:
        """What the user said, in normal form, and nothing that the user did not. Raises InputError."""
        name, values, secrets, altered = self.identity(params), {}, {}, {}
        mistakes = Mistakes()
        for sentence in self._odd_names(params, state):
            mistakes.add(sentence)
        for f in self.fields:
            said = params.get(f.name) if f.spec else None
            if said is None:
                continue
            if f.secret:
                secrets[f.name] = said
                continue
            try:
                values[f.name] = f.normal(said)
                more = f.altered(said)
                if more:
                    altered[f.name] = more
            except ValueError as exc:
                mistakes.add(f"{f.name} of {self.noun} {name}: {exc}.")
        inherit = list(params.get("inherit") or [])
        both = sorted(set(inherit) & set(values))
        if both:
            mistakes.add(f"{', '.join(both)} of {self.noun} {name}: declared, and listed in inherit; only one can be.")
        want = Wanted(name, params.get("state") or state, values, inherit, secrets, altered)
        for sentence in self.faults(want, {name for name, said in params.items() if said is not None}):
            mistakes.add(sentence)
        mistakes.refuse()
        return want

    def faults(self, want: Wanted, said: t.Collection[str]) -> t.Iterator[str]:
        """What is wrong with one object beyond the form of each value, as sentences.

        ``said`` are the options that the object gives: one whose value is refused is among them, and not in ``want``.
        """
        return iter(())

    def _odd_names(self, params: t.Mapping[str, t.Any], state: str) -> t.Iterator[str]:
        """Whatever has such a name all the same, another program created; it can be deleted."""
        for option in (self.key,) if self.naming is None else self.naming:
            said = params.get(option)
            why = "" if said is None else oddity(str(said), there=(params.get("state") or state) == "absent")
            if why:
                yield f"{option}: {said!r} cannot be a name: {why}."

    def agree(self, wanted: t.Sequence[Wanted]) -> None:
        """Refuse objects that cannot all be, before anything is read. Raises InputError; Mistakes, to tell several."""
        mistakes = Mistakes()
        for name in self.unshared:
            holders: dict[str, list[str]] = {}
            for want in wanted:
                if want.values.get(name) and want.state != "absent":
                    holders.setdefault(want.values[name], []).append(want.name)
            for value, owners in holders.items():
                if len(owners) > 1:
                    mistakes.add(f"{name}: {value} is declared for {' and for '.join(owners)}.")
        mistakes.remedy = "Nothing was written."
        mistakes.refuse()

    def slips(self, said: Object) -> t.Iterator[tuple[str, str]]:
        """Options of one object that hold a secret by mistake, each with what to do instead."""
        return iter(())

    # -- the words of the server

    @functools.cached_property
    def loaded(self) -> list[Field]:
        """The fields that a record can tell."""
        return [f for f in self.fields if not f.secret and not f.create_only]

    def load(self, wire: t.Mapping[str, Wire]) -> Object:
        """A record in normal form; secrets are dropped here, so that nothing above can leak them."""
        return {f.name: f.off_the_wire(wire) for f in self.loaded}

    def dump(self, values: Object) -> dict[str, Wire]:
        """Properties as the API takes them; None hands a property back."""
        known = {f.name: f for f in self.fields}
        values = {name: value for name, value in values.items() if name in known and known[name].spec}
        return {known[n].api: None if v is None else known[n].dump(v) for n, v in values.items()}

    # -- decisions, on plain values

    def desired(self, run: Run[t.Any], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """The values that the object shall have afterwards; None hands one back."""
        return {**wanted.values, **dict.fromkeys(wanted.inherit)}

    def renews(self, run: Run[t.Any], f: Field, have: t.Optional[Object], wanted: Wanted) -> bool:
        """Whether a declared secret is to be written: always, or only where the server has none."""
        when = run.task.params.get("update_password") or run.task.params.get("update_secrets") or "on_create"
        return have is None or when == "always" or bool(f.is_set and not f.is_set(have))

    def rank(self, change: Change) -> int:
        """Changes of a lower rank are written first: what takes access away before what gives it."""
        return 0

    def shown(self, values: Object) -> Object:
        """Values for results and diffs."""
        partly = {f.name: f.shows for f in self.fields if f.shows is not same and f.name in values}
        return {**values, **{name: shows(values[name]) for name, shows in partly.items()}}

    def lost(self, have: Object) -> Object:
        """What goes with an object, for the diff of its deletion."""
        said = {f.name: have.get(f.name) for f in self.fields if f.spec and not f.secret}
        return self.shown({name: value for name, value in said.items() if value not in (None, [], {}, "")})

    def known_values(self, f: Field, change: Change) -> t.Optional[KnownValues]:
        """The values that are known for a property of this object, where there are more than these."""
        return f.known

    def warn_of_unknown(self, run: Run[t.Any]) -> None:
        """Warn of values that no server is known to take, before they are written and in check mode alike."""
        found: dict[tuple[str, str, KnownValues], list[str]] = {}
        for change in run.plan.of("create", "update"):
            for f in self.fields:
                known = self.known_values(f, change) if f.name in change.values else None
                for value in known.unknown(change.values[f.name]) if known else ():
                    found.setdefault((f.name, value, t.cast(KnownValues, known)), []).append(change.name)
        for (name, value, known), objects in found.items():
            more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
            run.task.warn(
                f"{name} of {self.noun} {objects[0]}{more}: {value!r} is not among the values that are known "
                f"({', '.join(known.values)}), and the server may refuse it.{did_you_mean(value, known.values)}"
            )

    # -- talking to the server

    def read(self, run: Run[t.Any], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Objects by name; every one of them, with the server's count, where ``names`` is None. Callers use ``run.read``."""
        raise NotImplementedError

    def check(self, run: Run[t.Any]) -> None:
        """Everything in ``run.plan`` that can be found wrong without writing."""

    def reconsider(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Look once more at what comes last, when all the rest is written; what must not be written any more fails."""

    def withdraw(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """What comes before a deletion, such as ending sessions."""

    def delete(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Delete these objects."""
        raise NotImplementedError

    def update(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Write ``change.values``, and ``change.secrets`` unless they have a call of their own, to objects that are there."""
        raise NotImplementedError

    def create(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Make objects with ``change.values``."""
        raise NotImplementedError

    def write_secrets(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """Write ``change.secrets``, where they have a call of their own, to objects that are there."""

    def leaves_open(self, change: Change) -> bool:
        """Whether the vendor leaves open what the server makes of this write, so that it is read back.

        The answer to a deletion is not believed where the object can be looked for.
        """
        return change.action in ("create", "delete") or any(
            v is None or isinstance(v, (list, dict)) for v in change.values.values()
        )

    def ends(self, change: Change) -> Object:
        """What a change ends besides, and what is left of it then, which is read back like the rest."""
        return {}

    def disbelieve(self, change: Change, have: Object) -> None:
        """Fail a deletion after which the object is there all the same."""
        change.fail(
            f"the server answered that it deleted {self.noun} {change.name}, and still lists {self.remains(have)}"
        )

    def remains(self, have: Object) -> str:
        """What is there of an object that should be gone, for sentences."""
        return "it"

    def repair(self, run: Run[t.Any], changes: t.Sequence[Change]) -> None:
        """A second way to write what the first did not achieve; the default has none."""

    def prove(self, run: Run[t.Any]) -> t.Optional[EstateError]:
        """After everything was written: why we could no longer sign in, if so."""
        return None

    def attend(self, run: Run[t.Any]) -> None:
        """After everything was written, or found as it should be: wait for what follows by itself. What does not come fails."""

    # -- info modules

    def inform(self, run: Run[t.Any], names: t.Optional[t.Sequence[str]]) -> list[Object]:
        """Objects for an info module, by name."""
        found = run.read(self, names)
        if found.total not in (None, len(found.objects)):
            run.task.warn(
                f"{run.client.url} counts {found.total} {self.plural} and listed {len(found.objects)}: somebody is changing "
                "them, or the list is not whole."
            )
        return [{self.key: name, **self.shown(one)} for name, one in sorted(found.objects.items())]
