# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may set about a simulated server that is neither a dialect nor a reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Settings:
    """All times in seconds."""

    page_size: int = 100
    """Records in a page when the request does not say."""
    page_size_cap: int = 1000
    """A page never holds more, whatever is asked."""
    names_limit: int = 500
    """Longest list of names that a request may ask for."""
    shuffle_lists: bool = False
    """Lists come in another order each time."""
    recent_sign_in: float = 300.0
    """A password is changed only with a token whose sign-in is younger."""
    challenge_lifetime: float = 150.0
    """An answer was accepted at 120 s and refused at 180 s (server-behaviour.md, 30)."""
    restart_delay: float = 0.0
    """Time between the answer to a restart and the moment the API goes away."""
    restart_downtime: float = 0.3
    """How long the API is away."""
    restart_answer: str = "drop"
    """While away: `drop` closes every connection, `502` answers with that status."""
    latency: float = 0.0
    """Added to each API request."""
    license: str = "unlicensed"
    """`unlicensed` or `subscription`."""
    profile_remotes: str = ""
    """Host, port and protocol of the daemons that profiles name, with commas between; "" takes the configuration."""
    ailing_with: str = ""
    """`KEY=VALUE` of the configuration; while that is in force, the server has the `ailment`."""
    ailment: str = "service"
    """A `service` that fails, one that is on and has a `severity`, no `daemons`, or an API that stays `silent`."""
    moves: bool = False
    """Whether the API is served on the port, and the address if it is one, of admin_ui.https that a restart puts in force."""
    cluster_nodes: int = 0
    """Number of nodes of which this server makes up all but itself; 0 for a lone server or a node of a real cluster."""
    proxy_timeout: float = 10.0
    """How long a call that is passed on to another node may take."""
    version: str = ""
    """"" is that of the dialect."""
    dead: bool = False
    """No call of the API is carried out or answered."""
    dies_halfway: bool = False
    """Dies in the middle of the next move to or from a cluster: what is shared is written, what is its own is not."""
    wrong_certificate: bool = False
    """Presents another certificate than its own."""
    database_lost: bool = False
    """The database of the cluster cannot be reached."""
    failing: str = ""
    """Tests of the failover set-up that fail, with commas between; `init` is that of the secondary node."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Set some of them by name; an unknown name or a wrong type is a ValueError."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no setting called {name!r}; there are: {', '.join(known)}")
            expected = type(known[name])
            exactly_int = isinstance(value, int) and not isinstance(value, bool)
            if expected is float and exactly_int:
                value = float(value)
            if not isinstance(value, expected) or isinstance(value, bool) != (expected is bool):
                raise ValueError(f"{name} takes a value of type {expected.__name__}, not {value!r}")
            setattr(self, name, value)
