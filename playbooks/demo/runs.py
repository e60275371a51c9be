# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbooks in the demo, with their measurements and logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).resolve().parent
ROOT = DEMO.parent.parent
CACHE = ROOT / ".cache"
LOGS = CACHE / "demo"
TAIL = 30  # lines of the log of a run that failed
NAMED = 8  # changed objects of a server whose names are shown, if there are no more of them
WIDTH = 110


class Stopped(Exception):
    """The user, or another program, ended this program."""


class Server(t.Protocol):
    """A simulated server, which reports the requests that it received."""

    def control(self, operation: str, body: t.Any = None) -> t.Any:
        """Send a request to the simulator itself."""


def _comparable(diff: t.Any) -> t.Any:
    """A diff without the number of VPN clients that a restart interrupts: only a real run has ended sessions before it."""
    restart = (diff.get("after") or {}).get("restart") if isinstance(diff, dict) else None
    if not isinstance(restart, dict):
        return diff
    lasting = {key: value for key, value in restart.items() if key != "vpn_clients"}
    return {**diff, "after": {**diff["after"], "restart": lasting}}


def _counted(part: str, objects: t.Sequence[dict[str, t.Any]], named: bool) -> str:
    """The changed objects of a part, as in ``users: 1 created (zoe), 2 updated (frank, trent)``; empty without a change."""
    names: dict[str, list[str]] = {}
    for one in objects:
        names.setdefault(one["action"], []).append(one["name"])
    names.pop("unchanged", None)
    words = [f"{len(each)} {action}" + f" ({', '.join(each)})" * named for action, each in sorted(names.items())]
    return f"{part}: {', '.join(words)}" if words else ""


def show(*lines: str) -> None:
    """Print lines below a command."""
    for line in lines:
        print(textwrap.fill(line, WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 7, break_on_hyphens=False))


@dataclass
class Run:
    """One run of a playbook, and its results."""

    seconds: float
    results: list[dict[str, t.Any]]
    requests: list[dict[str, t.Any]]

    @property
    def changes(self) -> int:
        """How many tasks changed something, or would have."""
        return sum(bool(result["changed"]) for result in self.results)

    @property
    def writes(self) -> int:
        """How many requests changed something on a server."""
        return sum(request["wrote"] for request in self.requests)

    @property
    def diff(self) -> dict[str, t.Any]:
        """What each task changed on each server."""
        found = (each for each in self.results if each["changed"])
        return {f"{each['host']}: {each['task']}": _comparable(each["diff"]) for each in found}

    @property
    def numbers(self) -> str:
        """The cost of this run."""
        unchanged = "" if self.changes else ", no change"
        return f"{self.seconds:.0f} s, {len(self.requests)} requests, {self.writes} writes{unchanged}"

    def messages(self, task: str) -> list[str]:
        """The lines that a task showed, for all hosts."""
        shown = [result["msg"] for result in self.results if result["task"].endswith(task) and result["msg"]]
        return [line for msg in shown for line in (msg if isinstance(msg, list) else [msg])]

    def changed_objects(self) -> list[str]:
        """Lines with the changed objects of servers; servers with the same changes share a line."""
        hosts: dict[str, list[str]] = {}
        for result in self.results:
            actions = [one["action"] for objects in result["parts"].values() for one in objects]
            named = len(actions) - actions.count("unchanged") <= NAMED
            parts = (_counted(part, objects, named) for part, objects in result["parts"].items())
            changed = "; ".join(part for part in parts if part)
            if changed:
                hosts.setdefault(changed, []).append(result["host"])
        return [f"{', '.join(sorted(names))}: {changed}" for changed, names in hosts.items()]


class Runner:
    """Runs playbooks in a folder of their own, which is removed at the end, and keeps their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = folder / "record.jsonl"
        self._vault = folder / "vault.json"
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": CACHE,
            "ANSIBLE_HOME": folder / "ansible",
            "ANSIBLE_CALLBACK_PLUGINS": DEMO / "callbacks",
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "DEMO_RECORD": self._record,
        }
        foreign = ("ANSIBLE_", "VPN_ESTATE_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._count = 0
        LOGS.mkdir(parents=True, exist_ok=True)
        for log in LOGS.glob("*.log"):
            log.unlink()
        self._environment = {**inherited, **{name: str(value) for name, value in settings.items()}}

    def fill_vault(self, secrets: t.Mapping[str, t.Any]) -> None:
        """Write the variables of all runs to a file that only this user can read."""
        with os.fdopen(os.open(self._vault, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(secrets, file)

    def run(
        self,
        servers: t.Sequence[Server],
        inventory: Path,
        *options: str,
        playbook: str = "site",
        fails: bool = False,
    ) -> Run:
        """Run a playbook of the collection for these servers, and measure it. ``fails`` declares that it has to fail."""
        shown = (option.replace(f"{ROOT}/", "") for option in options)
        words = " ".join(["ansible-playbook", "-i", inventory.name, f"vpn.estate.{playbook}", *shown])
        print(f"   $ {words}", end="", flush=True)
        self._count += 1
        log = LOGS / f"{self._count:02}-{playbook}.log"
        self._record.write_text("")
        before = [len(server.control("log")) for server in servers]
        start = time.monotonic()
        code = self._played(log, "-i", str(inventory), f"vpn.estate.{playbook}", *options)
        seconds = time.monotonic() - start
        if bool(code) is not fails:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])
            problem = "failed" if code else "did not fail, as it has to"
            raise SystemExit(f"\n\n{tail}\n\nThe command {problem}: {words}\nIts whole output: {log.relative_to(ROOT)}")
        requests = [each for server, skip in zip(servers, before, strict=True) for each in server.control("log")[skip:]]
        done = Run(seconds, [json.loads(line) for line in self._record.read_text().splitlines()], requests)
        print(f"  # {done.numbers}", flush=True)
        return done

    def _played(self, log: Path, *arguments: str) -> int:
        """The exit status of ansible-playbook, whose output goes to the log."""
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-e", f"@{self._vault}", *arguments]
        with (
            log.open("w") as output,
            subprocess.Popen(command, env=self._environment, cwd=ROOT, stdout=output, stderr=output) as process,  # noqa: S603
        ):
            try:
                return process.wait()
            except Stopped:
                process.terminate()  # it ends its workers, which a kill would leave behind
                raise
