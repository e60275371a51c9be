# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of values that several modules return.

Ansible merges no fragments into RETURN. ``make generate`` writes these texts into the modules; ``{}`` stands for the argument
of a block.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Entries of ``contains``, but for ``COUNTS``."""

    # What Change.report() in module_utils/_engine/plan.py tells of an object. The argument lists what can be done to one.
    OBJECTS = r"""
action:
  description:
    - What the task did with the object, or would do in check mode.
    - One of {}.
    - If the task failed, also V(failed), V(not attempted), or V(unknown) where the answer was lost.
  type: str
changed_keys:
  description: Options whose values changed.
  type: list
  elements: str
msg:
  description: Why it failed.
  returned: when RV(objects[].action) is V(failed) or V(unknown)
  type: str
"""

    COUNTS = r"""
description: How many objects there are of each RV(objects[].action). Actions that did not occur are left out.
returned: with RV(objects)
type: dict
"""

    # What is told of a certificate in a file, or of one that is configured.
    CERTIFICATE = r"""
fingerprint:
  description: SHA-256 fingerprint, in hexadecimal digits.
  type: str
serial:
  description: Serial number, as a decimal number in text.
  type: str
  sample: "5577006791947779410"
subject:
  description: Its subject, as RFC 4514 writes it.
  type: str
  sample: CN=vpn.example.com
issuer:
  description: Who has signed it.
  type: str
  sample: CN=Estate CA
common_name:
  description: The common name in its subject.
  type: str
  sample: vpn.example.com
subj_alt_dns_names:
  description: DNS names that it is for.
  type: list
  elements: str
  sample: [vpn.example.com]
subj_alt_addresses:
  description: IP addresses that it is for.
  type: list
  elements: str
  sample: []
not_before:
  description: Since when it is valid, in UTC.
  type: str
  sample: "2026-11-22T10:00:00Z"
not_after:
  description: Until when it is valid, in UTC.
  type: str
  sample: "2027-11-22T10:00:00Z"
algorithm:
  description: Algorithm of its key.
  type: str
  sample: secp384r1
is_authority:
  description: Whether it is that of an authority, which can sign others.
  type: bool
  sample: false
"""

    # What the info modules return that a module takes. The argument says which module, or which option of it.
    DECLARATION = r"""
description:
  - What {} takes.
  - It holds what is set on each object, and nothing that is inherited, read-only or a default. Secrets are not part of it.
returned: success
"""

    LEFT_OUT = r"""
description: What RV(declaration) does not hold although it is set on the server, and why.
returned: success
type: list
elements: dict
contains:
  part: {description: The part of the declaration of a whole server; empty for what is in none., type: str}
  reason: {description: A sentence that says what is left out and why., type: str}
  name: {description: The name of the object., type: str, returned: if it is about an object}
  options:
    description: The options that are left out, if it is not the whole object.
    type: list
    elements: str
    returned: if it is about an object
  item: {description: What the object would be declared as., type: dict, returned: if all of it is left out}
sample: []
"""

    UNKNOWN_PROPERTIES = r"""
description: Names of properties that are set on the server and that this collection does not know.
type: list
elements: str
"""

    # What is told of a client profile on an Access Server.
    PROFILE = r"""
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
"""

    # What is told of a token for a client profile.
    TOKEN = r"""
user:
  description: Who gets a profile with it.
  type: str
  sample: ada
profile_type:
  description: Type of that profile.
  type: str
  sample: userlogin
expires:
  description: Until when it can be used, in UTC.
  type: str
  sample: "2026-11-23T09:00:00Z"
usages:
  description: How often it can be used.
  type: int
  sample: 1
"""  # noqa: S105 - the name is that of a thing
