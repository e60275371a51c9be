# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader who does what a guide shows: writes its files, runs its commands, and compares what they print.

The servers of the guide are simulated. Where the guide names the address of one, the reader uses that of the simulator.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shlex
import sys
import textwrap
import typing as t
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from ansible_collections.vpn.estate.tests.simulator.access_server.control import AccessServerControl
from ansible_collections.vpn.estate.tests.simulator.database import Database
from ansible_collections.vpn.estate.tests.simulator.freebox.applications import RIGHTS
from ansible_collections.vpn.estate.tests.simulator.freebox.control import FreeboxControl
from ansible_collections.vpn.estate.tests.unit.plugins.support.guide import FRAGMENT, Command, Guide, commands
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run

# What each simulated server accepts, so that guides can have it in their files.
PASSWORD = "Example-Password-1"
APP_ID, APP_TOKEN = "vpn.estate", "Example-Token-1"
# What guides show where the reader's own folders are.
HOME, FOLDER = "/home/ada", "/home/ada/vpn"
FINGERPRINT = re.compile(r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}\b|\b[0-9A-Fa-f]{64}\b")


def _access_server(start: t.Callable[..., t.Any], **how: t.Any) -> t.Any:
    return start(Server, dialect="3.2", password=PASSWORD, **how).simulator


def _freebox(start: t.Callable[..., t.Any]) -> t.Any:
    simulator = start(Box).simulator
    simulator.machine.applications.add(APP_ID, APP_TOKEN, set(RIGHTS))
    return simulator


def _new_freebox(start: t.Callable[..., t.Any]) -> t.Any:
    """A person presses its button soon after it has asked."""
    simulator = start(Box).simulator
    press = functools.partial(simulator.press_button, "granted")
    simulator.faults.add(path="/login/authorize/*", method="GET", do="act", nth=2, act=press)
    return simulator


# Kinds of servers that a guide can have. The reader's environment has what Ansible needs to sign in, and trusts the server, unless
# it is a new one: then the guide's own files have that.
KINDS: t.Mapping[str, t.Callable[..., t.Any]] = {
    "Access Server": _access_server,
    "Access Server, new": _access_server,
    "Freebox": _freebox,
    "Freebox, new": _new_freebox,
}
# What comes before the tasks of a fragment, to make a play of them: the options that an inventory can have.
OPTIONS = ("url", "username", "password", "totp_secret", "ca_path", "certificate_fingerprint", "server_name")
PLAY = """\
- name: Run a fragment
  hosts: access_servers
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  module_defaults:
    group/vpn.estate.access_server: {"""
PLAY += ", ".join(f'as_{name}: "{{{{ as_{name} | default(omit) }}}}"' for name in OPTIONS)
PLAY += "}\n  tasks:\n"
DATABASE = "MariaDB"  # a kind that is real, for nodes of a cluster


class Reader:
    """Follows one guide in a folder."""

    def __init__(self, guide: Guide, path: Path, start: t.Callable[..., t.Any]) -> None:
        self._guide = guide
        self._runs = Folder(path)
        self._runs.hurry()
        self.folder, self._home = path / "vpn", Path(self._runs.environment["HOME"])
        self.folder.mkdir()
        kinds = {name: kind for name, kind in guide.servers.items() if kind != DATABASE}
        self.servers = {name: KINDS[kind](start) for name, kind in kinds.items()}
        self._databases = {name: Database() for name in guide.servers.keys() - kinds.keys()}
        self._runs.environment |= {
            "ANSIBLE_PIPELINING": "1",  # beside an ansible.cfg of the guide, too
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "NO_COLOR": "1",
            "PATH": os.pathsep.join([str(self._programs(path)), os.environ["PATH"]]),
            "TZ": "UTC",
        }
        for name, kind in kinds.items():
            self._runs.environment |= self._signing_in(kind, str(self.servers[name].ca_path))

    @staticmethod
    def _signing_in(kind: str, ca_path: str) -> dict[str, str]:
        if kind == "Access Server":
            given = {"as_username": "openvpn", "as_password": PASSWORD, "as_ca_path": ca_path}
        elif kind == "Freebox":
            given = {"freebox_app_id": APP_ID, "freebox_app_token": APP_TOKEN, "freebox_ca_path": ca_path}
        else:  # the authority of Freeboxes comes with the collection
            given = {"freebox_ca_path": ca_path} if kind == "Freebox, new" else {}
        return {f"VPN_ESTATE_{option.upper()}": value for option, value in given.items()}

    @staticmethod
    def _programs(path: Path) -> Path:
        """This Python, and Ansible's commands for it, wherever it has them."""
        folder = path / "bin"
        folder.mkdir()
        names = ("config", "doc", "galaxy", "inventory", "playbook", "vault")
        modules = {"ansible": "adhoc", **{f"ansible-{name}": name for name in names}}
        for name, arguments in {
            "python3": "",
            **{name: f"-m ansible.cli.{one}" for name, one in modules.items()},
        }.items():
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n')
            program.chmod(0o755)
        return folder

    def faults(self) -> Iterator[str]:
        """Where the guide and what happens differ. A command that ends otherwise than the guide shows is the last."""
        with contextlib.ExitStack() as running:
            for database in self._databases.values():
                running.enter_context(database)
            yield from self._faults()

    def _faults(self) -> Iterator[str]:
        for block in self._guide.blocks:
            if block.is_file:
                self._write(block.caption.replace("~", str(self._home)), block.text)
            elif block.is_fragment:
                tasks = block.text.startswith("- ")
                self._write(FRAGMENT, PLAY + textwrap.indent(block.text, "    ") if tasks else block.text)
            elif block.language == "simulator":
                self._control(*block.caption.split(), json.loads(block.text))
            elif block.is_console:
                for command in commands(block):
                    run = self._run(command)
                    if bool(run.status) is not command.fails:
                        ending = f"ends with the status {run.status}:\n{command.text}\n{run.output}"
                        yield self._guide.at(command.line, ending)
                        return
                    yield from (self._guide.at(command.line, fault) for fault in missing(command.output, run.output))

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.real(text))

    def _control(self, server: str, operation: str, body: t.Any) -> None:
        """Change a server as a person would by hand."""
        control = FreeboxControl if self._guide.servers[server].startswith("Freebox") else AccessServerControl
        answer = control(self.servers[server].machine).answer("POST", operation, json.dumps(body).encode())
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"{server} {operation}: {answer.body}")

    def _run(self, command: Command) -> Run:
        run = self._runs.run(["/bin/sh", "-c", self.real(command.text)], cwd=self.folder)
        return run._replace(output=self.shown(run.output))

    def real(self, text: str) -> str:
        """A text of the guide with the addresses and the certificates of the simulators."""
        urls = {name: simulator.url for name, simulator in self.servers.items()}

        def by_host(found: re.Match[str]) -> str:
            """The address of a host whose name is in a template."""
            ending = found["ending"]
            places = {name.removesuffix(ending): url for name, url in urls.items() if name.endswith(ending)}
            return f"{{{{ {places!r}[inventory_hostname] }}}}"

        text = re.sub(r"https://\{\{ inventory_hostname \}\}(?P<ending>[\w.-]*)(?::\d+)?", by_host, text)
        for name, url in urls.items():
            text = re.sub(rf"https://{re.escape(name)}(?::\d+)?(?![\w.-])", url, text)
            text = re.sub(rf"\b{re.escape(name)}:\d+", url.removeprefix("https://"), text)
        for name, database in self._databases.items():
            text = re.sub(rf"\bmysql://[^\s@]+@{re.escape(name)}(?::\d+)?/", database.uri, text)
        for name, simulator in self.servers.items():
            option = "freebox" if self._guide.servers[name].startswith("Freebox") else "as"
            # One certificate is that of all simulators of a kind.
            pin = rf"(?<={option}_certificate_fingerprint: )(\W?)(?:{FINGERPRINT.pattern})"
            text = re.sub(pin, rf"\g<1>{simulator.fingerprint_sha256}", text)
        return text.replace(FOLDER, str(self.folder)).replace(HOME, str(self._home))

    def shown(self, text: str) -> str:
        """What a command printed, with the addresses of the guide."""
        for name, simulator in self.servers.items():
            port = 443 if self._guide.servers[name].startswith("Freebox") else 943
            text = text.replace(simulator.url.removeprefix("https://"), f"{name}:{port}")
        return text.replace(str(self.folder), FOLDER).replace(str(self._home), HOME)


def missing(expected: list[str], printed: str) -> Iterator[str]:
    """The first line that the guide shows, and the command has not printed after those before it."""
    lines = iter([normal(line) for line in printed.splitlines()])
    for line in expected:
        wanted = normal(line)
        if wanted and wanted != "..." and not any(matches(wanted, one) for one in lines):
            yield f"does not print this line, or not in this order:\n{line}\nIt printed:\n{printed}"
            return


def matches(wanted: str, line: str) -> bool:
    """Whether a line shows what is wanted, of which three dots at the end stand for the rest."""
    return wanted in line or (wanted.endswith("...") and wanted[:-3].rstrip() in line)


def normal(line: str) -> str:
    """A line without what depends on the width of a terminal: rows of stars, and spaces in a row; and without a fingerprint."""
    line = FINGERPRINT.sub("FINGERPRINT", line)
    return re.sub(r"(?<=\S) {2,}", " ", re.sub(r"\*{3,}", "***", line)).rstrip()
