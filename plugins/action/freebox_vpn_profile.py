# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""freebox_vpn_profile, run with the shared session, and in the controller's own process where that is the same."""

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.modules.freebox_vpn_profile import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils.shared_sign_in import SharedSignIn


class ActionModule(SharedSignIn):
    """Of this module."""

    body = BODY
