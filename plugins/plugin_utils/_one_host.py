# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a play declares a part of a server: two would undo each other's work, unless they declare the same."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError

DATABASE = "cluster_mysql_uri"
"""The variable of the role vpn.estate.cluster that all nodes of a cluster share."""


class Claims:
    """What the hosts of one play declare: a file in the folder of the run, with digests in place of addresses and options.

    ``folder`` is that of the run. ``play`` is unique for each play of the run.
    """

    def __init__(self, folder: str, play: str) -> None:
        # By server, host and part: the declarations of this host.
        self._file = FileStore(os.path.join(folder, f"vpn.estate-declared-{_digest(play)}.json"))

    def claim(
        self,
        host: str,
        parts: t.Sequence[Resource],
        declaration: t.Mapping[str, t.Any],
        place: t.Optional[tuple[str, str]],
        database: t.Any = None,
    ) -> t.Callable[[], None]:
        """Note that a host declares parts of a server, and return a function that takes back what this call noted.

        ``declaration`` is the options of the task, without those of the connection. ``place`` is the server, and the node
        that carries out the calls. Hosts with the same ``database`` are nodes of one cluster, which share all but what a
        node may have of its own. Raises InputError, and notes nothing, where another host declares one of the parts otherwise.
        """
        shared = [part.option for part in parts if not part.of_node]
        own = [part.option for part in parts if part.of_node]
        wanted: list[tuple[str, str, str]] = []
        if place:
            wanted += [(_digest(place[0]), part, "for the same server") for part in shared]
            wanted += [(_digest("\n".join(place)), part, "for the same server") for part in own]
        if database and isinstance(database, str):
            which = f"for a node of the same cluster, by {DATABASE}"
            wanted += [(_digest(f"database {database}"), part, which) for part in shared]
        if not wanted:
            return lambda: None
        same = _digest(repr(sorted(declaration.items())))
        noted: list[list[str]] = []
        with self._file.held() as state:
            _refuse(host, same, wanted, state)
            for server, part, _which in wanted:
                ours = state.setdefault(server, {}).setdefault(host, {}).setdefault(part, [])
                if same not in ours:
                    ours.append(same)
                    noted.append([server, part])
        return lambda: self._take_back(host, same, noted)

    def _take_back(self, host: str, same: str, noted: t.Sequence[t.Sequence[str]]) -> None:
        with self._file.held() as state:
            for server, part in noted:
                ours = state.get(server, {}).get(host, {}).get(part, [])
                if same in ours:
                    ours.remove(same)


def _refuse(host: str, same: str, wanted: t.Sequence[tuple[str, str, str]], state: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for the first host that declares one of the parts in another way."""
    taken: dict[tuple[str, str], list[str]] = {}
    for server, part, which in wanted:
        for other, theirs in state.get(server, {}).items():
            if other != host and theirs.get(part) and same not in theirs[part]:
                taken.setdefault((other, which), []).append(part)
    for (other, which), found in taken.items():
        raise InputError(
            f"{', '.join(found)} of {host}: {other} declares them too in this play, {which}, and each would undo what "
            f"the other does. Declare them for one of these hosts. Nothing was written."
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
