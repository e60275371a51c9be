# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two Access Servers, one of which takes over from the other: their setup, and whether it works."""

from __future__ import annotations

import contextlib
import typing as t

from ..._engine.apply import apply
from ..._engine.field import WHEN_WRITTEN
from ..._engine.plan import Plan, Wanted
from ..._engine.report import diff
from ..._engine.run import Run
from ..._text.errors import EstateError, InputError, OutcomeUnknown, Refused, reads
from ..api.client import AccessServer
from ..configuration.config_item import CONFIG_ITEM

MODE, UCARP, OFF = "failover.mode", "ucarp", ""
ROLES = ("primary", "secondary")
HOST: t.Mapping[str, t.Any] = {
    "public": {"type": "str", "required": True},
    "internal": {"type": "str"},
    "username": {"type": "str", "default": "root"},
    "password": {"type": "str", "no_log": True},
    "ssh_port": {"type": "int"},
}
SPEC: t.Mapping[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "tested", "absent"], "default": "present"},
    "address": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    **{role: {"type": "dict", "options": HOST} for role in ROLES},
    "update_secrets": WHEN_WRITTEN,
}
_COMPLETE = ("address", "secret", *ROLES)
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {
    "required_if": [("state", state, _COMPLETE) for state in ("present", "tested")],
}


def set_up(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_failover: the declaration is tested first, and only then written and set up."""
    params = run.task.params
    if params["state"] == "absent":
        return _switched_off(run)
    declared = list(_items(params))
    if params["state"] == "tested":
        return {"changed": False, **_tested(run.client, declared)}
    plan = _written(run.within({}, check=True), declared)
    if not plan.changed:
        return _answer(plan, {})
    results = _tested(run.client, declared)
    if results.get("failed"):
        return {"changed": False, **results}
    if not run.task.check:
        done = _written(run, declared)
        _start(run, done)
    return _answer(plan, results)


def _switched_off(run: Run[AccessServer]) -> dict[str, t.Any]:
    """Only the mode is reset to its default. If the server reports no default, an empty text replaces it."""
    return _answer(_brought(run, [Wanted(MODE, "default", {"value": OFF, "custom": True}, [])]), {})


def _items(params: t.Mapping[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """The declaration as configuration items; all values are text, as in the document."""
    yield {"name": MODE, "value": UCARP}
    yield {"name": "ucarp.addr", "value": params["address"]}
    yield {"name": "ucarp.secret", "secret_value": params["secret"]}
    for number, role in enumerate(ROLES):
        host = {"enable": "true", **params[role], "internal": params[role]["internal"] or role.upper()}
        for key, value in host.items():
            if value is not None:
                kind = "secret_value" if key == "password" else "value"
                yield {"name": f"dbpush.hosts.{number}.{key}", kind: str(value)}


def _written(run: Run[AccessServer], declared: t.Sequence[t.Mapping[str, t.Any]]) -> Plan:
    """The declared items."""
    return _brought(run, [CONFIG_ITEM.parse({**one, "custom": True}, "present") for one in declared])


def _brought(run: Run[AccessServer], wanted: t.Sequence[Wanted]) -> Plan:
    """Apply items to the active configuration profile; the server does not have to know them."""
    own = run.within({"profile": None})
    own.wanted = wanted
    plan = apply(own, CONFIG_ITEM, wanted)
    failed = [change for change in plan.changes if change.outcome == "failed"]
    if failed:
        raise EstateError(f"{failed[0].name}: {failed[0].message}")
    return plan


@reads
def _tested(client: AccessServer, declared: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Each test and its result; a failed test is an error."""
    settings = {one["name"]: one.get("value", one.get("secret_value")) for one in declared}
    try:
        found = client.object("POST /server/failover-test", settings)
    except Refused as exc:
        if exc.status != 400:
            raise
        raise InputError(
            f"{client.url} does not start the test of the failover: {exc.reason}. Nothing was written."
        ) from exc
    tests = {
        name: {"passed": one["status"] is True, "message": one["message"], "friendly": one.get("friendly")}
        for name, one in found.items()
    }
    failed = [f"{name}: {one['message']}" for name, one in sorted(tests.items()) if not one["passed"]]
    if not failed:
        return {"tests": tests}
    sentence = f"{len(failed)} of {len(tests)} tests of the failover failed. {'; '.join(failed)}. Nothing was written."
    return {"tests": tests, "failed": True, "msg": sentence}


def _start(run: Run[AccessServer], done: Plan) -> None:
    """Once. If the server refuses, the items are rolled back, so that the next run tries again."""
    client = run.client
    try:
        client.call("POST /server/failover-init")
    except OutcomeUnknown as exc:
        raise EstateError(
            f"{exc}. The request was not repeated. The configuration is written. Use state: tested to see whether it works."
        ) from exc
    except Refused as exc:
        items = {c.name: c.before or {} for c in done.of("update") if not c.secrets}
        values = {name: item["value"] for name, item in items.items() if item.get("is_set")}
        unset = {name: item.get("default_value") or OFF for name, item in items.items() if name not in values}
        sentence = "The configuration could not be rolled back"
        with contextlib.suppress(EstateError):
            if unset:
                client.reset_config_items(client.config_profiles[0], unset)
            if values:
                client.set_config_items(client.config_profiles[0], values)
            sentence = "The configuration is as before, except for secrets"
        raise EstateError(f"{client.url} refuses to set up the secondary server: {exc.reason}. {sentence}.") from exc


def _answer(plan: Plan, results: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The answer with all differences."""
    keys = sorted(change.name for change in plan.changes if change.action != "none")
    return {"changed": plan.changed, "changed_items": keys, "diff": diff(CONFIG_ITEM, plan), **results}
