# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what it costs to keep users: one task of this collection against a loop of ansible.builtin.uri.

usage: run.py [--users N] [--latency MS] [--ways WAY ...]

Each way meets the same simulated server, empty at first: it creates N users, runs again with nothing to do, and runs
with one user of ten changed. Printed as a Markdown table: seconds of the whole ansible-playbook process, and requests.
Numbers only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIMULATOR = HERE.parent / "simulator/serve.py"
WAYS = {"as_user": "one as_user task", "uri": "a loop of ansible.builtin.uri"}
STEPS = ("created", "unchanged", "one of ten changed")


@contextlib.contextmanager
def simulator(latency: float) -> Iterator[dict[str, str]]:
    """A simulated Access Server; what it says when it is ready."""
    command = [sys.executable, str(SIMULATOR), "access-server", "--port", "0", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def requests_so_far(server: dict[str, str]) -> int:
    context = ssl.create_default_context(cafile=server["ca_path"])
    with urllib.request.urlopen(f"{server['url']}/_simulator/log", context=context) as answer:  # noqa: S310 - ours
        log = json.load(answer)
    return len(log["log"] if isinstance(log, dict) else log)


def users(number: int, step: str) -> list[dict[str, Any]]:
    """Declared users; of every tenth a property differs in the last step."""
    changed = step == STEPS[-1]
    return [{"name": f"user-{i:05}", "autologin": changed and i % 10 == 0, "deny_web": True} for i in range(number)]


def measure(way: str, number: int, latency: float) -> list[tuple[float, int]]:
    """Seconds and requests of each step."""
    figures = []
    with simulator(latency) as server, tempfile.TemporaryDirectory() as folder:
        variables = Path(folder) / "vars.json"
        variables.touch(mode=0o600)
        for step in STEPS:
            declared = {"server": server, "users": users(number, step)}
            variables.write_text(json.dumps(declared), encoding="utf-8")
            before, begin = requests_so_far(server), time.monotonic()
            command = [
                "ansible-playbook",
                "-i",
                "localhost,",
                "-e",
                f"@{variables}",
                "-e",
                f"ansible_python_interpreter={sys.executable}",
                f"{HERE}/playbooks/{way}.yml",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)  # noqa: S603 - our own
            figures.append((time.monotonic() - begin, requests_so_far(server) - before))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that the server adds to a request")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    print(f"{options.users} users, {options.latency:g} ms for each request\n")
    print("| way | " + " | ".join(f"{step}, s | requests" for step in STEPS) + " |")
    print("| --- |" + " ---: |" * 2 * len(STEPS))
    for way in options.ways:
        figures = measure(way, options.users, options.latency)
        print(
            f"| {WAYS[way]} | " + " | ".join(f"{seconds:.1f} | {count:,}" for seconds, count in figures) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
