# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of values that several modules return.

Ansible merges no fragments into RETURN. ``make generate`` writes these texts into the modules; ``{}`` stands for the argument
of a block.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Entries of ``contains``, except ``COUNTS`` and ``ENDING``."""

    # What Change.report() in module_utils/_engine/plan.py returns for an object. The argument lists the possible
    # actions.
    OBJECTS = r"""
action:
  description:
    - Action of the task on the object. In check mode, the action that a real run would take.
    - One of {}.
    - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
  type: str
changed_keys:
  description: Options whose values changed.
  type: list
  elements: str
msg:
  description: Reason of the failure.
  returned: when RV(objects[].action) is V(failed) or V(unknown)
  type: str
"""

    COUNTS = r"""
description: Number of objects by RV(objects[].action). Actions that did not occur are left out.
returned: with RV(objects)
type: dict
"""

    # What a declaration returns about users whose access ends soon.
    ENDING = r"""
description: Declared users whose O(users[].until) is within 30 days.
returned: unless the task was stopped
type: list
elements: dict
contains:
  part: {description: Part of the declaration., type: str}
  name: {description: Name of the user., type: str}
  until: {description: Declared end of the access., type: str}
  days_left: {description: Whole days until then., type: int}
sample:
  - {part: users, name: max, until: "2026-12-31", days_left: 12}
"""

    # What is returned about a certificate in a file or in a configuration.
    CERTIFICATE = r"""
fingerprint:
  description: SHA-256 fingerprint, in hexadecimal digits.
  type: str
serial:
  description: Serial number, as text in decimal digits.
  type: str
  sample: "5577006791947779410"
subject:
  description: Subject, in the notation of RFC 4514.
  type: str
  sample: CN=vpn.example.com
issuer:
  description: Name of the authority that signed it.
  type: str
  sample: CN=Estate CA
common_name:
  description: Common name in the subject.
  type: str
  sample: vpn.example.com
subj_alt_dns_names:
  description: DNS names for which it is valid.
  type: list
  elements: str
  sample: [vpn.example.com]
subj_alt_addresses:
  description: IP addresses for which it is valid.
  type: list
  elements: str
  sample: []
not_before:
  description: Start of its validity, in UTC.
  type: str
  sample: "2026-11-22T10:00:00Z"
not_after:
  description: End of its validity, in UTC.
  type: str
  sample: "2027-11-22T10:00:00Z"
algorithm:
  description: Algorithm of its key.
  type: str
  sample: secp384r1
is_authority:
  description: Whether it is the certificate of an authority, which can sign other certificates.
  type: bool
  sample: false
"""

    # What the info modules return for a module. The argument names the module, or an option of it.
    DECLARATION = r"""
description:
  - Input for {}.
  - It holds what is set on each object, without inherited values, read-only values and defaults. Secrets are not part
    of it.
returned: success
"""

    LEFT_OUT = r"""
description: What RV(declaration) leaves out although it is set on the server, with the reason.
returned: success
type: list
elements: dict
contains:
  part: {description: Part of the declaration of a whole server; empty if it belongs to no part., type: str}
  reason: {description: A sentence that names what is left out and the reason., type: str}
  name: {description: Name of the object., type: str, returned: if it is about an object}
  options:
    description: The options that are left out, if it is not the whole object.
    type: list
    elements: str
    returned: if it is about an object
  item: {description: Declaration that the object would have., type: dict, returned: if the whole object is left out}
sample: []
"""

    UNKNOWN_PROPERTIES = r"""
description: Names of properties that are set on the server and that this collection does not know.
type: list
elements: str
"""

    # What is returned about a client profile on an Access Server.
    PROFILE = r"""
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
"""

    # What is returned about a token for a client profile.
    TOKEN = r"""
user:
  description: User who gets a profile with the token.
  type: str
  sample: ada
profile_type:
  description: Type of that profile.
  type: str
  sample: userlogin
expires:
  description: Time until which the token is valid, in UTC.
  type: str
  sample: "2026-11-23T09:00:00Z"
usages:
  description: How often the token can be used.
  type: int
  sample: 1
"""  # noqa: S105 - the name is that of a thing
