# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan could end the sign-in of the account that the task uses.

The effect decides, not the name of a property: the rights of the account are calculated as they are, and as they are after
the plan. A user goes before the group, the group before the default user, that before the configuration
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
"""Rights with the value that lets an administrator in. No value of the authentication method is known to do so."""
RIGHTS = (*HARMLESS, METHOD)
PRODUCT: t.Mapping[str, bool] = {"admin": False, "deny": False, "deny_web": False}
"""What counts where nothing is set (recorded as ``implicit_default``; server behaviour, 41)."""
SETTINGS: t.Mapping[str, str] = {METHOD: "auth.module.type", TOTP: "vpn.server.google_auth.enable"}
"""Rights that the configuration decides where no user, group or default user does (server behaviour, 50, 66)."""
FROM_BENEATH = ("configuration", "implicit_default")
PROOFS = ("password", "authenticator")
"""What the account proves itself with; in a level, the value stands for another one than the task knows."""

ANOTHER = "to another one"
ADMINISTRATORS = "administrators"  # in the notes of a run: accounts that may be the task's own, as they were at first

Level = t.Mapping[str, t.Any]


class _Unknown:
    def __repr__(self) -> str:
        return "a value that is not known"


UNKNOWN: t.Final = _Unknown()


@dataclass(frozen=True)
class Standing:
    """What is set on each level that decides over the rights of one account.

    ``groups`` holds the groups that matter; None stands for one that another task of the run creates, of which nothing is
    known in check mode. ``beneath`` tells what counts where no level has a value.
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
        """The value that counts; UNKNOWN where nothing tells it."""
        found = self._set(name, default_group)
        return self.beneath.value(name) if found is None else found

    def shut_out(self, default_group: bool) -> bool:
        """Whether it cannot administer as it is, as far as records tell."""
        found = {name: self.right(name, default_group) for name in PRODUCT}
        return any(value is not UNKNOWN and value != HARMLESS[name] for name, value in found.items())

    @property
    def ways(self) -> list[bool]:
        """What the group of the default user may be to users without one: each way in which the account administers.

        The account of the task administers now, so a way that shuts it out is not the server's; if both do, its rights
        come from elsewhere.
        """
        return [way for way in (False, True) if not self.shut_out(way)] or [False, True]

    def follows_configuration(self, name: str) -> bool:
        """Whether no user, group or default user decides it."""
        return any(self._set(name, way) is None for way in self.ways)


class Beneath:
    """What counts for an account where no user, group or default user has a value."""

    def __init__(self, client: AccessServer, told: Level) -> None:
        self._client, self._told = client, {**PRODUCT, **told}

    def value(self, name: str) -> t.Any:
        """From the account's own record, else from the configuration, which is read once and only where it is needed."""
        if name not in self._told and name in SETTINGS:
            self._told = {**configured(self._client), **self._told}
        return self._told.get(name, UNKNOWN)


def configured(client: AccessServer) -> dict[str, t.Any]:
    """What the active configuration profile says of rights; empty where it cannot be read."""
    try:
        items = {
            i["name"]: i.get("value") for i in client.config_items(client.config_profiles[0], [*SETTINGS.values()])
        }
    except EstateError:
        return {}
    told = {right: values.boolean(items.get(key)) for right, key in SETTINGS.items()}
    return {right: value for right, value in told.items() if value is not None}


def level(record: Record) -> dict[str, t.Any]:
    """What is set on one record, and decides over rights."""
    own = {name: values.boolean(values.own(record.get(name))) for name in (*RIGHTS, "def_deny")}
    found = {name: value for name, value in own.items() if value is not None}
    return {**found, **({"group": record["group"]} if record.get("group") else {})}


def changed(before: t.Optional[Level], after: Object) -> dict[str, t.Any]:
    """A level with the values of a change; None hands one back."""
    both = {
        **(before or {}),
        **{name: value for name, value in after.items() if name in (*RIGHTS, *PROOFS, "def_deny")},
    }
    return {name: value for name, value in both.items() if value is not None}


def losses(before: Standing, after: Standing) -> dict[str, str]:
    """Rights that the account could lose, each with both values, as in ``{"deny": "False to True"}``."""
    lost: dict[str, str] = {}
    for default_group in before.ways:
        for name in RIGHTS:
            was, will = before.right(name, default_group), after.right(name, default_group)
            if was != will and will != HARMLESS.get(name):
                lost[name] = f"{was} to {will}"
    denied = [standing.default.get("def_deny") for standing in (before, after)]
    if not after.recorded and denied[1] and not denied[0]:  # of users without a record alone (server behaviour, 45)
        lost["def_deny"] = f"{denied[0] or False} to True"
    if after.user.get("password") != before.user.get("password"):
        lost["password"] = ANOTHER
    asked = any(after.right(TOTP, default_group) is not False for default_group in (False, True))
    if asked and after.user.get("authenticator") != before.user.get("authenticator"):
        lost["authenticator"] = ANOTHER
    return lost


@t.runtime_checkable
class Noun(t.Protocol):
    """What the safety of accounts wants to know of a resource whose objects decide over rights."""

    noun: str
    are_accounts: bool  # each object is one account

    def matters(self, change: Change) -> bool:
        """Whether a change could change the rights of any account."""

    def touches(self, change: Change, name: str, before: Standing) -> bool:
        """Whether a change could change the rights of an account."""

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """Groups that an account of one of these names joins by a change; any account may, where there are no names."""

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """The standing of an account after these changes; None where the account is deleted."""


@dataclass
class Risk:
    """What a plan does to one account that may be the task's own: the changes that touch it, and the rights it could lose."""

    account: str
    touching: list[Change]
    before: Standing
    after: t.Optional[Standing]
    lost: t.Mapping[str, str]

    @property
    def rights_of_before(self) -> dict[str, t.Any]:
        """Of the rights that the account could lose, the values that count before the change."""
        found = {name: self.before.right(name, default_group=False) for name in self.lost if name in RIGHTS}
        return {name: value for name, value in found.items() if value is not UNKNOWN}

    @property
    def ends_it(self) -> bool:
        """Whether the account is certainly no administrator any more."""
        if self.after is None:
            return True
        return any(
            self.after.right("admin", way) is False or self.after.right("deny", way) is True for way in (False, True)
        )


def guard(noun: Noun, run: Run[AccessServer], known: t.Optional[t.Mapping[str, Record]] = None) -> None:
    """Refuse a plan that could end the sign-in of the account that the task uses; with ``allow_self``, have it proven.

    ``known`` are records of users that the caller has read, those of ``own_names`` among them. Changes that touch the
    account are marked: those that could end its sign-in are made last, and so are those of a group that it leaves.
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
                f"Group {group} is not there yet, so that check mode cannot tell what it does to the rights of "
                f"{each.account}. The run looks at it, and refuses what could end the sign-in of that account."
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
            f"{_told(noun, risks)}. It is not proven that {_account(client, bool(names))} can still sign in. A proof needs "
            "as_username and as_password."
        )


def reconsidered(noun: Noun, run: Run[AccessServer], changes: t.Sequence[Change]) -> list[Change]:
    """Those changes that may still be written. The others fail.

    What comes last and was found harmless is judged once more, just before it is written: another change may have failed.
    """
    open_ones = [c for c in changes if c.turn is Turn.OWN and not c.at_risk and noun.matters(c)]
    for each in _risks(noun, run, open_ones, own_names(run.client), None) if open_ones else ():
        for change in each.touching if each.lost else ():
            change.fail(f"it was left out, because after what has become of the rest it would change {_losses(each)}")
    return [change for change in changes if change.outcome != "failed"]


def own_names(client: AccessServer) -> list[str]:
    """Names that the record of the task's own account may have, likeliest first; none where nothing tells them.

    Servers may be lenient about the spelling of a name at sign-in, so other usual spellings come last.
    """
    names = client.session.account_names
    return [*names, *sorted(respelled(names))]


def own_record(names: t.Sequence[str], records: t.Mapping[str, t.Any]) -> t.Optional[str]:
    """The likeliest of the names that has a record."""
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
    # An account that becomes an administrator only by what this task writes is none that the task may be signed in with.
    first = run.notes.setdefault(ADMINISTRATORS, {*standings})
    for account, now in standings.items():
        if account not in first:
            continue
        before = _after_earlier(run, account, now, joined)
        if before is None:  # what deletes the account has been judged by then
            continue
        touching = [change for change in changes if noun.touches(change, account, before)]
        if not touching:
            continue
        after = noun.after(run, touching, account, before)
        lost = {"account": "to none"} if after is None else losses(before, after)
        found.append(Risk(account, touching, before, after, lost))
    return found


def _after_earlier(run: Run[AccessServer], account: str, before: Standing, joined: set[str]) -> t.Optional[Standing]:
    """The standing of an account after what the task writes to the resources that it plans before this one."""
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
    """Standings of all accounts that may be the task's own: the one that is named, or every administrator."""
    client = run.client
    if names:
        there = client.users(names).records if known is None else known
        own = own_record(names, there)
        records = {own: there[own]} if own else {names[0]: {}}  # people of a directory need no record
    else:
        records = client.users([name for name, administers in client.user_roll().items() if administers]).records
    default = level(client.object("GET /users/defaultuser"))
    if not names and (default.get("admin") or default.get("group")):
        records[""] = {}  # the same
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
    """What an account's record tells of the lowest levels, where it inherits from there."""
    wrapped = {name: record.get(name) for name in RIGHTS}
    told = {
        name: values.boolean(wire["value"])
        for name, wire in wrapped.items()
        if isinstance(wire, dict) and wire.get("inherited") and wire.get("inherited_source_type") in FROM_BENEATH
    }
    return Beneath(client, told)


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
            f"{listed(administrators)} would be the last to go: this would leave the server without an administrator. Nothing "
            "was written. Name one in protect."
        )


def _refusal(noun: Noun, client: AccessServer, risks: t.Sequence[Risk], named: bool, may_be_allowed: bool) -> str:
    way_out = "Sign in as another administrator."
    if may_be_allowed and client.session.can_sign_in:
        way_out = "If that is meant, say allow_self: true; it is then done last and proven by a new sign-in."
    elif may_be_allowed:
        way_out = (
            "If that is meant, say allow_self: true; without as_username and as_password, no new sign-in proves it."
        )
    if not named:
        way_out = f"Say as_username beside as_token. {way_out}"
    return (
        f"{_told(noun, risks)}, and could end the sign-in of {_account(client, named)}. Nothing was written. {way_out}"
    )


def _account(client: AccessServer, named: bool) -> str:
    if named:
        return f"{client.username}, the account that this task is signed in with"
    return (
        "the account that this task is signed in with, which can be any administrator, because as_token does not tell"
    )


def _told(noun: Noun, risks: t.Sequence[Risk]) -> str:
    objects = {change.name: None for each in risks for change in each.touching}
    who = listed(each.account or "users without a record" for each in risks)
    what = "; ".join(dict.fromkeys(_losses(each) for each in risks))
    return f"{noun.noun} {listed(objects)} would change {what} for {who}"


def _losses(risk: Risk) -> str:
    return ", ".join(f"{name} ({change})" for name, change in sorted(risk.lost.items()))


def _undone(changes: t.Sequence[tuple[Part, Change]]) -> str:
    """Set back what changed, as far as the token that is still there may, and say how far, by what the server has then."""
    for _part, change in changes:
        change.fail("after this change the account of this task could no longer sign in")
    for part in reversed(list(dict.fromkeys(part for part, _change in changes))):
        backwards = [change for of_part, change in reversed(changes) if of_part is part]
        for change in sorted(backwards, key=lambda change: change.action != "delete"):  # what was deleted went last
            with contextlib.suppress(EstateError):
                part.resource.take_back(part.run, change)
    return " ".join(part.resource.left(part.run, change) for part, change in changes)


class Safeguarded(Resource):
    """A resource whose changes may end the sign-in of the account that the task uses: they are proven, and taken back."""

    def settle(self, run: Run[AccessServer], stopped: bool) -> None:
        """Prove that we still get in after what could have ended our sign-in; if not, undo it while the token is good."""
        risky = [
            (part, change)
            for part in run.parts
            for change in part.run.plan.changes
            if change.at_risk and (change.touched or change.outcome == "done")
        ]
        if not risky or risky[0][0].run is not run or not run.client.session.can_sign_in:
            return  # or another part of the task tries it, for all of them
        try:
            run.client.session.sign_in_anew()
        except EstateError as exc:
            raise EstateError(f"{str(exc).rstrip('.')}. {_undone(risky)}") from exc

    def left(self, run: Run[AccessServer], change: Change) -> str:
        """What the server has after a change was taken back, in a sentence."""
        stays = "another administrator has to set it back."
        try:
            found = self._as_it_is(run, change)
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
        for handed_back in (False, True):  # apart, because servers may refuse null (server behaviour, 57)
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
