# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence: whatever goes wrong with whichever request, a task ends, tells the truth, and the next one brings
what was declared. It is said here once, for servers of every kind.
"""

from __future__ import annotations

import itertools
import re
import threading
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import (
    CONTROL,
    MAKES_NEW,
    NAMED,
    READ,
    SET,
    SIGN_IN,
)
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.tests.simulator.exchange import Exchange
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Answer, Simulated, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.sizes import crossed

PASSWORD = "Marker-Password-7!"
IMPATIENT = {"timeout": 0.1, "deadline": 60}  # seconds that a task waits for an answer that does not come
DOWNTIME = 0.02  # seconds that a server is away when it restarts
SHORT = 0.005  # seconds that it waits instead of sleeping

Thing = tuple[str, ...]
"""Something that the server keeps, as in ``("user", "ana")``."""
State = dict[Thing, t.Any]


@dataclass
class Scenario:
    """A task, the server it meets, and what it may touch: ``things`` are those of each object by its name in the answer."""

    resource: Resource
    declared: dict[str, t.Any]
    prepare: t.Callable[[t.Any], None]
    things: dict[str, set[Thing]]
    besides: set[Thing] = field(default_factory=set)  # what changes along with the objects

    @property
    def touched(self) -> set[Thing]:
        """Everything that may differ afterwards."""
        return set(itertools.chain(*self.things.values())) | self.besides


HTML = "<html><body><h1>Bad Gateway</h1></body></html>"
FAULTS: dict[str, dict[str, t.Any]] = {
    "dropped before": {"do": "drop"},
    "dropped after": {"do": "drop", "applied": True},
    "500 before": {"status": 500, "body": {"detail": "Internal server error"}},
    "500 after": {"status": 500, "body": {"detail": "Internal server error"}, "applied": True},
    "502 page before": {"status": 502, "body": HTML, "headers": {"Content-Type": "text/html"}},
    "504 page after": {"status": 504, "body": HTML, "headers": {"Content-Type": "text/html"}, "applied": True},
    "503": {"status": 503, "body": HTML},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "1"}},
    "429": {"status": 429, "body": {"reason": "Too many requests"}, "headers": {"Retry-After": "1"}},
    "truncated": {"do": "truncate"},
    "portal page": {"do": "html"},
    "page after": {"do": "html", "applied": True},
    "redirect": {"do": "redirect"},
    "late": {},
}

LOST = {"dropped before", "dropped after", "500 before", "500 after", "502 page before", "504 page after", "truncated"}
BUSY = {"503", "503 with Retry-After", "429", "401"}
HEALED = {
    READ: LOST | BUSY,
    **dict.fromkeys((SET, NAMED), LOST | BUSY | {"portal page", "page after"}),
    CONTROL: {"401"},
}
"""By kind of call, the faults that no user hears of. Late answers belong to them too, where there is time enough."""


@dataclass
class World:
    """A kind of server, as far as the law has to know it."""

    kind: type[Simulated]
    kept: t.Callable[[t.Any], State]  # what a simulated server keeps, thing by thing
    operations: t.Mapping[str, str]  # kinds of calls, by verb and path below ``base``
    base: str  # a pattern
    sign_in: str  # the path at which a session begins, as a pattern
    faults: t.Mapping[str, t.Mapping[str, t.Any]]
    ended: str  # the fault that says that a session has ended
    says_so: t.Callable[[Exchange], bool]  # whether an answer does
    puts_off: t.Callable[[Exchange], bool]  # whether an answer says to come back later
    connection: t.Any  # the module that makes transports
    volatile: t.Collection[Thing] = ()  # whose values are the server's own affair
    polled: str = ""  # a path that may be asked as often as one likes

    def __post_init__(self) -> None:
        each = sorted(self.operations.items(), key=lambda one: "{" in one[0])
        self._kinds = [(*self._pattern(operation), kind) for operation, kind in each]

    def _pattern(self, operation: str) -> tuple[str, re.Pattern[str]]:
        method, path = operation.split(" ")
        return method, re.compile(self.base + re.sub(r"\{\w+\}", "[^/]+", path))

    def kind_of(self, exchange: Exchange) -> str:
        """What the call was to the server; what is not in the table is there for anybody to read."""
        found = (k for method, path, k in self._kinds if method == exchange.method and path.fullmatch(exchange.path))
        return next(found, READ)

    def is_sign_in(self, exchange: Exchange) -> bool:
        return bool(re.fullmatch(self.sign_in, exchange.path))


def differing(one: State, other: State) -> set[Thing]:
    return {thing for thing in {*one, *other} if one.get(thing) != other.get(thing)}


class Trial:
    """One scenario on one server, again and again."""

    def __init__(self, world: World, server: Simulated, scenario: Scenario) -> None:
        self.world, self.server, self.scenario = world, server, scenario
        self.simulator = server.simulator
        self.start_over()
        answer = self.run()
        assert not answer.get("failed"), answer["msg"]
        self.requests = len(self.simulator.log)
        self.sign_ins = sum(map(self.world.is_sign_in, self.simulator.log))
        self.goal = self.kept()

    def start_over(self) -> None:
        self.simulator.reset()
        self.scenario.prepare(self.simulator)

    def run(self) -> Answer:
        return self.server.manage(self.scenario.resource, **self.scenario.declared)

    def violations(self, fault: str, index: int) -> t.Iterator[str]:
        """Play the scenario with this fault at the request of this index, and tell which laws do not hold."""
        self.start_over()
        before = self.kept()
        answer, after = self.faulty(self.world.faults[fault], index)
        log, late = list(self.simulator.log), self.kept()
        yield from self.untouched(before, after)
        yield from self.healed(fault, answer, log)
        yield from self.honest(answer, before, after)
        yield from self.frugal(log)
        self.simulator.faults.clear()
        again = self.run()
        if again.get("failed"):
            yield f"the next run fails: {again['msg']}"
        if wrong := self.missing(self.kept()):
            yield f"the next run does not bring what was declared: {wrong}"
        if not self.missing(late) and again["changed"] and not self.always_writes:
            yield "the next run changes what is as declared"
        self.simulator.log.clear()
        last = self.run()
        if (last.get("failed") or last["changed"] or self.server.writes()) and not self.always_writes:
            yield f"the third run changes something: {last.get('msg') or last['diff']}"

    def missing(self, state: State) -> set[Thing]:
        """What is not as the scenario leaves it when all goes well; what is the server's own affair is left out."""
        return differing(state, self.goal) - set(self.world.volatile)

    @property
    def always_writes(self) -> bool:
        """Whether the declaration asks for a write in each run."""
        return self.scenario.declared.get("update_password") == "always"

    def faulty(self, fault: dict[str, t.Any], index: int) -> tuple[Answer, State]:
        """The answer of the run with the fault, and the state as it ended."""
        if fault:
            self.simulator.faults.add(nth=index, **fault)
            answer = self.run()
            return answer, self.kept()
        reached, ended = threading.Event(), threading.Event()

        def act() -> None:
            reached.set()
            ended.wait(10)

        self.simulator.faults.add(nth=index, do="act", act=act)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                self.world.connection,
                "Transport",
                lambda url, **how: Transport(url, **{**how, **IMPATIENT}),
            )
            answer = self.run()
        after = self.kept()
        ended.set()
        while reached.is_set() and not any(one.fault for one in self.simulator.log):  # the late effect shows
            threading.Event().wait(SHORT)
        threading.Event().wait(2 * DOWNTIME if ("restarted",) in self.scenario.touched else 0)
        return answer, after

    def untouched(self, before: State, after: State) -> t.Iterator[str]:
        if wrong := differing(before, after) - self.scenario.touched:
            yield f"touched what was not declared: {wrong}"

    def healed(self, fault: str, answer: Answer, log: t.Sequence[Exchange]) -> t.Iterator[str]:
        """What can be asked again, or found out by reading, is no reason to fail."""
        for one in log:
            if one.fault and self._heals(fault, one) and answer.get("failed"):
                yield f"fails at {one.method} {one.path}, which can be healed: {answer['msg']}"

    def _heals(self, fault: str, exchange: Exchange) -> bool:
        kind = self.world.kind_of(exchange)
        return fault in HEALED.get(kind, ()) or (fault == self.world.ended and kind != SIGN_IN)

    def honest(self, answer: Answer, before: State, after: State) -> t.Iterator[str]:
        changed = differing(before, after)
        lines = answer.get("objects", [])
        actions = {line["action"] for line in lines}
        undone = "was set back" in answer.get("msg", "")
        if answer["changed"] != bool(changed) and "unknown" not in actions and not undone:
            yield f"says changed={answer['changed']}, but {changed or 'nothing'} changed: {answer.get('msg')}"
        spec = self.server.product.argument_spec
        ours = [value for name, value in self.server.connection.items() if spec[name].get("no_log")]
        if any(secret in text_of(answer) for secret in (PASSWORD, *ours)):
            yield "tells a secret"
        if answer.get("failed"):
            yield from self.explained(answer)
        elif wrong := self.missing(after):
            yield f"says it is done, but {wrong} is not as declared"
        elif actions & {"failed", "unknown", "not attempted"}:
            yield f"is no failure, but says {actions}"
        if changed and not lines:
            yield "changed something and does not say which objects"
        for line in lines:
            things = self.scenario.things.get(line["name"], set())
            wrong = things & self.missing(after)
            if line["action"] in ("created", "updated", "deleted", "unchanged") and wrong:
                yield f"says {line['name']} was {line['action']}, but {wrong} is not as declared"
            if line["action"] == "not attempted" and things & changed:
                yield f"says {line['name']} was not attempted, but {things & changed} changed"
            if line["action"] in ("failed", "unknown") and not line.get("msg"):
                yield f"does not explain what became of {line['name']}"

    def explained(self, answer: Answer) -> t.Iterator[str]:
        message = answer["msg"]
        if "defect" in message.lower() or "exception" in answer:
            yield f"crashed: {message} {answer.get('exception')}"
        if urlsplit(self.simulator.url).netloc not in message:
            yield f"does not name the host: {message}"
        told = any(word in message for word in ("sign-in", "sign ", "restart"))
        if not told and not re.search(self.world.base, message):
            yield f"does not name the endpoint: {message}"

    def frugal(self, log: t.Sequence[Exchange]) -> t.Iterator[str]:
        turned_away = sum(map(self.world.says_so, log))
        not_let_in = sum(self.world.is_sign_in(one) and self.world.puts_off(one) for one in log)
        sign_ins = sum(map(self.world.is_sign_in, log)) - not_let_in
        if sign_ins > self.sign_ins + turned_away:
            yield f"signed in {sign_ins} times"
        polls = sum(one.path == self.world.polled for one in log)
        if len(log) - polls > 3 * self.requests + 5:
            yield f"made {len(log)} requests in place of {self.requests}"
        if any(self.world.kind_of(one) == MAKES_NEW for one in log):
            yield "made something new"

    def kept(self) -> State:
        return self.world.kept(self.simulator)


def hold_to_the_law(world: World, server: Simulated, scenario: Scenario, seed: str) -> None:
    """Play a scenario with faults at the requests that it makes: each fault and each request occurs in every run of the tests."""
    trial = Trial(world, server, scenario)
    found = [
        f"{fault} at request {index}: {violation}"
        for fault, index in crossed(world.faults, range(1, trial.requests + 1), seed=seed)
        for violation in trial.violations(fault, index)
    ]
    assert not found, "\n".join(found)
