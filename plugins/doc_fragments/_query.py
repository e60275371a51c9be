# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that choose users and groups."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to GROUP_QUERY in module_utils/_access_server/accounts/queries.py."""

    DOCUMENTATION = r"""
options:
  names:
    description:
      - Names of the objects to read, compared exactly. By default, all objects are read. An empty list reads none.
      - The result leaves out names that the server does not have, and objects that another option excludes.
    type: list
    elements: str
  name_contains:
    description:
      - Read only objects whose name contains this text. Upper and lower case differ.
    type: str
    version_added: 1.0.0
  admin:
    description:
      - V(true) reads only administrators, V(false) only others. The effective value counts, whether it is set on the
        object or inherited.
      - With V(false), the module reads all objects from the server and filters them itself.
    type: bool
    version_added: 1.0.0
  autologin:
    description:
      - V(true) reads only users and groups that may have profiles that connect without a password, V(false) only
        others. It works like O(admin).
    type: bool
    version_added: 1.0.0
"""
