# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the collection at work: two simulated Access Servers, one declared estate, six runs of playbooks, and a tunnel."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tunnel import Network

DEMO = Path(__file__).resolve().parent
ROOT = DEMO.parent.parent
CACHE = ROOT / ".cache"
SITES = ("site-a", "site-b")
INTRODUCTION = """\
The declared estate is in playbooks/demo/inventory: 3 groups, 25 users, 40 access rules and 15 configuration items for
each of two Access Servers. Both are simulated and have nothing of it yet. Two machines get client profiles then, and
connect with them where this machine lets them.

The administrator of site-b signs in with a code of an authenticator. A code is good for one sign-in, and there is a new
one every 30 seconds: from the second run on, a run may wait that long for its turn.
"""


class Stopped(Exception):
    """Somebody asked this program to end."""


class Site:
    """A simulated server, and what it says about itself."""

    def __init__(self, name: str, running: contextlib.ExitStack, *options: str) -> None:
        self.name = name
        program = [sys.executable, str(ROOT / "tests/simulator/serve.py"), "access-server", "--port", "0", *options]
        self._process = running.enter_context(subprocess.Popen(program, stdout=subprocess.PIPE, text=True))  # noqa: S603
        running.callback(self._process.terminate)

    def await_ready(self) -> None:
        """Wait for the line that says how to reach the server."""
        line = t.cast("t.IO[str]", self._process.stdout).readline()
        if not line:
            raise SystemExit(f"The simulator of {self.name} did not start.")
        self.told: dict[str, str] = json.loads(line)
        self._tls = ssl.create_default_context(cafile=self.told["ca_path"])

    def credentials(self, second_factor: bool) -> dict[str, str]:
        """What the inventory needs to know to reach the server."""
        where = {key: self.told[key] for key in ("url", "ca_path")}
        if not second_factor:
            return {**where, "username": self.told["username"], "password": self.told["password"]}
        who = {key: self.told[f"mfa_{key}"] for key in ("username", "password", "totp_secret")}
        return {**where, **who}

    def control(self, operation: str, body: t.Any = None) -> t.Any:
        """Ask the simulator itself: GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.told['url']}/_simulator/{operation}", data)  # noqa: S310
        with urllib.request.urlopen(request, context=self._tls) as answer:  # noqa: S310
            return json.load(answer)


@dataclass
class Run:
    """One run of the playbook, and what it came to."""

    title: str
    seconds: float
    results: list[dict[str, t.Any]]
    requests: list[dict[str, t.Any]]

    @property
    def objects(self) -> list[str]:
        """What became of each object of each server."""
        return [each["action"] for result in self.results for each in result["objects"] or ()]

    @property
    def changed(self) -> bool:
        """Whether any task changed anything, or would have."""
        return any(result["changed"] for result in self.results)

    @property
    def writes(self) -> int:
        """How many requests changed something on a server."""
        return sum(request["wrote"] for request in self.requests)

    @property
    def diff(self) -> dict[str, t.Any]:
        """What each task changed on each server."""
        found = (each for each in self.results if each["changed"])
        return {f"{each['host']}: {each['task']}": each["diff"] for each in found}

    def row(self) -> str:
        """This run in the summary."""
        unchanged = self.objects.count("unchanged")
        numbers = (len(self.objects) - unchanged, unchanged, len(self.requests), self.writes)
        return f"{self.title:<34}" + "".join(f"{number:>11}" for number in numbers) + f"{self.seconds:>11.1f}"


class Demo:
    """Runs the playbook in a folder of its own, which holds all that must not stay."""

    def __init__(self, folder: Path, sites: t.Sequence[Site]) -> None:
        self.folder, self._sites = folder, sites
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

    def fill_vault(self, declared: str) -> None:
        """Make up a password for everybody whose declaration names one, in a file that only we can read."""
        people = sorted(set(re.findall(r"vault_passwords\.(\w+)", declared)))
        vault = {
            "vault_servers": {site.name: site.credentials(site.name == "site-b") for site in self._sites},
            "demo_folder": str(self.folder),
            "demo_owner": pwd.getpwuid(os.geteuid()).pw_name,
            "demo_group": grp.getgrgid(os.getegid()).gr_name,
            "vault_passwords": {name: f"{secrets.token_urlsafe(12)}-aA1" for name in people},
        }
        with os.fdopen(os.open(self._vault, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(vault, file)

    def run(self, title: str, inventory: Path, *options: str, playbook: str = "site") -> Run:
        """Run a playbook of the collection, and measure."""
        print(f"\n=== {title} ===\n$ ansible-playbook vpn.estate.{playbook} {' '.join(options)}".rstrip(), flush=True)
        self._record.write_text("")
        before = [len(site.control("log")) for site in self._sites]
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
        if code:
            raise SystemExit(f"{title}: the playbook failed.")
        requests = [each for site, skip in zip(self._sites, before, strict=True) for each in site.control("log")[skip:]]
        return Run(title, seconds, [json.loads(line) for line in self._record.read_text().splitlines()], requests)


def patched(text: str, folder: Path) -> None:
    """Carry out a unified diff on the files of a folder; each hunk has to fit exactly one place."""
    _message, *parts = re.split(r"^--- .*\n\+\+\+ b/(.*)\n", text, flags=re.MULTILINE)
    for name, hunks in zip(parts[::2], parts[1::2], strict=True):
        content = (folder / name).read_text()
        for hunk in re.split(r"^@@ .*\n", hunks, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+")
            if content.count(old) != 1:
                raise SystemExit(f"The change does not fit {name}.")
            content = content.replace(old, new)
        (folder / name).write_text(content)


def show(demo: Demo, sites: t.Sequence[Site], network: Network) -> list[str]:
    """The runs, their summary, and a tunnel; the answer is what should not have happened."""
    changed_inventory = demo.folder / "inventory"
    change = (DEMO / "change.patch").read_text()
    runs = [
        demo.run("1. from nothing", DEMO / "inventory"),
        demo.run("2. the same again", DEMO / "inventory"),
    ]
    print(f"\nThen somebody changes the declaration:\n\n{change}", flush=True)
    shutil.copytree(DEMO / "inventory", changed_inventory)
    patched(change, changed_inventory)
    sites[1].control("connect", {"user": "frank"})  # the other server has a real VPN, and no made-up clients
    for site in sites:
        site.control("profile", {"user": "frank", "profile_type": "userlogin"})
    runs += [
        demo.run("3. changed declaration, check mode", changed_inventory, "--check", "--diff"),
        demo.run("4. changed declaration", changed_inventory, "--diff"),
        demo.run("5. profiles for machines", changed_inventory, playbook="distribute_profiles"),
        demo.run("6. the same again", changed_inventory, playbook="distribute_profiles"),
    ]
    _first, again, check, applied, issued, kept = runs
    heads = ("changed", "unchanged", "requests", "writes", "seconds")
    print(f"\n{'both servers together':<34}" + "".join(f"{head:>11}" for head in heads))
    for run in runs:
        print(run.row())
    print("(objects changed and unchanged; requests that the servers saw, and those of them that wrote)\n")
    profiles = {path.stem: path for path in sorted(demo.folder.glob("branch-*.conf"))}
    problem = network.show(profiles, lambda: [one["username"] for one in sites[0].control("state")["vpn_clients"]])
    return [
        sentence
        for sentence, wrong in (
            (problem, problem),
            ("The second run changed something.", again.changed or again.writes),
            ("Check mode wrote something.", check.writes),
            ("The changed declaration changed nothing.", not applied.changed),
            ("Check mode announced something else than the next run did.", check.diff != applied.diff),
            ("No profile was issued.", issued.writes != len(profiles) or not profiles),
            ("The second distribution changed something.", kept.changed or kept.writes),
        )
        if wrong
    ]


def stop(_number: int, _frame: object) -> t.NoReturn:
    raise Stopped


def main() -> int:
    """Run the demo; 1 if it did not show what it should."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    print(INTRODUCTION, flush=True)
    CACHE.mkdir(exist_ok=True)
    with contextlib.suppress(Stopped), contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="demo-", dir=CACHE)))
        network = Network(running)
        options = {SITES[0]: network.server_options}
        sites = [Site(name, running, *options.get(name, ())) for name in SITES]
        for site in sites:
            site.await_ready()
        demo = Demo(folder, sites)
        demo.fill_vault("".join(path.read_text() for path in [*DEMO.glob("inventory/**/*.yml"), DEMO / "change.patch"]))
        problems = show(demo, sites, network)
        print("\n".join(problems) or "Second runs changed nothing, and check mode announced what the next run did.")
        return 1 if problems else 0
    print("Stopped.", file=sys.stderr)
    return 130


if __name__ == "__main__":
    sys.exit(main())
