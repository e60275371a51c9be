# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a cluster, and this server's way into one and out of it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..parts import Part, operation
from .answers import Call, checked, invalid, refused
from .shared_database import DatabaseLost, SharedDatabase
from .store import Store

if TYPE_CHECKING:
    from .machine import Machine

LONE_NODE = "93b39cb5bf2a"
"""Host name of a server that was given none (server_info)."""
_KIND = "cluster_node"
_PROPS_FACT = "cluster_props"
_MEMBER, _CONVERTED = "cluster", "converted"
"""What a server remembers in its own database: name and database of the node it is, and a database it moved to alone."""
_PROPS = {"rr_dns_hostname": str, "rr_dns_new_nodes": bool}
_NODE = {"name!": str, "api_endpoint!": str, "certificate_fingerprint!": str, "mysqluri!": str}
_WELL_FORMED = {
    "name": re.compile(r"[A-Za-z0-9._-]{1,253}"),
    "api_endpoint": re.compile(r"https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}/?"),
    "certificate_fingerprint": re.compile(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}"),
    "rr_dns_hostname": re.compile(r"[A-Za-z0-9.-]{1,253}"),
}


@dataclass
class Node:
    """A node as all nodes know it."""

    api_endpoint: str
    certificate_fingerprint: str
    version: str = ""
    restart_pending: bool = True


@dataclass
class _Own:
    """What only a node itself knows of it."""

    last_restarted: float
    restart_pending: bool = False


class Cluster(Part):
    """A lone server is its only node and shows none; it can make up nodes beside itself (setting `cluster_nodes`)."""

    passing = ("_databases",)

    def __init__(self, machine: Machine, host_name: str | None) -> None:
        self._machine = machine
        self._host_name = host_name or LONE_NODE
        self._own: dict[str, _Own] = {}
        self._name: str | None = None
        self._databases: list[SharedDatabase] = []
        self.moved = False
        """Whether the services still work with the database that was left; only a restart of the agent ends that."""

    def start(self) -> None:
        number = self._machine.settings.cluster_nodes
        names = [f"node{index}" for index in range(1, number + 1)] or [self._host_name]
        if list(self._own) != names:
            self._own = {name: _Own(self._machine.clock.now()) for name in names}

    def clear(self) -> None:
        """Leave without a word."""
        self._name, self.moved = None, False
        self._machine.store = self._machine.local
        for fact in (_MEMBER, _CONVERTED):
            self._machine.local.set_fact(fact, None)
        self._own.clear()

    def close(self) -> None:
        for database in self._databases:
            database.close()

    @property
    def host_name(self) -> str:
        return next(iter(self._own))

    @property
    def own(self) -> str:
        """Name of this node."""
        return self._name or self.host_name

    @property
    def is_real(self) -> bool:
        """Whether this server is a node among others, not the only one or one of those that it makes up."""
        return self._name is not None

    @property
    def others(self) -> dict[str, Node]:
        """The other nodes of a real cluster."""
        return {name: node for name, node in self._nodes().items() if name != self._name}

    def _nodes(self) -> dict[str, Node]:
        if self._name is None:
            return {}
        return {name: Node(**entry) for name, entry in self._machine.store.entries(_KIND).items()}

    def knows(self, name: str) -> bool:
        return name == self._name if self._name else name in self._own

    def made_up(self, name: str | None) -> str | None:
        """The name if it is one of the nodes that this machine stands for."""
        return name if name in self._own else None

    def pending(self) -> dict[str, bool]:
        """Whether a restart is pending, by node."""
        return {name: node.restart_pending for name, node in (self._nodes() or self._own).items()}

    def state(self) -> dict[str, Any]:
        return {"last_restarted": self.last_restarted(), "nodes": self.pending()}

    def last_restarted(self, name: str | None = None) -> float:
        return self._own[name if name in self._own else self.host_name].last_restarted

    def changed(self) -> None:
        """What the nodes share has changed; each takes it over when it restarts."""
        for own in self._own.values():
            own.restart_pending = True
        for name, node in self._nodes().items():
            self._put(name, node, restart_pending=True)

    def restarted(self, name: str) -> None:
        """A node of this machine has restarted; after a move that is not enough unless the agent restarted too."""
        own = self._own[name if name in self._own else self.host_name]
        own.last_restarted, own.restart_pending = self._machine.clock.now(), self.moved
        node = self._nodes().get(name)
        if node is not None:
            self._put(name, node, restart_pending=self.moved)

    def _put(self, name: str, node: Node, **changes: Any) -> None:
        self._machine.store.put_entry(_KIND, name, asdict(node) | changes)

    # databases

    def resume(self) -> None:
        """Go on with the database that the server used when it ended, though it may not answer yet."""
        member = self._machine.local.fact(_MEMBER)
        self._name = member and member["node"]
        store = self._database(member["uri"]) if member else self._home()
        if store is not self._machine.local:
            with contextlib.suppress(DatabaseLost):
                self._switch(store)
                self._machine.configuration.take_over()
                self.restarted(self.own)

    def _database(self, uri: str, standalone: bool = False) -> SharedDatabase:
        database = SharedDatabase(uri, self._machine.local, standalone, self._lost)
        self._databases.append(database)
        return database

    def _lost(self) -> bool:
        return self._machine.settings.database_lost

    def _asked(self, uri: str, standalone: bool = False) -> SharedDatabase:
        """The database that a request names."""
        try:
            database = self._database(uri, standalone)
            database.check()
        except (DatabaseLost, ValueError) as error:
            raise refused(400, str(error)) from None
        return database

    def _home(self) -> Store:
        """What this server uses when it is alone."""
        uri = self._machine.local.fact(_CONVERTED)
        return self._database(uri, standalone=True) if uri else self._machine.local

    def _switch(self, store: Store) -> None:
        machine = self._machine
        store.committed, machine.store.committed = machine.store.committed, store.committed
        machine.store = store
        machine.accounts = store.fact("accounts")
        machine.properties.forget()

    def _move(self, store: Store) -> None:
        """Use another database from now on; the services follow when the agent restarts."""
        former = self._machine.store
        values = former.configuration(self._machine.configuration.active)
        if isinstance(former, SharedDatabase):
            former.drop_overlay()
        if isinstance(store, SharedDatabase):
            store.start_overlay(values)
        self._switch(store)
        self.moved = True
        self._own[self.host_name].restart_pending = True

    def _half_done(self) -> None:
        """The moment between what is shared and what is this server's own."""
        settings = self._machine.settings
        if settings.dies_halfway:
            settings.dead, settings.dies_halfway = True, False
            raise Refusal(0, None, keep=True)  # which is no answer at all

    # operations

    @operation("POST", "/cluster/create", "post__cluster_create", writes=True)
    def create(self, call: Call) -> Answer:
        asked = _checked(call.body, {**_NODE, **_PROPS, "rr_update_node": bool})
        props = {name: asked[name] for name in _PROPS if name in asked}
        if asked.get("rr_update_node") and not props.get("rr_dns_hostname"):
            raise refused(400, "rr_update_node needs an rr_dns_hostname")
        self._refuse_members()
        store = self._machine.store
        if isinstance(store, SharedDatabase) and store.uri == asked["mysqluri"]:
            database = store  # it was converted first
            self._found(database, asked, props)
        else:
            database = self._asked(asked["mysqluri"])
            try:
                with database.founded_on(store):
                    self._found(database, asked, props)
            except ValueError as error:
                raise refused(400, str(error)) from None
        self._half_done()
        self._enter(asked, database)
        if asked.get("rr_update_node"):
            self._set_host_name(props["rr_dns_hostname"])
        return Answer()

    def _found(self, database: SharedDatabase, asked: dict[str, Any], props: dict[str, Any]) -> None:
        database.put_entry(_KIND, asked["name"], asdict(self._described(asked)))
        database.set_fact(_PROPS_FACT, props)

    @operation("POST", "/cluster/join", "post__cluster_join", writes=True)
    def join(self, call: Call) -> Answer:
        asked = _checked(call.body, _NODE)
        self._refuse_members()
        database = self._asked(asked["mysqluri"])
        if not database.used:
            raise refused(400, "There is no cluster in the database")
        with database.transaction():
            nodes = database.entries(_KIND)
            if not nodes:
                raise refused(400, "There is no cluster in the database")
            node, versions = self._described(asked), {each["version"] for each in nodes.values()}
            if versions != {node.version}:
                found = ", ".join(sorted(versions))
                raise refused(400, f"Version {node.version} of this server is not that of the cluster: {found}")
            known = nodes.get(asked["name"])
            again = known is not None and asdict(node) == {**known, "restart_pending": True}
            if known and not (again and self._machine.readings["repeated_join"] == "accepted"):
                raise refused(400, f"Cluster node already exists: {asked['name']}")
            database.put_entry(_KIND, asked["name"], asdict(node))
            props = database.fact(_PROPS_FACT)
        self._half_done()
        self._enter(asked, database)
        if props.get("rr_dns_new_nodes") and props.get("rr_dns_hostname"):
            self._set_host_name(props["rr_dns_hostname"])
        return Answer()

    def _described(self, asked: dict[str, Any]) -> Node:
        return Node(asked["api_endpoint"], asked["certificate_fingerprint"], self._machine.version)

    def _refuse_members(self) -> None:
        if self._name is not None:
            raise refused(400, f"This server is already a node of a cluster: {self._name}")

    def _enter(self, asked: dict[str, Any], database: SharedDatabase) -> None:
        local, uri = self._machine.local, asked["mysqluri"]
        local.set_fact(_MEMBER, {"node": asked["name"], "uri": uri})
        if local.fact(_CONVERTED) == uri:
            local.set_fact(_CONVERTED, None)
        database.standalone = False
        self._move(database)
        self._name = asked["name"]

    @operation("POST", "/cluster/leave", "post__cluster_leave", writes=True)
    def leave(self, call: Call) -> Answer:
        name = self._member()
        if not self.others:
            raise refused(400, f"The last node cannot leave the cluster: {name}")
        self._machine.store.delete_entry(_KIND, name)
        self._half_done()
        self._move(self._home())
        self._machine.local.set_fact(_MEMBER, None)
        self._name = None
        return Answer()

    def _member(self) -> str:
        if self._name is None:
            raise refused(400, "This server is not a node of a cluster")
        return self._name

    @operation("GET", "/cluster/nodes/list", "clusterListNodes")
    def list_nodes(self, call: Call) -> Answer:
        found = self._nodes() or self._beside()
        nodes: dict[str, Any] = {name: {"name": name, **_shown(node)} for name, node in found.items()}
        return Answer(200, {"nodes": nodes or self._alone()})

    def _alone(self) -> dict[str, Any]:
        """What a server lists that is in no cluster."""
        reading, name = self._machine.readings["lone_node"], self.host_name
        if reading == "hidden":
            return {}
        node = Node(f"https://{name}:945", "0" * 64, restart_pending=self._own[name].restart_pending)
        shown = _shown(node) if reading == "addressed" else {"restart_pending": node.restart_pending}
        return {name: {"name": name, **shown}}

    def _beside(self) -> dict[str, Node]:
        if not self._machine.settings.cluster_nodes:
            return {}
        return {
            name: Node(f"https://{name}.example.com:945", f"{index:064x}", restart_pending=own.restart_pending)
            for index, (name, own) in enumerate(self._own.items(), start=1)
        }

    @operation("POST", "/cluster/{node}/set", "clusterset", writes=True)
    def set_node(self, call: Call) -> Answer:
        shape = dict.fromkeys(("api_endpoint", "certificate_fingerprint"), str)
        asked, name = checked(call.body or {}, shape), call.parameters["node"]
        node = self._nodes().get(name)
        if node is None:
            raise refused(self._machine.dialect.unknown_node_status, f"Cluster node does not exist: {name}")
        for field in _ill_formed(asked):
            raise Refusal(400, {"message": f"{field} has invalid characters in it"})
        self._put(name, node, **asked)
        return Answer()

    @operation("GET", "/cluster/props", "clustergetprops")
    def props(self, call: Call) -> Answer:
        props = self._machine.store.fact(_PROPS_FACT) if self._name else None
        nested = props is not None and self._machine.readings["cluster_props"] == "nested"
        return Answer(200, {"props": {"cluster": props} if nested else props or {}})

    @operation("POST", "/cluster/props", "clustersetprops", writes=True)
    def set_props(self, call: Call) -> Answer:
        asked = checked(call.body or {}, _PROPS)
        if self._name is None or _ill_formed(asked):
            raise Refusal(400, {"message": "Setting the cluster properties failed"})
        self._machine.store.set_fact(_PROPS_FACT, {**self._machine.store.fact(_PROPS_FACT), **asked})
        return Answer()

    @operation("PUT", "/cluster/rr-dns-hostname", "rrdnshostname", writes=True)
    def apply_host_name(self, call: Call) -> Answer:
        """The name that all nodes have in the DNS becomes that of this one."""
        self._member()
        host_name = self._machine.store.fact(_PROPS_FACT).get("rr_dns_hostname")
        if not host_name:
            raise refused(400, "The cluster has no rr_dns_hostname")
        self._set_host_name(host_name)
        return Answer()

    def _set_host_name(self, host_name: str) -> None:
        machine = self._machine
        machine.store.set_configuration(machine.configuration.active, {"host.name": host_name})
        node = self._nodes().get(self.own)
        if node is not None:
            self._put(self.own, node, restart_pending=True)

    @operation("PUT", "/database/convert", "put__database_convert", writes=True)
    def convert(self, call: Call) -> Answer:
        """From the server's own database to one of MySQL, for itself alone."""
        uri = checked(call.body, {"mysqluri!": str})["mysqluri"]
        if self._machine.store is not self._machine.local:
            if self._machine.readings["second_conversion"] == "refused":
                raise refused(400, "The database has been converted already")
            self.moved = True
            self._own[self.host_name].restart_pending = True
            return Answer()
        database = self._asked(uri, standalone=True)
        try:
            with database.founded_on(self._machine.store):
                pass
        except ValueError as error:
            raise refused(400, str(error)) from None
        self._half_done()
        self._machine.local.set_fact(_CONVERTED, uri)
        self._move(database)
        return Answer()


def _shown(node: Node) -> dict[str, Any]:
    return {
        "api_endpoint": node.api_endpoint,
        "certificate_fingerprint": node.certificate_fingerprint,
        "restart_pending": node.restart_pending,
    }


def _ill_formed(asked: dict[str, Any]) -> list[str]:
    return [name for name, form in _WELL_FORMED.items() if name in asked and not form.fullmatch(asked[name])]


def _checked(body: Any, shape: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = checked(body, shape)
    wrong = {name: f"{name} has invalid characters in it" for name in _ill_formed(asked)}
    if wrong:
        raise invalid(wrong, next(iter(wrong.values())))
    return asked
