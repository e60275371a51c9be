# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated Access Servers as processes of their own, to make a cluster of: python nodes.py NAME... Serves until ended.

Prints one JSON line when all are ready: {"nodes": {NAME: ready line of serve.py}, "mysql_uri": null or an address}.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib
import json
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import Self

_SERVE = Path(__file__).with_name("serve.py")
_END_SECONDS = 10


class Node:
    """One server. What it keeps is in `folder`, so that it is the same one when it is started again."""

    def __init__(self, name: str, folder: Path, options: Iterable[str] = (), host: str = "127.0.0.1") -> None:
        self.name = name
        self._command = [
            *(sys.executable, str(_SERVE), "access-server", "--host", host, "--node-name", name),
            *("--data", str(folder / f"{name}.sqlite"), *options),
        ]
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.ready: dict[str, str] = {}
        """How to reach it: url, ca_path, fingerprint_sha256, username, password and so on."""

    def start(self) -> Self:
        """Start it, on the port that it had if it ran before."""
        self._process = subprocess.Popen(  # noqa: S603 - the project's own program
            [*self._command, "--port", str(self._port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start")
        self.ready = json.loads(line)
        self._port = urlsplit(self.url).port or 0
        return self

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(by)
        try:
            self._process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._process = None

    @property
    def pid(self) -> int:
        """Number of its process while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def description(self) -> dict[str, str]:
        """The node as cluster/create and cluster/join want it, but for the database."""
        pinned = self.ready["fingerprint_sha256"]
        return {"name": self.name, "api_endpoint": self.url, "certificate_fingerprint": pinned}

    def control(self, operation: str, body: Any = None) -> Any:
        """Ask below /_simulator/: without a body what there is, such as `state`; with one, change for instance `settings`."""
        address = urlsplit(self.url)
        context = ssl.create_default_context(cafile=self.ready["ca_path"])
        connection = http.client.HTTPSConnection(
            str(address.hostname), address.port, timeout=_END_SECONDS, context=context
        )
        with contextlib.closing(connection):
            text = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", f"/_simulator/{operation}", text)
            answer = connection.getresponse()
            found = json.loads(answer.read() or "null")
        if answer.status != 200:
            raise ValueError(f"{self.name}: {found}")
        return found


class Nodes:
    """Lone servers of these names, as a context manager; `options` are those of serve.py, for each of them."""

    def __init__(self, names: Iterable[str], *options: str, host: str = "127.0.0.1") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vpn-estate-nodes-")
        self._options, self._host = options, host
        self.nodes: dict[str, Node] = {}
        for name in names:
            self._make(name, ())

    def _make(self, name: str, options: Iterable[str]) -> Node:
        all_options = (*self._options, *options)
        self.nodes[name] = Node(name, Path(self._folder.name), all_options, self._host)
        return self.nodes[name]

    def add(self, name: str, *options: str) -> Node:
        """One more, started."""
        return self._make(name, options).start()

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __enter__(self) -> Self:
        try:
            for node in self.nodes.values():
                node.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        for node in self.nodes.values():
            node.stop()
        self._folder.cleanup()


def main() -> int:
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    databases = importlib.import_module("simulator.database")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="+", help="name of a node")
    parser.add_argument("--database", action="store_true", help="start an empty MariaDB for them as well")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    arguments, options = parser.parse_known_args()
    reason = databases.available() if arguments.database else None
    if reason:
        parser.exit(1, f"{parser.prog}: {reason}\n")
    stop = {signal.SIGTERM, signal.SIGINT}
    with contextlib.ExitStack() as opened:
        database = opened.enter_context(databases.Database()) if arguments.database else None
        nodes = opened.enter_context(Nodes(arguments.names, *options, host=arguments.host))
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        ready = {name: node.ready for name, node in nodes.nodes.items()}
        print(json.dumps({"nodes": ready, "mysql_uri": database and database.uri}), flush=True)
        signal.sigwait(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
