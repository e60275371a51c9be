# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated OpenVPN Access Server."""

from __future__ import annotations

from ..clock import Clock
from ..exchange import Exchange
from ..openvpn_daemon import Endpoint
from .passwords import code, counter
from .readings import READINGS
from .server import AccessServerSimulator

__all__ = ["READINGS", "AccessServerSimulator", "Clock", "Endpoint", "Exchange", "code", "counter"]
