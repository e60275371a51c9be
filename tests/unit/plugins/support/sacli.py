# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sacli would print of a simulated Access Server (server behaviour, 144 to 146 and 160 to 163), from its store."""

from __future__ import annotations

import itertools
import json
import typing as t

from ansible_collections.vpn.estate.tests.simulator.access_server.store import DEFAULT_USER, Record, Store

Printed = dict[str, str]
FLAGS = {
    "admin": "prop_superuser",
    "allow_generate_profiles": "prop_autogenerate",
    "allow_password_change": "prop_pwd_change",
    "autologin": "prop_autologin",
    "def_deny": "def_deny",
    "deny": "prop_deny",
    "deny_web": "prop_deny_web",
    "password_strength": "prop_pwd_strength",
    "totp": "prop_google_auth",
    "totp_admin_only": "prop_google_auth_admin_locked",
    "totp_locked": "pvt_google_auth_secret_locked",
}
TEXTS = {
    "auth_method": "user_auth_type",
    "cc_commands": "prop_cc_cmds",
    "group": "conn_group",
    "static_ipv4": "conn_ip",
    "static_ipv6": "conn_ip6",
    "totp_secret": "pvt_google_auth_secret",
}
SUBNETS = {"bypass_subnets": "bypass_route", "client_to_server_subnets": "c2s_subnets", "subnets": "group_subnets"}
ROUTES = {"access_to_ipv4": "access_to", "access_to_ipv6": "access_to6"}
ROUTES |= {name.replace("to", "from"): key.replace("to", "from") for name, key in ROUTES.items()}
DIGEST = "0f" * 32
TYPES = {"default": "user_default", "group": "group"}


def user_properties(store: Store, subnet_does: str | None = None) -> str:
    """The output of UserPropGet; with the class SUBNET in rules where ``subnet_does`` says what it does without a suffix."""
    records = [one for kind in ("user", "group", "default") for one in store.records(kind)]
    return json.dumps({one.name: _record(store, one, subnet_does) for one in records}, indent=2, sort_keys=True)


def configuration(values: t.Mapping[str, t.Any]) -> str:
    """The output of ConfigQuery, for items that are set."""
    return json.dumps({key: text_of(value) for key, value in values.items()}, indent=2, sort_keys=True)


def text_of(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _record(store: Store, record: Record, subnet_does: str | None) -> Printed:
    found: Printed = {}
    own = dict(record.own)
    if record.member_of is not None:
        found["conn_group"] = record.member_of
    for name, value in own.items():
        if name in FLAGS:
            found[FLAGS[name]] = text_of(value)
        elif name in TEXTS:
            found[TEXTS[name]] = value
        elif name == "reroute_gw":
            found["prop_reroute_gw_override"] = {True: "global", False: "disable"}.get(value, value)
        elif name.endswith("_env"):
            system = name.split("_")[3]
            found.update({f"prop_cli.script_env.{system}.{variable}": text for variable, text in value.items()})
        elif name.startswith("cli_script_connect_"):
            system, who, moment = name.split("_")[3:]
            found[f"prop_cli.script.{system}.{who}.{moment}"] = value
        else:
            found.update(_list(name, value))
    for kind, group in itertools.groupby(store.access_routes([record.name]), key=lambda row: row[1]):
        found.update(_numbered(ROUTES[kind], [_rule(route, subnet_does) for _owner, _kind, route in group]))
    if record.password is not None:
        found["pvt_password_digest"] = DIGEST
    compiles = own.keys() & {"static_ipv4", "static_ipv6", "dmz_ip", *SUBNETS} or own.get("admin")
    found["type"] = TYPES.get(record.kind, "user_compile" if compiles else "user_connect")
    if record.kind == "group":
        found["group_declare"] = "true"
    assert (record.kind == "default") is (record.name == DEFAULT_USER)
    return found


def _list(name: str, value: t.Any) -> Printed:
    if name in SUBNETS:
        return _by_family(SUBNETS[name], [(one["ipv6"], f"{one['netip']}/{one['prefix_length']}") for one in value])
    if name == "dynamic_ranges":
        return _by_family("group_range", [(one["ipv6"], f"{one['first_ip']}-{one['last_ip']}") for one in value])
    assert name in ("dmz_ip", "dmz_ipv6"), name
    return _by_family("dmz_ip", [(name == "dmz_ipv6", one["ip"] + _forwarded_ports(one)) for one in value])


def _forwarded_ports(one: t.Mapping[str, t.Any]) -> str:
    if "start_port" not in one:
        return ""
    end = f"-{one['end_port']}" if "end_port" in one else ""
    return f":{one['protocol']}/{one['start_port']}{end}"


def _by_family(key: str, texts: t.Sequence[tuple[bool, str]]) -> Printed:
    families = ((key, False), (f"{key}6", True))
    return {
        name: text
        for name6, six in families
        for name, text in _numbered(name6, [x for is6, x in texts if is6 is six]).items()
    }


def _numbered(key: str, texts: t.Sequence[str]) -> Printed:
    return {f"{key}.{number}": text for number, text in enumerate(texts)}


def _rule(route: t.Mapping[str, t.Any], subnet_does: str | None) -> str:
    sign, kind = "+" if route["accept"] else "-", route["type"]
    if "subnet" not in route:
        name = route.get("username") or route.get("groupname")
        return f"{sign}{kind.upper()}" + (f":{name}" if name else "")
    subnet = route["subnet"]
    parts = [f"{subnet['netip']}/{subnet['prefix_length']}", ",".join(map(_service, subnet.get("service", ())))]
    if subnet_does:
        parts += [] if kind == subnet_does else [{"nat": "N", "route": "R"}[kind]]
        kind = "subnet"
    while not parts[-1]:
        parts.pop()
    return f"{sign}{kind.upper()}:" + ("|" if subnet["ipv6"] else ":").join(parts)


def _service(one: t.Mapping[str, t.Any]) -> str:
    if one["protocol"] == "icmp":
        return str(one["type"])
    return f"{one['protocol']}/{one['start_port']}" + (f"-{one['end_port']}" if "end_port" in one else "")
