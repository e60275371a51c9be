# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of the module of this name. All modules that talk to a server have this same file."""

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import action_of

ActionModule, main = action_of(__name__)
