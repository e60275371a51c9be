# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run simulated servers until Ctrl-C: an Access Server for each dialect, and a Freebox; show how to reach and try them."""

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
# Servers, by their place above, that a client reaches by the environment: the prefix and names of its variables.
EXPORTED = (
    (0, "AS", ("url", "username", "password", "ca_path")),
    (2, "FREEBOX", ("url", "app_id", "app_token", "ca_path")),
)
# A first declaration. The environment sets how to reach the server.
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


GUIDE = """\
Three simulated servers run: two Access Servers and a Freebox. Ctrl-C stops them and deletes their data.

1. Paste these lines into another terminal, in this folder. They set how to reach the first Access Server and the Freebox.

{exports}

2. Preview what {inventory} declares, and apply it. A second run changes nothing.

    ansible-playbook -i {inventory} vpn.estate.site --check --diff
    ansible-playbook -i {inventory} vpn.estate.site

3. Declare more in {inventory} (`make serve` does not overwrite it), and run the commands again. Then look at the users:

    ansible localhost -m vpn.estate.as_user_info

The second Access Server has the API of the vendor's document, and not that of version 3.2:
as_url {other[url]}, as_username {other[username]}, as_password {other[password]}, as_ca_path {other[ca_path]}
"""


class Stopped(Exception):
    """The user, or another program, ended this program."""


def stop(_number: int, _frame: object) -> t.NoReturn:
    raise Stopped


def start(options: tuple[str, ...], running: contextlib.ExitStack) -> subprocess.Popen[str]:
    """Start a simulator; it stops when the stack is closed, which waits for it."""
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
        servers = [json.loads(line) for line in lines]
        if not (ROOT / INVENTORY).exists():
            (ROOT / INVENTORY).write_text(DECLARED)
        variables = {
            **{f"VPN_ESTATE_{prefix}_{key.upper()}": servers[n][key] for n, prefix, keys in EXPORTED for key in keys},
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
        }
        exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        exports.append('export PATH="$PWD/.cache/venv/bin:$PATH"')
        print(GUIDE.format(exports="\n".join(exports), inventory=INVENTORY, other=servers[1]), flush=True)
        os.wait()
        print("A simulator ended by itself, so that all of them stop.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
