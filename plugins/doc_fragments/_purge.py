# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that delete objects that are not declared."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``PURGE_OPTIONS`` in module_utils/_engine/resource.py."""

    DOCUMENTATION = r"""
options:
  purge:
    description:
      - Whether to delete all objects that the list does not name. It needs the list or O(src).
      - The task refuses a purge before it writes anything in three cases. The list is empty (see O(purge_empty)). The
        purge would delete more than O(purge_limit) allows. Or the server's own count differs from the number of objects
        that it lists.
    type: bool
    default: false
  purge_empty:
    description:
      - Whether O(purge) may be used with an empty list. This deletes every object that O(protect) does not name.
    type: bool
    default: false
  purge_limit:
    description:
      - Maximum number of objects that O(purge) may delete, as a number such as V(20), or as a share of the objects on
        the server such as V(10%). A share is rounded down.
      - The default is 10 percent, or 5 objects if there are few, and never more than half.
    type: str
  protect:
    description:
      - Names of objects that O(purge) keeps although the list does not name them.
      - Names that the server does not have are ignored. If a name differs from that of an object to delete only in
        case, or only in characters that look alike, the task refuses the purge.
    type: list
    elements: str
    default: []
"""
