#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile
short_description: Manage client profiles of an OpenVPN Access Server
description:
  - Sees to it that a user has a client profile that is good, and revokes profiles.
  - A profile is good if it has the declared type and comment, is signed by the current certificate authority, and its
    certificate lasts for more than O(renew_before) days. Where there is one, nothing is issued, however often the task
    runs. The result says why one was issued.
  - The text of a profile holds a private key. The server tells it once, when the profile is issued, and the task puts it
    in a file (O(dest)) or, where O(return_content) says so, in its result.
  - A new profile does not end the old one, which may be in use. Revoke that with state V(absent) and O(keep) or O(protect)
    once the new one has arrived. The role P(vpn.estate.profile_distribution#role) does all of it for hosts.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._src
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
options:
  profiles:
    description:
      - Many profiles. Each entry says which ones it means by at least one of O(profiles[].user),
        O(profiles[].profile_type), O(profiles[].comment), O(profiles[].serial), O(profiles[].ca) and
        O(profiles[].older_than); all that is said has to fit.
      - Takes the place of the options of one.
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions (tools/generate.py)
      user: {description: See O(user)., type: str}
      profile_type:
        description: See O(profile_type).
        type: str
        choices: [autologin, userlogin, generic, epki-generic]
      comment: {description: See O(comment)., type: str}
      serial: {description: See O(serial)., type: str}
      ca: {description: See O(ca)., type: str}
      older_than: {description: See O(older_than)., type: int}
      keep: {description: See O(keep)., type: int}
      protect: {description: See O(protect)., type: list, elements: str}
      tls_crypt_v2: {description: See O(tls_crypt_v2)., type: bool}
      ignore_missing_user: {description: See O(ignore_missing_user)., type: bool}
      dest: {description: See O(dest)., type: path}
      state:
        description: See O(state), which is the default.
        type: str
        choices: [present, absent]
      # END
  user:
    description:
      - The user whose profile it is. Needed with state V(present).
      - A user whom the server does not know is refused; see O(assume_present) and O(ignore_missing_user).
    type: str
  profile_type:
    description:
      - V(autologin) connects without a password, and is for users who may have that (O(vpn.estate.as_user#module:autologin)).
      - V(userlogin) asks for one. V(generic) and V(epki-generic) hold no certificate, are the same for all users, and
        are not listed by the server, so that they need O(dest).
      - Needed with state V(present).
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  comment:
    description:
      - A comment that tells one profile of a user from another, such as the name of a device.
      - With state V(present), only profiles with this comment count, and a new one gets it. So each device of a user
        can have a profile of its own.
    type: str
  serial:
    description:
      - Serial of the profile's certificate, as M(vpn.estate.as_profile_info) shows it.
      - With state V(present), the profile that somebody somewhere else has, which is to be replaced if it is not good
        enough; empty if nobody has one. Its comment does not count, and O(dest) is then only where a new one goes.
    type: str
  ca:
    description: Common name of the authority that has signed the profiles. Goes with state V(absent).
    type: str
  older_than:
    description: Number of days for which the profiles have been there at least. Goes with state V(absent).
    type: int
  keep:
    description:
      - How many profiles stay, of each user and type the newest of those that are meant. Goes with state V(absent).
    type: int
  protect:
    description: Serials of profiles that stay in any case. Goes with state V(absent).
    type: list
    elements: str
  tls_crypt_v2:
    description:
      - Whether the profile has a key of its own for the control channel (tls-crypt-v2), for which programs from
        OpenVPN 2.5 on are needed. Left out, profiles of both kinds count, and a new one is as the server chooses.
    type: bool
  ignore_missing_user:
    description: Whether a profile is issued although the server does not know the user, such as one of a directory.
    type: bool
  dest:
    description:
      - File in which the profile is, on the machine where the task runs. Its folder has to be there.
      - A file that holds a good profile of this user and type is left as it is. Any other is replaced at once, so that
        nobody ever finds half a file.
      - The file has mode 0600, and is not written through a symbolic link.
    type: path
  renew_before:
    description: A profile that ends within so many days is not good any more.
    type: int
    default: 30
  renew:
    description: Whether to issue new profiles although there are good ones.
    type: bool
    default: false
  accept_old_ca:
    description:
      - Whether profiles are good that an old authority has signed. The server still trusts these.
      - The server makes a new authority when the current one is older than a year, so that without this every profile is
        issued anew once a year, at the first run that finds it.
    type: bool
    default: false
  return_content:
    description:
      - Whether the result holds the text of profiles that were issued. The task then needs C(no_log), and is refused
        without.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that profiles may have although they are not known as harmless, such as V(up) for a script that
        sets the name servers. A profile starts as root, so that a server could otherwise run what it likes on its clients.
      - A new profile with any other is revoked again, and the task fails and names them; a file with any other is not good
        enough.
      - Harmless are the directives that openvpn(8) describes as doing no more than to connect. Others run programs, load code,
        or touch other files. M(vpn.estate.ovpn_file_info) names those of a file.
    type: list
    elements: str
    default: []
  delete_clients:
    description:
      - How many profiles are expected to be revoked. Needed where neither user nor serial nor comment is named; any other
        number than there are is refused.
    type: int
  assume_present:
    description:
      - Names of users that this run creates or gives autologin, so that check mode does not miss them.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) issues a profile where there is no good one.
      - V(absent) revokes every profile that is meant. Who is connected with one stays connected; see
        M(vpn.estate.as_vpn_session).
    type: str
    choices: [present, absent]
    default: present
notes:
  - A profile whose answer was lost on the way is nobody's. The task then fails, and says so; the next run issues another
    one. Give profiles a comment, and revoke what has that comment and is not the serial in the file.
seealso:
  - module: vpn.estate.as_profile_info
  - module: vpn.estate.as_profile_token
  - module: vpn.estate.as_ca
  - plugin: vpn.estate.ovpn_info
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Have a profile for a server that connects by itself
  vpn.estate.as_profile:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    user: backup
    profile_type: autologin
    comment: backup.example.com
    dest: /srv/vpn/backup.ovpn

# From here on the server is set once for all modules:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Have profiles for two devices of one user
  vpn.estate.as_profile:
    profiles:
      - user: ada
        profile_type: userlogin
        comment: laptop
        tls_crypt_v2: true
        dest: /srv/vpn/profiles/ada-laptop.ovpn
      - user: ada
        profile_type: userlogin
        comment: telephone
        ignore_missing_user: true
        dest: /srv/vpn/profiles/ada-telephone.ovpn
    renew_before: 60
    accept_old_ca: true
    assume_present: [ada]

- name: Have a new one, without a file
  vpn.estate.as_profile:
    user: ada
    profile_type: userlogin
    renew: true
    return_content: true
    allow_directives: [script-security, up, down]
  no_log: true
  register: new

- name: Replace the profile that a device says it has, if it is not good enough
  vpn.estate.as_profile:
    user: ada
    profile_type: autologin
    serial: "8237462387462"
    dest: /srv/vpn/profiles/ada.ovpn

- name: Revoke all but the newest profile of a user
  vpn.estate.as_profile:
    user: ada
    keep: 1
    state: absent

- name: Revoke what was issued for a device, except for what it has
  vpn.estate.as_profile:
    user: ada
    comment: laptop
    protect: ["8237462387462"]
    state: absent

- name: Revoke what an old authority has signed, and what is older than three years
  vpn.estate.as_profile:
    profiles:
      - ca: Example VPN CA 2020
      - older_than: 1095
    state: absent
    delete_clients: 17

- name: Profiles from a file
  vpn.estate.as_profile:
    src: files/profiles.yml
"""

RETURN = r"""
objects:
  description:
    - Each entry and what became of it, in the order of the task.
    - In check mode, what would have become of it.
  returned: when the task got as far as a comparison with the server
  type: list
  elements: dict
  contains:
    name:
      description: What the entry means, in words.
      type: str
      sample: autologin of ada (laptop)
    # BEGIN objects: V(created), V(updated) where there was no good one, V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - What the task did with the object, or would do in check mode.
        - One of V(created), V(updated) where there was no good one, V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Why it failed.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) where a profile was issued, V(private) where the file could be read by others; of a new one, also what
          was declared.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Why a profile was issued.
      returned: when one was, or would be
      type: str
      sample: it has 12 days left, and renew_before is 30
    serial:
      description: Serial of the profile that was issued.
      returned: when one was, and has a certificate
      type: str
      sample: "8237462387462"
    not_after:
      description: When the profile that was issued ends, in UTC.
      returned: when one was, and has a certificate
      type: str
      sample: "2036-11-19T09:00:00Z"
    content:
      description: Text of the profile that was issued, with its private key.
      returned: when one was, and O(return_content) says so
      type: str
      sample: "client ..."
    profiles:
      description: The good profiles that are there, or those that are not good enough, or those that were revoked.
      returned: when none was issued
      type: list
      elements: dict
      contains:
        # BEGIN profile (tools/generate.py)
        serial:
          description: Serial of its certificate, as a decimal number in text.
          type: str
          sample: "8237462387462"
        user:
          description: Whose it is.
          type: str
          sample: ada
        profile_type:
          description: Its type.
          type: str
          sample: autologin
        comment:
          description: Its comment; empty if it has none.
          type: str
          sample: laptop
        ca:
          description: Common name of the authority that has signed it.
          type: str
          sample: OpenVPN CA
        not_after:
          description: When it ends, in UTC.
          type: str
          sample: "2036-11-19T09:00:00Z"
        days_left:
          description: Whole days until then; negative once it has ended.
          type: int
          sample: 3650
        age:
          description: Whole days since it was issued.
          type: int
          sample: 0
        # END
counts:
  # BEGIN counts (tools/generate.py)
  description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
  returned: with RV(objects)
  type: dict
  # END
  sample:
    created: 1
    unchanged: 1
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(PROFILE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
