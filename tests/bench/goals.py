# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure tasks against what they cannot be cheaper than: a ping, the bare script, themselves without something.

usage: goals.py [--repeat R] [--latency MS] [--largest N] [--json FILE]

Ratios of medians, for both ways to run a module. Nothing here passes or fails; the goal stands beside the figure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from run import AS_MODULE, HERE, IN_PROCESS, Server, Way, simulator, timed

WAYS = {"in-process": IN_PROCESS, "module path": AS_MODULE}
IMPORTS = {
    "basic": "import ansible.module_utils.basic",
    "module": "import ansible.module_utils.basic, ansible_collections.vpn.estate.plugins.modules.as_user",
    "requests": "import ansible.module_utils.basic, requests",
}


class Bench:
    """Runs things R times, and keeps the medians."""

    def __init__(self, repeat: int, latency: float) -> None:
        self.repeat, self.latency = repeat, latency
        self.rows: list[dict[str, Any]] = []

    def run(self, server: Server, way: Way, declared: list[dict[str, Any]], *options: str) -> tuple[float, float]:
        """Median of the seconds, and the largest number of megabytes, of runs with this declaration."""
        with tempfile.TemporaryDirectory() as name:
            variables = way.declare(Path(name), server, declared)
            runs = [timed([*way.command(variables), *options], way.environment) for _turn in range(self.repeat)]
        return statistics.median(run.seconds for run in runs), max(run.megabytes for run in runs)

    def converge(self, way: Way, number: int) -> float:
        """Median of the seconds to create users on new servers."""
        runs = []
        for _turn in range(self.repeat):
            with simulator(self.latency) as server:
                runs.append(Bench(1, self.latency).run(server, way, users(number))[0])
        return statistics.median(runs)

    def say(self, what: str, way: str, figure: float, aim: str) -> None:
        """One line of the table."""
        self.rows.append({"what": what, "way": way, "figure": round(figure, 3), "aim": aim})
        print(f"| {what} | {way} | {figure:.2f} | {aim} |", flush=True)


def users(number: int, **more: Any) -> list[dict[str, Any]]:
    """Declared users."""
    return [{"name": f"user-{i:06}", "autologin": False, "deny_web": True, **more} for i in range(number)]


def password(number: int) -> str:
    """One of its own for each user, and not all of one length."""
    return f"Not-a-Secret-{number:06}!".ljust(20 + number % 21, "x")


def bulk(way: str, *, file: bool) -> Way:
    """One task for all."""
    return Way(way, "bulk.yml", WAYS[way], file=file)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds that the server adds to a request")
    parser.add_argument("--largest", type=int, default=100_000, help="users of the largest estate")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    bench = Bench(options.repeat, options.latency)
    print("| ratio, or as said | way | measured | aim |\n| --- | --- | ---: | --- |")
    with simulator(options.latency) as server:
        ping = bench.run(server, Way("", "one_ping.yml"), [])[0]
        none = bench.run(server, Way("", "ping.yml"), [])[0]
        item = (bench.run(server, Way("", "ping.yml"), users(100))[0] - none) / 100
    floor = bench.converge(Way("", connections=8), 1_000)
    for way in WAYS:
        for file, aim in ((False, "at most 1.5"), (True, "at most 1.5, better 1.15")):
            seconds = bench.converge(bulk(way, file=file), 1_000) - ping
            how = "`src`" if file else "JSON variables"
            bench.say(
                f"1,000 users created, {how}: (run - ping play) / floor, 8 connections", way, seconds / floor, aim
            )
    for way, aim in (("module path", "at most 1.25"), ("in-process", "at most 0.15")):
        with simulator(options.latency) as server:
            each = Way("", "each.yml", WAYS[way])
            bench.run(server, bulk("in-process", file=True), users(100))
            seconds = (bench.run(server, each, users(100))[0] - none) / 100
        bench.say("one unchanged user in a loop / ping in a loop", way, seconds / item, aim)
    aims = {1_000: "at most 1.3", 10_000: "at most 1.7", 100_000: "at most 5"}
    for way in WAYS:
        for number in (1_000, 10_000, options.largest):
            with simulator(options.latency, "--users", str(number)) as server:
                declared = [{"name": f"user{i:05}", "deny": False} for i in range(1, number + 1)]
                once = Bench(1, options.latency)
                once.run(server, bulk("in-process", file=True), declared)
                few = bench if number <= 10_000 else Bench(min(options.repeat, 3), options.latency)
                seconds, megabytes = few.run(server, bulk(way, file=True), declared)
                aim = aims.get(number, "")
                bench.say(f"{number:,} unchanged users, `src` / ping play", way, seconds / ping, aim)
                print(
                    f"| the same in seconds; megabytes of the largest process | {way} | {seconds:.2f}; {megabytes:.0f} | |"
                )
                if number == options.largest:
                    bench.say(f"megabytes of the largest process with {number:,} users", way, megabytes, "at most 150")
                if number == 1_000:
                    check = bench.run(server, bulk(way, file=True), declared, "--check")[0]
                    bench.say("check mode / unchanged, 1,000 users", way, check / seconds, "at most 1.05")
    for way, file in (("in-process", False), ("in-process", True), ("module path", True)):
        with simulator(options.latency) as server:
            secret = [{**user, "password": password(i)} for i, user in enumerate(users(10_000))]
            Bench(1, options.latency).run(server, bulk("in-process", file=True), users(10_000))
            Bench(1, options.latency).run(server, bulk("in-process", file=True), secret)
            few = Bench(min(options.repeat, 3), options.latency)
            with_secrets = few.run(server, bulk(way, file=file), secret)[0]
            ratio = with_secrets / few.run(server, bulk(way, file=file), users(10_000))[0]
            how = "`src`" if file else "JSON variables"
            bench.say(f"10,000 unchanged users with a password each / without, {how}", way, ratio, "at most 1.3")
    seconds_of = {
        name: statistics.median(_import(code) for _turn in range(options.repeat)) for name, code in IMPORTS.items()
    }
    milliseconds = {name: 1000 * (seconds_of[name] - seconds_of["basic"]) for name in IMPORTS}
    bench.say("ms to import as_user beyond ansible's basic", "module path", milliseconds["module"], "at most 20")
    bench.say("ms of these for requests", "module path", milliseconds["requests"], "")
    if options.json:
        options.json.write_text(json.dumps(bench.rows, indent=1) + "\n", encoding="utf-8")


def _import(code: str) -> float:
    path = str(HERE.parents[1] / ".cache")
    program = (
        f"import sys, time; sys.path.insert(0, {path!r}); b = time.monotonic(); {code}; print(time.monotonic() - b)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


if __name__ == "__main__":
    main()
