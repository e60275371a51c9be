# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of deletions: a server that answers success and keeps the object is not believed, whatever its answer looks like."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import CA
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.certificate import Certificate
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.web_certificate import WEB_CERTIFICATE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile_token import PROFILE_TOKEN
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import vpn_session
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import ClusterNode
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.license import LICENSE
from ansible_collections.vpn.estate.plugins.module_utils._engine.apply import PAUSE
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._freebox import vpn_connection
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_completeness import every_resource
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server, Simulated
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity

Start = Callable[..., t.Any]
Work = Callable[[t.Any], Answer]
# Who does not ask a server to delete: files of the controller's; and who leaves a cluster waits until it is listed no more.
OTHERWISE = (Certificate, ClusterNode)
SUCCESS: dict[type[Simulated], dict[str, dict[str, t.Any]]] = {
    Server: {"204": {"status": 204}, "empty 200": {"status": 200}, "object": {"status": 200, "body": {"status": "ok"}}},
    Box: {"success": {"status": 200, "body": {"success": True}}},
}


@dataclass
class Deletion:
    """How something comes to be and is deleted, and with which request."""

    prepare: Callable[[t.Any], object]
    work: Work
    path: str
    there: Callable[[t.Any], bool]
    method: str = "POST"
    kind: type[Simulated] = Server
    answer: dict[str, t.Any] = field(default_factory=dict)  # the only form that says success
    how: dict[str, t.Any] = field(default_factory=dict)
    of: Resource | None = None


def by(resource: Resource, **params: t.Any) -> Work:
    return lambda server: server.manage(resource, **{"state": "absent", **params})


def holder(server: Server) -> None:
    """A user with everything that ends along with the user's access."""
    server.simulator.set_user("ana")
    server.simulator.connect("ana")
    server.simulator.add_profile("ana")
    server.simulator.add_profile_token("ana")


def held(kind: str) -> Callable[[Server], bool]:
    def there(server: Server) -> bool:
        machine = server.simulator.machine
        listed = {
            "profile": machine.profiles.all,
            "token": lambda: machine.tokens.all().values(),
            "session": lambda: server.simulator.state()["vpn_clients"],
        }[kind]()
        return any(one["username"] == "ana" for one in listed)

    return there


def a_web_certificate(server: Server) -> None:
    one = identity("vpn.example.com", "127.0.0.1")
    server.simulator.set_configuration(**{"cs.cert": one.pem, "cs.priv_key": one.key_pem})


REVOKED = {"status": 200, "body": {"response": {"7": 204}}}
DELETIONS = {
    "user": Deletion(
        lambda s: s.simulator.set_user("ana"),
        by(USER, name="ana"),
        "/users/delete",
        lambda s: "ana" in s.simulator.state()["users"],
        of=USER,
    ),
    "ruleset": Deletion(
        lambda s: s.simulator.add_ruleset("web", ["openvpn"]),
        by(ACCESS_RULESET, user="openvpn", name="web"),
        "/access/rulesets/delete",
        lambda s: bool(s.simulator.state()["access_rulesets"]),
        of=ACCESS_RULESET,
    ),
    "purged user": Deletion(
        lambda s: s.simulator.set_user("ana"),
        by(USER, users=[], state="present", purge=True, purge_empty=True, protect=["openvpn", "mfa-admin"]),
        "/users/delete",
        lambda s: "ana" in s.simulator.state()["users"],
    ),
    "group": Deletion(
        lambda s: s.simulator.set_group("ops"),
        by(GROUP, name="ops"),
        "/groups/delete",
        lambda s: "ops" in s.simulator.state()["groups"],
        of=GROUP,
    ),
    "configuration profile": Deletion(
        lambda s: s.simulator.store.add_profile("old"),
        by(CONFIG_PROFILE, name="old"),
        "/config-profile/old",
        lambda s: "old" in s.simulator.state()["configuration"],
        method="DELETE",
        of=CONFIG_PROFILE,
    ),
    "authority": Deletion(
        lambda s: [s.manage(CA, common_name=name) for name in ("One", "Two")],
        by(CA, common_name="One"),
        "/ca/vpn/*",
        lambda s: any(one["common_name"] == "One" for one in s.inform(CA)),
        method="DELETE",
        of=CA,
    ),
    "profile": Deletion(
        holder, by(PROFILE, user="ana"), "/profiles/delete", held("profile"), answer=REVOKED, of=PROFILE
    ),
    "profile token": Deletion(
        holder, by(PROFILE_TOKEN, user="ana"), "/token-url/delete", held("token"), of=PROFILE_TOKEN
    ),
    "web certificate": Deletion(
        a_web_certificate,
        by(WEB_CERTIFICATE, check_presented=False, restart=False),
        "/config-items/default",
        lambda s: bool(s.simulator.state()["configuration"]["default"].get("cs.cert")),
        of=WEB_CERTIFICATE,
    ),
    "subscription": Deletion(
        lambda s: s.manage(LICENSE, subscription=bundle()),
        by(LICENSE),
        "/license/subscription",
        lambda s: bool(s.simulator.machine.local.entry("license", "subscription")),
        method="DELETE",
        of=LICENSE,
    ),
    "session": Deletion(
        holder,
        lambda s: s.run(vpn_session.disconnect, vpn_session.SPEC, vpn_session.CONSTRAINTS, users=["ana"]),
        "/vpn/client/disconnect",
        held("session"),
    ),
    "profiles of a user": Deletion(holder, by(USER, name="ana"), "/profiles/delete", held("profile"), answer=REVOKED),
    "tokens of a user": Deletion(holder, by(USER, name="ana"), "/token-url/delete", held("token")),
    "sessions of a user": Deletion(holder, by(USER, name="ana"), "/vpn/client/disconnect", held("session")),
    "profiles of one blocked": Deletion(
        holder, by(USER, name="ana", state="blocked"), "/profiles/delete", held("profile"), answer=REVOKED
    ),
    "tokens of one blocked": Deletion(
        holder, by(USER, name="ana", state="blocked"), "/token-url/delete", held("token")
    ),
    "sessions of one blocked": Deletion(
        holder, by(USER, name="ana", state="blocked"), "/vpn/client/disconnect", held("session")
    ),
    "sessions of a stranger blocked": Deletion(
        lambda s: s.simulator.connect("ana"),
        by(USER, name="ana", state="blocked"),
        "/vpn/client/disconnect",
        held("session"),
    ),
    "user of a box": Deletion(
        lambda b: b.manage(VPN_USER, login="ana", password="Marker-Password-7!"),
        by(VPN_USER, login="ana"),
        "vpn/user/ana",
        lambda b: "ana" in b.simulator.state()["users"],
        method="DELETE",
        kind=Box,
        of=VPN_USER,
    ),
    "connection of a box": Deletion(
        lambda b: (b.simulator.set_user("ana"), b.simulator.connect("ana")),
        lambda b: b.run(vpn_connection.disconnect, vpn_connection.SPEC, vpn_connection.CONSTRAINTS, users=["ana"]),
        "vpn/connection/*",
        lambda b: bool(b.simulator.state()["connections"]),
        method="DELETE",
        kind=Box,
        how={"enabled": ["openvpn_routed"]},
    ),
}
CASES = [
    pytest.param(one, form, id=f"{name}-{how}")
    for name, one in DELETIONS.items()
    for how, form in (
        {"its own form": one.answer}
        if one.answer
        else SUCCESS[one.kind]
        if one.of
        else dict([*SUCCESS[one.kind].items()][:1])
    ).items()
]


def resources() -> set[type[Resource]]:
    """Everything that a module brings about."""
    return {kind for kind in every_resource() if "absent" in kind.states and not kind.always_there}


def test_every_noun_that_deletes_is_among_them() -> None:
    assert {type(one.of) for one in DELETIONS.values() if one.of} | set(OTHERWISE) == resources()


@pytest.mark.parametrize(("deletion", "form"), CASES)
def test_what_a_server_says_to_have_deleted_and_keeps_is_told(
    start: Start, deletion: Deletion, form: dict[str, t.Any]
) -> None:
    server = start(deletion.kind, **deletion.how)
    deletion.prepare(server)
    server.simulator.faults.add(path=deletion.path, method=deletion.method, times=None, **form)
    answer = deletion.work(server)
    assert answer.get("failed"), answer
    assert "still lists" in answer["msg"] or "instead of 0" in answer["msg"]
    assert answer["changed"]
    assert [one["action"] for one in answer.get("objects", [{"action": "failed"}])] == ["failed"]
    assert deletion.there(server)
    server.simulator.faults.clear()
    again = deletion.work(server)
    assert not again.get("failed"), again["msg"]
    assert again["changed"]
    assert not deletion.there(server)


def test_many_are_looked_for_in_one_request(server: Server) -> None:
    names = [f"user{number:03}" for number in range(90)]
    for name in names:
        server.simulator.set_user(name)
    server.simulator.log.clear()
    answer = server.manage(USER, users=[{"name": name, "state": "absent"} for name in names])
    assert answer["counts"] == {"deleted": 90}
    paths = [one.path for one in server.simulator.log]
    after = paths[paths.index("/api/users/delete") + 1 :]
    assert after == ["/api/users/list", "/api/profiles/list", "/api/token-url/list", "/api/vpn/status"]


def test_one_of_many_that_stays_fails_alone(server: Server) -> None:
    for name in ("ana", "ben"):
        server.simulator.set_user(name)
    server.simulator.faults.add(
        path="/users/delete", do="act", act=lambda: server.simulator.faults.add(path="/users/list", do="act", act=back)
    )

    def back() -> None:
        server.simulator.set_user("ana")

    answer = server.manage(USER, users=[{"name": name, "state": "absent"} for name in ("ana", "ben")])
    assert {one["name"]: one["action"] for one in answer["objects"]} == {"ana": "failed", "ben": "deleted"}


def test_what_goes_a_moment_later_is_gone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the node that is asked lags behind."""
    server.simulator.set_user("ana")
    server.simulator.faults.add(path="/users/delete", status=204)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            with server.simulator.machine.store.lock:
                server.simulator.store.delete("ana")

    monkeypatch.setattr(time, "sleep", sleep)
    assert server.manage(USER, name="ana", state="absent")["objects"][0]["action"] == "deleted"
    assert waits == [PAUSE, PAUSE]


def test_a_user_of_a_box_that_is_to_be_made_anew_and_stays_is_told_so(box: Box) -> None:
    box.manage(VPN_USER, login="ana", password="Marker-Password-7!")
    box.simulator.faults.add(path="vpn/user/ana", method="DELETE", status=200, body={"success": True}, times=None)
    declared = {"login": "ana", "type": "wireguard", "ip_reservation": "192.168.27.70", "recreate": True}
    answer = box.manage(VPN_USER, **declared)
    assert answer["failed"]
    assert "the box answered that it deleted it, and still lists it" in answer["msg"]
