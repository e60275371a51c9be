# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that delete what nobody declares."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``PURGE_OPTIONS`` in module_utils/_engine/resource.py."""

    DOCUMENTATION = r"""
options:
  purge:
    description:
      - Whether to delete every object that the list does not name. It goes with the list only, or with O(src).
      - A purge is refused before anything is written when the list is empty (see O(purge_empty)), when it would delete
        more than O(purge_limit) allows, and when the server counts more or fewer objects than it lists.
    type: bool
    default: false
  purge_empty:
    description:
      - Whether O(purge) may be used with an empty list, which deletes everything that O(protect) does not name.
    type: bool
    default: false
  purge_limit:
    description:
      - How many objects O(purge) may delete, as a number such as V(20), or as a share of those on the server such as
        V(10%).
      - A share is rounded down. Left out, 10 percent may be deleted, and 5 objects if there are few; never more than half.
    type: str
  protect:
    description:
      - Names of objects that O(purge) spares although the list does not name them.
      - A name that is not there is passed over. If it differs only in case, or only in characters that look alike, from one
        that would be deleted, the task is refused.
    type: list
    elements: str
    default: []
"""
