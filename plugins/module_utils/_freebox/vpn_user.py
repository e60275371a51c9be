# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN users of a Freebox, which all of its servers share."""

from __future__ import annotations

import contextlib
import ipaddress
import typing as t

from .._engine.field import WHEN_WRITTEN, Field, Object
from .._engine.old_sessions import DISCONNECT_MOVED, OLD, OPTION, Session, add_sessions, end_old, left, read_back
from .._engine.plan import Actual, Change, Wanted
from .._engine.resource import Resource
from .._engine.run import Run, Task
from .._text.errors import EstateError, InputError, Mistakes, Refused
from .._text.outside import only_in, refused_in_path, twins
from . import vpn_connection
from .client import Freebox
from .ip_pool import Pool
from .nested_fields import merged, nested_field
from .session import SETTINGS

STANDARD, WIREGUARD = "standard", "wireguard"
PASSWORD_LENGTHS = range(8, 33)  # characters (vendor document, line 356)
SHAPE = {"conf_wireguard", "type"}  # the properties of a WireGuard user, besides its address


def reservation(text: str) -> str:
    """An IPv4 address in its shortest spelling; empty means none."""
    if not text.strip():
        return ""
    try:
        return str(ipaddress.IPv4Address(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address") from None


def _validate_keepalive(declared: Object) -> None:
    keepalive = declared.get("keepalive", 0)
    if keepalive < 0:
        raise ValueError(f"keepalive is {keepalive}, but has to be 0 seconds or more")


def _is_recreated(declared: Object, have: Object) -> bool:
    return bool(declared.get("type", have["type"]) != have["type"])


def _needs_password(declared: Object, have: Object) -> t.Optional[bool]:
    has_one = bool(have.get("password_set")) or have.get("type") == WIREGUARD
    return True if _is_recreated(declared, have) or not has_one else None


class VpnUser(Resource):
    """VPN users. The box returns only whether a user has a password; a WireGuard user has keys instead, and an address."""

    noun, plural, key = "VPN user", "users", "login"
    read_back = ("create", "update", "delete")  # answers to writes are not fully documented (server behaviour, F66)
    unshared = ("ip_reservation",)
    ended = "absent"
    of_each = ("update_password",)
    fields = (
        Field(
            "password",
            {"type": "str", "no_log": True},
            rewrite=_needs_password,
            is_set=lambda have: have["password_set"] and have["type"] != WIREGUARD,
        ),
        Field("password_set", unset=False),
        Field("type", {"type": "str", "choices": [STANDARD, WIREGUARD]}, unset=STANDARD),
        Field("ip_reservation", {"type": "str"}, normal=reservation, unset=""),
        nested_field(
            "conf_wireguard", {"keepalive": {"type": "int"}, "psk": {"type": "bool"}}, validate=_validate_keepalive
        ),
    )
    options = {
        "recreate": {"type": "bool", "default": False},
        "update_password": WHEN_WRITTEN,
        **DISCONNECT_MOVED,
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """What is wrong with the values of one user."""
        for want in wanted:
            password = want.secrets.get("password")
            if password is not None and len(password) not in PASSWORD_LENGTHS:
                yield (
                    f"password of {self.noun} {want.name} has {len(password)} characters; a Freebox takes "
                    f"{PASSWORD_LENGTHS[0]} to {PASSWORD_LENGTHS[-1]}."
                )
            if want.values.get("type") == WIREGUARD and password is not None:
                yield f"password of {self.noun} {want.name}: a WireGuard user has keys, and no password."

    def desired(self, run: Run[Freebox], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """What is declared, completed with the current values, unless the user is created again."""
        declared = super().desired(run, wanted, have)
        if have is not None and _is_recreated(wanted.values, have):
            return {"ip_reservation": "", "conf_wireguard": None, **declared}
        after = merged(declared, have)
        if have is not None and run.task.params.get(OPTION):
            end_old(run, wanted.name, have, after, lambda session: _carries_old(have, after, session))
        return after

    # -- talking to the box

    def read(self, run: Run[Freebox], names: t.Optional[t.Sequence[str]]) -> Actual:
        """One list contains all of them."""
        found = {str(one["login"]): self.load_whole(one) for one in run.client.objects("GET /vpn/user/")}
        if run.wanted is not None and run.task.params.get(OPTION):
            add_sessions(run, found, _sessions(run.client))
        if names is None:
            return Actual(found, whole=True)
        for name, twin in twins([name for name in names if name not in found], found).items():
            run.task.warn(f"There is no {self.noun} {name!r}. There is {twin!r}, which differs {only_in(name, twin)}.")
        return Actual({name: found[name] for name in names if name in found}, whole=True)

    def validate_plan(self, run: Run[Freebox], mistakes: Mistakes) -> None:
        """Refuse types that cannot change, and addresses that are not available."""
        plan = run.plan
        if not plan.changed:
            return
        read_back(plan.of("update"))
        with mistakes.collecting():
            run.client.session.refuse_without(SETTINGS)
        for change in plan.of("delete"):  # in a purge: such a name cannot be declared
            why = refused_in_path(change.name)
            if why:
                change.fail(f"it cannot be deleted by its name: {why}")
        going_on = plan.of("create", "update")
        for change in going_on:
            self._check_type(change, run.task, mistakes)
        if any(_type_after(change) == WIREGUARD and SHAPE & set(change.values) for change in going_on):
            with mistakes.collecting():
                self._check_wireguard(run.client)
        if any("ip_reservation" in change.values for change in going_on):
            Pool.of(run.client).look_for_impossible(plan, mistakes)

    def _check_type(self, change: Change, task: Task, mistakes: Mistakes) -> None:
        have, after = change.before or {}, _type_after(change)
        which = f"{self.noun} {change.name}"
        if have and "type" in change.values and not task.params["recreate"]:
            mistakes.add(
                f"type of {which} is {have['type']}, and cannot be changed to {after}. To delete the user and create it "
                "again, which invalidates its profiles, set recreate: true."
            )
        if after != WIREGUARD:
            if change.values.get("conf_wireguard"):
                mistakes.add(f"conf_wireguard of {which}: the type of this user is {after}, not {WIREGUARD}.")
            return
        if "password" in change.secrets:
            mistakes.add(f"password of {which}: a WireGuard user has keys, and no password.")
        if not change.values.get("ip_reservation", have.get("ip_reservation")):
            mistakes.add(f"ip_reservation of {which}: a WireGuard user needs an address.")

    @staticmethod
    def _check_wireguard(client: Freebox) -> None:
        servers = sorted(str(one.get("name")) for one in client.objects("GET /vpn/"))
        if WIREGUARD not in servers:
            raise InputError(f"type: {client.url} has no WireGuard; its servers are {', '.join(servers)}.")

    def delete(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """Also disconnect them: a deleted user could not connect again, but may still be connected."""
        try:
            run.writes.each(
                changes, lambda change: run.client.delete("DELETE /vpn/user/{login}", {"login": change.name})
            )
        except EstateError:
            with contextlib.suppress(EstateError):  # the next read finds that they do not exist, and nothing to do
                there = self.read(run, None).objects
                self._disconnect_deleted(
                    run.client, [change for change in changes if change.touched and change.name not in there]
                )
            raise
        self._disconnect_deleted(run.client, [change for change in changes if change.outcome != "failed"])

    @staticmethod
    def _disconnect_deleted(client: Freebox, gone: t.Sequence[Change]) -> None:
        """Users who stay connected fail, because later tasks do not find them."""
        if not gone:
            return
        named = {"users": [change.name for change in gone]}
        try:
            left, why = vpn_connection.disconnected(client, vpn_connection.found(client, named), named)
        except EstateError as exc:
            left, why = [{"user": change.name} for change in gone], str(exc)
        staying = {str(one["user"]) for one in left}
        for change in gone:
            if change.name in staying:
                change.fail(
                    f"it was deleted, but may still be connected: {why.rstrip('.')}; see freebox_vpn_connection"
                )

    def create(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """Each with all its declared values."""
        run.writes.each(changes, lambda change: self._create(run.client, change, change.values))

    def update(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """Write only what differs, and addresses in the order in which they become free."""
        order, temporary = _in_turn(run.client, changes)
        run.writes.each(
            [change for change in changes if change.name in temporary],
            lambda change: run.client.call(
                "PUT /vpn/user/{login}",
                {"ip_reservation": temporary[change.name]},
                path={"login": change.name},
            ),
            "given a temporary address",
        )
        run.writes.each(
            [c for c in order if c.values.keys() - {OLD} or c.secrets], lambda change: self._update(run, change)
        )
        self._disconnect(run, changes)

    @staticmethod
    def _disconnect(run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """End connections with an address that their user has lost. A user who stays connected fails."""
        moved = [change for change in changes if OLD in change.values and change.outcome != "failed"]
        connected = _sessions(run.client) if moved else {}
        old = [one for change in moved for one in left(run, change.name, connected.get(change.name, ()))]
        if not old:
            return
        for change in moved:
            change.reached()
        remaining, why = vpn_connection.disconnected(run.client, old, {"users": [change.name for change in moved]})
        staying = {str(one["user"]) for one in remaining}
        for change in moved:
            if change.name in staying:
                change.fail(f"its address was changed, but it is still connected with the old one: {why.rstrip('.')}")

    def repair(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """End connections again that have not ended."""
        self._disconnect(run, changes)

    def _create(self, client: Freebox, change: Change, values: Object) -> None:
        client.call("POST /vpn/user/", {"login": change.name, **self.dump(values), **change.secrets})

    def _update(self, run: Run[Freebox], change: Change) -> None:
        client = run.client
        if "type" not in change.values:
            client.call(
                "PUT /vpn/user/{login}",
                {**self.dump(change.values), **change.secrets},
                path={"login": change.name},
            )
            return
        client.delete("DELETE /vpn/user/{login}", {"login": change.name})
        change.reached()
        self._disconnect_deleted(client, [change])
        try:
            self._create(client, change, change.wanted.values)
        except Refused as exc:
            kept = change.name in self.read(run, [change.name]).objects
            change.fail(
                f"the box answered that it deleted it, and still lists it: {exc}"
                if kept
                else f"it was deleted, but {exc}"
            )


def _sessions(client: Freebox) -> dict[str, list[Session]]:
    """The connections of each user, each with its identity."""
    found: dict[str, list[Session]] = {}
    for one in vpn_connection.found(client, {}):
        found.setdefault(str(one["user"]), []).append((vpn_connection.identity(one), one))
    return found


def _carries_old(have: Object, after: Object, connection: t.Mapping[str, t.Any]) -> bool:
    """Whether a connection has an address that its user loses."""
    old, new = have["ip_reservation"], after.get("ip_reservation", have["ip_reservation"])
    carried = connection.get("local_ip") or ""
    return bool(new != old and (carried != new if new else carried == old))


def _type_after(change: Change) -> str:
    return str(change.values.get("type") or (change.before or {}).get("type") or STANDARD)


def _type_before(change: Change) -> str:
    return str((change.before or {}).get("type") or STANDARD)


def _in_turn(client: Freebox, changes: t.Sequence[Change]) -> tuple[list[Change], dict[str, str]]:
    """Changes in an order in which no address is used before it is free; and temporary addresses of users who first free theirs."""
    held = {change.name: (change.before or {}).get("ip_reservation", "") for change in changes}
    goals = {change.values.get("ip_reservation", "") for change in changes}
    temporary: dict[str, str] = {}
    waiting, order = list(changes), []
    while waiting:
        taken = {held[change.name]: change.name for change in waiting if held[change.name]}
        free = [c for c in waiting if taken.get(c.values.get("ip_reservation", ""), c.name) == c.name]
        order += free
        waiting = [change for change in waiting if change not in free]
        if waiting and not free:  # they want each other's
            first = min(waiting, key=lambda change: _type_before(change) == WIREGUARD)
            in_use = {*held.values(), *goals, *temporary.values()}
            temporary[first.name] = Pool.of(client).spare(in_use) if _type_before(first) == WIREGUARD else ""
            held[first.name] = ""
    return order, temporary


VPN_USER = VpnUser()
