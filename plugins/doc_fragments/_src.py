# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option that names files with many objects."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to what Resource.argument_spec() in module_utils/_engine/resource.py adds to a plural option."""

    DOCUMENTATION = r"""
options:
  src:
    description:
      - A file that holds the list, or a folder with several such files, used instead of the list among the arguments.
        The module reads the files itself, which is much faster than variables of Ansible. Use it to declare thousands
        of objects.
      - A file whose name ends in C(.json) is JSON, one whose name ends in C(.csv) is a table, and any other file is
        YAML. JSON and YAML hold a list, or a mapping whose only key is the name of the list option. In a folder, the
        module reads files whose names end in C(.csv), C(.json), C(.yml) or C(.yaml), in the order of their names.
      - "The first row of a table is the header, with names of options. Each further row is an object. The text is
        UTF-8. The separator is C(,) or C(;), whichever comes first in the header. Put a cell that holds a separator in
        quotes, as spreadsheets do."
      - A list is one cell, with C(;) between its values. Each part of an option that is a mapping has its own column,
        such as C(cli_script_connect_win_env.PATH). A list of mappings needs JSON or YAML.
      - An empty cell leaves the option out. V((empty\)) sets an empty text or an empty list. Blanks at the ends of a
        cell are ignored, except in secrets and in text of several lines.
      - Entries take the same options as the list, and are checked in the same way. Error messages name file and line.
        Nothing in a file is a template.
      - ansible-vault can encrypt a whole file if the task runs in the controller's own process, as tasks on local
        connections do.
      - A relative path starts at the folder of the playbook if the task runs on the controller.
    type: path
"""
