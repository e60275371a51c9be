# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version and the state of an Access Server, and its problems."""

from __future__ import annotations

import contextlib
import time
import typing as t
from email.utils import parsedate_to_datetime

from ..._engine.run import Run
from ..._net.operations import Headers
from ..._text.errors import EstateError, SignInError, reads
from ..._text.outside import Sentence
from ..api.client import AccessServer, Record
from .restart import refuse_no_time

WELL = ("on", "enabled", "disabled")  # of a service that works (server behaviour, 107)
SERIOUS = ("error", "critical")
PAUSE = 1.0  # seconds between two checks of a server that is not healthy yet
SPEC: t.Mapping[str, t.Any] = {"healthy_within": {"type": "int"}, "details": {"type": "bool", "default": False}}


def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_server_info: the state, after waiting for a healthy server if the task wants it, and optional details."""
    answer = _healthy(run)
    if run.task.params["details"]:
        answer["server"].update(_details(run.client))
    return answer


def _healthy(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The state; if the task waits, it is read again until the server is healthy."""
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
            raise EstateError(f"{run.client.url} is not healthy after {patience} s: {wrong}.")
        time.sleep(PAUSE)


@reads
def _state(client: AccessServer) -> dict[str, t.Any]:
    """One answer from seven calls; values that this server does not offer are null."""
    interfaces = client.call("GET /server/interfaces", query={"no_loopback": "true"})
    overview = client.object("POST /helper/status-overview", {"names": []})
    headers: list[Headers] = []
    started = time.time()
    status = client.object("GET /server/status", on_headers=headers.append)
    offset = clock_offset(headers[-1], started, time.time())
    vpn = client.object("GET /vpn/status")
    return {
        "changed": False,
        "server": {
            **client.object("GET /server/info"),
            "last_restarted": status.get("last_restarted"),
            "clock_offset": offset,
            "services": {name: _service(one) for name, one in (status.get("service_status") or {}).items()},
            "problems": sorted(problems(status, vpn).values()),
            "auth_modules": status.get("auth_module_status") or {},
            "interfaces": client.listed({"interfaces": interfaces}, "interfaces"),
            "dco": client.object_if_offered("GET /vpn/dco-module"),
            "eula_accepted": (overview.get("eula_status") or {}).get("eula_accepted"),
            "nodes": (client.object_if_offered("GET /cluster/nodes/list") or {}).get("nodes") or {},
            "vpn_clients": len(vpn.get("vpn_clients") or ()),
            "vpn_daemons": sorted(vpn.get("vpn_daemons") or ()),
        },
    }


@reads
def _details(client: AccessServer) -> dict[str, t.Any]:
    """Values that seldom change; values that this server does not offer are null."""
    eula = client.object_if_offered("GET /eula") or {}
    return {
        "settings": client.object_if_offered("GET /server/config"),
        "sign_in_page": client.object_if_offered("GET /ui/config"),
        "eula": {"version": eula.get("eula_version_as"), "text": eula.get("eula")},
    }


def clock_offset(headers: Headers, started: float, ended: float) -> t.Optional[int]:
    """By how many seconds at least the server's clock is ahead of ours; None where the answer has no date.

    The server answered between ``started`` and ``ended``, and its date has whole seconds.
    """
    with contextlib.suppress(KeyError, TypeError, ValueError):
        date = parsedate_to_datetime(headers["Date"]).timestamp()
        return round(max(date - ended, 0) + min(date + 1 - started, 0))
    return None


def problems(status: Record, vpn: t.Optional[Record]) -> dict[str, str]:
    """The problems of a server, from its state (``GET /server/status``) and, if it counts, the state of its VPN.

    A sentence for each service that does not work, by the service's name; if no VPN daemon runs, by the empty name.
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
    """The list named error also contains success messages: only the severity counts (server behaviour, 107)."""
    notes = one.get("error") or []
    return {
        "status": one.get("status"),
        "healthy": one.get("status") != "error" and all(note.get("severity") not in SERIOUS for note in notes),
        "notes": notes,
    }
