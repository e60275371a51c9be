# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts: what they take over, what they drop, and the time for which the API is away."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..answers import Answer
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked
from .shared_database import DatabaseLost

if TYPE_CHECKING:
    from .machine import Machine

_MODES = ("cold", "warm", "dry_run", "systemctl", "server_agent")
_REREADING = ("systemctl", "server_agent")
"""Restarts after which the server works with another database than before."""


@dataclass
class _Restart:
    """Begin and end in real time, because clients wait in real time."""

    mode: str
    begins: float
    ends: float
    begun: bool = False


class Power(Part):
    """Whether the API answers."""

    passing = ("_restart",)

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
            return self._machine.configuration.ails("silent")
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
        # nothing asks the old address when it has moved; and other nodes see what becomes of this one
        if settings.moves or self._machine.cluster.is_real:
            timer = threading.Timer(settings.restart_delay, lambda: self.away)
            timer.daemon = True
            timer.start()

    # operations

    @operation("POST", "/server/restart", "post__server_restart", writes=True, query=("restartMode",))
    def restart(self, call: Call) -> Answer:
        """Scheduled, not done, when the answer comes; only the node that is asked restarts."""
        machine = self._machine
        mode = self.mode(call)
        machine.configuration.validate(machine.configuration.active)
        if mode == "dry_run":
            return Answer(wrote=False)
        if call.node in (None, machine.node):
            self.schedule(mode)
        else:
            assert call.node is not None
            machine.cluster.restarted(call.node)
        return Answer()

    def _take_effect(self, mode: str) -> None:
        machine = self._machine
        if mode in _REREADING:
            machine.cluster.moved = False
        with contextlib.suppress(DatabaseLost):
            if not machine.cluster.moved:
                machine.configuration.take_over()
                machine.authorities.started()
            machine.cluster.restarted(machine.cluster.own)
        if mode != "warm":
            machine.vpn.disconnect_all("server restart")
            machine.authentication.forget_failures()
        if machine.readings["token_after_restart"] == "dies":
            machine.authentication.end_sessions()
        machine.journal.started()
        machine.restarted()
