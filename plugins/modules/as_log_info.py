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
  - Records must match all filters that are given. Without a filter, the newest ones are read.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._attributes
  - vpn.estate._attributes.info
  - vpn.estate._attributes.access_server
options:
  node:
    description: Host name of the server, or of the node of a cluster, that wrote the record.
    type: dict
    suboptions: &text
      value:
        description: Text to compare with.
        type: str
        required: true
      operation:
        description: Whether the text is to be the same, to contain O(ignore:value), or to be another one.
        type: str
        choices: [equal, substring, not_equal]
        default: equal
  username:
    description: Name of the user that the record is about.
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
    description: Time span in which the session or event began. A bound that is left out is open.
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
          - Earliest time, as how long ago that is, such as V(24h) or V(15d 20m). Units are V(s), V(m) for minutes,
            V(h), V(d), V(w), V(M) for months and V(y).
        type: str
      end_relative:
        description: Latest time, as how long ago that is.
        type: str
  timestamp:
    description: Time span in which the record was last written. A bound that is left out is open.
    type: dict
    suboptions: *time
  duration:
    description: How long the session lasted.
    type: dict
    suboptions:
      value:
        description: Time to compare with, such as V(8h) or V(1d 12h).
        type: str
        required: true
      operation:
        description: Whether the session is to be shorter or longer.
        type: str
        choices: [less_than, greater_than]
        default: greater_than
  bytes_sent:
    description: How much the server sent to the client.
    type: dict
    suboptions: &amount
      value:
        description: Number of bytes to compare with, as in V(500000), or an amount with a unit, as in V(20kb).
        type: str
        required: true
      operation:
        description: Whether it is to be less or more.
        type: str
        choices: [less_than, greater_than]
        default: greater_than
  bytes_received:
    description: How much the server received from the client.
    type: dict
    suboptions: *amount
  active:
    description: Whether the session is to be one that still goes on, or one that does not. Left out, both are read.
    type: bool
  error:
    description: Whether the record is to tell an error, or to tell none. Left out, both are read.
    type: bool
  anywhere:
    description: Text that at least one of several fields contains. Servers may refuse it beside other filters.
    type: dict
    suboptions:
      value:
        description: The text.
        type: str
        required: true
      fields:
        description: The fields to look into.
        type: list
        elements: str
        choices: [username, node, service, error, platform, version, gui_version]
        default: [username, node, service, error, platform, version, gui_version]
  order_by:
    description: What to sort by.
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
    description: Whether the lowest or the highest comes first.
    type: str
    choices: [asc, desc]
    default: desc
  limit:
    description: Highest number of records to read. RV(total) tells how many there are.
    type: int
    default: 100
notes:
  - "The texts of a record are not trustworthy. Any computer that can reach the server chooses RV(records[].username) and what
    RV(records[].error) and RV(records[].extra) repeat of a request. The client program chooses RV(records[].platform),
    RV(records[].version), RV(records[].gui_version) and RV(records[].session_id). The server chooses all others."
  - These texts are returned as they are, and may hold anything, such as line breaks, terminal controls, text that runs
    backwards, or template expressions. Treat them as data. Never hand them to a template, a shell or a command, and print
    them with the filter P(vpn.estate.shown#filter) only.
  - The server writes records with a delay of some seconds.
  - The log of a busy server grows while it is read. For more records than one page of 1000 holds, set an end of
    O(timestamp), so that none is read twice.
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

- name: Read what went wrong during the last day, the last hour aside
  vpn.estate.as_log_info:
    error: true
    timestamp:
      start_relative: 24h
      end_relative: 1h
    limit: 1000
  register: failures

# The number is safe to show. The names are whatever somebody typed.
- name: Fail when it was too much
  ansible.builtin.assert:
    that: failures.total < 100
    fail_msg: "{{ failures.total }} records since yesterday tell an error."

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

- name: Read sessions that still go on and have moved much data
  vpn.estate.as_log_info:
    active: true
    duration:
      value: 8h
    bytes_sent:
      value: 500mb
    bytes_received:
      value: "1000"
      operation: greater_than

- name: Read records of old clients of one system
  vpn.estate.as_log_info:
    platform:
      value: win
    version:
      value: "2."
      operation: substring
    gui_version:
      value: OCmacOS
      operation: not_equal

- name: Read what one node wrote about one address of the VPN
  vpn.estate.as_log_info:
    node:
      value: vpn-node1
    virtual_ipv4_address:
      value: 172.27.231.2

- name: Look for a text in two fields
  vpn.estate.as_log_info:
    anywhere:
      value: challenge
      fields: [username, error]
    sort_by: asc
"""

RETURN = r"""
total:
  description: How many records match, of which RV(records) may be a part.
  returned: success
  type: int
  sample: 88
records:
  description:
    - The records, with everything that the server tells. Numbers and flags that do not apply are null, and so may
      others be.
    - Its texts are not to be trusted, and are not escaped; see the notes.
  returned: success
  type: list
  elements: dict
  contains:
    timestamp:
      description: When the record was last written.
      type: str
      sample: "2026-09-09T20:48:48Z"
    start_time:
      description: When the session or event began.
      type: str
      sample: "2026-09-09T20:48:48Z"
    duration:
      description: How many seconds the session lasted.
      type: int
      sample: 3600
    node:
      description: Host name of the server, or of the node of a cluster, that wrote the record.
      type: str
      sample: 93b39cb5bf2a
    username:
      description: Name of the user as it was typed. Longer ones than 128 characters are cut, and end in
        C((TRUNCATED\)).
      type: str
      sample: alice
    service:
      description: Service that wrote the record.
      type: str
      sample: WEB_ADMIN
    active:
      description: Whether the session still goes on.
      type: bool
      sample: null
    auth:
      description: Whether the sign-in succeeded.
      type: bool
      sample: false
    error:
      description:
        - What went wrong; empty if nothing did. C(challenge) is the first half of a sign-in with a second factor, and
          no failure.
      type: str
      sample: The user is not enrolled in the Authenticator yet.
    real_address:
      description: Address that the client came from.
      type: str
      sample: 198.51.100.5
    virtual_ipv4_address:
      description: IPv4 address of the client in the VPN.
      type: str
      sample: 172.27.231.2
    virtual_ipv6_address:
      description: IPv6 address of the client in the VPN.
      returned: where the server tells it
      type: str
      sample: ""
    server_port:
      description: Port of the server that the client came to.
      type: int
      sample: 1194
    protocol:
      description: Protocol of the connection, V(tcp) or V(udp).
      returned: where the server tells it
      type: str
      sample: udp
    session_id:
      description: Name of the session, perhaps cut.
      returned: where the server tells it
      type: str
    api_method:
      description: What was called in the API.
      returned: where the server tells it
      type: str
    extra:
      description: More about the event, depending on the service.
      returned: where the server tells it
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
