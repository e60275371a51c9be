#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freebox_vpn_profile
short_description: Keep the configuration files of VPN users of a Freebox
description:
  - Sees to it that there is a file with which a user can connect to a VPN server of the box, for OpenVPN or WireGuard. A file
    that was made for this user, this server and what they are set to now is left as it is.
  - B(Each download ends the file that the user had before, at once.) So a new one is downloaded only where there is none, or
    where the one that is there is not good any more, or O(renew) says so; never in check mode, never to compare, and never
    twice. The result says why.
  - At the top of each file stands a comment, which both kinds of clients pass over. It says for which box, server and user it
    was made, and under which settings. By it, and by what the file says itself, the file is known again.
  - A file without that comment, such as one that somebody has downloaded in Freebox OS, is judged by what it says itself, and
    is left as it is if nothing speaks against it.
  - The role P(vpn.estate.profile_distribution#role) brings files to hosts.
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
      - Many files.
      - Use it instead of the options of one.
    type: list
    elements: dict
    suboptions:
      user:
        description: Login of the VPN user whose file it is.
        type: str
        required: true
      # BEGIN suboptions (tools/generate.py)
      server: {description: See O(server)., type: str}
      held: {description: See O(held)., type: str}
      dest: {description: See O(dest)., type: path}
      # END
  user:
    description: Login of the VPN user whose file it is. One of this option, O(profiles) and O(src) is required.
    type: str
  server:
    description:
      - Name of the VPN server, such as V(openvpn_routed), V(openvpn_bridge) or V(wireguard). Always needed.
      - Servers of WireGuard are for users of that type, and those of OpenVPN for all others (see
        O(vpn.estate.freebox_vpn_user#module:type)). PPTP and IPsec have no files.
    type: str
  dest:
    description:
      - The file, on the machine where the task runs. Its folder has to be there. Needed, unless O(held) is said.
      - It has mode 0600, is replaced at once, so that nobody ever finds half a file, and is not written through a symbolic
        link.
    type: path
  held:
    description:
      - What somebody somewhere else has, which is to be replaced if it is not good enough; empty if nobody has one. It is
        the RV(vpn.estate.ovpn_file_info#module:content) that M(vpn.estate.ovpn_file_info) reads there, without secrets.
      - O(dest) is then only where a new one goes.
    type: str
  renew:
    description: Whether to download new files although there are good ones, which end with it.
    type: bool
    default: false
  renew_before:
    description: A file whose certificate ends within so many days is not good any more. Files of WireGuard have none.
    type: int
    default: 30
  start:
    description:
      - Whether to start a server that does not run, because it gives files only while it does. It goes on running afterwards.
      - Without this, such a server is an error, before anything is written. One that is starting is waited for in any case.
    type: bool
    default: false
  start_timeout:
    description: For how many seconds to wait until a server runs.
    type: int
    default: 180
  invalidates:
    description:
      - Which files a download ends. With V(user), all earlier ones of the user, which is how the box's own documents can be
        read; the files of one user for two servers are then refused, because only one of them could be good.
      - V(server) is for those who have seen that their box ends no more than the file for the same server. Then a user can
        have files for several.
    type: str
    choices: [user, server]
    default: user
  return_content:
    description:
      - Whether the result holds the text of files that were downloaded. The task then needs C(no_log), and is refused without.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that files may have although they are not known as harmless, such as V(up), or V(PostUp) for
        WireGuard. A file starts as root, so that a server could otherwise run what it likes on its clients.
      - A new file with any other is not put in its place. The task then fails and names them, and keeps the file beside it.
        Where the file that is there has any other, and nothing else is wrong with it, nothing is downloaded unless O(renew)
        says so, because that would end it.
      - Harmless are the directives that openvpn(8) and wg-quick(8) describe as doing no more than to connect. Others run programs,
        load code, or touch other files. M(vpn.estate.ovpn_file_info) names those of a file.
    type: list
    elements: str
    default: []
  assume_present:
    description:
      - Names of users that this run creates, and of servers that it starts, so that check mode does not miss them.
    type: list
    elements: str
    default: []
notes:
  - What cannot be known is whether somebody has downloaded a newer file elsewhere, in Freebox OS for one. The box does not tell,
    and the file that is there looks as good as before. Say O(renew) where a client is refused.
  - Nor does the box tell which address it puts into files. Where that has changed, say O(renew).
  - Where the answer to a download is lost, the task fails and does not ask again. The file that is there then says in its comment
    that a newer one was asked for, so that the next run makes a new one. The same holds for a run that is killed.
  - A new file that cannot be put in its place is kept beside it, under its name and C(.rescued), or, where that cannot be
    either, in a folder for temporary files; the error says where. The next run puts what is beside it in its place and downloads
    nothing.
  - It needs the permission C(settings), and the library C(cryptography) for files of OpenVPN.
  - To end a user's file without a new one, delete the user.
seealso:
  - module: vpn.estate.freebox_vpn_user
  - module: vpn.estate.ovpn_file_info
"""

EXAMPLES = r"""
- name: Have the file of a user
  vpn.estate.freebox_vpn_profile:
    freebox_app_id: vpn.estate
    freebox_app_token: "{{ vault_freebox_app_token }}"
    user: erika
    server: openvpn_routed
    dest: /srv/vpn/profiles/erika.ovpn

# From here on the box is set once for all modules:
#   module_defaults:
#     group/vpn.estate.freebox:
#       freebox_app_id: vpn.estate
#       freebox_app_token: "{{ vault_freebox_app_token }}"

- name: Have the files of several users, whom this run creates, for servers that it may have to start
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

- name: Have files of one user for two servers of a box that ends no more than the file for the same server
  vpn.estate.freebox_vpn_profile:
    profiles:
      - user: erika
        server: openvpn_routed
        dest: /srv/vpn/profiles/erika.ovpn
      - user: erika
        server: openvpn_bridge
        dest: /srv/vpn/profiles/erika-bridge.ovpn
    invalidates: server

- name: Replace a file that was lost
  vpn.estate.freebox_vpn_profile:
    user: phone
    server: wireguard
    dest: /srv/vpn/profiles/phone.conf
    allow_directives: [PostUp]
    renew: true
    return_content: true
  no_log: true
  register: new

- name: Read what a host has
  vpn.estate.ovpn_file_info:
    path: /etc/wireguard/home.conf
  delegate_to: desk
  become: true
  register: file

- name: See whether that is good
  vpn.estate.freebox_vpn_profile:
    user: desk
    server: wireguard
    held: "{{ file.content | default('', true) }}"
  check_mode: true
  register: judged

- name: Files as a list says
  vpn.estate.freebox_vpn_profile:
    src: files/freebox_profiles.yml
"""

RETURN = r"""
objects:
  description:
    - Each file and what became of it, in the order of the task.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the box
  type: list
  elements: dict
  contains:
    name:
      description: The server and the user.
      type: str
      sample: openvpn_routed of erika
    # BEGIN objects: V(created), V(updated) where there was no good one, and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated) where there was no good one, and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) where there is a new file, V(private) where others could read it, V(rescued) where one that could not be put
          in its place before lay beside it; of a new one, also what was declared.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Why there is a new file.
      returned: when there is, or would be
      type: str
      sample: it was made when port was 1194, which is 1195 now
    remotes:
      description: Where a client with this file connects to.
      returned: when the file is good
      type: list
      elements: dict
      sample: [{host: 203.0.113.7, port: 1194, proto: udp}]
    serial:
      description: Serial of its certificate.
      returned: when the file is good, and has a certificate
      type: str
      sample: "8237462387462"
    not_after:
      description: When its certificate ends, in UTC.
      returned: when the file is good, and has a certificate
      type: str
      sample: "2036-11-19T09:00:00Z"
    days_left:
      description: Whole days until then.
      returned: when the file is new, and has a certificate
      type: int
      sample: 3650
    addresses:
      description: Addresses of the client.
      returned: when the file is good, and for WireGuard
      type: list
      elements: str
      sample: [192.168.27.71/32]
    differs:
      description:
        - Settings that the new file has otherwise than the box says. It is kept as it came, and they are not compared in it
          later.
      returned: when the file is new
      type: list
      elements: str
      sample: []
    content:
      description: Text of the new file, with its private key.
      returned: when there is one, and O(return_content) says so
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
