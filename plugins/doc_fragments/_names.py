# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option that chooses the objects of an info module."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to the spec of inform() in module_utils/_engine/module.py."""

    DOCUMENTATION = r"""
options:
  names:
    description:
      - Names of the objects to read, compared exactly. By default, all objects are read. An empty list reads none.
      - Names that the server does not have are left out of the result.
    type: list
    elements: str
"""
