# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure one task for a whole server with many users, unchanged, against what nothing can be cheaper than. Numbers only.

usage: whole.py [--users N...] [--repeat R] [--latency MS] [--variables-up-to N] [--json FILE]

Each user is in one of 100 groups, and each tenth and each group has an access list. The declaration lies in files, or is
handed over as variables. Ansible's own share is a play that hands the same variables to a task that does nothing. The floor
is a bare script that sends the same requests and reads the answers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fleet import AccessServerSimulator, replayed, requests_of
from run import HERE, IN_PROCESS, Usage, timed

GROUPS = 100


def declaration(number: int) -> dict[str, list[dict[str, Any]]]:
    """Groups, users and access lists, by the options of the module."""
    users = [{"name": f"user{i:05}", "group": f"group-{i % GROUPS:03}", "deny": False} for i in range(1, number + 1)]
    groups = [{"name": f"group-{i:03}", "subnets": [f"10.{i}.0.0/24"]} for i in range(GROUPS)]
    lists = [{"user": user["name"], "access_to": ["10.200.0.0/16:https"]} for user in users[::10]]
    lists += [{"group": group["name"], "access_to": ["10.201.0.0/16"]} for group in groups]
    return {"groups": groups, "users": users, "access_lists": lists}


def variables(folder: Path, server: AccessServerSimulator, declared: dict[str, Any], *, files: bool) -> Path:
    """The variables of the playbook in a file, and the files that they name."""
    given: dict[str, Any] = {"server": server.ready()}
    for option, objects in declared.items():
        if files:
            path = folder / f"{option}.json"
            path.write_text(json.dumps(objects), encoding="utf-8")
            given[f"{option}_src"] = str(path)
        else:
            given["groups_of_server" if option == "groups" else option] = objects
    file = folder / f"{'files' if files else 'variables'}.vars.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(given), encoding="utf-8")
    return file


def command(playbook: str, extra: Path) -> list[str]:
    """A play for this machine with these variables."""
    interpreter = f"ansible_python_interpreter={sys.executable}"
    return [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-e",
        f"@{extra}",
        "-e",
        interpreter,
        str(HERE / "playbooks" / playbook),
    ]


def measure(number: int, options: argparse.Namespace) -> dict[str, Usage]:
    """What each way takes, with nothing to do."""
    declared = declaration(number)
    settings = {"latency": options.latency / 1000}
    with AccessServerSimulator(settings=settings, users=number) as server, tempfile.TemporaryDirectory() as name:
        files = variables(Path(name), server, declared, files=True)
        timed(command("whole.yml", files), IN_PROCESS)
        asked: list[Any] = []
        ways = {"one task, files": command("whole.yml", files), "a play with one ping": command("one_ping.yml", files)}
        if number <= options.variables_up_to:
            plain = variables(Path(name), server, declared, files=False)
            ways |= {
                "one task, variables": command("whole.yml", plain),
                "the same variables to a task that does nothing": command("whole_nothing.yml", plain),
            }
        used: dict[str, list[Usage]] = {}
        for _turn in range(options.repeat):
            for way, words in ways.items():
                since = len(server.log)
                used.setdefault(way, []).append(timed(words, IN_PROCESS))
                if way == "one task, files":
                    asked = requests_of(server, since)
            used.setdefault("floor", []).append(replayed([server], asked))
    return {way: Usage.median(runs) for way, runs in used.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that the server adds to a request")
    parser.add_argument("--variables-up-to", type=int, default=10_000, help="users that are handed over as variables")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    record = {}
    for number in options.users:
        used = record[number] = measure(number, options)
        floor = used["floor"]
        print(f"\nusers: {number:,}; latency: {options.latency:g} ms; turns: {options.repeat}\n")
        print("| way, unchanged | seconds | CPU s | MB largest | ÷ floor, clock | ÷ floor, CPU |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for way, one in used.items():
            print(
                f"| {way} | {one.seconds:.2f} | {one.cpu:.2f} | {one.megabytes:.0f} | {one.seconds / floor.seconds:.1f} | "
                f"{one.cpu / floor.cpu:.1f} |",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
