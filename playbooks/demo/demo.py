# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the collection at work on simulated servers: a declared estate, client profiles, an export, and a cluster."""

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
from runs import CACHE, DEMO, ROOT, Runner, Stopped, show
from tunnel import Network

SITES = ("site-a", "site-b")
BOX = "home"
COPY = "site-c"  # an empty server that becomes a copy of another one
INTRODUCTION = """\
vpn.estate brings VPN servers to the state that files declare. This demo takes about three minutes, on simulated servers:
site-a and site-b are OpenVPN Access Servers, and home is a Freebox. Commands are shown without passwords and temporary
paths; their whole output is in .cache/demo/. A run may wait 30 seconds for a new one-time code, which site-b asks for."""
END = """
Second runs changed nothing, and check mode announced exactly what the next run did.

Next:
   make serve                               starts simulated servers on which you try commands yourself
   playbooks/demo/inventory                 is the declaration of this demo, laid out like a repository of your own
   .cache/demo/03-site.log                  has the whole preview of step 2, as Ansible shows it
   docs/docsite/rst/guide_first_hour.rst    takes you to a first server of your own"""


class Site:
    """A simulated server, and how to reach it."""

    def __init__(self, name: str, running: contextlib.ExitStack, *options: str, kind: str = "access-server") -> None:
        self.name = name
        program = [sys.executable, str(ROOT / "tests/simulator/serve.py"), kind, "--port", "0", *options]
        self._process = running.enter_context(subprocess.Popen(program, stdout=subprocess.PIPE, text=True))  # noqa: S603
        running.callback(self._process.terminate)

    def await_ready(self) -> None:
        """Wait for the line that describes how to reach the server."""
        line = t.cast("t.IO[str]", self._process.stdout).readline()
        if not line:
            raise SystemExit(f"The simulator of {self.name} did not start.")
        self.ready: dict[str, str] = json.loads(line)
        self._tls = ssl.create_default_context(cafile=self.ready["ca_path"])

    def credentials(self, second_factor: bool) -> dict[str, str]:
        """The variables with which the inventory reaches the server."""
        where = {key: self.ready[key] for key in ("url", "ca_path")}
        if self.ready["kind"] == "freebox":
            return {**where, **{key: self.ready[key] for key in ("app_id", "app_token")}}
        if not second_factor:
            return {**where, "username": self.ready["username"], "password": self.ready["password"]}
        who = {key: self.ready[f"mfa_{key}"] for key in ("username", "password", "totp_secret")}
        return {**where, **who}

    def control(self, operation: str, body: t.Any = None) -> t.Any:
        """Send a request to the simulator itself: GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.ready['url']}/_simulator/{operation}", data)  # noqa: S310
        with urllib.request.urlopen(request, context=self._tls) as answer:  # noqa: S310
            return json.load(answer)


def vault(folder: Path, declared: str, sites: t.Sequence[Site], cluster: Cluster) -> dict[str, t.Any]:
    """The secrets of the inventories, with a password for each user whose declaration refers to one."""
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
    """Apply a unified diff to the files of a folder; each hunk has to fit exactly one place."""
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


def show_sites(runner: Runner, sites: t.Sequence[Site], network: Network) -> list[str]:
    """Declare, change the declaration, and distribute client profiles; return the problems."""
    *servers, box = sites
    print(
        "\n1. The empty servers get the groups, users and access rules of playbooks/demo/inventory. A second run changes nothing."
    )
    first = runner.run(sites, DEMO / "inventory")
    show(*first.changed_objects())
    again = runner.run(sites, DEMO / "inventory")

    inventory = runner.folder / "inventory"
    change = (DEMO / "change.patch").read_text()
    print(f"\n2. {change.splitlines()[0]}: playbooks/demo/change.patch. Preview the change, then make it.")
    shutil.copytree(DEMO / "inventory", inventory)
    patched(change, inventory)
    servers[1].control("connect", {"user": "frank"})  # the other server has a real VPN, without simulated clients
    for site in servers:
        site.control("profile", {"user": "frank", "profile_type": "userlogin"})
    box.control("connect", {"user": "frank", "server": "openvpn_routed"})
    check = runner.run(sites, inventory, "--check", "--diff")
    show(*check.changed_objects())
    applied = runner.run(sites, inventory, "--diff")

    print("\n3. Two machines get client profiles, and connect with them.")
    issued = runner.run(sites, inventory, playbook="distribute_profiles")
    show(*issued.messages("Show why a new profile is needed"))
    kept = runner.run(sites, inventory, playbook="distribute_profiles")
    profiles = {path.stem: path for path in sorted(runner.folder.glob("branch-*.conf"))}
    problem = network.show(profiles, lambda: [one["username"] for one in sites[0].control("state")["vpn_clients"]])
    return [
        sentence
        for sentence, wrong in (
            ("The first run changed nothing.", not first.changes),
            ("The second run changed something.", again.changes or again.writes),
            ("Check mode wrote something.", check.writes),
            ("The changed declaration changed nothing.", not applied.changes),
            ("Check mode announced something else than the next run did.", check.diff != applied.diff),
            ("No profile was issued.", issued.writes != len(profiles) or not profiles),
            ("The second distribution changed something.", kept.changes or kept.writes),
            (problem, problem),
        )
        if wrong
    ]


def show_export(runner: Runner, site: Site, copy: Site) -> list[str]:
    """Export a server, copy it to an empty one, and find a change that was made by hand; return the problems."""
    inventory = runner.folder / "exported"
    shutil.copytree(
        DEMO / "inventory/group_vars/access_servers",
        inventory / "group_vars/access_servers",
        ignore=all_but("connection.yml"),
    )
    hosts = inventory / "hosts.yml"
    hosts.write_text(f"access_servers: {{hosts: {{{site.name}: }}}}\n")
    print(
        f"\n4. {site.name} is exported to files. They describe it exactly, and make the empty server {copy.name} a copy of it."
    )
    export = runner.run([site], inventory, playbook="export")
    same = runner.run([site], inventory)
    shutil.copytree(inventory / "host_vars" / site.name, inventory / "host_vars" / copy.name)
    hosts.write_text(f"access_servers: {{hosts: {{{copy.name}: }}}}\n")
    copied = runner.run([copy], inventory)
    show(*copied.changed_objects())

    print(
        f"\n5. On {copy.name}, an administrator denies alice and creates eve by hand. The comparison at night finds it, and fails."
    )
    copy.control("user", {"name": "alice", "deny": True})
    copy.control("user", {"name": "eve"})
    dest = CACHE / "reports/demo"
    drift = runner.run([copy], inventory, "-e", f"vpn_estate_drift_dest={dest}", playbook="drift", fails=True)
    found = json.loads((dest / "report.json").read_text())["servers"][0]["parts"]
    objects = [one["name"] for part in found for one in part["undeclared"]]
    options = [
        f"{name} of {one['name']}" for part in found for one in part["undeclared_options"] for name in one["options"]
    ]
    show(
        f"On {copy.name} and not declared: {', '.join([*objects, *options])}. As a page: {dest.relative_to(ROOT)}/report.html"
    )
    return [
        sentence
        for sentence, wrong in (
            ("The export wrote to the server.", export.writes),
            ("The exported files differ from the server.", same.changes or same.writes),
            ("The empty server did not change.", not copied.changes),
            ("The comparison wrote to a server.", drift.writes),
            ("The comparison did not find the changes by hand.", (objects, options) != (["eve"], ["deny of alice"])),
        )
        if wrong
    ]


def all_but(kept: str) -> t.Callable[[str, list[str]], list[str]]:
    """The names that shutil.copytree ignores."""
    return lambda _folder, names: [name for name in names if name != kept]


def stop(_number: int, _frame: object) -> t.NoReturn:
    raise Stopped


def main() -> int:
    """Run the demo; 1 if a check of it failed."""
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
        problems = show_sites(runner, sites, network) + show_export(runner, sites[0], copy)
        print(
            "\n6. Three more servers and a MariaDB database become a cluster. Then its nodes restart, one after the other."
        )
        problems += cluster.show(runner)
        print("\nFailed checks:\n" + "\n".join(problems) if problems else END)
        return 1 if problems else 0
    print("\nStopped.", file=sys.stderr)
    return 130


if __name__ == "__main__":
    sys.exit(main())
