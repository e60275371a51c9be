# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of the Web API after a change of the configuration, as far as it can be known beforehand."""

from __future__ import annotations

import ipaddress
import typing as t
from urllib.parse import urlsplit

from ..api.connection import base_address
from .sign_in_settings import SHARED, WEB, port


def api_addresses(
    url: str, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any], given: t.Optional[str]
) -> list[str]:
    """Possible addresses of the API after a change of its port or interface, the most likely one first.

    ``given`` is an address from the user. If it is set, it is the only one.
    """
    if given:
        return [base_address(given)]
    host, path, found = urlsplit(url).hostname or "", urlsplit(url).path, []
    for key, interface in (*WEB, *SHARED):
        if before.get(key) != port(url) or all(before.get(each) == after.get(each) for each in (key, interface)):
            continue
        hosts = [host]
        if _is_address(host) and before.get(interface) != after.get(interface) and _is_address(after.get(interface)):
            hosts.insert(0, after[interface])
        found += [f"https://{f'[{one}]' if ':' in one else one}:{after[key]}{path}" for one in hosts]
    return list(dict.fromkeys(found)) or [url]


def _is_address(text: t.Any) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
