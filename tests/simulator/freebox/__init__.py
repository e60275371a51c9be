# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Freebox with the VPN servers of its router."""

from __future__ import annotations

from ..clock import Clock
from ..exchange import Exchange
from ..openvpn_daemon import Endpoint
from .api_version import ApiVersion
from .readings import READINGS
from .server import FreeboxSimulator

__all__ = ["READINGS", "ApiVersion", "Clock", "Endpoint", "Exchange", "FreeboxSimulator"]
