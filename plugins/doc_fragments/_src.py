# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option that says where many objects are declared."""

from __future__ import annotations


class ModuleDocFragment:
    """Answers to what Resource.argument_spec() in module_utils/_engine/resource.py adds to a plural option."""

    DOCUMENTATION = r"""
options:
  src:
    description:
      - A file that holds the list, in place of the list among the arguments, or a folder with several such files. It is
        read where the task runs, and much faster than Ansible reads variables, so that it is the way to declare
        thousands of objects.
      - A file is JSON where its name ends in C(.json), a table where it ends in C(.csv), and else YAML. JSON and YAML hold
        a list, or a mapping with nothing but the list under the name of the option that it stands for. Of a folder, the
        files whose names end in C(.csv), C(.json), C(.yml) or C(.yaml) are read in the order of their names.
      - "The first row of a table is the header, with names of options. Each further row is an object. The text is UTF-8. Cells
        are separated by C(,) or C(;), whichever comes first in the header. A cell that holds one of them is put in quotes, as
        spreadsheets do."
      - A list is written in one cell, with C(;) between its values. The part of an option that is a mapping has a column of
        its own, such as C(cli_script_connect_win_env.PATH). A list of mappings needs JSON or YAML.
      - An empty cell leaves the option out. V((empty\)) is an empty text or an empty list. Blanks at the ends of a cell do not
        count, but in secrets and in text of several lines.
      - What the list may hold is the same, and is checked the same way. A mistake is told with file and line. Nothing in
        a file is a template.
      - A whole file may be encrypted by ansible-vault if the task runs in the controller's own process, as tasks on
        local connections do.
      - A relative path begins at the folder of the playbook where the task runs on the controller.
    type: path
"""
