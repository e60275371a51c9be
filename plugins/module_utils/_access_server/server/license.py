# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The licence of an Access Server: what it is, and how it is activated."""

from __future__ import annotations

import base64
import contextlib
import json
import typing as t

from ..._engine.arguments import texts_in
from ..._engine.field import HIDDEN, Field, Object
from ..._engine.plan import Actual, Change
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._text.errors import InputError, Mistakes, Refused, reads
from ..._text.masking import SHORTEST_SECRET
from ..api.client import AccessServer

LICENCE_SECRETS = ("subkey",)  # servers return them in clear text (server behaviour, 116)
# The ways to activate a licence, each with its operation and the name of the text in its request.
WAYS: t.Mapping[str, tuple[str, str]] = {
    "subscription": ("POST /license/subscription", "subscription"),
    "activation_key": ("POST /license/fixed-license/online-activation", "license"),
    "license_file": ("POST /license/fixed-license/offline-activation", "license"),
}
INFO_SPEC: t.Mapping[str, t.Any] = {"machine_id": {"type": "bool", "default": False}}
_IDENTITY = ("subkey", "billing_id")  # keys that tell two subscriptions apart, the best one first
_USELESS = ("SUBSCRIPTION_EXPIRED", "SUBSCRIPTION_ENDED", "SUBSCRIPTION_INVALID")
_FINE = "SUBSCRIPTION_OK"
TESTED = "tested"  # a note of a run: the answer to the test of the declared subscription
_NO_SECRETS = ("name", "state", "error", "type", "server")  # keys of a subscription
_KINDS = {"subscription": "a subscription", "fixed": "a fixed licence", "awstiered": "an AWS licence"}


def _way(name: str) -> Field:
    return Field(
        name,
        {"type": "str", "no_log": True},
        rewrite=lambda declared, have: None if have["is_declared"] else True,
    )


class License(Resource):
    """The one licence of a server. The server shows whether it is the declared one, as far as it can (119)."""

    noun, plural, sole_name = "license", "", "license"
    keys: t.Mapping[str, t.Any] = {}
    fields = (
        *map(_way, WAYS),
        Field("licensing_type"),
        Field("name"),
        Field("state"),
        Field("is_declared"),
    )
    options: t.Mapping[str, t.Any] = {"renew": {"type": "bool", "default": False}}
    rules = {
        "mutually_exclusive": [tuple(WAYS)],
        "required_if": [("state", "present", tuple(WAYS), True)],
    }

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The licence of the server, and whether it is the declared one."""
        secrets = {name: text for want in run.wanted or () for name, text in want.secrets.items()}
        for text in secrets.values():  # a server may quote a line or a word of it
            run.task.secrets.update(_words(text))
        found = _info(run)
        kind = found.get("licensing_type")
        if kind == "unlicensed":
            return Actual({})
        is_declared = bool(secrets) and self._is_declared(run, found, secrets)
        have = {
            "licensing_type": kind,
            "name": found.get("name"),
            "state": found.get("state"),
            "is_declared": is_declared and not run.task.params.get("renew"),
        }
        return Actual({self.sole_name: {**dict.fromkeys(WAYS), **have}})

    def _is_declared(self, run: Run[AccessServer], found: Object, secrets: t.Mapping[str, str]) -> bool:
        """If the test of a subscription returns no identity, any subscription counts as the declared one."""
        if "subscription" in secrets:
            if found["licensing_type"] != "subscription":
                return False
            tested = _tested(run, secrets["subscription"])
            key = next((name for name in _IDENTITY if tested.get(name) and found.get(name)), None)
            return key is None or tested[key] == found[key]
        keys = [str(one.get("key")) for one in found.get("fixed_licenses") or ()]
        if "activation_key" in secrets:  # some servers may show only a part of a key
            return any(_is_key(key, secrets["activation_key"].strip()) for key in keys)
        words = secrets.get("license_file", "").split()
        return any(_is_key(key, word) for key in keys for word in words)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """A valid subscription, and no licence of another kind on the server."""
        for change in run.plan.of("none"):
            state = (change.before or {}).get("state")
            if state not in (None, _FINE):
                run.task.warn(f"The server reports the state {state} for its subscription.")
        for change in run.plan.of("create", "update", "delete"):
            kind = (change.before or {}).get("licensing_type")
            declared = next(iter(change.wanted.secrets), "")
            if change.action == "delete":
                if kind != "subscription":
                    mistakes.add(
                        f"state: the server has {_KINDS.get(str(kind), kind)}, and only a subscription can be removed."
                    )
                continue
            if kind not in (None, "subscription" if declared == "subscription" else "fixed"):
                mistakes.add(
                    f"{declared}: the server has {_KINDS.get(str(kind), kind)}, and it is not documented what happens to "
                    "it. Remove it first; state: absent removes a subscription."
                )
            if declared == "subscription":
                with mistakes.collecting():
                    self._refuse_useless(run, change)

    @staticmethod
    def _refuse_useless(run: Run[AccessServer], change: Change) -> None:
        tested = _tested(run, change.wanted.secrets["subscription"])
        state, error = tested.get("state"), tested.get("error")
        if state in _USELESS:
            raise InputError(f"subscription: the server reports the state {state}{f' ({error})' if error else ''}.")
        if error or state not in (None, _FINE):
            run.task.warn(f"subscription: the server reports the state {state}{f' ({error})' if error else ''}.")

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """The same as a change."""
        self.update(run, changes)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """With the operation of the declared way; then the server must have the licence."""

        def activate(change: Change) -> None:
            [(name, text)] = change.secrets.items()
            operation, body = WAYS[name]
            run.client.call(operation, {body: text.strip() if name == "activation_key" else text})
            change.reached()
            if not self._is_declared(run, _info(run), change.secrets):
                change.fail("the server reported that it activated the licence, but does not have it")

        run.writes.each(changes, activate, "activated", in_order=True)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Only a subscription can be removed."""
        run.writes.each(
            changes, lambda change: run.client.call("DELETE /license/subscription"), "removed", in_order=True
        )


LICENSE = License()


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_license_info."""
    answer = {"changed": False, **_shown(_info(run))}
    if run.task.params["machine_id"]:
        answer["machine_id"] = run.client.text("GET /license/machine-id", None, accept="text/plain")
    return answer


def _words(text: str) -> t.Iterator[str]:
    """The secrets in the text of a licence: values of JSON, plain or in base64, and words of any other text."""
    for candidate in (text, _decoded(text)):
        with contextlib.suppress(ValueError):
            found = json.loads(candidate)
            values = (
                {name: one for name, one in found.items() if name not in _NO_SECRETS}
                if isinstance(found, dict)
                else found
            )
            yield from (one for one in texts_in(values) if len(one) >= SHORTEST_SECRET)
            return
    yield from (word for word in text.split() if len(word) >= SHORTEST_SECRET)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _info(run: Run[AccessServer]) -> Object:
    """Which keys there are depends on the type (server behaviour, 116); the document prints some with an apostrophe."""
    found = {key.rstrip("'"): value for key, value in run.client.object("GET /license/info").items()}
    for secret in (found.get("subkey"), *(one.get("key") for one in found.get("fixed_licenses") or ())):
        if secret:
            run.task.made(str(secret))
    return found


def _tested(run: Run[AccessServer], subscription: str) -> Object:
    """The server's report on a subscription, which it may not have yet. Raises InputError if it does not recognise it.

    The server is asked once in a task, because a task declares one subscription.
    """
    if TESTED in run.notes:
        return t.cast(Object, run.notes[TESTED])
    try:
        found = run.client.object("POST /license/subscription/test", {"subscription": subscription})
    except Refused as exc:
        if exc.status != 400:
            raise
        raise InputError(f"subscription: the server does not recognise it: {exc.reason}.") from exc
    run.notes[TESTED] = {key.rstrip("'"): value for key, value in found.items()}
    return t.cast(Object, run.notes[TESTED])


def _is_key(shown: str, declared: str) -> bool:
    """Whether a key is the declared one; a server may show it with asterisks in place of some of its characters."""
    alike = len(shown) == len(declared) and all(a in ("*", b) for a, b in zip(shown, declared))
    return alike and shown.strip("*") != ""


def _shown(found: Object) -> dict[str, t.Any]:
    """The licence without its keys, with the free connections and the end of its first part."""
    shown = {key: HIDDEN if key in LICENCE_SECRETS and value else value for key, value in found.items()}
    fixed = [{**one, "key": HIDDEN} for one in found.get("fixed_licenses") or ()]
    if fixed:
        shown["fixed_licenses"] = fixed
    used, seats = found.get("current_cc"), found.get("max_cc")
    known = isinstance(used, int) and isinstance(seats, int)
    ends = sorted(str(one["expiry"]) for one in fixed if one.get("expiry"))
    return {
        "license": shown,
        "seats_left": t.cast(int, seats) - t.cast(int, used) if known else None,
        "expires": ends[0] if ends else None,
    }
