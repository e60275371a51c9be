# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says about itself: version, services, interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..clock import iso_microseconds
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked
from .vpn import DAEMONS

if TYPE_CHECKING:
    from .machine import Machine

_SERVICES = (
    "api", "auth", "daemon_pre", "bridge", "db_push", "web", "acme", "extip.polling_service", "nftables_openvpn",
    "nf6tables_openvpn", "log", "client_query", "nftables_api", "nftables_web", "nf6tables_live", "nftables_live",
    "user", "crl", "subscription", "dnsproxy",
)  # fmt: skip
_EULA_HASH = "d40786b35ba7ab34b942eee806feaf755edc1065c16daf9dca9221134527de35"
_NO_POLLING = {
    "severity": "ok",
    "message": "External IP polling service disabled per configuration",
    "description": "will not poll for external IP addresses' info. Neither extip.polling_service.enable nor"
    " access_server_link.enable have been set to true.",
    "tag": "EXTIP_POLLING_DISABLED",
}
_NO_OFFLOAD = {
    "severity": "warning",
    "message": "OpenVPN data-channel offloading was requested but failed to activate",
    "description": "OpenVPN data-channel offloading was requested but failed to activate. This typically happens if"
    " there is a configuration option that is incompatible with DCO or if the DCO kernel module could not be loaded.",
    "tag": "DCO_NOT_ACTIVE",
}
_FAILED = {
    "severity": "error",
    "message": "service failed to start",
    "description": "",
    "tag": "SERVICE_START_FAILED",
}
_INTERFACES: dict[str, list[dict[str, Any]]] = {
    "lo": [
        {"ipv6": False, "netip": "127.0.0.1", "prefix_length": 8},
        {"ipv6": True, "netip": "::1", "prefix_length": 128},
    ],
    "eth0": [
        {"ipv6": False, "netip": "172.21.0.2", "prefix_length": 16},
        {"ipv6": True, "netip": "fe80::42:acff:fe15:2", "prefix_length": 64},
    ],
}


class Status(Part):
    """The operations of the tag info, and server/status."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _info(self, node: str | None) -> dict[str, Any]:
        dialect = self._machine.dialect
        return dialect.server_info(
            {
                "version": self._machine.version,
                "build": dialect.build,
                "web_version": "69ba2c40",
                "web_override": False,
                "client_version": 35,
                "os_distribution": "Ubuntu 24.04.4 LTS",
                "architecture": "aarch64",
                "cores": 10,
                "system_cores": 10,
                "os_hostname": node or self._machine.node,
            }
        )

    _DCO = {"available": False, "version": "Kernel module not loaded"}
    _EULA = {"eula_version_as": 6, "eula_web_hash": _EULA_HASH, "eula_accepted": False}

    @operation("GET", "/server/info", "get__server_info")
    def info(self, call: Call) -> Answer:
        return Answer(200, self._info(call.node))

    @operation("GET", "/vpn/dco-module", "get__vpn_dco-module")
    def dco(self, call: Call) -> Answer:
        return Answer(200, self._DCO)

    @operation("GET", "/eula", "get__eula")
    def eula(self, call: Call) -> Answer:
        text = "Terms of a simulated server: do with it what you like."
        return Answer(200, {**self._EULA, "eula": text, "eula_web": f"<p>{text}</p>"})

    @operation("GET", "/server/config", "get_server_config", "user")
    def settings(self, call: Call) -> Answer:
        return Answer(
            200,
            {
                "control_channel_security": "tls-crypt-v2",
                "installers": ["win_v3", "mac_v3"],
                "hide_profiles_page": False,
                "password_min_len": 8,
                "disable_open_in_app": False,
                "admin_port": int(self._machine.configuration.in_force("admin_ui.https.port")),
                "shared_origin": False,
            },
        )

    @operation("GET", "/ui/config", "getCWSconfig", "open")
    def page(self, call: Call) -> Answer:
        methods = ["userandpassword", "userandpasswordwithmfa"]
        return Answer(
            200, {"header_image": None, "hide_footer": None, "enabled_auth_methods": methods, "login_text": None}
        )

    @operation("GET", "/support/report", "get__support_report")
    def report(self, call: Call) -> Answer:
        """With a secret, which no document rules out."""
        machine = self._machine
        lines = [
            f"Access Server {machine.version}",
            f"node {call.node or machine.node}",
            "radius secret REPORTED-SECRET-7",
        ]
        return Answer(200, "\n".join(lines) + "\n", headers={"Content-Type": "text/plain"})

    @operation("POST", "/helper/status-overview", "post__helper_status-overview")
    def overview(self, call: Call) -> Answer:
        asked = checked(call.body or {}, {"names": [str]})
        configuration = self._machine.configuration
        items = configuration.items(configuration.active, asked.get("names", []))
        return Answer(
            200,
            {
                "eula_status": self._EULA,
                "server_info": self._info(call.node),
                "dco_module": self._DCO,
                "configuration_items": {"total": len(items), "items": items},
            },
        )

    @operation("GET", "/server/interfaces", "serverInterfaces", query=("no_loopback",))
    def interfaces(self, call: Call) -> Answer:
        asked = call.query.get("no_loopback", "false")
        checked({"no_loopback": asked.lower()}, {"no_loopback": OneOf("true", "false")})
        shown = [name for name in _INTERFACES if name != "lo" or asked.lower() == "false"]
        return Answer(200, [{"name": name, "networks": _INTERFACES[name]} for name in shown])

    @operation("GET", "/server/status", "serverStatus")
    def status(self, call: Call) -> Answer:
        machine = self._machine
        show = machine.dialect.service_status
        services = {
            name: show("on", [_NO_POLLING] if name == "extip.polling_service" else []) for name in _SERVICES
        } | {name: show("on", [_started(address), _NO_OFFLOAD]) for name, address in DAEMONS.items()}
        if machine.configuration.ails("service"):
            services["web"] = show("error", [_FAILED])
        if machine.configuration.ails("severity"):
            services["web"] = show("on", [_FAILED])
        services |= {name: show("disabled", []) for name in machine.settings.services_off.split(",") if name}
        modules = dict.fromkeys(("ldap", "radius", "saml", "pas_only"), "disabled") | {
            "pam": "enabled",
            "local": "enabled",
        }
        modules[machine.configuration.in_force("auth.module.type")] = "enabled"
        body = {
            "last_restarted": iso_microseconds(machine.cluster.last_restarted(call.node)),
            "service_status": services,
            "auth_module_status": modules,
        }
        return Answer(200, body)


def _started(address: str) -> dict[str, Any]:
    return {
        "severity": "ok",
        "message": f"process started successfully on {address}",
        "description": "",
        "tag": "OPENVPN_SERVICE_PROCESS_SUCCESS",
    }
