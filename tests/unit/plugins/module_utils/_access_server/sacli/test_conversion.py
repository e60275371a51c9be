# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each property and each item of a dump becomes, and why some become nothing."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.conversion import (
    LISTS,
    PROPERTIES,
    Conversion,
    convert,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.dump import Dumps, Pairs
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import HIDDEN

Json = dict[str, t.Any]
SECRET = "Correct-Horse-7"
DECIDES = "vpn.server.routing.private_access"
# As servers print it: the keys of a public dump of 2.10.1, with other names and values (server behaviour, 160).
USERS: Json = {
    "Admin": {
        "access_to.0": "+SUBNET:100.64.0.0/10",
        "access_to.1": "+SUBNET:10.31.69.0/27",
        "access_to.2": "+GROUP:Admin",
        "access_to.10": "+GROUP:Server",
        "c2s_dest_s": "false",
        "c2s_dest_v": "false",
        "group_declare": "true",
        "prop_autologin": "false",
        "prop_deny": "false",
        "prop_superuser": "true",
        "type": "group",
    },
    "Server": {"group_declare": "true", "prop_autologin": "true", "type": "group"},
    "__DEFAULT__": {
        "def_deny": "false",
        "prop_autogenerate": "true",
        "prop_force_lzo": "false",
        "type": "user_default",
    },
    "ada": {"type": "user_connect"},
    "ben": {
        "access_to.0": "+NAT:10.31.247.3/32",
        "conn_group": "Admin",
        "prop_superuser": "true",
        "pvt_google_auth_secret": "JBSWY3DPEHPK3PXP",
        "pvt_google_auth_secret_locked": "false",
        "pvt_hw_addr": "11:22:3a:4b:c5:6d",
        "type": "user_compile",
    },
    "branch": {
        "access_from.0": "+ALL_VPN_CLIENTS",
        "access_to.0": "+NAT:10.21.70.72/32",
        "conn_group": "Server",
        "prop_autologin": "true",
        "type": "user_compile",
    },
    "openvpn": {
        "access_from.0": "+ALL_S2C_SUBNETS",
        "prop_superuser": "true",
        "pvt_password_digest": "0123456789abcdef" * 4,
        "type": "user_compile",
        "user_auth_type": "local",
    },
}
CONFIGURATION: Json = {
    "admin_ui.https.ip_address": "all",
    "admin_ui.https.port": "943",
    "aui.eula_version": "3",
    "auth.ldap.0.bind_dn": "uid=vpn,cn=users,dc=example,dc=com",
    "auth.ldap.0.bind_pw": SECRET,
    "cs.ca_bundle": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "cs.cert": "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n",
    "cs.priv_key": "-----BEGIN PRIVATE KEY-----\nCCCC\n-----END PRIVATE KEY-----\n",
    "cs.tls_version_min": "1.2",
    "host.name": "vpn.example.com",
    "sa.compression_warning_shown": "displayed",
    "subscription.bundle": SECRET * 2,
    "subscription.saved_state": "SUBSCRIPTION_OK,1",
    "upgrade.current_version": "2.10.1",
    "vpn.server.config_text": "",
    DECIDES: "nat",
}


def converted(users: Json | None = None, configuration: Json | None = None) -> Conversion:
    return convert(Dumps(users, configuration))


def of_one(properties: Json, name: str = "erika", configuration: Json | None = None) -> Conversion:
    return converted({name: properties}, configuration)


def reasons(found: Conversion) -> dict[str, str]:
    return {one["key"]: one["reason"] for one in found.not_converted}


def test_a_whole_dump() -> None:
    found = converted(USERS, CONFIGURATION)
    assert found.declaration == {
        "groups": [
            {"name": "Admin", "admin": True, "autologin": False, "deny": False},
            {"name": "Server", "autologin": True},
        ],
        "default_user": {"allow_generate_profiles": True, "def_deny": False},
        "users": [
            {"name": "ada"},
            {"name": "ben", "group": "Admin", "admin": True},
            {"name": "branch", "group": "Server", "autologin": True},
            {"name": "openvpn", "admin": True, "auth_method": "local"},
        ],
        "access_lists": [
            {"group": "Admin", "access_to": ["10.31.69.0/27", "100.64.0.0/10", "group:Admin", "group:Server"]},
            {"user": "ben", "access_to": ["10.31.247.3/32"]},
            {"user": "branch", "access_from": ["all_vpn_clients"], "access_to": ["10.21.70.72/32"]},
            {"user": "openvpn", "access_from": ["all_s2c_subnets"]},
        ],
        "config_items": [
            {"name": name, "value": CONFIGURATION[name]}
            for name in (
                "admin_ui.https.ip_address",
                "admin_ui.https.port",
                "auth.ldap.0.bind_dn",
                "cs.tls_version_min",
                "host.name",
                "vpn.server.config_text",
                DECIDES,
            )
        ],
    }
    assert found.secrets == [
        {"part": "users", "name": "openvpn", "option": "password"},
        {"part": "config_items", "name": "auth.ldap.0.bind_pw", "option": "secret_value"},
    ]
    assert [(one["object"], one["key"], one["value"]) for one in found.not_converted] == [
        ("group Admin", "c2s_dest_s", "false"),
        ("group Admin", "c2s_dest_v", "false"),
        ("default user", "prop_force_lzo", "false"),
        ("user ben", "pvt_google_auth_secret", HIDDEN),
        ("user ben", "pvt_google_auth_secret_locked", HIDDEN),
        ("user ben", "pvt_hw_addr", HIDDEN),
        ("configuration", "aui.eula_version", "3"),
        ("configuration", "cs.ca_bundle", CONFIGURATION["cs.ca_bundle"]),
        ("configuration", "cs.cert", CONFIGURATION["cs.cert"]),
        ("configuration", "cs.priv_key", HIDDEN),
        ("configuration", "sa.compression_warning_shown", "displayed"),
        ("configuration", "subscription.bundle", HIDDEN),
        ("configuration", "subscription.saved_state", HIDDEN),
        ("configuration", "upgrade.current_version", "2.10.1"),
    ]
    assert reasons(found)["cs.cert"] == "it belongs to the private key cs.priv_key: use as_web_certificate"
    assert reasons(found)["cs.priv_key"] == "it belongs to a certificate: use as_web_certificate"


def test_what_is_left_out_is_reported_in_sentences_by_part() -> None:
    found = converted(USERS, CONFIGURATION).left_out
    assert {
        "part": "groups",
        "reason": "group Admin: c2s_dest_s (false): no matching field of the Web API is known.",
    } in found
    assert [one["part"] for one in found if "pvt_hw_addr: " in one["reason"]] == ["users"]
    assert found[-1]["part"] == ""
    assert "Domain rules" in found[-1]["reason"]


GROUP, USER = {"type": "group", "group_declare": "true"}, {"type": "user_compile"}


@pytest.mark.parametrize(
    ("base", "properties", "options"),
    [
        (USER, {"prop_deny": "TRUE"}, {"deny": True}),
        (USER, {"prop_deny_web": "true"}, {"deny_web": True}),
        (USER, {"prop_autologin": True}, {"autologin": True}),
        (USER, {"prop_google_auth": "false"}, {"totp": False}),
        (USER, {"prop_google_auth_admin_locked": "true"}, {"totp_admin_only": True}),
        (USER, {"prop_pwd_change": "true"}, {"allow_password_change": True}),
        (USER, {"prop_pwd_strength": "false"}, {"password_strength": False}),
        (USER, {"prop_autogenerate": "false"}, {"allow_generate_profiles": False}),
        (USER, {"user_auth_type": "pas_only"}, {"auth_method": "pas_only"}),
        (USER, {"prop_reroute_gw_override": "dns_only"}, {"reroute_gw": "dns_only"}),
        (USER, {"prop_cc_cmds": "push x\r\npush y\n"}, {"cc_commands": "push x\npush y"}),
        (USER, {"conn_ip": "10.9.0.7", "conn_ip6": "FD00:0::1"}, {"static_ipv4": "10.9.0.7", "static_ipv6": "fd00::1"}),
        (USER, {"conn_ip": ""}, {"static_ipv4": ""}),
        (
            USER,
            {"c2s_route.0": "10.2.0.0/16", "c2s_subnets6.0": "fd00::/64"},
            {"client_to_server_subnets": ["10.2.0.0/16", "fd00::/64"]},
        ),
        (
            USER,
            {"bypass_route.1": "10.3.0.0/16", "bypass_route.0": "10.2.0.0/16"},
            {"bypass_subnets": ["10.2.0.0/16", "10.3.0.0/16"]},
        ),
        (USER, {"dmz_ip.0": "203.0.113.7"}, {"dmz_ip": [{"ip": "203.0.113.7"}]}),
        (
            USER,
            {"dmz_ip.0": "203.0.113.7:tcp/80"},
            {"dmz_ip": [{"ip": "203.0.113.7", "protocol": "tcp", "start_port": 80}]},
        ),
        (
            USER,
            {"dmz_ip.0": "203.0.113.7:udp/5000-5010", "dmz_ip6.0": "fd00::7"},
            {
                "dmz_ip": [{"ip": "203.0.113.7", "protocol": "udp", "start_port": 5000, "end_port": 5010}],
                "dmz_ipv6": [{"ip": "fd00::7"}],
            },
        ),
        (USER, {"prop_cli.script.win.user.connect": "a\r\nb"}, {"cli_script_connect_win_user_connect": "a\nb"}),
        (USER, {"prop_cli.script.mac.admin.disconnect": "x"}, {"cli_script_connect_mac_admin_disconnect": "x"}),
        (
            USER,
            {"prop_cli.script_env.win.MSI.URL": "u", "prop_cli.script_env.win.secret": "{{ x }}"},
            {"cli_script_connect_win_env": {"MSI.URL": "u", "secret": "{{ x }}"}},
        ),
        (
            GROUP,
            {"group_subnets.0": "10.9.0.0/24", "group_subnets6.0": "fd00::/64"},
            {"subnets": ["10.9.0.0/24", "fd00::/64"]},
        ),
        (
            GROUP,
            {
                "group_range.0": "10.9.0.10~20",
                "group_range.1": "10.9.1.1:10.9.1.9",
                "group_range6.0": "fd00::1-fd00::9",
            },
            {"dynamic_ranges": ["10.9.0.10-10.9.0.29", "10.9.1.1-10.9.1.9", "fd00::1-fd00::9"]},
        ),
        ({"type": "user_default"}, {"conn_group": "staff", "def_deny": "true"}, {"group": "staff", "def_deny": True}),
    ],
)
def test_each_property_is_an_option(base: Json, properties: Json, options: Json) -> None:
    name = "__DEFAULT__" if base["type"] == "user_default" else "erika"
    found = of_one({**base, **properties}, name)
    [item] = (
        [found.declaration["default_user"]]
        if name == "__DEFAULT__"
        else [*found.declaration["users"], *found.declaration["groups"]]
    )
    assert item == {**({} if name == "__DEFAULT__" else {"name": name}), **options}
    assert not found.not_converted


def test_every_known_property_is_tried_above() -> None:
    tried: set[str] = set()
    for marker in test_each_property_is_an_option.pytestmark:
        for _base, properties, _options in marker.args[1]:
            tried |= {key.split(".")[0] if key.split(".")[0] in LISTS else key for key in properties}
    untried = {*PROPERTIES, *LISTS} - tried - {"access_to", "access_to6", "access_from", "access_from6"}
    scripts = {key for key in untried if key.startswith("prop_cli.script.")}
    assert len(scripts) == 6
    assert untried - scripts == {"prop_superuser", "bypass_route6", "c2s_route6", "c2s_subnets"}


@pytest.mark.parametrize(
    ("rules", "list_"),
    [
        ({"access_to.0": "+ROUTE:10.20.1.45/32:tcp/80"}, {"access_to": ["10.20.1.45/32:tcp/80:R"]}),
        (
            {"access_to.10": "+NAT:10.0.0.0/8", "access_to.9": "-NAT:10.1.0.0/16:udp/2000-2999,icmp-any"},
            {"access_to": ["-10.1.0.0/16:icmp-any,udp/2000-2999", "10.0.0.0/8"]},
        ),
        ({"access_from.0": "-USER:max", "access_from.1": "+GROUP:ops"}, {"access_from": ["-user:max", "group:ops"]}),
        ({"access_to6.0": "+GROUP:ops", "access_to.0": "+ALL"}, {"access_to": ["all", "group|ops"]}),
        ({"access_to6.0": "+ROUTE:fd00::/8|https"}, {"access_to": ["fd00::/8|tcp/443|R"]}),
        ({"access_to.0": "+NAT:fd00::/8"}, {"access_to": ["fd00::/8"]}),
        ({"access_to.0": "+SUBNET:10.0.0.0/8::R"}, {"access_to": ["10.0.0.0/8::R"]}),
    ],
)
@pytest.mark.parametrize(("base", "owner"), [(GROUP, "group"), (USER, "user")])
def test_access_rules_are_a_list_of_their_owner(base: Json, owner: str, rules: Json, list_: Json) -> None:
    found = of_one({**base, **rules})
    assert found.declaration["access_lists"] == [{owner: "erika", **list_}]
    assert not found.not_converted


def test_access_rules_of_the_default_user_are_those_of_a_user() -> None:
    found = of_one({"type": "user_default", "access_to.0": "+NAT:10.0.0.0/8"}, "__DEFAULT__")
    assert found.declaration["access_lists"] == [{"user": "__DEFAULT__", "access_to": ["10.0.0.0/8"]}]


@pytest.mark.parametrize(("said", "rule"), [("nat", "10.0.0.0/8"), ("route", "10.0.0.0/8::R")])
def test_the_configuration_says_what_a_plain_subnet_does(said: str, rule: str) -> None:
    found = of_one({**GROUP, "access_to.0": "+SUBNET:10.0.0.0/8"}, configuration={DECIDES: said})
    assert found.declaration["access_lists"] == [{"group": "erika", "access_to": [rule]}]


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (None, "set configuration too, the output of sacli ConfigQuery"),
        ({}, "in configuration, it is missing, and only nat and route define what SUBNET does"),
        ({DECIDES: "no"}, "in configuration, it is 'no', and"),
        ({DECIDES: ["nat"]}, "in configuration, it is a list, and"),
    ],
)
def test_a_plain_subnet_is_not_guessed(configuration: Json | None, words: str) -> None:
    found = of_one(
        {**GROUP, "access_to.0": "+NAT:10.1.0.0/16", "access_to.1": "+SUBNET:10.0.0.0/8"}, configuration=configuration
    )
    assert found.declaration["access_lists"] == []
    assert DECIDES in reasons(found)["access_to.1"]
    assert words in reasons(found)["access_to.1"]
    assert reasons(found)["access_to.0"] == "access_to.1 is not converted, and this key belongs to it"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("access_to.0", "10.0.0.0/8", "a rule begins with + or - and one of USER, GROUP, ROUTE, NAT,"),
        ("access_to.0", "+group:ops", "a rule begins with"),
        ("access_to.0", "+TUNNEL:10.0.0.0/8", "a rule begins with"),
        ("access_to.0", " +NAT:10.0.0.0/8", "a rule begins with"),
        ("access_to.0", "+NAT:10.0.0.0/8::R", "contradict each other"),
        ("access_to.0", "+NAT:example.com", "use as_access_ruleset for rules by domain"),
        ("access_to.0", "+GROUP:", "needs group"),
        ("access_to.0", ["+ALL"], "it is a list, but must be text"),
        ("access_to.x", "+ALL", "the key of a list item must end in a number, such as .0"),
        ("access_to.00", "+ALL", "the key of a list item must end in a number, such as .0"),
        ("access_to.٣", "+ALL", "the key of a list item must end in a number, such as .0"),
        ("access_to", "+ALL", "the key of a list item must end in a number, such as .0"),
        ("access_to6.0", "+NAT:10.0.0.0/8", "this key is for IPv6, but the network is not"),
        ("group_subnets6.0", "10.0.0.0/8", "this key is for IPv6, but the value is not"),
        ("group_subnets.0", "everything", "'everything' is not a network"),
        ("group_subnets.0", "\ud800", "it is not a text that UTF-8 can write"),
        ("group_range.0", "10.0.0.9-10.0.0.1", "ends before it begins"),
        (
            "prop_reroute_gw_override",
            "sometimes",
            "'sometimes' is given, and one of global, dns_only, disable is needed",
        ),
        ("prop_superuser", "yes", "it must be true or false"),
        ("prop_superuser", None, "it must be true or false"),
        ("prop_cc_cmds", 7, "it is a number, but must be text"),
        ("conn_ip", "10.9.0.7", "a group has no option static_ipv4"),
        ("dmz_ip.0", "203.0.113.7", "a group has no option dmz_ip"),
        ("def_deny", "true", "a group has no option def_deny"),
        ("group_declare", "false", "it contradicts the type of this record"),
        ("prop_lzo", "true", "no matching field of the Web API is known"),
        ("prop_cli.script.all.user.connect", "x", "no matching field of the Web API is known"),
        ("prop_cli.script_env.win.a", None, "it is null, but must be text"),
        ("prop_cc_cmds", "setenv URL https://a:Correct-Horse-7@b.example", "it contains a secret"),
        ("prop_cc_cmds", f"echo {SECRET}", "it contains a secret from another place of the dump"),
    ],
)
def test_what_is_not_converted_has_its_reason(key: str, value: t.Any, words: str) -> None:
    found = converted({"ops": {**GROUP, "prop_autologin": "true", key: value}}, {"auth.ldap.0.bind_pw": SECRET})
    assert found.declaration["groups"] == [{"name": "ops", "autologin": True}]
    assert found.declaration["access_lists"] == []
    assert list(reasons(found)) == [key]
    assert words in reasons(found)[key]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("203.0.113.7:http/80", "protocol"),
        ("203.0.113.7:tcp/0", "is not a range of ports"),
        ("203.0.113.7:tcp/90-80", "is not a range of ports"),
        ("203.0.113.7:80", "it must be written as IP[:PROTOCOL/PORT[-PORT]]"),
        ("203.0.113.7:tcp/80:x", "it must be written as"),
        ("203.0.113.777", "is not an IP address"),
    ],
)
def test_a_forwarded_address_is_whole_or_not_there(value: str, words: str) -> None:
    found = of_one({**USER, "dmz_ip.0": "203.0.113.7", "dmz_ip.1": value})
    assert found.declaration["users"] == [{"name": "erika"}]
    assert words in reasons(found)["dmz_ip.1"]
    assert "belongs to it" in reasons(found)["dmz_ip.0"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prop_deny", "perhaps"),
        ("prop_deny_web", []),
        ("prop_google_auth", "1"),
        ("prop_pwd_strength", ""),
        ("conn_group", {"a": "b"}),
    ],
)
def test_nothing_is_declared_that_would_give_access(key: str, value: t.Any) -> None:
    """A user who may be denied, and a member of a group that may be denied, must not appear without that."""
    found = of_one({**USER, "access_to.0": "+ALL", "pvt_password_digest": SECRET, key: value})
    assert found.declaration["users"] == found.declaration["access_lists"] == found.secrets == []
    reported = reasons(found)
    assert set(reported) == {"type", "access_to.0", "pvt_password_digest", key}
    assert reported["type"] == f"{key} is not converted, and without it more access could be allowed than before"
    assert SECRET not in json.dumps(found.not_converted)


@pytest.mark.parametrize(
    ("name", "type_", "words"),
    [
        ("erika", None, "type is missing"),
        ("erika", "user", "type is 'user'"),
        ("erika", ["group"], "type is a list"),
        ("erika", "user_default", "does not match this name"),
        ("__DEFAULT__", "user_connect", "does not match this name"),
        ("__DEFAULT__", "group", "does not match this name"),
        ("", "user_connect", "this cannot be a name: it is empty"),
        ("eri\x1bka", "group", "U+001B, which cannot be seen"),
        (" erika", "user_connect", "begins or ends with white space"),
        ("\ud800", "user_connect", "U+D800"),
    ],
)
def test_a_record_that_is_not_known_is_not_declared(name: str, type_: t.Any, words: str) -> None:
    found = of_one({"type": type_, "prop_deny": "true", "pvt_password_digest": SECRET}, name)
    assert found.declaration == {"groups": [], "default_user": {}, "users": [], "access_lists": []}
    reported = reasons(found)
    assert set(reported) == {"type", "prop_deny", "pvt_password_digest"}
    assert all(words in reason for reason in reported.values())
    assert found.secrets == []


def test_a_user_whom_the_web_interface_hides_is_declared_and_reported() -> None:
    found = of_one({"type": "user_connect_hidden"})
    assert found.declaration["users"] == [{"name": "erika"}]
    assert list(reasons(found)) == ["type"]


def test_of_names_that_look_alike_the_first_is_declared() -> None:
    found = converted({"max": USER, "Max": {**USER, "prop_deny": "true"}, "MAX": GROUP})
    assert [found.declaration["users"], found.declaration["groups"]] == [
        [{"name": "Max", "deny": True}],
        [{"name": "MAX"}],
    ]
    assert [(one["object"], one["key"]) for one in found.not_converted] == [("user max", "type")]
    assert "differs from 'Max' only in case" in reasons(found)["type"]


def test_of_users_with_one_address_the_first_has_it() -> None:
    found = converted({name: {**USER, "conn_ip": "10.9.0.7"} for name in ("ben", "ada")})
    assert found.declaration["users"] == [{"name": "ada", "static_ipv4": "10.9.0.7"}, {"name": "ben"}]
    assert [(one["object"], one["reason"]) for one in found.not_converted] == [
        ("user ben", "user ada has the same value")
    ]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("sa.list", Pairs(), "it is a mapping, but must be text"),
        ("sa.list", None, "it is null, but must be text"),
        ("sa.list", 1.5, "it is a number, but must be text"),
        ("sa.list", "\udfff", "it is not a text that UTF-8 can write"),
        ("", "x", "cannot be a name"),
        ("sa.\u202ex", "x", "U+202E, which cannot be seen"),
        ("auth.radius.0.server.0.secret", "", "it is an empty secret"),
        ("sa.text", f"the password is {SECRET}", "it contains a secret from another place"),
        ("upgrade.initial_version", "2.1", "it records what happened on that server"),
    ],
)
def test_items_that_are_not_converted(key: str, value: t.Any, words: str) -> None:
    found = converted(configuration={"auth.ldap.0.bind_pw": SECRET, "host.name": "a", key: value})
    assert found.declaration == {"config_items": [{"name": "host.name", "value": "a"}]}
    assert words in reasons(found)[key]
    assert [one["name"] for one in found.secrets] == ["auth.ldap.0.bind_pw"]
    assert SECRET not in json.dumps(found.left_out) + json.dumps(found.secrets)


def test_a_certificate_without_a_private_key_beside_it_is_an_item() -> None:
    found = converted(configuration={"cs.cert": CONFIGURATION["cs.cert"], "cs.priv_key": ""})
    assert found.declaration["config_items"] == [{"name": "cs.cert", "value": CONFIGURATION["cs.cert"]}]


def test_an_address_with_a_password_is_a_secret() -> None:
    found = converted(configuration={"db.uri": f"mysql://vpn:{SECRET}@db.example/as"})
    assert found.declaration["config_items"] == []
    assert found.secrets == [{"part": "config_items", "name": "db.uri", "option": "secret_value"}]


def test_a_text_is_never_a_template() -> None:
    hostile = "{{ lookup('ansible.builtin.pipe', 'id') }}"
    found = converted({hostile: {**USER, "conn_group": hostile}}, {"sa.company_name": hostile})
    assert found.declaration["users"] == [{"name": hostile, "group": hostile}]
    assert found.declaration["config_items"] == [{"name": "sa.company_name", "value": hostile}]


def test_a_long_value_is_reported_by_its_length() -> None:
    [one] = of_one({**USER, "prop_lzo": "x" * 3000}).not_converted
    assert one["value"] == "(a text of 3000 characters)"
