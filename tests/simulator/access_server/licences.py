# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server is licensed: not at all, by a subscription, or by fixed licences. Each node of a cluster has its own."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal
from ..clock import iso_seconds
from ..parts import Part, operation
from .answers import Call, checked, refused

if TYPE_CHECKING:
    from .machine import Machine

_KIND, _SUBSCRIPTION = "license", "subscription"
_FREE_CONNECTIONS, _SUBSCRIBED_CONNECTIONS, _FIXED_CONNECTIONS = 2, 10, 5
_YEAR = 365 * 86400.0
_DEFAULT = {"subkey": "SUBKEY_simulated", "billing_id": "BILLING_ID_simulated", "name": "Subscription 1"}
_FIXED = "FIXED-"
"""What the key of a fixed licence begins with here; that of one that has expired goes on with OLD."""


def bundle(number: int = 1, **more: Any) -> str:
    """A subscription as a file has it, here; the contents of real ones are not documented."""
    own = {"subkey": f"SUBKEY_{number}", "billing_id": f"BILLING_ID_{number}", "name": f"Subscription {number}"}
    return json.dumps({**own, **more})


class Licences(Part):
    """The operations of the tag license."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def state(self) -> dict[str, Any]:
        """The kind of licence."""
        return {"license": _SUBSCRIPTION if self._subscription else "fixed" if self._fixed else "unlicensed"}

    # -- what there is

    @property
    def _subscription(self) -> dict[str, Any]:
        kept = self._machine.local.entry(_KIND, _SUBSCRIPTION)
        subscribed = kept is None and self._machine.settings.license == _SUBSCRIPTION
        return _DEFAULT if subscribed else kept or {}

    @property
    def _fixed(self) -> dict[str, dict[str, Any]]:
        found = self._machine.local.entries(_KIND)
        return {key: value for key, value in found.items() if key != _SUBSCRIPTION}

    @operation("GET", "/license/info", "licenseInfo")
    def info(self, call: Call) -> Answer:
        """The keys depend on the kind of licence (server behaviour, 116)."""
        connected = {"current_cc": len(self._machine.vpn.clients)}
        subscription, fixed = self._subscription, self._fixed
        if subscription:
            own = self._described(subscription)
            return Answer(200, {"licensing_type": _SUBSCRIPTION, **connected, "max_cc": own["cc_limit"], **own})
        if fixed:
            listed = [{**value, "key": self._shown(key)} for key, value in fixed.items()]
            most = sum(one["max_cc"] for one in fixed.values())
            return Answer(200, {"licensing_type": "fixed", **connected, "max_cc": most, "fixed_licenses": listed})
        return Answer(200, {"licensing_type": "unlicensed", **connected, "max_cc": _FREE_CONNECTIONS})

    def _shown(self, key: str) -> str:
        if self._machine.readings["fixed_license_key"] == "whole":
            return key
        return "*" * (len(key) - 4) + key[-4:]

    def _described(self, subscription: dict[str, Any]) -> dict[str, Any]:
        now = self._machine.clock.now()
        return {
            "agent_id": "AGENT_ID_simulated",
            "agent_disabled": False,
            "cc_limit": _SUBSCRIBED_CONNECTIONS,
            "error": None,
            "fallback_cc": _FREE_CONNECTIONS,
            "grace_period": 30,
            "last_successful_update": iso_seconds(now - 60),
            "total_cc": len(self._machine.vpn.clients),
            "next_update": iso_seconds(now + 140),
            "updates_failed": 0,
            "notes": [],
            "overdraft": False,
            "server": "licensing.example.com",
            "type": "-",
            "state": "SUBSCRIPTION_OK",
            **subscription,
        }

    # -- subscriptions

    @operation("POST", "/license/subscription/test", "checkSubscription")
    def test(self, call: Call) -> Answer:
        found = self._described(self._read(call))
        shown = {"subkey": ("subkey", "billing_id"), "billing_id": ("billing_id",), "nothing": ()}
        names = shown[self._machine.readings["tested_subscription"]]
        return Answer(200, {k: v for k, v in found.items() if k not in ("subkey", "billing_id") or k in names})

    @operation("POST", "/license/subscription", "loadSubscription", writes=True)
    def load(self, call: Call) -> Answer:
        found = self._read(call)
        if self._fixed:
            raise refused(400, "There are fixed licenses on this server")
        self._machine.local.put_entry(_KIND, _SUBSCRIPTION, found)
        return Answer()

    @operation("DELETE", "/license/subscription", "deactivateSubscription", writes=True)
    def deactivate(self, call: Call) -> Answer:
        self._machine.local.delete_entry(_KIND, _SUBSCRIPTION)
        self._machine.settings.license = "unlicensed"
        return Answer()

    def _read(self, call: Call) -> dict[str, Any]:
        """What a subscription holds: JSON, or its base64 (document, subscription of checkSubscription)."""
        text = checked(call.body or {}, {"subscription!": str})["subscription"]
        for candidate in (text, _decoded(text)):
            try:
                found = json.loads(candidate)
            except ValueError:
                continue
            if isinstance(found, dict) and found.get("subkey"):
                return found
        raise Refusal(400, {"reason": "The subscription format was not detected", "title": "Invalid subscription"})

    # -- fixed licences

    @operation("POST", "/license/fixed-license/online-activation", "activateFixedLicenseOnline", writes=True)
    def activate_online(self, call: Call) -> Answer:
        key = checked(call.body or {}, {"license!": str})["license"].strip()
        if not key.startswith(_FIXED):
            raise Refusal(400, {"message": "License not found on server"})
        return self._activate(key)

    @operation("POST", "/license/fixed-license/offline-activation", "activateFixedLicenseOffline", writes=True)
    def activate_offline(self, call: Call) -> Answer:
        text = checked(call.body or {}, {"license!": str})["license"]
        key = next((word for word in text.split() if word.startswith(_FIXED)), None)
        if key is None:
            raise Refusal(400, {"message": "The license format was not detected"})
        return self._activate(key)

    def _activate(self, key: str) -> Answer:
        if key.startswith(f"{_FIXED}OLD"):
            raise Refusal(400, {"message": "Fixed license already expired"})
        if self._subscription:
            raise Refusal(400, {"message": "There is a subscription on this server"})
        if key in self._fixed and self._machine.readings["second_activation"] == "refused":
            raise Refusal(400, {"message": "License already activated"})
        until = iso_seconds(self._machine.clock.now() + _YEAR)
        self._machine.local.put_entry(_KIND, key, {"expiry": until, "max_cc": _FIXED_CONNECTIONS})
        return Answer()

    @operation("GET", "/license/machine-id", "licenseGetMachineId")
    def machine_id(self, call: Call) -> Answer:
        return Answer(200, "MACHINE_ID_simulated\n", headers={"Content-Type": "text/plain"})


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
