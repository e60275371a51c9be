# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how long a cluster takes: from nothing, again, and a restart of every node. Numbers only.

usage: cluster.py [--nodes N] [--repeat R] [--latency MS] [--downtime S] [--json FILE]

Each turn starts new servers, every one a process of its own, and an empty MariaDB. Waiting is the time for which servers
are away in restarts that the playbook asked for, which no client can shorten; ours is all the rest of a run, the looks at a
server that is not yet back included.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from run import IN_PROCESS, timed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from simulator.database import Database, available  # noqa: E402
from simulator.nodes import Nodes  # noqa: E402

STEPS = {
    "from nothing": ["vpn.estate.cluster"],
    "unchanged": ["vpn.estate.cluster"],
    "rolling restart of all": ["vpn.estate.rolling_restart", "-e", "rolling_restart_all=true"],
}


@dataclasses.dataclass(frozen=True)
class Figures:
    """One run."""

    seconds: float
    waiting: float
    restarts: float
    requests: float


def inventory(folder: Path, nodes: Nodes, uri: str) -> list[str]:
    """The servers as arguments of ansible-playbook; the file is readable by us alone."""
    hosts = {
        name: {
            "as_url": node.url,
            "as_ca_path": node.ready["ca_path"],
            "as_username": node.ready["username"],
            "as_password": node.ready["password"],
            "cluster_api_endpoint": node.url,
            "cluster_mysql_uri": uri,
        }
        for name, node in nodes.nodes.items()
    }
    file = folder / "hosts.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"access_servers": {"hosts": hosts}}))
    return ["-i", str(file)]


def measure(options: argparse.Namespace) -> list[Figures]:
    """The figures of each step."""
    figures = []
    names = [f"node{number}" for number in range(1, options.nodes + 1)]
    with Database() as database, tempfile.TemporaryDirectory() as name:
        words = Path(name) / "node.options"
        words.touch(mode=0o600)
        words.write_text(f"--password={secrets.token_urlsafe(12)}-aA1\n--latency\n{options.latency}\n")
        with Nodes(names, f"@{words}") as nodes:
            for node in nodes.nodes.values():
                node.control("settings", {"restart_downtime": options.downtime})
            arguments = inventory(Path(name), nodes, database.uri)
            for step in STEPS.values():
                before = {name: len(node.control("log")) for name, node in nodes.nodes.items()}
                seconds = timed(["ansible-playbook", *arguments, *step], IN_PROCESS).seconds
                seen = [one for name, node in nodes.nodes.items() for one in node.control("log")[before[name] :]]
                restarts = sum(one["path"] == "/api/server/restart" for one in seen)
                figures.append(Figures(seconds, restarts * options.downtime, restarts, len(seen)))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that a server adds to a request")
    parser.add_argument("--downtime", type=float, default=5, help="seconds for which a server is away when it restarts")
    parser.add_argument("--json", type=Path, help="file for all figures of all runs")
    options = parser.parse_args()
    reason = available()
    if reason:
        print(f"The cluster is not measured: {reason}.")
        return
    turns = [measure(options) for _turn in range(options.repeat)]
    print(f"\n{options.nodes} nodes, away for {options.downtime:g} s in a restart, medians of {options.repeat} turns\n")
    print("| run | seconds | waiting | ours | restarts | requests |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for title, runs in zip(STEPS, zip(*turns, strict=True), strict=True):
        one = Figures(*map(statistics.median, zip(*map(dataclasses.astuple, runs), strict=True)))
        seconds = f"{one.seconds:.1f} | {one.waiting:.1f} | {one.seconds - one.waiting:.1f}"
        print(f"| {title} | {seconds} | {one.restarts:.0f} | {one.requests:,.0f} |")
    if options.json:
        record: dict[str, list[Any]] = {
            title: [dataclasses.asdict(run) for run in runs]
            for title, runs in zip(STEPS, zip(*turns, strict=True), strict=True)
        }
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
