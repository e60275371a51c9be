# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the site playbook on many servers against what nothing can be cheaper than. Numbers only.

usage: fleet.py [--servers N...] [--repeat R] [--forks F] [--latency MS] [--ways WAY...] [--only-unchanged] [--json FILE]

Each server is brought from empty to what the demo declares, and then run again with nothing to do. All servers are played by
this process, whose time is not counted. The floor is a bare script that sends the same requests, to 8 servers at a time,
and does not restart them; with 4 connections, it sends those to one server side by side. Each way has new servers in each
of R turns; the medians are shown. With --only-unchanged, the bare script brings servers to what is declared, which is
quicker. The processor's time is that of all processes of a run; on a machine that has other work
to do, the seconds on the clock mean little.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from run import AS_MODULE, HERE, IN_PROCESS, Usage, timed

ROOT = HERE.parents[1]
DECLARED = ROOT / "playbooks/demo/inventory/group_vars"
NOTHING, UNCHANGED = "from nothing", "unchanged"
WAYS = {"in-process": IN_PROCESS, "module path": AS_MODULE}
ANSIBLE = {"a play without tasks": "no_task.yml", "four tasks that do nothing": "four_tasks.yml"}
AT_A_TIME = 8  # servers, for the floor
RESTART = ("/api/server/restart", "/api/server/status")

sys.path.insert(0, str(ROOT / "tests"))
from simulator.access_server import AccessServerSimulator  # noqa: E402

Requests = list[tuple[str, str, dict[str, str], Any]]


@contextlib.contextmanager
def servers(number: int, latency: float) -> Iterator[list[AccessServerSimulator]]:
    """Simulated servers, all in this process; the first one keeps what it is asked."""
    with contextlib.ExitStack() as stack:
        settings = {"latency": latency / 1000}
        yield [
            stack.enter_context(AccessServerSimulator(settings=settings, keep_bodies=index == 0))
            for index in range(number)
        ]


def estate(folder: Path, running: list[AccessServerSimulator]) -> list[str]:
    """The inventory of the demo for these servers, as arguments of ansible-playbook."""
    shutil.copytree(DECLARED, folder / "group_vars")
    sites = {f"site-{number:03}": server.ready() for number, server in enumerate(running)}
    hosts = {name: {"site_config_items": [{"name": "host.name", "value": "vpn.example.com"}]} for name in sites}
    (folder / "hosts.json").write_text(json.dumps({"access_servers": {"hosts": hosts}}))
    declared = "".join(path.read_text() for path in DECLARED.glob("**/*.yml"))
    people = sorted(set(re.findall(r"vault_passwords\.(\w+)", declared)))
    vault = {"vault_servers": sites, "vault_passwords": {name: f"{secrets.token_urlsafe(12)}-aA1" for name in people}}
    file = folder / "vault.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(vault))
    return ["-i", str(folder / "hosts.json"), "-e", f"@{file}"]


def requests_of(server: AccessServerSimulator, since: int) -> Requests:
    """What a server was asked from then on, without a restart and the waiting for it."""
    asked = [(one.method, one.path, one.query, one.request) for one in server.log[since:] if one.status]
    restarted = any(path == RESTART[0] for _method, path, _query, _body in asked)
    return [one for one in asked if not (restarted and one[1] in RESTART)]


def replayed(running: list[AccessServerSimulator], requests: Requests, connections: int = 1) -> Usage:
    """What the bare script takes for these requests."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:  # readable by us alone
        json.dump({"servers": [server.ready() for server in running], "requests": requests}, file)
        file.flush()
        command = [sys.executable, str(HERE / "replay.py"), file.name, str(AT_A_TIME), str(connections)]
        return timed(command, {})


class Turn:
    """One turn: what each way took, by its name and step, and how often each server was asked for it."""

    def __init__(self, number: int, options: argparse.Namespace) -> None:
        self.used: dict[tuple[str, str], Usage] = {}
        self.asked: dict[tuple[str, str], tuple[float, float]] = {}  # requests and handshakes of TLS
        self._number, self._latency, self._forks = number, options.latency, options.forks
        self._only_unchanged = options.only_unchanged
        asked: dict[str, Requests] = {}
        for way in options.ways:
            asked = self._play(way)
        with servers(number, self._latency) as running:
            for step, requests in asked.items():
                self._note(("floor", step), running, lambda requests=requests: replayed(running, requests))
            self._note(
                ("floor, 4 connections", UNCHANGED), running, lambda: replayed(running, asked[UNCHANGED], connections=4)
            )

    def _play(self, way: str) -> dict[str, Requests]:
        """Run the playbook twice on new servers; returns what the first of them was asked in each step."""
        asked = {}
        with servers(self._number, self._latency) as running, tempfile.TemporaryDirectory() as name:
            command = ["ansible-playbook", *estate(Path(name), running), "--forks", str(self._forks)]
            for title, playbook in ANSIBLE.items():
                book = str(HERE / "playbooks" / playbook)
                self._note((title, ""), running, lambda book=book: timed([*command, book], {}))
            steps = [NOTHING, UNCHANGED]
            if self._only_unchanged:
                asked[steps.pop(0)] = creation = self._creation()
                replayed(running, creation)
            for step in steps:
                since = len(running[0].log)
                self._note((way, step), running, lambda: timed([*command, "vpn.estate.site"], WAYS[way]))
                asked[step] = requests_of(running[0], since)
        return asked

    def _creation(self) -> Requests:
        """What one server is asked to bring it from nothing to what is declared."""
        with servers(1, 0) as running, tempfile.TemporaryDirectory() as name:
            timed(["ansible-playbook", *estate(Path(name), running), "vpn.estate.site"], IN_PROCESS)
            return requests_of(running[0], 0)

    def _note(self, what: tuple[str, str], running: list[AccessServerSimulator], measure: Any) -> None:
        def counts() -> tuple[int, int]:
            return sum(len(one.log) for one in running), sum(one.machine.handshakes for one in running)

        before = counts()
        self.used[what] = measure()
        requests, handshakes = (after - begin for after, begin in zip(counts(), before, strict=True))
        self.asked[what] = requests / self._number, handshakes / self._number


def table(number: int, used: dict[tuple[str, str], Usage], turn: Turn, ways: list[str]) -> str:
    """The figures, as Markdown, and what they are to each other."""
    lines = [
        "| run | step | seconds | CPU s | CPU ms a server | requests a server | TLS a server | MB main | MB largest |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    empty = used["a play without tasks", ""]
    for (run, step), one in used.items():
        own = one.cpu - (0 if run.startswith("floor") else empty.cpu)
        requests, handshakes = turn.asked[run, step]
        lines.append(
            f"| {run} | {step} | {one.seconds:.1f} | {one.cpu:.2f} | {1000 * own / number:.0f} | {requests:.1f} | "
            f"{handshakes:.1f} | {one.main_megabytes:.0f} | {one.megabytes:.0f} |"
        )
    lines += ["", "| ratio | way | by the clock | by CPU | aim |", "| --- | --- | ---: | ---: | --- |"]
    for way in ways:
        for step, aim in ((UNCHANGED, "at most 3"), (NOTHING, "at most 1.5, and the restarts")):
            if (way, step) not in used:
                continue
            one, floor = used[way, step], used["floor", step]
            clock = (one.seconds - empty.seconds) / floor.seconds
            lines.append(
                f"| {step}: (run - a play without tasks) / floor | {way} | {clock:.1f} | "
                f"{(one.cpu - empty.cpu) / floor.cpu:.1f} | {aim} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--servers", type=int, nargs="+", default=[1, 8, 50])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that a server adds to a request")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["in-process"])
    parser.add_argument("--only-unchanged", action="store_true", help="do not measure runs from nothing")
    parser.add_argument("--json", type=Path, help="file for all figures of all runs")
    options = parser.parse_args()
    record: dict[int, Any] = {}
    for number in options.servers:
        turns = [Turn(number, options) for _turn in range(options.repeat)]
        used = {what: Usage.median([turn.used[what] for turn in turns]) for what in turns[0].used}
        print(
            f"\nservers: {number:,}; forks: {options.forks}; latency: {options.latency:g} ms; turns: {options.repeat}\n"
        )
        print(table(number, used, turns[-1], options.ways), flush=True)
        record[number] = [[[*what, *one] for what, one in turn.used.items()] for turn in turns]
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
