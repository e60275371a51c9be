#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_profile
short_description: Manage client profiles of an OpenVPN Access Server
description:
  - Ensures that a user has a valid client profile, and revokes profiles.
  - A profile is valid if it has the declared type and comment, is signed by the current certificate authority, and its
    certificate lasts for more than O(renew_before) days. If a valid profile exists, the module issues nothing, however
    often the task runs. If it issues a profile, the result has the reason.
  - The text of a profile holds a private key. The server returns it only once, when it issues the profile. The task
    writes it to a file (O(dest)) or, with O(return_content), returns it in its result.
  - A new profile does not end the old one, which may be in use. Revoke the old one with state V(absent) and O(keep) or
    O(protect) after the new one has arrived. The role P(vpn.estate.profile_distribution#role) does all of this for
    hosts.
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
      - Several profiles. Each entry must choose profiles by at least one of O(profiles[].user),
        O(profiles[].profile_type), O(profiles[].comment), O(profiles[].serial), O(profiles[].ca) and
        O(profiles[].older_than). A profile is chosen if all of the given options match.
      - Use it instead of the options for one profile.
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
      - Owner of the profile. Required with state V(present).
      - The task refuses a user whom the server does not know; see O(assume_present) and O(ignore_missing_user).
    type: str
  profile_type:
    description:
      - V(autologin) connects without a password. The user must be allowed to do so
        (O(vpn.estate.as_user#module:autologin)).
      - V(userlogin) asks for a password. V(generic) and V(epki-generic) hold no certificate and are the same for all
        users. The server does not list them, so they require O(dest).
      - Required with state V(present).
    type: str
    choices: [autologin, userlogin, generic, epki-generic]
  comment:
    description:
      - A comment that distinguishes the profiles of a user, such as the name of a device.
      - With state V(present), only profiles with this comment count, and a new profile gets it. So each device of a
        user can have its own profile.
    type: str
  serial:
    description:
      - Serial number of the profile's certificate, as M(vpn.estate.as_profile_info) shows it.
      - With state V(present), the profile that is currently on the client. It is replaced if it is no longer valid. Use
        an empty text if the client has none. Its comment does not count, and O(dest) only receives a new profile.
    type: str
  ca:
    description: Common name of the authority that signed the profiles. Only with state V(absent).
    type: str
  older_than:
    description: Minimum age of the profiles in days. Only with state V(absent).
    type: int
  keep:
    description:
      - Number of chosen profiles to keep, the newest of each user and type. Only with state V(absent).
    type: int
  protect:
    description: Serial numbers of profiles that are always kept. Only with state V(absent).
    type: list
    elements: str
  tls_crypt_v2:
    description:
      - Whether the profile has its own key for the control channel (tls-crypt-v2). Clients then need OpenVPN 2.5 or
        later.
      - By default, profiles of both kinds count, and the server chooses the kind of a new one.
    type: bool
  ignore_missing_user:
    description: >-
      Whether to issue a profile although the server does not know the user, for example a user of a directory.
    type: bool
  dest:
    description:
      - File for the profile, on the machine where the task runs. Its folder must exist.
      - A file that holds a valid profile of this user and type stays unchanged. Any other file is replaced in one step,
        so that a reader never sees an incomplete file.
      - The file has mode 0600, and the module does not write through a symbolic link.
    type: path
  renew_before:
    description: Number of days. A profile that ends within this time is no longer valid.
    type: int
    default: 30
  renew:
    description: Whether to issue new profiles although valid ones exist.
    type: bool
    default: false
  accept_old_ca:
    description:
      - Whether profiles that an old authority signed are valid. The server still trusts these.
      - The server creates a new authority when the current one is older than a year. Without this option, every profile
        is therefore issued again once a year, in the first run that finds a new authority.
    type: bool
    default: false
  return_content:
    description:
      - Whether to return the text of issued profiles in the result. The task must then have C(no_log), and is refused
        without it.
    type: bool
    default: false
  allow_directives:
    description:
      - Names of directives that profiles may have although they are not known as harmless, such as V(up) for a script
        that sets the name servers. A client runs a profile with root rights, so a server could otherwise run any
        program on its clients.
      - If a new profile has any other directive, it is revoked again, and the task fails and names the directives. A
        file with any other directive is not valid.
      - Harmless directives are those that openvpn(8) describes as affecting only the connection. Others run programs,
        load code, or access other files. M(vpn.estate.ovpn_file_info) returns those of a file.
    type: list
    elements: str
    default: []
  delete_clients:
    description:
      - Expected number of profiles to revoke. Required if no user, serial number or comment is given. The task refuses
        any other number.
    type: int
  assume_present:
    description:
      - Names of users that this run creates or gives autologin, so that check mode accepts them.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) issues a profile if there is no valid one.
      - V(absent) revokes every chosen profile. Users who are connected with one stay connected; see
        M(vpn.estate.as_vpn_session).
    type: str
    choices: [present, absent]
    default: present
notes:
  - If the answer with a new profile is lost, nothing else can return that profile. The task then fails with a message,
    and the next run issues another profile. Give profiles a comment, and revoke those with the comment that do not have
    the serial number of the file.
seealso:
  - module: vpn.estate.as_profile_info
  - module: vpn.estate.as_profile_token
  - module: vpn.estate.as_ca
  - plugin: vpn.estate.ovpn_info
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Issue a profile for a server that connects automatically
  vpn.estate.as_profile:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    user: backup
    profile_type: autologin
    comment: backup.example.com
    dest: /srv/vpn/backup.ovpn

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Issue profiles for two devices of one user
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

- name: Issue a new profile without a file
  vpn.estate.as_profile:
    user: ada
    profile_type: userlogin
    renew: true
    return_content: true
    allow_directives: [script-security, up, down]
  no_log: true
  register: new

- name: Replace the profile that a device reports, if it is no longer valid
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

- name: Revoke all profiles of a device except the current one
  vpn.estate.as_profile:
    user: ada
    comment: laptop
    protect: ["8237462387462"]
    state: absent

- name: Revoke profiles that an old authority signed, and profiles older than three years
  vpn.estate.as_profile:
    profiles:
      - ca: Example VPN CA 2020
      - older_than: 1095
    state: absent
    delete_clients: 17

- name: Apply profiles from a file
  vpn.estate.as_profile:
    src: files/profiles.yml
"""

RETURN = r"""
objects:
  description:
    - Each entry with its result, in the order of the declaration.
    - In check mode, the result that a real run would have.
  returned: when the task has compared the declaration with the server
  type: list
  elements: dict
  contains:
    name:
      description: The chosen profiles of the entry, in words.
      type: str
      sample: autologin of ada (laptop)
    # BEGIN objects: V(created), V(updated) if no existing one was valid, V(deleted) and V(unchanged) (tools/generate.py)
    action:
      description:
        - Action of the task on the object. In check mode, the action that a real run would take.
        - One of V(created), V(updated) if no existing one was valid, V(deleted) and V(unchanged).
        - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
      type: str
    msg:
      description: Reason of the failure.
      returned: when RV(objects[].action) is V(failed) or V(unknown)
      type: str
    # END
    changed_keys:
      description:
        - V(usable) if a profile was issued, V(private) if other users could read the file. For a new profile, also the
          declared options.
      type: list
      elements: str
      sample: [usable]
    reason:
      description: Reason why a profile was issued.
      returned: when a profile was issued, or would be
      type: str
      sample: it has 12 days left, and renew_before is 30
    serial:
      description: Serial number of the issued profile.
      returned: when a profile was issued, and has a certificate
      type: str
      sample: "8237462387462"
    not_after:
      description: End of the validity of the issued profile, in UTC.
      returned: when a profile was issued, and has a certificate
      type: str
      sample: "2036-11-19T09:00:00Z"
    content:
      description: Text of the issued profile, with its private key.
      returned: when a profile was issued, and O(return_content) is V(true)
      type: str
      sample: "client ..."
    profiles:
      description: The valid profiles, or the profiles that are not valid, or the revoked profiles.
      returned: when no profile was issued
      type: list
      elements: dict
      contains:
        # BEGIN profile (tools/generate.py)
        serial:
          description: Serial number of its certificate, as text in decimal digits.
          type: str
          sample: "8237462387462"
        user:
          description: Owner of the profile.
          type: str
          sample: ada
        profile_type:
          description: Type of the profile.
          type: str
          sample: autologin
        comment:
          description: Comment of the profile; empty if it has none.
          type: str
          sample: laptop
        ca:
          description: Common name of the authority that signed it.
          type: str
          sample: OpenVPN CA
        not_after:
          description: End of its validity, in UTC.
          type: str
          sample: "2036-11-19T09:00:00Z"
        days_left:
          description: Whole days until the end of its validity; negative afterwards.
          type: int
          sample: 3650
        age:
          description: Whole days since it was issued.
          type: int
          sample: 0
        # END
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

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage, run

BODY = manage(PROFILE, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
