# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence: whatever goes wrong with whichever request, a task ends, tells the truth, and the next one brings
what was declared. It stands here once, for servers of every kind.
"""

from __future__ import annotations

import re
import threading
import typing as t
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import ServerDeclaration
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
from ansible_collections.vpn.estate.tests.simulator.parts import Thing
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Simulated, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

PASSWORD = "Marker-Password-7!"
IMPATIENT = {"timeout": 0.1, "deadline": 60}  # seconds that a task waits for an answer that does not come
DOWNTIME = 0.02  # seconds that a server is away when it restarts
SHORT = 0.005  # seconds that it waits instead of sleeping
LATER = 3661  # seconds between two runs, so that no time of the second is one of the first

State = dict[Thing, t.Any]
Path = tuple[t.Any, ...]  # keys and numbers that lead to a part of a value


@dataclass
class Scenario:
    """A task, the server it meets, and what it may touch.

    ``objects`` are the names in the answer of those that change. What the server keeps under a word of such a name is part
    of the object. ``besides`` are patterns of what changes along with them, such as ``cluster/_own/*``.
    """

    resource: Resource | ServerDeclaration
    declared: dict[str, t.Any]
    prepare: t.Callable[[t.Any], object]  # takes the Simulated
    objects: t.Collection[str]
    besides: t.Collection[str] = ()
    chosen: dict[t.Any, dict[Thing, set[Path]]] = field(
        default_factory=dict
    )  # see Trial.choices, by the server's readings

    def touches(self, thing: Thing) -> bool:
        """Whether it may differ afterwards."""
        path = "/".join(thing)
        return any(belongs(thing, name) for name in self.objects) or any(fnmatchcase(path, p) for p in self.besides)


def belongs(thing: Thing, name: str) -> bool:
    """Whether a thing is part of the object of that name."""
    return not {name, *name.split()}.isdisjoint(thing)


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
    users: tuple[str, ...]  # where a simulated server keeps users, whose passwords can be tried
    operations: t.Mapping[str, str]  # kinds of calls, by verb and path below ``base``
    base: str  # a pattern
    sign_in: str  # the path at which a session begins, as a pattern
    faults: t.Mapping[str, t.Mapping[str, t.Any]]
    ended: str  # the fault that says that a session has ended
    says_so: t.Callable[[Exchange], bool]  # whether an answer does
    puts_off: t.Callable[[Exchange], bool]  # whether an answer says to come back later
    connection: t.Any  # the module that makes transports
    how: t.Mapping[str, t.Any]  # how servers are started, so that a test does not wait for them
    worst: t.Sequence[str] = ("dropped after",)  # faults that each write of each sample meets
    polled: str = ""  # a path that may be asked as often as one likes
    apart: t.Mapping[str, str] = field(default_factory=dict)
    """Where a server keeps what the names of objects in a declaration do not tell apart: a pattern, by the part that it is of."""

    def __post_init__(self) -> None:
        each = sorted(self.operations.items(), key=lambda one: "{" in one[0])
        self._kinds = [(*self._pattern(operation), kind) for operation, kind in each]

    def _pattern(self, operation: str) -> tuple[str, re.Pattern[str]]:
        method, path = operation.split(" ")
        return method, re.compile(self.base + re.sub(r"\{\w+\}", "[^/]+", path))

    def kind_of(self, exchange: Exchange) -> str:
        """What the call was to the server; anything that is not in the table may be read without a session."""
        found = (k for method, path, k in self._kinds if method == exchange.method and path.fullmatch(exchange.path))
        return next(found, READ)

    def is_of(self, part: str, thing: Thing) -> bool:
        """Whether a thing can be of an object of this part of a declaration."""
        path = "/".join(thing)
        if part in self.apart:
            return fnmatchcase(path, self.apart[part])
        return not any(fnmatchcase(path, pattern) for pattern in self.apart.values())

    def is_sign_in(self, exchange: Exchange) -> bool:
        return bool(re.fullmatch(self.sign_in, exchange.path))


def differing(one: State, other: State) -> set[Thing]:
    return {thing for thing in {*one, *other} if one.get(thing) != other.get(thing)}


def own_choices(one: t.Any, other: t.Any, path: Path = ()) -> t.Iterator[Path]:
    """The places in which two values of the same thing differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from own_choices(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from own_choices(*pair, (*path, number))
    elif one != other:
        yield path


def same_but_for(chosen: t.Collection[Path], one: t.Any, other: t.Any, path: Path = ()) -> bool:
    """Whether two values are the same but for what the server chooses, of which there has to be as much."""
    if path in chosen:
        sized = isinstance(one, (dict, list)) and isinstance(other, (dict, list))
        return len(one) == len(other) if sized else (one is None) == (other is None)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_but_for(chosen, one[k], other[k], (*path, k)) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        each = enumerate(zip(one, other, strict=False))
        return len(one) == len(other) and all(same_but_for(chosen, *pair, (*path, n)) for n, pair in each)
    return bool(one == other)


class Trial:
    """One scenario on one server, again and again."""

    def __init__(self, world: World, server: Simulated, scenario: Scenario) -> None:
        self.world, self.server, self.scenario = world, server, scenario
        self.simulator = server.simulator
        self.goal, self.changes = self.succeed()
        log = self.simulator.log
        self.requests, self.kinds = len(log), {self.world.kind_of(one) for one in log}
        self.wrote = [one.wrote for one in log]
        self.sign_ins = sum(map(self.world.is_sign_in, log))
        self.faulty_log: list[Exchange] = []
        self.before: State = {}
        self.chosen = self.choices()

    def succeed(self) -> tuple[State, set[Thing]]:
        """What the server keeps after a run in which nothing goes wrong, and what of it has changed."""
        self.start_over()
        before = self.kept()
        answer = self.run()
        assert not answer.get("failed"), answer["msg"]
        after = self.kept()
        return after, differing(before, after)

    def choices(self) -> dict[Thing, set[Path]]:
        """What the server chooses or takes from the clock, found by a second run later on: it differs in each run."""
        key, known = tuple(sorted(self.simulator.machine.readings.items())), self.scenario.chosen
        if key not in known:
            self.simulator.clock.advance(LATER)
            again, _changes = self.succeed()
            assert again.keys() == self.goal.keys(), f"other names in each run: {again.keys() ^ self.goal.keys()}"
            places = {thing: set(own_choices(value, again[thing])) for thing, value in self.goal.items()}
            known[key] = {thing: found for thing, found in places.items() if found}
        return known[key]

    def start_over(self) -> None:
        self.simulator.reset()
        self.server.empty_folder()
        self.scenario.prepare(self.server)
        self.simulator.state()  # makes what a server makes when it is first asked, such as its authority
        self.simulator.log.clear()

    def run(self) -> Answer:
        what, declared = self.scenario.resource, self.scenario.declared
        if isinstance(what, ServerDeclaration):
            return self.server.declare(what, **declared)
        return self.server.manage(what, **declared)

    def reported(self, answer: Answer) -> list[tuple[dict[str, t.Any], t.Callable[[Thing], bool]]]:
        """What a task says of each object, and which things are part of it."""
        if not isinstance(self.scenario.resource, ServerDeclaration):
            return [(line, partial(belongs, name=line["name"])) for line in answer.get("objects", ())]
        return [
            (line, lambda thing, part=part, name=line["name"]: self.world.is_of(part, thing) and belongs(thing, name))
            for part in self.scenario.resource.resources
            for line in answer.get(part, {}).get("objects", ())
        ]

    def violations(self, fault: str, index: int) -> t.Iterator[str]:
        """Play the scenario with this fault at the request of this index, and tell which laws do not hold."""
        self.faulty_log = []
        self.start_over()
        before = self.before = self.kept()
        answer, after = self.faulty(self.world.faults[fault], index)
        log, late = list(self.simulator.log), self.kept()
        self.faulty_log = log
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
        if not self.different(late) and again["changed"] and not self.always_writes:
            yield "the next run changes what is as declared"
        self.simulator.log.clear()
        last = self.run()
        if (last.get("failed") or last["changed"] or self.server.writes()) and not self.always_writes:
            yield f"the third run changes something: {last.get('msg') or last['diff']}"

    def missing(self, state: State) -> set[Thing]:
        """What is not as the scenario leaves it when all goes well; what the server chooses may differ."""
        wrong = self.different(state)
        return wrong - (state.keys() - self.goal.keys()) if self.lost_for_good else wrong

    def different(self, state: State) -> set[Thing]:
        """The same with things that there are too many of, such as a rule that a late effect has added once more."""
        return {thing for thing in differing(state, self.goal) if not self.is_as_declared(thing, state)}

    def is_as_declared(self, thing: Thing, state: State) -> bool:
        """Whether it is what the task makes of it; where that is the server's choice, it is another than before."""
        if (thing in state) != (thing in self.goal):
            return False
        if thing in self.changes and thing in self.before and state[thing] == self.before[thing]:
            return False
        return same_but_for(self.chosen.get(thing, ()), state[thing], self.goal[thing])

    @property
    def lost_for_good(self) -> bool:
        """Whether the answer is lost that alone held something new: it stays behind, which the task says."""
        return any(one.fault and self.world.kind_of(one) == MAKES_NEW for one in self.faulty_log)

    @property
    def always_writes(self) -> bool:
        """Whether the declaration asks for a write in each run."""
        return "always" in map(self.scenario.declared.get, ("update_password", "update_secrets"))

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
        threading.Event().wait(2 * DOWNTIME if CONTROL in self.kinds else 0)
        return answer, after

    def untouched(self, before: State, after: State) -> t.Iterator[str]:
        if wrong := {thing for thing in differing(before, after) if not self.scenario.touches(thing)}:
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
        reported = self.reported(answer)
        actions = {line["action"] for line, _is_part in reported}
        undone = "Rolled back: " in answer.get("msg", "")
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
        if changed and not reported:
            yield "changed something and does not say which objects"
        missing = self.missing(after)
        for line, is_part in reported:
            things = {thing for thing in changed | missing if is_part(thing)}
            wrong = things & missing
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
        named = any(word in message for word in ("sign-in", "sign ", "restart"))
        if not named and not re.search(self.world.base, message):
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
        if MAKES_NEW not in self.kinds and any(self.world.kind_of(one) == MAKES_NEW for one in log):
            yield "made something new"

    def kept(self) -> State:
        """Everything that the server keeps, which users have the password, and the files that the task writes."""
        found = {thing: without_empty_lists(value) for thing, value in self.simulator.kept().items()}
        names = [thing[-1] for thing in found if thing[:-1] == self.world.users]
        found |= {("password", name): self.simulator.password_is(name, PASSWORD) for name in names}
        return {**found, **self.server.files()}


def without_empty_lists(value: t.Any) -> t.Any:
    """They say the same as no list."""
    if isinstance(value, dict):
        return {name: without_empty_lists(each) for name, each in value.items() if each != []}
    return value


def hold_to_the_law(world: World, server: Simulated, scenario: Scenario, seed: str) -> None:
    """Play a scenario with faults at the requests that it makes: each fault and each request occurs in every run of the tests."""
    trial = Trial(world, server, scenario)
    refuse_violations(trial, crossed(world.faults, range(1, trial.requests + 1), seed=seed))


def is_worth_it(trial: Trial) -> None:
    """The task changes all its objects and nothing else, or the law would hold of a task that does nothing."""
    scenario = trial.scenario
    others = sorted("/".join(thing) for thing in trial.changes if not scenario.touches(thing))
    assert not others, (
        f"the task also changes {', '.join(others)}. If it should, add a pattern for it to besides of the sample in "
        "tests/unit/plugins/support/samples.py, or of the scenario, such as store/entry/KIND/* for entries of the store"
    )
    if len(scenario.objects) == 1:  # whose name the server may not know
        assert trial.changes, (
            "the simulator keeps nothing of what the task writes: look at its operation, and at the sample"
        )
    else:
        idle = [name for name in scenario.objects if not any(belongs(thing, name) for thing in trial.changes)]
        assert not idle, f"nothing of {idle} changes"


def refuse_violations(trial: Trial, struck: t.Iterable[tuple[str, int]]) -> None:
    """Play the scenario with a fault at the request of a number, for each of these pairs."""
    found = [
        f"{fault} at request {index}: {violation}"
        for fault, index in struck
        for violation in trial.violations(fault, index)
    ]
    assert not found, "\n".join(found)
