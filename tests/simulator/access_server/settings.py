# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may set about a simulated Access Server that is neither a dialect nor a reading."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import CommonSettings


@dataclass
class Settings(CommonSettings):
    """All times in seconds."""

    page_size: int = 100
    """Records in a page when the request does not say."""
    page_size_cap: int = 1000
    """A page never holds more, whatever is asked."""
    names_limit: int = 500
    """Longest list of names that a request may ask for."""
    shuffle_lists: bool = False
    """Lists come in another order each time."""
    unlisted: str = ""
    """Names, with commas between, that a list of all users or groups counts and does not show."""
    recent_sign_in: float = 300.0
    """A password is changed only with a token whose sign-in is younger."""
    challenge_lifetime: float = 150.0
    """An answer was accepted at 120 s and refused at 180 s (server behaviour, 30)."""
    restart_delay: float = 0.0
    """Time between the answer to a restart and the moment the API goes away."""
    restart_downtime: float = 0.3
    """How long the API is away."""
    restart_answer: str = "drop"
    """While away: `drop` closes every connection, `502` answers with that status."""
    license: str = "unlicensed"
    """`unlicensed` or `subscription`."""
    profile_remotes: str = ""
    """Host, port and protocol of the daemons that profiles name, with commas between; "" takes the configuration."""
    ailing_with: str = ""
    """`KEY=VALUE` of the configuration; while that is active, the server has the `ailment`."""
    ailment: str = "service"
    """A `service` that fails, one that is on and has a `severity`, no `daemons`, or an API that stays `silent`."""
    moves: bool = False
    """Whether the API is served on the port, and the address if it is one, of admin_ui.https that a restart activates."""
    cluster_nodes: int = 0
    """Number of nodes of which this server makes up all but itself; 0 for a lone server or a node of a real cluster."""
    proxy_timeout: float = 10.0
    """How long a call that is passed on to another node may take."""
    version: str = ""
    """"" is that of the dialect."""
    lacks: str = ""
    """Operations that the server does not have, by their names in the contract, with commas between: they are 404."""
    services_off: str = ""
    """Services that are disabled, with commas between."""
    dies_halfway: bool = False
    """Dies in the middle of the next move to or from a cluster: what is shared is written, what is its own is not."""
    database_lost: bool = False
    """The database of the cluster cannot be reached."""
    failing: str = ""
    """Tests of the failover set-up that fail, with commas between; `init` is that of the secondary node."""
