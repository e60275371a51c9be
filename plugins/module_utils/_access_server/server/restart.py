# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart an Access Server, and check that it has restarted."""

from __future__ import annotations

import contextlib
import typing as t
from fnmatch import fnmatchcase

from ..._engine.run import Run
from ..._text.errors import EstateError, InputError, NotBack, OutcomeUnknown, Refused, reads
from ..api.client import AccessServer

MODES = ("warm", "cold", "systemctl", "server_agent")
TIMEOUT = 120  # seconds
SPEC: t.Mapping[str, t.Any] = {
    "mode": {"type": "str", "choices": [*MODES, "dry_run"], "default": "warm"},
    "only_if_pending": {"type": "bool", "default": False},
    "changed_items": {"type": "list", "elements": "str", "default": []},
    "harmless": {"type": "list", "elements": "str", "default": []},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": TIMEOUT},
}


@contextlib.contextmanager
def restarted(
    client: AccessServer, timeout: float, wait: t.Optional[t.Callable[[t.Optional[str], float], str]] = None
) -> t.Iterator[dict[str, t.Any]]:
    """Around a call that restarts the server: wait until it has restarted, and put ``last_restarted`` in the yielded mapping.

    A lost answer is not a failure: the server may have stopped during its answer. ``wait`` is for a server that ``client`` may
    not trust after the restart.
    """
    results: dict[str, t.Any] = {}
    before = client.object("GET /server/status").get("last_restarted")
    lost = ""
    try:
        yield results
    except OutcomeUnknown as exc:
        lost = f"{exc}. "
    try:
        results["last_restarted"] = (wait or client.await_restart)(before, timeout)
    except NotBack as exc:
        raise NotBack(f"{lost}{exc}") from exc


def restart(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_restart."""
    client = run.client
    params = run.task.params
    refuse_no_time("timeout", params["timeout"])
    reasons = pending(client, params)
    connected = len(client.vpn_clients())
    answer: dict[str, t.Any] = {"changed": False, "restarted": False, "pending": reasons, "vpn_clients": connected}
    if params["mode"] == "dry_run":
        if not run.task.check:  # the effect of a dry run is not documented (server behaviour, 103)
            with refusal(client):
                client.restart("dry_run")
        return answer
    if params["only_if_pending"] and not reasons:
        return answer
    answer.update(changed=True, diff={"before": {}, "after": announced(run, params["mode"], connected)})
    answer["diff"]["after"]["restart"]["pending"] = reasons
    if run.task.check:
        return answer
    with refusal(client):
        if params["wait"]:
            with restarted(client, params["timeout"]) as heard:
                client.restart(params["mode"])
            answer.update(heard)
        else:
            client.restart(params["mode"])
    return {**answer, "restarted": True}


def announced(run: Run[AccessServer], mode: str, connected: t.Optional[int] = None) -> dict[str, t.Any]:
    """What a task that restarts the server adds to its diff; it warns of VPN clients that may be interrupted."""
    connected = len(run.client.vpn_clients()) if connected is None else connected
    if connected:
        run.task.warn(f"A restart of {run.client.url} may interrupt VPN clients; connected: {connected}.")
    return {"restart": {"mode": mode, "vpn_clients": connected}}


def refuse_no_time(option: str, seconds: int) -> None:
    """Refuse a time that is too short to see a restart."""
    if seconds < 1:
        raise InputError(f"{option}: {seconds} is too small; the smallest value is 1 second.")


@contextlib.contextmanager
def refusal(client: AccessServer) -> t.Iterator[None]:
    """Report that nothing happened if the server refuses to restart."""
    try:
        yield
    except Refused as exc:
        raise EstateError(f"{client.url} refuses to restart: {exc.reason}. It continues to run as before.") from exc


@reads
def pending(client: AccessServer, params: t.Mapping[str, t.Any]) -> list[str]:
    """Why a restart is due: the node reports it, or this run changed items that are not declared harmless.

    If it is not known which node of a cluster answers, every node counts.
    """
    nodes = (client.object_if_offered("GET /cluster/nodes/list") or {}).get("nodes") or {}
    ours = params["as_node"] or (client.object("GET /server/info").get("os_hostname") if nodes else None)
    if ours in nodes:  # it alone restarts
        nodes = {ours: nodes[ours]}
    waiting = [f"node {name}" for name, node in sorted(nodes.items()) if node.get("restart_pending")]
    harmless = params["harmless"]
    changed = [one for one in params["changed_items"] if not any(fnmatchcase(one, pattern) for pattern in harmless)]
    return waiting + changed
