# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report of a run: what differs on each server from what is declared, or what was done to it, from the results of tasks."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import typing as t
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ansible import constants, context
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._report_health import findings
from ansible_collections.vpn.estate.plugins.plugin_utils._report_page import markdown, page
from ansible_collections.vpn.estate.plugins.plugin_utils._whole_file import replace_file

Json = dict[str, t.Any]
FORMAT = 1  # of the report in JSON, as schemas/report.json describes it
CLEAN, DRIFT, CHANGED, ERROR = "clean", "drift", "changed", "error"
WORST = (CLEAN, CHANGED, DRIFT, ERROR)
# Programs that the configuration of a repository can name, and that reading it would start.
WITHOUT_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "log.showSignature=false")
# Variables of the environment with which git reads another repository than that of the folder, as inside of a hook.
ELSEWHERE = frozenset(
    f"GIT_{name}"
    for name in (
        "ALTERNATE_OBJECT_DIRECTORIES",
        "COMMON_DIR",
        "DIR",
        "GRAFT_FILE",
        "INDEX_FILE",
        "NAMESPACE",
        "OBJECT_DIRECTORY",
        "PREFIX",
        "REPLACE_REF_BASE",
        "SHALLOW_FILE",
        "WORK_TREE",
    )
)
GIT_TIME = 10  # seconds after which the commit counts as unknown


def server_report(name: str, results: Iterable[tuple[str, Mapping[str, t.Any]]], *, check: bool) -> Json:
    """What became of a server, or would become of it, by the results of its tasks, each with the name of its module."""
    server: Json = {
        "name": name,
        "status": CLEAN,
        "messages": [],
        "warnings": [],
        "compared": [],
        "parts": [],
        "restart": [],
        "health": [],
    }
    now = datetime.datetime.now(datetime.timezone.utc)
    for module, result in map(_as_finished, results):
        parts = [*_parts(module, result)]
        server["parts"] += parts
        server["compared"] += [part["part"] for part in parts if part["part"] not in server["compared"]]
        server["warnings"] += [one for one in result.get("warnings") or () if one not in server["warnings"]]
        server["health"] += findings(result, now)
        server["restart"] += result.get("restart") or []
        access = result.get("access_changes")
        if access and access["changes"]:
            server["access"] = access
        if isinstance(result.get("vpn_clients"), int):
            server["vpn_clients"] = result["vpn_clients"]
        status = CLEAN
        if result.get("failed") or result.get("unreachable"):
            message = str(result.get("msg") or f"{module} failed.")
            server["messages"] += [message] if message not in server["messages"] else []
            status = ERROR
        elif result.get("changed"):
            status = DRIFT if check else CHANGED
        elif check and any(part["undeclared"] or part["undeclared_options"] for part in parts):
            status = DRIFT
        server["status"] = max(server["status"], status, key=WORST.index)
    server["parts"] = [
        part for part in server["parts"] if part["changes"] or part["undeclared"] or part["undeclared_options"]
    ]
    return server


def _as_finished(task: tuple[str, Mapping[str, t.Any]]) -> tuple[str, Mapping[str, t.Any]]:
    """A task that runs in the background (async, poll 0) has changed nothing that is known."""
    module, result = task
    if not result.get("ansible_job_id") or result.get("finished") or result.get("failed"):
        return task
    return module, {"warnings": [f"{module} runs in the background (async). What it does is not part of this report."]}


def _parts(module: str, result: Mapping[str, t.Any]) -> Iterable[Json]:
    """Each part of a declaration; what another module manages is one part."""
    diffs = result.get("diff") or []
    if isinstance(diffs, dict):
        diffs = [diffs]
    if isinstance(result.get("objects"), list):
        yield _part(module, result, diffs[0] if diffs else {})
        return
    headed = {str(one.get("before_header", "")).partition(":")[0]: one for one in diffs if isinstance(one, dict)}
    found = False
    for name, part in result.items():
        if isinstance(part, dict) and isinstance(part.get("objects"), list):
            found = True
            yield _part(name, part, headed.get(name, {}))
    if not found and result.get("changed") and not result.get("failed"):
        change = {"name": module, "action": "updated", "changed_keys": []}
        yield _part(module, {"objects": [change]}, diffs[0] if diffs and isinstance(diffs[0], dict) else {})


def _part(name: str, part: Mapping[str, t.Any], diff: Mapping[str, t.Any]) -> Json:
    before, after = (side if isinstance(side := diff.get(key), dict) else {} for key in ("before", "after"))
    changes = [
        {key: one[key] for key in ("name", "action", "changed_keys", "msg") if key in one}
        for one in part["objects"]
        if one.get("action") != "unchanged"
    ]
    return {
        "part": name,
        "counts": dict(Counter(str(one.get("action")) for one in part["objects"])),
        "changes": changes,
        "undeclared": [*part.get("undeclared", ())],
        "undeclared_options": [*part.get("undeclared_options", ())],
        "before": before,
        "after": after,
    }


def report_of(servers: Sequence[Json], *, check: bool, folder: str = "") -> Json:
    """The report of a run; ``folder`` is that of the declaration, which may lie in a repository of Git: that of the inventory."""
    now = datetime.datetime.now(datetime.timezone.utc)
    statuses = [one["status"] for one in servers]
    return {
        "format": FORMAT,
        "mode": "check" if check else "run",
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": max(statuses, key=WORST.index, default=CLEAN),
        "counts": dict(Counter(statuses)),
        "commit": commit_of(folder or folder_of_inventory()),
        "servers": [*servers],
    }


def folder_of_inventory() -> str:
    """The folder of the first inventory of this run that is a file or a folder; else the folder where Ansible was started."""
    said = context.CLIARGS.get("inventory") or constants.DEFAULT_HOST_LIST
    for one in [said] if isinstance(said, str) else said:
        if os.path.exists(one):
            return os.path.abspath(one if os.path.isdir(one) else os.path.dirname(one) or ".")
    return os.getcwd()


def commit_of(folder: str) -> Json | None:
    """The commit that is checked out in a folder, and whether files differ from it; None where there is none."""
    try:
        name = _git(folder, "rev-parse", "HEAD")
        changed = bool(_git(folder, "status", "--porcelain", "--ignore-submodules=all", "--", "."))
        subject = _git(folder, "log", "-1", "--format=%s")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"id": name, "subject": subject, "changed_files": changed}


def _git(folder: str, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    command = ["git", "-C", folder, *WITHOUT_PROGRAMS, *words]
    done = subprocess.run(  # noqa: S603
        command,
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=GIT_TIME,
        env={**environment, "GIT_OPTIONAL_LOCKS": "0"},
    )
    return done.stdout.strip()


def paths_in(dest: str) -> list[str]:
    """The files of a report in a folder: JSON, Markdown and HTML."""
    return [os.path.join(dest, f"report.{ending}") for ending in ("json", "md", "html")]


def write(report: Json, dest: str) -> list[str]:
    """Write it into a folder, and return the paths. Raises OSError."""
    texts = (json.dumps(report, indent=1, ensure_ascii=True, default=str) + "\n", markdown(report), page(report))
    os.makedirs(dest, exist_ok=True)
    paths = paths_in(dest)
    for path, text in zip(paths, texts):
        replace_file(path, text)
    return paths


def in_words(report: Json) -> str:
    """One sentence for the end of a run."""
    total = len(report["servers"])
    names = {status: [one["name"] for one in report["servers"] if one["status"] == status] for status in WORST}
    said = [
        f"{len(names[status])} of {total} servers {what}: {', '.join(names[status])}"
        for status, what in (
            (DRIFT, "differ from what is declared"),
            (CHANGED, "were changed"),
            (ERROR, "could not be compared" if report["mode"] == "check" else "have errors"),
        )
        if names[status]
    ]
    return shown("; ".join(said) or f"All {total} servers are as they are declared") + "."
