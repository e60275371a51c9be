# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what tasks of all modules support."""

from __future__ import annotations


class ModuleDocFragment:
    """What manage(), inform() and run() in module_utils/_engine/module.py, and the action plugin, give to every module."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: full
"""

    # For modules that bring objects to a state.
    MANAGE = r"""
attributes:
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
    details: Lists the properties that change, by object. A fixed marker stands for each secret.
"""

    # For modules that only read.
    INFO = r"""
attributes:
  check_mode:
    details: Nothing is modified in any mode.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details: Nothing is modified.
"""

    # For modules that do something once, such as a restart.
    VERB = r"""
attributes:
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
    details: Shows the operation and its objects. Secrets are not part of it.
"""

    ACCESS_SERVER = r"""
attributes:
  action_group:
    description: Use C(group/vpn.estate.access_server) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - vpn.estate.access_server
"""

    FREEBOX = r"""
attributes:
  action_group:
    description: Use C(group/vpn.estate.freebox) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - vpn.estate.freebox
"""
