# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option for changes to the account that a task is signed in with."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``allow_self`` in the options of resources that decide who gets in."""

    DOCUMENTATION = r"""
options:
  allow_self:
    description:
      - Whether the task may change what decides over the sign-in of the account that it is signed in with, itself or
        through its group or the default user.
      - Such a change comes last, and is proven by a new sign-in.
    type: bool
    default: false
"""
