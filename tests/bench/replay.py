# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send requests that are known beforehand to many servers: what no tool that uses requests can be faster than.

usage: replay.py FILE SERVERS CONNECTIONS

FILE is JSON with the ``servers`` (url, username, password, ca_path) and the ``requests`` for each of them ([method, path,
query, body]), in their order. SERVERS of them are asked at a time. With more than one connection to each, requests after
the sign-in go side by side.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

SIGN_IN = "/api/auth/login/userpassword"


def main() -> None:
    """Ask all servers."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    at_a_time, connections = int(sys.argv[2]), int(sys.argv[3])
    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(lambda server: replay(server, given["requests"], connections), given["servers"]))


def replay(server: dict[str, str], calls: list[tuple[str, str, dict[str, str], Any]], connections: int) -> None:
    """Send the requests to one server."""
    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=connections))
    session.verify = server["ca_path"]
    session.trust_env = False

    def ask(call: tuple[str, str, dict[str, str], Any]) -> Any:
        method, path, query, body = call
        if path == SIGN_IN:
            body = {"username": server["username"], "password": server["password"], "request_admin": True}
        answer = session.request(method, server["url"] + path, params=query, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    waiting = []
    for call in calls:
        if call[1] == SIGN_IN:
            session.headers["X-OpenVPN-As-AuthToken"] = ask(call)["auth_token"]
        elif connections == 1:
            ask(call)
        else:
            waiting.append(call)
    if waiting:
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(ask, waiting))


if __name__ == "__main__":
    main()
