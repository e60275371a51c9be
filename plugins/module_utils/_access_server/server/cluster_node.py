# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as a node of a cluster: how it becomes one, and how it stops being one."""

from __future__ import annotations

import hashlib
import re
import time
import typing as t
from urllib.parse import urlsplit

from ..._engine.apply import apply_declared
from ..._engine.field import Field
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._net.tls import presented
from ..._text.errors import EstateError, InputError, Mistakes, NotBack, OutcomeUnknown, Refused, SignInError
from ..api.client import AccessServer, Record, some
from . import database
from .cluster_peers import PEER, Peer, read_peers
from .restart import TIMEOUT, refusal, refuse_no_time, restarted

AUTO = "auto"
CREATE, JOIN, AGAIN, LEAVE, NONE = "create", "join", "again", "leave", "none"  # what a task does about a node
ASKED = {
    CREATE: "create a cluster",
    JOIN: "join the cluster",
    AGAIN: "join the cluster again",
    LEAVE: "leave its cluster",
}
RESTART_ADVICE = (
    "If it has not restarted, restart it as one of its current administrators (as_restart, mode server_agent)."
)
PAUSE = 1.0  # seconds between two reads of a list of nodes
STATUS, INFO = "GET /server/status", "GET /server/info"


def spelled(fingerprint: str) -> str:
    """A SHA-256 fingerprint as the vendor writes it; other text stays as it is."""
    digits = re.sub("[: ]", "", fingerprint).upper()
    return ":".join(re.findall("..", digits)) if re.fullmatch("[0-9A-F]{64}", digits) else fingerprint


class ClusterNode(Resource):
    """A server as a node of a cluster.

    Notes of a run: ``presented``, whether the fingerprint comes from the live certificate; ``nodes`` as the server lists them;
    ``peers``, the other servers; ``cut_off``, whether the others know that it has left, but the server itself does not.
    """

    noun, plural, read_back = "cluster node", "", ("update",)
    keys = {"name": {"type": "str", "required": True}}
    purgeable = False
    fields = (
        Field("api_endpoint", {"type": "str"}, normal=lambda text: text.rstrip("/")),
        Field("certificate_fingerprint", {"type": "str"}, normal=spelled),
        Field("mysql_uri", {"type": "str", "no_log": True}),
        Field("restart_pending", unset=False),
    )
    options = {
        "peers": {"type": "list", "elements": "dict", "options": PEER},
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "check_database": {"type": "bool", "default": False},
        "restart_timeout": {"type": "int", "default": TIMEOUT},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Addresses and fingerprints that are not valid; options of a node that leaves do not matter."""
        for want in wanted:
            if want.state == "absent":
                continue
            endpoint, fingerprint = want.values.get("api_endpoint"), want.values.get("certificate_fingerprint")
            if endpoint is not None and not _is_endpoint(endpoint):
                shown = "the value" if "@" in endpoint else repr(endpoint)  # otherwise it may contain a password
                yield f"api_endpoint: {shown} is not an address such as https://node1.example.com:945, with nothing after the port."
            if fingerprint is not None and not re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", fingerprint):
                yield (
                    f"certificate_fingerprint: {fingerprint!r} is neither {AUTO} nor a SHA-256 fingerprint (64 hexadecimal digits)."
                )
            if "mysql_uri" in want.secrets:
                try:
                    database.address(want.secrets["mysql_uri"])
                except InputError as exc:
                    yield str(exc)

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Nodes as the server lists them; none before it is a node."""
        nodes = run.notes["nodes"] = run.client.cluster_nodes()
        [want] = run.wanted or ()
        if want.state == "absent" and nodes and want.name not in nodes and not run.notes.get("cut_off"):
            run.notes["cut_off"] = not any(_is_node(run.client, name) for name in nodes)
        listed = {want.name: {}, **nodes} if run.notes.get("cut_off") and nodes else nodes
        return Actual({name: self.load(one) for name, one in listed.items() if name == want.name}, whole=True)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Which server this is, what the others report, and whether all fits, before anything is written."""
        plan = run.plan
        with mistakes.collecting():
            refuse_no_time("restart_timeout", run.task.params["restart_timeout"])
        [change] = plan.changes
        nodes: dict[str, Record] = run.notes["nodes"]
        if change.action == "create":
            action = self._plan_entry(run, change, nodes)
        else:
            action = LEAVE if change.action == "delete" else NONE
            if change.name in nodes:
                self._refuse_another(run.client, change, nodes)
        if action == LEAVE:
            self._refuse_to_leave(run, change, nodes)
        shown = {**(change.before or {}), **change.values}.get("certificate_fingerprint")
        change.results = {
            "cluster_action": action,
            "certificate_fingerprint": None if action == LEAVE else shown,
            "fingerprint_presented": run.notes.get("presented", False),
            "restart_pending": bool((change.before or {}).get("restart_pending")),
        }

    def _refuse_another(self, client: AccessServer, change: Change, nodes: t.Collection[str]) -> None:
        try:
            if _is_node(client, change.name):
                return
        except SignInError:
            raise
        except EstateError as exc:
            if change.action == "update":
                return  # the change may repair this
            raise EstateError(
                f"{client.url} lists {self.noun} {change.name}, but cannot reach it: {exc}. Nothing was written. Its "
                "api_endpoint or certificate_fingerprint may be out of date, or it is not running."
            ) from exc
        raise InputError(
            f"{client.url} is not {self.noun} {change.name}, but another node of the same cluster ({some(nodes)}). Nothing was "
            "written."
        )

    def _refuse_to_leave(self, run: Run[AccessServer], change: Change, nodes: t.Mapping[str, Record]) -> None:
        if set(nodes) == {change.name}:
            raise InputError(
                f"{self.noun} {change.name} is the last node of its cluster. Removing it would lose the cluster's users and "
                "certificates. Nothing was written."
            )
        connected = len(run.client.vpn_clients())
        if connected:
            run.task.warn(
                f"{self.noun.capitalize()} {change.name} leaves while VPN clients are connected to it: {connected}."
            )
        run.notes["peers"] = read_peers(run)
        for peer in run.notes["peers"]:
            if peer.error:
                run.task.warn(
                    f"It is not checked whether {peer.client.url} removes {change.name} from its list: {peer.error}."
                )

    def _plan_entry(self, run: Run[AccessServer], change: Change, nodes: t.Mapping[str, Record]) -> str:
        """How the server becomes a node: it creates the cluster, joins it, or joins it again."""
        name, params = change.name, run.task.params
        if nodes:
            raise InputError(
                f"{run.client.url} is already in a cluster ({some(nodes)}), and none of its nodes is called {name}. To rename a "
                "node, let it leave and join again. Nothing was written."
            )
        if params["peers"] is None:
            raise InputError(
                f"{run.client.url} is not in a cluster. Set peers to the other servers, which are asked whether a cluster exists "
                "already, or to an empty list if there are no others. Nothing was written."
            )
        missing = [option for option in ("api_endpoint", "mysql_uri") if params[option] is None]
        if missing:
            raise InputError(
                f"{run.client.url} is not in a cluster. To become a node, it needs {' and '.join(missing)}."
            )
        peers = run.notes["peers"] = read_peers(run)
        clusters = [peer for peer in peers if peer.nodes]
        silent = [peer for peer in peers if peer.error]
        if not clusters:
            if silent:
                raise EstateError(
                    f"It is not known whether a cluster exists already, because {silent[0].client.url} does not report it: "
                    f"{silent[0].error}. Nothing was written, because a second cluster cannot be undone."
                )
            if run.task.check and set(params["assume_present"]) - {name}:
                self._warn_of_loss(run)
                return JOIN
            if params["check_database"]:
                database.refuse_unless_empty(params["mysql_uri"])
            return CREATE
        for peer in silent:
            run.task.warn(f"{peer.client.url} did not report its cluster: {peer.error}.")
        return self._plan_join(run, change, clusters)

    def _plan_join(self, run: Run[AccessServer], change: Change, clusters: t.Sequence[Peer]) -> str:
        first, name = clusters[0], change.name
        for other in clusters[1:]:
            if not first.nodes.keys() & other.nodes.keys():
                raise InputError(
                    f"{first.client.url} and {other.client.url} are in two clusters ({some(first.nodes)}, and "
                    f"{some(other.nodes)}). Set peers of one cluster only. Nothing was written."
                )
        ours, theirs = (each.object(INFO).get("version") for each in (run.client, first.client))
        if ours != theirs:
            raise InputError(
                f"{run.client.url} has version {ours}, and the cluster of {first.client.url} has {theirs}. All nodes must have "
                "the same version. Nothing was written."
            )
        nodes = {key: self.load(one) for peer in clusters for key, one in peer.nodes.items()}
        endpoint = change.values["api_endpoint"]
        namesake = next((key for key, one in nodes.items() if one["api_endpoint"] == endpoint and key != name), None)
        if namesake:
            raise InputError(
                f"api_endpoint: {endpoint} already belongs to {self.noun} {namesake}. Nothing was written."
            )
        if name in nodes:
            have = nodes[name]["api_endpoint"]
            if have != endpoint:
                raise InputError(
                    f"The cluster of {first.client.url} already has a {self.noun} {name} ({have}). Nothing was written. If that "
                    "server no longer exists, it must leave first. Otherwise choose another name."
                )
            run.task.warn(
                f"The cluster lists {self.noun} {name}, but {run.client.url} does not know it: it was interrupted when it joined."
            )
            return AGAIN
        if run.task.params["check_database"]:
            database.refuse_if_empty(run.task.params["mysql_uri"])
        self._warn_of_loss(run)
        return JOIN

    def _warn_of_loss(self, run: Run[AccessServer]) -> None:
        run.task.warn(
            f"{run.client.url} loses its own {len(run.client.user_roll())} users, certificates and configuration. Those of the "
            "cluster replace them."
        )

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Enter, restart, and wait until all nodes list it. After a lost answer, the result is read; nothing is sent twice."""
        client = run.client
        [change] = changes
        name, action, patience = change.name, change.results["cluster_action"], run.task.params["restart_timeout"]
        operation = "POST /cluster/create" if action == CREATE else "POST /cluster/join"
        body = {"name": name, **self.dump(change.values), "mysqluri": change.secrets.get("mysql_uri")}
        with client.session.excused():  # the old tokens end with the old database
            lost = _send_once(client, change, ASKED[action], lambda: client.call(operation, body), patience)
            try:
                with refusal(client), restarted(client, patience):
                    client.restart(database.REREADING)
                _await_nodes(
                    client,
                    lambda nodes: name in nodes,
                    patience,
                    f"{lost}{client.url} has restarted, but does not list {self.noun} {name}. The request to {ASKED[action]} was "
                    "not repeated. Check the log of the server.",
                )
            except SignInError as exc:
                raise SignInError(
                    f"{lost}{client.url} was asked to {ASKED[action]}. After its restart, only accounts of the cluster can "
                    f"sign in, and the sign-in of this task failed: {exc} "
                    f"{RESTART_ADVICE}",
                    final=exc.final,
                ) from exc
        witness = next((peer.client for peer in run.notes["peers"] if peer.nodes), client)
        _await_nodes(
            witness,
            lambda nodes: name in nodes,
            patience,
            f"{client.url} has joined the cluster, but {witness.url} does not list {self.noun} {name}.",
        )
        _check_reachable(witness, name)
        nodes = client.cluster_nodes()
        change.results.update(nodes=sorted(nodes), restart_pending=bool(nodes[name].get("restart_pending")))

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Write how the other nodes reach it."""
        run.writes.each(
            changes,
            lambda change: run.client.call(
                "POST /cluster/{node}/set", self.dump(change.values), path={"node": change.name}
            ),
            in_order=True,
        )

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Leave, restart, and wait until the peers no longer list it. It then has the accounts that it had before the cluster."""
        client = run.client
        [change] = changes
        name, patience = change.name, run.task.params["restart_timeout"]
        others = set(run.notes["nodes"]) - {name}
        with client.session.excused():
            lost = _send_once(client, change, ASKED[LEAVE], lambda: client.call("POST /cluster/leave"), patience)
            try:
                with refusal(client), restarted(client, patience):
                    client.restart(database.REREADING)
                _await_nodes(
                    client,
                    lambda nodes: not others & set(nodes),
                    patience,
                    f"{lost}{client.url} has restarted, but still lists nodes. The request to {ASKED[LEAVE]} was not repeated. "
                    "Check the log of the server.",
                )
            except SignInError as exc:
                raise SignInError(
                    f"{lost}{client.url} was asked to {ASKED[LEAVE]}. After its restart, it has its own accounts "
                    f"again, and the sign-in of this task failed: {exc} {RESTART_ADVICE}",
                    final=exc.final,
                ) from exc
        for peer in run.notes["peers"]:
            if not peer.error:
                _await_nodes(
                    peer.client,
                    lambda nodes: name not in nodes,
                    patience,
                    f"{client.url} has left the cluster, but {peer.client.url} still lists {self.noun} {name}.",
                )


def apply_node(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_cluster_node: the fingerprint comes from the live certificate, unless the task sets one."""
    params = run.task.params
    pin, endpoint, taken = params["certificate_fingerprint"], params["api_endpoint"], False
    if params["state"] == "present" and pin in (None, AUTO):
        have = run.client.cluster_nodes().get(params["name"])
        endpoint = endpoint or (have or {}).get("api_endpoint")
        if endpoint and (pin or have is None):
            der = presented(endpoint)
            if der is None:
                raise InputError(
                    f"api_endpoint: no server presents a certificate at {endpoint} (seen from this machine)."
                )
            pin, taken = hashlib.sha256(der).hexdigest(), True
        elif pin:
            raise InputError("certificate_fingerprint: auto needs api_endpoint.")
    own = run.within({"certificate_fingerprint": pin})
    own.notes["presented"] = taken
    return apply_declared(own, CLUSTER_NODE)


def _is_node(client: AccessServer, name: str) -> bool:
    """Whether a node is the server of the task: asked directly and by its name, it reports the same last restart."""
    ours, theirs = (each.object(STATUS).get("last_restarted") for each in (client, client.at_node(name)))
    return bool(ours == theirs)


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname and parts.port is not None and text == f"https://{parts.netloc}" and "@" not in text)
    except ValueError:
        return False


def _send_once(client: AccessServer, change: Change, action: str, send: t.Callable[[], object], patience: float) -> str:
    """Send a request once and never again; returns why its result is not known, if so."""
    try:
        send()
    except Refused as exc:
        if exc.status != 400:
            raise
        raise EstateError(f"{client.url} refuses to {action}: {exc.reason}. It continues to run as before.") from exc
    except OutcomeUnknown as exc:
        change.reached()
        client.await_service(patience)
        return f"{exc}. "
    change.reached()
    return ""


def _await_nodes(
    client: AccessServer, so: t.Callable[[t.Collection[str]], bool], patience: float, otherwise: str
) -> None:
    """Read the nodes until ``so`` is true; servers may need time to inform each other. Raises NotBack."""
    deadline = time.monotonic() + patience
    while not so(client.cluster_nodes()):
        if time.monotonic() > deadline:
            raise NotBack(otherwise)
        time.sleep(PAUSE)


def _check_reachable(client: AccessServer, name: str) -> None:
    """Check that a server can forward calls to a node, which shows that its endpoint and its fingerprint are right."""
    try:
        client.at_node(name).object(STATUS)
    except SignInError:
        raise
    except EstateError as exc:
        raise EstateError(
            f"Cluster node {name} has joined the cluster, but {client.url} cannot forward calls to it: {exc}. It is not running, "
            "or its api_endpoint or certificate_fingerprint is wrong. This task can change both."
        ) from exc


CLUSTER_NODE = ClusterNode()
