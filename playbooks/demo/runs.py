# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbooks in the demo, and what each of them came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).resolve().parent
ROOT = DEMO.parent.parent
CACHE = ROOT / ".cache"


class Stopped(Exception):
    """Somebody asked this program to end."""


class Server(t.Protocol):
    """Whoever can be asked what it has seen."""

    def control(self, operation: str, body: t.Any = None) -> t.Any:
        """Ask the simulator itself."""


def _comparable(diff: t.Any) -> t.Any:
    """A diff without the number of VPN clients that a restart cuts off: only a real run has ended sessions before it."""
    restart = (diff.get("after") or {}).get("restart") if isinstance(diff, dict) else None
    if not isinstance(restart, dict):
        return diff
    lasting = {key: value for key, value in restart.items() if key != "vpn_clients"}
    return {**diff, "after": {**diff["after"], "restart": lasting}}


@dataclass
class Run:
    """One run of a playbook, and what it came to."""

    title: str
    seconds: float
    results: list[dict[str, t.Any]]
    requests: list[dict[str, t.Any]]

    @property
    def objects(self) -> list[str]:
        """What became of each object of each server."""
        return [each["action"] for result in self.results for each in result["objects"] or ()]

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

    def said(self, task: str) -> list[str]:
        """The lines that a task showed."""
        return next((result["msg"] for result in self.results if result["task"].endswith(task) and result["msg"]), [])

    def row(self) -> str:
        """This run in the summary."""
        unchanged = self.objects.count("unchanged")
        numbers = (len(self.objects) - unchanged, unchanged, len(self.requests), self.writes)
        return f"{self.title:<34}" + "".join(f"{number:>11}" for number in numbers) + f"{self.seconds:>11.1f}"


class Runner:
    """Runs playbooks in a folder of their own, which holds all that must not stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = folder / "record.jsonl"
        self._vault = folder / "vault.json"
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": CACHE,
            "ANSIBLE_HOME": folder / "ansible",
            "ANSIBLE_CALLBACK_PLUGINS": DEMO / "callbacks",
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_DISPLAY_OK_HOSTS": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
            "DEMO_RECORD": self._record,
        }
        foreign = ("ANSIBLE_", "VPN_ESTATE_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._environment = {**inherited, **{name: str(value) for name, value in settings.items()}}

    def fill_vault(self, secrets: t.Mapping[str, t.Any]) -> None:
        """Keep the variables that all runs get in a file that only we can read."""
        with os.fdopen(os.open(self._vault, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(secrets, file)

    def run(
        self,
        title: str,
        servers: t.Sequence[Server],
        inventory: Path,
        *options: str,
        playbook: str = "site",
        fails: bool = False,
    ) -> Run:
        """Run a playbook of the collection for these servers, and measure. ``fails`` says that it is meant to."""
        print(f"\n=== {title} ===\n$ ansible-playbook vpn.estate.{playbook} {' '.join(options)}".rstrip(), flush=True)
        self._record.write_text("")
        before = [len(server.control("log")) for server in servers]
        start = time.monotonic()
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(inventory), "-e", f"@{self._vault}", f"vpn.estate.{playbook}", *options]
        with subprocess.Popen(command, env=self._environment, cwd=ROOT) as process:  # noqa: S603
            try:
                code = process.wait()
            except Stopped:
                process.terminate()  # it ends its workers, which a kill would leave behind
                raise
        seconds = time.monotonic() - start
        if bool(code) is not fails:
            raise SystemExit(f"{title}: the playbook {'failed' if code else 'did not fail'}.")
        requests = [each for server, skip in zip(servers, before, strict=True) for each in server.control("log")[skip:]]
        return Run(title, seconds, [json.loads(line) for line in self._record.read_text().splitlines()], requests)
