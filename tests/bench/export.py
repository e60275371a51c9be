# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the export of a server with many users, and runs of site and drift with what it wrote. Numbers only.

usage: export.py [--users N...] [--repeat R] [--latency MS] [--json FILE]

Each user is in one of 100 groups, and each tenth and each group has an access list.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from fleet import AccessServerSimulator
from run import IN_PROCESS, Usage, timed
from whole import GROUPS

RULE = {"type": "nat", "accept": True, "subnet": {"netip": "10.200.0.0", "prefix_length": 16, "ipv6": False}}


def furnish(server: AccessServerSimulator, number: int) -> None:
    """Groups and access lists beside the users that the server has."""
    for group in range(GROUPS):
        server.set_group(
            f"group-{group:03}", subnets=[{"netip": f"10.{group}.0.0", "prefix_length": 24, "ipv6": False}]
        )
        server.set_access_routes(f"group-{group:03}", "access_to_ipv4", [RULE])
    for user in range(1, number + 1, 10):
        server.set_access_routes(f"user{user:05}", "access_to_ipv4", [RULE])


def inventory(folder: Path, server: AccessServerSimulator) -> Path:
    """One host, and how to reach it."""
    ready = server.ready()
    connection = {"as_url": ready["url"], "as_ca_path": ready["ca_path"], "as_username": server.username}
    connection |= {"as_password": server.password, "ansible_python_interpreter": sys.executable}
    file = folder / "hosts.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"access_servers": {"hosts": {"site": connection}}}), encoding="utf-8")
    return file


def measure(number: int, options: argparse.Namespace) -> dict[str, tuple[Usage, int]]:
    """What each playbook takes, and how many requests."""
    settings = {"latency": options.latency / 1000}
    with AccessServerSimulator(settings=settings, users=number) as server, tempfile.TemporaryDirectory() as name:
        furnish(server, number)
        hosts = str(inventory(Path(name), server))
        used: dict[str, list[Usage]] = {}
        requests: dict[str, int] = {}
        runs = [("first export", "export"), ("export again", "export"), ("site, unchanged", "site"), ("drift", "drift")]
        for _turn in range(options.repeat):
            for file in Path(name).glob("host_vars/site/*"):
                file.unlink()
            for way, playbook in runs:
                since = len(server.log)
                command = [
                    "ansible-playbook",
                    "-i",
                    hosts,
                    f"vpn.estate.{playbook}",
                    "-e",
                    f"vpn_estate_drift_dest={name}/drift",
                ]
                used.setdefault(way, []).append(timed(command, {**os.environ, **IN_PROCESS}))
                requests[way] = len(server.log) - since
        size = sum(file.stat().st_size for file in Path(name).glob("host_vars/site/*"))
        print(
            f"\nusers: {number:,}; latency: {options.latency:g} ms; turns: {options.repeat}; files: {size / 1e6:.2f} MB\n"
        )
    return {way: (Usage.median(runs), requests[way]) for way, runs in used.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that the server adds to a request")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    record: dict[int, Any] = {}
    for number in options.users:
        used = record[number] = measure(number, options)
        print("| run | seconds | CPU s | MB largest | requests |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for way, (one, requests) in used.items():
            print(f"| {way} | {one.seconds:.1f} | {one.cpu:.1f} | {one.megabytes:.0f} | {requests} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
