# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of all modules that declare a whole server."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to ``ServerDeclaration.argument_spec()`` in module_utils/_engine/server_declaration.py."""

    DOCUMENTATION = r"""
options:
  purge_empty:
    description: >-
      Whether a part of O(purge) may be declared empty. This deletes every object that O(protect) does not name.
    type: bool
    default: false
  undeclared:
    description:
      - Whether to return objects and options that are on the server but not declared. Objects that O(purge) deletes and
        entries of O(known) are left out.
      - Only the declared parts are examined. The option changes nothing on the server.
    type: bool
    default: false
  mistakes:
    description:
      - Mistakes that the playbook has found in the declaration, one sentence each. If there are any, the task fails
        before it contacts the server, and reports them together with the mistakes that it finds itself.
      - The roles pass the results of P(vpn.estate.people_contradictions#filter) here.
    type: list
    elements: str
    default: []
  validate_only:
    description:
      - Whether to only check the declaration. The task contacts no server, and needs no connection options.
    type: bool
    default: false
"""
