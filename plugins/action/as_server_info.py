# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin under all modules of Access Server: meta/runtime.yml sends the others here."""

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.plugin_utils.shared_sign_in import ActionModule

__all__ = ["ActionModule"]
