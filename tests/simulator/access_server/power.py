# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts: what they take over, what they drop, and the time for which the API is away."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .answers import Answer, Call
from .shapes import OneOf, checked

if TYPE_CHECKING:
    from .machine import Machine

_MODES = ("cold", "warm", "dry_run", "systemctl", "server_agent")


@dataclass
class _Restart:
    """Begin and end in real time, because clients wait in real time."""

    mode: str
    begins: float
    ends: float
    begun: bool = False


class Power:
    """Whether the API answers."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._restart: _Restart | None = None

    def clear(self) -> None:
        self._restart = None

    @property
    def away(self) -> bool:
        """Whether the API is away right now; a restart that is due takes effect when this is asked."""
        restart = self._restart
        if restart is None:
            return False
        now = time.monotonic()
        if now >= restart.begins and not restart.begun:
            with self._machine.store.lock:
                if not restart.begun:
                    restart.begun = True
                    self._take_effect(restart.mode)
        if now >= restart.ends:
            self._restart = None
            return False
        return restart.begun

    def mode(self, call: Call) -> str:
        """The mode a request asks for; a warm restart when it does not say."""
        return str(checked(call.query.get("restartMode", "warm"), OneOf(*_MODES)))

    def schedule(self, mode: str) -> None:
        settings = self._machine.settings
        begins = time.monotonic() + settings.restart_delay
        self._restart = _Restart(mode, begins, begins + settings.restart_downtime)

    # operations

    def restart(self, call: Call) -> Answer:
        """Scheduled, not done, when the answer comes; only the node that is asked restarts."""
        machine = self._machine
        mode = self.mode(call)
        machine.configuration.validate(machine.configuration.active)
        if mode == "dry_run":
            return Answer(wrote=False)
        if call.node in (None, machine.cluster.own):
            self.schedule(mode)
        else:
            assert call.node is not None
            self._restarted(call.node)
        return Answer()

    def _take_effect(self, mode: str) -> None:
        machine = self._machine
        machine.configuration.take_over()
        machine.authorities.started()
        self._restarted(machine.cluster.own)
        if mode != "warm":
            machine.vpn.disconnect_all("server restart")
            machine.authentication.forget_failures()
        if machine.readings["token_after_restart"] == "dies":
            machine.authentication.end_sessions()
        machine.journal.started()
        machine.restarted()

    def _restarted(self, node: str) -> None:
        self._machine.cluster.nodes[node].last_restarted = self._machine.clock.now()
        self._machine.cluster.nodes[node].restart_pending = False
