# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN servers of a Freebox: what is refused before anything is written, what is sent, and waiting until they run."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER, VpnServer
from ansible_collections.vpn.estate.tests.simulator.freebox import Clock
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box

Start = Callable[..., Box]
Declared = dict[str, t.Any]
CONFIG = "vpn/openvpn_routed/config/"
AT_ONCE = {"start_duration": 0, "stop_duration": 0}


class Time:
    """A clock that only advances when the code sleeps, and records for how long."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []
        self.then: dict[int, Callable[[], object]] = {}  # what happens during the nth sleep

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.then.get(len(self.slept), lambda: None)()


class World:
    """A box whose servers take a minute to start and half of one to stop, and tasks that share its clock."""

    def __init__(self, start: Start, **how: t.Any) -> None:
        self.time = Time()
        self.box = start(
            Box,
            clock=Clock(self.time),
            settings={"start_duration": 60.0, "stop_duration": 30.0, **how.pop("settings", {})},
            **how,
        )
        self.resource = VpnServer(self.time, self.time.sleep)

    def servers(self, *declared: Declared, **options: t.Any) -> Answer:
        return self.box.manage(self.resource, servers=list(declared), **options)

    @property
    def states(self) -> dict[str, str]:
        return {name: one["state"] for name, one in self.box.simulator.state()["servers"].items()}

    @property
    def looks(self) -> int:
        """How often the list was asked for."""
        return sum(one.path.endswith("/vpn/") for one in self.box.simulator.log)


@pytest.fixture(name="world")
def fixture_world(start: Start) -> World:
    return World(start)


def servers(box: Box, *declared: Declared, **options: t.Any) -> Answer:
    return box.manage(VPN_SERVER, servers=list(declared), **options)


def sent(box: Box) -> list[tuple[str, t.Any]]:
    """Whose configuration was written, and with what."""
    return [(one.path.split("/")[-3], one.request) for one in box.simulator.log if one.method == "PUT"]


def only(box: Box, name: str) -> Declared:
    """What the info module returns for one server."""
    [found] = box.inform(VPN_SERVER, [name])
    return t.cast(Declared, found)


# -- what is refused before anything is written


REFUSED: list[tuple[Declared, str]] = [
    (
        {"name": "openvpn"},
        "no VPN server 'openvpn'; it has ipsec, openvpn_bridge, openvpn_routed, pptp, wireguard. Did you mean openvpn_",
    ),
    ({"name": "Wireguard", "enabled": True}, "has no VPN server 'Wireguard'"),
    (
        {"name": "wireguard", "conf_openvpn": {"use_tcp": True}},
        "conf_openvpn of VPN server wireguard: this server, of type wireguard, has no such setting. It has enabled, port, "
        "conf_wireguard. Nothing was written.",
    ),
    ({"name": "pptp", "enable_ipv4": True}, "enable_ipv4 of VPN server pptp: this server, of type pptp, has no such"),
    (
        {"name": "openvpn_bridge", "enable_ipv6": False},
        "enable_ipv6 of VPN server openvpn_bridge: this server, of type open",
    ),
    ({"name": "wireguard", "enable_ipv6": False}, "enable_ipv6 of VPN server wireguard"),
    ({"name": "wireguard", "port_ike": 500}, "port_ike of VPN server wireguard"),
    ({"name": "openvpn_routed", "conf_wireguard": {"mtu": 1300}}, "conf_wireguard of VPN server openvpn_routed"),
    (
        {"name": "ipsec", "port": 1194},
        "port of VPN server ipsec: this server, of type ipsec, has no such setting. It has",
    ),
    ({"name": "ipsec", "conf_pptp": {}}, "conf_pptp of VPN server ipsec"),
    (
        {"name": "pptp", "port": 1724},
        "port of VPN server pptp is 1723, and cannot be changed: only servers of type openvpn and wireguard can use another port.",
    ),
    (
        {"name": "openvpn_routed", "port": 1023},
        "port of VPN server openvpn_routed: 1023 is not from 1024 to 2047. Nothing",
    ),
    ({"name": "wireguard", "port": 2048}, "port of VPN server wireguard: 2048 is not from 1024 to 2047."),
    ({"name": "ipsec", "port_ike": 0}, "port_ike of VPN server ipsec: 0 is not from 1 to 65535."),
    ({"name": "ipsec", "port_nat": 65536}, "port_nat of VPN server ipsec: 65536 is not from 1 to 65535."),
    (
        {"name": "wireguard", "conf_wireguard": {"mtu": 511}},
        "conf_wireguard of VPN server wireguard: mtu is 511, but has to be from 512",
    ),
    ({"name": "wireguard", "conf_wireguard": {"mtu": 1421}}, "mtu is 1421, but has to be from 512 to 1420."),
    (
        {"name": "ipsec", "conf_ipsec": {"ike_version": 1}},
        "conf_ipsec of VPN server ipsec: ike_version is 2, and cannot be changed to 1. Nothing was written.",
    ),
    (
        {"name": "ipsec", "conf_ipsec": {"auth_modes": [{"id_source": "custom", "id_custom": "office"}]}},
        "auth_modes is [{'id_source': 'custom', 'id_custom': 'freebox'}], and cannot be changed to [{'id_source'",
    ),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("modes", ["list", "map"])
@pytest.mark.parametrize(("declared", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_written(
    start: Start, declared: Declared, sentence: str, modes: str, check: bool
) -> None:
    box = start(Box, readings={"ipsec_auth_modes": modes}, settings={"min_port": 1024, "max_port": 2047, **AT_ONCE})
    another = "openvpn_bridge" if declared["name"] == "openvpn_routed" else "openvpn_routed"
    also = {"name": another, "conf_openvpn": {"cipher": "aes256"}} if declared["name"] != "openvpn_bridge" else {}
    answer = servers(box, *([also] if also else []), declared, check=check)
    assert answer["failed"], answer
    assert sentence in answer["msg"]
    assert not answer["changed"]
    assert not box.writes()


def test_an_old_box_knows_no_range_and_fewer_servers(start: Start) -> None:
    box = start(Box, api_version="3.0", settings=AT_ONCE)
    assert "it has openvpn_bridge, openvpn_routed, pptp. Nothing" in servers(box, {"name": "wireguard"})["msg"]
    answer = servers(box, {"name": "openvpn_routed", "port": 65536})
    assert "65536 is not from 1 to 65535" in answer["msg"]
    assert servers(box, {"name": "openvpn_routed", "port": 1})["changed"]


@pytest.mark.parametrize("option", [{"cipher": "rot13"}, {"disable_fragment": "perhaps"}])
def test_a_value_that_no_box_knows_is_refused_by_its_option(box: Box, option: Declared) -> None:
    answer = servers(box, {"name": "openvpn_routed", "conf_openvpn": option})
    [(name, said)] = option.items()
    assert answer["msg"].startswith(f"servers[0] (openvpn_routed): conf_openvpn.{name}: {said!r} is given, and ")
    assert not box.simulator.log


def test_what_a_fixed_value_is_can_be_declared(box: Box) -> None:
    fixed = {"ike_version": 2, "auth_modes": [{"id_source": "custom", "id_custom": "freebox"}]}
    answer = servers(box, {"name": "pptp", "port": 1723}, {"name": "ipsec", "conf_ipsec": fixed})
    assert answer["counts"] == {"unchanged": 2}
    assert not box.writes()


@pytest.mark.parametrize("version", ["4.0", "16.0"])
@pytest.mark.parametrize("modes", ["list", "map"])
def test_everything_that_is_returned_can_be_declared(start: Start, modes: str, version: str) -> None:
    box = start(Box, api_version=version, readings={"ipsec_auth_modes": modes})
    spec = VPN_SERVER.object_spec()
    reported = [{k: v for k, v in one.items() if k in {"name", *spec}} for one in box.inform(VPN_SERVER)]
    assert len(reported) == (3 if version == "4.0" else 5)
    answer = servers(box, *reported)
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_without_the_permission_nothing_is_begun(box: Box, check: bool) -> None:
    box.simulator.set_rights("calls")
    answer = servers(box, {"name": "pptp", "enabled": True}, check=check)
    assert f"lacks the permission settings on {box.simulator.url}" in answer["msg"]
    assert "Gestion des accès > Applications" in answer["msg"]
    assert not box.writes()
    assert not servers(box, {"name": "pptp", "enabled": False}, check=check).get("failed")  # there is nothing to do


@pytest.mark.parametrize("seconds", [0, -5])
def test_a_time_that_is_none_is_refused(box: Box, seconds: int) -> None:
    answer = servers(box, {"name": "pptp", "enabled": True}, wait_timeout=seconds)
    assert f"wait_timeout: {seconds} is too small; the smallest value is 1 second." in answer["msg"]
    assert not box.writes()


# -- what is sent


@pytest.mark.parametrize("objects", ["merge", "replace"])
def test_only_what_differs_is_sent_and_objects_are_whole(start: Start, objects: str) -> None:
    box = start(Box, readings={"partial_objects": objects}, settings=AT_ONCE)
    box.simulator.set_server("openvpn_routed", conf_openvpn={"use_tcp": True}, enable_ipv6=True)
    box.simulator.set_server("pptp", conf_pptp={"allowed_auth": {"chap": True}})
    servers(
        box,
        {"name": "openvpn_routed", "enabled": False, "port": 1199, "conf_openvpn": {"cipher": "aes256"}},
        {"name": "pptp", "conf_pptp": {"allowed_auth": {"pap": True}}},
    )
    assert sent(box) == [
        (
            "openvpn_routed",
            {"port": 1199, "conf_openvpn": {"cipher": "aes256", "disable_fragment": False, "use_tcp": True}},
        ),
        (
            "pptp",
            {"conf_pptp": {"mppe": "require_128", "allowed_auth": {"pap": True, "chap": True, "mschapv2": True}}},
        ),
    ]
    assert only(box, "openvpn_routed")["enable_ipv6"] is True


@pytest.mark.parametrize("objects", ["merge", "replace"])
def test_what_another_program_changes_meanwhile_stays(start: Start, objects: str) -> None:
    """Between the comparison and the write, in the same object."""
    box = start(Box, readings={"partial_objects": objects}, settings=AT_ONCE)

    def another_program() -> None:
        box.simulator.set_server("openvpn_routed", conf_openvpn={"use_tcp": True}, enable_ipv6=True)

    box.simulator.faults.add(path=CONFIG, method="GET", do="act", nth=2, act=another_program)
    answer = servers(box, {"name": "openvpn_routed", "conf_openvpn": {"cipher": "aes256"}})
    assert not answer.get("failed"), answer["msg"]
    found = only(box, "openvpn_routed")
    assert found["conf_openvpn"] == {"cipher": "aes256", "disable_fragment": False, "use_tcp": True}
    assert found["enable_ipv6"] is True
    assert answer["diff"]["after"] == {"openvpn_routed": {"conf_openvpn": found["conf_openvpn"]}}


def test_what_another_program_has_done_meanwhile_is_not_done_again(start: Start) -> None:
    box = start(Box, settings=AT_ONCE)
    box.simulator.faults.add(
        path=CONFIG, method="GET", do="act", nth=2, act=lambda: box.simulator.set_server("openvpn_routed", port=1199)
    )
    answer = servers(box, {"name": "openvpn_routed", "port": 1199})
    assert not answer.get("failed"), answer["msg"]
    assert sent(box) == []


def test_unknown_keys_are_sent_back_unchanged(start: Start) -> None:
    """A later box has more in its objects, also what is null there."""
    box = start(Box, settings=AT_ONCE)
    raw = box.simulator.machine.servers.shown(box.simulator.machine.servers.find("openvpn_routed"))
    later = {**raw, "news": 1, "conf_openvpn": {**raw["conf_openvpn"], "tls_crypt": {"a": [1]}, "dns": None}}
    box.simulator.faults.add(path=CONFIG, method="GET", status=200, times=None, body={"success": True, "result": later})
    took = {"success": True, "result": {}}
    box.simulator.faults.add(path=CONFIG, method="PUT", status=200, body=took)
    answer = servers(box, {"name": "openvpn_routed", "conf_openvpn": {"cipher": "aes256"}})
    [(_name, body)] = sent(box)
    assert body == {"conf_openvpn": {**later["conf_openvpn"], "cipher": "aes256"}}
    box.simulator.log.clear()  # the contract has no such key
    assert "the server accepted the change and did not keep it: conf_openvpn is {'cipher': 'aes128'" in answer["msg"]


def test_unknown_keys_are_no_difference(start: Start) -> None:
    box = start(Box, settings=AT_ONCE)
    raw = box.simulator.machine.servers.shown(box.simulator.machine.servers.find("openvpn_routed"))
    later = {**raw, "conf_openvpn": {**raw["conf_openvpn"], "cipher": "quantum", "dns": None, "more": True}}
    box.simulator.faults.add(path=CONFIG, method="GET", status=200, times=None, body={"success": True, "result": later})
    assert not servers(box, {"name": "openvpn_routed", "conf_openvpn": {"use_tcp": False}})["changed"]
    assert only(box, "openvpn_routed")["conf_openvpn"]["cipher"] == "quantum"


@pytest.mark.parametrize("key", ["enabled", "port"])
def test_what_the_box_does_not_keep_is_reported_by_its_key(start: Start, key: str) -> None:
    box = start(Box, settings=AT_ONCE)
    box.simulator.faults.add(path=CONFIG, method="PUT", status=200, body={"success": True})
    before, after = {"enabled": (False, True), "port": (1194, 1199)}[key]
    answer = servers(box, {"name": "openvpn_routed", key: after})
    assert f"the server accepted the change and did not keep it: {key} is {before}" in answer["msg"]
    assert answer["objects"][0]["action"] == "failed"


def test_what_the_box_refuses_fails_alone_in_its_words(start: Start) -> None:
    box = start(Box, settings=AT_ONCE)
    no = {"success": False, "error_code": "port_outside_range", "msg": "Le port est en dehors de la plage autorisée"}
    box.simulator.faults.add(path=CONFIG, method="PUT", status=200, body=no)
    answer = servers(box, {"name": "openvpn_routed", "port": 1199}, {"name": "pptp", "enabled": True})
    assert answer["failed"]
    assert answer["changed"]
    assert [one["action"] for one in answer["objects"]] == ["failed", "updated"]
    assert (
        "answered port_outside_range: Le port est en dehors de la plage autorisée (the port is not one" in answer["msg"]
    )


def test_a_cipher_that_an_old_box_lacks_fails_in_its_words(start: Start) -> None:
    box = start(Box, api_version="4.0")
    answer = servers(box, {"name": "openvpn_routed", "conf_openvpn": {"cipher": "chacha20poly1305"}})
    assert "answered inval: Paramètres invalides (the box does not accept these values)" in answer["msg"]
    assert not answer["changed"]


def test_who_stops_is_written_before_who_starts(start: Start) -> None:
    """So a port is free before it is taken."""
    box = start(Box, settings=AT_ONCE)
    box.simulator.set_server("openvpn_bridge", enabled=True)
    servers(
        box, {"name": "openvpn_routed", "enabled": True, "port": 1195}, {"name": "openvpn_bridge", "enabled": False}
    )
    assert [name for name, _body in sent(box)] == ["openvpn_bridge", "openvpn_routed"]


# -- who would be cut off


@pytest.mark.parametrize("goes_on", ["goes_on", "restarts"])
def test_connected_clients_are_reported_before_anything_is_written(start: Start, goes_on: str) -> None:
    box = start(Box, settings=AT_ONCE, enabled=["openvpn_routed", "pptp"], readings={"change_while_started": goes_on})
    box.simulator.set_user("max")
    for name in ("openvpn_routed", "openvpn_routed", "pptp"):
        box.simulator.connect("max", name)
    declared = [
        {"name": "openvpn_routed", "port": 1199},
        {"name": "pptp", "enabled": True},
        {"name": "ipsec", "enabled": False},
    ]
    reported, done = servers(box, *declared, check=True), servers(box, *declared)
    warning = f"VPN clients of {box.simulator.url} may be disconnected by a change to openvpn_routed (2 connected)."
    for answer in (reported, done):
        assert [one["connections"] for one in answer["objects"]] == [2, 1, 0]
        assert answer["warnings"] == [warning]
    assert [one["connections"] for one in servers(box, *declared)["objects"]] == [
        2 if goes_on == "goes_on" else 0,
        1,
        0,
    ]
    assert "warnings" not in servers(box, *declared)


# -- waiting


def test_a_server_that_is_switched_is_waited_for(world: World) -> None:
    world.box.simulator.set_server("pptp", enabled=True)
    answer = world.servers({"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": False})
    assert not answer.get("failed"), answer["msg"]
    assert world.states["wireguard"] == "started"
    assert world.states["pptp"] == "stopped"
    assert sum(world.time.slept) == 60
    assert sent(world.box) == [
        ("pptp", {"enabled": False}),
        ("wireguard", {"enabled": True}),
    ]  # and then waited for both


def test_a_server_that_is_well_is_not_looked_at_again(world: World) -> None:
    world.box.simulator.set_server("wireguard", enabled=True)
    assert not world.servers({"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": False})["changed"]
    assert (world.looks, world.time.slept) == (1, [])


@pytest.mark.parametrize(
    ("enabled", "before", "after"), [(True, "starting", "started"), (False, "stopping", "stopped")]
)
def test_a_server_that_is_on_its_way_is_waited_for(world: World, enabled: bool, before: str, after: str) -> None:
    declared = {"name": "wireguard", "enabled": enabled}
    if not enabled:
        world.box.simulator.set_server("wireguard", enabled=True)
    assert world.servers(declared, wait=False)["changed"]
    assert world.states["wireguard"] == before
    answer = world.servers(declared)
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]
    assert world.states["wireguard"] == after


def test_the_task_does_not_wait_unless_it_is_asked_to_nor_in_check_mode(world: World) -> None:
    declared = {"name": "wireguard", "enabled": True}
    assert world.servers(declared, check=True)["changed"]
    assert world.servers(declared, wait=False)["changed"]
    assert not world.servers(declared, check=True)["changed"]
    assert (world.states["wireguard"], world.time.slept) == ("starting", [])


def test_a_server_that_ran_is_waited_for_after_another_change(world: World) -> None:
    world.box.simulator.set_server("wireguard", enabled=True)
    world.servers({"name": "wireguard", "conf_wireguard": {"mtu": 1300}}, {"name": "ipsec", "port_ike": 501})
    assert world.states["wireguard"] == "started"
    assert sum(world.time.slept) == 60


def test_a_server_that_does_not_start_in_time_fails_and_is_no_news_to_the_next_task(world: World) -> None:
    declared = [{"name": "wireguard", "enabled": True}, {"name": "pptp", "conf_pptp": {"mppe": "disable"}}]
    answer = world.servers(*declared, wait_timeout=11)
    assert answer["failed"]
    assert answer["changed"]
    assert "wireguard: it is starting after 11 seconds, not started; see wait_timeout." in answer["msg"]
    assert [one["action"] for one in answer["objects"]] == ["failed", "updated"]
    assert sum(world.time.slept) == 11
    again = world.servers(*declared)
    assert not again.get("failed"), again["msg"]
    assert not again["changed"]


def test_a_server_that_ends_in_an_error_fails_and_the_others_go_on(world: World) -> None:
    world.box.simulator.set_server("wireguard", broken=True)
    declared = [{"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": True}]
    answer = world.servers(*declared)
    assert (
        "1 of 2 failed. VPN server wireguard: it is in the state error after the change, and the box does not"
        in answer["msg"]
    )
    assert [one["action"] for one in answer["objects"]] == ["failed", "updated"]
    assert world.states["pptp"] == "started"


@pytest.mark.parametrize("how", [{}, {"check": True}, {"wait": False}])
def test_a_server_that_is_found_in_an_error_fails_with_nothing_to_write(world: World, how: Declared) -> None:
    world.box.simulator.set_server("wireguard", enabled=True, broken=True)
    answer = world.servers({"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": True}, **how)
    assert (
        "wireguard: it is enabled, and in the state error: the box cannot start it, and does not report why."
        in answer["msg"]
    )
    assert [one["action"] for one in answer["objects"]] == ["failed", "updated"]  # the others are dealt with
    quiet = world.servers({"name": "wireguard", "port": 51820})  # it is not declared that it should run
    assert not quiet.get("failed")


def test_a_server_that_is_still_starting_and_ends_in_an_error_fails(world: World) -> None:
    world.box.simulator.set_server("wireguard", broken=True)
    world.servers({"name": "wireguard", "enabled": True}, wait=False)
    answer = world.servers({"name": "wireguard", "enabled": True})
    assert "wireguard: it is in the state error after the change" in answer["msg"]


def test_the_error_of_before_a_change_is_not_that_of_after_it(world: World) -> None:
    """A box may need a moment before it begins to start what could not start before."""
    simulator = world.box.simulator
    simulator.read_as(change_while_started="goes_on")
    simulator.set_server("wireguard", enabled=True, broken=True)
    world.time.then[2] = lambda: simulator.set_server("wireguard", enabled=True, broken=False)  # started meanwhile
    declared = {"name": "wireguard", "enabled": True, "port": 51821}
    answer = world.servers(declared)
    assert not answer.get("failed"), answer["msg"]
    assert len(world.time.slept) == 2


def test_an_error_that_lasts_is_one(world: World) -> None:
    simulator = world.box.simulator
    simulator.read_as(change_while_started="goes_on")
    simulator.set_server("wireguard", enabled=True, broken=True)
    answer = world.servers({"name": "wireguard", "enabled": True, "port": 51821})
    assert "it is in the state error after the change" in answer["msg"]
    assert sum(world.time.slept) == 10


def test_sessions_may_end_while_the_task_waits(world: World) -> None:
    world.time.then[3] = world.box.simulator.expire_sessions
    answer = world.servers({"name": "wireguard", "enabled": True})
    assert not answer.get("failed"), answer["msg"]
    assert world.states["wireguard"] == "started"


def test_a_box_that_goes_away_while_the_task_waits_is_reported_with_what_was_done(world: World) -> None:
    simulator = world.box.simulator
    world.time.then[2] = lambda: simulator.faults.add(do="drop", times=None)
    answer = world.servers({"name": "wireguard", "enabled": True}, {"name": "pptp", "enabled": False})
    assert answer["failed"]
    assert answer["changed"]
    assert "So far: 1 updated, 1 unchanged; see objects." in answer["msg"]
    assert [one["action"] for one in answer["objects"]] == ["updated", "unchanged"]


# -- reading


def test_servers_are_those_that_the_box_has(start: Start) -> None:
    """An unknown type is read, and managed, like the others."""
    box = start(Box, settings=AT_ONCE)
    listed = [
        {"name": "ssh_tunnel", "type": "ssh", "state": "stopped", "connection_count": 0, "auth_connection_count": 0}
    ]
    box.simulator.faults.add(path="vpn/", status=200, times=None, body={"success": True, "result": listed})
    config = {"id": "ssh_tunnel", "type": "ssh", "enabled": False, "conf_ssh": {"keys": 3}}
    box.simulator.faults.add(
        path="vpn/ssh_tunnel/config/", method="GET", status=200, times=None, body={"success": True, "result": config}
    )
    [found] = box.inform(VPN_SERVER)
    assert (found["name"], found["type"], found["enabled"], found["port"]) == ("ssh_tunnel", "ssh", False, None)
    assert servers(box, {"name": "ssh_tunnel", "enabled": True}, check=True)["changed"]
    assert not servers(box, {"name": "ssh_tunnel", "enabled": False})["changed"]
    assert (
        "this server, of type ssh, has no such setting. It has enabled."
        in servers(box, {"name": "ssh_tunnel", "port": 1})["msg"]
    )


def test_an_info_module_asks_only_for_what_it_is_asked(box: Box) -> None:
    assert [one["name"] for one in box.inform(VPN_SERVER, ["pptp", "nowhere"])] == ["pptp"]
    assert [one.path for one in box.simulator.log if "/config/" in one.path] == ["/api/v16/vpn/pptp/config/"]
    assert box.inform(VPN_SERVER, []) == []


@pytest.mark.parametrize("modes", ["list", "map"])
def test_modes_of_authentication_read_alike_in_both_forms(start: Start, modes: str) -> None:
    box = start(Box, readings={"ipsec_auth_modes": modes})
    reported = {"ike_version": 2, "auth_modes": [{"id_source": "custom", "id_custom": "freebox"}]}
    assert only(box, "ipsec")["conf_ipsec"] == reported


@pytest.mark.parametrize(
    ("key", "value"),
    [("enabled", "yes"), ("enabled", 1), ("port", "1194"), ("port", True), ("conf_openvpn", "aes"), ("min_port", [1])],
)
def test_what_cannot_be_compared_is_not_written_over(box: Box, key: str, value: t.Any) -> None:
    raw = box.simulator.machine.servers.shown(box.simulator.machine.servers.find("openvpn_routed"))
    body = {"success": True, "result": {**raw, key: value}}
    box.simulator.faults.add(path=CONFIG, method="GET", status=200, times=None, body=body)
    answer = servers(box, {"name": "openvpn_routed", "port": 1199})
    assert (
        f"/vpn/openvpn_routed/config/ of {box.simulator.url} answered something that this collection cannot"
        in answer["msg"]
    )
    assert not box.writes()
