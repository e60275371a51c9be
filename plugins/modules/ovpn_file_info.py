#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ovpn_file_info
short_description: Read a client profile of OpenVPN or WireGuard on its host
description:
  - Reads an C(.ovpn) file on a VPN client, and the information of the file system about it. Secrets, such as the
    private key, never leave the host.
  - To interpret the profile, use the filter P(vpn.estate.ovpn_info#filter).
  - The module also reads WireGuard files (RV(format)), because a Freebox provides both kinds.
    M(vpn.estate.freebox_vpn_profile) decides whether such a file is valid.
  - RV(unlisted_directives) names the directives that may harm the host.
  - The module contacts no server, and needs only Python on the host.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._attributes
  - vpn.estate._attributes.info
options:
  path:
    description:
      - Path of the file. The module follows a symbolic link.
    type: path
    required: true
seealso:
  - plugin: vpn.estate.ovpn_info
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read a profile
  vpn.estate.ovpn_file_info:
    path: /etc/openvpn/client/office.conf
  become: true
  register: file

- name: Fail if other users can read the profile, or if it has a mistake
  ansible.builtin.assert:
    that:
      - file.exists
      - file.mode == "0600"
      - file.owner == "root"
      - file.problem is none

- name: Show the serial number of its certificate
  ansible.builtin.debug:
    var: (file.content | vpn.estate.ovpn_info).certificate.serial
"""

RETURN = r"""
path:
  description: Path of the file, as given.
  returned: success
  type: str
  sample: /etc/openvpn/client/office.conf
exists:
  description: Whether the file exists. A symbolic link without a target does not count as a file.
  returned: success
  type: bool
is_link:
  description: Whether the path is a symbolic link.
  returned: success
  type: bool
mode:
  description: Permissions of the file.
  returned: when it exists
  type: str
  sample: "0600"
owner:
  description: Name of its owner, or the number if the owner has no name.
  returned: when it exists
  type: str
  sample: root
group:
  description: Name of its group, or the number if the group has no name.
  returned: when it exists
  type: str
  sample: root
size:
  description: Its size in bytes.
  returned: when it exists
  type: int
  sample: 5120
format:
  description: Kind of the file, according to its beginning. A file of no known kind counts as V(openvpn).
  returned: when it exists
  type: str
  sample: openvpn
stamp:
  description:
    - Values that M(vpn.estate.freebox_vpn_profile) has noted at the top of the file when it was created; otherwise
      empty.
  returned: when it exists
  type: dict
  sample: {made: "2026-11-19T09:00:00.123456+00:00", server: wireguard, user: desk}
content:
  description:
    - Text of the file without secrets, line by line. C(# withheld) replaces each secret. Of the blocks, only
      certificates and connections are kept. Of the comments, only those that Access Server and this collection write
      for programs are kept. From the first line that cannot be read, the rest is withheld.
    - In a directive that is not known as harmless, C(withheld) replaces each parameter. It also replaces a name that
      might be a secret.
    - In a WireGuard file, keys and all settings that are not known as harmless are withheld, except the public key of
      the server.
    - Null if it is not a regular file, or larger than one mebibyte.
  returned: when it exists
  type: str
problem:
  description:
    - Reason why C(openvpn) or C(wg-quick) could not start with the file, with the line number; null if it could. To
      check whether the certificates are valid, use the filter.
  returned: when it exists
  type: str
  sample: "line 14: the block that begins here has no end."
unlisted_directives:
  description:
    - Names of the directives that are not known as harmless, such as those that run programs or access other files. The
      modules do not install a profile with such directives, unless their option C(allow_directives) names them.
    - If the name of a directive might be a secret, V(line) with the number of its line. Empty if RV(problem) is not
      null.
  returned: when it exists
  type: list
  elements: str
  sample: [script-security, up]
"""

import grp
import os
import pwd
import stat
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.vpn.estate.plugins.module_utils._files import openvpn_profile, wireguard_file
from ansible_collections.vpn.estate.plugins.module_utils._files.directives import Unlisted, names_of
from ansible_collections.vpn.estate.plugins.module_utils._files.header import stamp_of
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import Irregular, opened
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown

LARGEST = 1 << 20  # bytes; profiles are much smaller
OPENVPN = "openvpn"
WIREGUARD = "wireguard"
Read = t.Callable[[str], t.Sequence[Unlisted]]
Format = tuple[Read, t.Callable[[str], str]]  # finds the directives that may do harm; removes the secrets


def _unlisted_in_wireguard(text: str) -> t.Sequence[Unlisted]:
    file = wireguard_file.WireGuardFile(text)
    file.facts()
    return file.unlisted


FORMATS: dict[str, Format] = {
    OPENVPN: (lambda text: openvpn_profile.Profile(text).unlisted, openvpn_profile.public_part),
    WIREGUARD: (_unlisted_in_wireguard, wireguard_file.public_part),
}


def look_at(path: str) -> dict[str, t.Any]:
    """The facts about a path. Raises OSError if it cannot be read."""
    found: dict[str, t.Any] = {"path": path, "exists": True, "is_link": os.path.islink(path)}
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {**found, "exists": False}
    found.update(
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
        owner=_name(lambda: pwd.getpwuid(status.st_uid).pw_name, status.st_uid),
        group=_name(lambda: grp.getgrgid(status.st_gid).gr_name, status.st_gid),
        size=status.st_size,
        format=OPENVPN,
        stamp={},
        content=None,
        unlisted_directives=[],
    )
    try:
        with open(opened(path), "rb") as file:
            content = file.read(LARGEST + 1)
    except Irregular:
        return {**found, "problem": "This is not a regular file."}
    if len(content) > LARGEST:
        return {**found, "problem": "This is too large to be a profile."}
    text = content.decode("utf-8", errors="replace")
    found["format"] = WIREGUARD if wireguard_file.is_wireguard(text) else OPENVPN
    found["stamp"] = stamp_of(text)
    read, public_part = FORMATS[found["format"]]
    found.update(content=public_part(text), problem=None)
    try:
        return {**found, "unlisted_directives": names_of(read(text))}
    except ValueError as exc:
        return {**found, "problem": shown(str(exc))}


def _name(look_up: t.Callable[[], str], number: int) -> str:
    try:
        return look_up()
    except KeyError:
        return str(number)


def main() -> None:
    """Run the task."""
    module = AnsibleModule(argument_spec={"path": {"type": "path", "required": True}}, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **look_at(module.params["path"]))
    except OSError as exc:
        module.fail_json(msg=f"{module.params['path']} cannot be read: {exc.strerror}.")


if __name__ == "__main__":
    main()
