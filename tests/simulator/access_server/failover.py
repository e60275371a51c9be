# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two servers that stand in for one another, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..clock import iso_seconds
from ..parts import Part, operation
from ..shapes import Mapping, OneOf
from .answers import Call, checked, refused

if TYPE_CHECKING:
    from .machine import Machine

_TESTS = {
    "ucarp": "UCARP on both nodes",
    "license_primary": "Licence of the primary node",
    "license_secondary": "Licence of the secondary node",
    "connectivity": "Connection to the secondary node",
}
_NEEDED = ("ucarp.addr", "ucarp.secret", "dbpush.hosts.0.public", "dbpush.hosts.1.public")
_NOTIFICATION = "notification"
NOTIFICATIONS = ("CLUSTER_RESTART_PENDING", "NODE_RESTARTED")


class Failover(Part):
    """The operations of the tag maintainance, and notification/create."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _fails(self, test: str) -> bool:
        return test in self._machine.settings.failing.split(",")

    @operation("POST", "/server/failover-test", "post__server_failover-test")
    def test(self, call: Call) -> Answer:
        """Each test by itself: the answer is 200 whatever comes out."""
        asked = checked(call.body or {}, Mapping(str))
        if asked.get("failover.mode") != "ucarp":
            raise refused(400, "failover.mode must be ucarp")
        missing = [name for name in _NEEDED if not asked.get(name)]
        if missing:
            raise refused(400, f"Missing for the failover test: {', '.join(missing)}")
        return Answer(200, {test: self._result(test, friendly) for test, friendly in _TESTS.items()})

    def _result(self, test: str, friendly: str) -> dict[str, Any]:
        failed = self._fails(test)
        return {"friendly": friendly, "status": not failed, "message": f"{test}: {'failed' if failed else 'ok'}"}

    @operation("POST", "/server/failover-init", "post__server_failover-init", writes=True)
    def initialise(self, call: Call) -> Answer:
        """The document does not say what the body is for; it is ignored."""
        if self._fails("init"):
            raise refused(400, "Something went wrong during secondary node setup")
        return Answer()

    @operation("POST", "/notification/create", "notificationCreate", writes=True)
    def notify(self, call: Call) -> Answer:
        kind = checked(call.body, {"notification_type!": OneOf(*NOTIFICATIONS)})["notification_type"]
        store = self._machine.store
        number = str(len(store.entries(_NOTIFICATION)))
        store.put_entry(_NOTIFICATION, number, {"type": kind, "time": iso_seconds(self._machine.clock.now())})
        return Answer()

    def state(self) -> dict[str, Any]:
        """Types of all notifications, oldest first."""
        return {"notifications": [entry["type"] for entry in self._machine.store.entries(_NOTIFICATION).values()]}
