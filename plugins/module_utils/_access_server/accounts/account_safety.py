# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan could end the sign-in of the account that the task uses.

The effect decides, not the name of a property: the rights of the account are calculated as they are now, and as they are
after the plan. A user goes before the group, the group before the default user, and the default user before the configuration
(server behaviour, 66).
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

from ..._engine.field import Object, Turn
from ..._engine.plan import Change, OwnAccount, Step, Wanted, listed
from ..._engine.resource import Resource
from ..._engine.run import Part, Run
from ..._text.errors import EstateError, InputError, reads
from ..api import values
from ..api.client import AccessServer, Record, respelled

METHOD, TOTP = "auth_method", "totp"
HARMLESS: t.Mapping[str, bool] = {"admin": True, "deny": False, "deny_web": False, TOTP: False}
"""Rights, with the value that lets an administrator sign in. For the authentication method, no such value is known."""
RIGHTS = (*HARMLESS, METHOD)
PRODUCT: t.Mapping[str, bool] = {"admin": False, "deny": False, "deny_web": False}
"""The values if nothing is set (recorded as ``implicit_default``; server behaviour, 41)."""
SETTINGS: t.Mapping[str, str] = {METHOD: "auth.module.type", TOTP: "vpn.server.google_auth.enable"}
"""Rights that the configuration decides if no user, group or default user does (server behaviour, 50, 66)."""
FROM_BENEATH = ("configuration", "implicit_default")
PROOFS = ("password", "authenticator")
"""What the account signs in with; in a level, the value means: another one than the task knows."""

ANOTHER = "to another one"
ADMINISTRATORS = (
    "administrators"  # in the notes of a run: accounts that may be the task's own, as they were at the start
)

Level = t.Mapping[str, t.Any]


class _Unknown:
    def __repr__(self) -> str:
        return "a value that is not known"


UNKNOWN: t.Final = _Unknown()


@dataclass(frozen=True)
class Standing:
    """What is set on each level that decides over the rights of one account.

    ``groups`` holds the groups that matter. None stands for a group that another task of the run creates, of which nothing is
    known in check mode. ``beneath`` gives the value if no level has one.
    """

    user: Level
    group: str
    groups: t.Mapping[str, t.Optional[Level]]
    default: Level
    beneath: Beneath = field(repr=False)
    recorded: bool = True

    def among(self, default_group: bool) -> str:
        """The group of the account; users without one may belong to that of the default user (server behaviour, 63)."""
        return self.group or (self.default.get("group") or "" if default_group else "")

    def _set(self, name: str, default_group: bool) -> t.Any:
        group = self.among(default_group)
        levels = (self.user, (self.groups.get(group) or {}) if group else {}, self.default)
        return next((level[name] for level in levels if level.get(name) is not None), None)

    def right(self, name: str, default_group: bool) -> t.Any:
        """The value that counts; UNKNOWN if no level shows it."""
        found = self._set(name, default_group)
        return self.beneath.value(name) if found is None else found

    def shut_out(self, default_group: bool) -> bool:
        """Whether it cannot administer now, as far as records show."""
        found = {name: self.right(name, default_group) for name in PRODUCT}
        return any(value is not UNKNOWN and value != HARMLESS[name] for name, value in found.items())

    @property
    def ways(self) -> list[bool]:
        """How the default user's group may count for users without a group: each way in which the account can administer.

        The account of the task administers now, so a way that locks it out is not the way of the server. If both
        lock it out, its rights come from another place.
        """
        return [way for way in (False, True) if not self.shut_out(way)] or [False, True]

    def follows_configuration(self, name: str) -> bool:
        """Whether neither user, group nor default user decides it."""
        return any(self._set(name, way) is None for way in self.ways)


class Beneath:
    """What counts for an account where no user, group or default user has a value."""

    def __init__(self, client: AccessServer, known: Level) -> None:
        self._client, self._known = client, {**PRODUCT, **known}

    def value(self, name: str) -> t.Any:
        """From the record of the account, else from the configuration, which is read once and only if needed."""
        if name not in self._known and name in SETTINGS:
            self._known = {**configured(self._client), **self._known}
        return self._known.get(name, UNKNOWN)


def configured(client: AccessServer) -> dict[str, t.Any]:
    """The rights in the active configuration profile; empty if it cannot be read."""
    try:
        items = {
            i["name"]: i.get("value") for i in client.config_items(client.config_profiles[0], [*SETTINGS.values()])
        }
    except EstateError:
        return {}
    found = {right: values.boolean(items.get(key)) for right, key in SETTINGS.items()}
    return {right: value for right, value in found.items() if value is not None}


def level(record: Record) -> dict[str, t.Any]:
    """The values on one record that decide about rights."""
    own = {name: values.boolean(values.own(record.get(name))) for name in (*RIGHTS, "def_deny")}
    found = {name: value for name, value in own.items() if value is not None}
    return {**found, **({"group": record["group"]} if record.get("group") else {})}


def changed(before: t.Optional[Level], after: Object) -> dict[str, t.Any]:
    """A level with the values of a change; None removes a value."""
    both = {
        **(before or {}),
        **{name: value for name, value in after.items() if name in (*RIGHTS, *PROOFS, "def_deny")},
    }
    return {name: value for name, value in both.items() if value is not None}


def losses(before: Standing, after: Standing) -> dict[str, str]:
    """The rights that the account could lose, each with both values, as in ``{"deny": "False to True"}``."""
    lost: dict[str, str] = {}
    for default_group in before.ways:
        for name in RIGHTS:
            was, will = before.right(name, default_group), after.right(name, default_group)
            if was != will and will != HARMLESS.get(name):
                lost[name] = f"{was} to {will}"
    denied = [standing.default.get("def_deny") for standing in (before, after)]
    if not after.recorded and denied[1] and not denied[0]:  # only for users without a record (server behaviour, 45)
        lost["def_deny"] = f"{denied[0] or False} to True"
    if after.user.get("password") != before.user.get("password"):
        lost["password"] = ANOTHER
    asked = any(after.right(TOTP, default_group) is not False for default_group in (False, True))
    if asked and after.user.get("authenticator") != before.user.get("authenticator"):
        lost["authenticator"] = ANOTHER
    return lost


@t.runtime_checkable
class Noun(t.Protocol):
    """What the safety of accounts needs from a resource whose objects decide about rights."""

    are_accounts: bool  # each object is one account

    def title(self, name: str) -> str:
        """An object in a sentence."""

    def matters(self, change: Change) -> bool:
        """Whether a change could change the rights of any account."""

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Whether a change could change the rights of an account."""

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """Groups that an account of one of these names joins by a change; without names, any account may join."""

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """The standing of an account after these changes; None where the account is deleted."""


@dataclass
class Risk:
    """The effect of a plan on one account that may be the task's own: the changes that touch it, and the rights it could lose."""

    account: str
    touching: list[Change]
    before: Standing
    after: t.Optional[Standing]
    lost: t.Mapping[str, str]

    @property
    def rights_of_before(self) -> dict[str, t.Any]:
        """The rights that the account could lose, with the values before the change."""
        found = {name: self.before.right(name, default_group=False) for name in self.lost if name in RIGHTS}
        return {name: value for name, value in found.items() if value is not UNKNOWN}

    @property
    def ends_it(self) -> bool:
        """Whether the account is certainly no longer an administrator."""
        if self.after is None:
            return True
        return any(
            self.after.right("admin", way) is False or self.after.right("deny", way) is True for way in (False, True)
        )


def guard(noun: Noun, run: Run[AccessServer], known: t.Optional[t.Mapping[str, Record]] = None) -> None:
    """Refuse a plan that could end the sign-in of the account that the task uses; with ``allow_self``, mark it for verification.

    ``known`` are records of users that the caller has read, including those of ``own_names``. Changes that touch the account
    are marked. Changes that could end its sign-in, and changes of a group that it leaves, are made last.
    """
    client, task = run.client, run.task
    changes = [change for change in run.plan.of("create", "update", "delete") if noun.matters(change)]
    names = own_names(client) if changes else []
    if noun.are_accounts:
        changes = [c for c in changes if (c.name in names if names else c.action != "create")]
    if not changes:
        return
    found = _risks(noun, run, changes, names, known)
    for each in found:
        group = each.after.group if each.after else ""
        if each.after and group and each.after.groups.get(group, {}) is None:
            task.warn(
                f"Group {group} does not exist yet, so check mode cannot predict its effect on the rights of {each.account}. "
                "The real run checks it, and refuses what could end the sign-in of that account."
            )
        for change in each.touching:
            now = OwnAccount.AT_RISK if each.lost else OwnAccount.TOUCHED
            change.own_account = max(change.own_account, now)
            if change.at_risk or change.name in _left(each):
                change.turn = Turn.OWN
            change.undo["rights"] = {**change.undo.get("rights", {}), **each.rights_of_before}
    risks = [each for each in found if each.lost]
    if not risks:
        return
    if not task.params.get("allow_self"):
        raise InputError(_refusal(noun, client, risks, bool(names), "allow_self" in task.params))
    if not names:
        keep_an_administrator(client, {each.account for each in risks if each.ends_it})
    if not client.session.can_sign_in:
        task.warn(
            f"{_described(noun, risks)}. This task cannot verify that its account can still sign in; that needs as_username "
            "and as_password."
        )


def reconsidered(noun: Noun, run: Run[AccessServer], changes: t.Sequence[Change]) -> list[Change]:
    """The changes that may still be written. The others fail.

    A change that is made last and was harmless is checked again just before it is written: another change may have failed.
    """
    open_ones = [c for c in changes if c.turn is Turn.OWN and not c.at_risk and noun.matters(c)]
    for each in _risks(noun, run, open_ones, own_names(run.client), None) if open_ones else ():
        for change in each.touching if each.lost else ():
            change.fail(
                f"it was not written, because another change failed: without that one, it would change {_losses(each)} of the "
                "task's account"
            )
    return [change for change in changes if change.outcome != "failed"]


def own_names(client: AccessServer) -> list[str]:
    """Names that the record of the task's account may have, the most likely one first; empty if they are not known.

    Servers may accept other spellings of a name at sign-in, so other usual spellings come last.
    """
    names = client.session.account_names
    return [*names, *sorted(respelled(names))]


def own_record(names: t.Sequence[str], records: t.Mapping[str, t.Any]) -> t.Optional[str]:
    """The first of the names that has a record."""
    return next((name for name in names if name in records), None)


def _risks(
    noun: Noun,
    run: Run[AccessServer],
    changes: t.Sequence[Change],
    names: t.Sequence[str],
    known: t.Optional[t.Mapping[str, Record]],
) -> list[Risk]:
    found = []
    joined = {group for change in changes for group in noun.joined(change, names)}
    standings: dict[str, Standing] = _standings(run, names, joined, known)
    # An account that becomes an administrator only by this task cannot be the account of this task.
    first = run.notes.setdefault(ADMINISTRATORS, {*standings})
    for account, now in standings.items():
        if account not in first:
            continue
        before = _after_earlier(run, account, now, joined)
        if before is None:  # the change that deletes the account is already checked
            continue
        touching = [change for change in changes if noun.touches(change, account, before)]
        if not touching:
            continue
        after = noun.after(run, touching, account, before)
        lost = {"account": "existing to deleted"} if after is None else losses(before, after)
        found.append(Risk(account, touching, before, after, lost))
    return found


def _after_earlier(run: Run[AccessServer], account: str, before: Standing, joined: set[str]) -> t.Optional[Standing]:
    """The standing of an account after the changes to resources that are planned before this one."""
    for part in run.earlier():
        if isinstance(part.resource, Noun):
            changes = [
                change for change in part.run.plan.of("create", "update", "delete") if part.resource.matters(change)
            ]
            touching = [c for c in changes if c.name in joined or part.resource.touches(c, account, before)]
            after = part.resource.after(part.run, touching, account, before) if touching else before
            if after is None:
                return None
            before = after
    return before


def own_standings(run: Run[AccessServer]) -> dict[str, Standing]:
    """Standings of all accounts that may be the task's own, by name, as they are."""
    return _standings(run, own_names(run.client), set(), None)


@reads
def _standings(
    run: Run[AccessServer],
    names: t.Sequence[str],
    joined: set[str],
    known: t.Optional[t.Mapping[str, Record]],
) -> dict[str, Standing]:
    """Standings of all accounts that may be the task's own: the named one, or every administrator."""
    client = run.client
    if names:
        there = client.users(names).records if known is None else known
        own = own_record(names, there)
        records = {own: there[own]} if own else {names[0]: {}}  # users of a directory need no record
    else:
        records = client.users([name for name, administers in client.user_roll().items() if administers]).records
    default = level(client.object("GET /users/defaultuser"))
    if not names and (default.get("admin") or default.get("group")):
        records[""] = {}  # users of a directory need no record
    asked = {str(each.get("group") or "") for each in (*records.values(), default)} - {""} | joined
    groups: dict[str, t.Optional[Level]] = {}
    if asked:
        found = client.groups(sorted(asked)).records
        groups = {name: level(record) for name, record in found.items()}
        assumed = set(run.task.params.get("assume_present") or ()) if run.task.check else set()
        groups.update(dict.fromkeys((asked & assumed) - groups.keys()))
    standings = {
        name: Standing(
            level(record), record.get("group") or "", groups, default, _beneath(client, record), bool(record)
        )
        for name, record in records.items()
    }
    if names:
        return standings
    return {name: one for name, one in standings.items() if not (one.shut_out(False) and one.shut_out(True))}


def _beneath(client: AccessServer, record: Record) -> Beneath:
    """What an account's record shows of the lowest levels, if it inherits from there."""
    wrapped = {name: record.get(name) for name in RIGHTS}
    inherited = {
        name: values.boolean(wire["value"])
        for name, wire in wrapped.items()
        if isinstance(wire, dict) and wire.get("inherited") and wire.get("inherited_source_type") in FROM_BENEATH
    }
    return Beneath(client, inherited)


def _left(risk: Risk) -> set[str]:
    """Groups that the account leaves."""
    if risk.after is None:
        return set()
    pairs = [(risk.before.among(way), risk.after.among(way)) for way in (False, True)]
    return {before for before, after in pairs if before and before != after}


def keep_an_administrator(client: AccessServer, losing: t.Collection[str]) -> None:
    administrators = {name for name, administers in client.user_roll().items() if administers}
    if administrators and administrators <= set(losing):
        raise InputError(
            f"This would leave the server without an administrator, because none of {listed(administrators)} would remain one. "
            "Nothing was written. Keep one of them. If a purge deletes it, add it to protect."
        )


def _refusal(noun: Noun, client: AccessServer, risks: t.Sequence[Risk], named: bool, may_be_allowed: bool) -> str:
    way_out = "Sign in as another administrator."
    if may_be_allowed and client.session.can_sign_in:
        way_out = (
            "If this is intended, set allow_self: true. The change is then made last, and a new sign-in verifies it."
        )
    elif may_be_allowed:
        way_out = "If this is intended, set allow_self: true. Without as_username and as_password, no new sign-in verifies it."
    if not named:
        way_out = f"Set as_username in addition to as_token. {way_out}"
    return f"{_described(noun, risks)}. This could end the sign-in of {_account(client, named)}. Nothing was written. {way_out}"


def _account(client: AccessServer, named: bool) -> str:
    if named:
        return f"{client.username or own_names(client)[0]}, the account of this task"
    return "the account of this task, which can be any administrator, because as_token does not name it"


def _described(noun: Noun, risks: t.Sequence[Risk]) -> str:
    objects = {change.name: None for each in risks for change in each.touching}
    who = listed(each.account or "users without a record" for each in risks)
    what = "; ".join(dict.fromkeys(_losses(each) for each in risks))
    return f"{listed(map(noun.title, objects))} would change {what} for {who}"


def _losses(risk: Risk) -> str:
    return ", ".join(f"{name} ({change})" for name, change in sorted(risk.lost.items()))


def _undone(changes: t.Sequence[tuple[Part, Change]]) -> str:
    """Roll back the changes, as far as the remaining token allows, and report what the server has afterwards."""
    for _part, change in changes:
        change.fail("after this change, the task's account could no longer sign in")
    for part in reversed(list(dict.fromkeys(part for part, _change in changes))):
        backwards = [change for of_part, change in reversed(changes) if of_part is part]
        for change in sorted(backwards, key=lambda change: change.action != "delete"):  # deletions were made last
            with contextlib.suppress(EstateError):
                part.resource.take_back(part.run, change)
    return " ".join(part.resource.left(part.run, change) for part, change in changes)


class Safeguarded(Resource):
    """A resource whose changes may end the sign-in of the account of the task. They are verified, and rolled back if needed."""

    def settle(self, run: Run[AccessServer], stopped: bool) -> None:
        """Verify that a sign-in still works after changes that could end it; if not, undo them while the token is valid."""
        risky = [
            (part, change)
            for part in run.parts
            for change in part.run.plan.changes
            if change.at_risk and (change.touched or change.outcome == "done")
        ]
        if not risky or risky[0][0].run is not run or not run.client.session.can_sign_in:
            return  # or another part of the task verifies it, for all parts
        try:
            run.client.session.sign_in_again()
        except EstateError as exc:
            raise EstateError(f"{str(exc).rstrip('.')}. {_undone(risky)}") from exc

    def left(self, run: Run[AccessServer], change: Change) -> str:
        """What the server has after a change was rolled back, in a sentence."""
        try:
            found = self._as_it_is(run, change)
        except EstateError as exc:
            why = str(exc).rstrip(".")
            return (
                f"The state of {self.title(change.name)} is not known ({why}). Another administrator must restore it."
            )
        if change.action == "create":
            stays = f"{self.title(change.name)} still exists: another administrator must delete it."
            return f"{self.title(change.name)} was deleted again." if found is None else stays
        if found is None:
            return f"{self.title(change.name)} no longer exists: another administrator must create it again."
        if change.action == "delete":
            return f"{self.title(change.name)} was created again with its earlier properties."
        before, was, shown = change.before or {}, change.undo.get("rights", {}), {f.name for f in self.loaded}
        other = sorted(
            n for n in change.values if n in shown and found.get(n) not in (before.get(n), was.get(n, before.get(n)))
        )
        other += sorted(set(change.secrets) - set(change.undo.get("secrets", ())))
        back = sorted({*change.values, *change.secrets} - set(other))
        parts = [f"Rolled back: {', '.join(back)} of {self.title(change.name)}."] if back else []
        if other:
            parts.append(
                f"Not rolled back: {', '.join(other)} of {self.title(change.name)}; another administrator must restore it."
            )
        return " ".join(parts)

    def take_back(self, run: Run[AccessServer], change: Change) -> None:
        """Undo one change."""
        if change.action == "create":
            self.delete(run, [Change(Wanted(change.name), Step("delete"))])
            return
        before = change.before or {}
        if change.action == "delete":
            values = {
                f.name: before[f.name] for f in self.loaded if f.spec and before.get(f.name) not in (None, f.unset)
            }
            self.create(run, [Change(Wanted(change.name), Step("create", values=values))])
            return
        values = {name: before.get(name) for name in change.values}
        for handed_back in (False, True):  # separately, because servers may refuse null (server behaviour, 57)
            some = {name: value for name, value in values.items() if (value is None) == handed_back}
            self._write(run, change, some)
        found, was = self._as_it_is(run, change) or {}, change.undo.get("rights", {})
        stuck = {n: was[n] for n, value in values.items() if value is None and n in was and found.get(n) is not None}
        self._write(run, change, stuck)

    def _write(self, run: Run[AccessServer], change: Change, values: Object) -> None:
        if values:
            self.update(run, [Change(Wanted(change.name), Step("update", change.values, values))])

    def _as_it_is(self, run: Run[AccessServer], change: Change) -> t.Optional[Object]:
        return replace(run, wanted=None).read(self, [change.name]).objects.get(change.name)
