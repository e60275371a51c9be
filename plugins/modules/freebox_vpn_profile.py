#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_profile
short_description: Manage the configuration files of VPN users of a Freebox
description:
  - Ensures that there is a valid file with which a user can connect to a VPN server of the box, for OpenVPN or
    WireGuard. A file that was created for this user and server with their current settings stays as it is.
  - B(Each download immediately invalidates the user's previous file.) So the module downloads a new file only if there
    is none, if the current file is no longer valid, or if O(renew) is set. It never downloads in check mode, to
    compare, or twice. The result has the reason.
  - At the top of each file is a comment, which both kinds of clients ignore. It names the box, server, user and
    settings for which the file was created. The module recognizes the file by this comment and by the contents of the
    file.
  - A file without this comment, for example one that was downloaded in Freebox OS, is judged by its contents, and stays
    as it is if nothing contradicts the declaration.
  - The role P(vpn.estate.profile_distribution#role) distributes files to hosts.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._freebox
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.freebox
options:
  profiles:
    description:
      - Several files.
      - Use it instead of the options for one file.
    type: list
    elements: dict
    suboptions:
      user:
        description: Login of the VPN user who owns the file.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      server: {description: See O(server)., type: str}
      held: {description: See O(held)., type: str}
      dest: {description: See O(dest)., type: path}
      # END
  user:
    description: Login of the VPN user who owns the file. One of this option, O(profiles) and O(src) is required.
    type: str
  server:
    description:
      - Name of the VPN server, such as V(openvpn_routed), V(openvpn_bridge) or V(wireguard). Always required.
      - WireGuard servers are for users of that type, and OpenVPN servers for all other users (see
        O(vpn.estate.freebox_vpn_user#module:type)). PPTP and IPsec have no files.
    type: str
  dest:
    description:
      - The file, on the machine where the task runs. Its folder must exist. Required unless O(held) is set.
      - It has mode 0600. It is replaced in one step, so that a reader never sees an incomplete file. The module does
        not write through a symbolic link.
    type: path
  held:
    description:
      - Content of the profile that is currently on the client. The profile is replaced if this one is no longer valid.
        Use an empty text if the client has none. It is the RV(vpn.estate.ovpn_file_info#module:content) that
        M(vpn.estate.ovpn_file_info) reads on the client, without secrets.
      - O(dest) then only receives a new file.
    type: str
  renew:
    description: Whether to download new files although valid ones exist. The old files become invalid.
    type: bool
    default: false
  renew_before:
    description: >-
      Number of days. A file whose certificate ends within this time is no longer valid. WireGuard files have no
      certificate.
    type: int
    default: 30
  start:
    description:
      - Whether to start a server that does not run, because the box provides files only for running servers. The server
        continues to run afterwards.
      - Without this, a server that does not run is an error, before anything is written. The task always waits for a
        server that is starting.
    type: bool
    default: false
  start_timeout:
    description: Seconds to wait until a server runs.
    type: int
    default: 180
  invalidates:
    description:
      - Which files a download invalidates. V(user) means all earlier files of the user, which is one reading of the
        box's own documents. The task then refuses files of one user for two servers, because only one of them could be
        valid.
      - Use V(server) only if you have seen that your box invalidates only the file for the same server. Then a user can
        have files for several servers.
    type: str
    choices: [user, server]
    default: user
  return_content:
    description:
      - Whether to return the text of downloaded files in the result. The task must then have C(no_log), and is refused
        without it.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that files may have although they are not known as harmless, such as V(up), or V(PostUp) for
        WireGuard. A client runs a file with root rights, so a server could otherwise run any program on its clients.
      - A new file with any other directive is not written to O(dest). The task then fails, names the directives, and
        keeps the new file beside O(dest). If the existing file has any other directive and is otherwise valid, nothing
        is downloaded unless O(renew) is set, because a download would invalidate it.
      - Harmless directives are those that openvpn(8) and wg-quick(8) describe as affecting only the connection. Others
        run programs, load code, or access other files. M(vpn.estate.ovpn_file_info) returns those of a file.
    type: list
    elements: str
    default: []
  assume_present:
    description:
      - Names of users that this run creates, and of servers that it starts, so that check mode accepts them.
    type: list
    elements: str
    default: []
notes:
  - The module cannot know whether a newer file was downloaded elsewhere, for example in Freebox OS. The box does not
    report this, and the existing file still looks valid. Set O(renew) if the server refuses a client.
  - The box also does not report the address that it writes to files. If that address has changed, set O(renew).
  - If the answer to a download is lost, the task fails and does not download again. The comment of the existing file
    then records that a newer file was requested, so the next run downloads a new one. The same applies to a run that is
    killed.
  - A new file that cannot be moved to O(dest) is kept beside it, under the same name followed by C(.rescued). If that
    is also impossible, it is kept in a folder for temporary files, and the error names the place. The next run moves a
    file that is beside O(dest) to O(dest) and downloads nothing.
  - The module requires the permission C(settings), and the library C(cryptography) for OpenVPN files.
  - To invalidate a user's file without a new one, delete the user.
seealso:
  - module: vpn.estate.freebox_vpn_user
  - module: vpn.estate.ovpn_file_info
"""

EXAMPLES = r"""
- name: Download the file of a user
  vpn.estate.freebox_vpn_profile:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    user: erika
    server: openvpn_routed
    dest: /srv/vpn/profiles/erika.ovpn

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.freebox:
#       freebox_app_id: vpn.estate
#       freebox_app_token: "{{ vault_freebox_app_token }}"

- name: Download files of several users that this run creates, and start their servers if necessary
  vpn.estate.freebox_vpn_profile:
    profiles:
      - user: erika
        server: openvpn_routed
        dest: /srv/vpn/profiles/erika.ovpn
      - user: phone
        server: wireguard
        dest: /srv/vpn/profiles/phone.conf
    renew_before: 60
    start: true
    start_timeout: 60
    assume_present: [erika, phone]

- name: Download files of one user for two servers, on a box that invalidates only the file for the same server
  vpn.estate.freebox_vpn_profile:
    profiles:
      - user: erika
        server: openvpn_routed
        dest: /srv/vpn/profiles/erika.ovpn
      - user: erika
        server: openvpn_bridge
        dest: /srv/vpn/profiles/erika-bridge.ovpn
    invalidates: server

- name: Replace a lost file
  vpn.estate.freebox_vpn_profile:
    user: phone
    server: wireguard
    dest: /srv/vpn/profiles/phone.conf
    allow_directives: [PostUp]
    renew: true
    return_content: true
  no_log: true
  register: new

- name: Read the current file of a host
  vpn.estate.ovpn_file_info:
    path: /etc/wireguard/home.conf
  delegate_to: desk
  become: true
  register: file

- name: Check whether that file is valid
  vpn.estate.freebox_vpn_profile:
    user: desk
    server: wireguard
    held: "{{ file.content | default('', true) }}"
  check_mode: true
  register: judged

- name: Download the files that a list declares
  vpn.estate.freebox_vpn_profile:
    src: files/freebox_profiles.yml
"""

RETURN = r"""
objects:
  description:
    - Each file with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the box
  type: list
  elements: dict
  contains:
    name:
      description: The server and the user.
      type: str
      sample: openvpn_routed of erika
    # BEGIN objects: V(created), V(updated) if no existing one was valid, and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated) if no existing one was valid, and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) if there is a new file, V(private) if other users could read it, V(rescued) if the new file comes
          from an earlier run that could not move it to its place. For a new file, also the declared options.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Reason for the new file.
      returned: when there is a new file, or would be
      type: str
      sample: it was created when port was 1194; now port is 1195
    remotes:
      description: Addresses to which a client with this file connects.
      returned: when the file is valid
      type: list
      elements: dict
      sample: [{host: 203.0.113.7, port: 1194, proto: udp}]
    serial:
      description: Serial number of its certificate.
      returned: when the file is valid, and has a certificate
      type: str
      sample: "8237462387462"
    not_after:
      description: End of the validity of its certificate, in UTC.
      returned: when the file is valid, and has a certificate
      type: str
      sample: "2036-11-19T09:00:00Z"
    days_left:
      description: Whole days until the end of its validity.
      returned: when the file is new, and has a certificate
      type: int
      sample: 3650
    addresses:
      description: Addresses of the client.
      returned: when the file is valid, and for WireGuard
      type: list
      elements: str
      sample: [192.168.27.71/32]
    differs:
      description:
        - Settings in which the new file differs from the box's own information. The file is kept as it was downloaded,
          and these settings are not compared later.
      returned: when the file is new
      type: list
      elements: str
      sample: []
    content:
      description: Text of the new file, with its private key.
      returned: when there is a new file, and O(return_content) is V(true)
      type: str
      sample: "client ..."
counts:
  # BEGIN counts (tools/generate.py)
  description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE

BODY = manage(VPN_PROFILE, FREEBOX)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
