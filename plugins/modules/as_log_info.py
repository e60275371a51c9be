#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_log_info
short_description: Read the log of an OpenVPN Access Server
description:
  - Reads records of sign-ins, VPN sessions and calls of the API from the server's log database.
  - Records must match all filters that are given. Without a filter, the newest records are read.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  node:
    description: Host name of the server, or of the cluster node, that wrote the record.
    type: dict
    suboptions: &text
      value:
        description: Text to compare with.
        type: str
        required: true
      operation:
        description: Whether the text must be equal to O(ignore:value), contain it, or differ from it.
        type: str
        choices: [equal, substring, not_equal]
        default: equal
  username:
    description: Name of the user in the record.
    type: dict
    suboptions: *text
  service:
    description: Service that wrote the record, such as V(VPN) or V(WEB_ADMIN).
    type: dict
    suboptions: *text
  virtual_ipv4_address:
    description: IPv4 address of the client in the VPN.
    type: dict
    suboptions: *text
  gui_version:
    description: Version of the client's user interface.
    type: dict
    suboptions: *text
  version:
    description: Version of the client's OpenVPN.
    type: dict
    suboptions: *text
  platform:
    description: Operating system of the client.
    type: dict
    suboptions: *text
  start_time:
    description: Time span in which the session or event began. A limit that is left out is open.
    type: dict
    suboptions: &time
      start:
        description: Earliest time, as in V(2026-10-02T12:00:00Z).
        type: str
      end:
        description: Latest time, as in V(2026-10-02T18:00:00Z).
        type: str
      start_relative:
        description:
          - Earliest time, as the time that has passed since then, such as V(24h) or V(15d 20m). Units are V(s), V(m)
            for minutes, V(h), V(d), V(w), V(M) for months and V(y).
        type: str
      end_relative:
        description: Latest time, as the time that has passed since then.
        type: str
  timestamp:
    description: Time span in which the record was last written. A limit that is left out is open.
    type: dict
    suboptions: *time
  duration:
    description: Duration of the session.
    type: dict
    suboptions:
      value:
        description: Time to compare with, such as V(8h) or V(1d 12h).
        type: str
        required: true
      operation:
        description: Whether the session must be shorter or longer.
        type: str
        choices: [less_than, greater_than]
        default: greater_than
  bytes_sent:
    description: Amount of data that the server sent to the client.
    type: dict
    suboptions: &amount
      value:
        description: Number of bytes to compare with, as in V(500000), or an amount with a unit, as in V(20kb).
        type: str
        required: true
      operation:
        description: Whether the amount must be smaller or greater.
        type: str
        choices: [less_than, greater_than]
        default: greater_than
  bytes_received:
    description: Amount of data that the server received from the client.
    type: dict
    suboptions: *amount
  active:
    description: >-
      Whether to read only active sessions (V(true)) or only ended ones (V(false)). By default, both are read.
    type: bool
  error:
    description: >-
      Whether to read only records with an error (V(true)) or only records without one (V(false)). By default, both are
      read.
    type: bool
  anywhere:
    description: Text that at least one of several fields contains. Servers may refuse it together with other filters.
    type: dict
    suboptions:
      value:
        description: The text.
        type: str
        required: true
      fields:
        description: The fields to search.
        type: list
        elements: str
        choices: [username, node, service, error, platform, version, gui_version]
        default: [username, node, service, error, platform, version, gui_version]
  order_by:
    description: Field by which to sort.
    type: str
    choices:
      - node
      - username
      - service
      - duration
      - active
      - virtual_ipv4_address
      - bytes_received
      - bytes_sent
      - timestamp
      - error
      - version
      - gui_version
      - platform
    default: timestamp
  sort_by:
    description: Whether the lowest or the highest value comes first.
    type: str
    choices: [asc, desc]
    default: desc
  limit:
    description: Maximum number of records to read. RV(total) is the number of all matching records.
    type: int
    default: 100
notes:
  - "The texts of a record are not trustworthy. Any computer that can reach the server chooses RV(records[].username),
    and the parts of a request that RV(records[].error) and RV(records[].extra) repeat. The client program chooses
    RV(records[].platform), RV(records[].version), RV(records[].gui_version) and RV(records[].session_id). The server
    chooses all others."
  - The module returns these texts unchanged. They may contain anything, such as line breaks, terminal controls, text
    with reversed direction, or template expressions. Treat them as data. Never pass them to a template, a shell or a
    command, and print them only with the filter P(vpn.estate.shown#filter).
  - The server writes records with a delay of some seconds.
  - The log of a busy server grows while the module reads it. To read more records than one page of 1000 holds, set an
    end of O(timestamp), so that no record is read twice.
seealso:
  - module: vpn.estate.as_vpn_session_info
"""

EXAMPLES = r"""
- name: Read the newest 20 records
  vpn.estate.as_log_info:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    limit: 20

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Read the errors of the last day, without the last hour
  vpn.estate.as_log_info:
    error: true
    timestamp:
      start_relative: 24h
      end_relative: 1h
    limit: 1000
  register: failures

# The number is safe to show. The names can be any text that a client sent.
- name: Fail if there are too many errors
  ansible.builtin.assert:
    that: failures.total < 100
    fail_msg: "{{ failures.total }} records since yesterday have an error."

- name: Read the VPN sessions of a user in October, the longest first
  vpn.estate.as_log_info:
    username:
      value: alice
    service:
      value: VPN
    start_time:
      start: "2026-10-01T00:00:00Z"
      end: "2026-11-01T00:00:00Z"
    order_by: duration
    sort_by: desc

- name: Read active sessions that have transferred a large amount of data
  vpn.estate.as_log_info:
    active: true
    duration:
      value: 8h
    bytes_sent:
      value: 500mb
    bytes_received:
      value: "1000"
      operation: greater_than

- name: Read records of old clients on one operating system
  vpn.estate.as_log_info:
    platform:
      value: win
    version:
      value: "2."
      operation: substring
    gui_version:
      value: OCmacOS
      operation: not_equal

- name: Read the records of one node about one VPN address
  vpn.estate.as_log_info:
    node:
      value: vpn-node1
    virtual_ipv4_address:
      value: 172.27.231.2

- name: Search two fields for a text
  vpn.estate.as_log_info:
    anywhere:
      value: challenge
      fields: [username, error]
    sort_by: asc
"""

RETURN = r"""
total:
  description: Number of matching records. RV(records) may be a part of them.
  returned: success
  type: int
  sample: 88
records:
  description:
    - The records, with all information from the server. Numbers and flags that do not apply are null, and other values
      may be null too.
    - Do not trust the texts of the records. They are not escaped; see the notes.
  returned: success
  type: list
  elements: dict
  contains:
    timestamp:
      description: Time at which the record was last written.
      type: str
      sample: "2026-09-09T20:48:48Z"
    start_time:
      description: Start of the session or event.
      type: str
      sample: "2026-09-09T20:48:48Z"
    duration:
      description: Duration of the session in seconds.
      type: int
      sample: 3600
    node:
      description: Host name of the server, or of the cluster node, that wrote the record.
      type: str
      sample: 93b39cb5bf2a
    username:
      description: >-
        Name of the user as it was typed. Names longer than 128 characters are cut, and end in C((TRUNCATED\)).
      type: str
      sample: alice
    service:
      description: Service that wrote the record.
      type: str
      sample: WEB_ADMIN
    active:
      description: Whether the session is still active.
      type: bool
      sample: null
    auth:
      description: Whether the sign-in succeeded.
      type: bool
      sample: false
    error:
      description:
        - Error; empty if there is none. C(challenge) is the first half of a sign-in with a second factor, and no
          failure.
      type: str
      sample: The user is not enrolled in the Authenticator yet.
    real_address:
      description: Address from which the client connected.
      type: str
      sample: 198.51.100.5
    virtual_ipv4_address:
      description: IPv4 address of the client in the VPN.
      type: str
      sample: 172.27.231.2
    virtual_ipv6_address:
      description: IPv6 address of the client in the VPN.
      returned: when the server returns it
      type: str
      sample: ""
    server_port:
      description: Port of the server to which the client connected.
      type: int
      sample: 1194
    protocol:
      description: Protocol of the connection, V(tcp) or V(udp).
      returned: when the server returns it
      type: str
      sample: udp
    session_id:
      description: Identifier of the session. It may be cut.
      returned: when the server returns it
      type: str
    api_method:
      description: Operation of the API that was called.
      returned: when the server returns it
      type: str
    extra:
      description: Additional information about the event, depending on the service.
      returned: when the server returns it
      type: str
      sample: ""
    bytes_received:
      description: Number of bytes that the server received.
      type: int
      sample: 4001
    bytes_sent:
      description: Number of bytes that the server sent.
      type: int
      sample: 3077
    total_bytes:
      description: Number of bytes in both directions.
      type: int
      sample: 7078
    platform:
      description: Operating system of the client.
      type: str
      sample: win
    version:
      description: Version of the client's OpenVPN.
      type: str
      sample: 2.6.20
    gui_version:
      description: Version of the client's user interface.
      type: str
      sample: OCWindows_3.4.4
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.log_records import SPEC, inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, run

BODY = Body(ACCESS_SERVER, SPEC, inform)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
