# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connected VPN clients of a Freebox, and how to disconnect them."""

from __future__ import annotations

import ipaddress
import typing as t

from .._engine.apply import until_gone
from .._engine.run import Run
from .._text.errors import InputError, OutcomeUnknown, Refused, reads
from .client import Freebox, Record
from .session import SETTINGS

ATTEMPTS = 3  # reads of what is still connected, where answers are lost
INFO_SPEC: t.Mapping[str, t.Any] = {
    "users": {"type": "list", "elements": "str"},
    "servers": {"type": "list", "elements": "str"},
}
SPEC: t.Mapping[str, t.Any] = {
    "ids": {"type": "list", "elements": "str"},
    **INFO_SPEC,
    "state": {"type": "str", "choices": ["absent"], "default": "absent"},
}
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {
    "required_one_of": [("ids", "users", "servers")],
    "mutually_exclusive": [("ids", "users"), ("ids", "servers")],
}
NAMED_BY = {"ids": "id", "users": "user", "servers": "vpn"}  # options, and the property of a connection that they name
IDENTITY = ("id", "user", "vpn", "src_ip", "src_port", "auth_time")  # ids may be used again for other connections


def inform(run: Run[Freebox]) -> dict[str, t.Any]:
    """The work of freebox_vpn_connection_info."""
    return {"connections": found(run.client, run.task.params), "changed": False}


def disconnect(run: Run[Freebox]) -> dict[str, t.Any]:
    """The work of freebox_vpn_connection: nothing is written where no client is connected."""
    client = run.client
    params = run.task.params
    if all(params[option] is None for option in NAMED_BY):
        raise InputError(f"one of the following is required, and none has a value: {', '.join(NAMED_BY)}.")
    for option in NAMED_BY:
        if params[option] is not None and not params[option]:
            raise InputError(f"{option} is empty: list those whose connections are to end.")
    chosen = found(client, params)
    if chosen:
        client.session.refuse_without(SETTINGS)
    if run.task.check or not chosen:
        return _answer(chosen)
    left, why = disconnected(client, chosen, params)
    answer = _answer([one for one in chosen if one not in left])
    if not left:
        return answer
    ended = f"{len(chosen) - len(left)} of {len(chosen)} connections of {client.url} were ended"
    return {**answer, "changed": client.wrote, "failed": True, "msg": f"{ended}. One that remains: {why.rstrip('.')}."}


def _answer(ended: t.Sequence[Record]) -> dict[str, t.Any]:
    shown = [{key: one.get(key) for key in ("id", "vpn", "user", "src_ip", "local_ip")} for one in ended]
    before = {one["id"]: {key: value for key, value in one.items() if key != "id"} for one in shown}
    return {"changed": bool(ended), "disconnected": shown, "diff": {"before": before, "after": {}}}


def disconnected(
    client: Freebox, chosen: t.Sequence[Record], params: t.Mapping[str, t.Any]
) -> tuple[list[Record], str]:
    """End connections; returns those that remain, and why. After a lost answer, the rest is read and tried again.

    ``params`` are those by which these connections were found.
    """
    left, reasons, refused = list(chosen), {}, set()
    for _unused in range(ATTEMPTS):
        lost = False
        for one in left:
            number = one["id"]
            try:
                if number not in refused:
                    client.delete("DELETE /vpn/connection/{id}", {"id": number})
            except OutcomeUnknown as exc:
                lost, reasons[number] = True, str(exc)
            except Refused as exc:
                refused.add(number)
                reasons[number] = f"{number}: {exc.reason}"
        left = _still(client, left, params)
        if not lost or not left:
            break
    if left and not reasons:
        left = until_gone(left, lambda left: _still(client, left, params))
    no_reason = "the box answered that it ended the connection, and still lists it"
    return left, next((reasons[one["id"]] for one in left if one["id"] in reasons), no_reason) if left else ""


def _still(client: Freebox, chosen: list[Record], params: t.Mapping[str, t.Any]) -> list[Record]:
    there = {identity(one) for one in found(client, params)}
    return [one for one in chosen if identity(one) in there]


def identity(one: Record) -> tuple[t.Any, ...]:
    """The values that identify a connection."""
    return tuple(str(one.get(key)) for key in IDENTITY)


@reads
def found(client: Freebox, params: t.Mapping[str, t.Any]) -> list[Record]:
    """Connections with these ids, users or servers, as the box returns them."""
    return [
        {
            "src_port": None,
            **one,
            "id": str(one["id"]),
            "local_ip": _dotted(one.get("local_ip")),
        }  # F69: not all have both
        for one in client.objects("GET /vpn/connection/")
        if all(params.get(option) is None or str(one[key]) in params[option] for option, key in NAMED_BY.items())
    ]


def _dotted(address: t.Any) -> t.Optional[str]:
    """An address that is documented as a number, and is returned as a text (server behaviour, F69)."""
    if address is None or address == "":
        return None
    if isinstance(address, (str, int)) and not isinstance(address, bool):
        return str(ipaddress.ip_address(address))
    raise TypeError("address")
