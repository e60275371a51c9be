# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of VPN users of a Freebox: each download creates a new one, and invalidates earlier ones."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from .._engine.apply import apply
from .._engine.field import Field, Object
from .._engine.one_time_secret import TEXT, New, OneTimeSecret
from .._engine.plan import Actual, Change, Wanted
from .._engine.run import Run, Task
from .._files.directives import objection, refuse_no_names
from .._files.header import stamp_of, stamped
from .._text.errors import (
    EstateError,
    InputError,
    Mistakes,
    OutcomeUnknown,
    Refused,
    SignInError,
    Unreachable,
    Unreadable,
    did_you_mean,
    reading,
    reads,
)
from .client import Freebox, Record
from .client_file import KINDS, Kind
from .profile_file import Place, is_superseded
from .session import SETTINGS
from .vpn_server import ERROR, RUNNING, STARTED, VPN_SERVER
from .vpn_user import STANDARD

USER, SERVER = "user", "server"  # what a download invalidates: every file of the user, or those for the same server
WHOSE = ("box", "server", "user")


@dataclass(frozen=True)
class Box:
    """The properties of a box that affect files: its servers, their configuration, and its users, each by name."""

    url: str
    uid: t.Optional[str]
    servers: t.Mapping[str, Record]
    configs: t.Mapping[str, Record]
    users: t.Mapping[str, Record]

    @classmethod
    def of(cls, client: Freebox, names: t.Iterable[str]) -> Box:
        """Read it, with the configuration of these servers, if their type has files."""
        return _box_of(client, names)

    def kind(self, server: str) -> Kind:
        """The files of a server."""
        return KINDS[self.servers[server]["type"]]

    def whose(self, declared: Object) -> Object:
        """The box, the server and the user of a file, as its stamp contains them."""
        return {"box": self.uid, "server": declared["server"], "user": declared["user"]}

    def settings(self, declared: Object) -> Object:
        """The settings that a file of this user for this server follows."""
        server, user = declared["server"], declared["user"]
        if server not in self.configs or user not in self.users:
            raise InputError(f"server {server} or user {user} no longer exists on {self.url}. Nothing was downloaded.")
        return self.kind(server).settings(self.configs[server], self.users[user])

    def refuse_impossible(self, wanted: t.Sequence[Wanted], task: Task) -> None:
        """Refuse servers without files, users who do not exist or have another type, and files that invalidate each other."""
        mistakes, first = Mistakes(), dict[str, str]()
        for want in wanted:
            for sentence in self._impossible(want.values, first, task):
                mistakes.add(sentence)
        mistakes.unwritten = True
        mistakes.refuse()

    def _impossible(self, declared: Object, first: dict[str, str], task: Task) -> t.Iterator[str]:
        """What is wrong with one of them; ``first`` are the servers of the files before it, by user."""
        assumed = set(task.params["assume_present"]) if task.check else set()
        login, server = declared["user"], declared["server"]
        there, user = self.servers.get(server), self.users.get(login)
        if there is None:
            known = sorted(self.servers)
            yield (
                f"server {server} of user {login}: {self.url} has no VPN server {server!r}; it has {', '.join(known)}."
                f"{did_you_mean(server, known)}"
            )
        elif there["type"] not in KINDS:
            able = sorted(name for name, one in self.servers.items() if one["type"] in KINDS)
            yield (
                f"server {server} of user {login}: its type is {there['type']}, which has no configuration files. Servers that "
                f"have them: {', '.join(able)}."
            )
            there = None
        if user is None and login not in assumed:
            yield (
                f"user {login}: {self.url} has no VPN user {login!r}. Create it first; if this run creates it, list it in "
                f"assume_present.{did_you_mean(login, self.users)}"
            )
        elif there is not None:
            yield from self._unfit(login, server, user, first, task)

    def _unfit(
        self, login: str, server: str, user: t.Optional[Record], first: dict[str, str], task: Task
    ) -> t.Iterator[str]:
        """Why a server has no file for a user, where both may have one."""
        needed = self.kind(server).user_type
        if user is not None and (user.get("type") or STANDARD) != needed:
            yield f"user {login}: its type is {user.get('type') or STANDARD}, but {server} is for users of the type {needed}."
        elif first.setdefault(login, server) != server and task.params["invalidates"] == USER:
            yield (
                f"user {login}: files for {first[login]} and for {server} are declared, but the download of one invalidates the "
                "other. Use another user for each server. If you know that this box invalidates only files for the same server, "
                "set invalidates: server."
            )

    def fault(self, text: str, declared: Object, days: int) -> str:
        """Why a file is not valid; empty if it is, as far as it can be checked."""
        stamp, whose = stamp_of(text), self.whose(declared)
        if is_superseded(text):
            return "a newer one was requested, and never arrived"
        if declared["user"] not in self.users:
            return f"the user {declared['user']} does not exist yet"
        try:
            found = self.kind(declared["server"]).read(text)
        except ValueError as exc:
            return f"no client can use it: {str(exc).rstrip('.')}"
        for name in WHOSE:
            if stamp.get(name) and whose[name] and stamp[name] != whose[name]:
                return f"it was created for {name} {stamp[name]}, not for {whose[name]}"
        if not stamp and found.owner != declared["user"] and found.owner in self.users:
            return f"its certificate belongs to {found.owner}"
        now = self.settings(declared)
        earlier, apart = stamp.get("settings"), stamp.get("differs")
        for name, then in earlier.items() if isinstance(earlier, dict) else ():
            if name in now and now[name] != then:
                return f"it was created when {name} was {_shown(then)}; now {name} is {_shown(now[name])}"
        for name, its in found.settings.items():
            if now.get(name) not in (None, its) and name not in (apart if isinstance(apart, list) else ()):
                return f"its {name} is {_shown(its)}, but on the box it is {_shown(now[name])}"
        if found.days_left is not None and found.days_left <= days:
            return f"it has {found.days_left} days left, and renew_before is {days}"
        return ""

    def harm(self, text: str, declared: Object, task: Task) -> str:
        """Which directives of an otherwise valid file may harm the client; empty if there are none."""
        if self.fault(text, declared, task.params["renew_before"]):
            return ""
        return objection(self.kind(declared["server"]).read(text).unlisted, task.params["allow_directives"])


@reads
def _box_of(client: Freebox, names: t.Iterable[str]) -> Box:
    servers = {
        str(one["name"]): {name: str(one[name]) for name in ("type", "state")} for one in client.objects("GET /vpn/")
    }
    of_interest = [name for name in sorted(set(names)) if name in servers and servers[name]["type"] in KINDS]
    configs = {name: client.object("GET /vpn/{vpn_id}/config/", path={"vpn_id": name}) for name in of_interest}
    users = {str(one["login"]): one for one in client.objects("GET /vpn/user/")}
    return Box(client.url, client.session.box.get("uid"), servers, configs, users)


class VpnProfile(OneTimeSecret):
    """A place for the configuration file of a user for a server."""

    noun, plural, key = "VPN profile", "profiles", "user"
    states = ("present",)
    naming = ("user", "server")
    fields = (
        Field("user", TEXT, create_only=True),
        Field("server", TEXT, create_only=True),
        Field("held", TEXT, create_only=True),
        *OneTimeSecret.place_fields,
        Field("rescued", unset=False),
    )
    options = {
        **OneTimeSecret.place_options,
        "renew_before": {"type": "int", "default": 30},
        "start": {"type": "bool", "default": False},
        "start_timeout": {"type": "int", "default": 180},
        "invalidates": {"type": "str", "choices": [USER, SERVER], "default": USER},
        "allow_directives": {"type": "list", "elements": "str", "default": []},
        "assume_present": {"type": "list", "elements": "str", "default": []},
    }

    # -- the options of a playbook

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """Such as ``openvpn_routed of ada``."""
        return f"{params.get('server') or '(no server)'} of {params['user']}"

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """A file needs a user, a server and a place."""
        yield from super().validate(wanted)
        for want in wanted:
            for name in ("user", "server"):
                if name not in want.given or want.values.get(name) == "":
                    yield f"{self.noun} {want.name}: {name} is required."
            if "held" not in want.given and ("dest" not in want.given or want.values.get("dest") == ""):
                yield f"{self.noun} {want.name}: dest is required, because later runs compare only with this file."

    # -- the records of the box

    def read(self, run: Run[Freebox], names: t.Optional[t.Sequence[str]]) -> Actual:
        """For each place: the current file, and why it is not valid, if so. Nothing is downloaded for this (F72)."""
        wanted = [want for want in run.wanted or () if names is None or want.name in names]
        box = Box.of(run.client, [want.values["server"] for want in wanted])
        box.refuse_impossible(run.wanted or (), run.task)
        judged = {want.name: _judged(box, want.values, run.task) for want in wanted}
        return Actual({name: have for name, have in judged.items() if have is not None}, whole=True)

    # -- decisions

    def desired(self, run: Run[Freebox], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A valid file, and no rescued one beside it."""
        return {**super().desired(run, wanted, have), "rescued": False}

    def validate_plan(self, run: Run[Freebox], mistakes: Mistakes) -> None:
        """Also check whether a download can succeed, and warn of files that it invalidates."""
        task, plan = run.task, run.plan
        for name, least in (("renew_before", 0), ("start_timeout", 1)):
            if task.params[name] < least:
                mistakes.add(f"{name}: {task.params[name]} is too small; the smallest value is {least}.")
        with mistakes.collecting():
            refuse_no_names(task.params["allow_directives"])
        super().validate_plan(run, mistakes)
        for change in _downloads(plan.changes):
            harm = (change.before or {}).get("harm")
            if harm and not task.params["renew"]:
                mistakes.add(
                    f"{self.noun} {change.name}: {harm}. A new one would probably have them too, and its download invalidates "
                    "this one. Nothing was downloaded. To download one anyway, set renew: true."
                )
        downloads = [change.wanted.values for change in _downloads(plan.changes)]
        for one in downloads:
            if "dest" not in one and not task.params["return_content"] and not task.check:
                mistakes.add(
                    f"{self.noun} {self.identity(one)}: the new one would be lost; set dest or return_content."
                )
        if downloads:
            with mistakes.collecting():
                run.client.session.refuse_without(SETTINGS)
            box = Box.of(run.client, ())
            self._check_running(box, {one["server"] for one in downloads}, task, mistakes)
            if task.params["invalidates"] == USER:
                self._warn_of_invalid(box, downloads, task)

    @staticmethod
    def _check_running(box: Box, names: t.Collection[str], task: Task, mistakes: Mistakes) -> None:
        assumed = set(task.params["assume_present"]) if task.check else set()
        for name in sorted(set(names) - assumed):
            state = box.servers[name]["state"] if name in box.servers else "gone"
            if state == ERROR:
                mistakes.add(f"server: {name} is in the state error, and provides no files.")
            elif state not in RUNNING and not task.params["start"]:
                mistakes.add(
                    f"server: {name} is {state}, and provides files only while it runs. Start it first, or set start: true. If "
                    "this run starts it, list it in assume_present."
                )
            elif state not in RUNNING:
                task.warn(f"{name} is started to download files, and keeps running afterwards.")

    @staticmethod
    def _warn_of_invalid(box: Box, downloads: t.Sequence[Object], task: Task) -> None:
        needed = {one["server"] for one in downloads}
        there = {name: one for name, one in sorted(box.servers.items()) if name in needed or one["state"] == STARTED}
        running = {name: one["type"] for name, one in there.items()}
        for one in downloads:
            kind = running.get(one["server"])
            others = [name for name, its in running.items() if name != one["server"] and its == kind]
            if others:
                task.warn(
                    f"The new file of {one['user']} for {one['server']} may invalidate the one for {', '.join(others)}, if one "
                    "exists: see invalidates."
                )

    # -- talking to the box

    def update(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """Also remove rescued files that are no longer needed."""
        for change in changes:
            if "usable" not in change.values and "rescued" in change.values:
                Place(change.wanted.values["dest"]).beside.remove()
        super().update(run, changes)

    def create(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """When the servers run; and warn of what the next run would replace."""
        task = run.task
        needed = {change.wanted.values["server"] for change in _downloads(changes)}
        if needed:
            _have_running(run, sorted(needed))
        super().create(run, changes)
        for change in changes:
            days = change.results.get("days_left")
            if days is not None and days <= task.params["renew_before"]:
                task.warn(
                    f"The new file {change.name} is valid for {days} days, and renew_before is {task.params['renew_before']}: "
                    "each run creates a new one, and invalidates the one before."
                )
            for name in change.results.get("differs", ()):
                task.warn(f"The new file {change.name} has another {name} than the box reports. It is kept unchanged.")

    def issue(self, run: Run[Freebox], declared: Object, have: Object) -> str:
        """The text of a new file, with its purpose at the top; or an earlier one that is not in its place yet."""
        if have.get("from_rescue"):
            return Place(declared["dest"]).beside.read() or ""
        try:
            box = Box.of(run.client, [declared["server"]])
            with reading(run):
                whose, settings = box.whose(declared), box.settings(declared)
        except (InputError, Refused, SignInError, Unreachable):
            raise
        except EstateError as exc:
            raise Unreachable(f"{exc} Nothing was downloaded.") from exc
        place = Place(declared["dest"]) if "dest" in declared else None
        if place:
            place.announce(whose)
        try:
            text = run.client.download_config(declared["server"], declared["user"])
        except OutcomeUnknown:
            raise
        except EstateError:
            if place:
                place.take_back()
            raise
        try:
            its = box.kind(declared["server"]).read(text).settings
        except ValueError:
            its = {}  # describe() refuses it
        differs = [name for name, value in its.items() if settings.get(name) not in (None, value)]
        made = datetime.now(timezone.utc).isoformat()
        kind = box.servers[declared["server"]]["type"]
        return stamped(text, {**whose, "kind": kind, "made": made, "settings": settings, "differs": differs})

    def describe(self, run: Run[Freebox], text: str) -> New:
        """What results show of it, and directives that may harm the client."""
        stamp = stamp_of(text)
        try:
            found = KINDS[stamp["kind"]].read(text)
        except ValueError as exc:
            raise Unreadable(
                f"{run.client.asked} answered something that no client can use: {str(exc).rstrip('.')}."
            ) from None
        days = {} if found.days_left is None else {"days_left": found.days_left}
        shown = {**found.shown, **days, "differs": stamp["differs"]}
        return New(shown, objection(found.unlisted, run.task.params["allow_directives"]))

    @staticmethod
    def _advice(declared: Object) -> str:
        """With a file, the next run notices the loss by itself."""
        lost = f"Earlier files of {declared['user']} may be invalid now, and the new one is lost"
        again = "Run again" if "dest" in declared else "Run again with renew: true"
        return (
            f"{lost}. It was not requested again, because each request creates another one. {again} to get a new one."
        )

    def what_became(self, run: Run[Freebox], declared: Object, text: t.Optional[str], new: t.Optional[New]) -> str:
        """It is kept in another place: the earlier file is no longer valid, and there is no other one."""
        if text is None or "dest" not in declared:
            return self._advice(declared)
        place = Place(declared["dest"])
        where = place.rescue(text)
        if not where:
            return f"It could not be saved in another place either. {self._advice(declared)}"
        if new is None:
            return f"The answer is in {where}, which only this account can read. {self._advice(declared)}"
        if new.objection and where == place.beside.path:
            then = "a run that allows its directives puts it in its place, and downloads nothing"
        else:
            then = (
                "the next run puts it in its place" if where == place.beside.path else f"move it to {place.file.path}"
            )
        return f"The earlier file is invalid now. The new one is in {where}: {then}."

    def after_saving(self, declared: Object) -> None:
        """Remove the rescued file, which is no longer needed."""
        if "dest" in declared:
            Place(declared["dest"]).beside.remove()


def _downloads(changes: t.Iterable[Change]) -> list[Change]:
    """The changes for which the box has to create a new file."""
    going = [change for change in changes if change.action in ("create", "update") and change.outcome != "failed"]
    return [c for c in going if "usable" in c.values and not (c.before or {}).get("from_rescue")]


def _have_running(run: Run[Freebox], names: t.Sequence[str]) -> None:
    """Start the servers that do not run, and wait for them. Raises EstateError for one that does not start."""
    wanted = [VPN_SERVER.parse({"name": name, "enabled": True}, "present") for name in names]
    task = Task({"wait": True, "wait_timeout": run.task.params["start_timeout"]}, progress=run.task.progress)
    steps = apply(Run(run.client, task, wanted), VPN_SERVER, wanted)
    for change in steps.changes:
        if change.outcome == "failed":
            raise EstateError(
                f"{change.name} of {run.client.url} does not run: {change.message}. Nothing was downloaded."
            )


def _judged(box: Box, declared: Object, task: Task) -> t.Optional[Object]:
    """The file in a place, and why it is not valid; None where there is no file."""
    days, renew = task.params["renew_before"], task.params["renew"]
    if "held" in declared:
        text, newer, private, rescued = declared["held"], None, True, False
        there = bool(text.strip())
    else:
        place = Place(declared["dest"])
        text, newer = place.newest()
        private, rescued = place.file.is_private, place.beside.read() is not None
        there = text is not None or newer is not None
    if not there:
        return None
    why = (
        box.fault(text, declared, days) if text is not None else "there is no file, and the rescued one cannot be used"
    )
    newest = newer if newer is not None else text
    harm = box.harm(newest, declared, task) if newest is not None else ""
    from_rescue = newer is not None and not harm and not box.fault(newer, declared, days)
    if harm:
        why = harm if newer is None else f"the newest one is in {Place(declared['dest']).beside.path}, and {harm}"
    elif from_rescue:
        why = f"the newest one is in {Place(declared['dest']).beside.path}, and could not be put in its place earlier"
    elif renew:
        why = "renew is set"
    shown = box.kind(declared["server"]).read(text).shown if text is not None and not why else {}
    return {
        "usable": not why,
        "why": why,
        "private": private,
        "rescued": rescued,
        "from_rescue": from_rescue,
        "harm": why if harm else "",
        "shown": shown,
    }


def _shown(value: t.Any) -> str:
    return "none" if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)


VPN_PROFILE = VpnProfile()
