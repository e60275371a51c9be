# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one task declares of a whole Freebox: servers, and the users that all of them have in common."""

from __future__ import annotations

from .._engine.server_declaration import ServerDeclaration
from .vpn_server import VPN_SERVER
from .vpn_user import VPN_USER

DECLARATION = ServerDeclaration((VPN_SERVER, VPN_USER))
