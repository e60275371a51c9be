# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log records of an Access Server."""

from __future__ import annotations

import typing as t

from ..._engine.arguments import TEXT_OR_NUMBER
from ..._engine.run import Run
from ..._text.errors import InputError, Refused, reads
from ..api.client import PAGE, AccessServer

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
SPEC: t.Mapping[str, t.Any] = {
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


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_log_info: records with numbers as numbers, read page by page up to the limit."""
    params = run.task.params
    if params["limit"] < 1:
        raise InputError(f"limit: {params['limit']} is too small; the smallest value is 1.")
    body: dict[str, t.Any] = {
        "order_by": params["order_by"],
        "sort_by": params["sort_by"],
        "filters": _filters(params),
    }
    asked_otherwise = params["error"] is None
    records: list[dict[str, t.Any]] = []
    while True:
        try:
            page = run.client.object(
                "POST /log/reports",
                {**body, "page_size": min(PAGE, params["limit"] - len(records)), "offset": len(records)},
            )
        except Refused as exc:
            if exc.status != 400:
                raise
            about_it = not exc.reasons or any("error" in key for key in exc.reasons)
            if about_it and not asked_otherwise:  # compared as text (server behaviour, 113)
                body["filters"]["error"] = {"operation": "not_equal" if params["error"] else "equal", "value": ""}
                asked_otherwise = True
                continue
            raise InputError(f"The server does not accept these filters: {exc}.") from exc
        records += [_record(one) for one in page["records"]]
        if not page["records"] or len(records) >= min(params["limit"], page["total"]):
            return {"changed": False, "total": page["total"], "records": records}


def _filters(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Filters in the types of the document; an amount that is a number is sent as a number."""
    plain = (*TEXT_FILTERS, "start_time", "timestamp", "duration", "bytes_sent", "bytes_received", "anywhere")
    found = {name: {k: v for k, v in params[name].items() if v is not None} for name in plain if params[name]}
    for name in ("bytes_sent", "bytes_received"):
        if name in found and found[name]["value"].isdigit():
            found[name]["value"] = int(found[name]["value"])
    found.update((name, {"value": params[name]}) for name in FLAGS_ASKED if params[name] is not None)
    return found


def _record(wire: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Numbers and flags come as texts, empty where they do not apply (server behaviour, 112)."""
    record = {("protocol" if name == "proto" else name): value for name, value in wire.items()}
    for name in NUMBERS:
        value = record.get(name)
        record[name] = int(value) if isinstance(value, str) and value.isdigit() else value if value != "" else None
    for name in FLAGS:
        record[name] = {"1": True, "0": False, "": None}.get(record.get(name), record.get(name))  # type: ignore[arg-type]
    return record
