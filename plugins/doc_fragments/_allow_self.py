# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option for changes to the account that a task is signed in with."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``allow_self`` in the options of resources that decide who may sign in."""

    DOCUMENTATION = r"""
options:
  allow_self:
    description:
      - Whether the task may make changes that could end the sign-in of its own account. The task calculates the rights
        of that account before and after all of its changes, from the user, its group, the default user and the
        configuration.
      - The task makes such changes last, and proves them by a new sign-in. If the sign-in fails, the task reverts the
        changes and reports the ones that it could not revert.
      - With O(as_token) and no O(as_username), the account can be that of any administrator. Without O(as_password), no
        new sign-in is possible, and a warning states that the change is not proven.
    type: bool
    default: false
"""
