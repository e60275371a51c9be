# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties that users, groups and the default user have in common, and how they are written."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ..._engine.arguments import LINES
from ..._engine.declaration_files import is_plain_number
from ..._engine.description import UNKNOWN
from ..._engine.field import Field, Object, Turn, Wire, same
from ..._engine.plan import Change, Plan
from ..._engine.run import UNDECLARED, Run
from ..._text.errors import EstateError, InputError, Mistakes, Refused, did_you_mean
from ..._text.outside import only_in, twins
from ..api import values
from ..api.client import AccessServer, some
from ..configuration.known_values import METHODS
from .account_safety import PROOFS, RIGHTS, Safeguarded, Standing

BOOL: t.Mapping[str, t.Any] = {"type": "bool"}
NO_SECRET: t.Mapping[str, t.Any] = {**BOOL, "no_log": False}  # although Ansible takes its name for a secret
TEXT: t.Mapping[str, t.Any] = {"type": "str"}
SEVERAL_LINES: t.Mapping[str, t.Any] = {"type": LINES}
TEXTS: t.Mapping[str, t.Any] = {"type": "list", "elements": "str"}
REROUTE = ("global", "dns_only", "disable")
SCRIPTS = tuple(
    f"cli_script_connect_{system}_{user}_{moment}"
    for system in ("win", "mac")
    for user in ("user", "admin")
    for moment in ("connect", "disconnect")
)
ENVIRONMENTS = ("cli_script_connect_win_env", "cli_script_connect_mac_env")
DEFAULT_USER_NAME = "__DEFAULT__"  # as servers show it (server behaviour, 60)


def windows_lines(text: str) -> str:
    """Text in normal form, with the line ends that Windows shells need."""
    return text.replace("\n", "\r\n")


def _environment(given: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Variables as they are declared: text or whole numbers. A variable with null is not declared."""
    for name, value in given.items():
        if not (value is None or isinstance(value, str) or is_plain_number(value)):
            raise ValueError(f"{name} is {value!r}, but must be text. Put it in quotes; in a template, use | string")
    return {name: str(value) for name, value in given.items() if value is not None}


def _environment_in(wire: Wire) -> dict[str, str]:
    """Variables by name; a value may come wrapped or plain (the document shows both)."""
    own = {name: values.own(value) for name, value in (wire or {}).items()}
    return {name: str(value) for name, value in own.items() if value is not None}


def inherited(
    name: str,
    spec: t.Mapping[str, t.Any],
    normal: t.Callable[[t.Any], t.Any] = values.boolean,
    dump: t.Callable[[t.Any], t.Any] = same,
    **more: t.Any,
) -> Field:
    """A property that comes wrapped, and can be inherited from the level above. ``more`` are attributes of Field."""
    return Field(name, spec, load=values.own, normal=normal, dump=dump, inherited=True, **more)


def network_set(name: str) -> Field:
    """A set of networks."""
    return Field(
        name,
        {**TEXTS, "no_log": False},
        altered=values.host_bits,
        load=values.networks_in,
        dump=values.networks_out,
        normal=values.networks,
        unset=[],
        read_back=True,
    )


def text(name: str, normal: t.Callable[[str], str] = str) -> Field:
    """A plain text property; the empty text means none."""
    return Field(name, TEXT, dump=lambda plain: plain or None, normal=normal, unset="")


def membership() -> Field:
    """The group of a user; the empty text means none."""
    return replace(text("group"), refers=lambda group: [("group", group)], turn=Turn.MOVE)


COMMON: t.Sequence[Field] = (
    inherited("deny", BOOL, gives=False),
    inherited("deny_web", BOOL, gives=False),
    inherited("admin", BOOL, gives=True),
    inherited("autologin", BOOL, gives=True),
    inherited("auth_method", TEXT, str, known=lambda name, have: METHODS),
    inherited("cc_commands", SEVERAL_LINES, values.lines),
    inherited("totp", BOOL, gives=False),
    inherited("allow_generate_profiles", BOOL, gives=True),
    inherited("password_strength", NO_SECRET, gives=False),
    inherited("allow_password_change", NO_SECRET, gives=True),
    inherited("reroute_gw", {"type": "str", "choices": list(REROUTE)}, values.reroute),
    network_set("bypass_subnets"),
    *(inherited(name, SEVERAL_LINES, values.lines, windows_lines if "_win_" in name else same) for name in SCRIPTS),
    *(
        Field(name, {"type": "dict"}, load=_environment_in, normal=_environment, unset={}, read_back=True)
        for name in ENVIRONMENTS
    ),
)


class Owner(Safeguarded):
    """A user, a group or the default user: all of them have properties."""

    def load_whole(self, wire: t.Mapping[str, Wire]) -> Object:
        """Own properties, effective ones, and their sources: for people, and never compared."""
        wrapped = {f.name: wire.get(f.api) for f in self.fields if f.inherited and wire.get(f.api) is not None}
        whole = super().load_whole(wire)
        whole[UNKNOWN] = [name for name in whole[UNKNOWN] if values.own(wire[name]) is not None]
        return {
            **whole,
            "effective": {
                f.name: f.normal(values.effective(wrapped[f.name])) for f in self.fields if f.name in wrapped
            },
            "inherited_from": {name: values.source(value) for name, value in wrapped.items() if values.source(value)},
        }

    elsewhere = {DEFAULT_USER_NAME: "the default user: use as_default_user"}
    needed: t.Collection[str] = ()  # what decisions need of an object, whether or not it is declared

    def loader(self, run: Run[AccessServer]) -> t.Callable[[t.Mapping[str, Wire]], Object]:
        """How to load records for a task: whole if it shows or deletes them, else only what it compares or needs."""
        params = run.task.params
        if (
            run.wanted is None
            or params.get("purge")
            or params.get(UNDECLARED)
            or any(want.state != "present" for want in run.wanted)
        ):
            return self.load_whole
        compared = {name for want in run.wanted for name in (*want.values, *want.inherit)} | {*self.needed}
        fields = [f for f in self.loaded if f.name in compared]
        return lambda wire: {f.name: f.off_the_wire(wire) for f in fields}

    def record(self, change: Change) -> dict[str, Wire]:
        """The record that a change writes."""
        return {"name": change.name, **self.dump(change.values)}

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of them in one request."""
        written = [change for change in changes if self.dump(change.values)]
        run.writes.many(
            written, lambda batch: run.client.call("POST /userprop/set", [self.record(change) for change in batch])
        )

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Clear what the server may have merged with earlier values, then write it again."""

        def clear(change: Change) -> dict[str, Wire]:
            lists = {name: None for name, value in change.values.items() if isinstance(value, (list, dict))}
            return {"name": change.name, **self.dump(lists)}

        def emptied(change: Change) -> dict[str, Wire]:
            blank = {f.api: "" for f in self.fields if change.values.get(f.name) == ""}
            return {**self.record(change), **blank}

        cleared = [change for change in changes if len(clear(change)) > 1]
        run.writes.many(
            cleared, lambda batch: run.client.call("POST /userprop/set", [clear(change) for change in batch])
        )
        going_on = [change for change in changes if change.outcome != "failed"]
        run.writes.many(
            going_on, lambda batch: run.client.call("POST /userprop/set", [emptied(change) for change in batch])
        )

    # -- the account that the task uses

    are_accounts = False

    def matters(self, change: Change) -> bool:
        """Whether a change could change the rights of any account."""
        return change.action == "delete" or bool({*RIGHTS, *PROOFS} & set(change.keys))

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """Groups that an account of one of these names joins by a change; without names, any account may join."""
        return ()

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Whether a change could change the rights of an account."""
        return change.name == name

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """The standing of an account after these changes; None where the account is deleted."""
        raise NotImplementedError


def unless_gone(
    run: Run[AccessServer], changes: t.Sequence[Change], call: t.Callable[[list[str]], None], verb: str
) -> None:
    """End objects by name; objects that no longer exist are done."""

    def write(batch: list[Change]) -> None:
        try:
            call([change.name for change in batch])
        except Refused as exc:
            if exc.status != 404 or len(batch) > 1:
                raise

    run.writes.many(changes, write, verb)


def refuse_taken_names(steps: Plan, taken: t.Iterable[str], noun: str, other: str) -> None:
    """Users and groups share one name space (server behaviour, 60). Raises InputError."""
    clash = {change.name for change in steps.of("create")} & set(taken)
    if clash:
        raise InputError(f"A {other} named {some(clash)} already exists. A {noun} cannot have the same name.")


References = dict[str, list[str]]
"""Names, and what refers to each, as in ``{"staf": ["user erika"]}``; empty if an object is named for itself."""


def references(pairs: t.Iterable[tuple[str, str]]) -> References:
    """References from pairs of a name and what refers to it."""
    found: References = {}
    for name, whose in pairs:
        found.setdefault(name, []).append(whose)
    return found


def refuse_unknown(named: References, there: t.Container[str], what: str, run: Run[AccessServer]) -> None:
    """Raise Mistakes if a declaration refers to a user or group that does not exist and that this run does not create."""
    assumed = {*(run.task.params.get("assume_present") or ()), *run.creates(what)}
    unknown = {name: whose for name, whose in named.items() if name not in there and name not in assumed}
    if not unknown:
        return
    known = {*assumed}
    with contextlib.suppress(EstateError):  # without the list, only the suggestion is missing
        listing = run.client.users if what == "user" else run.client.groups
        known.update(listing(None, lambda wire: True).records)
    mistakes = Mistakes()
    for name, whose in sorted(unknown.items()):
        others = f" and {len(whose) - 1} more" if len(whose) > 1 else ""
        needed = f" (needed by {whose[0]}{others})" if whose else ""
        hint = did_you_mean(name, known) if mistakes.has_room else ""
        mistakes.add(f"{what} {name}{needed} does not exist.{hint}")
    way_out = "Create what is missing first. If this run creates it, list it in assume_present."
    if "assume_present" not in run.task.params:
        way_out = "Declare what is missing, or create it first."
    mistakes.remedies = [way_out]
    mistakes.unwritten = True
    mistakes.refuse()


def may_create(run: Run[AccessServer]) -> bool:
    """Whether the objects that are read now decide what the task creates."""
    return not run.client.wrote and any(want.state != "absent" for want in run.wanted or ())


def warn_of_twins(run: Run[AccessServer], like: t.Callable[[t.Iterable[str]], t.Collection[str]], noun: str) -> None:
    """A new name that looks like an existing one is often a mistake."""
    new = [change.name for change in run.plan.of("create")]
    for name, twin in twins(new, like(new) if new else ()).items():
        run.task.warn(
            f"{noun.capitalize()} {name} is created, but {twin} exists already and differs {only_in(name, twin)}."
        )
