# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens with which users get a client profile by themselves, each with a secret URL."""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qs, urlsplit

from ..._engine.field import Field, Object, at_least
from ..._engine.one_time_secret import TEXT, New
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.run import Run
from ..._files.secret_file import SecretFile
from ..._text.errors import Mistakes, Unreadable, reading
from ..accounts.revoke_access import revoke_tokens
from ..api import values
from ..api.client import AccessServer, Record
from .profile import TYPES
from .revocable_secret import Revocable

INFO_SPEC: t.Mapping[str, t.Any] = {"users": {"type": "list", "elements": "str"}}


class ProfileToken(Revocable):
    """A valid token for a user and a type of profile; or, with the state absent, every token of a user."""

    noun, plural, key = "profile token", "profile_tokens", "user"
    fields = (
        Field("user", TEXT, create_only=True),
        Field("profile_type", {**TEXT, "choices": list(TYPES)}, create_only=True),
        Field("lifetime", {"type": "int"}, create_only=True, validate=at_least(1)),
        Field("usages", {"type": "int"}, create_only=True, validate=at_least(1)),
        *Revocable.place_fields,
    )
    options = {**Revocable.place_options, "assume_present": {"type": "list", "elements": "str", "default": []}}

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """Such as ``userlogin of ada``, or ``of ada`` for every token of a user."""
        return f"{params.get('profile_type') or ''} of {params['user']}".strip()

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Options must fit the state."""
        yield from super().validate(wanted)
        for want in wanted:
            if want.state == "present" and "profile_type" not in want.given:
                yield f"{self.noun} {want.name}: state: present needs profile_type."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Valid tokens of each user and type."""
        every = run.client.objects("GET /token-url/list", "profileTokens")
        found: dict[str, Object] = {}
        for want in run.wanted or ():
            if names is None or want.name in names:
                found[want.name] = _judged(
                    [one for one in every if _fits(one, want.values)], want, run.task.params["renew"]
                )
        return Actual({name: have for name, have in found.items() if have["tokens"] or have["held"]}, whole=True)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Also users that exist, and a place for the URL."""
        plan = run.plan
        super().validate_plan(run, mistakes)
        issued = [change for change in plan.of("create", "update") if "usable" in change.values]
        for change in issued:
            if "dest" not in change.wanted.values and not run.task.params["return_content"]:
                mistakes.add(
                    f"{self.noun} {change.name}: the URL of a new one would be lost. Set dest or return_content."
                )
        named = {change.wanted.values["user"] for change in issued}
        self.users_there(run, named)

    def issue(self, run: Run[AccessServer], said: Object, have: Object) -> str:
        """The URL."""
        how = {name: value for name, value in said.items() if name in ("profile_type", "lifetime", "usages")}
        return run.client.text("POST /token-url", {"username": said["user"], **how})

    def describe(self, run: Run[AccessServer], text: str) -> New:
        """Nothing: the list of tokens has all values."""
        if not _token_in(text):
            raise Unreadable(f"{run.client.asked} returned something that is not a URL with a token.")
        return New({})

    def take_back(self, run: Run[AccessServer], new: Object, text: str) -> bool:
        """Make it invalid."""
        run.client.call("POST /token-url/delete", [_token_in(text)])
        return all(
            one.get("token") != _token_in(text) for one in run.client.objects("GET /token-url/list", "profileTokens")
        )

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """And return how long they can be used."""
        before = {one["token"] for change in changes for one in (change.before or {}).get("tokens", ())}
        super().create(run, changes)
        made = [
            one for one in run.client.objects("GET /token-url/list", "profileTokens") if one.get("token") not in before
        ]
        for change in changes:
            if change.outcome != "failed":
                change.results["tokens"] = [_shown(one) for one in made if _fits(one, change.wanted.values)]

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of them in one request; tokens that were used meanwhile no longer exist."""
        revoke_tokens(run, changes, {c.name: [one["token"] for one in (c.before or {})["tokens"]] for c in changes})


def _fits(token: Record, said: Object) -> bool:
    return token.get("username") == said["user"] and token.get("profile_type") == said.get(
        "profile_type", token.get("profile_type")
    )


def _judged(tokens: t.Sequence[Record], want: Wanted, renew: bool) -> Object:
    """The tokens of a place, and why none of them is valid, if so."""
    dest, why, private, held = want.values.get("dest"), "", True, False
    if dest and want.state == "present":
        file = SecretFile("dest", dest)
        text, private = file.read(), file.is_private
        held = text is not None
        token = _token_in(text or "")
        tokens = sorted(tokens, key=lambda one: one["token"] != token)
        if text is None:
            why = f"{file.path} does not exist"
        elif token not in {one["token"] for one in tokens}:
            why = f"the token in {file.path} is no longer valid"
    why = "renew is set" if renew else why
    return {
        "usable": bool(tokens) and not why,
        "why": why,
        "private": private,
        "held": held,
        "tokens": list(tokens),
        "shown": {"tokens": [_shown(one) for one in tokens]},
    }


def _token_in(url: str) -> str:
    """The token of a URL, which may have another scheme (server behaviour, 97); empty if it has none."""
    found = parse_qs(urlsplit(url.strip()).query).get("token", [])
    return found[0] if len(found) == 1 else ""


def _shown(token: Record) -> Object:
    expires = token.get("expires")
    return {
        "user": token.get("username"),
        "profile_type": token.get("profile_type"),
        "expires": values.moment(expires) if expires else None,
        "usages": token.get("usages"),
    }


PROFILE_TOKEN = ProfileToken()


def listing(run: Run[AccessServer]) -> list[Object]:
    """For as_profile_token_info: every valid token of these users, or of all, without the token itself."""
    users = run.task.params["users"]
    with reading(run):
        listed = [_shown(one) for one in run.client.objects("GET /token-url/list", "profileTokens")]
    chosen = [one for one in listed if users is None or one["user"] in users]
    return sorted(chosen, key=lambda one: (str(one["user"]), str(one["expires"])))
