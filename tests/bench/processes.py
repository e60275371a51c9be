# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure where the processor's time of an unchanged run of the site playbook goes: which processes there are. Numbers only.

usage: processes.py [--servers N] [--forks F]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from fleet import ROOT, estate, servers
from run import IN_PROCESS, timed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--servers", type=int, default=8)
    parser.add_argument("--forks", type=int, default=4)
    options = parser.parse_args()
    with servers(options.servers, 0) as running, tempfile.TemporaryDirectory() as name:
        command = ["ansible-playbook", *estate(Path(name), running), "--forks", str(options.forks), "vpn.estate.site"]
        timed(command, IN_PROCESS)
        listed = Path(name) / "workers"
        callback = {
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/unit/plugins/roles/callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "workers",
            "WORKERS": str(listed),
        }
        used = timed(command, {**IN_PROCESS, **callback})
        workers = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    print("| process of | a server | CPU ms each | CPU ms a server |\n| --- | ---: | ---: | ---: |")
    for action in dict.fromkeys(worker["action"] for worker in workers):
        spent = [worker["cpu"] for worker in workers if worker["action"] == action]
        each, share = sum(spent) / len(spent), sum(spent) / options.servers
        print(f"| {action} | {len(spent) / options.servers:.1f} | {1000 * each:.0f} | {1000 * share:.0f} |")
    rest = used.cpu - sum(worker["cpu"] for worker in workers)
    print(f"| the run itself | | {1000 * rest:.0f} | |")
    print(f"\n{options.servers} servers: {used.cpu:.2f} s of CPU")


if __name__ == "__main__":
    main()
