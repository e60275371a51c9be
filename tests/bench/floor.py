# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same requests without Ansible and without a thought: what no tool that uses requests can be faster than.

usage: floor.py VARIABLES CONNECTIONS

VARIABLES is the JSON file that the playbooks get: the server, and the users.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

PAGE, SLICE = 1000, 500


def main() -> None:
    """Sign in, list, create what is missing, set what differs."""
    variables = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    connections = int(sys.argv[2])
    server, declared = variables["server"], variables["users"]
    if "file" in variables:
        declared = json.loads(Path(variables["file"]).read_text(encoding="utf-8"))
    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=connections))

    def ask(path: str, body: Any) -> Any:
        answer = session.post(f"{server['url']}/api/{path}", json=body, timeout=60, verify=server["ca_path"])
        answer.raise_for_status()
        return answer.json() if answer.content else None

    who = {"username": server["username"], "password": server["password"], "request_admin": True}
    session.headers["X-OpenVPN-As-AuthToken"] = ask("auth/login/userpassword", who)["auth_token"]
    found: dict[str, Any] = {}
    offset, total = 0, 1
    while offset < total:
        answer = ask("users/list", {"page_size": PAGE, "offset": offset, "order_by": "name"})
        total, offset = answer["total"], offset + len(answer["profiles"])
        found.update((each["name"], each) for each in answer["profiles"])
    missing = [user for user in declared if user["name"] not in found]
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(lambda user: ask("users/create", user), missing))
    there = [user for user in declared if user["name"] in found]
    differ = [
        user for user in there if any(found[user["name"]][key]["value"] != user[key] for key in user if key != "name")
    ]
    for start in range(0, len(differ), SLICE):
        ask("userprop/set", differ[start : start + SLICE])


if __name__ == "__main__":
    main()
