# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tunnels of the demo: real OpenVPN clients connect with the profiles that the playbook delivered."""

from __future__ import annotations

import contextlib
import sys
import typing as t
from pathlib import Path

from runs import show

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from simulator import namespaces

GATEWAY = "172.27.224.1"  # the server's own address in the tunnel


class Network:
    """The network of the VPN server and its clients: namespaces joined by a cable, if this machine can have them."""

    def __init__(self, running: contextlib.ExitStack) -> None:
        self.lacking = namespaces.available()
        self._cable = None if self.lacking else running.enter_context(namespaces.Namespaces())
        self._running = running

    @property
    def server_options(self) -> list[str]:
        """Options of the simulated server that has a VPN."""
        if self._cable:
            where = ("--data-plane-address", self._cable.server_address)
            return ["--data-plane", *where, "--data-plane-namespace", self._cable.server]
        return ["--data-plane", "--data-plane-handshake"] if namespaces.program("openvpn") else []

    def show(self, profiles: t.Mapping[str, Path], connected: t.Callable[[], list[str]]) -> str:
        """Connect with these files, by machine, and print the result; return the problem, if there is one."""
        if self._cable:
            return self._show_tunnel(self._cable, profiles, connected)
        show(f"This machine cannot show a tunnel: {self.lacking}.")
        if not self.server_options:
            show("It has no openvpn for a TLS handshake either. On Debian, make demo installs it if root runs it.")
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
        show(f"Connected with real OpenVPN clients: {', '.join(names)}. {GATEWAY} answers a ping in the tunnel.")
        return "" if names == sorted(profiles) else f"Connected should be {', '.join(sorted(profiles))}."

    def _show_handshake(self, name: str, profile: Path) -> str:
        log = profile.with_suffix(".log")
        client = namespaces.running_client([], profile, log, "--dev", "null", "--dev-type", "null")
        self._running.callback(client.stop)
        if not client.seen(namespaces.AGREED):
            return f"{name} and the server did not agree on keys: {client.log[-500:]}"
        line = next(line for line in client.log.splitlines() if namespaces.AGREED in line)
        show(f"Instead, {name} and the server agreed on keys: {line.partition(' ')[2].strip()}")
        return ""
