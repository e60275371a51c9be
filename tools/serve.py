# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run two simulated Access Servers, one per dialect, and a Freebox until Ctrl-C; say how to reach the first and the box."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVERS = (
    ("access-server", "--dialect", "3.2"),
    ("access-server", "--dialect", "document"),
    ("freebox", "--enable", "openvpn_routed", "--enable", "wireguard"),
)
# Of which server, by its place above, a client learns what from the environment, and under which prefix.
EXPORTED = (
    (0, "AS", ("url", "username", "password", "ca_path")),
    (2, "FREEBOX", ("url", "app_id", "app_token", "ca_path")),
)
# Something to begin with; how to reach the server is in the environment.
INVENTORY = ".cache/playground.yml"
DECLARED = """\
---
access_servers:
  hosts:
    playground:
      access_server_groups:
        - name: staff
          subnets: [10.8.16.0/20]
      access_server_users:
        - name: alice
          group: staff
"""


class Stopped(Exception):
    """Somebody asked this program to end."""


def stop(_number: int, _frame: object) -> t.NoReturn:
    raise Stopped


def start(options: tuple[str, ...], running: contextlib.ExitStack) -> subprocess.Popen[str]:
    """Start a simulator that is stopped, and waited for, when the stack is closed."""
    command = [sys.executable, str(ROOT / "tests/simulator/serve.py"), *options]
    simulator = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    running.callback(simulator.terminate)
    return simulator


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with contextlib.suppress(Stopped), contextlib.ExitStack() as running:
        simulators = [start(options, running) for options in SERVERS]
        lines = [t.cast("t.IO[str]", simulator.stdout).readline() for simulator in simulators]
        if not all(lines):
            print("A simulator did not start.", file=sys.stderr)
            return 1
        print("".join(lines))
        servers = [json.loads(line) for line in lines]
        if not (ROOT / INVENTORY).exists():
            (ROOT / INVENTORY).write_text(DECLARED)
        for place, prefix, keys in EXPORTED:
            for key in keys:
                print(f"export VPN_ESTATE_{prefix}_{key.upper()}={shlex.quote(servers[place][key])}")
        print(f"export ANSIBLE_COLLECTIONS_PATH={shlex.quote(str(ROOT / '.cache'))}")
        print("\nPaste the lines above into another terminal in this folder. Then try, with or without the options:\n")
        print(f"    .cache/venv/bin/ansible-playbook -i {INVENTORY} vpn.estate.site --check --diff")
        print(f"\nDeclare more in {INVENTORY}; `make serve` does not overwrite it.")
        print("Ctrl-C stops all servers and forgets all they hold.", flush=True)
        os.wait()
        print("A simulator ended by itself.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
