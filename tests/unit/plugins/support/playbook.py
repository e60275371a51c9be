# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of Ansible in a folder of their own, for what only a real run can show."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import typing as t
from collections.abc import Sequence
from pathlib import Path

from ansible.plugins.connection import local

TIME_LIMIT = 600  # seconds of one run, on a busy machine too
# Read by every Python that a run starts: the collection never sleeps for long, however long it means to.
SHORT_SLEEPS = """\
import sys
import time

sleep = time.sleep


def short(seconds):
    caller = sys._getframe(1).f_globals.get("__name__", "")
    sleep(min(seconds, 0.1) if caller.startswith("ansible_collections.vpn.estate.") else seconds)


time.sleep = short
"""


class Run(t.NamedTuple):
    """How a run ended. ``output`` is what it said on both channels."""

    status: int
    output: str

    @property
    def tally(self) -> dict[str, dict[str, int]]:
        """Numbers of the recap by host, as in ``{"one": {"ok": 3, "failed": 0}}``."""
        recap = self.output.partition("PLAY RECAP")[2]
        return {
            host: {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", numbers)}
            for host, numbers in re.findall(r"^(\S+)\s+: (ok=.*)$", recap, re.MULTILINE)
        }


# Ansible would look a thousand times a second whether a task has ended, and start five processes for a module.
CONFIGURATION = """\
[defaults]
internal_poll_interval = 0.01

[connection]
pipelining = true
"""


class Folder:
    """Playbooks and everything that Ansible keeps, below one folder.

    Modules leave no file on their host: ANSIBLE_PIPELINING="0" is for who wants to see it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / "ansible"
        self.environment = {
            "ANSIBLE_ASYNC_DIR": str(path / "async"),
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "ANSIBLE_CONNECTION_PLUGINS": str(self.write("connection/elsewhere.py", _elsewhere()).parent),
            "ANSIBLE_HOME": str(self.home),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TEMP": str(path / "remote"),
            "HOME": str(self.write("home/.ansible.cfg", CONFIGURATION).parent),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
            # Compiled once for all tests: each would otherwise compile Ansible and what it needs.
            "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", str(path.parent / "pycache")),
        }
        if "PYTHONPATH" in os.environ:
            self.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]

    def hurry(self) -> None:
        """Let runs from now on repeat at once what they repeat; how long they wait is tested where the clock is not a real one."""
        path = str(self.write("hurry/sitecustomize.py", SHORT_SLEEPS).parent)
        self.environment["PYTHONPATH"] = os.pathsep.join([path, *filter(None, [self.environment.get("PYTHONPATH")])])

    def write(self, name: str, content: t.Any) -> Path:
        """Make a file; what is not text is written as JSON, which YAML readers read as well."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        return path

    def hosts(self, **variables: dict[str, t.Any]) -> None:
        """The inventory, with the variables of each host."""
        self.write("hosts.json", {"all": {"hosts": variables}})

    def play(self, playbook: t.Any, *arguments: str, **environment: str) -> Run:
        """Run a playbook, given as text or as data."""
        path = self.write("site.yml", playbook)
        command = [sys.executable, "-m", "ansible.cli.playbook", "-i", str(self.path / "hosts.json"), str(path)]
        return self.run([*command, *arguments], **environment)

    def run(self, command: Sequence[str], cwd: Path | None = None, **environment: str) -> Run:
        """Run a command in this folder, or in another one."""
        done = subprocess.run(  # noqa: S603
            command,
            check=False,
            cwd=cwd or self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
        )
        return Run(done.returncode, done.stdout)


def _elsewhere() -> str:
    """The source of a connection that is the local one by another name, as if its host were another machine."""
    source = inspect.getsource(local)
    changed = source.replace("name: local", "name: elsewhere").replace("transport = 'local'", "transport = 'elsewhere'")
    assert changed.count("elsewhere") == 2
    return changed
