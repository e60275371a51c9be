# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that all modules have that declare a whole server."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ServerDeclaration.argument_spec()`` in module_utils/_engine/server_declaration.py."""

    DOCUMENTATION = r"""
options:
  purge_empty:
    description: Whether a part of O(purge) may be declared empty, which deletes everything that O(protect) does not name.
    type: bool
    default: false
  undeclared:
    description:
      - Whether to return what is on the server, and is neither declared, nor deleted by O(purge), nor named by O(known).
      - These are objects, and options that are set on declared objects. It is about the parts that are declared, and changes
        nothing.
    type: bool
    default: false
  mistakes:
    description:
      - What the playbook itself has found wrong with the declaration, a sentence for each. Where there is one, the task fails
        before it asks the server, and tells it with what it finds itself.
      - The roles have here what P(vpn.estate.people_contradictions#filter) finds.
    type: list
    elements: str
    default: []
  validate_only:
    description:
      - Whether only to check the declaration. No server is asked, and connection options are not needed.
    type: bool
    default: false
"""
