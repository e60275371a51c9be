# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report that the vendor's support asks for. Its content is not documented, so it is treated as a secret."""

from __future__ import annotations

import typing as t

from ..._engine.run import Run
from ..._files.secret_file import SecretFile
from ..api.client import AccessServer

SPEC: t.Mapping[str, t.Any] = {"dest": {"type": "path", "required": True}}


def save(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_support_report: a new report in each run."""
    file = SecretFile("dest", run.task.params["dest"])
    file.refuse_unusable()
    answer = {"changed": True, "diff": {"before": {}, "after": {"report": {"dest": file.path}}}}
    if not run.task.check:
        with file.arriving() as arrival:
            run.client.call("GET /support/report", accept="text/plain", sink=arrival.take)
            if not arrival.length:
                raise run.client.unreadable("a report")
    return answer
