# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces joined by a cable, with real OpenVPN clients in one of them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

CONNECTED = "Initialization Sequence Completed"
AGREED = "Peer Connection Initiated with"
_FAILURES = ("AUTH_FAILED", "VERIFY ERROR", "Exiting due to fatal error")
_POLL_SECONDS = 0.02


def program(name: str) -> str | None:
    """Path of a program, which may be one of those that only administrators have in their search path."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin")))


def available() -> str:
    """Why tunnels between namespaces cannot be made here, empty if they can."""
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    missing = [name for name in ("ip", "openvpn", "ping") if program(name) is None]
    return f"there is no program {' or '.join(missing)}" if missing else ""


def with_credentials(profile: str, username: str, password: str) -> str:
    """The profile with a user name and a password in it, so that the client asks no question."""
    without = re.sub(r"^auth-user-pass.*\n", "", profile, flags=re.MULTILINE)
    return f"{without.rstrip()}\n<auth-user-pass>\n{username}\n{password}\n</auth-user-pass>\n"


class Client:
    """An openvpn client that runs; its log is a file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def seen(self, *texts: str, times: int = 1, deadline: float = 20.0) -> str:
        """The first of the texts that the log has `times` times, empty if the client ends or the deadline passes."""
        ends = time.monotonic() + deadline
        while True:
            ended, log = self._process.poll() is not None, self.log
            found = next((text for text in texts if log.count(text) >= times), "")
            if found or ended or time.monotonic() >= ends:
                return found
            time.sleep(_POLL_SECONDS)

    def failure(self, deadline: float = 20.0) -> str:
        """Empty once the client is connected, otherwise what its log says went wrong."""
        found = self.seen(CONNECTED, *_FAILURES, deadline=deadline)
        return "" if found == CONNECTED else found or f"neither connected nor refused: {self.log[-2000:]}"

    def ended(self, deadline: float = 20.0) -> bool:
        """Whether the client ends by itself before the deadline."""
        try:
            self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        if not self.ended():
            self._process.kill()
            self._process.wait()


class Namespaces:
    """Namespaces `server` and `client`; use it as a context manager, which removes all that was made."""

    server_address = "192.0.2.1"
    client_address = "192.0.2.2"

    def __init__(self) -> None:
        unique = f"estate-{os.getpid()}-{secrets.token_hex(3)}"
        self.server, self.client = f"{unique}-server", f"{unique}-client"
        self._undo = ExitStack()
        self._folder = Path()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="vpn-estate-clients-")))
            for name in (self.server, self.client):
                _ip("netns", "add", name)
                undo.callback(_ip, "netns", "delete", name)
            _ip("link", "add", "cable0", "netns", self.server, "type", "veth", "peer", "cable1", "netns", self.client)
            for name, link, address in (
                (self.server, "cable0", self.server_address),
                (self.client, "cable1", self.client_address),
            ):
                _ip("-n", name, "address", "add", f"{address}/24", "dev", link)
                for device in (link, "lo"):
                    _ip("-n", name, "link", "set", device, "up")
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def start(self, profile: str) -> Client:
        """A client with that profile, just started; it is stopped at the end, if not before."""
        draft = self._folder / secrets.token_hex(8)
        client = started_client(within(self.client), profile, draft)
        self._undo.callback(client.stop)
        return client

    def start_file(self, config: Path) -> Client:
        """A client with the profile of a file, as a service of the host would start it."""
        client = running_client(within(self.client), config, self._folder / f"{secrets.token_hex(8)}.log")
        self._undo.callback(client.stop)
        return client

    def ping(self, address: str) -> bool:
        """Whether the address answers in the client's namespace."""
        command = [*within(self.client), "ping", "-q", "-c", "1", "-W", "5", address]
        return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0  # noqa: S603


def started_client(wrapper: list[str], profile: str, draft: Path) -> Client:
    """An openvpn client; `draft` with a suffix is where its profile and its log are written."""
    config = draft.with_suffix(".ovpn")
    config.touch(mode=0o600)
    config.write_text(profile, encoding="utf-8")
    return running_client(wrapper, config, draft.with_suffix(".log"))


def running_client(wrapper: list[str], config: Path, log: Path, *options: str) -> Client:
    """An openvpn client with the profile of a file."""
    log.touch(mode=0o600)
    command = [*wrapper, program("openvpn") or "openvpn", "--config", str(config), "--log-append", str(log), *options]
    return Client(subprocess.Popen(command, stdin=subprocess.DEVNULL), log)  # noqa: S603 - a program found on the path


def within(namespace: str) -> list[str]:
    """What comes before a command that shall run in the namespace."""
    return [program("ip") or "ip", "netns", "exec", namespace]


def _ip(*arguments: str) -> None:
    subprocess.run([program("ip") or "ip", *arguments], check=True)  # noqa: S603 - a program found on the path
