# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An export reports what it leaves out, and the rest can be declared."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import EULA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.modules import as_declaration_info, as_user_info, freebox_declaration_info
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.configuration.test_config_item import (
    certificate_pem,
    key_pem,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server

HIDDEN = "an\u200ba"  # with a character that cannot be seen


def export(server: Server, **params: t.Any) -> Answer:
    answer = server.perform(as_declaration_info.BODY, **params)
    assert not answer.get("failed"), answer["msg"]
    assert not server.writes()
    return answer


def reasons(answer: Answer, part: str) -> list[str]:
    return [one["reason"] for one in answer["left_out"] if one["part"] == part]


def names(answer: Answer, part: str) -> list[str]:
    return [one["name"] for one in answer["declaration"][part]]


def test_a_name_that_cannot_be_declared_is_left_out(server: Server) -> None:
    server.simulator.set_user(HIDDEN)
    found = export(server)
    assert HIDDEN not in names(found, "users")
    [reason] = [one for one in reasons(found, "users") if "is left out" in one]
    assert "U+200B" in reason
    assert HIDDEN not in reason  # a reader would not see what is wrong
    [entry] = [one for one in found["left_out"] if one.get("item")]
    assert (entry["name"], entry["options"], entry["item"]) == (HIDDEN, [], {"name": HIDDEN})


def test_what_refers_to_an_object_that_is_left_out_is_left_out_too(server: Server) -> None:
    """Else the declaration could not be applied to an empty server, or would give one user what another one has."""
    for name in ("Ana", "ana", "ben"):
        server.simulator.set_user(name)
        server.simulator.set_access_routes(name, "access_to_ipv4", [{"type": "all", "accept": True}])
    server.simulator.set_access_routes("ben", "access_from_ipv4", [{"type": "user", "accept": True, "username": "ana"}])
    found = export(server)
    assert found["declaration"]["access_lists"] == [
        {"user": "Ana", "access_to": ["all"]},
        {"user": "ben", "access_to": ["all"]},
    ]
    assert reasons(found, "access_lists") == [
        "access list of user ana is left out: its name differs from 'user Ana' only in case, and one task cannot declare both.",
        "access list of user ben: access_from is left out, because user ana is left out.",
    ]


def test_what_is_left_out_is_named_so_that_a_comparison_knows_it(server: Server) -> None:
    """With these names as known, a comparison right after an export finds nothing."""
    for name in ("Ana", "ana", HIDDEN, "ben"):
        server.simulator.set_user(name, static_ipv4="172.27.224.9")
        server.simulator.set_access_routes(name, "access_to_ipv4", [{"type": "all", "accept": True}])
    server.simulator.set_configuration(**{"auth.ldap.0.bind_pw": "A-Secret-Word-1!", EULA: "9"})
    found = export(server)
    known = [
        {key: one[key] for key in ("part", "name", "options") if one.get(key)}
        for one in found["left_out"]
        if "name" in one
    ]
    declared = {part: [*map(str, each)] for part, each in found["declaration"].items()}
    known += [
        {k: one[k] for k in ("part", "name")}
        for one in found["secrets"]
        if one["name"] not in str(declared[one["part"]])
    ]
    answer = server.declare(DECLARATION, **found["declaration"], known=known, undeclared=True, check=True)
    assert not answer["changed"]
    for part in found["declaration"]:
        assert (answer[part]["undeclared"], answer[part]["undeclared_options"]) == ([], []), part
    assert not [one for one in known if one["name"] in ("Ana", "mfa-admin", "openvpn")]


def test_of_two_names_that_look_alike_one_is_left_out(server: Server) -> None:
    for name in ("ana", "Ana"):
        server.simulator.set_user(name)
    found = export(server)
    assert names(found, "users") == ["Ana", "mfa-admin", "openvpn"]
    assert (
        "user ana is left out: its name differs from 'Ana' only in case, and one task cannot declare both."
        in reasons(found, "users")
    )
    assert not server.declare(DECLARATION, **found["declaration"])["changed"]


def test_an_address_that_two_users_have_is_exported_once(server: Server) -> None:
    for name in ("ana", "ben"):
        server.simulator.set_user(name, static_ipv4="172.27.224.9")
    found = export(server)
    assert [one.get("static_ipv4") for one in found["declaration"]["users"]][:2] == ["172.27.224.9", None]
    assert "user ben: static_ipv4 172.27.224.9 is left out, because user ana has it too." in reasons(found, "users")


def test_a_property_that_is_not_known_is_named_without_its_value(server: Server) -> None:
    record = {"name": "ana", "password_defined": False, "new_property": "Marker-Value-1!", "new_flag": None}
    found: dict[str, t.Any] = {"total": 1, "profiles": [record]}
    server.simulator.faults.add(path="users/list", times=None, status=200, body=found)
    answer = export(server, only=["users"])
    assert reasons(answer, "users") == [
        "No declaration of user ana can contain its property new_property, which vpn.estate does not know."
    ]
    informed = server.perform(as_user_info.BODY)
    assert informed["users"][0]["unknown_properties"] == ["new_property"]
    assert informed["left_out"] == answer["left_out"][:1]
    assert "Marker-Value-1!" not in str((answer, informed))


def test_what_a_person_agreed_to_and_what_belongs_to_a_key_is_left_out(server: Server) -> None:
    stored = {
        "cs.priv_key": key_pem(1),
        "cs.cert": certificate_pem(1),
    }
    server.simulator.set_configuration(
        **stored, **{EULA: "9", "cs.ca_bundle": certificate_pem(2), "sa.company_name": "X"}
    )
    found = export(server)
    assert names(found, "config_items") == ["host.name", "sa.company_name"]
    none = "No declaration of configuration item"
    with_key = "its value, which belongs to the private key cs.priv_key: use as_web_certificate."
    assert reasons(found, "config_items") == [
        f"{none} {EULA} can contain its value, which records that a person has accepted the licence agreement.",
        f"{none} cs.ca_bundle can contain {with_key}",
        f"{none} cs.cert can contain {with_key}",
        f"{none} cs.priv_key can contain its value, which belongs to a certificate: use as_web_certificate.",
    ]
    assert "cs.priv_key" not in [one["name"] for one in found["secrets"]]


def test_a_private_key_without_a_certificate_is_a_secret_to_declare(server: Server) -> None:
    server.simulator.set_configuration(**{"cs.priv_key": key_pem(1)})
    assert {"part": "config_items", "name": "cs.priv_key", "option": "secret_value"} in export(server)["secrets"]


def test_an_item_that_has_its_default_is_not_exported(server: Server) -> None:
    server.simulator.set_configuration(**{"vpn.server.daemon.tcp.port": 443, "vpn.server.config_text": ""})
    assert names(export(server), "config_items") == ["host.name"]


def test_a_private_key_under_any_name_is_a_secret(server: Server) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMarkerOfAKey\n-----END PRIVATE KEY-----\n"
    server.simulator.set_configuration(**{"local.note": key})
    found = export(server)
    assert "local.note" not in names(found, "config_items")
    assert {"part": "config_items", "name": "local.note", "option": "secret_value"} in found["secrets"]
    assert "MarkerOfAKey" not in str(found)


def test_parts_are_chosen(server: Server) -> None:
    assert {*export(server, only=["groups", "default_user"])["declaration"]} == {"groups", "default_user"}


@pytest.mark.parametrize("dialect", ["document", "3.2"])
def test_a_server_without_domain_rules_is_exported(start: t.Callable[..., Server], dialect: str) -> None:
    found = export(start(dialect=dialect))
    assert ("access_rulesets" in found["declaration"]) is (dialect == "3.2")
    assert bool(reasons(found, "access_rulesets")) is (dialect == "document")


def test_other_configuration_profiles_are_named(server: Server) -> None:
    server.manage(CONFIG_PROFILE, name="winter", copy_from=server.inform(CONFIG_PROFILE)[0]["name"])
    server.simulator.log.clear()
    assert any("configuration profile winter is not active" in one for one in reasons(export(server), ""))


def test_what_an_info_module_returns_goes_into_the_module_of_the_noun(server: Server) -> None:
    server.simulator.set_user("ana", deny=True, cc_commands="a\nb")
    answer = server.perform(as_user_info.BODY, names=["ana"])
    assert answer["declaration"] == [{"name": "ana", "deny": True, "cc_commands": "a\nb"}]
    assert not server.manage(USER, users=answer["declaration"])["changed"]


def test_a_box_returns_which_users_have_passwords(box: Box) -> None:
    box.simulator.set_user("ana", password="A-Secret-1!")  # noqa: S106 - a made-up one
    found = box.perform(freebox_declaration_info.BODY)
    assert {"part": "users", "name": "ana", "option": "password"} in found["secrets"]
    assert not box.declare(FREEBOX, **found["declaration"])["changed"]
