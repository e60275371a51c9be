# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles of an Access Server: valid ones for users, and those to revoke."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._engine.field import Field, Object, at_least
from ..._engine.one_time_secret import TEXT, New
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.run import Run, Task
from ..._files.directives import objection, refuse_no_names
from ..._files.openvpn_profile import Facts
from ..._files.openvpn_profile import Profile as ProfileFile
from ..._files.secret_file import SecretFile
from ..._text.errors import InputError, Mistakes, Unreadable, reading
from ..accounts.revoke_access import revoke_profiles
from ..api import values
from ..api.client import AccessServer, Record, some
from .revocable_secret import Revocable

TYPES = ("autologin", "userlogin", "generic", "epki-generic")
OF_EVERYBODY = ("generic", "epki-generic")  # without a certificate, so no list shows which file is which
SELECTORS = ("user", "profile_type", "comment", "serial", "ca", "older_than")
ONLY_ABSENT, ONLY_PRESENT = ("ca", "older_than", "keep", "protect"), ("dest", "tls_crypt_v2", "ignore_missing_user")
SAME = ("user", "profile_type", "serial", "ca", "tls_crypt_v2")
INFO_SPEC: t.Mapping[str, t.Any] = {
    "users": {"type": "list", "elements": "str"},
    "comment": {"type": "str"},
    "ca": {"type": "str"},
    "older_than": {"type": "int"},
    "ends_within": {"type": "int"},
}
MOST_DAYS = 36_500
SPARE_DAYS = 2  # margin of a filter by days: the time zone of the server is not known
WRITTEN = ("user", "profile_type", "tls_crypt_v2", "comment", "ignore_missing_user")


class Profile(Revocable):
    """A place for one valid profile, such as a user's telephone; or, with the state absent, every profile that fits."""

    noun, plural, key = "client profile", "profiles", "user"
    exclusive_keys = False
    fields = (
        Field("user", TEXT, create_only=True),
        Field("profile_type", {**TEXT, "choices": list(TYPES)}, create_only=True),
        Field("comment", TEXT, create_only=True),
        Field("serial", TEXT, create_only=True),
        Field("ca", TEXT, create_only=True),
        Field("older_than", {"type": "int"}, create_only=True, validate=at_least(0)),
        Field("keep", {"type": "int"}, create_only=True, validate=at_least(0)),
        Field("protect", {"type": "list", "elements": "str"}, create_only=True),
        Field("tls_crypt_v2", {"type": "bool"}, create_only=True),
        Field("ignore_missing_user", {"type": "bool"}, create_only=True),
        *Revocable.place_fields,
    )
    options = {
        **Revocable.place_options,
        "renew_before": {"type": "int", "default": 30},
        "accept_old_ca": {"type": "bool", "default": False},
        "allow_directives": {"type": "list", "elements": "str", "default": []},
        "delete_clients": {"type": "int"},
        "assume_present": {"type": "list", "elements": "str", "default": []},
    }
    keys = {f.name: f.spec or {} for f in fields if f.name in SELECTORS}

    # -- what a playbook declares

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """Such as ``autologin of ada (telephone)``, or ``signed by Old CA``."""
        given = {name: params[name] for name in SELECTORS if params.get(name) not in (None, "")}
        whose = f"of {given['user']}" if "user" in given else ""
        parts = [given.get("profile_type") or "", whose]
        parts += [
            f"({given['comment']})"
            if "comment" in given
            else "without a comment"
            if params.get("comment") == ""
            else ""
        ]
        parts += [f"with serial {given['serial']}" if "serial" in given else ""]
        parts += [f"signed by {given['ca']}" if "ca" in given else ""]
        parts += [f"older than {given['older_than']} days" if "older_than" in given else ""]
        return " ".join(part for part in parts if part) or "every one"

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Options must fit the state."""
        yield from super().validate(wanted)
        for want in wanted:
            values, is_present = want.values, want.state == "present"
            for name in ONLY_ABSENT if is_present else ONLY_PRESENT:
                if name in want.given:
                    yield f"{name} of {self.noun} {want.name} is allowed only with state: {'absent' if is_present else 'present'}."
            if is_present:
                for name in ("user", "profile_type"):
                    if name not in want.given or values.get(name) == "":
                        yield f"{self.noun} {want.name}: state: present needs {name}."
                if values.get("profile_type") in OF_EVERYBODY and "dest" not in want.given:
                    yield f"{self.noun} {want.name}: it needs dest, because it has no certificate that identifies it."
            for serial in (values.get("serial") or "0", *values.get("protect", ())):
                if not serial.isdigit() and serial:
                    yield f"{self.noun} {want.name}: {serial!r} is not a serial, which is a decimal number."

    # -- what the server has

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """For each place: its profiles, and why none of them is valid, if so; for the state absent: the profiles to revoke."""
        wanted = [want for want in run.wanted or () if names is None or want.name in names]
        every = [_profile(one) for one in _listed(run.client, wanted)]
        requirements = Requirements.of(run) if any(want.state == "present" for want in wanted) else None
        found = {}
        for want in wanted:
            told_apart = want.state == "present" and want.values.get("serial")
            fitting = [one for one in every if _fits(one, want.values, () if told_apart else ("comment",))]
            if requirements and want.state == "present":
                found[want.name] = requirements.judge(fitting, want)
            else:
                found[want.name] = {"profiles": _doomed(fitting, want.values)}
            found[want.name]["shown"] = {"profiles": [_shown(one) for one in found[want.name]["profiles"]]}
        return Actual({name: have for name, have in found.items() if have["profiles"] or have.get("held")}, whole=True)

    # -- decisions

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A new profile gets its own serial."""
        desired = super().desired(run, wanted, have)
        return {name: value for name, value in desired.items() if name != "serial"}

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Also users who may have the declared profile, and a known number of revoked profiles."""
        task, plan = run.task, run.plan
        if task.params["renew_before"] < 0:
            mistakes.add(f"renew_before: {task.params['renew_before']} is too small; the smallest value is 0.")
        with mistakes.collecting():
            refuse_no_names(task.params["allow_directives"])
        super().validate_plan(run, mistakes)
        issued = [c.wanted.values for c in plan.of("create", "update") if "usable" in c.values]
        with mistakes.collecting():
            self._check_users(run, issued)
        with mistakes.collecting():
            self._check_number(plan.of("delete"), task)

    def _check_users(self, run: Run[AccessServer], wanted: t.Sequence[Object]) -> None:
        named = {said["user"] for said in wanted if not said.get("ignore_missing_user")}
        users = self.users_there(run, named)
        auto = {said["user"] for said in wanted if said["profile_type"] == "autologin"} & users.keys()
        barred = {user for user in auto if values.boolean(values.effective(users[user].get("autologin"))) is not True}
        barred -= set(run.task.params["assume_present"])
        if barred:
            raise InputError(
                f"profile_type: {some(barred)} may not have autologin profiles. Nothing was written. Set autologin: true for "
                "the user or the group first (as_user, as_group)."
            )

    @staticmethod
    def _check_number(doomed: t.Sequence[Change], task: Task) -> None:
        """A task that selects neither by user, serial nor comment must name the number of revoked profiles."""
        wide = [c for c in doomed if not any(c.wanted.values.get(key) for key in ("user", "serial", "comment"))]
        number = len({one["serial"] for c in wide for one in (c.before or {})["profiles"]})
        if number and task.params["delete_clients"] != number:
            raise InputError(
                f"This would revoke {number} client profiles ({some(c.name for c in wide)}) of users that the task does not "
                f"name. Nothing was written. If this is intended, set delete_clients: {number}."
            )

    # -- calls

    def issue(self, run: Run[AccessServer], said: Object, have: Object) -> str:
        """The text of a profile, with its private key."""
        return run.client.text(
            "POST /profiles/create",
            {name: said[name] for name in WRITTEN if name in said},
            accept="application/x-openvpn-profile",
        )

    def describe(self, run: Run[AccessServer], text: str) -> New:
        """Serial and expiry of a profile with a certificate; and directives that may harm the client."""
        try:
            file = ProfileFile(text)
            new = file.facts()
        except ValueError as exc:
            raise Unreadable(f"{run.client.asked} returned something that is not a client profile: {exc}") from None
        if not new["ca"]:
            raise Unreadable(f"{run.client.asked} returned a client profile without a certificate authority.")
        shown = {name: new["certificate"][name] for name in ("serial", "not_after")} if new["certificate"] else {}
        return New(shown, objection(file.unlisted, run.task.params["allow_directives"]))

    def what_became(self, run: Run[AccessServer], said: Object, text: t.Optional[str], new: t.Optional[New]) -> str:
        """It is revoked, if it has a certificate."""
        if new and not new.shown:
            return "It has no certificate that could be revoked."
        return super().what_became(run, said, text, new)

    def take_back(self, run: Run[AccessServer], new: Object, text: str) -> bool:
        """Revoke it."""
        if "serial" not in new:
            return False
        run.client.delete_profiles([new["serial"]])
        return all(one["serial"] != new["serial"] for one in run.client.profiles())

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """And warn of profiles that the next run issues again, and of lost ones."""
        task = run.task
        super().create(run, changes)
        limit = task.params["renew_before"]
        for change in changes:
            ends = change.results.get("not_after")
            days = values.days_until(ends) if ends else None
            if days is not None and days <= limit:
                task.warn(
                    f"The new {self.noun} {change.name} is valid for {days} days, and renew_before is {limit}: each run issues "
                    "a new one."
                )
            if change.outcome != "failed" and "dest" not in change.wanted.values and not task.params["return_content"]:
                task.warn(f"The new {self.noun} {change.name} is lost, because neither dest nor return_content is set.")

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of them in one request; the answer has a status for each."""
        doomed = {c.name: [one["serial"] for one in (c.before or {})["profiles"]] for c in changes}
        revoke_profiles(run, changes, doomed)


@dataclass(frozen=True)
class Requirements:
    """What makes a profile valid: an authority with one of these serials or names, and more than so many days."""

    authorities: frozenset[str]
    days: int
    renew: bool
    allowed: t.Sequence[str] = ()

    @classmethod
    def of(cls, run: Run[AccessServer]) -> Requirements:
        """From the options of the task, and the server's current authority."""
        task = run.task
        listed = run.client.authorities()
        current = [one for one in listed if one.get("cert_type") == "ca"]
        accepted = listed if task.params["accept_old_ca"] else current
        known = frozenset(str(one[key]) for one in accepted for key in ("serial", "common_name"))
        return cls(known, task.params["renew_before"], task.params["renew"], task.params["allow_directives"])

    def judge(self, fitting: t.Sequence[Object], want: Wanted) -> Object:
        """The profiles of a place, and why none of them is valid, if so."""
        said, candidates, why = want.values, list(fitting), ""
        held, private = bool(said.get("serial")), True
        if "serial" in said:
            why = "" if candidates or not held else f"the server does not list it as {want.name}"
        elif "dest" in said:
            file = SecretFile("dest", said["dest"])
            text, private = file.read(), file.is_private
            held = text is not None
            candidates, why = self._in_file(file.path, text, fitting, want)
        good = [one for one in candidates if not self.fault(one)]
        if not why and candidates and not good:
            why = self.fault(candidates[-1])
        why = "renew is set" if self.renew else why
        return {
            "usable": not why and bool(candidates or held),
            "why": why,
            "private": private,
            "held": held,
            "profiles": good or candidates,
        }

    def _in_file(
        self, path: str, text: t.Optional[str], fitting: t.Sequence[Object], want: Wanted
    ) -> tuple[list[Object], str]:
        """The profile in a file, as the server lists it; or why the file cannot be used, and the other profiles."""
        found, why = _profile_in(path, text, self.allowed)
        if not found:
            return list(fitting), why
        if want.values["profile_type"] in OF_EVERYBODY:
            known = self.authorities & {one["serial"] for one in found["ca"]}
            return [], "" if known else f"{path} does not trust the current authority"
        serial = (found["certificate"] or {}).get("serial")
        listed = [one for one in fitting if one["serial"] == serial]
        return listed, "" if listed else f"the server does not list {path} (serial {serial}) as {want.name}"

    def fault(self, profile: Object) -> str:
        """Why a profile is not valid; empty if it is valid."""
        if not self.authorities & {profile["ca_serial"], profile["ca"]}:
            return f"it is signed by {profile['ca']}, which is not the current authority"
        if profile["days_left"] <= self.days:
            return f"it has {profile['days_left']} days left, and renew_before is {self.days}"
        return ""


def _profile(wire: Record) -> Object:
    """A profile as info modules show it; it has no secrets."""
    not_before, not_after = values.moment(wire["not_before"]), values.moment(wire["not_after"])
    return {
        "serial": wire["serial"],
        "user": wire.get("username"),
        "profile_type": wire.get("profile_type"),
        "comment": wire.get("comment") or "",
        "tls_crypt_v2": bool(values.boolean(wire.get("tls_crypt_v2"))),
        "common_name": wire.get("common_name"),
        "algorithm": wire.get("algorithm"),
        "ca": wire.get("signing_ca_cn"),
        "ca_serial": str(wire.get("signing_ca") or "").strip("'"),
        "not_before": not_before,
        "not_after": not_after,
        "days_left": values.days_until(not_after),
        "age": values.days_since(not_before),
        "last_used": wire.get("last_used"),
        "device_id": wire.get("device_id"),
    }


def _listed(client: AccessServer, wanted: t.Sequence[Wanted]) -> list[Record]:
    """Profiles that include all that may be selected, with as few requests as possible."""
    said = [want.values for want in wanted]
    if all("user" in one for one in said):
        return client.profiles({one["user"] for one in said})
    # The effect of an empty comment in a filter is not known, so no filter has one.
    comments = {one.get("comment") or None for one in said}
    return client.profiles(comment=comments.pop() if len(comments) == 1 else None)


def _profile_in(path: str, text: t.Optional[str], allowed: t.Sequence[str]) -> tuple[t.Optional[Facts], str]:
    """The content of a file, or why it cannot be used."""
    if text is None:
        return None, f"{path} does not exist"
    try:
        profile = ProfileFile(text)
        found = profile.facts()
    except ValueError as exc:
        return None, f"{path} is not a client profile: {str(exc).rstrip('.')}"
    if not found["ca"]:
        return None, f"{path} has no certificate authority"
    if found["certificate"] and not found["key_matches"]:
        return None, f"the key in {path} does not match its certificate, or cannot be read"
    harm = objection(profile.unlisted, allowed)
    return (None, f"{path} is not used: {harm}") if harm else (found, "")


def _fits(profile: Object, said: Object, besides: t.Sequence[str]) -> bool:
    """Whether a profile is selected."""
    same = all(profile[name] == said[name] for name in (*SAME, *besides) if name in said)
    return same and profile["age"] >= said.get("older_than", 0)


def _doomed(fitting: t.Sequence[Object], said: Object) -> list[Object]:
    """The profiles to revoke: all except the newest ones of each user and type that are kept, and protected ones."""
    protected, keep = set(said.get("protect", ())), said.get("keep", 0)
    newest: dict[tuple[t.Any, t.Any], int] = {}
    gone = []
    for one in sorted(fitting, key=lambda one: (one["not_before"], int(one["serial"])), reverse=True):
        place = one["user"], one["profile_type"]
        newest[place] = newest.get(place, 0) + 1
        if newest[place] > keep and one["serial"] not in protected:
            gone.append(one)
    return gone


def _shown(profile: Object) -> Object:
    """The values of a profile that help people to recognise it."""
    return {
        name: profile[name]
        for name in ("serial", "user", "profile_type", "comment", "ca", "not_after", "days_left", "age")
    }


PROFILE = Profile()


def listing(run: Run[AccessServer]) -> list[Object]:
    """For as_profile_info: every profile of these users, or of all, that fits, each user's newest last."""
    params = run.task.params
    mistakes = Mistakes()
    for name in ("older_than", "ends_within"):
        if params[name] is not None and not 0 <= params[name] <= MOST_DAYS:
            mistakes.add(f"{name}: {params[name]} is not allowed. It must be from 0 to {MOST_DAYS} days.")
    mistakes.refuse()
    with reading(run):
        # The effect of an empty text in a filter is not known, so no filter has one.
        wire = run.client.profiles(params["users"], params["comment"] or None, _filters(params))
        listed = [_profile(one) for one in wire]
    fitting = [one for one in listed if _is_asked_for(one, params)]
    return sorted(fitting, key=lambda one: (str(one["user"]), one["not_before"], int(one["serial"])))


def _filters(params: t.Mapping[str, t.Any]) -> Record:
    """Filters for the server that miss no requested profile."""
    filters: Record = {}
    if params["ca"]:
        filters["signing_ca_cn"] = {"operation": "equal", "value": params["ca"]}
    if params["older_than"] is not None:
        filters["not_before"] = {"end": values.day_from_today(SPARE_DAYS - params["older_than"])}
    if params["ends_within"] is not None:
        filters["not_after"] = {"end": values.day_from_today(SPARE_DAYS + params["ends_within"])}
    return filters


def _is_asked_for(profile: Object, params: t.Mapping[str, t.Any]) -> bool:
    return (
        params["comment"] in (None, profile["comment"])
        and params["ca"] in (None, profile["ca"])
        and (params["older_than"] is None or profile["age"] >= params["older_than"])
        and (params["ends_within"] is None or profile["days_left"] < params["ends_within"])
    )
