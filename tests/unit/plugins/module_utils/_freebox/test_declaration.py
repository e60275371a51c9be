# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole Freebox in one task: what is refused, the order of writes, and what a failure does not stop."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, sentences_of

AT_ONCE = {"start_duration": 0.0, "stop_duration": 0.0}
ADDRESS = "192.168.27.70"


@pytest.fixture(name="box")
def fixture_box(start: t.Callable[..., Box]) -> Box:
    """A box with a running server, and a connected user."""
    box = start(Box, settings=AT_ONCE)
    box.simulator.set_server("openvpn_routed", enabled=True)
    box.simulator.set_user("ana", ip_reservation=ADDRESS)
    box.simulator.connect("ana")
    return box


def declare(box: Box, *, check: bool = False, **declared: t.Any) -> Answer:
    return box.declare(DECLARATION, check=check, **declared)


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(box: Box, **declared: t.Any) -> list[str]:
    """The mistakes that the task reports; nothing may be written."""
    box.simulator.log.clear()
    answer = declare(box, **declared)
    assert answer["failed"]
    assert not answer["changed"]
    assert not box.writes()
    return [one.strip() for one in sentences_of(answer["msg"])]


def became(answer: Answer) -> dict[str, str]:
    return {line["name"]: line["action"] for part in ("servers", "users") for line in answer[part]["objects"]}


def write_log(box: Box) -> list[tuple[str, str, t.Any]]:
    """Method, last words of the path and body of each write."""
    each = [one for one in box.simulator.log if one.wrote]
    return [(one.method, one.path.partition("/vpn/")[2], one.request) for one in each]


def test_the_summary_counts_clients_who_may_be_cut_off(box: Box) -> None:
    server = {"name": "openvpn_routed", "port": 1195}
    answer = done(declare(box, servers=[server, {"name": "pptp", "enabled": False}]))
    assert answer["summary"] == (
        "servers: 1 updated, 1 unchanged; clients may be disconnected from openvpn_routed (1 connected)"
    )
    assert done(declare(box, servers=[server]))["summary"] == "servers: 1 unchanged"


# -- order


def test_access_is_taken_away_first_and_given_last(box: Box) -> None:
    answer = declare(
        box,
        servers=[
            {"name": "openvpn_routed", "enabled": False, "port": 1195},
            {"name": "wireguard", "enabled": True},
        ],
        users=[{"login": "eve"}, {"login": "ana", "state": "absent"}],
    )
    assert done(answer)["summary"] == (
        "servers: 2 updated; users: 1 created, 1 deleted; clients may be disconnected from openvpn_routed (1 connected)"
    )
    assert write_log(box) == [
        ("PUT", "openvpn_routed/config/", {"enabled": False}),
        ("DELETE", "user/ana", None),
        ("PUT", "openvpn_routed/config/", {"port": 1195}),
        ("POST", "user/", {"login": "eve"}),
        ("PUT", "wireguard/config/", {"enabled": True}),
    ]
    assert "restart" not in answer  # as an Access Server needs one


def test_a_server_is_written_whole_where_no_user_leaves(box: Box) -> None:
    done(declare(box, servers=[{"name": "openvpn_routed", "enabled": False, "port": 1195}], users=[{"login": "eve"}]))
    assert write_log(box) == [
        ("PUT", "openvpn_routed/config/", {"enabled": False, "port": 1195}),
        ("POST", "user/", {"login": "eve"}),
    ]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("leaves", [[{"login": "ana", "state": "absent"}], []], ids=["absent", "purged"])
def test_the_address_of_a_user_who_leaves_is_free(box: Box, leaves: list[dict[str, str]], check: bool) -> None:
    users = [{"login": "eve", "ip_reservation": ADDRESS}, *leaves]
    answer = done(declare(box, users=users, purge=["users"], purge_limit={"users": "1"}, check=check))
    assert answer["counts"] == {"created": 1, "deleted": 1}


def test_what_another_program_changes_between_two_portions_of_a_server_stays(box: Box) -> None:
    """A portion of a server is written in the middle of the task, and all of the server is read back at its end."""
    box.simulator.faults.add(
        path="/vpn/user/ana",
        method="DELETE",
        do="act",
        act=lambda: box.simulator.set_server("openvpn_routed", conf_openvpn={"use_tcp": True}),
    )
    answer = declare(
        box,
        servers=[{"name": "openvpn_routed", "enabled": False, "conf_openvpn": {"cipher": "aes256"}}],
        users=[{"login": "ana", "state": "absent"}],
    )
    [diff, _users] = done(answer)["diff"]
    conf = diff["after"]["openvpn_routed"]["conf_openvpn"]
    assert conf == {"cipher": "aes256", "disable_fragment": False, "use_tcp": True}
    assert box.simulator.state()["servers"]["openvpn_routed"]["conf_openvpn"] == conf


# -- mistakes


def test_mistakes_of_both_parts_are_reported_at_once_and_no_box_is_asked(box: Box) -> None:
    said = refused(
        box,
        servers=[{"name": "wireguard", "conf_wireguard": {"mtu": 9000}}],
        users=[{"login": "eve", "password": "short"}, *({"login": n, "ip_reservation": ADDRESS} for n in "ab")],
    )
    assert said == [
        "3 mistakes:",
        "servers[0]: conf_wireguard of VPN server wireguard: mtu is 9000, but has to be from 512 to 1420.",
        "users[0]: password of VPN user eve has 5 characters; a Freebox takes 8 to 32.",
        f"ip_reservation: {ADDRESS} is declared for a and for b. Nothing was written.",
    ]
    assert not box.simulator.log


def test_what_only_the_box_knows_is_reported_for_both_parts_at_once(box: Box) -> None:
    said = refused(
        box, servers=[{"name": "openvpn", "enabled": True}], users=[{"login": "a", "ip_reservation": "10.0.0.1"}]
    )
    assert said[0] == "2 mistakes:"
    assert "has no VPN server 'openvpn'" in said[1]
    assert "10.0.0.1 is outside" in said[2]


def test_a_permission_that_both_parts_need_is_asked_for_once(box: Box) -> None:
    box.simulator.set_rights("calls")
    said = refused(box, servers=[{"name": "wireguard", "enabled": True}], users=[{"login": "eve"}])
    assert len(said) == 1
    assert "lacks the permission settings" in said[0]


def test_validate_only_asks_no_box_and_needs_no_connection(box: Box) -> None:
    assert done(declare(box, users=[{"login": "ana"}], validate_only=True)) == {"changed": False}
    answer = declare(box, users=[{"login": "ana"}, {"login": "ANA"}], validate_only=True)
    assert "declares 'ana' and 'ANA'" in answer["msg"]
    assert not box.simulator.log


# -- failures


def test_a_server_that_fails_stops_no_user(box: Box) -> None:
    failed = {"success": False, "error_code": "inval", "msg": "C'est non"}
    box.simulator.faults.add(path="/vpn/wireguard/config/", method="PUT", status=200, body=failed)
    answer = declare(
        box,
        servers=[{"name": "wireguard", "enabled": True}, {"name": "openvpn_routed", "port": 1195}],
        users=[{"login": "eve"}, {"login": "phone", "type": "wireguard", "ip_reservation": "192.168.27.71"}],
    )
    assert answer["failed"]
    assert became(answer) == {"wireguard": "failed", "openvpn_routed": "updated", "eve": "created", "phone": "created"}


def test_a_user_who_fails_stops_no_server(box: Box) -> None:
    failed = {"success": False, "error_code": "inval", "msg": "C'est non"}
    box.simulator.faults.add(path="/vpn/user/ana", method="DELETE", status=200, body=failed)
    answer = declare(
        box,
        servers=[{"name": "wireguard", "enabled": True}],
        users=[{"login": "ana", "state": "absent"}, {"login": "eve"}],
    )
    assert answer["failed"]
    assert became(answer) == {"wireguard": "updated", "ana": "failed", "eve": "created"}


def test_servers_are_waited_for_when_all_is_written(start: t.Callable[..., Box]) -> None:
    box = start(Box, settings={"start_duration": 3600.0})
    declared = {"servers": [{"name": "wireguard", "enabled": True}], "users": [{"login": "eve"}]}
    answer = declare(box, **declared, wait_timeout=1)
    assert became(answer) == {"wireguard": "failed", "eve": "created"}
    assert "it is starting after 1 seconds, not started; see wait_timeout" in answer["msg"]
    assert not done(declare(box, **declared, wait=False))["changed"]


# -- files and parts


def test_a_folder_declares_a_box(box: Box, tmp_path: Path) -> None:
    (tmp_path / "servers.yml").write_text("- {name: wireguard, enabled: true}\n")
    (tmp_path / "users").mkdir()
    (tmp_path / "users/a.json").write_text('[{"login": "eve"}]')
    answer = done(declare(box, src=str(tmp_path), only=["users"]))
    assert answer["summary"] == "users: 1 created"
    assert done(declare(box, src=str(tmp_path)))["summary"] == "servers: 1 updated; users: 1 unchanged"


def test_a_box_that_is_as_declared_is_read_once(box: Box) -> None:
    declared = {"servers": [{"name": "openvpn_routed", "enabled": True}], "users": [{"login": "ana"}]}
    assert not done(declare(box, **declared))["changed"]
    paths = [one.path.partition("/vpn/")[2] for one in box.simulator.log if "/vpn/" in one.path]
    assert paths == ["", "openvpn_routed/config/", "user/"]


def test_what_is_not_declared_is_listed(box: Box) -> None:
    answer = done(declare(box, users=[{"login": "eve"}], servers=[{"name": "pptp"}], undeclared=True, check=True))
    assert [one["name"] for one in answer["users"]["undeclared"]] == ["ana"]
    assert "openvpn_routed" in {one["name"] for one in answer["servers"]["undeclared"]}
