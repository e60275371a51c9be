# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Access Server says about itself: version and state, licence, log."""

from __future__ import annotations

import contextlib
import time
import typing as t
from email.utils import parsedate_to_datetime

from ..._engine.arguments import TEXT_OR_NUMBER
from ..._engine.field import HIDDEN
from ..._engine.run import Run
from ..._net.operations import Headers
from ..._text.errors import EstateError, InputError, Refused, SignInError, reads
from ..._text.outside import Sentence
from ..api.client import PAGE, AccessServer, Record
from .restart import refuse_no_time

WELL = ("on", "enabled", "disabled")  # what nobody has to worry about (server-behaviour.md, 107)
SERIOUS = ("error", "critical")
PAUSE = 1.0  # seconds between two looks at a server that is not yet well
SERVER_SPEC: t.Mapping[str, t.Any] = {"healthy_within": {"type": "int"}}
LICENCE_SECRETS = ("subkey",)  # told in clear by servers (server-behaviour.md, 116)

SORTABLE = (
    *("node", "username", "service", "duration", "active", "virtual_ipv4_address", "bytes_received", "bytes_sent"),
    *("timestamp", "error", "version", "gui_version", "platform"),
)
TEXT_FILTERS = ("node", "username", "service", "virtual_ipv4_address", "gui_version", "version", "platform")
SEARCHABLE = ("username", "node", "service", "error", "platform", "version", "gui_version")
NUMBERS = ("bytes_sent", "bytes_received", "total_bytes", "duration", "server_port")
FLAGS = ("active", "auth")
FLAGS_ASKED = ("active", "error")

_TEXT: t.Mapping[str, t.Any] = {
    "type": "dict",
    "options": {
        "value": {"type": "str", "required": True},
        "operation": {"type": "str", "choices": ["equal", "substring", "not_equal"], "default": "equal"},
    },
}
_AMOUNT: t.Mapping[str, t.Any] = {
    "type": "dict",
    "options": {
        "value": {"type": TEXT_OR_NUMBER, "required": True},
        "operation": {"type": "str", "choices": ["less_than", "greater_than"], "default": "greater_than"},
    },
}
_TIME: t.Mapping[str, t.Any] = {
    "type": "dict",
    "options": {key: {"type": TEXT_OR_NUMBER} for key in ("start", "end", "start_relative", "end_relative")},
}
LOG_SPEC: t.Mapping[str, t.Any] = {
    **dict.fromkeys(TEXT_FILTERS, _TEXT),
    **dict.fromkeys(("start_time", "timestamp"), _TIME),
    **dict.fromkeys(("duration", "bytes_sent", "bytes_received"), _AMOUNT),
    "active": {"type": "bool"},
    "error": {"type": "bool"},
    "anywhere": {
        "type": "dict",
        "options": {
            "value": {"type": "str", "required": True},
            "fields": {"type": "list", "elements": "str", "choices": list(SEARCHABLE), "default": list(SEARCHABLE)},
        },
    },
    "order_by": {"type": "str", "choices": list(SORTABLE), "default": "timestamp"},
    "sort_by": {"type": "str", "choices": ["asc", "desc"], "default": "desc"},
    "limit": {"type": "int", "default": 100},
}


def server(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_server_info, as often as it takes until the server is well, where the task wants that."""
    patience = run.task.params["healthy_within"]
    if patience is None:
        return _state(run.client)
    refuse_no_time("healthy_within", patience)
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = _state(run.client)
            wrong = "; ".join(answer["server"]["problems"])
        except SignInError:
            raise
        except EstateError as exc:
            wrong = str(exc).rstrip(".")
        if not wrong:
            return answer
        if time.monotonic() > deadline:
            raise EstateError(f"{run.client.url} is not well after {patience} s: {wrong}.")
        time.sleep(PAUSE)


@reads
def _state(client: AccessServer) -> dict[str, t.Any]:
    """One answer from seven calls; what this server does not offer is null."""
    overview = client.status_overview()
    heard: list[Headers] = []
    begun = time.time()
    status = client.get("GET /server/status", heard.append)
    offset = clock_offset(heard[-1], begun, time.time())
    vpn = client.get("GET /vpn/status")
    return {
        "changed": False,
        "server": {
            **client.get("GET /server/info"),
            "last_restarted": status.get("last_restarted"),
            "clock_offset": offset,
            "services": {name: _service(one) for name, one in (status.get("service_status") or {}).items()},
            "problems": sorted(problems(status, vpn).values()),
            "auth_modules": status.get("auth_module_status") or {},
            "interfaces": client.interfaces(),
            "dco": client.get_if_offered("GET /vpn/dco-module"),
            "eula_accepted": (overview.get("eula_status") or {}).get("eula_accepted"),
            "nodes": (client.get_if_offered("GET /cluster/nodes/list") or {}).get("nodes") or {},
            "vpn_clients": len(vpn.get("vpn_clients") or ()),
            "vpn_daemons": sorted(vpn.get("vpn_daemons") or ()),
        },
    }


def clock_offset(headers: Headers, begun: float, ended: float) -> t.Optional[int]:
    """By how many seconds at least the clock of whoever answered is ahead of ours; None where the answer has no date.

    The answer was made between ``begun`` and ``ended``, and its date is one of whole seconds.
    """
    with contextlib.suppress(KeyError, TypeError, ValueError):
        date = parsedate_to_datetime(headers["Date"]).timestamp()
        return round(max(date - ended, 0) + min(date + 1 - begun, 0))
    return None


def problems(status: Record, vpn: t.Optional[Record]) -> dict[str, str]:
    """What keeps a server from serving, from what it says of its state and, where that counts, of its VPN.

    There is a sentence for each service that is not well, by its name; where no VPN daemon runs, by a name that none has.
    """
    found: dict[str, str] = {}
    for name, one in (status.get("service_status") or {}).items():
        serious = [str(note.get("message")) for note in one.get("error") or () if note.get("severity") in SERIOUS]
        if one.get("status") not in WELL or serious:
            why = f" ({'; '.join(serious)})" if serious else ""
            found[name] = Sentence(f"service {name} is {one.get('status')}{why}")
    if vpn is not None and not vpn.get("vpn_daemons"):
        found[""] = "no VPN daemon runs"
    return found


def _service(one: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A list called error holds good news too: only severity tells (server-behaviour.md, 107)."""
    notes = one.get("error") or []
    return {
        "status": one.get("status"),
        "healthy": one.get("status") != "error" and all(note.get("severity") not in SERIOUS for note in notes),
        "notes": notes,
    }


@reads
def licence(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_license_info. Which keys there are depends on the type (server-behaviour.md, 116)."""
    found = {key.rstrip("'"): value for key, value in run.client.get("GET /license/info").items()}
    for key in LICENCE_SECRETS:
        if found.get(key):
            found[key] = HIDDEN
    for one in found.get("fixed_licenses") or ():
        one["key"] = HIDDEN
    used, seats = found.get("current_cc"), found.get("max_cc")
    known = isinstance(used, int) and isinstance(seats, int)
    return {"changed": False, "license": found, "seats_left": t.cast(int, seats) - t.cast(int, used) if known else None}


@reads
def log(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_log_info: records with numbers as numbers, read page by page up to the limit."""
    params = run.task.params
    if params["limit"] < 1:
        raise InputError(f"limit: {params['limit']} is not a number of records from 1 up.")
    body: dict[str, t.Any] = {
        "order_by": params["order_by"],
        "sort_by": params["sort_by"],
        "filters": _filters(params),
    }
    asked_otherwise = params["error"] is None
    records: list[dict[str, t.Any]] = []
    while True:
        try:
            page = run.client.log_reports(
                {**body, "page_size": min(PAGE, params["limit"] - len(records)), "offset": len(records)}
            )
        except Refused as exc:
            if exc.status != 400:
                raise
            about_it = not exc.reasons or any("error" in key for key in exc.reasons)
            if about_it and not asked_otherwise:  # as a comparison of texts (server-behaviour.md, 113)
                body["filters"]["error"] = {"operation": "not_equal" if params["error"] else "equal", "value": ""}
                asked_otherwise = True
                continue
            raise InputError(f"The server does not take these filters: {exc}.") from exc
        records += [_record(one) for one in page["records"]]
        if not page["records"] or len(records) >= min(params["limit"], page["total"]):
            return {"changed": False, "total": page["total"], "records": records}


def _filters(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Filters as the document types them; an amount that is a number is sent as one."""
    plain = (*TEXT_FILTERS, "start_time", "timestamp", "duration", "bytes_sent", "bytes_received", "anywhere")
    found = {name: {k: v for k, v in params[name].items() if v is not None} for name in plain if params[name]}
    for name in ("bytes_sent", "bytes_received"):
        if name in found and found[name]["value"].isdigit():
            found[name]["value"] = int(found[name]["value"])
    found.update((name, {"value": params[name]}) for name in FLAGS_ASKED if params[name] is not None)
    return found


def _record(wire: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Numbers and flags come as texts, empty where they do not apply (server-behaviour.md, 112)."""
    record = {("protocol" if name == "proto" else name): value for name, value in wire.items()}
    for name in NUMBERS:
        value = record.get(name)
        record[name] = int(value) if isinstance(value, str) and value.isdigit() else value if value != "" else None
    for name in FLAGS:
        record[name] = {"1": True, "0": False, "": None}.get(record.get(name), record.get(name))  # type: ignore[arg-type]
    return record
