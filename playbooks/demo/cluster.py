# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster of the demo: three more simulated servers, a real database, and the playbooks that join them."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import typing as t
from pathlib import Path

from runs import Runner, show

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from simulator import database, nodes

INVENTORY = Path(__file__).resolve().parent / "cluster_inventory"
NAMES = ("node1", "node2", "node3")


class Cluster:
    """Three servers that are not a cluster yet, if this machine has a database for them."""

    def __init__(self, folder: Path, running: contextlib.ExitStack) -> None:
        self.lacking = database.available()
        self.vault: dict[str, t.Any] = {}
        self.servers: list[nodes.Node] = []
        if self.lacking:
            return
        options = folder / "node.options"  # so that no list of processes shows the password
        with os.fdopen(os.open(options, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"--password={secrets.token_urlsafe(12)}-aA1\n")
        shared = running.enter_context(database.Database())
        self.servers = list(running.enter_context(nodes.Nodes(NAMES, f"@{options}")).nodes.values())
        self.vault = {
            "vault_servers": {node.name: node.ready for node in self.servers},
            "vault_mysql_uri": shared.uri,
        }

    def show(self, runner: Runner) -> list[str]:
        """Make a cluster of the servers, twice, and restart its nodes; return the problems."""
        if self.lacking:
            show(f"Left out: {self.lacking}. On Debian, make demo installs what is missing if root runs it.")
            return []
        made = runner.run(self.servers, INVENTORY, playbook="cluster")
        show(*made.messages("Show the cluster"))
        again = runner.run(self.servers, INVENTORY, playbook="cluster")
        everyone = ("-e", "rolling_restart_all=true")
        restarted = runner.run(self.servers, INVENTORY, *everyone, playbook="rolling_restart")
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
