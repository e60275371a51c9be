# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the simulated Freebox."""

from __future__ import annotations

import argparse

from ..clock import Clock
from ..openvpn_daemon import Endpoint
from ..readings import add_reading_option
from .api_version import ApiVersion
from .applications import RIGHTS
from .readings import READINGS
from .server import FreeboxSimulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this kind of server."""
    parser.add_argument(
        "--api-version", type=_version, default="16.0", help="announced version of the API, such as 4.0"
    )
    add_reading_option(parser, READINGS)
    parser.add_argument("--latency", metavar="MS", type=float, default=0.0, help="delay of each API request")
    parser.add_argument("--clock-offset", metavar="SECONDS", type=float, default=0.0, help="how fast the clock is")
    parser.add_argument("--start-duration", metavar="SECONDS", type=float, default=0.2, help="of VPN servers")
    parser.add_argument("--stop-duration", metavar="SECONDS", type=float, default=0.2, help="of VPN servers")
    parser.add_argument("--without-settings", action="store_true", help="the app lacks the right `settings`")
    parser.add_argument("--enable", metavar="SERVER", action="append", default=[], help="a VPN server that runs")
    parser.add_argument("--name", metavar="NAME", action="append", default=[], help="one more name in the certificate")
    parser.add_argument(
        "--aki",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="whether the certificate has an authority key identifier, which those of real boxes lack",
    )
    parser.add_argument("--data-plane", action="store_true", help="run an OpenVPN daemon for each server that is on")
    parser.add_argument("--data-plane-address", metavar="IP", default="127.0.0.1", help="where the daemons listen")
    parser.add_argument("--data-plane-namespace", metavar="NAME", help="network namespace of the daemons")
    parser.add_argument("--data-plane-handshake", action="store_true", help="only agree on keys, which needs no root")
    parser.add_argument("--plain-http", action="store_true", help="serve on a second port without TLS as well")


def simulator(options: argparse.Namespace) -> FreeboxSimulator:
    """The server that the options describe, not started."""
    clock = Clock()
    clock.advance(options.clock_offset)
    return FreeboxSimulator(
        api_version=options.api_version,
        readings=dict(options.reading),
        clock=clock,
        settings={
            "latency": options.latency / 1000,
            "start_duration": options.start_duration,
            "stop_duration": options.stop_duration,
        },
        host=options.host,
        port=options.port,
        rights=set(RIGHTS) - ({"settings"} if options.without_settings else set()),
        names=options.name,
        key_identifier=options.aki,
        plain_http=options.plain_http,
        enabled=options.enable,
        keep_bodies=False,
        data_plane=_endpoint(options) if options.data_plane else None,
    )


def _endpoint(options: argparse.Namespace) -> Endpoint:
    return Endpoint(
        options.data_plane_address, namespace=options.data_plane_namespace, tunnel=not options.data_plane_handshake
    )


def _version(text: str) -> str:
    try:
        return ApiVersion(text).text
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
