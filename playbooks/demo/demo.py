# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the collection at work: two Access Servers and a Freebox, simulated; one declared estate, a tunnel, and a cluster."""

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
import typing as t
import urllib.request
from pathlib import Path

from cluster import Cluster
from runs import CACHE, DEMO, ROOT, Run, Runner, Stopped
from tunnel import Network

SITES = ("site-a", "site-b")
BOX = "home"
COPY = "site-c"  # an empty server that becomes what another one is
INTRODUCTION = """\
The declared estate is in playbooks/demo/inventory: 3 groups, 25 users, 40 access rules, 3 domain rules and 15
configuration items for each of two Access Servers, and 3 VPN servers and 4 users for a Freebox. All of them are simulated
and have nothing of it yet. Two machines get client profiles then, and connect with them where this machine lets them. Then
site-a is exported to files, as if nobody had declared it, and an empty server becomes the same; a change by hand there is
found. At last, three more servers become a cluster.

The administrator of site-b signs in with a code of an authenticator. A code is good for one sign-in, and there is a new
one every 30 seconds: from the second run on, a run may wait that long for its turn.
"""


class Site:
    """A simulated server, and what it says about itself."""

    def __init__(self, name: str, running: contextlib.ExitStack, *options: str, kind: str = "access-server") -> None:
        self.name = name
        program = [sys.executable, str(ROOT / "tests/simulator/serve.py"), kind, "--port", "0", *options]
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
        if self.told["kind"] == "freebox":
            return {**where, **{key: self.told[key] for key in ("app_id", "app_token")}}
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


def vault(folder: Path, declared: str, sites: t.Sequence[Site], cluster: Cluster) -> dict[str, t.Any]:
    """What the inventories need and nobody may see, with a password for everybody whose declaration names one."""
    people = sorted(set(re.findall(r"vault_passwords\.(\w+)", declared)))
    servers = {site.name: site.credentials(site.name == "site-b") for site in sites}
    return {
        **cluster.vault,
        "vault_servers": {**servers, **cluster.vault.get("vault_servers", {})},
        "demo_folder": str(folder),
        "demo_owner": pwd.getpwuid(os.geteuid()).pw_name,
        "demo_group": grp.getgrgid(os.getegid()).gr_name,
        "vault_passwords": {name: f"{secrets.token_urlsafe(12)}-aA1" for name in people},
    }


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


def exported(runner: Runner, site: Site, copy: Site) -> list[Run]:
    """A repository that an export writes, as if there had been none: for the server itself, and for an empty one."""
    inventory = runner.folder / "exported"
    shutil.copytree(
        DEMO / "inventory/group_vars/access_servers",
        inventory / "group_vars/access_servers",
        ignore=all_but("connection.yml"),
    )
    hosts = inventory / "hosts.yml"
    hosts.write_text(f"access_servers: {{hosts: {{{site.name}: }}}}\n")
    runs = [
        runner.run(f"7. export of {site.name}", [site], inventory, playbook="export"),
        runner.run("8. its files declare no change", [site], inventory),
    ]
    shutil.copytree(inventory / "host_vars" / site.name, inventory / "host_vars" / copy.name)
    hosts.write_text(f"access_servers: {{hosts: {{{copy.name}: }}}}\n")
    runs.append(runner.run("9. the same on an empty server", [copy], inventory))
    print(f"\nThen alice is denied on {copy.name} by hand, and eve appears there.")
    copy.control("user", {"name": "alice", "deny": True})
    copy.control("user", {"name": "eve"})
    dest = CACHE / "reports/demo"
    drift = runner.run(
        "10. found the next night",
        [copy],
        inventory,
        "-e",
        f"vpn_estate_drift_dest={dest}",
        playbook="drift",
        fails=True,
    )
    print(f"\n{(dest / 'report.md').read_text()}\nThe same as a page: {dest / 'report.html'}", flush=True)
    return [*runs, drift]


def all_but(kept: str) -> t.Callable[[str, list[str]], list[str]]:
    """What shutil.copytree leaves out."""
    return lambda _folder, names: [name for name in names if name != kept]


def show_sites(runner: Runner, sites: t.Sequence[Site], copy: Site, network: Network) -> list[str]:
    """The runs for sites and box, their summary, and a tunnel; the answer is what should not have happened."""
    changed_inventory = runner.folder / "inventory"
    change = (DEMO / "change.patch").read_text()
    runs = [
        runner.run("1. from nothing", sites, DEMO / "inventory"),
        runner.run("2. the same again", sites, DEMO / "inventory"),
    ]
    print(f"\nThen somebody changes the declaration:\n\n{change}", flush=True)
    shutil.copytree(DEMO / "inventory", changed_inventory)
    patched(change, changed_inventory)
    sites[1].control("connect", {"user": "frank"})  # the other server has a real VPN, and no made-up clients
    for site in sites[: len(SITES)]:
        site.control("profile", {"user": "frank", "profile_type": "userlogin"})
    sites[-1].control("connect", {"user": "frank", "server": "openvpn_routed"})
    runs += [
        runner.run("3. changed declaration, check mode", sites, changed_inventory, "--check", "--diff"),
        runner.run("4. changed declaration", sites, changed_inventory, "--diff"),
        runner.run("5. profiles for machines", sites, changed_inventory, playbook="distribute_profiles"),
        runner.run("6. the same again", sites, changed_inventory, playbook="distribute_profiles"),
    ]
    runs += exported(runner, sites[0], copy)
    _first, again, check, applied, issued, kept, export, same, _copied, drift = runs
    heads = ("changed", "unchanged", "requests", "writes", "seconds")
    print(f"\n{'all three together':<34}" + "".join(f"{head:>11}" for head in heads))
    for run in runs:
        print(run.row())
    print("(objects changed and unchanged; requests that the servers saw, and those of them that wrote)\n")
    profiles = {path.stem: path for path in sorted(runner.folder.glob("branch-*.conf"))}
    problem = network.show(profiles, lambda: [one["username"] for one in sites[0].control("state")["vpn_clients"]])
    return [
        sentence
        for sentence, wrong in (
            (problem, problem),
            ("The second run changed something.", again.changes or again.writes),
            ("Check mode wrote something.", check.writes),
            ("The changed declaration changed nothing.", not applied.changes),
            ("Check mode announced something else than the next run did.", check.diff != applied.diff),
            ("No profile was issued.", issued.writes != len(profiles) or not profiles),
            ("The second distribution changed something.", kept.changes or kept.writes),
            ("The export wrote to the server.", export.writes),
            ("Comparing wrote to a server.", drift.writes),
            ("What was exported is not what is there.", same.changes or same.writes),
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
        cluster = Cluster(folder, running)
        sites = [Site(name, running, *options.get(name, ())) for name in SITES]
        sites.append(Site(BOX, running, kind="freebox"))
        copy = Site(COPY, running)
        for site in (*sites, copy):
            site.await_ready()
        runner = Runner(folder)
        declared = "".join(path.read_text() for path in [*DEMO.glob("inventory/**/*.yml"), DEMO / "change.patch"])
        runner.fill_vault(vault(folder, declared, [*sites, copy], cluster))
        problems = show_sites(runner, sites, copy, network) + cluster.show(runner)
        print("\n".join(problems) or "Second runs changed nothing, and check mode announced what the next run did.")
        return 1 if problems else 0
    print("Stopped.", file=sys.stderr)
    return 130


if __name__ == "__main__":
    sys.exit(main())
