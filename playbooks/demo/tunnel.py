# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last step of the demo: real OpenVPN clients connect with the profiles that the playbook has put in their places."""

from __future__ import annotations

import contextlib
import sys
import typing as t
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from simulator import namespaces

GATEWAY = "172.27.224.1"  # the server's own address in the tunnel


class Network:
    """Where the VPN server and its clients are: namespaces joined by a cable where those can be had."""

    def __init__(self, running: contextlib.ExitStack) -> None:
        self.lacking = namespaces.available()
        self._cable = None if self.lacking else running.enter_context(namespaces.Namespaces())
        self._running = running

    @property
    def server_options(self) -> list[str]:
        """Options of the simulated server that is to have a VPN."""
        if self._cable:
            where = ("--data-plane-address", self._cable.server_address)
            return ["--data-plane", *where, "--data-plane-namespace", self._cable.server]
        return ["--data-plane", "--data-plane-handshake"] if namespaces.program("openvpn") else []

    def show(self, profiles: t.Mapping[str, Path], connected: t.Callable[[], list[str]]) -> str:
        """Connect with these files, by machine, and print what came of it; the answer is what went wrong, if anything."""
        if self._cable:
            return self._show_tunnel(self._cable, profiles, connected)
        print(f"There is no tunnel to be had here: {self.lacking}.")
        if not self.server_options:
            print("Without openvpn there is no TLS handshake to show either; on Debian, root gets it by make demo.")
            return ""
        return self._show_handshake(*next(iter(profiles.items())))

    def _show_tunnel(
        self, cable: namespaces.Namespaces, profiles: t.Mapping[str, Path], connected: t.Callable[[], list[str]]
    ) -> str:
        for name, profile in profiles.items():
            failure = cable.start_file(profile).failure()
            if failure:
                return f"{name} did not connect: {failure}"
        if not cable.ping(GATEWAY):
            return f"{GATEWAY} does not answer through the tunnel."
        names = sorted(connected())
        print(
            f"Through the tunnel, {GATEWAY} answers a ping; the server says that these are connected: {', '.join(names)}."
        )
        return "" if names == sorted(profiles) else f"Connected should be {', '.join(sorted(profiles))}."

    def _show_handshake(self, name: str, profile: Path) -> str:
        log = profile.with_suffix(".log")
        client = namespaces.running_client([], profile, log, "--dev", "null", "--dev-type", "null")
        self._running.callback(client.stop)
        if not client.seen(namespaces.AGREED):
            return f"{name} and the server did not agree on keys: {client.log[-500:]}"
        line = next(line for line in client.log.splitlines() if namespaces.AGREED in line)
        print(
            f"Instead, {name} and the server have agreed on keys in a TLS handshake: {line.partition(' ')[2].strip()}"
        )
        return ""
