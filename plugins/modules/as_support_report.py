#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_support_report
short_description: Save the support report of an OpenVPN Access Server
description:
  - Lets an Access Server create the report that the vendor's support asks for, and saves it in a file.
  - Every run creates a new report, which counts as a change.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.verb
  - vpn.estate._attributes.access_server
options:
  dest:
    description:
      - File for the report, on the machine where the module runs. Only its owner can read it. An existing file is
        replaced.
      - Its folder must exist. A symbolic link is refused.
    type: path
    required: true
notes:
  - The vendor does not document the contents of a report. Treat it as a secret, and read it before you send it.
  - In check mode, the module reads the file and does not contact the server.
seealso:
  - module: vpn.estate.as_server_info
  - module: vpn.estate.as_log_info
"""

EXAMPLES = r"""
- name: Save a support report
  vpn.estate.as_support_report:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    dest: /srv/vpn/reports/vpn.example.com.txt
"""

RETURN = r"""
diff:
  description: File in which the report is saved.
  returned: always
  type: dict
  sample:
    before: {}
    after:
      report:
        dest: /srv/vpn/reports/vpn.example.com.txt
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.support_report import SPEC, save
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, save)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
