# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For each resource: objects as a playbook would declare them, every option in use."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import SCRIPTS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Box, Server, Simulated

Declared = dict[str, t.Any]
PASSWORD = "Marker-Password-7!"


# How servers are started that laws are tried on, by a name for each way.
DIALECTS: t.Mapping[str, Declared] = {"document": {"dialect": "document"}, "3.2": {"dialect": "3.2"}}
BOXES: t.Mapping[str, Declared] = {
    "16.0": {},
    "16.0, read otherwise": {
        "readings": {
            "empty_list": "array",
            "partial_objects": "replace",
            "noent_status": "404",
            "change_while_started": "goes_on",
            "ipsec_auth_modes": "map",
        }
    },
}
OLD_BOXES: t.Mapping[str, Declared] = {**BOXES, "4.0": {"api_version": "4.0"}}


@dataclass
class Sample:
    """``first`` is declared on a server that lacks it; ``second`` differs from it in every option."""

    resource: Resource
    first: Declared
    second: Declared
    options: Declared = field(default_factory=dict)
    prepare: t.Callable[[t.Any], None] = lambda server: None
    gone: str = "absent"  # the state that undoes it
    kind: type[Simulated] = Server
    ways: t.Mapping[str, Declared] = field(default_factory=lambda: DIALECTS)

    def __str__(self) -> str:
        return self.resource.noun.replace(" ", "-")

    @property
    def key(self) -> Declared:
        """What says which object is meant."""
        return {name: self.first[name] for name in self.resource.key_spec() if name in self.first}

    @property
    def name(self) -> str:
        """The object as results and diffs call it."""
        return self.resource.identity(self.first)


PROPERTIES: Declared = {
    "deny": False,
    "deny_web": True,
    "admin": False,
    "autologin": True,
    "auth_method": "local",
    "cc_commands": "push 'route 10.1.0.0 255.255.0.0'\n",
    "totp": False,
    "password_strength": False,
    "allow_password_change": False,
    "allow_generate_profiles": False,
    "reroute_gw": "dns_only",
    "bypass_subnets": ["198.51.100.7/25", "2001:db8:5::/48"],
    **{name: f"echo {name}\r\n" for name in SCRIPTS},
    "cli_script_connect_win_env": {"SITE": "north"},
    "cli_script_connect_mac_env": {"SITE": "north", "SHELL": "/bin/sh"},
}
OTHER_PROPERTIES: Declared = {
    "deny": True,
    "deny_web": False,
    "admin": True,
    "autologin": False,
    "auth_method": "ldap",
    "cc_commands": "",
    "totp": True,
    "password_strength": True,
    "allow_password_change": True,
    "allow_generate_profiles": True,
    "reroute_gw": "disable",
    "bypass_subnets": [],
    **dict.fromkeys(SCRIPTS, "exit 0"),
    "cli_script_connect_win_env": {},
    "cli_script_connect_mac_env": {"SITE": "south"},
}


def make_groups(server: t.Any) -> None:
    """Groups that samples refer to."""
    server.manage(GROUP, groups=[{"name": "staff", "subnets": ["10.9.0.0/16"]}, {"name": "ops"}])


def make_owners(server: t.Any) -> None:
    """Groups and a user that samples refer to."""
    make_groups(server)
    server.manage(USER, users=[{"name": "erika"}, {"name": "max"}])


def hurry(box: t.Any) -> None:
    """Servers that start and stop at once."""
    box.simulator.configure(start_duration=0, stop_duration=0)


def keep_us_in(server: t.Any) -> None:
    """Groups, and an administrator who inherits nothing that the sample changes."""
    make_groups(server)
    own = {"deny": False, "deny_web": False, "admin": True, "auth_method": "local", "totp": False}
    server.manage(USER, name=server.simulator.username, allow_self=True, **own)


SAMPLES = [
    Sample(
        USER,
        {
            "name": "Ana María.Núñez@example.com",
            "group": "staff",
            **PROPERTIES,
            "static_ipv4": "10.9.0.7",
            "static_ipv6": "2001:DB8:0:0::7",
            "dmz_ip": [
                {"ip": "192.0.2.9", "protocol": "udp", "start_port": 7000, "end_port": 7111},
                {"ip": "192.0.2.8"},
                {"ip": "192.0.2.9", "protocol": "tcp", "start_port": 80, "end_port": 80},
            ],
            "dmz_ipv6": [{"ip": "2001:db8::9", "protocol": "tcp", "start_port": 443}],
            "client_to_server_subnets": ["10.44.3.9/16", "2001:db8:44::/48"],
            "totp_admin_only": True,
            "password": PASSWORD,
        },
        {
            "name": "Ana María.Núñez@example.com",
            "group": "ops",
            **OTHER_PROPERTIES,
            "static_ipv4": "",
            "static_ipv6": "2001:db8::8",
            "dmz_ip": [{"ip": "192.0.2.10"}],
            "dmz_ipv6": [],
            "client_to_server_subnets": ["10.45.0.0/16"],
            "totp_admin_only": False,
        },
        prepare=make_groups,
    ),
    Sample(
        GROUP,
        {
            "name": "engineering",
            **PROPERTIES,
            "subnets": ["10.8.17.1/20", "10.1.0.0/16", "2001:db8:8::/64"],
            "dynamic_ranges": ["10.8.16.10~20", "10.8.17.1:10.8.17.9", "2001:db8:8::10-2001:db8:8::ff"],
            "members": ["max", "erika"],
        },
        {
            "name": "engineering",
            **OTHER_PROPERTIES,
            "subnets": ["10.2.0.0/16"],
            "dynamic_ranges": [],
            "members": ["erika"],
        },
        prepare=make_owners,
    ),
    Sample(
        DEFAULT_USER,
        {**PROPERTIES, "def_deny": True, "group": "staff"},
        {**OTHER_PROPERTIES, "def_deny": False, "group": ""},
        options={"allow_self": True},
        prepare=keep_us_in,
        gone="",
    ),
    Sample(
        ACCESS_LIST,
        {
            "group": "staff",
            "access_to": [
                "192.168.4.0/24",
                "10.10.0.0/24:https,udp/1194,tcp/1194",
                "192.168.99.0/24::R",
                "2001:608:3:814::0/64|https,udp/1194,tcp/1194,udp/2000-2999|R",
                {"type": "group", "group": "ops"},
                {"type": "all", "family": "ipv6"},
            ],
            "access_from": [{"type": "user", "user": "max"}, "all_vpn_clients", "all_s2c_subnets"],
        },
        {
            "group": "staff",
            "access_to": ["-10.0.0.0/8", "10.0.0.7/24:icmp-any,rdp,imaps", "10.0.0.1/25:icmp-TOS-host-redirect"],
            "access_from": [],
        },
        prepare=make_owners,
    ),
    Sample(
        CONFIG_ITEM,
        {"name": "vpn.server.daemon.tcp.port", "value": "8443"},
        {"name": "vpn.server.daemon.tcp.port", "value": 9443},
        gone="default",
    ),
    Sample(
        CONFIG_PROFILE,
        {"name": "candidate", "copy_from": "default"},
        {"name": "candidate", "active": True},
        gone="absent",
    ),
    Sample(
        USER_MFA,
        {"name": "erika", "required": True, "enrolled": True},
        {"name": "erika", "required": False, "enrolled": False},
        prepare=make_owners,
        gone="",
    ),
    Sample(
        VPN_USER,
        {"login": "erika.mustermann@example.com", "password": PASSWORD, "ip_reservation": " 192.168.27.70"},
        {"login": "erika.mustermann@example.com", "type": "standard", "ip_reservation": ""},
        kind=Box,
        ways=OLD_BOXES,
    ),
    Sample(
        VPN_USER,
        {
            "login": "phone",
            "type": "wireguard",
            "ip_reservation": "192.168.27.71",
            "conf_wireguard": {"keepalive": 25, "psk": True},
        },
        {"login": "phone", "ip_reservation": "192.168.27.72", "conf_wireguard": {"keepalive": 0, "psk": False}},
        kind=Box,
        ways=BOXES,
    ),
    Sample(
        VPN_SERVER,
        {
            "name": "openvpn_routed",
            "enabled": True,
            "enable_ipv4": False,
            "enable_ipv6": True,
            "port": 1199,
            "conf_openvpn": {"cipher": "aes256", "disable_fragment": True, "use_tcp": True},
        },
        {
            "name": "openvpn_routed",
            "enabled": False,
            "enable_ipv4": True,
            "enable_ipv6": False,
            "port": 443,
            "conf_openvpn": {"cipher": "blowfish", "disable_fragment": False, "use_tcp": False},
        },
        prepare=hurry,
        gone="",
        kind=Box,
        ways=OLD_BOXES,
    ),
    Sample(
        VPN_SERVER,
        {
            "name": "pptp",
            "enabled": True,
            "conf_pptp": {"mppe": "require", "allowed_auth": {"pap": True, "chap": False, "mschapv2": False}},
        },
        {
            "name": "pptp",
            "enabled": False,
            "conf_pptp": {"mppe": "disable", "allowed_auth": {"pap": False, "chap": True, "mschapv2": True}},
        },
        prepare=hurry,
        gone="",
        kind=Box,
        ways=OLD_BOXES,
    ),
    Sample(
        VPN_SERVER,
        {
            "name": "ipsec",
            "enabled": True,
            "port_ike": 1500,
            "port_nat": 1501,
            "conf_ipsec": {"ike_version": 2, "auth_modes": [{"id_source": "custom", "id_custom": "freebox"}]},
        },
        {"name": "ipsec", "enabled": False, "port_ike": 500, "port_nat": 4500},
        prepare=hurry,
        gone="",
        kind=Box,
        ways=BOXES,
    ),
    Sample(
        VPN_SERVER,
        {"name": "wireguard", "enabled": True, "port": 51821, "conf_wireguard": {"mtu": 1280}},
        {"name": "wireguard", "enabled": False, "port": 443, "conf_wireguard": {"mtu": 1420}},
        prepare=hurry,
        gone="",
        kind=Box,
        ways=BOXES,
    ),
]
