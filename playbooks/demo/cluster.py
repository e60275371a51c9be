# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster of the demo: three simulated servers of their own, a real database, and the playbooks that join them."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import typing as t
from pathlib import Path

from runs import Runner

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from simulator import database, nodes

INVENTORY = Path(__file__).resolve().parent / "cluster_inventory"
NAMES = ("node1", "node2", "node3")


class Cluster:
    """Three servers that are no cluster yet, where there is a database for them."""

    def __init__(self, folder: Path, running: contextlib.ExitStack) -> None:
        self.lacking = database.available()
        self.vault: dict[str, t.Any] = {}
        self.servers: list[nodes.Node] = []
        if self.lacking:
            return
        options = folder / "node.options"  # so that the password is in no list of processes
        with os.fdopen(os.open(options, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"--password={secrets.token_urlsafe(12)}-aA1\n")
        shared = running.enter_context(database.Database())
        self.servers = list(running.enter_context(nodes.Nodes(NAMES, f"@{options}")).nodes.values())
        self.vault = {
            "vault_servers": {node.name: node.ready for node in self.servers},
            "vault_mysql_uri": shared.uri,
        }

    def show(self, runner: Runner) -> list[str]:
        """Make a cluster of them, twice, and restart its nodes; print the table; answer what should not have happened."""
        if self.lacking:
            print(f"\nThere is no cluster to be seen here: {self.lacking}. As root on Debian, make demo installs it.")
            return []
        everyone = ("-e", "rolling_restart_all=true")
        made, again, restarted = runs = [
            runner.run("11. a cluster from nothing", self.servers, INVENTORY, playbook="cluster"),
            runner.run("12. the same again", self.servers, INVENTORY, playbook="cluster"),
            runner.run("13. restarts, one by one", self.servers, INVENTORY, *everyone, playbook="rolling_restart"),
        ]
        heads = ("changes", "requests", "writes", "seconds")
        print(f"\n{'three nodes together':<34}" + "".join(f"{head:>11}" for head in heads))
        for run in runs:
            numbers = (run.changes, len(run.requests), run.writes)
            print(f"{run.title:<34}" + "".join(f"{number:>11}" for number in numbers) + f"{run.seconds:>11.1f}")
        print("(tasks that changed something; requests that the nodes saw, and those of them that wrote)\n")
        print(*made.said("Show the cluster"), sep="\n")
        members = [sorted(node.control("state")["nodes"]) for node in self.servers]
        times = [request["path"] for request in restarted.requests].count("/api/server/restart")
        return [
            sentence
            for sentence, wrong in (
                ("The three servers are not one cluster.", members != [list(NAMES)] * len(NAMES)),
                ("The second run for the cluster changed something.", again.changes or again.writes),
                ("Not every node was restarted once.", times != len(NAMES)),
            )
            if wrong
        ]
