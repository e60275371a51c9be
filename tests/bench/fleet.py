# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the whole role on many servers, in the controller's own process and as modules. Numbers only.

usage: fleet.py [--servers N] [--repeat R] [--forks F] [--latency MS] [--json FILE]

Each server is brought from empty to what the demo declares, and then run again with nothing to do. Both ways take turns,
R times, each time with new servers; the medians are shown.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import secrets
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from run import AS_MODULE, IN_PROCESS, timed

ROOT = Path(__file__).resolve().parents[2]
DECLARED = ROOT / "playbooks/demo/inventory/group_vars"
STEPS = ("from nothing", "unchanged")
WAYS = {"in-process": IN_PROCESS, "module path": AS_MODULE}

sys.path.insert(0, str(ROOT / "tests"))
from simulator.access_server import AccessServerSimulator  # noqa: E402


@contextlib.contextmanager
def servers(number: int, latency: float) -> Iterator[list[AccessServerSimulator]]:
    """Simulated servers, all in this process."""
    with contextlib.ExitStack() as stack:
        settings = {"latency": latency / 1000}
        yield [
            stack.enter_context(AccessServerSimulator(settings=settings, keep_bodies=False))
            for _number in range(number)
        ]


def estate(folder: Path, running: list[AccessServerSimulator]) -> list[str]:
    """The inventory of the demo for these servers, as arguments of ansible-playbook."""
    shutil.copytree(DECLARED, folder / "group_vars")
    sites = {f"site-{number:03}": server.ready() for number, server in enumerate(running)}
    items = {name: [{"name": "host.name", "value": f"{name}.example.com"}] for name in sites}
    hosts = {name: {"site_config_items": items[name]} for name in sites}
    (folder / "hosts.json").write_text(json.dumps({"access_servers": {"hosts": hosts}}))
    declared = "".join(path.read_text() for path in DECLARED.glob("**/*.yml"))
    people = sorted(set(re.findall(r"vault_passwords\.(\w+)", declared)))
    vault = {"vault_servers": sites, "vault_passwords": {name: f"{secrets.token_urlsafe(12)}-aA1" for name in people}}
    file = folder / "vault.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(vault))
    return ["-i", str(folder / "hosts.json"), "-e", f"@{file}"]


def measure(way: str, options: argparse.Namespace) -> list[tuple[float, int]]:
    """Seconds and requests of each step."""
    with servers(options.servers, options.latency) as running, tempfile.TemporaryDirectory() as name:
        arguments = estate(Path(name), running)
        command = ["ansible-playbook", *arguments, "--forks", str(options.forks), "vpn.estate.site"]
        figures = []
        for _step in STEPS:
            before = sum(len(server.log) for server in running)
            seconds, _megabytes = timed(command, WAYS[way])
            figures.append((seconds, sum(len(server.log) for server in running) - before))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that a server adds to a request")
    parser.add_argument("--json", type=Path, help="file for all figures of all runs")
    options = parser.parse_args()
    runs: dict[str, list[list[tuple[float, int]]]] = {way: [] for way in WAYS}
    for _turn in range(options.repeat):
        for way in WAYS:
            runs[way].append(measure(way, options))
    medians: dict[str, list[Any]] = {
        way: [
            tuple(statistics.median(figure) for figure in zip(*step, strict=True)) for step in zip(*turns, strict=True)
        ]
        for way, turns in runs.items()
    }
    print(f"\n{options.servers} servers, the whole role, forks {options.forks}, medians of {options.repeat} turns\n")
    print("| way | " + " | ".join(f"{step}, s | requests" for step in STEPS) + " |")
    print("| --- |" + " ---: |" * 2 * len(STEPS))
    for way, steps in medians.items():
        print(f"| {way} | " + " | ".join(f"{seconds:.1f} | {count:,.0f}" for seconds, count in steps) + " |")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
