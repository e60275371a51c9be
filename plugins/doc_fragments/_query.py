# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options with which users and groups are chosen."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to GROUP_QUERY in module_utils/_access_server/accounts/queries.py."""

    DOCUMENTATION = r"""
options:
  names:
    description:
      - Names of the objects to read, compared exactly. Left out, all are read; an empty list reads none.
      - Names that the server does not have are left out of the result. So are those that another option excludes.
    type: list
    elements: str
  name_contains:
    description:
      - Read only those whose name has this text in it. Capital and small letters differ.
    type: str
    version_added: 1.0.0
  admin:
    description:
      - V(true) reads only administrators, V(false) only others. What counts is the value in force, whether it is set there or
        inherited.
      - V(false) reads all from the server, and leaves out the others here.
    type: bool
    version_added: 1.0.0
  autologin:
    description:
      - V(true) reads only those who may have profiles that connect without a password, V(false) only others. It works like
        O(admin).
    type: bool
    version_added: 1.0.0
"""
