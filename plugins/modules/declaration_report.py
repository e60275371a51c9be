#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: declaration_report
short_description: Report how servers differ from what is declared
description:
  - Writes one report on all hosts of a play, from what modules of this collection have returned for each of them, as JSON, as
    Markdown for a merge request, and as a page of HTML that needs nothing else.
  - The playbook C(vpn.estate.drift) compares all servers of an inventory in check mode and reports on them. The callback
    P(vpn.estate.report#callback) writes the same report after any playbook.
  - Secrets are not part of what modules return, so that they are not part of the report either.
  - It works on the machine that runs Ansible. Run it once for all hosts.
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
      - Names of variables in which the tasks of the hosts have registered what they returned. A host that has none of them, or
        whose tasks were skipped, was not compared, which is an error.
    type: list
    elements: str
    required: true
  dest:
    description: The folder of the report. It is created if it is not there. A relative path begins where Ansible was started.
    type: path
    required: true
  mode:
    description: Whether the tasks have compared in check mode (V(check)), or have changed servers (V(run)).
    type: str
    choices: [check, run]
    default: check
seealso:
  - module: vpn.estate.as_declaration
  - module: vpn.estate.freebox_declaration
"""

EXAMPLES = r"""
- name: Compare a server with what is declared
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
  description: The result in a sentence.
  returned: success
  type: str
  sample: "1 of 2 servers differ from what is declared: vpn-a."
paths:
  description: The files of the report, C(report.json), C(report.md) and C(report.html).
  returned: success
  type: list
  elements: str
  sample: [/srv/estate/drift/report.json]
"""
