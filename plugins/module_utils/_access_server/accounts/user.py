# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the Access Server."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import typing as t
from dataclasses import replace
from functools import partial

from ..._engine.field import WHEN_WRITTEN, Field, Object, Turn
from ..._engine.old_sessions import DISCONNECT_MOVED, OLD, OPTION, Session, add_sessions, end_old, left, read_back
from ..._engine.plan import Actual, Change, Plan, Wanted
from ..._engine.run import Run
from ..._engine.writes import ONE_BAD_OBJECT
from ..._text.errors import InputError, Mistakes
from ..api import values
from ..api.client import AccessServer, some
from ..configuration.known_values import NETWORK, POOL
from .account_safety import Standing, changed, guard, keep_an_administrator, own_names, own_record
from .properties import (
    BOOL,
    COMMON,
    Owner,
    may_create,
    membership,
    network_set,
    references,
    refuse_taken_names,
    refuse_unknown,
    text,
    unless_gone,
    warn_of_twins,
)
from .revoke_access import HOLDINGS, end, holdings

FORWARDED: t.Mapping[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "ip": {"type": "str", "required": True},
        "protocol": {"type": "str", "choices": [*values.PROTOCOLS, values.ICMP]},
        "start_port": {"type": "int"},
        "end_port": {"type": "int"},
    },
}


def _address(f: Field, wire: t.Mapping[str, t.Any]) -> t.Any:
    """An address of a user that the task does not manage; it can be any text."""
    try:
        return f.off_the_wire(wire)
    except (TypeError, ValueError):
        return ""


def _forwarded(name: str, version: int) -> Field:
    return Field(name, FORWARDED, normal=values.dmz(version), unset=[], read_back=True)


# Fixed addresses, with the key of each in the record of a session.
VIRTUAL = {"static_ipv4": "virtual_ipv4_address", "static_ipv6": "virtual_ipv6_address"}
MOVED = {
    "reason": "vpn.estate: group or address changed",
    "client_reason": "Your group or address has changed. Connect again.",
}


def _sessions(client: AccessServer) -> dict[str, list[Session]]:
    """The sessions of each user, by their keys."""
    found: dict[str, list[Session]] = {}
    for one in client.vpn_clients():
        known = tuple(str(one.get(key)) for key in ("daemon_id", "client_id", "connected_since"))
        found.setdefault(str(one.get("username")), []).append((known, one))
    return found


def _carries_old(have: Object, after: Object, session: t.Mapping[str, t.Any]) -> bool:
    """Whether a session may have an address or a group that its user loses. No answer shows the group of a session."""
    if "group" in after and (after["group"] or "") != (have.get("group") or ""):
        return True
    for option, key in VIRTUAL.items():
        old, new = have.get(option) or "", after.get(option, have.get(option)) or ""
        carried = str(session.get(key) or "")
        with contextlib.suppress(ValueError):
            carried = str(ipaddress.ip_address(carried))
        if new != old and (carried != new if new else carried == old):
            return True
    return False


def _without_derived(values: Object) -> Object:
    return {option: value for option, value in values.items() if option != "compile"}


class User(Owner):
    """Users. The sessions of denied or deleted users end too."""

    noun, plural = "user", "users"
    states = ("present", "absent", "blocked")
    are_accounts = True
    turn = Turn.MOVE
    implied = {"blocked": {"deny": True}}
    ended = "blocked"
    of_each = ("update_password",)
    needed = ("group", "password_defined")
    unshared = ("static_ipv4", "static_ipv6")
    ignored = ("totp_secret", "type")
    deletion_touches = ("group", "access list of", "ruleset of")  # members, lists, and rules that name the user (62)
    fields = (
        replace(membership(), turn_from_unset=Turn.LEAVE),  # the default user's group may count for others (63)
        *COMMON,
        text("static_ipv4", partial(values.address, version=4)),
        text("static_ipv6", partial(values.address, version=6)),
        _forwarded("dmz_ip", 4),
        _forwarded("dmz_ipv6", 6),
        network_set("client_to_server_subnets"),
        Field("compile", BOOL, normal=values.boolean),
        Field("totp_admin_only", BOOL, normal=values.boolean, unset=False),
        Field(
            "password",
            {"type": "str", "no_log": True},
            rewrite=lambda declared, have: None if have["password_defined"] else True,
            is_set=lambda have: have["password_defined"],
        ),
        Field("password_defined", normal=values.boolean),
        Field("mfa_status"),
        Field("totp_locked", normal=values.boolean),
    )
    options = {
        "update_password": WHEN_WRITTEN,
        **DISCONNECT_MOVED,
        "group_mapping": {"type": "bool", "default": False},
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "allow_self": {"type": "bool", "default": False},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Properties that contradict the state, and passwords that protect no account."""
        for want in wanted:
            if want.state == "blocked" and (want.values.get("deny") is False or "deny" in want.inherit):
                yield f"user {want.name}: state: blocked contradicts the declared deny; only one of them is allowed."
            password = want.secrets.get("password")
            if password is not None and password.casefold() == want.name.casefold():
                yield f"password of user {want.name}: it must not be the user's name, which is easy to guess."

    def declaration(self, name: str, have: Object) -> t.Optional[Object]:
        """Without what servers derive from the other properties (server behaviour, 48)."""
        return _without_derived(super().declaration(name, have) or {})

    def declarable(self, have: Object) -> Object:
        """Without the same."""
        return _without_derived(super().declarable(have))

    def left_out(self, have: Object) -> t.Iterator[str]:
        """Also the authenticator."""
        if have["totp_locked"]:
            yield "its authenticator: as_user_mfa can set the same totp_secret on another server"
        yield from super().left_out(have)

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A blocked user has no profiles, no tokens for them and no sessions, once it is denied.

        If a directory maps users to groups, which it does at each sign-in, an existing user keeps its group.
        """
        blocked = wanted.state == "blocked" and "deny" in wanted.values
        ended = {name: 0 for name in HOLDINGS if blocked and have and have.get(name)}
        after = {**super().desired(run, wanted, have), **ended}
        if have and run.task.params.get("group_mapping"):
            after.pop("group", None)
        if have and not blocked and run.task.params.get(OPTION):
            end_old(run, wanted.name, have, after, lambda session: _carries_old(have, after, session))
        return after

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """With the holdings of users whose access may have to end."""
        listing = run.client.users(names, self.loader(run), spellings=may_create(run))
        users = listing.records
        staying = {want.name for want in run.wanted or () if want.state == "present"} | {
            *run.task.params.get("protect", ())
        }
        named = {want.name for want in run.wanted or ()}
        going = users if run.task.params.get("purge") else named & users.keys()
        leaving = {name for name in going if name not in staying} if run.wanted is not None else set()
        if names is not None and run.wanted is not None:  # a user without a record may also have something
            leaving |= set(names) - {want.name for want in run.wanted if want.state != "absent"}
        for name, held in (holdings(run.client, leaving) if leaving else {}).items():
            if name in users:
                users[name].update(held)
            elif any(held.values()):
                remains = " and ".join(f"{number} {kind}" for kind, number in held.items() if number).replace("_", " ")
                users[name] = {"recordless": True, "remains": remains, **held}
        if run.wanted is not None and run.task.params.get(OPTION):
            add_sessions(run, users, _sessions(run.client))
        return Actual(users, listing.total, listing.whole)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Groups that do not exist, names that are in use, addresses in no pool, and the account of the task."""
        client, plan = run.client, run.plan
        with mistakes.collecting():
            self._guard_ourselves(run)
        self._warn_of_directories(run)
        self._note_what_ends(run)
        new = [change.name for change in plan.of("create")]
        wanted = references(
            (c.values["group"], f"user {c.name}") for c in plan.of("create", "update") if c.values.get("group")
        )
        fixed = {c.name: c for c in plan.of("create", "update") if c.values.get("static_ipv4")}
        theirs = {name: c.values.get("group", (c.before or {}).get("group", "")) for name, c in fixed.items()}
        asked = {name for name in (*new, *wanted, *theirs.values()) if name}
        groups = client.groups(sorted(asked)).records if asked else {}
        with mistakes.collecting():
            refuse_taken_names(plan, groups, "user", "group")
        with mistakes.collecting():
            refuse_unknown(wanted, groups, "group", run)
        if fixed:
            subnets = {name: values.networks_in(record.get("subnets")) for name, record in groups.items()}
            new_groups = run.creates("group")
            for name, planned in run.planned("group").items():
                if name in new_groups or "subnets" in planned:
                    subnets[name] = planned.get("subnets") or []
            known = {n: subnets.get(group or "", []) for n, group in theirs.items() if not group or group in subnets}
            self._check_addresses(run, fixed, known, mistakes)
        self._warn_of_shared_addresses(run)
        warn_of_twins(run, client.users_like, "user")

    def _warn_of_shared_addresses(self, run: Run[AccessServer]) -> None:
        """Addresses that this task sets and that other users keep. The server allows two users with one address."""
        plan = run.plan
        given = [(c, name) for c in plan.of("create", "update") for name in self.unshared if c.values.get(name)]
        if not given:
            return
        fields = [f for f in self.loaded if f.name in self.unshared]
        if not run.task.params.get("purge"):  # which has read all users
            there = run.client.users_with(
                [f.api for f in fields], lambda wire: {f.name: _address(f, wire) for f in fields}
            )
            planned = {change.name for change in plan.changes}
            plan = Plan(plan.changes, {name: one for name, one in there.items() if name not in planned})
        holders: dict[tuple[str, str], list[str]] = {}
        for name in self.unshared:
            for user, address in plan.afterwards(name).items():
                holders.setdefault((name, address), []).append(user)
        for change, name in given:
            others = [user for user in holders[name, change.values[name]] if user != change.name]
            if others:
                run.task.warn(
                    f"{name} of user {change.name}: {change.values[name]} is also the address of {some(others)}."
                )

    @staticmethod
    def _note_what_ends(run: Run[AccessServer]) -> None:
        """What deleted users have, and blocked users without a record; and what ends with their access."""
        unrecorded = [change.name for change in run.plan.of("create") if change.state == "blocked"]
        held = holdings(run.client, unrecorded) if unrecorded else {}
        held.update((change.name, change.before or {}) for change in run.plan.of("delete"))
        for change in run.plan.of("create", "delete"):
            has = held.get(change.name, {})
            change.results = {name: has[name] for name in HOLDINGS if has.get(name)}
            change.lost = {**change.results}
        for change in run.plan.of("create", "update"):
            blocked = change.action == "create" and change.state == "blocked" and change.values.get("deny") is True
            change.ends = {name: 0 for name in HOLDINGS if blocked or name in change.values}
        read_back(run.plan.of("update"))

    @staticmethod
    def _check_addresses(
        run: Run[AccessServer],
        fixed: t.Mapping[str, Change],
        subnets: t.Mapping[str, t.Sequence[str]],
        mistakes: Mistakes,
    ) -> None:
        """A fixed address comes from the static network, a network of clients, or one of the user's group (``subnets``).

        Whether a new network is active at once is not known (server behaviour, 90).
        """
        common = _address_pools(run)
        for name, own in subnets.items():
            pools = [ipaddress.ip_network(one) for one in (*common, *own)]
            address = ipaddress.ip_address(fixed[name].values["static_ipv4"])
            if any(address in ipaddress.ip_network(one) for one in common):
                fixed[name].hint = (
                    "The network of its static_ipv4 is in the configuration. If the network is new, it may need a restart: "
                    "restart the server, then run again"
                )
            if pools and not any(address in pool for pool in pools):
                mistakes.add(
                    f"static_ipv4 of user {name}: {address} is not in a network from which this server gives addresses "
                    f"({', '.join(map(str, pools))})."
                )

    @staticmethod
    def _warn_of_directories(run: Run[AccessServer]) -> None:
        """A user that is deleted here, but not in the directory, is created again at the next sign-in (server behaviour, C)."""
        methods = {c.name: (c.before or {}).get("effective", {}).get("auth_method") for c in run.plan.of("delete")}
        theirs = [name for name, method in methods.items() if method not in (None, "local")]
        if theirs:
            run.task.warn(
                f"{some(theirs)}: a sign-in through {some({str(methods[name]) for name in theirs})} can create a deleted "
                "user again. Use state: blocked to keep a user out."
            )

    def _guard_ourselves(self, run: Run[AccessServer]) -> None:
        ending = {c.name: c for c in run.plan.of("delete")}
        ending.update(
            (c.name, c) for c in run.plan.of("update", "create") if c.state == "blocked" and c.values.get("deny")
        )
        names = own_names(run.client) if ending else []
        own = own_record(names, run.client.users(names).records) if ending.keys() & names else None
        change = ending.get(own or next(iter(names), ""))
        if change:
            verb = "deleted" if change.action == "delete" else "blocked"
            why = (
                f", because {change.wanted.until.text} (until) has passed" if change.end and change.wanted.until else ""
            )
            raise InputError(
                f"user {change.name} is the account of this task, and would be {verb}{why}. Nothing was written. Sign in as "
                "another administrator. If a purge deletes it, you can also add it to protect."
            )
        guard(self, run)
        losing = {c.name for c in run.plan.of("delete")} | {
            c.name for c in run.plan.of("update") if self._loses_admin(c)
        }
        if losing and run.task.params.get("purge"):
            keep_an_administrator(run.client, losing)

    @staticmethod
    def _loses_admin(change: Change) -> bool:
        return change.values.get("deny") is True or change.values.get("admin", True) is not True

    def matters(self, change: Change) -> bool:
        """Also the group."""
        return super().matters(change) or "group" in change.values

    def joined(self, change: Change, names: t.Collection[str]) -> t.Collection[str]:
        """The group that the user joins."""
        return {change.values["group"]} if change.values.get("group") else ()

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """The values of the account afterwards. The password that is in use changes nothing."""
        [change] = changes
        if change.action == "delete":
            return None
        password = change.secrets.get("password")
        proof = {} if password in (None, run.task.params["as_password"]) else {"password": "another"}
        group = change.values.get("group", before.group)
        return replace(before, user={**changed(before.user, change.values), **proof}, group=group or "", recorded=True)

    def take_back(self, run: Run[AccessServer], change: Change) -> None:
        """Also the password of our own account, because the task knows the old one."""
        super().take_back(run, change)
        before = run.client.session.password_before
        if "password" in change.secrets and before is not None and change.own_account:
            run.task.outdated = run.client.session.use_password(before)
            run.client.change_password(change.name, before)
            change.undo["secrets"] = ["password"]

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Properties first, so that disconnected users cannot connect again."""
        super().update(run, changes)
        end(run, [change for change in changes if set(HOLDINGS) & change.values.keys()])
        self._disconnect(run, changes)
        self._set_passwords(run, changes)

    @staticmethod
    def _disconnect(run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Disconnect users whose sessions still have a lost group or address."""
        moved = [change for change in changes if OLD in change.values and change.outcome != "failed"]
        connected = _sessions(run.client) if moved else {}
        unless_gone(
            run,
            [change for change in moved if left(run, change.name, connected.get(change.name, ()))],
            lambda names: run.client.call("POST /vpn/client/disconnect", {"users": names, **MOVED}),
            "disconnected",
        )

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """End again what has not ended."""
        end(run, [change for change in changes if set(HOLDINGS) & change.values.keys()])
        super().repair(run, [change for change in changes if change.values.keys() - {*HOLDINGS, OLD}])
        self._disconnect(run, changes)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Deny first, because a directory could create a deleted user again; then end what the users have, and delete them."""
        client = run.client
        recordless = {change.name for change in changes if (change.before or {}).get("recordless")}
        open_ones = [c for c in changes if c.before and c.name not in recordless and c.before["deny"] is not True]
        unless_gone(
            run,
            open_ones,
            lambda names: client.call("POST /userprop/set", [{"name": name, "deny": True} for name in names]),
            "denied",
        )
        going_on = [change for change in changes if change.outcome != "failed"]
        end(run, [c for c in going_on if any((c.before or {}).get(name) for name in HOLDINGS)])
        recorded = [c for c in going_on if c.outcome != "failed" and c.name not in recordless]
        unless_gone(run, recorded, lambda names: client.call("POST /users/delete", {"users": names}), "deleted")

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Each with all its properties at once: no user is without a group, not even for a moment.

        A blocked user may have profiles and sessions although it is new: users of a directory need no record.
        """
        run.writes.each(changes, lambda change: run.client.call("POST /users/create", self.record(change)))
        end(run, [change for change in changes if change.state == "blocked"])
        self._set_passwords(run, changes)

    def _set_passwords(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Passwords have a call of their own (server behaviour, 64), where 403 is also the answer to a weak one."""

        def write(change: Change) -> None:
            run.client.change_password(change.name, change.secrets["password"])
            if change.own_account and run.client.username:
                run.task.outdated = run.client.session.use_password(change.secrets["password"])

        written = [change for change in changes if change.secrets and change.outcome != "failed"]
        run.writes.each(written, write, "given a password", (*ONE_BAD_OBJECT, 403))


def _address_pools(run: Run[AccessServer]) -> list[str]:
    """Networks from which VPN clients get addresses, as far as the configuration shows, after the changes of this task."""
    items = run.client.config_items(run.client.config_profiles[0])
    found = {item["name"]: item.get("value") for item in items}
    beside = run.beside("configuration item")
    for want in beside.wanted if beside else ():
        found[want.name] = want.values.get("value", found.get(want.name) if want.state == "present" else None)
    pools = [str(value) for name, value in found.items() if value and POOL.fullmatch(name)]
    for name, value in found.items():
        beside_it = f"{name.rpartition('.')[0]}.netmask_bits"
        first = re.sub("[0-9]+", "0", beside_it)  # its netmask is valid for the others (server behaviour, 86)
        bits = found.get(beside_it) or found.get(first)
        if value and bits and NETWORK.fullmatch(name):
            pools.append(f"{value}/{bits}")
    return pools


USER = User()
