# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications between the nodes of a cluster."""

from __future__ import annotations

import typing as t

from ..._engine.run import Run
from ..api.client import AccessServer

KINDS = ("cluster_restart_pending", "node_restarted")
SPEC: t.Mapping[str, t.Any] = {"notification_type": {"type": "str", "required": True, "choices": list(KINDS)}}


def notify(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_notification: a new one in each run."""
    kind = run.task.params["notification_type"]
    if not run.task.check:
        run.client.call("POST /notification/create", {"notification_type": kind.upper()})
    return {"changed": True, "diff": {"before": {}, "after": {"notification": {"notification_type": kind}}}}
