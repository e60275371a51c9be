# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the simulated Access Server."""

from __future__ import annotations

import argparse

from ..clock import Clock
from ..openvpn_daemon import Endpoint
from ..readings import add_reading_option
from .dialect import DIALECTS
from .readings import READINGS
from .server import AccessServerSimulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this kind of server."""
    parser.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0], help="whose answers to give")
    add_reading_option(parser, READINGS)
    parser.add_argument("--data", metavar="FILE", help="keep everything in this SQLite database")
    parser.add_argument("--latency", metavar="MS", type=float, default=0.0, help="delay of each API request")
    parser.add_argument("--users", metavar="N", type=int, default=0, help="ordinary users to start with")
    parser.add_argument("--groups", metavar="N", type=int, default=0, help="groups to start with")
    parser.add_argument("--username", default="openvpn", help="name of the administrator")
    parser.add_argument("--password", help="password of the administrator; a random one if not given")
    parser.add_argument("--node-name", metavar="NAME", help="name of the host; its certificate is its own")
    parser.add_argument("--version", default="", help="version of the server instead of that of the dialect")
    parser.add_argument("--clock-offset", metavar="SECONDS", type=float, default=0.0, help="how fast the clock is")
    parser.add_argument("--data-plane", action="store_true", help="run an OpenVPN daemon for real clients")
    parser.add_argument("--data-plane-address", metavar="IP", default="127.0.0.1", help="where the daemon listens")
    parser.add_argument("--data-plane-port", metavar="N", type=int, default=0, help="0 is any free port")
    parser.add_argument("--data-plane-protocol", choices=("udp", "tcp"), default="udp")
    parser.add_argument("--data-plane-namespace", metavar="NAME", help="network namespace of the daemon")
    parser.add_argument("--data-plane-handshake", action="store_true", help="only agree on keys, which needs no root")


def simulator(options: argparse.Namespace) -> AccessServerSimulator:
    """The server that the options describe, not started."""
    clock = Clock()
    clock.advance(options.clock_offset)
    return AccessServerSimulator(
        dialect=options.dialect,
        readings=dict(options.reading),
        clock=clock,
        settings={"latency": options.latency / 1000, "version": options.version},
        host=options.host,
        port=options.port,
        data=options.data,
        username=options.username,
        password=options.password,
        users=options.users,
        groups=options.groups,
        keep_bodies=False,
        node_name=options.node_name,
        data_plane=_endpoint(options) if options.data_plane else None,
    )


def _endpoint(options: argparse.Namespace) -> Endpoint:
    return Endpoint(
        options.data_plane_address,
        options.data_plane_port,
        options.data_plane_protocol,
        options.data_plane_namespace,
        tunnel=not options.data_plane_handshake,
    )
