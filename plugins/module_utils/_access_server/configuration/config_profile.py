# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration profiles of the Access Server."""

from __future__ import annotations

import typing as t

from ..._engine.field import Field
from ..._engine.plan import Actual, Change, OwnAccount, Plan, Wanted, listed
from ..._engine.run import Run
from ..._text.errors import EstateError, InputError, Mistakes, NotBack, Refused
from ..accounts.account_safety import Safeguarded
from ..accounts.properties import unless_gone, warn_of_twins
from ..api.client import AccessServer
from ..server.restart import MODES, TIMEOUT, refuse_no_time, restarted
from .sign_in_settings import all_values, depends


class ConfigProfile(Safeguarded):
    """Configuration profiles. One is active. A change is made in a copy, validated by the server, and activated at once."""

    noun, plural, read_back = "configuration profile", "config_profiles", ("delete",)
    purgeable = False
    fields = (
        Field("copy_from", {"type": "str"}, create_only=True),
        Field("active", {"type": "bool"}, unset=False),
    )
    options = {
        "validate": {"type": "bool", "default": True},
        "restart_mode": {"type": "str", "choices": list(MODES), "default": "warm"},
        "restart_timeout": {"type": "int", "default": TIMEOUT},
        "allow_self": {"type": "bool", "default": False},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """A profile cannot be active and absent, and only one profile is active."""
        for want in wanted:
            if want.values.get("active") and want.state == "absent":
                yield f"{self.noun} {want.name} is declared active and absent; only one of them is allowed."
        active = [want.name for want in wanted if want.values.get("active")]
        if len(active) > 1:
            yield f"active: only one profile can be active, but {' and '.join(active)} are declared active."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Every profile, and which one is active."""
        active, profiles = run.client.read_config_profiles()
        wanted = profiles if names is None else [name for name in profiles if name in set(names)]
        return Actual({name: {"active": name == active} for name in wanted})

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """One active profile, sources that exist, and the server's validation of profiles before activation."""
        plan = run.plan
        with mistakes.collecting():
            refuse_no_time("restart_timeout", run.task.params["restart_timeout"])
        active, profiles = run.client.config_profiles
        for change in plan.of("update"):
            if change.values.get("active") is False:
                mistakes.add(
                    f"active of {self.noun} {change.name}: false is declared, but it is the active profile. To deactivate it, "
                    "activate another one."
                )
        activated = [c for c in plan.of("create", "update") if c.values.get("active")]
        for change in plan.of("delete"):
            if change.name == active:
                mistakes.add(f"{self.noun} {change.name} is active and cannot be deleted. Activate another one first.")
        there = list(profiles)
        for change in plan.of("create"):
            source = change.values.get("copy_from")
            if source is None and change.values.get("active"):
                mistakes.add(
                    f"{self.noun} {change.name} does not exist, and a new empty one cannot be activated. Set copy_from."
                )
            if source is not None and source not in there:
                mistakes.add(
                    f"copy_from of {change.name}: {self.noun} {source} does not exist when {change.name} is created. "
                    f"Available: {', '.join(there)}."
                )
            there.append(change.name)
        warn_of_twins(run, lambda names: profiles, self.noun)
        for change in activated:
            with mistakes.collecting():
                self._guard(run, change, self._origin(change.name, plan))
            if change.action == "update":
                with mistakes.collecting():
                    self._validate(run, change)

    @staticmethod
    def _origin(name: str, plan: Plan) -> str:
        """The profile on the server whose items this one has; for a copy of a copy, the source of the first copy."""
        copied = {
            change.name: change.values["copy_from"] for change in plan.of("create") if "copy_from" in change.values
        }
        while name in copied:  # validate_plan() ensures that a copy comes after its source
            name = copied[name]
        return name

    @staticmethod
    def _guard(run: Run[AccessServer], change: Change, source: str) -> None:
        """Refuse to activate a profile that changes what the task depends on. ``source`` has the items."""
        client = run.client
        active, profiles = client.config_profiles
        if "allow_self" not in run.task.params or source not in profiles:
            return
        before, after = all_values(client, active), all_values(client, source)
        keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        endangered = depends(run, keys, lambda: before, after).endangered
        if not endangered:
            return
        if not run.task.params["allow_self"]:
            raise InputError(
                f"configuration profile {change.name} differs from the active one in {listed(endangered)}. The connection or the "
                "sign-in of this and later tasks depends on this. Nothing was written. If this is intended, set allow_self: true. "
                "A new sign-in then verifies it."
            )
        change.own_account, change.undo["active"] = OwnAccount.AT_RISK, active
        if not client.session.can_sign_in:
            run.task.warn(
                f"configuration profile {change.name} differs from the active one in {listed(endangered)}. This task cannot "
                "verify that its account can still sign in; that needs as_username and as_password."
            )

    def take_back(self, run: Run[AccessServer], change: Change) -> None:
        """Activate the earlier profile again."""
        with restarted(run.client, run.task.params["restart_timeout"]):
            activate(run.client, change.undo["active"], run.task.params["restart_mode"])

    def left(self, run: Run[AccessServer], change: Change) -> str:
        """Which profile is active afterwards."""
        before = change.undo["active"]
        try:
            run.read(self, [change.name])
        except EstateError as exc:
            why = str(exc).rstrip(".")
            return f"It is not known which {self.noun} is active ({why}). Another administrator must activate {before}."
        active = run.client.config_profiles[0]
        if active == before:
            return f"{before} is active again."
        return f"{active} is active: another administrator must activate {before} again."

    def _validate(self, run: Run[AccessServer], change: Change) -> None:
        if not run.task.params["validate"]:
            return
        try:
            run.client.call("GET /config-profile/{profile}/validate", path={"profile": change.name})
        except Refused as exc:
            if exc.status != 400:
                raise
            raise InputError(f"{self.noun} {change.name} is not valid and was not activated: {exc.reason}.") from exc

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Activate a profile; the server restarts."""
        for change in changes:
            run.writes.each([change], lambda c: self._activate(run, c), "activated")

    @staticmethod
    def _activate(run: Run[AccessServer], change: Change) -> None:
        try:
            with restarted(run.client, run.task.params["restart_timeout"]):
                activate(run.client, change.name, run.task.params["restart_mode"])
        except NotBack:
            change.outcome, change.message = (
                "unknown",
                "it is not known whether the server has restarted with this profile",
            )
            raise

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Create them in the declared order, so that one may copy another; activate last."""
        run.writes.each(
            changes,
            lambda change: create(run.client, change.name, change.values.get("copy_from")),
            in_order=True,
        )
        activated = [change for change in changes if change.values.get("active") and change.outcome != "failed"]
        for change in activated:
            try:
                self._validate(run, change)
            except InputError as exc:
                change.fail(f"{exc} It was created.")
        self.update(run, [change for change in activated if change.outcome != "failed"])

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """One by one."""
        for change in changes:
            unless_gone(
                run,
                [change],
                lambda names: run.client.call("DELETE /config-profile/{profile}", path={"profile": names[0]}),
                "deleted",
            )


def create(client: AccessServer, name: str, copy_from: t.Optional[str]) -> None:
    """Create a configuration profile, empty or as a copy."""
    client.call("POST /config-profile", {"profile": name, **({"copy_from": copy_from} if copy_from else {})})


def activate(client: AccessServer, name: str, restart_mode: str) -> None:
    """Activate a configuration profile, with a restart of this mode."""
    path, query = {"profile": name}, {"restartMode": restart_mode}
    client.call("POST /config-profile/{profile}/set-active", path=path, query=query)


CONFIG_PROFILE = ConfigProfile()
