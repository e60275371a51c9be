# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a cluster, of which this server is the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .answers import Answer, Call

if TYPE_CHECKING:
    from .machine import Machine

LONE_NODE = "93b39cb5bf2a"
"""Host name of a server that is in no cluster (server_info)."""


@dataclass
class Node:
    last_restarted: float
    restart_pending: bool = False


class Cluster:
    """Every node by name; a lone server is its only node and shows none."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.nodes: dict[str, Node] = {}

    def start(self) -> None:
        number = self._machine.settings.cluster_nodes
        names = [f"node{index}" for index in range(1, number + 1)] or [LONE_NODE]
        if list(self.nodes) != names:
            self.nodes = {name: Node(self._machine.clock.now()) for name in names}

    @property
    def own(self) -> str:
        return next(iter(self.nodes))

    def changed(self) -> None:
        """What the nodes share has changed; each takes it over when it restarts."""
        for node in self.nodes.values():
            node.restart_pending = True

    # operations

    def list_nodes(self, call: Call) -> Answer:
        if not self._machine.settings.cluster_nodes:
            return Answer(200, {"nodes": {}})
        nodes = {
            name: {
                "name": name,
                "api_endpoint": f"https://{name}.example.com:945",
                "certificate_fingerprint": f"{index:064x}",
                "restart_pending": node.restart_pending,
            }
            for index, (name, node) in enumerate(self.nodes.items(), start=1)
        }
        return Answer(200, {"nodes": nodes})
