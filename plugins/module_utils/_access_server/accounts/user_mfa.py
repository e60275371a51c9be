# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authenticators of users of the Access Server: whether one is required and enrolled, and its secret."""

from __future__ import annotations

import hashlib
import re
import time
import typing as t
from dataclasses import replace
from urllib.parse import quote, urlsplit

from ..._engine.apply import apply_declared
from ..._engine.field import HIDDEN, Field, Object
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.run import Run, Task
from ..._files.secret_file import SecretFile
from ..._text.errors import Mistakes
from ..api import values
from ..api.client import AccessServer
from ..api.totp import TOTP_STEP, totp
from .account_safety import TOTP, Standing, changed, guard
from .properties import BOOL, Owner, refuse_unknown

FORMATS = ("otpauth", "secret")
_SECRET = re.compile(r"([A-Z2-7]{8,})=*(?:&\S*)?\s*", re.IGNORECASE)
_KEY_OF_SECRET = re.compile("[?&]secret=", re.IGNORECASE)


def _bare(secret: str) -> str:
    """A secret in base32, without blanks and padding. Raises ValueError, which does not quote it, if it is not valid."""
    bare = "".join(secret.split()).rstrip("=").upper()
    if not re.fullmatch("[A-Z2-7]{16,}", bare):
        raise ValueError("it is not a secret in base32 of at least 16 characters")
    return bare


def _digest(secret: t.Optional[str]) -> t.Optional[str]:
    """A digest that tells two secrets apart."""
    return hashlib.sha256(secret.rstrip("=").upper().encode()).hexdigest() if secret else None


def _is_rewritten(declared: Object, have: Object) -> bool:
    """If the server has another secret, or none. A secret that it does not show, as some do for enrolled users (46), stays."""
    hidden = have["digest"] is None and have["enrolled"]
    return not hidden and have["digest"] != _digest(_bare(declared["totp_secret"]))


class UserMfa(Owner):
    """Users and their authenticators. One property says that a user is enrolled and that the secret is hidden (47)."""

    noun, plural, read_back = "user", "users", ()
    states = ("present",)
    are_accounts = True
    purgeable = False
    always_there = True
    needed = ("enrolled", "digest")
    fields = (
        Field("required", BOOL, "totp", load=values.own, normal=values.boolean),
        Field(
            "enrolled", BOOL, "totp_locked", normal=values.boolean, unset=False, read_back=True
        ),  # 47: not documented how it is set
        Field("reset", BOOL, create_only=True),
        Field("dest", {"type": "path"}, create_only=True),
        Field("totp_secret", {"type": "str", "no_log": True}, dump=None, validate=_bare, rewrite=_is_rewritten),
        Field("digest", api="totp_secret", load=_digest),
    )
    options = {
        "format": {"type": "str", "choices": list(FORMATS), "default": FORMATS[0]},
        "return_content": {"type": "bool", "default": False},
        "assume_present": {"type": "list", "elements": "str", "default": []},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """One file holds one secret."""
        owners: dict[str, str] = {}
        for want in wanted:
            path = SecretFile("dest", want.values["dest"]).path if "dest" in want.values else want.name
            owner = owners.setdefault(path, want.name)
            if owner != want.name:
                yield f"dest: {path} is declared for {owner} and for {want.name}, but a file holds only one secret."
            if want.secrets and want.values.get("reset"):
                yield f"reset of user {want.name}: it is not allowed together with totp_secret."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Users as they are. A declared secret is also masked in the form in which it is sent."""
        for want in run.wanted or ():
            run.task.secrets.update(map(_bare, want.secrets.values()))
        listing = run.client.users(names, self.loader(run))
        return Actual(listing.records, listing.total, listing.whole)

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A ``secret`` if one is created, and a ``file`` if one is written.

        A user with a new secret must enrol, unless the task declares that the user is enrolled.
        """
        given, there = wanted.values, have or {}
        after: Object = {name: given[name] for name in ("required", "enrolled") if name in given}
        wants = bool("dest" in given or run.task.params["return_content"] or given.get("enrolled"))
        if given.get("reset"):
            after.setdefault("enrolled", False)
        lacks = not (there.get("digest") or there.get("enrolled") or wanted.secrets)
        if given.get("reset") or (wants and lacks):
            after["secret"] = HIDDEN
        if "dest" in given and ("secret" in after or not self._is_held(wanted.name, given["dest"], there, run.task)):
            after["file"] = SecretFile("dest", given["dest"]).path
        return after

    def _is_held(self, name: str, path: str, have: Object, task: Task) -> bool:
        """Whether a file holds the user's secret, as far as the server shows it, in the form that the task declares."""
        file = SecretFile("dest", path)
        text = file.read() or ""
        *_unused, secret = _KEY_OF_SECRET.split(text) if text.lower().startswith("otpauth://") else [text]
        found = _SECRET.fullmatch(secret)
        if not found or not file.is_private or text != self._text(name, found[1], task):
            return False
        return have.get("digest") in (None, _digest(found[1]))

    @staticmethod
    def _text(name: str, secret: str, task: Task) -> str:
        """A secret in the form for authenticators, or the secret alone."""
        if task.params["format"] == "secret":
            return f"{secret}\n"
        issuer = quote(urlsplit(task.params["as_url"]).hostname or "", safe="")
        return f"otpauth://totp/{issuer}:{quote(name, safe='')}?secret={secret}&issuer={issuer}\n"

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Users that do not exist, files that cannot be written, and the account of the task."""
        plan = run.plan
        with mistakes.collecting():
            refuse_unknown({change.name: [] for change in plan.changes if change.before is None}, (), "user", run)
        for change in plan.of("update"):
            if "file" in change.values:
                with mistakes.collecting():
                    SecretFile("dest", change.values["file"]).refuse_unusable()
        guard(self, run)

    def matters(self, change: Change) -> bool:
        """Whether a change affects the code of a sign-in."""
        return bool(change.secrets or set(change.values) - {"file"})

    def after(
        self, run: Run[AccessServer], changes: t.Sequence[Change], name: str, before: Standing
    ) -> t.Optional[Standing]:
        """A new secret, or another enrolment, means another authenticator."""
        [change] = changes
        user = changed(before.user, {TOTP: change.values["required"]} if "required" in change.values else {})
        proof = {"authenticator": "another"} if change.secrets or {"secret", "enrolled"} & change.values.keys() else {}
        return replace(before, user={**user, **proof})

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Secrets first: no user is enrolled without one. A declared secret is written with the rest, and then checked."""

        def hand_over(change: Change) -> None:
            given, how = change.wanted.values, {}
            if given.get("reset"):
                how = {"reset_secret": True, "locked": bool(given.get("enrolled"))}
            secret = _secret(run, change.name, **how)
            if "file" in change.values:
                SecretFile("dest", change.values["file"]).write(self._text(change.name, secret, run.task))

        def written(change: Change) -> dict[str, t.Any]:
            carried = {name: _bare(secret) for name, secret in change.secrets.items()}
            return {**self.record(change), **carried}

        def send(batch: t.Sequence[Change]) -> None:
            run.client.call("POST /userprop/set", [written(change) for change in batch], secret=True)

        carrying = [change for change in changes if change.secrets]
        run.writes.many(carrying, send)
        self._check_secrets(run, [change for change in carrying if change.outcome != "failed"])
        handing = [c for c in changes if {"secret", "file"} & c.values.keys() and c.outcome != "failed"]
        run.writes.each(handing, hand_over, "given a secret")
        super().update(run, [c for c in changes if c not in carrying and c.outcome != "failed"])

    def _check_secrets(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """A secret that the server did not keep would lock the user out at the next code."""
        there = run.client.users([change.name for change in changes], self.loader(run)).records if changes else {}
        for change in changes:
            have = there.get(change.name, {})
            if have.get("digest") != _digest(_bare(change.secrets["totp_secret"])) and not (
                have.get("digest") is None and have.get("enrolled")
            ):
                change.fail(
                    f"the server reported that it set the secret of {change.name}, but has another secret or none"
                )

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Enrol with a code of the secret; undo an enrolment with the call that creates secrets."""

        def enrol(change: Change) -> None:
            if change.values["enrolled"]:
                secret = _secret(run, change.name)
                code = totp(secret, int(time.time() // TOTP_STEP), f"the secret of {change.name} on the server")
                body = {"username": change.name, "token": code}
                run.client.call("POST /auth/mfa/enroll", body)
            else:
                _secret(run, change.name, locked=False)

        run.writes.each([change for change in changes if "enrolled" in change.values], enrol, "enrolled")


USER_MFA = UserMfa()


def _secret(run: Run[AccessServer], username: str, **how: bool) -> str:
    """A user's TOTP secret. ``reset_secret`` creates a new one; ``locked`` decides whether the user may still see it."""
    body = {"username": username, **how}
    answer = run.client.call("POST /userprop/mfa/generate-secret", body)
    if not isinstance(answer, dict) or not isinstance(answer.get("totp_secret"), str):
        raise run.client.unreadable("a secret")
    return run.task.made(answer["totp_secret"])


def provide(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_user_mfa. To return an existing secret changes nothing, so it comes after all changes."""
    task = run.task
    answer = apply_declared(run, USER_MFA)
    if task.params["return_content"] and not task.check:
        for line in answer["objects"]:
            if line["action"] in ("updated", "unchanged"):
                text = USER_MFA._text(line["name"], _secret(run, line["name"]), task)
                line["content"] = task.made(text.rstrip("\n"))
    return answer
