# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For each resource: objects as a playbook would declare them, every option in use."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import SCRIPTS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.saml import SAML
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import CA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.certificate import CERTIFICATE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.web_certificate import WEB_CERTIFICATE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_token import PROFILE_TOKEN
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster import CLUSTER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import LICENSE
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.access_server.answers import Call
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import Scenario
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, Simulated, module_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity

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


FOLDER = "{folder}"  # stands in paths of a sample for the folder of the test


@dataclass
class Sample:
    """``first`` is declared on a server that lacks the object; ``second`` differs from it in every option.

    ``second`` is None where there is nothing to change. ``besides`` are patterns of what the server keeps elsewhere than
    under the name of the object and changes with it, see Scenario.
    """

    resource: Resource
    first: Declared
    second: Declared | None = None
    options: Declared = field(default_factory=dict)
    prepare: t.Callable[[t.Any], object] = lambda server: None
    gone: str = "absent"  # the state that undoes it
    gone_with: Declared = field(default_factory=dict)  # what that state needs besides the key
    kind: type[Simulated] = Server
    ways: t.Mapping[str, Declared] = field(default_factory=lambda: DIALECTS)
    besides: t.Sequence[str] = ()

    @property
    def declarations(self) -> list[Declared]:
        """What is declared one after the other."""
        return [self.first] + ([] if self.second is None else [self.second])

    @property
    def undone(self) -> Declared:
        """What is declared to undo it."""
        return {**self.key, **self.gone_with, "state": self.gone}

    @property
    def steps(self) -> list[str]:
        """Scenarios for the law of convergence."""
        return ["create"] + (["change"] if self.second is not None else []) + (["undo"] if self.gone else [])

    def scenario(self, step: str, folder: Path) -> Scenario:
        """One of its steps, from a server that has had those before it."""
        declared = {"create": self.first, "change": self.second, "undo": self.undone}[step] or {}
        first = placed({**self.options, **self.first}, folder)

        def prepare(server: t.Any) -> None:
            self.prepare(server)
            if step != "create":
                answer = server.manage(self.resource, **first)
                assert not answer.get("failed"), answer["msg"]

        name = self.resource.identity(placed(declared, folder))
        return Scenario(self.resource, placed({**self.options, **declared}, folder), prepare, [name], self.besides)

    def __str__(self) -> str:
        """The module, so that ``pytest -k`` with its name finds all tests of the sample."""
        return module_of(self.resource)

    @property
    def key(self) -> Declared:
        """The options that identify the object."""
        return {name: self.first[name] for name in self.resource.key_spec() if name in self.first}

    @property
    def name(self) -> str:
        """The object as results and diffs call it."""
        return self.resource.identity(self.first)


def placed(declared: t.Any, folder: Path) -> t.Any:
    """The declaration with the folder in its paths."""
    if isinstance(declared, dict):
        return {name: placed(value, folder) for name, value in declared.items()}
    return declared.replace(FOLDER, str(folder)) if isinstance(declared, str) else declared


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


def have_profiles(server: t.Any) -> None:
    """Users, one of whom has a client profile, and all keys that the server makes for one."""
    make_owners(server)
    server.simulator.add_profile("max", "userlogin")


def have_file_users(box: t.Any) -> None:
    """A server that runs, and users of it, one of whom has a file."""
    hurry(box)
    box.simulator.set_server("openvpn_routed", enabled=True)
    for login in ("erika", "max"):
        box.simulator.set_user(login, password=PASSWORD)


def make_a_node(server: t.Any) -> None:
    """The only node of a cluster."""
    machine = server.simulator.machine
    node = {"name": "one", "api_endpoint": server.simulator.url, "certificate_fingerprint": "0" * 64}
    uri = f"sqlite://{server.another_folder()}/cluster.db"
    with machine.lock:
        machine.cluster.create(Call("POST", "/cluster/create", {**node, "mysqluri": uri}))


def make_owners_of_rulesets(server: t.Any) -> None:
    """A server that has rulesets, with groups and users."""
    server.simulator.configure(version="3.2.2")
    make_owners(server)


RULESETS = "store/entry/ruleset*"
RESTART = "cluster/_own/*"  # when a node has restarted, and whether it has to
REVOKED = "store/entry/revoked/*"  # lists of the certificates of profiles that were taken back
FILES = "file/*"
WEB, OTHER_WEB = identity("vpn.example.com", "127.0.0.1"), identity("vpn.example.com", "127.0.0.1", days=400)
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
            "dmz_ipv6": [
                {"ip": "2001:db8::9", "protocol": "tcp", "start_port": 443},
                {"ip": "2001:db8::9", "protocol": "icmp"},
            ],
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
        besides=["store/record/erika", "store/record/max"],
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
        ACCESS_RULESET,
        {
            "group": "staff",
            "name": "Staff web",
            "comment": "inside",
            "position": 300,
            "rules": [
                {
                    "match": "domain",
                    "domain": "Payroll.Example.com.",
                    "action": "deny",
                    "comment": "x",
                    "position": 100,
                },
                {"match": "not_subdomain", "domain": "münchen.example", "action": "bypass", "position": 200},
                {"match": "all", "data": "", "action": "route", "type": "domain_routing", "position": 300},
            ],
        },
        {
            "group": "staff",
            "name": "Staff web",
            "comment": "",
            "position": 100,
            "rules": [
                {"domain": "*.intranet.example.com", "action": "nat", "position": 200},
                {"domain": "payroll.example.com", "action": "deny", "position": 100},
            ],
        },
        prepare=make_owners_of_rulesets,
        besides=[RULESETS],
    ),
    Sample(
        CONFIG_ITEM,
        {"name": "vpn.server.daemon.tcp.port", "value": "8443"},
        {"name": "vpn.server.daemon.tcp.port", "value": 9443},
        gone="default",
        besides=[RESTART],
    ),
    Sample(
        CONFIG_PROFILE,
        {"name": "candidate", "copy_from": "default"},
        {"name": "candidate", "active": True},
        options={"restart_timeout": 3},
        besides=["store/fact/active_profile", RESTART],
    ),
    Sample(
        USER_MFA,
        {"name": "erika", "required": True, "enrolled": True, "totp_secret": "JBSWY3DPEHPK3PXP"},
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
    Sample(
        SAML,
        {
            "idp_entity_id": "https://idp.example.com/metadata",
            "idp_signon_endpoint": "https://idp.example.com/sso?app=7",
            "idp_logout_endpoint": "https://idp.example.com/slo",
            "idp_certificate": WEB.pem,
            "sp_hostname": "vpn.example.org",
            "timeout": 60,
            "enabled": True,
        },
        {
            "idp_entity_id": "urn:idp",
            "idp_signon_endpoint": "https://login.example.net/",
            "idp_logout_endpoint": "",
            "idp_certificate": OTHER_WEB.pem + WEB.pem,
            "sp_hostname": "",
            "timeout": 90,
            "enabled": False,
        },
        besides=["store/configuration/default/auth.saml.*", RESTART],
    ),
]

# What a server makes once, what is kept in files, and secrets alone: info modules do not show it option by option.
MADE = [
    Sample(
        CONFIG_ITEM,
        {"name": "auth.ldap.0.bind_pw", "secret_value": PASSWORD},
        gone="default",
        besides=[RESTART],
    ),
    Sample(CA, {"common_name": "Next CA", "algorithm": "secp256r1"}, besides=["store/entry/*authority/*", RESTART]),
    Sample(
        CERTIFICATE,
        {
            "dest": f"{FOLDER}/vpn.pem",
            "private_key_dest": f"{FOLDER}/vpn.key",
            "common_name": "vpn.example.com",
            "cert_template": "webserver",
            "subj_alt_dns_names": ["vpn.example.com", "www.example.com"],
        },
        {
            "dest": f"{FOLDER}/vpn.pem",
            "private_key_dest": f"{FOLDER}/vpn.key",
            "common_name": "www.example.com",
            "cert_template": "webserver",
            "subj_alt_dns_names": ["www.example.com"],
        },
        gone_with={"private_key_dest": f"{FOLDER}/vpn.key"},
        besides=[FILES],
    ),
    Sample(
        CLUSTER,
        {"rr_dns_hostname": "cluster.example.com", "rr_dns_new_nodes": True, "rr_dns_this_node": True},
        {"rr_dns_hostname": "other.example.com", "rr_dns_new_nodes": False, "rr_dns_this_node": True},
        prepare=make_a_node,
        gone="",
        besides=["store/fact/cluster_props", "store/entry/cluster_node/*", "local/configuration/*/host.name", RESTART],
    ),
    Sample(
        PROFILE,
        {"user": "erika", "profile_type": "userlogin", "dest": f"{FOLDER}/erika.ovpn"},
        prepare=have_profiles,
        besides=[FILES, REVOKED],
    ),
    Sample(
        PROFILE_TOKEN,
        {"user": "erika", "profile_type": "userlogin", "dest": f"{FOLDER}/erika.url"},
        prepare=have_profiles,
        gone_with={"profile_type": "userlogin"},
        besides=[FILES],
    ),
    Sample(
        WEB_CERTIFICATE,
        {"certificate": WEB.pem, "private_key": WEB.key_pem},
        {"certificate": OTHER_WEB.pem, "private_key": OTHER_WEB.key_pem},
        options={"restart": False, "allow_connection_change": True},
        besides=["store/configuration/default/cs.*", RESTART],
    ),
    Sample(
        LICENSE,
        {"subscription": bundle(1, subkey=PASSWORD)},
        {"subscription": bundle(2)},
        besides=["local/entry/license/*"],
    ),
    Sample(
        VPN_PROFILE,
        {"user": "erika", "server": "openvpn_routed", "dest": f"{FOLDER}/erika.ovpn"},
        prepare=have_file_users,
        gone="",
        kind=Box,
        ways=OLD_BOXES,
        besides=["client_files/*", FILES],
    ),
]
EVERY_SAMPLE = [*SAMPLES, *MADE]
WITHOUT = {
    "ClusterNode": "It needs several servers; test_cluster.py has check mode, lost answers and the next run for it.",
}
"""Resources without a sample, by the names of their classes, with the reason."""
