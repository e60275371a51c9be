# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP libraries, and stand-ins where they are missing: Ansible loads modules on hosts that do not have them."""

from __future__ import annotations

import traceback
import typing as t

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import SSLError as Urllib3SSLError
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:
    requests = urllib3 = create_urllib3_context = None  # type: ignore[assignment]
    Urllib3SSLError = Exception  # type: ignore[assignment,misc]
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[assignment,misc]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]
    REQUESTS_ERROR: t.Optional[str] = traceback.format_exc()
else:
    REQUESTS_ERROR = None

__all__ = [
    "REQUESTS_ERROR",
    "HTTPAdapter",
    "HTTPConnection",
    "HTTPConnectionPool",
    "HTTPSConnection",
    "HTTPSConnectionPool",
    "Urllib3SSLError",
    "create_urllib3_context",
    "requests",
    "urllib3",
]
