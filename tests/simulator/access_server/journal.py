# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log database: what happened on the server, and the operation that asks for it."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..clock import iso_seconds
from ..parts import Part, operation
from ..shapes import AnyOf, OneOf
from . import listing
from .answers import Call, checked, invalid
from .listing import ANYWHERE_FILTER, DURATION_FILTER, FLAG_FILTER, PAGING, TEXT_FILTER, TIME_FILTER

if TYPE_CHECKING:
    from .machine import Machine

_NAME_LENGTH = 128
_TRUNCATED = "(TRUNCATED)"
_ORDER = (
    "node", "username", "service", "duration", "active", "virtual_ipv4_address", "bytes_received", "bytes_sent",
    "timestamp", "error", "version", "gui_version", "platform",
)  # fmt: skip
_ANYWHERE = ("username", "node", "service", "error", "platform", "version", "gui_version")
_TRAFFIC_FILTER: dict[str, Any] = {"value!": AnyOf(int, str), "operation!": OneOf("less_than", "greater_than")}
_TRAFFIC = re.compile(r"(\d+)\s*(|k|kb|m|mb|g|gb)", re.IGNORECASE)
_EMPTY: dict[str, Any] = {
    "username": None,
    "start_time": None,
    "duration": None,
    "service": "",
    "active": None,
    "auth": None,
    "real_address": "",
    "virtual_ipv4_address": "",
    "server_port": None,
    "bytes_received": None,
    "bytes_sent": None,
    "total_bytes": None,
    "error": "",
    "timestamp": None,
    "version": None,
    "gui_version": None,
    "platform": None,
    "proto": None,
}


class Journal(Part):
    """Records in the order in which things happened."""

    passing = ("_records",)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._records: list[dict[str, Any]] = []

    def clear(self) -> None:
        self._records.clear()

    def add(self, username: str, **values: Any) -> dict[str, Any]:
        """Write a record and return it, so that the end of a connection can be added to it."""
        now = iso_seconds(self._machine.clock.now())
        if len(username) > _NAME_LENGTH:
            username = username[: _NAME_LENGTH - len(_TRUNCATED)] + _TRUNCATED
        record = {
            "node": self._machine.node,
            **_EMPTY,
            "username": username,
            "start_time": now,
            "timestamp": now,
            **values,
        }
        self._records.append(record)
        return record

    def started(self) -> None:
        """What a start of the services leaves in the log (log_reports)."""
        for _unused in range(3):
            self.add("__local_root__", service="XML_API", auth=True)
            self.add("__local_root__", service="", auth=True)

    # operations

    @operation("POST", "/log/reports", "getLogReports")
    def reports(self, call: Call) -> Answer:
        dialect = self._machine.dialect
        shape = {
            **PAGING,
            "order_by": OneOf(*_ORDER),
            "filters": {
                "start_time": TIME_FILTER,
                "timestamp": TIME_FILTER,
                "duration": DURATION_FILTER,
                "active": FLAG_FILTER,
                "error": TEXT_FILTER if dialect.error_filter_is_text else FLAG_FILTER,
                "bytes_sent": _TRAFFIC_FILTER,
                "bytes_received": _TRAFFIC_FILTER,
                "anywhere": {**ANYWHERE_FILTER, "fields": [OneOf(*_ANYWHERE)]},
                **dict.fromkeys(
                    ("node", "username", "service", "virtual_ipv4_address", "gui_version", "version", "platform"),
                    TEXT_FILTER,
                ),
            },
        }
        asked = checked(call.body or {}, shape)
        size, offset = listing.window(asked, self._machine.settings)
        filters = asked.get("filters") or {}
        listing.anywhere_alone(filters)
        tests = [self._test(field, wanted) for field, wanted in filters.items()]
        found = [record for record in self._records if all(test(record) for test in tests)]
        order = asked.get("order_by", "timestamp")
        found = listing.in_order(found, lambda record: _sortable(record[order]), asked)
        records = [dialect.log_record(record) for record in found[offset : offset + size]]
        return Answer(200, {"total": len(found), "records": records})

    def _test(self, field: str, wanted: dict[str, Any]) -> Any:
        """A function that tells whether a record passes one filter."""
        if field in ("start_time", "timestamp"):
            start, end = self._bounds(field, wanted)
            return lambda record: start <= record[field] <= end
        if field == "anywhere":
            return lambda record: listing.anywhere_matches(record.get, wanted, _ANYWHERE)
        if field in ("duration", "bytes_sent", "bytes_received"):
            limit = (
                listing.span(wanted["value"], f"filters.{field}") if field == "duration" else _traffic(field, wanted)
            )
            less = wanted["operation"] == "less_than"
            return lambda record: (
                record[field] is not None and (record[field] < limit if less else record[field] > limit)
            )
        if "operation" in wanted:
            return lambda record: listing.text_matches(str(record[field] or ""), wanted)
        return lambda record: bool(record[field]) == wanted["value"]

    def _bounds(self, field: str, wanted: dict[str, str]) -> tuple[str, str]:
        """First and last second of a time filter; a missing bound is open."""
        bounds = {"start": "", "end": "9"}
        for side in bounds:
            if f"{side}_relative" in wanted:
                ago = listing.span(wanted[f"{side}_relative"], f"filters.{field}.{side}_relative")
                bounds[side] = iso_seconds(self._machine.clock.now() - ago)
            elif side in wanted:
                bounds[side] = _absolute(wanted[side], f"filters.{field}.{side}")
        return bounds["start"], bounds["end"]


def _absolute(text: str, field: str) -> str:
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        raise invalid({field: "Input should be a valid datetime"}) from None
    return iso_seconds((time if time.tzinfo else time.replace(tzinfo=dt.timezone.utc)).timestamp())


def _traffic(field: str, wanted: dict[str, Any]) -> int:
    """Bytes in a limit such as 20000 or `20kb`."""
    found = _TRAFFIC.fullmatch(str(wanted["value"]))
    if not found:
        raise invalid({f"filters.{field}.value": "Input should be a number of bytes"})
    scale = " kmg".index(found[2][:1].lower() or " ")
    return int(found[1]) * int(1024**scale)


def _sortable(value: Any) -> tuple[int, Any]:
    """Values of one field sort among themselves, missing ones first."""
    return (0, "") if value is None else (1, value)
