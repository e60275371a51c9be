# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what it costs to keep users, by every way to do it. Numbers only: nothing here passes or fails.

usage: run.py [--users N ...] [--repeat R] [--latency MS] [--ways WAY ...] [--patient] [--json FILE]

Each way meets a simulated server of its own, empty at first: it creates N users, runs again with nothing to do, and
runs with one user of ten changed. The ways take turns, R times, and the medians are shown. Seconds are those of the
whole process, and memory is that of its largest process. The slow ways are measured at 100 users, with --patient once
at 1,000 too, and not above.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
SIMULATOR = HERE.parent / "simulator/serve.py"
STEPS = ("created", "unchanged", "one of ten changed")
IN_PROCESS, AS_MODULE = {"VPN_ESTATE_IN_PROCESS": "true"}, {"VPN_ESTATE_IN_PROCESS": "false"}
SLOW, PATIENT, ALL = 100, 1_000, 1_000_000


@dataclasses.dataclass(frozen=True)
class Way:
    """How users are kept: a playbook, or the script with a number of connections."""

    title: str
    playbook: str = ""
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    file: bool = False
    connections: int = 0
    most: int = ALL  # users; with more it is not run

    def command(self, variables: Path) -> list[str]:
        """What to run; ``variables`` is a JSON file with the server and the users."""
        if self.connections:
            return [sys.executable, str(HERE / "floor.py"), str(variables), str(self.connections)]
        interpreter = f"ansible_python_interpreter={sys.executable}"
        playbook = str(HERE / "playbooks" / self.playbook)
        return ["ansible-playbook", "-i", "localhost,", "-e", f"@{variables}", "-e", interpreter, playbook]

    def declare(self, folder: Path, server: Server, declared: list[dict[str, Any]]) -> Path:
        """The file for ``command``, readable by us alone, and the file with the users where the way reads one."""
        variables, file = folder / "vars.json", folder / "users.json"
        file.write_text(json.dumps(declared), encoding="utf-8")
        what: dict[str, Any] = {"file": str(file)} if self.file or self.connections else {"users": declared}
        variables.touch(mode=0o600)
        variables.write_text(json.dumps({"server": server.ready, "users": [], **what}), encoding="utf-8")
        return variables


WAYS = {
    "uri": Way("loop of `ansible.builtin.uri`", "uri.yml", most=SLOW),
    "module-each": Way("one task per user, module path", "each.yml", AS_MODULE, most=SLOW),
    "each": Way("one task per user, in-process", "each.yml", IN_PROCESS, most=PATIENT),
    "module-bulk": Way("one task for all, module path", "bulk.yml", AS_MODULE),
    "module-src": Way("one task for all, module path, `src`", "bulk.yml", AS_MODULE, file=True),
    "bulk": Way("one task for all, in-process", "bulk.yml", IN_PROCESS),
    "src": Way("one task for all, in-process, `src`", "bulk.yml", IN_PROCESS, file=True),
    "floor-1": Way("floor: bare script, 1 connection", connections=1),
    "floor-8": Way("floor: bare script, 8 connections", connections=8),
}


@dataclasses.dataclass(frozen=True)
class Figures:
    """One run."""

    seconds: float
    cpu: float
    requests: int
    sign_ins: int
    handshakes: int
    megabytes: float


class Server:
    """A simulated Access Server in a process of its own."""

    def __init__(self, latency: float, *options: str) -> None:
        command = [sys.executable, str(SIMULATOR), "access-server", "--port", "0", "--latency", str(latency), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        assert self._process.stdout is not None
        self.ready: dict[str, str] = json.loads(self._process.stdout.readline())

    def counts(self) -> dict[str, int]:
        """What the server counted so far; asking costs a handshake, which is counted."""
        context = ssl.create_default_context(cafile=self.ready["ca_path"])
        with urllib.request.urlopen(f"{self.ready['url']}/_simulator/counts", context=context) as answer:  # noqa: S310
            return dict(json.load(answer))

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def simulator(latency: float, *options: str) -> Iterator[Server]:
    """A server for the time of a block; ``options`` are those of the simulator."""
    server = Server(latency, *options)
    try:
        yield server
    finally:
        server.stop()


def users(number: int, step: str) -> list[dict[str, Any]]:
    """Declared users; of every tenth a property differs in the last step."""
    changed = step == STEPS[-1]
    return [{"name": f"user-{i:06}", "autologin": changed and i % 10 == 0, "deny_web": True} for i in range(number)]


class Usage(NamedTuple):
    """What a run took: seconds on the clock, seconds of the processor, and megabytes of memory of the largest process."""

    seconds: float
    cpu: float
    megabytes: float
    main_megabytes: float = 0  # of the process that was started, without those that it started

    @classmethod
    def median(cls, runs: Sequence[Usage]) -> Usage:
        """Of each figure by itself."""
        return cls(*(statistics.median(figure) for figure in zip(*runs, strict=True)))


def timed(command: list[str], environment: dict[str, str]) -> Usage:
    """Run a process. The processor's time is that of the process and of all that it waited for, in user and system mode."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment})  # noqa: S603
        main = largest = 0.0
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            main = max(main, _peak(process.pid))
            largest = max(largest, main, *map(_peak, _below(process.pid)))
            time.sleep(0.05)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode(errors='replace')[-3000:]}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, largest, main)


def _below(pid: int) -> Iterator[int]:
    """The processes that a process started, and those that they did; none where the system does not say."""
    with contextlib.suppress(OSError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                yield child
                yield from _below(child)


def _peak(pid: int) -> float:
    """The most memory that a process had so far, in megabytes; 0 where the system does not say.

    What the system counts for a process that has ended includes its parent's memory, of which it began as a copy.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


def measure(way: Way, number: int, latency: float) -> list[Figures]:
    """The figures of each step."""
    figures = []
    with simulator(latency) as server, tempfile.TemporaryDirectory() as name:
        for step in STEPS:
            variables = way.declare(Path(name), server, users(number, step))
            before = server.counts()
            used = timed(way.command(variables), way.environment)
            after = server.counts()
            asked = {key: after[key] - before[key] for key in ("requests", "sign_ins", "handshakes")}
            figures.append(
                Figures(
                    used.seconds,
                    used.cpu,
                    asked["requests"],
                    asked["sign_ins"],
                    asked["handshakes"] - 1,
                    used.megabytes,
                )
            )
    return figures


def median(runs: list[Figures]) -> Figures:
    """Of each figure by itself."""
    each = {f.name: statistics.median(getattr(run, f.name) for run in runs) for f in dataclasses.fields(Figures)}
    return Figures(**each)


def table(number: int, medians: dict[str, list[Figures]], repeat: dict[str, int]) -> str:
    """What was measured with this many users, as Markdown."""
    lines = [
        "| way | step | seconds | CPU s | requests | sign-ins | TLS | MB | ÷ floor, 8 | uri ÷ |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for key, way in WAYS.items():
        if key not in medians:
            if way.most < number:
                lines.append(f"| {way.title} | not run with so many | | | | | | | | |")
            continue
        for index, step in enumerate(STEPS):
            one = medians[key][index]
            ratios = [
                f"{a.seconds / b.seconds:.1f}" if a and b else ""
                for a, b in (
                    (one, medians["floor-8"][index] if "floor-8" in medians else None),
                    (medians["uri"][index] if "uri" in medians else None, one),
                )
            ]
            once = " (once)" if repeat[key] == 1 else ""
            counts = f"{one.requests:,.0f} | {one.sign_ins:.0f} | {one.handshakes:,.0f} | {one.megabytes:.0f}"
            lines.append(
                f"| {way.title} | {step}{once} | {one.seconds:.2f} | {one.cpu:.2f} | {counts} | {' | '.join(ratios)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that the server adds to a request")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--patient", action="store_true", help="run the slow ways once with 1,000 users")
    parser.add_argument("--json", type=Path, help="file for all figures of all runs")
    options = parser.parse_args()
    record: dict[str, Any] = {"latency": options.latency, "users": {}}
    for number in options.users:
        runs: dict[str, list[list[Figures]]] = {}
        for turn in range(options.repeat):
            for key in options.ways:
                way = WAYS[key]
                once = way.most == SLOW and number == PATIENT and options.patient
                if number <= way.most or (once and turn == 0):
                    runs.setdefault(key, []).append(measure(way, number, options.latency))
        medians = {key: [median(list(step)) for step in zip(*turns, strict=True)] for key, turns in runs.items()}
        print(f"\n{number:,} users, {options.latency:g} ms for each request, medians of {options.repeat} turns\n")
        print(table(number, medians, {key: len(turns) for key, turns in runs.items()}), flush=True)
        record["users"][number] = {
            key: [[dataclasses.asdict(step) for step in turn] for turn in turns] for key, turns in runs.items()
        }
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
