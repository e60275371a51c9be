#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: declaration_report
short_description: Report how servers differ from their declaration
description:
  - Writes one report about all hosts of a play, from the results of modules of this collection for each host. The
    formats are JSON, Markdown for a merge request, and a self-contained HTML page.
  - The playbook C(vpn.estate.drift) compares all servers of an inventory in check mode and reports on them. The
    callback P(vpn.estate.report#callback) writes the same report after any playbook.
  - Modules do not return secrets, so the report contains none.
  - The module works on the machine that runs Ansible. Run it once for all hosts.
version_added: 1.0.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
options:
  registered:
    description:
      - Names of variables in which the tasks of the hosts have registered their results. If a host has none of them, or
        if its tasks were skipped, the host was not compared, which is an error.
    type: list
    elements: str
    required: true
  dest:
    description: >-
      Folder of the report. It is created if it does not exist. A relative path starts at the folder where Ansible was
      started. A symbolic link in the place of a file is not replaced: the task fails.
    type: path
    required: true
  mode:
    description: Whether the tasks compared servers in check mode (V(check)), or changed them (V(run)).
    type: str
    choices: [check, run]
    default: check
seealso:
  - module: vpn.estate.as_declaration
  - module: vpn.estate.freebox_declaration
"""

EXAMPLES = r"""
- name: Compare a server with its declaration
  vpn.estate.as_declaration:
    src: files/vpn-a
    undeclared: true
  check_mode: true
  diff: true
  register: compared
  ignore_errors: true

- name: Report on all servers
  vpn.estate.declaration_report:
    registered: [compared]
    dest: reports/drift
    mode: check
  run_once: true
"""

RETURN = r"""
status:
  description:
    - V(clean) if nothing differs, V(drift) if a server differs, V(error) if one could not be compared.
    - With O(mode) V(run), V(changed) if a server was changed.
  returned: success
  type: str
  sample: drift
summary:
  description: Result as a sentence.
  returned: success
  type: str
  sample: "1 of 2 servers differ from what is declared: vpn-a."
paths:
  description: Files of the report, which are C(report.json), C(report.md) and C(report.html).
  returned: success
  type: list
  elements: str
  sample: [/srv/estate/drift/report.json]
"""
