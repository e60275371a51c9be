# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter that reads client profiles of OpenVPN."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile
from ansible_collections.vpn.estate.plugins.module_utils._files.wireguard_file import is_wireguard
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown


def ovpn_info(text: t.Any, default: t.Any = None) -> t.Any:
    """The contents of a profile, without its secrets; ``default``, if it is given, for a text that is not a profile."""
    if not isinstance(text, str):
        raise AnsibleFilterError("ovpn_info: pass the text of a profile.")
    try:
        return Profile(text).facts()
    except ValueError as exc:
        if default is not None:
            return default
        why = "this is a WireGuard file, not an OpenVPN profile." if is_wireguard(text) else str(exc)
        raise AnsibleFilterError(f"ovpn_info: {shown(why)}") from None


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters of this file by name."""
        return {"ovpn_info": ovpn_info}
