# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other servers that a task names: how each is reached, and which nodes its cluster has."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._engine.run import Run
from ..._text.errors import EstateError
from ..api.client import AccessServer, Record
from ..api.connection import ACCESS_SERVER, base_address

# How a peer is reached, if this differs from the server of the task.
PEER: t.Mapping[str, t.Any] = {
    "as_url": {"type": "str", "required": True},
    "as_username": {"type": "str"},
    "as_password": {"type": "str", "no_log": True},
    "as_validate_certs": {"type": "bool"},
    "as_ca_path": {"type": "path"},
    "as_certificate_fingerprint": {"type": "str"},
    "as_server_name": {"type": "str"},
}
NOT_OF_PEERS = dict.fromkeys(
    ("as_token", "as_saml_assertion", "as_node", "as_certificate_fingerprint", "as_server_name")
)


@dataclass
class Peer:
    """Another server, and the nodes of its cluster; ``error`` is why it did not answer."""

    client: AccessServer
    nodes: dict[str, Record]
    error: str = ""


def read_peers(run: Run[AccessServer]) -> list[Peer]:
    """The other servers, and the nodes of their cluster; this server may be among them, and is left out."""
    task = run.task
    peers = []
    codes = {
        "as_session": {"codes": (task.params["as_session"] or {}).get("codes")}
    }  # each is valid once, on any server
    for given in task.params["peers"] or ():
        if base_address(given["as_url"]) == run.client.url:
            continue
        own = {name: value for name, value in given.items() if value is not None}
        if "as_certificate_fingerprint" in own:
            own.setdefault("as_ca_path", None)  # the pin is enough, and the authority belongs to another server
        peer = ACCESS_SERVER.connect({**task.params, **NOT_OF_PEERS, **codes, **own}, True)
        for sentence in peer.cautions:
            task.warn(sentence)
        try:
            peers.append(Peer(peer, peer.cluster_nodes()))
        except EstateError as exc:  # also if it refuses the sign-in, which shows nothing about our own server
            peers.append(Peer(peer, {}, str(exc).rstrip(".")))
    return peers
