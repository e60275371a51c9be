# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option for references to what the same run creates."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``assume_present`` in the options of resources with references."""

    DOCUMENTATION = r"""
options:
  assume_present:
    description:
      - Names of users or groups that the same run creates. References to them are accepted although the server does not
        have them yet, as in check mode on an empty server.
      - A reference to anything else that is missing on the server fails before the first write.
    type: list
    elements: str
    default: []
"""
