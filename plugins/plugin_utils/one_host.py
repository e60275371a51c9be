# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a play declares a part of a server: two would undo each other's work."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError

DATABASE = "cluster_mysql_uri"
"""The variable of the role vpn.estate.cluster that all nodes of a cluster share."""


class Host(t.NamedTuple):
    """A host by its name in the inventory, with the names of all hosts of its play."""

    name: str
    of_play: t.Collection[str]


def claim(
    folder: str,
    host: Host,
    parts: t.Sequence[Resource],
    place: t.Optional[tuple[str, str]],
    database: t.Any = None,
) -> None:
    """Note that a host declares parts of a server, or raise InputError where another host of the same play does.

    ``folder`` is that of the run. ``place`` is the server, and the
    node that carries out the calls; hosts with the same ``database`` are nodes of one cluster, which share all but what a
    node may have of its own.
    """
    shared = [part.option for part in parts if not part.of_node]
    own = [part.option for part in parts if part.of_node]
    if place:
        _claim(folder, host, shared, place[0], f"for {place[0]}")
        _claim(folder, host, own, "\n".join(place), f"for {place[0]}")
    if database and isinstance(database, str):
        _claim(folder, host, shared, f"database {database}", f"for a node of the same cluster, by {DATABASE}")


def _claim(folder: str, host: Host, parts: t.Sequence[str], server: str, which: str) -> None:
    """The first host gets the parts; it may declare them again, and a later play with other hosts too."""
    path = os.path.join(folder, f"vpn.estate-declared-{hashlib.sha256(server.encode()).hexdigest()[:32]}.json")
    taken: dict[str, list[str]] = {}
    if not parts:
        return
    with FileStore(path).held() as state:
        for part in parts:
            other = state.get(part, host.name)
            if other != host.name and other in host.of_play:
                taken.setdefault(other, []).append(part)
        if not taken:
            state.update(dict.fromkeys(parts, host.name))
    for other, found in taken.items():
        raise InputError(
            f"{', '.join(found)} of {host.name}: {other} declares them too in this play, {which}, and each would undo what "
            f"the other does. Declare them for one of these hosts. Nothing was written."
        )
