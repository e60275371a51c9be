# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the vendor leaves behaviour open, tasks are right under every reading: they converge, or say what was not kept."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import staged_config
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki import web_certificate
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.web_certificate import WEB_CERTIFICATE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import failover
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.simulator.freebox import READINGS as READINGS_OF_BOXES
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import (
    apply,
    dialects,
    normal,
    shown,
    started,
    typed,
    usual,
)
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.server.test_failover import (
    DECLARED as FAILOVER,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, Simulated
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import SAMPLES, Sample
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

OTHERWISE = {
    kind: [(name, reading) for name, found in readings.items() for reading in found[1:]]
    for kind, readings in ((Server, READINGS), (Box, READINGS_OF_BOXES))
}
other_readings = pytest.mark.parametrize(
    ("sample", "name", "reading"),
    [
        pytest.param(sample, name, reading, id=f"{sample}-{name}={reading}")
        for kind, readings in OTHERWISE.items()
        for sample, (name, reading) in crossed([one for one in SAMPLES if one.kind is kind], readings)
    ],
)
# Readings under which a property cannot be handed back at all: an honest failure is all that can be had.
NOTHING_BACK = {("null_property", "refuse"), ("null_property", "ignore")}


@other_readings
def test_a_task_converges_or_says_what_was_not_kept(
    start: t.Callable[..., Simulated], sample: Sample, name: str, reading: str
) -> None:
    server = started(start, sample, usual(sample))
    server.simulator.read_as(**{name: reading})
    for declared in (sample.first, sample.second):
        answer = server.manage(sample.resource, **{**sample.options, **declared})
        found, wanted = shown(server, sample), normal(sample, declared)
        kept = {key: found.get(key) == typed(value, found.get(key)) for key, value in wanted.items()}
        if all(kept.values()):
            assert not answer.get("failed"), answer["msg"]
            assert not apply(server, sample, declared)["changed"]
        else:
            assert (name, reading) in NOTHING_BACK
            assert answer["failed"]
            lost = {key for key, well in kept.items() if not well}
            called = lost | ({"group"} if "members" in lost else set())  # members are written as the group of users
            assert any(key in answer["msg"] for key in called)


@dialects
@pytest.mark.parametrize("reading", READINGS["access_set"])
@pytest.mark.parametrize("loose", READINGS["access_list_filter"])
def test_an_access_list_is_what_is_declared_and_others_are_left_alone(
    start: t.Callable[..., Server], dialect: str, reading: str, loose: str
) -> None:
    server = start(dialect=dialect, readings={"access_set": reading, "access_list_filter": loose})
    server.manage(GROUP, groups=[{"name": "staff"}, {"name": "ops"}])
    server.manage(ACCESS_LIST, group="ops", access_to=["10.7.0.0/16"])
    for rules in (["10.0.0.0/8", "all"], ["10.0.0.0/8:tcp/22", "-10.1.0.0/16"], [], ["2001:db8::/32"]):
        assert server.manage(ACCESS_LIST, group="staff", access_to=rules)["changed"]
        found = {one["group"]: one["access_to"] for one in server.inform(ACCESS_LIST)}
        assert found.get("staff", []) == rules
        assert found["ops"] == ["10.7.0.0/16"]


@pytest.mark.parametrize("reading", READINGS["members"])
def test_members_are_who_is_declared(start: t.Callable[..., Server], reading: str) -> None:
    server = start(readings={"members": reading})
    server.manage(USER, users=[{"name": name} for name in ("erika", "max", "otto")])
    server.manage(GROUP, groups=[{"name": "staff", "members": ["erika", "max"]}, {"name": "ops"}])
    assert server.manage(GROUP, name="staff", members=["otto", "max"])["changed"]
    groups = {one["name"]: one["members"] for one in server.inform(GROUP)}
    assert groups == {"ops": [], "staff": ["max", "otto"]}


@pytest.mark.parametrize("unknown", READINGS["unknown_name"])
@pytest.mark.parametrize("name", READINGS["default_user_name"])
def test_the_default_user_is_written_and_no_user_comes_to_be(
    start: t.Callable[..., Server], name: str, unknown: str
) -> None:
    server = start(readings={"default_user_name": name, "unknown_name": unknown})
    before = {user["name"] for user in server.inform(USER)}
    answer = server.manage(DEFAULT_USER, autologin=True, def_deny=True)
    assert not answer.get("failed"), answer["msg"]
    assert server.simulator.state()["default_user"]["autologin"] is True
    assert {user["name"] for user in server.inform(USER)} == before


Run = t.Callable[..., dict[str, t.Any]]


def items_handed_back(server: Server) -> Run:
    """Several configuration items that are set, of several types, one of them secret."""
    declared = [
        {"name": "vpn.server.daemon.tcp.port", "value": 8443},
        {"name": "vpn.server.daemon.enable", "value": False},
        {"name": "sa.company_name", "value": "Example"},
        {"name": "auth.ldap.0.bind_pw", "secret_value": "Bind-Pw-7!"},
    ]
    server.manage(CONFIG_ITEM, config_items=declared)
    back = [{"name": one["name"], "state": "default"} for one in declared]
    return lambda **how: server.manage(CONFIG_ITEM, config_items=back, **how)


def staged_items_handed_back(server: Server) -> Run:
    """The same in a copy of the profile."""
    declared = [{"name": "vpn.server.max_clients", "value": 100}, {"name": "sa.company_name", "value": "Example"}]
    server.manage(CONFIG_ITEM, config_items=declared)
    back = [{"name": one["name"], "state": "default"} for one in declared]
    spec, rules = staged_config.SPEC, staged_config.CONSTRAINTS
    return lambda **how: server.run(staged_config.stage, spec, rules, config_items=back, **how)


def failover_switched_off(server: Server) -> Run:
    """The mode of the failover."""
    server.run(failover.set_up, failover.SPEC, failover.CONSTRAINTS, **FAILOVER)
    return lambda **how: server.run(failover.set_up, failover.SPEC, failover.CONSTRAINTS, state="absent", **how)


def web_certificate_removed(server: Server) -> Run:
    """The three keys of the web certificate."""
    one = identity("vpn.example.com", "127.0.0.1")
    declared = {"cs.cert": one.pem, "cs.priv_key": one.key_pem}
    server.simulator.set_configuration(**declared)
    spec, rules = WEB_CERTIFICATE.argument_spec(), WEB_CERTIFICATE.constraints()
    trusting = {"state": "absent", "restart": False, "allow_connection_change": True}
    return lambda **how: server.run(web_certificate.apply_certificate, spec, rules, **trusting, **how)


@pytest.mark.parametrize(
    "hand_back",
    [items_handed_back, staged_items_handed_back, failover_switched_off, web_certificate_removed],
    ids=lambda one: one.__name__,
)
@pytest.mark.parametrize("reading", READINGS["config_reset"])
def test_keys_are_handed_back_under_every_reading_and_check_mode_tells_it(
    start: t.Callable[..., Server], reading: str, hand_back: t.Callable[[Server], Run]
) -> None:
    server = start(readings={"config_reset": reading}, settings={"restart_downtime": 0.05})
    task = hand_back(server)
    server.simulator.log.clear()
    foreseen = task(check=True)
    assert not server.writes()
    answer = task()
    assert not answer.get("failed"), answer["msg"]
    assert answer["changed"]
    assert foreseen["diff"] == answer["diff"]
    refused = [one for one in server.simulator.log if one.status == 400 and "/config-items/" in one.path]
    assert len(refused) == (reading == "refuse"), "null is not sent again to a server that has refused it"
    assert not task()["changed"]


@pytest.mark.parametrize("reading", READINGS["null_property"])
def test_handing_a_property_back_works_or_is_an_error_that_names_it(
    start: t.Callable[..., Server], reading: str
) -> None:
    server = start(readings={"null_property": reading})
    server.manage(USER, name="erika", autologin=True, reroute_gw="disable")
    answer = server.manage(USER, name="erika", inherit=["autologin"])
    user = server.inform(USER, ["erika"])[0]
    assert user["reroute_gw"] == "disable"
    if reading == "reset":
        assert not answer.get("failed")
        assert user["autologin"] is None
        assert user["effective"]["autologin"] is False
    else:
        assert answer["failed"]
        assert "autologin" in answer["msg"]
        assert user["autologin"] is True


@pytest.mark.parametrize("reading", READINGS["list_property"])
def test_a_list_is_what_is_declared(start: t.Callable[..., Server], reading: str) -> None:
    server = start(readings={"list_property": reading})
    server.manage(GROUP, name="staff", subnets=["10.1.0.0/16", "10.2.0.0/16"])
    for subnets in (["10.2.0.0/16", "10.3.0.0/16"], []):
        answer = server.manage(GROUP, name="staff", subnets=subnets)
        assert not answer.get("failed"), answer["msg"]
        assert server.inform(GROUP, ["staff"])[0]["subnets"] == subnets


@pytest.mark.parametrize("reading", READINGS["token_after_restart"])
def test_a_restart_is_waited_for_whether_or_not_the_token_outlives_it(
    start: t.Callable[..., Server], reading: str
) -> None:
    from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import restart

    server = start(readings={"token_after_restart": reading})
    answer = server.run(restart.restart, restart.SPEC, timeout=20)
    assert not answer.get("failed"), answer["msg"]
    assert answer["restarted"]
    assert answer["last_restarted"]
