# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that only a server knows to be wrong is in one message, of whatever resource, and the message says what was written."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
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
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import CLUSTER_NODE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION as OF_A_SERVER,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import LICENSE
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import ServerDeclaration
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as OF_A_BOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_completeness import every_resource
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, Simulated, sentences_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import placed

NOWHERE = "{folder}/none/file"  # a file in a folder that there is not
OLD = identity("other", "other.example.com", days=2)
Declared = dict[str, t.Any]


@dataclass
class Wrong:
    """Objects of which a server knows several things to be wrong, each with a part of the sentence that tells it."""

    resource: Resource
    declared: list[Declared]
    mistakes: list[str]
    options: Declared = field(default_factory=dict)
    prepare: t.Callable[[t.Any], object] = lambda server: None
    kind: type[Simulated] = Server

    def __str__(self) -> str:
        return f"{self.resource.noun}-{len(self.declared)}".replace(" ", "-")


def shared_names(server: t.Any) -> None:
    """A user and a group whose names others want, and a pool of addresses."""
    server.simulator.set_user("ada")
    server.simulator.set_group("staff")


IN_ONE = [
    Wrong(
        USER,
        [{"name": "staff", "group": "nope"}],
        ["group named staff", "group nope (needed by user staff)"],
        {},
        shared_names,
    ),
    Wrong(
        GROUP,
        [{"name": "ada", "members": ["nope"]}],
        ["user named ada", "user nope (needed by group ada)"],
        {},
        shared_names,
    ),
    Wrong(
        DEFAULT_USER,
        [{"group": "nope", "deny": True}],
        ["group nope (needed by the default user)", "could end the sign-in"],
    ),
    Wrong(
        ACCESS_LIST,
        [{"group": "a", "access_to": ["user:b"]}],
        ["group a (needed by an access list)", "user b (needed by the access"],
    ),
    Wrong(
        ACCESS_RULESET,
        [{"group": "a", "rules": [{"domain": "b.example", "action": "bypass"}]}],
        ["group a (needed by a ruleset)", "bypass (bypass domain b.example) needs Access Server 3.2.0"],
        prepare=lambda server: server.simulator.configure(version="3.1.0"),
    ),
    Wrong(
        CONFIG_ITEM, [{"name": "cs.https.port", "value": 99999}], ["cs.https.port: 99999", "depends on cs.https.port"]
    ),
    Wrong(
        CONFIG_PROFILE,
        [{"name": "a", "active": True}],
        ["restart_timeout: 0", "configuration profile a does not exist"],
        {"restart_timeout": 0},
    ),
    Wrong(
        SAML, [{"enabled": True, "timeout": 99999}], ["timeout: 99999 is not allowed", "enabled: without idp_entity_id"]
    ),
    Wrong(USER_MFA, [{"name": "nope", "dest": NOWHERE, "enrolled": True}], ["user nope", "dest: "]),
    Wrong(
        CA,
        [{"common_name": "OpenVPN CA", "state": "absent"}],
        ["is the last one", "client profiles"],
        prepare=lambda server: server.simulator.add_profile("openvpn", "userlogin"),
    ),
    Wrong(
        CERTIFICATE,
        [
            {
                "dest": NOWHERE,
                "private_key_dest": "{folder}/key",
                "common_name": "a",
                "cert_template": "server",
                "algorithm": "x",
            }
        ],
        ["dest: ", "does not support x"],
    ),
    Wrong(
        WEB_CERTIFICATE,
        [{"certificate": OLD.pem, "private_key": OLD.key_pem}],
        ["it expires on", "it is for other.example.com"],
        {"minimum_days": 30},
    ),
    Wrong(PROFILE, [{"user": "nope", "profile_type": "userlogin", "dest": NOWHERE}], ["dest: ", "user nope"]),
    Wrong(
        PROFILE_TOKEN,
        [{"user": "nope", "profile_type": "userlogin"}],
        ["the URL of a new one would be lost", "user nope"],
    ),
    Wrong(CLUSTER_NODE, [{"name": "one"}], ["restart_timeout: 0", "Set peers to"], {"restart_timeout": 0}),
    Wrong(
        LICENSE,
        [{"subscription": bundle(state="SUBSCRIPTION_ENDED")}],
        ["the server has a fixed licence", "reports the state SUBSCRIPTION_ENDED"],
        prepare=lambda server: server.simulator.machine.local.put_entry("license", "FIXED-1", {"max_cc": 5}),
    ),
    Wrong(
        VPN_SERVER,
        [{"name": "pptp", "port": 1, "conf_wireguard": {"mtu": 1300}}],
        ["port of", "conf_wireguard of"],
        kind=Box,
    ),
    Wrong(
        VPN_USER,
        [{"login": "a", "type": "wireguard"}],
        ["type of VPN user a", "ip_reservation of VPN user a"],
        prepare=lambda box: box.simulator.set_user("a", password="Marker-Password-7!"),
        kind=Box,
    ),
    Wrong(VPN_PROFILE, [{"user": "a", "server": "b", "dest": NOWHERE}], ["server b of", "VPN user 'a'"], kind=Box),
]
IN_TWO = [
    Wrong(
        USER,
        [{"name": "a", "group": "nope"}, {"name": "staff"}],
        ["group nope (needed by user a)", "group named staff"],
        {},
        shared_names,
    ),
    Wrong(
        GROUP,
        [{"name": "a", "members": ["nope"]}, {"name": "ada"}],
        ["user nope (needed by group a)", "user named ada"],
        {},
        shared_names,
    ),
    Wrong(
        ACCESS_LIST,
        [{"group": "a", "access_to": ["all"]}, {"user": "b", "access_to": ["all"]}],
        ["group a (needed by an access list)", "user b (needed by an access list)"],
    ),
    Wrong(
        ACCESS_RULESET,
        [{"group": "a"}, {"user": "b", "rules": [{"domain": "b.example", "action": "deny"}]}],
        ["group a (needed by a ruleset)", "user b (needed by a ruleset)", "deny domain b.example"],
        prepare=lambda server: server.simulator.configure(version="3.1.0"),
    ),
    Wrong(
        CONFIG_ITEM,
        [{"name": "vpn.server.max_client", "value": 1}, {"name": "vpn.server.max_clients", "value": "x"}],
        ["configuration item vpn.server.max_client.", "vpn.server.max_clients: "],
    ),
    Wrong(
        CONFIG_PROFILE,
        [{"name": "default", "state": "absent"}, {"name": "a", "copy_from": "b"}],
        ["default is active", "copy_from of a"],
    ),
    Wrong(USER_MFA, [{"name": "nope"}, {"name": "openvpn", "dest": NOWHERE}], ["user nope", "dest: "]),
    Wrong(
        CA,
        [{"common_name": name, "algorithm": name} for name in "xy"],
        ["algorithm of certificate authority x", "authority y"],
    ),
    Wrong(
        CERTIFICATE,
        [
            {
                "dest": "{folder}/" + name,
                "private_key_dest": "{folder}/key" + name,
                "common_name": name,
                "cert_template": "server",
                "days_to_expiry": 1,
            }
            for name in "xy"
        ],
        ["/x: 1 must be more", "/y: 1 must be more"],
    ),
    Wrong(
        PROFILE,
        [{"user": name, "profile_type": "userlogin", "dest": "{folder}/" + name} for name in "xy"],
        ["user x", "user y"],
    ),
    Wrong(
        PROFILE_TOKEN,
        [{"user": name, "profile_type": "userlogin", "dest": "{folder}/" + name} for name in "xy"],
        ["user x", "user y"],
    ),
    Wrong(
        VPN_SERVER,
        [{"name": "nope", "enabled": True}, {"name": "pptp", "port": 1}],
        ["VPN server 'nope'", "port of"],
        kind=Box,
    ),
    Wrong(VPN_USER, [{"login": name, "type": "wireguard"} for name in "xy"], ["VPN user x", "VPN user y"], kind=Box),
    Wrong(
        VPN_PROFILE,
        [{"user": name, "server": "pptp", "dest": "{folder}/" + name} for name in "xy"],
        ["server pptp of user x", "server pptp of user y"],
        prepare=lambda box: [box.simulator.set_user(login, password="Marker-Password-7!") for login in "xy"],
        kind=Box,
    ),
]
SINGLE = {"ClusterNode", "DefaultUser", "License", "Saml", "WebCertificate"}
"""Those of which a task declares one object."""


@pytest.mark.parametrize("wrong", [*IN_ONE, *IN_TWO], ids=str)
def test_all_that_the_server_knows_to_be_wrong_is_in_one_message(
    start: t.Callable[..., Simulated], wrong: Wrong
) -> None:
    server = start(wrong.kind)
    wrong.prepare(server)
    declared: t.Any = [placed(one, server.folder) for one in wrong.declared]
    one_or_many = {wrong.resource.plural: declared} if len(declared) > 1 else declared[0]
    answer = server.manage(wrong.resource, **wrong.options, **one_or_many)
    assert answer["failed"]
    first, *said = sentences_of(answer["msg"])
    assert first == f"{len(wrong.mistakes)} mistakes:", answer["msg"]
    assert [[part in one for part in wrong.mistakes].count(True) for one in said] == [1] * len(said), answer["msg"]
    assert not [part for part in wrong.mistakes if part not in answer["msg"]], answer["msg"]
    assert answer["msg"].count("Nothing was written.") == 1
    assert not server.writes()


def test_every_resource_is_tried() -> None:
    """Each that looks at its plan; of the others, what a server knows to be wrong is found while the plan is made."""
    names = {kind.__name__ for kind in every_resource() if kind.validate_plan is not Resource.validate_plan}
    for wrongs, among in ((IN_ONE, names), (IN_TWO, names - SINGLE)):
        missing = among - {type(wrong.resource).__name__ for wrong in wrongs}
        assert not missing, f"Add objects with two mistakes that only a server knows to {__name__}, for {missing}."


# -- whole servers

DECLARATIONS: t.Mapping[type[Simulated], ServerDeclaration] = {Server: OF_A_SERVER, Box: OF_A_BOX}
STAFF, GONE = {"name": "staff"}, {"name": "staff", "state": "absent"}
REFUSED: dict[str, Declared] = {
    "an option that there is not": {"users": [{"name": "ada", "gruop": "staff"}]},
    "a part that is no list": {"users": 7},
    "a value that cannot be": {"users": [{"name": "ada", "static_ipv4": "10.8.0.300"}]},
    "an object twice": {"users": [{"name": "ada"}, {"name": "ada"}]},
    "a file that there is not": {"users_src": NOWHERE},
    "a folder that there is not": {"src": NOWHERE},
    "a contradiction": {"users": [{"name": "ada", "group": "staff"}], "groups": [GONE]},
    "a purge of what is not declared": {"groups": [STAFF], "purge": ["users"]},
    "what the playbook has found": {"groups": [STAFF], "mistakes": ["ada is declared twice"]},
    "without any server": {"groups": [STAFF], "mistakes": ["ada is declared twice"], "validate_only": True},
    "a group that there is not": {"users": [{"name": "ada", "group": "staff"}]},
    "an item that there is not": {"config_items": [{"name": "vpn.server.max_client", "value": 1}]},
    "a purge of everything": {"users": [], "purge": ["users"]},
    "a purge of too many": {"users": [], "purge": ["users"], "purge_empty": True, "purge_limit": {"users": "0"}},
    "a limit that is none": {"users": [STAFF], "purge": ["users"], "purge_limit": {"users": "few"}},
    "the own account": {"users": [{"name": "openvpn", "state": "blocked"}]},
    "the own rights": {"default_user": {"deny": True}},
    "the own connection": {"config_items": [{"name": "cs.https.port", "value": 444}]},
    "a connection option": {"groups": [STAFF], "as_timeout": 0},
    "a file of the connection": {"groups": [STAFF], "as_ca_path": NOWHERE},
    "a sign-in that is refused": {"groups": [STAFF], "as_password": "Wrong-Password-7!"},
    "a server that is not there": {"groups": [STAFF], "as_url": "https://127.0.0.1:1", "as_deadline": 1},
}
REFUSED_BY_BOXES: dict[str, Declared] = {
    "an option that there is not": {"users": [{"login": "ada", "tpye": "standard"}]},
    "a part that is no list": {"users": 7},
    "a value that cannot be": {"users": [{"login": "ada", "ip_reservation": "10.8.0.300"}]},
    "an address twice": {"users": [{"login": name, "ip_reservation": "192.168.27.70"} for name in "ab"]},
    "a file that there is not": {"users_src": NOWHERE},
    "a folder that there is not": {"src": NOWHERE},
    "a purge of what is not declared": {"servers": [{"name": "pptp"}], "purge": ["users"]},
    "what the playbook has found": {"users": [], "mistakes": ["ada is declared twice"]},
    "without any server": {"users": [], "mistakes": ["ada is declared twice"], "validate_only": True},
    "a server that there is not": {"servers": [{"name": "nope"}]},
    "a port that cannot be": {"servers": [{"name": "openvpn_routed", "port": 0}]},
    "an address outside": {"users": [{"login": "ada", "ip_reservation": "10.8.0.3"}]},
    "a purge of everything": {"users": [], "purge": ["users"]},
    "a connection option": {"users": [], "freebox_timeout": 0},
    "a version of the API": {"users": [{"login": "ada"}], "freebox_api_version": 99},
    "a sign-in that is refused": {"users": [{"login": "ada"}], "freebox_app_token": "wrong"},
}


@pytest.mark.parametrize(
    ("kind", "declared"),
    [pytest.param(Server, declared, id=f"as-{name}") for name, declared in REFUSED.items()]
    + [pytest.param(Box, declared, id=f"freebox-{name}") for name, declared in REFUSED_BY_BOXES.items()],
)
def test_who_is_refused_before_the_first_write_is_told_that_nothing_was_written(
    start: t.Callable[..., Simulated], kind: type[Simulated], declared: Declared
) -> None:
    server = start(kind)
    answer = server.declare(DECLARATIONS[kind], **declared)
    assert answer["failed"]
    assert not answer["changed"]
    assert answer["msg"].count("Nothing was written.") == 1, answer["msg"]
    assert not server.writes()
