# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a box is, for clients that know nothing of it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..answers import Answer
from ..parts import Part, operation
from .answers import Call

if TYPE_CHECKING:
    from .machine import Machine

_BOX_MODEL = {"box_model": "fbxgw9-r1", "box_model_name": "Freebox v9 (r1)"}


class Discovery(Part):
    """The operation that comes before all others."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @operation("GET", "/api_version", "getApiVersion", "open", base="")
    def show(self, call: Call) -> Answer:
        """What everybody may know: not in the envelope, and shorter for those who come from outside (F1, F2)."""
        machine = self._machine
        address = urlsplit(machine.url)
        access = {
            "api_version": machine.api_version.text,
            "api_base_url": "/api/",
            "api_domain": machine.api_domain,
            "https_available": True,
            "https_port": address.port,
        }
        if machine.settings.outside:
            return Answer(200, access)
        model = _BOX_MODEL if machine.api_version.has_wireguard else {}
        name = {"uid": machine.uid, "device_name": "Freebox Server", "device_type": "FreeboxServer9,1"}
        return Answer(200, {**name, **model, **access})
