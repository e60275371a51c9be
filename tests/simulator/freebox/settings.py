# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may set about a simulated Freebox that is neither its version nor a reading."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import CommonSettings


@dataclass
class Settings(CommonSettings):
    """All times in seconds of the simulator's clock."""

    start_duration: float = 0.2
    """How long a VPN server is `starting`."""
    stop_duration: float = 0.2
    """How long a VPN server is `stopping`."""
    challenge_rotation: float = 10.0
    """A challenge is handed out for so long, then comes the next one."""
    challenge_lifetime: float = 60.0
    """An answer to a challenge is accepted for so long."""
    session_lifetime: float = 1800.0
    """A session ends when it has not been used for so long (server behaviour, F36: no figure is known)."""
    pairing_timeout: float = 120.0
    """How long the box waits for its button (F26: no figure is known)."""
    refused_logins: int = 5
    """So many wrong answers to challenges from one address, and it is put off (F39: no figure is known)."""
    refusal_duration: float = 60.0
    """How long an address is put off after its last wrong answer."""
    accepts_new_apps: bool = True
    """Whether apps may be paired."""
    accepts_apps: bool = True
    """Whether any app may open a session."""
    outside: bool = False
    """Whether clients come from the Internet instead of the home network."""
    min_port: int = 1
    """Lowest port that a VPN server may have."""
    max_port: int = 65535
    """Highest port that a VPN server may have."""
    user_limit: int = 0
    """How many VPN users there can be; 0 is no limit."""
    public_address: str = ""
    """The address that client files name; "" is that on which the VPN servers listen."""
