# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server, a declaration that changes, and other people at work: whatever the order, every task keeps its laws."""

from __future__ import annotations

import tempfile
import typing as t
from pathlib import Path

from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import restart
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

NAMES = ("ana", "Ana", "ben", "cleo")
STRANGERS = ("zoe", "yves")
GROUPS = ("staff", "ops")
FLAGS = ("deny", "autologin")
NETWORKS = ("10.1.0.0/16", "10.2.0.0/16", "2001:db8::/48")
LIFETIME = 700  # seconds after which no token is good any more
DOWNTIME = 0.02  # seconds that the server is away when it restarts

names, strangers, groups = st.sampled_from(NAMES), st.sampled_from(STRANGERS), st.sampled_from(GROUPS)
properties = st.fixed_dictionaries(
    {},
    optional={
        "deny": st.booleans(),
        "autologin": st.booleans(),
        "group": st.sampled_from(["", *GROUPS]),
        "static_ipv4": st.sampled_from(["", "172.27.224.7", "172.27.224.8"]),
        "bypass_subnets": st.lists(st.sampled_from(NETWORKS), unique=True),
    },
)
on_the_server = st.fixed_dictionaries({}, optional={"deny": st.booleans(), "autologin": st.none(), "group": groups})
faults = st.sampled_from(
    [
        {"do": "drop"},
        {"do": "drop", "applied": True},
        {"status": 500, "applied": True},
        {"status": 401},
        {"status": 503},
    ]
)

Declared = dict[str, t.Any]


class Estate(RuleBasedStateMachine):
    """What a playbook declares, the server, and a session that outlives a task as it does in a run."""

    def __init__(self) -> None:
        super().__init__()
        self.simulator = AccessServerSimulator(settings={"restart_downtime": DOWNTIME}).start()
        self.server = Server(self.simulator)
        self.folder = tempfile.TemporaryDirectory()
        self.declared: dict[str, Declared] = {}
        self.sessions_lost = 0

    def teardown(self) -> None:
        self.simulator.stop()
        self.folder.cleanup()

    # -- what others do

    @initialize()
    def furnish(self) -> None:
        for name in GROUPS:
            self.simulator.set_group(name)

    @rule(name=names | strangers, own=on_the_server)
    def somebody_changes(self, name: str, own: dict[str, t.Any]) -> None:
        there = self.simulator.state()["groups"]
        self.simulator.set_user(name, **{k: v for k, v in own.items() if k != "group" or v in there})

    @rule(name=names | strangers)
    def somebody_deletes(self, name: str) -> None:
        self.simulator.delete_user(name)

    @rule(name=names)
    def somebody_connects(self, name: str) -> None:
        self.simulator.connect(name)

    @rule(name=groups)
    def somebody_deletes_a_group(self, name: str) -> None:
        self.simulator.delete_group(name)

    @rule(name=groups)
    def somebody_makes_a_group(self, name: str) -> None:
        self.simulator.set_group(name)

    @rule()
    def time_passes(self) -> None:
        """By the server's clock alone: the client does not know that its token has expired."""
        self.simulator.clock.advance(LIFETIME)
        self.a_session_ends()

    @rule(reading=st.sampled_from(["keeps", "dies"]))
    def the_server_restarts(self, reading: str) -> None:
        self.simulator.read_as(token_after_restart=reading)
        answer = self.server.run(restart.restart, restart.SPEC, as_session=self.session, timeout=10)
        if answer.get("failed"):  # it may go away just during a sign-in, and a lost sign-in is not repeated
            assert "never answered the sign-in" in answer["msg"], answer["msg"]
            Path(self.session["file"]).unlink(missing_ok=True)  # the next run knows nothing of it

    # -- what is declared

    @rule(name=names, own=properties)
    def declare(self, name: str, own: Declared) -> None:
        self.declared[name] = own

    @rule(name=names, keys=st.lists(st.sampled_from(FLAGS), unique=True, min_size=1))
    def hand_back(self, name: str, keys: list[str]) -> None:
        own = {key: value for key, value in self.declared.get(name, {}).items() if key not in (*keys, "state")}
        self.declared[name] = {**own, "inherit": keys}

    @rule(name=names, state=st.sampled_from(["absent", "blocked"]))
    def let_go(self, name: str, state: str) -> None:
        self.declared[name] = {"state": state}

    # -- what tasks do

    @property
    def session(self) -> dict[str, str]:
        return {"file": str(Path(self.folder.name) / "session")}

    def a_session_ends(self) -> None:
        """In one run that may happen twice; then comes the next run."""
        self.sessions_lost += 1
        if self.sessions_lost == 2:
            self.sessions_lost = 0
            Path(self.session["file"]).unlink(missing_ok=True)

    def tasks(self) -> list[dict[str, Declared]]:
        """The declaration, with names that differ only in case in tasks of their own."""
        upper = {name: own for name, own in self.declared.items() if name != name.lower()}
        lower = {name: own for name, own in self.declared.items() if name not in upper}
        return [part for part in (lower, upper) if part]

    def play(self, part: dict[str, Declared], check: bool = False) -> Answer:
        self.simulator.log.clear()
        users = [{"name": name, **own} for name, own in part.items()]
        return self.server.manage(USER, check=check, users=users, as_session=self.session)

    def kept(self) -> dict[str, t.Any]:
        """What tasks about users could change."""
        state = self.simulator.state()
        return {key: state[key] for key in ("users", "groups", "vpn_clients", "configuration", "default_user")}

    def lacking(self, part: dict[str, Declared]) -> set[str]:
        """Groups that are declared and not there."""
        return {own["group"] for own in part.values() if own.get("group")} - self.simulator.state()["groups"].keys()

    def impossible(self, part: dict[str, Declared]) -> list[str]:
        """What is reported of a declaration that cannot be: of two users with one address, or of a group that is not there."""
        addresses = [own["static_ipv4"] for own in part.values() if own.get("static_ipv4")]
        shared = ["is declared for"] if len(set(addresses)) < len(addresses) else []
        return [*shared, *([") does not exist."] if self.lacking(part) else [])]

    @precondition(lambda self: self.declared)
    @rule(random=st.randoms(use_true_random=False))
    def apply(self, random: t.Any) -> None:
        for part in self.tasks():
            before = self.kept()
            foreseen = self.play(part, check=True)
            assert not self.server.writes()
            assert self.kept() == before
            done = self.play(part)
            if done.get("failed"):
                assert any(why in done["msg"] for why in self.impossible(part)), done["msg"]
                assert foreseen["msg"] == done["msg"]
                assert self.kept() == before
                continue
            keys = ("changed", "diff", "objects", "counts")
            assert {key: foreseen[key] for key in keys} == {key: done[key] for key in keys}
            assert done["changed"] == (self.kept() != before)
            self.is_as_declared(part, before)
            self.is_settled(part)
            self.is_settled(turned(part, random))

    @precondition(lambda self: self.declared)
    @rule(fault=faults, index=st.integers(1, 8))
    def something_goes_wrong(self, fault: dict[str, t.Any], index: int) -> None:
        """Then the task may fail, but tells the truth, and the next one is as good as any."""
        for part in self.tasks():
            before = self.kept()
            self.simulator.faults.add(nth=index, **fault)
            answer = self.play(part)
            self.simulator.faults.clear()
            self.a_session_ends()
            if any(said in answer.get("msg", "") for said in ("did not answer the sign-in", "refused the sign-in")):
                Path(self.session["file"]).unlink(missing_ok=True)  # one run does not try it again
            assert "defect" not in answer.get("msg", "")
            unknown = any(line["action"] == "unknown" for line in answer.get("objects", []))
            assert unknown or answer["changed"] == (self.kept() != before)
            if not answer.get("failed"):
                self.is_as_declared(part, before)

    def is_settled(self, part: dict[str, Declared]) -> None:
        again = self.play(part)
        assert not again.get("failed"), again["msg"]
        assert not again["changed"]
        assert again["diff"] == {"before": {}, "after": {}}
        assert not self.server.writes()

    def is_as_declared(self, part: dict[str, Declared], before: dict[str, t.Any]) -> None:
        """Every user is as declared, and no other user has changed."""
        users, clients = self.simulator.state()["users"], self.simulator.state()["vpn_clients"]
        others = set(before["users"]) - set(part)
        assert {name: users[name] for name in others} == {name: before["users"][name] for name in others}
        assert set(users) - set(part) == others
        connected = {one["username"] for one in clients}
        for name, own in part.items():
            if own.get("state") == "absent":
                assert name not in users
                continue
            found = users[name]
            wanted = {key: value for key, value in own.items() if key not in ("inherit", "state")}
            assert {key: shown(found, key) for key in wanted} == {key: sorted_list(v) for key, v in wanted.items()}
            assert not set(own.get("inherit", ())) & set(found)
            if own.get("state") == "blocked":
                assert found["deny"] is True
                assert name not in connected
        gone = {one["username"] for one in before["vpn_clients"]} - connected
        assert gone <= {name for name, own in part.items() if own.get("state")}


def shown(own: dict[str, t.Any], key: str) -> t.Any:
    """A property that the server keeps, as a playbook would say it."""
    if key == "bypass_subnets":
        return sorted(f"{one['netip']}/{one['prefix_length']}" for one in own.get(key, []))
    return own.get(key, "")


def sorted_list(value: t.Any) -> t.Any:
    return sorted(value) if isinstance(value, list) else value


def turned(part: dict[str, Declared], random: t.Any) -> dict[str, Declared]:
    """The same declaration, said in another order."""
    users = list(part.items())
    random.shuffle(users)
    mixed = {}
    for name, own in users:
        keys = [(key, value[::-1] if isinstance(value, list) else value) for key, value in own.items()]
        random.shuffle(keys)
        mixed[name] = dict(keys)
    return mixed


def test_every_task_keeps_its_laws_whatever_the_order() -> None:
    run_state_machine_as_test(
        Estate,
        settings=settings(examples(15, 400), stateful_step_count=25),
    )
