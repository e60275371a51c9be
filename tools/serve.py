# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run two simulated Access Servers, one per dialect, until Ctrl-C, and say how to reach the first."""

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
DIALECTS = ("3.2", "document")
EXPORTED = ("url", "username", "password", "ca_path")
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


def start(dialect: str, running: contextlib.ExitStack) -> subprocess.Popen[str]:
    """Start a simulator that is stopped, and waited for, when the stack is closed."""
    program = str(ROOT / "tests/simulator/serve.py")
    command = [sys.executable, program, "access-server", "--port", "0", "--dialect", dialect]
    simulator = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    running.callback(simulator.terminate)
    return simulator


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with contextlib.suppress(Stopped), contextlib.ExitStack() as running:
        simulators = [start(dialect, running) for dialect in DIALECTS]
        lines = [t.cast("t.IO[str]", simulator.stdout).readline() for simulator in simulators]
        if not all(lines):
            print("A simulator did not start.", file=sys.stderr)
            return 1
        print("".join(lines))
        server = json.loads(lines[0])
        if not (ROOT / INVENTORY).exists():
            (ROOT / INVENTORY).write_text(DECLARED)
        for key in EXPORTED:
            print(f"export VPN_ESTATE_AS_{key.upper()}={shlex.quote(server[key])}")
        print(f"export ANSIBLE_COLLECTIONS_PATH={shlex.quote(str(ROOT / '.cache'))}")
        print("\nPaste the lines above into another terminal in this folder. Then try, with or without the options:\n")
        print(f"    .cache/venv/bin/ansible-playbook -i {INVENTORY} vpn.estate.site --check --diff")
        print(f"\nDeclare more in {INVENTORY}; `make serve` does not overwrite it.")
        print("Ctrl-C stops both servers and forgets all they hold.", flush=True)
        os.wait()
        print("A simulator ended by itself.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
