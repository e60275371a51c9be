# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for VPN servers of a Freebox, which take a while to start (server-behaviour.md, F59)."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._errors import EstateError, reads
from ansible_collections.vpn.estate.plugins.module_utils._freebox.client import Freebox

PAUSE = 1.0  # seconds between two looks
STARTED, STARTING, ERROR = "started", "starting", "error"


def states(client: Freebox) -> dict[str, str]:
    """The state of each VPN server."""
    return t.cast(
        "dict[str, str]", reads(lambda client: {one["name"]: one["state"] for one in client.servers()})(client)
    )


def await_started(client: Freebox, names: t.Collection[str], timeout: float) -> None:
    """Wait until these servers run. Raises EstateError for one that does not in time, or never will."""
    deadline = time.monotonic() + timeout
    while True:
        now = states(client)
        waiting = {name: now.get(name, "gone") for name in sorted(names) if now.get(name) != STARTED}
        if not waiting:
            return
        name, state = next(iter(waiting.items()))
        if ERROR in waiting.values() or time.monotonic() > deadline:
            why = "has failed to start" if ERROR in waiting.values() else f"does not run after {timeout} seconds"
            name = next((name for name, state in waiting.items() if state == ERROR), name)
            raise EstateError(f"{name} of {client.url} {why}: its state is {waiting[name]}. Nothing was downloaded.")
        time.sleep(PAUSE)
