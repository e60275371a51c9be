# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connected VPN clients of an Access Server: their list, and the end of their sessions."""

from __future__ import annotations

import typing as t

from ..._engine.apply import until_gone
from ..._engine.arguments import TEXT_OR_NUMBER
from ..._engine.run import Run
from ..._text.errors import InputError, Refused, reads
from ..api.client import AccessServer, Record

REASON = "Disconnected by vpn.estate"
SPEC: t.Mapping[str, t.Any] = {
    "users": {"type": "list", "elements": "str"},
    "daemon_id": {"type": "str"},
    "client_id": {"type": "int"},
    "reason": {"type": TEXT_OR_NUMBER, "default": REASON},
    "client_reason": {"type": TEXT_OR_NUMBER},
    "state": {"type": "str", "choices": ["absent"], "default": "absent"},
}
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {
    "required_one_of": [("users", "daemon_id")],
    "mutually_exclusive": [("users", "daemon_id")],
    "required_together": [("daemon_id", "client_id")],
}
INFO_SPEC: t.Mapping[str, t.Any] = {"users": {"type": "list", "elements": "str"}}


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_vpn_session_info."""
    asked = run.task.params["users"]
    found = [one for one in run.client.vpn_clients() if asked is None or one.get("username") in asked]
    return {"sessions": found, "changed": False}


def disconnect(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_vpn_session: matching sessions end; without any, the server gets no request to end one."""
    client = run.client
    params = run.task.params
    if params["users"] is not None and not params["users"]:
        raise InputError("users is empty. List the users whose sessions must end.")
    found = _sessions(client, params)
    answer = _answer(found)
    if run.task.check or not found:
        return answer
    reasons = {key: params[key] for key in ("reason", "client_reason") if params[key]}
    if params["users"] is not None:
        whom: dict[str, t.Any] = {"users": sorted({one["username"] for one in found})}
    else:
        whom = {"daemon_id": params["daemon_id"], "client_id": params["client_id"]}

    def still(ending: list[Record]) -> list[Record]:
        return [one for one in _sessions(client, params) if one in ending]

    try:
        client.call("POST /vpn/client/disconnect", {**whom, **reasons})
    except Refused as exc:
        if exc.status not in (400, 404):
            raise
        left, why = still(found), exc.reason  # some may have ended anyway, or all of them by themselves
    else:
        left, why = (
            until_gone(still(found), still),
            "the server reported that it ended all of them, but still lists the others",
        )
    if not left:
        return answer
    ended = [one for one in found if one not in left]
    return {
        **_answer(ended),
        "changed": client.wrote or bool(ended),
        "failed": True,
        "msg": f"{len(ended)} of {len(found)} sessions of {client.url} were ended: {why}.",
    }


def _answer(ended: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    before = {f"{one['daemon_id']}/{one['client_id']}": {"username": one["username"]} for one in ended}
    return {"changed": bool(ended), "disconnected": list(ended), "diff": {"before": before, "after": {}}}


@reads
def _sessions(client: AccessServer, params: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Sessions that match the task, as far as they are listed."""
    found = [one for one in client.vpn_clients() if _meant(one, params)]
    return [{key: one.get(key) for key in ("username", "daemon_id", "client_id")} for one in found]


def _meant(one: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> bool:
    if params["users"] is not None:
        return one.get("username") in params["users"]
    return (one["daemon_id"], one["client_id"]) == (params["daemon_id"], params["client_id"])
