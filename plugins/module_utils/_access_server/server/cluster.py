# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes of a cluster share, and the state of each node."""

from __future__ import annotations

import typing as t

from ..._engine.field import Field
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._text.errors import EstateError, InputError, SignInError, reads
from ..._text.outside import Sentence
from ..api import values
from ..api.client import AccessServer, Record
from .cluster_node import CLUSTER_NODE, INFO, STATUS
from .health import problems


class Cluster(Resource):
    """What all nodes of a cluster share, and whether this node uses the cluster's name."""

    noun, plural, keys, read_back = "cluster", "", {}, ("update",)
    sole_name = noun
    states = ("present",)
    purgeable, always_there = False, True
    fields = (
        Field("rr_dns_hostname", {"type": "str"}, unset=""),
        Field("rr_dns_new_nodes", {"type": "bool"}, normal=values.boolean, unset=False),
        Field("rr_dns_this_node", {"type": "bool"}, unset=False),
    )

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Properties, and the host name of this node."""
        client = run.client
        is_node = client.is_node()
        if is_node is None:
            run.task.warn(
                f"{client.url} lists only itself as a node, and does not report whether it is in a cluster. If it is not, the "
                "server refuses to set the properties of a cluster."
            )
        if is_node is False:
            if not run.task.check:
                raise InputError(
                    f"{client.url} is not in a cluster. Make it a node first (as_cluster_node). Nothing was written."
                )
            run.task.warn(
                f"{client.url} is not in a cluster yet, so this task assumes that no properties of a cluster are set."
            )
            return Actual({self.noun: self.load({})})
        found = _properties(client)
        named = found.get("rr_dns_hostname")
        return Actual(
            {self.noun: self.load({**found, "rr_dns_this_node": bool(named) and named == _host_name(client)})}
        )

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[dict[str, t.Any]]) -> dict[str, t.Any]:
        """A node uses the cluster's name only until this name changes, or until the node gets its own name."""
        desired = super().desired(run, wanted, have)
        name = desired.get("rr_dns_hostname", (have or {}).get("rr_dns_hostname"))
        if desired.get("rr_dns_this_node") and not name:
            raise InputError("rr_dns_this_node: the cluster has no round-robin host name. Set rr_dns_hostname.")
        if desired.get("rr_dns_this_node") is False and (have or {}).get("rr_dns_this_node"):
            raise InputError(
                "rr_dns_this_node: the node uses the cluster's name. Set a host name of its own with as_config_item "
                "(host.name). Nothing was written."
            )
        return desired

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """The shared properties first, because the node takes its name from there."""

        def write(change: Change) -> None:
            shared = {key: value for key, value in change.values.items() if key != "rr_dns_this_node"}
            if shared:
                run.client.call("POST /cluster/props", self.dump(shared))
            if change.wanted.values.get("rr_dns_this_node") and (
                "rr_dns_hostname" in shared or "rr_dns_this_node" in change.values
            ):
                run.client.call("PUT /cluster/rr-dns-hostname")

        run.writes.each(changes, write, in_order=True)


CLUSTER = Cluster()


def _properties(client: AccessServer) -> Record:
    """What all nodes share. The document shows one flat set for writing, and several sets for reading."""
    props = client.object("GET /cluster/props").get("props") or {}
    if not isinstance(props, dict):
        raise client.unreadable("properties of the cluster")
    sets = [one for one in props.values() if isinstance(one, dict)]
    return {**props, **{key: value for one in sets for key, value in one.items()}}


def _host_name(client: AccessServer) -> t.Any:
    items = client.config_items(client.config_profiles[0], ["host.name"])
    return next((item.get("value") for item in items), None)


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_cluster_info: one row for each node, read through the server of the task."""
    client = run.client
    nodes = client.cluster_nodes()
    rows = [_row(client.at_node(name), name, one) for name, one in sorted(nodes.items())]
    return {
        "changed": False,
        "cluster": {f.name: f.off_the_wire(_properties(client)) for f in CLUSTER.fields[:2]} if nodes else None,
        "own_name": _own_name(client, rows) if rows else None,
        "nodes": rows,
    }


def _own_name(client: AccessServer, rows: t.Sequence[Record]) -> t.Optional[str]:
    """The node that is the server of the task, if this is known: it restarted at the same moment."""
    moment = client.object(STATUS).get("last_restarted")
    names = [row["name"] for row in rows if moment and row["last_restarted"] == moment]
    return names[0] if len(names) == 1 else None


def _row(node: AccessServer, name: str, wire: Record) -> dict[str, t.Any]:
    """A node, and its own report; or the reason if it does not answer."""
    row = {"name": name, **CLUSTER_NODE.load(wire)}
    try:
        return {**row, **_said(node), "reachable": True, "error": None}
    except SignInError:
        raise
    except EstateError as exc:
        unknown = dict.fromkeys(("version", "last_restarted", "services_not_on", "problems", "vpn_clients"))
        return {**row, **unknown, "reachable": False, "error": Sentence(exc)}


@reads
def _said(node: AccessServer) -> dict[str, t.Any]:
    status, vpn = node.object(STATUS), node.object("GET /vpn/status")
    return {
        "version": node.object(INFO).get("version"),
        "last_restarted": status.get("last_restarted"),
        "services_not_on": sorted(n for n, one in status["service_status"].items() if one.get("status") != "on"),
        "problems": sorted(problems(status, vpn).values()),
        "vpn_clients": len(vpn.get("vpn_clients") or ()),
    }
