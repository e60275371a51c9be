# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the vendor leaves behaviour open, tasks are right under every reading: they converge, or say what was not kept."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.user import USER
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.simulator.freebox import READINGS as READINGS_OF_BOXES
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Box, Server, Simulated
from ansible_collections.vpn.estate.tests.unit.plugins.samples import SAMPLES, Sample
from ansible_collections.vpn.estate.tests.unit.plugins.test_laws import (
    apply,
    dialects,
    normal,
    shown,
    started,
    typed,
    usual,
)

OF_KIND: dict[type[Simulated], t.Mapping[str, t.Sequence[str]]] = {Server: READINGS, Box: READINGS_OF_BOXES}
other_readings = pytest.mark.parametrize(
    ("sample", "name", "reading"),
    [
        pytest.param(sample, name, reading, id=f"{sample}-{name}={reading}")
        for sample in SAMPLES
        for name, found in OF_KIND[sample.kind].items()
        for reading in found[1:]
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


@pytest.mark.parametrize("reading", READINGS["config_reset"])
def test_a_configuration_item_goes_back_to_its_default(start: t.Callable[..., Server], reading: str) -> None:
    server = start(readings={"config_reset": reading})
    name = "vpn.server.daemon.tcp.port"
    server.manage(CONFIG_ITEM, name=name, value=8443)
    answer = server.manage(CONFIG_ITEM, name=name, state="default")
    assert answer["changed"]
    assert not answer.get("failed"), answer["msg"]
    assert server.inform(CONFIG_ITEM, [name])[0]["value"] == 443
    assert not server.manage(CONFIG_ITEM, name=name, state="default")["changed"]


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
    from ansible_collections.vpn.estate.plugins.module_utils._access_server import restart

    server = start(readings={"token_after_restart": reading})
    answer = server.run(restart.restart, restart.SPEC, timeout=20)
    assert not answer.get("failed"), answer["msg"]
    assert answer["restarted"]
    assert answer["last_restarted"]
