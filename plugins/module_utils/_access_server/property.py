# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties that users, groups and the default user have in common, and how they are written."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ansible_collections.vpn.estate.plugins.module_utils._access_server import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.account_safety import (
    PROOFS,
    RIGHTS,
    Standing,
    reconsider,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.client import AccessServer, some
from ansible_collections.vpn.estate.plugins.module_utils._access_server.known_values import METHODS
from ansible_collections.vpn.estate.plugins.module_utils._effort import Effort
from ansible_collections.vpn.estate.plugins.module_utils._errors import EstateError, InputError, Refused
from ansible_collections.vpn.estate.plugins.module_utils._plan import Change, Plan
from ansible_collections.vpn.estate.plugins.module_utils._resource import (
    Field,
    KnownValues,
    Object,
    Resource,
    Task,
    Wire,
    same,
)
from ansible_collections.vpn.estate.plugins.module_utils._text import only_in, twins

BOOL: t.Mapping[str, t.Any] = {"type": "bool"}
NO_SECRET: t.Mapping[str, t.Any] = {**BOOL, "no_log": False}  # though its name sounds like one to Ansible
TEXT: t.Mapping[str, t.Any] = {"type": "str"}
TEXTS: t.Mapping[str, t.Any] = {"type": "list", "elements": "str"}
REROUTE = ("global", "dns_only", "disable")
SCRIPTS = tuple(
    f"cli_script_connect_{system}_{user}_{moment}"
    for system in ("win", "mac")
    for user in ("user", "admin")
    for moment in ("connect", "disconnect")
)
ENVIRONMENTS = ("cli_script_connect_win_env", "cli_script_connect_mac_env")
LAST_RANK = 9
DEFAULT_USER_NAME = "__DEFAULT__"  # as servers show it (server-behaviour.md, 60)


def windows_lines(text: str) -> str:
    """Text in normal form with the line ends that Windows' own shells want."""
    return text.replace("\n", "\r\n")


def _environment_in(wire: Wire) -> dict[str, str]:
    """Variables by name; a value may come wrapped or plain (the document shows both)."""
    own = {name: values.own(value) for name, value in (wire or {}).items()}
    return {name: str(value) for name, value in own.items() if value is not None}


def inherited(
    name: str,
    spec: t.Mapping[str, t.Any],
    normal: t.Callable[[t.Any], t.Any] = values.boolean,
    dump: t.Callable[[t.Any], t.Any] = same,
    known: t.Optional[KnownValues] = None,
) -> Field:
    """A property that comes wrapped, and can be handed back to the level above."""
    return Field(name, spec, load=values.own, normal=normal, dump=dump, inherited=True, known=known)


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
    )


def text(name: str, normal: t.Callable[[str], str] = str) -> Field:
    """A plain text property; the empty text stands for "none"."""
    return Field(name, TEXT, dump=lambda plain: plain or None, normal=normal, unset="")


COMMON: t.Sequence[Field] = (
    *(inherited(name, BOOL) for name in ("deny", "deny_web", "admin", "autologin")),
    inherited("auth_method", TEXT, str, known=METHODS),
    inherited("cc_commands", TEXT, values.lines),
    *(inherited(name, BOOL) for name in ("totp", "allow_generate_profiles")),
    *(inherited(name, NO_SECRET) for name in ("password_strength", "allow_password_change")),
    inherited("reroute_gw", {"type": "str", "choices": list(REROUTE)}, values.reroute),
    network_set("bypass_subnets"),
    *(inherited(name, TEXT, values.lines, windows_lines if "_win_" in name else same) for name in SCRIPTS),
    *(Field(name, {"type": "dict"}, load=_environment_in, normal=_environment_in, unset={}) for name in ENVIRONMENTS),
)


class Owner(Resource):
    """Somebody who has properties."""

    def load_whole(self, wire: t.Mapping[str, Wire]) -> Object:
        """Own properties, those in force, and where these come from: for people, and never compared."""
        wrapped = {f.name: wire.get(f.api) for f in self.fields if f.inherited and wire.get(f.api) is not None}
        return {
            **self.load(wire),
            "effective": {
                f.name: f.normal(values.effective(wrapped[f.name])) for f in self.fields if f.name in wrapped
            },
            "inherited_from": {name: values.source(value) for name, value in wrapped.items() if values.source(value)},
        }

    needed: t.Collection[str] = ()  # what decisions want to know of an object, whatever is declared

    def loader(self, task: Task) -> t.Callable[[t.Mapping[str, Wire]], Object]:
        """How to load records for a task: all of them where it tells or deletes, else what it compares or needs."""
        if task.wanted is None or task.params.get("purge") or any(want.state != "present" for want in task.wanted):
            return self.load_whole
        compared = {name for want in task.wanted for name in (*want.values, *want.inherit)} | {*self.needed}
        fields = [f for f in self.loaded if f.name in compared]
        return lambda wire: {f.name: f.off_the_wire(wire) for f in fields}

    def record(self, change: Change) -> dict[str, Wire]:
        """What is written of a change."""
        return {"name": change.name, **self.dump(change.values)}

    def rank(self, change: Change) -> int:
        """Who loses access first, who gains it late, and what concerns ourselves last."""
        if change.last:
            return LAST_RANK
        denied = change.values.get("deny", "untouched")
        return {True: 0, False: 2, None: 2}.get(denied, 1)

    def update(self, client: AccessServer, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
        """All of them in one request."""
        written = [change for change in changes if self.dump(change.values)]
        effort.many(written, lambda batch: client.set_properties([self.record(change) for change in batch]))

    def repair(self, client: AccessServer, changes: t.Sequence[Change], effort: Effort, task: Task) -> None:
        """Clear what the server may have merged with what was there, then write it once more."""

        def clear(change: Change) -> dict[str, Wire]:
            lists = {name: None for name, value in change.values.items() if isinstance(value, (list, dict))}
            return {"name": change.name, **self.dump(lists)}

        def emptied(change: Change) -> dict[str, Wire]:
            blank = {f.api: "" for f in self.fields if change.values.get(f.name) == ""}
            return {**self.record(change), **blank}

        cleared = [change for change in changes if len(clear(change)) > 1]
        effort.many(cleared, lambda batch: client.set_properties([clear(change) for change in batch]))
        going_on = [change for change in changes if change.outcome != "failed"]
        effort.many(going_on, lambda batch: client.set_properties([emptied(change) for change in batch]))

    # -- the account that the task uses

    are_accounts = False

    def matters(self, change: Change) -> bool:
        """Whether a change could change rights of anybody."""
        return change.action == "delete" or bool({*RIGHTS, *PROOFS} & set(change.keys))

    def joined(self, change: Change) -> t.Collection[str]:
        """Groups that accounts join by a change."""
        return ()

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Whether a change could change the rights of an account."""
        return change.name == name

    def after(self, changes: t.Sequence[Change], name: str, before: Standing, task: Task) -> t.Optional[Standing]:
        """The standing of an account after these changes; None where the account is deleted."""
        raise NotImplementedError

    def reconsider(self, client: AccessServer, changes: t.Sequence[Change], task: Task) -> None:
        """Fail what would end our own sign-in after all, because something before it failed."""
        reconsider(self, client, changes, task)

    def prove(self, client: AccessServer, plan: Plan, task: Task) -> t.Optional[EstateError]:
        """Whether we still get in after what could have ended our sign-in; if not, undo it while the token is good."""
        risky = [change for change in plan.changes if change.risky and (change.begun or change.outcome == "done")]
        if not risky or not client.session.can_sign_in:
            return None
        try:
            client.session.sign_in_anew()
        except EstateError as exc:
            return EstateError(f"{str(exc).rstrip('.')}. {self._undone(client, risky, task)}")
        return None

    def _undone(self, client: AccessServer, changes: t.Sequence[Change], task: Task) -> str:
        """Set back what changed, as far as the token that is still there may, and say how far, by what the server has then."""
        for change in changes:
            change.fail("after this change the account of this task could no longer sign in")
        for change in reversed(changes):
            with contextlib.suppress(EstateError):
                self.take_back(client, change, task)
        return " ".join(self._left(client, change, task) for change in changes)

    def _left(self, client: AccessServer, change: Change, task: Task) -> str:
        stays = "another administrator has to set it back."
        try:
            found = self._as_it_is(client, change, task)
        except EstateError as exc:
            return f"What became of {self.noun} {change.name} is not known ({str(exc).rstrip('.')}): {stays}"
        if change.action == "create":
            return f"{self._the(change)} was deleted again." if found is None else f"{self._the(change)} stays: {stays}"
        if found is None:
            return f"{self._the(change)} is gone: another administrator has to create it again."
        if change.action == "delete":
            return f"{self._the(change)} was created again, with the properties that it had."
        before, was, shown = change.before or {}, change.undo.get("rights", {}), {f.name for f in self.loaded}
        other = sorted(
            n for n in change.values if n in shown and found.get(n) not in (before.get(n), was.get(n, before.get(n)))
        )
        other += sorted(set(change.secrets) - set(change.undo.get("secrets", ())))
        back = sorted({*change.values, *change.secrets} - set(other))
        parts = [f"{', '.join(back)} of {self._the(change)} was set back"] if back else []
        parts += [f"{', '.join(other)} of {self._the(change)} could not be set back: {stays[:-1]}"] if other else []
        return f"{', but '.join(parts)}."

    def _the(self, change: Change) -> str:
        return f"{self.noun} {change.name}"

    def take_back(self, client: AccessServer, change: Change, task: Task) -> None:
        """Undo one change."""
        effort = Effort(client, task)
        if change.action == "create":
            self.delete(client, [Change(change.name, "delete")], effort, task)
            return
        before = change.before or {}
        if change.action == "delete":
            values = {
                f.name: before[f.name] for f in self.loaded if f.spec and before.get(f.name) not in (None, f.unset)
            }
            self.create(client, [Change(change.name, "create", values=values)], effort, task)
            return
        values = {name: before.get(name) for name in change.values}
        for handed_back in (False, True):  # apart, because servers may refuse null (server-behaviour.md, 57)
            some = {name: value for name, value in values.items() if (value is None) == handed_back}
            self._write(client, change, some, effort, task)
        found, was = self._as_it_is(client, change, task) or {}, change.undo.get("rights", {})
        stuck = {n: was[n] for n, value in values.items() if value is None and n in was and found.get(n) is not None}
        self._write(client, change, stuck, effort, task)

    def _write(self, client: AccessServer, change: Change, values: Object, effort: Effort, task: Task) -> None:
        if values:
            again = Change(change.name, "update", before=change.values, values=values)
            self.update(client, [again], effort, task)

    def _as_it_is(self, client: AccessServer, change: Change, task: Task) -> t.Optional[Object]:
        return self.look(client, [change.name], replace(task, wanted=None)).objects.get(change.name)


def unless_gone(changes: t.Sequence[Change], effort: Effort, call: t.Callable[[list[str]], None], said: str) -> None:
    """Say by name what is to end; what is gone already is done."""

    def write(batch: list[Change]) -> None:
        try:
            call([change.name for change in batch])
        except Refused as exc:
            if exc.status != 404 or len(batch) > 1:
                raise

    effort.many(changes, write, said)


def refuse_default_user(name: str, noun: str) -> None:
    """Raise InputError for the name of what has a module of its own."""
    if name == DEFAULT_USER_NAME:
        raise InputError(f"{name} is not a {noun} but the default user: use as_default_user.")


def refuse_taken_names(steps: Plan, taken: t.Iterable[str], noun: str, other: str) -> None:
    """Users and groups share one name space (server-behaviour.md, 60)."""
    clash = {change.name for change in steps.of("create")} & set(taken)
    if clash:
        raise InputError(f"There is a {other} named {some(clash)}: a {noun} cannot have the same name.")


def refuse_unknown(missing: t.Iterable[str], what: str, task: Task) -> None:
    """What a declaration refers to must be there, or be made by the same run."""
    unknown = set(missing) - set(task.params.get("assume_present") or ())
    if unknown:
        raise InputError(
            f"There is no {what} named {some(unknown)}. Nothing was written. Create it first, or, if this run does, list it "
            "in assume_present."
        )


def may_create(client: AccessServer, task: Task) -> bool:
    """Whether what is read now decides what the task creates."""
    return not client.wrote and any(want.state != "absent" for want in task.wanted or ())


def warn_of_twins(steps: Plan, like: t.Callable[[t.Iterable[str]], t.Collection[str]], noun: str, task: Task) -> None:
    """A new name that looks like one that is there is often a mistake."""
    new = [change.name for change in steps.of("create")]
    for name, twin in twins(new, like(new) if new else ()).items():
        task.warn(f"{noun.capitalize()} {name} is created beside {twin}, which differs {only_in(name, twin)}.")
